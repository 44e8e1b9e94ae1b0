//! Metrics of Telegraf: the line protocol of InfluxDB, and its JSON output.
//!
//! Source: InfluxDB documentation, "Line protocol"; Telegraf, "JSON serializer" and "win_perf_counters".

use serde_json::Value;

use super::{Context, LineOutcome, LogFormat, Parser, Said, Sample};
use crate::model::Trust;
use crate::normalize::file::FileFacts;
use crate::normalize::metric::{HOST_LABELS, epoch, known, sample};
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Record};

/// See the file.
pub(crate) struct Influx;

/// More fields or tags than this has no measurement; the rest is passed over.
const MAX_FIELDS: usize = 256;

/// One measurement.
#[derive(Default)]
struct Point<'t> {
    name: &'t str,
    tags: Vec<(&'t str, String)>,
    fields: Vec<(&'t str, f64)>,
    time: &'t str,
}

/// Where the first of `mark` stands that neither a backslash nor quotes hide.
fn open_mark(text: &str, mark: u8) -> Option<usize> {
    let (mut is_escaped, mut in_quotes) = (false, false);
    text.bytes().position(|byte| {
        let found = byte == mark && !is_escaped && !in_quotes;
        in_quotes ^= byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        found
    })
}

fn split_open(text: &str, mark: u8) -> Option<(&str, &str)> {
    open_mark(text, mark).map(|at| (&text[..at], &text[at + 1..]))
}

/// The parts of a text between open commas.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (part, behind) = split_open(text, b',').map_or((text, None), |(part, behind)| (part, Some(behind)));
        rest = behind;
        Some(part)
    })
    .take(MAX_FIELDS)
}

/// Takes `name,tag=value field=1,other=2i 1661014800000000000` apart.
fn parse(line: &str) -> Option<Point<'_>> {
    let (series, rest) = split_open(line, b' ')?;
    let (fields, time) = split_open(rest, b' ')?;
    let time = time.trim();
    epoch(time).filter(|_| time.len() >= 10)?;
    let mut series = parts(series);
    let mut point = Point { name: series.next()?, time, ..Point::default() };
    for tag in series {
        let (name, value) = split_open(tag, b'=')?;
        point.tags.push((name, value.replace('\\', "")));
    }
    for field in parts(fields) {
        let (name, value) = split_open(field, b'=')?;
        if let Ok(number) = value.trim_end_matches(['i', 'u']).parse() {
            point.fields.push((name, number));
        }
    }
    Some(point)
}

fn is_metric(value: &Value) -> bool {
    value.get("fields").is_some_and(Value::is_object)
        && value.get("tags").is_some_and(Value::is_object)
        && value.get("timestamp").is_some()
        && value.get("name").is_some()
}

fn metrics(value: &Value) -> Vec<&Value> {
    match value.get("metrics").and_then(Value::as_array) {
        Some(all) => all.iter().filter(|one| is_metric(one)).collect(),
        None => Some(value).filter(|one| is_metric(one)).into_iter().collect(),
    }
}

impl LogFormat for Influx {
    fn name(&self) -> &'static str {
        "influx"
    }

    fn dataset(&self) -> &'static str {
        "telegraf"
    }

    fn role(&self) -> Role {
        Role::Load
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Lines, Container::Json]
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        let fits = |record: &&Record<'_>| match &record.body {
            Body::Text(line) => parse(line).is_some(),
            Body::Json(object) => !metrics(object.tree()).is_empty(),
            _ => false,
        };
        first.iter().filter(fits).count()
    }

    fn starts_record(&self, _line: &str) -> bool {
        true
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::new(InfluxParser))
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                container: Container::Lines,
                path: "metrics.out",
                text: "win_ts,host=RDS01,objectname=Terminal\\ Services Active_Sessions=3,Inactive_Sessions=1 1661014800000000000\n\
                       win_cpu,host=RDS01,instance=_Total,objectname=Processor Percent_Processor_Time=12.5 1661014800000000000\n\
                       win_mem,host=RDS01,objectname=Memory Available_Bytes=2097152000 1661014800000000000\n\
                       win_disk,host=RDS01,instance=C: Free=12i,text=\"a b, c\" 1661014800000000000\n\
                       broken line",
                expected: &[
                    "ActiveSessions 2022-08-20T17:00:00Z host=RDS01 3; InactiveSessions 2022-08-20T17:00:00Z host=RDS01 1",
                    "ProcessorTime 2022-08-20T17:00:00Z host=RDS01 12.5",
                    "AvailableMemory 2022-08-20T17:00:00Z host=RDS01 2000",
                    "irrelevant 2022-08-20T17:00:00Z",
                    "foreign",
                ],
            },
            Sample {
                container: Container::Json,
                path: "metrics.json",
                text: r#"{"fields":{"Active_Sessions":3},"name":"win_ts","tags":{"host":"RDS01","objectname":"Terminal Services"},"timestamp":1661014800}
{"metrics":[{"fields":{"Processor_Queue_Length":2},"name":"win_system","tags":{"host":"RDS02","objectname":"System"},"timestamp":1661014800000}]}"#,
                expected: &[
                    "ActiveSessions 2022-08-20T17:00:00Z host=RDS01 3",
                    "QueueLength 2022-08-20T17:00:00Z host=RDS02 2",
                ],
            },
        ]
    }
}

