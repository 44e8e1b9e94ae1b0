//! Signatures that are new, gone, risen or fallen against the weeks before at the same hours of the week.
//!
//! Counted are cases (a person's first failure of a kind on a day) out of wishes to connect, and symptoms (an hour of a
//! host in which one is recorded) out of hours that a log covers. Given how many cases an hour of the week has in all
//! weeks, those of this week are binomial with the share that this week has in the wishes of that hour: the conditional
//! test of two Poisson rates (Przyborowski and Wilenski 1940), by strata. Their sum over the hours is tested as one
//! binomial with the mean share, whose tails are never lighter (Hoeffding 1956).
//!
//! Weeks differ by more than chance. By how much is Pearson's statistic of the weeks before, a signature's own drawn
//! towards the median of all (as variances are by Smyth 2004), and counts are divided by it. What could not be found at
//! any outcome, given its number of cases, is not tested (Tarone 1990); the rest is corrected by Holm (1979).

use std::collections::{BTreeMap, BTreeSet};

use super::coverage::{Covered, hours, middle};
use super::week::{Calendar, SLOTS, Week};
use super::wishes::{Case, Wish};
use crate::frame::Tables;
use crate::judge::Estimate;
use crate::model::{Name, TimeRange, Timestamp};
use crate::stats::{beta_cdf, beta_quantile, holm, quantile};

/// The chance of even one false alarm in a week in which nothing moved.
pub const LEVEL: f64 = 0.05;
/// Weeks as many as which that is worth what other signatures lead to expect.
const PRIOR_WEEKS: f64 = 6.0;
/// A signature with fewer cases a week says nothing about how far weeks differ.
const MIN_MEAN: f64 = 2.0;
/// What is estimated of a few weeks is itself unsure: excess is taken so many times (by the simulations of the tests).
const UNSURE: f64 = 1.5;
/// The square of the part of themselves by which rates differ from week to week at the least: a fifth.
const LEAST_PART: f64 = 0.04;

/// What became of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// It was in no week before.
    New,
    /// It came more often.
    Risen,
    /// It came less often.
    Fallen,
    /// It is in none of the week's hours that can be compared.
    Gone,
    /// Neither a rise nor a fall is beyond chance.
    Unchanged,
    /// So few cases that no outcome could have been beyond chance.
    TooFew,
    /// Nothing is compared: there is no week before, or too little of the week is covered.
    NotCompared,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counted {
    /// People who failed, each once a day.
    People,
    /// Hours of hosts in which a symptom is recorded that names nobody.
    HostHours,
}

/// One signature in the week and before.
#[derive(Clone, Debug, PartialEq)]
pub struct Movement {
    /// The signature.
    pub signature: Name,
    /// What is counted.
    pub counted: Counted,
    /// Whether it is the users' own fault.
    pub is_own_fault: bool,
    /// What became of it.
    pub direction: Direction,
    /// Cases of the week, all of them.
    pub n_week: usize,
    /// Those in hours that can be compared.
    pub n_compared: usize,
    /// Cases of the weeks before, in hours that can be compared.
    pub n_before: usize,
    /// How many the week would have at the rates of the weeks before.
    pub expected: f64,
    /// The rate of the week over that of the weeks before, with its 95 % interval.
    pub ratio: Estimate,
    /// The p value of the two-sided test; 1 where there is none.
    pub p: f64,
    /// It after Holm's correction.
    pub p_corrected: f64,
    /// By how much weeks differ beyond chance: 1 for chance alone.
    pub dispersion: f64,
    /// The last case before the week.
    pub last_before: Option<Timestamp>,
    /// Cases by week, those before first, this one last.
    pub by_week: Vec<usize>,
    /// Cases of the week by hour of the week.
    pub by_slot: Vec<usize>,
    /// The most of any week before by hour of the week.
    pub most_before: Vec<usize>,
}

impl Movement {
    /// Whether it was never seen before the week, in the logs at hand.
    pub fn is_first_seen(&self) -> bool {
        self.n_week > 0 && self.last_before.is_none()
    }

    /// Whether it is beyond chance that it moved.
    pub fn has_moved(&self) -> bool {
        !matches!(self.direction, Direction::Unchanged | Direction::TooFew | Direction::NotCompared)
    }
}

