//! Where the `System` values of a record are, for records whose descriptors are alike.
//!
//! A record lists the type and the size of each of its values before the values themselves. Records of
//! one template from one host mostly list the same, as far as `System` goes, so where each field is, and
//! that it is of the type it should be, is found out once for each such list. Then a record costs one
//! comparison, and for each field one load.

use super::Defect;
use super::batch::{Activity, Row};
use super::dictionary::{Code, Dictionary};
use super::event::event_id;
use super::projection::{NO_SLOT, SYSTEM_FIELDS, System, field};
use super::values::{Slot, kind};
use crate::model::Timestamp;

/// Layouts of one template that are kept; a log has a handful.
const MAX_LAYOUTS: usize = 32;

/// Why a layout does not tell what a record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// A value is not of the type that Windows writes there: only walking the tree tells.
    Strange,
    /// There is no event id.
    WithoutId,
}

/// Where the values of `System` are, from the first value on.
#[derive(Debug)]
pub(super) struct Layout {
    numbers: Vec<(usize, Number)>,
    event_id: Option<Number>,
    time: Option<usize>,
    activity_id: Option<usize>,
    /// Provider, source name, channel, computer, account.
    texts: [Option<Text>; 5],
}

/// A whole number: where it is, and which bits of the eight bytes there belong to it.
#[derive(Clone, Copy, Debug)]
struct Number {
    at: usize,
    mask: u64,
}

/// A value that becomes text.
#[derive(Clone, Copy, Debug)]
struct Text {
    kind: u8,
    at: usize,
    len: usize,
}

const PROVIDER: usize = 0;
const SOURCE_NAME: usize = 1;
const CHANNEL: usize = 2;
const COMPUTER: usize = 3;
const USER_SID: usize = 4;
const TEXT_FIELDS: [usize; 5] = [field::PROVIDER, field::SOURCE_NAME, field::CHANNEL, field::COMPUTER, field::USER_SID];

/// Descriptors, and where the values are that they describe.
type Known = (Box<[u8]>, Result<Layout, Unfit>);

/// The layouts of one template.
#[derive(Debug, Default)]
pub(super) struct Layouts {
    known: Vec<Known>,
    last: usize,
}

impl Layouts {
    /// Returns the layout of records with these descriptors: those of the substitutions that `System` uses.
    #[inline]
    pub(super) fn of(&mut self, system: &System, descriptors: &[u8]) -> Result<&Layout, Unfit> {
        let is_last = self.known.get(self.last).is_some_and(|(known, _)| **known == *descriptors);
        if !is_last {
            self.last = self.find(system, descriptors);
        }
        self.known[self.last].1.as_ref().map_err(|unfit| *unfit)
    }

    fn find(&mut self, system: &System, descriptors: &[u8]) -> usize {
        if let Some(known) = self.known.iter().position(|(known, _)| **known == *descriptors) {
            return known;
        }
        if self.known.len() == MAX_LAYOUTS {
            self.known.clear();
        }
        self.known.push((descriptors.into(), Layout::new(system, descriptors)));
        self.known.len() - 1
    }
}

impl Layout {
    fn new(system: &System, descriptors: &[u8]) -> Result<Self, Unfit> {
        let mut at = 0;
        let slots: Vec<Slot> = descriptors
            .as_chunks::<4>()
            .0
            .iter()
            .map(|descriptor| {
                let slot = Slot::new(*descriptor, at);
                at += slot.len() as u32;
                slot
            })
            .collect();
        let slot_at = |index: u16| slots.get(usize::from(index)).copied().unwrap_or(Slot::ABSENT);
        // Null and not there are one.
        let slot_of = |field: usize| {
            Some(system.slots[field]).filter(|index| *index != NO_SLOT).map(slot_at).filter(|slot| !slot.is_null())
        };
        let number_of = |field: usize| slot_of(field).map(Number::of).transpose();
        let exact = |field: usize, kind: u8, len: usize| match slot_of(field) {
            Some(slot) if slot.kind() == kind && slot.len() == len => Ok(Some(slot.start())),
            Some(_) => Err(Unfit::Strange),
            None => Ok(None),
        };
        let mut numbers = Vec::new();
        for field in 0..field::N_NUMBERS {
            numbers.extend(number_of(field)?.map(|number| (field, number)));
        }
        let event_id = number_of(field::EVENT_ID)?;
        if event_id.is_none() && (system.slots[field::EVENT_ID] != NO_SLOT || !system.states_event_id) {
            return Err(Unfit::WithoutId);
        }
        let mut texts = [None; 5];
        for (text, field) in texts.iter_mut().zip(TEXT_FIELDS) {
            *text = slot_of(field).map(Text::of).transpose()?;
        }
        Ok(Self {
            numbers,
            event_id,
            time: exact(field::TIME, kind::FILETIME, 8)?,
            activity_id: exact(field::ACTIVITY_ID, kind::GUID, 16)?,
            texts,
        })
    }

