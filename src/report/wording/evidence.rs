//! Evidence as sentences: what was compared, the numbers with their intervals, and what they would mean.

use super::number;
use crate::judge::{Evidence, EvidenceKind};
use crate::report::input::Input;

/// Returns one piece of evidence as a sentence. A number that is missing takes its clause with it.
pub fn statement(input: &Input<'_>, evidence: &Evidence) -> String {
    let numbers = Numbers { evidence };
    let subject = evidence.about.as_deref().map_or_else(|| "this cause".to_owned(), |id| input.change_name(id));
    let worded = match evidence.kind {
        EvidenceKind::Alibi => alibi(&numbers, &subject),
        EvidenceKind::Exposure => exposure(&numbers, &subject),
        EvidenceKind::DoseResponse => dose_response(&numbers),
        EvidenceKind::Mechanism => mechanism(&numbers),
        EvidenceKind::Recovery => recovery(&numbers, &subject),
        EvidenceKind::Precedence => precedence(&numbers, &subject),
        EvidenceKind::Placebo => placebo(&numbers, &subject),
        EvidenceKind::NegativeControl => negative_control(&numbers, &subject),
        EvidenceKind::Concentration => concentration(&numbers),
        EvidenceKind::Simultaneity => simultaneity(&numbers),
        EvidenceKind::VersionNamed => version_named(&numbers, &subject),
        EvidenceKind::Recurrence => recurrence(&numbers),
        EvidenceKind::MessageAppeared => message_appeared(&numbers, input),
        EvidenceKind::Likelihood => likelihood(&numbers, &subject),
    };
    worded.unwrap_or_else(|| bare(&numbers, &subject))
}

/// The numbers of one piece of evidence, by name.
struct Numbers<'a> {
    evidence: &'a Evidence,
}

impl Numbers<'_> {
    fn value(&self, name: &str) -> Option<f64> {
        self.evidence.numbers.get(name).map(|number| number.value).filter(|value| value.is_finite())
    }

    fn whole(&self, name: &str) -> Option<usize> {
        self.value(name).map(|value| value.max(0.0) as usize)
    }

    fn interval(&self, name: &str) -> Option<String> {
        self.evidence.numbers.get(name).map(number::interval)
    }

    /// `12 of 345 (3.5%)` of two numbers.
    fn of(&self, part: &str, whole: &str) -> Option<String> {
        Some(number::of(self.value(part)?, self.value(whole)?))
    }

    /// A clause with the interval of a number, or nothing.
    fn clause(&self, before: &str, name: &str) -> String {
        self.interval(name).map_or_else(String::new, |interval| format!("{before} {interval}"))
    }

    fn names(&self) -> Option<String> {
        (!self.evidence.names.is_empty()).then(|| number::names(&self.evidence.names, 4))
    }
}

/// All numbers in a row, where a sentence lacks one of its own.
fn bare(numbers: &Numbers<'_>, subject: &str) -> String {
    let listed: Vec<String> = numbers
        .evidence
        .numbers
        .iter()
        .map(|(name, number)| format!("{}: {}", name.replace('_', " "), number::interval(number)))
        .collect();
    let direction = if numbers.evidence.weight >= 0.0 { "for" } else { "against" };
    if listed.is_empty() {
        format!("Speaks {direction} {subject}.")
    } else {
        format!("Speaks {direction} {subject}: {}.", listed.join("; "))
    }
}

