//! Records made from short texts, so that formats are tested without files.

use crate::model::SourceId;
use crate::read::{Body, Container, How, Record, Selection, Source, StartsRecord};

/// Reads a text as its container would be read.
pub(crate) fn records(
    container: Container,
    text: &str,
    starts: &(dyn Fn(&str) -> bool + Sync),
) -> Vec<Record<'static>> {
    let source = Source::of_container(SourceId(0), "sample", container, text.as_bytes());
    let selection = Selection::none();
    let how =
        How { selection: &selection, starts_record: Some(starts as StartsRecord<'_>), recover: false, digests: false };
    let mut records = Vec::new();
    source.records(&how, &mut |record| records.push(record.into_owned()));
    assert!(records.iter().all(|record| !matches!(record.body, Body::Windows(_))));
    records
}
