//! Logs of Configuration Manager's client, which CMTrace shows: the message first, the time last.
//!
//! `<![LOG[message]LOG]!><time="19:33:19.766-330" date="11-28-2014" component=… type="3" …>`. A message
//! may span lines. The number behind the time is the bias of the clock in minutes, so its sign is the
//! reverse of an offset: -330 is five and a half hours ahead of UTC. Months stand before days.
//!
//! Real log: `sccm_various.log` of plaso's test data.

use super::{Context, LineOutcome, LogFormat, Parser, Said, Sample};
use crate::diagnostic::Code;
use crate::model::Severity;
use crate::normalize::clock::{Civil, DateOrder, Stamp, day_ticks, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::message::Line;
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Record};

/// See the file.
pub(crate) struct CmTrace;

const BEGIN: &str = "<![LOG[";
const END: &str = "]LOG]!>";

/// The value of `name="…"`.
fn attribute<'t>(tail: &'t str, name: &str) -> Option<&'t str> {
    let mut rest = tail;
    loop {
        let at = rest.find(name)?;
        let is_whole = at == 0 || !rest.as_bytes()[at - 1].is_ascii_alphanumeric();
        rest = &rest[at + name.len()..];
        if let Some(value) = rest.strip_prefix("=\"").filter(|_| is_whole) {
            return value.split_once('"').map(|(value, _)| value);
        }
    }
}

/// The stamp of a tail: its date, its time, and its bias where there is one.
fn stamp_of(tail: &str) -> Option<Stamp> {
    let date = attribute(tail, "date")?;
    let time = attribute(tail, "time")?;
    let (clock, bias) = match time.rfind(['+', '-']) {
        Some(at) => (&time[..at], time[at..].parse::<i32>().ok().filter(|bias| bias.abs() <= 16 * 60)),
        None => (time, None),
    };
    let (day, _) = stamp(date, DateOrder::MonthFirst)?;
    let (ticks, _) = day_ticks(clock)?;
    let civil = Civil(day.civil.0 + ticks);
    Some(Stamp { civil, offset_s: bias.map(|bias| -60 * bias), has_time: true, ..day })
}

impl LogFormat for CmTrace {
    fn name(&self) -> &'static str {
        "cmtrace"
    }

    fn dataset(&self) -> &'static str {
        "sccm"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        let n_begun = first.iter().filter(|r| matches!(&r.body, Body::Text(text) if text.starts_with(BEGIN))).count();
        // The other lines of a message that spans lines stand between records of this format.
        if n_begun > 0 { first.len() } else { 0 }
    }

    fn starts_record(&self, line: &str) -> bool {
        line.starts_with(BEGIN)
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::new(CmTraceParser))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "CCM/Logs/AppEnforce.log",
            text: "<![LOG[+++ Starting Install enforcement]LOG]!><time=\"08:15:01.766-120\" date=\"8-22-2022\" component=\"AppEnforce\" context=\"\" type=\"1\" thread=\"8744\" file=\"appprovider.cpp:1702\">\n\
                   <![LOG[Connection to the management point failed:\ntimed out]LOG]!><time=\"08:15:02.000-120\" date=\"8-22-2022\" component=\"LocationServices\" context=\"\" type=\"3\" thread=\"8744\" file=\"x.cpp:1\">\n\
                   <![LOG[cut",
            expected: &[
                "irrelevant 2022-08-22T06:15:01.766Z",
                "Symptom 2022-08-22T06:15:02Z user=- host=- client=- code=-",
                "damaged record-malformed",
            ],
        }]
    }
}

struct CmTraceParser;

impl Parser for CmTraceParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        let Body::Text(text) = &record.body else { return LineOutcome::Foreign.into() };
        let Some(inner) = text.strip_prefix(BEGIN) else { return LineOutcome::Foreign.into() };
        let Some((message, tail)) = inner.rsplit_once(END) else {
            return LineOutcome::Damaged(Code::RecordMalformed, "a message without end").into();
        };
        let Some(stamp) = stamp_of(tail) else {
            return LineOutcome::Damaged(Code::TimeUnreadable, "date or time cannot be read").into();
        };
        let (at, trust) = context.clock.instant(stamp);
        Said::Message(Line {
            at: (at, Some(trust)),
            severity: match attribute(tail, "type") {
                Some("2") => Severity::Warn,
                Some("3") => Severity::Error,
                _ => Severity::Info,
            },
            logger: attribute(tail, "component"),
            message: message.trim().into(),
            ..Line::default()
        })
    }
}
