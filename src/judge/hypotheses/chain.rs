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
/// The same, fine: steps of about three in the chance, which grows the more the steeper the power.
const FINE: [(f64, f64); 14] = [
    (0.005, 0.0),
    (0.02, 0.0),
    (0.07, 0.0),
    (0.25, 0.0),
    (0.01, 0.75),
    (0.03, 0.75),
    (0.1, 0.75),
    (0.3, 0.75),
    (0.02, 1.5),
    (0.08, 1.5),
    (0.3, 1.5),
    (0.04, 3.0),
    (0.15, 3.0),
    (0.6, 3.0),
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
        let changes = (0..shares.len()).filter(|change| scene.view.from.changes[*change].n_hosts() > 0);
        let since: Vec<(Since, f64)> =
            changes.map(|change| (Since::Change(change), (shares[change] * part).ln())).collect();
        let weighed = weigh(scene, &since);
        let explanation = |((since, grid), (_, log_prior)): ((Since, Grid<_>), &(Since, f64))| {
            let Since::Change(change) = since else { return None };
            grid.explanation(Cause::Change(Some(change)), *log_prior, |point| mechanism(scene, since, point))
        };
        weighed.into_iter().zip(&since).filter_map(explanation).collect()
    }
}

/// From when the filter is at work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Since {
    /// From a recorded change on, host by host.
    Change(usize),
    /// From one moment on, on all hosts: a change that no file records.
    Moment(f64),
}

impl Since {
    fn spans(self, scene: &Scene<'_>, end: Remedied) -> Vec<(f64, f64)> {
        match self {
            Self::Change(change) => scene.spans_of(change, 0.0, end),
            Self::Moment(from_s) => scene.spans_from(from_s, end),
        }
    }
}

/// Weighs the filter since each of some beginnings: on the coarse grid, and on the fine one with every end for
/// those that are not far behind the best. `log_priors` are the logarithms of their weights against each other.
pub(super) fn weigh(scene: &Scene<'_>, since: &[(Since, f64)]) -> Vec<(Since, Grid<(Blocked, Remedied)>)> {
    let (marks, doses) = (Marks::of(scene), Doses::of(scene));
    let (coarse, fine) = (points(&COARSE, &marks.pairs()), points(&FINE, &marks.pairs()));
    let mut weighed: Vec<(Since, Grid<(Blocked, Remedied)>)> = since
        .par_iter()
        .map(|(since, _)| {
            let mut grid = Grid::new();
            let spans = since.spans(scene, Remedied::Never);
            run_grid(scene, &doses, &coarse, &spans, (0.0, Remedied::Never), &mut grid);
            (*since, grid)
        })
        .collect();
    let weights: Vec<f64> =
        weighed.iter().zip(since).map(|((_, grid), (_, log_prior))| grid.ln() + log_prior).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|a, b| weights[*b].total_cmp(&weights[*a]).then(a.cmp(b)));
    let best = order.first().map_or(0.0, |first| weights[*first]);
    order.truncate(N_FINE);
    order.retain(|place| weights[*place] > best - FINE_WITHIN);
    weighed.par_iter_mut().enumerate().filter(|(place, _)| order.contains(place)).for_each(|(_, (since, grid))| {
        *grid = with_ends(scene, &doses, &fine, *since);
    });
    weighed
}

/// Runs the filter over all points without an end, and over those that matter with the likeliest of the ends that a
/// recorded change can have put to it.
fn with_ends(scene: &Scene<'_>, doses: &Doses, points: &[Point], since: Since) -> Grid<(Blocked, Remedied)> {
    let mut grid = Grid::new();
    let (first_s, change) = match since {
        Since::Change(change) => (scene.view.from.changes[change].first_s(), Some(change)),
        Since::Moment(from_s) => (from_s, None),
    };
    let spans = |end| since.spans(scene, end);
    let mut all = ends(scene, first_s, change, 24);
    // A free end is left to the clearing of blocks; its prior goes to "never".
    let never: f64 = all.iter().filter(|(end, _)| !matches!(end, Remedied::By(_))).map(|(_, w)| w.exp()).sum();
    all.retain(|(end, _)| matches!(end, Remedied::By(_)));
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let values = run_grid(scene, doses, points, &spans(Remedied::Never), (never.ln(), Remedied::Never), &mut grid);
    let top = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let within = |nats: f64| -> Vec<Point> {
        let near = points.iter().zip(&values).filter(|(_, value)| **value >= top - nats);
        near.map(|(point, _)| *point).collect()
    };
    let (kept, best) = (within(POINTS_WITHIN), within(0.0));
    let mut tried: Vec<(f64, Remedied, f64)> = all
        .into_iter()
        .map(|(end, log_end)| {
            let value = run_grid(scene, doses, &best, &spans(end), (0.0, end), &mut Grid::new());
            (log_end + value.into_iter().fold(f64::NEG_INFINITY, f64::max), end, log_end)
        })
        .collect();
    tried.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, end, log_end) in tried.into_iter().take(MAX_REMEDIES) {
        run_grid(scene, doses, &kept, &spans(end), (log_end, end), &mut grid);
    }
    grid
}

/// The mechanism of one point.
pub(super) fn mechanism(scene: &Scene<'_>, since: Since, (filter, end): (Blocked, Remedied)) -> Mechanism {
    Mechanism { user: None, spans: since.spans(scene, end), how: How::Blocked(filter) }
}

/// One point of the grid.
#[derive(Clone, Copy, Debug)]
struct Point {
    filter: Blocked,
    /// Logarithm of its weight in the grid.
    log_weight: f64,
    /// Logarithm of what all marks are worth at its `d0`, if every one is a false one, against the mean over `d0`.
    log_marks: f64,
}

/// All points of a grid.
fn points(blocking: &[(f64, f64)], pairs: &[(f64, f64, f64, f64)]) -> Vec<Point> {
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
fn run_grid(
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
struct Doses(Vec<(f64, Vec<f64>)>);

impl Doses {
    /// Prepares all powers.
    fn of(scene: &Scene<'_>) -> Self {
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
struct Marks {
    n_seen: usize,
    n_not_seen: usize,
    weight: f64,
}

impl Marks {
    /// Counts the marks of a scene.
    fn of(scene: &Scene<'_>) -> Self {
        let told = scene.view.with_marks;
        let count = |state| scene.view.from.ends.iter().filter(|end| told && end.mark == state).count();
        Self { n_seen: count(MarkState::Seen), n_not_seen: count(MarkState::NotSeen), weight: scene.view.weight }
    }

    /// Pairs of `d` and `d0` with the logarithms of their share and of what the marks are worth: the likelihood of the marks at this `d0`
    /// against its mean over all, which is what every hypothesis without the filter pays.
    ///
    /// Rates of false marks that the counts rule out are left out: so many marks would have to be missing.
    fn pairs(&self) -> Vec<(f64, f64, f64, f64)> {
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
