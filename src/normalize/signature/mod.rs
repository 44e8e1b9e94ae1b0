//! The catalog of failure signatures: which records and lines are which failure, as data.
//!
//! In: a Windows record with what the catalog of Windows signals found in it, or the message of a text
//! log. Out: [`Hit`], the id of the signature and whose fault the failure is.
//!
//! Invariant: a signature is decided by ids, codes and data where there are any, never by translated
//! text; what a message denies is no failure; the first fitting signature of the list wins, so the
//! particular ones stand before the general ones.
//!
//! # Adding a signature
//!
//! Write `catalog/<id>.toml` with at least one `[[match]]`, one `[[example]]` and one
//! `[[counter_example]]`, and add the file to `SIGNATURES`. The examples are its tests.

mod classify;
mod codes;
mod negation;
mod rule;

pub use classify::{Clue, Hit, Signatures};
pub use codes::{CodeTable, CodeWords, Codes};
pub use rule::{Example, Phase, Signature};

/// The files of the signatures, by name and text, in the order in which they are tried.
const SIGNATURES: &[(&str, &str)] = &[
    ("fslogix-profile-locked.toml", include_str!("catalog/fslogix-profile-locked.toml")),
    ("fslogix-share-unreachable.toml", include_str!("catalog/fslogix-share-unreachable.toml")),
    ("fslogix-access-denied.toml", include_str!("catalog/fslogix-access-denied.toml")),
    ("fslogix-profile-not-found.toml", include_str!("catalog/fslogix-profile-not-found.toml")),
    ("fslogix-disk-full.toml", include_str!("catalog/fslogix-disk-full.toml")),
    ("fslogix-profile-not-unloaded.toml", include_str!("catalog/fslogix-profile-not-unloaded.toml")),
    ("fslogix-attach-failed.toml", include_str!("catalog/fslogix-attach-failed.toml")),
    ("fslogix-load-failed.toml", include_str!("catalog/fslogix-load-failed.toml")),
    ("fslogix-error.toml", include_str!("catalog/fslogix-error.toml")),
    ("logon-wrong-password.toml", include_str!("catalog/logon-wrong-password.toml")),
    ("logon-unknown-user.toml", include_str!("catalog/logon-unknown-user.toml")),
    ("logon-account-restriction.toml", include_str!("catalog/logon-account-restriction.toml")),
    ("logon-hours.toml", include_str!("catalog/logon-hours.toml")),
    ("logon-password-expired.toml", include_str!("catalog/logon-password-expired.toml")),
    ("logon-account-disabled.toml", include_str!("catalog/logon-account-disabled.toml")),
    ("logon-account-locked.toml", include_str!("catalog/logon-account-locked.toml")),
    ("kerberos-client-revoked.toml", include_str!("catalog/kerberos-client-revoked.toml")),
    ("logon-type-not-granted.toml", include_str!("catalog/logon-type-not-granted.toml")),
    ("no-logon-server.toml", include_str!("catalog/no-logon-server.toml")),
    ("logon-server-wrong-state.toml", include_str!("catalog/logon-server-wrong-state.toml")),
    ("clock-skew.toml", include_str!("catalog/clock-skew.toml")),
    ("domain-trust-broken.toml", include_str!("catalog/domain-trust-broken.toml")),
    ("netlogon-not-running.toml", include_str!("catalog/netlogon-not-running.toml")),
    ("logon-internal-error.toml", include_str!("catalog/logon-internal-error.toml")),
    ("logon-authentication-firewall.toml", include_str!("catalog/logon-authentication-firewall.toml")),
    ("logon-resources-short.toml", include_str!("catalog/logon-resources-short.toml")),
    ("kerberos-unknown-service.toml", include_str!("catalog/kerberos-unknown-service.toml")),
    ("kerberos-encryption-type.toml", include_str!("catalog/kerberos-encryption-type.toml")),
    ("logon-refused.toml", include_str!("catalog/logon-refused.toml")),
    ("rdp-wrong-credentials.toml", include_str!("catalog/rdp-wrong-credentials.toml")),
    ("rdp-tls-no-common-algorithm.toml", include_str!("catalog/rdp-tls-no-common-algorithm.toml")),
    ("rdp-security-layer.toml", include_str!("catalog/rdp-security-layer.toml")),
    ("rdp-logon-failed.toml", include_str!("catalog/rdp-logon-failed.toml")),
    ("rdp-transport-error.toml", include_str!("catalog/rdp-transport-error.toml")),
    ("rdp-server-out-of-memory.toml", include_str!("catalog/rdp-server-out-of-memory.toml")),
    ("rdp-server-refused.toml", include_str!("catalog/rdp-server-refused.toml")),
    ("rdp-no-right.toml", include_str!("catalog/rdp-no-right.toml")),
    ("rdp-stored-credentials-refused.toml", include_str!("catalog/rdp-stored-credentials-refused.toml")),
    ("session-open-slow.toml", include_str!("catalog/session-open-slow.toml")),
    ("session-state-error.toml", include_str!("catalog/session-state-error.toml")),
    ("session-manager-trouble.toml", include_str!("catalog/session-manager-trouble.toml")),
    ("rds-licence-refused.toml", include_str!("catalog/rds-licence-refused.toml")),
    ("rds-licence-server.toml", include_str!("catalog/rds-licence-server.toml")),
    ("rds-user-settings-slow.toml", include_str!("catalog/rds-user-settings-slow.toml")),
    ("rds-connection-flood.toml", include_str!("catalog/rds-connection-flood.toml")),
    ("user-profile-disk-failed.toml", include_str!("catalog/user-profile-disk-failed.toml")),
    ("gateway-policy-refused.toml", include_str!("catalog/gateway-policy-refused.toml")),
    ("gateway-host-unreachable.toml", include_str!("catalog/gateway-host-unreachable.toml")),
    ("broker-redirection-failed.toml", include_str!("catalog/broker-redirection-failed.toml")),
    ("broker-farm-trouble.toml", include_str!("catalog/broker-farm-trouble.toml")),
    ("temporary-profile.toml", include_str!("catalog/temporary-profile.toml")),
    ("profile-load-failed.toml", include_str!("catalog/profile-load-failed.toml")),
    ("profile-hive-failed.toml", include_str!("catalog/profile-hive-failed.toml")),
    ("profile-notice-failed.toml", include_str!("catalog/profile-notice-failed.toml")),
    ("profile-disk-locked.toml", include_str!("catalog/profile-disk-locked.toml")),
    ("profile-disk-unreachable.toml", include_str!("catalog/profile-disk-unreachable.toml")),
    ("profile-disk-access-denied.toml", include_str!("catalog/profile-disk-access-denied.toml")),
    ("profile-disk-failed.toml", include_str!("catalog/profile-disk-failed.toml")),
    ("smb-server-unreachable.toml", include_str!("catalog/smb-server-unreachable.toml")),
    ("smb-connection-lost.toml", include_str!("catalog/smb-connection-lost.toml")),
    ("smb-request-timed-out.toml", include_str!("catalog/smb-request-timed-out.toml")),
    ("smb-access-refused.toml", include_str!("catalog/smb-access-refused.toml")),
    ("smb-server-slow.toml", include_str!("catalog/smb-server-slow.toml")),
    ("smb-server-resources.toml", include_str!("catalog/smb-server-resources.toml")),
    ("dc-unreachable.toml", include_str!("catalog/dc-unreachable.toml")),
    ("secure-channel-broken.toml", include_str!("catalog/secure-channel-broken.toml")),
    ("dc-authentication-queue.toml", include_str!("catalog/dc-authentication-queue.toml")),
    ("group-policy-failed.toml", include_str!("catalog/group-policy-failed.toml")),
    ("dns-own-domain.toml", include_str!("catalog/dns-own-domain.toml")),
    ("tls-no-common-cipher.toml", include_str!("catalog/tls-no-common-cipher.toml")),
    ("tls-certificate.toml", include_str!("catalog/tls-certificate.toml")),
    ("port-exhaustion.toml", include_str!("catalog/port-exhaustion.toml")),
    ("address-conflict.toml", include_str!("catalog/address-conflict.toml")),
    ("memory-exhausted.toml", include_str!("catalog/memory-exhausted.toml")),
    ("service-crashed.toml", include_str!("catalog/service-crashed.toml")),
    ("service-start-failed.toml", include_str!("catalog/service-start-failed.toml")),
    ("service-timeout.toml", include_str!("catalog/service-timeout.toml")),
    ("winlogon-subscriber.toml", include_str!("catalog/winlogon-subscriber.toml")),
    ("winlogon-ended.toml", include_str!("catalog/winlogon-ended.toml")),
    ("app-pool-disabled.toml", include_str!("catalog/app-pool-disabled.toml")),
    ("app-pool-worker.toml", include_str!("catalog/app-pool-worker.toml")),
    ("sql-database-unavailable.toml", include_str!("catalog/sql-database-unavailable.toml")),
    ("sql-login-refused.toml", include_str!("catalog/sql-login-refused.toml")),
    ("sql-login-failed.toml", include_str!("catalog/sql-login-failed.toml")),
    ("sql-integrated-login-failed.toml", include_str!("catalog/sql-integrated-login-failed.toml")),
    ("application-crash.toml", include_str!("catalog/application-crash.toml")),
    ("application-hang.toml", include_str!("catalog/application-hang.toml")),
    ("rdp-client-dropped.toml", include_str!("catalog/rdp-client-dropped.toml")),
    ("unclean-restart.toml", include_str!("catalog/unclean-restart.toml")),
    ("disk-trouble.toml", include_str!("catalog/disk-trouble.toml")),
    ("dcom-unreachable.toml", include_str!("catalog/dcom-unreachable.toml")),
    ("app-too-many-sessions.toml", include_str!("catalog/app-too-many-sessions.toml")),
    ("app-resources-exhausted.toml", include_str!("catalog/app-resources-exhausted.toml")),
    ("sql-time-out.toml", include_str!("catalog/sql-time-out.toml")),
    ("app-token-invalid.toml", include_str!("catalog/app-token-invalid.toml")),
    ("tls-handshake-failed.toml", include_str!("catalog/tls-handshake-failed.toml")),
    ("name-resolution-failed.toml", include_str!("catalog/name-resolution-failed.toml")),
    ("connection-refused.toml", include_str!("catalog/connection-refused.toml")),
    ("connection-reset.toml", include_str!("catalog/connection-reset.toml")),
    ("host-unreachable.toml", include_str!("catalog/host-unreachable.toml")),
    ("app-server-error.toml", include_str!("catalog/app-server-error.toml")),
    ("connection-timed-out.toml", include_str!("catalog/connection-timed-out.toml")),
    ("app-access-denied.toml", include_str!("catalog/app-access-denied.toml")),
    ("app-authentication-failed.toml", include_str!("catalog/app-authentication-failed.toml")),
];
