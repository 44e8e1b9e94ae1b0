//! Walks everything that a report is made from, and leaves no name behind.
//!
//! Lists that stand in the order of hosts are sorted anew, for their old order would tell the alphabet of the names.

use std::collections::BTreeMap;

use super::names::{address, is_nobody, is_personal_sid};
use super::pseudonym::Kind;
use super::{Class, Redactor};
use crate::correlate::SymptomChain;
use crate::diagnostic::Diagnostic;
use crate::frame::{Change, Framed, Tables};
use crate::judge::{Candidate, Incident, Judgement, Reason};
use crate::model::identity::{canonical_host, canonical_user};
use crate::model::{Event, Name};
use crate::normalize::SourceSummary;
use crate::normalize::template::Template;

impl Redactor {
    fn host(&mut self, host: &mut Name) {
        if let Some(address) = address(host) {
            if is_nobody(&address) {
                return;
            }
            if self.has(Class::Addresses) {
                *host = self.pseudonyms.of(Kind::Address, &address).into();
            } else if self.has(Class::Hosts) {
                *host = self.pseudonyms.of(Kind::Host, &address).into();
            }
        } else if self.has(Class::Hosts) && !host.is_empty() {
            *host = self.pseudonyms.of(Kind::Host, &canonical_host(host)).into();
        }
    }

    fn user(&mut self, user: &mut Name) {
        match canonical_user(user).filter(|_| self.has(Class::Users)) {
            Some(name) => *user = self.pseudonyms.of(Kind::User, &name).into(),
            None => self.name(user),
        }
    }

    fn sid(&mut self, sid: &mut Name) {
        if self.has(Class::Users) && is_personal_sid(sid) {
            *sid = self.pseudonyms.of(Kind::Sid, &sid.to_uppercase()).into();
        }
    }

    /// The address or the name of a machine from which somebody came.
    fn client(&mut self, client: &mut Name) {
        if address(client).is_some() && !self.has(Class::Addresses) {
            return;
        }
        if matches!(&**client, "LOCAL" | "-" | "localhost") {
            return;
        }
        self.host(client);
    }

    /// Any text of a log.
    fn name(&mut self, text: &mut Name) {
        if let Some(replaced) = self.known.replaced(text, &self.classes, &mut self.pseudonyms) {
            *text = replaced.into();
        }
    }

    fn string(&mut self, text: &mut String) {
        if let Some(replaced) = self.known.replaced(text, &self.classes, &mut self.pseudonyms) {
            *text = replaced;
        }
    }

    /// A signature: ids of the catalog are ours, those that are made of a log's words are not.
    fn signature(&mut self, id: &mut Name) {
        if let Some(renamed) = self.renamed.get(id) {
            *id = renamed.clone();
        } else if id.starts_with("other-") {
            self.name(id);
        }
    }

    /// A host or an account, whichever it is.
    fn either(&mut self, name: &mut Name) {
        if self.renamed.contains_key(name) || name.starts_with("template-") || name.starts_with("other-") {
            self.signature(name);
        } else if self.pseudonyms.knows(Kind::Host, name) {
            self.host(name);
        } else if self.pseudonyms.knows(Kind::User, name) {
            self.user(name);
        } else {
            self.name(name);
        }
    }

    /// The path of a source, the same everywhere.
    fn path(&mut self, path: &mut String) {
        match self.paths.get(path) {
            Some(known) => known.clone_into(path),
            None => self.string(path),
        }
    }
}

pub(super) fn framed(redactor: &mut Redactor, framed: &mut Framed) {
    let old = std::mem::take(&mut framed.templates);
    templates(redactor, old, &mut framed.templates);
    for one in &mut framed.sources {
        source(redactor, one);
    }
    for one in &mut framed.events {
        event(redactor, one);
    }
    for Diagnostic { path, detail, .. } in &mut framed.diagnostics {
        redactor.path(path);
        redactor.string(detail);
    }
    rows(redactor, &mut framed.tables);
    changes(redactor, &mut framed.tables.changes);
    by_host(redactor, &mut framed.tables);
}

