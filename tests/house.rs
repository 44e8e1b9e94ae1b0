//! The rules of the house, checked on the source as text: who may know whom, which foreign package
//! stays in which room, that no file is forgotten and that every list is complete.
//!
//! Needs only the standard library, so it can run before anything else is built:
//! `CARGO_MANIFEST_DIR=$PWD rustc --edition 2024 --test tests/house.rs -o target/house && target/house`.
//!
//! Limit: it reads text. A path that a macro makes would slip through.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Which module of the library may name which others. Order is the direction of the data.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("stats", &[]),
    ("error", &[]),
    ("diagnostic", &["model"]),
    ("read", &["model", "diagnostic", "error"]),
    ("normalize", &["read", "model", "diagnostic", "error"]),
    ("frame", &["normalize", "stats", "model", "diagnostic", "error"]),
    ("correlate", &["frame", "stats", "model", "error"]),
    ("judge", &["correlate", "frame", "stats", "model", "error"]),
    ("review", &["judge", "frame", "stats", "model"]),
    ("redact", &["judge", "correlate", "frame", "normalize", "model", "diagnostic"]),
    (
        "report",
        &["redact", "review", "judge", "correlate", "frame", "normalize", "stats", "model", "diagnostic", "error"],
    ),
    ("compare", &["report", "stats", "model"]),
    ("simulate", &["model", "error"]),
    (
        "pipeline",
        &["report", "redact", "judge", "correlate", "frame", "normalize", "read", "model", "diagnostic", "error"],
    ),
];

/// Foreign packages that stay in their rooms (path prefixes below `src`).
const ROOMS: &[(&str, &[&str])] = &[
    ("polars", &["frame/"]),
    ("plotters", &["report/chart/"]),
    ("resvg", &["report/chart/"]),
    ("dejavu", &["report/chart/"]),
    ("clap", &["cli/"]),
    ("indicatif", &["cli/"]),
    ("nom", &["read/", "normalize/"]),
    ("regex", &["normalize/", "correlate/", "redact/"]),
    ("quick_xml", &["read/", "report/format/"]),
    ("encoding_rs", &["read/"]),
    ("flate2", &["read/"]),
    ("bzip2", &["read/"]),
    ("lzma_rust2", &["read/"]),
    ("ruzstd", &["read/"]),
    ("walkdir", &["read/"]),
    ("sha2", &["read/", "redact/", "report/page/"]),
    ("askama", &["report/page/"]),
    ("base64", &["report/page/"]),
    ("zip", &["read/", "simulate/"]),
    ("crc32fast", &["read/", "simulate/"]),
    ("toml", &["normalize/", "cli/"]),
    ("serde_saphyr", &["normalize/"]),
    ("csv", &["read/", "frame/", "report/format/", "cli/"]),
    ("schemars", &["report/"]),
    ("libm", &["stats/", "simulate/"]),
    ("serde_json", &["read/", "normalize/", "report/", "compare/", "simulate/", "cli/"]),
];

/// Folders whose files are the entries of a list: folder, ending, file with the list, name of the list.
const LISTS: &[(&str, &str, &str, &str)] = &[
    ("normalize/format", ".rs", "normalize/format/mod.rs", "FORMATS"),
    ("normalize/windows/export", ".rs", "normalize/windows/export/mod.rs", "EXPORTS"),
    ("normalize/windows/catalog", ".toml", "normalize/windows/mod.rs", "PROVIDERS"),
    ("normalize/signature/catalog", ".toml", "normalize/signature/mod.rs", "SIGNATURES"),
    ("judge/hypotheses", ".rs", "judge/hypotheses/mod.rs", "HYPOTHESES"),
    ("report/chart/lanes", ".rs", "report/chart/lanes/mod.rs", "LANES"),
    ("report/chart/figures", ".rs", "report/chart/figures/mod.rs", "FIGURES"),
    ("report/format", ".rs", "report/format/mod.rs", "FORMATS"),
    ("report/review/format", ".rs", "report/review/format/mod.rs", "FORMATS"),
    ("report/page/js", ".js", "report/page/mod.rs", "SCRIPT"),
    ("simulate/case", ".rs", "simulate/mod.rs", "CASES"),
];

