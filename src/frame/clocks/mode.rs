//! How far two clocks are apart, by records of the same events in two logs: the difference that the true pairs share.
//!
//! Nobody says which record of the one log belongs to which of the other. So all pairs that could belong together are
//! compared: the true ones agree on one difference, and all others scatter over a day. The densest difference is the
//! offset of the clocks, if it is denser than chance makes any; a clock that was set has several, one after the other.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Timestamp;
use crate::normalize::is_beyond_chance;

/// The farthest that two clocks are believed to be apart, in seconds: a day, which a wrong zone never exceeds.
pub(super) const MAX_OFFSET_S: f64 = 86_400.0;
/// The width of the window in which true pairs lie, in seconds: request and answer of one try.
const WINDOW_S: f64 = 30.0;
/// Pairs this near to the densest difference belong to it, in seconds; what is farther away is another one.
pub(super) const REACH_S: f64 = 60.0;
/// How far around the densest difference chance is measured, in seconds. Days have a rhythm, so chance pairs are denser
/// near whole days than elsewhere; within an hour that hardly changes.
const AROUND_S: f64 = 3_600.0;
/// The probability that chance alone makes a window so dense, over all windows that are looked at.
const P_CHANCE: f64 = 0.001;
/// The fewest pairs: of six values the least and the greatest hold the median between them in 96.9 %, of five only in
/// 93.8 %.
pub(super) const MIN_PAIRS: usize = 6;
/// How many differences a clock may have had at most.
const MAX_MODES: usize = 8;

/// Two records that may tell of one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    /// The number of the first clock's record, and when it was by that clock.
    pub one: (usize, Timestamp),
    /// The number of the second clock's record, and when it was by that clock.
    pub other: (usize, Timestamp),
}

impl Pair {
    /// By how many seconds the first clock's record is later.
    pub(super) fn apart_s(&self) -> f64 {
        self.one.1.seconds_since(self.other.1)
    }
}

/// The difference of two clocks over a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) struct Mode {
    /// The first and the last pair.
    pub span: (Timestamp, Timestamp),
    /// How far the first clock is ahead, in seconds: the median over pairs.
    pub ahead_s: f64,
    /// The 95 % interval of that median by its order statistics, in seconds.
    pub interval_s: (f64, f64),
    /// The distance of the quartiles of the differences, in seconds.
    ///
    /// The later record of a pair comes after some delay, and a delay that is always the same cannot be told from an
    /// offset. Delays that scatter by so much have a median of about as much (0.6 times for exponential ones), so the
    /// offset is not known more exactly than that.
    pub latency_s: f64,
    /// The median absolute deviation, scaled to a standard deviation, in seconds.
    pub deviation_s: f64,
    /// How many pairs agree.
    pub n_pairs: usize,
}

/// Finds the differences that two clocks had, one after the other; none where chance explains what agrees.
///
/// Differences that agree beyond chance are candidates. Each record of the first clock then speaks for the candidates
/// that it fits, and the sequence of candidates with the most voices is taken, where a change costs [`MIN_PAIRS`]
/// voices: differences that only a slow answer makes come mixed with the others and win no span for themselves.
pub(super) fn modes(pairs: &[Pair]) -> Vec<Mode> {
    let candidates = candidates(pairs);
    if candidates.len() < 2 {
        return candidates.iter().filter_map(|ahead_s| around(pairs.iter(), *ahead_s)).collect();
    }
    let mut tries: BTreeMap<(Timestamp, usize), Vec<bool>> = BTreeMap::new();
    for pair in pairs {
        let fits = tries.entry((pair.one.1, pair.one.0)).or_insert_with(|| vec![false; candidates.len()]);
        for (fit, ahead_s) in fits.iter_mut().zip(&candidates) {
            *fit |= (pair.apart_s() - ahead_s).abs() <= REACH_S;
        }
    }
    let ones: Vec<usize> = tries.keys().map(|(_, one)| *one).collect();
    let voices: Vec<&[bool]> = tries.values().map(Vec::as_slice).collect();
    let path = path(&voices, candidates.len());
    let mut modes = Vec::new();
    let mut from = 0;
    for to in 1..=path.len() {
        if to < path.len() && path[to] == path[from] {
            continue;
        }
        let own: BTreeSet<usize> = ones[from..to].iter().copied().collect();
        let of_span = pairs.iter().filter(|pair| own.contains(&pair.one.0));
        modes.extend(around(of_span, candidates[path[from]]));
        from = to;
    }
    modes
}

/// Differences that agree beyond chance, the densest first; each is looked for among the records that fit none before.
fn candidates(pairs: &[Pair]) -> Vec<f64> {
    let mut left = pairs.to_vec();
    let mut found = Vec::new();
    while found.len() < MAX_MODES {
        let Some(ahead_s) = densest(&mut left) else { break };
        found.push(ahead_s);
        let fits = |pair: &&Pair| (pair.apart_s() - ahead_s).abs() <= REACH_S;
        let explained: BTreeSet<usize> = left.iter().filter(fits).map(|pair| pair.one.0).collect();
        left.retain(|pair| !explained.contains(&pair.one.0));
    }
    found
}

