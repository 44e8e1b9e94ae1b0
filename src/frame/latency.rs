//! How long a desktop takes on each host, and so how long to wait before silence means failure.

use std::collections::BTreeMap;

use super::who::{Actor, is_host_log};
use crate::model::{Action, Event, Name, Timestamp};

/// The shortest patience, in seconds. FSLogix by itself retries a locked profile for 60 s in silence
/// (`LockedRetryCount` 12 × `LockedRetryInterval` 5 s, its documented defaults); twice that is never slow luck.
const MIN_PATIENCE_S: f64 = 120.0;
/// The longest patience, in seconds: nobody waits longer in front of an empty screen, and no join reaches further.
const MAX_PATIENCE_S: f64 = 900.0;
/// How many times the slowest usual logon (0.99 quantile) a silence must last.
const SLOWEST_TIMES: f64 = 4.0;
/// Fewer logons than this tell no 0.99 quantile of their own; the fleet's is taken.
const MIN_LOGONS: usize = 100;

/// How long to wait for a desktop, by host.
#[derive(Debug, Default)]
pub(super) struct Patience {
    by_host: BTreeMap<Name, f64>,
    fleet: f64,
}

impl Patience {
    /// Learns it from this log's own successes: 4 times the 0.99 quantile of the seconds from acceptance to
    /// desktop, at least two minutes, at most a quarter of an hour.
    ///
    /// A failure has no part in it, so a host on which everybody fails keeps the patience of its good days.
    pub(super) fn learn(events: &[Event], actors: &[Actor]) -> Self {
        let mut waiting: BTreeMap<(Name, Name), Timestamp> = BTreeMap::new();
        let mut seconds: BTreeMap<Name, Vec<f64>> = BTreeMap::new();
        for (event, actor) in events.iter().zip(actors) {
            let (Some(host), Some(user), true) = (&actor.host, &actor.user, is_host_log(event)) else { continue };
            let key = (host.clone(), user.clone());
            match event.action {
                Action::Authenticated => {
                    waiting.insert(key, event.at);
                }
                Action::Success => {
                    if let Some(since) = waiting.remove(&key) {
                        let waited = event.at.seconds_since(since);
                        if waited <= MAX_PATIENCE_S {
                            seconds.entry(host.clone()).or_default().push(waited);
                        }
                    }
                }
                _ => {}
            }
        }
        let all: Vec<f64> = seconds.values().flatten().copied().collect();
        let fleet = patience(all);
        let by_host = seconds
            .into_iter()
            .filter(|(_, waits)| waits.len() >= MIN_LOGONS)
            .map(|(host, waits)| (host, patience(waits)))
            .collect();
        Self { by_host, fleet }
    }

    /// Seconds to wait on this host.
    pub(super) fn of(&self, host: &Name) -> f64 {
        self.by_host.get(host).copied().unwrap_or(self.fleet)
    }
}

fn patience(mut waits: Vec<f64>) -> f64 {
    waits.sort_by(f64::total_cmp);
    let slowest = waits.get(((waits.len() as f64 * 0.99) as usize).min(waits.len().saturating_sub(1)));
    (SLOWEST_TIMES * slowest.copied().unwrap_or(0.0)).clamp(MIN_PATIENCE_S, MAX_PATIENCE_S)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_follows_the_slow_logons_within_bounds() {
        assert!((patience(vec![8.0; 200]) - 120.0).abs() < 1e-9);
        assert!((patience(vec![60.0; 200]) - 240.0).abs() < 1e-9);
        assert!((patience(vec![800.0; 200]) - 900.0).abs() < 1e-9);
        assert!((patience(Vec::new()) - 120.0).abs() < 1e-9);
    }
}
