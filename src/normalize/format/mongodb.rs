//! MongoDB: JSON lines from 4.4 on (`t.$date s c id ctx msg attr`), text before: `stamp LEVEL COMPONENT [context] text`.
//!
//! Source: MongoDB manual, "Log Messages". The texts of the messages are those of the server's sources; no real
//! log was at hand.

use super::{Context, Entry, LineOutcome, LogFormat, Parser, Said, Sample};
use crate::diagnostic::Code;
use crate::model::{Action, Severity};
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::message::Line;
use crate::normalize::peak::Peak;
use crate::normalize::plain::Plain;
use crate::normalize::summary::Role;
use crate::normalize::told::{between, named, without_port};
use crate::read::{Body, Container, Object, Record};

/// The JSON lines; see the file.
pub(crate) struct MongoDb;

/// The text of the versions before; see the file.
pub(crate) struct MongoDbText;

/// The counter of the connections.
const CONNECTIONS: &str = "mongodb connections, most of the minute";
const DATASET: &str = "mongodb";

fn severity(letter: &str) -> Option<Severity> {
    Some(match letter {
        "F" => Severity::Fatal,
        "E" => Severity::Error,
        "W" => Severity::Warn,
        "I" => Severity::Info,
        "D" | "D1" | "D2" | "D3" | "D4" | "D5" => Severity::Debug,
        _ => return None,
    })
}

/// What a message means, by its own words.
fn action(message: &str) -> Option<Action> {
    let begins = |words: &[&str]| words.iter().any(|words| message.starts_with(words));
    if begins(&["Authentication failed", "Failed to authenticate"]) {
        Some(Action::Failure)
    } else if begins(&["Authentication succeeded", "Successfully authenticated"]) {
        Some(Action::Success)
    } else if message.contains("too many open connections") {
        Some(Action::Symptom)
    } else if begins(&["Waiting for connections", "***** SERVER RESTARTED *****", "MongoDB starting", "Shutting down"])
        || begins(&["waiting for connections", "shutting down with code"])
    {
        Some(Action::ServiceState)
    } else {
        None
    }
}

fn is_mongodb(object: &Object<'_>) -> bool {
    object.get("t.$date").is_some() && object.get("s").and_then(severity).is_some() && object.get("ctx").is_some()
}

impl LogFormat for MongoDb {
    fn name(&self) -> &'static str {
        "mongodb"
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
        first.iter().filter(|record| matches!(&record.body, Body::Json(object) if is_mongodb(object))).count()
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::new(MongoDbParser { connections: Peak::new(CONNECTIONS) }))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Json,
            path: "mongodb/mongod.log",
            text: r#"{"t":{"$date":"2022-08-22T08:15:00.123+02:00"},"s":"I","c":"NETWORK","id":23016,"ctx":"listener","msg":"Waiting for connections","attr":{"port":27017,"ssl":"off"}}
{"t":{"$date":"2022-08-22T08:15:01.123+02:00"},"s":"I","c":"NETWORK","id":22943,"ctx":"listener","msg":"Connection accepted","attr":{"remote":"10.0.0.7:50123","connectionId":12,"connectionCount":3}}
{"t":{"$date":"2022-08-22T08:15:01.200+02:00"},"s":"I","c":"ACCESS","id":20250,"ctx":"conn12","msg":"Authentication succeeded","attr":{"mechanism":"SCRAM-SHA-256","principalName":"user001","authenticationDatabase":"admin","remote":"10.0.0.7:50123","extraInfo":{}}}
{"t":{"$date":"2022-08-22T08:15:02.200+02:00"},"s":"I","c":"ACCESS","id":20249,"ctx":"conn13","msg":"Authentication failed","attr":{"mechanism":"SCRAM-SHA-256","principalName":"user002","authenticationDatabase":"admin","remote":"10.0.0.8:50124","error":"UserNotFound: Could not find user"}}
{"t":{"$date":"2022-08-22T08:15:03.200+02:00"},"s":"I","c":"NETWORK","id":22944,"ctx":"conn12","msg":"Connection ended","attr":{"remote":"10.0.0.7:50123","connectionId":12,"connectionCount":2}}
{"t":{"$date":"2022-08-22T08:16:03.200+02:00"},"s":"I","c":"NETWORK","id":22944,"ctx":"conn14","msg":"Connection ended","attr":{"remote":"10.0.0.7:50125","connectionId":14,"connectionCount":1}}"#,
            expected: &[
                "ServiceState 2022-08-22T06:15:00.123Z user=- host=- client=- code=-",
                "irrelevant 2022-08-22T06:15:01.123Z",
                "Success 2022-08-22T06:15:01.2Z user=user001 host=- client=10.0.0.7 code=-",
                "Failure 2022-08-22T06:15:02.2Z user=user002 host=- client=10.0.0.8 code=-",
                "irrelevant 2022-08-22T06:15:03.2Z",
                "Other 2022-08-22T06:15:03.2Z host=- 3 + irrelevant 2022-08-22T06:16:03.2Z",
            ],
        }]
    }
}

struct MongoDbParser {
    connections: Peak,
}

