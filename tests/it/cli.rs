//! Exit statuses, streams and options: what scripts rely on.

use std::fs;

use crate::command::{causeline, founding, succeed};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn wrong_use_ends_with_2() {
    assert_eq!(causeline(&["analyze"]).status.code(), Some(2));
    assert_eq!(causeline(&["no-such-command"]).status.code(), Some(2));
    assert_eq!(causeline(&["analyze", "sample-logs", "--timezone", "Middle/Earth"]).status.code(), Some(2));
    assert_eq!(causeline(&["analyze", "sample-logs", "--format", "papyrus"]).status.code(), Some(2));
}

#[test]
fn a_path_that_is_not_there_ends_with_3_and_is_named() {
    let output = causeline(&["inspect", "no/such/folder"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("no/such/folder"), "{}", text(&output.stderr));
}

#[test]
fn a_folder_without_logs_ends_with_3() {
    let empty = tempfile::tempdir().unwrap();
    let out = empty.path().join("out");
    let logs = empty.path().join("logs");
    fs::create_dir(&logs).unwrap();
    let output = causeline(&["analyze".as_ref(), logs.as_os_str(), "-o".as_ref(), out.as_os_str()]);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
}

#[test]
fn one_unreadable_file_costs_itself_and_is_named_and_strict_ends_with_3() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("noise.bin"), [0u8, 255, 3, 7].repeat(500)).unwrap();
    fs::write(folder.path().join("deploys.csv"), "time,component,version,hosts\n2022-08-20T09:00:00Z,App,1.2,all\n")
        .unwrap();
    let folder = folder.path().as_os_str();
    let output = causeline(&["inspect".as_ref(), folder]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("noise.bin"));
    assert_eq!(causeline(&["inspect".as_ref(), folder, "--strict".as_ref()]).status.code(), Some(3));
}

#[test]
fn results_go_to_standard_output_and_talk_to_standard_error() {
    let output =
        causeline(&["inspect".as_ref(), founding().as_os_str(), "--format".as_ref(), "json".as_ref(), "-q".as_ref()]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "");
    let inspection: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let schema: serde_json::Value = serde_json::from_slice(&succeed(&["schema", "inspect"])).unwrap();
    jsonschema::validate(&schema, &inspection).unwrap();
    for source in inspection["sources"].as_array().unwrap() {
        let n = |key: &str| source[key].as_u64().unwrap();
        assert_eq!(n("n_records"), n("n_kept") + n("n_irrelevant") + n("n_damaged"), "{source}");
    }
}

#[test]
fn no_escape_sequence_leaves_a_pipe() {
    let output = causeline(&["inspect".as_ref(), founding().as_os_str()]);
    assert!(!output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b));
}

#[test]
fn one_format_can_go_to_standard_output() {
    let report = succeed(&[
        "analyze".as_ref(),
        founding().as_os_str(),
        "--format".as_ref(),
        "json".as_ref(),
        "-o".as_ref(),
        "-".as_ref(),
        "-q".as_ref(),
    ]);
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    let schema: serde_json::Value = serde_json::from_slice(&succeed(&["schema"])).unwrap();
    jsonschema::validate(&schema, &report).unwrap();
}

#[test]
fn events_are_json_lines_and_tables_are_written_on_request() {
    let lines = succeed(&["events".as_ref(), founding().as_os_str(), "-q".as_ref()]);
    let lines = text(&lines);
    assert!(lines.lines().count() > 1_000);
    for line in lines.lines().take(500) {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(event["@timestamp"].is_string() && event["log.file.path"].is_string(), "{line}");
    }
}

#[test]
fn a_gate_ends_with_1_when_a_change_is_guilty() {
    let out = tempfile::tempdir().unwrap();
    let output = causeline(&[
        "analyze".as_ref(),
        founding().as_os_str(),
        "-o".as_ref(),
        out.path().as_os_str(),
        "--fail-on".as_ref(),
        "root-cause".as_ref(),
        "-q".as_ref(),
        "--format".as_ref(),
        "json".as_ref(),
    ]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
}
