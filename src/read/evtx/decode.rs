//! Turns the binary XML of one record into a row of a table, or into one more of those that are counted.
//!
//! Provider and id are decided before any data value is touched. A record that is one instance of a
//! template with a projection is read by it; for every other the tree is walked.

use std::sync::Arc;

use super::batch::{Batch, Row};
use super::dictionary::Code;
use super::direct::Direct;
use super::fragment::{Cursor, InstanceHead, NameTable, token};
use super::layout::{Misread, Unfit};
use super::plain::{self, VALUE_COST};
use super::projection::{Leaf, Projection, Shape, Source};
use super::template::{Library, Shelf, Template, Templates};
use super::tree::{Walker, repeated};
use super::utf16;
use super::values::{Slot, kind};
use super::worker::Worker;
use super::{Budget, Defect};
use crate::model::time::TICKS_PER_SECOND;
use crate::model::{NumberRun, Timestamp};
use crate::read::selection::Fields;
use crate::read::{Datum, Selection};

/// Templates inside of each other that projections follow; Windows writes two.
const MAX_DEPTH: usize = 8;
const CUT: &str = "a value ends outside of its record";

/// Where a record stands: its binary XML, and what is known without reading it.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The span of the binary XML in the chunk.
    pub(super) content: std::ops::Range<usize>,
    /// The id in the record's header.
    pub(super) header_id: u64,
    /// Whether it stood in the slack.
    pub(super) is_recovered: bool,
}

/// Decodes the records of one chunk.
pub(super) struct Decoder<'c, 'w> {
    chunk: &'c [u8],
    selection: &'c Selection,
    names: NameTable<'c>,
    templates: Templates<'c>,
    worker: &'w mut Worker,
    batch: &'w mut Batch,
    budget: Budget,
    /// Records for which the tree was walked.
    pub(super) n_walked: u64,
    /// How times follow each other.
    pub(super) sequence: Sequence,
}

/// How the times of records follow each other.
#[derive(Debug, Default)]
pub(super) struct Sequence {
    /// Host and time of the record before.
    before: Option<(Code, Timestamp)>,
    /// How often time ran backwards by more than reordering explains, and where first.
    pub(super) backward: Option<(usize, usize)>,
    /// Which numbers the records have.
    pub(super) runs: Vec<NumberRun>,
}

/// Time that runs backwards by more is no reordering: Windows writes the buffers of a log once a second
/// (Event Tracing for Windows, `FlushTimer`), and a collector delivers a host's events in batches of some seconds.
const REORDERING_TICKS: i64 = 60 * TICKS_PER_SECOND;

/// A projection that this record does not fit, or a record that is no sound one.
enum Misfit {
    /// Walk the tree.
    Walk,
    /// The record is damaged.
    Damaged(Defect),
}

impl From<Defect> for Misfit {
    fn from(defect: Defect) -> Self {
        Self::Damaged(defect)
    }
}

impl From<Unfit> for Misfit {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Strange => Self::Walk,
            Unfit::WithoutId => Self::Damaged(Defect("an event has no id")),
        }
    }
}

impl From<Misread> for Misfit {
    fn from(misread: Misread) -> Self {
        match misread {
            Misread::Short => Self::Walk,
            Misread::Damaged(defect) => Self::Damaged(defect),
        }
    }
}

/// A template instance: the number of its template, and where its values are among the slots.
#[derive(Clone, Copy)]
struct Instance {
    template: usize,
    first_slot: usize,
    end_slot: usize,
    /// The substitution that the first slot is: those before are not asked for.
    first_index: u16,
}

impl Instance {
    /// The value of a substitution; null if the record lacks it.
    #[inline]
    fn slot(self, slots: &[Slot], index: u16) -> Slot {
        let own = &slots[self.first_slot..self.end_slot];
        index.checked_sub(self.first_index).and_then(|at| own.get(usize::from(at)).copied()).unwrap_or(Slot::ABSENT)
    }

    /// What the template tells of these values, if it is plain and they are what it expects.
    #[inline]
    fn projection<'l>(self, library: &'l Library, slots: &[Slot]) -> Result<&'l Projection, Misfit> {
        let projection = library.get(self.template).projection.as_ref().ok_or(Misfit::Walk)?;
        match projection.dependency {
            Some(index) if self.slot(slots, index).is_null() => Err(Misfit::Walk),
            _ => Ok(projection),
        }
    }
}

