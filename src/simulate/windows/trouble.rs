//! What other faults leave in the logs: crashes, exhausted resources, missing servers, broken profiles.

use super::session::PROFILES;
use super::{Channel, Kind, Provider, Shape, Value, classic, provider, texts};

static APPLICATION_ERROR: Provider = provider("Application Error", "");
static TCPIP: Provider = provider("Tcpip", "");
static EXHAUSTION: Provider =
    provider("Microsoft-Windows-Resource-Exhaustion-Detector", "9988748e-c2e8-4054-85f6-0c3e1cad2470");
static WINLOGON_CLASSIC: Provider = provider("Microsoft-Windows-Winlogon", "dbe9b383-7cf3-4331-91cc-a3cb16a3b538");

const fn profile(id: u16, fields: &'static [&'static str]) -> Kind {
    Kind::manifest(Channel::Application, &PROFILES, id, Shape::Named(fields))
}

/// A program crashed; its module's version stands in the data.
pub(in crate::simulate) static CRASH: Kind =
    Kind::classic(Channel::Application, &APPLICATION_ERROR, 1_000).level(2).task(100);
/// Winlogon ended unexpectedly: a session died at its begin.
pub(in crate::simulate) static WINLOGON_DIED: Kind =
    Kind::classic(Channel::Application, &WINLOGON_CLASSIC, 4_005).level(2).qualifiers(32_768);
/// No local port is left for outgoing connections.
pub(in crate::simulate) static NO_PORTS: Kind =
    Kind::classic(Channel::System, &TCPIP, 4_231).level(3).qualifiers(32_772);
/// Memory runs short.
pub(in crate::simulate) static MEMORY_SHORT: Kind = Kind::manifest(
    Channel::System,
    &EXHAUSTION,
    2_004,
    Shape::User(
        "MemoryExhaustionInfo",
        "http://www.microsoft.com/Windows/Resource/Exhaustion/Detector/Events",
        &["CommitLimit", "CommitCharge", "ProcessCommitCharge"],
    ),
)
.level(3)
.task(3);
/// The registry part of a profile cannot be loaded.
pub(in crate::simulate) static HIVE_REFUSED: Kind = profile(1_508, &["Error", "File"]).level(2);
/// A temporary profile is used.
pub(in crate::simulate) static TEMPORARY_PROFILE: Kind = profile(1_511, &[]).level(2);
/// Something still used the registry part of a profile at logoff.
pub(in crate::simulate) static HIVE_IN_USE: Kind = profile(1_530, &["Detail"]).level(3);

/// Data of `CRASH`.
pub(in crate::simulate) fn crash_data(program: &str, version: &str, module: &str) -> Vec<Value> {
    let path = format!("C:\\Program Files\\Exempla\\{program}");
    classic(&[
        program,
        version,
        "62c3a1f0",
        module,
        version,
        "62c3a1f0",
        "c0000005",
        "000000000001f2c4",
        "1a2c",
        "01d8b1a2c3d4e5f6",
        &path,
        module,
        "7d0f5c1e-52a8-4ad2-9d5c-6a0b1c2d3e4f",
        "",
        "",
    ])
}

/// Data of `MEMORY_SHORT`: limit and charge in bytes.
pub(in crate::simulate) fn memory_data(limit: u64) -> Vec<Value> {
    vec![Value::U64(limit), Value::U64(limit - limit / 200), Value::U64(limit / 2)]
}

/// Data of `HIVE_REFUSED`.
pub(in crate::simulate) fn hive_refused_data(user: &str) -> Vec<Value> {
    texts(&[
        "The process cannot access the file because it is being used by another process.",
        &format!("C:\\Users\\{user}\\ntuser.dat"),
    ])
}

/// Data of `HIVE_IN_USE`.
pub(in crate::simulate) fn hive_in_use_data(sid: &str) -> Vec<Value> {
    texts(&[&format!(
        "1 user registry handles leaked from \\Registry\\User\\{sid}:\r\nProcess 1284 (\\Device\\HarddiskVolume2\\Windows\\System32\\svchost.exe) has opened key \\REGISTRY\\USER\\{sid}\r\n"
    )])
}

/// Data of the events without strings that matter here.
pub(in crate::simulate) fn plain_data() -> Vec<Value> {
    classic(&["", ""])
}
