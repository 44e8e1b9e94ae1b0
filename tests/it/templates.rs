//! Templates of messages: the command, its scores on public sets, and an incident that only a template names.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use causeline::stats::Random;

use crate::command::{causeline, report, succeed};

const LOG: &str = "\
2022-08-22 08:15:01,123 [7] INFO  Shop.Desk - till 5 took 17 ms\n\
\n\
2022-08-22 08:15:02,123 [7] INFO  Shop.Desk - till 8 took 9 ms\n\
2022-08-22 08:15:03,123 [7] WARN  Shop.Desk - paper is out, \"again\"\n";

fn file(text: &[u8]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

fn text(output: &[u8]) -> String {
    String::from_utf8(output.to_vec()).unwrap()
}

#[test]
fn the_table_counts_each_template() {
    let (_folder, path) = file(LOG.as_bytes());
    let table = text(&succeed(&["templates", &path]));
    let words: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(words[0], ["MESSAGES", "ID", "FIRST", "TEMPLATE"]);
    assert_eq!(words[1], ["2", "T1", "1", "till", "<*>", "took", "<*>"]);
    assert_eq!(words[2], ["1", "T2", "4", "paper", "is", "out,", "\"again\""]);
    assert_eq!(words.len(), 3);

    let rows: serde_json::Value = serde_json::from_slice(&succeed(&["templates", &path, "--format", "json"])).unwrap();
    assert_eq!(rows[0]["n_messages"], 2);
    assert_eq!(rows[0]["template"], "till <*> took <*>");
    assert_eq!(rows[1]["line"], 4);

    let rows = text(&succeed(&["templates", &path, "--format", "csv"]));
    let mut reader = csv::Reader::from_reader(rows.as_bytes());
    assert_eq!(
        reader.headers().unwrap().iter().collect::<Vec<_>>(),
        ["EventId", "Occurrences", "FirstFile", "FirstLine", "EventTemplate"]
    );
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.iter().map(|row| &row[1]).collect::<Vec<_>>(), ["2", "1"]);
    assert_eq!(&rows[1][4], "paper is out, \"again\"");
}

#[test]
fn each_line_has_a_row_and_blank_ones_no_template() {
    let (_folder, path) = file(LOG.as_bytes());
    let output = text(&succeed(&["templates", "--lines", "--format", "csv", &path]));
    let ids: Vec<String> = ids(&output);
    assert_eq!(ids, ["T1", "", "T1", "T2"]);
    let (_blanks, behind) = file(format!("{LOG}\n \n=cmd(1)\n\n").as_bytes());
    let behind = text(&succeed(&["templates", "--lines", "--format", "csv", &behind]));
    assert_eq!(self::ids(&behind), ["T1", "", "T1", "T2", "", "", "T3", ""]);
    assert!(behind.contains("7,T3,'=cmd(<*>)\n"), "no spreadsheet runs it: {behind}");
    let plain = text(&succeed(&["templates", "--lines", &path]));
    assert_eq!(plain.lines().count(), 4);
    let json = text(&succeed(&["templates", "--lines", "--format", "json", &path]));
    let lines: Vec<serde_json::Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().map(|line| line["LineId"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4]);
}

