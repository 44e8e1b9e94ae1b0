//! `causeline signatures`: text, JSON, exit statuses, and a user's own folder.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::command::{causeline, succeed};

const OWN: &str = r#"
id = "portal-down"
title = "Portal is down"
meaning = "The portal says that it is down."
phase = "application"
fault = "infrastructure"
sure = "unverified"
references = ["unverified"]
[[match]]
contains = ["portal is down"]
[[example]]
message = "The portal is down"
[[counter_example]]
message = "The portal is up"
"#;

fn json(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("own.toml"), text).unwrap();
    folder
}

fn with<'a>(arguments: &[&'a str], own: &'a Path) -> Vec<&'a str> {
    [arguments, &["--signatures", own.to_str().unwrap()]].concat()
}

#[test]
fn the_list_holds_every_signature_once() {
    let text = String::from_utf8(succeed(&["signatures", "list"])).unwrap();
    let listed = json(&succeed(&["signatures", "list", "--format", "json"]));
    let listed = listed.as_array().unwrap();
    assert!(listed.len() >= 120, "{}", listed.len());
    let ids: std::collections::BTreeSet<_> = listed.iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), listed.len());
    for id in ids {
        assert!(text.lines().any(|line| line.split_whitespace().next() == Some(id)), "{id}");
    }
}

#[test]
fn one_is_shown_with_its_codes_in_plain_words() {
    let shown = json(&succeed(&["signatures", "show", "logon-wrong-password", "--format", "json"]));
    let code = |kind: &str| shown["codes"].as_array().unwrap().iter().find(|code| code["kind"] == kind).unwrap();
    assert_eq!(code("ntstatus")["words"], "the password is wrong");
    assert_eq!(code("kerberos")["code"], "0x18");
    assert_eq!(shown["fault"], "user");
    let text = String::from_utf8(succeed(&["signatures", "show", "logon-wrong-password"])).unwrap();
    assert!(text.contains("the password is wrong") && text.contains("https://learn.microsoft.com"), "{text}");
}

