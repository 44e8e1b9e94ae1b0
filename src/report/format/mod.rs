//! The outputs of a report, one file each.
//!
//! Write `format/<name>.rs` with a [`Format`], and add it to [`FORMATS`]. The tests render every format
//! of every made-up input twice and compare the bytes.

use std::cell::OnceCell;

use super::chart::{self, Chart, Theme};
use super::document::Document;
use super::input::Input;
use crate::error::Error;

pub mod chat;
pub mod figures;
pub mod grafana;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod png;
pub mod sarif;
pub mod svg;
pub mod timesketch;

/// One kind of output.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// Its name on the command line.
    pub name: &'static str,
    /// Whether it is made if nobody names formats.
    pub is_default: bool,
    /// Makes its files.
    pub render: fn(&Report<'_>) -> Result<Vec<File>, Error>,
}

/// One file of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name within the report's folder, with `/` between.
    pub name: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// All outputs, in the order of `--help`.
pub const FORMATS: &[Format] = &[
    json::FORMAT,
    html::FORMAT,
    markdown::FORMAT,
    svg::FORMAT,
    png::FORMAT,
    figures::FORMAT,
    chat::FORMAT,
    timesketch::FORMAT,
    grafana::FORMAT,
    junit::FORMAT,
    sarif::FORMAT,
];

/// A report ready to be rendered; the timeline is drawn once for all formats that show it.
#[derive(Debug)]
pub struct Report<'a> {
    /// What it is made from.
    pub input: Input<'a>,
    /// It as values.
    pub document: Document,
    /// What pictures that are files of their own are drawn for.
    pub theme: Theme,
    timeline: OnceCell<Chart>,
}

impl<'a> Report<'a> {
    /// Fills the document; draws nothing yet.
    pub fn new(input: Input<'a>) -> Self {
        let document = super::document(&input);
        Self { input, document, theme: Theme::Light, timeline: OnceCell::new() }
    }

    /// Returns it with pictures for that theme.
    #[must_use]
    pub fn themed(mut self, theme: Theme) -> Self {
        (self.theme, self.timeline) = (theme, OnceCell::new());
        self
    }

    /// Returns the timeline in the report's theme, drawing it at the first call.
    ///
    /// # Errors
    ///
    /// [`Error::Render`] if it cannot be drawn.
    pub fn timeline(&self) -> Result<&Chart, Error> {
        if let Some(chart) = self.timeline.get() {
            return Ok(chart);
        }
        let chart = chart::timeline(&self.input, self.theme)?;
        Ok(self.timeline.get_or_init(|| chart))
    }
}

/// Returns the format of that name.
pub fn by_name(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn every_format_gives_the_same_bytes_twice() {
        for case in [fixture::founding(), fixture::empty()] {
            for format in FORMATS {
                let first = (format.render)(&Report::new(case.input())).unwrap();
                let second = (format.render)(&Report::new(case.input())).unwrap();
                // A file of lines may have none, and a figure is drawn only where there is something to show.
                let may_be_none = format.name == figures::FORMAT.name && case.title == "empty";
                let is_filled = |file: &File| !file.bytes.is_empty() || file.name.rsplit('.').next() == Some("jsonl");
                assert!((may_be_none || !first.is_empty()) && first.iter().all(is_filled), "{}", format.name);
                assert!(first == second, "{} of {}", format.name, case.title);
            }
        }
    }

    #[test]
    fn no_two_formats_write_the_same_file() {
        let report_of = fixture::quiet();
        let report = Report::new(report_of.input());
        let mut names: Vec<&str> =
            FORMATS.iter().flat_map(|f| (f.render)(&report).unwrap()).map(|file| file.name).collect();
        let n = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), n);
        assert!(FORMATS.iter().all(|format| by_name(format.name).is_some_and(|found| found.name == format.name)));
    }
}
