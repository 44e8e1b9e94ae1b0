//! Quantiles of a sample.

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
}
