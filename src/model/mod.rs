//! The shared vocabulary: what every stage means by time, place, host, user and event.
//!
//! Invariant: nothing here knows any other part of the crate, and nothing here does input or output.

pub mod action;
pub mod change;
pub mod event;
pub mod field;
pub mod hour;
pub mod identity;
pub mod load;
pub mod name;
pub mod provenance;
pub mod severity;
pub mod time;

pub use action::{Action, Fault};
pub use change::{ChangeKind, ChangeRecord, HostScope, Witness};
pub use event::Event;
pub use hour::{HourCount, Hours};
pub use load::{LoadMetric, LoadSample};
pub use name::{Name, Names};
pub use provenance::{NumberRun, Position, Provenance, SourceId};
pub use severity::Severity;
pub use time::{TimeRange, Timestamp, Trust};
