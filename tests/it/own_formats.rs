//! Formats that a user describes in a configuration, through the command.

use std::path::Path;

use crate::command::{causeline, succeed};

const CONFIG: &str = r#"
[[format]]
name = "broker"
pattern = '(?P<timestamp>\S+ \S+)~(?P<log.level>\w)~(?P<user.name>\w+)~(?P<event.outcome>\w+)~(?P<message>.*)'
timestamp_format = "%d.%m.%Y %H:%M:%S"
timezone = "Europe/Zurich"
levels = { E = "error" }
outcome = { success = ["OK"], failure = ["NOK"] }

[[format.sample]]
text = "22.08.2022 08:15:01~E~user001~NOK~no desktop for you"
yields = { timestamp = "2022-08-22T06:15:01Z", "log.level" = "error" }
means = "failure"
"#;

const LOG: &str = "22.08.2022 08:15:01~E~user001~NOK~no desktop for you: slot 7\n\
                   22.08.2022 08:15:02~I~user002~OK~here you are\n\
                   22.08.2022 08:15:03~E~user003~NOK~no desktop for you: slot 9\n";

/// Writes a configuration and a log of it into a folder.
fn case(folder: &Path, config: &str) -> [String; 2] {
    let paths = [folder.join("causeline.toml"), folder.join("logs.txt")];
    std::fs::write(&paths[0], config).unwrap();
    std::fs::write(&paths[1], LOG).unwrap();
    paths.map(|path| path.to_string_lossy().into_owned())
}

#[test]
fn a_log_is_read_with_the_format_of_a_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let [config, log] = case(folder.path(), CONFIG);
    let json = succeed(&["inspect", &log, "--config", &config, "--format", "json", "-q"]);
    let shown: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(shown["sources"][0]["format"], "broker");
    assert_eq!((&shown["sources"][0]["n_records"], &shown["sources"][0]["n_kept"]), (&3.into(), &3.into()));
    assert_eq!(shown["sources"][0]["start"], "2022-08-22T06:15:01Z");

    let events = String::from_utf8(succeed(&["events", &log, "--config", &config, "-q"])).unwrap();
    assert_eq!(events.matches("\"event.action\":\"failure\"").count(), 2, "{events}");

    let with = succeed(&["templates", &log, "--config", &config, "--format", "csv"]);
    let with = String::from_utf8(with).unwrap();
    assert!(with.contains(",no desktop for you: slot <*>"), "{with}");
}

#[test]
fn the_example_of_the_documentation_is_a_configuration() {
    let page = include_str!("../../src/docs/formats.md");
    let example = page.split("```toml").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let folder = tempfile::tempdir().unwrap();
    let [config, log] = case(folder.path(), example);
    let events = String::from_utf8(succeed(&["events", &log, "--config", &config, "-q"])).unwrap();
    assert_eq!(events.matches("\"event.action\":\"failure\"").count(), 2, "{events}");
}

#[test]
fn a_wrong_configuration_ends_with_status_2_and_names_path_line_and_cause() {
    let folder = tempfile::tempdir().unwrap();
    for (from, to, wanted) in [
        ("means = \"failure\"", "means = \"success\"", "line 10: sample of format `broker`: it means `failure`"),
        ("levels", "lovels", "line 7: unknown field `lovels`"),
        ("name = \"broker\"", "name = ", "line 3: "),
    ] {
        let [config, log] = case(folder.path(), &CONFIG.replacen(from, to, 1));
        for command in ["inspect", "events", "changes", "analyze", "templates"] {
            let output = causeline(&[command, &log, "--config", &config]);
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(2), "{command}: {told}");
            assert!(told.contains("causeline.toml") && told.contains(wanted), "{command}: {told}");
        }
    }
    let [_, log] = case(folder.path(), CONFIG);
    assert_eq!(causeline(&["inspect", &log, "--config", "no-such.toml"]).status.code(), Some(2));
}
