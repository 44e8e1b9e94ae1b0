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
//! A chance that rises above a threshold of sessions open, on the host or on the mean of all hosts, from the
//! first record on, until a change relieves it or not at all. Thresholds and chances averaged.
//!
//! # Limits
//! If load was never as high before the incident, capacity and a latent fault cannot be told apart by load alone.

use super::super::mechanism::{How, Mechanism};
use super::super::scene::Scene;
use super::{Cause, Explanation, Grid, Hypothesis, Remedied, prior};
use crate::correlate::Sums;

/// The part of the prior in which nothing relieves it within the log.
const P_UNRELIEVED: f64 = 0.6;

/// Too many people.
pub(super) struct Capacity;

impl Hypothesis for Capacity {
    fn explanations(&self, scene: &Scene<'_>) -> Vec<Explanation> {
        let mut grid: Grid<(usize, Remedied)> = Grid::new();
        let n = scene.hinges.len() as f64;
        let remedies = scene.remedies(0.0, None);
        let p_unrelieved = if remedies.is_empty() { 1.0 } else { P_UNRELIEVED };
        for (place, sums) in scene.hinges.iter().enumerate() {
            let total = (0..sums.n_hosts()).map(|host| sums.total(host)).sum();
            grid.add((p_unrelieved / n).ln(), total, Remedied::Never, || (place, Remedied::Never));
            for (remedy, weight) in &remedies {
                let end = Remedied::By(*remedy);
                let log_weight = ((1.0 - p_unrelieved) / n).ln() + weight;
                grid.add(log_weight, until(scene, sums, *remedy), end, || (place, end));
            }
        }
        let mechanism = |(place, end): (usize, Remedied)| Mechanism {
            user: None,
            spans: (0..scene.n_hosts())
                .map(|host| match end {
                    Remedied::By(remedy) => (0.0, scene.view.from.changes[remedy].at_s[host]),
                    _ => (0.0, f64::INFINITY),
                })
                .collect(),
            how: How::Response(scene.hinges[place].response),
        };
        grid.explanation(Cause::Capacity, prior::CAPACITY.ln(), mechanism).into_iter().collect()
    }

    fn sketch(&self, scene: &Scene<'_>) -> Vec<Explanation> {
        self.explanations(scene)
    }
}

fn until(scene: &Scene<'_>, sums: &Sums, remedy: usize) -> f64 {
    scene.stops(sums, remedy).into_iter().sum()
}
