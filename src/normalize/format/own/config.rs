//! Reads the `[[format]]` tables of a configuration, and checks each format by its samples.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use regex::RegexBuilder;
use serde::Deserialize;
use toml::Spanned;

use super::field::{FIELDS, Field, field};
use super::{Definition, OwnFormat, Shape};
use crate::model::identity::canonical_host;
use crate::model::{Name, Names, Position, Provenance, Severity, SourceId, Trust};
use crate::normalize::clock::{Clock, DateOrder, ZoneRule};
use crate::normalize::file::FileFacts;
use crate::normalize::format::{Context, FORMATS, LogFormat};
use crate::normalize::message::Gists;
use crate::read::{Body, Container, Object, Record};

/// The most formats of one configuration: each costs every source a look.
const FORMATS_MAX: usize = 64;
/// The most memory of one compiled pattern.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// What is wrong with a configuration, and on which line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The line, from 1.
    pub line: usize,
    /// The cause, in words.
    pub detail: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.detail)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    format: Vec<Spanned<Table>>,
    #[serde(default)]
    host: Vec<Host>,
}

/// The host of files whose content and path tell none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Host {
    files: Spanned<String>,
    name: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    name: Spanned<String>,
    pattern: Option<Spanned<String>>,
    fields: Option<Spanned<BTreeMap<String, String>>>,
    timestamp_format: Option<String>,
    timezone: Option<Spanned<String>>,
    duration_unit: Option<Spanned<String>>,
    #[serde(default)]
    levels: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    outcome: Outcomes,
    #[serde(default)]
    sample: Vec<Spanned<Sample>>,
}

/// The words by which `event.outcome` is told.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Outcomes {
    #[serde(default)]
    success: Vec<String>,
    #[serde(default)]
    failure: Vec<String>,
}

/// A record, and what it must yield.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    text: String,
    /// The values of fields; `timestamp` as an instant in UTC, `log.level` by its usual word.
    #[serde(default)]
    yields: BTreeMap<String, String>,
    /// What the record comes to: `failure`, `success`, `attempt`, …, `irrelevant`.
    means: Option<String>,
}

struct Wrong {
    at: Range<usize>,
    detail: String,
}

fn wrong(at: Range<usize>, detail: impl Into<String>) -> Wrong {
    Wrong { at, detail: detail.into() }
}

impl Wrong {
    fn in_text(self, text: &str) -> ConfigError {
        let before = &text.as_bytes()[..self.at.start.min(text.len())];
        ConfigError { line: 1 + memchr::memchr_iter(b'\n', before).count(), detail: self.detail }
    }
}

fn parse(text: &str) -> Result<File, ConfigError> {
    toml::from_str(text).map_err(|error| wrong(error.span().unwrap_or(0..0), error.message().to_owned()).in_text(text))
}

/// Reads the hosts of a configuration: patterns of paths, each with the host that wrote them.
///
/// # Errors
///
/// [`ConfigError`] names a host without a name or without a pattern.
pub fn hosts(text: &str) -> Result<Vec<(String, Name)>, ConfigError> {
    let one = |host: Host| {
        let name = canonical_host(host.name.get_ref());
        if name.is_empty() {
            return Err(wrong(host.name.span(), "a host needs a name"));
        }
        if host.files.get_ref().is_empty() {
            return Err(wrong(host.files.span(), "a host needs a pattern of files"));
        }
        Ok((host.files.into_inner(), Name::from(name)))
    };
    parse(text)?.host.into_iter().map(|host| one(host).map_err(|wrong| wrong.in_text(text))).collect()
}

/// Reads the formats of a configuration.
///
/// # Errors
///
/// [`ConfigError`] names the first thing that is wrong, a sample that does not yield what it says among them.
pub fn read(text: &str) -> Result<Vec<OwnFormat>, ConfigError> {
    let at_line = |wrong: Wrong| wrong.in_text(text);
    let file = parse(text)?;
    if file.format.len() > FORMATS_MAX {
        return Err(at_line(wrong(file.format[FORMATS_MAX].span(), format!("more than {FORMATS_MAX} formats"))));
    }
    let mut names: BTreeSet<String> = FORMATS.iter().map(|format| format.name().to_owned()).collect();
    let mut formats = Vec::new();
    for table in file.format {
        let span = table.span();
        formats.push(format(table.into_inner(), span, &mut names).map_err(at_line)?);
    }
    Ok(formats)
}

