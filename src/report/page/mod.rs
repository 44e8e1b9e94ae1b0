//! `report.html`: the whole report as one page that loads nothing. The words stand in the page itself, for readers without
//! scripts and for paper; the script draws the chart anew for what the reader looks at.
//!
//! The policy of the page allows one script and one stylesheet, each by its digest, and nothing else. What a log says
//! is escaped by the template, stands in the data block as JSON without `<`, and reaches the page as text alone.

mod data;
mod records;
#[cfg(test)]
mod tests;
mod view;

use std::fmt::Write;

use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use self::records::Places;
use self::view::View;
use super::chart::{self, Theme};
use super::format::Report;
use crate::error::Error;

/// The most bytes of a page.
pub(crate) const MAX_BYTES: usize = 5_000_000;
const STYLE: &str = include_str!("page.css");
/// The parts of the script in the order in which they need each other.
const SCRIPT: &[&str] = &[
    include_str!("js/elements.js"),
    include_str!("js/data.js"),
    include_str!("js/zone.js"),
    include_str!("js/state.js"),
    include_str!("js/axis.js"),
    include_str!("js/interval.js"),
    include_str!("js/bands.js"),
    include_str!("js/hosts.js"),
    include_str!("js/incidents.js"),
    include_str!("js/changes.js"),
    include_str!("js/chart.js"),
    include_str!("js/labels.js"),
    include_str!("js/pointer.js"),
    include_str!("js/tables.js"),
    include_str!("js/records.js"),
    include_str!("js/controls.js"),
    include_str!("js/selftest.js"),
    include_str!("js/main.js"),
];

/// How much of each thing a page holds.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// Attempts; beyond that each stands for several.
    attempts: usize,
    /// Records of one attempt, one change, one piece of evidence.
    records: usize,
    /// Text of events.
    event_bytes: usize,
    /// Changes.
    changes: usize,
    /// Rows of each other table.
    rows: usize,
}

impl Limits {
    const WIDEST: Self = Self { attempts: 60_000, records: 20, event_bytes: 2_600_000, changes: 400, rows: 400 };

    /// Half of everything, for a page that became too large.
    fn halved(self) -> Self {
        Self {
            attempts: self.attempts / 2,
            records: (self.records / 2).max(1),
            event_bytes: self.event_bytes / 2,
            changes: self.changes / 2,
            rows: self.rows / 2,
        }
    }
}

/// The template and what goes into it.
#[derive(Template)]
#[template(path = "page.html", config = "src/report/page/askama.toml")]
struct Page<'a> {
    policy: String,
    style: &'a str,
    script: &'a str,
    data: String,
    picture: &'a str,
    /// Further pictures with their words.
    figures: &'a [String],
    view: View,
}

/// Makes the page, with as much in it as [`MAX_BYTES`] allow.
///
/// # Errors
///
/// [`Error::Render`] if the picture cannot be drawn.
pub(crate) fn page(report: &Report<'_>) -> Result<String, Error> {
    page_within(report, MAX_BYTES)
}

fn page_within(report: &Report<'_>, max_bytes: usize) -> Result<String, Error> {
    let picture = chart::timeline(&report.input, Theme::Page)?;
    let figures = figures(report)?;
    let mut limits = Limits::WIDEST;
    loop {
        let page = with_limits(report, &picture, &figures, &limits)?;
        if page.len() <= max_bytes || limits.attempts == 0 {
            return Ok(page);
        }
        limits = limits.halved();
    }
}

/// The pictures beside the timeline; the posterior stands in the page as a table with bars.
fn figures(report: &Report<'_>) -> Result<Vec<String>, Error> {
    let mut figures = Vec::new();
    for (_, draw) in chart::FIGURES.iter().filter(|(name, _)| !name.contains("posterior")) {
        figures.extend(draw(&report.input, Theme::Page)?.map(|figure| visible(&figure.svg)));
    }
    Ok(figures)
}

fn with_limits(
    report: &Report<'_>,
    picture: &chart::Chart,
    figures: &[String],
    limits: &Limits,
) -> Result<String, Error> {
    let failed = |detail: String| Error::Render { what: "report.html", detail };
    let mut places = Places::new(&report.input);
    let mut view = View::new(report, limits, &mut places);
    let data = data::data(&report.input, &picture.layout, limits, &mut places);
    view.left_out.extend(data.left_out.iter().cloned());
    let style = style();
    let script = script();
    let page = Page {
        policy: policy(&style, &script),
        style: &style,
        script: &script,
        data: data_block(&serde_json::to_string(&data).map_err(|error| failed(error.to_string()))?),
        picture: &visible(&picture.svg),
        figures,
        view,
    };
    page.render().map_err(|error| failed(error.to_string()))
}

/// The colors by what the reader asked for, else by what the system asks for; paper is always light.
pub(crate) fn style() -> String {
    let [light, dark, print] = [Theme::Light, Theme::Dark, Theme::Print].map(chart::properties);
    format!(
        ":root{{{light}}}\n@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}\n\
         :root[data-theme=dark]{{{dark}}}\n@media print{{:root:root:root{{{print}}}}}\n{STYLE}"
    )
}

/// One script in a scope of its own.
fn script() -> String {
    format!("(() => {{\n'use strict';\n{}}})();\n", SCRIPT.concat())
}

/// The SHA-256 of a script or a stylesheet, as a content policy names it.
pub(crate) fn digest(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text.as_bytes()))
}

/// Nothing from anywhere, no inline attribute, and of scripts and styles only these two.
pub(crate) fn policy(style: &str, script: &str) -> String {
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        digest(script),
        digest(style)
    )
}

/// JSON that can stand in a page: without `<`, no markup begins in it and no element ends.
pub(crate) fn data_block(json: &str) -> String {
    json.replace('<', "\\u003c")
}

/// Cuts a text that is longer than so many characters.
fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Makes visible what would not be seen, or would turn the direction of the text around it: `⟨202E⟩`.
pub(crate) fn visible(text: &str) -> String {
    let is_hidden = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            // Writing into a string cannot fail.
            let _ = write!(out, "⟨{:04X}⟩", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}
