//! Made-up weeks with planted effects: what was done must be told, and nothing else.

use super::{Calendar, Effect, Objective, Options, Review, review};
use crate::frame::{Attempt, Begins, Certainty, Change, Coverage, Gap, GapKind, HostChange, Outcome, Phases, Tables};
use crate::judge::{Candidate, CauseKind, ChangeVerdict, Incident, Judgement, Remedy, Verdict};
use crate::model::{ChangeKind, Fault, Name, TimeRange, Timestamp, Trust};
use crate::stats::Random;

const ZURICH: &str = "Europe/Zurich";
const HOSTS: [&str; 2] = ["RDS01", "RDS02"];

fn at(text: &str) -> Timestamp {
    Timestamp::from_jiff(text.parse().unwrap())
}

/// People who come between eight and ten by the clock of Zurich on working days, fifty a host; `fails` tells the chance
/// that one does not get in.
fn weeks(start: &str, end: &str, fails: &dyn Fn(&str, Timestamp) -> f64) -> Tables {
    let (window, calendar) = (TimeRange { start: at(start), end: at(end) }, Calendar::of(ZURICH).unwrap());
    let mut random = Random::new(11);
    let mut tables = Tables {
        window: Some(window),
        hosts: HOSTS.map(Name::from).to_vec(),
        coverage: HOSTS.map(|host| covered(host, window)).to_vec(),
        ..Tables::default()
    };
    for hour in window.start.hour()..window.end.hour() {
        let begin = Timestamp::from_unix_seconds(hour * 3_600);
        let slot = calendar.slot(begin);
        if slot >= 120 || !(8..10).contains(&(slot % 24)) {
            continue;
        }
        for (host, person) in HOSTS.iter().flat_map(|host| (0..25).map(move |person| (*host, person))) {
            let at = begin.plus_seconds(f64::from(person) * 120.0);
            let failed = random.unit() < fails(host, at);
            tables.attempts.push(attempt(at, host, &format!("{host}-{slot}-{person}"), failed));
        }
    }
    tables.attempts.sort_by(|a, b| (a.at, &a.host).cmp(&(b.at, &b.host)));
    for (place, attempt) in tables.attempts.iter_mut().enumerate() {
        attempt.id = place as u32;
    }
    tables
}

fn attempt(at: Timestamp, host: &str, user: &str, failed: bool) -> Attempt {
    Attempt {
        id: 0,
        at,
        user: user.into(),
        host: host.into(),
        client: None,
        outcome: if failed { Outcome::Failed } else { Outcome::Succeeded },
        signature: failed.then(|| "locked".into()),
        fault: failed.then_some(Fault::Infrastructure),
        error_code: None,
        component_version: None,
        demand: 0,
        is_retry: false,
        seconds_to_desktop: None,
        phases: Phases::default(),
        certainty: Certainty::ById,
        records: Vec::new(),
    }
}

fn covered(host: &str, span: TimeRange) -> Coverage {
    Coverage { host: host.into(), source: "Security".into(), span, begins: Begins::Unknown, gaps: Vec::new() }
}

fn change(id: &str, when: &str, hosts: &[&str]) -> Change {
    let host =
        |host: &&str| HostChange { host: Name::from(*host), at: at(when), in_force_at: at(when), trust: Trust::Stated };
    Change {
        id: id.to_owned(),
        component: "Agent".into(),
        version: Some("2".into()),
        kind: ChangeKind::Update,
        started_at: at(when),
        hosts: hosts.iter().map(host).collect(),
        hosts_known: true,
        only_stated: false,
        is_routine: false,
        services: Vec::new(),
        stated_by: Vec::new(),
        observed_by: Vec::new(),
    }
}

fn reviewed(tables: &Tables, judgement: &Judgement, week: &str, zone: &str) -> Review {
    let week = Some(week.parse().unwrap());
    let options = Options { week, objective: Objective::default(), calendar: Calendar::of(zone).unwrap() };
    review(tables, judgement, &options)
}

fn effect<'a>(review: &'a Review, id: &str) -> &'a Effect {
    review.effects.iter().find(|one| one.change_id == id).unwrap()
}

/// Summer time ends on 29 October 2023: mornings stay mornings by the clock, and become other hours in UTC.
#[test]
fn a_clock_change_moves_no_morning_of_a_zone_that_is_stated() {
    let tables = weeks("2023-10-01T22:00:00Z", "2023-11-05T23:00:00Z", &|_, _| 0.05);
    let compared = |zone: &str| {
        let one = reviewed(&tables, &Judgement::default(), "2023-W44", zone).comparison.movements.remove(0);
        (one.n_week, one.n_compared)
    };
    let (n_week, n_compared) = compared(ZURICH);
    assert!(n_week > 10 && n_compared == n_week, "{n_week} {n_compared}");
    // By the clock of UTC only one of the two hours is an hour of the weeks before as well.
    let (n_week, n_compared) = compared("UTC");
    assert!(n_compared < n_week, "{n_week} {n_compared}");
}

