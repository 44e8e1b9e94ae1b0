//! The fields that a user's format may name, by their names in ECS, and stamps in a layout that the user states.

use jiff::fmt::strtime;

use crate::model::time::{TICKS_PER_DAY, TICKS_PER_SECOND};
use crate::normalize::clock::{Civil, Stamp, days_from_civil};

/// What a named value is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Timestamp,
    Level,
    Message,
    Logger,
    Host,
    Outcome,
    Duration,
    Status,
    Method,
    Path,
    Query,
    StackTrace,
    /// A value of the message, under a key that [`crate::normalize::property::meaning`] knows.
    Value(&'static str),
}

/// The names, and what they are for.
pub(super) const FIELDS: &[(&str, Field)] = &[
    ("timestamp", Field::Timestamp),
    ("log.level", Field::Level),
    ("message", Field::Message),
    ("log.logger", Field::Logger),
    ("host.name", Field::Host),
    ("event.outcome", Field::Outcome),
    ("event.duration", Field::Duration),
    ("event.reason", Field::Value("reason")),
    ("http.response.status_code", Field::Status),
    ("http.request.method", Field::Method),
    ("url.path", Field::Path),
    ("url.query", Field::Query),
    ("error.stack_trace", Field::StackTrace),
    ("error.code", Field::Value("errorcode")),
    ("error.message", Field::Value("errormessage")),
    ("user.name", Field::Value("user")),
    ("client.ip", Field::Value("client")),
    ("client.address", Field::Value("client")),
    ("source.ip", Field::Value("client")),
    ("source.address", Field::Value("client")),
    ("destination.address", Field::Value("target")),
    ("destination.domain", Field::Value("target")),
    ("server.address", Field::Value("target")),
    ("session.id", Field::Value("session")),
    ("trace.id", Field::Value("traceid")),
];

/// Returns what a name is for.
pub(super) fn field(name: &str) -> Option<Field> {
    FIELDS.iter().find(|(known, _)| *known == name).map(|(_, field)| *field)
}

/// Reads a stamp in a layout of `strptime`; without a year it lies in 1972, without a day it is none.
pub(super) fn stamp_in(layout: &str, text: &str) -> Option<Stamp> {
    let mut parts = strtime::parse(layout, text.trim()).ok()?;
    if let (None, Ok(instant)) = (parts.month(), parts.to_timestamp()) {
        // Seconds since 1970.
        return Some(Stamp::utc(Civil((instant.as_nanosecond() / 100) as i64)));
    }
    let has_year = parts.year().is_some();
    if !has_year {
        parts.set_year(Some(1972)).ok()?;
    }
    let (date, time) = (parts.to_date().ok()?, parts.to_time().ok()?);
    let days = days_from_civil(i64::from(date.year()), i64::from(date.month()), i64::from(date.day()));
    let seconds = (i64::from(time.hour()) * 60 + i64::from(time.minute())) * 60 + i64::from(time.second());
    let ticks = seconds * TICKS_PER_SECOND + i64::from(time.subsec_nanosecond()) / 100;
    let offset_s = parts.offset().map(jiff::tz::Offset::seconds);
    Some(Stamp { offset_s, has_year, ..Stamp::local(Civil(days * TICKS_PER_DAY + ticks)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_in_a_stated_layout_are_read() {
        for (layout, text, wanted) in [
            ("%d.%m.%Y %H:%M:%S", "22.08.2022 08:15:01", Some("2022-08-22T08:15:01Z")),
            ("%m/%d/%y %I:%M:%S %p", "08/22/22 08:15:01 PM", Some("2022-08-22T20:15:01Z")),
            ("%Y-%m-%dT%H:%M:%S%.f%z", "2022-08-22T08:15:01.25+0200", Some("2022-08-22T06:15:01.25Z")),
            ("%s", "1661148901", Some("2022-08-22T06:15:01Z")),
            ("%b %d %H:%M:%S", "Aug 22 08:15:01", Some("1972-08-22T08:15:01Z")),
            ("%H:%M:%S", "08:15:01", None),
            ("%Y-%m-%d", "x", None),
        ] {
            let got = stamp_in(layout, text)
                .map(|stamp| stamp.civil.minus_seconds(i64::from(stamp.offset_s.unwrap_or(0))).to_string());
            assert_eq!(got.as_deref(), wanted, "{layout} {text}");
        }
    }
}
