//! Lists that know the start of a rollout only: the hosts that a list does not name may have followed the one it names.

use super::hypotheses::Remedied;
use super::mechanism::NEVER;
use super::scene::Scene;
use crate::correlate::Sums;
use crate::stats::special::log_add_exp;

/// The chance that a list which names one host knows the start of a rollout only.
const P_START_ONLY: f64 = 0.3;
/// When the other hosts got it then, hours after the first: with it, or in waves of some days.
const FOLLOWED_H: [f64; 8] = [0.0, 3.0, 8.0, 24.0, 48.0, 72.0, 96.0, 120.0];

impl Scene<'_> {
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
    pub(super) fn perhaps_followed(&self, remedy: usize, host: usize) -> Vec<(f64, usize)> {
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
