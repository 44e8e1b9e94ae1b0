//! One normalized event as one JSON object, in the names of the Elastic Common Schema.
//!
//! Keys with nothing to say are left out; keys stand in a fixed order, so that two runs compare by bytes.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::model::{Action, Event, Position, SourceId, field};

/// Returns the event as a JSON object on one line, without line break.
///
/// `paths` gives the `log.file.path` of each source.
pub fn event_line(event: &Event, paths: &BTreeMap<SourceId, String>) -> String {
    let mut line = Map::new();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            line.insert(key.to_owned(), value);
        }
    };
    put(field::TIMESTAMP, Some(json!(event.at.to_string())));
    put("causeline.time.trust", Some(json!(event.time_trust)));
    put(field::DATASET, Some(json!(&*event.dataset)));
    put(field::ACTION, Some(json!(event.action)));
    put(field::OUTCOME, outcome(event.action).map(Value::from));
    put(field::SEVERITY, Some(json!(event.severity.number())));
    put(field::HOST_NAME, text(event.host.as_deref()));
    put("causeline.host.trust", event.host.as_ref().map(|_| json!(event.host_trust)));
    put(field::PROVIDER, text(event.provider.as_deref()));
    put(field::CODE, event.code.map(Value::from));
    put(field::CHANNEL, text(event.channel.as_deref()));
    put(field::USER_NAME, text(event.user.as_deref()));
    put(field::USER_ID, text(event.user_sid.as_deref()));
    put("winlog.session_id", event.session_id.map(Value::from));
    put("winlog.logon.id", event.logon_id.map(|id| json!(format!("{id:#x}"))));
    put(field::ACTIVITY_ID, text(event.activity_id.as_deref()));
    put(field::SOURCE_IP, text(event.client.as_deref()));
    put(field::DURATION, event.duration_ms.map(|ms| json!((ms * 1e6).round() as i64)));
    put(field::RULE_ID, text(event.signature.as_deref()));
    put("causeline.fault", event.fault.map(|fault| json!(fault)));
    put(field::ERROR_CODE, text(event.error_code.as_deref()));
    if let Some((component, version)) = &event.component_version {
        put(field::SERVICE_NAME, text(Some(component)));
        put(field::SERVICE_VERSION, text(Some(version)));
    }
    put(field::MESSAGE, text(event.message.as_deref()));
    if !event.data.is_empty() {
        let data: Map<_, _> = event.data.iter().map(|(key, value)| (key.to_string(), json!(&**value))).collect();
        put(field::EVENT_DATA, Some(Value::Object(data)));
    }
    put(field::FILE_PATH, paths.get(&event.provenance.source).map(|path| json!(path)));
    let (key, number) = match event.provenance.position {
        Position::Record(number) => (field::RECORD_ID, number),
        Position::Line(number) => ("log.file.line", number),
        Position::Offset(number) => ("log.offset", number),
    };
    put(key, Some(json!(number)));
    Value::Object(line).to_string()
}

fn text(value: Option<&str>) -> Option<Value> {
    value.map(Value::from)
}

/// `event.outcome`, for the actions that have one.
fn outcome(action: Action) -> Option<&'static str> {
    match action {
        Action::Authenticated | Action::SessionBegin | Action::Success | Action::Reconnect => Some("success"),
        Action::Failure | Action::IncompleteClose => Some("failure"),
        _ => None,
    }
}
