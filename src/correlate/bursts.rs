//! Short bursts of failures with quiet on both sides: nuisances, unless something explains them.

use std::collections::BTreeSet;

use super::{Class, View};

/// A burst lasts about an hour.
const MAX_LENGTH_S: f64 = 75.0 * 60.0;
/// Quiet for hours on both sides; without this rule, bursts would eat a real incident piece by piece.
const QUIET_S: f64 = 3.0 * 3600.0;
/// Quiet is shown by people who got in: had it gone on, so many of the tries beside it would have failed. That none
/// does is then a chance of e⁻³. Without it, every night would make a burst of a morning.
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
    /// Raises the chances of its attempts to fail without a mechanism.
    pub fn raise(&self, base: &mut [f64]) {
        for place in &self.tries {
            base[*place] = self.raised(base[*place]);
        }
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

/// Finds the bursts of a signature that are worth more than they cost: of all hosts together, and of single ones, for in a
/// large fleet somebody always fails somewhere.
pub fn bursts(view: &View<'_>) -> Vec<Burst> {
    const SCOPES: usize = 2;
    // The logarithm of the number of windows that are looked at, of the sizes tried, and of the scopes.
    let price = ((view.n_own().max(1) * SIZES.len() * SCOPES) as f64).ln() + 1.0;
    let all: Vec<usize> = (0..view.from.tries.len()).collect();
    let mut bursts = of_scope(view, &all, price);
    for host in 0..view.from.hosts.len() {
        let own = of_scope(view, view.tries_of(host), price).into_iter();
        let is_new = |one: &Burst| bursts.iter().all(|known| one.to_s < known.from_s || known.to_s < one.from_s);
        let new: Vec<Burst> = own.filter(is_new).collect();
        bursts.extend(new);
    }
    bursts
}

/// Those that show among some attempts, which are in order, and are worth more than this price.
fn of_scope(view: &View<'_>, scope: &[usize], price: f64) -> Vec<Burst> {
    let at_s = |place: &usize| view.from.tries[*place].at_s;
    let own: Vec<usize> = scope.iter().copied().filter(|place| view.classes[*place] == Class::Own).collect();
    let within = |from_s: f64, to_s: f64| {
        let before = |limit_s: f64| scope.partition_point(|place| at_s(place) < limit_s);
        &scope[before(from_s)..before(to_s)]
    };
    let groups = own.chunk_by(|one, next| at_s(next) - at_s(one) < QUIET_S);
    let burst = |group: &[usize]| {
        let (from_s, to_s) = (at_s(group.first()?), at_s(group.last()?));
        let users: BTreeSet<usize> = group.iter().map(|place| view.from.tries[*place].user).collect();
        if to_s - from_s > MAX_LENGTH_S || users.len() < MIN_USERS {
            return None;
        }
        let after_s = to_s + 1e-6;
        let inside = within(from_s, after_s);
        let share = group.len() as f64 / inside.len() as f64;
        let is_quiet = |tries: &[usize]| tries.len() as f64 * share >= N_SHOWN;
        if !is_quiet(within(from_s - QUIET_S, from_s)) || !is_quiet(within(after_s, to_s + QUIET_S)) {
            return None;
        }
        let gained = |size: f64| inside.iter().map(|place| log_ratio(view, *place, size)).sum::<f64>();
        let (best, size) = SIZES.into_iter().map(|size| (gained(size), size)).max_by(|a, b| a.0.total_cmp(&b.0))?;
        let worth = view.weight * best - price;
        (worth > 0.0).then(|| Burst { from_s, to_s, tries: inside.to_vec(), size, price, worth })
    };
    groups.filter_map(burst).collect()
}
