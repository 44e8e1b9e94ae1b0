//! The EVTX reader against another one, record by record, over every file of the corpus.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use causeline::model::SourceId;
use causeline::read::evtx::records;
use causeline::read::{Body, How, Reading, Selection, SourceName, WindowsRecord};

use crate::oracle::{self, Said};

/// Reads a file with every record wanted.
fn read(mut bytes: &[u8], selection: &Selection, recover: bool) -> (Vec<WindowsRecord>, Reading) {
    let name = SourceName { id: SourceId(0), path: "log.evtx".into() };
    let how = How { selection, starts_record: None, recover };
    let mut found = Vec::new();
    let reading = records(&mut bytes, &name, &how, &mut |record| match record.body {
        Body::Windows(record) => found.push(*record),
        other => panic!("an EVTX record is a Windows record, not {other:?}"),
    });
    assert_eq!(reading.n_records, found.len() as u64 + reading.n_unselected() + reading.n_damaged);
    (found, reading)
}

/// The EVTX files of the corpus; none without the folder, which is an error where all tests must run.
#[expect(clippy::disallowed_methods, reason = "the corpus is too large for the repository; its folder is a setting")]
fn corpus() -> Vec<PathBuf> {
    let Ok(folder) = std::env::var("CAUSELINE_CORPORA") else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "CAUSELINE_CORPORA is not set");
        eprintln!("skipped: CAUSELINE_CORPORA is not set");
        return Vec::new();
    };
    let folder = Path::new(&folder).join("evtx");
    let inventory = std::fs::read_to_string(folder.join("INVENTORY.tsv")).unwrap();
    let paths = inventory.lines().skip(1).filter_map(|line| line.split('\t').next());
    paths.map(|path| folder.join(path)).filter(|path| path.is_file()).collect()
}

#[test]
fn every_record_that_the_other_reader_reads_is_the_same_here() {
    let (mut n_same, mut n_more) = (0_usize, 0);
    let mut unexplained: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for path in corpus() {
        let bytes = std::fs::read(&path).unwrap();
        let (found, _) = read(&bytes, &Selection::everything(), false);
        let Some((theirs, _)) = oracle::theirs(&path) else { continue };
        let mut ours: BTreeMap<String, Vec<Said>> = BTreeMap::new();
        for record in &found {
            let said = oracle::ours(record);
            ours.entry(said.record_id.clone()).or_default().push(said);
        }
        for said in theirs {
            let candidates = ours.entry(said.record_id.clone()).or_default();
            if let Some(same) = candidates.iter().position(|own| *own == said) {
                candidates.swap_remove(same);
                n_same += 1;
                continue;
            }
            let cause = candidates.first().map_or("missing".to_owned(), |own| first_difference(own, &said));
            let example = format!("{}: record {} {} {}", path.display(), said.record_id, said.provider, said.event_id);
            unexplained.entry(cause).or_insert((0, example)).0 += 1;
        }
        n_more += ours.values().map(Vec::len).sum::<usize>();
    }
    for (cause, (count, example)) in &unexplained {
        eprintln!("{count} x {cause}\n    {example}");
    }
    eprintln!("{n_same} records are the same, {n_more} are read here only");
    assert!(unexplained.is_empty());
}

fn first_difference(own: &Said, other: &Said) -> String {
    let (own_text, other_text) = (format!("{own:#?}"), format!("{other:#?}"));
    let differing = own_text.lines().zip(other_text.lines()).find(|(own, other)| own != other);
    differing.map_or("length".to_owned(), |(own, other)| format!("ours {} theirs {}", own.trim(), other.trim()))
}
