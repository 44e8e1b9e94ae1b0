//! A rhythm in a series: the same shape again after the same number of values.

use crate::stats::quantile;

/// A period must be seen this often to be one.
const LEAST_CYCLES: usize = 4;
/// No longer period is looked for: two weeks of hours, or a day and more of five minutes.
const LONGEST: usize = 336;

/// What the rhythm adds to each value; `None` if there is none.
///
/// The period is the one by whose phases the differences are explained best, if that is worth its parameters
/// (Schwarz's criterion); its shape the median of each phase about the moving average of one period (classical
/// decomposition, with medians so that bursts and steps leave no trace).
pub(super) fn rhythm(series: &[f64]) -> Option<Vec<f64>> {
    let period = period(series)?;
    let around = about_moving_average(series, period);
    let before = period / 2;
    let mut shape = Vec::with_capacity(period);
    for phase in 0..period {
        let first = (phase + period - before % period) % period;
        let same: Vec<f64> = around.iter().skip(first).step_by(period).copied().collect();
        shape.push(quantile(&same, 0.5)?);
    }
    let mean = shape.iter().sum::<f64>() / period as f64;
    Some((0..series.len()).map(|place| shape[place % period] - mean).collect())
}

fn period(series: &[f64]) -> Option<usize> {
    let differences = tamed(series.windows(2).map(|pair| pair[1] - pair[0]).collect())?;
    let n = differences.len() as f64;
    let criterion = |squares: f64, parameters: usize| n * (squares / n).max(1e-30).ln() + parameters as f64 * n.ln();
    let without = criterion(differences.iter().map(|difference| difference * difference).sum(), 0);
    // The period itself is one more parameter.
    let candidates = 2..=(series.len() / LEAST_CYCLES).min(LONGEST);
    let rated = candidates.map(|period| (criterion(squares_left(&differences, period), period), period));
    let (best, period) = rated.min_by(|one, other| one.0.total_cmp(&other.0))?;
    (best < without).then_some(period)
}

/// Differences about their median, none larger than three robust standard deviations: a jump is no rhythm.
fn tamed(mut differences: Vec<f64>) -> Option<Vec<f64>> {
    let middle = quantile(&differences, 0.5)?;
    for difference in &mut differences {
        *difference -= middle;
    }
    let sizes: Vec<f64> = differences.iter().map(|difference| difference.abs()).collect();
    // 1.4826: from the median of sizes to the standard deviation of normal values.
    let limit = 3.0 * 1.4826 * quantile(&sizes, 0.5)?;
    if limit > 0.0 {
        for difference in &mut differences {
            *difference = difference.clamp(-limit, limit);
        }
    }
    Some(differences)
}

/// Squares about the means of the phases.
fn squares_left(differences: &[f64], period: usize) -> f64 {
    let mut sums = vec![(0.0, 0.0); period];
    let mut squares = 0.0;
    for (place, difference) in differences.iter().enumerate() {
        let (sum, count) = &mut sums[place % period];
        *sum += difference;
        *count += 1.0;
        squares += difference * difference;
    }
    let explained: f64 = sums.iter().filter(|(_, count)| *count > 0.0).map(|(sum, count)| sum * sum / count).sum();
    (squares - explained).max(0.0)
}

/// Values less the centred mean of one period, from the first place that has one: half a period in.
fn about_moving_average(series: &[f64], period: usize) -> Vec<f64> {
    let half = period / 2;
    // An even period reaches half a value further on either side.
    let edge = if period.is_multiple_of(2) { 0.5 } else { 1.0 };
    series
        .windows(2 * half + 1)
        .map(|window| {
            let ends = window[0] + window[2 * half];
            let inner: f64 = window[1..2 * half].iter().sum();
            window[half] - (inner + edge * ends) / period as f64
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::Random;
    use super::*;

    fn noise(seed: u64, n: usize) -> Vec<f64> {
        let mut random = Random::new(seed);
        (0..n).map(|_| random.unit() - 0.5).collect()
    }

    #[test]
    fn a_planted_rhythm_is_found_with_its_shape_in_spite_of_a_step() {
        for shape in [vec![0.0, 3.0, 1.0, -4.0], vec![1.0, 0.0, 5.0, -3.0, -3.0]] {
            let n = shape.len() * 12 + 2;
            let step = |place: usize| if place < n / 2 { 0.0 } else { 50.0 };
            let series: Vec<f64> = noise(1, n)
                .iter()
                .enumerate()
                .map(|(place, e)| 0.1 * e + shape[place % shape.len()] + step(place))
                .collect();
            let mean = shape.iter().sum::<f64>() / shape.len() as f64;
            let found = rhythm(&series).expect("there is a rhythm");
            for (place, share) in found.iter().enumerate() {
                assert!((share - shape[place % shape.len()] + mean).abs() < 0.3, "{place}: {share}");
            }
        }
    }

    #[test]
    fn noise_and_slopes_have_none() {
        for seed in 0..10 {
            assert_eq!(rhythm(&noise(seed, 120)), None);
        }
        let slope: Vec<f64> = noise(11, 120).iter().zip(0..).map(|(e, place)| e + f64::from(place)).collect();
        assert_eq!(rhythm(&slope), None);
        assert_eq!(rhythm(&[1.0; 50]), None);
        assert_eq!(rhythm(&[]), None);
    }
}
