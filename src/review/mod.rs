//! One week beside the weeks before it: success against the objective, what moved, what each change of the week did.
//!
//! In: the tables, and the judgement over the whole logs. Out: a [`Review`]: numbers with their intervals, in the order of
//! the page. It gives no verdict; those of the judge are carried along. How the comparisons are made:
//! [`movement`] and [`effect`].
//!
//! Invariant: what no log covers counts neither as success nor as failure, and a week that is covered in part
//! claims nothing.

pub mod coverage;
pub mod effect;
pub mod logons;
pub mod movement;
pub mod success;
pub mod week;
pub mod wishes;

pub use coverage::{Covered, HostCoverage};
pub use effect::{Effect, Failed};
pub use logons::SlowLogon;
pub use movement::{Comparison, Counted, Direction, Movement};
pub use success::{Objective, Score};
pub use week::{Calendar, SLOTS, Week};
pub use wishes::{Case, Wish};

use crate::frame::Tables;
use crate::judge::{Incident, Judgement};
use crate::model::{TimeRange, Timestamp};

/// Most weeks before the week that it is compared with: a quarter of a year, for what is older is another world.
const MAX_WEEKS_BEFORE: usize = 13;

/// What the caller asks.
#[derive(Clone, Debug)]
pub struct Options {
    /// The week; `None` for the last whole one in the logs.
    pub week: Option<Week>,
    /// What share of connections should succeed.
    pub objective: Objective,
    /// The zone whose days and hours are meant.
    pub calendar: Calendar,
}

/// One week, ready to be put into words.
#[derive(Clone, Debug)]
pub struct Review {
    /// The week.
    pub week: Week,
    /// From its Monday to the next.
    pub span: TimeRange,
    /// Its days.
    pub days: [TimeRange; 7],
    /// The zone whose days and hours are meant.
    pub calendar: Calendar,
    /// What share of connections should succeed.
    pub objective: Objective,
    /// What the logs cover of it.
    pub coverage: Covered,
    /// The whole week.
    pub score: Score,
    /// By day, from Monday.
    pub by_day: Vec<Score>,
    /// By host, by name.
    pub by_host: Vec<(crate::model::Name, Score)>,
    /// The weeks before it that the logs hold, the oldest first.
    pub before: Vec<WeekBefore>,
    /// Refusals by a user's own fault (a wrong password): they count neither as success nor as failure.
    pub n_own_fault: usize,
    /// The wishes of the week, by time.
    pub wishes: Vec<Wish>,
    /// Incidents that meet the week, by their place in the judgement.
    pub incidents: Vec<usize>,
    /// How signatures moved.
    pub comparison: Comparison,
    /// What each change of the week did, by time.
    pub effects: Vec<Effect>,
    /// Phases of logons that are slower than they were.
    pub slow_logons: Vec<SlowLogon>,
}

/// One of the weeks before.
#[derive(Clone, Debug)]
pub struct WeekBefore {
    /// The week.
    pub week: Week,
    /// How its connections fared.
    pub score: Score,
    /// The share of it that the logs cover.
    pub covered: f64,
}

/// Looks at one week.
pub fn review(tables: &Tables, judgement: &Judgement, options: &Options) -> Review {
    let calendar = &options.calendar;
    let week = options.week.or_else(|| last_whole(tables.window?, calendar)).unwrap_or_default();
    let (span, days) = (calendar.span(week), calendar.days(week));
    let (wishes, cases) = wishes::wishes(&tables.attempts, calendar);
    let covered = |week: Week| Covered::of(tables, calendar.span(week));
    let coverage = covered(week);
    let within = |span: TimeRange| wishes.iter().filter(move |wish| span.contains(wish.at));
    let score = |wishes: &mut dyn Iterator<Item = &Wish>| Score::of(wishes, options.objective);
    let before = weeks_before(tables, calendar, week).map(|week| WeekBefore {
        week,
        score: score(&mut within(calendar.span(week))),
        covered: covered(week).share,
    });
    let before: Vec<WeekBefore> = before.filter(|one| one.score.n_wishes > 0 || one.covered > 0.0).collect();
    let usable = |week: &WeekBefore| week.score.n_wishes > 0;
    let compared: Vec<Week> = before.iter().filter(|week| usable(week)).map(|one| one.week).collect();
    Review {
        week,
        span,
        days,
        calendar: calendar.clone(),
        objective: options.objective,
        score: score(&mut within(span)),
        by_day: days.iter().map(|day| score(&mut within(*day))).collect(),
        by_host: tables
            .hosts
            .iter()
            .map(|host| (host.clone(), score(&mut within(span).filter(|wish| wish.host == *host))))
            .filter(|(_, score)| score.n_wishes > 0)
            .collect(),
        n_own_fault: cases.iter().filter(|case| case.is_own_fault && span.contains(case.at)).count(),
        incidents: meeting(&judgement.incidents, span),
        comparison: movement::compare(tables, (&wishes, &cases), (week, &compared), &coverage, calendar),
        effects: effect::effects(tables, judgement, &wishes, span),
        slow_logons: logons::slow(tables, week),
        wishes: within(span).cloned().collect(),
        before,
        coverage,
    }
}

