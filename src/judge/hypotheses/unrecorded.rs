//! # Claim
//! A change that no file records fails attempts: at a free time, on all hosts or on some.
//!
//! # What else would explain it
//! A recorded change at about that time; a dependency, for all hosts at once; one host, for one.
//!
//! # Evidence for
//! A rise that fits no recorded change's times and hosts.
//!
//! # Evidence against
//! A rise that begins, host by host, with a recorded change: this hypothesis pays for its free time and hosts.
//!
//! # Test
//! The mean over start times, sizes and ends of `.6 Π exp L + .4 Π (½ + ½ exp L)` over hosts, one size for
//! all: with all hosts, or with any subset of them; `L` of a host from the start on, or averaged over the host's own
//! delay. Steps, load responses, and chains with a free start.
//!
//! # Limits
//! Its share of the prior of all changes is the dial between blaming an innocent and missing a guilty one.

use rayon::prelude::*;

use super::super::mechanism::{How, Mechanism, NEVER};
use super::super::scene::{FreeRemedy, Scene};
use super::chain::{Since, USERS_FAULT_FACTOR, grids, mechanism, weigh};
use super::change::shares;
use super::dependency::is_users_fault;
use super::{Cause, Explanation, Grid, Hypothesis, Remedied, prior};
use crate::correlate::{Correlation, Response, Sums};
use crate::stats::special::{LOST, Product, log_mean_exp};

/// The part in which all hosts got it.
const P_ALL_HOSTS: f64 = 0.6;
/// The part in which the hosts got it at one time; else each by its own delay, as a rollout in waves or after a canary
/// brings it.
const P_AT_ONCE: f64 = 0.6;
/// Delays of a host in such a rollout, hours.
const DELAYS_H: [usize; 8] = [0, 12, 24, 36, 48, 72, 96, 120];
/// Hours between the starts that are tried, for steps and for responses to load.
const STEP_H: usize = 2;
const LOAD_STEP_H: usize = 6;
/// Hours between the free ends that are tried.
const END_STEP_H: usize = 24;
/// Remedies that are tried at every start: the likeliest so many, by the best that any start and any hosts make of them.
const MAX_REMEDIES: usize = 12;
/// Chains are tried from so many starts: about one a day of a usual log. People leave about once a day, so that a finer
/// step would tell nothing, and a coarser one would make the exact times of recorded changes look right by comparison.
const N_CHAIN_STARTS: usize = 28;
/// A change that no file records.
pub(super) struct Unrecorded;

impl Hypothesis for Unrecorded {
    fn explanations(&self, scene: &Scene<'_>) -> Vec<Explanation> {
        let (_, share) = shares(scene);
        let shapes =
            [(prior::STEP + prior::DELAYED + prior::RAMP, &scene.constants), (prior::UNDER_LOAD, &scene.powers)];
        let mut explanations: Vec<Explanation> =
            shapes.into_iter().flat_map(|(part, sums)| steps(scene, sums, true, (share * part).ln())).collect();
        let part = if is_users_fault(scene) { prior::CHAIN * USERS_FAULT_FACTOR } else { prior::CHAIN };
        explanations.extend(chains(scene, (share * part).ln()));
        explanations
    }

    /// Steps without an end: without them the background would keep a step on some of the hosts to itself, for no other
    /// quick look has a place for it.
    fn sketch(&self, scene: &Scene<'_>) -> Vec<Explanation> {
        let (_, share) = shares(scene);
        steps(scene, &scene.constants, false, (share * prior::STEP).ln())
    }
}

/// A response, how each host got it (`None`: it did not), and how it ended.
type Point = (Response, Vec<Option<f64>>, Remedied);

