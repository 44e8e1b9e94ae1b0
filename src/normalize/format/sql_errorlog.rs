//! The error log of SQL Server (ERRORLOG): `date time source message`.
//!
//! Its clock is the host's; a line near the top says how far that is from UTC (`UTC adjustment: 2:00`).
//! An error has two lines: `Error: 18456, Severity: 14, State: 8.` and then what it is about. The two
//! are one event, understood as the same event of the Application log is. Lines without stamp continue
//! the one before.
//!
//! No real log was at hand. Layout and texts: Microsoft Learn, "View the SQL Server error log" and
//! "MSSQLSERVER_18456".

use super::{Context, LineOutcome, LogFormat, Parser, Said, Sample};
use crate::model::{Action, Severity, Timestamp, Trust};
use crate::normalize::clock::{DateOrder, Stamp, ZoneRule, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::message::Line;
use crate::normalize::summary::Role;
use crate::normalize::windows::Catalog;
use crate::read::{Body, Container, Datum, Record, WindowsRecord};

/// See the file.
pub(crate) struct SqlErrorLog;

/// The name of the component in what it says about its version.
const COMPONENT: &str = "Microsoft SQL Server";
/// As the provider is called in the Application log.
const PROVIDER: &str = "MSSQLSERVER";

struct Parts<'t> {
    stamp: Stamp,
    source: &'t str,
    text: &'t str,
}

fn is_source(word: &str) -> bool {
    matches!(word, "Server" | "Logon" | "Backup" | "Error")
        || word.strip_prefix("spid").is_some_and(|rest| rest.as_bytes().first().is_some_and(u8::is_ascii_digit))
}

fn parts(line: &str) -> Option<Parts<'_>> {
    let (stamp, len) = stamp(line, DateOrder::MonthFirst).filter(|(stamp, _)| stamp.has_time && stamp.has_year)?;
    let (source, text) = line[len..].strip_prefix(' ')?.split_once(' ')?;
    is_source(source).then(|| Parts { stamp, source, text: text.trim_start() })
}

/// `Error: 18456, Severity: 14, State: 8.`
fn error(text: &str) -> Option<(u32, u32, u32)> {
    let (code, rest) = text.strip_prefix("Error: ")?.split_once(", Severity: ")?;
    let (severity, state) = rest.split_once(", State: ")?;
    Some((code.parse().ok()?, severity.parse().ok()?, state.trim_end_matches('.').parse().ok()?))
}

/// The offset of the line at the top, in seconds.
fn adjustment(text: &str) -> Option<i32> {
    let text = text.strip_prefix("UTC adjustment: ")?.trim_end_matches('.');
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (hours, minutes) = text.trim_start_matches('+').split_once(':')?;
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    ((0..=15).contains(&hours) && (0..60).contains(&minutes)).then_some(sign * (hours * 3_600 + minutes * 60))
}

impl LogFormat for SqlErrorLog {
    fn name(&self) -> &'static str {
        "sql-errorlog"
    }

    fn dataset(&self) -> &'static str {
        "mssql"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        first.iter().filter(|record| matches!(&record.body, Body::Text(text) if parts(text).is_some())).count()
    }

    fn starts_record(&self, line: &str) -> bool {
        parts(line).is_some()
    }

    fn open(&self, _file: &FileFacts, first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        // The lines above the adjustment need it, too.
        let offset = first.iter().find_map(|record| match &record.body {
            Body::Text(text) => parts(text).and_then(|parts| adjustment(parts.text)),
            _ => None,
        });
        Some(Box::new(SqlErrorLogParser { offset, error: None }))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "SQL01/MSSQL/Log/ERRORLOG",
            text: "2022-08-22 08:15:00.10 Server      Microsoft SQL Server 2019 (RTM-CU17) (KB5016394) - 15.0.4249.2 (X64) \n\
                   \tJul 22 2022 12:10:29 \n\
                   2022-08-22 08:15:00.10 Server      UTC adjustment: 2:00\n\
                   2022-08-22 08:15:00.11 Server      SQL Server is starting at normal priority base (=7).\n\
                   2022-08-22 08:15:04.00 spid9s      Recovery is complete. This is an informational message only.\n\
                   2022-08-22 08:16:01.12 Logon       Error: 18456, Severity: 14, State: 8.\n\
                   2022-08-22 08:16:01.12 Logon       Login failed for user 'user001'. Reason: Password did not match that for the login provided. [CLIENT: 10.0.0.7]\n\
                   2022-08-22 08:17:01.12 Logon       Login succeeded for user 'user002'. Connection made using SQL Server authentication. [CLIENT: 10.0.0.8]",
            expected: &[
                "Other 2022-08-22T06:15:00.1Z user=- host=- client=- code=-",
                "irrelevant 2022-08-22T06:15:00.1Z",
                "ServiceState 2022-08-22T06:15:00.11Z user=- host=- client=- code=-",
                "ServiceState 2022-08-22T06:15:04Z user=- host=- client=- code=-",
                "irrelevant 2022-08-22T06:16:01.12Z",
                "Failure 2022-08-22T06:16:01.12Z user=user001 host=- client=10.0.0.7 code=18456.8",
                "Success 2022-08-22T06:17:01.12Z user=user002 host=- client=10.0.0.8 code=-",
            ],
        }]
    }
}

