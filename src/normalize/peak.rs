//! The highest of many counts within a minute, as one reading of load.
//!
//! Servers count their connections at each one that comes or goes; that many readings would say no more than the
//! highest of each minute.

use super::format::{Context, LineOutcome};
use crate::model::time::TICKS_PER_SECOND;
use crate::model::{LoadMetric, LoadSample, Timestamp};

const TICKS_PER_MINUTE: i64 = 60 * TICKS_PER_SECOND;

/// Keeps the highest count of the minute that is open.
pub(super) struct Peak {
    counter: &'static str,
    /// The number of the minute since 1970, and its highest count.
    open: Option<(i64, f64)>,
    latest: Timestamp,
}

impl Peak {
    /// Returns the memory of a source that has shown nothing yet.
    pub(super) fn new(counter: &'static str) -> Self {
        Self { counter, open: None, latest: Timestamp(i64::MIN) }
    }

    /// Takes a count; returns the reading of the minute that is over by that.
    pub(super) fn add(&mut self, at: Timestamp, count: f64, context: &mut Context<'_>) -> Option<LineOutcome> {
        let number = at.0.div_euclid(TICKS_PER_MINUTE);
        if let Some((_, most)) = self.open.as_mut().filter(|(open, _)| *open >= number) {
            *most = most.max(count);
            self.latest = self.latest.max(at);
            return None;
        }
        let over = self.finish(context);
        (self.open, self.latest) = (Some((number, count)), at);
        over
    }

    /// Returns the reading of the open minute, at its end, but not behind what the source covers.
    pub(super) fn finish(&mut self, context: &mut Context<'_>) -> Option<LineOutcome> {
        let (number, value) = self.open.take()?;
        let end = Timestamp(number.saturating_add(1).saturating_mul(TICKS_PER_MINUTE));
        Some(LineOutcome::Load(vec![LoadSample {
            at: end.min(self.latest),
            time_trust: context.clock.trust(),
            host: None,
            metric: LoadMetric::Other,
            counter: context.names.intern(self.counter),
            value,
            provenance: context.provenance,
        }]))
    }
}
