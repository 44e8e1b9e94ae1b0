//! What each account tried after one of its sessions ended: the unit in which a latent fault shows.

use super::ends::Leaving;
use super::{End, MarkState, Try};
use crate::model::Fault;

/// What an account does after a session's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// It tries to get in, by index of the try.
    Tried(usize),
    /// It leaves another session after tries that failed, by index of the end.
    Left(usize),
}

/// One step after a session's end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// What is done.
    pub what: What,
    /// Seconds since the step before it, or since the end.
    pub after_s: f64,
    /// Whether the host of the session restarted in between.
    pub has_restarted: bool,
}

impl Step {
    /// The try, by index, if it is one.
    pub fn tried(&self) -> Option<usize> {
        match self.what {
            What::Tried(place) => Some(place),
            What::Left(_) => None,
        }
    }
}

/// One end with the steps that follow it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sequel<'a> {
    /// The end, by index.
    pub end: usize,
    /// What filters ask of it.
    pub left: Leaving,
    /// Whether it is itself a step behind an earlier end, whose steps include its own.
    pub continues: bool,
    /// What came next.
    pub steps: &'a [Step],
    /// The place of the first step among all steps.
    pub first: usize,
    /// When the last step was taken, seconds; without one, when the session ended.
    pub last_s: f64,
}

impl Sequel<'_> {
    /// Whether it goes on with an earlier end, or a later one with it.
    pub fn is_of_chain(&self) -> bool {
        self.continues || self.steps.iter().any(|step| step.tried().is_none())
    }
}

/// An end and the places of its steps.
#[derive(Clone, Debug, PartialEq)]
struct Places {
    end: usize,
    left: Leaving,
    continues: bool,
    steps: std::ops::Range<usize>,
    last_s: f64,
}

/// All ends, by host and time, each with what its account tried until it had got in and left again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sequels {
    all: Vec<Places>,
    steps: Vec<Step>,
}

impl Sequels {
    /// Follows each account; an end comes before a try at the same time. `restarts` are those of each host, in order.
    ///
    /// Who leaves a session had got in, and each end begins anew unless the account may be blocked still: something
    /// failed since the one before, or that one left a mark. Then it got in by luck, a failed try opened a session for a
    /// moment, or an old session went away at last: such an end is a step behind the earlier one, and what comes next
    /// follows both. A password that was refused is no such failure.
    pub fn of(tries: &[Try], ends: &[End], n_users: usize, restarts: &[Vec<f64>]) -> Self {
        let mut moments: Vec<(f64, usize, bool, usize)> = (0..ends.len())
            .map(|place| (ends[place].at_s, ends[place].user, false, place))
            .chain((0..tries.len()).map(|place| (tries[place].at_s, tries[place].user, true, place)))
            .collect();
        moments.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut followed: Vec<Option<usize>> = vec![None; n_users];
        let mut may_be_blocked = vec![false; n_users];
        let mut continues = vec![false; ends.len()];
        let mut steps: Vec<Vec<What>> = vec![Vec::new(); ends.len()];
        for (_, user, is_try, place) in moments {
            if is_try {
                if let Some(end) = followed[user] {
                    steps[end].push(What::Tried(place));
                }
                let one = &tries[place];
                may_be_blocked[user] |= one.signature.is_some() && one.fault != Some(Fault::User);
            } else {
                match followed[user].filter(|_| may_be_blocked[user]) {
                    Some(end) => {
                        steps[end].push(What::Left(place));
                        continues[place] = true;
                    }
                    None => followed[user] = Some(place),
                }
                may_be_blocked[user] = ends[place].mark == MarkState::Seen;
            }
        }
        let at_s = |what: &What| match *what {
            What::Tried(place) => tries[place].at_s,
            What::Left(place) => ends[place].at_s,
        };
        let mut sequels = Self::default();
        for end in (0..ends.len()).filter(|end| !continues[*end]) {
            let first = sequels.steps.len();
            let last = first + steps[end].len();
            let last_s = steps[end].last().map_or(ends[end].at_s, at_s);
            sequels.all.push(Places { end, left: ends[end].leaving(), continues: false, steps: first..last, last_s });
            let mut before_s = ends[end].at_s;
            let mut host = ends[end].host;
            for &what in &steps[end] {
                let at_s = at_s(&what);
                let restarts = restarts.get(host).map_or(&[][..], Vec::as_slice);
                let next = restarts.partition_point(|time| *time <= before_s);
                let has_restarted = restarts.get(next).is_some_and(|time| *time <= at_s);
                sequels.steps.push(Step { what, after_s: at_s - before_s, has_restarted });
                before_s = at_s;
                if let What::Left(end) = what {
                    sequels.all.push(Places {
                        end,
                        left: ends[end].leaving(),
                        continues: true,
                        steps: sequels.steps.len()..last,
                        last_s,
                    });
                    host = ends[end].host;
                }
            }
        }
        sequels.all.sort_by_key(|one| (one.left.host, one.end));
        sequels
    }

