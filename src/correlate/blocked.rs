//! The filter of a latent fault: how likely is each account to be blocked, now?
//!
//! A session that does not close completely blocks its user. Each end on an exposed host blocks with a
//! chance that grows with the load at that moment; a mark of an incomplete close raises it, a mark that
//! should have been there lowers it. A blocked user's attempts fail; whether they do corrects the
//! chance by Bayes' rule. Two states a user (Rabiner 1989 on such chains); exact, one step an event.
//!
//! Whoever leaves a session had got in, so that an end begins anew unless something says otherwise
//! ([`super::Sequels`]): what it and all behind it are worth does not depend on earlier ends.

use super::ends::Leaving;
use super::sequels::{Sequel, Step, What};
use super::{Class, MarkState, View};
use crate::stats::special::{Product, power};

/// Load below which the chance does not fall any more, in units of full load.
const LOWEST_LOAD: f64 = 0.05;
/// The highest chance that one end blocks.
pub(super) const MAX_BLOCKING: f64 = 0.9;
/// What is left of a block when its host is fixed or, where that clears, restarted.
const LEFT_AFTER_CLEARING: f64 = 0.1;

/// The parameters of the filter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Blocked {
    /// Chance that one end blocks its user, at full load.
    pub q0: f64,
    /// The power of load with which it grows.
    pub gamma: f64,
    /// Chance that an attempt of a blocked user fails.
    pub kappa: f64,
    /// How long a block lasts by itself: mean, hours.
    pub lasts_h: f64,
    /// Whether a restart of the host clears it.
    pub restart_clears: bool,
    /// Chance that an incomplete close leaves a mark.
    pub d: f64,
    /// Chance of a mark after a complete close.
    pub d0: f64,
}

/// What one run of the filter says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Run {
    /// Log ratio of the attempts to "nobody is blocked", unweighted.
    pub tries: f64,
    /// Log ratio of the marks to "every mark is a false one", unweighted.
    pub marks: f64,
}

/// The state of one account: how likely it is blocked, now, and when the host of the block is fixed.
struct State {
    w: f64,
    at_s: f64,
    fixed_s: f64,
}

/// How blocks end: by themselves after so many hours, in the mean, and whether by a restart.
pub type Clearing = (f64, bool);

/// How the chance of blocking scales with load at a session's end.
pub fn dose(load: f64, gamma: f64) -> f64 {
    if gamma == 0.0 { 1.0 } else { power(load.max(LOWEST_LOAD), gamma) }
}

/// The part of a block that is still there at a step, after the one before.
pub(super) fn kept((lasts_h, restart_clears): Clearing, step: &Step, is_fixed: bool) -> f64 {
    let cleared = is_fixed || (restart_clears && step.has_restarted);
    (-step.after_s / (lasts_h * 3600.0)).exp() * if cleared { LEFT_AFTER_CLEARING } else { 1.0 }
}

impl Blocked {
    /// Runs the filter over all ends; hosts are exposed within `spans`. Tells `blocked` the chance that the mechanism fails
    /// each attempt, before its outcome is known.
    pub fn run(self, view: &View<'_>, spans: &[(f64, f64)], blocked: impl FnMut(usize, f64)) -> Run {
        self.run_over(view, view.from.sequels.iter(), spans, blocked)
    }

