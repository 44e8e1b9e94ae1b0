//! The text shapes: what keeps all gives the report of the EVTX, what loses something says what, and its
//! verdict is the same or abstains.

use std::ffi::OsStr;

use causeline::model::{Action, Event, SourceId, Timestamp};
use causeline::normalize::windows::export::Loss;
use causeline::normalize::{Normalized, Options, normalize};
use causeline::read::{Datum, Source, WindowsRecord};
use serde_json::Value;

use super::case::{assert_same, case};
use super::lossy::{losses, same_or_unknown, source};
use super::text_writers as write;
use super::writers::xml;
use crate::command::causeline;

const UTC: &str = "UTC";
const ZURICH: &str = "Europe/Zurich";

/// A text as Windows writes it with `/uni` or `Export-Clixml`.
fn utf16(text: &str) -> Vec<u8> {
    let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

/// What `inspect` says of one file in the folder of a host, with the zone that the user gives.
fn inspected(name: &str, bytes: &[u8], zone: Option<&str>) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let host = folder.path().join("RDS01");
    std::fs::create_dir(&host).unwrap();
    std::fs::write(host.join(name), bytes).unwrap();
    let mut arguments: Vec<&OsStr> = vec![OsStr::new("inspect"), folder.path().as_os_str()];
    arguments.extend(["--format", "json"].map(OsStr::new));
    if let Some(zone) = zone {
        arguments.extend(["--timezone", zone].map(OsStr::new));
    }
    serde_json::from_slice(&causeline(&arguments).stdout).expect("inspect prints JSON")
}

/// The records of the first host's sessions.
fn sessions() -> &'static [WindowsRecord] {
    let log = case().logs.iter().find(|log| log.stem.to_string_lossy().contains("LocalSessionManager"));
    &log.expect("the case has sessions").records
}

#[test]
fn rendered_xml_gives_the_same_report_whatever_its_root_and_language() {
    let lines = |records: &[WindowsRecord]| records.iter().map(|record| write::rendered(record) + "\n").collect();
    assert_same("wevtutil", &case().report, &case().report_as("xml", &lines));
    assert_same("Event Viewer", &case().report, &case().report_as("xml", &write::viewer_xml));
}

#[test]
fn event_xml_behind_a_prefix_gives_the_same_report() {
    let lines = |records: &[WindowsRecord]| {
        records.iter().map(|record| format!("Aug 22 08:01:03 collector {}\n", write::rendered(record))).collect()
    };
    assert_same("behind a prefix", &case().report, &case().report_as("log", &lines));
    let splunk = |records: &[WindowsRecord]| records.iter().map(|record| xml(record) + "\n").collect();
    assert_same("Splunk's raw lines", &case().report, &case().report_as("log", &splunk));
}

#[test]
fn clixml_loses_the_names_of_the_data_and_nothing_else() {
    assert_eq!(losses("get-winevent-clixml"), [Loss::DataNames]);
    let found = inspected("events.xml", &utf16(&write::clixml(sessions(), ZURICH)), None);
    let found = &found["sources"][0];
    assert_eq!((&found["format"], &found["encoding"]), (&"get-winevent-clixml".into(), &"utf-16le".into()));
    assert_eq!(found["timezone"]["trust"], "stated", "{found}");
    // The line above the objects is a record that tells nothing.
    assert_eq!(found["n_records"], sessions().len() + 1);
    assert_eq!(found["n_damaged"], 0);
    assert!(same_or_unknown(&case().report_as("xml", &|records| write::clixml(records, ZURICH))));
}

/// Fails unless a shape is recognized whole; returns what `inspect` says of it.
fn recognized(format: &str, ending: &str, write: &dyn Fn(&[WindowsRecord]) -> String) -> Value {
    let found = source(ending, write);
    assert_eq!((&found["format"], &found["n_damaged"]), (&format.into(), &0.into()), "{found}");
    assert_eq!(found["host.name"], "RDS01", "by the path where the shape lost it: {found}");
    found
}

/// Fails unless a shape is recognized whole, loses what it says, and misleads nobody.
fn check(format: &str, lost: &[Loss], ending: &str, write: &dyn Fn(&[WindowsRecord]) -> String) {
    assert_eq!(losses(format), lost);
    recognized(format, ending, write);
    same_or_unknown(&case().report_as(ending, write));
}

