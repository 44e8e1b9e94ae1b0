//! Turns events into tables: attempts, sessions, changes, load, coverage. The only module that names polars.
//!
//! In: [`crate::normalize::Normalized`]. Out: [`Framed`]: the [`Tables`], each sorted by time with a full key,
//! beside the events they were made from and the sources with their gaps.
//!
//! Invariant: no type of polars stands in a public signature; each row leads back to its records.

mod application;
mod aside;
mod attempts;
mod chains;
#[cfg(test)]
mod change_scenes;
mod changes;
mod clocks;
mod close;
#[cfg(test)]
mod close_scenes;
mod columns;
mod component;
mod coverage;
mod demand;
mod excel;
mod explain;
mod export;
mod forwarded;
mod history;
mod in_force;
#[cfg(test)]
mod joins;
mod latency;
mod lengths;
mod limit;
mod list_clock;
mod load;
mod load_check;
mod logs;
mod loose;
mod order;
mod outcome;
mod parts;
mod phases;
mod restarts;
mod revealed;
#[cfg(test)]
mod scene;
#[cfg(test)]
mod scenes;
mod seen_since;
mod sessions;
pub mod tables;
mod trace;
mod versions;
mod who;
mod witness;

pub use aside::{Aside, AsideKind};
pub use chains::FOLLOW_UP_S;
pub use export::TableForm;
pub use lengths::SessionLengths;
pub use load::expected_load;
pub use outcome::{DERIVED, NO_DESKTOP, SHORT_LIVED, SILENT};
pub use phases::{LogonWeek, Phase, Phases, Slowdown};
pub use restarts::RESTART;
pub use tables::{
    Attempt, Begins, Certainty, Chain, Change, ClockOffset, ClockStep, Close, Coverage, Difference, EndKind, Gap,
    GapKind, HostChange, HostHour, LoadCheck, Mark, Next, Outcome, Session, Sign, Tables, VersionSpan,
};
pub use versions::{differences, differing};
pub use witness::{CLOSE_WITNESSES, CloseWitness, Strength, close_at_the_time, is_strong, strength};

use std::collections::{BTreeMap, BTreeSet};

use who::Actor;

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::{Action, Event, Name, Provenance, SourceId, TimeRange, Timestamp};
use crate::normalize::template::Template;
use crate::normalize::{Normalized, SourceSummary};

/// What a run may narrow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Events before it are left out; changes stay, for what came earlier may act later.
    pub since: Option<Timestamp>,
    /// Events from it on are left out, and so are changes.
    pub until: Option<Timestamp>,
}

/// The tables and what goes along with them.
#[derive(Debug, Default)]
pub struct Framed {
    /// Everything that the judge may use.
    pub tables: Tables,
    /// How the sources fared, now with their gaps.
    pub sources: Vec<SourceSummary>,
    /// All events, each once, by time.
    pub events: Vec<Event>,
    /// What was wrong so far, by code and path.
    pub diagnostics: Vec<Diagnostic>,
    /// The templates of messages that no rule knows, by the signature that they became.
    pub templates: BTreeMap<Name, Template>,
}

