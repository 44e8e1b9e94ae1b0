//! One chunk of 64 KiB: records, and the names and templates they share.
//!
//! Layout after the libevtx format documentation (Joachim Metz, "Windows XML Event Log (EVTX)
//! format"): header of 128 bytes, 64 heads of name chains, 32 heads of template chains, records.

use std::collections::BTreeMap;

/// Bytes of a chunk.
pub(super) const CHUNK_SIZE: usize = 65_536;
const FIRST_RECORD_AT: usize = 512;
const NAME_TABLE_AT: usize = 128;
const N_NAME_CHAINS: u16 = 64;
const TEMPLATE_TABLE_AT: usize = 384;
const N_TEMPLATE_CHAINS: u8 = 32;

/// A chunk that grows by records.
#[derive(Clone, Debug)]
pub(super) struct Chunk {
    data: Vec<u8>,
    names: BTreeMap<String, u32>,
    templates: BTreeMap<[u8; 16], u32>,
    first_id: u64,
    last_id: u64,
    last_record_at: usize,
}

/// How far a chunk was before a record that may not fit.
pub(super) struct Mark {
    len: usize,
    tables: Vec<u8>,
}

impl Mark {
    /// Whether the chunk was empty; then a fresh one would not help.
    pub(super) fn is_start(&self) -> bool {
        self.len == FIRST_RECORD_AT
    }
}

impl Chunk {
    /// An empty chunk whose first record will be `first_id`.
    pub(super) fn new(first_id: u64) -> Self {
        Self {
            data: vec![0; FIRST_RECORD_AT],
            names: BTreeMap::new(),
            templates: BTreeMap::new(),
            first_id,
            last_id: first_id,
            last_record_at: FIRST_RECORD_AT,
        }
    }

    /// Whether it holds no record.
    pub(super) fn is_empty(&self) -> bool {
        self.data.len() == FIRST_RECORD_AT
    }

    /// Where the next byte goes, from the start of the chunk.
    pub(super) fn position(&self) -> usize {
        self.data.len()
    }

    /// Whether everything so far fits into a chunk.
    pub(super) fn fits(&self) -> bool {
        self.data.len() <= CHUNK_SIZE
    }

    /// Remembers the state, for `rewind`.
    pub(super) fn mark(&self) -> Mark {
        let tables = self.data.get(NAME_TABLE_AT..FIRST_RECORD_AT).unwrap_or(&[]).to_vec();
        Mark { len: self.data.len(), tables }
    }

    /// Takes back everything since `mark`.
    pub(super) fn rewind(&mut self, mark: &Mark) {
        self.data.truncate(mark.len);
        self.write_at(NAME_TABLE_AT, &mark.tables);
        self.names.retain(|_, at| (*at as usize) < mark.len);
        self.templates.retain(|_, at| (*at as usize) < mark.len);
    }

    /// Notes that the record that begins at `at` is complete.
    pub(super) fn end_record(&mut self, id: u64, at: usize) {
        self.last_id = id;
        self.last_record_at = at;
    }

