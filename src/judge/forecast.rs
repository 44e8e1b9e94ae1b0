//! What a fault that grows with load would do at the peak of the coming weeks.
//!
//! The likeliest such explanation is weighed once more on a grid of its size and of how it follows load, so that what is not
//! known of either shows in the interval. Each point tells what would become of the people of the record, day by day,
//! were their days as full as the one foreseen. The less of that load was visited, the less the power is known, and
//! the wider the interval becomes by itself.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::hypotheses::{CLEARINGS, Cause, Explanation};
use super::mechanism::{How, Mechanism};
use super::opinion::Opinion;
use super::posterior::is_chain;
use super::verdict::{Estimate, Latent};
use crate::correlate::blocked::Clearing;
use crate::correlate::side::{Kinds, Lanes, Side, WIDTH};
use crate::correlate::{Blocked, Class, Correlation, End, Response, View};
use crate::model::Name;
use crate::stats::{log_sum_exp, quantile};

/// A warning needs a fault that grows with load and is likelier than not.
const MIN_PROBABILITY: f64 = 0.5;
/// Chances at the mean load that are tried first: evenly in the logarithm, from hardly any to nearly all.
const SIZES: (f64, f64, usize) = (0.002, 0.9, 10);
/// Powers of load that are tried first: crowding that goes with how many share a thing (1), with pairs of them (2), or
/// steeper, as near the end of a resource.
const POWERS: (f64, f64, usize) = (0.5, 6.0, 6);
/// Thresholds of load that are tried first, in units of full load; of thresholds of each host's own: by how much all are
/// moved.
const THRESHOLDS: (f64, f64, usize) = (0.3, 1.5, 7);
const MOVES: (f64, f64, usize) = (-0.25, 0.25, 3);
/// The part of the prior in which the chance of a block does not depend on load, as in the hypothesis itself.
const P_CONSTANT: f64 = 0.3;
/// Points that are so many nats behind the best one are left out of the second grid: one in four hundred.
const WITHIN: f64 = 6.0;
/// Points along each axis of the second grid.
const N_FINE: usize = 7;
/// Days whose peak is lower than this part of the median day's are no days of work.
const WORKING_DAY: f64 = 0.5;

/// What is foreseen of one signature.
pub(crate) struct Outlook {
    latent: Latent,
    /// How much was set aside before it was looked at, and whether it was looked at in the sum of all.
    order: (usize, bool),
}

/// The outlook of one signature, after so many incidents were set aside; `None` if nothing that grows with load is
/// likelier than not, or if a known outlook comes before it.
pub(crate) fn outlook(
    opinion: &Opinion<'_>,
    expected: Option<f64>,
    n_aside: usize,
    known: &[Outlook],
) -> Option<Outlook> {
    let view = &opinion.scene.view;
    let from = view.from;
    let all = log_sum_exp(&opinion.explanations.iter().map(Explanation::weight).collect::<Vec<_>>());
    let grows =
        |one: &&Explanation| one.cause != Cause::Nothing && (one.best.is_under_load() || is_chain(&one.best.how));
    let growing: Vec<&Explanation> = opinion.explanations.iter().filter(grows).collect();
    let p = (log_sum_exp(&growing.iter().map(|one| one.weight()).collect::<Vec<_>>()) - all).exp();
    let best = &growing.first().filter(|_| p > MIN_PROBABILITY)?.best;
    let signature = signature(view, best)?;
    let order = (n_aside, view.signature.is_none());
    if known.iter().any(|one| one.latent.signature == signature && one.order <= order) {
        return None;
    }
    let load = expected.unwrap_or(from.load.highest).max(1.0);
    let people = People::of(view, load / from.load.high);
    let (shares, p_grows) = Grid::of(view, best)?.shares(&people);
    let probability = p * p_grows;
    if probability <= MIN_PROBABILITY || people.wishes.is_empty() {
        return None;
    }
    let at_work = |host: usize, at_s: f64| best.spans[host].0 <= at_s && at_s < best.spans[host].1;
    let visited = from.tries.iter().filter(|one| at_work(one.host, one.at_s)).map(|one| one.load).fold(0.0, f64::max);
    let background = people.wishes.iter().map(|place| view.base[*place]).sum::<f64>() / people.wishes.len() as f64;
    let change = opinion.causes.iter().find_map(|(cause, probability)| match cause {
        Cause::Change(Some(change)) if *probability > MIN_PROBABILITY => Some(from.changes[*change].id.clone()),
        _ => None,
    });
    let latent = Latent {
        signature,
        load,
        load_from: if expected.is_some() { "--load FILE" } else { "highest in the record" },
        share: estimate(shares),
        background,
        probability,
        change_id: change,
        load_visited: (visited * from.load.high / load).min(1.0),
    };
    Some(Outlook { latent, order })
}

