//! How often attempts fail with one signature when no mechanism is at work: by host and by account.
//!
//! The chance is `b = host × account`, both with gamma priors: a host's around the fleet's rate, with
//! the weight of two failures; an account's around 1, with the weight of two and a half. Expectation
//! and maximisation: of each failure the share `b / (b + (1 − b) m s)` belongs to the background.

use crate::stats::special::Product;

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

/// A chance of failing below which a mechanism is as good as not at work.
pub const IDLE: f64 = 0.005;

/// The part of a failure that a mechanism is held for, which fails an attempt with chance `m` beside a background of `b`.
pub fn part_of_mechanism(b: f64, m: f64) -> f64 {
    let by_mechanism = (1.0 - b) * m;
    by_mechanism / (b + by_mechanism)
}

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

/// Who tried to get in where, and how often: an account seldom comes to a host once only.
#[derive(Clone, Debug, Default)]
pub struct Crowd {
    /// By host: accounts, each with its number of attempts.
    hosts: Vec<Vec<(u32, u32)>>,
    n_users: usize,
    /// Attempts.
    n: f64,
}

impl Crowd {
    /// That of attempts of so many accounts, which come host by host.
    pub fn of<'a>(hosts: impl Iterator<Item = impl Iterator<Item = &'a Pair>>, n_users: usize) -> Self {
        let mut counts = vec![0_u32; n_users];
        let mut crowd = Self { hosts: Vec::new(), n_users, n: 0.0 };
        for host in hosts {
            let mut users: Vec<u32> = Vec::new();
            for (_, user) in host {
                if counts[*user as usize] == 0 {
                    users.push(*user);
                }
                counts[*user as usize] += 1;
                crowd.n += 1.0;
            }
            users.sort_unstable();
            crowd
                .hosts
                .push(users.into_iter().map(|user| (user, std::mem::take(&mut counts[user as usize]))).collect());
        }
        crowd
    }

    /// By host: the sum of a number of the accounts of its attempts.
    fn by_host(&self, user: &[f64]) -> Vec<f64> {
        let sum = |row: &Vec<(u32, u32)>| row.iter().map(|(one, n)| user[*one as usize] * f64::from(*n)).sum();
        self.hosts.iter().map(sum).collect()
    }

    /// By account: the sum of a number of the hosts of its attempts.
    fn by_user(&self, host: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.n_users];
        for (row, of_host) in self.hosts.iter().zip(host) {
            for (user, n) in row {
                sums[*user as usize] += of_host * f64::from(*n);
            }
        }
        sums
    }
}

impl Background {
    /// Fits it to the attempts of a crowd. Each failure of the signature comes with the chance that a mechanism made it one;
    /// `idle` are failures and attempts where no mechanism is at work.
    pub fn fit(crowd: &Crowd, own: &[(Pair, f64)], idle: (f64, f64)) -> Self {
        // Begin where the mechanism is not at work: from a background that holds the incident, too, the
        // rounds would take long to come down.
        let rate = (idle.0 + 0.5) / (idle.1 + 50.0);
        let mut fit = Self { host: vec![rate; crowd.hosts.len()], user: vec![1.0; crowd.n_users], rate };
        let mut weights = (Vec::new(), Vec::new());
        for round in 0..N_ROUNDS {
            let is_weighing = WEIGHING.contains(&round);
            let (by_host, by_user) = fit.attribute(own);
            fit.rate = (by_host.iter().sum::<f64>() + 0.5) / (crowd.n + 50.0);
            if is_weighing {
                weights.0 = crowd.by_host(&fit.user);
            }
            for (host, sum) in by_host.iter().enumerate() {
                fit.host[host] = (HOST_WEIGHT + sum) / (HOST_WEIGHT / fit.rate + weights.0[host]);
            }
            if is_weighing {
                weights.1 = crowd.by_user(&fit.host);
            }
            for (user, sum) in by_user.iter().enumerate() {
                fit.user[user] = (USER_WEIGHT + sum) / (USER_WEIGHT + weights.1[user]);
            }
        }
        fit
    }

    /// How much each host and each account weighs: what its rate or factor is multiplied by to give the failures that
    /// it should have.
    pub fn weights(&self, crowd: &Crowd) -> Weights {
        Weights { host: crowd.by_host(&self.user), user: crowd.by_user(&self.host), n: crowd.n }
    }

    /// The log likelihood of the attempts of a crowd, if none of them fails with the signature.
    pub fn log_silence(&self, crowd: &Crowd) -> f64 {
        // Most come a few times: powers are taken once for all that come as often.
        const MAX_TIMES: usize = 64;
        let (mut by_times, mut of_others) = ([Product::default(); MAX_TIMES], 0.0);
        for (host, row) in crowd.hosts.iter().enumerate() {
            for (user, n) in row {
                let idle = 1.0 - self.chance(host, *user as usize);
                match by_times.get_mut(*n as usize) {
                    Some(product) => product.times(idle),
                    None => of_others += f64::from(*n) * idle.ln(),
                }
            }
        }
        of_others + by_times.iter().enumerate().map(|(n, product)| n as f64 * product.ln()).sum::<f64>()
    }

    /// How many failures are the background's, by host and by account; each failure comes with the chance that the
    /// mechanism made it one of the signature.
    fn attribute(&self, own: &[(Pair, f64)]) -> (Vec<f64>, Vec<f64>) {
        let (mut by_host, mut by_user) = (vec![0.0; self.host.len()], vec![0.0; self.user.len()]);
        for ((host, user), m) in own {
            let (host, user) = (*host as usize, *user as usize);
            let part = 1.0 - part_of_mechanism(self.chance(host, user), *m);
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