fn alibi(numbers: &Numbers<'_>, subject: &str) -> Option<String> {
    let before = numbers.of("failures_before", "attempts_before")?;
    let after = numbers
        .of("failures_after", "attempts_after")
        .map_or_else(String::new, |after| format!(", and {after} after it"));
    let chance = numbers.value("p_chance").map_or_else(String::new, |p| {
        format!("; probability of so many before it by chance alone: {}", number::short(p))
    });
    // The load is matched in silence where all of it was seen before.
    let matched =
        numbers.value("load_matched").filter(|matched| *matched < 0.995).map_or_else(String::new, |matched| {
            format!(
                " Only {} of the attempts after it, at loads seen before, can be compared.",
                number::percent(matched)
            )
        });
    let speaks_for = numbers.evidence.weight > 0.0;
    Some(if numbers.value("failures_before")? <= 0.0 {
        format!("None of these failures is older than {subject}: {before} attempts failed before it{after}.{matched}")
    } else if speaks_for {
        format!(
            "Few of these failures are older than {subject}: {before} attempts failed before it{after}{chance}.{matched}"
        )
    } else {
        format!(
            "The same failures are older than {subject}: {before} attempts failed before it{after}{chance}.{matched}"
        )
    })
}

fn exposure(numbers: &Numbers<'_>, subject: &str) -> Option<String> {
    let exposed = numbers.of("failures_exposed", "attempts_exposed")?;
    let unexposed = numbers.of("failures_unexposed", "attempts_unexposed")?;
    let ratio = numbers.clause("; odds ratio", "odds_ratio");
    let more = numbers.evidence.numbers.get("difference_in_differences").map_or_else(String::new, |more| {
        let points = |share: f64| format!("{:.1}", share * 100.0);
        let (way, sign) = if more.value < 0.0 { ("less", -1.0) } else { ("more", 1.0) };
        let bounds = [more.lower * sign, more.upper * sign];
        format!(
            " Against the time before, the share rose by {} percentage points {way} there than on hosts that never got it \
             (95% interval {} to {}).",
            points(more.value.abs()),
            points(bounds[0].min(bounds[1])),
            points(bounds[0].max(bounds[1]))
        )
    });
    if numbers.value("attempts_unexposed")? > 0.0 {
        Some(format!(
            "In the same span {exposed} attempts failed on hosts with {subject}, and {unexposed} on hosts without it{ratio}.{more}"
        ))
    } else {
        Some(format!("{exposed} attempts failed on hosts with {subject}; no host was without it{ratio}."))
    }
}

fn dose_response(numbers: &Numbers<'_>) -> Option<String> {
    let ratio = numbers.interval("odds_ratio_per_doubling")?;
    let shares = match (numbers.value("share_low_load"), numbers.value("share_high_load")) {
        (Some(low), Some(high)) => {
            format!(": {} of attempts fail at low load, {} at high load", number::percent(low), number::percent(high))
        }
        _ => String::new(),
    };
    let visited = numbers.value("load_visited_before").map_or_else(String::new, |share| {
        format!(". Before the change the hosts had seen {} of this load range", number::percent(share))
    });
    Some(format!("Failures grow with load, odds ratio for each doubling {ratio}{shares}{visited}."))
}

fn mechanism(numbers: &Numbers<'_>) -> Option<String> {
    let blocked = numbers.of("failures_after_incomplete", "n_after_incomplete")?;
    let clean = numbers.of("failures_after_clean", "n_after_clean")?;
    let ratio = numbers.clause("; odds ratio", "odds_ratio");
    Some(format!(
        "After a session that did not close completely the same user's next attempt failed in {blocked} cases, after a clean close in {clean}{ratio}."
    ))
}

fn recovery(numbers: &Numbers<'_>, subject: &str) -> Option<String> {
    let before = numbers.of("failures_before", "attempts_before")?;
    let after = numbers.of("failures_after", "attempts_after")?;
    let ratio = numbers.clause("; rate ratio", "rate_ratio");
    let first = match numbers.names() {
        Some(hosts) if numbers.value("hosts_first").is_some_and(|n| n > 0.0) => format!(" It came to {hosts} first."),
        _ => String::new(),
    };
    let waiting = waiting(numbers).unwrap_or_default();
    Some(format!(
        "On the hosts that got {subject}, {before} attempts failed before it and {after} after it{ratio}.{first}{waiting}"
    ))
}

