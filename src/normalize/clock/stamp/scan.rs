//! A place in the bytes of a text, and the numbers, words and times of day that begin there.

use crate::model::time::{TICKS_PER_HOUR, TICKS_PER_SECOND};

/// A place in the bytes of a text.
#[derive(Clone, Copy)]
pub(super) struct Scan<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Scan<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or(&[])
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(super) fn eat(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    /// How many digits stand here, at most `most`.
    pub(super) fn n_digits(&self, most: usize) -> usize {
        self.rest().iter().take(most).take_while(|b| b.is_ascii_digit()).count()
    }

    /// A number of `least` to `most` digits (18 at most), and how many it had.
    pub(super) fn number(&mut self, least: usize, most: usize) -> Option<(i64, usize)> {
        let len = self.n_digits(most);
        if len < least {
            return None;
        }
        let value = self.rest()[..len].iter().fold(0, |n, b| n * 10 + i64::from(b - b'0'));
        self.at += len;
        Some((value, len))
    }

    /// Letters, of any alphabet; empty if there are none.
    pub(super) fn word(&mut self) -> &'a [u8] {
        let rest = self.rest();
        let len = rest.iter().take_while(|b| b.is_ascii_alphabetic() || **b >= 0x80).count();
        self.at += len;
        &rest[..len]
    }

    /// Whether no letter, digit or `_` stands here: a stamp ends where a word would.
    pub(super) fn ends(&self) -> bool {
        self.peek().is_none_or(|b| !b.is_ascii_alphanumeric() && b != b'_')
    }

    /// Blanks between two words: one or two.
    pub(super) fn eat_blanks(&mut self) -> bool {
        let found = self.eat(b' ');
        self.eat(b' ');
        found
    }

    /// Steps over what stands between a date and a time, if a time follows.
    pub(super) fn time_follows(&mut self) -> bool {
        let mut scan = *self;
        let mut n_between = 0;
        while let Some(b'T' | b't' | b' ' | b'_' | b':' | b',' | b'\t' | b'-') = scan.peek()
            && n_between < 3
        {
            scan.at += 1;
            n_between += 1;
        }
        let follows = n_between > 0 && scan.is_at_time();
        if follows {
            self.at = scan.at;
        }
        follows
    }

    /// Whether a time of day stands behind this place.
    pub(super) fn time_follows_here(&self) -> bool {
        let mut scan = *self;
        scan.time_follows()
    }

    /// Whether a time of day begins here: `8:15`, `081501`, `08.15.01`.
    fn is_at_time(&self) -> bool {
        let digits = self.n_digits(7);
        let rest = &self.rest()[digits..];
        let digit_at = |at: usize| rest.get(at).is_some_and(u8::is_ascii_digit);
        match rest.first() {
            Some(b':') if (1..=2).contains(&digits) => digit_at(1),
            // Points part versions, too: only two digits each are a time.
            Some(b'.') if digits == 2 => {
                digit_at(1) && digit_at(2) && rest.get(3) == Some(&b'.') && digit_at(4) && digit_at(5) && !digit_at(6)
            }
            _ => digits == 6,
        }
    }

    /// A time of day with its fraction and the half of the day, in ticks since midnight.
    #[inline]
    pub(super) fn time_of_day(&mut self) -> Option<i64> {
        let (mut hour, minute, second) = match self.usual_time() {
            Some(found) => found,
            None => self.other_time()?,
        };
        let fraction = self.fraction();
        self.half_of_day(&mut hour)?;
        // Second 60 is a leap second: the clock of the log shows it, UTC ticks on.
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        Some(hour * TICKS_PER_HOUR + (minute * 60 + second) * TICKS_PER_SECOND + fraction)
    }

    /// `08:15:01`
    #[inline]
    fn usual_time(&mut self) -> Option<(i64, i64, i64)> {
        let text: &[u8; 8] = self.rest().first_chunk()?;
        let mut bad = (text[2] ^ b':') | (text[5] ^ b':');
        let found = (pair(text, 0, &mut bad), pair(text, 3, &mut bad), pair(text, 6, &mut bad));
        if bad != 0 {
            return None;
        }
        self.at += 8;
        Some(found)
    }

    /// `8:15:01`, `08:15`, `081501`, `08.15.01`, and `0:7:20`, as some devices write.
    fn other_time(&mut self) -> Option<(i64, i64, i64)> {
        if self.n_digits(7) == 6 {
            let (packed, _) = self.number(6, 6)?;
            return Some((packed / 10_000, packed / 100 % 100, packed % 100));
        }
        let (hour, _) = self.number(1, 2)?;
        if self.eat(b'.') {
            let (minute, _) = self.number(2, 2)?;
            let second = if self.eat(b'.') { self.number(2, 2)?.0 } else { return None };
            return Some((hour, minute, second));
        }
        if !self.eat(b':') {
            return None;
        }
        let (minute, n_minute) = self.number(1, 2)?;
        let has_second = self.peek() == Some(b':') && self.bytes.get(self.at + 1).is_some_and(u8::is_ascii_digit);
        if !has_second {
            return (n_minute == 2).then_some((hour, minute, 0));
        }
        self.at += 1;
        let (second, _) = self.number(1, 2)?;
        Some((hour, minute, second))
    }

    /// Digits behind the second, in ticks; further ones are cut.
    #[inline]
    pub(super) fn fraction(&mut self) -> i64 {
        let digits = match self.peek() {
            Some(b'.' | b',') => {
                let scan = Self { at: self.at + 1, ..*self };
                scan.n_digits(usize::MAX)
            }
            // `08:15:01:123`: only whole thousandths, for other numbers stand behind a colon, too.
            Some(b':') => {
                let scan = Self { at: self.at + 1, ..*self };
                let digits = scan.n_digits(10);
                if matches!(digits, 3 | 6 | 9) && (Self { at: scan.at + digits, ..scan }).ends() { digits } else { 0 }
            }
            _ => 0,
        };
        if digits == 0 {
            return 0;
        }
        let text = &self.bytes[self.at + 1..self.at + 1 + digits];
        self.at += 1 + digits;
        let mut ticks = 0;
        for digit in text.iter().take(7) {
            ticks = ticks * 10 + i64::from(digit - b'0');
        }
        for _ in digits..7 {
            ticks *= 10;
        }
        ticks
    }

    /// `AM` and `PM`; `None` if the hour does not fit them.
    #[inline]
    fn half_of_day(&mut self, hour: &mut i64) -> Option<()> {
        let rest = self.rest();
        // Windows of today puts a narrow blank before it, which does not break the line.
        let n_blank = match rest {
            [b' ', ..] => 1,
            [0xE2, 0x80, 0xAF, ..] => 3,
            [0xC2, 0xA0, ..] => 2,
            _ => 0,
        };
        let Some(&[half, m]) = rest.get(n_blank..n_blank + 2) else { return Some(()) };
        let half = half.to_ascii_uppercase();
        if !m.eq_ignore_ascii_case(&b'M') || !matches!(half, b'A' | b'P') {
            return Some(());
        }
        let scan = Self { at: self.at + n_blank + 2, ..*self };
        if !scan.ends() {
            return Some(());
        }
        if !(1..=12).contains(hour) {
            return None;
        }
        *hour = *hour % 12 + if half == b'P' { 12 } else { 0 };
        self.at = scan.at;
        Some(())
    }
}

/// The number that two digits at a fixed place are; sets `bad` if they are none.
#[inline]
pub(super) fn pair<const N: usize>(text: &[u8; N], at: usize, bad: &mut u8) -> i64 {
    let tens = text[at].wrapping_sub(b'0');
    let ones = text[at + 1].wrapping_sub(b'0');
    *bad |= u8::from(tens > 9) | u8::from(ones > 9);
    i64::from(tens) * 10 + i64::from(ones)
}