/// The id of a message's template is a digest of its words: with other words it is another one.
fn templates(redactor: &mut Redactor, old: BTreeMap<Name, Template>, new: &mut BTreeMap<Name, Template>) {
    for (id, mut template) in old {
        let before = template.text.clone();
        redactor.string(&mut template.text);
        let mut renamed = Name::clone(&id);
        if template.text != before {
            renamed = template.id().into();
            redactor.renamed.insert(id, renamed.clone());
        }
        new.entry(renamed).and_modify(|known| known.n_messages += template.n_messages).or_insert(template);
    }
}

fn source(redactor: &mut Redactor, source: &mut SourceSummary) {
    let old = source.path.clone();
    redactor.string(&mut source.path);
    // Two paths that became one stay two.
    let mut n_same = 1;
    let base = source.path.clone();
    while redactor.paths.values().any(|taken| *taken == source.path) {
        n_same += 1;
        source.path = format!("{base} ({n_same})");
    }
    redactor.paths.insert(old, source.path.clone());
    each(&mut source.hosts, |host| redactor.host(host));
    source.hosts.sort();
    source.hours = std::mem::take(&mut source.hours)
        .into_iter()
        .map(|((mut host, channel, hour), count)| {
            redactor.host(&mut host);
            ((host, channel, hour), count)
        })
        .collect();
    source.numbers = std::mem::take(&mut source.numbers)
        .into_iter()
        .map(|((mut host, channel), runs)| {
            redactor.host(&mut host);
            ((host, channel), runs)
        })
        .collect();
}

fn event(redactor: &mut Redactor, event: &mut Event) {
    each(&mut event.host, |host| redactor.host(host));
    each(&mut event.user, |user| redactor.user(user));
    each(&mut event.client, |client| redactor.client(client));
    each(&mut event.user_sid, |sid| redactor.sid(sid));
    each(&mut event.signature, |id| redactor.signature(id));
    if &*event.dataset != "windows" {
        each(&mut event.provider, |provider| redactor.name(provider));
    }
    each(&mut event.activity_id, |id| redactor.name(id));
    each(&mut event.error_code, |code| redactor.name(code));
    each(&mut event.message, |message| redactor.name(message));
    if let Some((component, version)) = &mut event.component_version {
        redactor.name(component);
        redactor.name(version);
    }
    for (key, value) in &mut event.data {
        redactor.name(key);
        redactor.name(value);
    }
}

/// Tables whose order is that of time.
fn rows(redactor: &mut Redactor, tables: &mut Tables) {
    for attempt in &mut tables.attempts {
        redactor.host(&mut attempt.host);
        redactor.user(&mut attempt.user);
        each(&mut attempt.client, |client| redactor.client(client));
        each(&mut attempt.signature, |id| redactor.signature(id));
        each(&mut attempt.error_code, |code| redactor.name(code));
        if let Some((component, version)) = &mut attempt.component_version {
            redactor.name(component);
            redactor.name(version);
        }
    }
    for session in &mut tables.sessions {
        redactor.host(&mut session.host);
        redactor.user(&mut session.user);
    }
    for sample in &mut tables.samples {
        each(&mut sample.host, |host| redactor.host(host));
        redactor.name(&mut sample.counter);
    }
    for (_, host, signature, _) in &mut tables.symptoms {
        each(host, |host| redactor.host(host));
        redactor.signature(signature);
    }
    for sign in &mut tables.signs {
        each(&mut sign.host, |host| redactor.host(host));
        redactor.signature(&mut sign.signature);
    }
    tables.seen_since = std::mem::take(&mut tables.seen_since)
        .into_iter()
        .map(|(mut signature, since)| {
            redactor.signature(&mut signature);
            (signature, since)
        })
        .collect();
}

fn changes(redactor: &mut Redactor, changes: &mut [Change]) {
    for change in changes {
        redactor.name(&mut change.component);
        each(&mut change.version, |version| redactor.name(version));
        for host in &mut change.hosts {
            redactor.host(&mut host.host);
        }
        change.hosts.sort_by(|a, b| (a.at, &a.host).cmp(&(b.at, &b.host)));
        each(&mut change.services, |service| redactor.name(service));
    }
}

