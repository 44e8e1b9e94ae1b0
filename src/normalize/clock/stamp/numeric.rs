//! Dates of two or three numbers that begin with the day or the month, or with a year of two digits.

use super::scan::Scan;
use super::{DateOrder, Day, Readings};
use crate::normalize::clock::calendar::{checked_days, weekday_of};

/// `03/04/2022`, `22.08.2022`, `22-08-22`.
///
/// A weekday before the date rules out the readings that fall on another.
pub(super) fn date(scan: &mut Scan<'_>, order: DateOrder, weekday: Option<u8>) -> Option<Day> {
    let (first, _) = scan.number(1, 2)?;
    let separator = scan.peek()?;
    if !matches!(separator, b'/' | b'.' | b'-') {
        return None;
    }
    scan.at += 1;
    let (second, _) = scan.number(1, 2)?;
    if !scan.eat(separator) {
        return None;
    }
    let (third, n_third) = scan.number(2, 4)?;
    let numbers = match n_third {
        4 => Numbers { first, second, third, last_year: third, first_year: None },
        2 => Numbers { first, second, third, last_year: full(third), first_year: Some(full(first)) },
        _ => return None,
    };
    if separator == b'.' {
        return numbers.days(DateOrder::DayFirst).map(Day::new);
    }
    // The order in which readings are preferred as long as nothing tells.
    let preferred = match (order, separator) {
        (DateOrder::Open, b'/') => [DateOrder::YearFirst, DateOrder::MonthFirst, DateOrder::DayFirst],
        (DateOrder::Open, _) => [DateOrder::YearFirst, DateOrder::DayFirst, DateOrder::MonthFirst],
        (own, _) => [own, DateOrder::YearFirst, own],
    };
    let fits = |order: DateOrder, weekday: Option<u8>| {
        numbers.days(order).filter(|days| weekday.is_none_or(|weekday| weekday_of(*days) == weekday))
    };
    // A weekday that fits no reading is in another language, or wrong.
    let weekday = weekday.filter(|_| preferred.iter().any(|order| fits(*order, weekday).is_some()));
    let taken = preferred.into_iter().find(|order| fits(*order, weekday).is_some())?;
    let mut day = Day::new(numbers.days(taken)?);
    if order == DateOrder::Open {
        let mut possible = preferred;
        let n_possible = {
            let mut n = 0;
            for order in preferred {
                if fits(order, weekday).is_some() {
                    possible[n] = order;
                    n += 1;
                }
            }
            n
        };
        day.readings = Readings::new(&possible[..n_possible], taken);
    }
    Some(day)
}

/// Three numbers of a date.
struct Numbers {
    first: i64,
    second: i64,
    third: i64,
    /// The year, if the third number is it.
    last_year: i64,
    /// The year, if the first number can be it.
    first_year: Option<i64>,
}

impl Numbers {
    fn days(&self, order: DateOrder) -> Option<i64> {
        match order {
            DateOrder::DayFirst => checked_days(self.last_year, self.second, self.first),
            DateOrder::MonthFirst => checked_days(self.last_year, self.first, self.second),
            DateOrder::YearFirst => checked_days(self.first_year?, self.second, self.third),
            DateOrder::Open => None,
        }
    }
}

/// The year that two digits mean: from 1970 to 2069.
pub(super) fn full(year: i64) -> i64 {
    if year < 70 { 2000 + year } else { 1900 + year }
}

/// `08-22 08:15:01.123`: month and day before a time, as Android writes.
pub(super) fn month_and_day(scan: &mut Scan<'_>) -> Option<Day> {
    let mut own = *scan;
    let (month, _) = own.number(2, 2)?;
    own.eat(b'-');
    let (day, _) = own.number(2, 2)?;
    if own.peek() != Some(b' ') || !own.time_follows_here() {
        return None;
    }
    let days = checked_days(1972, month, day)?;
    *scan = own;
    Some(Day { has_year: false, ..Day::new(days) })
}