impl Sequence {
    /// Takes the next record.
    #[inline]
    fn follow(&mut self, row: &Row, place: &Place) {
        let Some(time) = row.time.filter(|_| !place.is_recovered) else { return };
        NumberRun::add(&mut self.runs, place.header_id, time);
        if let Some((host, before)) = self.before
            && host == row.computer
            && time.0 < before.0.saturating_sub(REORDERING_TICKS)
        {
            let (count, at) = self.backward.unwrap_or((0, place.content.start));
            self.backward = Some((count + 1, at));
        }
        self.before = Some((row.computer, time));
    }
}

impl<'c, 'w> Decoder<'c, 'w> {
    /// Begins with a chunk.
    pub(super) fn new(chunk: &'c [u8], selection: &'c Selection, worker: &'w mut Worker, batch: &'w mut Batch) -> Self {
        Self {
            chunk,
            selection,
            names: NameTable::new(chunk),
            templates: Templates::new(chunk),
            worker,
            batch,
            budget: Budget::of_chunk(),
            n_walked: 0,
            sequence: Sequence::default(),
        }
    }

    /// Decodes a record: into the table, or into the counts.
    pub(super) fn record(&mut self, place: &Place) -> Result<(), Defect> {
        let mark = self.batch.mark();
        self.budget.begin_record();
        let is_direct = self.chunk.get(place.content.clone()).is_some_and(token::begin_element);
        let read = if is_direct { self.direct(place) } else { self.projected(place) };
        let outcome = match read {
            Err(Misfit::Walk) => {
                self.batch.back_to(mark);
                self.walked(place)
            }
            Err(Misfit::Damaged(defect)) => Err(defect),
            Ok(()) => Ok(()),
        };
        if outcome.is_err() {
            self.batch.back_to(mark);
        }
        outcome
    }

    /// Decodes by walking the tree.
    fn walked(&mut self, place: &Place) -> Result<(), Defect> {
        self.n_walked += 1;
        self.budget.begin_record();
        let shelf = Shelf { library: &mut self.worker.library, dictionary: &mut self.worker.dictionary };
        let (names, templates, budget) = (&mut self.names, &mut self.templates, &mut self.budget);
        let mut walker = Walker { chunk: self.chunk, names, templates, shelf, budget };
        let walked = walker.record(place.content.clone())?;
        let Worker { dictionary, kinds, .. } = &mut *self.worker;
        let number = kinds.number(walked.row.provider, walked.row.event_id, self.selection, dictionary);
        self.sequence.follow(&walked.row, place);
        let Some(fields) = &kinds.get(number).fields else {
            self.count(number, &walked.row);
            return Ok(());
        };
        self.batch.push_row(walked.row, place.header_id, place.is_recovered);
        for Datum { name, value } in walked.data.iter().filter(|datum| fields.want(datum.name.as_deref())) {
            let name = name.as_deref().map_or(Code::NONE, |name| dictionary.of_text(name));
            match value {
                None => self.batch.push_null(name),
                Some(value) => self.batch.push_text(name, value),
            }
        }
        if let Some(message) = &walked.message {
            self.batch.push_message(message);
        }
        Ok(())
    }

    fn count(&mut self, number: u32, row: &Row) {
        self.worker.kinds.get_mut(number).n_unwanted += 1;
        if let Some(time) = row.time {
            self.worker.hours.count((row.computer, row.channel), time);
        }
    }

    /// Decodes a record that holds its elements itself.
    fn direct(&mut self, place: &Place) -> Result<(), Misfit> {
        let cursor = Cursor::new(self.chunk, place.content.clone())?;
        let Worker { dictionary, kinds, .. } = &mut *self.worker;
        let (names, batch, budget) = (&mut self.names, &mut *self.batch, &mut self.budget);
        let mut direct = Direct { cursor, names, dictionary, batch, budget, gathered: String::new() };
        let row = direct.system().ok_or(Misfit::Walk)?;
        self.sequence.follow(&row, place);
        let number = kinds.number(row.provider, row.event_id, self.selection, direct.dictionary);
        let Some(fields) = &kinds.get(number).fields else {
            self.count(number, &row);
            return Ok(());
        };
        direct.batch.push_row(row, place.header_id, place.is_recovered);
        if fields.is_none() { Ok(()) } else { direct.rest(fields).ok_or(Misfit::Walk) }
    }

