//! JSON lines of any other logger: a time, a message, a level, under one of their usual names.
//!
//! Bunyan and pino number their levels from 10 to 60; zap and Caddy write epoch seconds with
//! fraction, pino and others epoch milliseconds. GELF has `short_message`, levels of syslog and an underscore
//! before names of its own; log4j2 parts the instant into seconds and nanoseconds.

use std::borrow::Cow;

use super::journald::syslog_severity;
use super::{Context, LineOutcome, LogFormat, Parser, Said, Sample};
use crate::diagnostic::Code;
use crate::model::time::TICKS_PER_SECOND;
use crate::model::{Severity, Timestamp};
use crate::normalize::clock::{Civil, DateOrder, Stamp, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::message::Line;
use crate::normalize::property::value_of;
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Object, Record};

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
    &["message", "msg", "@m", "text", "body", "fields.message", "@fields.msg", "short_message", "log", "event", "@mt"];
const LEVELS: &[&str] =
    &["level", "lvl", "severity", "loglevel", "log_level", "levelname", "log.level", "@fields.lvl", "@l", "s"];

const TRACES: &[&str] =
    &["exception", "stack", "stacktrace", "err.stack", "error.stack", "exc_info", "full_message", "errorverbose"];

const LOGGERS: &[&str] = &["logger", "name", "sourcecontext", "category", "component", "c", "loggername", "facility"];

/// The instant as log4j2's JsonLayout parts it in two.
fn parted_time(object: &Object<'_>) -> Option<Stamp> {
    let seconds = object.get("instant.epochSecond")?.parse::<i64>().ok()?;
    let nanos = object.get("instant.nanoOfSecond")?.parse::<u32>().ok()?;
    Some(Stamp::utc(Civil(seconds.checked_mul(TICKS_PER_SECOND)?.checked_add(i64::from(nanos / 100))?)))
}

fn written_time(text: &str) -> Option<Stamp> {
    epoch(text).or_else(|| Some(stamp(text, DateOrder::MonthFirst)?.0).filter(|stamp| stamp.has_time))
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by size: each covers the
/// years 2000 to 2100 and no two overlap.
pub(super) fn epoch(text: &str) -> Option<Stamp> {
    const FROM_S: f64 = 946_684_800.0;
    const TO_S: f64 = 4_102_444_800.0;
    let number: f64 = text.parse().ok()?;
    let seconds = [1.0, 1e3, 1e6, 1e9].into_iter().map(|unit| number / unit).find(|s| (FROM_S..TO_S).contains(s))?;
    // To the microsecond: a float of this size holds no more.
    let at = Timestamp((seconds * 1e6).round() as i64 * 10);
    Some(Stamp::utc(Civil(at.0)))
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

/// The level; that of GELF is a number of syslog.
fn level(word: &str, is_gelf: bool) -> Severity {
    let of_syslog = if is_gelf { syslog_severity(word) } else { None };
    of_syslog.unwrap_or_else(|| severity(word))
}

/// The message of an object of any logger; the template of it where the logger keeps one.
pub(in crate::normalize) fn message_of<'o>(object: &'o Object<'_>) -> Option<&'o str> {
    object.get("@mt").or_else(|| value_of(object.fields(), MESSAGES))
}

fn fits(object: &Object<'_>) -> bool {
    let Layout { time, message, level, .. } = Layout::of(object);
    let written = time.and_then(|at| written_time(&object.fields()[at].1));
    (message.is_some() || level.is_some()) && (written.is_some() || parted_time(object).is_some())
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

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        first.iter().filter(|record| matches!(&record.body, Body::Json(object) if fits(object))).count()
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::<JsonLinesParser>::default())
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Json,
            path: "app/gateway.ndjson",
            text: r#"{"name":"gw","hostname":"gw01","pid":7,"level":50,"msg":"login failed","user":"user001","target":"RDS01","time":"2022-08-22T06:15:01.5Z","v":0}
{"level":"info","ts":1661148901.25,"logger":"gw","msg":"session opened","user":"user001","target":"RDS01"}
{"level":30,"time":1661148902000,"msg":"listening"}
{"version":"1.1","host":"gw01","short_message":"login failed","timestamp":1661148903.5,"level":3,"_user":"user002","_target":"RDS01"}
{"instant":{"epochSecond":1661148904,"nanoOfSecond":222000100},"level":"ERROR","loggerName":"gw","message":"login failed for user user003"}
{"EventId":20,"LogLevel":"Error","Category":"Shop.Login","Message":"Login failed for user user004","Timestamp":"2022-08-22T06:15:05Z"}"#,
            expected: &[
                "Failure 2022-08-22T06:15:01.5Z user=user001 host=RDS01 client=- code=-",
                "Success 2022-08-22T06:15:01.25Z user=user001 host=RDS01 client=- code=-",
                "irrelevant 2022-08-22T06:15:02Z",
                "Failure 2022-08-22T06:15:03.5Z user=user002 host=RDS01 client=- code=-",
                "Failure 2022-08-22T06:15:04.2220001Z user=user003 host=- client=- code=-",
                "Failure 2022-08-22T06:15:05Z user=user004 host=- client=- code=-",
            ],
        }]
    }
}

