//! One order for all events, and each event once, however the files were cut, copied or shuffled.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Event, Name, Position, Provenance, SourceId};

/// Ticks in a millisecond: the coarsest stamp that an export of Windows events keeps.
const TICKS_PER_MILLISECOND: i64 = 10_000;

/// Sorts events by time with a full key and drops copies that arrived from another source.
///
/// A copy is the same record number of the same channel of the same host at the same millisecond, or, in a
/// text log, the same line number with the same content: a file that was collected twice while it grew. Equal
/// lines of one file are no copies.
pub(super) fn arrange(mut events: Vec<Event>, paths: &BTreeMap<SourceId, String>) -> (Vec<Event>, Vec<Diagnostic>) {
    events.sort_by(compare);
    let mut diagnostics = Vec::new();
    let mut kept: Vec<Event> = Vec::with_capacity(events.len());
    let mut seen: BTreeMap<CopyKey, SourceId> = BTreeMap::new();
    for event in events {
        let source = event.provenance.source;
        let first = *seen.entry(CopyKey::of(&event)).or_insert(source);
        if first == source {
            kept.push(event);
        } else {
            let path = paths.get(&source).map_or("", String::as_str);
            let detail = "the same record stands in another file; counted once";
            diagnostics.push(Diagnostic::new(Code::EventDuplicate, path, Some(event.provenance), detail));
        }
    }
    (kept, diagnostics)
}

/// What two copies of one record have in common.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct CopyKey {
    millisecond: i64,
    position: Position,
    host: Option<Name>,
    dataset: Name,
    channel: Option<Name>,
    provider: Option<Name>,
    code: Option<u32>,
    user: Option<Name>,
    message: Option<Name>,
}

impl CopyKey {
    fn of(event: &Event) -> Self {
        // Exports of a Windows event spell the text differently, and its record number says enough.
        let by_number = matches!(event.provenance.position, Position::Record(_));
        Self {
            millisecond: event.at.0.div_euclid(TICKS_PER_MILLISECOND),
            position: event.provenance.position,
            host: event.host.clone(),
            dataset: event.dataset.clone(),
            channel: event.channel.as_deref().map(|channel| Name::from(channel.to_lowercase())),
            provider: event.provider.as_deref().map(|provider| Name::from(provider.to_lowercase())),
            code: event.code,
            user: event.user.clone(),
            message: if by_number { None } else { event.message.clone() },
        }
    }
}

/// Orders events by time; what happened at the same tick by its content, and by its file only at last, so that
/// the order does not depend on the names or the number of files.
fn compare(one: &Event, other: &Event) -> Ordering {
    one.at
        .cmp(&other.at)
        .then_with(|| one.host.cmp(&other.host))
        .then_with(|| one.dataset.cmp(&other.dataset))
        .then_with(|| one.channel.cmp(&other.channel))
        .then_with(|| place(&one.provenance).cmp(&place(&other.provenance)))
        .then_with(|| one.provider.cmp(&other.provider))
        .then_with(|| one.code.cmp(&other.code))
        .then_with(|| one.action.cmp(&other.action))
        .then_with(|| one.user.cmp(&other.user))
        .then_with(|| one.session_id.cmp(&other.session_id))
        .then_with(|| one.message.cmp(&other.message))
        .then_with(|| one.provenance.cmp(&other.provenance))
}

/// Record numbers survive the cutting of a file, line numbers and offsets do not.
fn place(provenance: &Provenance) -> u64 {
    match provenance.position {
        Position::Record(number) => number,
        Position::Line(_) | Position::Offset(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;
    use super::*;

    #[test]
    fn a_record_in_two_exports_counts_once_and_is_reported() {
        let mut scene = Scene::new();
        scene.authenticated("RDS01", "anna", 100.0);
        let mut copy = scene.events[0].clone();
        copy.provenance.source = SourceId(9);
        copy.at = crate::model::Timestamp(copy.at.0 + 5); // the other export keeps milliseconds only
        let paths = BTreeMap::from([(SourceId(9), "copy.json".to_owned())]);
        let (events, diagnostics) = arrange(vec![copy, scene.events[0].clone()], &paths);
        assert_eq!(events.len(), 1);
        assert_eq!(diagnostics.len(), 1);
        assert_eq!(diagnostics[0].path, "copy.json");
    }

    #[test]
    fn equal_lines_of_one_file_are_two_events() {
        let mut scene = Scene::new();
        scene.authenticated("RDS01", "anna", 100.0);
        let mut first = scene.events[0].clone();
        first.provenance.position = Position::Line(1);
        let mut second = first.clone();
        second.provenance.position = Position::Line(2);
        assert_eq!(arrange(vec![first, second], &BTreeMap::new()).0.len(), 2);
    }
}
