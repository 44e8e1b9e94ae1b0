//! Clocks that are off: one line for all that differ from one clock, one for each step.

use std::collections::BTreeMap;

use super::number;
use crate::frame::ClockOffset;
use crate::model::{Name, Trust};
use crate::report::clocks::best;
use crate::report::input::Input;

/// What is said of a clock: differences beyond it matter to people who compare times.
const MINUTE_S: f64 = 60.0;
/// Most clocks and most steps that are named.
const N_NAMED: usize = 8;

/// Returns one sentence for the clocks that differ from another by more than a minute with certainty, and one for each
/// time that a clock was set by more than that.
pub fn caveats(input: &Input<'_>) -> Vec<String> {
    let mut clocks: BTreeMap<(&Option<Name>, &Option<Name>), Vec<&ClockOffset>> = BTreeMap::new();
    for offset in &input.tables.clocks {
        clocks.entry((&offset.host, &offset.source)).or_default().push(offset);
    }
    let mut off: BTreeMap<&Name, Vec<Name>> = BTreeMap::new();
    for offset in clocks.values().filter_map(|offsets| best(offsets)) {
        let (value, lower, upper) = offset.offset;
        if lower > MINUTE_S || upper < -MINUTE_S {
            let way = if value > 0.0 { "ahead" } else { "behind" };
            let within = (upper - lower) / 2.0;
            let name = label(offset.host.as_ref(), offset.source.as_ref());
            let said = format!("{name} {} {way} (\u{b1} {} s)", seconds(value.abs()), number::short(within));
            off.entry(&offset.against).or_default().push(Name::from(said));
        }
    }
    let mut caveats: Vec<String> = off
        .iter()
        .map(|(against, names)| {
            let names = number::names(names, N_NAMED);
            format!("Compared with the clock of {against}: {names}. No time in this report was moved by that.")
        })
        .collect();
    let large = input.tables.clock_steps.iter().filter(|step| step.seconds.abs() > MINUTE_S);
    caveats.extend(large.take(N_NAMED).map(|step| {
        let way = if step.seconds > 0.0 { "forward" } else { "back" };
        let known = if step.trust == Trust::Stated { "its log says so" } else { "derived from the records" };
        let name = label(step.host.as_ref(), step.source.as_ref());
        let by = seconds(step.seconds.abs());
        format!("The clock of {name} was set {way} by {by} on {} ({known}).", number::instant(step.at))
    }));
    caveats
}

fn label(host: Option<&Name>, source: Option<&Name>) -> String {
    match (host, source) {
        (Some(host), Some(source)) => format!("{source} on {host}"),
        (one, other) => one.or(other).map(ToString::to_string).unwrap_or_default(),
    }
}

/// Below an hour to the second, above to the minute.
fn seconds(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match (whole / 60, whole % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) if minutes < 60 => format!("{minutes} min"),
        (minutes, seconds) if minutes < 60 => format!("{minutes} min {seconds} s"),
        _ => number::duration(seconds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use crate::report::fixture;

    #[test]
    fn only_what_is_off_by_more_than_a_minute_for_certain_is_said() {
        let mut case = fixture::one_day();
        let at = Timestamp::from_unix_seconds(1_661_126_400);
        let row = |host: &str, offset| ClockOffset {
            host: Some(host.into()),
            source: None,
            against: "log4net on APP01".into(),
            span: (at, at),
            offset,
            latency_s: 1.0,
            n_pairs: 40,
            through: Vec::new(),
            trust: Trust::Derived,
        };
        case.tables.clocks = vec![
            row("RDS01", (-3_930.0, -3_934.0, -3_926.0)),
            row("RDS02", (80.0, 50.0, 110.0)),
            row("RDS03", (1.0, 0.0, 2.0)),
        ];
        let said = caveats(&case.input());
        assert_eq!(
            said,
            [
                "Compared with the clock of log4net on APP01: RDS01 1 h 6 min behind (\u{b1} 4 s). No time in this report was moved by that."
            ]
        );
    }
}
