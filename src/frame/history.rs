//! Which version of which component each host had when: what came first, came back, or came once more.

use std::collections::BTreeMap;

use super::component::{Key, compare_versions, version_key};
use crate::model::{ChangeKind, ChangeRecord, HostScope, Name, SourceId, Timestamp, Witness};

/// Several records of one installation on one host lie within this many seconds: an update is downloaded,
/// installed and reported, an installer writes its product twice.
pub(super) const ONE_INSTALLATION_S: f64 = 3_600.0;
/// How loosely a list may keep its times: a log and a list that speak of one deployment agree on the day.
const LOOSE_S: f64 = 86_400.0;
/// What comes once more this often on one host is its routine (the driver of a printer at each logon).
const ROUTINE_N: usize = 6;

/// How a version came to a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Arrival {
    /// For the first time, as far as the logs show.
    First,
    /// After another, higher or unlike one.
    Back,
    /// Although the host has it, or after a lower one that had replaced it.
    Again,
}

/// The number of an arrival among those of its version on its host, and what it was.
pub(super) type Occurrence = (usize, Arrival);

/// One statement that a host has a version.
struct Step {
    at: Timestamp,
    version: String,
    /// The list that says so; `None` for the host's own log.
    list: Option<SourceId>,
    /// Whether something was deployed rather than set.
    is_deployed: bool,
}

/// Which versions of which component each host had, by time.
pub(super) struct History {
    by_host: BTreeMap<(String, Name), Vec<Step>>,
}

impl History {
    /// Reads the records, which must be sorted by time.
    pub(super) fn of(records: &[ChangeRecord]) -> Self {
        let mut by_host: BTreeMap<(String, Name), Vec<Step>> = BTreeMap::new();
        for record in records {
            let (Some(version), HostScope::Hosts(hosts)) = (&record.version, &record.scope) else { continue };
            if record.kind == ChangeKind::Remove {
                continue;
            }
            let key = Key::new(&record.component, Some(version)).text();
            for host in hosts {
                by_host.entry((key.clone(), host.clone())).or_default().push(Step {
                    at: record.at,
                    version: version_key(version),
                    list: (record.witness == Witness::Stated).then_some(record.provenance.source),
                    is_deployed: record.kind != ChangeKind::Configuration,
                });
            }
        }
        Self { by_host }
    }

    /// Which arrival of its version on the host a record speaks of.
    pub(super) fn occurrence(&self, key: &Key, host: &Name, record: &ChangeRecord) -> Occurrence {
        let none = (0, Arrival::First);
        let Some(version) = record.version.as_deref().map(version_key) else { return none };
        let Some(steps) = self.by_host.get(&(key.text(), host.clone())) else { return none };
        // The list may be early: the host's own log of the same day then says when it came once more.
        let until = |arrival: Arrival| match (record.witness, arrival) {
            (Witness::Stated, Arrival::Again) => record.at.plus_seconds(LOOSE_S),
            _ => record.at,
        };
        let arrivals = arrivals(steps, &version, !key.is_windows_update());
        let last = arrivals.iter().rposition(|(at, arrival)| *at <= until(*arrival));
        last.map_or(none, |number| (number, arrivals[number].1))
    }

    /// The version that the host had before that time, if it was another one.
    pub(super) fn before(&self, key: &Key, host: &Name, version: &str, at: Timestamp) -> Option<&String> {
        let steps = self.by_host.get(&(key.text(), host.clone()))?;
        let own = version_key(version);
        steps.iter().rev().find(|step| step.at < at && step.version != own).map(|step| &step.version)
    }
}

/// When and how that version came to one host, by time.
///
/// A version comes once more if the same witness, the host's own log or one list, says so at another time. That
/// another witness speaks of it is no deployment of its own, within a day of one; and the updates of Windows
/// are offered, tried and reported as often as they like.
fn arrivals(steps: &[Step], version: &str, may_repeat: bool) -> Vec<(Timestamp, Arrival)> {
    let mut arrivals: Vec<(Timestamp, Arrival)> = Vec::new();
    let mut current: Option<&str> = None;
    let mut last_by: BTreeMap<Option<SourceId>, Timestamp> = BTreeMap::new();
    let mut arrived_by: Option<SourceId> = None;
    for step in steps {
        if step.version == version {
            let apart_s = |since: Timestamp| step.at.seconds_since(since);
            let found = if current == Some(version) {
                let is_other_time = last_by.get(&step.list).is_some_and(|last| apart_s(*last) > ONE_INSTALLATION_S);
                let is_told = arrived_by != step.list && arrivals.last().is_some_and(|last| apart_s(last.0) <= LOOSE_S);
                (may_repeat && step.is_deployed && is_other_time && !is_told).then_some(Arrival::Again)
            } else if arrivals.is_empty() {
                Some(Arrival::First)
            } else {
                let is_forward = current.and_then(|current| compare_versions(version, current));
                Some(if is_forward == Some(std::cmp::Ordering::Greater) { Arrival::Again } else { Arrival::Back })
            };
            if let Some(arrival) = found {
                arrivals.push((step.at, arrival));
                arrived_by = step.list;
            }
            if step.is_deployed {
                last_by.insert(step.list, step.at);
            }
        }
        current = Some(&step.version);
    }
    if arrivals.iter().filter(|(_, arrival)| *arrival == Arrival::Again).count() >= ROUTINE_N {
        arrivals.retain(|(_, arrival)| *arrival != Arrival::Again);
    }
    arrivals
}
