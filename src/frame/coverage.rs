//! What each host's sources cover: span and gaps, so that silence is never read as zero.

use std::collections::{BTreeMap, BTreeSet};

use super::Coverage;
use super::explain::Explanations;
use super::logs::{Counts, Log, Logs, logs, source_name};
use super::who::is_host_log;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::time::TICKS_PER_HOUR;
use crate::model::{Action, Event, Name, TimeRange, Timestamp};
use crate::normalize::SourceSummary;

/// How unlikely a silence must be before it counts as a gap, over all hours that could have been silent.
const P_CHANCE: f64 = 0.001;
/// The longest stretch that one look-up of the rhythm may skip, in hours: two years.
const MAX_HOURS: i64 = 2 * 366 * 24;

/// Computes coverage by host and source, and fills in the gaps of the source summaries.
///
/// A source is a log: the channel of Windows events, else the dataset, however many files it stands in.
pub(super) fn coverage(events: &[Event], sources: &mut [SourceSummary]) -> (Vec<Coverage>, Vec<Diagnostic>) {
    let told = Explanations::learn(events, sources);
    let logs = logs(events, sources);
    let silent_hosts = silent_hosts(&logs);
    let mut rows = Vec::new();
    let mut diagnostics = Vec::new();
    for ((host, source), log) in logs {
        let Some(span) = log.span() else { continue };
        let begins = told.begins(&host, &source, span.start);
        let Log { hours, path, is_windows, .. } = log;
        let mut silences = gaps(&hours, span);
        for silence in silent_hosts.get(&host).into_iter().flatten().filter(|_| is_windows) {
            let inside = TimeRange { start: silence.start.max(span.start), end: silence.end.min(span.end) };
            let is_new = silences.iter().all(|known| known.end <= inside.start || inside.end <= known.start);
            if inside.start < inside.end && is_new {
                silences.push(inside);
            }
        }
        silences.sort();
        let gaps = told.gaps(&host, &source, &silences);
        if let Some(first) = gaps.first() {
            let n_missing =
                first.n_missing.filter(|n| *n > 0).map_or(String::new(), |n| format!("; {n} records missing"));
            let detail = format!("{host}, {source}: silent from {} to {}{n_missing}", first.start, first.end);
            let mut diagnostic = Diagnostic::new(Code::CoverageGap, &path, None, detail);
            diagnostic.count = gaps.len() as u64;
            diagnostics.push(diagnostic);
        }
        rows.push(Coverage { host, source, span, begins, gaps });
    }
    for summary in sources.iter_mut() {
        summary.gaps = own_gaps(summary, events, &rows);
    }
    (rows, diagnostics)
}

/// When no Windows log of a host says anything though all of them together would: one quiet channel proves little, and
/// many of them at once do.
fn silent_hosts(logs: &Logs) -> BTreeMap<Name, Vec<TimeRange>> {
    let mut hosts: BTreeMap<&Name, (Counts, TimeRange)> = BTreeMap::new();
    for ((host, _), log) in logs.iter().filter(|(_, log)| log.is_windows) {
        let Some(own) = log.span() else { continue };
        let (hours, span) = hosts.entry(host).or_insert((Counts::new(), own));
        *span = TimeRange { start: span.start.min(own.start), end: span.end.max(own.end) };
        log.hours.iter().for_each(|(hour, count)| count.add_to(hours, *hour));
    }
    hosts.into_iter().map(|(host, (hours, span))| (host.clone(), gaps(&hours, span))).collect()
}

/// Hours of the week fall into classes of like rhythm: working days and weekends, by hour of the day (UTC).
fn class(hour: i64) -> usize {
    let weekday = (hour.div_euclid(24) + 3).rem_euclid(7); // 1970-01-01 was a Thursday; 0 is Monday
    let of_day = hour.rem_euclid(24) as usize;
    if weekday < 5 { of_day } else { 24 + of_day }
}

