//! Which fields of a deployment system's export say what was deployed, where and when.
//!
//! Sources: GitHub REST API ("Deployment statuses", "Releases", "Workflow runs"); GitLab API
//! ("Releases", "Pipelines"); Azure DevOps REST API ("Release: Deployments", "Builds", "Environment
//! deployment records"); Octopus Deploy ("Dashboard", "Server tasks", "Deployments"); Argo CD
//! ("Application", `status.history`); Helm (`helm history`, `helm list`); Grafana HTTP API ("Annotations").

use serde_json::{Value, json};

use super::phrase::{add_phrase, version_in};
use super::{Column, Entry, has_word};

/// One kind of export: an object with all of these fields is one; each value is the first that is there.
struct Shape {
    has: &'static [&'static str],
    /// What must say that it went well, where it is there.
    status: &'static [&'static str],
    time: &'static [&'static str],
    component: &'static [&'static str],
    version: &'static [&'static str],
    environment: &'static [&'static str],
    note: &'static [&'static str],
    /// Systems that also build and test: only what is named after a deployment is one.
    must_say_so: bool,
}

const PLAIN: Shape = Shape {
    has: &[],
    status: &[],
    time: &[],
    component: &[],
    version: &[],
    environment: &[],
    note: &[],
    must_say_so: false,
};

/// Every shape, the most particular first.
const SHAPES: &[Shape] = &[
    // GitHub: the status of a deployment, alone or in the body of a webhook.
    Shape {
        has: &["/deployment_status/state", "/deployment/ref"],
        status: &["/deployment_status/state"],
        time: &["/deployment_status/created_at"],
        component: &["/deployment/payload/component", "/repository/name"],
        version: &["/deployment/payload/version", "/deployment/ref"],
        environment: &["/deployment_status/environment", "/deployment/environment"],
        note: &["/deployment_status/description"],
        ..PLAIN
    },
    Shape {
        has: &["/deployment_url", "/state", "/created_at"],
        status: &["/state"],
        time: &["/created_at"],
        component: &["/repository_url", "/deployment_url"],
        environment: &["/environment"],
        note: &["/description"],
        ..PLAIN
    },
    // GitHub: runs of workflows.
    Shape {
        has: &["/head_branch", "/run_number", "/conclusion"],
        status: &["/conclusion"],
        time: &["/updated_at", "/created_at"],
        component: &["/repository/name", "/repository_url", "/url"],
        version: &["/head_branch", "/head_sha"],
        note: &["/name", "/display_title"],
        must_say_so: true,
        ..PLAIN
    },
    // GitHub and GitLab: releases, which are offered to all and deployed by none.
    Shape {
        has: &["/tag_name", "/released_at"],
        time: &["/released_at"],
        component: &["/_links/self", "/name"],
        version: &["/tag_name"],
        note: &["/name"],
        ..PLAIN
    },
    Shape {
        has: &["/tag_name", "/published_at"],
        time: &["/published_at"],
        component: &["/url", "/html_url", "/name"],
        version: &["/tag_name"],
        note: &["/name"],
        ..PLAIN
    },
    Shape {
        has: &["/tagName", "/publishedAt"],
        time: &["/publishedAt"],
        component: &["/url", "/name"],
        version: &["/tagName"],
        note: &["/name"],
        ..PLAIN
    },
    // GitLab: pipelines.
    Shape {
        has: &["/iid", "/ref", "/sha", "/status", "/web_url", "/source"],
        status: &["/status"],
        time: &["/finished_at", "/updated_at"],
        component: &["/project/name", "/web_url"],
        version: &["/ref", "/sha"],
        note: &["/name", "/ref"],
        must_say_so: true,
        ..PLAIN
    },
    // Azure DevOps: deployments of classic releases, of environments, builds.
    Shape {
        has: &["/releaseDefinition", "/deploymentStatus"],
        status: &["/deploymentStatus"],
        time: &["/completedOn", "/lastModifiedOn", "/startedOn"],
        component: &["/releaseDefinition/name"],
        version: &["/release/artifacts/0/definitionReference/version/name", "/release/name"],
        environment: &["/releaseEnvironment/name"],
        note: &["/release/name"],
        ..PLAIN
    },
    Shape {
        has: &["/environmentId", "/finishTime", "/result"],
        status: &["/result"],
        time: &["/finishTime"],
        component: &["/definition/name"],
        version: &["/owner/name"],
        environment: &["/environment/name", "/stageName"],
        note: &["/jobName"],
        ..PLAIN
    },
    Shape {
        has: &["/buildNumber", "/definition", "/result", "/finishTime"],
        status: &["/result"],
        time: &["/finishTime"],
        component: &["/definition/name"],
        version: &["/buildNumber"],
        note: &["/definition/name", "/sourceBranch"],
        must_say_so: true,
        ..PLAIN
    },
    // Octopus: items of the dashboard and rows of the history, whose names stand beside the list.
    Shape {
        has: &["/ProjectId", "/EnvironmentId"],
        status: &["/State", "/TaskState", "/Task/State"],
        time: &["/CompletedTime", "/Task/CompletedTime", "/Created"],
        component: &["/ProjectName", "/ProjectId"],
        version: &["/ReleaseVersion", "/ReleaseId"],
        environment: &["/EnvironmentName", "/EnvironmentId"],
        note: &["/Comments", "/Name"],
        ..PLAIN
    },
    // Helm: the history of a release.
    Shape {
        has: &["/revision", "/updated", "/status", "/chart"],
        status: &["/status"],
        time: &["/updated"],
        component: &["/chart"],
        version: &["/app_version", "/chart"],
        note: &["/description"],
        ..PLAIN
    },
    // Argo CD: one entry of a history, with the application's name put in.
    Shape {
        has: &["/deployedAt", "/revision"],
        time: &["/deployedAt"],
        component: &["/application", "/source/chart", "/source/repoURL"],
        version: &["/source/targetRevision", "/revision"],
        note: &["/revision"],
        ..PLAIN
    },
];

