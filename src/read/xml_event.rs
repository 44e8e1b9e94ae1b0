//! Parses one Windows event from its XML into the record that its binary form gives, too.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::record::{Datum, WindowsRecord};
use super::selection::Selection;
use crate::model::{Name, Names, Timestamp};

/// Elements within elements that are followed.
const DEPTH_MAX: usize = 64;
/// Attributes of one element; each is compared with those before it.
const ATTRIBUTES_MAX: usize = 64;

/// A sound event.
pub(super) enum Parsed {
    /// One that the selection wants.
    Wanted(Box<WindowsRecord>),
    /// Another, as far as it is counted.
    Unwanted { provider: String, event_id: u32, computer: String, channel: String, time: Option<Timestamp> },
}

/// One open element.
struct Element<'a> {
    start: BytesStart<'a>,
    text: String,
    has_children: bool,
}

/// Parses `<Event>…</Event>`; the error says what is wrong.
///
/// Where `System` tells that the event is not wanted, the rest is not looked at.
pub(super) fn parse(event: &str, selection: &Selection, names: &mut Names) -> Result<Parsed, &'static str> {
    let mut reader = Reader::from_str(event);
    // An ampersand that nobody escaped is no reason to lose an event.
    reader.config_mut().allow_dangling_amp = true;
    let mut record = Box::new(WindowsRecord::default());
    let mut path: Vec<Element<'_>> = Vec::new();
    let mut has_system = false;
    loop {
        match reader.read_event().map_err(|_| "not well-formed XML")? {
            Event::Start(start) => {
                if path.len() == DEPTH_MAX {
                    return Err("nested too deep");
                }
                if let Some(parent) = path.last_mut() {
                    parent.has_children = true;
                }
                path.push(Element { start, text: String::new(), has_children: false });
            }
            Event::Empty(start) => {
                if let Some(parent) = path.last_mut() {
                    parent.has_children = true;
                }
                path.push(Element { start, text: String::new(), has_children: false });
                close(&path, true, &mut record, names)?;
                path.pop();
            }
            Event::End(_) => {
                close(&path, false, &mut record, names)?;
                let closed = path.pop();
                let is_system = path.len() == 1 && closed.is_some_and(|e| e.start.local_name().as_ref() == "System");
                if is_system {
                    has_system = true;
                    if let Some(unwanted) = unwanted(&record, selection) {
                        return Ok(unwanted);
                    }
                }
            }
            Event::Text(text) => append(&mut path, &text),
            Event::CData(text) => append(&mut path, &text),
            Event::GeneralRef(reference) => append(&mut path, &resolved(&reference)),
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
    match () {
        () if !path.is_empty() => Err("an event without end"),
        () if !has_system => Err("an event without `System`"),
        () => Ok(Parsed::Wanted(record)),
    }
}

/// Reads the XML of one event that stands inside of another text; `None` if it is not sound.
pub fn event_xml(event: &str) -> Option<WindowsRecord> {
    match parse(event, &Selection::everything(), &mut Names::new()) {
        Ok(Parsed::Wanted(record)) => Some(*record),
        Ok(Parsed::Unwanted { .. }) | Err(_) => None,
    }
}

fn unwanted(record: &WindowsRecord, selection: &Selection) -> Option<Parsed> {
    let provider = record.provider.as_deref().unwrap_or_default();
    if selection.wants(provider, record.event_id) {
        return None;
    }
    let text = |name: &Option<Name>| name.as_deref().unwrap_or_default().to_owned();
    let (computer, channel) = (text(&record.computer), text(&record.channel));
    let provider = provider.to_owned();
    Some(Parsed::Unwanted { provider, event_id: record.event_id, computer, channel, time: record.time })
}

fn append(path: &mut [Element<'_>], text: &str) {
    if let Some(element) = path.last_mut() {
        element.text.push_str(text);
    }
}

/// The text of `&amp;` or `&#10;`; what means nothing stays as it is.
pub(super) fn resolved(reference: &quick_xml::events::BytesRef<'_>) -> String {
    let name: &str = reference;
    if let Ok(Some(c)) = reference.resolve_char_ref() {
        return c.to_string();
    }
    match quick_xml::escape::resolve_predefined_entity(name) {
        Some(text) => text.to_owned(),
        None => format!("&{name};"),
    }
}

/// Takes what an element says when it closes; it is the last of `path`.
fn close(
    path: &[Element<'_>],
    is_empty: bool,
    record: &mut WindowsRecord,
    names: &mut Names,
) -> Result<(), &'static str> {
    let (Some(section), Some(element)) = (path.get(1), path.last()) else { return Ok(()) };
    let depth = path.len() - 1;
    match section.start.local_name().as_ref() {
        "System" if depth == 2 => system(element, record, names),
        "EventData" | "UserData" if depth >= 2 => leaf(element, is_empty, record, names),
        "RenderingInfo" if depth == 2 => {
            rendering(element, record);
            Ok(())
        }
        _ => Ok(()),
    }
}

fn system(element: &Element<'_>, record: &mut WindowsRecord, names: &mut Names) -> Result<(), &'static str> {
    let text = element.text.trim();
    let attribute = |name| attribute(&element.start, name);
    match element.start.local_name().as_ref() {
        "Provider" => {
            let name = match attribute("Name")? {
                Some(name) if !name.is_empty() => Some(name),
                _ => attribute("EventSourceName")?,
            };
            record.provider = name.map(|name| names.intern(&name));
        }
        "EventID" => {
            let number = text.parse::<u32>().map_err(|_| "an event without number")?;
            record.event_id = number & 0xffff;
            let high = (number > 0xffff).then_some(number >> 16);
            record.qualifiers = attribute("Qualifiers")?.and_then(|value| integer(&value)).or(high);
        }
        "Version" => record.version = integer(text),
        "Level" => record.level = integer(text),
        "Task" => record.task = integer(text),
        "Opcode" => record.opcode = integer(text),
        "Keywords" => record.keywords = unsigned(text),
        "TimeCreated" => record.time = attribute("SystemTime")?.and_then(|value| instant(&value)),
        "EventRecordID" => record.record_id = unsigned(text),
        "Correlation" => {
            record.activity_id = attribute("ActivityID")?.filter(|id| !id.is_empty()).map(|id| guid(&id).into());
        }
        "Execution" => {
            record.process_id = attribute("ProcessID")?.and_then(|value| integer(&value));
            record.thread_id = attribute("ThreadID")?.and_then(|value| integer(&value));
        }
        "Channel" => record.channel = named(text, names),
        "Computer" => record.computer = named(text, names),
        "Security" => record.user_sid = attribute("UserID")?.and_then(|sid| named(&sid, names)),
        _ => {}
    }
    Ok(())
}

/// A leaf of `EventData` or `UserData`; an element with others inside is none.
fn leaf(
    element: &Element<'_>,
    is_empty: bool,
    record: &mut WindowsRecord,
    names: &mut Names,
) -> Result<(), &'static str> {
    if element.has_children {
        return Ok(());
    }
    let own = element.start.local_name();
    let name = match attribute(&element.start, "Name")? {
        Some(name) => Some(names.intern(&name)),
        None if own.as_ref() == "Data" => None,
        None => Some(names.intern(own.as_ref())),
    };
    let value = (!is_empty).then(|| canonical(own.as_ref(), &element.text).into());
    record.data.push(Datum { name, value });
    Ok(())
}

fn rendering(element: &Element<'_>, record: &mut WindowsRecord) {
    let text = element.text.trim();
    match element.start.local_name().as_ref() {
        "Message" if !text.is_empty() => record.message = Some(text.into()),
        "Level" if record.level.is_none() => {
            record.level = match text.to_ascii_lowercase().as_str() {
                "critical" => Some(1),
                "error" => Some(2),
                "warning" => Some(3),
                "information" => Some(4),
                "verbose" => Some(5),
                _ => None,
            };
        }
        _ => {}
    }
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Result<Option<String>, &'static str> {
    for (n_before, attribute) in start.attributes().enumerate() {
        if n_before == ATTRIBUTES_MAX {
            return Err("more attributes than an element has");
        }
        let attribute = attribute.map_err(|_| "an attribute that is not well formed")?;
        if attribute.key.as_ref() == name {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            return Ok(Some(value.map_or_else(|_| attribute.value.clone().into_owned(), std::borrow::Cow::into_owned)));
        }
    }
    Ok(None)
}

fn named(text: &str, names: &mut Names) -> Option<Name> {
    (!text.is_empty()).then(|| names.intern(text))
}

fn unsigned(text: &str) -> Option<u64> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        // Some exporters write the 64 bits of keywords as a signed number.
        None => text.parse().ok().or_else(|| text.parse::<i64>().ok().map(i64::cast_unsigned)),
    }
}

