//! Quarterly accounts bring everybody in for a week, and three hosts cannot carry that many sessions.

use super::{calm, usual_presence};
use crate::simulate::calendar::{Calendar, is_day_off};
use crate::simulate::innocent;
use crate::simulate::script::{Chance, Refusal, Script, Sign, span};
use crate::simulate::{Cause, ChangeName, Truth};
use jiff::civil::{Date, date};

const NAME: &str = "overload";
const N_HOSTS: usize = 3;
/// Sessions that one host serves well, and sessions that it cannot exceed.
const SERVED_WELL: f64 = 30.0;
const LIMIT: f64 = 42.0;

/// The script of the case.
pub(in crate::simulate) fn script() -> Script {
    let calendar = Calendar::new();
    let (first, last) = (date(2022, 10, 3), date(2022, 10, 28));
    Script {
        presence,
        refusals: vec![Refusal {
            hosts: (0..N_HOSTS).collect(),
            ranges: vec![span(calendar.at(first, 0.0), calendar.at(last, 24.0))],
            chance: Chance::Above { from: SERVED_WELL, full: LIMIT },
            sign: Sign::Exhausted,
        }],
        changes: vec![
            innocent::patch_night(
                N_HOSTS,
                "2022-10 Cumulative Update for Windows Server 2019 (1809) for x64-based Systems (KB5018419)",
                3_532,
                date(2022, 10, 13),
            ),
            innocent::pdf_reader(N_HOSTS, "22.003.20258", date(2022, 10, 11)),
            innocent::monitoring_agent(N_HOSTS, "6.2.4.2400", date(2022, 10, 19), 19.0),
        ],
        sessions_at_limit: LIMIT,
        truth: Truth {
            cause: Cause::Capacity,
            onset: Some(calendar.at(date(2022, 10, 17), 8.0)),
            acquitted: vec![
                ChangeName::new("Adobe Acrobat Reader DC", "22.003.20258"),
                ChangeName::new("Zabbix Agent 2 (64-bit)", "6.2.4.2400"),
            ],
            ..Truth::nothing(NAME)
        },
        ..calm(NAME, N_HOSTS, 160, first, last)
    }
}

fn presence(day: Date) -> f64 {
    let rush = day.month() == 10 && (17..=21).contains(&day.day());
    if rush && !is_day_off(day) { 0.97 } else { usual_presence(day) * 0.7 }
}
