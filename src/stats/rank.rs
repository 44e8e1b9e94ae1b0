//! Whether one sample lies above another, by ranks; and p values of many such questions.
//!
//! The test is that of Wilcoxon (1945), Mann and Whitney (1947), one-sided. Small samples get the exact
//! permutation distribution, ties included (the shift algorithm of Streitberg and Röhmel 1986); large ones the
//! normal approximation with corrections for ties and continuity.

/// Up to so many values together the distribution is counted out, beyond it the normal one is as good.
const MAX_EXACT: usize = 100;

/// What ranks say of two samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankTest {
    /// The chance that a value of the first sample exceeds one of the second; ties count half.
    pub superiority: f64,
    /// The one-sided p value of the question whether the first sample lies above the second.
    pub p: f64,
}

/// Asks whether `upper` lies above `lower`. `None` if one of them is empty.
pub fn rank_test(upper: &[f64], lower: &[f64]) -> Option<RankTest> {
    if upper.is_empty() || lower.is_empty() {
        return None;
    }
    let doubled = doubled_ranks(upper, lower);
    let (n, m) = (upper.len(), lower.len());
    let sum: usize = doubled[..n].iter().sum();
    let superiority = (sum as f64 / 2.0 - (n * (n + 1)) as f64 / 2.0) / (n * m) as f64;
    let p = if n + m <= MAX_EXACT { exact(&doubled, n, sum) } else { normal(&doubled, n, sum) };
    Some(RankTest { superiority, p })
}

/// Twice the mid-ranks of both samples, those of the first in front: whole numbers even with ties.
fn doubled_ranks(upper: &[f64], lower: &[f64]) -> Vec<usize> {
    let all: Vec<f64> = upper.iter().chain(lower).copied().collect();
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by(|one, other| all[*one].total_cmp(&all[*other]));
    let mut ranks = vec![0; all.len()];
    for tied in order.chunk_by(|one, other| all[*one].total_cmp(&all[*other]).is_eq()) {
        let below = order.partition_point(|place| all[*place].total_cmp(&all[tied[0]]).is_lt());
        for place in tied {
            ranks[*place] = 2 * below + tied.len() + 1;
        }
    }
    ranks
}

/// The share of all choices of `n` ranks whose sum reaches `sum`.
fn exact(ranks: &[usize], n: usize, sum: usize) -> f64 {
    let most = n * ranks.iter().copied().max().unwrap_or(0);
    // ways[k][s]: in how many ways k of the ranks seen so far add up to s.
    let mut ways = vec![vec![0.0; most + 1]; n + 1];
    ways[0][0] = 1.0;
    for (seen, rank) in ranks.iter().enumerate() {
        for k in (1..=n.min(seen + 1)).rev() {
            let (fewer, more) = ways.split_at_mut(k);
            for total in (*rank..=most).rev() {
                more[0][total] += fewer[k - 1][total - rank];
            }
        }
    }
    let all: f64 = ways[n].iter().sum();
    ways[n][sum..].iter().sum::<f64>() / all
}

fn normal(ranks: &[usize], n: usize, sum: usize) -> f64 {
    let (first, size) = (n as f64, ranks.len() as f64);
    let mean = first * (size + 1.0) / 2.0;
    let squares: f64 = ranks.iter().map(|rank| ((*rank as f64 - (size + 1.0)) / 2.0).powi(2)).sum();
    let variance = first * (size - first) / (size * (size - 1.0)) * squares;
    if variance <= 0.0 {
        return 1.0;
    }
    let z = (sum as f64 / 2.0 - mean - 0.5) / variance.sqrt();
    libm::erfc(z / std::f64::consts::SQRT_2) / 2.0
}

/// Corrects p values for the number of questions asked (Holm 1979): below the level in question, the chance
/// of even one wrong answer stays below it, however the questions hang together.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|one, other| p[*one].total_cmp(&p[*other]).then(one.cmp(other)));
    let mut corrected = vec![1.0; p.len()];
    let mut least = 0.0_f64;
    for (done, place) in order.iter().enumerate() {
        least = least.max((p[*place] * (p.len() - done) as f64).min(1.0));
        corrected[*place] = least;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::super::Random;
    use super::*;

    /// python: `from scipy.stats import mannwhitneyu as t`;
    /// `t([19,22,16,29,24], [20,11,17,12], alternative='greater', method='exact')` gives U 17, p 0.0555…;
    /// with ties, from all 126 choices (`itertools.combinations`): `[3,3,5,7]` over `[1,3,2,3,5]` has p 17/126.
    #[test]
    fn small_samples_are_counted_out() {
        let test = rank_test(&[19.0, 22.0, 16.0, 29.0, 24.0], &[20.0, 11.0, 17.0, 12.0]).unwrap();
        assert!((test.superiority - 0.85).abs() < 1e-12 && (test.p - 7.0 / 126.0).abs() < 1e-12, "{test:?}");
        let tied = rank_test(&[3.0, 3.0, 5.0, 7.0], &[1.0, 3.0, 2.0, 3.0, 5.0]).unwrap();
        assert!((tied.p - 17.0 / 126.0).abs() < 1e-12, "{tied:?}");
        assert_eq!(rank_test(&[], &[1.0]), None);
        assert!((rank_test(&[1.0, 1.0], &[1.0]).unwrap().p - 1.0).abs() < 1e-12);
    }

    /// python: `t([i*i % 97 for i in range(60)], [i*7 % 83 for i in range(70)], alternative='greater', method='asymptotic')`
    #[test]
    fn large_samples_agree_with_scipy() {
        let upper: Vec<f64> = (0..60).map(|i| f64::from(i * i % 97)).collect();
        let lower: Vec<f64> = (0..70).map(|i| f64::from(i * 7 % 83)).collect();
        let test = rank_test(&upper, &lower).unwrap();
        assert!((test.p - 0.026_725_917_465_820_83).abs() < 1e-9, "{test:?}");
    }

    /// python: `from statsmodels.stats.multitest import multipletests`, method `holm`; by hand as well.
    #[test]
    fn holm_corrects_step_by_step() {
        let corrected = holm(&[0.01, 0.04, 0.03, 0.9]);
        for (found, expected) in corrected.iter().zip([0.04, 0.09, 0.09, 0.9]) {
            assert!((found - expected).abs() < 1e-12, "{corrected:?}");
        }
        assert!(holm(&[]).is_empty());
    }

    /// Both ways of reckoning keep what they promise: 5 of 100 at 0.05, by samples without any difference.
    #[test]
    fn no_difference_is_claimed_as_rarely_as_promised() {
        for size in [8, 60] {
            let claimed = (0..400).filter(|seed| {
                let mut random = Random::new(*seed);
                let one: Vec<f64> = (0..size).map(|_| random.unit()).collect();
                let other: Vec<f64> = (0..size).map(|_| random.unit()).collect();
                rank_test(&one, &other).unwrap().p <= 0.05
            });
            let claimed = claimed.count();
            assert!((8..=34).contains(&claimed), "{claimed} of 400 at {size}"); // 20 expected, ± 3.2 deviations
        }
    }
}
