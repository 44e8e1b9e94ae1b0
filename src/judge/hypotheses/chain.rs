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
//! A filter by user (see `correlate::blocked`), its parameters averaged over a grid for every change; for the changes
//! that are left, with every possible remedy.
//!
//! # Limits
//! Where session ends are not logged the filter has nothing to go by.

use rayon::prelude::*;

use super::super::mechanism::{How, Mechanism};
use super::super::scene::Scene;
use super::super::windows::ends;
use super::change::shares;
use super::dependency::is_users_fault;
use super::unrecorded::free_starts;
use super::{Cause, Explanation, Grid, Hypothesis, Remedied, prior};
use crate::correlate::blocked::{Clearing, Run};
use crate::correlate::side::WIDTH;
use crate::correlate::{Blocked, Effects, Exposure, MarkState, View};
use crate::stats::log_sum_exp;
use crate::stats::special::LogSum;

/// Chances that one end blocks its user at full load, with the power of load: steps of about three in the chance, which
/// grows the more the steeper the power. As many as are run side by side, so that no place is left empty.
const BLOCKING: [(f64, f64); WIDTH] = [
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
    (0.05, 2.2),
    (0.2, 2.2),
    (0.04, 3.0),
    (0.15, 3.0),
    (0.6, 3.0),
];
/// How long a block lasts by itself, hours, and whether a restart clears it.
pub(crate) const CLEARINGS: [Clearing; 3] = [(10.0, true), (60.0, true), (300.0, false)];
/// The chance that a blocked user's attempt fails.
const KAPPA: f64 = 0.95;
/// Chances that an incomplete close leaves a mark.
const D: [f64; 2] = [0.5, 0.92];
/// Rates of false marks.
const D0: [f64; 3] = [0.003, 0.02, 0.1];
/// Changes that are weighed with remedies: the first so many, if within this many nats of the first, or this part of what
/// the first is worth: where failures are many, an end is worth more than ten nats.
const N_ENDED: usize = 6;
const ENDED_WITHIN: f64 = 10.0;
const ENDED_WITHIN_PART: f64 = 0.15;
/// Remedies tried with them: the likeliest so many.
const MAX_REMEDIES: usize = 6;
/// Of each remedy, only those points are weighed in full that come within so many nats of its best: what it clears of
/// earlier blocks can be worth as much.
const POINTS_WITHIN: f64 = 30.0;

/// A password is checked before any session is opened: one that did not close hardly makes it wrong.
pub(super) const USERS_FAULT_FACTOR: f64 = 0.02;

/// A latent fault.
pub(super) struct Latent;

impl Hypothesis for Latent {
    fn explanations(&self, scene: &Scene<'_>) -> Vec<Explanation> {
        let (shares, _) = shares(scene);
        let part = if is_users_fault(scene) { prior::CHAIN * USERS_FAULT_FACTOR } else { prior::CHAIN };
        let changes = (0..shares.len()).filter(|change| scene.view.from.changes[*change].n_hosts() > 0);
        let since: Vec<(Since, f64)> = changes
            .flat_map(|change| {
                let followed = scene.p_start_only(change);
                let log_prior = (shares[change] * part).ln();
                let named = (Since::Change(change), log_prior + (-followed).ln_1p());
                let everywhere = (Since::StartOf(change), log_prior + followed.ln());
                std::iter::once(named).chain((followed > 0.0).then_some(everywhere))
            })
            .collect();
        let weighed = weigh(scene, &since);
        let explanations = |((since, grids), (_, log_prior)): ((Since, Grids), &(Since, f64))| {
            let cause = Cause::Change(since.change());
            let explanation =
                |grid: Grid<_>| grid.explanation(cause, *log_prior, |point| mechanism(scene, since, point));
            grids.into_iter().filter_map(explanation).collect::<Vec<_>>()
        };
        weighed.into_iter().zip(&since).flat_map(explanations).collect()
    }
}

/// From when the filter is at work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Since {
    /// From a recorded change on, host by host.
    Change(usize),
    /// From the start of a recorded change on, on all hosts: its list knows the first host only.
    StartOf(usize),
    /// From one moment on, on all hosts: a change that no file records.
    Moment(f64),
}

impl Since {
    /// The recorded change, if it is one.
    fn change(self) -> Option<usize> {
        match self {
            Self::Change(change) | Self::StartOf(change) => Some(change),
            Self::Moment(_) => None,
        }
    }

    /// When the first host is reached, seconds.
    fn first_s(self, scene: &Scene<'_>) -> f64 {
        match self {
            Self::Change(change) | Self::StartOf(change) => scene.view.from.changes[change].first_s(),
            Self::Moment(from_s) => from_s,
        }
    }

