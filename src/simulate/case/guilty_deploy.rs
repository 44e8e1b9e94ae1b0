//! An agent on the logon screen gets a version that crashes; the day after next it is rolled back.

use super::{calm, on_all};
use crate::simulate::calendar::Calendar;
use crate::simulate::innocent;
use crate::simulate::script::{Chance, Deploy, Refusal, Script, Sign, What, host_name, span};
use crate::simulate::world::AGENT_BAD;
use crate::simulate::{Cause, ChangeName, Truth};
use jiff::civil::date;

const NAME: &str = "guilty-deploy";
const N_HOSTS: usize = 4;
/// The agent, and the version of it that is sound.
pub(super) const AGENT: &str = "Exempla Logon Agent";
pub(super) const AGENT_GOOD: &str = "5.1.4.96";
/// Clock readings of the update on the first host and of the rollback; the others follow.
const DEPLOYED_H: f64 = 12.2;
const ROLLED_BACK_H: f64 = 17.6;
const STEP_MIN: f64 = 4.0;

/// The agent in a version.
pub(super) fn agent(version: &'static str) -> What {
    What::Product {
        name: AGENT,
        version,
        maker: "Exempla Software (invented)",
        package: "C:\\Deploy\\ExemplaLogonAgent\\ExemplaLogonAgent.msi",
        service: AGENT,
    }
}

/// The script of the case.
pub(in crate::simulate) fn script() -> Script {
    let calendar = Calendar::new();
    let (bad_day, good_day) = (date(2022, 9, 20), date(2022, 9, 22));
    let later = |host: usize| host as f64 * STEP_MIN / 60.0;
    let refusal = |host: usize| Refusal {
        hosts: vec![host],
        // An installation takes about a minute, and the new version is in force at once.
        ranges: vec![span(
            calendar.at(bad_day, DEPLOYED_H + later(host)).plus_seconds(90.0),
            calendar.at(good_day, ROLLED_BACK_H + later(host)).plus_seconds(60.0),
        )],
        chance: Chance::Constant(0.35),
        sign: Sign::AgentCrash,
    };
    let hosts = (0..N_HOSTS).map(host_name).collect::<Vec<_>>().join(";");
    let deploy = |day, hour, version, note| Deploy {
        at: calendar.at(day, hour),
        component: AGENT,
        version,
        hosts: hosts.clone(),
        note,
    };
    Script {
        refusals: (0..N_HOSTS).map(refusal).collect(),
        changes: vec![
            innocent::patch_night(
                N_HOSTS,
                "2022-09 Cumulative Update for Windows Server 2019 (1809) for x64-based Systems (KB5017315)",
                3_406,
                date(2022, 9, 15),
            ),
            innocent::pdf_reader(N_HOSTS, "22.002.20212", date(2022, 9, 19)),
            on_all(N_HOSTS, agent(AGENT_BAD), bad_day, DEPLOYED_H, STEP_MIN, false),
            innocent::monitoring_agent(N_HOSTS, "6.2.3.2400", date(2022, 9, 21), 19.0),
            on_all(N_HOSTS, agent(AGENT_GOOD), good_day, ROLLED_BACK_H, STEP_MIN, false),
        ],
        deploys: vec![
            deploy(bad_day, DEPLOYED_H, AGENT_BAD, "update"),
            deploy(good_day, ROLLED_BACK_H, AGENT_GOOD, "rollback"),
        ],
        truth: Truth {
            cause: Cause::Change,
            change: Some(ChangeName::new(AGENT, AGENT_BAD)),
            remedy: Some(ChangeName::new(AGENT, AGENT_GOOD)),
            onset: Some(calendar.at(bad_day, DEPLOYED_H)),
            acquitted: vec![
                ChangeName::new("Adobe Acrobat Reader DC", "22.002.20212"),
                ChangeName::new("Zabbix Agent 2 (64-bit)", "6.2.3.2400"),
            ],
            ..Truth::nothing(NAME)
        },
        ..calm(NAME, N_HOSTS, 120, date(2022, 9, 5), date(2022, 9, 30))
    }
}
