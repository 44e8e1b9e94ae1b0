//! `report.json`: the document as it is, for scripts. The promise behind it: [`crate::report::Document`].

use super::{File, Format, Report};
use crate::error::Error;

/// `report.json`.
pub const FORMAT: Format = Format { name: "json", is_default: true, render };

fn render(report: &Report<'_>) -> Result<Vec<File>, Error> {
    let mut bytes = serde_json::to_vec_pretty(&report.document)
        .map_err(|error| Error::Render { what: "report.json", detail: error.to_string() })?;
    bytes.push(b'\n');
    Ok(vec![File { name: "report.json", bytes }])
}
