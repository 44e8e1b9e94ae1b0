//! `causeline inspect`: what was recognized, and nothing else.

use std::fmt::Write as _;

use causeline::Error;
use causeline::pipeline;
use causeline::report::inspection::{self, Inspection};

use super::args::{InspectArgs, TextOrJson};
use super::exit::Exit;
use super::output;
use super::settings;
use super::terminal::{self, Terminal};

pub(crate) fn run(args: &InspectArgs, terminal: Terminal) -> Result<Exit, Error> {
    let paths = settings::paths(&args.input);
    let options = settings::options(&args.input, None, terminal)?;
    let framed = settings::watched(terminal, |progress| pipeline::frame(&paths, &options, progress))?;
    let shown = inspection::inspection(&framed.sources, framed.tables.changes.len(), &framed.diagnostics);
    match args.format {
        TextOrJson::Json => {
            let json = serde_json::to_string_pretty(&shown).unwrap_or_default();
            output::print(format!("{json}\n").as_bytes())?;
        }
        TextOrJson::Text => output::print(terminal::plain(&table(&shown, terminal.verbose)).as_bytes())?,
    }
    settings::tell_defects(&framed.diagnostics, terminal);
    Ok(settings::strictly(&args.input, &framed.diagnostics, Exit::Done))
}

/// The sources as a table that fits a terminal, paths last because they are long.
fn table(shown: &Inspection, is_verbose: bool) -> String {
    let mut text = String::new();
    let width = |of: fn(&inspection::InspectedSource) -> usize, least: usize| {
        shown.sources.iter().map(of).max().unwrap_or(0).max(least)
    };
    let format = width(|source| source.format.len(), 6);
    let host = width(|source| source.host_name.as_deref().map_or(0, |host| host.len().min(24)), 4);
    let _ = writeln!(
        text,
        "{:format$}  {:8}  {:host$}  {:16}  {:16}  {:>8}  {:>8}  {:>7}  PATH",
        "FORMAT", "ROLE", "HOST", "FROM (UTC)", "TO (UTC)", "RECORDS", "KEPT", "DAMAGED"
    );
    for source in &shown.sources {
        let minute = |at: &Option<String>| {
            at.as_deref().map_or_else(|| "-".to_owned(), |at| at.chars().take(16).collect::<String>().replace('T', " "))
        };
        let hosts: String = source.host_name.as_deref().unwrap_or("-").chars().take(24).collect();
        let _ = writeln!(
            text,
            "{:format$}  {:8}  {hosts:host$}  {:16}  {:16}  {:>8}  {:>8}  {:>7}  {}",
            source.format,
            source.role,
            minute(&source.start),
            minute(&source.end),
            source.n_records,
            source.n_kept,
            source.n_damaged,
            source.log_file_path
        );
    }
    let _ = writeln!(text, "\n{} sources, {} hosts, {} changes", shown.sources.len(), shown.hosts.len(), shown.changes);
    if is_verbose {
        text.push_str(&slow_share(shown));
    }
    for defect in &shown.diagnostics {
        let _ = writeln!(
            text,
            "{:>8} x {:24} first in {}: {}",
            defect.count, defect.code, defect.first.log_file_path, defect.detail
        );
    }
    text
}

/// How many records of binary logs were read without the help of a template, and in which log most.
fn slow_share(shown: &Inspection) -> String {
    let logs = || shown.sources.iter().filter(|source| source.format == "evtx" && source.n_records > 0);
    let (n_walked, n_records) =
        logs().fold((0, 0), |(n_walked, n_records), source| (n_walked + source.n_walked, n_records + source.n_records));
    if n_records == 0 {
        return String::new();
    }
    let share = |n_walked: u64, n_records: u64| 100.0 * n_walked as f64 / n_records as f64;
    let most = logs().filter(|source| source.n_walked > 0).max_by_key(|source| source.n_walked);
    let most = most.map_or_else(String::new, |source| {
        format!("; most in {}: {:.1} %", source.log_file_path, share(source.n_walked, source.n_records))
    });
    format!(
        "{n_walked} of {n_records} event log records read the slow way ({:.2} %){most}\n",
        share(n_walked, n_records)
    )
}
