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
    let cuts = optimal(bins.len(), 1, penalty, 0.0, |start, end| sums.cost(bins, model, start, end));
    let starts = std::iter::once(0).chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain(std::iter::once(bins.len()));
    let segments = starts.zip(ends).map(|(start, end)| Segment { start, end, share: sums.share(start, end) });
    segments.filter(|segment| segment.start < segment.end).collect()
}

/// Pearson's statistic by degree of freedom around the shares of some segments, from 1 to 20.
pub fn overdispersion(bins: &[Bin], segments: &[Segment]) -> f64 {
    let (mut chi2, mut n) = (0.0, 0.0);
    for segment in segments {
        let p = segment.share.clamp(1e-3, 1.0 - 1e-3);
        for bin in &bins[segment.start..segment.end] {
            let tries = bin.n as f64;
            if bin.n > 0 {
                chi2 += (bin.k as f64 - tries * p).powi(2) / (tries * p * (1.0 - p));
                n += 1.0;
            }
        }
    }
    let free = n - segments.len() as f64;
    if free > 0.0 { (chi2 / free).clamp(1.0, 20.0) } else { 1.0 }
}

/// The places, rising, that split `n` values into segments of at least `shortest` so that the costs of the segments
/// plus `penalty` a place are least.
///
/// A beginning is given up once it is dearer than the best by more than `slack`. With slack 0 the result is exact if
/// a split never raises the sum of costs; else slack has to cover what a split may raise it by.
pub(super) fn optimal(
    n: usize,
    shortest: usize,
    penalty: f64,
    slack: f64,
    cost: impl Fn(usize, usize) -> f64,
) -> Vec<usize> {
    let mut best = vec![f64::INFINITY; n + 1];
    let mut cut = vec![0; n + 1];
    best[0] = -penalty;
    let mut alive = Vec::new();
    for end in shortest..=n {
        alive.push((end - shortest, 0.0));
        for (start, so_far) in &mut alive {
            *so_far = best[*start] + cost(*start, end);
            if *so_far + penalty < best[end] {
                best[end] = *so_far + penalty;
                cut[end] = *start;
            }
        }
        let limit = best[end] + slack;
        alive.retain(|(_, so_far)| *so_far <= limit);
    }
    let mut cuts = Vec::new();
    let mut end = n;
    while cut[end] > 0 {
        end = cut[end];
        cuts.push(end);
    }
    cuts.reverse();
    cuts
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

    #[test]
    fn no_segment_is_shorter_than_asked_and_none_is_better() {
        let values = [0.0, 0.0, 0.0, 9.0, 0.0, 5.0, 5.0, 6.0, 5.0, 0.0, 1.0];
        let cost = |start: usize, end: usize| {
            let mean = values[start..end].iter().sum::<f64>() / (end - start) as f64;
            values[start..end].iter().map(|value| (value - mean).powi(2)).sum::<f64>()
        };
        let total = |cuts: &[usize]| {
            let bounds: Vec<usize> = [&[0], cuts, &[values.len()]].concat();
            let is_short = bounds.windows(2).any(|pair| pair[1] - pair[0] < 3);
            let sum = bounds.windows(2).map(|pair| cost(pair[0], pair[1])).sum::<f64>() + 4.0 * cuts.len() as f64;
            if is_short { f64::INFINITY } else { sum }
        };
        let mut least = total(&[]);
        for one in 1..values.len() {
            least = least.min(total(&[one]));
            for other in one + 1..values.len() {
                least = least.min(total(&[one, other]));
            }
        }
        let found = optimal(values.len(), 3, 4.0, 4.0, cost);
        assert!((total(&found) - least).abs() < 1e-9, "{found:?}");
        assert!(optimal(2, 3, 4.0, 4.0, cost).is_empty());
    }
}
