//! Weighs hypotheses against each other: the only place where a verdict is reached.
//!
//! In: what `correlate` made explicit. Out: [`Judgement`]: incidents in the order of their impact, each
//! with a posterior that adds up to 1, and a verdict on every change. How and why: `docs/method.md`.
//!
//! Invariant: no event is read here, and where the logs cannot tell, the verdict says so.

mod asked;
mod begun;
mod course;
mod estimate;
mod evidence;
mod forecast;
mod hypotheses;
mod incident;
mod mechanism;
mod opinion;
mod posterior;
mod reach;
mod refits;
mod remedy;
mod scene;
mod silence;
pub mod verdict;
mod verdicts;
mod windows;

pub use course::LEVEL;
pub use verdict::{
    Abstention, Asked, Candidate, CauseKind, ChangeVerdict, Estimate, Evidence, EvidenceKind, Incident, Judgement,
    Latent, Reason, Remedy, Trigger, Verdict,
};

use crate::correlate::Correlation;
use crate::model::TimeRange;

/// What the caller asks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Options {
    /// A span in which people could not connect, by their word: it is judged even if no onset is found.
    pub incident: Option<TimeRange>,
    /// The peak of the load that is expected in the coming weeks: sessions open on a host.
    pub load: Option<f64>,
}

/// The most incidents that one log is searched for.
const MAX_INCIDENTS: usize = 4;

/// Finds the incidents, their causes, and what is to be said of every change.
pub fn judge(correlation: &Correlation, options: &Options) -> Judgement {
    let (found, latent) = incident::find(correlation, options, MAX_INCIDENTS);
    let verdicts = verdicts::verdicts(correlation, &found);
    let incidents: Vec<Incident> = found.into_iter().map(|one| one.incident).collect();
    let asked = options.incident.map(|span| asked::asked(correlation, span, &incidents));
    Judgement { incidents, verdicts, latent, asked }
}