#[test]
fn one_that_is_not_there_ends_with_2() {
    let output = causeline(&["signatures", "show", "no-such-signature"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no-such-signature"));
    assert_eq!(causeline(&["signatures", "test", "no/such/file.log"]).status.code(), Some(3));
    assert_eq!(causeline(&["signatures"]).status.code(), Some(2));
}

#[test]
fn a_test_tells_what_fits_what_nearly_does_and_what_none_knows() {
    let logs = tempfile::tempdir().unwrap();
    let file = logs.path().join("lines.txt");
    fs::write(
        &file,
        "ERROR connect ECONNREFUSED 10.1.2.3:1433\n\
         ERROR connect ECONNREFUSED 10.1.2.4:1433\n\
         WARN connection refused, retry succeeded\n\
         ERROR frobnication of widget 17 went astray\n\
         ERROR frobnication of widget 18 went astray\n\
         INFO all is well\n",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let found = json(&succeed(&["signatures", "test", file, "--format", "json"]));
    assert_eq!(found["matches"].as_array().unwrap().len(), 1, "{found:#}");
    assert_eq!(found["matches"][0]["signature"], "connection-refused");
    assert_eq!(found["matches"][0]["count"], 2);
    assert_eq!(found["matches"][0]["first"][0]["line"], 1);
    let near = found["near_misses"].as_array().unwrap();
    let refused = near.iter().find(|one| one["signature"] == "connection-refused").unwrap();
    assert_eq!((&refused["failed"]["condition"], &refused["first"][0]["line"]), (&"denied".into(), &3.into()));
    assert_eq!(found["n_unmatched"], 2);
    assert_eq!(found["unmatched"][0]["count"], 2, "{found:#}");
    let text = String::from_utf8(succeed(&["signatures", "test", file])).unwrap();
    assert!(text.contains("the text denies them") && text.contains("widget # went astray"), "{text}");
}

#[test]
fn a_folder_of_ones_own_joins_the_catalog() {
    let own = folder(OWN);
    let logs = tempfile::tempdir().unwrap();
    let file = logs.path().join("lines.txt");
    fs::write(&file, "ERROR the portal is down\n").unwrap();
    let file = file.to_str().unwrap();
    let found = |arguments: &[&str]| json(&succeed(arguments))["matches"].clone();
    let arguments = ["signatures", "test", file, "--format", "json"];
    assert_eq!(found(&arguments), Value::Array(Vec::new()));
    assert_eq!(found(&with(&arguments, own.path()))[0]["signature"], "portal-down");
    let listed = json(&succeed(&with(&["signatures", "list", "--format", "json"], own.path())));
    assert_eq!(listed[0]["id"], "portal-down");
}

#[test]
fn replacing_a_built_in_one_is_said() {
    let own = folder(&OWN.replace("portal-down", "connection-refused"));
    let output = causeline(&with(&["signatures", "list"], own.path()));
    assert!(output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("replaces the built-in signature `connection-refused`"), "{said}");
}

#[test]
fn a_faulty_folder_ends_with_2_and_says_file_line_and_cause() {
    for (text, said) in
        [(OWN.replace("phase =", "stage ="), "line 5"), (OWN.replace("is up", "portal is down"), "counter-example 1")]
    {
        let own = folder(&text);
        for arguments in [&["signatures", "list"][..], &["inspect", "sample-logs"]] {
            let output = causeline(&with(arguments, own.path()));
            assert_eq!(output.status.code(), Some(2));
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(told.contains("own.toml") && told.contains(said), "{told}");
        }
    }
    assert_eq!(causeline(&with(&["signatures", "list"], Path::new("no/such/folder"))).status.code(), Some(2));
}

/// One disconnect as event XML, with its reason.
fn disconnect(number: u32, reason: &str) -> String {
    format!(
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>\
         <Provider Name='Microsoft-Windows-TerminalServices-LocalSessionManager'/><EventID>40</EventID><Level>4</Level>\
         <TimeCreated SystemTime='2022-08-22T06:15:{number:02}.0000000Z'/><EventRecordID>{number}</EventRecordID>\
         <Channel>Microsoft-Windows-TerminalServices-LocalSessionManager/Operational</Channel>\
         <Computer>RDS01.corp.example</Computer></System><UserData><EventXML xmlns='Event_NS'>\
         <Session>7</Session><Reason>{reason}</Reason></EventXML></UserData></Event>\n"
    )
}

#[test]
fn a_value_that_kept_a_signature_from_fitting_is_named() {
    let logs = tempfile::tempdir().unwrap();
    let file = logs.path().join("disconnects.xml");
    fs::write(&file, [disconnect(1, "7"), disconnect(2, "5"), disconnect(3, "5")].concat()).unwrap();
    let file = file.to_str().unwrap();
    let found = json(&succeed(&["signatures", "test", file, "--format", "json"]));
    assert_eq!(found["matches"][0]["signature"], "rdp-server-refused", "{found:#}");
    let near = found["near_misses"].as_array().unwrap();
    let memory = near.iter().find(|one| one["signature"] == "rdp-server-out-of-memory").unwrap();
    let expected = serde_json::json!({"condition": "data", "of": {"field": "Reason", "wanted": ["6"], "found": "5"}});
    assert_eq!((&memory["failed"], &memory["count"], &memory["first"][0]["record"]), (&expected, &2.into(), &2.into()));
    let text = String::from_utf8(succeed(&["signatures", "test", file])).unwrap();
    assert!(text.contains("rdp-server-out-of-memory: provider and id fit, Reason is `5`, wanted `6`"), "{text}");
}

#[test]
fn a_report_names_the_folder_of_ones_own_signatures_without_its_path() {
    let logs = tempfile::tempdir().unwrap();
    let file = logs.path().join("disconnects.xml");
    fs::write(&file, disconnect(1, "7")).unwrap();
    let own = folder(OWN);
    let named = own.path().join("our-signatures");
    fs::create_dir(&named).unwrap();
    fs::rename(own.path().join("own.toml"), named.join("own.toml")).unwrap();
    let analyzed = ["analyze", file.to_str().unwrap(), "-o", "-", "--format", "json"];
    for given in [named.clone(), named.join("."), named.join("..").join("our-signatures")] {
        let options = json(&succeed(&with(&analyzed, &given)))["options"].clone();
        assert_eq!(options, serde_json::json!({"signatures": "our-signatures"}));
    }
    assert_eq!(json(&succeed(&analyzed))["options"], serde_json::json!({}));
}
