//! Two small reports, one difference at a time.

use proptest::prelude::{Just, Strategy, any, prop, prop_oneof, proptest};
use serde_json::{Value, json};

use super::{Area, Comparison, State, compare, markdown, text};

fn report() -> Value {
    json!({
        "window": {"start": "2022-08-15T00:00:00Z", "end": "2022-08-22T00:00:00Z"}, "options": {}, "redaction": null,
        "attempts": {"n_attempts": 1000, "n_failures": 20, "n_users": 100, "n_users_failed": 15},
        "signatures": [{"id": "locked", "n_failures": 15}, {"id": "timeout", "n_failures": 5}],
        "incidents": [], "latent": [], "diagnostics": [],
        "changes": [{"id": "chg-1", "component": "Agent", "version": "1.0", "started_at": "2022-08-16T00:00:00Z",
                     "verdicts": [{"incident": null, "verdict": "unproven", "probability": 0.1}]}],
        "coverage": [{"host.name": "RDS01", "source": "Security", "start": "a", "end": "b", "gaps": []}],
    })
}

fn later(change: impl FnOnce(&mut Value)) -> Comparison {
    let mut after = report();
    after["window"] = json!({"start": "2022-08-22T00:00:00Z", "end": "2022-08-29T00:00:00Z"});
    change(&mut after);
    compare(&report(), &after)
}

fn state(of: &Comparison, area: Area, name: &str) -> State {
    let found = of.differences.iter().find(|one| one.area == area && one.name == name);
    found.unwrap_or_else(|| panic!("{name} is missing: {of:#?}")).state
}

#[test]
fn a_report_is_the_same_as_itself() {
    let same = compare(&report(), &report());
    assert!(same.notes.is_empty() && !same.is_worse && same.has_attempts, "{same:#?}");
    assert!(same.differences.iter().all(|one| one.state == State::Same), "{same:#?}");
    assert!(text(&same).starts_with("Not worse. "));
}

#[test]
fn a_rate_is_worse_only_where_chance_does_not_explain_it() {
    let few = later(|after| after["signatures"][0]["n_failures"] = 24.into());
    assert_eq!(state(&few, Area::Signature, "locked"), State::Same);
    let many = later(|after| after["signatures"][0]["n_failures"] = 45.into());
    assert_eq!(state(&many, Area::Signature, "locked"), State::Worse);
    assert!(many.is_worse && text(&many).contains("worse    locked: 45 of 1,000 attempts failed (4.50%"));
    // Twice the attempts: twice the failures are no worse, and the counts are said not to compare.
    let busy = later(|after| {
        after["attempts"] = json!({"n_attempts": 2000, "n_failures": 40});
        after["signatures"][0]["n_failures"] = 30.into();
        after["signatures"][1]["n_failures"] = 10.into();
    });
    assert!(!busy.is_worse, "{busy:#?}");
    let fewer = later(|after| after["signatures"][0]["n_failures"] = 1.into());
    assert_eq!(state(&fewer, Area::Signature, "locked"), State::Better);
}

#[test]
fn one_failure_of_a_new_kind_is_new_and_no_worsening() {
    let new = later(|after| after["signatures"].as_array_mut().unwrap().push(json!({"id": "odd", "n_failures": 1})));
    assert_eq!(state(&new, Area::Signature, "odd"), State::New);
    assert!(!new.is_worse);
    let flood = later(|after| after["signatures"].as_array_mut().unwrap().push(json!({"id": "odd", "n_failures": 30})));
    assert!(flood.is_worse);
    let gone = later(|after| after["signatures"][1]["n_failures"] = 0.into());
    assert_eq!(state(&gone, Area::Signature, "timeout"), State::Gone);
}

