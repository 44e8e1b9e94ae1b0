//! What every end says to many filters of a latent fault at once, summed so that any exposure is a few subtractions.
//!
//! Each end that begins anew is worth the same whatever other ends are exposed ([`super::blocked`]), and hosts become
//! exposed at a few moments only: running sums by host at those moments are all that is needed, for every filter. Ends
//! that go on with earlier ones are a chain, which is worth what follows the first exposed one, as if those behind it
//! were exposed, too: exact for what came to all hosts and stays, and nearly so else. Filters are run side by side over
//! each end, so that what they share is read and computed once; what an end of a kind (load, mark) does is tabulated.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::View;
use super::blocked::{Blocked, Clearing, Run, kept};
use super::sequels::{Sequel, What};
use super::side::{Kind, Kinds, Lanes, N_UNSETTLED, Side, WIDTH};
use crate::stats::special::Products;

/// Running sums of what the ends of each host say, by filter and clearing.
pub struct Effects {
    n_filters: usize,
    n_clearings: usize,
    hosts: Vec<OfHost>,
    /// Ends that go on with each other: when, where, and the place of its value among those of the host.
    chains: Vec<Vec<(f64, usize, usize)>>,
}

/// What the ends of one host say.
struct OfHost {
    /// The moments at which an exposure may begin or end, in order.
    moments: Vec<f64>,
    chunks: Vec<Chunk>,
}

/// Sums for filters side by side: over the ends before each moment, and over all ends.
#[derive(Default)]
struct Chunk {
    marks: Vec<Lanes>,
    /// By clearing.
    tries: Vec<Vec<Lanes>>,
    /// By clearing, of the ends of chains: what follows each of them.
    chains: Vec<Vec<Lanes>>,
}

/// What all hosts share.
struct Prepared<'a> {
    view: &'a View<'a>,
    sides: Vec<Side>,
    clearings: &'a [Clearing],
    /// Of each step, in order: the ratio of its outcome if the user is blocked.
    if_blocked: Vec<f64>,
}

impl Effects {
    /// Sums up what all ends say to filters, with each of the clearings; they share the chance of failing if blocked.
    /// `moments` are those at which exposures may begin or end, by host.
    pub fn of(view: &View<'_>, filters: &[Blocked], clearings: &[Clearing], moments: Vec<Vec<f64>>) -> Self {
        let kappa = filters.first().map_or(1.0, |filter| filter.kappa);
        let steps = view.from.sequels.steps().iter();
        let prepared = Prepared {
            view,
            sides: filters.chunks(WIDTH).map(Side::of).collect(),
            clearings,
            if_blocked: steps.map(|step| step.tried().map_or(1.0, |place| view.ratio(place, kappa))).collect(),
        };
        let hosts = moments.into_par_iter().enumerate().map(|(host, moments)| OfHost::of(&prepared, host, moments));
        Self { n_filters: filters.len(), n_clearings: clearings.len(), hosts: hosts.collect(), chains: chains(view) }
    }

    /// By clearing and filter: what it says if hosts are exposed within `spans`, which begin and end at moments that it
    /// knows, and if nothing that blocked before the end of a span was cleared by it.
    pub fn runs(&self, spans: &[(f64, f64)]) -> Vec<Run> {
        let is_exposed = |at_s: f64, host: usize| spans[host].0 <= at_s && at_s < spans[host].1;
        let first_exposed = |chain: &Vec<(f64, usize, usize)>| {
            chain.iter().find(|(at_s, host, _)| is_exposed(*at_s, *host)).map(|(_, host, value)| (*host, *value))
        };
        let begun: Vec<(usize, usize)> = self.chains.iter().filter_map(first_exposed).collect();
        let exposed: Vec<(&OfHost, usize, usize)> = self
            .hosts
            .iter()
            .zip(spans)
            .filter(|(_, (from_s, to_s))| from_s < to_s)
            .map(|(host, (from_s, to_s))| (host, host.place(*from_s), host.place(*to_s)))
            .collect();
        let n_chunks = self.n_filters.div_ceil(WIDTH);
        let between = |rows: &dyn Fn(&OfHost) -> &[Lanes]| {
            let mut sum = [0.0; WIDTH];
            for (host, from, to) in &exposed {
                let rows = rows(host);
                for ((sum, to), from) in sum.iter_mut().zip(&rows[*to]).zip(&rows[*from]) {
                    *sum += to - from;
                }
            }
            sum
        };
        let marks: Vec<Lanes> = (0..n_chunks).map(|chunk| between(&|host| &host.chunks[chunk].marks)).collect();
        let mut runs = Vec::with_capacity(self.n_clearings * self.n_filters);
        for clearing in 0..self.n_clearings {
            for (chunk, marks) in marks.iter().enumerate() {
                let mut tries = between(&|host| &host.chunks[chunk].tries[clearing]);
                for (host, value) in &begun {
                    for (sum, value) in tries.iter_mut().zip(&self.hosts[*host].chunks[chunk].chains[clearing][*value])
                    {
                        *sum += value;
                    }
                }
                let n_filters = (self.n_filters - chunk * WIDTH).min(WIDTH);
                let lanes = tries.iter().zip(marks).take(n_filters);
                runs.extend(lanes.map(|(tries, marks)| Run { tries: *tries, marks: *marks }));
            }
        }
        runs
    }
}

/// Ends that go on with each other, by time.
fn chains(view: &View<'_>) -> Vec<Vec<(f64, usize, usize)>> {
    let mut chains: BTreeMap<usize, Vec<(f64, usize, usize)>> = BTreeMap::new();
    let mut n_of_host = vec![0; view.from.hosts.len()];
    for one in view.from.sequels.iter().filter(Sequel::is_of_chain) {
        let end = one.left;
        let chain = chains.entry(one.first + one.steps.len()).or_default();
        chain.push((end.at_s, end.host, n_of_host[end.host]));
        n_of_host[end.host] += 1;
    }
    let mut chains: Vec<_> = chains.into_values().collect();
    for chain in &mut chains {
        chain.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    }
    chains
}

