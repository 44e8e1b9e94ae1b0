//! `setupapi.dev.log` and `setupapi.app.log`: sections of installations of drivers, and the starts of the system.
//!
//! A section begins with `>>>  [name]` and its start, and ends with `<<<  Section end` and `<<<  [Exit status: …]`. A
//! device that was installed is a change, at the end of its section, and so are driver updates that servicing
//! installed; what was only brought into the driver store is none. `[Boot Session: …]` is the start of the system.
//!
//! Source: Microsoft, "SetupAPI text logs". A real log is `setupapi.dev.log` of plaso's test data.

use super::{Context, LineOutcome, LogFormat, Observed, Parser, Said, Sample};
use crate::diagnostic::Code;
use crate::model::{ChangeKind, Timestamp, Trust};
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::summary::Role;
use crate::normalize::windows::changes::{NOTE_BOOT_SESSION, RESTART};
use crate::read::{Container, Record};

/// Texts of a section beyond these many bytes are left out.
const TEXT_BYTES_MAX: usize = 256;

/// See the file.
pub(in super::super) struct SetupApi;

fn is_mark(line: &str) -> bool {
    let marks = [">>>  [", ">>>  Section start ", "<<<  Section end ", "<<<  [Exit status: ", "[Boot Session: "];
    marks.iter().any(|mark| line.starts_with(mark))
}

impl LogFormat for SetupApi {
    fn name(&self) -> &'static str {
        "setupapi"
    }

    fn dataset(&self) -> &'static str {
        "windows.setupapi"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        let text = |record: &Record<'_>| record.text().is_some_and(is_mark);
        // What stands within a section is of it, whatever it looks like.
        if first.iter().any(text) { first.len() } else { 0 }
    }

    /// A section may be longer than a record can be.
    fn starts_record(&self, _line: &str) -> bool {
        true
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::new(SetupApiParser::default()))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "RDS01/setupapi.dev.log",
            text: "[Boot Session: 2022/08/22 07:58:03.498]\n\n\
                   >>>  [Device Install (Hardware initiated) - PCI\\VEN_80EE&DEV_CAFE]\n\
                   >>>  Section start 2022/08/22 08:15:01.110\n     \
                   dvi:                DevDesc      - Other device\n     \
                   dvi:                     Description - [Example Adapter]\n     \
                   ndv:           Driver Version - 5.0.26.0\n\
                   <<<  Section end 2022/08/22 08:15:09.142\n\
                   <<<  [Exit status: SUCCESS (REBOOT_REQUIRED)]\n\
                   >>>  [Install Driver Updates]\n\
                   >>>  Section start 2022/08/22 08:16:01.110\n     \
                   sto: Driver Updates     = 41\n\
                   <<<  Section end 2022/08/22 08:16:09.142\n\
                   <<<  [Exit status: SUCCESS]\n\
                   >>>  [Device Install (Hardware initiated) - PCI\\VEN_80EE&DEV_CAFE]\n\
                   >>>  Section start 2022/08/22 08:17:01.110\n\
                   <<<  Section end 2022/08/22 08:17:09.142\n\
                   <<<  [Exit status: FAILURE(0xe0000203)]",
            expected: &[
                "Restart 2022-08-22T07:58:03.498Z Operating system restart - Unstated",
                "irrelevant",
                "irrelevant 2022-08-22T08:15:01.11Z",
                "irrelevant",
                "irrelevant",
                "irrelevant",
                "irrelevant 2022-08-22T08:15:09.142Z",
                "Install 2022-08-22T08:15:09.142Z Example Adapter 5.0.26.0 Unstated",
                "irrelevant",
                "irrelevant 2022-08-22T08:16:01.11Z",
                "irrelevant",
                "irrelevant 2022-08-22T08:16:09.142Z",
                "Update 2022-08-22T08:16:09.142Z Driver updates - Unstated",
                "irrelevant",
                "irrelevant 2022-08-22T08:17:01.11Z",
                "irrelevant 2022-08-22T08:17:09.142Z",
                "irrelevant",
            ],
        }]
    }
}

/// What is known of the open section.
#[derive(Default)]
struct SetupApiParser {
    section: String,
    description: Option<String>,
    /// Whether the description is that of the driver that was chosen, and not of one of many.
    is_chosen: bool,
    version: Option<String>,
    n_updates: Option<String>,
    end: Option<(Timestamp, Trust)>,
}

