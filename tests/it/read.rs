//! Sources and records from files, folders, globs, archives and damaged bytes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use causeline::diagnostic::Code;
use causeline::error::Error;
use causeline::model::SourceId;
use causeline::read::{Body, Container, Encoding, How, Selection, Source, WindowsRecord, discover};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use crate::packed::{codes, corpora, folder, found, gzipped, paths, read, texts, zipped};

#[test]
fn a_folder_gives_its_files_by_path_and_begins_with_its_own_name() {
    let root = folder(&[
        ("logs/b/app.log", b"one\n"),
        ("logs/a/Microsoft-Windows-X%4Operational.log", b"two\n"),
        ("logs/.hidden/.log", b"three\n"),
    ]);
    let discovery = found(root.path().join("logs"));
    let expected = ["logs/.hidden/.log", "logs/a/Microsoft-Windows-X%4Operational.log", "logs/b/app.log"];
    assert_eq!(paths(&discovery), expected);
    let ids: Vec<SourceId> = discovery.sources.iter().map(|source| source.name.id).collect();
    assert_eq!(ids, [SourceId(0), SourceId(1), SourceId(2)]);
    assert_eq!(paths(&found(root.path().join("logs/b/app.log"))), ["app.log"]);
    assert_eq!(paths(&found(root.path().join("logs/b/../b"))), ["b/app.log"]);
}

#[test]
fn globs_are_expanded_and_named_from_their_fixed_part() {
    let root = folder(&[("logs/h1/System.log", b"one\n"), ("logs/h2/System.log", b"two\n"), ("logs/h2/x.txt", b"3\n")]);
    assert_eq!(paths(&found(root.path().join("logs/*/System.log"))), ["logs/h1/System.log", "logs/h2/System.log"]);
    assert_eq!(paths(&found(root.path().join("logs/h?"))).len(), 3);
    let literal = folder(&[("a[1].log", b"x\n"), ("a1.log", b"y\n")]);
    assert_eq!(paths(&found(literal.path().join("a[1].log"))), ["a[1].log"]);
    let two = [root.path().join("logs/h1/System.log"), root.path().join("logs/h2/System.log")];
    assert_eq!(paths(&discover(&two).unwrap()), ["h1/System.log", "h2/System.log"]);
}

