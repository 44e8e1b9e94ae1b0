//! What every end says to many filters of a latent fault at once, summed so that any exposure is a few subtractions.
//!
//! Each end that begins anew is worth the same whatever other ends are exposed ([`super::blocked`]), and hosts become
//! exposed at a few moments only: running sums by host at those moments are all that is needed, for every filter. Ends
//! that go on with earlier ones are a chain, which is worth what follows the first exposed one, as if those behind it
//! were exposed, too: exact for what came to all hosts and stays, and nearly so else. Filters are run side by side over
//! each end, so that what they share is read and computed once.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::blocked::{Blocked, MAX_BLOCKING, Run, dose};
use super::sequels::{Sequel, Step, What};
use super::{MarkState, View};

/// Filters side by side.
const WIDTH: usize = 16;
/// Ends, or steps behind one end, after which products are looked after. A ratio lies between 1e-12 and 1e5, hardly ever
/// near either: so many cannot leave the range of numbers.
const N_UNSETTLED: usize = 8;

/// Numbers of filters side by side.
type Lanes = [f64; WIDTH];

/// Running sums of what the ends of each host say, by filter.
pub struct Effects {
    /// By host: the moments at which an exposure may begin or end, in order.
    moments: Vec<Vec<f64>>,
    /// By host: the place of its first sum.
    first: Vec<usize>,
    /// Ends that go on with each other: when, where, and the place of its value among those of all chains.
    chains: Vec<Vec<(f64, usize, usize)>>,
    chunks: Vec<Chunk>,
}

/// Sums for filters side by side: by host, over its ends before each of its moments, and over all its ends.
struct Chunk {
    n_filters: usize,
    tries: Vec<Lanes>,
    marks: Vec<Lanes>,
    /// Of the ends of chains: what follows each of them.
    chains: Vec<Lanes>,
}

/// What all filters share.
struct Prepared<'a> {
    view: &'a View<'a>,
    powers: Vec<f64>,
    /// By end and power of load.
    doses: Vec<f64>,
    /// Of each step, in order: the ratio of its outcome if the user is blocked.
    if_blocked: Vec<f64>,
}

impl Effects {
    /// Sums up what all ends say to filters that share the chance of failing if blocked; filters of one clearing should
    /// stand together. `moments` are those at which exposures may begin or end, by host.
    pub fn of(view: &View<'_>, filters: &[Blocked], mut moments: Vec<Vec<f64>>) -> Self {
        let mut first = Vec::with_capacity(moments.len());
        let mut n_sums = 0;
        for host in &mut moments {
            host.retain(|moment| moment.is_finite());
            host.sort_by(f64::total_cmp);
            host.dedup();
            first.push(n_sums);
            n_sums += host.len() + 1;
        }
        let prepared = Prepared::of(view, filters);
        let alike = |a: &Blocked, b: &Blocked| a.lasts_h == b.lasts_h && a.restart_clears == b.restart_clears;
        let chunks: Vec<&[Blocked]> = filters.chunk_by(alike).flat_map(|alike| alike.chunks(WIDTH)).collect();
        let chunks = chunks.par_iter().map(|filters| Chunk::of(&prepared, filters, &moments)).collect();
        Self { moments, first, chains: chains(view), chunks }
    }