fn integer<T: TryFrom<u64>>(text: &str) -> Option<T> {
    unsigned(text).and_then(|number| T::try_from(number).ok())
}

/// Reads `SystemTime`; Windows writes UTC, old tools leave the `Z` away or write ` UTC`.
fn instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let bare = text.strip_suffix(" UTC").unwrap_or(text);
    let parsed = bare.parse::<jiff::Timestamp>().or_else(|_| format!("{bare}Z").parse());
    parsed.ok().map(Timestamp::from_jiff)
}

fn guid(text: &str) -> String {
    format!("{{{}}}", text.trim().trim_matches(['{', '}']).to_ascii_uppercase())
}

/// The form that every container gives a value: see [`Datum`]. XML does not tell a GUID from a text
/// that looks like one; both become upper case.
fn canonical(element: &str, text: &str) -> String {
    let bytes = text.as_bytes();
    let is_guid = bytes.len() == 38
        && bytes[0] == b'{'
        && bytes[37] == b'}'
        && bytes[1..37].iter().enumerate().all(|(i, byte)| match i {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    if is_guid || element == "Binary" {
        return text.to_ascii_uppercase();
    }
    if bytes.len() > 2 && bytes.starts_with(b"0x") && bytes[2..].iter().all(u8::is_ascii_hexdigit) {
        return text.to_ascii_lowercase();
    }
    // Newer systems write two zeros behind the ticks of a time.
    let is_long_time = bytes.len() == 30 && bytes[10] == b'T' && bytes[19] == b'.' && text.ends_with("00Z");
    if is_long_time && bytes[20..29].iter().all(u8::is_ascii_digit) {
        return format!("{}Z", &text[..27]);
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(event: &str) -> WindowsRecord {
        match parse(event, &Selection::everything(), &mut Names::new()) {
            Ok(Parsed::Wanted(record)) => *record,
            Ok(Parsed::Unwanted { .. }) => panic!("unwanted"),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn every_field_of_system_is_read() {
        let read = record(
            "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>\
             <Provider Name='Service Control Manager' Guid='{555908d1-a6d7-4695-8e1e-26931d2012f4}' EventSourceName='SCM'/>\
             <EventID Qualifiers='16384'>7036</EventID><Version>1</Version><Level>4</Level><Task>2</Task><Opcode>3</Opcode>\
             <Keywords>0x8080000000000000</Keywords><TimeCreated SystemTime=\"2022-08-22T06:01:02.123456700Z\"/>\
             <EventRecordID>99</EventRecordID><Correlation ActivityID='{f4206488-275c-cdde-3aa0-df199712bf3c}'/>\
             <Execution ProcessID='5' ThreadID='6'/><Channel>System</Channel><Computer>RDS01.corp.example</Computer>\
             <Security UserID='S-1-5-18'/></System></Event>",
        );
        let expected = WindowsRecord {
            provider: Some("Service Control Manager".into()),
            event_id: 7036,
            qualifiers: Some(16384),
            version: Some(1),
            level: Some(4),
            task: Some(2),
            opcode: Some(3),
            keywords: Some(0x8080_0000_0000_0000),
            time: Some(Timestamp::from_jiff("2022-08-22T06:01:02.1234567Z".parse().unwrap())),
            record_id: Some(99),
            activity_id: Some("{F4206488-275C-CDDE-3AA0-DF199712BF3C}".into()),
            process_id: Some(5),
            thread_id: Some(6),
            channel: Some("System".into()),
            computer: Some("RDS01.corp.example".into()),
            user_sid: Some("S-1-5-18".into()),
            data: vec![],
            message: None,
            is_recovered: false,
        };
        assert_eq!(read, expected);
    }

    fn data(inner: &str) -> Vec<(Option<String>, Option<String>)> {
        let read = record(&format!("<Event><System><EventID>1</EventID></System>{inner}</Event>"));
        let text = |name: &Option<Name>| name.as_deref().map(str::to_owned);
        read.data.iter().map(|datum| (text(&datum.name), text(&datum.value))).collect()
    }

    fn pair(name: Option<&str>, value: Option<&str>) -> (Option<String>, Option<String>) {
        (name.map(str::to_owned), value.map(str::to_owned))
    }

    #[test]
    fn data_are_named_unnamed_empty_or_null() {
        let read = data(
            "<EventData><Data Name='a'>x &amp; y &#233;</Data><Data>bare</Data><Data Name='e'></Data><Data Name='n'/>\
             <Binary>ab0c</Binary><Data Name='h'>0xC000006D</Data>\
             <Data Name='g'>{f4206488-275c-cdde-3aa0-df199712bf3c}</Data>\
             <Data Name='t'>2022-08-22T06:00:00.500000000Z</Data></EventData>",
        );
        let expected = [
            pair(Some("a"), Some("x & y é")),
            pair(None, Some("bare")),
            pair(Some("e"), Some("")),
            pair(Some("n"), None),
            pair(Some("Binary"), Some("AB0C")),
            pair(Some("h"), Some("0xc000006d")),
            pair(Some("g"), Some("{F4206488-275C-CDDE-3AA0-DF199712BF3C}")),
            pair(Some("t"), Some("2022-08-22T06:00:00.5000000Z")),
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn leaves_of_user_data_carry_their_own_names() {
        let read = data(
            "<UserData><EventXML xmlns='Event_NS'><User>CORP\\anna</User>\n<Deep><Inner>1</Inner></Deep>\
             <Address/></EventXML></UserData>",
        );
        let expected =
            [pair(Some("User"), Some("CORP\\anna")), pair(Some("Inner"), Some("1")), pair(Some("Address"), None)];
        assert_eq!(read, expected);
        assert_eq!(data("<UserData><ServiceShutdown xmlns='x'/></UserData>"), [pair(Some("ServiceShutdown"), None)]);
    }

    #[test]
    fn rendered_message_and_level_fill_what_system_lacks() {
        let read = record(
            "<Event><System><Provider EventSourceName='Classic'/><EventID>1073748860</EventID></System><RenderingInfo \
             Culture='fr-CH'><Message>Le service</Message><Level>Warning</Level></RenderingInfo></Event>",
        );
        assert_eq!(read.message.as_deref(), Some("Le service"));
        assert_eq!((read.level, read.event_id, read.qualifiers), (Some(3), 7036, Some(0x4000)));
        assert_eq!(read.provider.as_deref(), Some("Classic"));
    }

    #[test]
    fn what_is_no_event_is_an_error() {
        for text in [
            "<Event></Event>",
            "<Event><System></System>",
            "<Event><System><EventID>x</EventID></System></Event>",
            "<Event><System><Provider Name=x/></System></Event>",
            "<Event><System></Event></System>",
        ] {
            let parsed = parse(text, &Selection::everything(), &mut Names::new());
            assert!(parsed.is_err(), "{text}");
        }
        let deep = format!("<Event>{}", "<a>".repeat(100_000));
        assert!(parse(&deep, &Selection::everything(), &mut Names::new()).is_err());
    }
}
