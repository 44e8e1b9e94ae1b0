//! Restarts of hosts: one entry for the restarts of one night, and which of them are routine.

use std::collections::{BTreeMap, BTreeSet};

use super::{Change, HostChange};
use crate::model::time::{TICKS_PER_DAY, TICKS_PER_HOUR};
use crate::model::{Action, ChangeKind, ChangeRecord, Event, HostScope, Name, Provenance, Timestamp, Trust, Witness};

/// The component of a restart.
pub const RESTART: &str = "Operating system restart";

/// Records of one restart on one host (told to restart, stopped, started) lie within this many seconds.
const ONE_RESTART_S: f64 = 1_800.0;
/// Restarts this close, and no more than a night long altogether, are one entry, in ticks.
const NIGHT: i64 = 12 * TICKS_PER_HOUR;
/// How exactly a routine keeps its hour, in ticks.
const PUNCTUAL: i64 = 2 * TICKS_PER_HOUR;

/// One restart of one host.
#[derive(Clone, Debug)]
struct Restart {
    host: Name,
    at: Timestamp,
    /// Its records, and whether the host's own log wrote each.
    records: Vec<(Provenance, bool)>,
}

/// Returns one change for the restarts of each night, by time. Ids are not yet given.
pub(super) fn changes(events: &[Event], records: &[ChangeRecord]) -> Vec<Change> {
    let mut restarts = restarts(events, records);
    restarts.sort_by(|one, other| (one.at, &one.host).cmp(&(other.at, &other.host)));
    let mut nights: Vec<Vec<Restart>> = Vec::new();
    for restart in restarts {
        let fits = nights.last().is_some_and(|night| {
            restart.at.0.saturating_sub(night[0].at.0) <= NIGHT && night.iter().all(|known| known.host != restart.host)
        });
        match nights.last_mut() {
            Some(night) if fits => night.push(restart),
            _ => nights.push(vec![restart]),
        }
    }
    let routine: Vec<bool> = (0..nights.len()).map(|index| is_routine(index, &nights)).collect();
    nights.into_iter().zip(routine).map(|(night, is_routine)| change(night, is_routine)).collect()
}

/// Returns when each host restarted, by time.
pub(super) fn by_host(events: &[Event], records: &[ChangeRecord]) -> BTreeMap<Name, Vec<Timestamp>> {
    let mut by_host: BTreeMap<Name, Vec<Timestamp>> = BTreeMap::new();
    for restart in restarts(events, records) {
        by_host.entry(restart.host).or_default().push(restart.at);
    }
    for times in by_host.values_mut() {
        times.sort();
    }
    by_host
}

/// One record of a restart: when, whether it is the start itself, and where it stands.
type Told = (Timestamp, bool, (Provenance, bool));

/// Joins the records of each restart; a start says when, and where there is none the order to restart does.
fn restarts(events: &[Event], records: &[ChangeRecord]) -> Vec<Restart> {
    let mut told: BTreeMap<Name, Vec<Told>> = BTreeMap::new();
    for event in events.iter().filter(|event| event.action == Action::Boot) {
        if let Some(host) = &event.host {
            told.entry(host.clone()).or_default().push((event.at, true, (event.provenance, true)));
        }
    }
    for record in records.iter().filter(|record| is_restart(record)) {
        if let HostScope::Hosts(hosts) = &record.scope {
            for host in hosts {
                let is_observed = record.witness == Witness::Observed;
                told.entry(host.clone()).or_default().push((record.at, false, (record.provenance, is_observed)));
            }
        }
    }
    let mut restarts = Vec::new();
    for (host, mut told) in told {
        told.sort();
        told.dedup();
        let mut last: Option<(Timestamp, bool)> = None;
        for (at, is_boot, record) in told {
            let joins = last.is_some_and(|(last, _)| at.seconds_since(last) <= ONE_RESTART_S);
            if !joins {
                restarts.push(Restart { host: host.clone(), at, records: Vec::new() });
            }
            if let Some(restart) = restarts.last_mut() {
                let had_boot = joins && last.is_some_and(|(_, boot)| boot);
                if is_boot && !had_boot {
                    restart.at = at;
                }
                restart.records.push(record);
                last = Some((at, is_boot || had_boot));
            }
        }
    }
    restarts
}

/// Whether the record speaks of a restart, which this file counts, rather than of a component.
pub(super) fn is_restart(record: &ChangeRecord) -> bool {
    record.kind == ChangeKind::Restart && (record.witness == Witness::Observed || record.version.is_none())
}

/// A restart is routine if other nights keep its weekday and its hour: two of them, or one on half of the same
/// hosts where there are several. By chance a pair of nights agrees so in one of forty cases.
fn is_routine(index: usize, nights: &[Vec<Restart>]) -> bool {
    let own = &nights[index];
    let hosts: BTreeSet<&Name> = own.iter().map(|restart| &restart.host).collect();
    let mut n_alike = 0;
    for (other, night) in nights.iter().enumerate() {
        let apart = (own[0].at.0 - night[0].at.0).abs();
        let off = apart.rem_euclid(7 * TICKS_PER_DAY);
        if other == index || apart < TICKS_PER_DAY || off.min(7 * TICKS_PER_DAY - off) > PUNCTUAL {
            continue;
        }
        n_alike += 1;
        let n_common = night.iter().filter(|restart| hosts.contains(&restart.host)).count();
        if hosts.len() >= 2 && 2 * n_common >= hosts.len() {
            return true;
        }
    }
    n_alike >= 2
}

fn change(night: Vec<Restart>, is_routine: bool) -> Change {
    let started_at = night[0].at;
    let mut records: Vec<(Provenance, bool)> = Vec::new();
    let mut hosts = Vec::new();
    for restart in night {
        records.extend(restart.records);
        let (host, at) = (restart.host, restart.at);
        hosts.push(HostChange { host, at, in_force_at: at, trust: Trust::Stated });
    }
    Change {
        id: String::new(),
        component: RESTART.into(),
        version: None,
        kind: ChangeKind::Restart,
        started_at,
        hosts,
        hosts_known: true,
        only_stated: false,
        is_routine,
        services: Vec::new(),
        stated_by: records.iter().map(|record| record.0).collect(),
        observed_by: records.iter().filter(|record| record.1).map(|record| record.0).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;
    use super::*;

    const DAY: f64 = 86_400.0;

    #[test]
    fn the_restarts_of_one_night_are_one_entry_and_weekly_ones_are_routine() {
        let mut scene = Scene::new();
        for week in 0..3 {
            for (number, host) in ["RDS01", "RDS02", "RDS03"].iter().enumerate() {
                scene.boot(host, week as f64 * 7.0 * DAY + 7_200.0 + 600.0 * number as f64);
            }
        }
        scene.boot("RDS02", 3.5 * DAY);
        scene.events.sort_by_key(|event| event.at);
        let found = changes(&scene.events, &[]);
        assert_eq!(found.len(), 4);
        assert_eq!(found[0].hosts.len(), 3);
        assert_eq!(found.iter().map(|change| change.is_routine).collect::<Vec<_>>(), [true, false, true, true]);
    }

    #[test]
    fn one_boot_told_by_two_records_counts_once_at_the_start() {
        let mut scene = Scene::new();
        scene.boot("RDS01", 1_000.0);
        scene.boot("RDS01", 1_002.0);
        let record = scene.change(RESTART, None, &["RDS01"], 900.0, Witness::Observed);
        record.kind = ChangeKind::Restart;
        let found = changes(&scene.events, &scene.changes);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].hosts.len(), 1);
        assert_eq!(found[0].started_at, super::super::scene::at(1_000.0));
    }
}
