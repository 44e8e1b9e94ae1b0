//! IIS access logs, W3C extended: columns named by `#Fields:`, which may change on the way.
//!
//! Stamps are UTC and mark the end of a request; `time-taken` is its length in milliseconds. A file
//! without a `date` column takes the day from `#Date:` and turns it over at midnight. The Advanced Logging
//! module may write `date-local` and `time-local`, the clock of the host.
//!
//! `#GMT-Offset:`, which Oracle's Web Cache writes, is taken for the offset of the clock of the rows: no documentation
//! that says so was found.
//!
//! Start and end of every request tell how many were open at a time: a reading of load every five minutes.
//!
//! Other writers use the same container; theirs are taken where they name the same columns, but for
//! `time-taken`, whose unit is theirs.
//!
//! Real logs: `iis*.log` of plaso, `logfile_w3c.*` of lnav.

use std::sync::Arc;

use super::{Context, LineOutcome, LogFormat, Parser, Said, Sample};
use crate::diagnostic::Code;
use crate::model::time::TICKS_PER_DAY;
use crate::model::{Timestamp, Trust};
use crate::normalize::clock::{Civil, DateOrder, Stamp, day_ticks, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::open_requests::OpenRequests;
use crate::normalize::request::{Request, Stamped};
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Record, Row};

/// See the file.
pub(crate) struct IisW3c;

/// Where the columns of a W3C file stand: found once a header.
#[derive(Debug)]
pub(super) struct Columns<const N: usize> {
    names: &'static [&'static str; N],
    places: [Option<usize>; N],
    header: Option<Arc<[String]>>,
}

impl<const N: usize> Columns<N> {
    /// Returns the columns of these names, not found yet.
    pub(super) fn new(names: &'static [&'static str; N]) -> Self {
        Self { names, places: [None; N], header: None }
    }

    /// Returns the cells of a row in the order of the names, compared without regard to case; `None` for `-` and
    /// empty ones.
    pub(super) fn cells<'r>(&mut self, row: &'r Row<'_>) -> [Option<&'r str>; N] {
        if !self.header.as_ref().is_some_and(|known| Arc::ptr_eq(known, &row.header)) {
            self.places = self.names.map(|name| row.header.iter().position(|own| own.eq_ignore_ascii_case(name)));
            self.header = Some(Arc::clone(&row.header));
        }
        self.places.map(|place| {
            let cell = row.cells.get(place?)?.trim_matches('"');
            (!cell.is_empty() && cell != "-").then_some(cell)
        })
    }

    /// Whether the header of the row last seen has the column.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.iter().zip(&self.places).any(|(own, place)| *own == name && place.is_some())
    }
}

/// Dates the rows of one W3C file.
#[derive(Debug, Default)]
pub(super) struct RowClock {
    day: Option<i64>,
    last_ticks: Option<i64>,
    directive: String,
    last_date: Option<(String, Stamp)>,
    /// The directives last seen, and the offset of the clock that they state.
    directives: Option<Arc<[(String, String)]>>,
    offset_s: i32,
}

impl RowClock {
    /// Reads a date, or remembers it: the rows of a day follow each other.
    fn day(&mut self, date: &str) -> Option<Stamp> {
        if let Some((_, day)) = self.last_date.as_ref().filter(|(text, _)| text == date) {
            return Some(*day);
        }
        let (day, _) = stamp(date, DateOrder::MonthFirst)?;
        self.last_date = Some((date.to_owned(), day));
        Some(day)
    }

    /// How many seconds the clock of the rows is ahead of UTC: none, but where `#GMT-Offset: -0800` says so.
    fn offset_s(&mut self, row: &Row<'_>) -> i32 {
        if self.directives.as_ref().is_some_and(|known| Arc::ptr_eq(known, &row.directives)) {
            return self.offset_s;
        }
        let directive = row.directives.iter().find(|(name, _)| name.eq_ignore_ascii_case("GMT-Offset"));
        // Read as the offset of a stamp, which has every spelling.
        let offset_s = directive
            .and_then(|(_, text)| {
                stamp(&format!("2000-01-01 00:00:00 {}", text.trim()), DateOrder::YearFirst)?.0.offset_s
            })
            .unwrap_or(0);
        (self.directives, self.offset_s) = (Some(Arc::clone(&row.directives)), offset_s);
        offset_s
    }

