//! # Claim
//! One account cannot get in: a wrong, expired or locked password, a broken profile, missing rights.
//!
//! # What else would explain it
//! A fault that blocks users one by one, of whom this one is the loudest; the one host that this user is sent to.
//!
//! # Evidence for
//! Failures sit on one account, wherever it tries, from a time on; others with the same host get in.
//!
//! # Evidence against
//! Several accounts fail in the same way at the same time.
//!
//! # Test
//! A window for each account with failures, on all hosts, from one of its failures to the end of the log or
//! to another of its failures; both ends pay for the hours they could have had.
//!
//! # Limits
//! An account that failed from the first record to the last belongs to the background.

use super::super::mechanism::{How, Mechanism};
use super::super::scene::Scene;
use super::{Cause, Explanation, Grid, Hypothesis, Remedied, prior};
use crate::correlate::attempts::log_share_of_gap;
use crate::correlate::{Class, Response};

/// Fewer failures of one account are everyday mistakes.
const MIN_FAILURES: usize = 4;
/// Chances of failing that are tried: whoever is locked out hardly ever gets in.
const SIZES: [f64; 4] = [0.3, 0.6, 0.9, 0.98];
/// So many beginnings and ends are tried for one account.
const MAX_POINTS: usize = 48;

/// One account.
pub(super) struct Credentials;

impl Hypothesis for Credentials {
    fn explanations(&self, scene: &Scene<'_>) -> Vec<Explanation> {
        let n_users = scene.view.from.users.len();
        let log_prior = (prior::ACCOUNT / n_users.max(1) as f64).ln();
        let mut tries = vec![Vec::new(); n_users];
        for (place, one) in scene.view.from.tries.iter().enumerate() {
            tries[one.user].push(place);
        }
        let mut explanations = Vec::new();
        for (user, tries) in tries.iter().enumerate() {
            let n_own = tries.iter().filter(|place| scene.view.classes[**place] == Class::Own).count();
            if n_own >= MIN_FAILURES {
                let grid = account(scene, tries);
                let mechanism = |(m, from, to)| Mechanism {
                    user: Some(user),
                    spans: vec![(from, to); scene.n_hosts()],
                    how: How::Response(Response::Constant { m }),
                };
                let cause = Cause::Credentials(Some(user));
                explanations.extend(grid.explanation(cause, log_prior, mechanism));
            }
        }
        explanations
    }

    fn sketch(&self, scene: &Scene<'_>) -> Vec<Explanation> {
        self.explanations(scene)
    }
}

/// Windows of one account: chance, beginning, end.
///
/// The account broke somewhere between its last attempt before and the first failure; all hours of that gap
/// tell the same, so the beginning carries the weight of the gap. The end likewise.
fn account(scene: &Scene<'_>, tries: &[usize]) -> Grid<(f64, f64, f64)> {
    let mut grid = Grid::new();
    let all = &scene.view.from.tries;
    let own: Vec<usize> = (0..tries.len()).filter(|place| scene.view.classes[tries[*place]] == Class::Own).collect();
    let step = own.len().div_ceil(MAX_POINTS);
    let begins: Vec<usize> = own.iter().step_by(step).copied().collect();
    let ends: Vec<usize> = own.iter().rev().step_by(step).copied().collect();
    let at = |place: usize| all[tries[place]].at_s;
    let length_s = scene.view.from.length_s;
    let log_share = |gap_s: f64| log_share_of_gap(gap_s, length_s);
    let before = |place: usize| log_share(at(place) - if place == 0 { 0.0 } else { at(place - 1) });
    let after = |place: usize| log_share(if place + 1 == tries.len() { length_s } else { at(place + 1) } - at(place));
    let log_size = -(SIZES.len() as f64).ln() + 0.5_f64.ln();
    for m in SIZES {
        let mut sums = vec![0.0];
        for (place, attempt) in tries.iter().enumerate() {
            sums.push(sums[place] + scene.view.weight * scene.view.log_ratio(*attempt, m));
        }
        for &begin in &begins {
            let from = at(begin);
            let weight = log_size + before(begin);
            grid.add(weight, sums[tries.len()] - sums[begin], Remedied::Never, || (m, from, f64::INFINITY));
            for &end in ends.iter().filter(|end| **end >= begin) {
                let sum = sums[end + 1] - sums[begin];
                grid.add(weight + after(end), sum, Remedied::Never, || (m, from, at(end) + 1.0));
            }
        }
    }
    grid
}
