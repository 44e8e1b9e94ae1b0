//! Tells how the characters of a text are encoded, and turns them into UTF-8 block by block.
//!
//! Windows writes logs as UTF-16 with a mark (SQL Server, `>` of older PowerShell), without one
//! (`wevtutil /uni`), as UTF-8 with a mark, and in the code page of the machine. A file that was
//! open when a machine lost power holds runs of NUL; they are neither UTF-16 nor a sign of binary.

use std::io::Read;

use encoding_rs::{DecoderResult, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::ansi::Plain;
use super::place::BLOCK;
use super::source::Encoding;

/// A run of NUL of at least this many bytes is padding.
const PADDING_MIN: usize = 8;
/// Control characters that a text may hold, as a share of its bytes: random bytes hold a tenth.
const CONTROL_SHARE_MAX: f64 = 0.02;

/// Tells the encoding from the first bytes of a source; `is_whole` if there are no more.
pub(super) fn detect(head: &[u8], is_whole: bool) -> Encoding {
    match head {
        [0xef, 0xbb, 0xbf, ..] => return Encoding::Utf8,
        [0xff, 0xfe, ..] => return Encoding::Utf16Le,
        [0xfe, 0xff, ..] => return Encoding::Utf16Be,
        _ => {}
    }
    // The journal's own text holds the lengths of values as bytes.
    if head.starts_with(b"__CURSOR=") {
        return Encoding::Utf8;
    }
    if let Some(encoding) = utf16_without_mark(head) {
        return encoding;
    }
    let (n_text, n_control) = census(head);
    if (n_text == 0 && !head.is_empty()) || n_control as f64 > CONTROL_SHARE_MAX * n_text as f64 {
        return Encoding::Binary;
    }
    match count_utf8(head, is_whole) {
        // A log in a code page may hold a pair that happens to be UTF-8, a UTF-8 log a broken byte.
        (n_sound, n_broken) if n_broken > n_sound => Encoding::Windows1252,
        _ => Encoding::Utf8,
    }
}

/// UTF-16 without a mark: for Latin letters, digits and blanks every other byte is zero.
fn utf16_without_mark(head: &[u8]) -> Option<Encoding> {
    let (mut n_pairs, mut n_low_zero, mut n_high_zero) = (0_usize, 0_usize, 0_usize);
    for pair in head.chunks_exact(2) {
        match *pair {
            [0, 0] => {}
            [0, _] => (n_pairs, n_low_zero) = (n_pairs + 1, n_low_zero + 1),
            [_, 0] => (n_pairs, n_high_zero) = (n_pairs + 1, n_high_zero + 1),
            _ => n_pairs += 1,
        }
    }
    // Half of the pairs leaves room for names and messages in other scripts.
    let (encoding, candidates, against) = if n_high_zero > n_low_zero {
        (Encoding::Utf16Le, n_high_zero, n_low_zero)
    } else {
        (Encoding::Utf16Be, n_low_zero, n_high_zero)
    };
    if n_pairs < 2 || 2 * candidates < n_pairs || 20 * against > candidates {
        return None;
    }
    let units = head.chunks_exact(2).map(|pair| match encoding {
        Encoding::Utf16Le => u16::from_le_bytes([pair[0], pair[1]]),
        _ => u16::from_be_bytes([pair[0], pair[1]]),
    });
    let n_control = units.filter(|&unit| unit > 0 && unit < 0x20 && !is_text_control(unit as u8)).count();
    (n_control as f64 <= CONTROL_SHARE_MAX * n_pairs as f64).then_some(encoding)
}

/// Bytes that are no padding, and the control characters among them.
fn census(head: &[u8]) -> (usize, usize) {
    let mut n_text = 0;
    let mut n_control = 0;
    let mut runs = head.chunk_by(|a, b| (*a == 0) == (*b == 0)).peekable();
    while let Some(run) = runs.next() {
        if run[0] == 0 {
            // Newer versions of wevtutil print the NUL that ends a text in memory, too.
            let ends_line = runs.peek().is_some_and(|next| matches!(next[0], b'\r' | b'\n'));
            let n = if ends_line || run.len() >= PADDING_MIN { 0 } else { run.len() };
            (n_text, n_control) = (n_text + n, n_control + n);
        } else {
            n_text += run.len();
            n_control += run.iter().filter(|&&byte| (byte < 0x20 && !is_text_control(byte)) || byte == 0x7f).count();
        }
    }
    (n_text, n_control)
}

/// Tab, line feed, vertical tab, form feed, carriage return, and escape (colors of a terminal).
fn is_text_control(byte: u8) -> bool {
    matches!(byte, 0x09..=0x0d | 0x1b)
}

/// Characters beyond ASCII that are sound UTF-8, and places that are not.
fn count_utf8(head: &[u8], is_whole: bool) -> (usize, usize) {
    let mut n_sound = 0;
    let mut n_broken = 0;
    let mut chunks = head.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        n_sound += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        let is_cut = !is_whole && chunks.peek().is_none() && chunk.invalid().len() < 4;
        n_broken += usize::from(!chunk.invalid().is_empty() && !is_cut);
    }
    (n_sound, n_broken)
}

