//! What the judge says: incidents, causes, evidence, and a verdict on every change.

use std::collections::BTreeMap;

use crate::model::{Name, Provenance, TimeRange, Timestamp};

/// The kinds of cause that exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CauseKind {
    /// A change, recorded or not.
    Change,
    /// More people than the hosts can serve.
    Capacity,
    /// One host.
    Host,
    /// Something that all hosts depend on.
    Dependency,
    /// Accounts: a wrong, expired or locked password.
    Credentials,
    /// Something that recurs by the clock.
    Schedule,
    /// The logs do not tell.
    Unknown,
}

/// What turned a latent cause into an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// Load rose.
    Load,
}

/// One cause with its probability.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The kind.
    pub kind: CauseKind,
    /// The change, for a recorded change.
    pub change_id: Option<String>,
    /// The host, for kind host.
    pub host: Option<Name>,
    /// The account, for credentials of one account.
    pub user: Option<Name>,
    /// What made it loud.
    pub trigger: Option<Trigger>,
    /// Its probability.
    pub probability: f64,
}

/// A number with its 95 % interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// Lower bound; equal to the value for a count.
    pub lower: f64,
    /// Upper bound; equal to the value for a count.
    pub upper: f64,
    /// The unit: `1` for ratios and probabilities, `attempts`, `h`, ...
    pub unit: &'static str,
}

impl Estimate {
    /// A count, which has no interval.
    pub fn count(value: usize, unit: &'static str) -> Self {
        Self { value: value as f64, lower: value as f64, upper: value as f64, unit }
    }

    /// An estimate with its interval.
    pub fn interval(value: f64, lower: f64, upper: f64, unit: &'static str) -> Self {
        Self { value, lower, upper, unit }
    }
}

/// The kinds of evidence, each with the numbers it carries (the keys of [`Evidence::numbers`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceKind {
    /// The signature was there before the change, on hosts that later got it:
    /// `failures_before`, `attempts_before`, `failures_after`, `attempts_after`, `rate_ratio`, `p_chance`, and `load_matched`:
    /// the part of the attempts after it whose load was seen before it; only those are counted.
    Alibi,
    /// Hosts with the change against hosts without it, in the same span:
    /// `failures_exposed`, `attempts_exposed`, `failures_unexposed`, `attempts_unexposed`, `odds_ratio`;
    /// `difference_in_differences`: by how much more the share rose there than on hosts that never got it.
    Exposure,
    /// The share of failures grows with load: `odds_ratio_per_doubling`, `share_low_load`, `share_high_load`, `load_visited_before`.
    DoseResponse,
    /// The same user's next try after an incomplete close fails, and after a clean one not:
    /// `failures_after_incomplete`, `n_after_incomplete`, `failures_after_clean`, `n_after_clean`, `odds_ratio`.
    Mechanism,
    /// Failures stop where and when a remedy came:
    /// `failures_before`, `attempts_before`, `failures_after`, `attempts_after`, `rate_ratio`, `hosts_first` (canaries);
    /// and of hosts that had to wait: `failures_waiting_before`, `attempts_waiting_before`, `failures_waiting`, `attempts_waiting`,
    /// against `failures_patched_meanwhile`, `attempts_patched_meanwhile`.
    Recovery,
    /// No failure of this kind before, and then soon after: `hours_to_first_failure`, `failures_before`, `attempts_before`.
    Precedence,
    /// The change moved to other times or other hosts explains as well: `rank_p`, `n_placebos`.
    Placebo,
    /// What the change cannot have touched, failures that are people's own fault, before it and after it:
    /// `failures_before`, `attempts_before`, `failures_after`, `attempts_after`, `rate_ratio`.
    NegativeControl,
    /// Failures sit on one host or one account: `failures_here`, `attempts_here`, `failures_elsewhere`, `attempts_elsewhere`, `odds_ratio`.
    Concentration,
    /// All hosts begin and end together: `n_hosts_affected`, `n_hosts`, `spread_of_onset`.
    Simultaneity,
    /// The failure itself names a component's version: `failures_naming_version`, `failures_naming_any`.
    VersionNamed,
    /// The same hours recur: `n_recurrences`, `n_expected`.
    Recurrence,
    /// A message that no rule knows became more frequent with the incident; `names` holds the id of its template:
    /// `messages_before`, `messages_during`, `hours_before`, `hours_during`, `rate_ratio` (of minutes with the message).
    MessageAppeared,
    /// How much better or worse this hypothesis explains all attempts than the next one: `log_bayes_factor`.
    Likelihood,
}

