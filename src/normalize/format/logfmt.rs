//! logfmt: `ts=… level=… msg="…" key=value …`.

use super::json_lines::epoch;
use super::{Entry, LogFormat, Sample};
use crate::model::Severity;
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::message::Line;
use crate::normalize::property;
use crate::normalize::summary::Role;
use crate::read::Container;

/// See the file.
pub(crate) struct Logfmt;

const TIMES: &[&str] = &["ts", "time", "timestamp", "t", "date", "datetime", "at"];

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

    fn parse<'t>(&self, line: &'t str, order: DateOrder) -> Option<Entry<'t>> {
        // The line begins with a key; nothing before the first `=` may be a blank.
        let first = memchr::memchr(b'=', line.as_bytes()).filter(|first| *first > 0)?;
        if !line[..first].bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-')) {
            return None;
        }
        let pairs = property::pairs(line);
        let value = |keys: &[&str]| {
            pairs
                .iter()
                .find(|(key, _)| keys.iter().any(|own| own.eq_ignore_ascii_case(key)))
                .map(|(_, value)| value.clone())
        };
        let time = value(TIMES).filter(|_| pairs.len() >= 3)?;
        let stamp =
            stamp(&time, order).map(|(stamp, _)| stamp).filter(|stamp| stamp.has_time).or_else(|| epoch(&time))?;
        let line = Line {
            severity: value(&["level", "lvl", "severity"])
                .and_then(|word| Severity::from_word(&word))
                .unwrap_or_default(),
            message: value(&["msg", "message", "event"]).unwrap_or_default(),
            properties: pairs,
            ..Line::default()
        };
        Some(Entry::message(stamp, line))
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
