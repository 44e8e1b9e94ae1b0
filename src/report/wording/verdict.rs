//! Why a change got its verdict, in words that its owner understands.

use super::number;
use crate::judge::{Reason, Verdict};
use crate::report::input::Input;

/// Returns one reason as a sentence.
pub fn reason(input: &Input<'_>, reason: &Reason) -> String {
    match reason {
        Reason::FailuresBefore { n_failures, first_at } => format!(
            "The same failures were there before it: {}, the first at {}.",
            number::count(*n_failures, "failure"),
            number::instant(*first_at)
        ),
        Reason::AfterOnset => "It came after the incident had begun.".to_owned(),
        Reason::AfterEnd => "It came after the incident was over.".to_owned(),
        Reason::UnexposedFailToo { n_failures, hosts } => format!(
            "Hosts without it failed as well: {} on {}.",
            number::count(*n_failures, "failure"),
            number::names(hosts, 4)
        ),
        Reason::ExposedDoNotFail { hosts } => {
            format!("Hosts that got it did not fail: {}.", number::names(hosts, 4))
        }
        Reason::BetterExplained { by } if by.probability < 0.5 => format!(
            "Other explanations fit better, the first of them {} ({}).",
            super::cause_and_trigger(input, by),
            number::percent(by.probability)
        ),
        Reason::BetterExplained { by } => format!(
            "The failures are far better explained by {} ({}).",
            super::cause_and_trigger(input, by),
            number::percent(by.probability)
        ),
        Reason::FailuresFollowExposure => "The failures follow it on the hosts that got it.".to_owned(),
        Reason::GrowsWithLoadWhereExposed => {
            "The share of failures grows with load on the hosts that have it, and only there.".to_owned()
        }
        Reason::BlockedUsers => {
            "Where it is, the people who fail are those whose last session did not close completely.".to_owned()
        }
        Reason::FailuresStop => "The failures stopped where and when it came.".to_owned(),
        Reason::NotSeparable { from } => {
            let others: Vec<String> = from.iter().map(|id| format!("{} ({id})", input.change_name(id))).collect();
            format!("These logs cannot tell it from {}.", others.join(" and "))
        }
        Reason::UnseenBefore { since } => format!(
            "The only log that shows these failures begins at {}, when it came: whether they are older than it, nobody can say.",
            number::instant(*since)
        ),
        Reason::NoIncident => "No incident is in these logs that it could have caused.".to_owned(),
        Reason::TooFewAttempts => "Too few people tried to connect after it to tell.".to_owned(),
    }
}

/// Returns the verdict in the words of charts and tables.
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::RootCause => "root cause",
        Verdict::Contributing => "contributing",
        Verdict::Acquitted => "acquitted",
        Verdict::Remedy => "remedy",
        Verdict::Unproven => "unproven",
    }
}
