//! When messages came that no rule knows, by template: those of failed attempts, and those beside them.

use std::collections::BTreeMap;

use crate::frame::Tables;
use crate::model::{Name, Provenance, Timestamp};

/// The prefix of the ids of templates.
const PREFIX: &str = "template-";

/// A message of a template.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sighting {
    /// When, in seconds since the beginning of the window.
    pub at_s: f64,
    /// Its record.
    pub record: Provenance,
}

/// Gathers the messages of each template, by id and time.
pub(super) fn templates(tables: &Tables, start: Timestamp) -> BTreeMap<Name, Vec<Sighting>> {
    let beside = tables.symptoms.iter().map(|(at, _, signature, record)| (*at, Some(signature), Some(record)));
    let failed = tables.attempts.iter();
    let failed = failed.map(|attempt| (attempt.at, attempt.signature.as_ref(), attempt.records.first()));
    let mut templates: BTreeMap<Name, Vec<Sighting>> = BTreeMap::new();
    for (at, signature, record) in beside.chain(failed) {
        if let (Some(id), Some(record)) = (signature.filter(|id| id.starts_with(PREFIX)), record) {
            let sighting = Sighting { at_s: at.seconds_since(start), record: *record };
            templates.entry(Name::clone(id)).or_default().push(sighting);
        }
    }
    for sightings in templates.values_mut() {
        sightings.sort_by(|a, b| a.at_s.total_cmp(&b.at_s).then(a.record.cmp(&b.record)));
    }
    templates
}
