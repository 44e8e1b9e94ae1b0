//! When the share of failures rose and fell, by signature and over all.

use super::Try;
use crate::stats::{Bin, Model, overdispersion, partition};

/// Length of a bin, seconds.
pub const BIN_S: f64 = 3600.0;

/// One stretch with one share of failures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Onset {
    /// The signature; `None` for the sum over all.
    pub signature: Option<usize>,
    /// Its beginning, seconds.
    pub from_s: f64,
    /// Its end, seconds.
    pub to_s: f64,
    /// Share of attempts that failed.
    pub share: f64,
}

/// Splits the fleet's series of every signature, and of their sum.
pub fn onsets(tries: &[Try], n_signatures: usize, length_s: f64) -> Vec<Onset> {
    std::iter::once(None)
        .chain((0..n_signatures).map(Some))
        .flat_map(|signature| {
            let is_own = |one: &Try| one.signature.is_some() && (signature.is_none() || one.signature == signature);
            split(&series(tries, length_s, is_own), signature)
        })
        .collect()
}

/// Hourly counts of those attempts for which `is_event` holds, out of all.
pub fn series(tries: &[Try], length_s: f64, is_event: impl Fn(&Try) -> bool) -> Vec<Bin> {
    let mut bins = vec![Bin::default(); ((length_s / BIN_S).ceil() as usize).max(1)];
    let last = bins.len() - 1;
    for one in tries {
        let bin = &mut bins[((one.at_s / BIN_S).max(0.0) as usize).min(last)];
        bin.n += 1;
        bin.k += usize::from(is_event(one));
    }
    bins
}

/// Splits one series; the penalty is that of a claim, `2 φ ln T`.
pub fn split(bins: &[Bin], signature: Option<usize>) -> Vec<Onset> {
    // Hours without attempts say nothing, and a change inside them cannot be placed: leave them out.
    let places: Vec<usize> = (0..bins.len()).filter(|place| bins[*place].n > 0).collect();
    let told: Vec<Bin> = places.iter().map(|place| bins[*place]).collect();
    if told.iter().all(|bin| bin.k == 0) {
        return Vec::new();
    }
    let n_bins = (told.len() as f64).max(2.0);
    let proposed = partition(&told, Model::Binomial, 1.5 * n_bins.ln());
    let phi = overdispersion(&told, &proposed);
    partition(&told, Model::Binomial, 2.0 * phi * n_bins.ln())
        .into_iter()
        .map(|segment| Onset {
            signature,
            from_s: places[segment.start] as f64 * BIN_S,
            to_s: places.get(segment.end).map_or(bins.len(), |place| *place) as f64 * BIN_S,
            share: segment.share,
        })
        .collect()
}
