//! Clocks: one row an offset or step.

use polars::prelude::{DataFrame, PolarsResult};

use super::{Material, Schema, counts, floats, owned, places, texts, times, word};
use crate::model::field;

/// The table.
pub(super) const SCHEMA: Schema = Schema {
    name: "clocks",
    columns: &[
        (field::HOST_NAME, "the host, or the one that writes the text log"),
        (field::DATASET, "the kind of a text log; null for the host's own clock"),
        ("against", "the clock that it is compared with"),
        ("start", "first pair of records; for a step when the clock was set"),
        ("end", "last pair of records; null for a step"),
        ("part", "offset, or step: one row a part"),
        ("seconds", "how far it is ahead, or was put forward"),
        ("lower", "lower bound of the 95 % interval"),
        ("upper", "upper bound of it"),
        ("latency_seconds", "how much the delay between the records scatters"),
        ("n_pairs", "pairs of records that agree"),
        ("trust", "stated or derived"),
        ("records", "the records that show a step, separated by blanks"),
    ],
    frame: rows,
};

fn rows(material: &Material<'_>) -> PolarsResult<DataFrame> {
    let (offsets, steps) = (&material.tables.clocks, &material.tables.clock_steps);
    let none = || steps.iter().map(|_| None);
    DataFrame::new(
        offsets.len() + steps.len(),
        vec![
            texts(
                field::HOST_NAME,
                offsets.iter().map(|row| row.host.as_deref()).chain(steps.iter().map(|row| row.host.as_deref())),
            ),
            texts(
                field::DATASET,
                offsets.iter().map(|row| row.source.as_deref()).chain(steps.iter().map(|row| row.source.as_deref())),
            ),
            texts("against", offsets.iter().map(|row| Some(&*row.against)).chain(steps.iter().map(|_| None))),
            times("start", offsets.iter().map(|row| Some(row.span.0)).chain(steps.iter().map(|row| Some(row.at))))?,
            times("end", offsets.iter().map(|row| Some(row.span.1)).chain(steps.iter().map(|_| None)))?,
            texts("part", offsets.iter().map(|_| Some("offset")).chain(steps.iter().map(|_| Some("step")))),
            floats(
                "seconds",
                offsets.iter().map(|row| Some(row.offset.0)).chain(steps.iter().map(|row| Some(row.seconds))),
            ),
            floats("lower", offsets.iter().map(|row| Some(row.offset.1)).chain(none())),
            floats("upper", offsets.iter().map(|row| Some(row.offset.2)).chain(none())),
            floats("latency_seconds", offsets.iter().map(|row| Some(row.latency_s)).chain(none())),
            counts("n_pairs", offsets.iter().map(|row| Some(row.n_pairs)).chain(steps.iter().map(|_| None))),
            owned(
                "trust",
                offsets.iter().map(|row| Some(word(row.trust))).chain(steps.iter().map(|row| Some(word(row.trust)))),
            ),
            owned(
                "records",
                offsets.iter().map(|_| None).chain(steps.iter().map(|row| places(&row.records, material.paths))),
            ),
        ],
    )
}
