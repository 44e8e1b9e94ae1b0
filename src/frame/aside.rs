//! Who is counted aside: scanners, health probes, strangers, and connections that nobody can name.
//!
//! None of them is a person whom the service failed, so none stands among the attempts.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Action, Event, Name, Timestamp};
use crate::stats;

/// What a connection that is no person's attempt was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AsideKind {
    /// From an address that was never let in and tried many accounts, or knocked in bulk; or at an account that
    /// is tried from many such addresses.
    Scanner,
    /// Without an account, from one address at a regular rhythm: a load balancer or a monitor looks whether the
    /// port is open.
    Probe,
    /// An account that no log ever saw accepted, refused by its own fault.
    Stranger,
    /// Nothing tells whose it was.
    Other,
}

/// The connections of one kind that one host counts aside.
#[derive(Clone, Debug, PartialEq)]
pub struct Aside {
    /// The host.
    pub host: Name,
    /// What they were.
    pub kind: AsideKind,
    /// How many.
    pub n: usize,
    /// From how many addresses, as far as they are known.
    pub n_addresses: usize,
    /// The first.
    pub first_at: Timestamp,
    /// The last.
    pub last_at: Timestamp,
}

/// One connection that is nobody's attempt.
#[derive(Clone, Debug)]
pub(super) struct Stray {
    pub(super) host: Name,
    pub(super) at: Timestamp,
    pub(super) client: Option<Name>,
    pub(super) user: Option<Name>,
    /// Whether it was refused by the fault of whoever knocked.
    pub(super) is_refused: bool,
}

/// A person has one account and may spell it in two ways, and comes from home and from work; a third is guessing.
const MANY: usize = 3;
/// More refusals than lock an account out by the Windows security baseline (10) are nobody's bad memory.
const BULK: usize = 10;
/// How far a gap of a regular rhythm may lie from the median gap, as a share of it.
const RHYTHM: f64 = 0.1;
/// The chance that a gap lies so near to the median if connections come at random, so that gaps are
/// exponential: 2^-0.9 - 2^-1.1.
const BY_CHANCE: f64 = 0.069_37;
/// The chance of calling random connections regular; small, for a farm on the internet has thousands of addresses.
const LEVEL: f64 = 1e-6;

/// Tells the strays apart and counts them by host and kind.
pub(super) fn count(strays: &[Stray], events: &[Event]) -> Vec<Aside> {
    let accepted = accepted_addresses(events);
    let probes = probes(strays);
    let scanners = scanners(strays, &accepted, &probes);
    let mut rows: BTreeMap<(&Name, AsideKind), (Aside, BTreeSet<&Name>)> = BTreeMap::new();
    for (number, stray) in strays.iter().enumerate() {
        let is_scanner = scanners.made(stray);
        let kind = match &stray.user {
            _ if probes.contains(&number) => AsideKind::Probe,
            _ if is_scanner => AsideKind::Scanner,
            Some(_) => AsideKind::Stranger,
            None => AsideKind::Other,
        };
        let (row, addresses) = rows.entry((&stray.host, kind)).or_insert_with(|| {
            let host = stray.host.clone();
            (Aside { host, kind, n: 0, n_addresses: 0, first_at: stray.at, last_at: stray.at }, BTreeSet::new())
        });
        row.n += 1;
        row.first_at = row.first_at.min(stray.at);
        row.last_at = row.last_at.max(stray.at);
        addresses.extend(&stray.client);
    }
    rows.into_values().map(|(row, addresses)| Aside { n_addresses: addresses.len(), ..row }).collect()
}

/// The addresses from which somebody was let in at least once: an office, a gateway, a person's home.
fn accepted_addresses(events: &[Event]) -> BTreeSet<&Name> {
    let is_let_in = |event: &&Event| {
        matches!(event.action, Action::Authenticated | Action::SessionBegin | Action::Success | Action::Reconnect)
    };
    events.iter().filter(is_let_in).filter_map(|event| event.client.as_ref()).collect()
}