/// One outlook a signature: the one that knew most, and alone rather than in the sum of all; by signature.
pub(crate) fn one_a_signature(mut outlooks: Vec<Outlook>) -> Vec<Latent> {
    outlooks.sort_by(|a, b| a.latent.signature.cmp(&b.latent.signature).then(a.order.cmp(&b.order)));
    outlooks.dedup_by(|a, b| a.latent.signature == b.latent.signature);
    outlooks.into_iter().map(|one| one.latent).collect()
}

/// The signature that most failures of a mechanism show.
fn signature(view: &View<'_>, mechanism: &Mechanism) -> Option<Name> {
    let parts = view.attributed(&mechanism.chances(view));
    let mut sums: BTreeMap<usize, f64> = BTreeMap::new();
    for (one, part) in view.from.tries.iter().zip(parts) {
        if let Some(signature) = one.signature {
            *sums.entry(signature).or_default() += part;
        }
    }
    let (most, _) = sums.into_iter().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))?;
    Some(view.from.signatures[most].clone())
}

/// The people of the record, on days as full as the one foreseen.
struct People {
    /// The first tries of wishes to connect on days of work, by place.
    wishes: Vec<usize>,
    /// By day of the record: by how much fuller the one foreseen is.
    fuller: Vec<f64>,
}

impl People {
    /// `peak` is the highest load of a host on the day foreseen, in units of full load.
    fn of(view: &View<'_>, peak: f64) -> Self {
        let from = view.from;
        let mut peaks = vec![0.0_f64; day(from.length_s) + 1];
        let loads =
            from.tries.iter().map(|one| (one.at_s, one.load)).chain(from.ends.iter().map(|end| (end.at_s, end.load)));
        for (at_s, load) in loads {
            let own = day(at_s).min(peaks.len() - 1);
            peaks[own] = peaks[own].max(load);
        }
        let seen: Vec<f64> = peaks.iter().copied().filter(|peak| *peak > 0.0).collect();
        let least = WORKING_DAY * quantile(&seen, 0.5).unwrap_or(0.0);
        let is_work = |own: f64| own > 0.0 && own >= least;
        let fuller: Vec<f64> = peaks.iter().map(|own| if is_work(*own) { peak / own } else { 1.0 }).collect();
        let mut failed_on: BTreeMap<usize, usize> = BTreeMap::new();
        let mut wishes = Vec::new();
        for (place, one) in from.tries.iter().enumerate() {
            let today = day(one.at_s).min(peaks.len() - 1);
            let is_first = failed_on.get(&one.user) != Some(&today);
            if one.signature.is_some() {
                failed_on.insert(one.user, today);
            } else {
                failed_on.remove(&one.user);
            }
            if is_first && is_work(peaks[today]) && view.classes[place] != Class::Skipped {
                wishes.push(place);
            }
        }
        Self { wishes, fuller }
    }

    fn day(&self, at_s: f64) -> usize {
        day(at_s).min(self.fuller.len() - 1)
    }

