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

/// The state of one account.
struct State {
    w: f64,
    at_s: f64,
    host: Option<usize>,
}

impl Blocked {
    /// Runs the filter over all accounts; hosts are exposed within `spans`. Tells `blocked` the chance that the
    /// mechanism fails each attempt, before its outcome is known.
    pub fn run(self, view: &View<'_>, spans: &[(f64, f64)], mut blocked: impl FnMut(usize, f64)) -> Run {
        let mut run = Run::default();
        for life in &view.from.lives {
            let mut state = State { w: 0.0, at_s: 0.0, host: None };
            for moment in life {
                match *moment {
                    Moment::Left(place) => {
                        let end = &view.from.ends[place];
                        self.pass(&mut state, end.at_s, view.from, spans);
                        run.marks += self.leave(&mut state, end, spans);
                    }
                    Moment::Tried(place) => {
                        if state.w <= 1e-9 {
                            continue;
                        }
                        self.pass(&mut state, view.from.tries[place].at_s, view.from, spans);
                        let m = self.kappa * state.w;
                        run.tries += view.log_ratio(place, m);
                        blocked(place, m);
                        state.w = self.after(state.w, view, place);
                    }
                }
            }
        }
        run
    }

    /// Time goes by: blocks end by themselves, by a fix, or by a restart.
    fn pass(self, state: &mut State, at_s: f64, from: &Correlation, spans: &[(f64, f64)]) {
        if state.w > 1e-9 {
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

    /// A session ends: first the mark, then the block. Returns the log ratio of the mark.
    fn leave(self, state: &mut State, end: &End, spans: &[(f64, f64)]) -> f64 {
        let (from, to) = spans[end.host];
        if end.at_s < from || end.at_s >= to {
            return 0.0;
        }
        let (d, d0) = (self.d, self.d0);
        let e = (self.q0 * end.load.max(LOWEST_LOAD).powf(self.gamma)).min(MAX_BLOCKING);
        let (e, ratio) = match end.mark {
            MarkState::Seen => {
                let seen = e * d + (1.0 - e * d) * d0;
                (e * (d + (1.0 - d) * d0) / seen, (seen / d0).ln())
            }
            MarkState::NotSeen => (e * (1.0 - d) / (1.0 - e * d), (1.0 - e * d).ln()),
            MarkState::NotObservable => (e, 0.0),
        };
        if state.w < e {
            state.host = Some(end.host);
        }
        state.w += (1.0 - state.w) * e;
        ratio
    }

    /// The chance of being blocked once the outcome is known.
    fn after(self, w: f64, view: &View<'_>, place: usize) -> f64 {
        let (kappa, s) = (self.kappa, view.share);
        let (if_blocked, if_free) = match view.classes[place] {
            Class::Own => {
                let b = view.base[place];
                (b + (1.0 - b) * kappa * s, b)
            }
            Class::Other => (1.0 - kappa + kappa * (1.0 - s) / view.other, 1.0),
            Class::Success => (1.0 - kappa, 1.0),
            Class::Skipped => return w,
        };
        let total = w * if_blocked + (1.0 - w) * if_free;
        if total > 0.0 { w * if_blocked / total } else { w }
    }
}
