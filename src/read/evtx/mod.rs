//! Reads binary Windows event logs (EVTX).
//!
//! In: the bytes of a file, as a stream. Out: the records that the selection wants, in the order of
//! the file, one table a chunk ([`batches`]) or one by one ([`records()`]); the others counted.
//!
//! A file is a header and chunks of 65536 bytes; a chunk stands for itself. So chunks are decoded in
//! parallel, a batch at a time, and never is the whole file in memory. How many chunks there are
//! is told by the bytes, not by the header, which is old in every log that was copied while Windows
//! wrote to it.
//!
//! ```text
//! file_header -> chunk -> record -> decode -> projection (from template)  -> batch
//!                                          |-> direct (without template)  /
//!                                          \-> tree (anything at all)    /
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

mod batch;
mod chunk;
mod decode;
mod dictionary;
mod direct;
mod event;
mod file_header;
mod fragment;
mod layout;
mod projection;
mod record;
mod sift;
mod template;
mod time;
mod tree;
mod utf16;
mod values;
mod worker;

use std::io::{ErrorKind, Read};
use std::sync::Mutex;

pub use self::batch::Batch;
use self::chunk::{CHUNK_LEN, CHUNK_MAGIC};
use self::file_header::FILE_HEADER_LEN;
use self::sift::Sifted;
use self::worker::Worker;
use super::record::Record;
use super::source::{How, Reading, SourceName};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Position, Provenance};

/// Chunks that a thread decodes between two meetings with the others.
const CHUNKS_A_THREAD: usize = 4;

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
    granted: usize,
    of_record: usize,
}

impl Budget {
    const MAX_OF_CHUNK: usize = 2 << 20;
    const MAX_OF_RECORD: usize = 1 << 20;

    fn of_chunk() -> Self {
        Self { of_chunk: Self::MAX_OF_CHUNK, granted: 0, of_record: 0 }
    }

    fn begin_record(&mut self) {
        self.of_chunk -= self.granted - self.of_record;
        self.granted = self.of_chunk.min(Self::MAX_OF_RECORD);
        self.of_record = self.granted;
    }

    #[inline]
    fn spend(&mut self, n_bytes: usize) -> Result<(), Defect> {
        self.of_record =
            self.of_record.checked_sub(n_bytes).ok_or(Defect("a record unfolds to more than it can hold"))?;
        Ok(())
    }
}

/// Reads all records of an EVTX file, in the order of the file.
///
/// Hands those that `how.selection` wants to the sink and counts the others. `n_bytes` and `sha256`
/// of the reading are left to the caller, who owns the stream. An error of the stream ends the
/// reading with a diagnostic; what was read before is delivered.
pub fn records(bytes: &mut dyn Read, name: &SourceName, how: &How<'_>, sink: &mut dyn FnMut(Record)) -> Reading {
    let into_records = |batch: &mut Batch| batch.records().collect::<Vec<Record>>();
    read(bytes, name, how, &into_records, &mut |records| records.into_iter().for_each(&mut *sink))
}

/// Reads all records of an EVTX file as tables, one for each chunk that holds any, in the order of the file.
///
/// As [`records()`], without making a record of each row.
pub fn batches(bytes: &mut dyn Read, name: &SourceName, how: &How<'_>, sink: &mut dyn FnMut(&Batch)) -> Reading {
    let spare: Mutex<Vec<Batch>> = Mutex::default();
    let reading = read(bytes, name, how, &|batch| std::mem::replace(batch, take(&spare)), &mut |mut batch| {
        if !batch.is_empty() {
            sink(&batch);
        }
        batch.clear();
        give_back(&spare, batch);
    });
    reading
}

