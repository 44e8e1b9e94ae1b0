//! Changes: statements of logs and lists joined, one entry a component and version, with the time of each host.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::component::{Key, compare_versions, version_key};
use super::coverage::{Shows, Sight};
use super::history::{Arrival, History, ONE_INSTALLATION_S, Occurrence};
use super::in_force::{Restarts, Starts};
use super::{Change, HostChange, list_clock, parts, restarts, revealed};
use crate::model::{
    ChangeKind, ChangeRecord, Event, HostScope, Name, Provenance, TimeRange, Timestamp, Trust, Witness,
};

/// An upgrade removes the old version and installs the new one within this many seconds.
const UPGRADE_S: f64 = 900.0;
/// Without a version, only time tells two rollouts apart: statements on other hosts within three days of the
/// last one continue it, so that a weekend does not cut a rollout in two. With a version no gap does,
/// for a host gets a version once, and a canary may be weeks ahead.
const ROLLOUT_S: f64 = 3.0 * 86_400.0;
/// A component that changes this often, with less than [`ROUTINE_S`] between, changes as a routine.
const ROUTINE_N: usize = 6;
/// See [`ROUTINE_N`]; in seconds.
const ROUTINE_S: f64 = 3.0 * 86_400.0;

/// What the statements are read against.
pub(super) struct World<'a> {
    /// The session hosts.
    pub hosts: &'a [Name],
    /// What which log could show when.
    pub sight: &'a Sight,
    /// The window of the connection logs.
    pub window: Option<TimeRange>,
}

/// One rollout while its statements are gathered.
struct Rollout {
    key: Key,
    version: Option<Name>,
    is_removal: bool,
    /// Which arrival of its version on the hosts it is.
    occurrence: Occurrence,
    component: Name,
    kinds: BTreeSet<ChangeKind>,
    hosts: BTreeMap<Name, HostChange>,
    restart_hosts: BTreeSet<Name>,
    is_observed: bool,
    hosts_known: bool,
    stated_by: Vec<Provenance>,
    observed_by: Vec<Provenance>,
    last_at: Timestamp,
}

/// Joins the statements into changes, sorted by first time, component and version; `chg-1` is the first.
pub(super) fn changes(records: &[ChangeRecord], events: &[Event], world: &World<'_>) -> Vec<Change> {
    let records = prepared(records);
    let restarted = restarts::by_host(events, &records);
    let starts = Starts::of(events);
    let restarts = Restarts { hosts: &restarted, starts: &starts, sight: world.sight, window: world.window };
    let history = History::of(&records);
    let mut rollouts: Vec<Rollout> = Vec::new();
    for record in records.iter().filter(|record| record.witness == Witness::Observed && !restarts::is_restart(record)) {
        if let HostScope::Hosts(hosts) = &record.scope {
            for host in hosts {
                observe(&mut rollouts, record, host, &history);
            }
        }
    }
    for record in records.iter().filter(|record| record.witness == Witness::Stated && !restarts::is_restart(record)) {
        state(&mut rollouts, record, &history, world);
    }
    let mut changes: Vec<Change> =
        rollouts.into_iter().filter_map(|rollout| finished(rollout, &history, &restarts)).collect();
    changes = parts::fold(changes);
    for change in &mut changes {
        restarts.of_services(change);
    }
    revealed::add(&mut changes, events);
    mark_routine(&mut changes);
    changes.extend(restarts::changes(events, &records));
    changes.sort_by(|one, other| {
        let order =
            |change: &Change| (change.started_at, change.component.clone(), change.version.clone(), change.kind);
        order(one).cmp(&order(other))
    });
    for (number, change) in changes.iter_mut().enumerate() {
        change.id = format!("chg-{}", number + 1);
    }
    changes
}

/// Sorts the records by time, gives lists their clock back, drops the removals that are half of an upgrade,
/// and lends a version to the record of the same installation that names none.
fn prepared(records: &[ChangeRecord]) -> Vec<ChangeRecord> {
    let mut records = records.to_vec();
    records.sort_by(compare);
    list_clock::correct(&mut records);
    records.sort_by(compare);
    let keys: Vec<Key> = records.iter().map(|record| Key::new(&record.component, record.version.as_deref())).collect();
    let near = |one: usize, other: usize, within_s: f64| {
        one != other
            && records[other].at.seconds_since(records[one].at).abs() <= within_s
            && keys[one].is(&keys[other])
            && shares_host(&records[one].scope, &records[other].scope)
            && records[one].witness == records[other].witness
    };
    // Sorted by time, so the neighbors that count stand close by.
    let around = |index: usize, within_s: f64| {
        let start = records.partition_point(|record| record.at < records[index].at.plus_seconds(-within_s));
        let end = records.partition_point(|record| record.at <= records[index].at.plus_seconds(within_s));
        (start..end).filter(move |other| near(index, *other, within_s))
    };
    let mut lent: Vec<Option<Name>> = vec![None; records.len()];
    let mut is_upgrade = vec![false; records.len()];
    for index in 0..records.len() {
        let record = &records[index];
        if record.version.is_none() && record.kind != ChangeKind::Restart {
            lent[index] = around(index, ONE_INSTALLATION_S).find_map(|other| records[other].version.clone());
        }
        is_upgrade[index] = record.kind == ChangeKind::Remove
            && around(index, UPGRADE_S)
                .any(|other| matches!(records[other].kind, ChangeKind::Install | ChangeKind::Update));
    }
    let mut prepared = Vec::with_capacity(records.len());
    for (index, mut record) in records.into_iter().enumerate() {
        if is_upgrade[index] {
            continue;
        }
        if record.version.is_none() {
            record.version = lent[index].take();
        }
        prepared.push(record);
    }
    prepared
}

