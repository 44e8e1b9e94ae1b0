//! When each signature showed on each host: records that follow each other closely are one episode.

use std::collections::BTreeMap;

use crate::frame::Tables;
use crate::model::time::{TICKS_PER_DAY, TICKS_PER_SECOND};
use crate::model::{Name, Provenance, Timestamp};

/// Records of one signature less than ten minutes apart are one episode. People try again within a few minutes,
/// and Windows itself does for one (FSLogix tries a locked disk 12 times every 5 s, unless configured otherwise).
const QUIET_TICKS: i64 = 600 * TICKS_PER_SECOND;
/// Two episodes belong together if they begin less than five minutes apart: half the quiet between two of one
/// signature, so that none can belong to two. The waits of Windows on the way are shorter: 60 s of SMB for an
/// answer, 60 s of FSLogix for a lock.
pub(super) const NEAR_TICKS: i64 = QUIET_TICKS / 2;

/// One showing of a signature on a host.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Episode {
    /// When it began.
    pub at: Timestamp,
    /// Its first record.
    pub record: Provenance,
}

/// The episodes of one signature, by host; records whose host is not known are one group.
pub(super) type Hosts = BTreeMap<Option<Name>, Vec<Episode>>;

/// Gathers the episodes of every signature: of the records that bear one, of attempts whose failure no record
/// states, and of sessions that did not close, by the witness.
pub(super) fn episodes(tables: &Tables) -> BTreeMap<Name, Hosts> {
    let mut all: BTreeMap<Name, Hosts> = BTreeMap::new();
    let mut add = |at, host: Option<Name>, signature: &Name, record| {
        all.entry(signature.clone()).or_default().entry(host).or_default().push(Episode { at, record });
    };
    let mut borne: BTreeMap<Provenance, &Name> = BTreeMap::new();
    for sign in &tables.signs {
        borne.insert(sign.record, &sign.signature);
        add(sign.at, sign.host.clone(), &sign.signature, sign.record);
    }
    for attempt in &tables.attempts {
        let (Some(signature), Some(record)) = (&attempt.signature, attempt.records.first()) else { continue };
        if !attempt.records.iter().any(|record| borne.get(record) == Some(&signature)) {
            add(attempt.at, Some(attempt.host.clone()), signature, *record);
        }
    }
    for session in &tables.sessions {
        // A record that bears a signature has spoken already; twice, it would always come together with itself.
        for mark in session.marks.iter().filter(|mark| !borne.contains_key(&mark.record)) {
            // What is missing at the end (the detaching of a disk) is marked by its beginning hours before.
            let missed = session.ended_at.filter(|end| end.0.saturating_sub(mark.at.0) >= QUIET_TICKS);
            add(missed.unwrap_or(mark.at), Some(session.host.clone()), &Name::from(mark.witness), mark.record);
        }
    }
    for shown in all.values_mut().flat_map(BTreeMap::values_mut) {
        shown.sort_by_key(|one| (one.at, one.record));
        let mut last = None;
        shown.retain(|one| {
            let is_new = last.is_none_or(|last: Timestamp| one.at.0.saturating_sub(last.0) >= QUIET_TICKS);
            last = Some(one.at);
            is_new
        });
    }
    all
}

/// The pairs of episodes of two signatures on one host that belong together.
pub(super) fn met<'e>(first: &'e [Episode], second: &'e [Episode]) -> Vec<(&'e Episode, &'e Episode)> {
    let of = |one: &Episode| one.at.0;
    meetings(first, second, of, of).into_iter().map(|(one, other)| (&first[one], &second[other])).collect()
}

/// How many pairs there would be if the second had come `shift` ticks later, the end of the span going on at its
/// beginning; `None` if that is no shift.
///
/// The span is one of whole days, so that the time of day stays what it was.
pub(super) fn n_met_shifted(first: &[Episode], second: &[Episode], shift: i64) -> Option<usize> {
    let times = || first.iter().chain(second).map(|one| one.at.0);
    let (start, end) = (times().min()?, times().max()?);
    let length = (end.saturating_sub(start) / TICKS_PER_DAY + 1).saturating_mul(TICKS_PER_DAY);
    let shift = shift.rem_euclid(length);
    if shift.min(length - shift) < 2 * NEAR_TICKS {
        return None;
    }
    let mut moved: Vec<i64> = second.iter().map(|one| ((one.at.0 - start) + shift).rem_euclid(length)).collect();
    moved.sort_unstable();
    Some(meetings(first, &moved, |one| one.at.0 - start, |other| *other).len())
}

/// The places of those that lie near each other in two lists by time, each in one pair at most.
fn meetings<A, B>(
    first: &[A],
    second: &[B],
    first_at: impl Fn(&A) -> i64,
    second_at: impl Fn(&B) -> i64,
) -> Vec<(usize, usize)> {
    let (mut one, mut other) = (0, 0);
    let mut met = Vec::new();
    while one < first.len() && other < second.len() {
        let later = second_at(&second[other]).saturating_sub(first_at(&first[one]));
        if later.abs() < NEAR_TICKS {
            met.push((one, other));
            (one, other) = (one + 1, other + 1);
        } else if later > 0 {
            one += 1;
        } else {
            other += 1;
        }
    }
    met
}
