//! The words of the page, ready for the template: every text already made visible, every list already cut.

use super::records::Places;
use super::{Limits, cut, visible};
use crate::frame::Change;
use crate::judge::{Candidate, CauseKind, Evidence, Incident, Verdict};
use crate::model::{Provenance, Timestamp};
use crate::report::document::{DiagnosticSection, Document};
use crate::report::format::Report;
use crate::report::input::{Input, name_of};
use crate::report::sections;
use crate::report::wording::{self, coverage, evidence, incident, logons, number, page as words, postmortem, verdict};

/// Characters of a name and of a sentence.
const NAME: usize = 160;
const SENTENCE: usize = 1_200;
/// Explanations of an incident.
const MAX_CAUSES: usize = 12;
/// Width of the bar of a probability of 1, in pixels.
const BAR: f64 = 120.0;

/// Everything that the template prints.
pub(super) struct View {
    pub(super) title: String,
    pub(super) source: String,
    pub(super) version: String,
    pub(super) scope: String,
    pub(super) summary: Vec<String>,
    pub(super) facts: Vec<Fact>,
    pub(super) incidents: Vec<IncidentView>,
    pub(super) changes: Vec<ChangeView>,
    pub(super) latent: Vec<String>,
    pub(super) chains: Vec<String>,
    pub(super) slow_logons: Vec<String>,
    pub(super) caveats: Vec<String>,
    pub(super) coverage: Vec<CoverageView>,
    pub(super) defects: Vec<DefectView>,
    pub(super) inputs: Vec<InputView>,
    pub(super) options: Vec<Fact>,
    pub(super) left_out: Vec<String>,
}

/// A number with its name.
pub(super) struct Fact {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) note: String,
}

impl Fact {
    /// Whether the value is a text rather than a number.
    pub(super) fn is_long(&self) -> bool {
        self.value.chars().count() > 12
    }
}

/// One incident.
pub(super) struct IncidentView {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) impact: String,
    pub(super) when: String,
    pub(super) causes: Vec<CauseView>,
    pub(super) is_named: bool,
    pub(super) abstention: Option<String>,
    pub(super) own: Vec<EvidenceView>,
    pub(super) others: Vec<EvidenceView>,
    pub(super) refuted_by: String,
    pub(super) remedy: Option<String>,
    pub(super) trigger: &'static str,
    pub(super) detection: String,
    pub(super) signatures: Vec<Fact>,
    pub(super) error_codes: Option<String>,
}

/// One explanation.
pub(super) struct CauseView {
    pub(super) name: String,
    pub(super) probability: String,
    pub(super) width: String,
}

/// One piece of evidence; `about` is empty where it is about the finding itself.
pub(super) struct EvidenceView {
    pub(super) kind: String,
    pub(super) about: String,
    pub(super) change_id: String,
    pub(super) is_against: bool,
    pub(super) statement: String,
    pub(super) records: Vec<RecordView>,
    pub(super) n_records: String,
}

/// One record: its name in links, and where it stands.
pub(super) struct RecordView {
    pub(super) key: String,
    pub(super) place: String,
}

/// One change with its verdict for the incident with the greatest impact.
pub(super) struct ChangeView {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) verdict: &'static str,
    pub(super) probability: String,
    pub(super) first: Moment,
    pub(super) hosts: String,
    pub(super) reasons: Vec<String>,
    pub(super) further: Vec<String>,
    pub(super) records: Vec<RecordView>,
}

/// An instant for people and for the script.
pub(super) struct Moment {
    pub(super) millis: i64,
    pub(super) rfc: String,
    pub(super) text: String,
}

/// What one source of one host covers.
pub(super) struct CoverageView {
    pub(super) host: String,
    pub(super) source: String,
    pub(super) start: Moment,
    pub(super) end: Moment,
    pub(super) begins: String,
    pub(super) gaps: String,
}

/// One kind of defect.
pub(super) struct DefectView {
    pub(super) code: String,
    pub(super) count: String,
    pub(super) place: String,
    pub(super) detail: String,
}

