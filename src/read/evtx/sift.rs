//! One chunk: finds its records, decodes each, keeps what is wanted and counts the rest.

use super::batch::Batch;
use super::chunk::{self, CHUNK_LEN};
use super::decode::{Decoder, Place};
use super::record::{Found, Walk, carve};
use super::worker::Worker;
use crate::diagnostic::Code;
use crate::model::NumberRun;
use crate::read::How;

/// What one chunk came to, beside the wanted records and the worker's counts.
#[derive(Debug, Default)]
pub(super) struct Sifted {
    /// Whether the chunk holds anything.
    pub(super) is_used: bool,
    /// Sound records, wanted or not.
    pub(super) n_sound: u64,
    /// Records that could not be decoded.
    pub(super) n_damaged: u64,
    /// Records for which the tree was walked.
    pub(super) n_walked: u64,
    /// The numbers in the headers of its first and last record, where they follow each other.
    pub(super) ids: Option<(u64, u64)>,
    /// The numbers of its sound records, with their times.
    pub(super) runs: Vec<NumberRun>,
    /// Whether something that is no record stood behind the last one.
    is_torn: bool,
    /// What is wrong, at which byte of the chunk first, and how often.
    pub(super) defects: Vec<(Code, usize, u64, &'static str)>,
}

/// What is said of numbers that jump.
pub(super) const JUMP: &str = "numbers of records jump: those between are not here";

/// Reads one chunk, which may be cut at its end; its wanted records are put into the empty batch.
pub(super) fn sift(chunk: &[u8], how: &How<'_>, worker: &mut Worker, batch: &mut Batch) -> Sifted {
    let mut sifted = Sifted::default();
    let header = chunk::parse(chunk);
    match &header {
        // Logs are made with room for chunks to come.
        None if chunk.iter().all(|byte| *byte == 0) => return sifted,
        None => sifted.defects.push((Code::EvtxChunkDamaged, 0, 1, "a chunk has no header")),
        Some(header) if !header.is_header_sound => {
            sifted.defects.push((Code::EvtxChunkDamaged, 0, 1, "a chunk's header fails its checksum"));
        }
        Some(header) if !header.is_data_sound && chunk.len() == CHUNK_LEN => {
            sifted.defects.push((Code::EvtxChunkDamaged, 0, 1, "a chunk's records fail their checksum"));
        }
        Some(_) => {}
    }
    sifted.is_used = true;
    worker.tidy();
    let mut decoder = Decoder::new(chunk, how.selection, worker, batch);
    let mut walk = Walk::new(chunk, header.as_ref());
    for found in &mut walk {
        match found {
            Found::Record(frame) => {
                sifted.follow(frame.id, frame.start);
                let place = Place { content: frame.content(), header_id: frame.id, is_recovered: false };
                match decoder.record(&place) {
                    Ok(()) => sifted.n_sound += 1,
                    Err(defect) => sifted.damage(frame.start, defect.0),
                }
            }
            Found::Damage { start } => {
                sifted.is_torn = true;
                sifted.damage(start, "a record has no header, or an impossible size");
            }
        }
    }
    if how.recover {
        for span in walk.into_slack() {
            recover(chunk, span, &mut decoder, &mut sifted);
        }
    }
    sifted.n_walked = decoder.n_walked;
    if let Some((count, at)) = decoder.sequence.backward {
        let detail = "a record is more than a minute older than the one before it";
        sifted.defects.push((Code::ClockStep, at, count as u64, detail));
    }
    sifted.runs = std::mem::take(&mut decoder.sequence.runs);
    batch.seal(&worker.dictionary);
    sifted
}

/// Adds the records of a span that no live record covers; what does not decode there is no record.
fn recover(chunk: &[u8], span: std::ops::Range<usize>, decoder: &mut Decoder<'_, '_>, sifted: &mut Sifted) {
    let mut recovered_end = span.start;
    for frame in carve(chunk, span) {
        if frame.start < recovered_end {
            continue;
        }
        let place = Place { content: frame.content(), header_id: frame.id, is_recovered: true };
        if decoder.record(&place).is_ok() {
            sifted.n_sound += 1;
            sifted.defects.push((Code::EvtxRecordRecovered, frame.start, 1, "a record stood in the slack"));
            recovered_end = frame.end;
        }
    }
}

impl Sifted {
    /// Takes the number of the next record; a jump over damage is explained by it.
    fn follow(&mut self, id: u64, at: usize) {
        let first = match self.ids {
            None => id,
            Some((first, last)) => {
                if id > last.saturating_add(1) && !self.is_torn {
                    self.defects.push((Code::RecordNumbersJump, at, 1, JUMP));
                }
                first
            }
        };
        self.ids = Some((first, id));
        self.is_torn = false;
    }

    fn damage(&mut self, at: usize, detail: &'static str) {
        self.n_damaged += 1;
        self.defects.push((Code::EvtxRecordDamaged, at, 1, detail));
    }
}
