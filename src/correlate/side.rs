//! Filters of a latent fault side by side, so that what they share is read and computed once.

use super::blocked::{Blocked, Clearing, MAX_BLOCKING, Run, dose, kept};
use super::ends::Leaving;
use super::sequels::{Step, What};
use super::{Class, Correlation, MarkState, View};
use crate::stats::special::Products;

/// Filters side by side.
pub const WIDTH: usize = 16;
/// Ends, or steps behind one end, after which products are looked after. A ratio lies between 1e-12 and 1e5, hardly ever
/// near either: so many cannot leave the range of numbers.
pub(super) const N_UNSETTLED: usize = 8;

const DAY_S: f64 = 86_400.0;

/// Numbers of filters side by side.
pub type Lanes = [f64; WIDTH];

/// All that a filter asks of an end: the load, of which there are few, and the mark.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kind {
    /// Sessions open, in units of full load.
    pub load: f64,
    /// What is known of its completion.
    pub mark: MarkState,
}

impl Kind {
    /// The kind of one end.
    pub fn of(view: &View<'_>, end: Leaving) -> Self {
        Self { load: end.load, mark: view.mark(end) }
    }

    fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.load.total_cmp(&other.load).then((self.mark as u8).cmp(&(other.mark as u8)))
    }
}

/// The kinds of some ends.
pub struct Kinds {
    /// Each once, in order.
    pub all: Vec<Kind>,
    /// By end: the place of its kind among all.
    pub of: Vec<usize>,
}

impl Kinds {
    /// Those of some ends.
    pub fn of(view: &View<'_>, ends: impl Iterator<Item = Leaving> + Clone) -> Self {
        let mut all: Vec<Kind> = ends.clone().map(|end| Kind::of(view, end)).collect();
        all.sort_unstable_by(Kind::order);
        all.dedup();
        let number = |end| all.binary_search_by(|other| other.order(&Kind::of(view, end))).unwrap_or(0);
        Self { of: ends.map(number).collect(), all }
    }
}

/// Filters side by side.
pub struct Side {
    kappa: f64,
    q0: Lanes,
    gamma: Lanes,
    d: Lanes,
    d0: Lanes,
}

impl Side {
    /// At most [`WIDTH`] of them.
    pub fn of(filters: &[Blocked]) -> Self {
        let lanes = |pick: fn(&Blocked) -> f64| std::array::from_fn(|lane| pick(&filters[lane.min(filters.len() - 1)]));
        Self {
            kappa: filters.first().map_or(1.0, |filter| filter.kappa),
            q0: lanes(|filter| filter.q0),
            gamma: lanes(|filter| filter.gamma),
            d: lanes(|filter| filter.d),
            d0: lanes(|filter| filter.d0),
        }
    }

    /// Some number to the power of load of each filter.
    pub fn powers(&self, of: f64) -> Lanes {
        self.gamma.map(|gamma| of.powf(gamma))
    }

    /// How the chance of blocking scales with this load.
    pub fn doses(&self, load: f64) -> Lanes {
        self.gamma.map(|gamma| dose(load, gamma))
    }

    /// The chances that the user of an ended session is blocked, after its mark, and the ratio of the mark.
    pub fn leave(&self, Kind { load, mark }: Kind) -> (Lanes, Lanes) {
        let mut e: Lanes = std::array::from_fn(|lane| (self.q0[lane] * dose(load, self.gamma[lane])).min(MAX_BLOCKING));
        let mut ratio = [1.0; WIDTH];
        let (d, d0) = (&self.d, &self.d0);
        for lane in 0..WIDTH {
            match mark {
                MarkState::Seen => {
                    let seen = e[lane] * d[lane] + (1.0 - e[lane] * d[lane]) * d0[lane];
                    ratio[lane] = seen / d0[lane];
                    e[lane] *= (d[lane] + (1.0 - d[lane]) * d0[lane]) / seen;
                }
                MarkState::NotSeen => {
                    ratio[lane] = 1.0 - e[lane] * d[lane];
                    e[lane] *= (1.0 - d[lane]) / ratio[lane];
                }
                MarkState::NotObservable => {}
            }
        }
        (e, ratio)
    }

