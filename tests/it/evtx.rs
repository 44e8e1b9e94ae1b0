//! The EVTX reader: against files whose every value is known, against another reader over a corpus,
//! and against hostile bytes.

use std::collections::BTreeMap;
use std::time::Instant;

use causeline::diagnostic::Code;
use causeline::model::{Position, SourceId};
use causeline::read::evtx::{batches, records};
use causeline::read::selection::Fields;
use causeline::read::{Body, How, Reading, Record, Selection, SourceName, WindowsRecord};
use proptest::prelude::*;

use crate::damaged::{self, Numbers, corpus};
use crate::evtx_bytes::{self, Chunk};
use crate::oracle::{self, Said};

fn read_records(mut bytes: &[u8], selection: &Selection, recover: bool) -> (Vec<Record<'static>>, Reading) {
    let name = SourceName { id: SourceId(0), path: "log.evtx".into() };
    let how = How { selection, starts_record: None, recover, digests: true };
    let mut found = Vec::new();
    let reading = records(&mut bytes, &name, &how, &mut |record| found.push(record.into_owned()));
    assert_eq!(reading.n_records, found.len() as u64 + reading.n_unselected() + reading.n_damaged);
    (found, reading)
}

fn windows(record: Record<'_>) -> WindowsRecord {
    match record.body {
        Body::Windows(record) => *record,
        other => panic!("an EVTX record is a Windows record, not {other:?}"),
    }
}

fn read(bytes: &[u8]) -> (Vec<WindowsRecord>, Reading) {
    let (found, reading) = read_records(bytes, &Selection::everything(), false);
    (found.into_iter().map(windows).collect(), reading)
}

fn codes(reading: &Reading) -> Vec<(Code, u64)> {
    reading.diagnostics.iter().map(|diagnostic| (diagnostic.code, diagnostic.count)).collect()
}

#[test]
fn every_value_of_a_written_log_is_read() {
    let (found, reading) = read(&evtx_bytes::log(2));
    assert_eq!(codes(&reading), []);
    assert!(found.len() > 300);
    let third = &found[2];
    assert_eq!(third.provider.as_deref(), Some("Synthetic-Security"));
    assert_eq!((third.event_id, third.record_id), (4624, Some(3)));
    assert_eq!(third.time.unwrap().to_string(), "2022-08-22T06:00:03Z");
    assert_eq!(third.channel.as_deref(), Some("Security"));
    assert_eq!(third.computer.as_deref(), Some("RDS01.example.com"));
    assert_eq!(third.user_sid.as_deref(), Some("S-1-5-18"));
    let data: Vec<_> = third.data.iter().map(|datum| (datum.name.as_deref(), datum.value.as_deref())).collect();
    let expected = [
        (Some("TargetUserName"), Some("user003")),
        (Some("Nothing"), None),
        (None, Some("a")),
        (None, Some("")),
        (None, Some("c")),
        (Some("TargetLogonId"), Some("0x3ea")),
    ];
    assert_eq!(data, expected);
    let ids: Vec<_> = found.iter().filter_map(|record| record.record_id).collect();
    assert_eq!(ids, (1..=found.len() as u64).collect::<Vec<_>>());
}

#[test]
fn a_record_without_template_is_read_and_numbered_by_its_header() {
    let mut chunk = Chunk::new(77);
    chunk.plain_record(77);
    let (found, reading) = read_records(&evtx_bytes::file(&[chunk.finish(77)]), &Selection::everything(), false);
    assert_eq!(codes(&reading), []);
    assert_eq!(found[0].position, Position::Record(77));
    let record = windows(found[0].clone());
    assert_eq!((record.provider.as_deref(), record.event_id, record.qualifiers), (Some("Plain"), 7001, Some(32_768)));
    assert_eq!(record.time.unwrap().to_string(), "2022-08-22T06:01:33.1234567Z");
    assert_eq!(record.datum("reason"), Some("ité"));
}

