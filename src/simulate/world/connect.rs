//! Tries to connect: knocking, being let in, being refused, and trying again.

use super::{Session, SessionRef, State, Step, World};
use crate::model::Timestamp;
use crate::simulate::evtx::Value;
use crate::simulate::people::Visit;
use crate::simulate::script::Sign;
use crate::simulate::windows::{disk, session, trouble, upkeep};

/// Sharing violation, as a status of the kernel and as an error of Windows.
const SHARING_VIOLATION: (u32, u32) = (0xc000_0043, 0x20);
/// The network name is no longer available.
pub(super) const NETWORK_GONE: (u32, u32) = (0xc000_00c9, 0x40);
/// The network path was not found.
const NO_PATH: (u32, u32) = (0xc000_00be, 0x35);
const IN_USE: &str = "The process cannot access the file because it is being used by another process.";
const NO_PATH_TEXT: &str = "The network path was not found.";
const NETWORK_GONE_TEXT: &str = "The specified network name is no longer available.";

/// Chance that a person mistypes the password.
const P_MISTYPED: f64 = 0.012;
/// Chance that a client goes away between authentication and session.
const P_CLIENT_LEFT: f64 = 0.004;
/// Chance of a short hiccup of storage or network that nobody can be blamed for.
const P_GLITCH: f64 = 0.0015;

