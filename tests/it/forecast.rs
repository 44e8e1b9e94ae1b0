//! Forecasts: a fault that grows with load is told before the full week comes, and nothing is told where nothing grows.

use causeline::correlate::{self, Load, correlate};
use causeline::frame::Tables;
use causeline::judge::{self, Latent};

use crate::fleet::{DAY, Fleet, Trouble, stamp};

const NEVER: f64 = f64::INFINITY;
const LOCKED: &str = "fslogix-profile-locked";

/// Three weeks with two people in five, and as many more weeks with nearly all of them.
fn fleet(seed: u64, n_full: usize, trouble: Option<Trouble>) -> Fleet {
    let mut fleet = Fleet::new(seed);
    fleet.n_days = 21 + 7 * n_full;
    let usual = |day: usize| if day < 21 { 0.4 } else { 0.9 };
    fleet.presence = (0..fleet.n_days).map(|day| if day % 7 >= 5 { 0.05 } else { usual(day) }).collect();
    fleet.innocents(5);
    if let Some(trouble) = trouble {
        fleet.change("Guilty", &[3.4 * DAY; 5]).trouble(trouble, LOCKED);
    }
    fleet
}

fn latent_fault() -> Trouble {
    Trouble::Latent { at: vec![3.4 * DAY; 5], until: vec![NEVER; 5], q: 0.35, power: 2.0, days: 1.5 }
}

fn told(tables: &Tables, load: Option<f64>) -> Vec<Latent> {
    let options = judge::Options { load, ..judge::Options::default() };
    judge::judge(&correlate(tables, &correlate::Options::default()), &options).latent
}

/// The share of people who fail when they first come on a day of work of the fourth week.
fn failed_in_the_full_week(seed: u64) -> f64 {
    let tables = fleet(seed, 1, Some(latent_fault())).tables();
    let mut first: Vec<(i64, &str, bool)> = Vec::new();
    for attempt in tables.attempts.iter().filter(|one| one.at >= stamp(21.0 * DAY) && one.at < stamp(26.0 * DAY)) {
        let day = (attempt.at.seconds_since(stamp(0.0)) / DAY) as i64;
        if !first.iter().any(|one| (one.0, one.1) == (day, &attempt.user)) {
            first.push((day, &attempt.user, attempt.signature.as_deref() == Some(LOCKED)));
        }
    }
    first.iter().filter(|one| one.2).count() as f64 / first.len() as f64
}

#[test]
fn a_latent_fault_is_told_before_the_full_week() {
    let full = fleet(1, 1, None).tables();
    let peak = Load::of(&full, full.window.unwrap()).highest;
    let expected = [101, 102, 103, 104].map(failed_in_the_full_week).iter().sum::<f64>() / 4.0;
    for seed in [1, 2, 3] {
        let told = told(&fleet(seed, 0, Some(latent_fault())).tables(), Some(peak));
        let one = told.first().unwrap_or_else(|| panic!("seed {seed}: no forecast"));
        assert_eq!((&*one.signature, one.load_from), (LOCKED, "--load FILE"), "seed {seed}");
        assert!(one.share.lower > 2.0 * one.background, "seed {seed}: {one:?}");
        assert!((one.share.lower..one.share.upper).contains(&expected), "seed {seed}: {expected} {one:?}");
        assert!(one.load_visited < 0.8, "seed {seed}: {one:?}");
    }
}

#[test]
fn the_further_beyond_what_was_seen_the_wider_the_interval() {
    let tables = fleet(2, 0, Some(latent_fault())).tables();
    let width = |load| told(&tables, load).first().map(|one| (one.share.upper - one.share.lower, one.load_visited));
    let (seen, all) = width(None).unwrap();
    let (beyond, half) = width(Some(2.0 * Load::of(&tables, tables.window.unwrap()).highest)).unwrap();
    assert!(beyond > 1.5 * seen && half < 0.55 && all > 0.85, "{seen} {all} {beyond} {half}");
}

#[test]
fn nothing_is_foreseen_where_nothing_grows() {
    for seed in [1, 2, 3, 4] {
        assert!(told(&fleet(seed, 0, None).tables(), Some(40.0)).is_empty(), "seed {seed}: a quiet log");
        let deploy = Trouble::Deploy { at: vec![3.4 * DAY; 5], until: vec![NEVER; 5], p: 0.15 };
        assert!(told(&fleet(seed, 0, Some(deploy)).tables(), Some(40.0)).is_empty(), "seed {seed}: a deploy");
    }
}
