//! Turns Windows records into events and changes, by a catalog that is data.
//!
//! In: [`crate::read::WindowsRecord`], from EVTX, event XML or one of the shapes of [`export`]. Out:
//! [`Understood`]: at most one event, and the changes that the record states.
//!
//! Invariant: the same record gives the same event from every export, as far as the export kept it,
//! and in every language of Windows. An event is known by provider and id, never by id alone.
//!
//! # Adding a provider or an event
//!
//! Write or extend `catalog/<provider>.toml` and add the file to `PROVIDERS`. The tests then check that
//! the file loads, that no entry hides another, and that every `documented` one has a reference.
//!
//! # Adding a shape of export
//!
//! See [`export`].

mod catalog;
pub mod changes;
mod condition;
pub mod export;
mod field_order;
mod place;
mod shape;
mod shapes;
mod text_part;
mod understand;

pub use catalog::{Catalog, Sure};
pub use understand::Understood;

pub(crate) use condition::{Condition, Pattern, all_fit, from_table as conditions_from_table};
pub(crate) use place::{Place, number};
pub(crate) use shapes::{Shapes, first_line_only};

use self::export::{Context, Exported};
use super::clock::{Clock, ZoneRule};
use super::file::FileFacts;
use crate::model::{Names, Position, Trust};
use crate::read::{Body, Container, Object, Record, Selection, WindowsRecord};

/// The files of the catalog, by name and text.
const PROVIDERS: &[(&str, &str)] = &[
    ("application-error.toml", include_str!("catalog/application-error.toml")),
    ("application-hang.toml", include_str!("catalog/application-hang.toml")),
    ("disk.toml", include_str!("catalog/disk.toml")),
    ("time-service.toml", include_str!("catalog/time-service.toml")),
    ("remote-desktop-client.toml", include_str!("catalog/remote-desktop-client.toml")),
    ("kerberos-key-distribution-center.toml", include_str!("catalog/kerberos-key-distribution-center.toml")),
    ("kerberos-client.toml", include_str!("catalog/kerberos-client.toml")),
    ("dns-server.toml", include_str!("catalog/dns-server.toml")),
    ("dfsr.toml", include_str!("catalog/dfsr.toml")),
    ("distributed-com.toml", include_str!("catalog/distributed-com.toml")),
    ("dns-client.toml", include_str!("catalog/dns-client.toml")),
    ("dotnet-runtime.toml", include_str!("catalog/dotnet-runtime.toml")),
    ("event-log.toml", include_str!("catalog/event-log.toml")),
    ("event-log-service.toml", include_str!("catalog/event-log-service.toml")),
    ("fslogix-apps.toml", include_str!("catalog/fslogix-apps.toml")),
    ("gateway.toml", include_str!("catalog/gateway.toml")),
    ("group-policy.toml", include_str!("catalog/group-policy.toml")),
    ("iis-configuration.toml", include_str!("catalog/iis-configuration.toml")),
    ("kernel-general.toml", include_str!("catalog/kernel-general.toml")),
    ("kernel-power.toml", include_str!("catalog/kernel-power.toml")),
    ("local-session-manager.toml", include_str!("catalog/local-session-manager.toml")),
    ("msi-installer.toml", include_str!("catalog/msi-installer.toml")),
    ("mssql-server.toml", include_str!("catalog/mssql-server.toml")),
    ("netlogon.toml", include_str!("catalog/netlogon.toml")),
    ("ntfs.toml", include_str!("catalog/ntfs.toml")),
    ("rdp-core-ts.toml", include_str!("catalog/rdp-core-ts.toml")),
    ("remote-connection-manager.toml", include_str!("catalog/remote-connection-manager.toml")),
    ("resource-exhaustion.toml", include_str!("catalog/resource-exhaustion.toml")),
    ("schannel.toml", include_str!("catalog/schannel.toml")),
    ("security-auditing.toml", include_str!("catalog/security-auditing.toml")),
    ("service-control-manager.toml", include_str!("catalog/service-control-manager.toml")),
    ("servicing.toml", include_str!("catalog/servicing.toml")),
    ("session-broker-client.toml", include_str!("catalog/session-broker-client.toml")),
    ("session-broker.toml", include_str!("catalog/session-broker.toml")),
    ("smb-client.toml", include_str!("catalog/smb-client.toml")),
    ("smb-server.toml", include_str!("catalog/smb-server.toml")),
    ("srv.toml", include_str!("catalog/srv.toml")),
    ("tcpip.toml", include_str!("catalog/tcpip.toml")),
    ("term-dd.toml", include_str!("catalog/term-dd.toml")),
    ("user-pnp.toml", include_str!("catalog/user-pnp.toml")),
    ("user-profile-service.toml", include_str!("catalog/user-profile-service.toml")),
    ("user32.toml", include_str!("catalog/user32.toml")),
    ("vhdmp.toml", include_str!("catalog/vhdmp.toml")),
    ("was.toml", include_str!("catalog/was.toml")),
    ("windows-update-client.toml", include_str!("catalog/windows-update-client.toml")),
    ("winlogon.toml", include_str!("catalog/winlogon.toml")),
];

