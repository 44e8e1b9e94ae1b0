//! One attempt is one try of one person on one host, however many logs witness it.

use std::collections::{BTreeMap, BTreeSet};

use super::application::{self, AppTry};
use super::aside::{self, Aside, Stray};
use super::clocks::{Candidates, Clocks};
use super::coverage::{Shows, Sight};
use super::latency::Patience;
use super::outcome::{self, Context, Custom, Ending};
use super::trace::{self, Trace};
use super::who::{Actor, is_host_log};
use super::{Attempt, Certainty, Outcome, Phases, demand, forwarded, loose};
use crate::model::{Action, Event, Fault, Name, Provenance, Timestamp};

/// How many records a row names.
const MAX_RECORDS: usize = 8;

/// The attempts and what was left of the records.
pub(super) struct Attempts {
    /// Rows by time, host, user.
    pub rows: Vec<Attempt>,
    /// Connections that are no person's attempt, by host and kind.
    pub aside: Vec<Aside>,
    /// Failures that belong to no attempt.
    pub unclaimed: BTreeSet<usize>,
    /// How far the clocks of these logs are apart.
    pub clocks: Clocks,
}

/// One try on its way to a row.
struct Draft {
    host: Name,
    user: Name,
    at: Timestamp,
    ending: Ending,
    members: Vec<usize>,
    seconds_to_desktop: Option<f64>,
    phases: Phases,
    certainty: Certainty,
    client: Option<Name>,
    is_accepted: bool,
}

/// Builds the attempts.
///
/// The hosts' own logs come first ([`trace`]), records that name nobody are laid to them ([`loose`]), the
/// outcome is decided ([`outcome`]), and what applications say of the same tries is joined ([`application`]).
/// A reconnect counts as a success where a new authentication shows that somebody asked for it. Accounts that
/// never got in anywhere and were refused by their own fault are strangers: they are counted with
/// the anonymous connections.
pub(super) fn attempts(events: &[Event], actors: &[Actor], sight: &Sight) -> Attempts {
    let patience = Patience::learn(events, actors);
    let mut traces = trace::traces(events, actors, sight, &patience);
    let loose::Leftover { mut strays, mut unclaimed } = loose::attach(events, actors, &mut traces, &patience);
    forwarded::attach(events, actors, &mut traces);
    let custom = Custom::learn(&traces);
    let context = Context { events, sight, patience: &patience, custom: &custom };
    let mut next_tries: BTreeMap<&Name, Vec<Timestamp>> = BTreeMap::new();
    for trace in &traces {
        next_tries.entry(&trace.user).or_default().push(trace.first);
    }
    let endings: Vec<Option<Ending>> = traces
        .iter()
        .map(|trace| {
            let firsts = &next_tries[&trace.user];
            let next = firsts.get(firsts.partition_point(|first| *first <= trace.first)).copied();
            outcome::decide(trace, next, &context)
        })
        .collect();
    let tries = application::tries(events, actors);
    let session_hosts: BTreeSet<Name> = traces.iter().map(|trace| trace.host.clone()).collect();
    let candidates = Candidates::of(&traces, &session_hosts);
    let clocks = Clocks::learn(events, actors, &tries, &candidates);
    let pairs = application::pair(&tries, &traces, &candidates, (&clocks, events));
    let mut drafts = from_traces(&traces, &endings, &tries, &pairs, events);
    for (attempt, pair) in tries.iter().zip(&pairs) {
        if pair.is_none() {
            match from_application(attempt, events, sight, &session_hosts) {
                Some(draft) => drafts.push(draft),
                None => unclaimed.extend(attempt.failures.iter().copied()),
            }
        }
    }
    set_strangers_aside(&mut drafts, events, &mut strays);
    Attempts { rows: rows(drafts, events, &clocks), aside: aside::count(&strays, events), unclaimed, clocks }
}

fn from_traces(
    traces: &[Trace],
    endings: &[Option<Ending>],
    tries: &[AppTry],
    pairs: &[Option<usize>],
    events: &[Event],
) -> Vec<Draft> {
    let mut said: BTreeMap<usize, Vec<&AppTry>> = BTreeMap::new();
    for (attempt, pair) in tries.iter().zip(pairs) {
        if let Some(number) = pair {
            said.entry(*number).or_default().push(attempt);
        }
    }
    let mut drafts = Vec::with_capacity(traces.len());
    for (number, (trace, ending)) in traces.iter().zip(endings).enumerate() {
        let said = said.get(&number).map_or(&[][..], Vec::as_slice);
        let ending = with_application(trace, ending.clone(), said, events).unwrap_or_else(Ending::unseen);
        let mut members = trace.members.clone();
        members.extend(said.iter().flat_map(|attempt| attempt.members.iter().copied()));
        let desktop = trace.shell.or(trace.begun).filter(|_| ending.outcome == Outcome::Succeeded);
        let certainty = match (members.len(), trace.by_time || !said.is_empty()) {
            (1, _) => Certainty::Single,
            (_, true) => Certainty::ByTime,
            (_, false) => Certainty::ById,
        };
        drafts.push(Draft {
            host: trace.host.clone(),
            user: trace.user.clone(),
            at: trace.first,
            ending,
            members,
            seconds_to_desktop: desktop
                .filter(|_| trace.authenticated.is_some())
                .map(|desktop| desktop.seconds_since(trace.first)),
            phases: Phases::of(trace, events),
            certainty,
            client: trace.client.clone(),
            is_accepted: trace.authenticated.is_some() || trace.begun.is_some() || trace.shell.is_some(),
        });
    }
    drafts
}

