//! Monolog, as Laravel sets it up: `[date] channel.LEVEL: message {context}`, with a stack trace below.
//!
//! Real log: `logfile_laravel.0` of lnav.

use super::{Entry, LogFormat, Sample};
use crate::model::Severity;
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::message::Line;
use crate::normalize::summary::Role;
use crate::read::Container;

/// See the file.
pub(crate) struct Monolog;

impl LogFormat for Monolog {
    fn name(&self) -> &'static str {
        "monolog"
    }

    fn dataset(&self) -> &'static str {
        "monolog"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn parse<'t>(&self, line: &'t str, order: DateOrder) -> Option<Entry<'t>> {
        let rest = line.strip_prefix('[')?;
        let (stamp, len) = stamp(rest, order).filter(|(stamp, _)| stamp.has_time && stamp.has_year)?;
        let (name, message) = rest[len..].strip_prefix("] ")?.split_once(':')?;
        let (channel, word) = name.rsplit_once('.')?;
        let severity = Severity::from_word(word).filter(|_| !name.contains(' '))?;
        let message = message.trim_start().into();
        Some(Entry::message(stamp, Line { severity, logger: Some(channel), message, ..Line::default() }))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "storage/logs/laravel.log",
            text: "[2022-08-22 08:15:01] production.INFO: User user001 logged on to RDS01 {\"id\":7}\n\
                   [2022-08-22 08:15:02] production.ERROR: Login failed for user user002 on RDS01 {\"exception\":\"[object]\n\
                   [stacktrace]\n#0 /srv/app/x.php(795): connect()\n\"}",
            expected: &[
                "Success 2022-08-22T08:15:01Z user=user001 host=RDS01 client=- code=-",
                "Failure 2022-08-22T08:15:02Z user=user002 host=RDS01 client=- code=-",
            ],
        }]
    }
}