fn format(table: Table, span: Range<usize>, names: &mut BTreeSet<String>) -> Result<OwnFormat, Wrong> {
    let name = table.name.get_ref();
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.');
    if name.is_empty() || name.len() > 64 || !name.bytes().all(is_plain) {
        return Err(wrong(table.name.span(), "a name has small letters, digits, `-`, `_` and `.`, at most 64"));
    }
    if !names.insert(name.clone()) {
        return Err(wrong(table.name.span(), format!("there is a format `{name}` already")));
    }
    let (shape, at) = match (&table.pattern, &table.fields) {
        (Some(pattern), None) => (lines(pattern)?, pattern.span()),
        (None, Some(fields)) => (json(fields)?, fields.span()),
        _ => return Err(wrong(span, format!("format `{name}` needs either `pattern` or `fields`"))),
    };
    let used: Vec<Field> = match &shape {
        Shape::Lines(_, groups) => groups.iter().map(|(_, field)| *field).collect(),
        Shape::Json(paths) => paths.iter().map(|(_, field)| *field).collect(),
    };
    if !used.contains(&Field::Timestamp) {
        return Err(wrong(at, "no field `timestamp`"));
    }
    let duration_ms = match &table.duration_unit {
        Some(unit) => scale(unit.get_ref())
            .ok_or_else(|| wrong(unit.span(), format!("`{}` is none of ns, us, ms, s, min", unit.get_ref())))?,
        None if used.contains(&Field::Duration) => return Err(wrong(at, "`event.duration` needs a `duration_unit`")),
        None => 1.0,
    };
    let zone = match &table.timezone {
        Some(zone) => Some(ZoneRule::named(zone.get_ref()).ok_or_else(|| {
            wrong(zone.span(), format!("`{}` is no zone, such as Europe/Zurich or +02:00", zone.get_ref()))
        })?),
        None => None,
    };
    let mut levels = BTreeMap::new();
    for (word, level) in &table.levels {
        let severity = Severity::from_word(level.get_ref())
            .ok_or_else(|| wrong(level.span(), format!("`{}` is no level, such as error", level.get_ref())))?;
        levels.insert(word.clone(), severity);
    }
    let Outcomes { success, failure } = table.outcome;
    let outcomes =
        success.into_iter().map(|word| (word, true)).chain(failure.into_iter().map(|word| (word, false))).collect();
    let name = table.name.into_inner();
    let format = OwnFormat(Arc::new(Definition {
        name,
        shape,
        timestamp_format: table.timestamp_format,
        zone,
        levels,
        outcomes,
        duration_ms,
    }));
    if table.sample.is_empty() {
        return Err(wrong(span, format!("format `{}` has no sample", format.name())));
    }
    for sample in &table.sample {
        check(&format, sample.get_ref()).map_err(|detail| {
            let start: String = sample.get_ref().text.chars().take(60).collect();
            wrong(sample.span(), format!("sample of format `{}`: {detail}: {start}", format.name()))
        })?;
    }
    Ok(format)
}

fn lines(pattern: &Spanned<String>) -> Result<Shape, Wrong> {
    let regex = RegexBuilder::new(&format!("^(?:{})", pattern.get_ref()))
        .size_limit(PATTERN_BYTES_MAX)
        .build()
        .map_err(|error| wrong(pattern.span(), format!("the pattern is no regular expression: {error}")))?;
    let mut groups = Vec::new();
    for (group, name) in regex.capture_names().enumerate() {
        if let Some(name) = name {
            groups.push((group, known(name, pattern.span())?));
        }
    }
    Ok(Shape::Lines(regex, groups))
}

fn json(fields: &Spanned<BTreeMap<String, String>>) -> Result<Shape, Wrong> {
    let of = |(name, path): (&String, &String)| Ok((path.clone(), known(name, fields.span())?));
    fields.get_ref().iter().map(of).collect::<Result<_, _>>().map(Shape::Json)
}

fn known(name: &str, at: Range<usize>) -> Result<Field, Wrong> {
    field(name).ok_or_else(|| {
        let names: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
        wrong(at, format!("`{name}` is none of the fields {}", names.join(", ")))
    })
}

fn scale(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1e-6,
        "us" => 1e-3,
        "ms" => 1.0,
        "s" => 1e3,
        "min" => 6e4,
        _ => return None,
    })
}

