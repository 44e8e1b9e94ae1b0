//! Retries: what one person tries again after a failure is one wish to connect.

use std::collections::BTreeMap;

use super::{Attempt, Outcome};
use crate::model::{Name, Timestamp};

/// A try within this many seconds of the same user's last failed try repeats it.
pub(super) const RETRY_S: f64 = 45.0 * 60.0;

/// Numbers the demands by their first try and marks the retries.
///
/// A failed try and what the same user tries on any host within 45 minutes of it belong to one demand; a
/// success ends it. `attempts` are sorted by time.
pub(super) fn assign(attempts: &mut [Attempt]) {
    let mut open: BTreeMap<Name, (u32, Timestamp)> = BTreeMap::new();
    let mut next = 0;
    for attempt in attempts {
        let known = open.get(&attempt.user).filter(|(_, failed_at)| attempt.at.seconds_since(*failed_at) < RETRY_S);
        attempt.is_retry = known.is_some();
        attempt.demand = known.map_or(next, |(demand, _)| *demand);
        if !attempt.is_retry {
            next += 1;
        }
        if attempt.is_failure() {
            open.insert(attempt.user.clone(), (attempt.demand, attempt.at));
        } else if attempt.outcome == Outcome::Succeeded {
            open.remove(&attempt.user);
        }
    }
}
