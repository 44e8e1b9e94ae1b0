//! What the timeline is about: one incident (or a quiet time), its axis, and the look-ups that lanes share.

use std::collections::{BTreeMap, BTreeSet};

use super::axis::Axis;
use super::mark::Shape;
use super::theme::Ink;
use crate::frame::{Attempt, Change};
use crate::judge::{Incident, Verdict};
use crate::model::{Fault, Name, TimeRange, Timestamp};
use crate::report::input::Input;

/// Changes this long before the onset belong to what the reader looks at: a deploy on a weekend and a Monday.
const BEFORE_ONSET_S: f64 = 4.0 * 86_400.0;
/// Up to so many hosts every one has its row.
pub(crate) const MANY_HOSTS: usize = 32;
/// An unproven change this probable is one that bins must not begin before.
const LEAST_SUSPECT: f64 = 0.05;
/// The focus shows at least this much on both sides of the incident.
const MARGIN_S: f64 = 12.0 * 3_600.0;

/// One picture's subject.
#[derive(Debug)]
pub(crate) struct Scene<'a> {
    /// What the report is made from.
    pub(crate) input: &'a Input<'a>,
    /// The incident with the greatest impact; `None` for a quiet time.
    pub(crate) incident: Option<&'a Incident>,
    /// The change that is the root cause.
    pub(crate) guilty: Option<&'a Change>,
    /// The axis.
    pub(crate) axis: Axis,
    /// Hosts in the order in which they were hit, then by name.
    pub(crate) hosts: Vec<Name>,
    /// How many of them, from the first, were hit, or have failures that are worth a row of their own.
    pub(crate) n_hit: usize,
}

impl<'a> Scene<'a> {
    /// Chooses the subject and lays out the axis. `None` if the logs cover no time.
    pub(crate) fn new(input: &'a Input<'a>) -> Option<Self> {
        let window = input.tables.window.filter(|window| window.seconds() > 0.0)?;
        let incident = input.main_incident();
        let guilty = incident.and_then(|main| main.root_cause.change_id.as_deref()).and_then(|id| input.change(id));
        let mut anchors: Vec<Timestamp> = input.judgement.incidents.iter().map(|one| one.started_at).collect();
        anchors.extend(suspects(input, incident).filter_map(first_in_force));
        let focus = incident.map(|main| focus(input, main, window));
        let axis = Axis::new(window, focus, &anchors);
        let (hosts, n_hit) = hosts_as_hit(input, incident);
        Some(Self { input, incident, guilty, axis, hosts, n_hit })
    }

    /// The span of an incident, as far as the window shows it.
    pub(crate) fn span_of(&self, incident: &Incident) -> Option<TimeRange> {
        let window = self.input.tables.window?;
        let (start, end) = (incident.started_at.max(window.start), incident.ended_at.unwrap_or(window.end));
        (end > start).then_some(TimeRange { start, end: end.min(window.end).max(start) })
    }

    /// When the guilty change came into force on its first host, if the window shows that.
    pub(crate) fn guilty_at(&self) -> Option<Timestamp> {
        self.guilty.and_then(first_in_force).filter(|at| self.axis.shows(*at))
    }

    /// Whether a failure has a signature of an incident; in a quiet time every failure that is not the user's own.
    pub(crate) fn is_subject(&self, attempt: &Attempt) -> bool {
        let incidents = &self.input.judgement.incidents;
        match &attempt.signature {
            Some(_) if incidents.is_empty() => attempt.fault != Some(Fault::User),
            Some(signature) => incidents.iter().any(|one| one.signatures.contains(signature)),
            None => false,
        }
    }

    /// The verdict on a change.
    pub(crate) fn verdict(&self, change: &Change) -> Option<(Verdict, f64)> {
        let incident = self.incident.map(|main| main.id.as_str());
        self.input.verdict(&change.id, incident).map(|said| (said.verdict, said.probability))
    }

    /// Times that no source of any host covers.
    pub(crate) fn missing(&self) -> Vec<TimeRange> {
        self.missing_of(&self.hosts)
    }

    /// Times that no source of any of these hosts covers.
    pub(crate) fn missing_of(&self, hosts: &[Name]) -> Vec<TimeRange> {
        let covered: Vec<TimeRange> = hosts.iter().flat_map(|host| self.covered(host)).collect();
        self.uncovered(&covered)
    }

    /// The spans of a host's sources without their gaps.
    fn covered(&self, host: &Name) -> Vec<TimeRange> {
        let mut spans = Vec::new();
        for coverage in self.input.tables.coverage.iter().filter(|coverage| coverage.host == *host) {
            let mut from = coverage.span.start;
            for gap in &coverage.gaps {
                spans.push(TimeRange { start: from, end: gap.start });
                from = gap.end;
            }
            spans.push(TimeRange { start: from, end: coverage.span.end });
        }
        spans
    }

    /// What the spans leave of the window, without slivers too short to see.
    pub(crate) fn uncovered(&self, covered: &[TimeRange]) -> Vec<TimeRange> {
        let (Some(first), Some(last)) = (self.axis.parts.first(), self.axis.parts.last()) else { return Vec::new() };
        let mut sorted: Vec<TimeRange> = covered.iter().copied().filter(|span| span.seconds() > 0.0).collect();
        sorted.sort_unstable_by_key(|span| span.start);
        let mut missing = Vec::new();
        let mut from = first.span.start;
        for span in sorted {
            if span.start > from {
                missing.push(TimeRange { start: from, end: span.start });
            }
            from = from.max(span.end);
        }
        if from < last.span.end {
            missing.push(TimeRange { start: from, end: last.span.end });
        }
        missing.retain(|span| span.seconds() >= self.axis.unit_s.max(3_600.0));
        missing
    }
}

