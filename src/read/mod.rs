//! Turns paths into sources, and sources into records.
//!
//! In: paths (files, folders, globs, archives, `-`). Out: [`Source`]s in the order of their
//! paths, and for each its [`Record`]s in the order of the file. Knows containers (how records
//! sit in bytes) and no meanings.
//!
//! Invariant: any bytes at all end in records and diagnostics, never in a panic, and every
//! length, count, depth and expansion is bounded before memory is taken.

pub mod evtx;
pub mod record;
pub mod selection;
pub mod source;

pub use record::{Body, Datum, Record, Row, WindowsRecord};
pub use selection::Selection;
pub use source::{Container, Encoding, How, Reading, SourceName, StartsRecord};
