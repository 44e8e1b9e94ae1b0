//! What applications say of the same tries: joined to the hosts' own traces, or tries in their own right.

use std::collections::{BTreeMap, BTreeSet};

use super::clocks::{Candidates, Clocks, Mode};
use super::outcome::is_short;
use super::trace::Trace;
use super::who::{Actor, is_host_log};
use crate::model::{Action, Event, Name, Timestamp};

/// How far apart request and answer of one application's try may lie, in seconds.
const ANSWER_S: f64 = 600.0;
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

/// Pairs the tries of applications with the traces of the hosts: for each try the number of its trace.
///
/// The clocks of two machines differ, so tries are moved by the offset of their clocks; where that is not known, as far
/// as the greatest tolerance reaches. Then pairs are formed from the closest to the farthest, each trace at most once
/// for each application.
pub(super) fn pair(
    tries: &[AppTry],
    traces: &[Trace],
    candidates: &Candidates<'_>,
    (clocks, events): (&Clocks, &[Event]),
) -> Vec<Option<usize>> {
    let mut pairs: Vec<(f64, f64, usize, usize)> = Vec::new();
    for (number, attempt) in tries.iter().enumerate() {
        let clock = clocks.of_try(attempt, events);
        for trace in candidates.of_try(Some(&attempt.user), attempt.host.as_ref()) {
            let offset = clocks.offset(&clock, &traces[*trace].host, attempt.start);
            let start = attempt.start.plus_seconds(-offset.map_or(0.0, |offset| offset.ahead_s));
            let from_begin = start.seconds_since(traces[*trace].first);
            // The answer to a try that fails late may come, and be stamped, at its end.
            let lasted = closed(&traces[*trace]).seconds_since(traces[*trace].first);
            let from_end = if attempt.success == Some(false) { from_begin - lasted } else { from_begin };
            let apart = if from_begin > 0.0 && from_end < 0.0 { 0.0 } else { from_begin.abs().min(from_end.abs()) };
            let same_session = attempt.session.is_some_and(|session| traces[*trace].sessions.contains(&session));
            let tolerance = if same_session { ANSWER_S } else { offset.map_or(TOLERANCE_S.1, tolerance_s) };
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

/// Three standard deviations of the differences, and what is not known of the offset itself, within bounds.
fn tolerance_s(offset: &Mode) -> f64 {
    let unknown_s = (offset.interval_s.1 - offset.interval_s.0) / 2.0;
    f64::hypot(3.0 * offset.deviation_s, unknown_s).clamp(TOLERANCE_S.0, TOLERANCE_S.1)
}
