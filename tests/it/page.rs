//! The page in a browser: what is on it, what clicks, drags and keys do, and that it asks the network for nothing.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::Value;
use tempfile::TempDir;

use crate::browser::Visit;
use crate::command::{founding, succeed};

/// Makes the page of a folder of logs.
fn page_of(logs: &Path) -> Vec<u8> {
    let out = ["-o", "-", "--format", "html", "-q"].map(std::ffi::OsStr::new);
    succeed(&[&["analyze".as_ref(), logs.as_os_str()][..], &out[..]].concat())
}

/// The page of the committed case in a folder of its own; made once, for it takes its time.
fn founding_page() -> (TempDir, PathBuf) {
    static PAGE: LazyLock<Vec<u8>> = LazyLock::new(|| page_of(&founding()));
    in_folder(&PAGE)
}

fn in_folder(page: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.html");
    fs::write(&file, page).unwrap();
    (folder, file)
}

fn assert_passes_its_own_test(visit: &Visit) {
    let lines = visit.selftest();
    let failed: Vec<&String> = lines.iter().filter(|line| !line.starts_with("ok ")).collect();
    assert!(lines.len() >= 30 && failed.is_empty(), "{} lines\n{failed:#?}", lines.len());
}

/// The data that stand in the page.
fn data(visit: &Visit) -> Value {
    visit.eval("JSON.parse(document.getElementById('data').textContent)")
}

/// Times of all failed attempts of the data, in milliseconds.
fn failures(data: &Value) -> Vec<i64> {
    let mut at = 0;
    let deltas = data["attempts"]["at"].as_array().unwrap();
    let outcomes = data["attempts"]["outcome"].as_str().unwrap().chars();
    let all = deltas.iter().zip(outcomes).map(|(delta, outcome)| {
        at += delta.as_i64().unwrap();
        (at, outcome)
    });
    all.filter(|(_, outcome)| "fq".contains(*outcome)).map(|(at, _)| at).collect()
}

/// How many attempts the page says are in view.
fn n_shown(visit: &Visit) -> usize {
    let text = visit.text("#attempts-shown");
    text.split(' ').next().unwrap().replace(',', "").parse().unwrap_or_else(|_| panic!("{text}"))
}

/// The span in the address, in milliseconds.
fn span_of(visit: &Visit) -> (i64, i64) {
    let at = |key: &str| {
        visit.number(&format!("Date.parse(new URLSearchParams(location.hash.slice(1)).get('{key}'))")) as i64
    };
    (at("from"), at("to"))
}

#[test]
fn the_page_passes_its_own_test_and_loads_nothing() {
    let (_folder, file) = founding_page();
    let Some(visit) = Visit::open(&file, "?selftest") else { return };
    assert_passes_its_own_test(&visit);
    assert_eq!(visit.requests(), Vec::<String>::new());
    assert!(fs::metadata(&file).unwrap().len() < 5_000_000);
}

