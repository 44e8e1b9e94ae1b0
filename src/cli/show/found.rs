//! Finds in a report what an id names.

use causeline::Error;
use causeline::model::Position;
use serde_json::Value;

use super::Spot;
use crate::cli::written::{list, text};

/// What an id names.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What it is.
    pub(super) heading: Vec<String>,
    /// What is said of it, each with the records behind.
    pub(super) parts: Vec<Part>,
}

/// One statement and its records.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) title: String,
    pub(super) spots: Vec<Spot>,
}

/// Finds an incident, a change, a piece of evidence (`inc-1/evidence/3`), a kind of defect, or a record
/// (`PATH#12`, `PATH#L12`, `PATH#@12`).
pub(super) fn find(report: &Value, id: &str) -> Result<Found, Error> {
    let named = |key: &str| list(report, key).iter().find(|one| one["id"] == id);
    if let Some(incident) = named("incidents") {
        return Ok(of_incident(report, incident));
    }
    if let Some(change) = named("changes") {
        return Ok(of_change(report, change));
    }
    if let Some(found) = evidence(report, id) {
        return Ok(found);
    }
    if let Some(defect) = list(report, "diagnostics").iter().find(|one| one["code"] == id) {
        return Ok(of_defect(defect));
    }
    if let Some(spot) = spot_of(id) {
        return Ok(of_spot(report, spot));
    }
    Err(Error::Setting { what: format!("`{id}`"), detail: format!("the report holds {}", known(report)) })
}

/// The ids that there are, shortened.
fn known(report: &Value) -> String {
    let mut all = Vec::new();
    for (key, name) in [("incidents", "id"), ("changes", "id"), ("diagnostics", "code")] {
        let ids: Vec<&str> = list(report, key).iter().map(|one| text(one, name)).collect();
        match ids.as_slice() {
            [] => {}
            [first] => all.push((*first).to_owned()),
            [first, .., last] if key != "diagnostics" => all.push(format!("{first} to {last}")),
            some => all.push(some.join(", ")),
        }
    }
    all.push("records as PATH#NUMBER".to_owned());
    all.join(", ")
}

fn of_incident(report: &Value, incident: &Value) -> Found {
    let id = text(incident, "id");
    let end = incident["ended_at"].as_str().unwrap_or("the end of the logs");
    let heading = vec![
        format!("{id}: {}", text(incident, "title")),
        format!("from {} to {end}, first case {}", text(incident, "started_at"), text(incident, "first_case_at")),
        format!(
            "{} of {} attempts failed, {} users",
            incident["n_failures"], incident["n_attempts"], incident["n_users"]
        ),
    ];
    let parts = list(incident, "evidence").iter().enumerate().map(|(place, item)| part(report, id, place, item));
    Found { heading, parts: parts.collect() }
}

/// Evidence is counted from 1.
fn part(report: &Value, incident: &str, place: usize, item: &Value) -> Part {
    let about = item["for"].as_str().map_or_else(|| text(item, "cause").to_owned(), |id| change_name(report, id));
    let title = format!(
        "{incident}/evidence/{} {} on {about}, weight {}\n  {}",
        place + 1,
        text(item, "kind"),
        item["weight"],
        text(item, "statement")
    );
    Part { title, spots: spots(item, "records") }
}

fn evidence(report: &Value, id: &str) -> Option<Found> {
    let (incident, number) = id.split_once("/evidence/")?;
    let place = number.parse::<usize>().ok()?.checked_sub(1)?;
    let incident = list(report, "incidents").iter().find(|one| one["id"] == incident)?;
    let item = list(incident, "evidence").get(place)?;
    let mut part = part(report, text(incident, "id"), place, item);
    let heading = std::mem::take(&mut part.title);
    let numbers = item["numbers"].as_object().into_iter().flatten().map(|(name, quantity)| {
        let bounds = match (&quantity["lower"], &quantity["upper"]) {
            (lower, upper) if *lower == quantity["value"] && *upper == quantity["value"] => String::new(),
            (lower, upper) => format!(" ({lower} to {upper})"),
        };
        format!("  {name}: {}{bounds} {}", quantity["value"], text(quantity, "unit"))
    });
    let heading = std::iter::once(heading).chain(numbers).collect();
    Some(Found { heading, parts: vec![Part { title: "Records".to_owned(), ..part }] })
}

