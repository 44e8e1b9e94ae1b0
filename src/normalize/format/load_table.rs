//! Readings of load in a table: a column a metric, or a row a reading.
//!
//! The first is what dashboards and scripts write (`time,host,sessions`), the second `Get-Counter` through
//! `Export-Csv` (`Path`, `CookedValue`, `Timestamp`) and exports of Zabbix (`host,key,clock,value`).

use super::{Context, LineOutcome, LogFormat, Parser, Said, Sample};
use crate::diagnostic::Code;
use crate::model::{LoadMetric, Timestamp, Trust};
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::metric::{HOST_LABELS, epoch, known, sample};
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Record, Row};

/// See the file.
pub(crate) struct LoadTable;

/// Which column is which.
struct Columns {
    time: usize,
    host: Option<usize>,
    /// The name and the value of a reading, where each row holds one.
    reading: Option<(usize, usize)>,
    /// The metrics of the other columns.
    metrics: Vec<(usize, (LoadMetric, f64))>,
}

fn columns(header: &[String]) -> Option<Columns> {
    let names: Vec<String> = header.iter().map(|name| name.trim().to_lowercase().replace([' ', '-'], "_")).collect();
    let first = |wanted: &[&str]| wanted.iter().find_map(|want| names.iter().position(|name| name == want));
    // A log of events has a text or a level; readings have none.
    let of_log =
        ["message", "level", "severity", "event_id", "eventid", "id", "user", "username", "version", "component"];
    if first(&of_log).is_some() {
        return None;
    }
    let time = first(&[
        "time",
        "timestamp",
        "datetime",
        "date_time",
        "date",
        "clock",
        "zeit",
        "zeitpunkt",
        "heure",
        "_time",
        "when",
    ])?;
    let host = first(
        &HOST_LABELS
            .iter()
            .copied()
            .filter(|name| *name != "name")
            .chain(["_host", "rechner", "serveur", "machine_name"])
            .collect::<Vec<_>>(),
    );
    let name = first(&[
        "path",
        "counter",
        "metric",
        "key",
        "key_",
        "item",
        "item_key",
        "item_name",
        "name",
        "series",
        "_field",
    ]);
    let value = first(&["cookedvalue", "value", "value_avg", "avg", "_value", "wert", "valeur"]);
    let reading = name.zip(value);
    let metrics: Vec<_> = names
        .iter()
        .enumerate()
        .filter(|(at, _)| *at != time && Some(*at) != host)
        .filter_map(|(at, name)| Some((at, known("", name)?)))
        .collect();
    (reading.is_some() || !metrics.is_empty()).then_some(Columns { time, host, reading, metrics })
}

/// `\\rds01\terminal services\active sessions` and Zabbix's `perf_counter["\Terminal Services\Active Sessions"]`.
fn by_path(path: &str) -> (Option<&str>, &str, &str) {
    let path = path.split_once('[').filter(|(key, _)| key.starts_with("perf_counter")).map_or(path, |(_, inner)| inner);
    let path = path.trim_matches(['"', '[', ']', ' ']).split("\",").next().unwrap_or(path);
    let (host, rest) = match path.strip_prefix("\\\\").and_then(|rest| rest.split_once('\\')) {
        Some((host, rest)) => (Some(host), rest),
        None => (None, path.trim_start_matches('\\')),
    };
    let (object, name) = rest.rsplit_once('\\').unwrap_or(("", rest));
    (host, object, name)
}

fn time_of(text: &str, order: DateOrder, context: &mut Context<'_>) -> Option<(Timestamp, Trust)> {
    if let Some(at) = epoch(text) {
        return Some((at, Trust::Stated));
    }
    let (found, _) = stamp(text, order).filter(|(found, _)| found.has_year && found.has_time)?;
    Some(context.clock.instant(found))
}

fn cell<'r>(row: &'r Row<'_>, at: usize) -> &'r str {
    row.cells.get(at).map_or("", |cell| cell.trim())
}

/// A number as spreadsheets write it: `12,5` where a comma marks the fraction.
fn number(text: &str) -> Option<f64> {
    let text = text.trim_end_matches(['%', ' ']);
    text.parse().ok().or_else(|| {
        let is_decimal = text.matches(',').count() == 1 && !text.contains('.');
        is_decimal.then(|| text.replace(',', ".").parse().ok()).flatten()
    })
}

