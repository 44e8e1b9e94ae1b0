//! One reading of how busy a host was.

use super::{Name, Provenance, Timestamp, Trust};

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoadMetric {
    /// Sessions in use, count.
    ActiveSessions,
    /// Sessions disconnected and kept, count.
    InactiveSessions,
    /// Sessions in any state, count.
    TotalSessions,
    /// Processor time, percent of all processors.
    ProcessorTime,
    /// Free memory, megabytes.
    AvailableMemory,
    /// Requests waiting, count.
    QueueLength,
    /// Any other counter; its own name stands in `counter`.
    Other,
}

/// One reading of one counter on one host.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadSample {
    /// When it was read.
    pub at: Timestamp,
    /// How the instant is known.
    pub time_trust: Trust,
    /// The host, canonical; `None` where the counter covers several.
    pub host: Option<Name>,
    /// What was measured.
    pub metric: LoadMetric,
    /// The counter's own name, without host.
    pub counter: Name,
    /// The value, in the unit of the metric.
    pub value: f64,
    /// Where it stands in the input.
    pub provenance: Provenance,
}
