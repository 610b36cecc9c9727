//! Seeded traffic for the calibration runs.

/// A 64-bit permuted congruential generator, enough for coin flips and reproducible everywhere.
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1));
        rng.uniform();
        rng
    }

    /// Uniform on [0, 1).
    pub(crate) fn uniform(&mut self) -> f64 {
        let state = self.0;
        self.0 =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let word =
            ((state >> ((state >> 59) + 5)) ^ state).wrapping_mul(12_605_985_483_714_917_081);
        let mixed = (word >> 43) ^ word;
        (mixed >> 11) as f64 / 9_007_199_254_740_992.0
    }

    pub(crate) fn happens(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }

    /// A count with this small mean.
    pub(crate) fn poisson(&mut self, mean: f64) -> u64 {
        let (enough, mut count) = ((-mean).exp(), 0);
        let mut product = self.uniform();
        while product > enough {
            product *= self.uniform();
            count += 1;
        }
        count
    }

    /// Nearly normal: the sum of twelve uniform numbers.
    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }

    /// Log-normal latency around 2 ms with a heavy tail, in microseconds.
    pub(crate) fn latency_micros(&mut self, factor: f64) -> u64 {
        let normal = self.normal();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a positive latency of at most some 40 ms"
        )]
        let micros = (2_000.0 * factor * (0.5 * normal).exp()).round() as u64;
        micros
    }
}