impl LogFormat for LoadTable {
    fn name(&self) -> &'static str {
        "load-table"
    }

    fn dataset(&self) -> &'static str {
        "load"
    }

    fn role(&self) -> Role {
        Role::Load
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Table]
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        let fits = |record: &&Record<'_>| match &record.body {
            Body::Row(row) => columns(&row.header).is_some_and(|own| {
                // Rows of readings are many things' shape: the names must be those of load somewhere.
                let named = |(name, _)| {
                    let (_, object, name) = by_path(cell(row, name));
                    known(object, name).is_some()
                };
                !own.metrics.is_empty() || own.reading.is_some_and(named)
            }),
            _ => false,
        };
        first.iter().filter(fits).count()
    }

    fn open(&self, _file: &FileFacts, first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        // One day above twelve settles `03/04/2022` for the whole table.
        let n_read = |order| {
            let read = |record: &&Record<'_>| match &record.body {
                Body::Row(row) => columns(&row.header).is_some_and(|own| stamp(cell(row, own.time), order).is_some()),
                _ => false,
            };
            first.iter().filter(read).count()
        };
        let is_day_first = n_read(DateOrder::DayFirst) > n_read(DateOrder::MonthFirst);
        let order = if is_day_first { DateOrder::DayFirst } else { DateOrder::MonthFirst };
        Some(Box::new(TableParser { order, columns: None }))
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                container: Container::Table,
                path: "sessions.csv",
                text: "time,host,sessions,cpu_percent\n\
                       2022-08-20 17:00:00,RDS01,12,35.5\n\
                       2022-08-20 17:01:00,rds02.corp.example,14,NaN\nnever,RDS01,1,1",
                expected: &[
                    "TotalSessions 2022-08-20T17:00:00Z host=RDS01 12; ProcessorTime 2022-08-20T17:00:00Z host=RDS01 35.5",
                    "TotalSessions 2022-08-20T17:01:00Z host=RDS02 14",
                    "damaged time-unreadable",
                ],
            },
            Sample {
                container: Container::Table,
                path: "counter.csv",
                text: "\"Path\",\"InstanceName\",\"CookedValue\",\"Timestamp\"\n\
                       \"\\\\rds01\\terminal services\\active sessions\",\"\",\"3\",\"8/20/2022 5:00:00 PM\"\n\
                       \"\\\\rds01\\processor(_total)\\% processor time\",\"_total\",\"12.5\",\"8/20/2022 5:00:00 PM\"",
                expected: &[
                    "ActiveSessions 2022-08-20T17:00:00Z host=RDS01 3",
                    "ProcessorTime 2022-08-20T17:00:00Z host=RDS01 12.5",
                ],
            },
            Sample {
                container: Container::Table,
                path: "history.csv",
                text: "host;key;clock;value\n\
                       RDS01;perf_counter_en[\\Terminal Services\\Active Sessions];1661014800;3\n\
                       RDS01;system.uptime;1661014800;700",
                expected: &["ActiveSessions 2022-08-20T17:00:00Z host=RDS01 3", "irrelevant 2022-08-20T17:00:00Z"],
            },
        ]
    }
}

struct TableParser {
    order: DateOrder,
    columns: Option<Columns>,
}

impl TableParser {
    fn read(&mut self, row: &Row<'_>, context: &mut Context<'_>) -> LineOutcome {
        if self.columns.is_none() {
            self.columns = columns(&row.header);
        }
        let Some(own) = &self.columns else { return LineOutcome::Foreign };
        let Some(at) = time_of(cell(row, own.time), self.order, context) else {
            return LineOutcome::Damaged(Code::TimeUnreadable, "a reading without time");
        };
        let host = own.host.map_or("", |at| cell(row, at));
        let mut samples = Vec::new();
        if let Some((name, value)) = own.reading {
            let path = cell(row, name);
            let (by_path, object, counter) = by_path(path);
            if let (Some(found), Some(value)) = (known(object, counter), number(cell(row, value))) {
                samples.extend(sample(at, by_path.unwrap_or(host), path, found, value, context));
            }
        }
        for (column, found) in &own.metrics {
            if let Some(value) = number(cell(row, *column)) {
                let name = row.header.get(*column).map_or("", |name| name.trim());
                samples.extend(sample(at, host, name, *found, value, context));
            }
        }
        if samples.is_empty() { LineOutcome::Irrelevant(Some(at.0)) } else { LineOutcome::Load(samples) }
    }
}

impl Parser for TableParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        match &record.body {
            Body::Row(row) => self.read(row, context).into(),
            _ => LineOutcome::Foreign.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn any_cell_is_survived(text in "[\\PC\\\\\"\\[]{0,40}") {
            let _ = (by_path(&text), number(&text), columns(&[text.clone(), text.clone()]));
        }
    }
}
