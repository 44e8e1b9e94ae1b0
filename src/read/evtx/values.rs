//! The types of binary XML values, and the text that each is written as.
//!
//! The text is the one that Windows writes into event XML, save that GUIDs are upper case:
//!
//! | type | text |
//! | --- | --- |
//! | null, or a number, time, GUID or SID of no bytes | none (`None`, not the empty text) |
//! | UTF-16 and ANSI string | up to the first NUL; a lone surrogate becomes U+FFFD; ANSI is Windows-1252 |
//! | signed and unsigned integer | decimal, of the width that the record states (1, 2, 4 or 8 bytes) |
//! | float | shortest decimal that reads back as the same number; `NaN`, `INF`, `-INF` |
//! | boolean | `false`, `true`; another number than 0 and 1 stays a number |
//! | binary | upper-case hexadecimal; of no bytes: the empty text |
//! | GUID | `{XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}`, upper case |
//! | SizeT, HexInt32, HexInt64 | `0x` and lower-case digits without leading zeros |
//! | FILETIME, SYSTEMTIME | `YYYY-MM-DDThh:mm:ss.fffffffZ`, always seven digits |
//! | SID | `S-1-…` |
//! | array | the element that holds it is repeated, once an item; where that is no element, joined by `,` |
//! | another type | upper-case hexadecimal of its bytes |
//!
//! A value whose size its type cannot have makes the record damaged: no text is better than a wrong one.
//!
//! Source: MS-EVEN6 2.2.12 and 3.1.4.7; MS-DTYP 2.3.3 (FILETIME), 2.3.13 (SYSTEMTIME), 2.4.2 (SID).

use std::fmt::Write;

use super::time::{write_filetime, write_systemtime};
use super::{Defect, utf16};

/// The type bytes that are treated in their own way somewhere.
pub(super) mod kind {
    /// No value.
    pub(in super::super) const NULL: u8 = 0x00;
    /// UTF-16 text, counted.
    pub(in super::super) const STRING: u8 = 0x01;
    /// Text in the code page of the machine.
    pub(in super::super) const ANSI: u8 = 0x02;
    /// The first and the last type, save UTF-16 text, of which a value is one thing and not several.
    pub(in super::super) const FIRST_PLAIN: u8 = ANSI;
    pub(in super::super) const LAST_PLAIN: u8 = 0x15;
    /// Bytes.
    pub(in super::super) const BINARY: u8 = 0x0e;
    /// A globally unique identifier.
    pub(in super::super) const GUID: u8 = 0x0f;
    /// Ticks since 1601.
    pub(in super::super) const FILETIME: u8 = 0x11;
    /// Calendar fields.
    pub(in super::super) const SYSTEMTIME: u8 = 0x12;
    /// A security identifier.
    pub(in super::super) const SID: u8 = 0x13;
    /// A fragment of binary XML.
    pub(in super::super) const FRAGMENT: u8 = 0x21;
    /// Set in the type of an array of the type without it.
    pub(in super::super) const ARRAY: u8 = 0x80;
}

/// One value of a substitution array: its type and where its bytes are in the chunk.
///
/// One word, for a record has some thirty of them: the offset of the first byte, the count of bytes, the type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot(u64);

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:#04x} of {} bytes at {}", self.kind(), self.len(), self.start())
    }
}

impl Slot {
    /// The slot of a substitution that the record does not have.
    pub(super) const ABSENT: Self = Self(0);

    /// The slot that a descriptor states for a value that begins at `start`.
    #[inline]
    pub(super) fn new(descriptor: [u8; 4], start: u32) -> Self {
        Self(u64::from(start) | u64::from(u32::from_le_bytes(descriptor)) << 32)
    }

    /// The type byte.
    #[inline]
    pub(super) fn kind(self) -> u8 {
        (self.0 >> 48) as u8
    }

    /// The place of the first byte, from the start of the chunk.
    #[inline]
    pub(super) fn start(self) -> usize {
        self.0 as u32 as usize
    }

    /// How many bytes.
    #[inline]
    pub(super) fn len(self) -> usize {
        usize::from((self.0 >> 32) as u16)
    }

    /// Where the bytes are in the chunk.
    pub(super) fn span(self) -> std::ops::Range<usize> {
        self.start()..self.start() + self.len()
    }

    /// Returns the bytes of the value.
    #[inline]
    pub(super) fn bytes(self, chunk: &[u8]) -> &[u8] {
        chunk.get(self.span()).unwrap_or_default()
    }

