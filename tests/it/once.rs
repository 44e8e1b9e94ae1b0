//! Properties of the tables: they do not depend on how records are spread over files, and count nothing twice.

use causeline::frame::{Options, Tables, tables};
use causeline::model::{Position, Provenance, SourceId, Timestamp};
use causeline::normalize::{self, normalize};
use causeline::read::Source;
use causeline::stats::Random;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

const LSM: &str = "Microsoft-Windows-TerminalServices-LocalSessionManager";
const RCM: &str = "Microsoft-Windows-TerminalServices-RemoteConnectionManager";
const CORE: &str = "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS";
const MURMUR: &str = "Contoso-Agent";
const PROFILES: &str = "Microsoft-Windows-User Profiles Service";

/// One record before it has a number.
#[derive(Clone)]
struct Draft {
    second: f64,
    host: usize,
    provider: &'static str,
    channel: String,
    id: u32,
    activity: Option<String>,
    data: Vec<(&'static str, String)>,
}

impl Draft {
    /// The record as Winlogbeat ships it, without its number where a collector dropped it.
    fn line(&self, number: Option<usize>) -> String {
        let at = Timestamp::from_unix_seconds(1_661_126_400).plus_seconds((self.second * 1_000.0).round() / 1_000.0);
        let data: serde_json::Map<String, serde_json::Value> =
            self.data.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into())).collect();
        let part = if matches!(self.provider, LSM | RCM) { "user_data" } else { "event_data" };
        let mut winlog = serde_json::json!({
            "event_id": self.id, "provider_name": self.provider, "channel": self.channel,
            "computer_name": format!("RDS0{}.corp.example", self.host), part: data,
        });
        if let Some(number) = number {
            winlog["record_id"] = number.into();
        }
        if let Some(id) = &self.activity {
            winlog["activity_id"] = id.clone().into();
        }
        serde_json::json!({"@timestamp": at.to_string(), "winlog": winlog}).to_string()
    }
}

/// Some days of a small farm: people come, get a desktop or not, go away and come back, and leave.
struct Farm {
    random: Random,
    length_s: f64,
    drafts: Vec<Draft>,
}

impl Farm {
    fn days(seed: u64, n_days: u32, n_logons: usize) -> Vec<Draft> {
        let mut farm = Self { random: Random::new(seed), length_s: f64::from(n_days) * 86_400.0, drafts: Vec::new() };
        for number in 0..n_logons {
            farm.logon(number);
        }
        for host in 0..2 {
            farm.murmur(host);
            let second = farm.random.unit() * farm.length_s;
            let product = "Product: Payroll -- Installation completed successfully.";
            farm.put(host, second, ("MsiInstaller", "Application"), 11_707, None, &[("param1", product.to_owned())]);
            farm.put(host, second + 900.0, ("Microsoft-Windows-Kernel-General", "System"), 12, None, &[]);
        }
        farm.drafts.sort_by(|one, other| one.second.total_cmp(&other.second));
        farm.drafts
    }

    /// Records that nobody wants, of logs that begin anywhere; for a part of the time the host writes nothing at all.
    fn murmur(&mut self, host: usize) {
        let dark = [0, 1].map(|_| self.random.unit() * self.length_s);
        let n_murmurs = self.random.below(400);
        for channel in ["System", "Application", "Security", "Setup"] {
            let start = if self.random.below(2) == 0 { 0.0 } else { self.random.unit() * self.length_s };
            for _ in 0..n_murmurs {
                let second = self.random.unit() * self.length_s;
                if second >= start {
                    self.put(host, second, (MURMUR, channel), 7, None, &[]);
                }
            }
        }
        self.drafts.retain(|draft| draft.host != host || !(dark[0]..dark[1]).contains(&draft.second));
    }

