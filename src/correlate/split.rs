//! Where the record splits best into before and after: a first guess of what is background and what is not.

use super::{Class, View};

/// What a host pays for a share of its own after the split, in nats: one parameter, by Akaike's criterion.
const HOST_PRICE: f64 = 1.0;

/// The chance, by attempt, with which something from one moment on failed attempts on those hosts whose share of
/// failures rose there; empty if no moment splits the record better than chance would.
///
/// The background of a host is learned from all its attempts. Where most of them come after a lasting rise, it would
/// learn the rise, and no mechanism would look like anything beside it. This guess breaks the circle; whatever is
/// weighed later fits the background anew, so that a wrong guess costs nothing but time.
///
/// The moment is the hour with the greatest sum over hosts of binomial log likelihood ratios, as in binary
/// segmentation; it must be worth twice the logarithm of the number of hours.
pub fn split(view: &View<'_>) -> Vec<f64> {
    let n_hours = view.from.n_hours();
    let hosts: Vec<Vec<(f64, f64)>> = (0..view.from.hosts.len()).map(|host| counts(view, host, n_hours)).collect();
    let worth = |hour: usize| -> f64 { hosts.iter().map(|host| rise(host, hour).0).sum() };
    let best = (1..n_hours).map(|hour| (worth(hour), hour)).max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    let Some((worth, hour)) = best else { return Vec::new() };
    if worth < 2.0 * (n_hours as f64).ln() {
        return Vec::new();
    }
    let chances: Vec<f64> = hosts.iter().map(|host| rise(host, hour).1).collect();
    let from_s = hour as f64 * 3600.0;
    view.from.tries.iter().map(|one| if one.at_s >= from_s { chances[one.host] } else { 0.0 }).collect()
}

/// Attempts and failures of a host before each full hour.
fn counts(view: &View<'_>, host: usize, n_hours: usize) -> Vec<(f64, f64)> {
    let mut sums = vec![(0.0, 0.0); n_hours + 1];
    for &place in view.tries_of(host) {
        if view.classes[place] == Class::Skipped {
            continue;
        }
        let hour = ((view.from.tries[place].at_s / 3600.0).max(0.0) as usize).min(n_hours - 1) + 1;
        sums[hour].0 += 1.0;
        sums[hour].1 += f64::from(u8::from(view.classes[place] == Class::Own));
    }
    for hour in 1..=n_hours {
        sums[hour].0 += sums[hour - 1].0;
        sums[hour].1 += sums[hour - 1].1;
    }
    sums
}

/// What a rise at an hour is worth on a host, nats less its price, and the chance that came with it.
fn rise(sums: &[(f64, f64)], hour: usize) -> (f64, f64) {
    let (n1, k1) = sums[hour];
    let (n, k) = sums[sums.len() - 1];
    let (n2, k2) = (n - n1, k - k1);
    if k2 * n1 <= k1 * n2 {
        return (0.0, 0.0);
    }
    let worth = binomial(k1, n1) + binomial(k2, n2) - binomial(k, n) - HOST_PRICE;
    let (p1, p2) = (k1 / n1, k2 / n2);
    if worth > 0.0 { (worth, (p2 - p1) / (1.0 - p1)) } else { (0.0, 0.0) }
}

/// The highest log likelihood of `k` of `n`.
fn binomial(k: f64, n: f64) -> f64 {
    let part = |k: f64| if k > 0.0 { k * (k / n).ln() } else { 0.0 };
    part(k) + part(n - k)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlate::Correlation;
    use crate::correlate::attempts::some_try;
    use crate::model::Name;

    /// Two hosts, an attempt each every six minutes for four days; `fails` says which fail.
    fn guess(fails: impl Fn(usize, usize) -> bool) -> (Correlation, Vec<f64>) {
        let attempt =
            |host: usize, place: usize| some_try(place as f64 * 360.0, host, 0, fails(host, place).then_some(0));
        let name = Name::from("one");
        let from = Correlation {
            hosts: vec![name.clone(), Name::from("two")],
            users: vec![name.clone()],
            signatures: vec![name],
            tries: (0..960).flat_map(|place| [attempt(0, place), attempt(1, place)]).collect(),
            length_s: 96.0 * 3600.0,
            ..Correlation::default()
        };
        let chances = split(&View::new(&from, Some(0), &[]));
        (from, chances)
    }

    #[test]
    fn a_lasting_rise_on_one_host_is_found_there() {
        // From the second day on, a fifth of the attempts of the second host.
        let (from, chances) = guess(|host, place| host == 1 && place >= 240 && place % 5 == 0);
        assert!(!chances.is_empty());
        for (one, chance) in from.tries.iter().zip(&chances) {
            let expected = if one.host == 1 && one.at_s >= 24.0 * 3600.0 { 0.2 } else { 0.0 };
            assert!((chance - expected).abs() < 0.01, "{one:?} {chance}");
        }
    }

    #[test]
    fn a_steady_share_has_no_split() {
        let (_, chances) = guess(|host, place| place % (20 + 7 * host) == 3);
        assert!(chances.is_empty());
    }
}