    /// By filter: what it says if hosts are exposed within `spans`, which begin and end at moments that it knows, and
    /// if nothing that blocked before the end of a span was cleared by it.
    pub fn runs(&self, spans: &[(f64, f64)]) -> Vec<Run> {
        let place = |host: usize, at_s: f64| self.first[host] + self.moments[host].partition_point(|one| *one < at_s);
        let places: Vec<(usize, usize)> = spans
            .iter()
            .enumerate()
            .filter(|(_, (from_s, to_s))| from_s < to_s)
            .map(|(host, (from_s, to_s))| (place(host, *from_s), place(host, *to_s)))
            .collect();
        let is_exposed = |at_s: f64, host: usize| spans[host].0 <= at_s && at_s < spans[host].1;
        let first_exposed = |chain: &Vec<(f64, usize, usize)>| {
            chain.iter().find(|(at_s, host, _)| is_exposed(*at_s, *host)).map(|(_, _, value)| *value)
        };
        let begun: Vec<usize> = self.chains.iter().filter_map(first_exposed).collect();
        let mut runs = Vec::new();
        for chunk in &self.chunks {
            let (mut tries, mut marks) = ([0.0; WIDTH], [0.0; WIDTH]);
            for &(from, to) in &places {
                for lane in 0..WIDTH {
                    tries[lane] += chunk.tries[to][lane] - chunk.tries[from][lane];
                    marks[lane] += chunk.marks[to][lane] - chunk.marks[from][lane];
                }
            }
            for value in &begun {
                for (sum, value) in tries.iter_mut().zip(&chunk.chains[*value]) {
                    *sum += value;
                }
            }
            runs.extend((0..chunk.n_filters).map(|lane| Run { tries: tries[lane], marks: marks[lane] }));
        }
        runs
    }
}

/// Ends that go on with each other, by time.
fn chains(view: &View<'_>) -> Vec<Vec<(f64, usize, usize)>> {
    let mut chains: BTreeMap<usize, Vec<(f64, usize, usize)>> = BTreeMap::new();
    for (value, one) in view.from.sequels.iter().filter(Sequel::is_of_chain).enumerate() {
        let end = &view.from.ends[one.end];
        chains.entry(one.first + one.steps.len()).or_default().push((end.at_s, end.host, value));
    }
    let mut chains: Vec<_> = chains.into_values().collect();
    for chain in &mut chains {
        chain.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.2.cmp(&b.2)));
    }
    chains
}

impl<'a> Prepared<'a> {
    fn of(view: &'a View<'a>, filters: &[Blocked]) -> Self {
        let mut powers: Vec<f64> = filters.iter().map(|filter| filter.gamma).collect();
        powers.sort_by(f64::total_cmp);
        powers.dedup();
        let kappa = filters.first().map_or(1.0, |filter| filter.kappa);
        let steps = view.from.sequels.steps().iter();
        Self {
            view,
            doses: view.from.ends.iter().flat_map(|end| powers.iter().map(|gamma| dose(end, *gamma))).collect(),
            powers,
            if_blocked: steps.map(|step| step.tried().map_or(1.0, |place| view.if_blocked(place, kappa))).collect(),
        }
    }
}

impl Chunk {
    fn of(prepared: &Prepared<'_>, filters: &[Blocked], moments: &[Vec<f64>]) -> Self {
        let lanes = Side::of(prepared, filters);
        let mut chunk = Self { n_filters: filters.len(), tries: Vec::new(), marks: Vec::new(), chains: Vec::new() };
        let ends = &prepared.view.from.ends;
        let mut sequels = prepared.view.from.sequels.iter().peekable();
        for (host, moments) in moments.iter().enumerate() {
            let (mut tries, mut marks) = (Products::default(), Products::default());
            let (mut next, mut n_ends) = (0, 0);
            let mut put = |tries: &Products, marks: &Products| {
                chunk.tries.push(tries.ln());
                chunk.marks.push(marks.ln());
            };
            while let Some(one) = sequels.next_if(|one| ends[one.end].host == host) {
                while next < moments.len() && moments[next] <= ends[one.end].at_s {
                    put(&tries, &marks);
                    next += 1;
                }
                let mut w = lanes.leave(prepared, one.end, Some(&mut marks));
                if one.is_of_chain() {
                    let mut of_chain = Products::default();
                    lanes.follow(prepared, one.steps, one.first, &mut w, &mut of_chain);
                    chunk.chains.push(of_chain.ln());
                } else {
                    lanes.follow(prepared, one.steps, one.first, &mut w, &mut tries);
                }
                n_ends += 1;
                if n_ends % N_UNSETTLED == 0 {
                    tries.settle();
                    marks.settle();
                }
            }
            for _ in next..=moments.len() {
                put(&tries, &marks);
            }
        }
        chunk
    }
}

