//! Weighs all hypotheses on one signature: two passes, the second with the background of the first's best.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::estimate::Estimate;
use super::hypotheses::{Cause, Explanation, HYPOTHESES, suspicion};
use super::refits::Refits;
use super::scene::Scene;
use crate::correlate::bursts::bursts;
use crate::correlate::split::split;
use crate::correlate::{Background, Class, Correlation, View};
use crate::stats::log_sum_exp;
use crate::stats::special::LogSum;

/// Below this many failures of a signature there is nothing to judge.
pub(crate) const MIN_FAILURES: usize = 6;
/// The fewest failures that a cause must be held for so that it is an incident: a definition.
pub(crate) const MIN_ATTRIBUTED: f64 = 6.0;
/// A marginal likelihood of this many nats, before its prior, is a sign of something.
const MIN_SIGN: f64 = 2.0;
/// Bounds of the weight of log ratios: never more than independent attempts, never less than a twentieth.
const WEIGHT: (f64, f64) = (0.05, 1.0);

/// Explanations whose gain is computed side by side.
const BATCH: usize = 8;
/// By how many nats, before they are weighted, an estimate of a gain may err more than it did so far.
const ERROR: f64 = 10.0;
/// Explanations that are by so many nats behind the best do not matter: a thousand of them have the least probability
/// that is listed.
const FAR: f64 = 16.0;

/// What all hypotheses together say of one signature.
pub(crate) struct Opinion<'a> {
    /// The scene of the last pass.
    pub(crate) scene: Scene<'a>,
    /// Explanations with what refitting gains, the weightiest first.
    pub(crate) explanations: Vec<Explanation>,
    /// By cause: probability among all, the likeliest first; adds up to 1.
    pub(crate) causes: Vec<(Cause, f64)>,
    /// Logarithm of the odds of the best cause that is not "nothing" to "nothing".
    pub(crate) log_odds: f64,
    /// Whether any explanation shows a sign of something before the background is refitted.
    shows: bool,
}

impl Opinion<'_> {
    /// The best explanation that is not "nothing".
    pub(crate) fn best(&self) -> Option<&Explanation> {
        self.explanations.iter().find(|one| one.cause != Cause::Nothing)
    }

    /// The best explanation of a cause.
    pub(crate) fn best_of(&self, cause: Cause) -> Option<&Explanation> {
        self.explanations.iter().find(|one| one.cause == cause)
    }
}

/// Rounds of quick looks: each lowers the background that still holds the incident.
const N_LOOKS: usize = 3;

/// A quick look at a signature.
pub(crate) struct Look<'a> {
    /// The view, with a background that has let go of what the look explains.
    view: View<'a>,
    background: Background,
    /// The logarithm of the odds that something is there at all.
    pub(crate) log_odds: f64,
}

/// A quick look at a signature, by the hypotheses that are quick; `None` if there are too few failures.
///
/// With all failures in the background every mechanism would look small, and the full grids would begin at the
/// wrong sizes.
pub(crate) fn look<'a>(
    from: &'a Correlation,
    signature: Option<usize>,
    skip: &[bool],
    asked: Option<(f64, f64)>,
) -> Option<Look<'a>> {
    let mut view = View::new(from, signature, skip);
    if view.n_own() < MIN_FAILURES {
        return None;
    }
    let mut background = view.fit(&split(&view));
    let mut log_odds = f64::NEG_INFINITY;
    let mut last = None;
    for _ in 0..N_LOOKS {
        view.base = background.chances(view.pairs());
        let scene = Scene::quick(view, asked);
        let all: Vec<Vec<Explanation>> = HYPOTHESES.par_iter().map(|one| one.sketch(&scene)).collect();
        let all: Vec<Explanation> = all.into_iter().flatten().collect();
        log_odds = log_sum_exp(&all.iter().map(Explanation::weight).collect::<Vec<_>>());
        let best = all.into_iter().max_by(|a, b| a.weight().total_cmp(&b.weight()));
        let best = best.filter(|one| one.grid_likelihood > MIN_SIGN).map(|one| one.best);
        let chances = best.as_ref().map(|best| best.chances(&scene.view));
        view = scene.view;
        // The same again leaves the background as it is.
        let Some(chances) = chances.filter(|_| best != last) else { break };
        background = view.fit(&chances);
        last = best;
    }
    view.base = background.chances(view.pairs());
    Some(Look { view, background, log_odds })
}

