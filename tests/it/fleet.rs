//! A small fleet that makes attempt tables with known truth, one event at a time.
//!
//! It shares no formula with the judge: people come by the clock, are sent to the emptiest host, try
//! again when they fail and give up after a while; sessions run for hours; faults act on what happens.

#![allow(
    clippy::unwrap_used,
    clippy::pedantic,
    dead_code,
    unreachable_pub,
    reason = "shared with the benches, each of which uses a part of it"
)]

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use causeline::frame::Phases;
use causeline::frame::Tables;
use causeline::frame::tables::{Attempt, Certainty, Change, Close, EndKind, HostChange, Mark, Outcome, Session};
use causeline::model::{ChangeKind, Fault, Name, Position, Provenance, SourceId, TimeRange, Timestamp, Trust};
use causeline::stats::Random;

/// Monday, 4 July 2022, 00:00 UTC.
pub const MONDAY: i64 = 1_656_892_800;
pub const HOUR: f64 = 3600.0;
/// The version of everything.
const VERSION: &str = "2.0.1";
pub const DAY: f64 = 24.0 * HOUR;

/// What goes wrong; times are seconds since the beginning.
#[derive(Clone, Debug)]
pub enum Trouble {
    /// From `at` on each host until `until`, attempts fail with chance `p`.
    Deploy { at: Vec<f64>, until: Vec<f64>, p: f64 },
    /// From `at` on each host until `until`, a session's end blocks its user with chance `q` × a power of the share of
    /// seats taken; a block lasts until the given number of days is over.
    Latent { at: Vec<f64>, until: Vec<f64>, q: f64, power: f64, days: f64 },
    /// Whoever comes to a host with more than `seats` sessions mostly fails.
    Capacity { seats: usize },
    /// One host fails people.
    BadHost { host: usize, from: f64, to: f64, p: f64 },
    /// All hosts fail people.
    Dependency { from: f64, to: f64, p: f64 },
    /// From `at` on, attempts fail on all hosts with a chance that grows to `p` over some days.
    Ramp { at: f64, until: f64, p: f64, days: f64 },
    /// One account is refused.
    Password { user: usize, from: f64, to: f64 },
    /// People mistype more often than before.
    Mistyped { from: f64, p: f64 },
}

/// A fleet to be simulated.
#[derive(Clone, Debug)]
pub struct Fleet {
    pub n_hosts: usize,
    pub n_users: usize,
    pub n_days: usize,
    /// The share of users who come, by day.
    pub presence: Vec<f64>,
    pub troubles: Vec<(Trouble, &'static str)>,
    pub changes: Vec<Change>,
    pub seed: u64,
    /// How much more often host 0 is chosen than others.
    pub pull_of_first: f64,
    /// Short bursts, a few users each, on quiet evenings.
    pub n_bursts: usize,
    /// Chance that an attempt fails for no reason.
    pub noise: f64,
    pub patience: Patience,
    /// Chance that a session which did not close leaves a mark; `None` where no source could show one.
    pub marks: Option<f64>,
    /// Chance that a person who gives up stays away for a week.
    pub discouraged: f64,
    /// The component that failures by troubles name, with its version.
    pub named: Option<Name>,
    /// Hosts that are out of rotation for a span.
    pub drained: Vec<(usize, f64, f64)>,
}

/// How people whom the service refused go on at once.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Further tries at most.
    pub tries: u32,
    /// Chance of each of them.
    pub chance: f64,
    /// The longest wait before one, seconds.
    pub wait_s: f64,
}

impl Fleet {
    pub fn new(seed: u64) -> Self {
        let n_days = 28;
        let presence = (0..n_days).map(|day| if day % 7 >= 5 { 0.12 } else { 0.7 }).collect();
        Self {
            n_hosts: 5,
            n_users: 70,
            n_days,
            presence,
            troubles: Vec::new(),
            changes: Vec::new(),
            seed,
            pull_of_first: 1.0,
            n_bursts: 2,
            noise: 0.012,
            patience: Patience { tries: 3, chance: 0.8, wait_s: 500.0 },
            marks: Some(0.8),
            discouraged: 0.0,
            named: None,
            drained: Vec::new(),
        }
    }

