//! Stamps that are none by themselves: times without a day, and numbers that could be anything.
//!
//! A line that begins with `12:30` may begin with a time, a score or a verse. Only where the lines of a
//! source have such a beginning throughout is it a stamp.

use super::scan::Scan;
use super::{DateOrder, Stamp, count, finish, stamp, time_behind};
use crate::model::time::TICKS_PER_SECOND;
use crate::normalize::clock::Civil;

/// A form that is a stamp only where all lines of a source have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Partial {
    /// `08:15:01.123`
    TimeOfDay,
    /// `29:47.191`: minutes and seconds.
    Minutes,
    /// `22234 08:15:01`: the year with two digits and the day in it.
    PackedOrdinal,
}

const ALL: [Partial; 3] = [Partial::TimeOfDay, Partial::PackedOrdinal, Partial::Minutes];

impl Partial {
    fn read(self, text: &str) -> Option<(Stamp, usize)> {
        let mut scan = Scan::new(text.as_bytes());
        let (stamp, len) = match self {
            Self::TimeOfDay => {
                let has_seconds = scan.bytes.get(5) == Some(&b':') || scan.bytes.get(4) == Some(&b':');
                let (stamp, len) = finish(&mut scan, super::Day::new(0)).filter(|_| has_seconds)?;
                (Stamp { has_date: false, ..stamp }, len)
            }
            Self::Minutes => {
                let (minutes, _) = scan.number(1, 3)?;
                if !scan.eat(b':') {
                    return None;
                }
                let (seconds, _) = scan.number(2, 2)?;
                if seconds > 59 || !matches!(scan.peek(), Some(b'.' | b',')) {
                    return None;
                }
                let ticks = (minutes * 60 + seconds) * TICKS_PER_SECOND + scan.fraction();
                (Stamp { has_date: false, ..Stamp::local(Civil(ticks)) }, scan.at)
            }
            Self::PackedOrdinal => {
                let day = count::packed_ordinal(&mut scan)?;
                time_behind(&mut scan, day)?
            }
        };
        Scan { at: len, ..scan }.ends().then_some((stamp, len))
    }
}

/// Reads the stamps of one source, by what its first lines begin with.
#[derive(Clone, Copy, Debug, Default)]
pub struct StampReader {
    partial: Option<Partial>,
}

impl StampReader {
    /// Learns from the first texts of a source: a form without day is read if half of them have it, and
    /// more than have a whole stamp.
    pub fn learning<'t>(texts: impl Iterator<Item = &'t str>) -> Self {
        let mut n_texts = 0;
        let mut n_whole = 0;
        let mut n_partial = [0; ALL.len()];
        for text in texts {
            n_texts += 1;
            n_whole += usize::from(stamp(text, DateOrder::Open).is_some());
            for (n, form) in n_partial.iter_mut().zip(ALL) {
                *n += usize::from(form.read(text).is_some());
            }
        }
        let best = n_partial.iter().copied().max().unwrap_or(0);
        let at = n_partial.iter().position(|n| *n == best);
        let is_clear = best > n_whole && best * 2 >= n_texts;
        Self { partial: at.filter(|_| is_clear).map(|at| ALL[at]) }
    }

    /// Reads the stamp at the beginning of `text`; also returns its length in bytes.
    pub fn read(&self, text: &str) -> Option<(Stamp, usize)> {
        stamp(text, DateOrder::Open).or_else(|| self.partial?.read(text))
    }
}