    fn put(
        &mut self,
        host: usize,
        second: f64,
        (provider, channel): (&'static str, &str),
        id: u32,
        activity: Option<&String>,
        data: &[(&'static str, String)],
    ) {
        let channel = if channel.is_empty() { format!("{provider}/Operational") } else { channel.to_owned() };
        let (activity, data) = (activity.cloned(), data.to_vec());
        self.drafts.push(Draft { second, host, provider, channel, id, activity, data });
    }

    fn logon(&mut self, number: usize) {
        let host = self.random.below(2);
        let (user, client) = (format!("user{:03}", self.random.below(6)), format!("10.0.0.{}", self.random.below(9)));
        let mut second = self.random.unit() * self.length_s;
        let activity = Some(format!("{{F4200000-0000-0000-0000-{number:012X}}}"));
        let session = [("Session", (3 + number % 5).to_string())];
        let named = [
            ("User", format!("CORP\\{user}")),
            ("SessionID", (3 + number % 5).to_string()),
            ("Address", client.clone()),
        ];
        let tcp = [("ConnType", "TCP".to_owned()), ("ClientIP", format!("{client}:50123"))];
        self.put(host, second, (CORE, ""), 131, activity.as_ref(), &tcp);
        if self.random.below(8) == 0 {
            self.put(host, second + 0.5, (CORE, ""), 140, activity.as_ref(), &[("IPString", client)]);
            return;
        }
        second += 1.0 + self.random.unit();
        let accepted = [("Param1", user), ("Param2", "CORP".to_owned()), ("Param3", client)];
        self.put(host, second, (RCM, ""), 1149, activity.as_ref(), &accepted);
        if self.random.below(8) == 0 {
            return;
        }
        let profile = (PROFILES, "Microsoft-Windows-User Profile Service/Operational");
        for (id, provider, data) in
            [(1, profile, &session[..]), (2, profile, &session[..]), (21, (LSM, ""), &named[..])]
        {
            second += 1.0 + self.random.unit();
            self.put(host, second, provider, id, None, data);
        }
        if self.random.below(6) > 0 {
            self.put(host, second + 4.0, (LSM, ""), 22, None, &named);
        }
        if self.random.below(3) == 0 {
            self.put(host, second + 600.0, (LSM, ""), 24, None, &named);
            self.put(host, second + 900.0, (LSM, ""), 25, None, &named);
        }
        if self.random.below(5) > 0 {
            second += 1_000.0 + self.random.unit() * 20_000.0;
            self.put(host, second, profile, 3, None, &session);
            self.put(host, second + 1.0, (LSM, ""), 23, None, &named[..2]);
            if self.random.below(4) > 0 {
                self.put(host, second + 2.0, profile, 4, None, &session);
            }
        }
    }
}

/// Each draft's number: those of one host's channel are counted through.
fn numbers(drafts: &[Draft]) -> Vec<usize> {
    let mut last = std::collections::BTreeMap::new();
    let count = |draft: &Draft| {
        let number = last.entry((draft.host, draft.channel.clone())).or_insert(100);
        *number += 1;
        *number
    };
    drafts.iter().map(count).collect()
}

fn framed(files: &[Vec<String>]) -> Tables {
    let sources: Vec<Source> = files
        .iter()
        .zip(0..)
        .filter(|(lines, _)| !lines.is_empty())
        .map(|(lines, id)| Source::from_bytes(SourceId(id), &format!("{id}.json"), lines.join("\n").as_bytes()))
        .collect();
    tables(normalize(&sources, &normalize::Options::default(), &|_| ()), &Options::default()).tables
}

/// Everything that the tables say, without the places where it stands.
fn said(mut tables: Tables) -> String {
    for attempt in &mut tables.attempts {
        attempt.records.clear();
    }
    for session in &mut tables.sessions {
        session.records.clear();
        for mark in session.marks.iter_mut().chain(&mut session.later) {
            mark.record = Provenance { source: SourceId(0), position: Position::Record(0) };
        }
    }
    for change in &mut tables.changes {
        change.stated_by.clear();
        change.observed_by.clear();
    }
    for gap in tables.coverage.iter_mut().flat_map(|row| &mut row.gaps) {
        gap.records.clear();
    }
    let symptoms: Vec<_> = tables.symptoms.iter().map(|symptom| (symptom.0, &symptom.1, &symptom.2)).collect();
    format!(
        "{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n{:#?}\n{symptoms:#?}",
        tables.coverage, tables.attempts, tables.sessions, tables.changes, tables.aside, tables.load, tables.versions
    )
}

/// The whole in one file.
fn whole(drafts: &[Draft], numbers: &[usize]) -> Vec<String> {
    drafts.iter().zip(numbers).map(|(draft, number)| draft.line(Some(*number))).collect()
}

/// Asserts that two sets of tables say the same, and shows the first line that differs.
fn same(found: Tables, expected: &str) -> Result<(), TestCaseError> {
    let found = said(found);
    if found != expected {
        let differs = found.lines().zip(expected.lines()).enumerate().find(|(_, (one, other))| one != other);
        prop_assert!(false, "{differs:?}, {} and {} lines", found.lines().count(), expected.lines().count());
    }
    Ok(())
}

/// The same cases in every run, so that two runs of one commit agree. Other seeds by `PROPTEST_RNG_SEED`, fewer cases of
/// each by `PROPTEST_CASES`: whatever they find is a fault, for none is known.
fn config() -> ProptestConfig {
    let usual = ProptestConfig::default();
    let rng_seed = if usual.rng_seed == RngSeed::Random { RngSeed::Fixed(2022) } else { usual.rng_seed };
    ProptestConfig { cases: usual.cases.min(64), failure_persistence: None, rng_seed, ..usual }
}

proptest! {
    #![proptest_config(config())]

    /// Rotated at any places, one file a host or a channel or all in one, or dealt out like cards, in any order.
    #[test]
    fn tables_do_not_depend_on_files(
        seed in any::<u64>(),
        n_logons in 1_usize..80,
        n_days in 1_u32..30,
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..5),
        apart in 0_usize..4,
        order in any::<u64>(),
    ) {
        let drafts = Farm::days(seed, n_days, n_logons);
        let lines = whole(&drafts, &numbers(&drafts));
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(drafts.len())).collect();
        cuts.sort_unstable();
        let mut random = Random::new(order);
        let mut kind = |draft: &Draft| match apart {
            0 => String::new(),
            1 => draft.host.to_string(),
            2 => format!("{} {}", draft.host, draft.channel),
            _ => random.below(3).to_string(),
        };
        let mut files: std::collections::BTreeMap<(usize, String), Vec<String>> = std::collections::BTreeMap::new();
        for (place, (draft, line)) in drafts.iter().zip(&lines).enumerate() {
            let part = cuts.partition_point(|cut| *cut <= place);
            files.entry((part, kind(draft))).or_default().push(line.clone());
        }
        let mut files: Vec<Vec<String>> = files.into_values().collect();
        for place in (1..files.len()).rev() {
            files.swap(place, random.below(place + 1));
        }
        same(framed(&files), &said(framed(std::slice::from_ref(&lines))))?;
    }

    /// A collector holds any stretch as well, with the numbers of the records or without. It holds an event at least: of
    /// other records only their number is kept, and nothing tells whose they are.
    #[test]
    fn a_copy_at_a_collector_counts_nothing_twice(
        seed in any::<u64>(),
        n_logons in 1_usize..60,
        n_days in 1_u32..30,
        (start, end) in (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
        has_numbers: bool,
        collector_first: bool,
    ) {
        let drafts = Farm::days(seed, n_days, n_logons);
        let numbers = numbers(&drafts);
        let lines = whole(&drafts, &numbers);
        let events: Vec<usize> = (0..drafts.len()).filter(|place| drafts[*place].provider != MURMUR).collect();
        let (start, end) = (events[start.index(events.len())], end.index(drafts.len()));
        let stretch = start.min(end)..=start.max(end);
        let copy: Vec<String> =
            stretch.map(|place| drafts[place].line(has_numbers.then_some(numbers[place]))).collect();
        let expected = said(framed(std::slice::from_ref(&lines)));
        let files = if collector_first { [copy, lines] } else { [lines, copy] };
        same(framed(&files), &expected)?;
    }
}

/// Two clones with one name: their records run under the same numbers and hours, and none is a copy.
#[test]
fn two_machines_of_one_name_keep_all_their_records() {
    let mut farms = [Farm::days(1, 3, 80), Farm::days(2, 3, 80)];
    for farm in &mut farms {
        farm.retain(|draft| draft.host == 0);
    }
    let files = farms.each_ref().map(|farm| whole(farm, &numbers(farm)));
    let sources: Vec<Source> = files
        .iter()
        .zip(0..)
        .map(|(lines, id)| Source::from_bytes(SourceId(id), &format!("{id}.json"), lines.join("\n").as_bytes()))
        .collect();
    let framed = tables(normalize(&sources, &normalize::Options::default(), &|_| ()), &Options::default());
    let n_wanted = farms.iter().flatten().filter(|draft| draft.provider != MURMUR).count();
    assert_eq!(framed.events.len(), n_wanted);
    let shared: Vec<_> = framed.diagnostics.iter().filter(|found| found.code.name() == "host-name-shared").collect();
    assert_eq!(shared.len(), 1, "{:?}", framed.diagnostics);
    assert!(shared[0].path == "1.json" && shared[0].detail.contains("0.json"), "{shared:?}");
    let authenticated = |farm: &[Draft]| farm.iter().filter(|draft| draft.id == 1149).count();
    let tried = framed.tables.attempts.iter().filter(|attempt| !attempt.user.is_empty()).count();
    assert!(tried + 2 >= authenticated(&farms[0]) + authenticated(&farms[1]), "{tried}");
}

/// Neither a rotated log nor a copy with another clock is a second machine.
#[test]
fn one_machine_in_several_files_shares_its_name_with_nobody() {
    let farm: Vec<Draft> = Farm::days(3, 3, 80).into_iter().filter(|draft| draft.host == 0).collect();
    let numbers = numbers(&farm);
    let lines = whole(&farm, &numbers);
    let mut late = farm.clone();
    for draft in &mut late {
        draft.second += 7_200.0;
    }
    // A log that was cleared: its first life in one file, both lives at the collector.
    let second = Farm::days(4, 3, 80).into_iter().filter(|draft| draft.host == 0).map(|draft| {
        let second = draft.second + 400_000.0;
        Draft { second, ..draft }
    });
    let second: Vec<Draft> = second.collect();
    let both = [lines.clone(), whole(&second, &self::numbers(&second))].concat();
    for other in [lines[lines.len() / 2..].to_vec(), whole(&late, &numbers), both] {
        let sources = [&lines, &other].map(|lines| lines.join("\n"));
        let sources: Vec<Source> = sources
            .iter()
            .zip(0..)
            .map(|(text, id)| Source::from_bytes(SourceId(id), &format!("{id}.json"), text.as_bytes()))
            .collect();
        let diagnostics = normalize(&sources, &normalize::Options::default(), &|_| ()).diagnostics;
        assert!(diagnostics.iter().all(|found| found.code.name() != "host-name-shared"), "{diagnostics:?}");
    }
}