    fn spans(self, scene: &Scene<'_>, end: Remedied) -> Vec<(f64, f64)> {
        match self {
            Self::Change(change) => scene.spans_of(change, 0.0, end),
            Self::StartOf(_) => scene.spans_from(self.first_s(scene), end),
            Self::Moment(from_s) => scene.spans_from(from_s, end),
        }
    }
}

/// Weighs the filter since each of some beginnings, and with every end for those that are not far behind the best.
/// `log_priors` are the logarithms of their weights against each other.
pub(super) fn weigh(scene: &Scene<'_>, since: &[(Since, f64)]) -> Vec<(Since, Grids)> {
    let Some(effects) = &scene.effects else { return Vec::new() };
    let chains = Chains::of(scene, effects);
    let mut weighed: Vec<(Since, Grids)> = since
        .par_iter()
        .map(|(since, _)| {
            let mut grids = grids();
            let values = chains.values(&since.spans(scene, Remedied::Never));
            chains.add(&values, (0.0, Remedied::Never), &mut grids);
            (*since, grids)
        })
        .collect();
    let weights: Vec<f64> =
        weighed.iter().zip(since).map(|((_, grids), (_, log_prior))| ln(grids) + log_prior).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|a, b| weights[*b].total_cmp(&weights[*a]).then(a.cmp(b)));
    let best = order.first().map_or(0.0, |first| weights[*first]);
    order.truncate(N_ENDED);
    order.retain(|place| weights[*place] > best - ENDED_WITHIN.max(ENDED_WITHIN_PART * best));
    weighed.par_iter_mut().enumerate().filter(|(place, _)| order.contains(place)).for_each(|(_, (since, grids))| {
        *grids = chains.with_ends(*since);
    });
    weighed
}

/// A grid for each pair of a chance and a power: refitting the background gains each another amount.
pub(super) type Grids = Vec<Grid<(Blocked, Remedied)>>;

/// Empty ones.
pub(super) fn grids() -> Grids {
    BLOCKING.iter().map(|_| Grid::new()).collect()
}

/// The logarithm of the sum over all points of all grids.
fn ln(grids: &Grids) -> f64 {
    log_sum_exp(&grids.iter().map(Grid::ln).collect::<Vec<_>>())
}

/// What all ends say to all points of the grid.
struct Chains<'a> {
    scene: &'a Scene<'a>,
    points: Vec<Point>,
    effects: &'a Effects,
}

/// What all ends say to all points, for every change and every free beginning; `None` where no session's end is logged.
pub(crate) fn effects(view: &View<'_>) -> Option<Effects> {
    let from = view.from;
    if from.ends.is_empty() {
        return None;
    }
    let points = points(&Marks::of(view).pairs());
    // Filters of the first clearing: those of the others are the same.
    let filters: Vec<Blocked> = points[..points.len() / CLEARINGS.len()].iter().map(|point| point.filter).collect();
    // Of a list that may know the start only, other hosts may have got the change with the first.
    let begins = |change: &Exposure, host: usize| {
        if change.may_be_start_only { change.first_s().min(change.at_s[host]) } else { change.at_s[host] }
    };
    let moments = |host: usize| from.changes.iter().map(|one| begins(one, host)).chain(free_starts(from)).collect();
    Some(Effects::of(view, &filters, &CLEARINGS, (0..from.hosts.len()).map(moments).collect()))
}

impl<'a> Chains<'a> {
    fn of(scene: &'a Scene<'a>, effects: &'a Effects) -> Self {
        Self { scene, points: points(&Marks::of(&scene.view).pairs()), effects }
    }

    /// The value of each point for one exposure, as if its end cleared nothing that blocked before.
    fn values(&self, spans: &[(f64, f64)]) -> Vec<f64> {
        let runs = self.effects.runs(spans);
        self.points.iter().zip(&runs).map(|(point, run)| self.value(point, *run)).collect()
    }

    /// Marks come from sources whose own rate of false ones differs by host and time. What they add may at most double
    /// what the attempts say: marks alone make no incident.
    fn value(&self, point: &Point, run: Run) -> f64 {
        let weight = self.scene.view.weight;
        let tries = weight * run.tries;
        tries + (point.log_marks + weight * run.marks).min(tries.max(0.0))
    }

    /// Adds all points with one end.
    fn add(&self, values: &[f64], (log_end, end): (f64, Remedied), grids: &mut Grids) {
        for (point, value) in self.points.iter().zip(values) {
            grids[point.part].add(log_end + point.log_weight, *value, end, || (point.filter, end));
        }
    }

