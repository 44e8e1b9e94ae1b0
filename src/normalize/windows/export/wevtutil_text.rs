//! Windows events as `wevtutil qe /f:text` prints them.
//!
//! ```text
//! Event[0]:                              (newer versions leave the colon away)
//!   Log Name: Application
//!   ...
//!   Computer: RDS01.corp.example
//!   Description:
//! free lines, up to the next event
//! ```
//!
//! The keys are English everywhere, the values are in the language of the machine. Older versions print
//! local time without a zone, newer ones a `Z`, which is believed (unverified: no vendor's page says that it
//! is UTC there). Lines of a description may look like keys, so that keys end where it begins; a line
//! of it that is nothing but `Event[7]` begins an event, and that one is damaged. Source: the vendor's
//! documentation of `wevtutil`.

use super::super::shape::level_by_word;
use super::{Context, Export, Exported, Loss, MILLISECOND, Reader, Sample};
use crate::diagnostic::Code;
use crate::model::Name;
use crate::normalize::clock::DateOrder;
use crate::normalize::file::FileFacts;
use crate::read::{Body, Container, Record, WindowsRecord};

/// See the file.
pub(crate) struct WevtutilText;

const KEYS: &[&str] = &[
    "Log Name",
    "Source",
    "Date",
    "Event ID",
    "Task",
    "Level",
    "Opcode",
    "Keyword",
    "User",
    "User Name",
    "Computer",
    "Description",
];

/// Whether a line is `Event[7]` or `Event[7]:`.
fn is_head(line: &str) -> bool {
    let number = line.trim_end().trim_end_matches(':').strip_prefix("Event[").and_then(|rest| rest.strip_suffix(']'));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Takes a line with a key apart.
fn key(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.trim_start().split_once(':')?;
    // Newer versions leave the NUL that ends a text of Windows behind some values.
    KEYS.contains(&key).then(|| (key, value.trim_matches(['\0', ' ', '\t'])))
}

impl Export for WevtutilText {
    fn name(&self) -> &'static str {
        "wevtutil-text"
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Lines]
    }

    fn recognize(&self, records: &[Record<'_>]) -> usize {
        let lines = || records.iter().filter_map(Record::text).flat_map(str::lines);
        if lines().any(is_head) { lines().filter(|line| is_head(line) || key(line).is_some()).count() } else { 0 }
    }

    fn starts_record(&self, line: &str) -> bool {
        is_head(line)
    }

    fn loses(&self) -> &'static [Loss] {
        &[Loss::RecordId, Loss::Level, Loss::Activity, Loss::Data, Loss::Zone]
    }

    fn step_ticks(&self) -> i64 {
        MILLISECOND
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Box<dyn Reader> {
        Box::new(|record: &Record<'_>, context: &mut Context<'_>| match &record.body {
            Body::Text(text) if text.lines().next().is_some_and(is_head) => event(text, context),
            _ => Exported::Foreign,
        })
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                container: Container::Lines,
                path: "RDS01/application.txt",
                text: "Event[0]:\n  Log Name: Application\n  Source: MsiInstaller\n  Date: 2022-08-22T08:01:02.512\n  \
                       Event ID: 11707\n  Task: N/A\n  Level: Informationen\n  Opcode: Info\n  Keyword: Klassisch\n  \
                       User: S-1-5-18\n  User Name: NT-AUTORITÄT\\SYSTEM\n  Computer: RDS01.corp.example\n  \
                       Description: \nProduct: FSLogix Apps -- Installation completed successfully.\n  Level: 2\n\n\
                       Event[1]:\n  Log Name: System\n  Source: Disk\n  Event ID: 7\n  Level: Error\n  Description:\n\
                       N/A\n\nEvent[2]:\nEvent[3]:\n  Source: Disk\n  Date: 2022-08-22T08:01:02.512\n",
                expected: &[
                    "MsiInstaller 11707 2022-08-22T08:01:02.512Z? Application #- RDS01.corp.example 4 S-1-5-18 | | Product: FSLogix Apps -- Installation completed successfully.\\n  Level: 2",
                    "damaged time-unreadable",
                    "damaged record-malformed",
                    "damaged record-malformed",
                ],
            },
            Sample {
                container: Container::Lines,
                path: "RDS01/system.txt",
                text: "Event[0]\n  Log Name: System\n  Source: Microsoft-Windows-Kernel-General\n  \
                       Date: 2022-08-22T06:01:02.5120000Z\n  Event ID: 12\n  Task: 1\n  Level: Information\0\n  \
                       Opcode: Info\0\n  Keyword: N/A\n  User: N/A\n  User Name: N/A\n  Computer: RDS01.corp.example\n  \
                       Description:\nN/A\n",
                expected: &[
                    "Microsoft-Windows-Kernel-General 12 2022-08-22T06:01:02.512Z System #- RDS01.corp.example 4 - | | -",
                ],
            },
        ]
    }
}

fn event(text: &str, context: &mut Context<'_>) -> Exported {
    let mut record = WindowsRecord::default();
    let (mut id, mut date, mut at) = (None, "", 0);
    for line in text.split_inclusive('\n') {
        at += line.len();
        let Some((key, value)) = key(line.trim_end()) else { continue };
        if key == "Description" {
            let description = [value, &text[at..]].join("\n").replace(['\0', '\r'], "");
            record.message = Some(description.trim()).filter(|text| is_told(text)).map(Name::from);
            break;
        }
        let name = is_told(value).then(|| Name::from(value));
        match key {
            "Log Name" => record.channel = name,
            "Source" => record.provider = name,
            "Date" => date = value,
            "Event ID" => id = value.parse::<u32>().ok(),
            "Level" => record.level = level_by_word(value),
            "User" => record.user_sid = name.filter(|user| user.starts_with("S-1-")),
            "Computer" => record.computer = name,
            _ => {}
        }
    }
    let Some(id) = id.filter(|_| record.provider.is_some()) else {
        return Exported::Damaged(Code::RecordMalformed, "an event without source or number");
    };
    record.event_id = id & 0xFFFF;
    // The year comes first, so that no order of day and month is open.
    let time = context.instant(date, DateOrder::DayFirst);
    Exported::timed(record, time)
}

fn is_told(value: &str) -> bool {
    !matches!(value, "" | "N/A")
}
