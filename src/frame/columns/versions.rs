//! Versions: one row a component, host and span.

use polars::prelude::{DataFrame, PolarsResult};

use super::{Material, Schema, texts, times};
use crate::model::field;

/// The table.
pub(super) const SCHEMA: Schema = Schema {
    name: "versions",
    columns: &[
        (field::SERVICE_NAME, "the component"),
        (field::HOST_NAME, "the host"),
        (field::SERVICE_VERSION, "its version there; null where no log shows one"),
        ("from", "since when it was in force; null from before the log"),
        ("to", "first instant after it; null to the end"),
    ],
    frame: rows,
};

fn rows(material: &Material<'_>) -> PolarsResult<DataFrame> {
    let rows = &material.tables.versions;
    DataFrame::new(
        rows.len(),
        vec![
            texts(field::SERVICE_NAME, rows.iter().map(|row| Some(&*row.component))),
            texts(field::HOST_NAME, rows.iter().map(|row| Some(&*row.host))),
            texts(field::SERVICE_VERSION, rows.iter().map(|row| row.version.as_deref())),
            times("from", rows.iter().map(|row| row.from))?,
            times("to", rows.iter().map(|row| row.to))?,
        ],
    )
}
