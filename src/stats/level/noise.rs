//! Levels and lines in autocorrelated, heavy-tailed noise.
//!
//! Noise is autoregressive of second order, begun anew in each segment by its stationary distribution (after Davis,
//! Lee and Rodriguez-Yam 2006), so a segment's cost is a sum of its own and the partition is exact. What drives it is
//! Student's t with four degrees of freedom (Lange, Little and Taylor 1989 recommend them where nothing is known),
//! fitted by expectation and maximisation: each step weighs the values by the present fit, then finds the best
//! partition.

use crate::stats::segment;

/// Degrees of freedom of the noise.
const FREEDOM: f64 = 4.0;
/// Noise is not taken for less than this share of the variance of the whole series: a tenth in standard
/// deviations is what can be told apart by eye in a chart of the series, and less is no change to report.
const LEAST_SHARE: f64 = 0.01;
/// Steps of the fit. It ends by itself after three to five in nearly every series.
const MOST_STEPS: usize = 12;
/// Rounds of weights and scale between two partitions.
const STEPS_OF_SCALE: usize = 3;
/// Steps of the second start before values are weighed.
const STEPS_AT_FULL_WEIGHT: usize = 4;

/// Roots of the noise's autoregression: `(1 − φ B)(1 − ψ B) e = innovation`, `|ψ| ≤ φ < 1`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Autocorrelation {
    phi: f64,
    psi: f64,
}

impl Autocorrelation {
    /// White noise to nearly a random walk (φ), and with it measurement error (ψ below 0) to a smooth curve (ψ near 1).
    pub(super) fn grid() -> impl Iterator<Item = Self> {
        const PHI: [f64; 7] = [0.0, 0.3, 0.6, 0.8, 0.9, 0.95, 0.98];
        const PSI: [f64; 5] = [0.0, -0.5, 0.5, 0.8, 0.95];
        PHI.into_iter()
            .flat_map(|phi| PSI.into_iter().filter(move |psi| psi.abs() <= phi.abs()).map(move |psi| Self { phi, psi }))
    }

    /// Parameters that it estimates.
    fn order(self) -> f64 {
        f64::from(u8::from(self.phi != 0.0) + u8::from(self.psi != 0.0))
    }

    /// Coefficients of the last value and the one before it.
    fn coefficients(self) -> (f64, f64) {
        (self.phi + self.psi, -self.phi * self.psi)
    }

    /// Correlation of neighbours, and variance in units of the innovation's.
    fn stationary(self) -> (f64, f64) {
        let (first, second) = self.coefficients();
        let variance = (1.0 - second) / ((1.0 + second) * ((1.0 - second).powi(2) - first * first));
        (first / (1.0 - second), variance)
    }
}

/// An explanation of a series.
#[derive(Clone, Debug)]
pub(super) struct Fit {
    /// `−2 ln` likelihood and penalties; less is better.
    pub(super) criterion: f64,
    /// First value of each segment but the first.
    pub(super) cuts: Vec<usize>,
}

/// The best fit of one kind of noise, with segments of at least `shortest` values. The series is standardised.
///
/// Expectation and maximisation stops at the first explanation that no single step improves: a jump that the first
/// weights set aside stays aside. So it starts twice, once with every value at full weight until the partition stands.
pub(super) fn fit(series: &[f64], correlation: Autocorrelation, with_slope: bool, shortest: usize) -> Fit {
    let slopes = f64::from(u8::from(with_slope));
    let whitened = Whitened::new(series, correlation, with_slope);
    let length = (series.len() as f64).ln();
    let search = Search {
        // A change counts three times ln n (the leading term of Zhang and Siegmund 2007: its place twice, the new
        // level once), a slope once more; and each segment pays for its beginning.
        penalty: (3.0 + slopes) * length + whitened.beginning,
        fixed: (slopes + correlation.order()) * length + whitened.beginning,
        least: LEAST_SHARE / correlation.stationary().1,
        whitened,
        shortest,
    };
    let [one, other] = [0, STEPS_AT_FULL_WEIGHT].map(|n_steps| search.run(n_steps));
    if other.criterion < one.criterion { other } else { one }
}

/// What stays the same in all steps of a fit.
struct Search {
    whitened: Whitened,
    shortest: usize,
    penalty: f64,
    fixed: f64,
    /// Least variance of innovations.
    least: f64,
}

