//! Dates with the name of a month, and stamps that begin with the name of a month or of a weekday.

use super::scan::{Scan, pair};
use super::{DateOrder, Day, Stamp, bare, finish, iso, numeric, time_behind};
use crate::model::time::{TICKS_PER_HOUR, TICKS_PER_SECOND};
use crate::normalize::clock::calendar::checked_days;

/// Names of the months in English, German, French, Italian and Spanish, in small letters.
const MONTHS: [&[&str]; 12] = [
    &["january", "januar", "janvier", "gennaio", "enero"],
    &["february", "februar", "f\u{e9}vrier", "fevrier", "febbraio", "febrero"],
    &["march", "m\u{e4}rz", "maerz", "mrz", "mars", "marzo"],
    &["april", "avril", "aprile", "abril"],
    &["may", "mai", "maggio", "mayo"],
    &["june", "juni", "juin", "giugno", "junio"],
    &["july", "juli", "juillet", "luglio", "julio"],
    &["august", "ao\u{fb}t", "aout", "agosto"],
    &["september", "septembre", "settembre", "septiembre"],
    &["october", "oktober", "octobre", "ottobre", "octubre"],
    &["november", "novembre", "noviembre"],
    &["december", "dezember", "d\u{e9}cembre", "decembre", "dicembre", "diciembre"],
];

/// Names of the weekdays in English, German and French, from Monday on, in small letters.
const WEEKDAYS: [&[&str]; 7] = [
    &["monday", "montag", "lundi"],
    &["tuesday", "dienstag", "mardi"],
    &["wednesday", "mittwoch", "mercredi"],
    &["thursday", "donnerstag", "jeudi"],
    &["friday", "freitag", "vendredi"],
    &["saturday", "samstag", "samedi", "sonnabend"],
    &["sunday", "sonntag", "dimanche"],
];

/// The month that a word names, in full or by three letters or more of its beginning.
#[inline]
pub(super) fn month(word: &[u8]) -> Option<i64> {
    if let Some(month) = word.first_chunk::<3>().filter(|_| word.len() == 3).and_then(|word| english_month(*word)) {
        return Some(month);
    }
    place_in(&MONTHS, word, 3).map(|at| at as i64 + 1)
}

#[inline]
fn english_month(word: [u8; 3]) -> Option<i64> {
    let month = match [word[0] | 0x20, word[1] | 0x20, word[2] | 0x20] {
        [b'j', b'a', b'n'] => 1,
        [b'f', b'e', b'b'] => 2,
        [b'm', b'a', b'r'] => 3,
        [b'a', b'p', b'r'] => 4,
        [b'm', b'a', b'y'] => 5,
        [b'j', b'u', b'n'] => 6,
        [b'j', b'u', b'l'] => 7,
        [b'a', b'u', b'g'] => 8,
        [b's', b'e', b'p'] => 9,
        [b'o', b'c', b't'] => 10,
        [b'n', b'o', b'v'] => 11,
        [b'd', b'e', b'c'] => 12,
        _ => return None,
    };
    Some(month)
}

/// The weekday that a word names, 0 for Monday; German ones also by two letters.
fn weekday(word: &[u8]) -> Option<u8> {
    let english: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
    if let Some(at) = english.iter().position(|name| *name == word) {
        return Some(at as u8);
    }
    place_in(&WEEKDAYS, word, 2).map(|at| at as u8)
}

