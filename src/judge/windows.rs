//! Windows of constant chance on a set of hosts: shared by the hypotheses that begin at a free time.

use std::f64::consts::LN_2;

use super::hypotheses::{Grid, Remedied, prior};
use super::mechanism::{How, Mechanism, NEVER};
use super::scene::Scene;
use crate::correlate::Sums;
use crate::stats::special::LogSum;

/// How long a window may last, hours: steps of an eighth at most, so that the best is never far from the truth.
const LENGTHS_H: [usize; 38] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 18, 20, 22, 24, 27, 30, 33, 36, 40, 44, 48, 54, 60, 66, 72, 80, 88,
    96, 108, 120, 132, 144, 156, 168,
];
/// The chance that a window lasts longer, if those in charge mend what everybody feels.
const P_LONGER: f64 = 0.02;
/// The part of the prior in which a window goes on to the end of the log, however long: one bad host may stay as it is.
const P_OPEN: f64 = 0.2;
/// The part in which a recorded change ends it.
const P_REMEDIED: f64 = 0.2;

/// Sums whose greatest term is below `exp` of this can be written as a number.
const MAX_RISE: f64 = 600.0;

/// A point of the grid.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    size: usize,
    from_hour: usize,
    end: Remedied,
}

/// The weight of each length: flat in the logarithm, so that each stands for what lies between its neighbours' means.
fn length_weights() -> [f64; LENGTHS_H.len()] {
    let last = LENGTHS_H.len() - 1;
    let edge = |place: usize| (LENGTHS_H[place] as f64 * LENGTHS_H[place + 1] as f64).sqrt();
    let from = |place: usize| if place == 0 { 1.0 / edge(0) } else { edge(place - 1) };
    let to = |place: usize| if place == last { (LENGTHS_H[last] as f64).powi(2) / edge(last - 1) } else { edge(place) };
    let total = (to(last) / from(0)).ln();
    std::array::from_fn(|place| (to(place) / from(place)).ln() / total)
}

/// Sums over windows that begin at any hour on all hosts at once, until somebody mends what everybody feels.
///
/// Only the end of the log can leave one open, with the chance that it lasts so long: what fails everywhere for many
/// days was rather changed than broken.
pub(super) fn until_mended(scene: &Scene<'_>, hosts: &[usize]) -> Vec<Grid<Window>> {
    windows(scene, hosts, P_LONGER, 0.0)
}

/// Sums over windows that begin at any hour on the given hosts at once, each end paid for; `p_open` and `p_remedied` are
/// the parts of the prior in which they last for ever, and in which [`by_remedies`] ends them. A grid for each size:
/// refitting the background gains each another amount.
fn windows(scene: &Scene<'_>, hosts: &[usize], p_open: f64, p_remedied: f64) -> Vec<Grid<Window>> {
    let n_hours = scene.n_hours();
    let log_start = log_start(scene);
    let weights = length_weights().map(|weight| (1.0 - p_open - p_remedied) * weight);
    let of_size = |(size, sums): (usize, &Sums)| {
        let mut grid = Grid::new();
        // The sum over all hosts of the set at each hour.
        let at: Vec<f64> = (0..=n_hours)
            .map(|hour| hosts.iter().map(|host| sums.before(*host, scene.hour(hour)[*host])).sum())
            .collect();
        for (from_hour, (log_sum, top)) in over_lengths(&at, &weights).into_iter().enumerate() {
            let point = |end| Window { size, from_hour, end };
            // What would have lasted beyond the end of the log is open there, and so is what only a later change ends.
            let n_within = LENGTHS_H.partition_point(|length| from_hour + length < n_hours);
            let mut open = p_open + if scene.possible_after(from_hour) > 0.0 { 0.0 } else { p_remedied };
            open += weights[n_within..].iter().sum::<f64>();
            if n_within > 0 {
                let value = |length: usize| weights[length].ln() + at[from_hour + LENGTHS_H[length]];
                let best = || (0..n_within).rev().max_by(|a, b| value(*a).total_cmp(&value(*b))).unwrap_or(0);
                let end = || Remedied::AtHour(from_hour + LENGTHS_H[best()]);
                grid.add_all(log_start + log_sum, Remedied::AtHour(n_hours), log_start + top, || point(end()));
            }
            let log_open = log_start + open.ln();
            grid.add(log_open, at[n_hours] - at[from_hour], Remedied::Never, || point(Remedied::Never));
        }
        grid
    };
    scene.constants.iter().enumerate().map(of_size).collect()
}

