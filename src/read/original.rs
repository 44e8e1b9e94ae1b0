//! Reads a source once more and takes out single records, each in its own form.

use std::collections::{BTreeMap, BTreeSet};

use super::{Body, Container, How, Record, Selection, Source, event_text};
use crate::model::Position;

/// Most records of one source that have the same number, as copies of several logs in one have.
const MAX_SAME: usize = 4;
/// Most lines that go on with the one that is asked for.
const MAX_LINES: usize = 40;

/// Returns the records at these positions, and the digest of the source: SHA-256 in lower-case hexadecimal.
pub fn originals(source: &Source, positions: &BTreeSet<Position>) -> (BTreeMap<Position, Vec<String>>, String) {
    let mut taken: BTreeMap<Position, Vec<String>> = BTreeMap::new();
    let mut add = |position: Position, text: String| {
        let texts = taken.entry(position).or_default();
        if texts.len() < MAX_SAME {
            texts.push(text);
        }
    };
    let selection = Selection::everything();
    let how = How { selection: &selection, starts_record: None, recover: true, digests: true };
    let reading = source.records(&how, &mut |record: Record<'_>| {
        if positions.contains(&record.position)
            && let Some(text) = shown(&record)
        {
            add(record.position, text);
        }
    });
    // A line as it stands, whatever its container makes of it, with those that go on with it.
    let lines: BTreeSet<u64> = positions
        .iter()
        .filter_map(|position| if let Position::Line(line) = position { Some(*line) } else { None })
        .collect();
    if !lines.is_empty() && source.container != Container::Evtx {
        let mut as_lines = source.clone();
        as_lines.container = Container::Lines;
        let mut open: Option<(u64, usize)> = None;
        let mut whole: BTreeMap<u64, String> = BTreeMap::new();
        as_lines.records(&How { digests: false, ..how }, &mut |record: Record<'_>| {
            let (Position::Line(number), Some(text)) = (record.position, record.text()) else { return };
            if lines.contains(&number) {
                open = Some((number, 1));
                whole.insert(number, text.to_owned());
            } else if let Some((begin, n)) = open.filter(|(_, n)| *n < MAX_LINES && text.starts_with([' ', '\t'])) {
                whole.entry(begin).and_modify(|known| *known = format!("{known}\n{text}"));
                open = Some((begin, n + 1));
            } else {
                open = None;
            }
        });
        for (number, text) in whole {
            taken.insert(Position::Line(number), vec![text]);
        }
    }
    (taken, reading.sha256)
}

/// A record in its own form.
fn shown(record: &Record<'_>) -> Option<String> {
    match &record.body {
        Body::Windows(windows) => Some(event_text(windows)),
        Body::Json(object) => serde_json::to_string_pretty(object.tree()).ok(),
        Body::Row(row) => {
            let cells = row.header.iter().zip(&row.cells).map(|(name, cell)| format!("{name}: {cell}"));
            Some(cells.collect::<Vec<_>>().join("\n"))
        }
        Body::Text(text) => Some(text.to_string()),
        Body::Document(_) => None,
    }
}
