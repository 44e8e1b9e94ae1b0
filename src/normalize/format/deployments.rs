//! Exports of deployment systems: GitHub, GitLab, Azure DevOps, Octopus, Argo CD, Helm, Grafana.
//!
//! GitHub's `created_at` is the request; the time of the success stands in the statuses, where the export
//! holds them. A deployment that has not succeeded is no change; one without statuses counts at the time
//! of its last update. Component, version and hosts stand in the payload where the caller puts them, else
//! the repository's name and the ref serve.
//!
//! The fields of all exports but those of GitHub's and GitLab's deployments stand in
//! [`crate::normalize::change_list::export`].
//!
//! Source: GitHub REST API, "Deployments" and "Deployment statuses"; GitLab API, "Deployments".

use std::borrow::Cow;

use serde_json::Value;

use super::change_list::{entries, join};
use super::{Context, LineOutcome, LogFormat, Parser, Said, Sample};
use crate::normalize::change_list::export::{Told, resolved, told};
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

/// The entries of a document: of its lists the one that holds exports; names may be listed beside it.
fn items(value: &Value) -> Vec<&Value> {
    let lists = value.as_object().into_iter().flat_map(serde_json::Map::values).filter_map(Value::as_array);
    let of_exports = lists.into_iter().find(|list| list.iter().any(is_export));
    of_exports.map_or_else(|| entries(value), |list| list.iter().collect())
}

fn is_export(value: &Value) -> bool {
    is_deployment(value) || told(value).is_some()
}

/// The record as a value: an object, a row by its columns' names, a document of YAML.
fn value_of<'v>(record: &'v Record<'_>) -> Option<Cow<'v, Value>> {
    match &record.body {
        Body::Json(object) => Some(Cow::Borrowed(object.tree())),
        Body::Row(row) => {
            let name = |name: &String| name.trim().to_lowercase().replace(' ', "_");
            let is_helm =
                ["revision", "updated", "status", "chart"].iter().all(|own| row.header.iter().any(|h| name(h) == *own));
            let fields =
                || row.header.iter().zip(&row.cells).map(|(own, cell)| (name(own), Value::from(cell.trim()))).collect();
            is_helm.then(|| Cow::Owned(Value::Object(fields())))
        }
        Body::Document(text) => serde_saphyr::from_str(text).ok().map(Cow::Owned),
        _ => None,
    }
}

fn fits(record: &Record<'_>) -> bool {
    value_of(record).is_some_and(|value| is_export(&value) || items(&value).iter().any(|entry| is_export(entry)))
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
        &[Container::Json, Container::Table, Container::Document]
    }

    fn recognize(&self, first: &[Record<'_>]) -> usize {
        first.iter().filter(|record| fits(record)).count()
    }

    fn open(&self, _file: &FileFacts, _first: &[Record<'_>]) -> Option<Box<dyn Parser>> {
        Some(Box::new(DeploymentsParser))
    }

    fn samples(&self) -> &'static [Sample] {
        SAMPLES
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
        let Some(all) = told(value) else { return LineOutcome::Foreign };
        let outcome = |told| match told {
            Told::Done(entry) => change_list::understand(&entry, DateOrder::DayFirst, context),
            Told::Nothing => LineOutcome::Irrelevant(None),
        };
        return join(all.into_iter().map(outcome).collect());
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
    fn read(record: &Record<'_>, context: &mut Context<'_>) -> LineOutcome {
        let Some(value) = value_of(record) else { return LineOutcome::Foreign };
        if is_export(&value) {
            return understand(&value, context);
        }
        let items = items(&value);
        if !items.iter().any(|entry| is_export(entry)) {
            return LineOutcome::Foreign;
        }
        join(items.into_iter().map(|entry| understand(&resolved(&value, entry), context)).collect())
    }
}

impl Parser for DeploymentsParser {
    fn say<'r>(&mut self, record: &'r Record<'_>, context: &mut Context<'_>) -> Said<'r> {
        Self::read(record, context).into()
    }
}

