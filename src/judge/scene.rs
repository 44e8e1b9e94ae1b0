//! One signature's attempts, prepared so that every hypothesis can ask its questions cheaply.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::hypotheses::{Remedied, effects};
use super::reach::LATENESS_H;
use crate::correlate::ratios::Hinges;
use crate::correlate::{Class, Effects, Exposure, Response, Sums, View};
use crate::model::Name;
use crate::stats::special::LogSum;

/// Chances of failing that are tried: about equal steps of their logit, from two in a hundred to nearly all.
pub(crate) const SIZES: [f64; 9] = [0.015, 0.03, 0.06, 0.12, 0.22, 0.35, 0.5, 0.7, 0.92];
/// Powers of load that are tried, with chances at full load.
const POWERS: [(f64, f64); 10] = [
    (0.03, 1.0),
    (0.1, 1.0),
    (0.25, 1.0),
    (0.5, 1.0),
    (0.05, 2.0),
    (0.15, 2.0),
    (0.4, 2.0),
    (0.1, 4.0),
    (0.3, 4.0),
    (0.7, 4.0),
];
/// Thresholds of load that are tried, in units of full load; where load has only just risen far above what was usual, in
/// parts of that: what is full is not known before it was reached.
const THRESHOLDS: [f64; 6] = [0.45, 0.6, 0.75, 0.9, 1.05, 1.25];
/// The load, in units of full load, up to which the highest threshold and the rise above it reach.
const BEYOND: f64 = 1.5;
/// Chances above a threshold that are tried.
pub(crate) const ABOVE: [f64; 4] = [0.08, 0.25, 0.5, 0.85];
const N_HINGES: usize = THRESHOLDS.len() * ABOVE.len();

/// What hypotheses are weighed on.
pub(crate) struct Scene<'a> {
    /// The attempts as the signature sees them.
    pub(crate) view: View<'a>,
    /// Running sums of constant chances, in the order of [`SIZES`].
    pub(crate) constants: Vec<Sums>,
    /// Running sums of powers of load; none for a quick look.
    pub(crate) powers: Vec<Sums>,
    /// Sums of thresholds of load.
    pub(crate) hinges: Vec<Stopped>,
    /// What session ends say to filters of a latent fault; `None` for a quick look, and without ends.
    pub(crate) effects: Option<Effects>,
    /// By change: whether the signature's failures name its component, where they name any.
    pub(crate) is_named: Vec<bool>,
    /// Whether they name one, but none that is known to have changed before.
    pub(crate) names_another: bool,
    /// The span that the caller asked about, seconds.
    pub(crate) asked: Option<(f64, f64)>,
    /// Attempts of each host before each full hour: by hour, by host.
    hours: Vec<Vec<usize>>,
    /// Attempts of each host before it got each change, by change, lateness and host.
    pub(super) got: Vec<Vec<Vec<usize>>>,
    /// By change, as a remedy, and host: the places at which it may have come, with the logarithm of their weights.
    stop_places: Vec<Vec<Vec<(f64, usize)>>>,
    /// The changes that may have ended what began at any time, with the logarithm of their weights.
    remedies: Vec<FreeRemedy>,
    /// By hour: how much of these weights belongs to changes that came to some host later.
    possible: Vec<f64>,
}

/// Sums of one response, over all attempts of each host, and over those before each remedy.
pub(crate) struct Stopped {
    /// The response.
    pub(crate) response: Response,
    /// By host: over all.
    pub(crate) totals: Vec<f64>,
    /// By remedy and host: the logarithm of the mean of `exp` of the sum before it, over when it may have come.
    pub(crate) stops: Vec<Vec<f64>>,
}

impl Stopped {
    /// By host: the sum before a remedy, or over all.
    pub(crate) fn before(&self, end: Remedied) -> &Vec<f64> {
        match end {
            Remedied::By(remedy) => &self.stops[remedy],
            Remedied::Never | Remedied::AtHour(_) => &self.totals,
        }
    }
}

/// A change that may have ended something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FreeRemedy {
    /// The change.
    pub(crate) change: usize,
    /// The logarithm of its weight among all.
    pub(crate) log_weight: f64,
    /// When the last host got it, seconds.
    pub(crate) last_s: f64,
}

/// The logarithm of the mean of `exp` of a value over places, which come with the logarithms of their weights.
pub(crate) fn log_mean_over(places: &[(f64, usize)], value: impl Fn(usize) -> f64) -> f64 {
    if let [(weight, place)] = places {
        return weight + value(*place);
    }
    let mut mean = LogSum::default();
    for (weight, place) in places {
        mean.add(weight + value(*place));
    }
    mean.ln()
}

