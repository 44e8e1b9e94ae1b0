//! Compressed streams and archives of every kind: read where they lie, in each other, and hostile.
//!
//! Fixtures in `packed/` were written by other programs: the tar archives by Python's `tarfile`, the
//! Zstandard frames by `zstd`. What is made on the spot uses the writers of the packages that read.

use std::io::{Cursor, Read as _, Write as _};
use std::time::Instant;

use bzip2::write::BzEncoder;
use causeline::diagnostic::Code;
use causeline::read::{Container, Discovery};
use lzma_rust2::{XzOptions, XzWriter};

use crate::damaged::Numbers;
use crate::packed::{codes, corpora, folder, found, gzipped, paths, read, texts, zipped};

const GNU_TAR_XZ: &[u8] = include_bytes!("packed/gnu.tar.xz");
const PAX_TAR_XZ: &[u8] = include_bytes!("packed/pax.tar.xz");
/// Frames with and without checksum, with a window of 128 MiB, and remarks before and between them.
const FRAMES_ZST: &[u8] = include_bytes!("packed/frames.log.zst");

fn bzipped(bytes: &[u8]) -> Vec<u8> {
    let mut stream = BzEncoder::new(Vec::new(), bzip2::Compression::best());
    stream.write_all(bytes).unwrap();
    stream.finish().unwrap()
}

fn xzipped(bytes: &[u8]) -> Vec<u8> {
    let mut stream = XzWriter::new(Vec::new(), XzOptions::with_preset(6)).unwrap();
    stream.write_all(bytes).unwrap();
    stream.finish().unwrap()
}

