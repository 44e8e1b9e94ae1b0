//! What reading a file came to: the balance of its records, and what was wrong.

use super::chunk::CHUNK_LEN;
use super::file_header::{FILE_HEADER_LEN, FileHeader};
use super::sift::{self, Sifted};
use super::stream::Group;
use super::worker::{self, Worker};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{NumberRun, Position, Provenance};
use crate::read::source::{Reading, SourceName};

/// What is known of the file so far.
pub(super) struct Account<'n> {
    name: &'n SourceName,
    reading: Reading,
    diagnostics: Diagnostics,
    n_used: u64,
    /// How many chunks of zeros came since the last one that holds anything, and where the first of them is.
    blank: Option<(u64, u64)>,
    /// The number in the header of the last record.
    last_id: Option<u64>,
}

impl<'n> Account<'n> {
    /// Knows nothing yet.
    pub(super) fn new(name: &'n SourceName) -> Self {
        Self {
            name,
            reading: Reading::default(),
            diagnostics: Diagnostics::new(),
            n_used: 0,
            blank: None,
            last_id: None,
        }
    }

    /// Books a group of chunks, and hands on what was made of each.
    pub(super) fn deliver<T: Default>(&mut self, group: &mut Group<T>, deliver: &mut dyn FnMut(T)) {
        for work in group.works.iter_mut().take(std::mem::take(&mut group.n_used)) {
            let sifted = std::mem::take(&mut work.sifted);
            self.follow(&sifted, work.offset);
            NumberRun::append(&mut self.reading.numbers, sifted.runs);
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

    /// Closes the account: what the header says against what was found, and what the workers counted.
    pub(super) fn finish(mut self, header: Option<FileHeader>, end: u64, workers: Vec<Worker>) -> Reading {
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
                worker::join(&mut reading.unselected_hours, hour, count);
            }
            reading.unselected_span = worker::joined(reading.unselected_span, counts.span);
        }
        reading.diagnostics = self.diagnostics.into_vec();
        self.reading
    }

    /// Compares what the header says with what was found; its count of chunks has 16 bits.
    fn compare(&mut self, header: &FileHeader, end: u64) {
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

    /// Notes a defect at a byte of the file.
    pub(super) fn report(&mut self, code: Code, offset: u64, count: u64, detail: &str) {
        let place = Provenance { source: self.name.id, position: Position::Offset(offset) };
        let diagnostic = Diagnostic::new(code, &self.name.path, Some(place), detail);
        self.diagnostics.push(Diagnostic { count, ..diagnostic });
    }

    /// Notes that reading ended with an error.
    pub(super) fn failed(&mut self, error: &std::io::Error) {
        let detail = format!("reading ends with an error: {}", error.kind());
        self.diagnostics.push(Diagnostic::new(Code::SourceUnreadable, &self.name.path, None, detail));
    }
}