    /// The same for each of some kinds.
    pub fn leave_each(&self, kinds: &Kinds) -> Vec<(Lanes, Lanes)> {
        kinds.all.iter().map(|kind| self.leave(*kind)).collect()
    }

    /// What [`Blocked::run`] says, for each of the filters with one clearing; `kinds` are those of all ends.
    pub fn run(&self, view: &View<'_>, kinds: &Kinds, clearing: Clearing, spans: &[(f64, f64)]) -> [Run; WIDTH] {
        let left = self.leave_each(kinds);
        let ends = &view.from.ends;
        let exposed = |end: Leaving| {
            let (from_s, to_s) = spans[end.host];
            (from_s <= end.at_s && end.at_s < to_s).then_some(to_s)
        };
        let leave = |end: usize, w: &mut Lanes, marks: &mut Products<WIDTH>| {
            let (e, ratio) = &left[kinds.of[end]];
            marks.times(ratio);
            block(w, e);
        };
        let (mut tries, mut marks) = (Products::default(), Products::default());
        let mut n_factors = 0;
        for one in view.from.sequels.iter().filter(|one| !one.continues) {
            let (mut w, mut at_s, mut fixed_s) = ([0.0; WIDTH], one.left.at_s, None);
            if let Some(to_s) = exposed(one.left) {
                leave(one.end, &mut w, &mut marks);
                fixed_s = Some(to_s);
            }
            for step in one.steps {
                let before_s = at_s;
                at_s += step.after_s;
                if let Some(fixed_s) = fixed_s {
                    let kept = kept(clearing, step, before_s < fixed_s && fixed_s <= at_s);
                    for w in &mut w {
                        *w *= kept;
                    }
                }
                match step.what {
                    What::Left(end) => {
                        if let Some(to_s) = exposed(ends[end].leaving()) {
                            leave(end, &mut w, &mut marks);
                            fixed_s = Some(to_s);
                        }
                    }
                    What::Tried(place) if fixed_s.is_some() && view.classes[place] != Class::Skipped => {
                        let if_blocked = view.ratio(place, self.kappa);
                        let totals = w.map(|w| (w * (if_blocked - 1.0) + 1.0).max(1e-12));
                        tries.times(&totals);
                        w.iter_mut().zip(&totals).for_each(|(w, total)| *w *= if_blocked / total);
                    }
                    What::Tried(_) => {}
                }
                n_factors += 1;
                if n_factors % N_UNSETTLED == 0 {
                    tries.settle();
                    marks.settle();
                }
            }
        }
        let (tries, marks) = (tries.ln(), marks.ln());
        std::array::from_fn(|lane| Run { tries: tries[lane], marks: marks[lane] })
    }

    /// Tells `tried` the chances that the mechanism fails each attempt, whatever became of those before: what filters with
    /// one clearing would do to the same people with ends of these doses, on hosts that are exposed from the first
    /// record to the last, were their days fuller by the factor `fuller` of the moment. Whoever stayed away for days comes
    /// back so much sooner.
    pub fn foresee(
        &self,
        from: &Correlation,
        clearing: Clearing,
        exposed: &[bool],
        doses: impl Fn(usize) -> Lanes,
        fuller: impl Fn(f64) -> f64,
        mut tried: impl FnMut(usize, &Lanes),
    ) {
        let leave = |end: usize, w: &mut Lanes| {
            if exposed[from.ends[end].host] {
                let doses = doses(end);
                block(w, &std::array::from_fn(|lane| (self.q0[lane] * doses[lane]).min(MAX_BLOCKING)));
            }
        };
        for one in from.sequels.iter().filter(|one| !one.continues) {
            let (mut w, mut at_s) = ([0.0; WIDTH], from.ends[one.end].at_s);
            leave(one.end, &mut w);
            for step in one.steps {
                at_s += step.after_s;
                let sooner_s = (step.after_s / fuller(at_s)).max(step.after_s.min(DAY_S));
                let kept = kept(clearing, &Step { after_s: sooner_s, ..*step }, false);
                for w in &mut w {
                    *w *= kept;
                }
                match step.what {
                    What::Left(end) => leave(end, &mut w),
                    What::Tried(place) => tried(place, &w.map(|w| self.kappa * w)),
                }
            }
        }
    }
}