    /// Whether its type holds whole numbers without sign.
    pub(super) fn is_unsigned(self) -> bool {
        matches!(self.kind(), 0x04 | 0x06 | 0x08 | 0x0a | 0x14 | 0x15)
    }

    /// Whether there is no value.
    #[inline]
    pub(super) fn is_null(self) -> bool {
        self.kind() == kind::NULL
            || (self.len() == 0
                && self.kind() & kind::ARRAY == 0
                && !matches!(self.kind(), kind::STRING | kind::ANSI | kind::BINARY))
    }
}

/// Appends the text of a value that is not null.
pub(super) fn write(kind: u8, bytes: &[u8], out: &mut String) -> Result<(), Defect> {
    if kind & kind::ARRAY != 0
        && let Some(items) = items(kind, bytes)?
    {
        for (i, item) in items.into_iter().enumerate() {
            if i > 0 {
                out.push(',');
            }
            write(kind & !kind::ARRAY, item, out)?;
        }
        return Ok(());
    }
    match kind {
        kind::NULL => {}
        kind::STRING => utf16::append(bytes, out)?,
        kind::ANSI => {
            let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
            out.push_str(&encoding_rs::WINDOWS_1252.decode_without_bom_handling(text).0);
        }
        0x03 | 0x05 | 0x07 | 0x09 => put(out, format_args!("{}", signed(bytes)?)),
        0x04 | 0x06 | 0x08 | 0x0a => put(out, format_args!("{}", unsigned(bytes)?)),
        0x0b | 0x0c => write_float(bytes, out)?,
        0x0d => match signed(bytes)? {
            0 => out.push_str("false"),
            1 => out.push_str("true"),
            other => put(out, format_args!("{other}")),
        },
        kind::GUID => write_guid(bytes, out)?,
        0x10 | 0x14 | 0x15 => put(out, format_args!("{:#x}", unsigned(bytes)?)),
        kind::FILETIME => write_filetime(u64::from_le_bytes(exact(bytes)?), out),
        kind::SYSTEMTIME => write_systemtime(&exact(bytes)?, out),
        kind::SID => write_sid(bytes, out)?,
        _ => write_hexadecimal(bytes, out),
    }
    Ok(())
}

/// Whether a value is a number or a time of the width that its type has.
#[inline]
pub(super) fn is_short(kind: u8, len: usize) -> bool {
    const WIDTHS: [u8; 32] = {
        let mut widths = [0; 32];
        let mut kind = 0;
        while kind < widths.len() {
            if let Some(width @ 1..=8) = fixed_width(kind as u8) {
                widths[kind] = width as u8;
            }
            kind += 1;
        }
        widths
    };
    len > 0 && WIDTHS.get(usize::from(kind)).is_some_and(|width| usize::from(*width) == len)
}

/// Whether a value that is not null has a text: `Ok` where [`write()`] succeeds.
pub(super) fn check(kind: u8, bytes: &[u8]) -> Result<(), Defect> {
    const SIZE: Defect = Defect("a value has a size that its type cannot have");
    if kind & kind::ARRAY != 0
        && let Some(items) = items(kind, bytes)?
    {
        return items.into_iter().try_for_each(|item| check(kind & !kind::ARRAY, item));
    }
    let is_sound = match kind {
        0x03..=0x0a | 0x0d | 0x10 | 0x14 | 0x15 => matches!(bytes.len(), 1 | 2 | 4 | 8),
        0x0b | 0x0c => matches!(bytes.len(), 4 | 8),
        kind::GUID | kind::SYSTEMTIME => bytes.len() == 16,
        kind::FILETIME => bytes.len() == 8,
        kind::SID => return sid_len(bytes).map(|_| ()),
        kind::STRING => bytes.len().is_multiple_of(2),
        _ => true,
    };
    if is_sound { Ok(()) } else { Err(SIZE) }
}

/// Splits the bytes of an array into those of its items.
///
/// `None` if the type has no items that can be told apart. Texts end at their NUL; the last may lack it.
pub(super) fn items(kind: u8, bytes: &[u8]) -> Result<Option<Vec<&[u8]>>, Defect> {
    let width = match kind & !kind::ARRAY {
        kind::STRING => return Ok(Some(utf16::split(bytes)?.collect())),
        kind::ANSI => {
            let text = bytes.strip_suffix(&[0]).unwrap_or(bytes);
            let empty = bytes.is_empty();
            return Ok(Some(if empty { Vec::new() } else { text.split(|byte| *byte == 0).collect() }));
        }
        kind::SID => return sids(bytes).map(Some),
        0x03 | 0x04 => 1,
        0x05 | 0x06 => 2,
        0x07 | 0x08 | 0x0b | 0x0d | 0x14 => 4,
        0x09 | 0x0a | 0x0c | 0x15 | kind::FILETIME => 8,
        kind::GUID | kind::SYSTEMTIME => 16,
        _ => return Ok(None),
    };
    if !bytes.len().is_multiple_of(width) {
        return Err(Defect("an array ends inside an item"));
    }
    Ok(Some(bytes.chunks_exact(width).collect()))
}