    fn projected(&mut self, place: &Place) -> Result<(), Misfit> {
        let (mut cursor, descriptors, template) = self.head(place.content.clone())?;
        let Worker { library, slots, dictionary, kinds, .. } = &mut *self.worker;
        let Template { projection, layouts, .. } = library.get_mut(template);
        let Some(Projection { shape: Shape::Event(system), leaves, first_leaf_slot, .. }) = projection else {
            return Err(Misfit::Walk);
        };
        let (each, _) = descriptors.as_chunks::<4>();
        let is_null = |index: &u16| each.get(usize::from(*index)).is_none_or(|each| Slot::new(*each, 0).is_null());
        if system.dependencies.iter().any(is_null) {
            return Err(Misfit::Walk);
        }
        let n_bytes = descriptors.len().min(4 * usize::from(system.n_slots));
        let layout = layouts.of(system, &descriptors[..n_bytes])?;
        let values = self.chunk.get(cursor.at()..).unwrap_or_default();
        let mut row = layout.identity(system, values, dictionary)?;
        let number = kinds.number(row.provider, row.event_id, self.selection, dictionary);
        layout.place(values, dictionary, &mut row)?;
        self.sequence.follow(&row, place);
        let Some(fields) = &kinds.get(number).fields else {
            self.count(number, &row);
            return Ok(());
        };
        layout.rest(values, dictionary, &mut row)?;
        self.batch.push_row(row, place.header_id, place.is_recovered);
        if fields.is_none() || leaves.is_empty() {
            return Ok(());
        }
        // Most often the data are one value: the last.
        let first_index = (*first_leaf_slot).min(each.len() as u16);
        let (passed, asked_for) = each.split_at(usize::from(first_index));
        cursor.skip(passed.iter().map(|each| Slot::new(*each, 0).len()).sum(), CUT)?;
        slots.clear();
        cursor.slots(asked_for.as_flattened(), slots)?;
        if !matches!(cursor.rest(), [] | [0, ..]) {
            return Err(Misfit::Walk);
        }
        let instance = Instance { template, first_slot: 0, end_slot: slots.len(), first_index };
        self.leaves(instance, number, 0)
    }

    /// Reads the beginning of a fragment that is a template instance: its descriptors and the number of its template.
    #[inline]
    fn head(&mut self, span: std::ops::Range<usize>) -> Result<(Cursor<'c>, &'c [u8], usize), Misfit> {
        let start = match self.chunk.get(span.clone()) {
            Some([token::FRAGMENT_HEADER, _, _, _, token::INSTANCE, ..]) => span.start + 5,
            Some([token::INSTANCE, ..]) => span.start + 1,
            _ => return Err(Misfit::Walk),
        };
        let mut cursor = Cursor::new(self.chunk, start..span.end)?;
        let InstanceHead { definition, template_id, descriptors } = cursor.instance()?;
        let mut shelf = Shelf { library: &mut self.worker.library, dictionary: &mut self.worker.dictionary };
        let template = self.templates.at(definition, template_id, &mut shelf)?;
        Ok((cursor, descriptors, template))
    }

    /// Reads a fragment that is one template instance and nothing else.
    #[inline]
    fn instance(&mut self, span: std::ops::Range<usize>) -> Result<Instance, Misfit> {
        let (mut cursor, descriptors, template) = self.head(span)?;
        let slots = &mut self.worker.slots;
        let first_slot = slots.len();
        cursor.slots(descriptors, slots)?;
        if !matches!(cursor.rest(), [] | [0, ..]) {
            return Err(Misfit::Walk);
        }
        Ok(Instance { template, first_slot, end_slot: slots.len(), first_index: 0 })
    }

    /// Adds the data values that a kind of record wants, those of nested templates in their places.
    fn leaves(&mut self, instance: Instance, number: u32, depth: usize) -> Result<(), Misfit> {
        let Worker { library, slots, dictionary, kinds, .. } = &mut *self.worker;
        let leaves = match &kinds.get(number).fields {
            Some(Fields::All) | None => Arc::clone(&instance.projection(library, slots)?.leaves),
            Some(fields) => Arc::clone(&library.get_mut(instance.template).picked(number, fields, dictionary).leaves),
        };
        let mut rest = &leaves[..];
        loop {
            let slots = &self.worker.slots[..];
            let mut values = Values { chunk: self.chunk, batch: &mut *self.batch, budget: &mut self.budget };
            while let [Leaf::Value { name, source, dependencies }, behind @ ..] = rest {
                rest = behind;
                if dependencies.iter().any(|index| instance.slot(slots, *index).is_null()) {
                    continue;
                }
                match source {
                    Source::Substitution(index) => values.add(*name, instance.slot(slots, *index))?,
                    Source::Text(text) => values.add_text(*name, text)?,
                    Source::Absent => values.add_text(*name, "")?,
                }
            }
            let [leaf, behind @ ..] = rest else { return Ok(()) };
            rest = behind;
            let (index, dependencies): (u16, &[u16]) = match leaf {
                Leaf::NestedPart { index, dependencies } => (*index, dependencies),
                Leaf::NestedData(index) => (*index, &[]),
                Leaf::Value { .. } => continue,
            };
            let slot = instance.slot(slots, index);
            let is_there = !slot.is_null() && !dependencies.iter().any(|index| instance.slot(slots, *index).is_null());
            if is_there {
                self.nested(leaf, slot, number, depth + 1)?;
            }
        }
    }