#[test]
fn a_path_that_names_nothing_is_an_error() {
    for path in ["no/such/file.log", "no/such/*.log"] {
        let error = discover(&[PathBuf::from(path)]).expect_err(path);
        assert!(matches!(&error, Error::Missing { path: named } if named == Path::new(path)), "{error:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_back_ends() {
    let root = folder(&[("logs/a/app.log", b"one\n")]);
    std::os::unix::fs::symlink(root.path().join("logs"), root.path().join("logs/a/again")).unwrap();
    let discovery = found(root.path().join("logs"));
    assert_eq!(paths(&discovery), ["logs/a/app.log"]);
    assert_eq!(codes(&discovery), [(Code::SourceUnreadable, "logs/a/again")]);
}

#[test]
fn archives_are_opened_where_they_lie_and_nested() {
    let innermost = zipped(&[("deep.log", b"deep\n")]);
    let inner = zipped(&[("i/one.log", b"inner\n"), ("more.zip", &innermost)]);
    let outer = zipped(&[
        ("h1/app.log", b"plain\n"),
        ("stored.zip", &inner),
        ("h1/app.log.gz", &gzipped(b"packed\n")),
        ("empty.log", b""),
    ]);
    let root = folder(&[("bundle.dat", &outer), ("alone.log.gz", &gzipped(b"alone\n"))]);
    let discovery = found(root.path());
    let name = root.path().file_name().unwrap().to_string_lossy().into_owned();
    let expected = [
        "alone.log.gz",
        "bundle.dat!empty.log",
        "bundle.dat!h1/app.log",
        "bundle.dat!h1/app.log.gz",
        "bundle.dat!stored.zip!i/one.log",
        "bundle.dat!stored.zip!more.zip!deep.log",
    ];
    assert_eq!(paths(&discovery), expected.map(|path| format!("{name}/{path}")));
    assert!(discovery.diagnostics.is_empty(), "{:?}", discovery.diagnostics);
    let all: Vec<String> = discovery.sources.iter().flat_map(texts).collect();
    assert_eq!(all, ["alone", "plain", "packed", "inner", "deep"]);
    for source in &discovery.sources {
        assert!(read(source).1.diagnostics.is_empty());
    }
}

#[test]
fn archives_too_deep_are_left_out() {
    let mut bytes = zipped(&[("a.log", b"text\n")]);
    for _ in 0..6 {
        bytes = zipped(&[("n.zip", &bytes)]);
    }
    let discovery = found(folder(&[("x.zip", &bytes)]).keep().join("x.zip"));
    assert!(discovery.sources.is_empty());
    assert_eq!(codes(&discovery), [(Code::ArchiveDamaged, "x.zip!n.zip!n.zip!n.zip!n.zip")]);
}

#[test]
fn no_member_name_leads_out_of_its_archive() {
    let bytes = zipped(&[("../../../etc/passwd", b"root\n"), ("C:\\Windows\\x.log", b"x\n"), ("/abs.log", b"y\n")]);
    let root = folder(&[("evil.zip", &bytes)]);
    let discovery = found(root.path().join("evil.zip"));
    assert_eq!(paths(&discovery), ["evil.zip!Windows/x.log", "evil.zip!abs.log", "evil.zip!etc/passwd"]);
    assert_eq!(texts(&discovery.sources[2]), ["root"]);
}

#[test]
fn expansion_is_bounded_for_a_gzip_and_for_an_archive_of_archives() {
    // 300 MiB of zeros are 300 KiB as gzip: a ratio of 1,000, above the bound and above what is always allowed.
    let zeros = vec![0_u8; 1 << 20];
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(b"a line\n").unwrap();
    (0..300).for_each(|_| gzip.write_all(&zeros).unwrap());
    let bomb = gzip.finish().unwrap();
    let root = folder(&[("bomb.log.gz", &bomb), ("nested.zip", &zipped(&[("a.gz", &bomb), ("b.log", b"sound\n")]))]);
    let given = found(root.path().join("bomb.log.gz"));
    let (records, reading) = read(&given.sources[0]);
    assert_eq!(records.len(), 1);
    assert_eq!(reading.diagnostics.iter().map(|d| d.code).collect::<Vec<_>>(), [Code::ExpansionTooLarge]);
    assert!(reading.n_bytes <= 256 << 20, "{}", reading.n_bytes);
    let nested = found(root.path().join("nested.zip"));
    assert_eq!(paths(&nested), ["nested.zip!b.log"]);
    assert_eq!(codes(&nested), [(Code::ExpansionTooLarge, "nested.zip!a.gz")]);
    // Each costs the work up to the bound, so after three the rest is left out unread.
    let bombs = zipped(&[("a.gz", &bomb), ("b.gz", &bomb), ("c.gz", &bomb), ("d.gz", &bomb), ("e.log", b"sound\n")]);
    let given = found(folder(&[("bombs.zip", &bombs)]).path().join("bombs.zip"));
    assert_eq!(paths(&given), Vec::<&str>::new());
    assert_eq!(codes(&given).len(), 5);
    assert!(codes(&given).iter().all(|(code, _)| *code == Code::ExpansionTooLarge));
}

#[test]
fn damaged_archives_give_what_they_hold() {
    let sound = zipped(&[("a.log", b"first\n"), ("b.log", b"second second\n")]);
    let mut flipped = sound.clone();
    let at = flipped.windows(6).position(|part| part == b"second").unwrap();
    flipped[at] ^= 1;
    let long: Vec<u8> = (0..40_000).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
    let whole = gzipped(&long);
    let root = folder(&[
        ("cut.zip", &sound[..sound.len() / 2]),
        ("flipped.zip", &flipped),
        ("cut.log.gz", &whole[..whole.len() / 2]),
    ]);
    let cut = found(root.path().join("cut.zip"));
    assert_eq!(codes(&cut), [(Code::ArchiveDamaged, "cut.zip")]);
    let discovery = found(root.path().join("flipped.zip"));
    assert_eq!(texts(&discovery.sources[0]), ["first"]);
    assert_eq!(read(&discovery.sources[1]).1.diagnostics[0].code, Code::ArchiveDamaged);
    let (records, reading) = read(&found(root.path().join("cut.log.gz")).sources[0]);
    assert!(records.len() > 1_000, "{}", records.len());
    assert_eq!(reading.diagnostics[0].code, Code::ArchiveDamaged);
}

#[test]
fn an_office_document_is_no_archive_of_logs() {
    let document = zipped(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w:p>text</w:p>")]);
    let discovery = found(folder(&[("notes.docx", &document)]).keep());
    assert_eq!(discovery.sources.len(), 1);
    assert_eq!(discovery.sources[0].container, Container::Unknown);
    assert_eq!(read(&discovery.sources[0]).1.diagnostics[0].code, Code::SourceNotUnderstood);
}

#[test]
fn equal_bytes_count_once_wherever_they_lie() {
    let long: Vec<u8> = (0..20_000).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
    let mut other = long.clone();
    let last = other.len() - 2;
    other[last] = b'X';
    let root = folder(&[
        ("l/a.log", &long),
        ("l/b.zip", &zipped(&[("copy.log", &long)])),
        ("l/c.log.gz", &gzipped(&long)),
        ("l/d.log", &other),
        ("l/e.log", b""),
        ("l/f.log", b""),
    ]);
    let discovery = found(root.path().join("l"));
    assert_eq!(paths(&discovery), ["l/a.log", "l/d.log", "l/e.log", "l/f.log"]);
    let twice = [(Code::SourceDuplicate, "l/b.zip!copy.log"), (Code::SourceDuplicate, "l/c.log.gz")];
    assert_eq!(codes(&discovery), twice);
}

#[test]
fn utf16_is_read_at_both_ends_without_a_mark() {
    let text = "2022-08-22 08:01:33 Anmeldung für Zoë\r\n2022-08-22 08:01:34 weiter\r\n";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (bytes, encoding) in [(little, Encoding::Utf16Le), (big, Encoding::Utf16Be)] {
        let source = Source::from_bytes(SourceId(0), "x.log", &bytes);
        assert_eq!(source.encoding, encoding);
        assert_eq!(texts(&source), ["2022-08-22 08:01:33 Anmeldung für Zoë", "2022-08-22 08:01:34 weiter"]);
    }
}

/// A sample of each text container.
const SAMPLES: &[(&str, Container)] = &[
    (
        "<Events><Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='P'/>\
         <EventID Qualifiers='1'>21</EventID><Level>4</Level><TimeCreated SystemTime='2022-08-22T06:00:00.5Z'/>\
         <EventRecordID>7</EventRecordID><Computer>RDS01</Computer></System><UserData><EventXML xmlns='Event_NS'>\
         <User>a &amp; b</User></EventXML></UserData></Event>\n<Event><System><EventID>22</EventID></System>\
         <EventData><Data Name='x'>1</Data><Data/></EventData></Event></Events>",
        Container::EventXml,
    ),
    ("{\"a\":1,\"b\":[{\"c\":\"}\\\"\"}]}\n{\n \"a\": 2\n}\n{\"a\":3}\n", Container::Json),
    ("[{\"a\":1},\n {\"a\":{\"b\":[]}},{\"a\":\"]\"}]", Container::Json),
    (
        "time,component,note\n2022-01-01,App,\"a, \"\"b\"\"\nc\"\n2022-01-02,App,\n\n2022-01-03,App,x\n2022-01-04,App\n",
        Container::Table,
    ),
    ("#Software: IIS\n#Fields: date time c-ip\n2022-08-22 06:00:01 ::1\n#Fields: a,b\n1,\"2\"\n", Container::W3c),
    ("2022-08-22 08:01:33 one\r\n   at X\n\n\0\0\0\0\0\0\0\0two\n", Container::Lines),
    ("- time: 2022-08-20\n  component: App\n- time: 2022-08-21\n", Container::Document),
];

#[test]
fn each_sample_is_recognized_and_read_whole() {
    for (text, container) in SAMPLES {
        let source = Source::from_bytes(SourceId(0), "x", text.as_bytes());
        assert_eq!(source.container, *container, "{text}");
        let (records, reading) = read(&source);
        assert_eq!((reading.n_damaged, reading.diagnostics.len()), (0, 0), "{text}");
        assert!(!records.is_empty());
        assert_eq!(reading.n_bytes, text.len() as u64);
    }
}

/// Reads bytes as what they look like, and as each container in turn.
fn survive(bytes: &[u8]) {
    let mut source = Source::from_bytes(SourceId(0), "x", bytes);
    let digest = read(&source).1.sha256;
    assert_eq!(source.records(&nothing(), &mut |_| {}).sha256, digest);
    for (_, container) in SAMPLES {
        source.container = *container;
        for encoding in [Encoding::Utf8, Encoding::Utf16Le, Encoding::Windows1252] {
            source.encoding = encoding;
            let (_, reading) = read(&source);
            assert_eq!(reading.n_bytes, bytes.len() as u64);
        }
    }
}

fn nothing() -> How<'static> {
    static NOTHING: std::sync::LazyLock<Selection> = std::sync::LazyLock::new(Selection::none);
    How { selection: &NOTHING, starts_record: None, recover: false, digests: true }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_end_in_records_and_a_balance(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        survive(&bytes);
    }

    #[test]
    fn any_marks_end_in_records_and_a_balance(text in "[<>/Event'\"=,;{}\\[\\]:#\\\\ \n\r\t0-9-]{0,300}") {
        survive(text.as_bytes());
    }

    #[test]
    fn damaged_samples_end_in_records_and_a_balance(
        sample in 0..SAMPLES.len(),
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..8),
    ) {
        let mut bytes = SAMPLES[sample].0.repeat(3).into_bytes();
        for (at, byte, kind) in cuts {
            if bytes.is_empty() { break }
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.truncate(at),
                _ => drop(bytes.drain(at..(at + usize::from(byte)).min(bytes.len()))),
            }
        }
        survive(&bytes);
    }

    #[test]
    fn damaged_archives_end_in_diagnostics(
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        keep in any::<prop::sample::Index>(),
    ) {
        let inner = zipped(&[("a.log", b"text\n"), ("b.gz", &gzipped(b"packed\n"))]);
        let mut bytes = zipped(&[("n.zip", &inner), ("m.zip", &inner), ("c.log", b"text text text\n")]);
        for (at, byte) in cuts {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if keep.index(4) == 0 {
            bytes.truncate(keep.index(bytes.len()));
        }
        let root = folder(&[("x.zip", &bytes)]);
        for source in &found(root.path()).sources {
            read(source);
        }
    }
}

#[test]
fn application_logs_of_other_projects_are_recognized_and_read() {
    let Some(corpora) = corpora() else { return };
    let discovery = found(corpora.join("applogs"));
    let mut table = String::new();
    let mut containers: BTreeMap<Container, u64> = BTreeMap::new();
    for source in &discovery.sources {
        let (records, reading) = read(source);
        *containers.entry(source.container).or_default() += 1;
        let lines = format!("{} of {}, {} damaged", records.len(), reading.n_records, reading.n_damaged);
        let kinds: Vec<&str> = reading.diagnostics.iter().map(|diagnostic| diagnostic.code.name()).collect();
        let name = source.encoding.name();
        writeln!(table, "{:9} {name:12} {lines:30} {} {kinds:?}", format!("{:?}", source.container), source.name.path)
            .unwrap();
    }
    println!("{table}{:#?}", discovery.diagnostics);
    assert!(discovery.sources.len() > 100, "{}", discovery.sources.len());
    let container = |end: &str| {
        let source = discovery.sources.iter().find(|source| source.name.path.ends_with(end));
        source.unwrap_or_else(|| panic!("{end}")).container
    };
    for (end, expected) in [
        ("plaso/iis10.log", Container::W3c),
        ("plaso/syslog.bz2", Container::Lines),
        ("plaso/azure_application_gateway_access.json", Container::Json),
        ("lnav/logfile_bunyan.0", Container::Json),
        ("lnav/logfile_java.1", Container::Lines),
        ("lnav/logfile_docker_compose_with_noise.0", Container::Lines),
        ("Hadoop_2k.log_structured.csv", Container::Table),
        ("Hadoop_2k.log", Container::Lines),
    ] {
        assert_eq!(container(end), expected, "{end}");
    }
}

#[test]
fn a_log_in_colors_is_read_as_it_was_meant() {
    let Some(corpora) = corpora() else { return };
    let found = found(corpora.join("applogs/lnav/logfile_ansi.1"));
    let lines = texts(&found.sources[0]);
    let first = "Sep 19 09:24:04 Tims-MacBook-Air AMPDeviceDiscoveryAgent[17600]: tid:1d1f - Mux ID not found in mapping dictionary";
    assert_eq!((lines.len(), lines[0].as_str()), (10, first));
    assert!(lines.iter().all(|line| !line.contains('\u{1b}')) && !found.sources[0].head.contains('\u{1b}'));
}

#[test]
fn a_case_reads_the_same_from_its_archive_and_from_a_folder() {
    let Some(corpora) = corpora() else { return };
    for case in ["case-003", "case-015"] {
        let archive = corpora.join(format!("incidents-dev/cases/{case}.zip"));
        let root = tempfile::tempdir().unwrap();
        let mut zip = zip::ZipArchive::new(fs::File::open(&archive).unwrap()).unwrap();
        zip.extract(root.path().join(case)).unwrap();
        let (packed, unpacked) = (found(&archive), found(root.path().join(case)));
        assert!(packed.diagnostics.is_empty(), "{:?}", packed.diagnostics);
        assert_eq!(packed.sources.len(), unpacked.sources.len());
        let mut n_bytes_of: BTreeMap<Container, (u64, f64)> = BTreeMap::new();
        for (a, b) in packed.sources.iter().zip(&unpacked.sources) {
            let (path, twin) = (&a.name.path, &b.name.path);
            assert_eq!(path.split_once('!').unwrap().1, twin.split_once('/').unwrap().1);
            assert_eq!((a.container, a.encoding, &a.head), (b.container, b.encoding, &b.head), "{path}");
            let started = Instant::now();
            let (records, reading) = read(a);
            let (n_bytes, seconds) = n_bytes_of.entry(a.container).or_default();
            (*n_bytes, *seconds) = (*n_bytes + reading.n_bytes, *seconds + started.elapsed().as_secs_f64());
            let (twins, other) = read(b);
            assert_eq!((&reading.sha256, reading.n_records), (&other.sha256, other.n_records), "{path}");
            assert!(records == twins, "{path}");
            assert_ne!(a.container, Container::Unknown, "{path}");
            assert!(reading.n_damaged == 0 || a.container == Container::Evtx, "{path}: {:?}", reading.diagnostics);
        }
        for (container, (n_bytes, seconds)) in n_bytes_of {
            println!("{case}: {container:?} {n_bytes} bytes, {:.0} MB/s", n_bytes as f64 / seconds / 1e6);
        }
    }
}

#[test]
fn a_source_can_be_opened_again_and_again() {
    let root = folder(&[("x.log.gz", &gzipped(b"one\ntwo\n"))]);
    let source = &found(root.path()).sources[0];
    assert_eq!(texts(source), texts(source));
    let mut raw = Vec::new();
    fs::File::open(root.path().join("x.log.gz")).unwrap().read_to_end(&mut raw).unwrap();
    assert_eq!(source.n_bytes_stored, raw.len() as u64);
}

/// A record without what XML cannot tell: the case of GUIDs that are texts, and null from empty.
fn as_xml_can_tell(record: &WindowsRecord) -> WindowsRecord {
    let mut record = record.clone();
    for datum in &mut record.data {
        datum.value = datum.value.take().filter(|value| !value.is_empty());
        if let Some(value) = datum.value.as_mut().filter(|value| value.len() == 38 && value.starts_with('{')) {
            *value = value.to_uppercase().into();
        }
    }
    record
}

#[test]
fn events_are_the_same_from_their_binary_form_and_from_xml() {
    let Some(corpora) = corpora() else { return };
    let (mut n_records, mut different) = (0, Vec::new());
    for log in found(corpora.join("evtx")).sources.iter().filter(|source| source.container == Container::Evtx) {
        let settings = evtx::ParserSettings::new().indent(false).num_threads(1);
        let Ok(parser) = evtx::EvtxParser::from_path(corpora.join("..").join("corpora").join(&log.name.path)) else {
            continue;
        };
        let mut parser = parser.with_configuration(settings);
        let xml: String = parser.records().flatten().map(|record| record.data + "\n").collect();
        let export = Source::from_bytes(SourceId(0), "export.xml", xml.as_bytes());
        let binary: BTreeMap<_, _> = read(log).0.into_iter().map(|record| (record.position, record.body)).collect();
        let (records, reading) = read(&export);
        assert_eq!(reading.n_damaged, 0, "{}: {:?}", log.name.path, reading.diagnostics);
        for record in records {
            n_records += 1;
            let (Some(Body::Windows(a)), Body::Windows(b)) = (binary.get(&record.position), &record.body) else {
                different.push(format!("{} {:?} is missing", log.name.path, record.position));
                continue;
            };
            if as_xml_can_tell(a) != as_xml_can_tell(b) {
                different.push(format!("{}\n  {a:?}\n  {b:?}", log.name.path));
            }
        }
    }
    println!("{n_records} records, {} different\n{}", different.len(), different.join("\n"));
    assert!(n_records > 40_000 && different.len() < n_records / 1_000, "{} of {n_records}", different.len());
}
