//! Tells when two machines write under one name: a host that was cloned and not renamed.
//!
//! Windows numbers the records of a log in the order of time. Two files of one host's log are therefore either
//! copies, or parts that fit together: where their times overlap, numbers and times agree. Where the numbers of
//! one run against those of the other, or one number stands for two different events, they are two logs.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Kept, One};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::time::TICKS_PER_SECOND;
use crate::model::{Name, Timestamp, Trust};

/// Records of the same few seconds may swap, and stamps may be cut to seconds.
const SWAP_TICKS: i64 = 3 * TICKS_PER_SECOND;
/// So many contradictions are asked for: a clock that was set back makes one or two.
const N_PROOFS_MIN: usize = 5;

/// One numbered record: when, its number, and what it is.
type Numbered<'a> = (Timestamp, u64, (&'a Name, u32));

/// The records of one host's channel in one source, by time.
struct Series<'a> {
    index: usize,
    records: Vec<Numbered<'a>>,
}

/// Says of each host whose name two machines share in which files that shows, the first two of them.
pub(super) fn report(ones: &mut [One]) {
    let mut found: BTreeMap<Name, (usize, String)> = BTreeMap::new();
    for ((host, channel), all) in series(ones) {
        if found.contains_key(host) {
            continue;
        }
        let pairs = all.iter().enumerate().flat_map(|(place, one)| all[..place].iter().map(move |other| (other, one)));
        if let Some((first, second)) = pairs.into_iter().find(|(one, other)| are_two_logs(one, other)) {
            let detail = format!(
                "two machines write as {host}: {channel} has other numbers here than in {}; both are kept",
                ones[first.index].summary.path
            );
            found.insert(Name::clone(host), (second.index, detail));
        }
    }
    for (index, detail) in found.into_values() {
        let path = ones[index].summary.path.clone();
        ones[index].diagnostics.push(Diagnostic::new(Code::HostNameShared, &path, None, detail));
    }
}

/// The numbered records whose times are certain, by host and channel, then by source.
fn series(ones: &[One]) -> BTreeMap<(&Name, &Name), Vec<Series<'_>>> {
    let mut all: BTreeMap<(&Name, &Name), Vec<Series<'_>>> = BTreeMap::new();
    for (index, one) in ones.iter().enumerate() {
        for kept in &one.kept {
            let Kept::Event(_, _, Some(identity)) = kept else { continue };
            let (Some(host), Some((channel, number))) = (&identity.host, &identity.number) else { continue };
            if identity.time_trust != Trust::Stated || host.is_empty() {
                continue;
            }
            let series = all.entry((host, channel)).or_default();
            if series.last().is_none_or(|last| last.index != index) {
                series.push(Series { index, records: Vec::new() });
            }
            let record = (identity.at, *number, (&identity.provider, identity.code));
            series.last_mut().expect("just pushed").records.push(record);
        }
    }
    all.retain(|_, series| series.len() > 1);
    for series in all.values_mut().flatten() {
        series.records.sort_unstable();
    }
    all
}

fn are_two_logs(one: &Series<'_>, other: &Series<'_>) -> bool {
    let span = |series: &Series<'_>| Some((series.records.first()?.0, series.records.last()?.0));
    let (Some(first), Some(second)) = (span(one), span(other)) else { return false };
    if first.1 < second.0 || second.1 < first.0 {
        return false;
    }
    // A log that was cleared counts from one again, so a number may stand for several events of one machine.
    let (own, others) = (by_number(one), by_number(other));
    let (mut n_common, mut n_unlike) = (0, 0);
    for (number, records) in &others {
        let Some(own) = own.get(number) else { continue };
        n_common += 1;
        n_unlike += usize::from(!records.iter().any(|record| own.iter().any(|own| is_like(own, record))));
    }
    if n_common >= N_PROOFS_MIN {
        // Copies with another clock, or another zone, hold the same events under the same numbers.
        return n_unlike >= N_PROOFS_MIN && 4 * n_unlike >= n_common;
    }
    !is_continued(one, other) && !is_continued(other, one) && runs_against(one, other)
}

fn by_number<'a>(series: &'a Series<'a>) -> BTreeMap<u64, Vec<&'a Numbered<'a>>> {
    let mut named: BTreeMap<u64, Vec<&Numbered<'_>>> = BTreeMap::new();
    for record in &series.records {
        named.entry(record.1).or_default().push(record);
    }
    named
}

/// Whether two records of one number may be one: of the same kind, or of the same time.
fn is_like(one: &Numbered<'_>, other: &Numbered<'_>) -> bool {
    one.2 == other.2 || one.0.0.abs_diff(other.0.0) <= SWAP_TICKS.unsigned_abs()
}

/// Whether the numbers of one file go on where those of the other end: a rotated log, whatever its clock did.
fn is_continued(one: &Series<'_>, other: &Series<'_>) -> bool {
    let last = one.records.iter().map(|record| record.1).max();
    let first = other.records.iter().map(|record| record.1).min();
    last.zip(first).is_some_and(|(last, first)| last.saturating_add(1) == first)
}

/// Whether numbers fall where time, in steps from one file to the other, goes on.
fn runs_against(one: &Series<'_>, other: &Series<'_>) -> bool {
    let tagged = |series: &Series<'_>, tag: bool| -> Vec<(Timestamp, u64, bool)> {
        series.records.iter().map(|record| (record.0, record.1, tag)).collect()
    };
    let merged: BTreeSet<(Timestamp, u64, bool)> = tagged(one, false).into_iter().chain(tagged(other, true)).collect();
    let merged: Vec<_> = merged.into_iter().collect();
    let steps = merged.windows(2).filter(|pair| pair[0].2 != pair[1].2 && pair[1].0.0 - pair[0].0.0 > SWAP_TICKS);
    let (mut n_steps, mut n_falls) = (0, 0);
    for pair in steps {
        n_steps += 1;
        n_falls += usize::from(pair[1].1 < pair[0].1);
    }
    // Of two machines every second step falls.
    n_falls >= N_PROOFS_MIN && 4 * n_falls >= n_steps
}
