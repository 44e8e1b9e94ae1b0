//! Another EVTX reader and what its XML says, in the shape of our own records.
//!
//! The `evtx` package renders each record as event XML. Here that XML becomes the same fields that our
//! reader gives, with the two normalizations that the XML forces (see [`Said`]).

use std::path::Path;

use causeline::read::WindowsRecord;
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};

/// What a reader says of one record, as text.
///
/// - Null and empty values are both the empty text: XML cannot tell them apart.
/// - Characters that XML cannot hold are `_`, and so is what stands for a lone surrogate.
/// - GUIDs are upper case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Said {
    pub(crate) record_id: String,
    pub(crate) provider: String,
    pub(crate) event_id: String,
    pub(crate) qualifiers: String,
    pub(crate) version: String,
    pub(crate) level: String,
    pub(crate) task: String,
    pub(crate) opcode: String,
    pub(crate) keywords: String,
    pub(crate) time: String,
    pub(crate) activity_id: String,
    pub(crate) process_id: String,
    pub(crate) thread_id: String,
    pub(crate) channel: String,
    pub(crate) computer: String,
    pub(crate) user_sid: String,
    pub(crate) message: String,
    pub(crate) data: Vec<(String, String)>,
}

/// What our reader says.
pub(crate) fn ours(record: &WindowsRecord) -> Said {
    fn text<T: ToString>(value: Option<T>) -> String {
        value.map_or(String::new(), |value| value.to_string())
    }
    let plain = |value: &Option<std::sync::Arc<str>>| xml_text(value.as_deref().unwrap_or_default());
    Said {
        record_id: text(record.record_id),
        provider: plain(&record.provider),
        event_id: record.event_id.to_string(),
        qualifiers: text(record.qualifiers),
        version: text(record.version),
        level: text(record.level),
        task: text(record.task),
        opcode: text(record.opcode),
        keywords: record.keywords.map_or(String::new(), |keywords| format!("{keywords:#x}")),
        time: record.time.map_or(String::new(), |time| format!("{:.7}", time.to_jiff())),
        activity_id: plain(&record.activity_id),
        process_id: text(record.process_id),
        thread_id: text(record.thread_id),
        channel: plain(&record.channel),
        computer: plain(&record.computer),
        user_sid: plain(&record.user_sid),
        message: plain(&record.message),
        data: record
            .data
            .iter()
            .map(|datum| (datum.name.as_deref().unwrap_or_default().to_owned(), plain(&datum.value)))
            .collect(),
    }
}

/// What the other reader says of every record that it reads, with the id in the record's header; `None` if it does not open the file.
pub(crate) fn theirs(path: &Path) -> Option<Vec<(u64, Said)>> {
    let settings = evtx::ParserSettings::default().num_threads(1).indent(false);
    let mut parser = evtx::EvtxParser::from_path(path).ok()?.with_configuration(settings);
    Some(
        parser
            .records()
            .filter_map(Result::ok)
            .map(|record| (record.event_record_id, from_xml(&record.data)))
            .collect(),
    )
}

/// An element of the XML, read without regard to its meaning.
#[derive(Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Element>,
    text: String,
}

impl Element {
    fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    fn attribute(&self, name: &str) -> String {
        self.attributes.iter().find(|(own, _)| own == name).map_or(String::new(), |(_, value)| value.clone())
    }

    fn leaves(&self, out: &mut Vec<(String, String)>) {
        for child in &self.children {
            if child.children.is_empty() {
                let named = child.attribute("Name");
                let name = match child.name.as_str() {
                    "Data" => named,
                    "ComplexData" if !named.is_empty() => named,
                    own => own.to_owned(),
                };
                out.push((name, xml_text(&child.text)));
            } else {
                child.leaves(out);
            }
        }
    }
}

fn from_xml(xml: &str) -> Said {
    let event = parse(xml);
    let nothing = Element::default();
    let system = event.child("System").unwrap_or(&nothing);
    let text = |name: &str| system.child(name).map_or(String::new(), |child| xml_text(&child.text));
    let attribute =
        |name: &str, key: &str| system.child(name).map_or(String::new(), |child| xml_text(&child.attribute(key)));
    let mut data = Vec::new();
    for part in &event.children {
        if matches!(part.name.as_str(), "EventData" | "UserData") {
            if part.children.is_empty() && !part.text.trim().is_empty() {
                data.push((String::new(), xml_text(&part.text)));
            }
            part.leaves(&mut data);
        }
    }
    let provider = match attribute("Provider", "Name") {
        name if name.is_empty() => attribute("Provider", "EventSourceName"),
        name => name,
    };
    let message = event.child("RenderingInfo").and_then(|info| info.child("Message"));
    Said {
        record_id: text("EventRecordID"),
        provider,
        event_id: text("EventID"),
        qualifiers: attribute("EventID", "Qualifiers"),
        version: text("Version"),
        level: text("Level"),
        task: text("Task"),
        opcode: text("Opcode"),
        keywords: text("Keywords"),
        time: instant(&attribute("TimeCreated", "SystemTime")),
        activity_id: attribute("Correlation", "ActivityID"),
        process_id: attribute("Execution", "ProcessID"),
        thread_id: attribute("Execution", "ThreadID"),
        channel: text("Channel"),
        computer: text("Computer"),
        user_sid: attribute("Security", "UserID"),
        message: message.map_or(String::new(), |message| xml_text(&message.text)),
        data,
    }
}

fn parse(xml: &str) -> Element {
    fn open(start: &BytesStart<'_>) -> Element {
        let name = start.local_name().as_ref().to_owned();
        let attributes = start
            .attributes()
            .filter_map(Result::ok)
            .map(|attribute| {
                let value =
                    quick_xml::escape::unescape(&attribute.value).expect("the other reader escapes").into_owned();
                (attribute.key.as_ref().to_owned(), value)
            })
            .collect();
        Element { name, attributes, ..Element::default() }
    }
    let mut reader = Reader::from_str(xml);
    reader.config_mut().check_end_names = false;
    let mut stack = vec![Element::default()];
    loop {
        let event = reader.read_event().unwrap_or_else(|error| panic!("{error}: {xml}"));
        let top = stack.last_mut().expect("the bottom stays");
        match event {
            Event::Start(start) => stack.push(open(&start)),
            Event::Empty(start) => top.children.push(open(&start)),
            Event::End(_) => {
                let element = stack.pop().expect("ends follow beginnings");
                stack.last_mut().expect("the bottom stays").children.push(element);
            }
            Event::Text(text) => top.text.push_str(&text),
            Event::CData(text) => top.text.push_str(&text),
            Event::GeneralRef(reference) => match resolve_predefined_entity(&reference) {
                Some(text) => top.text.push_str(text),
                None => top.text.extend(reference.resolve_char_ref().expect("a number")),
            },
            Event::Eof => break,
            _ => {}
        }
    }
    stack.swap_remove(0).children.pop().unwrap_or_default()
}

/// An instant with seven digits of the second; records that are plain text have nine.
fn instant(text: &str) -> String {
    text.parse::<jiff::Timestamp>().map_or_else(|_| text.to_owned(), |instant| format!("{instant:.7}"))
}

/// The text as the other reader's XML can hold it, GUIDs upper case.
fn xml_text(text: &str) -> String {
    let is_guid = text.len() == 38 && text.starts_with('{') && text.ends_with('}') && text.matches('-').count() == 4;
    if is_guid {
        return text.to_ascii_uppercase();
    }
    let replaced = |char| matches!(char, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffd}'..='\u{ffff}');
    text.chars().map(|char| if replaced(char) { '_' } else { char }).collect()
}
