//! Formats that a user describes: a pattern for lines, or the paths of the fields in JSON lines.
//!
//! In: the `[[format]]` tables of a configuration (`config`). Out: an [`OwnFormat`] each, which the sources are
//! asked for before the formats of [`super::FORMATS`].
//!
//! Invariant: a format whose own samples it does not read as they say is never handed out.

mod config;
mod field;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use regex::Regex;

pub use config::{ConfigError, hosts, read};
use field::Field;

use super::{Context, Entry, Handle, LineOutcome, LogFormat, Parser, Said, Sample};
use crate::diagnostic::Code;
use crate::model::{Severity, Trust};
use crate::normalize::clock::{DateOrder, Stamp, ZoneRule, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::message::Line;
use crate::normalize::plain::Plain;
use crate::normalize::property;
use crate::normalize::request::Request;
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Object, Record};

/// A format that a user described.
#[derive(Clone, Debug)]
pub struct OwnFormat(Arc<Definition>);

#[derive(Debug)]
struct Definition {
    name: String,
    shape: Shape,
    /// How stamps are written, in the signs of `strptime`; without it, as any log writes them.
    timestamp_format: Option<String>,
    /// The zone of stamps that name none.
    zone: Option<ZoneRule>,
    levels: BTreeMap<String, Severity>,
    /// Words of `event.outcome`; `true` is a success.
    outcomes: BTreeMap<String, bool>,
    /// How many milliseconds one unit of `event.duration` has.
    duration_ms: f64,
}

#[derive(Debug)]
enum Shape {
    /// The pattern, and the field of each group that has a name.
    Lines(Regex, Vec<(usize, Field)>),
    /// The path of each field.
    Json(Vec<(String, Field)>),
}

impl OwnFormat {
    /// The time, level, message and values that one record names.
    fn entry<'t>(&self, values: &[(Field, &'t str)], order: DateOrder) -> Option<Entry<'t>> {
        let get = |wanted: Field| values.iter().find(|(field, _)| *field == wanted).map(|(_, value)| *value);
        let stamp = self.stamp(get(Field::Timestamp)?, order)?;
        let severity = get(Field::Level).and_then(|word| self.severity(word)).unwrap_or_default();
        let duration = get(Field::Duration)
            .and_then(|value| value.trim().replace(',', ".").parse::<f64>().ok())
            .map(|value| value * self.0.duration_ms);
        if let Some(status) = get(Field::Status).and_then(|status| status.parse().ok()) {
            let path = get(Field::Path).unwrap_or("");
            let (path, query) = path.split_once('?').unwrap_or((path, get(Field::Query).unwrap_or("")));
            let request = Request {
                duration_ms: duration,
                method: get(Field::Method).unwrap_or("-"),
                path,
                query,
                user: get(Field::Value("user")).unwrap_or("").into(),
                client: get(Field::Value("client")).unwrap_or(""),
                own_host: get(Field::Host),
                status,
                ..Request::default()
            };
            return Some(Entry::request(stamp, request));
        }
        let message = get(Field::Message).unwrap_or("");
        let mut properties: Vec<(Cow<'t, str>, Cow<'t, str>)> = values
            .iter()
            .filter_map(|(field, value)| match field {
                Field::Value(key) => Some((Cow::Borrowed(*key), Cow::Borrowed(*value))),
                _ => None,
            })
            .collect();
        properties.extend(duration.map(|ms| (Cow::Borrowed("durationms"), Cow::Owned(ms.to_string()))));
        if !properties.is_empty() {
            properties.extend(property::pairs(message));
        }
        let line = Line {
            severity,
            logger: get(Field::Logger),
            host: get(Field::Host),
            message: message.into(),
            detail: get(Field::StackTrace).unwrap_or(""),
            properties,
            outcome: get(Field::Outcome).and_then(|word| self.outcome(word)),
            ..Line::default()
        };
        Some(Entry::message(stamp, line))
    }

    fn stamp(&self, text: &str, order: DateOrder) -> Option<Stamp> {
        match &self.0.timestamp_format {
            Some(format) => field::stamp_in(format, text),
            None => super::json_lines::epoch(text)
                .or_else(|| stamp(text.trim(), order).map(|(stamp, _)| stamp).filter(|stamp| stamp.has_time)),
        }
    }

    fn severity(&self, word: &str) -> Option<Severity> {
        let word = word.trim();
        self.0.levels.get(word).copied().or_else(|| Severity::from_word(word))
    }

    fn outcome(&self, word: &str) -> Option<bool> {
        match self.0.outcomes.get(word) {
            Some(outcome) => Some(*outcome),
            None if word.eq_ignore_ascii_case("success") => Some(true),
            None if word.eq_ignore_ascii_case("failure") => Some(false),
            None => None,
        }
    }

    /// The fields of a line; nothing if the pattern does not fit it.
    fn values_of_line<'t>(&self, line: &'t str) -> Option<Vec<(Field, &'t str)>> {
        let Shape::Lines(pattern, groups) = &self.0.shape else { return None };
        let found = pattern.captures(line)?;
        Some(groups.iter().filter_map(|(group, field)| Some((*field, found.get(*group)?.as_str()))).collect())
    }

    /// The fields of an object; nothing if it lacks one that the format names.
    fn values_of_object<'t>(&self, object: &'t Object<'_>) -> Option<Vec<(Field, &'t str)>> {
        let Shape::Json(paths) = &self.0.shape else { return None };
        let needed = |field: Field| matches!(field, Field::Timestamp | Field::Message);
        let mut values = Vec::with_capacity(paths.len());
        for (path, field) in paths {
            match object.get(path) {
                Some(value) => values.push((*field, value)),
                None if needed(*field) => return None,
                None => {}
            }
        }
        Some(values)
    }

    /// The message of a line, for those who want nothing else.
    pub fn message_of<'t>(&self, line: &'t str) -> Option<&'t str> {
        let values = self.values_of_line(line)?;
        values.iter().find(|(field, _)| *field == Field::Message).map(|(_, value)| *value)
    }
}

