//! The weekly review as values, before any layout: what `review.json` promises.
//!
//! Every key is always present, null or empty where there is nothing. Readers must accept keys that they do not know.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;

use crate::report::document::{
    CauseSection, DiagnosticSection, InputFile, LatentSection, Quantity, RedactionSection, RemedySection, Span, Tool,
    VerdictSection,
};

/// The version of the promise. The first number changes when a key is renamed, removed or changes its meaning.
pub const SCHEMA_VERSION: &str = "1.0";

/// The review of one week.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ReviewDocument {
    /// The version of this promise.
    pub schema_version: String,
    /// What made the review.
    pub tool: Tool,
    /// Options that differ from their defaults, by name.
    pub options: BTreeMap<String, String>,
    /// Which names are replaced; null if none are.
    pub redaction: Option<RedactionSection>,
    /// The sources that were read, by path.
    pub inputs: Vec<InputFile>,
    /// The time that the connection logs cover.
    pub window: Span,
    /// The week in one sentence.
    pub headline: String,
    /// The week.
    pub week: WeekSection,
    /// What the logs cover of it.
    pub coverage: WeekCoverageSection,
    /// Connections against the objective.
    pub success: SuccessSection,
    /// Incidents that meet the week, the greatest impact first.
    pub incidents: Vec<WeekIncidentSection>,
    /// Signatures against the weeks before at the same hours of the week.
    pub signatures: MovementsSection,
    /// Changes that reached a host in the week, by time.
    pub changes: Vec<EffectSection>,
    /// Phases of logons that are slower than they were, by phase and host.
    pub slow_logons: Vec<SlowLogonSection>,
    /// Faults that grow with load, with what they would do at the highest load.
    pub latent: Vec<LatentSection>,
    /// Defects of the input, by code.
    pub diagnostics: Vec<DiagnosticSection>,
}

/// One week.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct WeekSection {
    /// Its ISO 8601 name: `2022-W34`.
    pub id: String,
    /// Its Monday.
    pub start: String,
    /// The Monday after it.
    pub end: String,
    /// The zone whose days and hours are meant.
    pub timezone: String,
}

/// What the logs cover of the week.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct WeekCoverageSection {
    /// The covered part of all hours on all hosts.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share: f64,
    /// Whether that is enough to claim anything. If not, `is_met` is null, and no signature is compared.
    pub is_enough: bool,
    /// Each host, by name.
    pub hosts: Vec<HostCoverageSection>,
    /// It in words.
    pub statement: String,
}

/// What the logs cover of the week on one host.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct HostCoverageSection {
    /// The host.
    #[serde(rename = "host.name")]
    pub host_name: String,
    /// The covered part of its hours.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share: f64,
    /// Times that no log covers, to the hour.
    pub missing: Vec<Span>,
}

/// Connections against the objective.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SuccessSection {
    /// The share of connections that should succeed.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub objective: f64,
    /// The whole week.
    pub total: ScoreSection,
    /// Its days, from Monday.
    pub days: Vec<DaySection>,
    /// Its hosts, by name.
    pub hosts: Vec<HostScoreSection>,
    /// The weeks before it that the logs hold, the oldest first.
    pub weeks_before: Vec<WeekBeforeSection>,
    /// People who were refused by their own fault, each once a day; they count neither as success nor as failure.
    pub n_own_fault: u64,
    /// It in words.
    pub statement: String,
}

/// How some wishes to connect fared. A person's tries of one day, up to the one that succeeds, are one wish, and it
/// fails if the first of them does.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ScoreSection {
    /// Wishes.
    pub n_wishes: u64,
    /// Those that failed.
    pub n_failed: u64,
    /// Those of them that no later try of the day fulfilled.
    pub n_shut_out: u64,
    /// The share that succeeded; null without wishes.
    pub success: Option<Quantity>,
    /// How many might fail: the error budget.
    pub budget: f64,
    /// The part of the budget that is burnt, 1 for all of it; null where something failed and nothing might.
    pub burnt: Option<f64>,
    /// Whether the objective is met; null without wishes, or if too little is covered.
    pub is_met: Option<bool>,
    /// Whether a single failure broke the objective, of so few wishes that any would.
    pub is_too_few: bool,
}

/// One day.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DaySection {
    /// The day: `2022-08-22`.
    pub date: String,
    /// How its connections fared.
    pub score: ScoreSection,
}

/// One host.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct HostScoreSection {
    /// The host.
    #[serde(rename = "host.name")]
    pub host_name: String,
    /// How its connections fared.
    pub score: ScoreSection,
}

/// One of the weeks before.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct WeekBeforeSection {
    /// Its ISO 8601 name.
    pub week: String,
    /// The covered part of its hours.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub covered: f64,
    /// How its connections fared.
    pub score: ScoreSection,
}

