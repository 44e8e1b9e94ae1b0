//! What the user of each session tried next, and what that says of the close before.

use std::collections::BTreeMap;

use super::coverage::{Shows, Sight};
use super::tables::{Attempt, Chain, Close, EndKind, Mark, Next, Outcome, Session};
use super::witness;
use crate::model::{Fault, Name, Timestamp};
use crate::stats::proportion_interval;

/// A next attempt follows a close if it comes within this many seconds: whoever leaves one day in the morning is
/// expected back until the next day's evening.
pub const FOLLOW_UP_S: f64 = 30.0 * 3_600.0;
/// Signatures of a profile or its disk that somebody else holds.
const LOCKS: [&str; 2] = ["fslogix-profile-locked", "profile-disk-locked"];

/// Finds the next attempt of each session's user, on any host, and the witnesses that only it gives.
///
/// The attempts must be sorted by time. A session has no next attempt where another session of its user ended
/// before that: then the attempt follows the other one.
pub(super) fn follow(sessions: &mut [Session], attempts: &[Attempt], sight: &Sight) {
    let mut tries: BTreeMap<&Name, Vec<usize>> = BTreeMap::new();
    for (index, attempt) in attempts.iter().enumerate() {
        tries.entry(&attempt.user).or_default().push(index);
    }
    let mut lives: BTreeMap<Name, Vec<usize>> = BTreeMap::new();
    for (index, session) in sessions.iter().enumerate() {
        lives.entry(session.user.clone()).or_default().push(index);
    }
    for (user, numbers) in lives {
        let own: Vec<&Session> = numbers.iter().map(|number| &sessions[*number]).collect();
        let mut ends: Vec<Timestamp> = own.iter().filter_map(|session| session.ended_at).collect();
        ends.sort_unstable();
        let tries = tries.get(&user).map_or(&[][..], Vec::as_slice);
        let holds_two = holds_two(&own);
        let found: Vec<(Option<Next>, Vec<Mark>)> = own
            .iter()
            .map(|session| {
                let next = next(session, &ends, tries, attempts);
                let locked = next.and_then(|next| locked(session, &attempts[next.attempt as usize], next, &own));
                let elsewhere = begun_besides(session, &own, sight).filter(|_| !holds_two);
                (next, locked.into_iter().chain(elsewhere).collect())
            })
            .collect();
        for (number, (next, later)) in numbers.into_iter().zip(found) {
            (sessions[number].next, sessions[number].later) = (next, later);
        }
    }
}

fn next(session: &Session, ends: &[Timestamp], tries: &[usize], attempts: &[Attempt]) -> Option<Next> {
    let ended_at = session.ended_at?;
    let number = *tries.get(tries.partition_point(|index| attempts[*index].at <= ended_at))?;
    let at = attempts[number].at;
    let next_end = ends.get(ends.partition_point(|end| *end <= ended_at));
    if next_end.is_some_and(|end| *end < at) {
        return None;
    }
    let after_s = at.seconds_since(ended_at);
    Some(Next { attempt: number as u32, after_s, is_soon: after_s <= FOLLOW_UP_S })
}

/// The next attempt met a lock, and no other session of the user could have held it.
fn locked(session: &Session, next: &Attempt, follows: Next, own: &[&Session]) -> Option<Mark> {
    let is_lock = next.is_failure() && next.signature.as_deref().is_some_and(|signature| LOCKS.contains(&signature));
    let is_close = matches!(session.end_kind, EndKind::Logoff | EndKind::Replaced);
    let is_open = |other: &&Session| {
        other.started_at.is_none_or(|begun| begun <= next.at) && other.ended_at.is_none_or(|ended| next.at < ended)
    };
    if !is_lock || !is_close || !follows.is_soon || own.iter().any(is_open) {
        return None;
    }
    Some(Mark { at: next.at, witness: witness::LOCKED_NEXT, record: *next.records.first()? })
}

/// The user began another session while this one, which never ended, was there.
fn begun_besides(session: &Session, own: &[&Session], sight: &Sight) -> Option<Mark> {
    let since = session.started_at.filter(|_| session.end_kind != EndKind::Logoff)?;
    own.iter()
        .filter_map(|other| {
            let begun = other.started_at.filter(|begun| since < *begun)?;
            let was_there = session.ended_at.is_none_or(|ended| begun < ended)
                && sight.covers_span(&session.host, Shows::Desktop, since, begun);
            let record = *other.records.first()?;
            let is_here = other.host == session.host;
            let witness = if is_here { witness::BEGUN_ANEW } else { witness::BEGUN_ELSEWHERE };
            was_there.then_some(Mark { at: begun, witness, record })
        })
        .min_by_key(|mark| (mark.at, mark.record))
}

/// Whether the user held sessions on two hosts at once that both ended by a logoff: whoever does so means to.
fn holds_two(own: &[&Session]) -> bool {
    let mut closed: Vec<(Timestamp, Timestamp, &Name)> = own
        .iter()
        .filter(|session| session.end_kind == EndKind::Logoff && session.marks.is_empty())
        .filter_map(|session| Some((session.started_at?, session.ended_at?, &session.host)))
        .collect();
    closed.sort_unstable();
    let mut latest: BTreeMap<&Name, Timestamp> = BTreeMap::new();
    closed.into_iter().any(|(start, end, host)| {
        let overlaps = latest.iter().any(|(other, until)| **other != *host && start < *until);
        let own = latest.entry(host).or_insert(end);
        *own = (*own).max(end);
        overlaps
    })
}

/// Counts the attempts that followed closes, by host and by whether the close completed.
///
/// An attempt refused by its user's own fault (a wrong password) tells nothing of the close and is left out.
pub(super) fn chains(sessions: &[Session], attempts: &[Attempt]) -> Vec<Chain> {
    let mut counts: BTreeMap<(&Name, Close), [usize; 3]> = BTreeMap::new();
    for session in sessions.iter().filter(|session| session.close != Close::NotObservable) {
        let count = counts.entry((&session.host, session.close)).or_default();
        count[0] += 1;
        if let Some(next) = session.next.filter(|next| next.is_soon) {
            let attempt = &attempts[next.attempt as usize];
            if attempt.fault != Some(Fault::User) && attempt.outcome != Outcome::Unseen {
                count[1] += 1;
                count[2] += usize::from(attempt.is_failure());
            }
        }
    }
    let row = |((host, close), [n_closes, n_followed, n_failed]): ((&Name, Close), [usize; 3])| {
        let (lower, upper) = proportion_interval(n_failed, n_followed);
        let share = (n_followed > 0).then(|| n_failed as f64 / n_followed as f64);
        Chain { host: host.clone(), close, n_closes, n_followed, n_failed, share, lower, upper }
    };
    counts.into_iter().map(row).collect()
}
