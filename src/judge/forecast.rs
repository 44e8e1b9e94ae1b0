//! What a fault that grows with load would do at the highest load of the record.

use super::incident::Found;
use super::verdict::{Estimate, Latent};
use crate::correlate::Correlation;
use crate::stats::proportion_interval;

/// Loads within this part of the highest one count as the highest.
const NEAR: f64 = 0.8;
/// Fewer attempts at high load than this, and there is no forecast.
const MIN_ATTEMPTS: usize = 20;

/// One forecast a signature of an incident that follows load: the share of attempts that failed near the
/// highest load, where the cause was at work.
pub(crate) fn latent(from: &Correlation, found: &[Found]) -> Vec<Latent> {
    let mut forecasts = Vec::new();
    for one in found.iter().filter(|one| one.is_under_load) {
        let Some(signature) = one.incident.signatures.first() else { continue };
        let at_work: Vec<usize> = (0..one.chances.len()).filter(|place| one.chances[*place] > 0.0).collect();
        let top = at_work.iter().map(|place| from.tries[*place].load).fold(0.0, f64::max);
        let near: Vec<usize> = at_work.into_iter().filter(|place| from.tries[*place].load >= NEAR * top).collect();
        let (n, n_failed) = (near.len(), near.iter().filter(|place| one.places.binary_search(place).is_ok()).count());
        if n < MIN_ATTEMPTS {
            continue;
        }
        let (lower, upper) = proportion_interval(n_failed, n);
        forecasts.push(Latent {
            signature: signature.clone(),
            load: top * from.load.high,
            load_from: "highest in the record",
            share: Estimate::interval(n_failed as f64 / n as f64, lower, upper, "1"),
        });
    }
    forecasts.sort_by(|a, b| a.signature.cmp(&b.signature));
    forecasts.dedup_by(|a, b| a.signature == b.signature);
    forecasts
}
