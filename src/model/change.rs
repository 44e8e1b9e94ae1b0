//! One statement that a component changed, before statements are joined into changes.

use super::{Name, Provenance, Timestamp, Trust};

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// A component that was not there before.
    Install,
    /// A component in another version.
    Update,
    /// A component that went away.
    Remove,
    /// Back to an earlier version.
    Rollback,
    /// A version that the host has already, or that a rollback had taken from it, once more.
    Redeploy,
    /// A setting, a policy, a certificate.
    Configuration,
    /// A restart of the operating system.
    Restart,
}

/// On which hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostScope {
    /// These, by canonical name.
    Hosts(Vec<Name>),
    /// All of them, by the record's own word or by an environment that means all.
    All,
    /// The record does not say.
    Unstated,
}

/// Who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Witness {
    /// The host's own log.
    Observed,
    /// A list that people or a deployment system keep.
    Stated,
}

/// One statement about one change.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeRecord {
    /// When it was done, by this witness.
    pub at: Timestamp,
    /// How the instant is known.
    pub time_trust: Trust,
    /// The component: product, KB title, service, `Operating system restart`.
    pub component: Name,
    /// The version, if one is named.
    pub version: Option<Name>,
    /// What was done.
    pub kind: ChangeKind,
    /// Where.
    pub scope: HostScope,
    /// Who says so.
    pub witness: Witness,
    /// Whether the component is in force only after a restart (installer status 3010, driver, service pack).
    pub needs_restart: bool,
    /// Free text of the record.
    pub note: Option<Name>,
    /// Where it stands in the input.
    pub provenance: Provenance,
}