/// All signatures of the week and of the weeks before.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The weeks that it is compared with, the oldest first; none in the first week of a log.
    pub weeks: Vec<Week>,
    /// Whether anything is claimed: there are weeks before, and enough of the week is covered.
    pub is_made: bool,
    /// How many signatures were tested.
    pub n_tests: usize,
    /// The signatures: what moved first, then by cases of the week.
    pub movements: Vec<Movement>,
}

/// Cases and what they are out of, by week and hour of the week.
struct Series {
    signature: Name,
    counted: Counted,
    is_own_fault: bool,
    cases: Vec<Vec<f64>>,
    exposures: Vec<Vec<f64>>,
    last_before: Option<Timestamp>,
}

/// Compares the last of these weeks with the others.
pub(super) fn compare(
    tables: &Tables,
    (wishes, cases): (&[Wish], &[Case]),
    (week, before): (Week, &[Week]),
    coverage: &Covered,
    calendar: &Calendar,
) -> Comparison {
    let weeks: Vec<Week> = before.iter().copied().chain([week]).collect();
    let frame = Frame { weeks: &weeks, spans: weeks.iter().map(|week| calendar.span(*week)).collect(), calendar };
    let mut all = people(&frame, tables, wishes, cases);
    let known: BTreeSet<Name> = all.iter().map(|series| series.signature.clone()).collect();
    all.extend(symptoms(&frame, tables).into_iter().filter(|series| !known.contains(&series.signature)));
    let is_made = !before.is_empty() && coverage.is_enough();
    let mut movements: Vec<Movement> =
        if is_made { tested(&all) } else { all.iter().map(|one| one.told(Direction::NotCompared)).collect() };
    let is_tested = |one: &&Movement| !matches!(one.direction, Direction::TooFew | Direction::NotCompared);
    let n_tests = movements.iter().filter(is_tested).count();
    movements.retain(|one| one.by_week.iter().any(|n| *n > 0));
    movements.sort_by(|a, b| {
        let n = |n: usize| std::cmp::Reverse(n);
        let rank = |one: &Movement| (one.direction, one.counted, n(one.n_week), n(one.n_before));
        rank(a).cmp(&rank(b)).then_with(|| a.signature.cmp(&b.signature))
    });
    Comparison { weeks: before.to_vec(), is_made, n_tests, movements }
}

/// The weeks and their places.
struct Frame<'a> {
    weeks: &'a [Week],
    spans: Vec<TimeRange>,
    calendar: &'a Calendar,
}

impl Frame<'_> {
    /// The week and the hour of the week of an instant.
    fn place(&self, at: Timestamp) -> Option<(usize, usize)> {
        let week = self.spans.iter().position(|span| span.contains(at))?;
        Some((week, self.calendar.slot(at).min(SLOTS - 1)))
    }

    fn zeros(&self) -> Vec<Vec<f64>> {
        vec![vec![0.0; SLOTS]; self.weeks.len()]
    }

    fn is_before(&self, at: Timestamp) -> bool {
        self.spans.last().is_some_and(|span| at < span.start)
    }
}

/// Cases out of wishes.
fn people(frame: &Frame<'_>, tables: &Tables, wishes: &[Wish], cases: &[Case]) -> Vec<Series> {
    let mut by_signature: BTreeMap<&Name, Vec<&Case>> = BTreeMap::new();
    for case in cases {
        by_signature.entry(&case.signature).or_default().push(case);
    }
    let placed = |wish: &Wish| frame.place(wish.at).map(|(week, slot)| (wish.at, week, slot));
    let placed: Vec<(Timestamp, usize, usize)> = wishes.iter().filter_map(placed).collect();
    let series = |(signature, own): (&Name, Vec<&Case>)| {
        // Before the log that shows it began, nobody could have been seen to fail so.
        let since = tables.seen_since.get(signature).copied();
        let (mut counts, mut exposures) = (frame.zeros(), frame.zeros());
        for (_, week, slot) in placed.iter().filter(|(at, _, _)| since.is_none_or(|since| since <= *at)) {
            exposures[*week][*slot] += 1.0;
        }
        for (week, slot) in own.iter().filter_map(|case| frame.place(case.at)) {
            counts[week][slot] += 1.0;
        }
        Series {
            signature: signature.clone(),
            counted: Counted::People,
            is_own_fault: own.iter().all(|case| case.is_own_fault),
            cases: counts,
            exposures,
            last_before: own.iter().map(|case| case.at).filter(|at| frame.is_before(*at)).max(),
        }
    };
    by_signature.into_iter().map(series).collect()
}