fn zstandard(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

type Pack = fn(&[u8]) -> Vec<u8>;

/// Every codec, with the ending that its files have.
const CODECS: &[(&str, Pack)] = &[("gz", gzipped), ("bz2", bzipped), ("xz", xzipped), ("zst", zstandard)];

fn unpacked_xz(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    lzma_rust2::XzReader::new(bytes, false).read_to_end(&mut plain).unwrap();
    plain
}

/// A tar archive of plain files, as the oldest POSIX has it.
fn tarred(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (name, bytes) in members {
        let mut header = [0; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[100..108].copy_from_slice(b"0000644\0");
        header[124..136].copy_from_slice(format!("{:011o}\0", bytes.len()).as_bytes());
        header[136..148].copy_from_slice(b"14300675000\0");
        header[156] = b'0';
        header[257..265].copy_from_slice(b"ustar\x0000");
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        archive.extend(header);
        archive.extend(*bytes);
        archive.resize(archive.len().next_multiple_of(512), 0);
    }
    archive.resize(archive.len() + 1024, 0);
    archive
}

/// Lines in which little repeats in the same order.
fn log(n_lines: usize) -> Vec<u8> {
    let mut numbers = Numbers(7);
    let line = |n: usize| {
        let (user, took) = (numbers.below(500), numbers.below(100_000));
        format!("2022-08-22 08:{:02}:{:02} INFO user{user:03} connected in {took} ms\n", n / 60 % 60, n % 60)
    };
    (0..n_lines).map(line).collect::<String>().into_bytes()
}

fn lines_of(bytes: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect()
}

fn all(discovery: &Discovery) -> Vec<(&str, Vec<String>)> {
    let named = |source| -> (&str, Vec<String>) { (path_in_archive(source), texts(source)) };
    discovery.sources.iter().map(named).collect()
}

fn path_in_archive(source: &causeline::read::Source) -> &str {
    let path = source.name.path.as_str();
    path.split_once('!').map_or(path, |(_, inner)| inner)
}

/// What lies in one file of these bytes. Its name tells nothing.
fn found_in(bytes: &[u8]) -> Discovery {
    found(folder(&[("x", bytes)]).keep().join("x"))
}

#[test]
fn each_codec_is_read_by_its_content_and_streams_behind_each_other() {
    let (first, second) = (log(3_000), log(2_000));
    let expected = lines_of(&[first.clone(), second.clone()].concat());
    for (ending, pack) in CODECS {
        let discovery = found_in(&[pack(&first), pack(&second)].concat());
        assert_eq!(paths(&discovery), ["x"], "{ending}");
        assert!(texts(&discovery.sources[0]) == expected, "{ending}");
        let (_, reading) = read(&discovery.sources[0]);
        assert!(reading.diagnostics.is_empty(), "{ending}: {:?}", reading.diagnostics);
        // The bytes that are digested are those of the text.
        assert_eq!(reading.n_bytes as usize, first.len() + second.len(), "{ending}");
        assert!(found_in(&pack(b"")).diagnostics.is_empty(), "{ending}");
    }
}

#[test]
fn frames_of_the_reference_encoder_are_read_and_remarks_between_them_skipped() {
    let line = |n: usize| {
        let (minute, second, user) = (n / 60 % 60, n % 60, n * 7 % 40);
        format!("2022-08-22 08:{minute:02}:{second:02} INFO user{user:03} connected to RDS01")
    };
    let discovery = found_in(FRAMES_ZST);
    let expected: Vec<String> = (0..3_000).map(line).collect();
    assert!(texts(&discovery.sources[0]) == expected);
    assert!(read(&discovery.sources[0]).1.diagnostics.is_empty());
}

#[test]
fn a_window_that_is_too_large_is_said_and_takes_no_memory() {
    // A frame whose window has 2 GiB: the exponent is the field less ten.
    let frame = [&[0x28, 0xb5, 0x2f, 0xfd, 0, 21 << 3][..], &[0x01, 0, 0]].concat();
    let discovery = found_in(&frame);
    assert_eq!(codes(&discovery), [(Code::ExpansionTooLarge, "x")]);
    assert_eq!(discovery.diagnostics[0].detail, "refers to text further back than is held in memory");
    let mut options = XzOptions::with_preset(6);
    options.lzma_options.dict_size = 512 << 20;
    options.lzma_options.nice_len = 8;
    options.lzma_options.mode = lzma_rust2::EncodeMode::Fast;
    options.lzma_options.mf = lzma_rust2::MfType::Hc4;
    let mut stream = XzWriter::new(Vec::new(), options).unwrap();
    stream.write_all(b"a line\n").unwrap();
    let discovery = found_in(&stream.finish().unwrap());
    assert_eq!(codes(&discovery), [(Code::ExpansionTooLarge, "x")]);
}

#[test]
fn tar_archives_of_both_dialects_are_listed_whole() {
    let deep = format!("logs/{}deep.log", "long/".repeat(40));
    let odd = "x".repeat(511);
    let expected: Vec<(&str, Vec<String>)> = vec![
        ("etc/passwd", vec!["outside".to_owned()]),
        ("logs/app.log", vec!["plain".to_owned()]),
        ("logs/empty.log", vec![]),
        ("logs/größe.log", vec!["letters".to_owned()]),
        (&deep, vec!["deep".to_owned()]),
        ("logs/odd.log", vec![odd]),
    ];
    for packed in [GNU_TAR_XZ, PAX_TAR_XZ] {
        for bytes in [packed.to_vec(), unpacked_xz(packed)] {
            let discovery = found_in(&bytes);
            assert_eq!(all(&discovery), expected);
            let links = [(Code::ArchiveDamaged, "x!logs/current.log"), (Code::ArchiveDamaged, "x!logs/same.log")];
            assert_eq!(codes(&discovery), links);
            assert_eq!(discovery.diagnostics[0].detail, "is a link; not followed");
        }
    }
}

#[test]
fn archives_and_codecs_lie_in_each_other() {
    let inner = |n: &str| tarred(&[("a.log", format!("in {n}\n").as_bytes()), ("b.log.gz", &gzipped(n.as_bytes()))]);
    let members: Vec<(String, Vec<u8>)> = CODECS
        .iter()
        .map(|(ending, pack)| (format!("logs.tar.{ending}"), pack(&inner(ending))))
        .chain([("plain.tar".to_owned(), inner("tar")), ("z.zip".to_owned(), zipped(&[("c.tar", &inner("zip"))]))])
        .collect();
    let members: Vec<(&str, &[u8])> = members.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let mut expected = Vec::new();
    for (outer, kind) in [
        ("logs.tar.bz2", "bz2"),
        ("logs.tar.gz", "gz"),
        ("logs.tar.xz", "xz"),
        ("logs.tar.zst", "zst"),
        ("plain.tar", "tar"),
        ("z.zip!c.tar", "zip"),
    ] {
        expected.push((format!("{outer}!a.log"), vec![format!("in {kind}")]));
        expected.push((format!("{outer}!b.log.gz"), vec![kind.to_owned()]));
    }
    for bundle in [zipped(&members), tarred(&members), gzipped(&tarred(&members))] {
        let discovery = found_in(&bundle);
        let all: Vec<_> = all(&discovery).into_iter().map(|(path, texts)| (path.to_owned(), texts)).collect();
        assert_eq!(all, expected);
        assert!(discovery.diagnostics.is_empty(), "{:?}", discovery.diagnostics);
    }
}

#[test]
fn members_of_one_name_are_told_apart() {
    let discovery = found_in(&tarred(&[("a.log", b"old\n"), ("b.log", b"b\n"), ("a.log", b"new\n")]));
    let expected =
        [("a.log", vec!["old".to_owned()]), ("a.log~2", vec!["new".to_owned()]), ("b.log", vec!["b".into()])];
    assert_eq!(all(&discovery), expected);
}

#[test]
fn a_tar_gives_what_stands_before_a_cut_and_behind_a_damaged_header() {
    let long = log(2_000);
    let sound = tarred(&[("a.log", b"first\n"), ("b.log", &long), ("c.log", b"third\n")]);
    let cut = found_in(&sound[..sound.len() / 2]);
    assert_eq!(codes(&cut), [(Code::ArchiveDamaged, "x")]);
    assert_eq!(cut.diagnostics[0].detail, "ends inside a member");
    let came = all(&cut);
    assert_eq!(came[0], ("a.log", vec!["first".to_owned()]));
    assert!(came[1].1.len() > 500 && came[1].1[..500] == lines_of(&long)[..500]);
    let packed = gzipped(&sound);
    let cut = found_in(&packed[..packed.len() / 2]);
    assert_eq!(codes(&cut), [(Code::ArchiveDamaged, "x")]);
    assert_eq!(all(&cut)[0], ("a.log", vec!["first".to_owned()]));
    let mut damaged = sound.clone();
    damaged[1024 + 130] = b'x';
    let damaged = found_in(&damaged);
    assert_eq!(all(&damaged), [("a.log", vec!["first".to_owned()]), ("c.log", vec!["third".to_owned()])]);
    assert_eq!(codes(&damaged), [(Code::ArchiveDamaged, "x")]);
    // An archive that was appended to another, behind its end.
    let twice = [tarred(&[("a.log", b"one\n")]), vec![0; 9_216], tarred(&[("b.log", b"two\n")])].concat();
    assert_eq!(all(&found_in(&twice)), [("a.log", vec!["one".to_owned()]), ("b.log", vec!["two".to_owned()])]);
}

#[test]
fn a_text_with_the_mark_of_a_tar_is_a_text() {
    let mut text = log(20);
    text[257..262].copy_from_slice(b"ustar");
    assert_eq!(found_in(&text).sources[0].container, Container::Lines);
}

#[test]
fn an_encrypted_member_is_named() {
    let mut bytes = zipped(&[("a.log", b"text\n"), ("b.log", b"sound\n")]);
    // Bit 0 of the flags, in the header of the member and in the directory.
    bytes[6] |= 1;
    let at = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    bytes[at + 8] |= 1;
    let discovery = found_in(&bytes);
    assert_eq!(all(&discovery), [("b.log", vec!["sound".to_owned()])]);
    assert_eq!(codes(&discovery), [(Code::ArchiveDamaged, "x!a.log")]);
    assert_eq!(discovery.diagnostics[0].detail, "is encrypted");
}

/// Ten gigabytes of zeros behind a line, as small as the codec makes them.
fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    const N_BYTES: usize = 10_000_000_000;
    let part = vec![0; 50_000_000];
    let mut bombs: Vec<(&str, Vec<u8>)> = CODECS
        .iter()
        .filter(|(ending, _)| *ending != "zst")
        .map(|(ending, pack)| (*ending, [pack(b"a line\n"), pack(&part).repeat(N_BYTES / part.len())].concat()))
        .collect();
    // One frame of blocks that say: 128 KiB of this byte.
    let mut frame = [zstandard(b"a line\n"), vec![0x28, 0xb5, 0x2f, 0xfd, 0, 7 << 3]].concat();
    let block = (131_072_u32 << 3 | 1 << 1).to_le_bytes();
    (0..N_BYTES / 131_072).for_each(|_| frame.extend([block[0], block[1], block[2], 0]));
    bombs.push(("zst", frame));
    bombs
}

#[test]
fn ten_gigabytes_of_zeros_stop_at_the_bound() {
    for (ending, bomb) in bombs() {
        let began = Instant::now();
        let given = found_in(&bomb);
        let (records, reading) = read(&given.sources[0]);
        let bound = (bomb.len() as u64 * 250).max(256 << 20);
        println!("{ending}: {} bytes stored, {} read, {:?}", bomb.len(), reading.n_bytes, began.elapsed());
        assert_eq!(records.len(), 1, "{ending}");
        let found_codes: Vec<_> = reading.diagnostics.iter().map(|d| d.code).collect();
        if bomb.len() as u64 * 250 < 10_000_000_007 {
            assert_eq!(found_codes, [Code::ExpansionTooLarge], "{ending}");
        }
        assert!(reading.n_bytes <= bound, "{ending}: {}", reading.n_bytes);
        // In an archive, and as an archive: the bound is that of the file.
        for outer in [zipped(&[("a", &bomb), ("b.log", b"sound\n")]), tarred(&[("a", &bomb), ("b.log", b"sound\n")])] {
            let began = Instant::now();
            let discovery = found_in(&outer);
            assert!(began.elapsed().as_secs() < 60, "{ending}: {:?}", began.elapsed());
            if (outer.len() as u64) * 250 < 10_000_000_007 {
                assert_eq!(paths(&discovery), ["x!b.log"], "{ending}");
                assert_eq!(codes(&discovery), [(Code::ExpansionTooLarge, "x!a")], "{ending}");
            }
        }
    }
}

#[test]
fn a_stream_in_a_stream_is_bounded_in_the_middle() {
    // The outer stream holds a hundred times what is allowed, the inner one nothing at all.
    let nothing = gzipped(b"").repeat(50_000);
    let middle = xzipped(&nothing).repeat(2_000);
    let began = Instant::now();
    let discovery = found_in(&middle);
    println!("{} bytes, {:?}", middle.len(), began.elapsed());
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
    assert_eq!(codes(&discovery), [(Code::ExpansionTooLarge, "x")]);
}

/// Reads everything, and holds it to a balance and to an end.
fn survive(what: &str, bytes: &[u8]) -> usize {
    let began = Instant::now();
    let root = folder(&[("x", bytes)]);
    let discovery = found(root.path().join("x"));
    let n_records: usize = discovery.sources.iter().map(|source| read(source).0.len()).sum();
    assert!(began.elapsed().as_secs() < 20, "{what}: {:?}", began.elapsed());
    n_records
}

/// One file of every kind.
fn specimens() -> Vec<(String, Vec<u8>, usize)> {
    let text = log(400);
    let tar = tarred(&[("a.log", &text), ("b.log", &log(50))]);
    let mut specimens: Vec<(String, Vec<u8>, usize)> =
        CODECS.iter().map(|(ending, pack)| ((*ending).to_owned(), pack(&text), 400)).collect();
    specimens.extend(CODECS.iter().map(|(ending, pack)| (format!("tar.{ending}"), pack(&tar), 450)));
    specimens.push(("tar".to_owned(), tar, 450));
    specimens.push(("gnu.tar.xz".to_owned(), GNU_TAR_XZ.to_vec(), 5));
    specimens.push(("pax.tar".to_owned(), unpacked_xz(PAX_TAR_XZ), 5));
    specimens.push(("frames.zst".to_owned(), FRAMES_ZST.to_vec(), 3_000));
    specimens
}

#[test]
fn a_file_cut_anywhere_gives_what_is_before_the_cut() {
    for (name, bytes, n_records) in specimens() {
        assert_eq!(survive(&name, &bytes), n_records, "{name}");
        let mut most = 0;
        for n_bytes in (0..bytes.len()).step_by(97) {
            let n = survive(&name, &bytes[..n_bytes]);
            // A cut line counts, and so does the text that a cut header looks like.
            assert!(n <= n_records + 2, "{name} cut at {n_bytes}: {n}");
            most = most.max(n);
        }
        // Of one block, bzip2 and Zstandard give nothing before its end.
        if !name.ends_with("bz2") && !name.ends_with("zst") && n_records > 100 {
            assert!(most > n_records * 3 / 4, "{name}: {most} of {n_records}");
        }
    }
}

#[test]
fn a_cut_stream_says_so() {
    for (ending, pack) in CODECS {
        let bytes = pack(&log(30_000));
        let discovery = found_in(&bytes[..bytes.len() * 3 / 4]);
        let (records, reading) = read(&discovery.sources[0]);
        assert!(records.len() > 10_000, "{ending}: {}", records.len());
        let found_codes: Vec<_> = reading.diagnostics.iter().map(|d| (d.code, d.detail.as_str())).collect();
        assert_eq!(found_codes, [(Code::ArchiveDamaged, "unexpected end of file")], "{ending}");
    }
}

#[test]
fn flipped_bytes_end_in_records_and_diagnostics() {
    let n_rounds = 200;
    for (name, bytes, _) in specimens() {
        for seed in 0..n_rounds {
            let mut numbers = Numbers(seed);
            let mut bytes = bytes.clone();
            for _ in 0..=numbers.below(6) {
                let at = numbers.below(bytes.len());
                bytes[at] = numbers.below(256) as u8;
            }
            // Headers are the weakest place.
            if seed % 3 == 0 {
                let at = numbers.below(64.min(bytes.len()));
                bytes[at] ^= 1 << numbers.below(8);
            }
            survive(&name, &bytes);
        }
    }
}

#[test]
fn the_same_log_in_every_wrapping_is_read_once() {
    let Some(corpora) = corpora() else { return };
    let names = ["syslog.bz2", "syslog.gz", "syslog.xz", "syslog.zip"];
    let mut plain = Vec::new();
    let file = std::fs::read(corpora.join("applogs/plaso/syslog.gz")).unwrap();
    flate2::read::GzDecoder::new(Cursor::new(file)).read_to_end(&mut plain).unwrap();
    for name in names {
        let discovery = found(corpora.join("applogs/plaso").join(name));
        let (_, reading) = read(&discovery.sources[0]);
        assert_eq!(reading.n_bytes as usize, plain.len(), "{name}");
        assert!(texts(&discovery.sources[0]) == lines_of(&plain), "{name}");
        assert!(reading.diagnostics.is_empty() && discovery.diagnostics.is_empty(), "{name}");
    }
    let together = found(corpora.join("applogs/plaso/syslog*"));
    // The zip holds a binary log beside it.
    assert_eq!(paths(&together), ["plaso/syslog.bz2", "plaso/syslog.zip!wtmp.1"]);
    let twice: Vec<_> = names[1..].iter().map(|_| Code::SourceDuplicate).collect();
    assert_eq!(codes(&together).into_iter().map(|(code, _)| code).collect::<Vec<_>>(), twice);
}
