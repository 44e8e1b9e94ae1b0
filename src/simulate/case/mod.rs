//! The cases, one file each.

pub(super) mod bad_host;
pub(super) mod dependency_down;
pub(super) mod founding;
pub(super) mod guilty_deploy;
pub(super) mod ordinary_weeks;
pub(super) mod overload;
pub(super) mod quiet_month;
pub(super) mod wrong_password;

use super::Truth;
use super::calendar::{Calendar, is_day_off};
use super::script::{Change, Script, What};
use jiff::civil::Date;

/// The profile component's version in the cases in which nothing is wrong with it; never published.
const PROFILES_SOUND: &str = "2.9.8099.40417";

/// Records that say nothing about connecting, to one that does: more than half of all, as on real hosts.
const USUAL_NOISE: f64 = 1.02;

/// One change on all of `n_hosts` at once, some minutes apart as a script reaches them.
pub(super) fn on_all(n_hosts: usize, what: What, date: Date, hour: f64, step_min: f64, restarts: bool) -> Change {
    let calendar = Calendar::new();
    let hosts = (0..n_hosts).map(|host| (host, calendar.at(date, hour + host as f64 * step_min / 60.0))).collect();
    Change { what, hosts, restarts }
}

/// Four weeks in which nothing goes wrong, to build the small cases on.
fn calm(name: &'static str, n_hosts: usize, n_people: usize, first: Date, last: Date) -> Script {
    let calendar = Calendar::new();
    Script {
        name,
        n_hosts,
        n_people,
        first,
        last,
        presence: usual_presence,
        latent: None,
        slow: None,
        refusals: Vec::new(),
        stale: None,
        changes: Vec::new(),
        app_trouble: Vec::new(),
        gap: None,
        deploys: Vec::new(),
        text_from: calendar.at(last, 0.0).plus_seconds(-86_400.0),
        profile_version: PROFILES_SOUND,
        sessions_at_limit: 90.0,
        noise_per_signal: USUAL_NOISE,
        archived: false,
        truth: Truth::nothing(name),
    }
}

/// Share of the people at work outside of holidays.
fn usual_presence(date: Date) -> f64 {
    match date.weekday() {
        _ if is_day_off(date) => 0.3,
        jiff::civil::Weekday::Friday => 0.58,
        _ => 0.64,
    }
}

/// The text that goes beside the logs of a case that is kept with the project.
pub(super) fn readme(script: &Script, truth: &Truth) -> Option<String> {
    match script.name {
        founding::NAME => Some(founding::readme(truth)),
        ordinary_weeks::NAME => Some(ordinary_weeks::readme(truth)),
        _ => None,
    }
}
