//! What reading costs in memory, whatever the size of a file and whatever its bytes.
//!
//! A test binary of its own, for the allocator that counts is that of the whole process. The peaks
//! are those of the heap above what was there before; records go to a sink that drops them, as tables
//! keep what they need of each. One test at a time is measured.

#![allow(
    clippy::unwrap_used,
    clippy::pedantic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    unreachable_pub,
    unfulfilled_lint_expectations,
    reason = "a test may panic"
)]

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard};

use causeline::model::SourceId;
use causeline::read::evtx::records;
use causeline::read::{Container, How, Reading, Selection, SourceName, discover};
use peak_alloc::PeakAlloc;

#[path = "it/damaged.rs"]
#[allow(dead_code, reason = "the other tests use all of it")]
mod damaged;
#[path = "it/evtx_bytes.rs"]
#[allow(dead_code, reason = "the other tests use all of it")]
mod evtx_bytes;

use damaged::{CHUNK_LEN, FILE_HEADER_LEN, Numbers};
use evtx_bytes::Chunk;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

const MIB: usize = 1 << 20;
/// What reading may take at its peak, whatever the file: the promise of the readers.
const PEAK_MAX: usize = 64 * MIB;
/// What one peak may differ from another: threads share work differently from run to run.
const TOLERANCE: usize = 4 * MIB;

fn alone() -> MutexGuard<'static, ()> {
    let guard = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    // The threads and what they keep are there before anything is measured.
    read_evtx(&mut evtx_bytes::log(64).as_slice(), &Selection::everything());
    guard
}

/// The peak of the heap during the work, above what was there.
fn peak<T>(work: impl FnOnce() -> T) -> (usize, T) {
    let before = HEAP.current_usage();
    HEAP.reset_peak_usage();
    let result = work();
    (HEAP.peak_usage().saturating_sub(before), result)
}

fn read_evtx(bytes: &mut dyn Read, selection: &Selection) -> Reading {
    let name = SourceName { id: SourceId(0), path: "log.evtx".into() };
    let how = How { selection, starts_record: None, recover: true, digests: false };
    let mut n_delivered = 0;
    let reading = records(bytes, &name, &how, &mut |_| n_delivered += 1);
    assert_eq!(reading.n_records, n_delivered + reading.n_unselected() + reading.n_damaged);
    reading
}

/// A start, and then the same bytes again and again.
struct Repeated<'b> {
    start: &'b [u8],
    body: &'b [u8],
    at: usize,
    n_left: usize,
}

impl<'b> Repeated<'b> {
    fn new(start: &'b [u8], body: &'b [u8], n_times: usize) -> Self {
        Self { start, body, at: 0, n_left: n_times }
    }
}

impl Read for Repeated<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if !self.start.is_empty() {
            return self.start.read(buffer);
        }
        if self.n_left == 0 {
            return Ok(0);
        }
        let n = (&self.body[self.at..]).read(buffer)?;
        self.at += n;
        if self.at == self.body.len() {
            (self.at, self.n_left) = (0, self.n_left - 1);
        }
        Ok(n)
    }
}

#[test]
fn an_event_log_of_any_size_takes_the_same_memory() {
    let _guard = alone();
    let log = evtx_bytes::log(64);
    let (header, chunks) = log.split_at(FILE_HEADER_LEN);
    for selection in [Selection::everything(), Selection::none()] {
        let of = |n_times| peak(|| read_evtx(&mut Repeated::new(header, chunks, n_times), &selection));
        let (small, reading) = of(4);
        let (large, of_large) = of(64);
        eprintln!("16 MiB: {} KiB; 256 MiB: {} KiB", small >> 10, large >> 10);
        assert_eq!(of_large.n_records, 16 * reading.n_records);
        assert!(large <= small + TOLERANCE && large < PEAK_MAX, "{small} {large}");
    }
}

#[test]
fn a_damaged_event_log_takes_no_more_than_a_sound_one() {
    let _guard = alone();
    let sound = evtx_bytes::log(64);
    let (of_sound, _) = peak(|| read_evtx(&mut sound.as_slice(), &Selection::everything()));
    let mut most = 0;
    for seed in 0..20 {
        let mut numbers = Numbers(seed);
        let mut bytes = sound.clone();
        (0..32).for_each(|_| damaged::flip(&mut bytes, &mut numbers));
        let (one, other) = (numbers.below(64), numbers.below(64));
        damaged::tear(&mut bytes, one, other);
        damaged::mark_dirty(&mut bytes);
        let (of_damaged, reading) = peak(|| read_evtx(&mut bytes.as_slice(), &Selection::everything()));
        assert!(reading.n_damaged > 0);
        most = most.max(of_damaged);
    }
    eprintln!("sound: {} KiB; damaged: at most {} KiB", of_sound >> 10, most >> 10);
    assert!(most <= of_sound + TOLERANCE && most < PEAK_MAX, "{of_sound} {most}");
}

