//! `report.md`: a post-mortem to paste and to finish by hand. Times in UTC, no names of people, no invented actions.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{File, Format, Report};
use crate::correlate::SymptomChain;
use crate::error::Error;
use crate::frame::Change;
use crate::judge::{CauseKind, Evidence, Incident, Verdict};
use crate::model::{ChangeKind, Name, Provenance, Timestamp};
use crate::report::input::Input;
use crate::report::sections;
use crate::report::wording::{
    coverage, evidence, incident, logons, number,
    postmortem::{self, Moment},
    symptoms, verdict,
};

/// `report.md`.
pub const FORMAT: Format = Format { name: "markdown", is_default: true, render };

/// Most rows of the table of acquitted changes and of the list of what was not seen.
const MAX_ROWS: usize = 30;
/// Most rows of the timeline about changes that did nothing: the nearest to the onset.
const MAX_INNOCENT: usize = 12;
/// Most pieces of evidence for the cause, and against it.
const MAX_EVIDENCE: usize = 8;
/// The least logarithm of a likelihood ratio that says something: evens become five to three.
const MIN_WEIGHT: f64 = 0.5;
/// Most symptom chains.
const MAX_CHAINS: usize = 8;

fn render(report: &Report<'_>) -> Result<Vec<File>, Error> {
    let mut text = String::new();
    page(&mut text, report).map_err(|error| Error::Render { what: "report.md", detail: error.to_string() })?;
    Ok(vec![File { name: "report.md", bytes: text.into_bytes() }])
}

/// Takes away the meaning that a log's text could have in Markdown, in HTML and in a table.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '#' | '!' => {
                out.push('\\');
                out.push(letter);
            }
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}

fn page(out: &mut String, report: &Report<'_>) -> std::fmt::Result {
    let input = &report.input;
    writeln!(out, "# {}\n", plain(&incident::headline(input)))?;
    writeln!(out, "![{}](timeline.png)\n", plain(&postmortem::chart_in_words(input)))?;
    writeln!(out, "## Summary\n")?;
    if let Some(asked) = &input.judgement.asked {
        writeln!(out, "{}\n", plain(&incident::asked(input, asked)))?;
    }
    match input.main_incident() {
        None => {
            writeln!(out, "{}\n", plain(&postmortem::quiet(input)))?;
            changes(out, input, None)?;
        }
        Some(main) => {
            writeln!(out, "{}\n", plain(&postmortem::summary(input, main)))?;
            if let Some(abstention) = &main.abstention {
                writeln!(out, "{}\n", plain(&incident::abstention(input, main, abstention)))?;
            }
            impact(out, input, main)?;
            timeline(out, input, main)?;
            mechanism(out, input, main)?;
            chains(out, input, main)?;
            changes(out, input, Some(main))?;
            writeln!(out, "## Detection\n\n{}\n", postmortem::detection(main))?;
        }
    }
    others(out, input)?;
    slow_logons(out, input)?;
    unseen(out, report)?;
    writeln!(out, "## Action items\n\n| action | owner | due |\n| --- | --- | --- |\n|  |  |  |\n")?;
    writeln!(
        out,
        "*causeline {}, from `{}`. All times in UTC.*",
        input.tool_version,
        input.title.replace(['`', '\n', '\r'], " ")
    )
}

fn impact(out: &mut String, input: &Input<'_>, main: &Incident) -> std::fmt::Result {
    let (start, _) = incident::span(input, main);
    writeln!(out, "## Impact\n\n| what | how much |\n| --- | --- |")?;
    writeln!(out, "| start | {} |", incident::moment(start, main.started_between))?;
    writeln!(out, "| worst hour, from | {} |", incident::moment(main.peak_at, main.peaked_between))?;
    match main.ended_at {
        Some(at) => writeln!(out, "| end | {} |", incident::moment(at, main.ended_between))?,
        None => writeln!(out, "| end | not within the logs |")?,
    }
    writeln!(out, "| duration | {} |", incident::minutes(input, main))?;
    writeln!(out, "| failed attempts | {} |", number::of(main.n_failures as f64, main.n_attempts as f64))?;
    writeln!(out, "| people who could not connect | {} |", number::grouped(main.n_users))?;
    writeln!(out, "| hosts | {} |\n", plain(&number::names(&main.hosts, 12)))
}

/// One row: when, what, and where it is written.
struct Row {
    at: Timestamp,
    what: String,
    source: String,
    record: String,
}

