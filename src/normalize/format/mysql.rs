//! MySQL and MariaDB: the error log of all versions, and the general log of queries.
//!
//! Error log: `220822  8:15:01 [Warning] text` up to 5.6, `2022-08-22T06:15:01.123456Z 7 [Note] [MY-010931] [Server]
//! text` from 5.7 on (the code and the part of the server from 8.0), `2022-08-22  8:15:01 7 [Note] text` in MariaDB.
//! Stamps with `Z` are UTC, the others the clock of the host. General log: stamp, tab, number of the connection and
//! command, tab, what was asked. Its `Connect` is written before the password is looked at.
//!
//! Sources: MySQL Reference Manual, "Error Log Output Format", "The General Query Log", "Server Error Message
//! Reference"; MariaDB documentation, "Error Log". A real general log is `logfile_mysql_gen.0` of lnav; no real error
//! log was at hand.

use super::{Entry, LogFormat, Sample};
use crate::model::{Action, Severity};
use crate::normalize::clock::{Civil, DateOrder, Stamp, day_ticks, stamp};
use crate::normalize::message::Line;
use crate::normalize::summary::Role;
use crate::normalize::told::{between, named};
use crate::read::Container;

/// See the file.
pub(crate) struct MySql;

/// The stamp and what follows it; MariaDB fills an hour of one digit with a blank.
pub(super) fn own_stamp(text: &str, order: DateOrder) -> Option<(Stamp, &str)> {
    if let Some((stamp, len)) = stamp(text, order) {
        return (stamp.has_year && stamp.has_time).then_some((stamp, &text[len..]));
    }
    let (day, _) = stamp(text.get(..10)?, order).filter(|(day, len)| *len == 10 && day.has_year)?;
    let rest = text[10..].strip_prefix("  ")?;
    let (ticks, len) = day_ticks(rest)?;
    Some((Stamp { civil: Civil(day.civil.0 + ticks), has_time: true, ..day }, &rest[len..]))
}

fn severity(word: &str) -> Option<Severity> {
    Some(match word {
        "Note" | "System" | "Info" => Severity::Info,
        "Warning" => Severity::Warn,
        "ERROR" | "Error" => Severity::Error,
        _ => return None,
    })
}

const COMMANDS: &[&str] = &[
    "Query",
    "Connect",
    "Quit",
    "Init DB",
    "Field List",
    "Prepare",
    "Execute",
    "Close stmt",
    "Reset stmt",
    "Change user",
    "Statistics",
    "Ping",
    "Shutdown",
    "Processlist",
    "Kill",
    "Refresh",
    "Set option",
    "Fetch",
    "Long Data",
    "Reset connection",
    "Binlog Dump",
    "Register Slave",
];

const STATES: &[&str] = &[
    "ready for connections",
    "Normal shutdown",
    "Shutdown complete",
    "Received SHUTDOWN",
    "starting as process",
    "Starting MySQL",
    "Starting shutdown",
];

/// Puts the meaning of a message into its line.
fn understand<'t>(line: &mut Line<'t>, message: &'t str, code: Option<&'t str>) {
    line.message = message.into();
    let quoted = |key| between(message, key, &['\'']);
    if message.starts_with("Access denied for user '") {
        line.action = Some(Action::Failure);
        let client = quoted("'@'");
        // 1045, ER_ACCESS_DENIED_ERROR: what the client is told.
        line.properties = named(&[("user", quoted("user '")), ("client", client), ("code", Some("1045"))]);
    } else if message.starts_with("Aborted connection ") {
        // `unauthenticated`: it ended before there was a user.
        let user = quoted("user: '").filter(|user| *user != "unauthenticated");
        let is_ours = line.severity >= Severity::Warn || message.contains("Got timeout");
        line.action = Some(if user.is_some() { Action::Disconnect } else { Action::Symptom }).filter(|_| is_ours);
        line.properties = named(&[("user", user), ("client", quoted("host: '"))]);
    } else if message.starts_with("Too many connections") {
        line.action = Some(Action::Symptom);
        line.properties = named(&[("code", Some("1040"))]);
    } else if message.starts_with("Host '") && message.contains("' is blocked because of many connection errors") {
        line.action = Some(Action::Symptom);
        line.properties = named(&[("client", quoted("Host '")), ("code", Some("1129"))]);
    } else if line.severity < Severity::Error && STATES.iter().any(|state| message.contains(state)) {
        line.action = Some(Action::ServiceState);
    } else {
        line.properties = named(&[("code", code.filter(|_| line.severity >= Severity::Warn))]);
    }
}

/// `7 [Note] [MY-010931] [Server] text`, with or without the number and the brackets behind the level.
fn error_line(rest: &str) -> Option<Line<'_>> {
    let rest = rest.trim_start_matches(' ');
    let n_digits = rest.bytes().take(20).take_while(u8::is_ascii_digit).count();
    let inner = rest[n_digits..].trim_start_matches(' ').strip_prefix('[')?;
    let (level, mut message) = inner.split_once("] ")?;
    let mut line = Line { severity: severity(level)?, ..Line::default() };
    let mut code = None;
    if let Some((found, behind)) = message.strip_prefix('[').and_then(|inner| inner.split_once("] "))
        && found.starts_with("MY-")
    {
        code = Some(found);
        message = behind;
        if let Some((part, behind)) = message.strip_prefix('[').and_then(|inner| inner.split_once("] ")) {
            line.logger = Some(part);
            message = behind;
        }
    }
    understand(&mut line, message, code);
    Some(line)
}