/// Tables whose order is that of hosts.
fn by_host(redactor: &mut Redactor, tables: &mut Tables) {
    each(&mut tables.hosts, |host| redactor.host(host));
    tables.hosts.sort();
    for aside in &mut tables.aside {
        redactor.host(&mut aside.host);
    }
    tables.aside.sort_by(|a, b| a.host.cmp(&b.host));
    for week in &mut tables.logons {
        redactor.host(&mut week.host);
    }
    tables.logons.sort_by(|a, b| a.host.cmp(&b.host));
    for slowdown in &mut tables.slowdowns {
        redactor.host(&mut slowdown.host);
    }
    tables.slowdowns.sort_by(|a, b| a.host.cmp(&b.host));
    for chain in &mut tables.chains {
        redactor.host(&mut chain.host);
    }
    tables.chains.sort_by(|a, b| a.host.cmp(&b.host));
    for span in &mut tables.versions {
        redactor.host(&mut span.host);
        redactor.name(&mut span.component);
        each(&mut span.version, |version| redactor.name(version));
    }
    tables.versions.sort_by(|a, b| (&a.component, &a.host).cmp(&(&b.component, &b.host)));
    for check in &mut tables.load_checks {
        redactor.host(&mut check.host);
    }
    tables.load_checks.sort_by(|a, b| a.host.cmp(&b.host));
    for coverage in &mut tables.coverage {
        redactor.host(&mut coverage.host);
    }
    tables.coverage.sort_by(|a, b| a.host.cmp(&b.host));
    for clock in &mut tables.clocks {
        each(&mut clock.host, |host| redactor.host(host));
        redactor.name(&mut clock.against);
        each(&mut clock.through, |through| redactor.name(through));
    }
    tables.clocks.sort_by(|a, b| a.host.cmp(&b.host));
    for step in &mut tables.clock_steps {
        each(&mut step.host, |host| redactor.host(host));
    }
    tables.clock_steps.sort_by(|a, b| a.host.cmp(&b.host));
    tables.load = std::mem::take(&mut tables.load)
        .into_iter()
        .map(|((mut host, hour), load)| {
            redactor.host(&mut host);
            ((host, hour), load)
        })
        .collect();
}

pub(super) fn judgement(redactor: &mut Redactor, judgement: &mut Judgement) {
    for one in &mut judgement.incidents {
        incident(redactor, one);
    }
    for verdict in &mut judgement.verdicts {
        for reason in &mut verdict.reasons {
            match reason {
                Reason::UnexposedFailToo { hosts, .. } | Reason::ExposedDoNotFail { hosts } => {
                    each(hosts, |host| redactor.host(host));
                }
                Reason::BetterExplained { by } => candidate(redactor, by),
                _ => {}
            }
        }
    }
    for latent in &mut judgement.latent {
        redactor.signature(&mut latent.signature);
    }
}

fn incident(redactor: &mut Redactor, incident: &mut Incident) {
    each(&mut incident.signatures, |id| redactor.signature(id));
    each(&mut incident.hosts, |host| redactor.host(host));
    candidate(redactor, &mut incident.root_cause);
    for one in &mut incident.posterior {
        candidate(redactor, one);
    }
    if let Some(abstention) = &mut incident.abstention {
        for (_, host) in &mut abstention.would_have_told {
            each(host, |host| redactor.host(host));
        }
    }
    each(&mut incident.remedy.canaries, |host| redactor.host(host));
    for evidence in &mut incident.evidence {
        each(&mut evidence.names, |name| redactor.either(name));
    }
}

fn candidate(redactor: &mut Redactor, candidate: &mut Candidate) {
    each(&mut candidate.host, |host| redactor.host(host));
    each(&mut candidate.user, |user| redactor.user(user));
}

pub(super) fn chains(redactor: &mut Redactor, chains: &mut [SymptomChain]) {
    for chain in chains {
        each(&mut chain.signatures, |id| redactor.signature(id));
        for link in &mut chain.links {
            each(&mut link.hosts, |host| redactor.host(host));
        }
    }
}

/// Every name of a list, or of a column that may be empty.
fn each<'a>(names: impl IntoIterator<Item = &'a mut Name>, redact: impl FnMut(&'a mut Name)) {
    names.into_iter().for_each(redact);
}