    /// Appends bytes.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.data.extend_from_slice(bytes);
    }

    /// Leaves room for a 32-bit size and returns where.
    pub(super) fn reserve_size(&mut self) -> usize {
        let at = self.data.len();
        self.bytes(&[0; 4]);
        at
    }

    /// Fills in the number of bytes written since the size at `at`.
    pub(super) fn patch_size(&mut self, at: usize) {
        let size = (self.data.len() - at - 4) as u32;
        self.write_at(at, &size.to_le_bytes());
    }

    /// Overwrites bytes at `at`.
    pub(super) fn write_at(&mut self, at: usize, bytes: &[u8]) {
        if let Some(place) = self.data.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }

    /// Refers to a name; the first time, the name itself follows the reference and joins its chain.
    pub(super) fn name(&mut self, name: &str) {
        if let Some(&at) = self.names.get(name) {
            self.bytes(&at.to_le_bytes());
            return;
        }
        let at = (self.data.len() + 4) as u32;
        let hash = name_hash(name);
        let head = NAME_TABLE_AT + 4 * usize::from(hash % N_NAME_CHAINS);
        let next = self.swap_head(head, at);
        let units: Vec<u16> = name.encode_utf16().collect();
        self.bytes(&at.to_le_bytes());
        self.bytes(&next);
        self.bytes(&hash.to_le_bytes());
        self.bytes(&(units.len() as u16).to_le_bytes());
        self.bytes(&units.into_iter().chain([0]).flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
        self.names.insert(name.to_owned(), at);
    }

    /// Begins an instance of the template `guid`; the first time, `define` writes its definition.
    pub(super) fn instance(&mut self, guid: [u8; 16], define: impl FnOnce(&mut Self)) {
        self.bytes(&[0x0c, 0x01]);
        let [a, b, c, d, ..] = guid;
        self.bytes(&[a, b, c, d]);
        if let Some(&at) = self.templates.get(&guid) {
            self.bytes(&at.to_le_bytes());
            return;
        }
        let at = (self.data.len() + 4) as u32;
        let chain = guid.iter().fold(0, |sum: u8, byte| sum ^ byte) % N_TEMPLATE_CHAINS;
        let next = self.swap_head(TEMPLATE_TABLE_AT + 4 * usize::from(chain), at);
        self.bytes(&at.to_le_bytes());
        self.bytes(&next);
        self.bytes(&guid);
        let size_at = self.reserve_size();
        self.templates.insert(guid, at);
        define(self);
        self.patch_size(size_at);
    }

    fn swap_head(&mut self, head: usize, at: u32) -> [u8; 4] {
        let mut next = [0; 4];
        if let Some(old) = self.data.get(head..head + 4) {
            next.copy_from_slice(old);
        }
        self.write_at(head, &at.to_le_bytes());
        next
    }

    /// Returns the chunk as it stands in a file, with both checksums; `first_number` is the number of its
    /// first record within the file, from 1.
    pub(super) fn finish(mut self, first_number: u64) -> Vec<u8> {
        let end = self.data.len();
        let n_records = self.last_id - self.first_id;
        self.write_at(0, b"ElfChnk\0");
        self.write_at(8, &first_number.to_le_bytes());
        self.write_at(16, &(first_number + n_records).to_le_bytes());
        self.write_at(24, &self.first_id.to_le_bytes());
        self.write_at(32, &self.last_id.to_le_bytes());
        self.write_at(40, &128_u32.to_le_bytes());
        self.write_at(44, &(self.last_record_at as u32).to_le_bytes());
        self.write_at(48, &(end as u32).to_le_bytes());
        let records = crc32fast::hash(self.data.get(FIRST_RECORD_AT..).unwrap_or(&[]));
        self.write_at(52, &records.to_le_bytes());
        let mut header = crc32fast::Hasher::new();
        header.update(self.data.get(..120).unwrap_or(&[]));
        header.update(self.data.get(128..FIRST_RECORD_AT).unwrap_or(&[]));
        self.write_at(124, &header.finalize().to_le_bytes());
        self.data.resize(CHUNK_SIZE, 0);
        self.data
    }
}

/// The hash by which Windows finds a name in the table of a chunk.
fn name_hash(name: &str) -> u16 {
    name.encode_utf16().fold(0_u32, |hash, unit| hash.wrapping_mul(65_599).wrapping_add(u32::from(unit))) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_hash_as_in_real_files() {
        // The values stand in the chunks of any log that Windows wrote.
        assert_eq!(name_hash("Event"), 0x0cba);
        assert_eq!(name_hash("System"), 0x546f);
        assert_eq!(name_hash("EventData"), 0x8244);
    }

    #[test]
    fn a_record_that_does_not_fit_leaves_no_trace() {
        let mut chunk = Chunk::new(1);
        chunk.name("Event");
        let before = chunk.clone().finish(1);
        let mark = chunk.mark();
        chunk.name("System");
        chunk.instance([7; 16], |chunk| chunk.name("EventData"));
        chunk.rewind(&mark);
        assert_eq!(chunk.finish(1), before);
    }
}
