//! When a change came into force on each host, where what states it leaves that open: what stands for several hosts may
//! be the start only, and the hosts that a list does not name may have followed the one it names.

use std::collections::BTreeMap;

use super::hypotheses::Remedied;
use super::mechanism::NEVER;
use super::scene::Scene;
use crate::correlate::Sums;
use crate::stats::special::{Product, log_add_exp};

/// By how much a host may be earlier or later than stated, hours: first as stated, then what clocks, restarts
/// and installers blur, then what a list may hide that knows the start of a rollout only.
pub(super) const LATENESS_H: [f64; 9] = [0.0, -0.2, 0.2, 3.0, 8.0, 24.0, 48.0, 72.0, 120.0];
/// How many of these are blur.
const N_BLUR: usize = 3;
/// The chance that a host is later, where one stated time stands for several hosts.
const P_LATE_ONE_TIME: f64 = 0.4;
/// The same where a list states a time for each host.
const P_LATE_STATED: f64 = 0.15;
/// The chance that a host was not reached at all, where no record says which hosts were.
const P_NOT_REACHED: f64 = 0.3;

/// The chance that a list which names one host knows the start of a rollout only.
const P_START_ONLY: f64 = 0.3;
/// When the other hosts got it then, hours after the first: with it, or in waves of some days.
const FOLLOWED_H: [f64; 8] = [0.0, 3.0, 8.0, 24.0, 48.0, 72.0, 96.0, 120.0];

