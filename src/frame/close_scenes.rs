//! Planted closes, one for each witness, each with its like on a healthy host.

use super::scene::{Scene, at};
use super::{Close, EndKind, Outcome, Session, Tables};
use crate::model::{Action, Fault, Timestamp};

const HOUR: f64 = 3_600.0;

/// A host that logs unloads and sessions, so that their absence means something; ends at hour 0.
fn ordinary() -> Scene {
    let mut scene = Scene::new();
    for number in 0..30 {
        scene.workday("RDS01", &format!("user{number:03}"), 100 + number, (f64::from(number) - 31.0) * HOUR);
    }
    scene
}

/// One more session on the host, after the scene.
fn and_on(mut scene: Scene) -> Tables {
    scene.workday("RDS01", "last", 999, 20.0 * HOUR);
    scene.events.sort_by_key(|event| event.at);
    scene.tables()
}

fn session<'a>(tables: &'a Tables, user: &str) -> &'a Session {
    tables.sessions.iter().find(|session| &*session.user == user).unwrap()
}

fn close(tables: &Tables, user: &str) -> (Close, Vec<&'static str>) {
    let session = session(tables, user);
    (session.close, session.marks.iter().map(|mark| mark.witness).collect())
}

/// One user's hour, and one record of a provider right after it.
fn said(provider: &str, code: u32, action: Action, data: &[(&str, &str)], number: Option<u32>) -> Tables {
    let mut scene = ordinary();
    scene.workday("RDS01", "anna", 5, 0.0);
    let event = scene.event("RDS01", HOUR + 1.0, action);
    (event.provider, event.code, event.session_id) = (Some(provider.into()), Some(code), number);
    event.user = number.is_none().then(|| "anna".into());
    event.data = data.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    and_on(scene)
}

#[test]
fn what_a_record_says_of_a_close_has_its_name_and_its_strength() {
    const LSM: &str = "Microsoft-Windows-TerminalServices-LocalSessionManager";
    const PROFILES: &str = "Microsoft-Windows-User Profiles Service";
    let incomplete = Action::IncompleteClose;
    for (provider, code, action, number, close_is, witness) in [
        (LSM, 36, incomplete, Some(5), Close::Incomplete, "lsm-36"),
        (LSM, 37, incomplete, Some(5), Close::Incomplete, "lsm-37"),
        (LSM, 44, incomplete, Some(5), Close::Incomplete, "lsm-44"),
        (LSM, 52, incomplete, Some(5), Close::Incomplete, "lsm-52"),
        (LSM, 53, incomplete, Some(5), Close::Incomplete, "lsm-53"),
        (PROFILES, 1512, incomplete, None, Close::Incomplete, "profile-not-freed"),
        (PROFILES, 1517, incomplete, None, Close::Incomplete, "profile-not-freed"),
        (PROFILES, 1524, incomplete, None, Close::Incomplete, "profile-not-freed"),
        (PROFILES, 1530, Action::Other, None, Close::Complete, "profile-hive-in-use-1530"),
        (PROFILES, 1533, incomplete, None, Close::Complete, "profile-directory-left-1533"),
        ("Microsoft-Windows-VHDMP", 11, incomplete, None, Close::Incomplete, "disk-not-released"),
        ("Microsoft-Windows-VHDMP", 35, incomplete, None, Close::Incomplete, "disk-not-released"),
        (
            "TerminalServices-RemoteConnectionManager",
            20491,
            incomplete,
            None,
            Close::Incomplete,
            "profile-disk-not-released",
        ),
        (
            "TerminalServices-RemoteConnectionManager",
            20492,
            incomplete,
            None,
            Close::Incomplete,
            "profile-disk-not-released",
        ),
        (
            "TerminalServices-SessionBroker-Client",
            1299,
            incomplete,
            Some(5),
            Close::Complete,
            "broker-refused-notice-1299",
        ),
        ("Microsoft-FSLogix-Apps", 26, incomplete, None, Close::Incomplete, "fslogix-close-incomplete"),
    ] {
        let tables = said(provider, code, action, &[], number);
        assert_eq!(close(&tables, "anna"), (close_is, vec![witness]), "{provider} {code}");
        assert_eq!(close(&tables, "last").1, Vec::<&str>::new(), "{provider} {code}");
    }
    // The same of another session, or of a logon.
    assert_eq!(close(&said(LSM, 52, incomplete, &[], Some(6)), "anna").1, Vec::<&str>::new());
    let notice = |event: &str| close(&said(PROFILES, 1534, Action::Symptom, &[("Event", event)], None), "anna");
    assert_eq!(notice("Unload"), (Close::Complete, vec!["profile-notice-failed-1534"]));
    assert_eq!(notice("Load").1, Vec::<&str>::new());
}

