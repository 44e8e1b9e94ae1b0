//! Finds the host of records that do not name one: from the path of their source, else from the configuration.

use std::collections::{BTreeMap, BTreeSet};

use super::file::{glob_fits, rotated_set};
use super::source::{Kept, One};
use super::summary::Role;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::identity::canonical_host;
use crate::model::{ChangeRecord, HostScope, Name, Trust, Witness};

/// Gives each source's nameless records the host that its path names, preferring hosts that other
/// sources state, and where it names none the host of the configuration; hours without host go to it, else to all hosts
/// that the source speaks of.
pub(super) fn settle(ones: &mut [One], configured: &[(String, Name)]) {
    let known: BTreeSet<Name> = ones.iter().flat_map(|one| one.summary.hosts.iter().cloned()).collect();
    let sets = sets(ones);
    for one in ones {
        let by_path = guess(one, &known);
        let guess = by_path.clone().or_else(|| by_configuration(one, configured));
        let set = sets.get(&set_of(one)).cloned().unwrap_or_default();
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
        n_guessed += settle_hours(one, guess.as_ref(), &set);
        if let Some(host) = guess.filter(|_| n_guessed > 0) {
            if one.summary.hosts.is_empty() {
                one.summary.host_trust = Trust::Guessed;
            }
            if !one.summary.hosts.contains(&host) {
                one.summary.hosts.push(Name::clone(&host));
                one.summary.hosts.sort();
            }
            let by = if by_path.is_some() { "path" } else { "configuration" };
            let detail = format!("{host}, by the {by}, for {n_guessed} records");
            one.diagnostics.push(Diagnostic::new(Code::HostAssumed, &one.summary.path, None, detail));
        }
    }
}

/// What the files of one rotated log have in common.
fn set_of(one: &One) -> (String, String) {
    (rotated_set(&one.summary.path), one.summary.format.clone())
}

/// The hosts that the files of one rotated log speak of: one of them may be silent of some.
fn sets(ones: &[One]) -> BTreeMap<(String, String), BTreeSet<Name>> {
    let mut sets: BTreeMap<(String, String), BTreeSet<Name>> = BTreeMap::new();
    for one in ones.iter().filter(|one| one.summary.role == Role::AppLog) {
        sets.entry(set_of(one)).or_default().extend(one.summary.hosts.iter().cloned());
    }
    sets
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

/// The host that the last fitting pattern of the configuration gives.
fn by_configuration(one: &One, configured: &[(String, Name)]) -> Option<Name> {
    let fitting = configured.iter().rev().find(|(pattern, _)| glob_fits(pattern, &one.summary.path));
    fitting.map(|(_, host)| Name::clone(host))
}

/// Moves hours without host to where they belong; returns how many records that were.
fn settle_hours(one: &mut One, guess: Option<&Name>, set: &BTreeSet<Name>) -> u64 {
    let hours = std::mem::take(&mut one.summary.hours);
    let (nameless, mut named): (BTreeMap<_, _>, BTreeMap<_, _>) =
        hours.into_iter().partition(|((host, ..), _)| host.is_empty());
    let mut n_moved = 0;
    for ((_, channel, hour), count) in nameless {
        if let Some(host) = guess {
            count.add_to(&mut named, (Name::clone(host), channel, hour));
            n_moved += count.n;
            continue;
        }
        // A service that logs is alive: its log covers every host that it speaks of, in whichever of its files.
        for host in one.summary.hosts.iter().chain(set.iter().filter(|host| !one.summary.hosts.contains(host))) {
            count.add_to(&mut named, (Name::clone(host), Name::clone(&channel), hour));
        }
    }
    one.summary.hours = named;
    n_moved
}

#[cfg(test)]
mod tests {
    use crate::model::{Name, SourceId};
    use crate::normalize::{Normalized, Options, normalize};
    use crate::read::Source;

    #[test]
    fn the_configuration_names_a_host_where_content_and_path_do_not() {
        let line = "2022-08-22 08:00:00,000 [7] ERROR a.B - login failed for user user001\n";
        let host = |path: &str| {
            let options = Options { hosts: vec![("*app*".to_owned(), Name::from("APP01"))], ..Options::default() };
            let source = Source::from_bytes(SourceId(0), path, line.as_bytes());
            let normalized = normalize(&[source], &options, &|_| ());
            normalized.events[0].host.as_deref().map(str::to_owned)
        };
        assert_eq!(host("logs/app.log").as_deref(), Some("APP01"));
        assert_eq!(host("logs/SRV07/app.log").as_deref(), Some("SRV07"));
        assert_eq!(host("logs/api.log"), None);
    }

    #[test]
    fn a_file_of_a_rotated_log_covers_the_hosts_of_the_others() {
        let line = |day: u32, text: &str| format!("2022-08-{day} 08:00:00,000 [7] ERROR a.B - {text}\n");
        let named = line(22, "login failed for user user001, host=RDS01") + &line(22, "started");
        let quiet = line(23, "started");
        let hours = |paths: [&str; 2]| {
            let files = paths.iter().zip([&named, &quiet]).zip(0..);
            let sources: Vec<Source> =
                files.map(|((path, text), id)| Source::from_bytes(SourceId(id), path, text.as_bytes())).collect();
            let Normalized { sources, .. } = normalize(&sources, &Options::default(), &|_| ());
            sources.into_iter().map(|source| source.hours.len()).collect::<Vec<_>>()
        };
        assert_eq!(hours(["app.log", "app.log.1"]), [1, 1]);
        assert_eq!(hours(["app.log", "api.log"]), [1, 0]);
    }
}