    /// Adds a change with a time for each host (infinite: never).
    pub fn change(&mut self, component: &str, at: &[f64]) -> &mut Self {
        let mut hosts: Vec<HostChange> = at
            .iter()
            .enumerate()
            .filter(|(_, at)| at.is_finite())
            .map(|(host, at)| HostChange {
                host: host_name(host),
                at: stamp(*at),
                in_force_at: stamp(*at),
                trust: Trust::Stated,
            })
            .collect();
        hosts.sort_by_key(|one| one.at);
        self.changes.push(Change {
            id: String::new(),
            component: Name::from(component),
            version: Some(Name::from(VERSION)),
            kind: if component.contains("restart") { ChangeKind::Restart } else { ChangeKind::Update },
            started_at: hosts[0].at,
            hosts,
            hosts_known: true,
            only_stated: false,
            is_routine: false,
            services: Vec::new(),
            stated_by: vec![record(1_000_000)],
            observed_by: vec![record(1_000_000)],
        });
        self
    }

    pub fn trouble(&mut self, trouble: Trouble, signature: &'static str) -> &mut Self {
        self.troubles.push((trouble, signature));
        self
    }

    /// Innocent changes at working hours of random days, on all hosts within an hour or host by host over days.
    pub fn innocents(&mut self, n: usize) -> &mut Self {
        let mut random = Random::new(self.seed ^ 0xABCD);
        for place in 0..n {
            let start = random.below(self.n_days) as f64 * DAY + (7.0 + 11.0 * random.unit()) * HOUR;
            let staggered = random.unit() < 0.4;
            let at: Vec<f64> =
                (0..self.n_hosts).map(|_| start + random.unit() * if staggered { 3.0 * DAY } else { HOUR }).collect();
            self.change(&format!("Innocent {place}"), &at);
        }
        self
    }

    /// Whether a host was restarted between two moments; a restart ends whatever session is stuck there.
    fn restarts(&self, host: usize, from: f64, to: f64) -> bool {
        let within = |one: &HostChange| one.host == host_name(host) && one.at > stamp(from) && one.at <= stamp(to);
        let mut restarts = self.changes.iter().filter(|change| change.kind == ChangeKind::Restart);
        restarts.any(|change| change.hosts.iter().any(within))
    }

    pub fn tables(&self) -> Tables {
        self.tables_and_truth().0
    }

    /// The tables, and when the troubles failed attempts, in seconds and in order.
    pub fn tables_and_truth(&self) -> (Tables, Vec<f64>) {
        Run::new(self).run()
    }
}

pub fn host_name(host: usize) -> Name {
    Name::from(format!("RDS{:02}", host + 1))
}

pub fn user_name(user: usize) -> Name {
    Name::from(format!("user{:03}", user + 1))
}

pub fn stamp(at: f64) -> Timestamp {
    Timestamp::from_unix_seconds(MONDAY).plus_seconds(at)
}

fn record(number: u64) -> Provenance {
    Provenance { source: SourceId(0), position: Position::Record(number) }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Leaves { user: usize, host: usize, begun_ms: i64 },
    Comes { user: usize, tries_left: u32, returns_left: u32 },
}

struct Run<'a> {
    fleet: &'a Fleet,
    random: Random,
    queue: BinaryHeap<Reverse<(i64, What)>>,
    open: Vec<usize>,
    inside: Vec<bool>,
    away_until: Vec<f64>,
    blocked_at: Vec<f64>,
    blocked_until: Vec<f64>,
    blocked_by: Vec<usize>,
    tables: Tables,
    demands: BTreeMap<usize, (u32, f64)>,
    next_demand: u32,
    bursts: Vec<(f64, usize)>,
    failed_by_trouble: Vec<f64>,
}

impl<'a> Run<'a> {
    fn new(fleet: &'a Fleet) -> Self {
        let mut random = Random::new(fleet.seed);
        let bursts = (0..fleet.n_bursts)
            .map(|_| {
                let day = random.below(fleet.n_days) as f64;
                (day * DAY + (8.0 + 9.0 * random.unit()) * HOUR, random.below(fleet.n_hosts))
            })
            .collect();
        Self {
            fleet,
            random,
            queue: BinaryHeap::new(),
            open: vec![0; fleet.n_hosts],
            inside: vec![false; fleet.n_users],
            away_until: vec![0.0; fleet.n_users],
            blocked_at: vec![0.0; fleet.n_users],
            blocked_until: vec![0.0; fleet.n_users],
            blocked_by: vec![0; fleet.n_users],
            tables: Tables::default(),
            demands: BTreeMap::new(),
            next_demand: 0,
            bursts,
            failed_by_trouble: Vec::new(),
        }
    }

