//! Which records belong to one try: joined by connection, by session number, else by user, host and time.

use std::collections::{BTreeMap, BTreeSet};

use super::coverage::{Shows, Sight};
use super::latency::Patience;
use super::who::{Actor, is_host_log, is_security};
use crate::model::{Action, Event, Name, Timestamp};

/// How long the records of one connection or one session's logon may lie apart, in seconds.
const CONNECTION_S: f64 = 600.0;
/// How long the several records of one refusal may lie apart, in seconds: Windows writes them at once.
const REFUSAL_S: f64 = 10.0;
/// How many of a user's last tries may still receive a late record.
const LOOK_BACK: usize = 3;

/// The records of one try on one host, by the host's own logs.
#[derive(Clone, Debug)]
pub(super) struct Trace {
    /// The session host.
    pub host: Name,
    /// The account.
    pub user: Name,
    /// Its records, as places in the sorted events.
    pub members: Vec<usize>,
    /// The first record.
    pub first: Timestamp,
    /// The last record.
    pub last: Timestamp,
    /// When name and password were accepted.
    pub authenticated: Option<Timestamp>,
    /// When the security log granted a logon, which knows no session.
    pub granted: Option<Timestamp>,
    /// When a session was given.
    pub begun: Option<Timestamp>,
    /// When the desktop came up.
    pub shell: Option<Timestamp>,
    /// When an older session was taken up again.
    pub reconnected: Option<Timestamp>,
    /// When the session ended, if it did.
    pub ended: Option<Timestamp>,
    /// Whether the profile was loaded.
    pub has_profile: bool,
    /// The failures among the members.
    pub failures: Vec<usize>,
    /// Whether a member was joined by time alone.
    pub by_time: bool,
    /// The client's address.
    pub client: Option<Name>,
    connections: BTreeSet<Name>,
    /// Names of connections, `RDP-Tcp#5`: they come again soon.
    names: BTreeSet<Name>,
    /// Logon sessions of the security log.
    logons: BTreeSet<u64>,
    /// Session numbers of this try.
    pub sessions: BTreeSet<u32>,
}

impl Trace {
    fn open(host: Name, user: Name, at: Timestamp) -> Self {
        Self {
            host,
            user,
            members: Vec::new(),
            first: at,
            last: at,
            authenticated: None,
            granted: None,
            begun: None,
            shell: None,
            reconnected: None,
            ended: None,
            has_profile: false,
            failures: Vec::new(),
            by_time: false,
            client: None,
            connections: BTreeSet::new(),
            names: BTreeSet::new(),
            logons: BTreeSet::new(),
            sessions: BTreeSet::new(),
        }
    }

    /// The failed connection of an account that was told by its address only.
    pub(super) fn of_connection(host: &Name, user: &Name, members: &[usize], events: &[Event]) -> Self {
        let at = members.first().map_or(Timestamp::default(), |index| events[*index].at);
        let mut trace = Self::open(host.clone(), user.clone(), at);
        trace.by_time = true;
        for index in members {
            trace.add(*index, &events[*index]);
        }
        trace
    }

    /// Adds one record.
    pub(super) fn add(&mut self, index: usize, event: &Event) {
        self.members.push(index);
        self.first = self.first.min(event.at);
        self.last = self.last.max(event.at);
        if let Some(id) = &event.activity_id {
            self.connections.insert(id.clone());
        }
        self.names.extend(connection_name(event).cloned());
        self.logons.extend(event.logon_id);
        self.sessions.extend(event.session_id);
        if self.client.is_none() {
            self.client.clone_from(&event.client);
        }
        let moment = match event.action {
            Action::Authenticated | Action::SessionBegin | Action::Success if is_security(event) => &mut self.granted,
            Action::Authenticated => &mut self.authenticated,
            Action::SessionBegin => &mut self.begun,
            Action::Success => &mut self.shell,
            Action::Reconnect => &mut self.reconnected,
            Action::ProfileLoadEnd => {
                self.has_profile = true;
                return;
            }
            Action::Failure => {
                self.failures.push(index);
                return;
            }
            _ => return,
        };
        *moment = Some(moment.map_or(event.at, |known| known.min(event.at)));
    }

    /// Adds what a gateway or a broker says of the same wish: another clock's word, which moves no moment.
    pub(super) fn accompany(&mut self, index: usize) {
        self.members.push(index);
        self.by_time = true;
    }

    /// Whether the user has got a desktop or an old session back.
    pub(super) fn is_fulfilled(&self) -> bool {
        self.shell.is_some() || self.reconnected.is_some()
    }

    /// Whether it is a refusal: it failed and nothing shows that name and password were accepted.
    fn is_refused(&self) -> bool {
        !self.failures.is_empty() && self.authenticated.is_none() && self.begun.is_none()
    }

    /// Whether an id says that the record belongs here.
    fn shares_id(&self, event: &Event) -> bool {
        if event.at.seconds_since(self.last) > CONNECTION_S {
            return false;
        }
        if event.session_id.is_some_and(|session| !self.sessions.is_empty() && !self.sessions.contains(&session)) {
            return false; // a thread of a text log serves many sessions
        }
        let connection = event.activity_id.as_ref().is_some_and(|id| self.connections.contains(id));
        let session = event.session_id.is_some_and(|session| self.sessions.contains(&session)) && self.ended.is_none();
        let name = connection_name(event).is_some_and(|name| self.names.contains(name));
        let logon = event.logon_id.is_some_and(|logon| self.logons.contains(&logon));
        (connection || session || name || logon) && !self.has_had(event)
    }