/// One more end that blocks with chances `e`.
fn block(w: &mut Lanes, e: &Lanes) {
    for (w, e) in w.iter_mut().zip(e) {
        *w += (1.0 - *w) * e;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::End;
    use crate::correlate::effects::tests::some_log;
    use crate::model::Fault;

    const CLEARING: Clearing = (20.0, true);

    fn filters(kappa: f64) -> Vec<Blocked> {
        let filter = |place: usize| {
            let (q0, gamma) = (0.01 + 0.04 * place as f64, (place % 3) as f64);
            Blocked { q0, gamma, kappa, lasts_h: CLEARING.0, restart_clears: CLEARING.1, d: 0.5, d0: 0.02 }
        };
        (0..WIDTH).map(filter).collect()
    }

    #[test]
    fn filters_side_by_side_say_what_each_says_alone() {
        let from = some_log(Fault::Infrastructure);
        let mut view = View::new(&from, Some(0), &[]);
        view.base.fill(0.05);
        let kinds = Kinds::of(&view, from.ends.iter().map(End::leaving));
        let filters = filters(0.95);
        let never = f64::INFINITY;
        for spans in [vec![(0.0, never); 3], vec![(100_000.0, 300_000.0), (never, never), (50_000.0, 200_000.0)]] {
            let runs = Side::of(&filters).run(&view, &kinds, CLEARING, &spans);
            for (filter, run) in filters.iter().zip(runs) {
                let alone = filter.run(&view, &spans, |_, _| ());
                assert!((run.tries - alone.tries).abs() < 1e-8 && (run.marks - alone.marks).abs() < 1e-8, "{filter:?}");
                assert!(alone.tries.abs() > 0.1, "{filter:?}: {alone:?}");
            }
        }
    }

    /// Where failing tells nothing, because a block hardly fails anybody, what is foreseen is what is met.
    #[test]
    fn what_is_foreseen_is_what_the_filter_tells_before_it_knows_outcomes() {
        const KAPPA: f64 = 1e-9;
        let from = some_log(Fault::Infrastructure);
        let mut view = View::new(&from, Some(0), &[]);
        view.base.fill(0.05);
        view.with_marks = false;
        let filters = filters(KAPPA);
        let side = Side::of(&filters);
        let exposed = [true, false, true];
        let mut foreseen = vec![[0.0; WIDTH]; from.tries.len()];
        let doses = |end: usize| side.doses(from.ends[end].load);
        side.foresee(&from, CLEARING, &exposed, doses, |_| 1.0, |place, m| foreseen[place] = *m);
        let spans = exposed.map(|is| if is { (0.0, f64::INFINITY) } else { (f64::INFINITY, f64::INFINITY) });
        for (lane, filter) in filters.iter().enumerate() {
            let mut met = vec![0.0; from.tries.len()];
            filter.run(&view, &spans, |place, m| met[place] = m);
            for (foreseen, met) in foreseen.iter().zip(&met) {
                assert!((foreseen[lane] - met).abs() < 1e-6 * KAPPA, "{filter:?}: {foreseen:?} {met}");
            }
            assert!(met.iter().any(|m| *m > 0.01 * KAPPA));
        }
    }
}
