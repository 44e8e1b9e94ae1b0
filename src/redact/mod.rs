//! Replaces names of people, hosts and addresses by pseudonyms: once, between the judgement and everything that is
//! written, so that no output can show what the report no longer holds.
//!
//! In: [`Framed`], [`Judgement`], chains of symptoms. Out: the same with every name replaced: columns by the exact name,
//! texts of logs and paths by search with borders of words. Unknown names are found by their shape where they have one
//! (addresses, e-mail and UPN, security identifiers, `\\server\`, the host of a URL).
//!
//! A security identifier names a user and gets a pseudonym of its own (`sid-…`), for no run is sure to know its owner.
//! The identifiers of Windows itself (`S-1-5-18`) and addresses that name nobody (loopback, unspecified) stay.
//!
//! Limit: a name that stands in a text alone, and in no field of any record, has no shape to be found by.

mod apply;
mod names;
mod pattern;
mod pseudonym;

use std::collections::BTreeMap;

use crate::correlate::SymptomChain;
use crate::frame::Framed;
use crate::judge::Judgement;
use crate::model::Name;

use names::Names;
use pattern::Known;
use pseudonym::Pseudonyms;

pub use pseudonym::{Key, MIN_KEY_BYTES};

/// What is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Accounts, in every spelling, and security identifiers.
    Users,
    /// Hosts, short and in full, and client machines.
    Hosts,
    /// IP addresses.
    Addresses,
}

impl Class {
    /// Every class, in the order in which they are named.
    pub const ALL: &'static [Self] = &[Self::Users, Self::Hosts, Self::Addresses];

    /// The public name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Hosts => "hosts",
            Self::Addresses => "addresses",
        }
    }
}

/// What is to be replaced, and how.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The classes; with none nothing is replaced.
    pub classes: Vec<Class>,
    /// The key of stable pseudonyms; without it they are numbers.
    pub key: Option<Key>,
}

/// What was replaced, as reports state it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redacted {
    /// The classes, in the order of [`Class::ALL`].
    pub classes: Vec<Class>,
    /// Whether the pseudonyms come from a key, so that those of two runs compare.
    pub is_keyed: bool,
}

/// Replaces names in what it is given, each everywhere by the same pseudonym.
#[derive(Debug)]
pub struct Redactor {
    classes: Vec<Class>,
    pseudonyms: Pseudonyms,
    known: Known,
    /// Signatures made of messages, whose id changes with the text.
    renamed: BTreeMap<Name, Name>,
    /// Paths of sources, each with what it became.
    paths: BTreeMap<String, String>,
}

impl Redactor {
    /// Learns every name of the tables, in the order of their first appearance. `None` if nothing is to be replaced.
    pub fn learn(framed: &Framed, options: &Options) -> Option<Self> {
        let classes: Vec<Class> = Class::ALL.iter().copied().filter(|class| options.classes.contains(class)).collect();
        if classes.is_empty() {
            return None;
        }
        let mut pseudonyms = Pseudonyms::new(options.key.clone());
        let names = Names::of(framed);
        let known = Known::new(&names, &classes, &mut pseudonyms);
        Some(Self { classes, pseudonyms, known, renamed: BTreeMap::new(), paths: BTreeMap::new() })
    }

    /// What reports state of it.
    pub fn redacted(&self) -> Redacted {
        Redacted { classes: self.classes.clone(), is_keyed: self.pseudonyms.is_keyed() }
    }

    /// Replaces names in the tables, the events, the sources and the defects.
    pub fn framed(&mut self, framed: &mut Framed) {
        apply::framed(self, framed);
    }

    /// Replaces names in the verdicts. To be called after [`Self::framed`], which renames signatures.
    pub fn judgement(&mut self, judgement: &mut Judgement, chains: &mut [SymptomChain]) {
        apply::judgement(self, judgement);
        apply::chains(self, chains);
    }

    /// Replaces names in any text: a title, an option, a path.
    pub fn text(&mut self, text: &str) -> String {
        self.known.replaced(text, &self.classes, &mut self.pseudonyms).unwrap_or_else(|| text.to_owned())
    }

    fn has(&self, class: Class) -> bool {
        self.classes.contains(&class)
    }
}

#[cfg(test)]
mod tests;
