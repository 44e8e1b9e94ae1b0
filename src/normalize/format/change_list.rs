//! Lists of changes that people or scripts keep: CSV, TSV, JSON, JSON lines, YAML.
//!
//! The columns may have any of their usual names, in any order, in English, German or French. Times
//! without zone are the wall clock of whoever keeps the list.

use serde_json::Value;

use super::{Context, LineOutcome, LogFormat, Parser, Said, Sample};
use crate::diagnostic::Code;
use crate::normalize::change_list::{self, Column, Entry, is_change_list};
use crate::normalize::clock::{DateOrder, stamp};
use crate::normalize::file::FileFacts;
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Record};

/// See the file.
pub(crate) struct ChangeList;

/// The entries of a document: the list that it is, or the first list that it holds.
pub(super) fn entries(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().filter(|item| item.is_object()).collect(),
        Value::Object(fields) => {
            let list = fields.values().find_map(|field| match field {
                Value::Array(items) if items.iter().all(Value::is_object) && !items.is_empty() => Some(items),
                _ => None,
            });
            list.map_or_else(|| vec![value], |items| items.iter().collect())
        }
        _ => Vec::new(),
    }
}

fn fits_object(value: &Value) -> bool {
    value.as_object().is_some_and(|fields| is_change_list(fields.keys().map(String::as_str)))
}

fn fits(record: &Record<'_>) -> bool {
    match &record.body {
        Body::Row(row) => is_change_list(row.header.iter().map(String::as_str)),
        Body::Json(object) => entries(object.tree()).iter().any(|entry| fits_object(entry)),
        Body::Document(text) => yaml(text).is_some_and(|value| entries(&value).iter().any(|entry| fits_object(entry))),
        _ => false,
    }
}

fn yaml(text: &str) -> Option<Value> {
    serde_saphyr::from_str(text).ok()
}

impl LogFormat for ChangeList {
    fn name(&self) -> &'static str {
        "change-list"
    }

    fn dataset(&self) -> &'static str {
        "changes"
    }

    fn role(&self) -> Role {
        Role::Changes
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Table, Container::Json, Container::Document]
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        first.iter().filter(|record| fits(record)).count()
    }

    fn open(&self, _file: &FileFacts, first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        // One day above twelve settles `03/04/2022` for the whole list.
        let unreadable = |order| first.iter().filter(|record| !dates_fit(record, order)).count();
        let order = if unreadable(DateOrder::MonthFirst) > unreadable(DateOrder::DayFirst) {
            DateOrder::DayFirst
        } else {
            DateOrder::MonthFirst
        };
        Some(Box::new(ChangeListParser { order }))
    }

    fn samples(&self) -> &'static [Sample] {
        &[
            Sample {
                container: Container::Table,
                path: "changes.csv",
                text: "time,component,version,hosts,action,note\n\
                       2022-07-21T20:00:00+02:00,Profile Agent,2.9.1,all,update,ticket 7\n\
                       2022-08-22 15:00,Profile Agent,2.9.2,RDS01 RDS02,hotfix,\n\
                       2022-08-23T03:00:00Z,Restart,,RDS01,reboot,\n\
                       ,Printer Driver,1.0,all,update,",
                expected: &[
                    "Update 2022-07-21T18:00:00Z Profile Agent 2.9.1 All",
                    "Update 2022-08-22T15:00:00Z Profile Agent 2.9.2 Hosts([\"RDS01\", \"RDS02\"])",
                    "Restart 2022-08-23T03:00:00Z Operating system restart - Hosts([\"RDS01\"])",
                    "damaged change-incomplete",
                ],
            },
            Sample {
                container: Container::Table,
                path: "changes.tsv",
                text: "when\tzone\thosts\twhat\tversion\tkind\twho\n\
                       2022-08-20 19:00\tEurope/Zurich\tall hosts\tShop Portal\t22.8\trollout\tops",
                expected: &["Update 2022-08-20T17:00:00Z Shop Portal 22.8 All"],
            },
            Sample {
                container: Container::Table,
                path: "aenderungen.csv",
                text: "Datum;Uhrzeit;Komponente;Neue Version;Server;Art\n\
                       20.08.2022;19:00;Shop;22.8;RDS01, RDS02;Aktualisierung",
                expected: &["Update 2022-08-20T19:00:00Z Shop 22.8 Hosts([\"RDS01\", \"RDS02\"])"],
            },
            Sample {
                container: Container::Table,
                path: "deployments.csv",
                text: "deployed_at,application,version,environment,servers,status\n\
                       13/08/2022 10:00,Shop,22.7,production,*,success\n\
                       20/08/2022 10:00,Shop,22.8,production,RDS01,failed\n\
                       20/08/2022 10:00,Shop,22.9,staging,*,success",
                expected: &["Update 2022-08-13T10:00:00Z Shop 22.7 All", "irrelevant", "irrelevant"],
            },
            Sample {
                container: Container::Json,
                path: "changes.json",
                text: r#"[{"time":"2022-08-20T17:00:00Z","service":"Shop","version":"22.8","hosts":["RDS01","RDS02"],"kind":"config"}]"#,
                expected: &["Configuration 2022-08-20T17:00:00Z Shop 22.8 Hosts([\"RDS01\", \"RDS02\"])"],
            },
            Sample {
                container: Container::Document,
                path: "changes.yaml",
                text: "changes:\n  - time: 2022-08-20T17:00:00Z\n    component: Shop\n    version: \"22.8\"\n    hosts: [RDS01]\n  - time: 2022-08-21\n    component: Policy\n    kind: configuration\n    hosts: all\n",
                expected: &[
                    "Update 2022-08-20T17:00:00Z Shop 22.8 Hosts([\"RDS01\"]); Configuration 2022-08-21T00:00:00Z Policy - All",
                ],
            },
        ]
    }
}

