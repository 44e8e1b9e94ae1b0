//! The tables as typed columns: one schema a table, in public field names.
//!
//! Times are microseconds in UTC, since no reader of Parquet or CSV keeps ticks of 100 ns; ids of records stand
//! as `path#place`. Unknown is null, never zero and never an empty text.

mod aside;
mod attempts;
mod cells;
mod chains;
mod changes;
mod clocks;
mod coverage;
mod events;
mod load;
mod logons;
mod sessions;
mod versions;

use std::collections::BTreeMap;

use polars::prelude::{Column, DataFrame, DataType, IntoColumn, NamedFrom, PolarsResult, Series, TimeUnit};

use super::Tables;
use crate::model::{Event, Position, Provenance, SourceId, Timestamp};

/// Ticks of 100 ns in a microsecond.
const TICKS_PER_MICROSECOND: i64 = 10;

/// What a table is made from.
pub(super) struct Material<'a> {
    pub(super) tables: &'a Tables,
    pub(super) events: &'a [Event],
    pub(super) paths: &'a BTreeMap<SourceId, String>,
}

/// One table that can be written.
pub(super) struct Schema {
    /// The file's name without extension.
    pub(super) name: &'static str,
    /// Each column and its meaning, in order.
    #[cfg_attr(not(test), expect(dead_code, reason = "documents the columns; the tests hold it to them"))]
    pub(super) columns: &'static [(&'static str, &'static str)],
    /// Makes the columns.
    pub(super) frame: fn(&Material<'_>) -> PolarsResult<DataFrame>,
}

/// All tables that can be written: adding one is one line here and one file beside.
pub(super) const SCHEMAS: &[Schema] = &[
    attempts::SCHEMA,
    cells::SCHEMA,
    logons::SCHEMA,
    aside::SCHEMA,
    sessions::SCHEMA,
    chains::SCHEMA,
    changes::SCHEMA,
    versions::SCHEMA,
    load::SCHEMA,
    coverage::SCHEMA,
    clocks::SCHEMA,
    events::SCHEMA,
];

fn texts<'a>(name: &str, values: impl Iterator<Item = Option<&'a str>>) -> Column {
    Series::new(name.into(), values.collect::<Vec<_>>()).into_column()
}

fn owned(name: &str, values: impl Iterator<Item = Option<String>>) -> Column {
    Series::new(name.into(), values.collect::<Vec<_>>()).into_column()
}

fn numbers(name: &str, values: impl Iterator<Item = Option<u32>>) -> Column {
    Series::new(name.into(), values.collect::<Vec<_>>()).into_column()
}

fn counts(name: &str, values: impl Iterator<Item = Option<u64>>) -> Column {
    Series::new(name.into(), values.collect::<Vec<_>>()).into_column()
}

fn floats(name: &str, values: impl Iterator<Item = Option<f64>>) -> Column {
    Series::new(name.into(), values.collect::<Vec<_>>()).into_column()
}

fn flags(name: &str, values: impl Iterator<Item = Option<bool>>) -> Column {
    Series::new(name.into(), values.collect::<Vec<_>>()).into_column()
}

fn times(name: &str, values: impl Iterator<Item = Option<Timestamp>>) -> PolarsResult<Column> {
    let micros = values.map(|at| at.map(|at| at.0.div_euclid(TICKS_PER_MICROSECOND)));
    let series = Series::new(name.into(), micros.collect::<Vec<Option<i64>>>());
    Ok(series.cast(&DataType::Datetime(TimeUnit::Microseconds, None))?.into_column())
}

/// The public name of a value: its variant in kebab-case, as serde writes it.
fn word(value: impl std::fmt::Debug) -> String {
    let mut word = String::new();
    for (index, letter) in format!("{value:?}").char_indices() {
        if letter.is_ascii_uppercase() && index > 0 {
            word.push('-');
        }
        word.push(letter.to_ascii_lowercase());
    }
    word
}

fn place(record: &Provenance, paths: &BTreeMap<SourceId, String>) -> String {
    let path = paths.get(&record.source).map_or("?", String::as_str);
    match record.position {
        Position::Record(number) => format!("{path}#{number}"),
        Position::Line(line) => format!("{path}#L{line}"),
        Position::Offset(offset) => format!("{path}#@{offset}"),
    }
}

fn places(records: &[Provenance], paths: &BTreeMap<SourceId, String>) -> Option<String> {
    let all: Vec<String> = records.iter().map(|record| place(record, paths)).collect();
    (!all.is_empty()).then(|| all.join(" "))
}