#[test]
fn a_drag_zooms_the_chart_and_every_table_and_the_address_brings_it_back() {
    let (_folder, file) = founding_page();
    let Some(visit) = Visit::open(&file, "") else { return };
    let failures = failures(&data(&visit));
    assert_eq!(n_shown(&visit), failures.len());
    let n_changes =
        visit.number("[...document.querySelectorAll('#changes-table tbody tr')].filter(e => !e.hidden).length");

    // From the middle of one mark of the incident to a later one.
    let bars = "[...document.querySelectorAll('#chart [data-key^=\"failures/\"]')]";
    let from = visit.middle(&format!("{bars}.filter(e => +e.dataset.key.split('@')[1] > Date.UTC(2022, 7, 22, 6))[0]"));
    visit.drag(from, (from.0 + 60.0, from.1));
    let (start, end) = span_of(&visit);
    assert!(start < end && end - start < 3 * 86_400_000, "{start} {end}");
    let within = failures.iter().filter(|at| start <= **at && **at < end).count();
    assert!(within > 50 && within < failures.len(), "{within}");
    assert_eq!(n_shown(&visit), within);
    let rows = visit.number("document.querySelectorAll('#attempts-table tbody tr').length");
    assert_eq!(rows as usize, within.min(50));
    let now = visit.number("[...document.querySelectorAll('#changes-table tbody tr')].filter(e => !e.hidden).length");
    assert!(now < n_changes, "the table of changes is filtered too");
    assert!(visit.text("#shown").contains("min"), "bins are finer: {}", visit.text("#shown"));
    let first = visit.number(&format!("Math.min(...{bars}.map(e => +e.dataset.key.split('@')[1]))")) as i64;
    assert!(start <= first && first < end);

    let address = visit.eval("location.hash").as_str().unwrap().to_owned();
    let again = Visit::open(&file, &address).unwrap();
    assert_eq!(n_shown(&again), within);
    assert_eq!(again.text("#shown"), visit.text("#shown"));
    again.click(again.middle("document.getElementById('reset')"));
    assert_eq!((n_shown(&again), again.eval("location.hash")), (failures.len(), Value::from("")));
    again.choose("filter-from", "2022-08-22 07:30");
    again.choose("filter-to", "2022-08-22 08:30:00");
    let (start, end) = (1_661_153_400_000, 1_661_157_000_000);
    assert_eq!(span_of(&again), (start, end));
    assert_eq!(n_shown(&again), failures.iter().filter(|at| start <= **at && **at < end).count());
    assert_eq!(visit.requests(), Vec::<String>::new());
}

#[test]
fn filters_keep_what_they_name() {
    let (_folder, file) = founding_page();
    let Some(visit) = Visit::open(&file, "") else { return };
    let all = n_shown(&visit);
    let cells = |column: usize| {
        visit.eval(&format!(
            "[...new Set([...document.querySelectorAll('#attempts-table tbody tr')].map(r => r.cells[{column}].textContent))]"
        ))
    };
    visit.choose("filter-host", "RDS04");
    assert_eq!(cells(1), serde_json::json!(["RDS04"]));
    assert!(n_shown(&visit) < all);
    let rows = visit.eval("[...document.querySelectorAll('#chart [data-key^=\"hosts/\"]')].every(e => e.dataset.key.startsWith('hosts/RDS04@'))");
    assert_eq!(rows, true, "the chart shows this host alone");
    visit.choose("filter-host", "");
    let user = visit.eval("document.querySelector('#attempts-table tbody tr').cells[2].textContent");
    visit.choose("filter-user", user.as_str().unwrap());
    assert_eq!(cells(2), serde_json::json!([user]));
    visit.choose("filter-user", "");
    visit.choose("filter-signature", "incident");
    let of_incident = n_shown(&visit);
    assert!(of_incident > 1_000 && of_incident < all, "{of_incident} of {all}");
    visit.choose("filter-signature", "");
    let guilty = "[...document.querySelectorAll('#changes-table tbody tr')].find(r => r.cells[1].textContent.includes('root cause')).dataset.change";
    let guilty = visit.eval(guilty);
    visit.choose("filter-change", guilty.as_str().unwrap());
    let had = n_shown(&visit);
    visit.choose("filter-exposure", "not");
    assert_eq!(had + n_shown(&visit), all, "had it, or did not");
    assert!(had > 1_000);
}

