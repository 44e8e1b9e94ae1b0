//! The case, its records, its report, and how two reports are compared.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use causeline::model::SourceId;
use causeline::read::{Body, How, Selection, Source, WindowsRecord};
use serde_json::Value;

use crate::command::{causeline, report};

/// One event log of the case.
pub struct Log {
    /// Its path below the case's folder, without ending.
    pub stem: PathBuf,
    /// Its records, whether anybody wants them or not.
    pub records: Vec<WindowsRecord>,
}

/// Writes the records of one log in a shape.
pub type Write<'w> = &'w dyn Fn(&[WindowsRecord]) -> String;

/// A simulated case.
pub struct Case {
    folder: tempfile::TempDir,
    /// Its event logs, by path.
    pub logs: Vec<Log>,
    /// The other files, by path below the case's folder.
    others: Vec<PathBuf>,
    /// What the program says of it.
    pub report: Value,
}

/// The case that all tests share: a deploy that breaks one logon in three.
pub fn case() -> &'static Case {
    static CASE: OnceLock<Case> = OnceLock::new();
    CASE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("logs");
        causeline::simulate::write("guilty-deploy", &root, 7).unwrap();
        let mut files = Vec::new();
        walk(&root, &mut files);
        files.sort();
        let mut case = Case { report: report(&root), folder, logs: Vec::new(), others: Vec::new() };
        for file in files {
            let below = file.strip_prefix(&root).unwrap().to_owned();
            if below.extension().is_some_and(|ending| ending == "evtx") {
                case.logs.push(Log { stem: below.with_extension(""), records: records(&file) });
            } else {
                case.others.push(below);
            }
        }
        assert!(!case.logs.is_empty());
        assert_eq!(case.report["incidents"][0]["root_cause"]["kind"], "change");
        case
    })
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() { walk(&path, files) } else { files.push(path) }
    }
}

fn records(file: &Path) -> Vec<WindowsRecord> {
    let source = Source::from_bytes(SourceId(0), "x.evtx", &std::fs::read(file).unwrap());
    let everything = Selection::everything();
    let how = How { selection: &everything, starts_record: None, recover: false, digests: false };
    let mut records = Vec::new();
    source.records(&how, &mut |record| match record.body {
        Body::Windows(windows) => records.push(*windows),
        other => panic!("{other:?}"),
    });
    records
}

impl Case {
    /// Writes the case into `root`: its event logs by `write` with this ending, or as they are, and the rest.
    pub fn copy(&self, root: &Path, ending: &str, write: Option<Write<'_>>) {
        let from = self.folder.path().join("logs");
        let put = |below: &Path| {
            std::fs::create_dir_all(root.join(below).parent().unwrap()).unwrap();
            std::fs::copy(from.join(below), root.join(below)).unwrap();
        };
        self.others.iter().for_each(|below| put(below));
        for log in &self.logs {
            match write {
                Some(write) => put_text(root, &log.stem, ending, &write(&log.records)),
                None => put(&log.stem.with_extension("evtx")),
            }
        }
    }

    /// The report of the case with its event logs in another shape.
    pub fn report_as(&self, ending: &str, write: Write<'_>) -> Value {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("logs");
        self.copy(&root, ending, Some(write));
        report(&root)
    }
}

/// Writes a text to `stem` with an ending, below `root`.
pub fn put_text(root: &Path, stem: &Path, ending: &str, text: &str) {
    // `with_extension` would cut names of channels that have a point in them.
    let path = root.join(format!("{}.{ending}", stem.display()));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// What `inspect` says of one text in a folder called after the host.
pub fn inspected(stem: &str, ending: &str, text: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    put_text(folder.path(), Path::new(stem), ending, text);
    let output = causeline(&["inspect".as_ref(), folder.path().as_os_str(), "--format".as_ref(), "json".as_ref()]);
    serde_json::from_slice(&output.stdout).expect("inspect prints JSON")
}

/// The count of a diagnostic in a report, over all files.
pub fn n_of(report: &Value, code: &str) -> u64 {
    let all = report["diagnostics"].as_array().unwrap();
    all.iter().filter(|one| one["code"] == code).map(|one| one["count"].as_u64().unwrap()).sum()
}

/// Fails unless two reports say the same, up to where it stands and digits below a millisecond.
pub fn assert_same(name: &str, expected: &Value, found: &Value) {
    let mut differences = Vec::new();
    for key in ["window", "incidents", "changes", "latent"] {
        compare(key, &expected[key], &found[key], &mut differences);
    }
    assert!(differences.is_empty(), "{name}:\n{}", differences[..differences.len().min(20)].join("\n"));
}

fn compare(at: &str, expected: &Value, found: &Value, differences: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(a), Value::Object(b)) => {
            let keys: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
            // Where a record stands differs from shape to shape.
            for key in keys.into_iter().filter(|key| !matches!(key.as_str(), "records" | "stated_by" | "observed_by")) {
                let null = Value::Null;
                let (a, b) = (a.get(key).unwrap_or(&null), b.get(key).unwrap_or(&null));
                compare(&format!("{at}.{key}"), a, b, differences);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                compare(&format!("{at}[{index}]"), a, b, differences);
            }
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            // Numbers are made of times, which differ by less than a millisecond.
            if (a - b).abs() > 1e-3 + 1e-3 * a.abs() {
                differences.push(format!("{at}: {a} and {b}"));
            }
        }
        (Value::String(a), Value::String(b)) => {
            let times = (a.parse::<jiff::Timestamp>(), b.parse::<jiff::Timestamp>());
            let is_same = match times {
                (Ok(a), Ok(b)) => (a.as_nanosecond() - b.as_nanosecond()).abs() < 1_000_000,
                _ => a == b,
            };
            if !is_same {
                differences.push(format!("{at}: {a} and {b}"));
            }
        }
        (a, b) if a == b => {}
        (a, b) => differences.push(format!("{at}: {a} and {b}")),
    }
}
