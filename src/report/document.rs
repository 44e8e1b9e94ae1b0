//! The report as values, before any layout: what `report.json` promises, in the names of the Elastic Common Schema.
//!
//! Every key is always present, null or empty where there is nothing; the only exception is a
//! [`Place`], which carries exactly the number that its source counts by. Readers must accept keys
//! that they do not know: a minor version may add some.
//!
#![doc = include_str!("../docs/json.md")]

use std::collections::BTreeMap;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;

/// The version of the promise. The first number changes when a key is renamed, removed or changes its meaning.
pub const SCHEMA_VERSION: &str = "1.0";

/// One whole report.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Document {
    /// The version of this promise.
    pub schema_version: String,
    /// What made the report.
    pub tool: Tool,
    /// Options that differ from their defaults, by name.
    pub options: BTreeMap<String, String>,
    /// Which names were replaced by pseudonyms in the whole report; null if none were to be.
    pub redaction: Option<RedactionSection>,
    /// The sources that were read, by path.
    pub inputs: Vec<InputFile>,
    /// The time that the connection logs cover.
    pub window: Span,
    /// All attempts of the window.
    pub attempts: AttemptsSection,
    /// What the logs hold of the span that `--incident` named; null if none was named.
    pub asked: Option<AskedSection>,
    /// Incidents, the greatest impact first; empty for a quiet period.
    pub incidents: Vec<IncidentSection>,
    /// Changes found, by first time.
    pub changes: Vec<ChangeSection>,
    /// When hosts had unlike versions of a component for half a day or longer, by component and time.
    pub versions: Vec<VersionSection>,
    /// Faults that grow with load, with what they would do at the highest load.
    pub latent: Vec<LatentSection>,
    /// How long the phases of logons take, by host and phase.
    pub logon_phases: Vec<LogonPhaseSection>,
    /// Connections that are no person's attempt, by host.
    pub aside: Vec<AsideSection>,
    /// The signatures that this report names, by id.
    pub signatures: Vec<SignatureSection>,
    /// Signatures that always come together, the most frequent first.
    pub symptom_chains: Vec<SymptomChainSection>,
    /// What the sources cover, by host and source.
    pub coverage: Vec<CoverageSection>,
    /// How far clocks are apart and when they were set, by host and source. Nothing was moved by it.
    pub clocks: Vec<ClockSection>,
    /// How counters of sessions agree with begins and ends, by host; empty where only one of them is known.
    pub load_checks: Vec<LoadCheckSection>,
    /// Defects of the input, by code.
    pub diagnostics: Vec<DiagnosticSection>,
}

/// What made the report.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Tool {
    /// Always `causeline`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Names that were replaced.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RedactionSection {
    /// `users`, `hosts`, `addresses`.
    pub classes: Vec<String>,
    /// Whether a key made the pseudonyms, so that those of two reports with the same key compare.
    pub is_keyed: bool,
    /// It in words.
    pub statement: String,
}

/// One source that was read, with its balance: `n_records = n_kept + n_irrelevant + n_damaged`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct InputFile {
    /// The path, relative to the path given and beginning with its name; members of archives behind `!`.
    #[serde(rename = "log.file.path")]
    pub path: String,
    /// Size after decompression.
    pub bytes: u64,
    /// SHA-256 after decompression, lower-case hexadecimal.
    pub sha256: String,
    /// The format, or `unknown`.
    pub format: String,
    /// Records in all.
    pub n_records: u64,
    /// Records that became events, changes or samples.
    pub n_kept: u64,
    /// Sound records that the question does not need.
    pub n_irrelevant: u64,
    /// Records that could not be understood.
    pub n_damaged: u64,
}

/// Attempts to connect, in numbers. Those whose end no log covers are left out.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AttemptsSection {
    /// Attempts.
    pub n_attempts: u64,
    /// Attempts that the service failed: a wrong password is no failure of the service.
    pub n_failures: u64,
    /// Distinct users who tried.
    pub n_users: u64,
    /// Distinct users whom the service failed.
    pub n_users_failed: u64,
}