/// Puts the reading of a minute that is over before what a record says.
fn with_load(load: Option<LineOutcome>, said: Said<'_>) -> Said<'_> {
    match load {
        Some(load) => Said::Several(vec![Said::Done(load), said]),
        None => said,
    }
}

impl Parser for MongoDbParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        let Body::Json(object) = &record.body else { return LineOutcome::Foreign.into() };
        let Some(severity) = object.get("s").and_then(severity).filter(|_| is_mongodb(object)) else {
            return LineOutcome::Foreign.into();
        };
        let Some((stamp, _)) = object.get("t.$date").and_then(|time| stamp(time, DateOrder::MonthFirst)) else {
            return LineOutcome::Damaged(Code::TimeUnreadable, "`t.$date` is no time").into();
        };
        let (at, trust) = context.clock.instant(stamp);
        let message = object.get("msg").unwrap_or("");
        let first = |names: &[&str]| names.iter().find_map(|name| object.get(name));
        let action = action(message);
        let user = first(&["attr.principalName", "attr.user.user", "attr.user"]).filter(|_| action.is_some());
        let n_open = object.get("attr.connectionCount").and_then(|count| count.parse::<u32>().ok());
        let load = n_open.and_then(|n_open| self.connections.add(at, n_open.into(), context));
        let said = Said::Message(Line {
            at: (at, Some(trust)),
            severity,
            logger: object.get("c"),
            message: message.into(),
            action,
            properties: named(&[
                ("user", user),
                ("client", first(&["attr.remote", "attr.client"]).map(without_port)),
                ("reason", first(&["attr.error.errmsg", "attr.error", "attr.result"])),
                ("code", first(&["attr.error.code"])),
            ]),
            ..Line::default()
        });
        with_load(load, said)
    }

    fn finish(&mut self, context: &mut Context<'_>) -> Option<LineOutcome> {
        self.connections.finish(context)
    }
}

impl LogFormat for MongoDbText {
    fn name(&self) -> &'static str {
        "mongodb-text"
    }

    fn dataset(&self) -> &'static str {
        DATASET
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn parse<'t>(&self, text: &'t str, order: DateOrder) -> Option<Entry<'t>> {
        let (stamp, len) = stamp(text, order).filter(|(stamp, _)| stamp.has_time && stamp.has_year)?;
        let (level, rest) = text[len..].strip_prefix(' ')?.split_once(' ')?;
        let severity = severity(level)?;
        let (component, rest) = rest.split_once(" [")?;
        let component = component.trim_end();
        if component.is_empty() || !component.bytes().all(|b| b.is_ascii_uppercase() || matches!(b, b'-' | b'_')) {
            return None;
        }
        let (_, message) = rest.split_once("] ")?;
        let mut line = Line { severity, logger: Some(component), message: message.into(), ..Line::default() };
        let client = between(message, "from client ", &[' ']).map(without_port);
        if let Some(user) = between(message, "authenticated as principal ", &[' ']) {
            line.action = Some(Action::Success);
            line.properties = named(&[("user", Some(user)), ("client", client)]);
        } else if let Some(user) = between(message, "authentication failed for ", &[' ']) {
            line.action = Some(Action::Failure);
            line.properties = named(&[("user", Some(user)), ("client", client)]);
        } else {
            line.action = action(message);
            // `connection accepted` and `end connection` tell no user.
            if message.starts_with("connection accepted") || message.starts_with("end connection") {
                line.message = "".into();
            }
        }
        Some(Entry::message(stamp, line))
    }

    fn open(&self, file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::new(MongoDbTextParser { plain: Plain::new(&Self, file), connections: Peak::new(CONNECTIONS) }))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "mongodb/old.log",
            text: "2022-08-22T08:15:00.123+0200 I NETWORK  [listener] waiting for connections on port 27017\n\
                   2022-08-22T08:15:01.123+0200 I NETWORK  [listener] connection accepted from 10.0.0.7:50123 #12 (3 connections now open)\n\
                   2022-08-22T08:15:01.200+0200 I ACCESS   [conn12] Successfully authenticated as principal user001 on admin from client 10.0.0.7:50123\n\
                   2022-08-22T08:15:02.200+0200 I ACCESS   [conn13] SASL SCRAM-SHA-1 authentication failed for user002 on admin from client 10.0.0.8:50124 ; UserNotFound: Could not find user\n\
                   2022-08-22T08:15:03.200+0200 I -        [conn12] end connection 10.0.0.7:50123 (2 connections now open)\n\
                   2022-08-22T08:16:03.200+0200 I -        [conn14] end connection 10.0.0.7:50125 (1 connection now open)",
            expected: &[
                "ServiceState 2022-08-22T06:15:00.123Z user=- host=- client=- code=-",
                "irrelevant 2022-08-22T06:15:01.123Z",
                "Success 2022-08-22T06:15:01.2Z user=user001 host=- client=10.0.0.7 code=-",
                "Failure 2022-08-22T06:15:02.2Z user=user002 host=- client=10.0.0.8 code=-",
                "irrelevant 2022-08-22T06:15:03.2Z",
                "Other 2022-08-22T06:15:03.2Z host=- 3 + irrelevant 2022-08-22T06:16:03.2Z",
            ],
        }]
    }
}

struct MongoDbTextParser {
    plain: Plain,
    connections: Peak,
}

impl Parser for MongoDbTextParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        let said = self.plain.say(record, context);
        let Said::Message(line) = &said else { return said };
        // `(3 connections now open)` at the end of the line.
        let count = || {
            let first = record.text()?.split('\n').next()?;
            let (_, tail) = first.strip_suffix(" now open)")?.rsplit_once('(')?;
            tail.split(' ').next()?.parse::<u32>().ok()
        };
        let load = count().and_then(|n_open| self.connections.add(line.at.0, n_open.into(), context));
        with_load(load, said)
    }

    fn finish(&mut self, context: &mut Context<'_>) -> Option<LineOutcome> {
        self.connections.finish(context)
    }
}
