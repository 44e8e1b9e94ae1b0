//! The weekly review: the committed one, what the command refuses, what its page is allowed to do.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::command::{causeline, succeed};

const SAMPLE: &str = "sample-logs/ordinary-weeks";
const ZONE: [&str; 2] = ["--timezone", "Europe/Zurich"];

fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/review-2023-W42")
}

/// Reviews the sample and returns `review.json`.
fn review(more: &[&str]) -> Value {
    let arguments = [&["review", SAMPLE, "--format", "json", "-o", "-", "-q"], more].concat();
    serde_json::from_slice(&succeed(&arguments)).expect("a review is JSON")
}

/// The committed week, made anew.
fn week_42() -> &'static Value {
    static REVIEW: LazyLock<Value> = LazyLock::new(|| review(&ZONE));
    &REVIEW
}

fn list<'a>(of: &'a Value, key: &str) -> &'a Vec<Value> {
    of[key].as_array().unwrap()
}

#[test]
fn the_committed_review_is_what_the_program_makes() {
    for threads in ["1", "2"] {
        let out = tempfile::tempdir().unwrap();
        let folder = out.path().to_str().unwrap();
        succeed(&[&["review", SAMPLE, "-o", folder, "--threads", threads, "-q"], &ZONE[..]].concat());
        let names = |folder: &Path| -> BTreeSet<_> {
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
        };
        assert_eq!(names(&committed()), names(out.path()));
        for name in names(&committed()) {
            let same = fs::read(committed().join(&name)).unwrap() == fs::read(out.path().join(&name)).unwrap();
            assert!(same, "{} differs with {threads} thread(s)", name.display());
        }
    }
}

#[test]
fn a_written_review_keeps_to_the_schema() {
    let schema: Value = serde_json::from_slice(&succeed(&["schema", "review"])).unwrap();
    jsonschema::validate(&schema, week_42()).unwrap();
    let committed: Value = serde_json::from_slice(&fs::read(committed().join("review.json")).unwrap()).unwrap();
    jsonschema::validate(&schema, &committed).unwrap();
    assert!(!schema.to_string().contains("\"$ref\":\"http"));
}

/// What is true of the simulated weeks is what the review says.
#[test]
fn week_42_tells_the_bad_update_and_the_slow_logon() {
    let week = week_42();
    assert_eq!((week["week"]["id"].as_str(), week["coverage"]["is_enough"].as_bool()), (Some("2023-W42"), Some(true)));
    let incidents = list(week, "incidents");
    assert_eq!(incidents.len(), 1, "the telephone's old password was the week before");
    let guilty = &incidents[0]["root_cause"]["change_id"];
    let changes = list(week, "changes");
    let agent = changes.iter().find(|change| change["id"] == *guilty).expect("a change of the week");
    assert_eq!(
        (agent["component"].as_str(), agent["version"].as_str()),
        (Some("Exempla Logon Agent"), Some("5.2.0.118"))
    );
    assert!(agent["ratio"]["lower"].as_f64().unwrap() > 1.0, "{agent}");
    let others: Vec<&Value> = changes.iter().filter(|change| change["id"] != *guilty).collect();
    assert!(others.len() >= 3 && others.iter().all(|one| one["ratio"]["lower"].as_f64().unwrap() < 1.0), "{others:?}");
    let moved: Vec<&str> = list(&week["signatures"], "movements")
        .iter()
        .filter(|one| one["direction"] == "new")
        .map(|one| one["signature"].as_str().unwrap())
        .collect();
    assert!(moved.contains(&"session-without-desktop"), "{moved:?}");
    let slow = list(week, "slow_logons");
    assert!(slow.len() == 3 && slow.iter().all(|one| one["phase"] == "shell" && one["is_new"] == false), "{slow:?}");
    let days = list(&week["success"], "days");
    let worst = days.iter().max_by_key(|day| day["score"]["n_failed"].as_u64()).unwrap();
    assert_eq!(worst["date"], "2023-10-18");
    let total: u64 = days.iter().map(|day| day["score"]["n_wishes"].as_u64().unwrap()).sum();
    assert_eq!(total, week["success"]["total"]["n_wishes"].as_u64().unwrap());
}

