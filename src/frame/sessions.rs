//! Sessions from begin to end: numbers are reused, boots cut, and the edge of a log is no end.

use std::collections::BTreeMap;

use super::coverage::{Shows, Sight};
use super::who::{Actor, is_host_log, is_security};
use super::{Close, EndKind, Session, limit, witness};
use crate::model::{Action, Event, Name, Provenance, Timestamp};

/// Two records of one begin or one end may lie this far apart, in seconds.
const TWIN_S: f64 = 60.0;
/// How long a logoff that was asked for may take before it counts as stuck, in seconds. Windows itself forces a
/// profile out after a minute (`Winlogon` 6006 warns at 60 s); a quarter of an hour is no slow logoff.
pub(super) const LOGOFF_S: f64 = 900.0;

/// How a session is known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// Its number.
    Number(u32),
    /// Its logon, where a host's logs know no numbers.
    Logon(u64),
}

/// A session under way.
struct Open {
    user: Name,
    started_at: Option<Timestamp>,
    disconnects: Vec<Timestamp>,
    records: Vec<Provenance>,
    /// When the session began to close, and by which record.
    leaving: Option<(Timestamp, Provenance)>,
    /// When the profile was put away.
    unloaded: Option<Timestamp>,
    /// Since when the user is away from it, and by which record.
    away: Option<(Timestamp, Provenance)>,
}

/// What is known of a close that never came to its end: its first record.
pub(super) type Stuck = super::Mark;

/// A session that ended, and what the close tests need.
pub(super) struct Ended {
    /// The row; its close is not yet tested.
    pub session: Session,
    /// A close that began and never came to its end.
    pub stuck: Option<Stuck>,
}

/// Returns when each host booted, by time; a log start and a kernel start of one boot are one.
pub(super) fn boots(events: &[Event]) -> BTreeMap<Name, Vec<Timestamp>> {
    let mut boots: BTreeMap<Name, Vec<Timestamp>> = BTreeMap::new();
    for event in events.iter().filter(|event| event.action == Action::Boot) {
        if let Some(host) = &event.host {
            let known = boots.entry(host.clone()).or_default();
            if known.last().is_none_or(|last| event.at.seconds_since(*last) > TWIN_S) {
                known.push(event.at);
            }
        }
    }
    boots
}

/// Returns when each host began to stop, by time.
fn stops(events: &[Event]) -> BTreeMap<Name, Vec<Timestamp>> {
    let mut stops: BTreeMap<Name, Vec<Timestamp>> = BTreeMap::new();
    for event in events.iter().filter(|event| event.action == Action::Shutdown) {
        if let Some(host) = &event.host {
            stops.entry(host.clone()).or_default().push(event.at);
        }
    }
    stops
}

/// Rebuilds the sessions from the hosts' own logs, by begin (else end), host, user.
pub(super) fn sessions(events: &[Event], actors: &[Actor], sight: &Sight) -> Vec<Ended> {
    let (boots, stops) = (boots(events), stops(events));
    let limits = limit::limits(events, actors);
    let mut latest: BTreeMap<(&Name, &Name), u32> = BTreeMap::new();
    let mut steps: BTreeMap<(Name, Key), Vec<usize>> = BTreeMap::new();
    for (index, (event, actor)) in events.iter().zip(actors).enumerate() {
        let Some(host) = actor.host.as_ref().filter(|_| is_host_log(event)) else { continue };
        if let (Some(user), Some(number)) = (&actor.user, event.session_id)
            && matches!(event.action, Action::SessionBegin | Action::Success | Action::Reconnect)
        {
            latest.insert((host, user), number);
        }
        let own = actor.user.as_ref().and_then(|user| latest.get(&(host, user)).copied());
        if let Some(key) = key(event, own, host, sight) {
            steps.entry((host.clone(), key)).or_default().push(index);
        }
    }
    let mut ended: Vec<Ended> = Vec::new();
    for ((host, key), steps) in steps {
        let of_host = |times: &'_ BTreeMap<Name, Vec<Timestamp>>| times.get(&host).cloned().unwrap_or_default();
        let (boots, stops) = (of_host(&boots), of_host(&stops));
        let limit = limits.get(&host).copied();
        let mut line =
            Line { host: &host, key, boots, stops, limit, sight, open: None, last_end: None, ended: &mut ended };
        for index in steps {
            line.step(&events[index], actors[index].user.as_ref());
        }
        line.finish();
    }
    ended.sort_by(|one, other| order(&one.session).cmp(&order(&other.session)));
    ended
}

fn order(session: &Session) -> (Option<Timestamp>, &Name, &Name, Option<u32>, Option<Timestamp>) {
    (session.started_at.or(session.ended_at), &session.host, &session.user, session.session_id, session.ended_at)
}