    fn ended(&self, since: Since, end: Remedied, log_end: f64) -> EndedRuns {
        let spans = since.spans(self.scene, end);
        let runs = self.effects.runs(&spans);
        let weighted: Vec<f64> =
            self.points.iter().zip(&runs).map(|(point, run)| point.log_weight + self.value(point, *run)).collect();
        let top = weighted.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        EndedRuns { end, log_end, spans, runs, weighted, top }
    }

    /// All points without an end, and those that matter with the likeliest of the ends that a recorded change can have
    /// put to it.
    fn with_ends(&self, since: Since) -> Grids {
        let scene = self.scene;
        let mut grids = grids();
        let mut all = ends(scene, since.first_s(scene), since.change(), 24);
        // A free end is left to the clearing of blocks; its prior goes to "never".
        let never: f64 = all.iter().filter(|(end, _)| !matches!(end, Remedied::By(_))).map(|(_, w)| w.exp()).sum();
        all.retain(|(end, _)| matches!(end, Remedied::By(_)));
        let values = self.values(&since.spans(scene, Remedied::Never));
        self.add(&values, (never.ln(), Remedied::Never), &mut grids);
        // What an end makes of the points, as if it cleared nothing: another end has another best point.
        let mut tried: Vec<EndedRuns> =
            all.into_par_iter().map(|(end, log_end)| self.ended(since, end, log_end)).collect();
        tried.sort_by(|a, b| (b.log_end + b.top).total_cmp(&(a.log_end + a.top)).then(a.end.cmp(&b.end)));
        for EndedRuns { end, log_end, spans, runs, weighted, top } in tried.into_iter().take(MAX_REMEDIES) {
            let fixed = scene.view.fixed(&spans);
            let value = |place: usize| {
                let (point, mut run) = (&self.points[place], runs[place]);
                run.tries += point.filter.cleared(&scene.view, &spans, &fixed);
                (point, self.value(point, run))
            };
            let near: Vec<usize> =
                (0..weighted.len()).filter(|place| weighted[*place] >= top - POINTS_WITHIN).collect();
            let values: Vec<(&Point, f64)> = near.into_par_iter().map(value).collect();
            for (point, value) in values {
                grids[point.part].add(log_end + point.log_weight, value, end, || (point.filter, end));
            }
        }
        grids
    }
}

/// What an end makes of all points, as if it cleared nothing that blocked before.
struct EndedRuns {
    end: Remedied,
    /// Logarithm of its prior.
    log_end: f64,
    spans: Vec<(f64, f64)>,
    runs: Vec<Run>,
    /// By point: its value and the logarithm of its weight in the grid.
    weighted: Vec<f64>,
    /// The greatest of them.
    top: f64,
}

/// The mechanism of one point.
pub(super) fn mechanism(scene: &Scene<'_>, since: Since, (filter, end): (Blocked, Remedied)) -> Mechanism {
    Mechanism { user: None, spans: since.spans(scene, end), how: How::Blocked(filter) }
}

/// One point of the grid.
#[derive(Clone, Copy, Debug)]
struct Point {
    /// The place of its chance and power.
    part: usize,
    filter: Blocked,
    /// Logarithm of its weight in the grid.
    log_weight: f64,
    /// Logarithm of what all marks are worth at its `d0`, if every one is a false one, against the mean over `d0`.
    log_marks: f64,
}

/// All points of the grid, those of one clearing together.
fn points(pairs: &[(f64, f64, f64, f64)]) -> Vec<Point> {
    let log_size = -((BLOCKING.len() * CLEARINGS.len()) as f64).ln();
    let mut points = Vec::new();
    for (lasts_h, restart_clears) in CLEARINGS {
        for (part, (q0, gamma)) in BLOCKING.into_iter().enumerate() {
            for &(d, d0, log_share, log_marks) in pairs {
                let filter = Blocked { q0, gamma, kappa: KAPPA, lasts_h, restart_clears, d, d0 };
                points.push(Point { part, filter, log_weight: log_size + log_share, log_marks });
            }
        }
    }
    points
}

/// What marks are there, and what they are worth without the filter.
struct Marks {
    n_seen: usize,
    n_not_seen: usize,
    weight: f64,
}

impl Marks {
    /// Counts the marks of a view.
    fn of(view: &View<'_>) -> Self {
        let count = |state| view.from.ends.iter().filter(|end| view.with_marks && end.mark == state).count();
        Self { n_seen: count(MarkState::Seen), n_not_seen: count(MarkState::NotSeen), weight: view.weight }
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