/// Orders records by all that they say, so that nothing hangs on the order in which they were read.
fn compare(one: &ChangeRecord, other: &ChangeRecord) -> Ordering {
    let hosts = |record: &ChangeRecord| match &record.scope {
        HostScope::Hosts(hosts) => (0, hosts.clone()),
        HostScope::All => (1, Vec::new()),
        HostScope::Unstated => (2, Vec::new()),
    };
    one.at
        .cmp(&other.at)
        .then_with(|| one.component.cmp(&other.component))
        .then_with(|| one.version.cmp(&other.version))
        .then_with(|| one.provenance.cmp(&other.provenance))
        .then_with(|| one.kind.cmp(&other.kind))
        .then_with(|| hosts(one).cmp(&hosts(other)))
        .then_with(|| (one.witness, one.needs_restart).cmp(&(other.witness, other.needs_restart)))
}

fn shares_host(one: &HostScope, other: &HostScope) -> bool {
    match (one, other) {
        (HostScope::Hosts(one), HostScope::Hosts(other)) => one.iter().any(|host| other.contains(host)),
        _ => true,
    }
}

fn is_same_version(one: Option<&Name>, other: Option<&Name>) -> bool {
    one.map(|version| version_key(version)) == other.map(|version| version_key(version))
}

/// Finds the rollout that a statement continues.
fn find(
    rollouts: &[Rollout],
    record: &ChangeRecord,
    key: &Key,
    host: Option<&Name>,
    occurrence: Occurrence,
) -> Option<usize> {
    let is_removal = record.kind == ChangeKind::Remove;
    let fits = |rollout: &Rollout, by_short_name: bool| {
        let is_named = if by_short_name { rollout.key.is_short_for(key) } else { rollout.key.is(key) };
        if !is_named
            || rollout.is_removal != is_removal
            || !is_same_version(rollout.version.as_ref(), record.version.as_ref())
        {
            return false;
        }
        if record.version.is_some() {
            return rollout.occurrence == occurrence;
        }
        let has_host = host.and_then(|host| rollout.hosts.get(host));
        match has_host {
            Some(known) => record.at.seconds_since(known.at).abs() <= ONE_INSTALLATION_S,
            None => record.at.seconds_since(rollout.last_at).abs() <= ROLLOUT_S,
        }
    };
    let exact = rollouts.iter().rposition(|rollout| fits(rollout, false));
    exact.or_else(|| {
        record.version.as_ref()?;
        rollouts.iter().rposition(|rollout| fits(rollout, true))
    })
}

fn open(rollouts: &mut Vec<Rollout>, record: &ChangeRecord, key: Key, occurrence: Occurrence) -> usize {
    rollouts.push(Rollout {
        key,
        version: record.version.clone(),
        is_removal: record.kind == ChangeKind::Remove,
        occurrence,
        component: record.component.clone(),
        kinds: BTreeSet::new(),
        hosts: BTreeMap::new(),
        restart_hosts: BTreeSet::new(),
        is_observed: false,
        hosts_known: false,
        stated_by: Vec::new(),
        observed_by: Vec::new(),
        last_at: record.at,
    });
    rollouts.len() - 1
}

/// Adds what a host's own log says of that host.
fn observe(rollouts: &mut Vec<Rollout>, record: &ChangeRecord, host: &Name, history: &History) {
    let key = Key::new(&record.component, record.version.as_deref());
    let occurrence = history.occurrence(&key, host, record);
    let number =
        find(rollouts, record, &key, Some(host), occurrence).unwrap_or_else(|| open(rollouts, record, key, occurrence));
    let rollout = &mut rollouts[number];
    rollout.is_observed = true;
    rollout.hosts_known = true;
    rollout.kinds.insert(record.kind);
    rollout.stated_by.push(record.provenance);
    rollout.observed_by.push(record.provenance);
    rollout.last_at = rollout.last_at.max(record.at);
    if record.needs_restart {
        rollout.restart_hosts.insert(host.clone());
    }
    let change = HostChange { host: host.clone(), at: record.at, in_force_at: record.at, trust: Trust::Stated };
    rollout.hosts.entry(host.clone()).or_insert(change);
}

