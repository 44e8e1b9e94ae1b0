//! The lanes of the timeline, one file each: a lane turns tables into marks and draws nothing.
//!
//! Write `lanes/<name>.rs` with a function `bands`, a [`Lane`], and add it to [`LANES`]. The tests lay out every lane for every
//! made-up input and check that no label overlaps another.

use super::axis::Axis;
use super::mark::{Band, Fill, Mark, Scale};
use super::scene::Scene;
use super::theme::Ink;
use crate::model::Timestamp;

pub(crate) mod changes;
pub(crate) mod closes;
pub(crate) mod failures;
pub(crate) mod hosts;
pub(crate) mod incidents;
pub(crate) mod load;
pub(crate) mod share;

/// One lane: computes its bands from above; none if it has nothing to say.
pub(crate) type Lane = fn(&Scene<'_>) -> Vec<Band>;

/// All lanes, from above: when it was, what was done, what failed, how busy it was, what stayed open, where.
pub(crate) const LANES: &[Lane] =
    &[incidents::bands, changes::bands, failures::bands, share::bands, load::bands, closes::bands, hosts::bands];

/// Counts instants in the bins of an axis.
fn counted(axis: &Axis, instants: impl Iterator<Item = Timestamp>) -> Vec<u32> {
    let mut counts = vec![0_u32; axis.bins.len()];
    for at in instants {
        if let Some(count) = axis.bin(at).and_then(|bin| counts.get_mut(bin)) {
            *count += 1;
        }
    }
    counts
}

/// Bars of counts per unit of time; bins of another length are brought to the axis' unit, partial ones are hollow.
fn rate_bars(axis: &Axis, counts: &[u32], ink: Ink) -> (Vec<Mark>, f64) {
    let mut bars = Vec::new();
    let mut max: f64 = 0.0;
    for (bin, count) in axis.bins.iter().zip(counts) {
        if *count > 0 {
            let value = f64::from(*count) * axis.unit_s / bin.nominal_s;
            max = max.max(value);
            let fill = if bin.is_partial { Fill::Hollow } else { Fill::Solid };
            bars.push(Mark::Bar { span: bin.span, value, ink, fill });
        }
    }
    (bars, max)
}

/// A scale that ends at a round number not below `max`.
fn round_scale(max: f64) -> Scale {
    let size = 10_f64.powf(max.max(1.0).log10().floor());
    let step = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0].into_iter().find(|step| step * size >= max.max(1.0));
    let max = step.unwrap_or(10.0) * size;
    Scale { max, label: if max.fract() == 0.0 { format!("{max:.0}") } else { format!("{max:.1}") } }
}

/// The unit of rates in words: `h`, `2 h`, `15 min`, `day`.
fn unit(axis: &Axis) -> String {
    let minutes = (axis.unit_s / 60.0).round() as i64;
    match minutes {
        60 => "hour".to_owned(),
        1_440 => "day".to_owned(),
        _ if minutes % 1_440 == 0 => format!("{} days", minutes / 1_440),
        _ if minutes % 60 == 0 => format!("{} hours", minutes / 60),
        1 => "minute".to_owned(),
        _ => format!("{minutes} min"),
    }
}

/// Hatching over the whole band where no source of any host says anything.
fn missing(scene: &Scene<'_>) -> impl Iterator<Item = Mark> {
    scene.missing().into_iter().map(|span| Mark::Missing { row: None, span })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_end_at_round_numbers() {
        let labels: Vec<String> = [0.0, 1.0, 7.0, 41.0, 123.0, 15.0].map(|max| round_scale(max).label).to_vec();
        assert_eq!(labels, ["1", "1", "8", "50", "150", "15"]);
    }
}
