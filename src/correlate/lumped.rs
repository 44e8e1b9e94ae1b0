//! A rough refit of the background from the failures of a signature alone.
//!
//! It keeps what hosts and accounts weigh as it is, scaled as all rates and all factors move in the mean, and lumps
//! accounts together that have no failure and weigh about the same: an account's factor depends on nothing else.

use super::background::{Background, HOST_WEIGHT, IDLE, Pair, USER_WEIGHT, Weights, part_of_mechanism};
use crate::stats::special::Product;

/// Rounds of a fit.
const N_ROUNDS: usize = 8;
/// Lumps of accounts without a failure.
const N_LUMPS: usize = 64;

/// The failures of a signature, with all accounts: one by one those that failed, the others in lumps.
pub struct Lumped {
    /// Of each failure: its host, and the row of its account.
    own: Vec<(usize, usize)>,
    /// Of each failure: its chance by the background that is refitted.
    base: Vec<f64>,
    /// Failures by host, and by row.
    all: (Vec<f64>, Vec<f64>),
    /// By host: what its rate is multiplied by.
    hosts: Vec<f64>,
    /// By row: what the factor is multiplied by, and the number of accounts.
    rows: Vec<(f64, f64)>,
    /// Attempts.
    n: f64,
    /// Failures that the background expects.
    expected: f64,
    /// The logarithm of its prior density.
    log_prior: f64,
}

/// What a rough refit makes of the failures beside a mechanism.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Refit {
    /// What it gains: in log likelihood and log prior.
    pub gain: f64,
    /// Failures that the mechanism is held for.
    pub attributed: f64,
}

impl Lumped {
    /// Prepares refits of `background`, which weighs `weights`, to the failures of these hosts and accounts.
    pub fn of(background: &Background, weights: &Weights, own: &[Pair]) -> Self {
        Self::in_lumps(background, weights, own, N_LUMPS)
    }

    fn in_lumps(background: &Background, weights: &Weights, own: &[Pair], n_lumps: usize) -> Self {
        let mut row_of = vec![None; weights.user.len()];
        let mut rows = Vec::new();
        let place = |&(host, user): &Pair| {
            let row = *row_of[user as usize].get_or_insert_with(|| {
                rows.push((weights.user[user as usize], 1.0));
                rows.len() - 1
            });
            (host as usize, row)
        };
        let places: Vec<(usize, usize)> = own.iter().map(place).collect();
        let idle = row_of.iter().zip(&weights.user).filter(|(row, _)| row.is_none());
        let mut idle: Vec<f64> = idle.map(|(_, weight)| *weight).collect();
        idle.sort_unstable_by(f64::total_cmp);
        rows.extend(idle.chunks(idle.len().div_ceil(n_lumps).max(1)).map(|lump| {
            let n = lump.len() as f64;
            (lump.iter().sum::<f64>() / n, n)
        }));
        let mut all = (vec![0.0; weights.host.len()], vec![0.0; rows.len()]);
        for (host, row) in &places {
            all.0[*host] += 1.0;
            all.1[*row] += 1.0;
        }
        Self {
            own: places,
            all,
            base: own.iter().map(|(host, user)| background.chance(*host as usize, *user as usize)).collect(),
            hosts: weights.host.clone(),
            rows,
            n: weights.n,
            expected: background.host.iter().zip(&weights.host).map(|(rate, weight)| rate * weight).sum(),
            log_prior: background.log_prior(),
        }
    }