#[test]
fn of_two_disks_the_one_that_stays_is_a_witness() {
    let mut scene = ordinary();
    for (user, number) in [("anna", 5), ("berta", 6)] {
        scene.workday("RDS01", user, number, 0.0);
        for file in ["Profile", "ODFC"] {
            let stays = user == "anna" && file == "ODFC";
            for (second, action) in [(3.0, Action::DiskAttached), (HOUR + 1.0, Action::DiskDetached)] {
                if action == Action::DiskAttached || !stays {
                    let event = scene.event("RDS01", second, action);
                    event.user = Some(user.into());
                    event.message = Some(format!("\\\\files\\{user}\\{file}_{user}.VHDX").into());
                }
            }
        }
    }
    let tables = and_on(scene);
    assert_eq!(close(&tables, "anna"), (Close::Incomplete, vec!["disk-not-detached"]));
    assert_eq!(close(&tables, "berta"), (Close::Complete, vec![]));
}

#[test]
fn a_log_that_loses_records_of_disks_accuses_nobody_by_their_absence() {
    let with = |n_lost: u32| {
        let mut scene = ordinary();
        for number in 0..=n_lost {
            // All lack the record of the disk's going; all but anna's come online again, so it had been written.
            let user = if number == 0 { "anna".to_owned() } else { format!("lost{number}") };
            for second in [0.0, 5.0 * HOUR].into_iter().take(if number == 0 { 1 } else { 2 }) {
                scene.event("RDS01", second + 3.0, Action::DiskAttached).user = Some(user.clone().into());
                scene.workday("RDS01", &user, 50 + number, second);
            }
            scene.event("RDS01", 6.0 * HOUR + 1.0, Action::DiskDetached).user = Some(user.into());
        }
        and_on(scene)
    };
    let at_the_time = |tables: &Tables, user: &str| {
        let session = tables.sessions.iter().find(|session| &*session.user == user);
        session.map(super::close_at_the_time)
    };
    let one = with(1);
    assert_eq!(close(&one, "lost1"), (Close::Complete, vec!["disk-free-later"]));
    // Before her next attempt nobody could have told the one from the other.
    assert_eq!(at_the_time(&one, "lost1"), Some(Close::Incomplete));
    assert_eq!(at_the_time(&one, "anna"), Some(Close::Incomplete));
    assert_eq!(at_the_time(&with(2), "anna"), Some(Close::NotObservable));
    let with = |n_lost| close(&with(n_lost), "anna");
    assert_eq!(with(0), (Close::Incomplete, vec!["disk-not-detached"]));
    assert_eq!(with(1), (Close::Incomplete, vec!["disk-not-detached"]));
    assert_eq!(with(2), (Close::Complete, vec!["disk-detach-not-logged"]));
}

/// Security 4647: an account asks to leave; the record knows no session number.
fn asks_to_leave(scene: &mut Scene, user: &str, second: f64) {
    let event = scene.event("RDS01", second, Action::LogoffRequested);
    (event.code, event.channel, event.user) = (Some(4_647), Some("Security".into()), Some(user.into()));
    event.logon_id = Some(77);
}

#[test]
fn a_logoff_that_only_the_security_log_heard_of_and_that_never_came_is_stuck() {
    let mut scene = ordinary();
    for (user, number) in [("anna", 5), ("berta", 6), ("carla", 7)] {
        scene.begin("RDS01", user, number, 0.0);
    }
    asks_to_leave(&mut scene, "anna", HOUR);
    asks_to_leave(&mut scene, "berta", HOUR);
    asks_to_leave(&mut scene, "nobody", HOUR);
    scene.end("RDS01", "berta", 6, HOUR + 20.0);
    scene.end("RDS01", "carla", 7, 9.0 * HOUR);
    let tables = and_on(scene);
    assert_eq!(close(&tables, "anna"), (Close::Incomplete, vec!["logoff-stuck"]));
    assert_eq!(session(&tables, "anna").ended_at, Some(at(HOUR)));
    assert_eq!(close(&tables, "berta"), (Close::Complete, vec![]));
    assert_eq!(close(&tables, "carla"), (Close::Complete, vec![]));
}

