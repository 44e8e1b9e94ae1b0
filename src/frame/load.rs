//! How busy each host was, hour by hour, and all together: people, tries and open sessions, with counters beside them.

use std::collections::{BTreeMap, BTreeSet};

use super::coverage::{Shows, Sight};
use super::{Attempt, HostHour, Session, SessionLengths};
use crate::model::time::TICKS_PER_HOUR;
use crate::model::{LoadMetric, LoadSample, Name, TimeRange, Timestamp};

/// Longest window that gets a row an hour; beyond it a stray stamp, not a log, sets the edge (ten years).
const MAX_HOURS: i64 = 10 * 366 * 24;
/// So many hours after the begin of a log hardly a session is open that it does not know: a long working day.
const SETTLING_HOURS: i64 = 14;

/// The hours of each host, and of all together.
pub(super) type Hours = (BTreeMap<(Name, i64), HostHour>, BTreeMap<i64, HostHour>);

/// Computes load by host and hour since 1970, and of all hosts together: a row for every hour that the host's
/// connection logs cover, zeros included, and none for an hour that nothing covers.
pub(super) fn load(
    hosts: &[Name],
    window: Option<TimeRange>,
    attempts: &[Attempt],
    sessions: &[Session],
    samples: &[LoadSample],
    sight: &Sight,
) -> Hours {
    let mut load: BTreeMap<(Name, i64), HostHour> = BTreeMap::new();
    let Some(window) = window else { return Hours::default() };
    let (first, last) = (window.start.hour(), window.end.hour().min(window.start.hour() + MAX_HOURS));
    for host in hosts {
        let mut n_covered = 0;
        for hour in first..=last {
            let middle = Timestamp(hour * TICKS_PER_HOUR + TICKS_PER_HOUR / 2);
            n_covered = if sight.covers(host, Shows::Connection, middle) { n_covered + 1 } else { 0 };
            if n_covered > 0 {
                load.entry((host.clone(), hour)).or_default().is_settled = n_covered > SETTLING_HOURS;
            }
        }
    }
    count_attempts(attempts, &mut load);
    let lengths = SessionLengths::of(sessions);
    let mut by_host: BTreeMap<&Name, Vec<TimeRange>> = BTreeMap::new();
    for session in sessions {
        by_host.entry(&session.host).or_default().push(lengths.span(session, window));
    }
    for (host, open) in &by_host {
        for (hour, (most, mean)) in open_by_hour(open.iter(), window) {
            let middle = Timestamp(hour * TICKS_PER_HOUR + TICKS_PER_HOUR / 2);
            let key = ((*host).clone(), hour);
            if load.contains_key(&key) || sight.covers(host, Shows::Desktop, middle) {
                let row = load.entry(key).or_default();
                (row.sessions_open, row.sessions_mean) = (f64::from(most), mean);
            }
        }
    }
    count_counters(samples, &mut load);
    for row in load.values_mut() {
        row.n_hosts = 1;
    }
    let fleet = together(&load, attempts, by_host.values().flatten(), samples, window);
    (load, fleet)
}

fn count_attempts(attempts: &[Attempt], load: &mut BTreeMap<(Name, i64), HostHour>) {
    let mut users: BTreeMap<(Name, i64), BTreeSet<Name>> = BTreeMap::new();
    for attempt in attempts {
        let key = (attempt.host.clone(), attempt.at.hour());
        let hour = load.entry(key.clone()).or_default();
        hour.n_attempts += 1;
        hour.n_failures += u32::from(attempt.is_service_failure());
        hour.n_demands += u32::from(!attempt.is_retry);
        users.entry(key).or_default().insert(attempt.user.clone());
    }
    for (key, users) in users {
        load.entry(key).or_default().n_users = users.len() as u32;
    }
}

/// Walks begins and ends and returns, for each hour with a session, the most that were open at once and their mean.
fn open_by_hour<'s>(open: impl Iterator<Item = &'s TimeRange>, window: TimeRange) -> BTreeMap<i64, (i32, f64)> {
    let (first, last) = (window.start.hour(), window.end.hour().min(window.start.hour() + MAX_HOURS));
    let mut steps: Vec<(Timestamp, i32)> = Vec::new();
    for open in open {
        steps.extend([(open.start, 1), (open.end, -1)]);
    }
    steps.sort_unstable(); // at one instant ends come before begins
    let mut hours = BTreeMap::new();
    let (mut open, mut next) = (0_i32, 0);
    for hour in first..=last {
        let start = Timestamp(hour.saturating_mul(TICKS_PER_HOUR));
        let end = Timestamp((hour + 1).saturating_mul(TICKS_PER_HOUR));
        let (mut most, mut sum, mut since) = (open, 0.0, start);
        while let Some((at, step)) = steps.get(next).filter(|(at, _)| *at < end) {
            let at = (*at).max(since);
            sum += f64::from(open) * at.seconds_since(since);
            (open, since) = ((open + step).max(0), at);
            most = most.max(open);
            next += 1;
        }
        sum += f64::from(open) * end.seconds_since(since);
        if most > 0 {
            hours.insert(hour, (most, sum / 3_600.0));
        }
    }
    hours
}

