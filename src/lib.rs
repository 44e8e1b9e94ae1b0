//! `causeline` reads Windows event logs and application logs from many hosts, finds the incidents in
//! which people could not connect, and says why: which change, which load, which host, or none of them.
//!
//! ```text
//! paths ─read→ records ─normalize→ events ─frame→ tables ─correlate→ numbers ─judge→ judgement ─report→ files
//! ```
//!
//! Read first: [`pipeline`] (the whole run), then [`model::Event`], one file of `normalize/format`, one of
//! `judge/hypotheses`, and `reports/founding-2022` beside `sample-logs/founding-2022`.
//!
//! ```no_run
//! use causeline::pipeline::{self, Options, Unwatched};
//!
//! let analysis = pipeline::analyze(&["logs".into()], &Options::default(), &Unwatched)?;
//! for incident in &analysis.judgement.incidents {
//!     println!("{} {:?} {:.2}", incident.started_at, incident.root_cause.kind, incident.root_cause.probability);
//! }
//! # Ok::<(), causeline::Error>(())
//! ```

pub mod pipeline;

pub mod model;

pub mod diagnostic;
pub mod error;

pub mod read;

pub mod normalize;

pub mod frame;

pub mod correlate;

pub mod judge;

pub mod redact;

pub mod review;

pub mod report;

pub mod compare;

pub mod simulate;

pub mod stats;

pub use error::Error;

#[doc = include_str!("docs/architecture.md")]
pub mod _architecture {}

#[doc = include_str!("docs/formats.md")]
pub mod _formats {}

#[doc = include_str!("docs/glossary.md")]
pub mod _glossary {}

#[doc = include_str!("docs/method.md")]
pub mod _method {}

#[doc = include_str!("docs/signatures.md")]
pub mod _signatures {}
