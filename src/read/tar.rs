//! Lists the members of tar archives, within bounds.
//!
//! A tar is headers of 512 bytes, each with the content behind it, so its members are regions of the
//! archive and nothing is copied. It has no directory: what stands before a cut or a damaged header is
//! still there, and behind a damaged one the next sound header is looked for. Long names come in the
//! ways of POSIX (pax) and of GNU.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use super::archive::{Budget, Listing, Member, harmless};
use super::place::{BLOCK, Place, ReadSeek};

/// The length of a header; contents are filled up to a multiple of it.
const UNIT: u64 = 512;
/// Bytes of a long name or of extended headers that are read; the longest path of Linux has 4 KiB.
const EXTENDED_MAX: u64 = 64 * 1024;
/// Empty units behind the end that are passed over in search of an archive that was appended.
const EMPTY_MAX: usize = 4096;

/// Whether a head begins a tar archive: its mark, and a checksum that fits.
pub(super) fn begins(head: &[u8]) -> bool {
    head.first_chunk::<512>().is_some_and(is_header)
}

fn is_header(unit: &[u8; 512]) -> bool {
    // The checksum is that of a header whose checksum is blank.
    let sum: u64 =
        unit.iter().enumerate().map(|(at, &byte)| u64::from(if is_checksum(at) { b' ' } else { byte })).sum();
    unit[257..262] == *b"ustar" && number(&unit[148..156]) == Some(sum)
}

fn is_checksum(at: usize) -> bool {
    (148..156).contains(&at)
}

/// A number in octal digits, or in bytes where the first bit is set.
fn number(field: &[u8]) -> Option<u64> {
    // The next bit is the sign: nothing here is negative.
    if let [first @ 0x80..=0xbf, rest @ ..] = field {
        let start = u64::from(first & 0x3f);
        return rest.iter().try_fold(start, |sum, &byte| sum.checked_mul(256)?.checked_add(u64::from(byte)));
    }
    let text = text(field);
    let digits = text.trim_matches([' ', '\0']);
    if digits.is_empty() { Some(0) } else { u64::from_str_radix(digits, 8).ok() }
}

/// A text up to its NUL.
fn text(field: &[u8]) -> String {
    let end = memchr::memchr(0, field).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).into_owned()
}

/// What extended headers say of the next member.
#[derive(Default)]
struct Extended {
    name: Option<String>,
    n_bytes: Option<u64>,
    is_sparse: bool,
}

/// Lists the files of the tar archive at a seekable `place`, by name.
pub(super) fn members(place: &Place, budget: &mut Budget) -> io::Result<Listing> {
    let mut bytes = BufReader::with_capacity(BLOCK, place.open_seekable()?);
    let end = bytes.seek(SeekFrom::End(0))?;
    bytes.seek(SeekFrom::Start(0))?;
    let mut walk = Walk { place, bytes, at: 0, end, listing: Listing::default(), extended: Extended::default() };
    walk.all(budget)?;
    walk.listing.sort();
    Ok(walk.listing)
}

struct Walk<'p> {
    place: &'p Place,
    bytes: BufReader<Box<dyn ReadSeek>>,
    at: u64,
    end: u64,
    listing: Listing,
    extended: Extended,
}