/// What was read in one hour: sum and number of readings, or the highest.
#[derive(Clone, Copy, Default)]
struct Readings {
    total: (f64, u32),
    active: (f64, u32),
    inactive: (f64, u32),
    processor: (f64, u32),
    requests: Option<f64>,
}

impl Readings {
    fn add(&mut self, sample: &LoadSample) {
        let sum = match sample.metric {
            LoadMetric::TotalSessions => &mut self.total,
            LoadMetric::ActiveSessions => &mut self.active,
            LoadMetric::InactiveSessions => &mut self.inactive,
            LoadMetric::ProcessorTime => &mut self.processor,
            LoadMetric::Other if is_of_requests(&sample.counter) => {
                self.requests = Some(self.requests.map_or(sample.value, |most| most.max(sample.value)));
                return;
            }
            _ => return,
        };
        *sum = (sum.0 + sample.value, sum.1 + 1);
    }

    /// Sessions: all of them where that is counted, else active and inactive.
    fn sessions(&self) -> Option<f64> {
        mean(self.total).or_else(|| mean(self.active).map(|active| active + mean(self.inactive).unwrap_or(0.0)))
    }
}

fn mean((sum, n): (f64, u32)) -> Option<f64> {
    (n > 0).then(|| sum / f64::from(n))
}

/// The highest number of sessions on a host that counters state after `end`, in the mean of an hour, or at any time where none
/// is later. A counter of all hosts together is shared out evenly among `n_hosts`. `None` without a reading of sessions.
pub fn expected_load(samples: &[LoadSample], end: Option<Timestamp>, n_hosts: usize) -> Option<f64> {
    let hours = readings(samples);
    let peak = |is_wanted: &dyn Fn(i64) -> bool| {
        hours
            .iter()
            .filter(|((_, hour), _)| is_wanted(*hour))
            .filter_map(|((host, _), hour)| {
                let sharers = if host.is_none() { n_hosts.max(1) } else { 1 };
                Some(hour.sessions()? / sharers as f64)
            })
            .max_by(f64::total_cmp)
    };
    end.and_then(|end| peak(&|hour| hour > end.hour())).or_else(|| peak(&|_| true))
}

/// Whether a counter tells how many connections or requests a server has open, and not only a part of them.
fn is_of_requests(counter: &str) -> bool {
    let name = counter.to_lowercase();
    let is_part = name.contains("connections of ") || name.contains("requests of ");
    ["connections", "requests"].iter().any(|word| name.contains(word)) && !is_part
}

fn readings(samples: &[LoadSample]) -> BTreeMap<(Option<Name>, i64), Readings> {
    let mut all: BTreeMap<(Option<Name>, i64), Readings> = BTreeMap::new();
    for sample in samples.iter().filter(|sample| sample.value.is_finite() && sample.value >= 0.0) {
        all.entry((sample.host.clone(), sample.at.hour())).or_default().add(sample);
    }
    all
}

fn count_counters(samples: &[LoadSample], load: &mut BTreeMap<(Name, i64), HostHour>) {
    for ((host, hour), readings) in readings(samples) {
        if let Some(row) = host.and_then(|host| load.get_mut(&(host, hour))) {
            row.sessions_counted = readings.sessions();
            row.processor_percent = mean(readings.processor);
            row.requests_open = readings.requests;
        }
    }
}

