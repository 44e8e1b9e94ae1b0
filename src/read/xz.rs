//! Unpacks `.xz`, streams that were joined included.

use std::io::{self, BufRead, Read};

use lzma_rust2::{Action, Status, XzStream};

use super::codec::{WINDOW_MAX, WindowTooLarge};

/// What a decoder needs beside its window, in KiB.
const OVERHEAD_KIB: u32 = 1024;
/// From here on a stream must hold at least seven eighths of its own size: the decoder keeps sixteen
/// bytes of every block, and blocks of next to nothing would make it keep as much as the file holds.
const TINY_BLOCKS_FROM: u64 = 1 << 20;

/// The unpacked bytes.
pub(super) struct Xz<R> {
    packed: R,
    stream: XzStream,
    failure: Option<io::Error>,
}

impl<R: BufRead> Xz<R> {
    /// Unpacks `packed`.
    pub(super) fn new(packed: R) -> Self {
        let limit_kib = (WINDOW_MAX >> 10) as u32 + OVERHEAD_KIB;
        Self { packed, stream: XzStream::new_mem_limit(true, limit_kib), failure: None }
    }
}

impl<R: BufRead> Read for Xz<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if let Some(failure) = self.failure.take() {
                return Err(failure);
            }
            let input = self.packed.fill_buf()?;
            let action = if input.is_empty() { Action::Finish } else { Action::Run };
            let n_before = self.stream.total_out();
            let outcome = self.stream.process(input, buffer, action);
            let n_produced = (self.stream.total_out() - n_before) as usize;
            match outcome {
                Ok(step) => {
                    let is_stalled = step.bytes_consumed == 0 && n_produced == 0;
                    self.packed.consume(step.bytes_consumed);
                    let (n_in, n_out) = (self.stream.total_in(), self.stream.total_out());
                    if n_in > TINY_BLOCKS_FROM && n_out < n_in / 8 * 7 {
                        self.failure = Some(io::Error::new(io::ErrorKind::InvalidData, "blocks of next to nothing"));
                    } else if n_produced == 0 && step.status == Status::StreamEnd {
                        return Ok(0);
                    } else if is_stalled {
                        self.failure = Some(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::OutOfMemory => {
                    self.failure = Some(io::Error::other(WindowTooLarge));
                }
                Err(error) => self.failure = Some(error),
            }
            // What came before a defect is handed on first.
            if n_produced > 0 {
                return Ok(n_produced.min(buffer.len()));
            }
        }
    }
}
