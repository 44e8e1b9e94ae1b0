//! The shape of a text: what is left when its numbers are taken for one another.
//!
//! A service writes a few hundred different messages a million times, with other numbers each time. What a
//! message means is looked up by its shape, so the rules run once a shape. Numbers that a rule names
//! (Winsock 10061, HTTP 503) and zeros (`0 errors`) stay what they are.

/// Numbers that make a difference: those that rules name, and all that consist of zeros.
#[derive(Debug, Default)]
pub(crate) struct Telling {
    /// Each as its value and its length, in order: `007` is not `7`.
    numbers: Vec<(u64, usize)>,
    /// One bit for each place that one of them falls on; most numbers of a log fall beside.
    seen: Seen,
}

/// 64 places times 64.
#[derive(Debug)]
struct Seen([u64; 64]);

impl Default for Seen {
    fn default() -> Self {
        Self([0; 64])
    }
}

impl Seen {
    fn place(value: u64, len: usize) -> (usize, u64) {
        let spread = (value ^ (len as u64) << 56).wrapping_mul(OFFSET);
        ((spread >> 58) as usize, 1 << (spread >> 52 & 63))
    }
}

/// Digits in a row that may be one of a rule's.
const RUN_MAX: usize = 16;
/// What stands for any other number.
const ANY: u8 = b'7';

impl Telling {
    /// Collects the numbers that stand in the texts and expressions of rules.
    ///
    /// A number in an expression must stand there whole: `500|503`, not `50[03]`. Counts of repetitions (`{0,3}`)
    /// are none.
    pub(crate) fn in_rules<'r>(rules: impl Iterator<Item = &'r str>) -> Self {
        let mut telling = Self::default();
        for rule in rules {
            let mut in_braces = false;
            let mut run = Vec::new();
            for byte in rule.bytes().chain([b' ']) {
                match byte {
                    b'{' => in_braces = true,
                    b'}' => in_braces = false,
                    _ => {}
                }
                if byte.is_ascii_digit() && !in_braces {
                    run.push(byte);
                } else if !run.is_empty() {
                    let number = std::mem::take(&mut run);
                    if number.len() <= RUN_MAX {
                        telling.numbers.push((value(&number), number.len()));
                    }
                }
            }
        }
        telling.numbers.sort_unstable();
        telling.numbers.dedup();
        for &(value, len) in &telling.numbers {
            let (word, bit) = Seen::place(value, len);
            telling.seen.0[word] |= bit;
        }
        telling
    }

    fn tells(&self, run: &[u8]) -> bool {
        if run.len() > RUN_MAX {
            return run.iter().all(|digit| *digit == b'0');
        }
        self.tells_value(value(run), run.len())
    }

    fn tells_value(&self, value: u64, len: usize) -> bool {
        let (word, bit) = Seen::place(value, len);
        value == 0 || self.seen.0[word] & bit != 0 && self.numbers.binary_search(&(value, len)).is_ok()
    }

    /// The text with every number that tells nothing replaced by one and the same.
    pub(crate) fn masked(&self, text: &str) -> String {
        let mut masked = String::with_capacity(text.len());
        for run in text.as_bytes().chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()) {
            if run[0].is_ascii_digit() && !self.tells(run) {
                masked.push(char::from(ANY));
            } else {
                // A run of digits or of others ends where a character ends.
                masked.push_str(&String::from_utf8_lossy(run));
            }
        }
        masked
    }

    /// A number for the masked text, without writing it: equal for equal shapes, and different for others but
    /// for chance (64 bits).
    pub(crate) fn hash(&self, text: &str, seed: u64) -> u64 {
        let bytes = text.as_bytes();
        let mut hash = Hash(seed ^ OFFSET);
        let mut at = 0;
        while at < bytes.len() {
            let Some(word) = bytes[at..].first_chunk::<8>().map(|word| u64::from_le_bytes(*word)) else {
                let rest = &bytes[at..];
                let n = rest.iter().take_while(|byte| !byte.is_ascii_digit()).count();
                let mut word = [0; 8];
                word[..n].copy_from_slice(&rest[..n]);
                hash.add(u64::from_le_bytes(word), n);
                at += n;
                at += self.add_number(&bytes[at..], &mut hash);
                continue;
            };
            let n = n_before_digit(word);
            hash.add(if n == 8 { word } else { word & ((1 << (8 * n)) - 1) }, n);
            at += n;
            if n < 8 {
                at += self.add_number(&bytes[at..], &mut hash);
            }
        }
        hash.finish()
    }

    /// Adds the number that a text begins with; returns its length.
    fn add_number(&self, text: &[u8], hash: &mut Hash) -> usize {
        let (mut n, mut value) = (0, 0_u64);
        while let Some(digit) = text.get(n).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
            n += 1;
        }
        if n == 0 {
            return 0;
        }
        let run = &text[..n];
        let tells = if n > RUN_MAX { self.tells(run) } else { self.tells_value(value, n) };
        if tells {
            for digit in run {
                hash.add(u64::from(*digit), 9);
            }
        } else {
            hash.add(u64::from(ANY), 9);
        }
        n
    }
}

