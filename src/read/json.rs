//! Reads JSON: one object a line, one array of objects, or objects spread over several lines.
//!
//! Agents write a line an object; `ConvertTo-Json` and deployment systems write one array, or one
//! object over many lines. A writer that died leaves half an object in a line of its own: it must
//! cost itself and not the line behind it.

use serde_json::value::RawValue;

use super::encoding::Decoded;
use super::line_break::Lines;
use super::object::Object;
use super::record::{Body, Record};
use super::source::{Reading, SourceName};
use crate::diagnostic::Code;
use crate::model::Position;

/// The longest object: 16 MiB, as much as a batch of telemetry in one line may need.
const OBJECT_BYTES_MAX: usize = 16 << 20;
/// The most values in one object. A value takes some 200 bytes of memory, and two of text.
const OBJECT_VALUES_MAX: usize = 1 << 18;

/// Reads the objects of a text whose first bytes are `head`.
pub(super) fn records(text: Decoded<'_>, head: &str, name: &SourceName, sink: &mut dyn FnMut(Record<'_>)) -> Reading {
    let mut delivery = Delivery { reading: Reading::default(), name, sink };
    if head.trim_start_matches(['\0', ' ', '\t', '\r', '\n']).starts_with('[') {
        read_array(text, &mut delivery);
    } else {
        read_lines(text, &mut delivery);
    }
    delivery.reading
}

/// Counts records, delivers the sound ones.
struct Delivery<'a> {
    reading: Reading,
    name: &'a SourceName,
    sink: &'a mut dyn FnMut(Record<'_>),
}

impl Delivery<'_> {
    fn object(&mut self, position: Position, text: &str) {
        if let Err(error) = self.try_object(position, text) {
            self.damage(position, defect(&error));
        }
    }

    /// Delivers an object, or those of a line that holds an array of objects; anything else is no record of a log.
    fn try_object(&mut self, position: Position, text: &str) -> serde_json::Result<()> {
        check_size(text)?;
        if text.starts_with('{') {
            let object = Object::parse(text)?;
            self.reading.n_records += 1;
            (self.sink)(Record { position, body: Body::Json(object) });
        } else {
            let elements =
                if text.starts_with('[') { serde_json::from_str::<Vec<&RawValue>>(text)? } else { Vec::new() };
            if elements.is_empty() || elements.iter().any(|element| !element.get().starts_with('{')) {
                serde_json::from_str::<&RawValue>(text)?;
                self.damage(position, "not an object");
            } else {
                for element in elements {
                    self.object(position, element.get());
                }
            }
        }
        Ok(())
    }

    fn damage(&mut self, position: Position, detail: &'static str) {
        self.reading.n_records += 1;
        self.reading.n_damaged += 1;
        self.reading.complain(Code::RecordMalformed, self.name, Some(position), detail);
    }
}

/// Refuses a text that may hold more values than the bound.
fn check_size(text: &str) -> serde_json::Result<()> {
    // In front of each value stands one of these, for a colon comes with a comma or brace.
    let marks = || memchr::memchr3_iter(b',', b'[', b'{', text.as_bytes()).count();
    if text.len() > OBJECT_VALUES_MAX && marks() > OBJECT_VALUES_MAX {
        return Err(serde::de::Error::custom("too many values"));
    }
    Ok(())
}

/// What is wrong, without the words of the text.
fn defect(error: &serde_json::Error) -> &'static str {
    if error.is_data() { "more values than an object may hold" } else { "not well-formed JSON" }
}

/// How deep the text read so far lies in an object.
#[derive(Clone, Copy, Default)]
struct Nesting {
    depth: u32,
    in_string: bool,
    is_escaped: bool,
}

impl Nesting {
    /// Takes one byte; `true` if it closes the outermost bracket.
    fn takes(&mut self, byte: u8) -> bool {
        if self.in_string {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                return self.depth == 0;
            }
            _ => {}
        }
        false
    }

    fn takes_line(&mut self, line: &str) {
        for byte in line.bytes() {
            self.takes(byte);
        }
        // A line break inside a string would be escaped: what is open here never closes.
        self.takes(b'\n');
    }

    /// Whether more lines can make an object of this.
    fn is_open(self) -> bool {
        self.depth > 0 && !self.in_string
    }
}

