//! How busy each host was, hour by hour: people, tries and open sessions, with counters beside them.

use std::collections::{BTreeMap, BTreeSet};

use super::coverage::{Shows, Sight};
use super::{Attempt, HostHour, Session};
use crate::model::time::TICKS_PER_HOUR;
use crate::model::{LoadMetric, LoadSample, Name, TimeRange, Timestamp};

/// Longest window that gets a row an hour; beyond it a stray stamp, not a log, sets the edge (ten years).
const MAX_HOURS: i64 = 10 * 366 * 24;

/// Computes load by host and hour since 1970: a row for every hour that the host's connection logs cover,
/// zeros included, and none for an hour that nothing covers.
pub(super) fn load(
    hosts: &[Name],
    window: Option<TimeRange>,
    attempts: &[Attempt],
    sessions: &[Session],
    samples: &[LoadSample],
    sight: &Sight,
) -> BTreeMap<(Name, i64), HostHour> {
    let mut load: BTreeMap<(Name, i64), HostHour> = BTreeMap::new();
    let Some(window) = window else { return load };
    let (first, last) = (window.start.hour(), window.end.hour().min(window.start.hour() + MAX_HOURS));
    for host in hosts {
        for hour in first..=last {
            let middle = Timestamp(hour * TICKS_PER_HOUR + TICKS_PER_HOUR / 2);
            if sight.covers(host, Shows::Connection, middle) {
                load.entry((host.clone(), hour)).or_default();
            }
        }
    }
    count_attempts(attempts, &mut load);
    count_sessions(sessions, window, sight, &mut load);
    count_counters(samples, &mut load);
    load
}

fn count_attempts(attempts: &[Attempt], load: &mut BTreeMap<(Name, i64), HostHour>) {
    let mut users: BTreeMap<(Name, i64), BTreeSet<Name>> = BTreeMap::new();
    for attempt in attempts {
        let key = (attempt.host.clone(), attempt.at.hour());
        let hour = load.entry(key.clone()).or_default();
        hour.n_attempts += 1;
        hour.n_failures += u32::from(attempt.is_service_failure());
        users.entry(key).or_default().insert(attempt.user.clone());
    }
    for (key, users) in users {
        load.entry(key).or_default().n_users = users.len() as u32;
    }
}

/// Walks each host's begins and ends and keeps the most sessions that were open at once in each hour.
///
/// A session that ended without a begin was open from the start of the window, one that never ends is open to
/// its end; so the first hours are estimated from those that are seen to end later.
fn count_sessions(sessions: &[Session], window: TimeRange, sight: &Sight, load: &mut BTreeMap<(Name, i64), HostHour>) {
    let mut steps: BTreeMap<&Name, Vec<(Timestamp, i32)>> = BTreeMap::new();
    for session in sessions {
        let steps = steps.entry(&session.host).or_default();
        steps.push((session.started_at.unwrap_or(window.start), 1));
        if let Some(ended) = session.ended_at {
            steps.push((ended, -1));
        }
    }
    for (host, mut steps) in steps {
        steps.sort(); // at one instant ends come before begins
        let mut open = 0_i32;
        let mut next = 0;
        for hour in window.start.hour()..=window.end.hour().min(window.start.hour() + MAX_HOURS) {
            let end = Timestamp((hour + 1).saturating_mul(TICKS_PER_HOUR));
            let mut most = open;
            while let Some((_, step)) = steps.get(next).filter(|(at, _)| *at < end) {
                open = (open + step).max(0);
                most = most.max(open);
                next += 1;
            }
            let middle = Timestamp(hour * TICKS_PER_HOUR + TICKS_PER_HOUR / 2);
            if most > 0 && (load.contains_key(&(host.clone(), hour)) || sight.covers(host, Shows::Desktop, middle)) {
                load.entry((host.clone(), hour)).or_default().sessions_open = f64::from(most);
            }
        }
    }
}

/// Takes sessions from the host's own counters: all of them where that is counted, else active and inactive.
fn count_counters(samples: &[LoadSample], load: &mut BTreeMap<(Name, i64), HostHour>) {
    let mut sums: BTreeMap<(Name, i64), [(f64, u32); 3]> = BTreeMap::new();
    for sample in samples {
        let index = match sample.metric {
            LoadMetric::TotalSessions => 0,
            LoadMetric::ActiveSessions => 1,
            LoadMetric::InactiveSessions => 2,
            _ => continue,
        };
        if let Some(host) = sample.host.clone().filter(|_| sample.value.is_finite() && sample.value >= 0.0) {
            let sum = &mut sums.entry((host, sample.at.hour())).or_default()[index];
            *sum = (sum.0 + sample.value, sum.1 + 1);
        }
    }
    for (key, sums) in sums {
        let mean = |(sum, n): (f64, u32)| (n > 0).then(|| sum / f64::from(n));
        let [total, active, inactive] = sums.map(mean);
        let counted = total.or_else(|| active.map(|active| active + inactive.unwrap_or(0.0)));
        if let Some(hour) = load.get_mut(&key) {
            hour.sessions_counted = counted;
        }
    }
}