/// So many layouts of records are remembered.
const LAYOUTS_MAX: usize = 16;

/// The keys of records seen before, and which of their values says what: a logger has a few layouts.
#[derive(Default)]
struct JsonLinesParser {
    known: Vec<(Vec<String>, Layout)>,
    /// Which is forgotten next.
    oldest: usize,
}

/// Where among the values of a record stands what.
#[derive(Clone, Copy, Default)]
struct Layout {
    time: Option<usize>,
    level: Option<usize>,
    logger: Option<usize>,
    message: Option<usize>,
    trace: Option<usize>,
    is_gelf: bool,
    has_parted_time: bool,
}

impl Layout {
    fn of(object: &Object<'_>) -> Self {
        let place = |wanted: &[&str]| {
            let of = |key: &&str| object.fields().iter().position(|(own, _)| own.eq_ignore_ascii_case(key));
            wanted.iter().find_map(of)
        };
        Self {
            time: place(TIMES),
            level: place(LEVELS),
            logger: place(LOGGERS),
            message: place(MESSAGES),
            trace: place(TRACES),
            is_gelf: object.get("short_message").is_some(),
            has_parted_time: object.get("instant.nanoOfSecond").is_some(),
        }
    }
}

impl JsonLinesParser {
    fn layout(&mut self, object: &Object<'_>) -> Layout {
        let fields = object.fields();
        let fits =
            |keys: &[String]| keys.len() == fields.len() && keys.iter().zip(fields).all(|(own, (key, _))| own == key);
        if let Some((_, layout)) = self.known.iter().find(|(keys, _)| fits(keys)) {
            return *layout;
        }
        let layout = Layout::of(object);
        let entry = (fields.iter().map(|(key, _)| key.to_string()).collect(), layout);
        if self.known.len() < LAYOUTS_MAX {
            self.known.push(entry);
        } else {
            self.known[self.oldest] = entry;
            self.oldest = (self.oldest + 1) % LAYOUTS_MAX;
        }
        layout
    }
}

impl Parser for JsonLinesParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        let Body::Json(object) = &record.body else { return LineOutcome::Foreign.into() };
        let layout = self.layout(object);
        let fields = object.fields();
        let value = |place: Option<usize>| place.and_then(|at| fields.get(at)).map(|(_, value)| &**value);
        let Some(time) = value(layout.time) else { return LineOutcome::Foreign.into() };
        let parted = if layout.has_parted_time { parted_time(object) } else { None };
        let Some(stamp) = parted.or_else(|| written_time(time)) else {
            return LineOutcome::Damaged(Code::TimeUnreadable, "the time cannot be read").into();
        };
        let (at, trust) = context.clock.instant(stamp);
        let borrowed =
            |(key, value): &'r (Cow<'_, str>, Cow<'_, str>)| (Cow::Borrowed(&**key), Cow::Borrowed(&**value));
        Said::Message(Line {
            at: (at, Some(trust)),
            severity: value(layout.level).map(|word| level(word, layout.is_gelf)).unwrap_or_default(),
            logger: value(layout.logger),
            message: value(layout.message).unwrap_or("").into(),
            detail: value(layout.trace).unwrap_or(""),
            properties: fields.iter().map(borrowed).collect(),
            ..Line::default()
        })
    }
}