/// An object a line. What a line leaves open may go on below, until a line begins an object of its own.
fn read_lines(text: Decoded<'_>, delivery: &mut Delivery<'_>) {
    let mut lines = Lines::new(text, OBJECT_BYTES_MAX);
    let mut open: Option<(u64, String, Nesting)> = None;
    while let Some(line) = lines.next_line() {
        let position = Position::Line(line.number);
        if let Some((number, mut so_far, mut nesting)) = open.take() {
            let fits = so_far.len() + line.text.len() < OBJECT_BYTES_MAX;
            if fits && !line.text.starts_with('{') {
                nesting.takes_line(line.text);
                so_far.push('\n');
                so_far.push_str(line.text);
                if nesting.is_open() {
                    open = Some((number, so_far, nesting));
                } else {
                    delivery.object(Position::Line(number), so_far.trim_end().trim_end_matches(','));
                }
                continue;
            }
            delivery.damage(Position::Line(number), "an object without end");
        }
        let object = line.text.trim();
        if object.is_empty() {
            continue;
        }
        if line.n_cut > 0 {
            delivery.damage(position, "an object longer than 16 MiB");
            continue;
        }
        match delivery.try_object(position, object.trim_end_matches(',')) {
            Ok(()) => {}
            Err(error) if error.is_eof() && object.starts_with('{') => {
                let mut nesting = Nesting::default();
                nesting.takes_line(object);
                if nesting.is_open() {
                    open = Some((line.number, object.to_owned(), nesting));
                } else {
                    delivery.damage(position, "not well-formed JSON");
                }
            }
            Err(error) => delivery.damage(position, defect(&error)),
        }
    }
    if let Some((number, ..)) = open {
        delivery.damage(Position::Line(number), "an object without end");
    }
    delivery.reading.complain_undecodable(delivery.name, lines.n_undecodable());
}

/// The state of reading an array.
#[derive(Default)]
struct ArrayAt {
    /// Lines seen, and whether an element began on this one.
    n_breaks: u64,
    has_element: bool,
    /// Where the open element begins in the buffer, and its place.
    open: Option<(usize, Position)>,
    nesting: Nesting,
    is_stray: bool,
}

/// One array of objects, perhaps in one line of any length: each element is parsed for itself.
fn read_array(mut text: Decoded<'_>, delivery: &mut Delivery<'_>) {
    let mut buffer = String::new();
    let mut at = 0;
    let mut n_bytes_before = 0;
    let mut array = ArrayAt::default();
    while text.fill(&mut buffer) {
        while let Some(&byte) = buffer.as_bytes().get(at) {
            if let Some((start, position)) = array.open {
                if array.nesting.takes(byte) {
                    delivery.object(position, &buffer[start..=at]);
                    array.open = None;
                }
            } else {
                array.between(byte, at, n_bytes_before, delivery);
            }
            if byte == b'\n' {
                (array.n_breaks, array.has_element) = (array.n_breaks + 1, false);
            }
            at += 1;
        }
        let mut done = at;
        if let Some((start, position)) = array.open {
            if at - start > OBJECT_BYTES_MAX {
                delivery.damage(position, "an object longer than 16 MiB");
                array.open = None;
            } else {
                array.open = Some((0, position));
                done = start;
            }
        }
        buffer.drain(..done);
        at -= done;
        n_bytes_before += done as u64;
    }
    if let Some((_, position)) = array.open {
        delivery.damage(position, "an object without end");
    }
    delivery.reading.complain_undecodable(delivery.name, text.n_undecodable());
}

