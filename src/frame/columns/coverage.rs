//! Coverage: one row a span or gap of a source.

use polars::prelude::{DataFrame, PolarsResult};

use super::{Material, Schema, counts, owned, texts, times, word};
use crate::frame::Gap;
use crate::model::{TimeRange, field};

/// The table.
pub(super) const SCHEMA: Schema = Schema {
    name: "coverage",
    columns: &[
        (field::HOST_NAME, "the host"),
        ("source", "channel or dataset"),
        ("part", "span, or gap within it: one row a part"),
        ("start", "begin of the part"),
        ("end", "first instant after it"),
        ("reason", "for a span how it begins, for a gap its kind"),
        ("n_missing", "records that are left out in a gap, by their numbers; null where these are not known"),
    ],
    frame: rows,
};

fn rows(material: &Material<'_>) -> PolarsResult<DataFrame> {
    type Part<'t> = (&'t str, &'t str, &'t str, TimeRange, String, Option<u64>);
    let mut rows: Vec<Part<'_>> = Vec::new();
    for row in &material.tables.coverage {
        rows.push((&row.host, &row.source, "span", row.span, word(row.begins), None));
        let gap = |gap: &'_ Gap| (&*row.host, &*row.source, "gap", gap.range(), word(gap.kind), gap.n_missing);
        rows.extend(row.gaps.iter().map(gap));
    }
    DataFrame::new(
        rows.len(),
        vec![
            texts(field::HOST_NAME, rows.iter().map(|row| Some(row.0))),
            texts("source", rows.iter().map(|row| Some(row.1))),
            texts("part", rows.iter().map(|row| Some(row.2))),
            times("start", rows.iter().map(|row| Some(row.3.start)))?,
            times("end", rows.iter().map(|row| Some(row.3.end)))?,
            owned("reason", rows.iter().map(|row| Some(row.4.clone()))),
            counts("n_missing", rows.iter().map(|row| row.5)),
        ],
    )
}
