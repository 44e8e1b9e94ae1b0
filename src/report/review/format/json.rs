//! `review.json`: the document as it is, for scripts. The promise behind it: [`super::super::ReviewDocument`].

use super::{Format, WeekReport};
use crate::error::Error;
use crate::report::format::File;

/// `review.json`.
pub const FORMAT: Format = Format { name: "json", render };

fn render(report: &WeekReport<'_>) -> Result<Vec<File>, Error> {
    let mut bytes = serde_json::to_vec_pretty(&report.document)
        .map_err(|error| Error::Render { what: "review.json", detail: error.to_string() })?;
    bytes.push(b'\n');
    Ok(vec![File { name: "review.json", bytes }])
}
