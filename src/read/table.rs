//! Reads tables: comma, semicolon, tab or bar between cells, quotes, a header.
//!
//! A quoted cell may hold line breaks (an event's description does), so records are found before
//! they are parsed: lines are joined until the quotes close. A quote that never closes, as a tail cut
//! off leaves it, costs its own record and not the rest of the file.

use std::borrow::Cow;
use std::sync::Arc;

use super::encoding::Decoded;
use super::line_break::Lines;
use super::record::{Body, Record, Row};
use super::source::{Reading, SourceName};
use crate::diagnostic::Code;
use crate::model::Position;

/// The longest record, its line breaks included: 1 MiB.
const RECORD_BYTES_MAX: usize = 1 << 20;
/// The most cells of one record; performance counters of a busy host fill some thousand.
const RECORD_CELLS_MAX: usize = 1 << 16;
/// The most lines of one record; a description of an event has some hundred.
const RECORD_LINES_MAX: usize = 10_000;
/// Quotes without end after which each line is taken for itself; keeps the work linear.
const GIVEN_UP_MAX: usize = 16;
/// Records are parsed in batches of about this size.
const BATCH_BYTES: usize = 256 * 1024;
/// Rows that tell whether a text is a table.
const SAMPLE_ROWS: usize = 50;
/// The longest name of a column, in characters.
const NAME_CHARS_MAX: usize = 64;

/// Returns what separates the cells if the text that begins with `head` is a table with a header.
///
/// A log with commas is none: its first line holds a date or a sentence instead of names, and its
/// lines do not agree in how many cells they have.
pub(super) fn delimiter(head: &str, is_whole: bool) -> Option<u8> {
    let head = without_preamble(head);
    let first = head.trim_start_matches('"');
    if first.starts_with("(PDH-CSV") {
        return Some(b',');
    }
    if first.starts_with("(PDH-TSV") {
        return Some(b'\t');
    }
    let fits = |&mark: &u8| names_and_rows(head, is_whole, mark).map(|n_cells| (n_cells, mark));
    [b'|', b'\t', b';', b','].iter().filter_map(fits).max_by_key(|(n_cells, _)| *n_cells).map(|(_, mark)| mark)
}

/// Passes over what spreadsheet programs and shells write above the header.
fn without_preamble(head: &str) -> &str {
    let mut rest = head.trim_start_matches(['\r', '\n', '\0']);
    while rest.starts_with("#TYPE ") || (rest.len() >= 4 && rest.as_bytes()[..4].eq_ignore_ascii_case(b"sep=")) {
        rest = rest.split_once('\n').map_or("", |(_, below)| below);
    }
    rest
}

/// The number of columns, if the first row holds names and most others as many cells.
fn names_and_rows(head: &str, is_whole: bool, delimiter: u8) -> Option<usize> {
    let mut sample = records_of(head, is_whole, delimiter);
    let header = sample.next()?;
    let mut names = header.clone();
    while names.last().is_some_and(|name| name.trim().is_empty()) {
        names.pop();
    }
    let n_cells = names.len();
    if n_cells < 2 || !are_names(&names) {
        return None;
    }
    let (mut n_rows, mut n_fitting) = (0, 0);
    for row in sample.take(SAMPLE_ROWS).filter(|row| row[..] != header[..]) {
        n_rows += 1;
        // No column holds its own name; a log that begins each line with the name of its service does.
        if names.iter().zip(&row).any(|(name, cell)| name.trim() == cell.trim()) {
            return None;
        }
        // Event Viewer leaves the name of the last column away; spreadsheets end lines with a separator.
        n_fitting += usize::from(row.len() == n_cells || row.len() == n_cells + 1);
    }
    let is_table = if n_rows == 0 {
        n_cells >= 3 && names.iter().all(|name| !name.trim().contains(' '))
    } else {
        // A list kept by hand has short rows, a log agrees with its first line by chance only.
        4 * n_fitting >= 3 * n_rows
    };
    is_table.then_some(n_cells)
}

/// The first records of a text; one that the end of the head may have cut is left away.
fn records_of(head: &str, is_whole: bool, delimiter: u8) -> impl Iterator<Item = Vec<String>> {
    let end = if is_whole { head.len() } else { head.rfind('\n').map_or(0, |at| at + 1) };
    let mut reader = parser(&head.as_bytes()[..end], delimiter).into_records();
    std::iter::from_fn(move || {
        let record = reader.next()?.ok()?;
        Some(record.iter().map(str::to_owned).collect())
    })
}