/// Weighs everything on one signature.
pub(crate) fn opinion(look: Look<'_>, asked: Option<(f64, f64)>, with_marks: bool) -> Opinion<'_> {
    let Look { mut view, background, .. } = look;
    view.with_marks = with_marks;
    let first = pass(Scene::new(view, asked), &background, Wanted::Best);
    // Without a sign of anything, a second pass with its background would be the first one again. The odds are
    // no sign: in the first pass the background holds the incident, too.
    let Some(best) = first.best().filter(|_| first.shows || asked.is_some()) else { return first };
    let mut view = first.scene.view.clone();
    let chances = best.best.chances(&view);
    // What the first pass summed is not needed any more.
    drop(first);
    if view.signature.is_some() {
        view.share = share_of(&view, &chances);
    }
    let background = view.fit(&chances);
    view.base = background.chances(view.pairs());
    view.weight = tempering(&view, &chances);
    pass(Scene::new(view, asked), &background, Wanted::All)
}

/// Which explanations a pass is made for.
#[derive(Clone, Copy, PartialEq)]
enum Wanted {
    /// All that matter.
    All,
    /// The best one, if anything shows at all, for there will be another pass.
    Best,
}

/// One pass over all hypotheses with a given background.
fn pass<'a>(scene: Scene<'a>, background: &Background, wanted: Wanted) -> Opinion<'a> {
    let found: Vec<Vec<Explanation>> = HYPOTHESES.par_iter().map(|one| one.explanations(&scene)).collect();
    let mut explanations: Vec<Explanation> = found.into_iter().flatten().collect();
    let shows = explanations.iter().any(|one| one.grid_likelihood > MIN_SIGN);
    let is_last = wanted == Wanted::All || (!shows && scene.asked.is_none());
    let gains = gains(&scene.view, background, &explanations, if is_last { FAR } else { 0.0 });
    for (one, gain) in explanations.iter_mut().zip(&gains) {
        one.log_likelihood += gain.unwrap_or(f64::NEG_INFINITY);
    }
    // A cause to which too few failures are attributed is no incident, whatever else it explains.
    explanations.retain(|one| one.cause == Cause::Nothing || one.log_likelihood > f64::NEG_INFINITY);
    explanations.sort_by(|a, b| b.weight().total_cmp(&a.weight()).then(a.cause.cmp(&b.cause)));
    let mut causes = weights(&explanations);
    share(&scene, &mut causes);
    causes.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let log_odds = odds_of_something(&causes);
    let total = log_sum_exp(&causes.iter().map(|(_, weight)| *weight).collect::<Vec<_>>());
    for (_, weight) in &mut causes {
        *weight = (*weight - total).exp();
    }
    Opinion { scene, explanations, causes, log_odds, shows }
}

/// The logarithm of each cause's weight.
fn weights(explanations: &[Explanation]) -> Vec<(Cause, f64)> {
    let mut weights: BTreeMap<Cause, LogSum> = BTreeMap::new();
    for one in explanations {
        weights.entry(one.cause).or_default().add(one.weight());
    }
    weights.into_iter().map(|(cause, sum)| (cause, sum.ln())).collect()
}

