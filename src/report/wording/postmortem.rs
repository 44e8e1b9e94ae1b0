//! The sentences of the post-mortem: summary, detection, mechanism, what each moment was. Blameless.

use super::{incident, number};
use crate::judge::{CauseKind, Incident, Trigger, Verdict};
use crate::report::input::Input;

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

/// Returns the line below the chart's title.
///
/// `bins_s` are the lengths of the bins from left to right.
pub fn subtitle(input: &Input<'_>, bins_s: &[f64]) -> String {
    let main = input.main_incident();
    let mut parts = Vec::new();
    if let Some(main) = main {
        parts.push(incident::probability(main));
        parts.extend(incident::rivals(input, main));
    }
    let n_acquitted = incident::n_with(input, main, Verdict::Acquitted);
    if n_acquitted > 0 {
        parts.push(format!("{} acquitted", number::count(n_acquitted, "change")));
    }
    if !bins_s.is_empty() {
        let lengths: Vec<String> = bins_s.iter().map(|bin_s| number::duration(*bin_s)).collect();
        parts.push(format!("bins of {}", lengths.join(" | ")));
    }
    super::capitalized(&parts.join("  ·  "))
}
