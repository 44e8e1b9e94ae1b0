//! A Windows event as XML text, for people who want to see the record itself.

use quick_xml::escape::escape;

use super::WindowsRecord;

/// Returns the event as Windows shows it, one element a line; elements without a value are left out.
///
/// The data of `UserData` stand as `EventData` as well: a [`WindowsRecord`] does not tell the two apart.
pub fn event_text(record: &WindowsRecord) -> String {
    let mut out = String::from("<Event xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\">\n  <System>\n");
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    if let Some(provider) = &record.provider {
        line(format!("    <Provider Name=\"{}\"/>", sound(provider)));
    }
    let qualifiers = record.qualifiers.map(|value| format!(" Qualifiers=\"{value}\"")).unwrap_or_default();
    line(format!("    <EventID{qualifiers}>{}</EventID>", record.event_id));
    let numbers = [
        ("Version", record.version.map(u64::from)),
        ("Level", record.level.map(u64::from)),
        ("Task", record.task.map(u64::from)),
        ("Opcode", record.opcode.map(u64::from)),
    ];
    for (name, value) in numbers {
        if let Some(value) = value {
            line(format!("    <{name}>{value}</{name}>"));
        }
    }
    if let Some(keywords) = record.keywords {
        line(format!("    <Keywords>{keywords:#x}</Keywords>"));
    }
    if let Some(time) = record.time {
        line(format!("    <TimeCreated SystemTime=\"{time}\"/>"));
    }
    if let Some(number) = record.record_id {
        line(format!("    <EventRecordID>{number}</EventRecordID>"));
    }
    if let Some(id) = &record.activity_id {
        line(format!("    <Correlation ActivityID=\"{}\"/>", sound(id)));
    }
    if let Some(process) = record.process_id {
        let thread = record.thread_id.map(|thread| format!(" ThreadID=\"{thread}\"")).unwrap_or_default();
        line(format!("    <Execution ProcessID=\"{process}\"{thread}/>"));
    }
    for (name, value) in [("Channel", &record.channel), ("Computer", &record.computer)] {
        if let Some(value) = value {
            line(format!("    <{name}>{}</{name}>", sound(value)));
        }
    }
    if let Some(sid) = &record.user_sid {
        line(format!("    <Security UserID=\"{}\"/>", sound(sid)));
    }
    line("  </System>\n  <EventData>".to_owned());
    for datum in &record.data {
        let name = datum.name.as_deref().map(|name| format!(" Name=\"{}\"", sound(name))).unwrap_or_default();
        line(match &datum.value {
            Some(value) => format!("    <Data{name}>{}</Data>", sound(value)),
            None => format!("    <Data{name}/>"),
        });
    }
    line("  </EventData>".to_owned());
    if let Some(message) = &record.message {
        line(format!("  <RenderingInfo>\n    <Message>{}</Message>\n  </RenderingInfo>", sound(message)));
    }
    out.push_str("</Event>\n");
    out
}

/// Escaped, and without what XML cannot hold.
fn sound(text: &str) -> String {
    let kept = text.chars().map(|letter| match letter {
        '\n' | '\r' | '\t' => letter,
        letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => '\u{fffd}',
        letter => letter,
    });
    escape(kept.collect::<String>()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::{Datum, event_xml};

    #[test]
    fn what_is_shown_reads_back_as_the_same_record() {
        let record = WindowsRecord {
            provider: Some("A \"b\" & <c>".into()),
            event_id: 4625,
            qualifiers: Some(16384),
            level: Some(2),
            keywords: Some(0x8010_0000_0000_0000),
            time: Some(
                "2022-08-22T08:00:01.1234567Z"
                    .parse::<jiff::Timestamp>()
                    .map(crate::model::Timestamp::from_jiff)
                    .unwrap(),
            ),
            record_id: Some(17),
            process_id: Some(4),
            thread_id: Some(8),
            channel: Some("Security".into()),
            computer: Some("RDS01".into()),
            data: vec![
                Datum { name: Some("TargetUserName".into()), value: Some("<anna>".into()) },
                Datum { name: None, value: Some("two".into()) },
            ],
            ..WindowsRecord::default()
        };
        assert_eq!(event_xml(&event_text(&record)), Some(record.clone()));
        let hostile = WindowsRecord { computer: Some("a\u{1b}[2J\u{0}".into()), ..record };
        assert!(!event_text(&hostile).contains(['\u{1b}', '\u{0}']));
    }
}
