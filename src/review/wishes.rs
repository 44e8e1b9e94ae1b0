//! Wishes to connect, and cases of a failure: what is counted instead of tries, so that retries weigh nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::week::Calendar;
use crate::frame::{Attempt, Outcome};
use crate::model::{Fault, Name, Timestamp};

/// The signature of failures whose records bear none.
const UNCLASSIFIED: &str = "unclassified";

/// One wish: a person's tries of one day, up to the one that succeeds. It fails if the first of them does.
///
/// A try that fails by the user's own fault (a wrong password) is no part of any wish, nor is one whose end no log
/// shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    /// Its first try.
    pub at: Timestamp,
    /// The place of that try in [`crate::frame::Tables::attempts`].
    pub attempt: u32,
    /// The host of that try.
    pub host: Name,
    /// The signature of the failure, if that try failed.
    pub failed: Option<Name>,
    /// Whether a later try of the day got in; true for those that did not fail.
    pub got_in: bool,
}

/// One person's first failure of a kind on a day.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// When.
    pub at: Timestamp,
    /// Where.
    pub host: Name,
    /// Its signature.
    pub signature: Name,
    /// Whether it is the user's own fault.
    pub is_own_fault: bool,
}

/// Returns wishes and cases, both by time.
pub(super) fn wishes(attempts: &[Attempt], calendar: &Calendar) -> (Vec<Wish>, Vec<Case>) {
    let (mut wishes, mut cases): (Vec<Wish>, Vec<Case>) = (Vec::new(), Vec::new());
    let mut open: BTreeMap<&Name, (Date, usize)> = BTreeMap::new();
    let mut known: BTreeSet<(Date, &Name, Name)> = BTreeSet::new();
    for attempt in attempts.iter().filter(|attempt| attempt.outcome != Outcome::Unseen) {
        let day = calendar.date(attempt.at);
        let signature = attempt.signature.clone().unwrap_or_else(|| Name::from(UNCLASSIFIED));
        let is_own_fault = attempt.fault == Some(Fault::User);
        let (at, host) = (attempt.at, attempt.host.clone());
        if attempt.is_failure() && known.insert((day, &attempt.user, signature.clone())) {
            cases.push(Case { at, host: host.clone(), signature: signature.clone(), is_own_fault });
        }
        if attempt.is_failure() && is_own_fault {
            continue;
        }
        let begun = open.get(&attempt.user).filter(|(own, _)| *own == day).map(|(_, place)| *place);
        match (begun, attempt.is_failure()) {
            (Some(_), true) => {}
            (Some(place), false) => {
                wishes[place].got_in = true;
                open.remove(&attempt.user);
            }
            (None, true) => {
                open.insert(&attempt.user, (day, wishes.len()));
                wishes.push(Wish { at, attempt: attempt.id, host, failed: Some(signature), got_in: false });
            }
            (None, false) => wishes.push(Wish { at, attempt: attempt.id, host, failed: None, got_in: true }),
        }
    }
    (wishes, cases)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Certainty, Phases};

    fn attempt(at_s: i64, user: &str, outcome: Outcome, fault: Option<Fault>) -> Attempt {
        Attempt {
            id: 0,
            at: Timestamp::from_unix_seconds(at_s),
            user: user.into(),
            host: "RDS01".into(),
            client: None,
            outcome,
            signature: (outcome == Outcome::Failed).then(|| "locked".into()),
            fault,
            error_code: None,
            component_version: None,
            demand: 0,
            is_retry: false,
            seconds_to_desktop: None,
            phases: Phases::default(),
            certainty: Certainty::ById,
            records: Vec::new(),
        }
    }

    #[test]
    fn a_wish_is_a_person_s_tries_of_a_day_up_to_the_one_that_succeeds() {
        let (failed, got_in, unseen) = (Outcome::Failed, Outcome::Succeeded, Outcome::Unseen);
        let (service, own) = (Some(Fault::Infrastructure), Some(Fault::User));
        let rows = [
            attempt(100, "a", failed, service),
            attempt(160, "a", failed, service), // a retry hours or minutes later is the same wish
            attempt(170, "b", failed, own),     // a wrong password is none
            attempt(180, "b", got_in, None),
            attempt(9_000, "a", got_in, None),
            attempt(20_000, "a", got_in, None), // and this a new one
            attempt(30_000, "c", unseen, None),
            attempt(86_300, "d", failed, service),
            attempt(86_500, "d", failed, service), // the next day
        ];
        let (wishes, cases) = wishes(&rows, &Calendar::default());
        let told: Vec<(i64, bool, bool)> =
            wishes.iter().map(|wish| (wish.at.as_seconds() as i64, wish.failed.is_some(), wish.got_in)).collect();
        let wanted = [
            (100, true, true),
            (180, false, true),
            (20_000, false, true),
            (86_300, true, false),
            (86_500, true, false),
        ];
        assert_eq!(told, wanted);
        let told: Vec<(i64, bool)> =
            cases.iter().map(|case| (case.at.as_seconds() as i64, case.is_own_fault)).collect();
        assert_eq!(told, [(100, false), (170, true), (86_300, false), (86_500, false)]);
    }

    #[test]
    fn the_day_is_that_of_the_zone() {
        // 22:30 UTC on 22 August is half past midnight in Zurich, 21:30 is not.
        let rows = [
            attempt(1_661_203_800, "a", Outcome::Failed, Some(Fault::Unclear)),
            attempt(1_661_207_400, "a", Outcome::Succeeded, None),
        ];
        let n = |zone: &str| wishes(&rows, &Calendar::of(zone).unwrap()).0.len();
        assert_eq!((n("UTC"), n("Europe/Zurich")), (1, 2));
    }
}
