//! What a case consists of: a farm, its people, what is done to it, and what goes wrong.

use super::Truth;
use crate::model::{TimeRange, Timestamp};
use jiff::civil::Date;

/// Everything that `world` needs to play a case.
#[derive(Clone, Debug)]
pub(super) struct Script {
    /// The case's name.
    pub(super) name: &'static str,
    /// Number of session hosts: RDS01, RDS02, ...
    pub(super) n_hosts: usize,
    /// Number of accounts: user001, user002, ...
    pub(super) n_people: usize,
    /// First day.
    pub(super) first: Date,
    /// Last day, included.
    pub(super) last: Date,
    /// Share of the people who work on a day.
    pub(super) presence: fn(Date) -> f64,
    /// A fault of closing sessions.
    pub(super) latent: Option<LatentClose>,
    /// Something that makes logons slower from day to day.
    pub(super) slow: Option<SlowLogon>,
    /// Faults of opening sessions.
    pub(super) refusals: Vec<Refusal>,
    /// An account whose old password something keeps trying.
    pub(super) stale: Option<Stale>,
    /// What was changed.
    pub(super) changes: Vec<Change>,
    /// Disturbances of the application's own login.
    pub(super) app_trouble: Vec<AppTrouble>,
    /// A span that one host's logs lost.
    pub(super) gap: Option<(usize, TimeRange)>,
    /// The list of changes that people keep.
    pub(super) deploys: Vec<Deploy>,
    /// First instant that the text logs of FSLogix still hold; it keeps two days.
    pub(super) text_from: Timestamp,
    /// Versions of the profile component before any change.
    pub(super) profile_version: &'static str,
    /// Sessions on one host at which its memory and processors are used up.
    pub(super) sessions_at_limit: f64,
    /// Records that say nothing about connecting, to one that does.
    pub(super) noise_per_signal: f64,
    /// Whether the logs are handed over as one archive.
    pub(super) archived: bool,
    /// What is true.
    pub(super) truth: Truth,
}

/// Closing a session fails with a chance that grows with the sessions open on the host; the user's profile
/// disk then stays locked, and no new session opens until somebody resets the old one.
#[derive(Clone, Debug)]
pub(super) struct LatentClose {
    /// For each host, when it carries the fault.
    pub(super) carried: Vec<Vec<TimeRange>>,
    /// Chance of failure where `full_sessions` are open.
    pub(super) share_at_full: f64,
    /// Sessions open on one host at which the chance is `share_at_full`.
    pub(super) full_sessions: f64,
    /// Power by which the chance grows with the sessions.
    pub(super) steepness: f64,
}

impl LatentClose {
    /// The chance that a close on `host` at `at` fails, with so many sessions open there.
    pub(super) fn chance(&self, host: usize, at: Timestamp, n_open: usize) -> f64 {
        if !self.carried.get(host).is_some_and(|ranges| ranges.iter().any(|range| range.contains(at))) {
            return 0.0;
        }
        let load = n_open as f64 / self.full_sessions;
        (self.share_at_full * libm::pow(load, self.steepness)).min(0.8)
    }
}

/// The way from session to desktop takes longer every day.
#[derive(Clone, Debug)]
pub(super) struct SlowLogon {
    /// For each host, since when.
    pub(super) since: Vec<Timestamp>,
    /// Seconds that each day adds.
    pub(super) seconds_a_day: f64,
}

impl SlowLogon {
    /// The seconds by which a logon on `host` at `at` takes longer.
    pub(super) fn seconds(&self, host: usize, at: Timestamp) -> f64 {
        let since = self.since.get(host).map_or(0.0, |since| at.seconds_since(*since));
        self.seconds_a_day * since.max(0.0) / 86_400.0
    }
}

/// New sessions are refused.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    /// On these hosts.
    pub(super) hosts: Vec<usize>,
    /// At these times.
    pub(super) ranges: Vec<TimeRange>,
    /// How often.
    pub(super) chance: Chance,
    /// How it shows.
    pub(super) sign: Sign,
}

/// How likely a refusal is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Chance {
    /// Always the same.
    Constant(f64),
    /// Zero up to `from` sessions open on the host, then rising evenly to one at `full`.
    Above {
        /// Sessions that the host serves well.
        from: f64,
        /// Sessions that it cannot exceed.
        full: f64,
    },
}

impl Chance {
    /// The chance with so many sessions open on the host.
    pub(super) fn at(self, n_open: usize) -> f64 {
        match self {
            Self::Constant(p) => p,
            Self::Above { from, full } => ((n_open as f64 - from) / (full - from)).clamp(0.0, 1.0),
        }
    }
}

/// What a refusal leaves in the logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sign {
    /// The user's profile disk is locked by a session that did not close.
    DiskLocked,
    /// The share of the profile disks cannot be reached.
    ShareUnreachable,
    /// A logon agent crashes while the session begins.
    AgentCrash,
    /// Memory and ports run out.
    Exhausted,
    /// The host cannot load profiles.
    ProfileBroken,
    /// Something innocent that the next try survives.
    Glitch,
    /// A wrong password.
    WrongPassword,
}

/// Something keeps trying an account's old password.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stale {
    /// The account, by index.
    pub(super) user: usize,
    /// When.
    pub(super) range: TimeRange,
    /// Mean seconds between two tries.
    pub(super) every_s: f64,
}

/// One change on one or more hosts.
#[derive(Clone, Debug)]
pub(super) struct Change {
    /// What.
    pub(super) what: What,
    /// Hosts by index, with the time of each.
    pub(super) hosts: Vec<(usize, Timestamp)>,
    /// Whether each host restarts right after.
    pub(super) restarts: bool,
}

/// What a change installs.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    /// A product, by Windows Installer.
    Product {
        /// Its name.
        name: &'static str,
        /// Its version.
        version: &'static str,
        /// Who makes it.
        maker: &'static str,
        /// The package file.
        package: &'static str,
        /// A service of it that stops and starts; empty for none.
        service: &'static str,
    },
    /// The profile component: a product with services and file system filters.
    Profiles {
        /// Its version.
        version: &'static str,
    },
    /// An update by Windows Update; `patch` becomes the last part of the system's version if it is not 0.
    Update {
        /// Its title with its KB number.
        title: &'static str,
        /// The patch level that it brings.
        patch: u32,
    },
    /// Nothing but a restart.
    Restart,
}

/// The application's own login fails although sessions open.
#[derive(Clone, Copy, Debug)]
pub(super) struct AppTrouble {
    /// When.
    pub(super) range: TimeRange,
    /// How often.
    pub(super) chance: f64,
}

/// One line of the list of changes that people keep.
#[derive(Clone, Debug)]
pub(super) struct Deploy {
    /// When, by the list.
    pub(super) at: Timestamp,
    /// What.
    pub(super) component: &'static str,
    /// Which version.
    pub(super) version: &'static str,
    /// Where, in the list's words.
    pub(super) hosts: String,
    /// A remark.
    pub(super) note: &'static str,
}

/// The name of a host by its index.
pub(super) fn host_name(host: usize) -> String {
    format!("RDS{:02}", host + 1)
}

/// The name of an account by its index.
pub(super) fn user_name(user: usize) -> String {
    format!("user{:03}", user + 1)
}

/// The half-open span from `start` to `end`.
pub(super) fn span(start: Timestamp, end: Timestamp) -> TimeRange {
    TimeRange { start, end }
}
