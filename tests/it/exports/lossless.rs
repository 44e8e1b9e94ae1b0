//! The shapes that keep System and data: the report is that of the EVTX.

use super::case::{assert_same, case};
use super::writers;
use causeline::read::WindowsRecord;

fn check(name: &str, ending: &str, write: &dyn Fn(&[WindowsRecord]) -> String) {
    let found = case().report_as(ending, write);
    assert_same(name, &case().report, &found);
}

#[test]
fn evtx_dump_gives_the_same_report() {
    check("evtx_dump", "json", &|records| writers::lines(records, writers::evtx_dump));
}

#[test]
fn event_xml_gives_the_same_report() {
    check("xml", "xml", &|records| records.iter().map(|record| writers::xml(record) + "\n").collect());
}

#[test]
fn winlogbeat_gives_the_same_report() {
    check("winlogbeat", "ndjson", &|records| writers::lines(records, writers::winlogbeat));
}

#[test]
fn nxlog_gives_the_same_report_with_a_syslog_header_and_without() {
    check("nxlog", "json", &|records| writers::lines(records, writers::nxlog));
    check("nxlog behind syslog", "log", &|records| {
        let header = "<14>Aug 22 08:01:02 collector nxWinEvt[892]: ";
        records.iter().map(|record| format!("{header}{}\n", writers::nxlog(record))).collect()
    });
}

#[test]
fn velociraptor_gives_the_same_report() {
    check("velociraptor", "json", &|records| writers::lines(records, writers::velociraptor));
}

#[test]
fn splunk_gives_the_same_report() {
    check("splunk", "json", &|records| writers::lines(records, writers::splunk));
}
