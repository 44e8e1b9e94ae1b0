//! Takes the escape sequences of terminals out of a text: colors of a console log, titles, cursor moves.
//!
//! They are no part of what was logged, and stand in the middle of time stamps and words. A text without
//! them costs one search a block.

/// Letters of one sequence that are passed over at most; what is longer is no sequence.
const SEQUENCE_MAX: usize = 256;
const ESCAPE: char = '\u{1b}';
const BELL: char = '\u{7}';

/// Where in a sequence a text is; sequences may lie across blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// Behind the escape, or behind marks that announce one more letter.
    Escape,
    /// In parameters, up to a letter.
    Parameters,
    /// In a command, up to a bell or an escape.
    Command,
    /// Behind the escape that ends a command.
    CommandEnd,
}

/// Takes sequences out of a text that comes block by block.
#[derive(Debug, Default)]
pub(super) struct Plain {
    state: State,
    n_letters: usize,
}

impl Plain {
    /// Takes them out of what was appended to `text` behind `from`.
    pub(super) fn strip(&mut self, text: &mut String, from: usize) {
        let first = match self.state {
            State::Text => memchr::memchr(ESCAPE as u8, &text.as_bytes()[from..]).map(|at| from + at),
            _ => Some(from),
        };
        let Some(first) = first else { return };
        let rest = text.split_off(first);
        let mut rest = rest.as_str();
        loop {
            if self.state == State::Text {
                let Some(at) = memchr::memchr(ESCAPE as u8, rest.as_bytes()) else { break };
                text.push_str(&rest[..at]);
                rest = &rest[at + 1..];
                (self.state, self.n_letters) = (State::Escape, 0);
            }
            let Some(letter) = rest.chars().next() else { return };
            self.n_letters += 1;
            match self.step(letter) {
                Some(next) => {
                    self.state = next;
                    rest = &rest[letter.len_utf8()..];
                }
                // No sequence, or a broken one: the letter belongs to the text.
                None => self.state = State::Text,
            }
        }
        text.push_str(rest);
    }

    /// The state behind a letter; `None` where the letter is none of the sequence.
    fn step(&self, letter: char) -> Option<State> {
        if matches!(letter, '\n' | '\r') || self.n_letters > SEQUENCE_MAX {
            return None;
        }
        match (self.state, letter) {
            (State::Escape, '[') => Some(State::Parameters),
            (State::Escape, ']' | 'P' | 'X' | '^' | '_') => Some(State::Command),
            (State::Escape, ' '..='/') => Some(State::Escape),
            (State::Escape, '0'..='~') => Some(State::Text),
            (State::Parameters, ' '..='?') => Some(State::Parameters),
            (State::Parameters, '@'..='~') => Some(State::Text),
            (State::Command, BELL) => Some(State::Text),
            (State::Command, ESCAPE) => Some(State::CommandEnd),
            (State::Command, _) => Some(State::Command),
            (State::CommandEnd, '\\') => Some(State::Text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text in blocks of so many characters.
    fn stripped(text: &str, n_a_block: usize) -> String {
        let mut plain = Plain::default();
        let mut whole = String::new();
        for block in text.chars().collect::<Vec<_>>().chunks(n_a_block) {
            let from = whole.len();
            whole.extend(block);
            plain.strip(&mut whole, from);
        }
        whole
    }

    #[test]
    fn sequences_go_and_all_else_stays_wherever_a_block_ends() {
        let cases = [
            (
                "\u{1b}[0m\u{1b}[32mSep 19 \u{1b}[0m\u{1b}[1m09:24:04\u{1b}[0m: dis\u{1b}[41mconnect\u{1b}[0med\n",
                "Sep 19 09:24:04: disconnected\n",
            ),
            ("\u{1b}[38;2;255;0;10mERROR\u{1b}[m \u{1b}[2K\u{1b}[?25lgrün\r\n", "ERROR grün\r\n"),
            ("a\u{1b}]0;title\u{7}b\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\c\u{1b}(Bd\u{1b}Me", "ablinkcde"),
            // What breaks off swallows no line.
            ("a\u{1b}[31\nb\u{1b}]0;never ended\nc\u{1b}\nd\u{1b}", "a\nb\nc\nd"),
            ("é\u{1b}é [31m no escape", "éé [31m no escape"),
        ];
        for (text, expected) in cases {
            for n_a_block in [1, 2, 3, 7, 1_000] {
                assert_eq!(stripped(text, n_a_block), expected, "{n_a_block}");
            }
        }
    }

    #[test]
    fn what_is_too_long_is_no_sequence() {
        let text = format!("a\u{1b}]{}", "x".repeat(10_000));
        let kept = stripped(&text, 100);
        assert_eq!(kept.len(), 10_001 - (SEQUENCE_MAX - 1));
    }
}
