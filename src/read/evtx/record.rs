//! Finds the records in a chunk, and goes on behind those that are damaged.
//!
//! A record is `**\0\0`, its size, its id, the time it was written, binary XML, and its size again.
//! Records follow each other without gaps up to the free space. Where one does not, the search goes
//! on for the next place at which magic, size, second size and the range of ids agree. A chunk that
//! was copied while Windows reused it also holds records of its former use: their ids are out of
//! range, and the record with the last id of the header ends the chunk.
//! Source: libevtx, "Windows XML Event Log (EVTX) format", section 3.2.

use super::chunk::{CHUNK_HEADER_LEN, ChunkHeader};

/// Bytes before the binary XML.
const HEADER_LEN: usize = 24;
/// Bytes of the shortest record: header and second size.
const MIN_LEN: usize = HEADER_LEN + 4;
const MAGIC: &[u8; 4] = b"**\0\0";

/// A record in the bytes of its chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// Its first byte.
    pub(super) start: usize,
    /// The byte behind it.
    pub(super) end: usize,
    /// The id that its header states.
    pub(super) id: u64,
    /// Whether the second size is that of the header.
    has_equal_sizes: bool,
}

impl Frame {
    /// Where its binary XML is.
    pub(super) fn content(&self) -> std::ops::Range<usize> {
        self.start + HEADER_LEN..self.end - 4
    }
}

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A record.
    Record(Frame),
    /// Bytes that should be a record and are none; the search went on behind them.
    Damage {
        /// Their first byte.
        start: usize,
    },
}

/// Walks over the records of a chunk.
pub(super) struct Walk<'c> {
    chunk: &'c [u8],
    header: Option<&'c ChunkHeader>,
    at: usize,
    /// Where the records end.
    live_end: usize,
    last_id: Option<u64>,
    /// The spans between and behind the records, where older records may stand.
    slack: Vec<std::ops::Range<usize>>,
}

impl<'c> Walk<'c> {
    /// Begins behind the header; without one all that looks like a record is taken.
    pub(super) fn new(chunk: &'c [u8], header: Option<&'c ChunkHeader>) -> Self {
        let live_end = header.map_or(chunk.len(), |header| header.live_end);
        let at = CHUNK_HEADER_LEN.min(chunk.len());
        Self { chunk, header, at, live_end, last_id: None, slack: Vec::new() }
    }

    /// Returns the spans that the walk left out, once it has ended.
    pub(super) fn into_slack(mut self) -> Vec<std::ops::Range<usize>> {
        self.slack.push(self.at..self.chunk.len());
        self.slack
    }

    /// Whether a record may stand here that the damage before it cannot explain.
    fn is_expected(&self, frame: &Frame) -> bool {
        match self.header {
            Some(header) if header.is_header_sound => header.ids.contains(&frame.id),
            // Without a header to believe, ids rise.
            _ => self.last_id.is_none_or(|last| frame.id > last),
        }
    }

    /// Returns the next place from `from` on where all that a record states of itself agrees.
    fn resync(&self, mut from: usize, until: usize) -> Option<Frame> {
        loop {
            let frame = next_frame(self.chunk, from, until)?;
            if self.is_expected(&frame) {
                return Some(frame);
            }
            from = frame.start + 1;
        }
    }

    fn accept(&mut self, frame: Frame) -> Found {
        self.at = frame.end;
        self.last_id = Some(frame.id);
        // The last record ends the chunk, even if the free space is said to begin later.
        if self.header.is_some_and(|header| *header.ids.end() == frame.id) {
            self.live_end = self.live_end.min(frame.end);
        }
        Found::Record(frame)
    }

    /// With a damaged header the end of the records is a guess: goes on while ids follow each other.
    fn beyond(&self) -> Option<Frame> {
        if self.header.is_some_and(|header| header.is_header_sound) {
            return None;
        }
        frame_at(self.chunk, self.at).filter(|frame| {
            frame.has_equal_sizes && self.last_id.is_some_and(|last| last.checked_add(1) == Some(frame.id))
        })
    }
}

impl Iterator for Walk<'_> {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        if self.at >= self.live_end {
            let frame = self.beyond()?;
            return Some(self.accept(frame));
        }
        let start = self.at;
        if let Some(frame) = frame_at(self.chunk, start) {
            let is_followed = || frame.end >= self.live_end || self.chunk[frame.end..].starts_with(MAGIC);
            if frame.has_equal_sizes || is_followed() {
                return Some(self.accept(frame));
            }
        }
        let next = self.resync(start + 1, self.live_end);
        self.at = next.map_or(self.live_end, |frame| frame.start);
        self.slack.push(start..self.at);
        // Zeros to the end are free space that the header did not know of.
        let is_blank = self.chunk[start..self.live_end].iter().take(MIN_LEN).all(|byte| *byte == 0);
        if next.is_none() && (is_blank || self.header.is_none()) {
            return None;
        }
        if self.header.is_none() && self.last_id.is_none() {
            // What stands before the first record of a chunk without header is no record.
            return self.next();
        }
        Some(Found::Damage { start })
    }
}