    /// Returns the instant of a row: its own date and time, else `#Date:` and the turn of the day.
    pub(super) fn instant(
        &mut self,
        row: &Row<'_>,
        (date, time): (Option<&str>, Option<&str>),
        context: &mut Context<'_>,
    ) -> Option<(Timestamp, Trust)> {
        let (ticks, _) = day_ticks(time?)?;
        let offset_s = Some(self.offset_s(row));
        if let Some(date) = date {
            let day = self.day(date)?;
            let civil = Civil(day.civil.0 + ticks);
            return Some(context.clock.instant(Stamp { civil, offset_s, ..day }));
        }
        let named = |wanted: &str| row.directives.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        let directive = named("Date").or_else(|| named("Start-Date"))?;
        if self.directive != directive.1 {
            self.directive.clone_from(&directive.1);
            let (stated, _) = stamp(&directive.1, DateOrder::MonthFirst)?;
            self.day = Some(stated.civil.0.div_euclid(TICKS_PER_DAY));
            self.last_ticks = None;
        }
        // A row of the day before, written a moment late.
        if let (Some(last), Some(day)) = (self.last_ticks, self.day)
            && ticks - last > TICKS_PER_DAY / 24 * 23
        {
            let (at, _) =
                context.clock.instant(Stamp { offset_s, ..Stamp::local(Civil((day - 1) * TICKS_PER_DAY + ticks)) });
            return Some((at, Trust::Derived));
        }
        // Rows are written as requests end; a fall by half a day is midnight.
        if self.last_ticks.is_some_and(|last| last - ticks > TICKS_PER_DAY / 2) {
            self.day = self.day.map(|day| day + 1);
        }
        self.last_ticks = Some(ticks);
        let civil = Civil(self.day? * TICKS_PER_DAY + ticks);
        let (at, _) = context.clock.instant(Stamp { offset_s, ..Stamp::local(civil) });
        Some((at, Trust::Derived))
    }
}

/// The instant of a row whose clock is the host's own.
fn local_instant(date: Option<&str>, time: Option<&str>, context: &mut Context<'_>) -> Option<(Timestamp, Trust)> {
    let (day, _) = stamp(date?, DateOrder::MonthFirst)?;
    let (ticks, _) = day_ticks(time?)?;
    Some(context.clock.instant(Stamp::local(Civil(day.civil.0 + ticks))))
}

/// Whether `time-taken` are milliseconds: the working draft of the W3C says seconds, and others have units of their own.
fn is_in_milliseconds(row: &Row<'_>) -> bool {
    let software = row.directives.iter().find(|(name, _)| name.eq_ignore_ascii_case("Software"));
    software.is_none_or(|(_, name)| ["Microsoft", "IIS"].iter().any(|own| name.starts_with(own)))
}

