//! Change points of a folder of numeric series, to be scored.
//!
//! `cargo bench --bench changepoints -- DIR`
//!
//! DIR holds `NAME.json` or `NAME/NAME.json` in the layout of the Turing Change Point Dataset (van den Burg and Williams,
//! arXiv 2003.06222): `name`, and `series`, each with its values in `raw`, `null` or `NaN` where one is missing. What is
//! no such file is named on standard error and passed over. Printed is one JSON object: for each
//! name the 0-based indices at which a new segment begins. Where a file holds several series, a change of any is a
//! change, and those less than five values apart are one.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is what it is for")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use causeline::stats::change_points;
use rayon::prelude::*;
use serde_json::Value;

/// Changes of different columns closer than this are one: the margin within which places are compared.
const MARGIN: usize = 5;

fn main() -> ExitCode {
    // Cargo adds `--bench`, and `cargo test` gives nothing at all.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [dir] = arguments.as_slice() else {
        if arguments.is_empty() {
            return ExitCode::SUCCESS;
        }
        eprintln!("one folder of series is asked for");
        return ExitCode::from(2);
    };
    let mut paths: Vec<PathBuf> = walkdir::WalkDir::new(dir)
        .max_depth(2)
        .into_iter()
        .filter_map(Result::ok)
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.is_file() && path.extension().is_some_and(|ending| ending == "json"))
        .collect();
    paths.sort();
    let read = paths.par_iter().map(|path| (path, series_of(path))).collect::<Vec<_>>();
    let mut found: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (path, series) in read {
        match series {
            Ok((name, changes)) => {
                found.insert(name, changes);
            }
            Err(message) => eprintln!("{}: {message}", path.display()),
        }
    }
    if found.is_empty() {
        eprintln!("{dir}: no series");
        return ExitCode::from(2);
    }
    println!("{}", serde_json::json!(found));
    ExitCode::SUCCESS
}

/// Name and change points of a file.
fn series_of(path: &Path) -> Result<(String, Vec<usize>), String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let file: Value = serde_json::from_str(&nan_as_null(&text)).map_err(|error| error.to_string())?;
    let series = file["series"].as_array().ok_or("no `series`")?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = file["name"].as_str().unwrap_or(&stem).to_owned();
    let mut changes = Vec::new();
    for column in series {
        let raw = column["raw"].as_array().ok_or("a series without `raw`")?;
        let values: Vec<f64> = raw.iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect();
        changes.extend(change_points(&values));
    }
    changes.sort_unstable();
    let mut apart: Vec<usize> = Vec::new();
    for change in changes {
        if apart.last().is_none_or(|last| change >= last + MARGIN) {
            apart.push(change);
        }
    }
    Ok((name, apart))
}

/// Python writes a missing value as `NaN`, which is no JSON. Only bare words between values are replaced.
fn nan_as_null(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("NaN") {
        let (before, after) = (&rest[..at], &rest[at + 3..]);
        let is_value = before.trim_end().ends_with(['[', ',', ':']) && after.trim_start().starts_with([']', ',', '}']);
        out.push_str(before);
        out.push_str(if is_value { "null" } else { "NaN" });
        rest = after;
    }
    out + rest
}
