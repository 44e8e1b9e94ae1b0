//! Connections and sessions: knocking, authentication, begin, end, and the profile around them.

use super::{Channel, Kind, NETWORK_SERVICE, Provider, Shape, Value, provider, texts};
use crate::simulate::evtx::Sid;

static LSM: Provider =
    provider("Microsoft-Windows-TerminalServices-LocalSessionManager", "5d896912-022d-40aa-a3a8-4fa5515c76d7");
static RCM: Provider =
    provider("Microsoft-Windows-TerminalServices-RemoteConnectionManager", "c76baa63-ae81-421c-b425-340b4b24157f");
pub(super) static PROFILES: Provider =
    provider("Microsoft-Windows-User Profiles Service", "89b1e9f0-5aff-44a6-9b44-0a07a7ce5845");
static WINLOGON: Provider = provider("Microsoft-Windows-Winlogon", "dbe9b383-7cf3-4331-91cc-a3cb16a3b538");
static AUDIT: Provider = provider("Microsoft-Windows-Security-Auditing", "54849625-5478-4994-a5ba-3e3b0328c30d");

const fn lsm(id: u16, fields: &'static [&'static str]) -> Kind {
    Kind::manifest(Channel::SessionManager, &LSM, id, Shape::User("EventXML", "Event_NS", fields))
        .keywords(0x1000_0000_0000_0000)
}

const fn rcm(id: u16, fields: &'static [&'static str]) -> Kind {
    Kind::manifest(Channel::ConnectionManager, &RCM, id, Shape::User("EventXML", "Event_NS", fields))
        .keywords(0x1000_0000_0000_0000)
        .account(NETWORK_SERVICE)
}

const fn profile(id: u16) -> Kind {
    Kind::manifest(Channel::ProfileService, &PROFILES, id, Shape::Named(&["Session"]))
}

const WHO_WHERE: &[&str] = &["User", "SessionID", "Address"];

/// The listener accepted a connection; nobody is named yet.
pub(in crate::simulate) static KNOCK: Kind = rcm(261, &["listenerName"]);
/// Network level authentication succeeded.
pub(in crate::simulate) static AUTHENTICATED: Kind = rcm(1149, &["Param1", "Param2", "Param3"]);
/// A session was given to a user.
pub(in crate::simulate) static LOGON: Kind = lsm(21, WHO_WHERE);
/// The shell started: the user has a desktop.
pub(in crate::simulate) static SHELL: Kind = lsm(22, WHO_WHERE);
/// The session is gone.
pub(in crate::simulate) static LOGOFF: Kind = lsm(23, &["User", "SessionID"]);
/// The connection is gone, the session stays.
pub(in crate::simulate) static DISCONNECT: Kind = lsm(24, WHO_WHERE);
/// Back in a session that stayed.
pub(in crate::simulate) static RECONNECT: Kind = lsm(25, WHO_WHERE);
/// Why a session was disconnected.
pub(in crate::simulate) static REASON: Kind = lsm(40, &["Session", "Reason"]);
/// The Windows subsystem was too slow to terminate a session.
pub(in crate::simulate) static SLOW_TERMINATE: Kind = lsm(45, &["Session"]).level(3);
/// A plug-in of the session manager was initialised, after a start.
pub(in crate::simulate) static PLUGIN_READY: Kind = lsm(32, &["messageName"]);
/// The profile service heard of a logon, and was done with it.
pub(in crate::simulate) static PROFILE_LOAD: [Kind; 2] = [profile(1), profile(2)];
/// The profile service heard of a logoff, and was done with it.
pub(in crate::simulate) static PROFILE_UNLOAD: [Kind; 2] = [profile(3), profile(4)];
/// Winlogon tells of a logon and a logoff, with the account's SID.
pub(in crate::simulate) static NOTICE_LOGON: Kind = notice(7_001, 1_101);
/// See `NOTICE_LOGON`.
pub(in crate::simulate) static NOTICE_LOGOFF: Kind = notice(7_002, 1_102);

const fn notice(id: u16, task: u16) -> Kind {
    Kind::manifest(Channel::System, &WINLOGON, id, Shape::Named(&["TSId", "UserSid"]))
        .task(task)
        .keywords(0x2000_0000_0000_0000)
}