/// Incidents that meet a span, by their place.
fn meeting(incidents: &[Incident], span: TimeRange) -> Vec<usize> {
    let meets = |one: &Incident| one.started_at < span.end && one.ended_at.is_none_or(|ended| ended > span.start);
    incidents.iter().enumerate().filter(|(_, one)| meets(one)).map(|(place, _)| place).collect()
}

/// A log that begins or ends so many seconds inside of a week holds it whole: nobody logs on to the second.
const EDGE_S: f64 = 6.0 * 3_600.0;

/// The last week that the window holds whole; without one, that of which it holds the most, the last of equals.
fn last_whole(window: TimeRange, calendar: &Calendar) -> Option<Week> {
    let mut week = calendar.week(Timestamp(window.end.0 - 1))?;
    let first = calendar.week(window.start)?;
    let held = |week: Week| {
        let span = calendar.span(week);
        window.end.min(span.end).seconds_since(window.start.max(span.start))
    };
    let is_whole = |week: Week| held(week) >= calendar.span(week).seconds() - EDGE_S;
    let mut best = week;
    while week >= first {
        if is_whole(week) {
            return Some(week);
        }
        if held(week) > held(best) {
            best = week;
        }
        week = week.before()?;
    }
    Some(best)
}

/// The weeks before it that meet the window, the oldest first.
fn weeks_before(tables: &Tables, calendar: &Calendar, week: Week) -> impl Iterator<Item = Week> {
    let starts = tables.window.map(|window| window.start);
    let earlier = std::iter::successors(week.before(), |week| week.before());
    let meets = |week: &Week| starts.is_some_and(|starts| calendar.span(*week).end > starts);
    let mut weeks: Vec<Week> = earlier.take(MAX_WEEKS_BEFORE).take_while(meets).collect();
    weeks.reverse();
    weeks.into_iter()
}

#[cfg(test)]
mod trial;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_jiff(text.parse().unwrap())
    }

    /// The week that is taken by itself, by the clock of a zone.
    fn taken(start: &str, end: &str, zone: &str) -> String {
        let window = TimeRange { start: at(start), end: at(end) };
        last_whole(window, &Calendar::of(zone).unwrap()).unwrap().to_string()
    }

    #[test]
    fn the_last_whole_week_is_taken_by_itself() {
        assert_eq!(taken("2022-08-01T00:10:00Z", "2022-08-24T18:00:00Z", "UTC"), "2022-W33");
        // The last record of a Sunday is as good as its end, that of a Friday is not.
        assert_eq!(taken("2022-08-01T00:10:00Z", "2022-08-21T20:40:00Z", "UTC"), "2022-W33");
        assert_eq!(taken("2022-08-01T00:10:00Z", "2022-08-19T20:40:00Z", "UTC"), "2022-W32");
        // Without a whole one, that of which the logs hold the most.
        assert_eq!(taken("2022-08-17T00:00:00Z", "2022-08-24T00:00:00Z", "UTC"), "2022-W33");
        assert_eq!(taken("2022-08-24T08:00:00Z", "2022-08-24T09:00:00Z", "UTC"), "2022-W34");
    }

    #[test]
    fn years_and_clock_changes_are_crossed() {
        assert_eq!(taken("2020-12-01T00:00:00Z", "2021-01-05T00:00:00Z", "UTC"), "2020-W53");
        assert_eq!(taken("2020-12-01T00:00:00Z", "2021-01-03T23:30:00Z", "UTC"), "2020-W53");
        // The week ends at 23:00 UTC, an hour later than it began by the same clock.
        assert_eq!(taken("2023-10-22T22:00:00Z", "2023-10-29T23:00:00Z", "Europe/Zurich"), "2023-W43");
        assert_eq!(taken("2023-10-01T00:00:00Z", "2023-10-29T16:30:00Z", "Europe/Zurich"), "2023-W42");
    }

    #[test]
    fn no_log_at_all_is_a_week_of_its_own() {
        let options = Options { week: None, objective: Objective::default(), calendar: Calendar::default() };
        let review = review(&Tables::default(), &Judgement::default(), &options);
        assert_eq!((review.score.n_wishes, review.before.len(), review.coverage.is_enough()), (0, 0, false));
        assert!(review.comparison.movements.is_empty() && review.effects.is_empty());
    }
}
