//! What the logs could not show: gaps, defects, assumptions. Silence is not success.

use std::collections::BTreeMap;

use super::{logons, number};
use crate::diagnostic::{Code, Diagnostic};
use crate::frame::{Begins, Gap, GapKind};
use crate::model::{Name, TimeRange, Timestamp, Trust};
use crate::redact::Redacted;
use crate::report::document::{DiagnosticSection, Place};
use crate::report::input::Input;

/// Returns a place as people write it: `logs/a.evtx record 12`.
pub fn place(place: &Place) -> String {
    let number = place
        .record
        .map(|number| format!(" record {number}"))
        .or_else(|| place.line.map(|number| format!(" line {number}")))
        .or_else(|| place.offset.map(|number| format!(" offset {number}")));
    format!("{}{}", place.path, number.unwrap_or_default())
}

/// Returns what was read and which time it covers, in one sentence.
pub fn scope(input: &Input<'_>) -> String {
    let sources = number::count(input.sources.len(), "source");
    let hosts = number::count(input.tables.hosts.len(), "host");
    match input.tables.window {
        Some(window) => {
            format!("{sources} of {hosts}, {} to {}.", number::instant(window.start), number::instant(window.end))
        }
        None => format!("{sources} of {hosts}; none holds a connection."),
    }
}

/// Returns what was replaced, and whether it compares with other reports.
pub fn redaction(redacted: &Redacted) -> String {
    let classes: Vec<&str> = redacted.classes.iter().map(|class| class.name()).collect();
    let compares = if redacted.is_keyed {
        "they come from a key, so that reports made with the same key compare"
    } else {
        "they are numbers in order of first appearance, which do not compare between runs"
    };
    format!("Names of {} are replaced by pseudonyms: {compares}.", classes.join(", "))
}

/// Returns one sentence a thing that the logs could not show: replaced names, the gaps, and the rest.
pub fn caveats(input: &Input<'_>) -> Vec<String> {
    let mut caveats: Vec<String> = input.redacted.iter().map(redaction).collect();
    caveats.extend(silences(input));
    if let Some(window) = input.tables.window {
        caveats.extend(unseen_hosts(input, &window));
        caveats.extend(late_sources(input, &window));
    }
    caveats.extend(super::clock::caveats(input));
    let unknown: Vec<&str> =
        input.tables.changes.iter().filter(|change| !change.hosts_known).map(|change| change.id.as_str()).collect();
    if !unknown.is_empty() {
        caveats.push(format!("No record says which hosts got {}; all are assumed.", unknown.join(", ")));
    }
    caveats.extend(logons::aside(input));
    for source in input.sources.iter().filter(|source| source.zone.trust == Trust::Guessed) {
        caveats.push(format!("The times of {} were read as {}, which is a guess.", source.path, source.zone.name));
    }
    caveats
}

/// Silences, those of one host at the same time in one sentence, by host and time.
fn silences(input: &Input<'_>) -> Vec<String> {
    let mut at_once: BTreeMap<(&Name, Timestamp, Timestamp), BTreeMap<String, Vec<Name>>> = BTreeMap::new();
    for coverage in &input.tables.coverage {
        for gap in &coverage.gaps {
            let by_reason = at_once.entry((&coverage.host, gap.start, gap.end)).or_default();
            by_reason.entry(why(gap)).or_default().push(coverage.source.clone());
        }
    }
    let silences = at_once.into_iter().map(|((host, start, end), by_reason)| {
        let span = between(&TimeRange { start, end });
        let sources = by_reason.iter().map(|(why, sources)| format!("{}{why}", number::names(sources, sources.len())));
        let sources: Vec<String> = sources.collect();
        format!("{host} is silent {span} in {}; nothing is claimed for that time.", sources.join(", in "))
    });
    silences.collect()
}

