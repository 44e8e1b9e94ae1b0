//! Any bytes as Windows event XML.

#![no_main]

use causeline_fuzz::{read_in_every_way, take_one_thread};
use libfuzzer_sys::fuzz_target;

/// The first byte chooses what stands in front, so that all but a few bytes reach the reader of XML.
const STARTS: &[&[u8]] = &[
    b"<Event>",
    b"<Events>",
    b"<n:Events>",
    b"<?xml version='1.0'?><Event><System>",
    b"\xff\xfe<\0E\0v\0e\0n\0t\0>\0",
];

fuzz_target!(
    init: take_one_thread(),
    |bytes: &[u8]| {
        let Some((choice, rest)) = bytes.split_first() else { return };
        let start = STARTS.get(usize::from(*choice)).copied().unwrap_or_default();
        read_in_every_way(&[start, rest].concat());
    }
);
