//! Short bursts of failures with quiet on both sides: nuisances, unless something explains them.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::attempts::log_share_of_gap;
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

    /// Those of some attempts, which are in order, that are its own, by their number among these.
    pub fn among(&self, places: &[usize]) -> Vec<usize> {
        self.tries.iter().filter_map(|place| places.binary_search(place).ok()).collect()
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
    let n_hosts = view.from.hosts.len();
    // The logarithm of the number of sizes tried, of the scopes and, for a single host, of the hosts.
    let price = ((SIZES.len() * SCOPES) as f64).ln();
    let price_of_host = price + (n_hosts.max(1) as f64).ln();
    let all: Vec<usize> = (0..view.from.tries.len()).collect();
    let fleet = Scope::of(view, &all);
    let of_host = |host: usize| Scope::of(view, view.tries_of(host)).bursts(price_of_host, &fleet);
    let mut found: Vec<Burst> = (0..n_hosts).into_par_iter().flat_map_iter(of_host).collect();
    found.extend(fleet.bursts(price, &fleet));
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

    /// Those that are worth more than this price, each with its beginning. What goes on in the fleet is no burst of a host.
    fn bursts(&self, price: f64, fleet: &Scope<'_>) -> Vec<Burst> {
        let is_own = |place: &usize| self.view.classes[*place] == Class::Own;
        let own: Vec<usize> = self.places.iter().copied().filter(is_own).collect();
        (0..own.len()).filter_map(|first| self.burst(&own[first..], price, fleet)).collect()
    }

    /// The one that begins with the first of these failures, if it is worth more than its price.
    fn burst(&self, own: &[usize], price: f64, fleet: &Scope<'_>) -> Option<Burst> {
        let at_s = |place: &usize| self.view.from.tries[*place].at_s;
        let from_s = at_s(own.first()?);
        let group = &own[..own.partition_point(|place| at_s(place) - from_s <= MAX_LENGTH_S)];
        let users: BTreeSet<usize> = group.iter().map(|place| self.view.from.tries[*place].user).collect();
        if users.len() < MIN_USERS {
            return None;
        }
        let to_s = at_s(group.last()?);
        let (from, to) = (self.before(from_s), self.before(to_s + 1e-6));
        let best = (0..SIZES.len()).max_by(|a, b| self.gained(*a, from, to).total_cmp(&self.gained(*b, from, to)))?;
        let price = price + self.price_of_times(from, to);
        let worth = self.view.weight * self.gained(best, from, to) - price;
        let beside = [(from_s - QUIET_S, from_s), (to_s + 1e-6, to_s + QUIET_S)];
        let is_quiet = |(from_s, to_s): &(f64, f64)| {
            self.gained(best, self.before(*from_s), self.before(*to_s)) <= -N_SHOWN
                && !self.goes_on(*from_s, *to_s)
                && !fleet.goes_on(*from_s, *to_s)
        };
        let is_one = worth > 0.0 && beside.iter().all(is_quiet);
        is_one.then(|| Burst { from_s, to_s, tries: self.places[from..to].to_vec(), size: SIZES[best], price, worth })
    }

    /// What it costs that a burst begins and ends between these attempts and those beside them. It may begin at any time of the
    /// window and last for any time up to the longest.
    fn price_of_times(&self, from: usize, to: usize) -> f64 {
        let length_s = self.view.from.length_s;
        let at_s = |place: usize| self.places.get(place).map_or(length_s, |place| self.view.from.tries[*place].at_s);
        let before_s = at_s(from) - from.checked_sub(1).map_or(0.0, at_s);
        let after_s = at_s(to) - at_s(to - 1);
        -log_share_of_gap(before_s, length_s) - log_share_of_gap(after_s, MAX_LENGTH_S)
    }

    /// How many attempts lie before a time.
    fn before(&self, limit_s: f64) -> usize {
        self.places.partition_point(|place| self.view.from.tries[*place].at_s < limit_s)
    }

    /// What a chance of failing explains of some attempts, nats.
    fn gained(&self, size: usize, from: usize, to: usize) -> f64 {
        self.sums[size][to] - self.sums[size][from]
    }

    /// Whether some chance of failing explains clearly what became of the attempts between two times.
    fn goes_on(&self, from_s: f64, to_s: f64) -> bool {
        let (from, to) = (self.before(from_s), self.before(to_s));
        (0..SIZES.len()).any(|size| self.gained(size, from, to) >= N_SHOWN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::Correlation;
    use crate::correlate::attempts::some_try;
    use crate::model::Name;

    const MINUTE: f64 = 60.0;

    /// Two days of five hosts, on which one of forty people tries every minute, by turns, but for nights and where nobody does;
    /// what fails is said by minute, host and account.
    fn found(fails: impl Fn(usize, usize, usize) -> bool, is_tried: impl Fn(usize) -> bool) -> Vec<Burst> {
        let one = |minute: usize| {
            let (host, user) = (minute % 5, minute * 7 % 40);
            some_try(minute as f64 * MINUTE, host, user, fails(minute, host, user).then_some(0))
        };
        let name = |one: &str| Name::from(one);
        let from = Correlation {
            hosts: ["a", "b", "c", "d", "e"].map(name).to_vec(),
            users: (0..40).map(|user| name(&format!("user {user}"))).collect(),
            signatures: vec![name("one")],
            tries: (0..2880).filter(|minute| is_tried(*minute)).map(one).collect(),
            length_s: 2880.0 * MINUTE,
            ..Correlation::default()
        };
        let mut view = View::new(&from, Some(0), &[]);
        view.base.fill(0.01);
        bursts(&view)
    }

    #[test]
    fn half_an_hour_of_failures_with_quiet_on_both_sides_is_one_burst_and_what_strays_beside_it_is_none_of_it() {
        let stray = 1330;
        let bursts = found(|minute, _, _| (1200..1230).contains(&minute) || minute == stray, |_| true);
        assert_eq!(bursts.len(), 1, "{bursts:?}");
        assert_eq!((bursts[0].from_s, bursts[0].to_s), (1200.0 * MINUTE, 1229.0 * MINUTE));
        assert_eq!(bursts[0].tries, (1200..1230).collect::<Vec<_>>());
    }

    #[test]
    fn what_goes_on_more_mildly_is_no_burst() {
        let mild = |minute: usize| (1230..1400).contains(&minute) && minute.is_multiple_of(9);
        assert_eq!(found(|minute, _, _| (1200..1230).contains(&minute) || mild(minute), |_| true), []);
    }

    #[test]
    fn where_nobody_tries_nothing_shows_that_it_was_over() {
        let fails = |minute: usize, _: usize, _: usize| (1200..1230).contains(&minute);
        assert_eq!(found(fails, |minute| !(1230..1500).contains(&minute)), []);
        assert_eq!(found(fails, |minute| !(900..1200).contains(&minute)), []);
    }

    #[test]
    fn one_who_tries_again_and_again_is_no_burst() {
        let (mut minutes, user) = (Vec::new(), 1200 * 7 % 40);
        minutes.extend((1200..1260).filter(|minute| minute * 7 % 40 == user));
        assert!(minutes.len() > 1);
        let fails = |minute: usize, _: usize, _: usize| minutes.contains(&minute);
        assert_eq!(found(fails, |_| true), []);
    }

    /// Those of the host are a burst of all hosts, too, and each attempt belongs to one burst at most.
    #[test]
    fn of_bursts_that_share_attempts_the_weightiest_counts() {
        let fails = |minute: usize, host: usize, _: usize| host == 2 && (1200..1260).contains(&minute);
        let bursts = found(fails, |_| true);
        assert_eq!(bursts.len(), 1, "{bursts:?}");
        assert!(bursts[0].tries.iter().all(|place| place % 5 == 2), "{bursts:?}");
        let both = found(|minute, host, user| fails(minute, host, user) || (400..420).contains(&minute), |_| true);
        assert_eq!(both.len(), 2, "{both:?}");
    }

    /// Three failures in an hour are worth more than their price nowhere, however few there are.
    #[test]
    fn a_burst_pays_for_the_hours_in_which_it_could_have_been() {
        let fails = |minute: usize, host: usize, _: usize| host == 2 && [1202, 1222, 1242].contains(&minute);
        assert_eq!(found(fails, |_| true), []);
    }
}
