//! From arguments to the options of the stages, and the run under a progress bar.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use causeline::Error;
use causeline::diagnostic::{Code, Diagnostic};
use causeline::model::TimeRange;
use causeline::normalize::format::Formats;
use causeline::normalize::format::own::{self, ConfigError};
use causeline::normalize::signature::Signatures;
use causeline::pipeline::{Options, Progress};
use causeline::redact::{self, Key, MIN_KEY_BYTES};
use indicatif::ProgressBar;

use super::args::{InputArgs, RedactArgs};
use super::exit::Exit;
use super::progress;
use super::terminal::Terminal;

/// Everything that is to be read: a change list or counter file named by an option is an input like others.
pub(crate) fn paths(args: &InputArgs) -> Vec<PathBuf> {
    args.paths.iter().chain(&args.changes).chain(&args.load).cloned().collect()
}

/// A configuration is written by hand: a larger file is none.
const CONFIG_BYTES_MAX: u64 = 1 << 20;

/// Our formats, and before them those of a configuration.
pub(crate) fn formats(config: Option<&Path>) -> Result<Formats, Error> {
    let Some(path) = config else { return Ok(Formats::default()) };
    let own = configured(path, own::read)?;
    Ok(Formats::with_own(own))
}

fn refused(path: &Path, detail: &dyn ToString) -> Error {
    Error::Setting { what: format!("`{}`", path.display()), detail: detail.to_string() }
}

/// The bytes of a file that is small by its nature.
fn small_file(path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let opened = File::open(path).and_then(|file| file.take(CONFIG_BYTES_MAX + 1).read_to_end(&mut bytes));
    opened.map_err(|error| refused(path, &error))?;
    if bytes.len() as u64 > CONFIG_BYTES_MAX {
        return Err(refused(path, &"larger than 1 MiB"));
    }
    Ok(bytes)
}

/// Which names are to be replaced.
pub(crate) fn redaction(args: &RedactArgs) -> Result<redact::Options, Error> {
    let key = args.redact_key.as_deref().map(|path| {
        let too_short = || refused(path, &format!("a key needs {MIN_KEY_BYTES} bytes or more"));
        Key::new(&small_file(path)?).ok_or_else(too_short)
    });
    Ok(redact::Options { classes: args.redact.clone(), key: key.transpose()? })
}

/// What a configuration says, by one of its readers.
fn configured<T>(path: &Path, read: fn(&str) -> Result<T, ConfigError>) -> Result<T, Error> {
    let bytes = small_file(path)?;
    let text = String::from_utf8(bytes).map_err(|_| refused(path, &"not in UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    read(text).map_err(|error| refused(path, &error))
}

/// The options of the stages.
///
/// # Errors
///
/// A configuration or a folder of signatures that cannot be used.
pub(crate) fn options(args: &InputArgs, incident: Option<TimeRange>, terminal: Terminal) -> Result<Options, Error> {
    let mut options = Options::default();
    options.normalize.formats = formats(args.config.as_deref())?;
    if let Some(config) = &args.config {
        options.normalize.hosts = configured(config, own::hosts)?;
    }
    options.normalize.timezones.clone_from(&args.timezone);
    options.normalize.signatures = signatures(args.signatures.as_deref(), terminal)?;
    options.normalize.recover = args.recover;
    options.normalize.since = args.since;
    options.normalize.until = args.until;
    options.frame.since = args.since;
    options.frame.until = args.until;
    options.judge.incident = incident;
    options.load.clone_from(&args.load);
    Ok(options)
}

/// The built-in signatures with those of a folder, if there is one; says which ones the folder replaces.
pub(crate) fn signatures(folder: Option<&Path>, terminal: Terminal) -> Result<Option<Arc<Signatures>>, Error> {
    let Some(folder) = folder else { return Ok(None) };
    let (signatures, replaced) = Signatures::with_folder(folder)?;
    for id in replaced {
        terminal.note(&format!("note: {} replaces the built-in signature `{id}`", folder.display()));
    }
    Ok(Some(Arc::new(signatures)))
}

/// With `--strict`, status 3 if anything could not be read or understood.
pub(crate) fn strictly(args: &InputArgs, diagnostics: &[Diagnostic], otherwise: Exit) -> Exit {
    let unreadable = diagnostics.iter().any(|diagnostic| {
        matches!(
            diagnostic.code,
            Code::SourceUnreadable
                | Code::SourceNotUnderstood
                | Code::ArchiveDamaged
                | Code::ExpansionTooLarge
                | Code::EvtxHeaderDamaged
                | Code::EvtxChunkDamaged
                | Code::EvtxRecordDamaged
                | Code::EvtxTruncated
                | Code::RecordMalformed
        )
    });
    if args.strict && unreadable { Exit::Input } else { otherwise }
}

/// With `--verbose`, each defect of each source on standard error.
pub(crate) fn tell_defects(diagnostics: &[Diagnostic], terminal: Terminal) {
    for defect in diagnostics.iter().filter(|_| terminal.verbose) {
        terminal.note(&format!(
            "warning: {}: {} ({} times): {}",
            defect.path,
            defect.code.name(),
            defect.count,
            defect.detail
        ));
    }
}

/// Runs `work` under a bar that ends with it.
pub(crate) fn watched<T>(terminal: Terminal, work: impl FnOnce(&dyn Progress) -> T) -> T {
    let bars = Bars { reading: progress::bytes(0, terminal), working: progress::spinner("", terminal) };
    let result = work(&bars);
    bars.reading.finish_and_clear();
    bars.working.finish_and_clear();
    result
}

struct Bars {
    reading: ProgressBar,
    working: ProgressBar,
}

impl Progress for Bars {
    fn total(&self, n_bytes: u64) {
        self.reading.set_length(n_bytes);
    }

    fn read(&self, n_bytes: u64) {
        self.reading.inc(n_bytes);
    }

    fn stage(&self, name: &'static str) {
        self.reading.finish_and_clear();
        self.working.set_message(name);
    }
}