/// A logon was refused.
pub(in crate::simulate) static AUDIT_REFUSED: Kind = Kind::manifest(
    Channel::Security,
    &AUDIT,
    4_625,
    Shape::Named(&[
        "SubjectUserSid",
        "SubjectUserName",
        "SubjectDomainName",
        "SubjectLogonId",
        "TargetUserSid",
        "TargetUserName",
        "TargetDomainName",
        "Status",
        "FailureReason",
        "SubStatus",
        "LogonType",
        "LogonProcessName",
        "AuthenticationPackageName",
        "WorkstationName",
        "TransmittedServices",
        "LmPackageName",
        "KeyLength",
        "ProcessId",
        "ProcessName",
        "IpAddress",
        "IpPort",
    ]),
)
.level(0)
.task(12_544)
.keywords(0x8010_0000_0000_0000)
.account(0);

/// Privileges were given to a logon; administrators and services only.
pub(in crate::simulate) static AUDIT_PRIVILEGES: Kind = Kind::manifest(
    Channel::Security,
    &AUDIT,
    4_672,
    Shape::Named(&["SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId", "PrivilegeList"]),
)
.level(0)
.task(12_548)
.keywords(0x8020_0000_0000_0000)
.account(0);

/// Data of the session manager's events about a user: account, session, address of the client.
pub(in crate::simulate) fn who_where(account: &str, session: u32, client: &str) -> Vec<Value> {
    vec![Value::from(account), Value::U32(session), Value::from(client)]
}

/// Data of Winlogon's notices.
pub(in crate::simulate) fn notice_data(session: u32, sid: &Sid) -> Vec<Value> {
    vec![Value::U32(session), Value::Sid(sid.clone())]
}

/// Why a logon was refused, in Windows' codes: status, sub status, number of the reason's text.
#[derive(Clone, Copy, Debug)]
pub(in crate::simulate) struct Refused {
    /// The status.
    pub(in crate::simulate) status: u32,
    /// What exactly.
    pub(in crate::simulate) sub_status: u32,
    /// The message of the reason.
    pub(in crate::simulate) reason: &'static str,
}

/// Name right, password wrong.
pub(in crate::simulate) const WRONG_PASSWORD: Refused =
    Refused { status: 0xc000_006d, sub_status: 0xc000_006a, reason: "%%2313" };
/// The host has not enough resources.
pub(in crate::simulate) const NO_RESOURCES: Refused = Refused { status: 0xc000_009a, sub_status: 0, reason: "%%2304" };

/// Data of a refused network logon, which is how network level authentication shows.
pub(in crate::simulate) fn refused_data(why: Refused, user: &str, client: &str, port: u32) -> Vec<Value> {
    let nobody = || Value::Sid(Sid::new(0, &[0]));
    vec![
        nobody(),
        Value::from("-"),
        Value::from("-"),
        Value::Hex64(0),
        nobody(),
        Value::from(user),
        Value::from("EXAMPLE"),
        Value::Hex32(why.status),
        Value::from(why.reason),
        Value::Hex32(why.sub_status),
        Value::U32(3),
        Value::from("NtLmSsp "),
        Value::from("NTLM"),
        Value::from("-"),
        Value::from("-"),
        Value::from("-"),
        Value::U32(0),
        Value::Hex64(0),
        Value::from("-"),
        Value::from(client),
        Value::Text(port.to_string()),
    ]
}

/// Data of the privileges that a service's logon gets.
pub(in crate::simulate) fn privileges_data(logon: u64) -> Vec<Value> {
    let mut values = vec![Value::Sid(Sid::new(5, &[18]))];
    values.extend(texts(&["SYSTEM", "NT AUTHORITY"]));
    values.push(Value::Hex64(logon));
    values.push(Value::from(
        "SeAssignPrimaryTokenPrivilege\r\n\t\t\tSeTcbPrivilege\r\n\t\t\tSeSecurityPrivilege\r\n\t\t\tSeTakeOwnershipPrivilege\r\n\t\t\tSeImpersonatePrivilege",
    ));
    values
}