impl ArrayAt {
    /// A byte outside of every element.
    fn between(&mut self, byte: u8, at: usize, n_bytes_before: u64, delivery: &mut Delivery<'_>) {
        match byte {
            b'{' => {
                // Several elements in one line are told apart by their offset.
                let offset = Position::Offset(n_bytes_before + at as u64);
                let position = if self.has_element { offset } else { Position::Line(self.n_breaks + 1) };
                self.open = Some((at, position));
                self.nesting = Nesting { depth: 1, ..Nesting::default() };
                (self.has_element, self.is_stray) = (true, false);
            }
            b',' | b'[' | b']' | b' ' | b'\t' | b'\r' | b'\n' | 0 => self.is_stray = false,
            _ if self.is_stray => {}
            _ => {
                self.is_stray = true;
                delivery.damage(Position::Line(self.n_breaks + 1), "not an object");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::model::SourceId;
    use crate::read::Encoding;

    fn read(text: &str) -> (Vec<(Position, Value)>, Reading) {
        let name = SourceName { id: SourceId(0), path: "x.json".to_owned() };
        let mut bytes = text.as_bytes();
        let mut all = Vec::new();
        let reading = records(Decoded::new(&mut bytes, Encoding::Utf8), text, &name, &mut |record| match record.body {
            Body::Json(object) => all.push((record.position, object.tree().clone())),
            other => panic!("{other:?}"),
        });
        assert_eq!(reading.n_records, all.len() as u64 + reading.n_damaged);
        (all, reading)
    }

    fn numbers(text: &str) -> (Vec<i64>, u64) {
        let (all, reading) = read(text);
        (all.iter().map(|(_, value)| value["a"].as_i64().unwrap()).collect(), reading.n_damaged)
    }

    #[test]
    fn lines_arrays_and_spread_objects_give_the_same() {
        for text in [
            "{\"a\":1}\n{\"a\":2}\r\n\n{\"a\":3}",
            "{\"a\":1},\n{\"a\":2},\n{\"a\":3}\n",
            "[{\"a\":1},{\"a\":2},{\"a\":3}]",
            "[\n  {\n    \"a\": 1\n  },\n  {\n    \"a\": 2\n  },\n  { \"a\": 3 }\n]\n",
            "{\n  \"a\": 1,\n  \"s\": \"}{\\\"\"\n}\n{\n  \"a\": 2\n},\n{\"a\":3}\n",
            "[{\"a\":1},{\"a\":2}]\n[{\"a\":3}]\n",
        ] {
            assert_eq!(numbers(text), (vec![1, 2, 3], 0), "{text}");
        }
    }

    #[test]
    fn a_broken_line_costs_itself() {
        assert_eq!(numbers("{\"a\":1}\n{\"a\":2,\"m\":\n{\"a\":3}\n"), (vec![1, 3], 1));
        assert_eq!(numbers("{\"a\":1}\n{\"a\":2,\"m\":\"cut\n{\"a\":3}\n"), (vec![1, 3], 1));
        assert_eq!(numbers("{\"a\":1}\nnot json\n7\n{\"a\":3}\n"), (vec![1, 3], 2));
        assert_eq!(numbers("{\"a\":1}\n{\"a\":"), (vec![1], 1));
        assert_eq!(numbers("[{\"a\":1},{\"b\" 2},{\"a\":3},4,5]"), (vec![1, 3], 3));
        assert_eq!(numbers("[{\"a\":1},{\"a\":"), (vec![1], 1));
    }

    #[test]
    fn each_object_has_a_place_of_its_own() {
        let (all, _) = read("[{\"a\":1},\n {\"a\":2}, {\"a\":3}]");
        let places: Vec<_> = all.iter().map(|(position, _)| *position).collect();
        assert_eq!(places, [Position::Line(1), Position::Line(2), Position::Offset(20)]);
        let (all, _) = read("{\"a\":1}\n\n{\n\"a\":2}\n");
        assert_eq!(all[1].0, Position::Line(3));
    }

    #[test]
    fn elements_may_lie_across_blocks() {
        let long = "x".repeat(90_000);
        let text =
            format!("[{}]", (0..5).map(|i| format!("{{\"a\":{i},\"s\":\"{long}\"}}")).collect::<Vec<_>>().join(","));
        assert_eq!(numbers(&text), (vec![0, 1, 2, 3, 4], 0));
    }

    #[test]
    fn values_without_number_are_damage_of_their_object() {
        let many = format!("{{\"a\": [{}0]}}", "0,".repeat(OBJECT_VALUES_MAX));
        for text in [format!("{many}\n{{\"a\":2}}\n"), format!("[{many},\n{{\"a\":2}}]")] {
            let (all, reading) = read(&text);
            assert_eq!((all.len(), reading.n_damaged), (1, 1));
            assert_eq!(reading.diagnostics[0].detail, "more values than an object may hold");
        }
        let text = format!("{{\"a\": 1, \"text\": \"{}\"}}\n", "x".repeat(2 * OBJECT_VALUES_MAX));
        assert_eq!(numbers(&text), (vec![1], 0));
    }
}
