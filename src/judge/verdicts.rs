//! A verdict on every change, for every incident, with its reasons.

use super::hypotheses::Cause;
use super::incident::{Found, host_name, likeliest};
use super::verdict::{CauseKind, ChangeVerdict, Reason, Verdict};
use crate::correlate::{Correlation, Exposure};

/// Below this probability a change is acquitted, if the log had something to say about it.
const MAX_ACQUITTED: f64 = 0.05;
/// From this probability on, a change beside the root cause contributes rather than being unproven.
const MIN_CONTRIBUTING: f64 = 0.15;
/// Changes within a factor of three of the first cannot be told from it.
const NOT_SEPARABLE: f64 = 1.0 / 3.0;
/// Fewer attempts after a change than this, and the log says nothing about it.
const MIN_ATTEMPTS: usize = 10;
/// Clocks disagree by minutes, seconds.
const CLOCK_S: f64 = 600.0;

/// One verdict a change and incident, by change and incident; without incident one a change.
pub(crate) fn verdicts(from: &Correlation, found: &[Found]) -> Vec<ChangeVerdict> {
    let mut verdicts = Vec::new();
    let attempts = Attempts::of(from);
    for (place, change) in from.changes.iter().enumerate() {
        if found.is_empty() {
            let is_told = attempts.n_after(change) >= MIN_ATTEMPTS;
            verdicts.push(ChangeVerdict {
                change_id: change.id.clone(),
                incident: None,
                verdict: if is_told { Verdict::Acquitted } else { Verdict::Unproven },
                probability: 0.0,
                reasons: vec![if is_told { Reason::NoIncident } else { Reason::TooFewAttempts }],
            });
        }
        verdicts.extend(found.iter().map(|one| verdict(from, &attempts, one, place)));
    }
    verdicts
}

/// When somebody tried to get in: by host, in order, seconds.
struct Attempts(Vec<Vec<f64>>);

impl Attempts {
    fn of(from: &Correlation) -> Self {
        let mut times = vec![Vec::new(); from.hosts.len()];
        from.tries.iter().for_each(|one| times[one.host].push(one.at_s));
        Self(times)
    }

    /// Attempts on a host while it has a change, until a moment.
    fn n_on(&self, host: usize, change: &Exposure, last_s: f64) -> usize {
        let (times, from_s) = (&self.0[host], change.at_s.get(host).copied().unwrap_or(f64::INFINITY));
        let (first, last) = (times.partition_point(|at| *at < from_s), times.partition_point(|at| *at <= last_s));
        last.saturating_sub(first)
    }

    /// Attempts on hosts that have a change.
    fn n_after(&self, change: &Exposure) -> usize {
        (0..self.0.len()).map(|host| self.n_on(host, change, f64::INFINITY)).sum()
    }
}

fn verdict(from: &Correlation, attempts: &Attempts, found: &Found, place: usize) -> ChangeVerdict {
    let change = &from.changes[place];
    let of = |cause: Cause| found.causes.iter().find(|one| one.0 == cause).map_or(0.0, |one| one.1);
    let probability = of(Cause::Change(Some(place)));
    let is_root = found.incident.root_cause.change_id.as_deref() == Some(change.id.as_str());
    let named = found.incident.root_cause.kind != CauseKind::Unknown;
    let verdict = if is_root {
        Verdict::RootCause
    } else if found.remedy == Some(place) {
        Verdict::Remedy
    } else if probability <= MAX_ACQUITTED {
        Verdict::Acquitted
    } else if named && probability >= MIN_CONTRIBUTING {
        Verdict::Contributing
    } else {
        Verdict::Unproven
    };
    ChangeVerdict {
        change_id: change.id.clone(),
        incident: Some(found.incident.id.clone()),
        verdict,
        probability,
        reasons: reasons(from, attempts, found, place, (verdict, probability)),
    }
}

