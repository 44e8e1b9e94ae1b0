//! Estimates the zone of logs that state none by the events that other logs hold as well.
//!
//! A user who is seen on a host, or a client that is seen, stands in several logs at nearly one time. In the right
//! zone many such events meet; in a wrong one only as many as chance gives, and how many that is the wrong zones
//! themselves show. A zone is taken if what it meets is too much for the best of the others by a Poisson bound. What
//! is left between the clocks, below the quarter of an hour by which zones differ, is reported and not applied.

use std::collections::{BTreeMap, BTreeSet};

use super::clock::{Civil, Place, ZoneRule};
use super::source::{Kept, One};
use crate::model::time::TICKS_PER_SECOND;
use crate::model::{Event, Name, Timestamp};

/// Two records of one event lie closer than this: half the quarter of an hour by which zones differ at least, so
/// that no two zones can both fit the same pair.
const NEAR_TICKS: i64 = 450 * TICKS_PER_SECOND;
/// So many events are compared at most; more add nothing.
const N_COMPARED_MAX: usize = 400;
/// The probability that chance meets so many must be below this.
const P_CHANCE: f64 = 0.001;

/// Who is seen, and where that is said: a user on a host, a user, or a client.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Seen {
    UserOn(Name, Name),
    User(Name),
    Client(Name),
}

/// When whom the logs that know their zone saw.
#[derive(Default)]
pub(super) struct Sightings(BTreeMap<Seen, Vec<Timestamp>>);

/// The zone in which a log meets the others.
pub(super) struct Meeting {
    /// The zone.
    pub(super) rule: ZoneRule,
    /// How many events met.
    n_met: usize,
    /// How many events can meet.
    n_compared: usize,
    /// How many met in the best zone of another offset.
    n_rival: usize,
    /// How much later the events stand than in the others, in ticks, and how exactly that is known.
    later: (i64, i64),
}

impl Sightings {
    /// Gathers them from sources whose stamps are settled, as far as the others speak of the same.
    pub(super) fn new(ones: &[One]) -> Self {
        let mut all = Self::default();
        let events = |is_open: bool| {
            let of_kind = ones.iter().filter(move |one| one.zone_is_open == is_open);
            of_kind.flat_map(|one| &one.kept).filter_map(event)
        };
        let names = events(true).flat_map(|event| [&event.user, &event.client]).flatten();
        let wanted: BTreeSet<&Name> = names.collect();
        let is_wanted = |name: &Option<Name>| name.as_ref().is_some_and(|name| wanted.contains(name));
        for event in events(false).filter(|event| is_wanted(&event.user) || is_wanted(&event.client)) {
            for seen in keys(event) {
                all.0.entry(seen).or_default().push(event.at);
            }
        }
        for times in all.0.values_mut() {
            times.sort_unstable();
            times.dedup();
        }
        all
    }

    /// The closest sighting that a time meets, by its place among those of `seen`.
    fn near(&self, seen: &Seen, at: Timestamp) -> Option<usize> {
        let times = self.0.get(seen)?;
        let next = times.partition_point(|time| *time < at);
        let distance = |index: &usize| (times[*index].0 - at.0).abs();
        let closest = [next.checked_sub(1), Some(next)].into_iter().flatten().filter(|index| *index < times.len());
        closest.min_by_key(distance).filter(|index| distance(index) < NEAR_TICKS)
    }

    /// The zone in which the events of sources of one clock meet these; `stated` is tried first.
    ///
    /// `None` if what meets may be chance.
    pub(super) fn zone_of(&self, ones: &[&One], stated: Option<&ZoneRule>) -> Option<Meeting> {
        let compared = self.compared(ones);
        let zones = stated.cloned().into_iter().chain(std::iter::once(ZoneRule::UTC)).chain(super::zone::all_zones());
        let mut scored: Vec<(usize, Vec<i64>, ZoneRule)> = Vec::new();
        for rule in zones {
            let offsets: Vec<i64> = compared.iter().map(|(_, civil)| civil.0 - instant(&rule, *civil).0).collect();
            if scored.iter().any(|(_, known, _)| *known == offsets) {
                continue;
            }
            scored.push((self.met(&compared, &offsets).len(), offsets, rule));
        }
        let best = scored.iter().enumerate().max_by_key(|(index, (n_met, ..))| (*n_met, std::cmp::Reverse(*index)))?.0;
        let (n_met, offsets, rule) = &scored[best];
        // Zones that differ for a part of the span only (their summers begin on other days) are rivals by that
        // part alone; what must be clear is the offset at most of the events.
        let differs = |other: &[i64]| offsets.iter().zip(other).filter(|(a, b)| a != b).count() * 2 > offsets.len();
        let n_rival = scored.iter().filter(|(_, other, _)| differs(other)).map(|(n, ..)| *n).max().unwrap_or(0);
        // A few events may meet none in any other zone, by luck.
        if !is_beyond_chance(*n_met, n_rival.max(1) as f64, P_CHANCE) {
            return None;
        }
        let met = self.met(&compared, offsets);
        let later = spread(met.into_values().collect());
        Some(Meeting { rule: rule.clone(), n_met: *n_met, n_compared: compared.len(), n_rival, later })
    }

