//! Reads stamps and turns wall-clock times into instants.
//!
//! In: text. Out: [`Stamp`]s, and through a [`Clock`] instants with how far they can be trusted.
//!
//! Invariant: a wall-clock time that was shown twice or never is counted, never hidden.

mod calendar;
mod stamp;
mod windows_zone;
mod zone;

pub use calendar::{date_in_name, days_from_civil, year_of};
pub use stamp::{DateOrder, Readings, Stamp, StampReader, day_ticks, stamp};
pub use windows_zone::{WINDOWS_ZONES, zone_of_windows_name};
pub use zone::{Civil, Place, ZoneRule};

use crate::model::{Timestamp, Trust};

/// The clock of one source: its zone, and what happened to it on the way.
#[derive(Clone, Debug)]
pub struct Clock {
    rule: ZoneRule,
    trust: Trust,
    last: Option<Timestamp>,
    cached: Option<(i64, i64)>,
    /// Stamps that the clock showed twice or never.
    pub n_ambiguous: u64,
    /// Stamps that stated their own offset.
    pub n_stated: u64,
    /// Stamps read by the zone of the source.
    pub n_local: u64,
    /// Stamps whose year is not known yet.
    pub n_without_year: u64,
    /// The last offset that a stamp stated, in seconds.
    pub last_offset_s: Option<i32>,
}

impl Clock {
    /// Returns the clock of a source whose wall clock follows `rule`.
    pub fn new(rule: ZoneRule, trust: Trust) -> Self {
        Self {
            rule,
            trust,
            last: None,
            cached: None,
            n_ambiguous: 0,
            n_stated: 0,
            n_local: 0,
            n_without_year: 0,
            last_offset_s: None,
        }
    }

    /// The zone in force.
    pub fn rule(&self) -> &ZoneRule {
        &self.rule
    }

    /// How the zone is known.
    pub fn trust(&self) -> Trust {
        self.trust
    }

    /// Sets another zone from here on: a header inside the file states it.
    pub fn set(&mut self, rule: ZoneRule, trust: Trust) {
        self.rule = rule;
        self.trust = trust;
        self.cached = None;
    }

    /// Returns the instant of a stamp: by its own offset, else by the zone of the source.
    pub fn instant(&mut self, stamp: Stamp) -> (Timestamp, Trust) {
        let Some(offset_s) = stamp.offset_s else {
            return self.local(stamp.civil);
        };
        self.n_stated += 1;
        self.last_offset_s = Some(offset_s);
        let at = stamp.civil.minus_seconds(i64::from(offset_s));
        self.last = Some(at);
        (at, Trust::Stated)
    }

    /// Returns a stamp whose year is not known yet as if its clock showed UTC: summer and winter of a wrong
    /// year would be wrong, too. The zone follows with the year.
    pub fn without_year(&mut self, stamp: Stamp) -> (Timestamp, Trust) {
        self.n_without_year += 1;
        match stamp.offset_s {
            Some(offset_s) => {
                self.n_stated += 1;
                self.last_offset_s = Some(offset_s);
            }
            None => self.n_local += 1,
        }
        (stamp.civil.minus_seconds(i64::from(stamp.offset_s.unwrap_or(0))), Trust::Guessed)
    }

    /// Returns the instant of a wall-clock time in the zone of the source.
    ///
    /// In the hour that comes twice, the reading that keeps the file in order is taken, the first if
    /// both do. A time that the clock never showed is read with the offset before the jump.
    pub fn local(&mut self, civil: Civil) -> (Timestamp, Trust) {
        self.n_local += 1;
        let hour = civil.0.div_euclid(crate::model::time::TICKS_PER_HOUR / 4);
        if let Some((cached_hour, offset)) = self.cached
            && cached_hour == hour
        {
            let at = Timestamp(civil.0 - offset);
            self.last = Some(at);
            return (at, self.trust);
        }
        let at = match self.rule.place(civil) {
            Place::One(at) => {
                self.cached = Some((hour, civil.0 - at.0));
                at
            }
            Place::Twice(first, second) => {
                self.n_ambiguous += 1;
                // Lines of several threads may be out of order by some seconds.
                let slack = 60 * crate::model::time::TICKS_PER_SECOND;
                if self.last.is_some_and(|last| first.0 + slack < last.0) { second } else { first }
            }
            Place::Never(at) => {
                self.n_ambiguous += 1;
                at
            }
        };
        self.last = Some(at);
        (at, self.trust)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zurich() -> Clock {
        Clock::new(ZoneRule::named("Europe/Zurich").unwrap(), Trust::Derived)
    }

    fn local(clock: &mut Clock, text: &str) -> String {
        clock.instant(stamp(text, DateOrder::DayFirst).unwrap().0).0.to_string()
    }

    #[test]
    fn summer_and_winter_differ() {
        let mut clock = zurich();
        assert_eq!(local(&mut clock, "2022-08-22 08:00:00,5"), "2022-08-22T06:00:00.5Z");
        assert_eq!(local(&mut clock, "2022-12-22 08:00:00"), "2022-12-22T07:00:00Z");
        assert_eq!(clock.n_ambiguous, 0);
    }

    #[test]
    fn the_hour_that_comes_twice_keeps_the_file_in_order() {
        let mut clock = zurich();
        assert_eq!(local(&mut clock, "2022-10-30 02:10:00"), "2022-10-30T00:10:00Z");
        assert_eq!(local(&mut clock, "2022-10-30 02:50:00"), "2022-10-30T00:50:00Z");
        assert_eq!(local(&mut clock, "2022-10-30 02:20:00"), "2022-10-30T01:20:00Z");
        assert_eq!(local(&mut clock, "2022-10-30 03:20:00"), "2022-10-30T02:20:00Z");
        assert_eq!(clock.n_ambiguous, 3);
    }

    #[test]
    fn a_time_that_never_was_is_counted() {
        let mut clock = zurich();
        assert_eq!(local(&mut clock, "2022-03-27 02:30:00"), "2022-03-27T01:30:00Z");
        assert_eq!(clock.n_ambiguous, 1);
    }
}