#[test]
fn what_is_not_selected_is_counted_by_id_host_and_hour() {
    let mut selection = Selection::none();
    selection.add("synthetic-SECURITY", 4624);
    let log = evtx_bytes::log(40);
    let (found, reading) = read_records(&log, &selection, false);
    assert!(found.iter().all(|record| matches!(&record.body, Body::Windows(record) if record.event_id == 4624)));
    let n_records = reading.n_records;
    assert!(n_records > 7_000);
    assert_eq!(reading.unselected, BTreeMap::from([(("Synthetic-Security".into(), 4634), n_records / 2)]));
    // One record a second, every other one is left out, and the log begins at a full hour.
    let hours: Vec<_> = reading.unselected_hours.iter().map(|(key, count)| (key, count.n)).collect();
    let first_hour = 1_661_148_000 / 3_600;
    assert_eq!(hours[0], (&("RDS01.example.com".into(), "Security".into(), first_hour), 1_799));
    assert_eq!(hours[1], (&("RDS01.example.com".into(), "Security".into(), first_hour + 1), 1_800));
    let (first, last) = reading.unselected_span.unwrap();
    assert_eq!(first.to_string(), "2022-08-22T06:00:02Z");
    assert_eq!(last.seconds_since(first) as u64, (n_records - 2) / 2 * 2);
    assert_eq!(found.len() as u64, n_records - n_records / 2);
}

#[test]
fn order_and_outcome_do_not_depend_on_threads() {
    let log = evtx_bytes::log(70);
    let with = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| read_records(&log, &Selection::everything(), false).0)
    };
    assert!(with(1) == with(5));
}

#[test]
fn a_damaged_record_costs_itself_and_a_diagnostic() {
    let log = evtx_bytes::log(1);
    let n_all = read(&log).1.n_records;
    // The size of the second record.
    let second = log.windows(4).enumerate().filter(|(_, bytes)| bytes == b"**\0\0").nth(1).unwrap().0;
    let mut bytes = log.clone();
    bytes[second + 4] ^= 1;
    let (found, reading) = read(&bytes);
    assert_eq!((reading.n_records, reading.n_damaged), (n_all, 1));
    assert_eq!(found[1].record_id, Some(3));
    assert_eq!(codes(&reading), [(Code::EvtxChunkDamaged, 1), (Code::EvtxRecordDamaged, 1)]);
    let place = reading.diagnostics[1].place.unwrap();
    assert_eq!(place.position, Position::Offset(second as u64));

    // A file that ends inside of the last record.
    let (found, reading) = read(&log[..20_000]);
    assert!(!found.is_empty() && found.len() < n_all as usize);
    assert_eq!(codes(&reading), [(Code::EvtxRecordDamaged, 1), (Code::EvtxTruncated, 1)]);

    // A chunk without header.
    let mut bytes = log;
    bytes[4_096] = 0;
    let (_, reading) = read(&bytes);
    assert_eq!((reading.n_records, reading.n_damaged), (n_all, 0));
    assert_eq!(codes(&reading), [(Code::EvtxChunkDamaged, 1)]);
}

#[test]
fn slack_is_read_only_when_asked_for() {
    let log = evtx_bytes::log(1);
    let n_all = read(&log).1.n_records;
    // The header says that the chunk ends with its tenth record.
    let mut chunk = log[4_096..].to_vec();
    chunk[32..40].copy_from_slice(&10_u64.to_le_bytes());
    evtx_bytes::seal_header(&mut chunk);
    let log = evtx_bytes::file(&[chunk]);
    assert_eq!(read_records(&log, &Selection::everything(), false).0.len(), 10);
    assert_eq!(read_records(&log, &Selection::everything(), true).0.len() as u64, n_all);
}

#[test]
fn what_the_slack_gave_is_marked_and_counted() {
    let mut chunk = evtx_bytes::log(1)[4_096..].to_vec();
    chunk[32..40].copy_from_slice(&10_u64.to_le_bytes());
    evtx_bytes::seal_header(&mut chunk);
    let (found, reading) = read_records(&evtx_bytes::file(&[chunk]), &Selection::everything(), true);
    let marks: Vec<bool> = found.into_iter().map(|record| windows(record).is_recovered).collect();
    assert!(
        marks[..10].iter().all(|is_recovered| !is_recovered) && marks[10..].iter().all(|is_recovered| *is_recovered)
    );
    assert_eq!(codes(&reading), [(Code::EvtxRecordRecovered, marks.len() as u64 - 10)]);
}

