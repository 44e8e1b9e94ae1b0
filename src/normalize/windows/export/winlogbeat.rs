//! Windows events as Winlogbeat ships them: one ECS object a line.
//!
//! Versions 6 to 8 differ: `event_id` is a number up to 6 and a text from 7 on; before 7 several fields
//! stood at the top level instead of under `winlog`. Elasticsearch exports may have dotted keys, or
//! put everything under `_source`. Unnamed data arrive as `param1`, `param2`, ... with the empty ones
//! left out; times have milliseconds only. `@timestamp` is the time of the event and `event.created`
//! that of its reading. Source: the documentation of Winlogbeat's exported fields.

use serde_json::Value;

use super::super::shape::{guid, integer, leaves, level, name, time};
use super::{Context, Export, Exported, Loss, MILLISECOND, Reader, Sample};
use crate::model::Name;
use crate::normalize::file::FileFacts;
use crate::read::{Body, Container, Record, WindowsRecord};

/// See the file.
pub(crate) struct Winlogbeat;

impl Export for Winlogbeat {
    fn name(&self) -> &'static str {
        "winlogbeat"
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Json]
    }

    fn recognize(&self, records: &[Record<'_>]) -> usize {
        records
            .iter()
            .filter(|taken| matches!(&taken.body, Body::Json(object) if record(object.tree()).is_some()))
            .count()
    }

    fn loses(&self) -> &'static [Loss] {
        &[]
    }

    fn step_ticks(&self) -> i64 {
        MILLISECOND
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
            path: "beats/winlogbeat.ndjson",
            text: r#"{"@timestamp":"2022-08-22T06:01:02.003Z","event":{"code":"1033","created":"2022-08-22T06:01:09.000Z"},"log":{"level":"error"},"host":{"name":"TS01.corp.example"},"message":"Windows Installer","winlog":{"event_id":"1033","provider_name":"MsiInstaller","channel":"Application","record_id":9,"computer_name":"TS01.corp.example","event_data":{"param1":"Reader","param2":"22.1"},"user":{"identifier":"S-1-5-18"}}}
{"@timestamp":"2022-08-22T06:01:02.004Z","type":"wineventlog","beat":{"version":"6.8.23"},"level":"Warnung","log_name":"System","source_name":"NETLOGON","event_id":5719,"record_number":"77","computer_name":"TS01.corp.example","event_data":{"param1":"CORP"}}
{"@timestamp":"2022-08-22T06:01:02.005Z","winlog":{"event_id":21,"provider_name":"Microsoft-Windows-TerminalServices-LocalSessionManager","channel":"Microsoft-Windows-TerminalServices-LocalSessionManager/Operational","record_id":5,"computer_name":"TS01","user_data":{"xml_name":"EventXML","User":"CORP\\user001","SessionID":"5","Address":"10.1.2.3"}}}
{"@timestamp":"soon","winlog":{"event_id":21,"provider_name":"P"}}"#,
            expected: &[
                "MsiInstaller 1033 2022-08-22T06:01:02.003Z Application #9 TS01.corp.example 2 S-1-5-18 | param1=Reader param2=22.1 | Windows Installer",
                "NETLOGON 5719 2022-08-22T06:01:02.004Z System #77 TS01.corp.example 3 - | param1=CORP | -",
                "Microsoft-Windows-TerminalServices-LocalSessionManager 21 2022-08-22T06:01:02.005Z Microsoft-Windows-TerminalServices-LocalSessionManager/Operational #5 TS01 - - | User=CORP\\user001 SessionID=5 Address=10.1.2.3 | -",
                "damaged time-unreadable",
            ],
        }]
    }
}

