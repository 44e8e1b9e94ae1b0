//! Mines templates: what messages of one log statement have in common, with `<*>` for what varies.
//!
//! In: messages without their headers. Out: the [`Template`] of each.
//!
//! Two passes, so that chance order has no say. [`Miner::add`] masks a message to its shape, which depends
//! on that message alone; [`Miner::settle`] looks at all shapes together, finds the positions at which
//! otherwise equal shapes show an open class of words, and merges those shapes. The grouping by length and
//! position is that of Drain (He et al., ICWS 2017); the variables are decided over the whole log, not
//! line by line. Masks for numbers, addresses, paths and ids come first (`mask`).
//!
//! Invariant: memory is bounded, however many lines and whatever their bytes; a miner that is full says how many
//! messages it could not tell apart.

#![expect(clippy::disallowed_types, reason = "what is looked up here is never gone through")]

pub mod header;
mod lines;
mod mask;
mod settle;
mod shape;
mod words;

use std::collections::HashMap;

pub use lines::{File, Mined, mine};

/// The most shapes that are told apart; messages beyond share one.
const SHAPES_MAX: usize = 1 << 15;
/// The most fingerprints that are remembered.
const FINGERPRINTS_MAX: usize = 1 << 16;
/// Places for the fingerprints that came last.
const RECENT: usize = 1 << 12;
/// Keeps the fingerprints of templates of records apart from those of messages.
const OF_TEMPLATES: u64 = 0x54;
/// The longest message that is looked at; the rest of a longer one is a dump.
const MESSAGE_BYTES_MAX: usize = 4096;

/// The shape to which a message belongs; [`Settled::template_of`] leads on to its template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(u32);

/// What messages of one statement have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The words, with `<*>` for a variable part.
    pub text: String,
    /// How many messages were of it.
    pub n_messages: u64,
}

impl Template {
    /// An id that depends on the text alone, so it is the same in every run.
    pub fn id(&self) -> String {
        // The middle bits of the hash depend on all bytes.
        format!("template-{:010x}", hash_of(self.text.as_bytes()) >> 12 & 0xFF_FFFF_FFFF)
    }

    /// Whether it has a word beside its variables.
    pub fn says_something(&self) -> bool {
        self.text.replace(mask::WILDCARD, "").chars().any(char::is_alphabetic)
    }
}

/// The template of a record with a number in each hole: a variable for the masks. `{{` stands for a brace.
fn filled(template: &str) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        filled.push_str(&rest[..at]);
        let (brace, behind) = rest[at..].split_at(1);
        let hole = behind.find(['{', '}']).filter(|&end| brace == "{" && end > 0 && behind[end..].starts_with('}'));
        rest = match (hole, behind.strip_prefix(brace)) {
            (Some(end), _) => {
                filled.push('0');
                &behind[end + 1..]
            }
            (None, Some(after)) => {
                filled.push_str(brace);
                after
            }
            (None, None) => {
                filled.push_str(brace);
                behind
            }
        };
    }
    filled.push_str(rest);
    filled
}

/// FNV-1a; fixed, so that no run differs from another.
fn hash_of(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, &b| (hash ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01B3))
}

/// The templates of all messages of a miner.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    /// In the order in which their first messages came.
    pub templates: Vec<Template>,
    /// For each group the index of its template.
    groups: Vec<u32>,
}

impl Settled {
    /// The index in [`Settled::templates`] of a group of the same miner.
    ///
    /// # Panics
    ///
    /// If the group is of another miner.
    pub fn template_of(&self, group: GroupId) -> usize {
        self.groups[group.0 as usize] as usize
    }
}

/// Takes messages one by one and gathers their shapes.
#[derive(Clone, Debug, Default)]
pub struct Miner {
    by_fingerprint: HashMap<u64, u32>,
    by_shape: HashMap<String, u32>,
    shapes: Vec<(String, u64)>,
    /// The group of the messages that came when the miner was full.
    crowded: Option<u32>,
    /// The fingerprints that came last, each at the place that it names: the common way, without a search.
    recent: Vec<Option<(u64, u32)>>,
    scratch: String,
}