/// A span that people named.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AskedSection {
    /// Its begin.
    pub start: String,
    /// Its end.
    pub end: String,
    /// Whether any source covers any of it.
    pub is_covered: bool,
    /// Attempts in it.
    pub n_attempts: u64,
    /// Attempts in it that the service failed.
    pub n_failures: u64,
    /// The share that failed; null without attempts.
    pub share: Option<Quantity>,
    /// The share that failed at all other times; null without attempts.
    pub share_elsewhere: Option<Quantity>,
    /// The incidents that meet it.
    pub incidents: Vec<String>,
    /// It in words.
    pub statement: String,
}

/// A half-open span of time.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Span {
    /// Begin, RFC 3339 in UTC; null if there is none.
    pub start: Option<String>,
    /// End, RFC 3339 in UTC; null if there is none.
    pub end: Option<String>,
}

/// One record of one source.
///
/// Exactly one of `record`, `line` and `offset` is present, by what the source counts; none where a
/// whole file is meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Place {
    /// The path of the source.
    #[serde(rename = "log.file.path")]
    pub path: String,
    /// The number that the record carries itself (`EventRecordID`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<u64>,
    /// The line, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The byte, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
}

/// One span in which people could not connect.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct IncidentSection {
    /// `inc-1` has the greatest impact.
    pub id: String,
    /// The finding in one sentence.
    pub title: String,
    /// The first failure that belongs to it; for a latent fault weeks before the onset.
    pub first_case_at: String,
    /// The onset of the rise that people noticed.
    pub started_at: String,
    /// Where the onset lies; null where the logs hold no rise, or where people named the span.
    pub started_between: Option<Between>,
    /// The hour with the most failures.
    pub peak_at: String,
    /// From the first to the last hour that may have been the worst.
    pub peaked_between: Option<Between>,
    /// Its end; null if it goes on at the end of the logs.
    pub ended_at: Option<String>,
    /// Where the end lies; null if it goes on at the end of the logs.
    pub ended_between: Option<Between>,
    /// Its signatures, the commonest first.
    pub signatures: Vec<String>,
    /// Attempts within it.
    pub n_attempts: u64,
    /// Failures within it.
    pub n_failures: u64,
    /// Distinct users who failed.
    pub n_users: u64,
    /// The commonest error codes of its failures, those before its onset among them.
    pub error_codes: Vec<ErrorCodeSection>,
    /// Hosts that failed, the most failures first.
    pub hosts: Vec<String>,
    /// The likeliest cause, or kind `unknown` where the logs cannot tell.
    pub root_cause: CauseSection,
    /// All causes by falling probability; adds up to 1.
    pub posterior: Vec<CauseSection>,
    /// Why no cause is named, and which log would have told; null where one is named.
    pub abstention: Option<AbstentionSection>,
    /// What would refute the finding, in one sentence.
    pub refuted_by: String,
    /// What ended it.
    pub remedy: RemedySection,
    /// Evidence, the weightiest first.
    pub evidence: Vec<EvidenceSection>,
}

/// Two instants between which a moment lies.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Between {
    /// The earlier one.
    pub earliest: String,
    /// The later one.
    pub latest: String,
    /// The probability with which the moment lies between them.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub level: f64,
}

/// An error code of failures.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ErrorCodeSection {
    /// The code as the records have it.
    #[serde(rename = "error.code")]
    pub code: String,
    /// The signature of the failures.
    pub signature: String,
    /// Failed attempts with it.
    pub n: u64,
    /// The kind of code: `ntstatus`, `kerberos`, `win32`, ...; null where it is not known.
    pub kind: Option<String>,
    /// What it means in plain words; null where it is not known.
    pub words: Option<String>,
}

/// The kinds of cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A change; without `change_id` one that no file records.
    Change,
    /// More people than the hosts can serve.
    Capacity,
    /// One host.
    Host,
    /// Something that all hosts depend on.
    Dependency,
    /// Accounts.
    Credentials,
    /// Something that recurs by the clock.
    Schedule,
    /// The logs do not tell.
    Unknown,
}

/// One cause with its probability.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CauseSection {
    /// The kind.
    pub kind: Kind,
    /// The change, where one is recorded.
    pub change_id: Option<String>,
    /// The host, for kind `host`.
    #[serde(rename = "host.name")]
    pub host_name: Option<String>,
    /// The account, for credentials of one account.
    #[serde(rename = "user.name")]
    pub user_name: Option<String>,
    /// What made a latent cause loud: `load`, or null.
    pub trigger: Option<String>,
    /// Its probability.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub probability: f64,
}

