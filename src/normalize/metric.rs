//! What counters and metrics measure, by their names, for the formats that hold them.
//!
//! Windows translates the names of its counters: they are told by pattern in English, German and French.
//!
//! Only metrics that tell how busy a host was are taken: a scrape holds hundreds of others. Counters
//! that only grow (`windows_cpu_time_total`) need a rate between two scrapes and are left out.

use super::clock::Civil;
use super::format::Context;
use crate::model::identity::canonical_host;
use crate::model::{LoadMetric, LoadSample, Timestamp, Trust};

/// A name longer than this is no name of a metric.
const MAX_NAME: usize = 200;
const BYTES_IN_MEGABYTE: f64 = 1_048_576.0;

/// What a metric measures, and by what its value is divided to be in our unit.
pub fn known(object: &str, name: &str) -> Option<(LoadMetric, f64)> {
    if object.len() + name.len() > MAX_NAME {
        return None;
    }
    let plain = |text: &str| text.to_lowercase().replace('_', " ").replace("percent", "%");
    let (object, name) = (plain(object), plain(name));
    // Instances are written with their mark: `processor( total)`.
    let windows = by_counter(&format!("{}\\{name}", object.replace("( total)", "(_total)")));
    if windows != LoadMetric::Other {
        return Some((windows, 1.0));
    }
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let words = || name.split([' ', '.', '-', '/']);
    if has(&["available bytes", "memory available", "mem available"]) {
        let is_megabytes = has(&["mbyte", "mb", "megabyte"]);
        return Some((LoadMetric::AvailableMemory, if is_megabytes { 1.0 } else { BYTES_IN_MEGABYTE }));
    }
    if has(&["session", "sitzung"]) && !has(&["id", "name", "duration", "second", "limit", "max", "byte"]) {
        let metric = if has(&["inactive", "disconnected", "inaktiv", "getrennt"]) {
            LoadMetric::InactiveSessions
        } else if has(&["active", "aktiv"]) {
            LoadMetric::ActiveSessions
        } else if has(&["total", "gesamt"])
            || words().all(|word| matches!(word, "sessions" | "session" | "count" | "user" | "n" | "rds" | "sitzungen"))
        {
            LoadMetric::TotalSessions
        } else {
            return None;
        };
        return Some((metric, 1.0));
    }
    let of_processor = words().any(|word| matches!(word, "cpu" | "processor" | "prozessor"));
    let is_share = has(&["%", "usage", "util", "load", "pct"]) || name == "cpu";
    if of_processor && is_share && !has(&["total second", "time total", "idle", "queue"]) {
        return Some((LoadMetric::ProcessorTime, 1.0));
    }
    has(&["queue length"]).then_some((LoadMetric::QueueLength, 1.0))
}

/// Tells what a counter measures by its name in English, German or French; anything else is `Other`.
pub fn by_counter(counter: &str) -> LoadMetric {
    let lower = counter.to_lowercase();
    let (object, name) = lower.rsplit_once('\\').unwrap_or(("", &lower));
    let has = |text: &str, words: &[&str]| words.iter().any(|word| text.contains(word));
    let of_sessions = has(
        object,
        &["terminal services", "terminaldienste", "services terminal", "remotedesktopdienste", "services bureau"],
    ) && !object.contains("session");
    if of_sessions && has(name, &["inactive", "inaktiv"]) {
        LoadMetric::InactiveSessions
    } else if of_sessions && has(name, &["active", "aktiv"]) {
        LoadMetric::ActiveSessions
    } else if of_sessions && has(name, &["total", "gesamt", "insgesamt"]) {
        LoadMetric::TotalSessions
    } else if object.contains("_total")
        && has(object, &["processor", "prozessor", "processeur"])
        && has(name, &["% processor time", "prozessorzeit", "temps processeur"])
    {
        LoadMetric::ProcessorTime
    } else if has(object, &["memory", "arbeitsspeicher", "speicher", "m\u{e9}moire"])
        && has(name, &["available mbytes", "verf\u{fc}gbare mb", "mo disponibles", "m\u{e9}gaoctets disponibles"])
    {
        LoadMetric::AvailableMemory
    } else if has(name, &["queue length", "queuesize", "requests queued", "warteschlangenl", "longueur de la file"]) {
        LoadMetric::QueueLength
    } else {
        LoadMetric::Other
    }
}

/// `rds01:9182`, `https://rds01.corp.example:9182/metrics`: the host.
pub fn host_of(instance: &str) -> String {
    let bare = instance.split_once("://").map_or(instance, |(_, rest)| rest);
    let bare = bare.split('/').next().unwrap_or(bare);
    let bare = match bare.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) && !host.contains(':') => {
            host
        }
        _ => bare,
    };
    canonical_host(bare)
}

