//! What the sources of a folder come to: formats recognised, balances that add up, zones and hosts settled.

use std::fmt::Write as _;
use std::path::PathBuf;

use causeline::diagnostic::Code;
use causeline::model::{Action, HostScope, LoadMetric, SourceId, Trust};
use causeline::normalize::{Normalized, Options, Role, normalize};
use causeline::read::{Source, discover};

fn options() -> Options {
    Options::default()
}

fn run(files: &[(&str, &str)], options: &Options) -> Normalized {
    let sources: Vec<Source> = files
        .iter()
        .zip(0..)
        .map(|((path, text), id)| Source::from_bytes(SourceId(id), path, text.as_bytes()))
        .collect();
    normalize(&sources, options, &|_| {})
}

fn assert_balances(normalized: &Normalized) {
    for source in &normalized.sources {
        assert_eq!(
            source.n_records,
            source.n_kept + source.n_irrelevant + source.n_damaged,
            "the balance of {}",
            source.path
        );
        let in_hours: u64 = source.hours.values().map(|count| count.n).sum();
        assert!(source.hours.is_empty() || in_hours > 0);
    }
}

const FSLOGIX: &str = "\
[08:15:00.001][tid:000012ac.00000a95][INFO]             FSLogix Service Version: 2.9.8228.50276\r\n\
[08:15:00.001][tid:000012ac.00000a95][INFO]             System Time UTC+2\r\n\
[08:15:00.100][tid:000012ac.00000b00][INFO]            ===== Begin Session: Logon\r\n\
[08:15:00.200][tid:000012ac.00000b00][INFO]              LoadProfile: user001. SID: S-1-5-21-1-2-3-1001. SessionId: 7\r\n\
[08:15:01.000][tid:000012ac.00000b00][ERROR:00000020]              LoadProfile failed. Version: 2.9.8228.50276 User: user001. SID: S-1-5-21-1-2-3-1001. SessionId: 7. FrxStatus: 31 (The process cannot access the file because it is being used by another process.)\r\n\
[08:15:01.100][tid:000012ac.00000b00][INFO]            ===== End Session: Logon\r\n";

const COUNTERS: &str = "\
\"(PDH-CSV 4.0) (W. Europe Daylight Time)(-120)\",\"\\\\RDS01\\Terminal Services\\Active Sessions\"\r\n\
\"08/22/2022 08:00:00.000\",\" \"\r\n\
\"08/22/2022 08:15:00.000\",\"41\"\r\n";

const CHANGES: &str = "\
time,component,version,hosts,action,note\n\
2022-07-21 20:00,Microsoft FSLogix Apps,2.9.8228.50276,all,update,ticket 7\n\
2022-08-22T13:00:00Z,Microsoft FSLogix Apps,2.9.8361.52326,RDS01,hotfix,canary\n";

#[test]
fn a_small_folder_is_understood_as_a_whole() {
    let files = [
        ("logs/RDS01/FSLogix/Logs/Profile/Profile-20220822.log", FSLOGIX),
        ("logs/RDS01_perf.csv", COUNTERS),
        ("logs/changes.csv", CHANGES),
        ("logs/collect.cmd", "@echo off\r\nrem run as administrator\r\n"),
    ];
    let normalized = run(&files, &options());
    assert_balances(&normalized);
    let formats: Vec<_> = normalized.sources.iter().map(|source| (source.format.as_str(), source.role)).collect();
    assert_eq!(
        formats,
        [
            ("fslogix-profile", Role::AppLog),
            ("pdh-csv", Role::Load),
            ("change-list", Role::Changes),
            ("unknown", Role::Unknown)
        ]
    );

    let failure = normalized.events.iter().find(|event| event.action == Action::Failure).expect("one failure");
    assert_eq!(failure.at.to_string(), "2022-08-22T06:15:01Z");
    assert_eq!(failure.user.as_deref(), Some("user001"));
    assert_eq!(failure.host.as_deref(), Some("RDS01"));
    assert_eq!(failure.host_trust, Trust::Guessed);
    assert_eq!(failure.session_id, Some(7));
    assert_eq!(failure.error_code.as_deref(), Some("0x00000020"));
    let version = failure.component_version.as_ref().map(|(name, version)| (&**name, &**version));
    assert_eq!(version, Some(("Microsoft FSLogix Apps", "2.9.8228.50276")));
    assert!(failure.signature.is_some());

    // The first sample is blank, as typeperf writes it; a summer's bias and zone agree.
    assert_eq!(normalized.load.len(), 1);
    assert_eq!(normalized.load[0].at.to_string(), "2022-08-22T06:15:00Z");
    assert_eq!(
        (normalized.load[0].metric, normalized.load[0].value.to_string().as_str()),
        (LoadMetric::ActiveSessions, "41")
    );

    // The list says no zone for its first entry; the counters name the hosts' own.
    let installed = &normalized.changes[0];
    assert_eq!(installed.at.to_string(), "2022-07-21T18:00:00Z");
    assert_eq!((installed.time_trust, &installed.scope), (Trust::Guessed, &HostScope::All));
    assert_eq!(normalized.changes[1].at.to_string(), "2022-08-22T13:00:00Z");
    let assumed: Vec<_> = normalized
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.code != Code::SourceNotUnderstood)
        .map(|diagnostic| (diagnostic.code, diagnostic.path.as_str()))
        .collect();
    assert_eq!(
        assumed,
        [
            (Code::ZoneAssumed, "logs/changes.csv"),
            (Code::HostAssumed, "logs/RDS01/FSLogix/Logs/Profile/Profile-20220822.log")
        ]
    );
}

