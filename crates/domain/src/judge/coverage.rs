//! Are enough units labelled, and does being labelled depend on the arm?
//!
//! Owns the randomisation test of "a label is present": under no effect on labelling, presence is
//! independent of the arm, so the two-outcome family in both directions, half and half, is an
//! e-process. Unlabelled units are left out of a check, which is harmless only while this holds.

use super::Error;
use super::look::Look;
use super::prepared::Prepared;
use super::reading::rate;
use super::two_outcome::flipped;
use crate::evidence::GateCounts;
use crate::plan::Rule;
use crate::verdict::{Coverage, Enforced};
use seatrial_analysis::logspace::log_halves;
use seatrial_analysis::two_outcome::{Centres, Contrast, Family};
use seatrial_analysis::{Alpha, Cells, Mixture, Pi, Stratum};

/// The budget of each coverage test, apart from the rollout's alpha.
const ALPHA: f64 = 0.001;

#[derive(Debug)]
pub(super) struct Test {
    alpha: Alpha,
    family: Family,
}

impl Test {
    pub(super) fn new(shares: &[Pi]) -> Result<Self, Error> {
        let family = Family::new(Contrast::no_worse(), &Centres::Feedback, Mixture::Uniform)
            .map_err(|source| Error::TwoOutcome { check: "coverage".to_owned(), source })?
            .prepared_for(shares);
        Ok(Self { alpha: Alpha::new(ALPHA)?, family })
    }

    /// The first enforced check of this gate whose labels are too few or depend on the arm.
    pub(super) fn judge(&self, checks: &[Prepared], look: &Look<'_>) -> Coverage {
        let applies =
            |check: &&Prepared| check.enforced == Enforced::Yes && check.rules.apply_in(look.gate);
        checks
            .iter()
            .filter(applies)
            .find(|check| self.short(check, look))
            .map_or(Coverage::Enough, |check| Coverage::Short { check: check.name.clone() })
    }

    fn short(&self, check: &Prepared, look: &Look<'_>) -> bool {
        let (metric, least) = match check.rules.latest(look.gate) {
            Rule::Feedback { metric, min_coverage, .. } => (metric, *min_coverage),
            Rule::Errors { .. } | Rule::Latency { .. } => return false,
        };
        let samples = look.samples(&check.rules, |counts| labelled(counts, metric));
        let few = |stratum: &Stratum<Cells>| too_few(stratum.counts, least);
        samples.here.iter().any(few) || self.alpha.rejects(self.log_e(&samples.all))
    }

    /// Log e-value against "labels are missing alike on both arms".
    fn log_e(&self, strata: &[Stratum<Cells>]) -> f64 {
        let present: Vec<_> = strata
            .iter()
            .map(|stratum| Stratum { pi: stratum.pi, counts: flipped(stratum.counts) })
            .collect();
        log_halves(self.family.log_e(strata), self.family.log_e(&present))
    }
}

/// Units with their label as the good outcome and its absence as the bad one.
fn labelled(counts: &GateCounts, metric: &str) -> Cells {
    let labels = counts.feedback.get(metric).copied().unwrap_or_default();
    Cells {
        candidate_good: labels.candidate(),
        candidate_bad: counts.units.candidate.saturating_sub(labels.candidate()),
        incumbent_good: labels.incumbent(),
        incumbent_bad: counts.units.incumbent.saturating_sub(labels.incumbent()),
    }
}

/// An arm has units, and fewer of them are labelled than the plan asks for.
fn too_few(cells: Cells, least: f64) -> bool {
    let candidate = rate(cells.candidate_good, cells.candidate());
    let incumbent = rate(cells.incumbent_good, cells.incumbent());
    [candidate, incumbent].into_iter().flatten().any(|covered| covered < least)
}
