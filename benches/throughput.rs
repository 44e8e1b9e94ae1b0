//! How much one stage costs on given files: one run, and one line of JSON with what it took.
//!
//! `cargo bench --bench throughput -- STAGE PATH... [--threads N]`
//!
//! The last line of standard output is
//! `{"stage":"…","bytes":0,"records":0,"wall_s":0.0,"cpu_s":0.0,"peak_rss_bytes":0,"threads":1}`:
//! `bytes` and `records` of the input, `cpu_s` the processor seconds (user and system) of the whole
//! process, `peak_rss_bytes` its greatest resident memory (0 where the system does not tell).
//!
//! | stage | what runs |
//! | --- | --- |
//! | `evtx-system` | the `System` part of every record to rows |
//! | `evtx-selective` | `System` and the wanted data of the events in `benches/wanted.toml`; the others are counted |
//! | `evtx-full` | every field of every record to columns, texts as UTF-8 |
//! | `text-columns` | every record of text logs to columns |
//! | `text-classes` | the same, and what each record means: its action and the signature of a failure |
//! | `text-templates` | the same, and the template of each message that no rule of the catalog knows |
//! | `analyze` | everything that `causeline analyze` does, without writing the report |
//!
//! The EVTX stages read files as they are, checksums included; they and the text stages take no digest of the input,
//! which `analyze` does.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is what it is for")]

use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use causeline::model::SourceId;
use causeline::normalize::table::{self, Depth};
use causeline::pipeline::{self, Options, Unwatched};
use causeline::read::selection::Fields;
use causeline::read::{How, Selection, SourceName, evtx};
use causeline::{normalize, read};
use cpu_time::ProcessTime;

/// What a stage came to.
#[derive(Default)]
struct Outcome {
    bytes: u64,
    records: u64,
    /// More about it, for people.
    note: String,
}

/// A stage by its name.
type Stage = (&'static str, fn(&[PathBuf]) -> Result<Outcome, String>);

const STAGES: &[Stage] = &[
    ("evtx-system", |paths| evtx_files(paths, &Selection::system_only())),
    ("evtx-selective", |paths| evtx_files(paths, &wanted()?)),
    ("evtx-full", |paths| evtx_files(paths, &Selection::everything())),
    ("text-columns", |paths| text_files(paths, Depth::Fields)),
    ("text-classes", |paths| text_files(paths, Depth::Classes)),
    ("text-templates", |paths| text_files(paths, Depth::Templates)),
    ("analyze", analyze),
];

fn main() -> ExitCode {
    // Cargo adds `--bench`, and `cargo test` gives nothing at all.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if arguments.is_empty() {
        return ExitCode::SUCCESS;
    }
    match run(&arguments) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &[String]) -> Result<String, String> {
    let mut rest = arguments.iter();
    let name = rest.next().ok_or("no stage")?;
    let (mut paths, mut threads) = (Vec::new(), 1_usize);
    while let Some(argument) = rest.next() {
        if argument == "--threads" {
            threads = rest.next().and_then(|n| n.parse().ok()).ok_or("`--threads` takes a number")?;
        } else {
            paths.push(PathBuf::from(argument));
        }
    }
    let stage = STAGES.iter().find(|(known, _)| known == name);
    let (_, stage) = stage.ok_or_else(|| {
        let known: Vec<&str> = STAGES.iter().map(|(known, _)| *known).collect();
        format!("`{name}` is no stage; there are {}", known.join(", "))
    })?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(|error| error.to_string())?;
    let began = Instant::now();
    let outcome = pool.install(|| stage(&paths))?;
    let wall_s = began.elapsed().as_secs_f64();
    let cpu_s = ProcessTime::now().as_duration().as_secs_f64();
    if !outcome.note.is_empty() {
        println!("{}", outcome.note);
    }
    let Outcome { bytes, records, .. } = outcome;
    Ok(format!(
        "{{\"stage\":\"{name}\",\"bytes\":{bytes},\"records\":{records},\"wall_s\":{wall_s:.4},\"cpu_s\":{cpu_s:.4},\
         \"peak_rss_bytes\":{},\"threads\":{threads}}}",
        peak_rss_bytes()
    ))
}