const MAX_LINES_OF_CODE: usize = 400;

#[expect(clippy::disallowed_methods, reason = "without Cargo's own macro, so that rustc alone can build this file")]
fn root() -> PathBuf {
    PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").expect("CARGO_MANIFEST_DIR names the package"))
}

/// All files below `dir` with that ending, sorted, with `/` between.
fn files(dir: &Path, ending: &str) -> Vec<(String, PathBuf)> {
    fn walk(dir: &Path, ending: &str, found: &mut Vec<PathBuf>) {
        let Ok(entries) = fs::read_dir(dir) else { return };
        for entry in entries.flatten() {
            let path = entry.path();
            // What a build leaves is no source.
            if path.join("CACHEDIR.TAG").is_file() {
                continue;
            }
            if path.is_dir() {
                walk(&path, ending, found);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(dir, ending, &mut found);
    let mut named: Vec<_> = found
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(dir).expect("found below").to_string_lossy().replace('\\', "/");
            (name, path)
        })
        .collect();
    named.sort();
    named
}

/// Replaces comments and the contents of string and character literals by blanks; line breaks stay.
fn code_only(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    let blank = |out: &mut Vec<u8>, byte: u8| out.push(if byte == b'\n' { b'\n' } else { b' ' });
    while i < bytes.len() {
        let rest = &bytes[i..];
        if rest.starts_with(b"//") {
            while i < bytes.len() && bytes[i] != b'\n' {
                blank(&mut out, bytes[i]);
                i += 1;
            }
        } else if rest.starts_with(b"/*") {
            let end = text[i + 2..].find("*/").map_or(bytes.len(), |at| i + 2 + at + 2);
            while i < end {
                blank(&mut out, bytes[i]);
                i += 1;
            }
        } else if let Some(hashes) = raw_string(rest, out.last().copied()) {
            let close = format!("\"{}", "#".repeat(hashes));
            let open = rest.iter().position(|&b| b == b'"').expect("a raw string has a quote") + 1;
            let end = text[i + open..].find(&close).map_or(bytes.len(), |at| i + open + at + close.len());
            while i < end {
                blank(&mut out, bytes[i]);
                i += 1;
            }
        } else if bytes[i] == b'"' {
            blank(&mut out, bytes[i]);
            i += 1;
            while i < bytes.len() && bytes[i] != b'"' {
                if bytes[i] == b'\\' {
                    blank(&mut out, bytes[i]);
                    i += 1;
                }
                if i < bytes.len() {
                    blank(&mut out, bytes[i]);
                    i += 1;
                }
            }
            if i < bytes.len() {
                blank(&mut out, bytes[i]);
                i += 1;
            }
        } else if bytes[i] == b'\'' && (rest.len() > 2 && (rest[2] == b'\'' || rest[1] == b'\\')) {
            let end = if rest[1] == b'\\' {
                rest.iter().skip(3).position(|&b| b == b'\'').map_or(bytes.len(), |at| i + 3 + at + 1)
            } else {
                i + 3
            };
            while i < end.min(bytes.len()) {
                blank(&mut out, bytes[i]);
                i += 1;
            }
        } else {
            out.push(bytes[i]);
            i += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The number of `#` of a raw string that begins here.
fn raw_string(rest: &[u8], before: Option<u8>) -> Option<usize> {
    if before.is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return None;
    }
    let rest = rest.strip_prefix(b"b").unwrap_or(rest);
    let rest = rest.strip_prefix(b"r")?;
    let hashes = rest.iter().take_while(|&&b| b == b'#').count();
    (rest.get(hashes) == Some(&b'"')).then_some(hashes)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The word that begins at `at`.
fn word(code: &str, at: usize) -> &str {
    let end = code.as_bytes()[at..].iter().position(|&b| !is_word(b)).map_or(code.len(), |n| at + n);
    &code[at..end]
}

/// Every place at which `path::` stands as a word of its own; returns where the text goes on behind it.
fn behind<'a>(code: &'a str, path: &'a str) -> impl Iterator<Item = usize> + 'a {
    let pattern = format!("{path}::");
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let at = from + code[from..].find(&pattern)?;
            from = at + pattern.len();
            let before = code[..at].bytes().next_back();
            if !before.is_some_and(|b| is_word(b) || b == b':') {
                return Some(from);
            }
        }
    })
}

/// The first words behind each `crate::`, groups in braces included.
fn known_modules(code: &str) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    for at in behind(code, "crate") {
        if code[at..].starts_with('{') {
            let mut depth = 0;
            let mut expect = true;
            for (offset, byte) in code[at..].bytes().enumerate() {
                match byte {
                    b'{' => depth += 1,
                    b'}' => depth -= 1,
                    b',' if depth == 1 => expect = true,
                    _ if depth == 1 && expect && is_word(byte) => {
                        known.insert(word(code, at + offset).to_owned());
                        expect = false;
                    }
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
        } else {
            known.insert(word(code, at).to_owned());
        }
    }
    known
}

/// The library's files below `src`: those of the command (`main.rs`, `cli/`) are another crate.
fn library_files() -> Vec<(String, String)> {
    files(&root().join("src"), ".rs")
        .into_iter()
        .filter(|(name, _)| name != "main.rs" && !name.starts_with("cli/"))
        .map(|(name, path)| (name, fs::read_to_string(path).expect("a source is readable")))
        .collect()
}

fn stage(name: &str) -> &str {
    name.split(['/', '.']).next().unwrap_or(name)
}

#[test]
fn the_table_points_one_way() {
    let mut seen = BTreeSet::new();
    for (module, known) in MAY_KNOW {
        for other in *known {
            assert!(seen.contains(other), "`{module}` knows `{other}`, which comes after it");
        }
        seen.insert(*module);
    }
}

#[test]
fn a_stage_knows_only_what_comes_before_it() {
    let table: BTreeMap<_, _> = MAY_KNOW.iter().copied().collect();
    let mut wrong = Vec::new();
    for (name, text) in library_files() {
        if name == "lib.rs" {
            continue;
        }
        let own = stage(&name);
        let Some(may) = table.get(own) else {
            wrong.push(format!("src/{name}: `{own}` is not in the table"));
            continue;
        };
        for other in known_modules(&code_only(&text)) {
            if other != own && !may.contains(&other.as_str()) {
                wrong.push(format!("src/{name}: names `crate::{other}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_path_climbs_out_of_its_stage() {
    let mut wrong = Vec::new();
    for (name, text) in library_files() {
        let code = code_only(&text);
        let folders = name.matches('/').count();
        let depth = if name.ends_with("mod.rs") { folders.saturating_sub(1) } else { folders };
        let tests_from = code.find("#[cfg(test)]").unwrap_or(code.len());
        for at in behind(&code, "super") {
            let mut climbs = 1;
            let mut rest = &code[at..];
            while let Some(next) = rest.strip_prefix("super::") {
                climbs += 1;
                rest = next;
            }
            let allowed = depth + usize::from(at > tests_from);
            if climbs > allowed {
                wrong.push(format!("src/{name}: `super::` leaves the stage"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn foreign_packages_stay_in_their_rooms() {
    let mut wrong = Vec::new();
    for (name, path) in files(&root().join("src"), ".rs") {
        let code = code_only(&fs::read_to_string(path).expect("a source is readable"));
        for (package, rooms) in ROOMS {
            let named = behind(&code, package).next().is_some();
            if named && !rooms.iter().any(|room| name.starts_with(room)) {
                wrong.push(format!("src/{name}: names `{package}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether the parent declares the file behind `#[cfg(test)]`.
fn is_only_for_tests(name: &str) -> bool {
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    let parent = fs::read_to_string(root().join("src").join(folder).join("mod.rs")).unwrap_or_default();
    let stem = file.trim_end_matches(".rs");
    ["mod", "pub(crate) mod"].iter().any(|word| parent.contains(&format!("#[cfg(test)]\n{word} {stem};")))
}

#[test]
fn every_file_says_what_it_is_and_stays_short() {
    let mut wrong = Vec::new();
    for folder in ["src", "tests", "benches"] {
        for (name, path) in files(&root().join(folder), ".rs") {
            let text = fs::read_to_string(path).expect("a source is readable");
            if !text.starts_with("//! ") {
                wrong.push(format!("{folder}/{name}: does not begin with a `//! ` sentence"));
            }
            if folder != "src" {
                continue;
            }
            let code = text.split("#[cfg(test)]").next().unwrap_or(&text);
            let n_lines = code_only(code).lines().filter(|line| !line.trim().is_empty()).count();
            if n_lines > MAX_LINES_OF_CODE && !is_only_for_tests(&name) {
                wrong.push(format!("{folder}/{name}: {n_lines} lines of code, at most {MAX_LINES_OF_CODE}"));
            }
            let stem = name.rsplit('/').next().unwrap_or(&name);
            if ["utils.rs", "util.rs", "helpers.rs", "common.rs", "misc.rs"].contains(&stem) {
                wrong.push(format!("{folder}/{name}: a name that says nothing"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_is_forgotten() {
    let mut wrong = Vec::new();
    let src = root().join("src");
    for (name, _) in files(&src, ".rs") {
        if name == "lib.rs" || name == "main.rs" {
            continue;
        }
        let path = name.strip_suffix("/mod.rs").unwrap_or(name.trim_end_matches(".rs"));
        let (folder, stem) = path.rsplit_once('/').unwrap_or(("", path));
        let parents: &[String] = if folder.is_empty() {
            &["lib.rs".to_owned(), "main.rs".to_owned()]
        } else {
            &[format!("{folder}/mod.rs")]
        };
        let declared = parents.iter().any(|parent| {
            let text = fs::read_to_string(src.join(parent)).unwrap_or_default();
            let code = code_only(&text);
            code.contains(&format!("mod {stem};"))
        });
        if !declared {
            wrong.push(format!("src/{name}: no parent declares `mod {stem};`"));
        }
    }
    let contents = fs::read_to_string(root().join("tests/it/main.rs")).unwrap_or_default();
    for (name, _) in files(&root().join("tests/it"), ".rs") {
        let stem = name.trim_end_matches(".rs").trim_end_matches("/mod");
        if stem != "main" && !stem.contains('/') && !code_only(&contents).contains(&format!("mod {stem};")) {
            wrong.push(format!("tests/it/{name}: not in the table of contents"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_list_is_complete() {
    let mut wrong = Vec::new();
    for (folder, ending, file, list) in LISTS {
        let text = fs::read_to_string(root().join("src").join(file)).unwrap_or_default();
        let Some(from) = text.find(&format!("{list}:")) else {
            wrong.push(format!("src/{file}: has no list `{list}`"));
            continue;
        };
        let body = &text[from..];
        let body = &body[..body.find("];").map_or(body.len(), |end| end)];
        let entries = files(&root().join("src").join(folder), ending);
        if entries.is_empty() {
            wrong.push(format!("src/{folder}: holds no `{ending}`"));
        }
        for (name, _) in entries {
            let stem = name.trim_end_matches(ending);
            if stem.contains('/') || stem == "mod" {
                continue;
            }
            let listed = if *ending == ".rs" {
                // `hypotheses::host::OneHost` counts as well as `host::OneHost`.
                body.match_indices(&format!("{stem}::"))
                    .any(|(at, _)| !body[..at].bytes().next_back().is_some_and(is_word))
            } else {
                body.contains(&format!("{name}\""))
            };
            if !listed {
                wrong.push(format!("src/{folder}/{name}: not on `{list}` in src/{file}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_dependency_says_which_room_needs_it() {
    let text = fs::read_to_string(root().join("Cargo.toml")).expect("the manifest is readable");
    let mut wrong = Vec::new();
    let mut section = "";
    let mut explained = false;
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with('[') {
            section = line;
            explained = false;
        } else if line.starts_with('#') {
            explained = true;
        } else if line.is_empty() {
            explained = false;
        } else if section == "[dependencies]" && !explained {
            wrong.push(format!("Cargo.toml: `{line}` has no comment"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_reader_of_this_test_sees_through_comments_and_strings() {
    let code =
        code_only("use crate::a::B; // crate::c\nlet x = \"crate::d\"; let y = r#\"crate::e\"#; use crate::{f::G, h};");
    let known: Vec<_> = known_modules(&code).into_iter().collect();
    assert_eq!(known, ["a", "f", "h"]);
}
