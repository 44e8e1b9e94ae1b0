//! Values as shared texts: what was seen lately is not decoded again.
//!
//! A log repeats host, channel, accounts and codes in nearly every record. The last value of each
//! place in a table stays with its text, so equal bytes cost a comparison and a reference count,
//! and many records share one text. What is handed out never depends on what was seen before.

use std::sync::Arc;

use super::Defect;
use super::values::{self, Slot, kind};
use crate::model::Name;

/// Places of the table; a power of two.
const N_PLACES: usize = 2_048;
/// Longer values seldom come again.
const MAX_REMEMBERED_LEN: usize = 160;

/// Turns values into texts.
#[derive(Debug)]
pub(super) struct Texts {
    remembered: Vec<Option<Remembered>>,
    buffer: String,
    empty: Name,
}

#[derive(Debug)]
struct Remembered {
    kind: u8,
    bytes: Vec<u8>,
    text: Name,
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            remembered: std::iter::repeat_with(|| None).take(N_PLACES).collect(),
            buffer: String::new(),
            empty: Arc::from(""),
        }
    }
}

impl Texts {
    /// Returns the empty text.
    pub(super) fn empty(&self) -> Name {
        Arc::clone(&self.empty)
    }

    /// Returns the text of a slot's value; `None` if it is null.
    pub(super) fn of_slot(&mut self, slot: Slot, chunk: &[u8]) -> Result<Option<Name>, Defect> {
        if slot.is_null() {
            return Ok(None);
        }
        self.of_bytes(slot.kind, slot.bytes(chunk)).map(Some)
    }

    /// Returns the text of a value that is not null.
    pub(super) fn of_bytes(&mut self, kind: u8, bytes: &[u8]) -> Result<Name, Defect> {
        if bytes.is_empty() {
            return Ok(self.empty());
        }
        if bytes.len() > MAX_REMEMBERED_LEN {
            return self.decode(kind, bytes);
        }
        let place = place(kind, bytes);
        if let Some(remembered) = &self.remembered[place]
            && remembered.kind == kind
            && remembered.bytes == bytes
        {
            return Ok(Arc::clone(&remembered.text));
        }
        let text = self.decode(kind, bytes)?;
        match &mut self.remembered[place] {
            Some(remembered) => {
                remembered.kind = kind;
                remembered.bytes.clear();
                remembered.bytes.extend_from_slice(bytes);
                remembered.text = Arc::clone(&text);
            }
            free => *free = Some(Remembered { kind, bytes: bytes.to_vec(), text: Arc::clone(&text) }),
        }
        Ok(text)
    }

    fn decode(&mut self, kind: u8, bytes: &[u8]) -> Result<Name, Defect> {
        debug_assert!(kind != kind::FRAGMENT, "fragments are walked, not written");
        self.buffer.clear();
        values::write(kind, bytes, &mut self.buffer)?;
        Ok(Arc::from(self.buffer.as_str()))
    }
}

/// A place in the table, from the first and last bytes, where values differ most.
fn place(kind: u8, bytes: &[u8]) -> usize {
    let (first, last) = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)), 0),
    };
    let sum = first ^ last.rotate_left(23) ^ (bytes.len() as u64) << 7 ^ u64::from(kind);
    (sum.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize % N_PLACES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_a_text_and_null_has_none() {
        let chunk = b"a\0b\0a\0b\0";
        let slot = |kind, start, len| Slot { kind, start, len };
        let mut texts = Texts::default();
        let first = texts.of_slot(slot(kind::STRING, 0, 4), chunk).unwrap().unwrap();
        let second = texts.of_slot(slot(kind::STRING, 4, 4), chunk).unwrap().unwrap();
        assert_eq!(&*first, "ab");
        assert!(Arc::ptr_eq(&first, &second));
        assert_eq!(&*texts.of_slot(slot(kind::BINARY, 0, 4), chunk).unwrap().unwrap(), "61006200");
        assert_eq!(texts.of_slot(slot(kind::NULL, 0, 4), chunk).unwrap(), None);
        assert_eq!(texts.of_slot(slot(kind::STRING, 0, 0), chunk).unwrap(), Some(texts.empty()));
        assert!(texts.of_slot(slot(kind::STRING, 0, 3), chunk).is_err());
    }
}
