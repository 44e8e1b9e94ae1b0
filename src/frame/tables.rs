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
    /// No source that could have shown its end covers it. The wish counts as demand, and as neither a success nor a
    /// failure.
    Unseen,
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
        matches!(self.outcome, Outcome::Failed | Outcome::Silent)
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

/// The next attempt of a session's user.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Next {
    /// Its place in [`Tables::attempts`].
    pub attempt: u32,
    /// Seconds from the session's end.
    pub after_s: f64,
    /// Whether it came soon enough to follow the close: within [`super::FOLLOW_UP_S`].
    pub is_soon: bool,
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
    /// Since when its user was away from it, for a session that its user did not come back to.
    pub left_at: Option<Timestamp>,
    /// What its user tried next, on any host; `None` if nothing, or if another session of the user ended before.
    pub next: Option<Next>,
    /// Witnesses of an incomplete close that only the user's later steps are. They know the outcome of the next
    /// attempt, so they are no marks, leave [`Self::close`] as it is, and must not be weighed as evidence about it.
    pub later: Vec<Mark>,
    /// The records of begin and end.
    pub records: Vec<Provenance>,
}

/// How the attempts fared that followed the closes of one host.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    /// The host.
    pub host: Name,
    /// Whether these closes completed; those of which nothing can be known are left out.
    pub close: Close,
    /// How many closes.
    pub n_closes: usize,
    /// After how many of them the user's next attempt came soon; without those that failed by the user's own fault.
    pub n_followed: usize,
    /// How many of these attempts failed.
    pub n_failed: usize,
    /// `n_failed` in `n_followed`; `None` if none followed.
    pub share: Option<f64>,
    /// Lower bound of its exact 95 % interval (Clopper and Pearson).
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
}

/// When one host got a change.
#[derive(Clone, Debug, PartialEq)]
pub struct HostChange {
    /// The host.
    pub host: Name,
    /// When it was installed or done.
    pub at: Timestamp,
    /// When it came into force: the restart of the host after it where it needs one, or of the service that runs
    /// it where that is seen to start, else `at`.
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
    /// Services that its installation registered on the hosts.
    pub services: Vec<Name>,
    /// Where it is stated: every record of it, of lists and of the hosts' own logs.
    pub stated_by: Vec<Provenance>,
    /// Those of [`Self::stated_by`] that hosts' own logs wrote when it happened; the others stand in lists.
    pub observed_by: Vec<Provenance>,
}

/// Which version of a component one host had for a time.
#[derive(Clone, Debug, PartialEq)]
pub struct VersionSpan {
    /// The component.
    pub component: Name,
    /// The host.
    pub host: Name,
    /// The version; `None` where no log shows one.
    pub version: Option<Name>,
    /// Since when it was in force; `None` from before the log.
    pub from: Option<Timestamp>,
    /// The first instant after it; `None` to the end.
    pub to: Option<Timestamp>,
}

/// A time for which hosts had unlike versions of a component.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The component.
    pub component: Name,
    /// Since when; `None` from before the log.
    pub from: Option<Timestamp>,
    /// The first instant after it; `None` to the end.
    pub to: Option<Timestamp>,
    /// The version of each host; `None` where no log shows one.
    pub versions: BTreeMap<Name, Option<Name>>,
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
    /// Why it begins where it does.
    pub begins: Begins,
    /// Silences that the source's own rhythm makes unlikely, and times whose records are missing; by time.
    pub gaps: Vec<Gap>,
}

impl Coverage {
    /// Whether the source covers that instant: it lies within its span and in no gap.
    pub fn covers(&self, at: Timestamp) -> bool {
        self.span.contains(at) && !self.gaps.iter().any(|gap| gap.range().contains(at))
    }
}

/// Why a source begins where it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Begins {
    /// Its first record is the first that the log ever had.
    FirstRecord,
    /// Older records were overwritten: the log holds all from its first record on, whose number is not 1.
    RolledOver,
    /// The log was cleared then.
    Cleared,
    /// The source does not tell, as text logs never do.
    Unknown,
}

/// Why a source is silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GapKind {
    /// Nothing tells why.
    Silent,
    /// The host was down.
    HostDown,
    /// The event log was stopped, or full, while the host ran.
    LogStopped,
    /// Numbers of records are left out: those records were written, and are not here.
    RecordsMissing,
}

/// A time that a source does not cover within its span.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// First instant inside.
    pub start: Timestamp,
    /// First instant after.
    pub end: Timestamp,
    /// Why.
    pub kind: GapKind,
    /// How many numbers of records are left out in it; `None` where records have no numbers, or the source holds a
    /// choice of them. Zero says that the log itself has nothing there.
    pub n_missing: Option<u64>,
    /// The records that tell why.
    pub records: Vec<Provenance>,
}

impl Gap {
    /// The time of the gap.
    pub fn range(&self) -> TimeRange {
        TimeRange { start: self.start, end: self.end }
    }
}

