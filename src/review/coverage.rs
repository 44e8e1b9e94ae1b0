//! What the logs cover of a week, hour by hour and host by host.

use super::week::SLOTS;
use crate::frame::{Coverage, Tables};
use crate::model::{Name, TimeRange, Timestamp};

/// Below this part of a week's hours on its hosts, nothing is claimed of it: a working day of one host in two is missing.
const ENOUGH: f64 = 0.8;
/// Hours beyond these are cut: no week has more.
const MAX_HOURS: usize = SLOTS + 4;

/// What the logs cover of one week.
#[derive(Clone, Debug)]
pub struct Covered {
    /// The week.
    pub span: TimeRange,
    /// The covered part of all hours on all hosts.
    pub share: f64,
    /// Each host, by name.
    pub hosts: Vec<HostCoverage>,
}

/// What the logs cover of one week on one host.
#[derive(Clone, Debug, PartialEq)]
pub struct HostCoverage {
    /// The host.
    pub host: Name,
    /// The covered part of its hours.
    pub share: f64,
    /// Times that no log covers, to the hour.
    pub missing: Vec<TimeRange>,
}

impl Covered {
    /// Looks at every hour of a week. A host without any log of its own is covered as far as the others' logs are.
    pub(super) fn of(tables: &Tables, span: TimeRange) -> Self {
        let hosts: Vec<HostCoverage> = tables
            .hosts
            .iter()
            .map(|host| {
                let own: Vec<&Coverage> = tables.coverage.iter().filter(|row| row.host == *host).collect();
                let is_covered = |at: Timestamp| {
                    tables.window.is_some_and(|window| window.contains(at))
                        && (own.is_empty() || own.iter().any(|row| row.covers(at)))
                };
                let hours: Vec<TimeRange> = hours(span).collect();
                let missing: Vec<TimeRange> = hours.iter().copied().filter(|hour| !is_covered(middle(*hour))).collect();
                let share = 1.0 - missing.len() as f64 / hours.len().max(1) as f64;
                HostCoverage { host: host.clone(), share, missing: joined(missing) }
            })
            .collect();
        let share = hosts.iter().map(|host| host.share).sum::<f64>() / hosts.len().max(1) as f64;
        Self { span, share, hosts }
    }

    /// Whether enough is covered to claim anything.
    pub fn is_enough(&self) -> bool {
        self.share >= ENOUGH
    }

    /// How many hosts have a log of an instant.
    pub(super) fn n_hosts(&self, at: Timestamp) -> usize {
        let has = |host: &&HostCoverage| !host.missing.iter().any(|span| span.contains(at));
        self.hosts.iter().filter(has).count()
    }

    /// Times that no log of any host covers.
    pub fn missing(&self) -> Vec<TimeRange> {
        joined(hours(self.span).filter(|hour| self.n_hosts(middle(*hour)) == 0).collect())
    }
}

/// The hours of a span.
pub(super) fn hours(span: TimeRange) -> impl Iterator<Item = TimeRange> {
    let from = move |hour: usize| span.start.plus_seconds(hour as f64 * 3_600.0);
    (0..MAX_HOURS)
        .map(move |hour| TimeRange { start: from(hour), end: from(hour + 1).min(span.end) })
        .take_while(move |hour| hour.start < span.end)
}

/// The middle of a span.
pub(super) fn middle(span: TimeRange) -> Timestamp {
    Timestamp(i64::midpoint(span.start.0, span.end.0))
}

/// Puts spans that touch into one.
fn joined(spans: Vec<TimeRange>) -> Vec<TimeRange> {
    let mut joined: Vec<TimeRange> = Vec::new();
    for span in spans {
        match joined.last_mut() {
            Some(last) if last.end == span.start => last.end = span.end,
            _ => joined.push(span),
        }
    }
    joined
}
