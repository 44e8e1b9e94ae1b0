//! Attempts as numbers: host, account and signature by index, time in seconds, load at that moment.

use std::collections::BTreeSet;

use super::{Load, place_of};
use crate::frame::Tables;
use crate::frame::tables::Outcome;
use crate::model::{Fault, Name, Provenance, Timestamp};

/// One attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Try {
    /// Its number in the tables.
    pub id: u32,
    /// When, by the log.
    pub at: Timestamp,
    /// When, in seconds since the beginning of the window.
    pub at_s: f64,
    /// The host, by index.
    pub host: usize,
    /// The account, by index.
    pub user: usize,
    /// The signature, by index; `None` for a success.
    pub signature: Option<usize>,
    /// Whose fault; `None` for a success.
    pub fault: Option<Fault>,
    /// The demand that it belongs to.
    pub demand: u32,
    /// Whether it repeats an earlier try of its demand.
    pub is_retry: bool,
    /// Sessions open on that host just before, in units of [`Load::high`].
    pub load: f64,
    /// The same for the mean of all hosts.
    pub fleet_load: f64,
    /// Component and version that the failure itself names.
    pub component: Option<(Name, Name)>,
    /// The telling records, at most two.
    pub records: Vec<Provenance>,
}

/// Attempts with the lists that their indices point into.
#[derive(Clone, Debug, Default)]
pub struct Indexed {
    /// Hosts by name.
    pub hosts: Vec<Name>,
    /// Accounts by name.
    pub users: Vec<Name>,
    /// Signatures by name.
    pub signatures: Vec<Name>,
    /// Attempts by time.
    pub tries: Vec<Try>,
}

impl Indexed {
    /// Reads the attempts of the tables. Hosts are those of the tables and of the attempts.
    pub fn of(tables: &Tables, load: &Load, start: Timestamp) -> Self {
        let hosts: BTreeSet<Name> =
            tables.hosts.iter().chain(tables.attempts.iter().map(|attempt| &attempt.host)).cloned().collect();
        let users: BTreeSet<Name> = tables
            .attempts
            .iter()
            .map(|attempt| &attempt.user)
            .chain(tables.sessions.iter().map(|session| &session.user))
            .cloned()
            .collect();
        let unnamed: Name = Name::from("unnamed");
        let signatures: BTreeSet<Name> = tables
            .attempts
            .iter()
            .filter(|attempt| attempt.is_failure())
            .map(|attempt| attempt.signature.clone().unwrap_or_else(|| unnamed.clone()))
            .collect();
        let (hosts, users, signatures): (Vec<_>, Vec<_>, Vec<_>) =
            (hosts.into_iter().collect(), users.into_iter().collect(), signatures.into_iter().collect());
        let mut tries: Vec<Try> = tables
            .attempts
            .iter()
            .filter(|attempt| attempt.outcome != Outcome::Unseen)
            .filter_map(|attempt| {
                let host = place_of(&hosts, &attempt.host)?;
                let at_s = attempt.at.seconds_since(start);
                let failed = attempt.is_failure();
                let signature = attempt.signature.as_ref().unwrap_or(&unnamed);
                Some(Try {
                    id: attempt.id,
                    at: attempt.at,
                    at_s,
                    host,
                    user: place_of(&users, &attempt.user)?,
                    signature: if failed { place_of(&signatures, signature) } else { None },
                    fault: if failed { attempt.fault.or(Some(Fault::Unclear)) } else { None },
                    demand: attempt.demand,
                    is_retry: attempt.is_retry,
                    load: load.relative(&attempt.host, attempt.at),
                    fleet_load: load.relative_fleet(attempt.at),
                    component: attempt.component_version.clone(),
                    records: attempt.records.iter().take(2).copied().collect(),
                })
            })
            .collect();
        tries.sort_by(|a, b| a.at.cmp(&b.at).then(a.id.cmp(&b.id)));
        Self { hosts, users, signatures, tries }
    }
}

/// The logarithm of the part that a gap between attempts has in all the time in which something could have happened: of all
/// moments between the same attempts the log tells the same. Attempts closer than a minute are one occasion.
pub fn log_share_of_gap(gap_s: f64, all_s: f64) -> f64 {
    const MIN_GAP_S: f64 = 60.0;
    (gap_s.max(MIN_GAP_S) / all_s).min(1.0).ln()
}

/// A try for tests of what is done with tries.
#[cfg(test)]
pub(crate) fn some_try(at_s: f64, host: usize, user: usize, signature: Option<usize>) -> Try {
    Try {
        id: 0,
        at: Timestamp(0),
        at_s,
        host,
        user,
        signature,
        fault: None,
        demand: 0,
        is_retry: false,
        load: 1.0,
        fleet_load: 1.0,
        component: None,
        records: Vec::new(),
    }
}