/// Returns the width of a value of this type, where the type alone fixes it.
pub(super) const fn fixed_width(kind: u8) -> Option<usize> {
    match kind {
        kind::NULL => Some(0),
        0x03 | 0x04 => Some(1),
        0x05 | 0x06 => Some(2),
        0x07 | 0x08 | 0x0b | 0x0d | 0x14 => Some(4),
        0x09 | 0x0a | 0x0c | 0x15 | kind::FILETIME => Some(8),
        kind::GUID | kind::SYSTEMTIME => Some(16),
        _ => None,
    }
}

/// Returns one, two, four or eight bytes as a number; `None` for another count.
#[inline]
pub(super) fn short(bytes: &[u8]) -> Option<u64> {
    match *bytes {
        [a] => Some(u64::from(a)),
        [a, b] => Some(u64::from(u16::from_le_bytes([a, b]))),
        [a, b, c, d] => Some(u64::from(u32::from_le_bytes([a, b, c, d]))),
        _ => bytes.try_into().ok().map(u64::from_le_bytes),
    }
}

/// Reads a whole number from decimal or `0x` text.
pub(super) fn parse_number(text: &str) -> Option<u64> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse::<u64>().ok().or_else(|| text.parse::<i64>().ok().map(|number| number as u64)),
    }
}

/// Writing to a text cannot fail.
fn put(out: &mut String, arguments: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(arguments);
}

fn exact<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Defect> {
    bytes.try_into().map_err(|_| Defect("a value has a size that its type cannot have"))
}

fn unsigned(bytes: &[u8]) -> Result<u64, Defect> {
    match bytes.len() {
        1 => Ok(u64::from(bytes[0])),
        2 => Ok(u64::from(u16::from_le_bytes(exact(bytes)?))),
        4 => Ok(u64::from(u32::from_le_bytes(exact(bytes)?))),
        _ => Ok(u64::from_le_bytes(exact(bytes)?)),
    }
}

fn signed(bytes: &[u8]) -> Result<i64, Defect> {
    match bytes.len() {
        1 => Ok(i64::from(bytes[0] as i8)),
        2 => Ok(i64::from(i16::from_le_bytes(exact(bytes)?))),
        4 => Ok(i64::from(i32::from_le_bytes(exact(bytes)?))),
        _ => Ok(i64::from_le_bytes(exact(bytes)?)),
    }
}

fn write_float(bytes: &[u8], out: &mut String) -> Result<(), Defect> {
    let (value, text) = if bytes.len() == 4 {
        let value = f32::from_le_bytes(exact(bytes)?);
        (f64::from(value), value.to_string())
    } else {
        let value = f64::from_le_bytes(exact(bytes)?);
        (value, value.to_string())
    };
    out.push_str(match value {
        _ if value == f64::INFINITY => "INF",
        _ if value == f64::NEG_INFINITY => "-INF",
        _ => &text,
    });
    Ok(())
}

fn write_guid(bytes: &[u8], out: &mut String) -> Result<(), Defect> {
    // The first three parts are numbers, the rest are bytes.
    const ORDER: [usize; 16] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    let guid: [u8; 16] = exact(bytes)?;
    out.push('{');
    for (i, from) in ORDER.into_iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        write_hexadecimal(&[guid[from]], out);
    }
    out.push('}');
    Ok(())
}

fn write_hexadecimal(bytes: &[u8], out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.reserve(bytes.len() * 2);
    for byte in bytes {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

/// The number of bytes of the SID that begins here.
fn sid_len(bytes: &[u8]) -> Result<usize, Defect> {
    let len = 8 + 4 * usize::from(*bytes.get(1).ok_or(Defect("a SID is cut"))?);
    if len > bytes.len() { Err(Defect("a SID is cut")) } else { Ok(len) }
}

fn sids(mut bytes: &[u8]) -> Result<Vec<&[u8]>, Defect> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (sid, rest) = bytes.split_at(sid_len(bytes)?);
        found.push(sid);
        bytes = rest;
    }
    Ok(found)
}

