//! # Claim
//! A recorded change fails attempts on the hosts that got it, from the time it came into force there.
//!
//! # What else would explain it
//! Another change at the same time on the same hosts; load that rose after it; a dependency that went down
//! just then; a change that no file records.
//!
//! # Evidence for
//! Failures follow its rollout host by host, begin soon after it, and end where and when a remedy came.
//!
//! # Evidence against
//! The same failures before it (its alibi), on hosts that it had not reached, or their end before any remedy.
//!
//! # Test
//! A window by host, from its coming into force to the remedy's, in four shapes: at once, after a delay that
//! all hosts share, growing over days, and in proportion to a power of the host's load. Sizes, delays and
//! ends are averaged; so is how much later than stated each host may have got it.
//!
//! # Limits
//! Two changes that came to the same hosts at the same time cannot be told apart; they share the probability.

use rayon::prelude::*;

use super::super::mechanism::{How, Mechanism, ramp};
use super::super::scene::{Scene, span_sum};
use super::super::windows::ends;
use super::{Cause, Explanation, Grid, Hypothesis, Remedied, prior};
use crate::correlate::Sums;
use crate::model::ChangeKind;

/// Delays that all hosts share, hours.
const DELAYS_H: [f64; 8] = [2.0, 6.0, 12.0, 24.0, 48.0, 72.0, 120.0, 168.0];
/// A delay of a day is by 1/e less likely than none.
const DELAY_SCALE_H: f64 = 24.0;
/// How long a ramp takes, hours, with its chances.
const RAMPS: [(f64, f64); 6] = [(48.0, 0.06), (48.0, 0.25), (48.0, 0.7), (120.0, 0.06), (120.0, 0.25), (120.0, 0.7)];
/// Hours between the free ends that are tried.
const END_STEP_H: usize = 12;

/// How likely a change is to be the guilty one among all, before anything is seen, relative to a usual one.
fn suspicion(scene: &Scene<'_>, change: usize) -> f64 {
    let change = &scene.view.from.changes[change];
    match change.kind {
        _ if change.is_routine => 0.15,
        ChangeKind::Restart => 0.3,
        _ => 1.0,
    }
}

/// The prior probability of each recorded change, and of an unrecorded one.
pub(super) fn shares(scene: &Scene<'_>) -> (Vec<f64>, f64) {
    let changes = &scene.view.from.changes;
    let usual = if super::dependency::is_users_fault(scene) { USERS_FAULT_FACTOR } else { 1.0 } * prior::CHANGE;
    let unrecorded = if changes.is_empty() { 1.0 } else { prior::UNRECORDED_SHARE };
    let weights: Vec<f64> = (0..changes.len()).map(|change| suspicion(scene, change)).collect();
    let total: f64 = weights.iter().sum::<f64>().max(1.0);
    (weights.iter().map(|weight| usual * (1.0 - unrecorded) * weight / total).collect(), usual * unrecorded)
}

/// A change of the service seldom makes the system say that the password is wrong.
const USERS_FAULT_FACTOR: f64 = 0.2;

/// A recorded change.
pub(super) struct Recorded;

impl Hypothesis for Recorded {
    fn explanations(&self, scene: &Scene<'_>) -> Vec<Explanation> {
        let (shares, _) = shares(scene);
        shares
            .par_iter()
            .enumerate()
            .filter(|(change, _)| scene.view.from.changes[*change].n_hosts() > 0)
            .flat_map_iter(|(change, share)| {
                let from_s = scene.view.from.changes[change].first_s();
                let ends = ends(scene, from_s, Some(change), END_STEP_H);
                [
                    steps(scene, change, share.ln(), &ends),
                    delayed(scene, change, share.ln(), &ends),
                    ramps(scene, change, share.ln(), &ends),
                    under_load(scene, change, share.ln(), &ends),
                ]
                .into_iter()
                .flatten()
            })
            .collect()
    }
}

type Ends = [(Remedied, f64)];
type Point = (How, f64, Remedied);

fn steps(scene: &Scene<'_>, change: usize, log_prior: f64, ends: &Ends) -> Option<Explanation> {
    let log_size = -(scene.constants.len() as f64).ln();
    let mut grid: Grid<Point> = Grid::new();
    over_ends(scene, change, &scene.constants, 0.0, log_size, ends, &mut grid);
    finish(scene, grid, change, log_prior + prior::STEP.ln())
}

