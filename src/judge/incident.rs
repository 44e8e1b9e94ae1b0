//! Finds incidents: the signature with the most to explain, its cause, its span, its attempts; then again
//! without what is explained.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::course::{Course, course, peak};
use super::forecast::{self, Outlook};
use super::hypotheses::Cause;
use super::opinion::{Look, MIN_ATTRIBUTED, Opinion, look, opinion};
use super::posterior::{Posterior, posterior};
use super::remedy::remedy;
use super::verdict::{Candidate, CauseKind, Incident, Latent};
use super::{Options, evidence};
use crate::correlate::Correlation;
use crate::model::{Name, Timestamp};

/// Signatures that are weighed in full: those that the quick look finds most in.
const N_FULL: usize = 3;
/// An incident is told from a quiet log at odds of 20 to 1.
const MIN_LOG_ODDS: f64 = 3.0;
/// A further one at 400 to 1: what an incident leaves behind is no quiet log.
const MIN_LOG_ODDS_FURTHER: f64 = 6.0;
/// Two stretches of one signature are two incidents if so many failures would have been seen between them, had it gone on:
/// that none is seen is then a chance of e⁻³.
const N_PAUSE: f64 = 3.0;
/// Attempts whose failure is likelier than not the cause's belong to the incident.
const MIN_SHARE: f64 = 0.5;

/// An incident with what verdicts need to know of it.
pub(crate) struct Found {
    /// What is said of it.
    pub(crate) incident: Incident,
    /// Its causes, the likeliest first, with probabilities as printed.
    pub(crate) causes: Vec<(Cause, f64)>,
    /// The change that ended it.
    pub(crate) remedy: Option<usize>,
    /// Its attempts, by place in the list of attempts.
    pub(crate) places: Vec<usize>,
    /// Whether load matters to the best explanation.
    pub(crate) is_under_load: bool,
    /// Whether the likeliest cause blocks users.
    pub(crate) is_chain: bool,
    /// How much more its failures scatter than independent ones.
    phi: f64,
}

/// Finds at most `max` incidents, in the order of their impact, and what grows with load, whether it is one or not yet.
pub(crate) fn find(from: &Correlation, options: &Options, max: usize) -> (Vec<Found>, Vec<Latent>) {
    let asked = options.incident.map(|span| (from.seconds(span.start), from.seconds(span.end)));
    let mut skip = vec![false; from.tries.len()];
    let mut found: Vec<Found> = Vec::new();
    let mut outlooks: Vec<Outlook> = Vec::new();
    for _ in 0..2 * max {
        let asked = if found.is_empty() { asked } else { None };
        let with_marks = found.iter().all(|one| !one.is_chain);
        let round = found.len();
        let mut outlook = |opinion: &Opinion<'_>| {
            let further = forecast::outlook(opinion, options.load, round, &outlooks);
            outlooks.extend(further);
        };
        let opinion = loudest(from, &skip, asked, with_marks, found.is_empty(), &mut outlook);
        let Some(opinion) = opinion else { break };
        let Some(one) = incident(&opinion, asked) else { break };
        for place in &one.places {
            skip[*place] = true;
        }
        match found.iter().position(|known| is_same(from, known, &one)) {
            Some(known) => absorb(from, &mut found[known], &one),
            None if found.len() < max => found.push(one),
            None => break,
        }
    }
    found.sort_by(|a, b| impact(from, b).total_cmp(&impact(from, a)));
    for (place, one) in found.iter_mut().enumerate() {
        one.incident.id = format!("inc-{}", place + 1);
    }
    (found, forecast::one_a_signature(outlooks))
}

/// Whether what is found next is more of a known incident: mostly within its noticed span, and either of a
/// signature of its own (what the model did not attribute to it), or by the same cause (signatures that move
/// together, such as a locked disk in the words of two components), or without a cause that could be named: a
/// second trouble at the same time, of which nothing is known, is a bolder claim than more of the first; so is one of the
/// same people. Or of its
/// signature and without a pause before or behind it: the foot of a slow ramp.
fn is_same(from: &Correlation, known: &Found, next: &Found) -> bool {
    let start = known.incident.started_at;
    let within = |place: &&usize| {
        let at = from.tries[**place].at;
        start <= at && known.incident.ended_at.is_none_or(|end| at <= end)
    };
    let n_within = next.places.iter().filter(within).count();
    let has_signature = next.incident.signatures.first().is_some_and(|one| known.incident.signatures.contains(one));
    let has_cause = known.causes.first().map(|one| &one.0) == next.causes.first().map(|one| &one.0);
    let has_none = next.incident.root_cause.kind == CauseKind::Unknown;
    let is_more = || has_signature || has_cause || has_none || has_people(from, known, next);
    (2 * n_within >= next.places.len() && is_more()) || (has_signature && adjoins(from, known, next))
}

