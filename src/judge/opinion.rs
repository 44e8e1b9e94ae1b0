//! Weighs all hypotheses on one signature: two passes, the second with the background of the first's best.

use rayon::prelude::*;

use super::hypotheses::{Cause, Explanation, HYPOTHESES};
use super::mechanism::Mechanism;
use super::scene::Scene;
use crate::correlate::bursts::{Burst, bursts};
use crate::correlate::{Background, Class, Correlation, View};
use crate::stats::log_sum_exp;

/// Below this many failures of a signature there is nothing to judge.
pub(crate) const MIN_FAILURES: usize = 6;
/// The fewest failures that a cause must be held for so that it is an incident: a definition.
pub(crate) const MIN_ATTRIBUTED: f64 = 6.0;
/// A marginal likelihood of this many nats, before its prior, is a sign of something.
const MIN_SIGN: f64 = 2.0;
/// Bounds of the weight of log ratios: never more than independent attempts, never less than a twentieth.
const WEIGHT: (f64, f64) = (0.05, 1.0);

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

/// A quick look at a signature, by the hypotheses that are quick: the view with a background that has let go of
/// what they explain, and the logarithm of the odds that something is there at all.
///
/// With all failures in the background every mechanism would look small, and the full grids would begin at the
/// wrong sizes.
fn look(mut view: View<'_>, asked: Option<(f64, f64)>) -> (View<'_>, Background, f64) {
    let mut background = fit(&view, &[]);
    let mut odds = f64::NEG_INFINITY;
    for _ in 0..N_LOOKS {
        view.base = background.chances(&view.from.tries);
        let scene = Scene::new(view, asked);
        let all: Vec<Explanation> = HYPOTHESES.iter().flat_map(|one| one.sketch(&scene)).collect();
        odds = log_sum_exp(&all.iter().map(Explanation::weight).collect::<Vec<_>>());
        let best = all.iter().max_by(|a, b| a.weight().total_cmp(&b.weight()));
        let chances = best.filter(|one| one.grid_likelihood > MIN_SIGN).map(|one| one.best.chances(&scene.view));
        view = scene.view;
        let Some(chances) = chances else { break };
        background = fit(&view, &chances);
    }
    view.base = background.chances(&view.from.tries);
    (view, background, odds)
}

/// The logarithm of the odds that something is there at all; minus infinity if there are too few failures.
pub(crate) fn sketch(from: &Correlation, signature: Option<usize>, skip: &[bool], asked: Option<(f64, f64)>) -> f64 {
    let view = View::new(from, signature, skip);
    if view.n_own() < MIN_FAILURES { f64::NEG_INFINITY } else { look(view, asked).2 }
}

/// Weighs everything on one signature.
pub(crate) fn opinion<'a>(
    from: &'a Correlation,
    signature: Option<usize>,
    skip: &[bool],
    asked: Option<(f64, f64)>,
    with_marks: bool,
) -> Opinion<'a> {
    let mut view = View::new(from, signature, skip);
    view.with_marks = with_marks;
    let (view, background, _) = look(view, asked);
    let first = pass(Scene::new(view, asked), &background);
    // Without a sign of anything, a second pass with its background would be the first one again. The odds are
    // no sign: in the first pass the background holds the incident, too.
    let shows = first.explanations.iter().any(|one| one.grid_likelihood > MIN_SIGN);
    let Some(best) = first.best().filter(|_| shows || asked.is_some()) else { return first };
    let mut view = first.scene.view.clone();
    let chances = best.best.chances(&view);
    if signature.is_some() {
        view.share = share_of(&view, &chances);
    }
    let background = fit(&view, &chances);
    view.base = background.chances(&from.tries);
    view.weight = tempering(&view, &chances);
    pass(Scene::new(view, asked), &background)
}

fn fit(view: &View<'_>, chances: &[f64]) -> Background {
    let from = view.from;
    Background::fit(&from.tries, &view.classes, chances, view.share, from.hosts.len(), from.users.len())
}

