//! Turns paths into sources, and sources into records.
//!
//! In: paths (files, folders, globs, archives, `-`). Out: [`Source`]s in the order of their
//! paths, and for each its [`Record`]s in the order of the file. Knows containers (how records
//! sit in bytes) and no meanings.
//!
//! Invariant: any bytes at all end in records and diagnostics, never in a panic, and every
//! length, count, depth and expansion is bounded before memory is taken.
//!
//! # Where to read first
//!
//! [`discover()`] finds the sources under the paths; `place` says how the bytes of one are opened again,
//! `archive` what lies in a zip, `sniff` what it is. [`Source::records`] chooses the container: one
//! file each. Names are never trusted: a file is what its bytes say.

mod ansi;
mod archive;
mod clixml;
mod codec;
mod discover;
mod document;
mod encoding;
mod event_text;
pub mod evtx;
mod glob;
mod json;
mod line_break;
mod lines;
mod object;
mod original;
mod parallel;
mod place;
pub mod record;
pub mod selection;
mod seven_zip;
mod sniff;
pub mod source;
mod table;
mod tally;
mod tar;
mod unfold;
mod w3c;
mod xml;
mod xml_event;
mod xz;
mod zstd;

pub use clixml::clixml;
pub use discover::{Discovery, discover};
pub use event_text::event_text;
pub use object::{Fields, Object};
pub use original::originals;
pub use parallel::each;
pub use record::{Body, Datum, Record, Row, WindowsRecord};
pub use selection::Selection;
pub use source::{Container, Encoding, How, Reading, Source, SourceName, StartsRecord};
pub(crate) use w3c::quoted_len;
pub use xml_event::event_xml;