/// By beginning: the logarithm of the sum over all lengths that end within the log, of their weight times `exp` of the
/// rise of `at` meanwhile; and of the greatest term.
///
/// So many exponentials would take longer than all else: each hour's is held as a number times a power of two, and what
/// two hours make of each other is then a product.
fn over_lengths(at: &[f64], weights: &[f64]) -> Vec<(f64, f64)> {
    let n_hours = at.len() - 1;
    let powers: Vec<i32> = at.iter().map(|at| (at / LN_2).floor() as i32).collect();
    let parts: Vec<f64> = at.iter().zip(&powers).map(|(at, power)| (at - f64::from(*power) * LN_2).exp()).collect();
    let (mut sums, mut tops) = (vec![0.0; n_hours], vec![f64::NEG_INFINITY; n_hours]);
    for (length, weight) in LENGTHS_H.into_iter().zip(weights).filter(|(length, _)| *length < n_hours) {
        let log_weight = weight.ln();
        let later = parts[length..n_hours].iter().zip(&powers[length..n_hours]);
        for ((sum, power), (later, later_power)) in sums.iter_mut().zip(&powers).zip(later) {
            *sum += weight * later * power_of_two(later_power - power);
        }
        for (top, later) in tops.iter_mut().zip(&at[length..n_hours]) {
            *top = f64::max(*top, log_weight + later);
        }
    }
    let told = |from: usize| {
        let top = tops[from] - at[from];
        // Numbers do not reach farther; without a window there is no sum.
        if top < MAX_RISE {
            return ((sums[from] / parts[from]).ln(), top);
        }
        let mut sum = LogSum::default();
        for (length, weight) in LENGTHS_H.into_iter().zip(weights).filter(|(length, _)| from + length < n_hours) {
            sum.add(weight.ln() + at[from + length] - at[from]);
        }
        (sum.ln(), top)
    };
    (0..n_hours).map(told).collect()
}

/// Two to a power; where no number is so small or so great, the nearest.
fn power_of_two(power: i32) -> f64 {
    f64::from_bits(((1023 + power.clamp(-1022, 1023)) as u64) << 52)
}

fn log_start(scene: &Scene<'_>) -> f64 {
    -((scene.n_hours() * scene.constants.len()) as f64).ln()
}

/// Sums over windows that begin at any hour on one host; a recorded change can have ended them.
pub(super) fn remedied(scene: &Scene<'_>, host: usize) -> Vec<Grid<Window>> {
    let mut grids = windows(scene, &[host], P_OPEN, P_REMEDIED);
    for (size, grid) in grids.iter_mut().enumerate() {
        by_remedies(scene, host, size, grid);
    }
    grids
}

/// Adds the windows of one size on one host that a recorded change ended.
///
/// With `S` the host's running sum, a window from `f` to a remedy at `r` is worth `exp S(r) / exp S(f)`: a product, so
/// that the sum over all beginnings before a remedy is one sum for all remedies.
fn by_remedies(scene: &Scene<'_>, host: usize, size: usize, grid: &mut Grid<Window>) {
    let sums = &scene.constants[size];
    let n_hours = scene.n_hours();
    let log_hour: Vec<f64> =
        (0..n_hours).map(|hour| log_start(scene) + (P_REMEDIED / scene.possible_after(hour)).ln()).collect();
    // By hour: the sum over all beginnings before it, and the best of them.
    let (mut sum, mut best) = (LogSum::default(), (f64::NEG_INFINITY, 0));
    let (mut begun, mut bests, mut weights) = (vec![sum], vec![best], vec![0.0]);
    for (hour, log_weight) in log_hour.iter().enumerate() {
        let value = log_weight - sums.before(host, scene.hour(hour)[host]);
        if value.is_finite() {
            sum.add(value);
            if value > best.0 {
                best = (value, hour);
            }
        }
        begun.push(sum);
        bests.push(best);
        weights.push(weights[hour] + if log_weight.is_finite() { log_weight.exp() } else { 0.0 });
    }
    for remedy in scene.free_remedies() {
        // Beginnings before it came to this host, and those before it came to the last host.
        let n_begun = |at_s: f64| ((at_s / 3600.0).ceil().max(0.0) as usize).min(n_hours);
        let n_later = n_begun(remedy.last_s);
        let n_here = n_begun(scene.view.from.changes[remedy.change].at_s[host]).min(n_later);
        let stop = remedy.log_weight + scene.stated_stop(sums, remedy.change, host);
        let end = Remedied::By(remedy.change);
        let (top, from_hour) = bests[n_here];
        grid.add_all(stop + begun[n_here].ln(), end, stop + top, || Window { size, from_hour, end });
        // Where it came before the beginning, there is nothing to explain.
        if n_here < n_later {
            let (all, from_hour) = (weights[n_later] - weights[n_here], n_later - 1);
            let top = remedy.log_weight + log_hour[from_hour];
            grid.add_all(remedy.log_weight + all.ln(), end, top, || Window { size, from_hour, end });
        }
    }
}

