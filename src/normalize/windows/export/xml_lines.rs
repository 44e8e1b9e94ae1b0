//! Windows events in XML, each behind what a collector puts before it: a stamp, a host, a priority.
//!
//! Nothing is lost: what stands before the event is the collector's, and not looked at. Events without
//! anything between them are a container of their own, whatever their root.

use super::{Context, Export, Exported, Loss, Reader, Sample};
use crate::normalize::file::FileFacts;
use crate::read::{Container, Record};

/// See the file.
pub(crate) struct XmlLines;

/// The event and what follows it, if one begins on the first line.
fn event(text: &str) -> Option<&str> {
    let line = text.lines().next()?;
    let at = line.find("<Event ").or_else(|| line.find("<Event>"))?;
    let inner = &line[at + line[at..].find('>')? + 1..];
    inner.trim_start().starts_with("<System").then(|| &text[at..])
}

impl Export for XmlLines {
    fn name(&self) -> &'static str {
        "event-xml-lines"
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Lines]
    }

    fn recognize(&self, records: &[Record<'_>]) -> usize {
        records.iter().filter_map(Record::text).filter(|line| event(line).is_some()).count()
    }

    fn starts_record(&self, line: &str) -> bool {
        event(line).is_some()
    }

    fn loses(&self) -> &'static [Loss] {
        &[]
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Box<dyn Reader> {
        Box::new(|record: &Record<'_>, _: &mut Context<'_>| match record.text().and_then(event) {
            Some(text) => {
                // Without an end the event is damaged, and said to be.
                let end = text.find("</Event>").map_or(text.len(), |at| at + "</Event>".len());
                super::from_xml(&text[..end], None)
            }
            None => Exported::Foreign,
        })
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "syslog/windows-xml.log",
            text: "Aug 22 08:01:03 RDS01 <Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Winlogon'/><EventID>7001</EventID><Level>4</Level><TimeCreated SystemTime='2022-08-22T06:01:02.500000000Z'/><EventRecordID>9</EventRecordID><Channel>System</Channel><Computer>RDS01</Computer></System><EventData><Data Name='TSId'>3</Data></EventData><RenderingInfo Culture='de-CH'><Message>Benachrichtigung\nzweite Zeile</Message></RenderingInfo></Event> trailer\n\
                   Aug 22 08:01:04 RDS01 <Event><System><EventID>7001</EventID>\n",
            expected: &[
                "Microsoft-Windows-Winlogon 7001 2022-08-22T06:01:02.5Z System #9 RDS01 4 - | TSId=3 | Benachrichtigung\\nzweite Zeile",
                "damaged record-malformed",
            ],
        }]
    }
}
