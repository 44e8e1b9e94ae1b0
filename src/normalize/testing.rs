//! Records made from short texts, so that formats are tested without files.

use std::sync::Arc;

use crate::model::Position;
use crate::read::{Body, Container, Record, Row};

/// Splits a text as its container would be, as far as samples need it.
pub(crate) fn records(container: Container, text: &str, starts: &dyn Fn(&str) -> bool) -> Vec<Record> {
    match container {
        Container::Json => match serde_json::from_str::<serde_json::Value>(text) {
            Ok(serde_json::Value::Array(items)) => numbered(items.into_iter().map(Body::Json)),
            _ => numbered(text.lines().map(|line| Body::Json(serde_json::from_str(line).expect("a sample is JSON")))),
        },
        Container::Table => {
            let separator = [';', '\t', ','].into_iter().find(|c| text.lines().next().unwrap_or("").contains(*c));
            let mut lines = text.lines().map(|line| cells(line, separator.unwrap_or(',')));
            let header: Arc<[String]> = lines.next().unwrap_or_default().into();
            numbered(
                lines.map(|cells| Body::Row(Row { header: Arc::clone(&header), cells, directives: Vec::new().into() })),
            )
        }
        Container::W3c => w3c(text),
        Container::Document => numbered(std::iter::once(Body::Document(text.to_owned()))),
        _ => {
            let mut joined: Vec<String> = Vec::new();
            for line in text.lines() {
                match joined.last_mut() {
                    Some(last) if !starts(line) => {
                        last.push('\n');
                        last.push_str(line);
                    }
                    _ => joined.push(line.to_owned()),
                }
            }
            numbered(joined.into_iter().map(Body::Text))
        }
    }
}

fn numbered(bodies: impl Iterator<Item = Body>) -> Vec<Record> {
    bodies.zip(1..).map(|(body, n)| Record { position: Position::Line(n), body }).collect()
}

fn cells(line: &str, separator: char) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.next_if_eq(&'"').is_some() => cells.last_mut().expect("one cell at least").push('"'),
            '"' => quoted = !quoted,
            c if c == separator && !quoted => cells.push(String::new()),
            c => cells.last_mut().expect("one cell at least").push(c),
        }
    }
    cells
}

fn w3c(text: &str) -> Vec<Record> {
    let mut header: Arc<[String]> = Vec::new().into();
    let mut directives: Vec<(String, String)> = Vec::new();
    let mut rows = Vec::new();
    for line in text.lines() {
        if let Some(directive) = line.strip_prefix('#') {
            let (name, value) = directive.split_once(':').unwrap_or((directive, ""));
            if name == "Fields" {
                header = value.split_whitespace().map(str::to_owned).collect::<Vec<_>>().into();
            } else {
                directives.retain(|(known, _)| known != name);
                directives.push((name.to_owned(), value.trim().to_owned()));
            }
            continue;
        }
        rows.push(Body::Row(Row {
            header: Arc::clone(&header),
            cells: line.split(' ').map(str::to_owned).collect(),
            directives: directives.clone().into(),
        }));
    }
    numbered(rows.into_iter())
}
