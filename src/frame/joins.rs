//! Planted scenes, one for each id that joins the records of one wish, and one for each derived outcome.

use super::scene::Scene;
use super::{Attempt, Certainty, NO_DESKTOP, Outcome, Tables};
use crate::model::{Action, Event, Fault, Name};

const HOUR: f64 = 3_600.0;

/// A host whose working days before and after the scene show what is usual.
fn around(scene: impl FnOnce(&mut Scene)) -> Tables {
    let mut days = Scene::new();
    for number in 0..30 {
        days.workday("RDS01", &format!("user{number:03}"), 100 + number, (f64::from(number) - 31.0) * HOUR);
    }
    scene(&mut days);
    days.workday("RDS01", "last", 999, 20.0 * HOUR);
    days.tables()
}

fn of<'a>(tables: &'a Tables, user: &str) -> Vec<&'a Attempt> {
    tables.attempts.iter().filter(|attempt| &*attempt.user == user).collect()
}

fn named(event: &mut Event, key: &str, value: &str) {
    event.data.push((key.into(), value.into()));
}

/// Knock, acceptance and the bridge to a session: one ActivityID.
fn connect(scene: &mut Scene, session: Option<u32>) {
    let id = || Some(Name::from("{F4200000-1}"));
    scene.event("RDS01", 0.0, Action::Attempt).activity_id = id();
    scene.authenticated("RDS01", "anna", 2.0).activity_id = id();
    let bridge = scene.event("RDS01", 3.0, Action::SessionArbitration);
    (bridge.activity_id, bridge.session_id) = (id(), session);
    named(bridge, "ConnectionName", "RDP-Tcp#3");
}

#[test]
fn the_activity_and_the_session_number_join_three_logs() {
    let tables = around(|scene| {
        connect(scene, Some(7));
        scene.begin("RDS01", "anna", 7, 5.0);
        scene.shell("RDS01", "anna", 7, 9.0);
    });
    let tries = of(&tables, "anna");
    assert_eq!(tries.len(), 1);
    assert_eq!((tries[0].certainty, tries[0].records.len()), (Certainty::ById, 5));
    // Without the bridge only user and time tell that the session belongs to the connection.
    let tables = around(|scene| {
        connect(scene, None);
        scene.begin("RDS01", "anna", 7, 5.0);
    });
    assert_eq!(of(&tables, "anna")[0].certainty, Certainty::ByTime);
}

#[test]
fn the_name_of_the_connection_joins_the_security_log() {
    let reconnected = |name: &str| {
        around(|scene| {
            connect(scene, None);
            let back = scene.event("RDS01", 4.0, Action::Reconnect);
            (back.user, back.channel, back.code) = (Some("anna".into()), Some("Security".into()), Some(4778));
            named(back, "SessionName", name);
        })
    };
    let tables = reconnected("RDP-Tcp#3");
    assert_eq!(of(&tables, "anna").len(), 1);
    assert_eq!(
        (of(&tables, "anna")[0].certainty, of(&tables, "anna")[0].outcome),
        (Certainty::ById, Outcome::Succeeded)
    );
    assert_eq!(of(&reconnected("RDP-Tcp#4"), "anna")[0].certainty, Certainty::ByTime);
}

#[test]
fn the_logon_session_joins_the_records_of_the_security_log() {
    let with = |logon: u64| {
        let mut scene = Scene::new();
        for (second, action, logon) in [(0.0, Action::Authenticated, 0x77), (200.0, Action::Reconnect, logon)] {
            let event = scene.event("RDS01", second, action);
            (event.user, event.channel, event.logon_id) = (Some("anna".into()), Some("Security".into()), Some(logon));
        }
        scene.tables()
    };
    assert_eq!(with(0x77).attempts[0].certainty, Certainty::ById);
    assert_ne!(with(0x78).attempts[0].certainty, Certainty::ById);
}

/// A record of the gateway, which names the host that the user wants.
fn gateway(scene: &mut Scene, second: f64, action: Action, code: u32, resource: &str) {
    let event = scene.event("GW01", second, action);
    event.provider = Some("Microsoft-Windows-TerminalServices-Gateway".into());
    event.channel = Some("Microsoft-Windows-TerminalServices-Gateway/Operational".into());
    (event.code, event.user) = (Some(code), Some("anna".into()));
    named(event, "Resource", resource);
    if action == Action::Failure {
        (event.signature, event.fault) = (Some("gateway-target-unreachable".into()), Some(Fault::Infrastructure));
    }
}