/// The middle of the window that holds the most pairs, each record counted once; of equals the one nearest to zero.
fn densest(pairs: &mut [Pair]) -> Option<f64> {
    pairs.sort_by(|a, b| a.apart_s().total_cmp(&b.apart_s()).then((a.one, a.other).cmp(&(b.one, b.other))));
    let (mut ones, mut others): (Counts, Counts) = Default::default();
    let (mut best, mut n_best, mut start) = (0..0, 0, 0);
    for end in 0..pairs.len() {
        ones.add(pairs[end].one.0);
        others.add(pairs[end].other.0);
        while pairs[end].apart_s() - pairs[start].apart_s() > WINDOW_S {
            ones.remove(pairs[start].one.0);
            others.remove(pairs[start].other.0);
            start += 1;
        }
        let n = ones.0.len().min(others.0.len());
        let is_nearer = || pairs[start].apart_s().abs() < pairs[best.start].apart_s().abs();
        if n > n_best || (n == n_best && is_nearer()) {
            (best, n_best) = (start..end + 1, n);
        }
    }
    if n_best < MIN_PAIRS {
        return None;
    }
    let middle = pairs[best.start + best.len() / 2].apart_s();
    let near = |limit_s: f64| {
        let apart = |pair: &Pair| pair.apart_s() - middle;
        pairs.partition_point(|pair| apart(pair) <= limit_s) - pairs.partition_point(|pair| apart(pair) < -limit_s)
    };
    let n_around = near(AROUND_S) - near(REACH_S);
    let by_chance = (n_around + 1) as f64 * WINDOW_S / (2.0 * (AROUND_S - REACH_S));
    let n_windows = 2.0 * MAX_OFFSET_S / WINDOW_S;
    is_beyond_chance(n_best, by_chance, P_CHANCE / n_windows).then_some(middle)
}

/// How often each record occurs.
#[derive(Default)]
struct Counts(BTreeMap<usize, u32>);

impl Counts {
    fn add(&mut self, number: usize) {
        *self.0.entry(number).or_insert(0) += 1;
    }

    fn remove(&mut self, number: usize) {
        if let Some(count) = self.0.get_mut(&number) {
            *count -= 1;
            if *count == 0 {
                self.0.remove(&number);
            }
        }
    }
}

/// For each record in the order of time the candidate that holds then (Viterbi's algorithm).
fn path(voices: &[&[bool]], n_candidates: usize) -> Vec<usize> {
    let cost = MIN_PAIRS as i64;
    let mut scores = vec![0_i64; n_candidates];
    let mut from: Vec<Vec<usize>> = Vec::with_capacity(voices.len());
    let best_of = |scores: &[i64]| {
        (0..n_candidates).max_by_key(|candidate| (scores[*candidate], std::cmp::Reverse(*candidate))).unwrap_or(0)
    };
    for fits in voices {
        let best = best_of(&scores);
        let change = scores[best] - cost;
        let mut origin = Vec::with_capacity(n_candidates);
        for (candidate, score) in scores.iter_mut().enumerate() {
            let stays = *score >= change;
            origin.push(if stays { candidate } else { best });
            *score = (*score).max(change) + i64::from(fits[candidate]);
        }
        from.push(origin);
    }
    let mut state = best_of(&scores);
    let mut path = vec![0; voices.len()];
    for (place, origin) in from.iter().enumerate().rev() {
        path[place] = state;
        state = origin[state];
    }
    path
}

/// The mode of the pairs near a difference, each record of the first clock with its nearest pair.
fn around<'p>(pairs: impl Iterator<Item = &'p Pair>, ahead_s: f64) -> Option<Mode> {
    let mut nearest: BTreeMap<usize, &Pair> = BTreeMap::new();
    let distance = |pair: &Pair| (pair.apart_s() - ahead_s).abs();
    for pair in pairs.filter(|pair| distance(pair) <= REACH_S) {
        let known = nearest.entry(pair.one.0).or_insert(pair);
        if distance(pair).total_cmp(&distance(known)).then(pair.other.cmp(&known.other)).is_lt() {
            *known = pair;
        }
    }
    if nearest.len() < MIN_PAIRS {
        return None;
    }
    let first = nearest.values().map(|pair| pair.other.1).min()?;
    let last = nearest.values().map(|pair| pair.other.1).max()?;
    let mut values: Vec<f64> = nearest.values().map(|pair| pair.apart_s()).collect();
    values.sort_by(f64::total_cmp);
    let n = values.len();
    let (middle, lower, upper) = median_interval(&values);
    let mut deviations: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
    deviations.sort_by(f64::total_cmp);
    Some(Mode {
        span: (first, last),
        ahead_s: middle,
        interval_s: (lower, upper),
        latency_s: values[n - 1 - n / 4] - values[n / 4],
        // 1.4826 makes a standard deviation of it for normal errors.
        deviation_s: 1.4826 * deviations[n / 2],
        n_pairs: n,
    })
}

