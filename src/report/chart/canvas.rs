//! Paper and pencil: shapes and texts in pixels, with the boxes of all texts remembered so that a test can see overlaps.

use std::fmt::Display;

use plotters::coord::Shift;
use plotters::prelude::{
    Circle, DrawingArea, IntoDrawingArea, IntoFont, PathElement, Polygon, RGBColor, Rectangle, SVGBackend, ShapeStyle,
    Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, TextStyle};

use super::ink::{Ink, Theme};
use super::mark::Side;
use super::text;
use crate::error::Error;

/// What the drawing library calls a size is this many times the size that it writes into the SVG.
const SIZE_FACTOR: f64 = 1.24;

/// Where a text stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TextBox {
    /// The text.
    pub(crate) text: String,
    /// Left edge.
    pub(crate) left: i32,
    /// Right edge.
    pub(crate) right: i32,
    /// Upper edge.
    pub(crate) top: i32,
    /// Lower edge.
    pub(crate) bottom: i32,
}

/// A sheet of paper. The first thing that cannot be drawn ends the drawing.
pub(crate) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
    /// The boxes of all texts so far.
    pub(crate) boxes: Vec<TextBox>,
    theme: Theme,
}

fn failed(error: impl Display) -> Error {
    Error::Render { what: "timeline", detail: error.to_string() }
}

fn color(ink: Ink, theme: Theme) -> RGBColor {
    let (red, green, blue) = ink.rgb(theme);
    RGBColor(red, green, blue)
}

impl<'a> Canvas<'a> {
    /// Takes a blank sheet of that size; the SVG goes to `svg`.
    pub(crate) fn new(svg: &'a mut String, size: (i32, i32), theme: Theme) -> Result<Self, Error> {
        text::register();
        let size = (size.0.unsigned_abs(), size.1.unsigned_abs());
        let area = SVGBackend::with_string(svg, size).into_drawing_area();
        area.fill(&color(Ink::Paper, theme)).map_err(failed)?;
        Ok(Self { area, boxes: Vec::new(), theme })
    }

    fn color(&self, ink: Ink) -> RGBColor {
        color(ink, self.theme)
    }

    /// Ends the drawing and returns the boxes of its texts.
    pub(crate) fn finish(self) -> Result<Vec<TextBox>, Error> {
        self.area.present().map_err(failed)?;
        Ok(self.boxes)
    }

    /// A filled rectangle from the upper left to the lower right corner.
    pub(crate) fn fill(&mut self, from: (i32, i32), to: (i32, i32), ink: Ink) -> Result<(), Error> {
        self.area.draw(&Rectangle::new([from, to], self.color(ink).filled())).map_err(failed)
    }

    /// A filled rectangle of which the ground shows through.
    pub(crate) fn wash(&mut self, from: (i32, i32), to: (i32, i32), ink: Ink, opacity: f64) -> Result<(), Error> {
        self.area.draw(&Rectangle::new([from, to], self.color(ink).mix(opacity).filled())).map_err(failed)
    }

    /// The outline of a rectangle.
    pub(crate) fn outline(&mut self, from: (i32, i32), to: (i32, i32), ink: Ink) -> Result<(), Error> {
        self.area.draw(&Rectangle::new([from, to], self.color(ink).stroke_width(1))).map_err(failed)
    }

    /// A line through the points.
    pub(crate) fn line(&mut self, points: &[(i32, i32)], ink: Ink, width: u32) -> Result<(), Error> {
        self.area.draw(&PathElement::new(points.to_vec(), self.color(ink).stroke_width(width))).map_err(failed)
    }

    /// A filled polygon.
    pub(crate) fn polygon(&mut self, points: &[(i32, i32)], ink: Ink) -> Result<(), Error> {
        self.area.draw(&Polygon::new(points.to_vec(), self.color(ink).filled())).map_err(failed)
    }

    /// A filled disk.
    pub(crate) fn disk(&mut self, center: (i32, i32), radius: i32, ink: Ink) -> Result<(), Error> {
        self.area.draw(&Circle::new(center, radius, self.color(ink).filled())).map_err(failed)
    }

    /// A disk of paper with a ring around it.
    pub(crate) fn ring(&mut self, center: (i32, i32), radius: i32, ink: Ink) -> Result<(), Error> {
        self.area.draw(&Circle::new(center, radius, self.color(Ink::Paper).filled())).map_err(failed)?;
        let style = ShapeStyle { color: self.color(ink).to_rgba(), filled: false, stroke_width: 2 };
        self.area.draw(&Circle::new(center, radius, style)).map_err(failed)
    }

    /// A text whose middle line goes through `at.1`; `side` says on which side of `at.0` it stands.
    pub(crate) fn text(
        &mut self,
        words: &str,
        at: (i32, i32),
        side: Side,
        size: f64,
        ink: Ink,
        bold: bool,
    ) -> Result<(), Error> {
        if words.is_empty() {
            return Ok(());
        }
        let words = text::clean(words);
        let h_pos = match side {
            Side::Right => HPos::Left,
            Side::Left => HPos::Right,
            Side::Middle => HPos::Center,
        };
        let style = if bold { FontStyle::Bold } else { FontStyle::Normal };
        let paint = self.color(ink);
        let style = TextStyle::from((text::FAMILY, size * SIZE_FACTOR, style).into_font())
            .color(&paint)
            .pos(Pos::new(h_pos, VPos::Center));
        let width = text::width(&words, size, bold);
        let left = match side {
            Side::Right => at.0,
            Side::Left => at.0 - width,
            Side::Middle => at.0 - width / 2,
        };
        let half = (size / 2.0).ceil() as i32;
        self.area.draw(&Text::new(words.clone(), at, style)).map_err(failed)?;
        self.boxes.push(TextBox { text: words, left, right: left + width, top: at.1 - half, bottom: at.1 + half });
        Ok(())
    }
}
