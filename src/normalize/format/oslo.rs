//! OpenStack: `date pid LEVEL logger [request] message`, as `oslo.log` writes it, with the name of the file in front or
//! without; requests to its APIs are requests like those of any server.
//!
//! The stamp is the clock of the host. A real log is `OpenStack_2k.log` of loghub.

use super::{Entry, LogFormat, Sample};
use crate::model::Severity;
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::message::Line;
use crate::normalize::request::{Request, Stamped};
use crate::normalize::summary::Role;
use crate::read::Container;

/// See the file.
pub(crate) struct Oslo;

/// `10.0.0.7 "GET /v2/servers HTTP/1.1" status: 200 len: 1893 time: 0.2477829`, with `10.0.0.7,10.0.0.1` for a client
/// behind a proxy.
fn request(message: &str) -> Option<Request<'_>> {
    let (client, behind) = message.split_once(" \"")?;
    let client = client.split(',').next().unwrap_or(client);
    client.parse::<std::net::IpAddr>().ok()?;
    let (request, behind) = behind.split_once("\" status: ")?;
    let (status, behind) = behind.split_once(' ').unwrap_or((behind, ""));
    let (method, address) = request.split_once(' ')?;
    let address = address.split(' ').next().unwrap_or(address);
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let seconds = behind.split_once("time: ").and_then(|(_, time)| time.trim().parse::<f64>().ok());
    Some(Request {
        // Logged when the answer was sent.
        stamped: Stamped::End,
        duration_ms: seconds.map(|seconds| seconds * 1e3),
        method,
        path,
        query,
        client,
        status: status.parse().ok()?,
        ..Request::default()
    })
}

impl LogFormat for Oslo {
    fn name(&self) -> &'static str {
        "openstack"
    }

    fn dataset(&self) -> &'static str {
        "openstack"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn parse<'t>(&self, line: &'t str, order: DateOrder) -> Option<Entry<'t>> {
        let mut bare = line;
        if !line.as_bytes().first()?.is_ascii_digit() {
            let (file, rest) = line.split_once(' ')?;
            bare = rest;
            file.contains(".log").then_some(())?;
        }
        let (stamp, len) = stamp(bare, order).filter(|(stamp, _)| stamp.has_time && stamp.has_year)?;
        let rest = bare[len..].strip_prefix(' ')?;
        let (pid, rest) = rest.split_once(' ')?;
        let is_pid = (1..=10).contains(&pid.len()) && pid.bytes().all(|b| b.is_ascii_digit());
        let (level, rest) = rest.split_once(' ').filter(|_| is_pid)?;
        let severity = match level {
            "AUDIT" => Severity::Info,
            "DEBUG" | "INFO" | "WARNING" | "ERROR" | "CRITICAL" | "TRACE" => Severity::from_word(level)?,
            _ => return None,
        };
        let (logger, rest) = rest.split_once(" [")?;
        let is_logger = !logger.is_empty() && !logger.contains(' ');
        let (context, message) = rest.split_once(']').filter(|_| is_logger)?;
        if !context.starts_with("req-") && !matches!(context, "-" | "" | "- - - - -") {
            return None;
        }
        let message = message.trim_start();
        if let Some(request) = request(message) {
            return Some(Entry::request(stamp, request));
        }
        Some(Entry::message(stamp, Line { severity, logger: Some(logger), message: message.into(), ..Line::default() }))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "nova/nova-api.log",
            text: "2022-08-22 08:15:01.008 25746 INFO nova.osapi_compute.wsgi.server [req-38101a0b - - -] 10.0.0.7 \"GET /v2/servers/detail HTTP/1.1\" status: 200 len: 1893 time: 0.2477829\n\
                   nova-api.log.1.2022-08-22_13:53:08 2022-08-22 08:15:02.500 25746 INFO nova.api [req-38101a0b - - -] 10.0.0.7,10.0.0.1 \"POST /v2/tokens HTTP/1.1\" status: 503 len: 0 time: 0.5\n\
                   2022-08-22 08:15:03.500 2931 ERROR keystone.auth [-] Login failed for user user002 on RDS01\n\
                   2022-08-22 08:15:04.500 2931 WARNING nova.virt.libvirt.imagecache [req-addc1839 - - - - -] Unknown base file: /var/lib/x",
            expected: &[
                "irrelevant 2022-08-22T08:15:01.008Z",
                "Symptom 2022-08-22T08:15:02.5Z user=- host=- client=10.0.0.7 code=503",
                "Failure 2022-08-22T08:15:03.5Z user=user002 host=RDS01 client=- code=-",
                "Other 2022-08-22T08:15:04.5Z user=- host=- client=- code=-",
            ],
        }]
    }
}
