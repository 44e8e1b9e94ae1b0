//! How many records were written in an hour, and between which instants: what a log covers, however it is cut.

use std::collections::BTreeMap;

use super::{Name, Timestamp};

/// Records by host, channel in lower case (empty where the record does not tell it) and hour since 1970.
pub type Hours = BTreeMap<(Name, Name, i64), HourCount>;

/// The records of one hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HourCount {
    /// How many there are; none where all of them are counted in another file, too.
    pub n: u64,
    /// The instant of the first one.
    pub first: Timestamp,
    /// The instant of the last one.
    pub last: Timestamp,
}

impl HourCount {
    /// One record.
    pub fn of(at: Timestamp) -> Self {
        Self { n: 1, first: at, last: at }
    }

    /// Adds others to these.
    pub fn join(&mut self, other: Self) {
        self.n += other.n;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }

    /// Adds these to what is counted under `key`.
    pub fn add_to<K: Ord>(self, counts: &mut BTreeMap<K, Self>, key: K) {
        counts.entry(key).and_modify(|known| known.join(self)).or_insert(self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_an_hour_add_up_to_it() {
        let of = |at: &[i64]| {
            let mut counts = BTreeMap::new();
            for at in at {
                HourCount::of(Timestamp(*at)).add_to(&mut counts, ());
            }
            counts[&()]
        };
        let mut parts = of(&[7, 5]);
        parts.join(of(&[9, 6]));
        assert_eq!(parts, of(&[5, 6, 7, 9]));
        assert_eq!((parts.n, parts.first, parts.last), (4, Timestamp(5), Timestamp(9)));
    }
}