    /// The share of wishes that filters with one clearing fail, each, on hosts that are exposed all the time.
    fn blocked(&self, grid: &Grid<'_, '_>, filters: &[Blocked]) -> Vec<f64> {
        let (from, side) = (grid.view.from, Side::of(filters));
        let doses: Vec<Lanes> = grid.kinds.all.iter().map(|kind| side.doses(kind.load)).collect();
        let fuller: Vec<Lanes> = self.fuller.iter().map(|by| side.powers(*by)).collect();
        let mut is_wish = vec![false; from.tries.len()];
        self.wishes.iter().for_each(|place| is_wish[*place] = true);
        let mut sums = [0.0; WIDTH];
        let dose = |end: usize| {
            let (dose, fuller) = (&doses[grid.kinds.of[end]], &fuller[self.day(from.ends[end].at_s)]);
            std::array::from_fn(|lane| dose[lane] * fuller[lane])
        };
        let by = |at_s: f64| self.fuller[self.day(at_s)];
        side.foresee(from, clearing(&filters[0]), &grid.exposed, dose, by, |place, chances| {
            if is_wish[place] {
                sums.iter_mut().zip(chances).for_each(|(sum, m)| *sum += m);
            }
        });
        sums[..filters.len()].iter().map(|sum| sum / self.wishes.len().max(1) as f64).collect()
    }

    /// The same for a mechanism that depends on load alone.
    fn share(&self, from: &Correlation, how: &How, exposed: &[bool]) -> f64 {
        let chance = |place: &usize| {
            let one = &from.tries[*place];
            let response = match how {
                How::ByHost(all) => all[one.host],
                How::Response(response) => *response,
                How::Ramp { .. } | How::Clock { .. } | How::Blocked(_) => return 0.0,
            };
            let fuller = self.fuller[self.day(one.at_s)];
            if exposed[one.host] { response.at(one.load * fuller, one.fleet_load * fuller) } else { 0.0 }
        };
        self.wishes.iter().map(chance).sum::<f64>() / self.wishes.len().max(1) as f64
    }
}

/// How the blocks of a filter end.
fn clearing(filter: &Blocked) -> Clearing {
    (filter.lasts_h, filter.restart_clears)
}

/// Filters, so many side by side as can be; those of one clearing stand together.
fn sides(filters: &[Blocked]) -> Vec<&[Blocked]> {
    filters.chunk_by(|a, b| clearing(a) == clearing(b)).flat_map(|alike| alike.chunks(WIDTH)).collect()
}

fn day(at_s: f64) -> usize {
    (at_s.max(0.0) / 86_400.0) as usize
}

/// A share with its weight.
type Weighed = (f64, f64);

/// The ways in which one mechanism can follow load.
struct Grid<'a, 'b> {
    view: &'a View<'b>,
    best: &'a Mechanism,
    exposed: Vec<bool>,
    /// The kinds of all ends, where it blocks users.
    kinds: Kinds,
    /// The mean load where it is at work: size and power are least entangled there.
    usual: f64,
    /// What varies beside the size: a power, or a threshold.
    second: (f64, f64, usize),
}

impl<'a, 'b> Grid<'a, 'b> {
    fn of(view: &'a View<'b>, best: &'a Mechanism) -> Option<Self> {
        let from = view.from;
        let second = match &best.how {
            How::Blocked(_) | How::Response(Response::Power { .. }) => POWERS,
            How::Response(Response::Hinge { .. }) => {
                let most = from.tries.iter().map(|one| one.load).fold(THRESHOLDS.1, f64::max);
                (THRESHOLDS.0, most, THRESHOLDS.2)
            }
            How::ByHost(_) => MOVES,
            How::Response(Response::Constant { .. }) | How::Ramp { .. } | How::Clock { .. } => return None,
        };
        let within = |host: usize, at_s: f64| best.spans[host].0 <= at_s && at_s < best.spans[host].1;
        let loads: Vec<f64> = if is_chain(&best.how) {
            from.ends.iter().filter(|end| within(end.host, end.at_s)).map(|end| end.load).collect()
        } else {
            from.tries.iter().filter(|one| within(one.host, one.at_s)).map(|one| one.load).collect()
        };
        let usual = (loads.iter().sum::<f64>() / loads.len().max(1) as f64).max(0.05);
        let exposed = best.spans.iter().map(|span| span.0 < span.1).collect();
        let ends = if is_chain(&best.how) { &from.ends[..] } else { &[] };
        Some(Self { view, best, exposed, kinds: Kinds::of(view, ends.iter().map(End::leaving)), usual, second })
    }

