//! How many sessions were open on a host at any moment.
//!
//! From sessions' begins and ends, never from attempts: a blocked user tries again and again, and
//! failure would look like load. Where sessions are not known, the hourly table of demand stands in.

use std::collections::BTreeMap;

use crate::frame::SessionLengths;
use crate::frame::Tables;
use crate::frame::tables::Outcome;
use crate::model::{Name, TimeRange, Timestamp};
use crate::stats::quantile;

/// The quantile over host-hours that stands for full load. Nights and weekends are two thirds of all
/// hours, so that this is the upper end of working hours and not the single highest reading.
const HIGH: f64 = 0.95;
/// Below this share of sessions to successful attempts the sessions of a log are too few to count load by.
const MIN_SESSION_SHARE: f64 = 0.5;

/// Sessions open, by host.
#[derive(Clone, Debug, Default)]
pub struct Load {
    /// The steps of each host: when, and sessions open from then on; by time.
    steps: BTreeMap<Name, Vec<(Timestamp, f64)>>,
    /// The steps of the mean of all hosts.
    fleet: Vec<(Timestamp, f64)>,
    /// Full load: a high quantile over host-hours, at least 1; the unit of relative load.
    pub high: f64,
    /// The highest reading of any host.
    pub highest: f64,
    /// Full load of the mean of all hosts, at least 1.
    pub fleet_high: f64,
}

impl Load {
    /// Counts the sessions of the tables within `window`.
    pub fn of(tables: &Tables, window: TimeRange) -> Self {
        let n_succeeded = tables.attempts.iter().filter(|attempt| attempt.outcome == Outcome::Succeeded).count();
        let n_begun = tables.sessions.iter().filter(|session| session.started_at.is_some()).count();
        let enough = n_begun > 0 && n_begun as f64 >= MIN_SESSION_SHARE * n_succeeded as f64;
        let steps = if enough { from_sessions(tables, window) } else { from_hours(tables) };
        let mut load = Self { fleet: mean_of(&steps), steps, high: 1.0, highest: 1.0, fleet_high: 1.0 };
        let (mut readings, mut fleet) = (Vec::new(), Vec::new());
        for hour in window.start.hour()..=window.end.hour() {
            let at = Timestamp::from_unix_seconds(hour * 3600);
            readings.extend(load.steps.values().map(|steps| value_at(steps, at)));
            fleet.push(value_at(&load.fleet, at));
        }
        load.high = quantile(&readings, HIGH).unwrap_or(1.0).max(1.0);
        load.highest = readings.iter().copied().fold(1.0, f64::max);
        load.fleet_high = quantile(&fleet, HIGH).unwrap_or(1.0).max(1.0);
        load
    }

    /// Sessions open on a host just before `at`; 0 for a host without sessions.
    pub fn sessions(&self, host: &Name, at: Timestamp) -> f64 {
        self.steps.get(host).map_or(0.0, |steps| value_at(steps, at))
    }

    /// Sessions open on a host just before `at`, in units of full load.
    pub fn relative(&self, host: &Name, at: Timestamp) -> f64 {
        self.sessions(host, at) / self.high.max(1.0)
    }

    /// The mean over hosts just before `at`, in units of its own full load.
    pub fn relative_fleet(&self, at: Timestamp) -> f64 {
        value_at(&self.fleet, at) / self.fleet_high.max(1.0)
    }
}

/// The value of a step function just before `at`.
fn value_at(steps: &[(Timestamp, f64)], at: Timestamp) -> f64 {
    let place = steps.partition_point(|step| step.0 < at);
    if place == 0 { 0.0 } else { steps[place - 1].1 }
}

/// Counts sessions from begin to end.
fn from_sessions(tables: &Tables, window: TimeRange) -> BTreeMap<Name, Vec<(Timestamp, f64)>> {
    let lengths = SessionLengths::of(&tables.sessions);
    let mut changes: BTreeMap<Name, Vec<(Timestamp, i32)>> = BTreeMap::new();
    for session in &tables.sessions {
        let open = lengths.span(session, window);
        let host = changes.entry(session.host.clone()).or_default();
        host.push((open.start, 1));
        host.push((open.end, -1));
    }
    changes
        .into_iter()
        .map(|(host, mut changes)| {
            changes.sort_unstable();
            let mut open = 0;
            let steps = changes.into_iter().map(|(at, by)| {
                open += by;
                (at, f64::from(open))
            });
            (host, steps.collect())
        })
        .collect()
}

fn from_hours(tables: &Tables) -> BTreeMap<Name, Vec<(Timestamp, f64)>> {
    let mut steps: BTreeMap<Name, Vec<(Timestamp, f64)>> = BTreeMap::new();
    for ((host, hour), load) in &tables.load {
        let value = load.sessions_counted.unwrap_or_else(|| load.sessions_open.max(f64::from(load.n_users)));
        let host = steps.entry(host.clone()).or_default();
        let at = Timestamp::from_unix_seconds(hour * 3600);
        if let Some(last) = host.last().copied()
            && at.seconds_since(last.0) > 3600.0
        {
            host.push((last.0.plus_seconds(3600.0), 0.0));
        }
        host.push((at, value));
    }
    steps
}

/// The mean over all hosts, as a step function.
fn mean_of(steps: &BTreeMap<Name, Vec<(Timestamp, f64)>>) -> Vec<(Timestamp, f64)> {
    let mut changes: Vec<(Timestamp, f64)> = Vec::new();
    for host in steps.values() {
        let mut before = 0.0;
        for &(at, value) in host {
            changes.push((at, value - before));
            before = value;
        }
    }
    changes.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let n_hosts = steps.len().max(1) as f64;
    let mut sum = 0.0;
    changes
        .into_iter()
        .map(|(at, by)| {
            sum += by;
            (at, sum / n_hosts)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::tables::{Close, EndKind, Session};

    fn session(begin: Option<i64>, end: Option<i64>) -> Session {
        Session {
            host: Name::from("RDS01"),
            user: Name::from("user001"),
            session_id: None,
            started_at: begin.map(Timestamp::from_unix_seconds),
            ended_at: end.map(Timestamp::from_unix_seconds),
            end_kind: if end.is_some() { EndKind::Logoff } else { EndKind::EdgeOfLog },
            close: Close::NotObservable,
            marks: Vec::new(),
            disconnects: Vec::new(),
            left_at: None,
            next: None,
            later: Vec::new(),
            records: Vec::new(),
        }
    }

    #[test]
    fn sessions_count_from_begin_to_end_and_a_session_without_end_does_not_stay_for_ever() {
        let tables = Tables {
            sessions: vec![session(Some(1000), Some(2000)), session(Some(1500), None), session(None, Some(1200))],
            ..Tables::default()
        };
        let window = TimeRange { start: Timestamp::from_unix_seconds(0), end: Timestamp::from_unix_seconds(200_000) };
        let load = Load::of(&tables, window);
        let at = |seconds| load.sessions(&Name::from("RDS01"), Timestamp::from_unix_seconds(seconds));
        // The usual length is that of the first session, 1,000 s.
        let seen = [100, 500, 1100, 1300, 1600, 2200, 2600, 100_000].map(|seconds| at(seconds).round() as i64);
        assert_eq!(seen, [0, 1, 2, 1, 2, 1, 0, 0]);
        assert!(load.sessions(&Name::from("RDS02"), Timestamp::from_unix_seconds(1100)) < 0.5);
    }
}
