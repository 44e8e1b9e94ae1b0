//! Failures by signature, each in a band of its own from 0: stacked areas would hide the upper ones.

use std::collections::BTreeMap;

use super::{counted, missing, rate_bars, round_scale, unit};
use crate::model::{Fault, Name};
use crate::report::chart::mark::{Band, Note};
use crate::report::chart::scene::Scene;
use crate::report::chart::theme::Ink;
use crate::report::wording::number;

/// Signatures with a band of their own; the others share one.
const MAX_SIGNATURES: usize = 4;
const MAIN_HEIGHT: i32 = 64;
const OTHER_HEIGHT: i32 = 34;
/// The band of all other signatures.
const OTHER: &str = "failures/other";
/// The incident's own signature has the color of the guilty change; those of the users' own faults stay gray.
const INKS: [Ink; MAX_SIGNATURES] = [Ink::Guilty, Ink::Contributing, Ink::Third, Ink::Other];

/// Failures by signature.
pub(crate) fn bands(scene: &Scene<'_>) -> Vec<Band> {
    let order = order(scene);
    let own = &order[..order.len().min(MAX_SIGNATURES)];
    let mut bands: Vec<Band> = own
        .iter()
        .enumerate()
        .map(|(idx, signature)| {
            let is_of_incident = scene.incident.is_some_and(|main| main.signatures.contains(signature));
            let ink = match (is_of_incident, scene.incident.is_some()) {
                _ if !is_of_incident && is_user_s(scene, signature) => Ink::Other,
                (_, true) => INKS[idx],
                (_, false) => INKS[(idx + 1) % MAX_SIGNATURES],
            };
            let id = format!("failures/{signature}");
            band(scene, id, scene.input.signature_title(signature), idx == 0, ink, &|name| name == *signature)
        })
        .collect();
    let rest = &order[own.len()..];
    if !rest.is_empty() {
        let title = number::count(rest.len(), "other signature");
        bands.push(band(scene, OTHER.to_owned(), &title, false, Ink::Other, &|name| rest.contains(&name)));
    }
    if bands.is_empty() {
        bands.push(band(scene, OTHER.to_owned(), "no failures", true, Ink::Other, &|_| false));
    }
    bands
}

/// Those of the incident first, in its order, then the others by number and name, the users' own faults last.
fn order<'a>(scene: &Scene<'a>) -> Vec<&'a Name> {
    let mut counts: BTreeMap<&Name, usize> = BTreeMap::new();
    for attempt in &scene.input.tables.attempts {
        if let Some(signature) = &attempt.signature {
            *counts.entry(signature).or_default() += 1;
        }
    }
    let mut order: Vec<&Name> =
        scene.incident.map_or(&[][..], |main| &main.signatures).iter().filter(|id| counts.contains_key(id)).collect();
    let mut others: Vec<(&Name, usize)> = counts.into_iter().filter(|(id, _)| !order.contains(id)).collect();
    others.sort_by_key(|(id, n)| (is_user_s(scene, id), std::cmp::Reverse(*n), *id));
    order.extend(others.into_iter().map(|(id, _)| id));
    order
}

/// Whether the failures of a signature are the users' own, such as a wrong password.
fn is_user_s(scene: &Scene<'_>, signature: &Name) -> bool {
    let first = scene.input.tables.attempts.iter().find(|attempt| attempt.signature.as_ref() == Some(signature));
    first.is_some_and(|attempt| attempt.fault == Some(Fault::User))
}

fn band(scene: &Scene<'_>, id: String, title: &str, is_main: bool, ink: Ink, is_own: &dyn Fn(&Name) -> bool) -> Band {
    let failures = scene.input.tables.attempts.iter().filter(|attempt| attempt.signature.as_ref().is_some_and(is_own));
    let counts = counted(&scene.axis, failures.map(|attempt| attempt.at));
    let (bars, max) = rate_bars(&scene.axis, &counts, ink);
    let mut marks: Vec<_> = missing(scene).collect();
    marks.extend(bars);
    let note = format!("failures per {}", unit(&scene.axis));
    Band {
        id,
        title: crate::report::wording::capitalized(title),
        notes: if is_main { vec![Note::plain(note)] } else { Vec::new() },
        height: if is_main { MAIN_HEIGHT } else { OTHER_HEIGHT },
        scale: Some(round_scale(max)),
        rows: Vec::new(),
        marks,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::mark::{Fill, Mark};
    use crate::report::fixture;

    #[test]
    fn the_incident_s_signature_comes_first_and_every_failure_is_counted_once() {
        let case = fixture::founding();
        let input = case.input();
        let scene = Scene::new(&input).unwrap();
        let bands = bands(&scene);
        assert_eq!(bands[0].title, "Profile disk locked by an earlier session");
        let drawn: f64 = bands
            .iter()
            .flat_map(|band| &band.marks)
            .map(|mark| match mark {
                Mark::Bar { span, value, .. } => {
                    let bin = scene.axis.bins[scene.axis.bin(span.start).unwrap()];
                    value * bin.nominal_s / scene.axis.unit_s
                }
                _ => 0.0,
            })
            .sum();
        let n_failures = case.tables.attempts.iter().filter(|attempt| attempt.is_failure()).count();
        assert_eq!(drawn.round() as usize, n_failures);
    }

    /// The first bars of a step on an hour that is not round must not begin before it.
    #[test]
    fn no_failure_is_painted_before_its_cause() {
        let case = fixture::many(6, 3, 5);
        let input = case.input();
        let scene = Scene::new(&input).unwrap();
        let cause = scene.guilty_at().unwrap();
        let across = |mark: &Mark| matches!(mark, Mark::Bar { span, .. } if span.start < cause && cause < span.end);
        assert!(!bands(&scene).iter().flat_map(|band| &band.marks).any(across));
    }

    #[test]
    fn bins_that_are_shorter_are_hollow() {
        let case = fixture::founding();
        let input = case.input();
        let scene = Scene::new(&input).unwrap();
        for mark in bands(&scene).iter().flat_map(|band| &band.marks) {
            if let Mark::Bar { span, fill, .. } = mark {
                let bin = scene.axis.bins[scene.axis.bin(span.start).unwrap()];
                assert_eq!(*fill == Fill::Hollow, bin.is_partial);
            }
        }
    }
}