    /// The mechanism of one point; `size` by its logarithm.
    fn how(&self, (clearing, size, second): Point) -> How {
        let size = size.exp();
        match &self.best.how {
            How::Blocked(filter) => How::Blocked(Blocked {
                q0: size / self.usual.powf(second),
                gamma: second,
                lasts_h: clearing.0,
                restart_clears: clearing.1,
                ..*filter
            }),
            How::ByHost(all) => How::ByHost(all.iter().map(|one| moved(*one, size, second)).collect()),
            How::Response(Response::Hinge { of_fleet, .. }) => {
                How::Response(Response::Hinge { m: size.min(0.97), from: second, of_fleet: *of_fleet })
            }
            _ => How::Response(Response::Power { m: size / self.usual.powf(second), gamma: second }),
        }
    }

    /// The filters of some points; none where it blocks nobody.
    fn filters(&self, points: &[Point]) -> Vec<Blocked> {
        let filter = |point: &Point| if let How::Blocked(filter) = self.how(*point) { Some(filter) } else { None };
        points.iter().filter_map(filter).collect()
    }

    /// The log likelihood of each point.
    fn values(&self, points: &[Point]) -> Vec<f64> {
        let weight = self.view.weight;
        let filters = self.filters(points);
        if filters.is_empty() {
            let mechanism = |point: &Point| Mechanism { how: self.how(*point), ..self.best.clone() };
            let value = |one: Mechanism| weight * self.view.log_likelihood(&one.chances(self.view));
            return points.par_iter().map(|point| value(mechanism(point))).collect();
        }
        let of_side = |filters: &&[Blocked]| {
            let runs = Side::of(filters).run(self.view, &self.kinds, clearing(&filters[0]), &self.best.spans);
            runs.into_iter().take(filters.len()).map(|run| weight * (run.tries + run.marks))
        };
        sides(&filters).par_iter().flat_map_iter(of_side).collect()
    }

    /// What each point foresees.
    fn foreseen(&self, points: &[Point], people: &People) -> Vec<f64> {
        let filters = self.filters(points);
        if filters.is_empty() {
            let share = |point: &Point| people.share(self.view.from, &self.how(*point), &self.exposed);
            return points.par_iter().map(share).collect();
        }
        sides(&filters).par_iter().flat_map_iter(|filters| people.blocked(self, filters)).collect()
    }

    /// What each point foresees, with the logarithm of its weight; and the probability that load matters.
    fn shares(&self, people: &People) -> (Vec<Weighed>, f64) {
        let first = [match &self.best.how {
            How::Blocked(filter) => clearing(filter),
            _ => CLEARINGS[0],
        }];
        let clearings: &[Clearing] = if is_chain(&self.best.how) { &CLEARINGS } else { &first };
        let sizes = (SIZES.0.ln(), SIZES.1.ln(), SIZES.2);
        let growing = self.weighed(people, sizes, self.second, [&first, clearings]);
        if !is_chain(&self.best.how) {
            return (growing, 1.0);
        }
        let constant = self.weighed(people, sizes, (0.0, 0.0, 1), [&first, clearings]);
        let (constant, growing) = (plus(constant, P_CONSTANT.ln()), plus(growing, (1.0 - P_CONSTANT).ln()));
        let sum = |all: &[Weighed]| log_sum_exp(&all.iter().map(|one| one.1).collect::<Vec<_>>());
        let p_grows = 1.0 / (1.0 + (sum(&constant) - sum(&growing)).exp());
        ([constant, growing].concat(), p_grows)
    }

