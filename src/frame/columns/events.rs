//! Events: one row each.

use polars::prelude::{DataFrame, PolarsResult};

use super::{Material, Schema, numbers, owned, place, texts, times, word};
use crate::model::{Event, field};

/// The table.
pub(super) const SCHEMA: Schema = Schema {
    name: "events",
    columns: &[
        (field::TIMESTAMP, "when it happened"),
        (field::HOST_NAME, "the host"),
        (field::DATASET, "the kind of log"),
        (field::PROVIDER, "the source of a Windows event, or the logger"),
        (field::CODE, "the event id, or the status of a request"),
        (field::CHANNEL, "the channel of a Windows event"),
        (field::SEVERITY, "severity on OpenTelemetry's scale"),
        (field::ACTION, "what it means"),
        (field::USER_NAME, "the account"),
        ("session_id", "the Windows session number"),
        (field::ACTIVITY_ID, "the id that joins the records of one connection"),
        (field::SOURCE_IP, "the client's address"),
        (field::RULE_ID, "the signature of a failure or symptom"),
        (field::ERROR_CODE, "the code"),
        (field::MESSAGE, "the text"),
        ("record", "where it stands"),
    ],
    frame: rows,
};

fn rows(material: &Material<'_>) -> PolarsResult<DataFrame> {
    let rows: &[Event] = material.events;
    DataFrame::new(
        rows.len(),
        vec![
            times(field::TIMESTAMP, rows.iter().map(|row| Some(row.at)))?,
            texts(field::HOST_NAME, rows.iter().map(|row| row.host.as_deref())),
            texts(field::DATASET, rows.iter().map(|row| Some(&*row.dataset))),
            texts(field::PROVIDER, rows.iter().map(|row| row.provider.as_deref())),
            numbers(field::CODE, rows.iter().map(|row| row.code)),
            texts(field::CHANNEL, rows.iter().map(|row| row.channel.as_deref())),
            numbers(field::SEVERITY, rows.iter().map(|row| Some(u32::from(row.severity.number())))),
            owned(field::ACTION, rows.iter().map(|row| Some(word(row.action)))),
            texts(field::USER_NAME, rows.iter().map(|row| row.user.as_deref())),
            numbers("session_id", rows.iter().map(|row| row.session_id)),
            texts(field::ACTIVITY_ID, rows.iter().map(|row| row.activity_id.as_deref())),
            texts(field::SOURCE_IP, rows.iter().map(|row| row.client.as_deref())),
            texts(field::RULE_ID, rows.iter().map(|row| row.signature.as_deref())),
            texts(field::ERROR_CODE, rows.iter().map(|row| row.error_code.as_deref())),
            texts(field::MESSAGE, rows.iter().map(|row| row.message.as_deref())),
            owned("record", rows.iter().map(|row| Some(place(&row.provenance, material.paths)))),
        ],
    )
}
