//! `causeline show`: the records behind a mark, a number or a verdict.

mod found;
mod raw;

use std::fmt::Write;

use causeline::Error;
use causeline::model::Position;

use super::args::ShowArgs;
use super::exit::Exit;
use super::output;
use super::terminal::{self, Terminal};
use super::written;
use found::Found;

/// One record of one source, as a report names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Spot {
    path: String,
    position: Option<Position>,
}

impl Spot {
    fn in_words(&self) -> String {
        match self.position {
            Some(Position::Record(number)) => format!("{} record {number}", self.path),
            Some(Position::Line(number)) => format!("{} line {number}", self.path),
            Some(Position::Offset(number)) => format!("{} offset {number}", self.path),
            None => self.path.clone(),
        }
    }
}

pub(crate) fn run(args: &ShowArgs, terminal: Terminal) -> Result<Exit, Error> {
    let report = written::report(&args.report)?;
    let found = found::find(&report, &args.id)?;
    let mut text = String::new();
    if args.logs.is_empty() {
        told(&mut text, &found);
    } else {
        if !report["redaction"].is_null() {
            terminal.note("note: the report is redacted, the logs are not: these are the records as they stand");
        }
        let spots: Vec<&Spot> = found.parts.iter().flat_map(|part| &part.spots).collect();
        let records = raw::records(&report, &spots, &args.logs)?;
        told_with(&mut text, &found, &records);
    }
    output::print(terminal::plain(&text).as_bytes())?;
    Ok(Exit::Done)
}

/// What is known, and where it stands.
fn told(out: &mut String, found: &Found) {
    for line in &found.heading {
        let _ = writeln!(out, "{line}");
    }
    for part in &found.parts {
        let _ = writeln!(out, "\n{}", part.title);
        for spot in &part.spots {
            let _ = writeln!(out, "  {}", spot.in_words());
        }
    }
}

/// The same with the records themselves, each once.
fn told_with(out: &mut String, found: &Found, records: &raw::Records) {
    for line in &found.heading {
        let _ = writeln!(out, "{line}");
    }
    let mut shown = std::collections::BTreeSet::new();
    for part in &found.parts {
        let _ = writeln!(out, "\n{}", part.title);
        for spot in &part.spots {
            if !shown.insert(spot) {
                let _ = writeln!(out, "  {} (see above)", spot.in_words());
                continue;
            }
            let _ = writeln!(out, "  {}", spot.in_words());
            match records.of(spot) {
                [] if spot.position.is_none() => {
                    let _ = writeln!(out, "    (the whole of it)");
                }
                [] => {
                    let _ = writeln!(out, "    not found in these logs");
                }
                some => {
                    for line in some.iter().flat_map(|record| record.lines()) {
                        let _ = writeln!(out, "    {line}");
                    }
                }
            }
        }
    }
}
