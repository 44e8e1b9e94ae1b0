//! Windows events as `evtx_dump` and the Python bindings of the same library write them to JSON.
//!
//! `{"Event": {"System": {...}, "EventData": {...}}}`. Attributes stand under `#attributes` beside
//! `#text`, or, with `--separate-json-attributes`, under a sibling named `EventID_attributes`. An
//! element without attributes is a bare scalar, so `EventID` comes in two shapes. Unnamed data are one
//! array under `Data`. Source: the documentation of the Rust crate `evtx`.

use serde_json::Value;

use super::super::shape::{guid, integer, leaves, name, time};
use super::{Context, Export, Exported, Loss, Reader, Sample};
use crate::model::Name;
use crate::normalize::file::FileFacts;
use crate::read::{Body, Container, Record, WindowsRecord};

/// See the file.
pub(crate) struct EvtxDump;

fn is_event(value: &Value) -> bool {
    let system = value.get("Event").and_then(|event| event.get("System"));
    system.is_some_and(|system| system.get("EventID").is_some())
}

impl Export for EvtxDump {
    fn name(&self) -> &'static str {
        "evtx-dump"
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Json]
    }

    fn recognize(&self, records: &[Record<'_>]) -> usize {
        records.iter().filter(|record| matches!(&record.body, Body::Json(object) if is_event(object.tree()))).count()
    }

    fn loses(&self) -> &'static [Loss] {
        &[]
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Box<dyn Reader> {
        Box::new(|taken: &Record<'_>, _: &mut Context<'_>| match &taken.body {
            Body::Json(object) => record(object.tree()).map_or(Exported::Foreign, Exported::stated),
            _ => Exported::Foreign,
        })
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Json,
            path: "RDS01/Application.json",
            text: r##"{"Event":{"#attributes":{"xmlns":"http://schemas.microsoft.com/win/2004/08/events/event"},"System":{"Provider":{"#attributes":{"Name":"MsiInstaller"}},"EventID":{"#attributes":{"Qualifiers":0},"#text":1033},"Level":4,"TimeCreated":{"#attributes":{"SystemTime":"2022-07-21T10:00:00.1234567Z"}},"EventRecordID":12,"Channel":"Application","Computer":"ts01.corp.example","Security":{"#attributes":{"UserID":"S-1-5-18"}}},"EventData":{"Data":{"#text":["Reader","22.1"]}}}}
{"Event":{"System":{"Provider_attributes":{"Name":"EventLog"},"EventID_attributes":{"Qualifiers":32768},"EventID":6013,"TimeCreated_attributes":{"SystemTime":"2022-07-21 10:00:01.5 UTC"},"Channel":"System","Computer":"TS01","Security":null},"EventData":null}}
{"Event":{"System":{"Provider":{"#attributes":{"Name":"EventLog"}},"EventID":6013,"Level":4}}}"##,
            expected: &[
                "MsiInstaller 1033 2022-07-21T10:00:00.1234567Z Application #12 ts01.corp.example 4 S-1-5-18 | =Reader =22.1 | -",
                "EventLog 6013 2022-07-21T10:00:01.5Z System #- TS01 - - | =- | -",
                "damaged time-unreadable",
            ],
        }]
    }
}

