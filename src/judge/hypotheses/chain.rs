//! # Claim
//! A change is a latent fault: now and then a session does not close on hosts that carry it, and blocks its
//! user; the more sessions are open, the more often. It is there for weeks before load makes it loud.
//!
//! # What else would explain it
//! Anything that fails the users of these hosts whoever they are; one user's own trouble.
//!
//! # Evidence for
//! The same user keeps failing while others get in, after a session that ended on an exposed host; marks of
//! incomplete closes sit on exposed hosts; both are older than the rise.
//!
//! # Evidence against
//! Users fail who had no session there, or as often after clean closes; users get in at once after failing.
//!
//! # Test
//! A filter by user (see `correlate::blocked`), its parameters averaged on a coarse grid for every change and
//! on a finer one, with every possible remedy, for the changes that are left.
//!
//! # Limits
//! Where session ends are not logged the filter has nothing to go by.

use rayon::prelude::*;

use super::super::mechanism::{How, Mechanism};
use super::super::scene::Scene;
use super::change::shares;
use super::windows::ends;
use super::{Cause, Explanation, Grid, Hypothesis, Remedied, prior};
use crate::correlate::{Blocked, MarkState};
use crate::stats::special::LogSum;

/// Chances that one end blocks its user at full load, with the power of load: coarse.
const COARSE: [(f64, f64); 6] = [(0.01, 0.0), (0.05, 0.0), (0.2, 0.0), (0.02, 1.5), (0.08, 1.5), (0.3, 1.5)];
/// The same, fine.
const FINE: [(f64, f64); 15] = [
    (0.005, 0.0),
    (0.015, 0.0),
    (0.05, 0.0),
    (0.15, 0.0),
    (0.4, 0.0),
    (0.01, 1.0),
    (0.03, 1.0),
    (0.1, 1.0),
    (0.25, 1.0),
    (0.6, 1.0),
    (0.02, 2.5),
    (0.06, 2.5),
    (0.15, 2.5),
    (0.35, 2.5),
    (0.7, 2.5),
];
/// How long a block lasts by itself, hours, and whether a restart clears it.
const CLEARINGS: [(f64, bool); 3] = [(10.0, true), (60.0, true), (300.0, false)];
/// The chance that a blocked user's attempt fails.
const KAPPA: f64 = 0.95;
/// Chances that an incomplete close leaves a mark.
const D: [f64; 2] = [0.5, 0.92];
/// Rates of false marks.
const D0: [f64; 3] = [0.003, 0.02, 0.1];
/// Changes that are worth the fine grid: the first so many, if within this many nats of the first.
const N_FINE: usize = 5;
const FINE_WITHIN: f64 = 14.0;
/// Remedies tried on the fine grid: the likeliest so many.
const MAX_REMEDIES: usize = 10;

/// A latent fault.
pub(super) struct Latent;

impl Hypothesis for Latent {
    fn name(&self) -> &'static str {
        "chain"
    }

    fn explanations(&self, scene: &Scene<'_>) -> Vec<Explanation> {
        if scene.view.from.ends.is_empty() {
            return Vec::new();
        }
        let (shares, _) = shares(scene);
        let marks = Marks::of(scene);
        let coarse: Vec<(usize, f64)> = (0..shares.len())
            .into_par_iter()
            .filter(|change| scene.view.from.changes[*change].n_hosts() > 0)
            .map(|change| {
                let spans = scene.spans_of(change, 0.0, Remedied::Never);
                let mut grid = Grid::new();
                run_grid(scene, &marks, &COARSE, &spans, (0.0, Remedied::Never), &mut grid);
                let value = grid
                    .explanation(Cause::Change(Some(change)), "chain", 0.0, |(filter, _)| mechanism(filter, spans))
                    .map_or(f64::NEG_INFINITY, |one| one.log_likelihood);
                (change, value)
            })
            .collect();
        let mut order: Vec<(usize, f64)> = coarse.clone();
        order.sort_by(|a, b| (b.1 + shares[b.0].ln()).total_cmp(&(a.1 + shares[a.0].ln())).then(a.0.cmp(&b.0)));
        let best = order.first().map_or(0.0, |one| one.1 + shares[one.0].ln());
        let fine: Vec<usize> = order
            .iter()
            .take(N_FINE)
            .filter(|(change, value)| value + shares[*change].ln() > best - FINE_WITHIN)
            .map(|(change, _)| *change)
            .collect();
        coarse
            .par_iter()
            .filter_map(|(change, _)| {
                let log_prior = (shares[*change] * prior::CHAIN).ln();
                weigh(scene, &marks, *change, log_prior, fine.contains(change))
            })
            .collect()
    }
}

