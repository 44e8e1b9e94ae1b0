//! The public names of fields: Elastic Common Schema where it has one. The only place they are spelt.

/// When the event happened.
pub const TIMESTAMP: &str = "@timestamp";
/// The kind of log.
pub const DATASET: &str = "event.dataset";
/// The source of a Windows event.
pub const PROVIDER: &str = "event.provider";
/// The event id.
pub const CODE: &str = "event.code";
/// What the event means.
pub const ACTION: &str = "event.action";
/// `success` or `failure`.
pub const OUTCOME: &str = "event.outcome";
/// Severity on OpenTelemetry's scale.
pub const SEVERITY: &str = "event.severity";
/// Nanoseconds that the event lasted.
pub const DURATION: &str = "event.duration";
/// The channel of a Windows event.
pub const CHANNEL: &str = "winlog.channel";
/// The number that a record carries.
pub const RECORD_ID: &str = "winlog.record_id";
/// The id that joins the records of one connection.
pub const ACTIVITY_ID: &str = "winlog.activity_id";
/// Data fields of a Windows event.
pub const EVENT_DATA: &str = "winlog.event_data";
/// The host.
pub const HOST_NAME: &str = "host.name";
/// The account.
pub const USER_NAME: &str = "user.name";
/// The account's security identifier.
pub const USER_ID: &str = "user.id";
/// The client's address.
pub const SOURCE_IP: &str = "source.ip";
/// The error code.
pub const ERROR_CODE: &str = "error.code";
/// The failure signature.
pub const RULE_ID: &str = "rule.id";
/// The text.
pub const MESSAGE: &str = "message";
/// The file.
pub const FILE_PATH: &str = "log.file.path";
/// The component's name.
pub const SERVICE_NAME: &str = "service.name";
/// The component's version.
pub const SERVICE_VERSION: &str = "service.version";