    /// The events that can meet one, of many an even choice, each by the narrowest of what is seen.
    fn compared(&self, ones: &[&One]) -> Vec<(Seen, Civil)> {
        let all: Vec<(Seen, Civil)> = ones
            .iter()
            .flat_map(|one| &one.kept)
            .filter_map(event)
            .filter_map(|event| {
                let seen = keys(event).into_iter().find(|seen| self.0.contains_key(seen))?;
                Some((seen, Civil(event.at.0)))
            })
            .collect();
        let step = all.len().div_ceil(N_COMPARED_MAX).max(1);
        all.into_iter().step_by(step).collect()
    }

    /// The sightings that are met, each once however many events meet it, and how much later the first of these is.
    fn met(&self, compared: &[(Seen, Civil)], offsets: &[i64]) -> BTreeMap<(&Seen, usize), i64> {
        let mut met = BTreeMap::new();
        let mut used: BTreeSet<(&Seen, usize)> = BTreeSet::new();
        for ((seen, civil), offset) in compared.iter().zip(offsets) {
            let at = Timestamp(civil.0 - offset);
            let Some((seen, times)) = self.0.get_key_value(seen) else { continue };
            if let Some(index) = self.near(seen, at).filter(|index| used.insert((seen, *index))) {
                met.insert((seen, index), at.0 - times[index].0);
            }
        }
        met
    }
}

impl Meeting {
    /// What was found, in words.
    pub(super) fn detail(&self) -> String {
        let (later, exact) = (self.later.0 as f64 / 1e7, self.later.1 as f64 / 1e7);
        let way = if later < 0.0 { "earlier" } else { "later" };
        format!(
            "{}, estimated by {} of {} events that other logs hold, too, where no other offset meets more than {}; here \
             they stand {:.1} s \u{b1} {exact:.1} s {way} on the median",
            self.rule.name(),
            self.n_met,
            self.n_compared,
            self.n_rival,
            later.abs(),
        )
    }
}

fn event(kept: &Kept) -> Option<&Event> {
    match kept {
        Kept::Event(event, ..) => event.as_deref(),
        _ => None,
    }
}

/// Whom an event saw, the narrowest first.
fn keys(event: &Event) -> Vec<Seen> {
    let user_on =
        event.user.as_ref().zip(event.host.as_ref()).map(|(user, host)| Seen::UserOn(user.clone(), host.clone()));
    let user = event.user.clone().map(Seen::User);
    let client = event.client.clone().map(Seen::Client);
    [user_on, user, client].into_iter().flatten().collect()
}

/// The instant at which a clock of that zone shows a time.
pub(super) fn instant(rule: &ZoneRule, civil: Civil) -> Timestamp {
    match rule.place(civil) {
        Place::One(at) | Place::Never(at) | Place::Twice(at, _) => at,
    }
}

/// Whether `n` or more are less probable than `p` where chance gives `mean`, by Poisson's law.
///
/// Sums and products alone, so that every machine decides alike.
pub(crate) fn is_beyond_chance(n: usize, mean: f64, p: f64) -> bool {
    /// Terms are scaled down before they leave the range of numbers; what becomes zero by that counts for nothing.
    const LARGE: f64 = 1e250;
    let mut term = 1.0;
    let (mut below, mut from) = (0.0, 0.0);
    for k in 0..=(n.max(mean as usize) * 2 + 50) {
        if k < n {
            below += term;
        } else {
            from += term;
        }
        term *= mean / (k + 1) as f64;
        if term > LARGE {
            (term, below, from) = (term / LARGE, below / LARGE, from / LARGE);
        }
    }
    from < p * (below + from)
}

