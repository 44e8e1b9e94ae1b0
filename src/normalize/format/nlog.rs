//! NLog in its default layout: `date|LEVEL|logger|message`, with the exception behind the message.
//!
//! Only the first three bars divide: a message may hold bars of its own. A zone is not said. The template
//! of ASP.NET Core writes `date|event|LEVEL|logger|message|url: …|action: …`.
//!
//! No real log was at hand: the layouts are those of NLog's documentation, "Layouts" and "Getting started
//! with ASP.NET Core".

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
        let (mut level, mut rest) = rest.split_once('|')?;
        // ASP.NET Core's template puts the number of the event first.
        let is_numbered = !level.is_empty() && level.bytes().all(|b| b.is_ascii_digit());
        if is_numbered {
            (level, rest) = rest.split_once('|')?;
        }
        let severity = Severity::from_word(level.trim())?;
        let (logger, message) = rest.split_once('|')?;
        let message = message.strip_suffix('|').unwrap_or(message);
        // ... and the address of the request last, which is not what the message says.
        let end = if is_numbered { message.find("|url: ") } else { None };
        let message = message[..end.unwrap_or(message.len())].into();
        Some(Entry::message(stamp, Line { severity, logger: Some(logger.trim()), message, ..Line::default() }))
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                container: Container::Lines,
                path: "app/nlog-own.log",
                text: "2022-08-22 08:15:01.1234|20|ERROR|Shop.Login|Login failed user=user001 target=RDS01 |url: https://portal/x|action: Open\n\
                   2022-08-22 08:15:02.1234|0|INFO|Shop.Cache|sweep done |url: https://portal/login|action: Login",
                expected: &[
                    "Failure 2022-08-22T08:15:01.1234Z user=user001 host=RDS01 client=- code=-",
                    "irrelevant 2022-08-22T08:15:02.1234Z",
                ],
            },
            Sample {
                container: Container::Lines,
                path: "app/login.log",
                text: "2022-08-22 08:15:01.1234|INFO|Shop.Login|Login request user=user001 client=10.0.0.7 target=RDS01|\n\
                   2022-08-22 08:15:05.1234|ERROR|Shop.Login|Login failed user=user001 target=RDS01 code=1326 reason=\"a|b\"|\n\
                   System.Exception: refused\n   \u{e0} Shop.Login.Open() dans D:\\login.cs:ligne 7",
                expected: &[
                    "Attempt 2022-08-22T08:15:01.1234Z user=user001 host=RDS01 client=10.0.0.7 code=-",
                    "Failure 2022-08-22T08:15:05.1234Z user=user001 host=RDS01 client=- code=1326",
                ],
            },
        ]
    }
}