/// A host that logs disconnected sessions off after two hours, and one session that stays.
fn with_limit(n_ends: u32, last_at: f64, boot: Option<f64>) -> Tables {
    let mut scene = ordinary();
    for number in 0..n_ends {
        let (user, start) = (format!("away{number}"), f64::from(number) * HOUR);
        scene.begin("RDS01", &user, 50 + number, start);
        scene.disconnect("RDS01", &user, 50 + number, start + 600.0);
        scene.end("RDS01", &user, 50 + number, start + 600.0 + 2.0 * HOUR + f64::from(number));
    }
    scene.begin("RDS01", "anna", 5, 20.0 * HOUR);
    scene.disconnect("RDS01", "anna", 5, 21.0 * HOUR);
    scene.begin("RDS01", "berta", 6, last_at - HOUR);
    scene.disconnect("RDS01", "berta", 6, last_at - 600.0);
    if let Some(second) = boot {
        scene.boot("RDS01", second);
    }
    // The host is up and writes all the time.
    for hour in 0..(last_at / HOUR) as u32 {
        scene.event("RDS01", f64::from(hour) * HOUR, Action::Other);
    }
    scene.workday("RDS01", "last", 999, last_at - HOUR);
    scene.events.sort_by_key(|event| event.at);
    scene.tables()
}

#[test]
fn a_session_that_outlives_the_hosts_own_limit_did_not_close() {
    let tables = with_limit(6, 40.0 * HOUR, None);
    assert_eq!(close(&tables, "anna"), (Close::Incomplete, vec!["disconnect-limit-passed"]));
    // Not yet due when the log ends.
    assert_eq!(
        (session(&tables, "berta").end_kind, close(&tables, "berta").0),
        (EndKind::EdgeOfLog, Close::NotObservable)
    );
    // Without a limit that is seen to work, it is only disconnected.
    assert_eq!(close(&with_limit(4, 40.0 * HOUR, None), "anna").0, Close::NotObservable);
    // Cut by a restart before the limit; stuck long before a restart.
    assert_eq!(close(&with_limit(6, 40.0 * HOUR, Some(22.0 * HOUR)), "anna").0, Close::NotObservable);
    assert_eq!(close(&with_limit(6, 40.0 * HOUR, Some(30.0 * HOUR)), "anna").0, Close::Incomplete);
}

/// Anna leaves, and what she meets an hour later.
fn followed(signature: &str, holds_another: bool) -> Tables {
    let mut scene = ordinary();
    scene.workday("RDS01", "anna", 5, 0.0);
    if holds_another {
        scene.begin("RDS01", "anna", 6, 1_800.0);
    }
    scene.failure("RDS01", "anna", 2.0 * HOUR, signature, "FSLogix", Fault::Infrastructure);
    and_on(scene)
}

#[test]
fn a_lock_at_the_next_logon_is_told_apart_from_the_marks() {
    let tables = followed("fslogix-profile-locked", false);
    let anna = session(&tables, "anna");
    assert_eq!((anna.close, anna.marks.len()), (Close::Complete, 0), "it must not be evidence about that logon");
    assert_eq!(anna.later.iter().map(|mark| mark.witness).collect::<Vec<_>>(), ["next-logon-locked"]);
    assert!(session(&followed("fslogix-disk-full", false), "anna").later.is_empty());
    assert!(session(&followed("fslogix-profile-locked", true), "anna").later.is_empty(), "her other session holds it");
}

/// Anna's session on one host never ends, and she begins another elsewhere; she may have held two before.
fn elsewhere(ends_at: Option<f64>, used_to: bool) -> Tables {
    let mut scene = ordinary();
    for number in 0..3 {
        scene.workday("RDS02", "other", 30 + number, f64::from(number) * 100.0 * HOUR);
    }
    if used_to {
        scene.workday("RDS01", "anna", 8, -10.0 * HOUR);
        scene.workday("RDS02", "anna", 9, -9.5 * HOUR);
    }
    scene.begin("RDS01", "anna", 5, 0.0);
    if let Some(second) = ends_at {
        scene.end("RDS01", "anna", 5, second);
    }
    scene.workday("RDS02", "anna", 6, 5.0 * HOUR);
    and_on(scene)
}