/// Whether two thirds of the failures of `next` are of people whom a known incident failed within the same day.
fn has_people(from: &Correlation, known: &Found, next: &Found) -> bool {
    const DAY_S: f64 = 86_400.0;
    let mut failed: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for place in &known.places {
        failed.entry(from.tries[*place].user).or_default().push(from.tries[*place].at_s);
    }
    let is_met = |place: &&usize| {
        let one = &from.tries[**place];
        failed.get(&one.user).is_some_and(|times| times.iter().any(|at_s| (at_s - one.at_s).abs() < DAY_S))
    };
    3 * next.places.iter().filter(is_met).count() >= 2 * next.places.len()
}

/// Whether `next` leads up to the noticed span of a known incident, or goes on behind it, without a pause in which several
/// failures would have been seen.
fn adjoins(from: &Correlation, known: &Found, next: &Found) -> bool {
    let Some((first, last)) = next.places.first().zip(next.places.last()) else { return false };
    let (first, last) = (from.tries[*first].at, from.tries[*last].at);
    let (start, end) = (known.incident.started_at, known.incident.ended_at);
    let is_after = |at: Timestamp| end.is_some_and(|end| end < at);
    let pause = match (first < start, is_after(last)) {
        (true, false) => (last.min(start), start),
        (false, true) => (end.unwrap_or(last), first),
        _ => return false,
    };
    let hosts: BTreeSet<usize> = next.places.iter().map(|place| from.tries[*place].host).collect();
    let tried = |from_at: Timestamp, to_at: Timestamp| {
        let within = from.tries.iter().filter(|one| from_at <= one.at && one.at <= to_at);
        within.filter(|one| hosts.contains(&one.host)).count() as f64
    };
    let share = next.places.len() as f64 / tried(first, last).max(1.0);
    tried(pause.0, pause.1) * share < N_PAUSE
}

/// Adds the attempts of `next` to a known incident; its cause and its evidence stay.
fn absorb(from: &Correlation, known: &mut Found, next: &Found) {
    known.places.extend(&next.places);
    known.places.sort_unstable();
    known.places.dedup();
    count(from, &mut known.incident, &known.places, known.phi);
}

/// Fills in what is counted over the attempts of an incident: between its rise and its end, on its hosts.
fn count(from: &Correlation, incident: &mut Incident, places: &[usize], phi: f64) {
    let Some((first, last)) = places.first().zip(places.last()) else { return };
    let end = incident.ended_at.unwrap_or(from.tries[*last].at);
    let within = |place: usize| incident.started_at <= from.tries[place].at && from.tries[place].at <= end;
    let hosts = by_count(places.iter().map(|place| from.tries[*place].host));
    let hosts_hit: BTreeSet<usize> = hosts.iter().map(|(host, _)| *host).collect();
    let signatures = by_count(places.iter().filter_map(|place| from.tries[*place].signature));
    let noticed: Vec<usize> = places.iter().copied().filter(|place| within(*place)).collect();
    let users: BTreeSet<usize> = noticed.iter().map(|place| from.tries[*place].user).collect();
    incident.n_attempts =
        (0..from.tries.len()).filter(|place| within(*place) && hosts_hit.contains(&from.tries[*place].host)).count();
    incident.n_failures = noticed.len();
    incident.n_users = users.len();
    incident.first_case_at = from.tries[*first].at;
    (incident.peak_at, incident.peaked_between) = peak(from, if noticed.is_empty() { places } else { &noticed }, phi);
    incident.signatures = signatures.iter().map(|(signature, _)| from.signatures[*signature].clone()).collect();
    incident.hosts = hosts.iter().map(|(host, _)| from.hosts[*host].clone()).collect();
    incident.attempts = places.iter().map(|place| from.tries[*place].id).collect();
}

/// The impact of an incident: the days that its users lost.
fn impact(from: &Correlation, found: &Found) -> f64 {
    let days: BTreeSet<(usize, i64)> = found
        .places
        .iter()
        .map(|place| (from.tries[*place].user, (from.tries[*place].at_s / 86_400.0) as i64))
        .collect();
    days.len() as f64
}