#[test]
fn a_stated_zone_goes_before_what_other_logs_say() {
    let zone = |argument: &str| Options { timezones: vec![Options::timezone(argument)], ..options() };
    let files = [("logs/RDS01_perf.csv", COUNTERS), ("logs/changes.csv", CHANGES)];
    let normalized = run(&files, &zone("*changes*=America/New_York"));
    assert_eq!(normalized.changes[0].at.to_string(), "2022-07-22T00:00:00Z");
    assert_eq!(normalized.changes[0].time_trust, Trust::Derived);
    // What states its own zone is not touched.
    let normalized = run(&files, &zone("America/New_York"));
    assert_eq!(normalized.load[0].at.to_string(), "2022-08-22T06:15:00Z");
}

/// A login service's log in local time and the same logons in the hosts' profile logs.
fn login_service_and_hosts() -> (String, String) {
    let mut service = String::new();
    let mut host = String::from(
        "[06:00:00.000][tid:00000001.00000001][INFO]   Computer Name: RDS01.corp.example\n[06:00:00.000][tid:00000001.00000001][INFO]   System Time UTC+0\n",
    );
    for n in 0..40 {
        let (hour, minute) = (6 + n / 10, (n * 7) % 60);
        writeln!(service, "2022-08-22 {:02}:{minute:02}:05,000 [7] INFO  Shop.Login - Session established user=CORP\\user{n:03} target=RDS01 elapsed=900ms", hour + 2).expect("a text takes any line");
        writeln!(host, "[{hour:02}:{minute:02}:03.000][tid:00000001.{n:08x}][INFO]   LoadProfile: user{n:03}. SID: S-1-5-21-1-2-3-{n}. SessionId: {n}").expect("a text takes any line");
    }
    (service, host)
}

#[test]
fn logons_that_two_logs_hold_tell_the_zone() {
    let (service, host) = login_service_and_hosts();
    let files = [("logs/login.log", service.as_str()), ("logs/x/Profile-20220822.log", host.as_str())];
    let normalized = run(&files, &options());
    assert_balances(&normalized);
    let first = normalized.events.iter().find(|event| event.action == Action::Success).expect("a success");
    assert_eq!(first.at.to_string(), "2022-08-22T06:00:05Z");
    assert_eq!(first.time_trust, Trust::Derived);
    assert_eq!(first.host.as_deref(), Some("RDS01"));
    let told = normalized.diagnostics.iter().find(|diagnostic| diagnostic.code == Code::ZoneAssumed);
    assert!(told.is_some_and(|diagnostic| diagnostic.detail.contains("by 40 of 40 events")), "{told:?}");
}

