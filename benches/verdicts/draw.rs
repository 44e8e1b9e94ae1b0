//! Draws fleets with a known cause, one family a function.
//!
//! Bounds and forms come from the field as far as a source states them: rollouts go to all at once, in waves, to a
//! canary first or to a part (Beyer and others, *The Site Reliability Workbook*, 2018, chapter 16); offices fill in the
//! morning and are nearly empty on weekends; incidents are ended by undoing a change, or pass, or last. No source
//! gives the distribution of effect sizes, of rollout lengths or of times to a remedy, so that within their bounds they are
//! flat, and flat in the logarithm where the bounds are more than a factor of five apart. Families come in equal
//! numbers, so that every row is equally sharp, and not in the shares of causes that postmortems count (the same,
//! appendix C): figures over all families are therefore no forecast of how often a verdict is right at a user's.

use std::collections::BTreeSet;

use causeline::frame::Tables;
use causeline::frame::tables::Attempt;
use causeline::judge::CauseKind;
use causeline::model::Name;
use causeline::stats::Random;

use crate::fleet::{DAY, Fleet, HOUR, Trouble, host_name, stamp, user_name};

const NEVER: f64 = f64::INFINITY;
/// The hour of the day at which the first people come.
const OPENS_H: f64 = 7.0;
/// The family whose draws must tell the founding story.
const FOUNDING: &str = "founding case";
/// The component that is guilty in the families with a guilty change: its first change of the record.
pub(crate) const GUILTY: &str = "Guilty";
/// The chance that what mends a fault is a newer or an older version of the guilty component; else it is something else,
/// such as a setting that goes around it.
const P_OWN_FIX: f64 = 0.75;
/// The chance that failures by a guilty change name a component at all, and that they name the guilty one then; else it is any
/// that changed, for it only met the fault. No source tells either.
const P_NAMES_ANY: f64 = 0.5;
const P_NAMES_GUILTY: f64 = 0.7;
/// The judge calls fewer failures than this no incident (`docs/method.md`): such a draw is drawn again.
const MIN_FAILED: usize = 6;
/// Draws at most: an effect of a twentieth at an empty office may fail nobody a few times in a row.
const MAX_ROUNDS: u64 = 200;

/// What is right.
#[derive(Clone, Debug)]
pub(crate) enum Truth {
    /// No incident.
    Quiet,
    /// The change of [`GUILTY`].
    Guilty,
    /// A change that no table holds.
    Unrecorded,
    /// More people than seats, or something that all hosts need.
    Kind(CauseKind),
    /// This host.
    Host(Name),
    /// This account.
    Account(Name),
}

/// A family: its name, how it is drawn, and whether the guilty change is taken out of the table.
pub(crate) struct Family {
    /// In tables.
    pub(crate) name: &'static str,
    draw: fn(&mut Scene) -> Truth,
    is_unrecorded: bool,
}

/// All families.
pub(crate) const FAMILIES: &[Family] = &[
    Family { name: "latent change under load", draw: latent, is_unrecorded: false },
    Family { name: "guilty deploy", draw: deploy, is_unrecorded: false },
    Family { name: "several deploys", draw: several, is_unrecorded: false },
    Family { name: "capacity", draw: capacity, is_unrecorded: false },
    Family { name: "dependency", draw: dependency, is_unrecorded: false },
    Family { name: "bad host", draw: bad_host, is_unrecorded: false },
    Family { name: "one account", draw: account, is_unrecorded: false },
    Family { name: "quiet", draw: quiet, is_unrecorded: false },
    Family { name: "latent, unrecorded", draw: latent, is_unrecorded: true },
    Family { name: "deploy, unrecorded", draw: deploy, is_unrecorded: true },
    Family { name: "several, unrecorded", draw: several, is_unrecorded: true },
    Family { name: FOUNDING, draw: founding, is_unrecorded: false },
];

/// A fleet with its truth.
pub(crate) struct Case {
    /// The fleet.
    pub(crate) fleet: Fleet,
    /// What is right.
    pub(crate) truth: Truth,
    /// When people come back and make a latent fault loud, seconds.
    pub(crate) onset: Option<f64>,
}

/// A fleet in the making.
struct Scene {
    random: Random,
    fleet: Fleet,
    onset: Option<f64>,
}

/// The case of a family by number; the same number gives the same case.
pub(crate) fn case(place: usize, number: usize) -> Case {
    let family = &FAMILIES[place];
    let mut case = drawn(family, place, number, 0);
    for round in 1..MAX_ROUNDS {
        let (tables, failed) = case.fleet.tables_and_truth();
        let is_story = family.name != FOUNDING || is_founding(&case.fleet, &tables);
        if matches!(case.truth, Truth::Quiet) || (failed.len() >= MIN_FAILED && is_story) {
            break;
        }
        case = drawn(family, place, number, round);
    }
    case
}

