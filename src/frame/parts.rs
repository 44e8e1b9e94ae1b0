//! The services that an installer registers are parts of its installation, not changes of their own.
//!
//! Setting up one product leaves several records within minutes on one host: the installer's own, with
//! product and version, and one for each service or driver that it registers, without version. Counted
//! apart they would share the blame among them, and none could be told from the others. A change
//! without version is therefore folded into the versioned one that every one of its hosts got within
//! the same quarter of an hour, if there is one.

use super::{Change, HostChange};
use crate::model::ChangeKind;

/// How near to the installer's record its parts stand: an installation that takes longer is rare, and the
/// same bound tells an upgrade's removal from a removal.
const SAME_INSTALLATION_S: f64 = 900.0;

/// Folds parts into the installations that they belong to.
pub(super) fn fold(changes: Vec<Change>) -> Vec<Change> {
    let (parts, mut wholes): (Vec<Change>, Vec<Change>) = changes.into_iter().partition(is_part);
    let mut left = Vec::new();
    for part in parts {
        let nearest = wholes
            .iter_mut()
            .filter_map(|whole| Some((distance_s(&part, whole)?, whole)))
            .min_by(|one, other| one.0.total_cmp(&other.0).then_with(|| one.1.component.cmp(&other.1.component)));
        match nearest {
            Some((_, whole)) => absorb(whole, part),
            None => left.push(part),
        }
    }
    wholes.extend(left);
    wholes
}

/// Whether it may be a part: installed by a host's own word, and without a version.
fn is_part(change: &Change) -> bool {
    change.version.is_none() && change.kind == ChangeKind::Install && !change.only_stated
}

/// The greatest distance between the two over the part's hosts; `None` if the whole misses a host or a time.
fn distance_s(part: &Change, whole: &Change) -> Option<f64> {
    let is_installation =
        matches!(whole.kind, ChangeKind::Install | ChangeKind::Update | ChangeKind::Rollback | ChangeKind::Redeploy);
    if !is_installation || whole.only_stated || whole.version.is_none() {
        return None;
    }
    part.hosts.iter().try_fold(0.0_f64, |worst, own| {
        let apart_s = own.at.seconds_since(on_host(whole, own)?.at).abs();
        (apart_s <= SAME_INSTALLATION_S).then_some(worst.max(apart_s))
    })
}

fn on_host<'a>(whole: &'a Change, own: &HostChange) -> Option<&'a HostChange> {
    whole.hosts.iter().find(|host| host.host == own.host)
}

/// A part that waits for a restart lets the whole wait for it, too.
fn absorb(whole: &mut Change, part: Change) {
    for own in part.hosts.iter().filter(|own| own.in_force_at > own.at) {
        if let Some(host) = whole.hosts.iter_mut().find(|host| host.host == own.host) {
            host.in_force_at = host.in_force_at.max(own.in_force_at);
        }
    }
    whole.services.push(part.component);
    whole.services.extend(part.services);
    whole.services.sort();
    whole.services.dedup();
    for (all, more) in [(&mut whole.stated_by, part.stated_by), (&mut whole.observed_by, part.observed_by)] {
        all.extend(more);
        all.sort();
        all.dedup();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Name, Timestamp, Trust};

    fn change(component: &str, version: Option<&str>, hosts: &[(&str, i64)]) -> Change {
        let hosts: Vec<HostChange> = hosts
            .iter()
            .map(|(host, at)| {
                let at = Timestamp::from_unix_seconds(*at);
                HostChange { host: Name::from(*host), at, in_force_at: at, trust: Trust::Stated }
            })
            .collect();
        Change {
            id: String::new(),
            component: Name::from(component),
            version: version.map(Name::from),
            kind: ChangeKind::Install,
            started_at: hosts[0].at,
            hosts,
            hosts_known: true,
            only_stated: false,
            is_routine: false,
            services: Vec::new(),
            stated_by: Vec::new(),
            observed_by: Vec::new(),
        }
    }

    fn names(changes: &[Change]) -> Vec<&str> {
        changes.iter().map(|change| &*change.component).collect()
    }

    #[test]
    fn a_service_of_an_installer_is_no_change_of_its_own() {
        let product = change("Product", Some("1.2"), &[("A", 1_000), ("B", 90_000)]);
        let service = change("Product Service", None, &[("A", 990), ("B", 90_020)]);
        assert_eq!(names(&fold(vec![service, product])), ["Product"]);
    }

    #[test]
    fn a_service_that_comes_alone_or_on_another_host_stays() {
        let product = change("Product", Some("1.2"), &[("A", 1_000)]);
        let elsewhere = change("Service", None, &[("A", 990), ("C", 990)]);
        let later = change("Other service", None, &[("A", 5_000)]);
        assert_eq!(names(&fold(vec![elsewhere, later, product])), ["Product", "Service", "Other service"]);
    }

    #[test]
    fn a_driver_that_waits_for_the_restart_makes_the_whole_wait() {
        let product = change("Product", Some("1.2"), &[("A", 1_000)]);
        let mut driver = change("driver", None, &[("A", 1_001)]);
        driver.hosts[0].in_force_at = Timestamp::from_unix_seconds(2_000);
        assert_eq!(fold(vec![product, driver])[0].hosts[0].in_force_at, Timestamp::from_unix_seconds(2_000));
    }
}
