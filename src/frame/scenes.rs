//! Planted scenes, one for each rule, through all of `frame`.

use super::scene::{Scene, at};
use super::{Attempt, Close, EndKind, Options, Outcome, SHORT_LIVED, SILENT, Tables};
use crate::model::{Action, Fault, HostScope, Name, Trust, Witness};
use crate::normalize::Normalized;

const HOUR: f64 = 3_600.0;
const DAY: f64 = 86_400.0;

/// A host with thirty ordinary working days before the scene, so that what is usual is known; ends at hour 0.
fn ordinary() -> Scene {
    let mut scene = Scene::new();
    for number in 0..30 {
        scene.workday("RDS01", &format!("user{number:03}"), 100 + number, (f64::from(number) - 31.0) * HOUR);
    }
    scene
}

/// One more ordinary session, so that the logs cover what came before it.
fn and_on(mut scene: Scene) -> Scene {
    scene.workday("RDS01", "last", 999, 20.0 * HOUR);
    scene
}

fn of<'a>(tables: &'a Tables, user: &str) -> Vec<&'a Attempt> {
    tables.attempts.iter().filter(|attempt| &*attempt.user == user).collect()
}

fn outcomes(tables: &Tables, user: &str) -> Vec<Outcome> {
    of(tables, user).iter().map(|attempt| attempt.outcome).collect()
}

#[test]
fn a_try_seen_by_every_log_counts_once() {
    let mut scene = ordinary();
    scene.application("RDS01", "anna", 9.0, Action::Attempt).activity_id = Some("c1".into());
    let knock = scene.event("RDS01", 10.0, Action::Attempt);
    (knock.code, knock.activity_id) = (Some(131), Some("{F420}".into()));
    scene.authenticated("RDS01", "anna", 12.0).activity_id = Some("{F420}".into());
    let logon = scene.event("RDS01", 12.5, Action::SessionBegin);
    (logon.code, logon.channel, logon.user, logon.logon_id) =
        (Some(4624), Some("Security".into()), Some("anna".into()), Some(77));
    scene.begin("RDS01", "anna", 5, 16.0);
    scene.shell("RDS01", "anna", 5, 18.0);
    let answer = scene.application("RDS01", "anna", 19.0, Action::Success);
    (answer.activity_id, answer.session_id) = (Some("c1".into()), Some(5));
    scene.end("RDS01", "anna", 5, HOUR);
    let tables = and_on(scene).tables();
    assert_eq!(outcomes(&tables, "anna"), [Outcome::Succeeded]);
    assert_eq!(of(&tables, "anna")[0].seconds_to_desktop, Some(8.0));
    assert!(tables.aside.is_empty());
}

#[test]
fn acceptance_without_a_session_is_silence_only_where_it_would_have_been_seen() {
    let mut scene = ordinary();
    scene.authenticated("RDS01", "anna", HOUR);
    scene.authenticated("RDS01", "berta", 20.0 * HOUR + 2.0 * HOUR); // after the last record of any session
    let tables = and_on(scene).tables();
    assert_eq!(outcomes(&tables, "anna"), [Outcome::Silent]);
    assert_eq!(of(&tables, "anna")[0].signature.as_deref(), Some(SILENT));
    assert_eq!(outcomes(&tables, "berta"), [Outcome::Unseen]);
}

#[test]
fn a_session_thrown_out_after_a_failed_profile_is_a_failure() {
    let mut scene = ordinary();
    scene.authenticated("RDS01", "anna", 0.0);
    scene.failure("RDS01", "anna", 5.0, "fslogix-profile-locked", "FSLogix", Fault::Infrastructure);
    scene.begin("RDS01", "anna", 5, 6.0);
    scene.shell("RDS01", "anna", 5, 8.0);
    scene.end("RDS01", "anna", 5, 60.0);
    let tables = and_on(scene).tables();
    assert_eq!(outcomes(&tables, "anna"), [Outcome::Failed]);
    assert_eq!(of(&tables, "anna")[0].signature.as_deref(), Some("fslogix-profile-locked"));
}

