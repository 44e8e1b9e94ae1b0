//! Settles the zone, and the year, of logs that state none, by what the other logs of the run say.
//!
//! The same logon stands in the log of a login service and in the Windows logs of the host. Windows
//! writes UTC, so whichever zone makes the two meet is the service's: [`super::meeting`]. Failing that, the zone
//! that counters or profile logs of the hosts state is the likeliest. Nothing is moved in silence: each
//! source gets a diagnostic that says by what.

use std::collections::BTreeMap;

use super::Options;
use super::clock::{Civil, Stamp, WINDOWS_ZONES, ZoneRule, year_of};
use super::file::rotated_set;
use super::meeting::{Sightings, instant};
use super::source::{Kept, One};
use super::summary::{Role, Zone};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::time::{TICKS_PER_DAY, TICKS_PER_HOUR};
use crate::model::{ChangeRecord, HourCount, Name, Timestamp, Trust};

/// Settles years first, then zones.
pub(super) fn settle(ones: &mut [One], options: &Options) {
    settle_years(ones, options.since);
    let stated = stated_zone(ones);
    let met = met(ones, stated.as_ref());
    for (one, met) in ones.iter_mut().zip(met) {
        if !one.zone_is_open {
            if one.summary.zone.trust == Trust::Derived && one.summary.role != Role::Load {
                let name = &one.summary.zone.name;
                let detail = format!("{name}, by the setting");
                one.diagnostics.push(Diagnostic::new(Code::ZoneAssumed, &one.summary.path, None, detail));
            }
            continue;
        }
        let (rule, trust, detail) = match (met, &stated) {
            (Some((rule, detail)), _) => (rule, Trust::Derived, detail),
            (None, Some(rule)) => {
                let detail = format!("{}, as the hosts' counters or profile logs state", rule.name());
                (rule.clone(), Trust::Guessed, detail)
            }
            (None, None) => (ZoneRule::UTC, Trust::Guessed, "UTC, for nothing states it".to_owned()),
        };
        shift(one, &rule, trust);
        one.diagnostics.push(Diagnostic::new(Code::ZoneAssumed, &one.summary.path, None, detail));
    }
}

/// The zone of each source that states none, where its events tell it, and what to say of that. The files of one
/// rotated set have one clock, and are asked together.
fn met(ones: &[One], stated: Option<&ZoneRule>) -> Vec<Option<(ZoneRule, String)>> {
    let mut found: Vec<Option<(ZoneRule, String)>> = vec![None; ones.len()];
    let mut sets: BTreeMap<(String, &str, &[Name]), Vec<usize>> = BTreeMap::new();
    for (index, one) in ones.iter().enumerate().filter(|(_, one)| one.zone_is_open) {
        let key = (rotated_set(&one.summary.path), &*one.summary.format, &*one.summary.hosts);
        sets.entry(key).or_default().push(index);
    }
    if sets.is_empty() {
        return found;
    }
    let sightings = Sightings::new(ones);
    for set in sets.into_values() {
        let members: Vec<&One> = set.iter().map(|index| &ones[*index]).collect();
        if let Some(met) = sightings.zone_of(&members, stated) {
            for index in set {
                found[index] = Some((met.rule.clone(), met.detail()));
            }
        }
    }
    found
}

/// Whether a stamp lies before any log of ours was written: then it has no year.
pub(super) fn has_no_year(at: Timestamp) -> bool {
    const YEAR_1990_HOUR: i64 = 175_320;
    at.hour() < YEAR_1990_HOUR
}

