//! The phases of a logon: connect, authenticate, profile, policy, shell; how long each took, and where it got slower.
//!
//! A phase has its begin and its end by records. Where one of the two is missing its length is unknown.

use std::collections::{BTreeMap, BTreeSet};

use super::Attempt;
use super::trace::Trace;
use crate::model::time::TICKS_PER_DAY;
use crate::model::{Action, Event, Name, Timestamp};
use crate::stats;

/// Days from the Monday before it to 1970-01-01, a Thursday.
const MONDAY: i64 = 3;

/// One stretch of a logon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// From the first knock (RdpCoreTS 131, RemoteConnectionManager 261) to the acceptance of name and password
    /// (RemoteConnectionManager 1149): network, TLS, network-level authentication.
    Connect,
    /// From the acceptance (1149, else Security 4624) to the choice of a session (LocalSessionManager 41, 42 or 21).
    Authenticate,
    /// The load of the profile: User Profile Service 1 to 2, else what FSLogix says of itself.
    Profile,
    /// The application of the user's policy: GroupPolicy 4001 to 8001, else the seconds that 8001 states.
    Policy,
    /// From the session (LocalSessionManager 21) to the desktop (22).
    Shell,
}

impl Phase {
    /// All phases, in their order.
    pub const ALL: [Self; 5] = [Self::Connect, Self::Authenticate, Self::Profile, Self::Policy, Self::Shell];
}

/// How long the phases of one attempt took, in seconds; `None` where a record is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Phases {
    seconds: [Option<f64>; 5],
}

impl Phases {
    /// Seconds of one phase.
    pub fn seconds(&self, phase: Phase) -> Option<f64> {
        self.seconds[phase as usize]
    }

    /// Reads the phases off the records of one try.
    pub(super) fn of(trace: &Trace, events: &[Event]) -> Self {
        let moments = Moments { trace, events };
        let accepted = trace.authenticated.or(trace.granted);
        let chosen = [moments.first(Action::SessionArbitration), trace.begun].into_iter().flatten().min();
        Self {
            seconds: [
                between(moments.knock(), trace.authenticated),
                between(accepted, chosen),
                moments.lasted(Action::ProfileLoadBegin, Action::ProfileLoadEnd),
                moments.lasted(Action::PolicyBegin, Action::PolicyEnd),
                between(trace.begun, trace.shell),
            ],
        }
    }
}

/// Seconds between two moments; none where one is missing or they stand the wrong way round.
fn between(start: Option<Timestamp>, end: Option<Timestamp>) -> Option<f64> {
    let (start, end) = start.zip(end)?;
    Some(end.seconds_since(start)).filter(|seconds| *seconds >= 0.0)
}

/// The records of one try, for the moments in them.
struct Moments<'a> {
    trace: &'a Trace,
    events: &'a [Event],
}

impl<'a> Moments<'a> {
    fn of(&self, action: Action) -> impl Iterator<Item = &'a Event> {
        let (trace, events) = (self.trace, self.events);
        trace.members.iter().map(|index| &events[*index]).filter(move |event| event.action == action)
    }

    fn first(&self, action: Action) -> Option<Timestamp> {
        self.of(action).map(|event| event.at).min()
    }

    /// The first knock of the very connection that was accepted, else of any.
    fn knock(&self) -> Option<Timestamp> {
        let accepted = self.of(Action::Authenticated).find_map(|event| event.activity_id.as_ref());
        let own = self.of(Action::Attempt).filter(|event| event.activity_id.as_ref() == accepted);
        own.map(|event| event.at).min().or_else(|| self.first(Action::Attempt))
    }

    /// How long a step took by one log's begin and end, Windows before all others; else what an end says itself.
    fn lasted(&self, begin: Action, end: Action) -> Option<f64> {
        let ends: Vec<&Event> = self.of(end).collect();
        let paired = ends.iter().filter_map(|end| {
            let own = |event: &&Event| event.dataset == end.dataset && event.provider == end.provider;
            let begun = self.of(begin).filter(own).map(|event| event.at).filter(|at| *at <= end.at).max();
            Some((&*end.dataset != "windows", between(begun, Some(end.at))?))
        });
        let paired = paired.min_by(|one, other| one.0.cmp(&other.0)).map(|(_, seconds)| seconds);
        paired.or_else(|| ends.iter().find_map(|end| end.duration_ms).map(|milliseconds| milliseconds / 1_000.0))
    }
}