/// Filters side by side.
struct Side {
    /// One of them: they clear alike.
    any: Blocked,
    q0: Lanes,
    power: [usize; WIDTH],
    d: Lanes,
    d0: Lanes,
}

impl Side {
    fn of(prepared: &Prepared<'_>, filters: &[Blocked]) -> Self {
        let of = |lane: usize| filters[lane.min(filters.len() - 1)];
        let lanes = |pick: fn(&Blocked) -> f64| std::array::from_fn(|lane| pick(&of(lane)));
        let power = |lane| prepared.powers.iter().position(|gamma| *gamma == of(lane).gamma).unwrap_or(0);
        Self {
            any: filters[0],
            q0: lanes(|filter| filter.q0),
            power: std::array::from_fn(power),
            d: lanes(|filter| filter.d),
            d0: lanes(|filter| filter.d0),
        }
    }

    /// The chances that the user of an ended session is blocked, after its mark.
    fn leave(&self, prepared: &Prepared<'_>, place: usize, marks: Option<&mut Products>) -> Lanes {
        let n_powers = prepared.powers.len();
        let doses = &prepared.doses[place * n_powers..(place + 1) * n_powers];
        let mark = prepared.view.mark(&prepared.view.from.ends[place]);
        let mut e: Lanes = std::array::from_fn(|lane| (self.q0[lane] * doses[self.power[lane]]).min(MAX_BLOCKING));
        let mut ratio = [1.0; WIDTH];
        let (d, d0) = (&self.d, &self.d0);
        match mark {
            MarkState::Seen => {
                for lane in 0..WIDTH {
                    let seen = e[lane] * d[lane] + (1.0 - e[lane] * d[lane]) * d0[lane];
                    ratio[lane] = seen / d0[lane];
                    e[lane] *= (d[lane] + (1.0 - d[lane]) * d0[lane]) / seen;
                }
            }
            MarkState::NotSeen => {
                for lane in 0..WIDTH {
                    ratio[lane] = 1.0 - e[lane] * d[lane];
                    e[lane] *= (1.0 - d[lane]) / ratio[lane];
                }
            }
            MarkState::NotObservable => return e,
        }
        if let Some(marks) = marks {
            marks.times(&ratio);
        }
        e
    }

    /// What follows it; `first` is the place of the first step among all.
    fn follow(&self, prepared: &Prepared<'_>, steps: &[Step], first: usize, w: &mut Lanes, tries: &mut Products) {
        for (place, (step, if_blocked)) in steps.iter().zip(&prepared.if_blocked[first..]).enumerate() {
            let kept = self.any.kept(step, false);
            let is_last = place + 1 == steps.len();
            for w in w.iter_mut() {
                *w *= kept;
            }
            if let What::Left(end) = step.what {
                let e = self.leave(prepared, end, None);
                for lane in 0..WIDTH {
                    w[lane] += (1.0 - w[lane]) * e[lane];
                }
                continue;
            }
            let mut totals = [0.0; WIDTH];
            for lane in 0..WIDTH {
                totals[lane] = (w[lane] * (if_blocked - 1.0) + 1.0).max(1e-12);
            }
            tries.times(&totals);
            if !is_last {
                for lane in 0..WIDTH {
                    w[lane] *= if_blocked / totals[lane];
                }
            }
            if place % N_UNSETTLED == N_UNSETTLED - 1 {
                tries.settle();
            }
        }
    }
}

/// Products of many factors, side by side; like [`crate::stats::special::Product`].
struct Products {
    now: Lanes,
    log: Lanes,
}

impl Default for Products {
    fn default() -> Self {
        Self { now: [1.0; WIDTH], log: [0.0; WIDTH] }
    }
}

impl Products {
    fn times(&mut self, factors: &Lanes) {
        for (now, factor) in self.now.iter_mut().zip(factors) {
            *now *= factor;
        }
    }

    /// Puts away what could leave the range of numbers.
    fn settle(&mut self) {
        for lane in 0..WIDTH {
            if !(1e-60..1e60).contains(&self.now[lane]) {
                self.log[lane] += self.now[lane].max(1e-300).ln();
                self.now[lane] = 1.0;
            }
        }
    }

