//! Splits a message at blanks, but not inside a value in quotes or brackets.

/// A value in brackets that is longer than this has lost its end.
const VALUE_BYTES_MAX: usize = 1024;

/// The words of a message.
#[derive(Clone, Debug)]
pub(super) struct Words<'a> {
    rest: &'a str,
}

impl<'a> Words<'a> {
    pub(super) fn of(message: &'a str) -> Self {
        Self { rest: message }
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        self.rest = self.rest.trim_start_matches(is_blank);
        if self.rest.is_empty() {
            return None;
        }
        let bytes = self.rest.as_bytes();
        let mut end = 0;
        while end < bytes.len() && !is_blank(bytes[end] as char) {
            let is_behind_name = end > 0 && (bytes[end - 1].is_ascii_alphanumeric() || bytes[end - 1] == b'_');
            let is_value = end > 0 && bytes[end - 1] == b'=';
            let opens = match bytes[end] {
                b'"' | b'[' | b'(' => is_value,
                b'{' => is_value || is_behind_name,
                _ => false,
            };
            end += if opens { closed(&bytes[end..]).unwrap_or(1) } else { 1 };
        }
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(word)
    }
}

fn is_blank(c: char) -> bool {
    c == ' ' || c.is_ascii_control()
}

/// The length of what begins with a quote or a bracket, its end included.
fn closed(bytes: &[u8]) -> Option<usize> {
    let (open, close) = match bytes[0] {
        b'{' => (b'{', b'}'),
        b'[' => (b'[', b']'),
        b'(' => (b'(', b')'),
        quote => (quote, quote),
    };
    let mut depth = 1_usize;
    for (at, &byte) in bytes.iter().enumerate().take(VALUE_BYTES_MAX).skip(1) {
        if byte == close {
            depth -= 1;
        } else if byte == open {
            depth += 1;
        }
        if depth == 0 {
            return Some(at + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_blanks() {
        let words: Vec<_> = Words::of("a=\"b c\" d{e {f} g}, \"h i\" j=[k").collect();
        assert_eq!(words, ["a=\"b c\"", "d{e {f} g},", "\"h", "i\"", "j=[k"]);
    }
}