impl Window {
    /// The mechanism of this point, on these hosts.
    pub(super) fn mechanism(self, scene: &Scene<'_>, hosts: &[usize]) -> Mechanism {
        let mut spans = vec![NEVER; scene.n_hosts()];
        let from = self.from_hour as f64 * 3600.0;
        for host in hosts {
            let to = match self.end {
                Remedied::Never => f64::INFINITY,
                Remedied::AtHour(hour) => hour as f64 * 3600.0,
                Remedied::By(remedy) => scene.view.from.changes[remedy].at_s[*host],
            };
            if from < to {
                spans[*host] = (from, to);
            }
        }
        Mechanism { user: None, spans, how: How::Response(scene.constants[self.size].response) }
    }
}

/// The ends that a cause with a known beginning can have, with the logarithm of their prior: never, at any
/// hour of a grid of `step_h`, or by a later change.
pub(super) fn ends(scene: &Scene<'_>, from_s: f64, guilty: Option<usize>, step_h: usize) -> Vec<(Remedied, f64)> {
    let first = ((from_s.max(0.0) / 3600.0) as usize + 1).min(scene.n_hours());
    let hours: Vec<usize> = (first..scene.n_hours()).step_by(step_h).collect();
    let remedies = scene.remedies(from_s, guilty);
    // What cannot be is shared out among what can.
    let mut total = prior::NEVER;
    if !hours.is_empty() {
        total += prior::BY_ITSELF;
    }
    if !remedies.is_empty() {
        total += prior::REMEDIED;
    }
    let free = (prior::BY_ITSELF / total / hours.len().max(1) as f64).ln();
    let mut ends = vec![(Remedied::Never, (prior::NEVER / total).ln())];
    ends.extend(hours.into_iter().map(|hour| (Remedied::AtHour(hour), free)));
    let by = (prior::REMEDIED / total).ln();
    ends.extend(remedies.into_iter().map(|(remedy, weight)| (Remedied::By(remedy), by + weight)));
    ends
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Random;
    use crate::stats::special::log_sum_exp;

    /// Quiet hours, hours that tell much against a window, and hours that tell more for it than a number can hold.
    #[test]
    fn sums_over_lengths_are_sums_of_exponentials() {
        let mut random = Random::new(11);
        let mut at = vec![0.0];
        for hour in 0..400 {
            let rise = match hour / 50 {
                3 => 90.0 * random.unit(),
                5 => -60.0 * random.unit(),
                _ => 3.0 * (random.unit() - 0.6),
            };
            at.push(at[hour] + rise);
        }
        let weights = length_weights();
        for (from, (log_sum, top)) in over_lengths(&at, &weights).into_iter().enumerate() {
            let within = LENGTHS_H.into_iter().zip(weights).filter(|(length, _)| from + length < 400);
            let terms: Vec<f64> = within.map(|(length, weight)| weight.ln() + at[from + length] - at[from]).collect();
            let expected = log_sum_exp(&terms);
            assert!(log_sum == expected || (log_sum - expected).abs() < 1e-9, "{from}: {log_sum} {expected}");
            assert!((top - terms.iter().copied().fold(f64::NEG_INFINITY, f64::max)).abs() < 1e-9 || terms.is_empty());
        }
    }
}
