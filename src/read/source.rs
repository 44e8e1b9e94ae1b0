//! What a path turned out to be, and what reading it came to.

use std::collections::BTreeMap;
use std::io::Read;

use super::encoding::Decoded;
use super::place::Place;
use super::record::Record;
use super::tally::Tally;
use super::{Selection, document, evtx, json, lines, table, w3c, xml};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{HourCount, NumberRun, Position, Provenance, SourceId, Timestamp};

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
    /// Whether the bytes are digested, too.
    pub digests: bool,
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

/// The most kinds of unselected events that a source is taken to have; a large log has some thousand.
const KINDS_MAX: usize = 1 << 16;
/// The most hours of hosts' channels in which events were unselected: ten channels of ten hosts for a year.
const HOURS_MAX: usize = 1 << 20;
/// The longest provider, host and channel, in bytes; Windows allows 255 characters.
const NAME_BYTES_MAX: usize = 1024;

/// What the reading of one source came to.
///
/// Balance: `n_records = delivered to the sink + n_unselected + n_damaged`.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Size of the source, after decompression.
    pub n_bytes: u64,
    /// SHA-256 of the source's bytes after decompression, lower-case hexadecimal; empty unless [`How::digests`].
    pub sha256: String,
    /// Lines of a text log, blank ones included.
    pub n_lines: u64,
    /// Records that the container holds, damaged ones included.
    pub n_records: u64,
    /// Records that could not be decoded.
    pub n_damaged: u64,
    /// Records of a binary log for which its templates were no help: read the slow way.
    pub n_walked: u64,
    /// Sound records that the selection does not want: how many of which provider and id.
    pub unselected: BTreeMap<(String, u32), u64>,
    /// Unselected records by host and channel as the log spells them and hour since 1970: they prove coverage.
    pub unselected_hours: BTreeMap<(String, String, i64), HourCount>,
    /// First and last instant of the unselected records.
    pub unselected_span: Option<(Timestamp, Timestamp)>,
    /// The numbers of all sound records of a binary log, as its own headers have them, in the order of the file.
    pub numbers: Vec<NumberRun>,
    /// What was wrong.
    pub diagnostics: Vec<Diagnostic>,
}

impl Reading {
    /// Records that the selection does not want.
    pub fn n_unselected(&self) -> u64 {
        self.unselected.values().sum()
    }

    /// Counts one record that the selection does not want.
    ///
    /// `false`, and nothing counted, for one of more kinds or hosts than a log has: what is kept of each
    /// would grow with the log.
    pub(super) fn count_unselected(
        &mut self,
        provider: &str,
        event_id: u32,
        (computer, channel): (&str, &str),
        time: Option<Timestamp>,
    ) -> bool {
        let kind = (provider.to_owned(), event_id);
        let hour = time.map(|at| (computer.to_owned(), channel.to_owned(), at.hour()));
        let is_bounded = provider.len() <= NAME_BYTES_MAX
            && computer.len().max(channel.len()) <= NAME_BYTES_MAX
            && (self.unselected.len() < KINDS_MAX || self.unselected.contains_key(&kind))
            && (self.unselected_hours.len() < HOURS_MAX
                || hour.as_ref().is_none_or(|hour| self.unselected_hours.contains_key(hour)));
        if !is_bounded {
            return false;
        }
        *self.unselected.entry(kind).or_default() += 1;
        if let (Some(hour), Some(at)) = (hour, time) {
            HourCount::of(at).add_to(&mut self.unselected_hours, hour);
            let (first, last) = self.unselected_span.unwrap_or((at, at));
            self.unselected_span = Some((first.min(at), last.max(at)));
        }
        true
    }

    /// Notes one defect; of equal ones the first keeps its place, and they are counted.
    pub(super) fn complain(&mut self, code: Code, name: &SourceName, at: Option<Position>, detail: &str) {
        if let Some(known) = self.diagnostics.iter_mut().find(|known| known.code == code) {
            known.count += 1;
            return;
        }
        let place = at.map(|position| Provenance { source: name.id, position });
        self.diagnostics.push(Diagnostic::new(code, &name.path, place, detail));
    }

    /// Notes places that could not be decoded, if there are any.
    pub(super) fn complain_undecodable(&mut self, name: &SourceName, n_undecodable: u64) {
        if n_undecodable > 0 {
            let detail = "bytes that are no text in the encoding of the file; replaced";
            let diagnostic = Diagnostic::new(Code::TextUndecodable, &name.path, None, detail);
            self.diagnostics.push(Diagnostic { count: n_undecodable, ..diagnostic });
        }
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

/// One log: what it is called, what it looks like, and its records.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its number and path.
    pub name: SourceName,
    /// How records sit in it.
    pub container: Container,
    /// How its characters are encoded.
    pub encoding: Encoding,
    /// Its first characters, at most 16 KiB, and 64 KiB where event XML begins late; empty for what is no text.
    pub head: String,
    /// Its size on the disk or in its archive, before decompression, in bytes; for progress only.
    pub n_bytes_stored: u64,
    pub(super) place: Place,
    /// For [`Container::Table`]: what separates the cells.
    pub(super) delimiter: u8,
}

impl Source {
    /// Returns the source that `bytes` would be as a file called `path`, recognized by its content.
    pub fn from_bytes(id: SourceId, path: &str, bytes: &[u8]) -> Self {
        let name = SourceName { id, path: path.to_owned() };
        let n_bytes_stored = bytes.len() as u64;
        super::sniff::recognize(name, Place::memory(bytes), bytes, n_bytes_stored)
    }

    /// Returns a source of that container, whatever the bytes look like: for samples too short to be recognized.
    #[cfg(test)]
    pub(crate) fn of_container(id: SourceId, path: &str, container: Container, bytes: &[u8]) -> Self {
        let source = Self::from_bytes(id, path, bytes);
        let delimiter = table::delimiter(&source.head, true).unwrap_or(b',');
        Self { container, delimiter, ..source }
    }

    /// Reads all records in the order of the file and hands each sound one to `sink`.
    ///
    /// Opens the source anew at every call. Never fails: a source that cannot be opened or read to its
    /// end gives what it gives, and a diagnostic. Memory does not grow with the source.
    pub fn records(&self, how: &How<'_>, sink: &mut dyn FnMut(Record<'_>)) -> Reading {
        let mut bytes = Tally::open(&self.place, how.digests);
        let mut reading = self.dispatch(&mut bytes, how, sink);
        let (n_bytes, sha256, failure) = bytes.finish(&self.name.path);
        (reading.n_bytes, reading.sha256) = (n_bytes, sha256);
        reading.diagnostics.extend(failure);
        reading
    }

    fn dispatch(&self, bytes: &mut dyn Read, how: &How<'_>, sink: &mut dyn FnMut(Record<'_>)) -> Reading {
        let name = &self.name;
        if self.container == Container::Evtx {
            return evtx::records(bytes, name, how, sink);
        }
        let text = Decoded::new(bytes, self.encoding);
        match self.container {
            Container::EventXml => xml::records(text, &self.head, name, how, sink),
            Container::Json => json::records(text, &self.head, name, sink),
            Container::Table => table::records(text, self.delimiter, name, sink),
            Container::W3c => w3c::records(text, name, sink),
            Container::Lines => lines::records(text, name, how, sink),
            Container::Document => document::records(text, name, sink),
            Container::Evtx | Container::Unknown => {
                let mut reading = Reading::default();
                reading.complain(Code::SourceNotUnderstood, name, None, "no log that is known");
                reading
            }
        }
    }
}