/// See [`LogFormat::samples`].
const SAMPLES: &[Sample] = &[
    Sample {
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
    },
    Sample {
        container: Container::Json,
        path: "statuses.json",
        text: r#"[{"url":"https://api.github.example/repos/ops/shop/deployments/42/statuses/1","id":1,"state":"success","description":"done","environment":"production","created_at":"2022-08-20T17:00:00Z","updated_at":"2022-08-20T17:00:00Z","deployment_url":"https://api.github.example/repos/ops/shop/deployments/42","repository_url":"https://api.github.example/repos/ops/shop"},
{"id":2,"state":"failure","environment":"production","created_at":"2022-08-20T18:00:00Z","deployment_url":"https://api.github.example/repos/ops/shop/deployments/43"},
{"url":"https://api.github.example/repos/ops/shop/releases/1","tag_name":"v22.8","name":"Summer","draft":false,"prerelease":false,"created_at":"2022-08-19T17:00:00Z","published_at":"2022-08-20T17:05:00Z"},
{"tag_name":"v0.2","name":"Broker v0.2","created_at":"2022-08-01T00:00:00Z","released_at":"2022-08-20T18:00:00.000+02:00","upcoming_release":false,"_links":{"self":"https://gitlab.example/ops/broker/-/releases/v0.2"}}]"#,
        expected: &[
            "Update 2022-08-20T17:00:00Z shop - All",
            "irrelevant",
            "Update 2022-08-20T17:05:00Z shop v22.8 Unstated",
            "Update 2022-08-20T16:00:00Z broker v0.2 Unstated",
        ],
    },
    Sample {
        container: Container::Json,
        path: "runs.json",
        text: r#"{"total_count":2,"workflow_runs":[{"id":3,"name":"Deploy","head_branch":"v22.8","head_sha":"acb5","run_number":5,"event":"push","status":"completed","conclusion":"success","created_at":"2022-08-20T16:50:00Z","updated_at":"2022-08-20T17:00:00Z","repository":{"name":"shop"}},{"id":4,"name":"Tests","head_branch":"main","head_sha":"acb6","run_number":6,"conclusion":"success","updated_at":"2022-08-20T17:10:00Z","repository":{"name":"shop"}}]}"#,
        expected: &["Update 2022-08-20T17:00:00Z shop v22.8 Unstated"],
    },
    Sample {
        container: Container::Json,
        path: "azure.json",
        text: r#"{"count":3,"value":[{"id":1,"release":{"id":1,"name":"Release-12","artifacts":[{"type":"Build","definitionReference":{"version":{"id":"7","name":"22.8.1"}}}]},"releaseDefinition":{"id":1,"name":"Shop Portal"},"releaseEnvironment":{"id":1,"name":"Production"},"reason":"automated","deploymentStatus":"succeeded","operationStatus":"Approved","queuedOn":"2022-08-20T16:50:00.12Z","startedOn":"2022-08-20T16:55:00Z","completedOn":"2022-08-20T17:00:00.5Z"},{"releaseDefinition":{"name":"Shop Portal"},"releaseEnvironment":{"name":"Production"},"deploymentStatus":"failed","completedOn":"2022-08-20T18:00:00Z"},{"id":2,"name":"Release-13","releaseDefinition":{"name":"Broker"},"environments":[{"name":"Test","status":"succeeded","modifiedOn":"2022-08-20T18:30:00Z"},{"name":"Prod","status":"succeeded","deploySteps":[{"status":"succeeded","lastModifiedOn":"2022-08-20T19:00:00Z"}]}]}]}"#,
        expected: &[
            "Update 2022-08-20T17:00:00.5Z Shop Portal 22.8.1 All; Update 2022-08-20T19:00:00Z Broker Release-13 All",
        ],
    },
    Sample {
        container: Container::Json,
        path: "octopus.json",
        text: r#"{"Projects":[{"Id":"Projects-1","Name":"Shop"}],"Environments":[{"Id":"Environments-1","Name":"Production"}],"Items":[{"Id":"Deployments-1","ProjectId":"Projects-1","EnvironmentId":"Environments-1","ReleaseId":"Releases-1","ReleaseVersion":"22.8.1","Created":"2022-08-20T16:59:00.000+00:00","CompletedTime":"2022-08-20T17:00:00.000+00:00","State":"Success"},{"Id":"Deployments-2","ProjectId":"Projects-1","EnvironmentId":"Environments-1","ReleaseVersion":"22.9","Created":"2022-08-20T18:00:00Z","State":"Failed"},{"Id":"ServerTasks-9","Name":"Deploy","Description":"Deploy Broker release 4.1.0 to Production","State":"Success","StartTime":"2022-08-20T19:00:00Z","CompletedTime":"2022-08-20T19:05:00Z"}]}"#,
        expected: &["Update 2022-08-20T17:00:00Z Shop 22.8.1 All; Update 2022-08-20T19:05:00Z Broker 4.1.0 All"],
    },
    Sample {
        container: Container::Json,
        path: "application.json",
        text: r#"{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","metadata":{"name":"shop"},"status":{"history":[{"id":0,"revision":"5fed","deployedAt":"2022-08-20T17:00:00Z","source":{"repoURL":"https://git.example/ops/shop.git","targetRevision":"v22.8"}},{"id":1,"revision":"5fee","deployedAt":"2022-08-21T17:00:00Z","source":{"targetRevision":"HEAD"}}]}}"#,
        expected: &["Update 2022-08-20T17:00:00Z shop v22.8 Unstated; Update 2022-08-21T17:00:00Z shop 5fee Unstated"],
    },
    Sample {
        container: Container::Json,
        path: "helm.json",
        text: r#"[{"revision":1,"updated":"2022-08-20T19:00:00.123456+02:00","status":"superseded","chart":"shop-portal-1.2.0","app_version":"22.7","description":"Install complete"},{"revision":2,"updated":"2022-08-21T19:00:00+02:00","status":"failed","chart":"shop-portal-1.3.0","app_version":"22.8","description":"Upgrade failed"},{"revision":3,"updated":"2022-08-21T19:10:00+02:00","status":"deployed","chart":"shop-portal-1.2.0","app_version":"22.7","description":"Rollback to 1"}]"#,
        expected: &[
            "Update 2022-08-20T17:00:00.123456Z shop-portal 22.7 Unstated",
            "irrelevant",
            "Rollback 2022-08-21T17:10:00Z shop-portal 22.7 Unstated",
        ],
    },
    Sample {
        container: Container::Table,
        path: "helm.txt",
        text: "REVISION\tUPDATED                 \tSTATUS    \tCHART     \tAPP VERSION\tDESCRIPTION     \n1       \tSat Aug 20 17:00:00 2022\tsuperseded\tshop-1.2.0\t22.7       \tInstall complete\n2       \tSun Aug 21 17:00:00 2022\tdeployed  \tshop-1.3.0\t22.8       \tUpgrade complete",
        expected: &["Update 2022-08-20T17:00:00Z shop 22.7 Unstated", "Update 2022-08-21T17:00:00Z shop 22.8 Unstated"],
    },
    Sample {
        container: Container::Json,
        path: "annotations.json",
        text: r#"[{"id":1,"alertId":0,"dashboardId":4,"time":1661014800000,"timeEnd":1661014800000,"text":"Deployed Shop Portal 22.8.1 to RDS01, RDS02","tags":["deploy"]},{"id":2,"alertId":7,"newState":"alerting","time":1661014860000,"text":"CPU update","tags":[]},{"id":3,"time":1661018400000,"text":"new group policy","tags":["config","service:GPO","host:RDS03"]}]"#,
        expected: &[
            "Update 2022-08-20T17:00:00Z Shop Portal 22.8.1 Hosts([\"RDS01\", \"RDS02\"])",
            "irrelevant",
            "Configuration 2022-08-20T18:00:00Z GPO - Hosts([\"RDS03\"])",
        ],
    },
];
