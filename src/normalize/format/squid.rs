//! Squid's native access log: `1661148901.123 720 client TCP_MISS/200 1234 GET http://… user HIER_DIRECT/… type`.
//!
//! The stamp counts seconds since 1970, at the end of the request; then follows how many milliseconds it took. The
//! status 0 means that no answer was sent.
//!
//! No real log was at hand: the layout is that of "Squid Log Files" in the wiki of Squid.

use super::{Entry, LogFormat, Sample};
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::request::{Request, Stamped};
use crate::normalize::summary::Role;
use crate::read::Container;

/// See the file.
pub(crate) struct Squid;

/// Path and query of an address that names its server.
fn path_and_query(address: &str) -> (&str, &str) {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let path = rest.find('/').map_or("", |at| &rest[at..]);
    path.split_once('?').unwrap_or((path, ""))
}

impl LogFormat for Squid {
    fn name(&self) -> &'static str {
        "squid-access"
    }

    fn dataset(&self) -> &'static str {
        "squid.access"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn parse<'t>(&self, line: &'t str, order: DateOrder) -> Option<Entry<'t>> {
        let is_epoch = line.as_bytes().get(10) == Some(&b'.') && line.as_bytes()[..10].iter().all(u8::is_ascii_digit);
        let (stamp, len) = stamp(line, order).filter(|_| is_epoch)?;
        let mut words = line[len..].split_ascii_whitespace();
        let mut word = || words.next();
        let (taken, client, result) = (word()?, word()?, word()?);
        let (how, status) = result.split_once('/')?;
        let is_result = ["TCP_", "UDP_", "NONE"].iter().any(|begin| how.starts_with(begin));
        let (_bytes, method, address, user) = (word()?, word()?, word()?, word()?);
        word()?.contains('/').then_some(()).filter(|()| is_result)?;
        let (path, query) = path_and_query(address);
        let user = if user == "-" { "" } else { user }.into();
        let duration_ms = Some(taken.parse().ok()?);
        let (stamped, status) = (Stamped::End, status.parse().ok()?);
        let request = Request { stamped, duration_ms, method, path, query, user, client, status, ..Request::default() };
        Some(Entry::request(stamp, request))
    }

    /// A request is one line.
    fn starts_record(&self, _line: &str) -> bool {
        true
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "squid/access.log",
            text: "1661148901.123    720 10.0.0.7 TCP_MISS/200 1234 POST http://portal.corp.example/login?target=RDS01 user001 HIER_DIRECT/10.1.0.1 text/html\n\
                   1661148902.123  60001 10.0.0.8 TCP_MISS/503 4012 GET http://portal.corp.example/ - HIER_NONE/- text/html\n\
                   1661148903.123     12 10.0.0.8 TCP_TUNNEL/200 4012 CONNECT portal.corp.example:443 - HIER_DIRECT/10.1.0.1 -",
            expected: &[
                "Success 2022-08-22T06:15:01.123Z user=user001 host=RDS01 client=10.0.0.7 code=-",
                "Symptom 2022-08-22T06:15:02.123Z user=- host=- client=10.0.0.8 code=503",
                "irrelevant 2022-08-22T06:15:03.123Z",
            ],
        }]
    }
}
