//! The shapes that lose something: what they lose, and that the verdict is the same or abstains.

use super::case::{assert_same, case, inspected, n_of};
use super::writers;
use causeline::normalize::windows::export::{EXPORTS, Loss};
use causeline::read::WindowsRecord;
use serde_json::Value;

pub(super) fn losses(name: &str) -> &'static [Loss] {
    EXPORTS.iter().find(|export| export.name() == name).expect("a shape of that name").loses()
}

/// The same cause as from the EVTX, or none; returns whether it is the same.
pub(super) fn same_or_unknown(found: &Value) -> bool {
    let cause = |report: &Value| report["incidents"][0]["root_cause"].clone();
    let component = |report: &Value, id: &Value| {
        let changes = report["changes"].as_array().unwrap();
        changes.iter().find(|change| change["id"] == *id).map(|change| change["component"].clone())
    };
    let (expected, cause) = (cause(&case().report), cause(found));
    let is_same = cause["kind"] == expected["kind"]
        && component(found, &cause["change_id"]) == component(&case().report, &expected["change_id"]);
    let is_unknown = cause.is_null() || cause["kind"] == "unknown";
    assert!(is_same || is_unknown, "{cause}");
    is_same
}

/// What reading the first host's records in a shape comes to, by `inspect`.
pub(super) fn source(ending: &str, write: &dyn Fn(&[WindowsRecord]) -> String) -> Value {
    let log = case().logs.iter().find(|log| log.stem.to_string_lossy().contains("LocalSessionManager")).unwrap();
    let report = inspected("RDS01/export", ending, &write(&log.records));
    let source = report["sources"][0].clone();
    assert_eq!(source["n_records"], log.records.len(), "{source}");
    source
}

#[test]
fn positions_stand_for_names_in_fluent_bit_and_get_winevent() {
    for name in ["fluent-bit", "get-winevent-json"] {
        assert!(losses(name).contains(&Loss::DataNames));
    }
    let fluent_bit = case().report_as("json", &|records| writers::lines(records, writers::fluent_bit));
    assert!(same_or_unknown(&fluent_bit));
    let get_winevent = case().report_as("json", &writers::get_winevent);
    assert!(same_or_unknown(&get_winevent));
}

#[test]
fn evtxecmd_loses_the_activity_alone() {
    assert_eq!(losses("evtxecmd"), [Loss::Activity]);
    let json = case().report_as("json", &|records| writers::lines(records, writers::evtxecmd_json));
    let csv = case().report_as("csv", &writers::evtxecmd_csv);
    // The very report of event XML from which the activities are taken.
    let xml = case().report_as("xml", &|records| {
        let without = |record: &WindowsRecord| WindowsRecord { activity_id: None, ..record.clone() };
        records.iter().map(|record| writers::xml(&without(record)) + "\n").collect()
    });
    assert_same("JSON", &xml, &json);
    assert_same("CSV", &xml, &csv);
    assert!(same_or_unknown(&json), "the cause is still told");
}

#[test]
fn azure_loses_the_number_of_the_record_and_the_names() {
    assert!(losses("azure-monitor").contains(&Loss::RecordId));
    let source = source("json", &writers::azure_events);
    assert_eq!((&source["format"], &source["n_damaged"]), (&Value::from("azure-monitor"), &Value::from(0)));
    assert!(same_or_unknown(&case().report_as("json", &writers::azure_events)));
}

#[test]
fn export_csv_loses_the_data_and_the_zone() {
    assert_eq!(losses("get-winevent-csv"), [Loss::Data, Loss::Zone]);
    let source = source("csv", &writers::get_winevent_csv);
    assert_eq!(source["format"], "get-winevent-csv");
    assert_eq!(source["timezone"]["trust"], "guessed", "{source}");
    same_or_unknown(&case().report_as("csv", &writers::get_winevent_csv));
}

#[test]
fn hits_of_rules_give_changes_and_are_never_counted() {
    assert!(losses("hayabusa").contains(&Loss::Completeness));
    let source = source("csv", &writers::hayabusa);
    assert_eq!((&source["format"], &source["n_kept"]), (&Value::from("hayabusa"), &Value::from(0)));
    assert!(source["start"].is_null(), "hits cover no time: {source}");
    let report = case().report_as("csv", &writers::hayabusa);
    assert!(n_of(&report, "source-incomplete") > 0);
    let n_attempts = |report: &Value| report["incidents"][0]["n_attempts"].as_u64().unwrap_or(0);
    assert_eq!(n_attempts(&report), 0);
}

#[test]
fn exactly_as_many_rows_as_the_portal_gives_are_said_to_be_cut() {
    let log = case().logs.iter().max_by_key(|log| log.records.len()).unwrap();
    for (n_rows, is_cut) in [(30_000, 1), (29_999, 0)] {
        let records: Vec<WindowsRecord> = log.records.iter().cycle().take(n_rows).cloned().collect();
        let report = inspected("RDS01/query", "json", &writers::azure_events(&records));
        assert_eq!(n_of(&report, "source-incomplete"), is_cut);
    }
}
