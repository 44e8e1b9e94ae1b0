//! Reads Windows event XML: what Event Viewer, `wevtutil` and `Get-WinEvent` export.
//!
//! Event Viewer writes a document, `wevtutil` a bare sequence of events without root and with single
//! quotes, collectors anything between. So events are found by their tags and each is parsed for
//! itself: one that is malformed costs itself, and reading goes on at the next `<Event `.

use memchr::memmem::Finder;

use super::encoding::Decoded;
use super::record::{Body, Record};
use super::source::{How, Reading, SourceName};
use super::xml_event::{self, Parsed};
use crate::diagnostic::Code;
use crate::model::{Names, Position};

/// The longest event: 1 MiB. Windows allows 64 KiB; a rendered message may repeat them.
const EVENT_BYTES_MAX: usize = 1 << 20;

/// Returns the namespace prefix of the first `Event` or `Events` element, with its colon; mostly empty.
pub(super) fn prefix(head: &str) -> Option<&str> {
    let mut rest = head;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let name =
            &rest[..rest.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/' | '<')).unwrap_or(rest.len())];
        let local_at = name.find(':').map_or(0, |colon| colon + 1);
        if matches!(&name[local_at..], "Event" | "Events") {
            return Some(&name[..local_at]);
        }
    }
    None
}

/// Reads the events of a text whose first bytes are `head`.
pub(super) fn records(
    text: Decoded<'_>,
    head: &str,
    name: &SourceName,
    how: &How<'_>,
    sink: &mut dyn FnMut(Record<'_>),
) -> Reading {
    let prefix = prefix(head).unwrap_or("");
    let mut events = Events::new(text, prefix);
    let mut reading = Reading::default();
    let mut names = Names::new();
    while let Some(found) = events.next_event() {
        reading.n_records += 1;
        let line = Position::Line(found.line);
        let Some(event) = found.text else {
            reading.n_damaged += 1;
            reading.complain(Code::RecordMalformed, name, Some(line), "an event without end");
            continue;
        };
        match xml_event::parse(event, how.selection, &mut names) {
            Ok(Parsed::Wanted(record)) => {
                let position = record.record_id.map_or(line, Position::Record);
                sink(Record { position, body: Body::Windows(record) });
            }
            Ok(Parsed::Unwanted { provider, event_id, computer, channel, time }) => {
                if !reading.count_unselected(&provider, event_id, (&computer, &channel), time) {
                    reading.n_damaged += 1;
                    reading.complain(Code::RecordMalformed, name, Some(line), "more kinds of events than a log has");
                }
            }
            Err(detail) => {
                reading.n_damaged += 1;
                reading.complain(Code::RecordMalformed, name, Some(line), detail);
            }
        }
    }
    reading.complain_undecodable(name, events.text.n_undecodable());
    reading
}

/// One event as text, or the start of one that has no end.
struct Found<'b> {
    line: u64,
    text: Option<&'b str>,
}

/// How far tags of one kind were sought, and the first that was found there.
struct Sought {
    found: Option<usize>,
    passed: usize,
}

impl Sought {
    fn from(at: usize) -> Self {
        Self { found: None, passed: at }
    }

    /// Follows the text when so many bytes of its start are dropped.
    fn move_down(&mut self, n_bytes: usize) {
        self.found = self.found.and_then(|at| at.checked_sub(n_bytes));
        self.passed = self.passed.saturating_sub(n_bytes);
    }
}

/// How a tag ends.
enum TagEnd {
    /// Behind its `>`.
    Whole(usize),
    /// Where another tag begins.
    Cut(usize),
}

/// The events of a text, found by their tags.
struct Events<'a> {
    text: Decoded<'a>,
    open: Finder<'static>,
    close: Finder<'static>,
    system: String,
    buffer: String,
    at: usize,
    line: u64,
    is_ended: bool,
}

