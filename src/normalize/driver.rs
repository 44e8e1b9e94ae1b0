//! Runs over all sources in parallel, then settles what only all of them together tell.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::source::{self, EventKey, Kept, One};
use super::summary::Normalized;
use super::{Options, host, selection, version, windows, zone};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Name, SourceId};
use crate::read::Source;

/// Understands all sources: events, changes, samples, one summary a source, and what was wrong.
///
/// `progress` is told the stored size of each source when it is done, from any thread. The result does not
/// depend on the number of threads.
pub fn normalize(sources: &[Source], options: &Options, progress: &(dyn Fn(u64) + Sync)) -> Normalized {
    let selection = selection();
    let mut ones: Vec<One> = sources
        .par_iter()
        .map(|source| {
            let one = source::understand(source, options, &selection);
            progress(source.n_bytes_stored);
            one
        })
        .collect();
    drop_duplicates(&mut ones, options);
    host::settle(&mut ones);
    zone::settle(&mut ones);

    let mut normalized = Normalized::default();
    let mut diagnostics = Diagnostics::new();
    for one in ones {
        diagnostics.extend(one.diagnostics);
        for kept in one.kept {
            match kept {
                Kept::Event(event, changes, _) => {
                    normalized.events.extend(event.map(|event| *event));
                    normalized.changes.extend(changes);
                }
                Kept::Load(samples) => normalized.load.extend(samples),
                Kept::Change(changes) => normalized.changes.extend(changes),
            }
        }
        normalized.sources.push(one.summary);
    }
    normalized.changes = windows::changes::without_twins(normalized.changes);
    let derived = version::changes(&normalized.events, &normalized.changes);
    normalized.changes.extend(derived);
    normalized.diagnostics = diagnostics.into_vec();
    normalized
}

/// Drops Windows events that an earlier source holds, too: a local log and the collector's copy, or two
/// exports of one log.
fn drop_duplicates(ones: &mut [One], options: &Options) {
    // Only logs that two sources hold can repeat, and most are held by one.
    let mut holders: BTreeMap<(Name, Name), BTreeSet<SourceId>> = BTreeMap::new();
    for one in ones.iter() {
        for key in one.kept.iter().filter_map(key_of) {
            holders.entry((Name::clone(&key.0), Name::clone(&key.1))).or_default().insert(one.summary.id);
        }
    }
    holders.retain(|_, sources| sources.len() > 1 || options.recover);
    if holders.is_empty() {
        return;
    }
    let mut seen: BTreeSet<EventKey> = BTreeSet::new();
    for one in ones {
        let before = one.kept.len();
        one.kept.retain(|kept| match key_of(kept) {
            Some(key) if holders.contains_key(&(Name::clone(&key.0), Name::clone(&key.1))) => seen.insert(key.clone()),
            _ => true,
        });
        let n_dropped = (before - one.kept.len()) as u64;
        if n_dropped > 0 {
            one.summary.n_kept -= n_dropped;
            one.summary.n_irrelevant += n_dropped;
            let mut diagnostic =
                Diagnostic::new(Code::EventDuplicate, &one.summary.path, None, "an earlier source holds them, too");
            diagnostic.count = n_dropped;
            one.diagnostics.push(diagnostic);
        }
    }
}

fn key_of(kept: &Kept) -> Option<&EventKey> {
    match kept {
        Kept::Event(_, _, key) => key.as_ref(),
        _ => None,
    }
}
