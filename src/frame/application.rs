//! What applications say of the same tries: joined to the hosts' own traces, or tries in their own right.

use std::collections::{BTreeMap, BTreeSet};

use super::outcome::is_short;
use super::trace::Trace;
use super::who::{Actor, is_host_log};
use crate::model::{Action, Event, Name, Timestamp};

/// How far apart request and answer of one application's try may lie, in seconds.
const ANSWER_S: f64 = 600.0;
/// The farthest that two clocks are believed to be apart, in seconds: a day, which a wrong zone never exceeds.
const MAX_OFFSET_S: f64 = 86_400.0;
/// How many pairs tell the offset of two clocks.
const MIN_PAIRS: usize = 5;
/// The least and the greatest tolerance for pairing, in seconds, once the offset is known.
const TOLERANCE_S: (f64, f64) = (30.0, 120.0);

/// One try by an application's word.
#[derive(Clone, Debug)]
pub(super) struct AppTry {
    pub dataset: Name,
    pub host: Option<Name>,
    pub user: Name,
    /// The request; where only the answer is logged, the answer less its duration.
    pub start: Timestamp,
    /// Whether it succeeded; `None` without an answer.
    pub success: Option<bool>,
    pub session: Option<u32>,
    pub members: Vec<usize>,
    /// The failures among the members.
    pub failures: Vec<usize>,
}

/// Gathers the tries that applications report: request and answer joined by request id, else by user and order.
pub(super) fn tries(events: &[Event], actors: &[Actor]) -> Vec<AppTry> {
    let mut tries: Vec<AppTry> = Vec::new();
    let mut by_id: BTreeMap<(Name, Name), usize> = BTreeMap::new();
    let mut by_user: BTreeMap<(Name, Name), usize> = BTreeMap::new();
    for (index, (event, actor)) in events.iter().zip(actors).enumerate() {
        let (Some(user), false) = (&actor.user, is_host_log(event)) else { continue };
        let success = match event.action {
            Action::Attempt => None,
            Action::Success | Action::SessionBegin => Some(true),
            Action::Failure => Some(false),
            _ => continue,
        };
        let user_key = (event.dataset.clone(), user.clone());
        let id_key = event.activity_id.clone().map(|id| (event.dataset.clone(), id));
        let known = match &id_key {
            Some(key) => by_id.get(key).copied(),
            None if success.is_some() => by_user.get(&user_key).copied(),
            None => None,
        };
        let is_open = |number: &usize| {
            let found = &tries[*number];
            (found.success.is_none() || found.success == success)
                && event.at.seconds_since(found.start) <= ANSWER_S
                && (success.is_some() || id_key.is_some())
        };
        if let Some(number) = known.filter(is_open) {
            let found = &mut tries[number];
            found.members.push(index);
            found.success = found.success.or(success);
            found.session = found.session.or(event.session_id);
            if event.action == Action::Failure {
                found.failures.push(index);
            }
            if found.success.is_some() && id_key.is_none() {
                by_user.remove(&user_key);
            }
            continue;
        }
        let lasted_s = event.duration_ms.filter(|_| success.is_some()).unwrap_or(0.0) / 1_000.0;
        tries.push(AppTry {
            dataset: event.dataset.clone(),
            host: actor.host.clone(),
            user: user.clone(),
            start: event.at.plus_seconds(-lasted_s),
            success,
            session: event.session_id,
            members: vec![index],
            failures: if success == Some(false) { vec![index] } else { Vec::new() },
        });
        let number = tries.len() - 1;
        if let Some(key) = id_key {
            by_id.insert(key, number);
        } else if success.is_none() {
            by_user.insert(user_key, number);
        }
    }
    tries
}

/// How far one application's clock is ahead of one host's, and how well that is known.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Offset {
    ahead_s: f64,
    tolerance_s: f64,
}

/// Pairs the tries of applications with the traces of the hosts: for each try the number of its trace.
///
/// The clocks of two machines differ, so their offset is estimated first, from pairs that share a session
/// number, else from all: the densest difference of their beginnings. Then pairs are formed from
/// the closest to the farthest, each trace at most once for each application.
pub(super) fn pair(tries: &[AppTry], traces: &[Trace], session_hosts: &BTreeSet<Name>) -> Vec<Option<usize>> {
    let candidates = Candidates::of(traces, session_hosts);
    let offsets = offsets(tries, traces, &candidates);
    let mut pairs: Vec<(f64, f64, usize, usize)> = Vec::new();
    for (number, attempt) in tries.iter().enumerate() {
        for trace in candidates.of_try(attempt) {
            let key = (&attempt.dataset, &traces[*trace].host);
            let Some(offset) = offsets.get(&key) else { continue };
            let start = attempt.start.plus_seconds(-offset.ahead_s);
            let from_begin = start.seconds_since(traces[*trace].first);
            // The answer to a try that fails late may come, and be stamped, at its end.
            let lasted = closed(&traces[*trace]).seconds_since(traces[*trace].first);
            let from_end = if attempt.success == Some(false) { from_begin - lasted } else { from_begin };
            let apart = if from_begin > 0.0 && from_end < 0.0 { 0.0 } else { from_begin.abs().min(from_end.abs()) };
            let same_session = attempt.session.is_some_and(|session| traces[*trace].sessions.contains(&session));
            let tolerance = if same_session { ANSWER_S } else { offset.tolerance_s };
            if apart <= tolerance {
                pairs.push((apart, from_begin.abs(), number, *trace));
            }
        }
    }
    pairs.sort_by(|one, other| {
        let by_distance = one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1));
        by_distance.then(one.2.cmp(&other.2)).then(one.3.cmp(&other.3))
    });
    let mut paired = vec![None; tries.len()];
    let mut taken: BTreeSet<(&Name, usize)> = BTreeSet::new();
    for (_, _, number, trace) in pairs {
        if paired[number].is_none() && taken.insert((&tries[number].dataset, trace)) {
            paired[number] = Some(trace);
        }
    }
    paired
}

