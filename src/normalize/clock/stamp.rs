//! Reads the stamps that logs carry, by fixed offset and without regular expressions.
//!
//! A stamp is tried at the beginning of a text, in the order from the most to the least common. What
//! costs in a log file is reading dates, so no form allocates.

use super::Civil;
use crate::model::time::{TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_SECOND};

/// Which of two numbers before a year is the day, where a form leaves that open (`03/04/2022`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateOrder {
    /// 3 April.
    DayFirst,
    /// March 4.
    MonthFirst,
}

/// A stamp as it stands in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The wall-clock time.
    pub civil: Civil,
    /// How many seconds that clock is ahead of UTC, where the stamp says so.
    pub offset_s: Option<i32>,
    /// Whether the stamp names a year; without one, `civil` lies in the leap year 1972.
    pub has_year: bool,
    /// Whether the stamp names a time of day; without one, `civil` is midnight.
    pub has_time: bool,
}

impl Stamp {
    /// Returns the same day and time in `year`; 29 February becomes 1 March where there is none.
    #[must_use]
    pub fn in_year(self, year: i64) -> Self {
        let days = self.civil.0.div_euclid(TICKS_PER_DAY);
        let (_, month, day) = civil_from_days(days);
        let moved = days_from_civil(year, month, day);
        Self { civil: Civil(self.civil.0 + (moved - days) * TICKS_PER_DAY), has_year: true, ..self }
    }
}

/// Reads the stamp at the beginning of `text`; also returns its length in bytes.
pub fn stamp(text: &str, order: DateOrder) -> Option<(Stamp, usize)> {
    let mut scan = Scan { bytes: text.as_bytes(), at: 0 };
    let (days, has_year) = match scan.bytes.first()? {
        b'0'..=b'9' => scan.numeric_date(order)?,
        _ => return scan.named_date(),
    };
    let has_time = scan.time_follows();
    let (ticks, offset_s) = if has_time { scan.time()? } else { (0, None) };
    Some((Stamp { civil: Civil(days * TICKS_PER_DAY + ticks), offset_s, has_year, has_time }, scan.at))
}

/// Reads a time of day (`08:15`, `08:15:01.123`, `8:15:01 PM`) as ticks since midnight, and its length.
pub fn day_ticks(text: &str) -> Option<(i64, usize)> {
    let mut scan = Scan { bytes: text.as_bytes(), at: 0 };
    let (ticks, _) = scan.time()?;
    Some((ticks, scan.at))
}

/// Finds a date in a file name: `Profile-20220822.log`, `u_ex220822.log`, `app-2022-08-22.log`.
///
/// Returns days since 1970; `None` if no run of digits is a date after 1990 and before 2100.
pub fn date_in_name(name: &str) -> Option<i64> {
    let bytes = name.as_bytes();
    let digits = |from: usize, to: usize| -> Option<i64> {
        let part = bytes.get(from..to)?;
        part.iter().all(u8::is_ascii_digit).then(|| part.iter().fold(0, |n, b| n * 10 + i64::from(b - b'0')))
    };
    let sane = |year: i64, month: i64, day: i64| {
        (1990..2100).contains(&year).then(|| checked_days(year, month, day)).flatten()
    };
    let mut start = 0;
    while start < bytes.len() {
        if !bytes[start].is_ascii_digit() {
            start += 1;
            continue;
        }
        let len = bytes[start..].iter().take_while(|b| b.is_ascii_digit()).count();
        let found = match len {
            8.. => sane(digits(start, start + 4)?, digits(start + 4, start + 6)?, digits(start + 6, start + 8)?),
            6 => sane(2000 + digits(start, start + 2)?, digits(start + 2, start + 4)?, digits(start + 4, start + 6)?),
            4 if matches!(bytes.get(start + 4), Some(b'-' | b'_' | b'.')) => {
                match (digits(start, start + 4), digits(start + 5, start + 7), digits(start + 8, start + 10)) {
                    (Some(year), Some(month), Some(day)) => sane(year, month, day),
                    _ => None,
                }
            }
            _ => None,
        };
        if found.is_some() {
            return found;
        }
        start += len;
    }
    None
}