/// Why no cause is named.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AbstentionSection {
    /// The reason, in words.
    pub statement: String,
    /// The logs that would have told.
    pub would_have_told: Vec<MissingLog>,
}

/// A log that is not there.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct MissingLog {
    /// The channel of Windows events, or the kind of log.
    pub source: String,
    /// The host, where it matters.
    #[serde(rename = "host.name")]
    pub host_name: Option<String>,
}

/// What ended an incident.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RemedySection {
    /// The change; null without one.
    pub change_id: Option<String>,
    /// How sure.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub probability: f64,
    /// Hosts that got it before the others.
    pub canaries: Vec<String>,
}

/// One piece of evidence.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct EvidenceSection {
    /// Which check it is: `alibi`, `exposure`, `dose-response`, `mechanism`, `recovery`, `precedence`, ...
    pub kind: String,
    /// The change that it is about; null for causes that are no change.
    #[serde(rename = "for")]
    pub about: Option<String>,
    /// The kind of cause that it is about.
    pub cause: Kind,
    /// The natural logarithm of a likelihood ratio: positive speaks for the cause, negative against it.
    pub weight: f64,
    /// It in words.
    pub statement: String,
    /// Its numbers, by name.
    pub numbers: BTreeMap<String, Quantity>,
    /// Some of the records behind it.
    pub records: Vec<Place>,
}

/// A number with its 95 % interval.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Quantity {
    /// The value; null if it is not finite (a ratio to nothing).
    pub value: Option<f64>,
    /// The lower bound; null if there is none.
    pub lower: Option<f64>,
    /// The upper bound; null if there is none.
    pub upper: Option<f64>,
    /// The unit; `1` for ratios and probabilities.
    pub unit: String,
}

/// One change.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ChangeSection {
    /// `chg-1` is the first in time.
    pub id: String,
    /// The component.
    pub component: String,
    /// The version; null if none is named.
    pub version: Option<String>,
    /// `install`, `update`, `remove`, `rollback`, `redeploy`, `configuration` or `restart`.
    pub kind: String,
    /// When the first host got it.
    pub started_at: String,
    /// The hosts with the time at which each got it.
    pub hosts: Vec<HostTime>,
    /// Whether the logs say which hosts got it; if not, `hosts` holds all of them.
    pub hosts_known: bool,
    /// Where it is stated, in lists and in the hosts' own logs.
    pub stated_by: Vec<Place>,
    /// Those of `stated_by` that hosts' own logs wrote when it happened; the others stand in lists.
    pub observed_by: Vec<Place>,
    /// One verdict an incident; without incidents one in all.
    pub verdicts: Vec<VerdictSection>,
}

/// When one host got a change.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct HostTime {
    /// The host.
    #[serde(rename = "host.name")]
    pub host_name: String,
    /// When it was installed.
    pub at: String,
    /// When it came into force: after a restart of the host, where it needs one, or of the service that runs it.
    pub in_force_at: String,
}

/// A time for which hosts had unlike versions of a component.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct VersionSection {
    /// The component.
    pub component: String,
    /// Since when; null from before the log.
    pub from: Option<String>,
    /// The first instant after it; null to the end.
    pub to: Option<String>,
    /// The hosts, each with its version.
    pub hosts: Vec<HostVersion>,
}

/// The version that one host had.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct HostVersion {
    /// The host.
    #[serde(rename = "host.name")]
    pub host_name: String,
    /// The version; null where no log shows one.
    pub version: Option<String>,
}

/// What is said of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VerdictName {
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

/// The verdict on one change for one incident.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct VerdictSection {
    /// The incident; null if there is none.
    pub incident: Option<String>,
    /// The verdict.
    pub verdict: VerdictName,
    /// The probability that this change is the root cause.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub probability: f64,
    /// Why, in words, the weightiest first.
    pub reasons: Vec<String>,
}

/// A fault that grows with load.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LatentSection {
    /// The signature.
    pub signature: String,
    /// What it would do.
    pub forecast: Forecast,
    /// The probability that a fault is at work which grows with load.
    pub probability: f64,
    /// The change behind it, if that is likelier than not; else null.
    pub change_id: Option<String>,
    /// It in words.
    pub statement: String,
}

