//! # Claim
//! Something that all hosts depend on was down: a directory, a file share, a licence server, the network.
//!
//! # What else would explain it
//! A change that came to all hosts at that time; the clock; more people than usual.
//!
//! # Evidence for
//! All hosts begin and end together, no host's exposure matters, and the end needs no change.
//!
//! # Evidence against
//! Hosts that were spared; a rollout whose steps the failures follow; failures with load only.
//!
//! # Test
//! One window on all hosts, its beginning, length and chance averaged over the whole log.
//!
//! # Limits
//! A change that no file records, put on all hosts at once and taken back, looks the same.
//! For signatures that are the user's own fault (a refused password), the same window is a matter of
//! accounts rather than of a dependency, unless the directory itself was at fault.

use super::super::scene::Scene;
use super::super::windows::{Window, until_mended};
use super::{Cause, Explanation, Grid, Hypothesis, prior};
use crate::model::Fault;

/// The part of windows on all hosts that is a matter of accounts, for signatures that are the user's fault.
const ACCOUNTS_SHARE: f64 = 0.8;

/// A dependency of all hosts.
pub(super) struct Dependency;

impl Hypothesis for Dependency {
    fn explanations(&self, scene: &Scene<'_>) -> Vec<Explanation> {
        let hosts: Vec<usize> = (0..scene.n_hosts()).collect();
        let log_prior = prior::DEPENDENCY.ln();
        let explanation = |grid: Grid<Window>| {
            grid.explanation(Cause::Dependency, log_prior, |window| window.mechanism(scene, &hosts))
        };
        let all: Vec<Explanation> = until_mended(scene, &hosts).into_iter().filter_map(explanation).collect();
        if !is_users_fault(scene) {
            return all;
        }
        let part = |cause: Cause, share: f64| {
            let one =
                move |one: &Explanation| Explanation { cause, log_prior: one.log_prior + share.ln(), ..one.clone() };
            all.iter().map(one)
        };
        part(Cause::Dependency, 1.0 - ACCOUNTS_SHARE).chain(part(Cause::Credentials(None), ACCOUNTS_SHARE)).collect()
    }

    fn sketch(&self, scene: &Scene<'_>) -> Vec<Explanation> {
        self.explanations(scene)
    }
}

/// Whether most failures of the scene's signature are the user's own fault.
pub(super) fn is_users_fault(scene: &Scene<'_>) -> bool {
    let Some(signature) = scene.view.signature else { return false };
    let own = scene.view.from.tries.iter().filter(|one| one.signature == Some(signature));
    let (users, all) =
        own.fold((0, 0), |(users, all), one| (users + usize::from(one.fault == Some(Fault::User)), all + 1));
    2 * users > all
}
