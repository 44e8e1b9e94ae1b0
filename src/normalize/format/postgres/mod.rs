//! PostgreSQL: its text log with the usual prefixes, `csvlog` and `jsonlog`.
//!
//! Text: `2022-08-22 08:15:01.123 CEST [4711] user@database FATAL:  text`; the prefix is a setting, so what counts is
//! the stamp at the beginning and the level with two blanks behind it. DETAIL, HINT and STATEMENT continue the record
//! before; a statement is what was asked, not what went wrong, and is left away. The client of a connection stands in
//! `connection received`, its user in `connection authorized`: the number of the process joins the two.
//!
//! `csvlog` has no header: its columns are known by their places. `jsonlog` came with version 15.
//!
//! Sources: PostgreSQL documentation, "Error Reporting and Logging" (`log_line_prefix`, "Using CSV-Format Log
//! Output", "Using JSON-Format Log Output") and appendix A, "PostgreSQL Error Codes". Real logs of text:
//! `postgresql.log` of plaso, `logfile_postgres.1` of lnav; none of the other two was at hand.

mod csvlog;
mod jsonlog;

use std::borrow::Cow;
use std::collections::BTreeMap;

pub(super) use csvlog::PostgresCsv;
pub(super) use jsonlog::PostgresJson;

use super::{Context, Entry, LogFormat, Parser, Said, Sample};
use crate::model::{Action, Severity};
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::message::Line;
use crate::normalize::plain::Plain;
use crate::normalize::property::{self, Meaning};
use crate::normalize::summary::Role;
use crate::normalize::told::{between, clock_time_ms, named};
use crate::read::{Body, Container, Record};

/// The text log; see the file.
pub(crate) struct Postgres;

const DATASET: &str = "postgresql";
/// Bytes in which the level must stand; a prefix may name the application.
const PREFIX_MAX: usize = 512;
/// Connections whose client is kept until the user is known.
const N_CLIENTS_MAX: usize = 4_096;

fn severity(level: &str) -> Option<Severity> {
    Some(match level {
        "DEBUG1" | "DEBUG2" | "DEBUG3" | "DEBUG4" | "DEBUG5" | "DEBUG" => Severity::Debug,
        "INFO" | "NOTICE" | "LOG" => Severity::Info,
        "WARNING" => Severity::Warn,
        "ERROR" => Severity::Error,
        "FATAL" | "PANIC" => Severity::Fatal,
        _ => return None,
    })
}

fn is_continuation(level: &str) -> bool {
    matches!(level, "DETAIL" | "HINT" | "STATEMENT" | "CONTEXT" | "QUERY" | "LOCATION")
}

/// The prefix behind the stamp, the level, and the message.
fn parts(rest: &str) -> Option<(&str, &str, &str)> {
    let bytes = rest.as_bytes();
    let mut from = 0;
    while let Some(at) = memchr::memmem::find(&bytes[from..bytes.len().min(PREFIX_MAX)], b":  ").map(|at| from + at) {
        let start = bytes[..at].iter().rposition(|b| !b.is_ascii_alphanumeric()).map_or(0, |before| before + 1);
        let level = &rest[start..at];
        if severity(level).is_some() || is_continuation(level) {
            return Some((&rest[..start], level, &rest[at + 3..]));
        }
        from = at + 3;
    }
    None
}

/// What a prefix names.
#[derive(Clone, Copy, Debug, Default)]
struct Who<'t> {
    user: Option<&'t str>,
    client: Option<&'t str>,
}

impl<'t> Who<'t> {
    /// `[4711] user@database`, `:10.0.0.7(4711):user@database:[4711]:`, `user=…,db=…,client=…`.
    fn of_prefix(prefix: &'t str) -> Self {
        let mut who = Self::default();
        for word in prefix.split([' ', ',']) {
            if let Some((key, value)) = word.split_once('=') {
                let value = value.trim_end_matches(':');
                match key.trim_start_matches(['[', '(']) {
                    "user" | "u" => who.user = Some(value),
                    "client" | "host" | "remote" | "h" | "r" => who.client = Some(value),
                    _ => {}
                }
            } else if let Some((before, _)) = word.split_once('@') {
                // Amazon writes stamp, client, account and process with colons between.
                let mut parts = before.rsplit(':');
                who.user = parts.next();
                who.client = parts.next().or(who.client);
            }
        }
        who.user = who.user.filter(|user| !user.is_empty() && !user.starts_with('['));
        who.client = who.client.filter(|client| !client.is_empty() && *client != "[local]").map(without_brackets);
        who
    }
}

/// `10.0.0.7(4711)`: the address.
fn without_brackets(client: &str) -> &str {
    client.split('(').next().unwrap_or(client)
}