impl Search {
    fn run(&self, steps_at_full_weight: usize) -> Fit {
        let n = self.whitened.later.len();
        let mut weights = vec![1.0; n];
        let mut cuts = Vec::new();
        let mut residuals = self.whitened.residuals(&self.whitened.sums(&weights), &cuts);
        // The first variance is that of no change at all: few changes first.
        let mut variance = self.variance(&residuals, &weights);
        for _ in 0..steps_at_full_weight {
            cuts = self.partition(&self.whitened.sums(&weights), variance);
            residuals = self.whitened.residuals(&self.whitened.sums(&weights), &cuts);
            variance = self.variance(&residuals, &weights);
        }
        let mut best = Fit { criterion: f64::INFINITY, cuts: Vec::new() };
        for _ in 0..MOST_STEPS {
            for _ in 0..STEPS_OF_SCALE {
                weights = residuals.iter().map(|residual| residual.weight(variance)).collect();
                variance = self.variance(&residuals, &weights);
            }
            let misfit: f64 = residuals.iter().map(|residual| residual.misfit(variance)).sum();
            let criterion = n as f64 * variance.ln() + misfit + self.penalty * cuts.len() as f64 + self.fixed;
            if criterion > best.criterion - 1e-6 {
                break;
            }
            best = Fit { criterion, cuts };
            let sums = self.whitened.sums(&weights);
            cuts = self.partition(&sums, variance);
            residuals = self.whitened.residuals(&sums, &cuts);
        }
        best
    }

    fn variance(&self, residuals: &[Residual], weights: &[f64]) -> f64 {
        let squares = residuals.iter().zip(weights).map(|(residual, weight)| weight * residual.value * residual.value);
        (squares.sum::<f64>() / residuals.len() as f64).max(self.least)
    }

    fn partition(&self, sums: &Sums, variance: f64) -> Vec<usize> {
        let cost = |start, end| sums.line(start, end).rest / variance;
        segment::optimal(self.whitened.later.len(), self.shortest, self.penalty, self.penalty, cost)
    }
}

/// What a fit leaves of a value.
struct Residual {
    value: f64,
    /// One of the first two of a segment: normal, and of full weight, so that weights belong to values and not to segments.
    begins: bool,
}

impl Residual {
    fn weight(&self, variance: f64) -> f64 {
        if self.begins { 1.0 } else { (FREEDOM + 1.0) / (FREEDOM + self.value * self.value / variance) }
    }

    /// `−2 ln` of its density, without constants.
    fn misfit(&self, variance: f64) -> f64 {
        let square = self.value * self.value / variance;
        if self.begins { square } else { (FREEDOM + 1.0) * (square / FREEDOM).ln_1p() }
    }
}

/// One, the value and the time of each place, freed of autocorrelation in three ways: for the first and the
/// second place of a segment, and for any later one.
struct Whitened {
    first: Vec<[f64; 3]>,
    second: Vec<[f64; 3]>,
    later: Vec<[f64; 3]>,
    with_slope: bool,
    /// What a segment's beginning adds to its cost: the logarithm of the variance of its first two values.
    beginning: f64,
}

impl Whitened {
    fn new(series: &[f64], correlation: Autocorrelation, with_slope: bool) -> Self {
        let n = series.len();
        let half = (n.saturating_sub(1) as f64 / 2.0).max(1.0);
        let columns: Vec<[f64; 3]> =
            series.iter().enumerate().map(|(place, value)| [1.0, *value, place as f64 / half - 1.0]).collect();
        let (last, before) = correlation.coefficients();
        let (neighbour, variance) = correlation.stationary();
        let second_variance = variance * (1.0 - neighbour * neighbour);
        let at = |place: usize, back: usize| place.checked_sub(back).map_or([0.0; 3], |place| columns[place]);
        let combine = |place: usize, first: f64, second: f64, scale: f64| -> [f64; 3] {
            let (here, one, two) = (at(place, 0), at(place, 1), at(place, 2));
            std::array::from_fn(|i| (here[i] - first * one[i] - second * two[i]) / scale)
        };
        Self {
            first: (0..n).map(|place| combine(place, 0.0, 0.0, variance.sqrt())).collect(),
            second: (0..n).map(|place| combine(place, neighbour, 0.0, second_variance.sqrt())).collect(),
            later: (0..n).map(|place| combine(place, last, before, 1.0)).collect(),
            with_slope,
            beginning: variance.ln() + second_variance.ln(),
        }
    }

    /// Running sums of products, the later places weighted.
    fn sums(&self, weights: &[f64]) -> Sums {
        let mut running = vec![[0.0; 6]];
        let mut sum = [0.0; 6];
        for (row, weight) in self.later.iter().zip(weights) {
            sum = std::array::from_fn(|i| sum[i] + weight * products(row)[i]);
            running.push(sum);
        }
        let begin = |(first, second): (&[f64; 3], &[f64; 3])| {
            let (first, second) = (products(first), products(second));
            std::array::from_fn(|i| first[i] + second[i])
        };
        // A segment that begins at a place has its second value one further.
        let beginnings = self.first.iter().zip(self.second.iter().skip(1)).map(begin).collect();
        Sums { running, beginnings, with_slope: self.with_slope }
    }

