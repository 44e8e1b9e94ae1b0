//! Log-gamma, log-beta, and sums of numbers that are only known by their logarithm.

/// The natural logarithm of the gamma function, for `x > 0`.
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// The natural logarithm of the beta function, for positive arguments.
pub fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}

/// `ln(Σ exp x)`, without overflow; `-∞` for an empty slice.
pub fn log_sum_exp(values: &[f64]) -> f64 {
    let top = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if top == f64::NEG_INFINITY {
        return top;
    }
    top + values.iter().map(|value| (value - top).exp()).sum::<f64>().ln()
}

/// `ln` of the mean of `exp x`; `-∞` for an empty slice.
pub fn log_mean_exp(values: &[f64]) -> f64 {
    if values.is_empty() { f64::NEG_INFINITY } else { log_sum_exp(values) - (values.len() as f64).ln() }
}

/// `ln(exp a + exp b)`.
pub fn log_add_exp(a: f64, b: f64) -> f64 {
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() }
}

/// A number that is not negative to a power; fast for powers that are a small number of quarters.
pub fn power(x: f64, exponent: f64) -> f64 {
    let quarters = exponent * 4.0;
    if quarters.fract() == 0.0 && (0.0..=32.0).contains(&quarters) {
        let quarters = quarters as i32;
        return if quarters % 4 == 0 { x.powi(quarters / 4) } else { x.powi(quarters).sqrt().sqrt() };
    }
    x.powf(exponent)
}

/// Terms that are by so many nats smaller than the greatest are lost in a sum: a double keeps 53 binary digits, and
/// `exp(-37)` is less than half of the last of them.
pub const LOST: f64 = 37.0;

/// A sum of `exp x` that grows one term at a time, and never overflows.
#[derive(Clone, Copy, Debug)]
pub struct LogSum {
    top: f64,
    sum: f64,
}

impl Default for LogSum {
    fn default() -> Self {
        Self { top: f64::NEG_INFINITY, sum: 0.0 }
    }
}

impl LogSum {
    /// Adds `exp(value)`.
    pub fn add(&mut self, value: f64) {
        if value < self.top - LOST || value == f64::NEG_INFINITY {
            return;
        }
        if value <= self.top {
            self.sum += (value - self.top).exp();
        } else {
            self.sum = self.sum * (self.top - value).exp() + 1.0;
            self.top = value;
        }
    }

    /// The logarithm of the sum; `-∞` if nothing was added.
    pub fn ln(self) -> f64 {
        if self.sum > 0.0 { self.top + self.sum.ln() } else { f64::NEG_INFINITY }
    }
}

/// The logarithm of a long product of positive factors, at one multiplication a factor.
#[derive(Clone, Copy, Debug)]
pub struct Product {
    now: f64,
    log: f64,
}

impl Default for Product {
    fn default() -> Self {
        Self { now: 1.0, log: 0.0 }
    }
}

impl Product {
    /// Multiplies it by a factor from `1e-100` to `1e100`.
    pub fn times(&mut self, factor: f64) {
        self.now *= factor;
        if !(1e-200..1e200).contains(&self.now) {
            self.log += self.now.max(1e-300).ln();
            self.now = 1.0;
        }
    }

    /// Multiplies it so many times by a factor.
    pub fn times_power(&mut self, factor: f64, n: u32) {
        // Half to this power is far from the end of the range of numbers, and most are nearer to 1.
        if n <= 64 {
            self.times(factor.powi(n as i32));
        } else {
            self.log += f64::from(n) * factor.ln();
        }
    }

    /// Multiplies it by `1 − p + p exp x`.
    pub fn times_mixture(&mut self, p: f64, x: f64) {
        if x > LOST {
            self.log += p.ln() + x;
        } else {
            self.times(1.0 - p + if x < -LOST { 0.0 } else { p * x.exp() });
        }
    }

    /// The logarithm of the product.
    pub fn ln(self) -> f64 {
        self.log + self.now.max(1e-300).ln()
    }
}

/// Products of many factors, side by side; like [`Product`], but whoever multiplies must also settle.
#[derive(Clone, Copy, Debug)]
pub struct Products<const N: usize> {
    now: [f64; N],
    log: [f64; N],
}

impl<const N: usize> Default for Products<N> {
    fn default() -> Self {
        Self { now: [1.0; N], log: [0.0; N] }
    }
}

impl<const N: usize> Products<N> {
    /// Multiplies each by its factor.
    pub fn times(&mut self, factors: &[f64; N]) {
        for (now, factor) in self.now.iter_mut().zip(factors) {
            *now *= factor;
        }
    }

    /// Puts away what could leave the range of numbers: to be called before factors since the last call multiply to less
    /// than `1e-200` or more than `1e200`.
    pub fn settle(&mut self) {
        for (now, log) in self.now.iter_mut().zip(&mut self.log) {
            if !(1e-60..1e60).contains(now) {
                *log += now.max(1e-300).ln();
                *now = 1.0;
            }
        }
    }

    /// The logarithms of the products.
    pub fn ln(&self) -> [f64; N] {
        std::array::from_fn(|lane| self.log[lane] + self.now[lane].max(1e-300).ln())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// python: `from scipy.special import gammaln, betaln; gammaln([.5, 10, 1234.5]); betaln(2.5, 7)`
    #[test]
    fn log_gamma_and_beta_agree_with_scipy() {
        let table = [(0.5, 0.572_364_942_924_700_1), (10.0, 12.801_827_480_081_469), (1234.5, 7_550.550_901_077_894)];
        for (x, expected) in table {
            assert!((ln_gamma(x) - expected).abs() < 1e-9 * expected.abs().max(1.0), "{x}");
        }
        assert!((ln_beta(2.5, 7.0) - -4.825_399_338_314_249).abs() < 1e-12);
    }

    #[test]
    fn sums_of_exponentials_survive_large_and_missing_terms() {
        assert!((log_sum_exp(&[1000.0, 1000.0]) - (1000.0 + 2.0_f64.ln())).abs() < 1e-12);
        assert!(log_sum_exp(&[]).is_infinite());
        assert!((log_add_exp(f64::NEG_INFINITY, 3.0) - 3.0).abs() < 1e-12);
        let mut sum = LogSum::default();
        for value in [-3.0, 700.0, f64::NEG_INFINITY, 12.0] {
            sum.add(value);
        }
        assert!((sum.ln() - log_sum_exp(&[-3.0, 700.0, 12.0])).abs() < 1e-12);
    }

    #[test]
    fn powers_by_quarters_are_powers() {
        for x in [0.0_f64, 0.05, 0.37, 1.0, 2.9] {
            for exponent in [0.0, 0.25, 0.75, 1.0, 1.5, 3.0, 4.0, 0.3, 11.0] {
                let expected = x.powf(exponent);
                assert!((power(x, exponent) - expected).abs() <= 1e-14 * expected, "{x} {exponent}");
            }
        }
    }

    #[test]
    fn a_product_is_the_sum_of_logarithms() {
        let (mut product, mut expected) = (Product::default(), 0.0);
        for place in 0..3000_u32 {
            let x = f64::from(place % 41) * 4.0 - 80.0;
            product.times(1e3);
            product.times_mixture(0.7, x);
            product.times_power(0.9, place);
            expected += f64::from(place) * 0.9_f64.ln();
            expected += 1e3_f64.ln() + log_add_exp(0.3_f64.ln(), 0.7_f64.ln() + x);
        }
        assert!((product.ln() - expected).abs() < 1e-9 * expected.abs(), "{} {expected}", product.ln());
    }
}
