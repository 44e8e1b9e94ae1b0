//! One host's own disk is failing, and profiles no longer load there; it keeps being the emptiest, so the
//! broker keeps sending people.

use super::calm;
use crate::simulate::calendar::Calendar;
use crate::simulate::innocent;
use crate::simulate::script::{Chance, Refusal, Script, Sign, host_name, span};
use crate::simulate::{Cause, ChangeName, Truth};
use jiff::civil::date;

const NAME: &str = "bad-host";
const N_HOSTS: usize = 5;
const BAD: usize = 2;

/// The script of the case.
pub(in crate::simulate) fn script() -> Script {
    let calendar = Calendar::new();
    let begins = calendar.at(date(2022, 11, 22), 10.7);
    Script {
        refusals: vec![Refusal {
            hosts: vec![BAD],
            ranges: vec![span(begins, calendar.at(date(2022, 11, 24), 17.0))],
            chance: Chance::Constant(0.6),
            sign: Sign::ProfileBroken,
        }],
        changes: vec![
            innocent::patch_night(
                N_HOSTS,
                "2022-11 Cumulative Update for Windows Server 2019 (1809) for x64-based Systems (KB5019966)",
                3_650,
                date(2022, 11, 10),
            ),
            innocent::pdf_reader(N_HOSTS, "22.003.20281", date(2022, 11, 21)),
            innocent::monitoring_agent(N_HOSTS, "6.2.5.2400", date(2022, 11, 17), 19.0),
        ],
        truth: Truth {
            cause: Cause::Host,
            host: Some(host_name(BAD)),
            onset: Some(begins),
            acquitted: vec![
                ChangeName::new("Adobe Acrobat Reader DC", "22.003.20281"),
                ChangeName::new("Zabbix Agent 2 (64-bit)", "6.2.5.2400"),
            ],
            ..Truth::nothing(NAME)
        },
        ..calm(NAME, N_HOSTS, 130, date(2022, 11, 7), date(2022, 12, 2))
    }
}
