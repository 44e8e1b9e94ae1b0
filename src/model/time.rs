//! Instants, spans of time, and how far a stamp can be trusted.
//!
//! Windows counts in ticks of 100 ns; so do we, from the Unix epoch, so that no export loses
//! a digit. All instants are UTC. Source: MS-DTYP 2.3.3 (FILETIME).

use std::fmt;

/// Ticks of 100 ns in one second.
pub const TICKS_PER_SECOND: i64 = 10_000_000;
/// Ticks of 100 ns in one hour.
pub const TICKS_PER_HOUR: i64 = 3_600 * TICKS_PER_SECOND;
/// Ticks of 100 ns in one day.
pub const TICKS_PER_DAY: i64 = 24 * TICKS_PER_HOUR;
/// Ticks between 1601-01-01 and 1970-01-01.
const FILETIME_EPOCH: i64 = 116_444_736_000_000_000;

/// An instant in UTC, in ticks of 100 ns since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Converts a Windows FILETIME (ticks of 100 ns since 1601).
    ///
    /// `None` if the value does not fit into 63 bits.
    pub fn from_filetime(filetime: u64) -> Option<Self> {
        i64::try_from(filetime).ok().map(|ticks| Self(ticks - FILETIME_EPOCH))
    }

    /// Converts back to a Windows FILETIME; instants before 1601 become 0.
    pub fn to_filetime(self) -> u64 {
        u64::try_from(self.0.saturating_add(FILETIME_EPOCH)).unwrap_or(0)
    }

    /// Converts whole seconds since the Unix epoch; saturates far outside the calendar.
    pub fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(TICKS_PER_SECOND))
    }

    /// Converts milliseconds since the Unix epoch; saturates far outside the calendar.
    pub fn from_unix_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(TICKS_PER_SECOND / 1_000))
    }

    /// Converts a civil instant of the calendar library.
    pub fn from_jiff(instant: jiff::Timestamp) -> Self {
        let ticks = instant.as_nanosecond().div_euclid(100);
        Self(i64::try_from(ticks).unwrap_or(i64::MAX))
    }

    /// Converts to the calendar library; instants outside its range are clamped.
    pub fn to_jiff(self) -> jiff::Timestamp {
        let nanos = i128::from(self.0) * 100;
        jiff::Timestamp::from_nanosecond(nanos).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        })
    }

    /// Seconds since the Unix epoch, with fraction.
    pub fn as_seconds(self) -> f64 {
        self.0 as f64 / TICKS_PER_SECOND as f64
    }

    /// Hours since the Unix epoch, rounded down.
    pub fn hour(self) -> i64 {
        self.0.div_euclid(TICKS_PER_HOUR)
    }

    /// Seconds from `earlier` to `self`, negative if `self` is before it.
    pub fn seconds_since(self, earlier: Self) -> f64 {
        self.0.saturating_sub(earlier.0) as f64 / TICKS_PER_SECOND as f64
    }

    /// The instant `seconds` later (earlier if negative), saturating.
    #[must_use]
    pub fn plus_seconds(self, seconds: f64) -> Self {
        Self(self.0.saturating_add((seconds * TICKS_PER_SECOND as f64) as i64))
    }
}

/// RFC 3339 in UTC with as many digits of the second as are not zero.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_jiff())
    }
}

/// A half-open span of time, `[start, end)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeRange {
    /// First instant inside.
    pub start: Timestamp,
    /// First instant after.
    pub end: Timestamp,
}

impl TimeRange {
    /// Whether `at` lies inside.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }

    /// Length in seconds, never negative.
    pub fn seconds(&self) -> f64 {
        self.end.seconds_since(self.start).max(0.0)
    }
}

/// How something that a report says came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// The record itself says so.
    Stated,
    /// It follows from other records.
    Derived,
    /// It is the likeliest reading, and the log does not say.
    Guessed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filetime_survives_the_round_trip_to_the_tick() {
        let at = Timestamp::from_filetime(133_000_000_000_000_001).unwrap();
        assert_eq!(at.to_filetime(), 133_000_000_000_000_001);
        assert_eq!(at.to_string(), "2022-06-18T04:26:40.0000001Z");
    }

    #[test]
    fn instants_before_the_unix_epoch_round_down_to_their_hour() {
        assert_eq!(Timestamp(-1).hour(), -1);
        assert_eq!(Timestamp(0).hour(), 0);
    }
}