/// Days since 1970-01-01 of a day in the Gregorian calendar.
///
/// Reference: H. Hinnant, "chrono-compatible low-level date algorithms", `days_from_civil`.
pub fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The year in which a day since 1970-01-01 lies.
pub fn year_of(days: i64) -> i64 {
    civil_from_days(days).0
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day_of_year - (153 * month_index + 2) / 5 + 1)
}

fn checked_days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    (1..=last).contains(&day).then(|| days_from_civil(year, month, day))
}

/// Month names and their usual abbreviations; German and French ones where they differ.
fn month_by_name(word: &[u8]) -> Option<i64> {
    let first = word.get(..3)?.to_ascii_lowercase();
    let month = match first.as_slice() {
        b"jan" => 1,
        b"feb" | b"fev" => 2,
        b"mar" | b"mrz" => 3,
        b"apr" | b"avr" => 4,
        b"may" | b"mai" => 5,
        b"jun" => 6,
        b"jul" => 7,
        b"aug" => 8,
        b"sep" => 9,
        b"oct" | b"okt" => 10,
        b"nov" => 11,
        b"dec" | b"dez" => 12,
        _ => return None,
    };
    Some(month)
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn eat(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    /// A number of `least` to `most` digits, and how many it had.
    fn number(&mut self, least: usize, most: usize) -> Option<(i64, usize)> {
        let len = self.bytes[self.at..].iter().take(most).take_while(|b| b.is_ascii_digit()).count();
        if len < least {
            return None;
        }
        let value = self.bytes[self.at..self.at + len].iter().fold(0, |n, b| n * 10 + i64::from(b - b'0'));
        self.at += len;
        Some((value, len))
    }

    /// A word of letters of at least three.
    fn word(&mut self) -> Option<&[u8]> {
        let start = self.at;
        let len = self.bytes[start..].iter().take_while(|b| b.is_ascii_alphabetic()).count();
        self.at += len;
        (len >= 3).then(|| &self.bytes[start..start + len])
    }

    fn month(&mut self) -> Option<i64> {
        month_by_name(self.word()?)
    }

    fn numeric_date(&mut self, order: DateOrder) -> Option<(i64, bool)> {
        let (first, len) = self.number(1, 8)?;
        let days = match (len, self.peek()) {
            (8, _) => checked_days(first / 10_000, first / 100 % 100, first % 100)?,
            // `081109 203615`: a day without separators is only believed before a time alike.
            (6, Some(b' ')) if self.bytes.get(self.at + 1..self.at + 7)?.iter().all(u8::is_ascii_digit) => {
                checked_days(2000 + first / 10_000, first / 100 % 100, first % 100)?
            }
            (4, Some(separator @ (b'-' | b'/' | b'.'))) => {
                self.at += 1;
                let (month, _) = self.number(1, 2)?;
                if !self.eat(separator) {
                    return None;
                }
                let (day, _) = self.number(1, 2)?;
                checked_days(first, month, day)?
            }
            (1 | 2, Some(separator @ (b'/' | b'.' | b'-' | b' '))) => {
                self.at += 1;
                if self.peek()?.is_ascii_alphabetic() {
                    let month = self.month()?;
                    self.eat(b'.');
                    if !self.eat(separator) && !self.eat(b' ') {
                        return None;
                    }
                    let (year, _) = self.number(4, 4)?;
                    return Some((checked_days(year, month, first)?, true));
                }
                if separator == b' ' {
                    return None;
                }
                let (second, _) = self.number(1, 2)?;
                if !self.eat(separator) {
                    return None;
                }
                let (third, third_len) = self.number(2, 4)?;
                if third_len == 2 && separator == b'/' {
                    checked_days(2000 + first, second, third)?
                } else {
                    let year = if third_len == 4 { third } else { 2000 + third };
                    let day_first = separator == b'.' || order == DateOrder::DayFirst;
                    let (day, month) = if day_first { (first, second) } else { (second, first) };
                    checked_days(year, month, day)?
                }
            }
            _ => return None,
        };
        Some((days, true))
    }

    /// `Aug 22 08:15:01`, `Mon Aug 22 08:15:01 CEST 2022`, `Mon, 22 Aug 2022 08:15:01 +0200`.
    fn named_date(&mut self) -> Option<(Stamp, usize)> {
        let mut month = month_by_name(self.word()?);
        if month.is_none() {
            self.eat(b',');
            if !self.eat(b' ') {
                return None;
            }
            if self.peek()?.is_ascii_digit() {
                let (days, has_year) = self.numeric_date(DateOrder::DayFirst)?;
                let has_time = self.time_follows();
                let (ticks, offset_s) = if has_time { self.time()? } else { (0, None) };
                let civil = Civil(days * TICKS_PER_DAY + ticks);
                return Some((Stamp { civil, offset_s, has_year, has_time }, self.at));
            }
            month = self.month();
        }
        let month = month?;
        self.eat(b' ');
        self.eat(b' ');
        let (day, _) = self.number(1, 2)?;
        self.eat(b',');
        if !self.eat(b' ') {
            return None;
        }
        let mut year = None;
        if self.bytes.get(self.at + 4) == Some(&b' ') && self.bytes[self.at..self.at + 4].iter().all(u8::is_ascii_digit)
        {
            year = Some(self.number(4, 4)?.0);
            self.at += 1;
        }
        let (ticks, mut offset_s) = self.time()?;
        if year.is_none() {
            // A zone's abbreviation may stand before the year; it is no use beyond UTC, for many share one.
            let before = self.at;
            if self.eat(b' ') {
                let rest = &self.bytes[self.at..];
                let letters = rest.iter().take_while(|b| b.is_ascii_uppercase()).count();
                if (3..=4).contains(&letters) && rest.get(letters) == Some(&b' ') {
                    if matches!(&rest[..letters], b"UTC" | b"GMT") {
                        offset_s = Some(0);
                    }
                    self.at += letters + 1;
                }
                let year_ends = self.bytes.get(self.at + 4).is_none_or(|b| !b.is_ascii_alphanumeric() && *b != b'.');
                match self.number(4, 4) {
                    Some((found, _)) if year_ends && (1970..2100).contains(&found) => year = Some(found),
                    _ => self.at = before,
                }
            }
        }
        let days = checked_days(year.unwrap_or(1972), month, day)?;
        let civil = Civil(days * TICKS_PER_DAY + ticks);
        Some((Stamp { civil, offset_s, has_year: year.is_some(), has_time: true }, self.at))
    }

    /// Steps over what stands between a date and a time, if a time follows.
    fn time_follows(&mut self) -> bool {
        let mut at = self.at;
        let mut n_between = 0;
        while let Some(b'T' | b't' | b' ' | b'_' | b':' | b',' | b'\t' | b'-') = self.bytes.get(at)
            && n_between < 3
        {
            at += 1;
            n_between += 1;
        }
        let rest = &self.bytes[at.min(self.bytes.len())..];
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let colon = rest.get(digits) == Some(&b':') && rest.get(digits + 1).is_some_and(u8::is_ascii_digit);
        let follows = n_between > 0 && (((1..=2).contains(&digits) && colon) || digits == 6);
        if follows {
            self.at = at;
        }
        follows
    }

    /// A time of day with fraction, half of the day and offset.
    fn time(&mut self) -> Option<(i64, Option<i32>)> {
        let digits = self.bytes[self.at..].iter().take_while(|b| b.is_ascii_digit()).count();
        let (mut hour, minute, second) = if digits == 6 {
            let (packed, _) = self.number(6, 6)?;
            (packed / 10_000, packed / 100 % 100, packed % 100)
        } else {
            let (hour, _) = self.number(1, 2)?;
            if !self.eat(b':') {
                return None;
            }
            let (minute, _) = self.number(2, 2)?;
            let second = if self.eat(b':') { self.number(2, 2)?.0 } else { 0 };
            (hour, minute, second)
        };
        let fraction = self.fraction();
        self.half_of_day(&mut hour)?;
        // Second 60 is a leap second: the clock of the log shows it, UTC ticks on.
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let ticks = hour * TICKS_PER_HOUR + (minute * 60 + second) * TICKS_PER_SECOND + fraction;
        Some((ticks, self.offset()))
    }

    /// Digits behind the second, in ticks; further ones are cut.
    fn fraction(&mut self) -> i64 {
        if !matches!(self.peek(), Some(b'.' | b',')) || !self.bytes.get(self.at + 1).is_some_and(u8::is_ascii_digit) {
            return 0;
        }
        self.at += 1;
        let mut ticks = 0;
        let mut unit = TICKS_PER_SECOND / 10;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            ticks += i64::from(digit - b'0') * unit;
            unit /= 10;
            self.at += 1;
        }
        ticks
    }

    /// `AM` and `PM`; `None` if the hour does not fit them.
    fn half_of_day(&mut self, hour: &mut i64) -> Option<()> {
        let at = self.at + usize::from(self.peek() == Some(b' '));
        let Some(&[half, m]) = self.bytes.get(at..at + 2) else { return Some(()) };
        let ends = self.bytes.get(at + 2).is_none_or(|b| !b.is_ascii_alphanumeric());
        let half = half.to_ascii_uppercase();
        if !ends || !m.eq_ignore_ascii_case(&b'M') || !matches!(half, b'A' | b'P') {
            return Some(());
        }
        if !(1..=12).contains(hour) {
            return None;
        }
        *hour = *hour % 12 + if half == b'P' { 12 } else { 0 };
        self.at = at + 2;
        Some(())
    }

    /// `Z`, `+02:00`, ` +0200`, ` UTC`.
    fn offset(&mut self) -> Option<i32> {
        let at = self.at + usize::from(self.peek() == Some(b' '));
        let rest = self.bytes.get(at..)?;
        if at == self.at && matches!(rest.first(), Some(b'Z')) {
            self.at += 1;
            return Some(0);
        }
        if rest.starts_with(b"UTC") || rest.starts_with(b"GMT") {
            self.at = at + 3;
            return Some(0);
        }
        let sign = match rest.first()? {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let mut scan = Scan { bytes: self.bytes, at: at + 1 };
        let (hours, _) = scan.number(2, 2)?;
        scan.eat(b':');
        let (minutes, _) = scan.number(2, 2)?;
        if hours > 15 || minutes > 59 || scan.peek().is_some_and(|b| b.is_ascii_alphanumeric()) {
            return None;
        }
        self.at = scan.at;
        i32::try_from(sign * (hours * 3_600 + minutes * 60)).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Timestamp;

    fn shown(text: &str) -> Option<(String, Option<i32>, usize)> {
        let (stamp, len) = stamp(text, DateOrder::MonthFirst)?;
        Some((Timestamp(stamp.civil.0).to_string(), stamp.offset_s, len))
    }

    #[test]
    fn every_usual_form_is_read() {
        for (text, wanted, offset_s) in [
            ("2022-08-22 08:15:01,123 [7] x", "2022-08-22T08:15:01.123Z", None),
            ("2022-08-22T08:15:01.1234567Z", "2022-08-22T08:15:01.1234567Z", Some(0)),
            ("2022-08-22T08:15:01+02:00", "2022-08-22T08:15:01Z", Some(7_200)),
            ("2022-08-22 08:15:01.5 -07:30 [INF]", "2022-08-22T08:15:01.5Z", Some(-27_000)),
            ("2022/08/22 08:15:01", "2022-08-22T08:15:01Z", None),
            ("22/Aug/2022:08:15:01 +0200", "2022-08-22T08:15:01Z", Some(7_200)),
            ("22.08.2022 08:15", "2022-08-22T08:15:00Z", None),
            ("8/22/2022 8:15:01 PM", "2022-08-22T20:15:01Z", None),
            ("08/22/2022 08:15:01.250", "2022-08-22T08:15:01.25Z", None),
            ("17/06/09 20:10:40 INFO", "2017-06-09T20:10:40Z", None),
            ("081109 203615 148 INFO", "2008-11-09T20:36:15Z", None),
            ("20220822T081501Z", "2022-08-22T08:15:01Z", Some(0)),
            ("Mon Aug 22 08:15:01 2022", "2022-08-22T08:15:01Z", None),
            ("Wed May 19 12:00:02 UTC 2021 line", "2021-05-19T12:00:02Z", Some(0)),
            ("Mon, 22 Aug 2022 08:15:01 +0200", "2022-08-22T08:15:01Z", Some(7_200)),
            ("Aug 22 2022 08:15:01 x", "2022-08-22T08:15:01Z", None),
            ("22. Aug. 2022", "", None),
            ("22 août 2022", "", None),
        ] {
            match shown(text) {
                Some((at, offset, _)) => assert_eq!((at.as_str(), offset), (wanted, offset_s), "{text}"),
                None => assert_eq!(wanted, "", "{text}"),
            }
        }
    }

    #[test]
    fn a_missing_year_or_time_is_said() {
        let (found, len) = stamp("Aug  2 08:15:01 host sshd", DateOrder::DayFirst).unwrap();
        assert!(!found.has_year && len == 15);
        assert_eq!(Timestamp(found.in_year(2022).civil.0).to_string(), "2022-08-02T08:15:01Z");
        let (found, _) = stamp("2022-08-22", DateOrder::DayFirst).unwrap();
        assert!(!found.has_time);
    }

    #[test]
    fn what_is_no_stamp_is_none() {
        for text in ["", "hello", "2022-13-01 00:00:00", "2022-02-29 00:00:00", "12345", "1.2.3.4 - -", "99:99", "Mon"]
        {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    #[test]
    fn file_names_tell_the_date() {
        for (name, date) in [
            ("Profile-20220822.log", "2022-08-22"),
            ("u_ex220822.log", "2022-08-22"),
            ("app-2022-08-22.log", "2022-08-22"),
            ("RDS01.log", ""),
            ("access.log.12345678", ""),
        ] {
            let found = date_in_name(name).map(|days| Timestamp(days * TICKS_PER_DAY).to_string()[..10].to_owned());
            assert_eq!(found.as_deref().unwrap_or(""), date, "{name}");
        }
    }

    proptest! {
        #[test]
        fn iso_stamps_agree_with_the_calendar_library(seconds in -2_000_000_000i64..4_000_000_000, ticks in 0i64..10_000_000) {
            let at = Timestamp(seconds * TICKS_PER_SECOND + ticks);
            let text = at.to_string();
            let (found, len) = stamp(&text, DateOrder::DayFirst).unwrap();
            prop_assert_eq!(found.civil.0, at.0);
            prop_assert_eq!(len, text.len());
        }

        #[test]
        fn clf_stamps_agree_with_the_calendar_library(seconds in 0i64..4_000_000_000) {
            let text = jiff::Timestamp::from_second(seconds).unwrap().strftime("%d/%b/%Y:%H:%M:%S +0000").to_string();
            let (found, _) = stamp(&text, DateOrder::MonthFirst).unwrap();
            prop_assert_eq!(found.civil.0, seconds * TICKS_PER_SECOND);
        }

        #[test]
        fn any_text_at_all_is_survived(text in "\\PC{0,40}") {
            let _ = stamp(&text, DateOrder::DayFirst);
            let _ = day_ticks(&text);
            let _ = date_in_name(&text);
        }

        #[test]
        fn near_stamps_are_survived(text in "[0-9A-Za-z:/. ,+-]{0,32}") {
            let _ = stamp(&text, DateOrder::DayFirst);
            let _ = date_in_name(&text);
        }
    }
}
