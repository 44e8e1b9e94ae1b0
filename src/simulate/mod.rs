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
mod innocent;
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
pub const CASES: &[Case] = &[
    Case {
        name: "founding-2022",
        summary: "a latent fault of closing sessions turns into an avalanche when the holidays end; Saturday's update is innocent",
        script: case::founding::script,
    },
    Case {
        name: "guilty-deploy",
        summary: "an agent's update breaks one logon in three and is rolled back two days later",
        script: case::guilty_deploy::script,
    },
    Case {
        name: "overload",
        summary: "for a week more people come than three hosts can serve; nothing was changed",
        script: case::overload::script,
    },
    Case {
        name: "bad-host",
        summary: "one of five hosts can no longer load profiles for two days",
        script: case::bad_host::script,
    },
    Case {
        name: "dependency-down",
        summary: "the share with all profiles is away for a morning, on all hosts",
        script: case::dependency_down::script,
    },
    Case {
        name: "wrong-password",
        summary: "a telephone tries one account's old password for nine days",
        script: case::wrong_password::script,
    },
    Case {
        name: "quiet-month",
        summary: "four weeks of ordinary background and innocent changes",
        script: case::quiet_month::script,
    },
    Case {
        name: "ordinary-weeks",
        summary: "five ordinary weeks with small troubles, a logon that gets slower, and one bad update in the last of them",
        script: case::ordinary_weeks::script,
    },
];

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
    let happening =
        |at: Timestamp, host: usize, user: usize| Happening { at, host: host_name(host), user: user_name(user) };
    let is_cause = |refused: &world::RefusedTry| match refused.sign {
        Sign::Glitch => false,
        Sign::WrongPassword => {
            script.stale.is_some_and(|stale| stale.user == refused.user && stale.range.contains(refused.at))
        }
        _ => true,
    };
    let (of_cause, ordinary): (Vec<&world::RefusedTry>, Vec<&world::RefusedTry>) =
        ledger.refused.iter().partition(|&refused| is_cause(refused));
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
mod tests {
    use super::*;
    use crate::model::TimeRange;
    use std::collections::BTreeSet;

    /// What is true of a case with other dice; no file is written.
    fn played(name: &str, seed: u64) -> Truth {
        let case = CASES.iter().find(|case| case.name == name).unwrap();
        let script = (case.script)();
        complete_truth(&script, &world::play(&script, seed))
    }

    fn instant(text: &str) -> Timestamp {
        Timestamp::from_jiff(text.parse().unwrap())
    }

    fn span(from: &str, to: &str) -> TimeRange {
        TimeRange { start: instant(from), end: instant(to) }
    }