/// Finds the silences that the source's own rhythm makes unlikely.
///
/// The expected count of an hour is the mean of its class. A run of silent hours with expectation Λ has
/// probability exp(−Λ/φ), φ the overdispersion of the counts (variance over mean, at least 1), since records
/// come in bunches; it is a gap if that is below [`P_CHANCE`] divided by the number of hours that a run
/// could have begun in. A second pass leaves the gaps of the first out of the means.
fn gaps(hours: &Counts, span: TimeRange) -> Vec<TimeRange> {
    let (first, last) = (span.start.hour(), span.end.hour());
    if last - first < 48 || last - first > MAX_HOURS {
        return Vec::new();
    }
    let mut out: BTreeSet<i64> = BTreeSet::new();
    let mut found = Vec::new();
    for _ in 0..2 {
        let (mean, dispersion) = rhythm(hours, first, last, &out);
        let needed = dispersion * ((last - first) as f64 / P_CHANCE).ln();
        found.clear();
        out.clear();
        let mut run: Vec<i64> = Vec::new();
        let mut expected = 0.0;
        for hour in first..=last + 1 {
            // The hours at both ends are only partly covered, so they prove nothing.
            if hour > first && hour < last && !hours.contains_key(&hour) {
                run.push(hour);
                expected += mean[class(hour)];
                continue;
            }
            if let (Some(start), Some(end)) = (run.first(), run.last())
                && expected >= needed
            {
                let start = Timestamp(start * TICKS_PER_HOUR);
                found.push(TimeRange { start, end: Timestamp((end + 1) * TICKS_PER_HOUR) });
                out.extend(run.iter().copied());
            }
            run.clear();
            expected = 0.0;
        }
    }
    found
}

/// The mean count of each class of hours, and the overdispersion of the counts around it.
fn rhythm(hours: &Counts, first: i64, last: i64, out: &BTreeSet<i64>) -> ([f64; 48], f64) {
    let mut sum = [0.0; 48];
    let mut n = [0.0; 48];
    let inside = |hour: &i64| !out.contains(hour);
    for hour in (first..=last).filter(inside) {
        sum[class(hour)] += hours.get(&hour).map_or(0, |count| count.n) as f64;
        n[class(hour)] += 1.0;
    }
    let mut mean = [0.0; 48];
    for index in 0..48 {
        mean[index] = if n[index] > 0.0 { sum[index] / n[index] } else { 0.0 };
    }
    // Only hours with records tell how the counts scatter; a gap must not excuse itself.
    let (mut chi, mut degrees) = (0.0, 0.0);
    for hour in (first..=last).filter(inside) {
        let expected = mean[class(hour)];
        if let Some(count) = hours.get(&hour).filter(|_| expected > 0.0) {
            chi += (count.n as f64 - expected).powi(2) / expected;
            degrees += 1.0;
        }
    }
    (mean, if degrees > 0.0 { (chi / degrees).max(1.0) } else { 1.0 })
}

/// The gaps of all channels and hosts that the source holds, within its own span, by time.
fn own_gaps(summary: &SourceSummary, events: &[Event], rows: &[Coverage]) -> Vec<TimeRange> {
    let Some((start, end)) = summary.span else { return Vec::new() };
    let mine: BTreeSet<(Name, Name)> = events
        .iter()
        .filter(|event| event.provenance.source == summary.id)
        .filter_map(|event| Some((event.host.clone()?, source_name(event))))
        .collect();
    let mut gaps: Vec<TimeRange> = rows
        .iter()
        .filter(|row| mine.contains(&(row.host.clone(), row.source.clone())))
        .flat_map(|row| row.gaps.iter().map(super::Gap::range))
        .filter(|gap| gap.start >= start && gap.end <= end)
        .collect();
    gaps.sort();
    gaps.dedup();
    gaps
}

/// What kind of thing a source can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shows {
    /// That a session began or a desktop came up.
    Desktop,
    /// That somebody was authenticated, or got a session: Windows' own session logs.
    Connection,
    /// That a profile was loaded.
    Profile,
    /// That a close did not complete.
    Close,
    /// That something was installed.
    Install,
    /// That the host started.
    Boot,
}

