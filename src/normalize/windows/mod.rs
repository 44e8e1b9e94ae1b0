//! Turns Windows records into events and changes, by a catalog that is data.
//!
//! In: [`crate::read::WindowsRecord`], from EVTX, event XML or one of the JSON shapes here. Out:
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
//! # Adding a shape of JSON
//!
//! Write `<name>.rs` with a `FORMAT` and a function `record`, and add both to `SHAPES`.

mod catalog;
pub mod changes;
mod condition;
pub mod evtx_dump;
mod place;
mod shape;
mod text_part;
mod understand;
pub mod winlogbeat;

pub use catalog::{Catalog, Sure};
pub use understand::Understood;

pub(crate) use condition::{Condition, all_fit, from_table as conditions_from_table};
pub(crate) use place::number;

use crate::read::{Selection, WindowsRecord};

/// The files of the catalog, by name and text.
const PROVIDERS: &[(&str, &str)] = &[
    ("application-error.toml", include_str!("catalog/application-error.toml")),
    ("application-hang.toml", include_str!("catalog/application-hang.toml")),
    ("disk.toml", include_str!("catalog/disk.toml")),
    ("distributed-com.toml", include_str!("catalog/distributed-com.toml")),
    ("dns-client.toml", include_str!("catalog/dns-client.toml")),
    ("dotnet-runtime.toml", include_str!("catalog/dotnet-runtime.toml")),
    ("event-log.toml", include_str!("catalog/event-log.toml")),
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

/// How a shape reads one JSON value.
type ReadShape = fn(&serde_json::Value) -> Option<WindowsRecord>;

/// The JSON shapes of Windows events, by their name in reports.
const SHAPES: &[(&str, ReadShape)] =
    &[(evtx_dump::FORMAT, evtx_dump::record), (winlogbeat::FORMAT, winlogbeat::record)];

/// Reads a Windows event from JSON; `None` if the value has none of the shapes.
pub fn from_json(value: &serde_json::Value) -> Option<(&'static str, WindowsRecord)> {
    SHAPES.iter().find_map(|(format, record)| record(value).map(|record| (*format, record)))
}

/// Returns the events that the catalog, the signatures or the changes need; all others are only counted.
pub fn selection() -> Selection {
    Catalog::embedded().selection()
}
