//! Two ways of naming a change that others use, on the same tables, for comparison only.
//!
//! Neither states a probability, and neither knows a cause that is no change: naming nothing counts as right
//! where no recorded change is guilty.

use std::collections::BTreeMap;

use causeline::correlate::{Correlation, Try};

const HOUR: f64 = 3600.0;

/// The nearest preceding change: of the changes in force on hosts that failed, the last before the first failure of the
/// onset; by index. The onset is the segment that rises most above the one before it, counted in failures.
pub(crate) fn nearest(from: &Correlation) -> Option<usize> {
    let mut rises = Vec::new();
    for pair in from.onsets.windows(2).filter(|pair| pair[0].signature == pair[1].signature) {
        let [before, after] = pair else { continue };
        let is_within = |one: &&Try| (after.from_s..after.to_s).contains(&one.at_s);
        let n_tries = from.tries.iter().filter(is_within).count();
        rises.push(((after.share - before.share) * n_tries as f64, *after));
    }
    let (excess, onset) = rises.into_iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
    if excess <= 0.0 {
        return None;
    }
    let is_own = |one: &&Try| {
        let has = one.signature.is_some() && (onset.signature.is_none() || one.signature == onset.signature);
        has && (onset.from_s..onset.to_s).contains(&one.at_s)
    };
    let failures: Vec<&Try> = from.tries.iter().filter(is_own).collect();
    let first_s = failures.first()?.at_s;
    let last_in_force = |change: usize| {
        let at_s = &from.changes[change].at_s;
        failures.iter().map(|one| at_s[one.host]).filter(|at| *at <= first_s).reduce(f64::max)
    };
    (0..from.changes.len())
        .filter_map(|change| Some((change, last_in_force(change)?)))
        .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
        .map(|(change, _)| change)
}

/// Windows of Gandalf's votes, hours, each with its weight.
const WINDOWS: [(f64, f64); 3] = [(1.0, 1.0), (24.0, 0.5), (72.0, 0.25)];
/// By which votes decay with age, hours.
const DECAY_H: f64 = 72.0;
/// An hour is anomalous from so many standard deviations above its forecast on.
const N_SIGMA: f64 = 4.0;

/// The voting scheme of Gandalf (Li and others, *Gandalf: An Intelligent, End-To-End Analytics Service for Safe
/// Deployment in Large-Scale Cloud Infrastructure*, NSDI 2020); the change by index.
///
/// As there: faults are grouped by signature; a signature counts when its hourly count exceeds a Holt-Winters forecast by
/// four standard deviations; each of its faults votes for the changes that the node got within windows of an hour,
/// a day and three days before it, with weights that fall with the window and an exponential decay with age; a
/// fault of that signature before the change, on the same node and within the same windows, is a veto (temporal
/// correlation), and so is one on nodes without the change after it came out, by the share of nodes (spatial correlation).
///
/// Adapted: the forecast's season is a day and its first week only teaches it (three to five weeks are here, not
/// hundreds of thousands of nodes); weights and decay are approximate, for the paper's are not at hand; the Gaussian
/// classifier that says stop or go was trained on operators' feedback, and a positive score of the best change
/// stands in for it, which names more. The scheme votes on faults and does not know the tries that succeeded.
pub(crate) fn gandalf(from: &Correlation) -> Option<usize> {
    let anomalous = anomalous_hours(from);
    let mut best: Option<(f64, usize)> = None;
    for (signature, hours) in anomalous {
        let faults: Vec<&Try> = from.tries.iter().filter(|one| one.signature == Some(signature)).collect();
        let first_h = hours.first().copied().unwrap_or(0) as f64;
        for change in 0..from.changes.len() {
            let score = score(from, change, &faults, first_h * HOUR);
            if score > 0.0 && best.is_none_or(|(other, _)| score > other) {
                best = Some((score, change));
            }
        }
    }
    best.map(|(_, change)| change)
}

/// Votes less vetoes; votes are cast by faults from the first anomalous hour on.
fn score(from: &Correlation, change: usize, faults: &[&Try], from_s: f64) -> f64 {
    let change = &from.changes[change];
    let out_s = change.first_s();
    let n_exposed = change.n_hosts() as f64;
    let n_unexposed = from.hosts.len() as f64 - n_exposed;
    let mut score = 0.0;
    for fault in faults {
        let got_s = change.at_s[fault.host];
        let age_h = (fault.at_s - got_s) / HOUR;
        let out_h = (fault.at_s - out_s) / HOUR;
        if got_s.is_finite() && age_h >= 0.0 && fault.at_s >= from_s {
            score += weight(age_h) * (-age_h / DECAY_H).exp();
        } else if got_s.is_finite() && age_h < 0.0 {
            score -= weight(-age_h);
        } else if got_s.is_infinite() && out_h >= 0.0 && n_unexposed > 0.0 {
            score -= weight(out_h) * (-out_h / DECAY_H).exp() * n_exposed / n_unexposed;
        }
    }
    score
}

/// The weights of all windows that hold an age.
fn weight(age_h: f64) -> f64 {
    WINDOWS.iter().filter(|(window_h, _)| age_h < *window_h).map(|(_, weight)| weight).sum()
}

/// The anomalous hours of each signature that has some.
fn anomalous_hours(from: &Correlation) -> BTreeMap<usize, Vec<usize>> {
    let mut counts = vec![vec![0.0; from.n_hours()]; from.signatures.len()];
    for one in &from.tries {
        if let Some(signature) = one.signature {
            let hour = ((one.at_s / HOUR).max(0.0) as usize).min(from.n_hours() - 1);
            counts[signature][hour] += 1.0;
        }
    }
    let all = counts.iter().enumerate().map(|(signature, counts)| (signature, above_forecast(counts)));
    all.filter(|(_, hours)| !hours.is_empty()).collect()
}

/// Hours above an additive Holt-Winters forecast (level and season of a day; smoothing .1, the usual default of slow
/// series) by [`N_SIGMA`] standard deviations of its errors so far, at least those of a Poisson count of one.
fn above_forecast(counts: &[f64]) -> Vec<usize> {
    const SEASON: usize = 24;
    const TAUGHT: usize = 7 * SEASON;
    const ALPHA: f64 = 0.1;
    let mut season = [0.0; SEASON];
    let (mut level, mut squares, mut n) = (0.0, 0.0, 0.0);
    let mut above = Vec::new();
    for (hour, count) in counts.iter().enumerate() {
        let error = count - (level + season[hour % SEASON]);
        let sigma = if n > 0.0 { f64::sqrt(squares / n) } else { 0.0 };
        let is_above = hour >= TAUGHT && error > N_SIGMA * sigma.max(1.0);
        if is_above {
            above.push(hour);
        } else {
            // What is anomalous teaches nothing, else the incident would become its own forecast.
            squares += error * error;
            n += 1.0;
            level += ALPHA * error;
            season[hour % SEASON] += ALPHA * error;
        }
    }
    above
}