fn steps(scene: &Scene<'_>, all: &[Sums], with_ends: bool, log_prior: f64) -> Vec<Explanation> {
    let grids: Vec<Grid<Point>> = all.par_iter().map(|sums| one_size(scene, sums, with_ends)).collect();
    let mechanism = |(response, from, end): Point| {
        let mut spans = scene.spans_from(0.0, end);
        for (span, from) in spans.iter_mut().zip(&from) {
            *span = from.filter(|from| *from < span.1).map_or(NEVER, |from| (from, span.1));
        }
        Mechanism { user: None, spans, how: How::Response(response) }
    };
    let log_prior = log_prior - (all.len() as f64).ln();
    grids.into_iter().filter_map(|grid| grid.explanation(Cause::Change(None), log_prior, mechanism)).collect()
}

/// An end that is tried at every start before it.
struct End {
    by: Remedied,
    /// Logarithm of its weight among ends of its kind, before those that cannot be are left out.
    log_weight: f64,
    /// When the last host has ended, seconds.
    last_s: f64,
    /// By host: when it ended, hours, and the sum before it.
    hosts: Vec<(f64, f64)>,
}

/// One size: the running sums at every full hour.
struct Size<'a> {
    scene: &'a Scene<'a>,
    /// Hours between starts.
    step_h: usize,
    /// By hour and host.
    at: Vec<Vec<f64>>,
    /// By start and host: the logarithm of the mean of `exp` of minus the sum before the host's own start.
    late: Vec<Vec<f64>>,
    /// By start and host: the greatest of minus the sum before any start of its own.
    most: Vec<Vec<f64>>,
}

impl<'a> Size<'a> {
    fn new(scene: &'a Scene<'a>, sums: &Sums, step_h: usize) -> Self {
        let (n_hours, n_hosts) = (scene.n_hours(), scene.n_hosts());
        let at: Vec<Vec<f64>> = (0..=n_hours)
            .map(|hour| scene.hour(hour).iter().enumerate().map(|(host, place)| sums.before(host, *place)).collect())
            .collect();
        let begun = |hour: usize, host: usize| DELAYS_H.map(|delay| -at[(hour + delay).min(n_hours)][host]);
        let rows = |value: &dyn Fn(&[f64]) -> f64| -> Vec<Vec<f64>> {
            let row = |hour: usize| (0..n_hosts).map(|host| value(&begun(hour, host))).collect();
            (0..n_hours).step_by(step_h).map(row).collect()
        };
        let late = rows(&log_mean_exp);
        let most = rows(&|begun| begun.iter().copied().fold(f64::NEG_INFINITY, f64::max));
        Self { scene, step_h, at, late, most }
    }

    /// What no start at this hour, of any hosts, is worth more than.
    fn at_most(&self, hour: usize, end: &End) -> f64 {
        let each = end.hosts.iter().zip(&self.most[hour / self.step_h]);
        each.map(|((stop_h, before), most)| if *stop_h > hour as f64 { (before + most).max(0.0) } else { 0.0 }).sum()
    }

    /// The sum on a host between an hour and its end: at once, and averaged over its own delay.
    fn sums(&self, host: usize, hour: usize, (stop_h, before): (f64, f64)) -> (f64, f64) {
        if stop_h <= hour as f64 {
            return (0.0, 0.0);
        }
        let at_once = before - self.at[hour][host];
        if stop_h >= (hour + DELAYS_H[DELAYS_H.len() - 1]) as f64 {
            return (at_once, before + self.late[hour / self.step_h][host]);
        }
        (at_once, log_mean_exp(&DELAYS_H.map(|delay| self.after(host, hour + delay, (stop_h, before)))))
    }

    fn after(&self, host: usize, hour: usize, (stop_h, before): (f64, f64)) -> f64 {
        if stop_h <= hour as f64 { 0.0 } else { before - self.at[hour.min(self.scene.n_hours())][host] }
    }

    /// The hours at which hosts got it, if `is_late` each at its best delay; `None` where that is not at all.
    fn starts(&self, hour: usize, end: &End, is_late: bool, everywhere: bool) -> Vec<Option<f64>> {
        let delays = if is_late { &DELAYS_H[..] } else { &DELAYS_H[..1] };
        let start = |host: usize| {
            let sum = |delay: &usize| self.after(host, hour + delay, end.hosts[host]);
            let best = delays.iter().copied().max_by(|a, b| sum(a).total_cmp(&sum(b)).then(b.cmp(a)))?;
            (everywhere || sum(&best) > 0.0).then_some((hour + best) as f64 * 3600.0)
        };
        (0..self.scene.n_hosts()).map(start).collect()
    }

