//! Any bytes as an event log: header, chunks and records as they come.

#![no_main]

use causeline_fuzz::{read_in_every_way, take_one_thread};
use libfuzzer_sys::fuzz_target;

const MAGIC: &[u8; 8] = b"ElfFile\0";

fuzz_target!(
    init: take_one_thread(),
    |bytes: &[u8]| {
        // Without it the bytes would be another format, and that is the work of `source`.
        let mut file = bytes.to_vec();
        if let Some(magic) = file.get_mut(..MAGIC.len()) {
            magic.copy_from_slice(MAGIC);
        }
        read_in_every_way(&file);
    }
);
