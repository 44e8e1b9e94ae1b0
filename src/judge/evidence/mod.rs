//! Evidence to show: each item is also a check of its own, with numbers, intervals and records.
//!
//! The verdict does not come from here; it comes from the likelihood of all attempts. These are the
//! contrasts by which a reader can see why. Weights are natural logarithms of likelihood ratios of the
//! contrast alone (binomial, each side at its own rate against one rate for both), signed.

mod chain;
mod contrast;
mod control;
mod crowd;
mod load;
mod messages;
mod placebo;
mod recovery;

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::hypotheses::Cause;
use super::opinion::Opinion;
use super::verdict::{CauseKind, Estimate, Evidence, EvidenceKind};
use crate::correlate::{Class, Correlation};
use crate::model::Provenance;

/// Records shown for one item.
const MAX_RECORDS: usize = 20;
/// Changes that get evidence of their own: the likeliest, and those just before the rise.
const MAX_CHANGES: usize = 8;

/// What evidence is drawn from.
pub(crate) struct Case<'a> {
    /// The opinion.
    pub(crate) opinion: &'a Opinion<'a>,
    /// The log.
    pub(crate) from: &'a Correlation,
    /// Attempts of the incident, by place.
    pub(crate) places: &'a [usize],
    /// Its first and last failure, seconds.
    pub(crate) span: (f64, f64),
}

impl Case<'_> {
    /// Failures and attempts among those that `holds` picks; with the places of the failures.
    fn count(&self, holds: impl Fn(usize) -> bool) -> (Vec<usize>, usize) {
        let mut failures = Vec::new();
        let mut n = 0;
        for (place, class) in self.opinion.scene.view.classes.iter().enumerate() {
            if *class != Class::Skipped && holds(place) {
                n += 1;
                if *class == Class::Own {
                    failures.push(place);
                }
            }
        }
        (failures, n)
    }

    /// Records of some attempts, at most [`MAX_RECORDS`].
    fn records(&self, places: &[usize]) -> Vec<Provenance> {
        places
            .iter()
            .flat_map(|place| self.from.tries[*place].records.iter().take(1).copied())
            .take(MAX_RECORDS)
            .collect()
    }

    /// One item about a change.
    fn about_change(&self, change: usize, kind: EvidenceKind, weight: f64, places: &[usize]) -> Evidence {
        Evidence {
            kind,
            about: Some(self.from.changes[change].id.clone()),
            cause: CauseKind::Change,
            weight,
            numbers: BTreeMap::new(),
            names: Vec::new(),
            records: self.records(places),
        }
    }

    /// One item about a cause that is no change.
    fn about(&self, cause: CauseKind, kind: EvidenceKind, weight: f64, places: &[usize]) -> Evidence {
        Evidence {
            kind,
            about: None,
            cause,
            weight,
            numbers: BTreeMap::new(),
            names: Vec::new(),
            records: self.records(places),
        }
    }
}

/// Gathers the evidence of one incident, the weightiest first.
pub(crate) fn gather(
    opinion: &Opinion<'_>,
    causes: &[(Cause, f64)],
    places: &[usize],
    remedy: Option<usize>,
) -> Vec<Evidence> {
    let from = opinion.scene.view.from;
    let (Some(first), Some(last)) = (places.first(), places.last()) else { return Vec::new() };
    let case = Case { opinion, from, places, span: (from.tries[*first].at_s, from.tries[*last].at_s) };
    let of_change = |change: usize| {
        let items = [
            contrast::alibi(&case, change),
            contrast::exposure(&case, change),
            contrast::precedence(&case, change),
            load::dose_response(&case, Some(change)),
            chain::mechanism(&case, Some(change)),
            crowd::version_named(&case, change),
        ];
        items.into_iter().flatten()
    };
    let mut items: Vec<Evidence> =
        changes_of_interest(&case, causes).into_par_iter().flat_map_iter(of_change).collect();
    if let Some(remedy) = remedy {
        items.extend(recovery::recovery(&case, remedy));
    }
    for (cause, _) in causes.iter().take(2) {
        match cause {
            Cause::Capacity => items.extend(load::dose_response(&case, None)),
            Cause::Host(host) => items.extend(crowd::host(&case, *host)),
            Cause::Credentials(Some(user)) => items.extend(crowd::account(&case, *user)),
            Cause::Dependency => items.extend(crowd::simultaneity(&case)),
            Cause::Schedule => items.extend(crowd::recurrence(&case)),
            Cause::Change(None) => items.extend(crowd::simultaneity(&case)),
            _ => {}
        }
    }
    if let Some((Cause::Change(Some(change)), _)) = causes.first() {
        items.extend(placebo::placebo(&case, *change));
        items.extend(control::negative_control(&case, *change));
    }
    items.extend(messages::appeared(&case, causes));
    items.extend(likelihood(&case, causes));
    items.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
    items
}

