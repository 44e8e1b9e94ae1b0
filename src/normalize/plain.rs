//! The parser of formats whose lines each tell all about themselves.

use super::clock::{DateOrder, Stamp, days_from_civil, year_of};
use super::file::FileFacts;
use super::format::{Context, Entry, Handle, LineOutcome, Parser, Said};
use crate::model::time::TICKS_PER_DAY;
use crate::read::{Body, Record};

/// Takes each record by its first line; the others are its detail.
pub(crate) struct Plain {
    format: Handle,
    order: DateOrder,
    /// The year of stamps without one; the leap year 1972 stands for unknown.
    year: i64,
    last_days: Option<i64>,
}

impl Plain {
    /// Returns the parser of one source of that format.
    pub(crate) fn new(format: impl Into<Handle>, file: &FileFacts) -> Self {
        let year = file.date.map_or(1972, year_of);
        Self { format: format.into(), order: DateOrder::MonthFirst, year, last_days: None }
    }

    /// Learns from the first records how the source writes its dates.
    ///
    /// `13/04/2022` can only be a day first: where the months do not fit all lines, days come first.
    pub(crate) fn learning(mut self, first: &[Record<'_>]) -> Self {
        let fits = |order| {
            let parses = |text: &str| self.format.parse(text, order).is_some();
            first.iter().filter(|record| matches!(&record.body, Body::Text(text) if parses(text))).count()
        };
        if fits(DateOrder::DayFirst) > fits(DateOrder::MonthFirst) {
            self.order = DateOrder::DayFirst;
        }
        self
    }

    /// Puts the instant into what an entry says, and the lines behind the first one where there are any.
    pub(crate) fn placed<'r>(&mut self, mut entry: Entry<'r>, detail: &'r str, context: &mut Context<'_>) -> Said<'r> {
        let stamp = self.with_year(entry.stamp);
        let (at, trust) = context.clock.instant(stamp);
        match &mut entry.said {
            Said::Message(line) => {
                line.at = (at, Some(trust));
                if !detail.is_empty() {
                    line.detail = detail;
                }
            }
            Said::Request(request) => request.at = (at, Some(trust)),
            Said::Several(_) | Said::Done(_) => {}
        }
        entry.said
    }

    /// Puts the year in; a fall by more than half a year is the turn of the year.
    fn with_year(&mut self, stamp: Stamp) -> Stamp {
        if stamp.has_year {
            return stamp;
        }
        let mut full = stamp.in_year(self.year);
        let days = full.civil.0.div_euclid(TICKS_PER_DAY);
        if self.last_days.is_some_and(|last| last - days > 183) {
            self.year += 1;
            full = stamp.in_year(self.year);
        }
        self.last_days = Some(full.civil.0.div_euclid(TICKS_PER_DAY).max(days_from_civil(self.year, 1, 1)));
        full
    }
}

impl Parser for Plain {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        let Body::Text(text) = &record.body else { return LineOutcome::Foreign.into() };
        let (first, detail) = match memchr::memchr(b'\n', text.as_bytes()) {
            Some(end) => (&text[..end], &text[end + 1..]),
            None => (&**text, ""),
        };
        let Some(entry) = self.format.parse(first, self.order) else { return LineOutcome::Foreign.into() };
        self.placed(entry, detail, context)
    }
}
