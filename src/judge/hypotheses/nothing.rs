//! # Claim
//! There is no incident: every failure belongs to the background of its host and account, or to a short burst.
//!
//! # What else would explain it
//! Any mechanism too weak to be seen.
//!
//! # Evidence for
//! Failures spread over time like attempts do.
//!
//! # Evidence against
//! Failures that crowd together in time, on hosts, or on users whose sessions did not close.
//!
//! # Test
//! Likelihood 1 against itself, plus what refitting the background gains, like every hypothesis.
//!
//! # Limits
//! A fault that was there from the first record to the last on all hosts is background.

use super::super::mechanism::Mechanism;
use super::super::scene::Scene;
use super::{Cause, Explanation, Hypothesis, prior};

/// No incident.
pub(super) struct Nothing;

impl Hypothesis for Nothing {
    fn explanations(&self, scene: &Scene<'_>) -> Vec<Explanation> {
        let share = if scene.asked.is_some() { prior::NOTHING_IF_ASKED } else { prior::NOTHING };
        vec![Explanation {
            cause: Cause::Nothing,
            log_prior: share.ln(),
            log_likelihood: 0.0,
            grid_likelihood: 0.0,
            best: Mechanism::nothing(scene.n_hosts()),
            remedies: Vec::new(),
        }]
    }
}
