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
use super::super::windows::ends;
use super::change::shares;
use super::dependency::is_users_fault;
use super::{Cause, Explanation, Grid, Hypothesis, Remedied, prior};
use crate::correlate::blocked::doses;
use crate::correlate::{Blocked, MarkState};
use crate::stats::special::LogSum;

/// Chances that one end blocks its user at full load, with the power of load: coarse.
const COARSE: [(f64, f64); 6] = [(0.01, 0.0), (0.05, 0.0), (0.2, 0.0), (0.02, 1.5), (0.08, 1.5), (0.3, 1.5)];
/// The same, fine.
const FINE: [(f64, f64); 12] = [
    (0.005, 0.0),
    (0.02, 0.0),
    (0.07, 0.0),
    (0.25, 0.0),
    (0.015, 1.0),
    (0.05, 1.0),
    (0.15, 1.0),
    (0.45, 1.0),
    (0.03, 2.5),
    (0.1, 2.5),
    (0.3, 2.5),
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
const N_FINE: usize = 4;
const FINE_WITHIN: f64 = 10.0;
/// Remedies tried on the fine grid: the likeliest so many.
const MAX_REMEDIES: usize = 6;
/// With a remedy, only those points are run again that came within so many nats of the best without.
const POINTS_WITHIN: f64 = 7.0;

/// A password is checked before any session is opened: one that did not close hardly makes it wrong.
pub(super) const USERS_FAULT_FACTOR: f64 = 0.02;

/// A latent fault.
pub(super) struct Latent;

impl Hypothesis for Latent {
    fn explanations(&self, scene: &Scene<'_>) -> Vec<Explanation> {
        if scene.view.from.ends.is_empty() {
            return Vec::new();
        }
        let (shares, _) = shares(scene);
        let part = if is_users_fault(scene) { prior::CHAIN * USERS_FAULT_FACTOR } else { prior::CHAIN };
        let marks = Marks::of(scene);
        let doses = Doses::of(scene);
        let points = points(&COARSE, &marks.pairs());
        let coarse: Vec<Explanation> = (0..shares.len())
            .into_par_iter()
            .filter(|change| scene.view.from.changes[*change].n_hosts() > 0)
            .filter_map(|change| {
                let spans = scene.spans_of(change, 0.0, Remedied::Never);
                let mut grid = Grid::new();
                run_grid(scene, &doses, &points, &spans, (0.0, Remedied::Never), &mut grid);
                let log_prior = (shares[change] * part).ln();
                grid.explanation(Cause::Change(Some(change)), log_prior, |(filter, _)| mechanism(filter, spans))
            })
            .collect();
        let mut order: Vec<(usize, f64)> =
            coarse.iter().enumerate().map(|(place, one)| (place, one.weight())).collect();
        order.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let best = order.first().map_or(0.0, |one| one.1);
        let fine: Vec<usize> = order
            .into_iter()
            .take(N_FINE)
            .filter(|(_, weight)| *weight > best - FINE_WITHIN)
            .map(|(place, _)| place)
            .collect();
        coarse
            .into_par_iter()
            .enumerate()
            .map(|(place, one)| match one.cause {
                Cause::Change(Some(change)) if fine.contains(&place) => {
                    weigh(scene, &marks, &doses, change, one.log_prior).unwrap_or(one)
                }
                _ => one,
            })
            .collect()
    }
}

/// Weighs one change on the fine grid, with its remedies.
fn weigh(scene: &Scene<'_>, marks: &Marks, doses: &Doses, change: usize, log_prior: f64) -> Option<Explanation> {
    let from_s = scene.view.from.changes[change].first_s();
    let mut all = ends(scene, from_s, Some(change), 24);
    // A free end is left to the clearing of blocks; its prior goes to "never".
    let never: f64 = all.iter().filter(|(end, _)| !matches!(end, Remedied::By(_))).map(|(_, w)| w.exp()).sum();
    all.retain(|(end, _)| matches!(end, Remedied::By(_)));
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let mut grid = Grid::new();
    let spans = scene.spans_of(change, 0.0, Remedied::Never);
    let points = points(&FINE, &marks.pairs());
    let values = run_grid(scene, doses, &points, &spans, (never.ln(), Remedied::Never), &mut grid);
    let top = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let kept: Vec<Point> = points
        .iter()
        .zip(&values)
        .filter(|(_, value)| **value > top - POINTS_WITHIN)
        .map(|(point, _)| *point)
        .collect();
    let best: Vec<Point> =
        points.iter().zip(&values).filter(|(_, value)| **value >= top).map(|(point, _)| *point).collect();
    let mut tried: Vec<(f64, Remedied, f64)> = all
        .into_iter()
        .map(|(end, log_end)| {
            let mut grid = Grid::new();
            let spans = scene.spans_of(change, 0.0, end);
            let value = run_grid(scene, doses, &best, &spans, (0.0, end), &mut grid);
            (log_end + value.into_iter().fold(f64::NEG_INFINITY, f64::max), end, log_end)
        })
        .collect();
    tried.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, end, log_end) in tried.into_iter().take(MAX_REMEDIES) {
        run_grid(scene, doses, &kept, &scene.spans_of(change, 0.0, end), (log_end, end), &mut grid);
    }
    grid.explanation(Cause::Change(Some(change)), log_prior, |(filter, end)| {
        mechanism(filter, scene.spans_of(change, 0.0, end))
    })
}

