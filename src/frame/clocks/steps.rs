//! When a clock was set: stated by Windows, shown by records that run backwards, or by an offset that changed.

use std::collections::BTreeMap;

use super::super::tables::ClockStep;
use super::mode::REACH_S;
use super::{Clock, Mode};
use crate::model::{Event, Name, Position, Provenance, SourceId, Timestamp, Trust};

/// A step must be larger than this, in seconds. The time service moves a clock by less all day.
const MIN_STEP_S: f64 = 1.0;
/// A log must run backwards by more, in seconds: Windows writes the buffers of a log once a second (Event Tracing for
/// Windows, `FlushTimer`), and what happened while a host started is written once its log is up; in real logs records
/// stand up to 36 s out of order by that.
const MIN_BACKWARD_S: f64 = 60.0;
/// Records of one step lie within this many seconds, by the clock after it.
const ONE_STEP_S: f64 = 10.0;
/// A log with a greater share of steps backwards is written by several clocks, and shows no step of one.
const MAX_BACKWARD_SHARE: f64 = 0.01;

/// Finds all steps, by host, log and time.
pub(in super::super) fn steps(events: &[Event], edges: &BTreeMap<(Clock, Name), Vec<Mode>>) -> Vec<ClockStep> {
    let mut steps = Vec::new();
    for event in events {
        steps.extend(stated(event));
    }
    for step in backward(events) {
        add(&mut steps, step);
    }
    for step in by_offset(edges) {
        add(&mut steps, step);
    }
    steps.sort_by(|a, b| (&a.host, &a.source, a.at, &a.records).cmp(&(&b.host, &b.source, b.at, &b.records)));
    steps.dedup_by(|next, known| {
        let same = next.host == known.host && next.source == known.source && known.trust == Trust::Stated;
        let is_one = same && next.trust == Trust::Stated && next.at.seconds_since(known.at) <= ONE_STEP_S;
        let is_one = is_one && (next.seconds - known.seconds).abs() <= MIN_STEP_S;
        if is_one {
            known.records.append(&mut next.records);
        }
        is_one
    });
    steps
}

/// The step that Kernel-General 1 or Security 4616 states with the time before and after.
fn stated(event: &Event) -> Option<ClockStep> {
    let before = match (event.provider.as_deref()?, event.code?) {
        ("Microsoft-Windows-Kernel-General", 1) => "OldTime",
        ("Microsoft-Windows-Security-Auditing", 4616) => "PreviousTime",
        _ => return None,
    };
    let time = |name: &str| {
        let (_, text) = event.data.iter().find(|(key, _)| &**key == name)?;
        text.trim().parse::<jiff::Timestamp>().ok().map(Timestamp::from_jiff)
    };
    let (before, after) = (time(before)?, time("NewTime")?);
    let seconds = after.seconds_since(before);
    (seconds.abs() > MIN_STEP_S).then(|| ClockStep {
        host: event.host.clone(),
        source: None,
        at: after,
        seconds,
        trust: Trust::Stated,
        records: vec![event.provenance],
    })
}

/// One log in one file: its host and channel.
type Log<'e> = (SourceId, &'e Name, Option<&'e Name>);

/// Where the records of one log, in the order of their numbers, are earlier than the one before. The step was at least
/// as large: some time passed between the two records.
fn backward(events: &[Event]) -> Vec<ClockStep> {
    let mut logs: BTreeMap<Log<'_>, Vec<(u64, Timestamp, Provenance)>> = BTreeMap::new();
    for event in events {
        if let (Position::Record(number), Some(host)) = (event.provenance.position, &event.host) {
            let log = logs.entry((event.provenance.source, host, event.channel.as_ref())).or_default();
            log.push((number, event.at, event.provenance));
        }
    }
    let mut steps = Vec::new();
    for ((_, host, _), mut log) in logs {
        log.sort();
        let n_before = steps.len();
        for pair in log.windows(2) {
            let seconds = pair[1].1.seconds_since(pair[0].1);
            if seconds < -MIN_BACKWARD_S {
                steps.push(ClockStep {
                    host: Some(host.clone()),
                    source: None,
                    at: pair[1].1,
                    seconds,
                    trust: Trust::Derived,
                    records: vec![pair[0].2, pair[1].2],
                });
            }
        }
        let n_steps = steps.len() - n_before;
        if n_steps > 1 && n_steps as f64 > MAX_BACKWARD_SHARE * log.len() as f64 {
            steps.truncate(n_before);
        }
    }
    steps
}

