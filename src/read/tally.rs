//! Counts and digests what is read from a source, and keeps its failure for the balance.
//!
//! A container sees the end of the bytes where reading them failed: what came before is read as
//! usual, and the failure becomes one diagnostic.

use std::fmt::Write as _;
use std::io::{self, Read};

use sha2::{Digest, Sha256};

use super::codec::WindowTooLarge;
use super::place::{BLOCK, Excess, Place};
use crate::diagnostic::{Code, Diagnostic};

/// The bytes of one source on their way to a container.
pub(super) struct Tally {
    bytes: Option<Box<dyn Read>>,
    is_packed: bool,
    n_bytes: u64,
    /// None where nobody asks for it: it costs as much as splitting the text into lines.
    digest: Option<Sha256>,
    failure: Option<io::Error>,
}

impl Tally {
    /// Opens a place; that it cannot be opened shows at the end.
    pub(super) fn open(place: &Place, digests: bool) -> Self {
        let (bytes, failure) = match place.open() {
            Ok(bytes) => (Some(bytes), None),
            Err(error) => (None, Some(error)),
        };
        Self { bytes, is_packed: place.is_packed(), n_bytes: 0, digest: digests.then(Sha256::new), failure }
    }

    /// Reads what the container left over, and returns length, digest and what went wrong.
    pub(super) fn finish(mut self, path: &str) -> (u64, String, Option<Diagnostic>) {
        let mut rest = vec![0; BLOCK];
        while self.read(&mut rest).is_ok_and(|n| n > 0) {}
        let diagnostic = self.failure.map(|error| diagnose(&error, self.is_packed, path));
        let digest = self.digest.map(|digest| hexadecimal(&digest.finalize())).unwrap_or_default();
        (self.n_bytes, digest, diagnostic)
    }
}

impl Read for Tally {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(bytes) = &mut self.bytes else { return Ok(0) };
        loop {
            match bytes.read(buffer) {
                Ok(n) => {
                    self.n_bytes += n as u64;
                    if let Some(digest) = &mut self.digest {
                        digest.update(&buffer[..n]);
                    }
                    return Ok(n);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failure = Some(error);
                    self.bytes = None;
                    return Ok(0);
                }
            }
        }
    }
}

/// Returns the diagnostic of a failed read.
pub(super) fn diagnose(error: &io::Error, is_packed: bool, path: &str) -> Diagnostic {
    let cause = error.get_ref();
    if cause.is_some_and(<dyn std::error::Error + Send + Sync>::is::<WindowTooLarge>) {
        return Diagnostic::new(Code::ExpansionTooLarge, path, None, WindowTooLarge.to_string());
    }
    if cause.is_some_and(<dyn std::error::Error + Send + Sync>::is::<Excess>) {
        return Diagnostic::new(Code::ExpansionTooLarge, path, None, "expands beyond the bound; the rest is left out");
    }
    let code = if is_packed { Code::ArchiveDamaged } else { Code::SourceUnreadable };
    Diagnostic::new(code, path, None, error.kind().to_string())
}

/// Returns bytes as lower-case hexadecimal digits.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_covers_what_no_container_asked_for() {
        let mut tally = Tally::open(&Place::memory(b"abc".to_vec()), true);
        tally.read_exact(&mut [0; 1]).unwrap();
        let (n_bytes, sha256, diagnostic) = tally.finish("x");
        assert_eq!(n_bytes, 3);
        // FIPS 180-2, appendix B.1.
        assert_eq!(sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(diagnostic, None);
    }

    #[test]
    fn a_failure_is_an_end_and_one_diagnostic() {
        let mut tally = Tally::open(&Place::memory(vec![0; 200_000]).bounded(100_000), true);
        let n = io::copy(&mut tally, &mut io::sink()).unwrap();
        assert!(n <= 100_000);
        let (n_bytes, _, diagnostic) = tally.finish("x");
        assert_eq!(n_bytes, n);
        assert_eq!(diagnostic.unwrap().code, Code::ExpansionTooLarge);
        let (_, _, missing) = Tally::open(&Place::file("no/such/file".into()), true).finish("x");
        assert_eq!(missing.unwrap().code, Code::SourceUnreadable);
    }
}
