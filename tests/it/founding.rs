//! The founding case, from the committed files to the verdict, and the report that stands in the repository.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::Value;

use crate::command::{founding, report, succeed};

/// The report of the committed case, made once.
fn founding_report() -> &'static Value {
    static REPORT: LazyLock<Value> = LazyLock::new(|| report(&founding()));
    &REPORT
}

#[test]
fn july_s_component_is_guilty_and_everything_of_saturday_is_acquitted() {
    let report = founding_report();
    let incident = &report["incidents"][0];
    let cause = &incident["root_cause"];
    assert_eq!(cause["kind"], "change", "{cause}");
    assert_eq!(cause["trigger"], "load", "{cause}");
    assert!(cause["probability"].as_f64().unwrap() > 0.9, "{cause}");

    let changes = report["changes"].as_array().unwrap();
    let by_id = |id: &Value| changes.iter().find(|change| change["id"] == *id).expect("a change of the report");
    let guilty = by_id(&cause["change_id"]);
    assert!(guilty["component"].as_str().unwrap().contains("FSLogix"), "{guilty}");
    assert!(guilty["started_at"].as_str().unwrap().starts_with("2022-07"), "{guilty}");
    assert!(incident["first_case_at"].as_str().unwrap().starts_with("2022-07"), "{}", incident["first_case_at"]);
    assert!(incident["started_at"].as_str().unwrap().starts_with("2022-08-22"), "{}", incident["started_at"]);

    let saturday: Vec<&Value> =
        changes.iter().filter(|change| change["started_at"].as_str().unwrap().starts_with("2022-08-20")).collect();
    assert!(!saturday.is_empty(), "Saturday's update is among the changes");
    for change in saturday {
        let verdict = change["verdicts"].as_array().unwrap().iter().find(|v| v["incident"] == incident["id"]).unwrap();
        assert_eq!(verdict["verdict"], "acquitted", "{change}");
        assert!(!verdict["reasons"].as_array().unwrap().is_empty());
    }

    let remedy = by_id(&incident["remedy"]["change_id"]);
    assert!(remedy["component"].as_str().unwrap().contains("FSLogix"), "{remedy}");
    assert!(remedy["started_at"].as_str().unwrap().starts_with("2022-08-22"), "canary first: {remedy}");
}

#[test]
fn the_posterior_adds_up_and_names_the_unknown_once() {
    let report = founding_report();
    for incident in report["incidents"].as_array().unwrap() {
        let posterior = incident["posterior"].as_array().unwrap();
        let masses: Vec<f64> = posterior.iter().map(|entry| entry["probability"].as_f64().unwrap()).collect();
        assert!((masses.iter().sum::<f64>() - 1.0).abs() < 1e-6);
        assert!(masses.windows(2).all(|pair| pair[0] >= pair[1]));
        assert_eq!(posterior.iter().filter(|entry| entry["kind"] == "unknown").count(), 1);
    }
}

/// The files below a folder, by their paths within it.
fn names(folder: &Path) -> BTreeSet<PathBuf> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = PathBuf::from(entry.file_name());
        if entry.path().is_dir() {
            names.extend(self::names(&entry.path()).into_iter().map(|below| name.join(below)));
        } else {
            names.insert(name);
        }
    }
    names
}

/// The report in the repository is what the program makes of the sample, byte for byte, with one thread and with two.
#[test]
fn the_committed_report_is_what_the_program_makes() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/founding-2022");
    for threads in ["1", "2"] {
        let out = tempfile::tempdir().unwrap();
        succeed(&[
            "analyze".as_ref(),
            "sample-logs/founding-2022".as_ref(),
            "-o".as_ref(),
            out.path().as_os_str(),
            "--threads".as_ref(),
            threads.as_ref(),
            "-q".as_ref(),
        ]);
        assert_eq!(names(&committed), names(out.path()));
        for name in names(&committed) {
            let same = fs::read(committed.join(&name)).unwrap() == fs::read(out.path().join(&name)).unwrap();
            assert!(
                same,
                "{} differs with {threads} thread(s): see `git diff reports` after the README's first command",
                name.display()
            );
        }
    }
}

/// In early August only isolated people failed, at half the load of the avalanche.
#[test]
fn early_august_foresees_the_end_of_the_holidays() {
    let folder = tempfile::tempdir().unwrap();
    let counters = folder.path().join("expected.csv");
    fs::write(&counters, "time,host,sessions\n2022-08-22 09:00:00,RDS01,29\n").unwrap();
    let out = folder.path().join("report");
    succeed(&[
        "analyze".as_ref(),
        founding().as_os_str(),
        "--until".as_ref(),
        "2022-08-05".as_ref(),
        "--load".as_ref(),
        counters.as_os_str(),
        "-o".as_ref(),
        out.as_os_str(),
        "--format".as_ref(),
        "json".as_ref(),
        "-q".as_ref(),
    ]);
    let report: Value = serde_json::from_slice(&fs::read(out.join("report.json")).unwrap()).unwrap();
    assert_eq!(report["window"]["end"], "2022-08-05T00:00:00Z");
    let latent = &report["latent"][0];
    let number = |key: &str| latent["forecast"][key].as_f64().unwrap();
    assert_eq!((number("load"), latent["forecast"]["load_from"].as_str()), (29.0, Some("--load FILE")), "{latent}");
    assert!(number("lower") > 5.0 * number("background") && number("upper") > 0.3, "{latent}");
    assert!(number("load_visited") < 0.7 && latent["statement"].as_str().unwrap().contains("extrapolated"), "{latent}");
    let guilty = report["changes"].as_array().unwrap().iter().find(|change| change["id"] == latent["change_id"]);
    let guilty = guilty.expect("a change is behind it");
    assert!(guilty["component"].as_str().unwrap().contains("FSLogix"), "{guilty}");
    assert!(guilty["started_at"].as_str().unwrap().starts_with("2022-07"), "{guilty}");
}
