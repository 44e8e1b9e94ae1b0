//! Lists of changes drawn as a table in a text: Markdown, and columns held apart by blanks.
//!
//! Wikis and tickets hold the first, `helm history`, `argocd app history` and other tools print the second.
//! A heading must name a time, a component or chart, and what a list of changes has besides.

use serde_json::Value;

use super::{Context, LineOutcome, LogFormat, Parser, Said, Sample};
use crate::normalize::change_list::export::{Told, told};
use crate::normalize::change_list::{self, Column, Entry, is_change_list};
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::summary::Role;
use crate::read::{Container, Record};

/// See the file.
pub(crate) struct ChangeTable;

/// More columns than this has no list.
const MAX_CELLS: usize = 64;

/// The cells of a line: between bars, or between tabs or runs of blanks.
fn cells(line: &str) -> Vec<&str> {
    let line = line.trim();
    if let Some(inner) = line.strip_prefix('|') {
        return inner.strip_suffix('|').unwrap_or(inner).split('|').take(MAX_CELLS).map(bare).collect();
    }
    if line.contains('|') {
        return line.split('|').take(MAX_CELLS).map(bare).collect();
    }
    line.split("  ")
        .flat_map(|part| part.split('\t'))
        .map(str::trim)
        .filter(|cell| !cell.is_empty())
        .take(MAX_CELLS)
        .collect()
}

/// A cell without the marks of Markdown for strong and code.
fn bare(cell: &str) -> &str {
    cell.trim().trim_matches(['*', '`']).trim()
}

/// `|---|:--:|`, `---- ----`, `----+----`.
fn is_rule(line: &str) -> bool {
    line.contains("--") && line.bytes().all(|byte| matches!(byte, b'-' | b'|' | b':' | b'+' | b' ' | b'\t' | b'='))
}

fn is_history(names: &[&str]) -> bool {
    let has = |own: &str| names.iter().any(|name| name.eq_ignore_ascii_case(own));
    (has("REVISION") && has("UPDATED") && has("CHART"))
        || (names.len() == 3 && has("ID") && has("DATE") && has("REVISION"))
}

fn is_heading(line: &str) -> bool {
    let names = cells(line);
    is_history(&names) || (names.len() >= 3 && is_change_list(names.iter().copied()))
}

impl LogFormat for ChangeTable {
    fn name(&self) -> &'static str {
        "change-table"
    }

    fn dataset(&self) -> &'static str {
        "changes"
    }

    fn role(&self) -> Role {
        Role::Changes
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        // What stands above the heading is the text that the table stands in.
        let mut lines = first.iter().filter_map(Record::text).skip_while(|line| !is_heading(line));
        let Some(heading) = lines.next() else { return 0 };
        let n_cells = cells(heading).len();
        1 + lines.filter(|line| is_rule(line) || cells(line).len() == n_cells).count()
    }

    fn starts_record(&self, _line: &str) -> bool {
        true
    }

    fn open(&self, _file: &FileFacts, first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        // One day above twelve settles `03/04/2022` for the whole list.
        let n_read = |order| {
            first.iter().filter_map(Record::text).flat_map(cells).filter(|cell| stamp(cell, order).is_some()).count()
        };
        let is_day_first = n_read(DateOrder::DayFirst) > n_read(DateOrder::MonthFirst);
        let order = if is_day_first { DateOrder::DayFirst } else { DateOrder::MonthFirst };
        Some(Box::new(TableParser { order, heading: Vec::new(), component: None }))
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                container: Container::Lines,
                path: "changes.md",
                text: "# Changes\n\n\
                       | Date | Component | Version | Hosts | Status |\n\
                       |------|-----------|---------|-------|--------|\n\
                       | 2022-08-20 19:00 | **Shop** | 22.8 | RDS01-RDS02 | done |\n\
                       | 2022-08-21 19:00 | Shop | 22.9 | RDS01 | planned |",
                expected: &[
                    "irrelevant",
                    "irrelevant",
                    "irrelevant",
                    "Update 2022-08-20T19:00:00Z Shop 22.8 Hosts([\"RDS01\", \"RDS02\"])",
                    "irrelevant",
                ],
            },
            Sample {
                container: Container::Lines,
                path: "helm.txt",
                text: "REVISION  UPDATED                   STATUS      CHART       APP VERSION  DESCRIPTION\n\
                       1         Sat Aug 20 17:00:00 2022  superseded  shop-1.2.0  22.7         Install complete\n\
                       2         Sun Aug 21 17:00:00 2022  failed      shop-1.3.0  22.8         Upgrade failed\n\
                       3         Sun Aug 21 17:10:00 2022  deployed    shop-1.2.0  22.7         Rollback to 1",
                expected: &[
                    "irrelevant",
                    "Update 2022-08-20T17:00:00Z shop 22.7 Unstated",
                    "irrelevant",
                    "Rollback 2022-08-21T17:10:00Z shop 22.7 Unstated",
                ],
            },
            Sample {
                container: Container::Lines,
                path: "argo.txt",
                text: "SOURCE  https://git.example/ops/shop.git\n\
                       ID  DATE                           REVISION\n\
                       0   2022-08-20 19:00:00 +0200 CEST  v22.8 (5fed123)\n\
                       1   2022-08-21 19:00:00 +0200 CEST  main (5fee123)",
                expected: &[
                    "irrelevant",
                    "irrelevant",
                    "Update 2022-08-20T17:00:00Z shop v22.8 Unstated",
                    "Update 2022-08-21T17:00:00Z shop main (5fee123) Unstated",
                ],
            },
        ]
    }
}