/// Adds what a list says. Where hosts' own logs say when they got it, those are believed.
fn state(rollouts: &mut Vec<Rollout>, record: &ChangeRecord, history: &History, world: &World<'_>) {
    let key = Key::new(&record.component, record.version.as_deref());
    let (named, trust) = match &record.scope {
        HostScope::Hosts(hosts) => (hosts.as_slice(), Trust::Stated),
        HostScope::All | HostScope::Unstated => (world.hosts, Trust::Guessed),
    };
    let first = named.first();
    let occurrence = first.map_or((0, Arrival::First), |host| history.occurrence(&key, host, record));
    let number =
        find(rollouts, record, &key, first, occurrence).unwrap_or_else(|| open(rollouts, record, key, occurrence));
    let rollout = &mut rollouts[number];
    rollout.kinds.insert(record.kind);
    rollout.stated_by.push(record.provenance);
    rollout.last_at = rollout.last_at.max(record.at);
    rollout.hosts_known |= record.scope != HostScope::Unstated;
    for host in named {
        // Where installations are seen on this host and this one was not, `all` did not mean it.
        let would_show =
            rollout.is_observed && trust == Trust::Guessed && world.sight.covers(host, Shows::Install, record.at);
        if would_show {
            continue;
        }
        if record.needs_restart {
            rollout.restart_hosts.insert(host.clone());
        }
        let change = HostChange { host: host.clone(), at: record.at, in_force_at: record.at, trust };
        let known = rollout.hosts.entry(host.clone()).or_insert_with(|| change.clone());
        // A list's own word on a host says more than its word on all.
        if known.trust == Trust::Guessed && trust == Trust::Stated {
            *known = change;
        }
    }
}

fn finished(rollout: Rollout, history: &History, restarts: &Restarts<'_>) -> Option<Change> {
    let kind = kind(&rollout, history);
    let mut hosts: Vec<HostChange> = rollout.hosts.into_values().collect();
    for host in hosts.iter_mut().filter(|host| rollout.restart_hosts.contains(&host.host)) {
        host.in_force_at = restarts.of_host(host);
    }
    hosts.sort_by(|one, other| (one.at, &one.host).cmp(&(other.at, &other.host)));
    let started_at = hosts.first()?.at;
    let (mut stated_by, mut observed_by) = (rollout.stated_by, rollout.observed_by);
    for records in [&mut stated_by, &mut observed_by] {
        records.sort();
        records.dedup();
    }
    Some(Change {
        id: String::new(),
        component: rollout.component,
        version: rollout.version,
        kind,
        started_at,
        hosts,
        hosts_known: rollout.hosts_known,
        only_stated: !rollout.is_observed,
        is_routine: false,
        services: Vec::new(),
        stated_by,
        observed_by,
    })
}

/// What was done: back to a version that was there before, or to a lower one, is a rollback, whatever the
/// record calls it; the same version once more is a re-deploy; with another version before, an update.
fn kind(rollout: &Rollout, history: &History) -> ChangeKind {
    let stated = rollout.kinds.iter().next().copied().unwrap_or(ChangeKind::Update);
    if rollout.is_removal {
        return ChangeKind::Remove;
    }
    if rollout.kinds.contains(&ChangeKind::Rollback) || rollout.occurrence.1 == Arrival::Back {
        return ChangeKind::Rollback;
    }
    if rollout.occurrence.1 == Arrival::Again {
        return ChangeKind::Redeploy;
    }
    if !matches!(stated, ChangeKind::Install | ChangeKind::Update) {
        return stated;
    }
    let Some(version) = &rollout.version else { return stated };
    let before: Vec<&String> =
        rollout.hosts.values().filter_map(|host| history.before(&rollout.key, &host.host, version, host.at)).collect();
    let is_lower = before.iter().any(|known| compare_versions(version, known) == Some(Ordering::Less));
    if is_lower {
        ChangeKind::Rollback
    } else if before.is_empty() {
        stated
    } else {
        ChangeKind::Update
    }
}

/// Marks definition updates, what the installer only checked, and whatever else changes every few days by itself.
fn mark_routine(changes: &mut [Change]) {
    let mut times: BTreeMap<String, BTreeSet<Timestamp>> = BTreeMap::new();
    for change in changes.iter() {
        times
            .entry(Key::new(&change.component, change.version.as_deref()).text())
            .or_default()
            .insert(change.started_at);
    }
    for change in changes {
        let own = &times[&Key::new(&change.component, change.version.as_deref()).text()];
        let span = own.first().zip(own.last()).map_or(0.0, |(first, last)| last.seconds_since(*first));
        let is_frequent = own.len() >= ROUTINE_N && span / (own.len() - 1) as f64 <= ROUTINE_S;
        let name = change.component.to_lowercase();
        let is_definition =
            ["security intelligence update", "definition update", "kb2267602", "malicious software removal"]
                .iter()
                .any(|word| name.contains(word));
        // The installer checks and reconfigures every product whenever a program merely asks which there are (Microsoft
        // KB974524): the same version as before, at times that nobody chose.
        let is_reconfigured =
            change.kind == ChangeKind::Configuration && change.version.is_some() && !change.only_stated;
        change.is_routine = is_frequent || is_definition || is_reconfigured;
    }
}
