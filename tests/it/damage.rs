//! Every log of the corpus, damaged in every way that is known from the field: what is damaged costs
//! itself and nothing else.
//!
//! The corpus is small enough to cut every file at every chunk border. The rest is sampled by a fixed
//! rule, so that all of it takes a minute without optimization: which chunks are damaged depends on the
//! number of the file, and each file gets two rounds of changed bytes.

use std::time::Instant;

use causeline::diagnostic::Code;
use causeline::model::{Position, SourceId};
use causeline::read::evtx::records;
use causeline::read::{How, Reading, Selection, SourceName};

use crate::damaged::{self, CHUNK_LEN, FILE_HEADER_LEN, Numbers, chunk_at, corpus, n_chunks};
use crate::evtx_bytes;

/// The shortest record: its header and its second size.
const RECORD_LEN_MIN: u64 = 28;

/// What of a reading must not depend on damage elsewhere.
#[derive(Debug, PartialEq)]
struct Came {
    positions: Vec<Position>,
    n_damaged: u64,
}

/// Reads, and holds every reading to its balance, to as much work as the bytes allow, and to an end.
fn read_with(mut bytes: &[u8], selection: &Selection, recover: bool) -> (Vec<Position>, Reading) {
    let n_bytes = bytes.len() as u64;
    let began = Instant::now();
    let name = SourceName { id: SourceId(0), path: "log.evtx".into() };
    let mut positions = Vec::new();
    let how = How { selection, starts_record: None, recover, digests: true };
    let reading = records(&mut bytes, &name, &how, &mut |record| positions.push(record.position));
    assert_eq!(reading.n_records, positions.len() as u64 + reading.n_unselected() + reading.n_damaged);
    // Between two records there is at most one place that is damaged.
    assert!(reading.n_records <= 2 * (n_bytes / RECORD_LEN_MIN + 1), "{} of {n_bytes} bytes", reading.n_records);
    assert!(began.elapsed().as_secs() < 30, "{n_bytes} bytes took {:?}", began.elapsed());
    (positions, reading)
}

fn read(bytes: &[u8]) -> Came {
    let (positions, reading) = read_with(bytes, &Selection::everything(), false);
    Came { positions, n_damaged: reading.n_damaged }
}

/// Records of a file, without decoding them.
fn count(bytes: &[u8]) -> u64 {
    read_with(bytes, &Selection::none(), false).1.n_records
}

/// A whole file with one chunk of this one.
fn alone(file: &[u8], chunk: &[u8]) -> Vec<u8> {
    [&file[..FILE_HEADER_LEN], chunk].concat()
}

/// The readable logs of the corpus, numbered, and one that is always there.
fn logs() -> impl Iterator<Item = (usize, String, Vec<u8>)> {
    let written = (String::from("written"), evtx_bytes::log(5));
    let found = corpus().into_iter().map(|path| (path.display().to_string(), std::fs::read(path).unwrap()));
    let logs = std::iter::once(written).chain(found).filter(|(_, bytes)| bytes.len() > FILE_HEADER_LEN);
    logs.enumerate().map(|(number, (path, bytes))| (number, path, bytes))
}

#[test]
fn a_log_that_ends_anywhere_gives_what_is_before_its_end() {
    let mut n_cuts = 0_usize;
    for (_, path, bytes) in logs() {
        let mut n_before = 0;
        for chunk in 0..n_chunks(&bytes) {
            let range = chunk_at(&bytes, chunk);
            let n_in_chunk = count(&alone(&bytes, &bytes[range.clone()]));
            // One byte less costs the chunk no more than what that byte belongs to.
            let n_short = count(&bytes[..range.end - 1]);
            let n_most = n_before + n_in_chunk;
            assert!((n_short..=n_short + 1).contains(&n_most), "{path}: {n_short} of {n_most} before {}", range.end);
            n_before += n_in_chunk;
            assert_eq!(count(&bytes[..range.end]), n_before, "{path} cut at {}", range.end);
            let one_more = &bytes[..(range.end + 1).min(bytes.len())];
            assert_eq!(count(one_more), n_before, "{path} cut at {}", range.end + 1);
            // Wholly decoded, the same three lengths of the chunk alone.
            let whole = read(&alone(&bytes, &bytes[range.clone()]));
            let short = read(&alone(&bytes, &bytes[range.start..range.end - 1]));
            let n_same =
                short.positions.iter().zip(&whole.positions).take_while(|(short, whole)| short == whole).count();
            assert!(n_same + 1 >= short.positions.len(), "{path}: a cut changes what stands before it, chunk {chunk}");
            n_cuts += 3;
        }
    }
    eprintln!("{n_cuts} cuts");
    assert!(n_cuts > 0);
}

