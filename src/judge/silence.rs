//! Silence that tells nothing: the log that shows the failures began together with what is held for their cause.

use super::opinion::Opinion;
use crate::correlate::Class;

/// Fewer attempts than these between two moments, and nothing tells the moments apart.
const MIN_ATTEMPTS: usize = 10;

/// The moment, in seconds, before which the failures could not have been seen, if people tried to connect before it;
/// `None` where there was always a log that would have shown them.
pub(super) fn unseen_before(opinion: &Opinion<'_>) -> Option<f64> {
    let view = &opinion.scene.view;
    let own = (0..view.classes.len()).filter(|place| view.classes[*place] == Class::Own);
    let since: Vec<f64> =
        own.filter_map(|place| view.from.tries[place].signature).map(|one| view.from.seen_since_s[one]).collect();
    let hidden = || since.iter().copied().filter(|since_s| *since_s > 0.0);
    // What is looked at may be all signatures together: the most of them decide.
    let since_s = hidden().min_by(f64::total_cmp).filter(|_| 2 * hidden().count() > since.len())?;
    (n_between(opinion, 0.0, since_s) >= MIN_ATTEMPTS).then_some(since_s)
}

/// Whether something that began at `from_s` began with the log: hardly anybody tried to connect between them.
pub(super) fn is_with(opinion: &Opinion<'_>, since_s: f64, from_s: f64) -> bool {
    from_s.is_finite() && n_between(opinion, since_s.min(from_s), since_s.max(from_s)) < MIN_ATTEMPTS
}

fn n_between(opinion: &Opinion<'_>, from_s: f64, to_s: f64) -> usize {
    let tries = &opinion.scene.view.from.tries;
    let before = |at_s: f64| tries.partition_point(|one| one.at_s < at_s);
    before(to_s).saturating_sub(before(from_s))
}
