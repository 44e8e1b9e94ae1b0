//! The filter of a latent fault: how likely is each account to be blocked, now?
//!
//! A session that does not close completely blocks its user. Each end on an exposed host blocks with a
//! chance that grows with the load at that moment; a mark of an incomplete close raises it, a mark that
//! should have been there lowers it. A blocked user's attempts fail; whether they do corrects the
//! chance by Bayes' rule. Two states a user (Rabiner 1989 on such chains); exact, one step an event.

use super::{Class, Correlation, End, MarkState, Try, View};

/// Load below which the chance does not fall any more, in units of full load.
const LOWEST_LOAD: f64 = 0.05;
/// The highest chance that one end blocks.
const MAX_BLOCKING: f64 = 0.9;
/// What is left of a block when its host is fixed or, where that clears, restarted.
const LEFT_AFTER_CLEARING: f64 = 0.1;

/// One moment in the life of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A session's end, by index.
    Left(usize),
    /// An attempt, by index.
    Tried(usize),
}

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

/// Puts attempts and ends of each account into one order; an end before an attempt at the same time.
pub fn lives(tries: &[Try], ends: &[End], n_users: usize) -> Vec<Vec<Moment>> {
    let mut moments: Vec<(f64, usize, Moment)> = ends
        .iter()
        .enumerate()
        .map(|(place, end)| (end.at_s, end.user, Moment::Left(place)))
        .chain(tries.iter().enumerate().map(|(place, one)| (one.at_s, one.user, Moment::Tried(place))))
        .collect();
    moments.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut lives = vec![Vec::new(); n_users];
    for (_, user, moment) in moments {
        lives[user].push(moment);
    }
    lives
}

/// A chance of being blocked below this is none: it saves most of the work, and moves no sum by a hundredth.
const NEGLIGIBLE: f64 = 1e-4;

/// The state of one account.
struct State {
    w: f64,
    at_s: f64,
    host: Option<usize>,
}

/// The logarithm of a long product, one multiplication a factor.
struct Product {
    now: f64,
    log: f64,
}

impl Product {
    fn new() -> Self {
        Self { now: 1.0, log: 0.0 }
    }

    fn times(&mut self, factor: f64) {
        self.now *= factor;
        if !(1e-200..1e200).contains(&self.now) {
            self.log += self.now.max(1e-300).ln();
            self.now = 1.0;
        }
    }

    fn ln(&self) -> f64 {
        self.log + self.now.max(1e-300).ln()
    }
}

/// How the chance of blocking scales with load, for each session end.
pub fn doses(from: &Correlation, gamma: f64) -> Vec<f64> {
    from.ends.iter().map(|end| end.load.max(LOWEST_LOAD).powf(gamma)).collect()
}

impl Blocked {
    /// Runs the filter over all accounts; hosts are exposed within `spans`, `doses` are those of the filter's
    /// power. Tells `blocked` the chance that the mechanism fails each attempt, before its outcome is known.
    pub fn run(self, view: &View<'_>, spans: &[(f64, f64)], doses: &[f64], mut blocked: impl FnMut(usize, f64)) -> Run {
        let (mut tries, mut marks) = (Product::new(), Product::new());
        for life in &view.from.lives {
            let mut state = State { w: 0.0, at_s: 0.0, host: None };
            for moment in life {
                match *moment {
                    Moment::Left(place) => {
                        let end = &view.from.ends[place];
                        let (from, to) = spans[end.host];
                        if end.at_s >= from && end.at_s < to {
                            self.pass(&mut state, end.at_s, view.from, spans);
                            let mark = if view.with_marks { end.mark } else { MarkState::NotObservable };
                            marks.times(self.leave(&mut state, end.host, mark, doses[place]));
                        }
                    }
                    Moment::Tried(place) => {
                        if state.w <= NEGLIGIBLE || view.classes[place] == Class::Skipped {
                            continue;
                        }
                        self.pass(&mut state, view.from.tries[place].at_s, view.from, spans);
                        blocked(place, self.kappa * state.w);
                        tries.times(self.meet(&mut state, view, place));
                    }
                }
            }
        }
        Run { tries: tries.ln(), marks: marks.ln() }
    }

