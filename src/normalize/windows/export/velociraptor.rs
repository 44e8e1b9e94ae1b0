//! Windows events as Velociraptor's `parse_evtx` returns them: JSON lines with a numeric time.
//!
//! `{"System":{...},"EventData":{...},"Message":...}`. Attributes stand as fields (`EventID.Value`,
//! `Provider.Name`, `TimeCreated.SystemTime`), and the time is seconds since 1970 with a fraction, which
//! as a float keeps about a quarter of a microsecond. Source: Velociraptor's documentation of `parse_evtx`.

use serde_json::Value;

use super::super::shape::{self, count, filled, guid, integer, keywords, leaves, name, narrow, sid, time};
use super::{Context, Export, Exported, Loss, Reader, Sample};
use crate::model::time::TICKS_PER_SECOND;
use crate::model::{Name, Timestamp};
use crate::normalize::file::FileFacts;
use crate::read::{Container, Record, WindowsRecord};

/// See the file.
pub(crate) struct Velociraptor;

/// The stamps are read to the microsecond: what lies below is rounding.
const MICROSECOND: i64 = TICKS_PER_SECOND / 1_000_000;

fn is_event(value: &Value) -> bool {
    let system = value.get("System");
    let at = |child: &str, field: &str| system.and_then(|system| system.get(child)?.get(field)).is_some();
    at("EventID", "Value") && at("Provider", "Name")
}

impl Export for Velociraptor {
    fn name(&self) -> &'static str {
        "velociraptor"
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Json]
    }

    fn recognize(&self, records: &[Record<'_>]) -> usize {
        count(records, is_event)
    }

    fn loses(&self) -> &'static [Loss] {
        &[]
    }

    fn step_ticks(&self) -> i64 {
        MICROSECOND
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Box<dyn Reader> {
        Box::new(|record: &Record<'_>, _: &mut Context<'_>| match shape::object(record) {
            Some(value) if is_event(&value) => read(&value),
            _ => Exported::Foreign,
        })
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Json,
            path: "velociraptor/events.json",
            text: r#"{"System":{"Provider":{"Name":"Microsoft-Windows-TerminalServices-LocalSessionManager","Guid":"5D896912-022D-40AA-A3A8-4FA5515C76D7"},"EventID":{"Value":21},"Version":0,"Level":4,"Task":0,"Opcode":0,"Keywords":1152921504606846976,"TimeCreated":{"SystemTime":1661148062.1234567},"EventRecordID":9,"Correlation":{"ActivityID":"F4200000-0000-0000-0000-00000000ABCD"},"Execution":{"ProcessID":5,"ThreadID":6},"Channel":"Microsoft-Windows-TerminalServices-LocalSessionManager/Operational","Computer":"RDS01.corp.example","Security":{"UserID":"S-1-5-18"}},"UserData":{"EventXML":{"xmlns":"Event_NS","User":"CORP\\user001","SessionID":5,"Address":"10.1.2.3"}},"Message":"Remote Desktop Services: Session logon succeeded:"}
{"System":{"Provider":{"Name":"MsiInstaller"},"EventID":{"Qualifiers":0,"Value":1033},"Level":4,"TimeCreated":{"SystemTime":1661148062},"EventRecordID":10,"Channel":"Application","Computer":"RDS01","Security":{}},"EventData":{"Data":["Reader","22.1"],"Binary":""}}
{"System":{"Provider":{"Name":"P"},"EventID":{"Value":1},"TimeCreated":{"SystemTime":1e300}}}"#,
            expected: &[
                "Microsoft-Windows-TerminalServices-LocalSessionManager 21 2022-08-22T06:01:02.123457Z Microsoft-Windows-TerminalServices-LocalSessionManager/Operational #9 RDS01.corp.example 4 S-1-5-18 | User=CORP\\user001 SessionID=5 Address=10.1.2.3 | Remote Desktop Services: Session logon succeeded:",
                "MsiInstaller 1033 2022-08-22T06:01:02Z Application #10 RDS01 4 - | =Reader =22.1 Binary= | -",
                "damaged time-unreadable",
            ],
        }]
    }
}

fn read(value: &Value) -> Exported {
    let Some(system) = value.get("System") else { return Exported::Foreign };
    let at = |child: &str, field: &str| system.get(child).and_then(|child| child.get(field));
    let Some(event_id) = shape::event_id(at("EventID", "Value")) else { return Exported::Foreign };
    let mut record = WindowsRecord {
        provider: name(at("Provider", "Name")),
        event_id,
        qualifiers: narrow(at("EventID", "Qualifiers")),
        version: narrow(system.get("Version")),
        level: narrow(system.get("Level")),
        task: narrow(system.get("Task")),
        opcode: narrow(system.get("Opcode")),
        keywords: keywords(system.get("Keywords")),
        time: at("TimeCreated", "SystemTime").and_then(instant),
        record_id: integer(system.get("EventRecordID")),
        activity_id: filled(at("Correlation", "ActivityID")).and_then(guid).map(Name::from),
        process_id: narrow(at("Execution", "ProcessID")),
        thread_id: narrow(at("Execution", "ThreadID")),
        channel: name(system.get("Channel")),
        computer: name(system.get("Computer")),
        user_sid: sid(at("Security", "UserID")),
        data: Vec::new(),
        message: name(value.get("Message")),
        is_recovered: false,
    };
    for part in ["EventData", "UserData"] {
        if let Some(part) = value.get(part) {
            leaves(None, part, 0, &mut record.data);
        }
    }
    Exported::stated(record)
}

/// Seconds since 1970 as a number, or a text where a later tool has made one of it.
fn instant(value: &Value) -> Option<Timestamp> {
    let Some(seconds) = value.as_f64() else { return time(value.as_str()?) };
    let micros = (seconds * 1e6).round();
    // Years 1601 to about 9999: beyond, a float is no time.
    (-1.2e16..2.6e17).contains(&micros).then(|| Timestamp(micros as i64 * MICROSECOND))
}
