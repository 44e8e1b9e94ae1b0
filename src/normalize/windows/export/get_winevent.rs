//! Windows events as PowerShell's `Get-WinEvent | ConvertTo-Json` prints them.
//!
//! Windows PowerShell writes `"\/Date(1661148062123)\/"`, milliseconds of UTC; PowerShell 7 writes the local
//! time with its offset. `Properties` are values in their order, without names. One event alone is
//! an object instead of an array. Source: the vendor's documentation of `Get-WinEvent` and
//! `ConvertTo-Json`.

use serde_json::Value;

use super::super::field_order;
use super::super::shape::{self, count, filled, guid, integer, keywords, level_by_word, name, narrow, sid};
use super::{Context, Export, Exported, Loss, MILLISECOND, Reader, Sample};
use crate::model::{Name, Timestamp, Trust};
use crate::normalize::clock::DateOrder;
use crate::normalize::file::FileFacts;
use crate::read::{Container, Record, WindowsRecord};

/// See the file.
pub(crate) struct GetWinEvent;

pub(super) fn is_event(value: &Value) -> bool {
    ["Id", "ProviderName", "LogName", "TimeCreated", "MachineName"].into_iter().all(|key| value.get(key).is_some())
}

impl Export for GetWinEvent {
    fn name(&self) -> &'static str {
        "get-winevent-json"
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Json]
    }

    fn recognize(&self, records: &[Record<'_>]) -> usize {
        count(records, is_event)
    }

    fn loses(&self) -> &'static [Loss] {
        &[Loss::DataNames]
    }

    fn step_ticks(&self) -> i64 {
        MILLISECOND
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Box<dyn Reader> {
        Box::new(|record: &Record<'_>, context: &mut Context<'_>| match shape::object(record) {
            Some(value) if is_event(&value) => {
                let time = instant(&value["TimeCreated"], context);
                Exported::timed(record_of(&value), time)
            }
            _ => Exported::Foreign,
        })
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Json,
            path: "powershell/events.json",
            text: r#"[{"Id":21,"Version":0,"Qualifiers":null,"Level":4,"Task":0,"Opcode":0,"Keywords":1152921504606846976,"RecordId":9,"ProviderName":"Microsoft-Windows-TerminalServices-LocalSessionManager","ProviderId":"5d896912-022d-40aa-a3a8-4fa5515c76d7","LogName":"Microsoft-Windows-TerminalServices-LocalSessionManager/Operational","ProcessId":5,"ThreadId":6,"MachineName":"RDS01.corp.example","UserId":{"BinaryLength":12,"AccountDomainSid":null,"Value":"S-1-5-18"},"TimeCreated":"\/Date(1661148062123)\/","ActivityId":"f4200000-0000-0000-0000-00000000abcd","RelatedActivityId":null,"MatchedQueryIds":[],"Bookmark":{},"LevelDisplayName":"Informationen","OpcodeDisplayName":"Info","TaskDisplayName":null,"KeywordsDisplayNames":[],"Properties":[{"Value":"CORP\\user001"},{"Value":5},{"Value":"10.1.2.3"}],"Message":"Remotedesktopdienste"},{"Id":1033,"Level":4,"Keywords":-9223372036854775808,"RecordId":10,"ProviderName":"MsiInstaller","LogName":"Application","MachineName":"RDS01","UserId":null,"TimeCreated":"2022-08-22T08:01:02.1234567+02:00","Properties":[{"Value":"Reader"},{"Value":"22.1"}],"Message":null},{"Id":1,"ProviderName":"P","LogName":"System","MachineName":"RDS01","TimeCreated":null}]"#,
            expected: &[
                "Microsoft-Windows-TerminalServices-LocalSessionManager 21 2022-08-22T06:01:02.123Z Microsoft-Windows-TerminalServices-LocalSessionManager/Operational #9 RDS01.corp.example 4 S-1-5-18 | User=CORP\\user001 SessionID=5 Address=10.1.2.3 | Remotedesktopdienste",
                "MsiInstaller 1033 2022-08-22T06:01:02.1234567Z Application #10 RDS01 4 - | =Reader =22.1 | -",
                "damaged time-unreadable",
            ],
        }]
    }
}

/// The event without its time, from JSON or from a row of `Export-Csv`.
pub(super) fn record_of(value: &Value) -> WindowsRecord {
    let level: Option<u8> = narrow(value.get("Level"));
    let mut record = WindowsRecord {
        provider: name(value.get("ProviderName")),
        event_id: shape::event_id(value.get("Id")).unwrap_or_default(),
        qualifiers: narrow(value.get("Qualifiers")),
        version: narrow(value.get("Version")),
        level: level.or_else(|| level_by_word(filled(value.get("LevelDisplayName"))?)),
        task: narrow(value.get("Task")),
        opcode: narrow(value.get("Opcode")),
        keywords: keywords(value.get("Keywords")),
        record_id: integer(value.get("RecordId")),
        activity_id: filled(value.get("ActivityId")).and_then(guid).map(Name::from),
        process_id: narrow(value.get("ProcessId")),
        thread_id: narrow(value.get("ThreadId")),
        channel: name(value.get("LogName")),
        computer: name(value.get("MachineName")),
        user_sid: sid(value.get("UserId")),
        message: name(value.get("Message")),
        ..WindowsRecord::default()
    };
    if let Some(properties) = value.get("Properties").and_then(Value::as_array) {
        let of = |property: &Value| property.get("Value").unwrap_or(property).clone();
        let values: Vec<Value> = properties.iter().map(of).collect();
        field_order::fill(&mut record, &values);
    }
    record
}

pub(super) fn instant(value: &Value, context: &mut Context<'_>) -> Option<(Timestamp, Trust)> {
    // With further properties attached, a date becomes an object that holds the same text.
    let text = filled(Some(value)).or_else(|| filled(value.get("value")))?;
    if let Some(rest) = text.trim_start_matches('/').strip_prefix("Date(") {
        let end = rest.find([')', '+']).unwrap_or(rest.len());
        let ticks = rest[..end].parse::<i64>().ok()?.checked_mul(MILLISECOND)?;
        return Some((Timestamp(ticks), Trust::Stated));
    }
    context.instant(text, DateOrder::MonthFirst)
}