#[test]
fn a_chunk_of_zeros_is_damage_between_others_and_room_at_the_end() {
    let log = evtx_bytes::log(2);
    let (first, second) = log[4_096..].split_at(65_536);
    let zeros = vec![0; 65_536];
    let chunks = |chunks: &[&[u8]]| {
        let chunks: Vec<Vec<u8>> = chunks.iter().map(|chunk| chunk.to_vec()).collect();
        let mut file = evtx_bytes::file(&chunks);
        evtx_bytes::state_chunks(&mut file, 2);
        file
    };
    assert_eq!(codes(&read(&chunks(&[first, second, &zeros])).1), []);
    let (found, reading) = read(&chunks(&[first, &zeros, &zeros, second, &zeros]));
    assert_eq!(found.len(), read(&log).0.len());
    assert_eq!(codes(&reading), [(Code::EvtxChunkDamaged, 2)]);
    assert_eq!(reading.diagnostics[0].place.unwrap().position, Position::Offset(4_096 + 65_536));
}

#[test]
fn a_header_that_knows_fewer_chunks_is_stale_and_an_open_log_is_said() {
    let mut log = evtx_bytes::log(3);
    let n_all = read(&log).1.n_records;
    evtx_bytes::state_chunks(&mut log, 1);
    let (_, reading) = read(&log);
    assert_eq!((reading.n_records, codes(&reading)), (n_all, vec![(Code::EvtxHeaderStale, 2)]));
    assert_eq!(reading.diagnostics[0].place.unwrap().position, Position::Offset(4_096 + 65_536));
    // The flag of a log that was not closed is not under the checksum.
    log[120] |= 1;
    assert_eq!(codes(&read(&log).1), [(Code::EvtxOpen, 1), (Code::EvtxHeaderStale, 2)]);
}

#[test]
fn numbers_that_jump_are_said_and_a_log_that_begins_anew_is_none() {
    let chunk = |ids: &[u64]| {
        let mut chunk = Chunk::new(ids[0]);
        ids.iter().for_each(|id| chunk.record(*id));
        chunk.finish(*ids.last().unwrap())
    };
    let of = |chunks: &[&[u64]]| {
        let chunks: Vec<Vec<u8>> = chunks.iter().map(|ids| chunk(ids)).collect();
        let reading = read(&evtx_bytes::file(&chunks)).1;
        let place = reading.diagnostics.first().and_then(|diagnostic| diagnostic.place).map(|place| place.position);
        (codes(&reading), place)
    };
    assert_eq!(of(&[&[1, 2, 3], &[4, 5]]), (vec![], None));
    assert_eq!(
        of(&[&[1, 2, 3], &[10, 11], &[20]]),
        (vec![(Code::RecordNumbersJump, 2)], Some(Position::Offset(4_096 + 65_536)))
    );
    assert_eq!(of(&[&[1, 2, 9, 10]]).0, [(Code::RecordNumbersJump, 1)]);
    assert_eq!(of(&[&[30, 31], &[1, 2]]).0, []);
}

#[test]
fn time_that_runs_backwards_is_said_if_no_reordering_explains_it() {
    // A record has the time of its number, in seconds.
    let of = |ids: &[u64]| {
        let mut chunk = Chunk::new(1);
        ids.iter().for_each(|id| chunk.record(*id));
        codes(&read(&evtx_bytes::file(&[chunk.finish(1_000)])).1)
    };
    assert_eq!(of(&[200, 141, 142]), []);
    assert_eq!(of(&[200, 139, 140, 141, 80]), [(Code::ClockStep, 2)]);
}

