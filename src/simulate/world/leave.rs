//! Leaving: dropped connections, ends that complete, ends that do not, and the reset of what hangs.

use super::{SessionRef, State, Step, World};
use crate::model::Timestamp;
use crate::simulate::evtx::Value;
use crate::simulate::people::Visit;
use crate::simulate::windows::{disk, session, trouble};

/// Reasons of a disconnect, as the session manager numbers them.
const BY_OPERATOR: u32 = 2;
const WINDOW_CLOSED: u32 = 0;
const BY_USER: u32 = 11;
/// Seconds after which a disconnected session is signed off.
const LIMIT_S: f64 = 7_200.0;

impl World<'_> {
    pub(super) fn prolong(&mut self, session: SessionRef, at: Timestamp, visit: Visit) {
        let ends_at = at.plus_seconds(f64::from(visit.stay_s));
        if let Some(known) = self.session_mut(session) {
            known.ends_at = ends_at;
            known.by_limit = visit.by_limit;
        }
        self.queue(ends_at, Step::End(session));
    }

    pub(super) fn drop_connection(&mut self, at: Timestamp, session: SessionRef, away_s: u32) {
        if self.session(session).is_none_or(|known| known.state != State::Active) {
            return;
        }
        self.disconnect(at, session, WINDOW_CLOSED);
        self.queue(at.plus_seconds(f64::from(away_s)), Step::Back(session));
    }

    fn disconnect(&mut self, at: Timestamp, session: SessionRef, reason: u32) {
        let Some(known) = self.session_mut(session) else { return };
        known.state = State::Disconnected;
        let user = known.user;
        let (account, client) = (self.account(user), self.people[user].client.clone());
        let host = session.host;
        self.log(host, at, 0.0, &session::REASON, vec![Value::U32(session.id), Value::U32(reason)]);
        self.log(host, at, 0.1, &session::DISCONNECT, session::who_where(&account, session.id, &client));
    }

    pub(super) fn come_back(&mut self, at: Timestamp, session: SessionRef) {
        let Some(known) = self.session_mut(session).filter(|known| known.state == State::Disconnected) else { return };
        known.state = State::Active;
        let user = known.user;
        let (account, client) = (self.account(user), self.people[user].client.clone());
        self.knock(session.host, at, Some(user), 0.0);
        let data = session::who_where(&account, session.id, &client);
        self.log(session.host, at, 4.6, &session::RECONNECT, data);
    }

    pub(super) fn end(&mut self, at: Timestamp, session: SessionRef) {
        let Some(known) = self.session_mut(session) else { return };
        // A prolonged session has a later end; one that hangs has none.
        if known.ends_at > at || matches!(known.state, State::Stuck { .. }) {
            return;
        }
        if std::mem::take(&mut known.by_limit) {
            known.ends_at = at.plus_seconds(LIMIT_S);
            let was_active = known.state == State::Active;
            if was_active {
                self.disconnect(at, session, BY_USER);
            }
            self.queue(at.plus_seconds(LIMIT_S), Step::End(session));
            return;
        }
        let user = known.user;
        let n_open = self.hosts[session.host].n_open();
        let chance = self.script.latent.as_ref().map_or(0.0, |latent| latent.chance(session.host, at, n_open));
        if self.close_dice.chance(chance) {
            self.end_incompletely(at, session, user);
        } else {
            self.end_cleanly(at, session, user);
        }
    }

    fn begin_end(&mut self, at: Timestamp, session: SessionRef, user: usize) {
        let notice = session::notice_data(session.id, &self.people[user].sid);
        self.log(session.host, at, 0.0, &session::NOTICE_LOGOFF, notice);
        self.log(session.host, at, 0.3, &session::PROFILE_UNLOAD[0], vec![Value::U32(session.id)]);
        self.profile_line(session.host, at, user, "INFO", "===== Begin Session: Logoff".to_owned());
        let (name, sid) = (self.people[user].name.clone(), self.people[user].sid.clone());
        let text = format!(" UnloadProfile: {name}. SID: {sid}. SessionId: {}", session.id);
        self.profile_line(session.host, at, user, "INFO", text);
    }

    fn end_cleanly(&mut self, at: Timestamp, session: SessionRef, user: usize) {
        let host = session.host;
        self.begin_end(at, session, user);
        let took_s = self.random.between(1.5, 6.0);
        // Antivirus and agents hold a registry key now and then; that alone means nothing.
        if self.random.chance(0.03) {
            let data = trouble::hive_in_use_data(&self.people[user].sid.to_string());
            self.log(host, at, 1.0, &trouble::HIVE_IN_USE, data);
        }
        if self.random.chance(0.002) {
            self.log(host, at, 5.0, &session::SLOW_TERMINATE, vec![Value::U32(session.id)]);
        }
        self.log_removed(at, took_s, session, user);
        self.log(host, at, took_s + 0.3, &session::PROFILE_UNLOAD[1], vec![Value::U32(session.id)]);
        self.log_end(at, took_s + 0.6, session, user);
        let done = at.plus_seconds(took_s);
        let name = self.people[user].name.clone();
        self.profile_line(host, done, user, "INFO", format!(" Container refcount decremented for {name}: 0"));
        let text = format!(" unloadProfile time: {} milliseconds", (took_s * 1_000.0) as u32);
        self.profile_line(host, done, user, "INFO", text);
        self.profile_line(host, done, user, "INFO", "===== End Session: Logoff".to_owned());
        self.forget(session);
    }

    /// Each witness speaks or is silent by its own chance; the disk stays locked in any case.
    fn end_incompletely(&mut self, at: Timestamp, session: SessionRef, user: usize) {
        let host = session.host;
        self.begin_end(at, session, user);
        if self.random.chance(0.55) {
            self.log(host, at, 61.0, &session::SLOW_TERMINATE, vec![Value::U32(session.id)]);
        }
        if self.random.chance(0.25) {
            let data = trouble::hive_in_use_data(&self.people[user].sid.to_string());
            self.log(host, at, 1.0, &trouble::HIVE_IN_USE, data);
        }
        if self.random.chance(0.15) {
            self.log(host, at, 40.0, &session::PROFILE_UNLOAD[1], vec![Value::U32(session.id)]);
        }
        let name = self.people[user].name.clone();
        let sid = self.people[user].sid.clone();
        if self.random.chance(0.4) {
            let version = self.hosts[host].profile_version;
            let text = format!(
                "UnloadProfile failed to detach. Version: {version} User: {name}. SID: {sid}. SessionId: {}. FrxStatus: 26 (Cannot detach the virtual disk) RefCount: 1",
                session.id
            );
            self.log(host, at, 62.0, &disk::FSLOGIX_ERROR, vec![Value::Text(text)]);
        }
        let text = format!(" Container refcount for {name} is 1 after decrement, will not detach");
        self.profile_line(host, at.plus_seconds(60.0), user, "WARN: 00000020", text);
        if self.random.chance(0.1) {
            self.log_removed(at, 90.0, session, user);
        }
        let reported = self.random.chance(0.45);
        if reported {
            self.log_end(at, 63.0, session, user);
        }
        if let Some(known) = self.session_mut(session) {
            known.state = State::Stuck { reported };
        }
        self.blocked[user] = Some(session);
        self.ledger.incomplete.push((at, host, user));
    }

    fn log_removed(&mut self, at: Timestamp, after_s: f64, session: SessionRef, user: usize) {
        let Some(number) = self.session(session).map(|known| known.disk) else { return };
        let path = disk::disk_path(&self.people[user].name, &self.people[user].sid);
        self.log(session.host, at, after_s, &disk::DISK_REMOVED, disk::disk_data(&path, number));
    }

    fn log_end(&mut self, at: Timestamp, after_s: f64, session: SessionRef, user: usize) {
        let account = self.account(user);
        self.log(session.host, at, after_s, &session::LOGOFF, vec![Value::from(account), Value::U32(session.id)]);
    }

    fn forget(&mut self, session: SessionRef) {
        self.hosts[session.host].sessions.retain(|known| known.id != session.id);
    }

    /// Operators sign off what is left of the old session and free the disk.
    pub(super) fn reset(&mut self, at: Timestamp, user: usize) {
        let Some(session) = self.blocked[user].take() else { return };
        let Some(State::Stuck { reported }) = self.session(session).map(|known| known.state) else { return };
        if !reported {
            let data = vec![Value::U32(session.id), Value::U32(BY_OPERATOR)];
            self.log(session.host, at, 0.0, &session::REASON, data);
            self.log_end(at, 2.0, session, user);
        }
        self.log_removed(at, 1.5, session, user);
        self.forget(session);
    }

    /// Ends every session of a host that goes down; users at work come back soon.
    pub(super) fn end_all(&mut self, at: Timestamp, host: usize) {
        let sessions = std::mem::take(&mut self.hosts[host].sessions);
        for known in sessions {
            let session = SessionRef { host, id: known.id };
            match known.state {
                State::Stuck { reported } => {
                    self.blocked[known.user] = None;
                    if !reported {
                        self.log_end(at, 3.0, session, known.user);
                    }
                }
                State::Active | State::Disconnected => {
                    let path = disk::disk_path(&self.people[known.user].name, &self.people[known.user].sid);
                    self.begin_end(at, session, known.user);
                    self.log(host, at, 2.0, &disk::DISK_REMOVED, disk::disk_data(&path, known.disk));
                    self.log(host, at, 2.3, &session::PROFILE_UNLOAD[1], vec![Value::U32(session.id)]);
                    self.log_end(at, 3.0, session, known.user);
                    let rest_s = known.ends_at.seconds_since(at);
                    if known.state == State::Active && rest_s > 600.0 {
                        let visit = Visit { stay_s: rest_s as u32, drop: None, by_limit: known.by_limit };
                        let again = at.plus_seconds(self.random.between(60.0, 400.0));
                        self.queue(again, Step::Try(known.user, visit, 0));
                    }
                }
            }
        }
    }
}
