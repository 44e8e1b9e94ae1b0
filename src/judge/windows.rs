//! Windows of constant chance on a set of hosts: shared by the hypotheses that begin at a free time.

use super::hypotheses::{Grid, Remedied, prior};
use super::mechanism::{How, Mechanism, NEVER};
use super::scene::Scene;

/// How long a window may last, hours.
const LENGTHS_H: [usize; 14] = [1, 2, 3, 4, 6, 8, 12, 18, 24, 36, 48, 72, 120, 168];
/// The part of the prior in which a window that begins at a free time goes on to the end of the log.
const P_OPEN: f64 = 0.2;
/// The part in which a recorded change ends it.
const P_REMEDIED: f64 = 0.2;

/// A point of the grid.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    size: usize,
    from_hour: usize,
    end: Remedied,
}

/// Sums over windows that begin at any hour on the given hosts at once, each end paid for.
///
/// A recorded change can end it where `by_remedy` says so.
pub(super) fn windows(scene: &Scene<'_>, hosts: &[usize], by_remedy: bool) -> Grid<Window> {
    let mut grid = Grid::new();
    let n_hours = scene.n_hours();
    let log_start = -((n_hours * scene.constants.len()) as f64).ln();
    let p_free = if by_remedy { 1.0 - P_OPEN - P_REMEDIED } else { 1.0 - P_OPEN };
    let log_length = (p_free / LENGTHS_H.len() as f64).ln();
    for (size, sums) in scene.constants.iter().enumerate() {
        // The sum over all hosts of the set at each hour.
        let at: Vec<f64> = (0..=n_hours)
            .map(|hour| hosts.iter().map(|host| sums.before(*host, scene.hour(hour)[*host])).sum())
            .collect();
        let stops: Vec<(usize, f64, Vec<f64>)> = if by_remedy {
            let remedies = scene.remedies(0.0, None);
            remedies.into_iter().map(|(remedy, weight)| (remedy, weight, scene.stops(sums, remedy))).collect()
        } else {
            Vec::new()
        };
        for from_hour in 0..n_hours {
            let point = |end| Window { size, from_hour, end };
            grid.add(log_start + P_OPEN.ln(), at[n_hours] - at[from_hour], Remedied::Never, || point(Remedied::Never));
            for length in LENGTHS_H {
                let to = from_hour + length;
                if to < n_hours {
                    let end = Remedied::AtHour(to);
                    grid.add(log_start + log_length, at[to] - at[from_hour], end, || point(end));
                }
            }
            // Only a change that came later can have ended it; what the others would have got is shared out among these.
            let began = from_hour as f64 * 3600.0;
            let later = || stops.iter().filter(|(remedy, ..)| scene.view.from.changes[*remedy].last_s() > began);
            let possible: f64 = later().map(|(_, weight, _)| weight.exp()).sum();
            for (remedy, weight, stops) in later() {
                let changes = &scene.view.from.changes[*remedy];
                let sum = hosts
                    .iter()
                    .filter(|host| changes.at_s[**host] > began)
                    .map(|host| stops[*host] - sums.before(*host, scene.hour(from_hour)[*host]))
                    .sum();
                let end = Remedied::By(*remedy);
                grid.add(log_start + (P_REMEDIED / possible).ln() + weight, sum, end, || point(end));
            }
        }
    }
    grid
}

impl Window {
    /// The mechanism of this point, on these hosts.
    pub(super) fn mechanism(self, scene: &Scene<'_>, hosts: &[usize]) -> Mechanism {
        let mut spans = vec![NEVER; scene.n_hosts()];
        let from = self.from_hour as f64 * 3600.0;
        for host in hosts {
            let to = match self.end {
                Remedied::Never => f64::INFINITY,
                Remedied::AtHour(hour) => hour as f64 * 3600.0,
                Remedied::By(remedy) => scene.view.from.changes[remedy].at_s[*host],
            };
            if from < to {
                spans[*host] = (from, to);
            }
        }
        Mechanism { user: None, spans, how: How::Response(scene.constants[self.size].response) }
    }
}

/// The ends that a cause with a known beginning can have, with the logarithm of their prior: never, at any
/// hour of a grid of `step_h`, or by a later change.
pub(super) fn ends(scene: &Scene<'_>, from_s: f64, guilty: Option<usize>, step_h: usize) -> Vec<(Remedied, f64)> {
    let first = ((from_s.max(0.0) / 3600.0) as usize + 1).min(scene.n_hours());
    let hours: Vec<usize> = (first..scene.n_hours()).step_by(step_h).collect();
    let remedies = scene.remedies(from_s, guilty);
    // What cannot be is shared out among what can.
    let mut total = prior::NEVER;
    if !hours.is_empty() {
        total += prior::BY_ITSELF;
    }
    if !remedies.is_empty() {
        total += prior::REMEDIED;
    }
    let free = (prior::BY_ITSELF / total / hours.len().max(1) as f64).ln();
    let mut ends = vec![(Remedied::Never, (prior::NEVER / total).ln())];
    ends.extend(hours.into_iter().map(|hour| (Remedied::AtHour(hour), free)));
    let by = (prior::REMEDIED / total).ln();
    ends.extend(remedies.into_iter().map(|(remedy, weight)| (Remedied::By(remedy), by + weight)));
    ends
}
