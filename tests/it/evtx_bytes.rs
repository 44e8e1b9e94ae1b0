//! Writes small EVTX files whose every value is known. Shares nothing with the reader.

use std::collections::BTreeMap;

const CHUNK_LEN: usize = 65_536;
/// An element of a definition that depends on nothing.
const NONE: Option<u16> = Some(0xffff);
/// 2022-08-22T06:00:00Z as a FILETIME.
pub(crate) const FIRST_FILETIME: u64 = 133_056_216_000_000_000;

/// A log of chunks that are full of logons and logoffs, in turn, one a second.
pub(crate) fn log(n_chunks: usize) -> Vec<u8> {
    let mut id = 1;
    let chunks: Vec<Vec<u8>> = (0..n_chunks)
        .map(|_| {
            let mut chunk = Chunk::new(id);
            while chunk.bytes.len() < CHUNK_LEN - 2_000 {
                chunk.record(id);
                id += 1;
            }
            chunk.finish(id - 1)
        })
        .collect();
    file(&chunks)
}

/// A file of these chunks.
pub(crate) fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
    let mut header = vec![0; 4_096];
    header[..8].copy_from_slice(b"ElfFile\0");
    header[16..24].copy_from_slice(&(chunks.len() as u64).saturating_sub(1).to_le_bytes());
    header[32..44].copy_from_slice(&[128, 0, 0, 0, 1, 0, 3, 0, 0, 16, chunks.len() as u8, 0]);
    let checksum = crc32fast::hash(&header[..120]);
    header[124..128].copy_from_slice(&checksum.to_le_bytes());
    chunks.iter().fold(header, |mut file, chunk| {
        file.extend(chunk);
        file
    })
}

/// Makes the header of a file say that it has so many chunks.
pub(crate) fn state_chunks(file: &mut [u8], n_chunks: u16) {
    file[42..44].copy_from_slice(&n_chunks.to_le_bytes());
    let checksum = crc32fast::hash(&file[..120]);
    file[124..128].copy_from_slice(&checksum.to_le_bytes());
}

/// Sets the checksum of a chunk's header.
pub(crate) fn seal_header(chunk: &mut [u8]) {
    let header = crc32fast::hash(&[&chunk[..120], &chunk[128..512]].concat());
    chunk[124..128].copy_from_slice(&header.to_le_bytes());
}

/// One value of a substitution array.
pub(crate) struct Value {
    kind: u8,
    bytes: Vec<u8>,
}

pub(crate) fn text(text: &str) -> Value {
    Value { kind: 1, bytes: text.encode_utf16().flat_map(u16::to_le_bytes).collect() }
}

/// A chunk that grows record by record.
pub(crate) struct Chunk {
    pub(crate) bytes: Vec<u8>,
    first_id: u64,
    names: BTreeMap<&'static str, u32>,
    definition: Option<u32>,
    last_record: usize,
}

impl Chunk {
    pub(crate) fn new(first_id: u64) -> Self {
        Self { bytes: vec![0; 512], first_id, names: BTreeMap::new(), definition: None, last_record: 512 }
    }

    /// Adds a logon or logoff of one of 40 users.
    pub(crate) fn record(&mut self, id: u64) {
        let number = |kind, bytes: &[u8]| Value { kind, bytes: bytes.to_vec() };
        let user = format!("user{:03}", id % 40);
        let event_id = if id.is_multiple_of(2) { 4634_u16 } else { 4624 };
        let time = FIRST_FILETIME + id * 10_000_000;
        let values = [
            number(0x06, &event_id.to_le_bytes()),
            number(0x11, &time.to_le_bytes()),
            number(0x0a, &id.to_le_bytes()),
            text("RDS01.example.com"),
            text(&user),
            number(0x00, &[]),
            number(
                0x81,
                &["a", "", "c"].map(|item| item.to_owned() + "\0").concat().encode_utf16().fold(
                    Vec::new(),
                    |mut bytes, unit| {
                        bytes.extend(unit.to_le_bytes());
                        bytes
                    },
                ),
            ),
            number(0x15, &(0x3e7 + id).to_le_bytes()),
            number(0x13, &[1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0]),
        ];
        self.instance(id, time, &values);
    }

    /// Adds a record that is an instance of the one template.
    pub(crate) fn instance(&mut self, id: u64, written: u64, values: &[Value]) {
        let start = self.begin_record(id, written);
        self.bytes.extend([0x0f, 1, 1, 0, 0x0c, 1, 0xd1, 0xd2, 0xd3, 0xd4]);
        match self.definition {
            Some(definition) => self.bytes.extend(definition.to_le_bytes()),
            None => self.definition = Some(self.template(Self::logon)),
        }
        self.bytes.extend((values.len() as u32).to_le_bytes());
        for value in values {
            self.bytes.extend((value.bytes.len() as u16).to_le_bytes());
            self.bytes.extend([value.kind, 0]);
        }
        for value in values {
            self.bytes.extend(&value.bytes);
        }
        self.bytes.push(0);
        self.end_record(start);
    }

