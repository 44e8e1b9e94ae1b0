//! Why a log begins where it does and why it is silent: cleared, overwritten, stopped, host down, or records lost.

use std::collections::BTreeMap;

use super::{Begins, Gap, GapKind};
use crate::model::time::TICKS_PER_HOUR;
use crate::model::{Action, Event, Name, NumberRun, Provenance, TimeRange, Timestamp};
use crate::normalize::SourceSummary;

/// The event log of a host stops and starts with it, within this many seconds of the system itself.
const WITH_SYSTEM_S: f64 = 600.0;
/// A log is cleared before its first record by no more than this, in seconds: the clearing itself is recorded.
const CLEARED_S: f64 = 60.0;
/// Of a sound log fewer places than this share of its records leave numbers out; others are a choice of records.
const MAX_BREAK_SHARE: f64 = 0.01;

/// A span of a host with the records that tell of it.
type Told = (TimeRange, Vec<Provenance>);

/// What the logs of all hosts tell about logs.
pub(super) struct Explanations {
    downs: BTreeMap<Name, Vec<Told>>,
    stops: BTreeMap<Name, Vec<Told>>,
    /// When which log of a host was cleared, its channel in lower case.
    cleared: BTreeMap<(Name, Name), Vec<Timestamp>>,
    numbers: BTreeMap<(Name, Name), Numbers>,
}

/// Which numbers the records of one log have, over all of its files.
struct Numbers {
    first: u64,
    /// The times in which numbers are left out, and how many.
    breaks: Vec<(TimeRange, u64)>,
    /// Whether the files are the log itself rather than an export, which may begin anywhere.
    is_whole: bool,
}

impl Explanations {
    /// Gathers what events and record numbers tell.
    pub(super) fn learn(events: &[Event], sources: &[SourceSummary]) -> Self {
        let mut by_host: BTreeMap<Name, Vec<&Event>> = BTreeMap::new();
        let mut cleared: BTreeMap<(Name, Name), Vec<Timestamp>> = BTreeMap::new();
        for event in events {
            let Some(host) = event.host.as_ref().filter(|_| &*event.dataset == "windows") else { continue };
            by_host.entry(host.clone()).or_default().push(event);
            if let Some(channel) = cleared_log(event) {
                cleared.entry((host.clone(), channel)).or_default().push(event.at);
            }
        }
        let downs = by_host.iter().map(|(host, own)| (host.clone(), downs(own))).collect();
        let stops = by_host.iter().map(|(host, own)| (host.clone(), stops(own))).collect();
        Self { downs, stops, cleared, numbers: numbers(sources) }
    }

    /// Why the log of that host begins at `start`.
    pub(super) fn begins(&self, host: &Name, source: &Name, start: Timestamp) -> Begins {
        let key = (host.clone(), Name::from(source.to_lowercase()));
        let near = |at: &Timestamp| start.seconds_since(*at).abs() <= CLEARED_S;
        if self.cleared.get(&key).is_some_and(|times| times.iter().any(near)) {
            return Begins::Cleared;
        }
        match self.numbers.get(&key) {
            Some(numbers) if numbers.first == 1 => Begins::FirstRecord,
            Some(numbers) if numbers.is_whole => Begins::RolledOver,
            _ => Begins::Unknown,
        }
    }

    /// The silences with their reasons, and the times besides whose records are missing.
    pub(super) fn gaps(&self, host: &Name, source: &Name, silences: &[TimeRange]) -> Vec<Gap> {
        let numbers = self.numbers.get(&(host.clone(), Name::from(source.to_lowercase())));
        let breaks = numbers.map_or(&[][..], |numbers| &numbers.breaks);
        let meets = |one: &TimeRange, other: &TimeRange| one.start < other.end && other.start < one.end;
        let silent = silences.iter().map(|silence| {
            let n_missing: u64 = breaks.iter().filter(|(time, _)| meets(time, silence)).map(|(_, n)| n).sum();
            let (kind, records) = match n_missing {
                0 => self.reason(host, silence),
                _ => (GapKind::RecordsMissing, Vec::new()),
            };
            Gap { start: silence.start, end: silence.end, kind, n_missing: numbers.map(|_| n_missing), records }
        });
        let mut gaps: Vec<Gap> = silent.collect();
        for (time, n) in breaks.iter().filter(|(time, _)| !silences.iter().any(|silence| meets(time, silence))) {
            let kind = GapKind::RecordsMissing;
            gaps.push(Gap { start: time.start, end: time.end, kind, n_missing: Some(*n), records: Vec::new() });
        }
        gaps.sort();
        gaps
    }

