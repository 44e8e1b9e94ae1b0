//! `causeline templates`: what the messages of logs have in common, with what varies left open.

use std::fmt::Write as _;

use causeline::Error;
use causeline::normalize::template::{self, Mined};
use causeline::read;

use super::args::{TemplatesArgs, TemplatesForm};
use super::exit::Exit;
use super::output;
use super::settings;
use super::terminal::{self, Terminal};

pub(crate) fn run(args: &TemplatesArgs, terminal: Terminal) -> Result<Exit, Error> {
    let formats = settings::formats(args.config.as_deref())?;
    let found = read::discover(&args.paths)?;
    let mined = template::mine(&found.sources, &formats);
    if mined.files.is_empty() {
        return Err(Error::nothing_readable(&args.paths));
    }
    let text = if args.lines { lines(&mined, args.format) } else { templates(&mined, args.format) };
    output::print(text.as_bytes())?;
    if mined.n_crowded > 0 {
        terminal.note(&format!("{} messages could not be told apart: too many different ones", mined.n_crowded));
    }
    Ok(Exit::Done)
}

/// A template with where it is seen first.
#[derive(serde::Serialize)]
struct Row<'m> {
    id: String,
    n_messages: u64,
    #[serde(rename = "log.file.path")]
    path: &'m str,
    line: u64,
    template: &'m str,
}

/// The templates, the most frequent first.
fn templates(mined: &Mined, form: TemplatesForm) -> String {
    let mut first = vec![("", 0); mined.settled.templates.len()];
    for file in mined.files.iter().rev() {
        for (line, group) in file.lines.iter().rev() {
            first[mined.settled.template_of(*group)] = (&file.path, *line);
        }
    }
    let mut rows: Vec<Row<'_>> = mined
        .settled
        .templates
        .iter()
        .zip(first)
        .zip(1..)
        .map(|((template, (path, line)), number)| Row {
            id: format!("T{number}"),
            n_messages: template.n_messages,
            path,
            line,
            template: &template.text,
        })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.n_messages));
    match form {
        TemplatesForm::Json => serde_json::to_string_pretty(&rows).unwrap_or_default() + "\n",
        TemplatesForm::Csv => {
            let cells = rows.iter().map(|row| {
                vec![
                    row.id.clone(),
                    row.n_messages.to_string(),
                    cell(row.path),
                    row.line.to_string(),
                    cell(row.template),
                ]
            });
            csv(&["EventId", "Occurrences", "FirstFile", "FirstLine", "EventTemplate"], cells)
        }
        TemplatesForm::Text => {
            let mut text = format!("{:>9}  {:6}  {:>9}  TEMPLATE\n", "MESSAGES", "ID", "FIRST");
            for row in &rows {
                let _ = writeln!(text, "{:>9}  {:6}  {:>9}  {}", row.n_messages, row.id, row.line, row.template);
            }
            terminal::plain(&text)
        }
    }
}

/// First characters by which a spreadsheet would take a text for a formula.
const FORMULA: &[char] = &['=', '+', '-', '@', '\t', '\r'];

/// A text from a log as a cell that no spreadsheet runs.
fn cell(text: &str) -> String {
    if text.starts_with(FORMULA) { format!("'{text}") } else { text.to_owned() }
}

/// Each line with its template; blank lines have none.
fn lines(mined: &Mined, form: TemplatesForm) -> String {
    let rows = mined.files.iter().flat_map(|file| {
        let mut groups = file.lines.iter().peekable();
        (1..=file.n_lines)
            .map(move |number| (number, groups.next_if(|(of_line, _)| *of_line == number).map(|(_, group)| *group)))
    });
    let cells = rows.map(|(number, group)| match group {
        Some(group) => {
            let index = mined.settled.template_of(group);
            vec![number.to_string(), format!("T{}", index + 1), mined.settled.templates[index].text.clone()]
        }
        None => vec![number.to_string(), String::new(), String::new()],
    });
    const NAMES: [&str; 3] = ["LineId", "EventId", "EventTemplate"];
    match form {
        TemplatesForm::Csv => {
            let guarded = cells.map(|cells| cells.iter().map(|text| cell(text)).collect());
            csv(&NAMES, guarded)
        }
        TemplatesForm::Json => {
            let objects = cells.map(|cells| {
                let [line, id, template] = [&cells[0], &cells[1], &cells[2]];
                let number: u64 = line.parse().unwrap_or_default();
                serde_json::json!({NAMES[0]: number, NAMES[1]: id, NAMES[2]: template}).to_string() + "\n"
            });
            objects.collect()
        }
        TemplatesForm::Text => {
            let mut text = String::new();
            for cells in cells {
                let _ = writeln!(text, "{:>8}  {:6}  {}", cells[0], cells[1], cells[2]);
            }
            terminal::plain(&text)
        }
    }
}

fn csv(names: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing into memory does not fail.
    let _ = writer.write_record(names);
    for row in rows {
        let _ = writer.write_record(row);
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}
