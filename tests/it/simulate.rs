//! The simulator's files: two foreign readers agree that they are sound, and they tell the story they should.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use causeline::simulate::{self, COMMITTED_SEED, Truth};
use evtx::{EvtxParser, ParserSettings};

/// A written case: the files as they are handed over, and with archives unpacked.
struct Written {
    truth: Truth,
    handed_over: BTreeMap<String, Vec<u8>>,
    files: BTreeMap<String, Vec<u8>>,
}

fn written(case: &str, seed: u64) -> Written {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let truth = simulate::write(case, folder.path(), seed).expect("the case is written");
    let handed_over = content(folder.path());
    let files = unpacked(&handed_over);
    Written { truth, handed_over, files }
}

fn founding() -> &'static Written {
    static FOUNDING: OnceLock<Written> = OnceLock::new();
    FOUNDING.get_or_init(|| written("founding-2022", COMMITTED_SEED))
}

fn content(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = walkdir::WalkDir::new(folder).into_iter().map(|entry| entry.expect("a readable folder"));
    entries
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let name = entry.path().strip_prefix(folder).unwrap().to_string_lossy().replace('\\', "/");
            (name, std::fs::read(entry.path()).unwrap())
        })
        .collect()
}

fn unpacked(files: &BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
    let (archives, mut all): (BTreeMap<_, _>, BTreeMap<_, _>) =
        files.clone().into_iter().partition(|(name, _)| name.ends_with(".zip"));
    for content in archives.into_values() {
        let mut archive = zip::ZipArchive::new(Cursor::new(content)).unwrap();
        for number in 0..archive.len() {
            let mut member = archive.by_index(number).unwrap();
            let mut content = Vec::new();
            member.read_to_end(&mut content).unwrap();
            all.insert(member.name().unwrap().into_owned(), content);
        }
    }
    all
}

fn logs(written: &Written) -> impl Iterator<Item = (&String, &Vec<u8>)> {
    written.files.iter().filter(|(name, _)| name.ends_with(".evtx"))
}

/// What one record says about itself: record id, provider, event id, time.
struct Seen {
    record_id: u64,
    provider: String,
    id: u64,
    at: String,
    computer: String,
    data: serde_json::Value,
}

fn read_back(content: &[u8]) -> Vec<Seen> {
    let settings = ParserSettings::new().validate_checksums(true).num_threads(1);
    let mut parser = EvtxParser::from_buffer(content.to_vec()).expect("a file header").with_configuration(settings);
    parser
        .records_json_value()
        .map(|record| {
            let record = record.expect("a sound record");
            let event = &record.data["Event"];
            let system = &event["System"];
            let id = &system["EventID"];
            let data = if event["UserData"].is_null() { &event["EventData"] } else { &event["UserData"] };
            Seen {
                record_id: record.event_record_id,
                provider: system["Provider"]["#attributes"]["Name"].as_str().expect("a provider").to_owned(),
                id: id.as_u64().or_else(|| id["#text"].as_u64()).expect("an event id"),
                at: system["TimeCreated"]["#attributes"]["SystemTime"].as_str().expect("a time").to_owned(),
                computer: system["Computer"].as_str().expect("a computer").to_owned(),
                data: data.clone(),
            }
        })
        .collect()
}

/// Providers and ids that say nothing about connecting.
fn is_noise(record: &Seen) -> bool {
    match record.provider.as_str() {
        "Microsoft-Windows-DistributedCOM"
        | "Microsoft-Windows-DNS-Client"
        | "Microsoft-Windows-GroupPolicy"
        | "Microsoft-Windows-TaskScheduler"
        | "Microsoft-Windows-Security-SPP"
        | "Microsoft-Windows-Time-Service"
        | "ESENT"
        | "VSS" => true,
        "Service Control Manager" => record.id == 7_036,
        "Microsoft-Windows-Security-Auditing" => record.id == 4_672,
        _ => false,
    }
}

#[test]
fn the_evtx_package_reads_every_record_of_the_founding_case_and_finds_no_wrong_checksum() {
    let (mut n_records, mut n_noise, mut n_gaps) = (0, 0, 0);
    let mut n_chunks_most = 0;
    for (name, content) in logs(founding()) {
        assert_eq!(content.len() % 65_536, 4_096, "{name} is a header and whole chunks");
        n_chunks_most = n_chunks_most.max(content.len() / 65_536);
        let records = read_back(content);
        assert!(!records.is_empty(), "{name}");
        let host = name.split('/').next().unwrap();
        for pair in records.windows(2) {
            assert!(pair[0].record_id < pair[1].record_id, "{name}: record ids rise");
            assert!(pair[0].at <= pair[1].at, "{name}: {} then {}", pair[0].at, pair[1].at);
            n_gaps += usize::from(pair[1].record_id != pair[0].record_id + 1);
        }
        assert!(records.iter().all(|record| record.computer == format!("{host}.example.test")), "{name}");
        let next_id = u64::from_le_bytes(content[24..32].try_into().unwrap());
        assert_eq!(records.last().unwrap().record_id + 1, next_id, "{name}: the header knows the next record id");
        n_records += records.len();
        n_noise += records.iter().filter(|record| is_noise(record)).count();
    }
    assert!(n_chunks_most > 20, "several chunks a file: {n_chunks_most}");
    assert!(n_noise * 2 >= n_records, "{n_noise} of {n_records} records are noise");
    assert!((1..=10).contains(&n_gaps), "one host lost a span of each of its logs: {n_gaps}");
}

