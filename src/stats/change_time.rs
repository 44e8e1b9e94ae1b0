//! When one share of events became another: the posterior of the moment of a change.
//!
//! Bernoulli trials at known times, one share before the change and another after it, each with Jeffreys' prior
//! (beta with shapes of one half), and the moment uniform over the span: Bayesian estimation of a change point as by
//! Smith (1975), in continuous time. Between two trials nothing is known, so the density is constant there: hours
//! without trials widen the interval by themselves. Where events scatter more than independent ones, the counts
//! are divided by the overdispersion φ (quasi-likelihood, McCullagh and Nelder 1989, section 4.5).
//!
//! Which of many groups may be the greatest: subset selection (Gupta 1965), which keeps the greatest with the level that
//! is asked for, here by exact conditional tests and Bonferroni's bound.

use super::special::{ln_beta, log_sum_exp};
use super::tail::beta_cdf;

/// The parameters of Jeffreys' prior of a share.
const JEFFREYS: f64 = 0.5;

/// The interval that holds the moment of the change with probability `level`, as much left out on either side.
///
/// `trials` are times, rising, with whether an event came of it; `span` is where the change is known to lie, in the same
/// unit; `phi` is the overdispersion, 1 for none. `None` without trials or for an empty span.
pub fn change_time(trials: &[(f64, bool)], span: (f64, f64), phi: f64, level: f64) -> Option<(f64, f64)> {
    let (from, to) = span;
    let last = trials.last().filter(|_| from < to)?.0;
    let mut bounds = vec![from];
    bounds.extend(trials.iter().map(|(at, _)| at.clamp(from, to)));
    bounds.push(to.max(last));
    let (n, k) = (trials.len() as f64, trials.iter().filter(|(_, is_event)| *is_event).count() as f64);
    let marginal = |k: f64, n: f64| ln_beta(k / phi + JEFFREYS, (n - k) / phi + JEFFREYS);
    let mut k_before = 0.0;
    let weights: Vec<f64> = bounds
        .windows(2)
        .enumerate()
        .map(|(place, pair)| {
            if place > 0 && trials[place - 1].1 {
                k_before += 1.0;
            }
            let n_before = place as f64;
            (pair[1].min(to) - pair[0]).max(0.0).ln()
                + marginal(k_before, n_before)
                + marginal(k - k_before, n - n_before)
        })
        .collect();
    let total = log_sum_exp(&weights);
    let quantile = |p: f64| {
        let mut below = 0.0;
        for (pair, weight) in bounds.windows(2).zip(&weights) {
            let mass = (weight - total).exp();
            if mass > 0.0 && below + mass >= p {
                return pair[0] + (pair[1].min(to) - pair[0]) * ((p - below) / mass).clamp(0.0, 1.0);
            }
            below += mass;
        }
        to
    };
    total.is_finite().then(|| (quantile((1.0 - level) / 2.0), quantile(f64::midpoint(1.0, level))))
}

