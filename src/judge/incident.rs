//! Finds incidents: the signature with the most to explain, its cause, its span, its attempts; then again
//! without what is explained.

use std::collections::{BTreeMap, BTreeSet};

use super::hypotheses::Cause;
use super::opinion::{MIN_ATTRIBUTED, Opinion, opinion, sketch};
use super::posterior::{Posterior, posterior};
use super::remedy::remedy;
use super::verdict::{Candidate, CauseKind, Incident};
use super::{Options, evidence};
use crate::correlate::Correlation;
use crate::correlate::onset::{BIN_S, split};
use crate::model::{Name, Timestamp};
use crate::stats::{Bin, quantile};

/// Signatures that are weighed in full: those that the quick look finds most in.
const N_FULL: usize = 3;
/// An incident is told from a quiet log at odds of 20 to 1.
const MIN_LOG_ODDS: f64 = 3.0;
/// A further one at 400 to 1: what an incident leaves behind is no quiet log.
const MIN_LOG_ODDS_FURTHER: f64 = 6.0;
/// Attempts whose failure is likelier than not the cause's belong to the incident.
const MIN_SHARE: f64 = 0.5;
/// So many failures would have been seen, had it gone on: then it has ended.
const N_MISSED: f64 = 4.0;

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
    /// The failing chance of each attempt under the best explanation.
    pub(crate) chances: Vec<f64>,
    /// Whether load matters to the best explanation, and in which way the likeliest cause acts.
    pub(crate) is_under_load: bool,
    /// Whether the likeliest cause blocks users.
    pub(crate) is_chain: bool,
}

/// Finds at most `max` incidents, in the order of their impact.
pub(crate) fn find(from: &Correlation, options: &Options, max: usize) -> Vec<Found> {
    let asked = options.incident.map(|span| (from.seconds(span.start), from.seconds(span.end)));
    let mut skip = vec![false; from.tries.len()];
    let mut found: Vec<Found> = Vec::new();
    for _ in 0..2 * max {
        let asked = if found.is_empty() { asked } else { None };
        let with_marks = found.iter().all(|one| !one.is_chain);
        let Some(opinion) = loudest(from, &skip, asked, with_marks, found.is_empty()) else { break };
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
    found
}

/// Whether what is found next is more of a known incident: mostly within its noticed span, and either of a
/// signature of its own (what the model did not attribute to it), or by the same cause (signatures that move
/// together, such as a locked disk in the words of two components), or without a cause that could be named: a
/// second trouble at the same time, of which nothing is known, is a bolder claim than more of the first.
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
    2 * n_within >= next.places.len() && (has_signature || has_cause || has_none)
}

/// Adds the attempts of `next` to a known incident; its cause and its evidence stay.
fn absorb(from: &Correlation, known: &mut Found, next: &Found) {
    known.places.extend(&next.places);
    known.places.sort_unstable();
    known.places.dedup();
    count(from, &mut known.incident, &known.places);
}

