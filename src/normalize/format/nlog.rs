//! NLog in its default layout: `date|LEVEL|logger|message`, with the exception behind the message.
//!
//! Only the first three bars divide: a message may hold bars of its own. A zone is not said.

use super::{Entry, LogFormat, Sample};
use crate::model::Severity;
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::message::Line;
use crate::normalize::summary::Role;
use crate::read::Container;

/// See the file.
pub(crate) struct NLog;

impl LogFormat for NLog {
    fn name(&self) -> &'static str {
        "nlog"
    }

    fn dataset(&self) -> &'static str {
        "nlog"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn parse<'t>(&self, line: &'t str, order: DateOrder) -> Option<Entry<'t>> {
        let (stamp, len) = stamp(line, order).filter(|(stamp, _)| stamp.has_time)?;
        let rest = line[len..].trim_start_matches(' ').strip_prefix('|')?;
        let (level, rest) = rest.split_once('|')?;
        let severity = Severity::from_word(level.trim())?;
        let (logger, message) = rest.split_once('|')?;
        let message = message.strip_suffix('|').unwrap_or(message).into();
        Some(Entry::message(stamp, Line { severity, logger: Some(logger.trim()), message, ..Line::default() }))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "app/login.log",
            text: "2022-08-22 08:15:01.1234|INFO|Shop.Login|Login request user=user001 client=10.0.0.7 target=RDS01|\n\
                   2022-08-22 08:15:05.1234|ERROR|Shop.Login|Login failed user=user001 target=RDS01 code=1326 reason=\"a|b\"|\n\
                   System.Exception: refused\n   \u{e0} Shop.Login.Open() dans D:\\login.cs:ligne 7",
            expected: &[
                "Attempt 2022-08-22T08:15:01.1234Z user=user001 host=RDS01 client=10.0.0.7 code=-",
                "Failure 2022-08-22T08:15:05.1234Z user=user001 host=RDS01 client=- code=1326",
            ],
        }]
    }
}
