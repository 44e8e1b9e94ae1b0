//! log4net, log4j and logback in their usual layout: `date [thread] LEVEL logger - message`.
//!
//! Real logs: `logfile_java.1` and `logfile_spark.0` of lnav, `atlassian-jira.log` of plaso, the Hadoop,
//! HDFS, Spark and Zookeeper sets of loghub.
//!
//! The date is the wall clock of the host and says no zone; the fraction stands behind a comma or a
//! point. Lines that begin otherwise continue the record: stack traces of .NET and Java, whose `at`
//! .NET translates.

use super::{Entry, LogFormat, Sample};
use crate::model::Severity;
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::message::Line;
use crate::normalize::summary::Role;
use crate::read::Container;

/// See the file.
pub(crate) struct Log4j;

/// Where the bracket closes that the text stands in; a thread's name may hold brackets of its own.
fn closing(inner: &str) -> Option<usize> {
    let mut n_open = 0_u32;
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            b'[' => n_open += 1,
            b']' if n_open == 0 => return Some(at),
            b']' => n_open -= 1,
            _ => {}
        }
    }
    None
}

/// Level, logger and message of what follows a stamp: `[thread] LEVEL logger - message` and its relatives.
#[inline]
pub(super) fn behind_stamp(rest: &str) -> Option<(Severity, &str, &str)> {
    let mut rest = rest.trim_start();
    // ZooKeeper puts a dash between.
    rest = rest.strip_prefix("- ").unwrap_or(rest);
    let mut severity = None;
    let mut saw_thread = false;
    // Thread and level stand in either order; Spring puts a process id and `---` between.
    for _ in 0..4 {
        if let Some(inner) = rest.strip_prefix('[') {
            let end = closing(inner)?;
            severity = severity.or_else(|| Severity::from_word(inner[..end].trim()));
            saw_thread = true;
            rest = inner[end + 1..].trim_start();
            continue;
        }
        let end = rest.bytes().position(|byte| byte == b' ').unwrap_or(rest.len());
        let word = &rest[..end];
        let level = if severity.is_none() { Severity::from_word(word) } else { None };
        if level.is_some() {
            severity = level;
        } else if (severity.is_some() && word == "---")
            || (!word.is_empty() && word.bytes().all(|b| b.is_ascii_digit()))
        {
            // The process id; Spring writes it behind the level, Hadoop's packed layout before it.
        } else {
            break;
        }
        rest = rest[end..].trim_start();
    }
    let severity = severity?;
    // `logger - message` or `logger : message`; the logger is one word.
    let end = rest.bytes().position(|byte| byte == b' ').unwrap_or(rest.len());
    let behind = rest[end..].trim_start();
    let (logger, message) = if let Some(message) = behind.strip_prefix("- ").or_else(|| behind.strip_prefix(": ")) {
        (&rest[..end], message)
    } else if let Some(logger) = rest[..end].strip_suffix(':').filter(|logger| is_logger(logger)) {
        (logger, behind)
    } else if saw_thread {
        ("", rest)
    } else {
        return None;
    };
    Some((severity, logger, message))
}

/// Whether a word before a colon is a logger: a dotted name, or that of a class (`Remoting`, not `LOG`).
fn is_logger(word: &str) -> bool {
    let is_class = word.starts_with(|c: char| c.is_ascii_uppercase())
        && word.bytes().any(|b| b.is_ascii_lowercase())
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$'));
    is_class || word.contains('.')
}

impl LogFormat for Log4j {
    fn name(&self) -> &'static str {
        "log4j"
    }

    fn dataset(&self) -> &'static str {
        "log4j"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn parse<'t>(&self, line: &'t str, order: DateOrder) -> Option<Entry<'t>> {
        let bare = line.strip_prefix('[').unwrap_or(line);
        let (stamp, len) = stamp(bare, order).filter(|(stamp, _)| stamp.has_time && stamp.has_year)?;
        let mut rest = &bare[len..];
        if bare.len() != line.len() {
            // spdlog and gunicorn put the stamp in brackets, too.
            rest = rest.strip_prefix(']')?;
        }
        let (severity, logger, message) = behind_stamp(rest)?;
        let message = message.into();
        Some(Entry::message(stamp, Line { severity, logger: Some(logger), message, ..Line::default() }))
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                container: Container::Lines,
                path: "app/login.log",
                text: "2022-08-22 08:15:01,123 [7] INFO  Shop.Login - Session established user=CORP\\user001 target=rds01 elapsed=900ms\n\
                       2022-08-22 08:15:02,123 [12] ERROR Shop.Login - Login failed user=CORP\\user002 target=rds01 code=1909\n\
                       System.ComponentModel.Win32Exception (1909): locked\n   \
                       bei Shop.Login.Open() in D:\\login.cs:Zeile 7.\n\
                       2022-08-22 08:15:03,123 [7] DEBUG Shop.Pool - connection pool size 3",
                expected: &[
                    "Success 2022-08-22T08:15:01.123Z user=user001 host=RDS01 client=- code=-",
                    "Failure 2022-08-22T08:15:02.123Z user=user002 host=RDS01 client=- code=1909",
                    "irrelevant 2022-08-22T08:15:03.123Z",
                ],
            },
            Sample {
                container: Container::Lines,
                path: "app/quorum.log",
                text: "2022-08-22 08:15:01,747 - WARN  [QuorumPeer[myid=1]/0:0:0:0:2181:QuorumCnxManager$SendWorker@688] - Send worker leaving thread\n\
                       220822 081502 148 INFO dfs.DataNode$PacketResponder: terminating\n\
                       22/08/22 08:15:02 INFO Remoting: Starting remoting\n\
                       [2022-08-22 08:15:03.250] [gateway] [error] login failed for user user001 on RDS01",
                expected: &[
                    "Other 2022-08-22T08:15:01.747Z user=- host=- client=- code=-",
                    "irrelevant 2022-08-22T08:15:02Z",
                    "irrelevant 2022-08-22T08:15:02Z",
                    "Failure 2022-08-22T08:15:03.25Z user=user001 host=RDS01 client=- code=-",
                ],
            },
            Sample {
                container: Container::Lines,
                path: "app/portal.log",
                text: "2022-08-22T08:15:01.123+02:00  WARN 4711 --- [nio-8080-exec-1] c.example.Login : Login rejected for user001: expired\n\tat java.base/X.y(Z.java:1)",
                expected: &["Failure 2022-08-22T06:15:01.123Z user=user001 host=- client=- code=-"],
            },
        ]
    }
}
