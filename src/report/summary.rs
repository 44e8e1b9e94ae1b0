//! The summary that fits on one screen: plain lines, each with its role, so that the terminal can color them.

use std::cmp::Reverse;

use super::input::Input;
use super::wording::{self, coverage, incident, number};
use crate::judge::Verdict;

/// Most lines of a summary.
pub const MAX_LINES: usize = 24;
/// Most columns of a line, counted in characters.
pub const MAX_COLUMNS: usize = 100;

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The finding.
    Finding,
    /// The second best explanation.
    RunnerUp,
    /// Changes that are innocent.
    Acquitted,
    /// What ended it.
    Remedy,
    /// People, minutes, attempts.
    Impact,
    /// A fault that waits for load.
    Latent,
    /// What was read, and its defects.
    Coverage,
    /// Where the files are.
    Files,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryLine {
    /// What it is about.
    pub role: Role,
    /// The text, at most [`MAX_COLUMNS`] characters, without line break and without escape sequences.
    pub text: String,
}

/// Width of the column of names.
const NAME_COLUMNS: usize = 12;

/// Returns the summary. `files` names what was written, in words of the caller.
pub fn summary(input: &Input<'_>, files: &str) -> Vec<SummaryLine> {
    let mut entries = entries(input);
    if !files.is_empty() {
        entries.push((Role::Files, "report", files.to_owned()));
    }
    fitted(&entries)
}

