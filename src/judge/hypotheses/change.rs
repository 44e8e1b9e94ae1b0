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

use super::super::begun::{Beginnings, Comings, Shape};
use super::super::mechanism::{How, Mechanism, ramp};
use super::super::scene::{SIZES, Scene};
use super::super::windows::ends;
use super::{Cause, Explanation, Grid, Hypothesis, Remedied, prior};
use crate::correlate::Sums;
use crate::model::ChangeKind;
use crate::stats::special::Product;

/// Delays that all hosts share, hours.
const DELAYS_H: [f64; 8] = [2.0, 6.0, 12.0, 24.0, 48.0, 72.0, 120.0, 168.0];
/// A delay of a day is by 1/e less likely than none.
const DELAY_SCALE_H: f64 = 24.0;
/// The chance that a list states all its times in another zone than the logs', if no host's own log tells of the change.
const P_MISDATED: f64 = 0.05;
/// By how much the times are off then, hours: the zones from New York to Tokyo as seen from each other, summer time among
/// them. It is the list's clock, so that it is the same on all hosts.
const ZONES_H: [f64; 12] = [-9.0, -8.0, -6.0, -5.0, -2.0, -1.0, 1.0, 2.0, 5.0, 6.0, 8.0, 9.0];
/// How long a ramp takes, hours, with its chances, by their place in the scene's sizes: .06, .22 and .7.
const RAMPS: [(f64, usize); 6] = [(48.0, 2), (48.0, 4), (48.0, 7), (120.0, 2), (120.0, 4), (120.0, 7)];
/// Hours between the free ends that are tried.
const END_STEP_H: usize = 12;

/// How likely a change is to be the guilty one among all, before anything is seen, relative to a usual one.
pub(crate) fn suspicion(scene: &Scene<'_>, change: usize) -> f64 {
    usual_suspicion(scene, change) * if scene.is_named[change] { NAMED_FACTOR } else { 1.0 }
}

/// The same, whatever the failures name.
fn usual_suspicion(scene: &Scene<'_>, change: usize) -> f64 {
    let change = &scene.view.from.changes[change];
    match change.kind {
        _ if change.is_routine => 0.15,
        ChangeKind::Restart => 0.3,
        _ => 1.0,
    }
}

/// By how much likelier a change is the guilty one if the failures name its component: a fault shows in the changed
/// component itself more often than not, and an innocent change's component is one of several that could be named. If they
/// name one that no recorded change is of, it is the unrecorded change that is likelier.
/// The failures of a signature name one component all alike, so that it counts once and not by failure.
const NAMED_FACTOR: f64 = 4.0;

/// The prior probability of each recorded change, and of an unrecorded one.
pub(super) fn shares(scene: &Scene<'_>) -> (Vec<f64>, f64) {
    let changes = &scene.view.from.changes;
    let usual = if super::dependency::is_users_fault(scene) { USERS_FAULT_FACTOR } else { 1.0 } * prior::CHANGE;
    let sum = |weight: &dyn Fn(usize) -> f64| (0..changes.len()).map(weight).sum::<f64>();
    let total = sum(&|change| suspicion(scene, change));
    let unrecorded = if changes.is_empty() {
        1.0
    } else {
        // What is named speaks for recorded changes, in the mean, or for the unrecorded one.
        let for_recorded = total / sum(&|change| usual_suspicion(scene, change));
        let for_unrecorded = if scene.names_another { NAMED_FACTOR } else { 1.0 };
        let (recorded, unrecorded) = (1.0 - prior::UNRECORDED_SHARE, prior::UNRECORDED_SHARE * for_unrecorded);
        unrecorded / (unrecorded + recorded * for_recorded)
    };
    let share = |change: usize| usual * (1.0 - unrecorded) * suspicion(scene, change) / total.max(1.0);
    ((0..changes.len()).map(share).collect(), usual * unrecorded)
}

/// A change of the service seldom makes the system say that the password is wrong.
const USERS_FAULT_FACTOR: f64 = 0.2;

/// A recorded change.
pub(super) struct Recorded;

