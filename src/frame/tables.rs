//! The rows of the tables, and what each column means.

use std::collections::BTreeMap;

use super::aside::Aside;
use super::phases::{LogonWeek, Phases, Slowdown};
use crate::model::{ChangeKind, Fault, LoadSample, Name, Provenance, TimeRange, Timestamp, Trust};

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The user got a desktop (or the application's session).
    Succeeded,
    /// Some record says that it failed.
    Failed,
    /// Accepted, and then nothing: the silent failure.
    Silent,
}

/// How sure a join or an inference is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// Joined by an id that Windows gives.
    ById,
    /// Joined by user, host and time.
    ByTime,
    /// One record alone.
    Single,
}

/// One try of one person to connect.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// Its place in [`Tables::attempts`].
    pub id: u32,
    /// When it began, on the host's clock.
    pub at: Timestamp,
    /// The account; attempts without one are kept out of this table and counted in [`Tables::aside`].
    pub user: Name,
    /// The session host that was tried.
    pub host: Name,
    /// The client's address.
    pub client: Option<Name>,
    /// How it ended.
    pub outcome: Outcome,
    /// The signature of the failure; `None` for a success. A silent failure without any other trace
    /// has `silent-after-authentication`, or `session-without-desktop` where a session was given.
    pub signature: Option<Name>,
    /// Whose fault the failure is; `None` for a success.
    pub fault: Option<Fault>,
    /// The error code of the failure, as the record has it.
    pub error_code: Option<Name>,
    /// A component and its version that the failure itself names.
    pub component_version: Option<(Name, Name)>,
    /// The demand that it belongs to: a failed try and what the same user tries within 45 minutes are one.
    pub demand: u32,
    /// Whether it repeats an earlier try of its demand.
    pub is_retry: bool,
    /// Seconds from the first trace to the desktop, for successes that show both.
    pub seconds_to_desktop: Option<f64>,
    /// How long the phases of the logon took.
    pub phases: Phases,
    /// How sure the join is.
    pub certainty: Certainty,
    /// The records it is made of, the telling one first, at most eight.
    pub records: Vec<Provenance>,
}

impl Attempt {
    /// Whether the user did not get in.
    pub fn is_failure(&self) -> bool {
        self.outcome != Outcome::Succeeded
    }

    /// Whether the service failed the user: not so if name or password were wrong.
    pub fn is_service_failure(&self) -> bool {
        self.is_failure() && self.fault != Some(Fault::User)
    }
}

/// What ended a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndKind {
    /// A logoff.
    Logoff,
    /// The host restarted.
    Reboot,
    /// The log ends first.
    EdgeOfLog,
    /// Another session took its number.
    Replaced,
}

/// Whether the close completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Close {
    /// No witness says otherwise, and a witness that would have said so covers the time.
    Complete,
    /// At least one witness says that it did not complete.
    Incomplete,
    /// No source that could show it covers the time, or the session did not end by a logoff.
    NotObservable,
}

/// One witness of an incomplete close.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// When.
    pub at: Timestamp,
    /// Which witness: `lsm-45`, `profile-unload-unfinished`, `disk-not-detached`, ...
    pub witness: &'static str,
    /// The record.
    pub record: Provenance,
}

/// One session of one user on one host.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// The host.
    pub host: Name,
    /// The account.
    pub user: Name,
    /// The Windows session number.
    pub session_id: Option<u32>,
    /// When it began; `None` if it began before the log.
    pub started_at: Option<Timestamp>,
    /// When it ended; `None` if it did not within the log.
    pub ended_at: Option<Timestamp>,
    /// What ended it.
    pub end_kind: EndKind,
    /// Whether the close completed.
    pub close: Close,
    /// Witnesses of an incomplete close.
    pub marks: Vec<Mark>,
    /// Times of disconnects and reconnects, in order.
    pub disconnects: Vec<Timestamp>,
    /// The records of begin and end.
    pub records: Vec<Provenance>,
}

/// When one host got a change.
#[derive(Clone, Debug, PartialEq)]
pub struct HostChange {
    /// The host.
    pub host: Name,
    /// When it was installed or done.
    pub at: Timestamp,
    /// When it came into force: the restart after it where it needs one, else `at`.
    pub in_force_at: Timestamp,
    /// Stated by the host's own log, derived from others, or guessed (a list that says `all`).
    pub trust: Trust,
}

/// One component in one version, with the time that each host got it.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// `chg-1`, `chg-2`, … by first time.
    pub id: String,
    /// The component.
    pub component: Name,
    /// The version.
    pub version: Option<Name>,
    /// What was done.
    pub kind: ChangeKind,
    /// When the first host got it.
    pub started_at: Timestamp,
    /// The hosts, by time and name.
    pub hosts: Vec<HostChange>,
    /// Whether the host list is known; if not, `hosts` holds all hosts with `Trust::Guessed`.
    pub hosts_known: bool,
    /// Whether only a list made by hand or by a deployment system says so, and no host's own log.
    pub only_stated: bool,
    /// Whether it recurs as a routine (definition updates, weekly restarts).
    pub is_routine: bool,
    /// Where it is stated.
    pub stated_by: Vec<Provenance>,
}

/// What one host's sources cover.
#[derive(Clone, Debug, PartialEq)]
pub struct Coverage {
    /// The host.
    pub host: Name,
    /// The kind of source: the channel of Windows events, else the dataset.
    pub source: Name,
    /// First and last record.
    pub span: TimeRange,
    /// Silences that the source's own rhythm makes unlikely.
    pub gaps: Vec<TimeRange>,
}

/// How busy one host was in one hour.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct HostHour {
    /// Distinct users who wanted in.
    pub n_users: u32,
    /// Tries.
    pub n_attempts: u32,
    /// Tries that the service failed: a wrong password is the user's own and not counted.
    pub n_failures: u32,
    /// Sessions open at most, derived from begins and ends.
    pub sessions_open: f64,
    /// Sessions by the host's own counters, where there are some (mean of the hour).
    pub sessions_counted: Option<f64>,
}

/// Everything that the judge may use.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// The window that the connection logs cover.
    pub window: Option<TimeRange>,
    /// Session hosts, by name: those that were tried, or on which a session began.
    pub hosts: Vec<Name>,
    /// Attempts by time, host, user.
    pub attempts: Vec<Attempt>,
    /// Connections that are no person's attempt (scanners, probes, strangers), by host and kind.
    pub aside: Vec<Aside>,
    /// How long the phases of logons took, by host, phase and week.
    pub logons: Vec<LogonWeek>,
    /// Phases that became slower, by host and phase.
    pub slowdowns: Vec<Slowdown>,
    /// Sessions by begin (else end), host, user.
    pub sessions: Vec<Session>,
    /// Changes by first time, component, version.
    pub changes: Vec<Change>,
    /// Load by host and hour since 1970.
    pub load: BTreeMap<(Name, i64), HostHour>,
    /// Counters as they were read, by time.
    pub samples: Vec<LoadSample>,
    /// Coverage by host and source.
    pub coverage: Vec<Coverage>,
    /// Symptoms that name no user's failure: time, host, signature, record; by time.
    pub symptoms: Vec<(Timestamp, Option<Name>, Name, Provenance)>,
}
