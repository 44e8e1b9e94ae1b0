//! How verdicts grow while an incident goes on: every fleet again, with logs that end some hours after its onset.
//!
//! The onset is the first attempt that the fault failed; of latent faults the moment people come back; of quiet fleets
//! the middle of the record.

use std::fmt::Write;
use std::ops::Range;

use causeline::correlate::{self, correlate};
use causeline::frame::Tables;
use causeline::frame::tables::{Close, EndKind, Session};
use causeline::judge::{self, judge};
use causeline::model::{TimeRange, Timestamp};
use rayon::prelude::*;

use crate::draw::{self, FAMILIES, Family};
use crate::fleet::{DAY, HOUR, stamp};
use crate::score::{self, Answer, Outcome};

/// Hours from the onset to the end of the logs.
const CUTS_H: [f64; 4] = [1.0, 4.0, 24.0, 72.0];
/// The judge calls fewer failures than this no incident (`docs/method.md`).
const MIN_FAILED: usize = 6;

/// One case at one cut: the answer, and whether the fault had failed enough by then to be an incident at all.
#[derive(Clone, Debug)]
pub(crate) struct Early {
    answer: Answer,
    has_enough: bool,
    /// The case, the cut and the answer in a line.
    line: String,
}

/// One family: by cut, by case.
pub(crate) struct Live {
    family: &'static Family,
    cuts: Vec<Vec<Early>>,
}

/// Judges cases of some families at each cut.
pub(crate) fn live(rows: &Range<usize>, numbers: Range<usize>) -> Vec<Live> {
    let family = |place: usize| {
        let cases: Vec<Vec<Early>> = numbers.clone().into_par_iter().map(|number| early(place, number)).collect();
        let cuts = (0..CUTS_H.len()).map(|cut| cases.iter().map(|case| case[cut].clone()).collect()).collect();
        Live { family: &FAMILIES[place], cuts }
    };
    rows.clone().map(family).collect()
}

/// One case at each cut.
fn early(place: usize, number: usize) -> Vec<Early> {
    let case = draw::case(place, number);
    let (tables, failed) = case.fleet.tables_and_truth();
    let middle = (case.fleet.n_days / 2) as f64 * DAY + 8.0 * HOUR;
    let onset = case.onset.or(failed.first().copied()).unwrap_or(middle);
    CUTS_H
        .iter()
        .map(|hours| {
            let end = onset + hours * HOUR;
            let cut = until(&tables, stamp(end));
            let judgement = judge(&correlate(&cut, &correlate::Options::default()), &judge::Options::default());
            let guilty = score::guilty(&case, &cut.changes).map(|place| cut.changes[place].id.as_str());
            let answer = score::compare(&case, guilty, &judgement);
            let n_failed = failed.iter().filter(|at| **at < end).count();
            let line = format!(
                "{} {number} after {hours} h: {:?} ({:?}; {n_failed} failed): {}",
                FAMILIES[place].name,
                answer.outcome,
                case.truth,
                crate::told(&cut, &judgement)
            );
            Early { answer, has_enough: n_failed >= MIN_FAILED, line }
        })
        .collect()
}

/// The tables that logs give which end at `end`.
pub(crate) fn until(tables: &Tables, end: Timestamp) -> Tables {
    let mut cut = tables.clone();
    let window = tables.window.map(|window| TimeRange { start: window.start, end: window.end.min(end) });
    cut.window = window;
    cut.attempts.retain(|attempt| attempt.at < end);
    cut.sessions.retain(|session| session.started_at.or(session.ended_at).is_some_and(|at| at < end));
    for session in &mut cut.sessions {
        if session.ended_at.is_some_and(|at| at >= end) {
            still_open(session, end);
        }
    }
    for change in &mut cut.changes {
        change.hosts.retain(|host| host.at < end);
    }
    cut.changes.retain(|change| !change.hosts.is_empty());
    cut
}

fn still_open(session: &mut Session, end: Timestamp) {
    session.ended_at = None;
    session.end_kind = EndKind::EdgeOfLog;
    session.close = Close::NotObservable;
    session.marks.retain(|mark| mark.at < end);
}

/// The lines of one family.
pub(crate) fn lines(live: &Live) -> impl Iterator<Item = &str> {
    live.cuts.iter().flatten().map(|early| early.line.as_str())
}

/// The text of the report.
pub(crate) fn report(live: &[Live], n: usize) -> String {
    let mut text = format!(
        "# While the incident goes on\n\n\
        The first {n} fleets of each family, with logs that end so many hours after the onset: the first attempt that the \
        fault failed; of latent faults and the founding case the morning on which people come back; of quiet fleets the \
        middle of the record. Written by `cargo bench --bench verdicts -- {n} --write`.\n\n\
        Too few: fewer than six attempts had failed by then, which the judge calls no incident. Missed: no incident \
        found, those included. Wrong: something false is named. p: the mean probability of the truth, 0 where no incident \
        is found.\n\n\
        | | hours | n | too few | right | abstained | missed | wrong | wrong at .9 | p |\n\
        | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
    );
    for one in live {
        for (hours, cases) in CUTS_H.iter().zip(&one.cuts) {
            text += &row(one.family.name, *hours, &cases.iter().collect::<Vec<_>>());
        }
    }
    for (place, hours) in CUTS_H.iter().enumerate() {
        text += &row("all", *hours, &live.iter().flat_map(|one| &one.cuts[place]).collect::<Vec<_>>());
    }
    let said = score::all_said(live.iter().flat_map(|one| one.cuts.iter().flatten()).map(|early| &early.answer));
    let _ = write!(
        text,
        "\n## Said and right\n\nThe likeliest cause of every incident above, named or not.\n\n{}",
        score::by_bin(&said)
    );
    text
}

fn row(name: &str, hours: f64, cases: &[&Early]) -> String {
    let count = |test: &dyn Fn(&Early) -> bool| cases.iter().filter(|one| test(one)).count();
    let outcome = |outcome: Outcome| count(&|one| one.answer.outcome == outcome);
    let p = cases.iter().map(|one| one.answer.truth).sum::<f64>() / cases.len().max(1) as f64;
    let is_sure =
        |one: &Early| one.answer.outcome == Outcome::Wrong && one.answer.first.is_some_and(|(p, _, _)| p >= 0.9);
    format!(
        "| {name} | {hours} | {} | {} | {} | {} | {} | {} | {} | {p:.2} |\n",
        cases.len(),
        count(&|one| !one.has_enough),
        outcome(Outcome::Right),
        outcome(Outcome::Abstained),
        outcome(Outcome::Missed),
        outcome(Outcome::Wrong),
        count(&is_sure),
    )
}
