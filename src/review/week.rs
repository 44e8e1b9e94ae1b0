//! ISO weeks, and the hours of a week by the clock of a zone.
//!
//! ISO 8601: a week begins on Monday, and the first of a year holds its first Thursday; some years have 53.

use std::fmt;
use std::str::FromStr;

use jiff::ToSpan;
use jiff::civil::{Date, ISOWeekDate, Weekday};
use jiff::tz::TimeZone;

use crate::model::{TimeRange, Timestamp};

/// Hours of a week by the clock. A week in which clocks change has one more or one less; both hours of the same name
/// share a slot.
pub const SLOTS: usize = 7 * 24;

/// One ISO week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Week {
    monday: Date,
}

impl Default for Week {
    /// The first week of 1970, for logs that hold no time at all.
    fn default() -> Self {
        Self::holding(Date::constant(1970, 1, 1))
    }
}

impl Week {
    /// The week that holds a day.
    pub fn holding(day: Date) -> Self {
        let since_monday = i64::from(day.weekday().to_monday_zero_offset());
        Self { monday: day.checked_sub(since_monday.days()).unwrap_or(day) }
    }

    /// Its Monday.
    pub fn monday(self) -> Date {
        self.monday
    }

    /// The week before it; `None` at the end of the calendar.
    pub fn before(self) -> Option<Self> {
        self.monday.checked_sub(7.days()).ok().map(|monday| Self { monday })
    }
}

/// `2022-W34`.
impl fmt::Display for Week {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let iso = self.monday.iso_week_date();
        write!(f, "{:04}-W{:02}", iso.year(), iso.week())
    }
}

impl FromStr for Week {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shape = || format!("`{text}` is no ISO week: write 2022-W34");
        let (year, week) = text.split_once("-W").or_else(|| text.split_once("-w")).ok_or_else(shape)?;
        let is_number = |part: &str, n: usize| part.len() == n && part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(year, 4) || !is_number(week, 2) {
            return Err(shape());
        }
        let (year, week) = (year.parse().map_err(|_| shape())?, week.parse().map_err(|_| shape())?);
        let date = ISOWeekDate::new(year, week, Weekday::Monday).map_err(|_| format!("{year} has no week {week}"))?;
        Ok(Self { monday: Date::from_iso_week_date(date) })
    }
}

/// Days and hours as the clocks of a zone show them.
#[derive(Clone, Debug)]
pub struct Calendar {
    zone: TimeZone,
    name: String,
}

impl Default for Calendar {
    fn default() -> Self {
        Self { zone: TimeZone::UTC, name: "UTC".to_owned() }
    }
}

impl Calendar {
    /// The calendar of a zone by its name (`Europe/Zurich`) or offset (`+02:00`); `None` if it is unknown.
    pub fn of(name: &str) -> Option<Self> {
        let by_offset = || format!("2022-01-01T00:00:00{name}[{name}]").parse::<jiff::ZonedDateTime>().ok();
        let zone = match TimeZone::get(name) {
            Ok(zone) => zone,
            Err(_) => by_offset()?.time_zone().clone(),
        };
        Some(Self { zone, name: name.to_owned() })
    }

    /// The name of the zone.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The day on which an instant falls.
    pub fn date(&self, at: Timestamp) -> Date {
        self.zone.to_datetime(at.to_jiff()).date()
    }

    /// The week in which an instant falls; `None` beyond the calendar.
    pub fn week(&self, at: Timestamp) -> Option<Week> {
        (at.to_jiff() != jiff::Timestamp::MAX && at.to_jiff() != jiff::Timestamp::MIN)
            .then(|| Week::holding(self.date(at)))
    }

    /// The hour of the week in which an instant falls: 0 is Monday from midnight to one.
    pub fn slot(&self, at: Timestamp) -> usize {
        let shown = self.zone.to_datetime(at.to_jiff());
        shown.date().weekday().to_monday_zero_offset().unsigned_abs() as usize * 24
            + shown.hour().unsigned_abs() as usize
    }

