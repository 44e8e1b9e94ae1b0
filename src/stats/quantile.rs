//! Quantiles of a sample.

use super::tail::binomial_tail;

/// The `p` quantile, interpolated between order statistics (Hyndman and Fan's type 7, numpy's default).
///
/// `None` for an empty sample. Values that are no number sort last.
pub fn quantile(values: &[f64], p: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    let place = p.clamp(0.0, 1.0) * last as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    Some(sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64))
}

/// The median and its 95 % interval, which holds whatever the values are distributed like.
///
/// Its bounds are the narrowest two values, as many from below as from above, between which the median lies with
/// that probability (Conover, *Practical Nonparametric Statistics*, 3rd edition, section 3.2). `None` for fewer
/// than six values: they have no such interval.
pub fn median_interval(values: &[f64]) -> Option<(f64, f64, f64)> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    // The value at this place is above the median if at most `place` are below it.
    let is_outside = |place: usize| binomial_tail(n - place, n, 0.5) <= 0.025;
    let place = (0..n / 2).take_while(|place| is_outside(*place)).last()?;
    Some((quantile(&sorted, 0.5)?, sorted[place], sorted[n - 1 - place]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// python: `import numpy; numpy.quantile([5, 1, 9, 3], [.25, .9])`
    #[test]
    fn quantiles_are_those_of_numpy() {
        let sample = [5.0, 1.0, 9.0, 3.0];
        assert!((quantile(&sample, 0.25).unwrap() - 2.5).abs() < 1e-12);
        assert!((quantile(&sample, 0.9).unwrap() - 7.8).abs() < 1e-12);
        assert_eq!(quantile(&[], 0.5), None);
    }

    /// python: `from scipy.stats import binom`; `max(k for k in range(1, n // 2 + 1) if binom.cdf(k - 1, n, .5) <= .025)`
    #[test]
    fn the_interval_of_a_median_is_that_of_order_statistics() {
        for (n, lower) in [(6, 1.0), (8, 1.0), (9, 2.0), (15, 4.0), (100, 40.0)] {
            let values: Vec<f64> = (1..=n).rev().map(f64::from).collect();
            let expected = (f64::from(n + 1) / 2.0, lower, f64::from(n + 1) - lower);
            assert_eq!(median_interval(&values), Some(expected), "{n}");
        }
        assert_eq!(median_interval(&[1.0; 5]), None);
    }
}
