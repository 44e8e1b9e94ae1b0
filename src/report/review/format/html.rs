//! `review.html`: the week on one page, on screen and on one sheet of A4: no script, nothing loaded, the same places
//! every week.

use std::fmt::Write as _;

use super::{Format, WeekReport};
use crate::error::Error;
use crate::judge::Incident;
use crate::report::chart::{self, Theme};
use crate::report::format::File;
use crate::report::markup::without_markup;
use crate::report::page::digest;
use crate::report::wording::{incident, number, review as words};
use crate::review::{Review, Score};

/// `review.html`.
pub const FORMAT: Format = Format { name: "html", render };

/// The style of the page.
const STYLE: &str = include_str!("../page.css");
/// Most rows of each table, so that a week fits on a sheet: the rest stands in `review.json`.
const MAX_HOSTS: usize = 6;
const MAX_WEEKS: usize = 2;
const MAX_SIGNATURES: usize = 6;
const MAX_CHANGES: usize = 6;
/// Letters of a change's name: one line on a sheet.
const MAX_NAME: usize = 52;
const MAX_TEXTS: usize = 3;

fn render(report: &WeekReport<'_>) -> Result<Vec<File>, Error> {
    let mut page = String::new();
    // The page has its own heading.
    let chart = chart::week(&report.input, report.review, Theme::Page, false)?;
    write(&mut page, report, &chart.svg)
        .map_err(|error| Error::Render { what: "review.html", detail: error.to_string() })?;
    Ok(vec![File { name: "review.html", bytes: page.into_bytes() }])
}

fn write(out: &mut String, report: &WeekReport<'_>, chart: &str) -> std::fmt::Result {
    let (input, review) = (&report.input, report.review);
    let headline = without_markup(&words::headline(review));
    let style = format!("{}{STYLE}", chart::stylesheet());
    let digest = digest(&style);
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{digest}'; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{headline}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n\
         <header>\n<h1>{headline}</h1>\n<p class=\"quiet\">{}</p>\n</header>\n",
        without_markup(&words::days(review))
    )?;
    tiles(out, report)?;
    writeln!(out, "<figure>\n{chart}</figure>\n<div class=\"sections\">")?;
    success(out, review)?;
    incidents(out, report)?;
    signatures(out, report)?;
    changes(out, report)?;
    list(out, "wide", "Slow logons", &words::slow_logons(review))?;
    let latent: Vec<String> = input.judgement.latent.iter().map(|one| incident::latent(input, one)).collect();
    list(out, "third", "Latent faults", &latent)?;
    coverage(out, report)?;
    writeln!(
        out,
        "</div>\n<footer>causeline {}, from {}. Days and hours in {}, other times in UTC. {}</footer>\n</main>\n</body>\n</html>",
        without_markup(input.tool_version),
        without_markup(input.title),
        without_markup(review.calendar.name()),
        without_markup(words::WISH)
    )
}

/// A name that takes one line.
fn cut(name: &str) -> String {
    if name.chars().count() <= MAX_NAME {
        return name.to_owned();
    }
    name.chars().take(MAX_NAME - 1).chain(['…']).collect()
}

/// The numbers that people look for first, in the same places every week.
fn tiles(out: &mut String, report: &WeekReport<'_>) -> std::fmt::Result {
    let review = report.review;
    let score = &review.score;
    let claims = review.coverage.is_enough();
    let mood = match score.is_met() {
        Some(true) if claims => "good",
        Some(false) if claims => "bad",
        _ => "",
    };
    let success = score.success().map_or_else(|| "none".to_owned(), |share| words::success_share(share.value));
    let last = review.before.last().and_then(|week| week.score.success());
    let last = last.map_or_else(String::new, |share| format!("{} a week before", words::success_share(share.value)));
    let moved = review.comparison.movements.iter().filter(|one| one.has_moved()).count();
    let (moved, tested) = if review.comparison.is_made {
        (number::grouped(moved), format!("{} tested", review.comparison.n_tests))
    } else {
        ("–".to_owned(), "not compared".to_owned())
    };
    let burnt = if score.n_wishes > 0 { words::burnt(score) } else { "none".to_owned() };
    let allowed = format!("{} of {} failures", number::grouped(score.n_failed), number::short(score.budget));
    let tiles = [
        ("Success", mood, success, last),
        ("Budget burnt", mood, burnt, allowed),
        ("Incidents", "", number::grouped(review.incidents.len()), String::new()),
        ("Signatures moved", "", moved, tested),
        ("Changes", "", number::grouped(review.effects.len()), String::new()),
        ("Covered", if claims { "" } else { "bad" }, number::percent(review.coverage.share), String::new()),
    ];
    writeln!(out, "<dl>")?;
    for (name, mood, value, note) in tiles {
        let note = if note.is_empty() { String::new() } else { format!("<small>{}</small>", without_markup(&note)) };
        writeln!(out, "<div><dt>{name}</dt><dd class=\"{mood}\">{}{note}</dd></div>", without_markup(&value))?;
    }
    writeln!(out, "</dl>")
}