/// What happened meanwhile on the hosts that had to wait for a remedy.
fn waiting(numbers: &Numbers<'_>) -> Option<String> {
    let patched = numbers.of("failures_patched_meanwhile", "attempts_patched_meanwhile")?;
    let waiting = numbers.of("failures_waiting", "attempts_waiting")?;
    let before = numbers.of("failures_waiting_before", "attempts_waiting_before")?;
    let against =
        if numbers.evidence.weight < 0.0 { ": they recovered without it, which speaks against it" } else { "" };
    Some(format!(
        " While others had to wait, {patched} attempts failed on hosts that had it, and {waiting} on those that waited, \
         where {before} had failed before{against}."
    ))
}

fn negative_control(numbers: &Numbers<'_>, subject: &str) -> Option<String> {
    let before = numbers.of("failures_before", "attempts_before")?;
    let after = numbers.of("failures_after", "attempts_after")?;
    let ratio = numbers.clause("; rate ratio", "rate_ratio");
    let said = if numbers.evidence.weight < 0.0 {
        "moved at the same time, so that something else has changed as well"
    } else {
        "did not move with it, as should be"
    };
    Some(format!(
        "What {subject} cannot have touched, mistakes of people such as wrong passwords, {said}: {before} of the other \
         attempts before it and {after} after it{ratio}."
    ))
}

fn precedence(numbers: &Numbers<'_>, subject: &str) -> Option<String> {
    let hours = numbers.value("hours_to_first_failure")?;
    let before = numbers.of("failures_before", "attempts_before")?;
    Some(format!(
        "The first of these failures came {} after {subject}; before it {before} attempts failed in this way.",
        number::duration(hours * 3_600.0)
    ))
}

/// Trials that explain the failures as well in a greater share show that the test tells nothing, as usual with tests.
const TELLING_P: f64 = 0.05;

fn placebo(numbers: &Numbers<'_>, subject: &str) -> Option<String> {
    let n = numbers.whole("n_placebos")?;
    let p = numbers.value("rank_p")?;
    Some(format!(
        "Moved to {}, {subject} explains the failures as well in {} of the trials{}.",
        number::count(n, "other time or host set"),
        number::percent(p),
        if p > TELLING_P { ", so that times and hosts alone do not tell" } else { "" }
    ))
}

fn concentration(numbers: &Numbers<'_>) -> Option<String> {
    let here = numbers.of("failures_here", "attempts_here")?;
    let elsewhere = numbers.of("failures_elsewhere", "attempts_elsewhere")?;
    let place = numbers.names().unwrap_or_else(|| "one place".to_owned());
    let ratio = numbers.clause("; odds ratio", "odds_ratio");
    Some(format!("The failures sit on {place}: {here} attempts failed there, {elsewhere} elsewhere{ratio}."))
}

fn simultaneity(numbers: &Numbers<'_>) -> Option<String> {
    let affected = numbers.whole("n_hosts_affected")?;
    let hosts = numbers.whole("n_hosts")?;
    let spread = numbers
        .interval("spread_of_onset")
        .map_or_else(String::new, |spread| format!("; their onsets spread over {spread}"));
    Some(format!("{affected} of {} began to fail together{spread}.", number::count(hosts, "host")))
}

fn version_named(numbers: &Numbers<'_>, subject: &str) -> Option<String> {
    let named = numbers.of("failures_naming_version", "failures_naming_any")?;
    Some(format!("Of the failures that name a component's version, {named} name that of {subject}."))
}

fn recurrence(numbers: &Numbers<'_>) -> Option<String> {
    let n = numbers.whole("n_recurrences")?;
    let expected = numbers
        .value("n_expected")
        .map_or_else(String::new, |expected| format!("; chance alone would give {}", number::short(expected)));
    Some(format!("The same hours of the clock fail again: {}{expected}.", number::count(n, "recurrence")))
}

