//! Slow logons, and connections that are nobody's attempt, in sentences.

use std::collections::BTreeMap;

use super::number;
use crate::frame::{AsideKind, Phase, Slowdown};
use crate::model::Name;
use crate::report::input::Input;

/// Hosts that a sentence names.
const N_HOSTS: usize = 3;

/// Returns one sentence for each phase that became slower somewhere; the clearest host gives the numbers.
pub fn slowdowns(input: &Input<'_>) -> Vec<String> {
    let mut by_phase: BTreeMap<Phase, Vec<&Slowdown>> = BTreeMap::new();
    for slowdown in &input.tables.slowdowns {
        by_phase.entry(slowdown.phase).or_default().push(slowdown);
    }
    by_phase.into_iter().filter_map(|(phase, found)| slowdown(phase, &found)).collect()
}

fn slowdown(phase: Phase, found: &[&Slowdown]) -> Option<String> {
    let clearest = found.iter().min_by(|one, other| one.p.total_cmp(&other.p))?;
    let hosts: Vec<Name> = found.iter().map(|slowdown| slowdown.host.clone()).collect();
    Some(format!(
        "{} got slower on {}: on {} in the week from {} the median of a day was {} s, before it {} s \
         (Mann–Whitney test on daily medians, p {} after Holm's correction for {}).",
        name(phase),
        number::names(&hosts, N_HOSTS),
        clearest.host,
        number::day(clearest.week),
        number::short(clearest.median),
        number::short(clearest.median_before),
        number::short(clearest.p),
        number::count(clearest.n_comparisons, "comparison"),
    ))
}

pub(super) fn name(phase: Phase) -> &'static str {
    match phase {
        Phase::Connect => "Connecting",
        Phase::Authenticate => "The way from authentication to a session",
        Phase::Profile => "Loading the profile",
        Phase::Policy => "Applying policy",
        Phase::Shell => "The way from session to desktop",
    }
}

/// Returns who was counted aside, by kind; `None` if nobody was.
pub fn aside(input: &Input<'_>) -> Option<String> {
    let mut counts: BTreeMap<AsideKind, usize> = BTreeMap::new();
    for row in &input.tables.aside {
        *counts.entry(row.kind).or_insert(0) += row.n;
    }
    let total: usize = counts.values().sum();
    let parts = counts.into_iter().map(|(kind, n)| {
        let n = number::grouped(n);
        match kind {
            AsideKind::Scanner => format!("{n} by scanners"),
            AsideKind::Probe => format!("{n} by health probes"),
            AsideKind::Stranger => format!("{n} by accounts that were never let in"),
            AsideKind::Other => format!("{n} by accounts that no record names"),
        }
    });
    let parts = parts.collect::<Vec<_>>().join(", ");
    (total > 0).then(|| format!("{}: {parts}; none counts as an attempt.", number::count(total, "connection")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Aside;
    use crate::model::Timestamp;
    use crate::report::fixture;

    fn slow(host: &str, phase: Phase, p: f64) -> Slowdown {
        let week = Timestamp::from_unix_seconds(1_661_126_400); // 2022-08-22, a Monday
        Slowdown { host: host.into(), phase, week, median: 17.25, median_before: 8.5, p, n_comparisons: 20 }
    }

    #[test]
    fn a_slowdown_tells_hosts_week_numbers_and_test() {
        let mut case = fixture::one_day();
        case.tables.slowdowns = vec![
            slow("RDS01", Phase::Shell, 0.03),
            slow("RDS02", Phase::Shell, 0.002),
            slow("RDS02", Phase::Policy, 0.01),
        ];
        let sentences = slowdowns(&case.input());
        assert_eq!(sentences.len(), 2);
        assert_eq!(
            sentences[1],
            "The way from session to desktop got slower on RDS01 and RDS02: on RDS02 in the week from 22 Aug 2022 \
             the median of a day was 17.2 s, before it 8.50 s (Mann–Whitney test on daily medians, p 0.002 after \
             Holm's correction for 20 comparisons)."
        );
    }

    #[test]
    fn those_aside_are_told_apart() {
        let mut case = fixture::one_day();
        assert_eq!(aside(&case.input()), None);
        let at = Timestamp::from_unix_seconds(1_661_126_400);
        let row = |host: &str, kind, n| Aside { host: host.into(), kind, n, n_addresses: 1, first_at: at, last_at: at };
        case.tables.aside = vec![
            row("RDS01", AsideKind::Scanner, 1_200),
            row("RDS01", AsideKind::Other, 3),
            row("RDS02", AsideKind::Scanner, 34),
        ];
        let said =
            "1,237 connections: 1,234 by scanners, 3 by accounts that no record names; none counts as an attempt.";
        assert_eq!(aside(&case.input()).as_deref(), Some(said));
    }
}
