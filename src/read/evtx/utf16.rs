//! UTF-16 with the little end first, as EVTX holds all its texts.

use super::Defect;

/// Appends the text up to the first NUL; a lone surrogate becomes U+FFFD.
pub(super) fn append(bytes: &[u8], out: &mut String) -> Result<(), Defect> {
    let (units, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Defect("a text ends inside a character"));
    }
    // Nearly all texts are ASCII: one pass finds out, a second copies.
    let n_plain = units.iter().take_while(|unit| unit[1] == 0 && unit[0].wrapping_sub(1) < 0x7f).count();
    out.reserve(units.len());
    out.extend(units[..n_plain].iter().map(|unit| char::from(unit[0])));
    if n_plain == units.len() {
        return Ok(());
    }
    let others = units[n_plain..].iter().map(|unit| u16::from_le_bytes(*unit)).take_while(|unit| *unit != 0);
    out.extend(char::decode_utf16(others).map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER)));
    Ok(())
}

/// Whether the bytes are exactly this text.
pub(super) fn equals(bytes: &[u8], text: &str) -> bool {
    let (units, rest) = bytes.as_chunks::<2>();
    rest.is_empty() && units.iter().map(|unit| u16::from_le_bytes(*unit)).eq(text.encode_utf16())
}

/// Splits texts that follow each other, each ended by a NUL; the last may lack it.
pub(super) fn split(bytes: &[u8]) -> Result<Vec<&[u8]>, Defect> {
    if !bytes.len().is_multiple_of(2) {
        return Err(Defect("a text ends inside a character"));
    }
    let mut texts = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let units = rest.as_chunks::<2>().0;
        let n_units = units.iter().position(|unit| *unit == [0, 0]).unwrap_or(units.len());
        texts.push(&rest[..2 * n_units]);
        rest = rest.get(2 * (n_units + 1)..).unwrap_or_default();
    }
    Ok(texts)
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
        assert!(equals(&bytes, "ab Zürich 😀 x"));
        assert!(!equals(&bytes, "ab Zürich 😀"));
        assert_eq!(text(b"a\0\0\0b\0"), "a");
        assert_eq!(text(b""), "");
        assert_eq!(text(b"\x80\0"), "\u{80}");
    }
}