/// A text as UTF-8, block by block.
pub(super) struct Decoded<'a> {
    bytes: &'a mut dyn Read,
    decoder: encoding_rs::Decoder,
    block: Vec<u8>,
    is_ended: bool,
    n_undecodable: u64,
    plain: Plain,
}

impl<'a> Decoded<'a> {
    /// Decodes `bytes`; a byte order mark is left away.
    pub(super) fn new(bytes: &'a mut dyn Read, encoding: Encoding) -> Self {
        let decoder = match encoding {
            Encoding::Utf8 | Encoding::Binary => UTF_8.new_decoder_with_bom_removal(),
            Encoding::Utf16Le => UTF_16LE.new_decoder_with_bom_removal(),
            Encoding::Utf16Be => UTF_16BE.new_decoder_with_bom_removal(),
            Encoding::Windows1252 => WINDOWS_1252.new_decoder_without_bom_handling(),
        };
        Self { bytes, decoder, block: vec![0; BLOCK], is_ended: false, n_undecodable: 0, plain: Plain::default() }
    }

    /// Appends the next block to `text`, without the escape sequences of terminals; `false` at the end.
    pub(super) fn fill(&mut self, text: &mut String) -> bool {
        if self.is_ended {
            return false;
        }
        // A failed read is an end here: [`super::tally::Tally`] keeps the failure.
        let n = self.bytes.read(&mut self.block).unwrap_or(0);
        self.is_ended = n == 0;
        let mut block = &self.block[..n];
        let from = text.len();
        loop {
            let room = self.decoder.max_utf8_buffer_length_without_replacement(block.len()).unwrap_or(4 * BLOCK);
            text.reserve(room.max(16));
            let (result, n_read) = self.decoder.decode_to_string_without_replacement(block, text, self.is_ended);
            block = &block[n_read..];
            match result {
                DecoderResult::InputEmpty => {
                    self.plain.strip(text, from);
                    return true;
                }
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    self.n_undecodable += 1;
                    // What is left at the end is the half of a character that was being written.
                    if !self.is_ended {
                        text.push(char::REPLACEMENT_CHARACTER);
                    }
                }
            }
        }
    }

    /// Places that were no text in the encoding and became U+FFFD.
    pub(super) fn n_undecodable(&self) -> u64 {
        self.n_undecodable
    }
}