    fn ln(&self) -> Lanes {
        std::array::from_fn(|lane| self.log[lane] + self.now[lane].max(1e-300).ln())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::attempts::some_try;
    use crate::correlate::{Correlation, End, Sequels, Try};
    use crate::model::{Fault, Name};
    use crate::stats::Random;

    /// Three hosts and some accounts that come and go at random.
    fn some_log(fault: Fault) -> Correlation {
        let mut random = Random::new(5);
        let (mut tries, mut ends) = (Vec::new(), Vec::new());
        for place in 0..900 {
            let at_s = f64::from(place) * 500.0;
            let (host, user) = (random.below(3), random.below(12));
            if random.unit() < 0.4 {
                let first = usize::from(fault == Fault::User);
                let mark =
                    [MarkState::Seen, MarkState::NotSeen, MarkState::NotObservable][first + random.below(3 - first)];
                ends.push(End { at_s, host, user, load: random.unit(), mark, records: Vec::new() });
            } else {
                let signature = (random.unit() < 0.5).then(|| random.below(2));
                tries.push(Try { fault: Some(fault), ..some_try(at_s, host, user, signature) });
            }
        }
        let restarts = vec![vec![90_000.0, 250_000.0], Vec::new(), vec![200_000.0]];
        let sequels = Sequels::of(&tries, &ends, 12, &restarts);
        let names = |n: usize| (0..n).map(|one| Name::from(one.to_string())).collect();
        Correlation {
            hosts: names(3),
            users: names(12),
            signatures: names(2),
            tries,
            ends,
            sequels,
            restarts,
            length_s: 450_000.0,
            ..Correlation::default()
        }
    }

    /// Where a refused password is all that fails, and no mark is seen, every end begins anew.
    #[test]
    fn sums_of_effects_are_runs_of_the_filter() {
        let never = f64::INFINITY;
        compare(
            &some_log(Fault::User),
            &[
                vec![(0.0, never), (0.0, never), (0.0, never)],
                vec![(100_000.0, 300_000.0), (never, never), (50_000.0, never)],
                vec![(-5.0, 200_500.0), (120_000.0, 120_000.0), (120_000.0, 121_000.0)],
            ],
        );
    }

    /// An end behind failures goes on with the one before, wherever the exposure begins.
    #[test]
    fn what_stays_is_summed_exactly_also_behind_failures() {
        let from = [-1.0, 10_250.0, 100_250.0, 200_250.0, 300_250.0, 400_250.0];
        let exposures = from.map(|from_s| vec![(from_s, f64::INFINITY); 3]);
        compare(&some_log(Fault::Infrastructure), &exposures);
    }

    fn compare(from: &Correlation, exposures: &[Vec<(f64, f64)>]) {
        let mut view = View::new(from, Some(0), &[]);
        view.base.fill(0.05);
        let mut filters = Vec::new();
        for (lasts_h, restart_clears) in [(10.0, true), (300.0, false)] {
            for place in 0..19 {
                let (q0, gamma) = (0.01 + 0.04 * f64::from(place), f64::from(place % 3));
                filters.push(Blocked { q0, gamma, kappa: 0.95, lasts_h, restart_clears, d: 0.5, d0: 0.02 });
            }
        }
        let moments =
            (0..3).map(|host| exposures.iter().flat_map(|one| [one[host].0, one[host].1]).collect()).collect();
        let effects = Effects::of(&view, &filters, moments);
        for spans in exposures {
            let fixed = view.fixed(spans);
            for (filter, sum) in filters.iter().zip(effects.runs(spans)) {
                let run = filter.run(&view, spans, |_, _| ());
                let cleared = filter.cleared(&view, spans, &fixed);
                assert!((run.tries - sum.tries - cleared).abs() < 1e-8, "{filter:?}: {run:?} {sum:?} {cleared}");
                assert!((run.marks - sum.marks).abs() < 1e-8, "{filter:?}: {run:?} {sum:?}");
            }
        }
    }
}