/// Hosts without a source that covers the whole window to a day's precision.
fn unseen_hosts(input: &Input<'_>, window: &TimeRange) -> Vec<String> {
    const DAY_S: f64 = 86_400.0;
    let mut unseen = Vec::new();
    for host in &input.tables.hosts {
        let own: Vec<_> = input.tables.coverage.iter().filter(|coverage| coverage.host == *host).collect();
        let first = own.iter().map(|coverage| coverage.span.start).min();
        let last = own.iter().map(|coverage| coverage.span.end).max();
        match (first, last) {
            (Some(first), Some(last)) => {
                if first.seconds_since(window.start) > DAY_S {
                    unseen.push(format!("The logs of {host} begin on {}.", number::instant(first)));
                }
                if window.end.seconds_since(last) > DAY_S {
                    unseen.push(format!("The logs of {host} end on {}.", number::instant(last)));
                }
            }
            _ => unseen.push(format!("No log of {host} itself is among the sources.")),
        }
    }
    unseen
}

fn why(gap: &Gap) -> String {
    match (gap.kind, gap.n_missing) {
        (GapKind::Silent, Some(0)) => " (by their numbers no record is missing)".to_owned(),
        (GapKind::Silent, _) => String::new(),
        (GapKind::HostDown, _) => " (the host was down)".to_owned(),
        (GapKind::LogStopped, _) => " (the event log was stopped)".to_owned(),
        (GapKind::RecordsMissing, n) => {
            format!(" ({} missing by their numbers)", number::count(n.unwrap_or(0) as usize, "record"))
        }
    }
}

/// Windows logs that begin within the window though their host was seen before, to a day's precision.
fn late_sources(input: &Input<'_>, window: &TimeRange) -> Vec<String> {
    const DAY_S: f64 = 86_400.0;
    let mut late = Vec::new();
    for own in &input.tables.coverage {
        let first =
            input.tables.coverage.iter().filter(|other| other.host == own.host).map(|other| other.span.start).min();
        let since = first.map_or(window.start, |first| first.max(window.start));
        let reason = match own.begins {
            Begins::RolledOver => "older records were overwritten",
            Begins::Cleared => "it was cleared then",
            // A log that was new then, or of which nothing is known, may have had nothing to say before.
            Begins::FirstRecord | Begins::Unknown => continue,
        };
        if own.span.start.seconds_since(since) > DAY_S {
            let start = number::instant(own.span.start);
            late.push(format!("{} of {} begins on {start}: {reason}.", own.source, own.host));
        }
    }
    late
}

fn between(span: &TimeRange) -> String {
    format!("from {} to {}", number::instant(span.start), number::instant(span.end))
}

/// Returns one kind of defect as a phrase.
pub fn defect(defect: &DiagnosticSection) -> String {
    let sources = number::count(defect.n_sources as usize, "source");
    format!(
        "{} × {} in {sources}, first in {}: {}",
        number::grouped(defect.count as usize),
        defect.code,
        place(&defect.first),
        defect.detail
    )
}

/// Returns defects and gaps in one short line.
pub fn in_short(input: &Input<'_>) -> String {
    let n_gaps: usize = input.tables.coverage.iter().map(|coverage| coverage.gaps.len()).sum();
    let n_damaged: u64 = input.sources.iter().map(|source| source.n_damaged).sum();
    let (copies, defects): (Vec<_>, Vec<_>) =
        input.diagnostics.iter().partition(|diagnostic| diagnostic.code == Code::EventDuplicate);
    let sum = |diagnostics: &[&Diagnostic]| diagnostics.iter().map(|diagnostic| diagnostic.count).sum::<u64>() as usize;
    let short = format!(
        "{}; {}, {}, {}",
        scope(input).trim_end_matches('.'),
        number::count(n_gaps, "gap"),
        number::count(n_damaged as usize, "damaged record"),
        number::count(sum(&defects), "defect")
    );
    // An event that two logs hold is no defect of either.
    match sum(&copies) {
        0 => short,
        1 => format!("{short}, 1 copy dropped"),
        n_copies => format!("{short}, {} copies dropped", number::grouped(n_copies)),
    }
}
