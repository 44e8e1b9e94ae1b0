//! How often attempts fail with one signature when no mechanism is at work: by host and by account.
//!
//! The chance is `b = host × account`, both with gamma priors: a host's around the fleet's rate, with
//! the weight of two failures; an account's around 1, with the weight of two and a half. Expectation
//! and maximisation: of each failure the share `b / (b + (1 − b) m s)` belongs to the background.

use super::Class;
use super::Try;

/// No background explains more than every second attempt: above it, it is a mechanism.
const MAX_CHANCE: f64 = 0.5;
/// And none is impossible: one in a hundred thousand.
const MIN_CHANCE: f64 = 1e-5;
/// Weight of the prior of a host, in failures.
const HOST_WEIGHT: f64 = 2.0;
/// Weight of the prior of an account, in failures.
const USER_WEIGHT: f64 = 2.5;
/// Rounds after which the estimates move by less than a hundredth.
const N_ROUNDS: usize = 20;

/// Rates of one signature without a mechanism.
#[derive(Clone, Debug, PartialEq)]
pub struct Background {
    /// Failures per attempt, by host.
    pub host: Vec<f64>,
    /// The factor of each account; 1 is the usual one.
    pub user: Vec<f64>,
    /// The fleet's rate per attempt.
    pub rate: f64,
}

impl Background {
    /// Fits it to attempts of the given classes, where a mechanism fails attempt `i` with chance `chances[i]`
    /// and the share `share` of its failures shows this signature. No mechanism: an empty `chances`.
    pub fn fit(tries: &[Try], classes: &[Class], chances: &[f64], share: f64, n_hosts: usize, n_users: usize) -> Self {
        let n = classes.iter().filter(|class| **class != Class::Skipped).count() as f64;
        // Begin where the mechanism is not at work: from a background that holds the incident, too, the
        // rounds would take long to come down.
        let is_idle = |place: usize| chances.get(place).is_none_or(|m| *m < 0.005);
        let idle = || (0..classes.len()).filter(|place| classes[*place] != Class::Skipped && is_idle(*place));
        let own = idle().filter(|place| classes[*place] == Class::Own).count() as f64;
        let rate = (own + 0.5) / (idle().count() as f64 + 50.0);
        let mut fit = Self { host: vec![rate; n_hosts], user: vec![1.0; n_users], rate };
        for _ in 0..N_ROUNDS {
            fit.improve(tries, classes, chances, share, n);
        }
        fit
    }

    fn improve(&mut self, tries: &[Try], classes: &[Class], chances: &[f64], share: f64, n: f64) {
        let (mut by_host, mut by_user) = (vec![0.0; self.host.len()], vec![0.0; self.user.len()]);
        let mut host_weight = vec![0.0; self.host.len()];
        let mut total = 0.0;
        for (place, one) in tries.iter().enumerate() {
            if classes[place] == Class::Skipped {
                continue;
            }
            host_weight[one.host] += self.user[one.user];
            if classes[place] == Class::Own {
                let b = self.chance(one.host, one.user);
                let by_mechanism = chances.get(place).map_or(0.0, |m| (1.0 - b) * m * share);
                let part = b / (b + by_mechanism);
                by_host[one.host] += part;
                by_user[one.user] += part;
                total += part;
            }
        }
        self.rate = (total + 0.5) / (n + 50.0);
        for (host, sum) in by_host.iter().enumerate() {
            self.host[host] = (HOST_WEIGHT + sum) / (HOST_WEIGHT / self.rate + host_weight[host]);
        }
        let mut user_weight = vec![0.0; self.user.len()];
        for (place, one) in tries.iter().enumerate() {
            if classes[place] != Class::Skipped {
                user_weight[one.user] += self.host[one.host];
            }
        }
        for (user, sum) in by_user.iter().enumerate() {
            self.user[user] = (USER_WEIGHT + sum) / (USER_WEIGHT + user_weight[user]);
        }
    }

    /// The chance that an attempt of this account on this host fails with the signature.
    pub fn chance(&self, host: usize, user: usize) -> f64 {
        (self.host[host] * self.user[user]).clamp(MIN_CHANCE, MAX_CHANCE)
    }

    /// The chance of each attempt.
    pub fn chances(&self, tries: &[Try]) -> Vec<f64> {
        tries.iter().map(|one| self.chance(one.host, one.user)).collect()
    }

    /// The logarithm of the prior density, as a function of the logarithms of the rates, up to a constant.
    pub fn log_prior(&self) -> f64 {
        let hosts: f64 = self.host.iter().map(|rate| HOST_WEIGHT * ((rate / self.rate).ln() - rate / self.rate)).sum();
        let users: f64 = self.user.iter().map(|factor| USER_WEIGHT * (factor.ln() - factor)).sum();
        hosts + users
    }
}
