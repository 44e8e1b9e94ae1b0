//! The chunks of a file as they come out of the stream, a group at a time.

use std::io::{ErrorKind, Read};

use super::account::Account;
use super::chunk::{CHUNK_LEN, CHUNK_MAGIC};
use super::file_header::{self, FILE_HEADER_LEN, FileHeader};
use super::sift::Sifted;
use crate::diagnostic::Code;

/// A chunk and what it comes to.
#[derive(Default)]
pub(super) struct Work<T> {
    /// Its bytes: fewer than a chunk has at the end of a file that was cut.
    pub(super) chunk: Vec<u8>,
    /// Where it is in the file.
    pub(super) offset: u64,
    /// What its records come to, beside those that are wanted.
    pub(super) sifted: Sifted,
    /// What was made of its table.
    pub(super) made: T,
}

/// Chunks that are read, decoded and delivered together.
pub(super) struct Group<T> {
    /// The chunks; those behind the first `n_used` are room of a former use.
    pub(super) works: Vec<Work<T>>,
    /// How many there are.
    pub(super) n_used: usize,
}

impl<T> Default for Group<T> {
    fn default() -> Self {
        Self { works: Vec::new(), n_used: 0 }
    }
}

/// The chunks of a stream.
pub(super) struct Chunks<'b> {
    bytes: &'b mut dyn Read,
    header: Option<FileHeader>,
    offset: u64,
    is_at_end: bool,
    /// What was read as a header and belongs to the first chunk.
    carried: Vec<u8>,
}

impl<'b> Chunks<'b> {
    /// Reads the header; `None` if the file ends in it.
    pub(super) fn open(bytes: &'b mut dyn Read, account: &mut Account<'_>) -> Option<Self> {
        let mut chunks = Self { bytes, header: None, offset: 0, is_at_end: false, carried: Vec::new() };
        let mut head = Vec::new();
        chunks.append(&mut head, FILE_HEADER_LEN, account);
        chunks.header = file_header::parse(&head);
        match &chunks.header {
            Some(header) if header.is_sound => {}
            Some(_) => account.report(Code::EvtxHeaderDamaged, 0, 1, "the file header fails its checksum"),
            None => account.report(Code::EvtxHeaderDamaged, 0, 1, "there is no file header"),
        }
        // Chunks that were cut out of a file come without its header.
        if chunks.header.is_none() && head.starts_with(CHUNK_MAGIC) {
            chunks.carried = head;
        } else if head.len() < FILE_HEADER_LEN {
            account.report(Code::EvtxTruncated, head.len() as u64, 1, "the file ends inside its header");
            return None;
        } else {
            chunks.offset = FILE_HEADER_LEN as u64;
        }
        Some(chunks)
    }

    /// Reads the next chunks; `false` if there is none.
    pub(super) fn fill<T: Default>(
        &mut self,
        group: &mut Group<T>,
        n_chunks: usize,
        account: &mut Account<'_>,
    ) -> bool {
        group.n_used = 0;
        while group.n_used < n_chunks && !(self.is_at_end && self.carried.is_empty()) {
            if group.works.len() == group.n_used {
                group.works.push(Work::default());
            }
            let work = &mut group.works[group.n_used];
            work.offset = self.offset;
            let n_carried = self.carried.len();
            if n_carried > 0 {
                work.chunk.clear();
                work.chunk.append(&mut self.carried);
            }
            self.append_after(&mut work.chunk, n_carried, CHUNK_LEN, account);
            self.offset += work.chunk.len() as u64;
            group.n_used += usize::from(!work.chunk.is_empty());
        }
        group.n_used > 0
    }

    /// Returns the header of the file, and where the last chunk ends.
    pub(super) fn into_header_and_end(self) -> (Option<FileHeader>, u64) {
        (self.header, self.offset)
    }

    /// Reads up to `len` bytes more.
    fn append(&mut self, into: &mut Vec<u8>, len: usize, account: &mut Account<'_>) {
        let kept = into.len();
        self.append_after(into, kept, kept + len, account);
    }

    /// Reads behind the first `kept` bytes until there are `len`; what stood there is written over.
    fn append_after(&mut self, into: &mut Vec<u8>, kept: usize, len: usize, account: &mut Account<'_>) {
        // Grows once; later chunks find the room that the first one made.
        into.resize(len, 0);
        let mut n_filled = kept;
        while n_filled < len && !self.is_at_end {
            match self.bytes.read(&mut into[n_filled..]) {
                Ok(0) => self.is_at_end = true,
                Ok(n) => n_filled += n,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    account.failed(&error);
                    self.is_at_end = true;
                }
            }
        }
        into.truncate(n_filled);
    }
}
