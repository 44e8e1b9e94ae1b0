//! One chunk: finds its records, decodes each, keeps what is wanted and counts the rest.

use super::chunk::{self, CHUNK_LEN};
use super::decode::{Decoded, Decoder, Unwanted};
use super::record::{Found, Frame, Walk, carve};
use super::template::SharedTemplates;
use super::texts::Texts;
use crate::diagnostic::Code;
use crate::model::{Name, Position, Timestamp};
use crate::read::{Body, How, Record};

/// What one chunk came to.
#[derive(Debug, Default)]
pub(super) struct Sifted {
    /// Whether the chunk holds anything.
    pub(super) is_used: bool,
    /// The wanted records, in their order.
    pub(super) records: Vec<Record>,
    /// Records that could not be decoded.
    pub(super) n_damaged: u64,
    /// Sound records that nobody wants.
    pub(super) unselected: Vec<Unselected>,
    /// The same by host and hour since 1970.
    pub(super) hours: Vec<(Name, i64, u64)>,
    /// First and last instant of the same.
    pub(super) span: Option<(Timestamp, Timestamp)>,
    /// What is wrong, and at which byte of the chunk.
    pub(super) defects: Vec<(Code, usize, &'static str)>,
}

/// How many records of one provider and id were left out.
#[derive(Debug)]
pub(super) struct Unselected {
    /// The provider, as the log spells it.
    pub(super) provider: Option<Name>,
    /// The event id.
    pub(super) event_id: u32,
    /// How many.
    pub(super) count: u64,
}

/// Reads one chunk, which may be cut at its end.
pub(super) fn sift(chunk: &[u8], how: &How<'_>, shared: &SharedTemplates, texts: &mut Texts) -> Sifted {
    let mut sifted = Sifted::default();
    let header = chunk::parse(chunk);
    match &header {
        // Logs are made with room for chunks to come.
        None if chunk.iter().all(|byte| *byte == 0) => return sifted,
        None => sifted.defects.push((Code::EvtxChunkDamaged, 0, "a chunk has no header")),
        Some(header) if !header.is_header_sound => {
            sifted.defects.push((Code::EvtxChunkDamaged, 0, "a chunk's header fails its checksum"));
        }
        Some(header) if !header.is_data_sound && chunk.len() == CHUNK_LEN => {
            sifted.defects.push((Code::EvtxChunkDamaged, 0, "a chunk's records fail their checksum"));
        }
        Some(_) => {}
    }
    sifted.is_used = true;
    let mut decoder = Decoder::new(chunk, how.selection, shared, texts);
    let mut walk = Walk::new(chunk, header.as_ref());
    for found in &mut walk {
        match found {
            Found::Record(frame) => match decoder.record(frame.content()) {
                Ok(decoded) => sifted.add(decoded, frame),
                Err(defect) => sifted.damage(frame.start, defect.0),
            },
            Found::Damage { start } => sifted.damage(start, "a record has no header, or an impossible size"),
        }
    }
    if how.recover {
        for span in walk.into_slack() {
            recover(chunk, span, &mut decoder, &mut sifted);
        }
    }
    sifted
}

/// Adds the records of a span that no live record covers; what does not decode there is no record.
fn recover(chunk: &[u8], span: std::ops::Range<usize>, decoder: &mut Decoder<'_, '_>, sifted: &mut Sifted) {
    let mut recovered_end = span.start;
    for frame in carve(chunk, span) {
        if frame.start < recovered_end {
            continue;
        }
        if let Ok(decoded) = decoder.record(frame.content()) {
            sifted.add(decoded, frame);
            recovered_end = frame.end;
        }
    }
}

impl Sifted {
    fn add(&mut self, decoded: Decoded, frame: Frame) {
        match decoded {
            Decoded::Wanted(record) => {
                let position = Position::Record(record.record_id.unwrap_or(frame.id));
                self.records.push(Record { position, body: Body::Windows(record) });
            }
            Decoded::Unwanted(unwanted) => self.count(unwanted),
        }
    }

    fn damage(&mut self, at: usize, detail: &'static str) {
        self.n_damaged += 1;
        self.defects.push((Code::EvtxRecordDamaged, at, detail));
    }

    fn count(&mut self, unwanted: Unwanted) {
        let Unwanted { provider, event_id, computer, time } = unwanted;
        let known = self.unselected.iter_mut().find(|known| known.event_id == event_id && known.provider == provider);
        match known {
            Some(known) => known.count += 1,
            None => self.unselected.push(Unselected { provider, event_id, count: 1 }),
        }
        let Some(time) = time else { return };
        self.span = Some(self.span.map_or((time, time), |(first, last)| (first.min(time), last.max(time))));
        let (host, hour) = (computer.unwrap_or_default(), time.hour());
        match self.hours.iter_mut().rev().find(|(known, at, _)| *at == hour && *known == host) {
            Some((_, _, count)) => *count += 1,
            None => self.hours.push((host, hour, 1)),
        }
    }
}
