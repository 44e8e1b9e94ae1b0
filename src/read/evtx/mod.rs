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

mod account;
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
mod stream;
mod template;
mod time;
mod tree;
mod utf16;
mod values;
mod worker;

use std::io::Read;
use std::sync::Mutex;

use self::account::Account;
pub use self::batch::Batch;
use self::stream::{Chunks, Group, Work};
use self::worker::Worker;
use super::record::Record;
use super::source::{How, Reading, SourceName};

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
pub fn records(bytes: &mut dyn Read, name: &SourceName, how: &How<'_>, sink: &mut dyn FnMut(Record<'_>)) -> Reading {
    let into_records = |batch: &mut Batch| batch.records().collect::<Vec<Record<'static>>>();
    read(bytes, name, how, &into_records, &mut |records| records.into_iter().for_each(&mut *sink))
}

/// Reads all records of an EVTX file as tables, one for each chunk that holds any, in the order of the file.
///
/// As [`records()`], without making a record of each row.
pub fn batches(bytes: &mut dyn Read, name: &SourceName, how: &How<'_>, sink: &mut dyn FnMut(&Batch)) -> Reading {
    let spare: Mutex<Vec<Batch>> = Mutex::default();
    read(bytes, name, how, &|batch| std::mem::replace(batch, take(&spare)), &mut |mut batch| {
        if !batch.is_empty() {
            sink(&batch);
        }
        batch.clear();
        give_back(&spare, batch);
    })
}

/// Reads a file chunk by chunk: what `make` makes of each chunk's table, in parallel, is delivered in order.
fn read<T: Send + Default>(
    bytes: &mut dyn Read,
    name: &SourceName,
    how: &How<'_>,
    make: &(dyn Fn(&mut Batch) -> T + Sync),
    deliver: &mut dyn FnMut(T),
) -> Reading {
    let mut account = Account::new(name);
    let Some(mut chunks) = Chunks::open(bytes, &mut account) else { return account.finish(None, 0, Vec::new()) };
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
        while chunks.fill(&mut group, 1, &mut account) {
            group.works.iter_mut().for_each(decode);
            account.deliver(&mut group, deliver);
        }
    } else {
        // While a group is decoded, the one before is delivered and the one after is read.
        let group_len = n_threads * CHUNKS_A_THREAD;
        let [mut before, mut now, mut after] = [(); 3].map(|()| Group::default());
        let mut is_open = chunks.fill(&mut now, group_len, &mut account);
        while is_open {
            rayon::in_place_scope(|scope| {
                for work in now.works.iter_mut().take(now.n_used) {
                    scope.spawn(|_| decode(work));
                }
                account.deliver(&mut before, deliver);
                is_open = chunks.fill(&mut after, group_len, &mut account);
            });
            (before, now, after) = (now, after, before);
        }
        account.deliver(&mut before, deliver);
    }
    let (header, end) = chunks.into_header_and_end();
    let workers = workers.into_inner().unwrap_or_default();
    account.finish(header, end, workers.into_iter().map(|(worker, _)| worker).collect())
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