#[test]
fn a_short_session_without_any_word_fails_only_if_its_user_tries_again() {
    let mut scene = ordinary();
    for (user, session) in [("anna", 5), ("berta", 6)] {
        scene.authenticated("RDS01", user, 0.0);
        scene.begin("RDS01", user, session, 6.0);
        scene.shell("RDS01", user, session, 8.0);
        scene.end("RDS01", user, session, 50.0);
    }
    scene.workday("RDS01", "anna", 7, 90.0);
    let tables = and_on(scene).tables();
    assert_eq!(outcomes(&tables, "anna"), [Outcome::Failed, Outcome::Succeeded]);
    assert_eq!(of(&tables, "anna")[0].signature.as_deref(), Some(SHORT_LIVED));
    assert_eq!(outcomes(&tables, "berta"), [Outcome::Succeeded]);
}

#[test]
fn what_a_user_tries_again_within_45_minutes_of_a_failure_is_one_demand() {
    let mut scene = ordinary();
    scene.workday("RDS01", "anna", 4, -30.0 * HOUR);
    for minute in [0.0, 30.0, 70.0] {
        scene.failure("RDS01", "anna", minute * 60.0, "wrong-password", "Security", Fault::User);
    }
    scene.workday("RDS01", "anna", 5, 80.0 * 60.0); // ends the demand
    scene.failure("RDS01", "anna", 90.0 * 60.0, "wrong-password", "Security", Fault::User);
    scene.failure("RDS01", "anna", 140.0 * 60.0, "wrong-password", "Security", Fault::User); // 50 minutes later
    let tables = and_on(scene).tables();
    let retries: Vec<bool> = of(&tables, "anna").iter().map(|attempt| attempt.is_retry).collect();
    assert_eq!(retries, [false, false, true, true, true, false, false]);
    let demands: std::collections::BTreeSet<u32> = of(&tables, "anna").iter().map(|attempt| attempt.demand).collect();
    assert_eq!(demands.len(), 4);
}

#[test]
fn a_reconnect_counts_where_somebody_asked_for_it() {
    let mut scene = ordinary();
    scene.workday("RDS01", "anna", 5, 0.0);
    scene.disconnect("RDS01", "anna", 5, 600.0);
    scene.authenticated("RDS01", "anna", 900.0);
    scene.reconnect("RDS01", "anna", 5, 903.0);
    scene.disconnect("RDS01", "anna", 5, 1_200.0);
    scene.reconnect("RDS01", "anna", 5, 1_210.0); // the client by itself
    let tables = and_on(scene).tables();
    assert_eq!(outcomes(&tables, "anna"), [Outcome::Succeeded, Outcome::Succeeded]);
    let session = tables.sessions.iter().find(|session| &*session.user == "anna").unwrap();
    assert_eq!(session.disconnects.len(), 4);
    assert_eq!(session.end_kind, EndKind::Logoff);
}

#[test]
fn a_failure_that_names_nobody_goes_to_the_only_try_under_way() {
    let mut scene = ordinary();
    scene.authenticated("RDS01", "anna", 0.0);
    let nobody = scene.event("RDS01", 6.0, Action::Failure);
    (nobody.signature, nobody.code) = (Some("profile-not-loaded".into()), Some(1500));
    for user in ["berta", "carla"] {
        scene.authenticated("RDS01", user, HOUR);
    }
    scene.event("RDS01", HOUR + 6.0, Action::Failure).signature = Some("profile-not-loaded".into());
    let tables = and_on(scene).tables();
    assert_eq!(of(&tables, "anna")[0].signature.as_deref(), Some("profile-not-loaded"));
    assert_eq!(outcomes(&tables, "berta"), [Outcome::Silent]);
    assert_eq!(outcomes(&tables, "carla"), [Outcome::Silent]);
    assert_eq!(tables.symptoms.len(), 1);
}

#[test]
fn strangers_and_bare_connections_are_counted_aside() {
    let mut scene = ordinary();
    for number in 0..5 {
        let second = f64::from(number) * 60.0;
        scene.failure("RDS01", "admin", second, "no-such-user", "Security", Fault::User);
        scene.event("RDS01", second, Action::Attempt).activity_id = Some(Name::from(format!("{{F{number}}}")));
    }
    scene.failure("RDS01", "user001", 0.0, "wrong-password", "Security", Fault::User);
    let tables = and_on(scene).tables();
    assert_eq!(outcomes(&tables, "admin"), []);
    assert_eq!(tables.aside.iter().map(|row| row.n).sum::<usize>(), 10);
    assert_eq!(outcomes(&tables, "user001"), [Outcome::Succeeded, Outcome::Failed]);
}