/// A table with its heads; those of numbers begin with `#`, those of words that belong together with `~`.
fn table(out: &mut String, caption: &str, heads: &[&str], rows: &[Vec<String>], n_total: usize) -> std::fmt::Result {
    let class = |head: &str| match head.chars().next() {
        Some('#') => " class=\"n\"",
        Some('~') => " class=\"w\"",
        _ => "",
    };
    writeln!(out, "<table>\n<caption>{}</caption>\n<thead><tr>", without_markup(caption))?;
    for head in heads {
        write!(out, "<th scope=\"col\"{}>{}</th>", class(head), without_markup(head.trim_start_matches(['#', '~'])))?;
    }
    writeln!(out, "</tr></thead>\n<tbody>")?;
    for (place, row) in rows.iter().enumerate() {
        let is_total = place + n_total >= rows.len();
        write!(out, "<tr{}>", if is_total { " class=\"total\"" } else { "" })?;
        for (head, cell) in heads.iter().zip(row) {
            write!(out, "<td{}>{}</td>", class(head), without_markup(cell))?;
        }
        writeln!(out, "</tr>")?;
    }
    writeln!(out, "</tbody>\n</table>")
}

/// One row of the tables of success.
fn row(review: &Review, name: String, score: &Score) -> Vec<String> {
    let success = score.success().map_or_else(|| "none".to_owned(), |share| words::success_share(share.value));
    let is_told = score.n_wishes > 0;
    vec![
        name,
        number::grouped(score.n_wishes),
        number::grouped(score.n_failed),
        success,
        if is_told { words::burnt(score) } else { String::new() },
        words::objective_word(review, score).to_owned(),
    ]
}

const SCORE_HEADS: [&str; 6] = ["", "#connections", "#failed", "#success", "#budget burnt", "objective"];

fn success(out: &mut String, review: &Review) -> std::fmt::Result {
    writeln!(out, "<section>\n<h2>Success and error budget</h2>\n<p>{}</p>", without_markup(&words::success(review)))?;
    let days = review.days.iter().zip(&review.by_day);
    let mut rows: Vec<Vec<String>> =
        days.map(|(day, score)| row(review, review.calendar.show(day.start, "%a %-d %b"), score)).collect();
    rows.push(row(review, "this week".to_owned(), &review.score));
    writeln!(out, "<div class=\"pair\">")?;
    table(out, "by day", &SCORE_HEADS, &rows, 1)?;
    let mut hosts: Vec<_> = review.by_host.iter().collect();
    // The worst first, where there is no room for all.
    if hosts.len() > MAX_HOSTS {
        hosts.sort_by(|a, b| b.1.n_failed.cmp(&a.1.n_failed).then_with(|| a.0.cmp(&b.0)));
    }
    let mut rows: Vec<Vec<String>> =
        hosts.iter().take(MAX_HOSTS).map(|(host, score)| row(review, host.to_string(), score)).collect();
    let before = review.before.iter().rev().take(MAX_WEEKS);
    rows.extend(before.map(|one| row(review, one.week.to_string(), &one.score)));
    let left_out = hosts.len().saturating_sub(MAX_HOSTS);
    let caption = if left_out > 0 {
        format!("by host (the worst; {left_out} more in review.json), and the weeks before")
    } else {
        "by host, and the weeks before".to_owned()
    };
    table(out, &caption, &SCORE_HEADS, &rows, 0)?;
    writeln!(out, "</div>\n</section>")
}

fn incidents(out: &mut String, report: &WeekReport<'_>) -> std::fmt::Result {
    let (input, review) = (&report.input, report.review);
    let of_week: Vec<&Incident> =
        review.incidents.iter().filter_map(|place| input.judgement.incidents.get(*place)).collect();
    let say = |one: &Incident| format!("{} ({}). {}", incident::title(input, one), one.id, words::incident(input, one));
    let texts: Vec<String> = of_week.into_iter().map(say).collect();
    list(out, "", "Incidents", &texts)
}

