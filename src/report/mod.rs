//! Turns a judgement into documents, words, charts and files. Reaches no verdict and computes nothing new.
//!
//! In: an [`Input`]: tables, judgement, sources. Out: a [`Document`] with all sentences in place, a
//! timeline, and the files of [`format::FORMATS`].
//!
//! Invariant: every sentence comes from [`wording`]; the same input gives the same bytes.

pub mod chart;
mod clocks;
mod counts;
pub mod document;
pub mod error_codes;
pub mod event_line;
#[cfg(test)]
pub(crate) mod fixture;
pub mod format;
pub mod input;
pub mod inspection;
mod logons;
mod markup;
mod page;
pub mod review;
pub mod sections;
pub mod summary;
pub mod wording;

pub use document::{Document, schema};
pub use input::{Input, SignatureText};
pub use sections::document;
pub use summary::{Role, SummaryLine, summary};
