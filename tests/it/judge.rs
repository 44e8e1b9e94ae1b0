//! Planted causes and planted absences: the judge must name the one and keep silent on the other.

use causeline::correlate::{self, correlate};
use causeline::frame::Tables;
use causeline::judge::{self, CauseKind, Incident, Judgement, Trigger, Verdict};
use causeline::model::TimeRange;

use crate::fleet::{DAY, Fleet, HOUR, Trouble, host_name, stamp, user_name};

const NEVER: f64 = f64::INFINITY;
const SEEDS: [u64; 3] = [11, 22, 33];

pub fn judged(tables: &Tables) -> Judgement {
    judge::judge(&correlate(tables, &correlate::Options::default()), &judge::Options::default())
}

pub fn component<'a>(tables: &'a Tables, id: &str) -> &'a str {
    tables.changes.iter().find(|change| change.id == id).map_or("?", |change| &change.component)
}

pub fn main_incident<'a>(judgement: &'a Judgement, seed: u64) -> &'a Incident {
    judgement.incidents.first().unwrap_or_else(|| panic!("seed {seed}: no incident"))
}

pub fn told(tables: &Tables, judgement: &Judgement) -> String {
    let mut text = String::new();
    for one in &judgement.incidents {
        text += &format!(
            "{} {:?} from {} to {:?}, {} failures, first {}\n",
            one.id, one.signatures, one.started_at, one.ended_at, one.n_failures, one.first_case_at
        );
        for candidate in one.posterior.iter().take(4) {
            let what = candidate.change_id.as_deref().map(|id| component(tables, id));
            text += &format!(
                "   {:.3} {:?} {:?} {:?} {:?} {:?}\n",
                candidate.probability, candidate.kind, what, candidate.host, candidate.user, candidate.trigger
            );
        }
        text += &format!(
            "   remedy {:?} {:.2}\n",
            one.remedy.change_id.as_deref().map(|id| component(tables, id)),
            one.remedy.probability
        );
    }
    text
}

fn assert_change(tables: &Tables, judgement: &Judgement, seed: u64, guilty: &str) {
    let one = main_incident(judgement, seed);
    let id = one.root_cause.change_id.as_deref().unwrap_or("none");
    assert_eq!(component(tables, id), guilty, "seed {seed}\n{}", told(tables, judgement));
    for verdict in &judgement.verdicts {
        let what = component(tables, &verdict.change_id);
        if what != guilty && verdict.incident.as_deref() == Some("inc-1") {
            assert_ne!(verdict.verdict, Verdict::RootCause, "seed {seed}: {what}");
        }
    }
}

pub fn assert_kind(tables: &Tables, judgement: &Judgement, seed: u64, kind: CauseKind) {
    let one = main_incident(judgement, seed);
    assert_eq!(one.root_cause.kind, kind, "seed {seed}\n{}", told(tables, judgement));
}

fn assert_posterior_is_one(judgement: &Judgement) {
    for one in &judgement.incidents {
        let sum: f64 = one.posterior.iter().map(|candidate| candidate.probability).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{sum}");
        assert_eq!(one.posterior.iter().filter(|candidate| candidate.kind == CauseKind::Unknown).count(), 1);
        assert!(
            one.posterior.iter().all(|candidate| candidate.kind == CauseKind::Unknown || candidate.probability <= 0.98)
        );
    }
}

/// The founding case: a component of July blocks users now and then; people come back from holidays on the
/// third Monday; the vendor's update of the Saturday before is innocent; one host gets the hotfix on Monday
/// afternoon, the others on Tuesday evening.
fn founding(seed: u64) -> Fleet {
    let mut fleet = Fleet::new(seed);
    fleet.n_days = 26;
    fleet.n_users = 110;
    fleet.presence = (0..26)
        .map(|day| match (day, day % 7) {
            (_, 5 | 6) => 0.08,
            (0..21, _) => 0.5,
            _ => 0.85,
        })
        .collect();
    let fixed: Vec<f64> = (0..5).map(|host| 21.0 * DAY + if host == 1 { 13.0 } else { 43.0 } * HOUR).collect();
    let july = [2.0 * DAY, 2.1 * DAY, 7.9 * DAY, 8.9 * DAY, 9.0 * DAY];
    fleet.innocents(4);
    fleet.change("FSLogix Apps", &july);
    fleet.change("Ledger", &[19.4 * DAY; 5]);
    fleet.change("FSLogix Apps hotfix", &fixed);
    fleet.trouble(
        Trouble::Latent { at: july.to_vec(), until: fixed, q: 0.3, power: 2.0, days: 1.5 },
        "fslogix-profile-locked",
    );
    fleet
}