    /// Adds the data values of a fragment that is an instance of a plain template, in one pass.
    ///
    /// `None` if it is none, or does not fit: then nothing is added.
    #[inline]
    fn plain(&mut self, span: &std::ops::Range<usize>, number: u32) -> Result<Option<()>, Misfit> {
        let (cursor, descriptors, template) = self.head(span.clone())?;
        let Worker { library, dictionary, kinds, .. } = &mut *self.worker;
        let template = library.get_mut(template);
        let Some(Projection { dependency: None, shape: Shape::Data, plain, .. }) = &template.projection else {
            return Ok(None);
        };
        let leaves = match &kinds.get(number).fields {
            Some(Fields::All) | None => plain.as_deref(),
            Some(fields) => template.picked(number, fields, dictionary).plain.as_deref(),
        };
        let Some(leaves) = leaves else { return Ok(None) };
        let mark = self.batch.mark();
        let instance = plain::Instance { chunk: self.chunk, descriptors, at: cursor.at(), end: span.end };
        let added = instance.add(leaves, self.batch, &mut self.budget);
        if added.is_none() {
            self.batch.back_to(mark);
        }
        Ok(added)
    }

    /// Adds the data values of a fragment that is a value.
    fn nested(&mut self, leaf: &Leaf, slot: Slot, number: u32, depth: usize) -> Result<(), Misfit> {
        if slot.kind() != kind::FRAGMENT || depth > MAX_DEPTH {
            return Err(Misfit::Walk);
        }
        self.budget.spend(slot.len())?;
        let span = slot.span();
        let is_part = matches!(leaf, Leaf::NestedPart { .. });
        if self.chunk.get(span.clone()).is_some_and(token::begin_element) {
            let Worker { dictionary, kinds, .. } = &mut *self.worker;
            let (names, batch, budget) = (&mut self.names, &mut *self.batch, &mut self.budget);
            let cursor = Cursor::new(self.chunk, span)?;
            let mut direct = Direct { cursor, names, dictionary, batch, budget, gathered: String::new() };
            let fields = kinds.get(number).fields.as_ref().unwrap_or(&Fields::All);
            return direct.value(is_part, fields).ok_or(Misfit::Walk);
        }
        if !is_part && depth == 1 && self.plain(&span, number)?.is_some() {
            return Ok(());
        }
        let instance = self.instance(span)?;
        let shape = &instance.projection(&self.worker.library, &self.worker.slots)?.shape;
        match (shape, is_part) {
            (Shape::Data, false) | (Shape::Part, true) => self.leaves(instance, number, depth),
            _ => Err(Misfit::Walk),
        }
    }
}

/// Adds the data values of one template instance.
struct Values<'d, 'c> {
    chunk: &'c [u8],
    batch: &'d mut Batch,
    budget: &'d mut Budget,
}

impl Values<'_, '_> {
    #[inline]
    fn add(&mut self, name: Code, slot: Slot) -> Result<(), Misfit> {
        self.budget.spend(VALUE_COST + slot.len())?;
        match slot.kind() {
            kind::STRING => self.batch.push_utf16(name, slot.bytes(self.chunk))?,
            kind if slot.len() > 0 && (kind::FIRST_PLAIN..=kind::LAST_PLAIN).contains(&kind) => {
                self.batch.push_value(name, kind, slot.bytes(self.chunk))?;
            }
            _ => return self.add_strange(name, slot),
        }
        Ok(())
    }

    /// Adds a text of the template.
    fn add_text(&mut self, name: Code, text: &str) -> Result<(), Misfit> {
        self.budget.spend(VALUE_COST + text.len())?;
        self.batch.push_text(name, text);
        Ok(())
    }

