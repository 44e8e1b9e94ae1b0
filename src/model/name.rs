//! Short texts that occur again and again: host names, accounts, providers.
//!
//! A log of a million records names a few hundred accounts. Each text is held once per
//! source and shared by reference count; equality and order are those of the text itself,
//! so results do not depend on the order in which sources were read. What is held is bounded: a log
//! that names another account in every record costs the sharing, not the memory.

use std::collections::BTreeSet;
use std::sync::Arc;

/// A shared, immutable text. Cloning costs a reference count.
pub type Name = Arc<str>;

/// Bytes that are held before the store begins anew: 8 MiB, some hundred thousand names.
const HELD_BYTES_MAX: usize = 8 << 20;
/// Bytes that holding a text costs beside its own.
const ENTRY_BYTES: usize = 48;

/// Hands out one shared copy of each text.
#[derive(Debug, Default)]
pub struct Names {
    known: BTreeSet<Name>,
    n_bytes_held: usize,
}

impl Names {
    /// Returns an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the shared copy of `text`.
    pub fn intern(&mut self, text: &str) -> Name {
        if let Some(known) = self.known.get(text) {
            return Arc::clone(known);
        }
        let name: Name = Arc::from(text);
        self.n_bytes_held += text.len() + ENTRY_BYTES;
        if self.n_bytes_held > HELD_BYTES_MAX {
            self.known.clear();
            self.n_bytes_held = text.len() + ENTRY_BYTES;
        }
        self.known.insert(Arc::clone(&name));
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_shared_and_what_is_held_is_bounded() {
        let mut names = Names::new();
        let first = names.intern("RDS01");
        assert!(Arc::ptr_eq(&first, &names.intern("RDS01")));
        for number in 0..400_000 {
            names.intern(&format!("user{number}"));
            assert!(names.known.len() * ENTRY_BYTES <= HELD_BYTES_MAX);
        }
        names.intern(&"x".repeat(2 * HELD_BYTES_MAX));
        assert_eq!(names.known.len(), 1);
        assert_eq!(names.intern("RDS01"), first);
    }
}