fn drawn(family: &Family, place: usize, number: usize, round: u64) -> Case {
    let seed = ((place as u64 + 1) << 40) | ((number as u64) << 16) | round;
    let mut scene = Scene::new(seed);
    let n_innocent = scene.random.below(15);
    scene.innocents(n_innocent);
    let mut truth = (family.draw)(&mut scene);
    if family.is_unrecorded {
        // Its fix stays in the table.
        if let Some(place) = scene.fleet.changes.iter().position(|change| &*change.component == GUILTY) {
            scene.fleet.changes.remove(place);
        }
        truth = Truth::Unrecorded;
    }
    Case { fleet: scene.fleet, truth, onset: scene.onset }
}

impl Scene {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut fleet = Fleet::new(random.bits());
        fleet.n_hosts = 3 + random.below(6);
        fleet.n_users = fleet.n_hosts * (8 + random.below(15));
        fleet.n_days = 7 * (3 + random.below(3));
        fleet.noise = log_flat(&mut random, 0.004, 0.03);
        fleet.n_bursts = random.below(4);
        let mut scene = Self { random, fleet, onset: None };
        let (usual, weekend) = (scene.within(0.4, 0.8), scene.within(0.02, 0.2));
        scene.presence(|_| usual, weekend);
        scene
    }

    fn within(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * self.random.unit()
    }

    fn presence(&mut self, on_day: impl Fn(usize) -> f64, weekend: f64) {
        let days = 0..self.fleet.n_days;
        self.fleet.presence = days.map(|day| if day % 7 >= 5 { weekend } else { on_day(day) }).collect();
    }

    /// A moment of a working day, within a part of the record.
    fn moment(&mut self, from: f64, to: f64) -> f64 {
        let n_days = self.fleet.n_days as f64;
        loop {
            let day = (self.within(from, to) * n_days).floor();
            if day as usize % 7 < 5 {
                return day * DAY + self.within(6.0, 17.0) * HOUR;
            }
        }
    }

    /// How large an effect is: from a twentieth to nine tenths.
    fn effect(&mut self) -> f64 {
        log_flat(&mut self.random, 0.05, 0.9)
    }

    /// When each host gets a change that begins to go out at `start`.
    fn rollout(&mut self, start: f64) -> Vec<f64> {
        let n_hosts = self.fleet.n_hosts;
        let drawn = self.random.unit();
        let canary = self.random.below(n_hosts);
        let days = self.within(0.3, 2.0) * DAY;
        (0..n_hosts)
            .map(|host| {
                let soon = start + self.random.unit() * HOUR;
                match drawn {
                    // All within an hour.
                    0.0..0.35 => soon,
                    // In waves.
                    0.35..0.65 => start + self.random.unit() * 3.0 * DAY,
                    // One first.
                    0.65..0.85 => soon + if host == canary { 0.0 } else { days },
                    // A part of them, one at least.
                    _ => {
                        if host == canary || self.random.unit() < 0.5 {
                            soon
                        } else {
                            NEVER
                        }
                    }
                }
            })
            .collect()
    }

    fn innocents(&mut self, n: usize) {
        for place in 0..n {
            let start = self.moment(0.0, 1.0);
            let at = self.rollout(start);
            self.fleet.change(&format!("Innocent {place}"), &at);
        }
    }

    /// Until when each host suffers from what came at `onset`: half of the time a recorded change ends it, mostly one of the
    /// guilty component, on all hosts or on one first; else it lasts.
    fn remedy(&mut self, onset: f64) -> Vec<f64> {
        let n_hosts = self.fleet.n_hosts;
        if self.random.unit() < 0.5 {
            return vec![NEVER; n_hosts];
        }
        let first = onset + log_flat(&mut self.random, 5.0, 90.0) * HOUR;
        let later = if self.random.unit() < 0.4 { self.within(6.0, 36.0) * HOUR } else { 0.0 };
        let canary = self.random.below(n_hosts);
        let until: Vec<f64> = (0..n_hosts)
            .map(|host| first + if host == canary { 0.0 } else { later } + self.random.unit() * 0.5 * HOUR)
            .collect();
        self.fix(&until);
        until
    }

    /// Records what ended a fault of the guilty component.
    fn fix(&mut self, at: &[f64]) {
        let component = if self.random.unit() < P_OWN_FIX { GUILTY } else { "Remedy" };
        self.fleet.change(component, at);
    }

    /// Draws which component failures name, if they name any.
    fn name_a_component(&mut self) {
        if self.random.unit() >= P_NAMES_ANY {
            return;
        }
        let all = &self.fleet.changes;
        let one = all[self.random.below(all.len())].component.clone();
        self.fleet.named = Some(if self.random.unit() < P_NAMES_GUILTY { Name::from(GUILTY) } else { one });
    }
}

