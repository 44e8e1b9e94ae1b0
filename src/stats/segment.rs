//! When a share changed: exact segmentation of a series of counts.
//!
//! Optimal partitioning (Jackson and others 2005) with pruning (PELT: Killick, Fearnhead and Eckley
//! 2012), which leaves the result exact. The cost of a segment is its negative log likelihood at its
//! own best share, so that a zero in ten tries weighs less than a zero in a thousand. Methods that
//! take shares for Gaussian find changes in nearly every quiet series, and are not offered.

use super::special::ln_beta;

/// One bin of the series: events out of tries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bin {
    /// Events.
    pub k: usize,
    /// Tries; a bin without tries says nothing.
    pub n: usize,
}

/// How counts scatter inside one segment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Model {
    /// Every try on its own.
    Binomial,
    /// Shares of bins scatter around the segment's share, with this intra-bin correlation (above 0, below 1).
    BetaBinomial(f64),
}

/// A stretch of bins with one share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segment {
    /// First bin.
    pub start: usize,
    /// First bin after it.
    pub end: usize,
    /// The share of events in it.
    pub share: f64,
}

/// Splits a series so that cost plus `penalty` a change is least.
///
/// For an onset that is claimed take `2 φ ln T` as penalty, for one that is only proposed `1.5 ln T`
/// (φ overdispersion, T bins). An empty series has no segment.
pub fn partition(bins: &[Bin], model: Model, penalty: f64) -> Vec<Segment> {
    let sums = Sums::new(bins);
    let n = bins.len();
    let mut best = vec![f64::INFINITY; n + 1];
    let mut cut = vec![0; n + 1];
    best[0] = -penalty;
    let mut alive = vec![0_usize];
    for end in 1..=n {
        let mut costs = Vec::with_capacity(alive.len());
        for &start in &alive {
            let cost = best[start] + sums.cost(bins, model, start, end);
            costs.push(cost);
            if cost + penalty < best[end] {
                best[end] = cost + penalty;
                cut[end] = start;
            }
        }
        let limit = best[end];
        let mut kept: Vec<usize> =
            alive.iter().zip(&costs).filter(|(_, cost)| **cost <= limit).map(|(s, _)| *s).collect();
        kept.push(end);
        alive = kept;
    }
    let mut segments = Vec::new();
    let mut end = n;
    while end > 0 {
        let start = cut[end];
        segments.push(Segment { start, end, share: sums.share(start, end) });
        end = start;
    }
    segments.reverse();
    segments
}

/// Running sums of events and tries.
struct Sums {
    k: Vec<f64>,
    n: Vec<f64>,
}

impl Sums {
    fn new(bins: &[Bin]) -> Self {
        let (mut k, mut n) = (vec![0.0], vec![0.0]);
        for (place, bin) in bins.iter().enumerate() {
            k.push(k[place] + bin.k as f64);
            n.push(n[place] + bin.n as f64);
        }
        Self { k, n }
    }

    fn share(&self, start: usize, end: usize) -> f64 {
        let n = self.n[end] - self.n[start];
        if n > 0.0 { (self.k[end] - self.k[start]) / n } else { 0.0 }
    }

    fn cost(&self, bins: &[Bin], model: Model, start: usize, end: usize) -> f64 {
        let share = self.share(start, end);
        match model {
            Model::Binomial => {
                let n = self.n[end] - self.n[start];
                n * (entropy(share) + entropy(1.0 - share))
            }
            Model::BetaBinomial(rho) => {
                let strength = (1.0 - rho) / rho;
                let p = share.clamp(1e-4, 1.0 - 1e-4);
                let (a, b) = (p * strength, (1.0 - p) * strength);
                let likelihood: f64 = bins[start..end]
                    .iter()
                    .filter(|bin| bin.n > 0)
                    .map(|bin| ln_beta(bin.k as f64 + a, bin.n.saturating_sub(bin.k) as f64 + b) - ln_beta(a, b))
                    .sum();
                -likelihood
            }
        }
    }
}

/// `-p ln p`, 0 at 0.
fn entropy(p: f64) -> f64 {
    if p > 0.0 { -p * p.ln() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::super::Random;
    use super::*;

    fn series(random: &mut Random, shares: &[(usize, f64)]) -> Vec<Bin> {
        let mut bins = Vec::new();
        for &(length, share) in shares {
            for _ in 0..length {
                let n = 5 + random.below(10);
                bins.push(Bin { k: (0..n).filter(|_| random.unit() < share).count(), n });
            }
        }
        bins
    }

    #[test]
    fn a_planted_rise_and_fall_are_found_to_the_bin_or_two() {
        let mut random = Random::new(3);
        let bins = series(&mut random, &[(150, 0.01), (30, 0.3), (100, 0.01)]);
        let found = partition(&bins, Model::Binomial, 2.0 * (bins.len() as f64).ln());
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[1].start.abs_diff(150) <= 2 && found[1].end.abs_diff(180) <= 2, "{found:?}");
        let found = partition(&bins, Model::BetaBinomial(0.05), 2.0 * (bins.len() as f64).ln());
        assert_eq!(found.len(), 3, "{found:?}");
    }

    /// The share of quiet series with any change must stay small: 2 ln T was measured at .00 for T = 336.
    #[test]
    fn quiet_series_have_no_change() {
        let quiet = (0..40).filter(|&seed| {
            let bins = series(&mut Random::new(seed), &[(336, 0.02)]);
            partition(&bins, Model::Binomial, 2.0 * 336.0_f64.ln()).len() == 1
        });
        assert!(quiet.count() >= 39);
    }

    #[test]
    fn pruning_leaves_the_result_exact() {
        let mut random = Random::new(8);
        let bins = series(&mut random, &[(20, 0.05), (15, 0.5), (12, 0.2)]);
        let penalty = 3.0;
        let sums = Sums::new(&bins);
        let mut best = vec![-penalty];
        for end in 1..=bins.len() {
            let cost = (0..end)
                .map(|start| best[start] + sums.cost(&bins, Model::Binomial, start, end) + penalty)
                .fold(f64::INFINITY, f64::min);
            best.push(cost);
        }
        let found = partition(&bins, Model::Binomial, penalty);
        let cost: f64 = found.iter().map(|s| sums.cost(&bins, Model::Binomial, s.start, s.end) + penalty).sum();
        assert!((cost - penalty - best[bins.len()]).abs() < 1e-9);
        assert!(partition(&[], Model::Binomial, 1.0).is_empty());
    }
}
