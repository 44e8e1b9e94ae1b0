//! Whether a host's counters of sessions and its begins and ends tell the same load.

use std::collections::BTreeMap;

use super::HostHour;
use super::clocks::median_interval;
use super::tables::LoadCheck;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::Name;

/// The fewest hours that a comparison rests on: a working day.
const MIN_HOURS: usize = 8;

/// Compares counted and derived sessions by host, over settled hours in which both see at least one session.
///
/// Both are means of the hour, so their ratio is 1 but for sessions that only one of them counts (services, a listener,
/// the console) and for counters that were read at few moments. They disagree where the median ratio is neither 1
/// within its interval nor nearer to 1 than the sessions of an hour vary in themselves.
pub(super) fn checks(load: &BTreeMap<(Name, i64), HostHour>) -> Vec<LoadCheck> {
    let mut by_host: BTreeMap<&Name, Vec<(f64, f64, f64)>> = BTreeMap::new();
    for ((host, _), hour) in load.iter().filter(|(_, hour)| hour.is_settled && hour.sessions_mean > 0.0) {
        if let Some(counted) = hour.sessions_counted.filter(|counted| *counted > 0.0) {
            by_host.entry(host).or_default().push((counted, hour.sessions_mean, hour.sessions_open));
        }
    }
    let enough = by_host.into_iter().filter(|(_, hours)| hours.len() >= MIN_HOURS);
    enough.map(|(host, hours)| check(host.clone(), &hours)).collect()
}

fn check(host: Name, hours: &[(f64, f64, f64)]) -> LoadCheck {
    let mut ratios: Vec<f64> = hours.iter().map(|(counted, mean, _)| counted / mean).collect();
    ratios.sort_by(f64::total_cmp);
    let mut within: Vec<f64> = hours.iter().map(|(_, mean, most)| most / mean).collect();
    within.sort_by(f64::total_cmp);
    let ratio = median_interval(&ratios);
    let within_hour = within[within.len() / 2].max(1.0);
    let is_one = ratio.1 <= 1.0 && 1.0 <= ratio.2;
    let agrees = is_one || (ratio.0 <= within_hour && ratio.0 * within_hour >= 1.0);
    let counted: Vec<f64> = hours.iter().map(|hour| hour.0).collect();
    let mean: Vec<f64> = hours.iter().map(|hour| hour.1).collect();
    let correlation = spearman(&counted, &mean);
    LoadCheck { host, n_hours: hours.len() as u64, ratio, correlation, within_hour, agrees }
}

/// Says where they disagree, and what is used then.
pub(super) fn diagnostics(checks: &[LoadCheck], path_of: impl Fn(&Name) -> String) -> Vec<Diagnostic> {
    let apart = checks.iter().filter(|check| !check.agrees);
    let diagnostics = apart.map(|check| {
        let (ratio, lower, upper) = check.ratio;
        let detail = format!(
            "{}: its counters show {ratio:.2} times ({lower:.2} to {upper:.2}) the sessions that begins and ends give, \
             over {} hours; the judgement uses begins and ends",
            check.host, check.n_hours
        );
        Diagnostic::new(Code::LoadDisagrees, &path_of(&check.host), None, detail)
    });
    diagnostics.collect()
}

/// Spearman's rank correlation with its 95 % interval by Fisher's transformation, with the standard error of Bonett and
/// Wright (Psychometrika 65, 2000): the root of (1 + r²/2) / (n - 3).
fn spearman(one: &[f64], other: &[f64]) -> (f64, f64, f64) {
    let (one, other) = (ranks(one), ranks(other));
    let n = one.len() as f64;
    let middle = f64::midpoint(n, 1.0);
    let product = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| (a - middle) * (b - middle)).sum() };
    let scale = (product(&one, &one) * product(&other, &other)).sqrt();
    if scale <= 0.0 || n <= 3.0 {
        return (0.0, -1.0, 1.0);
    }
    let r = (product(&one, &other) / scale).clamp(-1.0, 1.0);
    // A perfect correlation has no finite transform; the interval is that of the next possible one.
    let z = r.clamp(-1.0 + 1e-9, 1.0 - 1e-9);
    let z = 0.5 * ((1.0 + z) / (1.0 - z)).ln();
    let half = 1.96 * ((1.0 + r * r / 2.0) / (n - 3.0)).sqrt();
    (r, (z - half).tanh().min(r), (z + half).tanh().max(r))
}

/// Ranks from 1, the mean of them for equal values.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    while from < order.len() {
        let equal = order[from..].iter().take_while(|place| values[**place].total_cmp(&values[order[from]]).is_eq());
        let to = from + equal.count();
        for place in &order[from..to] {
            ranks[*place] = (from + to + 1) as f64 / 2.0;
        }
        from = to;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(counted: impl Fn(f64) -> f64) -> LoadCheck {
        let hour = |number: i64| {
            let mean = 5.0 + (number % 17) as f64;
            let row = HostHour {
                sessions_mean: mean,
                sessions_open: mean + 2.0,
                is_settled: true,
                sessions_counted: Some(counted(mean)),
                ..HostHour::default()
            };
            ((Name::from("RDS01"), number), row)
        };
        checks(&(0..60).map(hour).collect()).remove(0)
    }

    #[test]
    fn counters_that_tell_the_same_agree_and_half_or_twice_of_it_does_not() {
        let same = of(|mean| mean);
        assert!(same.agrees && (same.ratio.0 - 1.0).abs() < 1e-9 && same.correlation.0 > 0.999, "{same:?}");
        assert!(of(|mean| mean + 1.0).agrees, "within what the sessions of an hour vary");
        for factor in [0.5, 2.0] {
            let check = of(|mean| mean * factor);
            assert!(!check.agrees && (check.ratio.0 - factor).abs() < 1e-9, "{check:?}");
            let said = diagnostics(&[check], |_| "perf.csv".to_owned());
            assert_eq!((said[0].code, &*said[0].path), (Code::LoadDisagrees, "perf.csv"));
        }
    }

    #[test]
    fn the_correlation_is_that_of_the_ranks() {
        // Pearson's coefficient of the ranks 1 2 3 4 5.5 5.5 and 2 1 4 3 6 5 is 0.869657.
        let (r, lower, upper) = spearman(&[1.0, 2.0, 3.0, 4.0, 5.0, 5.0], &[2.0, 1.0, 4.0, 3.0, 9.0, 7.0]);
        assert!((r - 0.869_657).abs() < 1e-6 && lower < r && r < upper && upper < 1.0, "{r} {lower} {upper}");
        assert_eq!(spearman(&[1.0; 9], &[2.0; 9]), (0.0, -1.0, 1.0));
    }
}
