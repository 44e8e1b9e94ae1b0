//! Log ratios of attempts: how much likelier is each attempt's outcome if a mechanism is at work?
//!
//! One signature at a time. With `b` the background of the attempt, `m` the chance that the mechanism
//! fails it, `s` the share of the mechanism's failures that show this signature and `o` the share of
//! attempts that fail otherwise without a mechanism, the ratio to "no mechanism" is
//! `(b + (1 − b) m s) / b` for a failure of this signature, `1 − m + m min(1, (1 − s) / o)` for any other failure
//! and `1 − m` for a success. Other failures may have bursts and causes of their own, for which this signature has no
//! place: they never speak for a mechanism. Where `m` does not depend on what happened before, running sums by host
//! make the sum over any span a subtraction.

use std::sync::Arc;

use super::background::{Background, Crowd, IDLE, Pair, part_of_mechanism};
use super::ends::Leaving;
use super::sequels::Sequel;
use super::{Correlation, MarkState, Try};
use crate::model::Fault;
use crate::stats::special::{Product, Products, power};

/// What one attempt is to one signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// It failed with this signature.
    Own,
    /// It failed with another one.
    Other,
    /// It succeeded.
    Success,
    /// It is explained already, and counts no more.
    Skipped,
}

/// How the chance of failing depends on load; load is in units of full load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Response {
    /// It does not.
    Constant {
        /// Chance of failing.
        m: f64,
    },
    /// It grows with a power of the host's load.
    Power {
        /// Chance at full load.
        m: f64,
        /// The power.
        gamma: f64,
    },
    /// It rises from 0 at a threshold to `m` within a quarter of full load.
    Hinge {
        /// Chance well above the threshold.
        m: f64,
        /// The threshold.
        from: f64,
        /// Whether the load is the mean of all hosts, rather than the host's own.
        of_fleet: bool,
    },
}

impl Response {
    /// The chance that an attempt fails.
    pub fn chance(self, one: &Try) -> f64 {
        self.at(one.load, one.fleet_load)
    }

    /// The chance that an attempt fails at a load of its host, and of the mean of all hosts.
    pub fn at(self, load: f64, fleet_load: f64) -> f64 {
        match self {
            Self::Constant { m } => m,
            Self::Power { m, gamma } => (m * power(load.max(0.02), gamma)).min(0.97),
            Self::Hinge { m, from, of_fleet } => {
                let load = if of_fleet { fleet_load } else { load };
                hinge(m, from, load)
            }
        }
    }

    /// Whether load matters to it.
    pub fn is_under_load(self) -> bool {
        !matches!(self, Self::Constant { .. })
    }
}

/// The chance of a hinge at a load: see [`Response::Hinge`].
fn hinge(m: f64, from: f64, load: f64) -> f64 {
    m * ((load - from) / 0.25).clamp(0.0, 1.0)
}

/// Hinges side by side: see [`Response::Hinge`].
pub struct Hinges<const N: usize> {
    /// Their chances well above the threshold.
    pub m: [f64; N],
    /// Their thresholds.
    pub from: [f64; N],
    /// Whether the load is the mean of all hosts.
    pub of_fleet: bool,
}

impl<const N: usize> Hinges<N> {
    /// One of them.
    pub fn response(&self, lane: usize) -> Response {
        Response::Hinge { m: self.m[lane], from: self.from[lane], of_fleet: self.of_fleet }
    }
}

/// The attempts as one signature sees them.
#[derive(Clone, Debug)]
pub struct View<'a> {
    /// What happened.
    pub from: &'a Correlation,
    /// The signature; `None` for the sum over all that are not the user's own fault.
    pub signature: Option<usize>,
    /// The class of each attempt.
    pub classes: Vec<Class>,
    /// The background chance of each attempt.
    pub base: Vec<f64>,
    /// `s`.
    pub share: f64,
    /// `o`.
    pub other: f64,
    /// Whether marks of incomplete closes count: not any more once an incident has explained them.
    pub with_marks: bool,
    /// The weight of each log ratio: below 1 where failures scatter more than independent ones.
    pub weight: f64,
    /// The attempts once more, in the order in which they are summed.
    layout: Arc<Layout>,
    /// Who tried to get in where, attempts left out that are explained already.
    crowd: Arc<Crowd>,
}

