//! Cuts a text at its line breaks, whatever their kind, in bounded memory.
//!
//! Breaks are LF and CR LF. A lone CR inside a line stays part of it (seen in web server logs that
//! quote a request), unless the first block has no LF at all: then CR is the break. NUL at either end
//! of a line is padding of a file that was never closed, and a byte order mark there the start of a file
//! that was appended to another.

use super::encoding::Decoded;

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

/// The lines of a text.
pub(super) struct Lines<'a> {
    text: Decoded<'a>,
    buffer: String,
    at: usize,
    number: u64,
    n_bytes_max: usize,
    line_break: Option<u8>,
    long: String,
}

impl<'a> Lines<'a> {
    /// Cuts `text`; lines are cut at `n_bytes_max`.
    pub(super) fn new(text: Decoded<'a>, n_bytes_max: usize) -> Self {
        let (buffer, long) = (String::new(), String::new());
        Self { text, buffer, at: 0, number: 0, n_bytes_max, line_break: None, long }
    }

    /// Returns the next line; blank ones, too.
    pub(super) fn next_line(&mut self) -> Option<Line<'_>> {
        let mut searched = self.at;
        let end = loop {
            if let Some(line_break) = self.line_break
                && let Some(found) = memchr::memchr(line_break, &self.buffer.as_bytes()[searched..])
            {
                break searched + found;
            }
            searched = self.buffer.len();
            if searched - self.at > self.n_bytes_max {
                return Some(self.long_line());
            }
            self.buffer.drain(..self.at);
            searched -= self.at;
            self.at = 0;
            if !self.fill() {
                if self.buffer.is_empty() {
                    return None;
                }
                break self.buffer.len();
            }
        };
        let start = self.at;
        self.at = (end + 1).min(self.buffer.len());
        self.number += 1;
        let line = &self.buffer[start..end];
        let (text, _) = cut(line, self.n_bytes_max);
        Some(Line { number: self.number, text: bare(text), n_cut: n_letters(&line[text.len()..]) })
    }

    /// Places that could not be decoded.
    pub(super) fn n_undecodable(&self) -> u64 {
        self.text.n_undecodable()
    }

    /// Takes the start of a line that outgrew the bound, and passes over the rest of it.
    fn long_line(&mut self) -> Line<'_> {
        let (kept, _) = cut(&self.buffer[self.at..], self.n_bytes_max);
        let mut n_cut = n_letters(&self.buffer[self.at + kept.len()..]);
        self.long.clear();
        self.long.push_str(kept);
        loop {
            self.buffer.clear();
            self.at = 0;
            if !self.fill() {
                break;
            }
            let line_break = self.line_break.unwrap_or(b'\n');
            if let Some(found) = memchr::memchr(line_break, self.buffer.as_bytes()) {
                n_cut += n_letters(&self.buffer[..found]);
                self.at = found + 1;
                break;
            }
            n_cut += n_letters(&self.buffer);
        }
        self.number += 1;
        Line { number: self.number, text: bare(&self.long), n_cut }
    }

    fn fill(&mut self) -> bool {
        let is_more = self.text.fill(&mut self.buffer);
        if self.line_break.is_none() && !self.buffer.is_empty() {
            let bytes = self.buffer.as_bytes();
            let is_old_mac = memchr::memchr(b'\n', bytes).is_none() && memchr::memchr(b'\r', bytes).is_some();
            self.line_break = Some(if is_old_mac { b'\r' } else { b'\n' });
        }
        is_more
    }
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
    fn a_long_line_is_cut_and_counted_and_the_next_is_whole() {
        let text = format!("{}\nshort\n{}", "é".repeat(100_000), "x".repeat(300_000));
        let all = lines(&text, 101);
        assert_eq!(all[0], (1, "é".repeat(50), 199_900));
        assert_eq!(all[1], (2, "short".to_owned(), 0));
        assert_eq!(all[2], (3, "x".repeat(101), 299_899));
        assert_eq!(all.len(), 3);
    }
}
