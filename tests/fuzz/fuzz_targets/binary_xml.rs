//! Any bytes as the binary XML of the records of a sound chunk, so that nothing is spent on guessing
//! sizes and checksums.
//!
//! The bytes are contents one behind the other, each behind its length (16 bits, low byte first). As
//! offsets in binary XML count from the start of the chunk, the records of a real chunk keep their
//! places here, and refer to each other's names and templates.

#![no_main]

use causeline_fuzz::{read_in_every_way, take_one_thread};
use libfuzzer_sys::fuzz_target;

const FILE_HEADER_LEN: usize = 4_096;
const CHUNK_LEN: usize = 65_536;
const CHUNK_HEADER_LEN: usize = 512;
/// Magic, size, id and time in front of the binary XML, and the size again behind it.
const RECORD_FRAME_LEN: usize = 28;

fuzz_target!(
    init: take_one_thread(),
    |bytes: &[u8]| read_in_every_way(&file(&chunk(contents(bytes))))
);

fn contents(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut contents = Vec::new();
    while let Some((len, rest)) = bytes.split_first_chunk() {
        let (content, rest) = rest.split_at(rest.len().min(usize::from(u16::from_le_bytes(*len))));
        contents.push(content);
        bytes = rest;
    }
    contents
}

fn chunk(contents: Vec<&[u8]>) -> Vec<u8> {
    let mut chunk = vec![0; CHUNK_HEADER_LEN];
    let mut last_record_at = CHUNK_HEADER_LEN;
    let mut n_records = 0_u64;
    for content in contents {
        let len = RECORD_FRAME_LEN + content.len();
        if chunk.len() + len > CHUNK_LEN {
            break;
        }
        n_records += 1;
        last_record_at = chunk.len();
        chunk.extend(b"**\0\0");
        chunk.extend((len as u32).to_le_bytes());
        chunk.extend(n_records.to_le_bytes());
        chunk.extend(133_056_216_000_000_000_u64.to_le_bytes());
        chunk.extend(content);
        chunk.extend((len as u32).to_le_bytes());
    }
    let free_at = chunk.len();
    let data_checksum = crc32fast::hash(&chunk[CHUNK_HEADER_LEN..]);
    chunk.resize(CHUNK_LEN, 0);
    chunk[..8].copy_from_slice(b"ElfChnk\0");
    for (at, id) in [(8, 1), (16, n_records), (24, 1), (32, n_records)] {
        chunk[at..at + 8].copy_from_slice(&id.to_le_bytes());
    }
    for (at, number) in [(40, 128), (44, last_record_at as u32), (48, free_at as u32), (52, data_checksum)] {
        chunk[at..at + 4].copy_from_slice(&number.to_le_bytes());
    }
    let header_checksum = crc32fast::hash(&[&chunk[..120], &chunk[128..512]].concat());
    chunk[124..128].copy_from_slice(&header_checksum.to_le_bytes());
    chunk
}

fn file(chunk: &[u8]) -> Vec<u8> {
    let mut file = vec![0; FILE_HEADER_LEN];
    file[..8].copy_from_slice(b"ElfFile\0");
    file[32..44].copy_from_slice(&[128, 0, 0, 0, 1, 0, 3, 0, 0, 16, 1, 0]);
    let checksum = crc32fast::hash(&file[..120]);
    file[124..128].copy_from_slice(&checksum.to_le_bytes());
    file.extend(chunk);
    file
}