impl Scene<'_> {
    /// The ways in which a host may have got a change, with the logarithm of their weights: as stated, or
    /// later by a delay. What the host's own log says, and what a list says host by host, is taken as stated
    /// with far more weight; where one stated time stands for several hosts it may be the start only.
    fn lateness(&self, change: usize) -> impl Iterator<Item = (f64, usize, f64)> {
        let change = &self.view.from.changes[change];
        let late = if change.is_one_time {
            P_LATE_ONE_TIME
        } else if change.only_stated || !change.hosts_known {
            P_LATE_STATED
        } else {
            0.0
        };
        let blurred: f64 = (1.0 - late) / N_BLUR as f64;
        let each: f64 = late / (LATENESS_H.len() - N_BLUR) as f64;
        LATENESS_H
            .into_iter()
            .enumerate()
            .map(move |(place, late_h)| (if place < N_BLUR { blurred } else { each }, place, late_h))
            .filter(|(weight, _, _)| *weight > 0.0)
            .map(|(weight, place, late_h)| (weight.ln(), place, late_h))
    }

    /// By host: the places at which a change (and `delay_h` after it) may have come into force, with the
    /// logarithm of their weights; empty where it never did.
    pub(crate) fn starts(&self, change: usize, delay_h: f64) -> Vec<Vec<(f64, usize)>> {
        let at = &self.view.from.changes[change].at_s;
        (0..self.n_hosts())
            .map(|host| {
                if !at[host].is_finite() {
                    return Vec::new();
                }
                self.lateness(change)
                    .map(|(weight, place, late_h)| {
                        let tries = if delay_h == 0.0 {
                            self.got[change][place][host]
                        } else {
                            self.view.place(host, at[host] + (late_h + delay_h) * 3600.0)
                        };
                        (weight, tries)
                    })
                    .collect()
            })
            .collect()
    }

    /// By host: the places at which a remedy may have come; the end of the log where it never did.
    pub(super) fn places_of_stop(&self, remedy: usize) -> Vec<Vec<(f64, usize)>> {
        let at = &self.view.from.changes[remedy].at_s;
        (0..self.n_hosts())
            .map(|host| {
                let is_blurred_only = self.lateness(remedy).count() == N_BLUR;
                if at[host].is_finite() && is_blurred_only {
                    // Some minutes more or less at the end of a long span tell next to nothing.
                    vec![(0.0, self.got[remedy][0][host])]
                } else if at[host].is_finite() {
                    self.lateness(remedy).map(|(weight, place, _)| (weight, self.got[remedy][place][host])).collect()
                } else if self.view.from.changes[remedy].may_be_start_only {
                    self.perhaps_followed(remedy, host)
                } else {
                    vec![(0.0, self.view.tries_of(host).len())]
                }
            })
            .collect()
    }

    /// The chance that a change reached a host that it is said to have reached.
    pub(crate) fn p_reached(&self, change: usize) -> f64 {
        if self.view.from.changes[change].hosts_known { 1.0 } else { 1.0 - P_NOT_REACHED }
    }

    /// The sum over hosts that a change was said to reach, given the chance for each that it did not.
    pub(crate) fn reached(&self, change: usize, sums: impl Iterator<Item = f64>) -> f64 {
        let p_reached = self.p_reached(change);
        if p_reached == 1.0 {
            return sums.sum();
        }
        let mut product = Product::default();
        for sum in sums {
            product.times_mixture(p_reached, sum);
        }
        product.ln()
    }

    /// Sets of changes that no attempt separates: on every host the same tries came before them.
    pub(crate) fn inseparable(&self) -> Vec<Vec<usize>> {
        let mut sets: BTreeMap<&[usize], Vec<usize>> = BTreeMap::new();
        for (change, got) in self.got.iter().enumerate() {
            sets.entry(&got[0]).or_default().push(change);
        }
        sets.into_values().filter(|set| set.len() > 1).collect()
    }

    /// By host: the places at which a change (and `delay_h` after it) came into force on hosts that its list does not
    /// name, if the list knows the start of the rollout only; `None` if it cannot be so.
    pub(crate) fn followers(&self, change: usize, delay_h: f64) -> Option<Vec<Vec<(f64, usize)>>> {
        let changes = &self.view.from.changes;
        changes[change].may_be_start_only.then(|| {
            let is_named = |host: usize| changes[change].at_s[host].is_finite();
            let places = |host| if is_named(host) { Vec::new() } else { self.followed_at(change, host, delay_h) };
            (0..self.n_hosts()).map(places).collect()
        })
    }

    /// The places at which a host may have got a change that came to another host first.
    fn followed_at(&self, change: usize, host: usize, delay_h: f64) -> Vec<(f64, usize)> {
        let first_s = self.view.from.changes[change].first_s() + delay_h * 3600.0;
        let log_weight = -(FOLLOWED_H.len() as f64).ln();
        FOLLOWED_H.map(|late_h| (log_weight, self.view.place(host, first_s + late_h * 3600.0))).to_vec()
    }

    /// The places at which a remedy may have come to a host that its list does not name; the end of the log if it did not.
    fn perhaps_followed(&self, remedy: usize, host: usize) -> Vec<(f64, usize)> {
        let followed = self.followed_at(remedy, host, 0.0).into_iter();
        let never = ((1.0 - P_START_ONLY).ln(), self.view.tries_of(host).len());
        followed.map(|(weight, place)| (P_START_ONLY.ln() + weight, place)).chain([never]).collect()
    }

    /// The chance that the list of a change knows the start of its rollout only.
    pub(crate) fn p_start_only(&self, change: usize) -> f64 {
        if self.view.from.changes[change].may_be_start_only { P_START_ONLY } else { 0.0 }
    }

    /// The sum over the hosts that a list names and over those that may have followed, given the chance of it.
    pub(crate) fn followed(named: f64, followers: f64) -> f64 {
        named + log_add_exp((1.0 - P_START_ONLY).ln(), P_START_ONLY.ln() + followers)
    }

    /// The spans of a change, on each host from when it fits best among the times at which it may have come into force
    /// there: what is said of the best point must be what made it the best.
    pub(crate) fn likeliest_spans(&self, change: usize, delay_h: f64, end: Remedied, sums: &Sums) -> Vec<(f64, f64)> {
        let exposure = &self.view.from.changes[change];
        let late: Vec<(f64, f64)> = self.lateness(change).map(|(weight, _, late_h)| (weight, late_h)).collect();
        let followed = FOLLOWED_H.map(|late_h| (0.0, late_h));
        let (mut named, mut spans) = (vec![NEVER; self.n_hosts()], vec![NEVER; self.n_hosts()]);
        let mut worth = 0.0;
        for (host, at_s) in exposure.at_s.iter().enumerate() {
            let is_named = at_s.is_finite();
            if !is_named && !exposure.may_be_start_only {
                continue;
            }
            let (first_s, times) = if is_named { (*at_s, &late[..]) } else { (exposure.first_s(), &followed[..]) };
            let first_s = first_s + delay_h * 3600.0;
            let to_s = self.ends_at(end, host);
            let stop = self.view.place(host, to_s);
            let value = |(weight, late_h): &(f64, f64)| {
                let start = self.view.place(host, first_s + late_h * 3600.0).min(stop);
                weight + sums.before(host, stop) - sums.before(host, start)
            };
            let Some(best) = times.iter().max_by(|a, b| value(a).total_cmp(&value(b))) else { continue };
            let from_s = first_s + best.1 * 3600.0;
            spans[host] = if from_s < to_s { (from_s, to_s) } else { NEVER };
            if is_named {
                named[host] = spans[host];
            } else {
                worth += value(best);
            }
        }
        if worth > 0.0 { spans } else { named }
    }
}
