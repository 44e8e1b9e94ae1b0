//! Fills the document from tables and judgement: renames, rounds and words, and computes nothing new.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::clocks;
use super::counts;
use super::document::{
    AbstentionSection, AskedSection, Between, CauseSection, ChangeSection, CoverageSection, DiagnosticSection,
    Document, ErrorCodeSection, EvidenceSection, Forecast, GapSection, HostTime, HostVersion, IncidentSection,
    InputFile, Kind, LatentSection, LoadCheckSection, MissingLog, Place, Quantity, RedactionSection, RemedySection,
    SCHEMA_VERSION, Span, SymptomChainSection, SymptomLinkSection, Tool, VerdictName, VerdictSection, VersionSection,
};
use super::error_codes::{ErrorCode, error_codes};
use super::input::Input;
use super::{logons, wording};
use crate::correlate::SymptomChain;
use crate::correlate::symptoms::{Link, Measured};
use crate::diagnostic::Diagnostic;
use crate::frame::{self, Change, Difference, Gap, LoadCheck};
use crate::judge::{self, Asked, Candidate, CauseKind, ChangeVerdict, Estimate, Evidence, Incident, Latent, Verdict};
use crate::model::{Name, Position, Provenance, TimeRange};

/// Returns the report as values.
pub fn document(input: &Input<'_>) -> Document {
    Document {
        schema_version: SCHEMA_VERSION.to_owned(),
        tool: Tool { name: "causeline".to_owned(), version: input.tool_version.to_owned() },
        options: input.options.clone(),
        redaction: redaction(input),
        inputs: inputs(input),
        window: window(input),
        attempts: counts::attempts(input),
        asked: input.judgement.asked.as_ref().map(|asked| asked_section(input, asked)),
        incidents: input.judgement.incidents.iter().map(|incident| incident_section(input, incident)).collect(),
        changes: input.tables.changes.iter().map(|change| change_section(input, change)).collect(),
        versions: frame::differences(&input.tables.versions).iter().map(version_section).collect(),
        logon_phases: logons::phases(input),
        aside: logons::aside(input),
        latent: input.judgement.latent.iter().map(|latent| latent_section(input, latent)).collect(),
        signatures: counts::signatures(input),
        symptom_chains: input.symptom_chains.iter().map(|chain| symptom_chain(input, chain)).collect(),
        coverage: coverage(input),
        clocks: clocks::clocks(input),
        load_checks: load_checks(input),
        diagnostics: diagnostics(input),
    }
}

pub(super) fn redaction(input: &Input<'_>) -> Option<RedactionSection> {
    input.redacted.as_ref().map(|redacted| RedactionSection {
        classes: redacted.classes.iter().map(|class| class.name().to_owned()).collect(),
        is_keyed: redacted.is_keyed,
        statement: wording::coverage::redaction(redacted),
    })
}

pub(super) fn window(input: &Input<'_>) -> Span {
    let window = input.tables.window;
    Span { start: window.map(|window| window.start.to_string()), end: window.map(|window| window.end.to_string()) }
}

/// Rounds to so many significant digits; what is not finite becomes 0.
fn rounded(value: f64, digits: i32) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return 0.0;
    }
    // The decimal way round, because only decimal digits are printed: 0.1 + 0.2 becomes 0.3 and not 0.30000000000000004.
    let text = format!("{value:.*e}", usize::try_from(digits - 1).unwrap_or(0));
    text.parse().unwrap_or(value)
}

/// Six digits are more than any estimate here knows.
pub(super) fn shown(value: f64) -> f64 {
    rounded(value, 6)
}

/// Nine digits, so that a posterior of a thousand entries still adds up to 1 within a millionth.
pub(super) fn probability(value: f64) -> f64 {
    rounded(value, 9).clamp(0.0, 1.0)
}

pub(super) fn finite(value: f64) -> Option<f64> {
    value.is_finite().then(|| shown(value))
}