    /// Refits beside a mechanism that made each failure one of the signature with these chances.
    pub fn refit(&self, chances: &[f64]) -> Refit {
        let n_idle = chances.iter().filter(|m| **m < IDLE).count() as f64;
        let rate = (n_idle + 0.5) / (self.n + 50.0);
        let mut fit = Background { host: vec![rate; self.hosts.len()], user: vec![1.0; self.rows.len()], rate };
        let of_hosts =
            |fit: &Background| fit.host.iter().zip(&self.hosts).map(|(one, weight)| one * weight).sum::<f64>();
        let of_rows =
            |fit: &Background| fit.user.iter().zip(&self.rows).map(|(one, (weight, n))| one * weight * n).sum::<f64>();
        // The failures that are expected are the sum over hosts as well as that over accounts.
        let before = self.expected.max(1e-9);
        let mut by_users = of_rows(&fit) / before;
        // Of the others all are the background's.
        let met: Vec<((usize, usize), f64)> =
            self.own.iter().copied().zip(chances.iter().copied()).filter(|(_, m)| *m > 0.0).collect();
        let (mut by_host, mut by_row) = self.all.clone();
        for _ in 0..N_ROUNDS {
            by_host.copy_from_slice(&self.all.0);
            by_row.copy_from_slice(&self.all.1);
            for &((host, row), m) in &met {
                let part = part_of_mechanism(fit.chance(host, row), m);
                by_host[host] -= part;
                by_row[row] -= part;
            }
            fit.rate = (by_host.iter().sum::<f64>() + 0.5) / (self.n + 50.0);
            for ((one, sum), weight) in fit.host.iter_mut().zip(&by_host).zip(&self.hosts) {
                *one = (HOST_WEIGHT + sum) / (HOST_WEIGHT / fit.rate + weight * by_users);
            }
            let by_hosts = of_hosts(&fit) / before;
            for ((one, sum), (weight, _)) in fit.user.iter_mut().zip(&by_row).zip(&self.rows) {
                *one = (USER_WEIGHT + sum) / (USER_WEIGHT + weight * by_hosts);
            }
            by_users = of_rows(&fit) / before;
        }
        let log_prior = fit.log_prior_of(self.rows.iter().map(|(_, n)| *n));
        let mut ratio = Product::default();
        let mut attributed = 0.0;
        for ((&(host, row), m), before) in self.own.iter().zip(chances).zip(&self.base) {
            let b = fit.chance(host, row);
            ratio.times((b + (1.0 - b) * m) / (before + (1.0 - before) * m));
            attributed += part_of_mechanism(b, *m);
        }
        let expected = of_hosts(&fit) * by_users;
        Refit { gain: ratio.ln() + self.expected - expected + log_prior - self.log_prior, attributed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::Class;
    use crate::correlate::background::Crowd;
    use crate::stats::Random;

    /// Four hosts and a thousand accounts, some of which come far more often than others; a mechanism on the last host.
    #[test]
    fn lumps_of_accounts_tell_what_all_of_them_tell_and_that_is_roughly_the_full_fit() {
        let mut random = Random::new(3);
        let pair = |random: &mut Random| (random.below(4) as u32, (random.unit().powi(2) * 1000.0) as u32);
        let pairs: Vec<Pair> = (0..30_000).map(|_| pair(&mut random)).collect();
        let m = |pair: &Pair| if pair.0 == 3 { 0.02 } else { 0.0 };
        let class = |pair: &Pair| if random.unit() < 0.004 + m(pair) { Class::Own } else { Class::Success };
        let classes: Vec<Class> = pairs.iter().map(class).collect();
        let mut by_host: Vec<Vec<Pair>> = vec![Vec::new(); 4];
        for pair in &pairs {
            by_host[pair.0 as usize].push(*pair);
        }
        let crowd = Crowd::of(by_host.iter().map(|host| host.iter()), 1000);
        let own: Vec<Pair> =
            pairs.iter().zip(&classes).filter(|(_, one)| **one == Class::Own).map(|one| *one.0).collect();
        let fit = |m: &dyn Fn(&Pair) -> f64| {
            let own: Vec<(Pair, f64)> = own.iter().map(|pair| (*pair, m(pair))).collect();
            Background::fit(&crowd, &own, (own.len() as f64, 30_000.0))
        };
        let background = fit(&|_| 0.0);
        let chances: Vec<f64> = own.iter().map(m).collect();
        let weights = background.weights(&crowd);
        let each = Lumped::in_lumps(&background, &weights, &own, 1000).refit(&chances);
        let lumps = Lumped::of(&background, &weights, &own).refit(&chances);
        assert!((each.gain - lumps.gain).abs() < 0.05, "{each:?} {lumps:?}");
        assert!((each.attributed - lumps.attributed).abs() < 0.05, "{each:?} {lumps:?}");

        let all: Vec<f64> = pairs.iter().map(m).collect();
        let value = |of: &Background| -> f64 {
            let one = |((pair, class), m): ((&Pair, &Class), &f64)| {
                let b = of.chance(pair.0 as usize, pair.1 as usize);
                let p = b + (1.0 - b) * m;
                // What the mechanism alone is worth does not change.
                if *class == Class::Own { p.ln() } else { (1.0 - p).ln() - (1.0 - m).ln() }
            };
            pairs.iter().zip(&classes).zip(&all).map(one).sum::<f64>() + of.log_prior()
        };
        let gain = value(&fit(&m)) - value(&background);
        assert!(gain > 20.0 && (gain - lumps.gain).abs() < 5.0, "{gain} {lumps:?}");
    }
}
