//! The words that only the page needs: notes under its numbers, and what it had to leave out.

use super::number;
use crate::judge::CauseKind;
use crate::model::Timestamp;

/// Returns `on 6 hosts`.
pub fn on_hosts(n: usize) -> String {
    format!("on {}", number::count(n, "host"))
}

/// Returns `of 17 changes`.
pub fn of_changes(n: usize) -> String {
    format!("of {}", number::count(n, "change"))
}

/// Returns a span with its weekdays; without an end it goes on.
pub fn from_to(start: Timestamp, end: Option<Timestamp>) -> String {
    match end {
        Some(end) => format!("{} to {} UTC", number::weekday(start), number::weekday(end)),
        None => format!("{} UTC to the end of the logs", number::weekday(start)),
    }
}

/// Returns the hosts of a change in words.
pub fn hosts_of(is_known: bool, names: &str) -> String {
    if is_known { names.to_owned() } else { format!("{names} (assumed; no record says which)") }
}

/// Returns a kind of cause as a heading.
pub fn kind(kind: CauseKind) -> &'static str {
    match kind {
        CauseKind::Change => "A change that no file records",
        CauseKind::Capacity => "More people than the hosts can serve",
        CauseKind::Host => "A fault of one host",
        CauseKind::Dependency => "A failure of something that all hosts depend on",
        CauseKind::Credentials => "Passwords and accounts",
        CauseKind::Schedule => "Something that recurs by the clock",
        CauseKind::Unknown => "No known cause",
    }
}

/// What did not find room in the data of a page.
#[derive(Clone, Copy, Debug, Default)]
pub struct LeftOut {
    /// How many failed attempts each one stands for.
    pub weight_failed: usize,
    /// How many other attempts each one stands for.
    pub weight_other: usize,
    /// Changes.
    pub n_changes: usize,
    /// Records whose event is not shown.
    pub n_events: usize,
    /// Whether load is there for all hosts together only.
    pub is_load_summed: bool,
}

/// Returns one sentence for each thing that did not find room, and where it is whole.
pub fn left_out(left_out: &LeftOut) -> Vec<String> {
    let mut said = Vec::new();
    let tables = "all stand in the tables of `--format csv,parquet`";
    if left_out.weight_failed > 1 {
        said.push(format!(
            "Of the attempts that failed every {}th is in this page and counts for as many; {tables}.",
            left_out.weight_failed
        ));
    }
    if left_out.weight_other > 1 {
        said.push(format!(
            "Of the attempts that did not fail every {}th is in this page and counts for as many; {tables}.",
            left_out.weight_other
        ));
    }
    if left_out.n_changes > 0 {
        said.push(rows_left_out(left_out.n_changes, "changes, the least suspected ones,"));
    }
    if left_out.n_events > 0 {
        said.push(format!(
            "{} are named by file and number only: their events did not find room; `causeline events` prints all.",
            number::count(left_out.n_events, "record")
        ));
    }
    if left_out.is_load_summed {
        said.push("Open sessions are in this page for all hosts together only, whatever host is chosen.".to_owned());
    }
    said
}

/// Returns how many rows of a table are not in the page, and where they are.
pub fn rows_left_out(n: usize, what: &str) -> String {
    format!("{} further {what} stand in report.json only.", number::grouped(n))
}
