//! `jsonlog`, which came with version 15.

use super::super::{Context, LineOutcome, LogFormat, Parser, Said, Sample};
use super::{DATASET, Who, severity, stated, understand};
use crate::diagnostic::Code;
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::message::Line;
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Object, Record};

/// See the file.
pub(crate) struct PostgresJson;

fn is_postgres(object: &Object<'_>) -> bool {
    object.get("error_severity").and_then(severity).is_some() && object.get("timestamp").is_some()
}

impl LogFormat for PostgresJson {
    fn name(&self) -> &'static str {
        "postgresql-json"
    }

    fn dataset(&self) -> &'static str {
        DATASET
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Json]
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        first.iter().filter(|record| matches!(&record.body, Body::Json(object) if is_postgres(object))).count()
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::new(PostgresJsonParser))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Json,
            path: "postgresql/postgresql-Mon.json",
            text: r#"{"timestamp":"2022-08-22 06:15:01.130 UTC","user":"user001","dbname":"shop","pid":4711,"remote_host":"10.0.0.7","remote_port":50123,"session_id":"63031e65.1267","line_num":2,"ps":"authentication","error_severity":"LOG","message":"connection authorized: user=user001 database=shop","backend_type":"client backend","query_id":0}
{"timestamp":"2022-08-22 06:15:02.000 UTC","user":"user002","dbname":"shop","pid":4712,"remote_host":"10.0.0.8","remote_port":50124,"error_severity":"FATAL","state_code":"28P01","message":"password authentication failed for user \"user002\"","detail":"Role \"user002\" does not exist.","backend_type":"client backend"}
{"timestamp":"2022-08-22 06:15:03.000 UTC","pid":1,"error_severity":"LOG","message":"received fast shutdown request","backend_type":"postmaster"}"#,
            expected: &[
                "Success 2022-08-22T06:15:01.13Z user=user001 host=- client=10.0.0.7 code=-",
                "Failure 2022-08-22T06:15:02Z user=user002 host=- client=10.0.0.8 code=28P01",
                "ServiceState 2022-08-22T06:15:03Z user=- host=- client=- code=-",
            ],
        }]
    }
}

struct PostgresJsonParser;

impl Parser for PostgresJsonParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        let Body::Json(object) = &record.body else { return LineOutcome::Foreign.into() };
        let Some(severity) = object.get("error_severity").and_then(severity) else {
            return LineOutcome::Foreign.into();
        };
        let Some((stamp, _)) = object.get("timestamp").and_then(|time| stamp(time, DateOrder::MonthFirst)) else {
            return LineOutcome::Damaged(Code::TimeUnreadable, "`timestamp` is no time").into();
        };
        let (at, trust) = context.clock.instant(stamp);
        let mut line = Line { at: (at, Some(trust)), severity, ..Line::default() };
        let client = object.get("remote_host").filter(|host| *host != "[local]");
        let who = Who { user: object.get("user"), client };
        understand(&mut line, object.get("message").unwrap_or(""), who, object.get("state_code").and_then(stated));
        line.detail = object.get("detail").unwrap_or("");
        Said::Message(line)
    }
}
