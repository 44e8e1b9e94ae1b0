//! IIS access logs, W3C extended: columns named by `#Fields:`, which may change on the way.
//!
//! Stamps are UTC and mark the end of a request; `time-taken` is its length in milliseconds. A file
//! without a `date` column takes the day from `#Date:` and turns it over at midnight.
//!
//! Other writers use the same container; theirs are taken where they name the same columns.

use super::{Context, LineOutcome, LogFormat, Parser, Sample};
use crate::diagnostic::Code;
use crate::model::time::TICKS_PER_DAY;
use crate::model::{Timestamp, Trust};
use crate::normalize::clock::{Civil, DateOrder, Stamp, day_ticks, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::request::{self, Request};
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Record, Row};

/// See the file.
pub(crate) struct IisW3c;

/// The cell under a column name, compared without regard to case; `None` for `-` and empty ones.
pub(super) fn cell<'a>(row: &'a Row, name: &str) -> Option<&'a str> {
    let at = row.header.iter().position(|own| own.eq_ignore_ascii_case(name))?;
    row.cells.get(at).map(|cell| cell.trim_matches('"')).filter(|cell| !cell.is_empty() && *cell != "-")
}

/// Dates the rows of one W3C file.
#[derive(Debug, Default)]
pub(super) struct RowClock {
    day: Option<i64>,
    last_ticks: Option<i64>,
    directive: String,
}

impl RowClock {
    /// Returns the instant of a row: its own date and time, else `#Date:` and the turn of the day.
    pub(super) fn instant(&mut self, row: &Row, context: &mut Context<'_>) -> Option<(Timestamp, Trust)> {
        let (ticks, _) = day_ticks(cell(row, "time")?)?;
        if let Some(date) = cell(row, "date") {
            let (day, _) = stamp(date, DateOrder::MonthFirst)?;
            let civil = Civil(day.civil.0 + ticks);
            return Some(context.clock.instant(Stamp { civil, offset_s: Some(0), ..day }));
        }
        let directive = row.directives.iter().find(|(name, _)| name.eq_ignore_ascii_case("Date"))?;
        if self.directive != directive.1 {
            self.directive.clone_from(&directive.1);
            let (stated, _) = stamp(&directive.1, DateOrder::MonthFirst)?;
            self.day = Some(stated.civil.0.div_euclid(TICKS_PER_DAY));
            self.last_ticks = None;
        }
        // Rows are written as requests end; a fall by half a day is midnight.
        if self.last_ticks.is_some_and(|last| last - ticks > TICKS_PER_DAY / 2) {
            self.day = self.day.map(|day| day + 1);
        }
        self.last_ticks = Some(ticks);
        let civil = Civil(self.day? * TICKS_PER_DAY + ticks);
        let (at, _) = context.clock.instant(Stamp::utc(civil));
        Some((at, Trust::Derived))
    }
}

fn fits(record: &Record) -> bool {
    let Body::Row(row) = &record.body else { return false };
    let names = |wanted: &str| row.header.iter().any(|name| name.eq_ignore_ascii_case(wanted));
    names("time") && names("sc-status") || names("time") && names("cs-uri-stem")
}

impl LogFormat for IisW3c {
    fn name(&self) -> &'static str {
        "iis-w3c"
    }

    fn dataset(&self) -> &'static str {
        "iis.access"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::W3c]
    }

    fn recognize(&self, first: &[Record]) -> usize {
        first.iter().filter(|record| fits(record)).count()
    }

    fn open(&self, _file: &FileFacts, _first: &[Record]) -> Box<dyn Parser> {
        Box::new(IisParser { clock: RowClock::default() })
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                container: Container::W3c,
                path: "W3SVC1/u_ex220822.log",
                text: "#Software: Microsoft Internet Information Services 10.0\n\
                       #Date: 2022-08-22 06:15:00\n\
                       #Fields: date time s-ip cs-method cs-uri-stem cs-uri-query cs-username c-ip sc-status sc-substatus sc-win32-status time-taken\n\
                       2022-08-22 06:15:01 10.0.0.3 POST /login target=RDS01 CORP\\user001 10.0.0.7 200 0 0 987\n\
                       2022-08-22 06:15:02 10.0.0.3 POST /login target=RDS01 - 10.0.0.7 401 2 5 3\n\
                       2022-08-22 06:15:03 10.0.0.3 POST /login target=RDS01 user002 10.0.0.7 401 1 1326 3\n\
                       #Fields: time cs-method cs-uri-stem sc-status s-computername\n\
                       06:15:04 GET /static/app.js 200 WEB01\n\
                       06:15:05 GET /api 503 WEB01",
                expected: &[
                    "Success 2022-08-22T06:15:01Z user=user001 host=RDS01 client=10.0.0.7 code=-",
                    "irrelevant 2022-08-22T06:15:02Z",
                    "Failure 2022-08-22T06:15:03Z user=user002 host=RDS01 client=10.0.0.7 code=401.1.1326",
                    "irrelevant 2022-08-22T06:15:04Z",
                    "Symptom 2022-08-22T06:15:05Z user=- host=WEB01 client=- code=503",
                ],
            },
            Sample {
                container: Container::W3c,
                path: "W3SVC1/nodate.log",
                text: "#Date: 2022-08-22 23:59:00\n\
                       #Fields: time c-ip cs-method cs-uri-stem sc-status\n\
                       23:59:59 10.0.0.7 GET / 200\n\
                       00:00:01 10.0.0.7 GET / 200",
                expected: &["irrelevant 2022-08-22T23:59:59Z", "irrelevant 2022-08-23T00:00:01Z"],
            },
        ]
    }
}

struct IisParser {
    clock: RowClock,
}

impl Parser for IisParser {
    fn read(&mut self, record: &Record, context: &mut Context<'_>) -> LineOutcome {
        let Body::Row(row) = &record.body else { return LineOutcome::Foreign };
        if !fits(record) {
            return LineOutcome::Foreign;
        }
        let Some((at, trust)) = self.clock.instant(row, context) else {
            return LineOutcome::Damaged(Code::TimeUnreadable, "a row without time");
        };
        let number = |name: &str| cell(row, name).and_then(|text| text.parse::<u32>().ok());
        let Some(status) = number("sc-status") else {
            return if row.header.iter().any(|name| name.eq_ignore_ascii_case("sc-status")) {
                LineOutcome::Damaged(Code::RecordMalformed, "a row without status")
            } else {
                LineOutcome::Irrelevant(Some(at))
            };
        };
        let request = Request {
            at: (at, Some(trust)),
            duration_ms: cell(row, "time-taken").and_then(|text| text.parse().ok()),
            method: cell(row, "cs-method").unwrap_or(""),
            path: cell(row, "cs-uri-stem").or_else(|| cell(row, "cs-uri")).unwrap_or(""),
            query: cell(row, "cs-uri-query").unwrap_or(""),
            user: cell(row, "cs-username").unwrap_or(""),
            client: cell(row, "c-ip").unwrap_or(""),
            own_host: cell(row, "s-computername"),
            status,
            substatus: number("sc-substatus"),
            win32: number("sc-win32-status"),
        };
        request::understand(&request, context)
    }
}