/// Reads a Windows event from one JSON value; `None` if it has none of the shapes of [`export`], or no time.
pub fn from_json(value: &serde_json::Value) -> Option<(&'static str, WindowsRecord)> {
    let text = value.to_string();
    let record = Record { position: Position::Line(1), body: Body::Json(Object::parse(&text).ok()?) };
    let mut shapes = Shapes::new(Container::Json);
    shapes.lock(std::slice::from_ref(&record));
    let mut clock = Clock::new(ZoneRule::UTC, Trust::Guessed);
    let mut context = Context { clock: &mut clock, names: &mut Names::new() };
    match shapes.read(&record, &FileFacts::new(""), &[], &mut context)? {
        (export, Exported::Event(record, _)) => Some((export.name(), *record)),
        _ => None,
    }
}

/// Returns the events that the catalog, the signatures or the changes need; all others are only counted.
pub fn selection() -> Selection {
    Catalog::embedded().selection()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::{Action, Event, Name, Provenance, SourceId, Timestamp};
    use crate::read::Datum;

    const PROVENANCE: Provenance = Provenance { source: SourceId(0), position: Position::Record(1) };

    fn understood(record: &WindowsRecord) -> Understood {
        Catalog::embedded().understand(record, PROVENANCE, &mut Names::new())
    }

    fn from_shape(expected_format: &str, value: &Value) -> Understood {
        let (format, record) = from_json(value).unwrap();
        assert_eq!(format, expected_format);
        understood(&record)
    }

    /// One record in the shapes of its exports: as EVTX and XML give it, in both styles of `evtx_dump`,
    /// and from Winlogbeat, which drops empty values and numbers the unnamed ones.
    fn check(provider: &str, id: u32, level: u8, data: &[(&str, &str)], action: Action) -> Event {
        const TIME: &str = "2022-08-22T06:01:02.003Z";
        let named = data.iter().filter(|(name, _)| !name.is_empty());
        let unnamed: Vec<&str> = data.iter().filter(|(name, _)| name.is_empty()).map(|(_, value)| *value).collect();
        let record = WindowsRecord {
            provider: Some(provider.into()),
            event_id: id,
            level: Some(level),
            time: Some(Timestamp::from_jiff(TIME.parse().unwrap())),
            record_id: Some(9),
            activity_id: Some("{F4200000-0000-0000-0000-00000000ABCD}".into()),
            channel: Some("System".into()),
            computer: Some("TS01.corp.example".into()),
            user_sid: Some("S-1-5-21-1-2-3-44".into()),
            data: data
                .iter()
                .map(|(name, value)| Datum {
                    name: (!name.is_empty()).then(|| Name::from(*name)),
                    value: Some((*value).into()),
                })
                .collect(),
            ..WindowsRecord::default()
        };
        let expected = understood(&record);
        let event = expected.event.clone().expect("the catalog knows it");
        assert_eq!(event.action, action, "{provider} {id}");

        let mut fields: serde_json::Map<String, Value> =
            named.map(|(name, value)| ((*name).into(), json!(value))).collect();
        let mut forwarded = fields.clone();
        if !unnamed.is_empty() {
            fields.insert("Data".into(), json!({"#text": unnamed}));
            for (index, value) in unnamed.iter().enumerate().filter(|(_, value)| !value.is_empty()) {
                forwarded.insert(format!("param{}", index + 1), json!(value));
            }
        }
        let nested = json!({"Event": {"System": {
            "Provider": {"#attributes": {"Name": provider}}, "EventID": id, "Level": level,
            "TimeCreated": {"#attributes": {"SystemTime": TIME}}, "EventRecordID": 9,
            "Correlation": {"#attributes": {"ActivityID": "f4200000-0000-0000-0000-00000000abcd"}},
            "Channel": "System", "Computer": "TS01.corp.example",
            "Security": {"#attributes": {"UserID": "S-1-5-21-1-2-3-44"}}}, "EventData": fields}});
        assert_eq!(from_shape("evtx-dump", &nested), expected, "{provider} {id}");
        let separate = json!({"Event": {"System": {
            "Provider_attributes": {"Name": provider}, "EventID_attributes": {"Qualifiers": 0}, "EventID": id,
            "Level": level, "TimeCreated_attributes": {"SystemTime": TIME}, "EventRecordID": 9,
            "Correlation_attributes": {"ActivityID": "F4200000-0000-0000-0000-00000000ABCD"},
            "Channel": "System", "Computer": "TS01.corp.example",
            "Security_attributes": {"UserID": "S-1-5-21-1-2-3-44"}}, "EventData": fields}});
        assert_eq!(from_shape("evtx-dump", &separate), expected, "{provider} {id}");
        let word = ["information", "critical", "error", "warning", "information"][usize::from(level)];
        let beat = json!({"@timestamp": TIME, "log": {"level": word}, "message": "rendered text",
            "winlog": {"event_id": id.to_string(), "provider_name": provider, "channel": "System", "record_id": 9,
                "computer_name": "TS01.corp.example", "activity_id": "{F4200000-0000-0000-0000-00000000ABCD}",
                "user": {"identifier": "S-1-5-21-1-2-3-44"}, "event_data": forwarded}});
        assert_eq!(from_shape("winlogbeat", &beat), expected, "{provider} {id}");
        event
    }

    #[test]
    fn every_export_gives_the_same_event_and_changes() {
        let attach = "Failed to attach VHD: \\\\files\\p$\\S-1-5-21-1-2-3-44_user001\\Profile_user001.vhdx User: user001 \
                      SID: S-1-5-21-1-2-3-44 SessionId: 22 Error: 00000020 (Le fichier est en cours d'utilisation)";
        let locked = check("Microsoft-FSLogix-Apps", 26, 2, &[("Message", attach)], Action::Failure);
        assert_eq!(locked.signature.as_deref(), Some("fslogix-profile-locked"));
        assert_eq!((locked.user.as_deref(), locked.session_id), (Some("user001"), Some(22)));

        let lsm = "Microsoft-Windows-TerminalServices-LocalSessionManager";
        check(lsm, 45, 3, &[("Session", "7")], Action::IncompleteClose);
        let closing = [
            ("SessionId", "7"),
            ("StateName", "CsrConnected"),
            ("EventName", "EvCsrTerminated"),
            ("ErrorCode", "0x80070057"),
        ];
        check(lsm, 36, 2, &closing, Action::IncompleteClose);
        check(lsm, 40, 4, &[("Session", "7"), ("Reason", "12")], Action::Disconnect);

        let product = [("", "Any Suite"), ("", "1.2"), ("", "1033"), ("", "0"), ("", ""), ("", "(NULL)")];
        check("MsiInstaller", 1033, 4, &product, Action::Change);
        check("EventLog", 6013, 4, &[("", ""), ("", ""), ("", ""), ("", ""), ("", "86400")], Action::Other);
        check("NETLOGON", 5719, 2, &[("", "CORP"), ("", "%%1311")], Action::Symptom);
        check(
            "Microsoft-Windows-SMBClient",
            30809,
            3,
            &[("Status", "3221225653"), ("ServerName", "\\files")],
            Action::Symptom,
        );
        let temporary = check("Microsoft-Windows-User Profiles Service", 1511, 2, &[], Action::Failure);
        assert_eq!(temporary.user_sid.as_deref(), Some("S-1-5-21-1-2-3-44"));
        check(
            "Microsoft-Windows-Kernel-General",
            12,
            4,
            &[("BuildVersion", "20348"), ("QfeVersion", "859")],
            Action::Boot,
        );
        let refused =
            [("TargetUserName", "user001"), ("Status", "0xc000006d"), ("SubStatus", "0xc0000064"), ("LogonType", "3")];
        check("Microsoft-Windows-Security-Auditing", 4625, 0, &refused, Action::Failure);
        check("Schannel", 36888, 2, &[("AlertDesc", "40"), ("ErrorState", "1205")], Action::Symptom);
        let rejected = [("ResultCode", "0x80090331"), ("IPString", "10.1.2.3")];
        check("Microsoft-Windows-RemoteDesktopServices-RdpCoreTS", 139, 2, &rejected, Action::Failure);
    }

    #[test]
    fn a_product_installation_by_any_export_is_one_change() {
        let beat = json!({"@timestamp": "2022-08-22T06:01:02.003Z", "winlog": {"event_id": 1033,
            "provider_name": "MsiInstaller", "computer_name": "ts01", "event_data":
            {"param1": "Any Suite", "param2": "1.2", "param3": "1033", "param4": "3010"}}});
        let changes = from_shape("winlogbeat", &beat).changes;
        assert_eq!(changes.len(), 1);
        assert!(changes[0].needs_restart && changes[0].version.as_deref() == Some("1.2"));
    }
}
