//! Compressed streams: which codec packed one, and its bytes unpacked.
//!
//! Every codec reads streams that were joined, one behind the other, to the end of the last, and gives
//! what stands before a defect. What a stream asks of memory is bounded by [`WINDOW_MAX`].

use std::io::{self, BufReader, Read};

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;

use super::place::BLOCK;
use super::xz::Xz;
use super::zstd::Zstd;

/// Bytes of text behind a place that it may refer to, and so the memory of a decoder: what `zstd`
/// opens without being told to, and twice the largest preset of `xz`.
pub(super) const WINDOW_MAX: u64 = 128 << 20;

/// How a stream is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    /// Gzip.
    Gzip,
    /// Bzip2.
    Bzip2,
    /// Xz.
    Xz,
    /// Zstandard.
    Zstd,
}

/// The error of a stream that refers further back than the bound.
#[derive(Debug, thiserror::Error)]
#[error("refers to text further back than is held in memory")]
pub(super) struct WindowTooLarge;

impl Codec {
    /// The codec of a stream that begins with `head`.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            // A block, or the end of a stream without one: digits of pi, or of its root.
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, ..] => Some(Self::Bzip2),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            _ if super::zstd::begins(head) => Some(Self::Zstd),
            _ => None,
        }
    }

    /// The bytes behind the compressed ones.
    pub(super) fn unpack(self, packed: Box<dyn Read>) -> Box<dyn Read> {
        let packed = BufReader::with_capacity(BLOCK, packed);
        match self {
            Self::Gzip => fused(MultiGzDecoder::new(packed)),
            Self::Bzip2 => fused(MultiBzDecoder::new(packed)),
            Self::Xz => fused(Xz::new(packed)),
            Self::Zstd => fused(Zstd::new(packed)),
        }
    }
}

fn fused(bytes: impl Read + 'static) -> Box<dyn Read> {
    Box::new(Fused(Some(bytes)))
}

/// A reader that is not asked again once it failed: a decoder may be in no state for it.
struct Fused<R>(Option<R>);

impl<R: Read> Read for Fused<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(bytes) = &mut self.0 else { return Ok(0) };
        let outcome = bytes.read(buffer);
        if outcome.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::Interrupted) {
            self.0 = None;
        }
        outcome
    }
}
