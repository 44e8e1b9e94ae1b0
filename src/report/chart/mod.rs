//! The timeline: lanes over one UTC axis, as SVG and PNG. The only module that names plotters and resvg.
//!
//! A lane computes marks in units of time and value (`lanes`); `timeline` gives them their places and draws them.
//! The picture holds its own font, reads none of the machine, and is the same to the byte everywhere. It comes in
//! three themes, and in a form for pages in which every color is a custom property of their stylesheet.

mod axis;
mod canvas;
mod draw;
pub mod figures;
mod ink;
mod lanes;
mod layout;
mod mark;
mod raster;
mod scene;
mod text;
mod theme;
mod timeline;
mod week;

pub use self::figures::{FIGURES, Figure};
pub use self::ink::{Theme, properties, stylesheet};
pub use self::layout::{Layout, Part, PlacedBand, PlacedRow, PlacedSymbol};
pub use self::raster::png;
pub use self::timeline::timeline;
pub use self::week::week;

use self::canvas::TextBox;

/// A drawn timeline.
#[derive(Clone, Debug)]
pub struct Chart {
    /// The picture, a whole SVG document without references to anything outside.
    pub svg: String,
    /// Where things stand in it.
    pub layout: Layout,
    /// Where each text stands, for the test that none covers another.
    #[cfg_attr(not(test), expect(dead_code, reason = "read by tests"))]
    texts: Vec<TextBox>,
}
