//! One event log a host and channel, with noise, a clock of its own, and gaps.

use crate::model::{TimeRange, Timestamp};
use crate::simulate::calendar::{Calendar, days, is_day_off};
use crate::simulate::evtx::EventLog;
use crate::simulate::random::Random;
use crate::simulate::script::{Script, host_name};
use crate::simulate::windows::{Channel, Entry, noise};
use crate::simulate::world::{Ledger, full_name};
use std::collections::BTreeMap;

/// Adds what a healthy host logs all day.
pub(super) fn add_noise(script: &Script, ledger: &mut Ledger, host: usize, calendar: &Calendar, seed: u64) {
    let mut random = Random::stream(seed, &format!("noise {}", host_name(host)));
    let all: Vec<_> = days(script.first, script.last).collect();
    let working: Vec<_> = all.iter().copied().filter(|&date| !is_day_off(date)).collect();
    let Some(entries) = ledger.entries.get_mut(host) else { return };
    let n_noise = (entries.len() as f64 * script.noise_per_signal) as usize;
    let mut noise = Vec::with_capacity(n_noise + 4);
    while noise.len() < n_noise {
        let (dates, from_h, to_h) = if random.chance(0.5) { (&all, 0.0, 24.0) } else { (&working, 6.5, 18.5) };
        let Some(&date) = random.pick(dates) else { return };
        let at = calendar.at(date, random.between(from_h, to_h));
        noise::ordinary(&mut random, at, &mut noise);
    }
    let end = calendar.at(script.last, 22.0);
    noise.retain(|entry| entry.at < end);
    entries.append(&mut noise);
}

/// Writes the logs of `host`, whose clock is `skew_s` ahead.
pub(super) fn write(
    script: &Script,
    ledger: &Ledger,
    host: usize,
    skew_s: f64,
    random: &mut Random,
    logs: &mut BTreeMap<String, Vec<u8>>,
) {
    let Some(entries) = ledger.entries.get(host) else { return };
    let gap = script.gap.filter(|(lossy, _)| *lossy == host).map(|(_, range)| range);
    for channel in Channel::ALL {
        let mut of_channel: Vec<&Entry> = entries.iter().filter(|entry| entry.kind.channel == channel).collect();
        if of_channel.is_empty() {
            continue;
        }
        // Stable, so records of one instant keep the order in which they were logged.
        of_channel.sort_by_key(|entry| entry.at);
        let first_id = 1 + random.below(60_000) as u64;
        let content = one_log(&of_channel, &full_name(host), first_id, skew_s, gap);
        logs.insert(format!("{}/{}", host_name(host), channel.file_name()), content);
    }
}

fn one_log(entries: &[&Entry], computer: &str, first_id: u64, skew_s: f64, gap: Option<TimeRange>) -> Vec<u8> {
    let mut log = EventLog::new(computer, first_id);
    let mut n_lost = 0;
    for entry in entries {
        if gap.is_some_and(|range| range.contains(entry.at)) {
            n_lost += 1;
            continue;
        }
        if n_lost > 0 {
            log.skip(n_lost);
            n_lost = 0;
        }
        let shown_at: Timestamp = entry.at.plus_seconds(skew_s);
        log.push(&entry.record(shown_at));
    }
    log.finish()
}
