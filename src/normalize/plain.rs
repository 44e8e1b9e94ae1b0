//! The parser of formats whose lines each tell all about themselves.

use super::clock::{Civil, DateOrder, Stamp, days_from_civil, year_of};
use super::file::FileFacts;
use super::format::{Context, Entry, Handle, LineOutcome, Parser, Said};
use crate::diagnostic::Code;
use crate::model::time::{TICKS_PER_DAY, TICKS_PER_HOUR};
use crate::read::{Body, Record};

/// A fall or rise by more than half a year is the turn of a year.
const HALF_YEAR_DAYS: i64 = 183;
/// Lines of several threads are out of order by less.
const LATE_DAYS: i64 = 2;
/// A rise by more is midnight, seen from behind.
const LATE_TICKS: i64 = 23 * TICKS_PER_HOUR;
const NO_DAY: &str = "a time without day: none stands in the file's name, and none in a line before";

/// Takes each record by its first line; the others are its detail.
pub(crate) struct Plain {
    format: Handle,
    order: DateOrder,
    /// The year of stamps without one; the leap year 1972 stands for unknown.
    year: i64,
    /// The date in the file's name.
    file_date: Option<i64>,
    last_days: Option<i64>,
    /// What the clock last showed, where a day was known: of stamps without a day.
    last_civil: Option<Civil>,
    /// The last day and year that met, and how far that moves a stamp: mostly it is those of the line before.
    moved: ((i64, i64), i64),
    /// Whether a turn of the year was seen.
    has_turned: bool,
}

impl Plain {
    /// Returns the parser of one source of that format.
    pub(crate) fn new(format: impl Into<Handle>, file: &FileFacts) -> Self {
        let year = file.date.map_or(1972, year_of);
        Self {
            format: format.into(),
            order: file.date_order.unwrap_or(DateOrder::MonthFirst),
            year,
            file_date: file.date,
            last_days: None,
            last_civil: None,
            moved: ((0, 1970), 0),
            has_turned: false,
        }
    }

    /// Returns it for a source that writes its dates in that order.
    pub(crate) fn with_order(self, order: DateOrder) -> Self {
        Self { order, ..self }
    }

    /// Puts the instant into what an entry says, and the lines behind the first one where there are any.
    pub(crate) fn placed<'r>(&mut self, mut entry: Entry<'r>, detail: &'r str, context: &mut Context<'_>) -> Said<'r> {
        let (at, trust) = if !entry.stamp.has_date {
            let Some(stamp) = self.with_day(entry.stamp) else {
                return LineOutcome::Damaged(Code::TimeUnreadable, NO_DAY).into();
            };
            context.clock.instant(stamp)
        } else if entry.stamp.has_year {
            self.last_civil = Some(entry.stamp.civil);
            context.clock.instant(entry.stamp)
        } else {
            let stamp = self.with_year(entry.stamp);
            let is_known = self.file_date.is_some();
            if is_known { context.clock.instant(stamp) } else { context.clock.without_year(stamp) }
        };
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

    /// Puts the day in: that of the line before, first that in the file's name; a fall by half a day is midnight.
    fn with_day(&mut self, stamp: Stamp) -> Option<Stamp> {
        let ticks = stamp.civil.0;
        let full = |day: i64| Stamp { civil: Civil(day * TICKS_PER_DAY + ticks), has_date: true, ..stamp };
        let found = match self.last_civil {
            None => full(self.file_date?),
            Some(Civil(last)) => {
                let (day, last_ticks) = (last.div_euclid(TICKS_PER_DAY), last.rem_euclid(TICKS_PER_DAY));
                if ticks - last_ticks > LATE_TICKS {
                    // A line of the day before, written a moment late.
                    return Some(full(day - 1));
                }
                full(if last_ticks - ticks > TICKS_PER_DAY / 2 { day + 1 } else { day })
            }
        };
        self.last_civil = Some(found.civil);
        Some(found)
    }

    fn in_year(&mut self, stamp: Stamp) -> Stamp {
        let key = (stamp.civil.0.div_euclid(TICKS_PER_DAY), self.year);
        if self.moved.0 != key {
            self.moved = (key, stamp.in_year(self.year).civil.0 - stamp.civil.0);
        }
        Stamp { civil: Civil(stamp.civil.0 + self.moved.1), has_year: true, ..stamp }
    }

    /// Puts the year in; a fall by more than half a year is the turn of the year.
    fn with_year(&mut self, stamp: Stamp) -> Stamp {
        let day_of = |stamp: Stamp| stamp.civil.0.div_euclid(TICKS_PER_DAY);
        let mut full = self.in_year(stamp);
        let days = day_of(full);
        match self.last_days {
            // The name is given when a file begins or when it is full: in January it may hold December.
            None if self.file_date.is_some_and(|date| days - date > HALF_YEAR_DAYS) => {
                self.year -= 1;
                full = stamp.in_year(self.year);
            }
            Some(last) if last - days > HALF_YEAR_DAYS => {
                self.year += 1;
                self.has_turned = true;
                full = stamp.in_year(self.year);
            }
            // Behind the turn of the year a line of another thread may still be of the old one.
            Some(last) if self.has_turned && days - last > HALF_YEAR_DAYS => {
                let late = stamp.in_year(self.year - 1);
                if last - day_of(late) <= LATE_DAYS {
                    return late;
                }
            }
            _ => {}
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
