//! Python's logging with an explicit layout: `date - logger - LEVEL - message`, level and logger in
//! either order; and loguru's default `date | LEVEL | logger:function:line - message`.
//!
//! No real log was at hand: the layouts are those of the logging HOWTO of Python's documentation and of
//! the README of loguru.

use super::{Entry, LogFormat, Sample};
use crate::model::Severity;
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::message::Line;
use crate::normalize::summary::Role;
use crate::read::Container;

/// See the file.
pub(crate) struct PythonLogging;

impl LogFormat for PythonLogging {
    fn name(&self) -> &'static str {
        "python-logging"
    }

    fn dataset(&self) -> &'static str {
        "python"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn parse<'t>(&self, line: &'t str, order: DateOrder) -> Option<Entry<'t>> {
        let (stamp, len) = stamp(line, order).filter(|(stamp, _)| stamp.has_time && stamp.has_year)?;
        let rest = &line[len..];
        let (severity, logger, message) = if let Some(rest) = rest.strip_prefix(" - ") {
            let (first, rest) = rest.split_once(" - ")?;
            let (second, message) = rest.split_once(" - ")?;
            let (first, second) = (first.trim(), second.trim());
            match (Severity::from_word(second), Severity::from_word(first)) {
                (Some(severity), _) => (severity, first, message),
                (None, Some(severity)) => (severity, second, message),
                (None, None) => return None,
            }
        } else {
            let (word, rest) = rest.strip_prefix(" | ")?.split_once(" | ")?;
            let (logger, message) = rest.split_once(" - ")?;
            (Severity::from_word(word.trim())?, logger, message)
        };
        let is_logger = logger.len() <= 128 && !logger.contains(' ');
        let line = Line { severity, logger: Some(logger), message: message.into(), ..Line::default() };
        is_logger.then(|| Entry::message(stamp, line))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "app/portal.log",
            text: "2022-08-22 06:00:00,123 - shop.login - INFO - User user001 logged on to RDS01\n\
                   2022-08-22 06:00:01,123 - shop.login - ERROR - Login failed for user user002 on RDS01\n\
                   Traceback (most recent call last):\n  File \"login.py\", line 7, in open\n    connect(host)\n\
                   ConnectionRefusedError: [WinError 10061] No connection could be made\n\
                   2022-08-22 06:00:02.500 | WARNING  | shop.pool:sweep:12 - sweep took long",
            expected: &[
                "Success 2022-08-22T06:00:00.123Z user=user001 host=RDS01 client=- code=-",
                "Failure 2022-08-22T06:00:01.123Z user=user002 host=RDS01 client=- code=-",
                "Other 2022-08-22T06:00:02.5Z user=- host=- client=- code=-",
            ],
        }]
    }
}
