//! logfmt: `ts=… level=… msg="…" key=value …`.

use super::{Context, LineOutcome, LogFormat, Parser, Sample};
use crate::diagnostic::Code;
use crate::model::{Severity, Timestamp, Trust};
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::message::{self, Line};
use crate::normalize::property::{self, value_of};
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Record};

/// See the file.
pub(crate) struct Logfmt;

const TIMES: &[&str] = &["ts", "time", "timestamp", "t", "date", "datetime", "at"];

fn fits(line: &str) -> bool {
    // The line begins with a key; nothing before the first `=` may be a blank.
    let Some(first) = line.find('=') else { return false };
    let key_first =
        first > 0 && line[..first].bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
    key_first && {
        let pairs = property::pairs(line);
        pairs.len() >= 3 && value_of(&pairs, TIMES).is_some()
    }
}

impl LogFormat for Logfmt {
    fn name(&self) -> &'static str {
        "logfmt"
    }

    fn dataset(&self) -> &'static str {
        "logfmt"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Lines]
    }

    fn recognize(&self, first: &[Record]) -> usize {
        first.iter().filter(|record| matches!(&record.body, Body::Text(text) if fits(text))).count()
    }

    fn starts_record(&self, line: &str) -> bool {
        fits(line)
    }

    fn open(&self, _file: &FileFacts, _first: &[Record]) -> Box<dyn Parser> {
        Box::new(LogfmtParser)
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "app/login.log",
            text: "ts=2022-08-22T06:15:01.5Z level=info msg=\"session established\" user=user001 target=RDS01 duration=1.5s\n\
                   ts=2022-08-22T06:15:02Z level=error msg=\"login failed\" user=user002 target=RDS01 err=\"deadline exceeded\" code=504\n\
                   ts=2022-08-22T06:15:03Z level=info msg=\"cache sweep done\" n=3",
            expected: &[
                "Success 2022-08-22T06:15:01.5Z user=user001 host=RDS01 client=- code=-",
                "Failure 2022-08-22T06:15:02Z user=user002 host=RDS01 client=- code=504",
                "irrelevant 2022-08-22T06:15:03Z",
            ],
        }]
    }
}

struct LogfmtParser;

impl Parser for LogfmtParser {
    fn read(&mut self, record: &Record, context: &mut Context<'_>) -> LineOutcome {
        let Body::Text(text) = &record.body else { return LineOutcome::Foreign };
        let (first, detail) = text.split_once('\n').unwrap_or((text, ""));
        if !fits(first) {
            return LineOutcome::Foreign;
        }
        let pairs = property::pairs(first);
        let time = value_of(&pairs, TIMES).unwrap_or("");
        let (at, trust) = if let Some((stamp, _)) = stamp(time, DateOrder::DayFirst).filter(|(stamp, _)| stamp.has_time)
        {
            context.clock.instant(stamp)
        } else if let Ok(seconds) = time.parse::<f64>()
            && (9e8..5e9).contains(&seconds)
        {
            context.clock.n_stated += 1;
            (Timestamp((seconds * 1e6).round() as i64 * 10), Trust::Stated)
        } else {
            return LineOutcome::Damaged(Code::TimeUnreadable, "the time cannot be read");
        };
        let message = value_of(&pairs, &["msg", "message", "event"]).unwrap_or("").to_owned();
        let severity =
            value_of(&pairs, &["level", "lvl", "severity"]).and_then(Severity::from_word).unwrap_or_default();
        let logger = value_of(&pairs, &["logger", "component", "caller", "service"]).map(str::to_owned);
        let line = Line {
            at: (at, Some(trust)),
            severity,
            logger: logger.as_deref(),
            message: &message,
            detail,
            properties: pairs,
            outcome: None,
        };
        message::understand(line, context)
    }
}
