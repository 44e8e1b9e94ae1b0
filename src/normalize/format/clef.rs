//! Serilog's compact JSON (CLEF): `@t` instant, `@mt` template, `@l` level, `@x` exception.
//!
//! A record without `@l` is at level Information; a property whose name begins with `@` is written
//! with two of them. The template's holes are filled with the properties, so that a message reads as
//! it would in a text log.
//!
//! Source: the README of serilog-formatting-compact.

use std::borrow::Cow;

use super::{Context, LineOutcome, LogFormat, Parser, Said, Sample};
use crate::diagnostic::Code;
use crate::model::Severity;
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::message::Line;
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Fields, Object, Record};

/// See the file.
pub(crate) struct Clef;

fn is_clef(object: &Object<'_>) -> bool {
    object.get("@t").is_some() && ["@mt", "@m", "@i", "@l", "@x", "@r"].iter().any(|key| object.get(key).is_some())
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

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        first.iter().filter(|record| matches!(&record.body, Body::Json(object) if is_clef(object))).count()
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::new(ClefParser))
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
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        let Body::Json(object) = &record.body else { return LineOutcome::Foreign.into() };
        if !is_clef(object) {
            return LineOutcome::Foreign.into();
        }
        let mut line = Line::default();
        let (mut time, mut template, mut message) = ("", None, None);
        let mut properties = Fields::new();
        for (key, value) in object.fields() {
            match &**key {
                "@t" => time = value,
                "@l" => line.severity = Severity::from_word(value).unwrap_or(Severity::Info),
                "@m" => message = Some(value),
                "@mt" => template = Some(value),
                "@x" => line.detail = value,
                "SourceContext" => line.logger = Some(value),
                _ => {}
            }
            if !key.starts_with('@') || key.starts_with("@@") {
                properties.push((Cow::Borrowed(key), Cow::Borrowed(value)));
            }
        }
        let Some((stamp, _)) = stamp(time, DateOrder::DayFirst) else {
            return LineOutcome::Damaged(Code::TimeUnreadable, "`@t` is no time").into();
        };
        let (at, trust) = context.clock.instant(stamp);
        line.at = (at, Some(trust));
        line.template = template.map(|template| &**template);
        line.message = match (message, template) {
            (Some(message), _) => Cow::Borrowed(message),
            (None, Some(template)) => fill(template, &properties),
            (None, None) => Cow::default(),
        };
        line.properties = properties;
        Said::Message(line)
    }
}

/// Puts the properties into the holes of a template; a hole without property stays as it is.
fn fill<'t>(template: &'t str, properties: &[(Cow<'_, str>, Cow<'_, str>)]) -> Cow<'t, str> {
    if memchr::memchr(b'{', template.as_bytes()).is_none() {
        return Cow::Borrowed(template);
    }
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
    Cow::Owned(filled)
}
