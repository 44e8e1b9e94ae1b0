//! What is to be said of a span that people named, whether or not an incident was found in it.

use super::verdict::{Asked, Estimate, Incident};
use crate::correlate::Correlation;
use crate::model::time::TICKS_PER_HOUR;
use crate::model::{Fault, TimeRange, Timestamp};
use crate::stats::proportion_interval;

/// Counts the attempts of the span and of all other times; a refusal by the user's own fault is no failure of the
/// service.
pub(super) fn asked(from: &Correlation, span: TimeRange, incidents: &[Incident]) -> Asked {
    let (mut within, mut elsewhere) = ((0, 0), (0, 0));
    for one in &from.tries {
        let counts = if span.contains(one.at) { &mut within } else { &mut elsewhere };
        counts.1 += 1;
        counts.0 += usize::from(one.signature.is_some() && one.fault != Some(Fault::User));
    }
    let meets = |incident: &&Incident| {
        incident.started_at < span.end && incident.ended_at.is_none_or(|ended| ended > span.start)
    };
    Asked {
        span,
        is_covered: within.1 > 0 || is_covered(from, span),
        n_failures: within.0,
        n_attempts: within.1,
        share: share(within),
        share_elsewhere: share(elsewhere),
        incidents: incidents.iter().filter(meets).map(|incident| incident.id.clone()).collect(),
    }
}

fn share((n_failed, n): (usize, usize)) -> Option<Estimate> {
    let (lower, upper) = proportion_interval(n_failed, n);
    (n > 0).then(|| Estimate::interval(n_failed as f64 / n as f64, lower, upper, "1"))
}

/// Whether any source covers the begin, the end or a full hour of the span.
fn is_covered(from: &Correlation, span: TimeRange) -> bool {
    let hours = (span.start.hour()..=span.end.hour()).map(|hour| Timestamp(hour.saturating_mul(TICKS_PER_HOUR)));
    let moments = hours.filter(|at| span.contains(*at)).chain([span.start, Timestamp(span.end.0 - 1)]);
    // A span of years is asked about for its first years only: no log that covers it at all is silent so long.
    moments.take(100_000).any(|at| from.coverage.iter().any(|row| row.covers(at)))
}