#[test]
fn standard_input_is_a_log_like_any_other() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_causeline"))
        .args(["templates", "-", "--lines", "--format", "csv"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(LOG.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(ids(&text(&output.stdout)), ["T1", "", "T1", "T2"]);
}

#[test]
fn an_empty_log_has_no_templates_and_what_is_no_text_is_not_readable() {
    let (_folder, path) = file(b"");
    let output = causeline(&["templates", &path]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stdout).split_whitespace().collect::<Vec<_>>(), ["MESSAGES", "ID", "FIRST", "TEMPLATE"]);
    assert_eq!(text(&succeed(&["templates", &path, "--lines", "--format", "csv"])), "LineId,EventId,EventTemplate\n");
    assert_eq!(text(&succeed(&["templates", &path, "--format", "json"])), "[]\n");
    let (_folder, path) = file(&[0, 1, 2, 3, 0, 1, 2, 3, 0xff, 0xfe, 9]);
    assert_eq!(causeline(&["templates", &path]).status.code(), Some(3));
    assert_eq!(causeline(&["templates", "no such file"]).status.code(), Some(3));
    assert_eq!(causeline(&["templates"]).status.code(), Some(2));
}

#[test]
fn any_bytes_have_a_row_a_line() {
    let mut random = Random::new(3);
    let mut bytes: Vec<u8> =
        (0..200_000).map(|_| b" <>*{}[]()\"'=,:/\\|\x1b-%$0a7\xc3\xa4\xff"[random.below(28)]).collect();
    for at in (0..bytes.len()).step_by(97) {
        bytes[at] = b'\n';
    }
    bytes.extend([b'x'; 200_000]);
    bytes.extend(b"\n\xef\xbb\xbf\n\x0c\n=cmd|' /C calc'!A0\nlast");
    let (_folder, path) = file(&bytes);
    let table = succeed(&["templates", "--lines", "--format", "csv", &path]);
    let rows: Vec<u64> =
        csv::Reader::from_reader(&*table).records().map(|row| row.unwrap()[0].parse().unwrap()).collect();
    let n_lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
    assert_eq!(rows, (1..=n_lines).collect::<Vec<_>>());
    let plain = succeed(&["templates", "--lines", &path]);
    assert!(!plain.contains(&0x1b), "no escape sequence reaches the terminal");
}

#[test]
fn a_log_of_nothing_but_new_shapes_is_bounded_and_said() {
    let mut log = String::new();
    for n in 0..60_000_usize {
        let word: String = (0..4).map(|at| char::from(b'g' + (n >> (4 * at) & 15) as u8)).collect();
        let _ = writeln!(log, "2022-08-22 08:15:01,123 [7] INFO  Shop.Desk - {word}");
    }
    let (_folder, path) = file(log.as_bytes());
    let output = causeline(&["templates", &path, "--lines", "--format", "csv"]);
    assert!(output.status.success());
    assert!(text(&output.stderr).contains("too many different ones"), "{}", text(&output.stderr));
    let ids = ids(&text(&output.stdout));
    assert_eq!(ids.len(), 60_000);
    assert!(ids.iter().collect::<BTreeSet<_>>().len() <= (1 << 15) + 1);
}

/// The template of each line of a table of lines.
fn ids(table: &str) -> Vec<String> {
    csv::Reader::from_reader(table.as_bytes()).records().map(|row| row.unwrap()[1].to_owned()).collect()
}

/// Grouping accuracy and F1 of grouping: the shares of lines and of groups whose group is exactly a true one.
fn scores(found: &[String], truth: &[String]) -> (f64, f64) {
    let groups = |ids: &[String]| {
        let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (line, id) in ids.iter().enumerate() {
            groups.entry(id.clone()).or_default().push(line);
        }
        groups.into_values().collect::<BTreeSet<Vec<usize>>>()
    };
    let (found, truth) = (groups(found), groups(truth));
    let right: Vec<&Vec<usize>> = found.intersection(&truth).collect();
    let n_lines: usize = truth.iter().map(Vec::len).sum();
    let accuracy = right.iter().map(|lines| lines.len()).sum::<usize>() as f64 / n_lines as f64;
    (accuracy, 2.0 * right.len() as f64 / (found.len() + truth.len()) as f64)
}

#[test]
fn scores_are_as_defined() {
    let of = |ids: &str| ids.chars().map(|id| id.to_string()).collect::<Vec<_>>();
    assert_eq!(scores(&of("aabb"), &of("xxyy")), (1.0, 1.0));
    // One group of two lines is right, of three found and two true ones.
    assert_eq!(scores(&of("aabc"), &of("xxyy")), (0.5, 0.4));
    assert_eq!(scores(&of("aaaa"), &of("xxyy")), (0.0, 0.0));
}

#[test]
fn public_sets_are_grouped_as_their_makers_group_them() {
    let Some(folder) = corpus("applogs/loghub") else { return };
    let (mut accuracy, mut f1, mut n, mut told) = (0.0, 0.0, 0.0, String::new());
    for set in ["Apache", "HDFS", "Hadoop", "Linux", "OpenSSH", "OpenStack", "Spark", "Zookeeper"] {
        let log = folder.join(set).join(format!("{set}_2k.log"));
        let table = text(&succeed(&["templates", "--lines", "--format", "csv", log.to_str().unwrap()]));
        let mut truth = csv::Reader::from_path(format!("{}_structured.csv", log.display())).unwrap();
        let column = truth.headers().unwrap().iter().position(|name| name == "EventId").unwrap();
        let truth: Vec<String> = truth.records().map(|row| row.unwrap()[column].to_owned()).collect();
        let mut found = ids(&table);
        assert!(found.len() >= truth.len(), "{set}: {} rows for {} lines", found.len(), truth.len());
        found.truncate(truth.len());
        let (ga, fga) = scores(&found, &truth);
        let _ = writeln!(told, "{set} GA {ga:.3} FGA {fga:.3}");
        accuracy += ga;
        f1 += fga;
        n += 1.0;
    }
    assert!(accuracy / n >= 0.90, "GA {:.3}\n{told}", accuracy / n);
    assert!(f1 / n >= 0.87, "FGA {:.3}\n{told}", f1 / n);
}

/// A folder of the corpora; `None`, and a word of it, without them.
pub fn corpus(name: &str) -> Option<PathBuf> {
    let Ok(folder) = std::env::var("CAUSELINE_CORPORA") else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "CAUSELINE_CORPORA is not set");
        eprintln!("skipped: CAUSELINE_CORPORA is not set");
        return None;
    };
    Some(Path::new(&folder).join(name))
}

