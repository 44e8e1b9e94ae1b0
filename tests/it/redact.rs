//! `--redact`: a case with planted names, every output searched for every one of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use aho_corasick::AhoCorasick;
use causeline::simulate;
use polars::prelude::{AnyValue, ParquetReader, SerReader};
use serde_json::Value;

use crate::command::{causeline, succeed};

/// Names that begin like each other, in the spellings of logs, in texts alone and in the names of files.
const PLANTED: &[&str] = &[
    "hanna",
    "hanna.berg",
    "hannabella",
    "zürcher",
    "tslive7",
    "tslive77",
    "198.51.100.7",
    "198.51.100.77",
    "2001:db8::7a",
];

/// A log that names them, in a folder and a file that do as well.
fn plant(logs: &Path) {
    let log = "\
2022-11-15 08:00:01,123 ERROR [12] Portal.Login - CORP\\hanna could not connect to tslive7.corp.example from 198.51.100.7:5023
2022-11-15 08:01:01,123 ERROR [12] Portal.Login - hanna.berg@corp.example could not connect to TSLIVE77 (198.51.100.77, [2001:db8::7a]:443)
2022-11-15 08:02:01,123 WARN [13] Portal.Login - profile of HANNABELLA at C:\\Users\\hannabella is locked on \\\\TSLIVE7\\profiles$
2022-11-15 08:03:01,123 ERROR [13] Portal.Login - user=Zürcher sid=S-1-5-21-111-222-333-4444 host=tslive77 failed
";
    let folder = logs.join("TSLIVE7/hanna.berg");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("portal_TSLIVE77.log"), log.repeat(5)).unwrap();
    let table = "time,user,host,client,result\n\
        2022-11-15T08:00:00Z,CORP\\hanna,TSLIVE7,198.51.100.7,failed\n\
        2022-11-15T08:00:01Z,hanna.berg,TSLIVE77,198.51.100.77,failed\n\
        2022-11-15T08:00:02Z,hannabella,TSLIVE7,2001:db8::7a,failed\n\
        2022-11-15T08:00:03Z,zürcher,TSLIVE77,198.51.100.7,failed\n";
    let lines: String = table
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let record = serde_json::json!({"Event": {"System": {
                "Provider": {"#attributes": {"Name": "Microsoft-Windows-Security-Auditing"}}, "EventID": 4625,
                "TimeCreated": {"#attributes": {"SystemTime": cells[0]}}, "EventRecordID": 7, "Channel": "Security",
                "Computer": format!("{}.corp.example", cells[2]), "Level": 0},
                "EventData": {"TargetUserName": cells[1], "TargetDomainName": "CORP", "IpAddress": cells[3], "LogonType": 10,
                "Status": "0xc000006d", "SubStatus": "0xc0000064", "WorkstationName": "TSLIVE77"}}});
            format!("{record}\n")
        })
        .collect();
    fs::write(logs.join("TSLIVE7.jsonl"), lines).unwrap();
    let changes = "time,component,version,hosts\n2022-11-15T07:00:00Z,Driver of TSLIVE7,1.2,TSLIVE7;TSLIVE77\n";
    fs::write(logs.join("changes-by-hanna.csv"), changes).unwrap();
}

/// Every account, host, address and identifier of the normalized events.
fn names(logs: &Path) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = PLANTED.iter().map(|name| (*name).to_owned()).collect();
    for line in String::from_utf8(succeed(&["events".as_ref(), logs.as_os_str()])).unwrap().lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let is_ours = |id: &&str| !id.starts_with("S-1-5-18") && !id.starts_with("S-1-5-2-") && id.len() > 8;
        names.extend(event["user.id"].as_str().filter(is_ours).map(str::to_lowercase));
        for key in ["host.name", "user.name", "source.ip"] {
            names.extend(event[key].as_str().map(str::to_lowercase));
        }
    }
    names.retain(|name| !["127.0.0.1", "::1", "local", "-"].contains(&name.as_str()));
    names
}

/// The names that stand there, each with what stands before it, and not within a longer word or number.
fn held(text: &str, search: &AhoCorasick, names: &[&String]) -> Vec<String> {
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let text = text.to_lowercase();
    let mut held = BTreeMap::new();
    for found in search.find_overlapping_iter(&text) {
        let (start, end) = (found.start(), found.end());
        if !is_word(text[..start].chars().next_back()) && !is_word(text[end..].chars().next()) {
            let before: Vec<char> = text[..start].chars().rev().take(40).collect();
            let before: String = before.into_iter().rev().collect();
            held.entry(names[found.pattern().as_usize()]).or_insert(before);
        }
    }
    held.into_iter().map(|(name, before)| format!("{name}: …{before}")).collect()
}

/// A file as text: tables of Parquet as a foreign reader gives them, pictures of dots as nothing.
fn content(path: &Path) -> String {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("png") => String::new(),
        Some("parquet") => {
            let frame = ParquetReader::new(fs::File::open(path).unwrap()).finish().unwrap();
            let mut text = String::new();
            for column in frame.columns() {
                for row in 0..frame.height() {
                    if let AnyValue::String(cell) = column.get(row).unwrap() {
                        text.push_str(cell);
                        text.push('\n');
                    }
                }
            }
            text
        }
        _ => String::from_utf8(fs::read(path).unwrap()).unwrap(),
    }
}

