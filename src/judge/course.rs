//! The course of an incident: when it rose, was at its worst and ended, each with how well that is known.

use std::collections::{BTreeMap, BTreeSet};

use super::mechanism::Mechanism;
use super::opinion::Opinion;
use crate::correlate::onset::{BIN_S, Onset, split};
use crate::correlate::{Class, Correlation};
use crate::model::{TimeRange, Timestamp};
use crate::stats::{Bin, Segment, change_time, may_be_highest, overdispersion, quantile};

/// The probability with which the intervals hold what they are about.
pub const LEVEL: f64 = 0.95;
/// Cells without extra scatter beforehand, as for the weight of log ratios: the few hours of an outage tell little of it.
const PRIOR_CELLS: f64 = 30.0;
/// So many failures would have been seen, had it gone on: then it has ended.
const N_MISSED: f64 = 4.0;
/// The rise that people noticed is what has at least this part of the worst share of failures.
const NOTICED: f64 = 1.0 / 3.0;

/// Onset and end of an incident, by place in the list of attempts and as intervals of time.
pub(super) struct Course {
    /// The first failure of the rise.
    pub(super) started: usize,
    /// When the share rose; `None` where it did not rise within the log, or where people named the span.
    pub(super) started_between: Option<TimeRange>,
    /// The last failure of the rise; `None` if it goes on.
    pub(super) ended: Option<usize>,
    /// When the share fell; `None` if it goes on.
    pub(super) ended_between: Option<TimeRange>,
    /// How much more failures scatter than independent ones.
    pub(super) phi: f64,
}

/// The course of the failures at `places`, which `mechanism` explains with these chances.
///
/// The hourly share of attempts that belong to the incident is segmented. The rise begins with the first
/// segment of at least a third of the share of the worst and ends with the last such one: what comes
/// behind it, if there is anything, is no longer the incident that people noticed. When exactly it rose and fell is
/// told by all failures of the signature between the neighbouring change points, whatever explains them.
pub(super) fn course(
    opinion: &Opinion<'_>,
    mechanism: &Mechanism,
    places: &[usize],
    chances: &[f64],
    asked: Option<(f64, f64)>,
) -> Course {
    let from = opinion.scene.view.from;
    let segments = split(&hourly(from, 0..from.tries.len(), |place| places.binary_search(&place).is_ok()), None);
    let worst = segments.iter().map(|segment| segment.share).fold(0.0, f64::max);
    let is_high = |segment: &Onset| segment.share >= worst * NOTICED;
    let (rise, fall) = (segments.iter().position(is_high), segments.iter().rposition(is_high));
    let risen_s = rise.map_or(0.0, |rise| segments[rise].from_s);
    let from_s = asked.map_or(risen_s, |(start, _)| risen_s.max(start.min(from.length_s)));
    let to_s = fall.map_or(from.length_s, |fall| segments[fall].to_s);
    let first = places.iter().copied().find(|place| from.tries[*place].at_s >= from_s).unwrap_or(places[0]);
    let of_rise = places.iter().copied().rfind(|place| from.tries[*place].at_s < to_s).unwrap_or(first);
    let at_last = places.last().copied().unwrap_or(first);
    let is_followed = fall.is_some_and(|fall| fall + 1 < segments.len());
    let last =
        if is_followed && of_rise >= first { Some(of_rise) } else { ended(from, chances, at_last).then_some(at_last) };

    let trials = Trials::of(opinion, mechanism, places);
    let phi = trials.scatter(from, &segments);
    let started_between = rise.filter(|rise| *rise > 0 && from_s <= risen_s).and_then(|rise| {
        let known = (segments[rise - 1].from_s, segments[rise].to_s);
        trials.between(from, known, phi, from.tries[first].at_s)
    });
    let ended_between = last.zip(fall).and_then(|(last, fall)| {
        let followed = segments.get(fall + 1).map_or(from.length_s, |next| next.to_s);
        let known = (segments[fall].from_s.max(from.tries[first].at_s), followed);
        trials.between(from, known, phi, from.tries[last].at_s)
    });
    Course { started: first, started_between, ended: last, ended_between, phi }
}

/// The attempts that an incident could have failed: those on hosts that failed, of the only account that it concerns, if
/// it is one; each with whether it failed with the signature.
struct Trials(Vec<(usize, bool)>);

