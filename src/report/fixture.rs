//! Made-up but plausible inputs for the tests of this stage: what an engineer, a reviewer and a busy fleet would hand in.

use std::collections::{BTreeMap, BTreeSet};

use super::input::{Input, SignatureText};
use crate::diagnostic::{Code, Diagnostic};
use crate::frame::{
    Attempt, Certainty, Change, Close, Coverage, EndKind, HostChange, HostHour, Mark, Outcome, Session, Tables,
};
use crate::judge::{
    Abstention, Candidate, CauseKind, ChangeVerdict, Estimate, Evidence, EvidenceKind, Incident, Judgement, Latent,
    Reason, Remedy, Trigger, Verdict,
};
use crate::model::{ChangeKind, Fault, Name, Position, Provenance, SourceId, TimeRange, Timestamp, Trust};
use crate::normalize::{Role, SourceSummary, Zone};

const LOCKED: &str = "fslogix-profile-locked";
const TIMEOUT: &str = "session-host-timeout";
const PASSWORD: &str = "wrong-password";

/// One made-up input, owned.
pub(crate) struct Case {
    pub(crate) title: &'static str,
    pub(crate) tables: Tables,
    pub(crate) judgement: Judgement,
    pub(crate) sources: Vec<SourceSummary>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) signatures: BTreeMap<Name, SignatureText>,
}

impl Case {
    pub(crate) fn input(&self) -> Input<'_> {
        Input {
            tables: &self.tables,
            judgement: &self.judgement,
            sources: &self.sources,
            diagnostics: &self.diagnostics,
            signatures: &self.signatures,
            title: self.title,
            options: BTreeMap::from([("timezone".to_owned(), "Europe/Zurich".to_owned())]),
            tool_version: "0.1.0",
        }
    }
}

pub(crate) fn all() -> Vec<Case> {
    vec![founding(), capacity(), abstention(), quiet(), many_changes(), one_day(), empty()]
}

/// A small generator of its own, so that fixtures never move with a package.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

pub(crate) fn at(text: &str) -> Timestamp {
    Timestamp::from_jiff(text.parse().unwrap())
}

fn place(line: u64) -> Provenance {
    Provenance { source: SourceId(0), position: Position::Record(line) }
}

/// How a fleet behaves: attempts per host and hour, and the chance and signature of a failure.
struct Fleet<'a> {
    n_hosts: usize,
    start: Timestamp,
    end: Timestamp,
    per_hour: &'a dyn Fn(Timestamp) -> f64,
    fails: &'a dyn Fn(usize, Timestamp) -> (f64, &'static str),
}

fn host(idx: usize) -> Name {
    Name::from(format!("RDS{:02}", idx + 1).as_str())
}

/// People come on working days from six to five UTC, most of them at seven.
fn office(at: Timestamp, peak: f64) -> f64 {
    let day = at.0.div_euclid(crate::model::time::TICKS_PER_DAY);
    let weekday = (day + 3).rem_euclid(7);
    if weekday > 4 {
        return peak * 0.02;
    }
    match at.hour().rem_euclid(24) {
        6 => peak * 0.6,
        7 => peak,
        8 => peak * 0.7,
        9..=10 => peak * 0.35,
        11 => peak * 0.5,
        12..=15 => peak * 0.3,
        16 => peak * 0.12,
        _ => peak * 0.01,
    }
}

