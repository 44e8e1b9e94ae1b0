//! Opens what is packed under one given file, down to the sources.
//!
//! What a file is packed with, its first bytes tell. All that lies under one file shares a [`Budget`].

use std::io::{self, Read};

use sha2::{Digest, Sha256};

use super::archive::{Budget, DEPTH_MAX, Listing, members};
use super::codec::Codec;
use super::place::{Coat, Place, Room};
use super::seven_zip;
use super::sniff::{HEAD_BYTES, recognize};
use super::source::{Source, SourceName};
use super::tally::{Tally, diagnose};
use super::tar;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::SourceId;

/// A file on the disk or standard input, and what reports call it.
pub(super) struct Given {
    pub(super) path: String,
    pub(super) place: Place,
    pub(super) n_bytes_stored: u64,
}

/// A source before it has its number.
pub(super) struct Leaf {
    pub(super) source: Source,
    /// The digest of its first bytes; `None` if it is empty.
    pub(super) start: Option<[u8; 32]>,
    /// Its size after decompression, where a directory or a measurement tells.
    pub(super) n_bytes: Option<u64>,
}

/// What lies under one given file.
pub(super) struct Unfolding<'r> {
    pub(super) leaves: Vec<Leaf>,
    pub(super) diagnostics: Vec<Diagnostic>,
    budget: Budget,
    room: &'r Room,
}

/// How a file is packed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Packing {
    Stream(Codec),
    Zip,
    Tar,
    SevenZip,
}

impl Packing {
    fn of(head: &[u8]) -> Option<Self> {
        if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
            return Some(Self::Zip);
        }
        if seven_zip::begins(head) {
            return Some(Self::SevenZip);
        }
        let stream = Codec::of(head).map(Self::Stream);
        stream.or_else(|| tar::begins(head).then_some(Self::Tar))
    }
}

/// Opens what is packed, down to the sources.
pub(super) fn unfold(given: Given, room: &Room) -> Unfolding<'_> {
    let budget = Budget::of(given.n_bytes_stored);
    let mut unfolding = Unfolding { leaves: Vec::new(), diagnostics: Vec::new(), budget, room };
    let n_bytes = Some(given.n_bytes_stored).filter(|&n| n > 0);
    unfolding.open(given.path, given.place, given.n_bytes_stored, n_bytes, 0);
    unfolding
}

