//! What gateways and brokers say of a try on a host: joined by user, target and time.

use std::collections::{BTreeMap, BTreeSet};

use super::trace::Trace;
use super::who::Actor;
use crate::model::{Action, Event, Name};

/// How far apart a gateway's or broker's record and the host's own may lie, in seconds: the clocks of one domain
/// agree to five minutes, for else Kerberos refuses everybody (its default tolerance).
const FORWARDED_S: f64 = 300.0;

/// Gives each record of a gateway or broker to the nearest try of its user: on the host that it names, or on any
/// if it names none with tries (a broker's farm).
pub(super) fn attach(events: &[Event], actors: &[Actor], traces: &mut [Trace]) {
    let mut by_user: BTreeMap<Name, Vec<usize>> = BTreeMap::new();
    for (number, trace) in traces.iter().enumerate() {
        by_user.entry(trace.user.clone()).or_default().push(number);
    }
    let hosts: BTreeSet<Name> = traces.iter().map(|trace| trace.host.clone()).collect();
    for (index, (event, actor)) in events.iter().zip(actors).enumerate() {
        let (Some(user), Action::Forwarded) = (&actor.user, event.action) else { continue };
        let own = by_user.get(user).map_or(&[][..], Vec::as_slice);
        // A broker's client runs on whichever host the user came to first; only a gateway names the target.
        let is_named = actor.host != event.host && actor.host.as_ref().is_some_and(|host| hosts.contains(host));
        let start = own.partition_point(|number| event.at.seconds_since(traces[*number].first) > FORWARDED_S);
        let near = own[start..]
            .iter()
            .copied()
            .take_while(|number| traces[*number].first.seconds_since(event.at) <= FORWARDED_S);
        let fitting = near.filter(|number| !is_named || actor.host.as_ref() == Some(&traces[*number].host));
        let nearest = fitting.min_by_key(|number| (traces[*number].first.0.abs_diff(event.at.0), *number));
        if let Some(number) = nearest {
            traces[number].accompany(index);
        }
    }
}
