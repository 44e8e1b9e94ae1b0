//! `ReportingEvents.log` of Windows Update, and `WindowsUpdate.log` of Windows before 10, which holds the same reports.
//!
//! A report has its stamp with the offset of the clock, `2022-08-22 08:15:01:123+0200`, a number, the number of the
//! event, and last a text: `Installation Successful: Windows successfully installed the following update: name`.
//!
//! Source: Microsoft, "Windows Update log files". No whole real log was at hand.

use super::{Context, LineOutcome, LogFormat, Observed, Parser, Said, Sample};
use crate::model::ChangeKind;
use crate::normalize::clock::{DateOrder, Stamp, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::summary::Role;
use crate::read::{Container, Record};

const DONE: &str = "Installation Successful: Windows successfully installed the following update: ";

/// See the file.
pub(in super::super) struct WindowsUpdate;

/// `{…}<TAB>stamp<TAB>…<TAB>text`: the stamp and the text.
fn report(line: &str) -> Option<(Stamp, &str)> {
    let (id, rest) = line.split_once('\t')?;
    let is_id = id.len() == 38 && id.starts_with('{') && id.ends_with('}');
    let (stamp, len) = stamp(rest, DateOrder::YearFirst).filter(|(stamp, _)| is_id && stamp.has_time)?;
    let text = rest[len..].strip_prefix('\t')?.rsplit('\t').find(|cell| !cell.is_empty())?;
    Some((stamp, text))
}

/// A line of `WindowsUpdate.log`: day, time, process, thread, part, text.
fn line_of_log(line: &str) -> Option<(Stamp, &str)> {
    let (day, rest) = line.split_once('\t').filter(|(day, _)| day.len() == 10)?;
    let (time, rest) = rest.split_once('\t').filter(|(time, _)| time.len() == 12 && time.as_bytes()[8] == b':')?;
    let (day, _) = stamp(day, DateOrder::YearFirst).filter(|(day, _)| day.has_year)?;
    let (ticks, _) = crate::normalize::clock::day_ticks(time)?;
    let mut cells = rest.splitn(4, '\t');
    let (process, thread) = (cells.next()?.trim(), cells.next()?.trim());
    let is_hex = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit());
    let civil = crate::normalize::clock::Civil(day.civil.0 + ticks);
    (is_hex(process) && is_hex(thread)).then_some((Stamp { civil, has_time: true, ..day }, cells.nth(1)?))
}

fn parts(line: &str) -> Option<(Stamp, &str)> {
    report(line).or_else(|| {
        let (stamp, text) = line_of_log(line)?;
        match text.strip_prefix("REPORT EVENT: ").and_then(report) {
            Some(inner) => Some(inner),
            None => Some((stamp, text)),
        }
    })
}

impl LogFormat for WindowsUpdate {
    fn name(&self) -> &'static str {
        "windows-update"
    }

    fn dataset(&self) -> &'static str {
        "windows.update"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        first.iter().filter(|record| record.text().is_some_and(|line| parts(line).is_some())).count()
    }

    fn starts_record(&self, line: &str) -> bool {
        parts(line).is_some()
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::new(WindowsUpdateParser))
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                container: Container::Lines,
                path: "RDS01/ReportingEvents.log",
                text: "{A0B1C2D3-0000-1111-2222-333344445555}\t2022-08-22 08:15:01:123+0200\t1\t183 [AGENT_INSTALLING_SUCCEEDED]\t101\t{A0B1C2D3-0000-1111-2222-333344445556}\t201\t0\tUpdateOrchestrator\tSuccess\tContent Install\tInstallation Successful: Windows successfully installed the following update: 2022-08 Cumulative Update for Windows (KB5016616)\n\
                       {A0B1C2D3-0000-1111-2222-333344445557}\t2022-08-22 08:16:01:123+0200\t1\t182 [AGENT_INSTALLING_FAILED]\t101\t{A0B1C2D3-0000-1111-2222-333344445556}\t201\t80073d02\tUpdateOrchestrator\tFailure\tContent Install\tInstallation Failure: Windows failed to install the following update with error 0x80073d02: Example.",
                expected: &[
                    "Update 2022-08-22T06:15:01.123Z 2022-08 Cumulative Update for Windows (KB5016616) - Unstated",
                    "irrelevant 2022-08-22T06:16:01.123Z",
                ],
            },
            Sample {
                container: Container::Lines,
                path: "RDS01/WindowsUpdate.log",
                text: "2022-08-22\t08:15:02:123\t 892\t1a4\tAgent\t** START **  Agent: Finding updates\n\
                       2022-08-22\t08:15:03:123\t 892\t1a4\tReport\tREPORT EVENT: {A0B1C2D3-0000-1111-2222-333344445555}\t2022-08-22 08:15:01:123+0200\t1\t183\t101\t{A0B1C2D3-0000-1111-2222-333344445556}\t201\t0\tAutomaticUpdates\tSuccess\tContent Install\tInstallation Successful: Windows successfully installed the following update: Example (KB5016616)",
                expected: &[
                    "irrelevant 2022-08-22T08:15:02.123Z",
                    "Update 2022-08-22T06:15:01.123Z Example (KB5016616) - Unstated",
                ],
            },
        ]
    }
}

struct WindowsUpdateParser;

impl Parser for WindowsUpdateParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        let Some(line) = record.text().and_then(|text| text.split('\n').next()) else {
            return LineOutcome::Foreign.into();
        };
        let Some((stamp, text)) = parts(line) else { return LineOutcome::Foreign.into() };
        let at = context.clock.instant(stamp);
        match text.strip_prefix(DONE) {
            Some(component) => {
                let found = Observed { component: component.trim(), ..Observed::default() };
                found.outcome(at, ChangeKind::Update, context).into()
            }
            None => LineOutcome::Irrelevant(Some(at.0)).into(),
        }
    }
}
