//! Weighs hypotheses against each other: the only place where a verdict is reached.
//!
//! In: what `correlate` made explicit. Out: [`Judgement`]: incidents in the order of their impact, each
//! with a posterior that adds up to 1, and a verdict on every change.
//!
//! Invariant: no event is read here, and where the logs cannot tell, the verdict says so.

pub mod verdict;

pub use verdict::{
    Abstention, Candidate, CauseKind, ChangeVerdict, Estimate, Evidence, EvidenceKind, Incident, Judgement, Latent,
    Reason, Remedy, Trigger, Verdict,
};
