//! The catalog of signatures over real event logs, beside counts that another reader and a few lines give.
//!
//! The folder of logs comes from `CAUSELINE_CORPORA`; without it the tests say so and pass, except under `CI`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use causeline::model::{Action, Event, Position};
use causeline::normalize::signature::{Codes, Signatures};
use causeline::normalize::{Options, normalize};
use causeline::read::discover;

/// A record: its file and its number there.
type At = (usize, u64);

/// What each signature must have been found for, by the event's XML alone.
type Naive = fn(&Xml) -> bool;

const NAIVE: &[(&str, Naive)] = &[
    ("rdp-wrong-credentials", |xml| xml.is("Microsoft-Windows-RemoteDesktopServices-RdpCoreTS", &[140])),
    ("rdp-client-dropped", |xml| xml.is("TermDD", &[50, 56])),
    ("service-crashed", |xml| xml.is("Service Control Manager", &[7031, 7034])),
    ("service-start-failed", |xml| xml.is("Service Control Manager", &[7000, 7001, 7023, 7024, 7038, 7041])),
    ("service-timeout", |xml| xml.is("Service Control Manager", &[7009, 7011, 7022, 7043])),
    ("unclean-restart", |xml| xml.is("Microsoft-Windows-Kernel-Power", &[41])),
    ("clock-not-synchronised", |xml| xml.is("Microsoft-Windows-Time-Service", &[36, 47, 129, 134])),
    ("secure-channel-broken", |xml| xml.is("NETLOGON", &[3210, 5722, 5723, 5805])),
    ("application-crash", |xml| xml.is("Application Error", &[1000]) || xml.is(".NET Runtime", &[1026])),
    ("disk-trouble", |xml| {
        xml.is("disk", &[15, 51, 153, 157])
            || xml.is("Ntfs", &[55, 140])
            || xml.is("Microsoft-Windows-Ntfs", &[55, 140])
    }),
    ("winlogon-subscriber", |xml| {
        ["Microsoft-Windows-Winlogon", "Winlogon", "Wlclntfy"]
            .iter()
            .any(|name| xml.is(name, &[6000, 6001, 6002, 6003, 6004, 6005, 6006]))
    }),
    ("dc-unreachable", |xml| {
        xml.is("NETLOGON", &[5719, 5783]) || xml.is("Microsoft-Windows-GroupPolicy", &[1053, 1054, 1129])
    }),
    ("logon-wrong-password", |xml| xml.refused(&["0xc000006a"], &["0x18"])),
    ("logon-unknown-user", |xml| xml.refused(&["0xc0000064"], &["0x6"])),
    ("logon-account-disabled", |xml| xml.refused(&["0xc0000072", "0xc0000193"], &[])),
    ("logon-password-expired", |xml| xml.refused(&["0xc0000071", "0xc0000224"], &["0x17"])),
    ("kerberos-client-revoked", |xml| xml.refused(&[], &["0x12"])),
];

/// The XML of one event, as the other reader writes it, looked at as text.
struct Xml(String);

impl Xml {
    fn between<'x>(&'x self, before: &str, after: char) -> &'x str {
        let start = self.0.find(before).map_or(self.0.len(), |at| at + before.len());
        self.0[start..].split(after).next().unwrap_or_default()
    }

    fn provider(&self) -> &str {
        self.between("<Provider Name=\"", '"')
    }

    fn id(&self) -> u32 {
        let element = self.between("<EventID", '/');
        element.split_once('>').and_then(|(_, rest)| rest.trim_end_matches('<').parse().ok()).unwrap_or_default()
    }

    fn value(&self, name: &str) -> String {
        self.between(&format!("Name=\"{name}\">"), '<').to_lowercase()
    }

    fn is(&self, provider: &str, ids: &[u32]) -> bool {
        self.provider().eq_ignore_ascii_case(provider) && ids.contains(&self.id())
    }

    /// Whether a person's logon was refused with one of these codes.
    fn refused(&self, ntstatus: &[&str], kerberos: &[&str]) -> bool {
        if !self.provider().eq_ignore_ascii_case("Microsoft-Windows-Security-Auditing") {
            return false;
        }
        let user = self.value("TargetUserName");
        let is_person = !["", "-", "system", "anonymous logon", "local service", "network service"].contains(&&*user)
            && !user.ends_with('$')
            && !user.split('@').next().unwrap_or_default().ends_with('$');
        let (status, sub_status, kind) = (self.value("Status"), self.value("SubStatus"), self.value("LogonType"));
        match self.id() {
            4625 => {
                let code = if ["", "0x0", "0x00000000"].contains(&&*sub_status) { status } else { sub_status };
                let is_service = ["4", "5"].contains(&&*kind);
                let is_persons = is_person && ["2", "3", "7", "8", "10", "11", "12", "13"].contains(&&*kind);
                (is_service || is_persons) && ntstatus.contains(&&*code)
            }
            4776 => is_person && ntstatus.contains(&&*status),
            4768 | 4769 | 4771 => is_person && kerberos.contains(&&*status),
            _ => false,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "tests may ask where the corpora are")]
fn logs() -> Option<Vec<PathBuf>> {
    let Ok(folder) = std::env::var("CAUSELINE_CORPORA") else {
        assert!(std::env::var("CI").is_err(), "CAUSELINE_CORPORA is not set");
        eprintln!("skipped: CAUSELINE_CORPORA is not set");
        return None;
    };
    let files = walkdir::WalkDir::new(Path::new(&folder).join("evtx")).sort_by_file_name();
    let files = files.into_iter().flatten().map(walkdir::DirEntry::into_path);
    Some(files.filter(|path| path.extension().is_some_and(|ending| ending == "evtx")).collect())
}