/// One phase on one host in one week: how many logons show it, and its quantiles.
///
/// Quantiles are interpolated between order statistics (type 7 of Hyndman and Fan 1996).
#[derive(Clone, Debug, PartialEq)]
pub struct LogonWeek {
    /// The host.
    pub host: Name,
    /// The phase.
    pub phase: Phase,
    /// The week's Monday, at midnight in UTC; `None` for all weeks together.
    pub week: Option<Timestamp>,
    /// Logons that show the phase.
    pub n: usize,
    /// The median, in seconds.
    pub median: f64,
    /// The 0.9 quantile, in seconds.
    pub p90: f64,
    /// The 0.99 quantile, in seconds.
    pub p99: f64,
}

/// Sums the phases up by host and phase, all weeks together first and then week by week.
pub(super) fn weeks(attempts: &[Attempt]) -> Vec<LogonWeek> {
    let mut seconds: BTreeMap<(&Name, Phase, Option<i64>), Vec<f64>> = BTreeMap::new();
    for (attempt, phase, lasted) in measured(attempts) {
        for week in [None, Some(week(attempt.at))] {
            seconds.entry((&attempt.host, phase, week)).or_default().push(lasted);
        }
    }
    let summed = seconds.into_iter().filter_map(|((host, phase, week), seconds)| {
        let quantile = |p| stats::quantile(&seconds, p);
        Some(LogonWeek {
            host: host.clone(),
            phase,
            week: week.map(monday),
            n: seconds.len(),
            median: quantile(0.5)?,
            p90: quantile(0.9)?,
            p99: quantile(0.99)?,
        })
    });
    summed.collect()
}

fn measured(attempts: &[Attempt]) -> impl Iterator<Item = (&Attempt, Phase, f64)> {
    attempts.iter().flat_map(|attempt| {
        Phase::ALL.into_iter().filter_map(move |phase| Some((attempt, phase, attempt.phases.seconds(phase)?)))
    })
}

/// The number of the week, from Mondays.
fn week(at: Timestamp) -> i64 {
    (day(at) + MONDAY).div_euclid(7)
}

fn monday(week: i64) -> Timestamp {
    Timestamp((week * 7 - MONDAY).saturating_mul(TICKS_PER_DAY))
}

fn day(at: Timestamp) -> i64 {
    at.0.div_euclid(TICKS_PER_DAY)
}

/// A phase that takes longer on one host in one week than in the weeks before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Slowdown {
    /// The host.
    pub host: Name,
    /// The phase.
    pub phase: Phase,
    /// The week's Monday, at midnight in UTC.
    pub week: Timestamp,
    /// The median of the week's daily medians, in seconds.
    pub median: f64,
    /// The median of the daily medians of all weeks before, in seconds.
    pub median_before: f64,
    /// The p value of the rank test on daily medians, after Holm's correction.
    pub p: f64,
    /// How many comparisons it was corrected for.
    pub n_comparisons: usize,
}

/// The chance of even one slowdown among all comparisons of a log in which nothing became slower.
const LEVEL: f64 = 0.05;
/// A logon that takes less than a second longer is not noticed (Nielsen 1993: the limit for an uninterrupted
/// flow of thought).
const NOTICED_S: f64 = 1.0;
/// Fewer logons make no daily median: of five, two may be strange and the median is not.
const MIN_LOGONS_A_DAY: usize = 5;
/// Fewer days than a working week before it make no comparison.
const MIN_DAYS_BEFORE: usize = 5;

