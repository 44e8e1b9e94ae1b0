//! The simulator's files: two foreign readers agree that they are sound, and they tell the story they should.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read as _};
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use causeline::model::Timestamp;
use causeline::simulate::{self, COMMITTED_SEED, Truth};
use evtx::{EvtxParser, ParserSettings};

/// A written case, unpacked: files by name.
struct Written {
    truth: Truth,
    files: BTreeMap<String, Vec<u8>>,
}

fn written(case: &str, seed: u64) -> Written {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let truth = simulate::write(case, folder.path(), seed).expect("the case is written");
    Written { truth, files: unpacked(folder.path()) }
}

fn founding() -> &'static Written {
    static FOUNDING: OnceLock<Written> = OnceLock::new();
    FOUNDING.get_or_init(|| written("founding-2022", COMMITTED_SEED))
}

fn unpacked(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok).filter(|e| e.file_type().is_file()) {
        let name = entry.path().strip_prefix(folder).unwrap().to_string_lossy().replace('\\', "/");
        let content = std::fs::read(entry.path()).unwrap();
        if name.ends_with(".zip") {
            let mut archive = zip::ZipArchive::new(Cursor::new(content)).unwrap();
            for number in 0..archive.len() {
                let mut member = archive.by_index(number).unwrap();
                let mut content = Vec::new();
                member.read_to_end(&mut content).unwrap();
                files.insert(member.name().unwrap().into_owned(), content);
            }
        } else {
            files.insert(name, content);
        }
    }
    files
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
fn the_same_seed_writes_the_same_bytes_and_another_seed_others() {
    let folders: Vec<_> = (0..3).map(|_| tempfile::tempdir().unwrap()).collect();
    for (folder, seed) in folders.iter().zip([COMMITTED_SEED, COMMITTED_SEED, 7]) {
        simulate::write("founding-2022", folder.path(), seed).unwrap();
    }
    let bytes = |number: usize, name: &str| std::fs::read(folders[number].path().join(name)).unwrap();
    for name in ["logs.zip", "deploys.csv", "README.md"] {
        assert!(bytes(0, name) == bytes(1, name), "{name}");
    }
    assert!(bytes(0, "logs.zip") != bytes(2, "logs.zip"));
    assert!(bytes(0, "logs.zip").len() < 10_000_000, "small enough to be kept with the project");
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs/founding-2022");
    for name in ["logs.zip", "deploys.csv", "README.md"] {
        assert!(std::fs::read(committed.join(name)).unwrap() == bytes(0, name), "the committed {name} is up to date");
    }
}

fn instant(text: &str) -> Timestamp {
    Timestamp::from_jiff(text.parse().unwrap())
}

/// The story must hold whatever the dice say.
#[test]
fn the_founding_story_is_true_for_other_seeds() {
    for seed in [COMMITTED_SEED, 1, 2, 3] {
        let truth = if seed == COMMITTED_SEED { founding().truth.clone() } else { written("founding-2022", seed).truth };
        let saturday = instant("2022-08-20T00:00:00Z");
        let users = |from: &str, to: &str| {
            let (from, to) = (instant(from), instant(to));
            let refused = truth.refused.iter().filter(|one| from <= one.at && one.at < to);
            refused.map(|one| one.user.as_str()).collect::<BTreeSet<_>>().len()
        };
        let rollout = instant("2022-07-18T19:00:00Z");
        assert!(truth.incomplete.iter().all(|close| close.at > rollout), "seed {seed}: none before July's update");
        let n_before = truth.incomplete.iter().filter(|close| close.at < saturday).count();
        assert!((15..=150).contains(&n_before), "seed {seed}: isolated cases before Saturday: {n_before}");
        assert!(truth.first_case.unwrap() < instant("2022-08-01T00:00:00Z"), "seed {seed}");
        let monday = users("2022-08-22T00:00:00Z", "2022-08-23T00:00:00Z");
        assert!((60..=140).contains(&monday), "seed {seed}: about a hundred people on Monday: {monday}");
        assert_eq!(users("2022-08-24T00:00:00Z", "2022-08-25T00:00:00Z"), 0, "seed {seed}: Wednesday is quiet");
        let hotfix = instant("2022-08-22T13:30:00Z");
        let canary = |one: &&simulate::Happening| one.host == "RDS04" && one.at > hotfix;
        assert_eq!(truth.incomplete.iter().filter(canary).count(), 0, "seed {seed}: the canary closes cleanly");
        assert_eq!(truth.refused.iter().filter(canary).count(), 0, "seed {seed}: the canary refuses nobody");
        let others = truth.incomplete.iter().filter(|close| close.at > hotfix && close.host != "RDS04").count();
        assert!(others > 20, "seed {seed}: the other hosts do not: {others}");
    }
}

#[test]
fn a_case_that_does_not_exist_is_refused_with_the_list() {
    let error = simulate::write("founding-2023", Path::new("."), 1).unwrap_err().to_string();
    assert!(error.contains("founding-2022"), "{error}");
}
