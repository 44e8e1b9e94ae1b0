//! The chain of one user: does the next attempt after an incomplete close fail, and after a clean one not?

use super::super::verdict::{CauseKind, Estimate, Evidence, EvidenceKind};
use super::{Case, MAX_RECORDS, finite, two_rates};
use crate::correlate::sequels::Step;
use crate::correlate::{Class, MarkState};
use crate::frame::FOLLOW_UP_S;
use crate::stats::{Table, mantel_haenszel};

/// First follow-ups of incomplete closes against those of clean ones, host by host.
///
/// Only closes on hosts that carry the change, if one is named.
pub(super) fn mechanism(case: &Case<'_>, change: Option<usize>) -> Option<Evidence> {
    let from = case.from;
    let view = &case.opinion.scene.view;
    let mut strata = vec![Table::default(); from.hosts.len()];
    let (mut shown, mut names) = (Vec::new(), std::collections::BTreeSet::new());
    for sequel in from.sequels.iter() {
        let Some(tried) = sequel.steps.first().and_then(Step::tried) else { continue };
        let (end, one) = (&from.ends[sequel.end], &from.tries[tried]);
        let counts = one.at_s - end.at_s <= FOLLOW_UP_S
            && view.classes[tried] != Class::Skipped
            && change.is_none_or(|change| from.changes[change].is_on(end.host, end.at_s));
        if !counts {
            continue;
        }
        let table = &mut strata[end.host];
        match (end.mark, view.classes[tried] == Class::Own) {
            (MarkState::Seen, true) => {
                table.a += 1;
                shown.push((end.at_s, end.records.first(), one.records.first()));
                names.insert(one.user);
            }
            (MarkState::Seen, false) => table.b += 1,
            (MarkState::NotSeen, true) => table.c += 1,
            (MarkState::NotSeen, false) => table.d += 1,
            (MarkState::NotObservable, _) => {}
        }
    }
    let sum = |pick: fn(&Table) -> usize| strata.iter().map(pick).sum::<usize>();
    let (a, b, c, d) = (sum(|t| t.a), sum(|t| t.b), sum(|t| t.c), sum(|t| t.d));
    if a + b < 3 || c + d < 10 {
        return None;
    }
    let ratio = mantel_haenszel(&strata)?;
    // The half counts of an odds ratio without events must not decide which way it speaks.
    let more = a as f64 / (a + b) as f64 - c as f64 / (c + d) as f64;
    let weight = two_rates(a, a + b, c, c + d) * more.signum();
    let mut item = match change {
        Some(change) => case.about_change(change, EvidenceKind::Mechanism, weight, &[]),
        None => case.about(CauseKind::Change, EvidenceKind::Mechanism, weight, &[]),
    };
    shown.sort_by(|a, b| a.0.total_cmp(&b.0));
    item.records = shown.iter().flat_map(|(_, end, tried)| end.iter().chain(tried).map(|one| **one)).collect();
    item.records.truncate(MAX_RECORDS);
    item.names = names.into_iter().take(MAX_RECORDS).map(|user| from.users[user].clone()).collect();
    item.numbers.insert("failures_after_incomplete", Estimate::count(a, "attempts"));
    item.numbers.insert("n_after_incomplete", Estimate::count(a + b, "attempts"));
    item.numbers.insert("failures_after_clean", Estimate::count(c, "attempts"));
    item.numbers.insert("n_after_clean", Estimate::count(c + d, "attempts"));
    item.numbers.insert("odds_ratio", Estimate::interval(ratio.value, ratio.lower, finite(ratio.upper), "1"));
    Some(item)
}