/// How far one clock is ahead of another, over a time.
#[derive(Clone, Debug, PartialEq)]
pub struct ClockOffset {
    /// The host whose clock it is, or that writes the text log; `None` where the log does not name it.
    pub host: Option<Name>,
    /// The dataset of a text log, which may be stamped by a clock or zone of its own; `None` for a host's own clock.
    pub source: Option<Name>,
    /// The clock that it is compared with, by its label.
    pub against: Name,
    /// The first and the last pair of records that show it.
    pub span: (Timestamp, Timestamp),
    /// How far it is ahead, in seconds, with the 95 % interval: that of the median, and the scatter of the delay
    /// between the two records, since a delay cannot be told from an offset.
    pub offset: (f64, f64, f64),
    /// The scatter of that delay (distance of the quartiles), in seconds.
    pub latency_s: f64,
    /// How many pairs of records agree; along several logs the fewest.
    pub n_pairs: u64,
    /// The clocks between, where no log shows it directly.
    pub through: Vec<Name>,
    /// How it is known.
    pub trust: Trust,
}

/// One time that a clock was set.
#[derive(Clone, Debug, PartialEq)]
pub struct ClockStep {
    /// The host, as in [`ClockOffset`].
    pub host: Option<Name>,
    /// The dataset of a text log, as in [`ClockOffset`].
    pub source: Option<Name>,
    /// When, by the clock after it; for an offset that changed the first record after it.
    pub at: Timestamp,
    /// By how many seconds it was put forward; negative if back.
    pub seconds: f64,
    /// Stated by an event, or derived from the records.
    pub trust: Trust,
    /// The records that show it.
    pub records: Vec<Provenance>,
}

/// How busy one host was in one hour, or all of them together.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct HostHour {
    /// How many hosts the hour counts: 1, or for all together those whose logs cover it.
    pub n_hosts: u32,
    /// Distinct users who wanted in.
    pub n_users: u32,
    /// Wishes to connect that began in it: a failed try and its repetitions are one.
    pub n_demands: u32,
    /// Tries.
    pub n_attempts: u32,
    /// Tries that the service failed: a wrong password is the user's own and not counted.
    pub n_failures: u32,
    /// Sessions open at most, derived from begins and ends.
    pub sessions_open: f64,
    /// Sessions open in the mean of the hour, derived from begins and ends.
    pub sessions_mean: f64,
    /// Whether the log reaches back so far that hardly a session is open of which it knows nothing. Until then, in the
    /// first hours of a log and after a gap, there may be more sessions than those that are counted.
    pub is_settled: bool,
    /// Sessions by the host's own counters, where there are some (mean of the hour).
    pub sessions_counted: Option<f64>,
    /// Processor time by the host's own counters, percent, mean of the hour.
    pub processor_percent: Option<f64>,
    /// Connections or requests open by the counters of web servers and databases, the highest reading of the hour.
    pub requests_open: Option<f64>,
}

/// Sessions by a host's counters beside those by its begins and ends, over the hours that both cover.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadCheck {
    /// The host.
    pub host: Name,
    /// The hours.
    pub n_hours: u64,
    /// Counted over derived sessions (means of the hour): the median over hours, with its 95 % interval.
    pub ratio: (f64, f64, f64),
    /// Spearman's rank correlation, with its 95 % interval.
    pub correlation: (f64, f64, f64),
    /// Most over mean of the derived sessions of an hour, the median: by so much a counter may differ that reads at one
    /// moment of the hour.
    pub within_hour: f64,
    /// Whether the two agree so far.
    pub agrees: bool,
}

/// One record that bears the signature of a failure or a symptom, whether or not an attempt is made of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sign {
    /// When.
    pub at: Timestamp,
    /// The host that it is about.
    pub host: Option<Name>,
    /// The signature.
    pub signature: Name,
    /// The record.
    pub record: Provenance,
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
    /// What followed the closes, by host and close.
    pub chains: Vec<Chain>,
    /// Changes by first time, component, version.
    pub changes: Vec<Change>,
    /// Versions by component, host and time.
    pub versions: Vec<VersionSpan>,
    /// Load by host and hour since 1970.
    pub load: BTreeMap<(Name, i64), HostHour>,
    /// Load of all hosts together, by hour since 1970.
    pub fleet_load: BTreeMap<i64, HostHour>,
    /// How the counters of each host agree with what its events show, by host.
    pub load_checks: Vec<LoadCheck>,
    /// Counters as they were read, by time.
    pub samples: Vec<LoadSample>,
    /// Coverage by host and source.
    pub coverage: Vec<Coverage>,
    /// How far clocks are apart, by host, source and time.
    pub clocks: Vec<ClockOffset>,
    /// When clocks were set, by host, source and time.
    pub clock_steps: Vec<ClockStep>,
    /// Symptoms that name no user's failure: time, host, signature, record; by time.
    pub symptoms: Vec<(Timestamp, Option<Name>, Name, Provenance)>,
    /// Every record that bears a signature; by time.
    pub signs: Vec<Sign>,
    /// By signature, since when a failure of it could have been seen: only where every source that shows it began within
    /// the window.
    pub seen_since: BTreeMap<Name, Timestamp>,
}
