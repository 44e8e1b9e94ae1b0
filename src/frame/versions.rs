//! Which host had which version of which component when, and where hosts differed.

use std::collections::{BTreeMap, BTreeSet};

use super::component::{Key, version_key};
use super::coverage::{Shows, Sight};
use super::tables::{Change, Difference, VersionSpan};
use crate::model::{ChangeKind, Name, Timestamp};

/// Hosts that differ for less than this many seconds are one rollout, which takes an evening or a night, and no
/// state of affairs. See [`differences`].
const LASTING_S: f64 = 12.0 * 3_600.0;

/// A host's version of one component from an instant on; `None` for none that is known.
type Step<'a> = (Timestamp, Option<&'a Name>);

/// Returns the versions by component, host and time, from the time in force of each change on.
///
/// Before its first change a host has a version that no log shows, `None`; so has a session host that shows
/// installations and none of this component. What comes every few days by itself is left out.
pub(super) fn versions(changes: &[Change], hosts: &[Name], sight: &Sight) -> Vec<VersionSpan> {
    let mut components: BTreeMap<String, (&Name, BTreeMap<&Name, Vec<Step<'_>>>)> = BTreeMap::new();
    let is_versioned = |change: &&Change| {
        let has_version = change.version.is_some() || change.kind == ChangeKind::Remove;
        has_version && !change.is_routine && change.kind != ChangeKind::Restart
    };
    for change in changes.iter().filter(is_versioned) {
        let key = Key::new(&change.component, change.version.as_deref()).text();
        let (_, by_host) = components.entry(key).or_insert((&change.component, BTreeMap::new()));
        let version = change.version.as_ref().filter(|_| change.kind != ChangeKind::Remove);
        for host in &change.hosts {
            by_host.entry(&host.host).or_default().push((host.in_force_at, version));
        }
    }
    let watched: Vec<&Name> = hosts.iter().filter(|host| sight.knows(host, Shows::Install)).collect();
    let mut rows = Vec::new();
    for (component, mut by_host) in components.into_values().filter(|(_, by_host)| has_version(by_host)) {
        for host in &watched {
            by_host.entry(host).or_default();
        }
        for (host, steps) in by_host {
            rows.extend(spans(component, host, steps));
        }
    }
    rows
}

/// Whether any version is known: of what was only removed there is nothing to tell.
fn has_version(by_host: &BTreeMap<&Name, Vec<Step<'_>>>) -> bool {
    by_host.values().flatten().any(|(_, version)| version.is_some())
}

/// The spans of one host, by time, without those of no length.
fn spans(component: &Name, host: &Name, mut steps: Vec<Step<'_>>) -> Vec<VersionSpan> {
    steps.sort_by_key(|step| step.0); // stable: of two at one instant the later change wins
    let row = |version: Option<&Name>, from: Option<Timestamp>| VersionSpan {
        component: component.clone(),
        host: host.clone(),
        version: version.cloned(),
        from,
        to: None,
    };
    let mut rows = vec![row(None, None)];
    for (at, version) in steps {
        if let Some(last) = rows.last_mut() {
            if is_same(last.version.as_ref(), version) {
                continue;
            }
            last.to = Some(at);
        }
        rows.push(row(version, Some(at)));
    }
    rows.retain(|row| row.from.is_none() || row.from != row.to);
    rows
}

fn is_same(one: Option<&Name>, other: Option<&Name>) -> bool {
    one.map(|version| version_key(version)) == other.map(|version| version_key(version))
}

/// Returns, for each component on which hosts differ at that instant, the version of each host.
pub fn differing(versions: &[VersionSpan], at: Timestamp) -> BTreeMap<&Name, BTreeMap<&Name, Option<&Name>>> {
    let mut components: BTreeMap<&Name, BTreeMap<&Name, Option<&Name>>> = BTreeMap::new();
    for span in versions {
        if span.from.is_none_or(|from| from <= at) && span.to.is_none_or(|to| at < to) {
            components.entry(&span.component).or_default().insert(&span.host, span.version.as_ref());
        }
    }
    components.retain(|_, hosts| differ(hosts.values().copied()));
    components
}

fn differ<'a>(versions: impl Iterator<Item = Option<&'a Name>>) -> bool {
    versions.map(|version| version.map(|version| version_key(version))).collect::<BTreeSet<_>>().len() > 1
}

