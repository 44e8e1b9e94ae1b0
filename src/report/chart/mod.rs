//! The timeline: lanes over one UTC axis, as SVG and PNG. The only module that names plotters and resvg.
//!
//! A lane computes marks in units of time and value (`lanes`); `timeline` gives them their places and draws them.
//! The picture holds its own font, reads none of the machine, and is the same to the byte everywhere. It comes in
//! three themes, and in a form for pages in which every color is a custom property of their stylesheet.

mod axis;
mod canvas;
mod dose_response;
mod draw;
mod exposure;
mod figure;
mod ink;
mod lanes;
mod layout;
mod mark;
mod posterior;
mod raster;
mod scene;
mod text;
mod theme;
mod timeline;

pub use self::dose_response::dose_response;
pub use self::exposure::exposure;
pub use self::figure::Figure;
pub use self::ink::{Theme, properties, stylesheet};
pub use self::layout::{Layout, Part, PlacedBand, PlacedRow, PlacedSymbol};
pub use self::posterior::posterior;
pub use self::raster::png;
pub use self::timeline::timeline;

use self::canvas::TextBox;
use super::input::Input;
use crate::error::Error;

/// Draws a picture beside the timeline; `None` where it has nothing to show.
pub type Draw = fn(&Input<'_>, Theme) -> Result<Option<Figure>, Error>;

/// The pictures beside the timeline, each with the name of its file within the report's folder.
pub const FIGURES: &[(&str, Draw)] = &[
    ("figures/posterior.svg", posterior),
    ("figures/dose-response.svg", dose_response),
    ("figures/exposure.svg", exposure),
];

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