    fn users<'a>(happenings: impl IntoIterator<Item = &'a Happening>) -> usize {
        happenings.into_iter().map(|one| one.user.as_str()).collect::<BTreeSet<_>>().len()
    }

    const SEEDS: [u64; 6] = [COMMITTED_SEED, 1, 2, 3, 4, 5];

    #[test]
    fn the_founding_story_is_true_whatever_the_dice_say() {
        for seed in SEEDS {
            let truth = played("founding-2022", seed);
            let refused = |span: TimeRange| truth.refused.iter().filter(move |one| span.contains(one.at));
            let rollout = instant("2022-07-18T19:00:00Z");
            assert!(truth.incomplete.iter().all(|close| close.at > rollout), "seed {seed}: none before July's update");
            assert!(truth.first_case.unwrap() < instant("2022-08-01T00:00:00Z"), "seed {seed}");
            let before = users(refused(span("2022-07-01T00:00:00Z", "2022-08-20T00:00:00Z")));
            assert!((10..=80).contains(&before), "seed {seed}: isolated cases before Saturday: {before}");
            let monday = users(refused(span("2022-08-22T00:00:00Z", "2022-08-23T00:00:00Z")));
            assert!((60..=130).contains(&monday), "seed {seed}: about a hundred people on Monday: {monday}");
            assert_eq!(
                refused(span("2022-08-24T00:00:00Z", "2022-08-25T00:00:00Z")).count(),
                0,
                "seed {seed}: Wednesday"
            );

            let hotfix = instant("2022-08-22T13:30:00Z");
            let canary = |one: &&Happening| one.host == "RDS04" && one.at > hotfix;
            assert_eq!(truth.incomplete.iter().filter(canary).count(), 0, "seed {seed}: the canary closes cleanly");
            assert_eq!(truth.refused.iter().filter(canary).count(), 0, "seed {seed}: the canary refuses nobody");
            let elsewhere = truth.incomplete.iter().filter(|close| close.at > hotfix && close.host != "RDS04").count();
            assert!(elsewhere > 20, "seed {seed}: the others do not: {elsewhere}");
        }
    }

    #[test]
    fn the_guilty_update_hurts_from_its_begin_to_its_end_and_at_no_other_time() {
        for seed in SEEDS {
            let truth = played("guilty-deploy", seed);
            let bad = span("2022-09-20T10:12:00Z", "2022-09-22T15:53:00Z");
            assert!(truth.refused.iter().all(|one| bad.contains(one.at)), "seed {seed}");
            assert!(users(&truth.refused) >= 40, "seed {seed}: {}", users(&truth.refused));
            let hosts: BTreeSet<_> = truth.refused.iter().map(|one| one.host.as_str()).collect();
            assert_eq!(hosts.len(), 4, "seed {seed}: all hosts");
        }
    }

    #[test]
    fn overload_refuses_in_the_full_week_only() {
        for seed in SEEDS {
            let truth = played("overload", seed);
            let rush = span("2022-10-17T00:00:00Z", "2022-10-22T00:00:00Z");
            let inside = truth.refused.iter().filter(|one| rush.contains(one.at)).count();
            assert!(inside >= 100 && inside * 50 >= truth.refused.len() * 49, "seed {seed}: {inside}");
            let days: BTreeSet<i64> = truth.refused.iter().map(|one| one.at.hour() / 24).collect();
            assert!(days.len() >= 4, "seed {seed}: on most days of it: {days:?}");
        }
    }

    #[test]
    fn the_bad_host_is_the_only_one() {
        for seed in SEEDS {
            let truth = played("bad-host", seed);
            assert!(truth.refused.iter().all(|one| one.host == "RDS03"), "seed {seed}");
            assert!(users(&truth.refused) >= 30, "seed {seed}: {}", users(&truth.refused));
        }
    }

    #[test]
    fn a_missing_share_hurts_all_hosts_for_one_morning() {
        for seed in SEEDS {
            let truth = played("dependency-down", seed);
            let away = span("2023-01-25T08:09:00Z", "2023-01-25T12:39:01Z");
            assert!(truth.refused.iter().all(|one| away.contains(one.at)), "seed {seed}");
            let hosts: BTreeSet<_> = truth.refused.iter().map(|one| one.host.as_str()).collect();
            assert!(hosts.len() == 4 && users(&truth.refused) >= 30, "seed {seed}: {}", users(&truth.refused));
        }
    }

    #[test]
    fn a_wrong_password_is_one_account_and_a_quiet_month_has_nothing() {
        for seed in SEEDS {
            let truth = played("wrong-password", seed);
            assert!(truth.refused.len() > 300 && truth.refused.iter().all(|one| one.user == "user017"), "seed {seed}");
            let truth = played("quiet-month", seed);
            assert!(truth.refused.is_empty() && truth.incomplete.is_empty(), "seed {seed}");
            assert!(truth.n_ordinary_refused >= 20, "seed {seed}: people mistype all the same");
        }
    }

    #[test]
    fn ordinary_weeks_have_their_small_troubles_where_they_should() {
        let away = span("2023-09-28T06:09:00Z", "2023-09-28T06:24:01Z");
        let telephone = span("2023-10-10T05:36:00Z", "2023-10-11T15:00:01Z");
        let bad = span("2023-10-17T17:12:00Z", "2023-10-18T09:46:00Z");
        for seed in SEEDS {
            let truth = played("ordinary-weeks", seed);
            let within = |span: TimeRange| truth.refused.iter().filter(|one| span.contains(one.at)).count();
            assert!(within(bad) >= 12, "seed {seed}: {}", within(bad));
            assert_eq!(
                within(away) + within(telephone) + within(bad),
                truth.refused.len(),
                "seed {seed}: at no other time"
            );
            assert!(truth.n_ordinary_refused >= 15, "seed {seed}: people mistype all the same");
        }
    }

    #[test]
    fn other_dice_make_another_course_of_the_same_case() {
        assert_ne!(played("quiet-month", 1), played("quiet-month", 2));
    }
}
