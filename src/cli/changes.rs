//! `causeline changes`: every change, stated in a list or read out of the logs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use causeline::Error;
use causeline::frame::Change;
use causeline::judge::Judgement;
use causeline::pipeline;
use causeline::report::{self, Input};

use super::args::{ChangesArgs, TextOrJson};
use super::exit::Exit;
use super::output;
use super::settings;
use super::terminal::{self, Terminal};

pub(crate) fn run(args: &ChangesArgs, terminal: Terminal) -> Result<Exit, Error> {
    let paths = settings::paths(&args.input);
    let options = settings::options(&args.input, None, terminal)?;
    let framed = settings::watched(terminal, |progress| pipeline::frame(&paths, &options, progress))?;
    match args.format {
        TextOrJson::Json => {
            let input = Input {
                tables: &framed.tables,
                events: &framed.events,
                originals: &BTreeMap::new(),
                judgement: &Judgement::default(),
                symptom_chains: &[],
                sources: &framed.sources,
                diagnostics: &framed.diagnostics,
                signatures: &BTreeMap::new(),
                title: "",
                options: BTreeMap::new(),
                redacted: None,
                tool_version: env!("CARGO_PKG_VERSION"),
            };
            let changes = report::document(&input).changes;
            let json = serde_json::to_string_pretty(&changes).unwrap_or_default();
            output::print(format!("{json}\n").as_bytes())?;
        }
        TextOrJson::Text => output::print(terminal::plain(&table(&framed.tables.changes)).as_bytes())?,
    }
    settings::tell_defects(&framed.diagnostics, terminal);
    Ok(settings::strictly(&args.input, &framed.diagnostics, Exit::Done))
}

fn table(changes: &[Change]) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{:8}  {:16}  {:16}  {:8}  {:6}  COMPONENT",
        "ID", "FIRST (UTC)", "LAST (UTC)", "SEEN BY", "HOSTS"
    );
    for change in changes {
        let minute =
            |at: causeline::model::Timestamp| at.to_string().chars().take(16).collect::<String>().replace('T', " ");
        let last = change.hosts.iter().map(|host| host.at).max().unwrap_or(change.started_at);
        let hosts = if change.hosts_known { change.hosts.len().to_string() } else { "all?".to_owned() };
        let seen_by = if change.only_stated { "a list" } else { "a log" };
        let version = change.version.as_deref().unwrap_or("");
        let routine = if change.is_routine { "  (routine)" } else { "" };
        let _ = writeln!(
            text,
            "{:8}  {:16}  {:16}  {seen_by:8}  {hosts:6}  {} {version}{routine}",
            change.id,
            minute(change.started_at),
            minute(last),
            change.component
        );
    }
    text
}