/// The kebab-case word of a unit variant.
pub(super) fn word(variant: &impl Serialize) -> String {
    match serde_json::to_value(variant) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

pub(super) fn texts(names: &[Name]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

/// Returns a record's place as the report writes it.
pub(super) fn place(input: &Input<'_>, provenance: Provenance) -> Place {
    placed(input.path(provenance.source), Some(provenance.position))
}

fn placed(path: &str, position: Option<Position>) -> Place {
    let mut place = Place { path: path.to_owned(), record: None, line: None, offset: None };
    match position {
        Some(Position::Record(number)) => place.record = Some(number),
        Some(Position::Line(number)) => place.line = Some(number),
        Some(Position::Offset(number)) => place.offset = Some(number),
        None => {}
    }
    place
}

pub(super) fn inputs(input: &Input<'_>) -> Vec<InputFile> {
    let mut files: Vec<InputFile> = input
        .sources
        .iter()
        .map(|source| InputFile {
            path: source.path.clone(),
            bytes: source.n_bytes,
            sha256: source.sha256.clone(),
            format: source.format.clone(),
            n_records: source.n_records,
            n_kept: source.n_kept,
            n_irrelevant: source.n_irrelevant,
            n_damaged: source.n_damaged,
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn kind(kind: CauseKind) -> Kind {
    match kind {
        CauseKind::Change => Kind::Change,
        CauseKind::Capacity => Kind::Capacity,
        CauseKind::Host => Kind::Host,
        CauseKind::Dependency => Kind::Dependency,
        CauseKind::Credentials => Kind::Credentials,
        CauseKind::Schedule => Kind::Schedule,
        CauseKind::Unknown => Kind::Unknown,
    }
}

fn verdict_name(verdict: Verdict) -> VerdictName {
    match verdict {
        Verdict::RootCause => VerdictName::RootCause,
        Verdict::Contributing => VerdictName::Contributing,
        Verdict::Acquitted => VerdictName::Acquitted,
        Verdict::Remedy => VerdictName::Remedy,
        Verdict::Unproven => VerdictName::Unproven,
    }
}

pub(super) fn cause(candidate: &Candidate) -> CauseSection {
    CauseSection {
        kind: kind(candidate.kind),
        change_id: candidate.change_id.clone(),
        host_name: candidate.host.as_deref().map(str::to_owned),
        user_name: candidate.user.as_deref().map(str::to_owned),
        trigger: candidate.trigger.as_ref().map(word),
        probability: probability(candidate.probability),
    }
}

fn asked_section(input: &Input<'_>, asked: &Asked) -> AskedSection {
    AskedSection {
        start: asked.span.start.to_string(),
        end: asked.span.end.to_string(),
        is_covered: asked.is_covered,
        n_attempts: asked.n_attempts as u64,
        n_failures: asked.n_failures as u64,
        share: asked.share.as_ref().map(quantity),
        share_elsewhere: asked.share_elsewhere.as_ref().map(quantity),
        incidents: asked.incidents.clone(),
        statement: wording::incident::asked(input, asked),
    }
}

fn incident_section(input: &Input<'_>, incident: &Incident) -> IncidentSection {
    IncidentSection {
        id: incident.id.clone(),
        title: wording::incident::title(input, incident),
        first_case_at: incident.first_case_at.to_string(),
        started_at: incident.started_at.to_string(),
        started_between: incident.started_between.map(between),
        peak_at: incident.peak_at.to_string(),
        peaked_between: incident.peaked_between.map(between),
        ended_at: incident.ended_at.map(|at| at.to_string()),
        ended_between: incident.ended_between.map(between),
        signatures: texts(&incident.signatures),
        n_attempts: incident.n_attempts as u64,
        n_failures: incident.n_failures as u64,
        n_users: incident.n_users as u64,
        error_codes: error_codes(input, incident).into_iter().map(error_code).collect(),
        hosts: texts(&incident.hosts),
        root_cause: cause(&incident.root_cause),
        posterior: incident.posterior.iter().map(cause).collect(),
        abstention: incident.abstention.as_ref().map(|abstention| AbstentionSection {
            statement: wording::incident::abstention(input, incident, abstention),
            would_have_told: abstention
                .would_have_told
                .iter()
                .map(|(source, host)| MissingLog {
                    source: source.to_string(),
                    host_name: host.as_deref().map(str::to_owned),
                })
                .collect(),
        }),
        refuted_by: wording::incident::refuted_by(input, incident),
        remedy: remedy(incident),
        evidence: incident.evidence.iter().map(|evidence| evidence_section(input, evidence)).collect(),
    }
}

pub(super) fn remedy(incident: &Incident) -> RemedySection {
    RemedySection {
        change_id: incident.remedy.change_id.clone(),
        probability: probability(incident.remedy.probability),
        canaries: texts(&incident.remedy.canaries),
    }
}

fn between(range: TimeRange) -> Between {
    Between { earliest: range.start.to_string(), latest: range.end.to_string(), level: judge::LEVEL }
}

fn error_code(one: ErrorCode<'_>) -> ErrorCodeSection {
    ErrorCodeSection {
        code: one.code.to_string(),
        signature: one.signature.to_string(),
        n: one.n as u64,
        kind: one.kind.map(str::to_owned),
        words: one.words.map(str::to_owned),
    }
}

pub(super) fn quantity(estimate: &Estimate) -> Quantity {
    Quantity {
        value: finite(estimate.value),
        lower: finite(estimate.lower),
        upper: finite(estimate.upper),
        unit: estimate.unit.to_owned(),
    }
}

fn evidence_section(input: &Input<'_>, evidence: &Evidence) -> EvidenceSection {
    EvidenceSection {
        kind: word(&evidence.kind),
        about: evidence.about.clone(),
        cause: kind(evidence.cause),
        weight: shown(evidence.weight),
        statement: wording::evidence::statement(input, evidence),
        numbers: evidence.numbers.iter().map(|(name, number)| ((*name).to_owned(), quantity(number))).collect(),
        records: evidence.records.iter().map(|record| place(input, *record)).collect(),
    }
}

fn change_section(input: &Input<'_>, change: &Change) -> ChangeSection {
    let verdicts = input.judgement.verdicts.iter().filter(|verdict| verdict.change_id == change.id);
    ChangeSection {
        id: change.id.clone(),
        component: change.component.to_string(),
        version: change.version.as_deref().map(str::to_owned),
        kind: word(&change.kind),
        started_at: change.started_at.to_string(),
        hosts: change
            .hosts
            .iter()
            .map(|host| HostTime {
                host_name: host.host.to_string(),
                at: host.at.to_string(),
                in_force_at: host.in_force_at.to_string(),
            })
            .collect(),
        hosts_known: change.hosts_known,
        stated_by: change.stated_by.iter().map(|record| place(input, *record)).collect(),
        observed_by: change.observed_by.iter().map(|record| place(input, *record)).collect(),
        verdicts: verdicts.map(|verdict| verdict_section(input, verdict)).collect(),
    }
}

fn version_section(difference: &Difference) -> VersionSection {
    let host = |(host, version): (&Name, &Option<Name>)| HostVersion {
        host_name: host.to_string(),
        version: version.as_ref().map(ToString::to_string),
    };
    VersionSection {
        component: difference.component.to_string(),
        from: difference.from.map(|at| at.to_string()),
        to: difference.to.map(|at| at.to_string()),
        hosts: difference.versions.iter().map(host).collect(),
    }
}

pub(super) fn verdict_section(input: &Input<'_>, verdict: &ChangeVerdict) -> VerdictSection {
    VerdictSection {
        incident: verdict.incident.clone(),
        verdict: verdict_name(verdict.verdict),
        probability: probability(verdict.probability),
        reasons: verdict.reasons.iter().map(|reason| wording::verdict::reason(input, reason)).collect(),
    }
}

pub(super) fn latent_section(input: &Input<'_>, latent: &Latent) -> LatentSection {
    LatentSection {
        signature: latent.signature.to_string(),
        forecast: Forecast {
            load: shown(latent.load),
            load_from: latent.load_from.to_owned(),
            share: finite(latent.share.value),
            lower: finite(latent.share.lower),
            upper: finite(latent.share.upper),
            background: finite(latent.background),
            load_visited: finite(latent.load_visited),
        },
        probability: probability(latent.probability),
        change_id: latent.change_id.clone(),
        statement: wording::incident::latent(input, latent),
    }
}

fn symptom_chain(input: &Input<'_>, chain: &SymptomChain) -> SymptomChainSection {
    let hosts: BTreeSet<&Name> = chain.links.iter().flat_map(|link| &link.hosts).collect();
    let records = chain.links.iter().flat_map(|link| &link.records);
    SymptomChainSection {
        signatures: texts(&chain.signatures),
        is_ordered: chain.is_ordered,
        n: chain.n_episodes() as u64,
        links: chain.links.iter().map(symptom_link).collect(),
        hosts: hosts.into_iter().map(ToString::to_string).collect(),
        statement: wording::symptoms::statement(input, chain),
        records: records.map(|record| place(input, *record)).collect(),
    }
}

fn symptom_link(link: &Link) -> SymptomLinkSection {
    let measured = |one: &Measured, unit: &str| Quantity {
        value: finite(one.value),
        lower: finite(one.lower),
        upper: finite(one.upper),
        unit: unit.to_owned(),
    };
    SymptomLinkSection {
        n_first: link.n_first as u64,
        n_second: link.n_second as u64,
        n_both: link.n_both as u64,
        followed: measured(&link.followed, "1"),
        preceded: measured(&link.preceded, "1"),
        lag: measured(&link.lag_s, "s"),
        p_chance: probability(link.p_chance),
    }
}

fn coverage(input: &Input<'_>) -> Vec<CoverageSection> {
    input
        .tables
        .coverage
        .iter()
        .map(|coverage| CoverageSection {
            host_name: coverage.host.to_string(),
            source: coverage.source.to_string(),
            start: coverage.span.start.to_string(),
            end: coverage.span.end.to_string(),
            begins: word(&coverage.begins),
            gaps: coverage.gaps.iter().map(|gap| gap_section(input, gap)).collect(),
        })
        .collect()
}

fn gap_section(input: &Input<'_>, gap: &Gap) -> GapSection {
    GapSection {
        start: gap.start.to_string(),
        end: gap.end.to_string(),
        kind: word(&gap.kind),
        n_missing: gap.n_missing,
        records: gap.records.iter().map(|record| place(input, *record)).collect(),
    }
}

fn load_checks(input: &Input<'_>) -> Vec<LoadCheckSection> {
    let ratio = |(value, lower, upper): (f64, f64, f64)| Quantity {
        value: finite(value),
        lower: finite(lower),
        upper: finite(upper),
        unit: "1".to_owned(),
    };
    let check = |check: &LoadCheck| LoadCheckSection {
        host_name: check.host.to_string(),
        n_hours: check.n_hours,
        ratio: ratio(check.ratio),
        correlation: ratio(check.correlation),
        agrees: check.agrees,
        used: "begins-and-ends".to_owned(),
    };
    input.tables.load_checks.iter().map(check).collect()
}

/// Sums up by code; the first place is that of the first path.
pub(super) fn diagnostics(input: &Input<'_>) -> Vec<DiagnosticSection> {
    let mut sorted: Vec<&Diagnostic> = input.diagnostics.iter().collect();
    sorted.sort_by(|a, b| (a.code, &a.path).cmp(&(b.code, &b.path)));
    let mut by_code: BTreeMap<_, DiagnosticSection> = BTreeMap::new();
    for diagnostic in sorted {
        by_code
            .entry(diagnostic.code)
            .and_modify(|known| {
                known.count += diagnostic.count;
                known.n_sources += 1;
            })
            .or_insert_with(|| DiagnosticSection {
                code: diagnostic.code.name().to_owned(),
                count: diagnostic.count,
                n_sources: 1,
                first: placed(&diagnostic.path, diagnostic.place.map(|place| place.position)),
                detail: diagnostic.detail.clone(),
            });
    }
    by_code.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn rounding_is_decimal_and_keeps_the_wanted_digits() {
        assert_eq!(shown(0.1 + 0.2).to_string(), "0.3");
        assert_eq!(shown(1_234_567.8).to_string(), "1234570");
        assert_eq!(shown(-0.000_123_456_7).to_string(), "-0.000123457");
        assert_eq!(shown(f64::NAN).to_string(), "0");
        assert_eq!(finite(f64::INFINITY), None);
    }

    #[test]
    fn every_report_keeps_to_the_schema() {
        let validator = jsonschema::validator_for(&super::super::document::schema()).unwrap();
        for case in fixture::all() {
            let document = serde_json::to_value(document(&case.input())).unwrap();
            let wrong: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
            assert!(wrong.is_empty(), "{}: {}", case.title, wrong.join("\n"));
            let mut without = document.clone();
            without.as_object_mut().unwrap().remove("incidents");
            assert!(!validator.is_valid(&without), "the schema misses a key that is gone");
        }
    }

    /// Contract: every key shown is always present.
    #[test]
    fn optional_keys_are_null_and_not_absent() {
        let schema = super::super::document::schema();
        let required = |of: &serde_json::Value| of["required"].as_array().map_or(0, Vec::len);
        let properties = |of: &serde_json::Value| of["properties"].as_object().map_or(0, serde_json::Map::len);
        assert_eq!(required(&schema), properties(&schema));
        for (name, definition) in schema["$defs"].as_object().unwrap() {
            let absent_allowed = if name == "Place" { 3 } else { 0 };
            assert_eq!(required(definition) + absent_allowed, properties(definition), "{name}");
        }
    }

    #[test]
    fn posteriors_add_up_after_rounding() {
        let case = fixture::many_changes();
        let document = document(&case.input());
        let sum: f64 = document.incidents[0].posterior.iter().map(|cause| cause.probability).sum();
        assert!((sum - 1.0).abs() < 1e-6, "{sum}");
        assert!(document.incidents[0].posterior.len() > 100);
    }
}
