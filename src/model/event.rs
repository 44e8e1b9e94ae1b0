//! One normalized event: the same for every way in which a record can be exported.

use super::{Action, Fault, Name, Provenance, Severity, Timestamp, Trust};

/// One record, understood. Public names of the fields are in [`super::field`].
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When it happened, by the clock of its host.
    pub at: Timestamp,
    /// How the instant is known (a local time without zone is `Derived` or `Guessed`).
    pub time_trust: Trust,
    /// When it began, where `at` is the end of something that lasted (IIS stamps the end of a request).
    pub duration_ms: Option<f64>,
    /// Where it stands in the input.
    pub provenance: Provenance,
    /// The host, in the form of [`super::identity::canonical_host`].
    pub host: Option<Name>,
    /// How the host is known: stated in the record, or guessed from a file or folder name.
    pub host_trust: Trust,
    /// The kind of log: `windows`, `fslogix.profile`, `iis.access`, `log4net`, ...
    pub dataset: Name,
    /// The provider of a Windows event, or the logger of an application.
    pub provider: Option<Name>,
    /// The event id of a Windows event, or the status of a request.
    pub code: Option<u32>,
    /// The channel of a Windows event.
    pub channel: Option<Name>,
    /// How grave it is by its own word.
    pub severity: Severity,
    /// What it means.
    pub action: Action,
    /// The account, in the form of [`super::identity::canonical_user`].
    pub user: Option<Name>,
    /// The account's security identifier.
    pub user_sid: Option<Name>,
    /// The Windows session number; reused after a logoff.
    pub session_id: Option<u32>,
    /// The logon session, unique until the host restarts.
    pub logon_id: Option<u64>,
    /// The id that joins the records of one connection (`ActivityID`, request id, `pid.tid` of a text log).
    pub activity_id: Option<Name>,
    /// The client's address, without port.
    pub client: Option<Name>,
    /// The signature of a failure or symptom: an id of the catalog, or `other-<provider>-<code>`.
    pub signature: Option<Name>,
    /// Whose fault, for failures.
    pub fault: Option<Fault>,
    /// The error code as it stands in the record.
    pub error_code: Option<Name>,
    /// The version of a component that the record itself names, as `component version`.
    pub component_version: Option<(Name, Name)>,
    /// The text, for records that have one.
    pub message: Option<Name>,
    /// Further data fields worth keeping, by their own names, in the order of the record.
    pub data: Vec<(Name, Name)>,
}