/// Whether these cells can be the names of columns: short, distinct, with letters, no date, no sentence.
fn are_names(cells: &[String]) -> bool {
    let mut names: Vec<String> = cells.iter().map(|cell| cell.trim().to_lowercase()).collect();
    let each = names.iter().all(|name| {
        let n_digits = name.chars().filter(char::is_ascii_digit).count();
        let n_letters = name.chars().filter(|c| c.is_alphabetic()).count();
        n_letters > 0
            && n_digits <= n_letters
            && name.chars().count() <= NAME_CHARS_MAX
            && name.split_whitespace().count() <= 5
            && !name.ends_with(['.', ':', '!', '?'])
            && !name.contains(['=', '<', '>', '{', '}', '"'])
            && !name.contains(": ")
    });
    names.sort();
    let n_cells = names.len();
    names.dedup();
    each && names.len() == n_cells
}

fn parser(bytes: &[u8], delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .terminator(csv::Terminator::Any(b'\n'))
        .from_reader(bytes)
}

/// Parses the cells of one record.
pub(super) fn cells(record: &str, delimiter: u8) -> Vec<String> {
    let mut parsed = csv::StringRecord::new();
    match parser(record.as_bytes(), delimiter).read_record(&mut parsed) {
        Ok(_) => parsed.iter().map(str::to_owned).collect(),
        Err(_) => Vec::new(),
    }
}

/// Reads the rows below the header.
pub(super) fn records(
    text: Decoded<'_>,
    delimiter: u8,
    name: &SourceName,
    sink: &mut dyn FnMut(Record<'_>),
) -> Reading {
    let mut table = Table { reading: Reading::default(), name, delimiter, header: None, n_given_up: 0, sink };
    let mut lines = Lines::new(text, RECORD_BYTES_MAX);
    let mut batch = Batch::default();
    while let Some(line) = lines.next_line() {
        if batch.open_at.is_none() {
            let is_preamble =
                table.header.is_none() && batch.starts.is_empty() && without_preamble(line.text).is_empty();
            if is_preamble || line.text.trim().is_empty() {
                continue;
            }
            if batch.text.len() >= BATCH_BYTES {
                table.deliver(&mut batch);
            }
        }
        if line.n_cut > 0 {
            table.too_long(line.number);
            batch.drop_open();
            continue;
        }
        batch.append(line.number, line.text, delimiter);
        table.settle(&mut batch, false);
    }
    table.settle(&mut batch, true);
    table.deliver(&mut batch);
    table.reading.complain_undecodable(name, lines.n_undecodable());
    table.reading
}

/// Records that wait to be parsed, the last one perhaps open.
#[derive(Default)]
struct Batch {
    text: String,
    /// The line on which each record begins.
    starts: Vec<u64>,
    /// Where the open record begins in `text`.
    open_at: Option<usize>,
    /// The number and the place in `text` of each of its lines.
    open_lines: Vec<(u64, usize)>,
    quotes: Quotes,
}

impl Batch {
    fn append(&mut self, number: u64, mut line: &str, delimiter: u8) {
        if self.open_at.is_none() {
            // Exports laid one behind the other have marks between them. The parser would leave one away.
            line = line.trim_start_matches('\u{feff}');
            if line.trim().is_empty() {
                return;
            }
            self.open_at = Some(self.text.len());
            self.starts.push(number);
            self.open_lines.clear();
            self.quotes = Quotes::default();
        }
        self.open_lines.push((number, self.text.len()));
        self.text.push_str(line);
        self.text.push('\n');
        if !self.quotes.are_open_after(line, delimiter) {
            self.open_at = None;
        }
    }

    /// The size of the open record, if one is open.
    fn n_bytes_open(&self) -> Option<usize> {
        self.open_at.map(|start| self.text.len() - start)
    }

    /// Takes the lines of the open record out, with their numbers.
    fn take_open(&mut self) -> Vec<(u64, String)> {
        let ends = self.open_lines.iter().skip(1).map(|(_, at)| *at).chain([self.text.len()]);
        let lines = self.open_lines.iter().zip(ends);
        let lines = lines.map(|((number, at), end)| (*number, self.text[*at..end - 1].to_owned())).collect();
        self.drop_open();
        lines
    }

    fn drop_open(&mut self) {
        if let Some(start) = self.open_at.take() {
            self.text.truncate(start);
            self.starts.pop();
        }
    }
}

/// Follows the quotes of a record by the rule of the parser: special at the start of a cell only.
#[derive(Clone, Copy, Default)]
struct Quotes {
    is_open: bool,
}

impl Quotes {
    fn are_open_after(&mut self, line: &str, delimiter: u8) -> bool {
        let bytes = line.as_bytes();
        let mut at = 0;
        loop {
            if self.is_open {
                // To the quote that closes the cell; a doubled one stands for itself.
                let Some(found) = memchr::memchr(b'"', &bytes[at..]) else { return true };
                at += found + 1;
                if bytes.get(at) == Some(&b'"') {
                    at += 1;
                    continue;
                }
                self.is_open = false;
            } else if bytes.get(at) == Some(&b'"') {
                self.is_open = true;
                at += 1;
                continue;
            }
            let Some(found) = memchr::memchr(delimiter, &bytes[at..]) else { return false };
            at += found + 1;
        }
    }
}

struct Table<'a> {
    reading: Reading,
    name: &'a SourceName,
    delimiter: u8,
    header: Option<Arc<[String]>>,
    n_given_up: usize,
    sink: &'a mut dyn FnMut(Record<'_>),
}

