//! Two rates against each other, exactly.
//!
//! Given both counts, the first is binomial with a share that depends on the ratio of the rates only:
//! the conditional test of Przyborowski and Wilenski (1940), and the interval that belongs to it.

use super::tail::{binomial_tail, proportion_interval};

/// The ratio of a first rate to a second one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateRatio {
    /// The ratio, with half a count added to both so that it is finite.
    pub value: f64,
    /// Lower bound of the exact 95 % interval.
    pub lower: f64,
    /// Upper bound; infinite if the second count is 0.
    pub upper: f64,
    /// The chance of a first count at least this high if the rates were equal.
    pub p_higher: f64,
    /// The chance of a first count at least this low if the rates were equal.
    pub p_lower: f64,
}

/// Compares `first` events in `first_tries` with `second` events in `second_tries`; `None` without tries on a side.
pub fn rate_ratio(first: usize, first_tries: f64, second: usize, second_tries: f64) -> Option<RateRatio> {
    if first_tries <= 0.0 || second_tries <= 0.0 {
        return None;
    }
    let n = first + second;
    let share = first_tries / (first_tries + second_tries);
    let (low, high) = proportion_interval(first, n);
    let to_ratio = |p: f64| if p >= 1.0 { f64::INFINITY } else { p / (1.0 - p) * second_tries / first_tries };
    Some(RateRatio {
        value: (first as f64 + 0.5) / first_tries / ((second as f64 + 0.5) / second_tries),
        lower: to_ratio(low),
        upper: to_ratio(high),
        p_higher: binomial_tail(first, n, share),
        p_lower: 1.0 - binomial_tail(first + 1, n, share),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// python: `from scipy.stats import binomtest; t = binomtest(12, 15, 100/500); t.proportion_ci(); binom.sf(11, 15, .2)`
    #[test]
    fn the_conditional_test_agrees_with_scipy() {
        let ratio = rate_ratio(12, 100.0, 3, 400.0).unwrap();
        assert!((ratio.p_higher - 1.011_253_248e-6).abs() < 1e-12, "{ratio:?}");
        let (low, high) = (0.519_108_866_193_146_9, 0.956_687_994_894_164);
        assert!((ratio.lower - low / (1.0 - low) * 4.0).abs() < 1e-6);
        assert!((ratio.upper - high / (1.0 - high) * 4.0).abs() < 1e-4);
        assert!(rate_ratio(1, 0.0, 3, 5.0).is_none());
    }
}