    /// Time goes by: blocks end by themselves, by a fix, or by a restart.
    fn pass(self, state: &mut State, at_s: f64, from: &Correlation, spans: &[(f64, f64)]) {
        if state.w > NEGLIGIBLE {
            state.w *= (-(at_s - state.at_s) / (self.lasts_h * 3600.0)).exp();
            if let Some(host) = state.host {
                let within = |time: f64| state.at_s < time && time <= at_s;
                let restarted = || {
                    let restarts = &from.restarts[host];
                    let next = restarts.partition_point(|time| *time <= state.at_s);
                    restarts.get(next).is_some_and(|time| *time <= at_s)
                };
                if within(spans[host].1) || (self.restart_clears && restarted()) {
                    state.w *= LEFT_AFTER_CLEARING;
                }
            }
        }
        state.at_s = at_s;
    }

    /// A session ends on an exposed host: first the mark, then the block. Returns the ratio of the mark.
    fn leave(self, state: &mut State, host: usize, mark: MarkState, dose: f64) -> f64 {
        let (d, d0) = (self.d, self.d0);
        let e = (self.q0 * dose).min(MAX_BLOCKING);
        let (e, ratio) = match mark {
            MarkState::Seen => {
                let seen = e * d + (1.0 - e * d) * d0;
                (e * (d + (1.0 - d) * d0) / seen, seen / d0)
            }
            MarkState::NotSeen => (e * (1.0 - d) / (1.0 - e * d), 1.0 - e * d),
            MarkState::NotObservable => (e, 1.0),
        };
        if state.w < e {
            state.host = Some(host);
        }
        state.w += (1.0 - state.w) * e;
        ratio
    }

    /// An attempt: returns the ratio of its outcome, and corrects the chance of being blocked by it.
    fn meet(self, state: &mut State, view: &View<'_>, place: usize) -> f64 {
        let (kappa, s) = (self.kappa, view.share);
        // The outcome's chance if the user is blocked, relative to its chance if not.
        let if_blocked = match view.classes[place] {
            Class::Own => {
                let b = view.base[place];
                (b + (1.0 - b) * kappa * s) / b
            }
            Class::Other => 1.0 - kappa + kappa * (1.0 - s) / view.other,
            Class::Success => 1.0 - kappa,
            Class::Skipped => return 1.0,
        };
        let total = state.w * if_blocked + 1.0 - state.w;
        state.w *= if_blocked / total.max(1e-12);
        total.max(1e-12)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Name, Timestamp};

    /// One user: leaves, fails, fails, gets in.
    fn one_life(mark: MarkState) -> Correlation {
        let attempt = |at_s: f64, failed: bool| Try {
            id: 0,
            at: Timestamp(0),
            at_s,
            host: 0,
            user: 0,
            signature: failed.then_some(0),
            fault: None,
            demand: 0,
            is_retry: false,
            load: 1.0,
            fleet_load: 1.0,
            component: None,
            records: Vec::new(),
        };
        let tries = vec![attempt(2000.0, true), attempt(2100.0, true), attempt(2200.0, false)];
        let ends = vec![End { at_s: 1000.0, host: 0, user: 0, load: 1.0, mark, records: Vec::new() }];
        let lives = lives(&tries, &ends, 1);
        let name = vec![Name::from("one")];
        Correlation {
            hosts: name.clone(),
            users: name.clone(),
            signatures: name,
            tries,
            ends,
            lives,
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
            let run = filter.run(&view, &[(0.0, 5000.0)], &doses(&from, 0.0), |_, _| ());
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
        let run = filter.run(&view, &[(1500.0, 5000.0)], &doses(&from, 0.0), |_, _| ());
        assert_eq!(run, Run { tries: 0.0, marks: 0.0 });
    }
}