/// Reads a file chunk by chunk: what `make` makes of each chunk's table, in parallel, is delivered in order.
fn read<T: Send + Default>(
    bytes: &mut dyn Read,
    name: &SourceName,
    how: &How<'_>,
    make: &(dyn Fn(&mut Batch) -> T + Sync),
    deliver: &mut dyn FnMut(T),
) -> Reading {
    let mut file = File { name, reading: Reading::default(), diagnostics: Diagnostics::new(), n_used: 0 };
    let Some(mut chunks) = Chunks::open(bytes, &mut file) else { return file.finish(None, 0, Vec::new()) };
    let workers: Mutex<Vec<(Worker, Batch)>> = Mutex::default();
    let decode = |work: &mut Work<T>| {
        let (mut worker, mut batch) = take(&workers);
        batch.clear();
        work.sifted = sift::sift(&work.chunk, how, &mut worker, &mut batch);
        work.made = make(&mut batch);
        give_back(&workers, (worker, batch));
    };
    let n_threads = rayon::current_num_threads();
    // While a group is decoded, the one before is delivered and the one after is read.
    let group_len = if n_threads == 1 { 1 } else { n_threads * CHUNKS_A_THREAD };
    let mut read = Group::default();
    let mut decoded: Group<T> = Group::default();
    let mut free = Group::default();
    chunks.fill(&mut read, group_len, &mut file);
    while read.n_used > 0 {
        let decoding = &mut read.works[..read.n_used];
        if n_threads == 1 {
            decoding.iter_mut().for_each(decode);
            file.deliver(&mut decoded, deliver);
            chunks.fill(&mut free, group_len, &mut file);
        } else {
            rayon::in_place_scope(|scope| {
                for work in decoding {
                    scope.spawn(|_| decode(work));
                }
                file.deliver(&mut decoded, deliver);
                chunks.fill(&mut free, group_len, &mut file);
            });
        }
        (decoded, read, free) = (read, free, decoded);
    }
    file.deliver(&mut decoded, deliver);
    let (header, end) = (chunks.header, chunks.offset);
    let workers = workers.into_inner().unwrap_or_default();
    file.finish(header, end, workers.into_iter().map(|(worker, _)| worker).collect())
}

/// A chunk and what it comes to.
#[derive(Default)]
struct Work<T> {
    chunk: Vec<u8>,
    offset: u64,
    sifted: Sifted,
    made: T,
}

/// Chunks that are read, decoded and delivered together.
struct Group<T> {
    works: Vec<Work<T>>,
    n_used: usize,
}

impl<T> Default for Group<T> {
    fn default() -> Self {
        Self { works: Vec::new(), n_used: 0 }
    }
}

/// The chunks of a stream.
struct Chunks<'b> {
    bytes: &'b mut dyn Read,
    header: Option<file_header::FileHeader>,
    offset: u64,
    is_at_end: bool,
    /// What was read as a header and belongs to the first chunk.
    carried: Vec<u8>,
}

impl<'b> Chunks<'b> {
    /// Reads the header; `None` if the file ends in it.
    fn open(bytes: &'b mut dyn Read, file: &mut File<'_>) -> Option<Self> {
        let mut chunks = Self { bytes, header: None, offset: 0, is_at_end: false, carried: Vec::new() };
        let mut head = Vec::new();
        chunks.append(&mut head, FILE_HEADER_LEN, file);
        chunks.header = file_header::parse(&head);
        match &chunks.header {
            Some(header) if header.is_sound => {}
            Some(_) => file.report(Code::EvtxHeaderDamaged, 0, "the file header fails its checksum"),
            None => file.report(Code::EvtxHeaderDamaged, 0, "there is no file header"),
        }
        // Chunks that were cut out of a file come without its header.
        if chunks.header.is_none() && head.starts_with(CHUNK_MAGIC) {
            chunks.carried = head;
        } else if head.len() < FILE_HEADER_LEN {
            file.report(Code::EvtxTruncated, head.len() as u64, "the file ends inside its header");
            return None;
        } else {
            chunks.offset = FILE_HEADER_LEN as u64;
        }
        Some(chunks)
    }