#[test]
fn an_event_that_two_exports_hold_counts_once() {
    let event = |record: u32| {
        format!(
            "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-TerminalServices-LocalSessionManager'/><EventID>21</EventID><Level>4</Level><TimeCreated SystemTime='2022-08-22T06:15:0{record}.0000000Z'/><EventRecordID>{record}</EventRecordID><Channel>Microsoft-Windows-TerminalServices-LocalSessionManager/Operational</Channel><Computer>RDS01.corp.example</Computer></System><UserData><EventXML xmlns='Event_NS'><User>CORP\\user001</User><SessionID>7</SessionID><Address>10.0.0.7</Address></EventXML></UserData></Event>"
        )
    };
    let local = format!("{}\n{}\n", event(1), event(2));
    let collected = format!("{}\n{}\n", event(2), event(3));
    let normalized = run(&[("a/RDS01.xml", &local), ("b/forwarded.xml", &collected)], &options());
    assert_balances(&normalized);
    assert_eq!(normalized.events.len(), 3);
    let dropped = normalized.diagnostics.iter().find(|diagnostic| diagnostic.code == Code::EventDuplicate);
    assert_eq!(dropped.map(|diagnostic| (diagnostic.path.as_str(), diagnostic.count)), Some(("b/forwarded.xml", 1)));
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let (service, host) = login_service_and_hosts();
    let files = [
        ("logs/login.log", service.as_str()),
        ("logs/x/Profile-20220822.log", host.as_str()),
        ("logs/changes.csv", CHANGES),
        ("logs/RDS01_perf.csv", COUNTERS),
    ];
    let with = |n_threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("a pool");
        let normalized = pool.install(|| run(&files, &options()));
        format!("{normalized:?}")
    };
    assert_eq!(with(1), with(4));
}

/// The folder of public log files, if the machine has it.
#[expect(clippy::disallowed_methods, reason = "a test may ask where its data lie")]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn applogs() -> Option<PathBuf> {
    let folder = std::env::var_os("CAUSELINE_CORPORA").map(|folder| PathBuf::from(folder).join("applogs"));
    if folder.is_none() {
        let is_required = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!is_required, "CAUSELINE_CORPORA must name the folder of logs");
        eprintln!("skipped: CAUSELINE_CORPORA names no folder of logs");
    }
    folder
}

#[test]
#[expect(clippy::print_stderr, reason = "the table of what was recognised is for people")]
fn every_public_log_is_recognised_or_named_as_not_understood() {
    let Some(folder) = applogs() else { return };
    let discovery = discover(&[folder]).expect("the folder can be read");
    let normalized = normalize(&discovery.sources, &options(), &|_| {});
    assert_balances(&normalized);
    assert_eq!(normalized.sources.len(), discovery.sources.len());
    let mut table = String::new();
    for source in &normalized.sources {
        writeln!(
            table,
            "{:<60} {:<16} {:>6} kept {:>6} irrelevant {:>6} damaged, {} {}",
            source.path,
            source.format,
            source.n_kept,
            source.n_irrelevant,
            source.n_damaged,
            source.zone.name,
            source.span.map_or_else(String::new, |(start, end)| format!("{start} .. {end}"))
        )
        .expect("a text takes any line");
        if source.role == Role::Unknown && source.n_bytes > 0 {
            let named = normalized.diagnostics.iter().any(|diagnostic| diagnostic.path == source.path);
            assert!(named, "{} is not understood, and nothing says so", source.path);
        }
    }
    eprintln!("{table}");
    let format_of = |end: &str| {
        let found = normalized.sources.iter().find(|source| source.path.ends_with(end));
        found.map_or("missing", |source| source.format.as_str())
    };
    for (file, format) in [
        ("plaso/iis10.log", "iis-w3c"),
        ("plaso/iis6.log", "iis-w3c"),
        ("plaso/iis_without_date.log", "iis-w3c"),
        ("plaso/apache_access.log", "access-log"),
        ("plaso/atlassian-jira.log", "log4j"),
        ("lnav/logfile_w3c_big.0", "iis-w3c"),
        ("lnav/logfile_access_log.0", "access-log"),
        ("lnav/logfile_java.1", "log4j"),
        ("lnav/logfile_bunyan.0", "json-lines"),
        ("lnav/logfile_json.json", "json-lines"),
        ("lnav/logfile_syslog.1", "syslog"),
        ("lnav/logfile_haproxy.0", "haproxy"),
        ("lnav/logfile_laravel.0", "monolog"),
        ("lnav/logfile_vdsm.0", "vdsm"),
        ("plaso/sccm_various.log", "cmtrace"),
        ("lnav/logfile_plain.0", "unknown"),
        ("Hadoop/Hadoop_2k.log", "log4j"),
        ("Zookeeper/Zookeeper_2k.log", "log4j"),
        ("Spark/Spark_2k.log", "log4j"),
        ("HDFS/HDFS_2k.log", "log4j"),
        ("OpenSSH/OpenSSH_2k.log", "syslog"),
    ] {
        assert_eq!(format_of(file), format, "{file}");
    }
}
