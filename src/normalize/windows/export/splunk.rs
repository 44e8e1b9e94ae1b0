//! Events as Splunk exports what its add-on indexed as XML (`XmlWinEventLog`): the XML under `_raw`.
//!
//! Exports are JSON lines, with the event under `result` or not, or a CSV with a column `_raw`. `_time` is
//! what Splunk made of the time and may carry a wrong zone; the XML has the event's own. Source: the
//! documentation of Splunk's search export.

use serde_json::Value;

use super::super::shape::{count, filled, object};
use super::{Context, Export, Exported, Loss, Reader, Sample};
use crate::normalize::file::FileFacts;
use crate::read::{Container, Record};

/// See the file.
pub(crate) struct Splunk;

fn raw(value: &Value) -> Option<&str> {
    let found = filled(value.get("_raw").or_else(|| value.get("result")?.get("_raw")))?;
    (found.starts_with("<Event") && found.contains("<System")).then_some(found)
}

impl Export for Splunk {
    fn name(&self) -> &'static str {
        "splunk-xml"
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Json, Container::Table]
    }

    fn recognize(&self, records: &[Record<'_>]) -> usize {
        count(records, |value| raw(value).is_some())
    }

    fn loses(&self) -> &'static [Loss] {
        &[]
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Box<dyn Reader> {
        Box::new(|record: &Record<'_>, _: &mut Context<'_>| {
            let value = object(record);
            match value.as_deref().and_then(raw) {
                Some(xml) => super::from_xml(xml, None),
                None => Exported::Foreign,
            }
        })
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Json,
            path: "splunk/export.json",
            text: r#"{"preview":false,"offset":0,"result":{"_time":"2022-08-22 08:01:02.500 CEST","host":"RDS01","_raw":"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Winlogon'/><EventID>7001</EventID><Level>4</Level><TimeCreated SystemTime='2022-08-22T06:01:02.500000000Z'/><EventRecordID>9</EventRecordID><Channel>System</Channel><Computer>RDS01</Computer></System><EventData><Data Name='TSId'>3</Data></EventData></Event>"}}
{"_raw":"<Event><System><EventID>x</EventID></System></Event>"}"#,
            expected: &[
                "Microsoft-Windows-Winlogon 7001 2022-08-22T06:01:02.5Z System #9 RDS01 4 - | TSId=3 | -",
                "damaged record-malformed",
            ],
        }]
    }
}
