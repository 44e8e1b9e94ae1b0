//! What the catalog makes of real event logs, read by another reader: counts that were taken by hand.
//!
//! The folder of logs comes from `CAUSELINE_CORPORA`; without it the test says so and passes, except
//! under `CI`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use causeline::model::{Action, Event, Names, Position, Provenance, SourceId};
use causeline::normalize::windows::{Catalog, from_json};

#[expect(clippy::disallowed_methods, reason = "tests may ask where the corpora are")]
fn corpora() -> Option<PathBuf> {
    let folder = std::env::var("CAUSELINE_CORPORA").ok();
    if folder.is_none() {
        assert!(std::env::var("CI").is_err(), "CAUSELINE_CORPORA is not set");
        eprintln!("skipped: CAUSELINE_CORPORA is not set");
    }
    folder.map(PathBuf::from)
}

/// The events of one log, through the oracle's JSON.
fn events(path: &std::path::Path) -> Vec<Event> {
    let mut names = Names::new();
    let mut parser = evtx::EvtxParser::from_path(path).unwrap();
    let mut events = Vec::new();
    for record in parser.records_json_value().flatten() {
        let (format, windows) = from_json(&record.data).expect("the oracle writes this shape");
        assert_eq!(format, "evtx-dump");
        let position = Position::Record(record.event_record_id);
        let provenance = Provenance { source: SourceId(0), position };
        events.extend(Catalog::embedded().understand(&windows, provenance, &mut names).event);
    }
    events
}

#[test]
fn authentications_of_a_real_host_join_the_listener_by_activity() {
    let Some(corpora) = corpora() else { return };
    let name = "2-vss_0-Microsoft-Windows-TerminalServices-RemoteConnectionManager%4Operational.evtx";
    let events = events(&corpora.join("evtx/omerbenamram+evtx/samples").join(name));
    let attempts: Vec<&Event> = events.iter().filter(|event| event.action == Action::Attempt).collect();
    let accepted: Vec<&Event> = events.iter().filter(|event| event.action == Action::Authenticated).collect();
    // The file is damaged: readers that go on behind the damage find some more than the 1,769 sound ones.
    assert!((1_769..1_800).contains(&attempts.len()), "{}", attempts.len());
    assert_eq!(accepted.len(), 5);
    for one in accepted {
        assert!(one.user.is_some() && one.client.is_some(), "{one:?}");
        let same = attempts.iter().filter(|attempt| attempt.activity_id == one.activity_id).count();
        assert_eq!(same, 1, "{one:?}");
    }
}

#[test]
fn refused_passwords_of_a_real_host_are_the_users_own() {
    let Some(corpora) = corpora() else { return };
    let name = "2-vss_0-Microsoft-Windows-RemoteDesktopServices-RdpCoreTS%4Operational.evtx";
    let events = events(&corpora.join("evtx/omerbenamram+evtx/samples").join(name));
    let mut signatures = BTreeMap::<String, usize>::new();
    for event in events.iter().filter(|event| event.action == Action::Failure) {
        assert!(event.client.as_deref().is_some_and(|client| !client.contains(':')), "{event:?}");
        *signatures.entry(event.signature.as_deref().unwrap_or("none").to_owned()).or_default() += 1;
    }
    assert_eq!(signatures, BTreeMap::from([("rdp-wrong-credentials".to_owned(), 126)]));
}