/// Whether a label or column names the host; the surest first.
pub const HOST_LABELS: &[&str] = &[
    "host",
    "hostname",
    "computer",
    "machine",
    "machinename",
    "server",
    "node",
    "nodename",
    "exported_instance",
    "instance",
    "name",
];

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, told by their size.
pub fn epoch(text: &str) -> Option<Timestamp> {
    let number: f64 = text.parse().ok()?;
    // From 2000 to 2100; the units lie so far apart that no number fits two.
    const FIRST_S: f64 = 946_684_800.0;
    const LAST_S: f64 = 4_102_444_800.0;
    let unit = [1.0, 1e3, 1e6, 1e9].into_iter().find(|unit| (FIRST_S * unit..LAST_S * unit).contains(&number))?;
    if let Ok(whole) = text.parse::<i64>() {
        let ticks = match unit {
            1.0 => whole * 10_000_000,
            1e3 => whole * 10_000,
            1e6 => whole * 10,
            _ => whole / 100,
        };
        return Some(Civil(ticks).minus_seconds(0));
    }
    // Fractions of a second to the microsecond, which is all that a double holds of them.
    #[expect(clippy::cast_possible_truncation, reason = "bounded above to the years 2000 to 2100")]
    let micros = (number / unit * 1e6).round() as i64;
    Some(Civil(micros * 10).minus_seconds(0))
}

/// Returns one reading; `None` for what no counter can show.
pub fn sample(
    (at, time_trust): (Timestamp, Trust),
    host: &str,
    counter: &str,
    (metric, divisor): (LoadMetric, f64),
    value: f64,
    context: &mut Context<'_>,
) -> Option<LoadSample> {
    let is_sound = value.is_finite() && value >= 0.0;
    let host = host_of(host);
    is_sound.then(|| LoadSample {
        at,
        time_trust,
        host: (!host.is_empty()).then(|| context.names.intern(&host)),
        metric,
        counter: context.names.intern(counter),
        value: value / divisor,
        provenance: context.provenance,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_known_by_name() {
        for (object, name, wanted) in [
            ("", "windows_memory_available_bytes", Some(LoadMetric::AvailableMemory)),
            ("", "windows_cpu_time_total", None),
            ("", "windows_system_processor_queue_length", Some(LoadMetric::QueueLength)),
            ("Terminal Services", "Active_Sessions", Some(LoadMetric::ActiveSessions)),
            ("Processor(_Total)", "Percent_Processor_Time", Some(LoadMetric::ProcessorTime)),
            ("Processor(1)", "Percent_Idle_Time", None),
            ("Memory", "Available_MBytes", Some(LoadMetric::AvailableMemory)),
            ("", "sessions", Some(LoadMetric::TotalSessions)),
            ("", "session_id", None),
            ("", "value", None),
        ] {
            assert_eq!(known(object, name).map(|(metric, _)| metric), wanted, "{object} {name}");
        }
    }

    #[test]
    fn instants_are_read_by_their_size() {
        for text in ["1661014800", "1661014800.000", "1661014800000", "1661014800000000000"] {
            assert_eq!(epoch(text).unwrap().to_string(), "2022-08-20T17:00:00Z", "{text}");
        }
        assert!(["7", "NaN", "-1", "1e400", "99999999999999999999999"].iter().all(|text| epoch(text).is_none()));
        assert_eq!(host_of("https://rds01.corp.example:9182/metrics"), "RDS01");
    }

    #[test]
    fn counters_are_told_by_pattern() {
        for (counter, wanted) in [
            ("Terminal Services\\Active Sessions", LoadMetric::ActiveSessions),
            ("Terminal Services\\Inactive Sessions", LoadMetric::InactiveSessions),
            ("Terminaldienste\\Aktive Sitzungen", LoadMetric::ActiveSessions),
            ("Processor(_Total)\\% Processor Time", LoadMetric::ProcessorTime),
            ("Processor(3)\\% Processor Time", LoadMetric::Other),
            ("Prozessor(_Total)\\Prozessorzeit (%)", LoadMetric::ProcessorTime),
            ("Memory\\Available MBytes", LoadMetric::AvailableMemory),
            ("System\\Processor Queue Length", LoadMetric::QueueLength),
            ("Terminal Services Session(7)\\% Processor Time", LoadMetric::Other),
        ] {
            assert_eq!(by_counter(counter), wanted, "{counter}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_name_and_number_is_survived(name in "\\PC{0,60}", number in "[-+0-9eE.naif]{0,30}") {
            let _ = (known(&name, &name), host_of(&name), epoch(&number));
        }
    }
}
