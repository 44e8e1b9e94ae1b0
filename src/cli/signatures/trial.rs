//! Tries the signatures on logs: what has one, what nearly has, and what none knows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use causeline::Error;
use causeline::model::{Position, Severity};
use causeline::normalize::signature::{Failed, Signatures, Trial, try_out};
use causeline::normalize::{self, Options};
use causeline::read::{self, Container, How, Selection, Source};

/// So many places are named of each group.
const PLACES_MAX: usize = 3;
/// So many near misses, and groups that no signature knows, are shown; beyond them only the sum.
const GROUPS_MAX: usize = 50;
/// A group is told by the first characters of its text, with numbers left open.
const SHAPE_CHARS: usize = 160;

/// Where something stands.
#[derive(Clone, serde::Serialize)]
pub(super) struct Place {
    #[serde(rename = "log.file.path")]
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
}

/// How often, and where first.
#[derive(Default, serde::Serialize)]
struct Group {
    count: u64,
    first: Vec<Place>,
}

#[derive(serde::Serialize)]
struct Matched {
    signature: String,
    #[serde(flatten)]
    group: Group,
}

#[derive(serde::Serialize)]
struct Near {
    signature: String,
    failed: Failed,
    #[serde(flatten)]
    group: Group,
}

#[derive(serde::Serialize)]
struct Unmatched {
    text: String,
    #[serde(flatten)]
    group: Group,
}

/// What the signatures say of the logs.
#[derive(serde::Serialize)]
pub(super) struct Tried {
    matches: Vec<Matched>,
    near_misses: Vec<Near>,
    n_near_misses: u64,
    unmatched: Vec<Unmatched>,
    n_unmatched: u64,
}

#[derive(Default)]
struct Gathered {
    matches: BTreeMap<String, Group>,
    near: BTreeMap<(String, Failed), Group>,
    unmatched: BTreeMap<String, Group>,
}

impl Gathered {
    fn take(&mut self, trial: Trial, text: &str, is_error: bool, place: &Place) {
        let add = |group: &mut Group| {
            group.count += 1;
            if group.first.len() < PLACES_MAX {
                group.first.push(place.clone());
            }
        };
        if let Some(id) = trial.hit {
            add(self.matches.entry(id).or_default());
            return;
        }
        for near in trial.near {
            add(self.near.entry((near.signature, near.failed)).or_default());
        }
        if is_error {
            add(self.unmatched.entry(shape(text)).or_default());
        }
    }
}

/// Reads the logs and tries the signatures on each event and each line.
pub(super) fn tried(paths: &[PathBuf], all: &Signatures, own: Option<Arc<Signatures>>) -> Result<Tried, Error> {
    let sources = read::discover(paths)?.sources;
    if sources.is_empty() {
        return Err(Error::nothing_readable(paths));
    }
    let options = Options { signatures: own, ..Options::default() };
    let normalized = normalize::normalize(&sources, &options, &|_| ());
    let mut gathered = Gathered::default();
    let mut known = BTreeSet::new();
    for event in &normalized.events {
        let is_line = matches!(event.provenance.position, Position::Line(_)) && &*event.dataset != "windows";
        let trial = try_out(all, event);
        if is_line && trial.hit.is_none() {
            continue;
        }
        known.insert((event.provenance.source, event.provenance.position));
        let Some(source) = sources.iter().find(|source| source.name.id == event.provenance.source) else { continue };
        let text = event.message.as_deref().map_or_else(
            || format!("{} {}", event.provider.as_deref().unwrap_or(""), event.code.unwrap_or_default()),
            str::to_owned,
        );
        // An event that means no failure needs no signature, unless one asks for its very data.
        if event.signature.is_some() || !trial.near.is_empty() {
            let is_error = event.signature.is_some() && event.severity >= Severity::Error;
            gathered.take(trial, &text, is_error, &place(source, event.provenance.position));
        }
    }
    for source in sources.iter().filter(|source| source.container == Container::Lines) {
        let selection = Selection::none();
        let how = How { selection: &selection, starts_record: None, recover: false, digests: false };
        source.records(&how, &mut |record| {
            let Some(text) = record.text().filter(|text| !text.trim().is_empty()) else { return };
            if known.contains(&(source.name.id, record.position)) {
                return;
            }
            let severity = stated(text);
            let trial = all.try_text("app", severity.unwrap_or(Severity::Error), text);
            let is_error = severity.is_some_and(|severity| severity >= Severity::Error);
            gathered.take(trial, text, is_error, &place(source, record.position));
        });
    }
    Ok(finished(gathered))
}

