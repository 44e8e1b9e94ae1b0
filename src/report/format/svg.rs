//! `timeline.svg`: the timeline for documents and browsers.

use super::{File, Format, Report};
use crate::error::Error;

/// `timeline.svg`.
pub const FORMAT: Format = Format { name: "svg", is_default: true, render };

fn render(report: &Report<'_>) -> Result<Vec<File>, Error> {
    Ok(vec![File { name: "timeline.svg", bytes: report.timeline()?.svg.clone().into_bytes() }])
}
