//! Planted chains are found; shared mornings, timers and clocks that step make none.

use proptest::prelude::*;

use super::*;
use crate::frame::Sign;
use crate::model::{Position, SourceId, Timestamp};
use crate::stats::Random;

/// Monday, 2022-07-04.
const START_S: f64 = 1_656_892_800.0;
const DAY_S: f64 = 86_400.0;

/// What was seen: host, signature, seconds since the start.
type Seen = Vec<(&'static str, &'static str, f64)>;

fn tables(seen: &Seen) -> Tables {
    let mut signs: Vec<Sign> = seen
        .iter()
        .zip(1..)
        .map(|((host, signature, at_s), number)| Sign {
            at: Timestamp::default().plus_seconds(START_S + at_s),
            host: Some(Name::from(*host)),
            signature: Name::from(*signature),
            record: Provenance { source: SourceId(0), position: Position::Record(number) },
        })
        .collect();
    signs.sort_by_key(|sign| (sign.at, sign.record));
    Tables { signs, ..Tables::default() }
}

fn found(seen: &Seen) -> Vec<(String, bool)> {
    let chains = chains(&tables(seen));
    chains.iter().map(|chain| (chain.signatures.join(" "), chain.is_ordered)).collect()
}

fn one(names: &str, is_ordered: bool) -> Vec<(String, bool)> {
    vec![(names.to_owned(), is_ordered)]
}

/// Moments at which something happens: working days, most of it at eight; `per_day` on the mean.
fn mornings(random: &mut Random, n_days: usize, per_day: f64) -> Vec<f64> {
    let mut all = Vec::new();
    for day in (0..n_days).filter(|day| day % 7 < 5) {
        for quarter in 0..96 {
            let hour = quarter as f64 / 4.0;
            let busy = if (8.0..9.0).contains(&hour) { 8.0 } else { f64::from(u8::from((6.0..18.0).contains(&hour))) };
            // 8 in the hour of the peak, 1 in the eleven others: 76 quarters in all.
            if random.unit() < per_day * busy / 76.0 {
                all.push(day as f64 * DAY_S + hour * 3_600.0 + random.unit() * 900.0);
            }
        }
    }
    all
}

/// `n` moments anywhere in so many days, hours apart.
fn moments(random: &mut Random, n: usize, n_days: f64) -> Vec<f64> {
    (0..n).map(|place| (place as f64 + 0.8 * random.unit()) * n_days * DAY_S / n as f64).collect()
}

/// Each moment of A is followed, with that chance, by one of B so many seconds later.
fn planted(random: &mut Random, at: &[f64], chance: f64, lag: impl Fn(&mut Random) -> f64) -> Seen {
    let mut seen = Seen::new();
    for at in at {
        seen.push(("RDS01", "a", *at));
        if random.unit() < chance {
            let later = lag(random);
            seen.push(("RDS01", "b", at + later));
        }
    }
    seen
}

#[test]
fn what_always_follows_is_a_chain_with_its_numbers() {
    let mut random = Random::new(1);
    let at = moments(&mut random, 24, 20.0);
    let mut seen = planted(&mut random, &at, 1.0, |random| 5.0 + 10.0 * random.unit());
    // Retries of the same signature are the same episode.
    seen.extend(at.iter().flat_map(|at| (1..9).map(move |n| ("RDS01", "a", at + 60.0 * f64::from(n)))));
    let chains = chains(&tables(&seen));
    assert_eq!(chains.len(), 1);
    let (chain, link) = (&chains[0], &chains[0].links[0]);
    assert_eq!((&*chain.signatures[0], &*chain.signatures[1], chain.is_ordered), ("a", "b", true));
    assert_eq!((link.n_first, link.n_second, link.n_both, chain.n_episodes()), (24, 24, 24, 24));
    // All of 24: the lower end is the 24th root of 0.025.
    assert!((link.followed.lower - 0.857_526_4).abs() < 1e-6, "{link:?}");
    assert!(link.lag_s.lower >= 5.0 && link.lag_s.upper <= 15.0 && link.lag_s.lower <= link.lag_s.value);
    assert!(link.p_chance < 1e-6 && link.hosts == [Name::from("RDS01")] && link.records.len() == 6);
}

#[test]
fn two_that_share_a_morning_are_no_chain() {
    let mut n_false = 0;
    for seed in 0..60 {
        let mut random = Random::new(seed);
        let mut seen = Seen::new();
        for host in ["RDS01", "RDS02", "RDS03"] {
            for (signature, per_day) in [("a", 6.0), ("b", 14.0), ("c", 40.0)] {
                let at = mornings(&mut random, 42, per_day);
                seen.extend(at.into_iter().map(|at| (host, signature, at)));
            }
        }
        n_false += found(&seen).len();
    }
    assert_eq!(n_false, 0);
}