/// What one object of an export tells.
#[derive(Debug)]
pub enum Told {
    /// Something was deployed.
    Done(Entry),
    /// Nothing was: it failed, it waits, or it was something else.
    Nothing,
}

/// Reads one object; `None` if it is of no known export.
pub fn told(value: &Value) -> Option<Vec<Told>> {
    if let Some(history) = value.pointer("/status/history").and_then(Value::as_array) {
        let name = value.pointer("/metadata/name").cloned().unwrap_or_default();
        let one = |item: &Value| {
            let mut item = item.clone();
            if let Value::Object(fields) = &mut item {
                fields.insert("application".to_owned(), name.clone());
            }
            one(&item).unwrap_or(Told::Nothing)
        };
        return Some(history.iter().map(one).collect());
    }
    if let Some(environments) = value.pointer("/environments").and_then(Value::as_array)
        && value.pointer("/releaseDefinition/name").is_some()
    {
        return Some(environments.iter().map(|environment| of_release(value, environment)).collect());
    }
    one(value).map(|told| vec![told])
}

/// Azure DevOps: one environment of a classic release, as the deployment that it is.
fn of_release(release: &Value, environment: &Value) -> Told {
    let last = environment.pointer("/deploySteps").and_then(Value::as_array).and_then(|steps| steps.last());
    let time = last.and_then(|step| step.get("lastModifiedOn")).or_else(|| environment.get("modifiedOn"));
    let deployment = json!({
        "releaseDefinition": release.get("releaseDefinition"),
        "release": {"name": release.get("name"), "artifacts": release.get("artifacts")},
        "releaseEnvironment": {"name": environment.get("name")},
        "deploymentStatus": environment.get("status"),
        "completedOn": time,
    });
    one(&deployment).unwrap_or(Told::Nothing)
}