/// How an unknown application behaves.
#[derive(Clone, Copy)]
struct Behaviour {
    /// The chance that a session is not opened, before the change and after it.
    failing: (f64, f64),
    /// The chance that a till is jammed, an error that no user sees, likewise.
    jammed: (f64, f64),
    /// The chance that a till is slow, a mere warning, likewise.
    slow: (f64, f64),
}

const N_DAYS: usize = 14;
const CHANGE_DAY: usize = 9;

/// Two weeks of the log of an application that no rule knows, and a list of changes.
fn desk(folder: &Path, seed: u64, behaviour: Behaviour) {
    let mut random = Random::new(seed);
    let mut lines: Vec<(String, String)> = Vec::new();
    for day in 0..N_DAYS {
        for _ in 0..120 {
            let (user, host, second) = (random.below(40), random.below(3), 25_200 + random.below(36_000));
            let stamp = |second: usize| {
                format!("2022-03-{:02} {:02}:{:02}:{:02}.0000", day + 1, second / 3600, second / 60 % 60, second % 60)
            };
            let is_after = day >= CHANGE_DAY;
            let pick = |(before, after): (f64, f64)| if is_after { after } else { before };
            let who = format!("user=user{:03} target=RDS{:02}", user + 1, host + 1);
            let line = if random.unit() < pick(behaviour.failing) {
                format!(
                    "ERROR|Desk.Session|Session could not be opened: the drawer {} is upside down, {who}",
                    random.below(90)
                )
            } else {
                format!("INFO|Desk.Session|Session established, {who}")
            };
            lines.push((stamp(second), line));
            if random.unit() < pick(behaviour.jammed) {
                lines.push((
                    stamp(second + 1),
                    format!("ERROR|Desk.Till|till {} is jammed by a coin", random.below(90)),
                ));
            }
            if random.unit() < pick(behaviour.slow) {
                lines.push((
                    stamp(second + 2),
                    format!("WARN|Desk.Till|till {} took {} ms to wake", random.below(90), random.below(900)),
                ));
            }
        }
    }
    lines.sort();
    let mut log = String::new();
    for (stamp, line) in lines {
        let _ = writeln!(log, "{stamp}|{line}");
    }
    std::fs::write(folder.join("desk.log"), log).unwrap();
    let changes = format!(
        "time,component,version,hosts,action\n2022-03-04 20:00,Printer driver,7.1,all,update\n\
         2022-03-{:02} 06:00,Desk client,3.0,all,update\n",
        CHANGE_DAY + 1
    );
    std::fs::write(folder.join("changes.csv"), changes).unwrap();
}

