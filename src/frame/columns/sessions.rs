//! Sessions: one row each.

use polars::prelude::{DataFrame, PolarsResult};

use super::{Material, Schema, flags, floats, numbers, owned, places, texts, times, word};
use crate::frame::{Mark, witness};
use crate::model::field;

/// The table.
pub(super) const SCHEMA: Schema = Schema {
    name: "sessions",
    columns: &[
        (field::HOST_NAME, "the host"),
        (field::USER_NAME, "the account"),
        ("session_id", "the Windows session number"),
        ("started_at", "its begin; null if before the log"),
        ("ended_at", "its end; null if not within the log"),
        ("end_kind", "logoff, reboot, edge-of-log or replaced"),
        ("close", "complete, incomplete or not-observable"),
        ("marks", "witnesses of an incomplete close, separated by blanks"),
        ("certainty", "strong if one of the marks proves it by itself, else weak"),
        ("later_marks", "witnesses that only the user's later steps are; they leave the close as it is"),
        ("n_disconnects", "disconnects and reconnects"),
        ("left_at", "since when its user was away from it for good; null if its user came back or logged off"),
        ("next_attempt", "number of the user's next attempt on any host, unless another session ended before"),
        ("next_outcome", "how that ended"),
        ("next_signature", "the signature of its failure"),
        ("next_after_s", "seconds from the session's end to it"),
        ("next_is_soon", "whether it came within 30 hours"),
        ("records", "the records of begin and end, separated by blanks"),
    ],
    frame: rows,
};

fn rows(material: &Material<'_>) -> PolarsResult<DataFrame> {
    let rows = &material.tables.sessions;
    let names = |marks: &[Mark]| {
        let names: Vec<&str> = marks.iter().map(|mark| mark.witness).collect();
        (!names.is_empty()).then(|| names.join(" "))
    };
    let next = || rows.iter().map(|row| row.next);
    let tried = || next().map(|next| material.tables.attempts.get(next?.attempt as usize));
    DataFrame::new(
        rows.len(),
        vec![
            texts(field::HOST_NAME, rows.iter().map(|row| Some(&*row.host))),
            texts(field::USER_NAME, rows.iter().map(|row| Some(&*row.user))),
            numbers("session_id", rows.iter().map(|row| row.session_id)),
            times("started_at", rows.iter().map(|row| row.started_at))?,
            times("ended_at", rows.iter().map(|row| row.ended_at))?,
            owned("end_kind", rows.iter().map(|row| Some(word(row.end_kind)))),
            owned("close", rows.iter().map(|row| Some(word(row.close)))),
            owned("marks", rows.iter().map(|row| names(&row.marks))),
            owned("certainty", rows.iter().map(|row| witness::strength(&row.marks).map(word))),
            owned("later_marks", rows.iter().map(|row| names(&row.later))),
            numbers("n_disconnects", rows.iter().map(|row| Some(row.disconnects.len() as u32))),
            times("left_at", rows.iter().map(|row| row.left_at))?,
            numbers("next_attempt", next().map(|next| Some(next?.attempt))),
            owned("next_outcome", tried().map(|tried| Some(word(tried?.outcome)))),
            texts("next_signature", tried().map(|tried| tried?.signature.as_deref())),
            floats("next_after_s", next().map(|next| Some(next?.after_s))),
            flags("next_is_soon", next().map(|next| Some(next?.is_soon))),
            owned("records", rows.iter().map(|row| places(&row.records, material.paths))),
        ],
    )
}