fn formats() -> String {
    let mut names: Vec<&str> = causeline::report::format::FORMATS.iter().map(|format| format.name).collect();
    names.extend(causeline::frame::TableForm::ALL.iter().map(|form| form.name()));
    names.join(",")
}

#[test]
fn no_output_holds_a_planted_name() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("tslive77-logs");
    simulate::write("bad-host", &logs, 7).unwrap();
    plant(&logs);
    let names = names(&logs);
    assert!(PLANTED.iter().all(|name| names.contains(*name)) && names.len() > 60, "{names:?}");
    let key = folder.path().join("key");
    fs::write(&key, "a key of sixteen bytes or more\n").unwrap();

    let formats = formats();
    let run = |out: &Path, more: &[&str]| {
        let arguments = ["analyze", logs.to_str().unwrap(), "-o", out.to_str().unwrap(), "--format", &formats];
        let all = [&arguments[..], &["--redact", "users,hosts,addresses"], more].concat();
        String::from_utf8(succeed(&all)).unwrap()
    };
    let numbered = folder.path().join("numbered");
    let keyed = folder.path().join("keyed");
    let summary = run(&numbered, &[]);
    assert!(summary.contains("do not compare between runs"), "{summary}");
    assert!(run(&keyed, &["--redact-key", key.to_str().unwrap()]).contains("with the same key compare"));

    let in_order: Vec<&String> = names.iter().collect();
    let search = AhoCorasick::new(&in_order).unwrap();
    let mut n_files = 0;
    let mut leaks = BTreeSet::new();
    for out in [&numbered, &keyed] {
        for entry in walkdir::WalkDir::new(out).into_iter().flatten().filter(|entry| entry.file_type().is_file()) {
            n_files += 1;
            for leak in held(&content(entry.path()), &search, &in_order) {
                leaks.insert(format!("{}: {leak}", entry.file_name().to_string_lossy()));
            }
        }
    }
    assert!(leaks.is_empty() && n_files > 50, "{n_files} files\n{leaks:#?}");

    let report = |out: &Path| fs::read(out.join("report.json")).unwrap();
    // A verdict does not depend on what things are called.
    let plain = crate::command::report(&logs);
    let (numbered, keyed): (Value, Value) =
        (serde_json::from_slice(&report(&numbered)).unwrap(), serde_json::from_slice(&report(&keyed)).unwrap());
    assert_eq!(plain["redaction"], Value::Null);
    assert_eq!(keyed["redaction"]["is_keyed"], true);
    for redacted in [&numbered, &keyed] {
        let incidents = |report: &Value| report["incidents"].as_array().unwrap().clone();
        assert_eq!(incidents(&plain).len(), incidents(redacted).len());
        for (one, other) in incidents(&plain).iter().zip(incidents(redacted)) {
            for key in ["started_at", "n_attempts", "n_failures", "n_users", "signatures"] {
                assert_eq!(one[key], other[key], "{key}");
            }
            assert_eq!(one["root_cause"]["kind"], other["root_cause"]["kind"]);
            assert_eq!(one["root_cause"]["probability"], other["root_cause"]["probability"]);
        }
    }
}

#[test]
fn events_are_redacted_and_a_key_must_be_long() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    plant(&logs);
    let arguments = ["events", logs.to_str().unwrap(), "--redact", "users,hosts,addresses"];
    let text = String::from_utf8(succeed(&arguments)).unwrap();
    let planted: Vec<String> = PLANTED.iter().map(|name| (*name).to_owned()).collect();
    let leaks = held(&text, &AhoCorasick::new(&planted).unwrap(), &planted.iter().collect::<Vec<_>>());
    assert!(leaks.is_empty(), "{leaks:#?}\n{text}");
    assert!(text.contains("user-001") && text.contains("host-001") && text.contains("address-001"), "{text}");
    let key = folder.path().join("key");
    fs::write(&key, "a key of sixteen bytes or more\n").unwrap();
    let keyed = || succeed(&[&arguments[..], &["--redact-key", key.to_str().unwrap()]].concat());
    assert!(keyed() == keyed() && keyed() != text.into_bytes());
    let only_users = String::from_utf8(succeed(&["events", logs.to_str().unwrap(), "--redact", "users"])).unwrap();
    assert!(
        only_users.contains("TSLIVE7") && only_users.contains("198.51.100.7") && !only_users.contains("hannabella")
    );
    fs::write(&key, "too short\n").unwrap();
    let refused = causeline(&[&arguments[..], &["--redact-key", key.to_str().unwrap()]].concat());
    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(causeline(&["events", logs.to_str().unwrap(), "--redact", "shoes"]).status.code(), Some(2));
    assert_eq!(causeline(&["events", logs.to_str().unwrap(), "--redact-key", "key"]).status.code(), Some(2));
}