#[test]
fn an_application_adds_what_the_hosts_cannot_show_and_doubles_nothing() {
    let mut scene = ordinary();
    // Its clock is seven minutes ahead; six tries tell so.
    for number in 0..6 {
        let second = f64::from(number) * 700.0;
        let user = format!("user{number:03}");
        scene.workday("RDS01", &user, 20 + number, second);
        scene.application("RDS01", &user, second + 419.0, Action::Attempt);
        scene.application("RDS01", &user, second + 430.0, Action::Success).session_id = Some(20 + number);
    }
    scene.authenticated("RDS01", "anna", 2.0 * HOUR);
    let refused = scene.application("RDS01", "anna", 2.0 * HOUR + 425.0, Action::Failure);
    (refused.signature, refused.duration_ms) = (Some("app-refused".into()), Some(5_000.0));
    let elsewhere = scene.application("RDS77", "berta", 3.0 * HOUR, Action::Success);
    elsewhere.data.clear();
    elsewhere.host = None;
    let tables = and_on(scene).tables();
    assert_eq!(tables.attempts.len(), 30 + 6 + 1 + 1);
    assert_eq!(of(&tables, "anna")[0].signature.as_deref(), Some("app-refused"));
    assert_eq!(of(&tables, "anna")[0].outcome, Outcome::Failed);
}

#[test]
fn without_session_logs_the_application_speaks_for_itself() {
    let mut scene = Scene::new();
    scene.application("RDS01", "anna", 0.0, Action::Success);
    scene.application("RDS01", "berta", 60.0, Action::Failure).signature = Some("app-refused".into());
    let tables = scene.tables();
    assert_eq!(outcomes(&tables, "anna"), [Outcome::Succeeded]);
    assert_eq!(outcomes(&tables, "berta"), [Outcome::Failed]);
    assert_eq!(tables.hosts, [Name::from("RDS01")]);
}

#[test]
fn a_reboot_and_the_edge_of_the_log_cut_a_session_without_blame() {
    let mut scene = ordinary();
    scene.begin("RDS01", "anna", 5, 0.0);
    scene.boot("RDS01", 100.0);
    scene.begin("RDS01", "berta", 6, 200.0);
    scene.begin("RDS01", "carla", 5, 300.0);
    scene.end("RDS01", "carla", 5, 2_000.0);
    let tables = and_on(scene).tables();
    let session = |user: &str| tables.sessions.iter().find(|session| &*session.user == user).unwrap();
    assert_eq!((session("anna").end_kind, session("anna").ended_at), (EndKind::Reboot, Some(at(100.0))));
    assert_eq!(session("anna").close, Close::NotObservable);
    assert_eq!((session("berta").end_kind, session("berta").ended_at), (EndKind::EdgeOfLog, None));
    assert_eq!((session("carla").started_at, session("carla").end_kind), (Some(at(300.0)), EndKind::Logoff));
    assert_eq!(session("carla").close, Close::Complete);
}

#[test]
fn each_witness_of_an_incomplete_close_marks_its_own_session() {
    let mut scene = ordinary();
    for (user, session) in [("anna", 5), ("berta", 6), ("carla", 7), ("dora", 8)] {
        scene.workday("RDS01", user, session, 0.0);
        scene.unload("RDS01", session, HOUR - 2.0, Action::ProfileUnloadBegin);
        if session != 6 {
            scene.unload("RDS01", session, HOUR - 1.0, Action::ProfileUnloadEnd);
        }
    }
    scene.incomplete("RDS01", 5, HOUR + 30.0);
    let leaked = scene.event("RDS01", HOUR, Action::IncompleteClose);
    (leaked.code, leaked.user) = (Some(1530), Some("carla".into()));
    let tables = and_on(scene).tables();
    let close = |user: &str| {
        let session = tables.sessions.iter().find(|session| &*session.user == user).unwrap();
        (session.close, session.marks.iter().map(|mark| mark.witness).collect::<Vec<_>>())
    };
    assert_eq!(close("anna"), (Close::Incomplete, vec!["lsm-45"]));
    assert_eq!(close("berta"), (Close::Incomplete, vec!["profile-unload-unfinished"]));
    assert_eq!(close("carla"), (Close::Complete, vec!["profile-hive-in-use-1530"]));
    assert_eq!(close("dora"), (Close::Complete, vec![]));
}