impl Hypothesis for Recorded {
    fn explanations(&self, scene: &Scene<'_>) -> Vec<Explanation> {
        let (shares, _) = shares(scene);
        let comings = Comings::of(scene);
        let constants = Shape::of(scene, &scene.constants, &comings);
        let powers = Shape::of(scene, &scene.powers, &comings);
        shares
            .par_iter()
            .enumerate()
            .filter(|(change, _)| scene.view.from.changes[*change].n_hosts() > 0)
            .flat_map_iter(|(change, share)| {
                let from_s = scene.view.from.changes[change].first_s();
                let ends = ends(scene, from_s, Some(change), END_STEP_H);
                [
                    steps(scene, &constants, change, share.ln(), &ends),
                    delayed(scene, &constants, change, share.ln(), &ends),
                    ramps(scene, change, share.ln(), &ends),
                    under_load(scene, &powers, change, share.ln(), &ends),
                ]
                .concat()
            })
            .collect()
    }
}

type Ends = [(Remedied, f64)];
type Point = (How, f64, Remedied);

fn steps(scene: &Scene<'_>, shape: &Shape<'_>, change: usize, log_prior: f64, ends: &Ends) -> Vec<Explanation> {
    let mut grids = grids(shape);
    let p_misdated = if scene.view.from.changes[change].only_stated { P_MISDATED } else { 0.0 };
    over_ends(scene, change, shape, 0.0, (-p_misdated).ln_1p() - log_size(shape), ends, &mut grids);
    for zone_h in ZONES_H.into_iter().filter(|_| p_misdated > 0.0) {
        let log_weight = (p_misdated / ZONES_H.len() as f64).ln() - log_size(shape);
        over_ends(scene, change, shape, zone_h, log_weight, ends, &mut grids);
    }
    finish(scene, shape, grids, change, log_prior + prior::STEP.ln())
}

fn delayed(scene: &Scene<'_>, shape: &Shape<'_>, change: usize, log_prior: f64, ends: &Ends) -> Vec<Explanation> {
    let total: f64 = DELAYS_H.iter().map(|delay| (-delay / DELAY_SCALE_H).exp()).sum();
    let mut grids = grids(shape);
    for delay in DELAYS_H {
        let log_weight = -delay / DELAY_SCALE_H - total.ln() - log_size(shape);
        over_ends(scene, change, shape, delay, log_weight, ends, &mut grids);
    }
    finish(scene, shape, grids, change, log_prior + prior::DELAYED.ln())
}

fn under_load(scene: &Scene<'_>, shape: &Shape<'_>, change: usize, log_prior: f64, ends: &Ends) -> Vec<Explanation> {
    let mut grids = grids(shape);
    over_ends(scene, change, shape, 0.0, -log_size(shape), ends, &mut grids);
    finish(scene, shape, grids, change, log_prior + prior::UNDER_LOAD.ln())
}

/// One explanation for each response of a shape: refitting the background gains each another amount.
fn finish(
    scene: &Scene<'_>,
    shape: &Shape<'_>,
    grids: Vec<Grid<Point>>,
    change: usize,
    log_prior: f64,
) -> Vec<Explanation> {
    let explanation = |(grid, sums): (Grid<Point>, &Sums)| {
        grid.explanation(Cause::Change(Some(change)), log_prior, |(how, delay, end)| Mechanism {
            user: None,
            spans: scene.likeliest_spans(change, delay, end, sums),
            how,
        })
    };
    grids.into_iter().zip(shape.all).filter_map(explanation).collect()
}

/// A grid for each response.
fn grids(shape: &Shape<'_>) -> Vec<Grid<Point>> {
    shape.all.iter().map(|_| Grid::new()).collect()
}

/// The logarithm of the number of responses.
fn log_size(shape: &Shape<'_>) -> f64 {
    (shape.all.len() as f64).ln()
}