    fn push(&mut self, at: f64, what: What) {
        if at < self.fleet.n_days as f64 * DAY {
            self.queue.push(Reverse(((at * 1000.0) as i64, what)));
        }
    }

    fn run(mut self) -> (Tables, Vec<f64>) {
        let tries_left = self.fleet.patience.tries;
        for day in 0..self.fleet.n_days {
            for user in 0..self.fleet.n_users {
                if self.random.unit() < self.fleet.presence[day] {
                    let hour = 7.0 + 1.8 * (self.random.unit() + self.random.unit());
                    self.push(day as f64 * DAY + hour * HOUR, What::Comes { user, tries_left, returns_left: 2 });
                    if self.random.unit() < 0.55 {
                        let hour = 12.5 + 2.5 * self.random.unit();
                        self.push(day as f64 * DAY + hour * HOUR, What::Comes { user, tries_left, returns_left: 1 });
                    }
                }
            }
        }
        while let Some(Reverse((ms, what))) = self.queue.pop() {
            let at = ms as f64 / 1000.0;
            match what {
                What::Leaves { user, host, begun_ms } => self.leaves(at, user, host, begun_ms as f64 / 1000.0),
                What::Comes { user, tries_left, returns_left } => self.comes(at, user, tries_left, returns_left),
            }
        }
        self.finish()
    }

    fn leaves(&mut self, at: f64, user: usize, host: usize, begun: f64) {
        let seats = self.fleet.n_users as f64 * 0.7 / self.fleet.n_hosts as f64;
        let taken = self.open[host] as f64 / seats;
        self.open[host] -= 1;
        self.inside[user] = false;
        let mut incomplete = false;
        for (trouble, _) in &self.fleet.troubles {
            if let Trouble::Latent { at: from, until, q, power, days } = trouble
                && at >= from[host]
                && at < until[host]
                && self.random.unit() < q * taken.powf(*power)
            {
                incomplete = true;
                self.blocked_at[user] = at;
                self.blocked_until[user] = at + days * DAY;
                self.blocked_by[user] = host;
            }
        }
        let marks = self.fleet.marks.unwrap_or(0.0);
        let marked = self.random.unit() < if incomplete || marks == 0.0 { marks } else { 0.006 };
        let number = 500_000 + self.tables.sessions.len() as u64;
        self.tables.sessions.push(Session {
            host: host_name(host),
            user: user_name(user),
            session_id: None,
            started_at: Some(stamp(begun)),
            ended_at: Some(stamp(at)),
            end_kind: EndKind::Logoff,
            close: match self.fleet.marks {
                None => Close::NotObservable,
                Some(_) if marked => Close::Incomplete,
                Some(_) => Close::Complete,
            },
            marks: if marked {
                vec![Mark { at: stamp(at), witness: "disk-not-detached", record: record(number) }]
            } else {
                Vec::new()
            },
            disconnects: Vec::new(),
            left_at: None,
            next: None,
            later: Vec::new(),
            records: vec![record(number)],
        });
    }