fn tables(fleet: &Fleet<'_>, seed: u64) -> Tables {
    let mut dice = Dice(seed);
    let mut tables = Tables {
        window: Some(TimeRange { start: fleet.start, end: fleet.end }),
        hosts: (0..fleet.n_hosts).map(host).collect(),
        ..Tables::default()
    };
    for hour in fleet.start.hour()..fleet.end.hour() {
        for idx in 0..fleet.n_hosts {
            let begin = Timestamp::from_unix_seconds(hour * 3_600);
            let wanted = (fleet.per_hour)(begin);
            let n = wanted as usize + usize::from(dice.roll() < wanted.fract());
            let mut users = BTreeSet::new();
            for _ in 0..n {
                let at = begin.plus_seconds((dice.roll() * 3_599.0).floor());
                let user = Name::from(format!("user{:03}", (dice.roll() * 160.0) as u32).as_str());
                users.insert(user.clone());
                one_attempt(fleet, &mut dice, &mut tables, (idx, at, user));
            }
            let busy = office(begin.plus_seconds(-3_600.0 * 2.0), wanted.max(1.0)) + wanted;
            let failed = tables.attempts.iter().rev().take(n).filter(|attempt| attempt.is_failure()).count();
            tables.load.insert(
                (host(idx), hour),
                HostHour {
                    n_users: users.len() as u32,
                    n_attempts: n as u32,
                    n_failures: failed as u32,
                    sessions_open: (busy * 2.2).round(),
                    sessions_counted: None,
                },
            );
        }
    }
    tables.attempts.sort_by(|a, b| (a.at, &a.host, &a.user).cmp(&(b.at, &b.host, &b.user)));
    for (idx, attempt) in tables.attempts.iter_mut().enumerate() {
        attempt.id = idx as u32;
    }
    tables.coverage = (0..fleet.n_hosts)
        .map(|idx| Coverage {
            host: host(idx),
            source: Name::from("Microsoft-Windows-TerminalServices-LocalSessionManager/Operational"),
            span: TimeRange { start: fleet.start, end: fleet.end },
            gaps: Vec::new(),
        })
        .collect();
    tables
}

fn one_attempt(fleet: &Fleet<'_>, dice: &mut Dice, tables: &mut Tables, (idx, at, user): (usize, Timestamp, Name)) {
    let (chance, signature) = (fleet.fails)(idx, at);
    let failed = dice.roll() < chance;
    let mistyped = !failed && dice.roll() < 0.006;
    let signature = if mistyped { PASSWORD } else { signature };
    let fault = if mistyped { Fault::User } else { Fault::Infrastructure };
    tables.attempts.push(Attempt {
        id: 0,
        at,
        user: user.clone(),
        host: host(idx),
        client: None,
        outcome: if failed || mistyped { Outcome::Failed } else { Outcome::Succeeded },
        signature: (failed || mistyped).then(|| Name::from(signature)),
        fault: (failed || mistyped).then_some(fault),
        error_code: None,
        component_version: None,
        demand: 0,
        is_retry: false,
        seconds_to_desktop: None,
        certainty: Certainty::ById,
        records: vec![place(tables.attempts.len() as u64 + 1)],
    });
    if !failed && !mistyped {
        let ended_at = at.plus_seconds(3_600.0 * (2.0 + 5.0 * dice.roll()));
        let incomplete = dice.roll() < chance * 0.8;
        tables.sessions.push(Session {
            host: host(idx),
            user,
            session_id: None,
            started_at: Some(at),
            ended_at: Some(ended_at),
            end_kind: EndKind::Logoff,
            close: if incomplete { Close::Incomplete } else { Close::Complete },
            marks: if incomplete {
                vec![Mark { at: ended_at, witness: "profile-unload-unfinished", record: place(9) }]
            } else {
                Vec::new()
            },
            disconnects: Vec::new(),
            records: Vec::new(),
        });
    }
}

fn change(component: &str, version: &str, kind: ChangeKind, hosts: &[(usize, &str)]) -> Change {
    let hosts: Vec<HostChange> = hosts
        .iter()
        .map(|(idx, when)| HostChange { host: host(*idx), at: at(when), in_force_at: at(when), trust: Trust::Stated })
        .collect();
    Change {
        id: String::new(),
        component: Name::from(component),
        version: (!version.is_empty()).then(|| Name::from(version)),
        kind,
        started_at: hosts[0].at,
        hosts,
        hosts_known: true,
        only_stated: false,
        is_routine: false,
        stated_by: vec![place(17)],
    }
}

fn numbered(mut changes: Vec<Change>) -> Vec<Change> {
    changes.sort_by(|a, b| (a.started_at, &a.component).cmp(&(b.started_at, &b.component)));
    for (idx, change) in changes.iter_mut().enumerate() {
        change.id = format!("chg-{}", idx + 1);
    }
    changes
}

fn candidate(kind: CauseKind, change_id: Option<&str>, probability: f64) -> Candidate {
    Candidate { kind, change_id: change_id.map(str::to_owned), host: None, user: None, trigger: None, probability }
}

