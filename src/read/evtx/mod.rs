//! Reads binary Windows event logs (EVTX).
//!
//! In: the bytes of a file, as a stream. Out: the records that the selection wants, in the order of
//! the file; the others counted.
//!
//! A file is a header and chunks of 65536 bytes; a chunk stands for itself. So chunks are decoded in
//! parallel, a batch at a time, and never is the whole file in memory. How many chunks there are
//! is told by the bytes, not by the header, which is old in every log that was copied while Windows
//! wrote to it.
//!
//! ```text
//! file_header -> chunk -> record -> decode -> projection (from template) -> texts of values
//!                                          \-> tree (from fragment)      /
//! ```
//!
//! Invariant: any bytes at all end in records and diagnostics, in bounded time and memory. What is
//! damaged costs itself: a value its record, a record itself, a chunk's header its checks. What
//! cannot be proved wrong is delivered, with a diagnostic for the chunk that failed its checksum.
//!
//! What a value becomes stands in `values`, what is data and how it is named here:
//!
//! - The data of an event are the elements of `EventData` and `UserData` that hold no element, in
//!   their order, each with its text. Attributes other than `Data/@Name` are no data.
//! - A value of `System` that is empty counts as absent.
//! - An element that depends on a null value is left out, as Windows does.
//! - The time is `TimeCreated`, the number `EventRecordID`: the record header has another time and,
//!   in saved logs, another number. The header's number serves only for records without their own.

mod chunk;
mod decode;
mod event;
mod file_header;
mod fragment;
mod projection;
mod record;
mod sift;
mod template;
mod texts;
mod time;
mod tree;
mod utf16;
mod values;

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};
use std::sync::Mutex;

use rayon::prelude::*;

use self::chunk::{CHUNK_LEN, CHUNK_MAGIC};
use self::file_header::FILE_HEADER_LEN;
use self::sift::Sifted;
use self::template::SharedTemplates;
use self::texts::Texts;
use super::record::Record;
use super::source::{How, Reading, SourceName};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Position, Provenance};

/// Chunks that are decoded at a time: enough for every processor, 2 MiB of the file.
const BATCH: usize = 32;

/// Why bytes are not what they should be, in a few words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Defect(&'static str);

/// What a chunk's records may cost in memory before they are taken for an attack.
///
/// Templates can repeat a value any number of times, and nest. A sound record of at most 64 KiB
/// becomes at most a few times as many bytes.
#[derive(Debug)]
struct Budget {
    of_chunk: usize,
    of_record: usize,
}

impl Budget {
    const MAX_OF_CHUNK: usize = 8 << 20;
    const MAX_OF_RECORD: usize = 1 << 20;

    fn of_chunk() -> Self {
        Self { of_chunk: Self::MAX_OF_CHUNK, of_record: 0 }
    }

    fn begin_record(&mut self) {
        self.of_record = Self::MAX_OF_RECORD;
    }

    fn spend(&mut self, n_bytes: usize) -> Result<(), Defect> {
        const SPENT: Defect = Defect("a record unfolds to more than it can hold");
        self.of_record = self.of_record.checked_sub(n_bytes).ok_or(SPENT)?;
        self.of_chunk = self.of_chunk.checked_sub(n_bytes).ok_or(SPENT)?;
        Ok(())
    }
}

/// Reads all records of an EVTX file, in the order of the file.
///
/// Hands those that `how.selection` wants to the sink and counts the others. `n_bytes` and `sha256`
/// of the reading are left to the caller, who owns the stream. An error of the stream ends the
/// reading with a diagnostic; what was read before is delivered.
pub fn records(bytes: &mut dyn Read, name: &SourceName, how: &How<'_>, sink: &mut dyn FnMut(Record)) -> Reading {
    let mut file = File { name, reading: Reading::default(), diagnostics: Diagnostics::new() };
    file.read(bytes, how, sink);
    file.reading.diagnostics = file.diagnostics.into_vec();
    file.reading
}

struct File<'n> {
    name: &'n SourceName,
    reading: Reading,
    diagnostics: Diagnostics,
}

