//! How far the clocks of hosts and applications are apart, and when they were set.
//!
//! The same connection stands in the log of its host and in that of an application, a gateway, a broker, a domain
//! controller or a client. Nothing is moved by what is found: it is reported, and it widens and centres the joins
//! between logs of different clocks. Only differences can be seen; which clock is right no log tells.

mod mode;
mod network;
mod steps;

pub(super) use mode::{Mode, median_interval};
pub(super) use steps::steps;

use std::collections::{BTreeMap, BTreeSet};

use self::mode::{MAX_OFFSET_S, Pair, modes};
use super::application::AppTry;
use super::tables::ClockOffset;
use super::trace::Trace;
use super::who::{Actor, is_host_log};
use crate::model::{Event, Name, SourceId, Timestamp, identity};

/// So many pairs of one person on one host are compared at most; more add nothing but time.
const N_COMPARED_MAX: usize = 1_000_000;

/// Something that stamps records.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Clock {
    /// A host's own, in all of its Windows logs.
    Host(Name),
    /// That of a text log, whose stamps may be in a wrong zone: its dataset, and the host that writes it.
    Log(Name, Option<Name>),
}

impl Clock {
    /// The host whose clock it is, or on which the log is written.
    pub(super) fn host(&self) -> Option<&Name> {
        match self {
            Self::Host(host) => Some(host),
            Self::Log(_, host) => host.as_ref(),
        }
    }

    /// The dataset of a text log.
    pub(super) fn dataset(&self) -> Option<&Name> {
        match self {
            Self::Host(_) => None,
            Self::Log(dataset, _) => Some(dataset),
        }
    }

    /// A name for people.
    pub(super) fn label(&self) -> Name {
        match self {
            Self::Host(host) => host.clone(),
            Self::Log(dataset, None) => dataset.clone(),
            Self::Log(dataset, Some(host)) => Name::from(format!("{dataset} on {host}")),
        }
    }
}

/// One record of another log than the host's that tells of a try on a host.
struct Sighting {
    at: Timestamp,
    session: Option<u32>,
}

/// Whose and where: a user on any host, any user on a host, or both.
type Whom = (Option<Name>, Option<Name>);

/// The traces that a try told elsewhere may belong to.
pub(super) struct Candidates<'a> {
    traces: &'a [Trace],
    by_host: BTreeMap<&'a Name, BTreeMap<&'a Name, Vec<usize>>>,
    by_user: BTreeMap<&'a Name, Vec<usize>>,
    on_host: BTreeMap<&'a Name, Vec<usize>>,
    session_hosts: &'a BTreeSet<Name>,
}

impl<'a> Candidates<'a> {
    pub(super) fn of(traces: &'a [Trace], session_hosts: &'a BTreeSet<Name>) -> Self {
        let mut candidates = Self {
            traces,
            by_host: BTreeMap::new(),
            by_user: BTreeMap::new(),
            on_host: BTreeMap::new(),
            session_hosts,
        };
        for (number, trace) in traces.iter().enumerate() {
            candidates.by_host.entry(&trace.host).or_default().entry(&trace.user).or_default().push(number);
            candidates.by_user.entry(&trace.user).or_default().push(number);
            candidates.on_host.entry(&trace.host).or_default().push(number);
        }
        candidates
    }

    /// Those of its user on its host; on any host if it names none, or one that nobody has sessions on.
    pub(super) fn of_try(&self, user: Option<&Name>, host: Option<&Name>) -> &[usize] {
        let host = host.and_then(|host| self.session_hosts.get(host));
        let found = match (user, host) {
            (Some(user), Some(host)) => self.by_host.get(host).and_then(|users| users.get(user)),
            (Some(user), None) => self.by_user.get(user),
            (None, Some(host)) => self.on_host.get(host),
            (None, None) => None,
        };
        found.map_or(&[], Vec::as_slice)
    }

    /// Of these the ones that begin within a day.
    fn within_a_day<'c>(&self, all: &'c [usize], at: Timestamp) -> &'c [usize] {
        let first = |number: &usize| self.traces[*number].first;
        let (from, to) = (at.plus_seconds(-MAX_OFFSET_S), at.plus_seconds(MAX_OFFSET_S));
        &all[all.partition_point(|number| first(number) < from)..all.partition_point(|number| first(number) <= to)]
    }
}

