//! The hits of `hayabusa`'s rules, as CSV or JSON lines.
//!
//! It holds those events only that a rule is about, so nothing can be counted from it, and nothing is:
//! what a hit states as a change stands, all else is left aside. Channels are abbreviated, the
//! provider is not kept, and the data go by the tool's own short names. Times are local with their
//! offset, or UTC with `-U`. Source: the documentation of hayabusa and the list of abbreviations that its
//! rules carry.

use serde_json::Value;

use super::super::shape::{self, count, filled, integer, name, scalar};
use super::{Context, Export, Exported, Loss, MILLISECOND, Reader, Sample};
use crate::diagnostic::Code;
use crate::model::Name;
use crate::normalize::clock::DateOrder;
use crate::normalize::file::FileFacts;
use crate::read::{Container, Datum, Record, WindowsRecord};

/// See the file.
pub(crate) struct Hayabusa;

/// Abbreviation, channel, and the provider where one alone writes to it.
const CHANNELS: &[(&str, &str, &str)] = &[
    ("App", "Application", ""),
    ("Sec", "Security", "Microsoft-Windows-Security-Auditing"),
    ("Sys", "System", ""),
    ("GroupPolicy", "Microsoft-Windows-GroupPolicy/Operational", "Microsoft-Windows-GroupPolicy"),
    (
        "RDP-CoreTS",
        "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS/Operational",
        "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS",
    ),
    ("RDS-GTW", "Microsoft-Windows-TerminalServices-Gateway/Operational", "Microsoft-Windows-TerminalServices-Gateway"),
    (
        "RDS-LSM",
        "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",
        "Microsoft-Windows-TerminalServices-LocalSessionManager",
    ),
    (
        "RDS-RCM",
        "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational",
        "Microsoft-Windows-TerminalServices-RemoteConnectionManager",
    ),
    ("SmbCliSec", "Microsoft-Windows-SmbClient/Security", "Microsoft-Windows-SMBClient"),
    ("UserProfileSvc", "Microsoft-Windows-User Profile Service/Operational", "Microsoft-Windows-User Profiles Service"),
];

/// Events of channels that many providers share, whose id none but this one uses in these rules.
const PROVIDERS: &[(&str, u32, &str)] = &[("Sys", 7045, "Service Control Manager"), ("App", 1033, "MsiInstaller")];

/// The tool's names for data whose own names the catalog asks for.
const DATA: &[(&str, &str)] = &[("Svc", "ServiceName"), ("Path", "ImagePath"), ("StartType", "StartType")];

/// More parts than this no detail has.
const N_DETAILS_MAX: usize = 128;

fn is_hit(value: &Value) -> bool {
    ["Timestamp", "RuleTitle", "Channel", "EventID"].into_iter().all(|key| value.get(key).is_some())
}