fn one(value: &Value) -> Option<Told> {
    if let Some(told) = annotation(value).or_else(|| task(value)) {
        return Some(told);
    }
    let shape = SHAPES.iter().find(|shape| shape.has.iter().all(|field| value.pointer(field).is_some()))?;
    let first = |fields: &[&str]| fields.iter().find_map(|field| value.pointer(field).and_then(text));
    let is_set = |field: &str| value.get(field).and_then(Value::as_bool) == Some(true);
    let went_well = shape.status.iter().all(|field| value.pointer(field).is_none_or(|status| is_done(status.as_str())));
    let is_open = ["draft", "prerelease", "isDraft", "isPrerelease", "upcoming_release"].iter().any(|own| is_set(own));
    let names: Vec<String> = shape.note.iter().filter_map(|field| value.pointer(field).and_then(text)).collect();
    let says_so = names.iter().any(|name| has_word(name, &["deploy", "release", "rollout", "publish", "ausroll"]));
    if !went_well || is_open || (shape.must_say_so && !says_so) {
        return Some(Told::Nothing);
    }
    let note = names.first().map_or("", String::as_str);
    let mut entry = Entry::default();
    if let Some(words) = [note, &first(&["/status"]).unwrap_or_default()]
        .into_iter()
        .find(|words| has_word(words, &["rollback", "rolled back", "roll back", "revert", "uninstall"]))
    {
        entry.add("kind", words);
    }
    entry.add("time", &first(shape.time).unwrap_or_default());
    let component = first(shape.component).unwrap_or_default();
    let is_chart = shape.has.contains(&"/chart");
    let (chart, chart_version) = chart(&component);
    entry.add("component", if is_chart { chart } else { last_of_address(&component) });
    let versions = shape.version.iter().filter_map(|field| value.pointer(field).and_then(text));
    let mut versions: Vec<String> = versions.map(|version| last_of_path(&version).to_owned()).collect();
    if is_chart {
        versions.retain(|version| version != &component);
        versions.extend(chart_version.map(str::to_owned));
    }
    // `HEAD` follows whatever is there; a branch is a version only where nothing better is there.
    versions.retain(|version| version != "HEAD");
    let version = versions
        .iter()
        .find(|version| version_in(version).is_some())
        .or_else(|| if shape.must_say_so { versions.last() } else { versions.first() });
    if let Some(version) = version {
        entry.add("version", version);
    }
    entry.add("environment", &first(shape.environment).unwrap_or_default());
    entry.add("note", note);
    Some(Told::Done(entry))
}

/// Grafana: a mark that people or scripts set; those of alerts are none.
fn annotation(value: &Value) -> Option<Told> {
    let said = value.get("text").and_then(Value::as_str)?;
    let tags = value.get("tags")?.as_array()?;
    let time = value.get("time").and_then(Value::as_i64)?;
    // A line of a log may have all three; it has a level or message, too.
    if ["level", "severity", "message", "msg"].iter().any(|key| value.get(key).is_some()) {
        return None;
    }
    let of_alert = ["alertId", "newState"].iter().any(|key| {
        value
            .get(key)
            .is_some_and(|own| own.as_i64().is_some_and(|id| id != 0) || own.as_str().is_some_and(|s| !s.is_empty()))
    });
    let mut entry = Entry::default();
    let tags: Vec<&str> = tags.iter().filter_map(Value::as_str).collect();
    // `service:shop`, `host=RDS01`: a tag that names its meaning is surer than the sentence.
    for (name, own) in tags.iter().filter_map(|tag| tag.split_once([':', '='])) {
        entry.add(name, own);
    }
    let by_text = add_phrase(&mut entry, said);
    let tag = tags.iter().find(|tag| super::kind_of(tag).is_some());
    if of_alert || !(by_text || tag.is_some()) {
        return Some(Told::Nothing);
    }
    entry.add("kind", tag.copied().unwrap_or_default());
    if entry.get(Column::Component).is_none() {
        entry.add("component", said.lines().next().unwrap_or(""));
    }
    entry.add("time", &time.to_string());
    entry.add("note", said);
    Some(Told::Done(entry))
}

/// Octopus: a task of the server, whose description says what it deployed.
fn task(value: &Value) -> Option<Told> {
    let said = value.get("Description").and_then(Value::as_str)?;
    let state = value.get("State")?.as_str();
    let time = value.get("CompletedTime").or_else(|| value.get("StartTime"))?;
    let mut entry = Entry::default();
    let is_deployment = has_word(said, &["deploy"]) && add_phrase(&mut entry, said);
    if !is_deployment || !is_done(state) {
        return Some(Told::Nothing);
    }
    entry.add("time", &text(time).unwrap_or_default());
    entry.add("note", said);
    Some(Told::Done(entry))
}

