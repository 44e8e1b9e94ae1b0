//! From when each host was exposed to each change.

use super::place_of;
use crate::frame::Tables;
use crate::frame::tables::EndKind;
use crate::model::{ChangeKind, Name, Provenance, Timestamp, Trust};

/// One change, host by host.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "five things that a source knows of a change, each on its own")]
pub struct Exposure {
    /// `chg-1`, ...
    pub id: String,
    /// The component.
    pub component: Name,
    /// The version.
    pub version: Option<Name>,
    /// What was done.
    pub kind: ChangeKind,
    /// By host index: when it came into force, seconds since the beginning of the window (negative if
    /// before); infinite on a host that never got it.
    pub at_s: Vec<f64>,
    /// By host index: how that time is known.
    pub trust: Vec<Trust>,
    /// Whether one stated time stands for several hosts: it may be the start of the rollout only.
    pub is_one_time: bool,
    /// Whether the list of hosts is known.
    pub hosts_known: bool,
    /// Whether a list names one host of several, and no host's own log tells of it: the list may know the start of the
    /// rollout only.
    pub may_be_start_only: bool,
    /// Whether only a list says so, and no host's own log.
    pub only_stated: bool,
    /// Whether it recurs as a routine.
    pub is_routine: bool,
    /// Where it is stated.
    pub stated_by: Vec<Provenance>,
}

impl Exposure {
    /// When the first host got it; infinite if none did.
    pub fn first_s(&self) -> f64 {
        self.at_s.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// When the last host that got it did; minus infinity if none did.
    pub fn last_s(&self) -> f64 {
        self.at_s.iter().copied().filter(|at| at.is_finite()).fold(f64::NEG_INFINITY, f64::max)
    }

    /// Whether a component that a failure names is this change's, by one name within the other.
    pub fn is_of(&self, component: &Name) -> bool {
        let (own, named) = (self.component.to_lowercase(), component.to_lowercase());
        !named.is_empty() && (own.contains(&named) || named.contains(&own))
    }

    /// Whether a host has it at a moment.
    pub fn is_on(&self, host: usize, at_s: f64) -> bool {
        self.at_s.get(host).is_some_and(|from| *from <= at_s)
    }

    /// Hosts that got it at some time.
    pub fn n_hosts(&self) -> usize {
        self.at_s.iter().filter(|at| at.is_finite()).count()
    }
}

/// Reads the changes of the tables, in their order.
pub fn exposures(tables: &Tables, hosts: &[Name], start: Timestamp) -> Vec<Exposure> {
    tables
        .changes
        .iter()
        .map(|change| {
            let mut at_s = vec![f64::INFINITY; hosts.len()];
            let mut trust = vec![Trust::Stated; hosts.len()];
            for one in &change.hosts {
                if let Some(host) = place_of(hosts, &one.host) {
                    at_s[host] = at_s[host].min(one.in_force_at.seconds_since(start));
                    trust[host] = one.trust;
                }
            }
            let reached: Vec<f64> = at_s.iter().copied().filter(|at| at.is_finite()).collect();
            let is_one_time =
                change.only_stated && reached.len() > 1 && reached.iter().all(|at| (at - reached[0]).abs() < 60.0);
            Exposure {
                id: change.id.clone(),
                component: change.component.clone(),
                version: change.version.clone(),
                kind: change.kind,
                at_s,
                trust,
                is_one_time,
                hosts_known: change.hosts_known,
                may_be_start_only: change.only_stated && change.hosts_known && reached.len() == 1 && hosts.len() > 1,
                only_stated: change.only_stated,
                is_routine: change.is_routine,
                stated_by: change.stated_by.clone(),
            }
        })
        .collect()
}

/// When each host restarted: by its changes and by sessions that a restart ended; in order, without doubles.
pub fn restarts(tables: &Tables, changes: &[Exposure], hosts: &[Name], start: Timestamp) -> Vec<Vec<f64>> {
    let mut restarts = vec![Vec::new(); hosts.len()];
    for change in changes.iter().filter(|change| change.kind == ChangeKind::Restart) {
        for (host, at) in change.at_s.iter().enumerate().filter(|(_, at)| at.is_finite()) {
            restarts[host].push(*at);
        }
    }
    for session in tables.sessions.iter().filter(|session| session.end_kind == EndKind::Reboot) {
        if let (Some(host), Some(at)) = (place_of(hosts, &session.host), session.ended_at) {
            restarts[host].push(at.seconds_since(start));
        }
    }
    for host in &mut restarts {
        host.sort_by(f64::total_cmp);
        host.dedup_by(|later, earlier| *later - *earlier < 600.0);
    }
    restarts
}
