//! Windows events as `EvtxECmd` writes them, to CSV or JSON.
//!
//! The columns `PayloadData1` to `PayloadData6` are a choice in the tool's own words; `Payload` holds all data
//! as JSON: `{"EventData":{"Data":[{"@Name":"a","#text":"b"}]}}`, so that is read. Values without
//! names are one text there, joined by commas; which commas are its own is not to be seen. Times are
//! UTC, with or without saying so. The activity is not kept. Source: the column order in the source code
//! of EvtxECmd.

use serde_json::Value;

use super::super::shape::{self, count, filled, integer, level, name, narrow, object, scalar, sid, time};
use super::{Context, Export, Exported, Loss, Reader, Sample};
use crate::model::{Name, Timestamp};
use crate::normalize::file::FileFacts;
use crate::read::{Container, Datum, Record, WindowsRecord};

/// See the file.
pub(crate) struct EvtxECmd;

fn is_event(value: &Value) -> bool {
    let has = |key: &str| value.get(key).is_some();
    has("EventId") && has("TimeCreated") && has("Provider") && (has("Payload") || has("MapDescription"))
}

impl Export for EvtxECmd {
    fn name(&self) -> &'static str {
        "evtxecmd"
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Json, Container::Table]
    }

    fn recognize(&self, records: &[Record<'_>]) -> usize {
        count(records, is_event)
    }

    fn loses(&self) -> &'static [Loss] {
        &[Loss::Activity]
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Box<dyn Reader> {
        Box::new(|record: &Record<'_>, _: &mut Context<'_>| match object(record) {
            Some(value) if is_event(&value) => read(&value),
            _ => Exported::Foreign,
        })
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                container: Container::Json,
                path: "evtxecmd/out.json",
                text: r##"{"PayloadData1":"Target: CORP\\user001","UserName":"-","MapDescription":"Failed logon","ChunkNumber":1,"Computer":"RDS01.corp.example","Payload":"{\"EventData\":{\"Data\":[{\"@Name\":\"TargetUserName\",\"#text\":\"user001\"},{\"@Name\":\"Status\",\"#text\":\"0xC000006D\"},{\"@Name\":\"IpPort\"}]}}","UserId":"S-1-5-18","Channel":"Security","Provider":"Microsoft-Windows-Security-Auditing","EventId":4625,"EventRecordId":"77","ProcessId":4,"ThreadId":8,"Level":"LogAlways","Keywords":"Audit failure","SourceFile":"Security.evtx","ExtraDataOffset":0,"HiddenRecord":false,"TimeCreated":"2022-08-22T06:01:02.1234567+00:00","RecordNumber":77}
{"MapDescription":"","Computer":"RDS01","Payload":"{\"UserData\":{\"EventXML\":{\"@xmlns\":\"Event_NS\",\"User\":\"CORP\\\\user001\",\"SessionID\":\"5\"}}}","Channel":"Microsoft-Windows-TerminalServices-LocalSessionManager/Operational","Provider":"Microsoft-Windows-TerminalServices-LocalSessionManager","EventId":23,"EventRecordId":"5","Level":"Info","TimeCreated":"2022-08-22T06:01:03.0000000+00:00"}"##,
                expected: &[
                    "Microsoft-Windows-Security-Auditing 4625 2022-08-22T06:01:02.1234567Z Security #77 RDS01.corp.example 0 S-1-5-18 | TargetUserName=user001 Status=0xC000006D IpPort=- | -",
                    "Microsoft-Windows-TerminalServices-LocalSessionManager 23 2022-08-22T06:01:03Z Microsoft-Windows-TerminalServices-LocalSessionManager/Operational #5 RDS01 4 - | User=CORP\\user001 SessionID=5 | -",
                ],
            },
            Sample {
                container: Container::Table,
                path: "evtxecmd/out.csv",
                text: "RecordNumber,EventRecordId,TimeCreated,EventId,Level,Provider,Channel,Computer,MapDescription,Payload\n\
                       1,12,2022-08-22 06:01:02.1234567,1033,Info,MsiInstaller,Application,RDS01,,\"{\"\"EventData\"\":{\"\"Data\"\":\"\"Reader, 22.1\"\",\"\"Binary\"\":\"\"\"\"}}\"\n\
                       2,13,soon,1033,Info,MsiInstaller,Application,RDS01,Installed,\n",
                expected: &[
                    "MsiInstaller 1033 2022-08-22T06:01:02.1234567Z Application #12 RDS01 4 - | =Reader =22.1 Binary= | -",
                    "damaged time-unreadable",
                ],
            },
        ]
    }
}

fn read(value: &Value) -> Exported {
    let Some(event_id) = shape::event_id(value.get("EventId")) else { return Exported::Foreign };
    let mut record = WindowsRecord {
        provider: name(value.get("Provider")),
        event_id,
        level: level(value.get("Level")),
        time: filled(value.get("TimeCreated")).and_then(instant),
        record_id: integer(value.get("EventRecordId")),
        process_id: narrow(value.get("ProcessId")),
        thread_id: narrow(value.get("ThreadId")),
        channel: name(value.get("Channel")),
        computer: name(value.get("Computer")),
        user_sid: sid(value.get("UserId")),
        ..WindowsRecord::default()
    };
    let payload = filled(value.get("Payload")).and_then(|text| serde_json::from_str::<Value>(text).ok());
    if let Some(payload) = payload {
        for part in ["EventData", "UserData"] {
            if let Some(part) = payload.get(part) {
                data(None, part, 0, &mut record.data);
            }
        }
    }
    Exported::stated(record)
}

fn instant(text: &str) -> Option<Timestamp> {
    time(text).or_else(|| time(&format!("{text} UTC")))
}

/// Adds the leaves of the tool's JSON, in which attributes have an `@` before their name.
fn data(own: Option<&str>, value: &Value, depth: usize, found: &mut Vec<Datum>) {
    const DEEPEST: usize = 8;
    match value {
        _ if depth > DEEPEST => {}
        Value::Array(values) => values.iter().for_each(|value| data(own, value, depth + 1, found)),
        Value::Object(map) => match map.get("@Name").and_then(scalar) {
            Some(name) => {
                let value = map.get("#text").and_then(scalar).map(Name::from);
                found.push(Datum { name: Some(name.into()), value });
            }
            None => {
                for (key, value) in map.iter().filter(|(key, _)| !key.starts_with('@')) {
                    let own = (!matches!(key.as_str(), "Data" | "#text")).then_some(key.as_str());
                    data(own, value, depth + 1, found);
                }
            }
        },
        Value::String(joined) if own.is_none() => {
            found.extend(joined.split(", ").map(|value| Datum { name: None, value: Some(value.into()) }));
        }
        _ => found.push(Datum { name: own.map(Name::from), value: name(Some(value)) }),
    }
}
