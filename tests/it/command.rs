//! Runs the command as a person or a script would.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Runs `causeline` with these arguments in the package's folder.
pub fn causeline<S: AsRef<std::ffi::OsStr>>(arguments: &[S]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_causeline"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("NO_COLOR", "1")
        .output()
        .expect("the command starts")
}

/// Runs `causeline` and returns its standard output; panics with its standard error unless it ends with 0.
pub fn succeed<S: AsRef<std::ffi::OsStr>>(arguments: &[S]) -> Vec<u8> {
    let output = causeline(arguments);
    assert!(output.status.success(), "status {:?}\n{}", output.status.code(), String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The path of the committed sample case.
pub fn founding() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs/founding-2022")
}

/// Analyzes a folder of logs and returns its report.
pub fn report(logs: &Path) -> serde_json::Value {
    let out = tempfile::tempdir().expect("a temporary folder");
    let arguments = ["analyze".as_ref(), logs.as_os_str(), "-o".as_ref(), out.path().as_os_str(), "-q".as_ref()];
    let more = ["--format".as_ref(), "json".as_ref()];
    succeed(&[&arguments[..], &more[..]].concat());
    let text = std::fs::read_to_string(out.path().join("report.json")).expect("a report");
    serde_json::from_str(&text).expect("a report is JSON")
}
