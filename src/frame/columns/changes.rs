//! Changes: one row a change and host.

use polars::prelude::{DataFrame, PolarsResult};

use super::{Material, Schema, flags, owned, places, texts, times, word};
use crate::frame::{Change, HostChange};
use crate::model::field;

/// The table.
pub(super) const SCHEMA: Schema = Schema {
    name: "changes",
    columns: &[
        ("change", "id of the change"),
        (field::SERVICE_NAME, "the component"),
        (field::SERVICE_VERSION, "the version"),
        ("kind", "install, update, remove, rollback, redeploy, configuration or restart"),
        (field::HOST_NAME, "one host that got it: one row a host"),
        (field::TIMESTAMP, "when this host got it"),
        ("in_force_at", "when it came into force there"),
        ("trust", "stated, derived or guessed"),
        ("hosts_known", "whether the list of hosts is known"),
        ("only_stated", "whether only a list says so"),
        ("is_routine", "whether it recurs as a routine"),
        ("records", "where it is stated, separated by blanks"),
        ("observed_records", "those of the hosts' own logs; the others stand in lists"),
    ],
    frame: rows,
};

fn rows(material: &Material<'_>) -> PolarsResult<DataFrame> {
    let all = &material.tables.changes;
    let rows: Vec<(&Change, &HostChange)> =
        all.iter().flat_map(|change| change.hosts.iter().map(move |host| (change, host))).collect();
    let rows = rows.iter().copied();
    DataFrame::new(
        rows.len(),
        vec![
            texts("change", rows.clone().map(|(change, _)| Some(&*change.id))),
            texts(field::SERVICE_NAME, rows.clone().map(|(change, _)| Some(&*change.component))),
            texts(field::SERVICE_VERSION, rows.clone().map(|(change, _)| change.version.as_deref())),
            owned("kind", rows.clone().map(|(change, _)| Some(word(change.kind)))),
            texts(field::HOST_NAME, rows.clone().map(|(_, host)| Some(&*host.host))),
            times(field::TIMESTAMP, rows.clone().map(|(_, host)| Some(host.at)))?,
            times("in_force_at", rows.clone().map(|(_, host)| Some(host.in_force_at)))?,
            owned("trust", rows.clone().map(|(_, host)| Some(word(host.trust)))),
            flags("hosts_known", rows.clone().map(|(change, _)| Some(change.hosts_known))),
            flags("only_stated", rows.clone().map(|(change, _)| Some(change.only_stated))),
            flags("is_routine", rows.clone().map(|(change, _)| Some(change.is_routine))),
            owned("records", rows.clone().map(|(change, _)| places(&change.stated_by, material.paths))),
            owned("observed_records", rows.map(|(change, _)| places(&change.observed_by, material.paths))),
        ],
    )
}