/// What is asked of attempts many times, close together in memory.
#[derive(Debug)]
struct Layout {
    /// Attempts of each host, by time.
    by_host: Vec<Vec<usize>>,
    /// Times of the attempts of each host.
    times: Vec<Vec<f64>>,
    /// Loads of the attempts of each host: its own, and the mean of all.
    loads: Vec<Vec<(f64, f64)>>,
    /// Host and account of each attempt, by time.
    pairs: Vec<Pair>,
}

impl Layout {
    fn of(from: &Correlation) -> Self {
        let mut by_host = vec![Vec::new(); from.hosts.len()];
        for (place, one) in from.tries.iter().enumerate() {
            by_host[one.host].push(place);
        }
        let each = |host: &Vec<usize>| host.iter().map(|place| &from.tries[*place]).collect::<Vec<_>>();
        Self {
            times: by_host.iter().map(|host| each(host).iter().map(|one| one.at_s).collect()).collect(),
            loads: by_host
                .iter()
                .map(|host| each(host).iter().map(|one| (one.load, one.fleet_load)).collect())
                .collect(),
            pairs: from.tries.iter().map(|one| (one.host as u32, one.user as u32)).collect(),
            by_host,
        }
    }
}

impl<'a> View<'a> {
    /// Looks at the attempts through one signature, leaving out those that `skip` names.
    pub fn new(from: &'a Correlation, signature: Option<usize>, skip: &[bool]) -> Self {
        let classes: Vec<Class> = from
            .tries
            .iter()
            .enumerate()
            .map(|(place, one)| match one.signature {
                _ if skip.get(place).copied().unwrap_or(false) => Class::Skipped,
                None => Class::Success,
                found if signature.is_some() && found == signature => Class::Own,
                Some(_) if signature.is_none() && one.fault != Some(Fault::User) => Class::Own,
                Some(_) => Class::Other,
            })
            .collect();
        let n = classes.iter().filter(|class| **class != Class::Skipped).count() as f64;
        let others = classes.iter().filter(|class| **class == Class::Other).count() as f64;
        let layout = Layout::of(from);
        let is_told = |place: &&usize| classes[**place] != Class::Skipped;
        let told = layout.by_host.iter().map(|host| host.iter().filter(is_told).map(|place| &layout.pairs[*place]));
        let crowd = Crowd::of(told, from.users.len());
        Self {
            from,
            signature,
            base: vec![0.0; classes.len()],
            classes,
            share: if signature.is_some() { 0.95 } else { 1.0 },
            other: ((others + 1.0) / (n + 2.0)).max(0.005),
            with_marks: true,
            weight: 1.0,
            layout: Arc::new(layout),
            crowd: Arc::new(crowd),
        }
    }

    /// Failures of this signature.
    pub fn n_own(&self) -> usize {
        self.classes.iter().filter(|class| **class == Class::Own).count()
    }

    /// Attempts of a host before `at_s`: the place in its running sums.
    pub fn place(&self, host: usize, at_s: f64) -> usize {
        self.layout.times[host].partition_point(|time| *time < at_s)
    }

    /// Attempts of a host, by time.
    pub fn tries_of(&self, host: usize) -> &[usize] {
        &self.layout.by_host[host]
    }

    /// When the attempts of a host were, in this order, seconds.
    pub fn times_of(&self, host: usize) -> &[f64] {
        &self.layout.times[host]
    }

    /// The log ratio of one attempt of which a mechanism fails the share `m`, unweighted.
    pub fn log_ratio(&self, place: usize, m: f64) -> f64 {
        self.ratio(place, m).ln()
    }

    /// The ratio itself.
    pub fn ratio(&self, place: usize, m: f64) -> f64 {
        match self.classes[place] {
            Class::Own => {
                let b = self.base[place];
                (b + (1.0 - b) * m * self.share) / b
            }
            Class::Other => (1.0 - m + m * ((1.0 - self.share) / self.other).min(1.0)).max(1e-6),
            Class::Success => (1.0 - m).max(1e-6),
            Class::Skipped => 1.0,
        }
    }

