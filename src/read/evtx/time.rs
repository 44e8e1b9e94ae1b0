//! FILETIME and SYSTEMTIME as the text that Windows writes into event XML.
//!
//! Windows writes times that no calendar library holds, so the calendar is reckoned here: years past
//! 9999 keep their last four digits, a FILETIME with the highest bit set is all zeros, a SYSTEMTIME
//! that is no time is the first instant of 1601.
//!
//! Source: MS-DTYP 2.3.3 and 2.3.13; the days by Howard Hinnant's `civil_from_days`
//! (<https://howardhinnant.github.io/date_algorithms.html>).

use crate::model::time::{TICKS_PER_DAY, TICKS_PER_SECOND};

/// Calendar fields in the order in which they are written; ticks are of 100 ns.
struct Fields {
    year: u64,
    month: u64,
    day: u64,
    hour: u64,
    minute: u64,
    second: u64,
    ticks: u64,
}

/// Appends `YYYY-MM-DDThh:mm:ss.fffffffZ`.
pub(super) fn write_filetime(filetime: u64, out: &mut String) {
    if filetime > i64::MAX as u64 {
        let zeros = Fields { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0, ticks: 0 };
        return write_fields(&zeros, out);
    }
    let (days, ticks) = (filetime / TICKS_PER_DAY as u64, filetime % TICKS_PER_DAY as u64);
    let (year, month, day) = civil(days);
    let seconds = ticks / TICKS_PER_SECOND as u64;
    let fields = Fields {
        year,
        month,
        day,
        hour: seconds / 3_600,
        minute: seconds / 60 % 60,
        second: seconds % 60,
        ticks: ticks % TICKS_PER_SECOND as u64,
    };
    write_fields(&fields, out);
}

/// Appends the text of eight 16-bit fields: year, month, day of the week, day, hour, minute, second, millisecond.
pub(super) fn write_systemtime(bytes: &[u8; 16], out: &mut String) {
    let field = |i: usize| u64::from(u16::from_le_bytes([bytes[2 * i], bytes[2 * i + 1]]));
    let fields = Fields {
        year: field(0),
        month: field(1),
        day: field(3),
        hour: field(4),
        minute: field(5),
        second: field(6),
        ticks: field(7) * 10_000,
    };
    let valid = (1601..=30_827).contains(&fields.year)
        && (1..=12).contains(&fields.month)
        && (1..=days_in_month(fields.year, fields.month)).contains(&fields.day)
        && fields.hour < 24
        && fields.minute < 60
        && fields.second < 60
        && field(7) < 1_000;
    if valid {
        write_fields(&fields, out);
    } else {
        write_filetime(0, out);
    }
}

fn write_fields(fields: &Fields, out: &mut String) {
    digits(fields.year % 10_000, 4, out);
    for (separator, number) in
        [('-', fields.month), ('-', fields.day), ('T', fields.hour), (':', fields.minute), (':', fields.second)]
    {
        out.push(separator);
        digits(number, 2, out);
    }
    out.push('.');
    digits(fields.ticks, 7, out);
    out.push('Z');
}

fn digits(number: u64, width: u32, out: &mut String) {
    for place in (0..width).rev() {
        out.push(char::from(b'0' + (number / 10_u64.pow(place) % 10) as u8));
    }
}

/// The date so many days after 1601-01-01, by eras of 400 years that begin on a first of March.
fn civil(days_since_1601: u64) -> (u64, u64, u64) {
    const DAYS_FROM_YEAR_0_TO_1601: u64 = 584_694;
    let days = days_since_1601 + DAYS_FROM_YEAR_0_TO_1601;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

fn days_in_month(year: u64, month: u64) -> u64 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    fn filetime(value: u64) -> String {
        let mut out = String::new();
        write_filetime(value, &mut out);
        out
    }

    #[test]
    fn a_filetime_agrees_with_the_calendar_library() {
        // A step of 3.2 years and some ticks moves every field.
        for value in (0..2_650_000_000_000_000_000_u64).step_by(1_000_000_000_000_037) {
            let expected = Timestamp::from_filetime(value).unwrap().to_jiff();
            assert_eq!(filetime(value), format!("{expected:.7}"));
        }
        assert_eq!(filetime(u64::MAX), "0000-00-00T00:00:00.0000000Z");
        assert_eq!(filetime(0), "1601-01-01T00:00:00.0000000Z");
    }

    #[test]
    fn a_systemtime_that_is_none_is_the_first_instant_of_1601() {
        let systemtime = |fields: [u16; 8]| {
            let bytes: Vec<u8> = fields.iter().flat_map(|field| field.to_le_bytes()).collect();
            let mut out = String::new();
            write_systemtime(&bytes.try_into().unwrap(), &mut out);
            out
        };
        assert_eq!(systemtime([2019, 3, 5, 1, 12, 34, 56, 789]), "2019-03-01T12:34:56.7890000Z");
        assert_eq!(systemtime([2020, 2, 0, 29, 0, 0, 0, 0]), "2020-02-29T00:00:00.0000000Z");
        assert_eq!(systemtime([2019, 2, 0, 29, 0, 0, 0, 0]), "1601-01-01T00:00:00.0000000Z");
        assert_eq!(systemtime([0; 8]), "1601-01-01T00:00:00.0000000Z");
    }
}
