//! JSON lines in the names of the Elastic Common Schema, dotted or nested.
//!
//! Windows events from Winlogbeat have the same outer shape; they are taken by the Windows part
//! before any format is asked.

use serde_json::Value;

use super::{Context, LineOutcome, LogFormat, Parser, Sample};
use crate::diagnostic::Code;
use crate::model::Severity;
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::message::{self, Line};
use crate::normalize::property::{self, Properties, value_of};
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Record};

/// See the file.
pub(crate) struct Ecs;

fn is_ecs(value: &Value) -> bool {
    let has = |dotted: &str, outer: &str| value.get(dotted).is_some() || value.get(outer).is_some_and(Value::is_object);
    value.get("@timestamp").is_some()
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

    fn recognize(&self, first: &[Record]) -> usize {
        first.iter().filter(|record| matches!(&record.body, Body::Json(value) if is_ecs(value))).count()
    }

    fn open(&self, _file: &FileFacts, _first: &[Record]) -> Box<dyn Parser> {
        Box::new(EcsParser)
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

/// ECS fields and the plain names that [`property::meaning`] knows.
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
    fn read(&mut self, record: &Record, context: &mut Context<'_>) -> LineOutcome {
        let Body::Json(value) = &record.body else { return LineOutcome::Foreign };
        if value.get("@timestamp").is_none() {
            return LineOutcome::Foreign;
        }
        let flat = property::flatten(value);
        let Some((stamp, _)) = value_of(&flat, &["@timestamp"]).and_then(|t| stamp(t, DateOrder::DayFirst)) else {
            return LineOutcome::Damaged(Code::TimeUnreadable, "`@timestamp` is no time");
        };
        let (at, trust) = context.clock.instant(stamp);
        let mut properties: Properties = FIELDS
            .iter()
            .filter_map(|(field, plain)| value_of(&flat, &[field]).map(|value| ((*plain).to_owned(), value.to_owned())))
            .collect();
        if let Some(nanos) = value_of(&flat, &["event.duration"]) {
            properties.push(("elapsed".to_owned(), format!("{nanos}ns")));
        }
        // Labels and custom fields keep the application's own names.
        properties.extend(flat.iter().filter_map(|(key, value)| {
            let bare = key.strip_prefix("labels.").unwrap_or(key);
            (!bare.contains('.')).then(|| (bare.to_owned(), value.clone()))
        }));
        let outcome = value_of(&flat, &["event.outcome"]).and_then(|outcome| match outcome {
            "success" => Some(true),
            "failure" => Some(false),
            _ => None,
        });
        let message = value_of(&flat, &["message"]).unwrap_or("");
        let line = Line {
            at: (at, Some(trust)),
            severity: value_of(&flat, &["log.level"]).and_then(Severity::from_word).unwrap_or_default(),
            logger: value_of(&flat, &["log.logger", "service.name"]),
            message,
            detail: value_of(&flat, &["error.stack_trace"]).unwrap_or(""),
            properties,
            // A failed payment is no failed logon: the outcome counts where the record is about access.
            outcome: outcome.filter(|_| message::is_about_access(message) || is_authentication(&flat)),
        };
        message::understand(line, context)
    }
}

fn is_authentication(flat: &[(String, String)]) -> bool {
    let of_access = |value: &str| value.contains("authentication") || value.contains("session");
    value_of(flat, &["event.category"]).is_some_and(of_access)
        || value_of(flat, &["event.action"]).is_some_and(message::is_about_access)
}