fn fits(record: &Record<'_>) -> bool {
    let Body::Row(row) = &record.body else { return false };
    let names = |wanted: &str| row.header.iter().any(|name| name.eq_ignore_ascii_case(wanted));
    (names("time") || names("time-local")) && (names("sc-status") || names("cs-uri-stem"))
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

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        first.iter().filter(|record| fits(record)).count()
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::new(IisParser {
            clock: RowClock::default(),
            columns: Columns::new(COLUMNS),
            open: OpenRequests::new("iis open requests, mean of five minutes"),
        }))
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
            Sample {
                container: Container::W3c,
                path: "webcache/access.log",
                text: "#Version: 1.0\n#GMT-Offset: -0800\n\
                       #Fields: c-ip date time cs-method cs-uri sc-status\n\
                       10.0.0.7 2022-08-21 22:15:01 GET / 200",
                expected: &["irrelevant 2022-08-22T06:15:01Z"],
            },
            Sample {
                container: Container::W3c,
                path: "W3SVC1/late.log",
                text: "#Software: IIS Advanced Logging Module\n\
                       #Start-Date: 2022-08-22 23:59:00\n\
                       #Fields: time cs-method cs-uri-stem cs-username sc-status time-taken\n\
                       23:59:59 GET / - 200 15\n\
                       00:00:01 GET / - 200 15\n\
                       23:59:59 GET / - 200 15\n\
                       00:00:02 POST  /login CORP\\user001 200 15\n\
                       #Fields:  date-local  time-local  cs-method cs-uri-stem cs(User-Agent) cs-username sc-status TimeTakenMS\n\
                       2022-08-23 00:00:03.250 POST /login \"An agent\" \"CORP\\user001\" 200 15",
                expected: &[
                    "irrelevant 2022-08-22T23:59:59Z",
                    "irrelevant 2022-08-23T00:00:01Z",
                    "irrelevant 2022-08-22T23:59:59Z",
                    "Success 2022-08-23T00:00:02Z user=user001 host=- client=- code=-",
                    "Success 2022-08-23T00:00:03.25Z user=user001 host=- client=- code=-",
                ],
            },
        ]
    }
}

const COLUMNS: &[&str; 16] = &[
    "date",
    "time",
    "sc-status",
    "time-taken",
    "cs-method",
    "cs-uri-stem",
    "cs-uri",
    "cs-uri-query",
    "cs-username",
    "c-ip",
    "s-computername",
    "sc-substatus",
    "sc-win32-status",
    "date-local",
    "time-local",
    "TimeTakenMS",
];

struct IisParser {
    clock: RowClock,
    columns: Columns<16>,
    open: OpenRequests,
}

impl Parser for IisParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        let Body::Row(row) = &record.body else { return LineOutcome::Foreign.into() };
        let [
            date,
            time,
            status,
            taken,
            method,
            stem,
            uri,
            query,
            user,
            client,
            own_host,
            substatus,
            win32,
            date_local,
            time_local,
            taken_ms,
        ] = self.columns.cells(row);
        let is_local = !self.columns.has("time") && self.columns.has("time-local");
        if !(is_local || self.columns.has("time"))
            || !(self.columns.has("sc-status") || self.columns.has("cs-uri-stem"))
        {
            return LineOutcome::Foreign.into();
        }
        let time = if is_local {
            local_instant(date_local, time_local, context)
        } else {
            self.clock.instant(row, (date, time), context)
        };
        let Some((at, trust)) = time else {
            return LineOutcome::Damaged(Code::TimeUnreadable, "a row without time").into();
        };
        let number = |cell: Option<&str>| cell.and_then(|text| text.parse::<u32>().ok());
        let Some(status) = number(status) else {
            return if self.columns.has("sc-status") {
                LineOutcome::Damaged(Code::RecordMalformed, "a row without status").into()
            } else {
                LineOutcome::Irrelevant(Some(at)).into()
            };
        };
        let taken = taken_ms.or_else(|| taken.filter(|_| is_in_milliseconds(row)));
        let duration_ms = taken.and_then(|text| text.parse::<u32>().ok()).map(f64::from);
        let request = Said::Request(Request {
            at: (at, Some(trust)),
            stamped: Stamped::End,
            duration_ms,
            method: method.unwrap_or(""),
            path: stem.or(uri).unwrap_or(""),
            query: query.unwrap_or(""),
            user: user.unwrap_or("").into(),
            client: client.unwrap_or(""),
            own_host,
            status,
            substatus: number(substatus),
            win32: number(win32),
        });
        match duration_ms.and_then(|ms| self.open.add(at, ms, own_host, context)) {
            Some(load) => Said::Several(vec![Said::Done(load), request]),
            None => request,
        }
    }

    fn finish(&mut self, context: &mut Context<'_>) -> Option<LineOutcome> {
        self.open.finish(context)
    }
}
