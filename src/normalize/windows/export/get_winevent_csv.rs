//! Windows events as PowerShell's `Get-WinEvent | Export-Csv` writes them.
//!
//! `Properties` prints as the name of a type, so that the data are lost and the rendered message is all
//! there is. Times are local, in the form of the machine's culture, with seconds only. Windows
//! PowerShell writes a line `#TYPE ...` above the header. Source: the vendor's documentation of
//! `Export-Csv`.

use super::super::shape::{count, filled, object};
use super::get_winevent::{is_event, record_of};
use super::{Context, Export, Exported, Loss, Reader, Sample, date_order};
use crate::model::time::TICKS_PER_SECOND;
use crate::normalize::clock::DateOrder;
use crate::normalize::file::FileFacts;
use crate::read::{Container, Record};

/// See the file.
pub(crate) struct GetWinEventCsv;

impl Export for GetWinEventCsv {
    fn name(&self) -> &'static str {
        "get-winevent-csv"
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Table]
    }

    fn recognize(&self, records: &[Record<'_>]) -> usize {
        count(records, is_event)
    }

    fn loses(&self) -> &'static [Loss] {
        &[Loss::Data, Loss::Zone]
    }

    fn step_ticks(&self) -> i64 {
        TICKS_PER_SECOND
    }

    fn open(&self, _file: &FileFacts, first: &[Record<'_>]) -> Box<dyn Reader> {
        let objects: Vec<_> = first.iter().filter_map(object).collect();
        let stamps: Vec<&str> = objects.iter().filter_map(|value| filled(value.get("TimeCreated"))).collect();
        Box::new(CsvReader { order: date_order(&stamps) })
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Table,
            path: "RDS01/events.csv",
            text: "\"Message\",\"Id\",\"Version\",\"Qualifiers\",\"Level\",\"Keywords\",\"RecordId\",\"ProviderName\",\"LogName\",\"MachineName\",\"UserId\",\"TimeCreated\",\"LevelDisplayName\",\"Properties\"\n\
                   \"The time service\",\"35\",\"0\",,\"4\",\"-9223372036854775808\",\"9\",\"Microsoft-Windows-Time-Service\",\"System\",\"RDS01.corp.example\",\"S-1-5-19\",\"8/9/2022 8:01:02 AM\",\"Information\",\"System.Collections.Generic.IList`1[System.Diagnostics.Eventing.Reader.EventProperty]\"\n\
                   \"\",\"7036\",,,\"4\",,\"10\",\"Service Control Manager\",\"System\",\"RDS01.corp.example\",,\"8/22/2022 8:01:02 PM\",\"Information\",\"System.Object\"\n\
                   \"\",\"7036\",,,,,\"11\",\"Service Control Manager\",\"System\",\"RDS01.corp.example\",,\"never\",\"Warnung\",\"\"\n",
            expected: &[
                "Microsoft-Windows-Time-Service 35 2022-08-09T08:01:02Z? System #9 RDS01.corp.example 4 S-1-5-19 | | The time service",
                "Service Control Manager 7036 2022-08-22T20:01:02Z? System #10 RDS01.corp.example 4 - | | -",
                "damaged time-unreadable",
            ],
        }]
    }
}

struct CsvReader {
    order: DateOrder,
}

impl Reader for CsvReader {
    fn read(&mut self, record: &Record<'_>, context: &mut Context<'_>) -> Exported {
        match object(record) {
            Some(value) if is_event(&value) => {
                let time = filled(value.get("TimeCreated")).and_then(|text| context.instant(text, self.order));
                Exported::timed(record_of(&value), time)
            }
            _ => Exported::Foreign,
        }
    }
}
