//! Counts of demands by host, time and signature: for pictures, baselines and big fleets.

use std::collections::{BTreeMap, BTreeSet};

use super::Try;

/// Demands of one host in one stretch of time: a failed try and its retries are one demand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// The host, by index.
    pub host: usize,
    /// Its beginning, seconds since the beginning of the window.
    pub at_s: f64,
    /// The signature; `None` for all demands.
    pub signature: Option<usize>,
    /// Demands of the host in this stretch.
    pub n: usize,
    /// Of these, the ones that met this signature (any, if `None`).
    pub k: usize,
}

/// Counts demands; a cell without demand does not exist, for silence is not zero.
pub fn cells(tries: &[Try], length_s: f64) -> Vec<Cell> {
    let mut demands: BTreeMap<(i64, usize), BTreeSet<u32>> = BTreeMap::new();
    let mut failed: BTreeMap<(i64, usize, Option<usize>), BTreeSet<u32>> = BTreeMap::new();
    for one in tries {
        let bin = (one.at_s / length_s).floor() as i64;
        demands.entry((bin, one.host)).or_default().insert(one.demand);
        if one.signature.is_some() {
            failed.entry((bin, one.host, None)).or_default().insert(one.demand);
            failed.entry((bin, one.host, one.signature)).or_default().insert(one.demand);
        }
    }
    let mut cells = Vec::new();
    for ((bin, host), all) in &demands {
        let (at_s, n) = (*bin as f64 * length_s, all.len());
        let range = (*bin, *host, None)..=(*bin, *host, Some(usize::MAX));
        if !failed.contains_key(&(*bin, *host, None)) {
            cells.push(Cell { host: *host, at_s, signature: None, n, k: 0 });
        }
        for ((_, _, signature), set) in failed.range(range) {
            cells.push(Cell { host: *host, at_s, signature: *signature, n, k: set.len() });
        }
    }
    cells
}
