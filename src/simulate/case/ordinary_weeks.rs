//! Five ordinary weeks for the weekly review: people mistype, a share is away for minutes, updates come and hurt nobody,
//! logons get slower by so little a day that nobody says so, and in the last week an update breaks a morning.

use super::guilty_deploy::{AGENT, AGENT_GOOD, agent};
use super::{calm, on_all};
use crate::model::{TimeRange, Timestamp};
use crate::simulate::calendar::Calendar;
use crate::simulate::innocent;
use crate::simulate::script::{Chance, Change, Deploy, Refusal, Script, Sign, SlowLogon, Stale, host_name, span};
use crate::simulate::world::AGENT_BAD;
use crate::simulate::{Cause, ChangeName, Truth};
use jiff::civil::{Date, date};

/// The name of the case.
pub(in crate::simulate) const NAME: &str = "ordinary-weeks";
const N_HOSTS: usize = 3;
const N_PEOPLE: usize = 60;
const LEDGER: &str = "8.12.0";
/// Minutes between two hosts.
const STEP_MIN: f64 = 4.0;
/// When the application came whose start makes the way to the desktop longer, and when the agent came and went.
const LEDGER_AT: (Date, f64) = (date(2023, 10, 3), 18.5);
const BAD_AT: (Date, f64) = (date(2023, 10, 17), 19.2);
const GOOD_AT: (Date, f64) = (date(2023, 10, 18), 11.6);

/// The script of the case.
pub(in crate::simulate) fn script() -> Script {
    let calendar = Calendar::new();
    Script {
        archived: true,
        // Few, so that five weeks stay small.
        noise_per_signal: 0.2,
        slow: Some(SlowLogon {
            since: (0..N_HOSTS).map(|host| nth(&calendar, LEDGER_AT, host)).collect(),
            seconds_a_day: 0.4,
        }),
        refusals: refusals(&calendar),
        // A telephone with last month's password, for a day and a half.
        stale: Some(Stale {
            user: 30,
            range: span(calendar.at(date(2023, 10, 10), 7.6), calendar.at(date(2023, 10, 11), 17.0)),
            every_s: 5_400.0,
        }),
        changes: changes(),
        deploys: deploys(&calendar),
        truth: Truth {
            cause: Cause::Change,
            change: Some(ChangeName::new(AGENT, AGENT_BAD)),
            remedy: Some(ChangeName::new(AGENT, AGENT_GOOD)),
            onset: Some(nth(&calendar, BAD_AT, 0)),
            acquitted: vec![
                ChangeName::new("Exempla Ledger", LEDGER),
                ChangeName::new("Adobe Acrobat Reader DC", "23.006.20320"),
                ChangeName::new("Zabbix Agent 2 (64-bit)", "6.4.7.2400"),
            ],
            ..Truth::nothing(NAME)
        },
        // One day beyond the fifth week, so that this is whole.
        ..calm(NAME, N_HOSTS, N_PEOPLE, date(2023, 9, 18), date(2023, 10, 23))
    }
}

/// The instant at which a change that begins at a clock reading reaches a host.
fn nth(calendar: &Calendar, (day, hour): (Date, f64), host: usize) -> Timestamp {
    calendar.at(day, hour + host as f64 * STEP_MIN / 60.0)
}

/// The bad version on each host, and before it the share with the profiles away for minutes.
fn refusals(calendar: &Calendar) -> Vec<Refusal> {
    let hiccup = date(2023, 9, 28);
    let away: TimeRange = span(calendar.at(hiccup, 8.15), calendar.at(hiccup, 8.4));
    let crashes = |host: usize| Refusal {
        hosts: vec![host],
        ranges: vec![span(
            nth(calendar, BAD_AT, host).plus_seconds(90.0),
            nth(calendar, GOOD_AT, host).plus_seconds(60.0),
        )],
        chance: Chance::Constant(0.35),
        sign: Sign::AgentCrash,
    };
    let mut refusals = vec![Refusal {
        hosts: (0..N_HOSTS).collect(),
        ranges: vec![away],
        chance: Chance::Constant(0.9),
        sign: Sign::ShareUnreachable,
    }];
    refusals.extend((0..N_HOSTS).map(crashes));
    refusals
}