/// What there is to say, each with its role and its name; without a name it goes on with what stands before.
pub(super) fn entries(input: &Input<'_>) -> Vec<(Role, &'static str, String)> {
    let mut entries: Vec<(Role, &'static str, String)> = Vec::new();
    if let Some(asked) = &input.judgement.asked {
        entries.push((Role::Impact, "asked", incident::asked(input, asked)));
    }
    match input.main_incident() {
        None => entries.push((Role::Finding, "finding", format!("{}.", incident::headline(input)))),
        Some(main) => {
            entries.push((
                Role::Finding,
                "finding",
                format!("{} ({}).", incident::title(input, main), incident::probability(main)),
            ));
            if let Some(abstention) = &main.abstention {
                entries.push((Role::Finding, "", incident::abstention(input, main, abstention)));
            }
            let cause = &main.root_cause;
            let strongest = main.evidence.iter().find(|evidence| {
                evidence.weight > 0.0 && evidence.cause == cause.kind && evidence.about == cause.change_id
            });
            if let Some(evidence) = strongest {
                entries.push((Role::Finding, "because", wording::evidence::statement(input, evidence)));
            }
            if let Some(runner_up) = incident::runner_up_text(input, main).filter(|_| main.abstention.is_none()) {
                entries.push((Role::RunnerUp, "runner-up", runner_up));
            }
            if let Some(acquitted) = acquitted(input, &main.id) {
                entries.push((Role::Acquitted, "acquitted", acquitted));
            }
            if let Some(remedy) = incident::remedy(input, main) {
                entries.push((Role::Remedy, "remedy", remedy));
            }
            entries.push((Role::Impact, "when", incident::when(main)));
            entries.push((Role::Impact, "impact", incident::impact(input, main)));
            let n_others = input.judgement.incidents.len() - 1;
            if n_others > 0 {
                entries.push((
                    Role::Impact,
                    "",
                    format!("{} with less impact in the report.", number::count(n_others, "incident")),
                ));
            }
        }
    }
    if let Some(latent) = input.judgement.latent.first() {
        entries.push((Role::Latent, "latent", incident::latent(input, latent)));
    }
    entries.push((Role::Coverage, "read", coverage::in_short(input)));
    if let Some(redacted) = &input.redacted {
        entries.push((Role::Coverage, "redacted", coverage::redaction(redacted)));
    }
    entries
}

/// The changes that are acquitted, by name, at most three.
fn acquitted(input: &Input<'_>, incident: &str) -> Option<String> {
    let acquitted: Vec<_> = input
        .judgement
        .verdicts
        .iter()
        .filter(|verdict| verdict.incident.as_deref() == Some(incident) && verdict.verdict == Verdict::Acquitted)
        .collect();
    // The last one before the rise first: it is the one that people suspect, and its acquittal is news.
    let onset = input.judgement.incidents.iter().find(|one| one.id == incident).map(|one| one.started_at);
    let mut by_suspicion = acquitted.clone();
    by_suspicion.sort_by_key(|verdict| {
        let at = input.change(&verdict.change_id).map(|change| change.started_at);
        (at > onset, Reverse(at))
    });
    let named: Vec<String> = by_suspicion.iter().take(3).map(|verdict| input.change_name(&verdict.change_id)).collect();
    let n_more = acquitted.len().saturating_sub(named.len());
    match (named.is_empty(), n_more) {
        (true, _) => None,
        (false, 0) => Some(named.join(", ")),
        (false, _) => Some(format!("{} and {n_more} more", named.join(", "))),
    }
}

/// Wraps every entry; only if all do not fit, the longest are cut.
pub(super) fn fitted(entries: &[(Role, &str, String)]) -> Vec<SummaryLine> {
    let whole = (1..=MAX_LINES).rev().map(|n_each| laid_out(entries, n_each)).find(|lines| lines.len() <= MAX_LINES);
    whole.unwrap_or_else(|| laid_out(entries, 1).into_iter().take(MAX_LINES).collect())
}

/// Wraps every entry to at most `n_each` lines.
fn laid_out(entries: &[(Role, &str, String)], n_each: usize) -> Vec<SummaryLine> {
    let mut lines = Vec::new();
    for (role, name, text) in entries {
        let clean: String = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        for (idx, part) in wrapped(&clean, MAX_COLUMNS - NAME_COLUMNS, n_each).into_iter().enumerate() {
            let name = if idx == 0 { name } else { "" };
            lines.push(SummaryLine { role: *role, text: format!("{name:<NAME_COLUMNS$}{part}") });
        }
    }
    lines
}

/// Breaks a text into lines of at most `columns` characters, at most `n_lines`; what is cut ends in `…`.
fn wrapped(text: &str, columns: usize, n_lines: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let mut rest: Vec<char> = word.chars().collect();
        while let Some(line) = lines.last_mut() {
            let used = line.chars().count();
            let blank = usize::from(used > 0);
            if used + blank + rest.len() <= columns {
                line.extend(std::iter::repeat_n(' ', blank).chain(rest));
                break;
            }
            // A word longer than a line, such as a path, is cut hard.
            if used == 0 {
                line.extend(rest.drain(..columns));
            }
            lines.push(String::new());
        }
    }
    if lines.len() > n_lines {
        lines.truncate(n_lines);
        if let Some(last) = lines.last_mut() {
            let kept: String = last.chars().take(columns - 1).collect();
            *last = format!("{kept}…");
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_summary_fits_on_one_screen_and_begins_with_the_finding() {
        for case in fixture::all() {
            let lines = summary(&case.input(), "reports/founding: report.json, report.md, timeline.png");
            assert!(lines.len() <= MAX_LINES, "{}: {} lines", case.title, lines.len());
            assert!(lines.iter().all(|line| line.text.chars().count() <= MAX_COLUMNS));
            assert_eq!(lines[0].role, Role::Finding);
            assert!(lines.iter().any(|line| line.role == Role::Coverage));
        }
    }

    #[test]
    fn the_founding_summary_names_all_that_matters() {
        let case = fixture::founding();
        let lines = summary(&case.input(), "reports/founding");
        let text: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        let text = text.join("\n");
        for wanted in [
            "FSLogix Apps 2.9.8171.14983",
            "runner-up",
            "Ledger client 22.8.1",
            "2.9.8228.50276, on RDS04 first",
            "people",
            "defects",
        ] {
            assert!(text.contains(wanted), "{wanted}\n{text}");
        }
    }

    #[test]
    fn long_words_are_cut_and_long_texts_end_in_an_ellipsis() {
        assert_eq!(wrapped("aaa bbb", 3, 9), ["aaa", "bbb"]);
        assert_eq!(wrapped("aaaaaaa b", 3, 9), ["aaa", "aaa", "a b"]);
        assert_eq!(wrapped("aaa bbb ccc", 3, 2), ["aaa", "bb…"]);
    }
}
