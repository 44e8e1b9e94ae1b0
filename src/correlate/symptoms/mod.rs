//! Signatures that always come together, in their order: one symptom chain instead of several failures.
//!
//! Two signatures are a link if, on the hosts that show both, at least half of the episodes of each come with one of
//! the other, by the lower ends of both intervals, and far more often than with the times of one of them moved: by
//! minutes, which keeps the hour of the day, and by days, which keeps the morning. Two that share nothing but load,
//! or a timer, stay as close when they are moved; they are no link. Which of the two comes first is decided by a
//! sign test of the lags. What is moved and what is not is on one host and one clock, so no step of a clock matters.

mod episodes;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use self::episodes::{Episode, Hosts, NEAR_TICKS, episodes, met, n_met_shifted};
use crate::frame::Tables;
use crate::model::time::{TICKS_PER_DAY, TICKS_PER_SECOND};
use crate::model::{Name, Provenance};
use crate::stats::{binomial_tail, median_interval, proportion_interval};

/// Fewer episodes together prove nothing: of 7 in 7, the share may as well be 0.59; of 8 with all lags one way, a
/// coin shows the same once in 128, of 7 once in 64.
const MIN_EPISODES: usize = 8;
/// “Always together” means more often than not, with confidence and in both directions.
const MIN_SHARE: f64 = 0.5;
/// The chance that any link is found where there is none.
const P_CHANCE: f64 = 0.01;
/// The chance that any order is found where there is none.
const P_ORDER: f64 = 0.05;
/// So many pairs of records are named of a link.
const N_SHOWN: usize = 3;
/// The minutes by which times are moved, each way: beyond all that could still belong together.
const MINUTES: [i64; 6] = [10, 15, 20, 30, 45, 60];
/// The days by which times are moved, each way: a whole week, for the day of the week counts as well.
const DAYS: i64 = 7;

/// A share, or a time, with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// The value.
    pub value: f64,
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
}

/// Two signatures that come together.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Episodes of the first, on the hosts that show both.
    pub n_first: usize,
    /// Episodes of the second there.
    pub n_second: usize,
    /// Episodes that came together; with an order, those in which the second came with the first or later.
    pub n_both: usize,
    /// The share of the first's episodes that come with the second.
    pub followed: Measured,
    /// The share of the second's episodes that come with the first.
    pub preceded: Measured,
    /// The median time from the first to the second, in seconds; its interval is one of order statistics.
    pub lag_s: Measured,
    /// The chance of so many together at the rates of both, for all pairs that were looked at.
    pub p_chance: f64,
    /// Hosts on which they came together.
    pub hosts: Vec<Name>,
    /// Some of the records, first and second in turn.
    pub records: Vec<Provenance>,
}

/// Signatures that come together.
#[derive(Clone, Debug, PartialEq)]
pub struct SymptomChain {
    /// The signatures; in their order if it is known, else by name.
    pub signatures: Vec<Name>,
    /// Whether the order is known.
    pub is_ordered: bool,
    /// What was found of each two neighbours.
    pub links: Vec<Link>,
}

impl SymptomChain {
    /// The episodes in which the rarest two neighbours came together.
    pub fn n_episodes(&self) -> usize {
        self.links.iter().map(|link| link.n_both).min().unwrap_or(0)
    }
}