fn dates_fit(record: &Record<'_>, order: DateOrder) -> bool {
    let entry = match &record.body {
        Body::Row(row) => {
            let mut entry = Entry::default();
            row.header.iter().zip(&row.cells).for_each(|(name, cell)| entry.add(name, cell));
            entry
        }
        _ => return true,
    };
    entry
        .get(Column::Date)
        .or_else(|| entry.get(Column::Time))
        .is_none_or(|text| !text.contains('/') || stamp(text, order).is_some())
}

struct ChangeListParser {
    order: DateOrder,
}

impl ChangeListParser {
    fn object(&self, value: &Value, context: &mut Context<'_>) -> LineOutcome {
        let Some(fields) = value.as_object() else { return LineOutcome::Foreign };
        let mut entry = Entry::default();
        for (name, field) in fields {
            let text = match field {
                Value::Array(items) => items
                    .iter()
                    .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
                    .collect::<Vec<_>>()
                    .join(";"),
                // `environment: {name: production}`.
                Value::Object(inner) => match inner.get("name").and_then(Value::as_str) {
                    Some(name) => name.to_owned(),
                    None => continue,
                },
                Value::String(text) => text.clone(),
                Value::Null => continue,
                other => other.to_string(),
            };
            entry.add(name, &text);
        }
        change_list::understand(&entry, self.order, context)
    }
}

/// Joins what the entries of one document came to.
pub(super) fn join(outcomes: Vec<LineOutcome>) -> LineOutcome {
    let mut changes = Vec::new();
    let mut last = LineOutcome::Irrelevant(None);
    for outcome in outcomes {
        match outcome {
            LineOutcome::Change(more) => changes.extend(more),
            other => last = other,
        }
    }
    if changes.is_empty() { last } else { LineOutcome::Change(changes) }
}

impl ChangeListParser {
    fn read(&mut self, record: &Record<'_>, context: &mut Context<'_>) -> LineOutcome {
        match &record.body {
            Body::Row(row) => {
                if !is_change_list(row.header.iter().map(String::as_str)) {
                    return LineOutcome::Foreign;
                }
                let mut entry = Entry::default();
                row.header.iter().zip(&row.cells).for_each(|(name, cell)| entry.add(name, cell));
                change_list::understand(&entry, self.order, context)
            }
            Body::Json(object) => {
                join(entries(object.tree()).into_iter().map(|entry| self.object(entry, context)).collect())
            }
            Body::Document(text) => {
                let Some(value) = yaml(text) else {
                    return LineOutcome::Damaged(Code::RecordMalformed, "the document is not well formed");
                };
                join(entries(&value).into_iter().map(|entry| self.object(entry, context)).collect())
            }
            _ => LineOutcome::Foreign,
        }
    }
}

impl Parser for ChangeListParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        self.read(record, context).into()
    }
}
