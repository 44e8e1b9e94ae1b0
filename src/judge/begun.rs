//! Sums over spans of which neither the beginning nor the end is sure: what responses make of a change on each host from
//! when it may have come there to when its end may.

use std::borrow::Cow;

use rayon::prelude::*;

use super::hypotheses::Remedied;
use super::scene::{Scene, log_mean_over};
use crate::correlate::Sums;
use crate::stats::special::{LogSum, Product};

/// Responses of one kind, with the sum before each end that a cause may have: a row an end, a column a host.
pub(super) struct Shape<'a> {
    pub(super) all: &'a [Sums],
    /// By response.
    stops: Vec<Vec<f64>>,
    /// By response and row: the sum over all hosts.
    totals: Vec<Vec<f64>>,
    /// By response: the part that each place has in the mean over the places of an end, as [`Comings`] numbers them.
    parts: Vec<Vec<f64>>,
    comings: &'a Comings,
}

impl<'a> Shape<'a> {
    /// Of these responses.
    pub(super) fn of(scene: &Scene<'_>, all: &'a [Sums], comings: &'a Comings) -> Self {
        let remedies = || 0..scene.view.from.changes.len();
        let rows = |sums: &Sums| -> Vec<f64> {
            let never = (0..scene.n_hosts()).map(|host| sums.total(host));
            let hours = (0..scene.n_hours())
                .flat_map(|hour| scene.hour(hour).iter().enumerate().map(|(host, place)| sums.before(host, *place)));
            never.chain(hours).chain(remedies().flat_map(|remedy| scene.stops(sums, remedy))).collect()
        };
        let stops: Vec<Vec<f64>> = all.par_iter().map(rows).collect();
        let total = |rows: &Vec<f64>| rows.chunks(scene.n_hosts().max(1)).map(|row| row.iter().sum()).collect();
        let parts = |(sums, stops): (&Sums, &Vec<f64>)| -> Vec<f64> {
            let of_host = |remedy: usize, host: usize| {
                let mean = stops[row(scene, Remedied::By(remedy)) * scene.n_hosts() + host];
                let places = scene.stop_places(remedy)[host].iter();
                places.map(move |(weight, place)| (weight + sums.before(host, *place) - mean).exp())
            };
            let hosts = remedies().flat_map(|remedy| (0..scene.n_hosts()).map(move |host| (remedy, host)));
            std::iter::once(1.0).chain(hosts.flat_map(|(remedy, host)| of_host(remedy, host))).collect()
        };
        let parts = all.par_iter().zip(&stops).map(parts).collect();
        Self { all, totals: stops.iter().map(total).collect(), stops, parts, comings }
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

/// The places on one host at which an end may come, with the logarithms of their weights.
fn places_of<'s>(scene: &'s Scene<'_>, end: Remedied, host: usize) -> Cow<'s, [(f64, usize)]> {
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

/// When each end may come to each host.
pub(super) struct Comings {
    /// By row and host: the first and the last place.
    bounds: Vec<(usize, usize)>,
    /// By row and host: the number of its first place. What comes at one place has number 0, places of remedies follow.
    numbers: Vec<usize>,
    /// The weight of each numbered place.
    weights: Vec<f64>,
}

impl Comings {
    /// Of all ends, whatever they may be the ends of.
    pub(super) fn of(scene: &Scene<'_>) -> Self {
        let hours = (0..scene.n_hours()).map(Remedied::AtHour);
        let remedies = (0..scene.view.from.changes.len()).map(Remedied::By);
        let (mut bounds, mut numbers, mut weights) = (Vec::new(), Vec::new(), vec![1.0]);
        for end in std::iter::once(Remedied::Never).chain(hours).chain(remedies) {
            for host in 0..scene.n_hosts() {
                let places = places_of(scene, end, host);
                bounds.push(first_and_last(&places));
                let is_remedy = matches!(end, Remedied::By(_));
                numbers.push(if is_remedy { weights.len() } else { 0 });
                if is_remedy {
                    weights.extend(places.iter().map(|(log_weight, _)| log_weight.exp()));
                }
            }
        }
        Self { bounds, numbers, weights }
    }
}

/// When a change may have begun on each host, with what every response makes of it.
pub(super) struct Beginnings {
    /// By host: the places at which it may have begun, in order, with the logarithms of their weights.
    starts: Vec<Vec<(f64, usize)>>,
    /// By host: the weight of all starts, of all but the first, down to none.
    later: Vec<Vec<f64>>,
    /// By response and host: the logarithm of the mean of `exp` of minus the sum before the beginning.
    begun: Vec<Vec<f64>>,
    /// By response and host: the part of that mean that no start has, the first, the first two, up to all.
    parts: Vec<Vec<Vec<f64>>>,
    /// By response: the sum of the means' logarithms.
    totals: Vec<f64>,
    /// The hosts that are reached, each with its first and last beginning.
    reached: Vec<(usize, (usize, usize))>,
}

/// The hosts on which there is a span for one end, or may be one.
pub(super) struct Spans {
    end: Remedied,
    /// Where it ends behind every beginning that it may have: the mean over beginnings and ends is the product of two.
    whole: Vec<usize>,
    /// Where it may end before it begins.
    crossed: Vec<Crossed>,
}

/// A host on which an end may come before the beginning: then there is no span, and its sum is 0.
struct Crossed {
    host: usize,
    /// The number of the first place at which the end may come.
    number: usize,
    /// By place: how many of the starts lie before it.
    n_begun: Vec<usize>,
    /// The chance that the end comes first.
    p_none: f64,
}

impl Beginnings {
    /// Of a change that may have come at these places of each host, which come with the logarithms of their weights.
    pub(super) fn of(scene: &Scene<'_>, shape: &Shape<'_>, mut starts: Vec<Vec<(f64, usize)>>) -> Self {
        for starts in &mut starts {
            starts.sort_by_key(|(_, place)| *place);
        }
        let weight = |(log_weight, _): &(f64, usize)| log_weight.exp();
        let later = |starts: &Vec<(f64, usize)>| {
            let mut later = running_sums(starts.iter().rev().map(weight));
            later.reverse();
            later
        };
        let each = |sums: &Sums| -> (Vec<f64>, Vec<Vec<f64>>) {
            let of_host = |(host, starts): (usize, &Vec<(f64, usize)>)| {
                let mean = log_mean_over(starts, |place| -sums.before(host, place));
                let parts = starts.iter().map(|(weight, place)| (weight - sums.before(host, *place) - mean).exp());
                (mean, running_sums(parts))
            };
            starts.iter().enumerate().map(of_host).unzip()
        };
        let (begun, parts): (Vec<Vec<f64>>, Vec<Vec<Vec<f64>>>) = shape.all.iter().map(each).unzip();
        Self {
            later: starts.iter().map(later).collect(),
            parts,
            totals: begun.iter().map(|begun| begun.iter().sum()).collect(),
            reached: (0..scene.n_hosts())
                .filter(|host| !starts[*host].is_empty())
                .map(|host| (host, first_and_last(&starts[host])))
                .collect(),
            begun,
            starts,
        }
    }

    /// What there is of spans on each host for one end.
    pub(super) fn spans(&self, scene: &Scene<'_>, shape: &Shape<'_>, end: Remedied) -> Spans {
        let row = row(scene, end) * scene.n_hosts();
        let mut spans = Spans { end, whole: Vec::new(), crossed: Vec::new() };
        for &(host, (first, last)) in &self.reached {
            let (first_stop, last_stop) = shape.comings.bounds[row + host];
            if first_stop >= last {
                spans.whole.push(host);
            } else if last_stop > first {
                let stops = places_of(scene, end, host);
                let n_begun = |(_, stop): &(f64, usize)| self.starts[host].partition_point(|(_, start)| start < stop);
                let n_begun: Vec<usize> = stops.iter().map(n_begun).collect();
                let number = shape.comings.numbers[row + host];
                let weights = shape.comings.weights[number..].iter();
                let p_none = weights.zip(&n_begun).map(|(weight, n)| weight * self.later[host][*n]).sum();
                spans.crossed.push(Crossed { host, number, n_begun, p_none });
            }
        }
        spans
    }

    /// The sum of one response over all hosts between its beginning and its end, if each of them was reached with this chance.
    ///
    /// Where the end lies behind every beginning that may be, the mean over both is the product of two means, which are known
    /// beforehand.
    pub(super) fn sum(&self, scene: &Scene<'_>, shape: &Shape<'_>, place: usize, spans: &Spans, p_reached: f64) -> f64 {
        let row = row(scene, spans.end);
        if spans.whole.len() == scene.n_hosts() && p_reached == 1.0 {
            return self.totals[place] + shape.totals[place][row];
        }
        let (begun, stops) = (&self.begun[place], &shape.stops[place][row * scene.n_hosts()..]);
        let of_whole = spans.whole.iter().map(|host| begun[*host] + stops[*host]);
        let mut product = Product::default();
        let mut sum = 0.0;
        if p_reached < 1.0 {
            of_whole.for_each(|whole| product.times_mixture(p_reached, whole));
        } else {
            sum = of_whole.sum();
        }
        for one in &spans.crossed {
            let whole = begun[one.host] + stops[one.host];
            // What is lost of the parts below is then far less than what is left of the chance of no span.
            if whole > MAX_WHOLE {
                let sum = self.pairs(&shape.all[place], one.host, &places_of(scene, spans.end, one.host));
                product.times_mixture(p_reached, sum);
                continue;
            }
            let parts = &self.parts[place][one.host];
            let of_stop = |(part, n_begun): (&f64, &usize)| part * parts[*n_begun];
            let is_begun: f64 = shape.parts[place][one.number..].iter().zip(&one.n_begun).map(of_stop).sum();
            let mean = whole.exp() * is_begun + one.p_none;
            if mean < MAX_MEAN {
                product.times(1.0 - p_reached + p_reached * mean);
            } else {
                product.times_mixture(p_reached, mean.ln());
            }
        }
        sum + product.ln()
    }

    /// The same on one host, pair by pair of beginning and end.
    fn pairs(&self, sums: &Sums, host: usize, stops: &[(f64, usize)]) -> f64 {
        let mut mean = LogSum::default();
        for (start_weight, start) in &self.starts[host] {
            for (stop_weight, stop) in stops {
                let sum = if stop > start { sums.before(host, *stop) - sums.before(host, *start) } else { 0.0 };
                mean.add(start_weight + stop_weight + sum);
            }
        }
        mean.ln()
    }
}

/// The greatest logarithm of a mean that is taken apart: its `exp` times the least part that has all its digits is below one.
const MAX_WHOLE: f64 = 600.0;
/// The greatest mean that is multiplied as it is.
const MAX_MEAN: f64 = 1e90;

/// The sums of no value, of the first, of the first two, up to all.
fn running_sums(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sum = 0.0;
    let further = values.map(|value| {
        sum += value;
        sum
    });
    std::iter::once(0.0).chain(further).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::attempts::some_try;
    use crate::correlate::{Correlation, Exposure, View};
    use crate::model::{ChangeKind, Name};
    use crate::stats::Random;

    const HOUR: f64 = 3600.0;

    /// Changes that lists know a time of for all hosts, for each host, or for one; hours in which all fail, and in which none
    /// does, so that spans are worth more, and less, than a number can hold.
    fn fleet() -> Correlation {
        let mut random = Random::new(5);
        let name = |one: String| Name::from(one.as_str());
        let tries = (0..9000).map(|place| {
            let at_s = f64::from(place) * 0.04 * HOUR;
            let p_failed = [0.0, 0.01, 0.95][(at_s / (16.0 * HOUR)) as usize % 3];
            some_try(at_s, random.below(3), 0, (random.unit() < p_failed).then_some(0))
        });
        let tries = tries.collect();
        let change = |number: usize| {
            let at = |host: usize| match number % 3 {
                0 => number as f64 * 31.0 * HOUR,
                1 => (number as f64 * 31.0 + 20.0 * host as f64) * HOUR,
                _ if host == number % 2 => number as f64 * 31.0 * HOUR,
                _ => f64::INFINITY,
            };
            Exposure {
                id: format!("chg-{number}"),
                component: name(format!("component {number}")),
                version: None,
                kind: ChangeKind::Install,
                at_s: (0..3).map(at).collect(),
                trust: Vec::new(),
                is_one_time: number.is_multiple_of(3),
                hosts_known: number.is_multiple_of(2),
                may_be_start_only: number % 3 == 2,
                only_stated: true,
                is_routine: false,
                stated_by: Vec::new(),
            }
        };
        Correlation {
            hosts: (0..3).map(|host| name(format!("host {host}"))).collect(),
            users: vec![name("user 0".to_owned())],
            signatures: vec![name("one".to_owned())],
            tries,
            changes: (0..9).map(change).collect(),
            length_s: 360.0 * HOUR,
            ..Correlation::default()
        }
    }

    #[test]
    fn means_over_parts_are_means_over_pairs_of_beginning_and_end() {
        let from = fleet();
        let mut view = View::new(&from, Some(0), &[]);
        view.base.fill(0.02);
        let scene = Scene::quick(view, None);
        let comings = Comings::of(&scene);
        let shape = Shape::of(&scene, &scene.constants, &comings);
        let (mut n_loud, mut n_crossed) = (0, 0);
        let remedies = (0..9).map(Remedied::By);
        let ends: Vec<Remedied> =
            (0..360).step_by(9).map(Remedied::AtHour).chain(remedies).chain([Remedied::Never]).collect();
        for change in 0..9 {
            let delayed = [0.0, 24.0].map(|delay_h| scene.starts(change, delay_h));
            for starts in delayed.into_iter().chain(scene.followers(change, 0.0)) {
                let beginnings = Beginnings::of(&scene, &shape, starts);
                for end in &ends {
                    let spans = beginnings.spans(&scene, &shape, *end);
                    n_crossed += spans.crossed.len();
                    for (place, sums) in shape.all.iter().enumerate() {
                        let of_host = |(host, _): &(usize, (usize, usize))| {
                            beginnings.pairs(sums, *host, &places_of(&scene, *end, *host))
                        };
                        let each: Vec<f64> = beginnings.reached.iter().map(of_host).collect();
                        n_loud += each.iter().filter(|sum| **sum > MAX_WHOLE).count();
                        let mut perhaps = Product::default();
                        for sum in &each {
                            perhaps.times_mixture(0.7, *sum);
                        }
                        for (p_reached, expected) in [(1.0, each.iter().sum::<f64>()), (0.7, perhaps.ln())] {
                            let sum = beginnings.sum(&scene, &shape, place, &spans, p_reached);
                            let error = (sum - expected).abs();
                            assert!(error < 1e-9 * sum.abs().max(1.0), "{change} {end:?} {place}: {sum} {expected}");
                        }
                    }
                }
            }
        }
        assert!(n_loud > 100 && n_crossed > 500, "{n_loud} {n_crossed}");
    }
}