    /// The ends within `spans` whose users were followed still when the span of their host was over: whom it may have
    /// freed.
    pub fn fixed<'b>(&self, spans: &'b [(f64, f64)]) -> Vec<Sequel<'a>>
    where
        'a: 'b,
    {
        let from = self.from;
        let is_ended = |(_, (from_s, to_s)): &(usize, &(f64, f64))| from_s < to_s && to_s.is_finite();
        let of_host = |(host, (from_s, to_s)): (usize, &'b (f64, f64))| {
            from.sequels.on(host).filter(move |one| {
                let at_s = one.left.at_s;
                !one.continues && *from_s <= at_s && at_s < *to_s && one.last_s >= *to_s
            })
        };
        spans.iter().enumerate().filter(is_ended).flat_map(of_host).collect()
    }

    /// What is known of whether a session's close completed.
    pub fn mark(&self, end: Leaving) -> MarkState {
        if self.with_marks { end.mark } else { MarkState::NotObservable }
    }

    /// The log likelihood ratio of all attempts, unweighted.
    pub fn log_likelihood(&self, chances: &[f64]) -> f64 {
        let mut product = Product::default();
        for (place, m) in chances.iter().enumerate().filter(|(_, m)| **m > 0.0) {
            product.times(self.ratio(place, *m));
        }
        product.ln()
    }

    /// How many failures of this signature the mechanism, rather than the background, has caused.
    pub fn attributed(&self, chances: &[f64]) -> Vec<f64> {
        let part = |place: usize| {
            let is_own = self.classes[place] == Class::Own;
            if is_own { part_of_mechanism(self.base[place], chances[place] * self.share) } else { 0.0 }
        };
        (0..chances.len()).map(part).collect()
    }

    /// Who tried to get in where, attempts left out that are explained already.
    pub fn crowd(&self) -> &Crowd {
        &self.crowd
    }

    /// The failures of this signature, by place.
    pub fn own(&self) -> Vec<usize> {
        (0..self.classes.len()).filter(|place| self.classes[*place] == Class::Own).collect()
    }

    /// Fits the background beside a mechanism that fails each attempt with these chances; none: an empty list.
    pub fn fit(&self, chances: &[f64]) -> Background {
        let chance = |place: usize| chances.get(place).copied().unwrap_or(0.0);
        let own: Vec<(Pair, f64)> = self.own().into_iter().map(|place| (self.pairs()[place], chance(place))).collect();
        let mut idle = (0.0, 0.0);
        for (place, class) in self.classes.iter().enumerate() {
            if *class != Class::Skipped && chance(place) < IDLE {
                idle.0 += f64::from(u8::from(*class == Class::Own));
                idle.1 += 1.0;
            }
        }
        self.fit_to(own, idle)
    }

    /// The same from the failures of the signature alone, each with its host, its account and the chance by which a mechanism
    /// fails it; `idle` are the failures and the attempts where it is not at work.
    pub fn fit_to(&self, mut own: Vec<(Pair, f64)>, idle: (f64, f64)) -> Background {
        for (_, m) in &mut own {
            *m *= self.share;
        }
        Background::fit(&self.crowd, &own, idle)
    }

    /// Host and account of each attempt.
    pub fn pairs(&self) -> &[Pair] {
        &self.layout.pairs
    }

    /// The sums of hinges, side by side, over the attempts of a host before some places of it, which are in order; weighted.
    pub fn hinges_at<const N: usize>(&self, hinges: &Hinges<N>, host: usize, places: &[usize]) -> Vec<[f64; N]> {
        /// A ratio lies between 1e-6 and 1e5: so many cannot leave the range of numbers.
        const N_UNSETTLED: usize = 16;
        let attempts = self.layout.by_host[host].iter().zip(&self.layout.loads[host]);
        let lowest = hinges.from.iter().copied().fold(f64::INFINITY, f64::min);
        let mut products = Products::default();
        let mut n_factors = 0;
        let mut sums = Vec::with_capacity(places.len());
        let told = |products: &Products<N>| products.ln().map(|sum| self.weight * sum);
        for (before, (&place, (load, fleet_load))) in attempts.enumerate() {
            while places.get(sums.len()).is_some_and(|place| *place <= before) {
                sums.push(told(&products));
            }
            let load = if hinges.of_fleet { *fleet_load } else { *load };
            if load <= lowest {
                continue;
            }
            let mut factors: [f64; N] = std::array::from_fn(|lane| hinge(hinges.m[lane], hinges.from[lane], load));
            match self.classes[place] {
                Class::Success => factors.iter_mut().for_each(|m| *m = (1.0 - *m).max(1e-6)),
                _ => factors.iter_mut().for_each(|m| *m = self.ratio(place, *m)),
            }
            products.times(&factors);
            n_factors += 1;
            if n_factors % N_UNSETTLED == 0 {
                products.settle();
            }
        }
        sums.resize(places.len(), told(&products));
        sums
    }

    /// The running sums of one response, weighted.
    pub fn sums(&self, response: Response) -> Sums {
        // Most attempts succeed, and a constant chance makes the same of each of them.
        let success = match response {
            Response::Constant { m } => Some(self.weight * (1.0 - m).max(1e-6).ln()),
            _ => None,
        };
        let hosts = self.layout.by_host.iter().zip(&self.layout.loads).map(|(places, loads)| {
            let mut sum = 0.0;
            let mut sums = Vec::with_capacity(places.len() + 1);
            sums.push(0.0);
            for (&place, (load, fleet_load)) in places.iter().zip(loads) {
                if let (Some(success), Class::Success) = (success, self.classes[place]) {
                    sum += success;
                } else {
                    let m = response.at(*load, *fleet_load);
                    if m > 0.0 {
                        sum += self.weight * self.log_ratio(place, m);
                    }
                }
                sums.push(sum);
            }
            sums
        });
        Sums { response, hosts: hosts.collect() }
    }
}