impl Walk<'_> {
    fn all(&mut self, budget: &mut Budget) -> io::Result<()> {
        let mut n_empty = 0;
        let mut is_lost = false;
        while n_empty < EMPTY_MAX {
            let mut unit = [0; UNIT as usize];
            match self.bytes.read_exact(&mut unit) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    if self.at < self.end {
                        self.listing.complain("ends inside a header");
                    }
                    break;
                }
                Err(error) => return Err(error),
            }
            self.at += UNIT;
            if unit == [0; UNIT as usize] {
                n_empty += 1;
                continue;
            }
            n_empty = 0;
            if !is_header(&unit) {
                if !is_lost {
                    self.listing.complain("a header is damaged; read on from the next that is sound");
                }
                (is_lost, self.extended) = (true, Extended::default());
                continue;
            }
            is_lost = false;
            if !budget.count_members(1) {
                self.listing.complain("holds more members than are listed under one file");
                break;
            }
            if !self.header(&unit)? {
                break;
            }
        }
        Ok(())
    }

    /// Takes a header and what belongs to it; `false` where its content goes beyond the end.
    fn header(&mut self, unit: &[u8; 512]) -> io::Result<bool> {
        let kind = unit[156];
        let stated = number(&unit[124..136]);
        let Some(n_bytes) = self.extended.n_bytes.filter(|_| !matches!(kind, b'x' | b'g' | b'L' | b'K')).or(stated)
        else {
            self.listing.complain("a header is damaged; read on from the next that is sound");
            return Ok(true);
        };
        let start = self.at;
        match kind {
            b'x' | b'L' => {
                let mut content = Vec::new();
                (&mut self.bytes).take(n_bytes.min(EXTENDED_MAX)).read_to_end(&mut content)?;
                self.at += content.len() as u64;
                if kind == b'L' {
                    self.extended.name = Some(text(&content));
                } else {
                    self.extended.take(&content);
                }
            }
            b'0' | 0 | b'7' | b'1' | b'2' | b'S' => {
                let extended = std::mem::take(&mut self.extended);
                self.member(unit, kind, start, n_bytes, extended);
            }
            // Folders, devices and remarks have no content of interest.
            b'g' | b'K' => {}
            _ => self.extended = Extended::default(),
        }
        // A link states the size of what it leads to and has no content.
        let n_content = if matches!(kind, b'1' | b'2') { 0 } else { n_bytes };
        if start.checked_add(n_content).is_none_or(|end| end > self.end) {
            self.listing.complain("ends inside a member");
            return Ok(false);
        }
        // The fill behind the last member may be missing.
        let next = (start + n_content.next_multiple_of(UNIT)).min(self.end);
        // Within the buffer a step costs nothing.
        self.bytes.seek_relative(next as i64 - self.at as i64)?;
        self.at = next;
        Ok(true)
    }

    fn member(&mut self, unit: &[u8; 512], kind: u8, start: u64, n_bytes: u64, extended: Extended) {
        let short = text(&unit[..100]);
        let prefix = if unit[257..263] == *b"ustar\0" { text(&unit[345..500]) } else { String::new() };
        let name = match extended.name {
            Some(name) => name,
            None if prefix.is_empty() => short,
            None => format!("{prefix}/{short}"),
        };
        if name.ends_with('/') {
            return;
        }
        let n_there = n_bytes.min(self.end.saturating_sub(start));
        let place = match kind {
            b'1' | b'2' => Err("is a link; not followed"),
            _ if kind == b'S' || extended.is_sparse => Err("is stored as a sparse file, which is not supported"),
            _ => Ok(self.place.within(start, n_there)),
        };
        self.listing.members.push(Member { name: harmless(&name), place, n_bytes: n_there, n_bytes_stored: n_there });
    }
}

impl Extended {
    /// Takes the records of an extended header: a length, a blank, `key=value`, a line feed.
    fn take(&mut self, content: &[u8]) {
        let mut rest = content;
        while let Some(blank) = memchr::memchr(b' ', rest) {
            let n_bytes = std::str::from_utf8(&rest[..blank]).ok().and_then(|n| n.parse::<usize>().ok());
            let Some(record) = n_bytes.filter(|n| *n > blank + 1).and_then(|n| rest.get(blank + 1..n - 1)) else {
                return;
            };
            rest = rest.get(blank + 2 + record.len()..).unwrap_or_default();
            let Some(equals) = memchr::memchr(b'=', record) else { continue };
            let value = String::from_utf8_lossy(&record[equals + 1..]);
            match &record[..equals] {
                b"path" => self.name = Some(value.into_owned()),
                b"size" => self.n_bytes = value.parse().ok(),
                key if key.starts_with(b"GNU.sparse.") => self.is_sparse = true,
                _ => {}
            }
        }
    }
}
