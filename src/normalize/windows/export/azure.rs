//! Windows events out of Azure Monitor: the tables `Event` and `SecurityEvent`, as JSON or as the portal's CSV.
//!
//! `Event` has the data as XML without names (`ParameterXml`) or with (`EventData`), and the rendered
//! text. `SecurityEvent` has a column a datum, most of them empty, and counts as the Security log's
//! provider. `TimeGenerated` is the time of the event; the portal's CSV calls it `TimeGenerated [UTC]`, or
//! `[Local Time]` and then without zone. The number of the record is not kept. The portal ends an
//! export after 30,000 rows. Source: the vendor's reference of the two tables.

use serde_json::Value;

use super::super::field_order;
use super::super::shape::{self, count, filled, guid, level_by_word, name, object, scalar};
use super::{Context, Export, Exported, Loss, MILLISECOND, Reader, Sample, date_order};
use crate::diagnostic::Code;
use crate::model::{Name, Timestamp, Trust};
use crate::normalize::clock::DateOrder;
use crate::normalize::file::FileFacts;
use crate::read::{Container, Datum, Record, WindowsRecord, event_xml};

/// See the file.
pub(crate) struct Azure;

/// So many rows an export of the portal holds at most.
const N_ROWS_MAX: u64 = 30_000;

/// The names of the time, with whether it is UTC even without saying so.
const TIMES: &[(&str, bool)] =
    &[("TimeGenerated [UTC]", true), ("TimeGenerated", true), ("TimeGenerated [Local Time]", false)];

/// Columns of `SecurityEvent` that are no data of the event.
const SYSTEM: &[&str] = &[
    "Activity",
    "Channel",
    "Computer",
    "EventData",
    "EventID",
    "EventSourceName",
    "EventOriginId",
    "Level",
    "ManagementGroupName",
    "MG",
    "PartitionKey",
    "RowKey",
    "SourceComputerId",
    "SourceSystem",
    "StorageAccount",
    "Task",
    "TenantId",
    "TimeCollected",
    "Type",
    "_ResourceId",
    "TimeGenerated",
    "TimeGenerated [UTC]",
    "TimeGenerated [Local Time]",
    "TableName",
    "AzureDeploymentID",
    "Role",
    "EventRecordId",
];

fn time_of(value: &Value) -> Option<(&str, bool)> {
    TIMES.iter().find_map(|(key, is_utc)| filled(value.get(key)).map(|text| (text, *is_utc)))
}

fn is_event(value: &Value) -> bool {
    let has = |key: &str| value.get(key).is_some();
    let has_time = TIMES.iter().any(|(key, _)| has(key));
    has_time && has("EventID") && ((has("Source") && has("EventLog")) || (has("EventSourceName") && has("Channel")))
}

impl Export for Azure {
    fn name(&self) -> &'static str {
        "azure-monitor"
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Json, Container::Table]
    }

    fn recognize(&self, records: &[Record<'_>]) -> usize {
        count(records, is_event)
    }

    fn loses(&self) -> &'static [Loss] {
        &[Loss::RecordId, Loss::DataNames, Loss::Activity, Loss::User]
    }

    fn step_ticks(&self) -> i64 {
        MILLISECOND
    }

    fn open(&self, _file: &FileFacts, first: &[Record<'_>]) -> Box<dyn Reader> {
        let objects: Vec<_> = first.iter().filter_map(object).collect();
        let stamps: Vec<&str> = objects.iter().filter_map(|value| time_of(value)).map(|(text, _)| text).collect();
        Box::new(Rows { order: date_order(&stamps), n_rows: 0 })
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                container: Container::Json,
                path: "azure/query.json",
                text: r#"[{"TimeGenerated":"2022-08-22T06:01:02.123Z","Source":"Microsoft-Windows-Winlogon","EventLog":"System","Computer":"RDS01.corp.example","EventLevelName":"Information","ParameterXml":"<Param>3</Param><Param>S-1-5-21-1-2-3-1001</Param>","EventID":7001,"RenderedDescription":"User Logon Notification","UserName":"NT AUTHORITY\\SYSTEM","Type":"Event"},{"TimeGenerated":"2022-08-22T06:01:03Z","Source":"Microsoft-Windows-TerminalServices-LocalSessionManager","EventLog":"Microsoft-Windows-TerminalServices-LocalSessionManager/Operational","Computer":"RDS01","EventLevelName":"Information","EventData":"<DataItem type=\"System.XmlData\"><UserData xmlns=\"x\"><EventXML xmlns=\"Event_NS\"><User>CORP\\user001</User><SessionID>5</SessionID></EventXML></UserData></DataItem>","EventID":23},{"TimeGenerated":"2022-08-22T06:01:04.5Z","EventSourceName":"Microsoft-Windows-Security-Auditing","Channel":"Security","Computer":"RDS01","EventID":4625,"Level":"16","Account":"CORP\\user001","TargetUserName":"user001","LogonType":3,"Status":"0xc000006d","SubStatus":"","Type":"SecurityEvent"}]"#,
                expected: &[
                    "Microsoft-Windows-Winlogon 7001 2022-08-22T06:01:02.123Z System #- RDS01.corp.example 4 - | TSId=3 UserSid=S-1-5-21-1-2-3-1001 | User Logon Notification",
                    "Microsoft-Windows-TerminalServices-LocalSessionManager 23 2022-08-22T06:01:03Z Microsoft-Windows-TerminalServices-LocalSessionManager/Operational #- RDS01 4 - | User=CORP\\user001 SessionID=5 | -",
                    "Microsoft-Windows-Security-Auditing 4625 2022-08-22T06:01:04.5Z Security #- RDS01 0 - | Account=CORP\\user001 TargetUserName=user001 LogonType=3 Status=0xc000006d | -",
                ],
            },
            Sample {
                container: Container::Table,
                path: "azure/query_data.csv",
                text: "\"TimeGenerated [UTC]\",Source,EventLog,Computer,EventLevelName,EventID,RenderedDescription,ParameterXml\n\
                       \"8/22/2022, 6:01:02.123 AM\",MsiInstaller,Application,RDS01,Information,1033,Windows Installer,<Param>Reader</Param><Param>22.1</Param>\n\
                       never,MsiInstaller,Application,RDS01,Information,1033,,\n",
                expected: &[
                    "MsiInstaller 1033 2022-08-22T06:01:02.123Z Application #- RDS01 4 - | =Reader =22.1 | Windows Installer",
                    "damaged time-unreadable",
                ],
            },
            Sample {
                container: Container::Table,
                path: "azure/local.csv",
                text: "\"TimeGenerated [Local Time]\",Source,EventLog,Computer,EventID\n\
                       \"22/08/2022, 08:01:02.123\",MsiInstaller,Application,RDS01,1033\n",
                expected: &["MsiInstaller 1033 2022-08-22T08:01:02.123Z? Application #- RDS01 - - | | -"],
            },
        ]
    }
}