/// The strays that come at a regular rhythm, by their numbers.
///
/// For each host and address, or host alone where the log tells no address, the gaps between nameless connections
/// that were not refused are compared with what chance would give: were they exponential, only 7 in 100 would lie
/// within a tenth of their median. Counting them, and not their spread, forgives restarts and missed rounds.
fn probes(strays: &[Stray]) -> BTreeSet<usize> {
    let mut knocks: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (number, stray) in strays.iter().enumerate() {
        if stray.user.is_none() && !stray.is_refused {
            knocks.entry((&stray.host, &stray.client)).or_default().push(number);
        }
    }
    let mut probes = BTreeSet::new();
    for mut knocks in knocks.into_values() {
        knocks.sort_by_key(|number| strays[*number].at);
        if is_regular(&knocks.iter().map(|number| strays[*number].at).collect::<Vec<_>>()) {
            probes.extend(knocks);
        }
    }
    probes
}

/// Whether most gaps are alike, more than chance explains.
fn is_regular(times: &[Timestamp]) -> bool {
    let gaps: Vec<f64> = times.windows(2).map(|pair| pair[1].seconds_since(pair[0])).collect();
    let Some(median) = stats::quantile(&gaps, 0.5).filter(|median| *median > 0.0) else { return false };
    let alike = gaps.iter().filter(|gap| (**gap - median).abs() <= RHYTHM * median).count();
    2 * alike > gaps.len() && stats::binomial_tail(alike, gaps.len(), BY_CHANCE) < LEVEL
}

/// The addresses that scan, and the accounts that are tried from everywhere.
struct Scanners<'a> {
    addresses: BTreeSet<&'a Name>,
    accounts: BTreeSet<&'a Name>,
    accepted: &'a BTreeSet<&'a Name>,
}

impl Scanners<'_> {
    fn made(&self, stray: &Stray) -> bool {
        let Some(client) = stray.client.as_ref().filter(|client| !self.accepted.contains(client)) else { return false };
        self.addresses.contains(client) || stray.user.as_ref().is_some_and(|user| self.accounts.contains(user))
    }
}

/// Finds scanners: addresses that were never let in and tried many accounts or knocked in bulk, and accounts that
/// were tried from many such addresses.
fn scanners<'a>(strays: &'a [Stray], accepted: &'a BTreeSet<&'a Name>, probes: &BTreeSet<usize>) -> Scanners<'a> {
    let mut by_address: BTreeMap<&Name, (usize, BTreeSet<&Name>)> = BTreeMap::new();
    let mut by_account: BTreeMap<&Name, BTreeSet<&Name>> = BTreeMap::new();
    for (_, stray) in strays.iter().enumerate().filter(|(number, _)| !probes.contains(number)) {
        if let Some(client) = stray.client.as_ref().filter(|client| !accepted.contains(client)) {
            let (n, users) = by_address.entry(client).or_default();
            *n += 1;
            users.extend(&stray.user);
            if let Some(user) = &stray.user {
                by_account.entry(user).or_default().insert(client);
            }
        }
    }
    let scans = |(n, users): &(usize, BTreeSet<&Name>)| users.len() >= MANY || *n > BULK;
    let addresses = by_address.into_iter().filter(|(_, seen)| scans(seen)).map(|(client, _)| client).collect();
    let accounts = by_account.into_iter().filter(|(_, from)| from.len() >= MANY).map(|(user, _)| user).collect();
    Scanners { addresses, accounts, accepted }
}

#[cfg(test)]
mod tests {
    use super::super::scene::{Scene, at};
    use super::*;
    use crate::model::Fault;

    fn stray(second: f64, client: Option<&str>, user: Option<&str>) -> Stray {
        let is_refused = user.is_some();
        Stray {
            host: "RDS01".into(),
            at: at(second),
            client: client.map(Name::from),
            user: user.map(Name::from),
            is_refused,
        }
    }

    fn counts(rows: &[Aside]) -> Vec<(AsideKind, usize)> {
        rows.iter().map(|row| (row.kind, row.n)).collect()
    }

