//! The finding: titles, runner-up, abstention, what would refute it, impact, and what a latent fault would do.

use super::number;
use crate::frame::Outcome;
use crate::judge::{Abstention, Asked, Candidate, CauseKind, Incident, Latent, Verdict};
use crate::model::{Fault, TimeRange, Timestamp};
use crate::report::error_codes::error_codes as counted;
use crate::report::input::Input;

/// Returns the finding in one sentence without full stop.
pub fn title(input: &Input<'_>, incident: &Incident) -> String {
    let what = incident.signatures.first().map_or("Failed connections", |id| input.signature_title(id));
    let what = super::capitalized(what);
    if incident.root_cause.kind == CauseKind::Unknown {
        return format!("{what}: these logs do not tell why");
    }
    format!("{what}: consistent with {}", super::cause_and_trigger(input, &incident.root_cause))
}

/// Returns the headline of the whole report.
pub fn headline(input: &Input<'_>) -> String {
    if let Some(incident) = input.main_incident() {
        return title(input, incident);
    }
    if input.tables.attempts.is_empty() {
        return "No attempt to connect is in these logs".to_owned();
    }
    let n = input.tables.attempts.iter().filter(|attempt| attempt.outcome != Outcome::Unseen).count();
    if n == 0 {
        let n_tried = number::count(input.tables.attempts.len(), "attempt");
        return format!("No incident can be seen: how {n_tried} ended is in none of these logs");
    }
    let n_failed = input.tables.attempts.iter().filter(|attempt| attempt.is_service_failure()).count();
    let has_mistyped = input.tables.attempts.iter().any(|attempt| attempt.fault == Some(Fault::User));
    let aside = if has_mistyped { ", wrong passwords aside" } else { "" };
    let share = number::percent(n_failed as f64 / n as f64);
    format!("No incident: {}, {share} failed{aside}", number::count(n, "attempt"))
}

/// Returns what the logs hold of a span that people named.
pub fn asked(input: &Input<'_>, asked: &Asked) -> String {
    let span = format!("{} to {}", number::instant(asked.span.start), number::instant(asked.span.end));
    if !asked.is_covered {
        return format!("No log covers the span that was asked about ({span}).");
    }
    let Some(share) = &asked.share else {
        return format!("In the span that was asked about ({span}) the logs hold no attempt to connect.");
    };
    let failed = format!(
        "In the span that was asked about ({span}) {} of {} attempts failed ({}, 95% interval {} to {})",
        number::grouped(asked.n_failures),
        number::grouped(asked.n_attempts),
        number::percent(share.value),
        number::percent(share.lower),
        number::percent(share.upper)
    );
    let elsewhere = asked.share_elsewhere.as_ref();
    let elsewhere =
        elsewhere.map_or(String::new(), |share| format!(", and {} at all other times", number::percent(share.value)));
    let found = match asked.incidents.as_slice() {
        [] => "no incident is found in it".to_owned(),
        [one] if input.judgement.incidents.len() == 1 => format!("the incident ({one}) meets it"),
        some => format!("{} meet it", some.join(", ")),
    };
    format!("{failed}{elsewhere}; {found}.")
}

/// Returns the probability of the finding as a clause.
pub fn probability(incident: &Incident) -> String {
    if incident.root_cause.kind == CauseKind::Unknown {
        match likeliest(incident) {
            Some(_) => "no cause is probable enough to be named".to_owned(),
            None => "no known cause fits".to_owned(),
        }
    } else {
        format!("probability {}", number::percent(incident.root_cause.probability))
    }
}

fn likeliest(incident: &Incident) -> Option<&Candidate> {
    incident.posterior.iter().find(|candidate| candidate.kind != CauseKind::Unknown)
}

/// Returns the best cause that is not the finding.
pub fn runner_up(incident: &Incident) -> Option<&Candidate> {
    let root = &incident.root_cause;
    let same = |other: &Candidate| {
        (other.kind, &other.change_id, &other.host, &other.user) == (root.kind, &root.change_id, &root.host, &root.user)
    };
    incident.posterior.iter().find(|candidate| !same(candidate))
}

/// Returns the runner-up with its probability.
pub fn runner_up_text(input: &Input<'_>, incident: &Incident) -> Option<String> {
    runner_up(incident).map(|candidate| {
        format!("{} ({})", super::cause_and_trigger(input, candidate), number::percent(candidate.probability))
    })
}

/// Returns the runner-up; where no cause is named, the two that come closest.
pub fn rivals(input: &Input<'_>, incident: &Incident) -> Option<String> {
    if incident.root_cause.kind != CauseKind::Unknown {
        return runner_up_text(input, incident).map(|text| format!("runner-up: {text}"));
    }
    let named = likeliest_two(input, incident);
    (!named.is_empty()).then(|| format!("likeliest: {}", named.join(", ")))
}

