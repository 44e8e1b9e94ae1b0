//! What can be behind an incident: one file a hypothesis.
//!
//! Each makes the same offer: for every cause of its kind and every shape that it can take, the marginal
//! likelihood of all attempts against "no mechanism", averaged over a wide grid of parameters, with a
//! prior. They compete on one scale; adding one is a file and a line in [`HYPOTHESES`].

mod capacity;
mod chain;
mod change;
mod credentials;
mod dependency;
mod host;
mod nothing;
mod schedule;
mod unrecorded;

pub(crate) use chain::{CLEARINGS, effects};
pub(crate) use change::suspicion;

use super::mechanism::Mechanism;
use super::scene::Scene;
use crate::stats::special::LogSum;

/// A cause, by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    /// There is no incident.
    Nothing,
    /// A change; `None` for one that no file records.
    Change(Option<usize>),
    /// More people than the hosts can serve.
    Capacity,
    /// One host.
    Host(usize),
    /// Something that all hosts depend on.
    Dependency,
    /// One account, or accounts.
    Credentials(Option<usize>),
    /// The clock.
    Schedule,
}

/// How a cause came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Remedied {
    /// It did not within the log.
    Never,
    /// By itself, at this hour of the window.
    AtHour(usize),
    /// By this change, host by host.
    By(usize),
}

/// One cause in one shape, weighed.
#[derive(Clone, Debug)]
pub(crate) struct Explanation {
    /// The cause.
    pub(crate) cause: Cause,
    /// Logarithm of the prior probability of cause and shape.
    pub(crate) log_prior: f64,
    /// Logarithm of the marginal likelihood against "no mechanism", with what refitting gains.
    pub(crate) log_likelihood: f64,
    /// The same without that gain: the sum over the grid alone.
    pub(crate) grid_likelihood: f64,
    /// The best point of the grid.
    pub(crate) best: Mechanism,
    /// By change: logarithm of the part of prior and likelihood in which it ended the cause.
    pub(crate) remedies: Vec<(usize, f64)>,
}

impl Explanation {
    /// Logarithm of the posterior weight, not normalized.
    pub(crate) fn weight(&self) -> f64 {
        self.log_prior + self.log_likelihood
    }
}

/// A kind of cause that can be weighed.
pub(crate) trait Hypothesis: Sync {
    /// Its explanations of the scene.
    fn explanations(&self, scene: &Scene<'_>) -> Vec<Explanation>;

    /// Its explanations that are quick to weigh: enough to see whether a signature has anything to explain.
    fn sketch(&self, _scene: &Scene<'_>) -> Vec<Explanation> {
        Vec::new()
    }
}

/// All hypotheses.
pub(crate) const HYPOTHESES: &[&dyn Hypothesis] = &[
    &nothing::Nothing,
    &change::Recorded,
    &chain::Latent,
    &unrecorded::Unrecorded,
    &capacity::Capacity,
    &host::OneHost,
    &dependency::Dependency,
    &credentials::Credentials,
    &schedule::Schedule,
];

/// Prior probabilities of the kinds of cause, before anything is seen.
///
/// From published shares of incident triggers: changes about half (a bank: 50 %; a large operator: 70 %,
/// of which 37 % binaries and 31 % configuration), providers and dependencies 5 to 15 %, capacity 5 to
/// 10 %, hardware 2 to 8 %. Sources on the method page.
pub(crate) mod prior {
    /// All changes, recorded or not.
    pub(crate) const CHANGE: f64 = 0.54;
    /// The part of them that no file records: the dial between blaming an innocent and missing a guilty change. On
    /// simulated incidents whose guilty change no file records, an innocent one was blamed at one half or more in
    /// 10, 6.7 and 5 in a hundred with .1, .2 and .3, at no cost between the last two where it is recorded.
    pub(crate) const UNRECORDED_SHARE: f64 = 0.3;
    /// A dependency of all hosts.
    pub(crate) const DEPENDENCY: f64 = 0.15;
    /// Capacity.
    pub(crate) const CAPACITY: f64 = 0.10;
    /// One host.
    pub(crate) const HOST: f64 = 0.08;
    /// One account.
    pub(crate) const ACCOUNT: f64 = 0.07;
    /// Something by the clock.
    pub(crate) const SCHEDULE: f64 = 0.02;
    /// No incident, when nobody has asked about a span: most weeks are quiet.
    pub(crate) const NOTHING: f64 = 1.0;
    /// No incident, when somebody says that there was one.
    pub(crate) const NOTHING_IF_ASKED: f64 = 0.05;
    /// Within changes: the failures begin with it.
    pub(crate) const STEP: f64 = 0.35;
    /// Within changes: they begin some time after it, on all hosts together.
    pub(crate) const DELAYED: f64 = 0.12;
    /// Within changes: they grow for days.
    pub(crate) const RAMP: f64 = 0.08;
    /// Within changes: they follow load where it is.
    pub(crate) const UNDER_LOAD: f64 = 0.15;
    /// Within changes: sessions that do not close block their users.
    pub(crate) const CHAIN: f64 = 0.30;
    /// The cause is still there when the log ends.
    pub(crate) const NEVER: f64 = 0.35;
    /// The cause goes away by itself, at any hour.
    pub(crate) const BY_ITSELF: f64 = 0.15;
    /// A recorded change ends it.
    pub(crate) const REMEDIED: f64 = 0.5;
}

/// Averages over a grid, and keeps its best point.
pub(crate) struct Grid<P> {
    sum: LogSum,
    best: Option<(f64, P)>,
    /// By change: the part that it ended.
    remedies: Vec<LogSum>,
}

impl<P> Grid<P> {
    /// An empty grid.
    pub(crate) fn new() -> Self {
        Self { sum: LogSum::default(), best: None, remedies: Vec::new() }
    }