/// By change: whether at least half of the failures that name a component at all name the change's, and came after it; and
/// whether some name one, but none that changed before.
fn named(view: &View<'_>) -> (Vec<bool>, bool) {
    let own = view.from.tries.iter().zip(&view.classes).filter(|(_, class)| **class == Class::Own);
    let mut named: BTreeMap<&Name, Vec<f64>> = BTreeMap::new();
    for (one, (component, _)) in own.filter_map(|(one, _)| Some((one, one.component.as_ref()?))) {
        named.entry(component).or_default().push(one.at_s);
    }
    let n_any: usize = named.values().map(Vec::len).sum();
    let n_of = |change: &Exposure| -> usize {
        let own = named.iter().filter(|(component, _)| change.is_of(component));
        own.flat_map(|(_, times)| times).filter(|at_s| **at_s >= change.first_s()).count()
    };
    let is_named: Vec<bool> = view.from.changes.iter().map(|change| n_any > 0 && 2 * n_of(change) >= n_any).collect();
    let names_another = n_any > 0 && !is_named.contains(&true);
    (is_named, names_another)
}

impl<'a> Scene<'a> {
    /// Prepares a view whose background is set.
    pub(crate) fn new(view: View<'a>, asked: Option<(f64, f64)>) -> Self {
        let mut scene = Self::quick(view, asked);
        let view = &scene.view;
        scene.powers =
            POWERS.par_iter().map(|(m, gamma)| view.sums(Response::Power { m: *m, gamma: *gamma })).collect();
        scene.effects = effects(view);
        scene
    }

    /// Prepares what quick looks need.
    pub(crate) fn quick(view: View<'a>, asked: Option<(f64, f64)>) -> Self {
        let from = view.from;
        let n_hosts = from.hosts.len();
        let hinges = [false, true].map(|of_fleet| {
            let loads = from.tries.iter().map(|one| if of_fleet { one.fleet_load } else { one.load });
            let unit = (loads.fold(0.0, f64::max) / BEYOND).max(1.0);
            Hinges {
                m: std::array::from_fn(|lane| ABOVE[lane % ABOVE.len()]),
                from: std::array::from_fn(|lane| THRESHOLDS[lane / ABOVE.len()] * unit),
                of_fleet,
            }
        });
        let hours = (0..=from.n_hours())
            .map(|hour| (0..n_hosts).map(|host| view.place(host, hour as f64 * 3600.0)).collect())
            .collect();
        let got = from.changes.iter().map(|change| {
            let late =
                |late_h: f64| (0..n_hosts).map(|host| view.place(host, change.at_s[host] + late_h * 3600.0)).collect();
            LATENESS_H.into_iter().map(late).collect()
        });
        let (is_named, names_another) = named(&view);
        let mut scene = Self {
            constants: SIZES.par_iter().map(|m| view.sums(Response::Constant { m: *m })).collect(),
            powers: Vec::new(),
            hinges: Vec::new(),
            effects: None,
            is_named,
            names_another,
            asked,
            hours,
            got: got.collect(),
            stop_places: Vec::new(),
            remedies: Vec::new(),
            possible: Vec::new(),
            view,
        };
        scene.stop_places = (0..from.changes.len()).map(|remedy| scene.places_of_stop(remedy)).collect();
        scene.hinges = hinges.iter().flat_map(|hinges| scene.stopped(hinges)).collect();
        let remedies = scene.remedies(0.0, None).into_iter();
        scene.remedies = remedies
            .map(|(change, log_weight)| FreeRemedy { change, log_weight, last_s: from.changes[change].last_s() })
            .collect();
        scene.possible = (0..from.n_hours())
            .map(|hour| {
                let later = scene.remedies.iter().filter(|one| one.last_s > hour as f64 * 3600.0);
                later.map(|one| one.log_weight.exp()).sum()
            })
            .collect();
        scene
    }

    /// All changes that may have ended something.
    pub(crate) fn free_remedies(&self) -> &[FreeRemedy] {
        &self.remedies
    }

    /// How much of the weights of all remedies belongs to those that came after this hour; what the others would
    /// have got is shared out among these.
    pub(crate) fn possible_after(&self, hour: usize) -> f64 {
        self.possible[hour]
    }

    fn stopped(&self, hinges: &Hinges<N_HINGES>) -> Vec<Stopped> {
        let of_host = |host: usize| {
            let places = self.stop_places.iter().flat_map(|remedy| remedy[host].iter().map(|one| one.1));
            let mut places: Vec<usize> = places.chain([self.view.tries_of(host).len()]).collect();
            places.sort_unstable();
            places.dedup();
            let sums = self.view.hinges_at(hinges, host, &places);
            let before = |place: usize| places.binary_search(&place).unwrap_or(0);
            let stop = |remedy: &Vec<Vec<(f64, usize)>>| -> [f64; N_HINGES] {
                let found: Vec<(f64, usize)> = remedy[host].iter().map(|one| (one.0, before(one.1))).collect();
                std::array::from_fn(|lane| log_mean_over(&found, |place| sums[place][lane]))
            };
            (sums[sums.len() - 1], self.stop_places.iter().map(stop).collect::<Vec<_>>())
        };
        let hosts: Vec<_> = (0..self.n_hosts()).into_par_iter().map(of_host).collect();
        let stopped = |lane: usize| Stopped {
            response: hinges.response(lane),
            totals: hosts.iter().map(|(total, _)| total[lane]).collect(),
            stops: (0..self.stop_places.len())
                .map(|remedy| hosts.iter().map(|(_, stops)| stops[remedy][lane]).collect())
                .collect(),
        };
        (0..N_HINGES).map(stopped).collect()
    }

