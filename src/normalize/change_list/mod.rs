//! What the entries of a change list mean, whatever the list is written in.
//!
//! In: named values of one entry. Out: a [`ChangeRecord`], or why it is none.
//!
//! Invariant: an entry that says that nothing was done (failed, planned, cancelled, another environment)
//! is no change.

mod column;
pub mod export;
mod host;
mod phrase;

pub use column::{Column, column_of};
pub use host::scope_of;
pub use phrase::{add_phrase, version_in};

use crate::diagnostic::Code;
use crate::model::{ChangeKind, ChangeRecord, HostScope, Timestamp, Trust, Witness};

use super::clock::{Civil, DateOrder, Stamp, ZoneRule, day_ticks, stamp};
use super::format::{Context, LineOutcome};

/// The component of every restart, so that lists and logs speak of the same.
pub const RESTART: &str = "Operating system restart";

/// One entry of a list, with the values that matter.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    values: Vec<(Column, String, String)>,
}

impl Entry {
    /// Whether any status says that nothing was done: a list may have a state and a result.
    fn is_not_done(&self) -> bool {
        self.values.iter().any(|(own, _, value)| *own == Column::Status && is_not_done(value))
    }

    /// Takes over a value if its name is one that matters.
    pub fn add(&mut self, name: &str, value: &str) {
        if let Some(column) = column_of(name)
            && !value.trim().is_empty()
        {
            self.values.push((column, name.to_owned(), value.trim().to_owned()));
        }
    }

    /// The first value of that meaning.
    pub fn get(&self, column: Column) -> Option<&str> {
        self.values.iter().find(|(own, _, _)| *own == column).map(|(_, _, value)| value.as_str())
    }

    fn name_of(&self, column: Column) -> Option<&str> {
        self.values.iter().find(|(own, _, _)| *own == column).map(|(_, name, _)| name.as_str())
    }
}

/// Whether names of columns make a change list: a time and a component, and a version, kind or hosts.
///
/// Tables of log lines also have a time and a component; they have a message or a level, too.
pub fn is_change_list<'a>(names: impl Iterator<Item = &'a str>) -> bool {
    let mut has = std::collections::BTreeSet::new();
    for name in names {
        let bare = column::bare(name);
        let of_log =
            ["content", "message", "level", "severity", "eventid", "eventtemplate", "pid", "threadid", "counter"];
        if of_log.contains(&bare.as_str()) {
            return false;
        }
        has.extend(column_of(name));
    }
    let timed = has.contains(&Column::Time) || has.contains(&Column::Date);
    timed
        && has.contains(&Column::Component)
        && [Column::Version, Column::Kind, Column::Hosts, Column::Environment].iter().any(|more| has.contains(more))
}

/// Says what an entry comes to.
pub fn understand(entry: &Entry, order: DateOrder, context: &mut Context<'_>) -> LineOutcome {
    let is_elsewhere = |place: &str| is_elsewhere(place) && !names_hosts(place);
    let places = [Column::Hosts, Column::Environment];
    if entry.is_not_done() || places.iter().any(|place| entry.get(*place).is_some_and(is_elsewhere)) {
        return LineOutcome::Irrelevant(None);
    }
    let Some((at, time_trust)) = time(entry, order, context) else {
        return LineOutcome::Damaged(Code::ChangeIncomplete, "an entry without time");
    };
    let words = entry.get(Column::Kind).unwrap_or("");
    let named = entry.get(Column::Component).or_else(|| entry.get(Column::Note));
    let Some(named) = named.or(Some(words).filter(|words| !words.is_empty())) else {
        return LineOutcome::Damaged(Code::ChangeIncomplete, "an entry without component");
    };
    let kind =
        kind_of(words).or_else(|| is_restart(named).then_some(ChangeKind::Restart)).unwrap_or(ChangeKind::Update);
    let (component, version) = match kind {
        ChangeKind::Restart => (RESTART.to_owned(), None),
        _ => (named.to_owned(), entry.get(Column::Version).filter(|version| !matches!(*version, "-" | "n/a"))),
    };
    let scope = match (entry.get(Column::Hosts), entry.get(Column::Environment)) {
        (Some(hosts), _) => scope_of(hosts, context.names),
        // `environment: RDS01, RDS02`: some lists name hosts there.
        (None, Some(environment)) if names_hosts(environment) => scope_of(environment, context.names),
        (None, Some(_)) => HostScope::All,
        (None, None) => HostScope::Unstated,
    };
    let change = ChangeRecord {
        at,
        time_trust,
        component: context.names.intern(&component),
        version: version.map(|version| context.names.intern(version)),
        kind,
        scope,
        witness: Witness::Stated,
        needs_restart: false,
        note: entry.get(Column::Note).map(|note| context.message(note)),
        provenance: context.provenance,
    };
    LineOutcome::Change(vec![change])
}

