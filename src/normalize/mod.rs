//! Turns records into events, changes and load samples that are the same from every export.
//!
//! In: [`crate::read::Source`]s. Out: [`Normalized`]: events, changes and load samples in the order of
//! their sources and positions, and a summary a source whose balance adds up.
//!
//! Invariant: nothing is judged here, and nothing is dropped in silence.

pub mod change_list;
pub mod clock;
mod copied_hours;
mod driver;
mod duplicate;
pub mod file;
pub mod format;
mod formats;
mod host;
mod meeting;
pub mod message;
pub mod metric;
mod namesakes;
mod netbios;
mod open_requests;
mod options;
mod order;
mod overlap;
mod peak;
mod plain;
pub mod property;
pub mod request;
pub mod signature;
mod source;
pub mod summary;
pub mod table;
mod tally;
pub mod template;
#[cfg(test)]
mod testing;
mod told;
mod unknown;
mod version;
mod window;
pub mod windows;
mod zone;

pub(crate) use meeting::is_beyond_chance;

pub use driver::normalize;
pub use options::Options;
pub use summary::{Normalized, Role, SourceSummary, Zone};
pub use windows::selection;