impl Export for Hayabusa {
    fn name(&self) -> &'static str {
        "hayabusa"
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Json, Container::Table]
    }

    fn recognize(&self, records: &[Record<'_>]) -> usize {
        count(records, is_hit)
    }

    fn loses(&self) -> &'static [Loss] {
        &[Loss::Provider, Loss::DataNames, Loss::Level, Loss::Activity, Loss::Completeness]
    }

    fn step_ticks(&self) -> i64 {
        MILLISECOND
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Box<dyn Reader> {
        Box::new(Hits)
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                container: Container::Table,
                path: "hayabusa/timeline.csv",
                text: "\"Timestamp\",\"RuleTitle\",\"Level\",\"Computer\",\"Channel\",\"EventID\",\"RecordID\",\"Details\",\"ExtraFieldInfo\"\n\
                       \"2022-08-22 08:01:02.658 +02:00\",\"Svc Installed\",\"info\",\"RDS01.corp.example\",\"Sys\",7045,99,\"Svc: Printer Agent ¦ Path: C:\\Agent\\agent.exe ¦ Acct: LocalSystem ¦ StartType: auto start\",\"-\"\n\
                       \"2022-08-22 08:01:03.000 +02:00\",\"RDP Logon\",\"info\",\"RDS01.corp.example\",\"RDS-LSM\",21,5,\"TgtUser: user001 ¦ SessID: 5\",\"-\"\n",
                expected: &[
                    "Service Control Manager 7045 2022-08-22T06:01:02.658Z System #99 RDS01.corp.example - - | ServiceName=Printer Agent ImagePath=C:\\Agent\\agent.exe Acct=LocalSystem StartType=auto start | -",
                    "Microsoft-Windows-TerminalServices-LocalSessionManager 21 2022-08-22T06:01:03Z Microsoft-Windows-TerminalServices-LocalSessionManager/Operational #5 RDS01.corp.example - - | TgtUser=user001 SessID=5 | -",
                ],
            },
            Sample {
                container: Container::Json,
                path: "hayabusa/timeline.jsonl",
                text: r#"{"Timestamp":"2022-08-22 06:01:02.658 Z","RuleTitle":"Svc Installed","Level":"info","Computer":"RDS01","Channel":"Sys","EventID":7045,"RecordID":99,"Details":{"Svc":"Printer Agent","Path":"C:\\Agent\\agent.exe"},"ExtraFieldInfo":{}}
{"Timestamp":"?","RuleTitle":"x","Channel":"Sec","EventID":4625}"#,
                expected: &[
                    "Service Control Manager 7045 2022-08-22T06:01:02.658Z System #99 RDS01 - - | ServiceName=Printer Agent ImagePath=C:\\Agent\\agent.exe | -",
                    "damaged time-unreadable",
                ],
            },
        ]
    }
}

struct Hits;

impl Reader for Hits {
    fn read(&mut self, record: &Record<'_>, context: &mut Context<'_>) -> Exported {
        match shape::object(record) {
            Some(value) if is_hit(&value) => read(&value, context),
            _ => Exported::Foreign,
        }
    }

    fn remarks(&self) -> Vec<(Code, &'static str)> {
        vec![(Code::SourceIncomplete, "hits of rules only: changes are taken from it, nothing is counted")]
    }
}

fn read(value: &Value, context: &mut Context<'_>) -> Exported {
    let Some(event_id) = shape::event_id(value.get("EventID")) else { return Exported::Foreign };
    let short = filled(value.get("Channel")).unwrap_or("");
    let known = CHANNELS.iter().find(|(abbreviation, ..)| *abbreviation == short);
    let channel = known.map_or(short, |(_, channel, _)| channel);
    let sole = known.map(|(_, _, provider)| *provider).filter(|provider| !provider.is_empty());
    let by_id = || PROVIDERS.iter().find(|(channel, id, _)| *channel == short && *id == event_id).map(|found| found.2);
    let provider = filled(value.get("Provider")).or(sole).or_else(by_id);
    let mut record = WindowsRecord {
        provider: provider.map(Name::from),
        event_id,
        record_id: integer(value.get("RecordID")),
        channel: Some(channel.into()),
        computer: name(value.get("Computer")),
        ..WindowsRecord::default()
    };
    match value.get("Details") {
        Some(Value::Object(map)) => {
            for (key, value) in map.iter().take(N_DETAILS_MAX) {
                push(key, scalar(value), &mut record);
            }
        }
        Some(Value::String(text)) => {
            for (key, value) in text.split(" ¦ ").take(N_DETAILS_MAX).filter_map(|part| part.split_once(": ")) {
                push(key, Some(value.to_owned()), &mut record);
            }
        }
        _ => {}
    }
    let time = filled(value.get("Timestamp")).and_then(|text| match text.strip_suffix(" Z") {
        Some(utc) => context.instant_utc(utc, DateOrder::MonthFirst),
        None => context.instant(text, DateOrder::MonthFirst),
    });
    Exported::timed(record, time)
}

fn push(key: &str, value: Option<String>, record: &mut WindowsRecord) {
    let own = DATA.iter().find(|(short, _)| *short == key).map_or(key, |(_, own)| own);
    record.data.push(Datum { name: Some(own.into()), value: value.map(Name::from) });
}