    /// Adds a record that has no template: all of it is tokens.
    pub(crate) fn plain_record(&mut self, id: u64) {
        let start = self.begin_record(id, FIRST_FILETIME);
        self.bytes.extend([0x0f, 1, 1, 0]);
        self.element("Event", None, &[], |chunk| {
            chunk.element("System", None, &[], |chunk| {
                chunk.element("Provider", None, &[("Name", "Plain")], |_| {});
                chunk.element("EventID", None, &[("Qualifiers", "32768")], |chunk| chunk.inline("7001"));
                chunk.element("TimeCreated", None, &[("SystemTime", "2022-08-22T06:01:33.123456700Z")], |_| {});
            });
            chunk.element("EventData", None, &[], |chunk| {
                chunk.element("Data", None, &[("Name", "Reason")], |chunk| chunk.inline("it\u{e9}"));
            });
        });
        self.bytes.push(0);
        self.end_record(start);
    }

    /// Fills up, with ids and checksums in place.
    pub(crate) fn finish(mut self, last_id: u64) -> Vec<u8> {
        let free_at = self.bytes.len();
        self.bytes.resize(CHUNK_LEN, 0);
        let bytes = &mut self.bytes;
        bytes[..8].copy_from_slice(b"ElfChnk\0");
        for (at, id) in [(8, self.first_id), (16, last_id), (24, self.first_id), (32, last_id)] {
            bytes[at..at + 8].copy_from_slice(&id.to_le_bytes());
        }
        let data = crc32fast::hash(&bytes[512..free_at]);
        for (at, number) in [(40, 128), (44, self.last_record as u32), (48, free_at as u32), (52, data)] {
            bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
        }
        seal_header(bytes);
        self.bytes
    }

    fn begin_record(&mut self, id: u64, written: u64) -> usize {
        let start = self.bytes.len();
        self.last_record = start;
        self.bytes.extend(b"**\0\0\0\0\0\0");
        self.bytes.extend(id.to_le_bytes());
        self.bytes.extend(written.to_le_bytes());
        start
    }

    fn end_record(&mut self, start: usize) {
        while !(self.bytes.len() + 4).is_multiple_of(8) {
            self.bytes.push(0);
        }
        let len = (self.bytes.len() + 4 - start) as u32;
        self.bytes.extend(len.to_le_bytes());
        self.bytes[start + 4..start + 8].copy_from_slice(&len.to_le_bytes());
    }

    /// Adds a record whose template places its only value eight times, and whose value is such a
    /// record again, so many levels down.
    pub(crate) fn unfolding_record(&mut self, id: u64, n_levels: usize) {
        let start = self.begin_record(id, FIRST_FILETIME);
        self.bytes.extend([0x0f, 1, 1, 0, 0x0c, 1, 0xd1, 0xd2, 0xd3, 0xd4]);
        self.template(|chunk| {
            chunk.element("Event", NONE, &[], |chunk| {
                chunk.element("System", NONE, &[], |chunk| {
                    chunk.element("EventID", NONE, &[], |chunk| chunk.inline("1"));
                });
                chunk.element("EventData", NONE, &[], |chunk| chunk.substitution(1, 0x21));
            });
        });
        // The definition of the nested part stands in a value that nobody places.
        let mut part = vec![0x0c, 1, 0xd1, 0xd2, 0xd3, 0xd4];
        let table_at = self.bytes.len();
        self.bytes.extend([0; 4 + 2 * 4]);
        let value_at = self.bytes.len();
        let definition = self.template(|chunk| {
            chunk.element("Part", NONE, &[], |chunk| {
                chunk.element("Data", NONE, &[], |chunk| chunk.inline("x"));
                (0..8).for_each(|_| chunk.substitution(0, 0x21));
            });
        });
        part.extend(definition.to_le_bytes());
        let unplaced_len = self.bytes.len() - value_at;
        let mut fragment = Vec::new();
        for _ in 0..n_levels {
            let mut outer = part.clone();
            outer.extend(1_u32.to_le_bytes());
            outer.extend((fragment.len() as u16).to_le_bytes());
            outer.extend([0x21, 0]);
            outer.extend(fragment);
            fragment = outer;
        }
        let mut table = 2_u32.to_le_bytes().to_vec();
        table.extend([unplaced_len as u8, (unplaced_len >> 8) as u8, 0x0e, 0]);
        table.extend([fragment.len() as u8, (fragment.len() >> 8) as u8, 0x21, 0]);
        self.bytes[table_at..value_at].copy_from_slice(&table);
        self.bytes.extend(fragment);
        self.bytes.push(0);
        self.end_record(start);
    }

