//! Warnings that no rule knows: the first of each shape in a minute is kept, the others add nothing.
//!
//! An application may write the same warning a thousand times a minute. Whether its template came with an incident
//! is asked in minutes, so one event a minute is enough, and what is kept is bounded: shapes, minutes of each, and
//! all together. A shape that is always there uses up its own minutes, never those of one that comes later.

use std::collections::BTreeMap;

use crate::model::Timestamp;

/// Shapes that are told apart in one source.
const SHAPES_MAX: usize = 1024;
/// Minutes that are kept of one shape.
const MINUTES_MAX: u32 = 1000;
/// Warnings that are kept of one source.
const WARNINGS_MAX: u32 = 1 << 14;

/// What was kept of one source so far.
#[derive(Debug, Default)]
pub(super) struct Warnings {
    /// By the hash of the shape: its last minute, and how many minutes were kept.
    shapes: BTreeMap<u64, (i64, u32)>,
    n_kept: u32,
}

impl Warnings {
    /// Whether a warning of this shape is to be kept.
    pub(super) fn keeps(&mut self, shape: u64, at: Timestamp) -> bool {
        let minute = (at.seconds_since(Timestamp(0)) / 60.0).floor() as i64;
        if self.n_kept >= WARNINGS_MAX || (self.shapes.len() >= SHAPES_MAX && !self.shapes.contains_key(&shape)) {
            return false;
        }
        let (last, n_minutes) = self.shapes.entry(shape).or_insert((i64::MIN, 0));
        if *last == minute || *n_minutes >= MINUTES_MAX {
            return false;
        }
        (*last, *n_minutes) = (minute, *n_minutes + 1);
        self.n_kept += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp(second * 10_000_000)
    }

    #[test]
    fn one_a_minute_is_kept_of_each_shape() {
        let mut warnings = Warnings::default();
        let kept = [(1, 0), (1, 59), (2, 59), (1, 60), (1, 61), (2, 61)].map(|(shape, s)| warnings.keeps(shape, at(s)));
        assert_eq!(kept, [true, false, true, true, false, true]);
    }

    #[test]
    fn a_shape_that_is_always_there_leaves_room_for_one_that_comes_late() {
        let mut warnings = Warnings::default();
        let n_always = (0..10_000).filter(|minute| warnings.keeps(1, at(minute * 60))).count();
        assert_eq!(n_always, MINUTES_MAX as usize);
        assert!(warnings.keeps(2, at(0)));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut warnings = Warnings::default();
        let n_kept = (0..100_000).filter(|shape| warnings.keeps(*shape, at(0))).count();
        assert_eq!(n_kept, SHAPES_MAX);
        let minutes = (0..40).flat_map(|minute| (0..1000).map(move |shape| (shape, minute * 60)));
        let n_kept = minutes.filter(|(shape, second)| warnings.keeps(*shape, at(*second))).count() + n_kept;
        assert_eq!(n_kept, WARNINGS_MAX as usize);
    }
}
