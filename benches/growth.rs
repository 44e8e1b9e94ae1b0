//! What a verdict costs, and how the cost grows: simulated fleets of several sizes, one process a size.
//!
//! `cargo bench --bench growth -- [FACTOR] [--quick]`, or `-- --one HOSTS DAYS ATTEMPTS CHANGES WHAT`
//!
//! Prints a table: seconds of `correlate` and of `judge` with one thread and with two, the greatest resident memory of
//! the process (the tables that it was given included), and how often one thread takes as long as two. Below a base
//! size stand the halves and doubles of one factor each, with the ratio of the seconds to the base and its exponent:
//! 1 is linear, 2 quadratic. Hosts and days bring their attempts along; `attempts` alone means busier hosts. `FACTOR`
//! makes all sizes smaller or greater (default 1; 0.2 is a fifth of the attempts and the changes), and `--quick` leaves
//! out halves and doubles.
//!
//! Seconds depend on the machine and on what else it does; ratios of one table do so less.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is what it is for")]

#[path = "../tests/it/fleet.rs"]
mod fleet;

use std::process::{Command, ExitCode};
use std::time::Instant;

use causeline::correlate::{self, correlate};
use causeline::frame::Tables;
use causeline::judge::{self, judge};
use fleet::{DAY, Fleet, HOUR, Trouble};

/// The option by which the bench runs itself for one size.
const ONE: &str = "--one";

/// A size, and what happens in it.
#[derive(Clone, Copy)]
struct Size {
    n_hosts: usize,
    n_days: usize,
    n_attempts: usize,
    n_changes: usize,
    /// A word of [`WHAT`].
    what: &'static str,
}

/// What may happen: a change that blocks users and is loud in the last week, one that fails attempts at once, nothing,
/// or the first again with a list of changes that was made by hand.
const WHAT: [&str; 4] = ["latent", "deploy", "quiet", "listed"];

