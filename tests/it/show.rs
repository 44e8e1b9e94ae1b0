//! `show` and `diff`: from a report back to its records, and from one report to the next.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use causeline::simulate;
use serde_json::Value;

use crate::command::{causeline, succeed};

const CHANGES: &str = "time,component,version,hosts\n2022-11-15T07:00:00Z,Printer driver,3.1,all\n";

/// A simulated case with two reports of it: plain, and with pseudonyms.
struct Told {
    folder: tempfile::TempDir,
}

impl Told {
    fn logs(&self) -> PathBuf {
        self.folder.path().join("logs")
    }

    fn report(&self, name: &str) -> (String, Value) {
        let path = self.folder.path().join(name);
        let report = serde_json::from_slice(&fs::read(path.join("report.json")).unwrap()).unwrap();
        (path.to_str().unwrap().to_owned(), report)
    }
}

fn analyze(logs: &Path, out: &Path, more: &[&str]) {
    let arguments = ["analyze", logs.to_str().unwrap(), "-o", out.to_str().unwrap(), "--format", "json", "-q"];
    succeed(&[&arguments[..], more].concat());
}

fn told() -> &'static Told {
    static TOLD: OnceLock<Told> = OnceLock::new();
    TOLD.get_or_init(|| {
        let told = Told { folder: tempfile::tempdir().unwrap() };
        simulate::write("bad-host", &told.logs(), 7).unwrap();
        fs::write(told.logs().join("changes.csv"), CHANGES).unwrap();
        analyze(&told.logs(), &told.folder.path().join("plain"), &[]);
        analyze(&told.logs(), &told.folder.path().join("redacted"), &["--redact", "users,hosts,addresses"]);
        told
    })
}

fn show(arguments: &[&str]) -> String {
    String::from_utf8(succeed(&[&["show"], arguments].concat())).unwrap()
}

/// The first piece of evidence with records of a Windows log, by its id.
fn evidence(report: &Value) -> (String, Value) {
    let all = report["incidents"][0]["evidence"].as_array().unwrap();
    let place = all.iter().position(|one| one["records"].as_array().is_some_and(|records| records.len() > 3)).unwrap();
    (format!("inc-1/evidence/{}", place + 1), all[place].clone())
}

#[test]
fn evidence_leads_to_its_places_and_to_the_records_themselves() {
    let told = told();
    let (path, report) = told.report("plain");
    let (id, evidence) = evidence(&report);
    let places = show(&[&path, &id]);
    assert!(places.contains(evidence["statement"].as_str().unwrap()), "{places}");
    let records = show(&[&path, &id, "--logs", told.logs().to_str().unwrap()]);
    for record in evidence["records"].as_array().unwrap() {
        let number = record["record"].as_u64().unwrap();
        let place = format!("{} record {number}", record["log.file.path"].as_str().unwrap());
        assert!(places.contains(&place), "{place}\n{places}");
        let text = records.split(&place).nth(1).unwrap();
        let text = text.split("</Event>").next().unwrap();
        assert!(text.contains(&format!("<EventRecordID>{number}</EventRecordID>")), "{place}\n{text}");
    }
    assert!(!records.contains("not found"), "{records}");
    let (whole, all) = (show(&[&path, "inc-1"]), report["incidents"][0]["evidence"].as_array().unwrap().len());
    assert_eq!(whole.matches("inc-1/evidence/").count(), all);
}

#[test]
fn a_line_is_shown_as_it_stands_and_what_rests_on_a_record_is_named() {
    let told = told();
    let (path, report) = told.report("plain");
    let (logs, line) = (told.logs(), CHANGES.lines().nth(1).unwrap());
    let logs = logs.to_str().unwrap();
    let shown = show(&[&path, "logs/changes.csv#L2", "--logs", logs]);
    assert!(shown.contains(line), "{shown}");
    let change = report["changes"].as_array().unwrap().iter().find(|change| change["component"] == "Printer driver");
    let id = change.unwrap()["id"].as_str().unwrap();
    assert!(shown.contains(id), "{shown}");
    let of_change = show(&[&path, id, "--logs", logs]);
    assert!(of_change.contains(line), "{of_change}");
    let defect = report["diagnostics"][0].clone();
    let shown = show(&[&path, defect["code"].as_str().unwrap()]);
    assert!(shown.contains(defect["detail"].as_str().unwrap()), "{shown}");
}

/// The folder has another name and the report none of the true ones: the digest of the file tells which it is.
#[test]
fn a_redacted_report_still_leads_to_its_records() {
    let told = told();
    let (path, report) = told.report("redacted");
    let (id, evidence) = evidence(&report);
    let output = causeline(&["show", &path, &id, "--logs", told.logs().join("RDS03").to_str().unwrap()]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("the logs are not"));
    let text = String::from_utf8(output.stdout).unwrap();
    let record = &evidence["records"][0];
    assert!(!record["log.file.path"].as_str().unwrap().contains("RDS03"), "{record}");
    assert!(text.contains(&format!("<EventRecordID>{}</EventRecordID>", record["record"])), "{text}");
}

#[test]
fn what_is_not_there_is_wrong_use() {
    let (path, _) = told().report("plain");
    let output = causeline(&["show", &path, "inc-99"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("inc-1"));
    assert_eq!(causeline(&["show", "no/such/report", "inc-1"]).status.code(), Some(3));
    let other = tempfile::NamedTempFile::new().unwrap();
    fs::write(other.path(), "{\"schema_version\": \"9.0\"}").unwrap();
    assert_eq!(causeline(&["show", other.path().to_str().unwrap(), "inc-1"]).status.code(), Some(2));
    fs::write(other.path(), "[]").unwrap();
    assert_eq!(causeline(&["diff", &path, other.path().to_str().unwrap()]).status.code(), Some(2));
}

#[test]
fn two_reports_differ_by_what_happened_between_them() {
    let told = told();
    let (plain, report) = told.report("plain");
    let (redacted, _) = told.report("redacted");
    let same = String::from_utf8(succeed(&["diff", &plain, &plain, "--fail-on", "worse"])).unwrap();
    assert!(same.starts_with("Not worse."), "{same}");
    // Until the trouble began, against the whole.
    let until = report["incidents"][0]["started_at"].as_str().unwrap();
    let early = told.folder.path().join("early");
    analyze(&told.logs(), &early, &["--until", until]);
    let worse = causeline(&["diff", early.to_str().unwrap(), &plain, "--fail-on", "worse", "--format", "json"]);
    assert_eq!(worse.status.code(), Some(1), "{}", String::from_utf8_lossy(&worse.stdout));
    let comparison: Value = serde_json::from_slice(&worse.stdout).unwrap();
    let is_new = |one: &&Value| one["area"] == "incident" && one["state"] == "new";
    assert!(comparison["differences"].as_array().unwrap().iter().any(|one| is_new(&one)), "{comparison:#}");
    assert!(comparison["notes"].to_string().contains("overlap"));
    let better = causeline(&["diff", &plain, early.to_str().unwrap(), "--fail-on", "worse", "--format", "markdown"]);
    assert_eq!(better.status.code(), Some(0), "{}", String::from_utf8_lossy(&better.stdout));
    assert!(String::from_utf8_lossy(&better.stdout).contains("| gone |"));
    let pseudonyms = String::from_utf8(succeed(&["diff", &plain, &redacted])).unwrap();
    assert!(pseudonyms.contains("pseudonyms"), "{pseudonyms}");
}
