//! Before and after, with and without: alibi, exposure, precedence.

use std::collections::BTreeSet;

use super::super::verdict::{Estimate, Evidence, EvidenceKind};
use super::{Case, finite, two_rates};
use crate::stats::{Share, Table, difference_in_differences, mantel_haenszel, rate_ratio};

/// Failures count as early if the change is at least this old, seconds: clocks disagree by minutes.
const CLOCK_S: f64 = 600.0;
/// The load of attempts before and after is matched within bins of this width, in units of full load.
const LOAD_BIN: f64 = 0.25;

/// The signature was there before the change, on hosts that later got it; both times at loads that both have seen.
pub(super) fn alibi(case: &Case<'_>, change: usize) -> Option<Evidence> {
    let at = &case.from.changes[change].at_s;
    let bin = |place: usize| (case.from.tries[place].load / LOAD_BIN) as usize;
    let is_before = |place: usize| {
        let one = &case.from.tries[place];
        at[one.host].is_finite() && one.at_s < at[one.host] - CLOCK_S
    };
    let is_after = |place: usize| {
        let one = &case.from.tries[place];
        one.at_s >= at[one.host] && one.at_s <= case.span.1
    };
    let bins = |holds: &dyn Fn(usize) -> bool| -> BTreeSet<usize> {
        (0..case.from.tries.len()).filter(|place| holds(*place)).map(bin).collect()
    };
    let (bins_before, bins_after) = (bins(&is_before), bins(&is_after));
    let (before, n_before) = case.count(|place| is_before(place) && bins_after.contains(&bin(place)));
    let (after, n_after) = case.count(|place| is_after(place) && bins_before.contains(&bin(place)));
    let (_, n_after_any) = case.count(is_after);
    let ratio = rate_ratio(after.len(), n_after as f64, before.len(), n_before as f64)?;
    // How likely are that many failures before, if they came from the background alone?
    let base: f64 = {
        let view = &case.opinion.scene.view;
        (0..case.from.tries.len())
            .filter(|place| is_before(*place) && bins_after.contains(&bin(*place)))
            .map(|place| view.base[place])
            .sum::<f64>()
    };
    let chance = if n_before > 0 { (base / n_before as f64).min(1.0) } else { 0.0 };
    let p_chance = crate::stats::binomial_tail(before.len(), n_before, chance);
    let log_ratio = two_rates(after.len(), n_after, before.len(), n_before);
    let mut item = if !before.is_empty() && p_chance < 0.05 {
        // It was there before, and not by chance: that speaks against the change, also where there was
        // more of it later, for load or time may have made it louder.
        case.about_change(change, EvidenceKind::Alibi, p_chance.max(1e-12).ln(), &before)
    } else {
        case.about_change(change, EvidenceKind::Alibi, log_ratio * (ratio.value - 1.0).signum(), &after)
    };
    item.numbers.insert("failures_before", Estimate::count(before.len(), "attempts"));
    item.numbers.insert("attempts_before", Estimate::count(n_before, "attempts"));
    item.numbers.insert("failures_after", Estimate::count(after.len(), "attempts"));
    item.numbers.insert("attempts_after", Estimate::count(n_after, "attempts"));
    item.numbers.insert("rate_ratio", Estimate::interval(ratio.value, ratio.lower, finite(ratio.upper), "1"));
    item.numbers.insert("p_chance", Estimate::interval(p_chance, p_chance, p_chance, "1"));
    let matched = n_after as f64 / n_after_any.max(1) as f64;
    item.numbers.insert("load_matched", Estimate::interval(matched, matched, matched, "1"));
    Some(item)
}

