//! Turns the binary XML of one record into a record, or into the little that is counted of it.
//!
//! Provider and id are decided before any data value is touched. A record that is one instance of a
//! template with a projection is read by it; for every other the tree is walked.

use super::event::{Found, Reader, System};
use super::fragment::{Cursor, NameTable};
use super::projection::{Field, Leaf, SYSTEM_FIELDS, Shape, Source, SystemFields, field};
use super::template::{SharedTemplates, Template, Templates};
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
        let Shape::Event { system, leaves } = self.shape(&template, first_slot)? else { return Err(Misfit::Walk) };
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

    /// What a template makes of the values from `first_slot` on.
    fn shape<'s>(&self, template: &'s Template, first_slot: usize) -> Result<&'s Shape, Misfit> {
        let projection = template.projection.as_ref().ok_or(Misfit::Walk)?;
        match projection.dependency {
            Some(index) if self.slot(first_slot, index).is_null() => Err(Misfit::Walk),
            _ => Ok(&projection.shape),
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
    fn leaves(&mut self, leaves: &[Leaf], first_slot: usize, out: &mut Vec<Datum>, depth: usize) -> Result<(), Misfit> {
        out.reserve(leaves.len());
        for leaf in leaves {
            match leaf {
                Leaf::Value { dependencies, .. } | Leaf::NestedPart { dependencies, .. }
                    if dependencies.iter().any(|index| self.slot(first_slot, *index).is_null()) => {}
                Leaf::Value { name, source, .. } => self.value(name.as_ref(), source, first_slot, out)?,
                Leaf::NestedData(index) | Leaf::NestedPart { index, .. } => {
                    let slot = self.slot(first_slot, *index);
                    if !slot.is_null() {
                        self.nested(leaf, slot, out, depth + 1)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Adds the data values of a fragment that is a value.
    fn nested(&mut self, leaf: &Leaf, slot: Slot, out: &mut Vec<Datum>, depth: usize) -> Result<(), Misfit> {
        if slot.kind != kind::FRAGMENT || depth > MAX_DEPTH {
            return Err(Misfit::Walk);
        }
        self.budget.spend(usize::from(slot.len))?;
        let start = slot.start as usize;
        let (definition, id, first_slot) = self.instance(start..start + usize::from(slot.len))?;
        let template = self.templates.at(definition, id)?;
        match (self.shape(&template, first_slot)?, leaf) {
            (Shape::Data(leaves), Leaf::NestedData(_)) | (Shape::Part(leaves), Leaf::NestedPart { .. }) => {
                self.leaves(leaves, first_slot, out, depth)
            }
            _ => Err(Misfit::Walk),
        }
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

#[cfg(test)]
mod tests {
    use super::*;
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

    /// Null and empty values are told apart here, which XML cannot do.
    #[test]
    fn a_projection_reads_what_the_walk_reads() {
        let (everything, shared, mut texts) = (Selection::everything(), SharedTemplates::default(), Texts::default());
        let (mut n_projected, mut n_walked, mut n_defects) = (0, 0, 0);
        for path in corpus() {
            let bytes = std::fs::read(&path).unwrap();
            for chunk in bytes.get(FILE_HEADER_LEN..).unwrap_or_default().chunks(CHUNK_LEN) {
                let header = chunk::parse(chunk);
                let mut decoder = Decoder::new(chunk, &everything, &shared, &mut texts);
                for found in Walk::new(chunk, header.as_ref()) {
                    let Found::Record(frame) = found else { continue };
                    decoder.slots.clear();
                    decoder.budget = Budget::of_chunk();
                    decoder.budget.begin_record();
                    let walked = decoder.walked(frame.content());
                    decoder.budget.begin_record();
                    match decoder.projected(frame.content()) {
                        Ok(projected) => {
                            n_projected += 1;
                            assert_eq!(Ok(projected), walked, "{} at {}", path.display(), frame.start);
                        }
                        Err(Misfit::Walk) => n_walked += 1,
                        Err(Misfit::Damaged(_)) => {
                            n_defects += 1;
                            assert!(walked.is_err(), "{} at {}", path.display(), frame.start);
                        }
                    }
                }
            }
        }
        eprintln!("{n_projected} records projected, {n_walked} walked, {n_defects} damaged");
        assert!(n_projected >= 20 * n_walked, "projections must serve nearly every record");
    }
}