/// An incident over all failures of that signature.
fn incident(
    tables: &Tables,
    signature: &str,
    started_at: Timestamp,
    ended_at: Timestamp,
    posterior: Vec<Candidate>,
) -> Incident {
    let own: Vec<&Attempt> =
        tables.attempts.iter().filter(|attempt| attempt.signature.as_deref() == Some(signature)).collect();
    let within: Vec<&&Attempt> =
        own.iter().filter(|attempt| started_at <= attempt.at && attempt.at < ended_at).collect();
    let hosts: BTreeSet<Name> = within.iter().map(|attempt| attempt.host.clone()).collect();
    Incident {
        id: "inc-1".to_owned(),
        signatures: vec![Name::from(signature)],
        first_case_at: own.first().map_or(started_at, |attempt| attempt.at),
        started_at,
        peak_at: started_at.plus_seconds(5_400.0),
        ended_at: Some(ended_at),
        n_attempts: tables.attempts.iter().filter(|a| started_at <= a.at && a.at < ended_at).count(),
        n_failures: within.len(),
        n_users: within.iter().map(|attempt| &attempt.user).collect::<BTreeSet<_>>().len(),
        hosts: hosts.into_iter().collect(),
        attempts: own.iter().map(|attempt| attempt.id).collect(),
        root_cause: posterior[0].clone(),
        posterior,
        abstention: None,
        remedy: Remedy::default(),
        evidence: Vec::new(),
    }
}

fn verdict(change: &Change, verdict: Verdict, probability: f64, reasons: Vec<Reason>) -> ChangeVerdict {
    ChangeVerdict { change_id: change.id.clone(), incident: Some("inc-1".to_owned()), verdict, probability, reasons }
}

