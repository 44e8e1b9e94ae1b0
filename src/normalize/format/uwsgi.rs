//! uWSGI's log of requests: `[pid: 7|app: 0|req: 1/1] client (user) {…} [Mon Aug 22 08:15:01 2022] POST /login =>
//! generated 47 bytes in 129 msecs (HTTP/1.1 200) …`.
//!
//! The stamp is the clock of the host at the start of the request.
//!
//! Source: uWSGI documentation, "Formatting uWSGI requests logs" (`ctime`, `msecs`). A real log is `logfile_uwsgi.0` of
//! lnav.

use super::{Entry, LogFormat, Sample};
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::request::{Request, Stamped};
use crate::normalize::summary::Role;
use crate::read::Container;

/// See the file.
pub(crate) struct Uwsgi;

impl LogFormat for Uwsgi {
    fn name(&self) -> &'static str {
        "uwsgi"
    }

    fn dataset(&self) -> &'static str {
        "uwsgi"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn parse<'t>(&self, line: &'t str, order: DateOrder) -> Option<Entry<'t>> {
        let (_, rest) = line.strip_prefix("[pid: ")?.split_once("] ")?;
        let (client, rest) = rest.split_once(" (")?;
        let (user, rest) = rest.split_once(") {")?;
        let (_, rest) = rest.split_once("} [")?;
        let (stamp, len) = stamp(rest, order).filter(|(stamp, _)| stamp.has_time && stamp.has_year)?;
        let rest = rest[len..].strip_prefix("] ")?;
        // The address may hold the words that follow it.
        let (request, rest) = rest.rsplit_once(" => generated ")?;
        let (method, address) = request.split_once(' ')?;
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let (took, rest) = rest.split_once(" bytes in ")?.1.split_once(" (")?;
        let duration_ms = took.split_once(' ').and_then(|(number, unit)| {
            let number: f64 = number.parse().ok()?;
            match unit {
                "msecs" => Some(number),
                "micros" => Some(number / 1e3),
                _ => None,
            }
        });
        let status = rest.split_once(')')?.0.rsplit(' ').next()?.parse().ok()?;
        let (stamped, user) = (Stamped::Start, user.into());
        let request = Request { stamped, duration_ms, method, path, query, user, client, status, ..Request::default() };
        Some(Entry::request(stamp, request))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "app/uwsgi.log",
            text: "*** Starting uWSGI 2.0.20 (64bit) on [Mon Aug 22 08:15:00 2022] ***\n\
                   [pid: 88185|app: 0|req: 1/1] 10.0.0.7 (user001) {38 vars in 696 bytes} [Mon Aug 22 08:15:01 2022] POST /login?target=RDS01 => generated 47 bytes in 500 msecs (HTTP/1.1 200) 9 headers in 378 bytes (1 switches on core 3)\n\
                   [pid: 88185|app: 0|req: 3/2] 10.0.0.7 () {34 vars in 617 bytes} [Mon Aug 22 08:15:02 2022] GET /api => generated 0 bytes in 68 micros (HTTP/1.1 503) 9 headers in 373 bytes (1 switches on core 8)",
            expected: &[
                "foreign",
                "Success 2022-08-22T08:15:01.5Z user=user001 host=RDS01 client=10.0.0.7 code=-",
                "Symptom 2022-08-22T08:15:02.000068Z user=- host=- client=10.0.0.7 code=503",
            ],
        }]
    }
}
