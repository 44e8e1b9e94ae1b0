//! Serilog's text in the layout of its file sink: `date time zone [LVL] message`.
//!
//! The level has three letters (`{Level:u3}`), or is written out (`{Level}`). A name in brackets that
//! follows it is the logger. Lines that begin otherwise are the exception.
//!
//! No real log was at hand: the layout is that of the README of serilog-sinks-file.

use super::{Entry, LogFormat, Sample};
use crate::model::Severity;
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::message::Line;
use crate::normalize::summary::Role;
use crate::read::Container;

/// See the file.
pub(crate) struct Serilog;

/// Serilog's own words only, so that other loggers' brackets are left to their formats.
pub(super) fn level(word: &str) -> Option<Severity> {
    let severity = match word {
        "VRB" | "Verbose" => Severity::Trace,
        "DBG" | "Debug" => Severity::Debug,
        "INF" | "Information" => Severity::Info,
        "WRN" | "Warning" => Severity::Warn,
        "ERR" | "Error" => Severity::Error,
        "FTL" | "Fatal" => Severity::Fatal,
        _ => return None,
    };
    Some(severity)
}

/// What follows the level: a logger in brackets, if there is one, and the message.
pub(super) fn logger_and_message(rest: &str) -> (Option<&str>, &str) {
    let message = rest.trim_start_matches(' ');
    match message.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inner, behind)) if inner.contains('.') && !inner.contains([' ', ':']) => {
            (Some(inner), behind.trim_start_matches([' ', ':']))
        }
        _ => (None, message),
    }
}

impl LogFormat for Serilog {
    fn name(&self) -> &'static str {
        "serilog"
    }

    fn dataset(&self) -> &'static str {
        "serilog"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn parse<'t>(&self, line: &'t str, order: DateOrder) -> Option<Entry<'t>> {
        let (stamp, len) = stamp(line, order).filter(|(stamp, _)| stamp.has_time && stamp.has_year)?;
        let rest = line[len..].strip_prefix(" [")?;
        let (word, rest) = rest.split_once(']')?;
        let severity = level(word)?;
        let (logger, message) = logger_and_message(rest);
        Some(Entry::message(stamp, Line { severity, logger, message: message.into(), ..Line::default() }))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "app/log20220822.txt",
            text: "2022-08-22 08:15:01.123 +02:00 [INF] [Shop.Login] Session established user=user001 target=RDS01\n\
                   2022-08-22 08:15:02.123 +02:00 [ERR] Login failed for user user002 on RDS01\n\
                   System.TimeoutException: The operation has timed out.\n   at Shop.Login.Open()\n\
                   2022-08-22 08:15:03.123 +02:00 [Information] Cache sweep done",
            expected: &[
                "Success 2022-08-22T06:15:01.123Z user=user001 host=RDS01 client=- code=-",
                "Failure 2022-08-22T06:15:02.123Z user=user002 host=RDS01 client=- code=-",
                "irrelevant 2022-08-22T06:15:03.123Z",
            ],
        }]
    }
}
