//! Lines that begin with a time of day and no date, as loggers write to a console: Serilog's `[08:15:01 ERR] message`,
//! logback's `08:15:01.123 [thread] LEVEL logger - message`, and any other.
//!
//! The day stands in the file's name or in a line before, and turns over at midnight. Where it stands nowhere, the
//! lines are damaged, and it is said what they lack.
//!
//! No real log of a console was at hand: the layouts are those of the README of serilog-sinks-console and of "Layouts"
//! of logback's manual (the one of `BasicConfigurator`).

use super::{Entry, LogFormat, Sample, log4j, serilog};
use crate::normalize::clock::{Civil, DateOrder, Stamp, day_ticks};
use crate::normalize::format::stamped;
use crate::normalize::message::Line;
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Record};

/// See the file.
pub(crate) struct ClockLines;

/// The time of day at the beginning of a text, with seconds and two digits each, and what follows it.
pub(super) fn time_of_day(text: &str) -> Option<(Stamp, &str)> {
    let colon = |at: usize| text.as_bytes().get(at) == Some(&b':');
    let (ticks, len) = day_ticks(text).filter(|_| colon(2) && colon(5))?;
    let rest = &text[len..];
    let ends = rest.bytes().next().is_none_or(|b| !b.is_ascii_alphanumeric() && b != b'_');
    ends.then_some((Stamp { has_date: false, ..Stamp::local(Civil(ticks)) }, rest))
}

/// A line in the layout of one of the known loggers.
fn known(line: &str) -> Option<Entry<'_>> {
    if let Some(inner) = line.strip_prefix('[') {
        let (stamp, rest) = time_of_day(inner)?;
        let (word, rest) = rest.strip_prefix(' ')?.split_once(']')?;
        let severity = serilog::level(word)?;
        let (logger, message) = serilog::logger_and_message(rest);
        return Some(Entry::message(stamp, Line { severity, logger, message: message.into(), ..Line::default() }));
    }
    let (stamp, rest) = time_of_day(line)?;
    let (severity, logger, message) = log4j::behind_stamp(rest)?;
    let logger = Some(logger).filter(|logger| !logger.is_empty());
    Some(Entry::message(stamp, Line { severity, logger, message: message.into(), ..Line::default() }))
}

impl LogFormat for ClockLines {
    fn name(&self) -> &'static str {
        "clock-lines"
    }

    fn dataset(&self) -> &'static str {
        "text"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn parse<'t>(&self, line: &'t str, _order: DateOrder) -> Option<Entry<'t>> {
        if let Some(entry) = known(line) {
            return Some(entry);
        }
        let bare = line.strip_prefix('[').unwrap_or(line);
        let (stamp, rest) = time_of_day(bare)?;
        let rest = rest.trim_start_matches([']', ' ', '\t', ':', '|', '-']);
        let line = Line { severity: stamped::severity(rest), message: rest.into(), ..Line::default() };
        Some(Entry::message(stamp, line))
    }

    /// One time below other lines is a time in prose.
    fn recognize(&self, first: &[Record<'_>]) -> usize {
        let text = |record: &Record<'_>| match &record.body {
            Body::Text(text) => (self.starts_record(text), known(text).is_some()),
            _ => (false, false),
        };
        let (n_fits, n_known) = first.iter().map(text).fold((0, 0), |(n_fits, n_known), (fits, is_known)| {
            (n_fits + usize::from(fits), n_known + usize::from(is_known))
        });
        if n_fits < 2 && n_known == 0 { 0 } else { n_fits }
    }

    fn is_generic(&self) -> bool {
        true
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                container: Container::Lines,
                path: "app/console-20220822.log",
                text: "[23:59:58 INF] [Shop.Login] User user001 logged on to RDS01\n\
                       [23:59:59 ERR] Login failed for user user002 on RDS01\n\
                       System.TimeoutException: The operation has timed out.\n   at Shop.Login.Open()\n\
                       [00:00:01 WRN] sweep took long\n\
                       [23:59:59 DBG] written late\n\
                       [00:00:02 INF] sweep done",
                expected: &[
                    "Success 2022-08-22T23:59:58Z user=user001 host=RDS01 client=- code=-",
                    "Failure 2022-08-22T23:59:59Z user=user002 host=RDS01 client=- code=-",
                    "Other 2022-08-23T00:00:01Z user=- host=- client=- code=-",
                    "irrelevant 2022-08-22T23:59:59Z",
                    "irrelevant 2022-08-23T00:00:02Z",
                ],
            },
            Sample {
                container: Container::Lines,
                path: "app/2022-08-22.out",
                text: "08:15:01.123 [main] INFO  shop.Login - User user001 logged on to RDS01\n\
                       08:15:02.123 [pool-1-thread-2] ERROR shop.Login - Login failed for user user002 on RDS01\n\
                       java.net.ConnectException: Connection refused\n\tat shop.Login.open(Login.java:7)\n\
                       08:15:03 gateway ready",
                expected: &[
                    "Success 2022-08-22T08:15:01.123Z user=user001 host=RDS01 client=- code=-",
                    "Failure 2022-08-22T08:15:02.123Z user=user002 host=RDS01 client=- code=-",
                    "irrelevant 2022-08-22T08:15:03Z",
                ],
            },
            Sample {
                container: Container::Lines,
                path: "app/console.log",
                text: "[08:15:01 INF] User user001 logged on to RDS01\n[08:15:02 INF] sweep done",
                expected: &["damaged time-unreadable", "damaged time-unreadable"],
            },
        ]
    }
}
