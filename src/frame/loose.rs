//! Records that name nobody: joined to the only try that they can belong to, else counted aside.

use std::collections::{BTreeMap, BTreeSet};

use super::aside::Stray;
use super::demand::RETRY_S;
use super::latency::Patience;
use super::outcome::is_short;
use super::trace::Trace;
use super::who::{Actor, is_host_log};
use crate::model::{Action, Event, Fault, Name, Timestamp};

/// How far a connection's records may lie from the refusal that it led to, in seconds.
const REFUSAL_S: f64 = 30.0;

/// What is left of the records that name nobody.
#[derive(Default)]
pub(super) struct Leftover {
    /// Connections without an account.
    pub strays: Vec<Stray>,
    /// Failures that could not be laid at anybody's door.
    pub unclaimed: BTreeSet<usize>,
}

/// One connection of nobody's: its records on one host.
struct Connection {
    host: Name,
    first: Timestamp,
    client: Option<Name>,
    members: Vec<usize>,
    has_failure: bool,
}

/// Joins records without account to traces.
///
/// A connection (records with one `ActivityID`) belongs to the try of the same host and client address that
/// lies next to it, and if it failed by itself to the one account that ever came from its address; where several
/// share the address, to the only one of them that tries again from there within 45 minutes. A failure
/// without any id belongs to the one try that was under way on its host without a desktop; where there are two,
/// nobody can tell. What nobody claims is counted.
pub(super) fn attach(events: &[Event], actors: &[Actor], traces: &mut Vec<Trace>, patience: &Patience) -> Leftover {
    let mut leftover = Leftover::default();
    let owners = owners(events, actors);
    let (connections, failures) = gather(events, actors);
    let mut by_host: BTreeMap<Name, Vec<usize>> = BTreeMap::new();
    for (number, trace) in traces.iter().enumerate() {
        by_host.entry(trace.host.clone()).or_default().push(number);
    }
    let mut is_connected: BTreeSet<usize> = traces
        .iter()
        .enumerate()
        .filter(|(_, trace)| trace.members.iter().any(|index| events[*index].action == Action::Attempt))
        .map(|(number, _)| number)
        .collect();
    let mut born: Vec<Trace> = Vec::new();
    for connection in connections {
        let near = by_host.get(&connection.host).into_iter().flatten().copied().filter(|number| {
            let trace = &traces[*number];
            !is_connected.contains(number)
                && trace.client.is_some()
                && trace.client == connection.client
                && trace.first.seconds_since(connection.first).abs() <= REFUSAL_S
        });
        let nearest = near.min_by_key(|number| (traces[*number].first.0.abs_diff(connection.first.0), *number));
        if let Some(number) = nearest {
            is_connected.insert(number);
            for index in connection.members {
                traces[number].add(index, &events[index]);
            }
            traces[number].by_time = true;
            continue;
        }
        let client = connection.client.as_ref().filter(|_| connection.has_failure);
        let owner = client.and_then(|client| match owners.get(client)? {
            Some(only) => Some(only.clone()),
            None => tries_again(connection.first, client, &traces[..]),
        });
        if let Some(user) = owner {
            born.push(Trace::of_connection(&connection.host, &user, &connection.members, events));
        } else {
            let failures = || connection.members.iter().filter(|index| events[**index].action == Action::Failure);
            let is_refused = failures().any(|index| events[*index].fault == Some(Fault::User));
            leftover.unclaimed.extend(failures());
            let (host, at, client) = (connection.host, connection.first, connection.client);
            leftover.strays.push(Stray { host, at, client, user: None, is_refused });
        }
    }
    for index in failures {
        if !claim(index, events, actors, traces, &by_host, patience) {
            leftover.unclaimed.insert(index);
        }
    }
    traces.extend(born);
    traces.sort_by(|one, other| (one.first, &one.host, &one.user).cmp(&(other.first, &other.host, &other.user)));
    leftover
}

/// The account behind each client address: `None` where several share it (a gateway, an office).
fn owners(events: &[Event], actors: &[Actor]) -> BTreeMap<Name, Option<Name>> {
    let mut owners: BTreeMap<Name, Option<Name>> = BTreeMap::new();
    for (event, actor) in events.iter().zip(actors) {
        if let (Some(client), Some(user)) = (&event.client, &actor.user) {
            let known = owners.entry(client.clone()).or_insert_with(|| Some(user.clone()));
            if known.as_ref() != Some(user) {
                *known = None;
            }
        }
    }
    owners
}

/// The only account that tries again from this address within the time in which a try counts as a retry.
fn tries_again(at: Timestamp, client: &Name, traces: &[Trace]) -> Option<Name> {
    let start = traces.partition_point(|trace| trace.first <= at);
    let end = traces.partition_point(|trace| trace.first < at.plus_seconds(RETRY_S));
    let users: BTreeSet<&Name> = traces[start..end]
        .iter()
        .filter(|trace| trace.client.as_ref() == Some(client))
        .map(|trace| &trace.user)
        .collect();
    users.first().filter(|_| users.len() == 1).map(|user| (*user).clone())
}

/// Gathers nobody's connections, in the order of their first records, and nobody's other failures.
fn gather(events: &[Event], actors: &[Actor]) -> (Vec<Connection>, Vec<usize>) {
    let mut connections: Vec<Connection> = Vec::new();
    let mut by_id: BTreeMap<(Name, Name), usize> = BTreeMap::new();
    let mut failures = Vec::new();
    for (index, (event, actor)) in events.iter().zip(actors).enumerate() {
        let (Some(host), None, true) = (&actor.host, &actor.user, is_host_log(event)) else { continue };
        let is_failure = event.action == Action::Failure;
        if !is_failure && event.action != Action::Attempt {
            continue;
        }
        let key = event.activity_id.clone().map(|id| (host.clone(), id));
        if let Some(number) = key.as_ref().and_then(|key| by_id.get(key)).copied() {
            let known: &mut Connection = &mut connections[number];
            if event.at.seconds_since(known.first) <= REFUSAL_S {
                known.members.push(index);
                known.has_failure |= is_failure;
                if known.client.is_none() {
                    known.client.clone_from(&event.client);
                }
                continue;
            }
        }
        if key.is_none() && is_failure {
            failures.push(index);
            continue;
        }
        if let Some(key) = key {
            by_id.insert(key, connections.len());
        }
        connections.push(Connection {
            host: host.clone(),
            first: event.at,
            client: event.client.clone(),
            members: vec![index],
            has_failure: is_failure,
        });
    }
    (connections, failures)
}

/// Gives a failure that names nobody to the one try under way on its host that got no lasting desktop.
fn claim(
    index: usize,
    events: &[Event],
    actors: &[Actor],
    traces: &mut [Trace],
    by_host: &BTreeMap<Name, Vec<usize>>,
    patience: &Patience,
) -> bool {
    let event = &events[index];
    let Some(host) = &actors[index].host else { return false };
    let numbers = by_host.get(host).map_or(&[][..], Vec::as_slice);
    let start = numbers.partition_point(|number| traces[*number].first.plus_seconds(patience.of(host)) < event.at);
    let mut open =
        numbers[start..].iter().copied().take_while(|number| traces[*number].first <= event.at).filter(|number| {
            let trace = &traces[*number];
            let own_failure = trace.failures.iter().any(|failure| actors[*failure].user.is_some());
            (!trace.is_fulfilled() || is_short(trace)) && !own_failure
        });
    match (open.next(), open.next()) {
        (Some(only), None) => {
            traces[only].add(index, event);
            traces[only].by_time = true;
            true
        }
        _ => false,
    }
}