fn mechanism(filter: Blocked, spans: Vec<(f64, f64)>) -> Mechanism {
    Mechanism { user: None, spans, how: How::Blocked(filter) }
}

/// One point of the grid.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    filter: Blocked,
    /// Logarithm of its weight in the grid.
    log_weight: f64,
    /// Logarithm of what all marks are worth at its `d0`, if every one is a false one, against the mean over `d0`.
    log_marks: f64,
}

/// All points of a grid.
pub(super) fn points(blocking: &[(f64, f64)], pairs: &[(f64, f64, f64, f64)]) -> Vec<Point> {
    let log_size = -((blocking.len() * CLEARINGS.len()) as f64).ln();
    let mut points = Vec::new();
    for &(q0, gamma) in blocking {
        for (lasts_h, restart_clears) in CLEARINGS {
            for &(d, d0, log_share, log_marks) in pairs {
                let filter = Blocked { q0, gamma, kappa: KAPPA, lasts_h, restart_clears, d, d0 };
                points.push(Point { filter, log_weight: log_size + log_share, log_marks });
            }
        }
    }
    points
}

/// Runs the filter over points for one exposure and one end; returns the value of each point.
pub(super) fn run_grid(
    scene: &Scene<'_>,
    doses: &Doses,
    points: &[Point],
    spans: &[(f64, f64)],
    (log_end, end): (f64, Remedied),
    grid: &mut Grid<(Blocked, Remedied)>,
) -> Vec<f64> {
    points
        .iter()
        .map(|&Point { filter, log_weight, log_marks }| {
            let run = filter.run(&scene.view, spans, doses.at(filter.gamma), |_, _| ());
            // Marks come from sources whose own rate of false ones differs by host and time. What they add may
            // at most double what the attempts say: marks alone make no incident.
            let tries = scene.view.weight * run.tries;
            let value = tries + (log_marks + scene.view.weight * run.marks).min(tries.max(0.0));
            grid.add(log_end + log_weight, value, end, || (filter, end));
            log_weight + value
        })
        .collect()
}

/// How blocking scales with load, by session end, for each power in use.
pub(super) struct Doses(Vec<(f64, Vec<f64>)>);

impl Doses {
    /// Prepares all powers.
    pub(super) fn of(scene: &Scene<'_>) -> Self {
        let mut powers: Vec<f64> = COARSE.iter().chain(&FINE).map(|point| point.1).collect();
        powers.sort_by(f64::total_cmp);
        powers.dedup();
        Self(powers.into_iter().map(|gamma| (gamma, doses(scene.view.from, gamma))).collect())
    }

    fn at(&self, gamma: f64) -> &[f64] {
        self.0.iter().find(|(power, _)| (power - gamma).abs() < 1e-9).map_or(&[], |(_, doses)| doses)
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
        let told = scene.view.with_marks;
        let count = |state| scene.view.from.ends.iter().filter(|end| told && end.mark == state).count();
        Self { n_seen: count(MarkState::Seen), n_not_seen: count(MarkState::NotSeen), weight: scene.view.weight }
    }

    /// Pairs of `d` and `d0` with the logarithms of their share and of what the marks are worth: the likelihood of the marks at this `d0`
    /// against its mean over all, which is what every hypothesis without the filter pays.
    ///
    /// Rates of false marks that the counts rule out are left out: so many marks would have to be missing.
    pub(super) fn pairs(&self) -> Vec<(f64, f64, f64, f64)> {
        if self.n_seen + self.n_not_seen == 0 {
            return vec![(D[0], D0[0], 0.0, 0.0)];
        }
        let of = |d0: f64| self.weight * (self.n_seen as f64 * d0.ln() + self.n_not_seen as f64 * (-d0).ln_1p());
        let mut mean = LogSum::default();
        for d0 in D0 {
            mean.add(of(d0) - (D0.len() as f64).ln());
        }
        let mean = mean.ln();
        let seen = self.n_seen as f64 / (self.n_seen + self.n_not_seen) as f64;
        let log_share = -((D.len() * D0.len()) as f64).ln();
        D.into_iter()
            .flat_map(|d| D0.into_iter().map(move |d0| (d, d0)))
            // More false marks than marks were seen: no filter can take any away.
            .filter(|(_, d0)| *d0 <= (4.0 * seen).max(D0[0]))
            .map(|(d, d0)| (d, d0, log_share, of(d0) - mean))
            .collect()
    }
}
