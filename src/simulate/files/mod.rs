//! The files that an operator would hand over.

mod events;
mod text;

use super::calendar::Calendar;
use super::random::Random;
use super::script::Script;
use super::world::Ledger;
use crate::error::Error;
use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};
use std::path::Path;
use zip::write::SimpleFileOptions;

/// Name of the archive in a case that comes as one.
const ARCHIVE: &str = "logs.zip";

/// Makes all files of a case: path below the case's folder, and content.
pub(super) fn make(script: &Script, ledger: &mut Ledger, seed: u64) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    let calendar = Calendar::new();
    let mut clocks = Random::stream(seed, "clocks");
    // Domain members agree to within a minute; nobody looks closer.
    let skews_s: Vec<f64> = (0..script.n_hosts).map(|_| clocks.normal(0.0, 18.0).clamp(-58.0, 58.0)).collect();
    let mut logs = BTreeMap::new();
    for (host, &skew_s) in skews_s.iter().enumerate() {
        events::add_noise(script, ledger, host, &calendar, seed);
        events::write(script, ledger, host, skew_s, &mut clocks, &mut logs);
        text::profile_log(ledger, host, skew_s, &calendar, &mut logs);
    }
    if !ledger.app_lines.is_empty() {
        logs.insert("APP01/login-service.log".to_owned(), text::application_log(script, ledger, &calendar));
    }
    logs.insert("counters/session-hosts.csv".to_owned(), text::counters(script, ledger, &calendar));

    let mut files = BTreeMap::new();
    if script.archived {
        files.insert(ARCHIVE.to_owned(), archive(&logs)?);
    } else {
        files = logs;
    }
    if !script.deploys.is_empty() {
        files.insert("deploys.csv".to_owned(), text::deploys(script, &calendar));
    }
    Ok(files)
}

/// Writes the files below `folder`.
pub(super) fn store(files: &BTreeMap<String, Vec<u8>>, folder: &Path) -> Result<(), Error> {
    for (name, content) in files {
        let path = folder.join(name);
        let failed = |source| Error::Write { path: path.clone(), source };
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(failed)?;
        }
        std::fs::write(&path, content).map_err(failed)?;
    }
    Ok(())
}

/// Packs the logs. Order, times and attributes are fixed, so that equal logs make equal archives.
fn archive(logs: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, Error> {
    let failed = |detail: String| Error::Render { what: "the archive of the logs", detail };
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(zip::DateTime::default())
        .system(zip::System::Dos);
    for (name, content) in logs {
        zip.start_file(name.as_str(), options).map_err(|error| failed(error.to_string()))?;
        zip.write_all(content).map_err(|error| failed(error.to_string()))?;
    }
    Ok(zip.finish().map_err(|error| failed(error.to_string()))?.into_inner())
}
