//! Values of substitutions in binary XML.
//!
//! Types and their bytes: MS-EVEN6 2.2.12 (BinXml).

use crate::model::Timestamp;

/// A security identifier in its binary form (MS-DTYP 2.4.2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::simulate) struct Sid(Vec<u8>);

impl Sid {
    /// The identifier `S-1-<authority>-<parts...>`.
    pub(in crate::simulate) fn new(authority: u8, parts: &[u32]) -> Self {
        let mut bytes = vec![1, parts.len() as u8, 0, 0, 0, 0, 0, authority];
        for part in parts {
            bytes.extend_from_slice(&part.to_le_bytes());
        }
        Self(bytes)
    }
}

impl std::fmt::Display for Sid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "S-1-{}", self.0.get(7).copied().unwrap_or(0))?;
        for part in self.0.get(8..).unwrap_or(&[]).chunks_exact(4) {
            write!(f, "-{}", part.iter().rev().fold(0_u32, |sum, &byte| sum << 8 | u32::from(byte)))?;
        }
        Ok(())
    }
}

/// One substitution value.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::simulate) enum Value {
    /// Nothing; optional elements and attributes vanish with it.
    Null,
    /// UTF-16 without terminator.
    Text(String),
    /// Several texts, each with a terminator: the strings of a classic event.
    Texts(Vec<String>),
    /// Unsigned, 8 bits.
    U8(u8),
    /// Unsigned, 16 bits.
    U16(u16),
    /// Unsigned, 32 bits.
    U32(u32),
    /// Unsigned, 64 bits.
    U64(u64),
    /// Shown as hexadecimal, 32 bits.
    Hex32(u32),
    /// Shown as hexadecimal, 64 bits.
    Hex64(u64),
    /// A GUID in the order of its bytes on disk.
    Guid([u8; 16]),
    /// An instant.
    Time(Timestamp),
    /// A security identifier.
    Sid(Sid),
    /// Bytes.
    Binary(Vec<u8>),
}

impl Value {
    /// The type byte of its descriptor.
    pub(super) fn type_byte(&self) -> u8 {
        match self {
            Self::Null => 0x00,
            Self::Text(_) => 0x01,
            Self::Texts(_) => 0x81,
            Self::U8(_) => 0x04,
            Self::U16(_) => 0x06,
            Self::U32(_) => 0x08,
            Self::U64(_) => 0x0a,
            Self::Binary(_) => 0x0e,
            Self::Guid(_) => 0x0f,
            Self::Time(_) => 0x11,
            Self::Sid(_) => 0x13,
            Self::Hex32(_) => 0x14,
            Self::Hex64(_) => 0x15,
        }
    }

    /// Appends its bytes.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => {}
            Self::Text(text) => write_utf16(text, out),
            Self::Texts(texts) => {
                for text in texts {
                    write_utf16(text, out);
                    out.extend([0, 0]);
                }
            }
            Self::U8(number) => out.push(*number),
            Self::U16(number) => out.extend_from_slice(&number.to_le_bytes()),
            Self::U32(number) | Self::Hex32(number) => out.extend_from_slice(&number.to_le_bytes()),
            Self::U64(number) | Self::Hex64(number) => out.extend_from_slice(&number.to_le_bytes()),
            Self::Guid(bytes) => out.extend_from_slice(bytes),
            Self::Time(at) => out.extend_from_slice(&at.to_filetime().to_le_bytes()),
            Self::Sid(sid) => out.extend_from_slice(&sid.0),
            Self::Binary(bytes) => out.extend_from_slice(bytes),
        }
    }
}

/// Appends `text` as UTF-16, little-endian. Log text is nearly always ASCII, which is worth a loop of its own.
pub(super) fn write_utf16(text: &str, out: &mut Vec<u8>) {
    if text.is_ascii() {
        out.reserve(2 * text.len());
        for &byte in text.as_bytes() {
            out.extend_from_slice(&[byte, 0]);
        }
    } else {
        for unit in text.encode_utf16() {
            out.extend_from_slice(&unit.to_le_bytes());
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sid_reads_as_windows_shows_it() {
        assert_eq!(Sid::new(5, &[21, 7, 8, 9, 1_105]).to_string(), "S-1-5-21-7-8-9-1105");
        assert_eq!(Sid::new(5, &[18]).to_string(), "S-1-5-18");
    }
}
