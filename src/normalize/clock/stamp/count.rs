//! Stamps that are one number: seconds since 1970, and dates whose digits stand without separators.

use super::offset::Behind;
use super::scan::Scan;
use super::{Day, Stamp, finish, numeric};
use crate::model::time::{TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_SECOND};
use crate::normalize::clock::Civil;
use crate::normalize::clock::calendar::{checked_days, ordinal_days};

/// Seconds since 1970 that a log may have: of the years 2000 to 2049. Other numbers are no stamps.
const SECONDS: std::ops::Range<i64> = 946_684_800..2_524_608_000;

/// A number of ten digits or more: seconds, thousandths, millionths or milliardths since 1970, also with
/// a fraction; else `20220822081501` with a fraction and what CIM writes behind it.
pub(super) fn long_number(scan: &mut Scan<'_>, digits: usize) -> Option<(Stamp, usize)> {
    let start = *scan;
    let unit = match digits {
        10 => TICKS_PER_SECOND,
        13 => TICKS_PER_SECOND / 1_000,
        16 => TICKS_PER_SECOND / 1_000_000,
        14 | 17 => return packed(scan, digits),
        19 => 0,
        _ => return None,
    };
    // Of a count of milliardths the last two digits are less than a tick.
    let (count, _) = scan.number(digits.min(18), 18)?;
    let mut ticks = if unit == 0 { count / 10 } else { count.checked_mul(unit)? };
    if unit == 0 {
        scan.at = start.at + 19;
    }
    if scan.peek() == Some(b'.') && scan.bytes.get(scan.at + 1).is_some_and(u8::is_ascii_digit) {
        ticks += scan.fraction() * unit / TICKS_PER_SECOND;
    }
    let is_alone = scan.ends() && !matches!(scan.rest(), [b'.' | b'-' | b'/' | b':', b'0'..=b'9', ..]);
    if !is_alone || !SECONDS.contains(&ticks.div_euclid(TICKS_PER_SECOND)) {
        return None;
    }
    Some((Stamp::utc(Civil(ticks)), scan.at))
}

/// `20220822081501`, `20220822081501123`, `20220822081501.123456+120`.
fn packed(scan: &mut Scan<'_>, digits: usize) -> Option<(Stamp, usize)> {
    let (date, _) = scan.number(8, 8)?;
    let year = date / 10_000;
    let days = checked_days(year, date / 100 % 100, date % 100).filter(|_| (1970..2100).contains(&year))?;
    let mut time = [b'0'; 6];
    time.copy_from_slice(scan.rest().get(..6)?);
    let (packed, _) = scan.number(6, 6)?;
    let (hour, minute, second) = (packed / 10_000, packed / 100 % 100, packed % 100);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut ticks = hour * TICKS_PER_HOUR + (minute * 60 + second) * TICKS_PER_SECOND;
    if digits == 17 {
        ticks += scan.number(3, 3)?.0 * TICKS_PER_SECOND / 1_000;
    }
    ticks += scan.fraction();
    // CIM states the offset in minutes, with three digits.
    let mut cim = *scan;
    cim.at += 1;
    let behind = match (scan.peek(), cim.n_digits(4)) {
        (Some(sign @ (b'+' | b'-')), 3) => {
            let (minutes, _) = cim.number(3, 3)?;
            *scan = cim;
            let seconds = minutes as i32 * 60;
            Behind { offset_s: Some(if sign == b'-' { -seconds } else { seconds }), ..Behind::default() }
        }
        _ => scan.offset(),
    };
    if !scan.ends() {
        return None;
    }
    let stamp = Stamp {
        offset_s: behind.offset_s,
        has_shared_zone: behind.is_shared_name,
        ..Stamp::local(Civil(days * TICKS_PER_DAY + ticks))
    };
    Some((stamp, scan.at))
}

/// `20220822`, and before a time `220822`.
pub(super) fn packed_date(scan: &mut Scan<'_>, digits: usize) -> Option<Day> {
    let (packed, _) = scan.number(digits, digits)?;
    let (year, month, day) = (packed / 10_000, packed / 100 % 100, packed % 100);
    if digits == 8 {
        return checked_days(year, month, day).map(Day::new);
    }
    // A day without separators is only believed before a time alike.
    let is_before_time = scan.peek() == Some(b' ') && scan.time_follows_here();
    checked_days(numeric::full(year), month, day).filter(|_| is_before_time).map(Day::new)
}

/// `22234`, the year with two digits and the day in it.
pub(super) fn packed_ordinal(scan: &mut Scan<'_>) -> Option<Day> {
    let (packed, _) = scan.number(5, 5)?;
    if scan.n_digits(1) > 0 || !scan.time_follows_here() {
        return None;
    }
    ordinal_days(numeric::full(packed / 1_000), packed % 1_000).map(Day::new)
}

/// `@400000005f5d5a3b1a2b3c4d`: seconds since 1970 plus ten, from 2 to the power of 62 on, and milliardths.
///
/// Reference: D. J. Bernstein, "TAI64, TAI64N, and TAI64NA". Programs that count leap seconds are ahead by
/// those since 1972; most loggers add ten and no more.
pub(super) fn tai64n(scan: &mut Scan<'_>) -> Option<(Stamp, usize)> {
    const TO_1970: i64 = (1 << 62) + 10;
    let text = scan.bytes.get(1..)?;
    let digits = text.iter().take(25).take_while(|b| b.is_ascii_hexdigit()).count();
    if !matches!(digits, 16 | 24) {
        return None;
    }
    let number =
        |part: &[u8]| part.iter().fold(0i64, |n, b| (n << 4) | i64::from((*b as char).to_digit(16).unwrap_or(0)));
    let seconds = number(&text[..16]).checked_sub(TO_1970).filter(|seconds| SECONDS.contains(seconds))?;
    let nanos = if digits == 24 { number(&text[16..24]) } else { 0 };
    if nanos >= 1_000_000_000 {
        return None;
    }
    scan.at = 1 + digits;
    if !scan.ends() {
        return None;
    }
    Some((Stamp::utc(Civil(seconds * TICKS_PER_SECOND + nanos / 100)), scan.at))
}

/// `I0822 08:15:01.123456`, `E20220822 08:15:01.123456`: a level, month and day, as Google's loggers write.
pub(super) fn glog(scan: &mut Scan<'_>) -> Option<(Stamp, usize)> {
    if !matches!(scan.peek()?, b'I' | b'W' | b'E' | b'F' | b'C' | b'D' | b'V') {
        return None;
    }
    scan.at = 1;
    let digits = scan.n_digits(9);
    let day = match digits {
        4 => {
            let (packed, _) = scan.number(4, 4)?;
            Day { has_year: false, ..Day::new(checked_days(1972, packed / 100, packed % 100)?) }
        }
        8 => packed_date(scan, 8)?,
        _ => return None,
    };
    if !scan.eat(b' ') {
        return None;
    }
    finish(scan, day)
}
