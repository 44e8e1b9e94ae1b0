//! `causeline signatures`: the catalog of failure signatures, and what it says of given logs.

mod trial;

use std::fmt::Write as _;
use std::sync::Arc;

use causeline::Error;
use causeline::normalize::signature::{Signature, Signatures};

use super::args::{SignaturesAction, SignaturesArgs, TextOrJson};
use super::exit::Exit;
use super::output;
use super::settings;
use super::terminal::{self, Terminal};

pub(crate) fn run(args: &SignaturesArgs, terminal: Terminal) -> Result<Exit, Error> {
    let own = settings::signatures(args.signatures.as_deref(), terminal)?;
    let all = own.as_deref().unwrap_or_else(|| Signatures::embedded());
    let text = match &args.action {
        SignaturesAction::List => list(all, args.format),
        SignaturesAction::Show { id } => {
            let signature = all.get(id).ok_or_else(|| Error::Setting {
                what: format!("`{id}`"),
                detail: "there is no such signature; `causeline signatures list` shows all".to_owned(),
            })?;
            show(signature, args.format)
        }
        SignaturesAction::Test { paths } => {
            let found = trial::tried(paths, all, own.as_ref().map(Arc::clone))?;
            match args.format {
                TextOrJson::Json => json(&found),
                TextOrJson::Text => trial::table(&found),
            }
        }
    };
    output::print(terminal::plain(&text).as_bytes())?;
    Ok(Exit::Done)
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

/// The word that a file uses for a value without data.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

#[derive(serde::Serialize)]
struct Listed<'s> {
    id: &'s str,
    title: &'s str,
    phase: String,
    fault: String,
    sure: String,
}

fn listed(signature: &Signature) -> Listed<'_> {
    Listed {
        id: &signature.id,
        title: &signature.title,
        phase: word(&signature.phase),
        fault: word(&signature.fault),
        sure: word(&signature.sure),
    }
}

fn list(all: &Signatures, form: TextOrJson) -> String {
    let rows: Vec<Listed<'_>> = all.iter().map(listed).collect();
    if form == TextOrJson::Json {
        return json(&rows);
    }
    let width = rows.iter().map(|row| row.id.len()).max().unwrap_or(0);
    let mut text = format!("{:width$}  {:12}  {:14}  {:10}  TITLE\n", "ID", "PHASE", "FAULT", "SURE");
    for row in &rows {
        let _ = writeln!(text, "{:width$}  {:12}  {:14}  {:10}  {}", row.id, row.phase, row.fault, row.sure, row.title);
    }
    let _ = writeln!(text, "\n{} signatures, in the order in which they are tried", rows.len());
    text
}

#[derive(serde::Serialize)]
struct Code {
    #[serde(rename = "code")]
    value: String,
    kind: Option<&'static str>,
    words: Option<&'static str>,
}

#[derive(serde::Serialize)]
struct Shown<'s> {
    #[serde(flatten)]
    listed: Listed<'s>,
    meaning: &'s str,
    matches: Vec<String>,
    codes: Vec<Code>,
    references: &'s [String],
    n_examples: usize,
    n_counter_examples: usize,
}

fn show(signature: &Signature, form: TextOrJson) -> String {
    let code = |(value, found): (String, Option<causeline::normalize::signature::CodeWords<'static>>)| Code {
        value,
        kind: found.map(|found| found.kind),
        words: found.map(|found| found.words),
    };
    let shown = Shown {
        listed: listed(signature),
        meaning: &signature.meaning,
        matches: signature.shapes(),
        codes: signature.codes().into_iter().map(code).collect(),
        references: &signature.references,
        n_examples: signature.examples.len(),
        n_counter_examples: signature.counter_examples.len(),
    };
    if form == TextOrJson::Json {
        return json(&shown);
    }
    let mut text = format!("{}\n{}\n\n{}\n\n", signature.id, signature.title, signature.meaning);
    for (name, value) in [("phase", &shown.listed.phase), ("fault", &shown.listed.fault), ("sure", &shown.listed.sure)]
    {
        let _ = writeln!(text, "{name:6} {value}");
    }
    text.push_str("\nTold by\n");
    for one in &shown.matches {
        let _ = writeln!(text, "  - {one}");
    }
    if !shown.codes.is_empty() {
        text.push_str("\nCodes\n");
    }
    for one in &shown.codes {
        let _ = writeln!(text, "  {:12} {:15} {}", one.value, one.kind.unwrap_or(""), one.words.unwrap_or("-"));
    }
    text.push_str("\nRead more\n");
    for reference in shown.references {
        let _ = writeln!(text, "  {reference}");
    }
    text
}
