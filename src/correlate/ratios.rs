//! Log ratios of attempts: how much likelier is each attempt's outcome if a mechanism is at work?
//!
//! One signature at a time. With `b` the background of the attempt, `m` the chance that the mechanism
//! fails it, `s` the share of the mechanism's failures that show this signature and `o` the share of
//! attempts that fail otherwise without a mechanism, the ratio to "no mechanism" is
//! `(b + (1 − b) m s) / b` for a failure of this signature, `1 − m + m (1 − s) / o` for any other failure
//! and `1 − m` for a success. Where `m` does not depend on what happened before, running sums by host
//! make the sum over any span a subtraction.

use super::{Correlation, Try};
use crate::model::Fault;

/// What one attempt is to one signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// It failed with this signature.
    Own,
    /// It failed with another one.
    Other,
    /// It succeeded.
    Success,
    /// It is explained already, and counts no more.
    Skipped,
}

/// How the chance of failing depends on load; load is in units of full load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Response {
    /// It does not.
    Constant {
        /// Chance of failing.
        m: f64,
    },
    /// It grows with a power of the host's load.
    Power {
        /// Chance at full load.
        m: f64,
        /// The power.
        gamma: f64,
    },
    /// It rises from 0 at a threshold to `m` within a quarter of full load.
    Hinge {
        /// Chance well above the threshold.
        m: f64,
        /// The threshold.
        from: f64,
        /// Whether the load is the mean of all hosts, rather than the host's own.
        of_fleet: bool,
    },
}

impl Response {
    /// The chance that an attempt fails.
    pub fn chance(self, one: &Try) -> f64 {
        match self {
            Self::Constant { m } => m,
            Self::Power { m, gamma } => (m * one.load.max(0.02).powf(gamma)).min(0.97),
            Self::Hinge { m, from, of_fleet } => {
                let load = if of_fleet { one.fleet_load } else { one.load };
                m * ((load - from) / 0.25).clamp(0.0, 1.0)
            }
        }
    }

    /// Whether load matters to it.
    pub fn is_under_load(self) -> bool {
        !matches!(self, Self::Constant { .. })
    }
}

/// The attempts as one signature sees them.
#[derive(Clone, Debug)]
pub struct View<'a> {
    /// What happened.
    pub from: &'a Correlation,
    /// The signature; `None` for the sum over all that are not the user's own fault.
    pub signature: Option<usize>,
    /// The class of each attempt.
    pub classes: Vec<Class>,
    /// The background chance of each attempt.
    pub base: Vec<f64>,
    /// `s`.
    pub share: f64,
    /// `o`.
    pub other: f64,
    /// Whether marks of incomplete closes count: not any more once an incident has explained them.
    pub with_marks: bool,
    /// The weight of each log ratio: below 1 where failures scatter more than independent ones.
    pub weight: f64,
    /// Attempts of each host, by time.
    by_host: Vec<Vec<usize>>,
    /// Times of the attempts of each host.
    times: Vec<Vec<f64>>,
}

impl<'a> View<'a> {
    /// Looks at the attempts through one signature, leaving out those that `skip` names.
    pub fn new(from: &'a Correlation, signature: Option<usize>, skip: &[bool]) -> Self {
        let classes: Vec<Class> = from
            .tries
            .iter()
            .enumerate()
            .map(|(place, one)| match one.signature {
                _ if skip.get(place).copied().unwrap_or(false) => Class::Skipped,
                None => Class::Success,
                found if signature.is_some() && found == signature => Class::Own,
                Some(_) if signature.is_none() && one.fault != Some(Fault::User) => Class::Own,
                Some(_) => Class::Other,
            })
            .collect();
        let n = classes.iter().filter(|class| **class != Class::Skipped).count() as f64;
        let others = classes.iter().filter(|class| **class == Class::Other).count() as f64;
        let mut by_host = vec![Vec::new(); from.hosts.len()];
        for (place, one) in from.tries.iter().enumerate() {
            by_host[one.host].push(place);
        }
        let times = by_host.iter().map(|host| host.iter().map(|place| from.tries[*place].at_s).collect()).collect();
        Self {
            from,
            signature,
            base: vec![0.0; classes.len()],
            classes,
            share: if signature.is_some() { 0.95 } else { 1.0 },
            other: ((others + 1.0) / (n + 2.0)).max(0.005),
            with_marks: true,
            weight: 1.0,
            by_host,
            times,
        }
    }

    /// Failures of this signature.
    pub fn n_own(&self) -> usize {
        self.classes.iter().filter(|class| **class == Class::Own).count()
    }

    /// Attempts of a host before `at_s`: the place in its running sums.
    pub fn place(&self, host: usize, at_s: f64) -> usize {
        self.times[host].partition_point(|time| *time < at_s)
    }

    /// Attempts of a host, by time.
    pub fn tries_of(&self, host: usize) -> &[usize] {
        &self.by_host[host]
    }

    /// The log ratio of one attempt of which a mechanism fails the share `m`, unweighted.
    pub fn log_ratio(&self, place: usize, m: f64) -> f64 {
        match self.classes[place] {
            Class::Own => {
                let b = self.base[place];
                ((b + (1.0 - b) * m * self.share) / b).ln()
            }
            Class::Other => (1.0 - m + m * (1.0 - self.share) / self.other).max(1e-6).ln(),
            Class::Success => (1.0 - m).max(1e-6).ln(),
            Class::Skipped => 0.0,
        }
    }

    /// The log likelihood ratio of all attempts, unweighted.
    pub fn log_likelihood(&self, chances: &[f64]) -> f64 {
        chances.iter().enumerate().filter(|(_, m)| **m > 0.0).map(|(place, m)| self.log_ratio(place, *m)).sum()
    }

    /// How many failures of this signature the mechanism, rather than the background, has caused.
    pub fn attributed(&self, chances: &[f64]) -> Vec<f64> {
        let part = |place: usize| {
            let (b, by_mechanism) = (self.base[place], chances[place] * self.share);
            if self.classes[place] == Class::Own {
                (1.0 - b) * by_mechanism / (b + (1.0 - b) * by_mechanism)
            } else {
                0.0
            }
        };
        (0..chances.len()).map(part).collect()
    }

    /// The running sums of one response, weighted.
    pub fn sums(&self, response: Response) -> Sums {
        let hosts = self.by_host.iter().map(|places| {
            let mut sum = 0.0;
            let mut sums = Vec::with_capacity(places.len() + 1);
            sums.push(0.0);
            for &place in places {
                let m = response.chance(&self.from.tries[place]);
                if m > 0.0 {
                    sum += self.weight * self.log_ratio(place, m);
                }
                sums.push(sum);
            }
            sums
        });
        Sums { response, hosts: hosts.collect() }
    }
}

/// Running sums of log ratios of one response, by host.
#[derive(Clone, Debug)]
pub struct Sums {
    /// The response.
    pub response: Response,
    hosts: Vec<Vec<f64>>,
}

impl Sums {
    /// The sum over the attempts of a host before the given place.
    pub fn before(&self, host: usize, place: usize) -> f64 {
        self.hosts[host][place]
    }

    /// The sum over all attempts of a host.
    pub fn total(&self, host: usize) -> f64 {
        self.hosts[host].last().copied().unwrap_or(0.0)
    }

    /// Hosts.
    pub fn n_hosts(&self) -> usize {
        self.hosts.len()
    }
}
