//! What refitting the background gains an explanation.
//!
//! Gains are differences: what a mechanism makes of attempts that do not fail with the signature stays as it is, whatever
//! the background, so that only failures are weighed one by one.

use super::mechanism::Mechanism;
use super::opinion::MIN_ATTRIBUTED;
use crate::correlate::bursts::Burst;
use crate::correlate::{Background, Class, View};
use crate::stats::special::Product;

/// What all refits of one view share.
pub(super) struct Refits<'a> {
    view: &'a View<'a>,
    bursts: &'a [Burst],
    /// The failures of the signature, by place.
    own: Vec<usize>,
    /// The log likelihood without a mechanism, with the prior of the background.
    before: f64,
}

impl<'a> Refits<'a> {
    /// Prepares refits of the background of a view.
    pub(super) fn of(view: &'a View<'a>, background: &Background, bursts: &'a [Burst]) -> Self {
        let mut refits = Self { view, bursts, own: view.own(), before: 0.0 };
        refits.before = refits.base_likelihood(background, &[]) + background.log_prior();
        refits
    }

    /// What refitting gains one explanation, weighted, with bursts set aside that it does not explain or without that,
    /// whichever is better; `None` if it is held for some failures, but for too few.
    ///
    /// Bursts are set aside before the background is fitted: one that was fitted with them would count them twice.
    pub(super) fn gain(&self, mechanism: &Mechanism) -> Option<f64> {
        let view = self.view;
        let chances = mechanism.chances(view);
        let is_something = mechanism.spans.iter().any(|span| span.0 < span.1);
        let explained =
            |burst: &Burst| burst.tries.iter().map(|place| view.log_ratio(*place, chances[*place])).sum::<f64>();
        let unexplained: Vec<&Burst> =
            self.bursts.iter().filter(|burst| burst.worth > view.weight * explained(burst)).collect();
        let plain = self.gain_beside(&chances, &[], is_something);
        if unexplained.is_empty() {
            return plain;
        }
        [plain, self.gain_beside(&chances, &unexplained, is_something)].into_iter().flatten().reduce(f64::max)
    }

    /// The same with these bursts set aside.
    fn gain_beside(&self, chances: &[f64], aside: &[&Burst], is_something: bool) -> Option<f64> {
        let view = self.view;
        let background = if aside.is_empty() {
            view.fit(chances)
        } else {
            let mut raised = chances.to_vec();
            for burst in aside {
                burst.raise(&mut raised);
            }
            view.fit(&raised)
        };
        let mut ratio = Product::default();
        let mut attributed = 0.0;
        for place in &self.own {
            let (before, m) = (view.base[*place], chances[*place] * view.share);
            let b = self.base(&background, aside, *place);
            ratio.times((1.0 + (1.0 - b) * m / b) / (1.0 + (1.0 - before) * m / before));
            attributed += (1.0 - b) * m / (b + (1.0 - b) * m);
        }
        let after = self.base_likelihood(&background, aside) + background.log_prior();
        let price: f64 = aside.iter().map(|burst| burst.price).sum();
        let is_enough = !is_something || attributed >= MIN_ATTRIBUTED;
        is_enough.then_some(view.weight * (after - self.before + ratio.ln()) - price)
    }

    /// The chance of an attempt to fail without a mechanism.
    fn base(&self, background: &Background, aside: &[&Burst], place: usize) -> f64 {
        let (host, user) = self.view.pairs()[place];
        let base = background.chance(host as usize, user as usize);
        aside.iter().filter(|burst| burst.tries.binary_search(&place).is_ok()).fold(base, |base, one| one.raised(base))
    }

    /// The log likelihood of the attempts without a mechanism, up to what no hypothesis changes.
    fn base_likelihood(&self, background: &Background, aside: &[&Burst]) -> f64 {
        let mut product = Product::default();
        for place in &self.own {
            let (host, user) = self.view.pairs()[*place];
            product
                .times(self.base(background, aside, *place) / (1.0 - background.chance(host as usize, user as usize)));
        }
        for burst in aside {
            let is_idle = |place: &&usize| matches!(self.view.classes[**place], Class::Other | Class::Success);
            product.times_power(1.0 - burst.size, burst.tries.iter().filter(is_idle).count() as u32);
        }
        background.log_silence(self.view.crowd()) + product.ln()
    }
}
