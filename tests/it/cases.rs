//! The opposite cases: each simulated into a folder, read as a stranger's logs, and judged.

use causeline::simulate::{self, Truth};
use serde_json::Value;

use crate::command::report;

/// Any seed will do: what is asked holds for all of them.
const SEED: u64 = 7;

/// What the program says of a simulated case, and what is true of it.
fn judged(case: &str) -> (Value, Truth) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let logs = folder.path().join(case);
    let truth = simulate::write(case, &logs, SEED).expect("the case is written");
    (report(&logs), truth)
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

#[test]
fn the_guilty_deploy_is_named_and_its_rollback_is_the_remedy() {
    let (report, truth) = judged("guilty-deploy");
    let cause = cause(&report);
    assert_eq!(cause["kind"], "change", "{cause}");
    let guilty = truth.change.expect("a guilty change");
    assert_eq!(component(&report, &cause["change_id"]), guilty.component);
    assert!(report["incidents"][0]["remedy"]["change_id"].is_string());
}

#[test]
fn overload_is_capacity_and_no_change_is_blamed() {
    let (report, _) = judged("overload");
    assert_eq!(cause(&report)["kind"], "capacity", "{}", cause(&report));
    nobody_is_blamed(&report);
}

#[test]
fn one_bad_host_is_that_host() {
    let (report, truth) = judged("bad-host");
    assert_eq!(cause(&report)["kind"], "host", "{}", cause(&report));
    let host = truth.host.expect("a bad host");
    assert_eq!(cause(&report)["host.name"], host);
    nobody_is_blamed(&report);
}

#[test]
fn a_dependency_down_for_all_is_a_dependency() {
    let (report, _) = judged("dependency-down");
    assert_eq!(cause(&report)["kind"], "dependency", "{}", cause(&report));
    nobody_is_blamed(&report);
}

#[test]
fn one_user_s_wrong_password_is_that_user_s() {
    let (report, truth) = judged("wrong-password");
    assert_eq!(cause(&report)["kind"], "credentials", "{}", cause(&report));
    let user = truth.user.expect("an account");
    assert_eq!(cause(&report)["user.name"], user);
    nobody_is_blamed(&report);
}

#[test]
fn a_quiet_month_has_no_incident() {
    let (report, _) = judged("quiet-month");
    assert_eq!(report["incidents"].as_array().map(Vec::len), Some(0));
    nobody_is_blamed(&report);
}