/// Hours of hosts with a symptom out of those that a log covers.
fn symptoms(frame: &Frame<'_>, tables: &Tables) -> Vec<Series> {
    let mut covered = frame.zeros();
    for (week, span) in frame.spans.iter().enumerate() {
        let coverage = Covered::of(tables, *span);
        for hour in hours(*span) {
            covered[week][frame.calendar.slot(middle(hour)).min(SLOTS - 1)] += coverage.n_hosts(middle(hour)) as f64;
        }
    }
    let mut by_signature: BTreeMap<&Name, BTreeMap<(Option<&Name>, i64), Timestamp>> = BTreeMap::new();
    for (at, host, signature, _) in &tables.symptoms {
        by_signature.entry(signature).or_default().entry((host.as_ref(), at.hour())).or_insert(*at);
    }
    let series = |(signature, seen): (&Name, BTreeMap<(Option<&Name>, i64), Timestamp>)| {
        let mut counts = frame.zeros();
        for (week, slot) in seen.values().filter_map(|at| frame.place(*at)) {
            counts[week][slot] += 1.0;
        }
        Series {
            signature: signature.clone(),
            counted: Counted::HostHours,
            is_own_fault: false,
            cases: counts,
            exposures: covered.clone(),
            last_before: seen.values().copied().filter(|at| frame.is_before(*at)).max(),
        }
    };
    by_signature.into_iter().map(series).collect()
}

/// One signature in the hours that can be compared.
#[derive(Clone, Copy, Debug, Default)]
struct Stratified {
    week: f64,
    before: f64,
    expected: f64,
    /// The mean share that the week has in the exposure, weighted by cases.
    share: f64,
}

impl Stratified {
    fn n(&self) -> f64 {
        self.week + self.before
    }

    /// The two-sided p value if `week` of the cases were in the week, with counts divided by the dispersion.
    fn p(&self, week: f64, dispersion: f64) -> f64 {
        let (k, rest) = (week / dispersion, (self.n() - week) / dispersion);
        // At least k of n, and at most k of n, for counts that need not be whole.
        let higher = if k > 0.0 { beta_cdf(self.share, k, rest + 1.0) } else { 1.0 };
        let lower = if rest > 0.0 { 1.0 - beta_cdf(self.share, k + 1.0, rest) } else { 1.0 };
        (2.0 * higher.min(lower)).min(1.0)
    }

    /// The rate of the week over that before, with its interval.
    fn ratio(&self, dispersion: f64) -> Estimate {
        let (k, rest) = (self.week / dispersion, self.before / dispersion);
        let lower = if k > 0.0 { beta_quantile(0.025, k, rest + 1.0) } else { 0.0 };
        let upper = if rest > 0.0 { beta_quantile(0.975, k + 1.0, rest) } else { 1.0 };
        let odds = |p: f64| if p >= 1.0 { f64::INFINITY } else { p / (1.0 - p) };
        let to_ratio = |p: f64| odds(p) / odds(self.share.clamp(1e-12, 1.0 - 1e-12));
        Estimate::interval(to_ratio(self.week / self.n().max(1e-12)), to_ratio(lower), to_ratio(upper), "1")
    }
}

impl Series {
    /// What the week's hours have in all weeks; a case is out of at least itself.
    fn exposure(&self, week: usize, slot: usize) -> f64 {
        self.exposures[week][slot].max(self.cases[week][slot])
    }

    fn n_before(&self) -> usize {
        self.cases.len() - 1
    }

    fn stratified(&self) -> Stratified {
        let mut all = Stratified::default();
        for slot in 0..SLOTS {
            let own = self.exposure(self.n_before(), slot);
            let before: f64 = (0..self.n_before()).map(|week| self.exposure(week, slot)).sum();
            if own <= 0.0 || before <= 0.0 {
                continue;
            }
            let cases = self.cases[self.n_before()][slot];
            let earlier: f64 = (0..self.n_before()).map(|week| self.cases[week][slot]).sum();
            all.week += cases;
            all.before += earlier;
            all.expected += own * earlier / before;
            all.share += (cases + earlier) * own / (own + before);
        }
        if all.n() > 0.0 {
            all.share /= all.n();
        }
        all
    }

