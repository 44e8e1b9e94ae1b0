//! Differences of clocks that no pair of logs shows by itself: they add up along the logs between.

use std::collections::{BTreeMap, BTreeSet};

use super::super::tables::ClockOffset;
use super::{Clock, Mode};
use crate::model::{Name, Timestamp, Trust};

/// The difference of two clocks over a time: how far the first is ahead of the second.
#[derive(Clone, Copy)]
struct Step {
    span: (Timestamp, Timestamp),
    ahead_s: f64,
    below_s: f64,
    above_s: f64,
    latency_s: f64,
    n_pairs: usize,
}

impl Step {
    fn of(mode: &Mode) -> Self {
        Self {
            span: mode.span,
            ahead_s: mode.ahead_s,
            below_s: mode.ahead_s - mode.interval_s.0 + mode.latency_s,
            above_s: mode.interval_s.1 - mode.ahead_s + mode.latency_s,
            latency_s: mode.latency_s,
            n_pairs: mode.n_pairs,
        }
    }

    fn turned(self) -> Self {
        Self { ahead_s: -self.ahead_s, below_s: self.above_s, above_s: self.below_s, ..self }
    }

    /// This and then another: differences add, uncertainties add in quadrature.
    fn then(self, next: Self) -> Self {
        Self {
            span: self.span,
            ahead_s: self.ahead_s + next.ahead_s,
            below_s: self.below_s.hypot(next.below_s),
            above_s: self.above_s.hypot(next.above_s),
            latency_s: self.latency_s.hypot(next.latency_s),
            n_pairs: self.n_pairs.min(next.n_pairs),
        }
    }

    fn width_s(&self) -> f64 {
        self.below_s + self.above_s
    }
}

/// The clocks that a clock was compared with, each with the differences by time.
type Graph = BTreeMap<Clock, BTreeMap<Clock, Vec<Step>>>;

/// One row a clock and time against one clock of its group: a domain controller's, since Windows takes its time from
/// there, else the one that was compared with the most others.
pub(super) fn rows(edges: &BTreeMap<(Clock, Name), Vec<Mode>>) -> Vec<ClockOffset> {
    let mut graph = Graph::new();
    for ((clock, host), modes) in edges.iter().filter(|(_, modes)| !modes.is_empty()) {
        let steps: Vec<Step> = modes.iter().map(Step::of).collect();
        let host = Clock::Host(host.clone());
        let back = steps.iter().map(|step| step.turned()).collect();
        graph.entry(clock.clone()).or_default().insert(host.clone(), steps);
        graph.entry(host).or_default().insert(clock.clone(), back);
    }
    let mut rows = Vec::new();
    let mut left: BTreeSet<&Clock> = graph.keys().collect();
    while !left.is_empty() {
        let n_compared = |clock: &&Clock| (graph[*clock].len(), std::cmp::Reverse((*clock).clone()));
        let Some(reference) = left.iter().copied().max_by_key(n_compared) else { break };
        for (clock, path) in paths(&graph, reference) {
            left.remove(clock);
            if let (Some((steps, _)), false) = (along(&graph, &path), clock == reference) {
                let through: Vec<Name> = path[1..path.len() - 1].iter().map(|clock| clock.label()).collect();
                rows.extend(steps.iter().map(|step| row(clock, reference, &through, step)));
            }
        }
    }
    rows.sort_by(|a, b| (&a.host, &a.source, a.span).cmp(&(&b.host, &b.source, b.span)));
    rows
}

fn row(clock: &Clock, reference: &Clock, through: &[Name], step: &Step) -> ClockOffset {
    ClockOffset {
        host: clock.host().cloned(),
        source: clock.dataset().cloned(),
        against: reference.label(),
        span: step.span,
        offset: (step.ahead_s, step.ahead_s - step.below_s, step.ahead_s + step.above_s),
        latency_s: step.latency_s,
        n_pairs: step.n_pairs as u64,
        through: through.to_vec(),
        trust: Trust::Derived,
    }
}

/// The path of least uncertainty from each clock of the group to the reference (Dijkstra's algorithm).
fn paths<'g>(graph: &'g Graph, reference: &'g Clock) -> BTreeMap<&'g Clock, Vec<&'g Clock>> {
    let mut found: BTreeMap<&Clock, Vec<&Clock>> = BTreeMap::new();
    let mut open: Vec<(f64, Vec<&Clock>)> = vec![(0.0, vec![reference])];
    while let Some(next) =
        (0..open.len()).min_by(|a, b| open[*a].0.total_cmp(&open[*b].0).then(open[*a].1.cmp(&open[*b].1)))
    {
        let (_, path) = open.swap_remove(next);
        if found.contains_key(path[0]) {
            continue;
        }
        for neighbour in graph[path[0]].keys().filter(|neighbour| !found.contains_key(neighbour)) {
            let mut longer = vec![neighbour];
            longer.extend(&path);
            if let Some((_, width_s)) = along(graph, &longer) {
                open.push((width_s, longer));
            }
        }
        found.insert(path[0], path);
    }
    found
}

/// The differences along a path, by the times of its first part, and how uncertain they are; of the other parts, which
/// may have changed as well, the best known difference counts.
fn along(graph: &Graph, path: &[&Clock]) -> Option<(Vec<Step>, f64)> {
    let mut parts = path.windows(2).map(|pair| &graph[pair[0]][pair[1]]);
    let mut steps = parts.next()?.clone();
    for part in parts {
        let best = part.iter().max_by_key(|step| step.n_pairs)?;
        steps = steps.into_iter().map(|step| step.then(*best)).collect();
    }
    let width_s = steps.iter().map(Step::width_s).fold(0.0, f64::max);
    Some((steps, width_s))
}

/// How far each host's clock is ahead of the median clock of the hosts compared with the same clock, by time.
pub(super) fn ahead_of_median(rows: &[ClockOffset]) -> BTreeMap<Name, Vec<(Timestamp, f64)>> {
    let own = |row: &&ClockOffset| row.source.is_none();
    let mut best: BTreeMap<(&Name, &Name), &ClockOffset> = BTreeMap::new();
    for row in rows.iter().filter(own) {
        let Some(host) = &row.host else { continue };
        let known = best.entry((&row.against, host)).or_insert(row);
        if row.n_pairs > known.n_pairs {
            *known = row;
        }
    }
    let mut groups: BTreeMap<&Name, Vec<f64>> = BTreeMap::new();
    for ((against, _), row) in &best {
        groups.entry(against).or_default().push(row.offset.0);
    }
    for offsets in groups.values_mut() {
        offsets.sort_by(f64::total_cmp);
    }
    let mut ahead: BTreeMap<Name, Vec<(Timestamp, f64)>> = BTreeMap::new();
    for row in rows.iter().filter(own) {
        if let (Some(host), Some(group)) = (&row.host, groups.get(&row.against)) {
            let median = group[group.len() / 2];
            ahead.entry(host.clone()).or_default().push((row.span.0, row.offset.0 - median));
        }
    }
    ahead
}
