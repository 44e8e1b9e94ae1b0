//! Recovery: failures stop where and when a remedy came, and go on where it has not come yet.

use std::collections::BTreeSet;

use super::super::verdict::{Estimate, Evidence, EvidenceKind};
use super::{Case, finite, two_rates};
use crate::stats::rate_ratio;

/// Fewer attempts on a side than these, and hosts that wait for the remedy are no control.
const MIN_ATTEMPTS: usize = 10;
/// Hosts that got it within two hours got it together.
const WAVE_S: f64 = 7200.0;

/// Before and after the remedy on the hosts that got it; and hosts with it against hosts that had to wait.
///
/// Where the hosts that had to wait recovered as well, and at once, it speaks against the remedy.
pub(super) fn recovery(case: &Case<'_>, remedy: usize) -> Option<Evidence> {
    let got = &case.from.changes[remedy];
    let before_s = case.span.0;
    let (before, n_before) = case.count(|place| {
        let one = &case.from.tries[place];
        got.at_s[one.host].is_finite() && one.at_s >= before_s && one.at_s < got.at_s[one.host]
    });
    let (after, n_after) = case.count(|place| got.is_on(case.from.tries[place].host, case.from.tries[place].at_s));
    let ratio = rate_ratio(after.len(), n_after as f64, before.len(), n_before as f64)?;
    let mut weight = two_rates(after.len(), n_after, before.len(), n_before) * (1.0 - ratio.value).signum();
    let waiting = waiting(case, remedy);
    if let Some(Waiting { before, meanwhile, .. }) = &waiting
        && let Some(own) = rate_ratio(meanwhile.0, meanwhile.1 as f64, before.0, before.1 as f64)
        && own.upper < 1.0
    {
        weight = -two_rates(meanwhile.0, meanwhile.1, before.0, before.1);
    }
    let mut shown = before.clone();
    shown.reverse();
    let mut item = case.about_change(remedy, EvidenceKind::Recovery, weight, &shown);
    let last = got.last_s();
    let canaries: Vec<usize> = (0..got.at_s.len()).filter(|host| got.at_s[*host] < last - WAVE_S).collect();
    item.names = canaries.iter().map(|host| case.from.hosts[*host].clone()).collect();
    item.numbers.insert("failures_before", Estimate::count(before.len(), "attempts"));
    item.numbers.insert("attempts_before", Estimate::count(n_before, "attempts"));
    item.numbers.insert("failures_after", Estimate::count(after.len(), "attempts"));
    item.numbers.insert("attempts_after", Estimate::count(n_after, "attempts"));
    item.numbers.insert("rate_ratio", Estimate::interval(ratio.value, ratio.lower, finite(ratio.upper), "1"));
    item.numbers.insert("hosts_first", Estimate::count(canaries.len(), "hosts"));
    if let Some(Waiting { before, meanwhile, patched }) = waiting {
        for (names, (k, n)) in [
            (["failures_waiting_before", "attempts_waiting_before"], before),
            (["failures_waiting", "attempts_waiting"], meanwhile),
            (["failures_patched_meanwhile", "attempts_patched_meanwhile"], patched),
        ] {
            item.numbers.insert(names[0], Estimate::count(k, "attempts"));
            item.numbers.insert(names[1], Estimate::count(n, "attempts"));
        }
    }
    item.records.extend(got.stated_by.iter().copied());
    item.records.truncate(super::MAX_RECORDS);
    Some(item)
}

/// Failures and attempts, while some hosts had the remedy and others did not.
struct Waiting {
    /// On the hosts that waited, before anybody had it.
    before: (usize, usize),
    /// On the hosts that waited, while others had it.
    meanwhile: (usize, usize),
    /// On the hosts that had it, in the same time.
    patched: (usize, usize),
}

/// `None` if all hosts got it at once, or too few people tried in between.
fn waiting(case: &Case<'_>, remedy: usize) -> Option<Waiting> {
    let got = &case.from.changes[remedy];
    let first_s = got.first_s();
    let to_s = if got.n_hosts() < got.at_s.len() { case.from.length_s } else { got.last_s() };
    // Hosts that never failed have nothing to recover from.
    let failed: BTreeSet<usize> = case.places.iter().map(|place| case.from.tries[*place].host).collect();
    let count = |from_s: f64, to_s: f64, has_it: bool| {
        let (failures, n) = case.count(|place| {
            let one = &case.from.tries[place];
            let is_of_group = if has_it {
                got.is_on(one.host, one.at_s)
            } else {
                got.at_s[one.host] > first_s + WAVE_S && !got.is_on(one.host, one.at_s)
            };
            is_of_group && failed.contains(&one.host) && from_s <= one.at_s && one.at_s < to_s
        });
        (failures.len(), n)
    };
    let found = Waiting {
        before: count(case.span.0, first_s, false),
        meanwhile: count(first_s, to_s, false),
        patched: count(first_s, to_s, true),
    };
    (found.meanwhile.1 >= MIN_ATTEMPTS && found.patched.1 >= MIN_ATTEMPTS).then_some(found)
}