impl Unfolding<'_> {
    fn open(&mut self, path: String, place: Place, n_bytes_stored: u64, n_bytes: Option<u64>, depth: usize) {
        let head = match read_head(&place) {
            Ok(head) => head,
            Err(error) => return self.diagnostics.push(diagnose(&error, place.is_packed(), &path)),
        };
        let packing = Packing::of(&head);
        // A compressed tar is one archive.
        let is_one_with_outer = packing == Some(Packing::Tar) && place.is_stream();
        let inner_depth = if is_one_with_outer { depth } else { depth + 1 };
        if packing.is_some() && inner_depth > DEPTH_MAX {
            return self.complain(Code::ArchiveDamaged, &path, "an archive too deep in archives; left out");
        }
        match packing {
            Some(Packing::Stream(codec)) => return self.open_stream(path, place, codec, n_bytes_stored, depth),
            Some(Packing::Tar) => return self.open_tar(&path, &place, inner_depth),
            Some(Packing::SevenZip) => return self.open_seven_zip(&path, &place, inner_depth),
            Some(Packing::Zip) if self.open_zip(&path, &place, inner_depth) => return,
            Some(Packing::Zip) | None => {}
        }
        // At once, for the first bytes of thousands of sources are much to keep.
        let start = (!head.is_empty()).then(|| Sha256::digest(&head).into());
        let name = SourceName { id: SourceId(0), path };
        let source = recognize(name, place, &head, n_bytes_stored);
        self.leaves.push(Leaf { source, start, n_bytes });
    }

    /// What a compressed stream expands to is not known before: a given one may use the budget, one in an
    /// archive is measured, so that many of them together stay within it.
    fn open_stream(&mut self, path: String, place: Place, codec: Codec, n_bytes_stored: u64, depth: usize) {
        let place = place.coated(Coat::Packed(codec)).bounded(self.budget.left());
        let mut n_bytes = None;
        if depth > 0 {
            let (measured, _, failure) = Tally::open(&place, false).finish(&path);
            if failure.is_some_and(|failure| failure.code == Code::ExpansionTooLarge) || !self.budget.spend(measured) {
                self.budget.exceed();
                return self.complain(Code::ExpansionTooLarge, &path, "expands beyond the bound; left out");
            }
            n_bytes = Some(measured);
        }
        self.open(path, place, n_bytes_stored, n_bytes, depth + 1);
    }

    /// `false` if it is no archive of files.
    fn open_zip(&mut self, path: &str, place: &Place, depth: usize) -> bool {
        let seekable = match self.seekable(place) {
            Ok((seekable, None)) => seekable,
            Ok((_, Some(error))) | Err(error) => {
                self.diagnostics.push(diagnose(&error, true, path));
                return true;
            }
        };
        match members(&seekable, &mut self.budget) {
            Ok(Some(listing)) => self.open_members(path, listing, depth),
            Ok(None) => return false,
            Err(detail) => self.complain(Code::ArchiveDamaged, path, &detail),
        }
        true
    }

    fn open_seven_zip(&mut self, path: &str, place: &Place, depth: usize) {
        let listing = match self.seekable(place) {
            Ok((seekable, None)) => seven_zip::members(&seekable, &mut self.budget, self.room),
            Ok((_, Some(error))) | Err(error) => return self.diagnostics.push(diagnose(&error, true, path)),
        };
        match listing {
            Ok(listing) => self.open_members(path, listing, depth),
            Err(detail) => self.complain(Code::ArchiveDamaged, path, &detail),
        }
    }

    /// A tar gives what stands before the place where it breaks off.
    fn open_tar(&mut self, path: &str, place: &Place, depth: usize) {
        let listing = self.seekable(place).and_then(|(seekable, failure)| {
            self.diagnostics.extend(failure.map(|error| diagnose(&error, true, path)));
            tar::members(&seekable, &mut self.budget)
        });
        match listing {
            Ok(listing) => self.open_members(path, listing, depth),
            Err(error) => self.diagnostics.push(diagnose(&error, place.is_packed(), path)),
        }
    }

    /// The bytes of a place where they can be addressed, and why there are no more of them.
    fn seekable(&self, place: &Place) -> io::Result<(Place, Option<io::Error>)> {
        let seekable = place.uncoated_if_stored();
        if seekable.is_seekable() {
            return Ok((seekable, None));
        }
        Place::spool_start(&mut place.open()?, self.room)
    }

    fn open_members(&mut self, path: &str, listing: Listing, depth: usize) {
        for defect in listing.defects {
            self.complain(Code::ArchiveDamaged, path, defect);
        }
        for member in listing.members {
            let path = format!("{path}!{}", member.name);
            match member.place {
                Err(detail) => self.complain(Code::ArchiveDamaged, &path, detail),
                Ok(_) if !self.budget.spend(member.n_bytes) => {
                    self.complain(Code::ExpansionTooLarge, &path, "expands beyond the bound; left out");
                }
                Ok(place) => self.open(path, place, member.n_bytes_stored, Some(member.n_bytes), depth),
            }
        }
    }

    fn complain(&mut self, code: Code, path: &str, detail: &str) {
        self.diagnostics.push(Diagnostic::new(code, path, None, detail));
    }
}

/// The first bytes of a source. A failure behind the first byte is left to the reading.
fn read_head(place: &Place) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    match place.open()?.take(HEAD_BYTES as u64).read_to_end(&mut head) {
        Err(error) if head.is_empty() => Err(error),
        _ => Ok(head),
    }
}
