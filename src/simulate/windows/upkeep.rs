//! Changes and restarts: installers, updates, services, drivers, starts and stops.

use super::session::PROFILES;
use super::{Channel, Kind, LOCAL_SERVICE, Provider, Shape, Value, adopted, classic, provider, texts};
use crate::model::Timestamp;

static MSI: Provider = provider("MsiInstaller", "");
static EVENT_LOG: Provider = provider("EventLog", "");
static SERVICES: Provider =
    adopted("Service Control Manager", "555908d1-a6d7-4695-8e1e-26931d2012f4", "Service Control Manager");
static USER32: Provider = adopted("User32", "b0aa8734-56f7-41cc-b2f4-de228e98b946", "User32");
static KERNEL: Provider = provider("Microsoft-Windows-Kernel-General", "a68ca8b7-004f-d7b6-a698-07e2de0f1f5d");
static FILTERS: Provider = provider("Microsoft-Windows-FilterManager", "f3c5e28e-63f6-49c7-a204-e48a1bc4b09d");
static UPDATES: Provider = provider("Microsoft-Windows-WindowsUpdateClient", "945a8954-c147-4acd-923f-40c45405a658");

const fn service(id: u16, fields: &'static [&'static str]) -> Kind {
    Kind::manifest(Channel::System, &SERVICES, id, Shape::Named(fields))
        .qualifiers(16_384)
        .keywords(0x8080_0000_0000_0000)
        .account(0)
}

const fn kernel(id: u16, fields: &'static [&'static str]) -> Kind {
    Kind::manifest(Channel::System, &KERNEL, id, Shape::Named(fields))
}

const fn update(id: u16, opcode: u8, fields: &'static [&'static str]) -> Kind {
    Kind::manifest(Channel::System, &UPDATES, id, Shape::Named(fields))
        .task(1)
        .opcode(opcode)
        .keywords(0x8000_0000_0000_0018)
}

const fn event_log(id: u16) -> Kind {
    Kind::classic(Channel::System, &EVENT_LOG, id).qualifiers(32_768)
}

/// A product was installed.
pub(in crate::simulate) static INSTALLED: Kind = Kind::classic(Channel::Application, &MSI, 1_033);
/// An installer's transaction begins.
pub(in crate::simulate) static INSTALL_BEGIN: Kind = Kind::classic(Channel::Application, &MSI, 1_040);
/// An installer's transaction ends.
pub(in crate::simulate) static INSTALL_END: Kind = Kind::classic(Channel::Application, &MSI, 1_042);
/// The product's own word that its installation succeeded.
pub(in crate::simulate) static INSTALL_TEXT: Kind = Kind::classic(Channel::Application, &MSI, 11_707);
/// A service entered a state.
pub(in crate::simulate) static SERVICE_STATE: Kind = service(7_036, &["param1", "param2"]);
/// A service was installed.
pub(in crate::simulate) static SERVICE_INSTALLED: Kind =
    service(7_045, &["ServiceName", "ImagePath", "ServiceType", "StartType", "AccountName"]).account(super::SYSTEM);
/// Somebody or something asked for a restart.
pub(in crate::simulate) static RESTART_ASKED: Kind = Kind::manifest(
    Channel::System,
    &USER32,
    1_074,
    Shape::Named(&["param1", "param2", "param3", "param4", "param5", "param6", "param7"]),
)
.qualifiers(32_768)
.keywords(0x8080_0000_0000_0000);
/// The system starts.
pub(in crate::simulate) static SYSTEM_START: Kind = kernel(
    12,
    &["MajorVersion", "MinorVersion", "BuildVersion", "QfeVersion", "ServiceVersion", "BootMode", "StartTime"],
);
/// The system stops.
pub(in crate::simulate) static SYSTEM_STOP: Kind = kernel(13, &["StopTime"]);
/// The log service started, and stopped.
pub(in crate::simulate) static LOG_STARTED: Kind = event_log(6_005);
/// See `LOG_STARTED`.
pub(in crate::simulate) static LOG_STOPPED: Kind = event_log(6_006);
/// Version of the system, after a start.
pub(in crate::simulate) static SYSTEM_VERSION: Kind = event_log(6_009);
/// Seconds since the last start, daily at noon.
pub(in crate::simulate) static UPTIME: Kind = event_log(6_013);
/// A file system filter was loaded.
pub(in crate::simulate) static FILTER_LOADED: Kind = Kind::manifest(
    Channel::System,
    &FILTERS,
    6,
    Shape::Named(&[
        "FinalStatus",
        "DeviceVersionMajor",
        "DeviceVersionMinor",
        "DeviceNameLength",
        "DeviceName",
        "DeviceTime",
    ]),
);
/// An update begins to install.
pub(in crate::simulate) static UPDATE_BEGIN: Kind =
    update(43, 13, &["updateTitle", "updateGuid", "updateRevisionNumber"]);