/// Weighs what applications say of the same try.
///
/// A failure that an application reports fails the try, for its user did not get to work; and it may tell
/// more than silence does. A success that it reports, often no more than a password accepted on a web page,
/// is believed only where the host's own logs could not have shown the desktop.
fn with_application(trace: &Trace, ending: Option<Ending>, said: &[&AppTry], events: &[Event]) -> Option<Ending> {
    let failures: Vec<usize> = said.iter().flat_map(|attempt| attempt.failures.iter().copied()).collect();
    if !failures.is_empty() {
        let all: Vec<usize> = trace.failures.iter().chain(&failures).copied().collect();
        return Ending::failure(&all, events);
    }
    let succeeded = said.iter().any(|attempt| attempt.success == Some(true));
    ending.or_else(|| succeeded.then(Ending::success))
}

/// A try that only an application reports: a failure always counts, for the user may never have reached the
/// host; a success only where the host's own logs could not have shown it. Without a known host the try
/// counts where no host's logs cover the time at all.
fn from_application(
    attempt: &AppTry,
    events: &[Event],
    sight: &Sight,
    session_hosts: &BTreeSet<Name>,
) -> Option<Draft> {
    let host = attempt.host.clone()?;
    let success = attempt.success?;
    let is_session_host = session_hosts.contains(&host);
    let is_covered = if is_session_host {
        sight.covers(&host, Shows::Connection, attempt.start)
    } else {
        session_hosts.iter().any(|host| sight.covers(host, Shows::Connection, attempt.start))
    };
    if is_covered && (success || !is_session_host) {
        return None;
    }
    let ending = if success { Ending::success() } else { Ending::failure(&attempt.failures, events)? };
    Some(Draft {
        host,
        user: attempt.user.clone(),
        at: attempt.start,
        ending,
        members: attempt.members.clone(),
        seconds_to_desktop: None,
        phases: Phases::default(),
        certainty: if attempt.members.len() == 1 { Certainty::Single } else { Certainty::ById },
        client: attempt.members.iter().find_map(|index| events[*index].client.clone()),
        is_accepted: success,
    })
}

/// Counts refused strangers with the anonymous: an account that no log ever saw accepted and that failed by its
/// own fault only is a guess from outside. Somebody whose every try is refused for the infrastructure's fault
/// remains.
fn set_strangers_aside(drafts: &mut Vec<Draft>, events: &[Event], strays: &mut Vec<Stray>) {
    let mut known: BTreeSet<Name> = BTreeSet::new();
    for draft in drafts.iter() {
        if draft.is_accepted || draft.ending.outcome == Outcome::Succeeded || draft.ending.fault != Some(Fault::User) {
            known.insert(draft.user.clone());
        }
    }
    let held = events.iter().filter(|event| {
        is_host_log(event) && matches!(event.action, Action::SessionEnd | Action::Disconnect | Action::Reconnect)
    });
    known.extend(held.filter_map(|event| event.user.clone()));
    drafts.retain(|draft| {
        let is_known = known.contains(&draft.user);
        if !is_known {
            let (host, client, user) = (draft.host.clone(), draft.client.clone(), Some(draft.user.clone()));
            strays.push(Stray { host, at: draft.at, client, user, is_refused: true });
        }
        is_known
    });
}

fn rows(mut drafts: Vec<Draft>, events: &[Event], clocks: &Clocks) -> Vec<Attempt> {
    drafts.sort_by(|one, other| {
        (one.at, &one.host, &one.user, &one.members).cmp(&(other.at, &other.host, &other.user, &other.members))
    });
    let mut rows: Vec<Attempt> = Vec::with_capacity(drafts.len());
    for (id, draft) in drafts.into_iter().enumerate() {
        let telling = draft.ending.telling.map(|index| &events[index]);
        let records = records(&draft, events);
        rows.push(Attempt {
            id: id as u32,
            at: draft.at,
            user: draft.user,
            host: draft.host,
            client: draft.client,
            outcome: draft.ending.outcome,
            signature: draft.ending.signature,
            fault: draft.ending.fault,
            error_code: telling.and_then(|event| event.error_code.clone()),
            component_version: telling.and_then(|event| event.component_version.clone()),
            demand: 0,
            is_retry: false,
            seconds_to_desktop: draft.seconds_to_desktop,
            phases: draft.phases,
            certainty: draft.certainty,
            records,
        });
    }
    demand::assign(&mut rows, clocks);
    rows
}

/// The telling record first, then failures, then the others by time.
fn records(draft: &Draft, events: &[Event]) -> Vec<Provenance> {
    let mut members = draft.members.clone();
    members
        .sort_by_key(|index| (draft.ending.telling != Some(*index), events[*index].action != Action::Failure, *index));
    members.dedup();
    members.iter().take(MAX_RECORDS).map(|index| events[*index].provenance).collect()
}