/// Returns the records in a span that no live record covers, from its first byte on.
pub(super) fn carve(chunk: &[u8], span: std::ops::Range<usize>) -> impl Iterator<Item = Frame> {
    let mut from = span.start;
    std::iter::from_fn(move || {
        let frame = next_frame(chunk, from, span.end)?;
        from = frame.start + 1;
        Some(frame)
    })
}

/// Returns the first record in a span whose two sizes agree.
fn next_frame(chunk: &[u8], mut from: usize, until: usize) -> Option<Frame> {
    loop {
        let hit = memchr::memmem::find(chunk.get(from..until)?, MAGIC)?;
        let start = from + hit;
        match frame_at(chunk, start) {
            Some(frame) if frame.has_equal_sizes && frame.end <= until => return Some(frame),
            _ => from = start + 1,
        }
    }
}

/// Reads the record header at a place; `None` if there is none, or its size is impossible.
///
/// Every record costs this, so it reads plain slices.
#[inline]
fn frame_at(chunk: &[u8], start: usize) -> Option<Frame> {
    let rest = chunk.get(start..)?;
    let (magic, fields) = rest.split_first_chunk()?;
    let (size, fields) = fields.split_first_chunk()?;
    let id = fields.first_chunk()?;
    let stated_len = u32::from_le_bytes(*size) as usize;
    let record = rest.get(..stated_len).filter(|record| magic == MAGIC && record.len() >= MIN_LEN)?;
    let has_equal_sizes = record.ends_with(size);
    Some(Frame { start, end: start + record.len(), id: u64::from_le_bytes(*id), has_equal_sizes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: u64, len: u32) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(len.to_le_bytes());
        bytes.extend(id.to_le_bytes());
        bytes.resize(len as usize - 4, 7);
        bytes.extend(len.to_le_bytes());
        bytes
    }

    fn chunk(records: &[(u64, u32)]) -> (Vec<u8>, ChunkHeader) {
        let mut chunk = vec![0; CHUNK_HEADER_LEN];
        for (id, len) in records {
            chunk.extend(record(*id, *len));
        }
        let ids = records.first().unwrap().0..=records.last().unwrap().0;
        let header = ChunkHeader { ids, live_end: chunk.len(), is_header_sound: true, is_data_sound: false };
        chunk.resize(2_000, 0);
        (chunk, header)
    }

    fn ids(walk: &mut Walk<'_>) -> Vec<Option<u64>> {
        walk.map(|found| match found {
            Found::Record(frame) => Some(frame.id),
            Found::Damage { .. } => None,
        })
        .collect()
    }

    #[test]
    fn a_damaged_size_costs_its_record_only() {
        let (mut chunk, header) = chunk(&[(1, 100), (2, 80), (3, 60)]);
        assert_eq!(ids(&mut Walk::new(&chunk, Some(&header))), [Some(1), Some(2), Some(3)]);
        chunk[612 + 4] = 81;
        assert_eq!(ids(&mut Walk::new(&chunk, Some(&header))), [Some(1), None, Some(3)]);
        // Size and second size disagree, but the next record stands where the first one says.
        chunk[612 + 4] = 80;
        chunk[612 + 76] = 81;
        assert_eq!(ids(&mut Walk::new(&chunk, Some(&header))), [Some(1), Some(2), Some(3)]);
    }

    #[test]
    fn records_of_a_former_use_are_no_live_ones() {
        let (mut chunk, mut header) = chunk(&[(5, 100), (900, 80), (6, 60)]);
        chunk[512] = 0;
        header.ids = 5..=6;
        assert_eq!(ids(&mut Walk::new(&chunk, Some(&header))), [None, Some(6)]);
        // The last record ends the chunk.
        header.ids = 900..=900;
        let mut walk = Walk::new(&chunk, Some(&header));
        assert_eq!(ids(&mut walk), [None, Some(900)]);
        let slack = walk.into_slack();
        assert_eq!(slack, [512..612, 692..2_000]);
        let carved: Vec<_> = slack.into_iter().flat_map(|span| carve(&chunk, span)).map(|frame| frame.id).collect();
        assert_eq!(carved, [6]);
    }

    #[test]
    fn without_header_all_that_agrees_with_itself_is_a_record() {
        let (mut chunk, mut header) = chunk(&[(1, 100), (2, 80), (3, 60)]);
        assert_eq!(ids(&mut Walk::new(&chunk, None)), [Some(1), Some(2), Some(3)]);
        chunk[512] = 0;
        assert_eq!(ids(&mut Walk::new(&chunk, None)), [Some(2), Some(3)]);
        chunk[512] = b'*';
        header.is_header_sound = false;
        header.live_end = 612;
        assert_eq!(ids(&mut Walk::new(&chunk, Some(&header))), [Some(1), Some(2), Some(3)]);
    }
}