#[test]
fn a_web_page_that_took_the_password_does_not_undo_silence() {
    let mut scene = ordinary();
    scene.authenticated("RDS01", "anna", 0.0);
    scene.application("RDS01", "anna", 1.0, Action::Success);
    let tables = and_on(scene).tables();
    assert_eq!(outcomes(&tables, "anna"), [Outcome::Silent]);
}

#[test]
fn a_connection_from_a_shared_address_belongs_to_the_only_one_who_tries_again() {
    let mut scene = ordinary();
    for (user, second) in [("anna", 300.0), ("berta", 5.0 * HOUR)] {
        scene.authenticated("RDS01", user, second).client = Some("10.1.1.1".into());
        scene.begin("RDS01", user, 50, second + 5.0);
        scene.shell("RDS01", user, 50, second + 6.0);
        scene.end("RDS01", user, 50, second + HOUR);
    }
    for (id, second) in [("{A}", 0.0), ("{B}", 9.0 * HOUR)] {
        let failed = scene.event("RDS01", second, Action::Failure);
        (failed.activity_id, failed.client) = (Some(id.into()), Some("10.1.1.1".into()));
        failed.signature = Some("security-layer".into());
    }
    let tables = and_on(scene).tables();
    assert_eq!(outcomes(&tables, "anna"), [Outcome::Failed, Outcome::Succeeded]);
    assert_eq!(tables.aside.iter().map(|row| row.n).sum::<usize>(), 1);
}

#[test]
fn a_close_without_an_end_is_found_by_complaint_reuse_or_logoff() {
    let mut scene = ordinary();
    for (user, session) in [("anna", 5), ("berta", 6), ("carla", 7), ("dora", 8)] {
        scene.begin("RDS01", user, session, 0.0);
        scene.disconnect("RDS01", user, session, 600.0);
    }
    scene.incomplete("RDS01", 5, 700.0);
    let reason = scene.event("RDS01", 600.0, Action::Disconnect);
    (reason.code, reason.session_id, reason.data) = (Some(40), Some(7), vec![("Reason".into(), "12".into())]);
    scene.end("RDS01", "dora", 8, 2.0 * HOUR);
    scene.disconnect("RDS01", "dora", 8, 2.0 * HOUR + 1.0); // the connection goes after the session
    scene.workday("RDS01", "emma", 6, 3.0 * HOUR);
    let tables = and_on(scene).tables();
    let of = |user: &str| {
        let mut own = tables.sessions.iter().filter(|session| &*session.user == user);
        let session = own.next().unwrap();
        assert!(own.next().is_none(), "{user} had one session");
        (session.close, session.ended_at, session.marks.first().map(|mark| mark.witness))
    };
    assert_eq!(of("anna"), (Close::Incomplete, Some(at(600.0)), Some("logoff-stuck")));
    assert_eq!(of("berta"), (Close::Incomplete, Some(at(600.0)), Some("end-never-logged")));
    assert_eq!(of("carla"), (Close::Incomplete, Some(at(600.0)), Some("logoff-stuck")));
    assert_eq!(of("dora"), (Close::Complete, Some(at(2.0 * HOUR)), None));
}

