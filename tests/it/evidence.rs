//! Evidence: every kind carries its numbers, and they point where the plant is.

use causeline::frame::Tables;
use causeline::judge::{Evidence, EvidenceKind, Judgement};

use crate::fleet::{DAY, Fleet, Trouble};
use crate::judge::{component, judged, main_incident, told};

const NEVER: f64 = f64::INFINITY;

/// The evidence of a kind about a component, in the first incident.
fn about<'a>(tables: &Tables, judgement: &'a Judgement, kind: EvidenceKind, what: &str) -> Option<&'a Evidence> {
    let is_it =
        |one: &&Evidence| one.kind == kind && one.about.as_deref().map(|id| component(tables, id)) == Some(what);
    judgement.incidents.first()?.evidence.iter().find(is_it)
}

/// A deploy on three of five hosts, undone on one host two days before the others.
fn deploy(seed: u64) -> Fleet {
    let mut fleet = Fleet::new(seed);
    let at = vec![14.35 * DAY, 14.4 * DAY, 14.45 * DAY, NEVER, NEVER];
    let until = vec![17.5 * DAY, 19.5 * DAY, 19.5 * DAY, NEVER, NEVER];
    fleet.innocents(4).change("Guilty", &at).change("Guilty rollback", &until);
    fleet.trouble(Trouble::Deploy { at, until, p: 0.3 }, "profile-load-failed");
    fleet
}

#[test]
fn hosts_without_the_change_and_hosts_that_wait_for_the_remedy_are_the_controls() {
    for seed in [11, 22, 33] {
        let tables = deploy(seed).tables();
        let judgement = judged(&tables);
        let find = |kind, what: &str| {
            about(&tables, &judgement, kind, what).unwrap_or_else(|| panic!("seed {seed}: {kind:?} of {what}"))
        };
        let exposure = find(EvidenceKind::Exposure, "Guilty");
        let more = &exposure.numbers["difference_in_differences"];
        assert!(more.lower > 0.05 && more.upper < 0.6, "seed {seed}: {more:?}");
        let recovery = find(EvidenceKind::Recovery, "Guilty rollback");
        let value = |name: &str| recovery.numbers[name].value;
        assert!(recovery.weight > 3.0, "seed {seed}: {recovery:?}");
        let patched = value("failures_patched_meanwhile") / value("attempts_patched_meanwhile");
        let waiting = value("failures_waiting") / value("attempts_waiting");
        assert!(waiting > 0.15 && patched < 0.05, "seed {seed}: {recovery:?}");
        let control = find(EvidenceKind::NegativeControl, "Guilty");
        assert!(control.numbers["rate_ratio"].lower <= 1.0 && control.weight.abs() < 1e-9, "seed {seed}: {control:?}");
        for item in &main_incident(&judgement, seed).evidence {
            assert!(!item.records.is_empty() || item.weight <= 0.0, "seed {seed}: no record behind {item:?}");
            assert!(item.numbers.values().all(|number| number.lower <= number.value && number.value <= number.upper));
        }
    }
}

/// Passwords are refused more often from the deploy on: something else changed as well, and the control says so.
#[test]
fn a_control_that_moves_speaks_against_the_change() {
    for seed in [11, 22, 33] {
        let mut fleet = deploy(seed);
        fleet.trouble(Trouble::Mistyped { from: 14.4 * DAY, p: 0.08 }, "logon-bad-password");
        let tables = fleet.tables();
        let judgement = judged(&tables);
        let of_deploy = judgement.incidents.iter().find(|one| &*one.signatures[0] == "profile-load-failed");
        let control =
            of_deploy.and_then(|one| one.evidence.iter().find(|one| one.kind == EvidenceKind::NegativeControl));
        let control = control.unwrap_or_else(|| panic!("seed {seed}\n{}", told(&tables, &judgement)));
        assert!(control.weight < 0.0 && control.numbers["rate_ratio"].lower > 1.0, "seed {seed}: {control:?}");
    }
}

/// An innocent change in the middle of a fault that follows load: the same failures, at the same loads, are older.
#[test]
fn an_alibi_compares_equal_loads() {
    for seed in [11, 22, 33] {
        let mut fleet = Fleet::new(seed);
        fleet.presence = (0..28).map(|day| if day % 7 >= 5 { 0.1 } else { 0.5 + 0.02 * f64::from(day) }).collect();
        fleet.change("Innocent", &[14.4 * DAY; 5]);
        fleet.trouble(Trouble::Dependency { from: 9.0 * DAY, to: NEVER, p: 0.3 }, "no-logon-server");
        let tables = fleet.tables();
        let judgement = judged(&tables);
        let alibi = about(&tables, &judgement, EvidenceKind::Alibi, "Innocent");
        let alibi = alibi.unwrap_or_else(|| panic!("seed {seed}\n{}", told(&tables, &judgement)));
        let (ratio, matched) = (&alibi.numbers["rate_ratio"], alibi.numbers["load_matched"].value);
        assert!(alibi.weight < -3.0 && alibi.numbers["failures_before"].value > 20.0, "seed {seed}: {alibi:?}");
        assert!(ratio.lower < 3.0 && matched > 0.5 && matched <= 1.0, "seed {seed}: {alibi:?}");
    }
}
