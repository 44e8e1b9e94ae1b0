//! Tables for spreadsheets, which guess: text that looks like a formula or a number, times, and how many rows they take.

use std::io::Write;
use std::path::{Path, PathBuf};

use polars::prelude::{AnyValue, DataFrame, DataType, TimeUnit};

use crate::error::Error;
use crate::model::Timestamp;

/// Rows of a sheet, the header among them.
pub(super) const MAX_ROWS: usize = 1_048_576;
/// Characters of a cell.
const MAX_LETTERS: usize = 32_767;
/// First characters by which a spreadsheet takes a text for a formula, the full-width ones of East Asia among them.
const FORMULA: &[char] = &['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠', '|', '%'];
/// A number keeps so many digits.
const MAX_DIGITS: usize = 15;

/// Writes the table into as many files as its rows need, each with the header: `NAME.excel.csv`, `NAME-2.excel.csv`, …
///
/// UTF-8 with its mark, CRLF. A time is `yyyy-mm-dd hh:mm:ss` in UTC, and beside it in `NAME.epoch` the seconds since 1970.
pub(super) fn write(frame: &DataFrame, path: &Path, max_rows: usize) -> Result<Vec<PathBuf>, Error> {
    let n_each = max_rows.saturating_sub(1).max(1);
    let n_parts = frame.height().div_ceil(n_each).max(1);
    let mut written = Vec::with_capacity(n_parts);
    for part in 0..n_parts {
        let path = numbered(path, part);
        let rows = part * n_each..frame.height().min((part + 1) * n_each);
        let bytes = sheet(frame, rows).map_err(|detail| Error::Render { what: "a table", detail })?;
        let failed = |source| Error::Write { path: path.clone(), source };
        std::fs::File::create(&path).and_then(|mut file| file.write_all(&bytes)).map_err(failed)?;
        written.push(path);
    }
    Ok(written)
}

fn numbered(path: &Path, part: usize) -> PathBuf {
    if part == 0 {
        return path.to_owned();
    }
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let (stem, ending) = name.split_once('.').unwrap_or((name, "csv"));
    path.with_file_name(format!("{stem}-{}.{ending}", part + 1))
}

fn sheet(frame: &DataFrame, rows: std::ops::Range<usize>) -> Result<Vec<u8>, String> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(b"\xEF\xBB\xBF".to_vec());
    let columns = frame.columns();
    let mut header = Vec::new();
    for column in columns {
        // `@timestamp` would be a formula.
        let name = column.name().trim_start_matches('@');
        header.push(name.to_owned());
        if is_time(column.dtype()) {
            header.push(format!("{name}.epoch"));
        }
    }
    writer.write_record(&header).map_err(|error| error.to_string())?;
    for row in rows {
        let mut cells = Vec::with_capacity(header.len());
        for column in columns {
            let value = column.get(row).map_err(|error| error.to_string())?;
            match value {
                AnyValue::Null => {
                    cells.push(String::new());
                    if is_time(column.dtype()) {
                        cells.push(String::new());
                    }
                }
                AnyValue::String(text) => cells.push(safe(text)),
                AnyValue::Datetime(micros, TimeUnit::Microseconds, _) => {
                    let at = Timestamp(micros.saturating_mul(10));
                    cells.push(at.to_jiff().strftime("%Y-%m-%d %H:%M:%S").to_string());
                    cells.push(format!("{}.{:06}", micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000)));
                }
                other => cells.push(safe_number(&other.to_string())),
            }
        }
        writer.write_record(&cells).map_err(|error| error.to_string())?;
    }
    writer.into_inner().map_err(|error| error.error().to_string())
}

fn is_time(of: &DataType) -> bool {
    matches!(of, DataType::Datetime(..))
}

/// A text that stays what it is: an apostrophe before what would be run or counted, one line, not too long.
fn safe(text: &str) -> String {
    let line: String =
        text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(MAX_LETTERS - 1).collect();
    let would_run = text.starts_with(FORMULA) || line.trim_start().starts_with(FORMULA);
    if would_run || would_change(text) { format!("'{line}") } else { line }
}

/// Whether a text would be taken for a number and lose digits: long ids, leading zeros, `1E5`.
fn would_change(text: &str) -> bool {
    let is_number = text.trim().parse::<f64>().is_ok() && text.contains(|letter: char| letter.is_ascii_digit());
    let n_digits = text.chars().filter(char::is_ascii_digit).count();
    let has_zero = text.len() > 1 && text.starts_with('0') && !text.starts_with("0.");
    is_number && (n_digits > MAX_DIGITS || has_zero || text.contains(['e', 'E']))
}

/// A whole number with more digits than a spreadsheet keeps stands as text.
fn safe_number(text: &str) -> String {
    let is_long = text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() > MAX_DIGITS;
    if is_long { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use polars::prelude::{Column, IntoColumn, NamedFrom, Series};

    use super::*;

    fn texts(name: &str, values: &[&str]) -> Column {
        Series::new(name.into(), values).into_column()
    }

    #[test]
    fn nothing_runs_and_no_digit_is_lost() {
        for (text, wanted) in [
            ("=1+1", "'=1+1"),
            (" \t@SUM(A1)", "'  @SUM(A1)"),
            ("-2", "'-2"),
            ("＝1", "'＝1"),
            ("12345678901234567", "'12345678901234567"),
            ("007", "'007"),
            ("1E5", "'1E5"),
            ("0.5", "0.5"),
            ("42", "42"),
            ("a\r\nb", "a  b"),
            ("infinity", "infinity"),
        ] {
            assert_eq!(safe(text), wanted);
        }
        assert_eq!(safe(&"x".repeat(40_000)).len(), MAX_LETTERS - 1);
    }

    #[test]
    fn rows_beyond_a_sheet_go_on_in_the_next_file() {
        let dir = tempfile::tempdir().unwrap();
        let frame = DataFrame::new(5, vec![texts("a", &["1", "2", "3", "4", "5"])]).unwrap();
        let files = write(&frame, &dir.path().join("events.excel.csv"), 3).unwrap();
        let names: Vec<_> = files.iter().map(|file| file.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["events.excel.csv", "events-2.excel.csv", "events-3.excel.csv"]);
        let contents: Vec<String> = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
        assert_eq!(contents, ["\u{feff}a\r\n1\r\n2\r\n", "\u{feff}a\r\n3\r\n4\r\n", "\u{feff}a\r\n5\r\n"]);
        let empty = DataFrame::new(0, vec![texts("a", &[])]).unwrap();
        assert_eq!(write(&empty, &dir.path().join("none.excel.csv"), 3).unwrap().len(), 1);
    }
}
