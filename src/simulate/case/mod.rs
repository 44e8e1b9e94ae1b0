//! The cases, one file each.

pub(super) mod founding;
mod ordinary;

use super::calendar::Calendar;
use super::Truth;
use super::script::{Change, Script, What};
use jiff::civil::Date;

/// One change on all of `n_hosts` at once, some minutes apart as a script reaches them.
fn on_all(n_hosts: usize, what: What, date: Date, hour: f64, step_min: f64, restarts: bool) -> Change {
    let calendar = Calendar::new();
    let hosts = (0..n_hosts).map(|host| (host, calendar.at(date, hour + host as f64 * step_min / 60.0))).collect();
    Change { what, hosts, restarts }
}

/// The text that goes beside the logs of a case that is kept with the project.
pub(super) fn readme(script: &Script, truth: &Truth) -> Option<String> {
    (script.name == "founding-2022").then(|| founding::readme(truth))
}
