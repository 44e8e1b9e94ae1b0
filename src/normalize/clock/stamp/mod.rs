//! Reads the stamps that logs carry, by fixed offset and without regular expressions.
//!
//! A stamp is tried at the beginning of a text. Its first bytes tell which family it can be of, so that
//! no text is tried for all of them. What costs in a log file is reading dates, so no form allocates.
//!
//! Which families there are: `iso` (the year first), `numeric` (day or month first), `named` (months and
//! weekdays as words), `count` (numbers of seconds, packed digits), `partial` (no date at all).

mod count;
mod iso;
mod named;
mod numeric;
mod offset;
mod partial;
mod scan;
#[cfg(test)]
mod tests;

pub use partial::StampReader;

use self::scan::Scan;
use super::Civil;
use super::calendar::{civil_from_days, days_from_civil};
use crate::model::time::TICKS_PER_DAY;

/// Which of two numbers before a year is the day, where a form leaves that open (`03/04/2022`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DateOrder {
    /// 3 April.
    DayFirst,
    /// March 4.
    MonthFirst,
    /// 2003, April 22: for years of two digits (`03/04/22`).
    YearFirst,
    /// Not known: the likeliest is taken, and the stamp says which others its numbers allow.
    Open,
}

/// The readings that a date of three numbers allows, and the one that was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Readings {
    possible: u8,
    taken: u8,
}

impl Readings {
    fn bit(order: DateOrder) -> u8 {
        match order {
            DateOrder::DayFirst => 1,
            DateOrder::MonthFirst => 2,
            DateOrder::YearFirst => 4,
            DateOrder::Open => 0,
        }
    }

    /// Returns the readings `possible`, of which `taken` is taken.
    fn new(possible: &[DateOrder], taken: DateOrder) -> Self {
        Self { possible: possible.iter().fold(0, |all, order| all | Self::bit(*order)), taken: Self::bit(taken) }
    }

    /// Whether a date in this order would be one.
    pub fn allow(self, order: DateOrder) -> bool {
        self.possible & Self::bit(order) != 0
    }

    /// The order that was taken.
    pub fn taken(self) -> DateOrder {
        match self.taken {
            1 => DateOrder::DayFirst,
            2 => DateOrder::MonthFirst,
            4 => DateOrder::YearFirst,
            _ => DateOrder::Open,
        }
    }
}

/// A stamp as it stands in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each says one thing of the text, and all can be together")]
pub struct Stamp {
    /// The wall-clock time.
    pub civil: Civil,
    /// How many seconds that clock is ahead of UTC, where the stamp says so.
    pub offset_s: Option<i32>,
    /// Whether the stamp names a year; without one, `civil` lies in the leap year 1972.
    pub has_year: bool,
    /// Whether the stamp names a time of day; without one, `civil` is midnight.
    pub has_time: bool,
    /// Whether the stamp names a day; without one, `civil` lies on 1970-01-01.
    pub has_date: bool,
    /// Whether the stamp names a zone whose name does not tell the offset (`CST`).
    pub has_shared_zone: bool,
    /// The day of the week, 0 for Monday, where a stamp without year names it.
    pub weekday: Option<u8>,
    /// For a date of three numbers read by [`DateOrder::Open`]: what else it can mean.
    pub readings: Readings,
}

impl Stamp {
    /// Returns the stamp of a wall-clock time with day and year whose zone is not said.
    pub fn local(civil: Civil) -> Self {
        Self {
            civil,
            offset_s: None,
            has_year: true,
            has_time: true,
            has_date: true,
            has_shared_zone: false,
            weekday: None,
            readings: Readings::default(),
        }
    }

    /// Returns the stamp of a time in UTC.
    pub fn utc(civil: Civil) -> Self {
        Self { offset_s: Some(0), ..Self::local(civil) }
    }

    /// Whether the text alone does not tell which of its numbers is the day.
    pub fn is_order_open(&self) -> bool {
        self.readings.possible.count_ones() > 1
    }