/// One source with its balance.
pub(super) struct InputView {
    pub(super) path: String,
    pub(super) format: String,
    pub(super) n_records: String,
    pub(super) n_kept: String,
    pub(super) n_irrelevant: String,
    pub(super) n_damaged: String,
}

fn name(text: &str) -> String {
    visible(&cut(text, NAME))
}

fn sentence(text: &str) -> String {
    visible(&cut(text, SENTENCE))
}

fn sentences(texts: &[String], max: usize) -> Vec<String> {
    texts.iter().take(max).map(|text| sentence(text)).collect()
}

fn moment(at: Timestamp) -> Moment {
    Moment {
        millis: super::data::millis(at),
        rfc: at.to_string(),
        text: at.to_jiff().strftime("%Y-%m-%d %H:%M").to_string(),
    }
}

impl View {
    pub(super) fn new(report: &Report<'_>, limits: &Limits, places: &mut Places) -> Self {
        let input = &report.input;
        let main = input.main_incident();
        let mut view = Self {
            title: sentence(&incident::headline(input)),
            source: name(input.title),
            version: name(input.tool_version),
            scope: sentence(&coverage::scope(input)),
            summary: summary(input, main),
            facts: main.map_or_else(Vec::new, |main| facts(input, main)),
            incidents: Vec::new(),
            changes: Vec::new(),
            latent: input.judgement.latent.iter().map(|one| sentence(&incident::latent(input, one))).collect(),
            chains: input
                .symptom_chains
                .iter()
                .take(8)
                .map(|chain| sentence(&wording::symptoms::statement(input, chain)))
                .collect(),
            slow_logons: sentences(&logons::slowdowns(input), limits.rows),
            caveats: Vec::new(),
            coverage: coverage_rows(input, limits),
            defects: report.document.diagnostics.iter().take(limits.rows).map(defect).collect(),
            inputs: inputs(&report.document, limits),
            options: options(input),
            left_out: Vec::new(),
        };
        let caveats = coverage::caveats(input);
        view.caveats = sentences(&caveats, limits.rows);
        view.incidents =
            input.judgement.incidents.iter().map(|one| incident_view(input, one, limits, places)).collect();
        let ranked = ranked_changes(input);
        view.changes =
            ranked.iter().take(limits.changes).map(|change| change_view(input, change, limits, places)).collect();
        let tables = [
            (caveats.len(), limits.rows, "sentences on coverage"),
            (input.tables.coverage.len(), limits.rows, "rows of coverage"),
            (report.document.inputs.len(), limits.rows, "sources"),
        ];
        let cut = tables.into_iter().filter(|(n, max, _)| n > max);
        view.left_out = cut.map(|(n, max, what)| words::rows_left_out(n - max, what)).collect();
        view
    }
}

fn summary(input: &Input<'_>, main: Option<&Incident>) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(asked) = &input.judgement.asked {
        out.push(sentence(&incident::asked(input, asked)));
    }
    match main {
        Some(main) => {
            // The title says the cause already.
            let trigger = match main.root_cause.kind {
                CauseKind::Unknown => "",
                _ => postmortem::trigger(main),
            };
            out.push(sentence(format!("{} {trigger}", incident::impact(input, main)).trim()));
            out.extend(main.abstention.as_ref().map(|one| sentence(&incident::abstention(input, main, one))));
        }
        None => out.push(sentence(&coverage::scope(input))),
    }
    out
}

fn facts(input: &Input<'_>, main: &Incident) -> Vec<Fact> {
    let fact = |name: &str, value: String, note: String| Fact { name: name.to_owned(), value, note };
    let (start, end) = incident::span(input, main);
    let share = main.n_failures as f64 / (main.n_attempts as f64).max(1.0);
    let of = format!("{} of {}", number::grouped(main.n_failures), number::grouped(main.n_attempts));
    let n_acquitted = incident::n_with(input, Some(main), Verdict::Acquitted);
    let mut facts = vec![
        fact("People affected", number::grouped(main.n_users), words::on_hosts(main.hosts.len())),
        fact("Attempts that failed", number::percent(share), of),
        fact("Duration", number::duration(end.seconds_since(start)), words::from_to(start, main.ended_at.map(|_| end))),
    ];
    if main.root_cause.kind != CauseKind::Unknown {
        let rivals = incident::rivals(input, main).unwrap_or_default();
        facts.insert(0, fact("Probability", number::percent(main.root_cause.probability), name(&rivals)));
    }
    facts.push(fact("Changes acquitted", number::grouped(n_acquitted), words::of_changes(input.tables.changes.len())));
    if let Some(id) = &main.remedy.change_id {
        let how = format!("probability {}", number::percent(main.remedy.probability));
        facts.push(fact("Remedy", name(&input.change_name(id)), how));
    }
    facts
}

