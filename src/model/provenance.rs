//! Where in the input a statement comes from, precisely enough to find it again.

use super::Timestamp;

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

/// Records of one log whose numbers follow each other: the number and the time of the first and of the last.
///
/// Windows gives each record of a log the next number, so that numbers between two runs are records that are lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NumberRun {
    /// The first record.
    pub first: (u64, Timestamp),
    /// The last record.
    pub last: (u64, Timestamp),
}

impl NumberRun {
    /// Runs of one log beyond this many are no longer told apart: a choice of records, not a log.
    pub const MAX_RUNS: usize = 10_000;

    /// Adds the next record to the runs of its log.
    pub fn add(runs: &mut Vec<Self>, number: u64, at: Timestamp) {
        let has_room = runs.len() < Self::MAX_RUNS;
        match runs.last_mut() {
            Some(run) if run.last.0 == number => {}
            Some(run) if run.last.0.checked_add(1) == Some(number) => run.last = (number, at),
            _ if has_room => runs.push(Self { first: (number, at), last: (number, at) }),
            _ => {}
        }
    }

    /// Adds the runs of the next part of a log.
    pub fn append(runs: &mut Vec<Self>, next: Vec<Self>) {
        for run in next {
            let has_room = runs.len() < Self::MAX_RUNS;
            match runs.last_mut() {
                Some(known) if known.last.0.checked_add(1) == Some(run.first.0) => known.last = run.last,
                _ if has_room => runs.push(run),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_end_where_a_number_is_left_out_and_go_on_over_the_parts_of_a_log() {
        let runs = |numbers: &[u64]| {
            let mut runs = Vec::new();
            for number in numbers {
                NumberRun::add(&mut runs, *number, Timestamp(0));
            }
            runs
        };
        let mut log = runs(&[1, 2, 2, 3, 7, 8]);
        NumberRun::append(&mut log, runs(&[9, 10, 12]));
        // A log of fixed size begins anew at its start: there numbers fall.
        NumberRun::append(&mut log, runs(&[u64::MAX, 0]));
        let found: Vec<(u64, u64)> = log.iter().map(|run| (run.first.0, run.last.0)).collect();
        assert_eq!(found, [(1, 3), (7, 10), (12, 12), (u64::MAX, u64::MAX), (0, 0)]);
        let many: Vec<u64> = (0..30_000).map(|number| number * 2).collect();
        assert_eq!(runs(&many).len(), NumberRun::MAX_RUNS);
    }
}
