//! The journal of systemd as JSON lines: `journalctl -o json`.
//!
//! Microseconds since 1970 stand as a text; a message that is no UTF-8 stands as an array of bytes. The level
//! is that of syslog, 0 to 7.
//!
//! No real export was at hand: the fields are those of "Journal Fields" and "Journal Export Formats" of
//! systemd's documentation.

use std::borrow::Cow;

use super::{Context, LineOutcome, LogFormat, Parser, Said, Sample};
use crate::diagnostic::Code;
use crate::model::Severity;
use crate::normalize::clock::{Civil, Stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::message::Line;
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Object, Record};

pub(super) const TIME: &str = "__REALTIME_TIMESTAMP";
/// Bytes of a message beyond these are left out.
const MESSAGE_BYTES_MAX: usize = 64 << 10;

/// See the file.
pub(crate) struct Journald;

fn is_journal(object: &Object<'_>) -> bool {
    object.get(TIME).is_some()
}

/// The levels of syslog.
pub(super) fn syslog_severity(level: &str) -> Option<Severity> {
    Some(match level {
        "0" => Severity::Fatal,
        "1" | "2" => Severity::Critical,
        "3" => Severity::Error,
        "4" => Severity::Warn,
        "5" | "6" => Severity::Info,
        "7" => Severity::Debug,
        _ => return None,
    })
}

/// The message as a text: `[72,105]` is an array of its bytes.
fn message(text: &str) -> Cow<'_, str> {
    let Some(numbers) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) else { return text.into() };
    let bytes: Option<Vec<u8>> =
        numbers.split(',').take(MESSAGE_BYTES_MAX).map(|number| number.trim().parse().ok()).collect();
    match bytes {
        Some(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        None => text.into(),
    }
}

impl LogFormat for Journald {
    fn name(&self) -> &'static str {
        "journald-json"
    }

    fn dataset(&self) -> &'static str {
        "journald"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Json]
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        first.iter().filter(|record| matches!(&record.body, Body::Json(object) if is_journal(object))).count()
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::new(JournaldParser))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Json,
            path: "journal.json",
            text: r#"{"__REALTIME_TIMESTAMP":"1661148901250000","MESSAGE":"Accepted password for user001 from 10.0.0.7 port 22","PRIORITY":"6","_HOSTNAME":"gw01","SYSLOG_IDENTIFIER":"sshd","_PID":"7"}
{"__REALTIME_TIMESTAMP":"1661148902000000","MESSAGE":[108,111,103,105,110,32,102,97,105,108,101,100,32,117,115,101,114,61,117,115,101,114,48,48,50,32,255],"PRIORITY":"3","_HOSTNAME":"gw01"}
{"__REALTIME_TIMESTAMP":"1661148903000000","MESSAGE":"Started Daily Cleanup.","PRIORITY":"6","_HOSTNAME":"gw01"}
{"__REALTIME_TIMESTAMP":"soon","MESSAGE":"x"}"#,
            expected: &[
                "Success 2022-08-22T06:15:01.25Z user=user001 host=GW01 client=10.0.0.7 code=-",
                "Failure 2022-08-22T06:15:02Z user=user002 host=GW01 client=- code=-",
                "irrelevant 2022-08-22T06:15:03Z",
                "damaged time-unreadable",
            ],
        }]
    }
}

struct JournaldParser;

impl Parser for JournaldParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        let Body::Json(object) = &record.body else { return LineOutcome::Foreign.into() };
        let Some(time) = object.get(TIME) else { return LineOutcome::Foreign.into() };
        let Some(ticks) = time.parse::<i64>().ok().and_then(|micros| micros.checked_mul(10)) else {
            return LineOutcome::Damaged(Code::TimeUnreadable, "`__REALTIME_TIMESTAMP` is no number").into();
        };
        let (at, trust) = context.clock.instant(Stamp::utc(Civil(ticks)));
        Said::Message(Line {
            at: (at, Some(trust)),
            severity: object.get("PRIORITY").and_then(syslog_severity).unwrap_or_default(),
            logger: object.get("SYSLOG_IDENTIFIER").or_else(|| object.get("_COMM")),
            host: object.get("_HOSTNAME"),
            message: object.get("MESSAGE").map(message).unwrap_or_default(),
            ..Line::default()
        })
    }
}
