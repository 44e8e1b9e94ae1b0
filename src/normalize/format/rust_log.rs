//! Rust's loggers: `tracing-subscriber`, `2022-08-22T06:15:01.123456Z  INFO target: message key=value`, and `env_logger`,
//! `[2022-08-22T06:15:01Z INFO  target] message`.
//!
//! Stamps are UTC. Spans, with their values in braces, stand before the target and belong to the message.
//!
//! No real log of text was at hand: the layouts are those of the documentation of `tracing_subscriber::fmt` and of
//! `env_logger`.

use super::{Entry, LogFormat, Sample};
use crate::model::Severity;
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::message::Line;
use crate::normalize::summary::Role;
use crate::read::Container;

/// See the file.
pub(crate) struct RustLog;

/// The level, and what follows it.
fn level(text: &str) -> Option<(Severity, &str)> {
    let (word, rest) = text.split_once(' ')?;
    let severity = match word {
        "TRACE" => Severity::Trace,
        "DEBUG" => Severity::Debug,
        "INFO" => Severity::Info,
        "WARN" => Severity::Warn,
        "ERROR" => Severity::Error,
        _ => return None,
    };
    Some((severity, rest))
}

/// The path of a module: `shop::login`, or the name of a crate alone.
fn is_target(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && !text.starts_with(':')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':' | b'-'))
}

/// `target: message`; spans stand before it.
fn target(text: &str) -> Option<(&str, &str)> {
    let (first, rest) = text.split_once(": ")?;
    if is_target(first) {
        return Some((first, rest));
    }
    // `span{key=1}:span{key=2}: target: message`
    first.contains('{').then_some(())?;
    let (_, behind) = text.split_once("}: ")?;
    let (target, _) = behind.split_once(": ").filter(|(target, _)| is_target(target))?;
    Some((target, text))
}

impl LogFormat for RustLog {
    fn name(&self) -> &'static str {
        "rust-log"
    }

    fn dataset(&self) -> &'static str {
        "rust"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn parse<'t>(&self, line: &'t str, order: DateOrder) -> Option<Entry<'t>> {
        let bare = line.strip_prefix('[').unwrap_or(line);
        let (stamp, len) = stamp(bare, order).filter(|(stamp, _)| stamp.offset_s == Some(0) && stamp.has_year)?;
        let rest = bare[len..].strip_prefix(' ').filter(|_| bare.as_bytes().get(10) == Some(&b'T'))?;
        let (severity, logger, message) = if bare.len() == line.len() {
            // Levels stand to the right in five places.
            let (severity, rest) = level(rest.strip_prefix(' ').unwrap_or(rest))?;
            let (logger, message) = target(rest)?;
            (severity, logger, message)
        } else {
            let (severity, rest) = level(rest)?;
            let (logger, message) = rest.trim_start_matches(' ').split_once("] ")?;
            (severity, logger, message)
        };
        let is_logger = is_target(logger);
        let line = Line { severity, logger: Some(logger), message: message.into(), ..Line::default() };
        is_logger.then(|| Entry::message(stamp, line))
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                container: Container::Lines,
                path: "gateway/gateway.log",
                text: "2022-08-22T06:15:01.123456Z  INFO gateway::login: session established user=user001 target=RDS01\n\
                       2022-08-22T06:15:02.123456Z ERROR request{id=7}: gateway::login: login failed user=user002 target=RDS01\n\
                       2022-08-22T06:15:03.123456Z DEBUG gateway: sweep done",
                expected: &[
                    "Success 2022-08-22T06:15:01.123456Z user=user001 host=RDS01 client=- code=-",
                    "Failure 2022-08-22T06:15:02.123456Z user=user002 host=RDS01 client=- code=-",
                    "irrelevant 2022-08-22T06:15:03.123456Z",
                ],
            },
            Sample {
                container: Container::Lines,
                path: "gateway/stderr.log",
                text: "[2022-08-22T06:15:01Z INFO  gateway] listening on 443\n\
                       [2022-08-22T06:15:02Z ERROR gateway::login] login failed user=user002 target=RDS01",
                expected: &[
                    "irrelevant 2022-08-22T06:15:01Z",
                    "Failure 2022-08-22T06:15:02Z user=user002 host=RDS01 client=- code=-",
                ],
            },
        ]
    }
}
