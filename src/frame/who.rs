//! Whose event it was: the account of events that name none, by the ids that Windows gives.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Action, Event, Name, Timestamp, identity};

/// How far apart two records of one connection may lie, in seconds. Ids of threads and connections come again.
const CONNECTION_S: f64 = 600.0;
/// How long after a session's end its number still means it: profile and disk are released after the logoff.
const RELEASE_S: f64 = 120.0;
/// How far two records of the same second may have swapped, in seconds.
const SWAP_S: f64 = 3.0;

/// The host and the account of one event.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Actor {
    /// The session host that it is about.
    pub host: Option<Name>,
    /// The account.
    pub user: Option<Name>,
    /// Whether the account was found by an id rather than stated.
    pub is_inferred: bool,
}

/// Whether the event comes from the session host itself, rather than from an application beside it.
pub(super) fn is_host_log(event: &Event) -> bool {
    &*event.dataset == "windows" || event.dataset.starts_with("fslogix")
}

/// Whether this is a decision of the security log, which knows neither connection nor session.
pub(super) fn is_security(event: &Event) -> bool {
    event.channel.as_deref().is_some_and(|channel| channel.eq_ignore_ascii_case("security"))
}

/// Returns the host that somebody tried to reach: an application names it as its target, a gateway as its resource.
fn tried_host(event: &Event) -> Option<Name> {
    if is_host_log(event)
        && matches!(event.action, Action::Failure | Action::Forwarded)
        && let Some((_, resource)) = event.data.iter().find(|(key, _)| &**key == "Resource")
    {
        // A resource may have a port behind it; more than one colon make an address.
        let host =
            resource.split_once(':').filter(|(_, rest)| !rest.contains(':')).map_or(&**resource, |(host, _)| host);
        let host = identity::canonical_host(host);
        if !host.is_empty() && host != "-" {
            return Some(Name::from(host));
        }
    }
    if !is_host_log(event) {
        let named = event.data.iter().find(|(key, _)| {
            ["target", "targethost", "target_host", "sessionhost", "session_host"]
                .iter()
                .any(|word| key.eq_ignore_ascii_case(word))
        });
        if let Some((_, target)) = named {
            let host = identity::canonical_host(target);
            if !host.is_empty() {
                return Some(Name::from(host));
            }
        }
    }
    event.host.clone()
}

/// Finds host and account of every event, in the order of the events (which are sorted by time).
///
/// Beside the account that a record states, in this order: the account of its security identifier, of its
/// connection (`ActivityID`, thread of a text log), of its session number at that time, bounded by boots.
pub(super) fn actors(events: &[Event]) -> Vec<Actor> {
    let mut actors: Vec<Actor> = events
        .iter()
        .map(|event| Actor { host: tried_host(event), user: event.user.clone(), is_inferred: false })
        .collect();
    by_identifier(events, &mut actors);
    by_connection(events, &mut actors);
    by_session(events, &mut actors);
    actors
}

fn by_identifier(events: &[Event], actors: &mut [Actor]) {
    let mut owners: BTreeMap<&str, BTreeSet<&Name>> = BTreeMap::new();
    for event in events {
        if let (Some(sid), Some(user)) = (&event.user_sid, &event.user) {
            owners.entry(sid).or_default().insert(user);
        }
    }
    for (event, actor) in events.iter().zip(actors) {
        let Some(sid) = event.user_sid.as_deref().filter(|_| actor.user.is_none()) else { continue };
        if let Some(users) = owners.get(sid).filter(|users| users.len() == 1) {
            actor.user = users.first().map(|user| (*user).clone());
            actor.is_inferred = true;
        }
    }
}

fn by_connection(events: &[Event], actors: &mut [Actor]) {
    let mut named: BTreeMap<(Name, Name), Vec<(Timestamp, Name)>> = BTreeMap::new();
    for (event, actor) in events.iter().zip(actors.iter()) {
        if let (Some(id), Some(host), Some(user)) = (&event.activity_id, &actor.host, &actor.user) {
            named.entry((host.clone(), id.clone())).or_default().push((event.at, user.clone()));
        }
    }
    for (event, actor) in events.iter().zip(actors) {
        let (Some(id), Some(host), None) = (&event.activity_id, &actor.host, &actor.user) else { continue };
        let Some(sightings) = named.get(&(host.clone(), id.clone())) else { continue };
        let nearest = sightings
            .iter()
            .map(|(at, user)| (at.0.abs_diff(event.at.0), user))
            .min_by(|one, other| one.0.cmp(&other.0).then_with(|| one.1.cmp(other.1)));
        if let Some((ticks, user)) = nearest
            && ticks as f64 / crate::model::time::TICKS_PER_SECOND as f64 <= CONNECTION_S
        {
            actor.user = Some(user.clone());
            actor.is_inferred = true;
        }
    }
}