/// The differences between the clocks of other logs and those of hosts.
#[derive(Debug, Default)]
pub(super) struct Clocks {
    edges: BTreeMap<(Clock, Name), Vec<Mode>>,
    /// Datasets of text logs that are written on the host that they name.
    writers: BTreeSet<Name>,
    /// One row a clock and time, against one clock of each group.
    rows: Vec<ClockOffset>,
    /// How far each host's clock is ahead of the median clock of its group, by time.
    ahead: BTreeMap<Name, Vec<(Timestamp, f64)>>,
}

impl Clocks {
    /// Compares every try that another log tells of with every trace that it may belong to within a day.
    ///
    /// Where session numbers are known and their pairs suffice, only pairs that share one are compared.
    pub(super) fn learn(events: &[Event], actors: &[Actor], tries: &[AppTry], candidates: &Candidates<'_>) -> Self {
        let writers = writers(events);
        let sightings = sightings(events, actors, tries, &writers);
        let mut pairs: BTreeMap<(Clock, Name), [Vec<Pair>; 2]> = BTreeMap::new();
        let mut number = 0;
        for ((clock, (user, host)), sightings) in sightings {
            let all = candidates.of_try(user.as_ref(), host.as_ref());
            let step = sightings.len().saturating_mul(all.len()) / N_COMPARED_MAX + 1;
            for sighting in sightings.iter().step_by(step) {
                number += 1;
                for other in candidates.within_a_day(all, sighting.at) {
                    let trace = &candidates.traces[*other];
                    if clock == Clock::Host(trace.host.clone()) {
                        continue;
                    }
                    let pair = Pair { one: (number, sighting.at), other: (*other, trace.first) };
                    let [by_session, all] = pairs.entry((clock.clone(), trace.host.clone())).or_default();
                    if sighting.session.is_some_and(|session| trace.sessions.contains(&session)) {
                        by_session.push(pair);
                    }
                    all.push(pair);
                }
            }
        }
        let found = |[by_session, all]: &[Vec<Pair>; 2]| {
            let sure = modes(by_session);
            if sure.is_empty() { modes(all) } else { sure }
        };
        let edges: BTreeMap<(Clock, Name), Vec<Mode>> =
            pairs.iter().map(|(key, both)| (key.clone(), found(both))).collect();
        let rows = network::rows(&edges);
        let ahead = network::ahead_of_median(&rows);
        Self { edges, writers, rows, ahead }
    }

    /// The clock by which an application's try is stamped.
    pub(super) fn of_try(&self, attempt: &AppTry, events: &[Event]) -> Clock {
        clock_of(attempt, events, &self.writers)
    }

    /// How far that clock is ahead of the host's, by the time of that clock.
    pub(super) fn offset(&self, clock: &Clock, host: &Name, at: Timestamp) -> Option<&Mode> {
        let modes = self.edges.get(&(clock.clone(), host.clone()))?;
        let begun = |mode: &&Mode| mode.span.0.plus_seconds(mode.ahead_s - mode::REACH_S) <= at;
        modes.iter().rev().find(begun).or(modes.first())
    }

    /// A host's time by the median clock of its group, so that times of several hosts compare.
    pub(super) fn aligned(&self, host: &Name, at: Timestamp) -> Timestamp {
        let Some(ahead) = self.ahead.get(host) else { return at };
        let begun = ahead.iter().rev().find(|(from, _)| *from <= at).or(ahead.first());
        begun.map_or(at, |(_, ahead_s)| at.plus_seconds(-ahead_s))
    }

    /// What is known, for the tables.
    pub(super) fn rows(&self) -> &[ClockOffset] {
        &self.rows
    }

    /// The differences of each pair of clocks, by time.
    pub(super) fn edges(&self) -> &BTreeMap<(Clock, Name), Vec<Mode>> {
        &self.edges
    }
}