/// Shares the weight of changes that no attempt separates out among them, in proportion to their priors: what the
/// shapes prefer, the shortest delay for one, is nothing that the log says.
fn share(scene: &Scene<'_>, causes: &mut [(Cause, f64)]) {
    for set in scene.inseparable() {
        let is_one = |cause: Cause| matches!(cause, Cause::Change(Some(change)) if set.contains(&change));
        let among: Vec<&mut (Cause, f64)> = causes.iter_mut().filter(|(cause, _)| is_one(*cause)).collect();
        let prior = |cause: Cause| if let Cause::Change(Some(change)) = cause { suspicion(scene, change) } else { 0.0 };
        let weight = log_sum_exp(&among.iter().map(|one| one.1).collect::<Vec<_>>());
        let total: f64 = among.iter().map(|one| prior(one.0)).sum();
        for one in among {
            one.1 = weight + (prior(one.0) / total).ln();
        }
    }
}

fn odds_of_something(causes: &[(Cause, f64)]) -> f64 {
    let (nothing, something): (Vec<_>, Vec<_>) = causes.iter().partition(|(cause, _)| *cause == Cause::Nothing);
    let sum = |all: Vec<&(Cause, f64)>| log_sum_exp(&all.iter().map(|(_, weight)| *weight).collect::<Vec<_>>());
    sum(something) - sum(nothing)
}

/// What refitting gains each explanation; `None` for those that are by `far` behind the best, too.
///
/// Explanations are taken in the order of a rough estimate, some at a time, until those that are left are too far
/// behind the best: even if the estimate errs by as much as the worst before, and by [`ERROR`] nats more.
fn gains(view: &View<'_>, background: &Background, explanations: &[Explanation], far: f64) -> Vec<Option<f64>> {
    let bursts = bursts(view);
    let refits = Refits::of(view, background, &bursts);
    let is_nothing = |place: &usize| explanations[*place].cause == Cause::Nothing;
    let rough = estimates(&Estimate::of(view, background, &bursts), view, explanations, far);
    // The gain for nothing at all is wanted in any case, first, and without an estimate.
    let mut order: Vec<usize> =
        (0..explanations.len()).filter(|place| is_nothing(place) || rough[*place].is_some()).collect();
    let estimated = |place: usize| explanations[place].weight() + rough[place].unwrap_or(0.0);
    order
        .sort_by(|a, b| is_nothing(b).cmp(&is_nothing(a)).then(estimated(*b).total_cmp(&estimated(*a))).then(a.cmp(b)));
    let mut gains = vec![None; explanations.len()];
    let (mut best, mut error) = (f64::NEG_INFINITY, 0.0_f64);
    for some in order.chunks(BATCH) {
        if estimated(some[0]) + error + ERROR * view.weight < best - far {
            break;
        }
        let exact: Vec<Option<f64>> = some.par_iter().map(|place| refits.gain(&explanations[*place].best)).collect();
        for (place, gain) in some.iter().zip(exact) {
            gains[*place] = gain;
            // The best of the causes is wanted also where nothing at all explains more, and the error for that, from which
            // the background moves farthest, tells nothing of theirs.
            if let Some(gain) = gain.filter(|_| !is_nothing(place)) {
                best = best.max(explanations[*place].weight() + gain);
                error = error.max(gain - rough[*place].unwrap_or(0.0));
            }
        }
    }
    gains
}

/// Estimates of what refitting gains; `None` for those that are so far behind before it that no gain will bring them up:
/// not the greatest so far and twice [`ERROR`] nats, once for the gain and once for its estimate.
fn estimates(estimate: &Estimate<'_>, view: &View<'_>, explanations: &[Explanation], far: f64) -> Vec<Option<f64>> {
    const BATCH: usize = 256;
    let mut order: Vec<usize> = (0..explanations.len()).collect();
    let weight = |place: usize| explanations[place].weight();
    order.sort_by(|a, b| weight(*b).total_cmp(&weight(*a)).then(a.cmp(b)));
    let mut rough = vec![None; explanations.len()];
    let (mut best, mut greatest) = (f64::NEG_INFINITY, 0.0_f64);
    for some in order.chunks(BATCH) {
        if weight(some[0]) + greatest + 2.0 * ERROR * view.weight < best - far {
            break;
        }
        let gains: Vec<Option<f64>> = some.par_iter().map(|place| estimate.gain(&explanations[*place].best)).collect();
        for (place, gain) in some.iter().zip(gains) {
            rough[*place] = gain;
            if let Some(gain) = gain {
                best = best.max(weight(*place) + gain);
                greatest = greatest.max(gain);
            }
        }
    }
    rough
}