/// All hosts together, for the hours that at least one covers. People and sessions are counted anew: one person on two
/// hosts is one, and hosts are not fullest at the same moment. Counters add up only where every host has them.
fn together<'s>(
    load: &BTreeMap<(Name, i64), HostHour>,
    attempts: &[Attempt],
    open: impl Iterator<Item = &'s TimeRange>,
    samples: &[LoadSample],
    window: TimeRange,
) -> BTreeMap<i64, HostHour> {
    let mut fleet: BTreeMap<i64, HostHour> = BTreeMap::new();
    let mut counted: BTreeMap<i64, (f64, u32)> = BTreeMap::new();
    for ((_, hour), own) in load {
        let row = fleet.entry(*hour).or_insert(HostHour { is_settled: true, ..HostHour::default() });
        row.n_hosts += 1;
        row.n_attempts += own.n_attempts;
        row.n_failures += own.n_failures;
        row.n_demands += own.n_demands;
        row.is_settled &= own.is_settled;
        if let Some(value) = own.sessions_counted {
            let sum = counted.entry(*hour).or_default();
            *sum = (sum.0 + value, sum.1 + 1);
        }
    }
    let mut users: BTreeMap<i64, BTreeSet<&Name>> = BTreeMap::new();
    for attempt in attempts {
        users.entry(attempt.at.hour()).or_default().insert(&attempt.user);
    }
    let open = open_by_hour(open, window);
    let readings = readings(samples);
    // Servers beside the hosts count the requests of all.
    let mut requests: BTreeMap<i64, f64> = BTreeMap::new();
    for ((_, hour), own) in &readings {
        if let Some(value) = own.requests {
            let most = requests.entry(*hour).or_insert(value);
            *most = most.max(value);
        }
    }
    for (hour, row) in &mut fleet {
        row.n_users = users.get(hour).map_or(0, |users| users.len() as u32);
        let (most, mean) = open.get(hour).copied().unwrap_or_default();
        (row.sessions_open, row.sessions_mean) = (f64::from(most), mean);
        let all = counted.get(hour).filter(|(_, n)| *n == row.n_hosts).map(|(sum, _)| *sum);
        row.sessions_counted = readings.get(&(None, *hour)).and_then(Readings::sessions).or(all);
        row.requests_open = requests.get(hour).copied();
    }
    fleet
}

#[cfg(test)]
mod tests {
    use super::super::scene::{Scene, at};
    use super::super::{Options, Tables, tables};
    use super::*;
    use crate::model::{Fault, Position, Provenance, SourceId, Trust};

    const HOUR: f64 = 3_600.0;

    fn row(tables: &Tables, hour: i64) -> &HostHour {
        &tables.fleet_load[&(at(0.0).hour() + hour)]
    }

    #[test]
    fn together_a_person_counts_once_and_sessions_count_at_one_moment() {
        let mut scene = Scene::new();
        scene.workday("RDS01", "early", 1, -3.0 * HOUR);
        scene.workday("RDS02", "early", 1, -3.0 * HOUR);
        for (host, session, second) in [("RDS01", 2, 60.0), ("RDS02", 3, 1_260.0)] {
            scene.authenticated(host, "anna", second - 1.0);
            scene.begin(host, "anna", session, second);
            scene.shell(host, "anna", session, second + 1.0);
            scene.end(host, "anna", session, second + 600.0);
        }
        scene.failure("RDS02", "berta", 1_300.0, "x", "FSLogix", Fault::Infrastructure);
        scene.workday("RDS02", "berta", 4, 1_994.0);
        scene.workday("RDS01", "late", 5, 5.0 * HOUR);
        scene.workday("RDS02", "late", 5, 5.0 * HOUR);
        let tables = scene.tables();
        let row = row(&tables, 0);
        assert_eq!((row.n_users, row.n_hosts, row.sessions_open), (2, 2, 1.0), "{row:?}");
        assert_eq!((row.n_demands, row.n_attempts), (3, 4), "{:#?}", tables.attempts);
        assert!((row.sessions_mean * HOUR - (600.0 + 600.0 + 1_600.0)).abs() < 1.0, "{row:?}");
    }

    #[test]
    fn the_load_expected_is_the_peak_beyond_the_logs_on_a_host() {
        let reading = |host: Option<&str>, hour: i64, value: f64| LoadSample {
            at: Timestamp::from_unix_seconds(hour * 3600),
            time_trust: Trust::Stated,
            host: host.map(Name::from),
            metric: LoadMetric::TotalSessions,
            counter: Name::from("sessions"),
            value,
            provenance: Provenance { source: SourceId(0), position: Position::Record(1) },
        };
        let end = Some(Timestamp::from_unix_seconds(10 * 3600));
        let past = [reading(Some("RDS01"), 3, 50.0), reading(Some("RDS01"), 4, 20.0)];
        assert_eq!(expected_load(&past, end, 2), Some(50.0));
        let later = [past.as_slice(), &[reading(Some("RDS01"), 20, 30.0), reading(None, 20, 70.0)]].concat();
        assert_eq!(expected_load(&later, end, 2), Some(35.0), "70 on two hosts");
        assert_eq!(expected_load(&[], end, 2), None);
    }