/// The code that a message has by the documentation, where the log does not state it.
fn state_of(message: &str) -> Option<&'static str> {
    const STATES: &[(&str, &str)] = &[
        ("password authentication failed", "28P01"),
        ("authentication failed for user", "28000"),
        ("no pg_hba.conf entry for", "28000"),
        ("pg_hba.conf rejects connection", "28000"),
        ("is not permitted to log in", "28000"),
        ("too many clients already", "53300"),
        ("connection slots are reserved", "53300"),
        ("too many connections for", "53300"),
        ("the database system is starting up", "57P03"),
        ("the database system is shutting down", "57P03"),
        ("the database system is in recovery mode", "57P03"),
        ("the database system is not yet accepting connections", "57P03"),
        ("terminating connection due to administrator command", "57P01"),
        ("terminating connection because of crash of another server process", "57P02"),
    ];
    if let Some((_, state)) = STATES.iter().find(|(words, _)| message.contains(words)) {
        return Some(state);
    }
    let is_missing = message.ends_with("does not exist");
    match message {
        _ if is_missing && message.starts_with("role \"") => Some("28000"),
        _ if is_missing && message.starts_with("database \"") => Some("3D000"),
        _ => None,
    }
}

/// Whether a state says that nobody could come in: class 28, and what the documentation names for connections.
fn refuses(state: &str) -> bool {
    state.starts_with("28") || matches!(state, "53300" | "57P03" | "3D000")
}

const STATES_OF_SERVER: &[&str] = &[
    "starting PostgreSQL",
    "database system is ready to accept",
    "database system is shut down",
    "database system was interrupted",
    "database system was not properly shut down",
    "terminating any other active server processes",
];

/// Puts the meaning of a message into its line.
fn understand<'t>(line: &mut Line<'t>, message: &'t str, who: Who<'t>, state: Option<&'t str>) {
    line.message = Cow::Borrowed(message);
    let (mut user, mut client) = (who.user, who.client);
    let mut code = None;
    let mut lasted = None;
    if line.severity >= Severity::Error {
        code = state.or_else(|| state_of(message));
        if line.severity == Severity::Fatal && code.is_some_and(refuses) {
            line.action = Some(Action::Failure);
        }
        user = between(message, "for user \"", &['"'])
            .or_else(|| between(message, "user \"", &['"']))
            .or_else(|| between(message, "role \"", &['"']).filter(|_| line.action.is_some()))
            .or(user);
        client = between(message, "entry for host \"", &['"']).or(client);
    } else if let Some(rest) = message.strip_prefix("connection authorized: ") {
        line.action = Some(Action::Success);
        user = between(rest, "user=", &[' ']);
    } else if let Some(rest) = message.strip_prefix("disconnection: ") {
        line.action = Some(Action::SessionEnd);
        lasted = between(rest, "session time: ", &[' ']).and_then(clock_time_ms);
        user = between(rest, "user=", &[' ']);
        client = between(rest, "host=", &[' ']).filter(|host| *host != "[local]").or(client);
    } else if STATES_OF_SERVER.iter().any(|words| message.starts_with(words))
        || message.starts_with("received ") && message.ends_with(" shutdown request")
    {
        line.action = Some(Action::ServiceState);
    }
    line.properties = named(&[("user", user), ("client", client), ("code", code)]);
    line.properties.extend(lasted.map(|lasted| (Cow::Borrowed("elapsed"), Cow::Owned(lasted))));
}

