//! What `causeline inspect` shows: the sources as they were understood, and nothing judged.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::diagnostic::Diagnostic;
use crate::model::{Position, TimeRange};
use crate::normalize::SourceSummary;

/// The whole inspection: one object.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Inspection {
    /// One entry a source, by path.
    pub sources: Vec<InspectedSource>,
    /// Every host that a record or a counter names, by name.
    pub hosts: Vec<String>,
    /// How many changes were found.
    pub changes: usize,
    /// Defects of the input, by code.
    pub diagnostics: Vec<InspectedDefect>,
}

/// How one source was understood.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InspectedSource {
    /// The path, relative to the path given and beginning with its name.
    #[serde(rename = "log.file.path")]
    pub log_file_path: String,
    /// The format's name, or `unknown`.
    pub format: String,
    /// What it is used for: `events`, `app-log`, `load`, `changes`, `other`, `unknown`.
    pub role: String,
    /// The encoding.
    pub encoding: String,
    /// The host, where the source has one; the hosts joined by `, ` where it has several.
    #[serde(rename = "host.name")]
    pub host_name: Option<String>,
    /// First record, RFC 3339 in UTC.
    pub start: Option<String>,
    /// Last record, RFC 3339 in UTC.
    pub end: Option<String>,
    /// The zone in which its stamps were read.
    pub timezone: InspectedZone,
    /// Records in all; equal to the three below together.
    pub n_records: u64,
    /// Records that became events, changes or samples.
    pub n_kept: u64,
    /// Sound records that the question does not need.
    pub n_irrelevant: u64,
    /// Records that could not be understood.
    pub n_damaged: u64,
    /// Records of a binary log that were read the slow way, without the help of a template.
    pub n_walked: u64,
    /// Silences that the source's own rhythm does not explain.
    pub gaps: Vec<InspectedGap>,
}

/// A zone and how it is known.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InspectedZone {
    /// `UTC`, an offset, or a name of the zone table.
    pub name: String,
    /// `stated`, `derived` or `guessed`.
    pub trust: String,
}

/// A silence.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InspectedGap {
    /// Begin, RFC 3339 in UTC.
    pub start: String,
    /// End, RFC 3339 in UTC.
    pub end: String,
}

/// A kind of defect with its first place.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InspectedDefect {
    /// The kind.
    pub code: String,
    /// How often.
    pub count: u64,
    /// The first place.
    pub first: InspectedPlace,
    /// What exactly, at the first place.
    pub detail: String,
}

/// A place in the input.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InspectedPlace {
    /// The path.
    #[serde(rename = "log.file.path")]
    pub log_file_path: String,
    /// The record's own number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<u64>,
    /// The line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The byte.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
}

/// Returns what is to be shown of the sources.
pub fn inspection(sources: &[SourceSummary], n_changes: usize, diagnostics: &[Diagnostic]) -> Inspection {
    let mut hosts: Vec<String> = sources.iter().flat_map(|source| &source.hosts).map(ToString::to_string).collect();
    hosts.sort();
    hosts.dedup();
    Inspection {
        sources: sources.iter().map(inspected).collect(),
        hosts,
        changes: n_changes,
        diagnostics: defects(diagnostics),
    }
}

/// Returns the JSON Schema of [`Inspection`].
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Inspection).to_value()
}

fn inspected(source: &SourceSummary) -> InspectedSource {
    let hosts: Vec<&str> = source.hosts.iter().map(|host| &**host).collect();
    InspectedSource {
        log_file_path: source.path.clone(),
        format: source.format.clone(),
        role: word(&source.role),
        encoding: source.encoding.to_owned(),
        host_name: (!hosts.is_empty()).then(|| hosts.join(", ")),
        start: source.span.map(|(start, _)| start.to_string()),
        end: source.span.map(|(_, end)| end.to_string()),
        timezone: InspectedZone { name: source.zone.name.clone(), trust: word(&source.zone.trust) },
        n_records: source.n_records,
        n_kept: source.n_kept,
        n_irrelevant: source.n_irrelevant,
        n_damaged: source.n_damaged,
        n_walked: source.n_walked,
        gaps: source.gaps.iter().map(gap).collect(),
    }
}

fn gap(gap: &TimeRange) -> InspectedGap {
    InspectedGap { start: gap.start.to_string(), end: gap.end.to_string() }
}

/// The kebab-case word of a unit variant.
fn word(variant: &impl Serialize) -> String {
    match serde_json::to_value(variant) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// Sums up by code, the first place of each kept.
fn defects(diagnostics: &[Diagnostic]) -> Vec<InspectedDefect> {
    let mut by_code: BTreeMap<&str, InspectedDefect> = BTreeMap::new();
    for diagnostic in diagnostics {
        by_code.entry(diagnostic.code.name()).and_modify(|known| known.count += diagnostic.count).or_insert_with(
            || InspectedDefect {
                code: diagnostic.code.name().to_owned(),
                count: diagnostic.count,
                first: place(diagnostic),
                detail: diagnostic.detail.clone(),
            },
        );
    }
    by_code.into_values().collect()
}

fn place(diagnostic: &Diagnostic) -> InspectedPlace {
    let mut place = InspectedPlace { log_file_path: diagnostic.path.clone(), record: None, line: None, offset: None };
    match diagnostic.place.map(|place| place.position) {
        Some(Position::Record(number)) => place.record = Some(number),
        Some(Position::Line(number)) => place.line = Some(number),
        Some(Position::Offset(number)) => place.offset = Some(number),
        None => {}
    }
    place
}
