//! Roughly what refitting the background gains an explanation: from the failures of the signature alone.
//!
//! The full gain looks at all attempts, many times. Most explanations are so far behind the best that a rough one tells.

use super::mechanism::{Mechanism, Own};
use crate::correlate::background::{Pair, Weights};
use crate::correlate::{Background, View};

/// What all estimates of one view share.
pub(crate) struct Estimate<'a> {
    view: &'a View<'a>,
    background: &'a Background,
    weights: Weights,
    own: Own<'a>,
    pairs: Vec<Pair>,
}

/// An estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rough {
    /// What refitting gains, weighted.
    pub(crate) gain: f64,
    /// Failures that the explanation is held for.
    pub(crate) attributed: f64,
}

impl<'a> Estimate<'a> {
    /// Prepares a view with the background that its explanations were weighed with.
    pub(crate) fn of(view: &'a View<'a>, background: &'a Background) -> Self {
        let own = Own::of(view);
        let pairs = own.places.iter().map(|place| view.pairs()[*place]).collect();
        let weights = background.weights(view.pairs(), &view.classes);
        Self { view, background, weights, own, pairs }
    }

    /// Estimates what refitting gains a mechanism.
    pub(crate) fn of_mechanism(&self, mechanism: &Mechanism) -> Rough {
        let chances = mechanism.chances_of_own(self.view, &self.own);
        let own: Vec<(Pair, f64)> =
            self.pairs.iter().zip(&chances).map(|(pair, m)| (*pair, m * self.view.share)).collect();
        let (fit, expected) = self.background.refit_roughly(&own, &self.weights);
        let expected_before: f64 =
            self.background.host.iter().zip(&self.weights.host).map(|(rate, weight)| rate * weight).sum();
        let likelihood = |of: &Background| -> f64 {
            own.iter()
                .map(|((host, user), m)| {
                    let b = of.chance(*host as usize, *user as usize);
                    (b + (1.0 - b) * m).ln()
                })
                .sum()
        };
        let of_mechanism = |((host, user), m): &(Pair, f64)| {
            let b = fit.chance(*host as usize, *user as usize);
            (1.0 - b) * m / (b + (1.0 - b) * m)
        };
        let with = likelihood(&fit) - expected + fit.log_prior();
        let without = likelihood(self.background) - expected_before + self.background.log_prior();
        Rough { gain: self.view.weight * (with - without), attributed: own.iter().map(of_mechanism).sum() }
    }
}
