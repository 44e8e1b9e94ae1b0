//! Failures out of attempts: all of them, and those of each signature.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Area, Difference, Rate, State, list, word, words};
use crate::stats::{holm, proportion_interval, rate_ratio};

/// Below it a difference is no chance, after correction.
const LEVEL: f64 = 0.05;

/// The total, and each signature that either report knows.
pub(super) fn rates(before: &Value, after: &Value) -> Vec<Difference> {
    let (n_before, n_after) = (n_attempts(before), n_attempts(after));
    if before["attempts"].is_null() || after["attempts"].is_null() {
        return Vec::new();
    }
    let (had, has) = (by_signature(before), by_signature(after));
    let ids: BTreeSet<&str> = had.keys().chain(has.keys()).copied().collect();
    let total = |report: &Value| count(&report["attempts"]["n_failures"]);
    let mut all = vec![(Area::Attempts, "all attempts", total(before), total(after))];
    for id in ids {
        let known = |of: &BTreeMap<&str, u64>| of.get(id).copied().unwrap_or(0);
        // Symptoms that fail nobody stand in reports, too.
        if known(&had) + known(&has) > 0 {
            all.push((Area::Signature, id, known(&had), known(&has)));
        }
    }
    let tests: Vec<(f64, bool)> = all.iter().map(|(_, _, k, l)| test((*k, n_before), (*l, n_after))).collect();
    let corrected = holm(&tests.iter().map(|(p, _)| *p).collect::<Vec<f64>>());
    let told = all.into_iter().zip(tests).zip(corrected);
    told.map(|(((area, name, k, l), (_, is_higher)), p)| {
        let is_real = p < LEVEL;
        let state = match (k, l) {
            (0, 1..) if area == Area::Signature => State::New,
            (1.., 0) if area == Area::Signature => State::Gone,
            _ if is_real && is_higher => State::Worse,
            _ if is_real => State::Better,
            _ => State::Same,
        };
        let (before, after) = (rate(k, n_before), rate(l, n_after));
        Difference {
            area,
            name: name.to_owned(),
            state,
            is_worse: is_real && is_higher,
            before: Some(before),
            after: Some(after),
            p: Some(p),
            statement: words::rates(before, after, p),
        }
    })
    .collect()
}

fn n_attempts(report: &Value) -> u64 {
    count(&report["attempts"]["n_attempts"])
}

/// A count as reports can have; a larger one is none, and could not be added up.
fn count(of: &Value) -> u64 {
    of.as_u64().unwrap_or(0).min(u64::from(u32::MAX))
}

fn by_signature(report: &Value) -> BTreeMap<&str, u64> {
    list(report, "signatures").iter().map(|one| (word(one, "id"), count(&one["n_failures"]))).collect()
}

/// The two-sided chance of such counts at one rate, and whether the second rate is the higher.
fn test((k, n): (u64, u64), (l, m): (u64, u64)) -> (f64, bool) {
    match rate_ratio(l as usize, m as f64, k as usize, n as f64) {
        Some(ratio) => ((2.0 * ratio.p_higher.min(ratio.p_lower)).min(1.0), ratio.p_higher < ratio.p_lower),
        None => (1.0, false),
    }
}

fn rate(k: u64, n: u64) -> Rate {
    let k = k.min(n);
    let (lower, upper) = proportion_interval(k as usize, n as usize);
    // Six digits, as in the reports.
    let shown = |value: f64| (value * 1e6).round() / 1e6;
    let share = (n > 0).then(|| shown(k as f64 / n as f64));
    Rate { n_failures: k, n_attempts: n, share, lower: shown(lower), upper: shown(upper) }
}