fn timeline(out: &mut String, input: &Input<'_>, main: &Incident) -> std::fmt::Result {
    let mut rows = change_rows(input, main);
    let mut moment = |at: Timestamp, moment: Moment<'_>| {
        rows.push(Row { at, what: postmortem::moment(input, moment), source: String::new(), record: String::new() });
    };
    moment(main.started_at, Moment::Onset);
    moment(main.peak_at, Moment::Peak);
    if let Some(at) = main.ended_at {
        moment(at, Moment::End);
    }
    let first = main.attempts.first().and_then(|id| input.tables.attempts.get(*id as usize));
    let (source, record) =
        first.and_then(|attempt| attempt.records.first()).map_or_else(Default::default, |record| cells(input, *record));
    rows.push(Row { at: main.first_case_at, what: postmortem::moment(input, Moment::FirstCase), source, record });
    rows.sort_by(|a, b| (a.at, &a.what).cmp(&(b.at, &b.what)));
    writeln!(out, "## Timeline\n\n| UTC | what | source | record |\n| --- | --- | --- | --- |")?;
    for row in rows {
        let utc = row.at.to_jiff().strftime("%Y-%m-%d %H:%M");
        writeln!(out, "| {utc} | {} | {} | {} |", plain(&row.what), plain(&row.source), row.record)?;
    }
    writeln!(out)
}

/// The path and the number of a record.
fn cells(input: &Input<'_>, record: Provenance) -> (String, String) {
    let place = sections::place(input, record);
    let whole = coverage::place(&place);
    let number = whole.strip_prefix(place.path.as_str()).unwrap_or("").trim().to_owned();
    (place.path, number)
}

/// Guilty changes and remedies at each time that hosts got them; the others at their first, the nearest to the onset.
fn change_rows(input: &Input<'_>, main: &Incident) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut innocent = Vec::new();
    for change in &input.tables.changes {
        let Some(said) = input.verdict(&change.id, Some(&main.id)) else { continue };
        // A restart that did nothing goes with a change that stands here itself.
        if change.kind == ChangeKind::Restart && said.verdict == Verdict::Acquitted {
            continue;
        }
        let mut waves: Vec<(Timestamp, Vec<Name>)> = Vec::new();
        for host in &change.hosts {
            match waves.last_mut() {
                Some((at, hosts)) if host.at.seconds_since(*at) < 3_600.0 => hosts.push(host.host.clone()),
                _ => waves.push((host.at, vec![host.host.clone()])),
            }
        }
        let acts = matches!(said.verdict, Verdict::RootCause | Verdict::Contributing | Verdict::Remedy);
        let n_waves = if acts { waves.len() } else { 1 };
        for (at, hosts) in waves.into_iter().take(n_waves) {
            let (source, record) =
                stated(input, change, &hosts).map_or_else(Default::default, |place| cells(input, place));
            let moment = Moment::Change { id: &change.id, verdict: said.verdict, hosts: &number::names(&hosts, 4) };
            let row = Row { at, what: postmortem::moment(input, moment), source, record };
            if acts { rows.push(row) } else { innocent.push(row) }
        }
    }
    innocent.sort_by(|a, b| {
        let distance = |row: &Row| row.at.seconds_since(main.started_at).abs();
        distance(a).total_cmp(&distance(b)).then_with(|| a.what.cmp(&b.what))
    });
    rows.extend(innocent.into_iter().take(MAX_INNOCENT));
    rows
}

/// Where it is stated that these hosts got the change: in a log of theirs, else in the first record of all.
fn stated(input: &Input<'_>, change: &Change, hosts: &[Name]) -> Option<Provenance> {
    let is_own = |record: &&Provenance| {
        let source = input.sources.iter().find(|source| source.id == record.source);
        source.is_some_and(|source| source.hosts.iter().any(|host| hosts.contains(host)))
    };
    change.stated_by.iter().find(is_own).or_else(|| change.stated_by.first()).copied()
}

fn mechanism(out: &mut String, input: &Input<'_>, main: &Incident) -> std::fmt::Result {
    writeln!(out, "## Trigger and mechanism\n\n{}\n", postmortem::trigger(main))?;
    for id in &main.signatures {
        if let Some(text) = input.signatures.get(id) {
            writeln!(out, "- **{}**: {}", plain(&text.title), plain(&text.meaning))?;
        }
    }
    if let Some(codes) = incident::error_codes(input, main) {
        writeln!(out, "\n{}", plain(&codes))?;
    }
    writeln!(out, "\n| explanation | probability |\n| --- | --- |")?;
    for candidate in main.posterior.iter().take(6) {
        let cause = crate::report::wording::cause_and_trigger(input, candidate);
        writeln!(out, "| {} | {} |", plain(&cause), number::percent(candidate.probability))?;
    }
    evidence_lists(out, input, main)?;
    writeln!(out, "\n{}\n", plain(&incident::refuted_by(input, main)))?;
    if let Some(remedy) = incident::remedy(input, main) {
        writeln!(out, "Remedy: {}.\n", plain(&remedy))?;
    }
    for latent in &input.judgement.latent {
        writeln!(out, "{}\n", plain(&incident::latent(input, latent)))?;
    }
    Ok(())
}

