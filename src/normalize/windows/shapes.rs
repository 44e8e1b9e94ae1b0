//! Reads the exported Windows events of one source by the shape that it has, and asks the others where
//! that one stops fitting: a collector's file may hold several.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::export::{self, Context, EXPORTS, Export, Exported, Reader};
use crate::diagnostic::Code;
use crate::normalize::file::FileFacts;
use crate::read::{Body, Container, Record};

/// After so many records in a row that have no shape, only the chosen one is asked.
const N_STRANGERS_MAX: u64 = 1_000;

/// The shapes of one source.
pub(crate) struct Shapes {
    container: Container,
    /// The chosen shape's place in [`EXPORTS`].
    locked: Option<usize>,
    readers: BTreeMap<usize, Box<dyn Reader>>,
    n_strangers_in_a_row: u64,
}

impl Shapes {
    /// Returns those of a source of which nothing is known yet.
    pub(crate) fn new(container: Container) -> Self {
        Self { container, locked: None, readers: BTreeMap::new(), n_strangers_in_a_row: 0 }
    }

    /// Chooses the shape of the first records; returns how many have it.
    pub(crate) fn lock(&mut self, first: &[Record<'_>]) -> usize {
        let chosen = export::choose(self.container, first);
        self.locked = chosen.map(|(index, _)| index);
        chosen.map_or(0, |(_, n_fits)| n_fits)
    }

    /// Takes the choice back.
    pub(crate) fn unlock(&mut self) {
        self.locked = None;
    }

    /// The chosen shape.
    pub(crate) fn chosen(&self) -> Option<&'static dyn Export> {
        self.locked.map(|index| EXPORTS[index])
    }

    /// Reads a record by the chosen shape, else by any that it has; `None` if it has none.
    ///
    /// `first` is what the reader of a shape is opened with.
    pub(crate) fn read(
        &mut self,
        record: &Record<'_>,
        file: &FileFacts,
        first: &[Record<'_>],
        context: &mut Context<'_>,
    ) -> Option<(&'static dyn Export, Exported)> {
        let mut found = self.locked.and_then(|index| self.ask(index, record, file, first, context));
        if found.is_none() && self.n_strangers_in_a_row < N_STRANGERS_MAX {
            let probe = first_line_only(record);
            let other = export::choose(self.container, std::slice::from_ref(&probe)).map(|(index, _)| index);
            found = other
                .filter(|index| Some(*index) != self.locked)
                .and_then(|index| self.ask(index, record, file, first, context));
            if found.is_some() && self.locked.is_none() {
                self.locked = other;
            }
        }
        self.n_strangers_in_a_row = if found.is_some() { 0 } else { self.n_strangers_in_a_row + 1 };
        found
    }

    fn ask(
        &mut self,
        index: usize,
        record: &Record<'_>,
        file: &FileFacts,
        first: &[Record<'_>],
        context: &mut Context<'_>,
    ) -> Option<(&'static dyn Export, Exported)> {
        let export = EXPORTS[index];
        let reader = self.readers.entry(index).or_insert_with(|| export.open(file, first));
        match reader.read(record, context) {
            Exported::Foreign => None,
            exported => Some((export, exported)),
        }
    }

    /// What the readers noticed over the whole of the source.
    pub(crate) fn remarks(&self) -> Vec<(Code, &'static str)> {
        self.readers.values().flat_map(|reader| reader.remarks()).collect()
    }
}

/// The record with its first line alone, where it has several: lines that continue one have no shape.
pub(crate) fn first_line_only<'r>(record: &'r Record<'_>) -> Record<'r> {
    let body = match &record.body {
        Body::Text(text) => Body::Text(Cow::Borrowed(text.split_once('\n').map_or(&**text, |(first, _)| first))),
        other => other.clone(),
    };
    Record { position: record.position, body }
}
