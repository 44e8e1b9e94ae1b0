//! Joins a host's name with the form of it that older interfaces cut to 15 characters.
//!
//! A computer's name may have up to 63 characters, its NetBIOS name has 15 (MS-NBTE 2.2.1); logs give one or the
//! other. A name of 15 characters is taken for the only longer one that begins with it; where two longer ones
//! do, nobody can tell, and it stays as it is.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Kept, One};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::identity::canonical_host;
use crate::model::{ChangeRecord, HostScope, Hours, Name};

/// The characters of a NetBIOS name that are the machine's own; the sixteenth tells its service.
const N_CHARACTERS: usize = 15;

/// Replaces cut names by the whole ones in all that the sources say, and tells of each where it stood first.
pub(super) fn settle(ones: &mut [One]) {
    let whole = whole_names(&names(ones));
    if whole.is_empty() {
        return;
    }
    let mut told: BTreeSet<Name> = BTreeSet::new();
    for one in ones {
        for cut in one.summary.hosts.iter().filter(|host| whole.contains_key(*host)) {
            if told.insert(Name::clone(cut)) {
                let detail = format!("{cut} is taken for {}, whose first 15 characters it is", whole[cut]);
                one.diagnostics.push(Diagnostic::new(Code::HostAssumed, &one.summary.path, None, detail));
            }
        }
        rename(one, &whole);
    }
}

/// All hosts that are named anywhere.
fn names(ones: &[One]) -> BTreeSet<Name> {
    let mut names: BTreeSet<Name> = BTreeSet::new();
    let of_changes = |changes: &[ChangeRecord]| -> Vec<Name> {
        let scopes = changes.iter().map(|change| &change.scope);
        scopes
            .filter_map(|scope| if let HostScope::Hosts(hosts) = scope { Some(hosts.clone()) } else { None })
            .flatten()
            .collect()
    };
    for one in ones {
        names.extend(one.summary.hosts.iter().cloned());
        for kept in &one.kept {
            match kept {
                Kept::Event(event, changes, _) => {
                    names.extend(event.as_ref().and_then(|event| event.host.clone()));
                    names.extend(of_changes(changes));
                }
                Kept::Load(samples) => names.extend(samples.iter().filter_map(|sample| sample.host.clone())),
                Kept::Change(changes) => names.extend(of_changes(changes)),
            }
        }
    }
    names
}

/// The whole name of each cut one that has exactly one.
fn whole_names(names: &BTreeSet<Name>) -> BTreeMap<Name, Name> {
    let cut = names.iter().filter(|name| name.chars().count() == N_CHARACTERS);
    let whole = cut.filter_map(|cut| {
        let mut longer = names.range(Name::clone(cut)..).skip(1).take_while(|name| name.starts_with(&**cut));
        let only = longer.next().filter(|_| longer.next().is_none())?;
        Some((Name::clone(cut), Name::clone(only)))
    });
    whole.collect()
}

fn rename(one: &mut One, whole: &BTreeMap<Name, Name>) {
    let set = |host: &mut Option<Name>| {
        if let Some(known) = host.as_ref().and_then(|host| whole.get(host)) {
            *host = Some(Name::clone(known));
        }
    };
    let set_scopes = |changes: &mut [ChangeRecord]| {
        for change in changes {
            if let HostScope::Hosts(hosts) = &mut change.scope {
                for host in hosts.iter_mut() {
                    if let Some(known) = whole.get(host) {
                        *host = Name::clone(known);
                    }
                }
            }
        }
    };
    for kept in &mut one.kept {
        match kept {
            Kept::Event(event, changes, identity) => {
                if let Some(event) = event {
                    set(&mut event.host);
                    // The target that an application or a gateway names.
                    for (_, value) in &mut event.data {
                        if let Some(known) = whole.get(&*canonical_host(value)) {
                            *value = Name::clone(known);
                        }
                    }
                }
                if let Some(identity) = identity {
                    set(&mut identity.host);
                }
                set_scopes(changes);
            }
            Kept::Load(samples) => samples.iter_mut().for_each(|sample| set(&mut sample.host)),
            Kept::Change(changes) => set_scopes(changes),
        }
    }
    let hosts: BTreeSet<Name> =
        one.summary.hosts.iter().map(|host| Name::clone(whole.get(host).unwrap_or(host))).collect();
    one.summary.hosts = hosts.into_iter().collect();
    let mut hours = Hours::new();
    for ((host, channel, hour), count) in std::mem::take(&mut one.summary.hours) {
        let host = whole.get(&host).cloned().unwrap_or(host);
        count.add_to(&mut hours, (host, channel, hour));
    }
    one.summary.hours = hours;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SourceId;
    use crate::normalize::{Options, normalize};
    use crate::read::Source;

    const LSM: &str = "Microsoft-Windows-TerminalServices-LocalSessionManager";

    fn session(host: &str, number: u64) -> String {
        format!(
            r#"{{"@timestamp":"2022-08-22T06:01:{number:02}Z","winlog":{{"event_id":21,"provider_name":"{LSM}","channel":"{LSM}/Operational","record_id":{number},"computer_name":"{host}","user_data":{{"User":"CORP\\anna","SessionID":"5"}}}}}}"#
        )
    }

    /// The hosts of the events, in the order of the files, and the hosts of all sources.
    fn hosts(named: &[&str]) -> (Vec<String>, BTreeSet<String>) {
        let sources: Vec<Source> = named
            .iter()
            .zip(0..)
            .map(|(host, id)| {
                let line = session(host, 10 + u64::from(id));
                Source::from_bytes(SourceId(id), &format!("{id}.json"), line.as_bytes())
            })
            .collect();
        let normalized = normalize(&sources, &Options::default(), &|_| ());
        let events = normalized.events.iter().map(|event| event.host.clone().unwrap().to_string()).collect();
        let known = normalized.sources.iter().flat_map(|source| source.hosts.iter().map(ToString::to_string)).collect();
        for source in &normalized.sources {
            assert!(source.hours.keys().all(|(host, ..)| source.hosts.contains(host)));
        }
        (events, known)
    }

    #[test]
    fn a_cut_name_is_the_only_longer_one() {
        let (events, known) = hosts(&["sessionhost-zurich-01.corp.example", "SESSIONHOST-ZUR", "RDS01"]);
        assert_eq!(events, ["SESSIONHOST-ZURICH-01", "SESSIONHOST-ZURICH-01", "RDS01"]);
        assert_eq!(known.len(), 2);
    }

    #[test]
    fn a_cut_name_of_two_hosts_stays_and_so_does_a_short_one() {
        let two = ["sessionhost-zurich-01", "sessionhost-zurich-02", "SESSIONHOST-ZUR"];
        assert_eq!(hosts(&two).0[2], "SESSIONHOST-ZUR");
        // Ten characters are no cut name, only a name that another begins with.
        assert_eq!(hosts(&["sessionhost-zurich-01", "SESSIONHOS"]).0[1], "SESSIONHOS");
        assert_eq!(hosts(&["SESSIONHOST-ZUR"]).0, ["SESSIONHOST-ZUR"]);
    }
}