    #[test]
    fn a_begin_that_is_lost_counts_no_longer_than_a_day_and_the_first_hours_are_not_settled() {
        let mut scene = Scene::new();
        for day in 0..10 {
            scene.workday("RDS01", "anna", 5, f64::from(day) * 24.0 * HOUR);
        }
        scene.end("RDS01", "berta", 9, 8.0 * 24.0 * HOUR + 1.0);
        let tables = scene.tables();
        assert_eq!([0, 100, 8 * 24 - 1].map(|hour| row(&tables, hour).sessions_open), [1.0, 0.0, 1.0]);
        assert_eq!([0, 13, 14].map(|hour| row(&tables, hour).is_settled), [false, false, true]);
    }

    /// Two hosts with counters and an application beside them, the events and readings in this order and spread over two
    /// files, of which the first comes first or last.
    fn in_order(order: &[usize], is_turned: bool) -> Tables {
        let mut scene = Scene::new();
        for number in 0..20_u32 {
            for (host, skew) in [("RDS01", 0.0), ("RDS02", 500.0)] {
                let user = format!("user{:03}{host}", number % 7);
                scene.workday(host, &user, 10 + number, f64::from(number) * 4_000.0 + skew);
                scene.application(host, &user, f64::from(number) * 4_000.0 + 1.0, crate::model::Action::Attempt);
            }
        }
        let mut normalized = scene.normalized();
        let provenance: Provenance = normalized.events[0].provenance;
        let reading = |number: u32| LoadSample {
            at: at(f64::from(number) * 1_800.0),
            time_trust: Trust::Stated,
            host: Some(["RDS01", "RDS02"][number as usize % 2].into()),
            metric: LoadMetric::TotalSessions,
            counter: "Total Sessions".into(),
            value: f64::from(number % 5),
            provenance,
        };
        normalized.load = (0..40).map(reading).collect();
        for (number, event) in normalized.events.iter_mut().enumerate() {
            event.provenance.source = SourceId(u32::from(number.is_multiple_of(3) != is_turned));
        }
        normalized.sources.push(normalized.sources[0].clone());
        normalized.sources[1].id = SourceId(1);
        let mut place = order.iter().cycle();
        normalized.events.sort_by_cached_key(|_| place.next().copied());
        normalized.load.sort_by_cached_key(|_| place.next().copied());
        tables(normalized, &Options::default()).tables
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
        #[test]
        fn load_and_clocks_do_not_depend_on_the_order_of_files_and_records(
            order in proptest::collection::vec(0_usize..1_000, 1..200),
            is_turned in proptest::prelude::any::<bool>(),
        ) {
            let (one, other) = (in_order(&[0], false), in_order(&order, is_turned));
            proptest::prop_assert_eq!(&one.load, &other.load);
            proptest::prop_assert_eq!(&one.fleet_load, &other.fleet_load);
            proptest::prop_assert_eq!(&one.load_checks, &other.load_checks);
            proptest::prop_assert_eq!(one.clocks.len(), 2);
            proptest::prop_assert_eq!(&one.clocks, &other.clocks);
        }
    }

    #[test]
    fn counters_of_all_hosts_add_up_and_those_of_some_do_not() {
        let of = |hosts: &[&str]| {
            let mut scene = Scene::new();
            for host in ["RDS01", "RDS02"] {
                scene.workday(host, "anna", 5, 0.0);
                scene.workday(host, "anna", 6, 5.0 * HOUR);
            }
            let mut normalized = scene.normalized();
            let provenance: Provenance = normalized.events[0].provenance;
            for host in hosts {
                normalized.load.push(LoadSample {
                    at: at(600.0),
                    time_trust: Trust::Stated,
                    host: Some((*host).into()),
                    metric: LoadMetric::TotalSessions,
                    counter: "Total Sessions".into(),
                    value: 7.0,
                    provenance,
                });
            }
            for (counter, value) in [("haproxy connections", 9.0), ("haproxy connections of web", 50.0)] {
                let (metric, counter) = (LoadMetric::Other, counter.into());
                let (at, time_trust) = (at(700.0), Trust::Stated);
                normalized.load.push(LoadSample { at, time_trust, host: None, metric, counter, value, provenance });
            }
            let row = *row(&tables(normalized, &Options::default()).tables, 0);
            (row.sessions_counted, row.requests_open)
        };
        assert_eq!(of(&["RDS01", "RDS02"]), (Some(14.0), Some(9.0)));
        assert_eq!(of(&["RDS01"]), (None, Some(9.0)));
    }
}
