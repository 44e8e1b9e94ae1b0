//! Cells: one row a host, two hours and signature, and one for all signatures together.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::{DataFrame, PolarsResult};

use super::{Material, Schema, floats, numbers, texts, times};
use crate::frame::Outcome;
use crate::model::time::TICKS_PER_HOUR;
use crate::model::{Name, Timestamp, field};

/// Hours of a cell: fewer hold too few attempts to speak of a share, more hide when a change came.
const HOURS: i64 = 2;

/// The table.
pub(super) const SCHEMA: Schema = Schema {
    name: "cells",
    columns: &[
        (field::TIMESTAMP, "begin of the two hours, even hours of UTC"),
        (field::HOST_NAME, "the host"),
        (field::RULE_ID, "the signature; null for all attempts together"),
        ("n_attempts", "attempts of the host in the two hours, the same in each row of a cell"),
        (
            "n_failures",
            "those that failed with this signature by no fault of the user; with null those that failed at all",
        ),
        ("n_users_failed", "distinct accounts among these"),
        ("sessions_open", "most sessions open at once, by begins and ends; null where the logs show none"),
    ],
    frame: rows,
};

/// What one host saw in one cell. Cells without attempts have no row, for silence is not zero.
#[derive(Default)]
struct Cell<'a> {
    n_attempts: u32,
    /// By signature, `None` for all: failures and the accounts that had them.
    failures: BTreeMap<Option<&'a str>, (u32, BTreeSet<&'a str>)>,
}

fn rows(material: &Material<'_>) -> PolarsResult<DataFrame> {
    let tables = material.tables;
    let mut cells: BTreeMap<(i64, &Name), Cell<'_>> = BTreeMap::new();
    for attempt in tables.attempts.iter().filter(|attempt| attempt.outcome != Outcome::Unseen) {
        let at = attempt.at.0.div_euclid(HOURS * TICKS_PER_HOUR) * HOURS;
        let cell = cells.entry((at, &attempt.host)).or_default();
        cell.n_attempts += 1;
        let all = cell.failures.entry(None).or_default();
        if attempt.is_service_failure() {
            all.0 += 1;
            all.1.insert(&attempt.user);
            let own = cell.failures.entry(attempt.signature.as_deref().or(Some("unknown"))).or_default();
            own.0 += 1;
            own.1.insert(&attempt.user);
        }
    }
    let open = |hour: i64, host: &Name| {
        let hours = (hour..hour + HOURS).filter_map(|hour| tables.load.get(&(host.clone(), hour)));
        hours.map(|load| load.sessions_open).max_by(f64::total_cmp)
    };
    let mut all = Vec::new();
    for ((hour, host), cell) in &cells {
        for (signature, (n, users)) in &cell.failures {
            all.push((*hour, *host, *signature, cell.n_attempts, *n, users.len(), open(*hour, host)));
        }
    }
    DataFrame::new(
        all.len(),
        vec![
            times(field::TIMESTAMP, all.iter().map(|row| Some(Timestamp(row.0.saturating_mul(TICKS_PER_HOUR)))))?,
            texts(field::HOST_NAME, all.iter().map(|row| Some(&**row.1))),
            texts(field::RULE_ID, all.iter().map(|row| row.2)),
            numbers("n_attempts", all.iter().map(|row| Some(row.3))),
            numbers("n_failures", all.iter().map(|row| Some(row.4))),
            numbers("n_users_failed", all.iter().map(|row| u32::try_from(row.5).ok())),
            floats("sessions_open", all.iter().map(|row| row.6)),
        ],
    )
}