fn evidence(kind: EvidenceKind, about: Option<&str>, weight: f64, numbers: Vec<(&'static str, Estimate)>) -> Evidence {
    Evidence {
        kind,
        about: about.map(str::to_owned),
        cause: if about.is_some() { CauseKind::Change } else { CauseKind::Capacity },
        weight,
        numbers: numbers.into_iter().collect(),
        names: Vec::new(),
        records: vec![place(1_234), place(1_301)],
    }
}

fn n(value: usize) -> Estimate {
    Estimate::count(value, "attempts")
}

fn case(title: &'static str, tables: Tables, judgement: Judgement) -> Case {
    let text = |title: &str, meaning: &str| SignatureText { title: title.to_owned(), meaning: meaning.to_owned() };
    Case {
        title,
        sources: sources(&tables),
        tables,
        judgement,
        diagnostics: vec![
            Diagnostic {
                count: 3,
                ..Diagnostic::new(
                    Code::EvtxChunkDamaged,
                    "logs/RDS03/System.evtx",
                    Some(place(65_536)),
                    "checksum of the chunk",
                )
            },
            Diagnostic::new(Code::ZoneAssumed, "logs/app/<login>.log", None, "Europe/Zurich"),
        ],
        signatures: BTreeMap::from([
            (
                Name::from(LOCKED),
                text(
                    "profile disk locked by an earlier session",
                    "The profile's disk is still attached by a session that did not close, so it cannot be attached again.",
                ),
            ),
            (
                Name::from(TIMEOUT),
                text(
                    "session host did not answer in time",
                    "The broker sent the user to a host that did not finish the logon.",
                ),
            ),
            (Name::from(PASSWORD), text("wrong password", "The name or password was not accepted.")),
        ]),
    }
}

fn sources(tables: &Tables) -> Vec<SourceSummary> {
    vec![SourceSummary {
        id: SourceId(0),
        path: "logs/RDS01/Operational.evtx".to_owned(),
        n_bytes: 69_632,
        sha256: "0".repeat(64),
        format: "evtx".to_owned(),
        role: Role::Events,
        encoding: "binary",
        hosts: tables.hosts.clone(),
        host_trust: Trust::Stated,
        zone: Zone { name: "UTC".to_owned(), trust: Trust::Stated },
        span: tables.window.map(|window| (window.start, window.end)),
        n_records: 9_000,
        n_kept: 8_000,
        n_irrelevant: 990,
        n_damaged: 10,
        hours: BTreeMap::new(),
        gaps: Vec::new(),
    }]
}

/// Eight hosts over seven weeks: a component of July, isolated cases, Saturday's update, Monday's load, a canary, the fix.
pub(crate) fn founding() -> Case {
    let (rollout, onset) = (at("2022-07-12T20:00:00Z"), at("2022-08-22T05:40:00Z"));
    let (canary, fix) = (at("2022-08-22T13:30:00Z"), at("2022-08-23T19:00:00Z"));
    let fails = |idx: usize, when: Timestamp| {
        let exposed = when >= rollout.plus_seconds(3_600.0 * 30.0 * (idx / 3) as f64);
        let fixed = when >= fix.plus_seconds(idx as f64 * 900.0) || (idx == 3 && when >= canary);
        let chance = match (exposed && !fixed, when >= onset) {
            (true, true) => 0.34 - 0.02 * idx as f64,
            (true, false) => 0.004,
            _ => 0.000_3,
        };
        (chance, if idx == 6 && when < rollout { TIMEOUT } else { LOCKED })
    };
    let per_hour = |when: Timestamp| office(when, if when >= at("2022-08-22T00:00:00Z") { 17.0 } else { 7.0 });
    let fleet = Fleet {
        n_hosts: 8,
        start: at("2022-07-04T00:00:00Z"),
        end: at("2022-08-26T18:00:00Z"),
        per_hour: &per_hour,
        fails: &fails,
    };
    let mut tables = tables(&fleet, 7);
    tables.coverage[4].gaps = vec![TimeRange { start: at("2022-08-09T00:00:00Z"), end: at("2022-08-12T12:00:00Z") }];
    tables.attempts.retain(|attempt| !(&*attempt.host == "RDS05" && tables.coverage[4].gaps[0].contains(attempt.at)));
    for (idx, attempt) in tables.attempts.iter_mut().enumerate() {
        attempt.id = idx as u32;
    }
    let wave =
        |times: [&'static str; 3]| -> Vec<(usize, &'static str)> { (0..8).map(|idx| (idx, times[idx / 3])).collect() };
    let all = |when: &'static str| -> Vec<(usize, &'static str)> { (0..8).map(|idx| (idx, when)).collect() };
    let mut hotfix: Vec<(usize, &str)> = vec![(3, "2022-08-22T13:30:00Z")];
    hotfix.extend([0, 1, 2, 4, 5, 6, 7].map(|idx| (idx, "2022-08-23T19:00:00Z")));
    tables.changes = numbered(vec![
        change(
            "FSLogix Apps",
            "2.9.8171.14983",
            ChangeKind::Update,
            &wave(["2022-07-12T20:00:00Z", "2022-07-14T02:00:00Z", "2022-07-15T08:00:00Z"]),
        ),
        change("KB5015807", "", ChangeKind::Update, &all("2022-07-19T21:00:00Z")),
        change("Operating system restart", "", ChangeKind::Restart, &all("2022-07-31T02:00:00Z")),
        change("Ledger client", "22.8.1", ChangeKind::Update, &all("2022-08-20T18:00:00Z")),
        change("FSLogix Apps", "2.9.8228.50276", ChangeKind::Update, &hotfix),
        change("Operating system restart", "", ChangeKind::Restart, &all("2022-08-23T19:20:00Z")),
    ]);
    let mut posterior = vec![
        Candidate { trigger: Some(Trigger::Load), ..candidate(CauseKind::Change, Some("chg-1"), 0.962_345_678_9) },
        candidate(CauseKind::Capacity, None, 0.017_654_321_1),
        candidate(CauseKind::Change, Some("chg-4"), 0.008),
        candidate(CauseKind::Change, None, 0.007),
        candidate(CauseKind::Unknown, None, 0.005),
    ];
    posterior[1].trigger = None;
    let mut incident = incident(&tables, LOCKED, onset, at("2022-08-23T20:40:00Z"), posterior);
    incident.remedy = Remedy { change_id: Some("chg-5".to_owned()), probability: 0.94, canaries: vec![host(3)] };
    incident.evidence = founding_evidence();
    let changes = &tables.changes;
    let better = Reason::BetterExplained { by: incident.root_cause.clone() };
    let verdicts = vec![
        verdict(
            &changes[0],
            Verdict::RootCause,
            0.962_345_678_9,
            vec![Reason::FailuresFollowExposure, Reason::BlockedUsers, Reason::GrowsWithLoadWhereExposed],
        ),
        verdict(&changes[1], Verdict::Acquitted, 0.000_4, vec![better.clone()]),
        verdict(&changes[2], Verdict::Unproven, 0.000_2, vec![Reason::TooFewAttempts]),
        verdict(
            &changes[3],
            Verdict::Acquitted,
            0.008,
            vec![Reason::FailuresBefore { n_failures: 31, first_at: incident.first_case_at }, better],
        ),
        verdict(&changes[4], Verdict::Remedy, 0.0, vec![Reason::FailuresStop]),
        verdict(&changes[5], Verdict::Acquitted, 0.0, vec![Reason::AfterOnset]),
    ];
    let latent = vec![Latent {
        signature: Name::from(LOCKED),
        load: 74.0,
        load_from: "highest in the record",
        share: Estimate::interval(0.31, 0.24, 0.39, "1"),
    }];
    case("founding", tables, Judgement { incidents: vec![incident], verdicts, latent })
}