fn log_flat(random: &mut Random, from: f64, to: f64) -> f64 {
    from * (to / from).powf(random.unit())
}

/// A change of the first half blocks users now and then; in the last third people come back from holidays.
fn latent(scene: &mut Scene) -> Truth {
    let (usual, high, weekend) = (scene.within(0.3, 0.5), scene.within(0.7, 0.95), scene.within(0.02, 0.15));
    let back = scene.fleet.n_days - 7;
    scene.presence(|day| if day >= back { high } else { usual }, weekend);
    scene.onset = Some(back as f64 * DAY + OPENS_H * HOUR);
    let start = scene.moment(0.05, 0.45);
    let at = scene.rollout(start);
    scene.fleet.change(GUILTY, &at);
    let until = scene.remedy((back as f64) * DAY + 8.0 * HOUR);
    scene.name_a_component();
    let (q, days) = (log_flat(&mut scene.random, 0.05, 0.9), log_flat(&mut scene.random, 0.4, 4.0));
    scene.fleet.trouble(Trouble::Latent { at, until, q, power: 2.0, days }, "fslogix-profile-locked");
    Truth::Guilty
}

/// The founding case: a component's update, host by host in the first weeks of holidays, blocks users now and then; the
/// last week brings everybody back, the Saturday before it an innocent update of the application; then the component's
/// hotfix, on one host first. From 4 to 40 hosts; half of the fleets keep no marks of incomplete closes.
fn founding(scene: &mut Scene) -> Truth {
    let n_hosts = log_flat(&mut scene.random, 4.0, 41.0) as usize;
    scene.fleet.n_hosts = n_hosts;
    scene.fleet.n_users = n_hosts * (8 + scene.random.below(15));
    scene.fleet.n_days = 7 * (5 + scene.random.below(3));
    scene.fleet.marks = (scene.random.unit() < 0.5).then_some(0.8);
    // What was drawn for another number of hosts.
    scene.fleet.changes.clear();
    let n_innocent = 3 + scene.random.below(6);
    scene.innocents(n_innocent);
    let (usual, high, weekend) = (scene.within(0.35, 0.55), scene.within(0.75, 0.97), scene.within(0.02, 0.12));
    let back = scene.fleet.n_days - 7;
    scene.presence(|day| if day >= back { high } else { usual }, weekend);
    scene.onset = Some(back as f64 * DAY + OPENS_H * HOUR);
    let start = scene.moment(0.1, 0.4);
    let days = log_flat(&mut scene.random, 0.2, 8.0);
    let at: Vec<f64> = (0..n_hosts).map(|_| start + scene.random.unit() * days * DAY).collect();
    scene.fleet.change(GUILTY, &at);
    let monday = back as f64 * DAY;
    let saturday = monday - 2.0 * DAY + scene.within(8.0, 16.0) * HOUR;
    let on_saturday: Vec<f64> = (0..n_hosts).map(|_| saturday + scene.random.unit() * HOUR).collect();
    scene.fleet.change(APPLICATION, &on_saturday);
    let (first, others) = (monday + scene.within(11.0, 16.0) * HOUR, monday + scene.within(30.0, 90.0) * HOUR);
    let canary = scene.random.below(n_hosts);
    let until: Vec<f64> = (0..n_hosts)
        .map(|host| if host == canary { first } else { others + scene.random.unit() * 2.0 * HOUR })
        .collect();
    scene.fleet.change(GUILTY, &until);
    scene.name_a_component();
    let (q, lasts) = (log_flat(&mut scene.random, 0.05, 0.9), log_flat(&mut scene.random, 0.4, 4.0));
    scene.fleet.trouble(Trouble::Latent { at, until, q, power: 2.0, days: lasts }, "fslogix-profile-locked");
    Truth::Guilty
}

/// Whether a fleet tells the founding story: isolated cases before the Saturday, and an avalanche after it.
fn is_founding(fleet: &Fleet, tables: &Tables) -> bool {
    let saturday = stamp((fleet.n_days - 9) as f64 * DAY);
    let refused = |attempt: &&Attempt| attempt.signature.as_deref() == Some("fslogix-profile-locked");
    let (before, after): (Vec<_>, Vec<_>) = tables.attempts.iter().filter(refused).partition(|one| one.at < saturday);
    let users = |all: &[&Attempt]| all.iter().map(|one| one.user.clone()).collect::<BTreeSet<Name>>().len();
    users(&before) >= MIN_ISOLATED && users(&after) >= MIN_AVALANCHE.max(fleet.n_users / 20)
}

/// People who failed before the Saturday, at least: without them nothing speaks for its update's innocence.
const MIN_ISOLATED: usize = 5;
/// People who failed after it, at least; in large fleets a twentieth of them.
const MIN_AVALANCHE: usize = 10;
/// The innocent update of the Saturday.
pub(crate) const APPLICATION: &str = "Application";

