//! Who works when: accounts with habits, and the visits of a working day.

use super::calendar::{Calendar, is_day_off};
use super::evtx::Sid;
use super::random::Random;
use super::script::user_name;
use crate::model::Timestamp;
use jiff::civil::Date;

/// An account.
#[derive(Clone, Debug)]
pub(super) struct Person {
    /// `user001`.
    pub(super) name: String,
    /// Its security identifier.
    pub(super) sid: Sid,
    /// The address from which it connects: its company's, of a documentation range (RFC 5737).
    pub(super) client: String,
    /// Clock reading, in hours, at which it usually begins.
    begins_h: f64,
    /// Chance of signing off for breaks instead of leaving the session open.
    tidy: f64,
}

/// One wish to work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Visit {
    /// Seconds to stay.
    pub(super) stay_s: u32,
    /// Seconds into the visit at which the connection drops, and for how many it is gone.
    pub(super) drop: Option<(u32, u32)>,
    /// Whether the user only closes the window and the time limit signs off later.
    pub(super) by_limit: bool,
}

/// Draws the accounts.
pub(super) fn hire(n_people: usize, random: &mut Random) -> Vec<Person> {
    (0..n_people)
        .map(|number| Person {
            name: user_name(number),
            sid: Sid::new(5, &[21, 1_004_336_348, 1_177_238_915, 682_003_330, 1_101 + number as u32]),
            client: format!("{}.{}", if number % 3 == 0 { "203.0.113" } else { "198.51.100" }, 10 + number * 7 % 240),
            begins_h: random.normal(8.0, 0.55).clamp(6.5, 9.6),
            tidy: if random.chance(0.7) { 0.85 } else { 0.25 },
        })
        .collect()
}

/// Draws one person's visits of a day: when each begins, and what it is.
pub(super) fn plan_day(
    person: &Person,
    date: Date,
    share: f64,
    calendar: &Calendar,
    random: &mut Random,
) -> Vec<(Timestamp, Visit)> {
    let off = is_day_off(date);
    if !random.chance(if off { share * 0.06 } else { share }) {
        return Vec::new();
    }
    let begin = person.begins_h + random.normal(0.0, 0.35) + if off { 2.0 } else { 0.0 };
    let lunch = random.normal(11.95, 0.3);
    let back = lunch + random.between(0.6, 1.3);
    let end = if off { begin + random.between(0.5, 2.0) } else { random.normal(16.9, 0.7).max(back + 0.5) };

    let mut visits = Vec::new();
    let mut stay = |from_h: f64, to_h: f64, random: &mut Random, last: bool| {
        let stay_s = ((to_h - from_h) * 3_600.0).max(240.0) as u32;
        let drop = (random.chance(0.07) && stay_s > 1_800)
            .then(|| (random.between(300.0, f64::from(stay_s) - 900.0) as u32, random.between(20.0, 400.0) as u32));
        let visit = Visit { stay_s, drop, by_limit: last && random.chance(0.05) };
        visits.push((calendar.at(date, from_h), visit));
    };
    if off {
        stay(begin, end, random, true);
        return visits;
    }
    let mut from = begin;
    // A tidy person signs off in the morning break and at lunch.
    if random.chance(person.tidy * 0.55) {
        let coffee = random.normal(9.6, 0.3).max(from + 0.4);
        stay(from, coffee, random, false);
        from = coffee + random.between(0.2, 0.6);
    }
    if random.chance(person.tidy) && lunch > from + 0.2 {
        stay(from, lunch, random, false);
        from = back;
    }
    if random.chance(person.tidy * 0.4) && end > from + 2.0 {
        let tea = random.between(from + 0.8, end - 0.8);
        stay(from, tea, random, false);
        from = tea + random.between(0.2, 0.5);
    }
    stay(from, end.max(from + 0.3), random, true);
    visits
}
