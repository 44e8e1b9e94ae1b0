//! How many requests were open at a time, out of when each ended and how long it took.
//!
//! A request is open for as long as it took. What all requests were open within five minutes, divided by
//! these five minutes, is how many were open on the mean. Only the last two hours are kept while reading: of a request
//! that took longer, and of a line that comes later, the rest counts nowhere.

use super::format::{Context, LineOutcome};
use crate::model::identity::canonical_host;
use crate::model::time::TICKS_PER_SECOND;
use crate::model::{LoadMetric, LoadSample, Name, Timestamp};

/// The length of one span.
const SPAN_TICKS: i64 = 300 * TICKS_PER_SECOND;
/// So many spans are kept: two hours.
const N_SPANS: i64 = 24;
const TICKS_PER_MS: f64 = 1e4;

/// Adds up the requests of one source.
pub(super) struct OpenRequests {
    counter: &'static str,
    /// The number of the newest span, since 1970.
    newest: Option<i64>,
    /// The latest end.
    latest: Timestamp,
    /// What requests were open, in ticks; a span has its place by its number.
    open: [i64; N_SPANS as usize],
    host: Option<Name>,
}

impl OpenRequests {
    /// Returns the sums of a source that holds nothing yet.
    pub(super) fn new(counter: &'static str) -> Self {
        Self { counter, newest: None, latest: Timestamp(i64::MIN), open: [0; N_SPANS as usize], host: None }
    }

    fn place(&mut self, span: i64) -> &mut i64 {
        &mut self.open[span.rem_euclid(N_SPANS) as usize]
    }

    /// Adds a request; returns the readings of the spans that are over.
    pub(super) fn add(
        &mut self,
        end: Timestamp,
        duration_ms: f64,
        host: Option<&str>,
        context: &mut Context<'_>,
    ) -> Option<LineOutcome> {
        if self.host.is_none() {
            self.host = host.map(canonical_host).map(|host| context.names.intern(&host));
        }
        self.latest = self.latest.max(end);
        let last = end.0.div_euclid(SPAN_TICKS);
        let newest = *self.newest.get_or_insert(last);
        let mut readings = Vec::new();
        if last > newest {
            self.take((newest - N_SPANS + 1)..=newest.min(last - N_SPANS), context, &mut readings);
            self.newest = Some(last);
        }
        let oldest = newest.max(last) - N_SPANS + 1;
        let ticks = (duration_ms.max(0.0) * TICKS_PER_MS) as i64;
        let start = end.0.saturating_sub(ticks).max(oldest.saturating_mul(SPAN_TICKS));
        for span in start.div_euclid(SPAN_TICKS)..=last {
            let (from, to) =
                (start.max(span.saturating_mul(SPAN_TICKS)), end.0.min((span + 1).saturating_mul(SPAN_TICKS)));
            *self.place(span) += to.saturating_sub(from).max(0);
        }
        (!readings.is_empty()).then_some(LineOutcome::Load(readings))
    }

    /// Takes the readings of spans out of the sums; one in which nothing was open has none.
    fn take(
        &mut self,
        spans: std::ops::RangeInclusive<i64>,
        context: &mut Context<'_>,
        readings: &mut Vec<LoadSample>,
    ) {
        for span in spans {
            let open = std::mem::take(self.place(span));
            if open > 0 {
                readings.push(LoadSample {
                    // No reading lies behind what the source covers.
                    at: Timestamp((span + 1).saturating_mul(SPAN_TICKS)).min(self.latest),
                    time_trust: context.clock.trust(),
                    host: self.host.clone(),
                    metric: LoadMetric::Other,
                    counter: context.names.intern(self.counter),
                    value: open as f64 / SPAN_TICKS as f64,
                    provenance: context.provenance,
                });
            }
        }
    }

    /// Returns the readings that are left.
    pub(super) fn finish(&mut self, context: &mut Context<'_>) -> Option<LineOutcome> {
        let newest = self.newest.take()?;
        let mut readings = Vec::new();
        self.take((newest - N_SPANS + 1)..=newest, context, &mut readings);
        (!readings.is_empty()).then_some(LineOutcome::Load(readings))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Names, Position, Provenance, SourceId, Trust};
    use crate::normalize::clock::{Clock, ZoneRule};
    use crate::normalize::message::Gists;

    /// The readings of requests: the second of the end and the milliseconds each took.
    fn readings(requests: &[(i64, f64)]) -> Vec<(i64, f64)> {
        let mut clock = Clock::new(ZoneRule::UTC, Trust::Stated);
        let (mut names, mut gists) = (Names::new(), Gists::default());
        let provenance = Provenance { source: SourceId(0), position: Position::Line(1) };
        let mut context = Context { clock: &mut clock, names: &mut names, gists: &mut gists, provenance, dataset: "x" };
        let mut open = OpenRequests::new("open");
        let mut all = Vec::new();
        for (end, ms) in requests {
            all.extend(open.add(Timestamp(end * TICKS_PER_SECOND), *ms, None, &mut context));
        }
        all.extend(open.finish(&mut context));
        let samples = all.into_iter().flat_map(|outcome| match outcome {
            LineOutcome::Load(samples) => samples,
            other => panic!("{other:?}"),
        });
        samples.map(|sample| (sample.at.0 / TICKS_PER_SECOND, sample.value)).collect()
    }

    #[test]
    fn requests_count_in_the_spans_in_which_they_were_open() {
        // Thirty seconds within one span; then one that lies half in the span before.
        assert_eq!(readings(&[(100, 30_000.0)]), [(100, 0.1)]);
        assert_eq!(readings(&[(330, 60_000.0)]), [(300, 0.1), (330, 0.1)]);
        // Two at once are two.
        assert_eq!(readings(&[(300, 300_000.0), (300, 300_000.0)]), [(300, 2.0)]);
    }

    #[test]
    fn late_lines_and_far_jumps_lose_no_span_and_cost_no_memory() {
        assert_eq!(readings(&[(100, 30_000.0), (1_000_000_000, 30_000.0), (50, 30_000.0)]).len(), 2);
        let week = 7 * 24 * 3_600;
        let clipped = readings(&[(week, 1e3 * week as f64)]);
        assert_eq!(clipped.len(), N_SPANS as usize - 1, "the last span ends where the request does");
        assert!(readings(&[(i64::MAX / TICKS_PER_SECOND, f64::MAX), (i64::MIN / TICKS_PER_SECOND, 1.0)]).len() < 100);
    }
}
