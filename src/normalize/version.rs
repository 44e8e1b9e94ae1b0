//! Changes that nobody wrote down: a log names a component's version, and one day it is another.

use std::collections::BTreeMap;

use crate::model::{ChangeKind, ChangeRecord, Event, HostScope, Name, Timestamp, Witness};

/// Returns a change for each first sight of another version on a host, unless a record of the run
/// already states that component in that version.
///
/// The version before the first sight is unknown, so the first one is no change.
pub(super) fn changes(events: &[Event], known: &[ChangeRecord]) -> Vec<ChangeRecord> {
    let mut sights: BTreeMap<(&Name, &Name), Vec<(Timestamp, &Event)>> = BTreeMap::new();
    for event in events {
        if let (Some(host), Some((component, _))) = (&event.host, &event.component_version) {
            sights.entry((host, component)).or_default().push((event.at, event));
        }
    }
    let mut found = Vec::new();
    for ((host, component), mut seen) in sights {
        seen.sort_by_key(|(at, event)| (*at, event.provenance));
        let mut current: Option<&Name> = None;
        for (at, event) in seen {
            let Some((_, version)) = &event.component_version else { continue };
            let is_new = current.is_some_and(|current| current != version);
            current = Some(version);
            if !is_new || is_stated(known, component, version) {
                continue;
            }
            found.push(ChangeRecord {
                at,
                time_trust: crate::model::Trust::Derived,
                component: Name::clone(component),
                version: Some(Name::clone(version)),
                kind: ChangeKind::Update,
                scope: HostScope::Hosts(vec![Name::clone(host)]),
                witness: Witness::Observed,
                needs_restart: false,
                note: Some(Name::from("first line that names this version")),
                provenance: event.provenance,
            });
        }
    }
    found.sort_by_key(|change| change.provenance);
    found
}

fn is_stated(known: &[ChangeRecord], component: &str, version: &str) -> bool {
    let family = component.to_lowercase();
    let family = family.trim_start_matches("microsoft ").trim_end_matches(" apps");
    known
        .iter()
        .any(|change| change.version.as_deref() == Some(version) && change.component.to_lowercase().contains(family))
}
