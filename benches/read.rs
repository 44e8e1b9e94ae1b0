//! How fast EVTX is read: `System` alone, all fields of all events, a selection of them, and into records
//! one by one.
//!
//! Over a log that is built here: full chunks of logons and logoffs, half of which the selection
//! wants; with `CAUSELINE_CORPORA` set, also over the largest files of its `evtx` folder.

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/it/evtx_bytes.rs"]
mod evtx_bytes;

use std::path::Path;

use causeline::model::SourceId;
use causeline::read::{How, Selection, SourceName, evtx};
use criterion::{Criterion, PlottingBackend, Throughput};

/// Reads a log into tables, or into records, and returns how many records were wanted.
fn read(mut log: &[u8], selection: &Selection, into_records: bool) -> usize {
    let name = SourceName { id: SourceId(0), path: "log.evtx".into() };
    let how = How { selection, starts_record: None, recover: false, digests: false };
    let mut n_wanted = 0;
    if into_records {
        evtx::records(&mut log, &name, &how, &mut |_| n_wanted += 1);
    } else {
        evtx::batches(&mut log, &name, &how, &mut |batch| n_wanted += batch.len());
    }
    n_wanted
}

/// The logons of both logs.
fn logons() -> Selection {
    let mut selection = Selection::none();
    selection.add("Synthetic-Security", 4624);
    for event_id in [4624, 4625, 4634, 4647] {
        selection.add("Microsoft-Windows-Security-Auditing", event_id);
    }
    selection
}

/// The files of the corpus from 2 MB on, as one run of chunks each.
#[expect(clippy::disallowed_methods, reason = "the corpus is too large for the repository; its folder is a setting")]
fn corpus() -> Vec<Vec<u8>> {
    let Ok(folder) = std::env::var("CAUSELINE_CORPORA") else { return Vec::new() };
    let folder = Path::new(&folder).join("evtx");
    let inventory = std::fs::read_to_string(folder.join("INVENTORY.tsv")).unwrap_or_default();
    let paths = inventory.lines().skip(1).filter_map(|line| line.split('\t').next());
    let files = paths.filter_map(|path| std::fs::read(folder.join(path)).ok());
    files.filter(|file| file.len() > 2_000_000).collect()
}

fn main() {
    let mut criterion = Criterion::default().plotting_backend(PlottingBackend::None).configure_from_args();
    for (place, logs) in [("built", vec![evtx_bytes::log(64)]), ("corpus", corpus())] {
        let n_bytes: usize = logs.iter().map(Vec::len).sum();
        if n_bytes == 0 {
            continue;
        }
        let mut group = criterion.benchmark_group("read");
        group.throughput(Throughput::Bytes(n_bytes as u64)).sample_size(10);
        for (name, selection, into_records) in [
            ("evtx-system", Selection::system_only(), false),
            ("evtx-selective", logons(), false),
            ("evtx-full", Selection::everything(), false),
            ("evtx-records", Selection::everything(), true),
        ] {
            group.bench_function(format!("{name}/{place}"), |bencher| {
                bencher.iter(|| logs.iter().map(|log| read(log, &selection, into_records)).sum::<usize>());
            });
        }
        group.finish();
    }
    criterion.final_summary();
}