#[test]
fn the_text_of_wevtutil_loses_numbers_and_data() {
    let lost = [Loss::RecordId, Loss::Level, Loss::Activity, Loss::Data, Loss::Zone];
    check("wevtutil-text", &lost, "txt", &|records| write::wevtutil_old(records, UTC));
    let zoned = recognized("wevtutil-text", "txt", &write::wevtutil_new);
    assert_eq!(zoned["timezone"]["trust"], "stated", "{zoned}");
}

#[test]
fn event_viewer_keeps_a_source_and_a_text() {
    let lost = [
        Loss::RecordId,
        Loss::Computer,
        Loss::Channel,
        Loss::Level,
        Loss::Activity,
        Loss::User,
        Loss::Data,
        Loss::Zone,
    ];
    check("event-viewer", &lost, "csv", &|records| write::event_viewer(records, &write::GERMAN_CSV, UTC));
    for viewer in [write::ENGLISH_CSV, write::FRENCH_TEXT] {
        recognized("event-viewer", "txt", &|records| write::event_viewer(records, &viewer, UTC));
    }
}

#[test]
fn splunk_keeps_numbers_and_hosts_of_what_it_read_as_text() {
    let lost = [Loss::Activity, Loss::Data, Loss::Zone];
    check("splunk-text", &lost, "log", &|records| write::splunk_text(records, UTC));
}

#[test]
fn snare_keeps_the_computer() {
    let lost = [Loss::RecordId, Loss::Activity, Loss::User, Loss::Data, Loss::Zone];
    check("snare", &lost, "log", &|records| write::snare(records, UTC, "\t"));
    recognized("snare", "log", &|records| write::snare(records, UTC, "#011"));
}

#[test]
fn local_times_are_read_in_the_zone_that_the_user_gives_and_else_said_to_be_guessed() {
    let texts = [
        write::wevtutil_old(sessions(), ZURICH),
        write::event_viewer(sessions(), &write::ENGLISH_CSV, ZURICH),
        write::event_viewer(sessions(), &write::GERMAN_CSV, ZURICH),
        write::event_viewer(sessions(), &write::FRENCH_TEXT, ZURICH),
        write::splunk_text(sessions(), ZURICH),
        write::snare(sessions(), ZURICH, "\t"),
    ];
    let second = |value: &Value| value.as_str().unwrap()[..19].to_owned();
    let start = write::second(&sessions()[0]).to_string();
    for text in texts {
        let told = inspected("events.txt", &utf16(&text), Some(ZURICH));
        let told = &told["sources"][0];
        assert_eq!(second(&told["start"]), start[..19], "{told}");
        assert_eq!(told["timezone"]["trust"], "derived", "{told}");
        let open = inspected("events.txt", text.as_bytes(), None);
        assert_eq!(open["sources"][0]["timezone"]["trust"], "guessed", "{open}");
        assert!(open["diagnostics"].as_array().unwrap().iter().any(|one| one["code"] == "zone-assumed"), "{open}");
    }
}

fn normalized(text: &str) -> Normalized {
    let source = Source::from_bytes(SourceId(0), "logs/RDS01/export.txt", text.as_bytes());
    let options = Options { timezones: vec![(None, UTC.to_owned())], ..Options::default() };
    normalize(&[source], &options, &|_| {})
}

/// A locked profile, an installed product and a session, at whole seconds.
fn telling() -> Vec<WindowsRecord> {
    let record = |provider: &str, channel: &str, event_id: u32, data: &[(&str, &str)]| WindowsRecord {
        provider: Some(provider.into()),
        channel: Some(channel.into()),
        event_id,
        level: Some(2),
        time: Some(Timestamp::from_jiff("2022-08-22T06:01:02Z".parse().unwrap())),
        computer: Some("RDS01.corp.example".into()),
        data: data
            .iter()
            .map(|(name, value)| Datum {
                name: (!name.is_empty()).then(|| (*name).into()),
                value: Some((*value).into()),
            })
            .collect(),
        ..WindowsRecord::default()
    };
    let attach = "Failed to attach VHD\n  User: user001 SID: S-1-5-21-1-2-3-44 SessionId: 22 Error: 00000020 (in use)\n  \
                  Computer: nobody\nSourceName=nobody";
    let lsm = "Microsoft-Windows-TerminalServices-LocalSessionManager";
    vec![
        record("Microsoft-FSLogix-Apps", "Microsoft-FSLogix-Apps/Admin", 26, &[("Message", attach)]),
        record(
            "MsiInstaller",
            "Application",
            11707,
            &[("", "Product: Reader, 64 -- Installation completed successfully.")],
        ),
        record(lsm, lsm, 21, &[("User", "CORP\\user001"), ("SessionID", "7"), ("Address", "10.1.2.3")]),
    ]
}