/// Makes readings of one measurement; `None` if it has no time.
fn read(point: &Point<'_>, context: &mut Context<'_>) -> Option<LineOutcome> {
    let at = epoch(point.time)?;
    let tag = |wanted: &str| point.tags.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.as_str());
    let object = match tag("objectname").unwrap_or(point.name) {
        "win_cpu" => "Processor",
        "win_mem" => "Memory",
        other => other,
    };
    let object = tag("instance").map_or_else(|| object.to_owned(), |instance| format!("{object}({instance})"));
    // The instance is here the counter's; only other labels name the host.
    let host = HOST_LABELS.iter().filter(|name| **name != "instance").find_map(|name| tag(name)).unwrap_or("");
    let mut samples = Vec::new();
    for (name, value) in &point.fields {
        // One processor of many is not the host's load.
        let is_part = object.starts_with("Processor(") && !object.ends_with("(_Total)");
        if let Some(found) = known(&object, name).filter(|_| !is_part) {
            samples.extend(sample((at, Trust::Stated), host, &format!("{object}\\{name}"), found, *value, context));
        }
    }
    Some(if samples.is_empty() { LineOutcome::Irrelevant(Some(at)) } else { LineOutcome::Load(samples) })
}

fn of_metric(value: &Value, context: &mut Context<'_>) -> Option<LineOutcome> {
    let time = value.get("timestamp")?.to_string();
    let entries = |key: &str| value.get(key).and_then(Value::as_object).into_iter().flatten().take(MAX_FIELDS);
    let point = Point {
        name: value.get("name").and_then(Value::as_str)?,
        tags: entries("tags").filter_map(|(name, tag)| Some((name.as_str(), tag.as_str()?.to_owned()))).collect(),
        fields: entries("fields").filter_map(|(name, field)| Some((name.as_str(), field.as_f64()?))).collect(),
        time: &time,
    };
    read(&point, context)
}

struct InfluxParser;

impl Parser for InfluxParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        let outcome = match &record.body {
            Body::Text(line) => parse(line).and_then(|point| read(&point, context)),
            Body::Json(object) => {
                let mut all: Vec<LineOutcome> =
                    metrics(object.tree()).into_iter().filter_map(|one| of_metric(one, context)).collect();
                if all.len() > 1 { Some(LineOutcome::Several(all)) } else { all.pop() }
            }
            _ => None,
        };
        outcome.unwrap_or(LineOutcome::Foreign).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_within_quotes_and_behind_backslashes_divide_nothing() {
        let point = parse("a\\ b,t=x\\,y f=\"1, 2\",g=3i 1661014800").unwrap();
        assert_eq!((point.name, point.tags.len(), point.fields), ("a\\ b", 1, vec![("g", 3.0)]));
        assert!(parse(&format!("a{} f=1 1661014800", ",t=v".repeat(1_000_000))).unwrap().tags.len() < MAX_FIELDS);
        assert!(parse("user logged on 1661014800").is_none());
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_survived(line in "[\\PC,= \"\\\\]{0,60}") {
            let _ = parse(&line);
        }
    }
}
