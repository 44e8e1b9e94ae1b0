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
//! all: with all hosts, or with any subset of them. Steps, load responses, and chains with a free start.
//!
//! # Limits
//! Its share of the prior of all changes is the dial between blaming an innocent and missing a guilty one.

use rayon::prelude::*;

use super::super::mechanism::{How, Mechanism, NEVER};
use super::super::scene::Scene;
use super::chain::{Since, USERS_FAULT_FACTOR, mechanism, weigh};
use super::change::shares;
use super::dependency::is_users_fault;
use super::{Cause, Explanation, Grid, Hypothesis, Remedied, prior};
use crate::correlate::{Response, Sums};
use crate::stats::special::log_add_exp;

/// The part in which all hosts got it.
const P_ALL_HOSTS: f64 = 0.6;
/// Hours between the starts that are tried, for steps and for responses to load.
const STEP_H: usize = 2;
const LOAD_STEP_H: usize = 6;
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
        let remedies = scene.remedies(0.0, None);
        let mut explanations: Vec<Explanation> = shapes
            .into_iter()
            .filter_map(|(part, sums)| windows(scene, sums, &remedies, (share * part).ln()))
            .collect();
        let part = if is_users_fault(scene) { prior::CHAIN * USERS_FAULT_FACTOR } else { prior::CHAIN };
        explanations.extend(chains(scene, (share * part).ln()));
        explanations
    }

    /// Steps without an end: without them the background would keep a step on some of the hosts to itself, for no other
    /// quick look has a place for it.
    fn sketch(&self, scene: &Scene<'_>) -> Vec<Explanation> {
        let (_, share) = shares(scene);
        windows(scene, &scene.constants, &[], (share * prior::STEP).ln()).into_iter().collect()
    }
}

type Point = (Response, f64, Remedied, Vec<bool>);

fn windows(scene: &Scene<'_>, all: &[Sums], remedies: &[(usize, f64)], log_prior: f64) -> Option<Explanation> {
    let grids: Vec<Grid<Point>> = all.par_iter().map(|sums| one_size(scene, sums, remedies)).collect();
    let mut total = Grid::new();
    for grid in grids {
        total.merge(grid, -(all.len() as f64).ln());
    }
    total.explanation(Cause::Change(None), log_prior, |(response, from, end, hosts)| {
        let mut spans = scene.spans_from(from, end);
        for (span, _) in spans.iter_mut().zip(&hosts).filter(|(_, has)| !**has) {
            *span = NEVER;
        }
        Mechanism { user: None, spans, how: How::Response(response) }
    })
}

/// All start hours and ends of one size; `remedies` are the changes that may have ended it, with their weights.
fn one_size(scene: &Scene<'_>, sums: &Sums, remedies: &[(usize, f64)]) -> Grid<Point> {
    let mut grid = Grid::new();
    let n_hours = scene.n_hours();
    let stops: Vec<(usize, f64, Vec<f64>)> =
        remedies.iter().map(|(remedy, weight)| (*remedy, *weight, scene.stops(sums, *remedy))).collect();
    let totals: Vec<f64> = (0..scene.n_hosts()).map(|host| sums.total(host)).collect();
    let mut by_host = vec![0.0; scene.n_hosts()];
    let step_h = if sums.response.is_under_load() { LOAD_STEP_H } else { STEP_H };
    for hour in (0..n_hours).step_by(step_h) {
        let from_s = hour as f64 * 3600.0;
        let places = scene.hour(hour);
        let mut add = |end: Remedied, log_end: f64, ends: &[f64], stops_at: Option<&[f64]>| {
            for (host, sum) in by_host.iter_mut().enumerate() {
                let is_over = stops_at.is_some_and(|at| at[host] <= from_s);
                *sum = if is_over { 0.0 } else { ends[host] - sums.before(host, places[host]) };
            }
            let everywhere: f64 = P_ALL_HOSTS.ln() + by_host.iter().sum::<f64>();
            let somewhere: f64 = (1.0 - P_ALL_HOSTS).ln()
                + by_host.iter().map(|sum| log_add_exp(0.5_f64.ln(), 0.5_f64.ln() + sum)).sum::<f64>();
            let log_weight = log_end - (n_hours.div_ceil(step_h) as f64).ln();
            grid.add(log_weight, log_add_exp(everywhere, somewhere), end, || {
                let hosts = by_host.iter().map(|sum| everywhere >= somewhere || *sum > 0.0).collect();
                (sums.response, from_s, end, hosts)
            });
        };
        // Only a change that came later can have ended it; what the others would have got is shared out among these.
        let later = |remedy: usize| scene.view.from.changes[remedy].last_s() > from_s;
        let possible: f64 = stops.iter().filter(|(remedy, ..)| later(*remedy)).map(|(_, weight, _)| weight.exp()).sum();
        let p_remedied = if possible > 0.0 { prior::REMEDIED } else { 0.0 };
        add(Remedied::Never, (1.0 - p_remedied).ln(), &totals, None);
        for (remedy, weight, stops) in stops.iter().filter(|(remedy, ..)| later(*remedy)) {
            let at = &scene.view.from.changes[*remedy].at_s;
            add(Remedied::By(*remedy), (p_remedied / possible).ln() + weight, stops, Some(at));
        }
    }
    grid
}

/// Chains with a free start on all hosts, and every end that a change can have put to them.
fn chains(scene: &Scene<'_>, log_prior: f64) -> Option<Explanation> {
    if scene.view.from.ends.is_empty() {
        return None;
    }
    let moment = |place| Since::Moment(scene.view.from.length_s * place as f64 / N_CHAIN_STARTS as f64);
    let since: Vec<(Since, f64)> = (0..N_CHAIN_STARTS).map(|place| (moment(place), 0.0)).collect();
    let mut total = Grid::new();
    for (since, grid) in weigh(scene, &since) {
        total.merge(grid.map(|point| (since, point)), -(N_CHAIN_STARTS as f64).ln());
    }
    total.explanation(Cause::Change(None), log_prior, |(since, point)| mechanism(scene, since, point))
}
