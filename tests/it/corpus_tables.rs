//! Attempts, sessions and changes of real event logs: a table a file, and every logon of remote desktops accounted for.
//!
//! `cargo test --test it corpus_tables -- --nocapture` prints the tables. The folder of logs comes from
//! `CAUSELINE_CORPORA`; without it the test says so and passes, except under `CI`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use causeline::frame::{Close, EndKind, Framed, Outcome};
use causeline::model::{Event, Provenance};
use causeline::pipeline::{self, Options, Unwatched};
use walkdir::WalkDir;

#[expect(clippy::disallowed_methods, reason = "tests may ask where the corpora are")]
fn corpus() -> Option<PathBuf> {
    let folder = std::env::var("CAUSELINE_CORPORA").ok();
    if folder.is_none() {
        assert!(std::env::var("CI").is_err(), "CAUSELINE_CORPORA is not set");
        eprintln!("skipped: CAUSELINE_CORPORA is not set");
    }
    folder.map(|folder| Path::new(&folder).join("evtx"))
}

fn logs(folder: &Path) -> Vec<PathBuf> {
    let files = WalkDir::new(folder).sort_by_file_name().into_iter().flatten();
    files.map(walkdir::DirEntry::into_path).filter(|path| path.extension().is_some_and(|end| end == "evtx")).collect()
}

fn framed(path: &Path) -> Option<Framed> {
    pipeline::frame(&[path.to_owned()], &Options::default(), &Unwatched).ok()
}

/// What the tables make of one file, in one line.
fn line(framed: &Framed) -> Option<String> {
    let tables = &framed.tables;
    let outcome = |which| tables.attempts.iter().filter(|row| row.outcome == which).count();
    let ended = tables.sessions.iter().filter(|row| row.end_kind == EndKind::Logoff).count();
    let incomplete = tables.sessions.iter().filter(|row| row.close == Close::Incomplete).count();
    let n_aside: usize = tables.aside.iter().map(|row| row.n).sum();
    let counts = [
        tables.attempts.len(),
        outcome(Outcome::Succeeded),
        outcome(Outcome::Failed),
        outcome(Outcome::Silent),
        outcome(Outcome::Unseen),
        n_aside,
        tables.sessions.len(),
        ended,
        incomplete,
        tables.changes.len(),
    ];
    let cells: String = counts.iter().map(|count| format!("{count:>6} ")).collect();
    counts.iter().any(|count| *count > 0).then_some(cells)
}

#[test]
fn every_file_has_its_tables() {
    let Some(folder) = corpus() else { return };
    println!("   try    ok  fail silent unseen aside sess ended incompl changes");
    let mut n_told = 0;
    for path in logs(&folder) {
        // A file of other hosts' security events may hold nothing that concerns connections.
        let Some(framed) = framed(&path) else { continue };
        if let Some(line) = line(&framed) {
            println!("{line}  {}", path.strip_prefix(&folder).unwrap().display());
            n_told += 1;
        }
    }
    assert!(n_told > 30, "{n_told} files with attempts, sessions or changes");
}

/// The records of rows, which name at most eight of an attempt's.
fn in_rows(framed: &Framed) -> BTreeSet<Provenance> {
    let tables = &framed.tables;
    let attempts = tables.attempts.iter().flat_map(|row| &row.records);
    attempts.chain(tables.sessions.iter().flat_map(|row| &row.records)).copied().collect()
}

/// Which kind of logon an event is: accepted by RemoteConnectionManager (1149), session given by LocalSessionManager (21).
fn logon(event: &Event) -> Option<u32> {
    let provider = event.provider.as_deref()?;
    match event.code? {
        1149 if provider.ends_with("RemoteConnectionManager") => Some(1149),
        21 if provider.ends_with("LocalSessionManager") => Some(21),
        _ => None,
    }
}

#[test]
fn every_acceptance_and_every_session_is_in_a_row() {
    let Some(folder) = corpus() else { return };
    let mut seen: BTreeMap<u32, usize> = BTreeMap::new();
    let mut lost = Vec::new();
    for path in logs(&folder) {
        let Some(framed) = framed(&path) else { continue };
        let told = in_rows(&framed);
        for event in &framed.events {
            let Some(code) = logon(event) else { continue };
            *seen.entry(code).or_default() += 1;
            println!(
                "{code} {} {} {} record {:?}",
                event.at,
                event.host.as_deref().unwrap_or("-"),
                event.user.as_deref().unwrap_or("-"),
                event.provenance.position
            );
            if !told.contains(&event.provenance) {
                lost.push(format!("{code} of {:?} in {}", event.user, path.display()));
            }
        }
    }
    // Counted by another reader: 5 + 11 + 1 acceptances, one session.
    assert_eq!(seen, BTreeMap::from([(21, 1), (1149, 17)]));
    assert!(lost.is_empty(), "{lost:#?}");
}
