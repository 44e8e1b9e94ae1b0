//! How often attempts fail with one signature when no mechanism is at work: by host and by account.
//!
//! The chance is `b = host × account`, both with gamma priors: a host's around the fleet's rate, with
//! the weight of two failures; an account's around 1, with the weight of two and a half. Expectation
//! and maximisation: of each failure the share `b / (b + (1 − b) m s)` belongs to the background.

use super::Class;

/// No background explains more than every second attempt: above it, it is a mechanism.
const MAX_CHANCE: f64 = 0.5;
/// And none is impossible: one in a hundred thousand.
const MIN_CHANCE: f64 = 1e-5;
/// Weight of the prior of a host, in failures.
pub(super) const HOST_WEIGHT: f64 = 2.0;
/// Weight of the prior of an account, in failures.
pub(super) const USER_WEIGHT: f64 = 2.5;
/// Rounds after which the estimates move by less than a hundredth.
const N_ROUNDS: usize = 20;
/// Rounds that weigh all attempts anew. Between them only the failures are shared out again: how many failures a host or
/// an account should have had moves far less than how many it is held for.
const WEIGHING: [usize; 6] = [0, 1, 2, 4, 8, 16];

/// The host and the account of an attempt.
pub type Pair = (u32, u32);

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

/// What rates and factors are multiplied by to give failures.
#[derive(Clone, Debug)]
pub struct Weights {
    /// By host: the sum of the factors of the accounts of its attempts.
    pub host: Vec<f64>,
    /// By account: the sum of the rates of the hosts of its attempts.
    pub user: Vec<f64>,
    /// Attempts.
    pub n: f64,
}

impl Background {
    /// Fits it to attempts of the given classes, where a mechanism fails attempt `i` with chance `chances[i]`
    /// and the share `share` of its failures shows this signature. No mechanism: an empty `chances`.
    pub fn fit(pairs: &[Pair], classes: &[Class], chances: &[f64], share: f64, n_hosts: usize, n_users: usize) -> Self {
        let chance = |place: usize| chances.get(place).copied().unwrap_or(0.0);
        let counted: Vec<Pair> =
            pairs.iter().zip(classes).filter(|(_, class)| **class != Class::Skipped).map(|(pair, _)| *pair).collect();
        let own: Vec<(Pair, f64)> = (0..pairs.len())
            .filter(|place| classes[*place] == Class::Own)
            .map(|place| (pairs[place], chance(place) * share))
            .collect();
        // Begin where the mechanism is not at work: from a background that holds the incident, too, the
        // rounds would take long to come down.
        let is_idle = |place: &usize| classes[*place] != Class::Skipped && chance(*place) < 0.005;
        let n_idle = (0..pairs.len()).filter(is_idle).count() as f64;
        let n_own = (0..pairs.len()).filter(is_idle).filter(|place| classes[*place] == Class::Own).count() as f64;
        let rate = (n_own + 0.5) / (n_idle + 50.0);
        let mut fit = Self { host: vec![rate; n_hosts], user: vec![1.0; n_users], rate };
        let mut weights = (vec![0.0; n_hosts], vec![0.0; n_users]);
        for round in 0..N_ROUNDS {
            let is_weighing = WEIGHING.contains(&round);
            let (by_host, by_user) = fit.attribute(&own);
            fit.rate = (by_host.iter().sum::<f64>() + 0.5) / (counted.len() as f64 + 50.0);
            if is_weighing {
                weights.0.fill(0.0);
                for (host, user) in &counted {
                    weights.0[*host as usize] += fit.user[*user as usize];
                }
            }
            for (host, sum) in by_host.iter().enumerate() {
                fit.host[host] = (HOST_WEIGHT + sum) / (HOST_WEIGHT / fit.rate + weights.0[host]);
            }
            if is_weighing {
                weights.1.fill(0.0);
                for (host, user) in &counted {
                    weights.1[*user as usize] += fit.host[*host as usize];
                }
            }
            for (user, sum) in by_user.iter().enumerate() {
                fit.user[user] = (USER_WEIGHT + sum) / (USER_WEIGHT + weights.1[user]);
            }
        }
        fit
    }

    /// How much each host and each account weighs: what its rate or factor is multiplied by to give the failures that
    /// it should have.
    pub fn weights(&self, pairs: &[Pair], classes: &[Class]) -> Weights {
        let mut weights = Weights { host: vec![0.0; self.host.len()], user: vec![0.0; self.user.len()], n: 0.0 };
        for ((host, user), _) in pairs.iter().zip(classes).filter(|(_, class)| **class != Class::Skipped) {
            weights.host[*host as usize] += self.user[*user as usize];
            weights.user[*user as usize] += self.host[*host as usize];
            weights.n += 1.0;
        }
        weights
    }

    /// How many failures are the background's, by host and by account; each failure comes with the chance that the
    /// mechanism made it one of the signature.
    fn attribute(&self, own: &[(Pair, f64)]) -> (Vec<f64>, Vec<f64>) {
        let (mut by_host, mut by_user) = (vec![0.0; self.host.len()], vec![0.0; self.user.len()]);
        for ((host, user), m) in own {
            let (host, user) = (*host as usize, *user as usize);
            let b = self.chance(host, user);
            let part = b / (b + (1.0 - b) * m);
            by_host[host] += part;
            by_user[user] += part;
        }
        (by_host, by_user)
    }

    /// The chance that an attempt of this account on this host fails with the signature.
    pub fn chance(&self, host: usize, user: usize) -> f64 {
        (self.host[host] * self.user[user]).clamp(MIN_CHANCE, MAX_CHANCE)
    }

    /// The chance of each attempt.
    pub fn chances(&self, pairs: &[Pair]) -> Vec<f64> {
        pairs.iter().map(|(host, user)| self.chance(*host as usize, *user as usize)).collect()
    }

    /// The logarithm of the prior density, as a function of the logarithms of the rates, up to a constant.
    pub fn log_prior(&self) -> f64 {
        self.log_prior_of(std::iter::repeat(1.0))
    }

    /// The same where each factor is that of so many accounts.
    pub(super) fn log_prior_of(&self, n_accounts: impl Iterator<Item = f64>) -> f64 {
        let hosts: f64 = self.host.iter().map(|rate| HOST_WEIGHT * ((rate / self.rate).ln() - rate / self.rate)).sum();
        let users = self.user.iter().zip(n_accounts).map(|(factor, n)| n * USER_WEIGHT * (factor.ln() - factor));
        hosts + users.sum::<f64>()
    }
}