/// Returns when hosts differed in a component for half a day or longer, by component and time.
pub fn differences(versions: &[VersionSpan]) -> Vec<Difference> {
    let mut components: BTreeMap<&Name, Vec<&VersionSpan>> = BTreeMap::new();
    for span in versions {
        components.entry(&span.component).or_default().push(span);
    }
    let mut found = Vec::new();
    for (component, mut spans) in components {
        spans.sort_by_key(|span| (span.from, &span.host));
        let mut state: BTreeMap<&Name, Option<&Name>> = BTreeMap::new();
        for (index, span) in spans.iter().enumerate() {
            state.insert(&span.host, span.version.as_ref());
            let next = spans.get(index + 1);
            if next.is_some_and(|next| next.from == span.from) {
                continue;
            }
            let to = next.and_then(|next| next.from);
            let lasts_s = span.from.zip(to).map_or(f64::INFINITY, |(from, to)| to.seconds_since(from));
            if lasts_s >= LASTING_S && differ(state.values().copied()) {
                let versions = state.iter().map(|(host, version)| ((*host).clone(), version.cloned())).collect();
                found.push(Difference { component: component.clone(), from: span.from, to, versions });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::Tables;
    use super::super::scene::{Scene, at};
    use super::*;
    use crate::model::{Action, Witness};

    const DAY: f64 = 86_400.0;

    /// Three hosts that log installations, with a canary that gets 2.0 two days before the others.
    fn rollout() -> Tables {
        let mut scene = Scene::new();
        for host in ["RDS01", "RDS02", "RDS03"] {
            scene.workday(host, "anna", 5, 0.0);
            scene.event(host, 0.0, Action::Change);
            scene.workday(host, "anna", 5, 9.0 * DAY);
        }
        for (host, day) in [("RDS01", 1.0), ("RDS02", 1.1), ("RDS03", 1.2)] {
            scene.change("Payroll", Some("1.0"), &[host], day * DAY, Witness::Observed);
        }
        for (host, day) in [("RDS02", 3.0), ("RDS01", 5.0), ("RDS03", 5.01)] {
            scene.change("Payroll", Some("v2.0"), &[host], day * DAY, Witness::Observed);
        }
        scene.change("Viewer", Some("7"), &["RDS03"], 2.0 * DAY, Witness::Observed);
        scene.change("Reader", Some("7"), &["RDS01", "RDS02", "RDS03"], 2.0 * DAY, Witness::Observed);
        scene.tables()
    }

    fn texts(hosts: &BTreeMap<&Name, Option<&Name>>) -> Vec<String> {
        hosts.iter().map(|(host, version)| format!("{host} {}", version.map_or("-", |version| version))).collect()
    }

    #[test]
    fn at_each_instant_the_hosts_that_differ_are_known() {
        let versions = rollout().versions;
        let at_day = |day: f64| differing(&versions, at(day * DAY));
        assert!(at_day(0.5).is_empty() && !at_day(1.5).contains_key(&Name::from("Payroll")));
        let canary = at_day(4.0);
        assert_eq!(texts(&canary[&Name::from("Payroll")]), ["RDS01 1.0", "RDS02 v2.0", "RDS03 1.0"]);
        assert_eq!(texts(&canary[&Name::from("Viewer")]), ["RDS01 -", "RDS02 -", "RDS03 7"]);
        assert!(!canary.contains_key(&Name::from("Reader")));
        assert_eq!(at_day(6.0).len(), 1, "the viewer alone");
    }

    #[test]
    fn only_what_lasts_is_a_difference() {
        let found = differences(&rollout().versions);
        let spans: Vec<_> = found.iter().map(|found| (&*found.component, found.from, found.to)).collect();
        let day = |day: f64| Some(at(day * DAY));
        assert_eq!(spans, [("Payroll", day(3.0), day(5.0)), ("Viewer", day(2.0), None)]);
        assert_eq!(found[0].versions[&Name::from("RDS02")].as_deref(), Some("v2.0"));
    }

    #[test]
    fn a_removal_and_a_second_spelling_of_a_version() {
        let mut scene = Scene::new();
        scene.workday("RDS01", "anna", 5, 0.0);
        scene.change("Payroll", Some("1.0"), &["RDS01"], DAY, Witness::Observed);
        scene.change("Payroll", Some("v1.0.0"), &["RDS01"], 2.0 * DAY, Witness::Observed);
        scene.change("Payroll", Some("1.0"), &["RDS01"], 3.0 * DAY, Witness::Observed).kind = ChangeKind::Remove;
        let spans: Vec<_> =
            scene.tables().versions.into_iter().map(|span| (span.version.is_some(), span.from, span.to)).collect();
        let day = |day: f64| Some(at(day * DAY));
        assert_eq!(spans, [(false, None, day(1.0)), (true, day(1.0), day(3.0)), (false, day(3.0), None)]);
    }
}