/// The two likeliest causes, each with its probability; fewer where there are fewer.
fn likeliest_two(input: &Input<'_>, incident: &Incident) -> Vec<String> {
    incident
        .posterior
        .iter()
        .filter(|candidate| candidate.kind != CauseKind::Unknown)
        .take(2)
        .map(|candidate| {
            format!("{} ({})", super::cause_and_trigger(input, candidate), number::percent(candidate.probability))
        })
        .collect()
}

/// Returns how many changes have that verdict for the incident.
pub fn n_with(input: &Input<'_>, incident: Option<&Incident>, verdict: Verdict) -> usize {
    let id = incident.map(|incident| incident.id.as_str());
    input.judgement.verdicts.iter().filter(|known| known.incident.as_deref() == id && known.verdict == verdict).count()
}

/// Returns why no cause is named, and which log would have told.
pub fn abstention(input: &Input<'_>, incident: &Incident, abstention: &Abstention) -> String {
    let best = likeliest_two(input, incident);
    let why = match (abstention.is_tie, best.as_slice()) {
        (_, [first, ..]) if abstention.unseen_before.is_some() => {
            let since = abstention.unseen_before.map(number::instant).unwrap_or_default();
            format!(
                "The only log that shows these failures begins at {since}, together with the likeliest cause, {first}; \
                 whether they are older, these logs cannot tell."
            )
        }
        (true, [first, second]) => format!("These logs cannot tell {first} from {second}."),
        (_, [first, ..]) => format!("No cause is probable enough to be named; the likeliest is {first}."),
        _ => "No cause that is known fits these logs.".to_owned(),
    };
    if abstention.would_have_told.is_empty() {
        return why;
    }
    let logs: Vec<String> = abstention
        .would_have_told
        .iter()
        .map(|(source, host)| host.as_ref().map_or_else(|| source.to_string(), |host| format!("{source} of {host}")))
        .collect();
    format!("{why} These logs would have told: {}.", logs.join("; "))
}

/// Returns what would refute the finding.
pub fn refuted_by(input: &Input<'_>, incident: &Incident) -> String {
    let root = &incident.root_cause;
    match root.kind {
        CauseKind::Change => match &root.change_id {
            Some(id) => {
                let name = input.change_name(id);
                format!("The same failures on a host without {name}, or before it came, would refute this.")
            }
            None => "A recorded change at the onset, on the same hosts, would replace this finding.".to_owned(),
        },
        CauseKind::Capacity => {
            "Equal load without failures on the same hosts, or failures that stay when load falls, would refute this.".to_owned()
        }
        CauseKind::Host => "The same failures on other hosts in the same hours would refute this.".to_owned(),
        CauseKind::Dependency => {
            "Hosts that use the same services and did not fail in the same minutes would refute this.".to_owned()
        }
        CauseKind::Credentials => {
            "A successful logon of the same account with the same password, or failures of other accounts, would refute this."
                .to_owned()
        }
        CauseKind::Schedule => "The same hours of the clock without failures would refute this.".to_owned(),
        CauseKind::Unknown => "Any of the logs that would have told can replace this.".to_owned(),
    }
}

/// Returns how long it lasted, from the onset to its end or to the end of the logs.
pub fn span(input: &Input<'_>, incident: &Incident) -> (Timestamp, Timestamp) {
    let end = incident.ended_at.or(input.tables.window.map(|window| window.end)).unwrap_or(incident.peak_at);
    (incident.started_at, end.max(incident.started_at))
}

/// Returns a moment of an incident with the interval in which it lies.
pub fn moment(at: Timestamp, between: Option<TimeRange>) -> String {
    let clause = between.map_or_else(String::new, |range| format!(" ({})", number::between(&range)));
    format!("{}{clause}", number::instant(at))
}

/// Returns when it began, was at its worst and ended, each with its interval.
pub fn when(incident: &Incident) -> String {
    let end = incident.ended_at.map_or_else(
        || "it goes on at the end of the logs".to_owned(),
        |at| format!("over at {}", moment(at, incident.ended_between)),
    );
    format!(
        "From {}; worst in the hour from {}; {end}.",
        moment(incident.started_at, incident.started_between),
        moment(incident.peak_at, incident.peaked_between)
    )
}

/// Returns how long it lasted, in minutes, as budgets count: `180 minutes (3 h)`.
pub fn minutes(input: &Input<'_>, incident: &Incident) -> String {
    let (start, end) = span(input, incident);
    let seconds = end.seconds_since(start);
    format!("{} ({})", number::count((seconds / 60.0).round() as usize, "minute"), number::duration(seconds))
}

/// Returns people, minutes and attempts in one sentence.
pub fn impact(input: &Input<'_>, incident: &Incident) -> String {
    let people = if incident.n_users == 1 {
        "1 person".to_owned()
    } else {
        format!("{} people", number::grouped(incident.n_users))
    };
    let goes_on = if incident.ended_at.is_none() { ", and it goes on at the end of the logs" } else { "" };
    format!(
        "{people} could not connect over {}; {} attempts failed on {}{goes_on}.",
        minutes(input, incident),
        number::of(incident.n_failures as f64, incident.n_attempts as f64),
        number::count(incident.hosts.len(), "host")
    )
}

