//! Attempts, ends and changes of logs whose truth is known, counted against it.
//!
//! The cases are not part of the project: `CAUSELINE_CORPORA` names the folder. `CAUSELINE_TRUTH` may list
//! other cases than the few that a test run has time for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use causeline::frame::{self, Close, EndKind, Framed, Outcome, Tables};
use causeline::pipeline::{self, Options, Unwatched};
use serde_json::Value;

/// One case for each shape of export and each way to say it: EVTX, event XML, Winlogbeat and dumps; with and without
/// FSLogix logs, application logs, scanners, bounces, reconnects and change lists.
const CASES: &[&str] = &["002", "005", "012", "013", "018", "020", "024"];

/// The share of attempts, failures and ends that may be missed or invented. The generator drops records of
/// its own logs at the edges and in gaps, where nothing can tell whether a try ended.
const TOLERANCE: f64 = 0.05;

fn corpora() -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "the corpora are where the environment says")]
    let folder = std::env::var("CAUSELINE_CORPORA").ok().map(|folder| Path::new(&folder).join("incidents-dev"));
    if folder.is_none() {
        #[expect(clippy::disallowed_methods, reason = "a full run must not skip tests in silence")]
        let is_full_run = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!is_full_run, "CAUSELINE_CORPORA is not set");
        eprintln!("skipped: CAUSELINE_CORPORA is not set");
    }
    folder
}

fn chosen() -> Vec<String> {
    #[expect(clippy::disallowed_methods, reason = "a developer may ask for other cases")]
    let asked = std::env::var("CAUSELINE_TRUTH").unwrap_or_default();
    if asked.is_empty() {
        return CASES.iter().map(|case| (*case).to_owned()).collect();
    }
    asked.split(',').map(str::to_owned).collect()
}

/// Reconnects that stand among the attempts: the truth counts them apart.
fn n_reconnects(framed: &Framed) -> usize {
    let reconnects: BTreeSet<_> = framed
        .events
        .iter()
        .filter(|event| event.action == causeline::model::Action::Reconnect)
        .map(|event| event.provenance)
        .collect();
    let succeeded = framed.tables.attempts.iter().filter(|row| row.outcome == Outcome::Succeeded);
    succeeded.filter(|row| row.records.iter().any(|record| reconnects.contains(record))).count()
}

/// The changes of the truth that the tables lack, as `component version`.
fn missed(truth: &Value, tables: &Tables) -> (usize, Vec<String>) {
    let mut wanted: Vec<&Value> = truth["acquitted"].as_array().map(|all| all.iter().collect()).unwrap_or_default();
    wanted.push(&truth["expected"]["change"]);
    wanted.retain(|change| {
        let is_recorded = change["recorded_in"].as_array().is_some_and(|places| !places.is_empty());
        change["component"].is_string() && change["kind"] != "restart" && is_recorded
    });
    let plain =
        |text: &str| -> String { text.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect() };
    let mut missed = Vec::new();
    for change in &wanted {
        let names: Vec<String> = change["aliases"]
            .as_array()
            .into_iter()
            .flatten()
            .chain([&change["component"]])
            .filter_map(Value::as_str)
            .map(&plain)
            .collect();
        let version = plain(change["version"].as_str().unwrap_or(""));
        let is_found = tables.changes.iter().any(|row| {
            let own = plain(row.version.as_deref().unwrap_or(""));
            let said = format!("{} {own}", plain(&row.component));
            names.iter().any(|name| said.contains(name.as_str())) && (own == version || said.contains(&version))
        });
        if !is_found {
            missed.push(format!("{} {}", change["component"], change["version"]));
        }
    }
    (wanted.len(), missed)
}

#[test]
fn tables_agree_with_what_happened() {
    let Some(folder) = corpora() else { return };
    let mut faults = Vec::new();
    for case in chosen() {
        let truth = std::fs::read_to_string(folder.join(format!("truth/case-{case}.json"))).expect("the truth");
        let truth: Value = serde_json::from_str(&truth).expect("the truth is JSON");
        let path = folder.join(format!("cases/case-{case}.zip"));
        let framed = pipeline::frame(&[path], &Options::default(), &Unwatched).expect("the case is read");
        let tables = &framed.tables;
        let count = |key: &str| truth["counts"][key].as_u64().unwrap_or(0) as usize;
        let reconnects = n_reconnects(&framed);
        let failed = tables.attempts.iter().filter(|row| row.is_failure()).count();
        let attempts = tables.attempts.len() - reconnects;
        let is_bounce = |started: Option<causeline::model::Timestamp>, ended: Option<causeline::model::Timestamp>| {
            started.zip(ended).is_some_and(|(started, ended)| ended.seconds_since(started) <= 90.0)
        };
        let ended: Vec<_> = tables
            .sessions
            .iter()
            .filter(|row| row.end_kind == EndKind::Logoff && !is_bounce(row.started_at, row.ended_at))
            .collect();
        let marked = ended.iter().filter(|row| row.close == Close::Incomplete).count();
        let (n_changes, missed) = missed(&truth, tables);
        let mut line = format!("case {case}:");
        for (what, found, wanted) in [
            ("attempts", attempts, count("attempts")),
            ("failed", failed, count("failed")),
            ("ends", ended.len(), count("ends")),
            ("marked", marked, count("marked")),
            ("reconnects", reconnects, count("reconnects")),
            ("scanner", tables.aside.iter().map(|row| row.n).sum(), count("scanner")),
        ] {
            line.push_str(&format!(" {what} {found}/{wanted}"));
            // The truth leaves out ends of tries that it dropped, and marks that no record of its own shows.
            let off = match what {
                "attempts" | "failed" => found.abs_diff(wanted),
                "ends" => wanted.saturating_sub(found),
                _ => 0,
            };
            if off as f64 > (TOLERANCE * wanted as f64).max(3.0) {
                faults.push(format!("case {case}: {found} {what}, not {wanted}"));
            }
        }
        let routine = tables.changes.iter().filter(|change| change.is_routine).count();
        let restarts = tables.changes.iter().filter(|change| &*change.component == frame::RESTART).count();
        line.push_str(&format!(
            " changes {}/{n_changes} (of {}, {routine} routine, {restarts} restarts)",
            n_changes - missed.len(),
            tables.changes.len()
        ));
        eprintln!("{line}");
        for change in missed {
            faults.push(format!("case {case}: change {change} is missing"));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
