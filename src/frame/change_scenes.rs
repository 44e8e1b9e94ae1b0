//! Planted changes: what is deployed again, what services put in force, who says so, and in any order.

use super::scene::{Scene, at};
use super::{Change, Options, Tables};
use crate::model::{Action, ChangeKind, HostScope, Position, Provenance, SourceId, Witness};

const HOUR: f64 = 3_600.0;
const DAY: f64 = 86_400.0;

fn and_on(mut scene: Scene) -> Tables {
    scene.workday("RDS01", "anna", 9, -DAY);
    scene.workday("RDS01", "anna", 9, 30.0 * DAY);
    scene.events.sort_by_key(|event| event.at);
    scene.tables()
}

fn kinds(scene: Scene) -> Vec<(ChangeKind, usize)> {
    and_on(scene).changes.iter().map(|change| (change.kind, change.stated_by.len())).collect()
}

fn observed(steps: &[(&str, f64)]) -> Scene {
    let mut scene = Scene::new();
    for (version, day) in steps {
        scene.change("Payroll", Some(version), &["RDS01"], day * DAY, Witness::Observed);
    }
    scene
}

/// A list's word, from a file of its own.
fn listed(scene: &mut Scene, version: &str, second: f64) {
    let record = scene.change("Payroll", Some(version), &["RDS01"], second, Witness::Stated);
    record.provenance = Provenance { source: SourceId(7), position: Position::Line(second as u64) };
}

#[test]
fn the_same_version_once_more_is_a_redeploy_and_not_an_echo() {
    use ChangeKind::{Redeploy, Rollback, Update};
    assert_eq!(kinds(observed(&[("1.0", 0.0), ("1.0", 5.0)])), [(Update, 1), (Redeploy, 1)]);
    assert_eq!(kinds(observed(&[("1.0", 0.0), ("1.0", 0.02)])), [(Update, 2)], "half an hour: one installation");
    let forth_and_back = [("1.0", 0.0), ("2.0", 1.0), ("1.0", 2.0), ("2.0", 3.0)];
    assert_eq!(kinds(observed(&forth_and_back)), [(Update, 1), (Update, 1), (Rollback, 1), (Redeploy, 1)]);
    let each_day: Vec<(&str, f64)> = (0..9).map(|day| ("1.0", f64::from(day))).collect();
    assert_eq!(kinds(observed(&each_day)), [(Update, 9)], "a routine");
}

#[test]
fn a_list_that_echoes_the_hosts_is_no_redeploy_and_one_of_its_own_is() {
    use ChangeKind::{Redeploy, Update};
    let mut echo = observed(&[("1.0", 0.0)]);
    listed(&mut echo, "1.0", 5.0 * HOUR);
    assert_eq!(kinds(echo), [(Update, 2)]);
    let mut both = observed(&[("1.0", 0.0), ("1.0", 5.0)]);
    listed(&mut both, "1.0", 1_800.0);
    listed(&mut both, "1.0", 5.0 * DAY - HOUR);
    assert_eq!(kinds(both), [(Update, 2), (Redeploy, 2)]);
    let mut late = observed(&[("1.0", 0.0), ("1.0", 5.0)]);
    listed(&mut late, "1.0", 1_800.0);
    listed(&mut late, "1.0", 5.0 * DAY + HOUR);
    assert_eq!(kinds(late), [(Update, 2), (Redeploy, 2)]);
    let mut early = observed(&[("1.0", 0.0), ("1.0", 5.0)]);
    listed(&mut early, "1.0", 5.0 * DAY - HOUR);
    assert_eq!(kinds(early), [(Update, 1), (Redeploy, 2)]);
    let mut update = Scene::new();
    for day in [0.0, 3.0] {
        update.change("Cumulative Update (KB5016623)", Some("KB5016623"), &["RDS01"], day * DAY, Witness::Observed);
    }
    assert_eq!(kinds(update), [(Update, 2)], "Windows offers its updates as often as it likes");
}

/// What one host's log says of a service.
fn service(scene: &mut Scene, name: &str, state: &str, second: f64) {
    let event = scene.event("RDS01", second, Action::ServiceState);
    (event.provider, event.channel, event.code) =
        (Some("Service Control Manager".into()), Some("System".into()), Some(7036));
    event.data = vec![("service".into(), name.into()), ("state".into(), state.into())];
}

fn in_force(plant: impl Fn(&mut Scene)) -> f64 {
    let mut scene = Scene::new();
    scene.change("Payroll", Some("1.0"), &["RDS01"], DAY, Witness::Observed);
    plant(&mut scene);
    let tables = and_on(scene);
    let change = tables.changes.iter().find(|change| &*change.component == "Payroll").unwrap();
    change.hosts[0].in_force_at.seconds_since(at(DAY))
}