    fn residuals(&self, sums: &Sums, cuts: &[usize]) -> Vec<Residual> {
        let n = self.later.len();
        let mut residuals = Vec::with_capacity(n);
        let bounds = || std::iter::once(0).chain(cuts.iter().copied());
        for (start, end) in bounds().zip(bounds().skip(1).chain(std::iter::once(n))) {
            let line = sums.line(start, end);
            for place in start..end {
                let row = match place - start {
                    0 => &self.first[place],
                    1 => &self.second[place],
                    _ => &self.later[place],
                };
                let value = row[1] - line.level * row[0] - line.slope * row[2];
                residuals.push(Residual { value, begins: place - start < 2 });
            }
        }
        residuals
    }
}

fn products([one, value, time]: &[f64; 3]) -> [f64; 6] {
    [one * one, one * value, value * value, one * time, time * time, time * value]
}

/// Running sums, from which any segment's best line follows in constant time.
struct Sums {
    running: Vec<[f64; 6]>,
    beginnings: Vec<[f64; 6]>,
    with_slope: bool,
}

/// Level and slope of a segment, and the squares that they leave.
struct Line {
    level: f64,
    slope: f64,
    rest: f64,
}

impl Sums {
    /// The least squares of the values from `start` up to, not including, `end`: at least two.
    fn line(&self, start: usize, end: usize) -> Line {
        let (upper, lower, begin) = (&self.running[end], &self.running[start + 2], &self.beginnings[start]);
        let sum = |i: usize| upper[i] - lower[i] + begin[i];
        let (ones, values) = (sum(0), sum(1));
        let mut level = values / ones;
        let mut slope = 0.0;
        let mut rest = sum(2) - values * level;
        if self.with_slope {
            let times = sum(3);
            let spread = sum(4) - times * times / ones;
            let joint = sum(5) - times * values / ones;
            if spread > 1e-12 {
                slope = joint / spread;
                rest -= slope * joint;
                level -= slope * times / ones;
            }
        }
        Line { level, slope, rest: rest.max(0.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// numpy: `S` the covariance of the autoregression with roots .8 and .5, `D` a column of ones (and `linspace(-1, 1, 6)`),
    /// `b = solve(D.T @ inv(S) @ D, D.T @ inv(S) @ x)`, `r = x - D @ b`, `r @ inv(S) @ r`, `slogdet(S)`.
    #[test]
    fn the_likelihood_of_a_segment_is_that_of_numpy() {
        let series = [1.0, 3.0, 2.0, 5.0, 4.0, 6.0];
        let correlation = Autocorrelation { phi: 0.8, psi: 0.5 };
        for (with_slope, rest, slope) in [(false, 27.7, 0.0), (true, 23.443_309_352_518_334, 3.093_525_18)] {
            let whitened = Whitened::new(&series, correlation, with_slope);
            let line = whitened.sums(&[1.0; 6]).line(0, 6);
            assert!((line.rest - rest).abs() < 1e-9 && (line.slope - slope).abs() < 1e-8);
            assert!((line.level - 3.5).abs() < 1e-9);
            assert!((whitened.beginning - 2.330_984_567_515_7).abs() < 1e-9);
            let squares: f64 =
                whitened.residuals(&whitened.sums(&[1.0; 6]), &[]).iter().map(|r| r.value * r.value).sum();
            assert!((squares - rest).abs() < 1e-9);
        }
    }

    #[test]
    fn noise_of_every_kind_is_stationary() {
        assert_eq!(Autocorrelation::grid().count(), 23);
        for correlation in Autocorrelation::grid() {
            let (neighbour, variance) = correlation.stationary();
            assert!(neighbour.abs() < 1.0 && variance >= 1.0, "{correlation:?}");
        }
    }

    /// python: `from scipy.stats import t; 2 * (t(4).logpdf(0) - t(4).logpdf(z))`
    #[test]
    fn values_far_off_weigh_as_students_t_says() {
        for (z, misfit) in [(1.0, 1.115_717_756_571_049), (3.0, 5.893_274_981_708_233), (10.0, 16.290_482_690_107_41)] {
            let residual = Residual { value: 2.0 * z, begins: false };
            assert!((residual.misfit(4.0) - misfit).abs() < 1e-9);
            assert!((residual.weight(4.0) - 5.0 / (4.0 + z * z)).abs() < 1e-12);
            let first = Residual { value: 2.0 * z, begins: true };
            assert!((first.misfit(4.0) - z * z).abs() < 1e-12 && first.weight(4.0) == 1.0);
        }
    }
}