/// One sighting of a session number together with an account, or the boot that ends all of them.
struct Sighting {
    at: Timestamp,
    user: Option<Name>,
    is_end: bool,
}

fn by_session(events: &[Event], actors: &mut [Actor]) {
    let mut boots: BTreeMap<Name, Vec<Timestamp>> = BTreeMap::new();
    let mut seen: BTreeMap<(Name, u32), Vec<Sighting>> = BTreeMap::new();
    for (event, actor) in events.iter().zip(actors.iter()) {
        let Some(host) = &actor.host else { continue };
        if event.action == Action::Boot {
            boots.entry(host.clone()).or_default().push(event.at);
        }
        if let (Some(session), Some(user), true) = (event.session_id, &actor.user, is_host_log(event)) {
            let is_end = event.action == Action::SessionEnd;
            let sighting = Sighting { at: event.at, user: Some(user.clone()), is_end };
            seen.entry((host.clone(), session)).or_default().push(sighting);
        }
    }
    for ((host, _), sightings) in &mut seen {
        if let Some(boots) = boots.get(host) {
            sightings.extend(boots.iter().map(|at| Sighting { at: *at, user: None, is_end: true }));
            sightings.sort_by_key(|sighting| sighting.at);
        }
    }
    for (event, actor) in events.iter().zip(actors) {
        let (Some(session), Some(host), None) = (event.session_id, &actor.host, &actor.user) else { continue };
        if !is_host_log(event) {
            continue;
        }
        if let Some(user) = seen.get(&(host.clone(), session)).and_then(|sightings| owner(sightings, event)) {
            actor.user = Some(user);
            actor.is_inferred = true;
        }
    }
}

/// Returns who had the session number at the time of the event: the last one seen with it, unless that session
/// had ended; else the one who gets it next, for records that precede the logon's own.
fn owner(sightings: &[Sighting], event: &Event) -> Option<Name> {
    let after = sightings.partition_point(|sighting| sighting.at <= event.at.plus_seconds(SWAP_S));
    let last = sightings[..after].last();
    let next = sightings.get(after);
    if let Some(last) = last
        && (!last.is_end || (last.user.is_some() && event.at.seconds_since(last.at) <= RELEASE_S))
        && !is_beginning(event)
    {
        return last.user.clone();
    }
    if let Some(next) = next
        && !next.is_end
        && next.at.seconds_since(event.at) <= CONNECTION_S
    {
        return next.user.clone();
    }
    last.filter(|last| !last.is_end && event.at.seconds_since(last.at) <= CONNECTION_S)
        .and_then(|last| last.user.clone())
}

/// Whether the event belongs to a logon, so that the session's next owner is meant rather than the last.
fn is_beginning(event: &Event) -> bool {
    matches!(event.action, Action::ProfileLoadBegin | Action::SessionBegin)
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;
    use super::*;

    #[test]
    fn a_reused_session_number_belongs_to_its_owner_of_the_time() {
        let mut scene = Scene::new();
        scene.begin("RDS01", "anna", 5, 0.0);
        scene.end("RDS01", "anna", 5, 1_000.0);
        scene.unload("RDS01", 5, 1_001.0, Action::ProfileUnloadEnd);
        scene.unload("RDS01", 5, 4_990.0, Action::ProfileLoadBegin);
        scene.begin("RDS01", "berta", 5, 5_000.0);
        let actors = actors(&scene.events);
        assert_eq!(actors[2].user.as_deref(), Some("anna"));
        assert_eq!(actors[3].user.as_deref(), Some("berta"));
    }

    #[test]
    fn a_boot_ends_the_claim_to_a_session_number() {
        let mut scene = Scene::new();
        scene.begin("RDS01", "anna", 5, 0.0);
        scene.boot("RDS01", 100.0);
        scene.unload("RDS01", 5, 200.0, Action::ProfileUnloadBegin);
        assert_eq!(actors(&scene.events)[2].user, None);
    }
}
