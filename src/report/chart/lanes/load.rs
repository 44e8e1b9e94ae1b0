//! Load: people arriving and sessions open, both in people, so that one scale from 0 serves both.

use std::collections::{BTreeMap, BTreeSet};

use super::{missing, round_scale};
use crate::model::{Name, TimeRange, Timestamp};
use crate::report::chart::axis::Bin;
use crate::report::chart::mark::{Band, Fill, Mark, Note};
use crate::report::chart::scene::Scene;
use crate::report::chart::theme::Ink;

/// Load.
pub(crate) fn bands(scene: &Scene<'_>) -> Vec<Band> {
    let tables = &scene.input.tables;
    let mut arriving: BTreeMap<i64, BTreeSet<&Name>> = BTreeMap::new();
    for attempt in &tables.attempts {
        arriving.entry(attempt.at.hour()).or_default().insert(&attempt.user);
    }
    let arriving: BTreeMap<i64, f64> = arriving.into_iter().map(|(hour, users)| (hour, users.len() as f64)).collect();
    let mut open: BTreeMap<i64, f64> = BTreeMap::new();
    for ((_, hour), load) in &tables.load {
        *open.entry(*hour).or_default() += load.sessions_counted.unwrap_or(load.sessions_open);
    }
    let mut marks: Vec<Mark> = missing(scene).collect();
    // Hours without a row: the connection logs do not cover them, whatever others do.
    let is_blind = |bin: &&Bin| !open.is_empty() && busiest(&open, bin.span.start, bin.span.end).is_none();
    let known: Vec<TimeRange> = scene.axis.bins.iter().filter(|bin| !is_blind(bin)).map(|bin| bin.span).collect();
    if known.len() < scene.axis.bins.len() {
        marks = scene.uncovered(&known).into_iter().map(|span| Mark::Missing { row: None, span }).collect();
    }
    let mut max: f64 = 0.0;
    let mut steps = Vec::new();
    for bin in &scene.axis.bins {
        if let Some(value) = busiest(&arriving, bin.span.start, bin.span.end) {
            max = max.max(value);
            marks.push(Mark::Bar { span: bin.span, value, ink: Ink::Arriving, fill: Fill::Solid });
        }
        if let Some(value) = busiest(&open, bin.span.start, bin.span.end) {
            max = max.max(value);
            steps.push((bin.span, value));
        }
    }
    if !steps.is_empty() {
        marks.push(Mark::Steps { steps, ink: Ink::Open });
    }
    vec![Band {
        id: "load".to_owned(),
        title: "Load".to_owned(),
        notes: vec![
            Note::about("―", Ink::Open, "sessions open"),
            Note::about("■", Ink::Arriving, "users arriving per hour"),
            Note::plain("each bin: its busiest hour"),
        ],
        height: 62,
        scale: Some(round_scale(max)),
        rows: Vec::new(),
        marks,
    }]
}

/// The greatest hourly value that a bin touches; a mean over nights would hide the morning.
fn busiest(hourly: &BTreeMap<i64, f64>, start: Timestamp, end: Timestamp) -> Option<f64> {
    let last = Timestamp(end.0 - 1).hour();
    hourly.range(start.hour()..=last.max(start.hour())).map(|(_, value)| *value).reduce(f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn retries_are_no_load() {
        let mut case = fixture::one_day();
        let again: Vec<_> = case.tables.attempts.clone();
        let before = {
            let input = case.input();
            bands(&Scene::new(&input).unwrap())
        };
        case.tables.attempts.extend(again);
        case.tables.attempts.sort_by_key(|attempt| attempt.at);
        let input = case.input();
        assert_eq!(bands(&Scene::new(&input).unwrap()), before);
    }

    #[test]
    fn a_bin_shows_its_busiest_hour() {
        let hourly = BTreeMap::from([(10, 3.0), (11, 9.0), (12, 4.0)]);
        let hour = |n: i64| Timestamp::from_unix_seconds(n * 3_600);
        assert_eq!(busiest(&hourly, hour(10), hour(12)), Some(9.0));
        assert_eq!(busiest(&hourly, hour(12), hour(13)), Some(4.0));
        assert_eq!(busiest(&hourly, hour(13), hour(14)), None);
    }

    #[test]
    fn hours_that_no_connection_log_covers_are_hatched() {
        let mut case = fixture::founding();
        let (from, to) = (fixture::at("2022-08-01T00:00:00Z"), fixture::at("2022-08-06T00:00:00Z"));
        case.tables.load.retain(|(_, hour), _| *hour < from.hour() || to.hour() <= *hour);
        let input = case.input();
        let band = &bands(&Scene::new(&input).unwrap())[0];
        let is_there =
            |mark: &Mark| matches!(mark, Mark::Missing { row: None, span } if span.seconds() > 3.0 * 86_400.0);
        assert!(band.marks.iter().any(is_there));
    }
}