fn delayed(scene: &Scene<'_>, change: usize, log_prior: f64, ends: &Ends) -> Option<Explanation> {
    let total: f64 = DELAYS_H.iter().map(|delay| (-delay / DELAY_SCALE_H).exp()).sum();
    let mut grid: Grid<Point> = Grid::new();
    for delay in DELAYS_H {
        let log_weight = -delay / DELAY_SCALE_H - total.ln() - (scene.constants.len() as f64).ln();
        over_ends(scene, change, &scene.constants, delay, log_weight, ends, &mut grid);
    }
    finish(scene, grid, change, log_prior + prior::DELAYED.ln())
}

fn under_load(scene: &Scene<'_>, change: usize, log_prior: f64, ends: &Ends) -> Option<Explanation> {
    let log_size = -(scene.powers.len() as f64).ln();
    let mut grid: Grid<Point> = Grid::new();
    over_ends(scene, change, &scene.powers, 0.0, log_size, ends, &mut grid);
    finish(scene, grid, change, log_prior + prior::UNDER_LOAD.ln())
}

fn finish(scene: &Scene<'_>, grid: Grid<Point>, change: usize, log_prior: f64) -> Option<Explanation> {
    grid.explanation(Cause::Change(Some(change)), log_prior, |(how, delay, end)| Mechanism {
        user: None,
        spans: scene.spans_of(change, delay, end),
        how,
    })
}

/// Adds all responses of one change with all its ends.
fn over_ends(
    scene: &Scene<'_>,
    change: usize,
    all: &[Sums],
    delay_h: f64,
    log_weight: f64,
    ends: &Ends,
    grid: &mut Grid<Point>,
) {
    let starts = scene.starts(change, delay_h);
    for &(end, log_end) in ends {
        let stops: Vec<Vec<(f64, usize)>> = match end {
            Remedied::Never => (0..scene.n_hosts()).map(|host| vec![(0.0, scene.view.tries_of(host).len())]).collect(),
            Remedied::AtHour(hour) => scene.hour(hour).iter().map(|place| vec![(0.0, *place)]).collect(),
            Remedied::By(remedy) => scene.stop_places(remedy),
        };
        for sums in all {
            let sum = (0..scene.n_hosts())
                .filter(|host| !starts[*host].is_empty())
                .map(|host| scene.reached(change, span_sum(sums, host, &starts[host], &stops[host])))
                .sum();
            grid.add(log_weight + log_end, sum, end, || (How::Response(sums.response), delay_h, end));
        }
    }
}

/// Ramps, summed directly: their chance depends on the time since the change.
fn ramps(scene: &Scene<'_>, change: usize, log_prior: f64, ends: &Ends) -> Option<Explanation> {
    let mut grid: Grid<Point> = Grid::new();
    let from = &scene.view.from.changes[change].at_s;
    for (hours, m) in RAMPS {
        let sums: Vec<(usize, Vec<f64>)> = (0..scene.n_hosts())
            .filter(|host| from[*host].is_finite())
            .map(|host| {
                let first = scene.view.place(host, from[host]);
                let mut sums = vec![0.0; first + 1];
                for &place in &scene.view.tries_of(host)[first..] {
                    let chance = ramp(m, hours, scene.view.from.tries[place].at_s - from[host]);
                    let before = sums.last().copied().unwrap_or(0.0);
                    sums.push(before + scene.view.weight * scene.view.log_ratio(place, chance));
                }
                (host, sums)
            })
            .collect();
        for &(end, log_end) in ends {
            let sum = sums
                .iter()
                .map(|(host, sums)| {
                    let until = match end {
                        Remedied::Never => sums.len() - 1,
                        Remedied::AtHour(hour) => scene.hour(hour)[*host],
                        Remedied::By(remedy) => scene.view.place(*host, scene.view.from.changes[remedy].at_s[*host]),
                    };
                    scene.reached(change, sums[until.min(sums.len() - 1)])
                })
                .sum();
            let log_weight = log_end - (RAMPS.len() as f64).ln();
            grid.add(log_weight, sum, end, || (How::Ramp { m, hours }, 0.0, end));
        }
    }
    finish(scene, grid, change, log_prior + prior::RAMP.ln())
}
