//! What a report is made from, and the look-ups that every part of it needs.

use std::collections::BTreeMap;

use crate::correlate::SymptomChain;
use crate::diagnostic::Diagnostic;
use crate::frame::{Change, Tables};
use crate::judge::{ChangeVerdict, Incident, Judgement, Verdict};
use crate::model::{Event, Name, Provenance, SourceId};
use crate::normalize::SourceSummary;
use crate::redact::Redacted;

/// How a failure signature reads for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureText {
    /// Its name in a few words, without full stop.
    pub title: String,
    /// What it means, in a sentence or two.
    pub meaning: String,
    /// The kinds of error code that its records hold, by which codes are put into words.
    pub code_kinds: Vec<&'static str>,
}

/// Everything that a report is made from. Nothing in it is computed anew.
#[derive(Clone, Debug)]
pub struct Input<'a> {
    /// The tables.
    pub tables: &'a Tables,
    /// All events, each once, by time: what the records say that the report leads to.
    pub events: &'a [Event],
    /// Records behind evidence, changes and failures, as they stand in their sources; empty where no output shows them.
    pub originals: &'a BTreeMap<Provenance, String>,
    /// The verdicts.
    pub judgement: &'a Judgement,
    /// Signatures that always come together.
    pub symptom_chains: &'a [SymptomChain],
    /// How each source fared, by source.
    pub sources: &'a [SourceSummary],
    /// Defects of the input.
    pub diagnostics: &'a [Diagnostic],
    /// The catalog's words for signatures, by id. An id that is missing here is shown as it is.
    pub signatures: &'a BTreeMap<Name, SignatureText>,
    /// The name of the first path.
    pub title: &'a str,
    /// Options that differ from their defaults, by name.
    pub options: BTreeMap<String, String>,
    /// Which names were replaced; `None` if none were to be.
    pub redacted: Option<Redacted>,
    /// The version of the program.
    pub tool_version: &'a str,
}

impl<'a> Input<'a> {
    /// Returns the path of a source; empty for a number that no source has.
    pub fn path(&self, source: SourceId) -> &'a str {
        self.sources.iter().find(|summary| summary.id == source).map_or("", |summary| &summary.path)
    }

    /// Returns the change of that id.
    pub fn change(&self, id: &str) -> Option<&'a Change> {
        self.tables.changes.iter().find(|change| change.id == id)
    }

    /// Returns component and version of the change of that id, or the id itself.
    pub fn change_name(&self, id: &str) -> String {
        self.change(id).map_or_else(|| id.to_owned(), name_of)
    }

    /// Returns the signature's name for people, or its id.
    pub fn signature_title<'b>(&self, id: &'b str) -> &'b str
    where
        'a: 'b,
    {
        self.signatures.get(id).map_or(id, |text| text.title.as_str())
    }

    /// Returns the incident with the greatest impact.
    pub fn main_incident(&self) -> Option<&'a Incident> {
        self.judgement.incidents.first()
    }

    /// Returns the verdict on a change for an incident, or for the whole span if there is no incident.
    pub fn verdict(&self, change_id: &str, incident: Option<&str>) -> Option<&'a ChangeVerdict> {
        self.judgement
            .verdicts
            .iter()
            .find(|verdict| verdict.change_id == change_id && verdict.incident.as_deref() == incident)
    }

    /// Returns the gravest of what is said of a change over all incidents.
    pub fn strongest_verdict(&self, change_id: &str) -> Option<&'a ChangeVerdict> {
        let gravity = |said: &ChangeVerdict| match said.verdict {
            Verdict::RootCause => 0,
            Verdict::Contributing => 1,
            Verdict::Remedy => 2,
            Verdict::Unproven => 3,
            Verdict::Acquitted => 4,
        };
        self.judgement.verdicts.iter().filter(|said| said.change_id == change_id).min_by_key(|said| gravity(said))
    }
}

/// Returns component and version as people write them.
pub fn name_of(change: &Change) -> String {
    match &change.version {
        Some(version) if !change.component.contains(&**version) => format!("{} {version}", change.component),
        _ => change.component.to_string(),
    }
}
