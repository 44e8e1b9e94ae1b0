//! `review.md`: the week to paste into a meeting's notes. The same sections every week; an empty one says none.

use std::fmt::Write as _;

use super::{Format, WeekReport};
use crate::error::Error;
use crate::judge::Incident;
use crate::report::format::File;
use crate::report::format::markdown::plain;
use crate::report::wording::{coverage as defects, incident, number, review as words};
use crate::review::{Review, Score};

/// `review.md`.
pub const FORMAT: Format = Format { name: "markdown", render };

/// Most rows of a table.
const MAX_ROWS: usize = 20;

fn render(report: &WeekReport<'_>) -> Result<Vec<File>, Error> {
    let mut text = String::new();
    page(&mut text, report).map_err(|error| Error::Render { what: "review.md", detail: error.to_string() })?;
    Ok(vec![File { name: "review.md", bytes: text.into_bytes() }])
}

fn page(out: &mut String, report: &WeekReport<'_>) -> std::fmt::Result {
    let (input, review) = (&report.input, report.review);
    writeln!(out, "# {}\n", plain(&words::headline(review)))?;
    writeln!(out, "{}\n", plain(&words::days(review)))?;
    writeln!(out, "![{}](review.png)\n", plain(&words::chart_in_words(input, review)))?;
    success(out, review)?;
    incidents(out, report)?;
    signatures(out, report)?;
    changes(out, report)?;
    list(out, "Slow logons", &words::slow_logons(review))?;
    let latent: Vec<String> = input.judgement.latent.iter().map(|one| incident::latent(input, one)).collect();
    list(out, "Latent faults", &latent)?;
    writeln!(out, "## Coverage\n\n{}\n", plain(&words::coverage(review)))?;
    if let Some(redaction) = &report.document.redaction {
        writeln!(out, "{}\n", plain(&redaction.statement))?;
    }
    for defect in report.document.diagnostics.iter().take(MAX_ROWS) {
        writeln!(out, "- {}", plain(&defects::defect(defect)))?;
    }
    writeln!(
        out,
        "\n*causeline {}, from `{}`. Days and hours in {}, other times in UTC.*",
        input.tool_version,
        input.title.replace(['`', '\n', '\r'], " "),
        plain(review.calendar.name())
    )
}

/// One row of the tables of success.
fn row(out: &mut String, review: &Review, name: &str, score: &Score) -> std::fmt::Result {
    let success = score.success().map_or_else(|| "none".to_owned(), |share| words::success_share(share.value));
    writeln!(
        out,
        "| {} | {} | {} | {} | {success} | {} | {} |",
        plain(name),
        number::grouped(score.n_wishes),
        number::grouped(score.n_failed),
        number::grouped(score.n_shut_out),
        if score.n_wishes > 0 { words::burnt(score) } else { String::new() },
        words::objective_word(review, score),
    )
}

fn success(out: &mut String, review: &Review) -> std::fmt::Result {
    writeln!(out, "## Success and error budget\n\n{}\n", plain(&words::success(review)))?;
    writeln!(out, "| | connections | failed | shut out | success | budget burnt | objective |")?;
    writeln!(out, "| --- | ---: | ---: | ---: | ---: | ---: | --- |")?;
    for (day, score) in review.days.iter().zip(&review.by_day) {
        row(out, review, &review.calendar.show(day.start, "%a %-d %b"), score)?;
    }
    for (host, score) in review.by_host.iter().take(MAX_ROWS) {
        row(out, review, host, score)?;
    }
    row(out, review, "this week", &review.score)?;
    for before in review.before.iter().rev().take(4) {
        row(out, review, &before.week.to_string(), &before.score)?;
    }
    writeln!(out)
}

fn incidents(out: &mut String, report: &WeekReport<'_>) -> std::fmt::Result {
    let (input, review) = (&report.input, report.review);
    let of_week: Vec<&Incident> =
        review.incidents.iter().filter_map(|place| input.judgement.incidents.get(*place)).collect();
    let say = |one: &Incident| format!("{} ({}). {}", incident::title(input, one), one.id, words::incident(input, one));
    list(out, "Incidents", &of_week.into_iter().map(say).collect::<Vec<String>>())
}

fn signatures(out: &mut String, report: &WeekReport<'_>) -> std::fmt::Result {
    let (input, review) = (&report.input, report.review);
    let comparison = &review.comparison;
    writeln!(out, "## Signatures\n\n{}\n", plain(&words::method(review)))?;
    let shown = words::shown(review);
    if shown.is_empty() {
        return writeln!(out, "none\n");
    }
    writeln!(out, "| signature | | this week | expected | ratio | p |\n| --- | --- | ---: | ---: | --- | ---: |")?;
    for one in shown.iter().take(MAX_ROWS) {
        let is_told = comparison.is_made && one.n_before + one.n_compared > 0;
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            plain(input.signature_title(&one.signature)),
            words::direction(one),
            words::cases(one, one.n_week),
            if is_told { words::expected(one) } else { String::new() },
            if is_told { words::ratio(one) } else { String::new() },
            if is_told { words::p_word(one) } else { String::new() },
        )?;
    }
    if shown.len() > MAX_ROWS {
        writeln!(out, "\nAnd {}", words::more(shown.len() - MAX_ROWS))?;
    }
    writeln!(out)
}

fn changes(out: &mut String, report: &WeekReport<'_>) -> std::fmt::Result {
    let (input, review) = (&report.input, report.review);
    writeln!(out, "## Changes of the week\n")?;
    if review.effects.is_empty() {
        return writeln!(out, "none\n");
    }
    writeln!(out, "{}\n", words::BESIDE)?;
    writeln!(out, "| change | first host | verdict | failed a week before | failed after | rate |")?;
    writeln!(out, "| --- | --- | --- | ---: | ---: | --- |")?;
    for one in words::telling_first(input, review).into_iter().take(MAX_ROWS) {
        let at =
            input.change(&one.change_id).map(|change| words::moment(review, change.started_at)).unwrap_or_default();
        writeln!(
            out,
            "| {} | {at} | {} | {} | {} | {} |",
            plain(&words::change(input, &one.change_id)),
            words::verdicts(input, review, &one.change_id),
            words::failed(one.before),
            words::failed(one.after),
            words::effect_rate(one),
        )?;
    }
    if review.effects.len() > MAX_ROWS {
        writeln!(out, "\nAnd {}", words::more(review.effects.len() - MAX_ROWS))?;
    }
    writeln!(out)
}

fn list(out: &mut String, heading: &str, texts: &[String]) -> std::fmt::Result {
    writeln!(out, "## {heading}\n")?;
    if texts.is_empty() {
        return writeln!(out, "none\n");
    }
    for text in texts.iter().take(MAX_ROWS) {
        writeln!(out, "- {}", plain(text))?;
    }
    writeln!(out)
}
