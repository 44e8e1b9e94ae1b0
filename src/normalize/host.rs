//! Finds the host of records that do not name one: from the path of their source.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Kept, One};
use super::summary::Role;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::identity::canonical_host;
use crate::model::{ChangeRecord, HostScope, Name, Trust, Witness};

/// Gives each source's nameless records the host that its path names, preferring hosts that other
/// sources state; hours without host go to it, else to all hosts that the source speaks of.
pub(super) fn settle(ones: &mut [One]) {
    let known: BTreeSet<Name> = ones.iter().flat_map(|one| one.summary.hosts.iter().cloned()).collect();
    for one in ones {
        let guess = guess(one, &known);
        let mut n_guessed = 0;
        if let Some(host) = &guess {
            for kept in &mut one.kept {
                match kept {
                    Kept::Event(event, changes, identity) => {
                        if let Some(event) = event.as_mut().filter(|event| event.host.is_none()) {
                            event.host = Some(Name::clone(host));
                            event.host_trust = Trust::Guessed;
                            n_guessed += 1;
                        }
                        // A Windows record is about its own host; the log of an application is not.
                        if let Some(identity) = identity.as_mut().filter(|identity| identity.host.is_none()) {
                            identity.host = Some(Name::clone(host));
                            for change in changes.iter_mut().filter(|change| change.scope == HostScope::Unstated) {
                                change.scope = HostScope::Hosts(vec![Name::clone(host)]);
                            }
                        }
                    }
                    Kept::Load(samples) => {
                        for sample in samples.iter_mut().filter(|sample| sample.host.is_none()) {
                            sample.host = Some(Name::clone(host));
                            n_guessed += 1;
                        }
                    }
                    // What a log of the host itself observed; a list that people keep may be about any.
                    Kept::Change(changes) => {
                        let is_own = |change: &&mut ChangeRecord| {
                            change.witness == Witness::Observed && change.scope == HostScope::Unstated
                        };
                        for change in changes.iter_mut().filter(is_own) {
                            change.scope = HostScope::Hosts(vec![Name::clone(host)]);
                            n_guessed += 1;
                        }
                    }
                }
            }
        }
        n_guessed += settle_hours(one, guess.as_ref());
        if let Some(host) = guess.filter(|_| n_guessed > 0) {
            if one.summary.hosts.is_empty() {
                one.summary.host_trust = Trust::Guessed;
            }
            if !one.summary.hosts.contains(&host) {
                one.summary.hosts.push(Name::clone(&host));
                one.summary.hosts.sort();
            }
            let detail = format!("{host}, by the path, for {n_guessed} records");
            one.diagnostics.push(Diagnostic::new(Code::HostAssumed, &one.summary.path, None, detail));
        }
    }
}

/// The first name of the path that another source states as a host; else the first that looks like one.
fn guess(one: &One, known: &BTreeSet<Name>) -> Option<Name> {
    if !matches!(one.summary.role, Role::AppLog | Role::Load | Role::Events) {
        return None;
    }
    let names: Vec<Name> = one.file.hosts.iter().map(|name| Name::from(canonical_host(name))).collect();
    let stated = names.iter().find(|name| known.contains(*name));
    // A given path may be called anything; its name alone makes no host.
    stated.or_else(|| names[..one.file.n_below_root.min(names.len())].first()).cloned()
}

/// Moves hours without host to where they belong; returns how many records that were.
fn settle_hours(one: &mut One, guess: Option<&Name>) -> u64 {
    let hours = std::mem::take(&mut one.summary.hours);
    let (nameless, mut named): (BTreeMap<_, _>, BTreeMap<_, _>) =
        hours.into_iter().partition(|((host, _), _)| host.is_empty());
    let mut n_moved = 0;
    for ((_, hour), count) in nameless {
        if let Some(host) = guess {
            *named.entry((Name::clone(host), hour)).or_default() += count;
            n_moved += count;
            continue;
        }
        // A service that logs is alive: its log covers every host that it speaks of.
        for host in &one.summary.hosts {
            *named.entry((Name::clone(host), hour)).or_default() += count;
        }
    }
    one.summary.hours = named;
    n_moved
}
