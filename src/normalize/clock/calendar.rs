//! Days of the Gregorian calendar as numbers, and the dates that stand in the names of files.

/// Days before each month of a year without leap day.
const BEFORE: [i64; 13] = [0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
/// Days of each month, with 29 February.
const LENGTH: [i64; 13] = [0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/// Days from 1 January of the year 0 to 1970-01-01.
const TO_EPOCH: i64 = 719_528;

/// Whether a year has a 29 February.
pub(super) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days since 1970-01-01 of a day in the Gregorian calendar.
///
/// A day behind the end of its month counts on: 29 February of a common year is 1 March.
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

/// Days since 1970-01-01 of a day in a year from 0 to 9999; `None` if there is no such day.
#[inline]
pub(super) fn checked_days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || day < 1 || day > LENGTH[month as usize] || !(0..=9_999).contains(&year) {
        return None;
    }
    let leap = is_leap(year);
    if day == 29 && month == 2 && !leap {
        return None;
    }
    // The leap days of the years before, from year 0 on, which was one.
    let before = (year as u32).wrapping_sub(1);
    let n_leap_days = if year == 0 { 0 } else { i64::from(before / 4 - before / 100 + before / 400) + 1 };
    let in_year = BEFORE[month as usize] + i64::from(leap && month > 2) + day - 1;
    Some(year * 365 + n_leap_days + in_year - TO_EPOCH)
}

/// Days since 1970-01-01 of the `n`th day of a year, counted from 1.
pub(super) fn ordinal_days(year: i64, n: i64) -> Option<i64> {
    let last = 365 + i64::from(is_leap(year));
    (1..=last).contains(&n).then(|| checked_days(year, 1, 1).map(|first| first + n - 1)).flatten()
}

/// The year in which a day since 1970-01-01 lies.
pub fn year_of(days: i64) -> i64 {
    civil_from_days(days).0
}

/// Year, month and day of a day since 1970-01-01.
pub(super) fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day_of_year - (153 * month_index + 2) / 5 + 1)
}

/// The day of the week of a day since 1970-01-01: 0 is Monday.
pub(super) fn weekday_of(days: i64) -> u8 {
    (days + 3).rem_euclid(7) as u8
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use crate::model::time::TICKS_PER_DAY;

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

    #[test]
    fn the_short_way_and_the_general_one_agree_on_every_day() {
        for days in -719_528..2_932_897 {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(days_from_civil(year, month, day), days);
            assert_eq!(checked_days(year, month, day), Some(days), "{year}-{month}-{day}");
        }
        assert_eq!(ordinal_days(2012, 25), checked_days(2012, 1, 25));
        assert_eq!(ordinal_days(2012, 366), checked_days(2012, 12, 31));
        assert_eq!((ordinal_days(2013, 366), ordinal_days(2013, 0)), (None, None));
        assert_eq!(
            (checked_days(2022, 2, 29), checked_days(2022, 4, 31), checked_days(2022, 13, 1)),
            (None, None, None)
        );
        // 22 August 2022 was a Monday.
        assert_eq!(weekday_of(days_from_civil(2022, 8, 22)), 0);
    }
}
