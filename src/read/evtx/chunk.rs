//! The header of a chunk: the 65536 bytes that hold records, and the names and templates they use.
//!
//! A chunk stands for itself: its records refer to nothing outside it. Two checksums cover it, one
//! the header, one the records up to the free space. A chunk that fails them is read all the same.
//! The tables of names and templates in the header are not used: records and templates state the
//! place of what they need, and following no list means following no cycle.
//! Source: libevtx, "Windows XML Event Log (EVTX) format", section 3.

use nom::Parser;
use nom::bytes::complete::tag;
use nom::number::complete::{le_u32, le_u64};

/// Bytes of a whole chunk.
pub(super) const CHUNK_LEN: usize = 65_536;
/// Bytes of its header.
pub(super) const CHUNK_HEADER_LEN: usize = 512;
/// The first bytes of a chunk.
pub(super) const CHUNK_MAGIC: &[u8; 8] = b"ElfChnk\0";
/// Checksums were not kept up.
const WITHOUT_CHECKSUMS: u32 = 4;

/// What a chunk's header says, and how far it can be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ChunkHeader {
    /// The ids of the first and the last record, by the record headers.
    pub(super) ids: std::ops::RangeInclusive<u64>,
    /// Where the records end.
    pub(super) live_end: usize,
    /// Whether the header has the checksum that it states.
    pub(super) is_header_sound: bool,
    /// Whether the records have the checksum that the header states.
    pub(super) is_data_sound: bool,
}

/// Reads the header of a chunk that may be cut at its end; `None` if it is none.
pub(super) fn parse(chunk: &[u8]) -> Option<ChunkHeader> {
    let (_, fields) = fields(chunk).ok()?;
    let header = chunk.get(..CHUNK_HEADER_LEN)?;
    let is_checked = fields.flags & WITHOUT_CHECKSUMS == 0;
    let live_end = fields.free_at as usize;
    let records = chunk.get(CHUNK_HEADER_LEN..live_end);
    let is_data_sound = match records {
        Some(records) => !is_checked || crc32fast::hash(records) == fields.data_checksum,
        None => false,
    };
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&header[..120]);
    hasher.update(&header[128..]);
    Some(ChunkHeader {
        ids: fields.first_id..=fields.last_id,
        live_end: if records.is_some() { live_end } else { chunk.len() },
        is_header_sound: !is_checked || hasher.finalize() == fields.header_checksum,
        is_data_sound,
    })
}

struct Fields {
    first_id: u64,
    last_id: u64,
    free_at: u32,
    data_checksum: u32,
    flags: u32,
    header_checksum: u32,
}

fn fields(bytes: &[u8]) -> nom::IResult<&[u8], Fields, ()> {
    // Magic, first and last record number.
    let (rest, _) = (tag(&CHUNK_MAGIC[..]), le_u64, le_u64).parse(bytes)?;
    // Size of the header, offset of the last record.
    let (rest, (first_id, last_id, _, _)) = (le_u64, le_u64, le_u32, le_u32).parse(rest)?;
    let (rest, (free_at, data_checksum)) = (le_u32, le_u32).parse(rest)?;
    let (rest, (_unused, flags, header_checksum)) =
        (nom::bytes::complete::take(64_usize), le_u32, le_u32).parse(rest)?;
    Ok((rest, Fields { first_id, last_id, free_at, data_checksum, flags, header_checksum }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound() -> Vec<u8> {
        let mut chunk = vec![0; CHUNK_LEN];
        chunk[..8].copy_from_slice(CHUNK_MAGIC);
        chunk[24..32].copy_from_slice(&5_u64.to_le_bytes());
        chunk[32..40].copy_from_slice(&9_u64.to_le_bytes());
        chunk[48..52].copy_from_slice(&600_u32.to_le_bytes());
        let data = crc32fast::hash(&chunk[512..600]);
        chunk[52..56].copy_from_slice(&data.to_le_bytes());
        let header = crc32fast::hash(&[&chunk[..120], &chunk[128..512]].concat());
        chunk[124..128].copy_from_slice(&header.to_le_bytes());
        chunk
    }

    #[test]
    fn a_header_proves_itself_and_the_records() {
        let expected = ChunkHeader { ids: 5..=9, live_end: 600, is_header_sound: true, is_data_sound: true };
        assert_eq!(parse(&sound()), Some(expected.clone()));

        let mut chunk = sound();
        chunk[599] = 1;
        assert_eq!(parse(&chunk), Some(ChunkHeader { is_data_sound: false, ..expected.clone() }));

        let mut chunk = sound();
        chunk[511] = 1;
        assert_eq!(parse(&chunk), Some(ChunkHeader { is_header_sound: false, ..expected }));
    }

    #[test]
    fn records_that_end_outside_of_the_chunk_end_with_it() {
        let mut chunk = sound();
        chunk.truncate(550);
        let header = parse(&chunk).unwrap();
        assert_eq!((header.live_end, header.is_data_sound), (550, false));
        chunk.truncate(511);
        assert_eq!(parse(&chunk), None);
        assert_eq!(parse(&vec![0; CHUNK_LEN]), None);
    }
}