fn change_name(report: &Value, id: &str) -> String {
    let change = list(report, "changes").iter().find(|one| one["id"] == id);
    let name = change.map(|change| format!("{id} {} {}", text(change, "component"), text(change, "version")));
    name.map_or_else(|| id.to_owned(), |name| name.trim_end().to_owned())
}

fn of_change(report: &Value, change: &Value) -> Found {
    let mut heading = vec![format!("{}: {}", change_name(report, text(change, "id")), text(change, "kind"))];
    for host in list(change, "hosts") {
        heading.push(format!(
            "  {} at {}, in force at {}",
            text(host, "host.name"),
            text(host, "at"),
            text(host, "in_force_at")
        ));
    }
    for said in list(change, "verdicts") {
        let incident = said["incident"].as_str().map(|id| format!(" of {id}")).unwrap_or_default();
        heading.push(format!("{}{incident}, probability {}", text(said, "verdict"), said["probability"]));
        for reason in list(said, "reasons").iter().filter_map(Value::as_str) {
            heading.push(format!("  {reason}"));
        }
    }
    let mut parts = vec![Part { title: "Stated by".to_owned(), spots: spots(change, "stated_by") }];
    for incident in list(report, "incidents") {
        for (place, item) in
            list(incident, "evidence").iter().enumerate().filter(|(_, item)| item["for"] == change["id"])
        {
            parts.push(part(report, text(incident, "id"), place, item));
        }
    }
    Found { heading, parts }
}

fn of_defect(defect: &Value) -> Found {
    let heading =
        vec![format!("{}: {} times in {} sources", text(defect, "code"), defect["count"], defect["n_sources"])];
    let first = spot(&defect["first"]).into_iter().collect();
    Found { heading, parts: vec![Part { title: format!("First: {}", text(defect, "detail")), spots: first }] }
}

/// A record, and what rests on it.
fn of_spot(report: &Value, spot: Spot) -> Found {
    let mut heading = vec![spot.in_words()];
    let mut rests = Vec::new();
    for incident in list(report, "incidents") {
        for (place, item) in list(incident, "evidence").iter().enumerate() {
            if spots(item, "records").contains(&spot) {
                rests.push(format!("  {}/evidence/{}: {}", text(incident, "id"), place + 1, text(item, "statement")));
            }
        }
    }
    for change in list(report, "changes").iter().filter(|change| spots(change, "stated_by").contains(&spot)) {
        rests.push(format!("  {}", change_name(report, text(change, "id"))));
    }
    heading.push(if rests.is_empty() {
        "Nothing in the report names it.".to_owned()
    } else {
        "What rests on it:".to_owned()
    });
    heading.extend(rests);
    Found { heading, parts: vec![Part { title: "Record".to_owned(), spots: vec![spot] }] }
}

fn spots(of: &Value, key: &str) -> Vec<Spot> {
    list(of, key).iter().filter_map(spot).collect()
}

fn spot(place: &Value) -> Option<Spot> {
    let path = place["log.file.path"].as_str()?.to_owned();
    let number = |key: &str| place[key].as_u64();
    let position = number("record")
        .map(Position::Record)
        .or_else(|| number("line").map(Position::Line))
        .or_else(|| number("offset").map(Position::Offset));
    Some(Spot { path, position })
}

/// The spelling of the tables: `PATH#12`, `PATH#L12`, `PATH#@12`.
fn spot_of(id: &str) -> Option<Spot> {
    let (path, number) = id.rsplit_once('#')?;
    let position = if let Some(line) = number.strip_prefix('L') {
        Position::Line(line.parse().ok()?)
    } else if let Some(offset) = number.strip_prefix('@') {
        Position::Offset(offset.parse().ok()?)
    } else {
        Position::Record(number.parse().ok()?)
    };
    (!path.is_empty()).then(|| Spot { path: path.to_owned(), position: Some(position) })
}
