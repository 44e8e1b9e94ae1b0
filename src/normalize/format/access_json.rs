//! Access logs as JSON lines: Caddy, Traefik, Cloudflare, Azure's Application Gateway, Kong, and nginx under the names of
//! its variables.
//!
//! Each writer has names of its own for the same things; a record is of the first writer whose time, path and status
//! it has. The shapes of Caddy, Cloudflare, Application Gateway and Kong were checked against real logs; those of the
//! others are in "Access Logs" of Traefik and the index of variables of nginx. Some stamp the start of a request. The
//! first version of Application Gateway wrote milliseconds, which nothing tells; it is no longer offered.

use super::json_lines::epoch;
use super::{Context, LineOutcome, LogFormat, Parser, Said, Sample};
use crate::diagnostic::Code;
use crate::normalize::clock::{DateOrder, Stamp, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::request::{Request, Stamped};
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Object, Record};

/// See the file.
pub(crate) struct AccessJson;

/// The names that one writer gives to the parts of a request; several where it has more than one.
struct Writer {
    time: &'static [&'static str],
    method: &'static str,
    path: &'static [&'static str],
    status: &'static str,
    client: &'static [&'static str],
    user: &'static str,
    /// The duration, and how many milliseconds its unit has.
    duration: (&'static str, f64),
}

/// Times that are the start of a request; the others are its end.
const STARTS: &[&str] = &["StartUTC", "EdgeStartTimestamp", "started_at"];

const WRITERS: &[Writer] = &[
    Writer {
        time: &["timeStamp", "time"],
        method: "properties.httpMethod",
        path: &["properties.originalRequestUriWithArgs", "properties.requestUri"],
        status: "properties.httpStatus",
        client: &["properties.clientIP"],
        user: "",
        duration: ("properties.timeTaken", 1e3),
    },
    Writer {
        time: &["started_at"],
        method: "request.method",
        path: &["request.uri"],
        status: "response.status",
        client: &["client_ip"],
        user: "consumer.username",
        duration: ("latencies.request", 1.0),
    },
    Writer {
        time: &["ts"],
        method: "request.method",
        path: &["request.uri"],
        status: "status",
        client: &["request.client_ip", "request.remote_ip", "request.remote_addr"],
        user: "user_id",
        duration: ("duration", 1e3),
    },
    Writer {
        time: &["StartUTC", "time"],
        method: "RequestMethod",
        path: &["RequestPath"],
        status: "DownstreamStatus",
        client: &["ClientHost"],
        user: "ClientUsername",
        duration: ("Duration", 1e-6),
    },
    Writer {
        time: &["EdgeStartTimestamp"],
        method: "ClientRequestMethod",
        path: &["ClientRequestURI", "ClientRequestPath"],
        status: "EdgeResponseStatus",
        client: &["ClientIP"],
        user: "",
        duration: ("EdgeTimeToFirstByteMs", 1.0),
    },
    Writer {
        time: &["time_iso8601", "msec", "time_local", "time", "@timestamp"],
        method: "request_method",
        path: &["request_uri", "uri"],
        status: "status",
        client: &["remote_addr"],
        user: "remote_user",
        duration: ("request_time", 1e3),
    },
];

fn any<'o>(object: &'o Object<'_>, names: &[&str]) -> Option<&'o str> {
    names.iter().find_map(|name| object.get(name))
}

fn writer(object: &Object<'_>) -> Option<&'static Writer> {
    let fits = |writer: &&Writer| {
        object.get(writer.method).is_some()
            && object.get(writer.status).is_some_and(|status| status.parse::<u32>().is_ok())
            && any(object, writer.path).is_some()
            && any(object, writer.time).is_some()
    };
    WRITERS.iter().find(fits)
}

fn time(text: &str) -> Option<Stamp> {
    epoch(text).or_else(|| Some(stamp(text, DateOrder::DayFirst)?.0).filter(|stamp| stamp.has_time))
}

impl LogFormat for AccessJson {
    fn name(&self) -> &'static str {
        "access-json"
    }

    fn dataset(&self) -> &'static str {
        "access"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Json]
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        first.iter().filter(|record| matches!(&record.body, Body::Json(object) if writer(object).is_some())).count()
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::new(AccessJsonParser))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Json,
            path: "caddy/access.log",
            text: r#"{"level":"info","ts":1661148901.25,"logger":"http.log.access","msg":"handled request","request":{"client_ip":"10.0.0.7","method":"POST","uri":"/login?target=RDS01"},"user_id":"user001","duration":0.5,"status":500}
{"level":"info","ts":1661148902,"request":{"remote_ip":"10.0.0.7","method":"GET","uri":"/x.css"},"user_id":"","duration":0.01,"status":200}
{"ClientHost":"10.0.0.8","ClientUsername":"user002","DownstreamStatus":200,"Duration":7000000,"RequestMethod":"POST","RequestPath":"/login","StartUTC":"2022-08-22T06:15:03.5Z"}
{"time_iso8601":"2022-08-22T08:15:04+02:00","remote_addr":"10.0.0.9","remote_user":"user003","request_method":"POST","request_uri":"/login","status":"401","request_time":"0.007"}
{"timeStamp":"2022-08-22T06:15:05+00:00","category":"ApplicationGatewayAccessLog","properties":{"clientIP":"10.0.0.9","httpMethod":"POST","requestUri":"/login","requestQuery":"","httpStatus":502,"timeTaken":1.5}}
{"started_at":1661148906000,"response":{"status":503},"request":{"method":"GET","uri":"/api"},"latencies":{"request":500},"client_ip":"10.0.0.9"}"#,
            expected: &[
                "Failure 2022-08-22T06:15:01.25Z user=user001 host=RDS01 client=10.0.0.7 code=500",
                "irrelevant 2022-08-22T06:15:02Z",
                "Success 2022-08-22T06:15:03.507Z user=user002 host=- client=10.0.0.8 code=-",
                "Failure 2022-08-22T06:15:04Z user=user003 host=- client=10.0.0.9 code=401",
                "Symptom 2022-08-22T06:15:05Z user=- host=- client=10.0.0.9 code=502",
                "Symptom 2022-08-22T06:15:06.5Z user=- host=- client=10.0.0.9 code=503",
            ],
        }]
    }
}

struct AccessJsonParser;

impl Parser for AccessJsonParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        let Body::Json(object) = &record.body else { return LineOutcome::Foreign.into() };
        let Some(writer) = writer(object) else { return LineOutcome::Foreign.into() };
        let named = writer.time.iter().find_map(|name| Some((*name, object.get(name)?)));
        let Some((name, stamp)) = named.and_then(|(name, text)| Some((name, time(text)?))) else {
            return LineOutcome::Damaged(Code::TimeUnreadable, "the time cannot be read").into();
        };
        let (at, trust) = context.clock.instant(stamp);
        let target = any(object, writer.path).unwrap_or("");
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (duration, unit_ms) = writer.duration;
        Said::Request(Request {
            at: (at, Some(trust)),
            stamped: if STARTS.contains(&name) { Stamped::Start } else { Stamped::End },
            duration_ms: object.get(duration).and_then(|value| value.parse::<f64>().ok()).map(|value| value * unit_ms),
            method: object.get(writer.method).unwrap_or("-"),
            path,
            query,
            user: object.get(writer.user).unwrap_or("").into(),
            client: any(object, writer.client).unwrap_or(""),
            status: object.get(writer.status).and_then(|status| status.parse().ok()).unwrap_or(0),
            ..Request::default()
        })
    }
}
