//! Metrics of Prometheus: the text of a scrape with timestamps, and answers of its query interface.
//!
//! A scrape without timestamps tells no time and is of no use. Values that are no number (`NaN`, `+Inf`)
//! are no readings.
//!
//! Source: Prometheus documentation, "Exposition formats" and "HTTP API" (matrix, vector); OpenMetrics.

use serde_json::Value;

use super::{Context, LineOutcome, LogFormat, Parser, Said, Sample};
use crate::diagnostic::Code;
use crate::model::{LoadSample, Trust};
use crate::normalize::file::FileFacts;
use crate::normalize::metric::{HOST_LABELS, epoch, known, sample};
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Record};

/// See the file.
pub(crate) struct Prometheus;

/// More labels than this has no series; the rest is passed over.
const MAX_LABELS: usize = 64;

/// One line of a scrape.
struct Line<'t> {
    name: &'t str,
    labels: Vec<(&'t str, &'t str)>,
    value: &'t str,
    time: Option<&'t str>,
}

fn name_len(text: &str) -> usize {
    text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':')).count()
}

/// Takes `name{label="value"} 1.5 1661014800000` apart.
fn parse(line: &str) -> Option<Line<'_>> {
    let len = name_len(line);
    let (name, mut rest) = line.split_at(len);
    if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == ':') {
        return None;
    }
    let mut labels = Vec::new();
    let has_labels = rest.starts_with('{');
    if has_labels {
        rest = &rest[1..];
        loop {
            rest = rest.trim_start_matches([',', ' ']);
            if let Some(behind) = rest.strip_prefix('}') {
                rest = behind;
                break;
            }
            let (label, behind) = rest.split_once("=\"")?;
            let end = closing_quote(behind)?;
            if labels.len() < MAX_LABELS {
                labels.push((label.trim(), &behind[..end]));
            }
            rest = &behind[end + 1..];
        }
    }
    // An exemplar of OpenMetrics stands behind ` # `.
    let rest = rest.split(" # ").next().unwrap_or(rest);
    let mut words = rest.split([' ', '\t']).filter(|word| !word.is_empty());
    let value = words.next()?;
    value.parse::<f64>().ok()?;
    let time = words.next();
    let is_line = words.next().is_none() && time.is_none_or(|time| epoch(time).is_some());
    // `word 7` is any text; a series of one word has an underscore at least.
    let is_series = has_labels || name.contains('_');
    (is_line && is_series).then_some(Line { name, labels, value, time })
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.bytes().position(|byte| {
        let closes = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        closes
    })
}

fn is_comment(line: &str) -> bool {
    ["# HELP ", "# TYPE ", "# UNIT ", "# EOF"].iter().any(|start| line.starts_with(start))
}

fn is_answer(value: &Value) -> bool {
    value.pointer("/data/resultType").and_then(Value::as_str).is_some_and(|kind| matches!(kind, "matrix" | "vector"))
}

impl LogFormat for Prometheus {
    fn name(&self) -> &'static str {
        "prometheus"
    }

    fn dataset(&self) -> &'static str {
        "prometheus"
    }

    fn role(&self) -> Role {
        Role::Load
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Lines, Container::Json]
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        let fits = |record: &&Record<'_>| match &record.body {
            Body::Text(line) => is_comment(line) || parse(line).is_some(),
            Body::Json(object) => is_answer(object.tree()),
            _ => false,
        };
        first.iter().filter(fits).count()
    }

    fn starts_record(&self, _line: &str) -> bool {
        true
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::new(PrometheusParser))
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                container: Container::Lines,
                path: "metrics.prom",
                text: "# HELP windows_memory_available_bytes The amount of memory\n\
                       # TYPE windows_memory_available_bytes gauge\n\
                       windows_memory_available_bytes{instance=\"rds01:9182\"} 2.097152e+09 1661014800000\n\
                       windows_terminal_services_local_session_count{instance=\"rds01:9182\",session=\"active\"} 7 1661014800000\n\
                       windows_cpu_time_total{core=\"0,0\",mode=\"idle\"} 123.5 1661014800000\n\
                       windows_memory_available_bytes NaN 1661014800000\n\
                       windows_memory_available_bytes 2.097152e+09\n# EOF",
                expected: &[
                    "irrelevant",
                    "irrelevant",
                    "AvailableMemory 2022-08-20T17:00:00Z host=RDS01 2000",
                    "ActiveSessions 2022-08-20T17:00:00Z host=RDS01 7",
                    "irrelevant 2022-08-20T17:00:00Z",
                    "irrelevant 2022-08-20T17:00:00Z",
                    "irrelevant",
                    "irrelevant",
                ],
            },
            Sample {
                container: Container::Json,
                path: "query_range.json",
                text: r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"rds_active_sessions","instance":"rds02:9182"},"values":[[1661014800,"3"],[1661014860.5,"4"],[1661014920,"NaN"]]},{"metric":{"__name__":"up"},"values":[[1661014800,"1"]]}]}}
{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"windows_system_processor_queue_length","host":"RDS03"},"value":[1661014800.25,"2"]}]}}"#,
                expected: &[
                    "ActiveSessions 2022-08-20T17:00:00Z host=RDS02 3; ActiveSessions 2022-08-20T17:01:00.5Z host=RDS02 4",
                    "QueueLength 2022-08-20T17:00:00.25Z host=RDS03 2",
                ],
            },
        ]
    }
}

