//! The console of Go's zap: time, level, logger, caller and message parted by tabs, and the values behind them as JSON.
//!
//! Logger and caller may be missing. The time states its zone.
//!
//! No real log was at hand: the layout is that of `NewDevelopmentEncoderConfig` in the documentation of zap.

use std::borrow::Cow;

use super::{Entry, LogFormat, Sample};
use crate::model::Severity;
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::message::Line;
use crate::normalize::summary::Role;
use crate::read::Container;

/// See the file.
pub(crate) struct ZapConsole;

/// `login/open.go:7`
fn is_caller(text: &str) -> bool {
    let Some((file, number)) = text.rsplit_once(':') else { return false };
    file.contains(".go") && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
}

/// Takes the values from the end of the message.
fn take_values(line: &mut Line<'_>) {
    let Some((message, tail)) = line.message.split_once('\t') else { return };
    if let Ok(serde_json::Value::Object(values)) = serde_json::from_str(tail) {
        let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        line.properties =
            values.iter().take(64).map(|(key, value)| (Cow::Owned(key.clone()), Cow::Owned(text(value)))).collect();
    }
    line.message = Cow::Owned(message.to_owned());
}

impl LogFormat for ZapConsole {
    fn name(&self) -> &'static str {
        "zap-console"
    }

    fn dataset(&self) -> &'static str {
        "zap"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn parse<'t>(&self, line: &'t str, order: DateOrder) -> Option<Entry<'t>> {
        let (stamp, len) = stamp(line, order).filter(|(stamp, _)| stamp.has_time && stamp.has_year)?;
        let (level, mut rest) = line[len..].strip_prefix('\t')?.split_once('\t')?;
        let severity = match level {
            "DPANIC" | "PANIC" => Severity::Fatal,
            _ => Severity::from_word(level)?,
        };
        let mut logger = None;
        let mut saw_caller = false;
        while let Some((first, behind)) = rest.split_once('\t')
            && !saw_caller
            && !behind.starts_with('{')
        {
            saw_caller = is_caller(first);
            if !saw_caller {
                logger = logger.or(Some(first));
            }
            rest = behind;
        }
        if let Some((first, behind)) = rest.split_once('\t').filter(|(first, _)| !saw_caller && is_caller(first)) {
            (rest, saw_caller) = (behind, is_caller(first));
        }
        let has_values = rest.split_once('\t').is_some_and(|(_, tail)| tail.starts_with('{'));
        (saw_caller || has_values).then_some(())?;
        let more = has_values.then_some(take_values as fn(&mut Line<'_>));
        Some(Entry::message(stamp, Line { severity, logger, message: rest.into(), more, ..Line::default() }))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "gateway/gateway.log",
            text: "2022-08-22T08:15:01.123+0200\tINFO\tgateway.login\tlogin/open.go:7\tsession established\t{\"user\": \"user001\", \"target\": \"RDS01\"}\n\
                   2022-08-22T08:15:02.123+0200\tERROR\tlogin/open.go:9\tlogin failed\t{\"user\": \"user002\", \"target\": \"RDS01\", \"error\": \"connection refused\"}\n\
                   gateway/login.Open\n\t/src/login/open.go:9\n\
                   2022-08-22T08:15:03.123+0200\tDEBUG\tpool/sweep.go:3\tsweep done",
            expected: &[
                "Success 2022-08-22T06:15:01.123Z user=user001 host=RDS01 client=- code=-",
                "Failure 2022-08-22T06:15:02.123Z user=user002 host=RDS01 client=- code=-",
                "irrelevant 2022-08-22T06:15:03.123Z",
            ],
        }]
    }
}
