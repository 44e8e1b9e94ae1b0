//! Lists the members of zip archives, within bounds, and says what all archives have in common.
//!
//! The bounds hold for everything that lies under one given file: archives in archives share one
//! budget, so neither nesting nor members that overlap in the file multiply it.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use super::codec::Codec;
use super::place::{Coat, Place};

/// Archives within archives that are opened.
pub(super) const DEPTH_MAX: usize = 4;
/// Members that are listed under one given file, those of archives in archives included.
const MEMBERS_MAX: usize = 100_000;
/// Bytes that listing an archive may read: its directory, and a few of each member. Enough for so many
/// members; a directory takes up to eight times its size of memory before they can be counted.
const DIRECTORY_BYTES_MAX: u64 = 16 << 20;
/// Expansion that is always allowed, whatever the ratio: 256 MiB.
const ALWAYS_ALLOWED: u64 = 256 << 20;
/// Streams that may turn out to exceed the bound, after work that came to nothing.
const EXCESSES_MAX: usize = 3;
/// Bytes that one stored byte may become beyond that. Logs reach some tens, event logs with empty
/// chunks a hundred; deflate alone ends at 1,032.
const RATIO_MAX: u64 = 250;
/// Bytes that no given file may exceed after expansion: 64 GiB.
const EXPANSION_MAX: u64 = 64 << 30;

/// What may still be expanded under one given file.
#[derive(Debug)]
pub(super) struct Budget {
    left: u64,
    n_members_left: usize,
    n_excesses_left: usize,
}

impl Budget {
    /// The budget of a file of `n_bytes_stored`.
    pub(super) fn of(n_bytes_stored: u64) -> Self {
        let left = n_bytes_stored.saturating_mul(RATIO_MAX).clamp(ALWAYS_ALLOWED, EXPANSION_MAX);
        Self { left, n_members_left: MEMBERS_MAX, n_excesses_left: EXCESSES_MAX }
    }

    /// Takes `n_bytes` from it; `false`, and nothing taken, if there is less.
    pub(super) fn spend(&mut self, n_bytes: u64) -> bool {
        let enough = n_bytes <= self.left;
        if enough {
            self.left -= n_bytes;
        }
        enough
    }

    /// Notes that a stream was read to the bound in vain: a thousand of them cost a thousand times the
    /// work. So after some, nothing is left.
    pub(super) fn exceed(&mut self) {
        self.n_excesses_left = self.n_excesses_left.saturating_sub(1);
        if self.n_excesses_left == 0 {
            self.left = 0;
        }
    }

    /// Takes so many members from it; `false`, and nothing taken, if fewer are left.
    pub(super) fn count_members(&mut self, n: usize) -> bool {
        let enough = n <= self.n_members_left;
        if enough {
            self.n_members_left -= n;
        }
        enough
    }

    /// Bytes that are left.
    pub(super) fn left(&self) -> u64 {
        self.left
    }
}

/// One file in an archive.
#[derive(Debug)]
pub(super) struct Member {
    /// Its name, made harmless: `/` between parts, no part that leads out.
    pub(super) name: String,
    /// Where its bytes lie, or why they cannot be had.
    pub(super) place: Result<Place, &'static str>,
    /// Its length after decompression, by the directory.
    pub(super) n_bytes: u64,
    /// Its length in the archive.
    pub(super) n_bytes_stored: u64,
}

/// What an archive holds.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Its files, by name.
    pub(super) members: Vec<Member>,
    /// What is wrong with the archive itself, each defect once.
    pub(super) defects: Vec<&'static str>,
}

impl Listing {
    /// Notes a defect.
    pub(super) fn complain(&mut self, defect: &'static str) {
        if !self.defects.contains(&defect) {
            self.defects.push(defect);
        }
    }

    /// Tells members of one name apart: of those, the last in the archive is the newest.
    pub(super) fn sort(&mut self) {
        self.members.sort_by(|a, b| a.name.cmp(&b.name));
        let mut before: Option<(String, usize)> = None;
        for member in &mut self.members {
            let n = match &before {
                Some((name, n)) if *name == member.name => n + 1,
                _ => 1,
            };
            before = Some((member.name.clone(), n));
            if n > 1 {
                member.name = format!("{}~{n}", member.name);
            }
        }
    }
}

