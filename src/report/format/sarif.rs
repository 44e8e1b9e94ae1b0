//! `report.sarif` (2.1.0): one result an incident and one a change that caused it or joined in, for code-scanning pages.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

use super::{File, Format, Report};
use crate::error::Error;
use crate::judge::{ChangeVerdict, Incident, Verdict};
use crate::model::Provenance;
use crate::report::input::Input;
use crate::report::sections::{place, shown, word};
use crate::report::wording::{coverage, incident, verdict};

/// `report.sarif`.
pub const FORMAT: Format = Format { name: "sarif", is_default: false, render };

/// Most places of one result.
const MAX_PLACES: usize = 10;
/// The rule of changes that are guilty; incidents have their signature.
const GUILTY: &str = "guilty-change";

fn render(report: &Report<'_>) -> Result<Vec<File>, Error> {
    let input = &report.input;
    let mut rules = BTreeMap::new();
    let mut results = Vec::new();
    for one in &input.judgement.incidents {
        results.push(incident_result(input, one, &mut rules));
        let guilty = input.judgement.verdicts.iter().filter(|said| said.incident.as_ref() == Some(&one.id));
        for said in guilty.filter(|said| matches!(said.verdict, Verdict::RootCause | Verdict::Contributing)) {
            rules.insert(
                GUILTY.to_owned(),
                (
                    "Change that caused an incident".to_owned(),
                    "The failures follow this change, and other explanations are far less probable.".to_owned(),
                ),
            );
            results.push(change_result(input, said));
        }
    }
    let ids: Vec<&String> = rules.keys().collect();
    for result in &mut results {
        let index = ids.iter().position(|id| result["ruleId"] == **id);
        result["ruleIndex"] = index.into();
    }
    let rules: Vec<Value> = rules
        .iter()
        .map(|(id, (title, meaning))| {
            json!({"id": id, "shortDescription": {"text": title}, "fullDescription": {"text": meaning}})
        })
        .collect();
    let driver = json!({"name": "causeline", "version": input.tool_version, "rules": rules});
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    });
    let mut bytes = serde_json::to_vec_pretty(&log)
        .map_err(|error| Error::Render { what: "report.sarif", detail: error.to_string() })?;
    bytes.push(b'\n');
    Ok(vec![File { name: "report.sarif", bytes }])
}

fn incident_result(input: &Input<'_>, one: &Incident, rules: &mut BTreeMap<String, (String, String)>) -> Value {
    let id = one.signatures.first().map_or("failed-connections", |id| id);
    let meaning = input.signatures.get(id).map(|text| text.meaning.clone()).filter(|text| !text.is_empty());
    let title = input.signature_title(id).to_owned();
    rules.insert(id.to_owned(), (title.clone(), meaning.unwrap_or(title)));
    let failed = one.attempts.iter().filter_map(|attempt| input.tables.attempts.get(*attempt as usize));
    let records: Vec<Provenance> = failed.filter_map(|attempt| attempt.records.first().copied()).collect();
    let text = format!("{}. {}", incident::title(input, one), incident::impact(input, one));
    json!({
        "ruleId": id, "level": "error", "kind": "fail",
        "message": {"text": text},
        "locations": places(input, &records),
        "partialFingerprints": {"incident/v1": format!("{id} {}", one.started_at)},
        "properties": {"incident": one.id, "cause": word(&one.root_cause.kind), "probability": shown(one.root_cause.probability)},
    })
}

fn change_result(input: &Input<'_>, said: &ChangeVerdict) -> Value {
    let name = input.change_name(&said.change_id);
    let reasons: Vec<String> = said.reasons.iter().map(|reason| verdict::reason(input, reason)).collect();
    let text = format!("{name}: {}. {}", verdict::verdict(said.verdict), reasons.join(" "));
    let level = if said.verdict == Verdict::RootCause { "error" } else { "warning" };
    let records = input.change(&said.change_id).map_or(&[][..], |change| &change.stated_by);
    json!({
        "ruleId": GUILTY, "level": level, "kind": "fail",
        "message": {"text": text.trim_end()},
        "rank": shown(said.probability * 100.0).clamp(0.0, 100.0),
        "locations": places(input, records),
        "partialFingerprints": {"change/v1": name},
        "properties": {"change_id": said.change_id, "incident": said.incident, "verdict": word(&said.verdict), "probability": shown(said.probability)},
    })
}

/// Files with line or byte; a record's own number is no region of a file, so it is said in words.
fn places(input: &Input<'_>, records: &[Provenance]) -> Vec<Value> {
    let place_of = |record: &Provenance| {
        let place = place(input, *record);
        let mut physical = json!({"artifactLocation": {"uri": uri(&place.path)}});
        if let Some(line) = place.line.filter(|line| *line > 0) {
            physical["region"] = json!({"startLine": line});
        } else if let Some(offset) = place.offset {
            physical["region"] = json!({"byteOffset": offset});
        }
        json!({"physicalLocation": physical, "message": {"text": coverage::place(&place)}})
    };
    records.iter().take(MAX_PLACES).map(place_of).collect()
}

/// A path as a relative URI.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/' | b'!') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn every_incident_and_every_guilty_change_is_a_result_with_its_rule() {
        let case = fixture::founding();
        let files = render(&Report::new(case.input())).unwrap();
        let log: Value = serde_json::from_slice(&files[0].bytes).unwrap();
        let run = &log["runs"][0];
        let results = run["results"].as_array().unwrap();
        let is_guilty = |said: &&ChangeVerdict| matches!(said.verdict, Verdict::RootCause | Verdict::Contributing);
        let n_guilty = case.judgement.verdicts.iter().filter(is_guilty).count();
        assert!(n_guilty > 0);
        assert_eq!(results.len(), case.judgement.incidents.len() + n_guilty);
        for result in results {
            let index = result["ruleIndex"].as_u64().unwrap() as usize;
            assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
            assert!(!result["locations"].as_array().unwrap().is_empty(), "{result}");
        }
        assert_eq!(uri("logs/a b%4.evtx"), "logs/a%20b%254.evtx");
    }
}