fn founding_evidence() -> Vec<Evidence> {
    let mut recovery = evidence(
        EvidenceKind::Recovery,
        Some("chg-5"),
        4.2,
        vec![
            ("failures_before", n(412)),
            ("attempts_before", n(1_530)),
            ("failures_after", n(1)),
            ("attempts_after", n(1_312)),
            ("rate_ratio", Estimate::interval(0.003, 0.0, 0.018, "1")),
            ("hosts_first", Estimate::count(1, "hosts")),
        ],
    );
    recovery.names = vec![host(3)];
    vec![
        evidence(
            EvidenceKind::Mechanism,
            Some("chg-1"),
            9.4,
            vec![
                ("failures_after_incomplete", n(188)),
                ("n_after_incomplete", n(214)),
                ("failures_after_clean", n(41)),
                ("n_after_clean", n(3_904)),
                ("odds_ratio", Estimate::interval(681.0, 401.0, 1_160.0, "1")),
            ],
        ),
        evidence(
            EvidenceKind::Exposure,
            Some("chg-1"),
            6.1,
            vec![
                ("failures_exposed", n(31)),
                ("attempts_exposed", n(7_720)),
                ("failures_unexposed", n(0)),
                ("attempts_unexposed", n(1_204)),
                ("odds_ratio", Estimate::interval(f64::INFINITY, 1.4, f64::INFINITY, "1")),
            ],
        ),
        recovery,
        evidence(
            EvidenceKind::Alibi,
            Some("chg-4"),
            -5.2,
            vec![
                ("failures_before", n(31)),
                ("attempts_before", n(8_924)),
                ("p_chance", Estimate::interval(0.000_04, 0.000_04, 0.000_04, "1")),
            ],
        ),
    ]
}

/// Four hosts, no change at all, twice as many people as ever.
pub(crate) fn capacity() -> Case {
    let onset = at("2023-03-06T06:30:00Z");
    let fails = |_: usize, when: Timestamp| {
        let crowded =
            when >= onset && (6..=11).contains(&when.hour().rem_euclid(24)) && when < at("2023-03-08T00:00:00Z");
        (if crowded { 0.22 } else { 0.001 }, TIMEOUT)
    };
    let per_hour = |when: Timestamp| {
        office(when, if when >= at("2023-03-06T00:00:00Z") && when < at("2023-03-08T00:00:00Z") { 40.0 } else { 15.0 })
    };
    let fleet = Fleet {
        n_hosts: 4,
        start: at("2023-02-27T00:00:00Z"),
        end: at("2023-03-10T18:00:00Z"),
        per_hour: &per_hour,
        fails: &fails,
    };
    let tables = tables(&fleet, 11);
    let posterior = vec![
        candidate(CauseKind::Capacity, None, 0.93),
        candidate(CauseKind::Dependency, None, 0.04),
        candidate(CauseKind::Unknown, None, 0.03),
    ];
    let mut incident = incident(&tables, TIMEOUT, onset, at("2023-03-07T12:00:00Z"), posterior);
    incident.evidence = vec![evidence(
        EvidenceKind::DoseResponse,
        None,
        7.5,
        vec![
            ("odds_ratio_per_doubling", Estimate::interval(4.1, 3.2, 5.3, "1")),
            ("share_low_load", Estimate::interval(0.001, 0.0, 0.002, "1")),
            ("share_high_load", Estimate::interval(0.22, 0.2, 0.24, "1")),
        ],
    )];
    case("capacity", tables, Judgement { incidents: vec![incident], verdicts: Vec::new(), latent: Vec::new() })
}