impl File<'_> {
    fn read(&mut self, bytes: &mut dyn Read, how: &How<'_>, sink: &mut dyn FnMut(Record)) {
        let mut head = Vec::new();
        let mut is_at_end = self.fill(bytes, FILE_HEADER_LEN, &mut head);
        let header = file_header::parse(&head);
        match &header {
            Some(header) if header.is_sound => {}
            Some(_) => self.report(Code::EvtxHeaderDamaged, 0, "the file header fails its checksum"),
            None => self.report(Code::EvtxHeaderDamaged, 0, "there is no file header"),
        }
        // Chunks that were cut out of a file come without its header.
        let mut offset = FILE_HEADER_LEN as u64;
        let mut carried = Vec::new();
        if header.is_none() && head.starts_with(CHUNK_MAGIC) {
            offset = 0;
            carried = head;
        } else if head.len() < FILE_HEADER_LEN {
            return self.report(Code::EvtxTruncated, head.len() as u64, "the file ends inside its header");
        }

        let shared = SharedTemplates::default();
        let spare_texts = Mutex::new(Vec::new());
        let mut batch: Vec<Vec<u8>> = Vec::new();
        let mut n_used = 0_u64;
        while !is_at_end || !carried.is_empty() {
            let mut n_read = 0;
            while n_read < BATCH && (!is_at_end || !carried.is_empty()) {
                if batch.len() == n_read {
                    batch.push(Vec::with_capacity(CHUNK_LEN));
                }
                let chunk = &mut batch[n_read];
                chunk.clear();
                chunk.append(&mut carried);
                is_at_end = is_at_end || self.fill(bytes, CHUNK_LEN - chunk.len(), chunk);
                n_read += usize::from(!chunk.is_empty());
            }
            let sifted: Vec<Sifted> = batch[..n_read]
                .par_iter()
                .map(|chunk| {
                    let mut texts: Texts = take(&spare_texts);
                    let sifted = sift::sift(chunk, how, &shared, &mut texts);
                    give_back(&spare_texts, texts);
                    sifted
                })
                .collect();
            for (chunk, sifted) in batch.iter().zip(sifted) {
                n_used += u64::from(sifted.is_used);
                self.deliver(sifted, offset, sink);
                if chunk.len() < CHUNK_LEN {
                    let end = offset + chunk.len() as u64;
                    self.report(Code::EvtxTruncated, end, "the file ends inside a chunk");
                }
                offset += CHUNK_LEN as u64;
            }
        }
        if let Some(header) = header
            && !header.is_dirty
            && header.is_sound
            && u64::from(header.n_chunks) > n_used & 0xffff
        {
            self.report(Code::EvtxTruncated, offset, "the file has fewer chunks than its header says");
        }
    }

    /// Appends up to `len` bytes of the stream; returns whether it has ended.
    fn fill(&mut self, bytes: &mut dyn Read, len: usize, into: &mut Vec<u8>) -> bool {
        let wanted = into.len() + len;
        let mut n_filled = into.len();
        into.resize(wanted, 0);
        let is_at_end = loop {
            if n_filled == wanted {
                break false;
            }
            match bytes.read(&mut into[n_filled..]) {
                Ok(0) => break true,
                Ok(n) => n_filled += n,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    let detail = format!("reading ends with an error: {}", error.kind());
                    self.diagnostics.push(Diagnostic::new(Code::SourceUnreadable, &self.name.path, None, detail));
                    break true;
                }
            }
        };
        into.truncate(n_filled);
        is_at_end
    }

    fn deliver(&mut self, sifted: Sifted, offset: u64, sink: &mut dyn FnMut(Record)) {
        for (code, at, detail) in sifted.defects {
            self.report(code, offset + at as u64, detail);
        }
        let reading = &mut self.reading;
        reading.n_records += sifted.n_damaged + sifted.records.len() as u64;
        reading.n_damaged += sifted.n_damaged;
        for unselected in sifted.unselected {
            reading.n_records += unselected.count;
            let provider = unselected.provider.as_deref().unwrap_or_default();
            *entry(&mut reading.unselected, provider, unselected.event_id) += unselected.count;
        }
        for (host, hour, count) in sifted.hours {
            *entry(&mut reading.unselected_hours, &host, hour) += count;
        }
        reading.unselected_span = match (reading.unselected_span, sifted.span) {
            (Some((first, last)), Some((from, to))) => Some((first.min(from), last.max(to))),
            (known, new) => known.or(new),
        };
        sifted.records.into_iter().for_each(sink);
    }

    fn report(&mut self, code: Code, offset: u64, detail: &str) {
        let place = Provenance { source: self.name.id, position: Position::Offset(offset) };
        self.diagnostics.push(Diagnostic::new(code, &self.name.path, Some(place), detail));
    }
}

fn entry<'m, K: Ord>(counts: &'m mut BTreeMap<(String, K), u64>, text: &str, key: K) -> &'m mut u64 {
    counts.entry((text.to_owned(), key)).or_default()
}

/// What a worker left for the next one; a poisoned lock only means that one begins anew.
fn take<T: Default>(spare: &Mutex<Vec<T>>) -> T {
    spare.lock().ok().and_then(|mut spare| spare.pop()).unwrap_or_default()
}

fn give_back<T>(spare: &Mutex<Vec<T>>, item: T) {
    if let Ok(mut spare) = spare.lock() {
        spare.push(item);
    }
}
