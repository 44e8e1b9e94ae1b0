//! When a change came into force on a host: with the restart of the host, or of the service that runs it.

use std::collections::BTreeMap;

use super::component::Key;
use super::coverage::{Shows, Sight};
use super::{Change, HostChange};
use crate::model::{Action, ChangeKind, Event, Name, TimeRange, Timestamp};

/// An installer stops its service before it begins and starts it before it reports: starts within this many
/// seconds of its record belong to it. The same bound holds its other parts together.
const SAME_INSTALLATION_S: f64 = 900.0;
/// Words of the Service Control Manager for a service that runs, in English, German, French, Italian, Spanish,
/// Portuguese and Dutch Windows.
const RUNNING: [&str; 8] = [
    "running",
    "ausgef\u{fc}hrt",
    "ex\u{e9}cution",
    "esecuzione",
    "ejecuci\u{f3}n",
    "execu\u{e7}\u{e3}o",
    "actief",
    "uitgevoerd",
];

/// When each service of each host started, by time.
pub(super) struct Starts {
    by_service: BTreeMap<Name, (Key, BTreeMap<Name, Vec<Timestamp>>)>,
}

impl Starts {
    /// Reads the starts out of the events, which must be sorted by time.
    pub(super) fn of(events: &[Event]) -> Self {
        let mut by_service: BTreeMap<Name, (Key, BTreeMap<Name, Vec<Timestamp>>)> = BTreeMap::new();
        for event in events.iter().filter(|event| event.action == Action::ServiceState) {
            let value = |name: &str| event.data.iter().find(|(own, _)| &**own == name).map(|(_, value)| value);
            let (Some(host), Some(service), Some(state)) = (&event.host, value("service"), value("state")) else {
                continue;
            };
            let state = state.to_lowercase();
            if RUNNING.iter().any(|word| state.contains(word)) {
                let entry = by_service.entry(service.clone());
                let (_, hosts) = entry.or_insert_with(|| (Key::new(service, None), BTreeMap::new()));
                hosts.entry(host.clone()).or_default().push(event.at);
            }
        }
        Self { by_service }
    }

    /// The starts of the services that run the change's component: those that its installation registered, and
    /// those that are named after it.
    fn of_change<'a>(&'a self, change: &'a Change) -> Vec<&'a BTreeMap<Name, Vec<Timestamp>>> {
        let key = Key::new(&change.component, change.version.as_deref());
        let runs = |name: &Name, own: &Key| change.services.contains(name) || own.runs(&key);
        self.by_service.iter().filter(|(name, (own, _))| runs(name, own)).map(|(_, (_, hosts))| hosts).collect()
    }
}

/// What the times are read from.
pub(super) struct Restarts<'a> {
    /// When each host restarted, by time.
    pub hosts: &'a BTreeMap<Name, Vec<Timestamp>>,
    /// When its services started.
    pub starts: &'a Starts,
    /// What which log could show when.
    pub sight: &'a Sight,
    /// The window of the connection logs.
    pub window: Option<TimeRange>,
}

impl Restarts<'_> {
    /// When a host that needs a restart for it had one.
    pub(super) fn of_host(&self, host: &HostChange) -> Timestamp {
        let times = self.hosts.get(&host.host).map_or(&[][..], Vec::as_slice);
        let next = times.get(times.partition_point(|restart| *restart < host.at));
        match (next, self.window) {
            (Some(next), _) => *next,
            // No restart within the log: it is not in force before the end.
            (None, Some(window)) if self.sight.knows(&host.host, Shows::Boot) => window.end.max(host.at),
            (None, _) => host.at,
        }
    }

    /// Moves the time in force of a deployed version to the next start of its services, on hosts that show one.
    ///
    /// A start right before the installer's record was the installer's own; where none is seen near, the old
    /// process ran on until the next one. What waits for the restart of its host, or is known by a list alone,
    /// whose time says when somebody was done, is left as it is.
    pub(super) fn of_services(&self, change: &mut Change) {
        let is_deployed = matches!(
            change.kind,
            ChangeKind::Install | ChangeKind::Update | ChangeKind::Rollback | ChangeKind::Redeploy
        );
        if !is_deployed || change.version.is_none() || change.only_stated {
            return;
        }
        let services = self.starts.of_change(change);
        let starts: Vec<Option<Timestamp>> =
            change.hosts.iter().map(|host| services.iter().filter_map(|own| next_start(own, host)).max()).collect();
        for (host, start) in change.hosts.iter_mut().zip(starts) {
            if host.in_force_at == host.at {
                host.in_force_at = start.unwrap_or(host.at);
            }
        }
    }
}

/// When the service runs what the host got; `None` if it was not seen to start.
fn next_start(service: &BTreeMap<Name, Vec<Timestamp>>, host: &HostChange) -> Option<Timestamp> {
    let times = service.get(&host.host)?;
    let near = times.partition_point(|start| *start < host.at.plus_seconds(-SAME_INSTALLATION_S));
    let last_near = times[near..].iter().take_while(|start| start.seconds_since(host.at) <= SAME_INSTALLATION_S).last();
    let start = last_near.or_else(|| times.get(near))?;
    Some((*start).max(host.at))
}
