//! Leaves out what lies outside the asked span, once all stamps have their year and zone.

use super::Options;
use super::source::{Kept, One};
use crate::model::time::TICKS_PER_HOUR;
use crate::model::{Timestamp, Trust};

/// Zones lie at most 14 hours from UTC; so far a guessed instant can still move.
const SLACK_TICKS: i64 = 15 * TICKS_PER_HOUR;

impl Options {
    /// Whether an instant lies outside the asked span, whatever becomes of it when its zone is settled.
    pub(super) fn is_outside(&self, at: Timestamp, trust: Trust) -> bool {
        let slack = if trust == Trust::Guessed { SLACK_TICKS } else { 0 };
        self.since.is_some_and(|since| at.0.saturating_add(slack) < since.0)
            || self.until.is_some_and(|until| at.0.saturating_sub(slack) >= until.0)
    }
}

/// Counts as irrelevant what turns out to lie outside; changes are kept.
pub(super) fn drop_outside(ones: &mut [One], options: &Options) {
    if options.since.is_none() && options.until.is_none() {
        return;
    }
    for one in ones {
        let n_before = one.kept.len();
        one.kept.retain_mut(|kept| match kept {
            Kept::Event(event, changes, _) => {
                if event.as_ref().is_some_and(|event| options.is_outside(event.at, Trust::Stated)) {
                    *event = None;
                }
                event.is_some() || !changes.is_empty()
            }
            Kept::Load(samples) => {
                samples.retain(|sample| !options.is_outside(sample.at, Trust::Stated));
                !samples.is_empty()
            }
            Kept::Change(_) => true,
        });
        // A batch of one record is several entries; the balance of the source holds all the same.
        let n_dropped = ((n_before - one.kept.len()) as u64).min(one.summary.n_kept);
        one.summary.n_kept -= n_dropped;
        one.summary.n_irrelevant += n_dropped;
    }
}
