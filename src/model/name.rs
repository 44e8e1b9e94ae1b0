//! Short texts that occur again and again: host names, accounts, providers.
//!
//! A log of a million records names a few hundred accounts. Each text is held once per
//! source and shared by reference count; equality and order are those of the text itself,
//! so results do not depend on the order in which sources were read.

use std::collections::BTreeSet;
use std::sync::Arc;

/// A shared, immutable text. Cloning costs a reference count.
pub type Name = Arc<str>;

/// Hands out one shared copy of each text.
#[derive(Debug, Default)]
pub struct Names {
    known: BTreeSet<Name>,
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
        self.known.insert(Arc::clone(&name));
        name
    }
}
