//! `annotations.json`: incidents and changes as annotations for Grafana, one object each as its HTTP API takes them
//! (`POST /api/annotations`: `time` and `timeEnd` in milliseconds since 1970, `text`, `tags`).

use serde_json::{Value, json};

use super::{File, Format, Report};
use crate::error::Error;
use crate::model::Timestamp;
use crate::model::time::TICKS_PER_SECOND;
use crate::report::input::Input;
use crate::report::markup::without_markup;
use crate::report::sections::word;
use crate::report::wording::{incident, verdict};

/// `annotations.json`.
pub const FORMAT: Format = Format { name: "grafana", is_default: false, render };

/// Grafana keeps so many characters of a tag.
const MAX_TAG: usize = 100;

fn render(report: &Report<'_>) -> Result<Vec<File>, Error> {
    let input = &report.input;
    let mut annotations = incidents(input);
    annotations.extend(changes(input));
    // By time, for people who read the file.
    annotations.sort_by_key(|one| one["time"].as_i64());
    let mut bytes = serde_json::to_vec_pretty(&annotations)
        .map_err(|error| Error::Render { what: "annotations.json", detail: error.to_string() })?;
    bytes.push(b'\n');
    Ok(vec![File { name: "annotations.json", bytes }])
}

fn incidents(input: &Input<'_>) -> Vec<Value> {
    let incidents = input.judgement.incidents.iter().map(|one| {
        let (start, end) = incident::span(input, one);
        let text = format!("{}. {}", incident::title(input, one), incident::impact(input, one));
        let signatures = one.signatures.iter().map(ToString::to_string);
        let tags = ["incident".to_owned(), one.id.clone()].into_iter().chain(signatures);
        annotation(start, end, &text, tags)
    });
    incidents.collect()
}

/// Each over the time in which hosts got it.
fn changes(input: &Input<'_>) -> Vec<Value> {
    let changes = input.tables.changes.iter().map(|change| {
        let end = change.hosts.iter().map(|host| host.at).max().unwrap_or(change.started_at);
        let said = input.strongest_verdict(&change.id);
        let words = said.map_or("not judged", |said| verdict::verdict(said.verdict));
        let text = format!("{}: {words}", input.change_name(&change.id));
        let verdict = said.map(|said| word(&said.verdict));
        annotation(change.started_at, end, &text, ["change".to_owned(), change.id.clone()].into_iter().chain(verdict))
    });
    changes.collect()
}

/// Grafana shows the text as HTML.
fn annotation(start: Timestamp, end: Timestamp, text: &str, tags: impl Iterator<Item = String>) -> Value {
    let millis = |at: Timestamp| at.0.div_euclid(TICKS_PER_SECOND / 1_000);
    let tags: Vec<String> =
        ["causeline".to_owned()].into_iter().chain(tags).map(|tag| tag.chars().take(MAX_TAG).collect()).collect();
    json!({"time": millis(start), "timeEnd": millis(end), "text": without_markup(text), "tags": tags})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    /// What Grafana's HTTP API documents: milliseconds since 1970, an end that is not before the begin, text, tags.
    #[test]
    fn annotations_are_as_grafana_takes_them() {
        let mut case = fixture::founding();
        case.tables.changes[0].component = "<img src=x>".into();
        let files = render(&Report::new(case.input())).unwrap();
        let all: Vec<Value> = serde_json::from_slice(&files[0].bytes).unwrap();
        assert_eq!(all.len(), case.judgement.incidents.len() + case.tables.changes.len());
        for one in &all {
            let keys: Vec<&String> = one.as_object().unwrap().keys().collect();
            assert_eq!(keys, ["time", "timeEnd", "text", "tags"]);
            // Seconds or microseconds would lie in other centuries.
            let time = one["time"].as_i64().unwrap();
            assert!((1_000_000_000_000..2_000_000_000_000).contains(&time) && one["timeEnd"].as_i64().unwrap() >= time);
            assert!(!one["text"].as_str().unwrap().contains('<') && one["tags"][0] == "causeline");
        }
        let incident = all.iter().find(|one| one["tags"][1] == "incident").unwrap();
        let start = Timestamp(incident["time"].as_i64().unwrap() * (TICKS_PER_SECOND / 1_000));
        assert_eq!(start, case.judgement.incidents[0].started_at);
        let guilty = all.iter().filter(|one| one["tags"].as_array().unwrap().contains(&"root-cause".into())).count();
        assert_eq!(guilty, 1);
    }
}