    /// Those of the ends by a change that any start and any hosts make the most of.
    fn likeliest(&self, ends: Vec<End>) -> Vec<End> {
        if ends.len() <= MAX_REMEDIES {
            return ends;
        }
        // By hour and host: the least sum at any start so far.
        let mut least = vec![vec![f64::INFINITY; self.scene.n_hosts()]];
        for at in self.at.iter().step_by(self.step_h) {
            let row = least[least.len() - 1].iter().zip(at).map(|(least, at)| least.min(*at)).collect();
            least.push(row);
        }
        // If each host had a start of its own.
        let at_most = |end: &End| -> f64 {
            let of_host = |(host, (stop_h, before)): (usize, &(f64, f64))| {
                let n_starts = (stop_h / self.step_h as f64).ceil().clamp(0.0, (least.len() - 1) as f64) as usize;
                (before - least[n_starts][host]).max(0.0)
            };
            end.log_weight + end.hosts.iter().enumerate().map(of_host).sum::<f64>()
        };
        let best = |end: &End| {
            let at = |hour: usize| -> f64 {
                let each = end.hosts.iter().zip(&self.at[hour]);
                let worth = |((stop_h, before), at): (&(f64, f64), &f64)| {
                    if *stop_h > hour as f64 { (before - at).max(0.0) } else { 0.0 }
                };
                each.map(worth).sum()
            };
            end.log_weight + (0..self.scene.n_hours()).step_by(self.step_h).map(at).fold(0.0, f64::max)
        };
        let mut bounded: Vec<(f64, End)> = ends.into_iter().map(|end| (at_most(&end), end)).collect();
        bounded.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut tried: Vec<(f64, End)> = Vec::new();
        for (at_most, end) in bounded {
            // A little more, for both are rounded.
            if tried.len() == MAX_REMEDIES && at_most + 1e-6 < tried[MAX_REMEDIES - 1].0 {
                break;
            }
            tried.push((best(&end), end));
            tried.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.by.cmp(&b.1.by)));
            tried.truncate(MAX_REMEDIES);
        }
        tried.into_iter().map(|(_, end)| end).collect()
    }
}

/// All start hours, rollouts and ends of one size.
fn one_size(scene: &Scene<'_>, sums: &Sums, with_ends: bool) -> Grid<Point> {
    let mut grid = Grid::new();
    let (n_hours, n_hosts) = (scene.n_hours(), scene.n_hosts());
    if n_hosts == 0 {
        return grid;
    }
    let step_h = if sums.response.is_under_load() { LOAD_STEP_H } else { STEP_H };
    let size = Size::new(scene, sums, step_h);
    let totals = (0..n_hosts).map(|host| (f64::INFINITY, sums.total(host))).collect();
    let never = End { by: Remedied::Never, log_weight: 0.0, last_s: f64::INFINITY, hosts: totals };
    let (mut free, mut remedies) = (Vec::new(), Vec::new());
    if with_ends {
        free = (END_STEP_H..n_hours)
            .step_by(END_STEP_H)
            .map(|hour| End {
                by: Remedied::AtHour(hour),
                log_weight: 0.0,
                last_s: hour as f64 * 3600.0,
                hosts: size.at[hour].iter().map(|before| (hour as f64, *before)).collect(),
            })
            .collect();
        let by = |remedy: &FreeRemedy| {
            let at = scene.view.from.changes[remedy.change].at_s.iter().enumerate();
            End {
                by: Remedied::By(remedy.change),
                log_weight: remedy.log_weight,
                last_s: remedy.last_s,
                hosts: at.map(|(host, at_s)| (at_s / 3600.0, scene.stated_stop(sums, remedy.change, host))).collect(),
            }
        };
        remedies = scene.free_remedies().iter().map(by).collect();
    }
    // What those would have got that are not tried goes to those that are.
    let remedies = size.likeliest(remedies);
    let log_start = -(n_hours.div_ceil(step_h) as f64).ln();
    let is_later = |end: &&End, hour: usize| end.last_s > hour as f64 * 3600.0;
    let later = |ends: &[End], hour: usize| {
        ends.iter().filter(|end| is_later(end, hour)).map(|end| end.log_weight.exp()).sum::<f64>()
    };
    // What cannot be is shared out among what can.
    let kinds =
        [(prior::NEVER, std::slice::from_ref(&never)), (prior::BY_ITSELF, &free[..]), (prior::REMEDIED, &remedies[..])];
    let possible: Vec<[f64; 3]> =
        (0..n_hours).step_by(step_h).map(|hour| kinds.map(|(_, ends)| later(ends, hour))).collect();
    // All starts without an end come first: what is far behind the best of them is lost beside it.
    for (kind, (part, ends)) in kinds.into_iter().enumerate() {
        for (hour, possible) in (0..n_hours).step_by(step_h).zip(&possible) {
            let can_be = kinds.iter().zip(possible).filter(|(_, possible)| **possible > 0.0);
            let total: f64 = can_be.map(|((part, _), _)| part).sum();
            let log_kind = log_start + (part / total / possible[kind]).ln();
            for end in ends.iter().filter(|end| is_later(end, hour)) {
                add(&size, sums.response, hour, end, log_kind + end.log_weight, &mut grid);
            }
        }
    }
    grid
}