#[test]
fn a_mark_leads_to_its_records_by_mouse_and_by_keyboard() {
    let (_folder, file) = founding_page();
    let Some(visit) = Visit::open(&file, "") else { return };
    let bar =
        "[...document.querySelectorAll('#chart [data-key^=\"failures/\"]')].find(e => +e.getAttribute('height') > 20)";
    let middle = visit.middle(bar);
    visit.hover(middle);
    assert!(visit.text("#readout").contains("Profile disk is locked"), "{}", visit.text("#readout"));
    visit.click(middle);
    assert_eq!(visit.eval("document.getElementById('behind').hidden"), false);
    assert_eq!(visit.eval("document.activeElement.id"), "behind-title");
    let said = visit.text("#behind-title");
    let n: usize = said.split("locked: ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert_eq!(
        visit.number("document.querySelectorAll('#behind-table tbody tr').length") as usize,
        n.min(200),
        "{said}"
    );

    visit.click(visit.middle("document.querySelector('#behind-table button.record')"));
    assert_eq!(visit.eval("document.getElementById('record').open"), true);
    assert!(visit.text("#record-place").contains(".evtx"), "{}", visit.text("#record-place"));
    let fields = visit.text("#record-table");
    assert!(fields.contains("@timestamp") && fields.contains("user.name"), "{fields}");
    visit.press("Escape");
    assert_eq!(visit.eval("document.getElementById('record').open"), false);
    visit.click(visit.middle("document.getElementById('behind-close')"));
    assert_eq!(visit.eval("document.getElementById('behind').hidden"), true);
    assert_eq!(visit.eval("document.activeElement.classList.contains('mark')"), true, "the focus is back on the mark");

    let focused = || visit.eval("document.activeElement.dataset.key");
    let first = focused();
    visit.press("ArrowRight");
    let second = focused();
    assert!(first != second && second.as_str().unwrap().starts_with("failures/"), "{first} {second}");
    visit.press("ArrowDown");
    let third = focused();
    assert!(third != Value::Null && third != second, "{third}");
    visit.press("Enter");
    assert_eq!(visit.eval("document.getElementById('behind').hidden"), false);
    visit.press("Escape");
    assert_eq!(focused(), third, "Escape leads back to the mark");
    visit.press("+");
    assert!(visit.eval("location.hash").as_str().unwrap().contains("from="));
    visit.press("Escape");
    assert!(!visit.eval("location.hash").as_str().unwrap().contains("from="));
}

#[test]
fn the_tab_key_meets_the_skip_link_first_and_the_chart_once() {
    let (_folder, file) = founding_page();
    let Some(visit) = Visit::open(&file, "") else { return };
    visit.press("Tab");
    assert_eq!(visit.eval("document.activeElement.className"), "skip");
    visit.press("Enter");
    assert_eq!(visit.eval("document.activeElement.id"), "finding");
    let mut stops = Vec::new();
    for _ in 0..16 {
        visit.press("Tab");
        let stop = visit.eval("document.activeElement.id || document.activeElement.dataset.key");
        stops.push(stop.as_str().unwrap_or_default().to_owned());
        if stops.last().is_some_and(|stop| stop.contains('/')) {
            break;
        }
    }
    assert!(stops.last().unwrap().starts_with("incidents/"), "{stops:?}");
    assert!(stops.iter().any(|stop| stop == "filter-signature"), "filters come before the chart: {stops:?}");
    visit.press("Tab");
    assert_eq!(visit.eval("document.activeElement.closest('#chart')"), Value::Null, "one stop for all marks");
}

#[test]
fn zone_and_theme_change_what_is_seen_and_nothing_else() {
    let (_folder, file) = founding_page();
    let Some(visit) = Visit::open(&file, "") else { return };
    let first = |visit: &Visit| visit.text("#attempts-table tbody time");
    let utc = first(&visit);
    visit.choose("zone", "Asia/Tokyo");
    assert!(first(&visit) != utc && visit.text("#attempts-table thead").contains("Asia/Tokyo"));
    assert!(visit.text("#chart").contains("Asia/Tokyo") && visit.text("#changes-table thead").contains("Asia/Tokyo"));
    assert_eq!(visit.eval("location.hash"), "#zone=Asia/Tokyo");
    let ground = || visit.eval("getComputedStyle(document.body).backgroundColor");
    let light = ground();
    visit.click(visit.middle("document.getElementById('theme')"));
    assert_ne!(ground(), light);
    visit.click(visit.middle("document.getElementById('theme')"));
    assert_eq!(ground(), light);
}

