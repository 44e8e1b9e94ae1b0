//! One writer a shape: from a record to what the tool would have written, by its documented layout.

use causeline::model::Timestamp;
use causeline::model::time::TICKS_PER_SECOND;
use causeline::read::{Datum, WindowsRecord};
use serde_json::{Map, Value, json};

/// All lines of a shape that has one object a line.
pub fn lines(records: &[WindowsRecord], one: impl Fn(&WindowsRecord) -> Value) -> String {
    records.iter().map(|record| format!("{}\n", one(record))).collect()
}

pub fn time(record: &WindowsRecord) -> Timestamp {
    record.time.expect("a simulated event has its time")
}

/// The instant with so many digits behind the second, as tools cut it.
pub fn cut(record: &WindowsRecord, n_digits: usize) -> String {
    let ticks = time(record).0;
    let second = Timestamp(ticks.div_euclid(TICKS_PER_SECOND) * TICKS_PER_SECOND).to_string();
    let fraction = format!("{:07}", ticks.rem_euclid(TICKS_PER_SECOND));
    let point = if n_digits == 0 { String::new() } else { format!(".{}", &fraction[..n_digits]) };
    format!("{}{point}", second.trim_end_matches('Z'))
}

pub fn text(name: &Option<causeline::model::Name>) -> &str {
    name.as_deref().unwrap_or("")
}

/// Whether the provider writes `UserData` instead of `EventData`.
fn has_user_data(record: &WindowsRecord) -> bool {
    text(&record.provider).starts_with("Microsoft-Windows-TerminalServices")
}

fn value(datum: &Datum) -> Value {
    datum.value.as_deref().map_or(Value::Null, Value::from)
}

/// Named data as fields, and the unnamed ones.
fn parts(record: &WindowsRecord) -> (Map<String, Value>, Vec<Value>) {
    let named = record.data.iter().filter_map(|datum| Some((datum.name.as_deref()?.to_owned(), value(datum))));
    (named.collect(), record.data.iter().filter(|datum| datum.name.is_none()).map(value).collect())
}

/// `EventData` or `UserData` with unnamed values under `Data`.
fn data(record: &WindowsRecord, unnamed: impl Fn(Vec<Value>) -> Value) -> (&'static str, Value) {
    let (mut named, values) = parts(record);
    if has_user_data(record) {
        return ("UserData", json!({ "EventXML": named }));
    }
    if !values.is_empty() {
        named.insert("Data".to_owned(), unnamed(values));
    }
    ("EventData", Value::Object(named))
}

pub fn evtx_dump(record: &WindowsRecord) -> Value {
    let mut event = json!({"#attributes": {"xmlns": "http://schemas.microsoft.com/win/2004/08/events/event"}, "System": {
        "Provider": {"#attributes": {"Name": text(&record.provider)}},
        "EventID": {"#attributes": {"Qualifiers": record.qualifiers}, "#text": record.event_id},
        "Version": record.version, "Level": record.level, "Task": record.task, "Opcode": record.opcode,
        "Keywords": record.keywords.map(|bits| format!("0x{bits:x}")),
        "TimeCreated": {"#attributes": {"SystemTime": format!("{}Z", cut(record, 6))}},
        "EventRecordID": record.record_id,
        "Correlation": record.activity_id.as_deref().map(|id| json!({"#attributes": {"ActivityID": id.trim_matches(['{', '}'])}})),
        "Execution": {"#attributes": {"ProcessID": record.process_id, "ThreadID": record.thread_id}},
        "Channel": text(&record.channel), "Computer": text(&record.computer),
        "Security": record.user_sid.as_deref().map(|sid| json!({"#attributes": {"UserID": sid}})),
    }});
    let (part, data) = data(record, |values| json!({ "#text": values }));
    event[part] = data;
    json!({ "Event": event })
}

pub fn winlogbeat(record: &WindowsRecord) -> Value {
    let (named, unnamed) = parts(record);
    // The agent leaves empty values out, and numbers those without names.
    let is_filled = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    let mut fields: Map<String, Value> = named.into_iter().filter(|(_, value)| is_filled(value)).collect();
    for (index, value) in unnamed.into_iter().enumerate().filter(|(_, value)| is_filled(value)) {
        fields.insert(format!("param{}", index + 1), value);
    }
    let mut event = json!({"@timestamp": format!("{}Z", cut(record, 3)),
        "event": {"code": record.event_id.to_string(), "kind": "event", "created": "2023-01-01T00:00:00.000Z"},
        "log": {"level": level_word(record).to_lowercase()}, "host": {"name": text(&record.computer)},
        "winlog": {"channel": text(&record.channel), "provider_name": text(&record.provider),
            "event_id": record.event_id.to_string(), "record_id": record.record_id,
            "computer_name": text(&record.computer), "api": "wineventlog",
            "process": {"pid": record.process_id, "thread": {"id": record.thread_id}}}});
    if let Some(id) = &record.activity_id {
        event["winlog"]["activity_id"] = json!(id.as_ref());
    }
    if let Some(sid) = &record.user_sid {
        event["winlog"]["user"] = json!({ "identifier": sid.as_ref() });
    }
    if has_user_data(record) {
        fields.insert("xml_name".to_owned(), json!("EventXML"));
        event["winlog"]["user_data"] = Value::Object(fields);
    } else {
        event["winlog"]["event_data"] = Value::Object(fields);
    }
    event
}

