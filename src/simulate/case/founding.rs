//! August 2022: a latent fault of closing sessions, made loud by the end of the holidays, while the update
//! of the weekend before looks guilty.
//!
//! A simulation after the public account of the incident. All versions of the profile component are
//! invented: none was ever published, and nothing is said about a real build. The vendor of the
//! application is invented, too.

use super::{PROFILES_SOUND, USUAL_NOISE, on_all};
use crate::model::Timestamp;
use crate::simulate::calendar::{Calendar, is_day_off};
use crate::simulate::innocent;
use crate::simulate::script::{AppTrouble, Change, Deploy, LatentClose, Script, What, host_name, span};
use crate::simulate::world::PROFILES_NAME;
use crate::simulate::{Cause, ChangeName, Truth};
use jiff::civil::{Date, date};
use std::collections::BTreeSet;

/// The name of the case.
pub(in crate::simulate) const NAME: &str = "founding-2022";
const N_HOSTS: usize = 6;
const N_PEOPLE: usize = 180;
/// The host that gets the hotfix first.
const CANARY: usize = 3;
const FAULTY: &str = "2.9.8199.31072";
const HOTFIX: &str = "2.9.8215.60233";
/// The script of the founding case.
pub(in crate::simulate) fn script() -> Script {
    let calendar = Calendar::new();
    let changes = changes(&calendar);
    let at = |day: Date, hour: f64| calendar.at(day, hour);
    let rollout = rollout(&calendar);
    let fixed = fix(&calendar);
    let carried = (0..N_HOSTS)
        .map(|host| {
            let of = |list: &[(usize, Timestamp)]| list.iter().find(|(other, _)| *other == host).map(|(_, at)| *at);
            let from = of(&rollout).unwrap_or_default().plus_seconds(60.0);
            vec![span(from, of(&fixed).unwrap_or_default())]
        })
        .collect();
    let trouble = |day: i8, from_h: f64, to_h: f64| AppTrouble {
        range: span(at(date(2022, 8, day), from_h), at(date(2022, 8, day), to_h)),
        chance: 0.35,
    };
    Script {
        name: NAME,
        n_hosts: N_HOSTS,
        n_people: N_PEOPLE,
        first: date(2022, 7, 4),
        last: date(2022, 8, 24),
        presence,
        latent: Some(LatentClose { carried, share_at_full: 0.75, full_sessions: 23.0, steepness: 5.0 }),
        slow: None,
        refusals: Vec::new(),
        stale: None,
        changes,
        app_trouble: vec![trouble(15, 9.2, 10.4), trouble(17, 8.1, 9.6), trouble(18, 13.4, 15.0)],
        gap: Some((1, span(at(date(2022, 8, 5), 13.0), at(date(2022, 8, 6), 7.5)))),
        deploys: deploys(&calendar),
        text_from: at(date(2022, 8, 23), 0.0),
        profile_version: PROFILES_SOUND,
        sessions_at_limit: 90.0,
        noise_per_signal: USUAL_NOISE,
        archived: true,
        truth: truth(&calendar),
    }
}

/// Share of the people at work: holidays from the middle of July, everybody back on 22 August.
fn presence(day: Date) -> f64 {
    if is_day_off(day) {
        return 0.45;
    }
    let share = match (day.month(), day.day()) {
        (7, 4..=8) => 0.48,
        (7, 9..=15) => 0.45,
        (7, _) => 0.40,
        (8, 15) => 0.36, // Assumption, a holiday in half of the cantons
        (8, 1..=12) => 0.40,
        (8, 13..=19) => 0.44,
        _ => 0.96,
    };
    // Mondays are a little fuller, Fridays a little emptier.
    match day.weekday() {
        jiff::civil::Weekday::Monday => share * 1.04,
        jiff::civil::Weekday::Friday => share * 0.92,
        _ => share,
    }
}