#[test]
fn a_latent_fault_is_named_and_the_last_deploy_before_the_avalanche_is_not() {
    for seed in SEEDS {
        let tables = founding(seed).tables();
        let judgement = judged(&tables);
        assert_posterior_is_one(&judgement);
        assert_change(&tables, &judgement, seed, "FSLogix Apps");
        let one = main_incident(&judgement, seed);
        assert_eq!(one.root_cause.trigger, Some(Trigger::Load), "seed {seed}");
        let ledger =
            judgement.verdicts.iter().find(|verdict| component(&tables, &verdict.change_id) == "Ledger").unwrap();
        assert_eq!(ledger.verdict, Verdict::Acquitted, "seed {seed}\n{}", told(&tables, &judgement));
        let remedy = one.remedy.change_id.as_deref().map(|id| component(&tables, id));
        assert_eq!(remedy, Some("FSLogix Apps hotfix"), "seed {seed}\n{}", told(&tables, &judgement));
        assert!(one.first_case_at < one.started_at, "seed {seed}");
    }
}

#[test]
fn a_guilty_deploy_is_named_and_its_neighbours_are_not() {
    for seed in SEEDS {
        let mut fleet = Fleet::new(seed);
        let at = [15.35 * DAY, 15.4 * DAY, 16.4 * DAY, 16.5 * DAY, NEVER];
        let until = vec![18.5 * DAY; 5];
        fleet.innocents(8).change("Guilty", &at).change("Guilty rollback", &until);
        fleet.trouble(Trouble::Deploy { at: at.to_vec(), until, p: 0.2 }, "profile-load-failed");
        let tables = fleet.tables();
        let judgement = judged(&tables);
        assert_posterior_is_one(&judgement);
        assert_change(&tables, &judgement, seed, "Guilty");
        let remedy = main_incident(&judgement, seed).remedy.change_id.as_deref().map(|id| component(&tables, id));
        assert_eq!(remedy, Some("Guilty rollback"), "seed {seed}\n{}", told(&tables, &judgement));
    }
}

#[test]
fn too_many_people_are_capacity() {
    for seed in SEEDS {
        let mut fleet = Fleet::new(seed);
        fleet.presence = (0..28)
            .map(|day| match (day % 7, day) {
                (5 | 6, _) => 0.1,
                (_, 21..) => 0.97,
                _ => 0.55,
            })
            .collect();
        fleet.innocents(8).change("Ledger", &[19.5 * DAY; 5]);
        fleet.trouble(Trouble::Capacity { seats: 9 }, "session-refused");
        let tables = fleet.tables();
        assert_kind(&tables, &judged(&tables), seed, CauseKind::Capacity);
    }
}

#[test]
fn one_bad_host_is_named() {
    for seed in [11, 22] {
        bad_host(seed);
    }
}

#[test]
fn one_bad_host_is_no_row_of_bursts() {
    bad_host(33);
}

fn bad_host(seed: u64) {
    let mut fleet = Fleet::new(seed);
    fleet.innocents(8).change("Ledger", &[13.4 * DAY; 5]);
    fleet.trouble(Trouble::BadHost { host: 2, from: 14.4 * DAY, to: 18.0 * DAY, p: 0.5 }, "profile-load-failed");
    let tables = fleet.tables();
    let judgement = judged(&tables);
    assert_kind(&tables, &judgement, seed, CauseKind::Host);
    assert_eq!(main_incident(&judgement, seed).root_cause.host, Some(host_name(2)), "seed {seed}");
}

#[test]
fn a_dependency_that_was_down_for_all_is_no_change() {
    for seed in SEEDS {
        let mut fleet = Fleet::new(seed);
        fleet.innocents(8).change("Ledger", &[15.0 * DAY; 5]);
        let (from, to) = (15.0 * DAY + 8.3 * HOUR, 15.0 * DAY + 14.0 * HOUR);
        fleet.trouble(Trouble::Dependency { from, to, p: 0.6 }, "no-logon-server");
        let tables = fleet.tables();
        let judgement = judged(&tables);
        assert_kind(&tables, &judgement, seed, CauseKind::Dependency);
        let one = main_incident(&judgement, seed);
        assert!(one.remedy.change_id.is_none(), "seed {seed}");
        assert!(one.ended_at.is_some(), "seed {seed}");
    }
}

#[test]
fn a_refused_password_is_that_account_s_trouble() {
    for seed in SEEDS {
        let mut fleet = Fleet::new(seed);
        fleet.innocents(8);
        fleet.trouble(Trouble::Password { user: 7, from: 16.0 * DAY, to: 21.0 * DAY }, "logon-bad-password");
        let tables = fleet.tables();
        let judgement = judged(&tables);
        assert_kind(&tables, &judgement, seed, CauseKind::Credentials);
        assert_eq!(main_incident(&judgement, seed).root_cause.user, Some(user_name(7)), "seed {seed}");
    }
}

#[test]
fn a_quiet_month_has_no_incident() {
    for seed in [1, 2, 3, 4, 5, 6, 7, 8] {
        let mut fleet = Fleet::new(seed);
        fleet.innocents(10);
        let tables = fleet.tables();
        let judgement = judged(&tables);
        assert!(judgement.incidents.is_empty(), "seed {seed}\n{}", told(&tables, &judgement));
        assert!(
            judgement
                .verdicts
                .iter()
                .all(|verdict| verdict.incident.is_none() && verdict.verdict != Verdict::RootCause)
        );
    }
}

