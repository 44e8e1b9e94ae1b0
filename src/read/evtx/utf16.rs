//! UTF-16 with the little end first, as EVTX holds all its texts.

use super::Defect;

/// The most bytes that a text can take as UTF-8.
pub(super) fn most_utf8(bytes: &[u8]) -> usize {
    bytes.len() / 2 * 3
}

/// Writes the text up to the first NUL into the beginning of `out`, in UTF-8; a lone surrogate becomes U+FFFD.
///
/// Returns how many bytes were written; `out` has room for [`most_utf8`].
#[inline]
pub(super) fn write(bytes: &[u8], out: &mut [u8]) -> Result<usize, Defect> {
    if !bytes.len().is_multiple_of(2) {
        return Err(Defect("a text ends inside a character"));
    }
    // Many writers count the NUL in.
    let bytes = bytes.strip_suffix(&[0, 0]).unwrap_or(bytes);
    if write_ascii(bytes, out) { Ok(bytes.len() / 2) } else { Ok(write_any(bytes, out)) }
}

/// Writes a text of ASCII without NUL, four units at a time; `false` for another, for which `out` holds nothing of use.
///
/// Nearly all texts are of this kind, and short.
#[inline]
fn write_ascii(bytes: &[u8], out: &mut [u8]) -> bool {
    /// High bits of four units that are no ASCII.
    const NOT_ASCII: u64 = 0xff80_ff80_ff80_ff80;
    const ONE_EACH: u64 = 0x0001_0001_0001_0001;
    let out = &mut out[..bytes.len() / 2];
    // A NUL minus one has its high bits set, and so has all that is not ASCII.
    let mut strange = 0;
    let mut narrow = |four: &[u8; 8], to: &mut [u8; 4]| {
        let four = u64::from_le_bytes(*four);
        strange |= four | four.wrapping_sub(ONE_EACH);
        let pairs = (four | four >> 8) & 0x0000_ffff_0000_ffff;
        *to = ((pairs | pairs >> 16) as u32).to_le_bytes();
    };
    if let (Some(last), Some(to_last)) = (bytes.last_chunk(), out.last_chunk_mut()) {
        // The last ones may come twice: once more is cheaper than one by one.
        narrow(last, to_last);
        for (four, to) in bytes.as_chunks().0.iter().zip(out.as_chunks_mut().0) {
            narrow(four, to);
        }
    } else {
        // What is missing to four is filled up with the letter that harms nobody.
        let mut four = [b'.', 0, b'.', 0, b'.', 0, b'.', 0];
        for (to, byte) in four.iter_mut().zip(bytes) {
            *to = *byte;
        }
        let mut to = [0; 4];
        narrow(&four, &mut to);
        for (out, byte) in out.iter_mut().zip(to) {
            *out = byte;
        }
    }
    strange & NOT_ASCII == 0
}

#[cold]
fn write_any(bytes: &[u8], out: &mut [u8]) -> usize {
    let units = bytes.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit)).take_while(|unit| *unit != 0);
    let mut n_written = 0;
    for char in char::decode_utf16(units) {
        let char = char.unwrap_or(char::REPLACEMENT_CHARACTER);
        n_written += char.encode_utf8(&mut out[n_written..]).len();
    }
    n_written
}

/// Appends a text.
pub(super) fn append(bytes: &[u8], out: &mut String) -> Result<(), Defect> {
    let mut buffer = [0; 3 * 128];
    if most_utf8(bytes) <= buffer.len() {
        let n_written = write(bytes, &mut buffer)?;
        out.push_str(&String::from_utf8_lossy(&buffer[..n_written]));
    } else {
        let mut buffer = vec![0; most_utf8(bytes)];
        let n_written = write(bytes, &mut buffer)?;
        out.push_str(&String::from_utf8_lossy(&buffer[..n_written]));
    }
    Ok(())
}

/// Returns the texts that follow each other, each ended by a NUL; the last may lack it.
pub(super) fn split(bytes: &[u8]) -> Result<impl Iterator<Item = &[u8]>, Defect> {
    if !bytes.len().is_multiple_of(2) {
        return Err(Defect("a text ends inside a character"));
    }
    let mut rest = bytes;
    Ok(std::iter::from_fn(move || {
        let units = rest.as_chunks::<2>().0;
        if units.is_empty() {
            return None;
        }
        let n_units = units.iter().position(|unit| *unit == [0, 0]).unwrap_or(units.len());
        let text = &rest[..2 * n_units];
        rest = rest.get(2 * (n_units + 1)..).unwrap_or_default();
        Some(text)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> String {
        let mut out = String::new();
        append(bytes, &mut out).unwrap();
        out
    }

    #[test]
    fn texts_end_at_their_nul_and_keep_what_is_not_ascii() {
        let bytes: Vec<u8> = "ab Zürich 😀 x".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(text(&bytes), "ab Zürich 😀 x");
        assert_eq!(text(b"a\0\0\0b\0"), "a");
        assert_eq!(text(b""), "");
        assert_eq!(text(b"\x80\0"), "\u{80}");
    }

    #[test]
    fn every_length_and_every_place_of_a_strange_unit_reads_as_the_standard_library_does() {
        for len in 0..20 {
            for strange in [0_u16, 0x61, 0x7f, 0x80, 0xff, 0x100, 0x2061, 0x8000, 0xd800, 0xffff] {
                for at in 0..len {
                    let mut units: Vec<u16> = (0..len).map(|i| 0x61 + i as u16).collect();
                    units[at] = strange;
                    let until_nul: Vec<u16> = units.iter().copied().take_while(|unit| *unit != 0).collect();
                    let bytes: Vec<u8> = units.into_iter().flat_map(u16::to_le_bytes).collect();
                    assert_eq!(text(&bytes), String::from_utf16_lossy(&until_nul), "{strange:#x} at {at} of {len}");
                }
            }
        }
    }
}