/// Fills in what is counted over the attempts of an incident: between its rise and its end, on its hosts.
fn count(from: &Correlation, incident: &mut Incident, places: &[usize]) {
    let Some((first, last)) = places.first().zip(places.last()) else { return };
    let end = incident.ended_at.unwrap_or(from.tries[*last].at);
    let within = |place: usize| incident.started_at <= from.tries[place].at && from.tries[place].at <= end;
    let hosts = by_count(places.iter().map(|place| from.tries[*place].host));
    let hosts_hit: BTreeSet<usize> = hosts.iter().map(|(host, _)| *host).collect();
    let signatures = by_count(places.iter().filter_map(|place| from.tries[*place].signature));
    let users: BTreeSet<usize> =
        places.iter().filter(|place| within(**place)).map(|place| from.tries[*place].user).collect();
    incident.n_attempts =
        (0..from.tries.len()).filter(|place| within(*place) && hosts_hit.contains(&from.tries[*place].host)).count();
    incident.n_failures = places.iter().filter(|place| within(**place)).count();
    incident.n_users = users.len();
    incident.first_case_at = from.tries[*first].at;
    incident.peak_at = peak(from, places);
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
) -> Option<Opinion<'a>> {
    let mut looks: Vec<(f64, Option<usize>)> = std::iter::once(None)
        .chain((0..from.signatures.len()).map(Some))
        .map(|signature| (sketch(from, signature, skip, asked), signature))
        .filter(|(odds, _)| *odds > f64::NEG_INFINITY)
        .collect();
    looks.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    // A latent fault, or one of a few hosts, may be too quiet for a quick look: the first three are always weighed. Once
    // an incident is found, what is left must show itself.
    let n_promising = looks.iter().filter(|(odds, _)| *odds > 0.0).count();
    let min_log_odds = if is_first { MIN_LOG_ODDS } else { MIN_LOG_ODDS_FURTHER };
    let n_full = if is_first { N_FULL } else { n_promising.min(N_FULL) };
    looks
        .into_iter()
        .take(n_full)
        .map(|(_, signature)| opinion(from, signature, skip, asked, with_marks))
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
    let (started, ended) = rise(from, &places, &chances, asked);
    let mut incident = Incident {
        id: String::new(),
        signatures: Vec::new(),
        first_case_at: from.tries[first].at,
        started_at: from.tries[started].at,
        peak_at: from.tries[started].at,
        ended_at: ended.map(|last| from.tries[last].at.plus_seconds(1.0)),
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
    count(from, &mut incident, &places);
    Some(Found {
        incident,
        causes,
        remedy: remedy_change,
        places,
        is_under_load: best.best.is_under_load(),
        is_chain: super::posterior::is_chain(&best.best.how),
        chances,
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

/// The first and the last failure of the rise that people noticed; no last one if it goes on.
///
/// The hourly share of attempts that belong to the incident is segmented. The rise begins with the first
/// segment of at least a third of the share of the worst and ends with the last such one: what comes
/// behind it, if there is anything, is no longer the incident that people noticed.
fn rise(from: &Correlation, places: &[usize], chances: &[f64], asked: Option<(f64, f64)>) -> (usize, Option<usize>) {
    let mut bins = vec![Bin::default(); from.n_hours()];
    let last = bins.len() - 1;
    let hour = |at_s: f64| ((at_s / BIN_S).max(0.0) as usize).min(last);
    for one in &from.tries {
        bins[hour(one.at_s)].n += 1;
    }
    for place in places {
        bins[hour(from.tries[*place].at_s)].k += 1;
    }
    let segments = split(&bins, None);
    let worst = segments.iter().map(|segment| segment.share).fold(0.0, f64::max);
    let is_high = |share: f64| share >= worst / 3.0;
    let from_s = segments.iter().find(|segment| is_high(segment.share)).map_or(0.0, |segment| segment.from_s);
    let from_s = asked.map_or(from_s, |(start, _)| from_s.max(start.min(from.length_s)));
    let first = places.iter().copied().find(|place| from.tries[*place].at_s >= from_s).unwrap_or(places[0]);
    let to_s = segments.iter().rfind(|segment| is_high(segment.share)).map_or(from.length_s, |segment| segment.to_s);
    let is_followed = segments.last().is_some_and(|segment| !is_high(segment.share));
    let of_rise = places.iter().copied().rfind(|place| from.tries[*place].at_s < to_s).unwrap_or(first);
    let at_last = places.last().copied().unwrap_or(first);
    let end =
        if is_followed && of_rise >= first { Some(of_rise) } else { ended(from, chances, at_last).then_some(at_last) };
    (first, end)
}

/// The beginning of the hour with the most failures.
fn peak(from: &Correlation, places: &[usize]) -> Timestamp {
    let hours = by_count(places.iter().map(|place| from.tries[*place].at.hour().max(0) as usize));
    Timestamp::from_unix_seconds(hours.first().map_or(0, |(hour, _)| *hour as i64) * 3600)
}

/// Whether the incident is over: at its own usual rate, the attempts after its last failure would have met several.
fn ended(from: &Correlation, chances: &[f64], last: usize) -> bool {
    let at_work: Vec<f64> = chances[..=last].iter().copied().filter(|m| *m > 0.0).collect();
    let Some(usual) = quantile(&at_work, 0.5) else { return false };
    let after = from.tries.len() - last - 1;
    let still: f64 = chances[last + 1..].iter().sum();
    after as f64 * usual > N_MISSED && still < N_MISSED
}

/// The likeliest other cause in the words of a verdict.
pub(crate) fn likeliest(found: &Found) -> Option<&Candidate> {
    found.incident.posterior.iter().find(|one| one.kind != CauseKind::Unknown)
}

/// A host's name.
pub(crate) fn host_name(from: &Correlation, host: usize) -> Name {
    from.hosts[host].clone()
}
