//! `tables/timesketch.csv` and `.jsonl`: the events for Timesketch, with the incidents and the changes among them.
//!
//! Timesketch wants `message`, `datetime` and `timestamp_desc`; its analyzers know Windows events by plaso's names
//! (`data_type` `windows:evtx:record`, `event_identifier`, `source_name`, `computer_name`), so they stand here as well.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{File, Format, Report};
use crate::error::Error;
use crate::model::time::TICKS_PER_SECOND;
use crate::model::{Event, Timestamp};
use crate::report::input::Input;
use crate::report::sections::{place, word};
use crate::report::wording::{coverage, incident, verdict};

/// `tables/timesketch.csv` and `tables/timesketch.jsonl`.
pub const FORMAT: Format = Format { name: "timesketch", is_default: false, render };

/// The columns, in order; those that Timesketch must have come first.
const COLUMNS: [&str; 19] = [
    "message",
    "datetime",
    "timestamp",
    "timestamp_desc",
    "data_type",
    "computer_name",
    "source_name",
    "event_identifier",
    "channel",
    "user_sid",
    "username",
    "src_ip",
    "action",
    "signature",
    "error_code",
    "severity",
    "dataset",
    "record",
    "verdict",
];

/// One row by column; what is missing is an empty cell, and no key in JSON.
type Row = BTreeMap<&'static str, Value>;

fn render(report: &Report<'_>) -> Result<Vec<File>, Error> {
    let input = &report.input;
    let failed = |error: csv::Error| Error::Render { what: "tables/timesketch.csv", detail: error.to_string() };
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(COLUMNS).map_err(failed)?;
    let mut lines = Vec::new();
    let findings = findings(input);
    for row in findings.into_iter().chain(input.events.iter().map(|event| event_row(input, event))) {
        table.write_record(COLUMNS.iter().map(|column| cell(&row, column))).map_err(failed)?;
        let known = COLUMNS.iter().filter_map(|column| Some(((*column).to_owned(), row.get(column)?.clone())));
        let object: Map<String, Value> = known.collect();
        lines.extend_from_slice(Value::Object(object).to_string().as_bytes());
        lines.push(b'\n');
    }
    let table = table.into_inner().map_err(|error| failed(error.into_error().into()))?;
    Ok(vec![
        File { name: "tables/timesketch.csv", bytes: table },
        File { name: "tables/timesketch.jsonl", bytes: lines },
    ])
}

fn cell(row: &Row, column: &str) -> String {
    match row.get(column) {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// The instant in microseconds with its offset, as RFC 3339 has it.
fn datetime(at: Timestamp) -> String {
    at.to_jiff().strftime("%Y-%m-%dT%H:%M:%S.%6f+00:00").to_string()
}

fn row(at: Timestamp, message: String, description: &str, data_type: &str) -> Row {
    Row::from([
        ("message", message.into()),
        ("datetime", datetime(at).into()),
        ("timestamp", at.0.div_euclid(TICKS_PER_SECOND / 1_000_000).into()),
        ("timestamp_desc", description.into()),
        ("data_type", data_type.into()),
    ])
}

/// What was found: each incident's moments, and each change on each host.
fn findings(input: &Input<'_>) -> Vec<Row> {
    let mut rows = Vec::new();
    for one in &input.judgement.incidents {
        let moments = [
            (Some(one.started_at), "Incident began"),
            (Some(one.peak_at), "Incident's worst hour"),
            (one.ended_at, "Incident ended"),
        ];
        for (at, description) in moments {
            if let Some(at) = at {
                let message = format!("{}: {}", one.id, incident::title(input, one));
                rows.push(row(at, message, description, "causeline:incident"));
            }
        }
    }
    for change in &input.tables.changes {
        let said = input.strongest_verdict(&change.id);
        let word = said.map_or("not judged", |said| verdict::verdict(said.verdict));
        for host in &change.hosts {
            let message = format!("{} {}: {word}", change.id, input.change_name(&change.id));
            let mut row = row(host.at, message, "Change", "causeline:change");
            row.insert("computer_name", (*host.host).into());
            if let Some(record) = change.stated_by.first() {
                row.insert("record", coverage::place(&place(input, *record)).into());
            }
            row.insert("verdict", word.into());
            rows.push(row);
        }
    }
    rows.sort_by_key(|row| (row["timestamp"].as_i64(), cell(row, "message"), cell(row, "computer_name")));
    rows
}

fn event_row(input: &Input<'_>, event: &Event) -> Row {
    let data_type = match &*event.dataset {
        "windows" => "windows:evtx:record".to_owned(),
        other => format!("causeline:{}", other.replace('.', ":")),
    };
    let mut row = row(event.at, message(event), "Time Logged", &data_type);
    let texts = [
        ("computer_name", &event.host),
        ("source_name", &event.provider),
        ("channel", &event.channel),
        ("user_sid", &event.user_sid),
        ("username", &event.user),
        ("src_ip", &event.client),
        ("signature", &event.signature),
        ("error_code", &event.error_code),
    ];
    row.extend(texts.into_iter().filter_map(|(column, text)| Some((column, Value::from(text.as_deref()?)))));
    row.extend(event.code.map(|code| ("event_identifier", code.into())));
    row.insert("action", word(&event.action).into());
    row.insert("severity", event.severity.number().into());
    row.insert("dataset", (*event.dataset).into());
    row.insert("record", coverage::place(&place(input, event.provenance)).into());
    row
}

/// The record's own text; most Windows events have none, so it is said what they mean.
fn message(event: &Event) -> String {
    if let Some(message) = event.message.as_deref().filter(|message| !message.trim().is_empty()) {
        return message.to_owned();
    }
    let mut parts = vec![word(&event.action)];
    parts.extend(event.signature.as_deref().map(str::to_owned));
    parts.extend(event.user.as_deref().map(|user| format!("user {user}")));
    parts.extend(event.provider.as_deref().map(|provider| match event.code {
        Some(code) => format!("{provider} {code}"),
        None => provider.to_owned(),
    }));
    let data = event.data.iter().take(4).map(|(key, value)| format!("{key}={value}"));
    parts.extend(data);
    parts.join(", ")
}
