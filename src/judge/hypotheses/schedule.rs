//! # Claim
//! Something that recurs by the clock fails attempts: a backup, a scan, a nightly restart of a service.
//!
//! # What else would explain it
//! Load, which recurs by the clock, too; routine restarts, which are changes of their own.
//!
//! # Evidence for
//! The same hour of every day, or of every week, fails; the hours around it do not, at the same load.
//!
//! # Evidence against
//! It is missing on days on which the clock would have brought it.
//!
//! # Test
//! A window of one to three hours in every day or week, on all hosts, from the first record to the last.
//!
//! # Limits
//! Clock time is UTC here: a change of daylight-saving time within the log blurs it. Below three
//! recurrences it is not considered.

use std::collections::BTreeSet;

use super::super::mechanism::{How, Mechanism};
use super::super::scene::Scene;
use super::{Cause, Explanation, Grid, Hypothesis, Remedied, prior};
use crate::correlate::{Class, Response};

const HOUR_S: f64 = 3600.0;
const PERIODS_S: [f64; 2] = [24.0 * HOUR_S, 168.0 * HOUR_S];
const LENGTHS: [usize; 3] = [1, 2, 3];
const MIN_RECURRENCES: usize = 3;

/// The clock.
pub(super) struct Schedule;

impl Hypothesis for Schedule {
    fn explanations(&self, scene: &Scene<'_>) -> Vec<Explanation> {
        let mut grid: Grid<How> = Grid::new();
        for period_s in PERIODS_S {
            let n_slots = (period_s / HOUR_S) as usize;
            let slots = recurrences(scene, period_s, n_slots);
            let log_weight = -((PERIODS_S.len() * n_slots * LENGTHS.len() * scene.constants.len()) as f64).ln();
            for sums in &scene.constants {
                let Response::Constant { m } = sums.response else { continue };
                let mut by_slot = vec![0.0; n_slots];
                for hour in 0..scene.n_hours() {
                    for host in 0..scene.n_hosts() {
                        by_slot[hour % n_slots] += scene.between(sums, host, hour, hour + 1);
                    }
                }
                for from in 0..n_slots {
                    for length in LENGTHS {
                        let within = |k: usize| (from + k) % n_slots;
                        let days: BTreeSet<usize> =
                            (0..length).flat_map(|k| slots[within(k)].iter().copied()).collect();
                        if days.len() < MIN_RECURRENCES {
                            continue;
                        }
                        let sum = (0..length).map(|k| by_slot[within(k)]).sum();
                        let (from_s, length_s) = (from as f64 * HOUR_S, length as f64 * HOUR_S);
                        grid.add(log_weight, sum, Remedied::Never, || How::Clock { m, from_s, length_s, period_s });
                    }
                }
            }
        }
        let mechanism = |how| Mechanism { user: None, spans: vec![(0.0, f64::INFINITY); scene.n_hosts()], how };
        grid.explanation(Cause::Schedule, prior::SCHEDULE.ln(), mechanism).into_iter().collect()
    }
}

/// By slot of the period: in which periods it saw failures of the signature.
fn recurrences(scene: &Scene<'_>, period_s: f64, n_slots: usize) -> Vec<BTreeSet<usize>> {
    let mut slots = vec![BTreeSet::new(); n_slots];
    for (place, one) in scene.view.from.tries.iter().enumerate() {
        if scene.view.classes[place] == Class::Own && one.at_s >= 0.0 {
            let slot = (one.at_s.rem_euclid(period_s) / HOUR_S) as usize;
            slots[slot.min(n_slots - 1)].insert((one.at_s / period_s) as usize);
        }
    }
    slots
}