fn message_appeared(numbers: &Numbers<'_>, input: &Input<'_>) -> Option<String> {
    let what = input.signature_title(numbers.evidence.names.first()?);
    let during = numbers.whole("minutes_during")?;
    let before = match numbers.whole("minutes_before")? {
        0 => "never".to_owned(),
        n => format!("in {}", number::count(n, "minute")),
    };
    let (hours_during, hours_before) = (numbers.value("hours_during")?, numbers.value("hours_before")?);
    let ratio = numbers.clause("; rate ratio", "rate_ratio");
    Some(format!(
        "{what} came in {} of the {} around the incident, and {before} in the {} before{ratio}.",
        number::count(during, "minute"),
        number::duration(hours_during * 3_600.0),
        number::duration(hours_before * 3_600.0)
    ))
}

fn likelihood(numbers: &Numbers<'_>, subject: &str) -> Option<String> {
    let factor = numbers.value("log_bayes_factor")?;
    let (better, size) = if factor >= 0.0 { ("better", factor) } else { ("worse", -factor) };
    // Beyond this a ratio says nothing more to people.
    let times = if size < 13.8 {
        format!("{} times", number::short(size.exp()))
    } else {
        "more than a million times".to_owned()
    };
    Some(format!(
        "Taken over all attempts, {subject} explains what happened {times} {better} than the next explanation (log Bayes factor {}).",
        number::short(factor)
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::judge::{CauseKind, Estimate};
    use crate::report::fixture;

    fn evidence(kind: EvidenceKind, numbers: &[(&'static str, f64)]) -> Evidence {
        Evidence {
            kind,
            about: None,
            cause: CauseKind::Capacity,
            weight: 1.0,
            numbers: numbers
                .iter()
                .map(|(name, value)| (*name, Estimate::count(*value as usize, "attempts")))
                .collect(),
            names: Vec::new(),
            records: Vec::new(),
        }
    }

    #[test]
    fn every_kind_without_numbers_still_says_something() {
        let case = fixture::founding();
        for kind in [
            EvidenceKind::Alibi,
            EvidenceKind::Exposure,
            EvidenceKind::DoseResponse,
            EvidenceKind::Mechanism,
            EvidenceKind::Recovery,
            EvidenceKind::Precedence,
            EvidenceKind::Placebo,
            EvidenceKind::NegativeControl,
            EvidenceKind::Concentration,
            EvidenceKind::Simultaneity,
            EvidenceKind::VersionNamed,
            EvidenceKind::Recurrence,
            EvidenceKind::MessageAppeared,
            EvidenceKind::Likelihood,
        ] {
            let empty = Evidence { numbers: BTreeMap::new(), ..evidence(kind, &[]) };
            assert_eq!(statement(&case.input(), &empty), "Speaks for this cause.");
        }
    }

    #[test]
    fn a_share_that_rose_less_is_said_without_a_minus() {
        let case = fixture::founding();
        let counts = [
            ("failures_exposed", 6.0),
            ("attempts_exposed", 60.0),
            ("failures_unexposed", 9.0),
            ("attempts_unexposed", 60.0),
        ];
        let mut item = evidence(EvidenceKind::Exposure, &counts);
        item.numbers.insert("difference_in_differences", Estimate::interval(-0.044, -0.101, 0.014, "1"));
        let said = statement(&case.input(), &item);
        assert!(said.contains("rose by 4.4 percentage points less there"), "{said}");
        assert!(said.contains("(95% interval -1.4 to 10.1)"), "{said}");
    }

    #[test]
    fn an_alibi_counts_what_came_before() {
        let case = fixture::founding();
        for (weight, n, said) in [(-1.0, 14.0, "The same"), (1.0, 14.0, "Few of these"), (1.0, 0.0, "None of these")] {
            let numbers = [("failures_before", n), ("attempts_before", 4_200.0)];
            let alibi = Evidence { weight, ..evidence(EvidenceKind::Alibi, &numbers) };
            let stated = statement(&case.input(), &alibi);
            assert!(stated.starts_with(said) && stated.contains("older than this cause: "), "{stated}");
        }
    }
}
