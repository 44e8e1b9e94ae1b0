//! What logs of the field are like that the tables of the simulator are not: each way is one row of the report.

use causeline::frame::Tables;
use causeline::frame::tables::{Close, EndKind, Session};
use causeline::model::{Name, TimeRange, Timestamp};
use causeline::stats::Random;

use crate::fleet::{DAY, Fleet, HOUR, Patience, stamp};

/// One way in which a log is not what it should be.
pub(crate) struct Spoiling {
    /// In tables.
    pub(crate) name: &'static str,
    /// What it does, in a sentence.
    pub(crate) what: &'static str,
    /// What it does to people.
    pub(crate) to_fleet: fn(&mut Fleet),
    /// What it does to records.
    pub(crate) to_tables: fn(&mut Tables, &mut Random),
}

/// All ways.
pub(crate) const SPOILINGS: &[Spoiling] = &[
    Spoiling {
        name: "bursts",
        what: "ten to fifteen short bursts of transport failures, a host each",
        to_fleet: |fleet| fleet.n_bursts = 10 + fleet.n_bursts * 5 / 3,
        to_tables: |_, _| {},
    },
    Spoiling {
        name: "retries",
        what: "whoever fails tries up to twelve times within minutes",
        to_fleet: |fleet| fleet.patience = Patience { tries: 12, chance: 0.97, wait_s: 60.0 },
        to_tables: |_, _| {},
    },
    Spoiling {
        name: "gaps",
        what: "one to three hosts have no records for six hours to three days",
        to_fleet: |_| {},
        to_tables: gaps,
    },
    Spoiling {
        name: "lost ends and begins",
        what: "a fifth of all session ends and a fifth of all begins are in no record, marks included",
        to_fleet: |_| {},
        to_tables: lost_ends,
    },
    Spoiling {
        name: "clocks",
        what: "each host's clock is off by up to fifteen minutes, either way; change times are not",
        to_fleet: |_| {},
        to_tables: clocks,
    },
    Spoiling {
        name: "first host only",
        what: "the change list names the first host of each change and no other",
        to_fleet: |_| {},
        to_tables: first_host,
    },
    Spoiling {
        name: "zone",
        what: "all times of the change list are off by the offset of a zone",
        to_fleet: |_| {},
        to_tables: zone,
    },
];

fn gaps(tables: &mut Tables, random: &mut Random) {
    let Some(window) = tables.window else { return };
    let mut hosts = tables.hosts.clone();
    random.shuffle(&mut hosts);
    let n_silent = (1 + random.below(3)).min(hosts.len() - 1);
    for host in &hosts[..n_silent] {
        let length_s = 6.0 * HOUR * 12.0_f64.powf(random.unit());
        let start = stamp(random.unit() * (window.seconds() - DAY));
        silence(tables, host, TimeRange { start, end: start.plus_seconds(length_s) });
    }
    renumber(tables);
}

/// Takes everything of a host out that its log would have said in a span. No row of coverage tells of it.
fn silence(tables: &mut Tables, host: &Name, gap: TimeRange) {
    let is_in = |at: Option<Timestamp>| at.is_some_and(|at| gap.contains(at));
    tables.attempts.retain(|attempt| attempt.host != *host || !gap.contains(attempt.at));
    tables.sessions.retain(|one| one.host != *host || !(is_in(one.started_at) && is_in(one.ended_at)));
    for session in tables.sessions.iter_mut().filter(|session| session.host == *host) {
        if is_in(session.started_at) {
            session.started_at = None;
        }
        if is_in(session.ended_at) {
            lose_end(session);
        }
    }
}

fn lose_end(session: &mut Session) {
    session.ended_at = None;
    session.end_kind = EndKind::EdgeOfLog;
    session.close = Close::NotObservable;
    session.marks.clear();
}

fn lost_ends(tables: &mut Tables, random: &mut Random) {
    for session in &mut tables.sessions {
        if random.unit() < 0.2 {
            lose_end(session);
        } else if random.unit() < 0.25 {
            session.started_at = None;
        }
    }
}

fn clocks(tables: &mut Tables, random: &mut Random) {
    for host in tables.hosts.clone() {
        let by = (2.0 * random.unit() - 1.0) * 900.0;
        for attempt in tables.attempts.iter_mut().filter(|attempt| attempt.host == host) {
            attempt.at = attempt.at.plus_seconds(by);
        }
        for session in tables.sessions.iter_mut().filter(|session| session.host == host) {
            session.started_at = session.started_at.map(|at| at.plus_seconds(by));
            session.ended_at = session.ended_at.map(|at| at.plus_seconds(by));
            for mark in &mut session.marks {
                mark.at = mark.at.plus_seconds(by);
            }
        }
    }
    renumber(tables);
}

/// Attempts by time, host and user, each with its place as its number.
fn renumber(tables: &mut Tables) {
    tables.attempts.sort_by(|a, b| (a.at, &a.host, &a.user, a.id).cmp(&(b.at, &b.host, &b.user, b.id)));
    for (place, attempt) in tables.attempts.iter_mut().enumerate() {
        attempt.id = place as u32;
    }
}

fn first_host(tables: &mut Tables, _: &mut Random) {
    for change in &mut tables.changes {
        change.hosts.truncate(1);
        change.only_stated = true;
        change.observed_by.clear();
    }
}

fn zone(tables: &mut Tables, random: &mut Random) {
    let by = [-8.0, -5.0, -2.0, -1.0, 1.0, 2.0, 5.5, 9.0][random.below(8)] * HOUR;
    for change in &mut tables.changes {
        change.only_stated = true;
        change.observed_by.clear();
        change.started_at = change.started_at.plus_seconds(by);
        for host in &mut change.hosts {
            host.at = host.at.plus_seconds(by);
            host.in_force_at = host.in_force_at.plus_seconds(by);
        }
    }
}