fn reasons(
    from: &Correlation,
    attempts: &Attempts,
    found: &Found,
    place: usize,
    (verdict, probability): (Verdict, f64),
) -> Vec<Reason> {
    let change = &from.changes[place];
    let mut reasons = Vec::new();
    match verdict {
        Verdict::RootCause | Verdict::Contributing => {
            if found.is_chain {
                reasons.push(Reason::BlockedUsers);
            }
            if found.is_under_load {
                reasons.push(Reason::GrowsWithLoadWhereExposed);
            }
            reasons.push(Reason::FailuresFollowExposure);
            if found.remedy.is_some() {
                reasons.push(Reason::FailuresStop);
            }
        }
        Verdict::Remedy => reasons.push(Reason::FailuresStop),
        Verdict::Acquitted | Verdict::Unproven => {}
    }
    let rivals: Vec<String> = found
        .causes
        .iter()
        .filter_map(|(cause, rival)| match cause {
            Cause::Change(Some(other)) if *other != place => Some((*other, *rival)),
            _ => None,
        })
        .filter(|(_, rival)| probability > MAX_ACQUITTED && *rival > MAX_ACQUITTED)
        .filter(|(_, rival)| *rival >= NOT_SEPARABLE * probability && probability >= NOT_SEPARABLE * rival)
        .map(|(other, _)| from.changes[other].id.clone())
        .collect();
    let unseen_before = found.incident.abstention.as_ref().and_then(|abstention| abstention.unseen_before);
    if let (Some(since), true) = (unseen_before, probability > MAX_ACQUITTED) {
        reasons.push(Reason::UnseenBefore { since });
    }
    if !rivals.is_empty() {
        reasons.push(Reason::NotSeparable { from: rivals });
    }
    if matches!(verdict, Verdict::Acquitted | Verdict::Unproven) {
        reasons.extend(against(from, attempts, found, change));
        if attempts.n_after(change) < MIN_ATTEMPTS {
            reasons.push(Reason::TooFewAttempts);
        }
        // An unproven change of which nothing else can be said has at least its rivals for a reason.
        if (verdict == Verdict::Acquitted || reasons.is_empty())
            && let Some(by) = likeliest(found)
            && by.probability > probability
        {
            reasons.push(Reason::BetterExplained { by: by.clone() });
        }
    }
    reasons
}

/// What the attempts of the incident say against a change.
fn against(from: &Correlation, attempts: &Attempts, found: &Found, change: &Exposure) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let first_s = change.first_s();
    let own = || found.places.iter().map(|place| &from.tries[*place]);
    let started_s = from.seconds(found.incident.started_at);
    let last_s = own().next_back().map_or(0.0, |one| one.at_s);
    if first_s > last_s + CLOCK_S {
        reasons.push(Reason::AfterEnd);
        return reasons;
    }
    let n_before = own().filter(|one| one.at_s < first_s - CLOCK_S).count();
    if n_before > 0 {
        reasons.push(Reason::FailuresBefore { n_failures: n_before, first_at: found.incident.first_case_at });
    }
    if first_s > started_s + CLOCK_S {
        reasons.push(Reason::AfterOnset);
    }
    let after = || own().filter(|one| one.at_s >= first_s);
    let mut unexposed: Vec<usize> =
        after().filter(|one| !change.is_on(one.host, one.at_s)).map(|one| one.host).collect();
    let n_failures = unexposed.len();
    unexposed.sort_unstable();
    unexposed.dedup();
    if n_failures > 0 {
        let hosts = unexposed.iter().map(|host| host_name(from, *host)).collect();
        reasons.push(Reason::UnexposedFailToo { n_failures, hosts });
    }
    let spared = |host: &usize| {
        attempts.n_on(*host, change, last_s) >= MIN_ATTEMPTS
            && !own().any(|one| one.host == *host && change.is_on(*host, one.at_s))
    };
    let spared: Vec<_> = (0..from.hosts.len()).filter(spared).map(|host| host_name(from, host)).collect();
    if !spared.is_empty() {
        reasons.push(Reason::ExposedDoNotFail { hosts: spared });
    }
    reasons
}
