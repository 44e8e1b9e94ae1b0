//! `causeline events`: the normalized events.

use std::collections::BTreeMap;
use std::path::Path;

use causeline::Error;
use causeline::frame::{Framed, TableForm};
use causeline::pipeline;
use causeline::report::event_line::event_line;

use super::args::EventsArgs;
use super::exit::Exit;
use super::output;
use super::settings;
use super::terminal::Terminal;

pub(crate) fn run(args: &EventsArgs, terminal: Terminal) -> Result<Exit, Error> {
    let form = form(args.output.as_deref())?;
    let paths = settings::paths(&args.input);
    let mut options = settings::options(&args.input, None, terminal)?;
    options.redact = settings::redaction(&args.redact)?;
    let framed = settings::watched(terminal, |progress| pipeline::frame(&paths, &options, progress))?;
    match (&args.output, form) {
        (Some(path), Form::Table(form)) => framed.write_events(path, form)?,
        (Some(path), Form::Lines) if path.as_path() != Path::new("-") => output::write(path, &lines(&framed))?,
        _ => output::print(&lines(&framed))?,
    }
    settings::tell_defects(&framed.diagnostics, terminal);
    Ok(settings::strictly(&args.input, &framed.diagnostics, Exit::Done))
}

#[derive(Clone, Copy)]
enum Form {
    Lines,
    Table(TableForm),
}

fn form(path: Option<&Path>) -> Result<Form, Error> {
    let Some(path) = path.filter(|path| *path != Path::new("-")) else { return Ok(Form::Lines) };
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or("").to_ascii_lowercase();
    match ending.as_str() {
        "json" | "jsonl" | "ndjson" => Ok(Form::Lines),
        "csv" => Ok(Form::Table(TableForm::Csv)),
        "parquet" => Ok(Form::Table(TableForm::Parquet)),
        _ => Err(Error::Setting {
            what: format!("`{}`", path.display()),
            detail: "the ending chooses the form: .jsonl, .csv or .parquet".to_owned(),
        }),
    }
}

fn lines(framed: &Framed) -> Vec<u8> {
    let paths: BTreeMap<_, _> = framed.sources.iter().map(|source| (source.id, source.path.clone())).collect();
    let mut bytes = Vec::new();
    for event in &framed.events {
        bytes.extend_from_slice(event_line(event, &paths).as_bytes());
        bytes.push(b'\n');
    }
    bytes
}