/// The datasets whose files each speak of one host: those are written there. Where a file speaks of several, the hosts
/// are those that people tried, and which machine wrote it is not known.
fn writers(events: &[Event]) -> BTreeSet<Name> {
    let mut hosts: BTreeMap<(SourceId, &Name), &Name> = BTreeMap::new();
    let mut beside: BTreeSet<&Name> = BTreeSet::new();
    for event in events.iter().filter(|event| !is_host_log(event)) {
        let Some(host) = &event.host else { continue };
        if *hosts.entry((event.provenance.source, &event.dataset)).or_insert(host) != host {
            beside.insert(&event.dataset);
        }
    }
    hosts.keys().map(|(_, dataset)| *dataset).filter(|dataset| !beside.contains(dataset)).cloned().collect()
}

fn clock_of(attempt: &AppTry, events: &[Event], writers: &BTreeSet<Name>) -> Clock {
    let host = attempt.members.first().and_then(|index| events[*index].host.clone());
    Clock::Log(attempt.dataset.clone(), host.filter(|_| writers.contains(&attempt.dataset)))
}

/// What other logs than the hosts' own tell of tries, by clock and by whom they tell.
fn sightings(
    events: &[Event],
    actors: &[Actor],
    tries: &[AppTry],
    writers: &BTreeSet<Name>,
) -> BTreeMap<(Clock, Whom), Vec<Sighting>> {
    let mut all: BTreeMap<(Clock, Whom), Vec<Sighting>> = BTreeMap::new();
    for attempt in tries {
        let key = (clock_of(attempt, events, writers), (Some(attempt.user.clone()), attempt.host.clone()));
        all.entry(key).or_default().push(Sighting { at: attempt.start, session: attempt.session });
    }
    for (event, actor) in events.iter().zip(actors) {
        let Some(by) = event.host.clone() else { continue };
        if let Some(whom) = told_by_windows(event, actor) {
            all.entry((Clock::Host(by), whom)).or_default().push(Sighting { at: event.at, session: None });
        }
    }
    all
}

