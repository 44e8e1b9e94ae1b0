//! The records of one chunk as a table: a row of fixed width a record, texts as numbers of a
//! dictionary, the values of data one behind the other.
//!
//! Text values are UTF-8; all others stay as the record holds them and become text when somebody
//! asks for the record. So nothing is allocated for a record while it is read, and what nobody looks
//! at is never written out.

use super::Defect;
use super::dictionary::{Code, Dictionary, Texts};
use super::projection::field;
use super::utf16;
use super::values::{self, kind};
use crate::model::{Name, Position, Timestamp};
use crate::read::{Body, Datum, Record, WindowsRecord};

/// The `System` part of one record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Row {
    /// The fields that are whole numbers, in the order of [`super::projection::SYSTEM_FIELDS`].
    pub(super) numbers: [u64; field::N_NUMBERS],
    /// Which of them are there: one bit each.
    pub(super) has_number: u16,
    pub(super) is_recovered: bool,
    pub(super) event_id: u32,
    pub(super) time: Option<Timestamp>,
    pub(super) activity_id: Activity,
    pub(super) provider: Code,
    pub(super) channel: Code,
    pub(super) computer: Code,
    pub(super) user_sid: Code,
    /// The id in the record's header.
    pub(super) header_id: u64,
    /// Its first cell; the last is the one before the next row's first.
    pub(super) first_cell: u32,
}

/// An activity id: a GUID, or what stands in the place of one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Activity {
    None,
    Guid([u8; 16]),
    Text(Code),
}

/// One data value.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cell {
    name: Code,
    holds: Holds,
    start: u32,
    len: u32,
}

/// What the bytes of a cell are.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Holds {
    /// There is no value.
    Null,
    /// Text in UTF-8.
    Text,
    /// The rendered message of the record, which is no data value: text in UTF-8.
    Message,
    /// A value of this type, as the record holds it.
    Value(u8),
    /// The same of at most eight bytes, which stand in the cell itself.
    Short {
        /// The type.
        kind: u8,
        /// How many bytes.
        len: u8,
    },
}

impl Row {
    /// A record of which nothing is known.
    pub(super) const EMPTY: Self = Self {
        numbers: [0; field::N_NUMBERS],
        has_number: 0,
        is_recovered: false,
        event_id: 0,
        time: None,
        activity_id: Activity::None,
        provider: Code::NONE,
        channel: Code::NONE,
        computer: Code::NONE,
        user_sid: Code::NONE,
        header_id: 0,
        first_cell: 0,
    };

    /// Sets a field that is a whole number.
    #[inline]
    pub(super) fn set(&mut self, field: usize, number: u64) {
        self.numbers[field] = number;
        self.has_number |= 1 << field;
    }

    /// Returns a field that is a whole number.
    pub(super) fn number(&self, field: usize) -> Option<u64> {
        (self.has_number >> field & 1 == 1).then(|| self.numbers[field])
    }

    /// The same as the narrower type of its field; a number that does not fit is left out.
    fn narrow<N: TryFrom<u64>>(&self, field: usize) -> Option<N> {
        self.number(field).and_then(|number| N::try_from(number).ok())
    }
}

/// The wanted records of one chunk.
#[derive(Debug, Default)]
pub struct Batch {
    texts: Texts,
    rows: Vec<Row>,
    cells: Vec<Cell>,
    /// Values, up to `n_bytes`; what lies behind is room.
    bytes: Vec<u8>,
    n_bytes: usize,
}

/// How far a batch was filled: rows, cells, bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark(usize, usize, usize);

impl Batch {
    /// How many records there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many data values there are in all records.
    pub fn n_values(&self) -> usize {
        self.cells.len()
    }

    /// Bytes that the table takes.
    pub fn n_bytes(&self) -> usize {
        size_of::<Row>() * self.rows.len() + size_of::<Cell>() * self.cells.len() + self.n_bytes
    }