/// Returns the commonest error codes with their words: `0xC0000234, the account is locked out (12 failures)`.
pub fn error_codes(input: &Input<'_>, incident: &Incident) -> Option<String> {
    let codes: Vec<String> = counted(input, incident)
        .iter()
        .take(6)
        .map(|one| {
            let words = one.words.map(|words| format!(", {words}")).unwrap_or_default();
            format!("{}{words} ({})", one.code, number::count(one.n, "failure"))
        })
        .collect();
    (!codes.is_empty()).then(|| format!("Error codes: {}.", codes.join("; ")))
}

/// Returns what ended the incident.
pub fn remedy(input: &Input<'_>, incident: &Incident) -> Option<String> {
    let id = incident.remedy.change_id.as_deref()?;
    let first = if incident.remedy.canaries.is_empty() {
        String::new()
    } else {
        format!(", on {} first", number::names(&incident.remedy.canaries, 3))
    };
    Some(format!("{}{first} (probability {})", input.change_name(id), number::percent(incident.remedy.probability)))
}

/// Below this part of the load of a forecast, what was seen is said.
const VISITED: f64 = 0.95;

/// Returns what a latent fault would do on a day with that peak of load: the tries of the whole day count, those of its
/// quiet hours among them.
pub fn latent(input: &Input<'_>, latent: &Latent) -> String {
    let share = &latent.share;
    let cause = latent.change_id.as_deref().map(|id| format!(", after {}", input.change_name(id))).unwrap_or_default();
    let seen = if latent.load_visited < VISITED {
        format!(
            " It was seen at work up to {} of that load only; beyond, the share is extrapolated.",
            number::percent(latent.load_visited)
        )
    } else {
        String::new()
    };
    let with_remedy = |incident: &&Incident| incident.signatures.contains(&latent.signature);
    let remedy = input.judgement.incidents.iter().find(with_remedy).and_then(|one| one.remedy.change_id.as_deref());
    let mended = remedy.map(|id| format!(" Since then its remedy has come: {}.", input.change_name(id)));
    let mended = mended.unwrap_or_default();
    format!(
        "On a day that peaks at {} open sessions on a host ({}) about {} of first tries to connect would fail with \
         “{}”{cause} (95% interval {} to {}; without a cause {}).{seen}{mended}",
        number::short(latent.load),
        latent.load_from,
        number::percent(share.value),
        input.signature_title(&latent.signature),
        number::percent(share.lower),
        number::percent(share.upper),
        number::percent(latent.background),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn titles_say_consistent_with_and_never_caused() {
        let titles: Vec<String> = fixture::all().iter().map(|case| headline(&case.input())).collect();
        assert_eq!(
            titles[0],
            "Profile disk locked by an earlier session: consistent with FSLogix Apps 2.9.8171.14983, set off by rising load"
        );
        assert!(titles.iter().all(|title| !title.contains("caused")), "{titles:?}");
    }

    #[test]
    fn abstaining_names_the_rivals_and_the_missing_log() {
        let case = fixture::abstention();
        let input = case.input();
        let incident = input.main_incident().unwrap();
        let text = abstention(&input, incident, incident.abstention.as_ref().unwrap());
        assert!(text.contains("cannot tell") && text.contains("FSLogix-Apps/Operational of RDS02"), "{text}");
        assert!(title(&input, incident).ends_with("these logs do not tell why"));
    }

    #[test]
    fn codes_are_followed_by_their_words() {
        let mut case = fixture::one_day();
        assert_eq!(error_codes(&case.input(), &case.judgement.incidents[0]), None);
        for attempt in &mut case.tables.attempts {
            attempt.error_code = attempt.is_failure().then(|| "0xC000005E".into());
        }
        let text = error_codes(&case.input(), &case.judgement.incidents[0]).unwrap();
        assert!(text.starts_with("Error codes: 0xC000005E, ") && text.contains("logon server"), "{text}");
        assert!(text.ends_with("failures)."), "{text}");
    }

    #[test]
    fn each_moment_stands_with_its_interval_where_there_is_one() {
        let mut case = fixture::one_day();
        let incident = &mut case.judgement.incidents[0];
        assert_eq!(
            when(incident),
            "From 2024-06-04 09:00 UTC (95% interval 2024-06-04 08:20 to 09:00); worst in the hour from \
             2024-06-04 10:30 UTC; over at 2024-06-04 12:00 UTC (95% interval 2024-06-04 12:00 to 12:30)."
        );
        (incident.started_between, incident.ended_at) = (None, None);
        let said = when(incident);
        assert!(said.starts_with("From 2024-06-04 09:00 UTC;") && said.ends_with("goes on at the end of the logs."));
    }

    #[test]
    fn impact_counts_people_and_minutes() {
        let case = fixture::founding();
        let input = case.input();
        let text = impact(&input, input.main_incident().unwrap());
        assert!(text.contains("people could not connect over") && text.contains("minutes"), "{text}");
    }
}