    /// Hosts.
    pub(crate) fn n_hosts(&self) -> usize {
        self.view.from.hosts.len()
    }

    /// Full hours in the window.
    pub(crate) fn n_hours(&self) -> usize {
        self.hours.len() - 1
    }

    /// The sum on a host between two full hours.
    pub(crate) fn between(&self, sums: &Sums, host: usize, from_hour: usize, to_hour: usize) -> f64 {
        let last = self.n_hours();
        sums.before(host, self.hours[to_hour.min(last)][host])
            - sums.before(host, self.hours[from_hour.min(last)][host])
    }

    /// By host: the places at which a remedy may have come; the end of the log where it never did.
    pub(crate) fn stop_places(&self, remedy: usize) -> &[Vec<(f64, usize)>] {
        &self.stop_places[remedy]
    }

    /// By host: the logarithm of the mean, over when a remedy may have come, of `exp` of the sum before it.
    ///
    /// Only for spans that begin before the remedy's stated time.
    pub(crate) fn stops(&self, sums: &Sums, remedy: usize) -> Vec<f64> {
        (0..self.n_hosts()).map(|host| self.stop(sums, remedy, host)).collect()
    }

    /// The same on one host, where a list that may know the start only is taken at its word: a remedy that may have come
    /// before a free beginning would be worth what it cannot have ended.
    pub(crate) fn stated_stop(&self, sums: &Sums, remedy: usize, host: usize) -> f64 {
        let is_named = self.view.from.changes[remedy].at_s[host].is_finite();
        if is_named { self.stop(sums, remedy, host) } else { sums.total(host) }
    }

    /// The same on one host.
    fn stop(&self, sums: &Sums, remedy: usize, host: usize) -> f64 {
        log_mean_over(&self.stop_places[remedy][host], |place| sums.before(host, place))
    }

    /// Attempts of a host before a remedy came as stated.
    pub(crate) fn remedied_at(&self, remedy: usize, host: usize) -> usize {
        self.got[remedy][0][host]
    }

    /// Places in the running sums at a full hour, by host.
    pub(crate) fn hour(&self, hour: usize) -> &[usize] {
        &self.hours[hour.min(self.n_hours())]
    }

    /// The ends that a cause which began at `from_s` on its first host can have by a recorded change, with
    /// their logarithmic prior weights, which add up to one.
    ///
    /// A later version or the removal of the guilty component is likelier than any other change: most
    /// incidents that a change caused end by taking it back or by its own fix.
    pub(crate) fn remedies(&self, from_s: f64, guilty: Option<usize>) -> Vec<(usize, f64)> {
        let changes = &self.view.from.changes;
        let weights: Vec<(usize, f64)> = (0..changes.len())
            .filter(|remedy| Some(*remedy) != guilty && changes[*remedy].last_s() > from_s)
            .map(|remedy| {
                let same = guilty.is_some_and(|guilty| changes[guilty].component == changes[remedy].component);
                let usual = if changes[remedy].is_routine {
                    0.2
                } else if changes[remedy].kind == crate::model::ChangeKind::Restart {
                    0.4
                } else {
                    1.0
                };
                (remedy, if same { 4.0 * usual } else { usual })
            })
            .collect();
        let total: f64 = weights.iter().map(|(_, weight)| weight).sum();
        weights.into_iter().map(|(remedy, weight)| (remedy, (weight / total).ln())).collect()
    }

    /// The spans of a change, host by host, until what ended it.
    pub(crate) fn spans_of(&self, change: usize, delay_h: f64, end: Remedied) -> Vec<(f64, f64)> {
        let at = &self.view.from.changes[change].at_s;
        self.spans(|host| at[host] + delay_h * 3600.0, end)
    }

    /// The spans of what began on all hosts at one moment.
    pub(crate) fn spans_from(&self, from_s: f64, end: Remedied) -> Vec<(f64, f64)> {
        self.spans(|_| from_s, end)
    }

    fn spans(&self, from: impl Fn(usize) -> f64, end: Remedied) -> Vec<(f64, f64)> {
        let span = |host: usize| {
            let to = self.ends_at(end, host);
            if from(host) < to { (from(host), to) } else { super::mechanism::NEVER }
        };
        (0..self.n_hosts()).map(span).collect()
    }

    /// When an end comes to a host, as stated, seconds.
    pub(super) fn ends_at(&self, end: Remedied, host: usize) -> f64 {
        match end {
            Remedied::Never => f64::INFINITY,
            Remedied::AtHour(hour) => hour as f64 * 3600.0,
            Remedied::By(remedy) => self.view.from.changes[remedy].at_s[host],
        }
    }
}
