//! The file server with the profile share is away for a morning: every host refuses nearly everybody, and
//! all is well as soon as it is back.

use super::calm;
use crate::simulate::calendar::Calendar;
use crate::simulate::innocent;
use crate::simulate::script::{Chance, Refusal, Script, Sign, span};
use crate::simulate::{Cause, ChangeName, Truth};
use jiff::civil::date;

const NAME: &str = "dependency-down";
const N_HOSTS: usize = 4;

/// The script of the case.
pub(in crate::simulate) fn script() -> Script {
    let calendar = Calendar::new();
    let day = date(2023, 1, 25);
    let begins = calendar.at(day, 9.15);
    Script {
        refusals: vec![Refusal {
            hosts: (0..N_HOSTS).collect(),
            ranges: vec![span(begins, calendar.at(day, 13.65))],
            chance: Chance::Constant(0.93),
            sign: Sign::ShareUnreachable,
        }],
        changes: vec![
            innocent::patch_night(
                N_HOSTS,
                "2023-01 Cumulative Update for Windows Server 2019 (1809) for x64-based Systems (KB5022286)",
                3_887,
                date(2023, 1, 12),
            ),
            innocent::monitoring_agent(N_HOSTS, "6.2.6.2400", date(2023, 1, 24), 19.0),
            innocent::pdf_reader(N_HOSTS, "22.003.20314", date(2023, 1, 26)),
        ],
        truth: Truth {
            cause: Cause::Dependency,
            onset: Some(begins),
            acquitted: vec![
                ChangeName::new("Zabbix Agent 2 (64-bit)", "6.2.6.2400"),
                ChangeName::new("Adobe Acrobat Reader DC", "22.003.20314"),
            ],
            ..Truth::nothing(NAME)
        },
        ..calm(NAME, N_HOSTS, 120, date(2023, 1, 9), date(2023, 2, 3))
    }
}