/// The median of sorted values, at least one, with its 95 % interval by order statistics.
pub(in super::super) fn median_interval(sorted: &[f64]) -> (f64, f64, f64) {
    let tail = n_below_median(sorted.len());
    (sorted[sorted.len() / 2], sorted[tail], sorted[sorted.len() - 1 - tail])
}

/// How many of `n` sorted values stand outside of the 95 % interval of the median on each side: the values that are
/// left out are fewer than binomial chance (one half) makes in 2.5 %.
fn n_below_median(n: usize) -> usize {
    // From here on the normal limit differs by less than one place, and the powers of one half run out.
    if n > 1_000 {
        let n = n as f64;
        return ((n - 1.96 * n.sqrt()) / 2.0) as usize;
    }
    let mut term = 0.5_f64.powi(n as i32);
    let mut below = 0.0;
    for k in 0..n {
        below += term;
        if below > 0.025 {
            return k.saturating_sub(1);
        }
        term *= (n - k) as f64 / (k + 1) as f64;
    }
    0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pair(one: usize, other: usize, at_s: f64, apart_s: f64) -> Pair {
        let at = Timestamp::from_unix_seconds(0).plus_seconds(at_s);
        Pair { one: (one, at), other: (other, at.plus_seconds(-apart_s)) }
    }

    /// Records of `n` tries, an hour apart: each with its true pair, late by up to four seconds, and false ones.
    fn planted(n: usize, ahead_s: impl Fn(usize) -> f64, n_false: usize) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for number in 0..n {
            let at_s = 3_600.0 * number as f64;
            pairs.push(pair(number, number, at_s, ahead_s(number) + (number * 7 % 5) as f64));
            for other in (0..n_false).map(|other| n + number * n_false + other) {
                pairs.push(pair(number, other, at_s, (other * 7_919 % 172_800) as f64 - 86_400.0));
            }
        }
        pairs
    }

    #[test]
    fn the_planted_offset_is_found_among_false_pairs_and_its_interval_holds_it() {
        let modes = modes(&planted(40, |_| -3_900.0, 6));
        assert_eq!(modes.len(), 1);
        let mode = modes[0];
        assert!(mode.interval_s.0 <= -3_898.0 && -3_898.0 <= mode.interval_s.1, "{mode:?}");
        assert!((mode.latency_s - 2.0).abs() < 1.1 && mode.n_pairs >= 40, "{mode:?}");
    }

    #[test]
    fn what_scatters_has_no_offset() {
        for n_false in [1, 6, 40] {
            let pairs: Vec<Pair> = planted(60, |number| (number * 6_101 % 80_000) as f64, n_false);
            assert_eq!(modes(&pairs), [], "{n_false}");
        }
        // One record that many others could belong to is one event, however many they are.
        let storm: Vec<Pair> = (0..50).map(|other| pair(0, other, 0.0, 5.0)).collect();
        assert_eq!(modes(&storm), []);
    }

    #[test]
    fn a_clock_that_was_set_has_two_offsets_one_after_the_other() {
        let set = |number: usize| if number < 30 { 300.0 } else { 0.0 };
        let modes = modes(&planted(70, set, 3));
        let found: Vec<f64> = modes.iter().map(|mode| mode.ahead_s).collect();
        assert_eq!(found, [302.0, 2.0], "{modes:?}");
        assert!(modes[0].span.1 < modes[1].span.0);
        // Some that answer slowly now and then are no step.
        let slow = |number: usize| if number % 9 < 3 { 100.0 } else { 0.0 };
        assert_eq!(super::modes(&planted(90, slow, 3)).len(), 1);
    }

    #[test]
    fn the_interval_of_the_median_is_that_of_the_binomial_tables() {
        // Conover, Practical Nonparametric Statistics: n = 6: 1st and 6th, 10: 2nd and 9th, 20: 6th and 15th.
        assert_eq!([6, 10, 20, 100].map(n_below_median), [0, 1, 5, 39]);
        assert_eq!((n_below_median(1_000), n_below_median(1_001)), (468, 469));
    }

    proptest! {
        #[test]
        fn any_pairs_give_modes_in_order_and_none_depends_on_the_order_of_the_pairs(
            all in prop::collection::vec((0_usize..40, -900_i32..900), 0..200),
        ) {
            let of = |(one, apart): &(usize, i32)| pair(*one, 100 + *apart as usize % 50, 999.0 * *one as f64, f64::from(*apart));
            let pairs: Vec<Pair> = all.iter().map(of).collect();
            let mut reversed = pairs.clone();
            reversed.reverse();
            let found = modes(&pairs);
            for mode in &found {
                prop_assert!(mode.interval_s.0 <= mode.ahead_s && mode.ahead_s <= mode.interval_s.1);
            }
            prop_assert_eq!(found, modes(&reversed));
        }
    }
}
