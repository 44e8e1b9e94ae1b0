//! Negative control: what the change cannot have touched must not have moved with it.

use super::super::verdict::{Estimate, Evidence, EvidenceKind};
use super::{Case, finite, two_rates};
use crate::correlate::Class;
use crate::model::Fault;
use crate::stats::rate_ratio;

/// Failures that are the people's own fault (a mistyped password), before the change and after it, on the hosts that got
/// it.
///
/// If they became more or fewer as well, then who connects, or what is logged, changed at that time, and the same may be
/// behind the incident. `None` where the incident itself is of that kind, or there are none.
pub(super) fn negative_control(case: &Case<'_>, change: usize) -> Option<Evidence> {
    let from = case.from;
    let at = &from.changes[change].at_s;
    let is_own_fault = |place: usize| from.tries[place].fault == Some(Fault::User);
    if case.places.iter().any(|place| is_own_fault(*place)) {
        return None;
    }
    let count = |is_after: bool| {
        let (mut failed, mut n) = (Vec::new(), 0);
        for (place, one) in from.tries.iter().enumerate() {
            let is_told = case.opinion.scene.view.classes[place] != Class::Skipped && one.at_s <= case.span.1;
            // Who was refused by the incident has not been asked for a password: those attempts say nothing here.
            let is_left = case.opinion.scene.view.classes[place] != Class::Own;
            if is_told && is_left && at[one.host].is_finite() && (one.at_s >= at[one.host]) == is_after {
                n += 1;
                if is_own_fault(place) {
                    failed.push(place);
                }
            }
        }
        (failed, n)
    };
    let ((before, n_before), (after, n_after)) = (count(false), count(true));
    if before.len() + after.len() == 0 {
        return None;
    }
    let ratio = rate_ratio(after.len(), n_after as f64, before.len(), n_before as f64)?;
    let has_moved = ratio.lower > 1.0 || ratio.upper < 1.0;
    let weight = if has_moved { -two_rates(after.len(), n_after, before.len(), n_before) } else { 0.0 };
    let mut item = case.about_change(change, EvidenceKind::NegativeControl, weight, &after);
    item.numbers.insert("failures_before", Estimate::count(before.len(), "attempts"));
    item.numbers.insert("attempts_before", Estimate::count(n_before, "attempts"));
    item.numbers.insert("failures_after", Estimate::count(after.len(), "attempts"));
    item.numbers.insert("attempts_after", Estimate::count(n_after, "attempts"));
    item.numbers.insert("rate_ratio", Estimate::interval(ratio.value, ratio.lower, finite(ratio.upper), "1"));
    Some(item)
}
