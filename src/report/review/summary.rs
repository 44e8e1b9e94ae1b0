//! The summary of a week that fits on one screen.

use super::super::summary::{Role, SummaryLine, fitted};
use crate::report::input::Input;
use crate::report::wording::{incident, number, review as words};
use crate::review::Review;

/// Movements, changes and incidents that are named.
const MAX_NAMED: usize = 4;

/// Returns the summary. `files` names what was written, in words of the caller.
pub fn summary(input: &Input<'_>, review: &Review, files: &str) -> Vec<SummaryLine> {
    let mut entries: Vec<(Role, &str, String)> = vec![(Role::Finding, "week", format!("{}.", words::headline(review)))];
    entries.push((Role::Impact, "success", words::success(review)));
    let incidents = review.incidents.iter().filter_map(|place| input.judgement.incidents.get(*place));
    let mut incidents: Vec<String> = incidents
        .map(|one| format!("{} ({}).", incident::title(input, one), incident::probability(one)))
        .take(MAX_NAMED)
        .collect();
    if incidents.is_empty() {
        incidents.push("none".to_owned());
    }
    entries.extend(named(Role::Finding, "incidents", incidents));
    let moved = review.comparison.movements.iter().filter(|one| one.has_moved());
    let mut moved: Vec<String> = moved.take(MAX_NAMED).map(|one| words::movement(input, one)).collect();
    if moved.is_empty() {
        moved.push(if review.comparison.is_made { "none moved".to_owned() } else { words::method(review) });
    }
    entries.extend(named(Role::RunnerUp, "signatures", moved));
    let changes = match review.effects.len() {
        0 => "none".to_owned(),
        n => {
            let more = review.effects.iter().filter(|one| words::effect_word(one) == "more failures").count();
            let after = if more == 0 { "none".to_owned() } else { number::grouped(more) };
            format!("{}; after {after} of them more connections failed.", number::count(n, "change"))
        }
    };
    entries.push((Role::RunnerUp, "changes", changes));
    entries.extend(named(Role::Latent, "slow", words::slow_logons(review)));
    let latent = input.judgement.latent.iter().take(1).map(|latent| incident::latent(input, latent)).collect();
    entries.extend(named(Role::Latent, "latent", latent));
    entries.push((Role::Coverage, "coverage", words::coverage(review)));
    if !files.is_empty() {
        entries.push((Role::Files, "review", files.to_owned()));
    }
    fitted(&entries)
}

/// Lines of which the first bears the name.
fn named(role: Role, name: &'static str, texts: Vec<String>) -> impl Iterator<Item = (Role, &'static str, String)> {
    texts.into_iter().enumerate().map(move |(place, text)| (role, if place == 0 { name } else { "" }, text))
}