/// Compares each week of each phase on each host with all weeks before it, and returns the first slow one of each.
///
/// The units are days, for the logons of one morning are slow together: their medians are compared by the
/// Mann–Whitney test, one-sided, with Holm's correction over all comparisons.
pub(super) fn slowdowns(attempts: &[Attempt]) -> Vec<Slowdown> {
    let mut comparisons: Vec<Slowdown> = Vec::new();
    for ((host, phase), days) in daily_medians(attempts) {
        let weeks: BTreeSet<i64> = days.iter().map(|(day, _)| week_of_day(*day)).collect();
        for week in weeks {
            let in_week = |is_wanted: &dyn Fn(i64) -> bool| -> Vec<f64> {
                days.iter().filter(|(day, _)| is_wanted(week_of_day(*day))).map(|(_, median)| *median).collect()
            };
            let (own, before) = (in_week(&|other| other == week), in_week(&|other| other < week));
            if before.len() < MIN_DAYS_BEFORE {
                continue;
            }
            let (Some(test), Some(median), Some(median_before)) =
                (stats::rank_test(&own, &before), stats::quantile(&own, 0.5), stats::quantile(&before, 0.5))
            else {
                continue;
            };
            let (host, week) = (host.clone(), monday(week));
            comparisons.push(Slowdown { host, phase, week, median, median_before, p: test.p, n_comparisons: 0 });
        }
    }
    let corrected = stats::holm(&comparisons.iter().map(|comparison| comparison.p).collect::<Vec<f64>>());
    let n_comparisons = comparisons.len();
    let mut found: BTreeMap<(Name, Phase), Slowdown> = BTreeMap::new();
    for (comparison, p) in comparisons.into_iter().zip(corrected) {
        if p <= LEVEL && comparison.median - comparison.median_before >= NOTICED_S {
            let key = (comparison.host.clone(), comparison.phase);
            found.entry(key).or_insert(Slowdown { p, n_comparisons, ..comparison });
        }
    }
    found.into_values().collect()
}

fn week_of_day(day: i64) -> i64 {
    (day + MONDAY).div_euclid(7)
}

