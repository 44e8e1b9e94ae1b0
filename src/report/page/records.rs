//! The records to which the page leads: where each stands, and the event that was read there.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::{Limits, cut, visible};
use crate::model::{Event, Position, Provenance, SourceId};
use crate::report::event_line::event_line;
use crate::report::input::Input;

/// Characters of one value of an event; a longer one is cut.
const MAX_VALUE: usize = 1_500;
/// Characters of a whole record.
const MAX_ORIGINAL: usize = 6_000;
/// The field of a whole record as it stands, in the Elastic Common Schema.
const ORIGINAL: &str = "event.original";
/// Numbers up to this are the same in the browser.
const MAX_EXACT: u64 = 1 << 53;

/// Where records stand, as two values each: three times the number of the source plus the kind of its numbers (0 record,
/// 1 line, 2 offset), and the number.
#[derive(Debug)]
pub(super) struct Places {
    known: BTreeMap<SourceId, String>,
    order: Vec<SourceId>,
    number_of: BTreeMap<SourceId, usize>,
    /// When each record is to find room: its turn, and the order in which it was asked for.
    wanted: BTreeMap<Provenance, (Turn, usize)>,
}

/// Who finds room first, where not all do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Turn {
    /// Evidence, changes, and records that show a failure.
    First,
    /// What else is known of failures.
    Second,
    /// What went well.
    Last,
}

impl Places {
    pub(super) fn new(input: &Input<'_>) -> Self {
        Self {
            known: input.sources.iter().map(|source| (source.id, source.path.clone())).collect(),
            order: Vec::new(),
            number_of: BTreeMap::new(),
            wanted: BTreeMap::new(),
        }
    }

    /// Returns the two values of one record, and remembers that its event is wanted.
    pub(super) fn place(&mut self, record: Provenance, turn: Turn) -> [Value; 2] {
        let next = (turn, self.wanted.len());
        self.wanted.entry(record).and_modify(|known| *known = next.min(*known)).or_insert(next);
        self.values(record)
    }

    fn values(&mut self, record: Provenance) -> [Value; 2] {
        let order = &mut self.order;
        let source = *self.number_of.entry(record.source).or_insert_with(|| {
            order.push(record.source);
            order.len() - 1
        });
        let (kind, number) = match record.position {
            Position::Record(number) => (0, number),
            Position::Line(number) => (1, number),
            Position::Offset(number) => (2, number),
        };
        let number = if number < MAX_EXACT { Value::from(number) } else { Value::from(number.to_string()) };
        [Value::from(3 * source + kind), number]
    }

    /// Returns the values of several records.
    pub(super) fn row<'a>(&mut self, records: impl IntoIterator<Item = &'a Provenance>, turn: Turn) -> Vec<Value> {
        records.into_iter().flat_map(|record| self.place(*record, turn)).collect()
    }

    /// Returns the name of one record in links of the page: `12:345`.
    pub(super) fn key(&mut self, record: Provenance) -> String {
        let [source, number] = self.place(record, Turn::First);
        let number = number.as_str().map_or_else(|| number.to_string(), str::to_owned);
        format!("{source}:{number}")
    }

    /// Returns the paths of the sources, in the order of their numbers.
    pub(super) fn paths(&self) -> Vec<String> {
        self.order.iter().map(|id| visible(&cut(self.known.get(id).map_or("", String::as_str), MAX_VALUE))).collect()
    }
}

/// The events of the records that found room. A row is a place, then pairs of a key and a value, both by number; the value
/// of a record as it stands is a list of lines, for most lines of Windows events are those of others.
#[derive(Debug, Default, Serialize)]
pub(super) struct Events {
    texts: Vec<String>,
    rows: Vec<Vec<Value>>,
    /// How many did not find room.
    #[serde(skip)]
    pub(super) n_left_out: usize,
    #[serde(skip)]
    numbers: BTreeMap<String, usize>,
    #[serde(skip)]
    n_bytes: usize,
}

impl Events {
    /// Looks up what was wanted, turn by turn in the order in which it was asked for, until the room is full.
    pub(super) fn new(input: &Input<'_>, places: &mut Places, limits: &Limits) -> Self {
        let mut found: BTreeMap<Provenance, &Event> = BTreeMap::new();
        for event in input.events {
            if places.wanted.contains_key(&event.provenance) {
                found.entry(event.provenance).or_insert(event);
            }
        }
        let mut events = Self::default();
        let tells = |record: &Provenance| found.get(record).is_some_and(|event| event.signature.is_some());
        let turn = |record: &Provenance, known: Turn| if tells(record) { Turn::First } else { known };
        let mut order: Vec<(Turn, usize, Provenance)> =
            places.wanted.iter().map(|(record, (known, nth))| (turn(record, *known), *nth, *record)).collect();
        order.sort_unstable();
        for (.., record) in order {
            let (event, original) = (found.get(&record), input.originals.get(&record));
            if event.is_none() && original.is_none() {
                continue;
            }
            if events.n_bytes > limits.event_bytes {
                events.n_left_out += 1;
                continue;
            }
            let mut row: Vec<Value> = places.values(record).into();
            for (key, value) in event.map_or_else(Vec::new, |event| fields(event)) {
                row.extend([events.number(&key), events.number(&value)]);
            }
            if let Some(text) = original {
                let lines: Vec<Value> =
                    visible(&cut(text, MAX_ORIGINAL)).lines().map(|line| events.number(line)).collect();
                row.extend([events.number(ORIGINAL), Value::from(lines)]);
            }
            events.rows.push(row);
        }
        events
    }

    /// The number of a text, a new one if it is new.
    fn number(&mut self, text: &str) -> Value {
        let number = self.numbers.get(text).copied().unwrap_or_else(|| {
            self.n_bytes += text.len() + 3;
            self.texts.push(text.to_owned());
            self.numbers.insert(text.to_owned(), self.texts.len() - 1);
            self.texts.len() - 1
        });
        // A number and a comma.
        self.n_bytes += 6;
        Value::from(number)
    }
}

/// The fields of an event by name, without the place, which the page knows already.
fn fields(event: &Event) -> Vec<(String, String)> {
    let line = event_line(event, &BTreeMap::new());
    let Ok(Value::Object(line)) = serde_json::from_str(&line) else { return Vec::new() };
    let mut fields = Vec::new();
    let text =
        |value: &Value| visible(&cut(&value.as_str().map_or_else(|| value.to_string(), str::to_owned), MAX_VALUE));
    for (key, value) in &line {
        match value {
            Value::Object(inner) => {
                fields.extend(
                    inner.iter().map(|(name, value)| (visible(&cut(&format!("{key}.{name}"), 200)), text(value))),
                );
            }
            value => fields.push((key.clone(), text(value))),
        }
    }
    fields
}