#[test]
fn only_the_data_that_are_wanted_are_read() {
    let mut selection = Selection::none();
    let fields = Fields::named(["targetusername"], false);
    selection.add_fields("Synthetic-Security", 4624, &fields);
    selection.add_fields("Plain", 7001, &Fields::none());
    let mut chunk = Chunk::new(1);
    (1..=4).for_each(|id| chunk.record(id));
    chunk.plain_record(5);
    let log = evtx_bytes::file(&[chunk.finish(5)]);
    let (found, reading) = read_records(&log, &selection, false);
    assert_eq!((reading.n_unselected(), reading.n_walked), (2, 0));
    let data = |record: Record<'_>| windows(record).data.into_iter().map(|datum| datum.value).collect::<Vec<_>>();
    let data: Vec<_> = found.into_iter().map(data).collect();
    assert_eq!(data, [vec![Some("user001".into())], vec![Some("user003".into())], vec![]]);
    let (found, _) = read_records(&log, &Selection::system_only(), false);
    assert!(found.len() == 5 && found.into_iter().all(|record| windows(record).data.is_empty()));
}

#[test]
fn a_table_of_records_holds_what_the_records_say() {
    let log = evtx_bytes::log(2);
    let (all, _) = read_records(&log, &Selection::everything(), false);
    let name = SourceName { id: SourceId(0), path: "log.evtx".into() };
    let everything = Selection::everything();
    let how = How { selection: &everything, starts_record: None, recover: false, digests: true };
    let (mut from_tables, mut n_values) = (Vec::new(), 0);
    batches(&mut &log[..], &name, &how, &mut |batch| {
        n_values += batch.n_values();
        from_tables.extend(batch.records());
    });
    assert_eq!(n_values, 6 * all.len());
    assert!(from_tables == all);
}

#[test]
fn what_is_no_log_is_a_diagnostic() {
    assert_eq!(codes(&read(b"").1), [(Code::EvtxHeaderDamaged, 1), (Code::EvtxTruncated, 1)]);
    assert_eq!(codes(&read(&vec![0; 100_000]).1), [(Code::EvtxHeaderDamaged, 1), (Code::EvtxTruncated, 1)]);
    // Chunks without the file around them.
    let (found, reading) = read(&evtx_bytes::log(2)[4_096..]);
    assert_eq!(found.len(), read(&evtx_bytes::log(2)).0.len());
    assert_eq!(codes(&reading), [(Code::EvtxHeaderDamaged, 1)]);
}

/// The differences to the other reader, each decided:
///
/// - Some copies of logs have records whose end was never written and is zeros. The other reader gives
///   them with cut texts, half GUIDs or nothing but zeros; here they are damaged.
/// - A lone surrogate is `_` there and U+FFFD here.
/// - GUIDs are lower case there and upper case here.
/// - Times of records without types have nine digits there and are an instant here.
/// - XML has one text for null and for empty; here they differ.
#[test]
fn every_record_that_the_other_reader_reads_is_the_same_here() {
    let (mut n_same, mut n_cut, mut n_more) = (0_usize, 0_usize, 0_usize);
    let mut unexplained: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for path in corpus() {
        let bytes = std::fs::read(&path).unwrap();
        let (found, reading) = read(&bytes);
        let Some(theirs) = oracle::theirs(&path) else { continue };
        assert!(reading.n_records >= theirs.len() as u64, "{}", path.display());
        let mut ours: BTreeMap<String, Vec<Said>> = BTreeMap::new();
        for record in &found {
            let said = oracle::ours(record);
            ours.entry(said.record_id.clone()).or_default().push(said);
        }
        for (header_id, said) in theirs {
            let candidates = ours.entry(said.record_id.clone()).or_default();
            if let Some(same) = candidates.iter().position(|own| *own == said) {
                candidates.swap_remove(same);
                n_same += 1;
                continue;
            }
            if is_cut(&bytes, header_id) {
                n_cut += 1;
                continue;
            }
            let cause = candidates.first().map_or("missing".to_owned(), |own| first_difference(own, &said));
            let example = format!("{}: record {} {} {}", path.display(), said.record_id, said.provider, said.event_id);
            unexplained.entry(cause).or_insert((0, example)).0 += 1;
        }
        n_more += ours.values().map(Vec::len).sum::<usize>();
    }
    eprintln!("{n_same} records are the same, {n_cut} are cut, {n_more} are read here only");
    assert!(unexplained.is_empty(), "{unexplained:#?}");
}