/// Makes tables of everything that the sources say.
///
/// The result does not depend on how records are spread over files: copies are dropped, and events are
/// ordered by what they say.
pub fn tables(normalized: Normalized, options: &Options) -> Framed {
    let Normalized { events, changes: mut records, load: mut samples, mut sources, diagnostics: known, templates } =
        normalized;
    let mut diagnostics = Diagnostics::new();
    diagnostics.extend(known);
    let paths: BTreeMap<SourceId, String> = sources.iter().map(|source| (source.id, source.path.clone())).collect();
    let is_wanted = |at: Timestamp| options.since.is_none_or(|since| since <= at) && is_before(at, options.until);
    let events = events.into_iter().filter(|event| is_wanted(event.at)).collect();
    records.retain(|record| is_before(record.at, options.until));
    samples.retain(|sample| is_wanted(sample.at));
    samples.sort_by(|one, other| {
        (one.at, &one.host, one.metric, &one.counter, one.provenance).cmp(&(
            other.at,
            &other.host,
            other.metric,
            &other.counter,
            other.provenance,
        ))
    });

    let (events, copies) = order::arrange(events, &paths);
    diagnostics.extend(copies);
    let (coverage, gaps) = coverage::coverage(&events, &mut sources);
    let coverage: Vec<Coverage> = coverage.into_iter().filter_map(|row| narrowed(row, options)).collect();
    diagnostics.extend(gaps);
    let sight = coverage::Sight::learn(&events, &coverage);
    let actors = who::actors(&events);
    let attempts::Attempts { rows: attempts, aside, unclaimed, clocks } = attempts::attempts(&events, &actors, &sight);
    let mut n_unseen: BTreeMap<&Name, u64> = BTreeMap::new();
    for attempt in attempts.iter().filter(|attempt| attempt.outcome == Outcome::Unseen) {
        *n_unseen.entry(&attempt.host).or_default() += 1;
    }
    for (host, count) in n_unseen {
        let detail = format!("{host}: tries whose end no log covers; they count as demand only");
        let path = events.iter().find(|event| event.host.as_ref() == Some(host)).map(|event| event.provenance.source);
        let path = path.and_then(|source| paths.get(&source)).map_or("", String::as_str);
        let mut diagnostic = Diagnostic::new(Code::CoverageGap, path, None, detail);
        diagnostic.count = count;
        diagnostics.push(diagnostic);
    }
    let mut sessions = close::test(sessions::sessions(&events, &actors, &sight), &events, &actors, &sight);
    chains::follow(&mut sessions, &attempts, &sight);
    let chains = chains::chains(&sessions, &attempts);
    let hosts: BTreeSet<Name> = attempts
        .iter()
        .map(|attempt| attempt.host.clone())
        .chain(sessions.iter().map(|session| session.host.clone()))
        .collect();
    let hosts: Vec<Name> = hosts.into_iter().collect();
    let window = sight.window(&hosts).or_else(|| {
        let (first, last) = (attempts.first()?, attempts.last()?);
        Some(TimeRange { start: first.at, end: Timestamp(last.at.0 + 1) })
    });
    let world = changes::World { hosts: &hosts, sight: &sight, window };
    let changes = changes::changes(&records, &events, &world);
    let versions = versions::versions(&changes, &hosts, &sight);
    let (load, fleet_load) = load::load(&hosts, window, &attempts, &sessions, &samples, &sight);
    let load_checks = load_check::checks(&load);
    let counter_path = |host: &Name| {
        let sample = samples.iter().find(|sample| sample.host.as_ref() == Some(host));
        sample.and_then(|sample| paths.get(&sample.provenance.source)).cloned().unwrap_or_default()
    };
    diagnostics.extend(load_check::diagnostics(&load_checks, counter_path));
    let symptoms = symptoms(&events, &actors, &unclaimed);
    let signs = signs(&events, &actors);
    let seen_since = seen_since::seen_since(&events, &coverage, window);
    let clock_steps = clocks::steps(&events, clocks.edges());
    let tables = Tables {
        window,
        hosts,
        logons: phases::weeks(&attempts),
        slowdowns: phases::slowdowns(&attempts),
        attempts,
        aside,
        sessions,
        chains,
        changes,
        versions,
        load,
        fleet_load,
        load_checks,
        samples,
        coverage,
        clocks: clocks.rows().to_vec(),
        clock_steps,
        symptoms,
        signs,
        seen_since,
    };
    Framed { tables, sources, events, diagnostics: diagnostics.into_vec(), templates }
}

fn is_before(at: Timestamp, until: Option<Timestamp>) -> bool {
    until.is_none_or(|until| at < until)
}

/// What a row covers of the span that is looked at: nothing was left out beyond it that could be missed.
fn narrowed(mut row: Coverage, options: &Options) -> Option<Coverage> {
    let narrow = |span: TimeRange| TimeRange {
        start: options.since.map_or(span.start, |since| span.start.max(since)),
        end: options.until.map_or(span.end, |until| span.end.min(until)),
    };
    row.span = narrow(row.span);
    row.gaps.retain_mut(|gap| {
        let span = narrow(TimeRange { start: gap.start, end: gap.end });
        (gap.start, gap.end) = (span.start, span.end);
        gap.start < gap.end
    });
    (row.span.start < row.span.end).then_some(row)
}

/// Every record that bears a signature.
fn signs(events: &[Event], actors: &[Actor]) -> Vec<Sign> {
    let all = events.iter().zip(actors);
    all.filter_map(|(event, actor)| {
        let signature = event.signature.clone()?;
        Some(Sign { at: event.at, host: actor.host.clone(), signature, record: event.provenance })
    })
    .collect()
}

/// Symptoms, and failures that could be laid at nobody's door.
fn symptoms(
    events: &[Event],
    actors: &[Actor],
    unclaimed: &BTreeSet<usize>,
) -> Vec<(Timestamp, Option<Name>, Name, Provenance)> {
    let is_symptom = |index: usize, event: &Event| match event.action {
        Action::Symptom => true,
        Action::Failure => {
            let Actor { host, user, .. } = &actors[index];
            unclaimed.contains(&index) || (user.is_none() && (host.is_none() || !who::is_host_log(event)))
        }
        _ => false,
    };
    events
        .iter()
        .enumerate()
        .filter(|(index, event)| is_symptom(*index, event))
        .filter_map(|(index, event)| {
            Some((event.at, actors[index].host.clone(), event.signature.clone()?, event.provenance))
        })
        .collect()
}
