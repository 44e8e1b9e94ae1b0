//! The first 4096 bytes of an EVTX file.
//!
//! Nothing that the chunks need stands in it: it is checked, and what it says is compared with what
//! is found. A log that was copied while Windows wrote to it has the dirty flag and old numbers,
//! which is no damage. Source: MS-EVEN6 has none of it; libevtx, "Windows XML Event Log (EVTX)
//! format", section 2.

use nom::Parser;
use nom::bytes::complete::{tag, take};
use nom::number::complete::{le_u16, le_u32, le_u64};

/// Bytes before the first chunk.
pub(super) const FILE_HEADER_LEN: usize = 4096;
/// The first bytes of a file.
const MAGIC: &[u8] = b"ElfFile\0";
/// The log was not closed when it was copied.
const DIRTY: u32 = 1;
/// Checksums were not kept up.
const WITHOUT_CHECKSUMS: u32 = 4;

/// What the header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FileHeader {
    /// The number of chunks in use; 16 bits, so it wraps with files over 4 GiB.
    pub(super) n_chunks: u16,
    /// Whether the file was still being written.
    pub(super) is_dirty: bool,
    /// Whether the header has the checksum that it states.
    pub(super) is_sound: bool,
}

/// Reads the header; `None` if these bytes are none.
pub(super) fn parse(bytes: &[u8]) -> Option<FileHeader> {
    let (_, fields) = fields(bytes).ok()?;
    let checksum = crc32fast::hash(bytes.get(..120)?);
    Some(FileHeader {
        n_chunks: fields.n_chunks,
        is_dirty: fields.flags & DIRTY != 0,
        is_sound: fields.flags & WITHOUT_CHECKSUMS != 0 || fields.checksum == checksum,
    })
}

struct Fields {
    n_chunks: u16,
    flags: u32,
    checksum: u32,
}

fn fields(bytes: &[u8]) -> nom::IResult<&[u8], Fields, ()> {
    // Magic, oldest and newest chunk, next record id; size of the used part, version, size of the block.
    let (rest, _) = (tag(MAGIC), le_u64, le_u64, le_u64, le_u32, le_u16, le_u16, le_u16).parse(bytes)?;
    let (rest, (n_chunks, _unused, flags, checksum)) = (le_u16, take(76_usize), le_u32, le_u32).parse(rest)?;
    Ok((rest, Fields { n_chunks, flags, checksum }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_states_chunks_and_flags_and_proves_itself() {
        let mut bytes = vec![0; 128];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[42] = 7;
        let checksum = crc32fast::hash(&bytes[..120]);
        bytes[124..128].copy_from_slice(&checksum.to_le_bytes());
        let expected = FileHeader { n_chunks: 7, is_dirty: false, is_sound: true };
        assert_eq!(parse(&bytes), Some(expected.clone()));
        bytes[42] = 8;
        bytes[120] = 1;
        assert_eq!(parse(&bytes), Some(FileHeader { n_chunks: 8, is_dirty: true, is_sound: false }));
        assert_eq!(parse(&bytes[..127]), None);
        assert_eq!(parse(b"ElfChnk\0"), None);
    }
}
