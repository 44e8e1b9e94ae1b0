//! Cuts a text at its line breaks, whatever their kind, in bounded memory.
//!
//! Breaks are LF and CR LF. A lone CR inside a line stays part of it (seen in web server logs that
//! quote a request), unless the first [`SAMPLE_BYTES`] have no LF at all: then CR is the break. NUL at
//! either end of a line is padding of a file that was never closed, and a byte order mark there the start of a
//! file that was appended to another. Padding inside a line stands where a writer broke off and began
//! anew: a break, too, though none that is counted.

use super::encoding::Decoded;

/// So much of a text without LF tells that it has none.
const SAMPLE_BYTES: usize = 4096;
/// So many NUL in a row are padding; of more, so many are held.
const PADDING_MIN: usize = 8;

/// One line.
#[derive(Debug)]
pub(super) struct Line<'b> {
    /// Counted from 1.
    pub(super) number: u64,
    /// Its text without break and padding, at most as long as the bound.
    pub(super) text: &'b str,
    /// Bytes behind the bound that were left away.
    pub(super) n_cut: usize,
}

/// Where a line stands within the text that is held.
#[derive(Clone, Copy)]
pub(super) struct Span {
    /// Its number, counted from 1.
    pub(super) number: u64,
    /// Where it begins.
    pub(super) start: usize,
    /// Where it ends, line break and padding excluded.
    pub(super) end: usize,
    /// Bytes behind the bound that were left away.
    pub(super) n_cut: usize,
}

/// The lines of a text.
pub(super) struct Lines<'a> {
    text: Decoded<'a>,
    buffer: String,
    /// What stands before is of no use any more.
    held: usize,
    at: usize,
    number: u64,
    n_bytes_max: usize,
    line_break: Option<u8>,
    has_padding: bool,
    is_unended: bool,
}

impl<'a> Lines<'a> {
    /// Cuts `text`; lines are cut at `n_bytes_max`.
    pub(super) fn new(text: Decoded<'a>, n_bytes_max: usize) -> Self {
        Self {
            text,
            buffer: String::new(),
            held: 0,
            at: 0,
            number: 0,
            n_bytes_max,
            line_break: None,
            has_padding: false,
            is_unended: false,
        }
    }