    /// Whose record it is: provider and event id. `values` begins with the first value, here and below.
    #[inline]
    pub(super) fn identity(&self, system: &System, values: &[u8], texts: &mut Dictionary) -> Result<Row, Misread> {
        let mut row = system.base;
        self.text(PROVIDER, values, texts, &mut row.provider)?;
        if row.provider == Code::NONE {
            self.text(SOURCE_NAME, values, texts, &mut row.provider)?;
        }
        if let Some(number) = self.event_id {
            row.event_id = event_id(number.read(values)?);
        }
        Ok(row)
    }

    /// Where and when it was written.
    #[inline]
    pub(super) fn place(&self, values: &[u8], texts: &mut Dictionary, row: &mut Row) -> Result<(), Misread> {
        self.text(COMPUTER, values, texts, &mut row.computer)?;
        self.text(CHANNEL, values, texts, &mut row.channel)?;
        if let Some(at) = self.time {
            row.time = Timestamp::from_filetime(u64::from_le_bytes(*bytes_at(values, at)?));
        }
        Ok(())
    }

    /// All other fields.
    #[inline]
    pub(super) fn rest(&self, values: &[u8], texts: &mut Dictionary, row: &mut Row) -> Result<(), Misread> {
        for (field, number) in &self.numbers {
            row.set(*field, number.read(values)?);
        }
        self.text(USER_SID, values, texts, &mut row.user_sid)?;
        if let Some(at) = self.activity_id {
            row.activity_id = Activity::Guid(*bytes_at(values, at)?);
        }
        Ok(())
    }

    #[inline]
    fn text(&self, which: usize, values: &[u8], texts: &mut Dictionary, code: &mut Code) -> Result<(), Misread> {
        if let Some(text) = self.texts[which] {
            let bytes = values.get(text.at..text.at + text.len).ok_or(Misread::Short)?;
            *code = texts.of_value(text.kind, bytes).map_err(Misread::Damaged)?;
        }
        Ok(())
    }
}

/// Why a record with a known layout cannot be read by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Misread {
    /// It ends too close to the end of its chunk.
    Short,
    /// A value is damaged.
    Damaged(Defect),
}

impl Number {
    fn of(slot: Slot) -> Result<Self, Unfit> {
        match (slot.is_unsigned(), slot.len()) {
            (true, len @ (1 | 2 | 4)) => Ok(Self { at: slot.start(), mask: (1 << (8 * len)) - 1 }),
            (true, 8) => Ok(Self { at: slot.start(), mask: u64::MAX }),
            _ => Err(Unfit::Strange),
        }
    }

    #[inline]
    fn read(self, values: &[u8]) -> Result<u64, Misread> {
        Ok(u64::from_le_bytes(*bytes_at(values, self.at)?) & self.mask)
    }
}

impl Text {
    fn of(slot: Slot) -> Result<Self, Unfit> {
        if slot.kind() == kind::FRAGMENT || slot.kind() & kind::ARRAY != 0 {
            return Err(Unfit::Strange);
        }
        Ok(Self { kind: slot.kind(), at: slot.start(), len: slot.len() })
    }
}

#[inline]
fn bytes_at<const N: usize>(values: &[u8], at: usize) -> Result<&[u8; N], Misread> {
    values.get(at..).and_then(|rest| rest.first_chunk()).ok_or(Misread::Short)
}

const _: () = assert!(SYSTEM_FIELDS.len() == field::N_NUMBERS + TEXT_FIELDS.len() + 3);
