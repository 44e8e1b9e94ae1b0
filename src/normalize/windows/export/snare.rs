//! Windows events as the agent Snare sends them to a syslog server.
//!
//! `<14>Aug 22 08:01:33 RDS01 MSWinEventLog⇥1⇥Application⇥77⇥Mon Aug 22 08:01:33 2022⇥11707⇥MsiInstaller⇥user⇥kind
//! of account⇥Information⇥computer⇥category⇥data⇥description⇥counter`, where syslog servers may write a tab
//! as `#011`. The description is flattened to one line. The counter is the agent's own. Times are local.
//! Source: the agent's guide; the cells behind the category differ by version.

use super::super::place::number;
use super::super::shape::level_by_word;
use super::{Context, Export, Exported, Loss, Reader, Sample};
use crate::diagnostic::Code;
use crate::model::Name;
use crate::model::time::TICKS_PER_SECOND;
use crate::normalize::clock::DateOrder;
use crate::normalize::file::FileFacts;
use crate::read::{Body, Container, Record, WindowsRecord};

/// See the file.
pub(crate) struct Snare;

const TAG: &str = "MSWinEventLog";

/// The cells behind the tag.
fn cells(line: &str) -> Option<Vec<&str>> {
    let rest = &line[line.find(TAG)? + TAG.len()..];
    let separator = if rest.starts_with("#011") { "#011" } else { "\t" };
    Some(rest.strip_prefix(separator)?.split(separator).map(str::trim).collect())
}

impl Export for Snare {
    fn name(&self) -> &'static str {
        "snare"
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Lines]
    }

    fn recognize(&self, records: &[Record<'_>]) -> usize {
        records.iter().filter_map(Record::text).filter(|line| cells(line).is_some()).count()
    }

    fn loses(&self) -> &'static [Loss] {
        &[Loss::RecordId, Loss::Activity, Loss::User, Loss::Data, Loss::Zone]
    }

    fn step_ticks(&self) -> i64 {
        TICKS_PER_SECOND
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Box<dyn Reader> {
        Box::new(|record: &Record<'_>, context: &mut Context<'_>| match &record.body {
            Body::Text(line) => cells(line).map_or(Exported::Foreign, |cells| event(&cells, context)),
            _ => Exported::Foreign,
        })
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "syslog/windows.log",
            text: "<14>Aug 22 08:01:33 RDS01 MSWinEventLog\t1\tApplication\t77\tMon Aug 22 08:01:33 2022\t11707\tMsiInstaller\tSYSTEM\tUser\tInformation\tRDS01.corp.example\tNone\t\tProduct: FSLogix Apps -- Installation completed successfully.\t5\n\
                   Sep  2 08:01:33 10.1.2.3 MSWinEventLog#0114#011System#01178#011Fri Sep  2 08:01:33 2022#0117#011disk#011N/A#011N/A#011Error#011RDS02#011None#011#011The device has a bad block.#011#0116\n\
                   Sep  2 08:01:34 RDS02 MSWinEventLog\t1\tSystem\t79\tFri Sep  2 08:01:34 2022\t-\tdisk\n\
                   Sep  2 08:01:34 RDS02 MSWinEventLog\t1\tSystem\t79\t2 Sep\t7\tdisk\tN/A\tN/A\tError\tRDS02\tNone\n",
            expected: &[
                "MsiInstaller 11707 2022-08-22T08:01:33Z? Application #- RDS01.corp.example 4 - | | Product: FSLogix Apps -- Installation completed successfully.",
                "disk 7 2022-09-02T08:01:33Z? System #- RDS02 2 - | | The device has a bad block.",
                "damaged record-malformed",
                "damaged time-unreadable",
            ],
        }]
    }
}

fn event(cells: &[&str], context: &mut Context<'_>) -> Exported {
    let cell = |index: usize| cells.get(index).copied().filter(|cell| !matches!(*cell, "" | "N/A"));
    let name = |index: usize| cell(index).map(Name::from);
    let (Some(id), Some(provider)) = (cell(4).and_then(number), name(5)) else {
        return Exported::Damaged(Code::RecordMalformed, "an event without source or number");
    };
    // The last cell is the agent's counter or checksum; what else stands behind the category is the text.
    let texts = cells.get(11..cells.len().saturating_sub(1)).unwrap_or_default();
    let texts: Vec<&str> = texts.iter().copied().filter(|text| !text.is_empty()).collect();
    let record = WindowsRecord {
        provider: Some(provider),
        event_id: (id & 0xFFFF) as u32,
        channel: name(1),
        level: cell(8).and_then(level_by_word),
        computer: name(9),
        message: (!texts.is_empty()).then(|| Name::from(texts.join(" "))),
        ..WindowsRecord::default()
    };
    // The month is a word.
    let time = cell(3).and_then(|text| context.instant(text, DateOrder::DayFirst));
    Exported::timed(record, time)
}