impl OfHost {
    fn of(prepared: &Prepared<'_>, host: usize, mut moments: Vec<f64>) -> Self {
        moments.retain(|moment| moment.is_finite());
        moments.sort_by(f64::total_cmp);
        moments.dedup();
        let from = prepared.view.from;
        let sequels: Vec<Sequel<'_>> = from.sequels.on(host).collect();
        let kinds = Kinds::of(prepared.view, sequels.iter().map(|one| one.left));
        let steps = || sequels.iter().flat_map(|one| one.steps);
        let kept = prepared.clearings.iter().map(|how| steps().map(|step| kept(*how, step, false)).collect()).collect();
        let ends = EndsOfHost { prepared, sequels, kinds, kept };
        let chunks = prepared.sides.iter().map(|side| side.chunk(&ends, &moments)).collect();
        Self { moments, chunks }
    }

    /// The place of the sums over the ends before a moment.
    fn place(&self, at_s: f64) -> usize {
        self.moments.partition_point(|one| *one < at_s)
    }
}

/// What all filters ask of the ends of one host.
struct EndsOfHost<'a> {
    prepared: &'a Prepared<'a>,
    sequels: Vec<Sequel<'a>>,
    kinds: Kinds,
    /// By clearing: the part of a block that is left at each step, in the order of the sequels.
    kept: Vec<Vec<f64>>,
}

impl Side {
    /// The sums over the ends of a host.
    fn chunk(&self, ends: &EndsOfHost<'_>, moments: &[f64]) -> Chunk {
        let left = self.leave_each(&ends.kinds);
        let n_clearings = ends.kept.len();
        let mut chunk =
            Chunk { marks: Vec::new(), tries: vec![Vec::new(); n_clearings], chains: vec![Vec::new(); n_clearings] };
        let mut marks = Products::default();
        let mut tries: Vec<Products<WIDTH>> = vec![Products::default(); n_clearings];
        let (mut next, mut n_steps, mut is_same) = (0, 0, false);
        for (n_before, (one, kind)) in ends.sequels.iter().zip(&ends.kinds.of).enumerate() {
            while next < moments.len() && moments[next] <= one.left.at_s {
                chunk.put(&marks, &tries, is_same);
                (next, is_same) = (next + 1, true);
            }
            let (e, ratio) = &left[*kind];
            marks.times(ratio);
            for (clearing, tries) in tries.iter_mut().enumerate() {
                let kept = &ends.kept[clearing][n_steps..n_steps + one.steps.len()];
                if one.is_of_chain() {
                    let mut of_chain = Products::default();
                    self.follow(ends.prepared, one, kept, *e, &mut of_chain);
                    chunk.chains[clearing].push(of_chain.ln());
                } else {
                    self.follow(ends.prepared, one, kept, *e, tries);
                }
            }
            n_steps += one.steps.len();
            is_same = false;
            if n_before % N_UNSETTLED == N_UNSETTLED - 1 {
                marks.settle();
                tries.iter_mut().for_each(Products::settle);
            }
        }
        for _ in next..=moments.len() {
            chunk.put(&marks, &tries, is_same);
            is_same = true;
        }
        chunk
    }

    /// What follows an end that blocks with the chances `w`, of which the part `kept` is left at each step.
    fn follow(
        &self,
        prepared: &Prepared<'_>,
        one: &Sequel<'_>,
        kept: &[f64],
        mut w: Lanes,
        tries: &mut Products<WIDTH>,
    ) {
        let if_blocked = &prepared.if_blocked[one.first..];
        for (place, ((step, if_blocked), kept)) in one.steps.iter().zip(if_blocked).zip(kept).enumerate() {
            let is_last = place + 1 == one.steps.len();
            for w in &mut w {
                *w *= kept;
            }
            if let What::Left(end) = step.what {
                let (e, _) = self.leave(Kind::of(prepared.view, prepared.view.from.ends[end].leaving()));
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

impl Chunk {
    /// Puts down the sums so far, which may be the same as those before.
    fn put(&mut self, marks: &Products<WIDTH>, tries: &[Products<WIDTH>], is_same: bool) {
        let put = |sums: &mut Vec<Lanes>, now: &Products<WIDTH>| {
            let same = sums.last().copied().filter(|_| is_same);
            sums.push(same.unwrap_or_else(|| now.ln()));
        };
        put(&mut self.marks, marks);
        self.tries.iter_mut().zip(tries).for_each(|(sums, now)| put(sums, now));
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::correlate::attempts::some_try;
    use crate::correlate::{Correlation, End, MarkState, Sequels, Try};
    use crate::model::{Fault, Name};
    use crate::stats::Random;

    /// Three hosts and some accounts that come and go at random.
    pub(in crate::correlate) fn some_log(fault: Fault) -> Correlation {
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
        let clearings = [(10.0, true), (300.0, false)];
        let filters = clearings.map(|(lasts_h, restart_clears)| {
            (0..19).map(move |place| {
                let (q0, gamma) = (0.01 + 0.04 * f64::from(place), f64::from(place % 3));
                Blocked { q0, gamma, kappa: 0.95, lasts_h, restart_clears, d: 0.5, d0: 0.02 }
            })
        });
        let filters: Vec<Blocked> = filters.into_iter().flatten().collect();
        let moments =
            (0..3).map(|host| exposures.iter().flat_map(|one| [one[host].0, one[host].1]).collect()).collect();
        let effects = Effects::of(&view, &filters[..19], &clearings, moments);
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
