//! Windows events as Splunk keeps what its agent read as text (`WinEventLog`), and as its searches export it.
//!
//! ```text
//! 08/22/2022 08:01:33 AM
//! LogName=Application
//! SourceName=MsiInstaller
//! ...
//! Message=free lines, up to the next event
//! ```
//!
//! The stamp is local, in the American form wherever the machine stands. The data are lost; the
//! text of the Security log calls its provider by the name that people see. Exports are such blocks one below
//! the other, or hold each under `_raw`. Source: the vendor's documentation of the Windows event log input.

use serde_json::Value;

use super::super::place::number;
use super::super::shape::{self, filled, level_by_word};
use super::{Context, Export, Exported, Loss, Reader, Sample};
use crate::diagnostic::Code;
use crate::model::Name;
use crate::model::time::TICKS_PER_SECOND;
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::file::FileFacts;
use crate::read::{Body, Container, Record, WindowsRecord};

/// See the file.
pub(crate) struct SplunkText;

const KEYS: &[&str] = &[
    "LogName",
    "SourceName",
    "EventCode",
    "EventType",
    "Type",
    "ComputerName",
    "TaskCategory",
    "OpCode",
    "RecordNumber",
    "Keywords",
    "Sid",
    "SidType",
    "User",
    "Message",
];

/// The names that people see, of providers that are known by another.
const SEEN_AS: &[(&str, &str)] = &[("Microsoft Windows security auditing.", "Microsoft-Windows-Security-Auditing")];

/// Whether a line is `08/22/2022 08:01:33 AM` and nothing else.
fn is_head(line: &str) -> bool {
    let line = line.trim();
    let bytes = line.as_bytes();
    bytes.len() >= 22
        && bytes[2] == b'/'
        && bytes[5] == b'/'
        && (line.ends_with(" AM") || line.ends_with(" PM"))
        && stamp(line, DateOrder::MonthFirst).is_some_and(|(stamp, len)| stamp.has_time && len == line.len())
}

fn key(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once('=')?;
    KEYS.contains(&key).then(|| (key, value.trim()))
}

/// Whether a text is one event.
fn is_event(text: &str) -> bool {
    let mut lines = text.lines();
    lines.next().is_some_and(is_head) && lines.next().is_some_and(|line| key(line).is_some())
}

fn raw(value: &Value) -> Option<&str> {
    filled(value.get("_raw").or_else(|| value.get("result")?.get("_raw"))).filter(|text| is_event(text))
}

impl Export for SplunkText {
    fn name(&self) -> &'static str {
        "splunk-text"
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Lines, Container::Json, Container::Table]
    }

    fn recognize(&self, records: &[Record<'_>]) -> usize {
        let lines = || records.iter().filter_map(Record::text).flat_map(str::lines);
        let n_lines =
            if lines().any(is_head) { lines().filter(|line| is_head(line) || key(line).is_some()).count() } else { 0 };
        n_lines + shape::count(records, |value| raw(value).is_some())
    }

    fn starts_record(&self, line: &str) -> bool {
        is_head(line)
    }

    fn loses(&self) -> &'static [Loss] {
        &[Loss::Activity, Loss::Data, Loss::Zone]
    }

    fn step_ticks(&self) -> i64 {
        TICKS_PER_SECOND
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Box<dyn Reader> {
        Box::new(|record: &Record<'_>, context: &mut Context<'_>| match &record.body {
            Body::Text(text) if text.lines().next().is_some_and(is_head) => event(text, context),
            Body::Text(_) => Exported::Foreign,
            _ => match shape::object(record).as_deref().and_then(raw) {
                Some(text) => event(text, context),
                None => Exported::Foreign,
            },
        })
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                container: Container::Lines,
                path: "splunk/application.log",
                text: "08/22/2022 08:01:33 AM\nLogName=Application\nSourceName=MsiInstaller\nEventCode=11707\n\
                       EventType=4\nType=Information\nComputerName=RDS01.corp.example\nUser=NOT_TRANSLATED\n\
                       Sid=S-1-5-18\nSidType=0\nTaskCategory=None\nOpCode=Info\nRecordNumber=9\nKeywords=Classic\n\
                       Message=Product: FSLogix Apps -- Installation completed successfully.\nEventCode=1\n\n\
                       08/22/2022 08:01:34.739 PM\nLogName=Security\nEventCode=4624\nEventType=0\n\
                       ComputerName=RDS01.corp.example\nSourceName=Microsoft Windows security auditing.\n\
                       Type=Information\nRecordNumber=10\nKeywords=Audit Success\nMessage=An account\n\
                       08/22/2022 08:01:35 PM\nLogName=System\n",
                expected: &[
                    "MsiInstaller 11707 2022-08-22T08:01:33Z? Application #9 RDS01.corp.example 4 S-1-5-18 | | Product: FSLogix Apps -- Installation completed successfully.\\nEventCode=1",
                    "Microsoft-Windows-Security-Auditing 4624 2022-08-22T20:01:34.739Z? Security #10 RDS01.corp.example 0 - | | An account",
                    "damaged record-malformed",
                ],
            },
            Sample {
                container: Container::Json,
                path: "splunk/system.json",
                text: r#"{"preview":false,"result":{"_raw":"08/22/2022 08:01:33 AM\nLogName=System\nSourceName=disk\nEventCode=7\nEventType=2\nType=Error\nComputerName=RDS01\nRecordNumber=11\nMessage=The device has a bad block.\r\nTwice.","_time":"2022-08-22T08:01:33.000+02:00"}}"#,
                expected: &[
                    "disk 7 2022-08-22T08:01:33Z? System #11 RDS01 2 - | | The device has a bad block.\\nTwice.",
                ],
            },
        ]
    }
}

fn event(text: &str, context: &mut Context<'_>) -> Exported {
    let (head, rest) = text.split_once('\n').unwrap_or((text, ""));
    let mut record = WindowsRecord::default();
    let (mut id, mut at) = (None, 0);
    for line in rest.split_inclusive('\n') {
        at += line.len();
        let Some((key, value)) = key(line.trim_end()) else { continue };
        if key == "Message" {
            let message = [value, &rest[at..]].join("\n").replace('\r', "");
            record.message = Some(message.trim()).filter(|text| !text.is_empty()).map(Name::from);
            break;
        }
        let name = (!value.is_empty()).then(|| Name::from(value));
        match key {
            "LogName" => record.channel = name,
            "SourceName" => {
                let known = SEEN_AS.iter().find(|(seen, _)| *seen == value);
                record.provider = known.map(|(_, provider)| Name::from(*provider)).or(name);
            }
            "EventCode" => id = number(value),
            // The number of the level; audits have none.
            "EventType" => record.level = value.parse::<u8>().ok().filter(|level| *level <= 5),
            "Type" => record.level = record.level.or_else(|| level_by_word(value)),
            "ComputerName" => record.computer = name,
            "RecordNumber" => record.record_id = number(value),
            "Sid" => record.user_sid = name.filter(|sid| sid.starts_with("S-1-")),
            _ => {}
        }
    }
    let Some(id) = id.filter(|_| record.provider.is_some()) else {
        return Exported::Damaged(Code::RecordMalformed, "an event without source or number");
    };
    record.event_id = (id & 0xFFFF) as u32;
    let time = context.instant(head, DateOrder::MonthFirst);
    Exported::timed(record, time)
}
