//! Recognizes by its first bytes how records sit in a source.
//!
//! Names are hints that lie: an export is `.txt`, a rotated log `.1`, a log of JSON `.log`. So the
//! content decides, and the tests stand in the order of how sure they are.

use super::encoding::{decode_head, detect};
use super::place::Place;
use super::source::{Container, Encoding, Source, SourceName};
use super::{document, table, xml};

/// Bytes of a source that are looked at.
pub(super) const HEAD_BYTES: usize = 64 * 1024;
/// Bytes of it that stay with the source: there may be thousands of sources.
const KEPT_BYTES: usize = 16 * 1024;
/// Lines that tell whether a text is JSON lines or a document.
const SAMPLE_LINES: usize = 200;
/// The longest key of a document, in characters.
const KEY_CHARS_MAX: usize = 64;

/// The first bytes of a source, as text.
struct Head<'a> {
    text: &'a str,
    is_whole: bool,
    n_bytes_stored: u64,
}

/// One test: the container, and whether a head begins it. Surest first.
type Test = (Container, fn(&Head<'_>) -> bool);

/// The tests of texts; what passes none is [`Container::Lines`].
const TESTS: &[Test] = &[
    (Container::EventXml, is_event_xml),
    (Container::Json, is_json),
    (Container::W3c, is_w3c),
    (Container::Table, |head| table::delimiter(head.text, head.is_whole).is_some()),
    (Container::Document, is_document),
];

/// Returns the source that begins with `head`: up to [`HEAD_BYTES`], and shorter only if that is all.
pub(super) fn recognize(name: SourceName, place: Place, head: &[u8], n_bytes_stored: u64) -> Source {
    let is_whole = head.len() < HEAD_BYTES;
    let head = &head[..head.len().min(HEAD_BYTES)];
    let source = |container, encoding, text, delimiter| Source {
        name,
        container,
        encoding,
        head: text,
        n_bytes_stored,
        place,
        delimiter,
    };
    if head.starts_with(b"ElfFile\0") {
        return source(Container::Evtx, Encoding::Binary, String::new(), 0);
    }
    let encoding = detect(head, is_whole);
    if encoding == Encoding::Binary {
        return source(Container::Unknown, encoding, String::new(), 0);
    }
    let mut text = decode_head(head, encoding, is_whole);
    let trimmed = text.trim_start_matches(['\u{feff}', '\0', ' ', '\t', '\r', '\n']);
    let sample = Head { text: trimmed, is_whole, n_bytes_stored };
    let passed = TESTS.iter().find(|(_, test)| test(&sample));
    let container = passed.map_or(Container::Lines, |(container, _)| *container);
    let delimiter = match container {
        Container::Table => table::delimiter(trimmed, is_whole).unwrap_or(b','),
        _ => 0,
    };
    // An event below a long introduction still tells its prefix.
    let start = &text[..text.floor_char_boundary(KEPT_BYTES)];
    let is_enough = container != Container::EventXml || xml::prefix(start).is_some();
    text.truncate(text.floor_char_boundary(if is_enough { KEPT_BYTES } else { HEAD_BYTES }));
    // Decoding reserved three times as much as it was given.
    text.shrink_to_fit();
    source(container, encoding, text, delimiter)
}

/// An `Event` or `Events` element, at the start or below what `evtx_dump` writes above each event.
fn is_event_xml(head: &Head<'_>) -> bool {
    let begins = head.text.starts_with('<') || head.text.starts_with("Record ");
    begins && xml::prefix(head.text).is_some()
}

/// An object or an array of objects at the start; or most lines are objects.
fn is_json(head: &Head<'_>) -> bool {
    let text = head.text;
    let object = match text.strip_prefix('[') {
        Some(inner) => inner.trim_start(),
        None => text,
    };
    let is_empty_array = object.starts_with(']') && text.trim_end().ends_with(']') && text.len() < 16;
    if let Some(inner) = object.strip_prefix('{') {
        let inner = inner.trim_start();
        if inner.starts_with('"') || (inner.starts_with('}') && inner.len() < 16) {
            return true;
        }
    }
    let (mut n_lines, mut n_objects) = (0, 0);
    for line in complete_lines(head).filter(|line| !line.trim().is_empty()).take(SAMPLE_LINES / 10) {
        n_lines += 1;
        let value = line.trim().starts_with('{').then(|| serde_json::from_str::<serde_json::Value>(line.trim()));
        n_objects += usize::from(value.is_some_and(|value| value.is_ok_and(|value| value.is_object())));
    }
    is_empty_array || (n_objects > 0 && 2 * n_objects >= n_lines)
}

/// A directive at the start, and `#Fields:` among the directives there.
fn is_w3c(head: &Head<'_>) -> bool {
    let mut directives = complete_lines(head).take_while(|line| line.starts_with('#') || line.trim().is_empty());
    let is_fields = |line: &str| line.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("#Fields:"));
    directives.any(is_fields) || ["#Software: ", "#Fields: "].iter().any(|start| head.text.starts_with(start))
}

/// A list of maps, or a map whose keys do not repeat; `key: value` again and again is a log.
fn is_document(head: &Head<'_>) -> bool {
    if head.n_bytes_stored > document::DOCUMENT_BYTES_MAX as u64 {
        return false;
    }
    let mut keys = std::collections::BTreeSet::new();
    let (mut n_maps, mut n_scalars) = (0, 0);
    for line in complete_lines(head).take(SAMPLE_LINES) {
        let content = line.trim_end();
        if content == "---" || content == "..." {
            keys.clear();
            continue;
        }
        if content.is_empty() || content.trim_start().starts_with('#') || content.starts_with([' ', '\t']) {
            continue;
        }
        if let Some(item) = content.strip_prefix("- ") {
            match key(item.trim_start()) {
                Some(_) => n_maps += 1,
                None => n_scalars += 1,
            }
        } else if content == "-" {
            n_maps += 1;
        } else {
            match key(content) {
                Some(key) if keys.insert(key.to_owned()) => {}
                _ => return false,
            }
        }
    }
    // A single `key: value` is any sentence with a colon.
    let n_structural = n_maps + keys.len();
    n_scalars <= n_maps && (n_maps > 0 || keys.len() >= 2) && n_structural > 0
}

/// The key of `key: value` or `key:`; `None` for what no map has as a key.
fn key(line: &str) -> Option<&str> {
    let (key, rest) = line.split_once(':')?;
    let bare = key.trim().trim_matches(['"', '\'']);
    let is_key = !bare.is_empty()
        && bare.chars().count() <= KEY_CHARS_MAX
        && bare.chars().next().is_some_and(char::is_alphabetic)
        && bare.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ' '))
        && bare.split(' ').count() <= 3
        && (rest.is_empty() || rest.starts_with([' ', '\t']));
    is_key.then_some(bare)
}

