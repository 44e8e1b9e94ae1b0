//! Which names there are: those of typed columns, and those of data fields whose key says what they hold.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::pseudonym::Kind;
use crate::frame::Framed;
use crate::model::identity::{canonical_host, canonical_user};

/// Names in the order of their first appearance, in canonical spelling.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) in_order: Vec<(Kind, String)>,
    seen: BTreeSet<(Kind, String)>,
}

impl Names {
    /// Events first, for they are in the order of time; then what only tables know.
    pub(super) fn of(framed: &Framed) -> Self {
        let mut names = Self::default();
        for event in &framed.events {
            names.host(event.host.as_deref());
            names.user(event.user.as_deref());
            names.client(event.client.as_deref());
            if let Some(sid) = &event.user_sid {
                names.sid(sid);
            }
            for (key, value) in &event.data {
                names.field(key, value);
            }
        }
        let tables = &framed.tables;
        for attempt in &tables.attempts {
            names.host(Some(&attempt.host));
            names.user(Some(&attempt.user));
            names.client(attempt.client.as_deref());
        }
        for session in &tables.sessions {
            names.host(Some(&session.host));
            names.user(Some(&session.user));
        }
        let changed = tables.changes.iter().flat_map(|change| &change.hosts).map(|host| &host.host);
        let covered = tables.coverage.iter().map(|coverage| &coverage.host);
        let sources = framed.sources.iter().flat_map(|source| &source.hosts);
        let counted = tables.samples.iter().filter_map(|sample| sample.host.as_ref());
        let apart = tables.aside.iter().map(|aside| &aside.host);
        let versions = tables.versions.iter().map(|span| &span.host);
        for host in
            tables.hosts.iter().chain(changed).chain(covered).chain(sources).chain(counted).chain(apart).chain(versions)
        {
            names.host(Some(host));
        }
        names
    }

    fn add(&mut self, kind: Kind, name: String) {
        if !name.is_empty() && self.seen.insert((kind, name.clone())) {
            self.in_order.push((kind, name));
        }
    }

    fn host(&mut self, host: Option<&str>) {
        let Some(host) = host.map(canonical_host) else { return };
        if address(&host).is_none() && is_name(&host) {
            self.add(Kind::Host, host);
        }
    }

    fn user(&mut self, user: Option<&str>) {
        if let Some(user) = user.and_then(canonical_user).filter(|user| is_name(user)) {
            self.add(Kind::User, user);
        }
    }

    /// A client is an address or the name of a machine.
    fn client(&mut self, client: Option<&str>) {
        match client.map(|client| (client, address(client))) {
            Some((_, Some(address))) => self.add(Kind::Address, address),
            Some((name, None)) => self.host(Some(name)),
            None => {}
        }
    }

    fn sid(&mut self, sid: &str) {
        if is_personal_sid(sid) {
            self.add(Kind::Sid, sid.to_uppercase());
        }
    }

    /// A field of a record, by what its key says: `TargetUserName`, `WorkstationName`, `SubjectDomainName`.
    fn field(&mut self, key: &str, value: &str) {
        let key = key.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| key.contains(word));
        // A name of several words is a sentence or a title, which the search through texts sees to.
        if value.len() > 128 || value.contains(char::is_whitespace) || is_personal_sid(value) {
            return;
        }
        if has(&["domain"]) {
            if is_name(value) && value.contains(char::is_alphabetic) {
                self.add(Kind::Domain, value.to_lowercase());
            }
        } else if has(&["user", "account", "member", "subject"]) && !has(&["count", "agent", "group"]) {
            self.user(Some(value));
        } else if has(&["computer", "workstation", "hostname", "server", "machine", "target", "resource", "client"])
            || key == "host"
        {
            self.client(Some(
                value.split_once(':').filter(|(_, rest)| !rest.contains(':')).map_or(value, |(host, _)| host),
            ));
        }
    }
}

/// Returns an IP address in its one spelling; `None` for what is none.
pub(super) fn address(text: &str) -> Option<String> {
    let address: IpAddr = text.trim_matches(['[', ']']).parse().ok()?;
    Some(match address {
        IpAddr::V6(six) => six.to_ipv4_mapped().map_or(address, IpAddr::V4).to_string(),
        IpAddr::V4(_) => address.to_string(),
    })
}

/// Whether an address says nothing about anybody: this machine, or no address.
pub(super) fn is_nobody(address: &str) -> bool {
    address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback() || address.is_unspecified())
}

/// Whether a security identifier is of a domain or a machine, rather than one that Windows has everywhere.
pub(super) fn is_personal_sid(text: &str) -> bool {
    let upper = text.to_uppercase();
    upper.starts_with("S-1-5-21-") || upper.starts_with("S-1-12-1-")
}

/// Words by which logs say that there is no name, and this machine.
const NO_NAMES: &[&str] = &["-", "*", "local", "localhost", "unknown", "none", "null", "n/a", "true", "false", "."];

fn is_name(text: &str) -> bool {
    !NO_NAMES.contains(&text.to_lowercase().as_str()) && !text.contains(['/', '\\', '<', '>', '{', '%', '"'])
}
