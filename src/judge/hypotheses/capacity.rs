//! # Claim
//! More people came than the hosts can serve.
//!
//! # What else would explain it
//! A latent fault that load makes loud: then hosts without the faulty component do not fail at the same load.
//!
//! # Evidence for
//! Failures begin above a load, on every host, before and after every change; users who come earlier get in.
//!
//! # Evidence against
//! The same load without failures, before a change or on hosts that lack it; failures that stay with the
//! same users while others get in.
//!
//! # Test
//! A chance that rises above a threshold of sessions open, from the first record on, until a change relieves it or
//! not at all. The threshold is one for all hosts, or one for each, for hosts are of unequal size, or one for the mean
//! of all hosts, where they share what runs short. Thresholds and chances averaged.
//!
//! # Limits
//! If load was never as high before the incident, capacity and a latent fault cannot be told apart by load alone.

use super::super::mechanism::{How, Mechanism};
use super::super::scene::{ABOVE, Scene};
use super::{Cause, Explanation, Grid, Hypothesis, Remedied, prior};
use crate::correlate::Response;
use crate::stats::special::LogSum;

/// The part of the prior in which nothing relieves it within the log.
const P_UNRELIEVED: f64 = 0.6;

/// Too many people.
pub(super) struct Capacity;

impl Hypothesis for Capacity {
    fn explanations(&self, scene: &Scene<'_>) -> Vec<Explanation> {
        let mut grid: Grid<(Vec<Response>, Remedied)> = Grid::new();
        for (end, log_end) in ends(scene) {
            let each: Vec<(Response, &Vec<f64>)> =
                scene.hinges.iter().map(|hinge| (hinge.response, hinge.before(end))).collect();
            for of_fleet in [true, false] {
                let own: Vec<_> = each.iter().filter(|(response, _)| is_of_fleet(*response) == of_fleet).collect();
                let log_weight = log_end - ((N_SHARINGS * own.len()) as f64).ln();
                for (response, sums) in own {
                    grid.add(log_weight, sums.iter().sum(), end, || (vec![*response; sums.len()], end));
                }
            }
            host_by_host(&each, log_end - (N_SHARINGS as f64).ln(), end, &mut grid);
        }
        let mechanism = |(responses, end): (Vec<Response>, Remedied)| Mechanism {
            user: None,
            spans: scene.spans_from(0.0, end),
            how: How::ByHost(responses),
        };
        grid.explanation(Cause::Capacity, prior::CAPACITY.ln(), mechanism).into_iter().collect()
    }

    fn sketch(&self, scene: &Scene<'_>) -> Vec<Explanation> {
        self.explanations(scene)
    }
}

/// The ways in which hosts may share a threshold: one for all, one for each, one for their mean.
const N_SHARINGS: usize = 3;

/// Adds, for each chance above the threshold, the mean over a threshold of each host's own.
fn host_by_host(
    each: &[(Response, &Vec<f64>)],
    log_weight: f64,
    end: Remedied,
    grid: &mut Grid<(Vec<Response>, Remedied)>,
) {
    for m in ABOVE {
        let own: Vec<&(Response, &Vec<f64>)> = each
            .iter()
            .filter(|(response, _)| matches!(response, Response::Hinge { m: own, of_fleet: false, .. } if *own == m))
            .collect();
        let n_hosts = own.first().map_or(0, |(_, sums)| sums.len());
        let mut sum = 0.0;
        let mut best = Vec::with_capacity(n_hosts);
        for host in 0..n_hosts {
            let mut mean = LogSum::default();
            for (_, sums) in &own {
                mean.add(sums[host] - (own.len() as f64).ln());
            }
            sum += mean.ln();
            best.extend(own.iter().max_by(|a, b| a.1[host].total_cmp(&b.1[host])).map(|(response, _)| *response));
        }
        grid.add(log_weight - (ABOVE.len() as f64).ln(), sum, end, || (best, end));
    }
}

fn is_of_fleet(response: Response) -> bool {
    matches!(response, Response::Hinge { of_fleet: true, .. })
}

/// The ends with the logarithms of their weights: never within the log, or by a change.
fn ends(scene: &Scene<'_>) -> Vec<(Remedied, f64)> {
    let remedies = scene.remedies(0.0, None);
    let p_unrelieved: f64 = if remedies.is_empty() { 1.0 } else { P_UNRELIEVED };
    let relieved =
        remedies.into_iter().map(|(remedy, weight)| (Remedied::By(remedy), (1.0 - p_unrelieved).ln() + weight));
    std::iter::once((Remedied::Never, p_unrelieved.ln())).chain(relieved).collect()
}