/// Two changes in one night on the same hosts: nothing can tell them apart.
pub(crate) fn abstention() -> Case {
    let onset = at("2023-05-10T05:00:00Z");
    let fails = |_: usize, when: Timestamp| (if when >= onset { 0.18 } else { 0.001 }, LOCKED);
    let per_hour = |when: Timestamp| office(when, 9.0);
    let fleet = Fleet {
        n_hosts: 3,
        start: at("2023-05-01T00:00:00Z"),
        end: at("2023-05-12T12:00:00Z"),
        per_hour: &per_hour,
        fails: &fails,
    };
    let mut tables = tables(&fleet, 13);
    let all = |when: &'static str| [(0, when), (1, when), (2, when)];
    tables.changes = numbered(vec![
        change("FSLogix Apps", "2.9.8361", ChangeKind::Update, &all("2023-05-09T22:00:00Z")),
        change("KB5026363", "", ChangeKind::Update, &all("2023-05-09T22:40:00Z")),
    ]);
    let posterior = vec![
        candidate(CauseKind::Change, Some("chg-1"), 0.44),
        candidate(CauseKind::Change, Some("chg-2"), 0.41),
        candidate(CauseKind::Unknown, None, 0.15),
    ];
    let mut incident = incident(&tables, LOCKED, onset, at("2023-05-12T12:00:00Z"), posterior);
    incident.ended_at = None;
    incident.root_cause = candidate(CauseKind::Unknown, None, 0.15);
    incident.abstention = Some(Abstention {
        is_tie: true,
        would_have_told: vec![(Name::from("Microsoft-FSLogix-Apps/Operational"), Some(host(1)))],
    });
    let verdicts = vec![
        verdict(
            &tables.changes[0],
            Verdict::Unproven,
            0.44,
            vec![Reason::NotSeparable { from: vec!["chg-2".to_owned()] }],
        ),
        verdict(
            &tables.changes[1],
            Verdict::Unproven,
            0.41,
            vec![Reason::NotSeparable { from: vec!["chg-1".to_owned()] }],
        ),
    ];
    case("abstention", tables, Judgement { incidents: vec![incident], verdicts, latent: Vec::new() })
}

/// A month in which nothing happened but a few wrong passwords and an update.
pub(crate) fn quiet() -> Case {
    let per_hour = |when: Timestamp| office(when, 8.0);
    let fleet = Fleet {
        n_hosts: 5,
        start: at("2023-09-01T00:00:00Z"),
        end: at("2023-09-30T00:00:00Z"),
        per_hour: &per_hour,
        fails: &|_, _| (0.001, TIMEOUT),
    };
    let mut tables = tables(&fleet, 17);
    tables.changes = numbered(vec![change(
        "KB5030219",
        "",
        ChangeKind::Update,
        &[(0, "2023-09-13T20:00:00Z"), (1, "2023-09-13T21:00:00Z"), (2, "2023-09-14T20:00:00Z")],
    )]);
    let verdicts = vec![ChangeVerdict {
        change_id: "chg-1".to_owned(),
        incident: None,
        verdict: Verdict::Acquitted,
        probability: 0.0,
        reasons: Vec::new(),
    }];
    case("quiet", tables, Judgement { incidents: Vec::new(), verdicts, latent: Vec::new() })
}

/// Sixty hosts, eight weeks, two hundred changes, one of them guilty.
pub(crate) fn many_changes() -> Case {
    many(60, 200, 23)
}

