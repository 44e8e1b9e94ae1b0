//! Unpacks `.zst`: all frames of it, those that only carry remarks skipped.

use std::io::{self, BufRead, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::codec::{WINDOW_MAX, WindowTooLarge};

const FRAME: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The last block of a frame, with nothing in it, and room for a checksum.
const EMPTY_LAST_BLOCK: [u8; 7] = [1, 0, 0, 0, 0, 0, 0];

/// Whether a head begins a frame, or frames to be skipped and then one.
pub(super) fn begins(head: &[u8]) -> bool {
    let mut rest = head;
    while let [0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d, ..] = *rest {
        let n_bytes = u32::from_le_bytes([a, b, c, d]) as usize;
        rest = rest.get(8..).and_then(|rest| rest.get(n_bytes..)).unwrap_or_default();
    }
    rest.starts_with(&FRAME)
}

/// The unpacked bytes.
pub(super) struct Zstd<R> {
    packed: R,
    decoder: FrameDecoder,
    is_in_frame: bool,
    failure: Option<io::Error>,
}

impl<R: BufRead> Zstd<R> {
    /// Unpacks `packed`.
    pub(super) fn new(packed: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(WINDOW_MAX);
        Self { packed, decoder, is_in_frame: false, failure: None }
    }

    /// Begins the next frame; `false` at the end.
    fn next_frame(&mut self) -> io::Result<bool> {
        if self.packed.fill_buf()?.is_empty() {
            return Ok(false);
        }
        match self.decoder.reset(&mut self.packed) {
            Ok(()) => self.is_in_frame = true,
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                let n_skipped = io::copy(&mut (&mut self.packed).take(u64::from(length)), &mut io::sink())?;
                if n_skipped < u64::from(length) {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            Err(error) => return Err(failure(&error)),
        }
        Ok(true)
    }

    /// Decodes the next block. Of a frame that breaks off, what is decoded is still there: an end of our
    /// own makes the decoder give it.
    fn next_block(&mut self) {
        let Err(error) = self.decoder.decode_blocks(&mut self.packed, BlockDecodingStrategy::UptoBlocks(1)) else {
            return;
        };
        self.failure = Some(failure(&error));
        let ended = self.decoder.decode_blocks(EMPTY_LAST_BLOCK.as_slice(), BlockDecodingStrategy::UptoBlocks(1));
        self.is_in_frame = ended.is_ok();
    }
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if self.is_in_frame && self.decoder.can_collect() > 0 {
                return self.decoder.read(buffer);
            }
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            if !self.is_in_frame {
                if !self.next_frame()? {
                    return Ok(0);
                }
            } else if self.decoder.is_finished() {
                self.is_in_frame = false;
                let stated = self.decoder.get_checksum_from_data();
                if stated.is_some() && stated != self.decoder.get_calculated_checksum() {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "fails its checksum"));
                }
            } else {
                self.next_block();
            }
        }
    }
}

fn failure(error: &FrameDecoderError) -> io::Error {
    if matches!(error, FrameDecoderError::WindowSizeTooBig { .. }) {
        return io::Error::other(WindowTooLarge);
    }
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return error.kind().into();
        }
        cause = error.source();
    }
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}