fn level_word(record: &WindowsRecord) -> &'static str {
    ["Information", "Critical", "Error", "Warning", "Information", "Verbose"][usize::from(record.level.unwrap_or(4))]
}

pub fn nxlog(record: &WindowsRecord) -> Value {
    let kind = match (record.level, record.keywords) {
        (Some(0), Some(bits)) if bits & 0x0010_0000_0000_0000 != 0 => "AUDIT_FAILURE",
        (Some(0), _) => "AUDIT_SUCCESS",
        (Some(1), _) => "CRITICAL",
        (Some(2), _) => "ERROR",
        (Some(3), _) => "WARNING",
        _ => "INFO",
    };
    let mut event = json!({"EventTime": format!("{}+00:00", cut(record, 6)), "Hostname": text(&record.computer),
        "Keywords": record.keywords.map(|bits| bits.to_string()), "EventType": kind, "EventID": record.event_id,
        "SourceName": text(&record.provider), "Version": record.version, "TaskValue": record.task,
        "OpcodeValue": record.opcode, "RecordNumber": record.record_id, "ExecutionProcessID": record.process_id,
        "ExecutionThreadID": record.thread_id, "Channel": text(&record.channel), "Message": "rendered"});
    if let Some(id) = &record.activity_id {
        event["ActivityID"] = json!(id.as_ref());
    }
    if let Some(sid) = &record.user_sid {
        event["UserID"] = json!(sid.as_ref());
    }
    let (named, unnamed) = parts(record);
    for (name, value) in named {
        let name = if has_user_data(record) { format!("EventXML.{name}") } else { name };
        event[name] = value;
    }
    if !unnamed.is_empty() {
        event["Data"] = Value::Array(unnamed);
    }
    event["EventReceivedTime"] = json!("2023-01-01T00:00:00+00:00");
    event["SourceModuleType"] = json!("im_msvistalog");
    event
}

pub fn velociraptor(record: &WindowsRecord) -> Value {
    let mut event = json!({"System": {"Provider": {"Name": text(&record.provider)},
        "EventID": {"Value": record.event_id}, "Version": record.version, "Level": record.level, "Task": record.task,
        "Opcode": record.opcode, "Keywords": record.keywords,
        "TimeCreated": {"SystemTime": time(record).0 as f64 / TICKS_PER_SECOND as f64},
        "EventRecordID": record.record_id,
        "Correlation": record.activity_id.as_deref().map(|id| json!({"ActivityID": id.trim_matches(['{', '}'])})),
        "Execution": {"ProcessID": record.process_id, "ThreadID": record.thread_id},
        "Channel": text(&record.channel), "Computer": text(&record.computer),
        "Security": record.user_sid.as_deref().map(|sid| json!({"UserID": sid}))}});
    let (part, data) = data(record, Value::Array);
    event[part] = data;
    event
}

/// The fields of `EvtxECmd`; its JSON and its CSV write the time in two ways.
fn evtxecmd(record: &WindowsRecord, time: String) -> Vec<(&'static str, String)> {
    let (named, unnamed) = parts(record);
    let of_name = |(name, value): (&String, &Value)| match value {
        Value::Null => json!({ "@Name": name }),
        value => json!({ "@Name": name, "#text": value }),
    };
    let payload = if has_user_data(record) {
        let mut fields = named;
        fields.insert("@xmlns".to_owned(), json!("Event_NS"));
        json!({"UserData": {"EventXML": fields}})
    } else if unnamed.is_empty() {
        json!({"EventData": {"Data": named.iter().map(of_name).collect::<Vec<_>>()}})
    } else {
        let joined: Vec<&str> = unnamed.iter().map(|value| value.as_str().unwrap_or("")).collect();
        json!({"EventData": {"Data": joined.join(", "), "Binary": ""}})
    };
    let level =
        ["LogAlways", "Critical", "Error", "Warning", "Info", "Verbose"][usize::from(record.level.unwrap_or(4))];
    let number = |number: Option<u64>| number.map_or(String::new(), |number| number.to_string());
    vec![
        ("RecordNumber", number(record.record_id)),
        ("EventRecordId", number(record.record_id)),
        ("TimeCreated", time),
        ("EventId", record.event_id.to_string()),
        ("Level", level.to_owned()),
        ("Provider", text(&record.provider).to_owned()),
        ("Channel", text(&record.channel).to_owned()),
        ("ProcessId", number(record.process_id.map(u64::from))),
        ("ThreadId", number(record.thread_id.map(u64::from))),
        ("Computer", text(&record.computer).to_owned()),
        ("UserId", text(&record.user_sid).to_owned()),
        ("MapDescription", String::new()),
        ("Payload", payload.to_string()),
    ]
}