/// What speaks for the cause and what against it, each once, the weightiest first; without a cause all of it.
fn evidence_lists(out: &mut String, input: &Input<'_>, main: &Incident) -> std::fmt::Result {
    let cause = &main.root_cause;
    let is_own = |item: &&Evidence| {
        cause.kind == CauseKind::Unknown || (item.cause == cause.kind && item.about == cause.change_id)
    };
    let mut n_told = 0;
    for (heading, is_for) in [("What speaks for it", true), ("What speaks against it", false)] {
        let mut told: Vec<String> = Vec::new();
        let side = main.evidence.iter().filter(is_own).filter(|item| (item.weight > 0.0) == is_for);
        for item in side.filter(|item| item.weight.abs() >= MIN_WEIGHT) {
            let statement = evidence::statement(input, item);
            if told.len() < MAX_EVIDENCE && !told.contains(&statement) {
                told.push(statement);
            }
        }
        let heading = if cause.kind != CauseKind::Unknown {
            heading
        } else if is_for {
            "What speaks for one or another"
        } else {
            "What speaks against one or another"
        };
        if !told.is_empty() {
            writeln!(out, "\n{heading}, the weightiest first:\n")?;
        }
        for statement in &told {
            writeln!(out, "- {}", plain(statement))?;
        }
        n_told += told.len();
    }
    let n_more = main.evidence.len().saturating_sub(n_told);
    if n_more > 0 {
        let more = number::count(n_more, "further piece");
        writeln!(out, "\n{more} of evidence, on other explanations among them, in `report.json`.")?;
    }
    Ok(())
}

/// The symptom chains that the incident's signatures belong to, then the others.
fn chains(out: &mut String, input: &Input<'_>, main: &Incident) -> std::fmt::Result {
    if input.symptom_chains.is_empty() {
        return Ok(());
    }
    writeln!(out, "Signatures that always come together, which tells one trouble from several:\n")?;
    let is_own = |chain: &&SymptomChain| chain.signatures.iter().any(|id| main.signatures.contains(id));
    let (own, others): (Vec<_>, Vec<_>) = input.symptom_chains.iter().partition(is_own);
    for chain in own.iter().chain(&others).take(MAX_CHAINS) {
        writeln!(out, "- {}", plain(&symptoms::statement(input, chain)))?;
    }
    if input.symptom_chains.len() > MAX_CHAINS {
        writeln!(out, "- And {} more in `report.json`.", input.symptom_chains.len() - MAX_CHAINS)?;
    }
    writeln!(out)
}

/// What was acquitted and why; the most suspected first.
fn changes(out: &mut String, input: &Input<'_>, main: Option<&Incident>) -> std::fmt::Result {
    let id = main.map(|main| main.id.as_str());
    let mut cleared: Vec<_> = input
        .judgement
        .verdicts
        .iter()
        .filter(|said| said.incident.as_deref() == id && matches!(said.verdict, Verdict::Acquitted | Verdict::Unproven))
        .collect();
    if cleared.is_empty() {
        return Ok(());
    }
    cleared.sort_by(|a, b| b.probability.total_cmp(&a.probability).then_with(|| a.change_id.cmp(&b.change_id)));
    // Of those of one name, such as restarts, the most suspected stands for all.
    let mut n_of: BTreeMap<(String, Verdict), usize> = BTreeMap::new();
    cleared.retain(|said| {
        let n = n_of.entry((input.change_name(&said.change_id), said.verdict)).or_default();
        *n += 1;
        *n == 1
    });
    writeln!(out, "## Acquitted, or not proven\n\n| change | first host | verdict | why |\n| --- | --- | --- | --- |")?;
    for said in cleared.iter().take(MAX_ROWS) {
        let change = input.change(&said.change_id);
        let name = input.change_name(&said.change_id);
        let times = match n_of.get(&(name.clone(), said.verdict)) {
            Some(n @ 2..) => format!(" ({n} times)"),
            _ => String::new(),
        };
        let at = change.map(|change| number::instant(change.started_at)).unwrap_or_default();
        let why: Vec<String> = said.reasons.iter().map(|reason| verdict::reason(input, reason)).collect();
        writeln!(
            out,
            "| {}{times} | {at} | {} | {} |",
            plain(&name),
            verdict::verdict(said.verdict),
            plain(&why.join(" "))
        )?;
    }
    if cleared.len() > MAX_ROWS {
        writeln!(out, "\nAnd {} more in `report.json`.", cleared.len() - MAX_ROWS)?;
    }
    writeln!(out)
}

/// Incidents of less impact, in a sentence each.
fn others(out: &mut String, input: &Input<'_>) -> std::fmt::Result {
    for other in input.judgement.incidents.iter().skip(1) {
        writeln!(out, "## Also found: {}\n", plain(&incident::title(input, other)))?;
        writeln!(
            out,
            "{} From {}; {}.\n",
            plain(&incident::impact(input, other)),
            number::instant(other.started_at),
            incident::probability(other)
        )?;
    }
    Ok(())
}

