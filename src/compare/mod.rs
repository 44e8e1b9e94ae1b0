//! Two reports side by side: what is new, gone, better, worse.
//!
//! In: two reports as `report.json` has them. Out: a [`Comparison`]. Works on the promise alone, so reports of other
//! versions compare as well; where a key is missing, nothing is said.
//!
//! Rates are failures out of attempts. Two differ if the conditional test of two rates says so at 5 % after Holm's
//! correction for all signatures and the total. Limit: failures of one trouble come in clusters, which the test takes for
//! independent, so between two weeks of which one had an incident everything that it touched is worse.

mod rates;
mod things;
mod words;

use std::fmt;

use serde::Serialize;
use serde_json::Value;

pub use words::{markdown, text};

/// What happened to one thing from the first report to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Worse.
    Worse,
    /// Only in the second.
    New,
    /// Another verdict, or other gaps: neither better nor worse.
    Changed,
    /// Better.
    Better,
    /// Only in the first.
    Gone,
    /// No difference that could not be chance.
    Same,
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Area {
    /// All attempts.
    Attempts,
    /// Incidents, by leading signature and cause.
    Incident,
    /// Failures of one signature.
    Signature,
    /// Faults that wait for load.
    Latent,
    /// Changes and their verdicts.
    Change,
    /// What the logs cover.
    Coverage,
}

/// A share of attempts with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rate {
    /// Failures.
    pub n_failures: u64,
    /// Attempts.
    pub n_attempts: u64,
    /// The share; null without attempts.
    pub share: Option<f64>,
    /// Its lower bound.
    pub lower: f64,
    /// Its upper bound.
    pub upper: f64,
}

/// One thing in both reports.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// What it is.
    pub area: Area,
    /// Its name: an id of the catalog, a component with its version, a host with its source.
    pub name: String,
    /// What happened to it.
    pub state: State,
    /// Whether it counts as a worsening for a gate.
    pub is_worse: bool,
    /// The rate before, where there is one.
    pub before: Option<Rate>,
    /// The rate after.
    pub after: Option<Rate>,
    /// The chance of such a difference of rates by chance alone, corrected; null where no rates are compared.
    pub p: Option<f64>,
    /// It in words.
    pub statement: String,
}

/// The span of one report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Window {
    /// Its begin; null if there is none.
    pub start: Option<String>,
    /// Its end.
    pub end: Option<String>,
}

/// Two reports side by side.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The window of the first.
    pub before: Window,
    /// The window of the second.
    pub after: Window,
    /// Why the two may not compare: windows of unlike length or that overlap, other hosts, other options, pseudonyms.
    pub notes: Vec<String>,
    /// Whether anything is worse, or new and bad.
    pub is_worse: bool,
    /// Whether both hold attempts, without which nothing can be worse.
    pub has_attempts: bool,
    /// Everything that is in either, by area, state and name.
    pub differences: Vec<Difference>,
}

/// Compares an earlier report with a later one.
pub fn compare(before: &Value, after: &Value) -> Comparison {
    let mut differences = rates::rates(before, after);
    differences.extend(things::incidents(before, after));
    differences.extend(things::latent(before, after));
    differences.extend(things::changes(before, after));
    differences.extend(things::coverage(before, after));
    differences.sort_by(|a, b| (a.area, a.state, &a.name).cmp(&(b.area, b.state, &b.name)));
    let window = |report: &Value| {
        let at = |key: &str| report["window"][key].as_str().map(str::to_owned);
        Window { start: at("start"), end: at("end") }
    };
    let has_attempts = |report: &Value| report["attempts"]["n_attempts"].as_u64().is_some_and(|n| n > 0);
    Comparison {
        before: window(before),
        after: window(after),
        notes: words::notes(before, after),
        is_worse: differences.iter().any(|one| one.is_worse),
        has_attempts: has_attempts(before) && has_attempts(after),
        differences,
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Worse => "worse",
            Self::New => "new",
            Self::Changed => "changed",
            Self::Better => "better",
            Self::Gone => "gone",
            Self::Same => "same",
        })
    }
}

/// The entries of a list; none where there is no list.
fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// A text; empty where there is none.
fn word<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or("")
}

#[cfg(test)]
mod tests;
