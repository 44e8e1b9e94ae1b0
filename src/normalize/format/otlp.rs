//! Logs of the OpenTelemetry protocol as JSON: a line is a batch of records from several resources.
//!
//! Nanoseconds since 1970 stand as a text; a record that does not know its time has 0 there, and the time at which it
//! was observed counts. Levels are numbers from 1 to 24. A batch counts as one record of the source.
//!
//! Source: "OTLP File Exporter" and the log data model of the OpenTelemetry specification.

use std::borrow::Cow;

use serde_json::Value;

use super::{Context, LineOutcome, LogFormat, Parser, Said, Sample};
use crate::diagnostic::Code;
use crate::model::Severity;
use crate::normalize::clock::{Civil, Stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::message::Line;
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Fields, Object, Record};

/// See the file.
pub(crate) struct Otlp;

fn is_otlp(object: &Object<'_>) -> bool {
    object.get("resourceLogs").is_some_and(|logs| logs.starts_with('['))
}

/// Attributes of the semantic conventions, under the plain names that
/// [`crate::normalize::property::meaning`] knows.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("enduser.id", "user"),
    ("user.name", "user"),
    ("user.id", "user"),
    ("client.address", "client"),
    ("network.peer.address", "client"),
    ("net.peer.ip", "client"),
    ("source.address", "client"),
    ("server.address", "target"),
    ("net.peer.name", "target"),
    ("http.response.status_code", "code"),
    ("http.status_code", "code"),
    ("exception.message", "reason"),
];

fn severity(number: Option<&Value>, text: Option<&str>) -> Severity {
    match number.and_then(Value::as_u64) {
        Some(1..=4) => Severity::Trace,
        Some(5..=8) => Severity::Debug,
        Some(9..=12) => Severity::Info,
        Some(13..=16) => Severity::Warn,
        Some(17..=20) => Severity::Error,
        Some(21..=24) => Severity::Fatal,
        _ => text.and_then(Severity::from_word).unwrap_or_default(),
    }
}

fn items<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The value of an attribute or body as a text.
fn text(value: &Value) -> Option<Cow<'_, str>> {
    let (_, inner) = value.as_object()?.iter().next()?;
    Some(match inner {
        Value::String(text) => Cow::Borrowed(text.as_str()),
        other => Cow::Owned(other.to_string()),
    })
}

fn attribute<'v>(holder: &'v Value, wanted: &str) -> Option<&'v str> {
    let found = items(holder, "attributes").iter().find(|pair| pair["key"] == wanted)?;
    found["value"]["stringValue"].as_str()
}

/// Nanoseconds since 1970, as a text or a number.
fn instant(value: Option<&Value>) -> Option<Stamp> {
    let nanos = match value? {
        Value::String(text) => text.parse::<i64>().ok()?,
        other => other.as_i64()?,
    };
    (nanos > 0).then(|| Stamp::utc(Civil(nanos / 100)))
}

impl LogFormat for Otlp {
    fn name(&self) -> &'static str {
        "otlp-json"
    }

    fn dataset(&self) -> &'static str {
        "otlp"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Json]
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        first.iter().filter(|record| matches!(&record.body, Body::Json(object) if is_otlp(object))).count()
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::new(OtlpParser))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Json,
            path: "otel/logs.jsonl",
            text: r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"host.name","value":{"stringValue":"gw01"}},{"key":"service.name","value":{"stringValue":"gateway"}}]},"scopeLogs":[{"logRecords":[{"timeUnixNano":"1661148901250000000","severityNumber":17,"body":{"stringValue":"Login failed"},"attributes":[{"key":"enduser.id","value":{"stringValue":"user001"}},{"key":"http.response.status_code","value":{"intValue":"503"}}]},{"timeUnixNano":"0","observedTimeUnixNano":"1661148902000000000","severityNumber":9,"body":{"stringValue":"sweep done"}}]}]}]}
{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":9,"body":{"stringValue":"no time"}}]}]}]}
{"resourceLogs":[]}"#,
            expected: &[
                "Failure 2022-08-22T06:15:01.25Z user=user001 host=GW01 client=- code=503 + irrelevant 2022-08-22T06:15:02Z",
                "damaged time-unreadable",
                "irrelevant",
            ],
        }]
    }
}

struct OtlpParser;

impl Parser for OtlpParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        let Body::Json(object) = &record.body else { return LineOutcome::Foreign.into() };
        if !is_otlp(object) {
            return LineOutcome::Foreign.into();
        }
        let mut said = Vec::new();
        for group in items(object.tree(), "resourceLogs") {
            let resource = &group["resource"];
            for scope in items(group, "scopeLogs").iter().chain(items(group, "instrumentationLibraryLogs")) {
                for log in items(scope, "logRecords").iter().chain(items(scope, "logs")) {
                    said.push(one(log, resource, context));
                }
            }
        }
        match said.len() {
            0 => LineOutcome::Irrelevant(None).into(),
            1 => said.remove(0),
            _ => Said::Several(said),
        }
    }
}

fn one<'r>(log: &'r Value, resource: &'r Value, context: &mut Context<'_>) -> Said<'r> {
    let Some(stamp) = instant(log.get("timeUnixNano")).or_else(|| instant(log.get("observedTimeUnixNano"))) else {
        return LineOutcome::Damaged(Code::TimeUnreadable, "a record without time").into();
    };
    let (at, trust) = context.clock.instant(stamp);
    let mut properties: Fields<'r> = Vec::new();
    for pair in items(log, "attributes") {
        if let (Some(key), Some(value)) = (pair["key"].as_str(), text(&pair["value"])) {
            let plain = ATTRIBUTES.iter().find(|(name, _)| *name == key).map_or(key, |(_, plain)| plain);
            properties.push((Cow::Borrowed(plain), value));
        }
    }
    if let Some(trace) = log["traceId"].as_str().filter(|trace| !trace.is_empty()) {
        properties.push((Cow::Borrowed("traceid"), Cow::Borrowed(trace)));
    }
    Said::Message(Line {
        at: (at, Some(trust)),
        severity: severity(log.get("severityNumber"), log["severityText"].as_str()),
        logger: attribute(resource, "service.name"),
        host: attribute(resource, "host.name"),
        message: text(&log["body"]).unwrap_or_default(),
        detail: attribute(log, "exception.stacktrace").or_else(|| attribute(log, "exception.type")).unwrap_or(""),
        properties,
        ..Line::default()
    })
}
