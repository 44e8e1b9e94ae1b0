//! Text logs as columns: levels and statuses are those that counting words of the lines gives, whatever the threads.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use causeline::model::Severity;
use causeline::normalize::Options;
use causeline::normalize::table::{Depth, columns};
use causeline::read::discover;
use causeline::stats::Random;
use rayon::prelude::*;

/// The level or status that stands in a line, found without the reader.
type LevelOf = fn(&str) -> &str;

/// How many lines have which level or status.
type Counts = BTreeMap<String, usize>;

/// What the program counts in each file: levels of messages, statuses of requests.
fn counted(paths: &[PathBuf], n_threads: usize) -> BTreeMap<String, Counts> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
    let sources = discover(paths).unwrap().sources;
    let of_source = |source| {
        let mut counts = Counts::new();
        let table = columns(source, &Options::default(), Depth::Templates, &mut |batch| {
            let n = batch.len();
            let lengths = [batch.severity.len(), batch.status.len(), batch.action.len(), batch.group.len()];
            assert_eq!(lengths, [n; 4], "columns of one length");
            assert_eq!([batch.message.iter().count(), batch.logger.iter().count()], [n; 2]);
            for (severity, status) in batch.severity.iter().zip(&batch.status) {
                let key = if *status > 0 { status.to_string() } else { name(*severity).to_owned() };
                *counts.entry(key).or_default() += 1;
            }
        });
        assert_eq!(table.summary.n_damaged, 0, "{}", table.summary.path);
        (table.summary.path, counts)
    };
    pool.install(|| sources.par_iter().map(of_source).collect())
}

fn name(severity: Severity) -> &'static str {
    match severity {
        Severity::Trace => "trace",
        Severity::Debug => "debug",
        Severity::Info => "info",
        Severity::Warn => "warn",
        Severity::Error => "error",
        Severity::Critical | Severity::Fatal => "fatal",
    }
}

/// The same from the lines: the level or status that `pick` takes from each.
fn naive(path: &Path, pick: LevelOf) -> Counts {
    let mut counts = Counts::new();
    for line in std::fs::read_to_string(path).unwrap().lines().filter(|line| !line.starts_with('#')) {
        let level = match pick(line) {
            "WARNING" | "warning" | "<4>1" => "warn",
            "notice" | "<6>1" => "info",
            "<3>1" => "error",
            "CRITICAL" => "fatal",
            other => other,
        };
        *counts.entry(level.to_lowercase()).or_default() += 1;
    }
    counts
}

fn word(line: &str, n: usize) -> &str {
    line.split_whitespace().nth(n).unwrap()
}

fn compare(files: &[(PathBuf, LevelOf)]) {
    let paths: Vec<PathBuf> = files.iter().map(|(path, _)| path.clone()).collect();
    let one = counted(&paths, 1);
    assert_eq!(one, counted(&paths, 2));
    assert_eq!(one.len(), files.len());
    for (path, pick) in files {
        let expected = naive(path, *pick);
        assert_eq!(one[path.file_name().unwrap().to_str().unwrap()], expected, "{}", path.display());
    }
}

#[test]
fn levels_of_public_logs_are_those_of_their_lines() {
    let Some(folder) = crate::templates::corpus("applogs/loghub") else { return };
    let file = |set: &str| folder.join(set).join(format!("{set}_2k.log"));
    compare(&[
        (file("HDFS"), |line| word(line, 3)),
        (file("Hadoop"), |line| word(line, 2)),
        (file("Zookeeper"), |line| word(line, 3)),
        (file("Spark"), |line| word(line, 2)),
        (file("Apache"), |line| line.split(['[', ']']).nth(3).unwrap()),
    ]);
}

/// Five logs of one service, in five formats.
fn mix(folder: &Path) -> Vec<(PathBuf, LevelOf)> {
    let mut random = Random::new(5);
    let [mut nlog, mut log4j, mut access, mut iis, mut syslog] = [const { String::new() }; 5];
    iis.push_str("#Software: Microsoft Internet Information Services 10.0\n#Fields: date time s-ip cs-method cs-uri-stem s-port cs-username c-ip sc-status time-taken\n");
    for n in 0..4_000_usize {
        let (h, m, s) = (n / 3600 + 8, n / 60 % 60, n % 60);
        let clock = format!("{h:02}:{m:02}:{s:02}");
        let user = format!("user{:03}", random.below(200));
        let status = [200, 200, 200, 302, 401, 404, 500, 503][random.below(8)];
        let level = ["TRACE", "DEBUG", "INFO", "INFO", "WARN", "ERROR", "FATAL"][random.below(7)];
        let text =
            ["till 5 is jammed", "ERROR of 7 is none", "session of {} opened | WARN", "a [DEBUG] word, status 500"]
                [random.below(4)]
            .replace("{}", &user);
        let _ = writeln!(nlog, "2022-03-07 {clock}.0000|{level}|Desk.Till|{text}");
        let _ = writeln!(log4j, "2022-03-07 {clock},000 [{}] {level:<5} Desk.Till - {text}", n % 9);
        let _ = writeln!(
            access,
            "10.0.0.{} - {user} [07/Mar/2022:{clock} +0000] \"GET /a/{n} HTTP/1.1\" {status} 512",
            n % 250
        );
        let _ = writeln!(iis, "2022-03-07 {clock} 10.0.0.1 GET /a/{n} 443 {user} 10.0.1.9 {status} {}", n % 900);
        let _ = writeln!(syslog, "<{}>1 2022-03-07T{clock}Z rds01 desk 7 - - {text}", [3, 4, 6][random.below(3)]);
    }
    let files: [(&str, String, LevelOf); 5] = [
        ("nlog.log", nlog, |line| line.split('|').nth(1).unwrap()),
        ("log4j.log", log4j, |line| word(line, 3)),
        ("access.log", access, |line| word(line.rsplit('"').next().unwrap(), 0)),
        ("iis.log", iis, |line| word(line, 8)),
        ("syslog.log", syslog, |line| word(line, 0)),
    ];
    files
        .map(|(name, text, pick)| {
            let path = folder.join(name);
            std::fs::write(&path, text).unwrap();
            (path, pick)
        })
        .to_vec()
}

#[test]
fn levels_and_statuses_of_a_mix_are_those_of_its_lines() {
    let folder = tempfile::tempdir().unwrap();
    let files = mix(folder.path());
    compare(&files);
}
