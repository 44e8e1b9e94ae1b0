//! The error logs of nginx and of the Apache web server.
//!
//! nginx: `2022/08/22 08:15:01 [error] 7#9: *3 text, client: …, server: …, upstream: "…"`. Apache 2.2:
//! `[Mon Aug 22 08:15:01 2022] [error] [client 10.0.0.7] text`; 2.4 has the module before the level, process and
//! thread, the port of the client, and a number before the text (`AH01617:`). Dates are the clock of the host
//! and say no zone.
//!
//! Sources: Apache HTTP Server, ErrorLogFormat; nginx, ngx_core_module (error_log). A real log of Apache 2.0 is
//! `Apache_2k.log` of loghub; none of nginx and none of Apache 2.4 was at hand.

use super::{Entry, LogFormat, Sample};
use crate::model::{Action, Severity};
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::message::Line;
use crate::normalize::summary::Role;
use crate::normalize::told::{between, named, without_port};
use crate::read::Container;

/// nginx; see the file.
pub(crate) struct NginxError;

/// Apache; see the file.
pub(crate) struct ApacheError;

fn severity(word: &str) -> Option<Severity> {
    // Apache counts its traces: `trace1` to `trace8`.
    if word.len() == 6 && word.starts_with("trace") { Some(Severity::Trace) } else { Severity::from_word(word) }
}

/// The number of a system error in brackets: `failed (111: Connection refused)`, `(111)Connection refused: …`.
fn system_error(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some((_, behind)) = rest.split_once('(') {
        let n_digits = behind.bytes().take(6).take_while(u8::is_ascii_digit).count();
        if n_digits > 0 && matches!(behind.as_bytes().get(n_digits), Some(b':' | b')')) {
            return Some(&behind[..n_digits]);
        }
        rest = behind;
    }
    None
}

/// What says that a server behind the web server does not do its part.
const SYMPTOMS: &[&str] = &[
    "connect() failed",
    "upstream timed out",
    "no live upstreams",
    "upstream prematurely closed connection",
    "worker_connections are not enough",
    "recv() failed",
    "SSL_do_handshake() failed",
    "limiting connections",
    "attempt to connect to",
    "Error reading from remote server",
    "server reached MaxRequestWorkers",
    "server reached MaxClients",
    "Timeout expired",
];

/// What says that the server itself starts or stops.
const STATES: &[&str] = &[
    "resuming normal operations",
    "caught SIG",
    "Graceful restart requested",
    "start worker processes",
    "signal process started",
];

fn action(severity: Severity, text: &str) -> Option<Action> {
    if severity >= Severity::Warn && SYMPTOMS.iter().any(|words| text.contains(words)) {
        return Some(Action::Symptom);
    }
    STATES.iter().any(|words| text.contains(words)).then_some(Action::ServiceState)
}

/// The account that basic authentication refused.
fn refused_user(text: &str) -> Option<&str> {
    // nginx: `user "x": password mismatch`, `user "x" was not found in "…"`.
    if text.contains("password mismatch") || text.contains("was not found in") {
        return between(text, "user \"", &['"']);
    }
    // Apache: `AH01617: user x: authentication failure for "/"`, `AH01618: user x not found: /`.
    if text.contains(": authentication failure for") || text.contains("not found: /") {
        return between(text, "user ", &[' ', ':']);
    }
    None
}

fn line<'t>(severity: Severity, logger: &'t str, client: Option<&'t str>, text: &'t str) -> Line<'t> {
    let user = if severity >= Severity::Warn { refused_user(text) } else { None };
    Line {
        severity,
        logger: Some(logger),
        message: text.into(),
        action: if user.is_some() { Some(Action::Failure) } else { action(severity, text) },
        properties: named(&[
            ("user", user),
            ("client", client.map(without_port)),
            ("code", if severity >= Severity::Warn { system_error(text) } else { None }),
        ]),
        ..Line::default()
    }
}

