//! The data of most templates, read in one pass: each value one substitution, in the order of the record.
//!
//! What a value is follows from its descriptor, and where it is from those before it, so nothing is
//! noted down between. Texts are narrowed in whole blocks on the chance that they are ASCII, and one
//! look at what came out tells for all texts of a record. What is not as expected is left to the general
//! way, which gives the same for what is read here.

use super::Budget;
use super::batch::Batch;
use super::dictionary::Code;
use super::projection::{Leaf, Source};
use super::utf16;
use super::values::{self, Slot, kind};

/// What a data value costs of the budget beside its bytes: a cell, and later a datum.
pub(super) const VALUE_COST: usize = 32;

/// A data value that is one substitution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct PlainLeaf {
    /// How many substitutions stand between the leaf before and this one.
    n_passed: u16,
    /// Its name.
    name: Code,
}

/// Returns leaves as plain ones; `None` if one is no substitution, depends on another or stands out of order.
pub(super) fn plain(leaves: &[Leaf]) -> Option<Box<[PlainLeaf]>> {
    let mut next = 0;
    let plain = |leaf: &Leaf| match leaf {
        Leaf::Value { name, source: Source::Substitution(index), dependencies } if dependencies.is_empty() => {
            let n_passed = index.checked_sub(next)?;
            next = index.checked_add(1)?;
            Some(PlainLeaf { n_passed, name: *name })
        }
        _ => None,
    };
    leaves.iter().map(plain).collect()
}

/// The values of one template instance.
#[derive(Clone, Copy)]
pub(super) struct Instance<'c> {
    /// The chunk.
    pub(super) chunk: &'c [u8],
    /// Type and size of each value.
    pub(super) descriptors: &'c [u8],
    /// Where the values begin.
    pub(super) at: usize,
    /// Where they must have ended.
    pub(super) end: usize,
}

impl Instance<'_> {
    /// Adds the values that the leaves want; `None` if the general way is to read them, with the batch half filled.
    pub(super) fn add(self, leaves: &[PlainLeaf], batch: &mut Batch, budget: &mut Budget) -> Option<()> {
        let mut at = self.at;
        let mut cost = VALUE_COST * leaves.len();
        let n_before = batch.begin_texts(self.end.checked_sub(at)?, leaves.len());
        let mut rest = self.descriptors.as_chunks::<4>().0.iter();
        for leaf in leaves {
            for _ in 0..leaf.n_passed {
                at += Slot::new(*rest.next()?, 0).len();
            }
            let slot = Slot::new(*rest.next()?, at as u32);
            at += slot.len();
            cost += slot.len();
            self.value(leaf.name, slot, batch)?;
        }
        at += rest.map(|descriptor| Slot::new(*descriptor, 0).len()).sum::<usize>();
        let is_whole = at <= self.end && matches!(self.chunk.get(at..self.end)?, [] | [0, ..]);
        (is_whole && batch.are_texts_sound(n_before)).then_some(())?;
        budget.spend(cost).ok()
    }

    #[inline]
    fn value(self, name: Code, slot: Slot, batch: &mut Batch) -> Option<()> {
        let (kind, len) = (slot.kind(), slot.len());
        if kind == kind::STRING {
            batch.push_blocks(name, self.chunk.get(slot.start()..)?, len)
        } else if values::is_short(kind, len) {
            let value = u64::from_le_bytes(*self.chunk.get(slot.start()..)?.first_chunk()?);
            batch.push_short(name, kind, len, value & u64::MAX >> (64 - 8 * len));
            Some(())
        } else if slot.is_null() {
            batch.push_null(name);
            Some(())
        } else if matches!(kind, kind::FIRST_PLAIN..=kind::LAST_PLAIN) {
            batch.push_value(name, kind, self.chunk.get(slot.span())?).ok()
        } else {
            None
        }
    }
}

/// How many bytes texts of so many may come to, in whole blocks.
pub(super) fn most_text(n_bytes: usize) -> usize {
    n_bytes / 2 + utf16::BLOCK
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::evtx::batch::Row;
    use crate::read::evtx::dictionary::Dictionary;
    use crate::read::{Body, Datum};

    fn leaf(index: u16, dependencies: &[u16]) -> Leaf {
        Leaf::Value { name: Code::NONE, source: Source::Substitution(index), dependencies: dependencies.into() }
    }

    #[test]
    fn leaves_in_order_are_plain_and_others_are_not() {
        let n_passed = |leaves: &[Leaf]| plain(leaves).map(|leaves| leaves.iter().map(|leaf| leaf.n_passed).collect());
        assert_eq!(n_passed(&[leaf(1, &[]), leaf(2, &[]), leaf(5, &[])]), Some(vec![1, 0, 2]));
        assert_eq!(n_passed(&[leaf(1, &[]), leaf(1, &[])]), None);
        assert_eq!(n_passed(&[leaf(1, &[]), leaf(0, &[])]), None);
        assert_eq!(n_passed(&[leaf(0, &[0])]), None);
        assert_eq!(n_passed(&[Leaf::NestedData(0)]), None);
    }

    /// The texts of the second and third value of `a`, a number, `b` in UTF-16; `None` if they are left to the general way.
    fn read(a: &[u8], b: &[u8], end: usize) -> Option<Vec<Option<String>>> {
        let mut chunk = a.to_vec();
        chunk.extend(7_u32.to_le_bytes());
        chunk.extend(b);
        let values_end = chunk.len();
        chunk.resize(values_end + 64, 0);
        let descriptors = [a.len() as u8, 0, kind::STRING, 0, 4, 0, 0x08, 0, b.len() as u8, 0, kind::STRING, 0];
        let instance = Instance { chunk: &chunk, descriptors: &descriptors, at: 0, end: values_end + end };
        let (mut batch, mut budget) = (Batch::default(), Budget::of_chunk());
        budget.begin_record();
        batch.push_row(Row::EMPTY, 0, false);
        instance.add(&plain(&[leaf(1, &[]), leaf(2, &[])])?, &mut batch, &mut budget)?;
        batch.seal(&Dictionary::default());
        let record = batch.records().next()?;
        let Body::Windows(record) = record.body else { return None };
        Some(record.data.into_iter().map(|Datum { value, .. }| value.map(|value| value.to_string())).collect())
    }

    #[test]
    fn values_are_read_where_their_descriptors_say() {
        let expected = |text: &str| Some(vec![Some("7".to_owned()), Some(text.to_owned())]);
        assert_eq!(read(b"x\0y\0", b"a\0b\0", 0), expected("ab"));
        assert_eq!(read(b"", b"a\0b\0\0\0", 8), expected("ab"));
    }

    #[test]
    fn what_is_not_as_expected_is_left_to_the_general_way() {
        assert_eq!(read(b"", b"\xe9\0", 0), None, "a text is no ASCII");
        assert_eq!(read(b"", b"a\0\0\0b\0", 0), None, "a text goes on behind a NUL");
        assert_eq!(read(b"", b"a\0b", 0), None, "a text ends inside a unit");
        let text = [b'a', 0].repeat(8);
        assert!(read(b"", &text, 48).is_some());
        assert_eq!(read(b"", &text, 65), None, "the record ends outside of its chunk");
    }
}