impl Trials {
    fn of(opinion: &Opinion<'_>, mechanism: &Mechanism, places: &[usize]) -> Self {
        let view = &opinion.scene.view;
        let tries = &view.from.tries;
        let hosts: BTreeSet<usize> = places.iter().map(|place| tries[*place].host).collect();
        let is_at_risk = |place: &usize| {
            view.classes[*place] != Class::Skipped
                && hosts.contains(&tries[*place].host)
                && mechanism.user.is_none_or(|user| user == tries[*place].user)
        };
        let at_risk = (0..tries.len()).filter(is_at_risk);
        Self(at_risk.map(|place| (place, view.classes[place] == Class::Own)).collect())
    }

    /// How much more failures scatter within segments than independent ones.
    ///
    /// Hours are put together until a failure is expected of them (Cochran 1954): one retried failure in a quiet night
    /// would else pass for scatter of all.
    fn scatter(&self, from: &Correlation, segments: &[Onset]) -> f64 {
        let failed: BTreeSet<usize> = self.0.iter().filter(|(_, failed)| *failed).map(|(place, _)| *place).collect();
        let bins = hourly(from, self.0.iter().map(|(place, _)| *place), |place| failed.contains(&place));
        let hour = |at_s: f64| ((at_s / BIN_S).round() as usize).min(bins.len());
        let (mut pooled, mut parts) = (Vec::new(), Vec::new());
        for segment in segments {
            let own = &bins[hour(segment.from_s)..hour(segment.to_s)];
            let all = own.iter().fold(Bin::default(), |sum, bin| Bin { k: sum.k + bin.k, n: sum.n + bin.n });
            let (start, share) = (pooled.len(), all.k as f64 / all.n.max(1) as f64);
            let mut open = Bin::default();
            for bin in own {
                open = Bin { k: open.k + bin.k, n: open.n + bin.n };
                if open.n as f64 * share >= 1.0 {
                    pooled.push(std::mem::take(&mut open));
                }
            }
            parts.push(Segment { start, end: pooled.len(), share });
        }
        let free = pooled.len().saturating_sub(parts.len()) as f64;
        (free * overdispersion(&pooled, &parts) + PRIOR_CELLS) / (free + PRIOR_CELLS)
    }

    /// When the share changed within `known`, widened to hold the moment that is said, `at_s`.
    fn between(&self, from: &Correlation, known: (f64, f64), phi: f64, at_s: f64) -> Option<TimeRange> {
        let trials: Vec<(f64, bool)> = self
            .0
            .iter()
            .map(|(place, failed)| (from.tries[*place].at_s, *failed))
            .filter(|(at_s, _)| known.0 <= *at_s && *at_s < known.1)
            .collect();
        let (earliest, latest) = change_time(&trials, known, phi, LEVEL)?;
        Some(TimeRange { start: from.instant(earliest.min(at_s)), end: from.instant(latest.max(at_s + 1.0)) })
    }
}

/// Hourly counts of some attempts, and of those among them for which `is_event` holds.
fn hourly(from: &Correlation, places: impl Iterator<Item = usize>, is_event: impl Fn(usize) -> bool) -> Vec<Bin> {
    let mut bins = vec![Bin::default(); from.n_hours()];
    let last = bins.len() - 1;
    for place in places {
        let bin = &mut bins[((from.tries[place].at_s / BIN_S).max(0.0) as usize).min(last)];
        bin.n += 1;
        bin.k += usize::from(is_event(place));
    }
    bins
}

/// The beginning of the hour with the most failures, and the span of all hours that may have been the worst.
pub(super) fn peak(from: &Correlation, places: &[usize], phi: f64) -> (Timestamp, Option<TimeRange>) {
    let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
    for place in places {
        *counts.entry(from.tries[*place].at.hour()).or_default() += 1;
    }
    let begin = |hour: i64| Timestamp::from_unix_seconds(hour * 3600);
    let top = counts.iter().max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0))).map_or(0, |(hour, _)| *hour);
    let may_be = may_be_highest(&counts.values().copied().collect::<Vec<_>>(), phi, LEVEL);
    let kept: Vec<i64> = counts.keys().zip(may_be).filter(|(_, may_be)| *may_be).map(|(hour, _)| *hour).collect();
    let between = kept.first().zip(kept.last());
    (begin(top), between.map(|(first, last)| TimeRange { start: begin(*first), end: begin(last + 1) }))
}

/// Whether the incident is over: at its own usual rate, the attempts after its last failure would have met several.
fn ended(from: &Correlation, chances: &[f64], last: usize) -> bool {
    let at_work: Vec<f64> = chances[..=last].iter().copied().filter(|m| *m > 0.0).collect();
    let Some(usual) = quantile(&at_work, 0.5) else { return false };
    let after = from.tries.len() - last - 1;
    let still: f64 = chances[last + 1..].iter().sum();
    after as f64 * usual > N_MISSED && still < N_MISSED
}