fn signatures(out: &mut String, report: &WeekReport<'_>) -> std::fmt::Result {
    let (input, review) = (&report.input, report.review);
    let comparison = &review.comparison;
    writeln!(out, "<section>\n<h2>Signatures</h2>")?;
    let shown = words::shown(review);
    let rows: Vec<Vec<String>> = shown
        .iter()
        .take(MAX_SIGNATURES)
        .map(|one| {
            let is_told = comparison.is_made && one.n_before + one.n_compared > 0;
            let told = |text: String| if is_told { text } else { String::new() };
            vec![
                input.signature_title(&one.signature).to_owned(),
                words::direction(one).to_owned(),
                words::cases(one, one.n_week),
                told(words::expected(one)),
                told(words::ratio(one)),
                told(words::p_word(one)),
            ]
        })
        .collect();
    if rows.is_empty() {
        writeln!(out, "<p>none</p>")?;
    } else {
        let heads =
            ["signature", "~against before", "#this week", "#expected", "#ratio (95% interval)", "#p corrected"];
        table(out, "", &heads, &rows, 0)?;
    }
    let left_out = shown.len().saturating_sub(MAX_SIGNATURES);
    let more = if left_out > 0 { format!("{} ", words::more(left_out)) } else { String::new() };
    writeln!(
        out,
        "<p class=\"quiet\">{}{}</p>\n</section>",
        without_markup(&more),
        without_markup(&words::method(review))
    )
}

fn changes(out: &mut String, report: &WeekReport<'_>) -> std::fmt::Result {
    let (input, review) = (&report.input, report.review);
    writeln!(out, "<section>\n<h2>Changes of the week</h2>")?;
    if review.effects.is_empty() {
        return writeln!(out, "<p>none</p>\n</section>");
    }
    let rows: Vec<Vec<String>> = words::telling_first(input, review)
        .into_iter()
        .take(MAX_CHANGES)
        .map(|one| {
            let at = input.change(&one.change_id).map(|change| words::moment(review, change.started_at));
            vec![
                cut(&words::change(input, &one.change_id)),
                at.unwrap_or_default(),
                words::verdicts(input, review, &one.change_id),
                words::failed(one.before),
                words::failed(one.after),
                words::effect_rate(one),
            ]
        })
        .collect();
    let heads =
        ["change", "~first host", "~verdict", "#failed a week before", "#failed after it", "#rate (95% interval)"];
    table(out, "", &heads, &rows, 0)?;
    let left_out = review.effects.len().saturating_sub(MAX_CHANGES);
    let more = if left_out > 0 { format!("{} ", words::more(left_out)) } else { String::new() };
    writeln!(out, "<p class=\"quiet\">{}{}</p>\n</section>", without_markup(&more), without_markup(words::BESIDE))
}

fn coverage(out: &mut String, report: &WeekReport<'_>) -> std::fmt::Result {
    let n_defects = report.document.diagnostics.iter().map(|one| one.count).sum::<u64>() as usize;
    let mut texts = vec![words::coverage(report.review)];
    if n_defects > 0 {
        texts.push(format!("{} of the input: see review.json.", number::count(n_defects, "defect")));
    }
    texts.extend(report.document.redaction.iter().map(|redaction| redaction.statement.clone()));
    list(out, "narrow", "Coverage", &texts)
}

fn list(out: &mut String, class: &str, heading: &str, texts: &[String]) -> std::fmt::Result {
    writeln!(out, "<section class=\"{class}\">\n<h2>{heading}</h2>")?;
    match texts {
        [] => writeln!(out, "<p>none</p>")?,
        [one] => writeln!(out, "<p>{}</p>", without_markup(one))?,
        some => {
            writeln!(out, "<ul>")?;
            for text in some.iter().take(MAX_TEXTS) {
                writeln!(out, "<li>{}</li>", without_markup(text))?;
            }
            if some.len() > MAX_TEXTS {
                writeln!(out, "<li>{}</li>", without_markup(&words::more(some.len() - MAX_TEXTS)))?;
            }
            writeln!(out, "</ul>")?;
        }
    }
    writeln!(out, "</section>")
}
