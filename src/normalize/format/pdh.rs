//! Counters of Windows as CSV, written by typeperf, relog and the performance monitor.
//!
//! The first column's heading holds the zone's name and its bias in minutes: UTC is local time plus
//! bias. The bias is one value for the whole file, so across a change of daylight saving the zone's
//! name is followed, where it is one that we know and that agrees with the bias at the first stamp.
//! Names are translated with Windows and may be cut, so nothing relies on them. Dates are MM/DD/YYYY
//! in every language; counters are told by pattern in English, German and French.

use super::{Context, LineOutcome, LogFormat, Parser, Said, Sample};
use crate::diagnostic::Code;
use crate::model::identity::canonical_host;
use crate::model::{LoadMetric, LoadSample, Name, Trust};
use crate::normalize::clock::{Civil, DateOrder, Place, ZoneRule, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::metric;
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Record, Row};

/// See the file.
pub(crate) struct PdhCsv;

/// The bias of the header in minutes and the zone's name, as far as they are there.
fn header_zone(heading: &str) -> Option<(Option<&str>, Option<i32>)> {
    let rest = heading.trim_start_matches(['\u{feff}', '"']).strip_prefix("(PDH-")?;
    let rest = rest.split_once(')').map_or("", |(_, rest)| rest);
    let bias =
        rest.rsplit('(').next().and_then(|last| last.trim_end_matches(['"', ' ']).trim_end_matches(')').parse().ok());
    let name = rest.find('(').and_then(|open| {
        let end = rest.rfind(")(").or_else(|| rest.rfind(')'))?;
        rest.get(open + 1..end)
    });
    Some((name, bias))
}

fn is_pdh(row: &Row<'_>) -> bool {
    row.header.first().is_some_and(|heading| header_zone(heading).is_some())
}

impl LogFormat for PdhCsv {
    fn name(&self) -> &'static str {
        "pdh-csv"
    }

    fn dataset(&self) -> &'static str {
        "windows.counters"
    }

    fn role(&self) -> Role {
        Role::Load
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Table]
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        first.iter().filter(|record| matches!(&record.body, Body::Row(row) if is_pdh(row))).count()
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::new(PdhParser { columns: None, zone_is_set: false }))
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                container: Container::Table,
                path: "perf/RDS01_perf.csv",
                text: "\"(PDH-CSV 4.0) (W. Europe Daylight Time)(-120)\",\"\\\\RDS01\\Terminal Services\\Active Sessions\",\"\\\\RDS02\\Processor(_Total)\\% Processor Time\"\n\
                       \"10/29/2022 23:00:00.250\",\"3\",\" \"\n\
                       \"10/30/2022 23:00:00.250\",\"4\",\"12.5e0\"",
                expected: &[
                    "ActiveSessions 2022-10-29T21:00:00.25Z host=RDS01 3",
                    "ActiveSessions 2022-10-30T22:00:00.25Z host=RDS01 4; ProcessorTime 2022-10-30T22:00:00.25Z host=RDS02 12.5",
                ],
            },
            Sample {
                container: Container::Table,
                path: "perf.csv",
                text: "\"(PDH-CSV 4.0) (Maroc (heure d)(-60)\",\"\\\\RDS01\\Processeur(_Total)\\% temps processeur\",\"\\\\RDS01\\Arbeitsspeicher\\Verf\u{fc}gbare MB\"\n\
                       \"08/22/2022 08:00:00.000\",\"50\",\"-1\"",
                expected: &["ProcessorTime 2022-08-22T07:00:00Z host=RDS01 50"],
            },
        ]
    }
}

/// What one column holds.
struct Column {
    host: Option<Name>,
    counter: Name,
    metric: LoadMetric,
}

struct PdhParser {
    columns: Option<Vec<Option<Column>>>,
    zone_is_set: bool,
}

