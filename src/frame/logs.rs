//! Which records each log of each host has, hour by hour: what it covers.
//!
//! A log is the channel of Windows events, else the dataset. What it covers follows from its records alone, not from the
//! files that they stand in: a file that is cut in two, two that are joined, and another export of the same log cover
//! the same. So the records of one channel prove nothing about the others of their file: that a quiet channel was
//! exported as long as a busy one beside it, no file says.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Event, HourCount, Name, SourceId, TimeRange, Timestamp};
use crate::normalize::{Role, SourceSummary};

/// Records by hour since 1970.
pub(super) type Counts = BTreeMap<i64, HourCount>;

/// One log of one host.
#[derive(Default)]
pub(super) struct Log {
    /// Its records, irrelevant ones included: they prove that it was being written.
    pub(super) hours: Counts,
    /// The path of its first file.
    pub(super) path: String,
    /// Whether it holds Windows events: those of one host start and stop together.
    pub(super) is_windows: bool,
    /// The formats in which its records have no channel.
    formats: BTreeSet<Name>,
    /// Its records as the files count them.
    counted: Counts,
}

impl Log {
    /// From the first to the last record.
    pub(super) fn span(&self) -> Option<TimeRange> {
        let start = self.hours.values().map(|count| count.first).min()?;
        let last = self.hours.values().map(|count| count.last).max()?;
        Some(TimeRange { start, end: Timestamp(last.0.saturating_add(1)) })
    }
}

/// Logs by host and name.
pub(super) type Logs = BTreeMap<(Name, Name), Log>;

/// The kind of source that an event stands in.
pub(super) fn source_name(event: &Event) -> Name {
    event.channel.clone().unwrap_or_else(|| event.dataset.clone())
}

/// Takes the records together that belong together. A log without any event is of no use and left out.
pub(super) fn logs(events: &[Event], sources: &[SourceSummary]) -> Logs {
    let covering = |source: &&SourceSummary| matches!(source.role, Role::Events | Role::AppLog);
    let files: Vec<&SourceSummary> = sources.iter().filter(covering).collect();
    let mut logs = of_events(events, &files);
    count(&mut logs, &files);
    for log in logs.values_mut() {
        for (hour, count) in std::mem::take(&mut log.counted) {
            // What is an event was counted in its file as well.
            let n_events = log.hours.get(&hour).map_or(0, |own| own.n);
            HourCount { n: count.n.saturating_sub(n_events), ..count }.add_to(&mut log.hours, hour);
        }
    }
    logs
}

fn of_events(events: &[Event], files: &[&SourceSummary]) -> Logs {
    let by_id: BTreeMap<SourceId, &SourceSummary> = files.iter().map(|file| (file.id, *file)).collect();
    let mut first_files: BTreeMap<(Name, Name), SourceId> = BTreeMap::new();
    let mut logs = Logs::new();
    for event in events {
        let source = event.provenance.source;
        let (Some(host), Some(file)) = (&event.host, by_id.get(&source)) else { continue };
        let key = (host.clone(), source_name(event));
        let first_file = first_files.entry(key.clone()).or_insert(source);
        let log = logs.entry(key).or_default();
        if log.path.is_empty() || source < *first_file {
            *first_file = source;
            log.path.clone_from(&file.path);
        }
        HourCount::of(event.at).add_to(&mut log.hours, event.at.hour());
        log.is_windows |= file.role == Role::Events;
        if event.channel.is_none() && !log.formats.contains(&*file.format) {
            log.formats.insert(file.format.as_str().into());
        }
    }
    logs
}