#[test]
fn incidents_are_the_same_by_signature_and_cause_whatever_their_number() {
    let incident = |id: &str, users: u64| {
        json!({"id": id, "signatures": ["locked"], "n_failures": 9, "n_attempts": 50, "n_users": users,
               "root_cause": {"kind": "change", "change_id": "chg-1"}, "started_at": "2022-08-23T08:00:00Z"})
    };
    let new = later(|after| after["incidents"] = json!([incident("inc-1", 5)]));
    assert_eq!(state(&new, Area::Incident, "locked by Agent 1.0"), State::New);
    assert!(new.is_worse);
    let mut before = report();
    before["incidents"] = json!([incident("inc-2", 5)]);
    let mut after = before.clone();
    after["incidents"] = json!([incident("inc-1", 3)]);
    assert_eq!(state(&compare(&before, &after), Area::Incident, "locked by Agent 1.0"), State::Better);
    assert_eq!(state(&compare(&before, &report()), Area::Incident, "locked by Agent 1.0"), State::Gone);
}

#[test]
fn verdicts_forecasts_and_gaps_are_followed() {
    let latent =
        |lower: f64, upper: f64| json!([{"signature": "locked", "forecast": {"lower": lower, "upper": upper}}]);
    let changed = later(|after| {
        after["changes"][0]["verdicts"][0]["verdict"] = "acquitted".into();
        after["latent"] = latent(0.1, 0.2);
        after["coverage"][0]["gaps"] = json!([{}]);
        after["coverage"].as_array_mut().unwrap().push(json!({"host.name": "RDS02", "source": "System", "gaps": []}));
    });
    assert_eq!(state(&changed, Area::Change, "Agent 1.0"), State::Changed);
    assert_eq!(state(&changed, Area::Latent, "locked"), State::New);
    assert_eq!(state(&changed, Area::Coverage, "RDS01 Security"), State::Worse);
    assert_eq!(state(&changed, Area::Coverage, "RDS02 System"), State::New);
    assert!(changed.notes.iter().any(|note| note.contains("RDS02")), "{:?}", changed.notes);
    let (mut before, mut after) = (report(), report());
    before["latent"] = latent(0.1, 0.2);
    after["latent"] = latent(0.15, 0.3);
    assert_eq!(state(&compare(&before, &after), Area::Latent, "locked"), State::Same);
    after["latent"] = latent(0.25, 0.3);
    assert_eq!(state(&compare(&before, &after), Area::Latent, "locked"), State::Worse);
}

#[test]
fn unlike_windows_and_pseudonyms_are_said() {
    let long = later(|after| after["window"]["end"] = "2022-09-22T00:00:00Z".into());
    assert!(long.notes[0].contains("7.0 days before, 31.0 days after"), "{:?}", long.notes);
    let redacted = later(|after| after["redaction"] = json!({"classes": ["users"], "is_keyed": true}));
    assert!(redacted.notes.iter().any(|note| note.contains("pseudonyms")));
    let empty = compare(&report(), &json!({}));
    assert!(!empty.has_attempts && empty.notes.iter().any(|note| note.contains("no window")));
}

#[test]
fn a_name_cannot_write_into_the_page() {
    let page = markdown(&later(|after| after["changes"][0]["component"] = "a|b <img> `c`\n# d".into()));
    assert!(!page.contains("<img>") && !page.contains("\n# d") && page.contains("a\\|b &lt;img&gt;"), "{page}");
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (0_u64..9).prop_map(Value::from),
        "[a-z0-9:TZ-]{0,20}".prop_map(Value::from)
    ];
    let keys = "(window|start|end|attempts|n_attempts|n_failures|signatures|id|incidents|root_cause|latent|forecast|changes|coverage|gaps)";
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(keys, inner, 0..6).prop_map(|map| Value::Object(map.into_iter().collect()))
        ]
    })
}

proptest! {
    #[test]
    fn any_two_values_compare(before in anything(), after in anything()) {
        let comparison = compare(&before, &after);
        let _ = (text(&comparison), markdown(&comparison));
    }
}
