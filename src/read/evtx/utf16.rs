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

/// Units that [`write_blocks`] narrows at a time.
pub(super) const BLOCK: usize = 16;

/// Writes a text of so many bytes into the beginning of `out`, whole blocks at a time, as if it were ASCII.
///
/// Returns how many bytes of `out` are text; among them stands a zero for a NUL and for each unit that is
/// no ASCII. Reads and writes up to a block more than the text; `None` if there is no room for that, or if
/// the text ends inside a unit.
#[inline]
pub(super) fn write_blocks(bytes: &[u8], n_bytes: usize, out: &mut [u8]) -> Option<usize> {
    let n_units = n_bytes / 2;
    let n_blocks = n_units.div_ceil(BLOCK);
    let blocks = bytes.as_chunks::<{ 2 * BLOCK }>().0.get(..n_blocks)?;
    for (block, to) in blocks.iter().zip(out.as_chunks_mut::<BLOCK>().0.get_mut(..n_blocks)?) {
        *to = narrow(block);
    }
    // Many writers count the NUL in.
    let ends_with_nul = n_units > 0 && bytes.get(n_bytes - 2..n_bytes)? == [0, 0];
    n_bytes.is_multiple_of(2).then_some(n_units - usize::from(ends_with_nul))
}

/// Narrows a block; what is no ASCII becomes a zero.
///
/// Whole arrays in and out, so that it becomes a few instructions for all units at once.
#[inline]
fn narrow(block: &[u8; 2 * BLOCK]) -> [u8; BLOCK] {
    let mut units = [0; BLOCK];
    for (unit, bytes) in units.iter_mut().zip(block.as_chunks().0) {
        *unit = u16::from_le_bytes(*bytes);
    }
    units.map(|unit| if unit < 0x80 { unit as u8 } else { 0 })
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

    #[test]
    fn blocks_hold_the_text_or_a_zero_that_tells() {
        for n_units in 0..40 {
            let mut units: Vec<u16> = (0..64).map(|i| 0x21 + i).collect();
            let of = |units: &[u16], n_bytes| {
                let bytes: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
                let mut out = vec![0; 64];
                write_blocks(&bytes, n_bytes, &mut out).map(|len| out[..len].to_vec())
            };
            let expected: Vec<u8> = (0..n_units as u8).map(|i| 0x21 + i).collect();
            assert_eq!(of(&units, 2 * n_units).as_ref(), Some(&expected));
            assert_eq!(of(&units, 2 * n_units + 1), None, "the text ends inside a unit");
            assert_eq!(of(&units[..n_units], 2 * n_units).is_some(), n_units.is_multiple_of(BLOCK));
            for at in 0..n_units {
                for strange in [0, 0x80, 0x161, 0xff00, 0xd83d] {
                    let sound = std::mem::replace(&mut units[at], strange);
                    let text = of(&units, 2 * n_units).unwrap();
                    let is_end = strange == 0 && at + 1 == n_units;
                    assert_eq!(text.contains(&0), !is_end, "{strange:#x} at {at} of {n_units}");
                    assert_eq!(text.len(), n_units - usize::from(is_end));
                    units[at] = sound;
                }
            }
        }
    }
}
