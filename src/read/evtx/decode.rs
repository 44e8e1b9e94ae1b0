//! Turns the binary XML of one record into a record, or into the little that is counted of it.
//!
//! Provider and id are decided before any data value is touched. A record that is one instance of a
//! template with a projection is read by it; for every other the tree is walked.

use super::event::{Found, Reader, System};
use super::fragment::{Cursor, NameTable};
use super::projection::{Field, Leaf, Projection, SYSTEM_FIELDS, Source, SystemFields, field};
use super::template::{SharedTemplates, Templates};
use super::texts::Texts;
use super::tree::{Walker, repeated};
use super::values::{Slot, kind};
use super::{Budget, Defect};
use crate::model::{Name, Timestamp};
use crate::read::{Datum, Selection, WindowsRecord};

/// Templates inside of each other that projections follow; Windows writes two.
const MAX_DEPTH: usize = 8;

/// What a record turned out to be.
#[derive(Debug, PartialEq)]
pub(super) enum Decoded {
    /// One that the selection wants.
    Wanted(Box<WindowsRecord>),
    /// One that it does not want.
    Unwanted(Unwanted),
}

/// What is counted of a record that nobody wants.
#[derive(Debug, PartialEq)]
pub(super) struct Unwanted {
    /// The provider, as the log spells it.
    pub(super) provider: Option<Name>,
    /// The event id.
    pub(super) event_id: u32,
    /// The host, as the log spells it.
    pub(super) computer: Option<Name>,
    /// When it happened.
    pub(super) time: Option<Timestamp>,
}

/// Decodes the records of one chunk.
pub(super) struct Decoder<'c, 't> {
    chunk: &'c [u8],
    selection: &'c Selection,
    names: NameTable<'c>,
    templates: Templates<'c>,
    texts: &'t mut Texts,
    budget: Budget,
    /// The substitution arrays of the record at hand and of what is nested in it.
    slots: Vec<Slot>,
    /// The last answer of the selection.
    last_wanted: Option<(Name, u32, bool)>,
}

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

impl<'c, 't> Decoder<'c, 't> {
    /// Begins with a chunk.
    pub(super) fn new(
        chunk: &'c [u8],
        selection: &'c Selection,
        shared: &'c SharedTemplates,
        texts: &'t mut Texts,
    ) -> Self {
        Self {
            chunk,
            selection,
            names: NameTable::new(chunk),
            templates: Templates::new(chunk, shared),
            texts,
            budget: Budget::of_chunk(),
            slots: Vec::new(),
            last_wanted: None,
        }
    }

    /// Decodes the record whose binary XML spans these bytes.
    pub(super) fn record(&mut self, span: std::ops::Range<usize>) -> Result<Decoded, Defect> {
        self.slots.clear();
        self.budget.begin_record();
        match self.projected(span.clone()) {
            Ok(decoded) => Ok(decoded),
            Err(Misfit::Walk) => self.walked(span),
            Err(Misfit::Damaged(defect)) => Err(defect),
        }
    }

    /// Decodes by walking the tree.
    pub(super) fn walked(&mut self, span: std::ops::Range<usize>) -> Result<Decoded, Defect> {
        self.budget.begin_record();
        let mut walker = Walker {
            chunk: self.chunk,
            names: &mut self.names,
            templates: &mut self.templates,
            texts: self.texts,
            budget: &mut self.budget,
        };
        let record = walker.record(span)?;
        if self.wants(record.provider.as_ref(), record.event_id) {
            return Ok(Decoded::Wanted(Box::new(record)));
        }
        let WindowsRecord { provider, event_id, computer, time, .. } = record;
        Ok(Decoded::Unwanted(Unwanted { provider, event_id, computer, time }))
    }

    fn wants(&mut self, provider: Option<&Name>, event_id: u32) -> bool {
        if self.selection.is_everything() {
            return true;
        }
        let Some(provider) = provider else { return self.selection.wants("", event_id) };
        if let Some((last_provider, last_id, wanted)) = &self.last_wanted
            && *last_id == event_id
            && last_provider == provider
        {
            return *wanted;
        }
        let wanted = self.selection.wants(provider, event_id);
        self.last_wanted = Some((provider.clone(), event_id, wanted));
        wanted
    }

    fn projected(&mut self, span: std::ops::Range<usize>) -> Result<Decoded, Misfit> {
        let (definition, id, first_slot) = self.instance(span)?;
        let template = self.templates.at(definition, id)?;
        let Some(Projection::Event { system, leaves }) = &template.projection else { return Err(Misfit::Walk) };
        let fields = self.fields(system, first_slot)?;
        let mut reader = Reader { chunk: self.chunk, texts: self.texts };
        let provider = reader.provider(&fields)?;
        let event_id = reader.event_id(&fields).ok_or(Defect("an event has no id"))?;
        if !self.wants(provider.as_ref(), event_id) {
            let mut reader = Reader { chunk: self.chunk, texts: self.texts };
            let (computer, time) = (reader.name(fields[field::COMPUTER])?, reader.event_time(&fields)?);
            return Ok(Decoded::Unwanted(Unwanted { provider, event_id, computer, time }));
        }
        let mut record = Reader { chunk: self.chunk, texts: self.texts }.record(&fields)?;
        record.data.reserve(self.slots.len().saturating_sub(SYSTEM_FIELDS.len()));
        self.leaves(leaves, first_slot, &mut record.data, 0)?;
        Ok(Decoded::Wanted(Box::new(record)))
    }