#[test]
fn a_disk_that_comes_online_again_had_been_released() {
    let mut scene = ordinary();
    for (user, session) in [("anna", 5), ("berta", 6), ("carla", 7)] {
        scene.event("RDS01", 3.0, Action::DiskAttached).user = Some(user.into());
        scene.workday("RDS01", user, session, 0.0);
    }
    scene.event("RDS01", HOUR + 1.0, Action::DiskDetached).user = Some("carla".into());
    scene.failure("RDS01", "anna", 5.0 * HOUR, "locked", "VHDMP", Fault::Infrastructure);
    for user in ["anna", "berta"] {
        scene.event("RDS01", 6.0 * HOUR, Action::DiskAttached).user = Some(user.into());
    }
    let tables = and_on(scene).tables();
    let close = |user: &str| tables.sessions.iter().find(|session| &*session.user == user).unwrap().close;
    assert_eq!([close("anna"), close("berta"), close("carla")], [Close::Incomplete, Close::Complete, Close::Complete]);
}

#[test]
fn who_is_logged_off_because_the_host_stops_did_not_leave() {
    let mut scene = ordinary();
    scene.begin("RDS01", "anna", 5, 0.0);
    scene.event("RDS01", HOUR, Action::Shutdown);
    scene.end("RDS01", "anna", 5, HOUR + 20.0);
    scene.boot("RDS01", HOUR + 200.0);
    let tables = and_on(scene).tables();
    let session = tables.sessions.iter().find(|session| &*session.user == "anna").unwrap();
    assert_eq!((session.end_kind, session.close), (EndKind::Reboot, Close::NotObservable));
}

#[test]
fn open_sessions_are_counted_from_before_the_log() {
    let mut scene = Scene::new();
    scene.begin("RDS01", "first", 1, 0.0);
    scene.end("RDS01", "early", 9, 2.0 * HOUR + 10.0); // began before the log
    scene.end("RDS01", "first", 1, 3.5 * HOUR);
    scene.begin("RDS01", "last", 2, 5.0 * HOUR);
    let tables = scene.tables();
    let open = |hour: i64| tables.load[&(Name::from("RDS01"), at(0.0).hour() + hour)].sessions_open;
    assert!((open(1) - 2.0).abs() < 1e-9 && (open(3) - 1.0).abs() < 1e-9 && open(4).abs() < 1e-9);
}

#[test]
fn a_list_that_names_one_host_and_the_installs_of_the_rest_are_one_change() {
    let mut scene = and_on(ordinary());
    scene.change("fslogix-apps", Some("2.9.8228"), &["RDS01"], 600.0, Witness::Stated);
    for (number, host) in ["RDS01", "RDS02", "RDS03"].iter().enumerate() {
        let second = number as f64 * 4.0 * DAY;
        scene.change("Microsoft FSLogix Apps", Some("2.9.8228"), &[host], second, Witness::Observed);
        scene.change("Microsoft FSLogix Apps", None, &[host], second + 1.0, Witness::Observed);
    }
    let tables = scene.tables();
    assert_eq!(tables.changes.len(), 1);
    let change = &tables.changes[0];
    assert_eq!((&*change.component, change.hosts.len(), change.only_stated), ("Microsoft FSLogix Apps", 3, false));
    assert!(change.hosts.iter().all(|host| host.trust == Trust::Stated));
    assert_eq!(change.stated_by.len(), 7);
}

#[test]
fn a_list_off_by_a_zone_is_put_right_and_a_list_for_all_is_a_guess() {
    let mut scene = and_on(ordinary());
    for (number, component) in ["Payroll", "Ledger"].iter().enumerate() {
        let second = number as f64 * DAY;
        scene.change(component, Some("1.0"), &["RDS01"], second, Witness::Observed);
        scene.change(component, Some("1.0"), &["RDS01"], second + 2.0 * HOUR + 20.0, Witness::Stated);
    }
    scene.change("Limits", Some("7"), &[], 3.0 * DAY + 2.0 * HOUR, Witness::Stated).scope = HostScope::All;
    let tables = scene.tables();
    let change = tables.changes.iter().find(|change| &*change.component == "Limits").unwrap();
    assert_eq!((change.started_at, change.only_stated, change.hosts_known), (at(3.0 * DAY), true, true));
    assert_eq!(change.hosts[0].trust, Trust::Guessed);
}

