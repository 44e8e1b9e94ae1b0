//! Changes that happen in every month and hurt nobody.

use super::case::on_all;
use super::script::{Change, What};
use jiff::civil::Date;

/// A Windows cumulative update with restarts in the small hours.
pub(super) fn patch_night(n_hosts: usize, title: &'static str, patch: u32, date: Date) -> Change {
    on_all(n_hosts, What::Update { title, patch }, date, 2.0, 20.0, true)
}

/// New definitions of the malware scanner, without restart.
pub(super) fn definitions(n_hosts: usize, title: &'static str, date: Date) -> Change {
    on_all(n_hosts, What::Update { title, patch: 0 }, date, 8.2, 3.0, false)
}

/// A reader of documents, in the evening.
pub(super) fn pdf_reader(n_hosts: usize, version: &'static str, date: Date) -> Change {
    let what = What::Product {
        name: "Adobe Acrobat Reader DC",
        version,
        maker: "Adobe Systems Incorporated",
        package: "C:\\Windows\\Temp\\AcroRead\\AcroRead.msi",
        service: "Adobe Acrobat Update Service",
    };
    on_all(n_hosts, what, date, 19.5, 4.0, false)
}

/// The agent of a monitoring system.
pub(super) fn monitoring_agent(n_hosts: usize, version: &'static str, date: Date, hour: f64) -> Change {
    let what = What::Product {
        name: "Zabbix Agent 2 (64-bit)",
        version,
        maker: "Zabbix SIA",
        package: "C:\\Windows\\Temp\\zabbix_agent2.msi",
        service: "Zabbix Agent 2",
    };
    on_all(n_hosts, what, date, hour, 2.0, false)
}

/// The accounting application; its vendor is invented.
pub(super) fn ledger_application(version: &'static str) -> What {
    What::Product {
        name: "Exempla Ledger",
        version,
        maker: "Exempla Software (invented)",
        package: "C:\\Deploy\\ExemplaLedger\\ExemplaLedger.msi",
        service: "Exempla Ledger Print Service",
    }
}

/// All hosts restart one after the other, as every month.
pub(super) fn routine_restart(n_hosts: usize, date: Date) -> Change {
    on_all(n_hosts, What::Restart, date, 4.0, 15.0, true)
}
