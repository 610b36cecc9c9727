//! From the checks' verdicts to the gate's.
//!
//! Owns the order: a fail, then what could not be computed, then a pass of every enforced check.
//! Without an enforced check there is nothing that could pass.

use super::reading::Reading;
use crate::verdict::{CheckVerdict, Coverage, Decision, Enforced, SampleRatio};

/// Whether passes count at this look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passes {
    Valid,
    /// The assignment or the labels cannot be trusted, or there is nothing to pass.
    Voided,
}

impl Passes {
    pub(super) fn unless_voided(sample_ratio: SampleRatio, coverage: &Coverage) -> Self {
        match (sample_ratio, coverage) {
            (SampleRatio::Plausible, Coverage::Enough) => Self::Valid,
            (SampleRatio::Mismatch, _) | (_, Coverage::Short { .. }) => Self::Voided,
        }
    }
}

/// The decision on these readings; dry runs have no say.
pub(super) fn decision(readings: &[Reading], passes: Passes) -> Decision {
    let enforced = || readings.iter().filter(|reading| reading.report.enforced == Enforced::Yes);
    let first = |verdict| enforced().find(|reading| reading.report.verdict == verdict);
    if let Some(failed) = first(CheckVerdict::Fail) {
        return Decision::Fail { check: failed.report.name.clone() };
    }
    if let Some(reading) = first(CheckVerdict::Error) {
        let why = reading.why.clone().unwrap_or_default();
        return Decision::Error { check: reading.report.name.clone(), why };
    }
    // What passes nothing holds nothing back; it is no reason to pass either.
    let waited_for = || enforced().filter(|reading| !reading.report.only_fails());
    let all = waited_for().all(|reading| reading.report.verdict == CheckVerdict::Pass);
    match passes {
        Passes::Valid if all && waited_for().next().is_some() => Decision::Pass,
        Passes::Valid | Passes::Voided => Decision::Inconclusive,
    }
}
