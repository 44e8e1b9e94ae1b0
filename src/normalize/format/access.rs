//! nginx and Apache access logs in the common and the combined layout.
//!
//! `client ident user [dd/Mon/yyyy:HH:MM:SS +zzzz] "request" status bytes "referer" "agent"`, often with
//! the seconds or microseconds that the request took behind, and with the name of the site before. The
//! stamp states its zone. nginx stamps the end of a request and Apache its start; the log does not say
//! which wrote it.

use std::borrow::Cow;

use super::{Context, LineOutcome, LogFormat, Parser, Sample};
use crate::diagnostic::Code;
use crate::normalize::clock::{DateOrder, Stamp, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::request::{self, Request};
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Record};

/// See the file.
pub(crate) struct AccessLog;

struct Parts<'a> {
    client: &'a str,
    user: &'a str,
    stamp: Stamp,
    request: &'a str,
    rest: &'a str,
}

fn parts(line: &str) -> Option<Parts<'_>> {
    let open = line.find(" [")?;
    let (stamp, len) = stamp(&line[open + 2..], DateOrder::DayFirst)?;
    let behind = line[open + 2 + len..].strip_prefix("] \"")?;
    stamp.offset_s?;
    let words: Vec<&str> = line[..open].split(' ').collect();
    if words.len() < 3 {
        return None;
    }
    // A user may hold blanks; client and ident stand before it, and a site with port before both.
    let first = usize::from(words.len() > 3 && words[0].contains(':') && words[0].parse::<std::net::IpAddr>().is_err());
    let user_at: usize = words[..first + 2].iter().map(|word| word.len() + 1).sum();
    let end = closing_quote(behind)?;
    Some(Parts {
        client: words[first],
        user: line.get(user_at..open)?,
        stamp,
        request: &behind[..end],
        rest: behind[end + 1..].trim_start(),
    })
}

/// Where the quoted request ends: a quote that no backslash escapes.
fn closing_quote(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return Some(at),
            _ => at += 1,
        }
    }
    None
}

/// The number behind the last quote, if it is one: nginx writes seconds with a fraction, Apache
/// microseconds without.
fn duration_ms(rest: &str) -> Option<f64> {
    let tail = rest.rsplit('"').next()?.trim();
    let number: f64 = tail.split(' ').next()?.parse().ok()?;
    if !rest.contains('"') {
        return None;
    }
    Some(if tail.contains('.') { number * 1e3 } else { number / 1e3 })
}

/// Takes back how nginx writes backslashes and all that is no printable ASCII: `CORP\x5Cuser001`.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains("\\x") {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("\\x") {
        bytes.extend_from_slice(before.as_bytes());
        if let Some(byte) = behind.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            bytes.push(byte);
            rest = &behind[2..];
        } else {
            bytes.extend_from_slice(b"\\x");
            rest = behind;
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

impl LogFormat for AccessLog {
    fn name(&self) -> &'static str {
        "access-log"
    }

    fn dataset(&self) -> &'static str {
        "http.access"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Lines]
    }

    fn recognize(&self, first: &[Record]) -> usize {
        first.iter().filter(|record| matches!(&record.body, Body::Text(text) if parts(text).is_some())).count()
    }

    fn open(&self, _file: &FileFacts, _first: &[Record]) -> Box<dyn Parser> {
        Box::new(AccessParser)
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "nginx/access.log",
            text: "10.0.0.7 - CORP\\user001 [22/Aug/2022:08:15:01 +0200] \"POST /login?target=RDS01 HTTP/1.1\" 200 12 \"-\" \"Agent\" 1.720\n\
                   10.0.0.7 - user001 [22/Aug/2022:08:15:02 +0200] \"POST /login?target=RDS01 HTTP/1.1\" 504 0 \"-\" \"A \\\"x\\\"\"\n\
                   10.0.0.7 - user001 [22/Aug/2022:08:15:03 +0200] \"POST /login HTTP/1.1\" 401 0\n\
                   10.0.0.7 - CORP\\x5Cuser002 [22/Aug/2022:08:15:03 +0200] \"POST /login HTTP/1.1\" 401 0\n\
                   10.0.0.5 - - [22/Aug/2022:08:15:04 +0200] \"GET /health HTTP/1.1\" 503 3\n\
                   10.0.0.5 - - [22/Aug/2022:08:15:05 +0200] \"-\" 408 0 \"-\" \"-\"",
            expected: &[
                "Success 2022-08-22T06:15:01Z user=user001 host=RDS01 client=10.0.0.7 code=-",
                "Failure 2022-08-22T06:15:02Z user=user001 host=RDS01 client=10.0.0.7 code=504",
                "Failure 2022-08-22T06:15:03Z user=user001 host=- client=10.0.0.7 code=401",
                "Failure 2022-08-22T06:15:03Z user=user002 host=- client=10.0.0.7 code=401",
                "irrelevant 2022-08-22T06:15:04Z",
                "irrelevant 2022-08-22T06:15:05Z",
            ],
        }]
    }
}

struct AccessParser;

impl Parser for AccessParser {
    fn read(&mut self, record: &Record, context: &mut Context<'_>) -> LineOutcome {
        let Body::Text(text) = &record.body else { return LineOutcome::Foreign };
        let Some(parts) = parts(text) else { return LineOutcome::Foreign };
        let (at, trust) = context.clock.instant(parts.stamp);
        let Some(status) = parts.rest.split(' ').next().and_then(|status| status.parse().ok()) else {
            return LineOutcome::Damaged(Code::RecordMalformed, "a request without status");
        };
        let mut words = parts.request.split(' ');
        let method = words.next().unwrap_or("");
        let address = words.next().unwrap_or("");
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let request = Request {
            at: (at, Some(trust)),
            duration_ms: duration_ms(parts.rest),
            method,
            path,
            query,
            user: &unescaped(parts.user),
            client: parts.client,
            status,
            ..Request::default()
        };
        request::understand(&request, context)
    }
}