impl LogFormat for NginxError {
    fn name(&self) -> &'static str {
        "nginx-error"
    }

    fn dataset(&self) -> &'static str {
        "nginx.error"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn parse<'t>(&self, text: &'t str, order: DateOrder) -> Option<Entry<'t>> {
        if text.as_bytes().get(4) != Some(&b'/') {
            return None;
        }
        let (stamp, len) = stamp(text, order).filter(|(stamp, _)| stamp.has_time && stamp.has_year)?;
        let (level, rest) = text[len..].strip_prefix(" [")?.split_once("] ")?;
        let severity = severity(level)?;
        let (process, rest) = rest.split_once(": ")?;
        let (pid, tid) = process.split_once('#')?;
        if ![pid, tid].iter().all(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())) {
            return None;
        }
        let rest = match rest.strip_prefix('*').and_then(|numbered| numbered.split_once(' ')) {
            Some((number, rest)) if number.bytes().all(|b| b.is_ascii_digit()) => rest,
            _ => rest,
        };
        let client = between(rest, ", client: ", &[',']);
        // The address that was asked for is not what went wrong.
        let message = &rest[..memchr::memmem::find(rest.as_bytes(), b", client: ").unwrap_or(rest.len())];
        Some(Entry::message(stamp, line(severity, "nginx", client, message)))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "nginx/error.log",
            text: "2022/08/22 08:15:01 [error] 7#9: *3 connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.7, server: portal, request: \"POST /login HTTP/1.1\", upstream: \"http://10.0.0.3:8080/login\", host: \"portal\"\n\
                   2022/08/22 08:15:02 [error] 7#9: *4 upstream timed out (10060: A connection attempt failed) while reading response header from upstream, client: 10.0.0.8, server: portal\n\
                   2022/08/22 08:15:03 [error] 7#9: *5 no live upstreams while connecting to upstream, client: 10.0.0.8, server: portal\n\
                   2022/08/22 08:15:04 [error] 7#9: *6 user \"user001\": password mismatch, client: 10.0.0.9, server: portal\n\
                   2022/08/22 08:15:05 [notice] 7#7: start worker processes\n\
                   2022/08/22 08:15:06 [warn] 7#9: *7 an upstream response is buffered to a temporary file, client: 10.0.0.8, server: portal",
            expected: &[
                "Symptom 2022-08-22T08:15:01Z user=- host=- client=10.0.0.7 code=111",
                "Symptom 2022-08-22T08:15:02Z user=- host=- client=10.0.0.8 code=10060",
                "Symptom 2022-08-22T08:15:03Z user=- host=- client=10.0.0.8 code=-",
                "Failure 2022-08-22T08:15:04Z user=user001 host=- client=10.0.0.9 code=-",
                "ServiceState 2022-08-22T08:15:05Z user=- host=- client=- code=-",
                "Other 2022-08-22T08:15:06Z user=- host=- client=10.0.0.8 code=-",
            ],
        }]
    }
}

impl LogFormat for ApacheError {
    fn name(&self) -> &'static str {
        "apache-error"
    }

    fn dataset(&self) -> &'static str {
        "apache.error"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn parse<'t>(&self, text: &'t str, order: DateOrder) -> Option<Entry<'t>> {
        let inner =
            text.strip_prefix('[').filter(|inner| inner.as_bytes().first().is_some_and(u8::is_ascii_alphabetic))?;
        let (stamp, len) = stamp(inner, order).filter(|(stamp, _)| stamp.has_time && stamp.has_year)?;
        let (level, mut rest) = inner[len..].strip_prefix("] [")?.split_once(']')?;
        let (module, level) = level.rsplit_once(':').unwrap_or(("", level));
        let severity = severity(level)?;
        let mut client = None;
        // A system error may stand before the client: `(13)Permission denied: [client 10.0.0.7] …`.
        while let Some((part, behind)) = rest.trim_start().strip_prefix('[').and_then(|part| part.split_once(']')) {
            let is_known = ["client ", "remote ", "pid ", "tid "].iter().any(|key| part.starts_with(key));
            if !is_known {
                break;
            }
            client = part.strip_prefix("client ").or_else(|| part.strip_prefix("remote ")).or(client);
            rest = behind;
        }
        let rest = rest.trim_start();
        let client = client.or_else(|| between(rest, ": [client ", &[']']));
        Some(Entry::message(stamp, line(severity, module, client, rest)))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "apache2/error.log",
            text: "[Mon Aug 22 08:15:01 2022] [error] [client 10.0.0.7] user user001: authentication failure for \"/portal\": Password Mismatch\n\
                   [Mon Aug 22 08:15:02.902022 2022] [proxy:error] [pid 35708:tid 4328636416] (111)Connection refused: AH00957: http: attempt to connect to 10.0.0.3:8080 (backend) failed\n\
                   [Mon Aug 22 08:15:03.902022 2022] [auth_basic:error] [pid 35708] [client 10.0.0.8:50123] AH01618: user user002 not found: /portal\n\
                   [Mon Aug 22 08:15:04.000001 2022] [mpm_event:notice] [pid 1:tid 1] AH00489: Apache/2.4.54 (Unix) configured -- resuming normal operations\n\
                   [Mon Aug 22 08:15:05.000001 2022] [authz_core:debug] [pid 1:tid 1] mod_authz_core.c(820): [client 10.0.0.8:1] AH01626: authorization result: granted",
            expected: &[
                "Failure 2022-08-22T08:15:01Z user=user001 host=- client=10.0.0.7 code=-",
                "Symptom 2022-08-22T08:15:02.902022Z user=- host=- client=- code=111",
                "Failure 2022-08-22T08:15:03.902022Z user=user002 host=- client=10.0.0.8 code=-",
                "ServiceState 2022-08-22T08:15:04.000001Z user=- host=- client=- code=-",
                "irrelevant 2022-08-22T08:15:05.000001Z",
            ],
        }]
    }
}