    /// Each end with its steps, by host and time.
    pub fn iter(&self) -> impl Iterator<Item = Sequel<'_>> {
        self.each(&self.all)
    }

    /// The ends on one host with their steps, by time.
    pub fn on(&self, host: usize) -> impl Iterator<Item = Sequel<'_>> {
        let before = |host: usize| self.all.partition_point(|one| one.left.host < host);
        self.each(&self.all[before(host)..before(host + 1)])
    }

    fn each<'a>(&'a self, places: &'a [Places]) -> impl Iterator<Item = Sequel<'a>> {
        places.iter().map(|one| Sequel {
            end: one.end,
            left: one.left,
            continues: one.continues,
            steps: &self.steps[one.steps.clone()],
            first: one.steps.start,
            last_s: one.last_s,
        })
    }

    /// All steps, each once.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::attempts::some_try;

    fn attempt(at_s: f64, failed: bool) -> Try {
        some_try(at_s, 0, 0, failed.then_some(0))
    }

    fn end(at_s: f64, host: usize) -> End {
        End { at_s, host, user: 0, load: 1.0, mark: MarkState::NotSeen, records: Vec::new() }
    }

    fn told(tries: &[Try], ends: &[End]) -> Vec<(usize, Vec<usize>)> {
        let sequels = Sequels::of(tries, ends, 1, &[vec![150.0], Vec::new()]);
        let number = |step: &Step| match step.what {
            What::Tried(place) => place,
            What::Left(place) => 10 + place,
        };
        sequels.iter().map(|one| (one.end, one.steps.iter().map(number).collect())).collect()
    }

    #[test]
    fn what_is_tried_after_an_end_belongs_to_it_until_the_next_one() {
        let tries = [attempt(50.0, true), attempt(200.0, false), attempt(300.0, false), attempt(400.0, true)];
        assert_eq!(told(&tries, &[end(100.0, 1), end(350.0, 0)]), [(1, vec![3]), (0, vec![1, 2])]);
        // At the same time the end is first.
        assert_eq!(told(&tries, &[end(100.0, 0), end(400.0, 0)]), [(0, vec![1, 2]), (1, vec![3])]);
    }

    #[test]
    fn an_end_behind_failures_does_not_begin_anew() {
        let tries = [200.0, 300.0, 400.0, 600.0, 800.0].map(|at_s| attempt(at_s, at_s < 350.0));
        let ends = [end(100.0, 0), end(250.0, 0), end(500.0, 0), end(700.0, 0)];
        assert_eq!(
            told(&tries, &ends),
            [(0, vec![0, 11, 1, 2, 12, 3]), (1, vec![1, 2, 12, 3]), (2, vec![3]), (3, vec![4])]
        );
    }

    #[test]
    fn an_end_behind_an_incomplete_close_does_not_begin_anew() {
        let tries = [attempt(200.0, false), attempt(400.0, true)];
        let ends = [End { mark: MarkState::Seen, ..end(100.0, 0) }, end(300.0, 0)];
        assert_eq!(told(&tries, &ends), [(0, vec![0, 11, 1]), (1, vec![1])]);
    }

    #[test]
    fn steps_know_the_time_between_and_the_restarts_of_the_host() {
        let tries = [attempt(200.0, true), attempt(300.0, false)];
        let sequels = Sequels::of(&tries, &[end(100.0, 0)], 1, &[vec![150.0]]);
        let steps: Vec<(f64, bool)> = sequels.steps().iter().map(|step| (step.after_s, step.has_restarted)).collect();
        assert_eq!(steps, [(100.0, true), (100.0, false)]);
    }
}
