//! What each change of the week did: its hosts before and after it, at the same hours of the week, beside the others.

use std::collections::BTreeSet;

use super::wishes::Wish;
use crate::frame::{Change, HostChange, Tables};
use crate::judge::{ChangeVerdict, Estimate, Judgement, Verdict};
use crate::model::{Name, TimeRange, Timestamp};
use crate::stats::{Share, difference_in_differences, rate_ratio};

/// A week, in seconds: what comes after a change is compared with the same hours a week earlier.
const WEEK_S: f64 = 7.0 * 86_400.0;
/// Fewer wishes than these on a side, or no failure on either, tell nothing about a rate.
const MIN_WISHES: usize = 30;

/// Failed wishes out of wishes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failed {
    /// Wishes.
    pub n_wishes: usize,
    /// Those that failed.
    pub n_failed: usize,
}

impl Failed {
    fn share(self) -> Share {
        Share { k: self.n_failed, n: self.n_wishes }
    }
}

/// What a change did to the connections of its hosts. A comparison, no verdict: what else happened at the same time is
/// in it as well, but for the failures of incidents that the judge acquits it of.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// The change.
    pub change_id: String,
    /// Whether it reached its first host in the week; else only further ones.
    pub is_first: bool,
    /// The hosts that it reached in the week, by time.
    pub hosts: Vec<Name>,
    /// Failed wishes on its hosts in the same hours a week before it.
    pub before: Failed,
    /// Failed wishes on its hosts from it on, for a week or to the end of the logs.
    pub after: Failed,
    /// The rate of failures after it over that before, with its exact 95 % interval; `None` without wishes on a side.
    pub ratio: Option<Estimate>,
    /// The same on hosts that did not get it, at the same times; `None` if there are none.
    pub elsewhere: Option<[Failed; 2]>,
    /// By how much more the share of failures rose on its hosts than on the others, with its 95 % interval.
    pub beyond_others: Option<Estimate>,
    /// Whether there are too few wishes or failures to tell.
    pub is_too_few: bool,
}

/// The changes that reached a host in the week, by time.
pub(super) fn effects(tables: &Tables, judgement: &Judgement, wishes: &[Wish], week: TimeRange) -> Vec<Effect> {
    let Some(window) = tables.window else { return Vec::new() };
    let one = |change: &Change| {
        if !change.hosts.iter().any(|host| is_of(week, host)) {
            return None;
        }
        let foreign = foreign(judgement, &change.id);
        let own: Vec<&Wish> = wishes.iter().filter(|wish| !foreign.contains(&wish.attempt)).collect();
        effect(tables, window, &own, week, change)
    };
    tables.changes.iter().filter_map(one).collect()
}

/// Whether a host got it, or had it in force, in a week.
fn is_of(week: TimeRange, host: &HostChange) -> bool {
    week.contains(host.at) || week.contains(host.in_force_at)
}

/// Failed attempts of incidents that a change is acquitted of: they say nothing about it.
fn foreign(judgement: &Judgement, change_id: &str) -> BTreeSet<u32> {
    let acquits = |said: &&ChangeVerdict| said.change_id == change_id && said.verdict == Verdict::Acquitted;
    let acquitted: Vec<Option<&str>> =
        judgement.verdicts.iter().filter(acquits).map(|said| said.incident.as_deref()).collect();
    let incidents = judgement.incidents.iter().filter(|one| acquitted.contains(&Some(one.id.as_str())));
    incidents.flat_map(|one| one.attempts.iter().copied()).collect()
}

fn effect(tables: &Tables, window: TimeRange, wishes: &[&Wish], week: TimeRange, change: &Change) -> Option<Effect> {
    let reached: Vec<(&Name, Timestamp)> =
        change.hosts.iter().filter(|host| is_of(week, host)).map(|host| (&host.host, host.in_force_at)).collect();
    let first = reached.iter().map(|(_, at)| *at).min()?;
    let after = |at: Timestamp| TimeRange { start: at, end: at.plus_seconds(WEEK_S).min(window.end) };
    let earlier =
        |span: TimeRange| TimeRange { start: span.start.plus_seconds(-WEEK_S), end: span.end.plus_seconds(-WEEK_S) };
    let own = |span: fn(TimeRange) -> TimeRange| {
        let wanted: Vec<(&Name, TimeRange)> = reached.iter().map(|(host, at)| (*host, span(after(*at)))).collect();
        counted(wishes, |wish| wanted.iter().any(|(host, span)| *host == &wish.host && span.contains(wish.at)))
    };
    let earlier: fn(TimeRange) -> TimeRange = earlier;
    let (before, since) = (own(earlier), own(|span| span));
    let is_other = |host: &Name| !change.hosts.iter().any(|reached| reached.host == *host);
    let has_others = tables.hosts.iter().any(is_other);
    let others = |span: TimeRange| counted(wishes, |wish| is_other(&wish.host) && span.contains(wish.at));
    let elsewhere = has_others.then(|| [others(earlier(after(first))), others(after(first))]);
    let ratio = rate_ratio(since.n_failed, since.n_wishes as f64, before.n_failed, before.n_wishes as f64);
    let beyond = elsewhere.filter(|others| others.iter().all(|share| share.n_wishes > 0)).map(|others| {
        let (value, lower, upper) =
            difference_in_differences([before, since].map(Failed::share), others.map(Failed::share));
        Estimate::interval(value, lower, upper, "1")
    });
    Some(Effect {
        change_id: change.id.clone(),
        is_first: week.contains(change.started_at),
        hosts: reached.iter().map(|(host, _)| (*host).clone()).collect(),
        ratio: ratio.map(|ratio| Estimate::interval(ratio.value, ratio.lower, ratio.upper, "1")),
        beyond_others: beyond,
        is_too_few: before.n_wishes.min(since.n_wishes) < MIN_WISHES || before.n_failed + since.n_failed == 0,
        elsewhere,
        before,
        after: since,
    })
}

fn counted(wishes: &[&Wish], is_wanted: impl Fn(&Wish) -> bool) -> Failed {
    let mut failed = Failed::default();
    for wish in wishes.iter().filter(|wish| is_wanted(wish)) {
        failed.n_wishes += 1;
        failed.n_failed += usize::from(wish.failed.is_some());
    }
    failed
}
