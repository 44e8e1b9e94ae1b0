//! How far verdicts can be relied on: simulated incidents with known causes, the judge beside two baselines.
//!
//! `cargo bench --bench verdicts -- [N] [--write] [--each] [--live | --ahead] [--row ROW]`, or `-- --case ROW/NUMBER`
//!
//! Draws `N` fleets of each family (default 1), and the first `N / 5` of each again with logs that are not what they should
//! be; every fleet with logs that end some hours after the onset; and forecasts of a full week. Prints tables; with
//! `--write` they become `calibration.md`, `calibration.svg`, `live.md` and `forecast.md` in `reports/calibration`; with
//! `--each` a line a case stands before them. `--live` and `--ahead` print the last two alone, `--row` takes one family only (row 0 is the first), and `--case` tells one fleet alone.
//! The same `N` gives the same bytes, whatever the number of threads.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is what it is for")]

mod ahead;
mod baselines;
mod curve;
mod draw;
mod live;
mod score;
mod spoiled;

#[path = "../../tests/it/fleet.rs"]
mod fleet;

use std::ops::Range;
use std::path::Path;
use std::process::ExitCode;

use causeline::correlate::{self, correlate};
use causeline::frame::Tables;
use causeline::judge::{self, Judgement, judge};
use causeline::stats::Random;
use rayon::prelude::*;

use draw::FAMILIES;
use score::{Answer, Block};
use spoiled::{SPOILINGS, Spoiling};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (mut n, mut writes, mut each, mut only, mut rows) = (1, false, false, None, 0..FAMILIES.len());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            // Cargo adds it.
            "--bench" => {}
            "--write" => writes = true,
            "--each" => each = true,
            "--live" | "--ahead" => only = Some(argument),
            "--row" => {
                let row = arguments.next().and_then(|row| row.parse().ok());
                let Some(row) = row.filter(|row| *row < FAMILIES.len()) else { return usage() };
                rows = row..row + 1;
            }
            "--case" => {
                let Some((place, number)) = arguments.next().and_then(|case| place_and_number(&case)) else {
                    return usage();
                };
                println!("{}", answer(None, place, number).1);
                for spoiling in SPOILINGS {
                    println!("{}", answer(Some(spoiling), place, number).1);
                }
                for line in live::live(&(place..place + 1), number..number + 1).iter().flat_map(live::lines) {
                    println!("{line}");
                }
                return ExitCode::SUCCESS;
            }
            number => {
                let Ok(number) = number.parse() else { return usage() };
                n = number;
            }
        }
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/calibration");
    match only.as_deref() {
        Some("--live") => {
            run_live(&rows, n, each);
            return ExitCode::SUCCESS;
        }
        Some(_) => {
            print!("{}", ahead::report(n, each));
            return ExitCode::SUCCESS;
        }
        None => {}
    }
    let n_spoiled = n / 5;
    let clean = block(None, &rows, n, each);
    let spoiled: Vec<Block> = SPOILINGS.iter().map(|spoiling| block(Some(spoiling), &rows, n_spoiled, each)).collect();
    let text = score::report(&clean, n, &spoiled, n_spoiled);
    println!("{text}");
    let of_live = run_live(&rows, n, each);
    let of_ahead = ahead::report(n, each);
    println!("\n{of_ahead}");
    if !writes {
        return ExitCode::SUCCESS;
    }
    let of_clean = score::all_said(clean.iter().flat_map(|(_, answers)| answers));
    let of_spoiled = score::all_said(spoiled.iter().flatten().flat_map(|(_, answers)| answers));
    let svg = curve::svg(&[
        ("logs as they should be", "#0072B2", -3.0, &of_clean),
        ("logs with something wrong", "#D55E00", 3.0, &of_spoiled),
    ]);
    let written = std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(folder.join("calibration.md"), text))
        .and_then(|()| std::fs::write(folder.join("live.md"), of_live))
        .and_then(|()| std::fs::write(folder.join("forecast.md"), of_ahead))
        .and_then(|()| std::fs::write(folder.join("calibration.svg"), svg));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

/// Judges cut logs and prints how that went.
fn run_live(rows: &Range<usize>, n: usize, each: bool) -> String {
    let live = live::live(rows, 0..n);
    for line in live.iter().flat_map(live::lines).filter(|_| each) {
        println!("{line}");
    }
    let text = live::report(&live, n);
    print!("{text}");
    text
}

fn usage() -> ExitCode {
    eprintln!(
        "usage: cargo bench --bench verdicts -- [N] [--write] [--each] [--live | --ahead] [--row ROW] | --case ROW/NUMBER"
    );
    ExitCode::from(2)
}

/// The row and number of `10/3`.
fn place_and_number(case: &str) -> Option<(usize, usize)> {
    let (place, number) = case.split_once('/')?;
    let place = place.parse().ok().filter(|place| *place < FAMILIES.len())?;
    Some((place, number.parse().ok()?))
}

/// The answers on the first `n` cases of each family.
fn block(spoiling: Option<&Spoiling>, rows: &Range<usize>, n: usize, each: bool) -> Block {
    let family = |place: usize| {
        let told: Vec<(Answer, String)> =
            (0..n).into_par_iter().map(|number| answer(spoiling, place, number)).collect();
        for (_, line) in told.iter().filter(|_| each) {
            println!("{line}");
        }
        (&FAMILIES[place], told.into_iter().map(|(answer, _)| answer).collect())
    };
    rows.clone().map(family).collect()
}

/// The answer on one case, and a line that tells it.
fn answer(spoiling: Option<&Spoiling>, place: usize, number: usize) -> (Answer, String) {
    let mut case = draw::case(place, number);
    if let Some(spoiling) = spoiling {
        (spoiling.to_fleet)(&mut case.fleet);
    }
    let (mut tables, failed) = case.fleet.tables_and_truth();
    if let Some(spoiling) = spoiling {
        (spoiling.to_tables)(&mut tables, &mut Random::new(case.fleet.seed ^ 0x5907));
    }
    let correlation = correlate(&tables, &correlate::Options::default());
    let judgement = judge(&correlation, &judge::Options::default());
    let guilty = score::guilty(&case, &tables.changes);
    let guilty_id = guilty.map(|place| tables.changes[place].id.as_str());
    let mut answer = score::compare(&case, guilty_id, &judgement);
    answer.has_twin = score::has_twin(&case, guilty, &correlation);
    answer.nearest = score::compare_naming(guilty, baselines::nearest(&correlation));
    answer.gandalf = score::compare_naming(guilty, baselines::gandalf(&correlation));
    let line = format!(
        "{} {number} {}: {:?} ({:?}; {} failed in {} tries): {}; {:?}",
        FAMILIES[place].name,
        spoiling.map_or("as is", |one| one.name),
        answer.outcome,
        case.truth,
        failed.len(),
        tables.attempts.len(),
        told(&tables, &judgement),
        case.fleet.troubles
    );
    (answer, line)
}

/// The first incident and its likeliest causes, in a line.
fn told(tables: &Tables, judgement: &Judgement) -> String {
    let Some(incident) = judgement.incidents.first() else { return "no incident".to_owned() };
    let component = |id: &String| tables.changes.iter().find(|one| one.id == *id).map(|one| one.component.clone());
    let words = incident.posterior.iter().take(3).map(|one| {
        let what = one.change_id.as_ref().and_then(component).or(one.host.clone()).or(one.user.clone());
        format!("{:.3} {:?} {}", one.probability, one.kind, what.unwrap_or_default())
    });
    format!("{} failures; {}", incident.n_failures, words.collect::<Vec<_>>().join("; "))
}
