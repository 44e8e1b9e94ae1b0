//! Every format that other tools take is read back by such a tool: pandas, DuckDB, Timesketch's importer, readers of JUnit
//! and SARIF.

use std::process::Command;

use causeline::simulate;

use crate::command::succeed;

/// The packages of `tests/it/readers.py`, as Python names them.
const PACKAGES: &str = "import duckdb, junitparser, pandas, sarif, timesketch_import_client";

#[test]
fn other_tools_read_what_is_written() {
    if !Command::new("python3").args(["-c", PACKAGES]).output().is_ok_and(|output| output.status.success()) {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "python3 cannot {PACKAGES}");
        eprintln!("skipped: python3 cannot {PACKAGES}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (logs, out) = (folder.path().join("logs"), folder.path().join("report"));
    simulate::write("guilty-deploy", &logs, 7).unwrap();
    // Cells that a spreadsheet would run, or round.
    let hostile = "time,component,version,hosts\n\
        2022-09-12T07:00:00Z,\"=cmd|' /C calc'!A0\",12345678901234567890,all\n2022-09-13T07:00:00Z,@SUM(1),007,all\n";
    std::fs::write(logs.join("more-changes.csv"), hostile).unwrap();
    let formats = "json,timesketch,grafana,junit,sarif,csv,parquet,excel";
    succeed(&["analyze", logs.to_str().unwrap(), "-o", out.to_str().unwrap(), "--format", formats, "-q"]);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/readers.py");
    let output = Command::new("python3").args(["-W", "ignore", script]).arg(&out).output().unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", said(&output.stdout), said(&output.stderr));
}
