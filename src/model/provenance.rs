//! Where in the input a statement comes from, precisely enough to find it again.

/// The number of a source within one run, in the order of its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

/// A place inside a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Position {
    /// The number that the record carries itself (`EventRecordID`).
    Record(u64),
    /// The line on which the record begins, counted from 1; for tables without line breaks the row.
    Line(u64),
    /// The byte at which the record begins.
    Offset(u64),
}

/// One record of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Provenance {
    /// The source.
    pub source: SourceId,
    /// The place in it.
    pub position: Position,
}
