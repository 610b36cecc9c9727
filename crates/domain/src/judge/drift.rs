//! How the answers themselves are distributed: alike on both arms?
//!
//! Owns what is told of it: the outcome whose part differs most, and two distances, which decide
//! nothing. It only ever fails: a difference is no fault, and the lack of one no health.

use super::distinct::Rules;
use super::look::Look;
use super::reading::{Bars, Finding, LogE, Shown, float};
use crate::evidence::GateCounts;
use crate::verdict::{CheckVerdict, Counts, significant};
use seatrial_analysis::sample_ratio::Assigned;
use seatrial_analysis::{Stratum, drift};
use std::collections::BTreeMap;

type Outcomes = drift::Counts<String>;

/// The check of this name: its answers are counted under it.
#[derive(Debug)]
pub(super) struct Drift {
    name: String,
}

impl Drift {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned() }
    }

    pub(super) fn judge(&self, look: &Look<'_>, rules: &Rules, bars: &Bars) -> Finding {
        let samples = look.samples(rules, |counts| self.outcomes(counts));
        let log_e = LogE { fail: drift::log_e(&samples.all), pass: f64::NEG_INFINITY };
        let verdict = bars.verdict(log_e);
        let strata = match verdict {
            CheckVerdict::Fail => &samples.all,
            CheckVerdict::Pass | CheckVerdict::Inconclusive | CheckVerdict::Error => &samples.here,
        };
        let most = most_apart(strata);
        let described = drift::distance(strata).zip(most.as_ref()).map(|(distance, most)| {
            let psi = significant(distance.psi);
            let divergence = significant(distance.jensen_shannon);
            format!("most in {}, PSI {psi}, Jensen-Shannon {divergence}", most.outcome)
        });
        let shown = most.map(|most| most.shown).unwrap_or_default();
        let here = most_apart(&samples.here).map(|most| most.shown.counts).unwrap_or_default();
        Finding { verdict, log_e, shown, here, units_needed: None, described }
    }

    pub(super) fn outcomes(&self, counts: &GateCounts) -> Outcomes {
        let counted = counts.predictions.get(&self.name).into_iter().flat_map(|found| &found.0);
        let assigned = |(outcome, count): (&String, &crate::evidence::ArmCount)| {
            let (candidate, incumbent) = (count.candidate, count.incumbent);
            (outcome.clone(), Assigned { candidate, incumbent })
        };
        counted.map(assigned).collect()
    }
}

/// The outcome that one arm gives more often than the other.
#[derive(Debug)]
pub(super) struct Most {
    outcome: String,
    pub(super) shown: Shown,
}

/// One outcome's units, and its part of either arm: incumbents weigh as their stratum's candidate
/// units do, so that gates of other shares are no difference.
#[derive(Debug, Clone, Copy, Default)]
struct Parts {
    units: Assigned,
    candidate: f64,
    incumbent: f64,
}

/// None until both arms have units in one stratum.
pub(super) fn most_apart(strata: &[Stratum<Outcomes>]) -> Option<Most> {
    let mut outcomes: BTreeMap<&str, Parts> = BTreeMap::new();
    let mut whole = Assigned::default();
    for Stratum { counts, .. } in strata {
        let sum = counts.values().fold(Assigned::default(), |sum, it| added(sum, *it));
        if sum.candidate == 0 || sum.incumbent == 0 {
            continue;
        }
        whole = added(whole, sum);
        for (outcome, units) in counts {
            let parts = outcomes.entry(outcome).or_default();
            parts.units = added(parts.units, *units);
            parts.candidate += float(units.candidate);
            parts.incumbent += float(units.incumbent) * float(sum.candidate) / float(sum.incumbent);
        }
    }
    let apart = |parts: &Parts| (parts.candidate - parts.incumbent).abs();
    let (outcome, parts) =
        outcomes.into_iter().max_by(|a, b| apart(&a.1).total_cmp(&apart(&b.1)))?;
    let part = |units: f64| Some(units / float(whole.candidate));
    let shown = Shown {
        counts: Counts {
            candidate_bad: parts.units.candidate,
            candidate_total: whole.candidate,
            incumbent_bad: parts.units.incumbent,
            incumbent_total: whole.incumbent,
        },
        candidate: part(parts.candidate),
        incumbent: part(parts.incumbent),
    };
    Some(Most { outcome: outcome.to_owned(), shown })
}

fn added(a: Assigned, b: Assigned) -> Assigned {
    Assigned {
        candidate: a.candidate.saturating_add(b.candidate),
        incumbent: a.incumbent.saturating_add(b.incumbent),
    }
}