impl Table<'_> {
    /// Parses and delivers what a batch holds.
    fn deliver(&mut self, batch: &mut Batch) {
        let mut starts = batch.starts.drain(..);
        for record in parser(batch.text.as_bytes(), self.delimiter).into_records() {
            let Some(line) = starts.next() else { break };
            let record = record.unwrap_or_default();
            if record.len() > RECORD_CELLS_MAX {
                self.reading.n_records += 1;
                self.reading.n_damaged += 1;
                let detail = "a row of more than 65,536 cells; left out";
                self.reading.complain(Code::RecordTooLong, self.name, Some(Position::Line(line)), detail);
                continue;
            }
            let cells: Vec<String> = record.iter().map(str::to_owned).collect();
            let is_header = match &self.header {
                None => true,
                // Exports laid one behind the other repeat it.
                Some(header) => {
                    cells.as_slice() == &header[..] || cells.first().is_some_and(|cell| cell.starts_with("(PDH-"))
                }
            };
            if is_header {
                self.header = Some(cells.iter().map(|cell| cell.trim().to_owned()).collect());
                continue;
            }
            let Some(header) = &self.header else { continue };
            self.reading.n_records += 1;
            let cells = cells.into_iter().map(Cow::Owned).collect();
            let row = Row { header: Arc::clone(header), cells, directives: Arc::from([]) };
            (self.sink)(Record { position: Position::Line(line), body: Body::Row(row) });
        }
        debug_assert_eq!(starts.next(), None, "the parser finds the records that the quotes told");
        drop(starts);
        batch.text.clear();
    }

    /// A quote that stays open for too long, or to the end, was none: its line is damaged, the next
    /// ones are read anew. A text that does this again and again has no cells of several lines.
    fn settle(&mut self, batch: &mut Batch, is_end: bool) {
        while let Some(n_bytes) = batch.n_bytes_open() {
            let is_too_long = n_bytes > RECORD_BYTES_MAX || batch.open_lines.len() > RECORD_LINES_MAX;
            if !(is_end || is_too_long || self.n_given_up > GIVEN_UP_MAX) {
                return;
            }
            self.n_given_up += 1;
            let mut again = batch.take_open().into_iter();
            let Some((first, _)) = again.next() else { return };
            self.damage(first);
            for (number, line) in again {
                if batch.n_bytes_open().is_none() && line.trim().is_empty() {
                    continue;
                }
                batch.append(number, &line, self.delimiter);
                if self.n_given_up > GIVEN_UP_MAX && batch.n_bytes_open().is_some() {
                    batch.drop_open();
                    self.damage(number);
                }
            }
        }
    }

    fn damage(&mut self, line: u64) {
        self.reading.n_records += 1;
        self.reading.n_damaged += 1;
        let position = Some(Position::Line(line));
        self.reading.complain(Code::RecordMalformed, self.name, position, "a quote without its end");
    }

    fn too_long(&mut self, line: u64) {
        self.reading.n_records += 1;
        self.reading.n_damaged += 1;
        let position = Some(Position::Line(line));
        self.reading.complain(Code::RecordTooLong, self.name, position, "a row longer than 1 MiB; left out");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SourceId;
    use crate::read::Encoding;

    fn read(text: &str, delimiter: u8) -> (Vec<(u64, Row<'static>)>, Reading) {
        let name = SourceName { id: SourceId(0), path: "x.csv".to_owned() };
        let mut bytes = text.as_bytes();
        let mut all = Vec::new();
        let decoded = Decoded::new(&mut bytes, Encoding::Utf8);
        let reading =
            records(decoded, delimiter, &name, &mut |record| match (record.position, record.into_owned().body) {
                (Position::Line(line), Body::Row(row)) => all.push((line, row)),
                other => panic!("{other:?}"),
            });
        assert_eq!(reading.n_records, all.len() as u64 + reading.n_damaged);
        (all, reading)
    }

    fn column(text: &str, delimiter: u8) -> Vec<(u64, String)> {
        read(text, delimiter).0.into_iter().map(|(line, row)| (line, row.cells.join("|"))).collect()
    }

    #[test]
    fn tables_are_told_from_logs_with_commas() {
        let is = |head: &str| delimiter(head, true).map(char::from);
        assert_eq!(is("time,component,version\n2022-01-01,App,1\n2022-01-02,App,2\n"), Some(','));
        assert_eq!(is("Zeit;Dienst;Version\n1.2.2022;\"a;b\";2,5\n"), Some(';'));
        assert_eq!(is("when\twhat\thosts\n2022-01-01\tx, y\tall\n"), Some('\t'));
        assert_eq!(is("\"(PDH-CSV 4.0) (Maroc (heure d\",\"\\\\A\\Memory\\x\"\n"), Some(','));
        assert_eq!(is("#TYPE Selected.Object\r\n\"Id\",\"Level\"\r\n\"1\",\"2\"\r\n"), Some(','));
        assert_eq!(is("sep=;\r\nId;Level\r\n1;2\r\n"), Some(';'));
        assert_eq!(
            is("Level,Date and Time,Source,Event ID,Task Category\nInformation,22.08.2022,x,1,None,\"a\nb\"\n"),
            Some(',')
        );
        assert_eq!(is("time,component,version,hosts\n"), Some(','));
        assert_eq!(is("2022-08-22 08:01:33,123 INFO a, b\n2022-08-22 08:01:34,124 INFO c, d\n"), None);
        assert_eq!(is("2026-03-02 06:00:00.1234|INFO|App|started\n2026-03-02 06:00:00.1234|INFO|App|x\n"), None);
        assert_eq!(is("Service started, all is well\nWaiting\nlistening on a, b, c\nbye\n"), None);
        assert_eq!(is("web  | Starting now\nweb  | Listening\ndb   | ready\n"), None);
        assert_eq!(is("Hello, world and friends\n"), None);
        assert_eq!(is("key: value\nother: one, two\n"), None);
    }

    #[test]
    fn quotes_may_hold_separators_and_line_breaks() {
        let text = "a,b\n1,\"x,\"\"y\"\"\nz\"\n2,w\n\n3\n";
        let expected = [(2, "1|x,\"y\"\nz"), (4, "2|w"), (6, "3")];
        assert_eq!(column(text, b','), expected.map(|(line, cells)| (line, cells.to_owned())));
    }

    #[test]
    fn a_header_repeated_is_no_row_and_a_new_one_holds_from_there() {
        let (all, _) = read("a,b\n1,2\na,b\n3,4\n", b',');
        assert_eq!(all.len(), 2);
        let (all, _) = read("\"(PDH-CSV 4.0) (UTC)(0)\",\"x\"\n1,2\n\"(PDH-CSV 4.0) (UTC)(0)\",\"y\"\n3,4\n", b',');
        assert_eq!(all.iter().map(|(_, row)| row.header[1].clone()).collect::<Vec<_>>(), ["x", "y"]);
    }

    #[test]
    fn a_quote_without_end_costs_its_own_row() {
        let (all, reading) = read("a,b\n1,\"cut\n2,x\n3,y\n", b',');
        assert_eq!(all.iter().map(|(_, row)| &*row.cells[0]).collect::<Vec<_>>(), ["2", "3"]);
        assert_eq!(reading.n_damaged, 1);
        let many = format!("a,b\n1,\"cut\n{}", "2,x\n".repeat(30_000));
        let (all, reading) = read(&many, b',');
        assert_eq!((all.len(), reading.n_damaged), (30_000, 1));
    }

    #[test]
    fn quotes_that_never_close_are_given_up_in_linear_time() {
        let (all, reading) = read(&format!("a,b\n{}", "a\"b,\"c\n".repeat(200_000)), b',');
        assert_eq!((all.len() as u64 + reading.n_damaged, reading.diagnostics.len()), (200_000, 1));
    }

    #[test]
    fn a_byte_order_mark_between_two_exports_is_no_text() {
        let mark = '\u{feff}';
        let text = format!("a,b\n1,2\n{mark}a,b\n{mark}\"3\n4\",5\n{mark}\n6,7\n");
        let expected = [(2, "1|2"), (4, "3\n4|5"), (7, "6|7")];
        assert_eq!(column(&text, b','), expected.map(|(line, cells)| (line, cells.to_owned())));
        // At the start of a batch, the parser itself would leave the mark away and see the quote.
        let rows = "1,2\n".repeat(BATCH_BYTES / 4);
        let text = format!("{rows}{mark}\"3,\n4,5\n6,7\n8,9\"\n");
        let (all, reading) = read(&text, b',');
        assert_eq!((all.last().unwrap().1.cells.len(), reading.n_damaged), (1, 0));
    }

    #[test]
    fn a_row_of_cells_without_number_is_left_out_and_said() {
        let (all, reading) = read(&format!("a,b\n1,{}\n2,x\n", ",".repeat(RECORD_CELLS_MAX)), b',');
        assert_eq!((all.len(), reading.n_damaged, reading.diagnostics[0].code), (1, 1, Code::RecordTooLong));
    }
}
