//! Writes cases with known truth as the files that an operator would hand over.
//!
//! A case is a script (`case`): a farm of session hosts, its people, what is changed and what goes wrong.
//! `world` plays it, `files` writes what is left: event logs, text logs, counters, a list of changes.
//!
//! Invariant: knows `model` and `error` and nothing else of ours; its EVTX writer shares nothing with
//! the reader.

mod calendar;
mod case;
mod evtx;
mod files;
mod people;
mod random;
mod script;
mod windows;
mod world;

use crate::error::Error;
use crate::model::Timestamp;
use script::{Script, Sign, host_name, user_name};
use std::path::Path;

/// The seed of the cases under `sample-logs`.
pub const COMMITTED_SEED: u64 = 2022;

/// A case that can be written.
#[derive(Clone, Copy)]
pub struct Case {
    /// Its name, as the command takes it.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    script: fn() -> Script,
}

/// Every case.
pub const CASES: &[Case] = &[Case {
    name: "founding-2022",
    summary: "a latent fault of closing sessions becomes an avalanche when the holidays end; Saturday's update is innocent",
    script: case::founding::script,
}];

/// The kinds of cause that cases have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A change.
    Change,
    /// More people than the hosts can serve.
    Capacity,
    /// One host.
    Host,
    /// Something that all hosts depend on.
    Dependency,
    /// One account.
    Credentials,
    /// There is no incident.
    Nothing,
}

impl Cause {
    /// The name that reports use; `none` where there is no incident.
    pub fn name(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Capacity => "capacity",
            Self::Host => "host",
            Self::Dependency => "dependency",
            Self::Credentials => "credentials",
            Self::Nothing => "none",
        }
    }
}

/// A component in one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeName {
    /// The component, as its installer names it.
    pub component: String,
    /// The version.
    pub version: String,
}

impl ChangeName {
    /// The component in this version.
    pub fn new(component: &str, version: &str) -> Self {
        Self { component: component.to_owned(), version: version.to_owned() }
    }
}

/// Something that happened to a user on a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// When, by a clock that is right.
    pub at: Timestamp,
    /// The host.
    pub host: String,
    /// The account.
    pub user: String,
}

/// What is true about a written case. It is returned and never written beside the logs.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    /// The case.
    pub case: String,
    /// The kind of cause.
    pub cause: Cause,
    /// The guilty change, for a change.
    pub change: Option<ChangeName>,
    /// The bad host, for a host.
    pub host: Option<String>,
    /// The account, for credentials.
    pub user: Option<String>,
    /// What made a latent cause loud: `load`, or nothing.
    pub trigger: Option<&'static str>,
    /// The change that ended it.
    pub remedy: Option<ChangeName>,
    /// Begin of the rise that people noticed.
    pub onset: Option<Timestamp>,
    /// The first failure that belongs to it.
    pub first_case: Option<Timestamp>,
    /// Changes that are innocent and could be suspected.
    pub acquitted: Vec<ChangeName>,
    /// Sessions that opened.
    pub n_sessions: usize,
    /// Refused tries of the cause, in the order of time.
    pub refused: Vec<Happening>,
    /// Refused tries of the ordinary kind: wrong passwords, hiccups.
    pub n_ordinary_refused: usize,
    /// Session ends that did not complete, in the order of time.
    pub incomplete: Vec<Happening>,
}

impl Truth {
    /// The truth of a case in which nothing happened.
    fn nothing(case: &str) -> Self {
        Self {
            case: case.to_owned(),
            cause: Cause::Nothing,
            change: None,
            host: None,
            user: None,
            trigger: None,
            remedy: None,
            onset: None,
            first_case: None,
            acquitted: Vec::new(),
            n_sessions: 0,
            refused: Vec::new(),
            n_ordinary_refused: 0,
            incomplete: Vec::new(),
        }
    }
}