    /// Reads a fragment that is one template instance and nothing else; returns the definition's
    /// offset and id, and the place of the first slot.
    fn instance(&mut self, span: std::ops::Range<usize>) -> Result<(u32, u32, usize), Misfit> {
        let start = match self.chunk.get(span.clone()) {
            Some([0x0f, _, _, _, 0x0c, ..]) => span.start + 5,
            Some([0x0c, ..]) => span.start + 1,
            _ => return Err(Misfit::Walk),
        };
        let first_slot = self.slots.len();
        let mut cursor = Cursor::new(self.chunk, start..span.end)?;
        let (definition, id) = cursor.instance(&mut self.slots)?;
        match cursor.rest() {
            [] | [0, ..] => Ok((definition, id, first_slot)),
            _ => Err(Misfit::Walk),
        }
    }

    fn slot(&self, first_slot: usize, index: u16) -> Slot {
        self.slots.get(first_slot + usize::from(index)).copied().unwrap_or(Slot::ABSENT)
    }

    fn fields<'s>(&self, system: &'s SystemFields, first_slot: usize) -> Result<System<'s>, Misfit> {
        let mut fields = [const { Found::Nothing }; SYSTEM_FIELDS.len()];
        for (found, Field { source, dependency }) in fields.iter_mut().zip(system.iter()) {
            if dependency.is_some_and(|index| self.slot(first_slot, index).is_null()) {
                continue;
            }
            *found = match source {
                Source::Absent => Found::Nothing,
                Source::Text(text) => Found::Text(text),
                Source::Substitution(index) => match self.slot(first_slot, *index) {
                    slot if slot.is_null() => Found::Nothing,
                    // Neither has a place in a field; what Windows would make of it, the walk tells.
                    slot if slot.kind == kind::FRAGMENT || slot.kind & kind::ARRAY != 0 => return Err(Misfit::Walk),
                    slot => Found::Value(slot),
                },
            };
        }
        Ok(fields)
    }

    /// Adds the data values, those of nested templates in their places.
    fn leaves(
        &mut self,
        leaves: &[Leaf],
        first_slot: usize,
        out: &mut Vec<Datum>,
        depth: usize,
    ) -> Result<(), Misfit> {
        for leaf in leaves {
            match leaf {
                Leaf::Value { name, source, dependencies } => {
                    if !dependencies.iter().any(|index| self.slot(first_slot, *index).is_null()) {
                        self.value(name.as_ref(), source, first_slot, out)?;
                    }
                }
                Leaf::NestedData(index) | Leaf::NestedPart(index) => {
                    let slot = self.slot(first_slot, *index);
                    if slot.is_null() {
                        continue;
                    }
                    if slot.kind != kind::FRAGMENT || depth >= MAX_DEPTH {
                        return Err(Misfit::Walk);
                    }
                    let start = slot.start as usize;
                    let (definition, id, nested_slot) = self.instance(start..start + usize::from(slot.len))?;
                    let template = self.templates.at(definition, id)?;
                    match (&template.projection, leaf) {
                        (Some(Projection::Data(leaves)), Leaf::NestedData(_))
                        | (Some(Projection::Part(leaves)), Leaf::NestedPart(_)) => {
                            self.leaves(leaves, nested_slot, out, depth + 1)?;
                        }
                        _ => return Err(Misfit::Walk),
                    }
                }
            }
        }
        Ok(())
    }

    fn value(
        &mut self,
        name: Option<&Name>,
        source: &Source,
        first_slot: usize,
        out: &mut Vec<Datum>,
    ) -> Result<(), Misfit> {
        let value = match source {
            Source::Absent => Some(self.texts.empty()),
            Source::Text(text) => Some(Name::clone(text)),
            Source::Substitution(index) => {
                let slot = self.slot(first_slot, *index);
                if slot.kind == kind::FRAGMENT && !slot.is_null() {
                    return Err(Misfit::Walk);
                }
                self.budget.spend(usize::from(slot.len))?;
                if let Some(items) = repeated(slot, self.chunk)? {
                    for item in items {
                        self.budget.spend(size_of::<Datum>())?;
                        let value = Some(self.texts.of_bytes(slot.kind & !kind::ARRAY, item)?);
                        out.push(Datum { name: name.cloned(), value });
                    }
                    return Ok(());
                }
                self.texts.of_slot(slot, self.chunk)?
            }
        };
        self.budget.spend(size_of::<Datum>())?;
        out.push(Datum { name: name.cloned(), value });
        Ok(())
    }
}
