//! The same log handed over twice counts once, and the report says how many copies there were.

use std::path::Path;

use super::case::{assert_same, case, n_of, put_text};
use super::writers;
use crate::command::succeed;
use causeline::read::WindowsRecord;
use serde_json::Value;

/// What the report says in words and as JSON.
struct Told {
    json: Value,
    markdown: String,
}

/// The report of the case with more files beside its EVTX.
fn with(more: impl Fn(&Path)) -> Told {
    let folder = tempfile::tempdir().unwrap();
    let (root, out) = (folder.path().join("logs"), folder.path().join("out"));
    case().copy(&root, "", None);
    more(&root);
    let paths = ["analyze".as_ref(), root.as_os_str(), "-o".as_ref(), out.as_os_str()];
    succeed(&[&paths[..], &["-q".as_ref(), "--format".as_ref(), "json,markdown".as_ref()]].concat());
    let read = |name: &str| std::fs::read_to_string(out.join(name)).unwrap();
    Told { json: serde_json::from_str(&read("report.json")).unwrap(), markdown: read("report.md") }
}

/// Every event log once more, in another shape.
fn twice(ending: &str, write: &dyn Fn(&[WindowsRecord]) -> String) -> Told {
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
    let n_copies = n_of(&xml.json, "event-duplicate");
    assert!(n_copies > 1_000, "{n_copies}");
    assert_same("EVTX and XML", &case().report, &xml.json);
    assert!(xml.markdown.contains("event-duplicate"), "{}", xml.markdown);

    let beats = twice("ndjson", &|records| writers::lines(records, writers::winlogbeat));
    assert_eq!(n_of(&beats.json, "event-duplicate"), n_copies);
    assert_same("EVTX and Winlogbeat", &case().report, &beats.json);

    let collected = with(|root| {
        let text: String = forwarded().iter().map(|record| writers::xml(record) + "\n").collect();
        put_text(root, Path::new("collector/ForwardedEvents"), "xml", &text);
    });
    assert_eq!(n_of(&collected.json, "event-duplicate"), n_copies);
    assert_same("local and forwarded", &case().report, &collected.json);
}

#[test]
fn an_export_without_numbers_is_folded_onto_the_log_that_has_them() {
    let azure = twice("json", &writers::azure_events).json;
    assert!(n_of(&azure, "event-duplicate") > 1_000);
    let counts = |report: &Value| {
        let incident = &report["incidents"][0];
        (incident["n_attempts"].clone(), incident["n_failures"].clone(), incident["root_cause"]["change_id"].clone())
    };
    assert_eq!(counts(&azure), counts(&case().report));
}
