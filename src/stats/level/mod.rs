//! When a numeric series changed: load, latency, anything measured at even steps.
//!
//! A series is taken for levels, or lines, that begin anew at each change, with autocorrelated, heavy-tailed noise
//! around them and perhaps a rhythm on top. Everything competes on one penalised likelihood: number and places
//! of changes, level or line, the noise's correlation, the values or their logarithms. So a slow wander is noise
//! if noise explains it as cheaply as changes do. Series that jump all the time come out without a change for the same
//! reason.
//!
//! Series that have no change but jump all the time, as a saw does, are its weak side.
//!
//! Built on the literature and on simulated series; `benches/changepoints.rs` runs it over annotated ones.

mod burst;
mod noise;
mod season;

use noise::{Autocorrelation, Fit};

/// The longest burst that must not be taken for a level.
const BURST: usize = 4;
/// The shortest segment: a burst is never the greater part of it, so a robust fit passes over the burst.
const SHORTEST: usize = 2 * BURST + 1;

/// Places at which a series of evenly spaced values changed its level or its slope, rising: each is the
/// index of the first value after a change.
///
/// Values that are no finite number count as missing, and are left out. The unit of the values does not matter; their
/// origin only in that logarithms are considered where all are positive. Takes time that grows with the square of
/// the length: about a second for 500 values.
pub fn change_points(values: &[f64]) -> Vec<usize> {
    let places: Vec<usize> = (0..values.len()).filter(|&place| values[place].is_finite()).collect();
    // Sizes near the limits of the number format must not overflow in squares.
    let largest = places.iter().map(|&place| values[place].abs()).fold(0.0, f64::max);
    if places.len() < 2 * SHORTEST || largest < f64::MIN_POSITIVE {
        return Vec::new();
    }
    let scaled: Vec<f64> = places.iter().map(|&place| values[place] / largest).collect();
    let best = scales(&scaled)
        .into_iter()
        .filter_map(|(series, jacobian)| fit(series).map(|(criterion, cuts)| (criterion + jacobian, cuts)))
        .min_by(|one, other| one.0.total_cmp(&other.0));
    best.map_or_else(Vec::new, |(_, cuts)| cuts.into_iter().map(|cut| places[cut]).collect())
}

/// The values, and their logarithms where they have them, each with what makes their likelihoods comparable
/// (Box and Cox 1964).
fn scales(values: &[f64]) -> Vec<(Vec<f64>, f64)> {
    let mut scales = vec![(values.to_vec(), 0.0)];
    if values.iter().all(|value| *value > 0.0) {
        let logarithms: Vec<f64> = values.iter().map(|value| value.ln()).collect();
        let jacobian = 2.0 * logarithms.iter().sum::<f64>();
        scales.push((logarithms, jacobian));
    }
    scales
}

/// The best explanation of one series: its criterion and its changes. `None` if it never moves.
fn fit(mut series: Vec<f64>) -> Option<(f64, Vec<usize>)> {
    let deviation = standardize(&mut series)?;
    if let Some(rhythm) = season::rhythm(&series) {
        series.iter_mut().zip(rhythm).for_each(|(value, share)| *value -= share);
    }
    let series = burst::calmed(&series);
    let mut best: Option<Fit> = None;
    for correlation in Autocorrelation::grid() {
        for with_slope in [false, true] {
            let fit = noise::fit(&series, correlation, with_slope, SHORTEST);
            if best.as_ref().is_none_or(|best| fit.criterion < best.criterion) {
                best = Some(fit);
            }
        }
    }
    let unit = 2.0 * series.len() as f64 * deviation.ln();
    best.map(|fit| (fit.criterion + unit, fit.cuts))
}

/// Takes the mean away and divides by the standard deviation, which it returns; `None` if that is rounding error.
fn standardize(series: &mut [f64]) -> Option<f64> {
    let n = series.len() as f64;
    let mean = series.iter().sum::<f64>() / n;
    for value in &mut *series {
        *value -= mean;
    }
    let deviation = (series.iter().map(|value| value * value).sum::<f64>() / n).sqrt();
    for value in &mut *series {
        *value /= deviation;
    }
    (deviation > 1e-12 * mean.abs().max(1e-3)).then_some(deviation)
}

#[cfg(test)]
mod tests {
    use super::super::Random;
    use super::*;
    use proptest::prelude::*;

    /// Normal enough: twelve uniform numbers.
    fn normal(random: &mut Random) -> f64 {
        (0..12).map(|_| random.unit()).sum::<f64>() - 6.0
    }

    /// Noise of variance 1 with this correlation of neighbours.
    fn noise(seed: u64, n: usize, phi: f64) -> Vec<f64> {
        let mut random = Random::new(seed);
        let mut last = normal(&mut random);
        let mut next = || {
            last = phi * last + (1.0 - phi * phi).sqrt() * normal(&mut random);
            last
        };
        (0..n).map(|_| next()).collect()
    }

    fn random_walk(seed: u64, n: usize) -> Vec<f64> {
        let mut sum = 0.0;
        let steps = noise(seed, n, 0.0);
        steps.into_iter().map(|step| (sum += step, sum).1).collect()
    }

    fn add(series: &[f64], more: impl Fn(usize) -> f64) -> Vec<f64> {
        series.iter().enumerate().map(|(place, value)| value + more(place)).collect()
    }

