//! Windows events as NXLog's `im_msvistalog` writes them to JSON: one flat object, sometimes behind a
//! syslog header.
//!
//! The fields of the System part and the data of the event stand side by side. Older versions call some
//! of them otherwise (`Task` for `TaskValue`, `ProcessID` for `ExecutionProcessID`) and write `EventTime`
//! as local time without zone; newer ones write an offset. Keywords are signed or not, and a number or
//! a text. Source: the documentation of NXLog, "Windows Event Log (im_msvistalog)"; how user data are
//! called is unverified, so that their dotted names are cut to the last part.

use std::borrow::Cow;

use serde_json::Value;

use super::super::shape::{self, filled, guid, integer, keywords, leaves, level_by_word, name, narrow, sid};
use super::{Context, Export, Exported, Loss, Reader, Sample};
use crate::model::Name;
use crate::model::time::TICKS_PER_SECOND;
use crate::normalize::clock::DateOrder;
use crate::normalize::file::FileFacts;
use crate::read::{Body, Container, Record, WindowsRecord};

/// See the file.
pub(crate) struct Nxlog;

/// What does not belong to the data of an event. `AccountName` is a datum of some events as well.
const SYSTEM: &[&str] = &[
    "ActivityID",
    "AccountType",
    "Category",
    "Channel",
    "Domain",
    "EventID",
    "EventReceivedTime",
    "EventTime",
    "EventType",
    "ExecutionProcessID",
    "ExecutionThreadID",
    "Hostname",
    "Keywords",
    "Message",
    "Opcode",
    "OpcodeValue",
    "ProcessID",
    "ProviderGuid",
    "RecordNumber",
    "RelatedActivityID",
    "Severity",
    "SeverityValue",
    "SourceModuleName",
    "SourceModuleType",
    "SourceName",
    "Task",
    "TaskValue",
    "ThreadID",
    "UserID",
    "Version",
];

fn is_event(value: &Value) -> bool {
    let has = |key: &str| value.get(key).is_some();
    has("EventTime")
        && has("EventID")
        && has("SourceName")
        && ["SourceModuleType", "RecordNumber", "EventReceivedTime"].into_iter().any(has)
}

/// The object of a record: as it stands, or behind the header of its line.
fn object<'r>(record: &'r Record<'_>) -> Option<Cow<'r, Value>> {
    match &record.body {
        Body::Json(object) => Some(Cow::Borrowed(object.tree())),
        Body::Text(text) => {
            let object = &text[text.find('{')?..];
            object.contains("\"EventTime\"").then_some(())?;
            serde_json::from_str(object.trim_end()).ok().map(Cow::Owned)
        }
        _ => None,
    }
}

