//! Runs over all sources in parallel, then settles what only all of them together tell.

use super::format::{Context, Said};
use super::source::{self, Kept, One};
use super::summary::Normalized;
use super::{
    Options, duplicate, host, namesakes, netbios, order, overlap, selection, unknown, version, window, windows, zone,
};
use crate::diagnostic::Diagnostics;
use crate::read::{self, Source};

/// Understands all sources: events, changes, samples, one summary a source, and what was wrong.
///
/// `progress` is told the stored size of each source when it is done, from any thread. The result does not
/// depend on the number of threads.
pub fn normalize(sources: &[Source], options: &Options, progress: &(dyn Fn(u64) + Sync)) -> Normalized {
    let selection = selection();
    let mut ones: Vec<One> = read::each(sources, |source| {
        let mut meaning = |said: Said<'_>, context: &mut Context<'_>| said.outcome(context);
        let one = source::understand(source, options, &selection, true, None, &mut meaning);
        progress(source.n_bytes_stored);
        one
    });
    order::settle(&mut ones, |index, order| {
        let mut meaning = |said: Said<'_>, context: &mut Context<'_>| said.outcome(context);
        source::understand(&sources[index], options, &selection, true, Some(order), &mut meaning)
    });
    host::settle(&mut ones, &options.hosts);
    netbios::settle(&mut ones);
    // Before zones are settled, for those of a copy may turn out otherwise.
    overlap::drop_overlaps(&mut ones);
    zone::settle(&mut ones, options);
    window::drop_outside(&mut ones, options);
    namesakes::report(&mut ones);
    duplicate::drop_copies(&mut ones, options.recover);

    let mut normalized = Normalized { templates: unknown::settle(&mut ones), ..Normalized::default() };
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
