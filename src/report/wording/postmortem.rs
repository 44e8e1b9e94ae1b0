//! The sentences of the post-mortem: summary, detection, mechanism, what each moment was. Blameless.

use super::{incident, number};
use crate::judge::{CauseKind, Incident, Trigger, Verdict};
use crate::report::input::{Input, name_of};

/// Returns the summary: what happened to whom, and what it is consistent with.
pub fn summary(input: &Input<'_>, main: &Incident) -> String {
    let impact = incident::impact(input, main);
    let what = main.signatures.first().map_or("failed connections", |id| input.signature_title(id));
    let finding = if main.root_cause.kind == CauseKind::Unknown {
        "These logs do not tell why.".to_owned()
    } else {
        format!(
            "The failures (“{what}”) are consistent with {} ({}).",
            super::cause_and_trigger(input, &main.root_cause),
            incident::probability(main)
        )
    };
    format!("{impact} {finding}")
}

/// Returns the summary of a time without an incident.
pub fn quiet(input: &Input<'_>) -> String {
    format!("{}. {}", incident::headline(input), super::coverage::scope(input))
}

/// Returns when the failures could have been noticed.
pub fn detection(main: &Incident) -> String {
    let early = main.started_at.seconds_since(main.first_case_at);
    let first = if early > 3_600.0 {
        format!(
            "The first failure of this kind came at {}, {} before the rise that people noticed.",
            number::instant(main.first_case_at),
            number::duration(early)
        )
    } else {
        format!("The first failure of this kind came at {}, with the rise itself.", number::instant(main.first_case_at))
    };
    format!("{first} No feed of alerts was among the inputs, so the time of the first alert is not known.")
}

/// Returns what is said of the trigger.
pub fn trigger(main: &Incident) -> &'static str {
    match main.root_cause.trigger {
        Some(Trigger::Load) => {
            "Rising load made it loud: the fault was there before, and rare while few people worked."
        }
        None => "Nothing else was needed to set it off, as far as these logs show.",
    }
}

/// Returns what a moment of the timeline was.
pub fn moment(input: &Input<'_>, moment: Moment<'_>) -> String {
    match moment {
        Moment::FirstCase => "First failure of this kind".to_owned(),
        Moment::Onset => "The rise that people noticed begins".to_owned(),
        Moment::Peak => "Hour with the most failures".to_owned(),
        Moment::End => "The failures are over".to_owned(),
        Moment::Change { id, verdict, hosts } => {
            format!("{} on {hosts}: {}", input.change_name(id), super::verdict::verdict(verdict))
        }
    }
}

/// One row of the post-mortem's timeline.
#[derive(Clone, Copy, Debug)]
pub enum Moment<'a> {
    /// The first failure that belongs to the incident.
    FirstCase,
    /// The onset.
    Onset,
    /// The worst hour.
    Peak,
    /// The end.
    End,
    /// A change reached hosts.
    Change {
        /// Its id.
        id: &'a str,
        /// What was said of it.
        verdict: Verdict,
        /// The hosts, in words.
        hosts: &'a str,
    },
}

/// Returns the chart in words, for those who cannot see it.
pub fn chart_in_words(input: &Input<'_>) -> String {
    let headline = incident::headline(input);
    match input.main_incident() {
        Some(main) => format!("Timeline in UTC. {headline}. {}", incident::impact(input, main)),
        None => format!("Timeline in UTC. {headline}."),
    }
}

/// Returns the line below the chart's title: how sure, who else, who not.
pub fn subtitle(input: &Input<'_>) -> String {
    let main = input.main_incident();
    let mut parts = Vec::new();
    if let Some(main) = main {
        parts.push(incident::probability(main));
        parts.extend(incident::rivals(input, main));
    }
    parts.extend(acquitted(input, main));
    let n_further = input.judgement.incidents.len().saturating_sub(1);
    if n_further > 0 {
        parts.push(number::count(n_further, "further incident"));
    }
    super::capitalized(&parts.join("  ·  "))
}

/// Returns which changes are acquitted, those first that were the most suspect.
fn acquitted(input: &Input<'_>, main: Option<&Incident>) -> Option<String> {
    const N_NAMED: usize = 2;
    const N_LETTERS: usize = 48;
    let id = main.map(|main| main.id.as_str());
    let mut acquitted: Vec<_> = input
        .judgement
        .verdicts
        .iter()
        .filter(|said| said.incident.as_deref() == id && said.verdict == Verdict::Acquitted)
        .filter_map(|said| Some((said.probability, input.change(&said.change_id)?)))
        .collect();
    acquitted.sort_by(|a, b| {
        (a.1.is_routine.cmp(&b.1.is_routine)).then(b.0.total_cmp(&a.0)).then_with(|| a.1.id.cmp(&b.1.id))
    });
    let mut names: Vec<String> = Vec::new();
    for (_, change) in &acquitted {
        let name = super::cut(&name_of(change), N_LETTERS);
        let n_letters: usize = names.iter().chain([&name]).map(|name| name.chars().count()).sum();
        let has_room = names.is_empty() || (names.len() < N_NAMED && n_letters <= N_LETTERS);
        if has_room && !names.contains(&name) {
            names.push(name);
        }
    }
    let n_more = acquitted.len().saturating_sub(names.len());
    match (names.as_slice(), n_more) {
        ([], _) => None,
        (names, 0) => Some(format!("acquitted: {}", names.join(", "))),
        (names, n) => Some(format!("acquitted: {} and {}", names.join(", "), number::count(n, "more change"))),
    }
}

/// Returns the lengths of bins from left to right as a clause: `bins of 1 d | 1 h`.
pub fn bins(lengths_s: &[f64]) -> String {
    let lengths: Vec<String> = lengths_s.iter().map(|bin_s| number::duration(*bin_s)).collect();
    format!("bins of {}", lengths.join(" | "))
}

/// Returns an incident in a few words for its place in the chart: what failed, how many people, how long, and why if that is told nowhere else.
pub fn incident_label(input: &Input<'_>, one: &Incident, is_main: bool) -> String {
    let what = one.signatures.first().map_or("failed connections", |id| input.signature_title(id));
    let mut parts = vec![super::capitalized(what)];
    let people =
        if one.n_users == 1 { "1 person".to_owned() } else { format!("{} people", number::grouped(one.n_users)) };
    parts.push(people);
    let (start, end) = incident::span(input, one);
    let goes_on = if one.ended_at.is_none() { ", goes on" } else { "" };
    parts.push(format!("{}{goes_on}", number::duration(end.seconds_since(start))));
    if !is_main && one.root_cause.kind != CauseKind::Unknown {
        let cause = super::cause_in_short(input, &one.root_cause);
        parts.push(format!("{cause} {}", number::percent(one.root_cause.probability)));
    }
    parts.join(" · ")
}
