//! The texts that records repeat, each with a number: host, channel, provider, account, names of data.
//!
//! Nearly every record names the same few hosts and channels. The last value of each place in a small
//! table stays with its number, so equal bytes cost one comparison, and a record holds four bytes for
//! a text. What a number stands for never depends on what was seen before.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Defect;
use super::values::{self, kind};
use crate::model::Name;

/// The number of a text in its dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Code(u32);

impl Code {
    /// No text.
    pub(super) const NONE: Self = Self(u32::MAX);

    /// A number that spreads over small tables.
    pub(super) fn spread(self) -> usize {
        self.0 as usize
    }
}

/// Places of the table of values seen last; a power of two.
const N_PLACES: usize = 256;
/// Bytes of texts, and texts, after which a dictionary is full; only hostile logs get there.
const MAX_LEN: usize = 4 << 20;
const MAX_TEXTS: usize = 65_536;

/// Gives numbers to texts.
#[derive(Debug)]
pub(super) struct Dictionary {
    texts: Arc<Vec<Name>>,
    codes: BTreeMap<Name, Code>,
    recent: Vec<Recent>,
    buffer: String,
    len: usize,
}

/// A value as a record holds it, and its text's number.
#[derive(Clone, Debug)]
struct Recent {
    kind: u8,
    bytes: Vec<u8>,
    code: Code,
}

impl Default for Dictionary {
    fn default() -> Self {
        let free = Recent { kind: kind::NULL, bytes: Vec::new(), code: Code::NONE };
        Self {
            texts: Arc::default(),
            codes: BTreeMap::new(),
            recent: vec![free; N_PLACES],
            buffer: String::new(),
            len: 0,
        }
    }
}

impl Dictionary {
    /// Returns the number of the text of a value that is not null; none for the empty text.
    pub(super) fn of_value(&mut self, kind: u8, bytes: &[u8]) -> Result<Code, Defect> {
        let place = place(bytes);
        let recent = &self.recent[place];
        if recent.kind == kind && recent.bytes == bytes {
            return Ok(recent.code);
        }
        let mut text = std::mem::take(&mut self.buffer);
        text.clear();
        let written = values::write(kind, bytes, &mut text);
        let code = written.map(|()| if text.is_empty() { Code::NONE } else { self.of_text(&text) });
        self.buffer = text;
        let code = code?;
        let recent = &mut self.recent[place];
        recent.kind = kind;
        recent.bytes.clear();
        recent.bytes.extend_from_slice(bytes);
        recent.code = code;
        Ok(code)
    }

    /// Returns the number of a text.
    pub(super) fn of_text(&mut self, text: &str) -> Code {
        if let Some(code) = self.codes.get(text) {
            return *code;
        }
        let code = Code(self.texts.len() as u32);
        let name: Name = Arc::from(text);
        self.len += text.len();
        self.codes.insert(Arc::clone(&name), code);
        // Copied only if a table of records is still in use.
        Arc::make_mut(&mut self.texts).push(name);
        code
    }

    /// Returns the text of a number.
    pub(super) fn text(&self, code: Code) -> Option<&Name> {
        self.texts.get(code.0 as usize)
    }

    /// Whether it is time to begin a new one.
    pub(super) fn is_full(&self) -> bool {
        self.len > MAX_LEN || self.texts.len() > MAX_TEXTS
    }

    /// Returns all texts, as they are now.
    pub(super) fn texts(&self) -> Texts {
        Texts(Arc::clone(&self.texts))
    }
}

/// The texts of a dictionary at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts(Arc<Vec<Name>>);

impl Texts {
    /// Returns the text of a number.
    pub(super) fn get(&self, code: Code) -> Option<Name> {
        self.0.get(code.0 as usize).map(Arc::clone)
    }
}

/// A place in the table, from the length and the last bytes, where values differ most.
fn place(bytes: &[u8]) -> usize {
    let last = match bytes.last_chunk::<8>() {
        Some(last) => u64::from_le_bytes(*last),
        None => bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
    };
    let sum = last ^ (bytes.len() as u64) << 56;
    (sum.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize % N_PLACES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_one_number_whatever_they_are_written_as() {
        let mut dictionary = Dictionary::default();
        let code = dictionary.of_value(kind::STRING, b"a\0b\0").unwrap();
        assert_eq!(dictionary.of_value(kind::STRING, b"a\0b\0").unwrap(), code);
        assert_eq!(dictionary.of_value(kind::ANSI, b"ab").unwrap(), code);
        assert_eq!(dictionary.of_text("ab"), code);
        assert_ne!(dictionary.of_value(kind::BINARY, b"a\0b\0").unwrap(), code);
        assert_eq!(dictionary.text(code).map(|text| &**text), Some("ab"));
        assert_eq!(dictionary.of_value(kind::STRING, b"").unwrap(), Code::NONE);
        assert!(dictionary.of_value(kind::STRING, b"a\0b").is_err());
        assert!(dictionary.of_value(kind::STRING, b"a\0b").is_err(), "a defect is not remembered as a text");
    }

    #[test]
    fn texts_that_were_given_away_do_not_change() {
        let mut dictionary = Dictionary::default();
        let first = dictionary.of_text("first");
        let texts = dictionary.texts();
        let second = dictionary.of_text("second");
        assert_eq!(texts.get(first).as_deref(), Some("first"));
        assert_eq!((texts.get(second), texts.get(Code::NONE)), (None, None));
    }
}
