//! Verbose logs of Windows Installer: `MSI (s) (08:18) [22:48:50:218]: …`, UTF-16 with a mark.
//!
//! Only `=== Verbose logging started: 8/27/2020  22:48:20 … ===` and its end name the day; the lines between have the
//! time alone, by the clock of the host. What was installed, removed or changed stands in one line, with name, version
//! and result; 0, 1641 and 3010 are successes, the latter two with a restart.
//!
//! Source: Microsoft, "Windows Installer logging" and "Error codes"; the lines were compared with published real logs.
//! In which order the day is written depends on the language of Windows: the month is taken to stand first where
//! nothing tells.

use super::{Context, LineOutcome, LogFormat, Observed, Parser, Said, Sample};
use crate::diagnostic::Code;
use crate::model::time::TICKS_PER_DAY;
use crate::model::{ChangeKind, Timestamp, Trust};
use crate::normalize::clock::{Civil, DateOrder, Stamp, day_ticks, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::summary::Role;
use crate::normalize::told::between;
use crate::read::{Body, Container, Record};

/// See the file.
pub(in super::super) struct MsiLog;

/// The day and time of a frame: `=== Verbose logging started: 8/27/2020  22:48:20  Build type: … ===`.
fn frame(line: &str, order: DateOrder) -> Option<Stamp> {
    let rest = line.strip_prefix("=== ")?;
    let (_, rest) = rest.split_once("ogging st").filter(|(before, _)| before.len() <= 16)?;
    let rest = rest.strip_prefix("arted: ").or_else(|| rest.strip_prefix("opped: "))?;
    Some(stamp(rest, order)?.0).filter(|stamp| stamp.has_time && stamp.has_year)
}

/// The time of a line of the engine and what it says.
fn engine(line: &str) -> Option<(i64, &str)> {
    let rest = line.strip_prefix("MSI (")?;
    let (_, rest) = rest.split_once(" [").filter(|(before, _)| before.len() <= 24)?;
    let (ticks, len) = day_ticks(rest)?;
    Some((ticks, rest[len..].strip_prefix("]: ")?))
}

/// Whether an installation succeeded, and needs a restart.
fn result(code: &str) -> Option<bool> {
    match code {
        "0" => Some(false),
        "1641" | "3010" => Some(true),
        _ => None,
    }
}

impl LogFormat for MsiLog {
    fn name(&self) -> &'static str {
        "msi-log"
    }

    fn dataset(&self) -> &'static str {
        "windows.installer"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        let fits = |record: &Record<'_>| {
            record.text().is_some_and(|line| frame(line, DateOrder::Open).is_some() || engine(line).is_some())
        };
        // Actions and properties stand between.
        if first.iter().any(fits) { first.len() } else { 0 }
    }

    fn starts_record(&self, line: &str) -> bool {
        line.starts_with("MSI (") || line.starts_with("=== ")
    }

    fn open(&self, file: &FileFacts, first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        // A number above twelve tells which is the day.
        let n_read = |order| {
            let dates = first.iter().filter_map(Record::text).filter_map(|line| frame(line, DateOrder::Open));
            dates.filter(|stamp| stamp.readings.allow(order) || stamp.readings.taken() == order).count()
        };
        let is_day_first = n_read(DateOrder::DayFirst) > n_read(DateOrder::MonthFirst);
        let order = if is_day_first { DateOrder::DayFirst } else { DateOrder::MonthFirst };
        Some(Box::new(MsiParser { order: file.date_order.unwrap_or(order), last: None }))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "RDS01/install.log",
            text: "=== Verbose logging started: 8/22/2022  23:59:20  Build type: SHIP UNICODE 5.00.10011.00  Calling process: C:\\Windows\\system32\\msiexec.exe ===\n\
                   MSI (c) (08:F8) [23:59:20:218]: Resetting cached policy values\n\
                   Action start 23:59:21: INSTALL.\n\
                   MSI (s) (08:18) [00:00:50:218]: Windows Installer installed the product. Product Name: Example Agent 2. Product Version: 1.43.301.1. Product Language: 1033. Manufacturer: Example. Installation success or error status: 3010.\n\
                   MSI (s) (08:18) [00:00:51:218]: Windows Installer removed the product. Product Name: Example Agent 1. Product Version: 1.2. Product Language: 1033. Manufacturer: Example. Removal success or error status: 0.\n\
                   MSI (s) (08:18) [00:00:52:218]: Windows Installer installed the product. Product Name: Other. Product Version: 1.2. Product Language: 1033. Manufacturer: Example. Installation success or error status: 1603.\n\
                   === Logging stopped: 8/23/2022  0:00:53 ===",
            expected: &[
                "irrelevant 2022-08-22T23:59:20Z",
                "irrelevant 2022-08-22T23:59:20.218Z",
                "Install 2022-08-23T00:00:50.218Z Example Agent 2 1.43.301.1 Unstated",
                "Remove 2022-08-23T00:00:51.218Z Example Agent 1 1.2 Unstated",
                "irrelevant 2022-08-23T00:00:52.218Z",
                "irrelevant 2022-08-23T00:00:53Z",
            ],
        }]
    }
}

struct MsiParser {
    order: DateOrder,
    /// What the clock last showed.
    last: Option<Civil>,
}

impl MsiParser {
    fn instant(&mut self, ticks: i64, context: &mut Context<'_>) -> Option<(Timestamp, Trust)> {
        let Civil(last) = self.last?;
        let day = last.div_euclid(TICKS_PER_DAY);
        let is_next = last.rem_euclid(TICKS_PER_DAY) - ticks > TICKS_PER_DAY / 2;
        let civil = Civil((day + i64::from(is_next)) * TICKS_PER_DAY + ticks);
        self.last = Some(civil);
        Some(context.clock.instant(Stamp::local(civil)))
    }
}

impl Parser for MsiParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        let Body::Text(text) = &record.body else { return LineOutcome::Foreign.into() };
        let line = text.split('\n').next().unwrap_or("");
        if let Some(stamp) = frame(line, self.order) {
            self.last = Some(stamp.civil);
            return LineOutcome::Irrelevant(Some(context.clock.instant(stamp).0)).into();
        }
        let Some((ticks, message)) = engine(line) else { return LineOutcome::Foreign.into() };
        let Some(at) = self.instant(ticks, context) else {
            return LineOutcome::Damaged(Code::TimeUnreadable, "a time without day: the start of the log is missing")
                .into();
        };
        let kind = match message {
            _ if message.starts_with("Windows Installer installed the product.") => ChangeKind::Install,
            _ if message.starts_with("Windows Installer removed the product.") => ChangeKind::Remove,
            _ if message.starts_with("Windows Installer reconfigured the product.") => ChangeKind::Configuration,
            _ if message.starts_with("Windows Installer installed an update.") => ChangeKind::Update,
            _ => return LineOutcome::Irrelevant(Some(at.0)).into(),
        };
        // A name may hold points; what follows it is named, too.
        let component =
            message.split_once("Product Name: ").and_then(|(_, rest)| rest.split_once(". Product Version: "));
        let version = component.and_then(|(_, rest)| rest.split_once(". ")).map(|(version, _)| version);
        let code = between(message, " success or error status: ", &['.', ' ']);
        match (component, code.and_then(result)) {
            (Some((component, _)), Some(needs_restart)) => {
                Observed { component, version, needs_restart, note: None }.outcome(at, kind, context).into()
            }
            _ => LineOutcome::Irrelevant(Some(at.0)).into(),
        }
    }
}
