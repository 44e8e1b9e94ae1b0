//! The limit of time that ends disconnected sessions, learnt from when it did.

use std::collections::BTreeMap;

use super::sessions::LOGOFF_S;
use super::who::{Actor, is_host_log};
use crate::model::{Action, Event, Name, Timestamp};
use crate::stats::quantile;

/// RemoteConnectionManager 20519: the limit for disconnected sessions logged one off.
const LIMIT_DID_IT: u32 = 20_519;
/// How many ends by the limit tell it. Ends at the users' leisure scatter over hours, so that two of them agree to
/// a minute in one of some thirty cases and five in one of a million.
const MIN_ENDS: usize = 5;
/// How exactly the limit fires, in seconds: Windows counts it in minutes.
const EXACT_S: f64 = 60.0;
/// The share of the ends that must agree; administrators log some sessions off before their time.
const MIN_SHARE: f64 = 0.8;

/// How long sessions of one host were away, in seconds.
#[derive(Default)]
struct Absences {
    /// Until the limit's own record.
    limited: Vec<f64>,
    /// Until the logoff.
    ended: Vec<f64>,
    /// Until the user came back.
    returned: Vec<f64>,
}

/// Returns the limit of each host that has one, in seconds.
///
/// A host has a limit if its disconnected sessions end after one and the same time, by the limit's own records
/// or, where those are not logged, by their logoffs, and if no session outlived that time. Everywhere else a
/// session that stays disconnected is no witness of anything.
pub(super) fn limits(events: &[Event], actors: &[Actor]) -> BTreeMap<Name, f64> {
    let mut absences: BTreeMap<Name, Absences> = BTreeMap::new();
    let mut away: BTreeMap<(Name, u32), Timestamp> = BTreeMap::new();
    for (event, actor) in events.iter().zip(actors) {
        let Some(host) = actor.host.as_ref().filter(|_| is_host_log(event)) else { continue };
        if event.action == Action::Boot {
            away.retain(|(own, _), _| own != host);
        }
        let Some(number) = event.session_id else { continue };
        let key = (host.clone(), number);
        let absent_s = away.get(&key).map(|since| event.at.seconds_since(*since));
        let own = absences.entry(host.clone()).or_default();
        match event.action {
            Action::Disconnect => {
                away.entry(key).or_insert(event.at);
            }
            Action::LogoffRequested if event.code == Some(LIMIT_DID_IT) => own.limited.extend(absent_s),
            Action::SessionEnd => {
                own.ended.extend(absent_s);
                away.remove(&key);
            }
            Action::Reconnect | Action::SessionBegin => {
                own.returned.extend(absent_s.filter(|_| event.action == Action::Reconnect));
                away.remove(&key);
            }
            _ => {}
        }
    }
    absences.into_iter().filter_map(|(host, absences)| Some((host, absences.limit()?))).collect()
}

impl Absences {
    fn limit(&self) -> Option<f64> {
        let ends = if self.limited.is_empty() { &self.ended } else { &self.limited };
        // A connection that goes right before its session's end belongs to an ordinary logoff.
        let ends: Vec<f64> = ends.iter().copied().filter(|end| *end > EXACT_S).collect();
        if ends.len() < MIN_ENDS {
            return None;
        }
        let limit = quantile(&ends, 0.5)?;
        let n_exact = ends.iter().filter(|end| (*end - limit).abs() <= EXACT_S).count();
        let outlived = self.ended.iter().chain(&self.returned).any(|absent| *absent > limit + LOGOFF_S);
        (n_exact as f64 >= MIN_SHARE * ends.len() as f64 && !outlived).then_some(limit)
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;
    use super::super::who;
    use super::*;

    const HOUR: f64 = 3_600.0;

    /// Sessions that are disconnected after an hour and logged off, or joined again, so many seconds later.
    fn learnt(ends_s: &[f64], returns_s: &[f64]) -> Option<f64> {
        let mut scene = Scene::new();
        for (number, absent_s) in ends_s.iter().chain(returns_s).enumerate() {
            let (session, start) = (number as u32 + 10, number as f64 * 24.0 * HOUR);
            scene.begin("RDS01", "anna", session, start);
            scene.disconnect("RDS01", "anna", session, start + HOUR);
            if number < ends_s.len() {
                scene.end("RDS01", "anna", session, start + HOUR + absent_s);
            } else {
                scene.reconnect("RDS01", "anna", session, start + HOUR + absent_s);
                scene.end("RDS01", "anna", session, start + 23.0 * HOUR);
            }
        }
        limits(&scene.events, &who::actors(&scene.events)).get("RDS01").copied()
    }

    #[test]
    fn ends_after_one_and_the_same_absence_are_a_limit() {
        let ends = [7_200.0, 7_210.0, 7_195.0, 7_230.0, 7_205.0, 1.0, 2.0, 0.0];
        assert_eq!(learnt(&ends, &[600.0, 3_000.0]), Some(7_205.0));
    }

    #[test]
    fn leisure_few_ends_or_a_session_that_outlived_it_are_none() {
        assert_eq!(learnt(&[3_000.0, 7_210.0, 9_195.0, 20_230.0, 7_205.0, 600.0], &[]), None);
        assert_eq!(learnt(&[6_500.0, 6_800.0, 7_210.0, 7_500.0, 7_900.0], &[]), None);
        assert_eq!(learnt(&[7_200.0, 7_210.0, 7_195.0, 7_230.0], &[]), None);
        assert_eq!(learnt(&[7_200.0, 7_210.0, 7_195.0, 7_230.0, 7_205.0], &[4.0 * HOUR]), None);
    }

    #[test]
    fn the_records_of_the_limit_tell_it_better_than_logoffs() {
        let mut scene = Scene::new();
        for number in 0..6_u32 {
            let start = f64::from(number) * 24.0 * HOUR;
            scene.begin("RDS01", "anna", number, start);
            scene.disconnect("RDS01", "anna", number, start + HOUR);
            if number < 5 {
                let fired = scene.event("RDS01", start + 2.0 * HOUR, Action::LogoffRequested);
                (fired.code, fired.session_id) = (Some(LIMIT_DID_IT), Some(number));
            }
            scene.end("RDS01", "anna", number, start + HOUR + 600.0 * f64::from(number + 1));
        }
        assert_eq!(limits(&scene.events, &who::actors(&scene.events)).get("RDS01"), Some(&HOUR));
    }
}