fn deploy(scene: &mut Scene) -> Truth {
    let start = scene.moment(0.4, 0.85);
    guilty_at(scene, start)
}

/// Two to four more deploys of the two days before the guilty one and the day after, each with a rollout of its own.
fn several(scene: &mut Scene) -> Truth {
    let start = scene.moment(0.4, 0.85);
    for place in 0..2 + scene.random.below(3) {
        let near = start + scene.within(-48.0, 24.0) * HOUR;
        let at = scene.rollout(near);
        scene.fleet.change(&format!("Neighbour {place}"), &at);
    }
    guilty_at(scene, start)
}

fn guilty_at(scene: &mut Scene, start: f64) -> Truth {
    let at = scene.rollout(start);
    scene.fleet.change(GUILTY, &at);
    let until = scene.remedy(start);
    scene.name_a_component();
    let p = scene.effect();
    scene.fleet.trouble(Trouble::Deploy { at, until, p }, "profile-load-failed");
    Truth::Guilty
}

fn capacity(scene: &mut Scene) -> Truth {
    let (usual, high, weekend) = (scene.within(0.3, 0.5), scene.within(0.8, 0.97), scene.within(0.02, 0.15));
    let from = scene.fleet.n_days - 7 - scene.random.below(4);
    scene.presence(|day| if day >= from { high } else { usual }, weekend);
    let people = scene.fleet.n_users as f64 / scene.fleet.n_hosts as f64;
    let seats = (people * scene.within(0.6, 0.7)).round() as usize;
    scene.fleet.trouble(Trouble::Capacity { seats }, "session-refused");
    Truth::Kind(CauseKind::Capacity)
}

fn dependency(scene: &mut Scene) -> Truth {
    let from = scene.moment(0.2, 0.9);
    let to = from + log_flat(&mut scene.random, 1.0, 36.0) * HOUR;
    let p = scene.effect();
    scene.fleet.trouble(Trouble::Dependency { from, to, p }, "no-logon-server");
    Truth::Kind(CauseKind::Dependency)
}

fn bad_host(scene: &mut Scene) -> Truth {
    let host = scene.random.below(scene.fleet.n_hosts);
    let from = scene.moment(0.2, 0.9);
    let to = from + log_flat(&mut scene.random, 6.0, 144.0) * HOUR;
    let p = scene.effect();
    scene.fleet.trouble(Trouble::BadHost { host, from, to, p }, "profile-load-failed");
    Truth::Host(host_name(host))
}

fn account(scene: &mut Scene) -> Truth {
    let user = scene.random.below(scene.fleet.n_users);
    let from = scene.moment(0.2, 0.9);
    let to = from + log_flat(&mut scene.random, 8.0, 144.0) * HOUR;
    scene.fleet.trouble(Trouble::Password { user, from, to }, "logon-bad-password");
    Truth::Account(user_name(user))
}

fn quiet(_: &mut Scene) -> Truth {
    Truth::Quiet
}

/// What a forecast is tried on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ahead {
    /// A latent fault that goes with this power of load.
    Latent(f64),
    /// A deploy that fails attempts at any load.
    Deploy,
    /// Nothing.
    Quiet,
}

/// A fleet of some weeks of low load and a full one, with a fault from the first week on that nobody mends.
pub(crate) fn ahead(kind: Ahead, number: usize) -> Fleet {
    // The same people and dice for every kind.
    let mut scene = Scene::new((0xA4EAD << 40) | number as u64);
    let n_innocent = scene.random.below(10);
    scene.innocents(n_innocent);
    let (usual, high, weekend) = (scene.within(0.3, 0.5), scene.within(0.7, 0.95), scene.within(0.02, 0.15));
    let back = scene.fleet.n_days - 7;
    scene.presence(|day| if day >= back { high } else { usual }, weekend);
    let start = scene.moment(0.05, 0.3);
    let at = scene.rollout(start);
    let until = vec![NEVER; scene.fleet.n_hosts];
    // About as many failures in the quiet weeks, whatever the power: about half of the seats are taken there.
    let (q, days) = (log_flat(&mut scene.random, 0.02, 0.2), log_flat(&mut scene.random, 0.4, 4.0));
    let trouble = match kind {
        Ahead::Latent(power) => {
            let q = (q * 2.0_f64.powf(power)).min(0.9);
            Some((Trouble::Latent { at: at.clone(), until, q, power, days }, "fslogix-profile-locked"))
        }
        Ahead::Deploy => Some((Trouble::Deploy { at: at.clone(), until, p: q }, "profile-load-failed")),
        Ahead::Quiet => None,
    };
    if let Some((trouble, signature)) = trouble {
        scene.fleet.change(GUILTY, &at);
        scene.fleet.trouble(trouble, signature);
    }
    scene.fleet
}
