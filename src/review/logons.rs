//! Phases of logons that take longer than they did: found by the tables' own test, followed into the week.

use super::week::Week;
use crate::frame::{LogonWeek, Phase, Slowdown, Tables};
use crate::model::time::TICKS_PER_DAY;
use crate::model::{Name, Timestamp};

/// A phase that is slower by less than this is back to what it was, in seconds.
const NOTICED_S: f64 = 1.0;

/// One phase on one host that became slower in the week, or before it and still is.
#[derive(Clone, Debug, PartialEq)]
pub struct SlowLogon {
    /// The host.
    pub host: Name,
    /// The phase.
    pub phase: Phase,
    /// Logons of the week that show it.
    pub n: usize,
    /// Their median, in seconds.
    pub median: f64,
    /// Their 0.9 quantile, in seconds.
    pub p90: f64,
    /// The median of the week before, in seconds.
    pub week_before: Option<f64>,
    /// How it was before it became slow, and the test that found it.
    pub slowdown: Slowdown,
    /// Whether it became slow in this very week.
    pub is_new: bool,
}

/// The phases that are slow in a week, by phase and host. Weeks of these tables begin on Mondays in UTC.
pub(super) fn slow(tables: &Tables, week: Week) -> Vec<SlowLogon> {
    let monday = |week: Week| {
        let days = week.monday().since(jiff::civil::Date::constant(1970, 1, 1)).map_or(0, |span| span.get_days());
        Timestamp(i64::from(days) * TICKS_PER_DAY)
    };
    let row = |of: &Slowdown, week: Week| -> Option<&LogonWeek> {
        let at = Some(monday(week));
        tables.logons.iter().find(|row| row.host == of.host && row.phase == of.phase && row.week == at)
    };
    let followed = tables.slowdowns.iter().filter(|one| one.week <= monday(week)).filter_map(|one| {
        let own = row(one, week)?;
        (own.median - one.median_before >= NOTICED_S).then(|| SlowLogon {
            host: one.host.clone(),
            phase: one.phase,
            n: own.n,
            median: own.median,
            p90: own.p90,
            week_before: week.before().and_then(|before| row(one, before)).map(|row| row.median),
            slowdown: one.clone(),
            is_new: one.week == monday(week),
        })
    });
    let mut slow: Vec<SlowLogon> = followed.collect();
    slow.sort_by(|a, b| (a.phase, &a.host).cmp(&(b.phase, &b.host)));
    slow
}