#[test]
fn what_a_change_did_is_told_beside_the_hosts_without_it() {
    let wednesday = "2023-09-20T17:00:00Z";
    let bad = |host: &str, when: Timestamp| if host == "RDS01" && when >= at(wednesday) { 0.2 } else { 0.02 };
    let mut tables = weeks("2023-08-27T22:00:00Z", "2023-09-24T22:00:00Z", &bad);
    tables.changes = vec![
        change("chg-1", "2023-09-18T17:00:00Z", &["RDS02"]),
        change("chg-2", wednesday, &["RDS01"]),
        change("chg-3", "2023-09-13T17:00:00Z", &HOSTS),
    ];
    let review = reviewed(&tables, &Judgement::default(), "2023-W38", ZURICH);
    assert_eq!(review.effects.len(), 2, "the third came the week before");
    let guilty = effect(&review, "chg-2");
    // From Wednesday evening to the end of the logs are two working days.
    assert_eq!((guilty.before.n_wishes, guilty.after.n_wishes), (100, 100));
    assert!(guilty.ratio.as_ref().unwrap().lower > 1.0 && guilty.beyond_others.as_ref().unwrap().lower > 0.05);
    let innocent = effect(&review, "chg-1");
    let ratio = innocent.ratio.as_ref().unwrap();
    assert!(ratio.lower < 1.0 && ratio.upper > 1.0 && !innocent.is_too_few, "{innocent:?}");
    assert!(effect(&review, "chg-1").elsewhere.unwrap()[1].n_failed > 10, "the other host failed meanwhile");
}

#[test]
fn failures_of_an_incident_that_a_change_is_acquitted_of_are_not_held_against_it() {
    let wednesday = at("2023-09-20T05:00:00Z");
    let bad = |_: &str, when: Timestamp| if when >= wednesday { 0.3 } else { 0.02 };
    let mut tables = weeks("2023-08-27T22:00:00Z", "2023-09-24T22:00:00Z", &bad);
    tables.changes = vec![change("chg-1", "2023-09-19T17:00:00Z", &HOSTS)];
    let of_incident = |one: &&Attempt| one.at >= wednesday && one.is_failure();
    let unknown = Candidate {
        kind: CauseKind::Unknown,
        change_id: None,
        host: None,
        user: None,
        trigger: None,
        probability: 1.0,
    };
    let incident = Incident {
        id: "inc-1".to_owned(),
        signatures: vec!["locked".into()],
        first_case_at: wednesday,
        started_at: wednesday,
        started_between: None,
        peak_at: wednesday,
        peaked_between: None,
        ended_at: None,
        ended_between: None,
        n_attempts: 300,
        n_failures: 90,
        n_users: 90,
        hosts: Vec::new(),
        attempts: tables.attempts.iter().filter(of_incident).map(|one| one.id).collect(),
        root_cause: unknown.clone(),
        posterior: vec![unknown],
        abstention: None,
        remedy: Remedy::default(),
        evidence: Vec::new(),
    };
    let said = |verdict| ChangeVerdict {
        change_id: "chg-1".to_owned(),
        incident: Some("inc-1".to_owned()),
        verdict,
        probability: 0.0,
        reasons: Vec::new(),
    };
    let lower = |verdict| {
        let judgement =
            Judgement { incidents: vec![incident.clone()], verdicts: vec![said(verdict)], ..Judgement::default() };
        let review = reviewed(&tables, &judgement, "2023-W38", ZURICH);
        assert_eq!(review.incidents, [0]);
        effect(&review, "chg-1").ratio.clone().unwrap().lower
    };
    assert!(lower(Verdict::RootCause) > 2.0 && lower(Verdict::Acquitted) < 1.0);
}

#[test]
fn what_no_log_covers_is_told_by_host_and_hour() {
    let mut tables = weeks("2023-08-27T22:00:00Z", "2023-09-24T22:00:00Z", &|_, _| 0.02);
    let (start, end) = (at("2023-09-19T00:00:00Z"), at("2023-09-20T12:00:00Z"));
    tables.coverage[1].gaps = vec![Gap { start, end, kind: GapKind::Silent, n_missing: None, records: Vec::new() }];
    let review = reviewed(&tables, &Judgement::default(), "2023-W38", ZURICH);
    let shares: Vec<f64> = review.coverage.hosts.iter().map(|host| host.share).collect();
    assert_eq!(shares, [1.0, 1.0 - 36.0 / 168.0]);
    assert_eq!(review.coverage.hosts[1].missing, [TimeRange { start, end }]);
    assert!(review.coverage.is_enough() && review.coverage.missing().is_empty(), "the other host was there");
    assert_eq!(review.before.len(), 3);
}

/// Weeks are added up over days and over hosts to the same.
#[test]
fn days_and_hosts_add_up_to_the_week() {
    let tables = weeks("2023-08-27T22:00:00Z", "2023-09-24T22:00:00Z", &|_, _| 0.1);
    let review = reviewed(&tables, &Judgement::default(), "2023-W38", ZURICH);
    let by_day: usize = review.by_day.iter().map(|score| score.n_failed).sum();
    let by_host: usize = review.by_host.iter().map(|(_, score)| score.n_failed).sum();
    assert_eq!((by_day, by_host), (review.score.n_failed, review.score.n_failed));
    assert_eq!((review.score.n_wishes, review.wishes.len()), (500, 500));
}
