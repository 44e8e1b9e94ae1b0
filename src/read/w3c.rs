//! Reads texts whose columns are named by a `#Fields:` line: IIS, HTTPERR, Exchange.
//!
//! The names may change on the way, whenever the service starts or its settings change. A doubled
//! blank is an empty cell where the row has room for it; where it has not, it is one blank too many,
//! as are those that align columns. Values with blanks stand in quotes there, and a quote in them is
//! doubled. Exchange writes the same lines with commas and quotes.
//!
//! Source: W3C working draft WD-logfile-960323.

use std::borrow::Cow;
use std::sync::Arc;

use super::encoding::Decoded;
use super::line_break::Lines;
use super::lines::RECORD_BYTES_MAX;
use super::record::{Body, Record, Row};
use super::source::{Reading, SourceName};
use super::table;
use crate::diagnostic::Code;
use crate::model::Position;

/// The most directives in force; the formats known have five.
const DIRECTIVES_MAX: usize = 16;
/// The longest value of a directive in bytes; each row with another set holds a copy.
const DIRECTIVE_BYTES_MAX: usize = 1024;

/// Reads the rows; each carries the names and directives in force where it stands.
pub(super) fn records(text: Decoded<'_>, name: &SourceName, sink: &mut dyn FnMut(Record<'_>)) -> Reading {
    let mut reading = Reading::default();
    let mut lines = Lines::new(text, RECORD_BYTES_MAX);
    let mut header: Arc<[String]> = Arc::from([]);
    let mut delimiter = ' ';
    let mut directives: Arc<[(String, String)]> = Arc::from([]);
    while let Some(line) = lines.next_line() {
        let position = Position::Line(line.number);
        if let Some(directive) = line.text.strip_prefix('#') {
            let Some((key, value)) = directive.split_once(':') else { continue };
            let value = value.trim();
            if key.eq_ignore_ascii_case("fields") {
                delimiter = ['\t', ','].into_iter().find(|&mark| value.contains(mark)).unwrap_or(' ');
                header = value.split(delimiter).map(|name| name.trim().to_owned()).filter(|n| !n.is_empty()).collect();
            } else if key.len() + value.len() > DIRECTIVE_BYTES_MAX {
                reading.complain(Code::RecordTooLong, name, Some(position), "a directive longer than 1 KiB; left out");
            } else if let Some(all) = replaced(&directives, key.trim(), value) {
                directives = all;
            } else {
                reading.complain(Code::RecordTooLong, name, Some(position), "more than 16 directives; left out");
            }
            continue;
        }
        if line.text.trim().is_empty() {
            continue;
        }
        reading.n_records += 1;
        if header.is_empty() {
            reading.n_damaged += 1;
            reading.complain(Code::RecordMalformed, name, Some(position), "a row before `#Fields:`");
            continue;
        }
        if line.n_cut > 0 {
            reading.complain(Code::RecordTooLong, name, Some(position), "a row longer than 64 KiB; cut");
        }
        let cells = if delimiter == ',' {
            table::cells(line.text, b',').into_iter().map(Cow::Owned).collect()
        } else {
            cells(line.text.trim_ascii_end(), delimiter as u8, header.len())
        };
        let row = Row { header: Arc::clone(&header), cells, directives: Arc::clone(&directives) };
        sink(Record { position, body: Body::Row(row) });
    }
    reading.complain_undecodable(name, lines.n_undecodable());
    reading
}

/// Cuts a row into its cells; one with more of them than names is looked at again.
fn cells(row: &str, delimiter: u8, n_names: usize) -> Vec<Cow<'_, str>> {
    let all = split(row, delimiter, n_names);
    if all.len() <= n_names || delimiter != b' ' {
        return all;
    }
    let n_filled = all.iter().filter(|cell| !cell.is_empty()).count();
    if n_filled == n_names {
        return all.into_iter().filter(|cell| !cell.is_empty()).collect();
    }
    let quoted = quoted(row, n_names);
    if quoted.len() == n_names { quoted } else { all }
}

/// Cuts a row at blanks outside of quotes, however many stand together.
fn quoted(row: &str, n_names: usize) -> Vec<Cow<'_, str>> {
    let mut cells = Vec::with_capacity(n_names + 1);
    let mut rest = row.trim_start_matches(' ');
    while !rest.is_empty() && cells.len() <= n_names {
        let (cell, len) = if let Some(inner) = rest.strip_prefix('"') {
            let len = quoted_len(inner);
            (&inner[..len], (len + 2).min(rest.len()))
        } else {
            let len = memchr::memchr(b' ', rest.as_bytes()).unwrap_or(rest.len());
            (&rest[..len], len)
        };
        cells.push(Cow::Borrowed(cell));
        rest = rest[len..].trim_start_matches(' ');
    }
    cells
}

/// How far a value goes to the quote that closes it, or to the end; two quotes are one of the value.
pub(crate) fn quoted_len(inner: &str) -> usize {
    let bytes = inner.as_bytes();
    let mut from = 0;
    while let Some(at) = memchr::memchr(b'"', &bytes[from..]).map(|at| from + at) {
        if bytes.get(at + 1) != Some(&b'"') {
            return at;
        }
        from = at + 2;
    }
    bytes.len()
}