/// Which session the event is about; `own` is the number of the account's latest session on the host.
fn key(event: &Event, own: Option<u32>, host: &Name, sight: &Sight) -> Option<Key> {
    match event.action {
        Action::SessionBegin
        | Action::Success
        | Action::SessionEnd
        | Action::Disconnect
        | Action::Reconnect
        | Action::LogoffRequested
        | Action::IncompleteClose
        | Action::ProfileUnloadBegin
        | Action::ProfileUnloadEnd => {}
        _ => return None,
    }
    match (event.session_id, event.logon_id) {
        (Some(number), _) => Some(Key::Number(number)),
        // Who asks to leave by the security log names the account alone.
        (None, _) if event.action == Action::LogoffRequested && sight.knows(host, Shows::Desktop) => {
            own.map(Key::Number)
        }
        // The security log's logons repeat what the session numbers say better.
        (None, Some(logon)) if !sight.knows(host, Shows::Desktop) => Some(Key::Logon(logon)),
        _ => None,
    }
}

/// Whether a disconnect (LocalSessionManager 40) is the first half of a logoff: by an administrator's tool
/// (reason 2) or by the user (reason 12).
fn is_logoff(event: &Event) -> bool {
    let reason = event.data.iter().find(|(name, _)| name.eq_ignore_ascii_case("Reason"));
    event.code == Some(40) && reason.is_some_and(|(_, reason)| matches!(&**reason, "2" | "12"))
}

/// The life of one session number on one host.
struct Line<'a> {
    host: &'a Name,
    key: Key,
    boots: Vec<Timestamp>,
    stops: Vec<Timestamp>,
    /// After how many seconds every disconnected session of the host is logged off.
    limit: Option<f64>,
    sight: &'a Sight,
    open: Option<Open>,
    last_end: Option<Timestamp>,
    ended: &'a mut Vec<Ended>,
}

