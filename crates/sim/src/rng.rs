//! Seeded chance: SplitMix64 (Steele, Lea & Flood, "Fast splittable pseudorandom number
//! generators", OOPSLA 2014). Small, repeatable, and good enough for traffic; not for secrets.

use rand_core::TryRng;
use std::convert::Infallible;

/// A generator whose whole future is its seed.
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    /// The generator of `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The generator of one of many runs under `seed`: a function of both alone, so runs may be
    /// played in any order and on any thread.
    pub const fn of_run(seed: u64, run: u64) -> Self {
        // Scrambled apart: runs of neighbouring seeds and indices share no part of their future.
        Self(Self(seed).bits() ^ Self(run ^ 0x6a09_e667_f3bc_c908).bits().rotate_left(32))
    }

    /// The next 64 random bits.
    pub const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in [0, 1).
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit exactly")]
    pub const fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Exponentially distributed with this mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (-self.unit()).ln_1p()
    }
}

/// For the distributions of `rand_distr`.
impl TryRng for Rng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.bits() >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.bits())
    }

    fn try_fill_bytes(&mut self, into: &mut [u8]) -> Result<(), Infallible> {
        for chunk in into.chunks_mut(8) {
            let bytes = self.bits().to_le_bytes();
            chunk.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_functions_of_seed_and_index_and_unlike_each_other() {
        let first = |seed, run| Rng::of_run(seed, run).bits();
        assert_eq!(first(1, 7), first(1, 7));
        let mut found: Vec<u64> =
            (0..50).flat_map(|seed| (0..50).map(move |run| first(seed, run))).collect();
        found.sort_unstable();
        found.dedup();
        assert_eq!(found.len(), 2_500);
    }
}