impl PdhParser {
    /// Follows the named zone where it agrees with the bias at the first stamp, else the bias.
    fn set_zone(&mut self, row: &Row<'_>, civil: Civil, context: &mut Context<'_>) {
        self.zone_is_set = true;
        let Some((name, bias)) = row.header.first().and_then(|heading| header_zone(heading)) else { return };
        let named = name.and_then(ZoneRule::named);
        match (named, bias) {
            (Some(rule), Some(bias)) => {
                let offset_s = -bias * 60;
                let by_bias = civil.minus_seconds(i64::from(offset_s));
                let agrees = match rule.place(civil) {
                    Place::One(at) | Place::Never(at) => at == by_bias,
                    Place::Twice(first, second) => first == by_bias || second == by_bias,
                };
                let rule = if agrees { rule } else { ZoneRule::Fixed(offset_s) };
                context.clock.set(rule, Trust::Stated);
            }
            (None, Some(bias)) => context.clock.set(ZoneRule::Fixed(-bias * 60), Trust::Stated),
            (Some(rule), None) => context.clock.set(rule, Trust::Derived),
            (None, None) => {}
        }
    }
}

impl PdhParser {
    fn read(&mut self, record: &Record<'_>, context: &mut Context<'_>) -> LineOutcome {
        let Body::Row(row) = &record.body else { return LineOutcome::Foreign };
        if !is_pdh(row) {
            return LineOutcome::Foreign;
        }
        let first = row.cells.first().map_or("", |cell| cell.trim());
        let Some((stamp, _)) = stamp(first, DateOrder::MonthFirst).filter(|(stamp, _)| stamp.has_time) else {
            return LineOutcome::Damaged(Code::TimeUnreadable, "a sample without time");
        };
        if !self.zone_is_set {
            self.set_zone(row, stamp.civil, context);
        }
        let (at, time_trust) = context.clock.local(stamp.civil);
        let columns = self
            .columns
            .get_or_insert_with(|| row.header.iter().skip(1).map(|heading| column(heading, context)).collect());
        let mut samples = Vec::new();
        for (column, cell) in columns.iter().zip(row.cells.iter().skip(1)) {
            let (Some(column), Ok(value)) = (column, cell.trim().parse::<f64>()) else { continue };
            // typeperf writes -1 where a counter could not be read; no counter here can fall below 0.
            if !value.is_finite() || value < 0.0 {
                continue;
            }
            samples.push(LoadSample {
                at,
                time_trust,
                host: column.host.clone(),
                metric: column.metric,
                counter: column.counter.clone(),
                value,
                provenance: context.provenance,
            });
        }
        if samples.is_empty() { LineOutcome::Irrelevant(Some(at)) } else { LineOutcome::Load(samples) }
    }
}

impl Parser for PdhParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        self.read(record, context).into()
    }

    /// The host of the first counter: a row of blanks, as the first one is, names it by its columns alone.
    fn host(&self) -> Option<&str> {
        self.columns.as_ref()?.iter().flatten().find_map(|column| column.host.as_deref())
    }
}

/// Reads `\\HOST\Object(Instance)\Counter`.
fn column(heading: &str, context: &mut Context<'_>) -> Option<Column> {
    let heading = heading.trim_matches('"');
    let (host, counter) = match heading.strip_prefix("\\\\") {
        Some(rest) => {
            let (host, counter) = rest.split_once('\\')?;
            (Some(canonical_host(host)), counter)
        }
        None => (None, heading.trim_start_matches('\\')),
    };
    Some(Column {
        host: host.filter(|host| !host.is_empty()).map(|host| context.names.intern(&host)),
        counter: context.names.intern(counter),
        metric: metric::by_counter(counter),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_read_whole_or_cut() {
        assert_eq!(
            header_zone("(PDH-CSV 4.0) (W. Europe Daylight Time)(-120)"),
            Some((Some("W. Europe Daylight Time"), Some(-120)))
        );
        assert_eq!(header_zone("(PDH-CSV 4.0) (UTC)(0)"), Some((Some("UTC"), Some(0))));
        assert_eq!(header_zone("(PDH-CSV 4.0) (Maroc (heure d"), Some((None, None)));
        assert_eq!(header_zone("time"), None);
    }
}
