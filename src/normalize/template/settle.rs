//! Finds the variables that no mask knows: positions at which otherwise equal shapes show many values.
//!
//! Shapes of as many words that differ at one position only are a family. The words at that position are
//! an open class (names of users, hosts, files) or a closed one (`opened` and `closed`). A class is open if
//!
//! - it has so many words that no program would word one sentence in so many ways;
//! - or, with fewer, the next line is likely to show a word not seen yet. The chance of that is the share of
//!   lines whose word was seen once (I. J. Good, Biometrika 40, 1953);
//! - or a mask took one of its words for a value;
//! - or all its words look like names of things, not like words of a sentence.
//!
//! The fewer words a sentence has besides, the less it says, so the rules ask for such words.

use std::collections::BTreeMap;

use super::hash_of;
use super::mask::{WILDCARD, continues, explains, is_fence};

/// A class of so many words is open.
const VALUES_OPEN: usize = 5;
/// A class of fewer words says nothing by its counts.
const VALUES_COUNTED: usize = 3;
/// The least chance of a word not seen yet that makes a class open.
const UNSEEN_MIN: f64 = 0.05;
/// Rounds until nothing changes; each opens at least one position.
const ROUNDS_MAX: usize = 8;

/// A shape while it is being settled.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) words: Vec<String>,
    pub(super) n_lines: u64,
}

/// Returns for each shape the words of its template; shapes with equal words are one template.
pub(super) fn settle(shapes: &[Shape]) -> Vec<Vec<String>> {
    let mut settled: Vec<Vec<String>> = shapes.iter().map(|shape| shape.words.clone()).collect();
    rounds(&mut settled, shapes);
    // Only now: before, `host1 (address)` and `host (address)` would differ in their lengths.
    for words in &mut settled {
        squeeze(words, explains);
    }
    rounds(&mut settled, shapes);
    settled
}

fn rounds(settled: &mut [Vec<String>], shapes: &[Shape]) {
    for _ in 0..ROUNDS_MAX {
        let opened = round(settled, shapes);
        if opened.is_empty() {
            break;
        }
        for (index, words) in settled.iter_mut().enumerate() {
            if let Some(positions) = opened.get(&index) {
                for &position in positions {
                    words[position] = open(&words[position]);
                }
                squeeze(words, continues);
            }
        }
    }
}

/// A word as a variable; brackets around it and the punctuation behind it stay.
fn open(word: &str) -> String {
    if word.contains(WILDCARD) {
        return word.to_owned();
    }
    let core = core(word);
    if core.is_empty() {
        return WILDCARD.to_owned();
    }
    let start = word.len() - word.trim_start_matches(is_fence).len();
    format!("{}{WILDCARD}{}", &word[..start], &word[start + core.len()..])
}

fn core(word: &str) -> &str {
    word.trim_matches(is_fence)
}

/// Takes words into the variable before them.
fn squeeze(words: &mut Vec<String>, belongs: fn(&str, &str) -> bool) {
    let mut at = 1;
    while at < words.len() {
        if belongs(&words[at - 1], &words[at]) {
            let tail = words[at].strip_prefix(WILDCARD).unwrap_or_default();
            words[at - 1] = format!("{WILDCARD}{tail}");
            words.remove(at);
        } else {
            at += 1;
        }
    }
}

/// For each shape that has some, the positions that turn out to be open.
fn round(settled: &[Vec<String>], shapes: &[Shape]) -> BTreeMap<usize, Vec<usize>> {
    let sums: Vec<u64> = settled.iter().map(|words| sum(words)).collect();
    let n_positions = settled.iter().map(Vec::len).max().unwrap_or(0);
    let mut opened: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    // One position after the other, so that the families of all of them need not be held at once.
    for at in 0..n_positions {
        let mut families: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (index, words) in settled.iter().enumerate() {
            let Some(word) = words.get(at) else { continue };
            // The fences stay when a word is opened, so they belong to what is equal.
            let (own, fences) = (hash_of(word.as_bytes()), hash_of(open(word).as_bytes()));
            let rest = sums[index].wrapping_sub(placed(own, at)).wrapping_add(placed(fences, at));
            families.entry(rest.wrapping_add(words.len() as u64)).or_default().push(index);
        }
        for members in families.into_values().filter(|members| members.len() > 1) {
            let mut values: BTreeMap<&str, u64> = BTreeMap::new();
            for &index in &members {
                *values.entry(&settled[index][at]).or_default() += shapes[index].n_lines;
            }
            if values.len() < 2 || !is_open(&values, n_sentence(&settled[members[0]], at)) {
                continue;
            }
            for &index in members.iter().filter(|&&index| !settled[index][at].contains(WILDCARD)) {
                opened.entry(index).or_default().push(at);
            }
        }
    }
    opened
}

