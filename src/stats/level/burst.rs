//! Bursts: a few values far off, after which the series goes on where it was.

use super::BURST;
use crate::stats::quantile;

/// Robust standard deviations from the running median beyond which a value is far off: one normal value in two millions.
const FAR: f64 = 5.0;
/// From the median of sizes to the standard deviation of normal values.
const NORMAL: f64 = 1.4826;

/// The series with the values of bursts replaced by the running median (Hampel's identifier: Pearson 2002).
///
/// A burst comes back: what stands before it and what stands after it agree. Else it may be the edge of a step.
pub(super) fn calmed(series: &[f64]) -> Vec<f64> {
    let n = series.len();
    let middle = |from: usize, to: usize| quantile(&series[from..to.min(n)], 0.5);
    // The median of a window of 2 · BURST + 1 values passes over any burst. Near the ends it is narrower, since a slope
    // there must not look like one, and passes over shorter ones only.
    let reach = |place: usize| BURST.min(place).min(n - 1 - place);
    let around: Vec<f64> =
        (0..n).map(|place| middle(place - reach(place), place + reach(place) + 1).unwrap_or(series[place])).collect();
    let distances: Vec<f64> = series.iter().zip(&around).map(|(value, middle)| (value - middle).abs()).collect();
    let limit = quantile(&distances, 0.5).unwrap_or(0.0) * NORMAL * FAR;
    let mut calm = series.to_vec();
    let mut start = 0;
    while limit > 0.0 && start < n {
        let length = distances[start..].iter().take_while(|distance| **distance > limit).count();
        let end = start + length;
        let (before, after) = (middle(start.saturating_sub(BURST + 1), start), middle(end, end + BURST + 1));
        let comes_back = before.zip(after).is_none_or(|(before, after)| (before - after).abs() <= limit);
        if length <= BURST && comes_back {
            calm[start..end].copy_from_slice(&around[start..end]);
        }
        start = end + 1;
    }
    calm
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_calmed_and_a_step_is_left() {
        let level = |place: usize| (place % 3) as f64;
        let with = |far: std::ops::Range<usize>| -> Vec<f64> {
            (0..60).map(|place| level(place) + if far.contains(&place) { 40.0 } else { 0.0 }).collect()
        };
        for place in [4, 30, 52] {
            let calm = calmed(&with(place..place + BURST));
            assert!(calm.iter().all(|value| *value <= 2.0), "{place}");
        }
        let step = with(30..60);
        assert_eq!(calmed(&step), step);
        let long = with(30..30 + BURST + 3);
        assert_eq!(calmed(&long), long);
        assert!(calmed(&[]).is_empty());
        assert_eq!(calmed(&[7.0, 1.0]), [7.0, 1.0]);
    }
}