/// `\t   10 Connect\troot@localhost on  using Socket`.
fn general_line(rest: &str) -> Option<Line<'_>> {
    let rest = rest.strip_prefix('\t')?.trim_start_matches(' ');
    let n_digits = rest.bytes().take(20).take_while(u8::is_ascii_digit).count();
    let rest = rest.get(n_digits..)?.strip_prefix(' ')?;
    let (command, argument) = rest.split_once('\t').unwrap_or((rest, ""));
    if n_digits == 0 || !COMMANDS.contains(&command) {
        return None;
    }
    let mut line = Line::default();
    if command == "Connect" {
        if argument.starts_with("Access denied for user '") {
            understand(&mut line, argument, None);
        } else if let Some((user, behind)) = argument.split_once('@') {
            line.action = Some(Action::Attempt);
            line.message = command.into();
            line.properties = named(&[("user", Some(user)), ("client", behind.split(' ').next())]);
        }
    }
    // What people ask of the database is not the log's own word.
    Some(line)
}

impl LogFormat for MySql {
    fn name(&self) -> &'static str {
        "mysql"
    }

    fn dataset(&self) -> &'static str {
        "mysql"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn parse<'t>(&self, text: &'t str, order: DateOrder) -> Option<Entry<'t>> {
        let (stamp, rest) = own_stamp(text, order)?;
        Some(Entry::message(stamp, error_line(rest).or_else(|| general_line(rest))?))
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                container: Container::Lines,
                path: "mysql/error.log",
                text: "2022-08-22T06:15:00.123456Z 0 [System] [MY-010931] [Server] /usr/sbin/mysqld: ready for connections. Version: '8.0.30'  port: 3306\n\
                       2022-08-22T06:15:01.123456Z 7 [Note] [MY-010926] [Server] Access denied for user 'user001'@'10.0.0.7' (using password: YES)\n\
                       2022-08-22T06:15:02.123456Z 8 [Note] Aborted connection 8 to db: 'shop' user: 'user002' host: '10.0.0.8' (Got timeout reading communication packets)\n\
                       2022-08-22T06:15:03.123456Z 0 [Warning] Too many connections\n\
                       2022-08-22T06:15:04.123456Z 0 [ERROR] [MY-012574] [InnoDB] Unable to lock ./ibdata1 error: 11",
                expected: &[
                    "ServiceState 2022-08-22T06:15:00.123456Z user=- host=- client=- code=-",
                    "Failure 2022-08-22T06:15:01.123456Z user=user001 host=- client=10.0.0.7 code=1045",
                    "Disconnect 2022-08-22T06:15:02.123456Z user=user002 host=- client=10.0.0.8 code=-",
                    "Symptom 2022-08-22T06:15:03.123456Z user=- host=- client=- code=1040",
                    "Other 2022-08-22T06:15:04.123456Z user=- host=- client=- code=MY-012574",
                ],
            },
            Sample {
                container: Container::Lines,
                path: "mysql/old.err",
                text: "220822  8:15:01 [Warning] Access denied for user 'user001'@'10.0.0.7' (using password: NO)\n\
                       2022-08-22  8:15:02 140134 [Warning] Aborted connection 140134 to db: 'unconnected' user: 'unauthenticated' host: '10.0.0.8' (This connection closed normally without authentication)\n\
                       220822 18:15:03 [Note] /usr/sbin/mysqld: Normal shutdown",
                expected: &[
                    "Failure 2022-08-22T08:15:01Z user=user001 host=- client=10.0.0.7 code=1045",
                    "Symptom 2022-08-22T08:15:02Z user=- host=- client=10.0.0.8 code=-",
                    "ServiceState 2022-08-22T18:15:03Z user=- host=- client=- code=-",
                ],
            },
            Sample {
                container: Container::Lines,
                path: "mysql/general.log",
                text: "2022-08-22T06:15:01.259438Z\t   10 Connect\tuser001@10.0.0.7 on shop using TCP/IP\n\
                       2022-08-22T06:15:01.259538Z\t   10 Connect\tAccess denied for user 'user001'@'10.0.0.7' (using password: YES)\n\
                       2022-08-22T06:15:02.259438Z\t    9 Query\tselect 'login failed for user user003'\n\
                       2022-08-22T06:15:03.259438Z\t    9 Quit\t",
                expected: &[
                    "Attempt 2022-08-22T06:15:01.259438Z user=user001 host=- client=10.0.0.7 code=-",
                    "Failure 2022-08-22T06:15:01.259538Z user=user001 host=- client=10.0.0.7 code=1045",
                    "irrelevant 2022-08-22T06:15:02.259438Z",
                    "irrelevant 2022-08-22T06:15:03.259438Z",
                ],
            },
        ]
    }
}
