//! What is counted while a source is read.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostics;
use crate::model::{Name, NumberRun, Timestamp};

/// Counts by host and hour, and the balance.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) n_kept: u64,
    pub(super) n_irrelevant: u64,
    pub(super) n_damaged: u64,
    pub(super) span: Option<(Timestamp, Timestamp)>,
    pub(super) hours: BTreeMap<(Name, i64), u64>,
    /// The numbers of records by host and channel, in lower case.
    pub(super) numbers: BTreeMap<(Name, Name), Vec<NumberRun>>,
    /// The host and hour of the last records, and how many there were.
    current: Option<(Name, i64, u64)>,
    pub(super) diagnostics: Diagnostics,
}

impl Tally {
    pub(super) fn span_to(&mut self, at: Timestamp) {
        self.span = Some(self.span.map_or((at, at), |(start, end)| (start.min(at), end.max(at))));
    }

    pub(super) fn see(&mut self, at: Timestamp, host: &Name) {
        self.span_to(at);
        let hour = at.hour();
        // Records follow each other in time: mostly it is the host and hour of the last one.
        if let Some((_, _, n)) = self.current.as_mut().filter(|(own, of, _)| *of == hour && Name::ptr_eq(own, host)) {
            *n += 1;
            return;
        }
        self.settle_hour();
        self.current = Some((Name::clone(host), hour, 1));
    }

    /// Takes the number of a record of a log.
    pub(super) fn number(&mut self, host: &Name, channel: &Name, number: u64, at: Timestamp) {
        let runs = match self.numbers.get_mut(&(host.clone(), channel.clone())) {
            Some(runs) => runs,
            None => self.numbers.entry((host.clone(), channel.clone())).or_default(),
        };
        NumberRun::add(runs, number, at);
    }

    /// Writes down the hour that is being counted.
    pub(super) fn settle_hour(&mut self) {
        if let Some((host, hour, n)) = self.current.take() {
            *self.hours.entry((host, hour)).or_default() += n;
        }
    }
}