#[test]
fn the_evtx_package_for_python_reads_the_same_number_of_records() {
    if !Command::new("python3").args(["-c", "import evtx"]).output().is_ok_and(|output| output.status.success()) {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "the Python package evtx is missing");
        eprintln!("skipped: python3 has no package evtx");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut expected = String::new();
    for (number, (name, content)) in logs(founding()).filter(|(name, _)| name.starts_with("RDS02/")).enumerate() {
        let path = folder.path().join(format!("{number:02}.evtx"));
        std::fs::write(&path, content).unwrap();
        expected.push_str(&format!("{}\n", read_back(content).len()));
        assert!(!name.is_empty());
    }
    let program = "import evtx, glob, sys\n\
        for path in sorted(glob.glob(sys.argv[1] + '/*.evtx')):\n    \
        print(sum(1 for _ in evtx.PyEvtxParser(path).records()))\n";
    let output = Command::new("python3").args(["-c", program]).arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}

/// What Windows writes for some events, as another reader sees it.
#[test]
fn data_stand_where_windows_puts_them() {
    let file = |name: &str| read_back(&founding().files[name]);
    let sessions = file("RDS01/Microsoft-Windows-TerminalServices-LocalSessionManager%4Operational.evtx");
    let logon = &sessions.iter().find(|record| record.id == 21).unwrap().data["EventXML"];
    assert!(logon["User"].as_str().unwrap().starts_with("EXAMPLE\\user"), "{logon}");
    assert!(logon["SessionID"].is_u64() && logon["Address"].is_string(), "{logon}");

    let installed = file("RDS04/Application.evtx");
    let strings = |record: &Seen| record.data["Data"]["#text"].clone();
    let products: Vec<serde_json::Value> = installed.iter().filter(|record| record.id == 1_033).map(strings).collect();
    let versions: Vec<&str> = products
        .iter()
        .filter(|product| product[0] == "Microsoft FSLogix Apps")
        .map(|product| product[1].as_str().unwrap())
        .collect();
    assert_eq!(versions.len(), 2, "July's version and the hotfix: {products:?}");
    let published = ["2.9.8111.53415", "2.9.8171.14983", "2.9.8228.50276", "2.9.8308.44092", "2.9.8361.52326"];
    assert!(versions.iter().all(|version| !published.contains(version)), "no real build is named");
}

#[test]
fn the_same_seed_writes_the_same_bytes_and_they_are_the_committed_ones() {
    let again = written("founding-2022", COMMITTED_SEED);
    assert!(founding().handed_over == again.handed_over, "two runs agree");
    assert_eq!(founding().truth, again.truth);
    let committed = content(&Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs/founding-2022"));
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&committed), names(&again.handed_over));
    assert!(committed == again.handed_over, "sample-logs/founding-2022 is what the simulator writes");
    assert!(again.handed_over.values().map(Vec::len).sum::<usize>() < 10_000_000, "small enough for the repository");
}

/// Nothing beside the logs may give the answer away, except the README, which is no log.
#[test]
fn the_answer_does_not_lie_beside_the_logs() {
    for name in founding().files.keys() {
        let is_log = [".evtx", ".log", ".csv"].iter().any(|ending| name.ends_with(ending));
        assert!(is_log || name == "README.md", "{name}");
    }
    let deploys = String::from_utf8(founding().files["deploys.csv"].clone()).unwrap();
    assert!(!deploys.contains("FSLogix"), "the vendor's list knows the vendor's updates only: {deploys}");
}

#[test]
fn every_case_is_sound_and_holds_its_part_of_noise() {
    for case in simulate::CASES.iter().filter(|case| case.name != "founding-2022") {
        let written = written(case.name, 5);
        let of_first: Vec<_> = logs(&written).filter(|(name, _)| name.starts_with("RDS01/")).collect();
        assert!(of_first.len() >= 8, "{}: {} logs", case.name, of_first.len());
        let records: Vec<Seen> = of_first.iter().flat_map(|(_, content)| read_back(content)).collect();
        let n_noise = records.iter().filter(|record| is_noise(record)).count();
        // Five weeks that are kept with the project leave most of the noise out.
        let least = if case.name == "ordinary-weeks" { records.len() / 8 } else { records.len() / 2 };
        assert!(n_noise >= least, "{}: {n_noise} of {} records are noise", case.name, records.len());
        assert!(written.truth.n_sessions > 1_000, "{}", case.name);
    }
}

#[test]
fn a_case_that_does_not_exist_is_refused_with_the_list() {
    let error = simulate::write("founding-2023", Path::new("."), 1).unwrap_err().to_string();
    assert!(error.contains("founding-2022"), "{error}");
}
