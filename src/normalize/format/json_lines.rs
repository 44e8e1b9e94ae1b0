//! JSON lines of any other logger: a time, a message, a level, under one of their usual names.
//!
//! Bunyan and pino number their levels from 10 to 60; zap and Caddy write epoch seconds with
//! fraction, pino and others epoch milliseconds.

use serde_json::Value;

use super::{Context, LineOutcome, LogFormat, Parser, Sample};
use crate::diagnostic::Code;
use crate::model::{Severity, Timestamp, Trust};
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::message::{self, Line};
use crate::normalize::property::{self, value_of};
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Record};

/// See the file.
pub(crate) struct JsonLines;

const TIMES: &[&str] = &[
    "@timestamp",
    "timestamp",
    "time",
    "ts",
    "datetime",
    "date",
    "eventtime",
    "event_time",
    "t.$date",
    "t",
    "asctime",
    "started_at",
    "EdgeStartTimestamp",
    "instant.epochSecond",
    "EventTime",
    "@t",
    "timegenerated",
];
const MESSAGES: &[&str] =
    &["message", "msg", "@m", "text", "body", "fields.message", "@fields.msg", "log", "event", "@mt"];
const LEVELS: &[&str] =
    &["level", "lvl", "severity", "loglevel", "log_level", "levelname", "log.level", "@fields.lvl", "@l", "s"];

/// What stands under a time key.
enum Time {
    Instant(Timestamp),
    Stamp(crate::normalize::clock::Stamp),
}

fn time(flat: &[(String, String)]) -> Option<Time> {
    let text = value_of(flat, TIMES)?;
    if let Ok(number) = text.parse::<f64>() {
        return epoch(number).map(Time::Instant);
    }
    stamp(text, DateOrder::MonthFirst).filter(|(stamp, _)| stamp.has_time).map(|(stamp, _)| Time::Stamp(stamp))
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by size: each covers the
/// years 2000 to 2100 and no two overlap.
fn epoch(number: f64) -> Option<Timestamp> {
    const FROM_S: f64 = 946_684_800.0;
    const TO_S: f64 = 4_102_444_800.0;
    [1.0, 1e3, 1e6, 1e9].into_iter().find_map(|unit| {
        let seconds = number / unit;
        // To the microsecond: a float of this size holds no more.
        (FROM_S..TO_S).contains(&seconds).then(|| Timestamp((seconds * 1e6).round() as i64 * 10))
    })
}

fn severity(word: &str) -> Severity {
    match word.parse::<u32>() {
        Ok(0..=10) => Severity::Trace,
        Ok(11..=20) => Severity::Debug,
        Ok(21..=30) => Severity::Info,
        Ok(31..=40) => Severity::Warn,
        Ok(41..=50) => Severity::Error,
        Ok(_) => Severity::Fatal,
        Err(_) => Severity::from_word(word).unwrap_or(match word {
            "E" => Severity::Error,
            "W" => Severity::Warn,
            "F" => Severity::Fatal,
            _ => Severity::Info,
        }),
    }
}

fn fits(value: &Value) -> bool {
    if !value.is_object() {
        return false;
    }
    let flat = property::flatten(value);
    time(&flat).is_some() && (value_of(&flat, MESSAGES).is_some() || value_of(&flat, LEVELS).is_some())
}

impl LogFormat for JsonLines {
    fn name(&self) -> &'static str {
        "json-lines"
    }

    fn dataset(&self) -> &'static str {
        "json"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Json]
    }

    fn recognize(&self, first: &[Record]) -> usize {
        first.iter().filter(|record| matches!(&record.body, Body::Json(value) if fits(value))).count()
    }

    fn open(&self, _file: &FileFacts, _first: &[Record]) -> Box<dyn Parser> {
        Box::new(JsonLinesParser)
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Json,
            path: "app/gateway.ndjson",
            text: r#"{"name":"gw","hostname":"gw01","pid":7,"level":50,"msg":"login failed","user":"user001","target":"RDS01","time":"2022-08-22T06:15:01.5Z","v":0}
{"level":"info","ts":1661148901.25,"logger":"gw","msg":"session opened","user":"user001","target":"RDS01"}
{"level":30,"time":1661148902000,"msg":"listening"}"#,
            expected: &[
                "Failure 2022-08-22T06:15:01.5Z user=user001 host=RDS01 client=- code=-",
                "Success 2022-08-22T06:15:01.25Z user=user001 host=RDS01 client=- code=-",
                "irrelevant 2022-08-22T06:15:02Z",
            ],
        }]
    }
}

struct JsonLinesParser;

impl Parser for JsonLinesParser {
    fn read(&mut self, record: &Record, context: &mut Context<'_>) -> LineOutcome {
        let Body::Json(value) = &record.body else { return LineOutcome::Foreign };
        let flat = property::flatten(value);
        if value_of(&flat, TIMES).is_none() {
            return LineOutcome::Foreign;
        }
        let (at, trust) = match time(&flat) {
            Some(Time::Instant(at)) => {
                context.clock.n_stated += 1;
                (at, Trust::Stated)
            }
            Some(Time::Stamp(stamp)) => context.clock.instant(stamp),
            None => return LineOutcome::Damaged(Code::TimeUnreadable, "the time cannot be read"),
        };
        let message = value_of(&flat, MESSAGES).unwrap_or("").to_owned();
        let detail = value_of(&flat, &["exception", "stack", "stacktrace", "err.stack", "error.stack", "exc_info"]);
        let detail = detail.unwrap_or("").to_owned();
        let severity = value_of(&flat, LEVELS).map(severity).unwrap_or_default();
        let logger = value_of(&flat, &["logger", "name", "sourcecontext", "component", "c"]).map(str::to_owned);
        let line = Line {
            at: (at, Some(trust)),
            severity,
            logger: logger.as_deref(),
            message: &message,
            detail: &detail,
            properties: flat,
            outcome: None,
        };
        message::understand(line, context)
    }
}