    /// Returns the same day and time in `year`; 29 February becomes 1 March where there is none.
    #[must_use]
    pub fn in_year(self, year: i64) -> Self {
        let days = self.civil.0.div_euclid(TICKS_PER_DAY);
        let (_, month, day) = civil_from_days(days);
        let moved = days_from_civil(year, month, day);
        Self { civil: Civil(self.civil.0 + (moved - days) * TICKS_PER_DAY), has_year: true, ..self }
    }
}

/// A day as a stamp names it.
#[derive(Clone, Copy)]
struct Day {
    days: i64,
    has_year: bool,
    weekday: Option<u8>,
    readings: Readings,
}

impl Day {
    fn new(days: i64) -> Self {
        Self { days, has_year: true, weekday: None, readings: Readings::default() }
    }
}

/// Reads the stamp at the beginning of `text`; also returns its length in bytes.
///
/// Only what names a day is a stamp here; [`StampReader`] also reads times without one.
#[inline]
pub fn stamp(text: &str, order: DateOrder) -> Option<(Stamp, usize)> {
    let bytes = text.as_bytes();
    if let Some((days, len)) = iso::usual_date(bytes).or_else(|| named::clf_date(bytes)) {
        let mut scan = Scan { bytes, at: len };
        return finish(&mut scan, Day::new(days));
    }
    if let Some(found) = named::syslog_stamp(bytes) {
        return Some(found);
    }
    other(bytes, order)
}

/// All forms but the usual ones.
#[inline(never)]
fn other(bytes: &[u8], order: DateOrder) -> Option<(Stamp, usize)> {
    let mut scan = Scan::new(bytes);
    match bytes.first()? {
        b'@' => count::tai64n(&mut scan),
        b'0'..=b'9' => {
            let digits = scan.n_digits(24);
            match (digits, bytes.get(digits)) {
                (10 | 12.., _) => count::long_number(&mut scan, digits),
                (4, _) => {
                    let day = iso::date(&mut scan)?;
                    time_behind(&mut scan, day)
                }
                (6 | 8, _) => {
                    let day = count::packed_date(&mut scan, digits)?;
                    time_behind(&mut scan, day)
                }
                (1 | 2, Some(_)) => {
                    let is_word = bytes[digits..].iter().take(3).any(|b| b.is_ascii_alphabetic() || *b >= 0x80);
                    let day = match numeric::month_and_day(&mut scan) {
                        Some(day) => day,
                        None if is_word => named::day_first(&mut scan)?,
                        None => numeric::date(&mut scan, order, None)?,
                    };
                    time_behind(&mut scan, day)
                }
                _ => None,
            }
        }
        b'A'..=b'Z' if bytes.get(1).is_some_and(u8::is_ascii_digit) => count::glog(&mut scan),
        _ => named::word_first(&mut scan, order),
    }
}

/// The time behind a day, if there is one.
fn time_behind(scan: &mut Scan<'_>, day: Day) -> Option<(Stamp, usize)> {
    if scan.time_follows() {
        return finish(scan, day);
    }
    let stamp = Stamp { has_time: false, ..bare(day, 0) };
    Some((stamp, scan.at))
}

/// The time that stands here, and the stamp.
#[inline]
fn finish(scan: &mut Scan<'_>, day: Day) -> Option<(Stamp, usize)> {
    let ticks = scan.time_of_day()?;
    let behind = scan.offset();
    let stamp = Stamp { offset_s: behind.offset_s, has_shared_zone: behind.is_shared_name, ..bare(day, ticks) };
    Some((stamp, scan.at))
}

fn bare(day: Day, ticks: i64) -> Stamp {
    Stamp {
        has_year: day.has_year,
        weekday: day.weekday.filter(|_| !day.has_year),
        readings: day.readings,
        ..Stamp::local(Civil(day.days * TICKS_PER_DAY + ticks))
    }
}

/// Reads a time of day (`08:15`, `08:15:01.123`, `8:15:01 PM`) as ticks since midnight, and its length.
pub fn day_ticks(text: &str) -> Option<(i64, usize)> {
    let mut scan = Scan::new(text.as_bytes());
    let ticks = scan.time_of_day()?;
    scan.offset();
    Some((ticks, scan.at))
}
