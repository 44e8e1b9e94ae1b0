//! A cheap fingerprint of a message: messages of equal fingerprint have equal shape.
//!
//! Digits are what changes most from line to line. The fingerprint takes every run of letters and digits
//! that is surely a variable for the masks as one symbol; so a message of a known shape is found without
//! masking it. Two shapes share a fingerprint by chance once in 2^64 pairs.

use crate::normalize::message::n_before_digit;

const PRIME: u64 = 0x9E37_79B9_7F4A_7C15;
/// What ends a stretch of text: its own end, a variable of digits, one with letters.
const END: u64 = 0;
const NUMBER: u64 = 1;
const NAME: u64 = 2;

/// The upper half of the product is folded into the lower, so that every bit reaches every other.
fn mix(state: u64, value: u64) -> u64 {
    let product = u128::from(state ^ value) * u128::from(PRIME);
    (product ^ (product >> 64)) as u64
}

/// The fingerprint of a message; other seeds give other fingerprints.
pub(super) fn fingerprint(message: &str, seed: u64) -> u64 {
    let bytes = message.as_bytes();
    // Up to `from` all is taken in; from there to `at` stand no variables.
    let (mut state, mut from, mut at) = (seed ^ PRIME.rotate_left(32), 0, 0);
    while let Some(digit) = digit_from(bytes, at) {
        let (mut start, mut end, mut seen, mut n_digits) = (digit, digit, 0, 0);
        while let Some(kind) = bytes[from..start].last().map(|byte| KINDS[usize::from(*byte)]).filter(|kind| *kind > 0)
        {
            seen |= kind;
            start -= 1;
        }
        while let Some(kind) = bytes.get(end).map(|byte| KINDS[usize::from(*byte)]).filter(|kind| *kind > 0) {
            seen |= kind;
            n_digits += usize::from(kind == DIGIT);
            end += 1;
        }
        // Two digits, or one at an end: a variable whatever the letters are. Otherwise the letters count.
        if n_digits > 1 || start == digit || end == digit + 1 {
            let symbol = if seen & LETTER > 0 { NAME } else { NUMBER };
            state = stretch(state, &bytes[from..start], symbol);
            from = end;
        }
        at = end;
    }
    stretch(state, &bytes[from..], END)
}

/// The place of the first digit from `at` on.
fn digit_from(bytes: &[u8], mut at: usize) -> Option<usize> {
    while let Some(word) = bytes[at..].first_chunk::<8>() {
        match n_before_digit(u64::from_le_bytes(*word)) {
            8 => at += 8,
            n => return Some(at + n),
        }
    }
    bytes[at..].iter().position(u8::is_ascii_digit).map(|n| at + n)
}

/// Takes in a text as it is, and what ends it.
fn stretch(state: u64, bytes: &[u8], end: u64) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let state = words.iter().fold(state, |state, word| mix(state, u64::from_le_bytes(*word)));
    let last = rest.iter().rev().fold(0, |last, byte| last << 8 | u64::from(*byte));
    mix(mix(state, last), (bytes.len() as u64) << 2 | end)
}

/// What belongs to a run of letters and digits, by kind; 0 for the rest.
const KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        kinds[byte] = match byte as u8 {
            b'0'..=b'9' => DIGIT,
            b'a'..=b'z' | b'A'..=b'Z' => LETTER,
            b'_' => JOINT,
            _ => 0,
        };
        byte += 1;
    }
    kinds
};
const DIGIT: u8 = 1;
const LETTER: u8 = 2;
const JOINT: u8 = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::template::mask::shape_of;
    use proptest::prelude::*;

    fn shape(message: &str) -> String {
        let mut shape = String::new();
        shape_of(message, &mut shape);
        shape
    }

    #[test]
    fn numbers_do_not_matter_and_words_do() {
        assert_eq!(fingerprint("took 5 ms at 0x1f2", 0), fingerprint("took 1723 ms at 0xa0b", 0));
        assert_ne!(fingerprint("took 5 ms", 0), fingerprint("takes 5 ms", 0));
        assert_ne!(fingerprint("log4j on", 0), fingerprint("logAj on", 0));
        assert_ne!(fingerprint("jk2_init()", 0), fingerprint("jk3_init()", 0));
        assert_ne!(fingerprint("took 5 ms", 0), fingerprint("took x5 ms", 0));
        assert_ne!(fingerprint("took 5 ms", 0), fingerprint("took 5 ms", 1));
    }

    #[test]
    fn every_two_letters_make_a_difference() {
        let letters = || ('a'..='z').chain('A'..='Z');
        for (n_before, between) in (0..8).flat_map(|n| [(n, ""), (n, "bcdefgh")]) {
            let lead = "x".repeat(n_before);
            let pairs = letters().flat_map(|a| letters().map(move |b| (a, b)));
            let texts = pairs.map(|(a, b)| format!("till 17 {lead}{a}{between}{b} is jammed at 5"));
            let found: std::collections::BTreeSet<u64> = texts.map(|text| fingerprint(&text, 0)).collect();
            assert_eq!(found.len(), 52 * 52, "{n_before} {between}");
        }
    }

    proptest! {
        /// Letters beside digits and the digits themselves may change: equal fingerprints mean equal shapes.
        #[test]
        fn equal_fingerprints_mean_equal_shapes(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "a", "7", "12", "b3", "_", " ", "=", "/", ".", "-", ":", "ms", "(", ")", "{", "}", "\"", "Jun", "<",
                "@", ",", "true", "://", "xyz", "[", "]", "x2y", "e4", "+",
            ]), 0..14),
            digits in prop::collection::vec(0..10_u8, 14 * 2),
        ) {
            let message: String = pieces.concat();
            let mut digits = digits.into_iter();
            let changed: String = message
                .chars()
                .map(|c| match c {
                    '0'..='9' => char::from(b'0' + digits.next().unwrap_or(0)),
                    _ => c,
                })
                .collect();
            if fingerprint(&message, 0) == fingerprint(&changed, 0) {
                prop_assert_eq!(shape(&message), shape(&changed));
            }
        }
    }
}
