//! Attempts: one row each.

use polars::prelude::{DataFrame, PolarsResult};

use super::{Material, Schema, flags, floats, numbers, owned, places, texts, times, word};
use crate::frame::Phase;
use crate::model::field;

/// The table.
pub(super) const SCHEMA: Schema = Schema {
    name: "attempts",
    columns: &[
        ("attempt", "number of the attempt, from 0 by time"),
        (field::TIMESTAMP, "when it began"),
        (field::HOST_NAME, "the session host that was tried"),
        (field::USER_NAME, "the account"),
        (field::SOURCE_IP, "the client's address"),
        (field::OUTCOME, "succeeded, failed, silent, or unseen where no log covers its end"),
        (field::RULE_ID, "the failure's signature"),
        ("fault", "user, policy, infrastructure or unclear"),
        (field::ERROR_CODE, "the failure's code as its record has it"),
        (field::SERVICE_NAME, "the component that the failure names"),
        (field::SERVICE_VERSION, "its version"),
        ("demand", "number of the wish to connect that it belongs to"),
        ("is_retry", "whether it repeats an earlier try of the demand"),
        ("seconds_to_desktop", "from the first trace to the desktop"),
        ("seconds_connect", "from the first knock to the acceptance of name and password"),
        ("seconds_authenticate", "from the acceptance to the choice of a session"),
        ("seconds_profile", "the load of the profile"),
        ("seconds_policy", "the application of the user's policy"),
        ("seconds_shell", "from the session to the desktop"),
        ("certainty", "by-id, by-time or single"),
        ("records", "the records it is made of, the telling one first, separated by blanks"),
    ],
    frame: rows,
};

fn rows(material: &Material<'_>) -> PolarsResult<DataFrame> {
    let rows = &material.tables.attempts;
    let phase = |name: &str, phase: Phase| floats(name, rows.iter().map(|row| row.phases.seconds(phase)));
    DataFrame::new(
        rows.len(),
        vec![
            numbers("attempt", rows.iter().map(|row| Some(row.id))),
            times(field::TIMESTAMP, rows.iter().map(|row| Some(row.at)))?,
            texts(field::HOST_NAME, rows.iter().map(|row| Some(&*row.host))),
            texts(field::USER_NAME, rows.iter().map(|row| Some(&*row.user))),
            texts(field::SOURCE_IP, rows.iter().map(|row| row.client.as_deref())),
            owned(field::OUTCOME, rows.iter().map(|row| Some(word(row.outcome)))),
            texts(field::RULE_ID, rows.iter().map(|row| row.signature.as_deref())),
            owned("fault", rows.iter().map(|row| row.fault.map(word))),
            texts(field::ERROR_CODE, rows.iter().map(|row| row.error_code.as_deref())),
            texts(field::SERVICE_NAME, rows.iter().map(|row| row.component_version.as_ref().map(|named| &*named.0))),
            texts(field::SERVICE_VERSION, rows.iter().map(|row| row.component_version.as_ref().map(|named| &*named.1))),
            numbers("demand", rows.iter().map(|row| Some(row.demand))),
            flags("is_retry", rows.iter().map(|row| Some(row.is_retry))),
            floats("seconds_to_desktop", rows.iter().map(|row| row.seconds_to_desktop)),
            phase("seconds_connect", Phase::Connect),
            phase("seconds_authenticate", Phase::Authenticate),
            phase("seconds_profile", Phase::Profile),
            phase("seconds_policy", Phase::Policy),
            phase("seconds_shell", Phase::Shell),
            owned("certainty", rows.iter().map(|row| Some(word(row.certainty)))),
            owned("records", rows.iter().map(|row| places(&row.records, material.paths))),
        ],
    )
}
