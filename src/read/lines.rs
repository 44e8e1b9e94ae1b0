//! Reads text logs: lines, and the lines that continue them.

use std::borrow::Cow;

use super::encoding::Decoded;
use super::line_break::{Lines, Span, cut};
use super::record::{Body, Record};
use super::source::{How, Reading, SourceName};
use crate::diagnostic::Code;
use crate::model::Position;

/// A record longer than this is cut: 64 KiB hold the longest stack traces seen.
pub(super) const RECORD_BYTES_MAX: usize = 64 * 1024;

/// Reads lines; blank ones belong to the record before or to none.
///
/// What stands before the first line that begins a record is a record of its own, and so is a last line that was
/// being written and looks like the start of one. A record of one line is
/// handed on as it stands in the block that was read; only one of several lines is gathered.
pub(super) fn records(
    text: Decoded<'_>,
    name: &SourceName,
    how: &How<'_>,
    sink: &mut dyn FnMut(Record<'_>),
) -> Reading {
    let mut delivery = Delivery { reading: Reading::default(), name, sink };
    let mut lines = Lines::new(text, RECORD_BYTES_MAX);
    let mut open: Option<Span> = None;
    let mut gathered = Gathered::default();
    while let Some(span) = lines.next_span() {
        delivery.reading.n_lines = span.number;
        let line = lines.text_of(span);
        let is_blank = line.trim_ascii_start().is_empty() || line.trim().is_empty();
        let begins = !is_blank && how.starts_record.is_none_or(|starts_record| starts_record(line));
        let is_cut =
            || lines.is_unended() && open.is_some_and(|first| is_alike(line, first_line(first, &lines, &gathered)));
        let begins = begins || (!is_blank && is_cut());
        match open {
            None if is_blank => lines.release(),
            Some(first) if !begins => {
                if gathered.text.is_empty() {
                    gathered.append(lines.text_of(first), first.n_cut);
                }
                gathered.append("\n", 0);
                gathered.append(lines.text_of(span), span.n_cut);
                lines.release();
            }
            _ => {
                if let Some(first) = open {
                    delivery.close(first, &lines, &mut gathered);
                }
                open = Some(lines.hold_from(span));
            }
        }
    }
    if let Some(first) = open {
        delivery.close(first, &lines, &mut gathered);
    }
    delivery.reading.complain_undecodable(name, lines.n_undecodable());
    delivery.reading
}

/// The first line of the record that is open.
fn first_line<'t>(first: Span, lines: &'t Lines<'_>, gathered: &'t Gathered) -> &'t str {
    if gathered.text.is_empty() { lines.text_of(first) } else { gathered.text.lines().next().unwrap_or("") }
}

/// Whether the letters, digits and marks of a line that was cut stand as those of another do.
fn is_alike(cut: &str, whole: &str) -> bool {
    let is_like = |one: u8, other: u8| {
        one == other
            || (one.is_ascii_digit() && other.is_ascii_digit())
            || (one.is_ascii_alphabetic() && other.is_ascii_alphabetic())
    };
    cut.len() < whole.len() && cut.bytes().zip(whole.bytes()).all(|(one, other)| is_like(one, other))
}

/// A record of several lines; empty for one that has but one.
#[derive(Default)]
struct Gathered {
    text: String,
    n_cut: usize,
}

impl Gathered {
    fn append(&mut self, text: &str, n_cut_before: usize) {
        let (kept, n_cut) = cut(text, RECORD_BYTES_MAX - self.text.len());
        self.text.push_str(kept);
        self.n_cut += n_cut + n_cut_before;
    }
}

struct Delivery<'a> {
    reading: Reading,
    name: &'a SourceName,
    sink: &'a mut dyn FnMut(Record<'_>),
}

impl Delivery<'_> {
    /// Hands on the record that begins with the line `first`: that line as it is held, or what was gathered.
    fn close(&mut self, first: Span, lines: &Lines<'_>, gathered: &mut Gathered) {
        let is_gathered = !gathered.text.is_empty();
        let (text, n_cut) =
            if is_gathered { (&*gathered.text, gathered.n_cut) } else { (lines.text_of(first), first.n_cut) };
        let position = Position::Line(first.number);
        if n_cut > 0 {
            self.reading.complain(Code::RecordTooLong, self.name, Some(position), "a record longer than 64 KiB; cut");
        }
        self.reading.n_records += 1;
        let text = text.trim_end_matches(['\n', ' ', '\t']);
        (self.sink)(Record { position, body: Body::Text(Cow::Borrowed(text)) });
        if is_gathered {
            gathered.text.clear();
            gathered.n_cut = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SourceId;
    use crate::read::{Encoding, Selection, StartsRecord};

    fn read(text: &str, starts_record: Option<StartsRecord<'_>>) -> (Vec<(u64, String)>, Reading) {
        let name = SourceName { id: SourceId(0), path: "x.log".to_owned() };
        let selection = Selection::none();
        let how = How { selection: &selection, starts_record, recover: false, digests: false };
        let mut bytes = text.as_bytes();
        let mut all = Vec::new();
        let reading = records(Decoded::new(&mut bytes, Encoding::Utf8), &name, &how, &mut |record| match (
            record.position,
            record.body,
        ) {
            (Position::Line(line), Body::Text(text)) => all.push((line, text.into_owned())),
            other => panic!("{other:?}"),
        });
        assert_eq!(reading.n_records, all.len() as u64);
        (all, reading)
    }

    #[test]
    fn without_a_rule_each_line_is_a_record_and_blank_ones_are_none() {
        let (all, _) = read("a\r\n\r\n  b\nc", None);
        assert_eq!(all, [(1, "a".to_owned()), (3, "  b".to_owned()), (4, "c".to_owned())]);
        assert_eq!(["", "a", "a\n", "\na\n \n\n"].map(|text| read(text, None).1.n_lines), [0, 1, 1, 4]);
    }

    #[test]
    fn continuation_lines_join_the_record_before() {
        let rule = |line: &str| line.starts_with('2');
        let text = "rest of an older record\n2022 first\n   at X\n\n   at Y\n\n\n2023 second\n";
        let (all, _) = read(text, Some(&rule));
        assert_eq!(
            all,
            [
                (1, "rest of an older record".to_owned()),
                (2, "2022 first\n   at X\n\n   at Y".to_owned()),
                (8, "2023 second".to_owned()),
            ]
        );
    }

    #[test]
    fn a_last_line_cut_in_its_stamp_is_a_record_of_its_own() {
        let rule = |line: &str| line.len() > 10 && line.starts_with("2022-");
        let text = "2022-08-22 first\n   at X\n";
        for (last, n) in [("2022-0", 2), ("2022-0\n", 1), ("   at Y", 1), ("Caused by", 1), ("2022-08-2 x", 2)] {
            assert_eq!(read(&format!("{text}{last}"), Some(&rule)).0.len(), n, "{last}");
        }
    }

    #[test]
    fn a_record_is_bounded_and_says_so() {
        let rule = |line: &str| line.starts_with('2');
        let text = format!("2 a\n{}2 b\n", "continued\n".repeat(10_000));
        let (all, reading) = read(&text, Some(&rule));
        assert_eq!(all.len(), 2);
        assert!(all[0].1.len() <= RECORD_BYTES_MAX);
        assert_eq!(reading.diagnostics.len(), 1);
        assert_eq!(reading.diagnostics[0].code, Code::RecordTooLong);
    }
}
