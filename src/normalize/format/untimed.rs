//! Python's logging without configuration, `LEVEL:logger:message`: no line has a time.
//!
//! Nothing of it can be put beside the other logs; it is known, so that it can be said what it lacks.
//!
//! No real log was at hand: the layout is that of `basicConfig` in the logging HOWTO of Python's documentation.

use super::{Context, LineOutcome, LogFormat, Parser, Said, Sample};
use crate::diagnostic::Code;
use crate::normalize::file::FileFacts;
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Record};

/// See the file.
pub(crate) struct PythonUntimed;

fn fits(line: &str) -> bool {
    let Some((level, rest)) = line.split_once(':') else { return false };
    let Some((logger, _)) = rest.split_once(':') else { return false };
    matches!(level, "DEBUG" | "INFO" | "WARNING" | "ERROR" | "CRITICAL")
        && (1..=128).contains(&logger.len())
        && logger.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

impl LogFormat for PythonUntimed {
    fn name(&self) -> &'static str {
        "python-untimed"
    }

    fn dataset(&self) -> &'static str {
        "python"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        first.iter().filter(|record| matches!(&record.body, Body::Text(text) if fits(text))).count()
    }

    fn starts_record(&self, line: &str) -> bool {
        fits(line)
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::new(PythonUntimedParser))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "app/stderr.log",
            text: "INFO:shop.login:User user001 logged on to RDS01\n\
                   ERROR:root:Login failed for user user002 on RDS01\n\
                   Traceback (most recent call last):\n  File \"login.py\", line 7, in open\nTimeoutError: timed out",
            expected: &["damaged time-unreadable", "damaged time-unreadable"],
        }]
    }
}

struct PythonUntimedParser;

impl Parser for PythonUntimedParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, _context: &mut Context<'_>) -> Said<'r> {
        match &record.body {
            Body::Text(text) if fits(text) => LineOutcome::Damaged(
                Code::TimeUnreadable,
                "a line of Python's logging without time: `asctime` is not in its format",
            )
            .into(),
            _ => LineOutcome::Foreign.into(),
        }
    }
}