/// Lists the files of the zip archive at a seekable `place`, by name; or says what is wrong.
///
/// `None` for an office document or another package that only happens to be a zip.
pub(super) fn members(place: &Place, budget: &mut Budget) -> Result<Option<Listing>, String> {
    let bytes = place.open_seekable().map_err(|error| error.kind().to_string())?;
    let rationed = Rationed { bytes: BufReader::new(bytes), left: DIRECTORY_BYTES_MAX };
    let mut archive = zip::ZipArchive::new(rationed).map_err(|error| match error {
        zip::result::ZipError::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            "the directory is too large, or damaged".to_owned()
        }
        _ => "the directory cannot be read".to_owned(),
    })?;
    if archive.index_for_name("[Content_Types].xml").is_some() {
        return Ok(None);
    }
    if !budget.count_members(archive.len()) {
        return Err(format!("holds more than the {MEMBERS_MAX} members that are listed under one file"));
    }
    let mut members: Vec<Member> = (0..archive.len()).filter_map(|index| member(&mut archive, index, place)).collect();
    members.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Some(Listing { members, ..Listing::default() }))
}

/// Bytes of which only so many are read.
struct Rationed<R> {
    bytes: R,
    left: u64,
}

impl<R: Read> Read for Rationed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.bytes.read(buffer)?;
        self.left = self.left.checked_sub(n as u64).ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(n)
    }
}

impl<R: Seek> Seek for Rationed<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(to)
    }
}

/// One entry of the directory; `None` for folders.
fn member<R: Read + Seek>(archive: &mut zip::ZipArchive<R>, index: usize, place: &Place) -> Option<Member> {
    let broken = |name: String, why| Some(Member { name, place: Err(why), n_bytes: 0, n_bytes_stored: 0 });
    let Ok(entry) = archive.by_index_raw(index) else {
        let name = archive.name_for_index(index).and_then(Result::ok).unwrap_or_default();
        return broken(harmless(&name), "its header cannot be read");
    };
    if entry.is_dir() {
        return None;
    }
    let name = match entry.name() {
        Ok(name) => harmless(&name),
        Err(_) => harmless(&String::from_utf8_lossy(entry.name_raw())),
    };
    let (n_bytes, n_bytes_stored, crc32) = (entry.size(), entry.compressed_size(), entry.crc32());
    let coat = match entry.compression() {
        _ if entry.encrypted() => return broken(name, "is encrypted"),
        _ if entry.is_symlink() => return broken(name, "is a link; not followed"),
        zip::CompressionMethod::Stored => None,
        zip::CompressionMethod::Deflated => Some(Coat::Deflated),
        zip::CompressionMethod::BZIP2 => Some(Coat::Packed(Codec::Bzip2)),
        zip::CompressionMethod::XZ => Some(Coat::Packed(Codec::Xz)),
        zip::CompressionMethod::ZSTD => Some(Coat::Packed(Codec::Zstd)),
        _ => return broken(name, "its compression is not supported"),
    };
    let Some(start) = entry.data_start() else { return broken(name, "its header cannot be read") };
    let stored = place.within(start, n_bytes_stored);
    let place = coat.map_or(stored.clone(), |coat| stored.coated(coat)).coated(Coat::Member { n_bytes, crc32 });
    Some(Member { name, place: Ok(place), n_bytes, n_bytes_stored })
}

/// A member's name for reports: separators of Windows turned, parts that lead out or up left away,
/// control characters replaced.
pub(super) fn harmless(name: &str) -> String {
    let name = name.replace('\\', "/");
    let parts = name.split('/').filter(|part| !matches!(*part, "" | "." | "..") && !is_drive(part));
    let joined = parts.collect::<Vec<_>>().join("/");
    let printable: String = joined.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if printable.is_empty() { "unnamed".to_owned() } else { printable }
}

