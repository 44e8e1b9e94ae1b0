//! Serilog's compact JSON (CLEF): `@t` instant, `@mt` template, `@l` level, `@x` exception.
//!
//! A record without `@l` is at level Information; a property whose name begins with `@` is written
//! with two of them. The template's holes are filled with the properties, so that a message reads as
//! it would in a text log.
//!
//! Source: the README of serilog-formatting-compact.

use serde_json::Value;

use super::{Context, LineOutcome, LogFormat, Parser, Sample};
use crate::diagnostic::Code;
use crate::model::Severity;
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::message::{self, Line};
use crate::normalize::property::{self, Properties};
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Record};

/// See the file.
pub(crate) struct Clef;

fn is_clef(value: &Value) -> bool {
    value.get("@t").is_some() && ["@mt", "@m", "@i", "@l", "@x", "@r"].iter().any(|key| value.get(key).is_some())
}

impl LogFormat for Clef {
    fn name(&self) -> &'static str {
        "clef"
    }

    fn dataset(&self) -> &'static str {
        "serilog"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Json]
    }

    fn recognize(&self, first: &[Record]) -> usize {
        first.iter().filter(|record| matches!(&record.body, Body::Json(value) if is_clef(value))).count()
    }

    fn open(&self, _file: &FileFacts, _first: &[Record]) -> Box<dyn Parser> {
        Box::new(ClefParser)
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Json,
            path: "app/login.clef",
            text: r#"{"@t":"2022-08-22T06:15:01.1234567Z","@mt":"Session {Id} established for {User} on {Target} in {ElapsedMs} ms","Id":4,"User":"CORP\\user001","Target":"RDS01","ElapsedMs":700}
{"@t":"2022-08-22T06:15:02Z","@mt":"Login failed for {User} on {Target}: {Reason}","@l":"Error","User":"user002","Target":"RDS01","Reason":"user profile could not be loaded","Code":"0x80070020","ClientIp":"10.0.0.7","@x":"Shop.ProfileException: in use\r\n   at Shop.Open()"}
{"@t":"2022-08-22T06:15:03Z","@mt":"cache sweep done, {N} entries","N":3}"#,
            expected: &[
                "Success 2022-08-22T06:15:01.1234567Z user=user001 host=RDS01 client=- code=-",
                "Failure 2022-08-22T06:15:02Z user=user002 host=RDS01 client=10.0.0.7 code=0x80070020",
                "irrelevant 2022-08-22T06:15:03Z",
            ],
        }]
    }
}

struct ClefParser;

impl Parser for ClefParser {
    fn read(&mut self, record: &Record, context: &mut Context<'_>) -> LineOutcome {
        let Body::Json(value) = &record.body else { return LineOutcome::Foreign };
        if !is_clef(value) {
            return LineOutcome::Foreign;
        }
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        let Some((stamp, _)) = text("@t").and_then(|t| stamp(t, DateOrder::DayFirst)) else {
            return LineOutcome::Damaged(Code::TimeUnreadable, "`@t` is no time");
        };
        let (at, trust) = context.clock.instant(stamp);
        let severity = text("@l").and_then(Severity::from_word).unwrap_or(Severity::Info);
        let properties: Properties = property::flatten(value)
            .into_iter()
            .filter(|(key, _)| !key.starts_with('@') || key.starts_with("@@"))
            .collect();
        let message = match (text("@m"), text("@mt")) {
            (Some(message), _) => message.to_owned(),
            (None, Some(template)) => fill(template, &properties),
            (None, None) => String::new(),
        };
        let logger = property::value_of(&properties, &["SourceContext"]).map(str::to_owned);
        let line = Line {
            at: (at, Some(trust)),
            severity,
            logger: logger.as_deref(),
            message: &message,
            detail: text("@x").unwrap_or(""),
            properties,
            outcome: None,
        };
        message::understand(line, context)
    }
}

/// Puts the properties into the holes of a template; a hole without property stays as it is.
fn fill(template: &str, properties: &[(String, String)]) -> String {
    let mut filled = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        filled.push_str(&rest[..open]);
        let Some(len) = rest[open..].find('}') else { break };
        let hole = &rest[open + 1..open + len];
        let name = hole.trim_start_matches(['@', '$']).split([',', ':']).next().unwrap_or(hole);
        match properties.iter().find(|(key, _)| key == name) {
            Some((_, value)) => filled.push_str(value),
            None => filled.push_str(&rest[open..=open + len]),
        }
        rest = &rest[open + len + 1..];
    }
    filled.push_str(rest);
    filled
}