fn judged(behaviour: Behaviour) -> serde_json::Value {
    let folder = tempfile::tempdir().unwrap();
    desk(folder.path(), 7, behaviour);
    report(folder.path())
}

/// The statements of an incident's evidence that a message appeared.
fn appeared(incident: &serde_json::Value) -> Vec<String> {
    let items = incident["evidence"].as_array().cloned().unwrap_or_default();
    let items = items.iter().filter(|item| item["kind"] == "message-appeared");
    items.map(|item| item["statement"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_incident_of_an_unknown_application_is_named_by_its_template() {
    let report = judged(Behaviour { failing: (0.0, 0.3), jammed: (0.0, 0.2), slow: (0.0, 0.2) });
    let incident = &report["incidents"][0];
    let id = incident["signatures"][0].as_str().unwrap();
    assert!(id.starts_with("template-"), "{id}");
    let section = report["signatures"].as_array().unwrap().iter().find(|one| one["id"] == id).unwrap();
    let title = section["title"].as_str().unwrap();
    assert!(title.contains("Session could not be opened: the drawer <*> is upside down"), "{title}");
    assert_eq!(incident["root_cause"]["kind"], "change", "{incident:#}");
    let statements = appeared(incident);
    assert!(statements.iter().any(|one| one.contains("upside down") && one.contains("never")), "{statements:?}");
    assert!(statements.iter().any(|one| one.contains("jammed") && one.contains("never")), "{statements:?}");
    assert!(statements.iter().any(|one| one.contains("to wake") && one.contains("never")), "{statements:?}");
    // The records of a statement are lines of its template.
    let items = incident["evidence"].as_array().unwrap();
    let item = items.iter().find(|one| one["statement"].as_str().unwrap().contains("to wake")).unwrap();
    assert!(!item["records"].as_array().unwrap().is_empty(), "{item:#}");
    assert_eq!(item["numbers"]["minutes_before"]["value"], 0.0, "{item:#}");
}

#[test]
fn a_template_that_is_always_there_is_not_blamed() {
    let report = judged(Behaviour { failing: (0.0, 0.3), jammed: (0.2, 0.2), slow: (0.2, 0.2) });
    let statements = appeared(&report["incidents"][0]);
    assert!(statements.iter().any(|one| one.contains("upside down")), "{statements:?}");
    assert!(statements.iter().all(|one| !one.contains("jammed") && !one.contains("to wake")), "{statements:?}");
}

#[test]
fn errors_and_warnings_that_rise_without_failures_are_no_incident() {
    let report = judged(Behaviour { failing: (0.0, 0.0), jammed: (0.0, 0.9), slow: (0.0, 0.9) });
    assert_eq!(report["incidents"].as_array().unwrap().len(), 0, "{:#}", report["incidents"]);
}

#[test]
fn a_template_that_is_always_there_is_no_incident() {
    let report = judged(Behaviour { failing: (0.05, 0.05), jammed: (0.2, 0.2), slow: (0.9, 0.9) });
    assert_eq!(report["incidents"].as_array().unwrap().len(), 0, "{:#}", report["incidents"]);
}

#[test]
fn threads_do_not_change_the_templates_of_a_report() {
    let folder = tempfile::tempdir().unwrap();
    desk(folder.path(), 7, Behaviour { failing: (0.0, 0.3), jammed: (0.1, 0.2), slow: (0.1, 0.2) });
    let logs = folder.path().to_str().unwrap();
    let with = |threads: &str| succeed(&["analyze", logs, "-o", "-", "--format", "json", "--threads", threads]);
    assert_eq!(with("1"), with("2"));
}