    /// Pearson's statistic of the weeks before, and its degrees of freedom.
    fn pearson(&self) -> (f64, f64) {
        let mut expected = vec![0.0; self.n_before()];
        for slot in 0..SLOTS {
            let exposure: f64 = (0..self.n_before()).map(|week| self.exposure(week, slot)).sum();
            let cases: f64 = (0..self.n_before()).map(|week| self.cases[week][slot]).sum();
            for (week, expected) in expected.iter_mut().enumerate() {
                if cases > 0.0 {
                    *expected += self.exposure(week, slot) * cases / exposure;
                }
            }
        }
        let weeks: Vec<usize> = (0..self.n_before()).filter(|week| expected[*week] > 0.0).collect();
        let square = |week: &usize| (self.cases[*week].iter().sum::<f64>() - expected[*week]).powi(2) / expected[*week];
        (weeks.iter().map(square).sum(), (weeks.len() as f64 - 1.0).max(0.0))
    }

    /// It without any claim.
    fn told(&self, direction: Direction) -> Movement {
        let stratified = self.stratified();
        let last = self.n_before();
        let whole = |n: f64| n as usize;
        let most = |slot: usize| (0..last).map(|week| whole(self.cases[week][slot])).max().unwrap_or(0);
        Movement {
            signature: self.signature.clone(),
            counted: self.counted,
            is_own_fault: self.is_own_fault,
            direction,
            n_week: whole(self.cases[last].iter().sum()),
            n_compared: whole(stratified.week),
            n_before: whole(stratified.before),
            expected: stratified.expected,
            ratio: stratified.ratio(1.0),
            p: 1.0,
            p_corrected: 1.0,
            dispersion: 1.0,
            last_before: self.last_before,
            by_week: self.cases.iter().map(|week| whole(week.iter().sum())).collect(),
            by_slot: self.cases[last].iter().copied().map(whole).collect(),
            most_before: (0..SLOTS).map(most).collect(),
        }
    }
}

/// Tests all signatures together.
fn tested(all: &[Series]) -> Vec<Movement> {
    let dispersions = dispersions(all);
    let stratified: Vec<Stratified> = all.iter().map(Series::stratified).collect();
    // By the number of cases alone: nothing of how they fell on the weeks may decide what is tested.
    let could_be_found: Vec<bool> = stratified
        .iter()
        .zip(&dispersions)
        .map(|(one, dispersion)| one.n() > 0.0 && one.p(one.n(), *dispersion).min(one.p(0.0, *dispersion)) <= LEVEL)
        .collect();
    let places: Vec<usize> = (0..all.len()).filter(|place| could_be_found[*place]).collect();
    let p: Vec<f64> =
        places.iter().map(|place| stratified[*place].p(stratified[*place].week, dispersions[*place])).collect();
    let corrected = holm(&p);
    let mut movements: Vec<Movement> = all.iter().map(|one| one.told(Direction::TooFew)).collect();
    for ((place, p), p_corrected) in places.into_iter().zip(p).zip(corrected) {
        let (one, own) = (&mut movements[place], &stratified[place]);
        (one.p, one.p_corrected) = (p, p_corrected);
        one.direction = match p_corrected <= LEVEL {
            false => Direction::Unchanged,
            true if own.week > own.expected && one.last_before.is_none() => Direction::New,
            true if own.week > own.expected => Direction::Risen,
            true if one.n_week == 0 => Direction::Gone,
            true => Direction::Fallen,
        };
    }
    for ((one, own), dispersion) in movements.iter_mut().zip(&stratified).zip(dispersions) {
        one.dispersion = dispersion;
        one.ratio = own.ratio(dispersion);
    }
    movements
}

/// By how much the weeks before differ beyond chance, for each signature: its own, drawn towards what the others lead to
/// expect of so many cases.
///
/// Where a rate differs from week to week by a part of itself, variance over mean is one and the square of that part
/// times the mean: the part is what signatures share, not the ratio.
fn dispersions(all: &[Series]) -> Vec<f64> {
    let own: Vec<(f64, f64, f64)> = all
        .iter()
        .map(|one| {
            let (square, freedom) = one.pearson();
            let cases: f64 = one.cases[..one.n_before()].iter().flatten().sum();
            (square, freedom, cases / (freedom + 1.0))
        })
        .collect();
    let part = |(square, freedom, mean): &(f64, f64, f64)| {
        (*freedom > 0.0 && *mean >= MIN_MEAN).then(|| (square / chi_square_median(*freedom) - 1.0) / mean)
    };
    let parts: Vec<f64> = own.iter().filter_map(part).collect();
    let usual = quantile(&parts, 0.5).unwrap_or(0.0).max(LEAST_PART);
    own.iter()
        .map(|(square, freedom, mean)| {
            let expected = 1.0 + usual * mean;
            let drawn = (PRIOR_WEEKS * expected + square) / (PRIOR_WEEKS + freedom);
            1.0 + UNSURE * (drawn.max(1.0) - 1.0)
        })
        .collect()
}

