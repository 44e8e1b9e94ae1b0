//! The events of Windows that a session host logs: who logs them, where, and with which data.
//!
//! Ids, channels and field names are those of the providers' manifests and of Microsoft's
//! documentation; each file holds the events of one matter.

pub(super) mod disk;
pub(super) mod noise;
pub(super) mod session;
pub(super) mod trouble;
pub(super) mod upkeep;

use super::evtx::{Provider, Record, Shape, Sid, Value};
use crate::model::Timestamp;

/// A log of a host; one file each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Channel {
    Application,
    System,
    Security,
    SessionManager,
    ConnectionManager,
    ProfileService,
    Fslogix,
    Vhdmp,
    SmbClient,
    Tasks,
}

impl Channel {
    /// All, in the order in which the files are written.
    pub(super) const ALL: [Self; 10] = [
        Self::Application,
        Self::System,
        Self::Security,
        Self::SessionManager,
        Self::ConnectionManager,
        Self::ProfileService,
        Self::Fslogix,
        Self::Vhdmp,
        Self::SmbClient,
        Self::Tasks,
    ];

    /// The name that its records carry.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Application => "Application",
            Self::System => "System",
            Self::Security => "Security",
            Self::SessionManager => "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",
            Self::ConnectionManager => "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational",
            Self::ProfileService => "Microsoft-Windows-User Profile Service/Operational",
            Self::Fslogix => "Microsoft-FSLogix-Apps/Operational",
            Self::Vhdmp => "Microsoft-Windows-VHDMP-Operational",
            Self::SmbClient => "Microsoft-Windows-SmbClient/Connectivity",
            Self::Tasks => "Microsoft-Windows-TaskScheduler/Operational",
        }
    }

    /// The name of its file, as Windows names it: `%4` stands for the slash.
    pub(super) fn file_name(self) -> String {
        format!("{}.evtx", self.name().replace('/', "%4"))
    }
}

/// One kind of event.
#[derive(Debug)]
pub(super) struct Kind {
    /// The log that it goes to.
    pub(super) channel: Channel,
    /// Who logs it.
    pub(super) provider: &'static Provider,
    /// The event id.
    pub(super) id: u16,
    /// High half of the id of a classic event.
    pub(super) qualifiers: Option<u16>,
    /// Version of the event.
    pub(super) version: u8,
    /// 1 critical to 4 information; 0 for audits.
    pub(super) level: u8,
    /// The provider's task.
    pub(super) task: u16,
    /// The provider's opcode.
    pub(super) opcode: u8,
    /// The keywords.
    pub(super) keywords: u64,
    /// Layout of the data.
    pub(super) shape: Shape,
    /// Last part of the well-known account that logs it: 18 SYSTEM, 19 LOCAL SERVICE, 20 NETWORK SERVICE; 0 none.
    pub(super) account: u32,
}

const SYSTEM: u32 = 18;
const LOCAL_SERVICE: u32 = 19;
const NETWORK_SERVICE: u32 = 20;

impl Kind {
    /// An informational event of a manifest, logged by SYSTEM.
    const fn manifest(channel: Channel, provider: &'static Provider, id: u16, shape: Shape) -> Self {
        Self {
            channel,
            provider,
            id,
            qualifiers: None,
            version: 0,
            level: 4,
            task: 0,
            opcode: 0,
            keywords: 0x8000_0000_0000_0000,
            shape,
            account: SYSTEM,
        }
    }

    /// An informational event of a classic source.
    const fn classic(channel: Channel, provider: &'static Provider, id: u16) -> Self {
        Self {
            qualifiers: Some(0),
            keywords: 0x0080_0000_0000_0000,
            account: 0,
            ..Self::manifest(channel, provider, id, Shape::Classic)
        }
    }

    const fn level(mut self, level: u8) -> Self {
        self.level = level;
        self
    }

    const fn task(mut self, task: u16) -> Self {
        self.task = task;
        self
    }

    const fn qualifiers(mut self, qualifiers: u16) -> Self {
        self.qualifiers = Some(qualifiers);
        self
    }

    const fn keywords(mut self, keywords: u64) -> Self {
        self.keywords = keywords;
        self
    }

    const fn account(mut self, account: u32) -> Self {
        self.account = account;
        self
    }

    const fn opcode(mut self, opcode: u8) -> Self {
        self.opcode = opcode;
        self
    }
}

/// One event that happened, before clock errors and record numbers.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// When it really happened.
    pub(super) at: Timestamp,
    /// What kind.
    pub(super) kind: &'static Kind,
    /// Its data.
    pub(super) values: Vec<Value>,
    /// The connection that it belongs to.
    pub(super) activity: Option<[u8; 16]>,
}

impl Entry {
    /// An event that belongs to no connection.
    pub(super) fn new(at: Timestamp, kind: &'static Kind, values: Vec<Value>) -> Self {
        Self { at, kind, values, activity: None }
    }

    /// The record of it in a log whose clock shows `shown_at`.
    pub(super) fn record(&self, shown_at: Timestamp) -> Record<'_> {
        let kind = self.kind;
        // Windows reuses a small set of service processes; the numbers mean nothing to a reader.
        let process = 600 + 4 * u32::from(kind.id % 97);
        Record {
            provider: kind.provider,
            channel: kind.channel.name(),
            id: kind.id,
            qualifiers: kind.qualifiers,
            version: kind.version,
            level: kind.level,
            task: kind.task,
            opcode: kind.opcode,
            keywords: kind.keywords,
            at: shown_at,
            activity: self.activity,
            execution: if kind.qualifiers.is_some() && kind.account == 0 { (0, 0) } else { (process, process + 12) },
            user: (kind.account != 0).then(|| Sid::new(5, &[kind.account])),
            shape: kind.shape,
            values: &self.values,
        }
    }
}

/// The two substitutions of a classic event.
fn classic(strings: &[&str]) -> Vec<Value> {
    vec![Value::Texts(strings.iter().map(|&text| text.to_owned()).collect()), Value::Binary(Vec::new())]
}

/// Texts as values, one field each.
fn texts(fields: &[&str]) -> Vec<Value> {
    fields.iter().map(|&text| Value::from(text)).collect()
}

/// A provider that has a manifest.
const fn provider(name: &'static str, guid: &'static str) -> Provider {
    Provider { name, guid, source: "" }
}

/// A classic source that a provider's manifest took over.
const fn adopted(name: &'static str, guid: &'static str, source: &'static str) -> Provider {
    Provider { name, guid, source }
}