/// The median of each day with enough logons, by host and phase.
fn daily_medians(attempts: &[Attempt]) -> BTreeMap<(&Name, Phase), Vec<(i64, f64)>> {
    let mut days: BTreeMap<(&Name, Phase), BTreeMap<i64, Vec<f64>>> = BTreeMap::new();
    for (attempt, phase, seconds) in measured(attempts) {
        days.entry((&attempt.host, phase)).or_default().entry(day(attempt.at)).or_default().push(seconds);
    }
    let medians = |days: BTreeMap<i64, Vec<f64>>| {
        let full = days.into_iter().filter(|(_, seconds)| seconds.len() >= MIN_LOGONS_A_DAY);
        full.filter_map(|(day, seconds)| Some((day, stats::quantile(&seconds, 0.5)?))).collect()
    };
    days.into_iter().map(|(key, days)| (key, medians(days))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;
    use super::*;

    /// A logon whose records all are there, each phase of another length.
    fn whole(scene: &mut Scene, second: f64, shell_s: f64) {
        let knock = scene.event("RDS01", second, Action::Attempt);
        knock.activity_id = Some("{F420}".into());
        scene.authenticated("RDS01", "anna", second + 2.0).activity_id = Some("{F420}".into());
        let chosen = scene.event("RDS01", second + 5.0, Action::SessionArbitration);
        (chosen.user, chosen.session_id) = (Some("anna".into()), Some(7));
        scene.unload("RDS01", 7, second + 6.0, Action::ProfileLoadBegin);
        scene.unload("RDS01", 7, second + 13.0, Action::ProfileLoadEnd);
        scene.event("RDS01", second + 13.0, Action::PolicyBegin).user = Some("anna".into());
        let policy = scene.event("RDS01", second + 24.5, Action::PolicyEnd);
        (policy.user, policy.duration_ms) = (Some("anna".into()), Some(11_000.0));
        scene.begin("RDS01", "anna", 7, second + 25.0);
        scene.shell("RDS01", "anna", 7, second + 25.0 + shell_s);
        scene.end("RDS01", "anna", 7, second + 3_000.0);
    }

    fn seconds(attempt: &Attempt) -> Vec<Option<f64>> {
        Phase::ALL.into_iter().map(|phase| attempt.phases.seconds(phase)).collect()
    }

    #[test]
    fn each_phase_has_its_own_records() {
        let mut scene = Scene::new();
        whole(&mut scene, 0.0, 13.0);
        let attempts = scene.tables().attempts;
        assert_eq!(attempts.len(), 1, "{attempts:?}");
        assert_eq!(seconds(&attempts[0]), [2.0, 3.0, 7.0, 11.5, 13.0].map(Some));
    }

    #[test]
    fn a_phase_without_its_records_is_unknown_and_not_zero() {
        let mut scene = Scene::new();
        scene.authenticated("RDS01", "anna", 0.0);
        scene.begin("RDS01", "anna", 7, 4.0);
        scene.unload("RDS01", 7, 4.0, Action::ProfileLoadEnd);
        let policy = scene.event("RDS01", 5.0, Action::PolicyEnd);
        (policy.user, policy.duration_ms) = (Some("anna".into()), Some(0.0));
        let attempts = scene.tables().attempts;
        assert_eq!(seconds(&attempts[0]), [None, Some(4.0), None, Some(0.0), None]);
    }

    #[test]
    fn what_fslogix_says_itself_counts_where_windows_says_nothing() {
        let mut scene = Scene::new();
        scene.authenticated("RDS01", "anna", 0.0);
        let own = scene.event("RDS01", 4.0, Action::ProfileLoadEnd);
        own.user = Some("anna".into());
        own.duration_ms = Some(2_250.0);
        scene.begin("RDS01", "anna", 7, 5.0);
        assert_eq!(scene.tables().attempts[0].phases.seconds(Phase::Profile), Some(2.25));
    }

    /// Twelve logons a day over five weeks; `slow` tells the seconds of the shell from the day.
    fn months(slow: impl Fn(i64, i64) -> f64) -> crate::frame::Tables {
        let mut scene = Scene::new();
        for day in (0..35).filter(|day| day % 7 < 5) {
            for logon in 0..12 {
                whole(&mut scene, day as f64 * 86_400.0 + logon as f64 * 3_600.0, slow(day, logon));
            }
        }
        scene.tables()
    }

    #[test]
    fn a_week_of_slow_logons_is_found_and_counted() {
        let tables =
            months(|day, logon| 8.0 + 0.3 * ((day * 7 + logon * 5) % 11) as f64 + if day >= 21 { 9.0 } else { 0.0 });
        let found: Vec<_> = tables.slowdowns.iter().map(|slow| (&*slow.host, slow.phase, slow.week)).collect();
        assert_eq!(found, [("RDS01", Phase::Shell, super::super::scene::at(21.0 * 86_400.0))]);
        let slow = &tables.slowdowns[0];
        assert!(slow.p < 0.01 && slow.n_comparisons == 20, "{slow:?}");
        assert!((slow.median - slow.median_before - 9.0).abs() < 1.0, "{slow:?}");
        let shells: Vec<_> = tables.logons.iter().filter(|row| row.phase == Phase::Shell).collect();
        assert_eq!(shells.iter().map(|row| row.n).collect::<Vec<_>>(), [300, 60, 60, 60, 60, 60]);
        assert!(shells[0].week.is_none() && shells[4].week == Some(slow.week));
        assert!(shells[3].median < 11.0 && shells[4].median > 17.0 && shells[4].p90 <= shells[4].p99);
    }

    #[test]
    fn weeks_that_only_scatter_are_not_slow() {
        for seed in 0..40 {
            let mut random = stats::Random::new(seed);
            let noise: Vec<f64> = (0..35 * 12).map(|_| -6.0 * (1.0 - random.unit()).ln()).collect();
            let mornings: Vec<f64> = (0..35).map(|_| 5.0 * random.unit()).collect();
            let tables = months(|day, logon| mornings[day as usize] + noise[(day * 12 + logon) as usize]);
            assert!(tables.slowdowns.is_empty(), "seed {seed}: {:?}", tables.slowdowns);
        }
    }
}