/// The median of Pearson's statistic where only chance is at work (Wilson and Hilferty 1931).
fn chi_square_median(freedom: f64) -> f64 {
    freedom * (1.0 - 2.0 / (9.0 * freedom)).powi(3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Random;

    const WEEKS: usize = 5;

    /// Wishes by hour of the week: office hours of five days.
    fn exposure(slot: usize) -> f64 {
        match (slot / 24, slot % 24) {
            (0..5, 7..9) => 20.0,
            (0..5, 9..17) => 6.0,
            (0..5, _) => 0.0,
            _ => {
                if slot % 24 == 10 {
                    2.0
                } else {
                    0.0
                }
            }
        }
    }

    /// Cases at a rate for each week, of wishes that are the same in all weeks.
    fn series(signature: &str, rates: &[f64], random: &mut Random) -> Series {
        let exposures = vec![(0..SLOTS).map(exposure).collect::<Vec<f64>>(); rates.len()];
        let mut week = |rate: &f64| -> Vec<f64> {
            let mut drawn = |slot| (0..exposure(slot) as usize).filter(|_| random.unit() < *rate).count() as f64;
            (0..SLOTS).map(&mut drawn).collect()
        };
        let cases = rates.iter().map(&mut week).collect();
        let (counted, signature) = (Counted::People, signature.into());
        let last_before = rates[..rates.len() - 1].iter().any(|rate| *rate > 0.0).then_some(Timestamp(0));
        Series { signature, counted, is_own_fault: false, cases, exposures, last_before }
    }

    /// Nearly normal: a sum of twelve.
    fn normal(random: &mut Random) -> f64 {
        (0..12).map(|_| random.unit()).sum::<f64>() - 6.0
    }

    fn directions(all: &[Series]) -> Vec<Direction> {
        tested(all).into_iter().map(|one| one.direction).collect()
    }

    fn is_alarm(direction: Direction) -> bool {
        !matches!(direction, Direction::Unchanged | Direction::TooFew)
    }

    #[test]
    fn what_was_planted_is_found() {
        let mut missed = [0; 4];
        for seed in 0..50 {
            let mut random = Random::new(seed);
            let all = [
                series("new", &[0.0, 0.0, 0.0, 0.0, 0.04], &mut random),
                series("gone", &[0.04, 0.04, 0.04, 0.04, 0.0], &mut random),
                series("risen", &[0.01, 0.01, 0.01, 0.01, 0.06], &mut random),
                series("fallen", &[0.1, 0.1, 0.1, 0.1, 0.02], &mut random),
                series("same", &[0.03; WEEKS], &mut random),
                series("rare", &[0.001; WEEKS], &mut random),
            ];
            let found = directions(&all);
            let wanted = [Direction::New, Direction::Gone, Direction::Risen, Direction::Fallen];
            for (place, wanted) in wanted.into_iter().enumerate() {
                missed[place] += usize::from(found[place] != wanted);
            }
            assert_ne!(found[4], Direction::New);
        }
        assert!(missed.iter().all(|n| *n <= 2), "missed of 50: {missed:?}");
    }

    /// Eight signatures with the same rates in all weeks: at most one week in twenty may say that anything moved.
    #[test]
    fn nothing_moves_where_nothing_was_planted() {
        let false_alarms = (0..200).filter(|seed| {
            let mut random = Random::new(1_000 + seed);
            let rates = [0.002, 0.005, 0.01, 0.01, 0.02, 0.03, 0.05, 0.1];
            let all: Vec<Series> = rates.iter().map(|rate| series("one", &[*rate; WEEKS], &mut random)).collect();
            directions(&all).into_iter().any(is_alarm)
        });
        let n = false_alarms.count();
        assert!(n <= 16, "{n} of 200"); // 10 expected at most, ± 3.1 a deviation
    }

    /// The same, where the rate of each signature differs from week to week by a third and nothing else moves.
    #[test]
    fn weeks_that_differ_by_themselves_are_no_news() {
        let false_alarms = (0..200).filter(|seed| {
            let mut random = Random::new(5_000 + seed);
            let rates = [0.01, 0.02, 0.03, 0.05, 0.1];
            let one = |rate: &f64, random: &mut Random| {
                let weeks: Vec<f64> = (0..WEEKS).map(|_| rate * (0.35 * normal(random)).exp()).collect();
                series("one", &weeks, random)
            };
            let all: Vec<Series> = rates.iter().map(|rate| one(rate, &mut random)).collect();
            directions(&all).into_iter().any(is_alarm)
        });
        let n = false_alarms.count();
        assert!(n <= 16, "{n} of 200");
    }

    /// Holidays: half of the people stay away in all hours, and half of those who would fail.
    #[test]
    fn half_of_the_people_are_no_fall() {
        let mut alarms = 0;
        for seed in 0..100 {
            let mut random = Random::new(30_000 + seed);
            let mut all: Vec<Series> =
                [0.02, 0.08, 0.15].iter().map(|rate| series("one", &[*rate; WEEKS], &mut random)).collect();
            for one in &mut all {
                for slot in 0..SLOTS {
                    let mut kept = |n: f64| (0..n as usize).filter(|_| random.unit() < 0.5).count() as f64;
                    let (failed, got_in) = (one.cases[WEEKS - 1][slot], one.exposures[WEEKS - 1][slot]);
                    let failed_kept = kept(failed);
                    one.exposures[WEEKS - 1][slot] = failed_kept + kept(got_in - failed);
                    one.cases[WEEKS - 1][slot] = failed_kept;
                }
            }
            alarms += usize::from(directions(&all).into_iter().any(is_alarm));
        }
        assert!(alarms <= 9, "{alarms} of 100");
    }

    /// A holiday, or half a week without logs: fewer people fail because fewer come.
    #[test]
    fn fewer_people_are_no_fall() {
        let mut alarms = 0;
        for seed in 0..100 {
            let mut random = Random::new(9_000 + seed);
            let mut all: Vec<Series> =
                [0.02, 0.04, 0.08].iter().map(|rate| series("one", &[*rate; WEEKS], &mut random)).collect();
            for one in &mut all {
                for slot in 0..72 {
                    one.cases[WEEKS - 1][slot] = 0.0;
                    one.exposures[WEEKS - 1][slot] = 0.0;
                }
            }
            alarms += usize::from(directions(&all).into_iter().any(is_alarm));
        }
        assert!(alarms <= 9, "{alarms} of 100"); // 5 expected at most, ± 2.2 a deviation
    }

    /// python: `from scipy.stats import binom; 2 * binom.sf(11, 20, .2); 2 * binom.cdf(1, 40, .2)`
    #[test]
    fn the_test_is_the_conditional_binomial() {
        let one = |week: f64, before: f64| Stratified { week, before, expected: 0.0, share: 0.2 };
        assert!(
            (one(12.0, 8.0).p(12.0, 1.0) - 2.0 * 0.000_101_728_765_157).abs() < 1e-9,
            "{}",
            one(12.0, 8.0).p(12.0, 1.0)
        );
        assert!(
            (one(1.0, 39.0).p(1.0, 1.0) - 2.0 * 0.001_462_150_795_363).abs() < 1e-9,
            "{}",
            one(1.0, 39.0).p(1.0, 1.0)
        );
        assert!(one(12.0, 8.0).p(12.0, 3.0) > 0.01, "weeks that differ weaken it");
    }

    #[test]
    fn intervals_are_finite_where_they_can_be() {
        let one = |week: f64, before: f64| Stratified { week, before, expected: 0.0, share: 0.2 }.ratio(1.0);
        assert!((one(10.0, 10.0).value - 4.0).abs() < 1e-12 && one(10.0, 10.0).lower > 1.0);
        assert_eq!((one(5.0, 0.0).upper, one(5.0, 0.0).value), (f64::INFINITY, f64::INFINITY));
        assert_eq!((one(0.0, 5.0).lower, one(0.0, 5.0).value), (0.0, 0.0));
    }
}
