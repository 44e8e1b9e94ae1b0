//! Dose and response: does the share of failures grow with load?

use super::super::verdict::{CauseKind, Estimate, Evidence, EvidenceKind};
use super::{Case, share, two_rates};
use crate::correlate::Class;
use crate::stats::{Table, odds_ratio, quantile};

/// Attempts below the lower third of loads against attempts above the upper third, where the change is.
pub(super) fn dose_response(case: &Case<'_>, change: Option<usize>) -> Option<Evidence> {
    let view = &case.opinion.scene.view;
    let at_work = |place: usize| {
        let one = &case.from.tries[place];
        view.classes[place] != Class::Skipped
            && one.at_s <= case.span.1
            && change.is_none_or(|change| case.from.changes[change].is_on(one.host, one.at_s))
    };
    let places: Vec<usize> = (0..case.from.tries.len()).filter(|place| at_work(*place)).collect();
    let loads: Vec<f64> = places.iter().map(|place| case.from.tries[*place].load).collect();
    let (low, high) = (quantile(&loads, 1.0 / 3.0)?, quantile(&loads, 2.0 / 3.0)?);
    if high <= low || places.len() < 60 {
        return None;
    }
    let is_own = |place: &usize| view.classes[*place] == Class::Own;
    let part = |holds: &dyn Fn(f64) -> bool| -> (Vec<usize>, usize, f64) {
        let all: Vec<usize> = places.iter().copied().filter(|place| holds(case.from.tries[*place].load)).collect();
        let mean = all.iter().map(|place| case.from.tries[*place].load).sum::<f64>() / all.len().max(1) as f64;
        let n = all.len();
        (all.into_iter().filter(is_own).collect(), n, mean)
    };
    let (k1, n1, load1) = part(&|load| load > high);
    let (k2, n2, load2) = part(&|load| load <= low);
    let doublings = (load1.max(0.02) / load2.max(0.02)).log2().max(0.5);
    let table = Table { a: k1.len(), b: n1 - k1.len(), c: k2.len(), d: n2 - k2.len() };
    let odds = odds_ratio(table);
    let per = |value: f64| (value.ln() / doublings).exp();
    // How much of the load range after was visited before the change came.
    let visited = change.map_or(1.0, |change| {
        let before = case.from.tries.iter().filter(|one| !case.from.changes[change].is_on(one.host, one.at_s));
        let top = before.map(|one| one.load).fold(0.0, f64::max);
        loads.iter().filter(|load| **load <= top).count() as f64 / loads.len() as f64
    });
    let weight = two_rates(k1.len(), n1, k2.len(), n2) * (odds.value - 1.0).signum();
    let mut item = match change {
        Some(change) => case.about_change(change, EvidenceKind::DoseResponse, weight, &k1),
        None => case.about(CauseKind::Capacity, EvidenceKind::DoseResponse, weight, &k1),
    };
    let slope = Estimate::interval(per(odds.value), per(odds.lower), per(odds.upper), "1");
    item.numbers.insert("odds_ratio_per_doubling", slope);
    item.numbers.insert("share_low_load", share(k2.len(), n2));
    item.numbers.insert("share_high_load", share(k1.len(), n1));
    item.numbers.insert("load_visited_before", Estimate::interval(visited, visited, visited, "1"));
    Some(item)
}