impl Export for Nxlog {
    fn name(&self) -> &'static str {
        "nxlog"
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Json, Container::Lines]
    }

    fn recognize(&self, records: &[Record<'_>]) -> usize {
        records.iter().filter(|record| object(record).is_some_and(|value| is_event(&value))).count()
    }

    fn loses(&self) -> &'static [Loss] {
        &[Loss::Zone]
    }

    fn step_ticks(&self) -> i64 {
        TICKS_PER_SECOND
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Box<dyn Reader> {
        Box::new(|record: &Record<'_>, context: &mut Context<'_>| match object(record) {
            Some(value) if is_event(&value) => read(&value, context),
            _ => Exported::Foreign,
        })
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                container: Container::Json,
                path: "nxlog/RDS01.json",
                text: r#"{"EventTime":"2022-08-22 08:01:02","Hostname":"RDS01.corp.example","Keywords":-9214364837600034816,"EventType":"AUDIT_FAILURE","SeverityValue":4,"Severity":"ERROR","EventID":4625,"SourceName":"Microsoft-Windows-Security-Auditing","Version":0,"Task":12544,"OpcodeValue":0,"RecordNumber":77,"ProcessID":892,"ThreadID":908,"Channel":"Security","Message":"An account failed to log on.","Category":"Logon","Opcode":"Info","TargetUserName":"user001","Status":"0xc000006d","EventReceivedTime":"2022-08-22 08:01:03","SourceModuleName":"eventlog","SourceModuleType":"im_msvistalog"}
{"EventTime":"2022-08-22T08:01:02.169332+02:00","Hostname":"RDS01.corp.example","Keywords":"9232379236109516800","EventType":"INFO","SeverityValue":2,"Severity":"INFO","EventID":"1149","SourceName":"Microsoft-Windows-TerminalServices-RemoteConnectionManager","TaskValue":0,"RecordNumber":"78","ExecutionProcessID":596,"ActivityID":"f4200000-0000-0000-0000-00000000abcd","Channel":"Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational","UserID":"S-1-5-20","EventXML.Param1":"user001","EventXML.Param2":"CORP","EventXML.Param3":"10.1.2.3","SourceModuleType":"im_msvistalog"}
{"EventTime":"later","EventID":1,"SourceName":"P","RecordNumber":1}"#,
                expected: &[
                    "Microsoft-Windows-Security-Auditing 4625 2022-08-22T08:01:02Z? Security #77 RDS01.corp.example 0 - | TargetUserName=user001 Status=0xc000006d | An account failed to log on.",
                    "Microsoft-Windows-TerminalServices-RemoteConnectionManager 1149 2022-08-22T06:01:02.169332Z Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational #78 RDS01.corp.example 4 S-1-5-20 | Param1=user001 Param2=CORP Param3=10.1.2.3 | -",
                    "damaged time-unreadable",
                ],
            },
            Sample {
                container: Container::Lines,
                path: "syslog/nxlog.log",
                text: r#"<14>Aug 22 08:01:02 RDS01.corp.example nxWinEvt[892]: {"EventTime":"2022-08-22 08:01:02","Hostname":"RDS01.corp.example","Keywords":-9223372036854775808,"EventType":"INFO","EventID":7001,"SourceName":"Microsoft-Windows-Winlogon","RecordNumber":5,"Channel":"System","TSId":"3","UserSid":"S-1-5-21-1-2-3-1001","EventReceivedTime":"2022-08-22 08:01:03","SourceModuleType":"im_msvistalog"}
<14>Aug 22 08:01:04 RDS01.corp.example nxWinEvt[892]: service started"#,
                expected: &[
                    "Microsoft-Windows-Winlogon 7001 2022-08-22T08:01:02Z? System #5 RDS01.corp.example 4 - | TSId=3 UserSid=S-1-5-21-1-2-3-1001 | -",
                    "foreign",
                ],
            },
        ]
    }
}

fn read(value: &Value, context: &mut Context<'_>) -> Exported {
    let Some(event_id) = shape::event_id(value.get("EventID")) else { return Exported::Foreign };
    let either = |new: &str, old: &str| value.get(new).or_else(|| value.get(old));
    let level = filled(value.get("EventType")).and_then(level_by_word);
    let mut record = WindowsRecord {
        provider: name(value.get("SourceName")),
        event_id,
        version: narrow(value.get("Version")),
        level: level.or_else(|| level_by_word(filled(value.get("Severity"))?)),
        task: narrow(either("TaskValue", "Task")),
        opcode: narrow(value.get("OpcodeValue")),
        keywords: keywords(value.get("Keywords")),
        record_id: integer(value.get("RecordNumber")),
        activity_id: filled(value.get("ActivityID")).and_then(guid).map(Name::from),
        process_id: narrow(either("ExecutionProcessID", "ProcessID")),
        thread_id: narrow(either("ExecutionThreadID", "ThreadID")),
        channel: name(value.get("Channel")),
        computer: name(value.get("Hostname")),
        user_sid: sid(value.get("UserID")),
        message: name(value.get("Message")),
        ..WindowsRecord::default()
    };
    for (key, value) in value.as_object().into_iter().flatten().filter(|(key, _)| !SYSTEM.contains(&key.as_str())) {
        let own = key.rsplit('.').next().unwrap_or(key);
        leaves((own != "Data").then_some(own), value, 0, &mut record.data);
    }
    let time = filled(value.get("EventTime")).and_then(|text| context.instant(text, DateOrder::MonthFirst));
    Exported::timed(record, time)
}