impl Miner {
    /// A miner that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one message and returns its group.
    pub fn add(&mut self, message: &str) -> GroupId {
        let message = &message[..message.floor_char_boundary(MESSAGE_BYTES_MAX)];
        self.find(shape::fingerprint(message, 0), |shape| mask::shape_of(message, shape))
    }

    /// Takes one message whose record says its template, with names in braces for what varies.
    pub fn add_template(&mut self, template: &str) -> GroupId {
        let template = &template[..template.floor_char_boundary(MESSAGE_BYTES_MAX)];
        self.find(shape::fingerprint(template, OF_TEMPLATES), |shape| mask::shape_of(&filled(template), shape))
    }

    /// The group of the message with this fingerprint, whose shape is written by `mask` if need be.
    fn find(&mut self, fingerprint: u64, mask: impl FnOnce(&mut String)) -> GroupId {
        if self.recent.is_empty() {
            self.recent = vec![None; RECENT];
        }
        let place = fingerprint as usize % RECENT;
        let group = match self.recent[place] {
            Some((known, group)) if known == fingerprint => group,
            _ => self.search(fingerprint, mask),
        };
        self.recent[place] = Some((fingerprint, group));
        self.shapes[group as usize].1 += 1;
        GroupId(group)
    }

    fn search(&mut self, fingerprint: u64, mask: impl FnOnce(&mut String)) -> u32 {
        if let Some(&group) = self.by_fingerprint.get(&fingerprint) {
            return group;
        }
        let mut shape = std::mem::take(&mut self.scratch);
        mask(&mut shape);
        let group = self.group(&shape);
        self.scratch = shape;
        if self.by_fingerprint.len() < FINGERPRINTS_MAX {
            self.by_fingerprint.insert(fingerprint, group);
        }
        group
    }

    /// Messages that came when the miner was full, and share one template.
    pub fn n_crowded(&self) -> u64 {
        self.crowded.map_or(0, |group| self.shapes[group as usize].1)
    }

    fn group(&mut self, shape: &str) -> u32 {
        if let Some(&group) = self.by_shape.get(shape) {
            return group;
        }
        if self.shapes.len() >= SHAPES_MAX {
            return *self.crowded.get_or_insert_with(|| {
                self.shapes.push((mask::WILDCARD.to_owned(), 0));
                SHAPES_MAX as u32
            });
        }
        let group = self.shapes.len() as u32;
        self.shapes.push((shape.to_owned(), 0));
        self.by_shape.insert(shape.to_owned(), group);
        group
    }