    /// The logarithm of the sum over all points.
    pub(crate) fn ln(&self) -> f64 {
        self.sum.ln()
    }

    /// The value of the best point; minus infinity for an empty grid.
    pub(crate) fn top(&self) -> f64 {
        self.best.as_ref().map_or(f64::NEG_INFINITY, |(value, _)| *value)
    }

    /// Adds a point with the logarithm of its weight in the grid and of its likelihood.
    pub(crate) fn add(&mut self, log_weight: f64, log_likelihood: f64, end: Remedied, point: impl FnOnce() -> P) {
        let value = log_weight + log_likelihood;
        self.add_all(value, end, value, point);
    }

    /// Adds many points that share an end: the logarithm of their sum, and the best of them.
    pub(crate) fn add_all(&mut self, log_sum: f64, end: Remedied, top: f64, best: impl FnOnce() -> P) {
        self.sum.add(log_sum);
        if let Remedied::By(remedy) = end {
            self.add_remedied(remedy, log_sum);
        }
        if self.best.as_ref().is_none_or(|(value, _)| top > *value) {
            self.best = Some((top, best()));
        }
    }

    fn add_remedied(&mut self, remedy: usize, log_sum: f64) {
        if self.remedies.len() <= remedy {
            self.remedies.resize(remedy + 1, LogSum::default());
        }
        self.remedies[remedy].add(log_sum);
    }

    /// Adds all of another grid, every point by `log_weight`.
    pub(crate) fn merge(&mut self, other: Self, log_weight: f64) {
        self.sum.add(other.sum.ln() + log_weight);
        for (remedy, sum) in other.remedies.iter().enumerate() {
            self.add_remedied(remedy, sum.ln() + log_weight);
        }
        if let Some((value, point)) = other.best
            && self.best.as_ref().is_none_or(|(best, _)| value + log_weight > *best)
        {
            self.best = Some((value + log_weight, point));
        }
    }

    /// The same grid, its points told otherwise.
    pub(crate) fn map<Q>(self, tell: impl FnOnce(P) -> Q) -> Grid<Q> {
        Grid { sum: self.sum, best: self.best.map(|(value, point)| (value, tell(point))), remedies: self.remedies }
    }

    /// The explanation that the grid amounts to; `None` for an empty grid.
    pub(crate) fn explanation(
        self,
        cause: Cause,
        log_prior: f64,
        mechanism: impl FnOnce(P) -> Mechanism,
    ) -> Option<Explanation> {
        let (_, point) = self.best?;
        Some(Explanation {
            cause,
            log_prior,
            log_likelihood: self.sum.ln(),
            grid_likelihood: self.sum.ln(),
            best: mechanism(point),
            remedies: self
                .remedies
                .iter()
                .enumerate()
                .map(|(remedy, sum)| (remedy, sum.ln()))
                .filter(|(_, sum)| *sum > f64::NEG_INFINITY)
                .collect(),
        })
    }
}
