//! The tables as files: Parquet for programs, CSV for people and spreadsheets.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use polars::prelude::{AnyValue, DataFrame, DataType, ParquetCompression, ParquetWriter, PolarsError, TimeUnit};

use super::Framed;
use super::columns::{Material, SCHEMAS, Schema};
use super::excel;
use crate::error::Error;
use crate::model::{SourceId, Timestamp};

/// First characters by which a spreadsheet would take a text for a formula.
const FORMULA: &[char] = &['=', '+', '-', '@', '\t', '\r'];

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableForm {
    /// For people and spreadsheets.
    Csv,
    /// For programs.
    Parquet,
    /// For spreadsheets alone: what they would run or round stands as text.
    Excel,
}

impl TableForm {
    /// Every form.
    pub const ALL: &'static [Self] = &[Self::Csv, Self::Parquet, Self::Excel];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Excel => "excel",
        }
    }

    /// The ending of its files.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
            Self::Excel => "excel.csv",
        }
    }
}

impl Framed {
    /// Writes the normalized events as one table into the file, whose folder is made if it is not there.
    pub fn write_events(&self, path: &Path, form: TableForm) -> Result<(), Error> {
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir).map_err(|source| Error::Write { path: dir.to_owned(), source })?;
        }
        let events = SCHEMAS.iter().find(|schema| schema.name == "events").expect("events are a table");
        self.write(events, path, form).map(|_| ())
    }

    /// Writes every table as `NAME.csv`, `NAME.parquet` or `NAME.excel.csv` into the folder, which is made if it is not
    /// there, and returns the files. The same tables give the same bytes.
    ///
    /// Tables: attempts, cells (one row a host, two hours and signature), sessions, chains (one row a host and close),
    /// changes (one row a host), load (one row an hour), coverage (one row a span or gap), events, and more; the names of
    /// columns are those of `report.json`. CSV: UTF-8, a header, RFC 3339 times, null as nothing, and no cell that a
    /// spreadsheet would run as a formula.
    pub fn write_tables(&self, dir: &Path, form: TableForm) -> Result<Vec<PathBuf>, Error> {
        fs::create_dir_all(dir).map_err(|source| Error::Write { path: dir.to_owned(), source })?;
        let mut written = Vec::with_capacity(SCHEMAS.len());
        for schema in SCHEMAS {
            let path = dir.join(format!("{}.{}", schema.name, form.ending()));
            written.extend(self.write(schema, &path, form)?);
        }
        Ok(written)
    }

    fn write(&self, schema: &Schema, path: &Path, form: TableForm) -> Result<Vec<PathBuf>, Error> {
        let failed = |source| Error::Write { path: path.to_owned(), source };
        let paths: BTreeMap<SourceId, String> =
            self.sources.iter().map(|source| (source.id, source.path.clone())).collect();
        let material = Material { tables: &self.tables, events: &self.events, paths: &paths };
        let mut frame = (schema.frame)(&material).map_err(|error| render(&error))?;
        if form == TableForm::Excel {
            return excel::write(&frame, path, excel::MAX_ROWS);
        }
        let mut file = BufWriter::new(File::create(path).map_err(failed)?);
        match form {
            TableForm::Csv | TableForm::Excel => csv(&frame, &mut file)?,
            TableForm::Parquet => {
                let writer = ParquetWriter::new(&mut file).with_compression(ParquetCompression::Uncompressed);
                writer.finish(&mut frame).map(|_| ()).map_err(|error| render(&error))?;
            }
        }
        file.flush().map_err(failed)?;
        Ok(vec![path.to_owned()])
    }
}

fn render(error: &PolarsError) -> Error {
    Error::Render { what: "a table", detail: error.to_string() }
}

fn csv(frame: &DataFrame, file: &mut BufWriter<File>) -> Result<(), Error> {
    let failed = |error: csv::Error| Error::Render { what: "a table", detail: error.to_string() };
    let mut writer = csv::Writer::from_writer(file);
    writer.write_record(frame.get_column_names().iter().map(|name| name.as_str())).map_err(failed)?;
    let columns = frame.columns();
    for row in 0..frame.height() {
        let mut cells = Vec::with_capacity(columns.len());
        for column in columns {
            let is_text = matches!(column.dtype(), DataType::String);
            let cell = cell(&column.get(row).map_err(|error| render(&error))?);
            cells.push(if is_text && cell.starts_with(FORMULA) { format!("'{cell}") } else { cell });
        }
        writer.write_record(&cells).map_err(failed)?;
    }
    writer.flush().map_err(|error| failed(error.into()))
}

fn cell(value: &AnyValue<'_>) -> String {
    match value {
        AnyValue::Null => String::new(),
        AnyValue::String(text) => (*text).to_owned(),
        AnyValue::Datetime(micros, TimeUnit::Microseconds, _) => Timestamp(micros.saturating_mul(10)).to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::{ParquetReader, SerReader};

    use super::super::scene::Scene;
    use super::super::{Options, tables};
    use super::*;
    use crate::model::{Fault, Witness};

    fn framed() -> Framed {
        let mut scene = Scene::new();
        scene.workday("RDS01", "anna", 5, 0.0);
        scene.failure("RDS01", "berta", 30.0, "=locked", "FSLogix", Fault::Infrastructure).message =
            Some("a, \"b\"".into());
        scene.change("Payroll", Some("1.0"), &["RDS01", "RDS02"], 60.0, Witness::Observed);
        tables(scene.normalized(), &Options::default())
    }

    #[test]
    fn parquet_reads_back_with_every_documented_column() {
        let dir = tempfile::tempdir().unwrap();
        let framed = framed();
        let files = framed.write_tables(dir.path(), TableForm::Parquet).unwrap();
        assert_eq!(files.len(), SCHEMAS.len());
        for (file, schema) in files.iter().zip(SCHEMAS) {
            let frame = ParquetReader::new(File::open(file).unwrap()).finish().unwrap();
            let names: Vec<&str> = frame.get_column_names().iter().map(|name| name.as_str()).collect();
            let documented: Vec<&str> = schema.columns.iter().map(|column| column.0).collect();
            assert_eq!(names, documented, "{}", schema.name);
        }
        let attempts = ParquetReader::new(File::open(&files[0]).unwrap()).finish().unwrap();
        assert_eq!(attempts.height(), 2);
        let users = attempts.column("user.name").unwrap().as_materialized_series().clone();
        assert_eq!(users.str().unwrap().get(1), Some("berta"));
        assert_eq!(attempts.column("seconds_to_desktop").unwrap().null_count(), 1);
        let again = tempfile::tempdir().unwrap();
        for (one, other) in files.iter().zip(framed.write_tables(again.path(), TableForm::Parquet).unwrap()) {
            assert_eq!(fs::read(one).unwrap(), fs::read(other).unwrap());
        }
    }

    #[test]
    fn csv_is_quoted_dated_and_runs_no_formula() {
        let dir = tempfile::tempdir().unwrap();
        let files = framed().write_tables(dir.path(), TableForm::Csv).unwrap();
        let text = fs::read_to_string(&files[0]).unwrap();
        assert!(text.contains("2022-02-28T00:00:30Z,RDS01,berta,,failed,'=locked,infrastructure"), "{text}");
        let changes = files.iter().find(|file| file.ends_with("changes.csv")).unwrap();
        assert_eq!(fs::read_to_string(changes).unwrap().lines().count(), 3);
    }
}