#[test]
fn what_the_description_says_is_understood_and_what_only_the_data_say_is_lost() {
    let said = |event: &Event| {
        (
            (event.at, event.host.clone(), event.provider.clone(), event.code),
            (event.user.clone(), event.user_sid.clone(), event.session_id),
            (event.signature.clone(), event.fault, event.error_code.clone(), event.severity),
        )
    };
    let failure = |all: &Normalized| {
        let found: Vec<_> = all.events.iter().filter(|event| event.action == Action::Failure).map(said).collect();
        assert_eq!(found.len(), 1, "{:?}", all.events);
        found
    };
    let changes = |all: &Normalized| -> Vec<_> {
        all.changes.iter().map(|change| (change.component.clone(), change.at, change.scope.clone())).collect()
    };
    let records = telling();
    let expected = normalized(&records.iter().map(|record| xml(record) + "\n").collect::<String>());
    assert_eq!(failure(&expected)[0].1.0.as_deref(), Some("user001"));
    assert_eq!(changes(&expected)[0].0.as_ref(), "Reader, 64");
    let texts = [
        write::wevtutil_old(&records, UTC),
        write::wevtutil_new(&records),
        write::event_viewer(&records, &write::ENGLISH_CSV, UTC),
        write::event_viewer(&records, &write::GERMAN_CSV, UTC),
        write::event_viewer(&records, &write::FRENCH_TEXT, UTC),
        write::splunk_text(&records, UTC),
        write::snare(&records, UTC, "\t"),
    ];
    for text in texts {
        let found = normalized(&text);
        assert_eq!(failure(&found), failure(&expected), "{text}");
        assert_eq!(changes(&found), changes(&expected), "{text}");
        let named = found.events.iter().filter(|event| event.user.is_some()).count();
        assert_eq!(named, 1, "nobody is named but in the profile's text: {text}");
    }
    let objects = normalized(&write::clixml(&records, ZURICH));
    assert_eq!((failure(&objects), changes(&objects)), (failure(&expected), changes(&expected)));
    assert_eq!(objects.events.iter().filter(|event| event.user.is_some()).count(), 2);
}

#[test]
fn a_syslog_line_without_year_among_events_that_have_one_costs_none_of_them() {
    let alone = normalized(&write::snare(&telling(), UTC, "\t"));
    let line = "Aug 22 05:01:02 RDS01 sshd[7]: error: connection refused\n";
    let mixed = normalized(&format!("{}{line}", write::snare(&telling(), UTC, "\t")));
    assert_eq!(alone.sources[0].n_kept, 3);
    let kept = |all: &Normalized| all.events.iter().filter(|event| event.code.is_some()).cloned().collect::<Vec<_>>();
    assert_eq!(kept(&mixed), kept(&alone));
    let span = mixed.sources[0].span.unwrap();
    assert!(span.0.to_string().starts_with("2022-08-22T0"), "{}", span.0);
    assert_eq!(span.1, telling()[0].time.unwrap());
}

#[test]
fn an_export_cut_anywhere_loses_its_last_event_only() {
    let texts = [
        write::wevtutil_old(&sessions()[..9], UTC),
        write::event_viewer(&sessions()[..9], &write::ENGLISH_CSV, UTC),
        write::splunk_text(&sessions()[..9], UTC),
        write::snare(&sessions()[..9], UTC, "\t"),
        write::clixml(&sessions()[..9], UTC),
    ];
    for text in texts {
        let whole = &inspected("x.txt", text.as_bytes(), None)["sources"][0];
        for share in [60, 75, 90, 99] {
            let end = text.floor_char_boundary(text.len() * share / 100);
            let cut = &inspected("x.txt", &text.as_bytes()[..end], None)["sources"][0];
            assert_eq!(cut["format"], whole["format"], "{share}: {cut}");
            let sum =
                ["n_kept", "n_irrelevant", "n_damaged"].map(|part| cut[part].as_u64().unwrap()).iter().sum::<u64>();
            assert_eq!(cut["n_records"], sum);
            // A cut quote gives its lines back, each of them damaged.
            let n_damaged = cut["n_damaged"].as_u64().unwrap();
            assert!(n_damaged <= 8, "{share}: {cut}");
            assert!(sum - n_damaged + 2 > 9 * share as u64 / 100, "{share}: {cut}");
        }
    }
}