/// Where in a table stands a name that begins with `word`.
#[inline(never)]
fn place_in(table: &[&[&str]], word: &[u8], least: usize) -> Option<usize> {
    if word.len() < least || word.len() > 12 {
        return None;
    }
    let first = word[0] | 0x20;
    let begins = |name: &str| {
        name.as_bytes()[0] == first
            && name.as_bytes().get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    table.iter().position(|names| names.iter().any(|name| begins(name)))
}

/// `22/Aug/2022:` or `22-Aug-2022 ` with a time behind it: the day, and where the time begins.
#[inline]
pub(super) fn clf_date(bytes: &[u8]) -> Option<(i64, usize)> {
    let text: &[u8; 15] = bytes.first_chunk()?;
    let is_separator = matches!((text[2], text[11]), (b'/', b':') | (b'-', b' ')) && text[6] == text[2];
    if !is_separator || text[14] != b':' {
        return None;
    }
    let mut bad = 0;
    let day = pair(text, 0, &mut bad);
    let year = pair(text, 7, &mut bad) * 100 + pair(text, 9, &mut bad);
    if bad != 0 {
        return None;
    }
    Some((checked_days(year, english_month([text[3], text[4], text[5]])?, day)?, 12))
}

/// A day, and the name of a month: `22 Aug 2022`, `2-AUG-22`, `22. August 2022`, `22Aug2022`, `22 Aug`.
pub(super) fn day_first(scan: &mut Scan<'_>) -> Option<Day> {
    let (day, _) = scan.number(1, 2)?;
    scan.eat(b'.');
    let separator = scan.peek().filter(|b| matches!(b, b'/' | b'-' | b' '));
    scan.at += usize::from(separator.is_some());
    let month = month(scan.word())?;
    scan.eat(b'.');
    let before = *scan;
    let behind = match separator {
        Some(separator) if scan.eat(separator) => Some(separator),
        Some(_) if !scan.eat(b' ') => return None,
        Some(_) => Some(b' '),
        None => None,
    };
    let is_time = |digits: usize| matches!(scan.bytes.get(scan.at + digits), Some(b':'));
    let year = match scan.n_digits(5) {
        4 => Some(scan.number(4, 4)?.0),
        2 if behind != Some(b' ') || !is_time(2) => Some(numeric::full(scan.number(2, 2)?.0)),
        _ => None,
    };
    if let Some(year) = year {
        return checked_days(year, month, day).map(Day::new);
    }
    // Without year only before a time.
    *scan = before;
    let days = checked_days(1972, month, day).filter(|_| scan.time_follows_here())?;
    Some(Day { has_year: false, ..Day::new(days) })
}

/// `Aug 22 08:15:01 ` with a word behind it that is no year and no zone: what most lines of syslog begin with.
#[inline]
pub(super) fn syslog_stamp(bytes: &[u8]) -> Option<(Stamp, usize)> {
    let text: &[u8; 18] = bytes.first_chunk()?;
    let is_word = text[16].is_ascii_lowercase() || text[16].is_ascii_uppercase() && text[17].is_ascii_lowercase();
    if !is_word || [text[3], text[6], text[9], text[12], text[15]] != *b"  :: " {
        return None;
    }
    let mut bad = 0;
    let tens = if text[4] == b' ' { 0 } else { i64::from(text[4].wrapping_sub(b'0')) };
    let day = tens * 10 + i64::from(text[5].wrapping_sub(b'0'));
    let (hour, minute, second) = (pair(text, 7, &mut bad), pair(text, 10, &mut bad), pair(text, 13, &mut bad));
    if bad != 0 || !text[5].is_ascii_digit() || tens > 3 || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let days = checked_days(1972, english_month([text[0], text[1], text[2]])?, day)?;
    let ticks = hour * TICKS_PER_HOUR + (minute * 60 + second) * TICKS_PER_SECOND;
    Some((bare(Day { has_year: false, ..Day::new(days) }, ticks), 15))
}

/// `Aug 22 08:15:01`, `Mon Aug 22 08:15:01 CEST 2022`, `Mon, 22 Aug 2022 08:15:01 +0200`, `Mon 08/22/2022`.
pub(super) fn word_first(scan: &mut Scan<'_>, order: DateOrder) -> Option<(Stamp, usize)> {
    let word = scan.word();
    if let Some(month) = month(word)
        && let Some(found) = month_first(&mut scan.clone(), month, None)
    {
        return Some(found);
    }
    let weekday = weekday(word)?;
    scan.eat(b'.');
    scan.eat(b',');
    if !scan.eat_blanks() {
        return None;
    }
    if !scan.peek()?.is_ascii_digit() {
        let month = month(scan.word())?;
        return month_first(scan, month, Some(weekday));
    }
    let digits = scan.n_digits(5);
    let is_word = scan.rest()[digits..].iter().take(3).any(|b| b.is_ascii_alphabetic() || *b >= 0x80);
    let mut day = match digits {
        4 => iso::date(scan)?,
        _ if is_word => day_first(scan)?,
        _ => numeric::date(scan, order, Some(weekday))?,
    };
    day.weekday = Some(weekday);
    time_behind(scan, day)
}

/// What follows a month: the day, and the year before the time, behind it, or nowhere.
fn month_first(scan: &mut Scan<'_>, month: i64, weekday: Option<u8>) -> Option<(Stamp, usize)> {
    scan.eat(b'.');
    if !scan.eat_blanks() && !scan.eat(b'-') {
        return None;
    }
    let (day, _) = scan.number(1, 2)?;
    let before = *scan;
    scan.eat(b',');
    if !scan.eat_blanks() {
        return None;
    }
    let is_year = scan.n_digits(5) == 4 && scan.bytes.get(scan.at + 4) != Some(&b':');
    if is_year {
        let (year, _) = scan.number(4, 4)?;
        let day = Day { weekday, ..Day::new(checked_days(year, month, day)?) };
        // `August 22, 2022 at 8:15 AM`
        for word in [b" at ", b" um "] {
            if scan.rest().starts_with(word) {
                scan.at += word.len() - 1;
            }
        }
        return time_behind(scan, day);
    }
    let mut date = Day { weekday, has_year: false, ..Day::new(checked_days(1972, month, day)?) };
    *scan = before;
    if !scan.time_follows() {
        return None;
    }
    let (mut stamp, mut len) = finish(scan, date)?;
    let mut behind = Scan { at: len, ..*scan };
    // Abbreviations that are in no table may stand between, too.
    let unknown = behind.rest();
    let letters = unknown.iter().skip(1).take(6).take_while(|b| b.is_ascii_uppercase()).count();
    if unknown.first() == Some(&b' ') && (3..=5).contains(&letters) && unknown.get(1 + letters) == Some(&b' ') {
        behind.at += 1 + letters;
    }
    if behind.eat(b' ')
        && let Some((year, _)) = behind.number(4, 4)
        && behind.ends()
        && behind.peek() != Some(b'.')
        && (1970..2100).contains(&year)
    {
        date = Day { weekday, ..Day::new(checked_days(year, month, day)?) };
        let ticks = stamp.civil.0.rem_euclid(crate::model::time::TICKS_PER_DAY);
        stamp = Stamp { offset_s: stamp.offset_s, has_shared_zone: stamp.has_shared_zone, ..bare(date, ticks) };
        len = behind.at;
    }
    Some((stamp, len))
}
