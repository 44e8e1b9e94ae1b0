//! Reads the logs again and takes out the records that are asked for.
//!
//! A source is the one of a report if it has its path, or, where folders were moved or names replaced, its digest.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use causeline::Error;
use causeline::model::Position;
use causeline::read::{self, Body, Container, How, Record, Selection, Source, event_text};
use serde_json::Value;

use super::Spot;
use crate::cli::written::{list, text};

/// Most records of one source that have the same number, as copies of several logs in one have.
const MAX_SAME: usize = 4;
/// Most lines that go on with the one that is asked for.
const MAX_LINES: usize = 40;

/// Records by where they stand.
#[derive(Debug, Default)]
pub(super) struct Records {
    by_spot: BTreeMap<Spot, Vec<String>>,
}

impl Records {
    pub(super) fn of(&self, spot: &Spot) -> &[String] {
        self.by_spot.get(spot).map_or(&[], Vec::as_slice)
    }
}

/// Reads what is asked for from under the paths.
pub(super) fn records(report: &Value, spots: &[&Spot], paths: &[PathBuf]) -> Result<Records, Error> {
    let discovery = read::discover(paths)?;
    let mut wanted: BTreeMap<&str, BTreeSet<Position>> = BTreeMap::new();
    for spot in spots {
        wanted.entry(&spot.path).or_default().extend(spot.position);
    }
    let mut records = Records::default();
    for (path, positions) in wanted {
        let input = list(report, "inputs").iter().find(|input| text(input, "log.file.path") == path);
        let digest = input.map_or("", |input| text(input, "sha256"));
        // Those of that path first: nearly always it is one of them, and the others need not be read.
        let (named, others): (Vec<&Source>, Vec<&Source>) =
            discovery.sources.iter().partition(|source| source.name.path == path);
        let found = named.into_iter().chain(others).find_map(|source| {
            let (taken, seen) = taken(source, &positions);
            (seen == digest || (digest.is_empty() && source.name.path == path)).then_some(taken)
        });
        for (position, texts) in found.unwrap_or_default() {
            records.by_spot.insert(Spot { path: path.to_owned(), position: Some(position) }, texts);
        }
    }
    Ok(records)
}

/// The records at these positions, and the digest of the source.
fn taken(source: &Source, positions: &BTreeSet<Position>) -> (BTreeMap<Position, Vec<String>>, String) {
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
