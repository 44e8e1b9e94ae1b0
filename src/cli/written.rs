//! A report that was written before, read again: `report.json` as values.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use causeline::Error;
use causeline::report::document::SCHEMA_VERSION;
use serde_json::Value;

/// A report of a large fleet has some tens of megabytes.
const BYTES_MAX: u64 = 1 << 30;

/// Reads `report.json`, or that of a report's folder.
pub(crate) fn report(path: &Path) -> Result<Value, Error> {
    let path = if path.is_dir() { path.join("report.json") } else { path.to_owned() };
    let refused = |detail: String| Error::Setting { what: format!("`{}`", path.display()), detail };
    let mut bytes = Vec::new();
    let opened = File::open(&path).and_then(|file| file.take(BYTES_MAX + 1).read_to_end(&mut bytes));
    opened.map_err(|source| Error::Read { path: path.clone(), source })?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(refused("larger than 1 GiB".to_owned()));
    }
    let report: Value = serde_json::from_slice(&bytes).map_err(|error| refused(format!("no report: {error}")))?;
    let major = |version: &str| version.split('.').next().map(str::to_owned);
    match report["schema_version"].as_str() {
        Some(version) if major(version) == major(SCHEMA_VERSION) => Ok(report),
        Some(version) => Err(refused(format!("version {version}, and this program reads {SCHEMA_VERSION}"))),
        None => Err(refused("no report: it has no `schema_version`".to_owned())),
    }
}

/// The entries of a list; none where there is no list.
pub(crate) fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

/// A text; empty where there is none.
pub(crate) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or("")
}