/// When each host got the faulty version: four evenings in July.
fn rollout(calendar: &Calendar) -> Vec<(usize, Timestamp)> {
    [(0, 18, 21.0), (1, 19, 20.75), (2, 19, 21.5), (3, 20, 20.75), (4, 20, 21.5), (5, 21, 21.0)]
        .map(|(host, day, hour)| (host, calendar.at(date(2022, 7, day), hour)))
        .to_vec()
}

/// When each host got the hotfix: one on Monday afternoon, the others on Tuesday evening.
fn fix(calendar: &Calendar) -> Vec<(usize, Timestamp)> {
    (0..N_HOSTS)
        .map(|host| {
            let evening = calendar.at(date(2022, 8, 23), 20.0 + host as f64 * 0.25);
            (host, if host == CANARY { calendar.at(date(2022, 8, 22), 15.25) } else { evening })
        })
        .collect()
}

fn changes(calendar: &Calendar) -> Vec<Change> {
    let saturday = date(2022, 8, 20);
    let mut changes = vec![
        on_all(N_HOSTS, innocent::ledger_application("8.3.2"), date(2022, 7, 6), 20.0, 5.0, false),
        innocent::patch_night(
            N_HOSTS,
            "2022-07 Cumulative Update for Windows Server 2019 (1809) for x64-based Systems (KB5015811)",
            3_165,
            date(2022, 7, 14),
        ),
        Change { what: What::Profiles { version: FAULTY }, hosts: rollout(calendar), restarts: true },
        innocent::pdf_reader(N_HOSTS, "22.001.20169", date(2022, 8, 3)),
        innocent::patch_night(
            N_HOSTS,
            "2022-08 Cumulative Update for Windows Server 2019 (1809) for x64-based Systems (KB5016623)",
            3_287,
            date(2022, 8, 11),
        ),
        innocent::monitoring_agent(N_HOSTS, "6.2.1.2400", saturday, 10.4),
        on_all(N_HOSTS, innocent::ledger_application("8.4.0"), saturday, 11.1, 6.0, false),
        Change { what: What::Profiles { version: HOTFIX }, hosts: fix(calendar), restarts: true },
    ];
    for (day, title) in [
        (
            date(2022, 7, 9),
            "Security Intelligence Update for Microsoft Defender Antivirus - KB2267602 (Version 1.371.102.0)",
        ),
        (
            date(2022, 7, 23),
            "Security Intelligence Update for Microsoft Defender Antivirus - KB2267602 (Version 1.371.611.0)",
        ),
        (
            date(2022, 8, 6),
            "Security Intelligence Update for Microsoft Defender Antivirus - KB2267602 (Version 1.371.1240.0)",
        ),
        (saturday, "Security Intelligence Update for Microsoft Defender Antivirus - KB2267602 (Version 1.373.480.0)"),
    ] {
        changes.push(innocent::definitions(N_HOSTS, title, day));
    }
    changes
}

/// The vendor's own list, which knows its own updates only.
fn deploys(calendar: &Calendar) -> Vec<Deploy> {
    let hosts = (0..N_HOSTS).map(host_name).collect::<Vec<_>>().join(";");
    let update = |day: Date, hour: f64, version, note| Deploy {
        at: calendar.at(day, hour),
        component: "Exempla Ledger",
        version,
        hosts: hosts.clone(),
        note,
    };
    vec![
        update(date(2022, 7, 6), 20.0, "8.3.2", "monthly release"),
        update(
            date(2022, 8, 20),
            11.1,
            "8.4.0",
            "monthly release; login service waits no longer for the license store",
        ),
    ]
}

fn truth(calendar: &Calendar) -> Truth {
    Truth {
        cause: Cause::Change,
        change: Some(ChangeName::new(PROFILES_NAME, FAULTY)),
        trigger: Some("load"),
        remedy: Some(ChangeName::new(PROFILES_NAME, HOTFIX)),
        onset: Some(calendar.at(date(2022, 8, 22), 8.0)),
        acquitted: vec![
            ChangeName::new("Exempla Ledger", "8.4.0"),
            ChangeName::new("Exempla Ledger", "8.3.2"),
            ChangeName::new("Zabbix Agent 2 (64-bit)", "6.2.1.2400"),
            ChangeName::new("Adobe Acrobat Reader DC", "22.001.20169"),
        ],
        ..Truth::nothing(NAME)
    }
}