fn is_drive(part: &str) -> bool {
    matches!(part.as_bytes(), [letter, b':'] if letter.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_archives_lead_nowhere() {
        assert_eq!(harmless("../../etc/passwd"), "etc/passwd");
        assert_eq!(harmless("C:\\Windows\\..\\x.log"), "Windows/x.log");
        assert_eq!(harmless("/abs/./x%4Operational.evtx"), "abs/x%4Operational.evtx");
        assert_eq!(harmless("a\u{1b}[2Jb"), "a\u{fffd}[2Jb");
        assert_eq!(harmless(".."), "unnamed");
    }

    #[test]
    fn a_budget_follows_the_size_of_the_file_and_has_a_floor_and_an_end() {
        assert_eq!(Budget::of(10).left(), ALWAYS_ALLOWED);
        assert_eq!(Budget::of(10 << 20).left(), 2_500 << 20);
        assert_eq!(Budget::of(u64::MAX).left(), EXPANSION_MAX);
        let mut budget = Budget { left: 10, ..Budget::of(0) };
        assert!(budget.spend(7) && !budget.spend(4) && budget.spend(3));
    }

    /// The directory of an archive of empty members, all of one name, and what ends it.
    fn directory(n_members: u64) -> Vec<u8> {
        let mut entry = b"PK\x01\x02\x14\0\x14\0".to_vec();
        entry.resize(28, 0);
        entry.push(1);
        entry.resize(46, 0);
        entry.push(b'a');
        let mut bytes = entry.repeat(n_members as usize);
        let (n_bytes, end_at) = (bytes.len() as u64, bytes.len() as u64);
        bytes.extend(b"PK\x06\x06\x2c\0\0\0\0\0\0\0\x2d\0\x2d\0\0\0\0\0\0\0\0\0");
        for number in [n_members, n_members, n_bytes, 0] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(b"PK\x06\x07\0\0\0\0");
        bytes.extend(end_at.to_le_bytes());
        bytes.extend([1, 0, 0, 0]);
        bytes.extend(b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0");
        bytes
    }

    #[test]
    fn a_directory_is_bounded_before_it_is_listed() {
        let of = |n_members| {
            let found = members(&Place::memory(directory(n_members)), &mut Budget::of(0));
            found.map(|found| found.map(|all| all.members.len()))
        };
        assert_eq!(of(1_000), Ok(Some(1)), "members of one name are one");
        assert_eq!(of(DIRECTORY_BYTES_MAX / 47 + 1), Err("the directory is too large, or damaged".to_owned()));
    }

    #[test]
    fn members_of_all_archives_of_a_file_count_together() {
        let mut budget = Budget { n_members_left: 2, ..Budget::of(0) };
        let archive = Place::memory(directory(1));
        assert!(members(&archive, &mut budget).is_ok() && members(&archive, &mut budget).is_ok());
        assert!(members(&archive, &mut budget).is_err());
    }

    /// An archive of one member, packed already by the method of that number.
    fn of_method(method: u16, packed: &[u8], plain: &[u8]) -> Vec<u8> {
        let about = |version: &[u8]| {
            let mut header = version.to_vec();
            header.extend([0, 0]);
            header.extend(method.to_le_bytes());
            header.extend([0; 4]);
            for number in [crc32fast::hash(plain), packed.len() as u32, plain.len() as u32] {
                header.extend(number.to_le_bytes());
            }
            header.extend([5, 0, 0, 0]);
            header
        };
        let mut bytes = [b"PK\x03\x04".to_vec(), about(&[63, 0]), b"a.log".to_vec(), packed.to_vec()].concat();
        let directory_at = bytes.len() as u32;
        bytes.extend([b"PK\x01\x02".to_vec(), about(&[63, 0, 63, 0]), vec![0; 14], b"a.log".to_vec()].concat());
        let n_bytes = bytes.len() as u32 - directory_at;
        bytes.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
        bytes.extend([n_bytes.to_le_bytes(), directory_at.to_le_bytes()].concat());
        bytes.extend([0, 0]);
        bytes
    }

    #[test]
    fn members_of_every_method_are_read_or_named() {
        use std::io::Write as _;
        let plain = b"2022-08-22 08:01:33 INFO x\n".repeat(100);
        let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
        bzip2.write_all(&plain).unwrap();
        let mut xz = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(6)).unwrap();
        xz.write_all(&plain).unwrap();
        let zstd = ruzstd::encoding::compress_to_vec(plain.as_slice(), ruzstd::encoding::CompressionLevel::Fastest);
        // APPNOTE 4.4.5: 12 is bzip2, 93 Zstandard, 95 XZ, 9 Deflate64, 98 PPMd.
        for (method, packed) in [(12, bzip2.finish().unwrap()), (93, zstd), (95, xz.finish().unwrap())] {
            let archive = Place::memory(of_method(method, &packed, &plain));
            let listing = members(&archive, &mut Budget::of(0)).unwrap().unwrap();
            let mut read = Vec::new();
            listing.members[0].place.as_ref().unwrap().open().unwrap().read_to_end(&mut read).unwrap();
            assert!(read == plain, "method {method}");
        }
        for method in [9, 98] {
            let archive = Place::memory(of_method(method, b"x", &plain));
            let listing = members(&archive, &mut Budget::of(0)).unwrap().unwrap();
            assert_eq!(listing.members[0].place.as_ref().err(), Some(&"its compression is not supported"));
        }
    }
}