    /// Whether this step was already taken, so that the record begins something new.
    fn has_had(&self, event: &Event) -> bool {
        match event.action {
            _ if is_security(event) => false,
            Action::Authenticated => self.authenticated.is_some() || self.begun.is_some() || self.is_refused(),
            Action::SessionBegin => {
                let other_number = event.session_id.is_some_and(|number| !self.sessions.contains(&number));
                self.begun.is_some() && (other_number || self.ended.is_some())
            }
            Action::Success => self.shell.is_some(),
            Action::Attempt => self.authenticated.is_some() || self.begun.is_some() || !self.failures.is_empty(),
            _ => false,
        }
    }

    /// Whether user, host and time make it likely that the record belongs here.
    fn is_near(&self, event: &Event, patience_s: f64, events: &[Event]) -> bool {
        if event.at.seconds_since(self.first) > patience_s || self.has_had(event) {
            return false;
        }
        let other_session =
            event.session_id.is_some_and(|number| !self.sessions.is_empty() && !self.sessions.contains(&number));
        match event.action {
            Action::Failure if self.is_refused() => {
                let again = self
                    .failures
                    .iter()
                    .any(|index| events[*index].code == event.code && events[*index].provider == event.provider);
                !again && event.at.seconds_since(self.last) <= REFUSAL_S
            }
            // The security log's refusal belongs to this try at once or not at all: else it is the next try's.
            Action::Failure if is_security(event) => {
                !self.is_fulfilled() && event.at.seconds_since(self.last) <= REFUSAL_S
            }
            Action::Failure => !other_session && (!self.is_fulfilled() || self.begun.is_some()),
            Action::Attempt | Action::Authenticated => event.at.seconds_since(self.last) <= REFUSAL_S,
            Action::Reconnect => self.authenticated.is_some() && self.begun.is_none() && self.reconnected.is_none(),
            _ => !self.is_refused() && !other_session,
        }
    }
}

/// The name of the connection (`RDP-Tcp#5`), the bridge from RdpCoreTS 66 to Security 4778.
fn connection_name(event: &Event) -> Option<&Name> {
    let named = event.data.iter().find(|(key, _)| matches!(&**key, "ConnectionName" | "SessionName"));
    named.map(|(_, name)| name).filter(|name| name.contains('#'))
}

/// Whether a record of this kind begins a try when none is under way.
fn opens(event: &Event, host: &Name, sight: &Sight) -> bool {
    match event.action {
        Action::Attempt | Action::Failure => true,
        // The security log counts sign-ins of every kind, file access among them; it speaks only where
        // nothing better does.
        Action::Authenticated | Action::SessionBegin | Action::Success => {
            !is_security(event) || !sight.knows(host, Shows::Connection)
        }
        Action::ProfileLoadBegin | Action::ProfileLoadEnd => !sight.knows(host, Shows::Connection),
        _ => false,
    }
}

/// Joins the records of the hosts' own logs to tries, in the order of their first records.
///
/// `events` are sorted by time and `actors` stand beside them.
pub(super) fn traces(events: &[Event], actors: &[Actor], sight: &Sight, patience: &Patience) -> Vec<Trace> {
    let mut by_person: BTreeMap<(Name, Name), Vec<Trace>> = BTreeMap::new();
    for (index, (event, actor)) in events.iter().zip(actors).enumerate() {
        let (Some(host), Some(user), true) = (&actor.host, &actor.user, is_host_log(event)) else { continue };
        let own = by_person.entry((host.clone(), user.clone())).or_default();
        match event.action {
            Action::SessionEnd => end(own, event),
            Action::Attempt
            | Action::Authenticated
            | Action::Failure
            | Action::SessionBegin
            | Action::Success
            | Action::Reconnect
            | Action::ProfileLoadBegin
            | Action::ProfileLoadEnd
            | Action::SessionArbitration
            | Action::PolicyBegin
            | Action::PolicyEnd
            | Action::DiskAttached => {
                place(own, index, event, host, user, (events, sight, patience));
            }
            _ => {}
        }
    }
    let mut traces: Vec<Trace> = by_person.into_values().flatten().filter(|trace| is_try(trace, events)).collect();
    traces.sort_by(|one, other| (one.first, &one.host, &one.user).cmp(&(other.first, &other.host, &other.user)));
    traces
}

fn place(
    own: &mut Vec<Trace>,
    index: usize,
    event: &Event,
    host: &Name,
    user: &Name,
    (events, sight, patience): (&[Event], &Sight, &Patience),
) {
    if let Some(trace) = own.iter_mut().rev().take(LOOK_BACK).find(|trace| trace.shares_id(event)) {
        trace.add(index, event);
        return;
    }
    if let Some(trace) = own.last_mut()
        && trace.is_near(event, patience.of(host), events)
    {
        trace.by_time = true;
        trace.add(index, event);
        return;
    }
    if opens(event, host, sight) {
        let mut trace = Trace::open(host.clone(), user.clone(), event.at);
        trace.add(index, event);
        own.push(trace);
    }
}

/// Notes the end of a session on the try that began it.
fn end(own: &mut [Trace], event: &Event) {
    let Some(session) = event.session_id else { return };
    let begun = own.iter_mut().rev().find(|trace| trace.sessions.contains(&session));
    if let Some(trace) = begun
        && trace.ended.is_none()
    {
        trace.ended = Some(event.at);
    }
}

/// A knock alone is no try of a person.
fn is_try(trace: &Trace, events: &[Event]) -> bool {
    trace.members.iter().any(|index| events[*index].action != Action::Attempt)
}