/// The opinion on the signature with the most to explain; `None` if none has enough.
fn loudest<'a>(
    from: &'a Correlation,
    skip: &[bool],
    asked: Option<(f64, f64)>,
    with_marks: bool,
    is_first: bool,
    outlook: &mut impl FnMut(&Opinion<'a>),
) -> Option<Opinion<'a>> {
    let signatures: Vec<Option<usize>> = std::iter::once(None).chain((0..from.signatures.len()).map(Some)).collect();
    let mut looks: Vec<(Option<usize>, Look<'_>)> = signatures
        .into_par_iter()
        .filter_map(|signature| Some((signature, look(from, signature, skip, asked)?)))
        .filter(|(_, look)| look.log_odds > f64::NEG_INFINITY)
        .collect();
    looks.sort_by(|a, b| b.1.log_odds.total_cmp(&a.1.log_odds).then(a.0.cmp(&b.0)));
    // A latent fault, or one of a few hosts, may be too quiet for a quick look: the first three are always weighed. Once
    // an incident is found, what is left must show itself.
    let n_promising = looks.iter().filter(|(_, look)| look.log_odds > 0.0).count();
    let min_log_odds = if is_first { MIN_LOG_ODDS } else { MIN_LOG_ODDS_FURTHER };
    let n_full = if is_first { N_FULL } else { n_promising.min(N_FULL) };
    looks
        .into_iter()
        .take(n_full)
        .map(|(_, look)| opinion(look, asked, with_marks))
        .inspect(|one| outlook(one))
        .filter(|one| one.log_odds > min_log_odds || asked.is_some())
        .filter(|one| attributed(one).1.len() as f64 >= MIN_ATTRIBUTED)
        .max_by(|a, b| a.log_odds.total_cmp(&b.log_odds))
}

/// The chances of the best explanation, and the attempts that it has failed.
fn attributed(opinion: &Opinion<'_>) -> (Vec<f64>, Vec<usize>) {
    let view = &opinion.scene.view;
    let Some(best) = opinion.best() else { return (Vec::new(), Vec::new()) };
    let chances = best.best.chances(view);
    let shares = view.attributed(&chances);
    let places = (0..shares.len()).filter(|place| shares[*place] > MIN_SHARE).collect();
    (chances, places)
}

/// Makes an incident of an opinion.
fn incident(opinion: &Opinion<'_>, asked: Option<(f64, f64)>) -> Option<Found> {
    let from = opinion.scene.view.from;
    let (chances, places) = attributed(opinion);
    let first = *places.first()?;
    let Posterior { root_cause, candidates, abstention, causes } = posterior(opinion);
    let best = opinion.best()?;
    let (remedy, remedy_change) = remedy(opinion);
    let Course { started, started_between, ended, ended_between, phi } =
        course(opinion, &best.best, &places, &chances, asked);
    let mut incident = Incident {
        id: String::new(),
        signatures: Vec::new(),
        first_case_at: from.tries[first].at,
        started_at: from.tries[started].at,
        started_between,
        peak_at: from.tries[started].at,
        peaked_between: None,
        ended_at: ended.map(|last| from.tries[last].at.plus_seconds(1.0)),
        ended_between,
        n_attempts: 0,
        n_failures: 0,
        n_users: 0,
        hosts: Vec::new(),
        attempts: Vec::new(),
        root_cause,
        posterior: candidates,
        abstention,
        remedy,
        evidence: evidence::gather(opinion, &causes, &places, remedy_change),
    };
    count(from, &mut incident, &places, phi);
    Some(Found {
        incident,
        causes,
        remedy: remedy_change,
        places,
        is_under_load: best.best.is_under_load(),
        is_chain: super::posterior::is_chain(&best.best.how),
        phi,
    })
}

/// Values with their counts, the commonest first.
fn by_count(values: impl Iterator<Item = usize>) -> Vec<(usize, usize)> {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    let mut counts: Vec<(usize, usize)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    counts
}

/// The likeliest other cause in the words of a verdict.
pub(crate) fn likeliest(found: &Found) -> Option<&Candidate> {
    found.incident.posterior.iter().find(|one| one.kind != CauseKind::Unknown)
}

/// A host's name.
pub(crate) fn host_name(from: &Correlation, host: usize) -> Name {
    from.hosts[host].clone()
}