/// What a word adds to the hash of its shape: other at each position.
fn placed(hash: u64, at: usize) -> u64 {
    let mixed = (hash ^ (at as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed ^ (mixed >> 31)
}

fn sum(words: &[String]) -> u64 {
    let places = words.iter().enumerate();
    places.fold(0_u64, |sum, (at, word)| sum.wrapping_add(placed(hash_of(word.as_bytes()), at)))
}

/// Words besides the one at `at` that say something.
fn n_sentence(words: &[String], at: usize) -> usize {
    let says = |word: &String| word.replace(WILDCARD, "").bytes().any(|b| b.is_ascii_alphabetic() || b >= 0x80);
    words.iter().enumerate().filter(|(index, word)| *index != at && says(word)).count()
}

/// Whether the words at one position are an open class; `n_sentence` words are equal besides.
fn is_open(values: &BTreeMap<&str, u64>, n_sentence: usize) -> bool {
    let n_values = values.len();
    let has_masked = values.keys().any(|word| word.contains(WILDCARD));
    let all_names = values.keys().all(|word| word.contains(WILDCARD) || is_name(core(word)));
    let n_once = values.values().filter(|&&n_lines| n_lines == 1).count();
    let n_lines: u64 = values.values().sum();
    let unseen = n_once as f64 / n_lines as f64;
    match n_sentence {
        0 => false,
        1 => n_values >= 2 * VALUES_OPEN,
        2 => n_values >= VALUES_OPEN || has_masked || all_names,
        _ => n_values >= VALUES_OPEN || has_masked || all_names || (n_values >= VALUES_COUNTED && unseen >= UNSEEN_MIN),
    }
}

/// Whether a word looks like the name of a thing: with digits or signs inside, or dotted like a host.
fn is_name(core: &str) -> bool {
    core.bytes().any(|b| b.is_ascii_digit() || matches!(b, b'_' | b'/' | b'\\' | b'@'))
        || (core.matches('.').count() >= 2 && core.bytes().all(|b| !b.is_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn templates(shapes: &[(&str, u64)]) -> Vec<String> {
        let shapes: Vec<Shape> = shapes
            .iter()
            .map(|(text, n_lines)| Shape { words: text.split(' ').map(str::to_owned).collect(), n_lines: *n_lines })
            .collect();
        settle(&shapes).into_iter().map(|words| words.join(" ")).collect()
    }

    #[test]
    fn many_words_at_one_position_are_a_variable() {
        let found = templates(&[
            ("invalid user anna from <*>", 90),
            ("invalid user bela from <*>", 80),
            ("invalid user carl from <*>", 70),
            ("invalid user dora from <*>", 60),
            ("invalid user emil from <*>", 50),
        ]);
        assert!(found.iter().all(|text| text == "invalid user <*> from <*>"), "{found:?}");
    }

    #[test]
    fn two_words_that_both_come_often_are_two_sentences() {
        let shapes = [("session opened for user <*>", 90), ("session closed for user <*>", 80)];
        assert_eq!(templates(&shapes), shapes.map(|(text, _)| text));
    }

    #[test]
    fn three_words_seen_once_are_a_variable_and_three_common_ones_are_not() {
        let shapes = |n| [("a b c anna", n), ("a b c bela", n), ("a b c carl", n)];
        assert_eq!(templates(&shapes(1)), ["a b c <*>"; 3]);
        assert_eq!(templates(&shapes(50)), ["a b c anna", "a b c bela", "a b c carl"]);
    }

    #[test]
    fn a_word_beside_a_masked_one_is_a_variable() {
        assert_eq!(
            templates(&[("found child <*> gone", 5), ("found child none gone", 1)]),
            ["found child <*> gone"; 2]
        );
    }

    #[test]
    fn an_address_behind_its_host_is_no_second_variable() {
        let found = templates(&[("peer up <*> (<*>) at", 5), ("peer up gw (<*>) at", 1), ("peer up <*> at", 1)]);
        assert_eq!(found, ["peer up <*> at"; 3]);
    }
}
