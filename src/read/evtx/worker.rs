//! What one worker keeps from chunk to chunk: texts, templates, which kinds of records are wanted,
//! and the counts of those that are not.

use std::collections::BTreeMap;

use super::dictionary::{Code, Dictionary};
use super::template::Library;
use super::values::Slot;
use crate::model::{HourCount, Timestamp};
use crate::read::Selection;
use crate::read::selection::Fields;

/// Kinds met last; a power of two.
const N_RECENT: usize = 256;

/// The state of a worker.
#[derive(Debug, Default)]
pub(super) struct Worker {
    /// The texts of rows and names of data.
    pub(super) dictionary: Dictionary,
    /// The templates.
    pub(super) library: Library,
    /// The kinds of records.
    pub(super) kinds: Kinds,
    /// When records were written that nobody wants.
    pub(super) hours: Hours,
    /// Room for the substitution arrays of a record.
    pub(super) slots: Vec<Slot>,
    /// The counts of dictionaries that are gone.
    settled: Counts,
}

/// Records that nobody wants, counted.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// By provider and event id.
    pub(super) by_kind: BTreeMap<(String, u32), u64>,
    /// By host, channel and hour since 1970.
    pub(super) by_hour: BTreeMap<(String, String, i64), HourCount>,
    /// First and last instant.
    pub(super) span: Option<(Timestamp, Timestamp)>,
}

impl Worker {
    /// Begins anew if the texts take too much; the counts stay.
    pub(super) fn tidy(&mut self) {
        let is_full = self.kinds.all.len() > MAX_COUNTS || self.hours.counts.len() > MAX_COUNTS;
        if is_full || self.dictionary.is_full() || self.library.is_full() {
            self.settle();
            let settled = std::mem::take(&mut self.settled);
            *self = Self { settled, ..Self::default() };
        }
    }

    /// Returns what was counted.
    pub(super) fn into_counts(mut self) -> Counts {
        self.settle();
        self.settled
    }

    fn settle(&mut self) {
        let dictionary = &self.dictionary;
        let text = |code| dictionary.text(code).map_or(String::new(), ToString::to_string);
        for kind in self.kinds.all.iter().filter(|kind| kind.n_unwanted > 0) {
            add(&mut self.settled.by_kind, (text(kind.provider), kind.event_id), kind.n_unwanted);
        }
        self.hours.settle_last();
        for (((computer, channel), hour), count) in &self.hours.counts {
            join(&mut self.settled.by_hour, (text(*computer), text(*channel), *hour), *count);
        }
        self.settled.span = joined(self.settled.span, self.hours.span);
    }
}

/// Kinds, and hours of hosts, that are counted one by one; sound logs have some thousand.
const MAX_COUNTS: usize = 1 << 18;

/// Adds to a count. What is new beyond the bound is counted under the empty name.
pub(super) fn add(counts: &mut BTreeMap<(String, u32), u64>, key: (String, u32), count: u64) {
    let is_beyond = counts.len() >= MAX_COUNTS && !counts.contains_key(&key);
    *counts.entry(if is_beyond { Default::default() } else { key }).or_default() += count;
}

/// Adds to the count of an hour; hours beyond the bound are of no sound log, and cover nothing.
pub(super) fn join(
    counts: &mut BTreeMap<(String, String, i64), HourCount>,
    key: (String, String, i64),
    count: HourCount,
) {
    if counts.len() < MAX_COUNTS || counts.contains_key(&key) {
        count.add_to(counts, key);
    }
}

/// The span that covers two others.
pub(super) fn joined(
    one: Option<(Timestamp, Timestamp)>,
    other: Option<(Timestamp, Timestamp)>,
) -> Option<(Timestamp, Timestamp)> {
    match (one, other) {
        (Some((first, last)), Some((from, to))) => Some((first.min(from), last.max(to))),
        (known, new) => known.or(new),
    }
}

/// The records of one provider and event id.
#[derive(Debug)]
pub(super) struct Kind {
    provider: Code,
    event_id: u32,
    /// Which data are read; `None` if the records are only counted.
    pub(super) fields: Option<Fields>,
    /// How many were only counted.
    pub(super) n_unwanted: u64,
}

/// All kinds met so far, each asked of the selection once.
#[derive(Debug)]
pub(super) struct Kinds {
    all: Vec<Kind>,
    numbers: BTreeMap<(Code, u32), u32>,
    recent: [u32; N_RECENT],
}

impl Default for Kinds {
    fn default() -> Self {
        Self { all: Vec::new(), numbers: BTreeMap::new(), recent: [u32::MAX; N_RECENT] }
    }
}

impl Kinds {
    /// Returns the number of a kind.
    pub(super) fn number(
        &mut self,
        provider: Code,
        event_id: u32,
        selection: &Selection,
        dictionary: &Dictionary,
    ) -> u32 {
        let place = (provider.spread().wrapping_mul(31) ^ event_id as usize) % N_RECENT;
        let recent = self.recent[place];
        if self.all.get(recent as usize).is_some_and(|kind| kind.provider == provider && kind.event_id == event_id) {
            return recent;
        }
        let number = *self.numbers.entry((provider, event_id)).or_insert_with(|| {
            let name = dictionary.text(provider).map_or("", |name| name);
            let fields = selection.fields(name, event_id).cloned();
            self.all.push(Kind { provider, event_id, fields, n_unwanted: 0 });
            self.all.len() as u32 - 1
        });
        self.recent[place] = number;
        number
    }

    /// Returns a kind by its number.
    pub(super) fn get(&self, number: u32) -> &Kind {
        &self.all[number as usize]
    }

    /// The same, to be counted.
    pub(super) fn get_mut(&mut self, number: u32) -> &mut Kind {
        &mut self.all[number as usize]
    }
}

/// Counts by host, channel and hour.
#[derive(Debug, Default)]
pub(super) struct Hours {
    counts: BTreeMap<((Code, Code), i64), HourCount>,
    span: Option<(Timestamp, Timestamp)>,
    /// Host, channel and hour of the last record, and how many in a row had them.
    last: Option<((Code, Code), i64, HourCount)>,
}

impl Hours {
    /// Counts one record of a host and channel.
    pub(super) fn count(&mut self, place: (Code, Code), time: Timestamp) {
        self.span = joined(self.span, Some((time, time)));
        let hour = time.hour();
        match &mut self.last {
            Some((last_place, last_hour, count)) if *last_place == place && *last_hour == hour => {
                count.join(HourCount::of(time));
            }
            _ => {
                self.settle_last();
                self.last = Some((place, hour, HourCount::of(time)));
            }
        }
    }

    fn settle_last(&mut self) {
        if let Some((place, hour, count)) = self.last.take() {
            count.add_to(&mut self.counts, (place, hour));
        }
    }
}
