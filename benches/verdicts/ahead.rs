//! How far forecasts hold: logs of quiet weeks with a fault in them, judged before the full week comes that follows.
//!
//! The truth is the share of wishes that the fault fails in the full week: of the same fleet, and in the mean over
//! fleets that differ in nothing but their dice. Powers of load are those of crowding and steeper; with none, and with
//! a deploy that fails attempts at any load, nothing grows; quiet fleets have no fault.

use std::collections::BTreeMap;
use std::fmt::Write;

use causeline::correlate::{self, Load, correlate};
use causeline::frame::Tables;
use causeline::judge::{self, Latent, judge};
use causeline::model::{Name, TimeRange};
use rayon::prelude::*;

use crate::draw::{Ahead, ahead};
use crate::fleet::{DAY, Fleet, stamp};
use crate::live::until;

/// The kinds of fault.
const KINDS: &[(&str, Ahead)] = &[
    ("latent, load to the power of 1", Ahead::Latent(1.0)),
    ("latent, load to the power of 2", Ahead::Latent(2.0)),
    ("latent, load to the power of 4", Ahead::Latent(4.0)),
    ("latent, whatever the load", Ahead::Latent(0.0)),
    ("deploy", Ahead::Deploy),
    ("quiet", Ahead::Quiet),
];
/// Fleets over which the share that is to be expected is averaged.
const N_DICE: u64 = 6;

/// What became of one forecast.
struct Outcome {
    latent: Option<Latent>,
    /// The share of wishes that failed in the full week: of this fleet, and in the mean over dice.
    realised: f64,
    expected: f64,
    line: String,
}

/// The text of the report on `n` fleets of each kind; with `each`, a line a fleet is printed.
pub(crate) fn report(n: usize, each: bool) -> String {
    let mut text = format!(
        "# Forecasts\n\n\
        {n} fleets of each kind: some weeks of low load, judged at their end for the peak of the full week that follows. \
        Written by `cargo bench --bench verdicts -- {n} --write`.\n\n\
        Warned: a forecast was made whose lower bound is above the background. Covered: the 95 % interval holds the \
        share that is to be expected in the full week, or that of the very week; of all forecasts. Shares are means \
        over forecasts.\n\n\
        | | n | forecasts | warned | covered: expected | this week | forecast | lower | upper | expected |\n\
        | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
    );
    for (name, kind) in KINDS {
        let outcomes: Vec<Outcome> = (0..n).into_par_iter().map(|number| outcome(*kind, number)).collect();
        for one in outcomes.iter().filter(|_| each) {
            println!("{name} {}", one.line);
        }
        let made: Vec<(&Outcome, &Latent)> =
            outcomes.iter().filter_map(|one| Some((one, one.latent.as_ref()?))).collect();
        let count =
            |test: &dyn Fn(&Outcome, &Latent) -> bool| made.iter().filter(|(one, latent)| test(one, latent)).count();
        let mean = |of: &dyn Fn(&Outcome, &Latent) -> f64| {
            if made.is_empty() {
                "–".to_owned()
            } else {
                format!("{:.3}", made.iter().map(|(one, latent)| of(one, latent)).sum::<f64>() / made.len() as f64)
            }
        };
        let holds = |latent: &Latent, share: f64| (latent.share.lower..=latent.share.upper).contains(&share);
        let _ = writeln!(
            text,
            "| {name} | {n} | {} | {} | {} | {} | {} | {} | {} | {} |",
            made.len(),
            count(&|_, latent| latent.share.lower > latent.background),
            count(&|one, latent| holds(latent, one.expected)),
            count(&|one, latent| holds(latent, one.realised)),
            mean(&|_, latent| latent.share.value),
            mean(&|_, latent| latent.share.lower),
            mean(&|_, latent| latent.share.upper),
            mean(&|one, _| one.expected),
        );
    }
    text
}

fn outcome(kind: Ahead, number: usize) -> Outcome {
    let fleet = ahead(kind, number);
    let (tables, failed) = fleet.tables_and_truth();
    let monday = (fleet.n_days - 7) as f64 * DAY;
    let week = TimeRange { start: stamp(monday), end: stamp(fleet.n_days as f64 * DAY) };
    let peak = Load::of(&only_sessions(&tables), week).highest;
    let record = until(&tables, stamp(monday));
    let options = judge::Options { load: Some(peak), ..judge::Options::default() };
    let judgement = judge(&correlate(&record, &correlate::Options::default()), &options);
    let signature = fleet.troubles.first().map(|(_, signature)| *signature);
    let realised = signature.map_or(0.0, |signature| wishes_failed(&tables, &fleet, signature));
    let dice = |dice: u64| {
        let other = Fleet { seed: fleet.seed.wrapping_add(dice), ..fleet.clone() };
        signature.map_or(0.0, |signature| wishes_failed(&other.tables(), &other, signature))
    };
    let expected = (1..=N_DICE).map(dice).sum::<f64>() / N_DICE as f64;
    let latent =
        judgement.latent.into_iter().find(|one| signature.is_none_or(|signature| &*one.signature == signature));
    let said = latent.as_ref().map(|one| {
        format!(
            "{:.3} ({:.3} to {:.3}; p {:.2}, visited {:.2}, background {:.4})",
            one.share.value, one.share.lower, one.share.upper, one.probability, one.load_visited, one.background
        )
    });
    let line = format!(
        "{number}: {} failed before; {}; expected {expected:.3}, this week {realised:.3}; {} incidents; {:?}",
        failed.iter().filter(|at| **at < monday).count(),
        said.unwrap_or_else(|| "no forecast".to_owned()),
        judgement.incidents.len(),
        fleet.troubles.first(),
    );
    Outcome { latent, realised, expected, line }
}

/// The load is counted as the judge counts it, from sessions.
fn only_sessions(tables: &Tables) -> Tables {
    Tables { attempts: tables.attempts.clone(), sessions: tables.sessions.clone(), ..Tables::default() }
}

/// The share of wishes of the full week's days of work whose first try failed with the signature.
fn wishes_failed(tables: &Tables, fleet: &Fleet, signature: &str) -> f64 {
    let mut failed_on: BTreeMap<&Name, i64> = BTreeMap::new();
    let (mut n, mut n_failed) = (0, 0);
    for attempt in &tables.attempts {
        let at = attempt.at.seconds_since(stamp(0.0));
        let day = (at / DAY) as i64;
        let is_first = failed_on.get(&attempt.user) != Some(&day);
        if attempt.is_failure() {
            failed_on.insert(&attempt.user, day);
        } else {
            failed_on.remove(&attempt.user);
        }
        if is_first && at >= (fleet.n_days - 7) as f64 * DAY && day % 7 < 5 {
            n += 1;
            n_failed += usize::from(attempt.signature.as_deref() == Some(signature));
        }
    }
    n_failed as f64 / f64::from(n.max(1))
}