struct Rows {
    order: DateOrder,
    n_rows: u64,
}

impl Reader for Rows {
    fn read(&mut self, record: &Record<'_>, context: &mut Context<'_>) -> Exported {
        match object(record) {
            Some(value) if is_event(&value) => {
                self.n_rows += 1;
                read(&value, self.order, context)
            }
            _ => Exported::Foreign,
        }
    }

    fn remarks(&self) -> Vec<(Code, &'static str)> {
        if self.n_rows != N_ROWS_MAX {
            return Vec::new();
        }
        vec![(Code::SourceIncomplete, "exactly 30,000 rows, where the portal ends an export")]
    }
}

fn read(value: &Value, order: DateOrder, context: &mut Context<'_>) -> Exported {
    let Some(event_id) = shape::event_id(value.get("EventID")) else { return Exported::Foreign };
    let is_security = value.get("EventSourceName").is_some();
    let either = |event: &str, security: &str| value.get(if is_security { security } else { event });
    let mut record = WindowsRecord {
        provider: name(either("Source", "EventSourceName")),
        event_id,
        // The levels of audits are the classic types 8 and 16, which say nothing more.
        level: if is_security { Some(0) } else { filled(value.get("EventLevelName")).and_then(level_by_word) },
        activity_id: filled(value.get("ActivityId")).and_then(guid).map(Name::from),
        channel: name(either("EventLog", "Channel")),
        computer: name(value.get("Computer")),
        message: name(value.get("RenderedDescription")),
        ..WindowsRecord::default()
    };
    data(value, is_security, &mut record);
    Exported::timed(record, instant(value, order, context))
}

/// The data: from the XML with names, else from that without, else from the columns.
fn data(value: &Value, is_security: bool, record: &mut WindowsRecord) {
    if let Some(found) = filled(value.get("EventData")).and_then(named) {
        record.data = found;
        return;
    }
    if let Some(xml) = filled(value.get("ParameterXml")) {
        let found = leaves_of(&format!("<EventData>{xml}</EventData>")).unwrap_or_default();
        let values: Vec<Value> = found.iter().map(|datum| Value::from(datum.value.as_deref().unwrap_or(""))).collect();
        field_order::fill(record, &values);
        return;
    }
    let columns =
        value.as_object().into_iter().flatten().filter(|(key, _)| is_security && !SYSTEM.contains(&key.as_str()));
    for (key, value) in columns {
        if let Some(text) = scalar(value).filter(|text| !text.is_empty()) {
            record.data.push(Datum { name: Some(key.as_str().into()), value: Some(text.into()) });
        }
    }
}

/// The leaves of the part of an event that a column holds, with or without the `DataItem` around it.
fn named(xml: &str) -> Option<Vec<Datum>> {
    ["EventData", "UserData"].into_iter().find_map(|part| {
        let close = format!("</{part}>");
        let start = xml.find(&format!("<{part}"))?;
        let end = xml.rfind(&close)? + close.len();
        leaves_of(xml.get(start..end)?)
    })
}

fn leaves_of(part: &str) -> Option<Vec<Datum>> {
    let event = format!("<Event><System><EventID>0</EventID></System>{part}</Event>");
    event_xml(&event).map(|record| record.data)
}

fn instant(value: &Value, order: DateOrder, context: &mut Context<'_>) -> Option<(Timestamp, Trust)> {
    let (text, is_utc) = time_of(value)?;
    // The portal sets a comma between date and time.
    let text = text.replacen(", ", " ", 1);
    if is_utc { context.instant_utc(&text, order) } else { context.instant(&text, order) }
}
