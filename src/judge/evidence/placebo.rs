//! Placebo: does the change explain better than itself at other times and on other hosts?

use super::super::verdict::{Estimate, Evidence, EvidenceKind};
use super::Case;
use crate::stats::{Random, log_mean_exp};

/// Placebos drawn; the smallest rank that they can give is 1 in 200.
const N_PLACEBOS: usize = 199;
/// The seed: any would do, but always the same.
const SEED: u64 = 0x0063_6175_7365;

/// Ranks the change's own time and hosts among random ones, by the best of constant chances from there on.
///
/// A change of all hosts at one time can only be moved in time; else the hosts' times are dealt anew, too.
pub(super) fn placebo(case: &Case<'_>, change: usize) -> Option<Evidence> {
    let at = &case.from.changes[change].at_s;
    let n_reached = at.iter().filter(|at| at.is_finite()).count();
    if n_reached == 0 {
        return None;
    }
    let own = explained(case, at);
    let mut random = Random::new(SEED ^ change as u64);
    let first = case.from.changes[change].first_s();
    let mut n_better = 0;
    for _ in 0..N_PLACEBOS {
        let shift = random.unit() * case.from.length_s - first;
        let mut moved: Vec<f64> = at.iter().map(|at| at + shift).collect();
        random.shuffle(&mut moved);
        n_better += usize::from(explained(case, &moved) >= own);
    }
    let rank_p = (1 + n_better) as f64 / (1 + N_PLACEBOS) as f64;
    // Good's bound: a p-value is worth at most a factor of 1 / (−e p ln p).
    let bound = if rank_p < 0.36 { -(-std::f64::consts::E * rank_p * rank_p.ln()).ln() } else { 0.0 };
    let weight = if rank_p > 0.5 { -1.0 } else { bound };
    let mut item = case.about_change(change, EvidenceKind::Placebo, weight, case.places);
    item.numbers.insert("rank_p", Estimate::interval(rank_p, rank_p, rank_p, "1"));
    item.numbers.insert("n_placebos", Estimate::count(N_PLACEBOS, "placebos"));
    Some(item)
}

/// How well exposure from these times on explains: mean over sizes, of constant chances and powers of load.
fn explained(case: &Case<'_>, at: &[f64]) -> f64 {
    let scene = &case.opinion.scene;
    let places: Vec<Option<usize>> =
        at.iter().enumerate().map(|(host, at)| at.is_finite().then(|| scene.view.place(host, *at))).collect();
    let end: Vec<usize> = (0..at.len()).map(|host| scene.view.place(host, case.span.1 + 1.0)).collect();
    let sums: Vec<f64> = scene
        .constants
        .iter()
        .chain(&scene.powers)
        .map(|sums| {
            let hosts = places.iter().enumerate().filter_map(|(host, place)| place.map(|place| (host, place)));
            hosts.map(|(host, place)| sums.before(host, end[host].max(place)) - sums.before(host, place)).sum()
        })
        .collect();
    log_mean_exp(&sums)
}
