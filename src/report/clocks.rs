//! The clocks in the document: one entry a clock, its offsets and its steps.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{ClockSection, ClockSpan, ClockStepSection, Quantity};
use super::input::Input;
use super::sections::{finite, place, shown, word};
use crate::frame::{ClockOffset, ClockStep};
use crate::model::Name;

/// A clock: a host's own, or that of a text log.
type Whose<'t> = (&'t Option<Name>, &'t Option<Name>);

/// Returns one entry a clock, by host and source.
pub(super) fn clocks(input: &Input<'_>) -> Vec<ClockSection> {
    let mut offsets: BTreeMap<Whose<'_>, Vec<&ClockOffset>> = BTreeMap::new();
    for offset in &input.tables.clocks {
        offsets.entry((&offset.host, &offset.source)).or_default().push(offset);
    }
    let mut steps: BTreeMap<Whose<'_>, Vec<&ClockStep>> = BTreeMap::new();
    for step in &input.tables.clock_steps {
        steps.entry((&step.host, &step.source)).or_default().push(step);
    }
    let whose: BTreeSet<Whose<'_>> = offsets.keys().chain(steps.keys()).copied().collect();
    let all = whose.into_iter().map(|whose| {
        let own = |all: Option<&Vec<&ClockStep>>| all.into_iter().flatten().map(|one| step(input, one)).collect();
        section(whose, offsets.get(&whose).map_or(&[][..], Vec::as_slice), own(steps.get(&whose)))
    });
    all.collect()
}

fn section(whose: Whose<'_>, offsets: &[&ClockOffset], steps: Vec<ClockStepSection>) -> ClockSection {
    let best = best(offsets);
    let span = |offset: &&ClockOffset| ClockSpan {
        start: offset.span.0.to_string(),
        end: offset.span.1.to_string(),
        offset_seconds: seconds(offset),
        n_pairs: offset.n_pairs,
    };
    let texts = |names: &[Name]| names.iter().map(ToString::to_string).collect();
    ClockSection {
        host_name: whose.0.as_deref().map(str::to_owned),
        source: whose.1.as_deref().map(str::to_owned),
        against: best.map(|offset| offset.against.to_string()),
        offset_seconds: best.map(seconds),
        latency_seconds: best.and_then(|offset| finite(offset.latency_s)),
        n_pairs: best.map_or(0, |offset| offset.n_pairs),
        how_known: best.map(|offset| word(&offset.trust)),
        through: best.map_or(Vec::new(), |offset| texts(&offset.through)),
        spans: offsets.iter().map(span).collect(),
        steps,
    }
}

/// The offset with the most pairs, of equals the first.
pub(super) fn best<'t>(offsets: &[&'t ClockOffset]) -> Option<&'t ClockOffset> {
    offsets.iter().copied().rev().max_by_key(|offset| offset.n_pairs)
}

fn seconds(offset: &ClockOffset) -> Quantity {
    let (value, lower, upper) = offset.offset;
    Quantity { value: finite(value), lower: finite(lower), upper: finite(upper), unit: "s".to_owned() }
}

fn step(input: &Input<'_>, step: &ClockStep) -> ClockStepSection {
    ClockStepSection {
        at: step.at.to_string(),
        seconds: shown(step.seconds),
        how_known: word(&step.trust),
        records: step.records.iter().map(|record| place(input, *record)).collect(),
    }
}