/// One pass over all hypotheses with a given background.
fn pass<'a>(scene: Scene<'a>, background: &Background) -> Opinion<'a> {
    let found: Vec<Vec<Explanation>> = HYPOTHESES.par_iter().map(|one| one.explanations(&scene)).collect();
    let mut explanations: Vec<Explanation> = found.into_iter().flatten().collect();
    let bursts = bursts(&scene.view);
    let before = base_likelihood(&scene.view, &scene.view.base) + background.log_prior();
    let gains: Vec<Option<f64>> =
        explanations.par_iter().map(|one| gain(&scene.view, &one.best, before, &bursts)).collect();
    for (one, gain) in explanations.iter_mut().zip(&gains) {
        one.log_likelihood += gain.unwrap_or(f64::NEG_INFINITY);
    }
    // A cause to which too few failures are attributed is no incident, whatever else it explains.
    explanations.retain(|one| one.cause == Cause::Nothing || one.log_likelihood > f64::NEG_INFINITY);
    explanations.sort_by(|a, b| b.weight().total_cmp(&a.weight()).then(a.cause.cmp(&b.cause)));
    let mut causes: Vec<(Cause, Vec<f64>)> = Vec::new();
    for one in &explanations {
        match causes.iter_mut().find(|(cause, _)| *cause == one.cause) {
            Some((_, weights)) => weights.push(one.weight()),
            None => causes.push((one.cause, vec![one.weight()])),
        }
    }
    let mut causes: Vec<(Cause, f64)> = causes.into_iter().map(|(cause, all)| (cause, log_sum_exp(&all))).collect();
    causes.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let log_odds = odds_of_something(&causes);
    let total = log_sum_exp(&causes.iter().map(|(_, weight)| *weight).collect::<Vec<_>>());
    for (_, weight) in &mut causes {
        *weight = (*weight - total).exp();
    }
    Opinion { scene, explanations, causes, log_odds }
}

fn odds_of_something(causes: &[(Cause, f64)]) -> f64 {
    let (nothing, something): (Vec<_>, Vec<_>) = causes.iter().partition(|(cause, _)| *cause == Cause::Nothing);
    let sum = |all: Vec<&(Cause, f64)>| log_sum_exp(&all.iter().map(|(_, weight)| *weight).collect::<Vec<_>>());
    sum(something) - sum(nothing)
}

/// What refitting the background and setting bursts aside gains for one explanation, weighted; `None` if it is
/// held for some failures, but for too few.
fn gain(view: &View<'_>, mechanism: &Mechanism, before: f64, bursts: &[Burst]) -> Option<f64> {
    let chances = mechanism.chances(view);
    let refitted = fit(view, &chances);
    let mut after = view.clone();
    after.base = refitted.chances(&view.from.tries);
    let is_something = chances.iter().any(|m| *m > 0.0) || mechanism.spans.iter().any(|span| span.0 < span.1);
    if is_something && after.attributed(&chances).iter().sum::<f64>() < MIN_ATTRIBUTED {
        return None;
    }
    let with = base_likelihood(&after, &after.base) + after.log_likelihood(&chances) + refitted.log_prior();
    let without = before + view.log_likelihood(&chances);
    let aside: f64 = bursts
        .iter()
        .map(|burst| {
            let explained: f64 = burst.tries.iter().map(|place| view.log_ratio(*place, chances[*place])).sum();
            (burst.worth - view.weight * explained).max(0.0)
        })
        .sum();
    Some(view.weight * (with - without) + aside)
}

/// The log likelihood of the attempts without a mechanism, up to what no hypothesis changes.
fn base_likelihood(view: &View<'_>, base: &[f64]) -> f64 {
    base.iter()
        .zip(&view.classes)
        .map(|(b, class)| match class {
            Class::Own => b.ln(),
            Class::Other | Class::Success => (-b).ln_1p(),
            Class::Skipped => 0.0,
        })
        .sum()
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
    let mut cells: std::collections::BTreeMap<(i64, usize), (f64, f64, f64)> = std::collections::BTreeMap::new();
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
