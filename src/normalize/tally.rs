//! What is counted while a source is read.

use std::collections::BTreeMap;

use crate::diagnostic::Diagnostics;
use crate::model::{HourCount, Hours, Name, NumberRun, Timestamp};

/// So many hosts and channels are counted at once; exports hold those of several, one among the other.
const N_CURRENT: usize = 16;

/// Counts by host, channel and hour, and the balance.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) n_kept: u64,
    pub(super) n_irrelevant: u64,
    pub(super) n_damaged: u64,
    pub(super) span: Option<(Timestamp, Timestamp)>,
    pub(super) hours: Hours,
    /// The numbers of records by host and channel, in lower case.
    pub(super) numbers: BTreeMap<(Name, Name), Vec<NumberRun>>,
    /// The hosts and channels of the last records, all of one hour, and how many there were of each.
    current: Vec<(Name, Name, HourCount)>,
    current_hour: i64,
    pub(super) diagnostics: Diagnostics,
}

impl Tally {
    pub(super) fn span_to(&mut self, at: Timestamp) {
        self.span = Some(self.span.map_or((at, at), |(start, end)| (start.min(at), end.max(at))));
    }

    /// Counts a record of a host and channel; the channel is empty where nothing tells it.
    pub(super) fn see(&mut self, at: Timestamp, host: &Name, channel: &Name) {
        self.span_to(at);
        let hour = at.hour();
        // Records follow each other in time: mostly it is the hour of the last one.
        if hour != self.current_hour || self.current.len() >= N_CURRENT {
            self.settle_hour();
            self.current_hour = hour;
        }
        let is_it = |(of, own, _): &&mut (Name, Name, _)| Name::ptr_eq(of, host) && Name::ptr_eq(own, channel);
        match self.current.iter_mut().find(is_it) {
            Some((_, _, count)) => count.join(HourCount::of(at)),
            None => self.current.push((Name::clone(host), Name::clone(channel), HourCount::of(at))),
        }
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
        for (host, channel, count) in self.current.drain(..) {
            count.add_to(&mut self.hours, (host, channel, self.current_hour));
        }
    }
}
