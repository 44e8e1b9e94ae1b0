//! Roughly what refitting the background gains an explanation: from the failures of the signature alone.
//!
//! The full gain looks at all attempts, many times. Most explanations are so far behind the best that a rough one tells.

use super::mechanism::{Few, Mechanism};
use super::opinion::MIN_ATTRIBUTED;
use crate::correlate::background::Pair;
use crate::correlate::bursts::Burst;
use crate::correlate::lumped::{Lumped, Refit};
use crate::correlate::{Background, View};

/// What all estimates of one view share.
pub(crate) struct Estimate<'a> {
    view: &'a View<'a>,
    own: Few<'a>,
    lumped: Lumped,
    /// What each burst is worth, and its failures, by place among those of the signature.
    bursts: Vec<(f64, Vec<usize>)>,
}

impl<'a> Estimate<'a> {
    /// Prepares a view with the background that its explanations were weighed with.
    pub(crate) fn of(view: &'a View<'a>, background: &Background, bursts: &[Burst]) -> Self {
        let own = Few::of(view, view.own());
        let bursts = bursts.iter().map(|burst| (burst.worth, burst.among(&own.places))).collect();
        let pairs: Vec<Pair> = own.places.iter().map(|place| view.pairs()[*place]).collect();
        let lumped = Lumped::of(background, &background.weights(view.crowd()), &pairs);
        Self { view, own, lumped, bursts }
    }

    /// Estimates what refitting gains a mechanism, weighted; `None` where it is held for too few failures to be a cause
    /// even if the estimate is half of the truth.
    pub(crate) fn gain(&self, mechanism: &Mechanism) -> Option<f64> {
        const MIN: f64 = MIN_ATTRIBUTED / 2.0;
        let mut chances = mechanism.chances_of(self.view, &self.own);
        if (chances.iter().filter(|m| **m > 0.0).count() as f64) < MIN {
            return None;
        }
        let of_bursts = self.of_bursts(&chances);
        for m in &mut chances {
            *m *= self.view.share;
        }
        let Refit { gain, attributed } = self.lumped.refit(&chances);
        (attributed >= MIN).then_some(self.view.weight * gain + of_bursts)
    }

    /// What bursts are worth beyond what a mechanism explains of their failures.
    fn of_bursts(&self, chances: &[f64]) -> f64 {
        let explained = |failures: &[usize]| -> f64 {
            let log_ratio = |index: &usize| self.view.log_ratio(self.own.places[*index], chances[*index]);
            self.view.weight * failures.iter().map(log_ratio).sum::<f64>()
        };
        self.bursts.iter().map(|(worth, failures)| (worth - explained(failures)).max(0.0)).sum()
    }
}