#[test]
fn two_that_begin_at_the_same_minute_of_every_day_are_no_chain() {
    let mut random = Random::new(3);
    let mut seen = Seen::new();
    for day in 0..40 {
        let eight = f64::from(day) * DAY_S + 8.0 * 3_600.0;
        seen.push(("RDS01", "a", eight + 60.0 * random.unit()));
        seen.push(("RDS01", "b", eight + 90.0 + 60.0 * random.unit()));
    }
    assert_eq!(found(&seen), []);
    // Two timers of the same quarter of an hour.
    let timers =
        (0..200).flat_map(|n| [("RDS01", "a", 900.0 * f64::from(n)), ("RDS01", "b", 900.0 * f64::from(n) + 40.0)]);
    assert_eq!(found(&timers.collect()), []);
}

#[test]
fn two_that_share_the_rush_of_every_full_hour_are_no_chain() {
    for (seed, chance) in [(1, 0.6), (2, 0.8), (3, 0.95), (4, 1.0)] {
        let mut random = Random::new(seed);
        let mut seen = Seen::new();
        for hour in (0..30 * 24).filter(|hour| (8..16).contains(&(hour % 24))) {
            for signature in ["a", "b"] {
                if random.unit() < chance {
                    seen.push(("RDS01", signature, f64::from(hour) * 3_600.0 + 240.0 * random.unit()));
                }
            }
        }
        assert_eq!(found(&seen), [], "{chance}");
    }
}

#[test]
fn a_chain_stands_out_of_a_shared_morning() {
    let mut random = Random::new(5);
    let at = mornings(&mut random, 42, 10.0);
    let mut seen = planted(&mut random, &at, 0.95, |random| 2.0 + 50.0 * random.unit());
    seen.extend(mornings(&mut random, 42, 20.0).into_iter().map(|at| ("RDS01", "c", at)));
    assert_eq!(found(&seen), one("a b", true));
}

#[test]
fn seven_are_too_few_and_one_direction_is_not_enough() {
    let mut random = Random::new(7);
    let at = moments(&mut random, 8, 10.0);
    let seen = planted(&mut random, &at, 1.0, |_| 9.0);
    assert_eq!(found(&seen), one("a b", true));
    assert_eq!(found(&seen[..14].to_vec()), []);
    // Every B has an A before it; of the A only a third has a B behind it.
    let at = moments(&mut random, 90, 40.0);
    let mut seen = Seen::new();
    for (place, at) in at.iter().enumerate() {
        seen.push(("RDS01", "a", *at));
        if place % 3 == 0 {
            seen.push(("RDS01", "b", at + 9.0));
        }
    }
    assert_eq!(found(&seen), []);
}

#[test]
fn without_a_steady_order_they_come_together() {
    let mut random = Random::new(9);
    let at = moments(&mut random, 30, 25.0);
    assert_eq!(found(&planted(&mut random, &at, 1.0, |random| 60.0 * random.unit() - 30.0)), one("a b", false));
    // Stamps of whole seconds often do not tell.
    assert_eq!(found(&planted(&mut random, &at, 1.0, |_| 0.0)), one("a b", false));
    assert_eq!(found(&planted(&mut random, &at, 1.0, |random| -1.0 - 9.0 * random.unit())), one("b a", true));
}

#[test]
fn three_in_a_row_are_one_chain_without_the_way_round() {
    let mut random = Random::new(11);
    let mut seen = Seen::new();
    for at in moments(&mut random, 20, 15.0) {
        seen.extend([("RDS01", "c", at), ("RDS01", "a", at + 7.0), ("RDS01", "b", at + 30.0 + 9.0 * random.unit())]);
        seen.push(("RDS01", "d", at + 100.0));
    }
    assert_eq!(found(&seen), one("c a b d", true));
}

#[test]
fn a_fork_is_two_chains() {
    let mut random = Random::new(13);
    let mut seen = Seen::new();
    for at in moments(&mut random, 40, 30.0) {
        let swing = 60.0 * random.unit();
        seen.extend([("RDS01", "a", at), ("RDS01", "b", at + 10.0 + swing), ("RDS01", "c", at + 70.0 - swing)]);
    }
    let found = found(&seen);
    for chain in ["a b", "a c"] {
        assert!(found.contains(&(chain.to_owned(), true)), "{found:?}");
    }
}

