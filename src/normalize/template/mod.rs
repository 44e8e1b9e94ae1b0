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
    n_crowded: u64,
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
        let fingerprint = shape::fingerprint(message);
        if let Some(&group) = self.by_fingerprint.get(&fingerprint) {
            self.shapes[group as usize].1 += 1;
            return GroupId(group);
        }
        let mut shape = std::mem::take(&mut self.scratch);
        mask::shape_of(message, &mut shape);
        let group = self.group(&shape, 1);
        self.scratch = shape;
        if self.by_fingerprint.len() < FINGERPRINTS_MAX {
            self.by_fingerprint.insert(fingerprint, group.0);
        }
        group
    }

    /// Messages that came when the miner was full, and share one template.
    pub fn n_crowded(&self) -> u64 {
        self.n_crowded
    }

    /// Takes in what a later miner saw; returns for each of its groups, in their order, the group here.
    pub fn merge(&mut self, later: &Self) -> Vec<GroupId> {
        self.n_crowded += later.n_crowded;
        later.shapes.iter().map(|(shape, n_messages)| self.group(shape, *n_messages)).collect()
    }

    fn group(&mut self, shape: &str, n_messages: u64) -> GroupId {
        let is_full = self.shapes.len() >= SHAPES_MAX;
        let known = self.by_shape.get(shape).copied();
        let shape = match known {
            None if is_full => {
                self.n_crowded += n_messages;
                mask::WILDCARD
            }
            _ => shape,
        };
        let known = known.or_else(|| self.by_shape.get(shape).copied());
        let group = known.unwrap_or_else(|| {
            let group = self.shapes.len() as u32;
            self.shapes.push((shape.to_owned(), 0));
            self.by_shape.insert(shape.to_owned(), group);
            group
        });
        self.shapes[group as usize].1 += n_messages;
        GroupId(group)
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
        assert!(miner.n_crowded() >= (n - SHAPES_MAX) as u64);
    }

    #[test]
    fn a_message_of_64_kib_is_no_trouble() {
        for piece in ["{", "a=[", "x", "1,", "/", "ü"] {
            texts(&[&piece.repeat(64 * 1024 / piece.len())]);
        }
    }

    proptest! {
        /// What the groups are does not depend on the order of messages, nor on how miners share them.
        #[test]
        fn order_and_shards_change_no_group(
            messages in prop::collection::vec("(user|host|file) (anna|bela|carl|dora|emil|[0-9]{1,3}) (is|was) (up|in|[a-z]{1,2})", 1..40),
            cut in 0..40_usize,
        ) {
            let messages: Vec<&str> = messages.iter().map(String::as_str).collect();
            let expected = texts(&messages);
            let reversed: Vec<&str> = messages.iter().rev().copied().collect();
            let mut backward = texts(&reversed);
            backward.reverse();
            prop_assert_eq!(&backward, &expected);

            let cut = cut.min(messages.len());
            let (mut first, mut second) = (Miner::new(), Miner::new());
            let mut groups: Vec<GroupId> = messages[..cut].iter().map(|message| first.add(message)).collect();
            let later: Vec<GroupId> = messages[cut..].iter().map(|message| second.add(message)).collect();
            let moved = first.merge(&second);
            groups.extend(later.iter().map(|group| moved[group.0 as usize]));
            let settled = first.settle();
            let shared: Vec<&String> =
                groups.iter().map(|&group| &settled.templates[settled.template_of(group)].text).collect();
            prop_assert_eq!(shared, expected.iter().collect::<Vec<_>>());
        }

        #[test]
        fn any_text_is_taken(message in "\\PC*", other in "[\\x00-\\x7f]*") {
            prop_assert_eq!(texts(&[&message, &other]).len(), 2);
            header::Layout::of([message.as_str(), &other]).message(&message);
        }
    }
}