#[test]
fn a_service_runs_the_new_version_from_its_next_start_on() {
    assert_eq!(in_force(|_| {}), 0.0);
    assert_eq!(in_force(|scene| service(scene, "Payroll", "running", DAY + 5.0 * HOUR)), 5.0 * HOUR);
    assert_eq!(in_force(|scene| service(scene, "Payroll", "wird ausgef\u{fc}hrt", DAY + 5.0 * HOUR)), 5.0 * HOUR);
    assert_eq!(in_force(|scene| service(scene, "Payroll", "stopped", DAY + 5.0 * HOUR)), 0.0);
    assert_eq!(in_force(|scene| service(scene, "Ledger", "running", DAY + 5.0 * HOUR)), 0.0, "another's");
    let by_installer = |scene: &mut Scene| {
        service(scene, "Payroll", "running", DAY - 20.0);
        service(scene, "Payroll", "running", DAY + 5.0 * HOUR);
    };
    assert_eq!(in_force(by_installer), 0.0, "the installer had started it");
    assert_eq!(in_force(|scene| service(scene, "Payroll", "running", DAY - 5.0 * HOUR)), 0.0, "long before");
    let twice = |scene: &mut Scene| {
        service(scene, "Payroll", "running", DAY - 20.0);
        service(scene, "Payroll", "running", DAY + 60.0);
    };
    assert_eq!(in_force(twice), 60.0, "the last start of the installation");
}

#[test]
fn a_service_that_the_installer_registered_counts_and_a_restart_of_the_host_comes_first() {
    let registered = |scene: &mut Scene| {
        let record = scene.change("prsvc", None, &["RDS01"], DAY + 2.0, Witness::Observed);
        record.kind = ChangeKind::Install;
        service(scene, "prsvc", "running", DAY + 3.0 * HOUR);
    };
    assert_eq!(in_force(registered), 3.0 * HOUR);
    let restarted = |scene: &mut Scene| {
        scene.changes[0].needs_restart = true;
        scene.boot("RDS01", DAY + 9.0 * HOUR);
        service(scene, "Payroll", "running", DAY + 3.0 * HOUR);
    };
    assert_eq!(in_force(restarted), 9.0 * HOUR);
}

#[test]
fn both_sources_of_a_change_are_kept_apart() {
    let mut scene = observed(&[("1.0", 0.0)]);
    listed(&mut scene, "1.0", 600.0);
    let tables = and_on(scene);
    let change: &Change = &tables.changes[0];
    assert_eq!((change.stated_by.len(), change.observed_by.len()), (2, 1));
    assert_ne!(change.observed_by[0].source, SourceId(7));
}

/// Some records about a few components, hosts, versions and times, all of which meet.
fn any_records() -> impl proptest::strategy::Strategy<Value = Vec<(u8, u8, u8, u8, u16, u8)>> {
    proptest::collection::vec((0..3_u8, 0..3_u8, 0..4_u8, 0..6_u8, 0..200_u16, 0..3_u8), 1..24)
}

fn planted(records: &[(u8, u8, u8, u8, u16, u8)]) -> Scene {
    const KINDS: [ChangeKind; 4] =
        [ChangeKind::Install, ChangeKind::Update, ChangeKind::Remove, ChangeKind::Configuration];
    let mut scene = Scene::new();
    for (component, version, host, kind, time, witness) in records {
        let component = ["Payroll", "Payroll Reports", "Ledger"][usize::from(*component)];
        let version = [None, Some("1.0"), Some("2.0")][usize::from(*version)];
        let hosts = [&["RDS01"][..], &["RDS02"], &["RDS03"], &["RDS01", "RDS02"]][usize::from(*host)];
        let witness = if *witness == 0 { Witness::Stated } else { Witness::Observed };
        let record = scene.change(component, version, hosts, f64::from(*time) * 1_200.0, witness);
        record.kind = KINDS[usize::from(*kind) % KINDS.len()];
        record.needs_restart = *kind == 5;
        if witness == Witness::Stated {
            record.provenance.source = SourceId(7);
            if *kind == 4 {
                record.scope = HostScope::All;
            }
        }
    }
    scene.boot("RDS01", DAY);
    scene.workday("RDS01", "anna", 9, -DAY);
    scene.workday("RDS02", "anna", 9, 5.0 * DAY);
    scene
}

proptest::proptest! {
    #[test]
    fn the_order_of_the_records_makes_no_difference(records in any_records(), seed in proptest::num::u64::ANY) {
        let tables = |scene: Scene| super::tables(scene.normalized(), &Options::default()).tables;
        let whole = tables(planted(&records));
        let mut shuffled = planted(&records);
        let mut state = seed;
        for index in (1..shuffled.changes.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.changes.swap(index, (state >> 33) as usize % (index + 1));
        }
        let again = tables(shuffled);
        proptest::prop_assert_eq!(&whole.changes, &again.changes);
        proptest::prop_assert_eq!(&whole.versions, &again.versions);
        // Each host is named once a change, observed records are among the stated, and nothing is lost.
        for change in &whole.changes {
            let mut hosts: Vec<_> = change.hosts.iter().map(|host| &host.host).collect();
            hosts.sort();
            proptest::prop_assert!(hosts.windows(2).all(|pair| pair[0] != pair[1]));
            proptest::prop_assert!(change.observed_by.iter().all(|record| change.stated_by.contains(record)));
            proptest::prop_assert!(change.hosts.iter().all(|host| host.at <= host.in_force_at));
        }
    }
}
