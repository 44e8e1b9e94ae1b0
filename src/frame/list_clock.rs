//! Lists made by hand whose times are off by exactly a zone: found by what the hosts' own logs say.

use std::collections::BTreeMap;

use super::component::{Key, version_key};
use crate::model::{ChangeRecord, HostScope, SourceId, Trust, Witness};

/// Zones lie a multiple of this many seconds apart.
const QUARTER_S: f64 = 900.0;
/// How exactly a list must agree once the zone is taken off, in seconds.
const EXACT_S: f64 = 180.0;
/// The farthest zone, in seconds.
const FARTHEST_S: f64 = 14.0 * 3_600.0;
/// How many entries must agree on the same offset.
const MIN_TWINS: usize = 2;

/// Corrects the times of lists that are off by one and the same zone offset from the hosts' own records.
///
/// Each entry with an observed twin (same component, version, host) gives a difference. If at least two
/// twins exist and all differ by the same multiple of a quarter of an hour other than zero, to within three
/// minutes, the list was kept in another zone than it says: all its entries are moved and become `Derived`.
pub(super) fn correct(records: &mut [ChangeRecord]) {
    let mut quarters: BTreeMap<SourceId, Vec<Option<i64>>> = BTreeMap::new();
    for record in records.iter().filter(|record| record.witness == Witness::Stated) {
        if let Some(difference_s) = difference(record, records) {
            let quarter = (difference_s / QUARTER_S).round();
            let is_exact = (difference_s - quarter * QUARTER_S).abs() <= EXACT_S && difference_s.abs() <= FARTHEST_S;
            quarters.entry(record.provenance.source).or_default().push(is_exact.then_some(quarter as i64));
        }
    }
    for (source, quarters) in quarters {
        let Some(Some(offset)) = quarters.first().copied() else { continue };
        if offset == 0 || quarters.len() < MIN_TWINS || quarters.iter().any(|quarter| *quarter != Some(offset)) {
            continue;
        }
        for record in records.iter_mut() {
            if record.provenance.source == source && record.witness == Witness::Stated {
                record.at = record.at.plus_seconds(-(offset as f64) * QUARTER_S);
                record.time_trust = Trust::Derived;
            }
        }
    }
}

/// Seconds from the nearest observed twin to the list's entry.
fn difference(record: &ChangeRecord, records: &[ChangeRecord]) -> Option<f64> {
    let key = Key::new(&record.component, record.version.as_deref());
    let version = version_key(record.version.as_deref()?);
    let twins = records.iter().filter(|other| {
        other.witness == Witness::Observed
            && other.version.as_deref().is_some_and(|other| version_key(other) == version)
            && Key::new(&other.component, other.version.as_deref()).is(&key)
            && match (&record.scope, &other.scope) {
                (HostScope::Hosts(one), HostScope::Hosts(other)) => one.iter().any(|host| other.contains(host)),
                _ => true,
            }
    });
    let apart_s = twins.map(|twin| record.at.seconds_since(twin.at));
    apart_s.min_by(|one, other| one.abs().total_cmp(&other.abs()).then_with(|| one.total_cmp(other)))
}