    /// Reads the next chunks.
    fn fill<T: Default>(&mut self, group: &mut Group<T>, n_chunks: usize, file: &mut File<'_>) {
        group.n_used = 0;
        while group.n_used < n_chunks && !(self.is_at_end && self.carried.is_empty()) {
            if group.works.len() == group.n_used {
                group.works.push(Work::default());
            }
            let work = &mut group.works[group.n_used];
            work.offset = self.offset;
            let n_carried = self.carried.len();
            if n_carried > 0 {
                work.chunk.clear();
                work.chunk.append(&mut self.carried);
            }
            self.append_after(&mut work.chunk, n_carried, CHUNK_LEN, file);
            self.offset += work.chunk.len() as u64;
            group.n_used += usize::from(!work.chunk.is_empty());
        }
    }

    /// Reads up to `len` bytes more.
    fn append(&mut self, into: &mut Vec<u8>, len: usize, file: &mut File<'_>) {
        let kept = into.len();
        self.append_after(into, kept, kept + len, file);
    }

    /// Reads behind the first `kept` bytes until there are `len`; what stood there is written over.
    fn append_after(&mut self, into: &mut Vec<u8>, kept: usize, len: usize, file: &mut File<'_>) {
        // Grows once; later chunks find the room that the first one made.
        into.resize(len, 0);
        let mut n_filled = kept;
        while n_filled < len && !self.is_at_end {
            match self.bytes.read(&mut into[n_filled..]) {
                Ok(0) => self.is_at_end = true,
                Ok(n) => n_filled += n,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    let detail = format!("reading ends with an error: {}", error.kind());
                    file.diagnostics.push(Diagnostic::new(Code::SourceUnreadable, &file.name.path, None, detail));
                    self.is_at_end = true;
                }
            }
        }
        into.truncate(n_filled);
    }
}

/// What is known of the file so far.
struct File<'n> {
    name: &'n SourceName,
    reading: Reading,
    diagnostics: Diagnostics,
    n_used: u64,
}

impl File<'_> {
    fn deliver<T: Default>(&mut self, group: &mut Group<T>, deliver: &mut dyn FnMut(T)) {
        for work in group.works.iter_mut().take(std::mem::take(&mut group.n_used)) {
            let sifted = std::mem::take(&mut work.sifted);
            self.n_used += u64::from(sifted.is_used);
            for (code, at, detail) in sifted.defects {
                self.report(code, work.offset + at as u64, detail);
            }
            self.reading.n_records += sifted.n_sound + sifted.n_damaged;
            self.reading.n_damaged += sifted.n_damaged;
            self.reading.n_walked += sifted.n_walked;
            deliver(std::mem::take(&mut work.made));
            if work.chunk.len() < CHUNK_LEN {
                let end = work.offset + work.chunk.len() as u64;
                self.report(Code::EvtxTruncated, end, "the file ends inside a chunk");
            }
        }
    }

    fn finish(mut self, header: Option<file_header::FileHeader>, end: u64, workers: Vec<Worker>) -> Reading {
        if let Some(header) = header
            && !header.is_dirty
            && header.is_sound
            && u64::from(header.n_chunks) > self.n_used & 0xffff
        {
            self.report(Code::EvtxTruncated, end, "the file has fewer chunks than its header says");
        }
        let reading = &mut self.reading;
        for worker in workers {
            let counts = worker.into_counts();
            for (kind, count) in counts.by_kind {
                worker::add(&mut reading.unselected, kind, count);
            }
            for (hour, count) in counts.by_hour {
                worker::add(&mut reading.unselected_hours, hour, count);
            }
            reading.unselected_span = worker::joined(reading.unselected_span, counts.span);
        }
        reading.diagnostics = self.diagnostics.into_vec();
        self.reading
    }

    fn report(&mut self, code: Code, offset: u64, detail: &str) {
        let place = Provenance { source: self.name.id, position: Position::Offset(offset) };
        self.diagnostics.push(Diagnostic::new(code, &self.name.path, Some(place), detail));
    }
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
