//! What followed closes: one row a host and close.

use polars::prelude::{DataFrame, PolarsResult};

use super::{Material, Schema, floats, numbers, owned, texts, word};
use crate::model::field;

/// The table.
pub(super) const SCHEMA: Schema = Schema {
    name: "chains",
    columns: &[
        (field::HOST_NAME, "the host of the sessions that closed"),
        ("close", "complete or incomplete"),
        ("n_closes", "closes"),
        ("n_followed", "those whose user tried again within 30 hours and was not refused by an own fault"),
        ("n_failed", "of these tries, those that failed"),
        ("share", "n_failed in n_followed; null if none followed"),
        ("lower", "lower bound of its exact 95 % interval"),
        ("upper", "upper bound of it"),
    ],
    frame: rows,
};

fn rows(material: &Material<'_>) -> PolarsResult<DataFrame> {
    let rows = &material.tables.chains;
    DataFrame::new(
        rows.len(),
        vec![
            texts(field::HOST_NAME, rows.iter().map(|row| Some(&*row.host))),
            owned("close", rows.iter().map(|row| Some(word(row.close)))),
            numbers("n_closes", rows.iter().map(|row| Some(row.n_closes as u32))),
            numbers("n_followed", rows.iter().map(|row| Some(row.n_followed as u32))),
            numbers("n_failed", rows.iter().map(|row| Some(row.n_failed as u32))),
            floats("share", rows.iter().map(|row| row.share)),
            floats("lower", rows.iter().map(|row| Some(row.lower))),
            floats("upper", rows.iter().map(|row| Some(row.upper))),
        ],
    )
}