/// Decodes a head at once; a character cut at its end is left away.
pub(super) fn decode_head(head: &[u8], encoding: Encoding, is_whole: bool) -> String {
    let mut rest = head;
    let mut text = String::new();
    let mut decoded = Decoded::new(&mut rest, encoding);
    while decoded.fill(&mut text) {}
    if !is_whole && text.ends_with(char::REPLACEMENT_CHARACTER) {
        text.pop();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(to_bytes).collect()
    }

    #[test]
    fn every_encoding_is_recognised_and_read() {
        let text = "2022-08-22 08:01:33 Anmeldung für Zoë fehlgeschlagen\r\n";
        let (windows, _, _) = WINDOWS_1252.encode(text);
        let cases: Vec<(Vec<u8>, Encoding)> = vec![
            (text.as_bytes().to_vec(), Encoding::Utf8),
            ([&[0xef, 0xbb, 0xbf], text.as_bytes()].concat(), Encoding::Utf8),
            (utf16(text, u16::to_le_bytes), Encoding::Utf16Le),
            (utf16(text, u16::to_be_bytes), Encoding::Utf16Be),
            (utf16(&format!("\u{feff}{text}"), u16::to_le_bytes), Encoding::Utf16Le),
            (utf16(&format!("\u{feff}{text}"), u16::to_be_bytes), Encoding::Utf16Be),
            (windows.into_owned(), Encoding::Windows1252),
        ];
        for (bytes, encoding) in cases {
            assert_eq!(detect(&bytes, true), encoding);
            assert_eq!(decode_head(&bytes, encoding, true), text, "{encoding:?}");
        }
    }

    #[test]
    fn padding_is_text_and_binary_is_not() {
        let mut padded = b"a line\n".to_vec();
        padded.extend([0; 4096]);
        assert_eq!(detect(&padded, true), Encoding::Utf8);
        let scattered: Vec<u8> = (0..4096_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        assert_eq!(detect(&scattered, true), Encoding::Binary);
        assert_eq!(detect(&[0; 64], true), Encoding::Binary);
        assert_eq!(detect(b"", true), Encoding::Utf8);
    }

    #[test]
    fn the_text_of_the_journal_holds_lengths_as_bytes() {
        assert_eq!(detect(b"__CURSOR=s=1\nMESSAGE\n\x09\0\0\0\0\0\0\0one\nlines\n", true), Encoding::Utf8);
    }

    #[test]
    fn the_nul_that_ends_a_text_in_memory_makes_no_line_binary() {
        assert_eq!(detect(&b"  Level: Error\0\r\n  Opcode: Info\0\0\r\n".repeat(9), true), Encoding::Utf8);
        assert_eq!(detect(&b"  Level\0 Error\n  Opcode\0 Info\n".repeat(9), true), Encoding::Binary);
    }

    #[test]
    fn a_character_cut_by_the_end_of_the_head_is_no_fault() {
        let cut = &"zürich ü".as_bytes()[..9];
        assert_eq!(detect(cut, false), Encoding::Utf8);
        assert_eq!(decode_head(cut, Encoding::Utf8, false), "zürich ");
    }

    #[test]
    fn a_character_torn_by_the_end_is_counted_and_no_text() {
        let whole = "2022-08-22 08:01:33 x\n";
        let mut torn = utf16(&format!("\u{feff}{whole}"), u16::to_le_bytes);
        torn.push(b'2');
        let half_pair = [utf16(whole, u16::to_le_bytes), vec![0x3d, 0xd8]].concat();
        let half_letter = [whole.as_bytes(), &[0xc3]].concat();
        for (bytes, encoding) in
            [(torn, Encoding::Utf16Le), (half_pair, Encoding::Utf16Le), (half_letter, Encoding::Utf8)]
        {
            let mut rest = bytes.as_slice();
            let mut text = String::new();
            let mut decoded = Decoded::new(&mut rest, encoding);
            while decoded.fill(&mut text) {}
            assert_eq!((text.as_str(), decoded.n_undecodable()), (whole, 1), "{encoding:?}");
        }
    }

    #[test]
    fn a_broken_byte_in_utf8_is_replaced_and_counted() {
        let bytes = [b"gr\xc3\xbcn ".as_slice(), b"\xff", b" rot \xc3\xb6\n"].concat();
        assert_eq!(detect(&bytes, true), Encoding::Utf8);
        let mut rest = bytes.as_slice();
        let mut text = String::new();
        let mut decoded = Decoded::new(&mut rest, Encoding::Utf8);
        while decoded.fill(&mut text) {}
        assert_eq!((text.as_str(), decoded.n_undecodable()), ("grün \u{fffd} rot ö\n", 1));
    }
}
