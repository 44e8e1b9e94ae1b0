//! The console of .NET's logging: `fail: Category[20]`, and the message in the lines below, behind six blanks; or in the
//! same line, with `SingleLine`.
//!
//! Only where `TimestampFormat` is set does a time stand in front, often one without a day. Without it a line has no
//! instant: it is damaged, and it is said what it lacks. With `IncludeScopes` a line `=> scope => scope` stands before
//! the message.
//!
//! No real log was at hand: the layout is that of "Console log formatting" in the documentation of .NET.

use super::{Context, Entry, LineOutcome, LogFormat, Parser, Said, Sample, clock_lines};
use crate::diagnostic::Code;
use crate::model::Severity;
use crate::normalize::clock::{DateOrder, Stamp, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::message::Line;
use crate::normalize::plain::Plain;
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Record};

/// See the file.
pub(crate) struct DotnetConsole;

/// The first line of a record.
#[derive(Clone, Copy)]
struct Head<'t> {
    stamp: Option<Stamp>,
    severity: Severity,
    category: &'t str,
    /// With `SingleLine`, the message.
    rest: &'t str,
}

fn severity(word: &str) -> Option<Severity> {
    Some(match word {
        "trce" => Severity::Trace,
        "dbug" => Severity::Debug,
        "info" => Severity::Info,
        "warn" => Severity::Warn,
        "fail" => Severity::Error,
        "crit" => Severity::Critical,
        _ => return None,
    })
}

/// `fail: Category[20] rest`.
fn behind_stamp(text: &str, stamp: Option<Stamp>) -> Option<Head<'_>> {
    let severity = severity(text.get(..4)?)?;
    let rest = text[4..].strip_prefix(": ")?;
    let (category, rest) = rest.split_once('[')?;
    let (id, rest) = rest.split_once(']')?;
    let id = id.strip_prefix('-').unwrap_or(id);
    let is_category = !category.is_empty() && category.len() <= 256 && !category.contains(char::is_whitespace);
    let is_id = (1..=10).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit());
    (is_category && is_id).then_some(Head { stamp, severity, category, rest: rest.trim_start_matches(' ') })
}

fn head(line: &str, order: DateOrder) -> Option<Head<'_>> {
    if let Some(head) = behind_stamp(line, None) {
        return Some(head);
    }
    let bare = line.strip_prefix('[').unwrap_or(line);
    let (stamp, rest) = match stamp(bare, order).filter(|(stamp, _)| stamp.has_time) {
        Some((stamp, len)) => (stamp, &bare[len..]),
        None => clock_lines::time_of_day(bare)?,
    };
    behind_stamp(rest.trim_start_matches([']', ' ']), Some(stamp))
}

impl<'t> Head<'t> {
    /// The message, and what stands below it.
    fn message(self, below: &'t str) -> (&'t str, &'t str) {
        let mut below = below;
        if !self.rest.is_empty() {
            return (self.rest, below);
        }
        while !below.is_empty() {
            let (first, behind) = below.split_once('\n').unwrap_or((below, ""));
            below = behind;
            if !first.trim_start().starts_with("=> ") {
                return (first.trim(), below);
            }
        }
        ("", "")
    }

    fn line(self, below: &'t str) -> Line<'t> {
        let (message, detail) = self.message(below);
        let (severity, logger) = (self.severity, Some(self.category));
        Line { severity, logger, message: message.into(), detail, ..Line::default() }
    }
}

impl LogFormat for DotnetConsole {
    fn name(&self) -> &'static str {
        "dotnet-console"
    }

    fn dataset(&self) -> &'static str {
        "dotnet"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn parse<'t>(&self, line: &'t str, order: DateOrder) -> Option<Entry<'t>> {
        let head = head(line, order)?;
        Some(Entry::message(head.stamp?, head.line("")))
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        let fits = |record: &&Record<'_>| matches!(&record.body, Body::Text(text) if self.starts_record(text));
        let n_fits = first.iter().filter(fits).count();
        // The lines of the message are of the record, too.
        let is_below = |record: &&Record<'_>| matches!(&record.body, Body::Text(text) if text.starts_with("      "));
        if n_fits == 0 { 0 } else { n_fits + first.iter().filter(is_below).count() }
    }

    fn starts_record(&self, line: &str) -> bool {
        head(line, DateOrder::MonthFirst).or_else(|| head(line, DateOrder::DayFirst)).is_some()
    }

    fn open(&self, file: &FileFacts, first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        let order = file.order(self, first);
        Some(Box::new(DotnetParser { plain: Plain::new(&Self, file), order }))
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                container: Container::Lines,
                path: "app/console.log",
                text: "2022-08-22 08:15:01 info: Shop.Login[0]\n      User user001 logged on to RDS01\n\
                       2022-08-22 08:15:02 fail: Shop.Login[20]\n      => ConnectionId:0HMK => Shop.Login.Open\n      \
                       Login failed for user user002 on RDS01\n      \
                       System.TimeoutException: The operation has timed out.\n         at Shop.Login.Open()\n\
                       2022-08-22 08:15:03 info: Shop.Cache[1] sweep done",
                expected: &[
                    "Success 2022-08-22T08:15:01Z user=user001 host=RDS01 client=- code=-",
                    "Failure 2022-08-22T08:15:02Z user=user002 host=RDS01 client=- code=-",
                    "irrelevant 2022-08-22T08:15:03Z",
                ],
            },
            Sample {
                container: Container::Lines,
                path: "app/console-20220822.log",
                text: "[08:15:01] warn: Shop.Login[3]\n      Login failed for user user002 on RDS01\n\
                       08:15:02 info: Microsoft.Hosting.Lifetime[14]\n      Now listening on: http://10.0.0.3:5000",
                expected: &[
                    "Failure 2022-08-22T08:15:01Z user=user002 host=RDS01 client=- code=-",
                    "irrelevant 2022-08-22T08:15:02Z",
                ],
            },
            Sample {
                container: Container::Lines,
                path: "app/stdout.log",
                text: "fail: Shop.Login[20]\n      Login failed for user user002 on RDS01\n\
                       info: Microsoft.Hosting.Lifetime[14]\n      Now listening on: http://10.0.0.3:5000",
                expected: &["damaged time-unreadable", "damaged time-unreadable"],
            },
        ]
    }
}

struct DotnetParser {
    plain: Plain,
    order: DateOrder,
}

impl Parser for DotnetParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        let Body::Text(text) = &record.body else { return LineOutcome::Foreign.into() };
        let (first, below) = text.split_once('\n').unwrap_or((text, ""));
        let Some(head) = head(first, self.order) else { return LineOutcome::Foreign.into() };
        let Some(stamp) = head.stamp else {
            return LineOutcome::Damaged(
                Code::TimeUnreadable,
                "a line of a .NET console without time: `TimestampFormat` is not set",
            )
            .into();
        };
        self.plain.placed(Entry::message(stamp, head.line(below)), "", context)
    }
}
