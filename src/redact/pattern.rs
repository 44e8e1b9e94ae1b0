//! Finds names in texts: those that are known, with borders of words, and those that have the shape of a name.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::Regex;

use super::Class;
use super::names::{Names, address, is_nobody, is_personal_sid};
use super::pseudonym::{Kind, Pseudonyms};
use crate::model::identity::{canonical_host, canonical_user};

/// Old protocols cut the name of a host to so many letters.
const NETBIOS_LETTERS: usize = 15;

/// Known names, ready for the search.
#[derive(Debug)]
pub(super) struct Known {
    search: Option<AhoCorasick>,
    /// What each pattern of the search names.
    names: Vec<(Kind, String)>,
}

/// One place in a text that is to be replaced.
struct Hit {
    start: usize,
    end: usize,
    /// Where the name itself begins, behind its domain.
    name_at: usize,
    kind: Kind,
    /// The name in canonical spelling.
    name: String,
}

impl Known {
    /// Gives every name its pseudonym, in order, and prepares the search for those of the classes.
    pub(super) fn new(names: &Names, classes: &[Class], pseudonyms: &mut Pseudonyms) -> Self {
        let mut patterns = Vec::new();
        let mut owners = Vec::new();
        for (kind, name) in &names.in_order {
            if !is_wanted(*kind, classes) || (*kind == Kind::Address && is_nobody(name)) {
                continue;
            }
            pseudonyms.of(*kind, name);
            // Addresses and identifiers are found by their shape, in every spelling.
            if matches!(kind, Kind::Address | Kind::Sid) {
                continue;
            }
            // The search knows upper and lower case of ASCII only.
            let mut spellings = vec![name.to_lowercase(), name.to_uppercase()];
            if name.is_ascii() {
                spellings.truncate(1);
            }
            if *kind == Kind::Host && name.is_ascii() && name.len() > NETBIOS_LETTERS {
                spellings.push(name[..NETBIOS_LETTERS].to_lowercase());
            }
            for spelling in spellings {
                patterns.push(spelling);
                owners.push((*kind, name.clone()));
            }
        }
        let search = AhoCorasick::builder().ascii_case_insensitive(true).build(&patterns);
        Self { search: search.ok().filter(|_| !patterns.is_empty()), names: owners }
    }

    /// Returns the text with every name replaced; `None` if it holds none.
    pub(super) fn replaced(&self, text: &str, classes: &[Class], pseudonyms: &mut Pseudonyms) -> Option<String> {
        let mut hits = self.hits(text);
        shapes(text, classes, &mut hits);
        if hits.is_empty() {
            return None;
        }
        // The leftmost first, of those the longest: a name that begins like another is not cut.
        hits.sort_by(|a, b| (a.start, b.end, a.kind).cmp(&(b.start, a.end, b.kind)));
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        for hit in hits {
            // Of two names that share a domain (`anna@corp\berta`) neither may stay.
            if hit.name_at >= done {
                out.push_str(&text[done..hit.start.max(done)]);
                out.push_str(&pseudonyms.of(hit.kind, &hit.name));
                done = hit.end;
            }
        }
        out.push_str(&text[done..]);
        Some(out)
    }

    fn hits(&self, text: &str) -> Vec<Hit> {
        let Some(search) = &self.search else { return Vec::new() };
        let found = search.find_overlapping_iter(text);
        found
            .filter_map(|found| {
                let (kind, name) = self.names.get(found.pattern().as_usize())?;
                let (start, end) = (found.start(), found.end());
                if !text.is_char_boundary(start) || !text.is_char_boundary(end) || !is_bordered(text, start, end, *kind)
                {
                    return None;
                }
                let name_at = start;
                let (start, end) = match kind {
                    Kind::User => (domain_before(text, start), domain_behind(text, end)),
                    Kind::Host => (start, end + dotted(&text[end..])),
                    _ => (start, end),
                };
                Some(Hit { start, end, name_at, kind: *kind, name: name.clone() })
            })
            .collect()
    }
}

fn is_wanted(kind: Kind, classes: &[Class]) -> bool {
    match kind {
        Kind::User | Kind::Sid => classes.contains(&Class::Users),
        Kind::Host => classes.contains(&Class::Hosts),
        Kind::Address => classes.contains(&Class::Addresses),
        // A domain is part of the name of a user and of a host.
        Kind::Domain => classes.contains(&Class::Users) || classes.contains(&Class::Hosts),
    }
}

/// Whether a name stands for itself there, rather than within a longer word.
///
/// A host such as `RDS01` counts also where a file name glues it to letters (`logRDS01old`), for no word looks like it;
/// it does not count within a longer number (`RDS011`).
fn is_bordered(text: &str, start: usize, end: usize, kind: Kind) -> bool {
    let name = &text[start..end];
    let before = text[..start].chars().next_back();
    let behind = text[end..].chars().next();
    let is_machine = kind == Kind::Host
        && name.len() >= 4
        && name.contains(|c: char| c.is_ascii_digit())
        && name.contains(char::is_alphabetic);
    let breaks = |inside: Option<char>, outside: Option<char>| match (inside, outside) {
        (_, None) => true,
        (_, Some(outside)) if !outside.is_alphanumeric() => true,
        (Some(inside), Some(outside)) => is_machine && !(inside.is_numeric() && outside.is_numeric()),
        (None, Some(_)) => false,
    };
    let is_escape = || {
        let bytes = text.as_bytes();
        let hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
        // `CORP%5Canna` in a URL, `\nanna` in a text that was written as a literal.
        (start >= 3 && bytes[start - 3] == b'%' && hex(start - 2) && hex(start - 1))
            || (start >= 2 && bytes[start - 2] == b'\\' && matches!(bytes[start - 1], b'n' | b'r' | b't'))
    };
    (breaks(name.chars().next(), before) || is_escape()) && breaks(name.chars().next_back(), behind)
}

