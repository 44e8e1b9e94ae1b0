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

use std::borrow::Cow;

use rayon::prelude::*;

use super::super::mechanism::{How, Mechanism, ramp};
use super::super::scene::{SIZES, Scene};
use super::super::windows::ends;
use super::{Cause, Explanation, Grid, Hypothesis, Remedied, prior};
use crate::correlate::Sums;
use crate::model::ChangeKind;
use crate::stats::special::{LogSum, Product};

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
        let bounds = bounds(scene);
        let constants = Shape::of(scene, &scene.constants, &bounds);
        let powers = Shape::of(scene, &scene.powers, &bounds);
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
    let mut grids = shape.grids();
    let p_misdated = if scene.view.from.changes[change].only_stated { P_MISDATED } else { 0.0 };
    over_ends(scene, change, shape, 0.0, (-p_misdated).ln_1p() - shape.log_size(), ends, &mut grids);
    for zone_h in ZONES_H.into_iter().filter(|_| p_misdated > 0.0) {
        let log_weight = (p_misdated / ZONES_H.len() as f64).ln() - shape.log_size();
        over_ends(scene, change, shape, zone_h, log_weight, ends, &mut grids);
    }
    finish(scene, shape, grids, change, log_prior + prior::STEP.ln())
}

fn delayed(scene: &Scene<'_>, shape: &Shape<'_>, change: usize, log_prior: f64, ends: &Ends) -> Vec<Explanation> {
    let total: f64 = DELAYS_H.iter().map(|delay| (-delay / DELAY_SCALE_H).exp()).sum();
    let mut grids = shape.grids();
    for delay in DELAYS_H {
        let log_weight = -delay / DELAY_SCALE_H - total.ln() - shape.log_size();
        over_ends(scene, change, shape, delay, log_weight, ends, &mut grids);
    }
    finish(scene, shape, grids, change, log_prior + prior::DELAYED.ln())
}

fn under_load(scene: &Scene<'_>, shape: &Shape<'_>, change: usize, log_prior: f64, ends: &Ends) -> Vec<Explanation> {
    let mut grids = shape.grids();
    over_ends(scene, change, shape, 0.0, -shape.log_size(), ends, &mut grids);
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

/// Responses of one kind, with the sum before each end that a cause may have: a row an end, a column a host.
struct Shape<'a> {
    all: &'a [Sums],
    /// By response.
    stops: Vec<Vec<f64>>,
    /// By response and row: the sum over all hosts.
    totals: Vec<Vec<f64>>,
    /// The first and the last place that each end may have on each host.
    bounds: &'a [(usize, usize)],
}

impl<'a> Shape<'a> {
    fn of(scene: &Scene<'_>, all: &'a [Sums], bounds: &'a [(usize, usize)]) -> Self {
        let rows = |sums: &Sums| -> Vec<f64> {
            let never = (0..scene.n_hosts()).map(|host| sums.total(host));
            let hours = (0..scene.n_hours())
                .flat_map(|hour| scene.hour(hour).iter().enumerate().map(|(host, place)| sums.before(host, *place)));
            let remedies = (0..scene.view.from.changes.len()).flat_map(|remedy| scene.stops(sums, remedy));
            never.chain(hours).chain(remedies).collect()
        };
        let stops: Vec<Vec<f64>> = all.par_iter().map(rows).collect();
        let total = |rows: &Vec<f64>| rows.chunks(scene.n_hosts().max(1)).map(|row| row.iter().sum()).collect();
        Self { all, totals: stops.iter().map(total).collect(), stops, bounds }
    }

    /// A grid for each response.
    fn grids(&self) -> Vec<Grid<Point>> {
        self.all.iter().map(|_| Grid::new()).collect()
    }

    /// The logarithm of the number of responses.
    fn log_size(&self) -> f64 {
        (self.all.len() as f64).ln()
    }
}

/// The row of an end.
fn row(scene: &Scene<'_>, end: Remedied) -> usize {
    match end {
        Remedied::Never => 0,
        Remedied::AtHour(hour) => 1 + hour,
        Remedied::By(remedy) => 1 + scene.n_hours() + remedy,
    }
}

/// The places on one host at which an end may be, with the logarithms of their weights.
fn stops_of<'s>(scene: &'s Scene<'_>, end: Remedied, host: usize) -> Cow<'s, [(f64, usize)]> {
    match end {
        Remedied::Never => Cow::Owned(vec![(0.0, scene.view.tries_of(host).len())]),
        Remedied::AtHour(hour) => Cow::Owned(vec![(0.0, scene.hour(hour)[host])]),
        Remedied::By(remedy) => Cow::Borrowed(&scene.stop_places(remedy)[host]),
    }
}

/// The first and the last of some places.
fn first_and_last(places: &[(f64, usize)]) -> (usize, usize) {
    places.iter().fold((usize::MAX, 0), |(first, last), (_, place)| (first.min(*place), last.max(*place)))
}

/// The first and the last place of every end on every host, by row.
fn bounds(scene: &Scene<'_>) -> Vec<(usize, usize)> {
    let hours = (0..scene.n_hours()).map(Remedied::AtHour);
    let remedies = (0..scene.view.from.changes.len()).map(Remedied::By);
    std::iter::once(Remedied::Never)
        .chain(hours)
        .chain(remedies)
        .flat_map(|end| (0..scene.n_hosts()).map(move |host| first_and_last(&stops_of(scene, end, host))))
        .collect()
}