impl LogFormat for OwnFormat {
    fn name(&self) -> &str {
        &self.0.name
    }

    fn dataset(&self) -> &str {
        &self.0.name
    }

    fn role(&self) -> Role {
        Role::AppLog
    }

    fn containers(&self) -> &'static [Container] {
        match self.0.shape {
            Shape::Lines(..) => &[Container::Lines],
            Shape::Json(_) => &[Container::Json],
        }
    }

    fn parse<'t>(&self, line: &'t str, order: DateOrder) -> Option<Entry<'t>> {
        self.entry(&self.values_of_line(line)?, order)
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        let fits = |record: &Record<'_>| match &record.body {
            Body::Text(text) => self.starts_record(text),
            Body::Json(object) => {
                self.values_of_object(object).is_some_and(|values| self.entry(&values, DateOrder::MonthFirst).is_some())
            }
            _ => false,
        };
        first.iter().filter(|record| fits(record)).count()
    }

    fn open(&self, file: &FileFacts, first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        let plain = Plain::new(Handle::Own(self.clone()), file).with_order(file.order(self, first));
        Some(Box::new(OwnParser { format: self.clone(), plain, is_zone_set: false }))
    }

    /// Its samples are checked when the configuration is read.
    fn samples(&self) -> &'static [Sample] {
        &[]
    }
}

struct OwnParser {
    format: OwnFormat,
    plain: Plain,
    is_zone_set: bool,
}

impl Parser for OwnParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        if !self.is_zone_set {
            self.is_zone_set = true;
            // What the options say of this very path goes before what the format says of all.
            if let Some(zone) = self.format.0.zone.clone().filter(|_| context.clock.trust() == Trust::Guessed) {
                context.clock.set(zone, Trust::Derived);
            }
        }
        match &record.body {
            Body::Json(object) => {
                let Some(values) = self.format.values_of_object(object) else { return LineOutcome::Foreign.into() };
                match self.format.entry(&values, DateOrder::MonthFirst) {
                    Some(entry) => self.plain.placed(entry, "", context),
                    None => LineOutcome::Damaged(Code::TimeUnreadable, "the time cannot be read").into(),
                }
            }
            _ => self.plain.say(record, context),
        }
    }
}