impl<'a> Events<'a> {
    fn new(text: Decoded<'a>, prefix: &str) -> Self {
        let open = Finder::new(&format!("<{prefix}Event")).into_owned();
        let close = Finder::new(&format!("</{prefix}Event")).into_owned();
        let system = format!("<{prefix}System");
        Self { text, open, close, system, buffer: String::new(), at: 0, line: 1, is_ended: false }
    }

    fn next_event(&mut self) -> Option<Found<'_>> {
        let start = self.seek_open()?;
        self.pass_to(start);
        // Where to search on, and how many elements of this name are open, for a session manager's data
        // hold one, too. Nothing is searched twice, so that tags without end cost no more than others.
        let (mut from, mut depth) = (self.at + 1, 1);
        let (mut open, mut close) = (Sought::from(from), Sought::from(from));
        loop {
            let open_at = self.next_tag(&self.open, &mut open, from);
            let close_at = self.next_tag(&self.close, &mut close, from);
            let at = open_at.into_iter().chain(close_at).min();
            match at.and_then(|at| Some((at, self.tag_end(at)?))) {
                // A tag in which another one begins is none.
                Some((_, TagEnd::Cut(next))) => {
                    from = next;
                    continue;
                }
                Some((at, TagEnd::Whole(end))) if close_at == Some(at) => {
                    from = end;
                    depth -= 1;
                    if depth == 0 {
                        let (start, line) = (self.at, self.line);
                        self.pass_to(end);
                        return Some(Found { line, text: Some(&self.buffer[start..end]) });
                    }
                    continue;
                }
                Some((at, TagEnd::Whole(end))) => match self.holds_system(end) {
                    Some(true) => return Some(self.broken(at)),
                    Some(false) => {
                        depth += usize::from(!self.buffer[..end].ends_with("/>"));
                        from = end;
                        continue;
                    }
                    None => from = at,
                },
                None => from = at.unwrap_or_else(|| self.safe_end(&self.close).max(from)),
            }
            if self.buffer.len() - self.at > EVENT_BYTES_MAX {
                return Some(self.broken(from));
            }
            from -= self.at;
            open.move_down(self.at);
            close.move_down(self.at);
            if !self.fill() {
                return Some(self.broken(self.buffer.len()));
            }
        }
    }

    /// Finds the first tag from `from` on, without searching again where one was sought before.
    fn next_tag(&self, finder: &Finder<'_>, sought: &mut Sought, from: usize) -> Option<usize> {
        if sought.found.is_none_or(|at| at < from) {
            let begin = sought.passed.max(from);
            sought.found = self.tag(finder, begin);
            sought.passed = sought.found.unwrap_or_else(|| self.safe_end(finder).max(begin));
        }
        sought.found
    }

    /// Where the tag at `at` ends; `None` if more text must tell.
    fn tag_end(&self, at: usize) -> Option<TagEnd> {
        let bytes = self.buffer.as_bytes();
        let end = at + 1 + memchr::memchr2(b'<', b'>', &bytes[at + 1..])?;
        Some(if bytes[end] == b'>' { TagEnd::Whole(end + 1) } else { TagEnd::Cut(end) })
    }

    /// Whether `System` comes first in the element whose tag ends at `end`, as in every event and in no
    /// element of data; `None` if more text must tell.
    fn holds_system(&self, end: usize) -> Option<bool> {
        let inner = self.buffer[end..].trim_start();
        let system = self.system.as_str();
        if inner.len() < system.len() && system.starts_with(inner) {
            return None;
        }
        Some(inner.starts_with(system))
    }

    /// Finds where the next event begins; what stands between events is passed over.
    fn seek_open(&mut self) -> Option<usize> {
        let mut from = self.at;
        loop {
            if let Some(start) = self.tag(&self.open, from) {
                return Some(start);
            }
            let kept = self.safe_end(&self.open).max(self.at);
            self.pass_to(kept);
            if !self.fill() {
                return None;
            }
            from = 0;
        }
    }

    /// Finds a tag from `from` on; `<EventData` and `<Events` are others.
    fn tag(&self, finder: &Finder<'_>, from: usize) -> Option<usize> {
        let bytes = self.buffer.as_bytes();
        let mut at = from.min(bytes.len());
        loop {
            at += finder.find(&bytes[at..])?;
            match bytes.get(at + finder.needle().len()) {
                Some(b' ' | b'\t' | b'\r' | b'\n' | b'>' | b'/') => return Some(at),
                Some(_) => at += 1,
                None => return None,
            }
        }
    }

    /// Up to here a tag cannot begin that more text would complete.
    fn safe_end(&self, finder: &Finder<'_>) -> usize {
        self.buffer.floor_char_boundary(self.buffer.len().saturating_sub(finder.needle().len()))
    }

    fn broken(&mut self, end: usize) -> Found<'static> {
        let line = self.line;
        self.pass_to(self.buffer.floor_char_boundary(end));
        Found { line, text: None }
    }

    fn pass_to(&mut self, end: usize) {
        self.line += memchr::memchr_iter(b'\n', &self.buffer.as_bytes()[self.at..end]).count() as u64;
        self.at = end;
    }

    /// Appends a block, dropping what was passed; positions move down by the old `at`.
    fn fill(&mut self) -> bool {
        self.buffer.drain(..self.at);
        self.at = 0;
        self.is_ended |= !self.text.fill(&mut self.buffer);
        !self.is_ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SourceId;
    use crate::read::{Encoding, Selection, WindowsRecord};

    fn event(id: u32, record_id: u64) -> String {
        format!(
            "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='P'/>\
             <EventID>{id}</EventID><TimeCreated SystemTime='2022-08-22T06:00:0{record_id}.5Z'/>\
             <EventRecordID>{record_id}</EventRecordID><Computer>RDS01.x</Computer></System>\
             <EventData><Data Name='a'>1</Data></EventData></Event>"
        )
    }

    fn read(text: &str, selection: &Selection) -> (Vec<(Position, WindowsRecord)>, Reading) {
        let name = SourceName { id: SourceId(0), path: "x.xml".to_owned() };
        let how = How { selection, starts_record: None, recover: false, digests: false };
        let mut bytes = text.as_bytes();
        let mut all = Vec::new();
        let decoded = Decoded::new(&mut bytes, Encoding::Utf8);
        let reading = records(decoded, text, &name, &how, &mut |record| match record.body {
            Body::Windows(windows) => all.push((record.position, *windows)),
            other => panic!("{other:?}"),
        });
        assert_eq!(reading.n_records, all.len() as u64 + reading.n_unselected() + reading.n_damaged);
        (all, reading)
    }

    fn ids(text: &str) -> (Vec<u64>, u64) {
        let (all, reading) = read(text, &Selection::everything());
        (all.iter().map(|(_, record)| record.record_id.unwrap()).collect(), reading.n_damaged)
    }

    #[test]
    fn documents_and_bare_sequences_are_the_same() {
        let (one, two) = (event(21, 1), event(24, 2));
        let prefixed = |text: &str| {
            let text = text.replace("</", "\u{1}").replace('<', "<n:").replace('\u{1}', "</n:");
            text.replace("xmlns=", "xmlns:n=")
        };
        for text in [
            format!("{one}{two}"),
            format!("{one}\r\n{two}\r\n"),
            format!("<?xml version='1.0' encoding='utf-8'?><Events>{one}{two}</Events>"),
            format!("Record 1\n{one}\nRecord 2\n{two}\n"),
            prefixed(&format!("<Events>{one}{two}</Events>")),
        ] {
            assert_eq!(ids(&text), (vec![1, 2], 0), "{text}");
        }
        assert_eq!(ids("<Events></Events>"), (vec![], 0));
    }

    #[test]
    fn a_malformed_event_costs_itself() {
        let (one, two, three) = (event(21, 1), event(24, 2), event(25, 3));
        assert_eq!(ids(&format!("{one}{}{three}", &two[..two.len() / 2])), (vec![1, 3], 1));
        assert_eq!(ids(&format!("{one}{}{three}", two.replace("</System>", "</Sistem>"))), (vec![1, 3], 1));
        assert_eq!(ids(&format!("{one}{}", &two[..two.len() - 3])), (vec![1], 1));
        assert_eq!(ids(&format!("<Event x='{}'>{three}", "y".repeat(2 * EVENT_BYTES_MAX))), (vec![3], 1));
    }

    #[test]
    fn data_may_hold_an_element_called_event() {
        // LocalSessionManager 36 says which event of its state machine failed.
        let data = "<UserData><EventXML xmlns='Event_NS'><Event>10</Event><EventName>x</EventName><Event/></EventXML></UserData>";
        let one = event(36, 1).replace("<EventData><Data Name='a'>1</Data></EventData>", data);
        let two = event(21, 2);
        assert_eq!(ids(&format!("{one}\n{two}")), (vec![1, 2], 0));
        let cut = &one[..one.find("</Event>").unwrap()];
        assert_eq!(ids(&format!("{cut}{two}")), (vec![2], 1));
    }

    /// Read as often as there are tags, each of these would take minutes.
    #[test]
    fn tags_without_end_are_passed_over_once() {
        let one = event(21, 1);
        for tag in ["<Event ", "<Event>", "<Event><a>", "<Event><Event/></Event ", "<Event <", "</Event><Event>\n"] {
            let text = format!("<Events>{}{one}", tag.repeat((4 << 20) / tag.len()));
            let began = std::time::Instant::now();
            let (all, reading) = read(&text, &Selection::everything());
            assert!(began.elapsed().as_secs() < 20, "{tag} took {:?}", began.elapsed());
            assert_eq!(all.len(), 1, "{tag}");
            assert!(reading.n_damaged > 0, "{tag}");
        }
        let nested = format!("<Events>{}{}{one}", "<Event>".repeat(60_000), "</Event>".repeat(60_000));
        assert_eq!(ids(&nested), (vec![1], 1));
    }

    #[test]
    fn events_may_lie_anywhere_across_blocks() {
        let (one, two) = (event(21, 1), event(24, 2));
        for n in (65_536 - one.len() - 20)..(65_536 + 20) {
            assert_eq!(ids(&format!("{}{one}{two}", " ".repeat(n))), (vec![1, 2], 0), "{n}");
        }
    }

    #[test]
    fn kinds_without_number_are_damage_and_not_memory() {
        let long = event(1, 1).replace("'P'", &format!("'{}'", "P".repeat(2_000)));
        let text: String = (0..70_000).map(|n| event(1, 1).replace("'P'", &format!("'P{n}'"))).collect();
        let (_, reading) = read(&format!("{long}{text}{}", event(1, 2).replace("'P'", "'P7'")), &Selection::none());
        assert_eq!((reading.n_records, reading.unselected.len()), (70_002, 1 << 16));
        assert_eq!(reading.n_damaged, 1 + 70_000 - (1 << 16));
        assert_eq!(reading.unselected[&("P7".to_owned(), 1)], 2);
    }

    #[test]
    fn unselected_events_are_counted_by_kind_and_hour() {
        let mut selection = Selection::none();
        selection.add("p", 24);
        let (all, reading) = read(&[event(21, 1), event(24, 2), event(21, 3)].concat(), &selection);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].0, Position::Record(2));
        assert_eq!(reading.unselected[&("P".to_owned(), 21)], 2);
        let hour = all[0].1.time.unwrap().hour();
        assert_eq!(reading.unselected_hours[&("RDS01.x".to_owned(), String::new(), hour)].n, 2);
        let (first, last) = reading.unselected_span.unwrap();
        assert_eq!(
            (first.to_string(), last.to_string()),
            ("2022-08-22T06:00:01.5Z".into(), "2022-08-22T06:00:03.5Z".into())
        );
    }
}
