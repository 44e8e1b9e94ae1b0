//! Any other log whose lines begin with a stamp: at least timed, its level found, its failures told.
//!
//! The last resort, so that the log of an unknown application still counts. A year that the stamps do not
//! have is taken from the file's name or, later, from the other sources.

use super::{Entry, LogFormat, Sample};
use crate::model::Severity;
use crate::normalize::clock::{DateOrder, Stamp, stamp};
use crate::normalize::message::Line;
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Record};

/// See the file.
pub(crate) struct Stamped;

/// The stamp of a line and what follows it; brackets, quotes and a syslog priority may precede it.
fn parts(line: &str, order: DateOrder) -> Option<(Stamp, &str)> {
    let mut rest = line.trim_start_matches(['[', '"', '(']);
    if let Some(priority) = rest.strip_prefix('<')
        && let Some(end) = priority.find('>').filter(|end| (1..=3).contains(end))
    {
        rest = &priority[end + 1..];
        // RFC 5424 puts its version between.
        rest = rest.strip_prefix("1 ").unwrap_or(rest);
    }
    let (stamp, len) = stamp(rest, order)?;
    let behind = &rest[len..];
    // A stamp ends where a word would: `2022-08-22x` is none.
    let ends = behind.as_bytes().first().is_none_or(|b| !b.is_ascii_alphanumeric());
    (ends && stamp.has_time).then(|| (stamp, behind.trim_start_matches([']', '"', ')', ' ', '\t', ':', ',', '|', '-'])))
}

/// The level: the first word among the first few that is one; glued to `:` or in brackets.
pub(super) fn severity(rest: &str) -> Severity {
    rest.split([' ', '\t', ':', '|', '[', ']', '<', '>', ',', '(', ')', '.'])
        .filter(|word| !word.is_empty())
        .take(8)
        .find_map(Severity::from_word)
        .unwrap_or_default()
}

impl LogFormat for Stamped {
    fn name(&self) -> &'static str {
        "stamped-lines"
    }

    fn dataset(&self) -> &'static str {
        "text"
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn parse<'t>(&self, line: &'t str, order: DateOrder) -> Option<Entry<'t>> {
        let (stamp, rest) = parts(line, order)?;
        Some(Entry::message(stamp, Line { severity: severity(rest), message: rest.into(), ..Line::default() }))
    }

    /// One stamp below other lines is a date in prose.
    fn recognize(&self, first: &[Record<'_>]) -> usize {
        let fits = |record: &Record<'_>| matches!(&record.body, Body::Text(text) if self.starts_record(text));
        let n_fits = first.iter().filter(|record| fits(record)).count();
        if n_fits == 1 && !first.first().is_some_and(fits) { 0 } else { n_fits }
    }

    fn is_generic(&self) -> bool {
        true
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Lines,
            path: "app/unknown.log",
            text: "2022/08/22 08:15:01 listening on 443\n\
                       2022/08/22 08:15:02 ERROR login failed for user user001 on RDS01\n  caused by: timeout\n\
                       2022/08/22 08:15:03 user user001 logged on to RDS01",
            expected: &[
                "irrelevant 2022-08-22T08:15:01Z",
                "Failure 2022-08-22T08:15:02Z user=user001 host=RDS01 client=- code=-",
                "Success 2022-08-22T08:15:03Z user=user001 host=RDS01 client=- code=-",
            ],
        }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::format::{FORMATS, Formats};
    use crate::normalize::testing::records;

    fn chosen(text: &str) -> Option<&'static str> {
        let lines = records(Container::Lines, text, &|_| true);
        Formats::default().choose(Container::Lines, &lines).map(|index| FORMATS[index].name())
    }

    #[test]
    fn a_date_at_the_beginning_of_a_line_of_prose_is_no_log() {
        assert_eq!(chosen("The session hosts were patched on\n6 August 07:30, and more than half of all\n"), None);
        assert_eq!(chosen("6 August 2022 07:30 first\nsecond\n"), Some("stamped-lines"));
        assert_eq!(chosen("   at X\n2022-08-22 07:30 first\n2022-08-22 07:31 second\n"), Some("stamped-lines"));
    }
}
