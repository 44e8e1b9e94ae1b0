//! The sections about logons: how long their phases take, and who was counted aside.

use std::collections::BTreeMap;

use super::document::{AsideSection, LogonPhaseSection, SlowWeek, SlowdownSection};
use super::input::Input;
use super::sections::{shown, word};
use crate::frame::{AsideKind, LogonWeek};
use crate::model::Name;

/// By host and phase, with the week whose median is the greatest.
pub(super) fn phases(input: &Input<'_>) -> Vec<LogonPhaseSection> {
    let rows = &input.tables.logons;
    rows.iter().filter(|row| row.week.is_none()).map(|row| phase(input, row)).collect()
}

fn phase(input: &Input<'_>, whole: &LogonWeek) -> LogonPhaseSection {
    let is_own = |row: &&LogonWeek| row.host == whole.host && row.phase == whole.phase;
    let weeks = input.tables.logons.iter().filter(is_own).filter_map(|row| Some((row.week?, row)));
    let slowest = weeks.max_by(|one, other| one.1.median.total_cmp(&other.1.median).then(other.0.cmp(&one.0)));
    let mut slowdowns = input.tables.slowdowns.iter();
    let slowdown = slowdowns.find(|slowdown| slowdown.host == whole.host && slowdown.phase == whole.phase);
    LogonPhaseSection {
        host_name: whole.host.to_string(),
        phase: word(&whole.phase),
        n: whole.n as u64,
        median: shown(whole.median),
        p90: shown(whole.p90),
        p99: shown(whole.p99),
        unit: "s".to_owned(),
        slowest_week: slowest.map(|(start, row)| SlowWeek {
            start: start.to_string(),
            n: row.n as u64,
            median: shown(row.median),
        }),
        slowdown: slowdown.map(|slowdown| SlowdownSection {
            start: slowdown.week.to_string(),
            median: shown(slowdown.median),
            median_before: shown(slowdown.median_before),
            p: shown(slowdown.p),
            n_comparisons: slowdown.n_comparisons as u64,
        }),
    }
}

/// By host.
pub(super) fn aside(input: &Input<'_>) -> Vec<AsideSection> {
    let mut sections: BTreeMap<&Name, AsideSection> = BTreeMap::new();
    for row in &input.tables.aside {
        let section = sections
            .entry(&row.host)
            .or_insert_with(|| AsideSection { host_name: row.host.to_string(), ..AsideSection::default() });
        let n = match row.kind {
            AsideKind::Scanner => &mut section.n_scanner,
            AsideKind::Probe => &mut section.n_probe,
            AsideKind::Stranger => &mut section.n_stranger,
            AsideKind::Other => &mut section.n_other,
        };
        *n += row.n as u64;
    }
    sections.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{Phase, Slowdown};
    use crate::model::Timestamp;
    use crate::report::fixture;

    #[test]
    fn a_phase_has_its_slowest_week_and_its_slowdown() {
        let monday = |week: i64| Timestamp::from_unix_seconds(1_661_126_400 + week * 604_800);
        let row = |phase, week, median| LogonWeek {
            host: "RDS01".into(),
            phase,
            week,
            n: 12,
            median,
            p90: 2.0 * median,
            p99: 3.0 * median,
        };
        let mut case = fixture::one_day();
        case.tables.logons = vec![
            row(Phase::Profile, None, 4.0),
            row(Phase::Profile, Some(monday(0)), 3.0),
            row(Phase::Profile, Some(monday(1)), 9.0),
            row(Phase::Profile, Some(monday(2)), 9.0),
            row(Phase::Shell, None, 5.0),
        ];
        let (median, median_before, p) = (9.0, 3.0, 0.01);
        let (host, phase, week) = ("RDS01".into(), Phase::Profile, monday(1));
        case.tables.slowdowns = vec![Slowdown { host, phase, week, median, median_before, p, n_comparisons: 7 }];
        let sections = phases(&case.input());
        assert_eq!(sections.iter().map(|section| section.phase.as_str()).collect::<Vec<_>>(), ["profile", "shell"]);
        let slowest = sections[0].slowest_week.as_ref().unwrap();
        assert_eq!((slowest.start.as_str(), slowest.median), ("2022-08-29T00:00:00Z", 9.0));
        assert_eq!(sections[0].slowdown.as_ref().unwrap().n_comparisons, 7);
        assert!(sections[1].slowest_week.is_none() && sections[1].slowdown.is_none());
        assert_eq!((sections[0].p90, sections[0].unit.as_str()), (8.0, "s"));
    }
}
