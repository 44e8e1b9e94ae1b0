//! The slow query log of MySQL and MariaDB: how many slow queries ran at a time, as a reading of load.
//!
//! An entry is `# Time: …`, which older versions leave out where the second is that of the entry before, then `#
//! User@Host: …` and `# Query_time: 12.000213  Lock_time: …`, then the query. It is written at the end of the query.
//! What people ask of the database is not the log's own word and is passed over.
//!
//! Source: MySQL Reference Manual, "The Slow Query Log"; MariaDB documentation, "Slow Query Log". No real log was at
//! hand.

use super::{Context, LineOutcome, LogFormat, Parser, Said, Sample, mysql};
use crate::diagnostic::Code;
use crate::model::{Timestamp, Trust};
use crate::normalize::clock::{Civil, DateOrder, Stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::open_requests::OpenRequests;
use crate::normalize::summary::Role;
use crate::normalize::told::between;
use crate::read::{Container, Record};

/// See the file.
pub(crate) struct MySqlSlow;

const TIME: &str = "# Time: ";
const WHO: &str = "# User@Host: ";
/// The head that a server writes when it opens the file.
const OPENED: &str = ". started with:";

impl LogFormat for MySqlSlow {
    fn name(&self) -> &'static str {
        "mysql-slow"
    }

    fn dataset(&self) -> &'static str {
        "mysql.slow"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        let is_who = |record: &Record<'_>| record.text().is_some_and(|line| line.starts_with(WHO));
        // All other lines are queries.
        if first.iter().any(is_who) { first.len() } else { 0 }
    }

    fn starts_record(&self, line: &str) -> bool {
        line.starts_with(TIME) || line.starts_with(WHO) || line.ends_with(OPENED)
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::new(SlowParser { last: None, open: OpenRequests::new("mysql slow queries, mean of five minutes") }))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "mysql/slow.log",
            text: "/usr/sbin/mysqld, Version: 8.0.30. started with:\nTcp port: 3306  Unix socket: /run/mysqld.sock\n\
                   # Time: 2022-08-22T06:15:31.123456Z\n\
                   # User@Host: user001[user001] @ web01 [10.0.0.7]  Id:     7\n\
                   # Query_time: 12.000213  Lock_time: 0.000057 Rows_sent: 1  Rows_examined: 0\n\
                   SET timestamp=1661148901;\nselect sleep(12);\n\
                   # User@Host: user001[user001] @  [10.0.0.7]\n\
                   # Query_time: 150.000000  Lock_time: 0.000000 Rows_sent: 1  Rows_examined: 0\n\
                   SET timestamp=1661158800;\nselect 1;\n\
                   # Time: 220822 11:00:00\n\
                   # User@Host: user001[user001] @ web01 [10.0.0.7]\n# cut\n",
            expected: &[
                "irrelevant",
                "irrelevant 2022-08-22T06:15:31.123456Z",
                "irrelevant 2022-08-22T06:15:31.123456Z",
                "Other 2022-08-22T06:20:00Z host=- 0.04000071 + irrelevant 2022-08-22T09:00:00Z",
                "irrelevant 2022-08-22T11:00:00Z",
                "damaged record-malformed",
            ],
        }]
    }
}

struct SlowParser {
    /// The instant of the last `# Time:`, until an entry has used it.
    last: Option<(Timestamp, Trust)>,
    open: OpenRequests,
}

impl SlowParser {
    fn entry(&mut self, text: &str, context: &mut Context<'_>) -> Option<LineOutcome> {
        let seconds: f64 = between(text, "# Query_time: ", &[' ', '\n'])?.parse().ok()?;
        let by_statement = || {
            let seconds: i64 = between(text, "SET timestamp=", &[';', '.'])?.parse().ok()?;
            Some(Stamp::utc(Civil(seconds.checked_mul(10_000_000)?)))
        };
        let at = match self.last.take() {
            Some(at) => at,
            None => context.clock.instant(by_statement()?),
        };
        let outcome = LineOutcome::Irrelevant(Some(at.0));
        Some(match self.open.add(at.0, seconds * 1e3, None, context) {
            Some(load) => LineOutcome::Several(vec![load, outcome]),
            None => outcome,
        })
    }
}

impl Parser for SlowParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        let Some(text) = record.text() else { return LineOutcome::Foreign.into() };
        let first = text.split('\n').next().unwrap_or("");
        if let Some(time) = first.strip_prefix(TIME) {
            let Some((stamp, _)) = mysql::own_stamp(time, DateOrder::YearFirst) else {
                return LineOutcome::Damaged(Code::TimeUnreadable, "`# Time:` is no time").into();
            };
            let at = context.clock.instant(stamp);
            self.last = Some(at);
            return LineOutcome::Irrelevant(Some(at.0)).into();
        }
        if first.ends_with(OPENED) {
            return LineOutcome::Irrelevant(None).into();
        }
        if !first.starts_with(WHO) {
            return LineOutcome::Foreign.into();
        }
        match self.entry(text, context) {
            Some(outcome) => outcome.into(),
            None => LineOutcome::Damaged(Code::RecordMalformed, "a slow query without `# Query_time:` or time").into(),
        }
    }

    fn finish(&mut self, context: &mut Context<'_>) -> Option<LineOutcome> {
        self.open.finish(context)
    }
}
