//! Four weeks in which nothing happened beyond the ordinary: mistyped passwords, clients that went away,
//! a hiccup of the storage now and then, and the changes of every month.

use super::{calm, on_all};
use crate::simulate::calendar::Calendar;
use crate::simulate::innocent;
use crate::simulate::script::{Deploy, Script, host_name, span};
use crate::simulate::{ChangeName, Truth};
use jiff::civil::date;

const NAME: &str = "quiet-month";
const N_HOSTS: usize = 4;

/// The script of the case.
pub(in crate::simulate) fn script() -> Script {
    let calendar = Calendar::new();
    let release = date(2023, 5, 23);
    Script {
        changes: vec![
            innocent::patch_night(
                N_HOSTS,
                "2023-05 Cumulative Update for Windows Server 2019 (1809) for x64-based Systems (KB5026362)",
                4_377,
                date(2023, 5, 11),
            ),
            innocent::pdf_reader(N_HOSTS, "23.001.20174", date(2023, 5, 16)),
            innocent::routine_restart(N_HOSTS, date(2023, 5, 21)),
            on_all(N_HOSTS, innocent::ledger_application("8.9.0"), release, 18.5, 5.0, false),
            innocent::monitoring_agent(N_HOSTS, "6.4.2.2400", date(2023, 5, 25), 12.5),
        ],
        gap: Some((1, span(calendar.at(date(2023, 5, 17), 6.0), calendar.at(date(2023, 5, 17), 20.5)))),
        deploys: vec![Deploy {
            at: calendar.at(release, 18.5),
            component: "Exempla Ledger",
            version: "8.9.0",
            hosts: (0..N_HOSTS).map(host_name).collect::<Vec<_>>().join(";"),
            note: "monthly release",
        }],
        truth: Truth {
            acquitted: vec![
                ChangeName::new("Exempla Ledger", "8.9.0"),
                ChangeName::new("Adobe Acrobat Reader DC", "23.001.20174"),
                ChangeName::new("Zabbix Agent 2 (64-bit)", "6.4.2.2400"),
            ],
            ..Truth::nothing(NAME)
        },
        ..calm(NAME, N_HOSTS, 110, date(2023, 5, 8), date(2023, 6, 2))
    }
}