/// When which host could have been seen doing what.
#[derive(Default)]
pub(super) struct Sight {
    spans: BTreeMap<(Name, Shows), Vec<TimeRange>>,
}

impl Sight {
    /// Learns from the events which sources show what, and takes the times that those cover.
    pub(super) fn learn(events: &[Event], rows: &[Coverage]) -> Self {
        let mut shown: BTreeMap<Name, BTreeSet<Shows>> = BTreeMap::new();
        for event in events.iter().filter(|event| is_host_log(event)) {
            for shows in shows(event) {
                shown.entry(source_name(event)).or_default().insert(*shows);
            }
        }
        let mut spans: BTreeMap<(Name, Shows), Vec<TimeRange>> = BTreeMap::new();
        for row in rows {
            for shows in shown.get(&row.source).into_iter().flatten() {
                spans.entry((row.host.clone(), *shows)).or_default().extend(pieces(row));
            }
        }
        Self { spans }
    }

    /// Whether a source that shows it covers that host at that time.
    pub(super) fn covers(&self, host: &Name, shows: Shows, at: Timestamp) -> bool {
        self.spans.get(&(host.clone(), shows)).is_some_and(|spans| spans.iter().any(|span| span.contains(at)))
    }

    /// Whether a source that shows it covers that host from the one instant to the other without a gap.
    pub(super) fn covers_span(&self, host: &Name, shows: Shows, from: Timestamp, to: Timestamp) -> bool {
        let spans = self.spans.get(&(host.clone(), shows));
        spans.is_some_and(|spans| spans.iter().any(|span| span.contains(from) && span.contains(to)))
    }

    /// Whether any source of that host shows it at any time.
    pub(super) fn knows(&self, host: &Name, shows: Shows) -> bool {
        self.spans.contains_key(&(host.clone(), shows))
    }

    /// First and last instant at which connections to any of these hosts could be seen.
    pub(super) fn window(&self, hosts: &[Name]) -> Option<TimeRange> {
        let spans = hosts.iter().filter_map(|host| self.spans.get(&(host.clone(), Shows::Connection))).flatten();
        spans.copied().reduce(|one, other| TimeRange { start: one.start.min(other.start), end: one.end.max(other.end) })
    }
}

fn shows(event: &Event) -> &'static [Shows] {
    let is_security = super::who::is_security(event);
    match event.action {
        Action::SessionBegin | Action::Success | Action::SessionEnd if event.session_id.is_some() => {
            &[Shows::Desktop, Shows::Connection, Shows::Close]
        }
        Action::Authenticated if !is_security => &[Shows::Connection],
        Action::ProfileLoadEnd => &[Shows::Profile],
        Action::ProfileUnloadEnd | Action::DiskDetached => &[Shows::Close],
        Action::Change => &[Shows::Install],
        Action::Boot => &[Shows::Boot],
        _ => &[],
    }
}

/// The span of a row without its gaps.
fn pieces(row: &Coverage) -> Vec<TimeRange> {
    let mut pieces = Vec::new();
    let mut start = row.span.start;
    for gap in &row.gaps {
        pieces.push(TimeRange { start, end: gap.start });
        start = gap.end;
    }
    pieces.push(TimeRange { start, end: row.span.end });
    pieces
}

#[cfg(test)]
mod tests {
    use super::super::scene::{Scene, at};
    use super::*;
    use crate::normalize::Role;

    fn rows(scene: Scene) -> (Vec<Coverage>, Vec<Diagnostic>) {
        let mut normalized = scene.normalized();
        coverage(&normalized.events, &mut normalized.sources)
    }

    /// Two weeks of a log with a record every ten minutes of the working day.
    fn two_weeks(skip: std::ops::Range<i64>) -> Scene {
        let mut scene = Scene::new();
        for minute in 0..14 * 24 * 6 {
            let hour = minute / 6;
            if (7..18).contains(&(hour % 24)) && !skip.contains(&hour) {
                scene.event("RDS01", minute as f64 * 600.0, Action::Other);
            }
        }
        scene
    }

