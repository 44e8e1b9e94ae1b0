//! `report.html`: the report as one page to read, to filter and to print.

use super::{File, Format, Report};
use crate::error::Error;
use crate::report::page;

/// `report.html`.
pub const FORMAT: Format = Format { name: "html", is_default: true, render };

fn render(report: &Report<'_>) -> Result<Vec<File>, Error> {
    Ok(vec![File { name: "report.html", bytes: page::page(report)?.into_bytes() }])
}