/// Running sums of log ratios of one response, by host.
#[derive(Clone, Debug)]
pub struct Sums {
    /// The response.
    pub response: Response,
    hosts: Vec<Vec<f64>>,
}

impl Sums {
    /// The sum over the attempts of a host before the given place.
    pub fn before(&self, host: usize, place: usize) -> f64 {
        self.hosts[host][place]
    }

    /// The sum over all attempts of a host.
    pub fn total(&self, host: usize) -> f64 {
        self.hosts[host].last().copied().unwrap_or(0.0)
    }

    /// Hosts.
    pub fn n_hosts(&self) -> usize {
        self.hosts.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::attempts::some_try;
    use crate::model::Name;

    #[test]
    fn hinges_side_by_side_are_sums_of_each() {
        let attempt = |place: usize| Try {
            load: (place % 13) as f64 / 10.0,
            fleet_load: (place % 7) as f64 / 5.0,
            ..some_try(place as f64, place % 2, 0, place.is_multiple_of(5).then_some(place % 3 % 2))
        };
        let name = |one: &str| Name::from(one);
        let from = Correlation {
            hosts: vec![name("one"), name("two")],
            users: vec![name("one")],
            signatures: vec![name("one"), name("two")],
            tries: (0..4000).map(attempt).collect(),
            length_s: 4000.0,
            ..Correlation::default()
        };
        let mut view = View::new(&from, Some(0), &[]);
        view.base.fill(0.03);
        view.weight = 0.7;
        for of_fleet in [false, true] {
            let hinges = Hinges { m: [0.1, 0.9, 0.85], from: [0.4, 0.3, 1.1], of_fleet };
            let places = [0, 1, 700, 1999, 2000];
            for host in 0..2 {
                let all = view.hinges_at(&hinges, host, &places);
                for lane in 0..3 {
                    let sums = view.sums(hinges.response(lane));
                    for (place, lanes) in places.iter().zip(&all) {
                        let expected = sums.before(host, *place);
                        assert!((lanes[lane] - expected).abs() < 1e-9 * expected.abs().max(1.0), "{lane} {place}");
                    }
                    assert!(sums.total(host).abs() > 0.1);
                }
            }
        }
    }

    #[test]
    fn failures_with_another_signature_never_speak_for_a_mechanism() {
        let name = |one: &str| Name::from(one);
        let from = Correlation {
            hosts: vec![name("one")],
            users: vec![name("one")],
            signatures: vec![name("one"), name("two")],
            tries: (0..1000).map(|place| some_try(place as f64, 0, 0, (place % 100 == 0).then_some(1))).collect(),
            length_s: 1000.0,
            ..Correlation::default()
        };
        let mut view = View::new(&from, Some(0), &[]);
        for share in [0.5, 0.75, 0.95, 0.999] {
            view.share = share;
            for m in [0.02, 0.5, 0.95] {
                let told = view.log_ratio(0, m);
                assert!((1.0 - m).ln() < told && told <= 0.0, "{share} {m}: {told}");
            }
        }
    }
}