    /// What a clock shows, as `strftime` writes it.
    pub fn show(&self, at: Timestamp, format: &str) -> String {
        self.zone.to_datetime(at.to_jiff()).strftime(format).to_string()
    }

    /// From the Monday of a week to the next.
    pub fn span(&self, week: Week) -> TimeRange {
        TimeRange { start: self.midnight(week.monday, 0), end: self.midnight(week.monday, 7) }
    }

    /// The days of a week; one in which clocks change is an hour longer or shorter.
    pub fn days(&self, week: Week) -> [TimeRange; 7] {
        [0, 1, 2, 3, 4, 5, 6]
            .map(|day| TimeRange { start: self.midnight(week.monday, day), end: self.midnight(week.monday, day + 1) })
    }

    /// The first instant of the day so many days after another.
    fn midnight(&self, date: Date, days: i64) -> Timestamp {
        let date = date.checked_add(days.days()).unwrap_or(date);
        let midnight = self.zone.to_timestamp(date.at(0, 0, 0, 0));
        midnight.map_or(Timestamp(0), Timestamp::from_jiff)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn week(text: &str) -> Week {
        text.parse().unwrap()
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::from_jiff(text.parse().unwrap())
    }

    #[test]
    fn years_borrow_days_of_their_neighbours_and_some_have_53_weeks() {
        let utc = Calendar::default();
        assert_eq!(utc.week(at("2021-01-03T23:00:00Z")).unwrap().to_string(), "2020-W53");
        assert_eq!(utc.week(at("2019-12-30T00:00:00Z")).unwrap().to_string(), "2020-W01");
        assert_eq!(week("2021-W01").before().unwrap(), week("2020-W53"));
        assert_eq!(utc.span(week("2020-W53")).end, at("2021-01-04T00:00:00Z"));
        assert_eq!(week("2022-w34").to_string(), "2022-W34");
    }

    #[test]
    fn what_is_no_week_says_so() {
        for text in ["2022-W53", "2022-W00", "2022", "2022-34", "22-W34", "2022-W3", "2022-W034", "-W", "+022-W01", ""]
        {
            assert!(text.parse::<Week>().is_err(), "{text}");
        }
        assert_eq!("2022-W53".parse::<Week>().unwrap_err(), "2022 has no week 53");
    }

    #[test]
    fn weeks_in_which_clocks_change_are_an_hour_longer_or_shorter() {
        let zurich = Calendar::of("Europe/Zurich").unwrap();
        assert_eq!(zurich.span(week("2023-W43")).seconds(), 169.0 * 3_600.0);
        assert_eq!(zurich.span(week("2023-W12")).seconds(), 167.0 * 3_600.0);
        assert_eq!(zurich.days(week("2023-W43"))[6].seconds(), 25.0 * 3_600.0);
        // Eight in the morning is eight in the morning, before and after.
        assert_eq!(zurich.slot(at("2023-10-23T06:00:00Z")), 8);
        assert_eq!(zurich.slot(at("2023-10-30T07:00:00Z")), 8);
        // Both hours of one name share a slot.
        assert_eq!(zurich.slot(at("2023-10-29T00:30:00Z")), zurich.slot(at("2023-10-29T01:30:00Z")));
    }

    #[test]
    fn zones_are_names_or_offsets() {
        assert_eq!(Calendar::of("+02:00").unwrap().slot(at("2022-08-22T06:00:00Z")), 8);
        assert!(Calendar::of("Middle/Earth").is_none() && Calendar::of("").is_none());
        assert_eq!(Calendar::default().slot(at("2022-08-28T23:59:59Z")), SLOTS - 1);
    }

    #[test]
    fn instants_beyond_the_calendar_do_no_harm() {
        let utc = Calendar::default();
        assert!(utc.slot(Timestamp(i64::MIN)) < SLOTS && utc.week(Timestamp(i64::MAX)).is_none());
        let last = Week::holding(Date::MAX);
        assert!(utc.span(last).seconds() >= 0.0);
        assert!(Week::holding(Date::MIN).before().is_none());
    }
}