struct SqlErrorLogParser {
    offset: Option<i32>,
    /// The first line of an error whose second has not come: source, number, severity and state.
    error: Option<(String, u32, u32, u32)>,
}

/// The value behind `[CLIENT: `.
fn client(text: &str) -> Option<&str> {
    let (_, rest) = text.rsplit_once("[CLIENT: ")?;
    let (value, _) = rest.split_once(']')?;
    (!value.is_empty() && value != "<local machine>" && value != "<named pipe>").then_some(value)
}

/// The name in quotes behind `for user`.
fn user(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("for user '")?;
    rest.split_once('\'').map(|(name, _)| name).filter(|name| !name.is_empty())
}

impl Parser for SqlErrorLogParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        let Body::Text(text) = &record.body else { return LineOutcome::Foreign.into() };
        let Some(parts) = parts(text.split('\n').next().unwrap_or(text)) else { return LineOutcome::Foreign.into() };
        if let Some(offset) = self.offset.take().or_else(|| adjustment(parts.text)) {
            context.clock.set(ZoneRule::Fixed(offset), Trust::Stated);
        }
        let time = context.clock.instant(parts.stamp);
        if let Some((code, severity, state)) = error(parts.text) {
            self.error = Some((parts.source.to_owned(), code, severity, state));
            return LineOutcome::Irrelevant(Some(time.0)).into();
        }
        if let Some((_, code, severity, state)) = self.error.take_if(|(source, ..)| source == parts.source) {
            return understand_error(&parts, (code, severity, state), time, context);
        }
        if let Some((_, rest)) = parts.text.split_once(COMPONENT).filter(|(before, _)| before.is_empty())
            && let Some(version) = rest.split_once(" - ").and_then(|(_, rest)| rest.split(' ').next())
            && version.starts_with(|c: char| c.is_ascii_digit())
        {
            let mut event = context.event(time, Action::Other);
            event.component_version = Some((context.names.intern(COMPONENT), context.names.intern(version)));
            return LineOutcome::Event(Box::new(event)).into();
        }
        let states = [
            "SQL Server is starting",
            "Recovery is complete",
            "SQL Server is terminating",
            "SQL Trace was stopped due to server shutdown",
        ];
        if states.iter().any(|state| parts.text.starts_with(state)) {
            let mut event = context.event(time, Action::ServiceState);
            event.message = Some(context.message(parts.text));
            return LineOutcome::Event(Box::new(event)).into();
        }
        if parts.text.starts_with("Login succeeded for user") {
            let line = Line {
                at: (time.0, Some(time.1)),
                message: "Login succeeded".into(),
                properties: [("user", user(parts.text)), ("client", client(parts.text))]
                    .into_iter()
                    .filter_map(|(key, value)| Some((key.into(), value?.to_owned().into())))
                    .collect(),
                outcome: Some(true),
                ..Line::default()
            };
            return line_outcome(line, context).into();
        }
        LineOutcome::Irrelevant(Some(time.0)).into()
    }
}

fn line_outcome(line: Line<'_>, context: &mut Context<'_>) -> LineOutcome {
    Said::Message(line).outcome(context)
}

/// The event of an error, as the catalog reads it in the Application log; symptoms and failures only.
fn understand_error<'r>(
    parts: &Parts<'_>,
    (code, severity, state): (u32, u32, u32),
    time: (Timestamp, Trust),
    context: &mut Context<'_>,
) -> Said<'r> {
    let value = |text: &str| Datum { name: None, value: Some(text.into()) };
    // The Application log holds the name first, then the reason with the client.
    let reason = parts.text.find("Reason:").map_or("", |at| &parts.text[at..]);
    let data = match user(parts.text).filter(|_| code == 18_456) {
        Some(name) => vec![value(name), value(reason), value(client(parts.text).unwrap_or_default())],
        None => vec![value(parts.text)],
    };
    let windows = WindowsRecord {
        provider: Some(PROVIDER.into()),
        event_id: code,
        level: Some(if severity >= 11 { 2 } else { 4 }),
        time: Some(time.0),
        data,
        ..WindowsRecord::default()
    };
    let understood =
        Catalog::embedded().understand_by(context.gists.signatures(), &windows, context.provenance, context.names);
    let Some(mut event) = understood.event else { return LineOutcome::Irrelevant(Some(time.0)).into() };
    event.at = time.0;
    event.time_trust = time.1;
    event.dataset = context.names.intern(context.dataset);
    event.channel = None;
    event.severity = if severity >= 20 { Severity::Critical } else { Severity::Error };
    event.error_code = Some(context.names.intern(&format!("{code}.{state}")));
    if let Some(client) = client(parts.text) {
        event.client = Some(context.names.intern(client));
    }
    event.message = Some(context.message(parts.text));
    LineOutcome::Event(Box::new(event)).into()
}