/// Gives stamps without year the year in which the other sources end, else the first one in which they end
/// in the asked span; and with the year the zone that a setting gives to their source.
fn settle_years(ones: &mut [One], since: Option<Timestamp>) {
    let latest =
        ones.iter().filter(|one| !one.year_is_open).filter_map(|one| one.summary.span).map(|span| span.1).max();
    for one in ones.iter_mut().filter(|one| one.year_is_open) {
        let path = one.summary.path.clone();
        // A collector's file may hold other lines that have their year; those stay as they are.
        let own = one.summary.span.map(|(_, end)| end).filter(|end| !has_no_year(*end));
        let open =
            one.summary.hours.keys().map(|(.., hour)| Timestamp(hour * TICKS_PER_HOUR)).filter(|at| has_no_year(*at));
        let end = if own.is_some() { open.max() } else { one.summary.span.map(|(_, end)| end) };
        let latest = latest.max(own);
        let (Some(known), Some(end)) = (latest.or(since), end) else {
            one.summary.n_damaged += one.summary.n_kept;
            one.summary.n_kept = 0;
            one.kept.clear();
            one.summary.hours.clear();
            one.summary.span = None;
            one.diagnostics.push(Diagnostic::new(Code::TimeUnreadable, &path, None, "stamps without year"));
            continue;
        };
        let day = |at: Timestamp| at.0.div_euclid(TICKS_PER_DAY);
        let in_year = |at: Timestamp, year: i64| Timestamp(Stamp::local(Civil(at.0)).in_year(year).civil.0);
        let mut year = year_of(day(known));
        let (has_others, end_then) = (latest.is_some(), in_year(end, year));
        if has_others && end_then.0 > known.0.saturating_add(2 * TICKS_PER_DAY) {
            year -= 1;
        } else if !has_others && end_then < known {
            year += 1;
        }
        let zone = &one.summary.zone;
        let set = ZoneRule::named(&zone.name).filter(|_| zone.trust == Trust::Derived).unwrap_or(ZoneRule::UTC);
        let n_years = year - year_of(day(end));
        let mut moved =
            |at| if has_no_year(at) { instant(&set, Civil(in_year(at, year_of(day(at)) + n_years).0)) } else { at };
        let moved_end = moved(end);
        move_times(one, &mut moved, Trust::Guessed);
        if let Some(own) = own {
            // Which of both kinds of lines came first, the hours tell.
            let first = one.summary.hours.keys().map(|(.., hour)| Timestamp(hour * TICKS_PER_HOUR)).min();
            one.summary.span = Some((first.unwrap_or(own), own.max(moved_end)));
        }
        let by = if has_others { "as the other logs end" } else { "as the asked span begins" };
        let detail = format!("the year is taken to be {year}, {by}");
        one.diagnostics.push(Diagnostic::new(Code::DateAssumed, &path, None, detail));
    }
}

/// The zone that the hosts' own counters and profile logs state: the name most of them give, else the
/// first zone of the table that agrees with every offset.
fn stated_zone(ones: &[One]) -> Option<ZoneRule> {
    let of_hosts = |one: &&One| {
        one.summary.zone.trust == Trust::Stated && matches!(one.summary.format.as_str(), "pdh-csv" | "fslogix-profile")
    };
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    let mut offsets: Vec<(Timestamp, i32)> = Vec::new();
    for one in ones.iter().filter(of_hosts) {
        match (ZoneRule::named(&one.summary.zone.name), one.summary.span) {
            (Some(ZoneRule::Named(_)), _) => *names.entry(&one.summary.zone.name).or_default() += 1,
            (Some(ZoneRule::Fixed(offset_s)), Some((start, _))) => offsets.push((start, offset_s)),
            _ => {}
        }
    }
    if let Some((name, _)) = names.into_iter().max_by_key(|(name, n)| (*n, std::cmp::Reverse(*name))) {
        return ZoneRule::named(name);
    }
    let (_, first) = *offsets.first()?;
    let agrees = |rule: &ZoneRule| offsets.iter().all(|(at, offset_s)| rule.offset_s_at(*at) == *offset_s);
    all_zones().find(agrees).or(Some(ZoneRule::Fixed(first)))
}