/// Whether the size that ends the record with this id is zero, where it should repeat the first one.
fn is_cut(file: &[u8], header_id: u64) -> bool {
    file.windows(16).enumerate().filter(|(_, bytes)| bytes.starts_with(b"**\0\0")).any(|(start, bytes)| {
        let len = bytes[4..8].iter().rev().fold(0, |len, byte| len << 8 | usize::from(*byte));
        bytes[8..] == header_id.to_le_bytes()
            && file[start..].get(..len).is_some_and(|record| record.ends_with(&[0; 4]))
    })
}

fn first_difference(own: &Said, other: &Said) -> String {
    let (own_text, other_text) = (format!("{own:#?}"), format!("{other:#?}"));
    let differing = own_text.lines().zip(other_text.lines()).find(|(own, other)| own != other);
    differing.map_or("length".to_owned(), |(own, other)| format!("ours {} theirs {}", own.trim(), other.trim()))
}

/// Reads in every way; damage may cost records, never the run, nor much time.
fn survive(bytes: &[u8]) {
    let began = Instant::now();
    read_records(bytes, &Selection::everything(), true);
    read_records(bytes, &Selection::none(), false);
    let limit_s = 5 + bytes.len() as u64 / 1_000_000;
    assert!(began.elapsed().as_secs() < limit_s, "reading {} bytes took {:?}", bytes.len(), began.elapsed());
}

fn flip_and_truncate(bytes: &[u8], n_rounds: u64) {
    for seed in 0..n_rounds {
        let mut numbers = Numbers(seed);
        let mut damaged = bytes.to_vec();
        damaged::flip(&mut damaged, &mut numbers);
        if numbers.below(3) == 0 {
            damaged.truncate(numbers.below(damaged.len()));
        }
        survive(&damaged);
    }
}

#[test]
fn flipped_and_missing_bytes_cost_records_and_not_the_run() {
    flip_and_truncate(&evtx_bytes::log(1), 150);
    for path in corpus().into_iter().step_by(9) {
        let bytes = std::fs::read(&path).unwrap();
        if (1..1_200_000).contains(&bytes.len()) {
            flip_and_truncate(&bytes, 3);
        }
    }
}

/// Every byte of the first template definition, one after the other: the part where an offset or a
/// length leads furthest.
#[test]
fn a_template_with_any_one_byte_changed_is_survived() {
    let log = evtx_bytes::log(1);
    for at in (4_096 + 512..4_096 + 512 + 1_400).step_by(2) {
        for value in [0x00, 0x0c, 0x0d, 0x21, 0xff] {
            let mut damaged = log.clone();
            damaged[at] = value;
            damaged.truncate(4_096 + 8_000);
            survive(&damaged);
        }
    }
}

#[test]
fn a_template_that_unfolds_without_end_is_bounded() {
    // Four levels are eight to the power of three values and are read; more are damage, be it that
    // they are too many or too deep.
    for (n_levels, n_values) in [(4, Some(1 + 8 + 64 + 512)), (7, None), (12, None), (40, None)] {
        let mut chunk = Chunk::new(1);
        chunk.unfolding_record(1, n_levels);
        let log = evtx_bytes::file(&[chunk.finish(1)]);
        let (found, reading) = read(&log);
        assert_eq!(found.first().map(|record| record.data.len()), n_values, "{n_levels} levels");
        assert_eq!(reading.n_records, 1);
        survive(&log);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..20_000), has_headers: bool) {
        let mut file = Vec::new();
        if has_headers {
            let empty = Chunk::new(1).finish(100);
            file = evtx_bytes::file(&[empty]);
            let n_bytes = bytes.len();
            file[4_096 + 512..4_096 + 512 + n_bytes].copy_from_slice(&bytes);
            file[4_096 + 48..4_096 + 52].copy_from_slice(&(512 + n_bytes as u32).to_le_bytes());
        } else {
            file.extend(bytes);
        }
        survive(&file);
    }
}
