//! JSON lines in the names of the Elastic Common Schema, dotted or nested.
//!
//! Windows events from Winlogbeat have the same outer shape; they are taken by the Windows part
//! before any format is asked.

use std::borrow::Cow;

use super::{Context, LineOutcome, LogFormat, Parser, Said, Sample};
use crate::diagnostic::Code;
use crate::model::Severity;
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::message::{self, Line};
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Object, Record};

/// See the file.
pub(crate) struct Ecs;

fn is_ecs(object: &Object<'_>) -> bool {
    let has = |dotted: &str, outer: &str| object.get(dotted).is_some() || object.has_object(outer);
    object.get("@timestamp").is_some()
        && (has("log.level", "log")
            || has("ecs.version", "ecs")
            || has("event.outcome", "event")
            || has("service.name", "service"))
}

impl LogFormat for Ecs {
    fn name(&self) -> &'static str {
        "ecs-json"
    }

    fn dataset(&self) -> &'static str {
        "ecs"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Json]
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        first.iter().filter(|record| matches!(&record.body, Body::Json(object) if is_ecs(object))).count()
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::new(EcsParser))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Json,
            path: "app/portal.json",
            text: r#"{"@timestamp":"2022-08-22T06:15:01.5Z","log.level":"INFO","message":"logged in","event.outcome":"success","user.name":"user001","client.ip":"10.0.0.7","host.name":"portal01"}
{"@timestamp":"2022-08-22T06:15:02Z","log":{"level":"ERROR"},"message":"login refused","event":{"outcome":"failure"},"user":{"name":"user002"},"server":{"address":"RDS01"},"error":{"code":"1326","stack_trace":"X: no\n\tat y"}}
{"@timestamp":"2022-08-22T06:15:03Z","log.level":"INFO","message":"index refreshed"}"#,
            expected: &[
                "Success 2022-08-22T06:15:01.5Z user=user001 host=PORTAL01 client=10.0.0.7 code=-",
                "Failure 2022-08-22T06:15:02Z user=user002 host=RDS01 client=- code=1326",
                "irrelevant 2022-08-22T06:15:03Z",
            ],
        }]
    }
}

struct EcsParser;

/// ECS fields and the plain names that [`crate::normalize::property::meaning`] knows.
const FIELDS: &[(&str, &str)] = &[
    ("user.name", "user"),
    ("user.email", "user"),
    ("destination.domain", "target"),
    ("server.address", "target"),
    ("server.domain", "target"),
    ("host.name", "host"),
    ("host.hostname", "host"),
    ("client.ip", "client"),
    ("source.ip", "client"),
    ("error.code", "code"),
    ("http.response.status_code", "code"),
    ("error.message", "reason"),
    ("event.reason", "reason"),
    ("trace.id", "traceid"),
    ("transaction.id", "requestid"),
];

impl Parser for EcsParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        let Body::Json(object) = &record.body else { return LineOutcome::Foreign.into() };
        let mut line = Line::default();
        let (mut time, mut outcome, mut service) = (None, None, None);
        let mut ranked = Vec::new();
        for (key, value) in object.fields() {
            match &**key {
                "@timestamp" => time = time.or(Some(value)),
                "message" => line.message = Cow::Borrowed(value),
                "log.level" => line.severity = Severity::from_word(value).unwrap_or_default(),
                "log.logger" => line.logger = Some(value),
                "service.name" => service = Some(&**value),
                "error.stack_trace" => line.detail = value,
                "event.outcome" => {
                    outcome = Some(value == "success").filter(|_| value == "success" || value == "failure");
                }
                "event.duration" => ranked.push((FIELDS.len(), "elapsed", Cow::Owned(format!("{value}ns")))),
                name => {
                    if let Some(rank) = FIELDS.iter().position(|(field, _)| *field == name) {
                        ranked.push((rank, FIELDS[rank].1, Cow::Borrowed(&**value)));
                    }
                }
            }
            // Labels and custom fields keep the application's own names.
            let bare = key.strip_prefix("labels.").unwrap_or(key);
            if !bare.contains('.') {
                ranked.push((FIELDS.len() + 1, bare, Cow::Borrowed(value)));
            }
        }
        let Some(time) = time else { return LineOutcome::Foreign.into() };
        let Some((stamp, _)) = stamp(time, DateOrder::DayFirst) else {
            return LineOutcome::Damaged(Code::TimeUnreadable, "`@timestamp` is no time").into();
        };
        let (at, trust) = context.clock.instant(stamp);
        line.at = (at, Some(trust));
        line.logger = line.logger.or(service);
        ranked.sort_by_key(|(rank, ..)| *rank);
        line.properties = ranked.into_iter().map(|(_, name, value)| (Cow::Borrowed(name), value)).collect();
        // A failed payment is no failed logon: the outcome counts where the record is about access.
        line.outcome = outcome.filter(|_| message::is_about_access(&line.message) || is_authentication(object));
        Said::Message(line)
    }
}

fn is_authentication(object: &Object<'_>) -> bool {
    let of_access = |value: &str| value.contains("authentication") || value.contains("session");
    object.get("event.category").is_some_and(of_access)
        || object.get("event.action").is_some_and(message::is_about_access)
}