#[test]
fn what_a_gateway_allows_belongs_to_the_try_on_its_resource() {
    let tables = around(|scene| {
        for code in [200, 300, 302] {
            gateway(scene, -40.0, Action::Forwarded, code, "rds01.corp.example"); // its clock is behind
        }
        scene.workday("RDS01", "anna", 7, 0.0);
    });
    let tries = of(&tables, "anna");
    assert_eq!(tries.len(), 1);
    assert_eq!(
        (tries[0].outcome, tries[0].certainty, tries[0].records.len()),
        (Outcome::Succeeded, Certainty::ByTime, 6)
    );
    assert_eq!(tries[0].seconds_to_desktop, Some(8.0), "the gateway's clock measures nothing here");
    assert_eq!(tables.hosts, [Name::from("RDS01")]);
}

#[test]
fn what_a_gateway_refuses_is_a_failed_try_on_its_resource() {
    let tables = around(|scene| {
        gateway(scene, 0.0, Action::Failure, 304, "rds01.corp.example:3389");
        scene.workday("RDS01", "anna", 7, 60.0);
    });
    let tries: Vec<_> = of(&tables, "anna").iter().map(|row| (&*row.host, row.outcome, row.is_retry)).collect();
    assert_eq!(tries, [("RDS01", Outcome::Failed, false), ("RDS01", Outcome::Succeeded, true)]);
    assert_eq!(tables.hosts, [Name::from("RDS01")]);
}

#[test]
fn a_gateway_or_broker_that_speaks_of_another_host_or_time_joins_nothing() {
    let tables = around(|scene| {
        gateway(scene, 0.0, Action::Forwarded, 302, "user-pc.corp.example");
        gateway(scene, 301.0, Action::Forwarded, 302, "rds01.corp.example");
        scene.workday("RDS02", "anna", 7, 0.0);
        scene.workday("RDS01", "anna", 7, 20_000.0);
    });
    let n_records: Vec<usize> = of(&tables, "anna").iter().map(|row| row.records.len()).collect();
    // A resource that no log knows may be the name of a farm.
    assert_eq!(n_records, [4, 3]);
}

#[test]
fn a_temporary_profile_is_a_failure_even_with_a_desktop() {
    let tables = around(|scene| {
        scene.authenticated("RDS01", "anna", 0.0);
        let temporary = scene.failure("RDS01", "anna", 5.0, "temporary-profile", "Application", Fault::Infrastructure);
        temporary.code = Some(1511);
        scene.begin("RDS01", "anna", 7, 6.0);
        scene.shell("RDS01", "anna", 7, 9.0);
        scene.end("RDS01", "anna", 7, 4_000.0);
    });
    let tries: Vec<_> = of(&tables, "anna").iter().map(|row| (row.outcome, row.signature.as_deref())).collect();
    assert_eq!(tries, [(Outcome::Failed, Some("temporary-profile"))]);
    assert!(of(&tables, "anna")[0].is_service_failure());
}

#[test]
fn a_session_that_never_shows_a_desktop_is_told_from_one_that_never_came() {
    let tables = around(|scene| {
        scene.authenticated("RDS01", "anna", 0.0);
        scene.begin("RDS01", "anna", 7, 6.0);
        scene.end("RDS01", "anna", 7, 4_000.0);
    });
    let tries: Vec<_> = of(&tables, "anna").iter().map(|row| (row.outcome, row.signature.as_deref())).collect();
    assert_eq!(tries, [(Outcome::Silent, Some(NO_DESKTOP))]);
}

#[test]
fn a_mistyped_password_is_no_failure_of_the_service() {
    let tables = around(|scene| {
        scene.failure("RDS01", "user001", 0.0, "logon-wrong-password", "Security", Fault::User);
        scene.failure("RDS01", "user002", 60.0, "no-logon-server", "Security", Fault::Infrastructure);
    });
    assert_eq!(tables.attempts.iter().filter(|attempt| attempt.is_failure()).count(), 2);
    assert_eq!(tables.load.values().map(|hour| hour.n_failures).sum::<u32>(), 1);
}