impl LogFormat for Postgres {
    fn name(&self) -> &'static str {
        "postgresql"
    }

    fn dataset(&self) -> &'static str {
        DATASET
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn parse<'t>(&self, text: &'t str, order: DateOrder) -> Option<Entry<'t>> {
        let bare = text.strip_prefix("< ").unwrap_or(text);
        let (stamp, len) = stamp(bare, order).filter(|(stamp, _)| stamp.has_time && stamp.has_year)?;
        let (prefix, level, message) = parts(&bare[len..])?;
        let mut line = Line { severity: severity(level).unwrap_or_default(), ..Line::default() };
        if is_continuation(level) {
            // Its record is missing, and alone it says nothing.
            return Some(Entry::message(stamp, line));
        }
        understand(&mut line, message, Who::of_prefix(prefix), None);
        Some(Entry::message(stamp, line))
    }

    fn starts_record(&self, text: &str) -> bool {
        let bare = text.strip_prefix("< ").unwrap_or(text);
        stamp(bare, DateOrder::MonthFirst)
            .filter(|(stamp, _)| stamp.has_time && stamp.has_year)
            .and_then(|(_, len)| parts(&bare[len..]))
            .is_some_and(|(_, level, _)| !is_continuation(level))
    }

    fn open(&self, file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::new(PostgresParser { plain: Plain::new(&Self, file), clients: BTreeMap::new() }))
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                container: Container::Lines,
                path: "postgresql/postgresql-Mon.log",
                text: "2022-08-22 06:15:00.000 UTC [1] LOG:  database system is ready to accept connections\n\
                   2022-08-22 06:15:01.123 UTC [4711] LOG:  connection received: host=10.0.0.7 port=50123\n\
                   2022-08-22 06:15:01.130 UTC [4711] user001@shop LOG:  connection authorized: user=user001 database=shop SSL enabled\n\
                   2022-08-22 06:15:02.000 UTC [4712] user002@shop FATAL:  password authentication failed for user \"user002\"\n\
                   2022-08-22 06:15:02.000 UTC [4712] user002@shop DETAIL:  Role \"user002\" does not exist.\n\
                   \tConnection matched pg_hba.conf line 96: \"host all all 10.0.0.0/8 md5\"\n\
                   2022-08-22 06:15:03.000 UTC [4713] FATAL:  sorry, too many clients already\n\
                   2022-08-22 06:15:04.500 UTC [4711] user001@shop LOG:  disconnection: session time: 0:00:03.370 user=user001 database=shop host=10.0.0.7 port=50123\n\
                   2022-08-22 06:15:05.000 UTC [4714] user001@shop ERROR:  relation \"x\" does not exist at character 15\n\
                   2022-08-22 06:15:05.000 UTC [4714] user001@shop STATEMENT:  select * from x -- login failed",
                expected: &[
                    "ServiceState 2022-08-22T06:15:00Z user=- host=- client=- code=-",
                    "irrelevant 2022-08-22T06:15:01.123Z",
                    "Success 2022-08-22T06:15:01.13Z user=user001 host=- client=10.0.0.7 code=-",
                    "Failure 2022-08-22T06:15:02Z user=user002 host=- client=- code=28P01",
                    "Symptom 2022-08-22T06:15:03Z user=- host=- client=- code=53300",
                    "SessionEnd 2022-08-22T06:15:04.5Z user=user001 host=- client=10.0.0.7 code=-",
                    "Other 2022-08-22T06:15:05Z user=user001 host=- client=- code=-",
                ],
            },
            Sample {
                container: Container::Lines,
                path: "postgresql/rds.log",
                text: "2022-08-22 06:15:01 UTC:10.0.0.7(50123):user001@shop:[4711]:FATAL:  remaining connection slots are reserved for non-replication superuser connections\n\
                   2022-08-22 06:15:02 UTC [4712-1] user=user002,db=shop,app=[unknown],client=10.0.0.8 FATAL:  no pg_hba.conf entry for host \"10.0.0.8\", user \"user002\", database \"shop\", no encryption\n\
                   < 2022-08-22 06:15:03.123 UTC > LOG:  received fast shutdown request",
                expected: &[
                    "Failure 2022-08-22T06:15:01Z user=user001 host=- client=10.0.0.7 code=53300",
                    "Failure 2022-08-22T06:15:02Z user=user002 host=- client=10.0.0.8 code=28000",
                    "ServiceState 2022-08-22T06:15:03.123Z user=- host=- client=- code=-",
                ],
            },
        ]
    }
}

struct PostgresParser {
    plain: Plain,
    /// The client of each connection by the number of its process.
    clients: BTreeMap<String, String>,
}

impl PostgresParser {
    /// Remembers the client of a connection, and puts it where a record knows the process only.
    fn join(&mut self, text: &str, line: &mut Line<'_>) {
        let Some(process) = parts(text).and_then(|(prefix, ..)| between(prefix, "[", &[']', '-'])) else { return };
        if let Some(host) = line.message.strip_prefix("connection received: ").and_then(|m| between(m, "host=", &[' ']))
        {
            if self.clients.len() >= N_CLIENTS_MAX {
                self.clients.clear();
            }
            self.clients.insert(process.to_owned(), host.to_owned());
        } else if line.action.is_some() && property::first(&line.properties, Meaning::Client).is_none() {
            let known = self.clients.get(process).filter(|client| *client != "[local]");
            line.properties.extend(known.map(|client| (Cow::Borrowed("client"), Cow::Owned(client.clone()))));
        }
        if line.action == Some(Action::SessionEnd) {
            self.clients.remove(process);
        }
    }
}

/// What continues a record, up to the statement.
fn without_statement(detail: &str) -> &str {
    let mut end = detail.len();
    for mark in [" STATEMENT:  ", " CONTEXT:  ", " QUERY:  ", ":STATEMENT:  "] {
        if let Some(at) = memchr::memmem::find(&detail.as_bytes()[..end], mark.as_bytes()) {
            end = detail[..at].rfind('\n').unwrap_or(0);
        }
    }
    &detail[..end]
}

impl Parser for PostgresParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        let mut said = self.plain.say(record, context);
        if let (Said::Message(line), Body::Text(text)) = (&mut said, &record.body) {
            line.detail = without_statement(line.detail);
            self.join(text.split('\n').next().unwrap_or(text), line);
        }
        said
    }
}

/// The code of a record; `00000` is success.
fn stated(state: &str) -> Option<&str> {
    (!state.is_empty() && state != "00000").then_some(state)
}
