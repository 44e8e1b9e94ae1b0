//! When an incident rose, was at its worst and ended: the intervals hold the planted moments.

use causeline::frame::Tables;
use causeline::judge::Incident;
use causeline::model::TimeRange;

use crate::fleet::{DAY, Fleet, HOUR, Trouble, stamp};
use crate::judge::{judged, told};

const SEEDS: std::ops::RangeInclusive<u64> = 1..=14;

fn hold(range: Option<TimeRange>, at_s: f64) -> bool {
    range.is_some_and(|range| range.start <= stamp(at_s) && stamp(at_s) <= range.end)
}

fn first(tables: &Tables) -> Incident {
    judged(tables).incidents.into_iter().next().expect("an incident")
}

/// Everybody was refused from a quarter past eight to one: of 14 intervals at 95 % two may miss (chance .03 of more).
#[test]
fn onset_and_end_of_an_outage_lie_within_their_intervals() {
    let (from, to) = (15.0 * DAY + 8.25 * HOUR, 15.0 * DAY + 13.0 * HOUR);
    let (mut started, mut ended) = (0, 0);
    for seed in SEEDS {
        let mut fleet = Fleet::new(seed);
        fleet.innocents(4).trouble(Trouble::Dependency { from, to, p: 0.45 }, "no-logon-server");
        let one = first(&fleet.tables());
        started += usize::from(hold(one.started_between, from));
        ended += usize::from(hold(one.ended_between, to));
        let within = |range: Option<TimeRange>, at| range.is_some_and(|range| range.start <= at && at <= range.end);
        assert!(within(one.started_between, one.started_at), "seed {seed}");
        assert!(within(one.ended_between, one.ended_at.unwrap()), "seed {seed}");
        assert!(within(one.peaked_between, one.peak_at), "seed {seed}");
        // It began in the morning: a few people who got in before leave some doubt as to the evening before, no more.
        let width = one.started_between.map(|range| range.end.seconds_since(range.start)).unwrap();
        assert!(width < 24.0 * HOUR, "seed {seed}: {width} s tell nobody when it began");
    }
    assert!(started >= 12 && ended >= 12, "{started} onsets, {ended} ends of 14");
}

/// A tenth of all attempts from a Tuesday's noon on, for good: nobody can say the minute, and nobody does.
#[test]
fn a_faint_rise_has_a_wide_interval_and_no_end() {
    let from = 15.0 * DAY + 12.0 * HOUR;
    let mut held = 0;
    for seed in SEEDS {
        let mut fleet = Fleet::new(seed);
        let (at, until) = (vec![from; 5], vec![f64::INFINITY; 5]);
        fleet.change("Guilty", &at).trouble(Trouble::Deploy { at, until, p: 0.1 }, "profile-load-failed");
        let one = first(&fleet.tables());
        held += usize::from(hold(one.started_between, from));
        assert!(one.ended_at.is_some() == one.ended_between.is_some(), "seed {seed}");
    }
    assert!(held >= 12, "{held} of 14");
}

/// The log has a hole around the onset, and what nobody saw is not told to the minute.
#[test]
fn a_gap_around_the_onset_widens_its_interval() {
    let from = 15.0 * DAY + 10.0 * HOUR;
    let hole = TimeRange { start: stamp(15.0 * DAY + 7.0 * HOUR), end: stamp(15.0 * DAY + 13.0 * HOUR) };
    for seed in [1, 2, 3, 4] {
        let mut fleet = Fleet::new(seed);
        fleet.trouble(Trouble::Dependency { from, to: from + 9.0 * HOUR, p: 0.6 }, "no-logon-server");
        let mut tables = fleet.tables();
        let whole = first(&tables).started_between.unwrap();
        tables.attempts.retain(|attempt| !hole.contains(attempt.at));
        let holed = first(&tables).started_between.unwrap();
        let width = |range: TimeRange| range.end.seconds_since(range.start);
        assert!(width(holed) > width(whole) && width(holed) > 4.0 * HOUR, "seed {seed}: {}", width(holed));
        assert!(holed.start <= stamp(from) && stamp(from) <= holed.end, "seed {seed}");
    }
}

/// Twelve bursts of forty minutes, no two of one cause: a bad moment is no incident.
#[test]
fn bursts_of_less_than_an_hour_are_no_incident() {
    for seed in 1..=6 {
        let mut fleet = Fleet::new(seed);
        fleet.n_bursts = 12;
        fleet.innocents(6);
        let found = judged(&fleet.tables()).incidents;
        assert!(found.is_empty(), "seed {seed}: {:?}", found.iter().map(|one| &one.signatures).collect::<Vec<_>>());
    }
}

/// People come on weekdays only, and a small share fails whatever the day: more failures on Monday are no onset.
#[test]
fn a_weekly_rhythm_has_no_onset() {
    for seed in 1..=6 {
        let mut fleet = Fleet::new(seed);
        fleet.noise = 0.03;
        fleet.presence = (0..28).map(|day| [0.9, 0.6, 0.6, 0.6, 0.4, 0.02, 0.02][day % 7]).collect();
        fleet.innocents(6);
        let found = judged(&fleet.tables()).incidents;
        assert!(found.is_empty(), "seed {seed}: {:?}", found.iter().map(|one| &one.signatures).collect::<Vec<_>>());
    }
}

/// From nothing to a third over two weeks: one incident, and it is not over.
#[test]
fn a_slow_ramp_is_one_incident() {
    for seed in 1..=6 {
        let mut fleet = Fleet::new(seed);
        let (at, until) = (10.0 * DAY + 9.0 * HOUR, f64::INFINITY);
        fleet.innocents(6).trouble(Trouble::Ramp { at, until, p: 0.35, days: 14.0 }, "profile-load-failed");
        let tables = fleet.tables();
        let judgement = judged(&tables);
        let found = &judgement.incidents;
        assert_eq!(found.len(), 1, "seed {seed}\n{}", told(&tables, &judgement));
        assert_eq!(found[0].ended_at, None, "seed {seed}");
        assert!(found[0].first_case_at >= stamp(at - DAY), "seed {seed}: {}", found[0].first_case_at);
    }
}
