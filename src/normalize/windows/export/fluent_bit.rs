//! Windows events as Fluent Bit's inputs `winlog` and `winevtlog` emit them.
//!
//! `winevtlog` has the names of the System part (`ProviderName`, `EventRecordID`, `TimeCreated`), the older
//! `winlog` those of the classic interface (`SourceName`, `RecordNumber`, `TimeGenerated`). The data are a
//! list without names, `StringInserts`, or a map `EventData` if so configured; with
//! `render_event_as_xml` the whole event is XML under `System`. Times have seconds and an offset. The
//! account is a name instead of an identifier. Source: the documentation of Fluent Bit, "Windows Event
//! logs (winevtlog)".

use serde_json::Value;

use super::super::field_order;
use super::super::shape::{self, count, filled, guid, integer, keywords, leaves, level_by_word, name, narrow, sid};
use super::{Context, Export, Exported, Loss, Reader, Sample};
use crate::model::Name;
use crate::model::time::TICKS_PER_SECOND;
use crate::normalize::clock::DateOrder;
use crate::normalize::file::FileFacts;
use crate::read::{Container, Record, WindowsRecord};

/// See the file.
pub(crate) struct FluentBit;

fn is_event(value: &Value) -> bool {
    let has = |keys: &[&str]| keys.iter().all(|key| value.get(key).is_some());
    has(&["ProviderName", "EventID", "EventRecordID", "TimeCreated"])
        || has(&["SourceName", "EventID", "RecordNumber", "TimeGenerated"])
        || filled(value.get("System")).is_some_and(|xml| xml.starts_with('<') && xml.contains("Event"))
}

impl Export for FluentBit {
    fn name(&self) -> &'static str {
        "fluent-bit"
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Json]
    }

    fn recognize(&self, records: &[Record<'_>]) -> usize {
        count(records, is_event)
    }

    fn loses(&self) -> &'static [Loss] {
        &[Loss::DataNames, Loss::User]
    }

    fn step_ticks(&self) -> i64 {
        TICKS_PER_SECOND
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Box<dyn Reader> {
        Box::new(|record: &Record<'_>, context: &mut Context<'_>| match shape::object(record) {
            Some(value) if is_event(&value) => read(&value, context),
            _ => Exported::Foreign,
        })
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Json,
            path: "fluent-bit/events.json",
            text: r#"{"date":1661148062.0,"ProviderName":"Microsoft-Windows-TerminalServices-LocalSessionManager","ProviderGuid":"{5D896912-022D-40AA-A3A8-4FA5515C76D7}","Qualifiers":"","EventID":21,"Version":0,"Level":4,"Task":0,"Opcode":0,"Keywords":"0x1000000000000000","TimeCreated":"2022-08-22 08:01:02 +0200","EventRecordID":99,"ActivityID":"{F4200000-0000-0000-0000-00000000ABCD}","RelatedActivityID":"","ProcessID":5,"ThreadID":6,"Channel":"Microsoft-Windows-TerminalServices-LocalSessionManager/Operational","Computer":"RDS01.corp.example","UserID":"NT AUTHORITY\\SYSTEM","Message":"Remote Desktop Services: Session logon succeeded:","StringInserts":["CORP\\user001",5,"10.1.2.3"]}
{"ProviderName":"Microsoft-Windows-Winlogon","EventID":7001,"Level":4,"TimeCreated":"2022-08-22 08:01:02 +0200","EventRecordID":7,"Channel":"System","Computer":"RDS01","EventData":{"TSId":"3","UserSid":"S-1-5-21-1-2-3-1001"}}
{"RecordNumber":8,"TimeGenerated":"2022-08-22 08:01:02 +0200","TimeWritten":"2022-08-22 08:01:02 +0200","EventID":1033,"Qualifiers":0,"EventType":"Information","EventCategory":0,"Channel":"Application","Sid":"S-1-5-18","SourceName":"MsiInstaller","ComputerName":"RDS01","Data":"","Message":"","StringInserts":["Reader","22.1"]}
{"System":"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='EventLog'/><EventID>6005</EventID><TimeCreated SystemTime='2022-08-22T06:01:02.5Z'/><EventRecordID>9</EventRecordID><Channel>System</Channel><Computer>RDS01</Computer></System></Event>","Message":"The Event log service was started."}
{"System":"<Event><System>","Message":""}"#,
            expected: &[
                "Microsoft-Windows-TerminalServices-LocalSessionManager 21 2022-08-22T06:01:02Z Microsoft-Windows-TerminalServices-LocalSessionManager/Operational #99 RDS01.corp.example 4 - | User=CORP\\user001 SessionID=5 Address=10.1.2.3 | Remote Desktop Services: Session logon succeeded:",
                "Microsoft-Windows-Winlogon 7001 2022-08-22T06:01:02Z System #7 RDS01 4 - | TSId=3 UserSid=S-1-5-21-1-2-3-1001 | -",
                "MsiInstaller 1033 2022-08-22T06:01:02Z Application #8 RDS01 4 S-1-5-18 | =Reader =22.1 | ",
                "EventLog 6005 2022-08-22T06:01:02.5Z System #9 RDS01 - - | | The Event log service was started.",
                "damaged record-malformed",
            ],
        }]
    }
}

fn read(value: &Value, context: &mut Context<'_>) -> Exported {
    if let Some(xml) = filled(value.get("System")) {
        return super::from_xml(xml, name(value.get("Message")));
    }
    let Some(event_id) = shape::event_id(value.get("EventID")) else { return Exported::Foreign };
    let either = |new: &str, old: &str| value.get(new).or_else(|| value.get(old));
    let mut record = WindowsRecord {
        provider: name(either("ProviderName", "SourceName")),
        event_id,
        qualifiers: narrow(value.get("Qualifiers")),
        version: narrow(value.get("Version")),
        level: narrow(value.get("Level")).or_else(|| level_by_word(filled(value.get("EventType"))?)),
        task: narrow(either("Task", "EventCategory")),
        opcode: narrow(value.get("Opcode")),
        keywords: keywords(value.get("Keywords")),
        record_id: integer(either("EventRecordID", "RecordNumber")),
        activity_id: filled(value.get("ActivityID")).and_then(guid).map(Name::from),
        process_id: narrow(value.get("ProcessID")),
        thread_id: narrow(value.get("ThreadID")),
        channel: name(value.get("Channel")),
        computer: name(either("Computer", "ComputerName")),
        user_sid: sid(either("UserID", "Sid")),
        message: name(value.get("Message")),
        ..WindowsRecord::default()
    };
    match (value.get("EventData"), value.get("StringInserts").and_then(Value::as_array)) {
        (Some(map @ Value::Object(_)), _) => leaves(None, map, 0, &mut record.data),
        (_, Some(values)) => field_order::fill(&mut record, values),
        _ => {}
    }
    let time = filled(either("TimeCreated", "TimeGenerated"));
    Exported::timed(record, time.and_then(|text| context.instant(text, DateOrder::MonthFirst)))
}
