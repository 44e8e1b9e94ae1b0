//! The weekly review: one page, the same layout every week, as JSON, Markdown, HTML and a chart.
//!
//! In: a [`crate::review::Review`] beside what every report is made from. Its words stand in
//! [`super::wording::review`], its chart in `chart/week.rs`, its outputs on the list of [`mod@format`].

pub mod document;
pub mod format;
pub mod sections;
pub mod summary;
#[cfg(test)]
mod trial;

use std::cell::OnceCell;

pub use document::{ReviewDocument, schema};
pub use summary::summary;

use super::chart::{self, Figure, Theme};
use super::input::Input;
use crate::error::Error;
use crate::review::Review;

/// A review ready to be rendered; its chart is drawn once for all formats that show it.
#[derive(Debug)]
pub struct WeekReport<'a> {
    /// What every report is made from.
    pub input: Input<'a>,
    /// The week.
    pub review: &'a Review,
    /// It as values.
    pub document: ReviewDocument,
    theme: Theme,
    chart: OnceCell<Figure>,
}

impl<'a> WeekReport<'a> {
    /// Fills the document; draws nothing yet.
    pub fn new(input: Input<'a>, review: &'a Review) -> Self {
        let document = sections::document(&input, review);
        Self { input, review, document, theme: Theme::Light, chart: OnceCell::new() }
    }

    /// The same with its picture drawn for that theme; a page has colors for all of them.
    #[must_use]
    pub fn themed(mut self, theme: Theme) -> Self {
        self.theme = theme;
        self
    }

    /// Returns the chart, drawing it at the first call.
    ///
    /// # Errors
    ///
    /// [`Error::Render`] if it cannot be drawn.
    pub fn chart(&self) -> Result<&Figure, Error> {
        if let Some(chart) = self.chart.get() {
            return Ok(chart);
        }
        let chart = chart::week(&self.input, self.review, self.theme, true)?;
        Ok(self.chart.get_or_init(|| chart))
    }
}