/// The changes that a reader will ask about: the likeliest, and the last ones before the rise.
fn changes_of_interest(case: &Case<'_>, causes: &[(Cause, f64)]) -> Vec<usize> {
    let mut changes: Vec<usize> = causes
        .iter()
        .filter_map(|(cause, _)| match cause {
            Cause::Change(change) => *change,
            _ => None,
        })
        .take(MAX_CHANGES / 2)
        .collect();
    let middle = case.from.tries[case.places[case.places.len() / 2]].at_s;
    let mut before: Vec<usize> = (0..case.from.changes.len())
        .filter(|change| !case.from.changes[*change].is_routine && case.from.changes[*change].first_s() < middle)
        .collect();
    before.sort_by(|a, b| case.from.changes[*b].first_s().total_cmp(&case.from.changes[*a].first_s()));
    for change in before {
        if changes.len() < MAX_CHANGES && !changes.contains(&change) {
            changes.push(change);
        }
    }
    changes
}

/// How much better the first cause explains all attempts than the second.
fn likelihood(case: &Case<'_>, causes: &[(Cause, f64)]) -> Option<Evidence> {
    let (first, _) = causes.first()?;
    let weights: BTreeMap<Cause, f64> = case.opinion.causes.iter().copied().collect();
    let second = causes.get(1).map_or(Cause::Nothing, |one| one.0);
    let (p, q) = (weights.get(first)?, weights.get(&second).copied().unwrap_or(0.0).max(1e-30));
    // Nats beyond a hundred say no more than a hundred.
    let factor = (p.max(1e-30) / q).ln().min(100.0);
    let one = super::posterior::candidate(case.from, case.opinion, *first, *p);
    let mut item = case.about(one.kind, EvidenceKind::Likelihood, factor, case.places);
    item.about = one.change_id;
    item.numbers.insert("log_bayes_factor", Estimate::interval(factor, factor, factor, "1"));
    Some(item)
}

/// The log likelihood ratio of two shares, each at its own rate, against one rate for both.
fn two_rates(k1: usize, n1: usize, k2: usize, n2: usize) -> f64 {
    let at_best = |k: usize, n: usize| {
        let (k, n) = (k as f64, n as f64);
        let term = |x: f64| if x > 0.0 { x * (x / n).ln() } else { 0.0 };
        if n > 0.0 { term(k) + term(n - k) } else { 0.0 }
    };
    (at_best(k1, n1) + at_best(k2, n2) - at_best(k1 + k2, n1 + n2)).max(0.0)
}

/// A share from 0 to 1 with its interval.
fn share(k: usize, n: usize) -> Estimate {
    let (lower, upper) = crate::stats::proportion_interval(k, n);
    Estimate::interval(if n > 0 { k as f64 / n as f64 } else { 0.0 }, lower, upper, "1")
}

/// An upper bound that can be printed: ratios have no end where a side has no event.
fn finite(value: f64) -> f64 {
    value.min(1e6)
}
