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
    let mut file = File::new(name);
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
    if n_threads == 1 {
        // One buffer, so that it stays in the processor's cache.
        let mut group = Group::default();
        while chunks.fill(&mut group, 1, &mut file) {
            group.works.iter_mut().for_each(decode);
            file.deliver(&mut group, deliver);
        }
    } else {
        // While a group is decoded, the one before is delivered and the one after is read.
        let group_len = n_threads * CHUNKS_A_THREAD;
        let [mut before, mut now, mut after] = [(); 3].map(|()| Group::default());
        let mut is_open = chunks.fill(&mut now, group_len, &mut file);
        while is_open {
            rayon::in_place_scope(|scope| {
                for work in now.works.iter_mut().take(now.n_used) {
                    scope.spawn(|_| decode(work));
                }
                file.deliver(&mut before, deliver);
                is_open = chunks.fill(&mut after, group_len, &mut file);
            });
            (before, now, after) = (now, after, before);
        }
        file.deliver(&mut before, deliver);
    }
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
            Some(_) => file.report(Code::EvtxHeaderDamaged, 0, 1, "the file header fails its checksum"),
            None => file.report(Code::EvtxHeaderDamaged, 0, 1, "there is no file header"),
        }
        // Chunks that were cut out of a file come without its header.
        if chunks.header.is_none() && head.starts_with(CHUNK_MAGIC) {
            chunks.carried = head;
        } else if head.len() < FILE_HEADER_LEN {
            file.report(Code::EvtxTruncated, head.len() as u64, 1, "the file ends inside its header");
            return None;
        } else {
            chunks.offset = FILE_HEADER_LEN as u64;
        }
        Some(chunks)
    }

    /// Reads the next chunks; `false` if there is none.
    fn fill<T: Default>(&mut self, group: &mut Group<T>, n_chunks: usize, file: &mut File<'_>) -> bool {
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
        group.n_used > 0
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
    /// How many chunks of zeros came since the last one that holds anything, and where the first of them is.
    blank: Option<(u64, u64)>,
    /// The number in the header of the last record.
    last_id: Option<u64>,
}

impl<'n> File<'n> {
    fn new(name: &'n SourceName) -> Self {
        Self {
            name,
            reading: Reading::default(),
            diagnostics: Diagnostics::new(),
            n_used: 0,
            blank: None,
            last_id: None,
        }
    }

    fn deliver<T: Default>(&mut self, group: &mut Group<T>, deliver: &mut dyn FnMut(T)) {
        for work in group.works.iter_mut().take(std::mem::take(&mut group.n_used)) {
            let sifted = std::mem::take(&mut work.sifted);
            self.follow(&sifted, work.offset);
            for (code, at, count, detail) in sifted.defects {
                self.report(code, work.offset + at as u64, count, detail);
            }
            self.reading.n_records += sifted.n_sound + sifted.n_damaged;
            self.reading.n_damaged += sifted.n_damaged;
            self.reading.n_walked += sifted.n_walked;
            deliver(std::mem::take(&mut work.made));
            if work.chunk.len() < CHUNK_LEN {
                let end = work.offset + work.chunk.len() as u64;
                self.report(Code::EvtxTruncated, end, 1, "the file ends inside a chunk");
            }
        }
    }

    /// Says what one chunk behind the other shows: chunks of zeros between, numbers that jump.
    fn follow(&mut self, sifted: &Sifted, offset: u64) {
        if !sifted.is_used {
            let (count, first) = self.blank.unwrap_or((0, offset));
            self.blank = Some((count + 1, first));
            return;
        }
        self.n_used += 1;
        // Room at the end is no damage; between chunks that are used it is.
        if let Some((count, first)) = self.blank.take() {
            self.report(Code::EvtxChunkDamaged, first, count, "a chunk is zeros, and later ones are used");
        }
        if let Some((first, last)) = sifted.ids {
            // A log of fixed size begins anew at its start: there numbers fall.
            if self.last_id.is_some_and(|before| first > before.saturating_add(1)) {
                self.report(Code::RecordNumbersJump, offset, 1, sift::JUMP);
            }
            self.last_id = Some(last);
        }
    }

    fn finish(mut self, header: Option<file_header::FileHeader>, end: u64, workers: Vec<Worker>) -> Reading {
        if let Some(header) = header {
            self.compare(&header, end);
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

    /// Compares what the header says with what was found; its count of chunks has 16 bits.
    fn compare(&mut self, header: &file_header::FileHeader, end: u64) {
        if header.is_dirty {
            self.report(Code::EvtxOpen, 0, 1, "the log was copied while Windows wrote to it");
        }
        let n_stated = u64::from(header.n_chunks);
        let n_found = self.n_used & 0xffff;
        if n_stated > n_found && !header.is_dirty && header.is_sound {
            self.report(Code::EvtxTruncated, end, 1, "the file has fewer chunks than its header says");
        }
        if n_stated < n_found && header.is_sound {
            let first = FILE_HEADER_LEN as u64 + n_stated * CHUNK_LEN as u64;
            self.report(
                Code::EvtxHeaderStale,
                first,
                n_found - n_stated,
                "chunks that the file's header does not know",
            );
        }
    }

    fn report(&mut self, code: Code, offset: u64, count: u64, detail: &str) {
        let place = Provenance { source: self.name.id, position: Position::Offset(offset) };
        let diagnostic = Diagnostic::new(code, &self.name.path, Some(place), detail);
        self.diagnostics.push(Diagnostic { count, ..diagnostic });
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