impl World<'_> {
    pub(super) fn try_to_connect(&mut self, at: Timestamp, user: usize, visit: Visit, n_refused: u32) {
        if let Some(open) = self.open_session(user) {
            if self.session(open).is_some_and(|session| session.state == State::Disconnected) {
                self.prolong(open, at, visit);
                self.come_back(at, open);
            }
            return;
        }
        let Some(host) = self.broker(user) else {
            self.queue(at.plus_seconds(600.0), Step::Try(user, visit, n_refused));
            return;
        };
        if self.random.chance(P_MISTYPED) {
            self.knock(host, at, None, 0.0);
            self.refuse_password(host, at.plus_seconds(1.2), user, &self.people[user].client.clone());
            let again = at.plus_seconds(self.random.between(15.0, 60.0));
            self.queue(again, Step::Try(user, visit, n_refused));
            return;
        }
        if self.random.chance(P_CLIENT_LEFT) {
            self.knock(host, at, Some(user), 0.0);
            let again = at.plus_seconds(self.random.between(40.0, 200.0));
            self.queue(again, Step::Try(user, visit, n_refused));
            return;
        }
        if let Some(sign) = self.obstacle(at, host, user) {
            self.refuse(at, host, user, sign);
            self.after_refusal(at, user, visit, n_refused + 1, sign);
            return;
        }
        self.open(at, host, user, visit);
    }

    fn obstacle(&mut self, at: Timestamp, host: usize, user: usize) -> Option<Sign> {
        if self.blocked[user].is_some() {
            return Some(Sign::DiskLocked);
        }
        let n_open = self.hosts[host].n_open();
        let script = self.script;
        for refusal in &script.refusals {
            let hit = refusal.hosts.contains(&host) && refusal.ranges.iter().any(|range| range.contains(at));
            if hit && self.random.chance(refusal.chance.at(n_open)) {
                return Some(refusal.sign);
            }
        }
        self.random.chance(P_GLITCH).then_some(Sign::Glitch)
    }

    /// The host that gets a new session: where the user's old one hangs, else one of those with the fewest.
    fn broker(&mut self, user: usize) -> Option<usize> {
        if let Some(old) = self.blocked[user].filter(|old| self.hosts[old.host].accepts) {
            return Some(old.host);
        }
        let weighed: Vec<(f64, usize)> = (0..self.hosts.len())
            .filter(|&host| self.hosts[host].accepts)
            .map(|host| (self.hosts[host].n_open() as f64 + self.random.between(0.0, 3.0), host))
            .collect();
        weighed.into_iter().min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, host)| host)
    }

    fn open_session(&self, user: usize) -> Option<SessionRef> {
        self.hosts.iter().enumerate().find_map(|(host, state)| {
            let open = |session: &&Session| session.user == user && !matches!(session.state, State::Stuck { .. });
            state.sessions.iter().find(open).map(|session| SessionRef { host, id: session.id })
        })
    }

    /// Logs the knock and, for somebody with the right password, the authentication.
    pub(super) fn knock(&mut self, host: usize, at: Timestamp, user: Option<usize>, after_s: f64) {
        let mut activity = [0; 16];
        activity[..8].copy_from_slice(&self.random.bits().to_le_bytes());
        // Ids of remote connections begin with F420 on every host that was looked at.
        activity[2..4].copy_from_slice(&[0x20, 0xf4]);
        self.log(host, at, after_s, &session::KNOCK, vec![Value::from("RDP-Tcp")]);
        self.set_activity(host, activity);
        if let Some(user) = user {
            let took_s = self.random.between(1.2, 4.0);
            let person = &self.people[user];
            let values = [person.name.as_str(), "EXAMPLE", &person.client].map(Value::from).to_vec();
            self.log(host, at, after_s + took_s, &session::AUTHENTICATED, values);
            self.set_activity(host, activity);
        }
    }

    fn set_activity(&mut self, host: usize, activity: [u8; 16]) {
        if let Some(entry) = self.ledger.entries[host].last_mut() {
            entry.activity = Some(activity);
        }
    }

    fn refuse_password(&mut self, host: usize, at: Timestamp, user: usize, client: &str) {
        let port = 49_152 + self.random.below(16_000) as u32;
        let data = session::refused_data(session::WRONG_PASSWORD, &self.people[user].name, client, port);
        self.log(host, at, 0.0, &session::AUDIT_REFUSED, data);
        self.note_refusal(at, host, user, Sign::WrongPassword);
    }

    fn note_refusal(&mut self, at: Timestamp, host: usize, user: usize, sign: Sign) {
        self.ledger.refused.push(super::RefusedTry { at, host, user, sign });
    }

    /// A device somewhere tries the account's old password, by day and by night.
    pub(super) fn try_old_password(&mut self, at: Timestamp) {
        let Some(stale) = self.script.stale.filter(|stale| stale.range.contains(at)) else { return };
        if let Some(host) = self.broker(stale.user) {
            self.knock(host, at, None, 0.0);
            self.refuse_password(host, at.plus_seconds(0.8), stale.user, "192.0.2.77");
        }
        let next = at.plus_seconds(20.0 + self.random.exponential(stale.every_s));
        self.queue(next, Step::Stale);
    }

    fn open(&mut self, at: Timestamp, host: usize, user: usize, visit: Visit) {
        let place = &mut self.hosts[host];
        let (id, number) = (place.next_session, place.next_disk);
        place.next_session += 1;
        place.next_disk = 2 + (number - 1) % 120;
        let ends_at = at.plus_seconds(f64::from(visit.stay_s));
        place.sessions.push(Session {
            id,
            user,
            state: State::Active,
            disk: number,
            ends_at,
            by_limit: visit.by_limit,
        });
        let version = place.profile_version;
        let opened = SessionRef { host, id };
        self.ledger.opened.push((at, host, user));

        let account = self.account(user);
        let (name, sid, client) = {
            let person = &self.people[user];
            (person.name.clone(), person.sid.clone(), person.client.clone())
        };
        let path = disk::disk_path(&name, &sid);
        let load_s = self.random.between(1.0, 3.0) + self.hosts[host].n_open() as f64 * 0.03;
        self.knock(host, at, Some(user), 0.0);
        self.log(host, at, 4.4, &session::PROFILE_LOAD[0], vec![Value::U32(id)]);
        self.log(host, at, 4.6, &disk::DISK_ONLINE, disk::disk_data(&path, number));
        self.log(host, at, 4.7 + load_s, &session::PROFILE_LOAD[1], vec![Value::U32(id)]);
        self.log(host, at, 4.8 + load_s, &session::LOGON, session::who_where(&account, id, &client));
        self.log(host, at, 4.9 + load_s, &session::NOTICE_LOGON, session::notice_data(id, &sid));
        let slower_s = self.script.slow.as_ref().map_or(0.0, |slow| slow.seconds(host, at));
        self.log(host, at, 6.5 + load_s + slower_s, &session::SHELL, session::who_where(&account, id, &client));
        self.write_load_lines(host, at.plus_seconds(4.4), user, id, version, load_s);

        if let Some((after_s, away_s)) = visit.drop {
            self.queue(at.plus_seconds(f64::from(after_s)), Step::Drop(opened, away_s));
        }
        self.queue(ends_at, Step::End(opened));
        self.log_in_to_application(at.plus_seconds(15.0 + load_s + slower_s), host, user);
    }

    fn write_load_lines(&mut self, host: usize, at: Timestamp, user: usize, id: u32, version: &str, load_s: f64) {
        let (name, sid) = (self.people[user].name.clone(), self.people[user].sid.clone());
        let loaded = at.plus_seconds(load_s);
        for (at, text) in [
            (at, "===== Begin Session: Logon".to_owned()),
            (at, format!(" LoadProfile: {name}. SID: {sid}. SessionId: {id}")),
            (at, format!(" FSLogix Apps Version: {version}")),
            (loaded, format!(" Container refcount incremented for {name}: 1")),
            (loaded, " Status set to 0: Success".to_owned()),
            (loaded, format!(" loadProfile time: {} milliseconds", (load_s * 1_000.0) as u32)),
            (loaded, "===== End Session: Logon".to_owned()),
        ] {
            self.profile_line(host, at, user, "INFO", text);
        }
    }

    /// The application's own login, a few seconds after the desktop.
    fn log_in_to_application(&mut self, at: Timestamp, host: usize, user: usize) {
        let (name, from) = (self.people[user].name.clone(), super::host_name(host));
        let trouble = self.script.app_trouble.iter().find(|trouble| trouble.range.contains(at)).map(|t| t.chance);
        if self.random.chance(trouble.unwrap_or(0.0005)) {
            let text = format!(
                "Login failed for {name} from {from}: System.TimeoutException: The license store did not answer within 15000 ms"
            );
            self.ledger.app_lines.push((at.plus_seconds(15.0), "ERROR", text));
            let text = format!("Login succeeded for {name} from {from} in 2310 ms (second try)");
            self.ledger.app_lines.push((at.plus_seconds(55.0), "INFO", text));
        } else {
            let took_ms = self.random.between(120.0, 900.0) as u32;
            self.ledger.app_lines.push((at, "INFO", format!("Login succeeded for {name} from {from} in {took_ms} ms")));
        }
    }

    fn refuse(&mut self, at: Timestamp, host: usize, user: usize, sign: Sign) {
        self.note_refusal(at, host, user, sign);
        match sign {
            Sign::DiskLocked => self.refuse_disk(at, host, user, SHARING_VIOLATION, IN_USE, true),
            Sign::ShareUnreachable => {
                self.log(host, at, 8.0, &disk::SMB_NO_CONNECTION, disk::no_connection_data(NO_PATH.0));
                self.refuse_disk(at, host, user, NO_PATH, NO_PATH_TEXT, false);
            }
            Sign::Glitch => self.refuse_disk(at, host, user, NETWORK_GONE, NETWORK_GONE_TEXT, false),
            Sign::Exhausted => self.refuse_exhausted(at, host, user),
            Sign::AgentCrash => self.crash_session(at, host, user),
            Sign::ProfileBroken => self.break_profile(at, host, user),
            Sign::WrongPassword => self.refuse_password(host, at, user, &self.people[user].client.clone()),
        }
    }

    /// Authenticated, then a minute of silent retries for the disk, then nothing or a session of seconds.
    fn refuse_disk(&mut self, at: Timestamp, host: usize, user: usize, code: (u32, u32), words: &str, locked: bool) {
        let (name, sid) = (self.people[user].name.clone(), self.people[user].sid.clone());
        let path = disk::disk_path(&name, &sid);
        let version = self.hosts[host].profile_version;
        let id = self.hosts[host].next_session;
        self.hosts[host].next_session += 1;
        self.knock(host, at, Some(user), 0.0);
        self.log(host, at, 4.4, &session::PROFILE_LOAD[0], vec![Value::U32(id)]);
        let waited = 62.0 + self.random.between(0.0, 3.0);
        if self.random.chance(0.8) {
            self.log(host, at, waited, &disk::DISK_REFUSED, disk::refused_data(&path, code.0));
        }
        let attach = if locked { "Attach vhd(x) failed, file is locked" } else { "Attach vhd(x) failed" };
        if locked && self.random.chance(0.5) {
            let text = format!("{attach}: {path} ({words}) ErrorCode: 0x{:08X}", code.1);
            self.log(host, at, waited + 0.1, &disk::FSLOGIX_LOCKED, vec![Value::Text(text)]);
        }
        let failed = format!(
            "LoadProfile failed. Version: {version} User: {name}. SID: {sid}. SessionId: {id}. FrxStatus: 31 ({words}) ErrorCode: 0x{:08X}",
            code.1
        );
        if self.random.chance(0.92) {
            self.log(host, at, waited + 0.2, &disk::FSLOGIX_ERROR, vec![Value::Text(failed.clone())]);
        }
        let level = format!("ERROR:{:08x}", code.1);
        let late = at.plus_seconds(waited);
        self.profile_line(host, at.plus_seconds(4.4), user, "INFO", "===== Begin Session: Logon".to_owned());
        let begin = format!(" LoadProfile: {name}. SID: {sid}. SessionId: {id}");
        self.profile_line(host, at.plus_seconds(4.4), user, "INFO", begin);
        self.profile_line(host, late, user, &level, format!(" {attach}: {path} ({words})"));
        self.profile_line(host, late, user, &level, format!(" {failed}"));
        self.profile_line(host, late, user, "INFO", "===== End Session: Logon".to_owned());
        self.log(host, at, waited + 0.4, &session::PROFILE_LOAD[1], vec![Value::U32(id)]);
        if self.random.chance(0.45) {
            self.bounce(at, waited + 0.6, host, user, id);
        }
    }

    /// A session that begins and ends within seconds: no desktop for the user.
    fn bounce(&mut self, at: Timestamp, after_s: f64, host: usize, user: usize, id: u32) {
        let (account, client) = (self.account(user), self.people[user].client.clone());
        self.log(host, at, after_s, &session::LOGON, session::who_where(&account, id, &client));
        let stays = self.random.between(4.0, 14.0);
        self.log(host, at, after_s + stays, &session::LOGOFF, vec![Value::from(account), Value::U32(id)]);
    }

    /// Refused before any session: the audit names the reason, the system log now and then its cause.
    fn refuse_exhausted(&mut self, at: Timestamp, host: usize, user: usize) {
        let (name, client) = (self.people[user].name.clone(), self.people[user].client.clone());
        let port = 49_152 + self.random.below(16_000) as u32;
        self.knock(host, at, None, 0.0);
        let refused = session::refused_data(session::NO_RESOURCES, &name, &client, port);
        self.log(host, at, 6.0, &session::AUDIT_REFUSED, refused);
        if self.random.chance(0.35) {
            self.log(host, at, 6.2, &trouble::NO_PORTS, trouble::plain_data());
        }
        if self.random.chance(0.1) {
            self.log(host, at, 9.0, &trouble::MEMORY_SHORT, trouble::memory_data(77_309_411_328));
        }
    }

    /// The agent of the logon screen crashes and takes the session with it.
    fn crash_session(&mut self, at: Timestamp, host: usize, user: usize) {
        let id = self.hosts[host].next_session;
        self.hosts[host].next_session += 1;
        self.knock(host, at, Some(user), 0.0);
        let data = trouble::crash_data("ExemplaLogonAgent.exe", super::restart::AGENT_BAD, "ExemplaLogonAgent.dll");
        self.log(host, at, 7.0, &trouble::CRASH, data);
        self.log(host, at, 7.4, &trouble::WINLOGON_DIED, trouble::plain_data());
        if self.random.chance(0.6) {
            self.bounce(at, 6.0, host, user, id);
        }
    }

    /// The host cannot load the profile.
    fn break_profile(&mut self, at: Timestamp, host: usize, user: usize) {
        let id = self.hosts[host].next_session;
        self.hosts[host].next_session += 1;
        self.knock(host, at, Some(user), 0.0);
        self.log(host, at, 4.4, &session::PROFILE_LOAD[0], vec![Value::U32(id)]);
        let data = trouble::hive_refused_data(&self.people[user].name);
        self.log(host, at, 6.0, &trouble::HIVE_REFUSED, data);
        if self.random.chance(0.5) {
            self.log(host, at, 6.2, &trouble::TEMPORARY_PROFILE, Vec::new());
        }
        self.bounce(at, 7.0, host, user, id);
        self.log(host, at, 24.0, &upkeep::SERVICE_STATE, upkeep::service_data("User Profile Service", "running"));
    }

    /// People try again after a few minutes, then give up, and some come back later or call for help.
    fn after_refusal(&mut self, at: Timestamp, user: usize, visit: Visit, n_refused: u32, sign: Sign) {
        if sign == Sign::Glitch || self.random.chance(0.66) && n_refused < 6 {
            let again = at.plus_seconds(80.0 + self.random.exponential(160.0));
            self.queue(again, Step::Try(user, visit, n_refused));
            return;
        }
        if self.random.chance(0.7) {
            let later = at.plus_seconds(self.random.between(3_000.0, 9_000.0));
            if self.calendar.read(later).1 < 18.0 {
                self.queue(later, Step::Try(user, visit, 0));
            }
        }
        if sign == Sign::DiskLocked && self.random.chance(0.3) {
            let reset = at.plus_seconds(self.random.between(2_400.0, 9_000.0));
            self.queue(reset, Step::Reset(user));
        }
    }
}
