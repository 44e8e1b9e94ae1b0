//! The words of the pictures beside the timeline.

use super::number;
use crate::frame::Change;
use crate::judge::{Estimate, Incident};
use crate::report::input::{Input, name_of};

/// Title of the posterior.
pub const POSTERIOR: &str = "How probable each cause is";
/// Title of the picture of failures against load.
pub const DOSE_RESPONSE: &str = "Share of first tries that failed, by load";
/// Title of the picture of hosts before and after changes.
pub const EXPOSURE: &str = "Share of tries that failed, before and after each change";
/// The axis of the load.
pub const LOAD: &str = "sessions open on the host in the hour of the try";
/// The point that the judge foretells.
pub const FORECAST: &str = "forecast for the next peak";
/// Tries on hosts that do not have the change, or not yet.
pub const WITHOUT: &str = "without it";
/// Tries on hosts that have the remedy.
pub const AFTER_REMEDY: &str = "after the remedy";
/// Tries where no change is suspected.
pub const ALL_TRIES: &str = "all tries";

/// Returns the line below the title of the picture of failures against load.
pub fn dose_response(input: &Input<'_>, per_doubling: Option<&Estimate>) -> String {
    let measured = per_doubling.map(|estimate| {
        format!("The odds of a failure change by a factor of {} when the load doubles. ", number::interval(estimate))
    });
    let retries = "A person's tries of one day count once, up to the one that succeeds; lines are 95% intervals.";
    let what = input.main_incident().and_then(|main| main.signatures.first()).map(|id| input.signature_title(id));
    let what = what.map(|what| format!("{}. ", super::capitalized(what))).unwrap_or_default();
    format!("{what}{}{retries}", measured.unwrap_or_default())
}

/// Returns the line below the title of the picture of hosts before and after changes.
pub fn exposure(input: &Input<'_>, main: &Incident) -> String {
    let what = main.signatures.first().map_or("failures of the incident", |id| input.signature_title(id));
    format!(
        "{}. Tries up to the end of the incident, on each host up to its remedy. The scale is one of square roots, on which small \
         shares stay visible.",
        super::capitalized(what)
    )
}

/// Returns the name of the tries on hosts that have a change.
pub fn with(change: &Change) -> String {
    format!("with {}", name_of(change))
}

/// Returns the name of all hosts that got a change.
pub fn hosts_with(n: usize) -> String {
    format!("all {} with it", number::count(n, "host"))
}

/// Returns the name of the hosts that have no row of their own.
pub fn hosts_more(n: usize) -> String {
    number::count(n, "more host")
}

/// Returns the name of the hosts that did not get a change.
pub fn hosts_without(n: usize) -> String {
    format!("{} without it", number::count(n, "host"))
}
