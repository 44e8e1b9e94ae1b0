//! nginx and Apache access logs in the common and the combined layout.
//!
//! `client ident user [dd/Mon/yyyy:HH:MM:SS +zzzz] "request" status bytes "referer" "agent"`, often with
//! the seconds or microseconds that the request took behind, and with the name of the site before. The
//! stamp states its zone. nginx stamps the end of a request and Apache its start. The log does not say
//! which wrote it, but nginx gives the time that it took as seconds with a fraction and Apache as a whole
//! number of microseconds: such a line is stamped at the start.
//!
//! Sources: Apache HTTP Server, mod_log_config (`%t`, `%D`); nginx, ngx_http_log_module (`$time_local`,
//! `$request_time`).

use std::borrow::Cow;

use super::{Entry, LineOutcome, LogFormat, Said, Sample};
use crate::diagnostic::Code;
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::request::{Request, Stamped};
use crate::normalize::summary::Role;
use crate::read::Container;

/// See the file.
pub(crate) struct AccessLog;

/// Where the quoted request ends: a quote that no backslash escapes.
fn closing_quote(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut from = 0;
    loop {
        let at = from + memchr::memchr2(b'\\', b'"', bytes.get(from..)?)?;
        if bytes[at] == b'"' {
            return Some(at);
        }
        from = at + 2;
    }
}

/// The client and the account: the site with its port may stand before them, and an account may hold blanks.
fn client_and_user(head: &str) -> Option<(&str, &str)> {
    let (mut client, mut rest) = head.split_once(' ')?;
    if client.contains(':')
        && client.parse::<std::net::IpAddr>().is_err()
        && let Some((second, behind)) = rest.split_once(' ').filter(|(_, behind)| behind.contains(' '))
    {
        (client, rest) = (second, behind);
    }
    Some((client, rest.split_once(' ')?.1))
}

/// The number behind the last quote, if it is one: nginx writes seconds with a fraction, Apache
/// microseconds without.
fn duration_ms(rest: &str) -> Option<(f64, Stamped)> {
    let tail = rest.rsplit('"').next()?.trim();
    let number: f64 = tail.split(' ').next()?.parse().ok()?;
    if !rest.contains('"') {
        return None;
    }
    Some(if tail.contains('.') { (number * 1e3, Stamped::End) } else { (number / 1e3, Stamped::Start) })
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

    fn parse<'t>(&self, line: &'t str, order: DateOrder) -> Option<Entry<'t>> {
        let open = memchr::memmem::find(line.as_bytes(), b" [")?;
        let (stamp, len) = stamp(&line[open + 2..], order).filter(|(stamp, _)| stamp.offset_s.is_some())?;
        let behind = line[open + 2 + len..].strip_prefix("] \"")?;
        let (client, user) = client_and_user(&line[..open])?;
        let end = closing_quote(behind)?;
        let (request, rest) = (&behind[..end], behind[end + 1..].trim_start());
        let Some(status) = rest.split(' ').next().and_then(|status| status.parse().ok()) else {
            let damaged = LineOutcome::Damaged(Code::RecordMalformed, "a request without status");
            return Some(Entry { stamp, said: Said::Done(damaged) });
        };
        let (method, address) = request.split_once(' ').unwrap_or((request, ""));
        let address = address.split(' ').next().unwrap_or(address);
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let taken = duration_ms(rest);
        let (duration_ms, stamped) = (taken.map(|taken| taken.0), taken.map_or(Stamped::End, |taken| taken.1));
        let user = unescaped(user);
        Some(Entry::request(
            stamp,
            Request { stamped, duration_ms, method, path, query, user, client, status, ..Request::default() },
        ))
    }

    /// A request is one line.
    fn starts_record(&self, _line: &str) -> bool {
        true
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
                   10.0.0.5 - - [22/Aug/2022:08:15:05 +0200] \"-\" 408 0 \"-\" \"-\"\n\
                   10.0.0.7 - user001 [22/Aug/2022:08:15:06 +0200] \"POST /login HTTP/1.1\" 200 12 \"-\" \"Agent\" 2500000",
            expected: &[
                "Success 2022-08-22T06:15:01Z user=user001 host=RDS01 client=10.0.0.7 code=-",
                "Failure 2022-08-22T06:15:02Z user=user001 host=RDS01 client=10.0.0.7 code=504",
                "Failure 2022-08-22T06:15:03Z user=user001 host=- client=10.0.0.7 code=401",
                "Failure 2022-08-22T06:15:03Z user=user002 host=- client=10.0.0.7 code=401",
                "irrelevant 2022-08-22T06:15:04Z",
                "irrelevant 2022-08-22T06:15:05Z",
                "Success 2022-08-22T06:15:08.5Z user=user001 host=- client=10.0.0.7 code=-",
            ],
        }]
    }
}
