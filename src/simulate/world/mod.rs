//! Plays a script: people come, sessions open and close, hosts change, and everything leaves its records.
//!
//! A queue of steps in the order of time; each step reads and changes the state and may queue others.

mod connect;
mod leave;
mod restart;

pub(super) use restart::{AGENT_BAD, PROFILES_NAME};

use super::calendar::{Calendar, days};
use super::evtx::Value;
use super::people::{Person, Visit, hire, plan_day};
use super::random::Random;
use super::script::{Script, Sign, host_name};
use super::windows::{Entry, Kind, disk, upkeep};
use crate::model::Timestamp;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Something that happens at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// A user wants to connect for a visit; how many tries were refused so far.
    Try(usize, Visit, u32),
    /// The connection of a session drops, for so many seconds.
    Drop(SessionRef, u32),
    /// The user is back in a session that lived on.
    Back(SessionRef),
    /// A session ends.
    End(SessionRef),
    /// Operators reset what is left of a user's old session.
    Reset(usize),
    /// Operators reset all that hangs.
    ResetAll,
    /// Change number so and so reaches a host.
    Change(usize, usize),
    /// A host takes no new sessions.
    Drain(usize),
    /// A host goes down, and comes up.
    Down(usize),
    /// See `Down`.
    Up(usize),
    /// Something tries an old password.
    Stale,
    /// The profile share goes away, and comes back, as host so and so sees it.
    Share(usize, bool),
    /// Counters are read.
    Sample,
    /// Hosts tell how long they have been up.
    Noon,
}

/// A session that may be gone by the time of the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SessionRef {
    host: usize,
    id: u32,
}

/// How a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Active,
    Disconnected,
    /// Its close did not complete; whether the session manager reported its end all the same.
    Stuck {
        reported: bool,
    },
}

#[derive(Clone, Debug)]
struct Session {
    id: u32,
    user: usize,
    state: State,
    disk: u32,
    ends_at: Timestamp,
    by_limit: bool,
}

#[derive(Clone, Debug)]
struct Host {
    sessions: Vec<Session>,
    accepts: bool,
    next_session: u32,
    next_disk: u32,
    profile_version: &'static str,
    patch: u32,
    up_since: Timestamp,
}

impl Host {
    /// Sessions that people see as open.
    fn n_open(&self) -> usize {
        self.sessions.iter().filter(|session| !matches!(session.state, State::Stuck { .. })).count()
    }
}

/// One refused try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RefusedTry {
    pub(super) at: Timestamp,
    pub(super) host: usize,
    pub(super) user: usize,
    pub(super) sign: Sign,
}

/// One reading of the counters of a host.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) at: Timestamp,
    pub(super) n_active: usize,
    pub(super) n_inactive: usize,
    pub(super) processor_percent: f64,
    pub(super) free_megabytes: f64,
}

/// What the play left behind.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Events of each host.
    pub(super) entries: Vec<Vec<Entry>>,
    /// Lines of each host's FSLogix log: when, thread, level, text.
    pub(super) profile_lines: Vec<Vec<(Timestamp, u32, String, String)>>,
    /// Lines of the application's login log: when, level, text.
    pub(super) app_lines: Vec<(Timestamp, &'static str, String)>,
    /// Counter readings.
    pub(super) samples: Vec<Sample>,
    /// Refused tries, wrong passwords among them.
    pub(super) refused: Vec<RefusedTry>,
    /// Closes that did not complete: when, host, user.
    pub(super) incomplete: Vec<(Timestamp, usize, usize)>,
    /// Sessions that opened: when, host, user.
    pub(super) opened: Vec<(Timestamp, usize, usize)>,
}

pub(super) struct World<'a> {
    script: &'a Script,
    calendar: Calendar,
    random: Random,
    close_dice: Random,
    people: Vec<Person>,
    hosts: Vec<Host>,
    /// For each user: the session that holds the profile disk and keeps new ones out.
    blocked: Vec<Option<SessionRef>>,
    queue: BinaryHeap<Reverse<(Timestamp, u64, Step)>>,
    n_queued: u64,
    ledger: Ledger,
}

/// Plays `script` with the dice of `seed`.
pub(super) fn play(script: &Script, seed: u64) -> Ledger {
    let calendar = Calendar::new();
    let start = calendar.at(script.first, 0.0);
    let mut people_dice = Random::stream(seed, "people");
    let host = |number: usize| Host {
        sessions: Vec::new(),
        accepts: true,
        next_session: 12 + number as u32,
        next_disk: 2,
        profile_version: script.profile_version,
        patch: 3_046,
        up_since: start.plus_seconds(-400_000.0),
    };
    let mut world = World {
        script,
        calendar,
        random: Random::stream(seed, "world"),
        close_dice: Random::stream(seed, "closes"),
        people: hire(script.n_people, &mut people_dice),
        hosts: (0..script.n_hosts).map(host).collect(),
        blocked: vec![None; script.n_people],
        queue: BinaryHeap::new(),
        n_queued: 0,
        ledger: Ledger {
            entries: vec![Vec::new(); script.n_hosts],
            profile_lines: vec![Vec::new(); script.n_hosts],
            ..Ledger::default()
        },
    };
    world.fill_queue(&mut people_dice);
    let end = world.calendar.at(script.last, 22.0);
    while let Some(Reverse((at, _, step))) = world.queue.pop() {
        if at >= end {
            break;
        }
        world.take(at, step);
    }
    world.ledger
}