/// Reads a sample as a log would be read, and compares.
fn check(format: &OwnFormat, sample: &Sample) -> Result<(), String> {
    let object;
    let (values, body) = match format.0.shape {
        Shape::Lines(..) => {
            let first = sample.text.lines().next().unwrap_or("");
            (format.values_of_line(first).ok_or("the pattern does not fit")?, Body::Text(sample.text.as_str().into()))
        }
        Shape::Json(_) => {
            object = Object::parse(&sample.text).map_err(|error| format!("no JSON object: {error}"))?;
            let values = format.values_of_object(&object).ok_or("a field that the format names is missing")?;
            (values, Body::Json(object.clone()))
        }
    };
    if format.entry(&values, DateOrder::MonthFirst).or_else(|| format.entry(&values, DateOrder::DayFirst)).is_none() {
        return Err("its timestamp cannot be read".to_owned());
    }
    let record = Record { position: Position::Line(1), body };
    let first = std::slice::from_ref(&record);
    debug_assert!(format.containers() != [Container::Lines] || format.recognize(first) == 1);
    let mut parser = format.open(&FileFacts::new(""), first).ok_or("it cannot be read")?;
    let mut clock = Clock::new(ZoneRule::UTC, Trust::Guessed);
    let (mut names, mut gists) = (Names::new(), Gists::default());
    let provenance = Provenance { source: SourceId(0), position: record.position };
    let dataset = format.dataset();
    let mut context = Context { clock: &mut clock, names: &mut names, gists: &mut gists, provenance, dataset };
    let said = parser.say(&record, &mut context);
    let (at, severity) = match &said {
        super::Said::Message(line) => (line.at.0, line.severity),
        super::Said::Request(request) => (request.at.0, Severity::default()),
        _ => return Err("it says nothing".to_owned()),
    };
    for (name, wanted) in &sample.yields {
        let got = match (name.as_str(), field(name)) {
            (_, None) => return Err(format!("`{name}` is no field")),
            (_, Some(Field::Timestamp)) => Some(at.to_string()),
            (_, Some(Field::Level)) => Some(format!("{severity:?}").to_lowercase()),
            (_, Some(Field::Outcome)) => {
                let word = values.iter().find(|(field, _)| *field == Field::Outcome).map(|(_, word)| *word);
                let outcome = word.and_then(|word| format.outcome(word));
                outcome.map(|is_success| if is_success { "success" } else { "failure" }.to_owned())
            }
            (_, Some(wanted)) => {
                values.iter().find(|(field, _)| *field == wanted).map(|(_, value)| (*value).to_owned())
            }
        };
        let got = got.unwrap_or_default();
        if got != *wanted {
            return Err(format!("`{name}` is `{got}`, not `{wanted}`"));
        }
    }
    if let Some(wanted) = &sample.means {
        let summary = said.outcome(&mut context).summary();
        let got = summary.split(' ').next().unwrap_or("").to_lowercase();
        if got != *wanted {
            return Err(format!("it means `{got}`, not `{wanted}`"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::format::Formats;
    use crate::normalize::{Options, normalize};
    use crate::read::Source;

    const BROKER: &str = r#"
[[format]]
name = "broker"
pattern = '(?P<timestamp>\S+ \S+);(?P<log.level>\w);(?P<host.name>\w+);(?P<user.name>\w+);(?P<event.outcome>\w+);(?P<event.duration>[\d.]+);(?P<message>.*)'
timestamp_format = "%d.%m.%Y %H:%M:%S"
timezone = "Europe/Zurich"
duration_unit = "s"
levels = { E = "error", I = "info" }
outcome = { success = ["OK"], failure = ["NOK"] }

[[format.sample]]
text = "22.08.2022 08:15:01;E;TS01;user001;NOK;1.5;no desktop for you"
yields = { timestamp = "2022-08-22T06:15:01Z", "log.level" = "error", "user.name" = "user001", "event.outcome" = "failure" }
means = "failure"

[[format]]
name = "portal-json"
fields = { timestamp = "when", message = "what.text", "user.name" = "who", "log.level" = "grade" }
levels = { "3" = "error" }

[[format.sample]]
text = '{"when":"2022-08-22T06:15:02Z","what":{"text":"Login failed"},"who":"user002","grade":"3"}'
yields = { "log.level" = "error" }
means = "failure"
"#;

    #[test]
    fn hosts_stand_beside_formats_and_need_a_name_and_a_pattern() {
        let text = "[[host]]\nfiles = \"*/app/*\"\nname = \"app01.corp.example\"\n";
        assert_eq!(hosts(text).unwrap(), [("*/app/*".to_owned(), Name::from("APP01"))]);
        assert!(read(text).unwrap().is_empty());
        for wrong in
            ["[[host]]\nfiles = \"*\"\nname = \"\"", "[[host]]\nfiles = \"\"\nname = \"a\"", "[[host]]\nname = \"a\""]
        {
            assert!(hosts(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_log_is_read_by_the_format_that_the_user_described() {
        let formats = Formats::with_own(read(BROKER).unwrap());
        let lines = "22.08.2022 08:15:01;E;TS01;user001;NOK;1.5;no desktop for you\n  more\n\
                     22.08.2022 08:15:02;I;TS01;user002;OK;0.25;here you are\n";
        let json = "{\"when\":\"2022-08-22T06:15:02Z\",\"what\":{\"text\":\"Login failed\"},\"who\":\"user002\"}\n";
        let sources = [
            Source::from_bytes(SourceId(0), "broker.txt", lines.as_bytes()),
            Source::from_bytes(SourceId(1), "portal.json", json.repeat(3).as_bytes()),
        ];
        let got = normalize(&sources, &Options { formats, ..Options::default() }, &|_| {});
        let named: Vec<&str> = got.sources.iter().map(|source| source.format.as_str()).collect();
        assert_eq!(named, ["broker", "portal-json"]);
        let events: Vec<String> = got
            .events
            .iter()
            .map(|e| {
                format!("{:?} {} {:?} {:?} {:?}", e.action, e.at, e.user.as_deref(), e.host.as_deref(), e.duration_ms)
            })
            .collect();
        assert_eq!(
            events[..3],
            [
                "Failure 2022-08-22T06:15:01Z Some(\"user001\") Some(\"TS01\") Some(1500.0)",
                "Success 2022-08-22T06:15:02Z Some(\"user002\") Some(\"TS01\") Some(250.0)",
                "Failure 2022-08-22T06:15:02Z Some(\"user002\") None None",
            ]
        );
        assert!(got.sources.iter().all(|s| s.n_records == s.n_kept + s.n_irrelevant + s.n_damaged && s.n_damaged == 0));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (from, to, line, detail) in [
            ("name = \"broker\"", "name = \"iis-w3c\"\nnaem = 1", 4, "unknown field `naem`"),
            ("name = \"broker\"", "name = \"nlog\"", 3, "there is a format `nlog` already"),
            ("name = \"broker\"", "name = \"Broker X\"", 3, "a name has small letters"),
            ("?P<user.name>", "?P<user.nmae>", 4, "`user.nmae` is none of the fields"),
            ("(?P<timestamp>", "(?P<host.name>", 4, "the pattern is no regular expression"),
            ("Europe/Zurich", "Middle/Earth", 6, "`Middle/Earth` is no zone"),
            ("duration_unit = \"s\"", "", 4, "`event.duration` needs a `duration_unit`"),
            ("duration_unit = \"s\"", "duration_unit = \"h\"", 7, "`h` is none of"),
            ("E = \"error\"", "E = \"bad\"", 8, "`bad` is no level"),
            ("= \"failure\" }", "= \"success\" }", 11, "`event.outcome` is `failure`, not `success`"),
            ("means = \"failure\"", "means = \"success\"", 11, "it means `failure`, not `success`"),
            ("%d.%m.%Y ", "%d/%m/%Y ", 11, "its timestamp cannot be read"),
            ("06:15:01Z", "08:15:01Z", 11, "`timestamp` is `2022-08-22T06:15:01Z`"),
            ("08:15:01;E", "08:15:01,E", 11, "the pattern does not fit"),
            ("fields = {", "pattern = 'x'\nfields = {", 16, "needs either `pattern` or `fields`"),
        ] {
            assert!(BROKER.contains(from), "{from}");
            let error = read(&BROKER.replacen(from, to, 1)).unwrap_err();
            assert!(error.detail.contains(detail), "{to}: {error}");
            assert_eq!(error.line, line, "{to}: {error}");
        }
        let bare = BROKER.split("[[format.sample]]").next().unwrap_or("");
        assert!(read(bare).unwrap_err().detail.contains("has no sample"));
        assert_eq!(read("").map(|formats| formats.len()), Ok(0));
    }
}
