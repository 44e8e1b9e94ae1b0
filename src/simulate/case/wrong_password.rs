//! Somebody changed a password, and a telephone keeps trying the old one for nine days.

use super::calm;
use crate::simulate::calendar::Calendar;
use crate::simulate::innocent;
use crate::simulate::script::{Script, Stale, span, user_name};
use crate::simulate::{Cause, ChangeName, Truth};
use jiff::civil::date;

const NAME: &str = "wrong-password";
const N_HOSTS: usize = 3;
const USER: usize = 16;

/// The script of the case.
pub(in crate::simulate) fn script() -> Script {
    let calendar = Calendar::new();
    let begins = calendar.at(date(2023, 3, 8), 7.8);
    Script {
        stale: Some(Stale { user: USER, range: span(begins, calendar.at(date(2023, 3, 17), 16.0)), every_s: 840.0 }),
        changes: vec![
            innocent::pdf_reader(N_HOSTS, "23.001.20064", date(2023, 3, 7)),
            innocent::patch_night(
                N_HOSTS,
                "2023-03 Cumulative Update for Windows Server 2019 (1809) for x64-based Systems (KB5023702)",
                4_131,
                date(2023, 3, 16),
            ),
            innocent::monitoring_agent(N_HOSTS, "6.4.0.2400", date(2023, 3, 14), 19.0),
        ],
        truth: Truth {
            cause: Cause::Credentials,
            user: Some(user_name(USER)),
            onset: Some(begins),
            acquitted: vec![
                ChangeName::new("Adobe Acrobat Reader DC", "23.001.20064"),
                ChangeName::new("Zabbix Agent 2 (64-bit)", "6.4.0.2400"),
            ],
            ..Truth::nothing(NAME)
        },
        ..calm(NAME, N_HOSTS, 90, date(2023, 2, 27), date(2023, 3, 24))
    }
}