#[test]
fn two_changes_that_nothing_separates_are_not_told_apart() {
    for seed in SEEDS {
        let mut fleet = Fleet::new(seed);
        let at = [15.1 * DAY, 15.12 * DAY, 15.14 * DAY, 15.16 * DAY, 15.18 * DAY];
        fleet.innocents(5);
        fleet.changes.retain(|change| change.started_at < stamp(13.5 * DAY) || change.started_at > stamp(16.5 * DAY));
        fleet.change("Twin A", &at).change("Twin B", &at.map(|at| at + 120.0));
        fleet.trouble(Trouble::Deploy { at: at.to_vec(), until: vec![NEVER; 5], p: 0.2 }, "profile-load-failed");
        let tables = fleet.tables();
        let judgement = judged(&tables);
        let one = main_incident(&judgement, seed);
        assert_eq!(one.root_cause.kind, CauseKind::Unknown, "seed {seed}\n{}", told(&tables, &judgement));
        assert!(one.abstention.as_ref().is_some_and(|abstention| abstention.is_tie), "seed {seed}");
    }
}

#[test]
fn a_guilty_change_that_no_file_records_does_not_make_an_innocent_guilty() {
    for seed in [11, 22, 33, 44, 55, 66] {
        let mut fleet = Fleet::new(seed);
        let at = [15.35 * DAY, 15.4 * DAY, 16.4 * DAY, NEVER, NEVER];
        fleet.innocents(10);
        fleet.trouble(Trouble::Deploy { at: at.to_vec(), until: vec![NEVER; 5], p: 0.2 }, "profile-load-failed");
        let tables = fleet.tables();
        let judgement = judged(&tables);
        let one = main_incident(&judgement, seed);
        let innocent = one.root_cause.change_id.is_some() && one.root_cause.probability > 0.9;
        assert!(!innocent, "seed {seed}\n{}", told(&tables, &judgement));
    }
}

/// The balancer sends more people to the host that got the innocent change; the failures are everywhere.
#[test]
fn more_people_on_a_host_do_not_make_its_change_guilty() {
    for seed in SEEDS {
        let mut fleet = Fleet::new(seed);
        fleet.pull_of_first = 3.0;
        fleet.innocents(6).change("On the busy host", &[14.9 * DAY, NEVER, NEVER, NEVER, NEVER]);
        let (from, to) = (15.0 * DAY + 8.0 * HOUR, 15.0 * DAY + 16.0 * HOUR);
        fleet.trouble(Trouble::Dependency { from, to, p: 0.5 }, "no-logon-server");
        let tables = fleet.tables();
        assert_kind(&tables, &judged(&tables), seed, CauseKind::Dependency);
    }
}

/// Deployed on Saturday, noticed on Monday: nobody was there in between. Hosts that did not get it tell.
#[test]
fn a_weekend_deploy_is_found_on_monday() {
    for seed in SEEDS {
        let mut fleet = Fleet::new(seed);
        let at = [12.5 * DAY, 12.5 * DAY, 12.6 * DAY, NEVER, NEVER];
        fleet.presence[12] = 0.02;
        fleet.presence[13] = 0.02;
        fleet.innocents(6).change("Saturday", &at);
        fleet.trouble(Trouble::Deploy { at: at.to_vec(), until: vec![NEVER; 5], p: 0.25 }, "profile-load-failed");
        let tables = fleet.tables();
        assert_change(&tables, &judged(&tables), seed, "Saturday");
    }
}

#[test]
fn the_same_tables_give_the_same_judgement() {
    let tables = founding(7).tables();
    assert_eq!(judged(&tables), judged(&tables));
}

#[test]
fn a_span_that_people_named_is_answered_even_where_nothing_is_found() {
    let fleet = Fleet::new(3);
    let tables = fleet.tables();
    let correlation = correlate(&tables, &correlate::Options::default());
    let asked = |from_h: f64, to_h: f64| {
        let span = TimeRange { start: stamp(from_h * HOUR), end: stamp(to_h * HOUR) };
        let judgement = judge::judge(&correlation, &judge::Options { incident: Some(span), load: None });
        judgement.asked.expect("the answer")
    };
    let one = asked(24.0 + 7.0, 24.0 + 18.0);
    assert!(one.is_covered && one.incidents.is_empty(), "{one:?}");
    let within = tables.attempts.iter().filter(|attempt| one.span.contains(attempt.at));
    assert_eq!(one.n_attempts, within.clone().count());
    assert_eq!(one.n_failures, within.filter(|attempt| attempt.is_service_failure()).count());
    let after = asked(24.0 * 4_000.0, 24.0 * 4_001.0);
    assert!(!after.is_covered && after.share.is_none() && after.n_attempts == 0, "{after:?}");
}