/// Finds the chains, the most frequent first.
pub fn chains(tables: &Tables) -> Vec<SymptomChain> {
    let all: Vec<(Name, Hosts)> = episodes(tables).into_iter().collect();
    let pairs = all.iter().enumerate().flat_map(|(place, one)| all[place + 1..].iter().map(move |other| (one, other)));
    let pairs: Vec<Pair<'_>> = pairs.filter_map(|(one, other)| Pair::of(one, other)).collect();
    let found: Vec<&Pair<'_>> = pairs.iter().filter(|pair| pair.p_chance(pairs.len()) < P_CHANCE).collect();
    let n_found = found.len();
    let mut ordered: BTreeMap<(Name, Name), Link> = BTreeMap::new();
    let mut chains = Vec::new();
    for pair in found {
        match pair.in_order(n_found).filter(|turned| turned.p_chance(pairs.len()) < P_CHANCE) {
            Some(turned) => {
                ordered.insert((turned.first.clone(), turned.second.clone()), turned.link(pairs.len()));
            }
            None => chains.push(SymptomChain {
                signatures: vec![pair.first.clone(), pair.second.clone()],
                is_ordered: false,
                links: vec![pair.link(pairs.len())],
            }),
        }
    }
    chains.extend(paths(without_implied(ordered)));
    chains.sort_by(|a, b| b.n_episodes().cmp(&a.n_episodes()).then_with(|| a.signatures.cmp(&b.signatures)));
    chains
}