/// The median, and its standard error by the median distance from it.
fn spread(mut all: Vec<i64>) -> (i64, i64) {
    let median = |all: &mut Vec<i64>| {
        all.sort_unstable();
        all.get(all.len() / 2).copied().unwrap_or(0)
    };
    let middle = median(&mut all);
    let mut distances: Vec<i64> = all.iter().map(|value| (value - middle).abs()).collect();
    // 1.4826 makes a standard deviation of it, 1.2533 is what a median is less exact than a mean, for normal errors.
    let error = 1.4826 * 1.2533 * median(&mut distances) as f64 / (all.len().max(1) as f64).sqrt();
    (middle, error.round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;
    use crate::model::{SourceId, Trust};
    use crate::normalize::{Normalized, Options, normalize};
    use crate::read::Source;

    /// Which events of 30 users the log without zone shares with the other, and how its clock differs from UTC.
    fn logs(n: usize, n_shared: usize, offset_s: i64) -> (String, String) {
        let mut known = String::new();
        let mut local = String::new();
        for at in 0..n {
            // An uneven day, so that no two distances are alike.
            let second = 1_661_126_400 + (at * at * 7_919 % 79_000) as i64;
            let instant = Timestamp::from_unix_seconds(second);
            known.extend([instant.to_string(), format!(" ERROR login failed for user user{:03}\n", at % 30)]);
            let shift = if at < n_shared { offset_s } else { 4_321 + 977 * at as i64 };
            let civil = Timestamp::from_unix_seconds(second + shift).to_string();
            let civil = civil.trim_end_matches('Z').replace('T', " ");
            local.extend([civil.clone(), format!(",000 [7] ERROR a.B - login failed for user user{:03}\n", at % 30)]);
        }
        (local, known)
    }

    /// The zone of the first source, its trust, and what is said of it.
    fn zone(files: &[(&str, &str)]) -> (String, Trust, String) {
        let sources: Vec<Source> = files
            .iter()
            .zip(0..)
            .map(|((path, text), id)| Source::from_bytes(SourceId(id), path, text.as_bytes()))
            .collect();
        let Normalized { sources, diagnostics, .. } = normalize(&sources, &Options::default(), &|_| ());
        let zone = sources[0].zone.clone();
        let said = diagnostics.into_iter().find(|one| one.code == Code::ZoneAssumed && one.path == files[0].0);
        (zone.name, zone.trust, said.map(|one| one.detail).unwrap_or_default())
    }

    #[test]
    fn the_offset_of_matching_events_is_found_and_said_with_its_numbers() {
        let (local, known) = logs(40, 40, 7_200 + 3);
        let (name, trust, said) = zone(&[("app.log", &local), ("known.log", &known)]);
        assert_eq!((name.as_str(), trust), ("Europe/Berlin", Trust::Derived));
        assert!(said.contains("by 40 of 40 events") && said.contains("3.0 s \u{b1} 0.0 s later"), "{said}");
        // A quarter of the events is enough, and an offset of three quarters of an hour is one.
        let (local, known) = logs(60, 20, 20_700 - 61);
        let (name, trust, said) = zone(&[("app.log", &local), ("known.log", &known)]);
        assert_eq!((name.as_str(), trust), ("Asia/Kathmandu", Trust::Derived), "{said}");
        assert!(said.contains("61.0 s") && said.contains("earlier"), "{said}");
    }

    #[test]
    fn what_may_be_chance_moves_nothing() {
        for (n, n_shared) in [(40, 0), (5, 5), (200, 4)] {
            let (local, known) = logs(n, n_shared, 7_200);
            let (name, trust, said) = zone(&[("app.log", &local), ("known.log", &known)]);
            assert_eq!((name.as_str(), trust), ("UTC", Trust::Guessed), "{n} {n_shared}: {said}");
        }
    }

    #[test]
    fn files_of_one_rotated_set_are_estimated_together() {
        let (local, known) = logs(12, 12, 7_200);
        let lines: Vec<&str> = local.split_inclusive('\n').collect();
        let parts: Vec<String> = lines.chunks(4).map(<[&str]>::concat).collect();
        assert_eq!(zone(&[("app.log", &parts[0]), ("known.log", &known)]).0, "UTC");
        let files =
            [("app.log", &*parts[0]), ("app.log.1", &*parts[1]), ("app.log.2", &*parts[2]), ("known.log", &*known)];
        assert_eq!(zone(&files).0, "Europe/Berlin");
    }

    #[test]
    fn the_bound_is_that_of_poisson() {
        // P(X >= 6) is 0.00059 for a mean of 1, P(X >= 5) 0.0037; for 10 the 0.999 quantile is 21.
        let beyond = |n, mean| is_beyond_chance(n, mean, P_CHANCE);
        assert!(beyond(6, 1.0) && !beyond(5, 1.0));
        assert!(beyond(22, 10.0) && !beyond(20, 10.0));
        assert!(beyond(400, 300.0) && !beyond(340, 300.0));
        assert!(beyond(4_400, 4_000.0) && !beyond(4_100, 4_000.0));
        assert!(is_beyond_chance(5, 0.1, 1e-6) && !is_beyond_chance(5, 0.1, 1e-8));
    }

    #[test]
    fn one_event_that_many_lines_tell_proves_no_more_than_one() {
        let (local, known) = logs(4, 4, 7_200);
        let repeated: String = local.split_inclusive('\n').map(|line| line.repeat(20)).collect();
        assert_eq!(zone(&[("app.log", &repeated), ("known.log", &known)]).0, "UTC");
    }
}
