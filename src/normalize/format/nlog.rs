//! NLog in its default layout: `date|LEVEL|logger|message`, with the exception behind the message.
//!
//! Only the first three bars divide: a message may hold bars of its own. A zone is not said.

use super::{Context, LineOutcome, LogFormat, Parser, Sample};
use crate::model::Severity;
use crate::normalize::clock::{DateOrder, Stamp, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::message::{self, Line};
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Record};

/// See the file.
pub(crate) struct NLog;

fn parts(line: &str) -> Option<(Stamp, Severity, &str, &str)> {
    let mut fields = line.splitn(4, '|');
    let date = fields.next()?;
    let (stamp, len) = stamp(date, DateOrder::DayFirst)?;
    if !date[len..].trim().is_empty() || !stamp.has_time {
        return None;
    }
    let severity = Severity::from_word(fields.next()?.trim())?;
    let logger = fields.next()?.trim();
    let message = fields.next()?;
    Some((stamp, severity, logger, message.strip_suffix('|').unwrap_or(message)))
}

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

    fn containers(&self) -> &'static [Container] {
        &[Container::Lines]
    }

    fn recognize(&self, first: &[Record]) -> usize {
        first.iter().filter(|record| matches!(&record.body, Body::Text(text) if parts(text).is_some())).count()
    }

    fn starts_record(&self, line: &str) -> bool {
        line.as_bytes().first().is_some_and(u8::is_ascii_digit) && parts(line).is_some()
    }

    fn open(&self, _file: &FileFacts, _first: &[Record]) -> Box<dyn Parser> {
        Box::new(NLogParser)
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

struct NLogParser;

impl Parser for NLogParser {
    fn read(&mut self, record: &Record, context: &mut Context<'_>) -> LineOutcome {
        let Body::Text(text) = &record.body else { return LineOutcome::Foreign };
        let (first, detail) = text.split_once('\n').unwrap_or((text, ""));
        let Some((stamp, severity, logger, message)) = parts(first) else { return LineOutcome::Foreign };
        let (at, trust) = context.clock.instant(stamp);
        let line = Line { at: (at, Some(trust)), severity, logger: Some(logger), message, detail, ..Line::default() };
        message::understand(line, context)
    }
}
