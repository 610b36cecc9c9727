//! Did the gateway assign what it says it assigned?
//!
//! Owns the beta-binomial test of k candidate units among n against the known share π. A mismatch
//! makes every other test meaningless, so it has its own small budget [`ALPHA`]. It refuses to say
//! which arm lost its units.
//!
//! log M = log B(a+k, b+n−k) − log B(a, b) − k·log π − (n−k)·log(1−π), a = cπ, b = c(1−π),
//! c = 200/π: the ratio of a beta mixture of binomials to the binomial at π (the two-class case of
//! the multinomial test of Lindon & Malek, "Anytime-valid inference for multinomial count data",
//! NeurIPS 2022).

use serde::{Deserialize, Serialize};

use crate::counts::{Cells, Pi, Stratum, float};
use crate::special::BetaMixture;

/// The budget of the sample-ratio check, apart from the rollout's α.
pub const ALPHA: f64 = 0.001;

/// The prior's strength in expected candidate units.
const PRIOR_CANDIDATE_UNITS: f64 = 200.0;

/// Units by assigned arm, whatever became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assigned {
    /// Units assigned to the candidate.
    pub candidate: u64,
    /// Units assigned to the incumbent.
    pub incumbent: u64,
}

impl Assigned {
    /// Adds another replica's or window's counts.
    pub fn merge(&mut self, other: Self) {
        self.candidate = self.candidate.saturating_add(other.candidate);
        self.incumbent = self.incumbent.saturating_add(other.incumbent);
    }
}

impl From<Cells> for Assigned {
    fn from(cells: Cells) -> Self {
        Self { candidate: cells.candidate(), incumbent: cells.incumbent() }
    }
}

/// Log e-value against "each unit of gate g went to the candidate with probability π_g". Gates
/// follow one another, so their e-values multiply.
pub fn log_e(strata: &[Stratum<Assigned>]) -> f64 {
    strata.iter().map(|stratum| Mixture::at(stratum.pi).log_e(stratum.counts)).sum()
}

/// The test at one share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mixture(BetaMixture);

impl Mixture {
    pub(crate) fn at(pi: Pi) -> Self {
        let pi = pi.get();
        let strength = PRIOR_CANDIDATE_UNITS / pi;
        Self(BetaMixture::new((strength * pi, strength * (1.0 - pi)), pi))
    }

    /// Log e-value of units that were assigned at the share.
    pub(crate) fn log_e(self, assigned: Assigned) -> f64 {
        self.0.log_e((float(assigned.candidate), float(assigned.incumbent)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(pi: f64, candidate: u64, incumbent: u64) -> f64 {
        log_e(&[Stratum::new(pi, Assigned { candidate, incumbent }).unwrap()])
    }

    #[test]
    fn expectation_is_one_at_the_stated_share() {
        for pi in [0.01, 0.05, 0.5] {
            let expectation: f64 =
                (0_u64..=12).map(|k| binomial(12, k, pi) * one(pi, k, 12 - k).exp()).sum();
            assert!((expectation - 1.0).abs() < 1e-9, "{expectation}");
        }
    }

    #[test]
    fn a_share_that_is_not_the_stated_one_is_found() {
        let threshold = -ALPHA.ln();
        assert!(one(0.05, 500, 9_500) < 0.0);
        assert!(one(0.05, 650, 9_350) > threshold);
        assert!(one(0.05, 350, 9_650) > threshold);
    }

    #[test]
    fn gates_multiply() {
        let gates = [(0.05, 40, 700), (0.25, 90, 310)];
        let strata: Vec<_> = gates
            .iter()
            .map(|&(pi, candidate, incumbent)| {
                Stratum::new(pi, Assigned { candidate, incumbent }).unwrap()
            })
            .collect();
        let sum: f64 = gates.iter().map(|&(pi, k, rest)| one(pi, k, rest)).sum();
        assert!((log_e(&strata) - sum).abs() < 1e-12);
    }

    fn binomial(n: u64, k: u64, p: f64) -> f64 {
        let (n, k) = (float(n), float(k));
        let choose = libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0);
        (choose + k * p.ln() + (n - k) * (1.0 - p).ln()).exp()
    }
}