/// The changes at which bins begin anew: what is guilty, contributes or ended it, and what may be guilty.
fn suspects<'a>(input: &'a Input<'a>, incident: Option<&'a Incident>) -> impl Iterator<Item = &'a Change> {
    let id = incident.map(|main| main.id.as_str());
    let is_near = move |change: &&Change| {
        input.verdict(&change.id, id).is_some_and(|said| match said.verdict {
            Verdict::RootCause | Verdict::Contributing | Verdict::Remedy => true,
            Verdict::Unproven => said.probability >= LEAST_SUSPECT,
            Verdict::Acquitted => false,
        })
    };
    input.tables.changes.iter().filter(is_near)
}

/// When the first host has the change in force.
pub(crate) fn first_in_force(change: &Change) -> Option<Timestamp> {
    change.hosts.iter().map(|host| host.in_force_at).min().or(Some(change.started_at))
}

/// Shape and color of a verdict.
pub(crate) fn look(verdict: Option<Verdict>) -> (Shape, Ink) {
    match verdict {
        Some(Verdict::RootCause) => (Shape::Triangle, Ink::Guilty),
        Some(Verdict::Contributing) => (Shape::HollowTriangle, Ink::Contributing),
        Some(Verdict::Acquitted) => (Shape::Ring, Ink::Acquitted),
        Some(Verdict::Remedy) => (Shape::Plus, Ink::Remedy),
        Some(Verdict::Unproven) | None => (Shape::Diamond, Ink::Unproven),
    }
}

/// The incident with what surrounds it: changes shortly before, the remedy, a margin; whole days where it lasts days.
fn focus(input: &Input<'_>, main: &Incident, window: TimeRange) -> TimeRange {
    const DAY: i64 = crate::model::time::TICKS_PER_DAY;
    let end = main.ended_at.unwrap_or(window.end);
    let margin_s = (end.seconds_since(main.started_at) * 0.5).max(MARGIN_S);
    let earliest = main.started_at.plus_seconds(-BEFORE_ONSET_S);
    let near = input.tables.changes.iter().flat_map(|change| change.hosts.iter().map(|host| host.at));
    let start = near
        .filter(|at| earliest <= *at && *at <= main.started_at)
        .chain([main.started_at.plus_seconds(-margin_s)])
        .min()
        .unwrap_or(main.started_at);
    let fixed = main.remedy.change_id.as_deref().and_then(|id| input.change(id));
    let fixed_at = fixed.and_then(|change| change.hosts.iter().map(|host| host.in_force_at).max());
    let end = fixed_at.map_or(end, |at| at.max(end).min(end.plus_seconds(BEFORE_ONSET_S))).plus_seconds(margin_s);
    let whole_days = |at: i64| at.div_euclid(DAY) * DAY;
    let mut focus = TimeRange { start: Timestamp(whole_days(start.0)), end: Timestamp(whole_days(end.0) + DAY) };
    // Little remainders are not worth a break.
    if focus.start.seconds_since(window.start) < focus.seconds() * 0.5 {
        focus.start = window.start;
    }
    if window.end.seconds_since(focus.end) < focus.seconds() * 0.5 {
        focus.end = window.end;
    }
    TimeRange { start: focus.start.max(window.start), end: focus.end.min(window.end) }
}

/// Hosts by their first failure within the incident, then those that were not hit; and how many were hit. In a quiet
/// time those with the most failures first, if there are so many hosts that not each can have its row.
fn hosts_as_hit(input: &Input<'_>, incident: Option<&Incident>) -> (Vec<Name>, usize) {
    let mut hosts = Vec::new();
    let mut known: BTreeSet<Name> = BTreeSet::new();
    if let Some(main) = incident {
        let own: BTreeSet<u32> = main.attempts.iter().copied().collect();
        for attempt in &input.tables.attempts {
            if attempt.at >= main.started_at && own.contains(&attempt.id) && known.insert(attempt.host.clone()) {
                hosts.push(attempt.host.clone());
            }
        }
    }
    if incident.is_none() && input.tables.hosts.len() > MANY_HOSTS {
        let mut counts: BTreeMap<&Name, usize> = BTreeMap::new();
        for attempt in input.tables.attempts.iter().filter(|attempt| attempt.is_service_failure()) {
            *counts.entry(&attempt.host).or_default() += 1;
        }
        let mut failing: Vec<(&Name, usize)> = counts.into_iter().collect();
        failing.sort_by_key(|(host, n)| (std::cmp::Reverse(*n), *host));
        hosts.extend(failing.into_iter().take(MANY_HOSTS / 2).map(|(host, _)| host.clone()));
        known.extend(hosts.iter().cloned());
    }
    let rest: Vec<Name> = input.tables.hosts.iter().filter(|host| !known.contains(*host)).cloned().collect();
    let n_hit = hosts.len();
    hosts.extend(rest);
    (hosts, n_hit)
}
