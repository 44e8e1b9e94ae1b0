//! What tests pack, find and read: folders, archives and compressed streams made on the spot.

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::PathBuf;

use causeline::diagnostic::Code;
use causeline::read::{Body, Discovery, How, Reading, Record, Selection, Source, discover};
use flate2::Compression;
use flate2::write::GzEncoder;
use zip::write::SimpleFileOptions;

pub fn found(path: impl Into<PathBuf>) -> Discovery {
    discover(&[path.into()]).expect("the path is there")
}

pub fn paths(discovery: &Discovery) -> Vec<&str> {
    discovery.sources.iter().map(|source| source.name.path.as_str()).collect()
}

pub fn codes(discovery: &Discovery) -> Vec<(Code, &str)> {
    discovery.diagnostics.iter().map(|diagnostic| (diagnostic.code, diagnostic.path.as_str())).collect()
}

/// All records of a source; the balance is checked on the way.
pub fn read(source: &Source) -> (Vec<Record<'static>>, Reading) {
    let selection = Selection::everything();
    let mut records = Vec::new();
    let how = How { selection: &selection, starts_record: None, recover: false, digests: true };
    let reading = source.records(&how, &mut |record| records.push(record.into_owned()));
    let n_accounted = records.len() as u64 + reading.n_unselected() + reading.n_damaged;
    assert_eq!(reading.n_records, n_accounted, "balance of {}", source.name.path);
    (records, reading)
}

pub fn texts(source: &Source) -> Vec<String> {
    let (records, _) = read(source);
    let text = |record: Record<'_>| match record.body {
        Body::Text(text) => text.into_owned(),
        other => panic!("{other:?}"),
    };
    records.into_iter().map(text).collect()
}

pub fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (index, (name, bytes)) in members.iter().enumerate() {
        let method = if index % 2 == 0 { zip::CompressionMethod::Deflated } else { zip::CompressionMethod::Stored };
        archive.start_file(*name, SimpleFileOptions::default().compression_method(method)).expect("memory");
        archive.write_all(bytes).expect("memory");
    }
    archive.finish().expect("memory").into_inner()
}

pub fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).expect("memory");
    gzip.finish().expect("memory")
}

pub fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("below the folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }
    folder
}

/// The folder of logs that cannot be part of this repository; without it the test is passed over, except where
/// it must not be.
#[expect(clippy::print_stderr, reason = "who runs the tests must see that one was passed over")]
pub fn corpora() -> Option<PathBuf> {
    let folder = std::env::var_os("CAUSELINE_CORPORA").map(PathBuf::from);
    if folder.is_none() {
        let is_required = std::env::var_os("CI").is_some_and(|value| value == "true");
        assert!(!is_required, "CAUSELINE_CORPORA must name the folder of logs");
        eprintln!("skipped: CAUSELINE_CORPORA names no folder of logs");
    }
    folder
}