/// Where the offset of two clocks changed. If most hosts changed against one log at a time, it was the log's clock.
fn by_offset(edges: &BTreeMap<(Clock, Name), Vec<Mode>>) -> Vec<ClockStep> {
    let changes = |modes: &[Mode]| -> Vec<(Timestamp, f64)> {
        modes.windows(2).map(|pair| (pair[1].span.0, pair[1].ahead_s - pair[0].ahead_s)).collect()
    };
    let mut by_clock: BTreeMap<&Clock, Vec<(&Name, &Vec<Mode>)>> = BTreeMap::new();
    for ((clock, host), modes) in edges.iter().filter(|(_, modes)| !modes.is_empty()) {
        by_clock.entry(clock).or_default().push((host, modes));
    }
    let step = |clock: &Clock, at: Timestamp, seconds: f64| ClockStep {
        host: clock.host().cloned(),
        source: clock.dataset().cloned(),
        at,
        seconds,
        trust: Trust::Derived,
        records: Vec::new(),
    };
    let mut steps: Vec<ClockStep> = Vec::new();
    for (clock, hosts) in by_clock {
        for (host, modes) in &hosts {
            for (at, ahead_s) in changes(modes) {
                let alike = |(_, modes): &&(&Name, &Vec<Mode>)| {
                    changes(modes).iter().any(|(_, other_s)| (other_s - ahead_s).abs() <= REACH_S)
                };
                let is_of_log = hosts.len() > 1 && 2 * hosts.iter().filter(alike).count() > hosts.len();
                let found = if is_of_log {
                    step(clock, at, ahead_s)
                } else {
                    step(&Clock::Host((*host).clone()), at, -ahead_s)
                };
                add(&mut steps, found);
            }
        }
    }
    steps
}

/// Adds a step unless it is known: then it was about as large, and before the first record that shows it.
fn add(steps: &mut Vec<ClockStep>, found: ClockStep) {
    const DAY_S: f64 = 86_400.0;
    let is_known = |known: &&mut ClockStep| {
        let same = known.host == found.host && known.source == found.source;
        same && (known.seconds - found.seconds).abs() <= REACH_S && found.at.seconds_since(known.at).abs() <= DAY_S
    };
    match steps.iter_mut().find(is_known) {
        Some(known) => known.records.extend(found.records),
        None => steps.push(found),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::scene::{Scene, at};
    use super::super::super::tables::Tables;
    use super::*;
    use crate::model::Action;

    const HOUR: f64 = 3_600.0;

    /// The clock of RDS01 is `skew` seconds behind for the first half of its time, then it is set.
    fn scene(skew: f64, n_hosts: usize) -> Scene {
        let mut scene = Scene::new();
        for number in 0..60_u32 {
            for host in ["RDS01", "RDS02", "RDS03"].into_iter().take(n_hosts) {
                let user = format!("user{:03}{host}", number % 20);
                let second = f64::from(number) * 2.0 * HOUR + f64::from(number * number % 71) * 60.0;
                let is_behind = host == "RDS01" && number < 30;
                scene.workday(host, &user, 100 + number, if is_behind { second - skew } else { second });
                scene.application(host, &user, second + 1.0, Action::Attempt);
            }
        }
        scene
    }

    fn found(tables: &Tables) -> Vec<(String, f64, Trust)> {
        let row = |step: &ClockStep| {
            let name = step.source.clone().or(step.host.clone()).unwrap_or_else(|| "?".into());
            (name.to_string(), step.seconds.round(), step.trust)
        };
        tables.clock_steps.iter().map(row).collect()
    }

    #[test]
    fn a_step_that_the_log_states_is_named_and_one_that_only_the_offset_shows_is_derived() {
        assert_eq!(found(&scene(0.0, 3).tables()), []);
        let derived = scene(300.0, 3).tables();
        assert_eq!(found(&derived), [("RDS01".to_owned(), 300.0, Trust::Derived)]);
        assert_eq!(derived.clocks.iter().filter(|row| row.host.as_deref() == Some("RDS01")).count(), 2);
        let mut stated = scene(300.0, 3);
        for (provider, code, old) in [
            ("Microsoft-Windows-Kernel-General", 1, "OldTime"),
            ("Microsoft-Windows-Security-Auditing", 4616, "PreviousTime"),
        ] {
            let second = 60.0 * HOUR;
            let event = stated.event("RDS01", second, Action::Other);
            (event.provider, event.code) = (Some(provider.into()), Some(code));
            event.channel = Some(if code == 1 { "System" } else { "Security" }.into());
            let text = |second: f64| Name::from(at(second).to_string());
            event.data = vec![(old.into(), text(second - 300.0)), ("NewTime".into(), text(second))];
        }
        let stated = stated.tables();
        assert_eq!(found(&stated), [("RDS01".to_owned(), 300.0, Trust::Stated)]);
        assert_eq!(stated.clock_steps[0].records.len(), 2, "both records say so");
    }

    #[test]
    fn a_step_that_all_hosts_show_is_the_applications() {
        let mut scene = scene(0.0, 3);
        for event in scene.events.iter_mut().filter(|event| event.host.as_deref() == Some("APP01")) {
            if event.at > at(60.0 * HOUR) {
                event.at = event.at.plus_seconds(-HOUR);
            }
        }
        assert_eq!(found(&scene.tables()), [("log4net".to_owned(), -3_600.0, Trust::Derived)]);
    }

    #[test]
    fn a_log_that_runs_backwards_shows_a_step_and_one_of_seconds_is_tolerated() {
        for (seconds, expected) in [(59.0, 0), (400.0, 1)] {
            let mut scene = Scene::new();
            for number in 0..300 {
                let behind = if number < 150 { 0.0 } else { seconds };
                scene.event("RDS01", f64::from(number) * 0.01 - behind, Action::Other);
            }
            assert_eq!(scene.tables().clock_steps.len(), expected, "{seconds}");
        }
        let mut two_clocks = Scene::new();
        for number in 0..300 {
            two_clocks.event("RDS01", f64::from(number) - 600.0 * f64::from(number % 2), Action::Other);
        }
        assert!(two_clocks.tables().clock_steps.is_empty());
    }
}