    /// A silence is as long as whole hours; what explains it covers all of them but parts of the first and the last.
    fn reason(&self, host: &Name, silence: &TimeRange) -> (GapKind, Vec<Provenance>) {
        let covers = |(time, _): &&Told| {
            time.start.0 < silence.start.0 + TICKS_PER_HOUR && time.end.0 > silence.end.0 - TICKS_PER_HOUR
        };
        let told = |all: &BTreeMap<Name, Vec<Told>>| all.get(host).and_then(|all| all.iter().find(covers).cloned());
        match (told(&self.downs), told(&self.stops)) {
            (Some((_, records)), _) => (GapKind::HostDown, records),
            (None, Some((_, records))) => (GapKind::LogStopped, records),
            (None, None) => (GapKind::Silent, Vec::new()),
        }
    }
}

fn is_of_event_log(event: &Event, codes: &[u32]) -> bool {
    let is_provider = matches!(event.provider.as_deref(), Some("EventLog" | "Microsoft-Windows-Eventlog"));
    is_provider && event.code.is_some_and(|code| codes.contains(&code))
}

/// The channel that an event says was cleared, in lower case.
fn cleared_log(event: &Event) -> Option<Name> {
    if is_of_event_log(event, &[1102]) {
        return Some("security".into());
    }
    let named = event.data.iter().find(|(key, _)| key.eq_ignore_ascii_case("channel"));
    named.filter(|_| is_of_event_log(event, &[104])).map(|(_, channel)| Name::from(channel.to_lowercase()))
}

/// The times in which a host was down: from its order to stop, or its last record if it had none, to its start.
fn downs(events: &[&Event]) -> Vec<Told> {
    let mut downs = Vec::new();
    let mut stopped: Option<&Event> = None;
    let mut is_up = false;
    for (index, event) in events.iter().enumerate() {
        match event.action {
            Action::Shutdown => stopped = Some(event),
            Action::Boot => {
                let unexpected = || {
                    let soon = |other: &&&Event| other.at.seconds_since(event.at) <= WITH_SYSTEM_S;
                    let says_so = events[index..].iter().take_while(soon).any(|other| {
                        is_of_event_log(other, &[6008])
                            || (other.provider.as_deref() == Some("Microsoft-Windows-Kernel-Power")
                                && other.code == Some(41))
                    });
                    index.checked_sub(1).map(|last| events[last]).filter(|_| says_so && is_up)
                };
                if let Some(last) = stopped.take().or_else(unexpected) {
                    let time = TimeRange { start: last.at, end: event.at };
                    downs.push((time, vec![last.provenance, event.provenance]));
                    is_up = false;
                }
            }
            // The start is told by several records.
            _ => is_up = true,
        }
    }
    downs
}

/// The times in which the event log was stopped while the host ran, or the security log was full.
fn stops(events: &[&Event]) -> Vec<Told> {
    let mut stops = Vec::new();
    let is_system = |event: &&&Event| {
        event.provider.as_deref() == Some("Microsoft-Windows-Kernel-General") && matches!(event.code, Some(12 | 13))
    };
    let system: Vec<Timestamp> = events.iter().filter(is_system).map(|event| event.at).collect();
    let is_with_system = |event: &Event| system.iter().any(|at| at.seconds_since(event.at).abs() <= WITH_SYSTEM_S);
    let mut since: Option<&Event> = None;
    for event in events {
        if is_of_event_log(event, &[6006, 1100, 1104]) {
            since = since.or(Some(event));
        } else if is_of_event_log(event, &[6005, 1102, 1105])
            && let Some(stop) = since.take()
            && !is_with_system(stop)
            && !is_with_system(event)
        {
            stops.push((TimeRange { start: stop.at, end: event.at }, vec![stop.provenance, event.provenance]));
        }
    }
    stops
}

