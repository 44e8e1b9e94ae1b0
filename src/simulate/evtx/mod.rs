//! Writes event logs in the binary format of Windows.
//!
//! Invariant: shares nothing with the reader, so that a misunderstanding of the format cannot agree with
//! itself. Two other implementations read the files back in the tests.

mod chunk;
mod template;
mod value;

use crate::model::Timestamp;
use chunk::{CHUNK_SIZE, Chunk};
pub(super) use template::{Provider, Shape};
pub(super) use value::{Sid, Value};

const FILE_HEADER_SIZE: usize = 4_096;
/// The value type of nested binary XML.
const BINARY_XML: u8 = 0x21;

/// One event before it gets its place in a log.
#[derive(Clone, Debug)]
pub(super) struct Record<'a> {
    /// Who logs it.
    pub(super) provider: &'a Provider,
    /// The channel that it is logged to.
    pub(super) channel: &'a str,
    /// The event id.
    pub(super) id: u16,
    /// High half of a classic event's id; `None` for events of a manifest.
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
    /// When.
    pub(super) at: Timestamp,
    /// The id that joins the events of one connection.
    pub(super) activity: Option<[u8; 16]>,
    /// Process and thread.
    pub(super) execution: (u32, u32),
    /// The account under which it was logged.
    pub(super) user: Option<Sid>,
    /// Layout of the data.
    pub(super) shape: Shape,
    /// The data.
    pub(super) values: &'a [Value],
}

/// A log file of one computer that grows by records.
#[derive(Debug)]
pub(super) struct EventLog {
    computer: String,
    chunks: Vec<u8>,
    current: Chunk,
    n_chunks: u16,
    first_id: u64,
    next_id: u64,
    chunk_first_number: u64,
}

impl EventLog {
    /// An empty log of `computer`; its first record gets the number `first_id`.
    pub(super) fn new(computer: &str, first_id: u64) -> Self {
        Self {
            computer: computer.to_owned(),
            chunks: Vec::new(),
            current: Chunk::new(first_id),
            n_chunks: 0,
            first_id,
            next_id: first_id,
            chunk_first_number: 1,
        }
    }

    /// Appends one record. A record that fits into no chunk is cut to nothing; none of ours comes near.
    pub(super) fn push(&mut self, record: &Record<'_>) {
        let mark = self.current.mark();
        self.write(record);
        if !self.current.fits() && !mark.is_start() {
            self.current.rewind(&mark);
            self.turn_chunk();
            self.write(record);
        }
        self.next_id += 1;
    }

    /// Leaves numbers out, as a log does whose records were cleared or lost.
    pub(super) fn skip(&mut self, n_records: u64) {
        self.turn_chunk();
        self.next_id += n_records;
        self.current = Chunk::new(self.next_id);
    }

    /// Returns the file.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.turn_chunk();
        let mut file = vec![0; FILE_HEADER_SIZE];
        put(&mut file, 0, b"ElfFile\0");
        put(&mut file, 16, &u64::from(self.n_chunks.saturating_sub(1)).to_le_bytes());
        put(&mut file, 24, &self.next_id.to_le_bytes());
        put(&mut file, 32, &128_u32.to_le_bytes());
        put(&mut file, 36, &1_u16.to_le_bytes());
        put(&mut file, 38, &3_u16.to_le_bytes());
        put(&mut file, 40, &(FILE_HEADER_SIZE as u16).to_le_bytes());
        put(&mut file, 42, &self.n_chunks.to_le_bytes());
        let checksum = crc32fast::hash(file.get(..120).unwrap_or(&[]));
        put(&mut file, 124, &checksum.to_le_bytes());
        file.append(&mut self.chunks);
        file
    }

    fn turn_chunk(&mut self) {
        if self.current.is_empty() {
            return;
        }
        let full = std::mem::replace(&mut self.current, Chunk::new(self.next_id));
        self.chunks.extend(full.finish(self.chunk_first_number));
        self.n_chunks += 1;
        self.chunk_first_number = self.next_id - self.first_id + 1;
        debug_assert_eq!(self.chunks.len() % CHUNK_SIZE, 0);
    }

    fn write(&mut self, record: &Record<'_>) {
        let chunk = &mut self.current;
        let start = chunk.position();
        chunk.bytes(b"\x2a\x2a\0\0");
        chunk.bytes(&[0; 4]);
        chunk.bytes(&self.next_id.to_le_bytes());
        chunk.bytes(&record.at.to_filetime().to_le_bytes());
        chunk.bytes(&[0x0f, 1, 1, 0]);

        let in_user_data = matches!(record.shape, Shape::User(..));
        let outer = Fingerprint::new(&[record.provider.source, &self.computer, if in_user_data { "user" } else { "" }]);
        let outer = outer.guid();
        chunk.instance(outer, |chunk| template::write_outer(chunk, record.provider, &self.computer, in_user_data));
        let system = system_values(record, self.next_id);
        let data_size_at = write_values(chunk, &system, true);

        let data_at = chunk.position();
        let types: Vec<u8> = record.values.iter().map(Value::type_byte).collect();
        chunk.instance(data_template(record, &types), |chunk| template::write_data(chunk, record.shape, &types));
        write_values(chunk, record.values, false);
        chunk.bytes(&[0x00]);
        let data_size = (chunk.position() - data_at) as u16;
        chunk.write_at(data_size_at, &data_size.to_le_bytes());

        chunk.bytes(&[0x00]);
        while !(chunk.position() - start + 4).is_multiple_of(8) {
            chunk.bytes(&[0x00]);
        }
        let size = (chunk.position() - start + 4) as u32;
        chunk.bytes(&size.to_le_bytes());
        chunk.write_at(start + 4, &size.to_le_bytes());
        chunk.end_record(self.next_id, start);
    }
}

