//! Two rates against each other, exactly.
//!
//! Given both counts, the first is binomial with a share that depends on the ratio of the rates only:
//! the conditional test of Przyborowski and Wilenski (1940), and the interval that belongs to it.

use super::odds::Z;
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

/// Events out of tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Events.
    pub k: usize,
    /// Tries.
    pub n: usize,
}

/// By how much more a share rose from the first to the second time in one group than in the other, with its 95 %
/// interval: one event and one other outcome added to each share (Agresti and Caffo 2000), which keeps the interval
/// honest where there are few events.
pub fn difference_in_differences(group: [Share; 2], other: [Share; 2]) -> (f64, f64, f64) {
    let share = |one: Share| (one.k as f64 + 1.0) / (one.n as f64 + 2.0);
    let variance = |one: Share| share(one) * (1.0 - share(one)) / (one.n as f64 + 2.0);
    let rise = |of: [Share; 2]| share(of[1]) - share(of[0]);
    let value = rise(group) - rise(other);
    let error = group.iter().chain(&other).map(|one| variance(*one)).sum::<f64>().sqrt();
    (value, value - Z * error, value + Z * error)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// python: `p = [(k+1)/(n+2) for k, n in ((2, 100), (30, 100), (3, 120), (6, 120))]`; `d = p[1]-p[0]-(p[3]-p[2])`;
    /// `s = sum(x*(1-x)/(n+2) for x, n in zip(p, (100, 100, 120, 120)))**.5`; `d, d-1.959963984540054*s, d+1.959963984540054*s`
    #[test]
    fn the_difference_of_differences_is_that_of_the_formula() {
        let share = |k, n| Share { k, n };
        let (value, lower, upper) =
            difference_in_differences([share(2, 100), share(30, 100)], [share(3, 120), share(6, 120)]);
        assert!((value - 0.249_919_639_987_142_37).abs() < 1e-12, "{value}");
        assert!(
            (lower - 0.141_549_867_476_231_83).abs() < 1e-12 && (upper - 0.358_289_412_498_052_9).abs() < 1e-12,
            "{lower} {upper}"
        );
    }

    /// Two groups that both rise by a tenth: at most one interval in twenty, and some, leaves out nought.
    #[test]
    fn what_moves_all_alike_drops_out() {
        let out = (0..400).filter(|seed| {
            let mut random = super::super::Random::new(*seed);
            let mut share = |n: usize, p: f64| Share { k: (0..n).filter(|_| random.unit() < p).count(), n };
            let (group, other) = ([share(150, 0.02), share(80, 0.12)], [share(200, 0.05), share(60, 0.15)]);
            let (_, lower, upper) = difference_in_differences(group, other);
            lower > 0.0 || upper < 0.0
        });
        let out = out.count();
        assert!(out <= 31, "{out} of 400"); // 20 expected, ± 4.4 a deviation
    }

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
