//! One entry of a source, not yet understood.

use std::borrow::Cow;
use std::sync::Arc;

use super::object::Object;
use crate::model::{Name, Position, Timestamp};

/// One entry and its place. Its texts are borrowed from the block of the source that was read last.
#[derive(Clone, Debug, PartialEq)]
pub struct Record<'t> {
    /// The place within its source.
    pub position: Position,
    /// What stands there.
    pub body: Body<'t>,
}

impl Record<'_> {
    /// Returns its line with the lines that continue it, if it is a record of lines.
    pub fn text(&self) -> Option<&str> {
        match &self.body {
            Body::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the record with texts of its own, so that it can be kept.
    pub fn into_owned(self) -> Record<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        let body = match self.body {
            Body::Windows(windows) => Body::Windows(windows),
            Body::Json(object) => Body::Json(object.into_owned()),
            Body::Row(Row { header, cells, directives }) => {
                Body::Row(Row { header, cells: cells.into_iter().map(own).collect(), directives })
            }
            Body::Text(text) => Body::Text(own(text)),
            Body::Document(text) => Body::Document(text),
        };
        Record { position: self.position, body }
    }
}

/// The shapes in which containers hold entries.
#[derive(Clone, Debug, PartialEq)]
pub enum Body<'t> {
    /// A Windows event, from EVTX or event XML.
    Windows(Box<WindowsRecord>),
    /// One JSON object: a line of JSON lines, or an element of an array that is the whole file.
    Json(Object<'t>),
    /// One row of a table with a header: CSV, TSV, W3C, PDH-CSV.
    Row(Row<'t>),
    /// One line with its continuation lines, joined by `\n`, without the final line break.
    Text(Cow<'t, str>),
    /// A whole small file that is one document (YAML; bounded to 16 MiB).
    Document(String),
}

/// One row of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Row<'t> {
    /// The names of the columns as the file has them; W3C files may change them on the way.
    pub header: Arc<[String]>,
    /// The cells; may be fewer or more than the names.
    pub cells: Vec<Cow<'t, str>>,
    /// Directives in force (`#Date`, `#Software` of W3C), without `#`, by name.
    pub directives: Arc<[(String, String)]>,
}

/// The System part and the data of a Windows event, the same from every container.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct WindowsRecord {
    /// `Provider/@Name`; for classic events without it `Provider/@EventSourceName`.
    pub provider: Option<Name>,
    /// `EventID`, the low 16 bits.
    pub event_id: u32,
    /// `EventID/@Qualifiers`.
    pub qualifiers: Option<u32>,
    /// `Version`.
    pub version: Option<u8>,
    /// `Level`.
    pub level: Option<u8>,
    /// `Task`.
    pub task: Option<u16>,
    /// `Opcode`.
    pub opcode: Option<u8>,
    /// `Keywords`.
    pub keywords: Option<u64>,
    /// `TimeCreated/@SystemTime`: the payload's, never the record header's.
    pub time: Option<Timestamp>,
    /// `EventRecordID`: the payload's.
    pub record_id: Option<u64>,
    /// `Correlation/@ActivityID`, upper case with braces.
    pub activity_id: Option<Name>,
    /// `Execution/@ProcessID`.
    pub process_id: Option<u32>,
    /// `Execution/@ThreadID`.
    pub thread_id: Option<u32>,
    /// `Channel`.
    pub channel: Option<Name>,
    /// `Computer`.
    pub computer: Option<Name>,
    /// `Security/@UserID`.
    pub user_sid: Option<Name>,
    /// The leaves of `EventData` or `UserData`, in their order.
    pub data: Vec<Datum>,
    /// `RenderingInfo/Message`, where an export carries it.
    pub message: Option<Name>,
    /// Whether it stood in the slack of a binary log, behind its records: of a former use, and read on request only.
    pub is_recovered: bool,
}

/// One data value, as text in the form that Windows writes into event XML.
///
/// Numbers are decimal, `HexInt32` and `HexInt64` are `0x` with lower-case digits, GUIDs upper case
/// in braces, SIDs `S-1-…`, times RFC 3339 in UTC, binary upper-case hexadecimal, booleans `true` and
/// `false`. So the same event gives the same text from every container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datum {
    /// `Data/@Name` or the element's own name; `None` for the unnamed values of classic events.
    pub name: Option<Name>,
    /// The value; `None` where the record holds null, which is not the empty text.
    pub value: Option<Name>,
}

impl WindowsRecord {
    /// Returns the first data value of that name, compared without regard to case.
    pub fn datum(&self, name: &str) -> Option<&str> {
        self.data
            .iter()
            .find(|datum| datum.name.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name)))
            .and_then(|datum| datum.value.as_deref())
    }

    /// Returns the unnamed data value at `index`, counted from 0.
    pub fn unnamed(&self, index: usize) -> Option<&str> {
        self.data
            .iter()
            .filter(|datum| datum.name.as_deref().is_none_or(|own| own.eq_ignore_ascii_case("Data")))
            .nth(index)
            .and_then(|datum| datum.value.as_deref())
    }
}