fn system_values(record: &Record<'_>, id: u64) -> Vec<Value> {
    let provider_in_values = record.provider.source.is_empty();
    vec![
        Value::U8(record.level),
        Value::U8(record.opcode),
        Value::U16(record.task),
        Value::U16(record.id),
        record.qualifiers.map_or(Value::Null, Value::U16),
        Value::Hex64(record.keywords),
        Value::Time(record.at),
        record.activity.map_or(Value::Null, Value::Guid),
        Value::U32(record.execution.0),
        Value::U32(record.execution.1),
        Value::U64(id),
        Value::U8(record.version),
        record.user.clone().map_or(Value::Null, Value::Sid),
        Value::Null,
        if provider_in_values { Value::from(record.provider.name) } else { Value::Null },
        parse_guid(record.provider.guid).filter(|_| provider_in_values).map_or(Value::Null, Value::Guid),
        Value::from(record.channel),
    ]
}

/// Writes descriptors and values, and with `nested` the descriptor of data that will follow; returns where
/// the size of those goes.
fn write_values(chunk: &mut Chunk, values: &[Value], nested: bool) -> usize {
    let mut content = Vec::with_capacity(256);
    chunk.bytes(&(values.len() as u32 + u32::from(nested)).to_le_bytes());
    for value in values {
        let before = content.len();
        value.write(&mut content);
        let [low, high] = ((content.len() - before) as u16).to_le_bytes();
        chunk.bytes(&[low, high, value.type_byte(), 0]);
    }
    let nested_at = chunk.position();
    if nested {
        chunk.bytes(&[0, 0, BINARY_XML, 0]);
    }
    chunk.bytes(&content);
    nested_at
}

/// Makes a GUID that stands for a template out of what the template says: twice FNV-1a with 64 bits.
struct Fingerprint([u64; 2]);

impl Fingerprint {
    fn new(texts: &[&str]) -> Self {
        let mut made = Self([0xcbf2_9ce4_8422_2325, 0x9ae1_6a3b_2f90_404f]);
        for text in texts {
            made.add(text.as_bytes());
        }
        made
    }

    fn add(&mut self, bytes: &[u8]) {
        for half in &mut self.0 {
            // The end of each text counts, so that moving a letter to the next text makes a difference.
            *half = bytes
                .iter()
                .chain(&[0xff])
                .fold(*half, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        }
    }

    fn guid(&self) -> [u8; 16] {
        let mut guid = [0; 16];
        guid[..8].copy_from_slice(&self.0[0].to_le_bytes());
        guid[8..].copy_from_slice(&self.0[1].to_le_bytes());
        guid
    }
}

/// The template of a record's data: one for each event and set of types.
fn data_template(record: &Record<'_>, types: &[u8]) -> [u8; 16] {
    let mut made = Fingerprint::new(&[record.provider.name]);
    made.add(&record.id.to_le_bytes());
    made.add(types);
    match record.shape {
        Shape::Classic => made.add(b"classic"),
        Shape::Named(names) => names.iter().for_each(|name| made.add(name.as_bytes())),
        Shape::User(element, namespace, names) => {
            [element, namespace].iter().chain(names).for_each(|name| made.add(name.as_bytes()));
        }
    }
    made.guid()
}

/// Reads `555908d1-a6d7-...` into the order of bytes on disk: three numbers little-endian, then bytes.
pub(super) fn parse_guid(text: &str) -> Option<[u8; 16]> {
    let digits: String = text.chars().filter(|&c| c != '-').collect();
    let mut bytes = u128::from_str_radix(&digits, 16).ok()?.to_be_bytes();
    bytes[0..4].reverse();
    bytes[4..6].reverse();
    bytes[6..8].reverse();
    Some(bytes)
}

fn put(file: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = file.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}