/// Writes the case of this name into `folder`, which is made if it is missing, and returns what is true.
///
/// The same seed makes the same bytes on every platform. Another seed makes other people, other dice and
/// the same story. Files of the same names are replaced.
///
/// # Errors
///
/// `Error::Setting` if there is no such case, `Error::Write` if a file cannot be written.
pub fn write(case: &str, folder: &Path, seed: u64) -> Result<Truth, Error> {
    let Some(known) = CASES.iter().find(|known| known.name == case) else {
        let names: Vec<&str> = CASES.iter().map(|known| known.name).collect();
        let detail = format!("there is no such case; there are {}", names.join(", "));
        return Err(Error::Setting { what: format!("the case `{case}`"), detail });
    };
    let script = (known.script)();
    let mut ledger = world::play(&script, seed);
    let truth = complete_truth(&script, &ledger);
    let mut files = files::make(&script, &mut ledger, seed)?;
    if let Some(readme) = case::readme(&script, &truth) {
        files.insert("README.md".to_owned(), readme.into_bytes());
    }
    files::store(&files, folder)?;
    Ok(truth)
}

fn complete_truth(script: &Script, ledger: &world::Ledger) -> Truth {
    let happening = |at: Timestamp, host: usize, user: usize| Happening { at, host: host_name(host), user: user_name(user) };
    let is_cause = |refused: &world::RefusedTry| match refused.sign {
        Sign::Glitch => false,
        Sign::WrongPassword => script.stale.is_some_and(|stale| stale.user == refused.user && stale.range.contains(refused.at)),
        _ => true,
    };
    let (of_cause, ordinary): (Vec<&world::RefusedTry>, Vec<&world::RefusedTry>) = ledger.refused.iter().partition(|&refused| is_cause(refused));
    Truth {
        first_case: of_cause.first().map(|refused| refused.at),
        n_sessions: ledger.opened.len(),
        refused: of_cause.iter().map(|refused| happening(refused.at, refused.host, refused.user)).collect(),
        n_ordinary_refused: ordinary.len(),
        incomplete: ledger.incomplete.iter().map(|&(at, host, user)| happening(at, host, user)).collect(),
        ..script.truth.clone()
    }
}

#[cfg(test)]
mod tune {
    use super::*;
    #[test]
    #[ignore]
    fn make() {
        let t = std::time::Instant::now();
        let truth = write("founding-2022", Path::new("/work/wt/simulate/sample-logs/founding-2022"), 2022).unwrap();
        println!("{:?} {}", t.elapsed(), truth.n_sessions);
    }
    #[test]
    #[ignore]
    fn tune() {
        let cal = calendar::Calendar::new();
        for seed in [2022, 1, 2, 3, 4, 5, 6, 7] {
            let script = case::founding::script();
            let ledger = world::play(&script, seed);
            let truth = complete_truth(&script, &ledger);
            let mut days: std::collections::BTreeMap<String, (usize, usize, std::collections::BTreeSet<String>)> = Default::default();
            for h in &truth.incomplete { days.entry(cal.show(h.at, "%m-%d")).or_default().0 += 1; }
            for h in &truth.refused { let d = days.entry(cal.show(h.at, "%m-%d")).or_default(); d.1 += 1; d.2.insert(h.user.clone()); }
            let mut users: std::collections::BTreeMap<String, std::collections::BTreeSet<usize>> = Default::default();
            for (at, _, u) in &ledger.opened { users.entry(cal.show(*at, "%m-%d")).or_default().insert(*u); }
            let peak = ledger.samples.iter().map(|s| s.n_active).max();
            println!("seed {seed}: sessions {} entries {} peak {:?} ordinary {}", truth.n_sessions, ledger.entries.iter().map(Vec::len).sum::<usize>(), peak, truth.n_ordinary_refused);
            for (d, (i, r, u)) in &days { print!("{d}: inc {i} ref {r} users {} | ", u.len()); }
            println!();
            for d in ["07-05", "07-26", "08-08", "08-18", "08-22", "08-23", "08-24"] { print!("{d} {} ", users.get(d).map_or(0, |u| u.len())); }
            println!();
        }
    }
}