/// Phases of logons that became slower: what fails next week may be slow today.
fn slow_logons(out: &mut String, input: &Input<'_>) -> std::fmt::Result {
    let slowdowns = logons::slowdowns(input);
    if slowdowns.is_empty() {
        return Ok(());
    }
    writeln!(out, "## Slow logons\n")?;
    for slowdown in slowdowns {
        writeln!(out, "- {}", plain(&slowdown))?;
    }
    writeln!(out)
}

fn unseen(out: &mut String, report: &Report<'_>) -> std::fmt::Result {
    let input = &report.input;
    writeln!(out, "## What the logs could not show\n\n{}\n", plain(&coverage::scope(input)))?;
    let caveats = coverage::caveats(input);
    for caveat in caveats.iter().take(MAX_ROWS) {
        writeln!(out, "- {}", plain(caveat))?;
    }
    if caveats.len() > MAX_ROWS {
        writeln!(out, "- And {} more gaps in `report.json`.", caveats.len() - MAX_ROWS)?;
    }
    for defect in &report.document.diagnostics {
        writeln!(out, "- {}", plain(&coverage::defect(defect)))?;
    }
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Phase, Slowdown};
    use crate::report::fixture;

    fn page_of(case: &fixture::Case) -> String {
        let files = render(&Report::new(case.input())).unwrap();
        String::from_utf8(files.into_iter().next().unwrap().bytes).unwrap()
    }

    /// `golden/one_day.md` is what a reader gets; read it after every change of the words.
    #[test]
    fn one_day_reads_as_it_should() {
        assert_eq!(page_of(&fixture::one_day()), include_str!("golden/one_day.md"));
    }

    #[test]
    fn a_log_cannot_write_into_the_page() {
        let mut case = fixture::one_day();
        case.tables.changes[0].component = Name::from("a|b <img src=x> `c` [d](e)\n# f");
        let page = page_of(&case);
        assert!(!page.contains("<img") && !page.contains("\n# f") && !page.contains("a|b"), "{page}");
        assert!(page.contains("a\\|b &lt;img src=x&gt; \\`c\\` \\[d\\](e) \\# f"), "{page}");
    }

    #[test]
    fn what_is_said_twice_stands_once_and_changes_of_one_name_share_a_row() {
        let mut case = fixture::founding();
        let before = page_of(&case);
        let incident = &mut case.judgement.incidents[0];
        let twin = incident.evidence[0].clone();
        incident.evidence.insert(1, twin);
        let page = page_of(&case);
        let statement =
            |page: &str| page.lines().filter(|line| line.starts_with("- ")).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(statement(&page), statement(&before));
        let cleared: Vec<usize> = (0..case.tables.changes.len())
            .filter(|place| {
                let said = case.input().verdict(&case.tables.changes[*place].id, Some("inc-1"));
                said.is_some_and(|said| said.verdict == Verdict::Acquitted)
            })
            .collect();
        assert!(cleared.len() > 1);
        for place in &cleared {
            (case.tables.changes[*place].component, case.tables.changes[*place].version) = ("Restart".into(), None);
        }
        let page = page_of(&case);
        let rows = page.split("## Acquitted").nth(1).unwrap();
        assert_eq!(rows.matches("\n| Restart").count(), 1, "{rows}");
        assert!(rows.contains(&format!("\n| Restart ({} times) |", cleared.len())), "{rows}");
    }

    #[test]
    fn logons_that_got_slower_have_their_own_heading() {
        let mut case = fixture::one_day();
        assert!(!page_of(&case).contains("## Slow logons"));
        case.tables.slowdowns = vec![Slowdown {
            host: "RDS01".into(),
            phase: Phase::Profile,
            week: case.tables.attempts[0].at,
            median: 9.0,
            median_before: 3.0,
            p: 0.01,
            n_comparisons: 7,
        }];
        assert!(page_of(&case).contains("## Slow logons\n\n- Loading the profile got slower on RDS01:"));
    }

    #[test]
    fn every_page_has_what_a_post_mortem_needs_and_invents_no_action() {
        for case in fixture::all() {
            let page = page_of(&case);
            let mut wanted =
                vec!["## Summary", "## What the logs could not show", "## Action items", "](timeline.png)"];
            if !case.judgement.incidents.is_empty() {
                wanted.extend(["## Impact", "## Timeline", "## Trigger and mechanism", "## Detection"]);
            }
            for heading in wanted {
                assert!(page.contains(heading), "{}: {heading}", case.title);
            }
            assert!(page.contains("| action | owner | due |\n| --- | --- | --- |\n|  |  |  |\n"));
        }
    }
}
