//! What a path turned out to be, and what reading it came to.

use std::collections::BTreeMap;

use super::Selection;
use crate::diagnostic::Diagnostic;
use crate::model::{SourceId, Timestamp};

/// Decides whether a line begins a record; the lines that do not continue the one before.
pub type StartsRecord<'a> = &'a (dyn Fn(&str) -> bool + Sync);

/// How the records of a source are to be read.
#[derive(Clone, Copy)]
pub struct How<'a> {
    /// Which Windows events are decoded; the others are counted.
    pub selection: &'a Selection,
    /// For [`Container::Lines`]: what begins a record; without it each line is one.
    pub starts_record: Option<StartsRecord<'a>>,
    /// Whether EVTX records in the slack behind the last one are read, too.
    pub recover: bool,
}

/// How records sit in the bytes of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Container {
    /// Binary Windows event log.
    Evtx,
    /// Windows event XML: a document, or a bare sequence of `<Event>`.
    EventXml,
    /// One JSON object a line, or one array of objects.
    Json,
    /// A table with a header line: CSV or TSV, PDH-CSV among them.
    Table,
    /// A text with `#Fields:`.
    W3c,
    /// Lines, some of which continue the one before.
    Lines,
    /// One document (YAML).
    Document,
    /// None of these.
    Unknown,
}

/// How the characters of a text are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encoding {
    /// UTF-8, with or without byte order mark; ASCII.
    Utf8,
    /// UTF-16, little end first.
    Utf16Le,
    /// UTF-16, big end first.
    Utf16Be,
    /// Not UTF-8: read as Windows-1252.
    Windows1252,
    /// Not a text.
    Binary,
}

impl Encoding {
    /// The name as reports print it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Windows1252 => "windows-1252",
            Self::Binary => "binary",
        }
    }
}

/// What the reading of one source came to.
///
/// Balance: `n_records = delivered to the sink + n_unselected + n_damaged`.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Size of the source, after decompression.
    pub n_bytes: u64,
    /// SHA-256 of the source's bytes after decompression, lower-case hexadecimal.
    pub sha256: String,
    /// Records that the container holds, damaged ones included.
    pub n_records: u64,
    /// Records that could not be decoded.
    pub n_damaged: u64,
    /// Sound records that the selection does not want: how many of which provider and id.
    pub unselected: BTreeMap<(String, u32), u64>,
    /// Unselected records by host as the log spells it and hour since 1970: they prove coverage.
    pub unselected_hours: BTreeMap<(String, i64), u64>,
    /// First and last instant of the unselected records.
    pub unselected_span: Option<(Timestamp, Timestamp)>,
    /// What was wrong.
    pub diagnostics: Vec<Diagnostic>,
}

impl Reading {
    /// Records that the selection does not want.
    pub fn n_unselected(&self) -> u64 {
        self.unselected.values().sum()
    }
}

/// The identity of a source before its bytes are read.
#[derive(Clone, Debug)]
pub struct SourceName {
    /// Its number within the run.
    pub id: SourceId,
    /// `log.file.path`: relative to the given path and beginning with that path's own name, `/` between,
    /// members of archives behind `!`.
    pub path: String,
}

/// A source.
#[derive(Debug)]
pub struct Source {
    /// Its name.
    pub name: SourceName,
    /// How records sit in it.
    pub container: Container,
    /// How its characters are encoded.
    pub encoding: Encoding,
    /// The first text.
    pub head: String,
    /// Size on disk.
    pub n_bytes_stored: u64,
}

impl Source {
    /// Reads the records.
    pub fn records(&self, _how: &How<'_>, _sink: &mut dyn FnMut(super::Record)) -> Reading {
        Reading::default()
    }
}
