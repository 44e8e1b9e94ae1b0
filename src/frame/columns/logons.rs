//! How long the phases of logons took: one row a host, phase and week.

use polars::prelude::{DataFrame, PolarsResult};

use super::{Material, Schema, floats, numbers, owned, texts, times, word};
use crate::model::field;

/// The table.
pub(super) const SCHEMA: Schema = Schema {
    name: "logons",
    columns: &[
        (field::HOST_NAME, "the host"),
        ("phase", "connect, authenticate, profile, policy or shell"),
        ("week", "the week's Monday; null for all weeks together"),
        ("n_logons", "logons that show the phase"),
        ("seconds_median", "the median"),
        ("seconds_p90", "the 0.9 quantile, interpolated (type 7)"),
        ("seconds_p99", "the 0.99 quantile, interpolated (type 7)"),
    ],
    frame: rows,
};

fn rows(material: &Material<'_>) -> PolarsResult<DataFrame> {
    let rows = &material.tables.logons;
    DataFrame::new(
        rows.len(),
        vec![
            texts(field::HOST_NAME, rows.iter().map(|row| Some(&*row.host))),
            owned("phase", rows.iter().map(|row| Some(word(row.phase)))),
            times("week", rows.iter().map(|row| row.week))?,
            numbers("n_logons", rows.iter().map(|row| u32::try_from(row.n).ok())),
            floats("seconds_median", rows.iter().map(|row| Some(row.median))),
            floats("seconds_p90", rows.iter().map(|row| Some(row.p90))),
            floats("seconds_p99", rows.iter().map(|row| Some(row.p99))),
        ],
    )
}