fn incident_view(input: &Input<'_>, one: &Incident, limits: &Limits, places: &mut Places) -> IncidentView {
    let (own, others): (Vec<&Evidence>, Vec<&Evidence>) =
        one.evidence.iter().partition(|item| is_about(item, &one.root_cause));
    let mut rows = |items: Vec<&Evidence>, is_own: bool| -> Vec<EvidenceView> {
        items.into_iter().take(limits.rows).map(|item| evidence_view(input, item, is_own, limits, places)).collect()
    };
    let (own, others) = (rows(own, true), rows(others, false));
    IncidentView {
        id: one.id.clone(),
        title: sentence(&incident::title(input, one)),
        impact: sentence(&incident::impact(input, one)),
        when: sentence(&incident::when(one)),
        causes: one.posterior.iter().take(MAX_CAUSES).map(|candidate| cause_view(input, candidate)).collect(),
        is_named: one.root_cause.kind != CauseKind::Unknown,
        abstention: one.abstention.as_ref().map(|said| sentence(&incident::abstention(input, one, said))),
        own,
        others,
        refuted_by: sentence(&incident::refuted_by(input, one)),
        remedy: incident::remedy(input, one).map(|text| sentence(&text)),
        trigger: postmortem::trigger(one),
        detection: sentence(&postmortem::detection(one)),
        signatures: one
            .signatures
            .iter()
            .take(limits.rows)
            .map(|id| Fact {
                name: name(&wording::capitalized(input.signature_title(id))),
                value: input.signatures.get(id).map(|text| sentence(&text.meaning)).unwrap_or_default(),
                note: name(id),
            })
            .collect(),
        error_codes: incident::error_codes(input, one).map(|text| sentence(&text)),
    }
}

/// Whether a piece of evidence is about the cause that is named.
fn is_about(item: &Evidence, cause: &Candidate) -> bool {
    item.cause == cause.kind && item.about == cause.change_id
}

fn cause_view(input: &Input<'_>, candidate: &Candidate) -> CauseView {
    CauseView {
        name: name(&wording::capitalized(&wording::cause_and_trigger(input, candidate))),
        probability: number::percent(candidate.probability),
        width: format!("{:.1}", (candidate.probability * BAR).clamp(0.0, BAR)),
    }
}

fn evidence_view(
    input: &Input<'_>,
    item: &Evidence,
    is_own: bool,
    limits: &Limits,
    places: &mut Places,
) -> EvidenceView {
    let about =
        || item.about.as_deref().map_or_else(|| words::kind(item.cause).to_owned(), |id| name(&input.change_name(id)));
    EvidenceView {
        kind: wording::capitalized(&sections::word(&item.kind).replace('-', " ")),
        about: if is_own { String::new() } else { about() },
        change_id: item.about.clone().unwrap_or_default(),
        is_against: item.weight < 0.0,
        statement: sentence(&evidence::statement(input, item)),
        records: records(input, &item.records, limits, places),
        n_records: number::count(item.records.len().min(limits.records), "record"),
    }
}

fn records(input: &Input<'_>, all: &[Provenance], limits: &Limits, places: &mut Places) -> Vec<RecordView> {
    let view = |record: &Provenance| RecordView {
        key: places.key(*record),
        place: visible(&cut(&coverage::place(&sections::place(input, *record)), SENTENCE)),
    };
    all.iter().take(limits.records).map(view).collect()
}

