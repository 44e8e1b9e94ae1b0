//! Wall-clock times, zones, and the instants that a wall clock shows.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

use super::zone_of_windows_name;
use crate::model::Timestamp;
use crate::model::time::TICKS_PER_SECOND;

/// A wall-clock time, in ticks of 100 ns since 1970-01-01T00:00:00 on that clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Civil(pub i64);

impl Civil {
    /// The instant at which a clock that is `seconds` ahead of UTC shows this time.
    pub fn minus_seconds(self, seconds: i64) -> Timestamp {
        Timestamp(self.0.saturating_sub(seconds.saturating_mul(TICKS_PER_SECOND)))
    }
}

/// The instants at which a clock shows a wall-clock time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Once.
    One(Timestamp),
    /// Twice: the clock was put back.
    Twice(Timestamp, Timestamp),
    /// Never: the clock was put forward. The instant by the offset before the jump.
    Never(Timestamp),
}

/// How a wall clock differs from UTC.
#[derive(Clone, Debug, PartialEq)]
pub enum ZoneRule {
    /// By so many seconds, always; 0 is UTC.
    Fixed(i32),
    /// By the rules of a zone of the table.
    Named(TimeZone),
}

impl ZoneRule {
    /// UTC.
    pub const UTC: Self = Self::Fixed(0);

    /// Reads a zone: `UTC`, `Z`, an offset (`+02:00`, `UTC+1`), a name of the zone table or of Windows.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.trim();
        if ["utc", "z", "gmt", "zulu", "coordinated universal time", "etc/utc"]
            .iter()
            .any(|utc| name.eq_ignore_ascii_case(utc))
        {
            return Some(Self::UTC);
        }
        let bare = ["UTC", "utc", "GMT"].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
        if let Some(seconds) = offset_s(bare.trim()) {
            return Some(Self::Fixed(seconds));
        }
        let looks_like_a_name = name.len() > 2 && name.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
        if !looks_like_a_name {
            return None;
        }
        if let Some(iana) = zone_of_windows_name(name) {
            return TimeZone::get(iana).ok().map(Self::Named);
        }
        TimeZone::get(name).ok().map(Self::Named)
    }

    /// The name as reports print it: `UTC`, an offset, or the name of the zone table.
    pub fn name(&self) -> String {
        match self {
            Self::Fixed(0) => "UTC".to_owned(),
            Self::Fixed(seconds) => {
                let sign = if *seconds < 0 { '-' } else { '+' };
                let minutes = seconds.unsigned_abs() / 60;
                format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
            Self::Named(zone) => zone.iana_name().unwrap_or("unnamed").to_owned(),
        }
    }

    /// When the clock showed `civil`.
    pub fn place(&self, civil: Civil) -> Place {
        match self {
            Self::Fixed(seconds) => Place::One(civil.minus_seconds(i64::from(*seconds))),
            Self::Named(zone) => {
                let by = |offset: Offset| civil.minus_seconds(i64::from(offset.seconds()));
                let Some(time) = date_time(civil) else {
                    return Place::One(Timestamp(civil.0));
                };
                match zone.to_ambiguous_timestamp(time).offset() {
                    AmbiguousOffset::Unambiguous { offset } => Place::One(by(offset)),
                    AmbiguousOffset::Gap { before, .. } => Place::Never(by(before)),
                    AmbiguousOffset::Fold { before, after } => Place::Twice(by(before), by(after)),
                }
            }
        }
    }

    /// How many seconds the clock is ahead of UTC at `at`.
    pub fn offset_s_at(&self, at: Timestamp) -> i32 {
        match self {
            Self::Fixed(seconds) => *seconds,
            Self::Named(zone) => zone.to_offset(at.to_jiff()).seconds(),
        }
    }
}

/// Converts to the calendar library to the second; `None` far outside the calendar.
fn date_time(civil: Civil) -> Option<DateTime> {
    let seconds = civil.0.div_euclid(TICKS_PER_SECOND);
    jiff::Timestamp::from_second(seconds).ok().map(|as_utc| Offset::UTC.to_datetime(as_utc))
}

/// Reads an offset: `+02:00`, `-0700`, `+1`, `-5`.
fn offset_s(text: &str) -> Option<i32> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let digits: String = rest.chars().filter(|c| *c != ':').collect();
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (i32, i32) = match digits.len() {
        1 | 2 => (digits.parse().ok()?, 0),
        4 => (digits[..2].parse().ok()?, digits[2..].parse().ok()?),
        _ => return None,
    };
    (hours <= 15 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_read_in_every_usual_spelling() {
        for (spelling, name) in [
            ("UTC", "UTC"),
            ("z", "UTC"),
            ("+02:00", "+02:00"),
            ("UTC+1", "+01:00"),
            ("-0730", "-07:30"),
            ("Europe/Zurich", "Europe/Zurich"),
            ("W. Europe Standard Time", "Europe/Berlin"),
            ("W. Europe Daylight Time", "Europe/Berlin"),
        ] {
            assert_eq!(ZoneRule::named(spelling).map(|rule| rule.name()).as_deref(), Some(name), "{spelling}");
        }
        for nonsense in ["", "Somewhere/Else", "+99:00", "+1:2:3", "heure d"] {
            assert!(ZoneRule::named(nonsense).is_none(), "{nonsense}");
        }
    }
}
