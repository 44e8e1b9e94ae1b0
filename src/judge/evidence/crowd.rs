//! Where failures crowd together: on a host, on an account, on all hosts at once, at an hour, on a version.

use std::collections::BTreeSet;

use super::super::verdict::{CauseKind, Estimate, Evidence, EvidenceKind};
use super::{Case, finite, two_rates};
use crate::correlate::Class;
use crate::stats::{Table, odds_ratio, quantile};

/// Failures sit on one host.
pub(super) fn host(case: &Case<'_>, host: usize) -> Option<Evidence> {
    concentration(case, CauseKind::Host, case.from.hosts[host].clone(), |place| case.from.tries[place].host == host)
}

/// Failures sit on one account.
pub(super) fn account(case: &Case<'_>, user: usize) -> Option<Evidence> {
    concentration(case, CauseKind::Credentials, case.from.users[user].clone(), |place| {
        case.from.tries[place].user == user
    })
}

fn concentration(
    case: &Case<'_>,
    cause: CauseKind,
    name: crate::model::Name,
    is_here: impl Fn(usize) -> bool,
) -> Option<Evidence> {
    let within = |place: usize| {
        let at_s = case.from.tries[place].at_s;
        at_s >= case.span.0 && at_s <= case.span.1
    };
    let (here, n_here) = case.count(|place| within(place) && is_here(place));
    let (elsewhere, n_elsewhere) = case.count(|place| within(place) && !is_here(place));
    if n_here == 0 {
        return None;
    }
    let table = Table { a: here.len(), b: n_here - here.len(), c: elsewhere.len(), d: n_elsewhere - elsewhere.len() };
    let odds = odds_ratio(table);
    let weight = two_rates(here.len(), n_here, elsewhere.len(), n_elsewhere) * (odds.value - 1.0).signum();
    let mut item = case.about(cause, EvidenceKind::Concentration, weight, &here);
    item.names = vec![name];
    item.numbers.insert("failures_here", Estimate::count(here.len(), "attempts"));
    item.numbers.insert("attempts_here", Estimate::count(n_here, "attempts"));
    item.numbers.insert("failures_elsewhere", Estimate::count(elsewhere.len(), "attempts"));
    item.numbers.insert("attempts_elsewhere", Estimate::count(n_elsewhere, "attempts"));
    item.numbers.insert("odds_ratio", Estimate::interval(odds.value, odds.lower, finite(odds.upper), "1"));
    Some(item)
}

/// All hosts begin and end together.
pub(super) fn simultaneity(case: &Case<'_>) -> Option<Evidence> {
    let n_hosts = case.from.hosts.len();
    let firsts: Vec<f64> = (0..n_hosts)
        .filter_map(|host| case.places.iter().find(|place| case.from.tries[**place].host == host))
        .map(|place| case.from.tries[*place].at_s)
        .collect();
    let spread = (quantile(&firsts, 1.0)? - quantile(&firsts, 0.0)?) / 3600.0;
    // Hosts that began at random within the window would spread this closely with chance (spread / window)^(n − 1).
    let window_h = (case.from.length_s / 3600.0).max(1.0);
    let weight = -((spread.max(0.25) / window_h).ln()) * (firsts.len() as f64 - 1.0);
    let share = firsts.len() as f64 / n_hosts.max(1) as f64;
    let weight = if share >= 0.75 { weight.min(100.0) } else { -weight.min(100.0) * (1.0 - share) };
    let mut item = case.about(CauseKind::Dependency, EvidenceKind::Simultaneity, weight, case.places);
    item.numbers.insert("n_hosts_affected", Estimate::count(firsts.len(), "hosts"));
    item.numbers.insert("n_hosts", Estimate::count(n_hosts, "hosts"));
    item.numbers.insert("spread_of_onset", Estimate::interval(spread, spread, spread, "h"));
    Some(item)
}

/// The same hours recur.
pub(super) fn recurrence(case: &Case<'_>) -> Option<Evidence> {
    let hour = |place: &usize| (case.from.tries[*place].at_s / 3600.0) as i64;
    let mut by_clock = [0_usize; 24];
    for place in case.places {
        by_clock[hour(place).rem_euclid(24) as usize] += 1;
    }
    let top = (0..24).max_by_key(|slot| by_clock[*slot])?;
    let days: BTreeSet<i64> =
        case.places.iter().map(hour).filter(|hour| hour.rem_euclid(24) as usize == top).map(|hour| hour / 24).collect();
    let n_days = (case.from.length_s / 86_400.0).ceil().max(1.0) as usize;
    let (at_hour, n_at_hour) = case.count(|place| hour(&place).rem_euclid(24) as usize == top);
    let (else_k, else_n) = case.count(|place| hour(&place).rem_euclid(24) as usize != top);
    let weight = two_rates(at_hour.len(), n_at_hour, else_k.len(), else_n);
    let mut item = case.about(CauseKind::Schedule, EvidenceKind::Recurrence, weight, &at_hour);
    item.numbers.insert("n_recurrences", Estimate::count(days.len(), "days"));
    item.numbers.insert("n_expected", Estimate::count(n_days, "days"));
    Some(item)
}

/// The failures themselves name the change's component, and its version.
pub(super) fn version_named(case: &Case<'_>, change: usize) -> Option<Evidence> {
    let change_row = &case.from.changes[change];
    let version = change_row.version.as_ref()?;
    let mut with = Vec::new();
    let mut any = 0;
    for place in case.places {
        let Some((name, found)) = &case.from.tries[*place].component else { continue };
        if !change_row.is_of(name) {
            continue;
        }
        any += 1;
        if found.starts_with(&**version) || version.starts_with(&**found) {
            with.push(*place);
        }
    }
    if any == 0 || case.opinion.scene.view.classes.iter().all(|class| *class != Class::Own) {
        return None;
    }
    // Without a link, each failure would name this version or another with even chances.
    let weight = (2.0 * with.len() as f64 - any as f64) * 2.0_f64.ln();
    let mut item = case.about_change(change, EvidenceKind::VersionNamed, weight, &with);
    item.numbers.insert("failures_naming_version", Estimate::count(with.len(), "attempts"));
    item.numbers.insert("failures_naming_any", Estimate::count(any, "attempts"));
    Some(item)
}