/// Two signatures on the hosts that show both; elsewhere the log that would hold the other may be missing.
#[derive(Clone)]
struct Pair<'e> {
    first: &'e Name,
    second: &'e Name,
    hosts: Vec<(&'e Option<Name>, &'e [Episode], &'e [Episode])>,
    n_first: usize,
    n_second: usize,
    /// Host and episodes that belong together.
    met: Vec<(&'e Option<Name>, &'e Episode, &'e Episode)>,
}

impl<'e> Pair<'e> {
    /// `None` if one of them has too few episodes.
    fn of(one: &'e (Name, Hosts), other: &'e (Name, Hosts)) -> Option<Self> {
        let ((first, ones), (second, others)) = (one, other);
        let shared =
            ones.iter().filter_map(|(host, shown)| Some((host, shown.as_slice(), others.get(host)?.as_slice())));
        let hosts: Vec<_> = shared.collect();
        let n_first = hosts.iter().map(|(_, one, _)| one.len()).sum();
        let n_second = hosts.iter().map(|(.., other)| other.len()).sum();
        if n_first < MIN_EPISODES || n_second < MIN_EPISODES {
            return None;
        }
        let pairs = hosts.iter().flat_map(|(host, one, other)| met(one, other).into_iter().map(|(a, b)| (*host, a, b)));
        let met = pairs.collect();
        Some(Self { first, second, hosts, n_first, n_second, met })
    }

    /// Whether those that came together are at least half of each, by the lower ends of the intervals.
    fn is_close(&self) -> bool {
        let n_both = self.met.len();
        let shares = [self.n_first, self.n_second].map(|n| proportion_interval(n_both, n).0);
        n_both >= MIN_EPISODES && shares.iter().all(|lower| *lower >= MIN_SHARE)
    }

    /// The chance of so many together where they come together as often as when one of them is moved, in the way
    /// that lets most of them meet; for all pairs that are looked at.
    fn p_chance(&self, n_pairs: usize) -> f64 {
        if !self.is_close() {
            return 1.0;
        }
        let minutes = MINUTES.iter().map(|minutes| minutes * 60 * TICKS_PER_SECOND);
        let days = (1..=DAYS).map(|days| days * TICKS_PER_DAY);
        let shifts = minutes.chain(days).flat_map(|shift| [shift, -shift]);
        let n_met = |shift| self.hosts.iter().filter_map(move |(_, one, other)| n_met_shifted(one, other, shift));
        // Few may meet none when they are moved, by luck.
        let n_rival = shifts.map(|shift| n_met(shift).sum::<usize>()).max().unwrap_or(0).max(1) as f64;
        let p = |n: usize| binomial_tail(self.met.len(), n, (n_rival / n as f64).min(1.0));
        (p(self.n_first).max(p(self.n_second)) * n_pairs as f64).min(1.0)
    }

    /// The two in the order in which they come; `None` if the lags do not tell.
    fn in_order(&self, n_found: usize) -> Option<Self> {
        let n_later = self.met.iter().filter(|(_, one, other)| other.at > one.at).count();
        let n_sooner = self.met.iter().filter(|(_, one, other)| other.at < one.at).count();
        let p = 2.0 * binomial_tail(n_later.max(n_sooner), n_later + n_sooner, 0.5);
        if p * n_found as f64 >= P_ORDER {
            return None;
        }
        let mut turned = self.clone();
        if n_sooner > n_later {
            (turned.first, turned.second) = (self.second, self.first);
            (turned.n_first, turned.n_second) = (self.n_second, self.n_first);
            turned.hosts = self.hosts.iter().map(|(host, one, other)| (*host, *other, *one)).collect();
            turned.met = self.met.iter().map(|(host, one, other)| (*host, *other, *one)).collect();
        }
        turned.met.retain(|(_, one, other)| one.at <= other.at);
        Some(turned)
    }

    fn link(&self, n_pairs: usize) -> Link {
        let share = |n: usize| {
            let (lower, upper) = proportion_interval(self.met.len(), n);
            Measured { value: self.met.len() as f64 / n.max(1) as f64, lower, upper }
        };
        let lags: Vec<f64> = self.met.iter().map(|(_, one, other)| other.at.seconds_since(one.at)).collect();
        let near_s = (NEAR_TICKS / TICKS_PER_SECOND) as f64;
        let (value, lower, upper) = median_interval(&lags).unwrap_or((0.0, -near_s, near_s));
        let hosts: BTreeSet<&Name> = self.met.iter().filter_map(|(host, ..)| host.as_ref()).collect();
        let records = self.met.iter().take(N_SHOWN).flat_map(|(_, one, other)| [one.record, other.record]);
        Link {
            n_first: self.n_first,
            n_second: self.n_second,
            n_both: self.met.len(),
            followed: share(self.n_first),
            preceded: share(self.n_second),
            lag_s: Measured { value, lower, upper },
            p_chance: self.p_chance(n_pairs),
            hosts: hosts.into_iter().cloned().collect(),
            records: records.collect(),
        }
    }
}

type Ordered = BTreeMap<(Name, Name), Link>;

/// Leaves out what follows from others: A before C, where A comes before B and B before C.
fn without_implied(mut links: Ordered) -> Ordered {
    let edges: Vec<(Name, Name)> = links.keys().cloned().collect();
    for edge in edges {
        let after = |one: &Name| -> Vec<Name> {
            let others = links.keys().filter(|other| **other != edge && other.0 == *one);
            others.map(|(_, second)| second.clone()).collect()
        };
        let (mut seen, mut open) = (BTreeSet::new(), after(&edge.0));
        while let Some(next) = open.pop() {
            if seen.insert(next.clone()) {
                open.extend(after(&next));
            }
        }
        if seen.contains(&edge.1) {
            links.remove(&edge);
        }
    }
    links
}

/// Strings links together where neither end has another neighbour.
fn paths(mut links: Ordered) -> Vec<SymptomChain> {
    let edges: Vec<(Name, Name)> = links.keys().cloned().collect();
    let only = |found: Vec<&(Name, Name)>| if found.len() == 1 { Some(found[0].clone()) } else { None };
    let into = |name: &Name| only(edges.iter().filter(|(_, second)| second == name).collect());
    let out_of = |name: &Name| only(edges.iter().filter(|(first, _)| first == name).collect());
    let goes_on = |name: &Name| into(name).and_then(|_| out_of(name));
    let mut chains = Vec::new();
    // Beginnings first; what is left after them runs in a circle and may begin anywhere.
    let beginnings = edges.iter().filter(|(first, _)| goes_on(first).is_none());
    for edge in beginnings.chain(&edges) {
        let mut next = Some(edge.clone());
        let mut chain = SymptomChain { signatures: vec![edge.0.clone()], is_ordered: true, links: Vec::new() };
        while let Some((edge, link)) = next.take().and_then(|edge| links.remove_entry(&edge)) {
            chain.signatures.push(edge.1.clone());
            chain.links.push(link);
            next = goes_on(&edge.1);
        }
        if !chain.links.is_empty() {
            chains.push(chain);
        }
    }
    chains
}