/// All zones that Windows knows, the best known first: where several agree with what is seen, they agree
/// with each other on the days in question, and a familiar name is easier to check.
pub(super) fn all_zones() -> impl Iterator<Item = ZoneRule> {
    let familiar = ["Europe/Berlin", "Europe/London", "America/New_York", "America/Chicago", "America/Los_Angeles"];
    let rest = WINDOWS_ZONES.iter().map(|(_, zone)| *zone).filter(move |zone| !familiar.contains(zone));
    familiar.into_iter().chain(rest).filter_map(ZoneRule::named)
}

/// Reads the guessed stamps of a source, which were taken for UTC, in a zone.
fn shift(one: &mut One, rule: &ZoneRule, trust: Trust) {
    move_times(one, &mut |at| instant(rule, Civil(at.0)), trust);
    one.summary.zone = Zone { name: rule.name(), trust };
}

/// Moves all guessed instants of a source, with its span and its hours.
fn move_times(one: &mut One, moved: &mut dyn FnMut(Timestamp) -> Timestamp, trust: Trust) {
    for kept in &mut one.kept {
        match kept {
            Kept::Event(event, changes, identity) => {
                if let Some(identity) = identity.as_mut().filter(|identity| identity.time_trust == Trust::Guessed) {
                    identity.at = moved(identity.at);
                    identity.time_trust = trust;
                }
                if let Some(event) = event.as_mut().filter(|event| event.time_trust == Trust::Guessed) {
                    event.at = moved(event.at);
                    event.time_trust = trust;
                }
                move_changes(changes, moved, trust);
            }
            Kept::Change(changes) => move_changes(changes, moved, trust),
            Kept::Load(samples) => {
                for sample in samples.iter_mut().filter(|sample| sample.time_trust == Trust::Guessed) {
                    sample.at = moved(sample.at);
                    sample.time_trust = trust;
                }
            }
        }
    }
    one.summary.span = one.summary.span.map(|(start, end)| (moved(start), moved(end)));
    let hours = std::mem::take(&mut one.summary.hours);
    for ((host, channel, hour), count) in hours {
        let at = moved(Timestamp(hour * TICKS_PER_HOUR));
        let count = HourCount { first: moved(count.first), last: moved(count.last), ..count };
        count.add_to(&mut one.summary.hours, (host, channel, at.hour()));
    }
}