impl Line<'_> {
    fn step(&mut self, event: &Event, user: Option<&Name>) {
        self.cut_by_boot(event.at);
        match event.action {
            Action::SessionBegin => self.begin(event, user),
            Action::Success => {
                if self.open.is_none() && !is_security(event) {
                    self.begin(event, user);
                }
            }
            Action::SessionEnd => self.end(event, user),
            Action::Disconnect | Action::Reconnect => {
                self.presume(event, user);
                if let Some(open) = &mut self.open {
                    let is_back = event.action == Action::Reconnect;
                    open.disconnects.push(event.at);
                    open.away = (!is_back).then_some(open.away.unwrap_or((event.at, event.provenance)));
                    if is_back {
                        open.leaving = None;
                    }
                }
                if is_logoff(event) {
                    self.leave(event);
                }
            }
            Action::ProfileUnloadEnd => {
                if let Some(open) = &mut self.open {
                    open.unloaded = Some(event.at);
                }
            }
            _ => {
                let is_own = self.open.as_ref().is_some_and(|open| user.is_none_or(|user| open.user == *user));
                if is_own || event.session_id.is_some() {
                    self.leave(event);
                }
            }
        }
    }

    /// The session begins to close, or a witness says that it cannot: then the close began at the disconnect
    /// right before.
    fn leave(&mut self, event: &Event) {
        let Some(open) = self.open.as_mut().filter(|open| open.leaving.is_none()) else { return };
        let away = open
            .away
            .filter(|(since, _)| event.action == Action::IncompleteClose && event.at.seconds_since(*since) <= LOGOFF_S);
        open.leaving = Some(away.unwrap_or((event.at, event.provenance)));
    }

    fn begin(&mut self, event: &Event, user: Option<&Name>) {
        let Some(user) = user else { return };
        if let Some(open) = &self.open {
            let is_twin =
                open.user == *user && open.started_at.is_some_and(|started| event.at.seconds_since(started) <= TWIN_S);
            if is_twin {
                return;
            }
            self.close(Some(event.at), EndKind::Replaced, None);
        }
        self.open = Some(Open {
            user: user.clone(),
            started_at: Some(event.at),
            disconnects: Vec::new(),
            records: vec![event.provenance],
            leaving: None,
            unloaded: None,
            away: None,
        });
    }

    /// A session that was there before the log began.
    fn presume(&mut self, event: &Event, user: Option<&Name>) {
        // What is told right after an end belongs to the session that ended.
        let is_over = event.action != Action::SessionEnd
            && self.last_end.is_some_and(|last| event.at.seconds_since(last) <= TWIN_S);
        if let (None, Some(user), false) = (&self.open, user, is_over) {
            self.open = Some(Open {
                user: user.clone(),
                started_at: None,
                disconnects: Vec::new(),
                records: vec![event.provenance],
                leaving: None,
                unloaded: None,
                away: None,
            });
        }
    }

    fn end(&mut self, event: &Event, user: Option<&Name>) {
        let is_twin = self.last_end.is_some_and(|last| event.at.seconds_since(last) <= TWIN_S);
        if self.open.is_none() && is_twin {
            return;
        }
        if let (Some(open), Some(user)) = (&self.open, user)
            && open.user != *user
        {
            self.close(Some(event.at), EndKind::Replaced, None);
        }
        self.presume(event, user);
        let kind = if self.is_stopping(event.at) { EndKind::Reboot } else { EndKind::Logoff };
        self.close(Some(event.at), kind, Some(event.provenance));
        self.last_end = Some(event.at);
    }

    /// Ends the session at the first boot since its last record, if there was one.
    fn cut_by_boot(&mut self, until: Timestamp) {
        let Some(open) = &self.open else { return };
        let since = open.disconnects.last().copied().or(open.started_at).unwrap_or(until);
        let boot = self.boots.get(self.boots.partition_point(|boot| *boot <= since)).copied();
        if let Some(boot) = boot.filter(|boot| *boot <= until) {
            self.close(Some(boot), EndKind::Reboot, None);
        }
    }

    fn finish(&mut self) {
        self.cut_by_boot(Timestamp(i64::MAX));
        self.close(None, EndKind::EdgeOfLog, None);
    }

    /// Whether the host was going down at that time, so that everybody was logged off.
    fn is_stopping(&self, at: Timestamp) -> bool {
        let within =
            |from_s: f64, to_s: f64| move |time: &&Timestamp| (from_s..=to_s).contains(&time.seconds_since(at));
        self.stops.iter().any(|stop| within(-LOGOFF_S, TWIN_S)(&stop))
            && self.boots.iter().any(|boot| within(0.0, 2.0 * LOGOFF_S)(&boot))
    }

    /// How and when the session really ended, and by which record its close was stuck.
    ///
    /// A close that began and is not done a quarter of an hour later is stuck, whatever came then, but only
    /// where the record of its end would have been seen, and unless the profile was put away: then the
    /// session had closed and only its last record is missing. A session whose user was away and whose number
    /// another user got, without logoff and without restart, did not close as it should, either; nor did one
    /// that is still there when the host's own limit should have logged it off.
    fn ending(&self, open: &Open, at: Option<Timestamp>, kind: EndKind) -> (Option<Stuck>, Option<Timestamp>, EndKind) {
        if let (Some(unloaded), true) = (open.unloaded, kind != EndKind::Logoff && kind != EndKind::Reboot) {
            return (None, Some(unloaded), EndKind::Logoff);
        }
        if let Some((since, record)) = open.leaving.filter(|_| open.unloaded.is_none()) {
            let due = since.plus_seconds(LOGOFF_S);
            if at.is_none_or(|at| due < at) && self.sight.covers_span(self.host, Shows::Desktop, since, due) {
                let stuck = Stuck { at: since, witness: witness::LOGOFF_STUCK, record };
                return (Some(stuck), Some(since), EndKind::Logoff);
            }
        }
        if let (Some((since, record)), Some(at), EndKind::Replaced) = (open.away, at, kind)
            && self.sight.covers_span(self.host, Shows::Desktop, since, at)
        {
            let stuck = Stuck { at: since, witness: witness::END_NEVER_LOGGED, record };
            return (Some(stuck), Some(since), EndKind::Logoff);
        }
        if let (Some((since, record)), Some(limit_s)) = (open.away, self.limit) {
            let (fires, due) = (since.plus_seconds(limit_s), since.plus_seconds(limit_s + LOGOFF_S));
            if at.is_none_or(|at| due < at) && self.sight.covers_span(self.host, Shows::Desktop, since, due) {
                let stuck = Stuck { at: fires, witness: witness::LIMIT_PASSED, record };
                return (Some(stuck), Some(fires), EndKind::Logoff);
            }
        }
        (None, at, kind)
    }

    fn close(&mut self, at: Option<Timestamp>, end_kind: EndKind, record: Option<Provenance>) {
        let Some(open) = self.open.take() else { return };
        let (stuck, ended_at, end_kind) = self.ending(&open, at, end_kind);
        let Open { user, started_at, disconnects, away, mut records, .. } = open;
        records.extend(record);
        records.dedup(); // a session of which only the end is seen begins with that record
        let session_id = match self.key {
            Key::Number(number) => Some(number),
            Key::Logon(_) => None,
        };
        let session = Session {
            host: self.host.clone(),
            user,
            session_id,
            started_at,
            ended_at,
            end_kind,
            close: Close::NotObservable,
            marks: Vec::new(),
            disconnects,
            left_at: away.map(|(since, _)| since),
            next: None,
            later: Vec::new(),
            records,
        };
        self.ended.push(Ended { session, stuck });
    }
}