#[test]
fn a_session_begun_elsewhere_is_a_weak_sign_that_this_one_is_stuck() {
    let witnesses = |tables: &Tables| -> Vec<&str> {
        tables
            .sessions
            .iter()
            .filter(|session| &*session.user == "anna")
            .flat_map(|s| &s.later)
            .map(|m| m.witness)
            .collect()
    };
    let tables = elsewhere(None, false);
    assert_eq!(witnesses(&tables), ["begun-elsewhere"]);
    assert_eq!(session(&tables, "anna").close, Close::NotObservable);
    assert!(witnesses(&elsewhere(Some(4.0 * HOUR), false)).is_empty());
    assert!(witnesses(&elsewhere(Some(7.0 * HOUR), false)).is_empty(), "two sessions, and both end");
    assert!(witnesses(&elsewhere(None, true)).is_empty(), "a user who holds two");
    let mut scene = ordinary();
    scene.begin("RDS01", "anna", 5, 0.0);
    scene.workday("RDS01", "anna", 6, 5.0 * HOUR);
    assert_eq!(witnesses(&and_on(scene)), ["begun-anew"]);
}

#[test]
fn each_session_knows_what_its_user_tried_next_and_the_host_counts_it() {
    let mut scene = ordinary();
    for (user, number) in [("anna", 5), ("berta", 6), ("carla", 7), ("dora", 8)] {
        scene.workday("RDS01", user, number, 0.0);
    }
    scene.incomplete("RDS01", 5, HOUR + 1.0);
    scene.failure("RDS02", "anna", 3.0 * HOUR, "fslogix-profile-locked", "FSLogix", Fault::Infrastructure);
    scene.workday("RDS01", "berta", 9, 3.0 * HOUR);
    scene.failure("RDS01", "carla", 3.0 * HOUR, "logon-wrong-password", "Security", Fault::User);
    scene.workday("RDS01", "dora", 10, 100.0 * HOUR);
    let tables = and_on(scene);
    let next = |user: &str| {
        let next = session(&tables, user).next.unwrap();
        let attempt = &tables.attempts[next.attempt as usize];
        (&*attempt.host, attempt.outcome, next.after_s, next.is_soon)
    };
    assert_eq!(next("anna"), ("RDS02", Outcome::Failed, 2.0 * HOUR, true));
    assert_eq!(next("berta"), ("RDS01", Outcome::Succeeded, 2.0 * HOUR, true));
    assert!(!next("dora").3);
    let row = |close: Close| tables.chains.iter().find(|row| &*row.host == "RDS01" && row.close == close).unwrap();
    let (stuck, clean) = (row(Close::Incomplete), row(Close::Complete));
    assert_eq!((stuck.n_closes, stuck.n_followed, stuck.n_failed), (1, 1, 1));
    assert_eq!((clean.n_followed, clean.n_failed, clean.share), (1, 0, Some(0.0)), "a wrong password is no answer");
    assert!(clean.lower == 0.0 && (clean.upper - 0.975).abs() < 1e-9, "python: 1 - 0.025 ** (1 / 1)");
}

#[test]
fn an_attempt_follows_the_session_that_ended_last_before_it() {
    let mut scene = ordinary();
    scene.workday("RDS01", "anna", 5, 0.0);
    scene.begin("RDS01", "anna", 6, HOUR + 10.0);
    scene.end("RDS01", "anna", 6, 2.0 * HOUR);
    scene.begin("RDS02", "anna", 4, -HOUR);
    scene.end("RDS02", "anna", 4, 3.0 * HOUR);
    scene.workday("RDS01", "anna", 7, 5.0 * HOUR);
    let tables = and_on(scene);
    let next: Vec<Option<Timestamp>> = tables
        .sessions
        .iter()
        .filter(|session| &*session.user == "anna")
        .map(|session| session.next.map(|next| tables.attempts[next.attempt as usize].at))
        .collect();
    assert_eq!(next, [Some(at(5.0 * HOUR)), Some(at(HOUR + 10.0)), None, None]);
}
