//! Load: one row a host and hour, and one an hour for all hosts together.

use polars::prelude::{DataFrame, PolarsResult};

use super::{Material, Schema, flags, floats, numbers, texts, times};
use crate::frame::HostHour;
use crate::model::time::TICKS_PER_HOUR;
use crate::model::{Timestamp, field};

/// The table.
pub(super) const SCHEMA: Schema = Schema {
    name: "load",
    columns: &[
        (field::HOST_NAME, "the host; null for all together"),
        (field::TIMESTAMP, "begin of the hour"),
        ("n_users", "distinct users who wanted in"),
        ("n_attempts", "tries"),
        ("n_failures", "tries that failed by no fault of the user"),
        ("sessions_open", "most sessions open at once"),
        ("sessions_counted", "sessions by the host's counters, mean of the hour"),
        ("n_hosts", "hosts whose logs cover the hour"),
        ("n_demands", "wishes to connect that began in it"),
        ("sessions_mean", "sessions open in the mean of the hour, by begins and ends"),
        ("is_settled", "false where sessions of before the log or a gap may be open and unknown"),
        ("processor_percent", "processor time, mean of the hour"),
        ("requests_open", "connections or requests open at servers, highest reading"),
    ],
    frame: rows,
};

fn rows(material: &Material<'_>) -> PolarsResult<DataFrame> {
    let own = material.tables.load.iter().map(|((host, hour), row)| (Some(&**host), *hour, row));
    let rows: Vec<(Option<&str>, i64, &HostHour)> =
        own.chain(material.tables.fleet_load.iter().map(|(hour, row)| (None, *hour, row))).collect();
    let hour = |hour: i64| Timestamp(hour.saturating_mul(TICKS_PER_HOUR));
    DataFrame::new(
        rows.len(),
        vec![
            texts(field::HOST_NAME, rows.iter().map(|row| row.0)),
            times(field::TIMESTAMP, rows.iter().map(|row| Some(hour(row.1))))?,
            numbers("n_users", rows.iter().map(|row| Some(row.2.n_users))),
            numbers("n_attempts", rows.iter().map(|row| Some(row.2.n_attempts))),
            numbers("n_failures", rows.iter().map(|row| Some(row.2.n_failures))),
            floats("sessions_open", rows.iter().map(|row| Some(row.2.sessions_open))),
            floats("sessions_counted", rows.iter().map(|row| row.2.sessions_counted)),
            numbers("n_hosts", rows.iter().map(|row| Some(row.2.n_hosts))),
            numbers("n_demands", rows.iter().map(|row| Some(row.2.n_demands))),
            floats("sessions_mean", rows.iter().map(|row| Some(row.2.sessions_mean))),
            flags("is_settled", rows.iter().map(|row| Some(row.2.is_settled))),
            floats("processor_percent", rows.iter().map(|row| row.2.processor_percent)),
            floats("requests_open", rows.iter().map(|row| row.2.requests_open)),
        ],
    )
}
