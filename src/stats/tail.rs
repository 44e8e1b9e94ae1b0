//! Tails of the binomial and beta distributions, and the exact interval of a share.
//!
//! The incomplete beta function by its continued fraction (modified Lentz); Press and others,
//! *Numerical Recipes*, 3rd edition, section 6.4. The interval is that of Clopper and Pearson (1934).

use super::special::ln_beta;

/// Steps after which the continued fraction has converged for every argument that a log can produce.
const MAX_STEPS: usize = 500;

/// The share of a beta distribution below `x`, with shapes `a` and `b`, both above 0.
pub fn beta_cdf(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front = (a * x.ln() + b * (-x).ln_1p() - ln_beta(a, b)).exp();
    if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(x, a, b) / a
    } else {
        1.0 - front * fraction(1.0 - x, b, a) / b
    }
}

/// The continued fraction of the incomplete beta function.
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    let away_from_zero = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut result = d;
    for step in 1..=MAX_STEPS {
        let m = step as f64;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away_from_zero(1.0 + even * d);
        c = away_from_zero(1.0 + even / c);
        result *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away_from_zero(1.0 + odd * d);
        c = away_from_zero(1.0 + odd / c);
        let change = d * c;
        result *= change;
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    result
}

/// The value below which the share `p` of a beta distribution lies; by bisection to 1e-12.
pub fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if beta_cdf(middle, a, b) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// The probability of at least `k` successes in `n` tries of chance `p`.
pub fn binomial_tail(k: usize, n: usize, p: f64) -> f64 {
    if k == 0 {
        1.0
    } else if k > n {
        0.0
    } else {
        beta_cdf(p, k as f64, (n - k + 1) as f64)
    }
}

/// The exact 95 % interval of a share of which `k` of `n` were seen; 0 to 1 if `n` is 0.
pub fn proportion_interval(k: usize, n: usize) -> (f64, f64) {
    if n == 0 {
        return (0.0, 1.0);
    }
    let lower = if k == 0 { 0.0 } else { beta_quantile(0.025, k as f64, (n - k + 1) as f64) };
    let upper = if k >= n { 1.0 } else { beta_quantile(0.975, (k + 1) as f64, (n - k) as f64) };
    (lower, upper)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// python: `from scipy.stats import beta, binom`;
    /// `beta.cdf(.3, 2, 5); beta.cdf(.999, 300, 2); beta.cdf(1e-4, .5, 900); beta.ppf(.025, 3, 98); binom.sf(6, 40, .1)`
    #[test]
    fn tails_agree_with_scipy() {
        assert!((beta_cdf(0.3, 2.0, 5.0) - 0.579_825).abs() < 1e-9);
        assert!((beta_cdf(0.999, 300.0, 2.0) - 0.962_919_141_802_929).abs() < 1e-9);
        assert!((beta_cdf(1e-4, 0.5, 900.0) - 0.328_591_527_039_254).abs() < 1e-9);
        assert!((beta_quantile(0.025, 3.0, 98.0) - 0.006_229_971_538_306_4).abs() < 1e-9);
        assert!((binomial_tail(7, 40, 0.1) - 0.099_516_423_965_551_2).abs() < 1e-9);
    }

    /// python: `from scipy.stats import binomtest; binomtest(3, 40).proportion_ci()`
    #[test]
    fn the_interval_of_a_share_is_exact() {
        let (lower, upper) = proportion_interval(3, 40);
        assert!((lower - 0.015_742_179_851_041_53).abs() < 1e-8 && (upper - 0.203_864_748_732_899).abs() < 1e-8);
        assert_eq!(proportion_interval(0, 0), (0.0, 1.0));
        assert!(proportion_interval(0, 10).0.abs() < 1e-12);
        assert!((proportion_interval(10, 10).1 - 1.0).abs() < 1e-12);
    }
}