/// Of whom an event of a gateway, broker, domain controller or client tells.
fn told_by_windows(event: &Event, actor: &Actor) -> Option<Whom> {
    let provider = event.provider.as_deref()?.strip_prefix("Microsoft-Windows-")?;
    let target = |names: &[&str]| {
        let named = event.data.iter().find(|(key, _)| names.contains(&&**key));
        named.map(|(_, host)| Name::from(identity::canonical_host(host)))
    };
    match (provider, event.code?) {
        ("TerminalServices-Gateway", 302) => Some((Some(actor.user.clone()?), Some(target(&["Resource"])?))),
        ("TerminalServices-SessionBroker", 800 | 801) | ("Security-Auditing", 4768 | 4769 | 4771 | 4776) => {
            Some((Some(actor.user.clone()?), None))
        }
        ("TerminalServices-ClientActiveXCore", 1024 | 1102) => Some((None, Some(target(&["server"])?))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::{Scene, at};
    use super::super::tables::Tables;
    use super::*;
    use crate::model::{Action, Trust};

    const HOUR: f64 = 3_600.0;

    /// Thirty tries on each host, told by a second log whose clock is ahead of the host's by so many seconds.
    fn told(hosts: &[(&str, f64)], tell: impl Fn(&mut Scene, &str, &str, f64)) -> Tables {
        let mut scene = Scene::new();
        for number in 0..30_u32 {
            for (place, (host, ahead_s)) in hosts.iter().enumerate() {
                let user = format!("user{:03}{host}", number % 12);
                let second = f64::from(number * number % 97) * HOUR + f64::from(number) * 613.0 + 77.0 * place as f64;
                scene.workday(host, &user, 10 + number, second);
                tell(&mut scene, host, &user, second + ahead_s + f64::from(number % 3));
            }
        }
        scene.tables()
    }

    fn offsets(tables: &Tables) -> Vec<(String, String, f64, bool)> {
        let row = |row: &ClockOffset| {
            let name = row.source.clone().or(row.host.clone()).unwrap_or_else(|| "?".into());
            (name.to_string(), row.against.to_string(), row.offset.0.round(), row.offset.1 < row.offset.2)
        };
        tables.clocks.iter().map(row).collect()
    }

    #[test]
    fn hosts_are_compared_through_an_application() {
        let tables = told(&[("RDS01", 300.0), ("RDS02", -3_900.0), ("RDS03", 0.0)], |scene, host, user, second| {
            scene.application(host, user, second, Action::Attempt);
        });
        let app = || "log4net on APP01".to_owned();
        let expected = [("RDS01", -301.0), ("RDS02", 3_899.0), ("RDS03", -1.0)];
        let expected: Vec<_> = expected.iter().map(|(host, s)| (host.to_string(), app(), *s, true)).collect();
        assert_eq!(offsets(&tables), expected);
        assert_eq!((tables.clocks[1].n_pairs, tables.clocks[1].trust), (30, Trust::Derived));
        assert_eq!(tables.attempts.len(), 90, "each try counts once, whatever the clocks say");
    }

    #[test]
    fn a_log_that_names_the_hosts_that_people_tried_has_one_clock() {
        let tables = told(&[("RDS01", 300.0), ("RDS02", 0.0)], |scene, host, user, second| {
            scene.application(host, user, second, Action::Attempt).host = Some(host.into());
        });
        let expected = [("RDS01", -301.0), ("RDS02", -1.0)];
        let expected: Vec<_> =
            expected.iter().map(|(host, s)| (host.to_string(), "log4net".to_owned(), *s, true)).collect();
        assert_eq!(offsets(&tables), expected);
    }

    #[test]
    fn a_gateway_and_a_domain_controller_and_a_client_tell_as_well() {
        let of = |provider: &'static str, code: u32, with_user: bool, key: &'static str| {
            told(&[("RDS01", 90.0), ("RDS02", 0.0)], move |scene, host, user, second| {
                let event = scene.event("OTHER", second, Action::Other);
                (event.provider, event.code) = (Some(provider.into()), Some(code));
                event.user = with_user.then(|| user.into());
                event.data = vec![(key.into(), format!("{host}.corp.example").to_lowercase().into())];
            })
        };
        for tables in [
            of("Microsoft-Windows-TerminalServices-Gateway", 302, true, "Resource"),
            of("Microsoft-Windows-Security-Auditing", 4768, true, "x"),
            of("Microsoft-Windows-TerminalServices-ClientActiveXCore", 1024, false, "server"),
        ] {
            let found: Vec<f64> = offsets(&tables).into_iter().map(|(.., seconds, _)| seconds).collect();
            assert_eq!(found, [-91.0, -1.0]);
        }
    }

    #[test]
    fn without_common_events_no_clock_is_compared() {
        let tables = told(&[("RDS01", 0.0), ("RDS02", 0.0)], |scene, host, _, second| {
            scene.application(host, "stranger", second, Action::Attempt);
        });
        assert!(tables.clocks.is_empty(), "{:?}", tables.clocks);
    }

    #[test]
    fn a_retry_on_another_host_is_one_demand_though_the_clocks_differ() {
        let mut tables = Vec::new();
        for skew in [0.0, 2.0 * HOUR] {
            let mut scene = Scene::new();
            for number in 0..30_u32 {
                for (host, skew) in [("RDS01", 0.0), ("RDS02", skew), ("RDS03", 0.0)] {
                    let user = format!("user{number:03}{host}");
                    let second = f64::from(number) * 5_000.0;
                    scene.workday(host, &user, 10 + number, second + skew);
                    scene.application(host, &user, second + 1.0, Action::Attempt);
                }
            }
            scene.failure("RDS02", "anna", 20.0 * HOUR + skew, "x", "FSLogix", crate::model::Fault::Infrastructure);
            scene.workday("RDS01", "anna", 500, 20.0 * HOUR + 60.0);
            tables.push(scene.tables());
        }
        for tables in tables {
            let demands: BTreeSet<u32> = tables
                .attempts
                .iter()
                .filter(|attempt| &*attempt.user == "anna")
                .map(|attempt| attempt.demand)
                .collect();
            assert_eq!(demands.len(), 1);
            let retries: Vec<&str> =
                tables.attempts.iter().filter(|attempt| attempt.is_retry).map(|attempt| &*attempt.host).collect();
            assert_eq!(retries, ["RDS01"]);
            assert!(tables.attempts.iter().any(|attempt| attempt.at >= at(20.0 * HOUR)), "nothing is moved");
        }
    }
}