/// The share of a mechanism's failures that show the signature, from the failures where it is at work.
///
/// One pseudo-count on twenty keeps it from 1, and below a half the signature would be the wrong one.
fn share_of(view: &View<'_>, chances: &[f64]) -> f64 {
    let own: f64 = view.attributed(chances).iter().sum();
    let other: f64 = view
        .classes
        .iter()
        .zip(chances)
        .filter(|(class, m)| **class == Class::Other && **m > 0.0)
        .map(|(_, m)| {
            let by_mechanism = m * (1.0 - view.share) / view.other;
            by_mechanism / (1.0 - m + by_mechanism)
        })
        .sum();
    ((own + 19.0) / (own + other + 20.0)).clamp(0.5, 0.99)
}

/// The weight of log ratios: `(1 − ρ) / (φ (1 + ρ))`, with Pearson's φ over cells of host and two hours,
/// and ρ the correlation of neighbouring residuals of the fleet.
fn tempering(view: &View<'_>, chances: &[f64]) -> f64 {
    const CELL_S: f64 = 7200.0;
    const PRIOR_CELLS: f64 = 30.0;
    const PRIOR_PAIRS: f64 = 30.0;
    let mut cells: BTreeMap<(i64, usize), (f64, f64, f64)> = BTreeMap::new();
    for (place, one) in view.from.tries.iter().enumerate() {
        if view.classes[place] == Class::Skipped {
            continue;
        }
        let b = view.base[place];
        let p = b + (1.0 - b) * chances[place] * view.share;
        let cell = cells.entry(((one.at_s / CELL_S).floor() as i64, one.host)).or_default();
        cell.0 += f64::from(u8::from(view.classes[place] == Class::Own)) - p;
        cell.1 += p * (1.0 - p);
        cell.2 += p;
    }
    // Cells that expect next to nothing say nothing about scatter, and one failure would make them huge.
    let told: Vec<(i64, f64, f64)> =
        cells.iter().filter(|(_, cell)| cell.2 > 0.2).map(|((bin, _), cell)| (*bin, cell.0, cell.1)).collect();
    if told.len() < 10 {
        return WEIGHT.1;
    }
    // Thirty cells without extra scatter beforehand, and thirty pairs of independent residuals below: with a mean of a
    // fifth of a failure, the squared residual of one cell has a variance of seven, so that few cells tell little.
    let scatter: f64 = told.iter().map(|(_, residual, variance)| residual * residual / variance).sum();
    let phi = ((scatter + PRIOR_CELLS) / (told.len() as f64 + PRIOR_CELLS)).clamp(1.0, 20.0);
    let mut fleet: Vec<(i64, f64, f64)> = Vec::new();
    for (bin, residual, variance) in told {
        match fleet.last_mut() {
            Some(last) if last.0 == bin => {
                last.1 += residual;
                last.2 += variance;
            }
            _ => fleet.push((bin, residual, variance)),
        }
    }
    let scaled: Vec<(i64, f64)> =
        fleet.iter().map(|(bin, residual, variance)| (*bin, residual / variance.sqrt())).collect();
    let pairs: Vec<(f64, f64)> =
        scaled.windows(2).filter(|pair| pair[1].0 - pair[0].0 == 1).map(|pair| (pair[0].1, pair[1].1)).collect();
    let product: f64 = pairs.iter().map(|(a, b)| a * b).sum();
    let square: f64 = pairs.iter().map(|(a, b)| f64::midpoint(a * a, b * b)).sum::<f64>() + PRIOR_PAIRS;
    let rho = (product / square).clamp(0.0, 0.8);
    ((1.0 - rho) / (phi * (1.0 + rho))).clamp(WEIGHT.0, WEIGHT.1)
}