fn numbers(sources: &[SourceSummary]) -> BTreeMap<(Name, Name), Numbers> {
    let mut runs: BTreeMap<(Name, Name), (Vec<NumberRun>, bool)> = BTreeMap::new();
    for source in sources {
        let is_whole = matches!(source.format.as_str(), "evtx" | "evtx-dump");
        for (key, own) in source.numbers.iter().filter(|(_, own)| !own.is_empty()) {
            let known = runs.entry(key.clone()).or_insert((Vec::new(), true));
            known.0.extend(own);
            known.1 &= is_whole;
        }
    }
    runs.into_iter().filter_map(|(key, (runs, is_whole))| Some((key, joined(runs, is_whole)?))).collect()
}

/// Puts the runs of all files of a log in order; `None` if they are a choice of its records, which proves nothing.
fn joined(mut runs: Vec<NumberRun>, is_whole: bool) -> Option<Numbers> {
    runs.sort();
    let first = runs.first()?.first.0;
    let (mut n_present, mut n_missing) = (0.0, 0.0);
    let mut breaks = Vec::new();
    let mut last: Option<(u64, Timestamp)> = None;
    for run in runs {
        if let Some((number, at)) = last {
            let n = run.first.0.saturating_sub(number).saturating_sub(1);
            if n > 0 {
                n_missing += n as f64;
                breaks.push((TimeRange { start: at, end: run.first.1.max(at) }, n));
            }
        }
        if last.is_none_or(|(number, _)| run.last.0 > number) {
            let from = last.map_or(run.first.0, |(number, _)| run.first.0.max(number.saturating_add(1)));
            n_present += (run.last.0.saturating_sub(from) + 1) as f64;
            last = Some(run.last);
        }
    }
    let is_choice = n_missing > n_present || breaks.len() as f64 > (MAX_BREAK_SHARE * n_present).max(1.0);
    (!is_choice).then_some(Numbers { first, breaks, is_whole })
}

#[cfg(test)]
mod tests {
    use super::super::scene::{Scene, at};
    use super::super::tables::Coverage;
    use super::*;

    const HOUR: f64 = 3_600.0;

    /// Two weeks with a record every ten minutes of the day, but none in these hours, and more events.
    fn rows(
        silent: std::ops::Range<i64>,
        numbers: &[(u64, f64, u64, f64)],
        more: &[(f64, &str, u32)],
    ) -> Vec<Coverage> {
        let mut scene = Scene::new();
        for minute in (0..14 * 24 * 6).filter(|minute| !silent.contains(&(minute / 6))) {
            scene.event("RDS01", f64::from(minute as i32) * 600.0, Action::Other).channel = Some("System".into());
        }
        for (second, provider, code) in more {
            let action = match (*provider, code) {
                ("EventLog", 6005) | ("Microsoft-Windows-Kernel-General", 12) => Action::Boot,
                ("EventLog", 6006) | ("Microsoft-Windows-Kernel-General", 13) => Action::Shutdown,
                _ => Action::Other,
            };
            let event = scene.event("RDS01", *second, action);
            (event.channel, event.provider, event.code) =
                (Some("System".into()), Some((*provider).into()), Some(*code));
            event.data = vec![("Channel".into(), "System".into())];
        }
        let mut normalized = scene.normalized();
        let run = |(first, from, last, to): &(u64, f64, u64, f64)| NumberRun {
            first: (*first, at(*from)),
            last: (*last, at(*to)),
        };
        let key = ("RDS01".into(), "system".into());
        normalized.sources[0].numbers.insert(key, numbers.iter().map(run).collect());
        super::super::tables(normalized, &super::super::Options::default()).tables.coverage
    }

    fn kinds(rows: &[Coverage]) -> Vec<(GapKind, Option<u64>, usize)> {
        rows[0].gaps.iter().map(|gap| (gap.kind, gap.n_missing, gap.records.len())).collect()
    }