impl World<'_> {
    fn fill_queue(&mut self, dice: &mut Random) {
        let script = self.script;
        for date in days(script.first, script.last) {
            let share = (script.presence)(date);
            for user in 0..script.n_people {
                for (at, visit) in plan_day(&self.people[user], date, share, &self.calendar, dice) {
                    self.queue(at, Step::Try(user, visit, 0));
                }
            }
            self.queue(self.calendar.at(date, 1.5), Step::ResetAll);
            self.queue(self.calendar.at(date, 12.0), Step::Noon);
            for quarter in 0..96 {
                self.queue(self.calendar.at(date, f64::from(quarter) / 4.0), Step::Sample);
            }
        }
        for (number, change) in script.changes.iter().enumerate() {
            for &(host, at) in &change.hosts {
                if change.restarts {
                    self.queue(at.plus_seconds(-1_200.0), Step::Drain(host));
                }
                self.queue(at, Step::Change(number, host));
            }
        }
        for refusal in script.refusals.iter().filter(|refusal| refusal.sign == Sign::ShareUnreachable) {
            for range in &refusal.ranges {
                for &host in &refusal.hosts {
                    self.queue(range.start, Step::Share(host, false));
                    self.queue(range.end, Step::Share(host, true));
                }
            }
        }
        if let Some(stale) = script.stale {
            self.queue(stale.range.start, Step::Stale);
        }
    }

    fn take(&mut self, at: Timestamp, step: Step) {
        match step {
            Step::Try(user, visit, n_refused) => self.try_to_connect(at, user, visit, n_refused),
            Step::Drop(session, away_s) => self.drop_connection(at, session, away_s),
            Step::Back(session) => self.come_back(at, session),
            Step::End(session) => self.end(at, session),
            Step::Reset(user) => self.reset(at, user),
            Step::ResetAll => {
                for user in 0..self.people.len() {
                    self.reset(at.plus_seconds(user as f64 * 7.0), user);
                }
            }
            Step::Change(number, host) => self.change(at, number, host),
            Step::Drain(host) => self.hosts[host].accepts = false,
            Step::Down(host) => self.go_down(at, host),
            Step::Up(host) => self.come_up(at, host),
            Step::Stale => self.try_old_password(at),
            Step::Share(host, back) => self.share(at, host, back),
            Step::Sample => self.sample(at),
            Step::Noon => self.tell_uptime(at),
        }
    }

    fn queue(&mut self, at: Timestamp, step: Step) {
        self.n_queued += 1;
        self.queue.push(Reverse((at, self.n_queued, step)));
    }

    /// Logs an event `after_s` seconds after `at`.
    fn log(&mut self, host: usize, at: Timestamp, after_s: f64, kind: &'static Kind, values: Vec<Value>) {
        // Windows stamps to 100 ns; so that no two records of a burst agree, a little of the clock goes on top.
        let at = at.plus_seconds(after_s + self.random.unit() * 0.004);
        self.ledger.entries[host].push(Entry::new(at, kind, values));
    }

    /// Writes a line to the profile component's text log, if that log still holds this time.
    fn profile_line(&mut self, host: usize, at: Timestamp, user: usize, level: &str, text: String) {
        if at >= self.script.text_from {
            let thread = 0x0a00 + 4 * user as u32;
            self.ledger.profile_lines[host].push((at, thread, level.to_owned(), text));
        }
    }

    fn session(&self, session: SessionRef) -> Option<&Session> {
        self.hosts[session.host].sessions.iter().find(|known| known.id == session.id)
    }

    fn session_mut(&mut self, session: SessionRef) -> Option<&mut Session> {
        self.hosts[session.host].sessions.iter_mut().find(|known| known.id == session.id)
    }

    fn account(&self, user: usize) -> String {
        format!("EXAMPLE\\{}", self.people[user].name)
    }

    fn tell_uptime(&mut self, at: Timestamp) {
        for host in 0..self.hosts.len() {
            let up_s = at.seconds_since(self.hosts[host].up_since) as u64;
            self.log(host, at, 0.0, &upkeep::UPTIME, upkeep::uptime_data(up_s));
        }
    }

    fn share(&mut self, at: Timestamp, host: usize, back: bool) {
        let session = 0x0400_0000_0049 + 4 * host as u64;
        let after_s = self.random.between(2.0, 25.0);
        if back {
            self.log(host, at, after_s, &disk::SMB_BACK, disk::back_data(session));
        } else {
            self.log(host, at, after_s, &disk::SMB_LOST, disk::lost_data(session, connect::NETWORK_GONE.0));
        }
    }

    fn sample(&mut self, at: Timestamp) {
        for host in 0..self.hosts.len() {
            let sessions = &self.hosts[host].sessions;
            let n_active = sessions.iter().filter(|session| session.state == State::Active).count();
            let n_inactive = sessions.iter().filter(|session| session.state == State::Disconnected).count();
            let limit = self.script.sessions_at_limit;
            let processor_percent = 3.0 + 92.0 * n_active as f64 / limit + self.random.between(0.0, 6.0);
            let free = 56_000.0 * (1.0 - (n_active + n_inactive) as f64 / limit) - self.random.between(0.0, 800.0);
            let free_megabytes = free.max(180.0);
            self.ledger.samples.push(Sample {
                at,
                n_active,
                n_inactive,
                processor_percent: processor_percent.min(100.0),
                free_megabytes,
            });
        }
    }
}

/// The name of the account that looks after the hosts.
const OPERATOR: &str = "EXAMPLE\\operator01";

/// The full name of a host.
pub(super) fn full_name(host: usize) -> String {
    format!("{}.example.test", host_name(host))
}