/// The size that the bar is about.
const FULL: Size = Size { n_hosts: 50, n_days: 60, n_attempts: 250_000, n_changes: 200, what: "latent" };

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test` gives no arguments, and cargo adds `--bench` where it measures.
    if arguments.is_empty() {
        return ExitCode::SUCCESS;
    }
    if let Some(place) = arguments.iter().position(|one| one == ONE) {
        return size_of(&arguments[place + 1..]).map_or(ExitCode::from(2), |size| {
            println!("{}", measure(size));
            ExitCode::SUCCESS
        });
    }
    let factor = arguments.iter().find_map(|one| one.parse().ok()).unwrap_or(1.0);
    table(factor, arguments.iter().any(|one| one == "--quick"));
    ExitCode::SUCCESS
}

/// Prints all rows.
fn table(factor: f64, is_quick: bool) {
    let scaled = |n: usize| ((n as f64 * factor) as usize).max(1);
    let full = Size { n_attempts: scaled(FULL.n_attempts), n_changes: scaled(FULL.n_changes), ..FULL };
    println!(
        "| what | hosts | days | attempts | changes | correlate 1, s | judge 1, s | judge 2, s | 1 : 2 | MiB | to base | exponent |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let mut base = f64::NAN;
    for what in WHAT {
        let judged = row(Size { what, ..full }, None);
        base = if what == full.what { judged } else { base };
    }
    if is_quick {
        return;
    }
    for by in [0.5, 2.0] {
        let times = |n: usize| (n as f64 * by) as usize;
        let more = Size { n_attempts: times(full.n_attempts), ..full };
        row(Size { n_hosts: times(full.n_hosts), ..more }, Some((base, by)));
        row(Size { n_days: times(full.n_days), ..more }, Some((base, by)));
        row(more, Some((base, by)));
        row(Size { n_changes: times(full.n_changes), ..full }, Some((base, by)));
    }
}

/// Measures one size in a process of its own and prints its row; the seconds of `judge` with one thread.
fn row(size: Size, base: Option<(f64, f64)>) -> f64 {
    let Size { n_hosts, n_days, n_attempts, n_changes, what } = size;
    let numbers = [n_hosts, n_days, n_attempts, n_changes].map(|n| n.to_string());
    let output = std::env::current_exe().and_then(|own| Command::new(own).arg(ONE).args(numbers).arg(what).output());
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let told: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let &[attempts, correlated, one, two, bytes] = told.as_slice() else {
        println!("| {what} | {n_hosts} | {n_days} | {n_attempts} | {n_changes} | did not end |");
        return f64::NAN;
    };
    let growth = base.map_or_else(
        || "| | ".to_owned(),
        |(base, by)| format!("| {:.2} | {:.2} ", one / base, (one / base).ln() / by.ln()),
    );
    println!(
        "| {what} | {n_hosts} | {n_days} | {attempts} | {n_changes} | {correlated:.2} | {one:.2} | {two:.2} | {:.2} | {:.0} {growth}|",
        one / two,
        bytes / (1024.0 * 1024.0)
    );
    one
}

/// The size that the arguments of a process of its own name.
fn size_of(words: &[String]) -> Option<Size> {
    let [hosts, days, attempts, changes, what] = words else { return None };
    let what = WHAT.into_iter().find(|one| one == what)?;
    let number = |word: &String| word.parse().ok();
    let (n_hosts, n_days) = (number(hosts)?, number(days)?);
    Some(Size { n_hosts, n_days, n_attempts: number(attempts)?, n_changes: number(changes)?, what })
}

/// Attempts, seconds of `correlate`, of `judge` with one thread and with two, and bytes of memory, in one line.
fn measure(size: Size) -> String {
    let tables = tables(size);
    let (correlated, correlation) = on(1, || correlate(&tables, &correlate::Options::default()));
    let (one, judgement) = on(1, || judge(&correlation, &judge::Options::default()));
    let (two, again) = on(2, || judge(&correlation, &judge::Options::default()));
    for incident in &judgement.incidents {
        eprintln!(
            "{}: {:?}, {} failures of {:?}",
            size.what, incident.root_cause, incident.n_failures, incident.signatures
        );
    }
    assert_eq!(judgement, again, "the number of threads must not matter");
    format!("{} {correlated} {one} {two} {}", tables.attempts.len(), peak_rss_bytes())
}

/// Runs it with so many threads; how long that took.
fn on<T: Send>(n_threads: usize, run: impl FnOnce() -> T + Send) -> (f64, T) {
    let timed = || {
        let begun = Instant::now();
        let made = run();
        (begun.elapsed().as_secs_f64(), made)
    };
    match rayon::ThreadPoolBuilder::new().num_threads(n_threads).build() {
        Ok(pool) => pool.install(timed),
        Err(_) => timed(),
    }
}

/// A fleet of that size.
fn tables(size: Size) -> Tables {
    let Size { n_hosts, n_days, n_attempts, n_changes, what } = size;
    let mut fleet = Fleet::new(7);
    (fleet.n_hosts, fleet.n_days) = (n_hosts, n_days);
    let back = n_days.saturating_sub(7);
    let is_latent = what == "latent" || what == "listed";
    fleet.presence = (0..n_days)
        .map(|day| match day % 7 {
            5.. => 0.12,
            _ if is_latent && day < back => 0.5,
            _ => 0.75,
        })
        .collect();
    // Whoever comes does so one and a half times a day.
    let visits: f64 = fleet.presence.iter().map(|share| 1.55 * share).sum();
    fleet.n_users = (n_attempts as f64 / visits) as usize;
    fleet.n_bursts = 4;
    fleet.innocents(n_changes.saturating_sub(2));
    let never = vec![f64::INFINITY; n_hosts];
    // Host by host over three hours, a third of them a week later.
    let rollout = |start: f64| -> Vec<f64> {
        let late = |host: usize| if host % 3 == 2 { 7.0 * DAY } else { 0.0 };
        (0..n_hosts).map(|host| start + 3.0 * HOUR * host as f64 / n_hosts as f64 + late(host)).collect()
    };
    if is_latent {
        let at = rollout((n_days / 4) as f64 * DAY + 8.0 * HOUR);
        let until: Vec<f64> = (0..n_hosts).map(|host| (n_days - 2) as f64 * DAY + host as f64 * 60.0).collect();
        fleet.change("Guilty", &at).change("Remedy", &until);
        fleet.trouble(Trouble::Latent { at, until, q: 0.03, power: 2.0, days: 1.0 }, "fslogix-profile-locked");
    } else if what == "deploy" {
        let at = rollout((3 * n_days / 4) as f64 * DAY + 8.0 * HOUR);
        fleet.change("Guilty", &at);
        fleet.trouble(Trouble::Deploy { at, until: never, p: 0.1 }, "profile-load-failed");
    }
    let mut tables = fleet.tables();
    if what == "listed" {
        for change in &mut tables.changes {
            let start = change.started_at;
            change.only_stated = true;
            for host in &mut change.hosts {
                (host.at, host.in_force_at) = (start, start);
            }
        }
    }
    tables
}

/// The greatest resident memory so far; 0 where the system does not tell.
fn peak_rss_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kib.unwrap_or(0) * 1_024
}