struct TableParser {
    order: DateOrder,
    /// The names of the columns, once they were seen.
    heading: Vec<String>,
    /// What `SOURCE` above the history of Argo CD names.
    component: Option<String>,
}

impl TableParser {
    fn read(&mut self, line: &str, context: &mut Context<'_>) -> LineOutcome {
        if is_heading(line) {
            self.heading = cells(line).into_iter().map(str::to_owned).collect();
            return LineOutcome::Irrelevant(None);
        }
        let row = cells(line);
        if let ["SOURCE", address] = row[..] {
            let name = address.trim_end_matches('/').rsplit('/').next().unwrap_or(address);
            self.component = Some(name.trim_end_matches(".git").to_owned());
            return LineOutcome::Irrelevant(None);
        }
        if self.heading.is_empty() || is_rule(line) || row.len() < 2 {
            return LineOutcome::Irrelevant(None);
        }
        let names: Vec<&str> = self.heading.iter().map(String::as_str).collect();
        if is_history(&names) {
            return self.of_history(&row, context);
        }
        let mut entry = Entry::default();
        names.iter().zip(&row).for_each(|(name, cell)| entry.add(name, cell));
        if entry.get(Column::Time).or_else(|| entry.get(Column::Date)).is_none() {
            return LineOutcome::Irrelevant(None);
        }
        change_list::understand(&entry, self.order, context)
    }

    /// A row of `helm history` or `argocd app history`.
    fn of_history(&self, row: &[&str], context: &mut Context<'_>) -> LineOutcome {
        if row.len() < 3 {
            return LineOutcome::Irrelevant(None);
        }
        if self.heading.len() == 3 {
            let mut entry = Entry::default();
            let version = row[2].split(" (").next().filter(|word| change_list::version_in(word).is_some());
            entry.add("time", row[1]);
            entry.add("component", self.component.as_deref().unwrap_or("Application"));
            entry.add("version", version.unwrap_or(row[2]));
            return change_list::understand(&entry, self.order, context);
        }
        let names = self.heading.iter().map(|name| name.to_lowercase().replace(' ', "_"));
        let fields = names.zip(row.iter().map(|cell| Value::from(*cell))).collect();
        match told(&Value::Object(fields)).and_then(|mut all| all.pop()) {
            Some(Told::Done(entry)) => change_list::understand(&entry, self.order, context),
            _ => LineOutcome::Irrelevant(None),
        }
    }
}

impl Parser for TableParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        let line = record.text();
        line.map_or(LineOutcome::Foreign, |line| self.read(line, context)).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn any_line_is_survived(line in "[|\\-: a-zA-Z0-9\\PC]{0,80}") {
            let _ = (is_heading(&line), is_rule(&line), cells(&line));
        }
    }
}