    /// A coarse grid over `sizes` and `seconds`, then a fine one over where it holds; weights are means over the prior.
    fn weighed(
        &self,
        people: &People,
        sizes: (f64, f64, usize),
        seconds: (f64, f64, usize),
        [first, clearings]: [&[Clearing]; 2],
    ) -> Vec<Weighed> {
        let coarse = points(sizes, seconds, first);
        let values = self.values(&coarse);
        let top = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let near: Vec<&Point> =
            coarse.iter().zip(&values).filter(|(_, value)| **value >= top - WITHIN).map(|(point, _)| point).collect();
        let sizes_near = around(near.iter().map(|point| point.1), sizes);
        let seconds_near = around(near.iter().map(|point| point.2), seconds);
        // The prior is flat over the first grid: the second has the part of it that it covers.
        let part = part(sizes_near, sizes) * part(seconds_near, seconds);
        let fine = points(sizes_near, seconds_near, clearings);
        let log_weight = (part / fine.len() as f64).ln();
        let half_step = step(sizes_near) / 2.0;
        let weighed = |(share, value): (f64, f64)| {
            // Between the points of the grid sizes are as likely as on them.
            let value = log_weight + value - 3.0_f64.ln();
            [-2.0 / 3.0, 0.0, 2.0 / 3.0].map(|off| ((share * (off * half_step).exp()).min(1.0), value))
        };
        self.foreseen(&fine, people).into_iter().zip(self.values(&fine)).flat_map(weighed).collect()
    }
}

fn moved(response: Response, size: f64, by: f64) -> Response {
    match response {
        Response::Hinge { from, of_fleet, .. } => Response::Hinge { m: size.min(0.97), from: from + by, of_fleet },
        other => other,
    }
}

fn plus(all: Vec<Weighed>, by: f64) -> Vec<Weighed> {
    all.into_iter().map(|(share, weight)| (share, weight + by)).collect()
}

/// How blocks end, size by its logarithm, power or threshold.
type Point = (Clearing, f64, f64);

/// The points of a grid; those of one clearing stand together.
fn points(sizes: (f64, f64, usize), seconds: (f64, f64, usize), clearings: &[Clearing]) -> Vec<Point> {
    let at = |axis: (f64, f64, usize), place: usize| axis.0 + place as f64 * step(axis);
    let of_size = |clearing, size| (0..seconds.2).map(move |second| (clearing, at(sizes, size), at(seconds, second)));
    clearings.iter().flat_map(|clearing| (0..sizes.2).flat_map(move |size| of_size(*clearing, size))).collect()
}

fn step((from, to, n): (f64, f64, usize)) -> f64 {
    if n > 1 { (to - from) / (n - 1) as f64 } else { 0.0 }
}

/// The part of an axis between the values that hold, and a step beyond on either side.
fn around(values: impl Iterator<Item = f64> + Clone, axis: (f64, f64, usize)) -> (f64, f64, usize) {
    if axis.2 == 1 {
        return axis;
    }
    let low = values.clone().fold(f64::INFINITY, f64::min) - step(axis);
    let high = values.fold(f64::NEG_INFINITY, f64::max) + step(axis);
    (low.max(axis.0), high.min(axis.1), N_FINE)
}

fn part(near: (f64, f64, usize), axis: (f64, f64, usize)) -> f64 {
    if axis.1 > axis.0 { (near.1 - near.0) / (axis.1 - axis.0) } else { 1.0 }
}

/// The mean of weighed shares and the interval that holds 95 in 100 of their weight.
fn estimate(mut shares: Vec<Weighed>) -> Estimate {
    shares.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let total = log_sum_exp(&shares.iter().map(|one| one.1).collect::<Vec<_>>());
    let parts: Vec<Weighed> = shares.into_iter().map(|(share, weight)| (share, (weight - total).exp())).collect();
    let at = |p: f64| {
        let mut sum = 0.0;
        let reached = parts.iter().find(|(_, part)| {
            sum += part;
            sum >= p
        });
        reached.or(parts.last()).map_or(0.0, |one| one.0)
    };
    let mean = parts.iter().map(|(share, part)| share * part).sum();
    Estimate::interval(mean, at(0.025), at(0.975), "1")
}