    #[test]
    fn nights_are_no_gap_and_a_silent_working_day_is_one() {
        assert!(rows(two_weeks(0..0)).0[0].gaps.is_empty());
        let (rows, diagnostics) = rows(two_weeks(8 * 24..9 * 24));
        assert_eq!(rows[0].gaps.len(), 1);
        let gap = rows[0].gaps[0].range();
        assert!(gap.contains(at(8.0 * 86_400.0 + 12.0 * 3_600.0)), "{gap:?}");
        assert_eq!(diagnostics.len(), 1);
        assert_eq!(diagnostics[0].code, Code::CoverageGap);
    }

    #[test]
    fn a_file_of_a_rotated_log_without_events_is_no_gap() {
        let day = 8 * 24..9 * 24;
        let of = |role: Role| {
            let mut normalized = two_weeks(0..0).normalized();
            normalized.sources[0].role = role;
            let mut second = normalized.sources[0].clone();
            second.id = crate::model::SourceId(1);
            let begin = at(0.0).hour();
            let is_in = |hour: i64| day.contains(&(hour - begin));
            second.hours.retain(|(.., hour), _| is_in(*hour));
            // Nothing tells the channel of what nobody wants.
            second.hours = second.hours.into_iter().map(|((host, _, hour), n)| ((host, "".into(), hour), n)).collect();
            normalized.sources[0].hours.retain(|(.., hour), _| !is_in(*hour));
            normalized.events.retain(|event| !is_in(event.at.hour()));
            if role == Role::AppLog {
                normalized.events.iter_mut().for_each(|event| event.channel = None);
            }
            normalized.sources.push(second);
            coverage(&normalized.events, &mut normalized.sources).0[0].gaps.len()
        };
        assert_eq!((of(Role::AppLog), of(Role::Events)), (0, 1));
    }

    #[test]
    fn a_file_without_events_covers_every_dataset_of_its_format() {
        let mut normalized = two_weeks(0..0).normalized();
        normalized.sources[0].role = Role::AppLog;
        for id in 1..3 {
            let mut other = normalized.sources[0].clone();
            other.id = crate::model::SourceId(id);
            normalized.sources.push(other);
        }
        // Two files hold a dataset each, the third holds none.
        for (event, id) in normalized.events.iter_mut().zip([0, 1].into_iter().cycle()) {
            event.provenance.source = crate::model::SourceId(id);
            event.channel = None;
            event.dataset = Name::from(["app.one", "app.two"][id as usize]);
        }
        for source in &mut normalized.sources {
            let hours = std::mem::take(&mut source.hours);
            source.hours = hours.into_iter().map(|((host, _, hour), n)| ((host, "".into(), hour), n)).collect();
        }
        let (rows, _) = coverage(&normalized.events, &mut normalized.sources);
        let names: Vec<&str> = rows.iter().map(|row| &*row.source).collect();
        assert_eq!(names, ["app.one", "app.two"]);
    }

    #[test]
    fn a_time_inside_a_gap_is_not_covered() {
        let mut scene = two_weeks(8 * 24..9 * 24);
        scene.begin("RDS01", "anna", 3, 7.5 * 3_600.0);
        scene.events.sort_by_key(|event| event.at);
        let mut normalized = scene.normalized();
        let (rows, _) = coverage(&normalized.events, &mut normalized.sources);
        let sight = Sight::learn(&normalized.events, &rows);
        let host = Name::from("RDS01");
        assert!(sight.covers(&host, Shows::Desktop, at(9.5 * 86_400.0)));
        assert!(!sight.covers(&host, Shows::Desktop, at(8.5 * 86_400.0)));
        assert!(!sight.covers(&host, Shows::Desktop, at(99.0 * 86_400.0)));
    }
}
