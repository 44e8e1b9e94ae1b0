//! Lists the members of 7z archives and unpacks them, within bounds.
//!
//! A 7z packs many files as one stream, so a member cannot be read without those before it: all are unpacked
//! once, one behind the other, to memory or one temporary file, of which each member is a region. What the
//! directory says a member holds is taken from the budget before it is unpacked, and no more comes out of it.

use std::io::{self, BufReader, Read};
use std::sync::{Mutex, PoisonError};

use sevenz_rust2::{Archive, ArchiveEntry, BlockDecoder, Error, Password};

use super::archive::{Budget, Listing, Member, harmless};
use super::codec::WINDOW_MAX;
use super::place::{BLOCK, Place, ReadSeek, Room, Spool};

/// The first bytes of an archive.
const MARK: &[u8] = b"7z\xbc\xaf\x27\x1c";
/// The directory may be so large, in KiB: that of some fifty thousand members. It cannot be less, for the same
/// bound holds for its dictionary, of which writers take 8 MiB.
const DIRECTORY_KIB_MAX: usize = 9 << 10;
/// Members that a directory only claims take a hundred times its size of memory before they can be counted: one
/// directory at a time.
static DIRECTORY: Mutex<()> = Mutex::new(());

/// Whether a head begins a 7z archive.
pub(super) fn begins(head: &[u8]) -> bool {
    head.starts_with(MARK)
}

/// Unpacks the archive at a seekable `place`; its files by name, or what is wrong with it.
pub(super) fn members(place: &Place, budget: &mut Budget, room: &Room) -> Result<Listing, String> {
    let kind = |error: io::Error| error.kind().to_string();
    let bytes = place.open_seekable().map_err(kind)?;
    let mut bytes = BufReader::with_capacity(BLOCK, bytes);
    let password = Password::empty();
    let one_at_a_time = DIRECTORY.lock().unwrap_or_else(PoisonError::into_inner);
    let archive =
        Archive::read_with_memory_limit(&mut bytes, &password, DIRECTORY_KIB_MAX).map_err(|error| match error {
            Error::PasswordRequired | Error::MaybeBadPassword(_) => "is encrypted".to_owned(),
            Error::UnsupportedCompressionMethod(_) => "its compression is not supported".to_owned(),
            Error::MaxMemLimited { .. } => "the directory is too large, or damaged".to_owned(),
            _ => "the directory cannot be read".to_owned(),
        })?;
    if !budget.count_members(archive.files.len()) {
        return Err("holds more members than are listed under one file".to_owned());
    }
    drop(one_at_a_time);
    let mut unpacking = Unpacking { spool: Spool::new(), n_spooled: 0, left: budget.left(), found: Vec::new() };
    for block in 0..archive.blocks.len() {
        unpacking.block(&archive, block, &password, &mut bytes);
    }
    let packed = unpacking.spool.finish(room).map_err(kind)?;
    let mut listing = Listing::default();
    for (index, file) in archive.files.iter().enumerate().filter(|(_, file)| !file.is_directory) {
        let found = unpacking.found.iter().find(|(at, _)| *at == index).map(|(_, found)| *found);
        let place = match found {
            _ if archive.is_file_encrypted(index) => Err("is encrypted"),
            Some(Found::At(start)) => Ok(packed.within(start, file.size)),
            // More than is left: the budget says so where it is asked for it.
            Some(Found::TooLarge) => Ok(packed.within(0, 0)),
            Some(Found::Not(why)) => Err(why),
            None if file.has_stream => Err("cannot be unpacked without those before it, which cannot be"),
            None => Ok(packed.within(0, 0)),
        };
        let name = harmless(&file.name);
        listing.members.push(Member { name, place, n_bytes: file.size, n_bytes_stored: file.size });
    }
    listing.sort();
    Ok(listing)
}

/// What became of a member.
#[derive(Clone, Copy)]
enum Found {
    /// It begins there in what is unpacked.
    At(u64),
    /// It is larger than what may still be expanded.
    TooLarge,
    /// It cannot be had.
    Not(&'static str),
}

/// What is unpacked so far.
struct Unpacking {
    spool: Spool,
    n_spooled: u64,
    /// Bytes that may still come out.
    left: u64,
    /// What became of members, by their place in the directory.
    found: Vec<(usize, Found)>,
}

impl Unpacking {
    /// Unpacks the members of one stream, up to the first that cannot be had.
    fn block(
        &mut self,
        archive: &Archive,
        block: usize,
        password: &Password,
        bytes: &mut BufReader<Box<dyn ReadSeek>>,
    ) {
        let limit_kib = usize::try_from(WINDOW_MAX >> 10).unwrap_or(usize::MAX);
        let decoder = BlockDecoder::new_with_memory_limit(1, limit_kib, block, archive, password, bytes);
        let Some(mut index) = archive.stream_map.block_first_file_index.get(block).copied() else { return };
        let n_before = self.found.len();
        let outcome = decoder.for_each_entries(&mut |entry, content| {
            let goes_on = self.member(index, entry, content);
            index += 1;
            Ok(goes_on)
        });
        if let Err(error) = outcome {
            let why = match error {
                Error::UnsupportedCompressionMethod(_) => "its compression is not supported",
                Error::MaxMemLimited { .. } => "refers to text further back than is held in memory",
                _ => "is damaged",
            };
            // The checksum of a member is compared behind its last byte.
            let is_last_there = self.found.len() > n_before;
            let at = if is_last_there { index.saturating_sub(1) } else { index };
            self.found.retain(|(known, _)| *known != at);
            self.found.push((at, Found::Not(why)));
        }
    }

