//! What normalizing came to: the events, and how each source fared.

use std::collections::BTreeMap;

use super::template::Template;
use crate::diagnostic::Diagnostic;
use crate::model::{ChangeRecord, Event, Hours, LoadSample, Name, NumberRun, SourceId, TimeRange, Timestamp, Trust};

/// Everything that the sources say, understood.
#[derive(Debug, Default)]
pub struct Normalized {
    /// Events, by source and position.
    pub events: Vec<Event>,
    /// Statements about changes, from change lists and read out of the logs.
    pub changes: Vec<ChangeRecord>,
    /// Readings of counters.
    pub load: Vec<LoadSample>,
    /// One summary a source, by source.
    pub sources: Vec<SourceSummary>,
    /// What was wrong, by code and path.
    pub diagnostics: Vec<Diagnostic>,
    /// The templates of messages that no rule knows and that became signatures, by these.
    pub templates: BTreeMap<Name, Template>,
}

/// What a source is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Windows events.
    Events,
    /// An application's log.
    AppLog,
    /// Counters.
    Load,
    /// A list of changes.
    Changes,
    /// Understood, and of no use to the question.
    Other,
    /// Not understood.
    Unknown,
}

/// The zone in which a source's stamps were read.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone {
    /// `UTC`, an offset, or a name of the zone table.
    pub name: String,
    /// How it is known.
    pub trust: Trust,
}

/// How one source fared.
///
/// Balance: `n_records = n_kept + n_irrelevant + n_damaged`.
#[derive(Clone, Debug)]
pub struct SourceSummary {
    /// The source.
    pub id: SourceId,
    /// `log.file.path`.
    pub path: String,
    /// Size after decompression.
    pub n_bytes: u64,
    /// SHA-256 after decompression, lower-case hexadecimal.
    pub sha256: String,
    /// The format's name: `evtx`, `event-xml`, `winlogbeat`, `iis-w3c`, `fslogix-profile`, `pdh-csv`, ... or `unknown`.
    pub format: String,
    /// What it is used for.
    pub role: Role,
    /// The encoding's name.
    pub encoding: &'static str,
    /// The hosts whose records it holds, by name.
    pub hosts: Vec<Name>,
    /// How the hosts are known.
    pub host_trust: Trust,
    /// The zone of its stamps.
    pub zone: Zone,
    /// First and last instant of its records, wanted or not; `None` if none has a time.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Records in all.
    pub n_records: u64,
    /// Records that became events, changes or samples.
    pub n_kept: u64,
    /// Sound records that the question does not need.
    pub n_irrelevant: u64,
    /// Records that could not be understood.
    pub n_damaged: u64,
    /// Records of a binary log that no template helped to read: the slow way.
    pub n_walked: u64,
    /// Its records, irrelevant ones included: what the source covers.
    pub hours: Hours,
    /// The numbers of its records by host and channel (lower case), irrelevant ones included, where they are known.
    pub numbers: BTreeMap<(Name, Name), Vec<NumberRun>>,
    /// Times in which the source is silent although its own rhythm says otherwise; filled by `frame`.
    pub gaps: Vec<TimeRange>,
}