    #[test]
    fn a_rhythm_is_told_from_chance() {
        let mut random = stats::Random::new(5);
        let probe: Vec<Timestamp> =
            (0..400).filter(|n| n % 37 != 0).map(|n| at(f64::from(n) * 30.0 + random.unit())).collect();
        assert!(is_regular(&probe), "a probe that misses a round now and then");
        for seed in 0..200 {
            let mut random = stats::Random::new(seed);
            let mut second = 0.0;
            let scattered: Vec<Timestamp> = (0..300)
                .map(|_| {
                    second += -30.0 * (1.0 - random.unit()).ln();
                    at(second)
                })
                .collect();
            assert!(!is_regular(&scattered), "seed {seed}");
        }
        assert!(!is_regular(&[]) && !is_regular(&[at(1.0)]) && !is_regular(&[at(1.0); 50]));
        assert!(!is_regular(&[at(0.0), at(30.0), at(60.0), at(90.0)]), "three gaps prove nothing");
    }

    #[test]
    fn each_kind_is_counted_by_itself() {
        let mut strays = Vec::new();
        for n in 0..50 {
            strays.push(stray(f64::from(n) * 15.0, Some("10.0.0.9"), None));
        }
        for user in ["admin", "root", "test"] {
            strays.push(stray(7.0, Some("203.0.113.5"), Some(user)));
        }
        for n in 0..11 {
            strays.push(Stray { is_refused: true, ..stray(f64::from(n * n * 7), Some("203.0.113.6"), None) });
        }
        strays.push(stray(9.0, Some("198.51.100.7"), Some("annna")));
        strays.push(stray(11.0, Some("198.51.100.8"), None));
        strays.push(stray(12.0, None, None));
        let rows = count(&strays, &[]);
        let expected =
            [(AsideKind::Scanner, 14), (AsideKind::Probe, 50), (AsideKind::Stranger, 1), (AsideKind::Other, 2)];
        assert_eq!(counts(&rows), expected);
        assert_eq!((rows[0].n_addresses, rows[3].n_addresses), (2, 1));
    }

    #[test]
    fn an_account_that_is_tried_from_everywhere_is_a_scanner_s() {
        let from = |n: u32| stray(f64::from(n), Some(&format!("203.0.113.{n}")), Some("administrator"));
        let strays: Vec<Stray> = (1..=2).map(from).collect();
        assert_eq!(counts(&count(&strays, &[])), [(AsideKind::Stranger, 2)]);
        let strays: Vec<Stray> = (1..=3).map(from).collect();
        assert_eq!(counts(&count(&strays, &[])), [(AsideKind::Scanner, 3)]);
    }

    #[test]
    fn an_address_that_was_let_in_is_no_scanner() {
        let mut scene = Scene::new();
        scene.authenticated("RDS01", "anna", 0.0).client = Some("203.0.113.5".into());
        let strays: Vec<Stray> =
            ["a", "b", "c", "d"].map(|user| stray(7.0, Some("203.0.113.5"), Some(user))).into_iter().collect();
        assert_eq!(counts(&count(&strays, &scene.events)), [(AsideKind::Stranger, 4)]);
    }

    #[test]
    fn a_guess_of_passwords_at_a_rhythm_is_a_scanner_and_no_probe() {
        let mut scene = Scene::new();
        scene.workday("RDS01", "anna", 5, 0.0);
        for n in 0..40 {
            let guess = scene.event("RDS01", 100.0 + f64::from(n) * 60.0, Action::Failure);
            guess.activity_id = Some(format!("{{F420-{n}}}").into());
            guess.client = Some("203.0.113.5".into());
            guess.fault = Some(Fault::User);
            guess.signature = Some("logon-wrong-password".into());
        }
        let tables = scene.tables();
        assert_eq!(counts(&tables.aside), [(AsideKind::Scanner, 40)]);
        assert_eq!(tables.attempts.len(), 1);
    }
}
