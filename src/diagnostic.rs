//! Defects in the input that a run survives: what, where, how often.
//!
//! Nothing is dropped in silence. A stage that leaves something out pushes a [`Diagnostic`], and the
//! report counts them by code and shows the first place of each.

use crate::model::Provenance;

/// What is wrong. The kebab-case name is public and stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// A file could not be opened or read to its end.
    SourceUnreadable,
    /// The bytes are no log that we know.
    SourceNotUnderstood,
    /// The same bytes under another name; read once.
    SourceDuplicate,
    /// An archive, or a member of it, is damaged or too deep.
    ArchiveDamaged,
    /// Decompression would exceed its bound; the rest is left out.
    ExpansionTooLarge,
    /// Bytes that are not text in the encoding of the file; replaced.
    TextUndecodable,
    /// A record longer than the bound; cut.
    RecordTooLong,
    /// The header of an EVTX file contradicts its chunks.
    EvtxHeaderDamaged,
    /// A chunk fails its checksum or has no header; what is sound in it is still read.
    EvtxChunkDamaged,
    /// A record of an EVTX chunk cannot be decoded.
    EvtxRecordDamaged,
    /// A record in the slack of an EVTX chunk, of a former use; read because it was asked for.
    EvtxRecordRecovered,
    /// An EVTX file was copied while Windows wrote to it; its last records may be missing.
    EvtxOpen,
    /// The header of an EVTX file knows fewer chunks than there are; all are read.
    EvtxHeaderStale,
    /// The numbers of records jump: those between are not in the file.
    RecordNumbersJump,
    /// A file ends inside a chunk.
    EvtxTruncated,
    /// An XML, JSON or CSV record is not well formed.
    RecordMalformed,
    /// A record has no time, or one that cannot be read.
    TimeUnreadable,
    /// Text without zone; the zone was taken from a setting or guessed.
    ZoneAssumed,
    /// A stamp without year or date; rebuilt.
    DateAssumed,
    /// A local time that the clock showed twice, or never; dates that leave open which number is the day.
    TimeAmbiguous,
    /// Time runs backwards by more than reordering explains.
    ClockStep,
    /// The host of a text log is guessed from a folder or file name.
    HostAssumed,
    /// The same event arrived twice; counted once.
    EventDuplicate,
    /// Two machines write under one host name; both are kept.
    HostNameShared,
    /// A change list has entries without time or component.
    ChangeIncomplete,
    /// A source holds a choice of the events only, or was cut; it proves no silence.
    SourceIncomplete,
    /// A source is silent for longer than its own rhythm explains.
    CoverageGap,
    /// A host's counters of sessions and its begins and ends of sessions tell different loads.
    LoadDisagrees,
    /// Errors that no rule knows have more different messages than are told apart.
    MessagesTooVarious,
}

impl Code {
    /// Every code, in the order of the enum.
    pub const ALL: &'static [Self] = &[
        Self::SourceUnreadable,
        Self::SourceNotUnderstood,
        Self::SourceDuplicate,
        Self::ArchiveDamaged,
        Self::ExpansionTooLarge,
        Self::TextUndecodable,
        Self::RecordTooLong,
        Self::EvtxHeaderDamaged,
        Self::EvtxChunkDamaged,
        Self::EvtxRecordDamaged,
        Self::EvtxRecordRecovered,
        Self::EvtxOpen,
        Self::EvtxHeaderStale,
        Self::RecordNumbersJump,
        Self::EvtxTruncated,
        Self::RecordMalformed,
        Self::TimeUnreadable,
        Self::ZoneAssumed,
        Self::DateAssumed,
        Self::TimeAmbiguous,
        Self::ClockStep,
        Self::HostAssumed,
        Self::EventDuplicate,
        Self::HostNameShared,
        Self::ChangeIncomplete,
        Self::SourceIncomplete,
        Self::CoverageGap,
        Self::LoadDisagrees,
        Self::MessagesTooVarious,
    ];

    /// The public name.
    pub fn name(self) -> &'static str {
        match self {
            Self::SourceUnreadable => "source-unreadable",
            Self::SourceNotUnderstood => "source-not-understood",
            Self::SourceDuplicate => "source-duplicate",
            Self::ArchiveDamaged => "archive-damaged",
            Self::ExpansionTooLarge => "expansion-too-large",
            Self::TextUndecodable => "text-undecodable",
            Self::RecordTooLong => "record-too-long",
            Self::EvtxHeaderDamaged => "evtx-header-damaged",
            Self::EvtxChunkDamaged => "evtx-chunk-damaged",
            Self::EvtxRecordDamaged => "evtx-record-damaged",
            Self::EvtxRecordRecovered => "evtx-record-recovered",
            Self::EvtxOpen => "evtx-open",
            Self::EvtxHeaderStale => "evtx-header-stale",
            Self::RecordNumbersJump => "record-numbers-jump",
            Self::EvtxTruncated => "evtx-truncated",
            Self::RecordMalformed => "record-malformed",
            Self::TimeUnreadable => "time-unreadable",
            Self::ZoneAssumed => "zone-assumed",
            Self::DateAssumed => "date-assumed",
            Self::TimeAmbiguous => "time-ambiguous",
            Self::ClockStep => "clock-step",
            Self::HostAssumed => "host-assumed",
            Self::EventDuplicate => "event-duplicate",
            Self::HostNameShared => "host-name-shared",
            Self::ChangeIncomplete => "change-incomplete",
            Self::SourceIncomplete => "source-incomplete",
            Self::CoverageGap => "coverage-gap",
            Self::LoadDisagrees => "load-disagrees",
            Self::MessagesTooVarious => "messages-too-various",
        }
    }
}

/// One defect at one place, or several of one kind whose first place is this.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// What is wrong.
    pub code: Code,
    /// The path of the source, as reports name it.
    pub path: String,
    /// The place in it, where there is one.
    pub place: Option<Provenance>,
    /// How many times.
    pub count: u64,
    /// What exactly, in a few words, without log text that could be hostile to a terminal.
    pub detail: String,
}

impl Diagnostic {
    /// One defect of the source at `path`.
    pub fn new(code: Code, path: &str, place: Option<Provenance>, detail: impl Into<String>) -> Self {
        Self { code, path: path.to_owned(), place, count: 1, detail: detail.into() }
    }
}

/// Gathers diagnostics so that a million equal defects cost one entry.
#[derive(Debug, Default)]
pub struct Diagnostics {
    entries: std::collections::BTreeMap<(Code, String), Diagnostic>,
}

impl Diagnostics {
    /// Returns an empty collection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one; of equal code and path the first keeps its place and detail, the counts add up.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        let key = (diagnostic.code, diagnostic.path.clone());
        self.entries.entry(key).and_modify(|known| known.count += diagnostic.count).or_insert(diagnostic);
    }

    /// Adds all of another collection.
    pub fn extend(&mut self, others: impl IntoIterator<Item = Diagnostic>) {
        for diagnostic in others {
            self.push(diagnostic);
        }
    }

    /// Returns all, by code and path.
    pub fn into_vec(self) -> Vec<Diagnostic> {
        self.entries.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
    }
}
