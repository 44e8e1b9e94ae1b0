//! Exports of deployments from GitHub and GitLab.
//!
//! GitHub's `created_at` is the request; the time of the success stands in the statuses, where the export
//! holds them. A deployment that has not succeeded is no change; one without statuses counts at the time
//! of its last update. Component, version and hosts stand in the payload where the caller puts them, else
//! the repository's name and the ref serve.
//!
//! Source: GitHub REST API, "Deployments" and "Deployment statuses"; GitLab API, "Deployments".

use serde_json::Value;

use super::change_list::{entries, join};
use super::{Context, LineOutcome, LogFormat, Parser, Said, Sample};
use crate::normalize::change_list::{self, Entry};
use crate::normalize::clock::DateOrder;
use crate::normalize::file::FileFacts;
use crate::normalize::summary::Role;
use crate::read::{Body, Container, Record};

/// See the file.
pub(crate) struct Deployments;

fn is_deployment(value: &Value) -> bool {
    let has = |key: &str| value.get(key).is_some();
    has("environment") && has("created_at") && (has("ref") || has("sha"))
}

fn fits(record: &Record<'_>) -> bool {
    matches!(&record.body, Body::Json(object) if entries(object.tree()).iter().any(|entry| is_deployment(entry)) || is_deployment(object.tree()))
}

impl LogFormat for Deployments {
    fn name(&self) -> &'static str {
        "deployments"
    }

    fn dataset(&self) -> &'static str {
        "changes"
    }

    fn role(&self) -> Role {
        Role::Changes
    }

    fn containers(&self) -> &'static [Container] {
        &[Container::Json]
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        first.iter().filter(|record| fits(record)).count()
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::new(DeploymentsParser))
    }

    fn samples(&self) -> &'static [Sample] {
        &[Sample {
            container: Container::Json,
            path: "deployments.json",
            text: r#"[
{"url":"https://api.github.example/repos/ops/shop-portal/deployments/1","id":1,"sha":"5fed","ref":"v22.8","task":"deploy","payload":{"component":"Shop Portal","version":"22.8.1","hosts":["RDS01"],"action":"hotfix"},"environment":"production","created_at":"2022-08-20T16:00:00Z","updated_at":"2022-08-20T17:00:09Z","statuses":[{"state":"in_progress","created_at":"2022-08-20T16:30:00Z"},{"state":"success","created_at":"2022-08-20T17:00:00Z"}]},
{"url":"https://api.github.example/repos/ops/shop-portal/deployments/2","id":2,"sha":"5fee","ref":"v22.9","task":"deploy","payload":{},"environment":"production","created_at":"2022-08-21T16:00:00Z","updated_at":"2022-08-21T16:00:09Z","statuses":[{"state":"failure","created_at":"2022-08-21T17:00:00Z"}]},
{"url":"https://api.github.example/repos/ops/shop-portal/deployments/3","id":3,"sha":"5fef","ref":"refs/tags/v23.0","task":"deploy","payload":"","environment":"production","created_at":"2022-08-22T16:00:00Z","updated_at":"2022-08-22T16:05:00Z"},
{"id":4,"iid":4,"ref":"main","sha":"77aa","status":"success","environment":{"name":"production"},"deployable":{"finished_at":"2022-08-23T16:05:00+02:00"},"created_at":"2022-08-23T13:00:00Z","updated_at":"2022-08-23T14:05:00Z","project":{"name":"Broker"}}
]"#,
            expected: &[
                "Update 2022-08-20T17:00:00Z Shop Portal 22.8.1 Hosts([\"RDS01\"])",
                "irrelevant",
                "Update 2022-08-22T16:05:00Z shop-portal v23.0 All",
                "Update 2022-08-23T14:05:00Z Broker main All",
            ],
        }]
    }
}

struct DeploymentsParser;

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// Why a deployment counts as done, and when; `None` if it does not.
fn done_at(value: &Value) -> Option<&str> {
    let statuses = value.get("statuses").and_then(Value::as_array);
    if let Some(statuses) = statuses.filter(|statuses| !statuses.is_empty()) {
        let succeeded = statuses.iter().find(|status| text(status, "state") == Some("success"));
        return succeeded.and_then(|status| text(status, "created_at"));
    }
    // GitLab has one status; GitHub's search API names the latest `state`.
    let state = text(value, "status").or_else(|| text(value, "state"));
    if state
        .is_some_and(|state| !matches!(state.to_lowercase().as_str(), "success" | "active" | "inactive" | "finished"))
    {
        return None;
    }
    let finished = value.get("deployable").and_then(|job| text(job, "finished_at"));
    finished.or_else(|| text(value, "updated_at")).or_else(|| text(value, "created_at"))
}

/// The repository's name in the deployment's address.
fn repository(value: &Value) -> Option<&str> {
    let url = text(value, "repository_url").or_else(|| text(value, "url"))?;
    let behind = url.split("/repos/").nth(1)?;
    behind.split('/').nth(1)
}

fn understand(value: &Value, context: &mut Context<'_>) -> LineOutcome {
    if !is_deployment(value) {
        return LineOutcome::Foreign;
    }
    let Some(at) = done_at(value) else { return LineOutcome::Irrelevant(None) };
    let mut entry = Entry::default();
    entry.add("time", at);
    let parsed = text(value, "payload").and_then(|payload| serde_json::from_str::<Value>(payload).ok());
    let payload = parsed.as_ref().or_else(|| value.get("payload")).and_then(Value::as_object);
    for (name, field) in payload.into_iter().flatten() {
        let cell = match field {
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(";"),
            Value::String(text) => text.clone(),
            _ => continue,
        };
        // The payload is the caller's own: its times, if any, are not when it was done.
        if !matches!(change_list::column_of(name), Some(change_list::Column::Time | change_list::Column::Date)) {
            entry.add(name, &cell);
        }
    }
    let project = value.get("project").and_then(|project| text(project, "name"));
    if let Some(component) = repository(value).or(project).or_else(|| text(value, "task")) {
        entry.add("component", component);
    }
    if let Some(version) = text(value, "ref").or_else(|| text(value, "sha")) {
        entry.add("version", version.rsplit('/').next().unwrap_or(version));
    }
    let environment = value.get("environment");
    let environment = environment.and_then(|own| own.as_str().or_else(|| own.get("name").and_then(Value::as_str)));
    entry.add("environment", environment.unwrap_or(""));
    entry.add("note", text(value, "description").unwrap_or(""));
    change_list::understand(&entry, DateOrder::DayFirst, context)
}

impl DeploymentsParser {
    fn read(&mut self, record: &Record<'_>, context: &mut Context<'_>) -> LineOutcome {
        let Body::Json(object) = &record.body else { return LineOutcome::Foreign };
        let value = object.tree();
        if is_deployment(value) {
            return understand(value, context);
        }
        join(entries(value).into_iter().map(|entry| understand(entry, context)).collect())
    }
}

impl Parser for DeploymentsParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        self.read(record, context).into()
    }
}