const USER: &str = r#"<img src=x onerror="document.title='owned'">"#;
const COMPONENT: &str = r#"</script><script>document.title="owned"</script><!-- {{7*7}} ${7*7} <b>Ledger</b>"#;

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Two days of one host whose people and changes have names of markup: a wrong password, then a session.
fn hostile_logs(folder: &Path) {
    const SESSIONS: &str = "Microsoft-Windows-TerminalServices-LocalSessionManager";
    let mut sessions = String::new();
    let mut security = String::new();
    let mut record = 0;
    let mut event = |provider: &str, channel: &str, id: u32, at: &str, data: &str| {
        record += 1;
        format!(
            "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='{provider}'/>\
             <EventID>{id}</EventID><Version>0</Version><Level>4</Level><Task>0</Task><Opcode>0</Opcode>\
             <Keywords>0x8010000000000000</Keywords><TimeCreated SystemTime='{at}'/><EventRecordID>{record}</EventRecordID>\
             <Execution ProcessID='4' ThreadID='8'/><Channel>{channel}</Channel><Computer>RDS01</Computer></System>{data}</Event>\n"
        )
    };
    for minute in 0..600 {
        let (day, hour) = (4 + minute / 300, 8 + (minute % 300) / 60);
        let at = |second: u32| format!("2024-06-{day:02}T{hour:02}:{:02}:{second:02}.0000000Z", minute % 60);
        let user = escaped(&format!("{USER}{:02}", minute % 20));
        if minute % 3 == 0 {
            let data = [
                ("TargetUserName", user.as_str()),
                ("TargetDomainName", "EXAMPLE"),
                ("Status", "0xc000006d"),
                ("SubStatus", "0xc000006a"),
                ("LogonType", "10"),
                ("IpAddress", "198.51.100.7"),
            ];
            let data: String = data.iter().map(|(key, value)| format!("<Data Name='{key}'>{value}</Data>")).collect();
            let provider = "Microsoft-Windows-Security-Auditing";
            security += &event(provider, "Security", 4625, &at(1), &format!("<EventData>{data}</EventData>"));
        }
        for (id, second) in [(21, 20), (22, 24), (23, 50)] {
            let data = format!(
                "<UserData><EventXML xmlns='Event_NS'><User>EXAMPLE\\{user}</User><SessionID>{}</SessionID>\
                 <Address>198.51.100.7</Address></EventXML></UserData>",
                minute % 50 + 2
            );
            sessions += &event(SESSIONS, &format!("{SESSIONS}/Operational"), id, &at(second), &data);
        }
    }
    fs::write(folder.join("sessions.xml"), sessions).unwrap();
    fs::write(folder.join("security.xml"), security).unwrap();
    let mut list = String::from("time,component,version,hosts\n");
    writeln!(list, "2024-06-04T20:00:00Z,\"{}\",1.0,RDS01", COMPONENT.replace('"', "\"\"")).unwrap();
    fs::write(folder.join("deploys.csv"), list).unwrap();
}

#[test]
fn names_of_markup_stay_text() {
    let folder = tempfile::tempdir().unwrap();
    hostile_logs(folder.path());
    let page = page_of(folder.path());
    let (_folder, file) = in_folder(&page);
    let Some(visit) = Visit::open(&file, "?selftest") else { return };
    assert_passes_its_own_test(&visit);
    let data = data(&visit);
    let users = data["users"].as_array().unwrap();
    assert!(users.iter().any(|user| user.as_str().unwrap().contains("<img src=x")), "the names are there: {users:?}");
    assert!(data["changes"][0]["name"].as_str().unwrap().contains("</script>"), "{}", data["changes"]);
    visit.choose("filter-outcome", "all");
    assert!(visit.text("#attempts-table").contains("<img src=x"));
    assert!(visit.text("#changes-table").contains("<b>Ledger</b>") && visit.text("#chart").contains("</script>"));
    assert_eq!(
        visit.eval("[document.querySelectorAll('img').length, document.querySelectorAll('script').length]"),
        serde_json::json!([0, 2])
    );
    assert_ne!(visit.eval("document.title"), "owned");
    assert_eq!(visit.requests(), Vec::<String>::new());
}