    /// The same over some of the ends.
    pub fn run_over<'a>(
        self,
        view: &View<'_>,
        sequels: impl Iterator<Item = Sequel<'a>>,
        spans: &[(f64, f64)],
        mut blocked: impl FnMut(usize, f64),
    ) -> Run {
        let (mut tries, mut marks) = (Product::default(), Product::default());
        let exposed = |end: Leaving| {
            let (from_s, to_s) = spans[end.host];
            (end.at_s >= from_s && end.at_s < to_s).then_some(to_s)
        };
        for one in sequels.filter(|one| !one.continues) {
            let mut state = State { w: 0.0, at_s: one.left.at_s, fixed_s: f64::INFINITY };
            self.leave_if(exposed(one.left), view, one.left, &mut state, &mut marks);
            for step in one.steps {
                self.pass(step, &mut state);
                match step.what {
                    What::Left(end) => {
                        let end = view.from.ends[end].leaving();
                        self.leave_if(exposed(end), view, end, &mut state, &mut marks);
                    }
                    What::Tried(place) if state.w > 0.0 => {
                        self.meet(view, place, &mut state, &mut tries, &mut blocked);
                    }
                    What::Tried(_) => {}
                }
            }
        }
        Run { tries: tries.ln(), marks: marks.ln() }
    }

    /// What it changes that hosts were fixed at the ends of their `spans`: the log ratio of the attempts of those who
    /// were blocked then, for whom it was cleared, to the same if it had not been. `fixed` are the ends before it that
    /// were followed until then.
    pub fn cleared(self, view: &View<'_>, spans: &[(f64, f64)], fixed: &[Sequel<'_>]) -> f64 {
        let run = |one: &Sequel<'_>, fixed_s: f64, tries: &mut Product| {
            let mut state = State { w: 0.0, at_s: one.left.at_s, fixed_s };
            let mut unused = Product::default();
            self.leave_if(Some(fixed_s), view, one.left, &mut state, &mut unused);
            for step in one.steps {
                self.pass(step, &mut state);
                match step.what {
                    What::Left(end) => {
                        self.leave_if(Some(fixed_s), view, view.from.ends[end].leaving(), &mut state, &mut unused);
                    }
                    What::Tried(place) => self.meet(view, place, &mut state, tries, &mut |_, _| ()),
                }
            }
        };
        let (mut with, mut without) = (Product::default(), Product::default());
        for one in fixed {
            run(one, spans[one.left.host].1, &mut with);
            run(one, f64::INFINITY, &mut without);
        }
        with.ln() - without.ln()
    }

    /// A session ends, on a host that is exposed if it is known when that is fixed.
    fn leave_if(self, fixed_s: Option<f64>, view: &View<'_>, end: Leaving, state: &mut State, marks: &mut Product) {
        let Some(fixed_s) = fixed_s else { return };
        let (e, ratio) = self.leave(view.mark(end), dose(end.load, self.gamma));
        marks.times(ratio);
        state.w += (1.0 - state.w) * e;
        state.fixed_s = fixed_s;
    }

    /// A session ends on an exposed host: first the mark, then the block. Returns the chance that its user is blocked,
    /// and the ratio of the mark.
    fn leave(self, mark: MarkState, dose: f64) -> (f64, f64) {
        let (d, d0) = (self.d, self.d0);
        let e = (self.q0 * dose).min(MAX_BLOCKING);
        match mark {
            MarkState::Seen => {
                let seen = e * d + (1.0 - e * d) * d0;
                (e * (d + (1.0 - d) * d0) / seen, seen / d0)
            }
            MarkState::NotSeen => (e * (1.0 - d) / (1.0 - e * d), 1.0 - e * d),
            MarkState::NotObservable => (e, 1.0),
        }
    }

    /// Time goes by: blocks pass by themselves, by a fix, or by a restart.
    fn pass(self, step: &Step, state: &mut State) {
        let before_s = state.at_s;
        state.at_s += step.after_s;
        if state.w == 0.0 {
            return;
        }
        state.w *= self.kept(step, before_s < state.fixed_s && state.fixed_s <= state.at_s);
    }

    /// An attempt: its outcome multiplies `tries` by its ratio and corrects the chance of being blocked.
    fn meet(
        self,
        view: &View<'_>,
        place: usize,
        state: &mut State,
        tries: &mut Product,
        blocked: &mut impl FnMut(usize, f64),
    ) {
        if view.classes[place] != Class::Skipped {
            blocked(place, self.kappa * state.w);
            let if_blocked = view.ratio(place, self.kappa);
            let total = (state.w * if_blocked + 1.0 - state.w).max(1e-12);
            state.w *= if_blocked / total;
            tries.times(total);
        }
    }

    fn kept(self, step: &Step, is_fixed: bool) -> f64 {
        kept((self.lasts_h, self.restart_clears), step, is_fixed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::attempts::some_try;
    use crate::correlate::{Correlation, End, Sequels};
    use crate::model::Name;

    /// One user: leaves, fails, fails, gets in.
    fn one_life(mark: MarkState) -> Correlation {
        let attempt = |at_s: f64, failed: bool| some_try(at_s, 0, 0, failed.then_some(0));
        let tries = vec![attempt(2000.0, true), attempt(2100.0, true), attempt(2200.0, false)];
        let ends = vec![End { at_s: 1000.0, host: 0, user: 0, load: 1.0, mark, records: Vec::new() }];
        let sequels = Sequels::of(&tries, &ends, 1, &[Vec::new()]);
        let name = vec![Name::from("one")];
        Correlation {
            hosts: name.clone(),
            users: name.clone(),
            signatures: name,
            tries,
            ends,
            sequels,
            restarts: vec![Vec::new()],
            length_s: 3600.0,
            ..Correlation::default()
        }
    }

    /// By hand, with blocks that last for ever: two states, `e` = .1 before the mark.
    #[test]
    fn the_filter_is_the_two_state_likelihood() {
        let filter =
            Blocked { q0: 0.1, gamma: 0.0, kappa: 0.9, lasts_h: 1e12, restart_clears: false, d: 0.8, d0: 0.01 };
        for mark in [MarkState::Seen, MarkState::NotSeen, MarkState::NotObservable] {
            let from = one_life(mark);
            let mut view = View::new(&from, Some(0), &[]);
            view.base = vec![0.02; 3];
            view.share = 0.95;
            let run = filter.run(&view, &[(0.0, 5000.0)], |_, _| ());
            let (seen_if_blocked, seen_if_free) = (0.8 + 0.2 * 0.01, 0.01);
            let (mark_blocked, mark_free, alone) = match mark {
                MarkState::Seen => (seen_if_blocked, seen_if_free, 0.01),
                MarkState::NotSeen => (1.0 - seen_if_blocked, 1.0 - seen_if_free, 0.99),
                MarkState::NotObservable => (1.0, 1.0, 1.0),
            };
            let own = 0.02 + 0.98 * 0.9 * 0.95;
            let blocked = 0.1 * mark_blocked * own * own * 0.1;
            let free = 0.9 * mark_free * 0.02 * 0.02;
            let ratio: f64 = (blocked + free) / (alone * 0.02 * 0.02);
            let expected = ratio.ln();
            assert!((run.tries + run.marks - expected).abs() < 1e-6, "{mark:?}: {run:?} {expected}");
        }
    }

    #[test]
    fn an_end_outside_the_exposure_blocks_nobody() {
        let from = one_life(MarkState::Seen);
        let mut view = View::new(&from, Some(0), &[]);
        view.base = vec![0.02; 3];
        let filter = Blocked { q0: 0.1, gamma: 0.0, kappa: 0.9, lasts_h: 10.0, restart_clears: true, d: 0.8, d0: 0.01 };
        let run = filter.run(&view, &[(1500.0, 5000.0)], |_, _| ());
        assert_eq!(run, Run { tries: 0.0, marks: 0.0 });
    }
}