/// One piece of evidence for or against one cause.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// The kind; it says which numbers there are.
    pub kind: EvidenceKind,
    /// The change it is about; `None` for causes that are no change.
    pub about: Option<String>,
    /// The kind of cause it is about.
    pub cause: CauseKind,
    /// How much it weighs: the natural logarithm of a likelihood ratio; positive speaks for, negative against.
    pub weight: f64,
    /// Its numbers, by name.
    pub numbers: BTreeMap<&'static str, Estimate>,
    /// Hosts or accounts that it names.
    pub names: Vec<Name>,
    /// Some of the records behind it, at most twenty.
    pub records: Vec<Provenance>,
}

/// What was said of one change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is the root cause.
    RootCause,
    /// It acts together with the root cause.
    Contributing,
    /// It is innocent of this incident.
    Acquitted,
    /// It ended the incident.
    Remedy,
    /// The logs allow neither blame nor acquittal.
    Unproven,
}

/// Why a change got its verdict; the report has the words.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// Failures of this signature began before the change: how many there were before it.
    FailuresBefore {
        /// Failures before it came into force on any host.
        n_failures: usize,
        /// The first of them.
        first_at: Timestamp,
    },
    /// It came after the incident had begun.
    AfterOnset,
    /// It came after the incident was over.
    AfterEnd,
    /// Hosts without it failed as much as hosts with it.
    UnexposedFailToo {
        /// Failures on hosts without it, within the incident.
        n_failures: usize,
        /// Hosts without it that failed.
        hosts: Vec<Name>,
    },
    /// Hosts with it did not fail.
    ExposedDoNotFail {
        /// Hosts with it that did not fail.
        hosts: Vec<Name>,
    },
    /// Another cause explains the failures far better: its probability.
    BetterExplained {
        /// That cause.
        by: Candidate,
    },
    /// The failures follow it on the hosts that got it.
    FailuresFollowExposure,
    /// The failures grow with load where it is, and only there.
    GrowsWithLoadWhereExposed,
    /// Users whose session did not close are the ones who fail, where it is.
    BlockedUsers,
    /// Failures stopped where and when it came.
    FailuresStop,
    /// It cannot be told from these other changes.
    NotSeparable {
        /// Their ids.
        from: Vec<String>,
    },
    /// The only log that shows the failures began with it, at this moment: they may be older.
    UnseenBefore {
        /// When that log began.
        since: Timestamp,
    },
    /// There is no incident.
    NoIncident,
    /// Too few attempts after it to tell.
    TooFewAttempts,
}

/// The verdict on one change for one incident.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeVerdict {
    /// The change.
    pub change_id: String,
    /// The incident; `None` if there is none.
    pub incident: Option<String>,
    /// The verdict.
    pub verdict: Verdict,
    /// The probability that it is the root cause.
    pub probability: f64,
    /// Why, the weightiest first.
    pub reasons: Vec<Reason>,
}

/// What ended an incident.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Remedy {
    /// The change; `None` without a remedy.
    pub change_id: Option<String>,
    /// How sure.
    pub probability: f64,
    /// Hosts that got it before the others.
    pub canaries: Vec<Name>,
}

