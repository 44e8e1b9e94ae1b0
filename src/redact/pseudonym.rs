//! The names that stand for others.

use std::collections::BTreeMap;
use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A shorter key could be guessed, and names behind a known key are found by trying them all.
pub const MIN_KEY_BYTES: usize = 16;

/// Letters of a pseudonym: no vowel, so that no word comes out, and nothing that looks like another.
const LETTERS: &[u8; 30] = b"0123456789bcdfghjkmnpqrstvwxyz";
/// Of a hundred thousand names any two agree with a chance of 1 in 100,000.
const N_LETTERS: usize = 10;

/// A secret by which a name gets the same pseudonym in every run.
#[derive(Clone)]
pub struct Key(Vec<u8>);

impl Key {
    /// Takes the bytes of a key file; line breaks at its end do not count. `None` if it is too short.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.trim_ascii_end();
        (bytes.len() >= MIN_KEY_BYTES).then(|| Self(bytes.to_vec()))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// What kind of thing a name names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    User,
    Sid,
    Host,
    Address,
    Domain,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Sid => "sid",
            Self::Host => "host",
            Self::Address => "address",
            Self::Domain => "domain",
        }
    }
}

/// Hands out one pseudonym a name.
#[derive(Debug)]
pub(super) struct Pseudonyms {
    key: Option<Key>,
    known: BTreeMap<(Kind, String), String>,
    n: BTreeMap<Kind, usize>,
}

impl Pseudonyms {
    pub(super) fn new(key: Option<Key>) -> Self {
        Self { key, known: BTreeMap::new(), n: BTreeMap::new() }
    }

    pub(super) fn is_keyed(&self) -> bool {
        self.key.is_some()
    }

    /// Whether the name has a pseudonym of that kind.
    pub(super) fn knows(&self, kind: Kind, name: &str) -> bool {
        self.known.contains_key(&(kind, name.to_owned()))
    }

    /// Returns the pseudonym of a name in its canonical spelling.
    pub(super) fn of(&mut self, kind: Kind, name: &str) -> String {
        if let Some(known) = self.known.get(&(kind, name.to_owned())) {
            return known.clone();
        }
        let given = if let Some(key) = &self.key {
            format!("{}-{}", kind.word(), digest(key, kind, name))
        } else {
            let n = self.n.entry(kind).or_default();
            *n += 1;
            // With leading zeros, so that they sort as they count.
            format!("{}-{n:03}", kind.word())
        };
        self.known.insert((kind, name.to_owned()), given.clone());
        given
    }
}

fn digest(key: &Key, kind: Kind, name: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(&key.0).expect("a key may have any length");
    mac.update(kind.word().as_bytes());
    mac.update(&[0]);
    mac.update(name.as_bytes());
    let bytes = mac.finalize().into_bytes();
    let bits = bytes.iter().take(8).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    (0..N_LETTERS)
        .scan(bits, |rest, _| {
            let letter = LETTERS[(*rest % LETTERS.len() as u64) as usize];
            *rest /= LETTERS.len() as u64;
            Some(char::from(letter))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_gives_the_same_pseudonym_in_every_run_and_another_for_every_kind_and_key() {
        let mut one = Pseudonyms::new(Key::new(b"sixteen bytes or more\n"));
        let mut other = Pseudonyms::new(Key::new(b"sixteen bytes or more"));
        let mut third = Pseudonyms::new(Key::new(b"another key of sixteen"));
        other.of(Kind::User, "berta");
        let anna = one.of(Kind::User, "anna");
        assert_eq!(anna, other.of(Kind::User, "anna"));
        assert_ne!(anna, third.of(Kind::User, "anna"));
        assert_ne!(anna.trim_start_matches("user"), one.of(Kind::Host, "anna").trim_start_matches("host"));
        assert!(anna.starts_with("user-") && anna.len() == "user-".len() + N_LETTERS, "{anna}");
    }

    /// RFC 4231 gives no test with this layout; the value is what Python's `hmac` says:
    /// `hmac.new(b"sixteen bytes or more", b"user\0anna", "sha256").digest()[:8]`, in base 30, least digit first.
    #[test]
    fn the_digest_is_that_of_another_implementation() {
        let mut one = Pseudonyms::new(Key::new(b"sixteen bytes or more"));
        assert_eq!(one.of(Kind::User, "anna"), "user-c24mjj530v");
    }

    #[test]
    fn without_a_key_numbers_count_by_first_appearance() {
        let mut names = Pseudonyms::new(None);
        assert_eq!(names.of(Kind::User, "zoe"), "user-001");
        assert_eq!(names.of(Kind::User, "anna"), "user-002");
        assert_eq!(names.of(Kind::User, "zoe"), "user-001");
        assert_eq!(names.of(Kind::Host, "RDS01"), "host-001");
    }

    #[test]
    fn a_key_that_could_be_guessed_is_none() {
        assert!(Key::new(b"short\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n").is_none());
    }
}