    /// Adds a value that is null, an array or of an unknown type.
    fn add_strange(&mut self, name: Code, slot: Slot) -> Result<(), Misfit> {
        if slot.is_null() {
            self.batch.push_null(name);
            return Ok(());
        }
        let bytes = slot.bytes(self.chunk);
        if slot.kind() == kind::FRAGMENT {
            return Err(Misfit::Walk);
        }
        if slot.kind() == kind::ARRAY | kind::STRING {
            let mut n_items = 0;
            for item in utf16::split(bytes)? {
                n_items += 1;
                self.budget.spend(VALUE_COST)?;
                self.batch.push_utf16(name, item)?;
            }
            if n_items == 0 {
                self.batch.push_text(name, "");
            }
            return Ok(());
        }
        if let Some(items) = repeated(slot, self.chunk)? {
            for item in items {
                self.budget.spend(VALUE_COST)?;
                self.batch.push_value(name, slot.kind() & !kind::ARRAY, item)?;
            }
            return Ok(());
        }
        Ok(self.batch.push_value(name, slot.kind(), bytes)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::Record;
    use crate::read::evtx::chunk::{self, CHUNK_LEN};
    use crate::read::evtx::file_header::FILE_HEADER_LEN;
    use crate::read::evtx::record::{Found, Walk};

    /// The EVTX files of the corpus; none without the folder, which is an error where all tests must run.
    #[expect(
        clippy::disallowed_methods,
        reason = "the corpus is too large for the repository; its folder is a setting"
    )]
    fn corpus() -> Vec<std::path::PathBuf> {
        let Ok(folder) = std::env::var("CAUSELINE_CORPORA") else {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "CAUSELINE_CORPORA is not set");
            eprintln!("skipped: CAUSELINE_CORPORA is not set");
            return Vec::new();
        };
        let folder = std::path::Path::new(&folder).join("evtx");
        let inventory = std::fs::read_to_string(folder.join("INVENTORY.tsv")).unwrap();
        let paths = inventory.lines().skip(1).filter_map(|line| line.split('\t').next());
        paths.map(|path| folder.join(path)).filter(|path| path.is_file()).collect()
    }

    /// What a record comes to when it is read in one of the ways.
    fn read(
        chunk: &[u8],
        place: &Place,
        worker: &mut Worker,
        way: fn(&mut Decoder<'_, '_>, &Place) -> Result<(), Misfit>,
    ) -> Result<Vec<Record<'static>>, Misfit> {
        let mut batch = Batch::default();
        let everything = Selection::everything();
        let mut decoder = Decoder::new(chunk, &everything, worker, &mut batch);
        decoder.budget.begin_record();
        way(&mut decoder, place)?;
        batch.seal(&worker.dictionary);
        Ok(batch.records().collect())
    }

    /// Null and empty values are told apart here, which XML cannot do.
    #[test]
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the methods are of decoders of one lifetime")]
    fn the_fast_ways_read_what_the_walk_reads() {
        let mut worker = Worker::default();
        let (mut n_projected, mut n_direct, mut n_walked, mut n_defects) = (0, 0, 0, 0);
        for path in corpus() {
            let bytes = std::fs::read(&path).unwrap();
            for chunk in bytes.get(FILE_HEADER_LEN..).unwrap_or_default().chunks(CHUNK_LEN) {
                let header = chunk::parse(chunk);
                for found in Walk::new(chunk, header.as_ref()) {
                    let Found::Record(frame) = found else { continue };
                    let place = Place { content: frame.content(), header_id: frame.id, is_recovered: false };
                    let context = format!("{} at {}", path.display(), frame.start);
                    let walked = read(chunk, &place, &mut worker, |decoder, place| Ok(decoder.walked(place)?));
                    let is_direct = chunk.get(place.content.clone()).is_some_and(token::begin_element);
                    let fast = if is_direct {
                        read(chunk, &place, &mut worker, |decoder, place| decoder.direct(place))
                    } else {
                        read(chunk, &place, &mut worker, |decoder, place| decoder.projected(place))
                    };
                    match (fast, walked) {
                        (Ok(fast), Ok(walked)) => {
                            assert_eq!(fast, walked, "{context}");
                            n_direct += u64::from(is_direct);
                            n_projected += u64::from(!is_direct);
                        }
                        (Err(Misfit::Walk), _) => n_walked += 1,
                        (Err(Misfit::Damaged(_)), walked) => {
                            n_defects += 1;
                            assert!(walked.is_err(), "{context}");
                        }
                        (Ok(_), Err(_)) => panic!("a damaged record was read: {context}"),
                    }
                }
            }
        }
        eprintln!("{n_projected} projected, {n_direct} direct, {n_walked} walked, {n_defects} damaged");
        assert!(n_projected + n_direct >= 100 * n_walked, "the fast ways must serve nearly every record");
    }
}