    /// Returns the next line; blank ones, too. Nothing is held.
    pub(super) fn next_line(&mut self) -> Option<Line<'_>> {
        self.held = self.at;
        let span = self.next_span()?;
        Some(Line { number: span.number, text: self.text_of(span), n_cut: span.n_cut })
    }

    /// Returns where the next line stands, and keeps all text from what is held on.
    pub(super) fn next_span(&mut self) -> Option<Span> {
        let mut searched = self.at;
        let mut n_cut = 0;
        let end = loop {
            if let Some(line_break) = self.line_break
                && let Some(found) = memchr::memchr(line_break, &self.buffer.as_bytes()[searched..])
            {
                break searched + found;
            }
            searched = self.buffer.len();
            if searched - self.at > self.n_bytes_max {
                n_cut += self.pass_over_long();
                searched = self.buffer.len().min(self.at + self.n_bytes_max);
            }
            self.buffer.drain(..self.held);
            searched -= self.held;
            self.at -= self.held;
            self.held = 0;
            if !self.fill() {
                if self.at == self.buffer.len() {
                    return None;
                }
                if self.line_break.is_none() {
                    self.line_break = Some(Self::break_by(&self.buffer));
                    searched = self.at;
                    continue;
                }
                self.is_unended = true;
                break self.buffer.len();
            }
        };
        let padding = self.has_padding.then(|| padding_inside(&self.buffer[self.at..end])).flatten();
        let (end, next) = padding.map_or((end, end + 1), |(start, end)| (self.at + start, self.at + end));
        let line = &self.buffer[self.at..end];
        let (kept, n_behind) = cut(line, self.n_bytes_max);
        if n_behind > 0 {
            n_cut += n_letters(&line[kept.len()..]);
        }
        let bare = bare(kept);
        let start = self.at + (bare.as_ptr() as usize - kept.as_ptr() as usize);
        let span =
            Span { number: self.number + 1, start: start - self.held, end: start + bare.len() - self.held, n_cut };
        self.number += u64::from(padding.is_none());
        self.at = next.min(self.buffer.len());
        Some(span)
    }

    /// Whether the line that was returned last is the end of a text that ends without a break.
    pub(super) fn is_unended(&self) -> bool {
        self.is_unended && self.at == self.buffer.len()
    }

    /// Returns the text of a line that is held.
    pub(super) fn text_of(&self, span: Span) -> &str {
        &self.buffer[self.held + span.start..self.held + span.end]
    }

    /// Holds the text from the beginning of that line on; returns where the line stands now.
    pub(super) fn hold_from(&mut self, span: Span) -> Span {
        self.held += span.start;
        Span { start: 0, end: span.end - span.start, ..span }
    }

    /// Holds nothing but what comes.
    pub(super) fn release(&mut self) {
        self.held = self.at;
    }

    /// Places that could not be decoded.
    pub(super) fn n_undecodable(&self) -> u64 {
        self.text.n_undecodable()
    }

    /// Leaves away what a line that outgrew the bound has beyond it, as far as it is read; returns how much that was.
    fn pass_over_long(&mut self) -> usize {
        let (kept, _) = cut(&self.buffer[self.at..], self.n_bytes_max);
        let end = self.at + kept.len();
        let n_cut = n_letters(&self.buffer[end..]);
        self.buffer.truncate(end);
        n_cut
    }

    fn fill(&mut self) -> bool {
        let from = self.buffer.len();
        let is_more = self.text.fill(&mut self.buffer);
        if memchr::memchr(0, &self.buffer.as_bytes()[from..]).is_some() {
            self.has_padding = true;
            self.squeeze(from);
        }
        // A first block may be shorter than the first line.
        if self.line_break.is_none()
            && (self.buffer.len() >= SAMPLE_BYTES || memchr::memchr(b'\n', self.buffer.as_bytes()).is_some())
        {
            self.line_break = Some(Self::break_by(&self.buffer));
        }
        is_more
    }

    /// The break of a text that begins so.
    fn break_by(start: &str) -> u8 {
        let bytes = start.as_bytes();
        let is_old_mac = memchr::memchr(b'\n', bytes).is_none() && memchr::memchr(b'\r', bytes).is_some();
        if is_old_mac { b'\r' } else { b'\n' }
    }

    /// Shortens the padding in what stands from `from` on: it may be longer than any line.
    fn squeeze(&mut self, from: usize) {
        let held = self.buffer[..from].bytes().rev().take(PADDING_MIN).take_while(|byte| *byte == 0).count();
        let new = self.buffer.split_off(from);
        let mut n_nul = held;
        self.buffer.extend(new.chars().filter(|letter| {
            n_nul = if *letter == '\0' { n_nul + 1 } else { 0 };
            n_nul <= PADDING_MIN
        }));
    }
}

/// Where padding stands between two texts of one line.
fn padding_inside(line: &str) -> Option<(usize, usize)> {
    let start = line.len() - line.trim_start_matches('\0').len();
    let begin = start + memchr::memmem::find(&line.as_bytes()[start..], &[0; PADDING_MIN])?;
    let behind = line[begin..].trim_start_matches('\0');
    (!bare(behind).is_empty()).then(|| (begin, line.len() - behind.len()))
}

/// Cuts a text at `n_bytes_max`, not inside a character; returns how many bytes went.
pub(super) fn cut(text: &str, n_bytes_max: usize) -> (&str, usize) {
    let end = text.floor_char_boundary(n_bytes_max);
    (&text[..end], text.len() - end)
}

