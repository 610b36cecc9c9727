//! The rules that others use, on the same traffic.
//!
//! Re-implementations from what is public of them: a threshold that is breached in three of five
//! windows, as progressive-delivery controllers are set up; and the classifier of Kayenta's judge,
//! a Mann–Whitney test on the windows' values whose confidence .98 and tolerance .25 are constants
//! of its source, in the direction "either", which is its default. Each interval is a fresh test
//! there. Owns no calibration: there is none to own.

use super::cell::Method;
use super::outcomes::Outcomes;
use seatrial_analysis::{Stratum, normal};

/// Candidate units before a repeated test begins.
const UNITS_MIN: u64 = 100;
const BREACHES: u32 = 3;
const RECENT: u32 = 5;
/// Windows before the judge is first asked.
const VALUES_MIN: usize = 10;
const CONFIDENCE: f64 = 0.98;
const TOLERANCE: f64 = 0.25;

/// What one rule remembers of a run.
#[derive(Debug)]
pub(super) enum Rule {
    EProcess {
        log_threshold: f64,
    },
    ZTest {
        limit: f64,
    },
    /// The breaches of the last windows, one bit each.
    Windows {
        breaches: u32,
    },
    MannWhitney {
        candidate: Vec<f64>,
        incumbent: Vec<f64>,
    },
}

impl Rule {
    pub(super) fn new(method: Method, alpha: f64) -> Self {
        match method {
            Method::EProcess => Self::EProcess { log_threshold: -alpha.ln() },
            Method::ZTest => Self::ZTest { limit: normal::quantile(1.0 - alpha) },
            Method::Windows => Self::Windows { breaches: 0 },
            Method::MannWhitney => Self::MannWhitney { candidate: vec![], incumbent: vec![] },
        }
    }

    /// Whether it needs windows.
    pub(super) fn has_windows(&self) -> bool {
        matches!(self, Self::Windows { .. } | Self::MannWhitney { .. })
    }

    /// Whether it decides at a look.
    pub(super) fn at_look<O: Outcomes>(
        &self,
        outcomes: &O,
        strata: &[Stratum<O::Counts>],
        candidate_units: u64,
    ) -> bool {
        match self {
            Self::EProcess { log_threshold } => outcomes.log_e(strata) >= *log_threshold,
            Self::ZTest { limit } => candidate_units >= UNITS_MIN && outcomes.z(strata) > *limit,
            Self::Windows { .. } | Self::MannWhitney { .. } => false,
        }
    }

    /// Whether it decides at the end of a window with these values.
    pub(super) fn at_window(&mut self, values: Option<(f64, f64)>, threshold: f64) -> bool {
        let Some((of_candidate, of_incumbent)) = values else { return false };
        match self {
            Self::EProcess { .. } | Self::ZTest { .. } => false,
            Self::Windows { breaches } => {
                let breach = u32::from(of_candidate > threshold * of_incumbent);
                *breaches = (*breaches << 1 | breach) & ((1 << RECENT) - 1);
                breaches.count_ones() >= BREACHES
            }
            Self::MannWhitney { candidate, incumbent } => {
                candidate.push(of_candidate);
                incumbent.push(of_incumbent);
                candidate.len() >= VALUES_MIN && is_high_or_low(candidate, incumbent)
            }
        }
    }
}

/// The interval of the shift between two samples lies beyond a part of its Hodges–Lehmann estimate,
/// on either side. Normal approximation of the ranks, as for samples with ties.
fn is_high_or_low(candidate: &[f64], incumbent: &[f64]) -> bool {
    let mut shifts: Vec<f64> =
        candidate.iter().flat_map(|c| incumbent.iter().map(move |b| c - b)).collect();
    let (m, n) = (candidate.len() as f64, incumbent.len() as f64);
    let z = normal::quantile(0.5 + CONFIDENCE / 2.0);
    #[expect(clippy::cast_possible_truncation, reason = "a rank")]
    #[expect(clippy::cast_sign_loss, reason = "bounded from below")]
    let outside = (m * n / 2.0 - z * (m * n * (m + n + 1.0) / 12.0).sqrt()).max(0.0) as usize;
    let mut ranked = |rank: usize| *shifts.select_nth_unstable_by(rank, f64::total_cmp).1;
    let last = candidate.len() * incumbent.len() - 1;
    let (lower, upper) = (ranked(outside), ranked(last - outside));
    let bound = TOLERANCE * ranked(last / 2).abs();
    lower > bound || upper < -bound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_breaches_in_five_windows_decide() {
        let decides = |values: &[f64]| {
            let mut rule = Rule::new(Method::Windows, 0.05);
            values.iter().map(|value| rule.at_window(Some((*value, 1.0)), 1.5)).collect::<Vec<_>>()
        };
        assert_eq!(decides(&[2.0, 1.0, 2.0, 1.0, 2.0]), [false, false, false, false, true]);
        assert_eq!(decides(&[2.0, 1.0, 2.0, 1.0, 1.0, 2.0]), [false; 6]);
    }

    #[test]
    fn a_shift_beyond_the_tolerance_is_high_or_low_and_noise_is_neither() {
        let noise: Vec<f64> = (0..20_u32).map(|i| f64::from(i * 7 % 20) / 20.0).collect();
        let shifted = |by: f64| noise.iter().map(|value| value + by).collect::<Vec<_>>();
        assert!(!is_high_or_low(&shifted(0.0), &noise));
        assert!(is_high_or_low(&shifted(2.0), &noise) && is_high_or_low(&shifted(-2.0), &noise));
    }
}