/// The lines of the head; a last one that may be cut is left away.
fn complete_lines<'a>(head: &Head<'a>) -> impl Iterator<Item = &'a str> {
    let end = if head.is_whole { head.text.len() } else { head.text.rfind('\n').map_or(0, |at| at + 1) };
    head.text[..end].lines()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SourceId;

    fn container(text: &str) -> Container {
        Source::from_bytes(SourceId(0), "x", text.as_bytes()).container
    }

    #[test]
    fn content_decides() {
        let cases = [
            ("<Event xmlns='x'><System>", Container::EventXml),
            ("\u{feff}<?xml version=\"1.0\"?>\r\n<Events><Event xmlns='x'>", Container::EventXml),
            ("Record 1\n<?xml version=\"1.0\"?>\n<Event xmlns=\"x\">", Container::EventXml),
            ("<![LOG[message]LOG]!><time=\"19:33:19.766-330\" type=\"1\">", Container::Lines),
            ("<34>1 2022-10-11T22:14:15.003Z host app - - text", Container::Lines),
            ("<html><body>Events</body></html>", Container::Lines),
            ("{\"a\": 1}\n{\"a\": 2}\n", Container::Json),
            ("[\n  {\n    \"a\": 1", Container::Json),
            ("[]", Container::Json),
            ("starting\n{\"a\":1}\n{\"a\":2}\n", Container::Json),
            ("[08:01:33.123][tid:00000a2c.00000b1c][INFO]   text\n", Container::Lines),
            ("{thread-1} started\n", Container::Lines),
            ("#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n", Container::W3c),
            ("#Version: 1.0\n#Fields: date time\n", Container::W3c),
            ("# a comment\n# another\nkey = value\n", Container::Lines),
            ("time,component,version\n2022-01-01,App,1\n", Container::Table),
            ("- time: 2022-08-20T10:00:00Z\n  component: App\n- time: 2022-08-21\n", Container::Document),
            ("# deploys\ndeployments:\n  - at: 2022-08-20\nteam: ops\n", Container::Document),
            ("fail: Category[20]\n      text\nfail: Category[20]\n      text\n", Container::Lines),
            ("- fixed a bug\n- added a feature\n", Container::Lines),
            ("[.ShellClassInfo]\r\nLocalizedResourceName=x\r\n", Container::Lines),
            ("Error: something\n", Container::Lines),
            ("2022-08-22 08:01:33 INFO text\n", Container::Lines),
            ("", Container::Lines),
        ];
        for (text, expected) in cases {
            assert_eq!(container(text), expected, "{text}");
        }
    }

    #[test]
    fn of_a_head_only_as_much_stays_as_reading_needs() {
        let of = |text: &str| Source::from_bytes(SourceId(0), "x", text.as_bytes());
        let lines = of(&"2022-08-22 08:01:33 INFO text\n".repeat(5_000));
        assert_eq!((lines.container, lines.head.len()), (Container::Lines, KEPT_BYTES));
        assert_eq!(lines.head.capacity(), KEPT_BYTES);
        let late = of(&format!("<?xml version='1.0'?><!--{}--><n:Events><n:Event>", " ".repeat(20_000)));
        assert_eq!((late.container, xml::prefix(&late.head)), (Container::EventXml, Some("n:")));
    }

    #[test]
    fn binary_is_unknown_and_an_event_log_is_known_by_its_magic() {
        let of = |bytes: &[u8]| Source::from_bytes(SourceId(0), "x.log", bytes);
        assert_eq!(of(b"ElfFile\0rest").container, Container::Evtx);
        let unknown = of(b"BZh91AY&SY\x00\x01\x02\x03\x04\x80\x90\xa0\x00\x00\x05");
        assert_eq!((unknown.container, unknown.encoding), (Container::Unknown, Encoding::Binary));
        assert!(unknown.head.is_empty());
    }
}
