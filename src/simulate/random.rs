//! Random numbers with the same bits on every platform.
//!
//! The generator is xoshiro256** (Blackman and Vigna, 2018), seeded through SplitMix64. Logarithm and
//! exponential come from libm, so no system library can change a digit.

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub(super) struct Random {
    state: [u64; 4],
}

impl Random {
    /// The stream that belongs to `label` under `seed`. Streams of different labels are independent, so
    /// one part of a case can change without moving the dice of the others.
    pub(super) fn stream(seed: u64, label: &str) -> Self {
        let mut mixed = seed;
        for byte in label.bytes() {
            mixed = (mixed ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(17);
        }
        let mut next = || {
            mixed = mixed.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = mixed;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        };
        Self { state: [next(), next(), next(), next()] }
    }

    /// The next 64 bits.
    pub(super) fn bits(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Uniform in `[0, 1)`.
    pub(super) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform in `[low, high)`.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A whole number in `0..n`; 0 if `n` is 0.
    pub(super) fn below(&mut self, n: usize) -> usize {
        ((self.unit() * n as f64) as usize).min(n.saturating_sub(1))
    }

    /// True with probability `p`.
    pub(super) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Exponential with this mean.
    pub(super) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * libm::log(1.0 - self.unit())
    }

    /// About normal: the sum of twelve uniforms (Irwin-Hall), which needs no logarithm and has no far tails.
    pub(super) fn normal(&mut self, mean: f64, deviation: f64) -> f64 {
        let sum: f64 = (0..12).map(|_| self.unit()).sum();
        mean + deviation * (sum - 6.0)
    }

    /// One of `items`; `None` if there is none.
    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_depends_on_seed_and_label_only() {
        let bits = |seed, label| Random::stream(seed, label).bits();
        assert_eq!(bits(7, "noise"), bits(7, "noise"));
        assert_ne!(bits(7, "noise"), bits(8, "noise"));
        assert_ne!(bits(7, "noise"), bits(7, "people"));
    }

    #[test]
    fn moments_are_those_of_the_distributions() {
        let mut random = Random::stream(1, "moments");
        let n = 20_000;
        let mean = |values: Vec<f64>| values.iter().sum::<f64>() / f64::from(n);
        assert!((mean((0..n).map(|_| random.unit()).collect()) - 0.5).abs() < 0.01);
        assert!((mean((0..n).map(|_| random.exponential(3.0)).collect()) - 3.0).abs() < 0.1);
        assert!((mean((0..n).map(|_| random.normal(2.0, 1.0)).collect()) - 2.0).abs() < 0.05);
    }
}
