//! Text logs, counters and the list of changes.

use crate::model::Timestamp;
use crate::simulate::calendar::Calendar;
use crate::simulate::script::{Script, host_name};
use crate::simulate::world::Ledger;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Column at which the message of an FSLogix line begins.
const MESSAGE_COLUMN: usize = 54;

/// Writes the FSLogix logs of a host, one a day, in UTF-16 with local times.
pub(super) fn profile_log(
    ledger: &Ledger,
    host: usize,
    skew_s: f64,
    calendar: &Calendar,
    logs: &mut BTreeMap<String, Vec<u8>>,
) {
    let mut lines: Vec<_> = ledger.profile_lines.get(host).into_iter().flatten().collect();
    lines.sort_by_key(|(at, ..)| *at);
    let mut days: BTreeMap<String, String> = BTreeMap::new();
    for (at, thread, level, text) in lines {
        let shown_at = at.plus_seconds(skew_s);
        let stamp = calendar.show(shown_at, "%H:%M:%S%.3f");
        let head = format!("[{stamp}][tid:000009b4.{thread:08x}][{level}]");
        let day = days.entry(calendar.show(shown_at, "%Y%m%d")).or_default();
        let _ = write!(day, "{head:<MESSAGE_COLUMN$} {text}\r\n");
    }
    for (day, text) in days {
        let utf16 = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        logs.insert(format!("{}/FSLogix/Profile-{day}.log", host_name(host)), utf16);
    }
}

/// Writes the log of the application's login service: local times without zone, as log4net writes them.
pub(super) fn application_log(script: &Script, ledger: &Ledger, calendar: &Calendar) -> Vec<u8> {
    let mut lines: Vec<(Timestamp, &str, &str, String)> =
        ledger.app_lines.iter().map(|(at, level, text)| (*at, *level, "Exempla.Login.Service", text.clone())).collect();
    for deploy in &script.deploys {
        let text = format!("Exempla Login Service {} started", deploy.version);
        lines.push((deploy.at.plus_seconds(95.0), "INFO", "Exempla.Login.Host", text));
    }
    lines.sort_by_key(|line| line.0);
    let mut log = String::new();
    for (number, (at, level, logger, text)) in lines.iter().enumerate() {
        let stamp = calendar.show(*at, "%Y-%m-%d %H:%M:%S,%3f");
        let thread = 5 + number % 23;
        let _ = write!(log, "{stamp} [{thread}] {level:<5} {logger} - {text}\r\n");
        if *level == "ERROR" {
            log.push_str("   at Exempla.Login.LicenseStore.Open(String account)\r\n   at Exempla.Login.Service.Authorize(LoginRequest request)\r\n");
        }
    }
    log.into_bytes()
}

/// Writes the counters of all hosts as performance counters are exported: one row a quarter of an hour.
pub(super) fn counters(script: &Script, ledger: &Ledger, calendar: &Calendar) -> Vec<u8> {
    let bias = ledger.samples.first().map_or(0, |sample| calendar.bias_minutes(sample.at));
    let zone = if bias == -120 { "W. Europe Daylight Time" } else { "W. Europe Standard Time" };
    let mut table = format!("\"(PDH-CSV 4.0) ({zone})({bias})\"");
    for host in 0..script.n_hosts {
        for counter in [
            "Terminal Services\\Active Sessions",
            "Terminal Services\\Inactive Sessions",
            "Processor(_Total)\\% Processor Time",
            "Memory\\Available MBytes",
        ] {
            let _ = write!(table, ",\"\\\\{}\\{counter}\"", host_name(host));
        }
    }
    table.push_str("\r\n");
    for row in ledger.samples.chunks(script.n_hosts) {
        let Some(first) = row.first() else { continue };
        let _ = write!(table, "\"{}\"", calendar.show(first.at, "%m/%d/%Y %H:%M:%S%.3f"));
        for sample in row {
            // A rate has no value before its second reading.
            let is_first = ledger.samples.first().is_some_and(|first| first.at == sample.at);
            let processor = if is_first { " ".to_owned() } else { format!("{:.6}", sample.processor_percent) };
            let (active, inactive, free) = (sample.n_active, sample.n_inactive, sample.free_megabytes);
            let _ = write!(table, ",\"{active}\",\"{inactive}\",\"{processor}\",\"{free:.0}\"");
        }
        table.push_str("\r\n");
    }
    table.into_bytes()
}

/// Writes the list of changes that people keep.
pub(super) fn deploys(script: &Script, calendar: &Calendar) -> Vec<u8> {
    let mut table = String::from("time,component,version,hosts,note\r\n");
    for deploy in &script.deploys {
        let at = calendar.show(deploy.at, "%Y-%m-%dT%H:%M:%S%:z");
        let _ = write!(table, "{at},{},{},{},{}\r\n", deploy.component, deploy.version, deploy.hosts, deploy.note);
    }
    table.into_bytes()
}