/// Which of some counts of events may come from the group with the highest rate, with confidence `level`.
///
/// Counts are taken for Poisson with the overdispersion `phi`. Empty for no counts.
pub fn may_be_highest(counts: &[usize], phi: f64, level: f64) -> Vec<bool> {
    let top = counts.iter().copied().max().unwrap_or(0) as f64 / phi;
    let n_rivals = counts.len().saturating_sub(1).max(1) as f64;
    // The chance that of two equal rates the one count is so much above the other; a half-integer has one, too.
    let p = |own: f64| if top > 0.0 { beta_cdf(0.5, top, own + 1.0) } else { 1.0 };
    counts.iter().map(|count| p(*count as f64 / phi) > (1.0 - level) / n_rivals).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Random;
    use super::*;

    /// python: `w = [log(g[i+1]-g[i]) + betaln(y[:i].sum()/phi+.5, (i-y[:i].sum())/phi+.5) + betaln(y[i:].sum()/phi+.5,`
    /// `(24-i-y[i:].sum())/phi+.5) for i in range(25)]` with `g = [0, *t, 30]`, `t = [.5+i+(i%3)/4 for i in range(24)]` and
    /// `y` 1 at 4, 15, 17, 18, 20, 21, 23; `numpy.interp([.025, .975], [0, *cumsum(exp(w-logsumexp(w)))], g)`
    #[test]
    fn the_posterior_agrees_with_scipy() {
        let trials: Vec<(f64, bool)> = (0..24)
            .map(|i| (0.5 + f64::from(i) + f64::from(i % 3) / 4.0, [4, 15, 17, 18, 20, 21, 23].contains(&i)))
            .collect();
        for (phi, expected) in [
            (1.0, (3.762_613_563_455_18, 26.701_703_312_754_59)),
            (2.0, (1.153_694_096_001_127, 28.992_960_894_436_617)),
        ] {
            let (earliest, latest) = change_time(&trials, (0.0, 30.0), phi, 0.95).unwrap();
            assert!((earliest - expected.0).abs() < 1e-9 && (latest - expected.1).abs() < 1e-9, "{earliest} {latest}");
        }
    }

    #[test]
    fn nothing_is_claimed_without_trials_and_no_more_than_the_span_without_a_change() {
        assert_eq!(change_time(&[], (0.0, 1.0), 1.0, 0.95), None);
        assert_eq!(change_time(&[(2.0, true)], (5.0, 5.0), 1.0, 0.95), None);
        let quiet: Vec<(f64, bool)> = (0..200).map(|i| (f64::from(i), false)).collect();
        let (earliest, latest) = change_time(&quiet, (0.0, 200.0), 1.0, 0.95).unwrap();
        assert!(latest - earliest > 120.0 && earliest >= 0.0 && latest <= 200.0, "{earliest} {latest}");
    }

    /// Trials over ten days with a day's rhythm: few at night, and none at all in `gap`.
    fn trials(random: &mut Random, change: f64, shares: (f64, f64), gap: (f64, f64), wobble: f64) -> Vec<(f64, bool)> {
        let mut trials = Vec::new();
        for hour in 0..240 {
            let clock = hour % 24;
            let n = if (7..18).contains(&clock) { 6 } else { usize::from(clock == 20) };
            // Every hour has a share of its own: failures come in clumps.
            let factor = if random.unit() < wobble { 2.5 } else { 1.0 - wobble };
            let mut times: Vec<f64> = (0..n).map(|_| f64::from(hour) + random.unit()).collect();
            times.sort_by(f64::total_cmp);
            for at in times.into_iter().filter(|at| *at < gap.0 || *at >= gap.1) {
                let share = if at < change { shares.0 } else { shares.1 };
                trials.push((at, random.unit() < share * factor));
            }
        }
        trials
    }

    const NO_GAP: (f64, f64) = (0.0, 0.0);

    /// Of 400 intervals for a moment anywhere, at night as well, at least 95 % less two and a half deviations hold it.
    #[test]
    fn the_interval_holds_the_moment_as_often_as_it_says() {
        for shares in [(0.01, 0.3), (0.02, 0.12), (0.4, 0.01)] {
            let held = (0..400).filter(|seed| {
                let mut random = Random::new(*seed);
                let change = 24.0 + 190.0 * random.unit();
                let trials = trials(&mut random, change, shares, NO_GAP, 0.0);
                let (earliest, latest) = change_time(&trials, (0.0, 240.0), 1.0, 0.95).unwrap();
                earliest <= change && change <= latest
            });
            let held = held.count();
            assert!(held >= 369, "{held} of 400 for {shares:?}"); // 380 expected, ± 4.4 a deviation
        }
    }

    /// Clumps make the plain interval too narrow; with the overdispersion it keeps its word.
    #[test]
    fn clumps_are_allowed_for() {
        let (mut plain, mut allowed) = (0, 0);
        for seed in 0..400 {
            let mut random = Random::new(seed);
            let change = 24.0 + 190.0 * random.unit();
            let trials = trials(&mut random, change, (0.04, 0.25), NO_GAP, 0.3);
            let holds = |phi: f64| {
                let (earliest, latest) = change_time(&trials, (0.0, 240.0), phi, 0.95).unwrap();
                usize::from(earliest <= change && change <= latest)
            };
            plain += holds(1.0);
            allowed += holds(2.0);
        }
        assert!(allowed >= 369 && allowed > plain, "{plain}, {allowed} of 400");
    }

    #[test]
    fn hours_without_trials_widen_the_interval() {
        let change = 24.0 * 5.0 + 12.0;
        for seed in 0..40 {
            let width = |gap: (f64, f64)| {
                let trials = trials(&mut Random::new(seed), change, (0.01, 0.5), gap, 0.0);
                let (earliest, latest) = change_time(&trials, (0.0, 240.0), 1.0, 0.95).unwrap();
                latest - earliest
            };
            let gap = (change - 30.0, change + 30.0);
            assert!(width(gap) > 50.0 && width(gap) > width(NO_GAP), "{} {}", width(gap), width(NO_GAP));
        }
    }

    /// python: `from scipy.stats import beta`; `beta.cdf(.5, 12, 3)` is 0.00647, `beta.cdf(.5, 6, 2)` is 0.0625
    #[test]
    fn what_is_far_below_the_highest_cannot_be_it() {
        assert_eq!(may_be_highest(&[2, 12, 7], 1.0, 0.95), [false, true, true]);
        assert_eq!(may_be_highest(&[2, 12], 2.0, 0.95), [true, true]);
        assert_eq!(may_be_highest(&[0, 0], 1.0, 0.95), [true, true]);
        assert!(may_be_highest(&[], 1.0, 0.95).is_empty());
    }

    /// Thirty hours with means from 4 to 12: the greatest one stays in at least 95 % of the trials.
    #[test]
    fn the_group_with_the_highest_rate_is_kept_as_often_as_it_says() {
        let kept = (0..400).filter(|seed| {
            let mut random = Random::new(*seed);
            let mut count = |mean: f64| (0..200).filter(|_| random.unit() < mean / 200.0).count();
            let counts: Vec<usize> = (0..30).map(|hour| count(if hour == 17 { 12.0 } else { 4.0 })).collect();
            may_be_highest(&counts, 1.0, 0.95)[17]
        });
        let kept = kept.count();
        assert!(kept >= 380, "{kept} of 400");
    }
}
