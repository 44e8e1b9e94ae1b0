//! Names in texts, one spelling after the other.

use super::names::Names;
use super::pattern::Known;
use super::pseudonym::{Kind, Pseudonyms};
use super::{Class, Key};
use crate::frame::Framed;
use crate::model::{Action, Event, Name, Position, Provenance, Severity, SourceId, Timestamp, Trust};

fn event(host: &str, user: Option<&str>, client: Option<&str>, data: &[(&str, &str)]) -> Event {
    Event {
        at: Timestamp(0),
        time_trust: Trust::Stated,
        duration_ms: None,
        provenance: Provenance { source: SourceId(0), position: Position::Line(1) },
        host: Some(host.into()),
        host_trust: Trust::Stated,
        dataset: "windows".into(),
        provider: None,
        code: None,
        channel: None,
        severity: Severity::default(),
        action: Action::Failure,
        user: user.map(Name::from),
        user_sid: None,
        session_id: None,
        logon_id: None,
        activity_id: None,
        client: client.map(Name::from),
        signature: None,
        fault: None,
        error_code: None,
        component_version: None,
        message: None,
        data: data.iter().map(|(key, value)| (Name::from(*key), Name::from(*value))).collect(),
    }
}

fn redacted(text: &str, classes: &[Class]) -> String {
    let events = vec![
        event(
            "RDS01",
            Some("anna"),
            Some("10.0.0.7"),
            &[("WorkstationName", "LAPTOP-7"), ("TargetDomainName", "CORP")],
        ),
        event("SESSIONHOST-ZURICH1", None, None, &[]),
        event("RDS011", Some("anna-maria"), None, &[("SubjectUserName", "CORP\\Müller")]),
    ];
    let framed = Framed { events, ..Framed::default() };
    let mut pseudonyms = Pseudonyms::new(None);
    let known = Known::new(&Names::of(&framed), classes, &mut pseudonyms);
    known.replaced(text, classes, &mut pseudonyms).unwrap_or_else(|| text.to_owned())
}

#[test]
fn every_spelling_of_a_name_becomes_one_pseudonym() {
    for (text, wanted) in [
        ("Anna could not log on", "user-001 could not log on"),
        ("CORP\\anna, corp\\\\ANNA; anna@corp.example.", "user-001, user-001; user-001."),
        ("user=anna-maria", "user=user-002"),
        ("ANNA-MARIAS", "user-001-MARIAS"),
        ("Savannah annabel", "Savannah annabel"),
        ("CORP%5Canna%40corp", "domain-001%5Cuser-001%40domain-001"),
        ("C:\\Users\\anna\\x", "C:\\Users\\user-001\\x"),
        ("MÜLLER müller", "user-003 user-003"),
        ("rds01.corp.example says RDS011 is not RDS01.", "host-001 says host-004 is not host-001."),
        ("zip!RDS01/System.evtx", "zip!host-001/System.evtx"),
        ("RDS01.evtx rds01.corp.example.evtx", "host-001.evtx host-001.evtx"),
        ("oldRDS01copy_rds011.log RDS0112", "oldhost-001copy_host-004.log RDS0112"),
        ("RDS01$ at LAPTOP-7", "host-001$ at host-002"),
        ("SESSIONHOST-ZUR and sessionhost-zurich1.corp.example", "host-003 and host-003"),
        ("domain CORP", "domain domain-001"),
        ("\\\\nas4\\share https://web.corp.example/x", "\\\\host-005\\share https://host-006/x"),
        ("from 10.0.0.7:3389, 10.0.0.70. Not 2.9.8171.14983", "from address-001:3389, address-002. Not 2.9.8171.14983"),
        ("[2001:db8::7]:443 at 12:34:56, ::1 and 127.0.0.1", "[address-002]:443 at 12:34:56, ::1 and 127.0.0.1"),
        ("S-1-5-21-1-2-3-1104 and S-1-5-18", "sid-001 and S-1-5-18"),
        ("otto@corp.example", "user-004"),
        ("anna@corp\\Anna-Maria", "user-001user-002"),
    ] {
        assert_eq!(redacted(text, Class::ALL), wanted, "{text}");
    }
}

#[test]
fn only_the_classes_that_are_named_are_replaced() {
    let text = "anna on RDS01 from 10.0.0.7";
    assert_eq!(redacted(text, &[Class::Users]), "user-001 on RDS01 from 10.0.0.7");
    assert_eq!(redacted(text, &[Class::Hosts]), "anna on host-001 from 10.0.0.7");
    assert_eq!(redacted(text, &[Class::Addresses]), "anna on RDS01 from address-001");
    assert!(Key::new(b"0123456789abcdef").is_some());
    assert_eq!(Pseudonyms::new(None).of(Kind::Domain, "corp"), "domain-001");
}

proptest::proptest! {
    #[test]
    fn any_text_is_survived_and_holds_no_known_name_afterwards(text in "(?s)([aAnN\\\\@.:/%0-9éß\u{202e}]|anna|RDS01|rds011|Anna-Maria|10\\.0\\.0\\.7| ){0,40}") {
        let out = redacted(&text, Class::ALL);
        let lower = format!(" {} ", out.to_lowercase());
        for name in ["anna", "rds01", "10.0.0.7"] {
            for (at, _) in lower.match_indices(name) {
                let before = lower[..at].chars().next_back();
                let behind = lower[at + name.len()..].chars().next();
                let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '.' || c == ':');
                proptest::prop_assert!(is_word(before) || is_word(behind), "{text:?} -> {out:?}");
            }
        }
    }
}