/// The instant: from one column or from date and time, in the zone that the entry, the column's name
/// (`timestamp_utc`) or the source states. A day without time is its first moment, which is guessed: the
/// earliest reading, so that no failure of that day acquits the change.
fn time(entry: &Entry, order: DateOrder, context: &mut Context<'_>) -> Option<(Timestamp, Trust)> {
    let found = match (entry.get(Column::Date), entry.get(Column::Time)) {
        (Some(date), Some(time)) => {
            let (day, _) = stamp(date, order)?;
            match day_ticks(time) {
                Some((ticks, _)) if !day.has_time => Stamp { civil: Civil(day.civil.0 + ticks), has_time: true, ..day },
                _ => day,
            }
        }
        (Some(text), None) | (None, Some(text)) => instant_or_stamp(text, order)?,
        (None, None) => return None,
    };
    let column = entry.name_of(Column::Time).or_else(|| entry.name_of(Column::Date)).unwrap_or("");
    let zone = entry.get(Column::Zone).and_then(ZoneRule::named);
    let in_name = column::bare(column).ends_with("utc") || column::bare(column).ends_with("gmt");
    let (at, trust) = if found.offset_s.is_some() {
        context.clock.instant(found)
    } else if let Some(rule) = zone {
        let mut clock = super::clock::Clock::new(rule, Trust::Stated);
        context.clock.n_stated += 1;
        clock.local(found.civil)
    } else if in_name {
        context.clock.instant(Stamp { offset_s: Some(0), ..found })
    } else {
        context.clock.local(found.civil)
    };
    Some((at, if found.has_time { trust } else { Trust::Guessed }))
}

/// Reads a stamp, or seconds or milliseconds since 1970.
fn instant_or_stamp(text: &str, order: DateOrder) -> Option<Stamp> {
    if let Some((found, _)) = stamp(text, order).filter(|(found, _)| found.has_year) {
        return Some(found);
    }
    let number: i64 = text.parse().ok()?;
    let ticks = match number {
        946_684_800..4_102_444_800 => number * 10_000_000,
        946_684_800_000..4_102_444_800_000 => number * 10_000,
        _ => return None,
    };
    Some(Stamp::utc(Civil(ticks)))
}

pub(super) fn has_word(text: &str, words: &[&str]) -> bool {
    let lower = text.to_lowercase();
    words.iter().any(|word| lower.contains(word))
}

fn is_not_done(status: &str) -> bool {
    has_word(
        status,
        &[
            "fail",
            "error",
            "cancel",
            "abort",
            "pending",
            "queued",
            "planned",
            "scheduled",
            "progress",
            "skipped",
            "rejected",
            "inactive",
            "waiting",
            "fehl",
            "geplant",
            "abgebrochen",
            "\u{e9}chec",
            "pr\u{e9}vu",
            "annul",
            "unsuccess",
            "backed out",
            "draft",
            "to do",
            "todo",
            "blocked",
            "timeout",
            "timed out",
            "not started",
            "declined",
            "denied",
        ],
    ) || ["new", "open", "assess", "authorize", "running", "offen", "ouvert", "no"]
        .contains(&status.trim().to_lowercase().as_str())
}

/// Whether each part of a text is a computer by its looks: letters first, a number last (`RDS01`).
fn names_hosts(text: &str) -> bool {
    let mut parts = text.split([',', ';', ' ', '|', '/']).filter(|part| !part.is_empty()).peekable();
    let is_host = |part: &str| {
        let lower = part.to_lowercase();
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.split('.').next().unwrap_or(part).ends_with(|c: char| c.is_ascii_digit())
            && !["prod", "live", "dev", "test", "stag", "qa", "uat", "int", "env", "kb"]
                .iter()
                .any(|word| lower.starts_with(word))
    };
    parts.peek().is_some() && parts.all(is_host)
}

