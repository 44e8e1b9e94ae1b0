//! Since when a failure could have been seen: a log that began later than the others was silent before for want of a
//! log, not for want of failures.

use std::collections::BTreeMap;

use super::logs::source_name;
use super::tables::Coverage;
use crate::model::{Event, Name, TimeRange, Timestamp};

/// So many routine records would have come before the first one, had the source been there: that none did is then a
/// chance of e⁻³. A source that speaks only of failures may have had nothing to say.
const N_MISSED: f64 = 3.0;
/// A source that begins within a day of the window begins with it: logs are collected by the day.
const DAY_S: f64 = 86_400.0;

/// The begin of the earliest source that holds a signature, for signatures that only sources hold which began within
/// the window.
pub(super) fn seen_since(
    events: &[Event],
    coverage: &[Coverage],
    window: Option<TimeRange>,
) -> BTreeMap<Name, Timestamp> {
    let Some(window) = window else { return BTreeMap::new() };
    let mut n_routine: BTreeMap<(&Name, Name), usize> = BTreeMap::new();
    let mut sources: BTreeMap<&Name, Vec<(&Name, Name)>> = BTreeMap::new();
    for event in events {
        let Some(host) = &event.host else { continue };
        let source = (host, source_name(event));
        match &event.signature {
            None => *n_routine.entry(source).or_default() += 1,
            Some(signature) => {
                let known = sources.entry(signature).or_default();
                if !known.contains(&source) {
                    known.push(source);
                }
            }
        }
    }
    let began = |(host, source): &(&Name, Name)| {
        let row = coverage.iter().find(|row| row.host == **host && row.source == *source)?;
        let before_s = row.span.start.seconds_since(window.start);
        let rate = *n_routine.get(&(*host, source.clone()))? as f64 / row.span.seconds().max(DAY_S);
        (before_s > DAY_S && rate * before_s >= N_MISSED).then_some(row.span.start)
    };
    let since = |sources: &[(&Name, Name)]| sources.iter().map(began).collect::<Option<Vec<_>>>()?.into_iter().min();
    sources.into_iter().filter_map(|(signature, sources)| Some((signature.clone(), since(&sources)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;
    use super::super::tables::Begins;
    use super::*;
    use crate::model::Action;

    fn row(host: &str, source: &str, from_d: f64) -> Coverage {
        let at = |day: f64| Timestamp::from_unix_seconds(0).plus_seconds(day * DAY_S);
        let span = TimeRange { start: at(from_d), end: at(28.0) };
        Coverage { host: host.into(), source: source.into(), span, begins: Begins::Unknown, gaps: Vec::new() }
    }

    fn event(source: &str, signature: Option<&str>) -> Event {
        let mut scene = Scene::new();
        let event = scene.event("APP01", 0.0, Action::Failure);
        (event.dataset, event.channel) = (source.into(), None);
        event.signature = signature.map(Name::from);
        event.clone()
    }

    /// An application's log that began in the middle of the window, with as many routine records as any day.
    #[test]
    fn only_a_talkative_source_that_began_late_hides_what_was_before() {
        let window =
            Some(TimeRange { start: row("APP01", "app", 0.0).span.start, end: row("APP01", "app", 0.0).span.end });
        let routine = || vec![event("app", None); 40];
        let failing = || std::iter::once(event("app", Some("app-login-failed")));
        let late = [row("APP01", "app", 14.0)];
        let events: Vec<Event> = routine().into_iter().chain(failing()).collect();
        let since = seen_since(&events, &late, window);
        assert_eq!(since.get("app-login-failed"), Some(&late[0].span.start));
        assert!(seen_since(&events, &[row("APP01", "app", 0.4)], window).is_empty(), "it begins with the window");
        let quiet: Vec<Event> = failing().collect();
        assert!(seen_since(&quiet, &late, window).is_empty(), "a log of failures alone may have had nothing to say");
        let other = event("System", Some("app-login-failed"));
        let both: Vec<Event> = events.iter().cloned().chain([other]).collect();
        let rows = [late[0].clone(), row("APP01", "System", 0.0)];
        assert!(seen_since(&both, &rows, window).is_empty(), "another log would have shown it");
        assert!(seen_since(&events, &late, None).is_empty());
    }
}
