//! Runs the stages one after the other: the only module that knows all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use rayon::prelude::*;

use crate::correlate::SymptomChain;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::error::Error;
use crate::frame::Framed;
use crate::judge::Judgement;
use crate::model::{Position, Provenance, SourceId};
use crate::read::Source;
use crate::redact::{self, Redactor};
use crate::{correlate, frame, judge, normalize, read};

/// The options of all stages.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How records become events.
    pub normalize: normalize::Options,
    /// How events become tables.
    pub frame: frame::Options,
    /// How tables become numbers.
    pub correlate: correlate::Options,
    /// How numbers are weighed.
    pub judge: judge::Options,
    /// Files of counters for whose peak forecasts are made. They are not read as logs by being named here.
    pub load: Vec<PathBuf>,
    /// Which names are replaced in all that comes out.
    pub redact: redact::Options,
    /// Whether the records behind evidence, changes and failures are read once more, for outputs that show them.
    pub originals: bool,
}

/// Records that are read once more at most: a page holds fewer.
const MAX_ORIGINALS: usize = 20_000;
/// Of these, places at which one change is stated.
const MAX_STATED: usize = 20;

/// Hears how far a run is. All methods may be called from any thread.
pub trait Progress: Sync {
    /// The bytes that will be read, as they are stored.
    fn total(&self, n_bytes: u64);
    /// So many more bytes are read.
    fn read(&self, n_bytes: u64);
    /// A stage without a measure begins.
    fn stage(&self, name: &'static str);
}

/// A run that nobody watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Progress for Unwatched {
    fn total(&self, _: u64) {}
    fn read(&self, _: u64) {}
    fn stage(&self, _: &'static str) {}
}

/// What a whole run comes to.
#[derive(Debug)]
pub struct Analysis {
    /// The tables, the events behind them, and how each source fared.
    pub framed: Framed,
    /// The verdicts.
    pub judgement: Judgement,
    /// Signatures that always come together.
    pub symptom_chains: Vec<SymptomChain>,
    /// The records behind evidence, changes and failures, as they stand; empty if [`Options::originals`] does not ask for them.
    pub originals: BTreeMap<Provenance, String>,
    /// What replaced names in all of this, for the texts of the caller; `None` if nothing was to be replaced.
    pub redactor: Option<Redactor>,
}

/// Reads everything under the paths and brings it into tables, with names replaced as the options say.
///
/// # Errors
///
/// A path that does not exist or cannot be opened, and [`Error::NothingReadable`] if there is no log among them.
pub fn frame(paths: &[PathBuf], options: &Options, progress: &dyn Progress) -> Result<Framed, Error> {
    let (mut framed, _) = whole_frame(paths, options, progress)?;
    if let Some(mut redactor) = Redactor::learn(&framed, &options.redact) {
        redactor.framed(&mut framed);
    }
    Ok(framed)
}

/// The tables with all names, and the sources that they are from.
fn whole_frame(paths: &[PathBuf], options: &Options, progress: &dyn Progress) -> Result<(Framed, Vec<Source>), Error> {
    let discovery = read::discover(paths)?;
    progress.total(discovery.sources.iter().map(|source| source.n_bytes_stored).sum());
    let normalized = normalize::normalize(&discovery.sources, &options.normalize, &|n_bytes| progress.read(n_bytes));
    let understood = normalized.sources.iter().any(|source| source.role != normalize::Role::Unknown);
    if !understood {
        return Err(Error::nothing_readable(paths));
    }
    progress.stage("joining attempts and sessions");
    let mut framed = frame::tables(normalized, &options.frame);
    framed.diagnostics = merged(discovery.diagnostics, framed.diagnostics);
    Ok((framed, discovery.sources))
}

/// Reads everything under the paths and judges it.
///
/// # Errors
///
/// As [`frame()`].
pub fn analyze(paths: &[PathBuf], options: &Options, progress: &dyn Progress) -> Result<Analysis, Error> {
    let (mut framed, sources) = whole_frame(paths, options, progress)?;
    let load = expected_load(options, &mut framed)?;
    progress.stage("weighing causes");
    let correlation = correlate::correlate(&framed.tables, &options.correlate);
    let mut judgement = judge::judge(&correlation, &judge::Options { load, ..options.judge });
    let mut symptom_chains = correlation.symptom_chains;
    let mut originals = BTreeMap::new();
    if options.originals {
        progress.stage("reading the records behind the verdicts");
        originals = originals_of(&sources, &framed, &judgement);
    }
    // Only now: a verdict must not depend on what things are called.
    let mut redactor = Redactor::learn(&framed, &options.redact);
    if let Some(redactor) = &mut redactor {
        redactor.framed(&mut framed);
        redactor.judgement(&mut judgement, &mut symptom_chains);
        for text in originals.values_mut() {
            *text = redactor.text(text);
        }
    }
    Ok(Analysis { framed, judgement, symptom_chains, originals, redactor })
}

/// The records behind evidence, changes, failures and sessions that did not close, as they stand in their sources.
fn originals_of(sources: &[Source], framed: &Framed, judgement: &Judgement) -> BTreeMap<Provenance, String> {
    let evidence = judgement.incidents.iter().flat_map(|one| &one.evidence).flat_map(|one| &one.records);
    let changes = framed.tables.changes.iter().flat_map(|change| change.stated_by.iter().take(MAX_STATED));
    let failures = framed.tables.attempts.iter().filter(|attempt| attempt.is_failure()).flat_map(|one| &one.records);
    let marks = framed.tables.sessions.iter().flat_map(|session| &session.marks).map(|mark| &mark.record);
    let mut wanted: BTreeMap<SourceId, BTreeSet<Position>> = BTreeMap::new();
    for record in evidence.chain(changes).chain(failures).chain(marks).take(MAX_ORIGINALS) {
        wanted.entry(record.source).or_default().insert(record.position);
    }
    let read = |source: &Source| -> Vec<(Provenance, String)> {
        let Some(positions) = wanted.get(&source.name.id) else { return Vec::new() };
        let (found, _) = read::originals(source, positions);
        let named = |(position, texts): (Position, Vec<String>)| {
            (Provenance { source: source.name.id, position }, texts.join("\n\n"))
        };
        found.into_iter().map(named).collect()
    };
    sources.par_iter().flat_map_iter(read).collect()
}

/// The peak that the files of [`Options::load`] state. A file without sessions is a diagnostic.
fn expected_load(options: &Options, framed: &mut Framed) -> Result<Option<f64>, Error> {
    if options.load.is_empty() {
        return Ok(options.judge.load);
    }
    let discovery = read::discover(&options.load)?;
    // What is to come lies beyond the end of what is to be read.
    let settings = normalize::Options { since: None, until: None, ..options.normalize.clone() };
    let readings = normalize::normalize(&discovery.sources, &settings, &|_| ()).load;
    let end = framed.tables.window.map(|window| window.end);
    let peak = frame::expected_load(&readings, end, framed.tables.hosts.len());
    if peak.is_none() {
        let detail = "--load: no reading of sessions; forecasts are for the highest load of the record".to_owned();
        let path = discovery.sources.first().map_or("", |source| source.name.path.as_str());
        let known = std::mem::take(&mut framed.diagnostics);
        framed.diagnostics = merged(known, vec![Diagnostic::new(Code::SourceIncomplete, path, None, detail)]);
    }
    Ok(peak.or(options.judge.load))
}

fn merged(first: Vec<Diagnostic>, second: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut all = Diagnostics::new();
    all.extend(first);
    all.extend(second);
    all.into_vec()
}