/// Without zone the days are those of UTC, and a week before the trouble has none of it.
#[test]
fn another_week_is_another_review() {
    let week = review(&["--week", "2023-W41", "--objective", "90%"]);
    assert_eq!(week["week"]["start"], "2023-10-09T00:00:00Z");
    assert_eq!(week["success"]["total"]["is_met"], true, "{}", week["success"]["statement"]);
    assert!(list(&week, "incidents").iter().all(|one| one["root_cause"]["kind"] != "change"));
    assert!(list(&week, "slow_logons").iter().all(|one| one["is_new"] == true));
    let first = review(&["--week", "2023-W38"]);
    assert_eq!(first["signatures"]["is_compared"], false, "no week is before it");
    // The week of the last Monday ends with the log.
    let last = review(&["--week", "2023-W43"]);
    assert_eq!(
        (last["coverage"]["is_enough"].as_bool(), &last["success"]["total"]["is_met"]),
        (Some(false), &Value::Null)
    );
    assert!(last["headline"].as_str().unwrap().contains("nothing is claimed"), "{}", last["headline"]);
}

#[test]
fn nonsense_ends_with_2_and_no_logs_with_3() {
    for wrong in [
        ["--week", "2023-W53"],
        ["--week", "42"],
        ["--objective", "0.995"],
        ["--objective", "101%"],
        ["--objective", "many"],
        ["--format", "papyrus"],
    ] {
        let output = causeline(&[&["review", SAMPLE], &wrong[..]].concat());
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert!(!output.stderr.is_empty());
    }
    assert_eq!(causeline(&["review", "no/such/folder"]).status.code(), Some(3));
    assert_eq!(causeline(&["review", SAMPLE, "-o", "-"]).status.code(), Some(2), "five formats are no stream");
}

/// Two systems side by side, and what is no log: a diagnostic, and a review of both.
#[test]
fn unrelated_systems_stand_side_by_side() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("notes.bin"), [0_u8, 255, 3, 7].repeat(500)).unwrap();
    let other = Path::new(env!("CARGO_MANIFEST_DIR")).join(SAMPLE).join("deploys.csv");
    fs::copy(other, folder.path().join("deploys.csv")).unwrap();
    let week = review(&[folder.path().to_str().unwrap(), "--week", "2023-W42"]);
    let noticed = list(&week, "diagnostics").iter().any(|one| one["code"] == "source-not-understood");
    assert!(noticed, "{}", week["diagnostics"]);
    assert!(week["success"]["total"]["n_wishes"].as_u64().unwrap() > 300);
}

/// The content policy allows the page's own style and nothing else.
#[test]
fn the_policy_names_the_page_s_own_style() {
    let page = fs::read_to_string(committed().join("review.html")).unwrap();
    let style = page.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let digest = format!("style-src 'sha256-{}'", STANDARD.encode(Sha256::digest(style.as_bytes())));
    assert!(page.contains(&digest), "the digest in the page's source should be {digest}");
    assert!(page.contains("default-src 'none'"));
}

/// Whether a test that needs Chromium can run; a full run must not skip it in silence.
fn chromium() -> Option<&'static str> {
    let found = ["chromium", "chromium-browser"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success()));
    if found.is_none() {
        assert!(!std::env::var("CI").is_ok_and(|ci| ci == "true"), "Chromium is missing");
        eprintln!("skipped: Chromium is missing");
    }
    found
}

#[test]
fn the_page_prints_on_one_sheet() {
    let Some(browser) = chromium() else { return };
    let folder = tempfile::tempdir().unwrap();
    let sheet = folder.path().join("review.pdf");
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("--print-to-pdf={}", sheet.display()))
        .arg(format!("file://{}", committed().join("review.html").display()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let bytes = fs::read(sheet).unwrap();
    let pdf = String::from_utf8_lossy(&bytes);
    assert!(pdf.contains("/Count 1") && !pdf.contains("/Count 2"), "more than one sheet");
}