#[test]
fn a_version_that_comes_back_is_a_rollback_and_a_restart_puts_in_force() {
    let mut scene = ordinary();
    for (version, day) in [("1.0", 0.0), ("2.0", 1.0), ("1.0", 2.0)] {
        scene.change("Payroll", Some(version), &["RDS01"], day * DAY, Witness::Observed);
    }
    scene.changes[1].needs_restart = true;
    scene.boot("RDS01", 1.5 * DAY);
    scene.workday("RDS01", "last", 9, 3.0 * DAY);
    let tables = scene.tables();
    let kinds: Vec<_> = tables.changes.iter().map(|change| (&*change.id, change.kind)).collect();
    use crate::model::ChangeKind::{Restart, Rollback, Update};
    assert_eq!(kinds, [("chg-1", Update), ("chg-2", Update), ("chg-3", Restart), ("chg-4", Rollback)]);
    assert_eq!(tables.changes[1].hosts[0].in_force_at, at(1.5 * DAY));
}

#[test]
fn a_version_that_failures_name_reveals_a_change() {
    let mut scene = ordinary();
    for (version, second) in [("2.9.8111", 0.0), ("2.9.8228", DAY), ("2.9.8111", 1.1 * DAY)] {
        let event = scene.failure("RDS01", "anna", second, "locked", "FSLogix", Fault::Infrastructure);
        event.component_version = Some(("FSLogix Apps".into(), version.into()));
    }
    let tables = scene.tables();
    assert_eq!(tables.changes.len(), 1);
    assert_eq!(tables.changes[0].version.as_deref(), Some("2.9.8228"));
    assert_eq!((tables.changes[0].hosts[0].at, tables.changes[0].hosts[0].trust), (at(DAY), Trust::Derived));
}

/// The shape of the tables without the numbers of sources.
fn shape(tables: &Tables) -> String {
    let attempts: Vec<_> = tables
        .attempts
        .iter()
        .map(|row| (row.at, &row.user, &row.host, row.outcome, &row.signature, row.demand, row.is_retry))
        .collect();
    let sessions: Vec<_> =
        tables.sessions.iter().map(|row| (&row.user, row.started_at, row.ended_at, row.end_kind, row.close)).collect();
    let changes: Vec<_> =
        tables.changes.iter().map(|row| (&row.id, &row.component, &row.version, &row.hosts)).collect();
    format!("{attempts:?}{sessions:?}{changes:?}{:?}{:?}{:?}", tables.load, tables.coverage, tables.window)
}

fn rich() -> Scene {
    let mut scene = ordinary();
    for number in 0..6 {
        let second = f64::from(number) * 900.0;
        let user = format!("user{number:03}");
        scene.application("RDS01", &user, second + 1.0, Action::Attempt);
        scene.workday("RDS01", &user, 20 + number, second);
        scene.failure("RDS01", &user, second + 5_000.0, "locked", "FSLogix", Fault::Infrastructure);
    }
    scene.boot("RDS01", 3.0 * HOUR);
    scene.change("Payroll", Some("1.0"), &["RDS01"], HOUR, Witness::Observed);
    scene.change("payroll", Some("1.0"), &["RDS01"], HOUR + 60.0, Witness::Stated);
    and_on(scene)
}

fn framed(normalized: Normalized) -> Tables {
    super::tables(normalized, &Options::default()).tables
}

#[test]
fn neither_the_order_of_events_nor_the_cutting_of_files_matters() {
    let whole = shape(&framed(rich().normalized()));
    let mut reversed = rich().normalized();
    reversed.events.reverse();
    reversed.changes.reverse();
    assert_eq!(shape(&framed(reversed)), whole);

    let mut cut = rich().normalized();
    let mut second = cut.sources[0].clone();
    second.id = crate::model::SourceId(1);
    let middle = at(HOUR);
    second.hours.retain(|(.., hour), _| *hour >= middle.hour());
    cut.sources[0].hours.retain(|(.., hour), _| *hour < middle.hour());
    let (start, end) = cut.sources[0].span.unwrap();
    cut.sources[0].span = Some((start, crate::model::Timestamp(middle.0 - 1)));
    second.span = Some((middle, end));
    cut.sources.push(second);
    for event in cut.events.iter_mut().filter(|event| event.at >= middle) {
        event.provenance.source = crate::model::SourceId(1);
    }
    assert_eq!(shape(&framed(cut)), whole);
}