/// Cuts a row at each blank or tab.
fn split(row: &str, delimiter: u8, n_names: usize) -> Vec<Cow<'_, str>> {
    let mut cells = Vec::with_capacity(n_names + 1);
    let mut start = 0;
    for end in memchr::memchr_iter(delimiter, row.as_bytes()) {
        cells.push(Cow::Borrowed(&row[start..end]));
        start = end + 1;
    }
    cells.push(Cow::Borrowed(&row[start..]));
    cells
}

/// The directives with one set anew; `None` if that would be one too many.
fn replaced(directives: &Arc<[(String, String)]>, key: &str, value: &str) -> Option<Arc<[(String, String)]>> {
    let is_known = |(known, old): &(String, String)| known == key && old == value;
    if directives.iter().any(is_known) {
        return Some(Arc::clone(directives));
    }
    let others = directives.iter().filter(|(known, _)| !known.eq_ignore_ascii_case(key));
    let all: Arc<[_]> = others.cloned().chain([(key.to_owned(), value.to_owned())]).collect();
    (all.len() <= DIRECTIVES_MAX).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SourceId;
    use crate::read::Encoding;

    fn read(text: &str) -> (Vec<(Position, Row<'static>)>, Reading) {
        let name = SourceName { id: SourceId(0), path: "x.log".to_owned() };
        let mut bytes = text.as_bytes();
        let mut all = Vec::new();
        let reading =
            records(Decoded::new(&mut bytes, Encoding::Utf8), &name, &mut |record| match record.into_owned() {
                Record { position, body: Body::Row(row) } => all.push((position, row)),
                other => panic!("{other:?}"),
            });
        assert_eq!(reading.n_records, all.len() as u64 + reading.n_damaged);
        (all, reading)
    }

    #[test]
    fn names_and_directives_change_on_the_way() {
        let (all, reading) = read(
            "too early\n#Software: IIS 10\r\n#Date: 2022-08-22 00:00:00\r\n#Fields: date time c-ip\r\n\
             2022-08-22 06:00:01 10.0.0.1\r\n#Date: 2022-08-23 00:00:00\n#Fields: time  sc-status\n06:00:02 200\n",
        );
        assert_eq!(reading.n_damaged, 1);
        assert_eq!(all.len(), 2);
        assert_eq!(&*all[0].1.header, ["date", "time", "c-ip"]);
        assert_eq!(all[0].1.cells, ["2022-08-22", "06:00:01", "10.0.0.1"]);
        assert_eq!(&*all[1].1.header, ["time", "sc-status"]);
        assert_eq!(all[1].0, Position::Line(8));
        let date =
            |row: &Row<'_>| row.directives.iter().filter(|(key, _)| key == "Date").map(|d| d.1.clone()).collect();
        let dates: [Vec<String>; 2] = [date(&all[0].1), date(&all[1].1)];
        assert_eq!(dates, [["2022-08-22 00:00:00"], ["2022-08-23 00:00:00"]]);
    }

    #[test]
    fn a_doubled_blank_is_an_empty_cell_and_commas_may_part() {
        let (all, _) = read("#Fields: a b c\n1  3\n");
        assert_eq!(all[0].1.cells, ["1", "", "3"]);
        let (all, _) = read("#Fields: a,b,c\n1,\"x,y\",3\n");
        assert_eq!(all[0].1.cells, ["1", "x,y", "3"]);
    }

    #[test]
    fn blanks_too_many_and_blanks_in_quotes_move_no_cell() {
        let cells = |text: &str| read(text).0[0].1.cells.clone();
        assert_eq!(cells("#Fields: a b c\n1  2 3\n"), ["1", "2", "3"]);
        assert_eq!(cells("#Fields: a b c\n1     2      3\n"), ["1", "2", "3"]);
        assert_eq!(cells("#Fields: a b c\n1 \"x \"\"y\"\" z\"  -\n"), ["1", "x \"\"y\"\" z", "-"]);
        assert_eq!(cells("#Fields: a b\n1 \"never closed é\n"), ["1", "never closed é"]);
        // What cannot be told stays as it stands.
        assert_eq!(cells("#Fields: a b\n1 2 3\n"), ["1", "2", "3"]);
    }

    proptest::proptest! {
        #[test]
        fn any_row_at_all_is_survived(row in "[ab\" é]{0,40}") {
            proptest::prop_assert!(cells(&row, b' ', 4).len() <= row.len() + 1);
            proptest::prop_assert!(quoted(&row, 4).len() <= 5);
        }
    }

    #[test]
    fn directives_without_number_are_left_out_and_said() {
        let long = format!("#Long: {}\n", "x".repeat(DIRECTIVE_BYTES_MAX));
        let many = (0..100_000).map(|n| format!("#key{n}: value\n")).collect::<Vec<_>>().concat();
        let (all, reading) = read(&format!("#Fields: a b\n{long}{many}1 2\n#key3: other\n3 4\n"));
        let of = |row: &Row<'_>, key: &str| {
            row.directives.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone())
        };
        assert_eq!(all[0].1.directives.len(), DIRECTIVES_MAX);
        assert_eq!((of(&all[0].1, "key3"), of(&all[1].1, "key3")), (Some("value".into()), Some("other".into())));
        let counts: Vec<_> = reading.diagnostics.iter().map(|known| (known.code, known.count)).collect();
        assert_eq!(counts, [(Code::RecordTooLong, 100_001 - DIRECTIVES_MAX as u64)]);
    }
}