fn changes() -> Vec<Change> {
    let all = |what, (day, hour)| on_all(N_HOSTS, what, day, hour, STEP_MIN, false);
    vec![
        innocent::pdf_reader(N_HOSTS, "23.006.20320", date(2023, 9, 26)),
        all(innocent::ledger_application(LEDGER), LEDGER_AT),
        innocent::patch_night(
            N_HOSTS,
            "2023-10 Cumulative Update for Windows Server 2019 (1809) for x64-based Systems (KB5031361)",
            4_974,
            date(2023, 10, 12),
        ),
        innocent::definitions(
            N_HOSTS,
            "Security Intelligence Update for Microsoft Defender Antivirus - KB2267602 (Version 1.399.1143.0)",
            date(2023, 10, 16),
        ),
        all(agent(AGENT_BAD), BAD_AT),
        all(agent(AGENT_GOOD), GOOD_AT),
        innocent::monitoring_agent(N_HOSTS, "6.4.7.2400", date(2023, 10, 19), 12.5),
    ]
}

/// The list that the vendor of application and agent keeps.
fn deploys(calendar: &Calendar) -> Vec<Deploy> {
    let hosts = (0..N_HOSTS).map(host_name).collect::<Vec<_>>().join(";");
    let deploy = |at, component, version, note| Deploy {
        at: nth(calendar, at, 0),
        component,
        version,
        hosts: hosts.clone(),
        note,
    };
    vec![
        deploy(LEDGER_AT, "Exempla Ledger", LEDGER, "monthly release"),
        deploy(BAD_AT, AGENT, AGENT_BAD, "update"),
        deploy(GOOD_AT, AGENT, AGENT_GOOD, "rollback"),
    ]
}

/// The README of the committed case.
pub(in crate::simulate) fn readme(truth: &Truth) -> String {
    let calendar = Calendar::new();
    let since = nth(&calendar, BAD_AT, 0);
    let crashed = truth.refused.iter().filter(|one| one.at >= since);
    let away = truth.refused.iter().filter(|one| calendar.read(one.at).0 == date(2023, 9, 28));
    README
        .replace("{crashed}", &crashed.count().to_string())
        .replace("{away}", &away.count().to_string())
        .replace("{ledger}", LEDGER)
        .replace("{bad}", AGENT_BAD)
        .replace("{good}", AGENT_GOOD)
}

const README: &str = "\
# Five ordinary weeks in autumn 2023

**A simulation.** `causeline simulate ordinary-weeks -o sample-logs/ordinary-weeks` writes these files, and the same
files every time. Nothing here was logged by a real host. Vendor, application and agent (`Exempla`) are invented,
accounts are numbered, addresses come from the ranges kept for documentation. It is the input of a weekly review:
`causeline review sample-logs/ordinary-weeks`.

## What an operator hands over

| file | what |
| --- | --- |
| `logs.zip` | three session hosts, RDS01 to RDS03, Monday 18 September to Monday 23 October 2023 (weeks 38 to 42 and a day) |
| `logs.zip!RDS0N/*.evtx` | event logs of the hosts |
| `logs.zip!APP01/login-service.log` | the application's own login, local time without zone |
| `logs.zip!counters/session-hosts.csv` | sessions, processor and memory |
| `deploys.csv` | the vendor's list: application and agent, nothing else |

## What is true

| when (local) | what | tries refused |
| --- | --- | --- |
| every week | wrong passwords, clients that go away, a hiccup of the storage now and then | |
| Tue 26 September | a reader of documents: innocent | |
| Thu 28 September, 08:09 to 08:24 | the share with the profiles is away | {away} |
| Tue 3 October, 18:30 | Exempla Ledger {ledger}: from now on the way to the desktop takes 0.4 s longer each day | |
| Tue 10 and Wed 11 October | a telephone tries one account's old password | |
| Thu 12 October, 02:00 | the month's Windows update, with restarts: innocent | |
| Mon 16 October | scanner definitions: innocent | |
| Tue 17 October, 19:12 | Exempla Logon Agent {bad}: one logon in three breaks | {crashed} |
| Wed 18 October, 11:36 | rolled back to {good} | |
| Thu 19 October, 12:30 | a monitoring agent: innocent | |

Root cause in week 42: `Exempla Logon Agent` {bad}. Remedy: {good}.
";
