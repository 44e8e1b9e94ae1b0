//! Numbers, times and lists as people read them.

use crate::judge::{Estimate, LEVEL};
use crate::model::{Name, TimeRange, Timestamp};

/// Returns the number with its noun: `1 attempt`, `1,204 attempts`.
pub fn count(n: usize, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(n))
}

/// Returns the number with a comma between thousands.
pub fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Returns a share as percent, never `0%` for something nor `100%` for not quite all.
pub fn percent(share: f64) -> String {
    if !share.is_finite() {
        return "an unknown share".to_owned();
    }
    if share <= 0.0 {
        "0%".to_owned()
    } else if share < 0.001 {
        "under 0.1%".to_owned()
    } else if share < 0.0995 {
        format!("{:.1}%", share * 100.0)
    } else if share >= 1.0 {
        "100%".to_owned()
    } else if share > 0.995 {
        "over 99%".to_owned()
    } else {
        format!("{:.0}%", share * 100.0)
    }
}

/// Returns the value with two or three digits that matter.
pub fn short(value: f64) -> String {
    if !value.is_finite() {
        return "unbounded".to_owned();
    }
    let size = value.abs();
    if size >= 1_000.0 {
        let whole = grouped(size.round() as usize);
        if value < 0.0 { format!("-{whole}") } else { whole }
    } else if size >= 100.0 || value.fract() == 0.0 {
        format!("{value:.0}")
    } else if size >= 10.0 {
        format!("{value:.1}")
    } else if size >= 0.1 {
        format!("{value:.2}")
    } else if size >= 0.001 {
        format!("{value:.3}")
    } else if size >= 1e-6 {
        // One digit that matters, written out: few people read exponents.
        format!("{value:.*}", (-size.log10()).ceil() as usize)
    } else {
        "under 0.000001".to_owned()
    }
}

/// Returns a ratio or a measure with its interval: `8.1 (95% interval 3.2 to 21)`.
pub fn interval(estimate: &Estimate) -> String {
    let unit =
        if estimate.unit == "1" || estimate.unit.is_empty() { String::new() } else { format!(" {}", estimate.unit) };
    if !estimate.value.is_finite() {
        return format!(
            "above {}{unit} (lower bound of the 95% interval; there is no upper one)",
            short(estimate.lower)
        );
    }
    let value = short(estimate.value);
    if estimate.lower.to_bits() == estimate.upper.to_bits() {
        return format!("{value}{unit}");
    }
    if estimate.upper.is_finite() {
        format!("{value}{unit} (95% interval {} to {})", short(estimate.lower), short(estimate.upper))
    } else {
        format!("{value}{unit} (95% interval from {} up, without upper bound)", short(estimate.lower))
    }
}

/// Returns `12 of 345 (3.5%)`.
pub fn of(part: f64, whole: f64) -> String {
    let share = if whole > 0.0 { format!(" ({})", percent(part / whole)) } else { String::new() };
    format!("{} of {}{share}", grouped(part.max(0.0) as usize), grouped(whole.max(0.0) as usize))
}

/// Returns the instant to the minute: `2022-08-22 07:10 UTC`.
pub fn instant(at: Timestamp) -> String {
    at.to_jiff().strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Returns the interval as a clause: `95% interval 2022-08-22 06:52 to 07:11`.
pub fn between(range: &TimeRange) -> String {
    let (from, to) = (range.start.to_jiff(), range.end.to_jiff());
    let day = "%Y-%m-%d";
    let is_one_day = from.strftime(day).to_string() == to.strftime(day).to_string();
    let to = to.strftime(if is_one_day { "%H:%M" } else { "%Y-%m-%d %H:%M" });
    format!("{} interval {} to {to}", percent(LEVEL), from.strftime("%Y-%m-%d %H:%M"))
}

/// Returns the instant with its weekday, without year: `Mon 22 Aug 07:10`.
pub fn weekday(at: Timestamp) -> String {
    at.to_jiff().strftime("%a %-d %b %H:%M").to_string()
}

/// Returns the day with its year: `22 Aug 2022`.
pub fn day(at: Timestamp) -> String {
    at.to_jiff().strftime("%-d %b %Y").to_string()
}

/// Returns a length of time in the two units that matter: `45 min`, `6 h 10 min`, `3 d 4 h`.
pub fn duration(seconds: f64) -> String {
    let minutes = (seconds.max(0.0) / 60.0).round() as u64;
    let (days, hours, rest) = (minutes / 1_440, minutes / 60 % 24, minutes % 60);
    match (days, hours, rest) {
        (0, 0, rest) => format!("{rest} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, rest) => format!("{hours} h {rest} min"),
        (days, 0, _) => format!("{days} d"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

/// Returns the names in a row: `RDS01`, `RDS01 and RDS02`, `RDS01, RDS02, RDS03 and 5 more`.
pub fn names(names: &[Name], n_shown: usize) -> String {
    let shown: Vec<&str> = names.iter().take(n_shown).map(|name| &**name).collect();
    let n_more = names.len() - shown.len();
    if n_more > 0 {
        return format!("{} and {n_more} more", shown.join(", "));
    }
    match shown.split_last() {
        None => "none".to_owned(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(count(1, "attempt"), "1 attempt");
        assert_eq!(count(1_234_567, "attempt"), "1,234,567 attempts");
        assert_eq!(
            [0.0, 0.0004, 0.031, 0.5, 0.997, 1.0].map(percent).join(" "),
            "0% under 0.1% 3.1% 50% over 99% 100%"
        );
        assert_eq!(
            [0.000_12, 0.25, 8.13, 21.44, 412.0, 12_345.6].map(short).join(" "),
            "0.0001 0.25 8.13 21.4 412 12,346"
        );
        assert_eq!(of(12.0, 345.0), "12 of 345 (3.5%)");
        assert_eq!([59.0, 22_200.0, 273_600.0].map(duration).join(", "), "1 min, 6 h 10 min, 3 d 4 h");
    }

    #[test]
    fn intervals_say_when_a_bound_is_missing() {
        assert_eq!(interval(&Estimate::count(3, "hosts")), "3 hosts");
        assert_eq!(interval(&Estimate::interval(8.1, 3.2, 21.0, "1")), "8.10 (95% interval 3.20 to 21)");
        let open = Estimate::interval(f64::INFINITY, 4.0, f64::INFINITY, "1");
        assert_eq!(interval(&open), "above 4 (lower bound of the 95% interval; there is no upper one)");
    }

    #[test]
    fn an_interval_of_time_says_its_day_once() {
        let at = |s: i64| Timestamp::from_unix_seconds(1_661_126_400 + s);
        let range = |from: i64, to: i64| between(&TimeRange { start: at(from), end: at(to) });
        assert_eq!(range(24_720, 25_860), "95% interval 2022-08-22 06:52 to 07:11");
        assert_eq!(range(-60, 0), "95% interval 2022-08-21 23:59 to 2022-08-22 00:00");
    }

    #[test]
    fn long_lists_are_cut_and_say_so() {
        let hosts: Vec<Name> = ["A", "B", "C", "D"].map(Name::from).to_vec();
        assert_eq!(names(&hosts[..0], 3), "none");
        assert_eq!(names(&hosts[..2], 3), "A and B");
        assert_eq!(names(&hosts, 3), "A, B, C and 1 more");
    }
}
