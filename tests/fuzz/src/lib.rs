//! What every fuzz target asks of a reading, whatever the bytes.
//!
//! The readers are the files of the package itself. By the rules of the house they know only
//! `model`, `diagnostic` and `error`, so they build without the stages behind them.

#![allow(dead_code, unused_imports, reason = "the stages that use all of it are not here")]

#[path = "../../../src/diagnostic.rs"]
pub mod diagnostic;
#[path = "../../../src/error.rs"]
pub mod error;
#[path = "../../../src/model/mod.rs"]
pub mod model;
#[path = "../../../src/read/mod.rs"]
pub mod read;

use std::collections::BTreeSet;

use model::{Position, SourceId};
use read::{Body, Container, How, Reading, Record, Selection, Source};

/// Bytes of text that one record may hold: an object of JSON and a document may have 16 MiB.
const RECORD_TEXT_MAX: usize = 17 << 20;
/// Bytes of text that the records of one chunk of an event log may hold together.
const CHUNK_TEXT_MAX: u64 = 32 << 20;
/// Bytes of a chunk of an event log.
const CHUNK_LEN: u64 = 64 << 10;

/// What reading came to: the reading, and how many records it delivered.
struct Outcome {
    reading: Reading,
    n_delivered: u64,
}

/// Lets one thread do the work of all, so that the same bytes run through the same code.
pub fn take_one_thread() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread();
    pool.build_global().expect("nothing has used the pool before");
}

/// Reads the bytes as a file in every way, and holds each reading to what is promised of it.
pub fn read_in_every_way(bytes: &[u8]) {
    let source = Source::from_bytes(SourceId(0), "fuzzed", bytes);
    let (everything, nothing) = (Selection::everything(), Selection::none());
    let plain = How { selection: &everything, starts_record: None, recover: false, digests: true };
    let all = read(&source, bytes, &plain);
    // What nobody wants is not decoded, but it is counted.
    let none = read(&source, bytes, &How { selection: &nothing, ..plain });
    assert_eq!(all.reading.n_records, none.reading.n_records, "a record counts, wanted or not");
    if source.container == Container::Evtx {
        let recovered = read(&source, bytes, &How { recover: true, ..plain });
        assert!(recovered.n_delivered >= all.n_delivered, "recovery gives more records, never fewer");
    }
    if source.container == Container::Lines {
        let begins = |line: &str| line.starts_with(|c: char| c.is_ascii_digit());
        read(&source, bytes, &How { starts_record: Some(&begins), ..plain });
    }
    let again = read(&source, bytes, &plain);
    assert_eq!(format!("{:?}", again.reading), format!("{:?}", all.reading), "the same bytes read the same");
}

fn read(source: &Source, bytes: &[u8], how: &How<'_>) -> Outcome {
    let n_bytes = bytes.len() as u64;
    let (mut n_delivered, mut n_text) = (0, 0_u64);
    let reading = source.records(how, &mut |record| {
        n_delivered += 1;
        let n = text_of(&record);
        assert!(n <= RECORD_TEXT_MAX, "a record of {n} bytes");
        n_text += n as u64;
        let (at, last) = match record.position {
            Position::Line(line) => (line, n_bytes + 1),
            Position::Offset(offset) => (offset, 3 * n_bytes),
            Position::Record(_) => (0, 0),
        };
        assert!(at <= last, "a record behind the end");
    });
    let n_accounted = n_delivered + reading.n_unselected() + reading.n_damaged;
    assert_eq!(reading.n_records, n_accounted, "records = delivered + unselected + damaged");
    assert_eq!(reading.n_bytes, n_bytes, "all bytes are read");
    assert!(reading.n_records <= n_bytes + 1, "{} records in {n_bytes} bytes", reading.n_records);
    let n_text_max = match source.container {
        Container::Evtx => CHUNK_TEXT_MAX * (n_bytes / CHUNK_LEN + 1),
        // A row repeats no more than its cells; Windows-1252 grows threefold.
        _ => 8 * n_bytes + 64,
    };
    assert!(n_text <= n_text_max, "{n_bytes} bytes become {n_text} bytes of text");
    let mut codes = BTreeSet::new();
    for diagnostic in &reading.diagnostics {
        assert!(codes.insert(diagnostic.code), "{} stands twice", diagnostic.code.name());
        assert!(diagnostic.count > 0, "{} without a defect", diagnostic.code.name());
        assert!(!diagnostic.detail.chars().any(char::is_control), "log text in a diagnostic");
    }
    assert!(reading.n_damaged == 0 || !codes.is_empty(), "damage without a diagnostic");
    Outcome { reading, n_delivered }
}

/// The bytes of all texts of a record.
fn text_of(record: &Record<'_>) -> usize {
    match &record.body {
        Body::Windows(record) => {
            let of = |text: &Option<model::Name>| text.as_ref().map_or(0, |text| text.len());
            let system = [&record.provider, &record.channel, &record.computer, &record.user_sid, &record.activity_id];
            let data = record.data.iter().map(|datum| of(&datum.name) + of(&datum.value));
            system.into_iter().map(of).chain([of(&record.message)]).chain(data).sum()
        }
        Body::Json(object) => object.fields().iter().map(|(_, value)| value.len() / 6).sum(),
        Body::Row(row) => row.cells.iter().map(|cell| cell.len()).sum(),
        Body::Text(text) => text.len(),
        Body::Document(text) => text.len(),
    }
}
