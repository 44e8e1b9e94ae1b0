//! Which change ended an incident, if one did.

use super::hypotheses::Cause;
use super::opinion::Opinion;
use super::verdict::Remedy;
use crate::stats::log_sum_exp;

/// Below this probability no remedy is named.
const MIN_PROBABILITY: f64 = 0.5;
/// Hosts that got it at least this much before the last one are canaries, hours.
const CANARY_LEAD_H: f64 = 2.0;

/// The remedy of an incident, whatever its cause: which end carries most of the weight of all explanations.
///
/// A restart that came with the fix competes with it, both being changes. Never above 0.98.
pub(crate) fn remedy(opinion: &Opinion<'_>) -> (Remedy, Option<usize>) {
    let from = opinion.scene.view.from;
    let own: Vec<_> = opinion.explanations.iter().filter(|one| one.cause != Cause::Nothing).collect();
    let total = log_sum_exp(&own.iter().map(|one| one.weight()).collect::<Vec<_>>());
    let mut by_change = vec![Vec::new(); from.changes.len()];
    for one in &own {
        // Marginal weights of the grid before refitting; the refit shifts all points of a shape alike.
        let all: f64 = one.log_likelihood - one.grid_likelihood;
        for (change, weight) in &one.remedies {
            by_change[*change].push(one.log_prior + weight + all);
        }
    }
    let best = by_change
        .iter()
        .enumerate()
        .map(|(change, weights)| (change, (log_sum_exp(weights) - total).exp()))
        .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
    match best {
        Some((change, probability)) if probability >= MIN_PROBABILITY => {
            let at = &from.changes[change].at_s;
            let last = from.changes[change].last_s();
            let canaries = (0..from.hosts.len()).filter(|host| at[*host] < last - CANARY_LEAD_H * 3600.0);
            let remedy = Remedy {
                change_id: Some(from.changes[change].id.clone()),
                probability: probability.min(0.98),
                canaries: canaries.map(|host| from.hosts[host].clone()).collect(),
            };
            (remedy, Some(change))
        }
        _ => (Remedy::default(), None),
    }
}
