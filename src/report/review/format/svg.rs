//! `review.svg`: the week's chart for documents and browsers.

use super::{Format, WeekReport};
use crate::error::Error;
use crate::report::format::File;

/// `review.svg`.
pub const FORMAT: Format = Format { name: "svg", render };

fn render(report: &WeekReport<'_>) -> Result<Vec<File>, Error> {
    Ok(vec![File { name: "review.svg", bytes: report.chart()?.svg.clone().into_bytes() }])
}