/// When a try was over: with its session if that was thrown out at once, else with its last record.
fn closed(trace: &Trace) -> Timestamp {
    trace.ended.filter(|_| is_short(trace)).map_or(trace.last, |ended| ended.max(trace.last))
}

/// The traces that a try may belong to.
struct Candidates<'a> {
    by_host: BTreeMap<&'a Name, BTreeMap<&'a Name, Vec<usize>>>,
    by_user: BTreeMap<&'a Name, Vec<usize>>,
    session_hosts: &'a BTreeSet<Name>,
}

impl<'a> Candidates<'a> {
    fn of(traces: &'a [Trace], session_hosts: &'a BTreeSet<Name>) -> Self {
        let mut candidates = Self { by_host: BTreeMap::new(), by_user: BTreeMap::new(), session_hosts };
        for (number, trace) in traces.iter().enumerate() {
            candidates.by_host.entry(&trace.host).or_default().entry(&trace.user).or_default().push(number);
            candidates.by_user.entry(&trace.user).or_default().push(number);
        }
        candidates
    }

    /// Those of its user on its host; on any host if it names none, or one that nobody has sessions on.
    fn of_try(&self, attempt: &AppTry) -> &[usize] {
        match attempt.host.as_ref().and_then(|host| self.session_hosts.get(host)) {
            Some(host) => self.by_host.get(host).and_then(|users| users.get(&attempt.user)).map_or(&[], Vec::as_slice),
            None => self.by_user.get(&attempt.user).map_or(&[], Vec::as_slice),
        }
    }
}

/// Estimates for each application and host how far their clocks are apart.
///
/// Every try is compared with every trace that it may belong to within a day; the true pairs agree on one
/// difference and all others scatter, so the densest difference is the offset. Where session numbers are
/// known, only pairs that share one are compared.
fn offsets<'a>(
    tries: &'a [AppTry],
    traces: &'a [Trace],
    candidates: &Candidates<'_>,
) -> BTreeMap<(&'a Name, &'a Name), Offset> {
    let mut differences: BTreeMap<(&Name, &Name), [Vec<f64>; 2]> = BTreeMap::new();
    for attempt in tries {
        for trace in candidates.of_try(attempt).iter().map(|number| &traces[*number]) {
            let apart_s = attempt.start.seconds_since(trace.first);
            if apart_s.abs() > MAX_OFFSET_S {
                continue;
            }
            let [by_session, all] = differences.entry((&attempt.dataset, &trace.host)).or_default();
            if attempt.session.is_some_and(|session| trace.sessions.contains(&session)) {
                by_session.push(apart_s);
            }
            all.push(apart_s);
        }
    }
    let chosen = |[by_session, all]: [Vec<f64>; 2]| if by_session.len() >= MIN_PAIRS { by_session } else { all };
    differences.into_iter().map(|(key, both)| (key, offset(chosen(both)))).collect()
}

/// The median of the densest [`TOLERANCE_S`] of the differences, the one nearest to zero of equals; the tolerance
/// is three times the median absolute deviation around it, within bounds.
fn offset(mut differences: Vec<f64>) -> Offset {
    differences.sort_by(f64::total_cmp);
    let (mut best, mut start) = (0..0, 0);
    for end in 0..differences.len() {
        while differences[end] - differences[start] > TOLERANCE_S.0 {
            start += 1;
        }
        let is_nearer = || differences[start].abs() < differences[best.start].abs();
        if end + 1 - start > best.len() || (end + 1 - start == best.len() && is_nearer()) {
            best = start..end + 1;
        }
    }
    let densest = &differences[best];
    if densest.len() < MIN_PAIRS {
        return Offset { ahead_s: 0.0, tolerance_s: TOLERANCE_S.1 };
    }
    let ahead_s = densest[densest.len() / 2];
    let mut deviations: Vec<f64> = densest.iter().map(|difference| (difference - ahead_s).abs()).collect();
    let deviation = median(&mut deviations);
    Offset { ahead_s, tolerance_s: (3.0 * 1.4826 * deviation).clamp(TOLERANCE_S.0, TOLERANCE_S.1) }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
