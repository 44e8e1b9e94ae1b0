//! From weights to a posterior that can be printed: caps, what is cut off, and when to abstain.

use super::hypotheses::Cause;
use super::mechanism::How;
use super::opinion::Opinion;
use super::silence::{is_with, unseen_before};
use super::verdict::{Abstention, Candidate, CauseKind, Trigger};
use crate::correlate::{Correlation, MarkState};
use crate::model::Name;

/// No named cause is ever surer: the part of one in fifty stands for what no hypothesis covers.
const MAX_PROBABILITY: f64 = 0.98;
/// Nor one whose change is known from a list made by hand only.
const MAX_IF_ONLY_STATED: f64 = 0.95;
/// Below this the judge abstains.
const MIN_PROBABILITY: f64 = 0.5;
/// And where the first two are closer than this.
const MIN_LEAD: f64 = 0.15;
/// Candidates below this probability are added to unknown, to keep reports short.
const MIN_LISTED: f64 = 1e-4;
/// A cause that began with the only log that shows the failures: that they are older, and came into sight then, is as good
/// an explanation of the silence before.
const IF_UNSEEN_BEFORE: f64 = 0.5;

/// The printable posterior of an opinion.
pub(crate) struct Posterior {
    /// What the judge names, or unknown.
    pub(crate) root_cause: Candidate,
    /// All candidates by falling probability; one of kind unknown; adds up to 1.
    pub(crate) candidates: Vec<Candidate>,
    /// Why it abstains.
    pub(crate) abstention: Option<Abstention>,
    /// The causes behind the named candidates, in the order of probability.
    pub(crate) causes: Vec<(Cause, f64)>,
}

/// Caps, sums up what is unknown, and decides whether to name a cause.
pub(crate) fn posterior(opinion: &Opinion<'_>) -> Posterior {
    let from = opinion.scene.view.from;
    let unseen_before_s = unseen_before(opinion);
    let begins_with_log = |cause: Cause| {
        let spans = opinion.best_of(cause).map(|one| one.best.spans.iter().map(|span| span.0).min_by(f64::total_cmp));
        let from_s = spans.flatten().unwrap_or(f64::INFINITY);
        unseen_before_s.is_some_and(|since_s| is_with(opinion, since_s, from_s))
    };
    let mut unknown = 0.0;
    let mut causes: Vec<(Cause, f64)> = Vec::new();
    for &(cause, probability) in &opinion.causes {
        let cap = match cause {
            Cause::Change(Some(change)) if from.changes[change].only_stated => MAX_IF_ONLY_STATED,
            _ => MAX_PROBABILITY,
        };
        if cause == Cause::Nothing || probability < MIN_LISTED {
            unknown += probability;
        } else {
            let kept = probability * cap * if begins_with_log(cause) { IF_UNSEEN_BEFORE } else { 1.0 };
            unknown += probability - kept;
            causes.push((cause, kept));
        }
    }
    let mut candidates: Vec<Candidate> =
        causes.iter().map(|(cause, probability)| candidate(from, opinion, *cause, *probability)).collect();
    candidates.push(Candidate {
        kind: CauseKind::Unknown,
        change_id: None,
        host: None,
        user: None,
        trigger: None,
        probability: unknown,
    });
    candidates.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    let first = causes.first().map_or(0.0, |one| one.1);
    let second = causes.get(1).map_or(0.0, |one| one.1).max(unknown);
    let is_tie = first >= MIN_PROBABILITY && first - second < MIN_LEAD;
    let abstains = first < MIN_PROBABILITY || is_tie;
    let root_cause = candidates.iter().find(|one| !abstains || one.kind == CauseKind::Unknown);
    let rival = causes.get(1).map_or(0.0, |one| one.1);
    let abstention = abstains.then(|| Abstention {
        // Two that are both unlikely are no tie: then nothing is known, rather than one of two.
        is_tie: first - rival < MIN_LEAD && first + rival >= MIN_PROBABILITY,
        unseen_before: unseen_before_s
            .filter(|_| causes.first().is_some_and(|one| begins_with_log(one.0)))
            .map(|since_s| from.instant(since_s)),
        would_have_told: would_have_told(from, &causes),
    });
    Posterior { root_cause: root_cause.unwrap_or(&candidates[0]).clone(), candidates, abstention, causes }
}

/// A cause in the words of a verdict.
pub(crate) fn candidate(from: &Correlation, opinion: &Opinion<'_>, cause: Cause, probability: f64) -> Candidate {
    let mut one =
        Candidate { kind: CauseKind::Unknown, change_id: None, host: None, user: None, trigger: None, probability };
    match cause {
        Cause::Nothing => {}
        Cause::Change(change) => {
            one.kind = CauseKind::Change;
            one.change_id = change.map(|change| from.changes[change].id.clone());
            one.trigger = is_under_load(opinion, cause).then_some(Trigger::Load);
        }
        Cause::Capacity => one.kind = CauseKind::Capacity,
        Cause::Host(host) => {
            one.kind = CauseKind::Host;
            one.host = Some(from.hosts[host].clone());
        }
        Cause::Dependency => one.kind = CauseKind::Dependency,
        Cause::Credentials(user) => {
            one.kind = CauseKind::Credentials;
            one.user = user.map(|user| from.users[user].clone());
        }
        Cause::Schedule => one.kind = CauseKind::Schedule,
    }
    one
}

/// Whether load turned a cause into an incident: its best shape follows load.
fn is_under_load(opinion: &Opinion<'_>, cause: Cause) -> bool {
    opinion.best_of(cause).is_some_and(|one| one.best.is_under_load())
}

/// Logs that would have told, for the causes that are left.
fn would_have_told(from: &Correlation, causes: &[(Cause, f64)]) -> Vec<(Name, Option<Name>)> {
    let left = causes.iter().take(3).map(|(cause, _)| *cause);
    let mut logs: Vec<(Name, Option<Name>)> = Vec::new();
    let mut add = |source: &str, host: Option<Name>| {
        let entry = (Name::from(source), host);
        if !logs.contains(&entry) {
            logs.push(entry);
        }
    };
    for cause in left {
        match cause {
            Cause::Change(Some(change)) => {
                let change = &from.changes[change];
                if change.only_stated || !change.hosts_known {
                    for (host, _) in change.at_s.iter().enumerate().filter(|(_, at)| at.is_finite()).take(3) {
                        add("Application", Some(from.hosts[host].clone()));
                    }
                }
            }
            Cause::Change(None) => add("change list", None),
            Cause::Capacity => add("performance counters", None),
            Cause::Dependency => add("logs of the directory and the file server", None),
            Cause::Host(host) => add("System", Some(from.hosts[host].clone())),
            Cause::Credentials(_) => add("Security", None),
            Cause::Schedule => add("Microsoft-Windows-TaskScheduler/Operational", None),
            Cause::Nothing => {}
        }
    }
    if from.ends.iter().all(|end| end.mark == MarkState::NotObservable) {
        add("Microsoft-Windows-User Profile Service/Operational", None);
        add("Microsoft-Windows-VHDMP-Operational", None);
    }
    logs
}

/// The word for the way in which a mechanism fails attempts.
pub(crate) fn is_chain(how: &How) -> bool {
    matches!(how, How::Blocked(_))
}
