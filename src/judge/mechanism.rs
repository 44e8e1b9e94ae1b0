//! A mechanism: which attempts it fails, where and when, with which chance.

use crate::correlate::sequels::Sequel;
use crate::correlate::{Blocked, Response, Try, View};

/// A span on no host.
pub(crate) const NEVER: (f64, f64) = (f64::INFINITY, f64::INFINITY);

/// How the chance of failing comes about.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum How {
    /// It depends on load at most.
    Response(Response),
    /// It depends on load, on each host in its own way.
    ByHost(Vec<Response>),
    /// It grows in a straight line from the beginning of the span.
    Ramp {
        /// Chance once it is fully there.
        m: f64,
        /// How long that takes.
        hours: f64,
    },
    /// Users are blocked by a session that did not close.
    Blocked(Blocked),
    /// It is there at certain hours only.
    Clock {
        /// Chance of failing.
        m: f64,
        /// When in the period it begins, seconds.
        from_s: f64,
        /// How long it lasts, seconds.
        length_s: f64,
        /// The period, seconds: a day or a week.
        period_s: f64,
    },
}

/// One mechanism.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mechanism {
    /// The only account that it concerns, if it is one.
    pub(crate) user: Option<usize>,
    /// By host: when it is at work, seconds.
    pub(crate) spans: Vec<(f64, f64)>,
    /// How it fails attempts.
    pub(crate) how: How,
}

impl Mechanism {
    /// A mechanism that is never at work.
    pub(crate) fn nothing(n_hosts: usize) -> Self {
        Self { user: None, spans: vec![NEVER; n_hosts], how: How::Response(Response::Constant { m: 0.0 }) }
    }

    /// The chance that it fails each attempt, before the outcome is known.
    pub(crate) fn chances(&self, view: &View<'_>) -> Vec<f64> {
        if let How::Blocked(filter) = self.how {
            let mut chances = vec![0.0; view.from.tries.len()];
            filter.run(view, &self.spans, |place, m| chances[place] = m);
            return chances;
        }
        let mut chances = vec![0.0; view.from.tries.len()];
        for (host, (from_s, to_s)) in self.spans.iter().enumerate().filter(|(_, span)| span.0 < span.1) {
            for place in &view.tries_of(host)[view.place(host, *from_s)..view.place(host, *to_s)] {
                chances[*place] = self.chance(&view.from.tries[*place]);
            }
        }
        chances
    }

    /// The same for some of the attempts alone, in their order.
    pub(crate) fn chances_of(&self, view: &View<'_>, few: &Few<'_>) -> Vec<f64> {
        if let How::Blocked(filter) = self.how {
            let mut chances = vec![0.0; few.places.len()];
            filter.run_over(view, few.sequels.iter().copied(), &self.spans, |place, m| {
                if let Some(chance) = chances.get_mut(few.index[place] as usize) {
                    *chance = m;
                }
            });
            return chances;
        }
        few.places.iter().map(|place| self.chance(&view.from.tries[*place])).collect()
    }

    /// The chance that it fails an attempt, if that does not depend on earlier ones.
    fn chance(&self, one: &Try) -> f64 {
        let (from, to) = self.spans[one.host];
        if one.at_s < from || one.at_s >= to || self.user.is_some_and(|user| user != one.user) {
            return 0.0;
        }
        match &self.how {
            How::Response(response) => response.chance(one),
            How::ByHost(responses) => responses[one.host].chance(one),
            How::Ramp { m, hours } => ramp(*m, *hours, one.at_s - from),
            How::Clock { m, from_s, length_s, period_s } => {
                if (one.at_s - from_s).rem_euclid(*period_s) < *length_s {
                    *m
                } else {
                    0.0
                }
            }
            How::Blocked(_) => 0.0,
        }
    }

    /// Whether its chance of failing follows load, on any host.
    pub(crate) fn is_under_load(&self) -> bool {
        match &self.how {
            How::Response(response) => response.is_under_load(),
            How::ByHost(responses) => responses.iter().any(|response| response.is_under_load()),
            How::Blocked(filter) => filter.gamma > 0.0,
            How::Ramp { .. } | How::Clock { .. } => false,
        }
    }
}

/// Some of the attempts.
pub(crate) struct Few<'a> {
    /// By place in the list of attempts, in order.
    pub(crate) places: Vec<usize>,
    /// By attempt: its place in this list, or beyond it.
    index: Vec<u32>,
    /// The ends that some of them follow.
    sequels: Vec<Sequel<'a>>,
}

impl<'a> Few<'a> {
    /// Those at some places, which are in order.
    pub(crate) fn of(view: &View<'a>, places: Vec<usize>) -> Self {
        let mut index = vec![u32::MAX; view.classes.len()];
        places.iter().zip(0..).for_each(|(place, number)| index[*place] = number);
        let is_among = |place: usize| index[place] != u32::MAX;
        let is_asked = |one: &Sequel<'_>| one.steps.iter().any(|step| step.tried().is_some_and(is_among));
        Self { sequels: view.from.sequels.iter().filter(is_asked).collect(), places, index }
    }

    /// The place of an attempt in the list, which it is in.
    pub(crate) fn number(&self, place: usize) -> usize {
        self.index[place] as usize
    }
}

/// The chance of a ramp after some seconds.
pub(crate) fn ramp(m: f64, hours: f64, after_s: f64) -> f64 {
    m * (after_s / (hours * 3600.0)).clamp(0.0, 1.0)
}