fn move_changes(changes: &mut [ChangeRecord], moved: &mut dyn FnMut(Timestamp) -> Timestamp, trust: Trust) {
    for change in changes.iter_mut().filter(|change| change.time_trust == Trust::Guessed) {
        let had_time = change.at.0.rem_euclid(TICKS_PER_DAY) != 0;
        change.at = moved(change.at);
        // A day without time stays a guess, whatever its zone.
        change.time_trust = if had_time { trust } else { Trust::Guessed };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SourceId;
    use crate::normalize::clock::days_from_civil;
    use crate::normalize::{Normalized, normalize};
    use crate::read::Source;

    const KNOWN: (&str, &str) = ("other.log", "2024-01-05T00:00:00Z ERROR login failed for user user009\n");

    /// When the events of the first source were, and how many of its records are kept and irrelevant.
    fn read(sources: &[(&str, &str)], options: &Options) -> (Vec<String>, u64, u64) {
        let sources: Vec<Source> = sources
            .iter()
            .zip(0..)
            .map(|((path, text), id)| Source::from_bytes(SourceId(id), path, text.as_bytes()))
            .collect();
        let Normalized { events, sources, .. } = normalize(&sources, options, &|_| ());
        let own = &sources[0];
        assert_eq!(own.n_records, own.n_kept + own.n_irrelevant + own.n_damaged);
        let times = events.iter().filter(|event| event.provenance.source == SourceId(0));
        let times = times.inspect(|event| assert_eq!(event.time_trust, Trust::Guessed));
        (times.map(|event| event.at.to_string()).collect(), own.n_kept, own.n_irrelevant)
    }

    fn lines(stamps: &[&str]) -> String {
        let line =
            |stamp: &&str| format!("{stamp} RDS01 sshd[12]: Failed password for user001 from 10.1.2.3 port 22 ssh2\n");
        stamps.iter().map(line).collect()
    }

    #[test]
    fn the_zone_of_a_setting_holds_in_the_year_that_is_found_and_not_in_another() {
        let options = Options { timezones: vec![Options::timezone("Europe/Berlin")], ..Options::default() };
        // Germany had no summer time in 1972.
        let text = lines(&["Jul  1 08:00:00", "Dec 31 08:00:00", "Jan  1 08:00:00"]);
        let (times, ..) = read(&[("syslog", &text), KNOWN], &options);
        assert_eq!(times, ["2023-07-01T06:00:00Z", "2023-12-31T07:00:00Z", "2024-01-01T07:00:00Z"]);
    }

    #[test]
    fn a_late_line_of_the_old_year_turns_no_second_one() {
        let text = lines(&["Dec 31 23:59:58", "Jan  1 00:00:00", "Dec 31 23:59:59", "Jan  1 00:00:01"]);
        let (times, ..) = read(&[("syslog", &text), KNOWN], &Options::default());
        let expected = ["2023-12-31T23:59:58Z", "2024-01-01T00:00:00Z", "2023-12-31T23:59:59Z", "2024-01-01T00:00:01Z"];
        assert_eq!(times, expected);
    }

    #[test]
    fn the_asked_span_tells_the_year_and_is_applied_when_the_year_is_known() {
        let since = Timestamp(days_from_civil(2021, 6, 1) * TICKS_PER_DAY);
        let options = Options { since: Some(since), ..Options::default() };
        let text = lines(&["May 31 23:00:00", "Jun  1 01:00:00"]);
        assert_eq!(read(&[("syslog", &text)], &options), (vec!["2021-06-01T01:00:00Z".to_owned()], 1, 1));
        let text = lines(&["Feb  1 01:00:00"]);
        assert_eq!(read(&[("syslog", &text)], &options).0, ["2022-02-01T01:00:00Z"]);
    }

    #[test]
    fn both_passes_of_the_hour_that_comes_twice_are_told_by_the_order_of_the_file() {
        let options = Options { timezones: vec![Options::timezone("Europe/Berlin")], ..Options::default() };
        let text = [
            "2022-10-30 01:59",
            "2022-10-30 02:10",
            "2022-10-30 02:59",
            "2022-10-30 02:10",
            "2022-10-30 02:59",
            "2022-10-30 03:00",
        ]
        .map(|minute| format!("{minute}:00,000 [1] ERROR a.B - login failed for user user001\n"))
        .concat();
        let sources = [Source::from_bytes(SourceId(0), "app.log", text.as_bytes())];
        let events = normalize(&sources, &options, &|_| ()).events;
        let times: Vec<String> = events.iter().map(|event| event.at.to_string()[11..16].to_owned()).collect();
        assert_eq!(times, ["23:59", "00:10", "00:59", "01:10", "01:59", "02:00"]);
    }

    #[test]
    fn stack_traces_in_any_language_and_nul_padding_belong_to_their_record() {
        let traces = [
            "   at A.B()",
            "   bei A.B()",
            "   \u{e0} A.B()",
            "   en A.B()",
            "   \u{432} A.B()",
            "   \u{65bc} A.B()",
            "   \u{5834}\u{6240} A.B()",
            "--- End of inner exception stack trace ---",
            "Caused by: x",
        ];
        for head in [
            "2022-10-30 01:59:00,000 [1] ERROR a.B - login failed for user user001",
            "2022-10-30 01:59:00.0000|ERROR|a.B|login failed for user user001",
        ] {
            let text = format!("{head}\r\n{}\r\n{head}\n{}", traces.join("\r\n"), "\0".repeat(5_000));
            let sources = [Source::from_bytes(SourceId(0), "app.log", text.as_bytes())];
            let Normalized { events, sources, .. } = normalize(&sources, &Options::default(), &|_| ());
            assert_eq!((events.len(), sources[0].n_records, sources[0].n_damaged), (2, 2, 0), "{head}");
        }
    }
}
