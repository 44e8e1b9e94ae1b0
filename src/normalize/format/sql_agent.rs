//! The log of the SQL Server Agent (SQLAGENT.OUT): `2022-08-22 08:15:01 - ! [298] text`.
//!
//! The mark tells the level: `!` error, `+` warning, `?` information; the number is the kind of message. The stamp is
//! the clock of the host.
//!
//! No real file was at hand; layout and texts are those of Microsoft's articles on the agent that does not start.

use super::{Entry, LogFormat, Sample};
use crate::model::{Action, Severity};
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::message::Line;
use crate::normalize::summary::Role;
use crate::normalize::told::{between, named};
use crate::read::Container;

/// See the file.
pub(crate) struct SqlAgent;

impl LogFormat for SqlAgent {
    fn name(&self) -> &'static str {
        "sql-agent"
    }

    fn dataset(&self) -> &'static str {
        "mssql.agent"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn parse<'t>(&self, text: &'t str, order: DateOrder) -> Option<Entry<'t>> {
        let (stamp, len) = stamp(text, order).filter(|(stamp, _)| stamp.has_time && stamp.has_year)?;
        let rest = text[len..].strip_prefix(" - ")?;
        let severity = match rest.as_bytes().first()? {
            b'!' => Severity::Error,
            b'+' => Severity::Warn,
            b'?' => Severity::Info,
            _ => return None,
        };
        let (number, message) = rest[1..].strip_prefix(" [")?.split_once("] ")?;
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let code = between(message, "SQLServer Error: ", &[',']).or_else(|| between(message, "ODBC Error: ", &[',']));
        let user = between(message, "Login failed for user '", &['\'']).filter(|_| severity == Severity::Error);
        let action = if user.is_some() {
            Some(Action::Failure)
        } else if severity == Severity::Error && message.starts_with("Unable to connect to server") {
            Some(Action::Symptom)
        } else if message.starts_with("SQLSERVERAGENT st") || message.starts_with("SQLServerAgent terminated") {
            Some(Action::ServiceState)
        } else {
            None
        };
        let properties =
            named(&[("user", user), ("code", code.or(Some(number)).filter(|_| severity > Severity::Info))]);
        Some(Entry::message(stamp, Line { severity, message: message.into(), action, properties, ..Line::default() }))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "SQL01/MSSQL/Log/SQLAGENT.OUT",
            text: "2022-08-22 08:15:01 - ? [100] Microsoft SQLServerAgent version 15.0.2000.5 (X64 unicode retail build) : Process ID 4711\n\
                   2022-08-22 08:15:02 - ! [298] SQLServer Error: 18456, Login failed for user 'CORP\\user001'. [SQLSTATE 28000]\n\
                   2022-08-22 08:15:03 - ! [000] Unable to connect to server 'SQL01'; SQLServerAgent cannot start\n\
                   2022-08-22 08:15:04 - ? [098] SQLServerAgent terminated (normally)\n\
                   2022-08-22 08:15:05 - + [396] An idle CPU condition has not been defined - OnIdle job schedules will have no effect",
            expected: &[
                "irrelevant 2022-08-22T08:15:01Z",
                "Failure 2022-08-22T08:15:02Z user=user001 host=- client=- code=18456",
                "Symptom 2022-08-22T08:15:03Z user=- host=- client=- code=000",
                "ServiceState 2022-08-22T08:15:04Z user=- host=- client=- code=-",
                "Other 2022-08-22T08:15:05Z user=- host=- client=- code=396",
            ],
        }]
    }
}
