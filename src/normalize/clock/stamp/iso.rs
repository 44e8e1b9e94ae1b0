//! Dates that begin with a year of four digits.

use super::scan::{Scan, pair};
use super::{Day, named};
use crate::normalize::clock::calendar::{checked_days, ordinal_days};

/// `2022-08-22` with a time behind it: the day, and where the time begins.
#[inline]
pub(super) fn usual_date(bytes: &[u8]) -> Option<(i64, usize)> {
    let text: &[u8; 14] = bytes.first_chunk()?;
    let is_separator = matches!(text[4], b'-' | b'/' | b'.') && text[7] == text[4];
    if !is_separator || !matches!(text[10], b' ' | b'T') || text[13] != b':' {
        return None;
    }
    let mut bad = 0;
    let century = pair(text, 0, &mut bad);
    let (year, month, day) = (pair(text, 2, &mut bad), pair(text, 5, &mut bad), pair(text, 8, &mut bad));
    if bad != 0 {
        return None;
    }
    Some((checked_days(century * 100 + year, month, day)?, 11))
}

/// `2022-8-2`, `2022-234` (the day of the year), `2022-Aug-22`, `2022 Aug 22`, `2022:08:22-08:15:01`.
pub(super) fn date(scan: &mut Scan<'_>) -> Option<Day> {
    let (year, _) = scan.number(4, 4)?;
    let separator = scan.peek()?;
    if !matches!(separator, b'-' | b'/' | b'.' | b' ' | b':') {
        return None;
    }
    scan.at += 1;
    if scan.peek()?.is_ascii_alphabetic() {
        let month = named::month(scan.word())?;
        if !scan.eat(separator) {
            return None;
        }
        scan.eat(b' ');
        let (day, _) = scan.number(1, 2)?;
        return (separator != b':').then(|| checked_days(year, month, day)).flatten().map(Day::new);
    }
    if separator == b' ' {
        return None;
    }
    if separator == b'-' && scan.n_digits(4) == 3 {
        let (nth, _) = scan.number(3, 3)?;
        // A number alone would be too little to believe.
        return scan.time_follows_here().then(|| ordinal_days(year, nth)).flatten().map(Day::new);
    }
    let (month, _) = scan.number(1, 2)?;
    if !scan.eat(separator) {
        return None;
    }
    let (day, _) = scan.number(1, 2)?;
    // `2022:08:22` could be a time with a great number of hours.
    if separator == b':' && !scan.time_follows_here() {
        return None;
    }
    checked_days(year, month, day).map(Day::new)
}