#[test]
fn a_chunk_of_zeros_costs_its_own_records() {
    for (number, path, mut bytes) in logs() {
        let chunk = number % n_chunks(&bytes);
        let range = chunk_at(&bytes, chunk);
        let (n_all, n_own) = (count(&bytes), count(&alone(&bytes, &bytes[range.clone()])));
        bytes[range].fill(0);
        assert_eq!(count(&bytes), n_all - n_own, "{path}: chunk {chunk}");
    }
}

#[test]
fn a_torn_chunk_costs_itself() {
    let mut n_torn = 0;
    for (number, path, mut bytes) in logs() {
        let n_whole = (bytes.len() - FILE_HEADER_LEN) / CHUNK_LEN;
        if n_whole < 2 {
            continue;
        }
        let chunk = number % n_whole;
        let before = read(&bytes);
        let own = read(&alone(&bytes, &bytes[chunk_at(&bytes, chunk)]));
        damaged::tear(&mut bytes, chunk, (chunk + 1) % n_whole);
        let torn = read(&alone(&bytes, &bytes[chunk_at(&bytes, chunk)]));
        let after = read(&bytes);
        assert_eq!(
            after.positions.len() + own.positions.len(),
            before.positions.len() + torn.positions.len(),
            "{path}: chunk {chunk}"
        );
        // What stands before the tear is read as before.
        let half = chunk_at(&bytes, chunk).start..chunk_at(&bytes, chunk).start + CHUNK_LEN / 2;
        let half = read(&alone(&bytes, &bytes[half])).positions;
        assert!(torn.positions.starts_with(&half[..half.len().saturating_sub(1)]), "{path}: chunk {chunk}");
        n_torn += usize::from(torn != own);
    }
    assert!(n_torn > 0, "no chunk was changed by its other half");
}

#[test]
fn exchanged_chunks_give_the_same_records_in_their_order() {
    for (number, path, mut bytes) in logs() {
        let n_whole = (bytes.len() - FILE_HEADER_LEN) / CHUNK_LEN;
        if n_whole < 2 {
            continue;
        }
        let (one, other) = (number % n_whole, (number / 2 + 1) % n_whole);
        let before = read(&bytes);
        let parts: Vec<Came> =
            (0..n_chunks(&bytes)).map(|n| read(&alone(&bytes, &bytes[chunk_at(&bytes, n)]))).collect();
        damaged::swap(&mut bytes, one, other);
        let after = read(&bytes);
        assert_eq!(after.n_damaged, before.n_damaged, "{path}");
        let order = (0..parts.len()).map(|n| {
            if n == one {
                other
            } else if n == other {
                one
            } else {
                n
            }
        });
        let expected: Vec<Position> = order.flat_map(|n| parts[n].positions.iter().copied()).collect();
        assert_eq!(after.positions, expected, "{path}: chunks {one} and {other}");
    }
}

#[test]
fn a_log_that_was_not_closed_is_read_like_one_that_was() {
    for (_, path, mut bytes) in logs() {
        let before = read(&bytes);
        damaged::mark_dirty(&mut bytes);
        let (positions, reading) = read_with(&bytes, &Selection::everything(), false);
        assert_eq!(Came { positions, n_damaged: reading.n_damaged }, before, "{path}");
    }
}

#[test]
fn changed_bytes_cost_records_and_are_said() {
    let mut n_said = 0;
    for (number, path, bytes) in logs() {
        // Of a long log, six chunks are enough.
        let bytes = &bytes[..bytes.len().min(FILE_HEADER_LEN + 6 * CHUNK_LEN)];
        for round in 0..2 {
            let mut numbers = Numbers((number as u64) << 8 | round);
            let mut changed = bytes.to_vec();
            damaged::flip(&mut changed, &mut numbers);
            let (_, reading) = read_with(&changed, &Selection::everything(), round == 0);
            let is_said = !reading.diagnostics.is_empty();
            assert!(is_said || reading.n_damaged == 0, "{path}: damage in silence");
            n_said += usize::from(is_said);
            read_with(&changed, &Selection::none(), round == 1);
        }
    }
    assert!(n_said > 0);
    // In a written log every byte of a record counts, and the checksum tells each that changed.
    let mut changed = evtx_bytes::log(1);
    changed[FILE_HEADER_LEN + 1_000] ^= 1;
    let (_, reading) = read_with(&changed, &Selection::everything(), false);
    assert_eq!(reading.diagnostics[0].code, Code::EvtxChunkDamaged);
}