/// Changes that act first, then those that were suspected most, then by time.
pub(super) fn ranked_changes<'a>(input: &Input<'a>) -> Vec<&'a Change> {
    let main = input.main_incident().map(|main| main.id.as_str());
    let rank = |change: &Change| match input.verdict(&change.id, main).map(|said| said.verdict) {
        Some(Verdict::RootCause) => 0,
        Some(Verdict::Contributing) => 1,
        Some(Verdict::Remedy) => 2,
        Some(Verdict::Unproven) => 3,
        Some(Verdict::Acquitted) | None => 4,
    };
    let probability = |change: &Change| input.verdict(&change.id, main).map_or(0.0, |said| said.probability);
    let mut ranked: Vec<&Change> = input.tables.changes.iter().collect();
    ranked.sort_by(|a, b| {
        let by_rank = rank(a).cmp(&rank(b)).then_with(|| probability(b).total_cmp(&probability(a)));
        by_rank.then_with(|| (a.started_at, &a.id).cmp(&(b.started_at, &b.id)))
    });
    ranked
}

fn change_view(input: &Input<'_>, change: &Change, limits: &Limits, places: &mut Places) -> ChangeView {
    let main = input.main_incident().map(|main| main.id.as_str());
    let said = input.verdict(&change.id, main);
    let reasons = |said: &crate::judge::ChangeVerdict| -> Vec<String> {
        said.reasons.iter().map(|reason| sentence(&verdict::reason(input, reason))).collect()
    };
    let hosts: Vec<_> = change.hosts.iter().map(|host| host.host.clone()).collect();
    let further = input.judgement.verdicts.iter().filter(|other| {
        other.change_id == change.id && other.incident.as_deref() != main && other.verdict != Verdict::Acquitted
    });
    ChangeView {
        id: change.id.clone(),
        name: name(&name_of(change)),
        kind: sections::word(&change.kind),
        verdict: said.map_or("", |said| verdict::verdict(said.verdict)),
        probability: said.map_or_else(String::new, |said| number::percent(said.probability)),
        first: moment(change.started_at),
        hosts: words::hosts_of(change.hosts_known, &name(&number::names(&hosts, 6))),
        reasons: said.map(reasons).unwrap_or_default(),
        further: further
            .map(|other| {
                format!("{}: {}", other.incident.as_deref().unwrap_or_default(), verdict::verdict(other.verdict))
            })
            .collect(),
        records: records(input, &change.stated_by, limits, places),
    }
}

fn coverage_rows(input: &Input<'_>, limits: &Limits) -> Vec<CoverageView> {
    let row = |own: &crate::frame::Coverage| CoverageView {
        host: name(&own.host),
        source: name(&own.source),
        start: moment(own.span.start),
        end: moment(own.span.end),
        begins: sections::word(&own.begins).replace('-', " "),
        gaps: match own.gaps.len() {
            0 => "none".to_owned(),
            n => {
                let total: f64 = own.gaps.iter().map(|gap| gap.range().seconds()).sum();
                format!("{} ({})", number::count(n, "gap"), number::duration(total))
            }
        },
    };
    input.tables.coverage.iter().take(limits.rows).map(row).collect()
}

fn defect(defect: &DiagnosticSection) -> DefectView {
    DefectView {
        code: defect.code.clone(),
        count: number::grouped(defect.count as usize),
        place: name(&coverage::place(&defect.first)),
        detail: name(&defect.detail),
    }
}

fn inputs(document: &Document, limits: &Limits) -> Vec<InputView> {
    let grouped = |n: u64| number::grouped(n as usize);
    document
        .inputs
        .iter()
        .take(limits.rows)
        .map(|source| InputView {
            path: name(&source.path),
            format: name(&source.format),
            n_records: grouped(source.n_records),
            n_kept: grouped(source.n_kept),
            n_irrelevant: grouped(source.n_irrelevant),
            n_damaged: grouped(source.n_damaged),
        })
        .collect()
}

fn options(input: &Input<'_>) -> Vec<Fact> {
    let fact = |(key, value): (&String, &String)| Fact { name: name(key), value: name(value), note: String::new() };
    input.options.iter().map(fact).collect()
}