    fn step(at: usize, size: f64) -> impl Fn(usize) -> f64 {
        move |place| if place >= at { size } else { 0.0 }
    }

    #[track_caller]
    fn assert_near(found: &[usize], planted: &[usize], margin: usize) {
        let near = found.len() == planted.len() && found.iter().zip(planted).all(|(f, p)| f.abs_diff(*p) <= margin);
        assert!(near, "found {found:?}, planted {planted:?}");
    }

    #[test]
    fn planted_steps_are_found() {
        for seed in 0..3 {
            let series = add(&add(&noise(seed, 100, 0.0), step(30, 4.0)), step(70, -3.0));
            assert_near(&change_points(&series), &[30, 70], 2);
            let series = add(&noise(seed, 100, 0.5), step(60, 5.0));
            assert_near(&change_points(&series), &[60], 2);
        }
    }

    #[test]
    fn what_wanders_or_swings_without_a_change_has_none() {
        let daily = |place: usize| 3.0 * (place as f64 * std::f64::consts::TAU / 12.0).sin();
        let slope = |place: usize| place as f64 / 20.0;
        // Measured: 9 of 200 correlated series and 41 of 300 walks of this length; 1 of 100 walks of 300 values.
        let false_alarms = |series: &dyn Fn(u64) -> Vec<f64>| {
            (100..120).filter(|&seed| !change_points(&series(seed)).is_empty()).count()
        };
        assert!(false_alarms(&|seed| noise(seed, 96, 0.0)) <= 1, "white");
        assert!(false_alarms(&|seed| noise(seed, 96, 0.7)) <= 3, "correlated");
        assert!(false_alarms(&|seed| random_walk(seed, 96)) <= 6, "walk");
        assert!(change_points(&add(&noise(20, 96, 0.3), daily)).is_empty());
        assert!(change_points(&add(&noise(21, 96, 0.3), slope)).is_empty());
        // Growth by the same share: no change of the logarithms.
        let growing: Vec<f64> =
            noise(22, 96, 0.5).iter().zip(0..).map(|(e, place)| (f64::from(place) / 24.0 + 0.05 * e).exp()).collect();
        assert!(change_points(&growing).is_empty());
    }

    #[test]
    fn outliers_and_bursts_are_no_change_and_hide_none() {
        let burst = |place: usize| if (40..40 + BURST).contains(&place) || place == 10 { 12.0 } else { 0.0 };
        for seed in 30..40 {
            let series = add(&noise(seed, 100, 0.2), burst);
            assert_eq!(change_points(&series), [0; 0], "{seed}");
            assert_near(&change_points(&add(&series, step(70, 5.0))), &[70], 2);
        }
    }

    #[test]
    fn a_step_is_found_under_a_rhythm_and_a_bend_in_a_slope() {
        let daily = |place: usize| [0.0, 1.0, 6.0, 4.0, 7.0, 2.0][place % 6];
        let series = add(&add(&noise(40, 96, 0.2), daily), step(48, 5.0));
        assert_near(&change_points(&series), &[48], 2);
        let bend = |place: usize| if place < 50 { place as f64 } else { 100.0 - place as f64 };
        assert_near(&change_points(&add(&noise(41, 100, 0.0), bend)), &[50], 4);
    }

    #[test]
    fn unit_and_origin_do_not_matter() {
        let series = add(&noise(50, 80, 0.3), step(30, 4.0));
        let found = change_points(&series);
        assert_near(&found, &[30], 2);
        for (scale, shift) in [(1e-300, 0.0), (1e300, 0.0), (-3.0, 0.0), (1.0, -1e6), (1e-3, 1e3)] {
            let moved: Vec<f64> = series.iter().map(|value| value * scale + shift).collect();
            assert_eq!(change_points(&moved), found, "{scale} {shift}");
        }
    }

    #[test]
    fn missing_values_keep_the_places() {
        let mut series = add(&noise(60, 80, 0.0), step(40, 6.0));
        series[3] = f64::NAN;
        series[20] = f64::INFINITY;
        assert_near(&change_points(&series), &[40], 1);
        let mut late = vec![f64::NAN; 50];
        late.extend(&series);
        assert_near(&change_points(&late), &[90], 1);
    }

    #[test]
    fn nothing_to_tell_from_is_no_change() {
        for series in
            [vec![], vec![1.0], vec![f64::NAN; 40], vec![0.0; 40], vec![7.3; 40], vec![-1e308; 40], vec![5e-324; 40]]
        {
            assert!(change_points(&series).is_empty(), "{series:?}");
        }
        let rounding: Vec<f64> = (0..40).map(|place| 1e9 + f64::from(place % 3) * 1e-7).collect();
        assert!(change_points(&rounding).is_empty());
    }

    /// Two levels without noise: the least variance stands in for it.
    #[test]
    fn an_exact_step_is_found_at_its_place() {
        let series: Vec<f64> = (0..40).map(|place| if place < 22 { -f64::MAX } else { f64::MAX }).collect();
        assert_eq!(change_points(&series), [22]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn any_numbers_give_rising_places_inside(series in prop::collection::vec(any::<f64>(), 0..48)) {
            let found = change_points(&series);
            prop_assert!(found.iter().all(|place| (SHORTEST..series.len()).contains(place)));
            prop_assert!(found.windows(2).all(|pair| pair[1] - pair[0] >= SHORTEST));
        }
    }
}
