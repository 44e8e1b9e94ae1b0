//! A comparison in words: for a terminal, and as Markdown.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::Value;

use super::{Area, Comparison, Difference, Rate, State, list, word};
use crate::model::Timestamp;
use crate::report::format::markdown::plain;
use crate::report::wording::number;

/// Most entries of one area and state.
const MAX_ENTRIES: usize = 20;
/// How unlike two windows may be in length, as a ratio.
const MAX_RATIO: f64 = 1.1;

/// Returns why the two reports may not compare.
pub(super) fn notes(before: &Value, after: &Value) -> Vec<String> {
    let mut notes = Vec::new();
    if let (Some(one), Some(other)) = (span(before), span(after)) {
        let (was, is) = (one.1.seconds_since(one.0), other.1.seconds_since(other.0));
        if was.max(is) > MAX_RATIO * was.min(is) {
            let days = |seconds: f64| format!("{:.1} days", seconds / 86_400.0);
            notes.push(format!(
                "The windows are not alike: {} before, {} after. Rates compare, counts do not.",
                days(was),
                days(is)
            ));
        }
        if one.0 < other.1 && other.0 < one.1 && one != other {
            notes.push("The windows overlap: what lies in both is in both counts.".to_owned());
        }
        if one.0 > other.0 {
            notes.push("The first report is the later one.".to_owned());
        }
    } else {
        notes.push("One of the reports has no window: none of its logs holds a connection.".to_owned());
    }
    let hosts = |report: &Value| -> BTreeSet<String> {
        list(report, "coverage").iter().map(|one| word(one, "host.name").to_owned()).collect()
    };
    let (had, has) = (hosts(before), hosts(after));
    let named = |names: Vec<&String>| names.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let gone = named(had.difference(&has).collect());
    let new = named(has.difference(&had).collect());
    if !gone.is_empty() {
        notes.push(format!("Only before there are logs of {gone}."));
    }
    if !new.is_empty() {
        notes.push(format!("Only after there are logs of {new}."));
    }
    if options(before) != options(after) {
        notes.push("The reports were made with unlike options.".to_owned());
    }
    let (one, other) = (&before["redaction"], &after["redaction"]);
    let is_keyed = |redaction: &Value| redaction["is_keyed"] == true;
    let has_true_names = one.is_null() && other.is_null();
    let has_same_pseudonyms = is_keyed(one) && is_keyed(other) && one["classes"] == other["classes"];
    if !has_true_names && !has_same_pseudonyms {
        notes.push("Names are replaced by pseudonyms that do not compare between these reports.".to_owned());
    }
    if before["attempts"].is_null() || after["attempts"].is_null() {
        notes.push(
            "One of the reports is of a version that does not count attempts: rates are not compared.".to_owned(),
        );
    }
    notes
}

fn span(report: &Value) -> Option<(Timestamp, Timestamp)> {
    let at = |key: &str| report["window"][key].as_str()?.parse::<jiff::Timestamp>().ok().map(Timestamp::from_jiff);
    Some((at("start")?, at("end")?))
}

/// Options that change what is found; the windows are told on their own.
fn options(report: &Value) -> Vec<(&String, &Value)> {
    let all = report["options"].as_object().into_iter().flatten();
    all.filter(|(name, _)| !matches!(name.as_str(), "since" | "until")).collect()
}

/// Returns an instant of a report as people write it.
pub(super) fn when(of: &Value, key: &str) -> String {
    let text = word(of, key);
    let at = text.parse::<jiff::Timestamp>().map(Timestamp::from_jiff);
    at.map_or_else(|_| text.to_owned(), number::instant)
}

/// Returns two rates in one sentence.
pub(super) fn rates(before: Rate, after: Rate, p: f64) -> String {
    let chance = if p < 1e-6 { "under 0.000001".to_owned() } else { format!("{p:.2}") };
    let chance = if (1e-6..0.01).contains(&p) { format!("{p:.6}") } else { chance };
    format!("{}; before: {}; by chance alone {chance}", rate(after), rate(before))
}

