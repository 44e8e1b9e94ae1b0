//! The journal of systemd as its own text: `journalctl -o export`.
//!
//! An entry is a line a field, `NAME=value`, and begins with `__CURSOR`. A value that is no plain text of one line stands
//! below its name, behind eight bytes that hold its length; these are no text, and what follows them is taken up to the
//! next field.
//!
//! No real export was at hand: the layout is that of "Journal Export Formats" of systemd's documentation.

use super::journald::{TIME, syslog_severity};
use super::{Context, LineOutcome, LogFormat, Parser, Said, Sample};
use crate::diagnostic::Code;
use crate::normalize::clock::{Civil, Stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::message::Line;
use crate::normalize::summary::Role;
use crate::read::{Container, Record};

/// See the file.
pub(crate) struct JournaldExport;

const BEGIN: &str = "__CURSOR=";

/// `NAME=value`.
fn field(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once('=')?;
    let is_name = !name.is_empty()
        && name.len() <= 64
        && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    is_name.then_some((name, value))
}

/// The value below the name of a field: without the bytes of its length, which hold a zero.
fn value_below(text: &str) -> &str {
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        if end > 0 && field(line.trim_end()).is_some() {
            break;
        }
        end += line.len();
    }
    let value = text[..end].trim_end();
    let head = value.char_indices().nth(8).map_or(value.len(), |(at, _)| at);
    value[..head].rfind('\0').map_or(value, |at| &value[at + 1..])
}

impl LogFormat for JournaldExport {
    fn name(&self) -> &'static str {
        "journald-export"
    }

    fn dataset(&self) -> &'static str {
        "journald"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        let is_begin = |record: &&Record<'_>| record.text().is_some_and(|text| text.starts_with(BEGIN));
        // The other lines are fields.
        if first.iter().any(|record| is_begin(&record)) { first.len() } else { 0 }
    }

    fn starts_record(&self, line: &str) -> bool {
        line.starts_with(BEGIN)
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::new(JournaldExportParser))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "journal.export",
            text: "__CURSOR=s=1;i=1\n__REALTIME_TIMESTAMP=1661148901250000\n__MONOTONIC_TIMESTAMP=1\nPRIORITY=6\n_HOSTNAME=gw01\nSYSLOG_IDENTIFIER=sshd\nMESSAGE=Accepted password for user001 from 10.0.0.7 port 22\n\n\
                   __CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1661148902000000\nPRIORITY=3\n_HOSTNAME=gw01\nMESSAGE\n\u{2d}\0\0\0\0\0\0\0login failed user=user002\nat slot 7\n_PID=7\n\n\
                   __CURSOR=s=1;i=3\nMESSAGE=x",
            expected: &[
                "Success 2022-08-22T06:15:01.25Z user=user001 host=GW01 client=10.0.0.7 code=-",
                "Failure 2022-08-22T06:15:02Z user=user002 host=GW01 client=- code=-",
                "damaged time-unreadable",
            ],
        }]
    }
}

struct JournaldExportParser;

impl Parser for JournaldExportParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        let Some(text) = record.text().filter(|text| text.starts_with(BEGIN)) else {
            return LineOutcome::Foreign.into();
        };
        let mut line = Line::default();
        let mut ticks = None;
        let mut rest = text;
        while !rest.is_empty() {
            let (first, below) = rest.split_once('\n').unwrap_or((rest, ""));
            rest = below;
            if first == "MESSAGE" {
                let value = value_below(below);
                let (message, detail) = value.split_once('\n').unwrap_or((value, ""));
                (line.message, line.detail) = (message.into(), detail);
                continue;
            }
            let Some((name, value)) = field(first) else { continue };
            match name {
                TIME => ticks = value.parse::<i64>().ok().and_then(|micros| micros.checked_mul(10)),
                "MESSAGE" => line.message = value.into(),
                "PRIORITY" => line.severity = syslog_severity(value).unwrap_or_default(),
                "_HOSTNAME" => line.host = Some(value),
                "SYSLOG_IDENTIFIER" => line.logger = Some(value),
                "_COMM" => line.logger = line.logger.or(Some(value)),
                _ => {}
            }
        }
        let Some(ticks) = ticks else {
            return LineOutcome::Damaged(Code::TimeUnreadable, "`__REALTIME_TIMESTAMP` is no number").into();
        };
        let (at, trust) = context.clock.instant(Stamp::utc(Civil(ticks)));
        line.at = (at, Some(trust));
        Said::Message(line)
    }
}