    /// Unpacks one member; `false` if those behind it are out of reach.
    fn member(&mut self, index: usize, entry: &ArchiveEntry, content: &mut dyn Read) -> bool {
        if !entry.has_stream {
            return true;
        }
        if entry.size > self.left {
            self.found.push((index, Found::TooLarge));
            return false;
        }
        self.left -= entry.size;
        let start = self.n_spooled;
        let mut counted = Counted { bytes: content.take(entry.size), n: 0 };
        let outcome = self.spool.take(&mut counted);
        self.n_spooled += counted.n;
        let found = match outcome {
            Ok(None) if counted.n == entry.size => Found::At(start),
            Ok(_) => Found::Not("is damaged"),
            Err(_) => Found::Not("there is no room to unpack it"),
        };
        self.found.push((index, found));
        matches!(found, Found::At(_))
    }
}

/// Counts what is read.
struct Counted<R> {
    bytes: R,
    n: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.bytes.read(buffer)?;
        self.n += n as u64;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use sevenz_rust2::{ArchiveWriter, EncoderConfiguration, EncoderMethod, SourceReader};

    use super::*;
    use crate::read::{Discovery, discover};

    /// An archive of these members, all in one stream or each in its own.
    fn packed(members: &[(&str, &[u8])], is_solid: bool, method: EncoderMethod) -> Vec<u8> {
        let mut archive = ArchiveWriter::new(Cursor::new(Vec::new())).unwrap();
        archive.set_content_methods(vec![EncoderConfiguration::new(method)]);
        let entry = |name: &str| ArchiveEntry::new_file(name);
        if is_solid {
            let entries = members.iter().map(|(name, _)| entry(name)).collect();
            let contents = members.iter().map(|(_, bytes)| SourceReader::new(*bytes)).collect();
            archive.push_archive_entries(entries, contents).unwrap();
        } else {
            for (name, bytes) in members {
                archive.push_archive_entry(entry(name), Some(*bytes)).unwrap();
            }
        }
        archive.finish().unwrap().into_inner()
    }

    fn found(bytes: &[u8]) -> Discovery {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logs.7z");
        std::fs::write(&path, bytes).unwrap();
        discover(&[path]).unwrap()
    }

    fn heads(discovery: &Discovery) -> Vec<(&str, &str)> {
        discovery.sources.iter().map(|source| (source.name.path.as_str(), source.head.as_str())).collect()
    }

    const MEMBERS: &[(&str, &[u8])] =
        &[("b/app.log", b"2022-08-22 08:01:33 b\n"), ("..\\a.log", b"2022-08-22 08:01:33 a\n")];

    #[test]
    fn members_are_sources_whatever_packs_them() {
        let expected = [("logs.7z!a.log", "2022-08-22 08:01:33 a\n"), ("logs.7z!b/app.log", "2022-08-22 08:01:33 b\n")];
        for method in
            [EncoderMethod::LZMA2, EncoderMethod::LZMA, EncoderMethod::BZIP2, EncoderMethod::PPMD, EncoderMethod::COPY]
        {
            for is_solid in [true, false] {
                let discovery = found(&packed(MEMBERS, is_solid, method));
                assert_eq!(heads(&discovery), expected, "{method:?} {:?}", discovery.diagnostics);
                assert!(discovery.diagnostics.is_empty(), "{:?}", discovery.diagnostics);
            }
        }
    }

    #[test]
    fn archives_in_it_are_opened_and_share_its_bounds() {
        let inner = packed(MEMBERS, true, EncoderMethod::LZMA2);
        let discovery = found(&packed(&[("inner.7z", &inner)], true, EncoderMethod::LZMA2));
        assert_eq!(heads(&discovery).len(), 2);
    }

    #[test]
    fn no_more_comes_out_than_the_budget_holds() {
        let large = [b' '; 5_000];
        let members: &[(&str, &[u8])] = &[("a.log", b"a\n"), ("b.log", &large), ("c.log", b"c\n")];
        let mut budget = Budget::of(0);
        let left = budget.left() - 1_000;
        assert!(budget.spend(left));
        let place = Place::memory(packed(members, true, EncoderMethod::LZMA2));
        let listing = super::members(&place, &mut budget, &Room::new()).unwrap();
        let all: Vec<(u64, bool)> =
            listing.members.iter().map(|member| (member.n_bytes, member.place.is_ok())).collect();
        assert_eq!(all, [(2, true), (5_000, true), (2, false)]);
        // Who asks the budget for the large one learns that there is less.
        assert!(budget.spend(2) && !budget.spend(5_000));
        let large = listing.members[1].place.as_ref().unwrap();
        assert_eq!(io::copy(&mut large.open().unwrap(), &mut io::sink()).unwrap(), 0);
    }

    #[test]
    fn damage_anywhere_ends_in_a_diagnostic() {
        let sound = packed(MEMBERS, false, EncoderMethod::LZMA2);
        let mut n_partly = 0;
        for at in 0..sound.len() {
            let mut damaged = sound.clone();
            damaged[at] ^= 0x55;
            let discovery = found(&damaged);
            let is_same = heads(&discovery).len() == 2 && discovery.diagnostics.is_empty();
            n_partly += usize::from(heads(&discovery).len() == 1);
            // Names and times have no checksum of their own, but the directory has.
            assert!(!is_same || (6..8).contains(&at), "byte {at}");
            found(&sound[..at]);
        }
        assert!(n_partly > 0);
    }
}