/// Bytes that are lost if this is left away: padding is no loss.
fn n_letters(text: &str) -> usize {
    if text.is_empty() { 0 } else { text.len() - memchr::memchr_iter(0, text.as_bytes()).count() }
}

fn bare(line: &str) -> &str {
    line.trim_end_matches(['\r', '\0']).trim_start_matches(['\0', '\u{feff}'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::Encoding;

    fn lines(text: &str, n_bytes_max: usize) -> Vec<(u64, String, usize)> {
        let mut bytes = text.as_bytes();
        let mut lines = Lines::new(Decoded::new(&mut bytes, Encoding::Utf8), n_bytes_max);
        let mut all = Vec::new();
        while let Some(line) = lines.next_line() {
            all.push((line.number, line.text.to_owned(), line.n_cut));
        }
        all
    }

    fn texts(text: &str) -> Vec<String> {
        lines(text, 100).into_iter().map(|(_, text, _)| text).collect()
    }

    #[test]
    fn breaks_of_every_kind() {
        assert_eq!(texts("a\nb\r\nc"), ["a", "b", "c"]);
        assert_eq!(texts("a\rb\r"), ["a", "b"]);
        assert_eq!(texts("a\rb\nc\n"), ["a\rb", "c"]);
        assert_eq!(texts("a\n\n\0\0b\0\0\r\n\0\0\0"), ["a", "", "b", ""]);
        assert_eq!(texts("a\n\u{feff}b\n\0\0\u{feff}c\n"), ["a", "b", "c"]);
        assert!(texts("").is_empty());
    }

    #[test]
    fn padding_of_any_length_is_no_long_line() {
        assert_eq!(lines(&format!("a\n{}", "\0".repeat(300_000)), 100), [(1, "a".into(), 0), (2, String::new(), 0)]);
    }

    #[test]
    fn padding_inside_a_line_is_a_break_that_is_not_counted() {
        for n in [PADDING_MIN, 5_000, 300_000] {
            let text = format!("a\nb{}c\r\n{}d\n", "\0".repeat(n), "\0".repeat(n));
            let expected = [(1, "a"), (2, "b"), (2, "c"), (3, "d")].map(|(number, text)| (number, text.to_owned(), 0));
            assert_eq!(lines(&text, 100), expected, "{n}");
        }
        // Fewer may be meant.
        assert_eq!(texts("a\0\0b\n"), ["a\0\0b"]);
    }

    #[test]
    fn a_first_block_without_its_line_break_tells_no_kind_of_break() {
        /// Gives its text in blocks of that size.
        struct Slow<'t>(&'t [u8], usize);
        impl std::io::Read for Slow<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                let n = self.1.min(self.0.len()).min(buffer.len());
                buffer[..n].copy_from_slice(&self.0[..n]);
                self.0 = &self.0[n..];
                Ok(n)
            }
        }
        let of = |text: &'static str, n| {
            let mut bytes = Slow(text.as_bytes(), n);
            let mut lines = Lines::new(Decoded::new(&mut bytes, Encoding::Utf8), 100);
            let mut all = Vec::new();
            while let Some(line) = lines.next_line() {
                all.push(line.text.to_owned());
            }
            all
        };
        for n in 1..8 {
            assert_eq!(of("ab\r\nc\rd\r\n", n), ["ab", "c\rd"], "{n}");
            assert_eq!(of("ab\rcd\r", n), ["ab", "cd"], "{n}");
        }
    }

    #[test]
    fn a_long_line_is_cut_and_counted_and_the_next_is_whole() {
        let text = format!("{}\nshort\n{}", "é".repeat(100_000), "x".repeat(300_000));
        let all = lines(&text, 101);
        assert_eq!(all[0], (1, "é".repeat(50), 199_900));
        assert_eq!(all[1], (2, "short".to_owned(), 0));
        assert_eq!(all[2], (3, "x".repeat(101), 299_899));
        assert_eq!(all.len(), 3);
    }
}