/// Reads one event; `None` if the value has another shape.
fn record(value: &Value) -> Option<WindowsRecord> {
    let value = value.get("_source").unwrap_or(value);
    let winlog = |path: &str| at(value, &format!("winlog.{path}")).or_else(|| at(value, path));
    let event_id = integer(winlog("event_id"))?;
    let provider = winlog("provider_name").or_else(|| winlog("source_name"))?;
    let mut record = WindowsRecord {
        provider: name(Some(provider)),
        event_id: (event_id & 0xFFFF) as u32,
        version: integer(winlog("version")).and_then(|version| u8::try_from(version).ok()),
        level: level(at(value, "log.level").or_else(|| at(value, "level"))),
        record_id: integer(winlog("record_id").or_else(|| at(value, "record_number"))),
        time: at(value, "@timestamp").and_then(Value::as_str).and_then(time),
        activity_id: winlog("activity_id").and_then(Value::as_str).and_then(guid).map(Name::from),
        process_id: integer(winlog("process.pid")).and_then(|id| u32::try_from(id).ok()),
        thread_id: integer(winlog("process.thread.id")).and_then(|id| u32::try_from(id).ok()),
        channel: name(winlog("channel").or_else(|| at(value, "log_name"))),
        computer: name(winlog("computer_name").or_else(|| at(value, "host.name"))),
        user_sid: name(winlog("user.identifier")),
        message: name(at(value, "message")),
        ..WindowsRecord::default()
    };
    for part in ["event_data", "user_data"] {
        match winlog(part) {
            Some(part) => leaves(None, part, 0, &mut record.data),
            None => dotted_leaves(value, part, &mut record),
        }
    }
    Some(record)
}

/// Follows a path of names; each step may be nested or dotted together with the next ones.
fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    if let Some(found) = value.get(path) {
        return Some(found);
    }
    path.match_indices('.').find_map(|(dot, _)| at(value.get(&path[..dot])?, &path[dot + 1..]))
}

/// Data whose every field is a dotted key of its own, as flattened exports have them.
fn dotted_leaves(value: &Value, part: &str, record: &mut WindowsRecord) {
    let (Some(outer), inner) = (value.as_object(), value.get("winlog").and_then(Value::as_object)) else { return };
    for (prefix, map) in [(format!("winlog.{part}."), Some(outer)), (format!("{part}."), inner)] {
        for (key, value) in map.into_iter().flatten() {
            if let Some(own) = key.strip_prefix(&prefix).filter(|own| *own != "xml_name") {
                leaves(Some(own), value, 0, &mut record.data);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn number_or_text_nested_or_dotted_old_or_new_it_is_one_record() {
        let modern = json!({"@timestamp": "2022-08-22T06:01:02.003Z", "event": {"created": "2022-08-22T06:01:09.000Z"},
            "log": {"level": "error"},
            "winlog": {"event_id": "1033", "provider_name": "MsiInstaller", "channel": "Application", "record_id": 9,
                "computer_name": "ts01.corp.example", "event_data": {"param1": "Reader", "param2": "22.1"}}});
        let dotted = json!({"@timestamp": "2022-08-22T06:01:02.003Z", "log.level": "error", "winlog.event_id": 1033,
            "winlog.provider_name": "MsiInstaller", "winlog.channel": "Application", "winlog.record_id": "9",
            "winlog.computer_name": "ts01.corp.example", "winlog.event_data.param1": "Reader",
            "winlog.event_data.param2": "22.1"});
        let old = json!({"_source": {"@timestamp": "2022-08-22T06:01:02.003Z", "level": "Error", "event_id": 1033,
            "source_name": "MsiInstaller", "log_name": "Application", "record_number": "9",
            "computer_name": "ts01.corp.example", "event_data": {"param1": "Reader", "param2": "22.1"}}});
        let expected = record(&modern).unwrap();
        assert_eq!((expected.event_id, expected.level, expected.record_id), (1033, Some(2), Some(9)));
        assert_eq!(expected.time.unwrap().to_string(), "2022-08-22T06:01:02.003Z");
        assert_eq!(record(&dotted).unwrap(), expected);
        assert_eq!(record(&old).unwrap(), expected);
    }

    #[test]
    fn user_data_lose_the_name_of_their_element() {
        let value = json!({"@timestamp": "2022-08-22T06:01:02.003Z", "winlog": {"event_id": 21, "provider_name": "P",
            "user_data": {"xml_name": "EventXML", "User": "CORP\\user001", "SessionID": "5"}}});
        let record = record(&value).unwrap();
        assert_eq!(record.datum("SessionID"), Some("5"));
        assert_eq!(record.data.len(), 2);
    }

    #[test]
    fn an_application_log_in_ecs_is_not_taken() {
        assert_eq!(
            record(&json!({"@timestamp": "2022-08-22T06:01:02.003Z", "message": "x", "event": {"code": "5"}})),
            None
        );
        assert_eq!(record(&json!({"event_id": 7, "name": "login"})), None);
    }
}