    const DAY: std::ops::Range<i64> = 192..210;
    const KERNEL: &str = "Microsoft-Windows-Kernel-General";

    #[test]
    fn a_silence_says_why_as_far_as_the_logs_tell() {
        let whole = [(7, 0.0, 2_000, 335.0 * HOUR)];
        assert_eq!(kinds(&rows(0..0, &whole, &[])), []);
        assert_eq!(kinds(&rows(DAY, &whole, &[])), [(GapKind::Silent, Some(0), 0)]);
        assert_eq!(kinds(&rows(DAY, &[], &[])), [(GapKind::Silent, None, 0)]);
        let down = [(191.9 * HOUR, KERNEL, 13), (210.0 * HOUR, KERNEL, 12)];
        assert_eq!(kinds(&rows(DAY, &whole, &down)), [(GapKind::HostDown, Some(0), 2)]);
        let crashed = [(209.9 * HOUR, KERNEL, 12), (209.9 * HOUR + 9.0, "EventLog", 6008)];
        assert_eq!(kinds(&rows(DAY, &whole, &crashed)), [(GapKind::HostDown, Some(0), 2)]);
        // A start within the silence is an hour with a record, so what follows it is another silence.
        let stopped = [(191.9 * HOUR, "Microsoft-Windows-Eventlog", 1100), (210.0 * HOUR, "EventLog", 6005)];
        assert_eq!(kinds(&rows(DAY, &whole, &stopped)), [(GapKind::LogStopped, Some(0), 2)]);
    }

    #[test]
    fn numbers_left_out_are_records_lost_and_their_count_is_known() {
        let lost = [(1, 0.0, 1_100, 191.9 * HOUR), (1_401, 210.0 * HOUR, 2_200, 335.0 * HOUR)];
        assert_eq!(kinds(&rows(DAY, &lost, &[])), [(GapKind::RecordsMissing, Some(300), 0)]);
        // Without any silence, too: then it is a gap of its own, and no time in it is covered.
        let rows = rows(0..0, &lost, &[]);
        assert_eq!(kinds(&rows), [(GapKind::RecordsMissing, Some(300), 0)]);
        assert!(rows[0].covers(at(100.0 * HOUR)) && !rows[0].covers(at(200.0 * HOUR)));
    }

    #[test]
    fn a_choice_of_records_and_a_file_twice_prove_no_loss() {
        let choice: Vec<(u64, f64, u64, f64)> =
            (0..100).map(|n| (n * 9 + 1, n as f64 * HOUR, n * 9 + 2, n as f64 * HOUR + 60.0)).collect();
        assert_eq!(kinds(&rows(DAY, &choice, &[])), [(GapKind::Silent, None, 0)]);
        let twice = [(1, 0.0, 1_500, 250.0 * HOUR), (900, 140.0 * HOUR, 2_000, 335.0 * HOUR), (1, 0.0, 10, HOUR)];
        assert_eq!(kinds(&rows(0..0, &twice, &[])), []);
    }

    #[test]
    fn a_log_says_how_it_begins() {
        let begins = |numbers: &[(u64, f64, u64, f64)], more: &[(f64, &str, u32)]| rows(0..0, numbers, more)[0].begins;
        assert_eq!(begins(&[(1, 0.0, 2_000, 335.0 * HOUR)], &[]), Begins::FirstRecord);
        assert_eq!(begins(&[(71_000, 0.0, 73_000, 335.0 * HOUR)], &[]), Begins::RolledOver);
        assert_eq!(begins(&[], &[]), Begins::Unknown);
        let cleared = [(0.0, "Microsoft-Windows-Eventlog", 104)];
        assert_eq!(begins(&[(71_000, 0.0, 73_000, 335.0 * HOUR)], &cleared), Begins::Cleared);
        let later = [(99.0 * HOUR, "Microsoft-Windows-Eventlog", 104)];
        assert_eq!(begins(&[(71_000, 0.0, 73_000, 335.0 * HOUR)], &later), Begins::RolledOver);
    }
}