/// An incident that meets the week. The whole of it: `causeline analyze`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct WeekIncidentSection {
    /// Its id, as in `report.json` of the same logs.
    pub id: String,
    /// The finding in one sentence.
    pub title: String,
    /// The onset of the rise that people noticed.
    pub started_at: String,
    /// Its end; null if it goes on at the end of the logs.
    pub ended_at: Option<String>,
    /// Its signatures, the commonest first.
    pub signatures: Vec<String>,
    /// Attempts within it.
    pub n_attempts: u64,
    /// Failures within it.
    pub n_failures: u64,
    /// Distinct users who failed.
    pub n_users: u64,
    /// Hosts that failed, the most failures first.
    pub hosts: Vec<String>,
    /// The likeliest cause, or kind `unknown` where the logs cannot tell.
    pub root_cause: CauseSection,
    /// What ended it.
    pub remedy: RemedySection,
    /// It in words.
    pub statement: String,
}

/// Signatures against the weeks before.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct MovementsSection {
    /// Whether they are compared: there are weeks before, and enough of the week is covered.
    pub is_compared: bool,
    /// The weeks that they are compared with, the oldest first.
    pub weeks: Vec<String>,
    /// How many were tested.
    pub n_tests: u64,
    /// The chance of even one false alarm in a week in which nothing moved.
    pub level: f64,
    /// How the comparison is made, in words.
    pub method: String,
    /// What moved first, then by cases of the week.
    pub movements: Vec<MovementSection>,
}

/// One signature in the week and before.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct MovementSection {
    /// Its id in the catalog.
    pub signature: String,
    /// Its name for people.
    pub title: String,
    /// What is counted: `people` who failed, each once a day, or `host-hours` in which a symptom is recorded.
    pub counted: String,
    /// Whether it is the users' own fault.
    pub is_own_fault: bool,
    /// `new`, `risen`, `fallen`, `gone`, `unchanged`, `too-few` where no outcome could have been beyond chance, or
    /// `not-compared`.
    pub direction: String,
    /// Whether it was never seen before the week, in the logs at hand.
    pub is_first_seen: bool,
    /// Cases of the week.
    pub n_week: u64,
    /// Those in hours that can be compared.
    pub n_compared: u64,
    /// Cases of the weeks before, in hours that can be compared.
    pub n_before: u64,
    /// How many the week would have at the rates of the weeks before.
    pub expected: f64,
    /// The rate of the week over that of the weeks before; its value is null where there was none before.
    pub ratio: Quantity,
    /// The p value of the two-sided test; 1 where there is none.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub p: f64,
    /// It after Holm's correction.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub p_corrected: f64,
    /// By how much weeks differ beyond chance; counts are divided by it for the test. 1 for chance alone.
    pub dispersion: f64,
    /// The last case before the week; null if there is none.
    pub last_before_at: Option<String>,
    /// Cases by week: those of `weeks`, and this one last.
    pub by_week: Vec<u64>,
    /// It in words.
    pub statement: String,
}

/// Failed wishes out of wishes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ShareSection {
    /// Wishes.
    pub n_wishes: u64,
    /// Those that failed.
    pub n_failed: u64,
}

/// What one change did to the connections of its hosts: a comparison, no verdict.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct EffectSection {
    /// Its id, as in `report.json` of the same logs.
    pub id: String,
    /// The component.
    pub component: String,
    /// The version; null if none is named.
    pub version: Option<String>,
    /// `install`, `update`, `remove`, `rollback`, `redeploy`, `configuration` or `restart`.
    pub kind: String,
    /// When the first host got it.
    pub started_at: String,
    /// Whether that was in the week.
    pub is_first: bool,
    /// The hosts that it reached in the week, by time.
    pub hosts: Vec<String>,
    /// Its hosts in the same hours a week before it.
    pub before: ShareSection,
    /// Its hosts from it on, for a week or to the end of the logs.
    pub after: ShareSection,
    /// The rate of failures after it over that before; null without wishes on a side.
    pub ratio: Option<Quantity>,
    /// Other hosts before it; null if all hosts got it.
    pub elsewhere_before: Option<ShareSection>,
    /// Other hosts after it; null if all hosts got it.
    pub elsewhere_after: Option<ShareSection>,
    /// By how much more the share of failures rose on its hosts than on the others; null if there are none.
    pub beyond_others: Option<Quantity>,
    /// Whether there are too few wishes or failures to tell.
    pub is_too_few: bool,
    /// The judge's verdicts on it, over the whole logs: one an incident, without incidents one in all.
    pub verdicts: Vec<VerdictSection>,
    /// It in words.
    pub statement: String,
}

/// One phase of logons on one host that is slower than it was.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SlowLogonSection {
    /// The host.
    #[serde(rename = "host.name")]
    pub host_name: String,
    /// `connect`, `authenticate`, `profile`, `policy` or `shell`.
    pub phase: String,
    /// Logons of the week that show it.
    pub n: u64,
    /// Their median.
    pub median: f64,
    /// Their 0.9 quantile.
    pub p90: f64,
    /// The median of the week before; null if none shows it.
    pub median_week_before: Option<f64>,
    /// The median of daily medians before it became slower.
    pub median_before: f64,
    /// Always `s`.
    pub unit: String,
    /// The Monday of the week in which it became slower.
    pub slow_since: String,
    /// Whether that is this week.
    pub is_new: bool,
    /// The p value of the Mann–Whitney test on daily medians, after Holm's correction.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub p_corrected: f64,
}

/// Returns the JSON Schema (draft 2020-12) of [`ReviewDocument`], without remote references.
pub fn schema() -> serde_json::Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    generator.into_root_schema_for::<ReviewDocument>().to_value()
}
