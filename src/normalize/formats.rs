//! The formats of one run: those of the user, then ours.

use std::ops::Deref;

use super::format::own::OwnFormat;
use super::format::{FORMATS, LogFormat};
use crate::read::{Container, Record};

/// The formats that the sources of a run are asked for. A format is known by its place: the user's stand first.
#[derive(Clone, Debug, Default)]
pub struct Formats {
    own: Vec<OwnFormat>,
}

/// One format, to be kept.
#[derive(Clone)]
pub enum Handle {
    /// One of [`FORMATS`].
    Ours(&'static dyn LogFormat),
    /// One that the user described.
    Own(OwnFormat),
}

impl Deref for Handle {
    type Target = dyn LogFormat;

    fn deref(&self) -> &Self::Target {
        match self {
            Self::Ours(format) => *format,
            Self::Own(format) => format,
        }
    }
}

impl From<&'static dyn LogFormat> for Handle {
    fn from(format: &'static dyn LogFormat) -> Self {
        Self::Ours(format)
    }
}

impl<F: LogFormat> From<&'static F> for Handle {
    fn from(format: &'static F) -> Self {
        Self::Ours(format)
    }
}

impl Formats {
    /// Returns the user's formats before ours.
    pub fn with_own(own: Vec<OwnFormat>) -> Self {
        Self { own }
    }

    /// The user's formats.
    pub fn own(&self) -> &[OwnFormat] {
        &self.own
    }

    /// Whether this is the place of a format of the user.
    pub fn is_own(&self, index: usize) -> bool {
        index < self.own.len()
    }

    /// The format at a place that [`Formats::choose`] returned.
    pub fn at(&self, index: usize) -> &dyn LogFormat {
        match self.own.get(index) {
            Some(format) => format,
            None => FORMATS[index - self.own.len()],
        }
    }

    /// The same, to be kept.
    pub fn handle(&self, index: usize) -> Handle {
        match self.own.get(index) {
            Some(format) => Handle::Own(format.clone()),
            None => Handle::Ours(FORMATS[index - self.own.len()]),
        }
    }

    /// Chooses the format for the first records of a source; its place.
    ///
    /// The first format that takes nearly as many records as the best one: they stand in the order of
    /// particularity, and a stack trace counts against every format alike.
    pub fn choose(&self, container: Container, first: &[Record<'_>]) -> Option<usize> {
        let n_fits = |format: &dyn LogFormat| {
            if format.containers().contains(&container) { format.recognize(first) } else { 0 }
        };
        let own = self.own.iter().map(|format| n_fits(format));
        let fits: Vec<usize> = own.chain(FORMATS.iter().map(|format| n_fits(*format))).collect();
        let best = fits.iter().copied().max().unwrap_or(0);
        if best == 0 {
            return None;
        }
        fits.iter().position(|n_fits| n_fits * 10 >= best * 6)
    }

    /// Whether a format of the user takes more than half of the lines of a text, whatever else it could be.
    pub fn takes_lines<'t>(&self, lines: &(impl Iterator<Item = &'t str> + Clone)) -> Option<&OwnFormat> {
        let n_lines = lines.clone().count();
        let of_lines = self.own.iter().filter(|format| format.containers().contains(&Container::Lines));
        of_lines
            .into_iter()
            .find(|format| lines.clone().filter(|line| format.starts_record(line)).count() * 2 > n_lines)
    }
}