/// The share of wishes to connect that would fail at a load: a person's tries of one day, up to the one that succeeds,
/// are one wish, and it fails if the first of them does.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Forecast {
    /// Sessions open on a host.
    pub load: f64,
    /// Where that load comes from.
    pub load_from: String,
    /// The share that would fail; null if it cannot be told.
    pub share: Option<f64>,
    /// The lower bound of its 95 % interval.
    pub lower: Option<f64>,
    /// The upper bound of its 95 % interval.
    pub upper: Option<f64>,
    /// The share that fails with this signature without any cause.
    pub background: Option<f64>,
    /// The highest load at which the fault was seen at work, in parts of `load`; below 1 the share is extrapolated.
    pub load_visited: Option<f64>,
}

/// How long one phase of a logon takes on one host.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LogonPhaseSection {
    /// The host.
    #[serde(rename = "host.name")]
    pub host_name: String,
    /// `connect`, `authenticate`, `profile`, `policy` or `shell`.
    pub phase: String,
    /// Logons that show it.
    pub n: u64,
    /// The median.
    pub median: f64,
    /// The 0.9 quantile, interpolated (type 7).
    pub p90: f64,
    /// The 0.99 quantile, interpolated (type 7).
    pub p99: f64,
    /// Always `s`.
    pub unit: String,
    /// The week with the greatest median.
    pub slowest_week: Option<SlowWeek>,
    /// The first week that was slower than all before it; null if none was.
    pub slowdown: Option<SlowdownSection>,
}

/// One week of one phase.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SlowWeek {
    /// Its Monday.
    pub start: String,
    /// Logons that show the phase.
    pub n: u64,
    /// Their median, in seconds.
    pub median: f64,
}

/// A phase that became slower.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SlowdownSection {
    /// The week's Monday.
    pub start: String,
    /// The median of its daily medians, in seconds.
    pub median: f64,
    /// The median of all daily medians before it, in seconds.
    pub median_before: f64,
    /// The p value of the Mann–Whitney test on daily medians, after Holm's correction.
    pub p: f64,
    /// How many comparisons it was corrected for.
    pub n_comparisons: u64,
}

/// Connections to one host that are no person's attempt.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct AsideSection {
    /// The host.
    #[serde(rename = "host.name")]
    pub host_name: String,
    /// By addresses that tried many accounts, or knocked in bulk, and were never let in.
    pub n_scanner: u64,
    /// At a regular rhythm and without an account: health probes.
    pub n_probe: u64,
    /// By accounts that were never let in anywhere, refused by their own fault.
    pub n_stranger: u64,
    /// Of which nothing tells the account.
    pub n_other: u64,
}

/// A pattern of failure.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SignatureSection {
    /// Its id in the catalog.
    pub id: String,
    /// Its name for people.
    pub title: String,
    /// What it means.
    pub meaning: String,
    /// Attempts that the service failed with it, in the whole window.
    pub n_failures: u64,
}

/// Signatures that always come together on a host: one trouble that shows in several records.
///
/// What comes within ten minutes of the same signature is one episode; episodes that begin within five minutes of
/// each other come together.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SymptomChainSection {
    /// The signatures, in the order in which they come if `is_ordered`, else by name. Beside those of
    /// the catalog, witnesses of closes that did not complete (`lsm-45`, `disk-not-detached`, ...).
    pub signatures: Vec<String>,
    /// Whether the order is known.
    pub is_ordered: bool,
    /// Episodes in which the rarest two neighbours came together.
    pub n: u64,
    /// What was found of each two neighbours.
    pub links: Vec<SymptomLinkSection>,
    /// Hosts on which any two neighbours came together, by name.
    pub hosts: Vec<String>,
    /// It in words.
    pub statement: String,
    /// Some of the records, those of two neighbours in turn.
    pub records: Vec<Place>,
}

/// Two neighbours in a chain of symptoms.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SymptomLinkSection {
    /// Episodes of the first, on hosts that show both.
    pub n_first: u64,
    /// Episodes of the second there.
    pub n_second: u64,
    /// Episodes that came together.
    pub n_both: u64,
    /// The share of the first's episodes that the second came with; if the order is known, came after.
    pub followed: Quantity,
    /// The share of the second's episodes that the first came with; if the order is known, came before.
    pub preceded: Quantity,
    /// The median time from the first to the second; negative if the second is the earlier one.
    pub lag: Quantity,
    /// The chance of so many together if both only shared load, hours of the day or days of the week.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub p_chance: f64,
}

