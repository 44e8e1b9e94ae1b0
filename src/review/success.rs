//! Connections that succeeded against the objective, and how much of the error budget they burnt.

use std::str::FromStr;

use super::wishes::Wish;
use crate::judge::Estimate;
use crate::stats::proportion_interval;

/// The share of connections that should succeed: above 0, at most 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Objective(f64);

impl Objective {
    /// The share.
    pub fn share(self) -> f64 {
        self.0
    }

    /// How many of so many wishes may fail: the error budget.
    pub fn budget(self, n_wishes: usize) -> f64 {
        // Rounded so that 99.5 % of 200 leave 1, and not 1.000 000 000 000 000 9.
        ((1.0 - self.0) * n_wishes as f64 * 1e9).round() / 1e9
    }
}

impl Default for Objective {
    /// One failure in two hundred.
    fn default() -> Self {
        Self(0.995)
    }
}

/// `99.5%` or `99.5`; a bare number of 1 or less could be either a share or a percentage, and is refused.
impl FromStr for Objective {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shape = || format!("`{text}` is no objective: write 99.5%");
        let (number, has_sign) = text.trim().strip_suffix('%').map_or((text.trim(), false), |rest| (rest.trim(), true));
        let is_plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let percent: f64 = number.parse().ok().filter(|_| is_plain).ok_or_else(shape)?;
        if percent <= 0.0 || percent > 100.0 {
            return Err(format!("`{text}`: an objective is above 0% and at most 100%"));
        }
        if !has_sign && percent <= 1.0 {
            return Err(format!("`{text}` could mean a share or a percentage: write 99.5%"));
        }
        Ok(Self(percent / 100.0))
    }
}

/// How some wishes fared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// Wishes to connect.
    pub n_wishes: usize,
    /// Those that failed.
    pub n_failed: usize,
    /// Those of them that no later try of the day fulfilled.
    pub n_shut_out: usize,
    /// How many might fail.
    pub budget: f64,
    /// What the objective asks.
    objective: Objective,
}

impl Score {
    /// Counts wishes.
    pub(super) fn of(wishes: &mut dyn Iterator<Item = &Wish>, objective: Objective) -> Self {
        let mut score = Self { n_wishes: 0, n_failed: 0, n_shut_out: 0, budget: 0.0, objective };
        for wish in wishes {
            score.n_wishes += 1;
            score.n_failed += usize::from(wish.failed.is_some());
            score.n_shut_out += usize::from(!wish.got_in);
        }
        score.budget = objective.budget(score.n_wishes);
        score
    }

    /// The share that succeeded, with its exact 95 % interval; `None` without wishes.
    pub fn success(&self) -> Option<Estimate> {
        let n_succeeded = self.n_wishes - self.n_failed;
        let (lower, upper) = proportion_interval(n_succeeded, self.n_wishes);
        (self.n_wishes > 0).then(|| Estimate::interval(n_succeeded as f64 / self.n_wishes as f64, lower, upper, "1"))
    }

    /// The part of the budget that is burnt, 1 for all of it; `None` where something failed and nothing might.
    pub fn burnt(&self) -> Option<f64> {
        if self.n_failed == 0 { Some(0.0) } else { (self.budget > 0.0).then(|| self.n_failed as f64 / self.budget) }
    }

    /// Whether the objective is met; `None` without wishes.
    pub fn is_met(&self) -> Option<bool> {
        (self.n_wishes > 0).then_some(self.n_failed as f64 <= self.budget)
    }

    /// Whether a single failure broke the objective, of so few wishes that any would (unless it allows none at all).
    pub fn is_too_few(&self) -> bool {
        self.n_failed == 1 && self.budget < 1.0 && self.objective.share() < 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(n_wishes: usize, n_failed: usize, objective: &str) -> Score {
        let wish = |failed: bool| Wish {
            at: crate::model::Timestamp(0),
            attempt: 0,
            host: "RDS01".into(),
            failed: failed.then(|| "locked".into()),
            got_in: !failed,
        };
        let wishes: Vec<Wish> = (0..n_wishes).map(|place| wish(place < n_failed)).collect();
        Score::of(&mut wishes.iter(), objective.parse().unwrap())
    }

    #[test]
    fn objectives_are_percentages_and_nonsense_is_refused() {
        assert_eq!("99.5%".parse(), Ok(Objective::default()));
        assert_eq!("99.5".parse(), Ok(Objective::default()));
        assert_eq!(" 100 % ".parse(), Ok(Objective(1.0)));
        assert_eq!("0.5%".parse(), Ok(Objective(0.005)));
        for text in
            ["", "%", "0%", "0", "100.1%", "-1%", "NaN", "inf%", "1e2", "ninety", "0.995", "1", "99.5%%", "99,5%"]
        {
            assert!(text.parse::<Objective>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_budget_is_what_the_objective_leaves() {
        let one = score(400, 3, "99.5%");
        assert_eq!((one.budget, one.burnt(), one.is_met()), (2.0, Some(1.5), Some(false)));
        assert_eq!(score(200, 1, "99.5%").is_met(), Some(true), "exactly the budget is no miss");
        assert!(score(199, 1, "99.5%").is_too_few() && !score(200, 1, "99.5%").is_too_few());
        assert!(!score(199, 2, "99.5%").is_too_few() && !score(199, 0, "99.5%").is_too_few());
    }

    #[test]
    fn an_objective_of_all_has_no_budget_and_none_is_burnt_without_a_failure() {
        assert_eq!((score(50, 0, "100%").burnt(), score(50, 0, "100%").is_met()), (Some(0.0), Some(true)));
        assert_eq!((score(50, 1, "100%").burnt(), score(50, 1, "100%").is_met()), (None, Some(false)));
        assert!(!score(50, 1, "100%").is_too_few());
        let none = score(0, 0, "99%");
        assert_eq!((none.success(), none.is_met(), none.burnt()), (None, None, Some(0.0)));
    }
}
