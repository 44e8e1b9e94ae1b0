//! What refitting the background gains an explanation.
//!
//! Gains are differences: what a mechanism makes of attempts that do not fail with the signature stays as it is, whatever
//! the background, so that only failures are weighed one by one, and the attempts of bursts.

use super::mechanism::{Few, How, Mechanism};
use super::opinion::MIN_ATTRIBUTED;
use crate::correlate::background::{IDLE, Pair, part_of_mechanism};
use crate::correlate::bursts::Burst;
use crate::correlate::{Background, Class, View};
use crate::stats::special::Product;

/// What all refits of one view share.
pub(super) struct Refits<'a> {
    view: &'a View<'a>,
    bursts: Vec<Aside<'a>>,
    /// The failures of the signature and all attempts of bursts.
    few: Few<'a>,
    /// The failures of the signature: their numbers among these few, with host and account.
    own: Vec<(usize, Pair)>,
    /// The log likelihood without a mechanism, with the prior of the background.
    before: f64,
}

/// A burst that can be set aside.
struct Aside<'a> {
    burst: &'a Burst,
    /// Its failures, by place among those of the signature.
    own: Vec<usize>,
    /// Its attempts that did not fail so.
    n_others: u32,
}

impl<'a> Refits<'a> {
    /// Prepares refits of the background of a view.
    pub(super) fn of(view: &'a View<'a>, background: &Background, bursts: &'a [Burst]) -> Self {
        let own = view.own();
        let aside = |burst: &'a Burst| {
            let is_other = |place: &&usize| matches!(view.classes[**place], Class::Other | Class::Success);
            Aside { burst, own: burst.among(&own), n_others: burst.tries.iter().filter(is_other).count() as u32 }
        };
        let asides = bursts.iter().map(aside).collect();
        let mut places: Vec<usize> = own.iter().chain(bursts.iter().flat_map(|burst| &burst.tries)).copied().collect();
        places.sort_unstable();
        places.dedup();
        let few = Few::of(view, places);
        let own = own.into_iter().map(|place| (few.number(place), view.pairs()[place])).collect();
        let mut refits = Self { view, bursts: asides, few, own, before: 0.0 };
        refits.before = refits.base_likelihood(background, &[], &refits.base(background, &[]));
        refits
    }

    /// What refitting gains one explanation, weighted, with bursts set aside that it does not explain or without that,
    /// whichever is better; `None` if it is held for some failures, but for too few.
    ///
    /// Bursts are set aside before the background is fitted: one that was fitted with them would count them twice.
    pub(super) fn gain(&self, mechanism: &Mechanism) -> Option<f64> {
        let view = self.view;
        let chances = mechanism.chances_of(view, &self.few);
        let explained = |burst: &Burst| {
            burst.tries.iter().map(|place| view.log_ratio(*place, chances[self.few.number(*place)])).sum::<f64>()
        };
        let unexplained: Vec<&Aside<'_>> =
            self.bursts.iter().filter(|aside| aside.burst.worth > view.weight * explained(aside.burst)).collect();
        let chances: Vec<f64> = self.own.iter().map(|(number, _)| chances[*number]).collect();
        let plain = self.gain_beside(mechanism, &chances, &[]);
        if unexplained.is_empty() {
            return plain;
        }
        [plain, self.gain_beside(mechanism, &chances, &unexplained)].into_iter().flatten().reduce(f64::max)
    }

    /// The same with these bursts set aside; `chances` are those of the failures.
    fn gain_beside(&self, mechanism: &Mechanism, chances: &[f64], aside: &[&Aside<'_>]) -> Option<f64> {
        let view = self.view;
        let mut own: Vec<(Pair, f64)> = self.own.iter().zip(chances).map(|((_, pair), m)| (*pair, *m)).collect();
        for one in aside {
            one.own.iter().for_each(|place| own[*place].1 = one.burst.raised(own[*place].1));
        }
        let idle = self.idle(mechanism, &own);
        let background = view.fit_to(own, idle);
        let base = self.base(&background, aside);
        let mut ratio = Product::default();
        let mut attributed = 0.0;
        for (((number, _), b), m) in self.own.iter().zip(&base).zip(chances) {
            let (before, m) = (view.base[self.few.places[*number]], m * view.share);
            ratio.times((1.0 + (1.0 - b) * m / b) / (1.0 + (1.0 - before) * m / before));
            attributed += part_of_mechanism(*b, m);
        }
        let after = self.base_likelihood(&background, aside, &base);
        let price: f64 = aside.iter().map(|one| one.burst.price).sum();
        let is_something = mechanism.spans.iter().any(|span| span.0 < span.1);
        let is_enough = !is_something || attributed >= MIN_ATTRIBUTED;
        is_enough.then_some(view.weight * (after - self.before + ratio.ln()) - price)
    }

    /// The failures and the attempts where a mechanism is not at work: outside its spans; within them, one that blocks users
    /// or that concerns a single one leaves nearly all attempts alone.
    fn idle(&self, mechanism: &Mechanism, own: &[(Pair, f64)]) -> (f64, f64) {
        let view = self.view;
        let is_of_few = matches!(mechanism.how, How::Blocked(_)) || mechanism.user.is_some();
        let is_outside = |place: usize| {
            let (one, span) = (&view.from.tries[place], mechanism.spans[view.from.tries[place].host]);
            one.at_s < span.0 || span.1 <= one.at_s
        };
        let own = self
            .own
            .iter()
            .zip(own)
            .filter(|((number, _), (_, m))| *m < IDLE && (is_of_few || is_outside(self.few.places[*number])));
        let within = |(host, span): (usize, &(f64, f64))| {
            let is_at_work = span.0 < span.1 && !is_of_few;
            if is_at_work { view.place(host, span.1) - view.place(host, span.0) } else { 0 }
        };
        let n_within: usize = mechanism.spans.iter().enumerate().map(within).sum();
        (own.count() as f64, view.from.tries.len().saturating_sub(n_within) as f64)
    }

    /// The chance of each failure without a mechanism.
    fn base(&self, background: &Background, aside: &[&Aside<'_>]) -> Vec<f64> {
        let chance = |(_, (host, user)): &(usize, Pair)| background.chance(*host as usize, *user as usize);
        let mut base: Vec<f64> = self.own.iter().map(chance).collect();
        for one in aside {
            one.own.iter().for_each(|place| base[*place] = one.burst.raised(base[*place]));
        }
        base
    }

    /// The log likelihood of the attempts without a mechanism, up to what no hypothesis changes, with the prior of the
    /// background.
    fn base_likelihood(&self, background: &Background, aside: &[&Aside<'_>], base: &[f64]) -> f64 {
        let mut product = Product::default();
        for ((_, (host, user)), b) in self.own.iter().zip(base) {
            product.times(b / (1.0 - background.chance(*host as usize, *user as usize)));
        }
        for one in aside {
            product.times_power(1.0 - one.burst.size, one.n_others);
        }
        background.log_silence(self.view.crowd()) + product.ln() + background.log_prior()
    }
}