#[test]
fn every_log_of_the_corpus_stays_within_the_bound_when_damaged() {
    let _guard = alone();
    let mut most = (0, String::new());
    for (number, path) in damaged::corpus().into_iter().enumerate() {
        let mut bytes = std::fs::read(&path).unwrap();
        if bytes.len() < FILE_HEADER_LEN + CHUNK_LEN {
            continue;
        }
        damaged::flip(&mut bytes, &mut Numbers(number as u64));
        let (of_damaged, _) = peak(|| read_evtx(&mut bytes.as_slice(), &Selection::everything()));
        most = most.max((of_damaged, path.display().to_string()));
    }
    eprintln!("at most {} KiB: {}", most.0 >> 10, most.1);
    assert!(most.0 < PEAK_MAX, "{most:?}");
}

/// Writes a file of so many bytes, and reads it as a path is read.
fn read_file(folder: &Path, start: &str, n_bytes: usize, block: &mut dyn FnMut(u64) -> String) -> (usize, Reading) {
    let path = folder.join("log");
    let mut file = File::create(&path).unwrap();
    file.write_all(start.as_bytes()).unwrap();
    let (mut n_written, mut n_blocks) = (0, 0);
    while n_written < n_bytes {
        let text = block(n_blocks);
        file.write_all(text.as_bytes()).unwrap();
        n_written += text.len();
        n_blocks += 1;
    }
    drop(file);
    let nothing = Selection::none();
    let how = How { selection: &nothing, starts_record: None, recover: false, digests: false };
    peak(|| {
        let source = discover(&[path]).unwrap().sources.remove(0);
        assert!(!matches!(source.container, Container::Lines | Container::Unknown) || start.is_empty());
        let mut n_delivered = 0;
        let reading = source.records(&how, &mut |_| n_delivered += 1);
        assert_eq!(reading.n_records, n_delivered + reading.n_unselected() + reading.n_damaged);
        reading
    })
}

fn event(provider: &str, computer: &str, data: &str) -> String {
    format!(
        "<Event xmlns='x'><System><Provider Name='{provider}'/><EventID>1</EventID>\
         <TimeCreated SystemTime='2022-08-22T06:00:00Z'/><Computer>{computer}</Computer></System>\
         <EventData><Data Name='{data}'>{}</Data></EventData></Event>\n",
        "x".repeat(200)
    )
}

#[test]
fn a_text_of_any_size_takes_the_same_memory() {
    let _guard = alone();
    let folder = tempfile::tempdir().unwrap();
    let formats: [(&str, &str, String); 5] = [
        ("event XML", "<Events>", event("P", "RDS01", "a").repeat(100)),
        (
            "JSON lines",
            "{\"a\": 0}\n",
            "{\"time\": \"2022-08-22T06:00:00Z\", \"a\": [1, {\"b\": null}]}\n".repeat(1_000),
        ),
        ("JSON array", "[", "{\"time\": \"2022-08-22T06:00:00Z\", \"a\": [1, {\"b\": null}]},".repeat(1_000)),
        ("table", "time,component,version\n", "2022-08-22T06:00:00Z,\"App, \n or so\",1\n".repeat(1_000)),
        ("lines", "", "2022-08-22 08:01:33,123 INFO user001 connected to RDS01\n".repeat(1_000)),
    ];
    for (name, start, block) in formats {
        let of = |n_bytes| read_file(folder.path(), start, n_bytes, &mut |_| block.clone());
        let (small, reading) = of(4 * MIB);
        let (large, of_large) = of(48 * MIB);
        eprintln!("{name}: 4 MiB: {} KiB; 48 MiB: {} KiB", small >> 10, large >> 10);
        assert!(of_large.n_records > 10 * reading.n_records);
        assert!(large <= small + TOLERANCE && large < PEAK_MAX, "{name}: {small} {large}");
    }
}