pub fn evtxecmd_json(record: &WindowsRecord) -> Value {
    let fields = evtxecmd(record, format!("{}+00:00", cut(record, 7)));
    Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect())
}

pub fn evtxecmd_csv(records: &[WindowsRecord]) -> String {
    let rows = records.iter().map(|record| evtxecmd(record, cut(record, 7).replace('T', " ")));
    table(rows)
}

/// A CSV with a header, every cell quoted.
pub fn table(rows: impl Iterator<Item = Vec<(&'static str, String)>>) -> String {
    let quoted = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
    let mut text = String::new();
    for row in rows {
        if text.is_empty() {
            text = row.iter().map(|(name, _)| quoted(name)).collect::<Vec<_>>().join(",") + "\r\n";
        }
        text += &(row.iter().map(|(_, cell)| quoted(cell)).collect::<Vec<_>>().join(",") + "\r\n");
    }
    text
}

/// The event as one line of XML, as `wevtutil` prints it.
pub fn xml(record: &WindowsRecord) -> String {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('\'', "&apos;");
    let attribute =
        |name: &str, value: Option<String>| value.map_or(String::new(), |value| format!(" {name}='{value}'"));
    let element =
        |name: &str, value: Option<String>| value.map_or(String::new(), |value| format!("<{name}>{value}</{name}>"));
    let own = has_user_data(record);
    let leaves: String = record
        .data
        .iter()
        .map(|datum| {
            let name = escaped(text(&datum.name));
            let (open, close) = match (own, datum.name.is_some()) {
                (true, _) => (name.clone(), name),
                (false, true) if name == "Binary" => (name.clone(), name),
                (false, true) => (format!("Data Name='{name}'"), "Data".to_owned()),
                (false, false) => ("Data".to_owned(), "Data".to_owned()),
            };
            match &datum.value {
                Some(value) => format!("<{open}>{}</{close}>", escaped(value)),
                None => format!("<{open}/>"),
            }
        })
        .collect();
    let part = if own {
        format!("<UserData><EventXML xmlns='Event_NS'>{leaves}</EventXML></UserData>")
    } else {
        format!("<EventData>{leaves}</EventData>")
    };
    let decimal = |number: Option<u64>| number.map(|number| number.to_string());
    let system = [
        format!("<Provider Name='{}'/>", escaped(text(&record.provider))),
        format!(
            "<EventID{}>{}</EventID>",
            attribute("Qualifiers", decimal(record.qualifiers.map(u64::from))),
            record.event_id
        ),
        element("Version", decimal(record.version.map(u64::from))),
        element("Level", decimal(record.level.map(u64::from))),
        element("Task", decimal(record.task.map(u64::from))),
        element("Opcode", decimal(record.opcode.map(u64::from))),
        element("Keywords", record.keywords.map(|bits| format!("0x{bits:x}"))),
        format!("<TimeCreated SystemTime='{}Z'/>", cut(record, 7)),
        element("EventRecordID", decimal(record.record_id)),
        format!("<Correlation{}/>", attribute("ActivityID", record.activity_id.as_deref().map(str::to_owned))),
        format!("<Channel>{}</Channel><Computer>{}</Computer>", text(&record.channel), text(&record.computer)),
        format!("<Security{}/>", attribute("UserID", record.user_sid.as_deref().map(str::to_owned))),
    ];
    let space = "http://schemas.microsoft.com/win/2004/08/events/event";
    format!("<Event xmlns='{space}'><System>{}</System>{part}</Event>", system.concat())
}

pub fn splunk(record: &WindowsRecord) -> Value {
    json!({"preview": false, "result": {"_time": "2022-01-01 00:00:00.000 CET", "_raw": xml(record)}})
}

/// Values in their order, typed as an export of objects has them.
fn typed(record: &WindowsRecord) -> Vec<Value> {
    let of_type = |text: &str| {
        let hex = text.strip_prefix("0x").and_then(|digits| u32::from_str_radix(digits, 16).ok());
        match hex.map(u32::cast_signed) {
            Some(number) => json!(number),
            None => {
                text.parse::<u32>().ok().filter(|n| n.to_string() == text).map_or_else(|| json!(text), |n| json!(n))
            }
        }
    };
    record.data.iter().map(|datum| datum.value.as_deref().map_or(Value::Null, of_type)).collect()
}

pub fn fluent_bit(record: &WindowsRecord) -> Value {
    json!({"ProviderName": text(&record.provider), "EventID": record.event_id, "Version": record.version,
        "Level": record.level, "TimeCreated": format!("{} +0000", cut(record, 0).replace('T', " ")),
        "EventRecordID": record.record_id, "ActivityID": text(&record.activity_id), "Channel": text(&record.channel),
        "Computer": text(&record.computer), "UserID": "NT AUTHORITY\\SYSTEM", "Message": "rendered",
        "StringInserts": typed(record)})
}

pub fn get_winevent(records: &[WindowsRecord]) -> String {
    let one = |record: &WindowsRecord| {
        let values: Vec<Value> = typed(record).into_iter().map(|value| json!({ "Value": value })).collect();
        json!({"Id": record.event_id, "Version": record.version, "Level": record.level,
            "Keywords": record.keywords.map(u64::cast_signed), "RecordId": record.record_id,
            "ProviderName": text(&record.provider), "LogName": text(&record.channel),
            "MachineName": text(&record.computer), "ActivityId": record.activity_id.as_deref(),
            "UserId": record.user_sid.as_deref().map(|sid| json!({"BinaryLength": 28, "Value": sid})),
            "TimeCreated": format!("/Date({})/", time(record).0.div_euclid(TICKS_PER_SECOND / 1_000)),
            "Properties": values, "Message": "rendered"})
    };
    Value::Array(records.iter().map(one).collect()).to_string()
}

pub fn azure_events(records: &[WindowsRecord]) -> String {
    let one = |record: &WindowsRecord| {
        let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
        let values = record.data.iter().map(|datum| format!("<Param>{}</Param>", escaped(text(&datum.value))));
        json!({"TimeGenerated": format!("{}Z", cut(record, 3)), "Source": text(&record.provider),
            "EventLog": text(&record.channel), "Computer": text(&record.computer), "EventID": record.event_id,
            "EventLevelName": level_word(record), "ParameterXml": values.collect::<String>(),
            "RenderedDescription": "rendered", "Type": "Event"})
    };
    Value::Array(records.iter().map(one).collect()).to_string()
}

pub fn get_winevent_csv(records: &[WindowsRecord]) -> String {
    let row = |record: &WindowsRecord| {
        vec![
            ("Message", "rendered".to_owned()),
            ("Id", record.event_id.to_string()),
            ("Level", record.level.unwrap_or(4).to_string()),
            ("RecordId", record.record_id.unwrap_or_default().to_string()),
            ("ProviderName", text(&record.provider).to_owned()),
            ("LogName", text(&record.channel).to_owned()),
            ("MachineName", text(&record.computer).to_owned()),
            ("UserId", text(&record.user_sid).to_owned()),
            ("TimeCreated", cut(record, 0).replace('T', " ")),
            ("Properties", "System.Collections.Generic.List`1[EventProperty]".to_owned()),
        ]
    };
    table(records.iter().map(row))
}

pub fn hayabusa(records: &[WindowsRecord]) -> String {
    let row = |record: &WindowsRecord| {
        let channel = match text(&record.channel) {
            "Security" => "Sec",
            "System" => "Sys",
            "Application" => "App",
            other if other.contains("LocalSessionManager") => "RDS-LSM",
            other => other,
        };
        let details: Vec<String> = record
            .data
            .iter()
            .filter_map(|datum| Some(format!("{}: {}", datum.name.as_deref()?, datum.value.as_deref()?)))
            .collect();
        vec![
            ("Timestamp", format!("{} +00:00", cut(record, 3).replace('T', " "))),
            ("RuleTitle", "A rule".to_owned()),
            ("Level", "info".to_owned()),
            ("Computer", text(&record.computer).to_owned()),
            ("Channel", channel.to_owned()),
            ("EventID", record.event_id.to_string()),
            ("RecordID", record.record_id.unwrap_or_default().to_string()),
            ("Details", details.join(" ¦ ")),
        ]
    };
    table(records.iter().map(row))
}