pub(crate) fn many(n_hosts: usize, n_changes: usize, seed: u64) -> Case {
    let (start, onset) = (at("2024-01-01T00:00:00Z"), at("2024-02-12T08:00:00Z"));
    let guilty_at = at("2024-02-12T07:45:00Z");
    let fails = |idx: usize, when: Timestamp| {
        let hit = when >= guilty_at && when < at("2024-02-14T00:00:00Z") && idx % 3 != 2;
        (if hit { 0.4 } else { 0.001 }, TIMEOUT)
    };
    let per_hour = |when: Timestamp| office(when, 2.0);
    let fleet = Fleet { n_hosts, start, end: at("2024-02-26T00:00:00Z"), per_hour: &per_hour, fails: &fails };
    let mut tables = tables(&fleet, seed);
    let mut dice = Dice(seed ^ 0x5eed);
    let mut changes = vec![change(
        "Remote desktop gateway",
        "4.11",
        ChangeKind::Update,
        &[(0, "2024-02-12T07:45:00Z"), (1, "2024-02-12T07:45:00Z")],
    )];
    for idx in 1..n_changes {
        let mut one = change(
            [
                "Chrome",
                "Ledger client",
                "Defender definitions",
                "KB5034122",
                "Office",
                "Print driver with a long name of its maker",
            ][idx % 6],
            &format!("1.{idx}.0"),
            ChangeKind::Update,
            &[(idx % n_hosts, "2024-01-01T00:00:00Z")],
        );
        one.started_at = start.plus_seconds((dice.roll() * 56.0 * 86_400.0).floor());
        one.hosts[0].at = one.started_at;
        one.hosts[0].in_force_at = one.started_at;
        changes.push(one);
    }
    tables.changes = numbered(changes);
    let guilty =
        tables.changes.iter().find(|change| &*change.component == "Remote desktop gateway").unwrap().id.clone();
    let others = tables.changes.iter().filter(|change| change.id != guilty);
    let mut posterior = vec![candidate(CauseKind::Change, Some(&guilty), 0.9)];
    let share = 0.09 / others.clone().count().max(1) as f64;
    posterior.extend(others.map(|change| candidate(CauseKind::Change, Some(&change.id), share)));
    let rest = 1.0 - posterior.iter().map(|candidate| candidate.probability).sum::<f64>();
    posterior.push(candidate(CauseKind::Unknown, None, rest));
    let incident = incident(&tables, TIMEOUT, onset, at("2024-02-13T18:00:00Z"), posterior);
    let verdicts = tables
        .changes
        .iter()
        .enumerate()
        .map(|(idx, change)| match (change.id == guilty, idx % 5) {
            (true, _) => verdict(change, Verdict::RootCause, 0.9, vec![Reason::FailuresFollowExposure]),
            (false, 0) => verdict(change, Verdict::Unproven, share, vec![Reason::TooFewAttempts]),
            _ => verdict(change, Verdict::Acquitted, share, vec![Reason::AfterOnset]),
        })
        .collect();
    case("many", tables, Judgement { incidents: vec![incident], verdicts, latent: Vec::new() })
}

/// One day on three hosts: one of them bad from nine to noon.
pub(crate) fn one_day() -> Case {
    let fails = |idx: usize, when: Timestamp| {
        (if idx == 1 && (9..12).contains(&when.hour().rem_euclid(24)) { 0.7 } else { 0.002 }, TIMEOUT)
    };
    let per_hour = |when: Timestamp| office(when, 30.0);
    let fleet = Fleet {
        n_hosts: 3,
        start: at("2024-06-04T00:00:00Z"),
        end: at("2024-06-05T00:00:00Z"),
        per_hour: &per_hour,
        fails: &fails,
    };
    let mut tables = tables(&fleet, 29);
    tables.changes = numbered(vec![
        change(
            "Ledger client",
            "24.6.0",
            ChangeKind::Update,
            &[(0, "2024-06-04T04:00:00Z"), (1, "2024-06-04T04:10:00Z"), (2, "2024-06-04T04:20:00Z")],
        ),
        change("Operating system restart", "", ChangeKind::Restart, &[(1, "2024-06-04T11:58:00Z")]),
    ]);
    let posterior = vec![
        Candidate { host: Some(host(1)), ..candidate(CauseKind::Host, None, 0.88) },
        candidate(CauseKind::Change, Some("chg-1"), 0.06),
        candidate(CauseKind::Unknown, None, 0.06),
    ];
    let mut incident = incident(&tables, TIMEOUT, at("2024-06-04T09:00:00Z"), at("2024-06-04T12:00:00Z"), posterior);
    incident.remedy = Remedy { change_id: Some("chg-2".to_owned()), probability: 0.71, canaries: Vec::new() };
    let verdicts = vec![
        verdict(
            &tables.changes[0],
            Verdict::Acquitted,
            0.06,
            vec![Reason::ExposedDoNotFail { hosts: vec![host(0), host(2)] }],
        ),
        verdict(&tables.changes[1], Verdict::Remedy, 0.0, vec![Reason::FailuresStop]),
    ];
    case("one-day", tables, Judgement { incidents: vec![incident], verdicts, latent: Vec::new() })
}

/// Logs in which nobody tried to connect.
pub(crate) fn empty() -> Case {
    case("empty", Tables::default(), Judgement::default())
}
