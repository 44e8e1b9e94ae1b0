//! Things that are in a report or not: incidents, latent faults, changes, sources.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::words::when;
use super::{Area, Difference, State, list, word};

/// The entries of a list by a key; of those with one key the first.
fn keyed<'v>(report: &'v Value, list_name: &str, key: impl Fn(&Value) -> String) -> BTreeMap<String, &'v Value> {
    list(report, list_name).iter().rev().map(|one| (key(one), one)).collect()
}

/// Pairs what has the same key, in the order of keys.
fn paired<'v>(
    had: &BTreeMap<String, &'v Value>,
    has: &BTreeMap<String, &'v Value>,
) -> Vec<(String, Option<&'v Value>, Option<&'v Value>)> {
    let keys: BTreeSet<&String> = had.keys().chain(has.keys()).collect();
    keys.into_iter().map(|key| (key.clone(), had.get(key).copied(), has.get(key).copied())).collect()
}

fn difference(area: Area, name: String, state: State, is_worse: bool, statement: String) -> Difference {
    Difference { area, name, state, is_worse, before: None, after: None, p: None, statement }
}

/// Component and version of the change that caused it, else the kind of cause.
fn cause(report: &Value, incident: &Value) -> String {
    let cause = &incident["root_cause"];
    match cause["change_id"].as_str() {
        Some(id) => {
            list(report, "changes").iter().find(|one| one["id"] == id).map_or_else(|| id.to_owned(), change_name)
        }
        None => match (cause["host.name"].as_str(), cause["user.name"].as_str()) {
            (Some(name), _) | (None, Some(name)) => format!("{} {name}", word(cause, "kind")),
            (None, None) => word(cause, "kind").to_owned(),
        },
    }
}

fn change_name(change: &Value) -> String {
    let (component, version) = (word(change, "component"), word(change, "version"));
    if version.is_empty() || component.contains(version) {
        component.to_owned()
    } else {
        format!("{component} {version}")
    }
}

/// The same incident has the same leading signature and the same cause.
pub(super) fn incidents(before: &Value, after: &Value) -> Vec<Difference> {
    // Ids count by impact and mean nothing in another report.
    let key = |report: &Value, incident: &Value| {
        let signature = incident["signatures"][0].as_str().unwrap_or("failures");
        format!("{signature} by {}", cause(report, incident))
    };
    let told =
        paired(&keyed(before, "incidents", |one| key(before, one)), &keyed(after, "incidents", |one| key(after, one)));
    told.into_iter()
        .map(|(name, had, has)| {
            let impact = |of: &Value| {
                format!(
                    "{} of {} attempts failed, {} users, from {}",
                    of["n_failures"],
                    of["n_attempts"],
                    of["n_users"],
                    when(of, "started_at")
                )
            };
            let (state, statement) = match (had, has) {
                (Some(had), Some(has)) => {
                    let users = |of: &Value| of["n_users"].as_u64().unwrap_or(0);
                    let state = match users(has).cmp(&users(had)) {
                        std::cmp::Ordering::Greater => State::Worse,
                        std::cmp::Ordering::Less => State::Better,
                        std::cmp::Ordering::Equal => State::Same,
                    };
                    (state, format!("{}; before: {}", impact(has), impact(had)))
                }
                (None, Some(has)) => (State::New, impact(has)),
                (had, None) => (State::Gone, had.map(impact).unwrap_or_default()),
            };
            difference(Area::Incident, name, state, matches!(state, State::New | State::Worse), statement)
        })
        .collect()
}

/// A forecast is worse if its interval lies above the other.
pub(super) fn latent(before: &Value, after: &Value) -> Vec<Difference> {
    let key = |one: &Value| word(one, "signature").to_owned();
    let told = paired(&keyed(before, "latent", key), &keyed(after, "latent", key));
    told.into_iter()
        .map(|(name, had, has)| {
            let bound = |of: &Value, key: &str| of["forecast"][key].as_f64();
            let lies_above = |one: &Value, other: &Value| {
                bound(one, "lower").zip(bound(other, "upper")).is_some_and(|(lower, upper)| lower > upper)
            };
            let state = match (had, has) {
                (Some(had), Some(has)) if lies_above(has, had) => State::Worse,
                (Some(had), Some(has)) if lies_above(had, has) => State::Better,
                (Some(_), Some(_)) => State::Same,
                (None, _) => State::New,
                (_, None) => State::Gone,
            };
            let statement = has.or(had).map(|one| word(one, "statement").to_owned()).unwrap_or_default();
            difference(Area::Latent, name, state, matches!(state, State::New | State::Worse), statement)
        })
        .collect()
}

/// Changes and what is said of them. A new one is not bad as such; a guilty one has its incident.
pub(super) fn changes(before: &Value, after: &Value) -> Vec<Difference> {
    let told = paired(&keyed(before, "changes", change_name), &keyed(after, "changes", change_name));
    told.into_iter()
        .map(|(name, had, has)| {
            let verdicts = |change: &Value| {
                let words: BTreeSet<&str> = list(change, "verdicts").iter().map(|said| word(said, "verdict")).collect();
                words.into_iter().collect::<Vec<_>>().join(", ")
            };
            let since = |change: &Value| format!("{}, since {}", verdicts(change), when(change, "started_at"));
            let (state, statement) = match (had, has) {
                (Some(had), Some(has)) if verdicts(had) == verdicts(has) => (State::Same, since(has)),
                (Some(had), Some(has)) => (State::Changed, format!("{}; before: {}", since(has), verdicts(had))),
                (None, Some(has)) => (State::New, since(has)),
                (had, None) => (State::Gone, had.map(since).unwrap_or_default()),
            };
            difference(Area::Change, name, state, false, statement)
        })
        .collect()
}

/// Sources of hosts, and their gaps. A source that is gone is no worsening, but nothing is claimed for it.
pub(super) fn coverage(before: &Value, after: &Value) -> Vec<Difference> {
    let key = |one: &Value| format!("{} {}", word(one, "host.name"), word(one, "source"));
    let told = paired(&keyed(before, "coverage", key), &keyed(after, "coverage", key));
    told.into_iter()
        .map(|(name, had, has)| {
            let n_gaps = |of: &Value| list(of, "gaps").len();
            let span = |of: &Value| format!("{} to {}, {} gaps", when(of, "start"), when(of, "end"), n_gaps(of));
            let (state, statement) = match (had, has) {
                (Some(had), Some(has)) if n_gaps(has) > n_gaps(had) => {
                    (State::Worse, format!("{}; before: {} gaps", span(has), n_gaps(had)))
                }
                (Some(had), Some(has)) if n_gaps(has) < n_gaps(had) => {
                    (State::Better, format!("{}; before: {} gaps", span(has), n_gaps(had)))
                }
                (Some(_), Some(has)) => (State::Same, span(has)),
                (None, Some(has)) => (State::New, span(has)),
                (had, None) => (State::Gone, had.map(span).unwrap_or_default()),
            };
            difference(Area::Coverage, name, state, false, statement)
        })
        .collect()
}