/// One start and one end: on all hosts or on any of them, at once or each by its own delay.
fn add(size: &Size<'_>, response: Response, hour: usize, end: &End, log_weight: f64, grid: &mut Grid<Point>) {
    if log_weight + size.at_most(hour, end) < grid.top() - LOST {
        return;
    }
    let sums: Vec<(f64, f64)> = end.hosts.iter().enumerate().map(|(host, stop)| size.sums(host, hour, *stop)).collect();
    // No set of hosts is worth more than that of all on which it explains anything: most points need no more.
    let at_most: f64 = sums.iter().map(|(at_once, late)| at_once.max(*late).max(0.0)).sum();
    if log_weight + at_most < grid.top() - LOST {
        return;
    }
    for (is_late, part) in [(false, P_AT_ONCE), (true, 1.0 - P_AT_ONCE)] {
        let each = || sums.iter().map(|(at_once, late)| if is_late { *late } else { *at_once });
        let mut any = Product::default();
        each().for_each(|sum| any.times_mixture(0.5, sum));
        for (everywhere, part, sum) in
            [(true, part * P_ALL_HOSTS, each().sum()), (false, part * (1.0 - P_ALL_HOSTS), any.ln())]
        {
            grid.add(log_weight + part.ln(), sum, end.by, || {
                (response, size.starts(hour, end, is_late, everywhere), end.by)
            });
        }
    }
}

/// When chains that no change began may have begun, seconds.
pub(super) fn free_starts(from: &Correlation) -> impl Iterator<Item = f64> {
    (0..N_CHAIN_STARTS).map(|place| from.length_s * place as f64 / N_CHAIN_STARTS as f64)
}

/// Chains with a free start on all hosts, and every end that a change can have put to them.
fn chains(scene: &Scene<'_>, log_prior: f64) -> Vec<Explanation> {
    let since: Vec<(Since, f64)> = free_starts(scene.view.from).map(|at_s| (Since::Moment(at_s), 0.0)).collect();
    let mut totals: Vec<Grid<(Since, _)>> = grids().iter().map(|_| Grid::new()).collect();
    for (since, grids) in weigh(scene, &since) {
        for (total, grid) in totals.iter_mut().zip(grids) {
            total.merge(grid.map(|point| (since, point)), -(N_CHAIN_STARTS as f64).ln());
        }
    }
    let explanation = |total: Grid<(Since, _)>| {
        total.explanation(Cause::Change(None), log_prior, |(since, point)| mechanism(scene, since, point))
    };
    totals.into_iter().filter_map(explanation).collect()
}