fn rate(rate: Rate) -> String {
    let percent = |share: f64| format!("{:.2}%", share * 100.0);
    let Some(share) = rate.share else { return "no attempts".to_owned() };
    format!(
        "{} of {} attempts failed ({}, {} to {})",
        number::grouped(rate.n_failures as usize),
        number::grouped(rate.n_attempts as usize),
        percent(share),
        percent(rate.lower),
        percent(rate.upper)
    )
}

const AREAS: [(Area, &str); 6] = [
    (Area::Attempts, "Attempts"),
    (Area::Incident, "Incidents"),
    (Area::Signature, "Signatures"),
    (Area::Latent, "Latent faults"),
    (Area::Change, "Changes"),
    (Area::Coverage, "Coverage"),
];

fn verdict(comparison: &Comparison) -> &'static str {
    match (comparison.has_attempts, comparison.is_worse) {
        (false, _) => "Too few attempts to compare.",
        (true, true) => "Worse.",
        (true, false) => "Not worse.",
    }
}

fn windows(comparison: &Comparison) -> String {
    let day = |at: &String| at.chars().take("2022-08-22T08:05".len()).collect::<String>().replace('T', " ");
    let span = |window: &super::Window| match (&window.start, &window.end) {
        (Some(start), Some(end)) => format!("{} to {} UTC", day(start), day(end)),
        _ => "no window".to_owned(),
    };
    format!("before {}, after {}", span(&comparison.before), span(&comparison.after))
}

/// The entries of an area that differ, at most [`MAX_ENTRIES`] a state, and how many are not shown and the same.
fn shown(comparison: &Comparison, area: Area) -> (Vec<&Difference>, usize, usize) {
    let own = || comparison.differences.iter().filter(move |one| one.area == area);
    let mut shown: Vec<&Difference> = Vec::new();
    let mut n_more = 0;
    for one in own() {
        let is_total = area == Area::Attempts;
        if one.state == State::Same && !is_total {
            continue;
        }
        if shown.iter().filter(|known| known.state == one.state).count() < MAX_ENTRIES {
            shown.push(one);
        } else {
            n_more += 1;
        }
    }
    let n_same = own().filter(|one| one.state == State::Same && area != Area::Attempts).count();
    (shown, n_more, n_same)
}

/// Returns the comparison for a terminal.
pub fn text(comparison: &Comparison) -> String {
    let mut out = format!("{} {}\n", verdict(comparison), windows(comparison));
    for note in &comparison.notes {
        let _ = writeln!(out, "note: {note}");
    }
    for (area, name) in AREAS {
        let (entries, n_more, n_same) = shown(comparison, area);
        if entries.is_empty() && n_same == 0 {
            continue;
        }
        let _ = writeln!(out, "\n{name}");
        for one in entries {
            let _ = writeln!(out, "  {:<8} {}: {}", one.state.to_string(), one.name, one.statement);
        }
        if n_more > 0 {
            let _ = writeln!(out, "  and {n_more} more");
        }
        if n_same > 0 {
            let _ = writeln!(out, "  {:<8} {n_same}", "same");
        }
    }
    out
}

/// Returns the comparison as Markdown.
pub fn markdown(comparison: &Comparison) -> String {
    let mut out = format!("# {}\n\nThe reports: {}.\n", verdict(comparison).trim_end_matches('.'), windows(comparison));
    for note in &comparison.notes {
        let _ = writeln!(out, "\n> {}", plain(note));
    }
    for (area, name) in AREAS {
        let (entries, n_more, n_same) = shown(comparison, area);
        if entries.is_empty() && n_same == 0 {
            continue;
        }
        let _ = writeln!(out, "\n## {name}\n");
        if !entries.is_empty() {
            out.push_str("| what | which | how |\n| --- | --- | --- |\n");
        }
        for one in entries {
            let _ = writeln!(out, "| {} | {} | {} |", one.state, plain(&one.name), plain(&one.statement));
        }
        if n_more + n_same > 0 {
            let _ = writeln!(out, "\nAnd {n_more} more, {n_same} the same.");
        }
    }
    out
}