/// Weighs one change, on the coarse grid without remedies or on the fine one with them.
fn weigh(scene: &Scene<'_>, marks: &Marks, change: usize, log_prior: f64, is_fine: bool) -> Option<Explanation> {
    let from_s = scene.view.from.changes[change].first_s();
    let mut all = ends(scene, from_s, Some(change), 24);
    // A free end is left to the clearing of blocks; its prior goes to "never".
    let never: f64 = all.iter().filter(|(end, _)| !matches!(end, Remedied::By(_))).map(|(_, w)| w.exp()).sum();
    all.retain(|(end, _)| matches!(end, Remedied::By(_)));
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let mut grid = Grid::new();
    let spans = scene.spans_of(change, 0.0, Remedied::Never);
    let points: &[(f64, f64)] = if is_fine { &FINE } else { &COARSE };
    run_grid(scene, marks, points, &spans, (never.ln(), Remedied::Never), &mut grid);
    if is_fine {
        for (end, log_end) in promising(scene, marks, change, &all) {
            let spans = scene.spans_of(change, 0.0, end);
            run_grid(scene, marks, points, &spans, (log_end, end), &mut grid);
        }
    }
    grid.explanation(Cause::Change(Some(change)), "chain", log_prior, |(filter, end)| {
        mechanism(filter, scene.spans_of(change, 0.0, end))
    })
}

/// The remedies that explain most, by the coarse grid.
fn promising(scene: &Scene<'_>, marks: &Marks, change: usize, all: &[(Remedied, f64)]) -> Vec<(Remedied, f64)> {
    let mut tried: Vec<(f64, (Remedied, f64))> = all
        .iter()
        .map(|&(end, log_end)| {
            let mut grid = Grid::new();
            let spans = scene.spans_of(change, 0.0, end);
            run_grid(scene, marks, &COARSE[1..5], &spans, (log_end, end), &mut grid);
            let value = grid.explanation(Cause::Nothing, "", 0.0, |(filter, _)| mechanism(filter, spans));
            (value.map_or(f64::NEG_INFINITY, |one| one.log_likelihood), (end, log_end))
        })
        .collect();
    tried.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.0.cmp(&b.1.0)));
    tried.into_iter().take(MAX_REMEDIES).map(|(_, end)| end).collect()
}

fn mechanism(filter: Blocked, spans: Vec<(f64, f64)>) -> Mechanism {
    Mechanism { user: None, spans, how: How::Blocked(filter) }
}

/// Runs the filter over a grid of parameters for one exposure and one end.
pub(super) fn run_grid(
    scene: &Scene<'_>,
    marks: &Marks,
    points: &[(f64, f64)],
    spans: &[(f64, f64)],
    (log_end, end): (f64, Remedied),
    grid: &mut Grid<(Blocked, Remedied)>,
) {
    let pairs = marks.pairs();
    let log_size = -((points.len() * CLEARINGS.len()) as f64).ln();
    for &(q0, gamma) in points {
        for (lasts_h, restart_clears) in CLEARINGS {
            for &(d, d0, log_marks) in &pairs {
                let filter = Blocked { q0, gamma, kappa: KAPPA, lasts_h, restart_clears, d, d0 };
                let run = filter.run(&scene.view, spans, |_, _| ());
                let value = scene.view.weight * (run.tries + run.marks) + log_marks;
                grid.add(log_end + log_size, value, end, || (filter, end));
            }
        }
    }
}

/// What marks are there, and what they are worth without the filter.
pub(super) struct Marks {
    n_seen: usize,
    n_not_seen: usize,
    weight: f64,
}

impl Marks {
    /// Counts the marks of a scene.
    pub(super) fn of(scene: &Scene<'_>) -> Self {
        let count = |state| scene.view.from.ends.iter().filter(|end| end.mark == state).count();
        Self { n_seen: count(MarkState::Seen), n_not_seen: count(MarkState::NotSeen), weight: scene.view.weight }
    }

    /// Pairs of `d` and `d0` with the logarithm of their weight: the likelihood of the marks at this `d0`
    /// against its mean over all, which is what every hypothesis without the filter pays.
    fn pairs(&self) -> Vec<(f64, f64, f64)> {
        if self.n_seen + self.n_not_seen == 0 {
            return vec![(D[0], D0[0], 0.0)];
        }
        let of = |d0: f64| self.weight * (self.n_seen as f64 * d0.ln() + self.n_not_seen as f64 * (-d0).ln_1p());
        let mut mean = LogSum::default();
        for d0 in D0 {
            mean.add(of(d0) - (D0.len() as f64).ln());
        }
        let mean = mean.ln();
        let n = (D.len() * D0.len()) as f64;
        D.into_iter()
            .flat_map(|d| D0.into_iter().map(move |d0| (d, d0)))
            .map(|(d, d0)| (d, d0, of(d0) - mean - n.ln()))
            // Rates of false marks that the counts rule out are not worth a run.
            .filter(|(_, _, weight)| *weight > -25.0 || self.n_seen > 0)
            .collect()
    }
}