struct PrometheusParser;

/// The host that labels name.
fn host<'l>(label: impl Fn(&str) -> Option<&'l str>) -> &'l str {
    HOST_LABELS.iter().find_map(|name| label(name)).unwrap_or("")
}

fn of_line(line: &str, context: &mut Context<'_>) -> LineOutcome {
    if line.starts_with('#') {
        return LineOutcome::Irrelevant(None);
    }
    let Some(line) = parse(line) else { return LineOutcome::Foreign };
    let Some(at) = line.time.and_then(epoch) else { return LineOutcome::Irrelevant(None) };
    let label = |wanted: &str| line.labels.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
    // Some exporters tell the state of sessions by a label.
    let state = label("session").or_else(|| label("state")).unwrap_or("");
    let found = known("", line.name).or_else(|| {
        let is_sessions = line.name.contains("session_count") || line.name.ends_with("sessions");
        is_sessions.then(|| known("", &format!("{state}_sessions"))).flatten()
    });
    let value = line.value.parse().unwrap_or(f64::NAN);
    let read = found.and_then(|found| sample((at, Trust::Stated), host(label), line.name, found, value, context));
    read.map_or(LineOutcome::Irrelevant(Some(at)), |one| LineOutcome::Load(vec![one]))
}

fn of_answer(value: &Value, context: &mut Context<'_>) -> LineOutcome {
    let mut samples: Vec<LoadSample> = Vec::new();
    let mut last = None;
    let all = value.pointer("/data/result").and_then(Value::as_array);
    for series in all.into_iter().flatten() {
        let label = |name: &str| series.get("metric").and_then(|labels| labels.get(name)).and_then(Value::as_str);
        let name = label("__name__").unwrap_or("");
        let Some(found) = known("", name) else { continue };
        let host = host(label);
        let many = series.get("values").and_then(Value::as_array).into_iter().flatten();
        for pair in many.chain(series.get("value")) {
            let Some(at) = pair.get(0).and_then(|at| epoch(&at.to_string())) else { continue };
            let Some(value) = pair.get(1).and_then(Value::as_str).and_then(|value| value.parse().ok()) else {
                continue;
            };
            last = Some(at);
            samples.extend(sample((at, Trust::Stated), host, name, found, value, context));
        }
    }
    if samples.is_empty() { LineOutcome::Irrelevant(last) } else { LineOutcome::Load(samples) }
}

impl Parser for PrometheusParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        let outcome = match &record.body {
            Body::Text(line) => of_line(line, context),
            Body::Json(object) if is_answer(object.tree()) => of_answer(object.tree(), context),
            Body::Json(object) if object.tree().get("status").and_then(Value::as_str) == Some("error") => {
                LineOutcome::Damaged(Code::RecordMalformed, "the query failed")
            }
            _ => LineOutcome::Foreign,
        };
        outcome.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_without_number_cost_their_line_only() {
        let many = format!("a_b{{{}}} 1", "x=\"y\",".repeat(1_000_000));
        assert_eq!(parse(&many).unwrap().labels.len(), MAX_LABELS);
        assert_eq!(parse("a_b{x=\"\\\"}\"} 1").unwrap().labels, [("x", "\\\"}")]);
        assert!(parse("Starting 7").is_none() && parse("a_b{x=\"1} 2").is_none());
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_survived(line in "[a-z_]{1,5}[{]?[\\PC\"\\\\]{0,40}") {
            let _ = parse(&line);
        }
    }
}