/// The README of the committed case.
pub(in crate::simulate) fn readme(truth: &Truth) -> String {
    let calendar = Calendar::new();
    let monday = date(2022, 8, 22);
    let before = truth.refused.iter().filter(|one| one.at < calendar.at(date(2022, 8, 20), 0.0));
    let locked_out = |day: Date| {
        let of_day = truth.refused.iter().filter(|one| calendar.read(one.at).0 == day);
        of_day.map(|one| one.user.as_str()).collect::<BTreeSet<_>>().len()
    };
    README
        .replace("{cases_before}", &before.map(|one| one.user.as_str()).collect::<BTreeSet<_>>().len().to_string())
        .replace("{monday}", &locked_out(monday).to_string())
        .replace("{tuesday}", &locked_out(date(2022, 8, 23)).to_string())
        .replace("{wednesday}", &locked_out(date(2022, 8, 24)).to_string())
        .replace("{before}", PROFILES_SOUND)
        .replace("{faulty}", FAULTY)
        .replace("{hotfix}", HOTFIX)
}

const README: &str = "\
# August 2022: the update of Saturday looks guilty

**A simulation.** `causeline simulate founding-2022 -o sample-logs/founding-2022` writes these files,
and the same files every time. It follows the public account of an incident of August 2022 at a Swiss
accounting service. Nothing here was logged by a real host. The versions of `Microsoft FSLogix Apps`
in it ({before}, {faulty}, {hotfix}) were never published, and nothing is said about any real build.
Vendor and application (`Exempla Ledger`) are invented, accounts are numbered, addresses come from the
ranges kept for documentation.

## What an operator hands over

| file | what |
| --- | --- |
| `logs.zip` | six session hosts, RDS01 to RDS06, 4 July to 24 August 2022 |
| `logs.zip!RDS0N/*.evtx` | Application, System, Security (refused logons), session manager, connection manager, profile service, FSLogix, virtual disks, task scheduler |
| `logs.zip!RDS0N/FSLogix/` | text logs of FSLogix, which keep two days: July is gone |
| `logs.zip!APP01/login-service.log` | the application's own login, local time without zone |
| `logs.zip!counters/session-hosts.csv` | sessions, processor and memory, one reading a quarter of an hour |
| `deploys.csv` | the vendor's list, which knows the vendor's own updates and nothing else |

Clocks of the hosts are off by some seconds up to a minute, RDS02 lost its logs from 5 August 13:00 to
6 August 07:30, and more than half of all records say nothing about connecting.

## What is typical

- Every Monday-morning suspicion points at the latest change, the vendor's update of Saturday 20 August.
- A session's close does not complete, more often the more sessions are open on that host. The user's
  profile disk stays locked, and every new try of that user fails, while others get in.
- Such users try again and again, so counting tries makes failure look like load.
- The change behind it is older than the incident by a month, and only the hosts' own logs know it.
- Separately, the application's login service is disturbed on 15, 17 and 18 August.

## What is true

| when (local) | what | people refused |
| --- | --- | --- |
| 18 to 21 July | FSLogix {faulty} on all hosts, evening by evening, each with a restart | |
| until 19 August | isolated cases; operators reset sessions by hand and every night | {cases_before} in a month |
| Sat 20 August | Exempla Ledger 8.4.0, a monitoring agent, scanner definitions: all innocent | |
| Mon 22 August | holidays end, load doubles | {monday} |
| Mon 22 August 15:15 | hotfix {hotfix} on RDS04, with restart; no close on RDS04 hangs from then on | |
| Tue 23 August | | {tuesday} |
| Tue 23 August 20:00 | hotfix on the other hosts, with restarts | |
| Wed 24 August | full load | {wednesday} |

Root cause: `Microsoft FSLogix Apps` {faulty}. Trigger: load. Acquitted: everything of Saturday and all
other changes. Remedy: `Microsoft FSLogix Apps` {hotfix}.
";