/// Whether an environment is one that people do not work in.
fn is_elsewhere(environment: &str) -> bool {
    let lower = environment.to_lowercase();
    lower.split(|c: char| !c.is_alphanumeric()).any(|word| {
        matches!(
            word,
            "test"
                | "testing"
                | "dev"
                | "development"
                | "staging"
                | "stage"
                | "qa"
                | "uat"
                | "int"
                | "integration"
                | "sandbox"
                | "preview"
        )
    })
}

fn is_restart(text: &str) -> bool {
    let lower = text.trim().to_lowercase();
    ["restart", "reboot", "neustart", "red\u{e9}marrage", "riavvio"].iter().any(|word| {
        lower == *word
            || lower == format!("{word}s")
            || lower == format!("server {word}")
            || lower == format!("host {word}")
            || lower == format!("operating system {word}")
    })
}

/// The kind by the words that people use; `None` where they do not tell.
pub(super) fn kind_of(words: &str) -> Option<ChangeKind> {
    let kinds: &[(&[&str], ChangeKind)] = &[
        (&["rollback", "roll back", "rolled back", "revert", "downgrade", "zur\u{fc}ck"], ChangeKind::Rollback),
        (
            &[
                "redeploy",
                "re-deploy",
                "deployed again",
                "deploy again",
                "reinstall",
                "re-install",
                "erneut",
                "red\u{e9}ploi",
            ],
            ChangeKind::Redeploy,
        ),
        (&["uninstall", "remov", "deinstall", "delete", "entfern", "supprim", "d\u{e9}sinstall"], ChangeKind::Remove),
        (&["restart", "reboot", "neustart", "red\u{e9}marr"], ChangeKind::Restart),
        (
            &["config", "setting", "policy", "gpo", "certificate", "zertifikat", "konfig", "einstellung", "param"],
            ChangeKind::Configuration,
        ),
        (
            &[
                "update",
                "upgrade",
                "patch",
                "hotfix",
                "fix",
                "aktualis",
                "mise \u{e0} jour",
                "rollout",
                "deploy",
                "release",
            ],
            ChangeKind::Update,
        ),
        (&["install", "new", "neu"], ChangeKind::Install),
    ];
    kinds.iter().find(|(own, _)| has_word(words, own)).map(|(_, kind)| *kind)
}

impl ChangeKind {
    /// A word that [`kind_of`] reads back.
    fn word(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Update => "update",
            Self::Remove => "remove",
            Self::Rollback => "rollback",
            Self::Redeploy => "deploy again",
            Self::Configuration => "configuration",
            Self::Restart => "restart",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_log_lines_are_no_change_lists() {
        let names = |text: &'static str| text.split(',');
        assert!(is_change_list(names("time,component,version,hosts,action,note")));
        assert!(is_change_list(names("when,zone,hosts,what,version,kind,who")));
        assert!(is_change_list(names("Datum,Uhrzeit,Komponente,Version,Server")));
        assert!(!is_change_list(names("LineId,Date,Time,Level,Node,Component,Id,Content,EventId,EventTemplate")));
        assert!(!is_change_list(names("time,host,value")));
    }

    #[test]
    fn kinds_are_read_from_words() {
        for (words, kind) in [
            ("hotfix", Some(ChangeKind::Update)),
            ("Rollout", Some(ChangeKind::Update)),
            ("install", Some(ChangeKind::Install)),
            ("uninstalled", Some(ChangeKind::Remove)),
            ("config", Some(ChangeKind::Configuration)),
            ("Neustart", Some(ChangeKind::Restart)),
            ("rollback", Some(ChangeKind::Rollback)),
            ("re-deploy", Some(ChangeKind::Redeploy)),
            ("", None),
        ] {
            assert_eq!(kind_of(words), kind, "{words}");
        }
        assert!(is_restart("Server restart") && !is_restart("Restart service patch"));
    }
}