fn short(text: &str) -> String {
    text[..text.floor_char_boundary(TEXT_BYTES_MAX)].to_owned()
}

impl SetupApiParser {
    fn instant(text: &str, context: &mut Context<'_>) -> Option<(Timestamp, Trust)> {
        let (found, _) = stamp(text, DateOrder::YearFirst).filter(|(found, _)| found.has_year && found.has_time)?;
        Some(context.clock.instant(found))
    }

    /// A line within a section.
    fn detail(&mut self, line: &str) {
        // `!    dvi:      name - value`
        let Some((_, rest)) = line.split_once(": ").filter(|(head, _)| head.len() <= 16) else { return };
        let rest = rest.trim_start();
        let after = |name: &str| {
            let value = rest.strip_prefix(name)?.trim_start();
            Some(value.strip_prefix(['-', '='])?.trim()).filter(|value| !value.is_empty())
        };
        if let Some(found) = after("Description").filter(|found| found.starts_with('[')) {
            self.description = Some(short(found.trim_matches(['[', ']'])));
            self.is_chosen = true;
        } else if let Some(found) = after("DevDesc").filter(|_| !self.is_chosen) {
            self.description = Some(short(found));
        } else if let Some(found) = after("Driver Version") {
            self.version = Some(short(found));
        } else if let Some(found) = after("Version").filter(|_| self.version.is_none()) {
            self.version = Some(short(found));
        } else if let Some(found) = after("Driver Updates") {
            self.n_updates = Some(short(found));
        }
    }

    /// The end of a section whose status is that.
    fn close(&mut self, status: &str, context: &mut Context<'_>) -> Option<LineOutcome> {
        let of = std::mem::take(self);
        let needs_restart = status.contains("REBOOT_REQUIRED");
        let is_done = status.starts_with("SUCCESS");
        let end = of.end.filter(|_| is_done)?;
        if of.section == "Install Driver Updates" {
            let note = of.n_updates.map(|n| format!("{n} driver packages"));
            let found = Observed { component: "Driver updates", version: None, needs_restart, note: note.as_deref() };
            return Some(found.outcome(end, ChangeKind::Update, context));
        }
        let (_, device) = of.section.strip_prefix("Device Install (")?.split_once(" - ")?;
        // `Device Install (DiInstallDriver)` names the file that describes the driver.
        let is_inf =
            |name: &&str| name.get(name.len().saturating_sub(4)..).is_some_and(|end| end.eq_ignore_ascii_case(".inf"));
        let device = device.rsplit('\\').next().filter(is_inf).unwrap_or(device);
        let component = of.description.as_deref().unwrap_or(device);
        let found = Observed { component, version: of.version.as_deref(), needs_restart, note: None };
        Some(found.outcome(end, ChangeKind::Install, context))
    }
}

impl Parser for SetupApiParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        let Some(line) = record.text() else { return LineOutcome::Foreign.into() };
        let unreadable = LineOutcome::Damaged(Code::TimeUnreadable, "a mark without time");
        if let Some(time) = line.strip_prefix("[Boot Session: ") {
            let Some(at) = Self::instant(time, context) else { return unreadable.into() };
            let found = Observed { component: RESTART, note: Some(NOTE_BOOT_SESSION), ..Observed::default() };
            return found.outcome(at, ChangeKind::Restart, context).into();
        }
        if let Some(name) = line.strip_prefix(">>>  [") {
            *self = Self { section: short(name.trim_end().trim_end_matches(']')), ..Self::default() };
            return LineOutcome::Irrelevant(None).into();
        }
        if let Some(time) = line.strip_prefix(">>>  Section start ").or_else(|| line.strip_prefix("<<<  Section end "))
        {
            let Some(at) = Self::instant(time, context) else { return unreadable.into() };
            self.end = Some(at).filter(|_| line.starts_with('<'));
            return LineOutcome::Irrelevant(Some(at.0)).into();
        }
        if let Some(status) = line.strip_prefix("<<<  [Exit status: ") {
            return self.close(status, context).unwrap_or(LineOutcome::Irrelevant(None)).into();
        }
        self.detail(line);
        LineOutcome::Irrelevant(None).into()
    }
}
