//! Connections that are no person's attempt: one row a host and kind.

use polars::prelude::{DataFrame, PolarsResult};

use super::{Material, Schema, numbers, owned, texts, times, word};
use crate::model::field;

/// The table.
pub(super) const SCHEMA: Schema = Schema {
    name: "aside",
    columns: &[
        (field::HOST_NAME, "the host"),
        ("kind", "scanner, probe, stranger or other: connections that are no person's attempt"),
        ("n_connections", "how many"),
        ("n_addresses", "from how many addresses, as far as they are known"),
        ("first_at", "the first"),
        ("last_at", "the last"),
    ],
    frame: rows,
};

fn rows(material: &Material<'_>) -> PolarsResult<DataFrame> {
    let rows = &material.tables.aside;
    DataFrame::new(
        rows.len(),
        vec![
            texts(field::HOST_NAME, rows.iter().map(|row| Some(&*row.host))),
            owned("kind", rows.iter().map(|row| Some(word(row.kind)))),
            numbers("n_connections", rows.iter().map(|row| u32::try_from(row.n).ok())),
            numbers("n_addresses", rows.iter().map(|row| u32::try_from(row.n_addresses).ok())),
            times("first_at", rows.iter().map(|row| Some(row.first_at)))?,
            times("last_at", rows.iter().map(|row| Some(row.last_at)))?,
        ],
    )
}
