//! # Claim
//! One host was bad for a while, and its fellows were not.
//!
//! # What else would explain it
//! A change that reached this host only; a load balancer that sent it more people.
//!
//! # Evidence for
//! Failures sit on one host, more than its share of attempts, and from a time on rather than always.
//!
//! # Evidence against
//! Other hosts fail alike, or users follow their failures to other hosts.
//!
//! # Test
//! A window on each host in turn, its beginning, length and chance averaged; the host's own background is
//! refitted, so that a host that was always a little worse is no finding.
//!
//! # Limits
//! A change that only this host got explains as well; its prior is shared among all changes.

use rayon::prelude::*;

use super::super::scene::Scene;
use super::super::windows::{Window, remedied};
use super::{Cause, Explanation, Hypothesis, prior};

/// One bad host.
pub(super) struct OneHost;

impl Hypothesis for OneHost {
    fn explanations(&self, scene: &Scene<'_>) -> Vec<Explanation> {
        let n_hosts = scene.n_hosts();
        if n_hosts < 2 {
            return Vec::new();
        }
        let log_prior = (prior::HOST / n_hosts as f64).ln();
        let explanations = |host: usize| -> Vec<Explanation> {
            let mechanism = |window: Window| window.mechanism(scene, &[host]);
            let grids = remedied(scene, host).into_iter();
            grids.filter_map(|grid| grid.explanation(Cause::Host(host), log_prior, mechanism)).collect()
        };
        (0..n_hosts).into_par_iter().flat_map_iter(explanations).collect()
    }

    fn sketch(&self, scene: &Scene<'_>) -> Vec<Explanation> {
        self.explanations(scene)
    }
}
