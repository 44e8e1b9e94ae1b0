//! The opposite cases: each simulated into a folder, read as a stranger's logs, and judged.

use std::path::Path;

use causeline::simulate;
use serde_json::Value;

use crate::command::report;

fn judged(case: &str, seed: u64) -> Value {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let logs = folder.path().join(case);
    simulate::write(case, Path::new(&logs), seed).expect("the case is written");
    report(&logs)
}

fn cause(report: &Value) -> &Value {
    &report["incidents"][0]["root_cause"]
}

fn component<'a>(report: &'a Value, id: &Value) -> &'a str {
    let changes = report["changes"].as_array().expect("changes");
    changes.iter().find(|change| change["id"] == *id).and_then(|change| change["component"].as_str()).unwrap_or("")
}

/// No change may be called the root cause.
fn nobody_is_blamed(report: &Value) {
    for change in report["changes"].as_array().expect("changes") {
        for verdict in change["verdicts"].as_array().expect("verdicts") {
            assert_ne!(verdict["verdict"], "root-cause", "{change}");
        }
    }
}