/// Reads one event; `None` if the value has another shape.
fn record(value: &Value) -> Option<WindowsRecord> {
    let event = value.get("Event")?;
    let system = event.get("System")?;
    let event_id = integer(system.get("EventID").map(text))?;
    let provider = attribute(system, "Provider", "Name").or_else(|| attribute(system, "Provider", "EventSourceName"));
    let mut record = WindowsRecord {
        provider: provider.map(|name| Name::from(name.as_str())),
        event_id: (event_id & 0xFFFF) as u32,
        qualifiers: attribute(system, "EventID", "Qualifiers").and_then(|text| text.parse().ok()),
        version: narrow(system, "Version"),
        level: narrow(system, "Level"),
        task: narrow(system, "Task"),
        opcode: narrow(system, "Opcode"),
        keywords: integer(system.get("Keywords").map(text)),
        time: attribute(system, "TimeCreated", "SystemTime").as_deref().and_then(time),
        record_id: integer(system.get("EventRecordID").map(text)),
        activity_id: attribute(system, "Correlation", "ActivityID").and_then(|id| guid(&id)).map(Name::from),
        process_id: attribute(system, "Execution", "ProcessID").and_then(|text| text.parse().ok()),
        thread_id: attribute(system, "Execution", "ThreadID").and_then(|text| text.parse().ok()),
        channel: name(system.get("Channel").map(text)),
        computer: name(system.get("Computer").map(text)),
        user_sid: attribute(system, "Security", "UserID").map(Name::from),
        data: Vec::new(),
        message: name(event.get("RenderingInfo").and_then(|info| info.get("Message")).map(text)),
        is_recovered: false,
    };
    for part in ["EventData", "UserData"] {
        if let Some(part) = event.get(part) {
            leaves(None, part, 0, &mut record.data);
        }
    }
    Some(record)
}

/// The content of an element, whether it has attributes or not.
fn text(element: &Value) -> &Value {
    element.get("#text").unwrap_or(element)
}

/// An attribute of a child of `parent`, in either shape.
fn attribute(parent: &Value, child: &str, attribute: &str) -> Option<String> {
    let beside = parent.get(format!("{child}_attributes"));
    let inside = parent.get(child).and_then(|element| element.get("#attributes"));
    let value = beside.or(inside)?.get(attribute)?;
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn narrow<T: TryFrom<u64>>(system: &Value, child: &str) -> Option<T> {
    integer(system.get(child).map(text)).and_then(|number| T::try_from(number).ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_shapes_of_attributes_give_the_same_record() {
        let nested = json!({"Event": {"#attributes": {"xmlns": "x"}, "System": {
            "Provider": {"#attributes": {"Name": "MsiInstaller"}},
            "EventID": {"#attributes": {"Qualifiers": 0}, "#text": 1033}, "Level": 4,
            "TimeCreated": {"#attributes": {"SystemTime": "2022-07-21T10:00:00.1234567Z"}},
            "EventRecordID": 12, "Channel": "Application", "Computer": "ts01.corp.example", "Security": null},
            "EventData": {"Data": {"#text": ["Reader", "22.1", "1033", "0"]}, "Binary": "7B"}}});
        let separate = json!({"Event": {"System": {
            "Provider_attributes": {"Name": "MsiInstaller"},
            "EventID_attributes": {"Qualifiers": 0}, "EventID": 1033, "Level": 4,
            "TimeCreated_attributes": {"SystemTime": "2022-07-21T10:00:00.1234567Z"},
            "EventRecordID": 12, "Channel": "Application", "Computer": "ts01.corp.example", "Security": null},
            "EventData": {"Data": ["Reader", "22.1", "1033", "0"], "Binary": "7B"}}});
        let read = record(&nested).unwrap();
        assert_eq!(record(&separate).unwrap(), read);
        assert_eq!((read.event_id, read.qualifiers, read.unnamed(1)), (1033, Some(0), Some("22.1")));
        assert_eq!(read.time.unwrap().to_string(), "2022-07-21T10:00:00.1234567Z");
    }

    #[test]
    fn user_data_lie_one_element_deeper() {
        let value = json!({"Event": {"System": {"Provider": {"#attributes": {"Name": "P"}}, "EventID": 21},
            "UserData": {"EventXML": {"#attributes": {"xmlns": "Event_NS"}, "User": "CORP\\user001", "SessionID": 5}}}});
        let record = record(&value).unwrap();
        assert_eq!((record.datum("User"), record.datum("sessionid")), (Some("CORP\\user001"), Some("5")));
    }

    #[test]
    fn other_json_is_not_taken() {
        assert_eq!(record(&json!({"Event": "login"})), None);
        assert_eq!(record(&json!({"Event": {"System": {"EventID": "many"}}})), None);
    }
}