fn evtx_files(paths: &[PathBuf], selection: &Selection) -> Result<Outcome, String> {
    let mut outcome = Outcome::default();
    let (mut n_rows, mut n_values, mut n_walked, mut n_table_bytes) = (0_u64, 0_u64, 0_u64, 0_u64);
    for (path, id) in paths.iter().zip(0..) {
        let failed = |error: std::io::Error| format!("{}: {error}", path.display());
        let mut file = File::open(path).map_err(failed)?;
        outcome.bytes += file.metadata().map_err(failed)?.len();
        let name = SourceName { id: SourceId(id), path: path.display().to_string() };
        let how = How { selection, starts_record: None, recover: false, digests: false };
        let reading = evtx::batches(&mut file, &name, &how, &mut |batch| {
            n_rows += batch.len() as u64;
            n_values += batch.n_values() as u64;
            n_table_bytes += batch.n_bytes() as u64;
        });
        outcome.records += reading.n_records;
        n_walked += reading.n_walked;
    }
    let share = |n: u64| 100.0 * n as f64 / outcome.records.max(1) as f64;
    outcome.note = format!(
        "{n_rows} records wanted ({:.1} %), {n_values} data values, {n_table_bytes} bytes of columns, {:.2} % of the \
         records read the slow way",
        share(n_rows),
        share(n_walked)
    );
    Ok(outcome)
}

fn text_files(paths: &[PathBuf], depth: Depth) -> Result<Outcome, String> {
    let found = read::discover(paths).map_err(|error| error.to_string())?;
    let options = normalize::Options::default();
    let counts = read::each(&found.sources, |source| {
        let (mut n_rows, mut n_bytes, mut n_meant, mut n_mined) = (0_usize, 0_usize, 0_usize, 0_usize);
        let table = table::columns(source, &options, depth, &mut |batch| {
            n_rows += batch.len();
            n_bytes += batch.n_bytes();
            n_meant += batch.action.iter().flatten().count();
            n_mined += batch.group.iter().flatten().count();
        });
        let summary = table.summary;
        (summary.n_bytes, summary.n_records, [n_rows, n_bytes, n_meant, n_mined, table.templates.templates.len()])
    });
    let [n_rows, n_bytes, n_meant, n_mined, n_templates] =
        std::array::from_fn(|at| counts.iter().map(|count| count.2[at]).sum::<usize>());
    Ok(Outcome {
        bytes: counts.iter().map(|count| count.0).sum(),
        records: counts.iter().map(|count| count.1).sum(),
        note: format!(
            "{n_rows} rows, {n_bytes} bytes of texts, {n_meant} rows of use, {n_mined} messages of {n_templates} templates"
        ),
    })
}

fn analyze(paths: &[PathBuf]) -> Result<Outcome, String> {
    let analysis = pipeline::analyze(paths, &Options::default(), &Unwatched).map_err(|error| error.to_string())?;
    let sources = &analysis.framed.sources;
    Ok(Outcome {
        bytes: sources.iter().map(|source| source.n_bytes).sum(),
        records: sources.iter().map(|source| source.n_records).sum(),
        note: format!("{} records kept", sources.iter().map(|source| source.n_kept).sum::<u64>()),
    })
}

/// The frozen list of events and fields.
fn wanted() -> Result<Selection, String> {
    #[derive(serde::Deserialize)]
    struct List {
        event: Vec<Entry>,
    }
    #[derive(serde::Deserialize)]
    struct Entry {
        provider: String,
        ids: Vec<u32>,
        #[serde(default)]
        fields: Vec<String>,
        #[serde(default)]
        unnamed: bool,
    }
    let list: List = toml::from_str(include_str!("wanted.toml")).map_err(|error| error.to_string())?;
    let mut selection = Selection::none();
    for entry in &list.event {
        let fields = Fields::named(entry.fields.iter().map(String::as_str), entry.unnamed);
        for id in &entry.ids {
            selection.add_fields(&entry.provider, *id, &fields);
        }
    }
    Ok(selection)
}

/// The greatest resident memory so far.
fn peak_rss_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kib.unwrap_or(0) * 1_024
}