/// An update was installed.
pub(in crate::simulate) static UPDATE_DONE: Kind =
    update(19, 13, &["updateTitle", "updateGuid", "updateRevisionNumber", "serviceGuid"]);
/// The profile service started, and stopped.
pub(in crate::simulate) static PROFILES_STARTED: Kind =
    Kind::manifest(Channel::Application, &PROFILES, 1_531, Shape::Named(&[]));
/// See `PROFILES_STARTED`.
pub(in crate::simulate) static PROFILES_STOPPED: Kind =
    Kind::manifest(Channel::Application, &PROFILES, 1_532, Shape::Named(&[]));
/// Local time zone and time service agree again; logged by the time service.
pub(in crate::simulate) static CLOCK_IN_STEP: Kind =
    Kind::manifest(Channel::System, &TIME_SERVICE, 35, Shape::Named(&["TimeSource"])).account(LOCAL_SERVICE);
static TIME_SERVICE: Provider = provider("Microsoft-Windows-Time-Service", "06edcfeb-0fd1-4e53-acca-a6f8bbf81bcb");

/// Data of `INSTALLED`; `status` is 0, or 3010 where a restart is needed.
pub(in crate::simulate) fn installed_data(name: &str, version: &str, status: u32, maker: &str) -> Vec<Value> {
    classic(&[name, version, "1033", &status.to_string(), maker, "(NULL)", ""])
}

/// Data of `INSTALL_BEGIN` and `INSTALL_END`.
pub(in crate::simulate) fn transaction_data(package: &str, process: u32) -> Vec<Value> {
    classic(&[package, &process.to_string(), "(NULL)", "(NULL)", "(NULL)", "(NULL)", ""])
}

/// Data of `INSTALL_TEXT`.
pub(in crate::simulate) fn install_text_data(name: &str) -> Vec<Value> {
    let text = format!("Product: {name} -- Installation completed successfully.");
    classic(&[&text, "(NULL)", "(NULL)", "(NULL)", "(NULL)", "(NULL)", ""])
}

/// Data of `SERVICE_STATE`.
pub(in crate::simulate) fn service_data(service: &str, state: &str) -> Vec<Value> {
    texts(&[service, state])
}

/// Data of `SERVICE_INSTALLED`.
pub(in crate::simulate) fn service_installed_data(service: &str, image: &str, kind: &str) -> Vec<Value> {
    texts(&[service, image, kind, "auto start", if kind.contains("driver") { "" } else { "LocalSystem" }])
}

/// Data of `RESTART_ASKED`.
pub(in crate::simulate) fn restart_data(host: &str, process: &str, reason: &str, account: &str) -> Vec<Value> {
    texts(&[&format!("{process} ({host})"), host, reason, "0x80020010", "restart", "", account])
}

/// Data of `SYSTEM_START`; `patch` is the last part of the system's version.
pub(in crate::simulate) fn start_data(at: Timestamp, patch: u32) -> Vec<Value> {
    let numbers = [10, 0, 17_763, patch, 0, 0];
    numbers.into_iter().map(Value::U32).chain([Value::Time(at)]).collect()
}

/// Data of `UPTIME`.
pub(in crate::simulate) fn uptime_data(seconds: u64) -> Vec<Value> {
    classic(&["", "", "", "", &seconds.to_string(), "60", "-60 W. Europe Standard Time"])
}

/// Data of `FILTER_LOADED`.
pub(in crate::simulate) fn filter_data(name: &str, made_at: Timestamp) -> Vec<Value> {
    vec![
        Value::Hex32(0),
        Value::U32(10),
        Value::U32(0),
        Value::U16(name.len() as u16),
        Value::from(name),
        Value::Time(made_at),
    ]
}

/// Data of `UPDATE_BEGIN` and, with the service, of `UPDATE_DONE`.
pub(in crate::simulate) fn update_data(title: &str, guid: [u8; 16], done: bool) -> Vec<Value> {
    let mut values = vec![Value::from(title), Value::Guid(guid), Value::U32(200)];
    if done {
        values.push(Value::Guid([0x9a; 16]));
    }
    values
}

/// Data of the events without strings that matter here.
pub(in crate::simulate) fn plain_data() -> Vec<Value> {
    classic(&[""])
}