/// The value of at most [`RUN_MAX`] digits.
fn value(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |value, digit| value * 10 + u64::from(digit - b'0'))
}

/// How many of the eight bytes of a word, from the lowest, stand before the first digit.
pub(crate) fn n_before_digit(word: u64) -> usize {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // Digits become 0 to 9; adding 0x76 to the lower seven bits then leaves the high bit clear for them alone.
    let from_zero = word ^ 0x3030_3030_3030_3030;
    let others = (((from_zero & !HIGH) + 0x7676_7676_7676_7676) | from_zero) & HIGH;
    ((others ^ HIGH).trailing_zeros() / 8) as usize
}

const OFFSET: u64 = 0x51_7c_c1_b7_27_22_0a_95;

/// A multiplicative hash of words, each with how many bytes of it count.
///
/// The upper half of each product is folded into the lower: without that, the last byte of a word reaches only
/// the highest bits, and the first byte of the next word undoes it.
struct Hash(u64);

impl Hash {
    fn add(&mut self, word: u64, n: usize) {
        let product = u128::from(self.0 ^ word ^ ((n as u64) << 59)) * u128::from(OFFSET);
        self.0 = (product ^ (product >> 64)) as u64;
    }

    /// Spreads the bits (the finalizer of MurmurHash3).
    fn finish(self) -> u64 {
        let mut hash = self.0;
        hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        hash ^ (hash >> 33)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn telling() -> Telling {
        Telling::in_rules(["(?:err)\\W{0,3}10061\\b", "500|503"].into_iter())
    }

    #[test]
    fn numbers_that_rules_name_and_zeros_stay() {
        let telling = telling();
        assert_eq!(telling.masked("took 12 ms, error 10061, 0 errors, v3"), "took 7 ms, error 10061, 0 errors, v7");
        assert_eq!(telling.masked("HTTP 503 after 504"), "HTTP 503 after 7");
        let hash = |text: &str| telling.hash(text, 0);
        assert_eq!(hash("took 12 ms"), hash("took 1234567890 ms"));
        assert_ne!(hash("error 10061"), hash("error 10062"));
        assert_ne!(hash("0 errors"), hash("3 errors"));
        assert_ne!(hash("took ms"), hash("took 7 ms"));
        assert_ne!(telling.hash("x", 1), telling.hash("x", 2));
    }

    #[test]
    fn neighbouring_letters_at_the_end_of_a_word_of_memory_make_a_difference() {
        let telling = telling();
        let letters = || ('a'..='z').chain('A'..='Z');
        let pairs = letters().flat_map(|a| letters().map(move |b| format!("The doo{a}{b}is closed")));
        let hashes: BTreeSet<u64> = pairs.map(|text| telling.hash(&text, 0)).collect();
        assert_eq!(hashes.len(), 52 * 52);
    }

    proptest! {
        #[test]
        fn equal_hashes_mean_equal_masks(a in "[ab0179é]{0,20}", b in "[ab0179é]{0,20}") {
            let telling = telling();
            prop_assert_eq!(telling.hash(&a, 3) == telling.hash(&b, 3), telling.masked(&a) == telling.masked(&b));
        }

        #[test]
        fn a_mask_has_the_shape_of_its_text(text in "\\PC{0,60}") {
            let telling = telling();
            prop_assert_eq!(telling.hash(&text, 0), telling.hash(&telling.masked(&text), 0));
        }
    }
}
