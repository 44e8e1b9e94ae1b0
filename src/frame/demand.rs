//! Retries: what one person tries again after a failure is one wish to connect.

use std::collections::BTreeMap;

use super::clocks::Clocks;
use super::{Attempt, Outcome};
use crate::model::{Name, Timestamp};

/// A try within this many seconds of the same user's last failed try repeats it.
pub(super) const RETRY_S: f64 = 45.0 * 60.0;

/// Numbers the demands by their first try and marks the retries.
///
/// A failed try and what the same user tries on any host within 45 minutes of it belong to one demand; a
/// success ends it. Hosts' times are compared as far as their clocks are known to differ; `attempts` are sorted by
/// time, and keep their times and their order.
pub(super) fn assign(attempts: &mut [Attempt], clocks: &Clocks) {
    let mut order: Vec<(Timestamp, usize)> = attempts
        .iter()
        .enumerate()
        .map(|(place, attempt)| (clocks.aligned(&attempt.host, attempt.at), place))
        .collect();
    order.sort_unstable();
    let mut open: BTreeMap<Name, (u32, Timestamp)> = BTreeMap::new();
    let mut next = 0;
    for (at, place) in order {
        let attempt = &mut attempts[place];
        let known = open.get(&attempt.user).filter(|(_, failed_at)| at.seconds_since(*failed_at) < RETRY_S);
        attempt.is_retry = known.is_some();
        attempt.demand = known.map_or(next, |(demand, _)| *demand);
        if !attempt.is_retry {
            next += 1;
        }
        if attempt.is_failure() {
            open.insert(attempt.user.clone(), (attempt.demand, at));
        } else if attempt.outcome == Outcome::Succeeded {
            open.remove(&attempt.user);
        }
    }
}