/// Hosts with the change against hosts without it, in the same spans of six hours.
pub(super) fn exposure(case: &Case<'_>, change: usize) -> Option<Evidence> {
    const STRATUM_S: f64 = 6.0 * 3600.0;
    let view = &case.opinion.scene.view;
    let mut strata: std::collections::BTreeMap<i64, Table> = std::collections::BTreeMap::new();
    let from_s = case.from.changes[change].first_s().max(0.0);
    let mut failed_with = Vec::new();
    for (place, one) in case.from.tries.iter().enumerate() {
        if one.at_s < from_s || one.at_s > case.span.1 || view.classes[place] == crate::correlate::Class::Skipped {
            continue;
        }
        let table = strata.entry((one.at_s / STRATUM_S).floor() as i64).or_default();
        let failed = view.classes[place] == crate::correlate::Class::Own;
        match (case.from.changes[change].is_on(one.host, one.at_s), failed) {
            (true, true) => {
                table.a += 1;
                failed_with.push(place);
            }
            (true, false) => table.b += 1,
            (false, true) => table.c += 1,
            (false, false) => table.d += 1,
        }
    }
    // Only spans with both kinds of hosts contrast them.
    let strata: Vec<Table> = strata.into_values().filter(|t| t.a + t.b > 0 && t.c + t.d > 0).collect();
    let sum = |pick: fn(&Table) -> usize| strata.iter().map(pick).sum::<usize>();
    let (a, b, c, d) = (sum(|t| t.a), sum(|t| t.b), sum(|t| t.c), sum(|t| t.d));
    if c + d < 10 || a + b < 10 || a + c == 0 {
        return None;
    }
    let ratio = mantel_haenszel(&strata)?;
    let weight = two_rates(a, a + b, c, c + d) * (ratio.value - 1.0).signum();
    let mut item = case.about_change(change, EvidenceKind::Exposure, weight, &failed_with);
    item.numbers.insert("failures_exposed", Estimate::count(a, "attempts"));
    item.numbers.insert("attempts_exposed", Estimate::count(a + b, "attempts"));
    item.numbers.insert("failures_unexposed", Estimate::count(c, "attempts"));
    item.numbers.insert("attempts_unexposed", Estimate::count(c + d, "attempts"));
    item.numbers.insert("odds_ratio", Estimate::interval(ratio.value, ratio.lower, finite(ratio.upper), "1"));
    if let Some(more) = rose_more(case, change) {
        item.numbers.insert("difference_in_differences", more);
    }
    let with = case.from.changes[change].at_s.iter().enumerate().filter(|(_, at)| **at <= case.span.1);
    item.names = with.map(|(host, _)| case.from.hosts[host].clone()).collect();
    Some(item)
}

/// By how much more the share of failures rose on hosts that got the change than on hosts that never did: what changed
/// for all of them at that time drops out. `None` if all got it, or a side has few attempts.
fn rose_more(case: &Case<'_>, change: usize) -> Option<Estimate> {
    const MIN_ATTEMPTS: usize = 20;
    let got = &case.from.changes[change];
    let first_s = got.first_s();
    let share = |is_reached: bool, is_later: bool| -> Share {
        let (failures, n) = case.count(|place| {
            let one = &case.from.tries[place];
            let at_s = got.at_s[one.host];
            let from_s = if is_reached { at_s } else { first_s };
            (at_s <= case.span.1) == is_reached && (one.at_s >= from_s) == is_later && one.at_s <= case.span.1
        });
        Share { k: failures.len(), n }
    };
    let (reached, others) = ([share(true, false), share(true, true)], [share(false, false), share(false, true)]);
    if reached.iter().chain(&others).any(|one| one.n < MIN_ATTEMPTS) {
        return None;
    }
    let (value, lower, upper) = difference_in_differences(reached, others);
    Some(Estimate::interval(value, lower, upper, "1"))
}

/// No failure of this kind before, and then soon after.
pub(super) fn precedence(case: &Case<'_>, change: usize) -> Option<Evidence> {
    let got = &case.from.changes[change];
    let from_s = got.first_s();
    if from_s < 0.0 || !from_s.is_finite() {
        return None;
    }
    let first = case
        .places
        .iter()
        .copied()
        .find(|place| got.is_on(case.from.tries[*place].host, case.from.tries[*place].at_s))?;
    let one = &case.from.tries[first];
    let hours = (one.at_s - got.at_s[one.host]) / 3600.0;
    let (before, n_before) = case.count(|place| case.from.tries[place].at_s < from_s - CLOCK_S);
    // The share of the window in which a first failure at random would have come so soon.
    let soon = (hours * 3600.0 / case.from.length_s).clamp(1e-4, 1.0);
    let weight = if before.is_empty() { -soon.ln() } else { 0.0 };
    let mut item = case.about_change(change, EvidenceKind::Precedence, weight, &[first]);
    item.numbers.insert("hours_to_first_failure", Estimate::interval(hours, hours, hours, "h"));
    item.numbers.insert("failures_before", Estimate::count(before.len(), "attempts"));
    item.numbers.insert("attempts_before", Estimate::count(n_before, "attempts"));
    Some(item)
}
