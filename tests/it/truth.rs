//! Attempts, ends and changes of logs whose truth is known, counted against it.
//!
//! The cases are not part of the project: `CAUSELINE_CORPORA` names the folder. `CAUSELINE_TRUTH` may list
//! some of them, such as `002,013`. `cargo test --test it truth -- --nocapture` prints a line a case and the sums.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use causeline::frame::{self, Change, Close, EndKind, Framed, Outcome, Tables};
use causeline::pipeline::{self, Options, Unwatched};
use serde_json::Value;

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
        return (1..=40).map(|case| format!("{case:03}")).collect();
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

/// How the changes of a case compare with its truth.
#[derive(Default)]
struct Compared {
    /// Changes of the truth that some record tells of.
    n_true: usize,
    /// Those that the tables lack, as `component version`.
    missed: Vec<String>,
    /// Rows that are no change of the truth, restarts and routines left out.
    invented: Vec<String>,
    /// Hosts of the changes that were found, and those whose time is right to ten minutes.
    n_hosts: usize,
    n_hosts_near: usize,
}

fn plain(text: &str) -> String {
    text.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect()
}

/// Whether a row is this change of the truth.
fn is_same(row: &Change, change: &Value) -> bool {
    let aliases = change["aliases"].as_array().into_iter().flatten();
    let names = aliases.chain([&change["component"]]).filter_map(Value::as_str).map(plain);
    let version = plain(change["version"].as_str().unwrap_or(""));
    let own = plain(row.version.as_deref().unwrap_or(""));
    let said = format!("{} {own}", plain(&row.component));
    names.into_iter().any(|name| said.contains(name.as_str())) && (own == version || said.contains(&version))
}

fn compared(truth: &Value, tables: &Tables) -> Compared {
    const NEAR_S: f64 = 600.0;
    let all = |key: &str| truth[key].as_array().cloned().unwrap_or_default();
    let mut wanted = [all("acquitted"), all("equivalent")].concat();
    wanted.extend([truth["expected"]["change"].clone(), truth["remedy"].clone()]);
    wanted.retain(|change| {
        let is_recorded = change["recorded_in"].as_array().is_some_and(|places| !places.is_empty());
        change["component"].is_string() && change["kind"] != "restart" && is_recorded
    });
    let mut compared = Compared { n_true: wanted.len(), ..Compared::default() };
    for change in &wanted {
        let rows: Vec<&Change> = tables.changes.iter().filter(|row| is_same(row, change)).collect();
        if rows.is_empty() {
            compared.missed.push(format!("{} {}", change["component"], change["version"]));
            continue;
        }
        for (host, at) in change["hosts"].as_object().into_iter().flatten() {
            let at: jiff::Timestamp = at.as_str().expect("a time").parse().expect("RFC 3339");
            let at = causeline::model::Timestamp::from_jiff(at);
            let own = rows.iter().flat_map(|row| &row.hosts).filter(|own| own.host.eq_ignore_ascii_case(host));
            compared.n_hosts += 1;
            compared.n_hosts_near += usize::from(own.into_iter().any(|own| own.at.seconds_since(at).abs() <= NEAR_S));
        }
    }
    let others = tables.changes.iter().filter(|row| !row.is_routine && &*row.component != frame::RESTART);
    let invented = others.filter(|row| !wanted.iter().any(|change| is_same(row, change)));
    compared.invented =
        invented.map(|row| format!("{} {}", row.component, row.version.as_deref().unwrap_or(""))).collect();
    compared
}

#[test]
fn tables_agree_with_what_happened() {
    let Some(folder) = corpora() else { return };
    let mut faults = Vec::new();
    let mut sums: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    for case in chosen() {
        let truth = std::fs::read_to_string(folder.join(format!("truth/case-{case}.json"))).expect("the truth");
        let truth: Value = serde_json::from_str(&truth).expect("the truth is JSON");
        let path = folder.join(format!("cases/case-{case}.zip"));
        let framed = pipeline::frame(&[path], &Options::default(), &Unwatched).expect("the case is read");
        let tables = &framed.tables;
        let count = |key: &str| truth["counts"][key].as_u64().unwrap_or(0) as usize;
        let reconnects = n_reconnects(&framed);
        let failed = tables.attempts.iter().filter(|row| row.is_failure()).count();
        let seen = tables.attempts.iter().filter(|row| row.outcome != Outcome::Unseen).count();
        let attempts = seen - reconnects;
        let is_bounce = |started: Option<causeline::model::Timestamp>, ended: Option<causeline::model::Timestamp>| {
            started.zip(ended).is_some_and(|(started, ended)| ended.seconds_since(started) <= 90.0)
        };
        let ended: Vec<_> = tables
            .sessions
            .iter()
            .filter(|row| row.end_kind == EndKind::Logoff && !is_bounce(row.started_at, row.ended_at))
            .collect();
        let marked = ended.iter().filter(|row| row.close == Close::Incomplete).count();
        let changes = compared(&truth, tables);
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
            let sum = sums.entry(what).or_insert([0; 4]);
            for (sum, n) in sum.iter_mut().zip([found.min(wanted), wanted, found.saturating_sub(wanted), found]) {
                *sum += n;
            }
            // The truth leaves out ends of tries that it dropped, and marks that no record of its own shows.
            let off = match what {
                "attempts" | "failed" => found.abs_diff(wanted),
                "ends" => wanted.saturating_sub(found),
                _ => 0,
            };
            if off as f64 > (TOLERANCE * wanted as f64).max(5.0) {
                faults.push(format!("case {case}: {found} {what}, not {wanted}"));
            }
        }
        line.push_str(&format!(
            " changes {}/{} invented {:?} host times near {}/{}",
            changes.n_true - changes.missed.len(),
            changes.n_true,
            changes.invented,
            changes.n_hosts_near,
            changes.n_hosts
        ));
        eprintln!("{line}");
        for change in changes.missed {
            faults.push(format!("case {case}: change {change} is missing"));
        }
    }
    // Counts do not tell which rows they are: a missed row and an invented one cancel.
    for (what, [reached, wanted, beyond, found]) in sums {
        let share = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
        eprintln!("{what}: {:.1} % found, {:.1} % invented", share(reached, wanted), share(beyond, found));
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
