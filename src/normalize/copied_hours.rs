//! Counts once what two files hold, in the hours that they cover, though most of it is no event that could be compared.
//!
//! Of the records that nobody wants a file keeps their number alone. Two files that share events share these as well,
//! so of each hour the second one counts what it holds beyond the first. That is exact where one of them holds all of
//! the hour that the other has; where each has a part of its own, it counts too few rather than too many.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Kept, One};
use crate::model::{Event, Name};

/// Records by host, channel in lower case and hour since 1970.
type Counts = BTreeMap<(Name, Name, i64), u64>;

/// The copies in one source.
#[derive(Clone, Default)]
pub(super) struct Copies {
    /// Their places, in order.
    pub(super) places: Vec<usize>,
    /// The sources that keep what they are copies of.
    pub(super) keepers: BTreeSet<usize>,
}

/// Settles the counts of all sources, in this order: keepers come first.
pub(super) fn settle(ones: &mut [One], copies: &[Copies], order: &[usize]) {
    let keepers: BTreeSet<usize> = copies.iter().flat_map(|copies| copies.keepers.iter().copied()).collect();
    let mut unwanted: BTreeMap<usize, Counts> = BTreeMap::new();
    for &index in order {
        let Copies { places, keepers: own_keepers } = &copies[index];
        if places.is_empty() && !keepers.contains(&index) {
            continue;
        }
        let one = &mut ones[index];
        let n_events = counts(one.kept.iter());
        let n_copies = counts(places.iter().map(|place| &one.kept[*place]));
        let mut own = Counts::new();
        for (key, count) in &mut one.summary.hours {
            let of = |counts: &Counts| counts.get(key).copied().unwrap_or(0);
            let n_kept_there: u64 = own_keepers.iter().filter_map(|keeper| unwanted.get(keeper)).map(of).sum();
            let n_unwanted = count.n.saturating_sub(of(&n_events)).saturating_sub(n_kept_there);
            count.n = of(&n_events).saturating_sub(of(&n_copies)) + n_unwanted;
            own.insert(key.clone(), n_unwanted);
        }
        unwanted.insert(index, own);
    }
}

/// How many Windows events there are among these.
fn counts<'k>(kept: impl Iterator<Item = &'k Kept>) -> Counts {
    let mut counts = Counts::new();
    for event in kept.filter_map(event) {
        let Some(host) = &event.host else { continue };
        let channel = event.channel.as_deref().unwrap_or_default().to_lowercase();
        *counts.entry((Name::clone(host), channel.into(), event.at.hour())).or_default() += 1;
    }
    counts
}

fn event(kept: &Kept) -> Option<&Event> {
    match kept {
        Kept::Event(event, _, Some(_)) => event.as_deref(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::model::SourceId;
    use crate::normalize::{Options, normalize};
    use crate::read::Source;

    /// A record of a log, one of five of which is of use.
    fn line(number: u64) -> String {
        let provider = if number.is_multiple_of(5) { "Microsoft-Windows-Kernel-General" } else { "Contoso-Agent" };
        format!(
            r#"{{"@timestamp":"2022-08-22T0{}:{:02}:00Z","winlog":{{"event_id":12,"provider_name":"{provider}","channel":"System","record_id":{number},"computer_name":"RDS01"}}}}"#,
            number / 60,
            number % 60,
        )
    }

    /// How many records the files count together, by hour.
    fn counted(files: &[std::ops::Range<u64>]) -> Vec<u64> {
        let text = |range: &std::ops::Range<u64>| range.clone().map(line).collect::<Vec<_>>().join("\n");
        let sources: Vec<Source> = files
            .iter()
            .zip(0..)
            .map(|(range, id)| Source::from_bytes(SourceId(id), &format!("{id}.json"), text(range).as_bytes()))
            .collect();
        let mut hours = vec![0; 5];
        for source in normalize(&sources, &Options::default(), &|_| ()).sources {
            for ((.., hour), count) in source.hours {
                hours[hour.rem_euclid(24) as usize] += count.n;
            }
        }
        hours
    }

    #[test]
    fn an_hour_counts_its_records_once_however_they_are_cut_and_copied() {
        let whole = [60, 60, 60, 60, 60];
        assert_eq!(counted(&[0..100, 100..300]), whole);
        assert_eq!(counted(&[0..300, 70..200]), whole);
        assert_eq!(counted(&[70..200, 0..300]), whole);
        assert_eq!(counted(&[70..200, 0..120, 120..300]), whole);
        assert_eq!(counted(&[0..300, 0..300, 290..300]), whole);
    }
}