    fn comes(&mut self, at: f64, user: usize, tries_left: u32, returns_left: u32) {
        if self.inside[user] || at < self.away_until[user] {
            return;
        }
        let is_out =
            |host: &usize| self.fleet.drained.iter().any(|(out, from, to)| out == host && (*from..*to).contains(&at));
        let host = (0..self.fleet.n_hosts)
            .filter(|host| !is_out(host))
            .min_by_key(|host| {
                let pull = if *host == 0 { self.fleet.pull_of_first } else { 1.0 };
                ((self.open[*host] as f64 + 3.0 * self.random.unit()) / pull * 1000.0) as i64
            })
            .unwrap();
        let n_by_trouble = self.failed_by_trouble.len();
        let failure = self.failure(at, user, host);
        let is_by_trouble = self.failed_by_trouble.len() > n_by_trouble;
        let named = self.fleet.named.clone().filter(|_| is_by_trouble);
        let (demand, is_retry) = match self.demands.get(&user) {
            Some((demand, last)) if at - last < 45.0 * 60.0 => (*demand, true),
            _ => {
                self.next_demand += 1;
                (self.next_demand, false)
            }
        };
        let id = self.tables.attempts.len() as u32;
        self.tables.attempts.push(Attempt {
            id,
            at: stamp(at),
            user: user_name(user),
            host: host_name(host),
            client: None,
            outcome: if failure.is_some() { Outcome::Failed } else { Outcome::Succeeded },
            signature: failure.map(|(name, _)| Name::from(name)),
            fault: failure.map(|(_, fault)| fault),
            error_code: None,
            component_version: named.map(|component| (component, Name::from(VERSION))),
            demand,
            is_retry,
            seconds_to_desktop: None,
            phases: Phases::default(),
            certainty: Certainty::ById,
            records: vec![record(u64::from(id))],
        });
        if failure.is_some() {
            self.demands.insert(user, (demand, at));
            let patience = self.fleet.patience;
            if tries_left > 0 && self.random.unit() < patience.chance {
                let wait = 20.0 + patience.wait_s * self.random.unit();
                self.push(at + wait, What::Comes { user, tries_left: tries_left - 1, returns_left });
            } else if returns_left > 0 {
                let wait = HOUR * (0.8 + 2.0 * self.random.unit());
                self.push(at + wait, What::Comes { user, tries_left: 2, returns_left: returns_left - 1 });
            } else if self.fleet.discouraged > 0.0 && self.random.unit() < self.fleet.discouraged {
                self.away_until[user] = at + 7.0 * DAY;
            }
        } else {
            self.demands.remove(&user);
            self.open[host] += 1;
            self.inside[user] = true;
            let stays = HOUR * (0.7 + 3.5 * self.random.unit() + 3.0 * self.random.unit() * self.random.unit());
            self.push(at + stays, What::Leaves { user, host, begun_ms: (at * 1000.0) as i64 });
        }
    }

    fn failure(&mut self, at: f64, user: usize, host: usize) -> Option<(&'static str, Fault)> {
        let infra = Fault::Infrastructure;
        for (trouble, signature) in &self.fleet.troubles {
            let p = match trouble {
                Trouble::Deploy { at: from, until, p } if at >= from[host] && at < until[host] => *p,
                Trouble::Latent { until, .. }
                    if at < self.blocked_until[user]
                        && at < until[self.blocked_by[user]]
                        && !self.fleet.restarts(self.blocked_by[user], self.blocked_at[user], at) =>
                {
                    0.97
                }
                Trouble::Ramp { at: from, until, p, days } if (*from..*until).contains(&at) => {
                    p * ((at - from) / (days * DAY)).min(1.0)
                }
                Trouble::Capacity { seats } if self.open[host] >= *seats => 0.75,
                Trouble::BadHost { host: bad, from, to, p } if *bad == host && (*from..*to).contains(&at) => *p,
                Trouble::Dependency { from, to, p } if (*from..*to).contains(&at) => *p,
                Trouble::Password { user: whose, from, to } if *whose == user && (*from..*to).contains(&at) => {
                    self.failed_by_trouble.push(at);
                    return Some((signature, Fault::User));
                }
                Trouble::Mistyped { from, p } if at >= *from && self.random.unit() < *p => {
                    return Some((signature, Fault::User));
                }
                _ => 0.0,
            };
            if self.random.unit() < p {
                self.failed_by_trouble.push(at);
                return Some((signature, infra));
            }
        }
        let in_burst =
            self.bursts.iter().any(|(from, where_)| *where_ == host && (*from..*from + 2400.0).contains(&at));
        if in_burst && self.random.unit() < 0.6 {
            return Some(("rdp-transport-lost", infra));
        }
        // Some people mistype more often than others.
        let clumsy = if user.is_multiple_of(9) { 3.0 } else { 1.0 };
        let drawn = self.random.unit();
        if drawn < self.fleet.noise * clumsy {
            return Some(("logon-bad-password", Fault::User));
        }
        let other = ["rdp-transport-lost", "profile-load-failed", "http-503"];
        (drawn < self.fleet.noise * (clumsy + 0.6)).then(|| (other[self.random.below(3)], infra))
    }

    fn finish(mut self) -> (Tables, Vec<f64>) {
        let mut changes = self.fleet.changes.clone();
        changes.sort_by(|a, b| a.started_at.cmp(&b.started_at).then(a.component.cmp(&b.component)));
        for (place, change) in changes.iter_mut().enumerate() {
            change.id = format!("chg-{}", place + 1);
        }
        self.tables.changes = changes;
        self.tables.hosts = (0..self.fleet.n_hosts).map(host_name).collect();
        self.tables.window = Some(TimeRange { start: stamp(0.0), end: stamp(self.fleet.n_days as f64 * DAY) });
        (self.tables, self.failed_by_trouble)
    }
}