fn finished(gathered: Gathered) -> Tried {
    let n_unmatched = gathered.unmatched.values().map(|group| group.count).sum();
    let n_near_misses = gathered.near.values().map(|group| group.count).sum();
    let matches = gathered.matches.into_iter().map(|(signature, group)| Matched { signature, group });
    let near = gathered.near.into_iter().map(|((signature, failed), group)| Near { signature, failed, group });
    let unmatched = gathered.unmatched.into_iter().map(|(text, group)| Unmatched { text, group });
    let mut tried = Tried {
        matches: matches.collect(),
        near_misses: near.collect(),
        n_near_misses,
        unmatched: unmatched.collect(),
        n_unmatched,
    };
    // The sorts are stable, so equal counts stay in the order of their names.
    tried.matches.sort_by_key(|one| std::cmp::Reverse(one.group.count));
    tried.near_misses.sort_by_key(|one| std::cmp::Reverse(one.group.count));
    tried.unmatched.sort_by_key(|one| std::cmp::Reverse(one.group.count));
    tried.near_misses.truncate(GROUPS_MAX);
    tried.unmatched.truncate(GROUPS_MAX);
    tried
}

/// The level that a line states among its first words.
fn stated(line: &str) -> Option<Severity> {
    let words = line.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    words.take(12).filter(|word| word.chars().all(char::is_uppercase)).find_map(Severity::from_word)
}

/// The text with its numbers left open.
fn shape(text: &str) -> String {
    let mut shape = String::new();
    for c in text.chars().take(SHAPE_CHARS) {
        match c {
            digit if digit.is_ascii_digit() => {
                if !shape.ends_with('#') {
                    shape.push('#');
                }
            }
            other => shape.push(if other.is_control() { ' ' } else { other }),
        }
    }
    shape
}

fn place(source: &Source, position: Position) -> Place {
    let (record, line) = match position {
        Position::Record(number) => (Some(number), None),
        Position::Line(number) => (None, Some(number)),
        Position::Offset(_) => (None, None),
    };
    Place { path: source.name.path.clone(), record, line }
}

/// The result for a terminal.
pub(super) fn table(tried: &Tried) -> String {
    let mut text = String::new();
    let places = |group: &Group| {
        let named = group.first.iter().map(|place| {
            let number = place.record.or(place.line).map_or_else(String::new, |number| format!(":{number}"));
            format!("{}{number}", place.path)
        });
        named.collect::<Vec<_>>().join(" ")
    };
    text.push_str("MATCHES\n");
    for one in &tried.matches {
        let _ = writeln!(text, "{:>9}  {}  {}", one.group.count, one.signature, places(&one.group));
    }
    let _ = writeln!(text, "\nNEAR MISSES: {}", tried.n_near_misses);
    for one in &tried.near_misses {
        let _ =
            writeln!(text, "{:>9}  {}: {}  {}", one.group.count, one.signature, said(&one.failed), places(&one.group));
    }
    let _ = writeln!(text, "\nERRORS THAT NO SIGNATURE KNOWS: {}", tried.n_unmatched);
    for one in &tried.unmatched {
        let _ = writeln!(text, "{:>9}  {}  {}", one.group.count, one.text, places(&one.group));
    }
    text
}

fn said(failed: &Failed) -> String {
    match failed {
        Failed::ErrorCode(Some(code)) => format!("provider and id fit, the code {code} does not"),
        Failed::ErrorCode(None) => "provider and id fit, there is no code".to_owned(),
        Failed::Data { field, wanted, found } => format!(
            "provider and id fit, {field} is {}, wanted {}",
            found.as_ref().map_or_else(|| "absent".to_owned(), |found| format!("`{found}`")),
            wanted.iter().map(|wanted| format!("`{wanted}`")).collect::<Vec<_>>().join(" or ")
        ),
        Failed::NoFailure => "all of it fits, the event is taken for no failure".to_owned(),
        Failed::NoWords => "provider and id fit, none of the words is there".to_owned(),
        Failed::ExcludedWords(words) => format!("the words are there, and so is `{words}`, which it excludes"),
        Failed::Expression => "a word is there, the expression does not fit".to_owned(),
        Failed::Denied => "the words are there, and the text denies them".to_owned(),
        Failed::Severity => "the words are there, the level is too low".to_owned(),
    }
}