#[test]
fn hosts_that_show_only_one_of_them_say_nothing_and_hosts_are_not_mixed() {
    let mut random = Random::new(15);
    let at = moments(&mut random, 20, 15.0);
    let mut seen = planted(&mut random, &at, 1.0, |_| 20.0);
    seen.extend(moments(&mut random, 50, 15.0).into_iter().map(|at| ("DC01", "a", at)));
    assert_eq!(found(&seen), one("a b", true));
    let apart: Seen = planted(&mut random, &at, 1.0, |_| 20.0)
        .into_iter()
        .map(|(_, signature, at)| (if signature == "a" { "RDS01" } else { "RDS02" }, signature, at))
        .collect();
    assert_eq!(found(&apart), []);
}

#[test]
fn a_clock_that_steps_by_an_hour_changes_nothing() {
    let mut random = Random::new(17);
    let at = moments(&mut random, 30, 20.0);
    let seen = planted(&mut random, &at, 0.97, |random| 3.0 + 30.0 * random.unit());
    let expected = found(&seen);
    assert_eq!(expected, one("a b", true));
    for step in [3_600.0, -3_600.0] {
        let stepped = |at: f64| if at > 10.0 * DAY_S { at + step } else { at };
        assert_eq!(found(&seen.iter().map(|(host, name, at)| (*host, *name, stepped(*at))).collect()), expected);
    }
}

#[test]
fn a_record_that_bears_a_signature_is_not_its_own_companion() {
    use crate::frame::{Close, EndKind, Mark, Session};
    let mut random = Random::new(19);
    let seen: Seen = moments(&mut random, 20, 15.0).into_iter().map(|at| ("RDS01", "a", at)).collect();
    let mut tables = tables(&seen);
    let session = |at: Timestamp, record: Provenance| Session {
        host: Name::from("RDS01"),
        user: Name::from("anna"),
        session_id: None,
        started_at: None,
        ended_at: Some(at),
        end_kind: EndKind::Logoff,
        close: Close::Incomplete,
        marks: vec![Mark { at, witness: "lsm-45", record }],
        disconnects: Vec::new(),
        left_at: None,
        next: None,
        later: Vec::new(),
        records: Vec::new(),
    };
    tables.sessions = tables.signs.iter().map(|sign| session(sign.at, sign.record)).collect();
    assert_eq!(chains(&tables), []);
    for (session, number) in tables.sessions.iter_mut().zip(1_000..) {
        session.marks[0].record.position = Position::Record(number);
    }
    assert_eq!(chains(&tables).len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_order_of_the_input_does_not_matter(seed in 0_u64..1_000, n in 8_usize..40) {
        let mut random = Random::new(seed);
        let at = moments(&mut random, n, 12.0);
        let mut seen = planted(&mut random, &at, 0.9, |random| 80.0 * random.unit() - 20.0);
        seen.extend(mornings(&mut random, 12, 9.0).into_iter().map(|at| ("RDS01", "c", at)));
        let mut shuffled = tables(&seen);
        random.shuffle(&mut shuffled.signs);
        prop_assert_eq!(chains(&shuffled), chains(&tables(&seen)));
    }

    /// Any edges, circles among them: every pair stays connected, and each is in one chain at most.
    #[test]
    fn paths_lose_no_connection(edges in prop::collection::btree_set((0_u8..6, 0_u8..6), 0..14)) {
        let name = |number: u8| Name::from(number.to_string());
        let measured = Measured { value: 1.0, lower: 1.0, upper: 1.0 };
        let link = Link {
            n_first: 9, n_second: 9, n_both: 9, followed: measured, preceded: measured, lag_s: measured,
            p_chance: 0.0, hosts: Vec::new(), records: Vec::new(),
        };
        let all: Ordered = edges.iter().filter(|(a, b)| a != b).map(|(a, b)| ((name(*a), name(*b)), link.clone())).collect();
        let kept = without_implied(all.clone());
        let n_kept = kept.len();
        let chains = paths(kept.clone());
        prop_assert_eq!(chains.iter().map(|chain| chain.links.len()).sum::<usize>(), n_kept);
        for (first, second) in all.keys() {
            let (mut seen, mut open) = (BTreeSet::new(), vec![first.clone()]);
            while let Some(next) = open.pop() {
                if seen.insert(next.clone()) {
                    open.extend(kept.keys().filter(|(one, _)| *one == next).map(|(_, other)| other.clone()));
                }
            }
            prop_assert!(seen.contains(second));
        }
    }
}
