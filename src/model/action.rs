//! What an event means for people who want to connect.

/// The part that one event plays in connecting, working and leaving.
///
/// The names in kebab-case are those of the catalog files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Somebody knocks; often without a name (RdpCoreTS 131, RemoteConnectionManager 261).
    Attempt,
    /// On the way to a host: a gateway let the user pass, or a broker chose the host (Gateway 200, 300, 302;
    /// SessionBroker-Client 1301, 1307, 1308).
    Forwarded,
    /// Name and password were accepted; there is no desktop yet (RemoteConnectionManager 1149).
    Authenticated,
    /// Refused, or failed on the way; `signature` says how.
    Failure,
    /// A session was given to a user (LocalSessionManager 21).
    SessionBegin,
    /// The user has a desktop (LocalSessionManager 22), or an application's login succeeded.
    Success,
    /// The user asked to leave (Security 4647, Winlogon 7002).
    LogoffRequested,
    /// The session is gone (LocalSessionManager 23, Security 4634).
    SessionEnd,
    /// The connection is gone, the session lives on (LocalSessionManager 24).
    Disconnect,
    /// Back in a session that lived on (LocalSessionManager 25).
    Reconnect,
    /// The profile service heard of a logoff (User Profile Service 3).
    ProfileUnloadBegin,
    /// The profile service is done with a logoff (User Profile Service 4).
    ProfileUnloadEnd,
    /// The profile service heard of a logon (User Profile Service 1).
    ProfileLoadBegin,
    /// The profile is loaded (User Profile Service 2, FSLogix).
    ProfileLoadEnd,
    /// Windows chose the session that a user will get (RdpCoreTS 66, LocalSessionManager 41, 42).
    SessionArbitration,
    /// Policy began to be applied to a user who logs on (GroupPolicy 4001).
    PolicyBegin,
    /// Policy was applied to a user who logs on (GroupPolicy 8001).
    PolicyEnd,
    /// A profile disk came online (VHDMP 1).
    DiskAttached,
    /// A profile disk went offline (VHDMP 2).
    DiskDetached,
    /// A session's close did not complete, by this witness's own word (LocalSessionManager 45).
    IncompleteClose,
    /// Something on the way works badly, without naming a user's failure (SMB time-outs, no domain controller).
    Symptom,
    /// A component changed; the facts stand in a [`crate::model::ChangeRecord`] beside the event.
    Change,
    /// The host started (Kernel-General 12).
    Boot,
    /// The host stopped, or was told to (Kernel-General 13, User32 1074).
    Shutdown,
    /// A service started or stopped (Service Control Manager 7036).
    ServiceState,
    /// Worth keeping, and none of the above.
    Other,
}

/// Whose fault a failure is, as far as its code tells.
///
/// A wrong password is the user's; only infrastructure and unclear ones belong in a service's failure rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The account or what was typed.
    User,
    /// A rule forbids it.
    Policy,
    /// The service, the host or the network.
    Infrastructure,
    /// The code does not tell.
    Unclear,
}
