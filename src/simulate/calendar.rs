//! Swiss time: working days and the instants of local clock readings.

use crate::model::Timestamp;
use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

/// The zone in which all people of the cases live.
const ZONE: &str = "Europe/Zurich";

/// Converts between Swiss clocks and instants.
#[derive(Clone, Debug)]
pub(super) struct Calendar {
    zone: TimeZone,
}

impl Calendar {
    /// The calendar of `Europe/Zurich`, from the zone table that is built in.
    pub(super) fn new() -> Self {
        Self { zone: TimeZone::get(ZONE).unwrap_or(TimeZone::UTC) }
    }

    /// The instant at which the clock of `date` shows `hour`. Clock changes happen at night and are
    /// ignored between midnight and `hour`.
    pub(super) fn at(&self, date: Date, hour: f64) -> Timestamp {
        let midnight = date
            .to_zoned_datetime(self.zone.clone())
            .map_or(Timestamp(0), |zoned| Timestamp::from_jiff(zoned.timestamp()));
        midnight.plus_seconds(hour * 3_600.0)
    }

    /// What a Swiss clock shows, as `strftime` writes it.
    pub(super) fn show(&self, at: Timestamp, format: &str) -> String {
        at.to_jiff().to_zoned_datetime(self.zone.clone()).strftime(format).to_string()
    }

    /// The date and the hour with fraction that a Swiss clock shows.
    pub(super) fn read(&self, at: Timestamp) -> (Date, f64) {
        let date = at.to_jiff().to_zoned_datetime(self.zone.clone()).date();
        (date, at.seconds_since(self.at(date, 0.0)) / 3_600.0)
    }

    /// Minutes to add to a Swiss clock for UTC, as performance counters write the zone.
    pub(super) fn bias_minutes(&self, at: Timestamp) -> i32 {
        -self.zone.to_offset(at.to_jiff()).seconds() / 60
    }
}

/// All days from `first` to `last`, both included.
pub(super) fn days(first: Date, last: Date) -> impl Iterator<Item = Date> {
    first.series(1.day()).take_while(move |&day| day <= last)
}

/// Whether people rest: Saturday, Sunday and the national holiday.
pub(super) fn is_day_off(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) || (date.month() == 8 && date.day() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn summer_time_is_two_hours_ahead() {
        let calendar = Calendar::new();
        let at = calendar.at(date(2022, 8, 22), 8.5);
        assert_eq!(at.to_string(), "2022-08-22T06:30:00Z");
        assert_eq!(calendar.bias_minutes(at), -120);
        assert_eq!(calendar.read(at), (date(2022, 8, 22), 8.5));
        assert!(is_day_off(date(2022, 8, 1)) && is_day_off(date(2022, 8, 20)) && !is_day_off(date(2022, 8, 22)));
    }
}
