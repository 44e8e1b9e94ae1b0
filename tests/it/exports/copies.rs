//! The same log handed over twice counts once, and the report says how many copies there were.

use std::path::Path;

use super::case::{assert_same, case, n_of, put_text};
use super::writers;
use crate::command::report;
use causeline::read::WindowsRecord;
use serde_json::Value;

/// The report of the case with more files beside its EVTX.
fn with(more: impl Fn(&Path)) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("logs");
    case().copy(&root, "", None);
    more(&root);
    report(&root)
}

/// Every event log once more, in another shape.
fn twice(ending: &str, write: &dyn Fn(&[WindowsRecord]) -> String) -> Value {
    with(|root| case().logs.iter().for_each(|log| put_text(root, &log.stem, ending, &write(&log.records))))
}

/// The events of all hosts as one collector's log, in the order in which they came.
fn forwarded() -> Vec<WindowsRecord> {
    let mut all: Vec<WindowsRecord> = case().logs.iter().flat_map(|log| log.records.iter().cloned()).collect();
    all.sort_by(|a, b| (a.time, &a.computer, a.record_id).cmp(&(b.time, &b.computer, b.record_id)));
    all
}

#[test]
fn a_second_export_or_a_collector_changes_nothing_but_the_count_of_copies() {
    let xml = twice("xml", &|records| records.iter().map(|record| writers::xml(record) + "\n").collect());
    let n_copies = n_of(&xml, "event-duplicate");
    assert!(n_copies > 1_000, "{n_copies}");
    assert_same("EVTX and XML", &case().report, &xml);

    let beats = twice("ndjson", &|records| writers::lines(records, writers::winlogbeat));
    assert_eq!(n_of(&beats, "event-duplicate"), n_copies);
    assert_same("EVTX and Winlogbeat", &case().report, &beats);

    let collected = with(|root| {
        let text: String = forwarded().iter().map(|record| writers::xml(record) + "\n").collect();
        put_text(root, Path::new("collector/ForwardedEvents"), "xml", &text);
    });
    assert_eq!(n_of(&collected, "event-duplicate"), n_copies);
    assert_same("local and forwarded", &case().report, &collected);
}

#[test]
fn an_export_without_numbers_is_folded_onto_the_log_that_has_them() {
    let azure = twice("json", &writers::azure_events);
    assert!(n_of(&azure, "event-duplicate") > 1_000);
    let counts =
        |report: &Value| (report["incidents"][0]["n_attempts"].clone(), report["incidents"][0]["n_failures"].clone());
    assert_eq!(counts(&azure), counts(&case().report));
}