/// The text of a value; `None` for what is empty or no text.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Whether a status is one of those that the systems give to what was done.
fn is_done(status: Option<&str>) -> bool {
    let status = status.unwrap_or("").to_lowercase();
    matches!(
        status.as_str(),
        "success"
            | "succeeded"
            | "partiallysucceeded"
            | "succeededwithissues"
            | "successful"
            | "deployed"
            | "superseded"
            | "uninstalled"
            | "active"
            | "inactive"
            | "finished"
            | "completed"
    )
}

/// The name in an address: `https://…/repos/ops/shop/deployments/1` and `…/ops/shop/-/releases/v1` are `shop`.
fn last_of_address(name: &str) -> &str {
    let Some((_, rest)) = name.split_once("://") else { return name };
    let path = rest.split_once("/repos/").map_or(rest, |(_, path)| path);
    if path.len() < rest.len() {
        return path.split('/').nth(1).unwrap_or(path);
    }
    let end = ["/-/", "/pipelines/", "/releases/", "/actions/"].iter().filter_map(|mark| rest.find(mark)).min();
    let name = end.map_or(rest, |end| &rest[..end]).trim_end_matches('/');
    let last = name.rsplit('/').next().unwrap_or(name);
    last.strip_suffix(".git").unwrap_or(last)
}

/// `refs/tags/v1` is `v1`.
fn last_of_path(version: &str) -> &str {
    version.rsplit('/').next().unwrap_or(version)
}

/// `shop-portal-22.8.1-rc.1`: the chart and its version.
fn chart(name: &str) -> (&str, Option<&str>) {
    let at = name.match_indices('-').map(|(at, _)| at).find(|at| version_in(&name[at + 1..]).is_some());
    at.map_or((name, None), |at| (&name[..at], Some(&name[at + 1..])))
}

/// Puts the names that stand beside a list in the place of the ids within it (Octopus).
pub fn resolved(document: &Value, item: &Value) -> Value {
    let mut item = item.clone();
    let lists = [
        ("Projects", "ProjectId", "ProjectName", "Name"),
        ("Environments", "EnvironmentId", "EnvironmentName", "Name"),
        ("Releases", "ReleaseId", "ReleaseVersion", "Version"),
    ];
    for (list, id, name, own) in lists {
        let found = document.get(list).and_then(Value::as_array).and_then(|all| {
            all.iter()
                .find(|one| one.get("Id").is_some() && one.get("Id") == item.get(id))
                .and_then(|one| one.get(own))
                .cloned()
        });
        if let (Some(found), Value::Object(fields)) = (found, &mut item) {
            fields.entry(name).or_insert(found);
        }
    }
    item
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_addresses_and_charts() {
        assert_eq!(last_of_address("https://api.github.example/repos/ops/shop/deployments/1"), "shop");
        assert_eq!(last_of_address("https://gitlab.example/ops/shop/-/releases/v1"), "shop");
        assert_eq!(last_of_address("https://git.example/ops/shop.git"), "shop");
        assert_eq!(last_of_address("Shop / Portal"), "Shop / Portal");
        assert_eq!(chart("shop-portal-22.8.1-rc.1"), ("shop-portal", Some("22.8.1-rc.1")));
        assert_eq!(chart("shop"), ("shop", None));
    }

    proptest::proptest! {
        #[test]
        fn any_values_in_known_fields_are_survived(text in "\\PC{0,30}", number in proptest::prelude::any::<i64>()) {
            for shape in SHAPES {
                let mut fields = serde_json::Map::new();
                for field in shape.has.iter().chain(shape.time).chain(shape.component) {
                    let name = field[1..].split('/').next().unwrap_or("").to_owned();
                    fields.insert(name, if number % 2 == 0 { json!(text) } else { json!(number) });
                }
                let _ = told(&Value::Object(fields));
            }
            let _ = told(&json!({"text": text, "tags": [text], "time": number}));
        }
    }
}
