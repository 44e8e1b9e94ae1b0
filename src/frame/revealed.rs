//! Versions that failures themselves name: a change that no log of installations shows.

use std::collections::BTreeMap;

use super::component::{Key, version_key};
use super::{Change, HostChange};
use crate::model::{ChangeKind, Event, Name, Provenance, Timestamp, Trust};

/// One host's first sight of a version, after it had shown another one.
struct Sight {
    host: Name,
    at: Timestamp,
    record: Provenance,
}

/// Adds the changes that versions named in the logs reveal, and the hosts that a known change lacks.
///
/// The first version that a host shows is no change. Each later one that it had not shown before came
/// between its last sight of another version and the first of this one; the latter is taken as the time, so
/// the change is never dated after what it caused by more than the log's own silence.
pub(super) fn add(changes: &mut Vec<Change>, events: &[Event]) {
    let mut shown: BTreeMap<(String, Name), Vec<String>> = BTreeMap::new();
    let mut found: BTreeMap<(String, String), (Name, Name, Vec<Sight>)> = BTreeMap::new();
    for event in events {
        let (Some((component, version)), Some(host)) = (&event.component_version, &event.host) else { continue };
        let (key, number) = (Key::new(component, Some(version)).text(), version_key(version));
        let known = shown.entry((key.clone(), host.clone())).or_default();
        if known.contains(&number) {
            continue;
        }
        if !known.is_empty() {
            let entry =
                found.entry((key, number.clone())).or_insert_with(|| (component.clone(), version.clone(), Vec::new()));
            entry.2.push(Sight { host: host.clone(), at: event.at, record: event.provenance });
        }
        known.push(number);
    }
    for ((_, number), (component, version, sights)) in found {
        let key = Key::new(&component, Some(&version));
        let known = changes.iter_mut().find(|change| {
            change.version.as_deref().is_some_and(|version| version_key(version) == number)
                && Key::new(&change.component, change.version.as_deref()).is_short_for(&key)
        });
        match known {
            Some(change) => extend(change, sights),
            None => changes.extend(revealed(component, version, sights)),
        }
    }
}

/// Adds the hosts that the known change lacks; a guessed host that shows the version is guessed no more.
fn extend(change: &mut Change, sights: Vec<Sight>) {
    for sight in sights {
        match change.hosts.iter_mut().find(|host| host.host == sight.host) {
            Some(host) => {
                if host.trust == Trust::Guessed && host.at <= sight.at {
                    host.trust = Trust::Derived;
                }
            }
            None => change.hosts.push(row(sight.host, sight.at)),
        }
        change.stated_by.push(sight.record);
        change.observed_by.push(sight.record);
    }
    change.hosts.sort_by(|one, other| (one.at, &one.host).cmp(&(other.at, &other.host)));
    change.started_at = change.hosts.first().map_or(change.started_at, |host| host.at);
}

fn revealed(component: Name, version: Name, sights: Vec<Sight>) -> Option<Change> {
    let started_at = sights.first()?.at;
    Some(Change {
        id: String::new(),
        component,
        version: Some(version),
        kind: ChangeKind::Update,
        started_at,
        services: Vec::new(),
        stated_by: sights.iter().map(|sight| sight.record).collect(),
        observed_by: sights.iter().map(|sight| sight.record).collect(),
        hosts: sights.into_iter().map(|sight| row(sight.host, sight.at)).collect(),
        hosts_known: true,
        only_stated: false,
        is_routine: false,
    })
}

fn row(host: Name, at: Timestamp) -> HostChange {
    HostChange { host, at, in_force_at: at, trust: Trust::Derived }
}