/// Why no cause is named, and what would have told.
#[derive(Clone, Debug, PartialEq)]
pub struct Abstention {
    /// Whether the first two are too close, rather than the first too unlikely.
    pub is_tie: bool,
    /// The only log that shows the failures began here, and the likeliest cause with it: whether the failures are older,
    /// nobody can say.
    pub unseen_before: Option<Timestamp>,
    /// Logs that would have told: channel or dataset, and the host where it matters.
    pub would_have_told: Vec<(Name, Option<Name>)>,
}

/// One span in which people could not connect.
#[derive(Clone, Debug, PartialEq)]
pub struct Incident {
    /// `inc-1` is the one with the greatest impact.
    pub id: String,
    /// Its signatures, the commonest first.
    pub signatures: Vec<Name>,
    /// The first failure that belongs to it; for a latent fault weeks earlier.
    pub first_case_at: Timestamp,
    /// The onset of the rise that people noticed.
    pub started_at: Timestamp,
    /// Where the onset lies with 95 %; `None` where no rise is within the log, or where people named the span.
    pub started_between: Option<TimeRange>,
    /// The hour with the most failures.
    pub peak_at: Timestamp,
    /// From the first to the last hour that may have been the worst, with 95 %.
    pub peaked_between: Option<TimeRange>,
    /// Its end; `None` if it goes on at the end of the log.
    pub ended_at: Option<Timestamp>,
    /// Where the end lies with 95 %; `None` if it goes on.
    pub ended_between: Option<TimeRange>,
    /// Attempts within it, on its hosts.
    pub n_attempts: usize,
    /// Failures within it.
    pub n_failures: usize,
    /// Users who failed.
    pub n_users: usize,
    /// Hosts that failed, the most failures first.
    pub hosts: Vec<Name>,
    /// Ids of the failed attempts that belong to it, by time.
    pub attempts: Vec<u32>,
    /// The cause, or kind unknown where the judge abstains.
    pub root_cause: Candidate,
    /// All causes by falling probability; adds up to 1 and holds one entry of kind unknown.
    pub posterior: Vec<Candidate>,
    /// Why it abstains, if it does.
    pub abstention: Option<Abstention>,
    /// What ended it.
    pub remedy: Remedy,
    /// Evidence, the weightiest first.
    pub evidence: Vec<Evidence>,
}

/// A fault that grows with load, and what it would do at the peak of the coming weeks.
#[derive(Clone, Debug, PartialEq)]
pub struct Latent {
    /// The signature.
    pub signature: Name,
    /// The load of the forecast, in sessions open on a host.
    pub load: f64,
    /// Where that load comes from.
    pub load_from: &'static str,
    /// The share of wishes to connect that it would fail, with its interval: a person's tries of one day, up to the one
    /// that succeeds, are one wish, and it fails if the first of them does.
    pub share: Estimate,
    /// The share that fails with this signature without any cause.
    pub background: f64,
    /// The probability that a fault is at work which grows with load.
    pub probability: f64,
    /// The change behind it, if that is likelier than not.
    pub change_id: Option<String>,
    /// The highest load at which it was seen at work, in parts of the load of the forecast, at most 1.
    pub load_visited: f64,
}

/// Everything the judge says.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Judgement {
    /// Incidents, the greatest impact first.
    pub incidents: Vec<Incident>,
    /// One verdict a change and incident, by change and incident; without incident one a change.
    pub verdicts: Vec<ChangeVerdict>,
    /// Latent faults, by signature.
    pub latent: Vec<Latent>,
    /// What is to be said of the span that the caller asked about.
    pub asked: Option<Asked>,
}

/// A span that people named, with what the logs hold of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The span.
    pub span: TimeRange,
    /// Whether any source covers any of it.
    pub is_covered: bool,
    /// Attempts in it that the service failed.
    pub n_failures: usize,
    /// Attempts in it.
    pub n_attempts: usize,
    /// The share that failed, with its 95 % interval; `None` without attempts.
    pub share: Option<Estimate>,
    /// The same at all other times.
    pub share_elsewhere: Option<Estimate>,
    /// The incidents that meet it.
    pub incidents: Vec<String>,
}
