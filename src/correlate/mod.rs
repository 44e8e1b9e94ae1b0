//! What happens together: attempts as numbers, rates, onsets, exposure. Finds associations, claims no causes.
//!
//! In: [`crate::frame::Tables`]. Out: [`Correlation`], values that `judge` weighs: every attempt and every
//! session's end by index, with the load at that moment; when each host was exposed to each change; and
//! the arithmetic on them: backgrounds, log ratios in running sums, users' filters, bursts, onsets.
//!
//! Invariant: no verdict is reached here.

pub mod attempts;
pub mod background;
pub mod blocked;
pub mod bursts;
pub mod cells;
pub mod effects;
pub mod ends;
pub mod exposure;
pub mod load;
pub mod lumped;
pub mod onset;
pub mod ratios;
pub mod sequels;
pub mod side;
pub mod split;
pub mod symptoms;
pub mod templates;

use std::collections::BTreeMap;

use crate::frame::Tables;
use crate::frame::tables::Coverage;
use crate::model::{Name, TimeRange, Timestamp};

pub use attempts::{Indexed, Try};
pub use background::Background;
pub use blocked::Blocked;
pub use bursts::Burst;
pub use cells::Cell;
pub use effects::Effects;
pub use ends::{End, MarkState};
pub use exposure::Exposure;
pub use load::Load;
pub use onset::Onset;
pub use ratios::{Class, Response, Sums, View};
pub use sequels::Sequels;
pub use symptoms::SymptomChain;
pub use templates::Sighting;

/// How attempts are put together.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Length of a cell, in hours.
    pub cell_h: f64,
}

impl Default for Options {
    /// Two hours: an episode of retries fits in, a morning's peak does not blur.
    fn default() -> Self {
        Self { cell_h: 2.0 }
    }
}

/// Everything that the judge weighs. Times are seconds since [`Correlation::start`].
#[derive(Clone, Debug, Default)]
pub struct Correlation {
    /// The instant from which times are counted: the beginning of the window.
    pub start: Timestamp,
    /// Length of the window, seconds.
    pub length_s: f64,
    /// Hosts by name; everything else names them by index.
    pub hosts: Vec<Name>,
    /// Accounts by name.
    pub users: Vec<Name>,
    /// Failure signatures by name.
    pub signatures: Vec<Name>,
    /// By signature: since when a failure of it could have been seen, seconds; minus infinity for always.
    pub seen_since_s: Vec<f64>,
    /// Attempts by time.
    pub tries: Vec<Try>,
    /// Session ends by time.
    pub ends: Vec<End>,
    /// What each account tried after each of its sessions ended.
    pub sequels: Sequels,
    /// Changes, in the order of the tables.
    pub changes: Vec<Exposure>,
    /// When each host restarted, by host, in order.
    pub restarts: Vec<Vec<f64>>,
    /// Sessions open.
    pub load: Load,
    /// Counts of demands and failures by host, time and signature.
    pub cells: Vec<Cell>,
    /// Where the share of failures changed, by signature.
    pub onsets: Vec<Onset>,
    /// What the sources cover.
    pub coverage: Vec<Coverage>,
    /// When messages came that no rule knows, by template.
    pub templates: BTreeMap<Name, Vec<Sighting>>,
    /// Signatures that always come together, the most frequent first.
    pub symptom_chains: Vec<SymptomChain>,
}

impl Correlation {
    /// The instant `at_s` seconds into the window.
    pub fn instant(&self, at_s: f64) -> Timestamp {
        self.start.plus_seconds(at_s)
    }

    /// Seconds from the beginning of the window to `at`.
    pub fn seconds(&self, at: Timestamp) -> f64 {
        at.seconds_since(self.start)
    }

    /// Length of the window in whole hours, at least 1.
    pub fn n_hours(&self) -> usize {
        ((self.length_s / 3600.0).ceil() as usize).max(1)
    }
}

/// Turns tables into numbers, and finds what happens together.
pub fn correlate(tables: &Tables, options: &Options) -> Correlation {
    let Some(window) = tables.window.or_else(|| span_of(tables)) else {
        return Correlation::default();
    };
    let start = window.start;
    let seen_since_s =
        |name: &Name| tables.seen_since.get(name).map_or(f64::NEG_INFINITY, |at| at.seconds_since(start));
    let load = Load::of(tables, window);
    let Indexed { hosts, users, signatures, tries } = Indexed::of(tables, &load, start);
    let ends = ends::ends(tables, &load, &hosts, &users, start);
    let changes = exposure::exposures(tables, &hosts, start);
    let restarts = exposure::restarts(tables, &changes, &hosts, start);
    let sequels = Sequels::of(&tries, &ends, users.len(), &restarts);
    let cells = cells::cells(&tries, options.cell_h * 3600.0);
    let onsets = onset::onsets(&tries, signatures.len(), window.seconds());
    Correlation {
        start,
        length_s: window.seconds(),
        hosts,
        users,
        seen_since_s: signatures.iter().map(seen_since_s).collect(),
        signatures,
        tries,
        ends,
        sequels,
        changes,
        restarts,
        load,
        cells,
        onsets,
        coverage: tables.coverage.clone(),
        templates: templates::templates(tables, start),
        symptom_chains: symptoms::chains(tables),
    }
}

/// The window of tables that state none: from the first attempt to just after the last.
fn span_of(tables: &Tables) -> Option<TimeRange> {
    let start = tables.attempts.iter().map(|attempt| attempt.at).min()?;
    let end = tables.attempts.iter().map(|attempt| attempt.at).max()?;
    Some(TimeRange { start, end: end.plus_seconds(1.0) })
}

/// The place of `name` in a sorted list.
fn place_of(names: &[Name], name: &Name) -> Option<usize> {
    names.binary_search(name).ok()
}
