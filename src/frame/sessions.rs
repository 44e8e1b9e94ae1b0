//! Sessions from begin to end: numbers are reused, boots cut, and the edge of a log is no end.

use std::collections::BTreeMap;

use super::coverage::{Shows, Sight};
use super::who::{Actor, is_host_log, is_security};
use super::{Close, EndKind, Session};
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
    /// When a logoff was asked for, and by which record.
    leaving: Option<(Timestamp, Provenance)>,
}

/// A session that ended, and what the close tests need.
pub(super) struct Ended {
    /// The row; its close is not yet tested.
    pub session: Session,
    /// A logoff that was asked for and never came: the request.
    pub stuck: Option<(Timestamp, Provenance)>,
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

/// Rebuilds the sessions from the hosts' own logs, by begin (else end), host, user.
pub(super) fn sessions(events: &[Event], actors: &[Actor], sight: &Sight) -> Vec<Ended> {
    let boots = boots(events);
    let mut steps: BTreeMap<(Name, Key), Vec<usize>> = BTreeMap::new();
    for (index, (event, actor)) in events.iter().zip(actors).enumerate() {
        let Some(host) = actor.host.as_ref().filter(|_| is_host_log(event)) else { continue };
        if let Some(key) = key(event, host, sight) {
            steps.entry((host.clone(), key)).or_default().push(index);
        }
    }
    let mut ended: Vec<Ended> = Vec::new();
    for ((host, key), steps) in steps {
        let boots = boots.get(&host).map_or(&[][..], Vec::as_slice);
        let mut line = Line { host: &host, key, boots, sight, open: None, last_end: None, ended: &mut ended };
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

fn key(event: &Event, host: &Name, sight: &Sight) -> Option<Key> {
    match event.action {
        Action::SessionBegin
        | Action::Success
        | Action::SessionEnd
        | Action::Disconnect
        | Action::Reconnect
        | Action::LogoffRequested
        | Action::ProfileUnloadBegin => {}
        _ => return None,
    }
    match (event.session_id, event.logon_id) {
        (Some(number), _) => Some(Key::Number(number)),
        // The security log's logons repeat what the session numbers say better.
        (None, Some(logon)) if !sight.knows(host, Shows::Desktop) => Some(Key::Logon(logon)),
        _ => None,
    }
}

/// The life of one session number on one host.
struct Line<'a> {
    host: &'a Name,
    key: Key,
    boots: &'a [Timestamp],
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
                    open.disconnects.push(event.at);
                }
            }
            _ => {
                if let Some(open) = &mut self.open
                    && open.leaving.is_none()
                {
                    open.leaving = Some((event.at, event.provenance));
                }
            }
        }
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
        });
    }

    /// A session that was there before the log began.
    fn presume(&mut self, event: &Event, user: Option<&Name>) {
        if let (None, Some(user)) = (&self.open, user) {
            self.open = Some(Open {
                user: user.clone(),
                started_at: None,
                disconnects: Vec::new(),
                records: vec![event.provenance],
                leaving: None,
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
        self.close(Some(event.at), EndKind::Logoff, Some(event.provenance));
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

    fn close(&mut self, at: Option<Timestamp>, end_kind: EndKind, record: Option<Provenance>) {
        let Some(open) = self.open.take() else { return };
        let Open { user, started_at, disconnects, mut records, leaving } = open;
        records.extend(record);
        // A logoff that was asked for and is not done a quarter of an hour later is stuck, whatever came then;
        // but only where the record of its end would have been seen.
        let stuck = leaving.filter(|(asked, _)| {
            let due = asked.plus_seconds(LOGOFF_S);
            end_kind != EndKind::Logoff
                && at.is_none_or(|at| due < at)
                && self.sight.covers(self.host, Shows::Desktop, due)
        });
        let (ended_at, end_kind) = match stuck {
            Some((asked, _)) => (Some(asked), EndKind::Logoff),
            None => (at, end_kind),
        };
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
            records,
        };
        self.ended.push(Ended { session, stuck });
    }
}