#[test]
fn a_text_in_which_nothing_repeats_is_bounded() {
    let _guard = alone();
    let folder = tempfile::tempdir().unwrap();
    type Block = fn(u64) -> String;
    let formats: [(&str, &str, Block); 5] = [
        ("events of new kinds", "<Events>", |n| event(&format!("Provider{n}"), "RDS01", &format!("field{n}"))),
        ("objects of new names", "{\"a\": 0}\n", |n| format!("{{\"name{n}\": {{\"inner{n}\": 1}}}}\n")),
        ("new columns", "#Fields: a b\n1 2\n", |n| format!("#Fields: a{n} b{n}\n1 2\n")),
        ("new directives", "#Fields: a b\n1 2\n", |n| format!("#key{n}: {n}\n1 2\n")),
        ("new headers", "a,b\n1,2\n", |n| format!("\"(PDH-CSV 4.0) (UTC)(0)\",\"counter{n}\"\n1,2\n")),
    ];
    for (name, start, block) in formats {
        let (most, reading) = read_file(folder.path(), start, 24 * MIB, &mut |n| block(n));
        eprintln!("{name}: {} KiB for {} records", most >> 10, reading.n_records);
        assert!(most < PEAK_MAX / 4, "{name}: {most}");
    }
}

#[test]
fn one_long_line_is_bounded_in_every_format() {
    let _guard = alone();
    let folder = tempfile::tempdir().unwrap();
    for (name, start, unit) in [
        ("event XML", "<Event><System>", "<a>"),
        ("an attribute", "<Event><System><a b='", "x"),
        ("JSON", "{\"a\": \"", "x"),
        ("JSON values", "{\"a\": [0", ",0"),
        ("JSON array", "[{\"a\": [0", ",0"),
        ("JSON depth", "[{\"a\": ", "["),
        ("table", "time,component,version\n1,", ","),
        ("a quote", "time,component,version\n1,\"", "x"),
        ("W3C", "#Fields: a b\n", "x "),
        ("lines", "", "x"),
    ] {
        let block = unit.repeat(65_536);
        let (most, _) = read_file(folder.path(), start, 40 * MIB, &mut |_| block.clone());
        eprintln!("{name}: {} KiB", most >> 10);
        // An object of JSON may have 16 MiB, and is there as line and as text to be parsed.
        let bound = if name.starts_with("JSON") { 2 * PEAK_MAX } else { PEAK_MAX };
        assert!(most < bound, "{name}: {most}");
    }
}

#[test]
fn records_that_unfold_are_bounded_together() {
    let _guard = alone();
    let mut chunk = Chunk::new(1);
    for id in 1..=40 {
        chunk.unfolding_record(id, 4);
    }
    let chunk = chunk.finish(40);
    let log = evtx_bytes::file(&[]);
    let (most, reading) = peak(|| read_evtx(&mut Repeated::new(&log, &chunk, 256), &Selection::everything()));
    eprintln!("{} KiB for {} records, {} damaged", most >> 10, reading.n_records, reading.n_damaged);
    assert!(most < PEAK_MAX, "{most}");
}

#[test]
fn finding_many_files_does_not_keep_their_starts() {
    let _guard = alone();
    let folder = tempfile::tempdir().unwrap();
    for number in 0_u64..1_000 {
        let mut file = File::create(folder.path().join(format!("{number:04}.evtx"))).unwrap();
        file.write_all(b"ElfFile\0").unwrap();
        file.write_all(&number.to_le_bytes()).unwrap();
        file.set_len((FILE_HEADER_LEN + CHUNK_LEN) as u64).unwrap();
    }
    let (most, n_sources) = peak(|| discover(&[folder.path().to_owned()]).unwrap().sources.len());
    eprintln!("{} KiB for {n_sources} files", most >> 10);
    assert_eq!(n_sources, 1_000);
    assert!(most < 8 * MIB, "{most}");
}

#[test]
fn an_object_of_many_values_is_bounded() {
    let _guard = alone();
    let folder = tempfile::tempdir().unwrap();
    type Block = fn(u64) -> String;
    let formats: [(&str, &str, Block); 2] = [
        ("values", "{\"a\": [0", |_| ",0".repeat(1_000)),
        ("names", "{\"a\": 0", |n| (0..1_000).map(|m| format!(",\"{n}{m:03}\":0")).collect()),
    ];
    for (name, start, block) in formats {
        for n_bytes in [MIB / 2, 2 * MIB, 4 * MIB, 15 * MIB] {
            let (most, _) = read_file(folder.path(), start, n_bytes, &mut |n| block(n));
            eprintln!("{name} in {n_bytes}: {} KiB", most >> 10);
            assert!(most < 2 * PEAK_MAX, "{name}: {most}");
        }
    }
}
