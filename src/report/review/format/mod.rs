//! The outputs of a weekly review, one file each.
//!
//! Write `format/<name>.rs` with a [`Format`], and add it to [`FORMATS`]. The tests render every format of made-up weeks
//! twice and compare the bytes.

use super::WeekReport;
use crate::error::Error;
use crate::report::format::File;

pub mod html;
pub mod json;
pub mod markdown;
pub mod png;
pub mod svg;

/// One kind of output; all are made if nobody names formats.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// Its name on the command line.
    pub name: &'static str,
    /// Makes its files.
    pub render: fn(&WeekReport<'_>) -> Result<Vec<File>, Error>,
}

/// All outputs, in the order of `--help`.
pub const FORMATS: &[Format] = &[json::FORMAT, html::FORMAT, markdown::FORMAT, svg::FORMAT, png::FORMAT];

/// Returns the format of that name.
pub fn by_name(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
