//! Reads text logs: lines, and the lines that continue them.

use super::encoding::Decoded;
use super::line_break::{Lines, cut};
use super::record::{Body, Record};
use super::source::{How, Reading, SourceName};
use crate::diagnostic::Code;
use crate::model::Position;

/// A record longer than this is cut: 64 KiB hold the longest stack traces seen.
pub(super) const RECORD_BYTES_MAX: usize = 64 * 1024;

/// Reads lines; blank ones belong to the record before or to none.
///
/// What stands before the first line that begins a record is a record of its own.
pub(super) fn records(text: Decoded<'_>, name: &SourceName, how: &How<'_>, sink: &mut dyn FnMut(Record)) -> Reading {
    let mut reading = Reading::default();
    let mut lines = Lines::new(text, RECORD_BYTES_MAX);
    let mut open = Open::default();
    while let Some(line) = lines.next_line() {
        let is_blank = line.text.trim().is_empty();
        if open.line == 0 && is_blank {
            continue;
        }
        let begins = how.starts_record.is_none_or(|starts_record| starts_record(line.text));
        if open.line == 0 || (begins && !is_blank) {
            open.close(name, &mut reading, sink);
            open.line = line.number;
        } else {
            open.append("\n");
        }
        open.append(line.text);
        open.n_cut += line.n_cut;
    }
    open.close(name, &mut reading, sink);
    reading.complain_undecodable(name, lines.n_undecodable());
    reading
}

/// The record that is being gathered; none while `line` is 0.
#[derive(Default)]
struct Open {
    line: u64,
    text: String,
    n_cut: usize,
}

impl Open {
    fn append(&mut self, text: &str) {
        let (kept, n_cut) = cut(text, RECORD_BYTES_MAX - self.text.len());
        self.text.push_str(kept);
        self.n_cut += n_cut;
    }

    fn close(&mut self, name: &SourceName, reading: &mut Reading, sink: &mut dyn FnMut(Record)) {
        if self.line == 0 {
            return;
        }
        let position = Position::Line(self.line);
        if self.n_cut > 0 {
            reading.complain(Code::RecordTooLong, name, Some(position), "a record longer than 64 KiB; cut");
        }
        self.text.truncate(self.text.trim_end_matches(['\n', ' ', '\t']).len());
        reading.n_records += 1;
        sink(Record { position, body: Body::Text(std::mem::take(&mut self.text)) });
        (self.line, self.n_cut) = (0, 0);
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
        let how = How { selection: &selection, starts_record, recover: false };
        let mut bytes = text.as_bytes();
        let mut all = Vec::new();
        let reading = records(Decoded::new(&mut bytes, Encoding::Utf8), &name, &how, &mut |record| match (
            record.position,
            record.body,
        ) {
            (Position::Line(line), Body::Text(text)) => all.push((line, text)),
            other => panic!("{other:?}"),
        });
        assert_eq!(reading.n_records, all.len() as u64);
        (all, reading)
    }

    #[test]
    fn without_a_rule_each_line_is_a_record_and_blank_ones_are_none() {
        let (all, _) = read("a\r\n\r\n  b\nc", None);
        assert_eq!(all, [(1, "a".to_owned()), (3, "  b".to_owned()), (4, "c".to_owned())]);
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
