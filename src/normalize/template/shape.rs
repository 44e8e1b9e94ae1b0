//! A cheap fingerprint of a message: messages of equal fingerprint have equal shape.
//!
//! Digits are what changes most from line to line. The fingerprint takes every run of letters and digits
//! that is surely a variable for the masks as one symbol; so a message of a known shape is found without
//! masking it. Two shapes share a fingerprint by chance once in 2^64 pairs.

const PRIME: u64 = 0x9E37_79B9_7F4A_7C15;

fn mix(state: u64, value: u64) -> u64 {
    (state.rotate_left(5) ^ value).wrapping_mul(PRIME)
}

/// The fingerprint of a message.
pub(super) fn fingerprint(message: &str) -> u64 {
    let bytes = message.as_bytes();
    let (mut state, mut at) = (0, 0);
    while at < bytes.len() {
        let byte = bytes[at];
        if !is_run(byte) {
            state = mix(state, u64::from(byte));
            at += 1;
            continue;
        }
        let start = at;
        let (mut run, mut n_digits, mut n_others) = (0, 0_usize, 0_usize);
        while at < bytes.len() && is_run(bytes[at]) {
            run = mix(run, u64::from(bytes[at]));
            n_digits += usize::from(bytes[at].is_ascii_digit());
            n_others += usize::from(bytes[at] == b'_');
            at += 1;
        }
        // Two digits, or one at an end: a variable whatever the letters are. Otherwise the letters count.
        let at_end = bytes[start].is_ascii_digit() || bytes[at - 1].is_ascii_digit();
        let has_letters = n_digits + n_others < at - start;
        let is_variable = n_digits > 1 || (n_digits == 1 && at_end);
        state = mix(state, if is_variable { 256 + u64::from(has_letters) } else { run | 512 });
    }
    state ^ (state >> 29)
}

fn is_run(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

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
        assert_eq!(fingerprint("took 5 ms at 0x1f2"), fingerprint("took 1723 ms at 0xa0b"));
        assert_ne!(fingerprint("took 5 ms"), fingerprint("takes 5 ms"));
        assert_ne!(fingerprint("log4j on"), fingerprint("logAj on"));
        assert_ne!(fingerprint("jk2_init()"), fingerprint("jk3_init()"));
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
            if fingerprint(&message) == fingerprint(&changed) {
                prop_assert_eq!(shape(&message), shape(&changed));
            }
        }
    }
}