    /// Writes a definition behind a reference to it; returns its offset.
    fn template(&mut self, content: impl FnOnce(&mut Self)) -> u32 {
        let definition = self.bytes.len() as u32 + 4;
        self.bytes.extend(definition.to_le_bytes());
        self.bytes.extend([0; 4]);
        self.bytes.extend([0xd1, 0xd2, 0xd3, 0xd4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
        let size_at = self.bytes.len();
        self.bytes.extend([0; 4]);
        self.bytes.extend([0x0f, 1, 1, 0]);
        content(self);
        self.bytes.push(0);
        let size = (self.bytes.len() - size_at - 4) as u32;
        self.bytes[size_at..size_at + 4].copy_from_slice(&size.to_le_bytes());
        definition
    }

    fn logon(&mut self) {
        self.element("Event", NONE, &[], |chunk| {
            chunk.element("System", NONE, &[], |chunk| {
                chunk.element("Provider", NONE, &[("Name", "Synthetic-Security")], |_| {});
                chunk.element("EventID", NONE, &[], |chunk| chunk.substitution(0, 0x06));
                chunk.attribute_substitution("TimeCreated", "SystemTime", 1, 0x11);
                chunk.element("EventRecordID", NONE, &[], |chunk| chunk.substitution(2, 0x0a));
                chunk.element("Channel", NONE, &[], |chunk| chunk.inline("Security"));
                chunk.element("Computer", NONE, &[], |chunk| chunk.substitution(3, 0x01));
                chunk.attribute_substitution("Security", "UserID", 8, 0x13);
            });
            chunk.element("EventData", NONE, &[], |chunk| {
                chunk.element("Data", NONE, &[("Name", "TargetUserName")], |chunk| chunk.substitution(4, 0x01));
                chunk.element("Data", NONE, &[("Name", "Nothing")], |chunk| chunk.substitution(5, 0x01));
                chunk.element("Data", Some(5), &[("Name", "LeftOut")], |chunk| chunk.inline("x"));
                chunk.element("Data", NONE, &[], |chunk| chunk.substitution(6, 0x81));
                chunk.element("Data", NONE, &[("Name", "TargetLogonId")], |chunk| chunk.substitution(7, 0x15));
            });
        });
    }

    fn name(&mut self, name: &'static str) {
        if let Some(offset) = self.names.get(name) {
            self.bytes.extend(offset.to_le_bytes());
            return;
        }
        let offset = self.bytes.len() as u32 + 4;
        self.names.insert(name, offset);
        self.bytes.extend(offset.to_le_bytes());
        let hash = name.bytes().fold(0_u32, |hash, byte| hash.wrapping_mul(65_599).wrapping_add(byte.into()));
        self.bytes.extend([0; 4]);
        self.bytes.extend((hash as u16).to_le_bytes());
        self.bytes.extend((name.len() as u16).to_le_bytes());
        self.bytes.extend(name.bytes().flat_map(|byte| [byte, 0]));
        self.bytes.extend([0, 0]);
    }

    fn open(&mut self, name: &'static str, dependency: Option<u16>, has_attributes: bool) {
        self.bytes.push(if has_attributes { 0x41 } else { 0x01 });
        self.bytes.extend(dependency.into_iter().flat_map(u16::to_le_bytes));
        self.bytes.extend([0; 4]);
        self.name(name);
        if has_attributes {
            self.bytes.extend([0; 4]);
        }
    }

    fn element(
        &mut self,
        name: &'static str,
        dependency: Option<u16>,
        attributes: &[(&'static str, &str)],
        content: impl FnOnce(&mut Self),
    ) {
        self.open(name, dependency, !attributes.is_empty());
        for (name, value) in attributes {
            self.bytes.push(0x06);
            self.name(name);
            self.inline(value);
        }
        self.bytes.push(0x02);
        content(self);
        self.bytes.push(0x04);
    }

    fn attribute_substitution(&mut self, element: &'static str, attribute: &'static str, index: u16, kind: u8) {
        self.open(element, Some(0xffff), true);
        self.bytes.push(0x06);
        self.name(attribute);
        self.substitution(index, kind);
        self.bytes.push(0x03);
    }

    fn substitution(&mut self, index: u16, kind: u8) {
        self.bytes.push(0x0d);
        self.bytes.extend(index.to_le_bytes());
        self.bytes.push(kind);
    }

    fn inline(&mut self, text: &str) {
        let units: Vec<u16> = text.encode_utf16().collect();
        self.bytes.extend([0x05, 0x01]);
        self.bytes.extend((units.len() as u16).to_le_bytes());
        self.bytes.extend(units.into_iter().flat_map(u16::to_le_bytes));
    }
}