/// The events of one log that bear a signature, or an error code; one log at a time, so that copies count.
fn ours(log: &Path) -> Vec<Event> {
    let sources = discover(&[log.to_owned()]).unwrap().sources;
    let events = normalize(&sources, &Options::default(), &|_| {}).events;
    events.into_iter().filter(|event| event.signature.is_some() || event.error_code.is_some()).collect()
}

fn theirs(log: &Path) -> Vec<(u64, Xml)> {
    let Ok(mut parser) = evtx::EvtxParser::from_path(log) else { return Vec::new() };
    // The number that the event states; that of the record's header differs where events were picked out of a log.
    let records = parser.records().flatten().map(|record| Xml(record.data));
    records.filter_map(|xml| Some((xml.between("<EventRecordID>", '<').parse().ok()?, xml))).collect()
}

#[test]
fn real_logs_get_the_signatures_that_a_naive_count_gives() {
    let Some(logs) = logs() else { return };
    let mut found: BTreeMap<String, BTreeSet<At>> = BTreeMap::new();
    let mut expected: BTreeMap<&str, BTreeSet<At>> = BTreeMap::new();
    let mut known: BTreeSet<At> = BTreeSet::new();
    let mut nameless = Vec::new();
    let (mut worded, mut wordless) = (BTreeMap::<String, u64>::new(), BTreeMap::<String, u64>::new());
    for (file, log) in logs.iter().enumerate() {
        for (number, xml) in theirs(log) {
            known.insert((file, number));
            for (id, _) in NAIVE.iter().filter(|(_, is)| is(&xml)) {
                expected.entry(id).or_default().insert((file, number));
            }
        }
        for event in ours(log) {
            let Position::Record(number) = event.provenance.position else { continue };
            let (provider, code) = (event.provider.as_deref().unwrap_or_default(), event.code.unwrap_or_default());
            let is_known = Signatures::embedded().iter().any(|one| one.is_about(provider, code));
            if let Some(error) = event.error_code.as_deref().filter(|_| is_known) {
                let words = Codes::embedded().of_event(provider, code, error);
                let counted = if words.is_some() { &mut worded } else { &mut wordless };
                *counted.entry(format!("{provider} {code}: {error}")).or_default() += 1;
            }
            let Some(id) = &event.signature else { continue };
            assert!(matches!(event.action, Action::Failure | Action::Symptom), "{event:?}");
            if is_known && Signatures::embedded().get(id).is_none() {
                nameless.push(format!("{}: {number}: {id}", log.display()));
            }
            found.entry(id.to_string()).or_default().insert((file, number));
        }
    }
    println!("records  files  signature");
    for (id, records) in &found {
        let files: BTreeSet<usize> = records.iter().map(|(file, _)| *file).collect();
        println!("{:7}  {:5}  {id}", records.len(), files.len());
    }
    println!("codes with words: {worded:#?}\ncodes without: {wordless:#?}");
    assert!(nameless.is_empty(), "failures that a signature is about and none takes:\n{}", nameless.join("\n"));
    let unlisted: Vec<&String> = wordless.keys().filter(|code| !WORDLESS.contains(&code.as_str())).collect();
    assert!(unlisted.is_empty(), "codes without words: {unlisted:#?}");
    for (id, records) in &expected {
        // Behind damage our reader may find records that the other one does not.
        let ours: BTreeSet<At> =
            found.get(*id).into_iter().flatten().filter(|at| known.contains(at)).copied().collect();
        let missed: Vec<&At> = records.difference(&ours).take(5).collect();
        let invented: Vec<&At> = ours.difference(records).take(5).collect();
        assert!(missed.is_empty() && invented.is_empty(), "{id}: missed {missed:?}, invented {invented:?}");
    }
    assert!(expected.len() >= 10, "{:?}", expected.keys());
}

/// Codes of the corpus that no public page at hand explains.
const WORDLESS: &[&str] = &[];

/// At least so many signatures whose ids begin like this, by area.
const AREAS: &[(&str, usize, &[&str])] = &[
    (
        "session hosts",
        20,
        &["rdp-", "rds-", "session-", "winlogon-", "temporary-profile", "profile-load", "profile-hive"],
    ),
    ("gateways", 4, &["gateway-", "nps-"]),
    ("brokers", 2, &["broker-"]),
    (
        "domain controllers",
        25,
        &["kerberos-", "kdc-", "dc-", "logon-", "ntlm-", "sysvol-", "secure-channel", "netlogon-"],
    ),
    ("profile disks", 10, &["fslogix-", "profile-disk-", "user-profile-disk"]),
    ("SMB", 8, &["smb-"]),
    ("TLS", 7, &["tls-"]),
    ("DNS", 4, &["dns-", "name-resolution", "rdp-client-name", "dc-name"]),
    ("ports", 4, &["port-", "socket-", "connection-"]),
    ("IIS", 5, &["iis-", "app-pool-"]),
    ("SQL", 12, &["sql-"]),
];

#[test]
fn the_catalog_covers_every_area() {
    let ids: Vec<&str> = Signatures::embedded().iter().map(|one| one.id.as_str()).collect();
    assert!(ids.len() >= 120, "{}", ids.len());
    for (area, n_least, beginnings) in AREAS {
        let n = ids.iter().filter(|id| beginnings.iter().any(|begin| id.starts_with(begin))).count();
        println!("{n:4}  {area}");
        assert!(n >= *n_least, "{area}: {n}");
    }
}