/// Adds what the files count to the logs of its channel; what has none, to those of its format: a service that logs is
/// alive, and on a quiet day a file of its log holds no event.
fn count(logs: &mut Logs, files: &[&SourceSummary]) {
    let mut by_channel: BTreeMap<(Name, Name), Vec<Name>> = BTreeMap::new();
    let mut by_format: BTreeMap<(Name, Name), Vec<Name>> = BTreeMap::new();
    for ((host, name), log) in &*logs {
        by_channel.entry((host.clone(), name.to_lowercase().into())).or_default().push(name.clone());
        for format in &log.formats {
            by_format.entry((host.clone(), format.clone())).or_default().push(name.clone());
        }
    }
    for file in files {
        let format = Name::from(file.format.as_str());
        for ((host, channel, hour), count) in &file.hours {
            let names = if channel.is_empty() {
                by_format.get(&(host.clone(), format.clone()))
            } else {
                by_channel.get(&(host.clone(), channel.clone()))
            };
            for name in names.into_iter().flatten() {
                if let Some(log) = logs.get_mut(&(host.clone(), name.clone())) {
                    count.add_to(&mut log.counted, *hour);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::{Scene, at};
    use super::*;
    use crate::model::Action;

    const HOUR: f64 = 3_600.0;

    /// Ten days with two records an hour in the one log, one of them of no use, and some in the other; each in one of so
    /// many files.
    fn two_logs(format: &str, n_files: u32) -> (Vec<Event>, Vec<SourceSummary>) {
        let mut scene = Scene::new();
        for hour in 0..240 {
            scene.event("RDS01", f64::from(hour) * HOUR + 7.0, Action::Other).channel = Some("System".into());
            if [30, 90, 210].contains(&hour) {
                scene.event("RDS01", f64::from(hour) * HOUR, Action::Other).channel = Some("Application".into());
            }
        }
        let mut normalized = scene.normalized();
        let whole = normalized.sources.remove(0);
        let sources = (0..n_files).map(|id| {
            let mut hours = whole.hours.clone();
            hours.retain(|(_, channel, hour), _| (*hour as u32 + channel.len() as u32) % n_files == id);
            for ((_, channel, _), count) in &mut hours {
                count.n += u64::from(&**channel == "system");
            }
            SourceSummary { id: SourceId(id), format: format.to_owned(), hours, ..whole.clone() }
        });
        for event in &mut normalized.events {
            let place = event.at.hour() as u32 + source_name(event).len() as u32;
            event.provenance.source = SourceId(place % n_files);
        }
        let sources = sources.collect();
        (normalized.events, sources)
    }

    #[test]
    fn a_log_covers_what_its_own_records_do_in_any_export_and_any_number_of_files() {
        for (format, n_files) in [("evtx", 1), ("evtx", 3), ("winlogbeat", 1), ("winlogbeat", 2), ("event-xml", 4)] {
            let (events, sources) = two_logs(format, n_files);
            let logs = logs(&events, &sources);
            let of = |name: &str| &logs[&("RDS01".into(), name.into())];
            let span = |first: f64, last: f64| TimeRange { start: at(first), end: Timestamp(at(last).0 + 1) };
            assert_eq!(of("Application").span(), Some(span(30.0 * HOUR, 210.0 * HOUR)), "{format} {n_files}");
            assert_eq!(of("System").span(), Some(span(7.0, 239.0 * HOUR + 7.0)), "{format} {n_files}");
            assert_eq!(of("Application").hours.values().map(|count| count.n).sum::<u64>(), 3);
            assert_eq!(of("System").hours.values().map(|count| count.n).sum::<u64>(), 480);
        }
    }

    #[test]
    fn what_has_no_channel_counts_for_the_logs_of_its_format_alone() {
        let (mut events, mut sources) = two_logs("log4net", 2);
        sources[1].format = "serilog".to_owned();
        for event in &mut events {
            (event.dataset, event.channel) = (["app.one", "app.two"][event.provenance.source.0 as usize].into(), None);
        }
        for (source, second) in sources.iter_mut().zip([300.0 * HOUR, -5.0 * HOUR]) {
            let key = ("RDS01".into(), "".into(), at(second).hour());
            source.hours = [(key, HourCount::of(at(second)))].into();
        }
        let logs = logs(&events, &sources);
        let span = |name: &str| logs[&("RDS01".into(), name.into())].span().unwrap();
        assert_eq!(span("app.one").end, Timestamp(at(300.0 * HOUR).0 + 1));
        assert_eq!(span("app.two").start, at(-5.0 * HOUR));
        assert!(span("app.one").start > at(-1.0) && span("app.two").end < at(241.0 * HOUR));
    }
}