    /// Returns the records, each with its values as text.
    pub fn records(&self) -> impl Iterator<Item = Record<'static>> {
        let ends = self.rows.iter().skip(1).map(|row| row.first_cell as usize).chain([self.cells.len()]);
        self.rows.iter().zip(ends).map(|(row, end)| {
            let record = self.record(row, &self.cells[row.first_cell as usize..end]);
            let position = Position::Record(row.number(field::RECORD_ID).unwrap_or(row.header_id));
            Record { position, body: Body::Windows(Box::new(record)) }
        })
    }

    fn record(&self, row: &Row, cells: &[Cell]) -> WindowsRecord {
        let mut buffer = String::new();
        let is_message = |cell: &&Cell| cell.holds == Holds::Message;
        let message = cells.iter().find(is_message).and_then(|cell| self.value(*cell, &mut buffer));
        let data = cells.iter().filter(|cell| !is_message(cell));
        let data = data.map(|cell| Datum { name: self.texts.get(cell.name), value: self.value(*cell, &mut buffer) });
        let data = data.collect();
        let activity_id = match row.activity_id {
            Activity::None => None,
            Activity::Text(code) => self.texts.get(code),
            Activity::Guid(bytes) => Some(written(kind::GUID, &bytes, &mut buffer)),
        };
        WindowsRecord {
            provider: self.texts.get(row.provider),
            event_id: row.event_id,
            qualifiers: row.narrow(field::QUALIFIERS),
            version: row.narrow(field::VERSION),
            level: row.narrow(field::LEVEL),
            task: row.narrow(field::TASK),
            opcode: row.narrow(field::OPCODE),
            keywords: row.number(field::KEYWORDS),
            time: row.time,
            record_id: row.number(field::RECORD_ID),
            activity_id,
            process_id: row.narrow(field::PROCESS_ID),
            thread_id: row.narrow(field::THREAD_ID),
            channel: self.texts.get(row.channel),
            computer: self.texts.get(row.computer),
            user_sid: self.texts.get(row.user_sid),
            data,
            message,
            is_recovered: row.is_recovered,
        }
    }

    fn value(&self, cell: Cell, buffer: &mut String) -> Option<Name> {
        if let Holds::Short { kind, len } = cell.holds {
            let bytes = (u64::from(cell.start) | u64::from(cell.len) << 32).to_le_bytes();
            return Some(written(kind, &bytes[..usize::from(len)], buffer));
        }
        let bytes = &self.bytes[cell.start as usize..][..cell.len as usize];
        match cell.holds {
            Holds::Null | Holds::Short { .. } => None,
            Holds::Text | Holds::Message => Some(Name::from(String::from_utf8_lossy(bytes))),
            Holds::Value(kind) => Some(written(kind, bytes, buffer)),
        }
    }

    /// Forgets the records, keeps the memory.
    pub(super) fn clear(&mut self) {
        self.texts = Texts::default();
        self.rows.clear();
        self.cells.clear();
        self.n_bytes = 0;
    }

    /// Keeps the texts to which the numbers of its records refer.
    pub(super) fn seal(&mut self, dictionary: &Dictionary) {
        self.texts = dictionary.texts();
    }

    /// How far it is filled now.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.rows.len(), self.cells.len(), self.n_bytes)
    }

    /// Takes back what was added since.
    pub(super) fn back_to(&mut self, Mark(n_rows, n_cells, n_bytes): Mark) {
        self.rows.truncate(n_rows);
        self.cells.truncate(n_cells);
        self.n_bytes = n_bytes;
    }

    /// Begins a record.
    #[inline]
    pub(super) fn push_row(&mut self, mut row: Row, header_id: u64, is_recovered: bool) {
        row.header_id = header_id;
        row.first_cell = self.cells.len() as u32;
        row.is_recovered = is_recovered;
        self.rows.push(row);
    }

    /// Adds the rendered message of the record.
    pub(super) fn push_message(&mut self, message: &str) {
        self.push_bytes(Code::NONE, Holds::Message, message.as_bytes());
    }

    /// Adds a data value that is null.
    pub(super) fn push_null(&mut self, name: Code) {
        self.cells.push(Cell { name, holds: Holds::Null, start: 0, len: 0 });
    }

    /// Adds a data value that is UTF-16, as UTF-8.
    #[inline]
    pub(super) fn push_utf16(&mut self, name: Code, bytes: &[u8]) -> Result<(), Defect> {
        let start = self.n_bytes;
        let room = self.room(utf16::most_utf8(bytes));
        let len = utf16::write(bytes, room)?;
        self.n_bytes += len;
        self.cells.push(Cell { name, holds: Holds::Text, start: start as u32, len: len as u32 });
        Ok(())
    }

    /// Adds a data value that is not null.
    pub(super) fn push_value(&mut self, name: Code, kind: u8, bytes: &[u8]) -> Result<(), Defect> {
        if kind == kind::STRING {
            return self.push_utf16(name, bytes);
        }
        if !values::is_short(kind, bytes.len()) {
            values::check(kind, bytes)?;
        }
        match values::short(bytes) {
            Some(short) => {
                let holds = Holds::Short { kind, len: bytes.len() as u8 };
                self.cells.push(Cell { name, holds, start: short as u32, len: (short >> 32) as u32 });
            }
            None => self.push_bytes(name, Holds::Value(kind), bytes),
        }
        Ok(())
    }

    /// Adds a text.
    pub(super) fn push_text(&mut self, name: Code, text: &str) {
        self.push_bytes(name, Holds::Text, text.as_bytes());
    }

    fn push_bytes(&mut self, name: Code, holds: Holds, bytes: &[u8]) {
        let start = self.n_bytes;
        self.room(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.n_bytes += bytes.len();
        self.cells.push(Cell { name, holds, start: start as u32, len: bytes.len() as u32 });
    }

    /// Room for so many bytes at least, behind the values.
    #[inline]
    fn room(&mut self, n_bytes: usize) -> &mut [u8] {
        if self.bytes.len() - self.n_bytes < n_bytes {
            self.bytes.resize((self.n_bytes + n_bytes).next_power_of_two().max(1 << 16), 0);
        }
        &mut self.bytes[self.n_bytes..]
    }
}

/// The text of a value; that it has one was checked when it was read.
fn written(kind: u8, bytes: &[u8], buffer: &mut String) -> Name {
    buffer.clear();
    let outcome = values::write(kind, bytes, buffer);
    debug_assert!(outcome.is_ok(), "a value of a table has a text");
    Name::from(buffer.as_str())
}