/// What one host's sources of one kind cover.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CoverageSection {
    /// The host.
    #[serde(rename = "host.name")]
    pub host_name: String,
    /// The channel of Windows events, else the kind of log.
    pub source: String,
    /// First record.
    pub start: String,
    /// Last record.
    pub end: String,
    /// How its begin is explained: `first-record` (the log's first), `rolled-over` (older records were overwritten),
    /// `cleared`, or `unknown`.
    pub begins: String,
    /// Silences that the source's own rhythm does not explain, and times whose records are missing.
    pub gaps: Vec<GapSection>,
}

/// A time that a source does not cover within its span.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct GapSection {
    /// Begin.
    pub start: String,
    /// End.
    pub end: String,
    /// `silent`, `host-down`, `log-stopped` or `records-missing`.
    pub kind: String,
    /// How many records are left out, by their numbers; null where these are not known. 0: the log has nothing there.
    pub n_missing: Option<u64>,
    /// The records that tell why.
    pub records: Vec<Place>,
}

/// Sessions by a host's counters beside those by its begins and ends.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LoadCheckSection {
    /// The host.
    #[serde(rename = "host.name")]
    pub host_name: String,
    /// The hours that both cover.
    pub n_hours: u64,
    /// Counted over derived sessions, the median over hours.
    pub ratio: Quantity,
    /// Spearman's rank correlation.
    pub correlation: Quantity,
    /// Whether they agree as far as sessions vary within an hour.
    pub agrees: bool,
    /// Which of them the judgement uses: `begins-and-ends`.
    pub used: String,
}

/// One clock: how far it is ahead of another, and when it was set.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ClockSection {
    /// The host; null for a text log that does not name the host that writes it.
    #[serde(rename = "host.name")]
    pub host_name: Option<String>,
    /// The kind of a text log, which may be stamped by a clock or in a zone of its own; null for the host's own clock.
    pub source: Option<String>,
    /// The clock that it is compared with; null if no two logs saw the same events.
    pub against: Option<String>,
    /// How far it is ahead of that clock, in seconds, over the time with the most pairs; null if not known. The interval
    /// holds the delay between the two records of an event as well, which cannot be told from an offset.
    pub offset_seconds: Option<Quantity>,
    /// How much that delay scatters (distance of the quartiles), in seconds; null if the offset is not known.
    pub latency_seconds: Option<f64>,
    /// How many pairs of records agree on the offset.
    pub n_pairs: u64,
    /// `derived`; null if the offset is not known.
    pub how_known: Option<String>,
    /// The clocks between, where no log shows the difference directly: differences add.
    pub through: Vec<String>,
    /// The offset by time: more than one where the clock was set.
    pub spans: Vec<ClockSpan>,
    /// When it was set.
    pub steps: Vec<ClockStepSection>,
}

/// The offset of a clock over a time.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ClockSpan {
    /// The first pair of records.
    pub start: String,
    /// The last pair of records.
    pub end: String,
    /// How far it is ahead, in seconds.
    pub offset_seconds: Quantity,
    /// How many pairs agree.
    pub n_pairs: u64,
}

/// One time that a clock was set.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ClockStepSection {
    /// When, by the clock after it.
    pub at: String,
    /// By how many seconds it was put forward; negative if back.
    pub seconds: f64,
    /// `stated` by an event of the log, or `derived` from records that run backwards or from an offset that changed.
    pub how_known: String,
    /// The records that show it.
    pub records: Vec<Place>,
}

/// Defects of one kind.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DiagnosticSection {
    /// The kind.
    pub code: String,
    /// How many.
    pub count: u64,
    /// In how many sources.
    pub n_sources: u64,
    /// The first place.
    pub first: Place,
    /// What exactly, at the first place.
    pub detail: String,
}

/// Returns the JSON Schema (draft 2020-12) of [`Document`], without remote references.
///
/// Keys that are always present are required. Further keys are allowed, so that a reader written
/// for this version accepts the next minor one.
pub fn schema() -> serde_json::Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    generator.into_root_schema_for::<Document>().to_value()
}