/// Adds all responses of one change with all its ends.
fn over_ends(
    scene: &Scene<'_>,
    change: usize,
    shape: &Shape<'_>,
    delay_h: f64,
    log_weight: f64,
    ends: &Ends,
    grids: &mut [Grid<Point>],
) {
    let named = Beginnings::of(scene, shape, scene.starts(change, delay_h));
    let followers = scene.followers(change, delay_h).map(|starts| Beginnings::of(scene, shape, starts));
    let p_reached = scene.p_reached(change);
    for &(end, log_end) in ends {
        let spans = named.spans(scene, shape, end);
        let followed = followers.as_ref().map(|beginnings| (beginnings, beginnings.spans(scene, shape, end)));
        for (place, sums) in shape.all.iter().enumerate() {
            let mut sum = named.sum(scene, shape, place, &spans, p_reached);
            if let Some((beginnings, spans)) = &followed {
                sum = Scene::followed(sum, beginnings.sum(scene, shape, place, spans, 1.0));
            }
            grids[place].add(log_weight + log_end, sum, end, || (How::Response(sums.response), delay_h, end));
        }
    }
}

/// Ramps, summed directly while they grow; afterwards their chance is constant.
fn ramps(scene: &Scene<'_>, change: usize, log_prior: f64, ends: &Ends) -> Vec<Explanation> {
    let mut grids = Vec::new();
    let from = &scene.view.from.changes[change].at_s;
    for (hours, size) in RAMPS {
        let mut grid: Grid<Point> = Grid::new();
        let m = SIZES[size];
        let grown: Vec<(usize, Growing<'_>)> = (0..scene.n_hosts())
            .filter(|host| from[*host].is_finite())
            .map(|host| (host, Growing::of(scene, host, from[host], hours, size)))
            .collect();
        for &(end, log_end) in ends {
            let each = grown.iter().map(|(host, growing)| {
                growing.before(match end {
                    Remedied::Never => scene.view.tries_of(*host).len(),
                    Remedied::AtHour(hour) => scene.hour(hour)[*host],
                    Remedied::By(remedy) => scene.remedied_at(remedy, *host),
                })
            });
            let sum = scene.reached(change, each);
            let log_weight = log_end - (RAMPS.len() as f64).ln();
            grid.add(log_weight, sum, end, || (How::Ramp { m, hours }, 0.0, end));
        }
        grids.push(grid);
    }
    let explanation = |grid: Grid<Point>| {
        grid.explanation(Cause::Change(Some(change)), log_prior + prior::RAMP.ln(), |(how, delay, end)| Mechanism {
            user: None,
            spans: scene.spans_of(change, delay, end),
            how,
        })
    };
    grids.into_iter().filter_map(explanation).collect()
}

/// The running sum of a ramp on one host.
struct Growing<'a> {
    host: usize,
    /// The first attempt after it began.
    first: usize,
    /// Running products from there, while it grows: logarithms are taken where it ends.
    products: Vec<Product>,
    /// The sum over all of them.
    grown: f64,
    weight: f64,
    /// The sums of its full chance.
    full: &'a Sums,
}

impl<'a> Growing<'a> {
    fn of(scene: &'a Scene<'_>, host: usize, from_s: f64, hours: f64, size: usize) -> Self {
        let view = &scene.view;
        let first = view.place(host, from_s);
        let to = view.place(host, from_s + hours * 3600.0);
        let mut product = Product::default();
        let mut products = Vec::with_capacity(to - first + 1);
        products.push(product);
        for (&place, at_s) in view.tries_of(host)[first..to].iter().zip(&view.times_of(host)[first..to]) {
            product.times(view.ratio(place, ramp(SIZES[size], hours, at_s - from_s)));
            products.push(product);
        }
        let grown = view.weight * product.ln();
        Self { host, first, products, grown, weight: view.weight, full: &scene.constants[size] }
    }

    /// The sum over the attempts before a place.
    fn before(&self, place: usize) -> f64 {
        let last = self.products.len() - 1;
        let n = place.saturating_sub(self.first);
        if n < last {
            return self.weight * self.products[n].ln();
        }
        self.grown + self.full.before(self.host, self.first + n) - self.full.before(self.host, self.first + last)
    }
}