/// Where `DOMAIN\` begins before a user; a folder of a path is no domain.
fn domain_before(text: &str, start: usize) -> usize {
    let head = &text[..start];
    let Some(rest) = head.strip_suffix("\\\\").or_else(|| head.strip_suffix('\\')) else { return start };
    let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '.' || c == '_';
    let domain = rest.len() - rest.trim_end_matches(is_part).len();
    let before = rest[..rest.len() - domain].chars().next_back();
    if domain == 0 || matches!(before, Some('\\' | '/' | ':')) { start } else { rest.len() - domain }
}

/// Where `@corp.example` ends behind a user.
fn domain_behind(text: &str, end: usize) -> usize {
    let Some(rest) = text[end..].strip_prefix('@') else { return end };
    let label = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').count();
    if label == 0 { end } else { end + 1 + label + dotted(&rest[label..]) }
}

/// Endings of files: `RDS01.evtx` is no full name of a host.
const ENDINGS: &[&str] = &[
    "evtx", "evt", "etl", "log", "txt", "csv", "tsv", "json", "jsonl", "ndjson", "xml", "html", "yaml", "yml", "toml",
    "zip", "gz", "tgz", "zst", "tar", "7z", "bz2", "xz", "out", "err", "old", "bak", "vhd", "vhdx", "blg", "parquet",
    "md", "exe", "dll",
];

/// How many bytes of `.corp.example` follow, without the endings of a file.
fn dotted(text: &str) -> usize {
    let mut end = 0;
    let mut labels = Vec::new();
    while let Some(rest) = text[end..].strip_prefix('.') {
        let label = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').count();
        // A name in a domain ends in letters; a number is a part of a file, or of a version.
        if label == 0 || rest[..label].chars().all(|c| c.is_ascii_digit()) {
            break;
        }
        labels.push(end);
        end += 1 + label;
    }
    while let Some(start) = labels.pop() {
        if ENDINGS.contains(&text[start + 1..end].to_lowercase().as_str()) {
            end = start;
        } else {
            break;
        }
    }
    end
}

/// Names by their shape.
static SHAPES: LazyLock<Vec<(Kind, Regex)>> = LazyLock::new(|| {
    [
        (Kind::Sid, r"(?i)\bS-1-(?:5-21|12-1)(?:-\d+)+"),
        (Kind::User, r"[\pL\pN._%+'-]*[\pL\pN]@[\pL][\pL\pN-]*(?:\.[\pL\pN-]+)*"),
        (Kind::Address, r"(?:\d{1,3}\.){3}\d{1,3}"),
        (Kind::Address, r"[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:\.\d{1,3}){0,3}"),
        (Kind::Host, r"(?:^|[^\\\pL\pN])\\\\([\pL\pN][\pL\pN._-]*)\\"),
        (Kind::Host, r"://(?:[^/@\s]*@)?([\pL\pN][\pL\pN._-]*)"),
    ]
    .into_iter()
    .filter_map(|(kind, pattern)| Some((kind, Regex::new(pattern).ok()?)))
    .collect()
});

fn shapes(text: &str, classes: &[Class], hits: &mut Vec<Hit>) {
    for (kind, shape) in SHAPES.iter() {
        if !is_wanted(*kind, classes) || !may_hold(text, *kind) {
            continue;
        }
        for found in shape.captures_iter(text) {
            let Some(place) = found.get(1).or_else(|| found.get(0)) else { continue };
            if let Some(name) = shaped(text, *kind, place.range()) {
                let (start, end) = (place.start(), place.end());
                hits.push(Hit { start, end, name_at: start, kind: *kind, name });
            }
        }
    }
}

/// A letter without which there is no such name: most texts need no search.
fn may_hold(text: &str, kind: Kind) -> bool {
    match kind {
        Kind::Sid => text.contains("-1-"),
        Kind::User => text.contains('@'),
        Kind::Address => text.contains(['.', ':']),
        Kind::Host => text.contains("\\\\") || text.contains("://"),
        Kind::Domain => false,
    }
}

/// What was found, in canonical spelling; `None` where it only looks like a name.
fn shaped(text: &str, kind: Kind, place: std::ops::Range<usize>) -> Option<String> {
    let found = &text[place.clone()];
    match kind {
        Kind::Sid => is_personal_sid(found).then(|| found.to_uppercase()),
        Kind::User => canonical_user(found),
        Kind::Address => {
            let before = text[..place.start].chars().next_back();
            let mut behind = text[place.end..].chars();
            let is_inside = |c: char| c.is_alphanumeric() || c == '.' || c == ':';
            let follows = match behind.next() {
                // A full stop ends a sentence, a colon begins a port.
                Some('.' | ':') if found.contains('.') => {
                    behind.next().is_some_and(|c| c.is_ascii_digit()) && text[place.end..].starts_with('.')
                }
                Some(next) => next.is_alphanumeric(),
                None => false,
            };
            let is_apart = !before.is_some_and(is_inside) || before == Some(':') && found.contains('.');
            address(found).filter(|address| is_apart && !follows && !is_nobody(address))
        }
        Kind::Host => {
            let host = canonical_host(found);
            (address(&host).is_none() && !host.eq_ignore_ascii_case("localhost")).then_some(host)
        }
        Kind::Domain => None,
    }
}
