//! Reads the logs again and takes out the records that are asked for.
//!
//! A source is the one of a report if it has its path, or, where folders were moved or names replaced, its digest.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use causeline::Error;
use causeline::model::Position;
use causeline::read::{self, Source, originals};
use serde_json::Value;

use super::Spot;
use crate::cli::written::{list, text};

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
            let (taken, seen) = originals(source, &positions);
            (seen == digest || (digest.is_empty() && source.name.path == path)).then_some(taken)
        });
        for (position, texts) in found.unwrap_or_default() {
            records.by_spot.insert(Spot { path: path.to_owned(), position: Some(position) }, texts);
        }
    }
    Ok(records)
}
