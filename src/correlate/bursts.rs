//! Short bursts of failures with quiet on both sides: nuisances, unless something explains them.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::{Class, View};

/// A burst lasts about an hour.
const MAX_LENGTH_S: f64 = 75.0 * 60.0;
/// Quiet for hours on both sides; without this rule, bursts would eat a real incident piece by piece.
const QUIET_S: f64 = 3.0 * 3600.0;
/// Quiet is shown by people who got in: had the burst gone on, what became of the tries beside it would be less likely by a
/// factor of e³. Without it, every night would make a burst of a morning. And nothing milder went on, either, that would
/// make it likelier by as much: in a large fleet somebody always fails somewhere, but then no more than the background.
const N_SHOWN: f64 = 3.0;
/// One user who tries again and again is no burst.
const MIN_USERS: usize = 3;
/// Chances of failing that are tried.
const SIZES: [f64; 4] = [0.1, 0.3, 0.6, 0.9];

/// One burst.
#[derive(Clone, Debug, PartialEq)]
pub struct Burst {
    /// First failure, seconds.
    pub from_s: f64,
    /// Last failure, seconds.
    pub to_s: f64,
    /// Attempts within it, on all hosts.
    pub tries: Vec<usize>,
    /// The chance of failing by it.
    pub size: f64,
    /// What it costs to suppose one: the logarithm of how many could have been found.
    pub price: f64,
    /// How much better it explains its attempts than the background: log ratio less its price, weighted.
    pub worth: f64,
}

impl Burst {
    /// Whether no attempt is in both.
    fn is_apart_from(&self, other: &Self) -> bool {
        let is_apart = |one: &Self, other: &Self| one.to_s < other.from_s;
        is_apart(self, other)
            || is_apart(other, self)
            || self.tries.iter().all(|place| other.tries.binary_search(place).is_err())
    }

    /// What it raises the chance of one of its attempts to.
    pub fn raised(&self, base: f64) -> f64 {
        raised(base, self.size)
    }
}

/// The chance of failing by the one or the other.
fn raised(base: f64, size: f64) -> f64 {
    base + (1.0 - base) * size
}

/// How much likelier an attempt's outcome is with a burst of this size than without.
fn log_ratio(view: &View<'_>, place: usize, size: f64) -> f64 {
    match view.classes[place] {
        Class::Own => (raised(view.base[place], size) / view.base[place]).ln(),
        Class::Other | Class::Success => (1.0 - size).ln(),
        Class::Skipped => 0.0,
    }
}

/// Finds the bursts of a signature that are worth more than they cost: of all hosts together, and of single ones, which
/// those of a large fleet would drown.
pub fn bursts(view: &View<'_>) -> Vec<Burst> {
    const SCOPES: usize = 2;
    // The logarithm of the number of windows that are looked at, of the sizes tried, and of the scopes.
    let price = ((view.n_own().max(1) * SIZES.len() * SCOPES) as f64).ln() + 1.0;
    let all: Vec<usize> = (0..view.from.tries.len()).collect();
    let hosts = (0..view.from.hosts.len()).into_par_iter().map(|host| view.tries_of(host));
    let mut found: Vec<Burst> =
        hosts.chain([&all[..]]).flat_map_iter(|places| Scope::of(view, places).bursts(price)).collect();
    found.sort_by(|a, b| b.worth.total_cmp(&a.worth).then(a.from_s.total_cmp(&b.from_s)));
    let mut apart: Vec<Burst> = Vec::new();
    for one in found {
        if apart.iter().all(|known| known.is_apart_from(&one)) {
            apart.push(one);
        }
    }
    apart
}

/// Some attempts, in order, with what they would make of bursts.
struct Scope<'a> {
    view: &'a View<'a>,
    places: &'a [usize],
    /// By size: running sums of log ratios.
    sums: [Vec<f64>; SIZES.len()],
}

impl<'a> Scope<'a> {
    fn of(view: &'a View<'a>, places: &'a [usize]) -> Self {
        let sums = SIZES.map(|size| {
            let mut sum = 0.0;
            let further = places.iter().map(|place| {
                sum += log_ratio(view, *place, size);
                sum
            });
            std::iter::once(0.0).chain(further).collect()
        });
        Self { view, places, sums }
    }

    /// Those that are worth more than this price, each with its beginning.
    fn bursts(&self, price: f64) -> Vec<Burst> {
        let is_own = |place: &usize| self.view.classes[*place] == Class::Own;
        let own: Vec<usize> = self.places.iter().copied().filter(is_own).collect();
        (0..own.len()).filter_map(|first| self.burst(&own[first..], price)).collect()
    }

    /// The one that begins with the first of these failures, if it is worth more than its price.
    fn burst(&self, own: &[usize], price: f64) -> Option<Burst> {
        let at_s = |place: &usize| self.view.from.tries[*place].at_s;
        let from_s = at_s(own.first()?);
        let group = &own[..own.partition_point(|place| at_s(place) - from_s <= MAX_LENGTH_S)];
        let users: BTreeSet<usize> = group.iter().map(|place| self.view.from.tries[*place].user).collect();
        if users.len() < MIN_USERS {
            return None;
        }
        let to_s = at_s(group.last()?);
        let before = |limit_s: f64| self.places.partition_point(|place| at_s(place) < limit_s);
        let (from, to) = (before(from_s), before(to_s + 1e-6));
        let gained = |size: usize, from: usize, to: usize| self.sums[size][to] - self.sums[size][from];
        let best = (0..SIZES.len()).max_by(|a, b| gained(*a, from, to).total_cmp(&gained(*b, from, to)))?;
        let is_quiet = |from: usize, to: usize| {
            gained(best, from, to) <= -N_SHOWN && (0..SIZES.len()).all(|size| gained(size, from, to) < N_SHOWN)
        };
        let worth = self.view.weight * gained(best, from, to) - price;
        let is_one = worth > 0.0 && is_quiet(before(from_s - QUIET_S), from) && is_quiet(to, before(to_s + QUIET_S));
        is_one.then(|| Burst { from_s, to_s, tries: self.places[from..to].to_vec(), size: SIZES[best], price, worth })
    }
}