/// Adds all responses of one change with all its ends.
///
/// Where a span ends behind every beginning that it may have, the mean over beginnings and ends is the product of two
/// means, which are known beforehand.
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
    let is_of_all = named.reached.len() == scene.n_hosts() && scene.view.from.changes[change].hosts_known;
    for &(end, log_end) in ends {
        let number = row(scene, end);
        let spans = named.spans(scene, shape, end);
        let is_whole = is_of_all && spans.whole.len() == named.reached.len();
        let followed = followers.as_ref().map(|beginnings| (beginnings, beginnings.spans(scene, shape, end)));
        for (place, sums) in shape.all.iter().enumerate() {
            let mut sum = if is_whole {
                named.totals[place] + shape.totals[place][number]
            } else {
                scene.reached(change, named.each(shape, place, &spans))
            };
            if let Some((beginnings, spans)) = &followed {
                sum = Scene::followed(sum, beginnings.each(shape, place, spans).sum());
            }
            grids[place].add(log_weight + log_end, sum, end, || (How::Response(sums.response), delay_h, end));
        }
    }
}

/// When a change may have begun on each host, with what every response makes of it.
struct Beginnings {
    /// By host: the places at which it may have begun, in order, with the logarithms of their weights.
    starts: Vec<Vec<(f64, usize)>>,
    /// By response and host: the logarithm of the mean of `exp` of minus the sum before the beginning.
    begun: Vec<Vec<f64>>,
    /// By response and host: the same over none of the starts, over the first, over the first two, up to all.
    some_begun: Vec<Vec<Vec<f64>>>,
    /// By host: the logarithm of the weight of all starts, of all but the first, down to none.
    later: Vec<Vec<f64>>,
    /// By response: the sum of these.
    totals: Vec<f64>,
    /// The hosts that are reached, each with its first and last beginning.
    reached: Vec<(usize, (usize, usize))>,
}

/// The places that an end may have on a host, with the logarithm of their weights.
type Places<'a> = Cow<'a, [(f64, usize)]>;

/// The hosts on which there is a span for one end, or may be one.
struct Spans<'a> {
    /// The row of the end in [`Shape::stops`].
    row: usize,
    /// Where it ends behind every beginning that it may have: the mean over beginnings and ends is the product of two.
    whole: Vec<usize>,
    /// Where it may end before it begins, with the ends.
    crossed: Vec<(usize, Places<'a>)>,
}

impl Beginnings {
    fn of(scene: &Scene<'_>, shape: &Shape<'_>, mut starts: Vec<Vec<(f64, usize)>>) -> Self {
        for starts in &mut starts {
            starts.sort_by_key(|(_, place)| *place);
        }
        let each = |sums: &Sums| -> Vec<Vec<f64>> {
            let of_host = |(host, starts): (usize, &Vec<(f64, usize)>)| {
                log_sums(starts.iter().map(|(weight, place)| weight - sums.before(host, *place)))
            };
            starts.iter().enumerate().map(of_host).collect()
        };
        let some_begun: Vec<Vec<Vec<f64>>> = shape.all.iter().map(each).collect();
        let of_all = |sums: &Vec<Vec<f64>>| sums.iter().map(|sums| sums[sums.len() - 1]).collect();
        let begun: Vec<Vec<f64>> = some_begun.iter().map(of_all).collect();
        let later = |starts: &Vec<(f64, usize)>| {
            let mut later = log_sums(starts.iter().rev().map(|(weight, _)| *weight));
            later.reverse();
            later
        };
        Self {
            later: starts.iter().map(later).collect(),
            some_begun,
            totals: begun.iter().map(|begun| begun.iter().sum()).collect(),
            reached: (0..scene.n_hosts())
                .filter(|host| !starts[*host].is_empty())
                .map(|host| (host, first_and_last(&starts[host])))
                .collect(),
            begun,
            starts,
        }
    }

    fn spans<'a>(&self, scene: &'a Scene<'_>, shape: &Shape<'_>, end: Remedied) -> Spans<'a> {
        let row = row(scene, end) * scene.n_hosts();
        let mut spans = Spans { row, whole: Vec::new(), crossed: Vec::new() };
        for &(host, (first, last)) in &self.reached {
            let (first_stop, last_stop) = shape.bounds[row + host];
            if first_stop >= last {
                spans.whole.push(host);
            } else if last_stop > first {
                spans.crossed.push((host, stops_of(scene, end, host)));
            }
        }
        spans
    }

    /// The sum of one response on each host between its beginning and its end.
    fn each(&self, shape: &Shape<'_>, place: usize, spans: &Spans<'_>) -> impl Iterator<Item = f64> {
        let (begun, stops) = (&self.begun[place], &shape.stops[place][spans.row..]);
        let of_whole = spans.whole.iter().map(|host| begun[*host] + stops[*host]);
        let of_crossed = spans.crossed.iter().map(move |(host, stops)| self.crossed(shape, place, *host, stops));
        of_whole.chain(of_crossed)
    }

    /// The same on a host where it may end before it begins: then there is no span, and its sum is 0.
    fn crossed(&self, shape: &Shape<'_>, place: usize, host: usize, stops: &[(f64, usize)]) -> f64 {
        let (begun, later) = (&self.some_begun[place][host], &self.later[host]);
        let mut mean = LogSum::default();
        for (weight, stop) in stops {
            let n_begun = self.starts[host].partition_point(|(_, start)| start < stop);
            mean.add(weight + begun[n_begun] + shape.all[place].before(host, *stop));
            mean.add(weight + later[n_begun]);
        }
        mean.ln()
    }
}

/// The logarithms of the sums of `exp` of no value, of the first, of the first two, up to all.
fn log_sums(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sum = LogSum::default();
    let further = values.map(|value| {
        sum.add(value);
        sum.ln()
    });
    std::iter::once(f64::NEG_INFINITY).chain(further).collect()
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
