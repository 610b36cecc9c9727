//! Both arms' answers over several strata, side by side.

use super::{Answers, Latency};
use crate::judge::reading::Shown;
use crate::mix::{self, float};
use crate::verdict::Counts;
use seatrial_analysis::Stratum;

/// Answers by bucket; the incumbent's are weighed.
#[derive(Debug)]
pub(in crate::judge) struct Arms {
    pub(in crate::judge) candidate: Vec<f64>,
    pub(in crate::judge) incumbent: Vec<f64>,
}

impl Latency {
    /// The answers of each stratum, and as bad ones those above the limit (without one: above the
    /// reference's quantile).
    pub(in crate::judge) fn by_stratum(
        &self,
        strata: &[Stratum<Answers<'_>>],
        reference: &[u64],
    ) -> Vec<Counts> {
        let within = self.within(reference);
        let counted = |arm: &[u64]| {
            let (below, above) = arm.split_at(within.min(arm.len()));
            let bad: u64 = above.iter().sum();
            (bad, bad + below.iter().sum::<u64>())
        };
        let counts = |stratum: &Stratum<Answers<'_>>| {
            let (candidate_bad, candidate_total) = counted(&stratum.counts.candidate);
            let (incumbent_bad, incumbent_total) = counted(&stratum.counts.incumbent);
            Counts { candidate_bad, candidate_total, incumbent_bad, incumbent_total }
        };
        strata.iter().map(counts).collect()
    }

    /// Quantiles in milliseconds, and the answers above the limit, of strata as they were counted by
    /// [`Latency::by_stratum`].
    pub(in crate::judge) fn shown(
        &self,
        strata: &[Stratum<Answers<'_>>],
        counted: &[Counts],
    ) -> Shown {
        let counts = mix::sum(counted);
        let (candidate, incumbent) = if let [one] = strata {
            let arms = &one.counts;
            let of = |arm: &[u64], total| self.quantile_ms(arm.iter().copied().map(float), total);
            (
                of(&arms.candidate, float(counts.candidate_total)),
                of(&arms.incumbent, float(counts.incumbent_total)),
            )
        } else {
            let arms = self.side_by_side(strata, counted);
            let of = |arm: &[f64]| self.quantile_ms(arm.iter().copied(), arm.iter().sum());
            (of(&arms.candidate), of(&arms.incumbent))
        };
        Shown { counts, candidate, incumbent }
    }

    /// The answers of the strata that both arms have any in, the incumbent's weighed as the candidate's;
    /// all of them where there is no such stratum.
    pub(in crate::judge) fn side_by_side(
        &self,
        strata: &[Stratum<Answers<'_>>],
        counts: &[Counts],
    ) -> Arms {
        let units = |counts: &Counts| float(counts.incumbent_total);
        // How many of the candidate's answers go with one of the incumbent's; of one stratum exactly one.
        let weights: Vec<Option<f64>> = match mix::parts(counts) {
            Some(parts) => {
                let told = || parts.iter().zip(counts).map(|(part, it)| (*part, units(it)));
                let total: f64 = told().filter(|(part, _)| *part > 0.0).map(|(_, it)| it).sum();
                told().map(|(part, it)| (part > 0.0).then(|| part * total / it)).collect()
            }
            None => vec![Some(1.0); counts.len()],
        };
        let none = || vec![0.0; self.edges.buckets()];
        let mut arms = Arms { candidate: none(), incumbent: none() };
        for (stratum, weight) in strata.iter().zip(weights) {
            let Some(weight) = weight else { continue };
            add(&mut arms.candidate, (1.0, &stratum.counts.candidate));
            add(&mut arms.incumbent, (weight, &stratum.counts.incumbent));
        }
        arms
    }
}

fn add(sum: &mut [f64], (weight, arm): (f64, &[u64])) {
    sum.iter_mut().zip(arm).for_each(|(sum, count)| *sum += weight * float(*count));
}