    /// Finds the variables over all shapes and merges the shapes that are one template.
    #[must_use]
    pub fn settle(&self) -> Settled {
        let shapes: Vec<settle::Shape> = self
            .shapes
            .iter()
            .map(|(shape, n_lines)| settle::Shape {
                words: shape.split(' ').map(str::to_owned).collect(),
                n_lines: *n_lines,
            })
            .collect();
        let mut settled = Settled::default();
        let mut known: HashMap<String, u32> = HashMap::new();
        for (words, shape) in settle::settle(&shapes).into_iter().zip(&shapes) {
            let text = words.join(" ");
            let index = *known.entry(text).or_insert_with_key(|text| {
                settled.templates.push(Template { text: text.clone(), n_messages: 0 });
                settled.templates.len() as u32 - 1
            });
            settled.templates[index as usize].n_messages += shape.n_lines;
            settled.groups.push(index);
        }
        settled
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(messages: &[&str]) -> Vec<String> {
        let mut miner = Miner::new();
        let groups: Vec<GroupId> = messages.iter().map(|message| miner.add(message)).collect();
        let settled = miner.settle();
        groups.iter().map(|&group| settled.templates[settled.template_of(group)].text.clone()).collect()
    }

    #[test]
    fn every_message_has_the_template_of_its_statement() {
        assert_eq!(
            texts(&["took 5 ms", "user anna (id 7) left", "took 17 ms", "user 12 (id 9) left"]),
            ["took <*>", "user <*> (id <*>) left", "took <*>", "user <*> (id <*>) left"]
        );
    }

    #[test]
    fn templates_are_counted_in_the_order_of_their_first_messages() {
        let mut miner = Miner::new();
        for message in ["b 1", "a 1", "b 2"] {
            miner.add(message);
        }
        let templates: Vec<_> = miner.settle().templates.into_iter().map(|t| (t.text, t.n_messages)).collect();
        assert_eq!(templates, [("b <*>".to_owned(), 2), ("a <*>".to_owned(), 1)]);
    }

    #[test]
    fn a_million_different_messages_are_bounded_and_counted() {
        let mut miner = Miner::new();
        let word = |n: usize| -> String { (0..5).map(|at| char::from(b'g' + (n >> (4 * at) & 15) as u8)).collect() };
        let n = 1_000_000;
        for index in 0..n {
            miner.add(&word(index));
        }
        assert!(miner.shapes.len() <= SHAPES_MAX + 1);
        assert!(miner.by_fingerprint.len() <= FINGERPRINTS_MAX);
        assert_eq!(miner.shapes.iter().map(|(_, n_messages)| n_messages).sum::<u64>(), n as u64);
        assert_eq!(miner.n_crowded(), (n - SHAPES_MAX) as u64);
        // Those that come again count again.
        miner.add(&word(n - 1));
        miner.add(&word(0));
        assert_eq!(miner.n_crowded(), (n - SHAPES_MAX) as u64 + 1);
    }

    #[test]
    fn a_template_that_the_record_states_is_taken_over_values() {
        let mut miner = Miner::new();
        let stated = [
            "Session {Id} opened for {User:l}@{Host} in {@Ms:0.0} ms",
            "a {{b}} {} {open and }",
            "Session {Id} opened for {User:l}@{Host} in {@Ms:0.0} ms",
        ];
        let groups: Vec<GroupId> = stated.iter().map(|template| miner.add_template(template)).collect();
        let literal = miner.add("Session {Id} opened for {User:l}@{Host} in {@Ms:0.0} ms");
        let settled = miner.settle();
        let text = |group| &*settled.templates[settled.template_of(group)].text;
        assert_eq!(text(groups[0]), "Session <*> opened for <*> in <*>");
        assert_eq!(text(groups[1]), "a {b} {} <*>");
        assert_eq!(groups[0], groups[2]);
        assert_ne!(groups[0], literal);
    }

    #[test]
    fn a_message_of_64_kib_is_no_trouble() {
        for piece in ["{", "a=[", "x", "1,", "/", "ü"] {
            texts(&[&piece.repeat(64 * 1024 / piece.len())]);
        }
    }

    proptest! {
        /// What the templates are does not depend on the order of messages.
        #[test]
        fn order_changes_no_template(
            messages in prop::collection::vec("(user|host|file) (anna|bela|carl|dora|emil|[0-9]{1,3}) (is|was) (up|in|[a-z]{1,2})", 1..40),
        ) {
            let messages: Vec<&str> = messages.iter().map(String::as_str).collect();
            let expected = texts(&messages);
            let reversed: Vec<&str> = messages.iter().rev().copied().collect();
            let mut backward = texts(&reversed);
            backward.reverse();
            prop_assert_eq!(&backward, &expected);
        }

        #[test]
        fn any_text_is_taken(message in "\\PC*", other in "[\\x00-\\x7f]*") {
            prop_assert_eq!(texts(&[&message, &other]).len(), 2);
            header::Layout::of([message.as_str(), &other]).message(&message);
        }
    }
}
