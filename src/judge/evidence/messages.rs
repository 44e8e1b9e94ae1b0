//! Messages that no rule knows and that came with the incident: the same template before it and during it.

use std::collections::BTreeSet;

use super::super::posterior::candidate;
use super::super::verdict::{Estimate, Evidence, EvidenceKind};
use super::{Case, MAX_RECORDS, finite, two_rates};
use crate::correlate::templates::Sighting;
use crate::judge::hypotheses::Cause;
use crate::model::Name;
use crate::stats::rate_ratio;

/// Templates that are shown.
const MAX_TEMPLATES: usize = 3;
/// A message belongs to the incident from so many seconds before its first failure: the cause speaks first.
const LEAD_S: f64 = 900.0;
/// A template in fewer minutes of the incident says nothing.
const MIN_MINUTES: usize = 3;

/// Templates whose rate rose with the incident, the weightiest first. They speak for no cause more than for
/// another; each stands with the likeliest, and says where to read on.
pub(super) fn appeared(case: &Case<'_>, causes: &[(Cause, f64)]) -> Vec<Evidence> {
    let Some((first, probability)) = causes.first() else { return Vec::new() };
    let mut items: Vec<Evidence> = Vec::new();
    for (id, sightings) in &case.from.templates {
        let Some(mut item) = compared(case, id, sightings) else { continue };
        let one = candidate(case.from, case.opinion, *first, *probability);
        (item.cause, item.about) = (one.kind, one.change_id);
        items.push(item);
    }
    items.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    items.truncate(MAX_TEMPLATES);
    items
}

/// One template before and during the incident; `None` if it did not become more frequent.
///
/// Minutes with the message are compared, not messages: an application may repeat one as fast as it can.
fn compared(case: &Case<'_>, id: &Name, sightings: &[Sighting]) -> Option<Evidence> {
    let from_s = (case.span.0 - LEAD_S).max(0.0);
    let before: Vec<&Sighting> = sightings.iter().filter(|one| one.at_s < from_s).collect();
    let during: Vec<&Sighting> =
        sightings.iter().filter(|one| one.at_s >= from_s && one.at_s <= case.span.1 + LEAD_S).collect();
    let minutes =
        |of: &[&Sighting]| of.iter().map(|one| (one.at_s / 60.0).floor() as i64).collect::<BTreeSet<_>>().len();
    let (n_before, n_during) = (minutes(&before), minutes(&during));
    let minutes_before = from_s / 60.0;
    let minutes_during = ((case.span.1 + LEAD_S).min(case.from.length_s) - from_s) / 60.0;
    let ratio = rate_ratio(n_during, minutes_during, n_before, minutes_before)?;
    if n_during < MIN_MINUTES || ratio.lower <= 1.0 {
        return None;
    }
    let whole = |minutes: f64, n: usize| (minutes.ceil() as usize).max(n);
    let weight = two_rates(n_during, whole(minutes_during, n_during), n_before, whole(minutes_before, n_before));
    let mut item = case.about(super::CauseKind::Unknown, EvidenceKind::MessageAppeared, weight.min(100.0), &[]);
    item.names = vec![Name::clone(id)];
    item.records = during.iter().take(MAX_RECORDS).map(|one| one.record).collect();
    let hours = |minutes: f64| Estimate::interval(minutes / 60.0, minutes / 60.0, minutes / 60.0, "h");
    item.numbers.insert("minutes_before", Estimate::count(n_before, "minutes"));
    item.numbers.insert("minutes_during", Estimate::count(n_during, "minutes"));
    item.numbers.insert("hours_before", hours(minutes_before));
    item.numbers.insert("hours_during", hours(minutes_during));
    item.numbers.insert("rate_ratio", Estimate::interval(ratio.value, ratio.lower, finite(ratio.upper), "1"));
    Some(item)
}