fn write_sid(bytes: &[u8], out: &mut String) -> Result<(), Defect> {
    let sid = &bytes[..sid_len(bytes)?];
    let authority = sid[2..8].iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    put(out, format_args!("S-{}-{authority}", sid[0]));
    for sub_authority in sid[8..].chunks_exact(4) {
        put(out, format_args!("-{}", unsigned(sub_authority)?));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(kind: u8, bytes: &[u8]) -> String {
        let mut out = String::new();
        write(kind, bytes, &mut out).unwrap();
        out
    }

    #[test]
    fn every_type_is_written_as_windows_writes_it() {
        assert_eq!(text(0x01, b"a\0\xe9\0\0\0x\0"), "aé");
        assert_eq!(text(0x01, b"\x00\xd8a\0"), "\u{fffd}a");
        assert_eq!(text(0x02, b"caf\xe9\0rest"), "café");
        assert_eq!(text(0x03, &[0xff]), "-1");
        assert_eq!(text(0x07, &[0xfe, 0xff, 0xff, 0xff]), "-2");
        assert_eq!(text(0x0a, &[0xff; 8]), "18446744073709551615");
        assert_eq!(text(0x0b, &0.1_f32.to_le_bytes()), "0.1");
        assert_eq!(text(0x0c, &f64::NEG_INFINITY.to_le_bytes()), "-INF");
        assert_eq!(text(0x0d, &[1, 0, 0, 0]), "true");
        assert_eq!(text(0x0d, &[16, 0, 0, 0]), "16");
        assert_eq!(text(0x0e, &[0x0a, 0xff]), "0AFF");
        let guid = [0x25, 0x96, 0x84, 0x54, 0x78, 0x54, 0x94, 0x49, 0xa5, 0xba, 0x3e, 0x3b, 0x03, 0x28, 0xc3, 0x0d];
        assert_eq!(text(0x0f, &guid), "{54849625-5478-4994-A5BA-3E3B0328C30D}");
        assert_eq!(text(0x14, &[0x6d, 0, 0, 0xc0]), "0xc000006d");
        assert_eq!(text(0x15, &[0; 8]), "0x0");
        assert_eq!(text(0x13, &[1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0]), "S-1-5-18");
        assert_eq!(text(0x20, &[0xab]), "AB");
    }

    #[test]
    fn arrays_know_their_items() {
        assert_eq!(items(0x81, b"a\0\0\0\0\0b\0").unwrap().unwrap(), [&b"a\0"[..], b"", b"b\0"]);
        assert_eq!(items(0x81, b"").unwrap().unwrap().len(), 0);
        assert_eq!(items(0x82, b"x\0\0y z\0").unwrap().unwrap(), [&b"x"[..], b"", b"y z"]);
        assert_eq!(text(0x88, &[1, 0, 0, 0, 2, 0, 0, 0]), "1,2");
        assert!(items(0x88, &[1, 0, 0]).is_err());
        assert!(items(0x8e, &[1]).unwrap().is_none());
    }

    #[test]
    fn a_size_that_the_type_cannot_have_is_a_defect() {
        let mut out = String::new();
        for kind in [0x03, 0x08, 0x0a, 0x0b, 0x0c, 0x0d, 0x0f, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15] {
            assert!(write(kind, &[1, 2, 3], &mut out).is_err(), "{kind:#x}");
        }
        assert!(write(0x01, b"a\0b", &mut out).is_err());
        assert_eq!(out, "");
    }

    #[test]
    fn what_is_checked_can_be_written() {
        let bytes = [1_u8, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0, 0xff, 0xd8, 0, 0, 1, 2, 3];
        for kind in 0..=u8::MAX {
            for len in 0..=bytes.len() {
                let can_be_written = write(kind, &bytes[..len], &mut String::new()).is_ok();
                assert_eq!(check(kind, &bytes[..len]).is_ok(), can_be_written, "{kind:#x} of {len} bytes");
            }
        }
    }

    #[test]
    fn null_is_not_the_empty_text() {
        let slot = |kind, len| Slot::new([len, 0, kind, 0], 0);
        assert!(slot(0x00, 4).is_null());
        assert!(slot(0x08, 0).is_null());
        assert!(!slot(0x01, 0).is_null());
        assert!(!slot(0x81, 0).is_null());
        assert!(!slot(0x08, 4).is_null());
    }

    #[test]
    fn numbers_are_read_from_text() {
        assert_eq!(parse_number("4624"), Some(4624));
        assert_eq!(parse_number("0x8020000000000000"), Some(0x8020_0000_0000_0000));
        assert_eq!(parse_number("-1"), Some(u64::MAX));
        assert_eq!(parse_number("x"), None);
    }
}
